use std::fmt;

use serde::de::value::{Error as ValueError, StrDeserializer};
use serde::{Deserialize, Deserializer};

use crate::error::{Code, Error};

/// Deserializes JSON or a language's own values; errors name the place in them, `listing[3].size`, where `place` is that of the
/// whole, perhaps nothing.
///
/// # Errors
///
/// [`Code::FieldMissing`], [`Code::FieldType`], and those that a type's `Deserialize` gives as [`CodedError`].
#[doc(hidden)]
pub fn deserialize<'de, T: Deserialize<'de>, D: Deserializer<'de>>(deserializer: D, place: &str) -> Result<T, Error> {
    serde_path_to_error::deserialize(deserializer)
        .map_err(|error| explain(place, &error.path().to_string(), &error.into_inner().to_string()))
}

/// Serde's error, which is a text alone, as one of the engine.
fn explain(place: &str, path: &str, text: &str) -> Error {
    let place = match (place, path) {
        (place, ".") => place.to_owned(),
        ("", path) => path.to_owned(),
        (place, path) if path.starts_with('[') => format!("{place}{path}"),
        (place, path) => format!("{place}.{path}"),
    };
    // serde-wasm-bindgen shows a JavaScript error with its name, serde_json what it reads with its line.
    let message = text.strip_prefix("Error: ").unwrap_or(text);
    let message = message.rsplit_once(" at line ").map_or(message, |(message, _)| message);
    let coded =
        Code::ALL.iter().find_map(|code| Some((*code, message.strip_prefix(code.as_str())?.strip_prefix(": ")?)));
    let code = if message.starts_with("missing field") { Code::FieldMissing } else { Code::FieldType };
    let (code, message) = coded.unwrap_or((code, message));
    let message = in_plain_words(message).unwrap_or_else(|| message.to_owned());
    Error::new(code, if place.is_empty() { message } else { format!("{place}: {message}") })
}

/// Whoever writes `check.toml` knows no types of Rust.
fn in_plain_words(message: &str) -> Option<String> {
    let mismatch = message.strip_prefix("invalid type: ").or_else(|| message.strip_prefix("invalid value: "))?;
    let (found, wanted) = mismatch.rsplit_once(", expected ")?;
    let found = found.strip_prefix("integer ").or_else(|| found.strip_prefix("floating point ")).unwrap_or(found);
    let wanted = match wanted {
        "a sequence" => "a list",
        "i64" => "a whole number",
        "u16" => "a whole number below 2^16",
        "u32" => "a whole number below 2^32",
        "u64" => "a whole number below 2^64",
        wanted if wanted.starts_with("struct ") => "an object",
        wanted if wanted.starts_with("enum ") => "a string",
        wanted => wanted,
    };
    Some(format!("expected {wanted}, found {found}"))
}

/// The value of an option with a few values, by its name; errors name `option`.
pub(crate) fn from_name<'de, T: Deserialize<'de>>(name: &'de str, option: &str) -> Result<T, Error> {
    deserialize(StrDeserializer::<ValueError>::new(name), option)
}

/// An error on its way through serde, whose errors are only text: the code comes first.
pub(crate) struct CodedError(pub(crate) Error);

impl fmt::Display for CodedError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.0.code(), self.0)
    }
}
