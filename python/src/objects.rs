use airwaybill::{FileRecord, ManifestKey, ObjectsOptions};
use pyo3::prelude::*;

use crate::convert::{bytes, whole_number};
use crate::error::engine_error;
use crate::manifest::manifest_format;
use crate::waybill::Documents;

/// Format, release and firmware version.
type Key = (u8, Option<String>, Option<String>);

/// Of how many of the newest versions; `None` for all.
pub(crate) struct Newest(Option<u32>);

impl Default for Newest {
    fn default() -> Self {
        Self(ObjectsOptions::default().newest)
    }
}

impl<'py> FromPyObject<'_, 'py> for Newest {
    type Error = PyErr;

    fn extract(value: Borrowed<'_, 'py, PyAny>) -> PyResult<Self> {
        let value = Some(&*value).filter(|value| !value.is_none());
        whole_number("field_type", "newest", value, u32::MAX.into()).map(Self)
    }
}

pub(crate) fn objects_options(
    Newest(newest): Newest,
    current: Vec<String>,
    firmware_version: Vec<String>,
    formats: Option<Vec<i64>>,
    documents: Option<&Bound<'_, PyAny>>,
) -> PyResult<ObjectsOptions> {
    let all = ObjectsOptions::default().formats;
    let formats = formats.map_or(Ok(all), |formats| formats.into_iter().map(manifest_format).collect())?;
    let documents = documents.map(Documents::new).transpose()?;
    let files = documents.iter().flat_map(Documents::files);
    let documents = files.map(|file| FileRecord::of(file.name, file.content)).collect();
    Ok(ObjectsOptions { newest, current, firmware_version, formats, documents })
}

/// Format, release and firmware version that the key of a manifest names, `m/2/1.0.0/-.json`; `None` if a path, `str` or `bytes`, is
/// none. Raises `AirwaybillError` with code `format_invalid`.
#[pyfunction]
pub(crate) fn manifest_key(path: &Bound<'_, PyAny>) -> PyResult<Option<Key>> {
    let path = bytes(path)?;
    let Ok(path) = str::from_utf8(&path) else { return Ok(None) };
    let key = ManifestKey::parse(path).map_err(engine_error)?;
    Ok(key.map(|key| (key.format.number(), key.current, key.firmware_version)))
}

/// The media type of the file at a path from the top directory, `str` or `bytes`.
#[pyfunction]
pub(crate) fn content_type(path: &Bound<'_, PyAny>) -> PyResult<&'static str> {
    Ok(airwaybill::content_type(&String::from_utf8_lossy(&bytes(path)?)))
}
