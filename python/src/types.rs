use std::collections::BTreeMap;
use std::fmt::Display;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use std::sync::mpsc::{self, RecvTimeoutError};
use std::time::{Duration, SystemTime};

use airwaybill::{DstPaths, Filter, ManifestFormat, ManifestOptions, PlanRequest};
use pyo3::basic::CompareOp;
use pyo3::exceptions::PyRuntimeError;
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyDict};

use crate::convert::{bytes, catalog_options, engine_error, entries, error, files, scheme, to_python};
use crate::records::{FileRecord, Firmware, Notice, PlanFile, Problem};
use crate::scan::{Progress, Tree, scan};

const PROGRESS_INTERVAL: Duration = Duration::from_millis(100);

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

/// Takes content piece by piece and gives its SHA-1.
#[pyclass(module = "airwaybill")]
pub(crate) struct Hasher(airwaybill::Hasher);

#[pymethods]
impl Hasher {
    #[new]
    fn new() -> Self {
        Self(airwaybill::Hasher::new())
    }

    /// Takes the next piece, bytes-like. The interpreter's lock is released meanwhile.
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

fn root_invalid(root: &Path, reason: &dyn Display) -> PyErr {
    error("root_invalid", format!("{}: {reason}", root.display()))
}

/// What a walk through a directory of releases found; `len` is the number of entries.
#[pyclass(module = "airwaybill", frozen)]
pub(crate) struct Listing(pub(crate) Tree);

#[pymethods]
impl Listing {
    /// Walks and hashes on all cores, without the interpreter's lock.
    ///
    /// `progress(done, total)` is called a few times a second with bytes; an exception in it ends the scan. What `ignore`
    /// matches is not read. Raises `AirwaybillError` with code `root_invalid` for what is no directory, `glob_invalid`,
    /// or `field_type` for another scheme than `loose` and `semver`.
    #[staticmethod]
    #[pyo3(signature = (root, *, versions = "loose", ignore = Vec::new(), progress = None))]
    fn scan(
        py: Python<'_>,
        root: PathBuf,
        versions: &str,
        ignore: Vec<String>,
        progress: Option<Py<PyAny>>,
    ) -> PyResult<Self> {
        let filter = Filter::new(&catalog_options(versions, ignore, Vec::new(), Vec::new())?).map_err(engine_error)?;
        if !root.is_dir() {
            return Err(root_invalid(&root, &"not a directory"));
        }
        let state = Progress { is_shown: progress.is_some(), ..Progress::default() };
        let report = |py: Python<'_>| {
            py.check_signals()?;
            let total = state.total.load(Relaxed);
            // A file that grew since it was looked at has more to hash than was reckoned.
            let bytes = (state.done.load(Relaxed).min(total), total);
            progress.as_ref().map_or(Ok(()), |progress| progress.call1(py, bytes).map(drop))
        };
        let tree = py.detach(|| {
            std::thread::scope(|scope| {
                let (sender, receiver) = mpsc::channel();
                let scan = || scan(&root, &filter, &state);
                scope.spawn(move || sender.send(scan()));
                loop {
                    match receiver.recv_timeout(PROGRESS_INTERVAL) {
                        Ok(tree) => break tree.map_err(|failure| root_invalid(&root, &failure)),
                        Err(RecvTimeoutError::Timeout) => {
                            Python::attach(report).inspect_err(|_| state.cancelled.store(true, Relaxed))?;
                        }
                        Err(RecvTimeoutError::Disconnected) => break Err(PyRuntimeError::new_err("the scan panicked")),
                    }
                }
            })
        })?;
        report(py)?;
        Ok(Self(tree))
    }

    /// Of each top-level name when it, or anything in it, last changed, in seconds since 1970.
    #[getter]
    fn changed(&self) -> BTreeMap<&str, f64> {
        let seconds = |time: &SystemTime| match time.duration_since(SystemTime::UNIX_EPOCH) {
            Ok(after) => after.as_secs_f64(),
            Err(before) => -before.duration().as_secs_f64(),
        };
        self.0.changed.iter().map(|(name, time)| (name.as_str(), seconds(time))).collect()
    }

