//! Walks a directory of releases and hashes what a catalog needs: on all cores, and only what changed since last time.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::fs::{self, DirEntry, File, FileType};
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::SystemTime;

use airwaybill::{Entry, FileRecord, Filter, Hasher, PATCHES, Sha256Hasher, is_patch};
use rayon::prelude::*;
use rayon::{ThreadPool, ThreadPoolBuilder};

use crate::kept::{self, Digests, HashedFile, HashedFiles, SECOND, Stamp};

const BUFFER_BYTES: usize = 128 * 1024;

/// How much is read at a time before it is sorted into what stays.
const CHUNK: usize = 16 * 1024;

/// The result of a scan.
pub(crate) struct Tree {
    pub(crate) entries: Vec<Entry>,
    /// When each top-level name, or anything in it, last changed, in nanoseconds since 1970; of patches, each by itself.
    pub(crate) changed: BTreeMap<String, i64>,
    /// The top-level directories that arrived whole, by a rename, and whether that is certain: it is not where what is
    /// in them changed at the same time.
    pub(crate) arrived: BTreeMap<String, bool>,
}

/// The progress of a scan, in bytes to hash; shared with the thread that shows it.
#[derive(Default)]
pub(crate) struct Progress {
    pub(crate) done: AtomicU64,
    pub(crate) total: AtomicU64,
    pub(crate) cancelled: AtomicBool,
    /// An error in reading that is not the file's fault.
    pub(crate) failure: Mutex<Option<io::Error>>,
    /// Whether it is shown; otherwise the total is not computed.
    pub(crate) is_shown: bool,
}

impl Progress {
    fn fail(&self, failure: io::Error) {
        *self.failure.lock().unwrap_or_else(PoisonError::into_inner) = Some(failure);
    }
}

/// What is to be read, and what of it.
pub(crate) struct ScanOptions {
    pub(crate) filter: Filter,
    /// Whether to compute SHA-256 as well.
    pub(crate) sha256: bool,
    /// The directory in which digests are kept from one process to the next.
    pub(crate) cache: Option<PathBuf>,
}

/// Something under the root, before its content is read. Of each there are millions: what can be made again is not here.
struct TreeEntry<'k> {
    path: String,
    kind: Kind<'k>,
}

enum Kind<'k> {
    Directory,
    /// What a directory has that has nothing.
    Empty,
    File,
    /// A file whose kept digest is still valid.
    Known(&'k HashedFile),
    Link,
    Unread(String),
}

/// Something under the root, read.
struct ReadEntry<'k> {
    entry: Entry,
    stamp: Option<Stamp>,
    /// What is kept for it, if that is still valid. One that is ignored this time, perhaps by a glob, is known too.
    known: Option<&'k HashedFile>,
    /// What is to be kept for it.
    new: Option<HashedFile>,
}

/// Scans the directory of releases at `root`.
///
/// # Errors
///
/// The root cannot be listed, or the scan was cancelled. What cannot be read below it becomes an `unread` entry.
pub(crate) fn scan(root: &Path, wanted: &ScanOptions, progress: &Progress) -> io::Result<Tree> {
    let root = fs::canonicalize(root)?;
    fs::read_dir(&root)?;
    pool()?.install(|| scan_in_pool(root, wanted, progress))
}

/// Threads of this process: a parent's do not exist after a fork.
fn pool() -> io::Result<Arc<ThreadPool>> {
    static POOL: Mutex<Option<(u32, Arc<ThreadPool>)>> = Mutex::new(None);
    let mut pool = POOL.lock().unwrap_or_else(PoisonError::into_inner);
    let process = std::process::id();
    match pool.take() {
        Some((owner, threads)) if owner == process => {
            *pool = Some((owner, Arc::clone(&threads)));
            Ok(threads)
        }
        of_parent => {
            // Dropping it would wait for threads that this process does not have.
            std::mem::forget(of_parent);
            let threads = Arc::new(ThreadPoolBuilder::new().build().map_err(io::Error::other)?);
            *pool = Some((process, Arc::clone(&threads)));
            Ok(threads)
        }
    }
}

