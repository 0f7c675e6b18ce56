use crate::digest::Sha1Digest;

/// One file of a release.
///
/// ```
/// use airwaybill::{Catalog, CatalogOptions, File, FileRecord, Sha1Digest};
///
/// let listing = [FileRecord::of("1.0.0/flash/main.py", b"print()").into()];
/// let catalog = Catalog::from_listing(&listing, &CatalogOptions::default())?;
/// let File { path, size, sha1 } = catalog.releases()[0].files().next().unwrap();
/// assert_eq!((path, size, sha1), ("flash/main.py", 7, Sha1Digest::of(b"print()")));
/// # Ok::<(), airwaybill::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct File<'a> {
    /// The device path.
    pub path: &'a str,
    /// Bytes.
    pub size: u64,
    /// Of the content.
    pub sha1: Sha1Digest,
}

/// The files of a release, sorted by path. All paths lie in one text, so that a merge of two releases reads memory
/// from front to back.
#[derive(Clone, Debug, Default)]
pub(crate) struct Files {
    paths: String,
    rows: Vec<Row>,
}

#[derive(Clone, Debug)]
struct Row {
    path_end: usize,
    size: u64,
    sha1: Sha1Digest,
}

impl Files {
    /// Sorts what comes in any order.
    pub(crate) fn sorted(mut files: Vec<Unsorted<'_>>) -> Self {
        sort_from(0, &mut files);
        let mut sorted = Self {
            paths: String::with_capacity(files.iter().map(|unsorted| unsorted.file.path.len()).sum()),
            rows: Vec::with_capacity(files.len()),
        };
        for Unsorted { file: File { path, size, sha1 }, .. } in files {
            sorted.paths.push_str(path);
            sorted.rows.push(Row { path_end: sorted.paths.len(), size, sha1 });
        }
        sorted
    }

    pub(crate) fn iter(&self) -> impl ExactSizeIterator<Item = File<'_>> + Clone {
        let mut start = 0;
        self.rows.iter().map(move |row| {
            let path = self.paths.get(start..row.path_end).unwrap_or_default();
            start = row.path_end;
            File { path, size: row.size, sha1: row.sha1 }
        })
    }

    pub(crate) fn get(&self, path: &str) -> Option<File<'_>> {
        let (mut low, mut high) = (0, self.rows.len());
        while low < high {
            let middle = low.midpoint(high);
            let file = self.file(middle)?;
            match file.path.cmp(path) {
                std::cmp::Ordering::Equal => return Some(file),
                std::cmp::Ordering::Less => low = middle + 1,
                std::cmp::Ordering::Greater => high = middle,
            }
        }
        None
    }

    fn file(&self, index: usize) -> Option<File<'_>> {
        let row = self.rows.get(index)?;
        Some(File { path: self.path(index)?, size: row.size, sha1: row.sha1 })
    }

    fn path(&self, index: usize) -> Option<&str> {
        let start = index.checked_sub(1).and_then(|before| self.rows.get(before)).map_or(0, |row| row.path_end);
        self.paths.get(start..self.rows.get(index)?.path_end)
    }
}

/// A place between the files of a release, from the first on. Files that are passed are not looked at as a whole.
pub(crate) struct Cursor<'a> {
    paths: &'a str,
    rows: std::slice::Iter<'a, Row>,
    start: usize,
}

impl<'a> Cursor<'a> {
    pub(crate) fn new(files: &'a Files) -> Self {
        Self { paths: &files.paths, rows: files.rows.iter(), start: 0 }
    }

    /// The path of the next file; texts compare as their bytes do.
    pub(crate) fn path(&self) -> Option<&'a [u8]> {
        self.paths.as_bytes().get(self.start..self.rows.as_slice().first()?.path_end)
    }

    /// Whether the next files of the two are the same.
    pub(crate) fn has_content_of(&self, other: &Self) -> bool {
        let content = |cursor: &Self| cursor.rows.as_slice().first().map(|row| (row.size, row.sha1));
        content(self) == content(other)
    }

    pub(crate) fn skip(&mut self) {
        if let Some(row) = self.rows.next() {
            self.start = row.path_end;
        }
    }

    pub(crate) fn take(&mut self) -> Option<File<'a>> {
        let (row, start) = (self.rows.next()?, self.start);
        self.start = row.path_end;
        Some(File { path: self.paths.get(start..row.path_end)?, size: row.size, sha1: row.sha1 })
    }
}

/// A file on its way into [`Files`], with the sixteen bytes of its path that the sort looks at.
pub(crate) struct Unsorted<'a> {
    chunk: u128,
    file: File<'a>,
}

impl<'a> From<File<'a>> for Unsorted<'a> {
    fn from(file: File<'a>) -> Self {
        Self { chunk: 0, file }
    }
}

/// Sorts files whose paths agree up to byte `depth`, by sixteen bytes at a time: numbers that lie together compare
/// faster than texts that lie apart.
fn sort_from(depth: usize, files: &mut [Unsorted<'_>]) {
    for unsorted in files.iter_mut() {
        unsorted.chunk = chunk(unsorted.file.path, depth);
    }
    files.sort_unstable_by_key(|unsorted| unsorted.chunk);
    for equal in files.chunk_by_mut(|a, b| a.chunk == b.chunk) {
        // INVARIANT: a path has no NUL, so a chunk that ends in one is the end of its path.
        if equal.len() > 1 && equal.first().is_some_and(|unsorted| unsorted.chunk & 0xff != 0) {
            sort_from(depth + size_of::<u128>(), equal);
        }
    }
}

/// Sixteen bytes of a path as a number, filled up with NUL.
fn chunk(path: &str, depth: usize) -> u128 {
    let rest = path.as_bytes().get(depth..).unwrap_or_default();
    if let Some(bytes) = rest.first_chunk() {
        return u128::from_be_bytes(*bytes);
    }
    let mut bytes = [0; size_of::<u128>()];
    bytes.iter_mut().zip(rest).for_each(|(to, from)| *to = *from);
    u128::from_be_bytes(bytes)
}
