use std::collections::BTreeMap;
use std::fmt::Display;
use std::path::{Path, PathBuf};
use std::sync::atomic::Ordering::Relaxed;
use std::sync::mpsc::{self, RecvTimeoutError};
use std::time::Duration;

use airwaybill::{CatalogOptions, Entry, EntryFields, Filter, Sha256Digest};
use pyo3::exceptions::{PyRuntimeError, PyValueError};
use pyo3::prelude::*;
use pyo3::types::PyBytes;

use crate::convert::{Reduction, from_python, to_python, version_scheme};
use crate::error::{engine_error, error};
use crate::records::FileRecord;
use crate::scan::{Progress, ScanOptions, Tree, scan};

const PROGRESS_INTERVAL: Duration = Duration::from_millis(100);

/// A listing for another process: its entries as JSON, and what else a `Tree` has.
type Parts<'py> = (Bound<'py, PyBytes>, BTreeMap<String, i64>, BTreeMap<String, bool>);

/// The entries found by a walk through a directory of releases; `len` is their number.
#[pyclass(module = "airwaybill", frozen)]
pub(crate) struct Listing(pub(crate) Tree);

#[pymethods]
impl Listing {
    /// Walks and hashes on all cores, without the interpreter's lock.
    ///
    /// `progress(done, total)` is called a few times a second with bytes; an exception in it ends the scan. What `ignore`
    /// matches is not read, what `include` matches is, whatever its name. `sha256` is for signed releases. `cache` is a directory in
    /// which digests are kept for other processes: what has not changed since is not read again. Raises `AirwaybillError` with code
    /// `root_invalid` if the root is not a directory, `glob_invalid`, or `field_type` for an unknown scheme.
    #[staticmethod]
    #[pyo3(signature = (root, *, scheme = "loose", ignore = Vec::new(), include = Vec::new(), sha256 = false, cache = None, progress = None))]
    #[allow(clippy::too_many_arguments, reason = "keyword arguments of the Python API")]
    fn scan(
        py: Python<'_>,
        root: PathBuf,
        scheme: &str,
        ignore: Vec<String>,
        include: Vec<String>,
        sha256: bool,
        cache: Option<PathBuf>,
        progress: Option<Py<PyAny>>,
    ) -> PyResult<Self> {
        let scheme = version_scheme(scheme)?;
        let options = CatalogOptions { scheme, ignore, include, ..CatalogOptions::default() };
        let wanted = ScanOptions { filter: Filter::new(&options).map_err(engine_error)?, sha256, cache };
        if !root.is_dir() {
            return Err(root_invalid(&root, &"not a directory"));
        }
        let state = Progress { is_shown: progress.is_some(), ..Progress::default() };
        let report = |py: Python<'_>| {
            py.check_signals()?;
            let total = state.total.load(Relaxed);
            // A file that grew since the walk has more to hash than was added up.
            let bytes = (state.done.load(Relaxed).min(total), total);
            progress.as_ref().map_or(Ok(()), |progress| progress.call1(py, bytes).map(drop))
        };
        let tree = py.detach(|| {
            std::thread::scope(|scope| {
                let (sender, receiver) = mpsc::channel();
                let scan = || scan(&root, &wanted, &state);
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

    /// When each top-level name, or anything in it, last changed, in seconds since 1970; of patches, each by itself.
    #[getter]
    fn changed(&self) -> BTreeMap<&str, f64> {
        let seconds = |time: &i64| {
            let distance = Duration::from_nanos(time.unsigned_abs()).as_secs_f64();
            if *time < 0 { -distance } else { distance }
        };
        self.0.changed.iter().map(|(name, time)| (name.as_str(), seconds(time))).collect()
    }

    /// The top-level directories that arrived whole, by a rename, as far as the file system's times show that; true
    /// where they are certain. In false ones something has the same time as the rename, and may have changed after it.
    #[getter]
    fn arrived(&self) -> BTreeMap<String, bool> {
        self.0.arrived.clone()
    }

    /// The patches in `delta/`, paths from the top directory: what `Catalog.from_listing` takes as `patches`.
    #[getter]
    fn patches(&self) -> Vec<FileRecord> {
        let patch = |entry: &Entry| match entry {
            Entry::File(record) if airwaybill::is_patch(&record.path) => Some(record.clone().into()),
            _ => None,
        };
        self.0.entries.iter().filter_map(patch).collect()
    }

    /// A digest of all entries of each of these top-level names: the same if these are, whatever their times.
    fn digests(&self, py: Python<'_>, names: Vec<String>) -> PyResult<BTreeMap<String, String>> {
        py.detach(|| {
            let mut entries: BTreeMap<&str, Vec<&Entry>> =
                names.iter().map(|name| (name.as_str(), Vec::new())).collect();
            for entry in &self.0.entries {
                let top = entry.path().split('/').next().unwrap_or_default();
                if let Some(of_name) = entries.get_mut(top) {
                    of_name.push(entry);
                }
            }
            let digest = |(name, mut of_name): (&str, Vec<&Entry>)| {
                of_name.sort_unstable_by(|a, b| a.path().cmp(b.path()));
                let text = serde_json::to_vec(&of_name).map_err(|error| PyRuntimeError::new_err(error.to_string()))?;
                Ok((name.to_owned(), Sha256Digest::of(&text).to_string()))
            };
            entries.into_iter().map(digest).collect()
        })
    }

    /// The entries as plain dicts, paths from the top directory: `{"path", "size", "sha1"}` for a file, with `mtime`
    /// in seconds since 1970 where that matters and `sha256` where it was asked for, `{"path", "link"}` for a symbolic link, with its target or `None`,
    /// `{"path", "unread"}` for anything that was not read, with the reason, and `{"path": "1.0.2/"}` for an empty
    /// directory.
    fn entries<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        to_python(py, &self.0.entries)
    }

    #[staticmethod]
    fn _restore(
        py: Python<'_>,
        entries: &[u8],
        changed: BTreeMap<String, i64>,
        arrived: BTreeMap<String, bool>,
    ) -> PyResult<Self> {
        let fields: Vec<EntryFields> = py
            .detach(|| serde_json::from_slice(entries))
            .map_err(|error| PyValueError::new_err(format!("no listing: {error}")))?;
        let entries = py.detach(|| fields.into_iter().map(Entry::try_from).collect::<Result<_, _>>());
        Ok(Self(Tree { entries: entries.map_err(engine_error)?, changed, arrived }))
    }

    fn __reduce__<'py>(slf: &Bound<'py, Self>) -> Reduction<'py, Parts<'py>> {
        let (py, tree) = (slf.py(), &slf.get().0);
        let entries = py.detach(|| serde_json::to_vec(&tree.entries));
        let entries = entries.map_err(|error| PyRuntimeError::new_err(error.to_string()))?;
        let parts = (PyBytes::new(py, &entries), tree.changed.clone(), tree.arrived.clone());
        Ok((slf.getattr("_restore")?, parts))
    }

    /// Whether both have the same entries; when these last changed makes no difference.
    fn __eq__(&self, other: &Self) -> bool {
        self.0.entries == other.0.entries
    }

    fn __repr__(&self) -> String {
        format!("<Listing: {} entries>", self.__len__())
    }

    fn __len__(&self) -> usize {
        self.0.entries.len()
    }
}

fn root_invalid(root: &Path, reason: &dyn Display) -> PyErr {
    error("root_invalid", format!("{}: {reason}", root.display()))
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
