use super::sort::{Row, sort_by_path};
use super::{File, find};
use crate::error::{Code, Error, quoted};
use crate::filter::Filter;
use crate::left_out::{CopyHint, INCOMPLETE, NameHint};
use crate::listing::{Entry, FileRecord};
use crate::notice::Notice;
use crate::order::sort;
use crate::path::{self, DevicePath};

/// How long a copy that is under way may go without a change.
const COPY_SECONDS: i64 = 3600;

/// Collects the entries of one release directory and decides at the end whether it is offered.
pub(crate) struct Intake<'a> {
    pub(crate) name: &'a str,
    files: Vec<Row<'a>>,
    links: Vec<Link<'a>>,
    copies: Vec<UnfinishedCopy<'a>>,
    cut_short: Vec<&'a str>,
    empty: Vec<String>,
    refused: Vec<Notice>,
    ignored: Vec<Notice>,
}

/// What a copy tool is not done with, perhaps (rule C6b).
struct UnfinishedCopy<'a> {
    path: &'a str,
    copy: CopyHint<'a>,
    mtime: Option<i64>,
}

struct Link<'a> {
    path: &'a str,
    target: Option<&'a str>,
}

/// The decision on a release.
pub(crate) struct Outcome {
    /// All its files, sorted by path, or why the release is refused.
    pub(crate) files: Result<Vec<File>, Notice>,
    /// Bytes of the files that its links lead to: each link is one more file to download.
    pub(crate) linked: u64,
    pub(crate) ignored: Vec<Notice>,
    /// Paths of its empty directories.
    pub(crate) empty: Vec<String>,
    pub(crate) warnings: Vec<Notice>,
}

impl<'a> Intake<'a> {
    pub(crate) fn new(name: &'a str) -> Self {
        Self {
            name,
            files: Vec::new(),
            links: Vec::new(),
            copies: Vec::new(),
            cut_short: Vec::new(),
            empty: Vec::new(),
            refused: Vec::new(),
            ignored: Vec::new(),
        }
    }

    /// Adds one entry; `path` is its path below the release's directory.
    pub(crate) fn take(&mut self, path: &'a str, entry: &'a Entry, filter: &Filter) {
        if path == INCOMPLETE {
            self.refused.push(incomplete(entry.path()));
            return;
        }
        let result = match filter.hint_in(path) {
            Some(NameHint::LeftOut) => {
                let message = format!("{}: ignored by its name", quoted(entry.path()));
                self.ignored.push(Notice::new(entry.path(), Code::IgnoredName, message));
                Ok(())
            }
            Some(NameHint::CopyUnderWay(copy)) => {
                let mtime = match entry {
                    Entry::File(file) => file.mtime,
                    _ => None,
                };
                self.copies.push(UnfinishedCopy { path, copy, mtime });
                Ok(())
            }
            None => self.take_member(path, entry),
        };
        if let Err(error) = result {
            self.refused.push(Notice::from_error(entry.path(), &error));
        }
    }

    fn take_member(&mut self, path: &'a str, entry: &'a Entry) -> Result<(), Error> {
        match entry {
            Entry::File(FileRecord { size, sha1, mtime, .. }) => {
                path::check(path)?;
                if *mtime == Some(0) {
                    self.cut_short.push(path);
                }
                self.files.push(Row::new(path, *size, *sha1));
            }
            Entry::Link { link, .. } => {
                path::check(path)?;
                self.links.push(Link { path, target: link.as_deref() });
            }
            Entry::Directory { path } => self.empty.push(path.clone()),
            Entry::Unread { path, unread } => return Err(file_unread(path, unread)),
        }
        Ok(())
    }

    /// Decides, after the last entry.
    pub(crate) fn finish(mut self, now: Option<i64>) -> Outcome {
        sort_by_path(&mut self.files);
        self.judge_copies(now);
        let linked = self.follow_links();
        let files: Vec<File> = self.files.into_iter().map(File::from).collect();
        self.refused.extend(clashes(self.name, &files));
        if files.is_empty() && self.refused.is_empty() {
            self.refused.push(empty(self.name));
        }
        match self.refused.into_iter().min() {
            // `linked` is 0: with a duplicate path it would depend on the order of the entries.
            Some(first) => {
                let (ignored, empty, warnings) = (self.ignored, Vec::new(), Vec::new());
                Outcome { files: Err(first), linked: 0, ignored, empty, warnings }
            }
            None => Outcome {
                warnings: differing_in_case(self.name, &files),
                files: Ok(files),
                linked,
                ignored: self.ignored,
                empty: self.empty,
            },
        }
    }

    // C6b
    fn judge_copies(&mut self, now: Option<i64>) {
        for UnfinishedCopy { path, copy, mtime } in std::mem::take(&mut self.copies) {
            let shown = format!("{}/{path}", self.name);
            let is_old = now.zip(mtime).is_some_and(|(now, mtime)| now.saturating_sub(mtime) >= COPY_SECONDS);
            let beside = copy.of.map(|of| path.split('/').take(copy.segment).chain([of]).collect::<Vec<_>>().join("/"));
            let is_whole = beside.as_deref().is_some_and(|beside| self.has_file(beside));
            if is_old && is_whole && !copy.is_sized_at_once {
                let message =
                    format!("{}: what a copy tool left more than an hour ago; it is left out", quoted(&shown));
                self.ignored.push(Notice::new(&shown, Code::CopyLeftOver, message));
            } else {
                let rule = "a copy tool is not done with it; wait, or remove it, or include it if it is meant";
                self.refused.push(Notice::new(&shown, Code::CopyUnderWay, format!("{}: {rule}", quoted(&shown))));
            }
        }
        // In a tree in which every time is 0, none of them says anything.
        if self.cut_short.len() < self.files.len() {
            for path in std::mem::take(&mut self.cut_short) {
                let shown = format!("{}/{path}", self.name);
                let rule = "its time is 0 and others' is not: rsync --partial left it, cut short; copy it again";
                self.refused.push(Notice::new(&shown, Code::MtimeZero, format!("{}: {rule}", quoted(&shown))));
            }
        }
    }

