use std::fmt;

use serde::de::value::{Error as ValueError, StrDeserializer};
use serde::{Deserialize, Deserializer};

use crate::error::{Code, Error};

/// Deserializes JSON or a language's own values; errors name the place in them, `listing[3].size`.
///
/// # Errors
///
/// [`Code::FieldMissing`], [`Code::FieldType`], and those that a type's `Deserialize` gives as [`CodedError`].
#[doc(hidden)]
pub fn deserialize<'de, T: Deserialize<'de>, D: Deserializer<'de>>(deserializer: D, place: &str) -> Result<T, Error> {
    serde_path_to_error::deserialize(deserializer).map_err(|error| {
        let place = match error.path().to_string() {
            path if path == "." => place.to_owned(),
            path if path.starts_with('[') => format!("{place}{path}"),
            path => format!("{place}.{path}"),
        };
        let text = error.into_inner().to_string();
        // serde-wasm-bindgen shows a JavaScript error with its name.
        let message = text.strip_prefix("Error: ").unwrap_or(&text);
        let coded =
            Code::ALL.iter().find_map(|code| Some((*code, message.strip_prefix(code.as_str())?.strip_prefix(": ")?)));
        let code = if message.starts_with("missing field") { Code::FieldMissing } else { Code::FieldType };
        let (code, message) = coded.unwrap_or((code, message));
        Error::new(code, format!("{place}: {message}"))
    })
}

/// The value of an option with a few values, by its name; errors name `option`.
pub(crate) fn by_name<'de, T: Deserialize<'de>>(name: &'de str, option: &str) -> Result<T, Error> {
    deserialize(StrDeserializer::<ValueError>::new(name), option)
}

/// An error on its way through serde, whose errors are only text: the code comes first.
pub(crate) struct CodedError(pub(crate) Error);

impl fmt::Display for CodedError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.0.code(), self.0)
    }
}
