//! Digests of files that have been hashed: in this process, and on disk from one process to the next.

use std::collections::HashMap;
use std::fs::{self, DirBuilder, File, Metadata};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::sync::{Arc, LazyLock, Mutex, MutexGuard, PoisonError};
use std::time::SystemTime;

use airwaybill::{Sha1Digest, Sha256Digest};
use rayon::prelude::*;
use serde::Serializer as _;

/// A file system may store times in steps of up to two seconds (FAT). A file that changed less than that before it was
/// hashed could change again with the same time, so its digest is not kept.
const TIME_STEP: i64 = 2 * SECOND;

/// In the nanoseconds since 1970 in which all times are here, for a third of the memory of `SystemTime`s.
pub(crate) const SECOND: i64 = 1_000_000_000;

/// For how many roots digests are kept.
const ROOTS_KEPT: usize = 64;

/// The first line of a file of digests, before the digest of all that follows: what was cut short, or damaged, is not
/// believed.
const FORMAT: &str = "airwaybill digests 2 ";

/// Identifies the content of a file without reading it.
#[derive(Clone, Copy, PartialEq)]
pub(crate) struct Stamp {
    pub(crate) size: u64,
    pub(crate) modified: i64,
    changed: i64,
    inode: u64,
}

impl Stamp {
    pub(crate) fn of(metadata: &Metadata) -> io::Result<Self> {
        let modified = nanoseconds(metadata.modified()?);
        #[cfg(unix)]
        let (changed, inode) = {
            use std::os::unix::fs::MetadataExt as _;
            (metadata.ctime().saturating_mul(SECOND).saturating_add(metadata.ctime_nsec()), metadata.ino())
        };
        #[cfg(not(unix))]
        let (changed, inode) = (modified, 0);
        Ok(Self { size: metadata.len(), modified, changed, inode })
    }

    pub(crate) fn of_path(path: &Path) -> io::Result<Self> {
        Self::of(&fs::symlink_metadata(path)?)
    }

    pub(crate) fn newest(&self) -> i64 {
        self.modified.max(self.changed)
    }

    /// How long after `time` a rename followed, where it can have been the last change: it is one of `ctime` alone.
    pub(crate) fn renamed_after(&self, time: i64) -> Option<i64> {
        (self.changed > self.modified && self.changed >= time).then(|| self.changed.saturating_sub(time))
    }

    /// Whether the file had last changed long enough before it was hashed at `time`.
    pub(crate) fn is_settled(&self, time: i64) -> bool {
        time.saturating_sub(self.newest()) > TIME_STEP
    }
}

pub(crate) fn nanoseconds(time: SystemTime) -> i64 {
    match time.duration_since(SystemTime::UNIX_EPOCH) {
        Ok(after) => i64::try_from(after.as_nanos()).unwrap_or(i64::MAX),
        Err(before) => i64::try_from(before.duration().as_nanos()).map_or(i64::MIN, |before| -before),
    }
}

/// The digests of a file's content.
#[derive(Clone, Copy)]
pub(crate) struct Digests {
    pub(crate) sha1: Sha1Digest,
    pub(crate) sha256: Option<Sha256Digest>,
}

/// A file that has been hashed.
#[derive(Clone)]
pub(crate) struct HashedFile {
    /// SHA-1 of its path below the root: a third of the memory of the path itself.
    name: Sha1Digest,
    /// For which the digests are valid.
    pub(crate) stamp: Stamp,
    sha1: Sha1Digest,
    // Most scans are without.
    sha256: Option<Box<Sha256Digest>>,
}

impl HashedFile {
    pub(crate) fn new(path: &str, stamp: Stamp, Digests { sha1, sha256 }: Digests) -> Self {
        Self { name: Sha1Digest::of(path.as_bytes()), stamp, sha1, sha256: sha256.map(Box::new) }
    }

    pub(crate) fn digests(&self) -> Digests {
        Digests { sha1: self.sha1, sha256: self.sha256.as_deref().copied() }
    }
}

/// Files that have been hashed, sorted: in a hash table they would take twice the memory.
#[derive(Default)]
pub(crate) struct HashedFiles(Vec<HashedFile>);

