use std::fmt;

use percent_encoding::percent_decode_str;
use serde::Serialize;

use crate::catalog::Catalog;
use crate::digest::Sha1Digest;
use crate::error::Error;
use crate::filter::firmware_version_text;
use crate::listing::FileRecord;
use crate::manifest::{Manifest, file_url, split_scheme};
use crate::order::sort;
use crate::path::DevicePath;
use crate::version::{Version, VersionScheme};

/// The result of a check: how many files were compared, and the problems, sorted by path.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "wasm", derive(tsify::Tsify))]
pub struct Report {
    /// How many files should be there.
    pub checked: usize,
    /// Those that are missing, different or unexpected.
    pub problems: Vec<Problem>,
}

impl Report {
    /// Whether there are no problems.
    #[must_use]
    pub fn is_ok(&self) -> bool {
        self.problems.is_empty()
    }
}

/// One file that is missing, different or unexpected.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[cfg_attr(feature = "wasm", derive(tsify::Tsify), tsify(missing_as_null))]
pub struct Problem {
    /// The file's path; for a wrong URL, the URL.
    pub path: String,
    /// What is wrong.
    pub kind: ProblemKind,
    /// What should be there.
    pub expected: Option<Content>,
    /// What is there.
    pub found: Option<Content>,
}

/// What is wrong with a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[cfg_attr(feature = "wasm", derive(tsify::Tsify))]
#[serde(rename_all = "lowercase")]
pub enum ProblemKind {
    /// It is not there.
    Missing,
    /// Its size or SHA-1 differs.
    Different,
    /// It should not be there.
    Unexpected,
    /// A manifest's URL does not lead to the file of its entry.
    Url,
}

impl fmt::Display for ProblemKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Missing => "missing",
            Self::Different => "different",
            Self::Unexpected => "unexpected",
            Self::Url => "url",
        })
    }
}

/// SHA-1 and, if known, size in bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[cfg_attr(feature = "wasm", derive(tsify::Tsify), tsify(missing_as_null))]
pub struct Content {
    /// Size in bytes; `None` from a manifest of format 1.
    pub size: Option<u64>,
    /// SHA-1 of the content.
    pub sha1: Sha1Digest,
}

impl Content {
    fn matches(self, found: Content) -> bool {
        self.sha1 == found.sha1 && (self.size.is_none() || self.size == found.size)
    }
}

impl From<&FileRecord> for Content {
    fn from(record: &FileRecord) -> Self {
        Self { size: Some(record.size), sha1: record.sha1 }
    }
}

/// Checks that the file of every URL of `manifest` is in `found`, with its hash and, in formats 2 and 3, its size (rule Y1).
///
/// `found` has paths from the top directory of the releases, `1.0.1/flash/main.py`.
///
/// ```
/// use airwaybill::{Catalog, CatalogOptions, FileRecord, ManifestOptions, PlanRequest, verify_content};
///
/// let file = FileRecord::of("1.0.1/flash/main.py", b"print()");
/// let catalog = Catalog::from_listing(&[file.clone().into()], &CatalogOptions::default())?;
/// let plan = catalog.plan(&PlanRequest::default())?.expect("a full install");
/// let manifest = plan.manifest(&ManifestOptions::new("http://van.local:8000"))?;
/// assert!(verify_content(&manifest, [&file]).is_ok());
/// assert_eq!(verify_content(&manifest, []).problems[0].path, "1.0.1/flash/main.py");
/// # Ok::<(), airwaybill::Error>(())
/// ```
#[must_use]
pub fn verify_content<'a>(manifest: &Manifest, found: impl IntoIterator<Item = &'a FileRecord>) -> Report {
    let found = by_path(found);
    let files = manifest.new.iter().chain(&manifest.update).chain(&manifest.keep).map(|entry| {
        let path = &entry.dst_path.path;
        let ending = file_url("", &manifest.version, path);
        let is_right = path_of_url(&entry.url).is_some_and(|url_path| url_path.ends_with(&ending));
        let found_at = is_right.then(|| format!("{}/{path}", manifest.version));
        (found_at, &entry.url, Content { size: entry.size, sha1: entry.hash })
    });
    let firmware = manifest
        .firmware
        .iter()
        .map(|image| (firmware_name(&image.url), &image.url, Content { size: image.size, sha1: image.hash }));
    let mut report = Report { checked: 0, problems: Vec::new() };
    for (path, url, expected) in files.chain(firmware) {
        report.checked += 1;
        match path {
            Some(path) => report.problems.extend(compare(records_at(&found, &path), &path, expected)),
            None => report.problems.push(Problem {
                path: url.clone(),
                kind: ProblemKind::Url,
                expected: Some(expected),
                found: None,
            }),
        }
    }
    sort(&mut report.problems);
    report
}

