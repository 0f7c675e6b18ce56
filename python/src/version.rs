use std::hash::{DefaultHasher, Hash as _, Hasher as _};

use pyo3::basic::CompareOp;
use pyo3::prelude::*;

use crate::convert::scheme;
use crate::error::engine_error;

/// The version of a release or a firmware image: `Version(text, versions="loose")`, or `"semver"`.
///
/// Has the comparison operators. Two versions can be equal and differ in `str`: `1.0` and `1.00`. Raises
/// `AirwaybillError` with a code `version_…`, or `field_type` for another scheme.
#[pyclass(module = "airwaybill", frozen)]
pub(crate) struct Version(airwaybill::Version);

#[pymethods]
impl Version {
    #[new]
    #[pyo3(signature = (text, versions = "loose"))]
    fn new(text: &str, versions: &str) -> PyResult<Self> {
        airwaybill::Version::parse(text, scheme(versions)?).map(Self).map_err(engine_error)
    }

    /// The scheme that orders it, `loose` or `semver`.
    #[getter]
    fn versions(&self) -> &'static str {
        self.0.scheme().as_str()
    }

    fn __richcmp__(&self, other: &Self, operator: CompareOp) -> bool {
        operator.matches(self.0.cmp(&other.0))
    }

    fn __hash__(&self) -> u64 {
        let mut hasher = DefaultHasher::new();
        self.0.hash(&mut hasher);
        hasher.finish()
    }

    fn __str__(&self) -> &str {
        self.0.as_str()
    }

    fn __repr__(&self) -> String {
        match self.0.scheme() {
            airwaybill::VersionScheme::Loose => format!("Version('{}')", self.0),
            airwaybill::VersionScheme::Semver => format!("Version('{}', 'semver')", self.0),
        }
    }
}
