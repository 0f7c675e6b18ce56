//! Signed releases.

use airwaybill::{
    Catalog, CatalogOptions, DocumentFile, Entry, EntryFields, Error, FileRecord, Keys, KeysRequest, PublicKey,
    Signature, VerifyRequest, Waybill, WaybillRequest, files_of, verify_signed,
};
use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::{Value, json};

use crate::{Content, Failure, MALFORMED, from_hex};

#[derive(Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
enum Input {
    /// Reads a document.
    Waybill(Content),
    /// Reads a document.
    Keys(Content),
    /// Reads a signature's file.
    Signature(Content),
    /// Whether a waybill counts.
    Verify { document: Content, signatures: Vec<File>, keys: Content, name: String, now: Option<String> },
    /// From one document of keys to the next.
    Next { keys: Content, document: Content, signatures: Vec<File> },
    /// The first keys, or those after `keys`.
    Change {
        product: Option<String>,
        keys: Option<Content>,
        /// Sorted, so that of two errors each build gives the same one.
        request: BTreeMap<String, Value>,
    },
    /// The newest keys that are there.
    Newest { documents: Vec<File>, first: Option<Content> },
    /// What is to be signed.
    Release {
        listing: Vec<EntryFields>,
        #[serde(default)]
        options: CatalogOptions,
        request: WaybillRequest,
        documents: Vec<File>,
    },
    /// What was signed, and what is there.
    Signed {
        listing: Vec<EntryFields>,
        #[serde(default)]
        options: CatalogOptions,
        keys: Content,
        now: Option<String>,
        documents: Vec<File>,
    },
    /// The signature alone, in hex digits.
    Ed25519 { key: String, message: String, signature: String },
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    name: String,
    content: Content,
}

pub(crate) fn run(input: &Value) -> Result<Value, Failure> {
    match Input::deserialize(input)? {
        Input::Waybill(document) => {
            let (document, waybill) = (document.bytes()?, Waybill::parse(&document.bytes()?)?);
            assert_eq!(waybill.render().as_bytes(), document);
            Ok(json!(waybill))
        }
        Input::Keys(document) => {
            let (document, keys) = (document.bytes()?, Keys::parse(&document.bytes()?)?);
            assert_eq!(keys.render().as_bytes(), document);
            Ok(json!(keys))
        }
        Input::Signature(file) => {
            let (file, signature) = (file.bytes()?, Signature::parse(&file.bytes()?)?);
            assert_eq!(signature.render().as_bytes(), file);
            Ok(json!(signature.key()))
        }
        Input::Verify { document, signatures, keys, name, now } => {
            let keys = Keys::parse(&keys.bytes()?)?;
            let request = VerifyRequest { name, now };
            with_files(&signatures, |files| Ok(json!(verify_signed(&document.bytes()?, files, &keys, &request)?)))
        }
        Input::Next { keys, document, signatures } => {
            let keys = Keys::parse(&keys.bytes()?)?;
            with_files(&signatures, |files| Ok(json!(keys.next(&document.bytes()?, files)?)))
        }
        Input::Change { product, keys, request } => {
            let request: KeysRequest = airwaybill::deserialize(json!(request), "request")?;
            match keys {
                Some(keys) => Ok(json!(Keys::parse(&keys.bytes()?)?.changed(&request)?)),
                None => Ok(json!(Keys::first(&product.unwrap_or_default(), &request)?)),
            }
        }
        Input::Newest { documents, first } => {
            let first = first.map(|keys| Ok::<_, Failure>(Keys::parse(&keys.bytes()?)?)).transpose()?;
            with_files(&documents, |files| Ok(json!(Keys::newest(first, files)?)))
        }
        Input::Release { listing, options, request, documents } => {
            let (catalog, found) = catalog(listing, &options)?;
            with_files(&documents, |files| Ok(json!(catalog.waybill(&request, files, &found)?)))
        }
        Input::Signed { listing, options, keys, now, documents } => {
            let (catalog, found) = catalog(listing, &options)?;
            let keys = Keys::parse(&keys.bytes()?)?;
            with_files(&documents, |files| Ok(json!(catalog.signed(&keys, now.as_deref(), files, &found)?)))
        }
        Input::Ed25519 { key, message, signature } => {
            let bytes = |hex: &str| from_hex(hex).ok_or(Failure(MALFORMED));
            let key: [u8; 32] = bytes(&key)?.try_into().map_err(|_| Failure(MALFORMED))?;
            // A signature of another length is none.
            let signature: Option<[u8; 64]> = bytes(&signature)?.try_into().ok();
            let message = bytes(&message)?;
            Ok(json!(signature.is_some_and(|signature| PublicKey::new(key).verifies(&message, &signature))))
        }
    }
}

fn catalog(listing: Vec<EntryFields>, options: &CatalogOptions) -> Result<(Catalog, Vec<FileRecord>), Failure> {
    let entries = listing.into_iter().map(TryInto::try_into).collect::<Result<Vec<Entry>, Error>>()?;
    Ok((Catalog::from_listing(&entries, options)?, files_of(&entries)))
}

fn with_files<T>(
    files: &[File],
    use_files: impl FnOnce(&[DocumentFile<'_>]) -> Result<T, Failure>,
) -> Result<T, Failure> {
    let contents = files.iter().map(|file| file.content.bytes()).collect::<Result<Vec<_>, Failure>>()?;
    let files = files.iter().zip(&contents).map(|(file, content)| DocumentFile { name: &file.name, content });
    use_files(&files.collect::<Vec<_>>())
}
