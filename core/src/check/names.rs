//! What is odd about names of releases (rules V4 to V8), and what is left out or held back.

use super::{Finding, Level, files};
use crate::catalog::Catalog;
use crate::error::{Code, quoted};
use crate::notice::Notice;
use crate::version::{Version, VersionScheme, without_v};

/// Words of a pre-release.
const PRE: [&str; 6] = ["alpha", "beta", "preview", "pre", "dev", "rc"];

/// How many names are listed.
const SHOWN: usize = 5;

/// How to go on with two paths that are one to FAT.
pub(super) const CASE_ADVICE: &str = "rename one of the two, or accept it if no device has FAT";

pub(super) fn check(catalog: &Catalog, target: Option<&str>, findings: &mut Vec<Finding>) {
    // V8
    // Pushed, not collected, which takes 94 bytes more of the WebAssembly module, gzipped.
    let mut releases = Vec::new();
    for release in catalog.releases() {
        releases.push(NamedVersion { name: release.version().as_str(), version: release.version() });
    }
    let mut images = Vec::new();
    for image in catalog.firmware() {
        images.push(NamedVersion { name: &image.path, version: &image.version });
    }
    let groups = [releases, images];
    let advice = order_advice(&groups);
    for group in &groups {
        odd(group, advice, findings);
    }
    notices(catalog, target, findings);
}

/// That there is nothing to check; what keeps each release from being offered is said of it.
pub(super) fn nothing_offered(catalog: &Catalog) -> Finding {
    let mut held: Vec<&str> = catalog.held_back().map(Notice::name).collect();
    held.retain(|name| catalog.filter.release_version(name).is_ok());
    held.dedup();
    let (message, advice) = if held.is_empty() {
        let advice = "pass the directory that has them: each release is a directory named with its version";
        ("no releases found".to_owned(), advice)
    } else {
        let message = format!("no release is offered; held back: {}", listed(&held));
        (message, "fix what is said of them, or withdraw them")
    };
    Finding::new((Level::Error, Code::NoReleases), "", &message, advice)
}

/// A release or an image.
struct NamedVersion<'a> {
    name: &'a str,
    version: &'a Version,
}

impl<'a> NamedVersion<'a> {
    /// Without a leading v.
    fn plain(&self) -> &'a str {
        without_v(self.version.as_str())
    }

    /// What stands before a `+`.
    fn public(&self) -> Option<&'a str> {
        self.version.as_str().split('+').next()
    }

    fn parts(&self) -> Vec<&'a str> {
        self.plain().split('.').collect()
    }
}

/// What to do about a pre-release above its final one: an order in which all names are versions, if there is one.
fn order_advice(groups: &[Vec<NamedVersion<'_>>]) -> &'static str {
    let orders_all = |scheme| {
        let is_version = |named: &NamedVersion<'_>| Version::parse(named.version.as_str(), scheme).is_ok();
        groups.iter().all(|group| group.iter().all(is_version))
    };
    match (orders_all(VersionScheme::Semver), orders_all(VersionScheme::Pep440)) {
        (true, true) => "order versions by --scheme semver or pep440, or withdraw it",
        (true, false) => "order versions by --scheme semver, or withdraw it",
        (false, true) => "order versions by --scheme pep440, or withdraw it",
        (false, false) => "withdraw it, or rename it",
    }
}

/// What is odd about names among names of their kind, lowest version first.
fn odd(all: &[NamedVersion<'_>], order_advice: &str, findings: &mut Vec<Finding>) {
    let of = |named: &NamedVersion<'_>, code, message: String, advice: &str| {
        Finding::new((Level::Warning, code), named.name, &message, advice)
    };
    for named in all {
        if let Some(NamedVersion { name, .. }) = final_below(named, all) {
            let message = format!("by its name it comes before {name}, and it is ordered above it");
            findings.push(of(named, Code::VersionPrerelease, message, order_advice));
        }
        if let Some(NamedVersion { name, .. }) = with_number(named, all) {
            let message = format!("a part of it is a letter where {name} has a number");
            findings.push(of(named, Code::VersionLetter, message, "is it a typo?"));
        }
    }
    let has_v = |named: &&NamedVersion<'_>| named.version.as_str().starts_with('v');
    if let (Some(with), Some(without)) = (all.iter().rfind(has_v), all.iter().rfind(|named| !has_v(named))) {
        let message = format!("{} has a leading v and {} has none", with.name, without.name);
        findings.push(of(with, Code::VersionMixed, message, "name them all alike"));
    }
    for (index, named) in all.iter().enumerate() {
        if let Some(other) = all.iter().take(index).rev().find(|other| other.public() == named.public()) {
            let message =
                format!("it and {} differ only after the +: in some orders they are the same version", other.name);
            findings.push(of(named, Code::VersionBuild, message, "give them versions that differ"));
        }
    }
}

/// The highest final one that a pre-release, by its name, should be below and is not.
fn final_below<'a>(named: &NamedVersion<'_>, all: &'a [NamedVersion<'a>]) -> Option<&'a NamedVersion<'a>> {
    let stem = stem_of_pre(named.plain())?;
    let is_final = |other: &&NamedVersion<'_>| {
        let rest = other.plain().strip_prefix(stem);
        rest.is_some_and(|rest| !rest.starts_with(|c: char| c.is_ascii_digit())) && stem_of_pre(other.plain()).is_none()
    };
    all.iter().rev().filter(is_final).find(|other| other.version < named.version)
}

