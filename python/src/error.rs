use std::fmt::Display;

use pyo3::prelude::*;

pyo3::import_exception!(airwaybill._error, AirwaybillError);

pub(crate) fn error(code: &'static str, message: impl Display) -> PyErr {
    AirwaybillError::new_err((code, message.to_string().replace(char::is_control, " ")))
}

pub(crate) fn engine_error(failure: airwaybill::Error) -> PyErr {
    error(failure.code().as_str(), failure)
}
