use std::mem;

use crate::error::{Code, Error, quoted};
use crate::files::{File, Files, Unsorted};
use crate::filter::Filter;
use crate::letters::lower_case;
use crate::listing::{Entry, FileRecord};
use crate::notice::Notice;
use crate::order::sort_by;
use crate::path;

/// A release while its entries come in.
pub(crate) struct Intake<'a> {
    pub(crate) name: &'a str,
    files: Vec<Unsorted<'a>>,
    links: Vec<Link<'a>>,
    refused: Vec<Notice>,
    ignored: Vec<Notice>,
}

struct Link<'a> {
    path: &'a str,
    target: Option<&'a str>,
}

/// What became of a release.
pub(crate) struct Outcome {
    /// All its files, or why it is refused.
    pub(crate) files: Result<Files, Notice>,
    /// Bytes of the files that its links lead to: each link is one more file to fetch.
    pub(crate) linked: u64,
    pub(crate) ignored: Vec<Notice>,
    pub(crate) warnings: Vec<Notice>,
}

impl<'a> Intake<'a> {
    pub(crate) fn new(name: &'a str) -> Self {
        Self { name, files: Vec::new(), links: Vec::new(), refused: Vec::new(), ignored: Vec::new() }
    }

    /// Takes one entry; `path` is its path below the release's directory.
    pub(crate) fn take(&mut self, path: &'a str, entry: &'a Entry, filter: &Filter) {
        if filter.ignores(path) {
            let message = format!("{}: left out by its name", quoted(entry.path()));
            self.ignored.push(Notice::new(entry.path(), Code::IgnoredName, message));
        } else if let Err(error) = self.take_member(path, entry) {
            self.refused.push(Notice::from_error(entry.path(), &error));
        }
    }

    fn take_member(&mut self, path: &'a str, entry: &'a Entry) -> Result<(), Error> {
        match entry {
            Entry::File(FileRecord { size, sha1, .. }) => {
                path::check(path)?;
                self.files.push(File { path, size: *size, sha1: *sha1 }.into());
            }
            Entry::Link { link, .. } => {
                path::check(path)?;
                self.links.push(Link { path, target: link.as_deref() });
            }
            Entry::Directory { .. } => {}
            Entry::Unread { path, unread } => return Err(file_unread(path, unread)),
        }
        Ok(())
    }

    /// Decides once the last entry is in.
    pub(crate) fn finish(mut self) -> Outcome {
        let (files, linked) = self.with_links_followed();
        self.refused.extend(clashes(self.name, &files));
        let files = match self.refused.into_iter().min() {
            Some(first) => Err(first),
            None if files.iter().len() == 0 => Err(empty(self.name)),
            None => Ok(files),
        };
        let warnings = files.as_ref().map(|files| differing_in_case(self.name, files)).unwrap_or_default();
        // Of a path that is listed twice it would depend on the order which of the two a link leads to.
        let linked = if files.is_ok() { linked } else { 0 };
        Outcome { files, linked, ignored: self.ignored, warnings }
    }

    // C4
    fn with_links_followed(&mut self) -> (Files, u64) {
        let read = Files::sorted(mem::take(&mut self.files));
        if self.links.is_empty() {
            return (read, 0);
        }
        let mut followed = Vec::with_capacity(self.links.len());
        for Link { path, target } in &self.links {
            let target = target.and_then(|target| target.strip_prefix(self.name)?.strip_prefix('/'));
            if let Some(file) = target.and_then(|target| read.get(target)) {
                followed.push(File { path, ..file });
            } else {
                let path = format!("{}/{path}", self.name);
                self.refused.push(Notice::from_error(&path, &link_outside(&path)));
            }
        }
        let linked = followed.iter().map(|file| file.size).fold(0, u64::saturating_add);
        (Files::sorted(read.iter().chain(followed).map(Unsorted::from).collect()), linked)
    }
}

pub(crate) fn link_outside(path: &str) -> Error {
    let rule = "a symbolic link is followed only to a file of its own release that counts";
    Error::new(Code::LinkOutside, format!("{}: {rule}", quoted(path)))
}

pub(crate) fn file_unread(path: &str, reason: &str) -> Error {
    Error::new(Code::FileUnread, format!("{}: not read: {reason}", quoted(path)))
}

pub(crate) fn path_duplicate(path: &str) -> Notice {
    Notice::new(path, Code::PathDuplicate, format!("{}: listed twice", quoted(path)))
}

fn empty(release: &str) -> Notice {
    let message = format!("{}: a release without a file would empty every device", quoted(release));
    Notice::new(release, Code::ReleaseEmpty, message)
}

fn path_conflict(path: &str) -> Notice {
    Notice::new(path, Code::PathConflict, format!("{}: both a file and a directory", quoted(path)))
}

/// Paths that stand twice, and files that are also directories.
fn clashes<'a>(release: &'a str, files: &'a Files) -> impl Iterator<Item = Notice> + 'a {
    // INVARIANT: each text in `prefixes` is a prefix of the next one and of the path before.
    let mut prefixes: Vec<&str> = Vec::new();
    files.iter().filter_map(move |file| {
        while prefixes.pop_if(|prefix| !file.path.starts_with(*prefix)).is_some() {}
        let clash = prefixes.iter().find_map(|prefix| match file.path.get(prefix.len()..) {
            Some("") => Some(path_duplicate(&format!("{release}/{}", file.path))),
            Some(rest) if rest.starts_with('/') => Some(path_conflict(&format!("{release}/{prefix}"))),
            _ => None,
        });
        prefixes.push(file.path);
        clash
    })
}

// C5
fn differing_in_case(release: &str, files: &Files) -> Vec<Notice> {
    let is_folded = |path: &str| path.is_ascii() && !path.bytes().any(|byte| byte.is_ascii_uppercase());
    let mut folded: Vec<(String, &str)> = files
        .iter()
        .filter(|file| !is_folded(file.path))
        .map(|file| (lower_case(file.path), file.path))
        .filter(|(lower, path)| lower != path)
        .collect();
    // Paths that are lower-case already are looked up, not copied: nearly all are.
    let already: Vec<(String, &str)> =
        folded.iter().filter_map(|(lower, _)| Some((lower.clone(), files.get(lower)?.path))).collect();
    folded.extend(already);
    sort_by(&mut folded, Ord::cmp);
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
