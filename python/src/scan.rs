//! Walks a directory of releases and hashes what a catalog needs: on all cores, and only what changed since last time.

use std::cell::RefCell;
use std::collections::{BTreeMap, HashMap, HashSet};
use std::ffi::OsStr;
use std::fmt::Display;
use std::fs::{self, File, Metadata};
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, LazyLock, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime};

use airwaybill::{Entry, FileRecord, Filter, Hasher, Sha1Digest};
use rayon::prelude::*;
use walkdir::{DirEntry, WalkDir};

const BUFFER_BYTES: usize = 128 * 1024;

/// A file system may note times in steps of up to two seconds (FAT). A file that changed within that before it was
/// hashed could change again under the same stamp, so its digest is not kept.
const TIME_STEP: Duration = Duration::from_secs(2);

/// What a scan found.
#[derive(Default)]
pub(crate) struct Tree {
    pub(crate) entries: Vec<Entry>,
    /// When each top-level name, or anything in it, last changed.
    pub(crate) changed: BTreeMap<String, SystemTime>,
}

/// How far a scan is, in bytes to hash; shared with the thread that shows it.
#[derive(Default)]
pub(crate) struct Progress {
    pub(crate) done: AtomicU64,
    pub(crate) total: AtomicU64,
    pub(crate) cancelled: AtomicBool,
}

/// What tells that a file still has the content that was hashed.
#[derive(Clone, Copy, PartialEq)]
struct Stamp {
    size: u64,
    modified: SystemTime,
    changed: SystemTime,
    inode: u64,
}

impl Stamp {
    fn of(metadata: &Metadata) -> io::Result<Self> {
        let modified = metadata.modified()?;
        #[cfg(unix)]
        let (changed, inode) = {
            use std::os::unix::fs::MetadataExt as _;
            let seconds = Duration::from_secs(metadata.ctime().try_into().unwrap_or_default());
            let nanoseconds = Duration::from_nanos(metadata.ctime_nsec().try_into().unwrap_or_default());
            (SystemTime::UNIX_EPOCH + seconds + nanoseconds, metadata.ino())
        };
        #[cfg(not(unix))]
        let (changed, inode) = (modified, 0);
        Ok(Self { size: metadata.len(), modified, changed, inode })
    }

    fn newest(&self) -> SystemTime {
        self.modified.max(self.changed)
    }
}

/// Digests by absolute path, with the stamp that each holds for.
type Digests = HashMap<PathBuf, (Stamp, Sha1Digest)>;

/// Those of the last scan of each root.
fn kept_digests() -> MutexGuard<'static, HashMap<PathBuf, Arc<Digests>>> {
    static KEPT: LazyLock<Mutex<HashMap<PathBuf, Arc<Digests>>>> = LazyLock::new(Mutex::default);
    KEPT.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Something under the root, before its content is read.
struct Found {
    path: String,
    absolute: PathBuf,
    kind: Kind,
    stamp: Option<Stamp>,
}

enum Kind {
    Directory,
    File,
    Link,
    Unread(String),
}

/// Scans the directory of releases at `root`.
///
/// # Errors
///
/// The root cannot be listed, or the scan was cancelled. What cannot be read below it becomes an entry that says so.
pub(crate) fn scan(root: &Path, filter: &Filter, progress: &Progress) -> io::Result<Tree> {
    let root = fs::canonicalize(root)?;
    fs::read_dir(&root)?;
    let kept = kept_digests().get(&root).cloned().unwrap_or_default();
    let started = SystemTime::now();

    let found: Vec<Found> = walk(&root, filter).into_par_iter().map(|item| look(item, &root, filter)).collect();
    progress
        .total
        .store(found.iter().filter(|file| kept_digest(&kept, file).is_none()).map(bytes_to_hash).sum(), Relaxed);
    let entries: Vec<Option<Entry>> = found.par_iter().map(|item| read(item, &root, &kept, progress)).collect();

    if progress.cancelled.load(Relaxed) {
        return Err(io::Error::other("cancelled"));
    }
    let mut tree = Tree::default();
    let mut digests = Digests::with_capacity(entries.len());
    let mut in_use = HashSet::new();
    for (found, entry) in found.into_iter().zip(entries) {
        let top = found.path.split('/').next().unwrap_or_default();
        if let Some(stamp) = found.stamp {
            let newest = tree.changed.entry(top.to_owned()).or_insert(stamp.newest());
            *newest = stamp.newest().max(*newest);
            if let Some(Entry::File(FileRecord { sha1, .. })) = &entry
                && started.duration_since(stamp.modified).is_ok_and(|age| age > TIME_STEP)
            {
                digests.insert(found.absolute, (stamp, *sha1));
            }
        }
        if let Some(entry) = entry {
            in_use.insert(top.to_owned());
            tree.entries.push(entry);
        }
    }
    let empty = tree.changed.keys().filter(|top| !in_use.contains(*top));
    tree.entries.extend(empty.map(|top| Entry::Unread { path: format!("{top}/"), unread: "empty".to_owned() }));
    kept_digests().insert(root, Arc::new(digests));
    Ok(tree)
}

