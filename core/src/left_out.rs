//! Names of files that no one means to deliver (rules C1 and C6), and those that copy tools leave while they work (C6b).

/// Where rsync puts the files of a copy that it is not done with, with `--delay-updates`.
const DELAYED: &str = ".~tmp~";

/// The marker of a release that is not whole, at its top (rule C11).
pub(crate) const INCOMPLETE: &str = ".incomplete";

/// What the names in a path say of its file.
pub(crate) enum NameHint<'a> {
    LeftOut,
    CopyUnderWay(CopyHint<'a>),
}

/// Whether a name in a path is left out wherever it stands.
pub(crate) fn is_left_out(name: &[u8]) -> bool {
    match name {
        b".DS_Store" | b"Thumbs.db" | b"pymakr.conf" // C1
        | b".git" | b".svn" | b".hg" | b".vscode" | b".idea" | b".gitignore" | b".gitattributes" | b"__pycache__" // C6
        | b"desktop.ini" | b"System Volume Information" | b".Spotlight-V100" | b".Trashes" | b".fseventsd" | b".AppleDouble"
        | [b'.', b'_', ..] | [b'#', .., b'#'] | [b'.', .., b'.', b's', b'w', _] | [.., b'.', b'p', b'y', b'c'] => true,
        [.., b'~'] => name != DELAYED.as_bytes(), // C6b
        _ => false,
    }
}

/// The hint that a copy is under way.
#[derive(Clone, Copy)]
pub(crate) struct CopyHint<'a> {
    /// Where the hint stands among the segments of its path, the first one 0.
    pub(crate) segment: usize,
    /// The name that the copy gets when it is whole, if the hint tells.
    pub(crate) of: Option<&'a str>,
    /// Whether the file of that name has its full size from the start, and so proves nothing.
    pub(crate) is_sized_at_once: bool,
}

/// The names in a path. `str::split` takes 616 instructions more for each file of a catalog (`tests/fuel.rs`).
pub(crate) fn names(path: &str) -> impl Iterator<Item = &str> {
    let mut rest = Some(path);
    std::iter::from_fn(move || {
        let path = rest?;
        let end = path.bytes().position(|byte| byte == b'/');
        rest = end.and_then(|end| path.get(end + 1..));
        path.get(..end.unwrap_or(path.len()))
    })
}

/// The hint in one name of a path, if a copy tool gives such names to what is not whole yet; `rest` follows that name.
pub(crate) fn copy_hint<'a>(segment: usize, name: &'a str, rest: &'a str) -> Option<CopyHint<'a>> {
    // The files are in there under their own names.
    if name == DELAYED {
        return Some(CopyHint { segment, of: names(rest).next().filter(|of| !of.is_empty()), is_sized_at_once: false });
    }
    let of = copied_name(name)?;
    let is_sized_at_once = name.ends_with(".aria2");
    Some(CopyHint { segment, of: Some(of).filter(|of| !of.is_empty()), is_sized_at_once })
}

/// The name that a copy gets when it is whole, empty where its present one does not tell.
fn copied_name(name: &str) -> Option<&str> {
    if let Some(of) = name.strip_prefix('.').and_then(hidden_copied_name) {
        return Some(of);
    }
    if name.starts_with("rcksum-") {
        return Some(""); // zsync
    }
    // Most names end in another letter, which saves 1,200 instructions per file of a catalog (`tests/fuel.rs`).
    let (b'2' | b't' | b'd' | b'l') = name.bytes().next_back()? else { return None };
    let (of, extension) = name.rsplit_once('.')?;
    match extension {
        "aria2" | "part" | "filepart" | "crdownload" if !of.is_empty() => Some(of),
        "partial" => of.rsplit_once('.').filter(|(_, digits)| is_hex(digits, 8)).map(|(of, _)| of), // rclone
        _ => None,
    }
}

/// The same of a name that begins with a dot, without that dot.
fn hidden_copied_name(hidden: &str) -> Option<&str> {
    if let Some((of, random)) = hidden.rsplit_once('.')
        && is_random(random)
        && !of.is_empty()
    {
        return Some(of); // rsync
    }
    if let Some(of) = hidden.strip_prefix("syncthing.").and_then(|rest| rest.strip_suffix(".tmp")) {
        return Some(of);
    }
    if let Some(rest) = hidden.strip_prefix("unison.").and_then(|rest| rest.strip_suffix(".unison.tmp")) {
        return Some(rest.rsplit_once('.').map_or("", |(of, _)| of));
    }
    if let Some(of) = hidden.strip_prefix("in.") {
        return Some(of.strip_suffix('.').unwrap_or(of)); // lftp
    }
    let (of, digits) = hidden.strip_prefix('#').and_then(|rest| rest.split_at_checked(rest.len().checked_sub(16)?))?;
    is_hex(digits, 16).then_some(of) // casync
}

/// rsync's six characters. Six small letters are a word: `.app.config`.
fn is_random(text: &str) -> bool {
    text.len() == 6
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric())
        && text.bytes().any(|byte| !byte.is_ascii_lowercase())
}

fn is_hex(text: &str, length: usize) -> bool {
    text.len() == length && text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
}
