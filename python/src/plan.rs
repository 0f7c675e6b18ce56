use pyo3::IntoPyObjectExt as _;
use pyo3::prelude::*;

use crate::convert::{Reduction, to_python, version_scheme};
use crate::error::engine_error;
use crate::manifest::{Manifest, manifest_options};
use crate::records::{Firmware, PlanFile};

/// The attributes of a plan, in the order of its pickled form.
type Fields = (
    String,
    Option<String>,
    bool,
    Vec<String>,
    Vec<PlanFile>,
    Vec<PlanFile>,
    Vec<PlanFile>,
    Option<Firmware>,
    Vec<PatchFields>,
);

/// File, base, size of the base, size and SHA-1 of a patch.
type PatchFields = (Option<String>, Option<String>, Option<u64>, u64, String);

/// The decision for one device: what to delete, add, update and flash.
#[pyclass(module = "airwaybill", frozen, eq, hash)]
#[derive(PartialEq, Eq, Hash)]
pub(crate) struct Plan(pub(crate) airwaybill::Plan);

#[pymethods]
impl Plan {
    /// The release that the device has afterwards.
    #[getter]
    fn version(&self) -> &str {
        self.0.version.as_str()
    }

    /// The request's `current`, or `None`.
    #[getter]
    fn previous_version(&self) -> Option<&str> {
        self.0.previous_version.as_ref().map(airwaybill::Version::as_str)
    }

    /// Whether `new` is the entire release: the request has no version, or one that is not in the catalog.
    #[getter]
    fn full(&self) -> bool {
        self.0.full
    }

    /// Device paths that are no longer needed, sorted.
    #[getter]
    fn delete(&self) -> Vec<&str> {
        self.0.delete.iter().map(airwaybill::DevicePath::as_str).collect()
    }

    /// Files that the device does not have, sorted by path.
    #[getter(new)]
    fn new_files(&self) -> Vec<PlanFile> {
        self.0.new.iter().map(Into::into).collect()
    }

    /// Files that the device has with different content, sorted by path.
    #[getter]
    fn update(&self) -> Vec<PlanFile> {
        self.0.update.iter().map(Into::into).collect()
    }

    /// Files that the device owns once it has them, sorted by path; those that its release lacks are in `new` too.
    #[getter]
    fn keep(&self) -> Vec<PlanFile> {
        self.0.keep.iter().map(Into::into).collect()
    }

    /// The image to flash, or `None`.
    #[getter]
    fn firmware(&self) -> Option<Firmware> {
        self.0.firmware.as_ref().map(Into::into)
    }

    /// Bytes that the device downloads, firmware included.
    #[getter]
    fn download_size(&self) -> u64 {
        self.0.download_size()
    }

    /// The same of a device that takes the patches of a manifest of format 3.
    #[getter]
    fn patched_size(&self) -> u64 {
        self.0.patched_size()
    }

    fn __repr__(&self) -> String {
        let Self(plan) = self;
        let from = plan.previous_version.as_ref().map_or("nothing", airwaybill::Version::as_str);
        let flashed = plan.firmware.as_ref().map(|image| format!(", firmware {}", image.version)).unwrap_or_default();
        let (delete, new, update) = (plan.delete.len(), plan.new.len(), plan.update.len());
        format!("<Plan {from} -> {}: {delete} deleted, {new} new, {update} updated{flashed}>", plan.version)
    }

    fn __reduce__<'py>(slf: &Bound<'py, Self>) -> Reduction<'py, (&'static str, Bound<'py, PyAny>)> {
        let plan = slf.get();
        let fields = (
            plan.version(),
            plan.previous_version(),
            plan.full(),
            plan.delete(),
            plan.new_files(),
            plan.update(),
            plan.keep(),
            plan.firmware(),
            plan.0.patches.iter().map(patch_fields).collect::<Vec<_>>(),
        );
        Ok((slf.getattr("_restore")?, (plan.0.version.scheme().as_str(), fields.into_bound_py_any(slf.py())?)))
    }

    #[staticmethod]
    fn _restore(scheme: &str, fields: Fields) -> PyResult<Self> {
        let scheme = version_scheme(scheme)?;
        let (version, previous_version, full, delete, new, update, keep, firmware, patches) = fields;
        let version_of = |text: &String| airwaybill::Version::parse(text, scheme);
        let restore = || {
            Ok(airwaybill::Plan {
                version: version_of(&version)?,
                previous_version: previous_version.as_ref().map(version_of).transpose()?,
                full,
                delete: delete.iter().map(|path| airwaybill::DevicePath::new(path)).collect::<Result<_, _>>()?,
                new: new.iter().map(PlanFile::to_engine).collect::<Result<_, _>>()?,
                update: update.iter().map(PlanFile::to_engine).collect::<Result<_, _>>()?,
                keep: keep.iter().map(PlanFile::to_engine).collect::<Result<_, _>>()?,
                firmware: firmware.as_ref().map(|image| image.to_engine(scheme)).transpose()?,
                patches: patches.iter().map(patch).collect::<Result<_, _>>()?,
            })
        };
        restore().map(Self).map_err(engine_error)
    }

    /// The plan as plain values: its attributes except `download_size` and `patched_size`, files as `{"path", "size", "sha1"}`.
    fn to_dict<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        to_python(py, &self.0)
    }

    /// Renders the plan for one base URL, `http://192.168.1.144:8000`.
    ///
    /// `dst_paths` is `relative` or `absolute`, with a leading slash on each `dst_path`; formats 2 and 3 also have `size` on every entry and
    /// `total_size`, in bytes, `full` on a full install, and `keep`; format 3 offers the catalog's patches. Raises `AirwaybillError` with code `base_url_invalid` or
    /// `format_invalid`.
    #[pyo3(signature = (base_url, *, dst_paths = "relative", format = 1))]
    fn manifest(&self, base_url: String, dst_paths: &str, format: i64) -> PyResult<Manifest> {
        let options = manifest_options(base_url, dst_paths, format)?;
        self.0.manifest(&options).map(Manifest).map_err(engine_error)
    }
}

fn patch_fields(patch: &airwaybill::Patch) -> PatchFields {
    let text = |digest: airwaybill::Sha1Digest| digest.to_string();
    let file = patch.file.as_ref().map(ToString::to_string);
    (file, patch.base.map(text), patch.base_size, patch.size, text(patch.sha1))
}

fn patch((file, base, base_size, size, sha1): &PatchFields) -> Result<airwaybill::Patch, airwaybill::Error> {
    Ok(airwaybill::Patch {
        file: file.as_deref().map(airwaybill::DevicePath::new).transpose()?,
        base: base.as_deref().map(airwaybill::Sha1Digest::parse).transpose()?,
        base_size: *base_size,
        size: *size,
        sha1: airwaybill::Sha1Digest::parse(sha1)?,
    })
}