fn scan_in_pool(root: PathBuf, wanted: &ScanOptions, progress: &Progress) -> io::Result<Tree> {
    let cache = wanted.cache.as_deref();
    let kept = kept::of(&root, cache);
    let started = kept::nanoseconds(SystemTime::now());

    let found = walk(&root, wanted, &kept, progress);
    if progress.is_shown {
        progress.total.store(found.par_iter().map(|found| bytes_to_hash(found, &root)).sum(), Relaxed);
    }
    let mut tree = TreeBuilder::with_capacity(found.len());
    let (mut known, mut new) = (Vec::new(), Vec::new());
    let mut rest = found.into_iter();
    while rest.len() > 0 {
        let chunk: Vec<TreeEntry<'_>> = rest.by_ref().take(CHUNK).collect();
        let items: Vec<ReadEntry<'_>> =
            chunk.into_par_iter().map(|found| read(found, &root, wanted, &kept, started, progress)).collect();
        for item in items {
            known.extend(item.known);
            new.extend(item.new);
            tree.take(item.entry, item.stamp);
        }
    }
    drop(rest);

    if progress.cancelled.load(Relaxed) {
        return Err(io::Error::other("cancelled"));
    }
    if let Some(failure) = progress.failure.lock().unwrap_or_else(PoisonError::into_inner).take() {
        return Err(failure);
    }
    if known.len() < kept.len() || !new.is_empty() {
        new.extend(known.into_iter().cloned());
        kept::keep(root, HashedFiles::new(new), cache);
    }
    Ok(tree.finish())
}

struct TreeBuilder {
    entries: Vec<Entry>,
    names: BTreeMap<String, Times>,
}

impl TreeBuilder {
    fn with_capacity(entries: usize) -> Self {
        Self { entries: Vec::with_capacity(entries), names: BTreeMap::new() }
    }

    fn take(&mut self, entry: Entry, stamp: Option<Stamp>) {
        let (top, below) = entry.path().split_once('/').map_or((entry.path(), None), |(top, rest)| (top, Some(rest)));
        let (top, below) = if is_patch(entry.path()) { (entry.path(), None) } else { (top, below) };
        let is_empty = matches!(&entry, Entry::Directory { path } if path.ends_with('/'));
        if (stamp.is_some() || is_empty) && top != PATCHES {
            if !self.names.contains_key(top) {
                self.names.insert(top.to_owned(), Times::default());
            }
            if let Some(times) = self.names.get_mut(top) {
                times.add(below.is_none(), stamp, is_empty);
            }
        }
        if is_empty || !matches!(&entry, Entry::Directory { .. }) {
            self.entries.push(entry);
        }
    }

    fn finish(self) -> Tree {
        let Self { entries, names } = self;
        let arrived =
            names.iter().filter_map(|(name, times)| Some((name.clone(), times.renamed_after()? > 0))).collect();
        let changed = names.into_iter().filter_map(|(name, times)| Some((name, times.newest?))).collect();
        Tree { entries, changed, arrived }
    }
}

/// When a top-level name changed, and what is in it.
#[derive(Default)]
struct Times {
    own: Option<Stamp>,
    below: Option<i64>,
    newest: Option<i64>,
    has_empty: bool,
}

impl Times {
    fn add(&mut self, is_own: bool, stamp: Option<Stamp>, is_empty: bool) {
        let newest = stamp.map(|stamp| stamp.newest());
        if is_own {
            self.own = stamp;
        } else {
            self.below = self.below.max(newest);
        }
        self.newest = self.newest.max(newest);
        self.has_empty |= is_empty;
    }

    /// How long after all that is in it a directory got its name, if that was the last thing that happened to it. A copy
    /// changes what is in it later than itself, or both its times. It may leave directories empty for a while.
    fn renamed_after(&self) -> Option<i64> {
        let (below, own) = self.below.zip(self.own)?;
        own.renamed_after(below).filter(|_| !self.has_empty)
    }
}

/// Everything below the root, except the content of top-level directories that are not releases. Level by level, so that
/// all threads take part and the depth needs no stack.
fn walk<'k>(root: &Path, wanted: &ScanOptions, kept: &'k HashedFiles, progress: &Progress) -> Vec<TreeEntry<'k>> {
    let mut found = Vec::new();
    let mut level = vec![root.to_owned()];
    while !level.is_empty() && !progress.cancelled.load(Relaxed) {
        let lists: Vec<_> = level.par_iter().map(|directory| list(directory, root, wanted, kept, progress)).collect();
        let items = lists.iter().flatten();
        level = items.filter(|item| matches!(item.kind, Kind::Directory)).map(|item| root.join(&item.path)).collect();
        found.extend(lists.into_iter().flatten());
    }
    found
}

