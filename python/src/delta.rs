use airwaybill::Sha1Digest;
use pyo3::exceptions::PyTypeError;
use pyo3::prelude::*;
use pyo3::pybacked::PyBackedBytes;
use pyo3::types::{PyBytes, PyString};

use crate::convert::bytes;
use crate::error::engine_error;

/// The patch that makes `new` of `old`, both bytes-like; with an empty `old` it is the compressed file. The format is that of `detools`,
/// `sequential` without compression, in a zlib stream with a window of 1 KB. The interpreter's lock is released meanwhile.
///
/// Raises `AirwaybillError` with code `size_too_big` for a file of more than 16 MiB, and `TypeError` for text.
#[pyfunction]
pub(crate) fn make_patch<'py>(old: &Bound<'py, PyAny>, new: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyBytes>> {
    let (py, old, new) = (old.py(), file("old", old)?, file("new", new)?);
    let patch = py.detach(|| airwaybill::make_patch(&old, &new)).map_err(engine_error)?;
    Ok(PyBytes::new(py, &patch))
}

/// What a patch makes of `old`. The patch of another file may not be noticed: compare the result's hash.
///
/// Raises `AirwaybillError` with a code `patch_…`, or `size_too_big`, and `TypeError` for text.
#[pyfunction]
pub(crate) fn apply_patch<'py>(old: &Bound<'py, PyAny>, patch: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyBytes>> {
    let (py, old, patch) = (old.py(), file("old", old)?, file("patch", patch)?);
    let new = py.detach(|| airwaybill::apply_patch(&old, &patch)).map_err(engine_error)?;
    Ok(PyBytes::new(py, &new))
}

/// Text has no bytes until it is encoded, and only the caller knows how.
fn file(name: &str, value: &Bound<'_, PyAny>) -> PyResult<PyBackedBytes> {
    if value.is_instance_of::<PyString>() {
        let message = format!("{name}: expected bytes, found str; read the file as bytes, or encode the text");
        return Err(PyTypeError::new_err(message));
    }
    bytes(value)
}

/// The path, from the top directory, of the patch that makes the file with the SHA-1 `made` of the one with the SHA-1 `base`, or of nothing.
///
/// Raises `AirwaybillError` with code `digest_invalid`.
#[pyfunction]
pub(crate) fn patch_path(made: &str, base: Option<&str>) -> PyResult<String> {
    let path = || Ok(airwaybill::patch_path(Sha1Digest::parse(made)?, base.map(Sha1Digest::parse).transpose()?));
    path().map_err(engine_error)
}

/// Whether a patch of a size is offered where something else with the size `otherwise` can be fetched.
#[pyfunction]
pub(crate) fn is_worth_it(size: u64, otherwise: u64) -> bool {
    airwaybill::is_worth_it(size, otherwise)
}
