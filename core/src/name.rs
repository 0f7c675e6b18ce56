//! Which names of directories and images are versions (rules V6 and V7), and which nearly are.

use crate::error::{Code, Error, quoted};
use crate::version::{Version, VersionScheme, without_v};

/// Words that a version may have directly after its first number.
const WORDS: [&str; 11] = ["a", "alpha", "b", "beta", "c", "rc", "dev", "pre", "preview", "post", "rev"];

/// What people and tools add to names that are not, or not yet, in use; after a dot, `-`, `_`, ` ` or `(`, and before a number
/// perhaps.
const ENDINGS: [&str; 23] = [
    "backup",
    "bak",
    "save",
    "old",
    "orig",
    "rej",
    "tmp",
    "new",
    "part",
    "partial",
    "filepart",
    "crdownload",
    "download",
    "aria",
    "broken",
    "disabled",
    "copy",
    "lock",
    "swp",
    "rsync",
    "zs-old",
    "dpkg-new",
    "dpkg-tmp",
];

/// Words that stand before versions without anything between; `v` is a part of them.
const GLUED: [&str; 8] = ["v", "r", "rel", "release", "ver", "version", "fw", "firmware"];

/// What people and tools add, where more follows.
const MIDDLES: [&str; 2] = ["sync-conflict-", "tmp."];

/// The version that a release or an image is named with.
pub(crate) fn version_of(name: &str, scheme: VersionScheme) -> Result<Version, Error> {
    let fail = |code, rule: String| Err(Error::new(code, format!("{}: {rule}", quoted(name))));
    // V6
    if let Some(ending) = withdrawn_by(name) {
        return fail(
            Code::NameWithdrawn,
            format!("a name with {} is not a release; rename it to offer it again", quoted(ending)),
        );
    }
    let parsed = Version::parse(name, scheme);
    // A name that starts with a digit but has other characters gets its own error.
    if let Err(error) = &parsed
        && !matches!(error.code(), Code::VersionSemver | Code::VersionPep440 | Code::VersionStart)
    {
        return parsed;
    }
    if let Some(version) = joined_by_underscores(name).or_else(|| version_after_a_word(name)) {
        return fail(Code::NameNear, format!("not a release; rename it to {} if it is one", quoted(&version)));
    }
    if let Some(word) = word_after_first_number(name) {
        return fail(
            Code::NameWord,
            format!(
                "not a release, because {} follows its first number; if it is one, put a dot between them",
                quoted(word)
            ),
        );
    }
    parsed
}

/// The right name for one that is nearly that of an image: `firmware-1.0.1.bin`, `1.0.1.bin`, `Firmware_1.0.1.bin`.
pub(crate) fn near_image(file_name: &str) -> Option<String> {
    let (stem, ending) = file_name.rsplit_once('.')?;
    let ending = ending.to_ascii_lowercase();
    let version = if is_dotted(stem) { Some(stem.to_owned()) } else { version_after_a_word(stem) };
    version.filter(|_| matches!(ending.as_str(), "bin" | "hex")).map(|version| format!("firmware_{version}.{ending}"))
}

/// The directory with the keys.
pub(crate) const KEYS: &str = "keys";

/// Whether a path from the top directory is that of a waybill, of keys or of a signature (rules T1 to T3), or of the directory
/// with the keys.
#[must_use]
pub fn is_document(path: &str) -> bool {
    let in_keys = path.strip_prefix(KEYS).and_then(|rest| rest.strip_prefix('/'));
    let name = in_keys.unwrap_or(path);
    let draft = if in_keys.is_some() { ".waybill.draft" } else { ".waybill" };
    let is_waybill = |name: &str| name.ends_with(".waybill") || name.ends_with(draft);
    let signed = name.strip_suffix(".sig").unwrap_or(name);
    let numbered = signed.trim_end_matches(|c: char| c.is_ascii_digit()).strip_suffix('.').unwrap_or(signed);
    in_keys == Some("") || !name.contains('/') && (is_waybill(signed) || is_waybill(numbered))
}

/// Whether a document is of keys that not all have signed who must (rule T3): nobody gets it.
#[doc(hidden)]
#[must_use]
pub fn is_draft(document: &str) -> bool {
    document.contains(".waybill.draft")
}

fn withdrawn_by(name: &str) -> Option<&str> {
    // `bak2`, `old.1`, `- Copy (2)`
    let plain = name.trim_end_matches(|c: char| c.is_ascii_digit() || matches!(c, '.' | '-' | '_' | ' ' | '(' | ')'));
    let before_end =
        |length: usize| plain.len().checked_sub(length).filter(|at| *at > 0 && plain.is_char_boundary(*at));
    let is_end = |ending: &&&str| {
        let (Some(at), Some(dot)) = (before_end(ending.len()), before_end(ending.len() + 1)) else { return false };
        plain.get(at..).is_some_and(|end| end.eq_ignore_ascii_case(ending))
            && plain.get(dot..at).is_some_and(|c| matches!(c, "." | "-" | "_" | " " | "("))
    };
    if !without_v(name).starts_with(|c: char| c.is_ascii_digit()) {
        return None;
    }
    if name.ends_with('~') {
        return Some("~");
    }
    let is_middle = |middle: &&&str| {
        name.match_indices(**middle)
            .any(|(at, _)| matches!(name.as_bytes().get(at.wrapping_sub(1)), Some(b'.' | b'-' | b'_')))
    };
    ENDINGS.iter().find(is_end).or_else(|| MIDDLES.iter().find(is_middle)).copied()
}

fn word_after_first_number(name: &str) -> Option<&str> {
    let plain = without_v(name);
    let rest = plain.trim_start_matches(|c: char| c.is_ascii_digit());
    let word = rest.get(..rest.len() - rest.trim_start_matches(|c: char| c.is_ascii_alphabetic()).len())?;
    (rest.len() < plain.len() && word.len() > 1 && !WORDS.iter().any(|known| word.eq_ignore_ascii_case(known)))
        .then_some(word)
}

fn joined_by_underscores(name: &str) -> Option<String> {
    let (first, rest) = name.split_once('_')?;
    let is_number = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let is_joined =
        is_number(without_v(first)) && rest.starts_with(|c: char| c.is_ascii_digit()) && !name.contains('.');
    is_joined.then(|| name.replace('_', "."))
}

/// `1.0.1` of `release-1.0.1`, and of `release1.0.1`.
fn version_after_a_word(name: &str) -> Option<String> {
    let rest = name.trim_start_matches(|c: char| c.is_ascii_alphabetic());
    let word = name.strip_suffix(rest).filter(|word| !word.is_empty())?;
    let is_glued = word != "v" && GLUED.iter().any(|known| word.eq_ignore_ascii_case(known));
    let version = rest.strip_prefix(['-', '_', ' ', '.']).or(is_glued.then_some(rest))?;
    let is_image = [".bin", ".hex"].iter().any(|ending| version.to_ascii_lowercase().ends_with(ending));
    let keeps_v = word == "V" && version == rest; // V5
    (!is_image && is_dotted(version)).then(|| if keeps_v { format!("v{version}") } else { version.to_owned() })
}

/// Whether a text is a version with a dot in it that V6 does not exclude.
fn is_dotted(text: &str) -> bool {
    // A name that breaks V3 is not checked again: it could have any number of words.
    let is_version = text.contains('.') && Version::parse(text, VersionScheme::Loose).is_ok();
    is_version && version_of(text, VersionScheme::Loose).is_ok()
}
