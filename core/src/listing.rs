use serde::{Deserialize, Serialize};

use crate::digest::Sha1Digest;
use crate::error::quoted;

pub(crate) const SIZE_LIMIT: u64 = 1 << 53;

/// One file that was read: its path, its size in bytes (under 2^53) and the SHA-1 of its content.
///
/// In a listing the path is from the top directory, `1.0.0/flash/main.py`; in what a device holds it is a device path.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileRecord {
    /// `/`-separated, from the top directory or, for a device's files, from its root.
    pub path: String,
    /// Bytes.
    pub size: u64,
    /// Of the content.
    pub sha1: Sha1Digest,
}

/// One entry of a listing: what a walk through the directory of releases found.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "RawEntry", untagged)]
pub enum Entry {
    /// A regular file.
    File(FileRecord),
    /// A symbolic link.
    Link {
        /// From the top directory.
        path: String,
        /// The final target's path from the top directory; none when it is missing or outside.
        link: Option<String>,
    },
    /// Something that was not, or could not be, read. A directory's path ends in `/`.
    Unread {
        /// From the top directory.
        path: String,
        /// The reason.
        unread: String,
    },
}

impl From<FileRecord> for Entry {
    fn from(record: FileRecord) -> Self {
        Entry::File(record)
    }
}

impl Entry {
    /// The path from the top directory.
    #[must_use]
    pub fn path(&self) -> &str {
        match self {
            Entry::File(FileRecord { path, .. }) | Entry::Link { path, .. } | Entry::Unread { path, .. } => path,
        }
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawEntry {
    path: String,
    size: Option<u64>,
    sha1: Option<Sha1Digest>,
    #[serde(default, deserialize_with = "present")]
    link: Option<Target>,
    unread: Option<String>,
}

struct Target(Option<String>);

// `"link": null` is a link that leads nowhere; no `link` is no link.
fn present<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Option<Target>, D::Error> {
    Option::deserialize(deserializer).map(|target| Some(Target(target)))
}

impl TryFrom<RawEntry> for Entry {
    type Error = String;

    fn try_from(raw: RawEntry) -> Result<Self, String> {
        let path = raw.path;
        match (raw.size, raw.sha1, raw.link, raw.unread) {
            (Some(size), Some(sha1), None, None) => Ok(Entry::File(FileRecord { path, size, sha1 })),
            (None, None, Some(Target(link)), None) => Ok(Entry::Link { path, link }),
            (None, None, None, Some(unread)) => Ok(Entry::Unread { path, unread }),
            _ => Err(format!("{}: an entry has size and sha1, or link, or unread", quoted(&path))),
        }
    }
}
