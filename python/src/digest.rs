use pyo3::prelude::*;

use crate::convert::bytes;

/// Computes a SHA-1 piece by piece.
#[pyclass(module = "airwaybill")]
pub(crate) struct Hasher(airwaybill::Hasher);

#[pymethods]
impl Hasher {
    #[new]
    fn new() -> Self {
        Self(airwaybill::Hasher::new())
    }

    /// Adds the next piece, bytes-like. The interpreter's lock is released while hashing.
    fn update(&mut self, piece: &Bound<'_, PyAny>) -> PyResult<()> {
        let content = bytes(piece)?;
        piece.py().detach(|| self.0.update(&content));
        Ok(())
    }

    /// The SHA-1 of all pieces so far, 40 lower-case hex digits.
    fn finish(&self) -> String {
        self.0.clone().finish().to_string()
    }
}
