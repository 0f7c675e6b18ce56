use std::collections::BTreeMap;
use std::hash::{Hash, Hasher};
use std::path::PathBuf;
use std::sync::Arc;

use airwaybill::{CatalogOptions, CheckRequest, Entry, PlanRequest, WaybillRequest};
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyMapping};

use crate::check::{self, check_request, signed_documents};
use crate::convert::{Reduction, version_scheme};
use crate::error::engine_error;
use crate::listing::{self, Listing, entries};
use crate::manifest::manifest_options;
use crate::objects::{Newest, objects_options};
use crate::plan::Plan;
use crate::records::{FileRecord, Finding, Firmware, Notice, Object};
use crate::waybill::{Documents, Keys, SigningStatus, Waybill, document_number};

/// A decision of the engine, as a tuple.
type Decision = (Option<String>, Option<String>, Option<String>, Option<String>, Option<String>);

/// All releases and firmware images of one directory, from `airwaybill.scan` or `Catalog.from_listing`.
#[pyclass(module = "airwaybill", frozen)]
pub(crate) struct Catalog(pub(crate) Arc<airwaybill::Catalog>);

#[pymethods]
impl Catalog {
    /// Sorts the entries of a listing into releases, firmware images and ignored ones.
    ///
    /// `listing` is a `Listing`, or records and dicts as `Listing.entries` has them, in any order. `scheme` is `loose`,
    /// `semver` or `pep440`. `ignore` has globs of files to ignore, `protect` of files that no plan touches; one with a
    /// `/` is matched against the device path and each directory above it, one without against each name in the path.
    /// `include` has globs of what is not to be ignored by its name, `keep` of files that a device owns once it has them.
    /// `unsettled` has top-level names that are still changing and not offered, `failed` those that are not offered because
    /// their check has errors, `unsigned` the `held_back` of what `Catalog.signed` says does not count. `now` is the time in seconds since 1970: without it, what a copy tool left holds a release back
    /// however old it is. Of a release that is held back and that an `earlier` catalog of the same directory has, devices
    /// on it have what it was then. `patches` has the files in `delta/`, a listing or records with paths from the top directory: what
    /// manifests of format 3 may offer.
    ///
    /// A release is offered entirely or not at all; `ignored` names the file. Raises `AirwaybillError` with code
    /// `glob_invalid`, `size_too_big` (2^53 bytes or more in all), `digest_invalid`, `field_missing` or `field_type`.
    #[staticmethod]
    #[allow(clippy::too_many_arguments, reason = "keyword arguments of the Python API")]
    #[pyo3(signature = (
        listing, *, scheme = "loose", ignore = Vec::new(), protect = Vec::new(), include = Vec::new(), keep = Vec::new(),
        unsettled = Vec::new(), failed = Vec::new(), unsigned = Vec::new(), now = None, earlier = None, patches = None
    ))]
    fn from_listing(
        py: Python<'_>,
        listing: &Bound<'_, PyAny>,
        scheme: &str,
        ignore: Vec<String>,
        protect: Vec<String>,
        include: Vec<String>,
        keep: Vec<String>,
        unsettled: Vec<String>,
        failed: Vec<String>,
        unsigned: Vec<Notice>,
        now: Option<i64>,
        earlier: Option<&Bound<'_, Self>>,
        patches: Option<&Bound<'_, PyAny>>,
    ) -> PyResult<Self> {
        let scheme = version_scheme(scheme)?;
        let unsigned = unsigned.iter().map(Notice::to_engine).collect::<PyResult<_>>()?;
        let options = CatalogOptions { scheme, ignore, protect, include, keep, unsettled, failed, unsigned, now };
        let catalog = if let Ok(listing) = listing.cast::<Listing>() {
            let entries = &listing.get().0.entries;
            py.detach(|| airwaybill::Catalog::from_listing(entries, &options))
        } else {
            let entries = entries(listing)?;
            py.detach(|| airwaybill::Catalog::from_listing(&entries, &options))
        };
        let mut catalog = catalog.map_err(engine_error)?;
        if let Some(earlier) = earlier {
            catalog = catalog.remembering(&earlier.get().0);
        }
        if let Some(patches) = patches {
            catalog = catalog.with_patches(&listing::files(patches)?);
        }
        Ok(Self(Arc::new(catalog)))
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

    /// What is ignored and why, sorted by path.
    #[getter]
    fn ignored(&self) -> Vec<Notice> {
        self.0.ignored().iter().map(Into::into).collect()
    }

    /// Of what is ignored the releases and images, which are not offered as long as that is so.
    #[getter]
    fn held_back(&self) -> Vec<Notice> {
        self.0.held_back().map(Into::into).collect()
    }

    /// The files of the releases that are held back, as they were when they were last offered, with paths from the top
    /// directory.
    #[getter]
    fn remembered(&self) -> Vec<FileRecord> {
        let record = |version: &str, file: &airwaybill::File| {
            let path = format!("{version}/{}", file.path);
            airwaybill::FileRecord { path, size: file.size, sha1: file.sha1, mtime: None, sha256: None }.into()
        };
        let files = |release: &airwaybill::Release| -> Vec<FileRecord> {
            release.files().iter().map(|file| record(release.version().as_str(), file)).collect()
        };
        self.0.remembered().iter().flat_map(files).collect()
    }

    /// Warnings about what is in the catalog, sorted by path.
    #[getter]
    fn warnings(&self) -> Vec<Notice> {
        self.0.warnings().iter().map(Into::into).collect()
    }

    fn __repr__(&self) -> String {
        let (releases, firmware) = (self.0.releases().len(), self.0.firmware().len());
        format!("<Catalog: {releases} releases, {firmware} firmware images>")
    }

    /// The file of a release, or the firmware image, at a path from the top directory, even if it is still changing.
    /// `None` if there is none.
    fn find(&self, path: &str) -> Option<FileRecord> {
        self.0.find(path).map(Into::into)
    }

    /// What a device has to do; `None` if there is nothing.
    ///
    /// `current` is the device's release, `None` for a full install; `firmware_version` its firmware, by default
    /// `current`; `target` the name of the release to install, by default the highest; with `allow_downgrade` it may be
    /// lower than `current`. Raises `AirwaybillError` with code `release_unknown`, `release_held_back`, `release_unsettled`, `check_failed` or
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

    /// The files, from the top directory, of whose content `check` wants a `Peek`; the parameters and errors are those
    /// of `check`.
    #[pyo3(signature = (
        current = Vec::new(), *, target = None, mounts = None, flash_size = None, firmware = "esp", accept = Vec::new()
    ))]
    #[allow(clippy::too_many_arguments, reason = "keyword arguments of the Python API")]
    fn peeks(
        &self,
        py: Python<'_>,
        current: Vec<String>,
        target: Option<String>,
        mounts: Option<Vec<String>>,
        flash_size: Option<Bound<'_, PyAny>>,
        firmware: &str,
        accept: Vec<Bound<'_, PyMapping>>,
    ) -> PyResult<Vec<String>> {
        let request = check_request(current, target, mounts, flash_size, firmware, &accept)?;
        py.detach(|| self.0.peeks(&request)).map_err(engine_error)
    }

    /// What a careful colleague would say before a release goes out: errors first, each level sorted by path.
    ///
    /// `peeks` has what the content tells, of the files that `Catalog.peeks` names; see `airwaybill.peek`. `current` has
    /// the releases that devices are on, without any those below the target. `target` is the release to check by name,
    /// the highest when `None`; `mounts` are the devices' mount points, `flash` and `sd` when `None`; `flash_size` the
    /// bytes of the file system at `flash`. `firmware` is `esp`, or `any` where no image of an ESP32 is expected.
    /// `accept` has what is meant so, as mappings of `code`, `path` (a glob) and `reason`. `documents` are the contents of the
    /// waybills, keys and signatures that are there, by name, and `now` the time. Raises `AirwaybillError` with
    /// code `release_unknown`, `release_held_back`, `release_unsettled`, `check_failed`, `version_…`, `glob_invalid`, `field_missing` or `field_type`.
    #[pyo3(signature = (
        peeks, current = Vec::new(), *, target = None, mounts = None, flash_size = None, firmware = "esp",
        accept = Vec::new(), documents = None, now = None
    ))]
    #[allow(clippy::too_many_arguments, reason = "keyword arguments of the Python API")]
    fn check(
        &self,
        py: Python<'_>,
        peeks: &Bound<'_, PyAny>,
        current: Vec<String>,
        target: Option<String>,
        mounts: Option<Vec<String>>,
        flash_size: Option<Bound<'_, PyAny>>,
        firmware: &str,
        accept: Vec<Bound<'_, PyMapping>>,
        documents: Option<&Bound<'_, PyAny>>,
        now: Option<String>,
    ) -> PyResult<Vec<Finding>> {
        let request = check_request(current, target, mounts, flash_size, firmware, &accept)?;
        let request = CheckRequest { documents: signed_documents(documents)?, now, ..request };
        let peeks = check::peeks(peeks)?;
        let findings = py.detach(|| self.0.check(&request, &peeks)).map_err(engine_error)?;
        Ok(findings.into_iter().map(Into::into).collect())
    }

    /// What `check` says with the peeks that it wants read below `root`; the other parameters and the errors are those
    /// of `check`.
    #[pyo3(signature = (
        root, current = Vec::new(), *, target = None, mounts = None, flash_size = None, firmware = "esp",
        accept = Vec::new(), documents = None, now = None
    ))]
    #[allow(clippy::too_many_arguments, reason = "keyword arguments of the Python API")]
    fn check_directory(
        &self,
        py: Python<'_>,
        root: PathBuf,
        current: Vec<String>,
        target: Option<String>,
        mounts: Option<Vec<String>>,
        flash_size: Option<Bound<'_, PyAny>>,
        firmware: &str,
        accept: Vec<Bound<'_, PyMapping>>,
        documents: Option<&Bound<'_, PyAny>>,
        now: Option<String>,
    ) -> PyResult<Vec<Finding>> {
        let request = check_request(current, target, mounts, flash_size, firmware, &accept)?;
        let request = CheckRequest { documents: signed_documents(documents)?, now, ..request };
        let check = || self.0.check(&request, &check::read(&root, &self.0.peeks(&request)?));
        Ok(py.detach(check).map_err(engine_error)?.into_iter().map(Into::into).collect())
    }

    /// The waybill of a release or an image that is offered, `1.0.1` or `firmware_1.0.1.bin`, to be signed.
    ///
    /// `files` are a `Listing`, or records and dicts, with SHA-256; `documents` the contents of the waybills and keys that are there,
    /// by name. `sequence` is, where it is `None`, the one that the waybill of the same files has already, or one more than the highest of
    /// the product's, and not below the floor of its keys; `expires` a time, `2027-11-27T00:00:00Z`; `needs_firmware` the firmware that a release is made for. Raises
    /// `AirwaybillError` with code `release_unknown`, `release_held_back`, `release_unsettled`, `check_failed`, `field_missing` (a file has no SHA-256),
    /// `sequence_order`, `version_…` or `document_…`.
    #[pyo3(signature = (name, product, files, documents, *, sequence = None, expires = None, needs_firmware = None))]
    #[allow(clippy::too_many_arguments, reason = "keyword arguments of the Python API")]
    fn waybill(
        &self,
        name: String,
        product: String,
        files: &Bound<'_, PyAny>,
        documents: &Bound<'_, PyAny>,
        sequence: Option<Bound<'_, PyAny>>,
        expires: Option<String>,
        needs_firmware: Option<String>,
    ) -> PyResult<Waybill> {
        let sequence = document_number("sequence", sequence.as_ref())?;
        let request = WaybillRequest { name, product, sequence, expires, needs_firmware };
        let (files, documents) = (listing::files(files)?, Documents::new(documents)?);
        self.0.waybill(&request, &documents.files(), &files).map(Waybill).map_err(engine_error)
    }

    /// Of each release and image that is offered, whether devices that have `keys` take it.
    ///
    /// `files` are a `Listing`, or records and dicts, with SHA-256; `documents` the contents of the waybills and signatures that
    /// are there, by name; `now` the time, `2026-11-27T00:00:00Z`: without it nothing expires. Raises `AirwaybillError`
    /// with code `field_missing` if a file has no SHA-256, `document_value` if `now` is no time.
    #[pyo3(signature = (keys, files, documents, now = None))]
    fn signed(
        &self,
        keys: &Bound<'_, Keys>,
        files: &Bound<'_, PyAny>,
        documents: &Bound<'_, PyAny>,
        now: Option<&str>,
    ) -> PyResult<Vec<SigningStatus>> {
        let (files, documents) = (listing::files(files)?, Documents::new(documents)?);
        let signed = self.0.signed(&keys.get().0, now, &documents.files(), &files).map_err(engine_error)?;
        Ok(signed.iter().map(Into::into).collect())
    }

    /// What decides the plan for a request, found without making it: the device's version as it was named, the release whose files
    /// it has, the release to install, the path of the image to flash, and of that which it has; `None` where there is nothing to do. Requests with the
    /// same decision have the same plan. Parameters and errors are those of `plan`.
    #[pyo3(signature = (current = None, *, firmware_version = None, target = None, allow_downgrade = false))]
    fn decide(
        &self,
        current: Option<String>,
        firmware_version: Option<String>,
        target: Option<String>,
        allow_downgrade: bool,
    ) -> PyResult<Option<Decision>> {
        let request = PlanRequest { current, firmware_version, target, allow_downgrade };
        let decision = self.0.decide(&request).map_err(engine_error)?;
        Ok(decision.map(|of| (of.previous_version, of.base, of.target, of.firmware, of.image)))
    }

    /// The text that a device gets, UTF-8: the manifest of its plan, or `null`. Does what `plan` and `Plan.manifest` do
    /// in one call, with the parameters and errors of both.
    #[allow(clippy::too_many_arguments, reason = "keyword arguments of the Python API")]
    #[pyo3(signature = (
        base_url, current = None, *, firmware_version = None, target = None, allow_downgrade = false,
        dst_paths = "relative", format = 1
    ))]
    fn manifest_json<'py>(
        &self,
        py: Python<'py>,
        base_url: String,
        current: Option<String>,
        firmware_version: Option<String>,
        target: Option<String>,
        allow_downgrade: bool,
        dst_paths: &str,
        format: i64,
    ) -> PyResult<Bound<'py, PyBytes>> {
        let request = PlanRequest { current, firmware_version, target, allow_downgrade };
        let options = manifest_options(base_url, dst_paths, format)?;
        let text = py.detach(|| self.0.manifest_json(&request, &options)).map_err(engine_error)?;
        Ok(PyBytes::new(py, text.as_bytes()))
    }

    /// What there is to publish, sorted by key, for a store to answer devices without a server.
    ///
    /// Manifests are for devices that name no version, and for those on the `newest` versions that are here, 20 by default and
    /// all when `None`, of releases and of images each; besides, on the releases `current` and with the firmware
    /// `firmware_version`, whether these are here or not. `formats` are those of the manifests, all by default; `documents`
    /// the contents of the waybills, keys and signatures that are there, by name. Raises `AirwaybillError` with code
    /// `key_unsafe` for a document whose name has a backslash, `version_…`, `format_invalid`, or `field_type` for a
    /// number out of range.
    #[pyo3(signature = (
        *, newest = Newest::default(), current = Vec::new(), firmware_version = Vec::new(), formats = None,
        documents = None
    ))]
    fn objects(
        &self,
        py: Python<'_>,
        newest: Newest,
        current: Vec<String>,
        firmware_version: Vec<String>,
        formats: Option<Vec<i64>>,
        documents: Option<&Bound<'_, PyAny>>,
    ) -> PyResult<Vec<Object>> {
        let options = objects_options(newest, current, firmware_version, formats, documents)?;
        let objects = py.detach(|| self.0.objects(&options)).map_err(engine_error)?;
        Ok(objects.into_iter().map(Into::into).collect())
    }

    /// How many objects there are of each kind, without naming them: `{"file", "document", "manifest", "head"}`. Parameters
    /// and errors are those of `objects`.
    #[pyo3(signature = (
        *, newest = Newest::default(), current = Vec::new(), firmware_version = Vec::new(), formats = None,
        documents = None
    ))]
    fn object_counts(
        &self,
        newest: Newest,
        current: Vec<String>,
        firmware_version: Vec<String>,
        formats: Option<Vec<i64>>,
        documents: Option<&Bound<'_, PyAny>>,
    ) -> PyResult<BTreeMap<&'static str, usize>> {
        let options = objects_options(newest, current, firmware_version, formats, documents)?;
        let counts = self.0.object_counts(&options).map_err(engine_error)?;
        Ok(counts.into_iter().map(|(kind, count)| (kind.as_str(), count)).collect())
    }

    /// The document `head.json`, UTF-8: the releases and images that are offered, lowest version first.
    fn head_json<'py>(&self, py: Python<'py>) -> Bound<'py, PyBytes> {
        PyBytes::new(py, self.0.head_json().as_bytes())
    }

    /// The content of an object that is made, UTF-8: a manifest, of any versions, or `head.json`; `None` for the key of anything
    /// else. `base_url` and `dst_paths` are those of `Plan.manifest`. Raises `AirwaybillError` as `manifest_json` does.
    #[pyo3(signature = (key, base_url, *, dst_paths = "relative"))]
    fn object_json<'py>(
        &self,
        py: Python<'py>,
        key: &str,
        base_url: &str,
        dst_paths: &str,
    ) -> PyResult<Option<Bound<'py, PyBytes>>> {
        let dst_paths = dst_paths.parse().map_err(engine_error)?;
        let text = py.detach(|| self.0.object_json(key, base_url, dst_paths)).map_err(engine_error)?;
        Ok(text.map(|text| PyBytes::new(py, text.as_bytes())))
    }
}

