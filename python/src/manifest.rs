use std::hash::{DefaultHasher, Hash as _, Hasher as _};

use airwaybill::{ManifestFormat, ManifestOptions};
use pyo3::prelude::*;
use pyo3::types::PyDict;

use crate::convert::{Reduction, bytes, to_python};
use crate::error::engine_error;

/// The document that tells a device how to update itself.
#[pyclass(module = "airwaybill", frozen, eq)]
#[derive(PartialEq, Eq)]
pub(crate) struct Manifest(pub(crate) airwaybill::Manifest);

#[pymethods]
impl Manifest {
    /// Reads a manifest strictly, from `bytes` or `str`: unknown fields are ignored; everything else must be present
    /// and valid.
    ///
    /// Raises `AirwaybillError` with code `json_invalid`; or, with the field in the message, `field_missing`,
    /// `field_type`, `digest_invalid`, `url_invalid`, `size_too_big`, `path_…` or `version_…`.
    #[staticmethod]
    fn parse(document: &Bound<'_, PyAny>) -> PyResult<Self> {
        airwaybill::Manifest::parse(&bytes(document)?).map(Self).map_err(engine_error)
    }

    /// The release that the device has afterwards.
    #[getter]
    fn version(&self) -> &str {
        self.0.version().as_str()
    }

    /// The request's `current`, or `None`.
    #[getter]
    fn previous_version(&self) -> Option<&str> {
        self.0.previous_version().map(airwaybill::Version::as_str)
    }

    fn __hash__(&self) -> u64 {
        let mut hasher = DefaultHasher::new();
        self.0.to_json().hash(&mut hasher);
        hasher.finish()
    }

    fn __repr__(&self) -> String {
        let from = self.previous_version().unwrap_or("nothing");
        let Self(manifest) = self;
        let (delete, new, update) = (manifest.delete().len(), manifest.new_files().len(), manifest.update().len());
        let flashed = if manifest.firmware().is_some() { ", firmware" } else { "" };
        format!("<Manifest {from} -> {}: {delete} deleted, {new} new, {update} updated{flashed}>", self.version())
    }

    fn __reduce__<'py>(slf: &Bound<'py, Self>) -> Reduction<'py, (String,)> {
        Ok((slf.getattr("parse")?, (slf.get().to_json(),)))
    }

    /// The document: keys sorted, four spaces, no line end after the last brace.
    fn to_json(&self) -> String {
        self.0.to_json()
    }

    /// The document as plain values, as `json.loads` reads it.
    fn to_dict<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyDict>> {
        Ok(to_python(py, &self.0)?.cast_into()?)
    }
}

pub(crate) fn manifest_options(base_url: String, dst_paths: &str, format: i64) -> PyResult<ManifestOptions> {
    let dst_paths = dst_paths.parse().map_err(engine_error)?;
    Ok(ManifestOptions { base_url, dst_paths, format: manifest_format(format)? })
}

pub(crate) fn manifest_format(number: i64) -> PyResult<ManifestFormat> {
    ManifestFormat::try_from(u64::try_from(number).unwrap_or_default()).map_err(engine_error)
}
