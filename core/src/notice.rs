use serde::Serialize;

use crate::error::{Code, Error, one_line};

/// Why something is ignored, or a warning about it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[cfg_attr(feature = "wasm", derive(tsify::Tsify))]
pub struct Notice {
    /// Path from the top directory.
    pub path: String,
    /// The stable reason.
    pub code: Code,
    /// The reason in words, on one line.
    pub message: String,
}

impl Notice {
    pub(crate) fn new(path: &str, code: Code, message: impl Into<String>) -> Self {
        Self { path: path.to_owned(), code, message: one_line(message.into()) }
    }

    pub(crate) fn from_error(path: &str, error: &Error) -> Self {
        Self::new(path, error.code(), error.to_string())
    }
}