    /// The entries as plain dicts, paths from the top directory: `{"path", "size", "sha1"}` for a file, `{"path",
    /// "link"}` for a symbolic link, with its target or `None`, `{"path", "unread"}` for what was not read, with the
    /// reason, and `{"path": "1.0.2/"}` for an empty directory.
    fn entries<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        to_python(py, &self.0.entries)
    }

    /// Whether both hold the same entries; when these last changed does not matter.
    fn __eq__(&self, other: &Self) -> bool {
        self.0.entries == other.0.entries
    }

    fn __len__(&self) -> usize {
        self.0.entries.len()
    }
}

/// All releases and firmware images of one directory, as `airwaybill.scan` or `Catalog.from_listing` gives it.
#[pyclass(module = "airwaybill", frozen)]
pub(crate) struct Catalog(Arc<airwaybill::Catalog>);

#[pymethods]
impl Catalog {
    /// Sorts a listing into releases, firmware images and what is neither.
    ///
    /// `listing` is a `Listing`, or records and dicts as `Listing.entries` has them, in any order. `versions` is `loose`
    /// or `semver`. `ignore` has globs of files to leave out, `protect` globs of files that no plan touches; one with a
    /// `/` is held against the device path and each directory above it, one without against each name in the path.
    /// `unsettled` has top-level names that still change and are not offered.
    ///
    /// A release is taken in whole or not at all; `ignored` names the file. Raises `AirwaybillError` with code
    /// `glob_invalid`, `size_too_big` (2^53 bytes or more in all), `digest_invalid`, `field_missing` or `field_type`.
    #[staticmethod]
    #[pyo3(signature = (listing, *, versions = "loose", ignore = Vec::new(), protect = Vec::new(), unsettled = Vec::new()))]
    fn from_listing(
        py: Python<'_>,
        listing: &Bound<'_, PyAny>,
        versions: &str,
        ignore: Vec<String>,
        protect: Vec<String>,
        unsettled: Vec<String>,
    ) -> PyResult<Self> {
        let options = catalog_options(versions, ignore, protect, unsettled)?;
        let catalog = if let Ok(listing) = listing.cast::<Listing>() {
            let entries = &listing.get().0.entries;
            py.detach(|| airwaybill::Catalog::from_listing(entries, &options))
        } else {
            let entries = entries(listing)?;
            py.detach(|| airwaybill::Catalog::from_listing(&entries, &options))
        };
        Ok(Self(Arc::new(catalog.map_err(engine_error)?)))
    }

    /// The releases that are offered, lowest version first.
    #[getter]
    fn releases(&self) -> Vec<Release> {
        (0..self.0.releases().len()).map(|index| Release { catalog: Arc::clone(&self.0), index }).collect()
    }

    /// The firmware images that are offered, lowest version first.
    #[getter]
    fn firmware(&self) -> Vec<Firmware> {
        self.0.firmware().iter().map(Into::into).collect()
    }

    /// What was left out and why, sorted by path.
    #[getter]
    fn ignored(&self) -> Vec<Notice> {
        self.0.ignored().iter().map(Into::into).collect()
    }

    /// What is in the catalog and deserves a look, sorted by path.
    #[getter]
    fn warnings(&self) -> Vec<Notice> {
        self.0.warnings().iter().map(Into::into).collect()
    }

    /// The file of a release, or the firmware image, at a path from the top directory; also of what still changes.
    /// `None` where there is none.
    fn find(&self, path: &str) -> Option<FileRecord> {
        self.0.find(path).map(Into::into)
    }

    /// What a device has to do; `None` when there is nothing.
    ///
    /// `current` is the device's release, `None` for a full install; `firmware_version` its firmware, judged by `current`
    /// when `None`; `target` the release to go to by name, the highest when `None`; only a named one may be lower than
    /// `current`, with `allow_downgrade`. Raises `AirwaybillError` with code `release_unknown`, `release_unsettled` or
    /// `version_…`.
    #[pyo3(signature = (current = None, *, firmware_version = None, target = None, allow_downgrade = false))]
    fn plan(
        &self,
        py: Python<'_>,
        current: Option<String>,
        firmware_version: Option<String>,
        target: Option<String>,
        allow_downgrade: bool,
    ) -> PyResult<Option<Plan>> {
        let request = PlanRequest { current, firmware_version, target, allow_downgrade };
        let plan = py.detach(|| self.0.plan(&request)).map_err(engine_error)?;
        Ok(plan.map(Plan))
    }

