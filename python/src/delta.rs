use airwaybill::Sha1Digest;
use pyo3::prelude::*;
use pyo3::types::PyBytes;

use crate::convert::bytes;
use crate::error::engine_error;

/// The patch that makes `new` of `old`, both bytes-like; with an empty `old` it is the compressed file. The format is that of `detools`,
/// `sequential` without compression, in a zlib stream with a window of 1 KB. The interpreter's lock is released meanwhile.
///
/// Raises `AirwaybillError` with code `size_too_big` for a file of more than 16 MiB.
#[pyfunction]
pub(crate) fn make_patch<'py>(old: &Bound<'py, PyAny>, new: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyBytes>> {
    let (py, old, new) = (old.py(), bytes(old)?, bytes(new)?);
    let patch = py.detach(|| airwaybill::make_patch(&old, &new)).map_err(engine_error)?;
    Ok(PyBytes::new(py, &patch))
}

/// What a patch makes of `old`. The patch of another file may not be noticed: compare the result's hash.
///
/// Raises `AirwaybillError` with a code `patch_…`, or `size_too_big`.
#[pyfunction]
pub(crate) fn apply_patch<'py>(old: &Bound<'py, PyAny>, patch: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyBytes>> {
    let (py, old, patch) = (old.py(), bytes(old)?, bytes(patch)?);
    let new = py.detach(|| airwaybill::apply_patch(&old, &patch)).map_err(engine_error)?;
    Ok(PyBytes::new(py, &new))
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