/// All that is below the root, without what is in top-level directories that are no release.
fn walk(root: &Path, filter: &Filter) -> Vec<walkdir::Result<DirEntry>> {
    let mut items = WalkDir::new(root).min_depth(1).into_iter();
    let mut found = Vec::new();
    while let Some(item) = items.next() {
        if let Ok(entry) = &item
            && is_other_directory(entry, filter)
        {
            items.skip_current_dir();
        }
        found.push(item);
    }
    found
}

fn is_other_directory(entry: &DirEntry, filter: &Filter) -> bool {
    let is_release = |name: &OsStr| name.to_str().is_some_and(|name| filter.release_version(name).is_ok());
    entry.depth() == 1 && entry.file_type().is_dir() && !is_release(entry.file_name())
}

fn look(item: walkdir::Result<DirEntry>, root: &Path, filter: &Filter) -> Found {
    let unread = |absolute: &Path, reason: &dyn Display| Found {
        path: listing_path(absolute, root).unwrap_or_else(|lossy| lossy),
        absolute: absolute.to_owned(),
        kind: Kind::Unread(reason.to_string()),
        stamp: None,
    };
    let entry = match item {
        Ok(entry) => entry,
        Err(error) => {
            let reason = error.io_error().map_or_else(|| error.to_string(), io::Error::to_string);
            return unread(error.path().unwrap_or(root), &reason);
        }
    };
    let Ok(mut path) = listing_path(entry.path(), root) else {
        return unread(entry.path(), &"its name is not valid UTF-8");
    };
    let stamp = match entry.metadata().map_err(io::Error::from).and_then(|metadata| Stamp::of(&metadata)) {
        Ok(stamp) => stamp,
        Err(error) => return unread(entry.path(), &error),
    };
    let file_type = entry.file_type();
    let (kind, stamp) = if is_other_directory(&entry, filter) {
        path.push('/');
        (Kind::Unread("not a release".to_owned()), None)
    } else if file_type.is_dir() {
        (Kind::Directory, Some(stamp))
    } else if file_type.is_symlink() {
        (Kind::Link, Some(stamp))
    } else if !filter.reads(&path) {
        (Kind::Unread("left out by its name".to_owned()), None)
    } else if file_type.is_file() {
        (Kind::File, Some(stamp))
    } else {
        (Kind::Unread("not a regular file".to_owned()), Some(stamp))
    };
    Found { path, absolute: entry.into_path(), kind, stamp }
}

/// The path from the top directory, `/`-separated; as an error, a lossy one of a name that is not UTF-8.
fn listing_path(absolute: &Path, root: &Path) -> Result<String, String> {
    let relative = absolute.strip_prefix(root).unwrap_or(absolute);
    let path = relative.to_str().ok_or_else(|| relative.to_string_lossy().into_owned());
    if cfg!(windows) { path.map(|path| path.replace('\\', "/")) } else { path.map(str::to_owned) }
}

fn kept_digest(kept: &Digests, found: &Found) -> Option<Sha1Digest> {
    let (stamp, sha1) = kept.get(&found.absolute)?;
    (found.stamp == Some(*stamp)).then_some(*sha1)
}

fn bytes_to_hash(found: &Found) -> u64 {
    match (&found.kind, found.stamp) {
        (Kind::File, Some(stamp)) => stamp.size,
        _ => 0,
    }
}

fn read(found: &Found, root: &Path, kept: &Digests, progress: &Progress) -> Option<Entry> {
    let path = found.path.clone();
    match (&found.kind, found.stamp) {
        (Kind::Directory, _) => None,
        (Kind::Unread(reason), _) => Some(Entry::Unread { path, unread: reason.clone() }),
        (Kind::Link, _) => Some(Entry::Link { path, link: link_target(&found.absolute, root) }),
        (Kind::File, stamp) => {
            let stamp = stamp?;
            let sha1 = kept_digest(kept, found).map_or_else(|| hash(&found.absolute, stamp, progress), Ok);
            Some(match sha1 {
                Ok(sha1) => Entry::File(FileRecord { path, size: stamp.size, sha1 }),
                Err(error) => Entry::Unread { path, unread: error.to_string() },
            })
        }
    }
}

// C4: which file it is in the end; whether it may be followed is the engine's to say.
fn link_target(link: &Path, root: &Path) -> Option<String> {
    let target = fs::canonicalize(link).ok()?;
    target.strip_prefix(root).ok()?;
    listing_path(&target, root).ok()
}

fn hash(path: &Path, stamp: Stamp, progress: &Progress) -> io::Result<Sha1Digest> {
    thread_local!(static BUFFER: RefCell<Vec<u8>> = RefCell::new(vec![0; BUFFER_BYTES]));
    BUFFER.with_borrow_mut(|buffer| {
        let mut file = File::open(path)?;
        let mut hasher = Hasher::new();
        let mut left = stamp.size;
        while left > 0 {
            if progress.cancelled.load(Relaxed) {
                return Err(io::Error::other("cancelled"));
            }
            let wanted = usize::try_from(left).map_or(BUFFER_BYTES, |left| left.min(BUFFER_BYTES));
            let piece = file.read(&mut buffer[..wanted])?;
            if piece == 0 {
                break;
            }
            hasher.update(&buffer[..piece]);
            left = left.saturating_sub(piece as u64);
            progress.done.fetch_add(piece as u64, Relaxed);
        }
        if Stamp::of(&file.metadata()?)? != stamp {
            return Err(io::Error::other("changed while it was read"));
        }
        Ok(hasher.finish())
    })
}