/// `1.10.0` of `1.10.0-rc.1`; `None` for a version that is not a pre-release.
fn stem_of_pre(text: &str) -> Option<&str> {
    let lower = text.to_ascii_lowercase();
    PRE.iter().find_map(|word| {
        let (stem, rest) = lower.split_once(word)?;
        let stands_alone =
            !stem.ends_with(|c: char| c.is_ascii_alphabetic()) && !rest.starts_with(|c: char| c.is_ascii_alphabetic());
        let stem = stem.trim_end_matches(['.', '-', '_']);
        text.get(..stem.len()).filter(|stem| stands_alone && !stem.is_empty())
    })
}

/// Another that begins alike and has a number where this one has a letter alone: `1.0.O`.
fn with_number<'a>(named: &NamedVersion<'_>, all: &'a [NamedVersion<'a>]) -> Option<&'a NamedVersion<'a>> {
    let own = named.parts();
    let is_letter = |part: &str| part.len() == 1 && part.bytes().all(|byte| byte.is_ascii_alphabetic());
    let at = own.iter().position(|part| is_letter(part))?;
    all.iter().find(|other| {
        let other = other.parts();
        let is_number =
            other.get(at).is_some_and(|part| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit()));
        is_number && other.get(..at) == own.get(..at)
    })
}

fn notices(catalog: &Catalog, target: Option<&str>, findings: &mut Vec<Finding>) {
    let of = |notice: &Notice, level, advice: &str| {
        Finding::new((level, notice.code), &notice.path, &notice.message, advice)
    };
    for notice in catalog.warnings() {
        let (level, advice) = match notice.code {
            Code::PathCase if Some(notice.name()) == target => (Level::Error, CASE_ADVICE),
            Code::PathCase => (Level::Warning, CASE_ADVICE),
            _ => (Level::Warning, "withdraw one of the two"),
        };
        findings.push(of(notice, level, advice));
    }
    let mut left_out = Vec::new();
    for notice in catalog.ignored() {
        match notice.code {
            Code::IgnoredName => left_out.push(notice.path.as_str()),
            // Whatever else is in the directory, or not yet.
            Code::NotFirmware | Code::VersionStart | Code::ReleaseUnsettled | Code::CheckFailed => {}
            Code::NameNear
            | Code::NameWord
            | Code::NameWithdrawn
            | Code::VersionCharacter
            | Code::VersionTooLong
            | Code::VersionSemver
            | Code::VersionPep440 => {
                findings.push(of(notice, Level::Hint, "rename it if it is to go out"));
            }
            Code::CopyLeftOver => findings.push(of(notice, Level::Warning, "remove it")),
            Code::CopyUnderWay | Code::MtimeZero | Code::ReleaseIncomplete => {
                findings.push(of(notice, Level::Warning, "wait until the copy is done, or do it again"));
            }
            _ => findings.push(of(notice, Level::Warning, "fix it: until then it is not offered")),
        }
    }
    if let Some(first) = left_out.first() {
        let message = format!("{} ignored by name: {}", files(left_out.len()), listed(&left_out));
        findings.push(Finding::new(
            (Level::Hint, Code::IgnoredName),
            first,
            &message,
            "--include brings back what is meant",
        ));
    }
}

/// The first of these names.
fn listed(names: &[&str]) -> String {
    let shown: Vec<String> = names.iter().take(SHOWN).map(|name| quoted(name)).collect();
    let more = if names.len() > SHOWN { ", …" } else { "" };
    format!("{}{more}", shown.join(", "))
}