/// A release: a version and the device's entire file system; `len` is the number of files.
#[pyclass(module = "airwaybill", frozen, eq, hash)]
pub(crate) struct Release {
    catalog: Arc<airwaybill::Catalog>,
    index: usize,
}

impl PartialEq for Release {
    fn eq(&self, other: &Self) -> bool {
        let (ours, theirs) = (self.get(), other.get());
        ours.version() == theirs.version() && ours.files() == theirs.files()
    }
}

impl Eq for Release {}

impl Hash for Release {
    fn hash<H: Hasher>(&self, state: &mut H) {
        (self.get().version(), self.files()).hash(state);
    }
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
        self.get().files().iter().map(FileRecord::from).collect()
    }

    fn __reduce__<'py>(slf: &Bound<'py, Self>) -> Reduction<'py, (String, &'static str, Vec<FileRecord>)> {
        let release = slf.get();
        let scheme = release.get().version().scheme().as_str();
        Ok((slf.getattr("_restore")?, (release.version().to_owned(), scheme, release.files())))
    }

    /// The only release of a catalog of its own.
    #[staticmethod]
    fn _restore(version: &str, scheme: &str, files: Vec<FileRecord>) -> PyResult<Self> {
        let listed = |file: FileRecord| {
            let record = file.to_engine()?;
            Ok(Entry::File(airwaybill::FileRecord { path: format!("{version}/{}", record.path), ..record }))
        };
        let listing = files.into_iter().map(listed).collect::<PyResult<Vec<_>>>()?;
        let options = CatalogOptions { scheme: version_scheme(scheme)?, ..CatalogOptions::default() };
        let catalog = airwaybill::Catalog::from_listing(&listing, &options).map_err(engine_error)?;
        catalog.release(version).map_err(engine_error)?;
        Ok(Self { catalog: Arc::new(catalog), index: 0 })
    }

    fn __len__(&self) -> usize {
        self.get().files().len()
    }

    fn __repr__(&self) -> String {
        format!("<Release {}: {} files>", self.version(), self.__len__())
    }
}