fn list<'k>(
    directory: &Path,
    root: &Path,
    wanted: &ScanOptions,
    kept: &'k HashedFiles,
    progress: &Progress,
) -> Vec<TreeEntry<'k>> {
    let mut found = Vec::new();
    let has_patches = directory.parent() == Some(root) && directory.ends_with(PATCHES);
    let listed = fs::read_dir(directory).and_then(|entries| {
        for entry in entries.take_while(|_| !progress.cancelled.load(Relaxed)) {
            let item = look(&entry?, directory == root, root, wanted, kept);
            // X2: other names there are of no patch.
            if !has_patches || is_patch(&item.path) {
                found.push(item);
            }
        }
        Ok(())
    });
    match listed {
        Ok(()) if found.is_empty() && directory != root => {
            let path = listing_path(directory, root).unwrap_or_else(|lossy| lossy) + "/";
            found.push(TreeEntry { path, kind: Kind::Empty });
        }
        Ok(()) => {}
        Err(error) if is_out_of_means(&error) => progress.fail(error),
        Err(error) => {
            let path = listing_path(directory, root).unwrap_or_else(|lossy| lossy) + "/";
            found.push(TreeEntry { path, kind: Kind::Unread(error.to_string()) });
        }
    }
    found
}

fn look<'k>(entry: &DirEntry, is_top: bool, root: &Path, wanted: &ScanOptions, kept: &'k HashedFiles) -> TreeEntry<'k> {
    let (absolute, filter) = (entry.path(), &wanted.filter);
    let unread = |reason: &str| Kind::Unread(reason.to_owned());
    let (mut path, is_utf8) = match listing_path(&absolute, root) {
        Ok(path) => (path, true),
        Err(lossy) => (lossy, false),
    };
    let file_type = entry.file_type();
    let is_directory = file_type.as_ref().is_ok_and(FileType::is_dir);
    let kind = match file_type {
        _ if !is_utf8 => unread("its name is not valid UTF-8"),
        Err(error) => Kind::Unread(error.to_string()),
        Ok(_) if is_directory && path == PATCHES => Kind::Directory,
        Ok(_) if is_directory && is_top && filter.release_version(&path).is_err() => unread("not a release"),
        Ok(_) if is_directory && !is_top && !filter.reads(&path) => unread("left out by its name"),
        Ok(_) if is_directory => Kind::Directory,
        Ok(kind) if kind.is_symlink() => Kind::Link,
        Ok(_) if !filter.reads(&path) => unread("ignored by its name"),
        Ok(kind) if kind.is_file() => known(entry, &path, wanted, kept).map_or(Kind::File, Kind::Known),
        Ok(_) => unread("not a regular file"),
    };
    if is_directory && matches!(kind, Kind::Unread(_)) {
        path.push('/');
    }
    TreeEntry { path, kind }
}

/// The digest kept for a file, if it is still valid.
fn known<'k>(entry: &DirEntry, path: &str, wanted: &ScanOptions, kept: &'k HashedFiles) -> Option<&'k HashedFile> {
    let known = kept.get(path).filter(|known| known.digests().sha256.is_some() || !wanted.sha256)?;
    // `DirEntry::metadata` does not resolve the whole path.
    (Stamp::of(&entry.metadata().ok()?).ok()? == known.stamp).then_some(known)
}

/// The path of something below the root from there, `/`-separated; as an error, a lossy one of a name that is not UTF-8.
fn listing_path(absolute: &Path, root: &Path) -> Result<String, String> {
    // Comparing component by component, as strip_prefix does, takes longer than looking at the file.
    let bytes = absolute.as_os_str().as_encoded_bytes();
    let below = bytes.get(root.as_os_str().len()..).unwrap_or_default();
    let below = below.strip_prefix(std::path::MAIN_SEPARATOR_STR.as_bytes()).unwrap_or(below);
    let path = str::from_utf8(below).map_err(|_| String::from_utf8_lossy(below).into_owned());
    if cfg!(windows) { path.map(|path| path.replace('\\', "/")) } else { path.map(str::to_owned) }
}

fn bytes_to_hash(found: &TreeEntry<'_>, root: &Path) -> u64 {
    match found.kind {
        Kind::File => fs::symlink_metadata(root.join(&found.path)).map_or(0, |metadata| metadata.len()),
        _ => 0,
    }
}