/// Compares the files on a device with its release (rule Y2).
///
/// `found` has device paths, `flash/main.py`. Ignored and protected files are skipped (rules C1 and C2), as is the
/// content of files that the device owns (C7).
///
/// ```
/// use airwaybill::{Catalog, CatalogOptions, Content, FileRecord, Problem, ProblemKind, verify_device};
///
/// let listing = [FileRecord::of("1.0.1/flash/main.py", b"print()").into()];
/// let catalog = Catalog::from_listing(&listing, &CatalogOptions::default())?;
///
/// let report = verify_device(&catalog, "1.0.1", &[FileRecord::of("flash/main.py", b"broken")])?;
/// assert_eq!((report.checked, report.is_ok()), (1, false));
/// let Problem { path, kind, expected, found } = &report.problems[0];
/// assert_eq!((path.as_str(), *kind), ("flash/main.py", ProblemKind::Different));
/// let Content { size, sha1 } = expected.unwrap();
/// assert_eq!(size, Some(7));
/// assert_ne!(sha1, found.unwrap().sha1);
/// # Ok::<(), airwaybill::Error>(())
/// ```
///
/// # Errors
///
/// Those of [`Catalog::release`], and the codes of [`DevicePath`] for a path in `found`.
pub fn verify_device<'a>(
    catalog: &Catalog,
    version: &str,
    found: impl IntoIterator<Item = &'a FileRecord>,
) -> Result<Report, Error> {
    let release = catalog.release(version)?;
    let is_checked = |path: &str| !catalog.protect.matches(path) && !catalog.filter.ignores(path);
    let found = by_path(found);
    for (path, _) in &found {
        DevicePath::new(path).map_err(|error| error.at("the device's files"))?;
    }
    let mut report = Report { checked: 0, problems: Vec::new() };
    for file in release.files().iter().filter(|file| is_checked(file.path.as_str())) {
        report.checked += 1;
        let expected = Content { size: Some(file.size), sha1: file.sha1 };
        // C7
        if catalog.keep.matches(file.path.as_str()) && !records_at(&found, file.path.as_str()).is_empty() {
            continue;
        }
        report.problems.extend(compare(records_at(&found, file.path.as_str()), file.path.as_str(), expected));
    }
    let firsts = found.chunk_by(|a, b| a.0 == b.0).filter_map(<[_]>::first);
    let is_unexpected = |path| is_checked(path) && !catalog.keep.matches(path) && release.file(path).is_none();
    let unexpected = firsts.filter(|(path, _)| is_unexpected(path));
    report.problems.extend(unexpected.map(|(path, content)| Problem {
        path: (*path).to_owned(),
        kind: ProblemKind::Unexpected,
        expected: None,
        found: Some(*content),
    }));
    sort(&mut report.problems);
    Ok(report)
}

/// The file name of a firmware image at the end of a URL.
fn firmware_name(url: &str) -> Option<String> {
    let (_, last) = path_of_url(url)?.rsplit_once('/')?;
    let name = percent_decode_str(last).decode_utf8().ok()?;
    Version::parse(firmware_version_text(&name)?, VersionScheme::Loose).ok()?;
    Some(name.into_owned())
}

/// The path of a URL, from the slash after its host on; `None` with a query or a fragment, which no manifest has.
fn path_of_url(url: &str) -> Option<&str> {
    let (_, rest) = split_scheme(url)?;
    let path = rest.get(rest.find('/')?..)?;
    (!path.contains(['?', '#']) && !rest.split('/').next()?.contains(['?', '#'])).then_some(path)
}

/// The records, sorted: the answer must not depend on their order.
fn by_path<'a>(records: impl IntoIterator<Item = &'a FileRecord>) -> Vec<(&'a str, Content)> {
    let mut found: Vec<_> = records.into_iter().map(|record| (record.path.as_str(), record.into())).collect();
    sort(&mut found);
    found
}

/// All records at a path.
fn records_at<'f, 'a>(found: &'f [(&'a str, Content)], path: &str) -> &'f [(&'a str, Content)] {
    let from = found.get(found.partition_point(|(other, _)| *other < path)..).unwrap_or_default();
    from.get(..from.partition_point(|(other, _)| *other == path)).unwrap_or_default()
}

fn compare(found: &[(&str, Content)], path: &str, expected: Content) -> Option<Problem> {
    let (kind, found) = if found.is_empty() {
        (ProblemKind::Missing, None)
    } else {
        (ProblemKind::Different, Some(found.iter().find(|(_, content)| !expected.matches(*content))?.1))
    };
    Some(Problem { path: path.to_owned(), kind, expected: Some(expected), found })
}
