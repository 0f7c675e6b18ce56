use serde::{Deserialize, Serialize};

use crate::error::{Code, Error, one_line};

/// Why something is ignored, or a warning about it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
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
    /// Whether it keeps a release or an image from being offered; otherwise it is about what is none, or is left out.
    pub(crate) fn holds_back(&self) -> bool {
        !matches!(
            self.code,
            Code::IgnoredName
                | Code::CopyLeftOver
                | Code::NotFirmware
                | Code::VersionStart
                | Code::VersionCharacter
                | Code::VersionTooLong
                | Code::VersionSemver
                | Code::VersionPep440
                | Code::NameNear
                | Code::NameWord
                | Code::NameWithdrawn
        )
    }

    /// The release or the image that it is about: the top-level name in its path.
    pub(crate) fn name(&self) -> &str {
        self.path.split_once('/').map_or(&self.path, |(name, _)| name)
    }

    pub(crate) fn new(path: &str, code: Code, message: impl Into<String>) -> Self {
        Self { path: path.to_owned(), code, message: one_line(message.into()) }
    }

    pub(crate) fn from_error(path: &str, error: &Error) -> Self {
        Self::new(path, error.code(), error.to_string())
    }
}
