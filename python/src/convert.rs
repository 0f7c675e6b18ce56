use airwaybill::VersionScheme;
use pyo3::exceptions::{PyException, PyOverflowError, PyTypeError, PyValueError};
use pyo3::prelude::*;
use pyo3::pybacked::PyBackedBytes;
use pyo3::types::{PyBytes, PyMemoryView, PyString};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::error::{engine_error, error};

/// The result of `__reduce__`, for `pickle` and `copy`: a callable that recreates the value, and its arguments.
pub(crate) type Reduced<'py, Arguments> = PyResult<(Bound<'py, PyAny>, Arguments)>;

/// Converts a value of the engine into a plain Python one.
pub(crate) fn to_python<'py>(py: Python<'py>, value: &impl Serialize) -> PyResult<Bound<'py, PyAny>> {
    Ok(pythonize::pythonize(py, value)?)
}

/// Converts a plain Python value into one of the engine. Exceptions raised by the value itself pass through.
pub(crate) fn from_python<T: DeserializeOwned>(value: &Bound<'_, PyAny>) -> PyResult<T> {
    pythonize::depythonize(value).map_err(|failure| {
        let py = value.py();
        let message = failure.to_string();
        let raised = PyErr::from(failure);
        let is_about_types = raised.get_type(py).is(py.get_type::<PyException>())
            || raised.is_instance_of::<PyTypeError>(py)
            || raised.is_instance_of::<PyValueError>(py)
            || raised.is_instance_of::<PyOverflowError>(py);
        if is_about_types { error("field_type", message) } else { raised }
    })
}

pub(crate) fn version_scheme(text: &str) -> PyResult<VersionScheme> {
    text.parse().map_err(engine_error)
}

/// The bytes of a `str`, including surrogate escapes, or of a bytes-like object.
pub(crate) fn bytes(value: &Bound<'_, PyAny>) -> PyResult<PyBackedBytes> {
    if let Ok(text) = value.cast::<PyString>() {
        return text.call_method1("encode", ("utf-8", "surrogateescape"))?.extract().map_err(Into::into);
    }
    if let Ok(bytes) = value.extract() {
        return Ok(bytes);
    }
    let copy = value.py().get_type::<PyBytes>().call1((PyMemoryView::from(value)?,))?;
    copy.extract().map_err(Into::into)
}
