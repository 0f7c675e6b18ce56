use pyo3::prelude::*;

use crate::catalog::Catalog;
use crate::convert::to_python;
use crate::error::engine_error;
use crate::listing::files;
use crate::manifest::Manifest;
use crate::records::Problem;

/// What `verify_content` or `verify_device` found.
#[pyclass(module = "airwaybill", frozen)]
pub(crate) struct Report(airwaybill::Report);

#[pymethods]
impl Report {
    /// Whether everything is right.
    #[getter]
    fn ok(&self) -> bool {
        self.0.is_ok()
    }

    /// How many files should be there.
    #[getter]
    fn checked(&self) -> usize {
        self.0.checked
    }

    /// Files that are not right, sorted by path.
    #[getter]
    fn problems(&self) -> Vec<Problem> {
        self.0.problems.iter().map(Into::into).collect()
    }

    /// The report as plain values: `{"checked", "problems"}`.
    fn to_dict<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        to_python(py, &self.0)
    }
}

/// Whether the file of every URL of the manifest is in `found`, with its hash and, in format 2, its size.
///
/// `found` is a `Listing`, or records and dicts as `Listing.entries` has them; paths are from the top directory. Raises
/// `AirwaybillError` with code `digest_invalid`, `field_missing` or `field_type` for an entry that is none.
#[pyfunction]
pub(crate) fn verify_content(manifest: &Bound<'_, Manifest>, found: &Bound<'_, PyAny>) -> PyResult<Report> {
    Ok(Report(airwaybill::verify_content(&manifest.get().0, &files(found)?)))
}

/// What differs between what a device holds and the release of that version.
///
/// `found` is as for `verify_content`, but with device paths; ignored and protected files do not count. Raises
/// `AirwaybillError` with code `release_unknown`, `release_unsettled` or `path_…`, and as `verify_content` does.
#[pyfunction]
pub(crate) fn verify_device(catalog: &Bound<'_, Catalog>, version: &str, found: &Bound<'_, PyAny>) -> PyResult<Report> {
    airwaybill::verify_device(&catalog.get().0, version, &files(found)?).map(Report).map_err(engine_error)
}
