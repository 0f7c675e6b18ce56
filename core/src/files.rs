use crate::digest::Sha1Digest;

/// One file of a release.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct File<'a> {
    /// The device path.
    pub path: &'a str,
    /// Bytes.
    pub size: u64,
    /// Of the content.
    pub sha1: Sha1Digest,
}

/// The files of a release, sorted by path and unique. All paths lie in one text, so that a merge of two releases
/// reads memory from front to back.
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
    /// INVARIANT: `files` come sorted by path and unique.
    pub(crate) fn from_sorted<'a>(files: impl Iterator<Item = File<'a>> + Clone) -> Self {
        let mut packed = Self {
            paths: String::with_capacity(files.clone().map(|file| file.path.len()).sum()),
            rows: Vec::with_capacity(files.size_hint().0),
        };
        for File { path, size, sha1 } in files {
            packed.paths.push_str(path);
            packed.rows.push(Row { path_end: packed.paths.len(), size, sha1 });
        }
        packed
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
        let at = |index: usize| {
            let row = self.rows.get(index)?;
            let start = index.checked_sub(1).and_then(|before| self.rows.get(before)).map_or(0, |row| row.path_end);
            Some(File { path: self.paths.get(start..row.path_end)?, size: row.size, sha1: row.sha1 })
        };
        let (mut low, mut high) = (0, self.rows.len());
        while low < high {
            let middle = low.midpoint(high);
            let file = at(middle)?;
            match file.path.cmp(path) {
                std::cmp::Ordering::Equal => return Some(file),
                std::cmp::Ordering::Less => low = middle + 1,
                std::cmp::Ordering::Greater => high = middle,
            }
        }
        None
    }
}