    /// The text that a device gets, UTF-8: the manifest of its plan, or `null`. The same as `plan` and `Plan.manifest`,
    /// in one call, with the parameters and errors of both.
    #[allow(clippy::too_many_arguments, reason = "keyword arguments of the Python API")]
    #[pyo3(signature = (
        base_url, current = None, *, firmware_version = None, target = None, allow_downgrade = false,
        absolute_paths = false, format = 1
    ))]
    fn manifest_json<'py>(
        &self,
        py: Python<'py>,
        base_url: String,
        current: Option<String>,
        firmware_version: Option<String>,
        target: Option<String>,
        allow_downgrade: bool,
        absolute_paths: bool,
        format: i64,
    ) -> PyResult<Bound<'py, PyBytes>> {
        let request = PlanRequest { current, firmware_version, target, allow_downgrade };
        let options = manifest_options(base_url, absolute_paths, format)?;
        let text = py.detach(|| self.0.manifest_json(&request, &options)).map_err(engine_error)?;
        Ok(PyBytes::new(py, text.as_bytes()))
    }
}

fn manifest_options(base_url: String, absolute_paths: bool, format: i64) -> PyResult<ManifestOptions> {
    let dst_paths = if absolute_paths { DstPaths::Absolute } else { DstPaths::Relative };
    let format = ManifestFormat::try_from(u64::try_from(format).unwrap_or_default()).map_err(engine_error)?;
    Ok(ManifestOptions { base_url, dst_paths, format })
}

/// A release: a version and the device's entire file system; `len` is the number of files.
#[pyclass(module = "airwaybill", frozen)]
pub(crate) struct Release {
    catalog: Arc<airwaybill::Catalog>,
    index: usize,
}

impl Release {
    fn get(&self) -> &airwaybill::Release {
        &self.catalog.releases()[self.index]
    }
}

#[pymethods]
impl Release {
    /// The directory's name.
    #[getter]
    fn version(&self) -> &str {
        self.get().version().as_str()
    }

    /// Bytes of all files.
    #[getter]
    fn size(&self) -> u64 {
        self.get().size()
    }

    /// The files with their device paths, sorted by path; a new list each time.
    #[getter]
    fn files(&self) -> Vec<FileRecord> {
        self.get().files().map(FileRecord::of).collect()
    }

    fn __len__(&self) -> usize {
        self.get().files().len()
    }

    fn __repr__(&self) -> String {
        format!("<Release {}: {} files>", self.version(), self.__len__())
    }
}

/// The decision for one device: what to delete, add, update and flash.
#[pyclass(module = "airwaybill", frozen)]
pub(crate) struct Plan(airwaybill::Plan);

#[pymethods]
impl Plan {
    /// The release that the device is on afterwards.
    #[getter]
    fn version(&self) -> &str {
        self.0.version.as_str()
    }

    /// What the request named as current; `None` when it named none.
    #[getter]
    fn previous_version(&self) -> Option<&str> {
        self.0.previous_version.as_ref().map(airwaybill::Version::as_str)
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

    /// Files that the device has with another content, sorted by path.
    #[getter]
    fn update(&self) -> Vec<PlanFile> {
        self.0.update.iter().map(Into::into).collect()
    }

    /// The image to flash; `None` when there is none.
    #[getter]
    fn firmware(&self) -> Option<Firmware> {
        self.0.firmware.as_ref().map(Into::into)
    }

    /// Bytes that the device fetches, firmware included.
    #[getter]
    fn download_size(&self) -> u64 {
        self.0.download_size()
    }

    /// The plan as plain values: its attributes but `download_size`, files as `{"path", "size", "sha1"}`.
    fn to_dict<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        to_python(py, &self.0)
    }

