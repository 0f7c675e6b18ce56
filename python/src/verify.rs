use pyo3::prelude::*;
use pyo3::types::PyTuple;

use crate::catalog::Catalog;
use crate::convert::{Reduction, to_python};
use crate::error::engine_error;
use crate::listing::files;
use crate::manifest::Manifest;
use crate::records::{Problem, record};

record! {
    /// The result of `verify_content` or `verify_device`; false if there are problems.
    Report {
        /// How many files should be there.
        checked: usize,
        /// Files that are missing, different or unexpected, sorted by path.
        problems: Vec<Problem>,
    }

    /// Whether there are no problems.
    #[getter]
    fn ok(&self) -> bool {
        self.problems.is_empty()
    }

    fn __bool__(&self) -> bool {
        self.ok()
    }

    /// The report as plain values: `{"checked", "problems"}`.
    fn to_dict<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        to_python(py, self)
    }
}

impl From<airwaybill::Report> for Report {
    fn from(report: airwaybill::Report) -> Self {
        Self { checked: report.checked, problems: report.problems.iter().map(Into::into).collect() }
    }
}

/// Checks that the file of every URL of the manifest is in `found`, with its hash and, in formats 2 and 3, its size.
///
/// `found` is a `Listing`, or records and dicts as `Listing.entries` has them; paths are from the top directory. Raises
/// `AirwaybillError` with code `digest_invalid`, `field_missing` or `field_type` for an invalid entry.
#[pyfunction]
pub(crate) fn verify_content(manifest: &Bound<'_, Manifest>, found: &Bound<'_, PyAny>) -> PyResult<Report> {
    Ok(airwaybill::verify_content(&manifest.get().0, &files(found)?).into())
}

/// Compares the files on a device with its release.
///
/// `found` is as for `verify_content`, but with device paths; ignored and protected files are skipped. Raises
/// `AirwaybillError` with code `release_unknown`, `release_held_back`, `release_unsettled`, `check_failed` or `path_…`, and as `verify_content` does.
#[pyfunction]
pub(crate) fn verify_device(catalog: &Bound<'_, Catalog>, version: &str, found: &Bound<'_, PyAny>) -> PyResult<Report> {
    airwaybill::verify_device(&catalog.get().0, version, &files(found)?).map(Into::into).map_err(engine_error)
}
