//! Digests of files that have been hashed: in this process, and on disk from one process to the next.

use std::collections::HashMap;
use std::fs::{self, DirBuilder, Metadata};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, LazyLock, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime};

use airwaybill::{Sha1Digest, Sha256Digest};
use serde::Serializer as _;

/// A file system may store times in steps of up to two seconds (FAT). A file that changed less than that before it was
/// hashed could change again with the same time, so its digest is not kept.
const TIME_STEP: Duration = Duration::from_secs(2);

/// For how many roots digests are kept.
const ROOTS_KEPT: usize = 64;

/// The first line of a file of digests, before the digest of all that follows: what was cut short, or damaged, is not
/// believed.
const FORMAT: &str = "airwaybill digests 1 ";

/// Identifies the content of a file without reading it.
#[derive(Clone, Copy, PartialEq)]
pub(crate) struct Stamp {
    pub(crate) size: u64,
    pub(crate) modified: SystemTime,
    changed: SystemTime,
    inode: u64,
}

impl Stamp {
    pub(crate) fn of(metadata: &Metadata) -> io::Result<Self> {
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

    pub(crate) fn of_path(path: &Path) -> io::Result<Self> {
        Self::of(&fs::symlink_metadata(path)?)
    }

    pub(crate) fn newest(&self) -> SystemTime {
        self.modified.max(self.changed)
    }

    pub(crate) fn is_renamed_after(&self, time: SystemTime) -> bool {
        self.changed > self.modified.max(time)
    }

    /// Whether the file had last changed long enough before it was hashed at `time`.
    pub(crate) fn is_settled(&self, time: SystemTime) -> bool {
        time.duration_since(self.newest()).is_ok_and(|age| age > TIME_STEP)
    }
}

/// The digests of a file's content.
#[derive(Clone, Copy)]
pub(crate) struct Digests {
    pub(crate) sha1: Sha1Digest,
    pub(crate) sha256: Option<Sha256Digest>,
}

/// Digests by absolute path, with the stamp for which each is valid.
pub(crate) type Kept = HashMap<PathBuf, (Stamp, Digests)>;

/// The digests of the last scan of `root`, by this process or by one before it with the same `cache`.
pub(crate) fn of(root: &Path, cache: Option<&Path>) -> Arc<Kept> {
    let known = kept().get(root).cloned();
    known.unwrap_or_else(|| {
        let read = Arc::new(cache.and_then(|cache| read(root, &fs::read(file(root, cache)).ok()?)).unwrap_or_default());
        insert(root.to_owned(), Arc::clone(&read));
        read
    })
}

/// Keeps the digests of a scan. That they cannot be written costs the next process time, and nothing else.
pub(crate) fn keep(root: PathBuf, digests: Kept, cache: Option<&Path>) {
    if let Some(cache) = cache {
        _ = write(&root, &digests, cache);
    }
    insert(root, Arc::new(digests));
}

fn insert(root: PathBuf, digests: Arc<Kept>) {
    let mut kept = kept();
    if kept.len() >= ROOTS_KEPT {
        kept.clear();
    }
    kept.insert(root, digests);
}

fn kept() -> MutexGuard<'static, HashMap<PathBuf, Arc<Kept>>> {
    static KEPT: LazyLock<Mutex<HashMap<PathBuf, Arc<Kept>>>> = LazyLock::new(Mutex::default);
    KEPT.lock().unwrap_or_else(PoisonError::into_inner)
}

fn file(root: &Path, cache: &Path) -> PathBuf {
    cache.join(format!("{}.digests", Sha256Digest::of(root.as_os_str().as_encoded_bytes())))
}

/// A file on disk: its path below the root, size, times in nanoseconds since 1970, inode and digests.
type Row<Path> = (Path, u64, u64, u64, u64, String, Option<String>);

fn write(root: &Path, digests: &Kept, cache: &Path) -> io::Result<()> {
    let mut body = Vec::new();
    serde_json::Serializer::new(&mut body).collect_seq(digests.iter().filter_map(|kept| row(root, kept)))?;
    let mut content = format!("{FORMAT}{}\n", Sha256Digest::of(&body)).into_bytes();
    content.append(&mut body);

    let mut directory = DirBuilder::new();
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut directory, 0o700);
    directory.recursive(true).create(cache)?;
    let target = file(root, cache);
    let beside = target.with_extension(format!("{}.new", std::process::id()));
    fs::write(&beside, content).and_then(|()| fs::rename(&beside, target)).inspect_err(|_| {
        _ = fs::remove_file(&beside);
    })
}

/// None for what no device could have, like times before 1970.
fn row<'a>(root: &Path, (path, (stamp, digests)): (&'a PathBuf, &(Stamp, Digests))) -> Option<Row<&'a str>> {
    let nanoseconds = |time: SystemTime| time.duration_since(SystemTime::UNIX_EPOCH).ok()?.as_nanos().try_into().ok();
    let path = path.strip_prefix(root).ok()?.to_str()?;
    let (modified, changed) = (nanoseconds(stamp.modified)?, nanoseconds(stamp.changed)?);
    let sha256 = digests.sha256.map(|sha256| sha256.to_string());
    Some((path, stamp.size, modified, changed, stamp.inode, digests.sha1.to_string(), sha256))
}

fn read(root: &Path, content: &[u8]) -> Option<Kept> {
    let end = content.iter().position(|byte| *byte == b'\n')?;
    let (first, body) = content.split_at(end + 1);
    let digest = str::from_utf8(first).ok()?.strip_prefix(FORMAT)?.trim_end();
    if Sha256Digest::of(body).to_string() != digest {
        return None;
    }
    let rows: Vec<Row<String>> = serde_json::from_slice(body).ok()?;
    let time = |nanoseconds| SystemTime::UNIX_EPOCH + Duration::from_nanos(nanoseconds);
    rows.into_iter()
        .map(|(path, size, modified, changed, inode, sha1, sha256)| {
            let stamp = Stamp { size, modified: time(modified), changed: time(changed), inode };
            let sha256 = sha256.map(|sha256| Sha256Digest::parse(&sha256)).transpose().ok()?;
            Some((root.join(path), (stamp, Digests { sha1: Sha1Digest::parse(&sha1).ok()?, sha256 })))
        })
        .collect()
}
