use pyo3::prelude::*;

use crate::convert::bytes;
use crate::error::engine_error;

/// The path as `str`, if it is a device path: relative, `/`-separated, UTF-8, without `.`, `..`, backslash and control
/// characters, at most 255 bytes a segment and 4,096 in all.
///
/// Raises `AirwaybillError` with a code `path_…`; nothing is normalised.
#[pyfunction]
pub(crate) fn check_path(path: &Bound<'_, PyAny>) -> PyResult<String> {
    let path = airwaybill::DevicePath::from_bytes(&bytes(path)?);
    path.map(|path| path.to_string()).map_err(engine_error)
}

/// Whether a path from the top directory, `str` or `bytes`, is that of a patch.
#[pyfunction]
pub(crate) fn is_patch(path: &Bound<'_, PyAny>) -> PyResult<bool> {
    Ok(str::from_utf8(&bytes(path)?).is_ok_and(airwaybill::is_patch))
}

/// Whether a path from the top directory, `str` or `bytes`, is that of a waybill, of keys or of a signature.
#[pyfunction]
pub(crate) fn is_document(path: &Bound<'_, PyAny>) -> PyResult<bool> {
    Ok(str::from_utf8(&bytes(path)?).is_ok_and(airwaybill::is_document))
}

/// Whether a document, by its path, is of keys that not all have signed who must, which nobody gets.
#[pyfunction]
pub(crate) fn is_draft(path: &Bound<'_, PyAny>) -> PyResult<bool> {
    Ok(str::from_utf8(&bytes(path)?).is_ok_and(airwaybill::is_draft))
}
