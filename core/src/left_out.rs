//! Names of files that no one means to deliver (rules C1 and C6), and those that copy tools leave while they work (C6b).

const NAMES: [&str; 16] = [
    // C1
    ".DS_Store",
    "Thumbs.db",
    "pymakr.conf",
    // C6
    ".git",
    ".svn",
    ".hg",
    ".vscode",
    ".idea",
    ".gitignore",
    ".gitattributes",
    "__pycache__",
    "desktop.ini",
    ".Spotlight-V100",
    ".Trashes",
    ".fseventsd",
    ".AppleDouble",
];

/// Where rsync puts the files of a copy that it is not done with, with `--delay-updates`.
const DELAYED: &str = ".~tmp~";

/// Whether a name in a path is left out wherever it stands.
pub(crate) fn is_left_out(name: &str) -> bool {
    let bytes = name.as_bytes();
    let (Some(first), Some(last)) = (bytes.first(), bytes.last()) else { return false };
    match (first, last) {
        (b'.', _) if name.starts_with("._") || is_swap_file(bytes) => true,
        (b'#', b'#') if bytes.len() > 1 => true,
        // C6b
        (_, b'~') => name != DELAYED,
        (_, b'c') if name.strip_suffix(".pyc").is_some() => true,
        (b'.' | b'T' | b'p' | b'_' | b'd', _) => NAMES.contains(&name),
        (b'S', _) => name == "System Volume Information",
        _ => false,
    }
}

/// `.*.sw?`
fn is_swap_file(name: &[u8]) -> bool {
    matches!(name, [b'.', .., b'.', b's', b'w', _])
}

/// The sign that a copy is under way.
#[derive(Clone, Copy)]
pub(crate) struct CopySign<'a> {
    /// Where the sign stands among the segments of its path, the first one 0.
    pub(crate) segment: usize,
    /// The name that the copy gets when it is whole, if the sign tells.
    pub(crate) of: Option<&'a str>,
    /// Whether the file of that name has its full size from the start, and so proves nothing.
    pub(crate) is_sized_at_once: bool,
}

/// The first name in a path that a copy tool gives to what is not whole yet.
pub(crate) fn copy_in(path: &str) -> Option<CopySign<'_>> {
    let mut segments = path.split('/').enumerate().peekable();
    while let Some((segment, name)) = segments.next() {
        // The files are in there under their own names.
        if name == DELAYED {
            let of = segments.peek().map(|(_, name)| *name);
            return Some(CopySign { segment, of, is_sized_at_once: false });
        }
        if let Some(of) = copied_name(name) {
            let is_sized_at_once = name.strip_suffix(".aria2").is_some();
            return Some(CopySign { segment, of: Some(of).filter(|of| !of.is_empty()), is_sized_at_once });
        }
    }
    None
}

/// The name that a copy gets when it is whole, empty where its present one does not tell.
fn copied_name(name: &str) -> Option<&str> {
    let hidden = name.strip_prefix('.');
    if let Some(hidden) = hidden {
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
            return rest.rsplit_once('.').map(|(of, _)| of);
        }
        if let Some(of) = hidden.strip_prefix("in.") {
            return Some(of.strip_suffix('.').unwrap_or(of)); // lftp
        }
        if let Some(rest) = hidden.strip_prefix('#')
            && let Some((of, digits)) = rest.split_at_checked(rest.len().saturating_sub(16))
            && is_hex(digits, 16)
        {
            return Some(of); // casync
        }
    }
    if let Some((of, digits)) = name.strip_suffix(".partial").and_then(|rest| rest.rsplit_once('.'))
        && is_hex(digits, 8)
    {
        return Some(of); // rclone
    }
    let downloads = [".aria2", ".part", ".filepart", ".crdownload"];
    if let Some(of) = downloads.iter().find_map(|ending| name.strip_suffix(ending)).filter(|of| !of.is_empty()) {
        return Some(of);
    }
    name.starts_with("rcksum-").then_some("") // zsync
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