impl HashedFiles {
    pub(crate) fn new(mut files: Vec<HashedFile>) -> Self {
        files.par_sort_unstable_by_key(|file| file.name);
        Self(files)
    }

    /// The file at a path below the root.
    pub(crate) fn get(&self, path: &str) -> Option<&HashedFile> {
        if self.0.is_empty() {
            return None;
        }
        let name = Sha1Digest::of(path.as_bytes());
        self.0.get(self.0.binary_search_by_key(&name, |file| file.name).ok()?)
    }

    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }
}

/// The digests of the last scan of `root`, by this process or by one before it with the same `cache`.
pub(crate) fn of(root: &Path, cache: Option<&Path>) -> Arc<HashedFiles> {
    let known = kept().get(root).cloned();
    known.unwrap_or_else(|| {
        let read = Arc::new(cache.and_then(|cache| read(&fs::read(file(root, cache)).ok()?)).unwrap_or_default());
        insert(root.to_owned(), Arc::clone(&read));
        read
    })
}

/// Keeps the digests of a scan. That they cannot be written costs the next process time, and nothing else.
pub(crate) fn keep(root: PathBuf, digests: HashedFiles, cache: Option<&Path>) {
    if let Some(cache) = cache {
        _ = write(&root, &digests, cache);
    }
    insert(root, Arc::new(digests));
}

fn insert(root: PathBuf, digests: Arc<HashedFiles>) {
    let mut kept = kept();
    if kept.len() >= ROOTS_KEPT {
        kept.clear();
    }
    kept.insert(root, digests);
}

fn kept() -> MutexGuard<'static, HashMap<PathBuf, Arc<HashedFiles>>> {
    static KEPT: LazyLock<Mutex<HashMap<PathBuf, Arc<HashedFiles>>>> = LazyLock::new(Mutex::default);
    KEPT.lock().unwrap_or_else(PoisonError::into_inner)
}

fn file(root: &Path, cache: &Path) -> PathBuf {
    cache.join(format!("{}.digests", Sha256Digest::of(root.as_os_str().as_encoded_bytes())))
}

/// A file on disk: its name, size, times in nanoseconds since 1970, inode and digests.
type Row = (String, u64, i64, i64, u64, String, Option<String>);

fn write(root: &Path, digests: &HashedFiles, cache: &Path) -> io::Result<()> {
    let mut body = Vec::new();
    serde_json::Serializer::new(&mut body).collect_seq(digests.0.iter().map(row))?;
    let first = format!("{FORMAT}{}\n", Sha256Digest::of(&body));

    let mut directory = DirBuilder::new();
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut directory, 0o700);
    directory.recursive(true).create(cache)?;
    let target = file(root, cache);
    let beside = target.with_extension(format!("{}.new", std::process::id()));
    let fill = |mut file: File| file.write_all(first.as_bytes()).and_then(|()| file.write_all(&body));
    File::create(&beside).and_then(fill).and_then(|()| fs::rename(&beside, target)).inspect_err(|_| {
        _ = fs::remove_file(&beside);
    })
}

fn row(HashedFile { name, stamp, sha1, sha256 }: &HashedFile) -> Row {
    let sha256 = sha256.as_ref().map(ToString::to_string);
    (name.to_string(), stamp.size, stamp.modified, stamp.changed, stamp.inode, sha1.to_string(), sha256)
}

fn read(content: &[u8]) -> Option<HashedFiles> {
    let end = content.iter().position(|byte| *byte == b'\n')?;
    let (first, body) = content.split_at(end + 1);
    let digest = str::from_utf8(first).ok()?.strip_prefix(FORMAT)?.trim_end();
    if Sha256Digest::of(body).to_string() != digest {
        return None;
    }
    let rows: Vec<Row> = serde_json::from_slice(body).ok()?;
    let file = |(name, size, modified, changed, inode, sha1, sha256): Row| {
        let stamp = Stamp { size, modified, changed, inode };
        let sha256 = sha256.map(|sha256| Sha256Digest::parse(&sha256).map(Box::new)).transpose().ok()?;
        Some(HashedFile { name: Sha1Digest::parse(&name).ok()?, stamp, sha1: Sha1Digest::parse(&sha1).ok()?, sha256 })
    };
    rows.into_iter().map(file).collect::<Option<_>>().map(HashedFiles::new)
}
