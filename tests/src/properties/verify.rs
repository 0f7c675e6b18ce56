//! Rules Y1 and Y2. An input is what the row `verify` in `vectors/README.md` says.

use std::collections::BTreeSet;

use airwaybill::{
    Catalog, CatalogOptions, Code, Content, DevicePath, FileRecord, Filter, Manifest, Problem, ProblemKind, Report,
    Version, VersionScheme, verify_content, verify_device,
};

use super::encoded;
use crate::Input;
use crate::dice::Dice;
use crate::vectors::cases;

pub(super) fn seeds() -> Vec<Vec<u8>> {
    cases("verify").map(|case| case.input.to_string().into()).collect()
}

pub(super) fn check(data: &[u8]) {
    let Ok(mut input) = serde_json::from_slice::<Input>(data) else { return };
    let Ok(found) = input.found() else { return };
    let mut shuffled = found.clone();
    Dice::new(found.len() as u64).shuffle(&mut shuffled);
    if let Some(document) = &input.manifest {
        let Ok(manifest) = Manifest::parse(document.as_bytes()) else { return };
        let report = verify_content(&manifest, &found);
        assert_eq!(report, verify_content(&manifest, &shuffled));
        check_report(&report, content_problems(&manifest, &found));
    } else if let (Ok(catalog), Some(version)) = (input.catalog(), &input.version) {
        let outcome = verify_device(&catalog, version, &found);
        match (outcome, verify_device(&catalog, version, &shuffled)) {
            (Ok(report), Ok(other)) => {
                assert_eq!(report, other);
                check_report(&report, device_problems(&catalog, &input.options, version, &found));
            }
            (Err(error), Err(other)) => {
                assert_eq!(error, other);
                let is_unknown = catalog.releases().iter().all(|release| release.version().as_str() != version);
                let of_release =
                    [Code::ReleaseUnknown, Code::ReleaseHeldBack, Code::ReleaseUnsettled, Code::CheckFailed];
                let is_about_release = of_release.contains(&error.code());
                assert_eq!(is_about_release, is_unknown);
                let is_wrong = |file: &FileRecord| DevicePath::new(&file.path).is_err();
                assert!(is_unknown || found.iter().any(is_wrong), "{error}");
            }
            (one, other) => panic!("{one:?} {other:?}"),
        }
    }
}

/// One result for each file that is compared: what is wrong with it, if anything.
type Results = Vec<Option<Problem>>;

fn check_report(report: &Report, (compared, unexpected): (Results, Vec<Problem>)) {
    assert_eq!(report.checked, compared.len());
    let mut problems: Vec<Problem> = compared.into_iter().flatten().chain(unexpected).collect();
    problems.sort();
    assert_eq!(report.problems, problems);
}

fn compared(path: String, expected: Content, found: &[FileRecord]) -> Option<Problem> {
    let there: BTreeSet<Content> = found.iter().filter(|file| file.path == path).map(Content::from).collect();
    let is_met =
        |found: &Content| found.sha1 == expected.sha1 && expected.size.is_none_or(|size| found.size == Some(size));
    let kind = if there.is_empty() { ProblemKind::Missing } else { ProblemKind::Different };
    let found = there.into_iter().find(|found| !is_met(found));
    let is_wrong = kind == ProblemKind::Missing || found.is_some();
    is_wrong.then_some(Problem { path, kind, expected: Some(expected), found })
}

// Y1
fn content_problems(manifest: &Manifest, found: &[FileRecord]) -> (Results, Vec<Problem>) {
    let of_url = |url: &str, path: Option<String>, expected| match path {
        Some(path) => compared(path, expected, found),
        None => Some(Problem { path: url.to_owned(), kind: ProblemKind::Url, expected: Some(expected), found: None }),
    };
    let mut results = Results::new();
    for entry in manifest.new_files().iter().chain(manifest.update()).chain(manifest.keep()) {
        let path = format!("{}/{}", manifest.version(), entry.dst_path.path);
        let is_right =
            url_path(&entry.url).is_some_and(|url| format!("/{url}").ends_with(&format!("/{}", encoded(&path))));
        results.push(of_url(&entry.url, is_right.then_some(path), Content { size: entry.size, sha1: entry.hash }));
    }
    if let Some(image) = manifest.firmware() {
        let name = url_path(&image.url).and_then(|path| decoded(path.rsplit('/').next()?));
        let name = name.filter(|name| is_image(name));
        results.push(of_url(&image.url, name, Content { size: image.size, sha1: image.hash }));
    }
    (results, Vec::new())
}

/// What stands after the host and its slash.
fn url_path(url: &str) -> Option<&str> {
    if url.contains(['?', '#']) { None } else { url.splitn(4, '/').nth(3) }
}

fn decoded(text: &str) -> Option<String> {
    let mut bytes = Vec::new();
    let mut rest = text.as_bytes();
    while let [first, after @ ..] = rest {
        let digits = after.get(..2).filter(|digits| *first == b'%' && digits.iter().all(u8::is_ascii_hexdigit));
        let byte = digits.and_then(|digits| u8::from_str_radix(str::from_utf8(digits).ok()?, 16).ok());
        bytes.push(byte.unwrap_or(*first));
        rest = if byte.is_some() { &after[2..] } else { after };
    }
    String::from_utf8(bytes).ok()
}

fn is_image(name: &str) -> bool {
    let version = name.strip_prefix("firmware_").and_then(|rest| rest.rsplit_once('.'));
    version.is_some_and(|(version, extension)| {
        matches!(extension, "bin" | "hex") && Version::parse(version, VersionScheme::Loose).is_ok()
    })
}

// Y2
fn device_problems(
    catalog: &Catalog,
    options: &CatalogOptions,
    version: &str,
    found: &[FileRecord],
) -> (Results, Vec<Problem>) {
    let ignore = [&options.ignore[..], &options.protect].concat();
    let include = options.include.clone();
    let filter = Filter::new(&CatalogOptions { ignore, include, ..CatalogOptions::default() }).unwrap();
    // C7: what is in a file that the device owns does not count.
    let kept = CatalogOptions { ignore: options.keep.clone(), include: vec!["*".into()], ..CatalogOptions::default() };
    let kept = Filter::new(&kept).unwrap();
    let is_kept = |path: &str| !kept.reads(&format!("1/{path}"));
    let is_checked = |path: &str| filter.reads(&format!("1/{path}"));
    let release = catalog.release(version).unwrap();
    let content = |size, sha1| Content { size: Some(size), sha1 };
    let files = release.files().iter().filter(|file| is_checked(file.path.as_str()));
    let result = |file: &airwaybill::File| {
        let problem = compared(file.path.to_string(), content(file.size, file.sha1), found);
        problem.filter(|problem| problem.kind == ProblemKind::Missing || !is_kept(file.path.as_str()))
    };
    let results = files.map(result).collect();
    let unexpected: BTreeSet<&str> = found.iter().map(|file| file.path.as_str()).collect();
    let unexpected =
        unexpected.into_iter().filter(|path| is_checked(path) && !is_kept(path) && release.file(path).is_none());
    let lowest = |path: &str| found.iter().filter(|file| file.path == path).map(Content::from).min();
    let problem = |path: &str| Problem {
        path: path.to_owned(),
        kind: ProblemKind::Unexpected,
        expected: None,
        found: lowest(path),
    };
    (results, unexpected.map(problem).collect())
}
