use std::hash::{DefaultHasher, Hash as _, Hasher as _};

use pyo3::basic::CompareOp;
use pyo3::exceptions::PyTypeError;
use pyo3::prelude::*;
use pyo3::types::PyType;

use crate::convert::version_scheme;
use crate::error::engine_error;

/// The version of a release or a firmware image: `Version(text, scheme="loose")`, or `"semver"`, or
/// `"pep440"`.
///
/// Has the comparison operators. Equal versions can differ in `str`: `1.0`, `1.00` and `v1.0`. Versions of different
/// schemes are unequal, and have no order: `TypeError`. Raises `AirwaybillError` with a code `version_…`, or `field_type`
/// for an unknown scheme.
#[pyclass(module = "airwaybill", frozen)]
pub(crate) struct Version(airwaybill::Version);

#[pymethods]
impl Version {
    #[new]
    #[pyo3(signature = (text, scheme = "loose"))]
    fn new(text: &str, scheme: &str) -> PyResult<Self> {
        airwaybill::Version::parse(text, version_scheme(scheme)?).map(Self).map_err(engine_error)
    }

    /// The scheme that orders it, `loose`, `semver` or `pep440`.
    #[getter]
    fn scheme(&self) -> &'static str {
        self.0.scheme().as_str()
    }

    fn __richcmp__(&self, other: &Self, operator: CompareOp) -> PyResult<bool> {
        let (ours, theirs) = (self.scheme(), other.scheme());
        if ours != theirs && !matches!(operator, CompareOp::Eq | CompareOp::Ne) {
            let message =
                format!("'{}' is a {ours} version and '{}' a {theirs} one: no order between them", self.0, other.0);
            return Err(PyTypeError::new_err(message));
        }
        Ok(operator.matches(self.0.cmp(&other.0)))
    }

    fn __hash__(&self) -> u64 {
        let mut hasher = DefaultHasher::new();
        self.0.hash(&mut hasher);
        hasher.finish()
    }

    fn __reduce__<'py>(slf: &Bound<'py, Self>) -> (Bound<'py, PyType>, (String, &'static str)) {
        let version = slf.get();
        (slf.get_type(), (version.0.to_string(), version.scheme()))
    }

    fn __str__(&self) -> &str {
        self.0.as_str()
    }

    fn __repr__(&self) -> String {
        match self.0.scheme() {
            airwaybill::VersionScheme::Loose => format!("Version('{}')", self.0),
            other => format!("Version('{}', '{}')", self.0, other.as_str()),
        }
    }
}
