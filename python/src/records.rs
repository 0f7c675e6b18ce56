//! Values that cross as copies: frozen records.

use airwaybill::{Code, DevicePath, Error, Sha1Digest, Sha256Digest, Version, VersionScheme};
use pyo3::prelude::*;
use pyo3::types::PyTuple;

use crate::convert::Reduction;
use crate::error::{engine_error, error};

/// A frozen record: attributes, equality, hash, repr, and a way through `pickle` and `copy`. Methods may follow its fields.
macro_rules! record {
    ($(#[$meta:meta])* $name:ident {
        $($(#[$field_meta:meta])* $field:ident: $type:ty,)*
    } $($methods:tt)*) => {
        $(#[$meta])*
        #[pyclass(module = "airwaybill", frozen, get_all, eq, hash, from_py_object)]
        #[derive(Clone, PartialEq, Eq, Hash, serde::Serialize)]
        pub(crate) struct $name {
            $($(#[$field_meta])* $field: $type,)*
        }

        #[pymethods]
        impl $name {
            $($methods)*

            #[staticmethod]
            fn _restore($($field: $type),*) -> Self {
                Self { $($field),* }
            }

            fn __reduce__<'py>(slf: &Bound<'py, Self>) -> Reduction<'py, Bound<'py, PyTuple>> {
                let fields = PyTuple::new(slf.py(), [$(slf.getattr(stringify!($field))?),*])?;
                Ok((slf.getattr("_restore")?, fields))
            }

            fn __repr__(slf: &Bound<'_, Self>) -> PyResult<String> {
                let fields = [$(format!(concat!(stringify!($field), "={}"), slf.getattr(stringify!($field))?.repr()?)),*];
                Ok(format!(concat!(stringify!($name), "({})"), fields.join(", ")))
            }
        }
    };
}
pub(crate) use record;

record! {
    /// Why something is ignored, or a warning about it: `Notice(path, code, message)`.
    ///
    /// Raises `AirwaybillError` with code `field_type` for a code that the engine does not give.
    Notice {
        /// Path from the top directory.
        path: String,
        /// The stable reason, `path_segment`.
        code: String,
        /// The reason in words, on one line.
        message: String,
    }

    #[new]
    fn new(path: String, code: String, message: String) -> PyResult<Self> {
        let notice = Self { path, code, message };
        notice.to_engine().map(|_| notice)
    }
}
record! {
    /// What a check found.
    Finding {
        /// `error` (a device refuses it, does not start, or does not get it), `warning` or `hint`.
        level: String,
        /// From the top directory: a file, a release, an image, or empty for the directory itself.
        path: String,
        /// The stable reason, `start_missing`.
        code: String,
        /// What is so, on one line.
        message: String,
        /// What to do about it, on one line.
        advice: String,
    }
}
record! {
    /// A firmware image: a top-level file `firmware_<version>.bin` or `.hex`.
    Firmware {
        /// The file name.
        path: String,
        /// From the file name.
        version: String,
        /// Size in bytes.
        size: u64,
        /// SHA-1 of the content, 40 lower-case hex digits.
        sha1: String,
    }
}
record! {
    /// One file that a device downloads.
    PlanFile {
        /// Where it belongs on the device.
        path: String,
        /// Size in bytes.
        size: u64,
        /// SHA-1 of the content, 40 lower-case hex digits.
        sha1: String,
    }
}
record! {
    /// Size and SHA-1 of a file's content.
    Content {
        /// Size in bytes; `None` from a manifest of format 1.
        size: Option<u64>,
        /// 40 lower-case hex digits.
        sha1: String,
    }
}
record! {
    /// One file that is missing, different or unexpected.
    Problem {
        /// The file's path; for a wrong URL, the URL.
        path: String,
        /// `missing`, `different`, `unexpected` or `url`.
        kind: String,
        /// What should be there; `None` for `unexpected`.
        expected: Option<Content>,
        /// What is there; `None` for `missing` and `url`.
        found: Option<Content>,
    }
}

record! {
    /// One object of what is published.
    Object {
        /// Its key: of a file and a document its path from the top directory.
        key: String,
        /// `file` (of a release, an image, a patch), `document` (a waybill, keys, a signature), `manifest` or `head` (`head.json`): the last two
        /// are made by `Catalog.object_json`.
        kind: String,
        /// The media type of its content.
        content_type: String,
        /// For how long caches may keep it: `immutable`, or `no-cache`.
        cache: String,
        /// Size in bytes of a file or a document, otherwise `None`.
        size: Option<u64>,
        /// SHA-1 of the content of a file or a document, 40 lower-case hex digits, otherwise `None`.
        sha1: Option<String>,
    }
}

record! {
    /// One file that was read: `FileRecord(path, size, sha1, sha256=None)`.
    ///
    /// Raises `AirwaybillError` with code `digest_invalid`, or `field_type` for a negative size.
    FileRecord {
        /// `/`-separated, from the top directory or, for a device's files, from its root.
        path: String,
        /// Size in bytes.
        size: u64,
        /// SHA-1 of the content, 40 lower-case hex digits.
        sha1: String,
        /// SHA-256 of the content, 64 lower-case hex digits, where releases are signed; otherwise `None`.
        sha256: Option<String>,
    }

    #[new]
    #[pyo3(signature = (path, size, sha1, sha256 = None))]
    fn new(path: String, size: i64, sha1: String, sha256: Option<String>) -> PyResult<Self> {
        Sha1Digest::parse(&sha1).map_err(engine_error)?;
        sha256.as_deref().map(Sha256Digest::parse).transpose().map_err(engine_error)?;
        let size = u64::try_from(size).map_err(|_| error("field_type", format!("size: expected a whole number from 0, found {size}")))?;
        Ok(Self { path, size, sha1, sha256 })
    }
}

impl FileRecord {
    pub(crate) fn to_engine(&self) -> PyResult<airwaybill::FileRecord> {
        let record = airwaybill::FileRecord::new(self.path.clone(), self.size, &self.sha1).map_err(engine_error)?;
        let sha256 = self.sha256.as_deref().map(Sha256Digest::parse).transpose().map_err(engine_error)?;
        Ok(airwaybill::FileRecord { sha256, ..record })
    }
}

impl From<&airwaybill::File> for FileRecord {
    fn from(file: &airwaybill::File) -> Self {
        Self { path: file.path.to_string(), size: file.size, sha1: file.sha1.to_string(), sha256: None }
    }
}

impl From<airwaybill::FileRecord> for FileRecord {
    fn from(record: airwaybill::FileRecord) -> Self {
        let sha256 = record.sha256.map(|digest| digest.to_string());
        Self { path: record.path, size: record.size, sha1: record.sha1.to_string(), sha256 }
    }
}

impl From<&airwaybill::Notice> for Notice {
    fn from(notice: &airwaybill::Notice) -> Self {
        Self { path: notice.path.clone(), code: notice.code.to_string(), message: notice.message.clone() }
    }
}

impl Notice {
    pub(crate) fn to_engine(&self) -> PyResult<airwaybill::Notice> {
        let code =
            Code::of(&self.code).ok_or_else(|| error("field_type", format!("code: no such code, {:?}", self.code)))?;
        Ok(airwaybill::Notice { path: self.path.clone(), code, message: self.message.clone() })
    }
}

impl From<airwaybill::Finding> for Finding {
    fn from(finding: airwaybill::Finding) -> Self {
        let (level, code) = (finding.level.as_str().to_owned(), finding.code.to_string());
        Self { level, path: finding.path, code, message: finding.message, advice: finding.advice }
    }
}

impl From<&airwaybill::Firmware> for Firmware {
    fn from(image: &airwaybill::Firmware) -> Self {
        let (path, version) = (image.path.clone(), image.version.to_string());
        Self { path, version, size: image.size, sha1: image.sha1.to_string() }
    }
}

impl Firmware {
    pub(crate) fn to_engine(&self, scheme: VersionScheme) -> Result<airwaybill::Firmware, Error> {
        let (path, version) = (self.path.clone(), Version::parse(&self.version, scheme)?);
        Ok(airwaybill::Firmware { path, version, size: self.size, sha1: Sha1Digest::parse(&self.sha1)? })
    }
}

impl PlanFile {
    pub(crate) fn to_engine(&self) -> Result<airwaybill::File, Error> {
        let (path, sha1) = (DevicePath::new(&self.path)?, Sha1Digest::parse(&self.sha1)?);
        Ok(airwaybill::File { path, size: self.size, sha1 })
    }
}

impl From<&airwaybill::File> for PlanFile {
    fn from(file: &airwaybill::File) -> Self {
        Self { path: file.path.to_string(), size: file.size, sha1: file.sha1.to_string() }
    }
}

impl From<airwaybill::Object> for Object {
    fn from(airwaybill::Object { key, kind, content_type, content }: airwaybill::Object) -> Self {
        Self {
            key,
            kind: kind.as_str().to_owned(),
            content_type: content_type.to_owned(),
            cache: kind.cache().to_owned(),
            size: content.map(|(size, _)| size),
            sha1: content.map(|(_, sha1)| sha1.to_string()),
        }
    }
}

impl From<airwaybill::Content> for Content {
    fn from(content: airwaybill::Content) -> Self {
        Self { size: content.size, sha1: content.sha1.to_string() }
    }
}

impl From<&airwaybill::Problem> for Problem {
    fn from(problem: &airwaybill::Problem) -> Self {
        Self {
            path: problem.path.clone(),
            kind: problem.kind.to_string(),
            expected: problem.expected.map(Into::into),
            found: problem.found.map(Into::into),
        }
    }
}
