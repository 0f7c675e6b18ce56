//! Signed releases.

use airwaybill::{Keys, PublicKey, Signature, SignatureFile, VerifyRequest, Waybill, verify_signed};
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

fn with_files<T>(
    files: &[File],
    use_files: impl FnOnce(&[SignatureFile<'_>]) -> Result<T, Failure>,
) -> Result<T, Failure> {
    let contents = files.iter().map(|file| file.content.bytes()).collect::<Result<Vec<_>, Failure>>()?;
    let files = files.iter().zip(&contents).map(|(file, content)| SignatureFile { name: &file.name, content });
    use_files(&files.collect::<Vec<_>>())
}
