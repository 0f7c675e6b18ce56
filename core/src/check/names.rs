//! What is odd about names of releases (rules V4 to V8), and what is left out or held back.

use super::Finding;
use super::files;
use crate::catalog::Catalog;
use crate::check::Level::{Error, Hint, Warning};
use crate::error::{Code, quoted};
use crate::notice::Notice;
use crate::version::{Version, without_v};

/// Words of a pre-release.
const PRE: [&str; 6] = ["alpha", "beta", "preview", "pre", "dev", "rc"];

/// How many names of files left out are told.
const SHOWN: usize = 5;

/// How to go on with two paths that are one to FAT.
pub(super) const CASE_ADVICE: &str = "rename one of the two, or accept it if no device has FAT";

pub(super) fn check(catalog: &Catalog, target: Option<&str>, findings: &mut Vec<Finding>) {
    let versions: Vec<&Version> = catalog.releases().iter().map(crate::Release::version).collect();
    let of_version = |version: &Version, code, message: String, advice: &str| {
        Finding::new((Warning, code), version.as_str(), &message, advice)
    };
    // V8
    for version in &versions {
        if let Some(final_one) = final_below(version, &versions) {
            let message = format!("by its name it comes before {final_one}, and it is ordered above it");
            let advice = "order versions by --versions semver or pep440, or withdraw it";
            findings.push(of_version(version, Code::VersionPrerelease, message, advice));
        }
        if let Some(other) = with_number(version, &versions) {
            let message = format!("a part of it is a letter where {other} has a number");
            findings.push(of_version(version, Code::VersionLetter, message, "is it a typo?"));
        }
    }
    let has_v = |version: &&&Version| version.as_str().starts_with('v');
    if let (Some(with), Some(without)) =
        (versions.iter().rfind(has_v), versions.iter().rfind(|version| !has_v(version)))
    {
        let message = format!("{with} has a leading v and {without} has none");
        findings.push(of_version(with, Code::VersionMixed, message, "name all releases alike"));
    }
    for (index, version) in versions.iter().enumerate() {
        let public = |version: &Version| version.as_str().split('+').next().map(str::to_owned);
        let others = versions.iter().take(index);
        if let Some(other) = others.rev().find(|other| public(other) == public(version)) {
            let message = format!("it and {other} differ only after the +: in some orders they are the same version");
            findings.push(of_version(version, Code::VersionBuild, message, "give them versions that differ"));
        }
    }
    notices(catalog, target, findings);
}

/// The highest final release that a pre-release, by its name, should be below and is not.
fn final_below<'a>(version: &Version, versions: &[&'a Version]) -> Option<&'a Version> {
    let stem = stem_of_pre(version)?;
    let is_final = |other: &&&Version| {
        let rest = without_v(other.as_str()).strip_prefix(stem);
        rest.is_some_and(|rest| !rest.starts_with(|c: char| c.is_ascii_digit())) && stem_of_pre(other).is_none()
    };
    versions.iter().rev().filter(is_final).find(|other| **other < version).copied()
}

/// `1.10.0` of `1.10.0-rc.1`; none of what is no pre-release.
fn stem_of_pre(version: &Version) -> Option<&str> {
    let text = without_v(version.as_str());
    PRE.iter().find_map(|word| {
        let (stem, rest) = text.split_once(word)?;
        let stands_alone =
            !stem.ends_with(|c: char| c.is_ascii_alphabetic()) && !rest.starts_with(|c: char| c.is_ascii_alphabetic());
        let stem = stem.trim_end_matches(['.', '-', '_']);
        (stands_alone && !stem.is_empty()).then_some(stem)
    })
}

/// Another version that begins alike and has a number where this one has a letter alone: `1.0.O`.
fn with_number<'a>(version: &Version, versions: &[&'a Version]) -> Option<&'a Version> {
    let parts = |version: &'a Version| -> Vec<&'a str> { without_v(version.as_str()).split('.').collect() };
    let own: Vec<&str> = without_v(version.as_str()).split('.').collect();
    let is_letter = |part: &str| part.len() == 1 && part.bytes().all(|byte| byte.is_ascii_alphabetic());
    let at = own.iter().position(|part| is_letter(part))?;
    versions.iter().copied().find(|other| {
        let other = parts(other);
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
            Code::PathCase if notice.path.split('/').next() == target => (Error, CASE_ADVICE),
            Code::PathCase => (Warning, CASE_ADVICE),
            _ => (Warning, "withdraw one of the two"),
        };
        findings.push(of(notice, level, advice));
    }
    let mut left_out = Vec::new();
    for notice in catalog.ignored() {
        match notice.code {
            Code::IgnoredName => left_out.push(notice.path.as_str()),
            // Whatever else is in the directory, or not yet.
            Code::NotFirmware | Code::VersionStart | Code::ReleaseUnsettled | Code::CheckFailed => {}
            Code::NameNear | Code::NameWord | Code::NameWithdrawn | Code::VersionSemver | Code::VersionPep440 => {
                findings.push(of(notice, Hint, "rename it if it is to go out"));
            }
            Code::CopyLeftOver => findings.push(of(notice, Warning, "remove it")),
            Code::CopyUnderWay | Code::MtimeZero => {
                findings.push(of(notice, Warning, "wait until the copy is done, or do it again"));
            }
            _ => findings.push(of(notice, Warning, "fix it: until then it is not offered")),
        }
    }
    if let Some(first) = left_out.first() {
        let names: Vec<String> = left_out.iter().take(SHOWN).map(|path| quoted(path)).collect();
        let more = if left_out.len() > SHOWN { ", …" } else { "" };
        let message = format!("{} ignored by name: {}{more}", files(left_out.len()), names.join(", "));
        findings.push(Finding::new((Hint, Code::IgnoredName), first, &message, "--include brings back what is meant"));
    }
}
