//! Signed releases. Documents are short: each call reads them anew, and nothing has to be freed.

#![allow(clippy::missing_errors_doc, reason = "@throws says it, as TypeScript has it")]

use airwaybill::{DocumentFile, Keys, PublicKey, Signature, VerifyRequest, Waybill};
use wasm_bindgen::prelude::*;

use crate::convert::{Result, bytes_of, engine_error, entries, optional_text, plain, read, text, to_js, wrong_type};

/// Reads a waybill strictly; of each there is exactly one way to write it.
///
/// @throws with the line in the message: `document_…`, `digest_invalid`, `size_too_big`, `path_…`, `version_…`
#[wasm_bindgen(js_name = parseWaybill, unchecked_return_type = "WaybillDocument")]
pub fn parse_waybill(
    #[wasm_bindgen(unchecked_param_type = "string | Uint8Array")] document: &JsValue,
) -> Result<JsValue> {
    to_js(&Waybill::parse(&bytes_of(document, "document")?).map_err(engine_error)?)
}

/// Reads a document `keys/<n>.waybill` strictly.
///
/// @throws with the line in the message: `document_…`, `key_…`, `keys_threshold`, `keys_too_many`
#[wasm_bindgen(js_name = parseKeys, unchecked_return_type = "KeysDocument")]
pub fn parse_keys(#[wasm_bindgen(unchecked_param_type = "string | Uint8Array")] document: &JsValue) -> Result<JsValue> {
    to_js(&keys_of(document)?)
}

/// The keys that come after `keys`, if `document` is the next one and the root keys of both have signed it; `signatures`
/// are the contents of its `.sig` files, by name.
///
/// @throws as `parseKeys`, and `keys_skipped`, `keys_product`, `keys_floor`, `keys_unsigned`
#[wasm_bindgen(js_name = nextKeys, unchecked_return_type = "KeysDocument")]
pub fn next_keys(
    #[wasm_bindgen(unchecked_param_type = "string | Uint8Array")] keys: &JsValue,
    #[wasm_bindgen(unchecked_param_type = "string | Uint8Array")] document: &JsValue,
    #[wasm_bindgen(unchecked_param_type = "Readonly<Record<string, string>>")] signatures: &JsValue,
) -> Result<JsValue> {
    let (keys, document, signatures) =
        (keys_of(keys)?, bytes_of(document, "document")?, documents_of(signatures, "signatures")?);
    to_js(&keys.next(&document, &files(&signatures)).map_err(engine_error)?)
}

/// Reads a signature file exactly as `ssh-keygen` writes it; gives the key that it claims to be of.
///
/// @throws `signature_…`, `key_type`
#[wasm_bindgen(js_name = parseSignature)]
pub fn parse_signature(#[wasm_bindgen(unchecked_param_type = "string | Uint8Array")] file: &JsValue) -> Result<String> {
    let signature = Signature::parse(&bytes_of(file, "file")?).map_err(engine_error)?;
    Ok(signature.key().to_string())
}

/// Whether a waybill counts for devices that have `keys`, a document: enough of the release keys signed it, it is for their
/// product and what `name` says, not below the floor, and not expired. `document` is the content of the file `name`,
/// `1.0.1.waybill`; `signatures` the contents of its `.sig` files, by name; `now` the time, `2026-11-27T00:00:00Z`: without
/// it nothing expires.
///
/// @throws as `parseKeys`, and `document_value` if `now` is no time
#[wasm_bindgen(js_name = verifySigned, unchecked_return_type = "Verdict")]
pub fn verify_signed(
    #[wasm_bindgen(unchecked_param_type = "string | Uint8Array")] document: &JsValue,
    #[wasm_bindgen(unchecked_param_type = "Readonly<Record<string, string>>")] signatures: &JsValue,
    #[wasm_bindgen(unchecked_param_type = "string | Uint8Array")] keys: &JsValue,
    #[wasm_bindgen(unchecked_param_type = "string")] name: &JsValue,
    #[wasm_bindgen(unchecked_optional_param_type = "string | null")] now: &JsValue,
) -> Result<JsValue> {
    let (document, signatures, keys) =
        (bytes_of(document, "document")?, documents_of(signatures, "signatures")?, keys_of(keys)?);
    let request = VerifyRequest { name: text(name, "name")?, now: optional_text(now, "now")? };
    to_js(&airwaybill::verify_signed(&document, &files(&signatures), &keys, &request).map_err(engine_error)?)
}