    fn has_file(&self, path: &str) -> bool {
        self.files.binary_search_by_key(&path, |file| file.path).is_ok()
    }

    /// Adds a file for each link (rule C4); returns the bytes of the files they lead to.
    fn follow_links(&mut self) -> u64 {
        let mut followed = Vec::with_capacity(self.links.len());
        for Link { path, target } in &self.links {
            let target = target.and_then(|target| target.strip_prefix(self.name)?.strip_prefix('/'));
            if let Some(file) = target.and_then(|target| {
                let index = self.files.binary_search_by_key(&target, |file| file.path).ok()?;
                self.files.get(index)
            }) {
                followed.push(Row::new(path, file.size, file.sha1));
            } else {
                let path = format!("{}/{path}", self.name);
                self.refused.push(Notice::from_error(&path, &link_outside(&path)));
            }
        }
        let linked = followed.iter().map(|file| file.size).fold(0, u64::saturating_add);
        if !followed.is_empty() {
            self.files.extend(followed);
            sort_by_path(&mut self.files);
        }
        linked
    }
}

impl From<Row<'_>> for File {
    fn from(Row { path, size, sha1, .. }: Row<'_>) -> Self {
        Self { path: DevicePath::checked(path), size, sha1 }
    }
}

pub(crate) fn link_outside(path: &str) -> Error {
    let rule = "a symbolic link must lead to a file of its own release";
    Error::new(Code::LinkOutside, format!("{}: {rule}", quoted(path)))
}

pub(crate) fn file_unread(path: &str, reason: &str) -> Error {
    Error::new(Code::FileUnread, format!("{}: not read: {reason}", quoted(path)))
}

pub(crate) fn image_under_way(image: &str) -> Notice {
    let message = format!("{}: a copy tool is not done with it while its .aria2 is there", quoted(image));
    Notice::new(image, Code::CopyUnderWay, message)
}

pub(crate) fn path_duplicate(path: &str) -> Notice {
    Notice::new(path, Code::PathDuplicate, format!("{}: duplicate path", quoted(path)))
}

fn empty(release: &str) -> Notice {
    let message = format!("{}: a release without a file would empty every device", quoted(release));
    Notice::new(release, Code::ReleaseEmpty, message)
}

// C11
fn incomplete(marker: &str) -> Notice {
    let rule = "holds the release back as long as it is there; remove it when all else is";
    Notice::new(marker, Code::ReleaseIncomplete, format!("{}: {rule}", quoted(marker)))
}

fn path_conflict(path: &str) -> Notice {
    Notice::new(path, Code::PathConflict, format!("{}: both a file and a directory", quoted(path)))
}

/// Duplicate paths, and files that are also directories.
fn clashes(release: &str, files: &[File]) -> Vec<Notice> {
    // INVARIANT: each of `prefixes` is a prefix of the next one and of the previous path.
    let mut prefixes: Vec<&str> = Vec::new();
    let mut clashes = Vec::new();
    for path in files.iter().map(|file| file.path.as_str()) {
        while prefixes.pop_if(|prefix| !path.starts_with(*prefix)).is_some() {}
        clashes.extend(prefixes.iter().find_map(|prefix| match path.get(prefix.len()..) {
            Some("") => Some(path_duplicate(&format!("{release}/{path}"))),
            Some(rest) if rest.starts_with('/') => Some(path_conflict(&format!("{release}/{prefix}"))),
            _ => None,
        }));
        prefixes.push(path);
    }
    clashes
}

// C5
fn differing_in_case(release: &str, files: &[File]) -> Vec<Notice> {
    let is_lower = |path: &str| path.is_ascii() && !path.bytes().any(|byte| byte.is_ascii_uppercase());
    // Letter by letter: `str::to_lowercase` treats a sigma at the end of a word differently.
    let lower = |path: &str| path.chars().flat_map(char::to_lowercase).collect::<String>();
    let mut folded: Vec<(String, &str)> = files
        .iter()
        .map(|file| file.path.as_str())
        .filter(|path| !is_lower(path))
        .map(|path| (lower(path), path))
        .filter(|(lower, path)| lower != path)
        .collect();
    // Paths in lower case, which most are, are looked up instead of copied.
    let already: Vec<(String, &str)> =
        folded.iter().filter_map(|(lower, _)| Some((lower.clone(), find(files, lower)?.path.as_str()))).collect();
    folded.extend(already);
    sort(&mut folded);
    folded.dedup();
    let pairs = folded.iter().zip(folded.iter().skip(1)).filter(|(a, b)| a.0 == b.0);
    pairs
        .map(|((_, earlier), (_, later))| {
            let (earlier, later) = (format!("{release}/{earlier}"), format!("{release}/{later}"));
            let message = format!("{} and {} differ only in letter case", quoted(&earlier), quoted(&later));
            Notice::new(&later, Code::PathCase, message)
        })
        .collect()
}
