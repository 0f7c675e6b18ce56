//! Rules F1 to F8. An input is what the row `check` in `vectors/README.md` says.

use std::collections::BTreeSet;

use airwaybill::{Acceptance, Catalog, CheckRequest, CheckSettings, Code, Entry, Error, Finding, Level, Peek};

use crate::Input;
use crate::dice::Dice;
use crate::vectors::cases;

pub(super) fn seeds() -> Vec<Vec<u8>> {
    cases("check").map(|case| case.input.to_string().into()).collect()
}

pub(super) fn check(data: &[u8]) {
    let Ok(mut input) = serde_json::from_slice::<Input>(data) else { return };
    let Ok(mut listing) = input.listing() else { return };
    let Ok(remembered) = input.remembered() else { return };
    let Ok(earlier) = input.earlier(&remembered) else { return };
    let of = |listing: &[Entry]| Ok::<_, Error>(Catalog::from_listing(listing, &input.options)?.remembering(&earlier));
    let Ok(catalog) = of(&listing) else { return };
    let Ok(request) = &input.check_request() else { return };
    let wanted = match (catalog.peeks(request), catalog.check(request, &[])) {
        (Ok(wanted), Ok(_)) => wanted,
        (Err(error), outcome) => return assert_eq!(outcome, Err(error)),
        (Ok(_), Err(error)) => panic!("{error}"),
    };
    assert!(wanted.is_sorted_by(|a, b| a < b));
    let is_there = |path: &String| catalog.find(path).is_some() || !remembered.is_empty();
    assert!(wanted.iter().all(is_there));

    let peeks: Vec<Peek> = input
        .contents
        .iter()
        .filter_map(|(path, content)| Some(Peek::of(path, &content.bytes().ok()?)))
        .filter(|peek| wanted.contains(&peek.path))
        .collect();
    for peek in &peeks {
        let text = serde_json::to_string(peek).unwrap();
        assert_eq!(&serde_json::from_str::<Peek>(&text).unwrap(), peek);
    }
    let findings = catalog.check(request, &peeks).unwrap();
    check_findings(&findings);

    // The order of what is given says nothing, nor does what was not wanted.
    let mut dice = Dice::new(listing.len() as u64);
    dice.shuffle(&mut listing);
    let mut others = peeks.clone();
    others.push(Peek::of("0/nothing.py", b"<<<<<<< \n>>>>>>> \n"));
    dice.shuffle(&mut others);
    let again = of(&listing).unwrap();
    assert_eq!(again.check(request, &others).unwrap(), findings);

    if request.settings.accept.is_empty() {
        // F8: what content tells comes on top.
        let by_names: BTreeSet<Finding> = catalog.check(request, &[]).unwrap().into_iter().collect();
        assert!(by_names.is_subset(&findings.iter().cloned().collect()));
        check_accepting(&catalog, request, &peeks, &findings);
    }
}

fn check_findings(findings: &[Finding]) {
    assert!(findings.is_sorted_by(|a, b| (a.level, &a.path) <= (b.level, &b.path) && a != b));
    for Finding { level, path, code, message, advice } in findings {
        // F10: any code that a document can have.
        let is_of_document = path == "keys" || advice.starts_with("sign it");
        assert!(is_of_document || levels(*code).contains(level), "{code} is no {level:?}");
        assert!(!message.is_empty() && !advice.is_empty(), "{code}");
        assert!(![path, message, advice].iter().any(|text| text.contains(char::is_control)), "{code}");
    }
}

/// F7: what is accepted is gone, and nothing comes in its place.
fn check_accepting(catalog: &Catalog, request: &CheckRequest, peeks: &[Peek], findings: &[Finding]) {
    for finding in findings.iter().filter(|finding| !finding.path.is_empty()) {
        let accept = Acceptance {
            code: finding.code.to_string(),
            path: finding
                .path
                .chars()
                .map(|c| if "*?[]{}!\\".contains(c) { "?".into() } else { c.to_string() })
                .collect(),
            reason: "meant".to_owned(),
        };
        let settings = CheckSettings { accept: vec![accept], ..request.settings.clone() };
        let asked = CheckRequest { settings, ..request.clone() };
        let Ok(left) = catalog.check(&asked, peeks) else { continue };
        assert!(!left.contains(finding), "{finding:?}");
        assert!(left.iter().all(|other| findings.contains(other)));
        let gone = findings.iter().filter(|other| !left.contains(other));
        assert!(gone.into_iter().all(|other| other.code == finding.code));
    }
}

fn levels(code: Code) -> &'static [Level] {
    use Level::{Hint, Warning};
    const ERROR: &[Level] = &[Level::Error];
    match code {
        Code::PathMount
        | Code::FirmwareHex
        | Code::FlashFull
        | Code::StartMissing
        | Code::StartUtf8
        | Code::StartMpy
        | Code::ModuleHidden
        | Code::PythonBroken
        | Code::FirmwareEmpty
        | Code::FirmwarePage
        | Code::FirmwarePointer
        | Code::FirmwareNotEsp
        | Code::FirmwareFlash
        | Code::FirmwareCut
        | Code::FirmwareDigest
        | Code::NothingStays
        | Code::ReleaseHeldBack
        | Code::FirmwareHeldBack
        | Code::NoReleases => ERROR,
        Code::FirmwareChip | Code::MpyFormat | Code::StartEmpty | Code::PathCase | Code::PathReserved => {
            &[Level::Error, Warning]
        }
        Code::FirmwareNewer
        | Code::FirmwareMissing
        | Code::FileGrown
        | Code::FileUnchecked
        | Code::IgnoredName
        | Code::DirectoryEmpty
        | Code::NameNear
        | Code::NameWord
        | Code::NameWithdrawn
        | Code::VersionCharacter
        | Code::VersionTooLong
        | Code::VersionSemver
        | Code::VersionPep440
        | Code::AcceptUnused => &[Hint],
        // F6, and what a person did not mean.
        _ => &[Warning],
    }
}
