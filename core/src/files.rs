use crate::digest::{BYTES, Sha1Digest};

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

/// The files of a release, sorted by path, as rows of bytes that lie one after the other: what two releases have in
/// common, which is most, is many rows that compare as one.
#[derive(Clone, Debug, Default)]
pub(crate) struct Files {
    /// Of each row the path, a NUL, which no path has, the size, eight bytes, and the SHA-1. So where the bytes of two
    /// are equal, the rows in them are.
    rows: Vec<u8>,
    row_ends: Vec<usize>,
}

const CONTENT_BYTES: usize = size_of::<u64>() + BYTES;

impl Files {
    /// Sorts what comes in any order.
    pub(crate) fn sorted(mut files: Vec<Unsorted<'_>>) -> Self {
        sort_from(0, &mut files);
        let bytes = files.iter().map(|unsorted| unsorted.file.path.len() + 1 + CONTENT_BYTES).sum();
        let mut sorted = Self { rows: Vec::with_capacity(bytes), row_ends: Vec::with_capacity(files.len()) };
        for Unsorted { file: File { path, size, sha1 }, .. } in files {
            sorted.rows.extend_from_slice(path.as_bytes());
            sorted.rows.push(0);
            sorted.rows.extend_from_slice(&size.to_ne_bytes());
            sorted.rows.extend_from_slice(&sha1.0);
            sorted.row_ends.push(sorted.rows.len());
        }
        sorted
    }

    pub(crate) fn iter(&self) -> impl ExactSizeIterator<Item = File<'_>> + Clone {
        let mut start = 0;
        self.row_ends.iter().map(move |end| {
            let row = self.rows.get(start..*end).unwrap_or_default();
            start = *end;
            file(row)
        })
    }

    pub(crate) fn get(&self, path: &str) -> Option<File<'_>> {
        let (mut low, mut high) = (0, self.row_ends.len());
        while low < high {
            let middle = low.midpoint(high);
            let file = file(self.row(middle)?);
            match file.path.cmp(path) {
                std::cmp::Ordering::Equal => return Some(file),
                std::cmp::Ordering::Less => low = middle + 1,
                std::cmp::Ordering::Greater => high = middle,
            }
        }
        None
    }

    fn row(&self, index: usize) -> Option<&[u8]> {
        let start = index.checked_sub(1).and_then(|before| self.row_ends.get(before)).map_or(0, |end| *end);
        self.rows.get(start..*self.row_ends.get(index)?)
    }
}

/// The path in a row, with its NUL: paths sort as such texts do.
pub(crate) fn path(row: &[u8]) -> &[u8] {
    row.get(..row.len().saturating_sub(CONTENT_BYTES)).unwrap_or_default()
}

fn file(row: &[u8]) -> File<'_> {
    // INVARIANT: `Files::sorted` wrote the row.
    read(row).unwrap_or(File { path: "", size: 0, sha1: Sha1Digest([0; BYTES]) })
}

fn read(row: &[u8]) -> Option<File<'_>> {
    let (row, sha1) = row.split_last_chunk()?;
    let (row, size) = row.split_last_chunk()?;
    let (_, path) = row.split_last()?;
    Some(File { path: str::from_utf8(path).ok()?, size: u64::from_ne_bytes(*size), sha1: Sha1Digest(*sha1) })
}

/// A place between the files of a release, from the first on.
pub(crate) struct Cursor<'a> {
    rows: &'a [u8],
    row_ends: &'a [usize],
    start: usize,
}

/// So many files are compared at a time; they stay in the processor's cache.
const AT_A_TIME: usize = 64;

impl<'a> Cursor<'a> {
    pub(crate) fn new(files: &'a Files) -> Self {
        Self { rows: &files.rows, row_ends: &files.row_ends, start: 0 }
    }

    /// Passes what comes next in both, the same files with the same content.
    pub(crate) fn pass_same(&mut self, other: &mut Self) {
        if !self.pass_if_same(1, other) {
            return;
        }
        let mut count = AT_A_TIME;
        while self.pass_if_same(count, other) {}
        // The first of these that is not the same, by halving.
        while count > 1 {
            count /= 2;
            self.pass_if_same(count, other);
        }
    }

    fn pass_if_same(&mut self, count: usize, other: &mut Self) -> bool {
        match (self.next(count), other.next(count)) {
            (Some(rows), Some(others)) if rows == others => {
                self.pass(count, rows);
                other.pass(count, others);
                true
            }
            _ => false,
        }
    }

    /// The next rows, so many; none where there are fewer.
    pub(crate) fn next(&self, count: usize) -> Option<&'a [u8]> {
        self.rows.get(self.start..*self.row_ends.get(count - 1)?)
    }

    pub(crate) fn pass(&mut self, count: usize, rows: &[u8]) {
        self.start += rows.len();
        self.row_ends = self.row_ends.get(count..).unwrap_or_default();
    }

    /// Passes the next row and gives its file.
    pub(crate) fn take(&mut self, row: &'a [u8]) -> File<'a> {
        self.pass(1, row);
        file(row)
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
