//! Values of the engine and of JavaScript, each as the other.
//!
//! Structures cross as one JSON text: one call and one pass on either side, where a call for each field costs several
//! times as much. Nothing here throws past a Rust frame: each JavaScript call that can throw is caught.

use std::cell::RefCell;
use std::fmt::Display;

use airwaybill::{Code, Entry, EntryFields, Fields, FileRecord, Json, to_json};
use js_sys::{Error, JSON, JsString, Reflect, Uint8Array};
use serde::Serialize;
use wasm_bindgen::convert::TryFromJsValue;
use wasm_bindgen::prelude::*;

/// An `Error` with `code`, thrown to JavaScript.
pub(crate) type Result<T> = std::result::Result<T, JsValue>;

pub(crate) fn error(code: &str, message: impl Display) -> JsValue {
    let error = Error::new(&message.to_string());
    // INVARIANT: a new object takes a property.
    let _ = Reflect::set(&error, &"code".into(), &code.into());
    error.into()
}

pub(crate) fn engine_error(failure: airwaybill::Error) -> JsValue {
    error(failure.code().as_str(), failure)
}

pub(crate) fn wrong_type(place: &str, wanted: impl Display) -> JsValue {
    error("field_type", format_args!("{place}: {wanted}"))
}

/// A text that is well-formed: half a surrogate pair would be replaced on the way, and nothing is mended here.
pub(crate) fn text(value: &JsValue, place: &str) -> Result<String> {
    match value.dyn_ref::<JsString>() {
        Some(text) if text.is_well_formed() => Ok(text.into()),
        Some(_) => Err(wrong_type(place, "has half a surrogate pair")),
        None => Err(wrong_type(place, "should be a text")),
    }
}

/// What JSON writes of a value; nothing of what it does not write, such as `undefined`.
fn json(value: &JsValue, place: &str) -> Result<Option<Vec<u8>>> {
    let text = JSON::stringify(value).map_err(|_| wrong_type(place, "cannot be written as JSON"))?;
    let text: &JsValue = text.as_ref();
    Ok((!text.is_undefined()).then(|| utf8(text).to_vec()))
}

#[wasm_bindgen(raw_module = "./crossing.js")]
extern "C" {
    fn utf8(text: &JsValue) -> Uint8Array;

    /// Fills `target` with the bytes of a `Uint8Array` from `start` on, as far as there are any; how many it took.
    /// Throws for any other value.
    #[wasm_bindgen(catch)]
    fn copy(source: &JsValue, start: usize, target: &mut [u8]) -> Result<usize>;

    /// A text of ASCII characters; for a short one faster than a decoder.
    fn ascii(characters: &[u8]) -> JsString;

    type Handle;

    #[wasm_bindgen(method, catch)]
    fn share(this: &Handle) -> Result<JsValue>;
}

/// The engine's value behind an object of one of the exported classes.
pub(crate) fn shared<T: TryFromJsValue>(value: &JsValue, class: &str) -> Result<T> {
    let handle = value.unchecked_ref::<Handle>().share().ok();
    handle
        .and_then(|handle| T::try_from_js_value(handle).ok())
        .ok_or_else(|| wrong_type(class, "should be an object of that class, not freed"))
}

const PIECE_BYTES: usize = 64 * 1024;

thread_local! {
    static PIECE: RefCell<Vec<u8>> = RefCell::new(vec![0; PIECE_BYTES]);
}

/// Goes through the bytes of a `Uint8Array` of any size by pieces that stay in the processor's cache.
pub(crate) fn each_piece(value: &JsValue, mut take: impl FnMut(&[u8])) -> Result<()> {
    PIECE.with_borrow_mut(|piece| {
        let mut start: usize = 0;
        loop {
            let taken = copy(value, start, piece).map_err(|_| wrong_type("content", "should be a Uint8Array"))?;
            take(piece.get(..taken).unwrap_or_default());
            if taken < PIECE_BYTES {
                return Ok(());
            }
            start += PIECE_BYTES;
        }
    })
}

/// The bytes of a `Uint8Array`; nothing of any other value.
pub(crate) fn octets(value: &JsValue) -> Option<Vec<u8>> {
    let mut octets = Vec::new();
    each_piece(value, |piece| octets.extend_from_slice(piece)).ok().map(|()| octets)
}

/// Options: what `read` makes of the fields of a plain object; nothing is one without fields.
pub(crate) fn read_options<T>(
    value: &JsValue,
    place: &str,
    read: impl FnOnce(&Fields<'_, '_>) -> std::result::Result<T, airwaybill::Error>,
) -> Result<T> {
    let document = json(value, place)?;
    let document = document.as_deref().filter(|text| *text != b"null").unwrap_or(b"{}");
    let value = Json::parse(document).map_err(|_| unwritten(place))?;
    value.fields(place).and_then(|fields| read(&fields)).map_err(engine_error)
}

/// The entries of a listing.
pub(crate) fn entries(value: &JsValue, place: &str) -> Result<Vec<Entry>> {
    let document = json(value, place)?.unwrap_or_else(|| b"null".to_vec());
    let mut entries = Vec::new();
    let read = Json::each_item(&document, place, |item| {
        let fields = EntryFields::from_json(&item, &format!("{place}[{}]", entries.len()))?;
        entries.push(fields.try_into()?);
        Ok(())
    });
    match read {
        Ok(()) => Ok(entries),
        Err(failure) if failure.code() == Code::JsonInvalid => Err(unwritten(place)),
        Err(failure) => Err(engine_error(failure)),
    }
}

/// What `JSON.stringify` wrote is no document.
fn unwritten(place: &str) -> JsValue {
    wrong_type(place, "has half a surrogate pair in a text, or is nested too deep")
}

/// The files of a listing.
pub(crate) fn files(value: &JsValue, place: &str) -> Result<Vec<FileRecord>> {
    entries(value, place).map(|entries| airwaybill::files_of(&entries))
}

/// A plain JavaScript value of what the engine gives.
pub(crate) fn to_js(value: &impl Serialize) -> Result<JsValue> {
    JSON::parse(&to_json(value))
}

/// A digest as JavaScript writes it.
pub(crate) fn digits(sha1: airwaybill::Sha1Digest) -> JsString {
    ascii(sha1.encode(&mut [0; 40]).as_bytes())
}
