use serde::Serialize;

use crate::error::{Code, Error, one_line};

/// Why something is not in the catalog, or what an operator should know about it.
///
/// ```
/// use airwaybill::{Catalog, CatalogOptions, Code, FileRecord, Notice};
///
/// let listing = [FileRecord::of("notes.txt", b"").into()];
/// let catalog = Catalog::from_listing(&listing, &CatalogOptions::default())?;
/// let Notice { path, code, message } = &catalog.ignored()[0];
/// assert_eq!((path.as_str(), *code), ("notes.txt", Code::NotFirmware));
/// assert!(message.contains("not firmware_<version>.bin"));
/// # Ok::<(), airwaybill::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Notice {
    /// From the top directory.
    pub path: String,
    /// The stable reason.
    pub code: Code,
    /// The reason for people.
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
