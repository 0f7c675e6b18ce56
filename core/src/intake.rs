use crate::error::{Code, Error, quoted};
use crate::files::{File, Files};
use crate::filter::Filter;
use crate::listing::{Entry, FileRecord};
use crate::notice::Notice;
use crate::path;

/// What became of one release's directory.
pub(crate) struct Intake {
    /// All its files, or why it is refused.
    pub(crate) files: Result<Files, Notice>,
    pub(crate) ignored: Vec<Notice>,
    pub(crate) warnings: Vec<Notice>,
}

/// Takes in the directory `release`; `members` are its entries with their paths below it.
pub(crate) fn release(release: &str, members: &[(&str, &Entry)], filter: &Filter) -> Intake {
    let mut ignored = Vec::new();
    let mut files = Vec::with_capacity(members.len());
    let mut links = Vec::new();
    let mut refused = Vec::new();
    for &(path, entry) in members {
        if filter.ignores(path) {
            let message = format!("{}: left out by its name", quoted(entry.path()));
            ignored.push(Notice::new(entry.path(), Code::IgnoredName, message));
            continue;
        }
        match take(path, entry) {
            Ok(Member::File(file)) => files.push(file),
            Ok(Member::Link { target }) => links.push((path, target, entry)),
            Err(error) => refused.push(Notice::from_error(entry.path(), &error)),
        }
    }
    files.sort_unstable_by(|a, b| a.path.cmp(b.path));
    let mut followed = Vec::with_capacity(links.len());
    for (path, target, entry) in links {
        match follow(release, target, &files) {
            Some(file) => followed.push(File { path, ..file }),
            None => refused.push(Notice::from_error(entry.path(), &link_outside(entry.path()))),
        }
    }
    if !followed.is_empty() {
        files.append(&mut followed);
        files.sort_unstable_by(|a, b| a.path.cmp(b.path));
    }
    refused.extend(clashes(release, &files));
    let files = match refused.into_iter().min() {
        Some(first) => Err(first),
        None if files.is_empty() => Err(empty(release)),
        None => Ok(files),
    };
    Intake {
        warnings: files.as_deref().map(|files| differing_in_case(release, files)).unwrap_or_default(),
        files: files.map(|files| Files::from_sorted(files.into_iter())),
        ignored,
    }
}

enum Member<'a> {
    File(File<'a>),
    Link { target: Option<&'a str> },
}

fn take<'a>(path: &'a str, entry: &'a Entry) -> Result<Member<'a>, Error> {
    match entry {
        Entry::File(FileRecord { size, sha1, .. }) => {
            path::check(path)?;
            Ok(Member::File(File { path, size: *size, sha1: *sha1 }))
        }
        Entry::Link { link, .. } => {
            path::check(path)?;
            Ok(Member::Link { target: link.as_deref() })
        }
        Entry::Unread { path, unread } => Err(file_unread(path, unread)),
    }
}

// C4
fn follow<'a>(release: &str, target: Option<&str>, sorted: &[File<'a>]) -> Option<File<'a>> {
    let path = target?.strip_prefix(release)?.strip_prefix('/')?;
    let index = sorted.binary_search_by(|file| file.path.cmp(path)).ok()?;
    sorted.get(index).copied()
}

pub(crate) fn link_outside(path: &str) -> Error {
    let rule = "a symbolic link is followed only to a file inside its own release";
    Error::new(Code::LinkOutside, format!("{}: {rule}", quoted(path)))
}

pub(crate) fn file_unread(path: &str, reason: &str) -> Error {
    Error::new(Code::FileUnread, format!("{}: not read: {reason}", quoted(path)))
}

fn empty(release: &str) -> Notice {
    let message = format!("{}: a release without a file would empty every device", quoted(release));
    Notice::new(release, Code::ReleaseEmpty, message)
}

/// Paths that stand twice, and files that are also directories.
fn clashes<'a>(release: &'a str, sorted: &'a [File<'a>]) -> impl Iterator<Item = Notice> + 'a {
    // INVARIANT: each text in `prefixes` is a prefix of the next one and of the path before.
    let mut prefixes: Vec<&str> = Vec::new();
    sorted.iter().filter_map(move |file| {
        while prefixes.pop_if(|prefix| !file.path.starts_with(*prefix)).is_some() {}
        let clash = prefixes.iter().find_map(|prefix| match file.path.get(prefix.len()..) {
            Some("") => Some((file.path, Code::PathDuplicate, "listed twice")),
            Some(rest) if rest.starts_with('/') => Some((*prefix, Code::PathConflict, "both a file and a directory")),
            _ => None,
        });
        prefixes.push(file.path);
        clash.map(|(path, code, what)| {
            let path = format!("{release}/{path}");
            Notice::new(&path, code, format!("{}: {what}", quoted(&path)))
        })
    })
}

// C5
fn differing_in_case(release: &str, sorted: &[File<'_>]) -> Vec<Notice> {
    let mut folded: Vec<(String, &str)> = sorted
        .iter()
        .filter_map(|file| {
            let lower = file.path.to_lowercase();
            (lower != file.path).then_some((lower, file.path))
        })
        .collect();
    // Paths that are lower-case already are looked up, not copied: nearly all are.
    let already: Vec<_> = folded
        .iter()
        .filter_map(|(lower, _)| {
            let index = sorted.binary_search_by(|file| file.path.cmp(lower)).ok()?;
            Some((lower.clone(), sorted.get(index)?.path))
        })
        .collect();
    folded.extend(already);
    folded.sort();
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
