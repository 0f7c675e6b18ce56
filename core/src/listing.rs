use serde::{Deserialize, Serialize};

use crate::by_name::ByName;
use crate::digest::{Sha1Digest, Sha256Digest};
use crate::error::{Code, Error, quoted};

const SIZE_LIMIT: u64 = 1 << 53;

/// One file that was read: its path, its size in bytes (under 2^53) and the SHA-1 of its content.
///
/// In a listing the path is from the top directory, `1.0.0/flash/main.py`; for files on a device it is a device path.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "wasm", derive(tsify::Tsify))]
pub struct FileRecord {
    /// `/`-separated, from the top directory or, for a device's files, from its root.
    pub path: String,
    /// Size in bytes.
    pub size: u64,
    /// SHA-1 of the content.
    pub sha1: Sha1Digest,
    /// When it last changed, in seconds since 1970, where that matters (rule C6b); see
    /// [`Filter::needs_mtime`](crate::Filter::needs_mtime).
    #[cfg_attr(feature = "wasm", tsify(optional, type = "number"))]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mtime: Option<i64>,
    /// SHA-256 of the content, where releases are signed (rule T1).
    #[cfg_attr(feature = "wasm", tsify(optional, type = "string"))]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sha256: Option<Sha256Digest>,
}

impl FileRecord {
    /// A record with the 40 hex digits of the SHA-1.
    ///
    /// # Errors
    ///
    /// [`Code::SizeTooBig`], [`Code::DigestInvalid`]
    pub fn new(path: String, size: u64, sha1: &str) -> Result<Self, Error> {
        let here = |error: Error| error.at(quoted(&path));
        check_size(size).map_err(here)?;
        let sha1 = Sha1Digest::parse(sha1).map_err(here)?;
        Ok(Self { path, size, sha1, mtime: None, sha256: None })
    }

    /// The record of content in memory.
    ///
    /// ```
    /// use airwaybill::{FileRecord, Sha1Digest};
    ///
    /// let (path, sha1) = ("1.0.0/flash/main.py".to_owned(), Sha1Digest::of(b"old"));
    /// let record = FileRecord { path, size: 3, sha1, mtime: None, sha256: None };
    /// assert_eq!(record, FileRecord::of("1.0.0/flash/main.py", b"old"));
    /// ```
    #[must_use]
    pub fn of(path: &str, content: &[u8]) -> Self {
        let (size, sha1) = (content.len() as u64, Sha1Digest::of(content));
        Self { path: path.to_owned(), size, sha1, mtime: None, sha256: None }
    }
}

/// One entry of a listing: what a walk through the directory of releases found.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "wasm", derive(tsify::Tsify), tsify(missing_as_null))]
#[serde(untagged)]
pub enum Entry {
    /// A regular file.
    File(FileRecord),
    /// A symbolic link.
    Link {
        /// Path from the top directory.
        path: String,
        /// The final target's path from the top directory; `None` if it is missing or outside.
        link: Option<String>,
    },
    /// An empty directory. Its path ends in `/`.
    Directory {
        /// Path from the top directory.
        #[cfg_attr(feature = "wasm", tsify(type = "`${string}/`"))]
        path: String,
    },
    /// Something that was not, or could not be, read. The path of a directory ends in `/`.
    Unread {
        /// Path from the top directory.
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
    ///
    /// ```
    /// use airwaybill::{Catalog, CatalogOptions, Entry, FileRecord};
    ///
    /// let listing = [
    ///     Entry::from(FileRecord::of("1.0.0/flash/main.py", b"print()")),
    ///     Entry::Link { path: "1.0.0/flash/alias.py".into(), link: Some("1.0.0/flash/main.py".into()) },
    ///     Entry::Directory { path: "1.0.1/".into() },
    ///     Entry::Unread { path: "docs/".into(), unread: "permission denied".into() },
    /// ];
    /// let catalog = Catalog::from_listing(&listing, &CatalogOptions::default())?;
    /// assert_eq!(catalog.releases()[0].files().len(), 2);
    /// assert_eq!(catalog.ignored().len(), 2);
    /// assert_eq!(listing[3].path(), "docs/");
    /// # Ok::<(), airwaybill::Error>(())
    /// ```
    #[must_use]
    pub fn path(&self) -> &str {
        match self {
            Entry::File(FileRecord { path, .. })
            | Entry::Link { path, .. }
            | Entry::Directory { path }
            | Entry::Unread { path, .. } => path,
        }
    }
}

/// An entry as plain fields, as JSON and the bindings write it.
///
/// It has `size`, `sha1` and, where that matters, `mtime` and `sha256` (a file), or `link` (a symbolic link), or `unread`, or none of
/// them (an empty directory, whose path ends in `/`).
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[doc(hidden)]
pub struct EntryFields {
    path: String,
    size: Option<u64>,
    sha1: Option<String>,
    #[serde(default, deserialize_with = "present")]
    link: Option<Target>,
    unread: Option<String>,
    mtime: Option<i64>,
    sha256: Option<String>,
}

#[derive(Clone, Debug)]
struct Target(Option<String>);

// `"link": null` is a link without a target; without `link` the entry is not a link.
fn present<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Option<Target>, D::Error> {
    Option::deserialize(deserializer).map(|target| Some(Target(target)))
}

impl TryFrom<EntryFields> for Entry {
    type Error = Error;