/// Whether `signature`, 64 bytes, is the Ed25519 signature of `message` by `key`, a line of a `.pub` file.
///
/// @throws `key_type`, `key_invalid`, `field_type`
#[wasm_bindgen(js_name = verifyEd25519)]
pub fn verify_ed25519(
    #[wasm_bindgen(unchecked_param_type = "string")] key: &JsValue,
    #[wasm_bindgen(unchecked_param_type = "string | Uint8Array")] message: &JsValue,
    #[wasm_bindgen(unchecked_param_type = "Uint8Array")] signature: &JsValue,
) -> Result<bool> {
    let key = PublicKey::parse(&text(key, "key")?).map_err(engine_error)?;
    let (message, signature) = (bytes_of(message, "message")?, bytes_of(signature, "signature")?);
    Ok(signature.try_into().is_ok_and(|signature| key.verifies(&message, &signature)))
}

/// The first keys of a product: the text of the document. `request` has the keys as lines of `.pub` files.
///
/// @throws `document_value`, `key_…`, `keys_threshold`, `keys_too_many`, `field_type`
#[wasm_bindgen(js_name = firstKeys)]
pub fn first_keys(
    #[wasm_bindgen(unchecked_param_type = "string")] product: &JsValue,
    #[wasm_bindgen(unchecked_param_type = "KeysRequest")] request: &JsValue,
) -> Result<String> {
    let (product, request) = (text(product, "product")?, read(request, "request")?);
    Ok(Keys::first(&product, &request).map_err(engine_error)?.render())
}

/// The keys that come after `keys`, to be signed by the roots of both: the text of the document.
///
/// @throws `key_unknown` to remove a key that is none of these; `keys_floor` for a lower floor, or to remove a release key without one;
/// and as `firstKeys`
#[wasm_bindgen(js_name = changedKeys)]
pub fn changed_keys(
    #[wasm_bindgen(unchecked_param_type = "string | Uint8Array")] keys: &JsValue,
    #[wasm_bindgen(unchecked_param_type = "KeysRequest")] request: &JsValue,
) -> Result<String> {
    let (keys, request) = (keys_of(keys)?, read(request, "request")?);
    Ok(keys.changed(&request).map_err(engine_error)?.render())
}

/// The newest of the keys among the documents that are there, contents by name: the text of the document. Without `first`,
/// the text of an earlier one, the lowest ones are taken as they are.
///
/// @throws `keys_missing` if there are none, and as `nextKeys`
#[wasm_bindgen(js_name = newestKeys)]
pub fn newest_keys(
    #[wasm_bindgen(unchecked_param_type = "Readonly<Record<string, string>>")] documents: &JsValue,
    #[wasm_bindgen(unchecked_optional_param_type = "string | Uint8Array | null")] first: &JsValue,
) -> Result<String> {
    let documents = documents_of(documents, "documents")?;
    let first = if first.is_undefined() || first.is_null() { None } else { Some(keys_of(first)?) };
    Ok(Keys::newest(first, &files(&documents)).map_err(engine_error)?.render())
}

pub(crate) fn keys_of(document: &JsValue) -> Result<Keys> {
    Keys::parse(&bytes_of(document, "keys")?).map_err(engine_error)
}

pub(crate) fn documents_of(value: &JsValue, place: &str) -> Result<Vec<(String, String)>> {
    let documents = plain(value).ok().and_then(|value| entries(&value));
    let documents = documents.ok_or_else(|| wrong_type(place, "expected an object of strings"))?;
    documents.map(|(name, content)| Ok((text(&name, place)?, text(&content, place)?))).collect()
}

pub(crate) fn files(documents: &[(String, String)]) -> Vec<DocumentFile<'_>> {
    documents.iter().map(|(name, content)| DocumentFile { name, content: content.as_bytes() }).collect()
}
