use std::fmt::Display;

use airwaybill::{CatalogOptions, Entry, EntryFields, VersionScheme};
use pyo3::exceptions::{PyException, PyOverflowError, PyTypeError, PyValueError};
use pyo3::prelude::*;
use pyo3::pybacked::PyBackedBytes;
use pyo3::types::{PyBytes, PyMemoryView, PyString};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::records::FileRecord;
use crate::types::Listing;

pyo3::import_exception!(airwaybill._error, AirwaybillError);

pub(crate) fn error(code: &'static str, message: impl Display) -> PyErr {
    AirwaybillError::new_err((code, message.to_string().replace(char::is_control, " ")))
}

pub(crate) fn engine_error(failure: airwaybill::Error) -> PyErr {
    error(failure.code().as_str(), failure)
}

/// A plain Python value of what the engine gives.
pub(crate) fn to_python<'py>(py: Python<'py>, value: &impl Serialize) -> PyResult<Bound<'py, PyAny>> {
    Ok(pythonize::pythonize(py, value)?)
}

/// What the engine takes, of a plain Python value. What the value itself raises, an interrupt perhaps, stays what it is.
fn from_python<T: DeserializeOwned>(value: &Bound<'_, PyAny>) -> PyResult<T> {
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

pub(crate) fn scheme(versions: &str) -> PyResult<VersionScheme> {
    versions.parse().map_err(engine_error)
}

pub(crate) fn catalog_options(
    versions: &str,
    ignore: Vec<String>,
    protect: Vec<String>,
    unsettled: Vec<String>,
) -> PyResult<CatalogOptions> {
    Ok(CatalogOptions { versions: scheme(versions)?, ignore, protect, unsettled })
}

/// The entries of an iterable of records and dicts.
pub(crate) fn entries(listing: &Bound<'_, PyAny>) -> PyResult<Vec<Entry>> {
    let entry = |item: PyResult<Bound<'_, PyAny>>| {
        let item = item?;
        match item.cast::<FileRecord>() {
            Ok(record) => Ok(Entry::File(record.get().to_engine()?)),
            Err(_) => Entry::try_from(from_python::<EntryFields>(&item)?).map_err(engine_error),
        }
    };
    listing.try_iter()?.map(entry).collect()
}

/// The files of a listing, or of an iterable of records and dicts.
pub(crate) fn files(found: &Bound<'_, PyAny>) -> PyResult<Vec<airwaybill::FileRecord>> {
    match found.cast::<Listing>() {
        Ok(listing) => {
            let entries = &listing.get().0.entries;
            Ok(found.py().detach(|| airwaybill::files_of(entries)))
        }
        Err(_) => Ok(airwaybill::files_of(&entries(found)?)),
    }
}

/// The bytes of a `str`, those that were never text among them, or of a bytes-like object.
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