fn read<'k>(
    TreeEntry { path, kind }: TreeEntry<'k>,
    root: &Path,
    wanted: &ScanOptions,
    kept: &'k HashedFiles,
    started: i64,
    progress: &Progress,
) -> ReadEntry<'k> {
    let absolute = || root.join(&path);
    let (mut known, mut new) = (None, None);
    let (entry, stamp) = match kind {
        _ if progress.cancelled.load(Relaxed) => (Entry::Directory { path }, None),
        Kind::Empty => (Entry::Directory { path }, None),
        Kind::Directory => {
            let stamp = Stamp::of_path(&absolute()).ok();
            (Entry::Directory { path }, stamp)
        }
        Kind::Unread(unread) => {
            known = kept.get(&path);
            (Entry::Unread { path, unread }, None)
        }
        Kind::Link => {
            let (link, stamp) = (link_target(&absolute(), root), Stamp::of_path(&absolute()).ok());
            (Entry::Link { path, link }, stamp)
        }
        Kind::Known(file) => {
            known = Some(file);
            (file_of(path, file.stamp, file.digests(), wanted), Some(file.stamp))
        }
        Kind::File => match hash(&absolute(), wanted, progress) {
            Ok((stamp, digests)) => {
                new = stamp.is_settled(started).then(|| HashedFile::new(&path, stamp, digests));
                (file_of(path, stamp, digests, wanted), Some(stamp))
            }
            Err(error) if is_out_of_means(&error) => {
                progress.fail(error);
                (Entry::Directory { path }, None)
            }
            Err(error) => {
                let stamp = Stamp::of_path(&absolute()).ok();
                (Entry::Unread { path, unread: error.to_string() }, stamp)
            }
        },
    };
    ReadEntry { entry, stamp, known, new }
}

fn file_of(path: String, stamp: Stamp, Digests { sha1, sha256 }: Digests, wanted: &ScanOptions) -> Entry {
    let seconds = stamp.modified.div_euclid(SECOND);
    let mtime = wanted.filter.needs_mtime(&path, seconds).then_some(seconds);
    let sha256 = sha256.filter(|_| wanted.sha256);
    Entry::File(FileRecord { path, size: stamp.size, sha1, mtime, sha256 })
}

/// Whether the process is out of descriptors or memory, which says nothing about the file.
fn is_out_of_means(error: &io::Error) -> bool {
    #[cfg(unix)]
    let codes = [libc::EMFILE, libc::ENFILE, libc::ENOMEM];
    #[cfg(not(unix))]
    let codes = [];
    error.raw_os_error().is_some_and(|code| codes.contains(&code))
}

// C4: the final target; the engine decides whether the link may be followed.
fn link_target(link: &Path, root: &Path) -> Option<String> {
    let target = fs::canonicalize(link).ok()?;
    target.strip_prefix(root).ok()?;
    listing_path(&target, root).ok()
}

/// Opens a file without following a link or waiting for a pipe that replaced it since the walk.
fn open(path: &Path) -> io::Result<File> {
    let mut options = File::options();
    options.read(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::custom_flags(&mut options, libc::O_NOFOLLOW | libc::O_NONBLOCK);
    options.open(path)
}

fn hash(path: &Path, wanted: &ScanOptions, progress: &Progress) -> io::Result<(Stamp, Digests)> {
    thread_local!(static BUFFER: RefCell<Vec<u8>> = RefCell::new(vec![0; BUFFER_BYTES]));
    BUFFER.with_borrow_mut(|buffer| {
        let mut file = open(path)?;
        let metadata = file.metadata()?;
        if !metadata.is_file() {
            return Err(io::Error::other("changed while it was read"));
        }
        let stamp = Stamp::of(&metadata)?;
        let mut sha1 = Hasher::new();
        let mut sha256 = wanted.sha256.then(Sha256Hasher::default);
        let mut left = stamp.size;
        while left > 0 {
            if progress.cancelled.load(Relaxed) {
                return Err(io::Error::other("cancelled"));
            }
            let length = usize::try_from(left).map_or(BUFFER_BYTES, |left| left.min(BUFFER_BYTES));
            let piece = match file.read(&mut buffer[..length]) {
                Ok(0) => break,
                Ok(piece) => piece,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) => return Err(error),
            };
            sha1.update(&buffer[..piece]);
            if let Some(sha256) = &mut sha256 {
                sha256.update(&buffer[..piece]);
            }
            left = left.saturating_sub(piece as u64);
            progress.done.fetch_add(piece as u64, Relaxed);
        }
        if Stamp::of(&file.metadata()?)? != stamp {
            return Err(io::Error::other("changed while it was read"));
        }
        Ok((stamp, Digests { sha1: sha1.finish(), sha256: sha256.map(Sha256Hasher::finish) }))
    })
}
