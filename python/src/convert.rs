use airwaybill::VersionScheme;
use pyo3::exceptions::{PyException, PyOverflowError, PyTypeError, PyValueError};
use pyo3::prelude::*;
use pyo3::pybacked::PyBackedBytes;
use pyo3::types::{PyBytes, PyMemoryView, PyString};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::error::{engine_error, error};

const SHOWN_DIGITS: usize = 40;

/// The result of `__reduce__`, for `pickle` and `copy`: a callable that recreates the value, and its arguments.
pub(crate) type Reduction<'py, Arguments> = PyResult<(Bound<'py, PyAny>, Arguments)>;

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

/// Options, read strictly: pythonize takes a `str` for a list of texts, and any value for a truth. Errors
/// name the place in them.
pub(crate) fn options<T: DeserializeOwned>(value: &Bound<'_, PyAny>, place: &str) -> PyResult<T> {
    let plain = airwaybill::deserialize(&mut pythonize::Depythonizer::from_object(value), place);
    plain.and_then(|plain: Value| airwaybill::deserialize(plain, place)).map_err(engine_error)
}

/// An argument that is a whole number from 0 to `most`; another number is an error that names it, with this code.
pub(crate) fn whole_number<T: TryFrom<u64>>(
    code: &'static str,
    name: &str,
    value: Option<&Bound<'_, PyAny>>,
    most: u64,
) -> PyResult<Option<T>> {
    let Some(value) = value else { return Ok(None) };
    let number = match value.extract::<u64>() {
        Err(failure) if !failure.is_instance_of::<PyOverflowError>(value.py()) => return Err(failure),
        number => number.ok().filter(|number| *number <= most).and_then(|number| number.try_into().ok()),
    };
    number.map(Some).ok_or_else(|| {
        // Python writes none of more than 4,300 digits.
        let digits = value.str().map(|text| text.to_string()).unwrap_or_default();
        let shown: String = digits.chars().take(SHOWN_DIGITS).collect();
        error(code, format!("{name} {shown}: expected a whole number from 0 to {most}"))
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