    /// # Errors
    ///
    /// [`Code::DigestInvalid`], [`Code::SizeTooBig`], and [`Code::FieldMissing`] for any other set of fields.
    fn try_from(fields: EntryFields) -> Result<Self, Error> {
        let path = fields.path;
        match (fields.size, fields.sha1, fields.link, fields.unread) {
            (Some(size), Some(sha1), None, None) => {
                let sha256 = fields.sha256.map(|text| Sha256Digest::parse(&text)).transpose();
                let sha256 = sha256.map_err(|error| error.at(quoted(&path)))?;
                let record = FileRecord::new(path, size, &sha1)?;
                Ok(Entry::File(FileRecord { mtime: fields.mtime, sha256, ..record }))
            }
            (None, None, Some(Target(link)), None) => Ok(Entry::Link { path, link }),
            (None, None, None, Some(unread)) => Ok(Entry::Unread { path, unread }),
            (None, None, None, None) if path.ends_with('/') => Ok(Entry::Directory { path }),
            _ => {
                let rule = "expected size and sha1, or link, or unread, or a path that ends in a slash";
                Err(Error::new(Code::FieldMissing, format!("{}: {rule}", quoted(&path))))
            }
        }
    }
}

/// The files of a listing; a symbolic link becomes the file of its own release that it leads to (rule C4).
///
/// ```
/// use airwaybill::{Entry, FileRecord, files_of};
///
/// let file = FileRecord::of("1.0.0/a", b"");
/// let link = Entry::Link { path: "1.0.0/b".into(), link: Some("1.0.0/a".into()) };
/// let paths: Vec<String> = files_of(&[file.into(), link]).into_iter().map(|file| file.path).collect();
/// assert_eq!(paths, ["1.0.0/a", "1.0.0/b"]);
/// ```
#[must_use]
pub fn files_of(listing: &[Entry]) -> Vec<FileRecord> {
    let file = |entry: &Entry| match entry {
        Entry::File(record) => Some(record.clone()),
        _ => None,
    };
    let mut files: Vec<FileRecord> = listing.iter().filter_map(file).collect();
    if listing.iter().any(|entry| matches!(entry, Entry::Link { .. })) {
        let targets = ByName::new(&files, |file| &file.path);
        let followed = |entry: &Entry| match entry {
            Entry::Link { path, link: Some(target) } if top(path) == top(target) => {
                Some(FileRecord { path: path.clone(), ..targets.get(target)?.clone() })
            }
            _ => None,
        };
        let links: Vec<FileRecord> = listing.iter().filter_map(followed).collect();
        files.extend(links);
    }
    files
}

fn top(path: &str) -> Option<&str> {
    path.split_once('/').map(|(top, _)| top)
}

pub(crate) fn check_size(size: u64) -> Result<(), Error> {
    if size < SIZE_LIMIT {
        return Ok(());
    }
    Err(Error::new(Code::SizeTooBig, format!("{size} bytes; sizes must be under 2^53")))
}