    /// Renders the plan for one base URL, `http://192.168.1.144:8000`.
    ///
    /// With `absolute_paths` each `dst_path` starts with a slash; format 2 also has `size` on every entry and
    /// `total_size`, in bytes. Raises `AirwaybillError` with code `base_url_invalid` or `format_invalid`.
    #[pyo3(signature = (base_url, *, absolute_paths = false, format = 1))]
    fn manifest(&self, base_url: String, absolute_paths: bool, format: i64) -> PyResult<Manifest> {
        let options = manifest_options(base_url, absolute_paths, format)?;
        self.0.manifest(&options).map(Manifest).map_err(engine_error)
    }
}

/// The document that tells a device how to update itself.
#[pyclass(module = "airwaybill", frozen, eq)]
#[derive(PartialEq)]
pub(crate) struct Manifest(airwaybill::Manifest);

#[pymethods]
impl Manifest {
    /// Reads a manifest strictly, from `bytes` or `str`: unknown fields do not count; everything else must be there and
    /// right.
    ///
    /// Raises `AirwaybillError` with code `json_invalid`; or, with the field in the message, `field_missing`,
    /// `field_type`, `digest_invalid`, `url_invalid`, `size_too_big`, `path_…` or `version_…`.
    #[staticmethod]
    fn parse(document: &Bound<'_, PyAny>) -> PyResult<Self> {
        airwaybill::Manifest::parse(&bytes(document)?).map(Self).map_err(engine_error)
    }

    /// The release that the device is on afterwards.
    #[getter]
    fn version(&self) -> &str {
        self.0.version().as_str()
    }

    /// The release that the request named; `None` when it named none.
    #[getter]
    fn previous_version(&self) -> Option<&str> {
        self.0.previous_version().map(airwaybill::Version::as_str)
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

/// What `verify_content` or `verify_device` found.
#[pyclass(module = "airwaybill", frozen)]
pub(crate) struct Report(airwaybill::Report);

#[pymethods]
impl Report {
    /// Whether everything is right.
    #[getter]
    fn ok(&self) -> bool {
        self.0.is_ok()
    }

    /// How many files should be there.
    #[getter]
    fn checked(&self) -> usize {
        self.0.checked
    }

    /// Files that are not right, sorted by path.
    #[getter]
    fn problems(&self) -> Vec<Problem> {
        self.0.problems.iter().map(Into::into).collect()
    }

    /// The report as plain values: `{"checked", "problems"}`.
    fn to_dict<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        to_python(py, &self.0)
    }
}

/// The path as `str`, if it is a device path: relative, `/`-separated, UTF-8, without `.`, `..`, backslash and control
/// characters, at most 255 bytes a segment and 4,096 in all.
///
/// Raises `AirwaybillError` with a code `path_…`; nothing is normalised.
#[pyfunction]
pub(crate) fn check_path(path: &Bound<'_, PyAny>) -> PyResult<String> {
    let path = airwaybill::DevicePath::from_bytes(&bytes(path)?);
    path.map(|path| path.to_string()).map_err(engine_error)
}

/// Whether the file of every URL of the manifest is in `found`, with its hash and, in format 2, its size.
///
/// `found` is a `Listing`, or records and dicts as `Listing.entries` has them; paths are from the top directory. Raises
/// `AirwaybillError` with code `digest_invalid`, `field_missing` or `field_type` for an entry that is none.
#[pyfunction]
pub(crate) fn verify_content(manifest: &Bound<'_, Manifest>, found: &Bound<'_, PyAny>) -> PyResult<Report> {
    Ok(Report(airwaybill::verify_content(&manifest.get().0, &files(found)?)))
}

/// What differs between what a device holds and the release of that version.
///
/// `found` is as for `verify_content`, but with device paths; ignored and protected files do not count. Raises
/// `AirwaybillError` with code `release_unknown`, `release_unsettled` or `path_…`, and as `verify_content` does.
#[pyfunction]
pub(crate) fn verify_device(catalog: &Bound<'_, Catalog>, version: &str, found: &Bound<'_, PyAny>) -> PyResult<Report> {
    airwaybill::verify_device(&catalog.get().0, version, &files(found)?).map(Report).map_err(engine_error)
}
