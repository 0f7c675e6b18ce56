//! Signed releases (rules T1 to T5): documents, keys, OpenSSH's signatures, and whether they hold.

mod documents;
mod keys;
mod lines;
mod release;
mod signature;
mod verdict;

use std::fmt::Write as _;

use serde::Serialize;

use crate::digest::Sha256Digest;
use crate::error::{Code, Error, quoted};
use crate::listing::check_size;
use crate::path::DevicePath;
use crate::version::{Version, VersionScheme};
use lines::Lines;

pub(crate) use documents::Documents;
pub use documents::{DocumentFile, signature_names};
pub use keys::{Keys, KeysRequest, Role};
pub use release::{SigningStatus, WaybillRequest};
pub use signature::{PublicKey, Signature};
pub use verdict::{Verdict, VerifyRequest, verify_signed};

/// A document has at most this many bytes (rule T8b).
const MAX_BYTES: usize = 512 * 1024;
const ENDING: &str = ".waybill";
const MAX_SEQUENCE: u64 = (1 << 31) - 1;
const MAX_FILES: u64 = u32::MAX as u64;
const MAX_SIZE: u64 = (1 << 53) - 1;

/// What an operator signs: all files of a release, or a firmware image, with their SHA-256 (rule T1).
///
/// ```
/// use airwaybill::{Waybill, WaybillKind};
///
/// let document = "airwaybill 1\nproduct smart-meter\nrelease 1.0.1\nsequence 17\nexpires -\nneeds-firmware -\nfiles 1\n\
///     e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855 0 flash/main.py\n";
/// let waybill = Waybill::parse(document.as_bytes())?;
/// assert_eq!((waybill.kind, waybill.version.as_str()), (WaybillKind::Release, "1.0.1"));
/// assert_eq!((waybill.sequence, waybill.files[0].path.as_str()), (17, "flash/main.py"));
/// assert_eq!(waybill.render(), document);
/// # Ok::<(), airwaybill::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "wasm", derive(tsify::Tsify), tsify(missing_as_null, rename = "WaybillDocument"))]
#[non_exhaustive]
pub struct Waybill {
    /// Which devices it is for.
    pub product: String,
    /// What it lists.
    pub kind: WaybillKind,
    /// Of the release, or of the image.
    #[cfg_attr(feature = "wasm", tsify(type = "string"))]
    pub version: Version,
    /// Rises with each release of a product (rule T5).
    pub sequence: u32,
    /// From this time on it does not count, `2027-11-27T00:00:00Z`.
    pub expires: Option<String>,
    /// The firmware that the release is made for.
    #[cfg_attr(feature = "wasm", tsify(type = "string | null"))]
    pub needs_firmware: Option<Version>,
    /// Sorted by path.
    pub files: Vec<SignedFile>,
    /// Files that the device owns once it has them (rule C7), sorted by path.
    pub keep: Vec<SignedFile>,
}

/// What a waybill lists.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "wasm", derive(tsify::Tsify))]
#[serde(rename_all = "lowercase")]
pub enum WaybillKind {
    /// All files of a release.
    Release,
    /// One image.
    Firmware,
}

/// A file in a waybill.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "wasm", derive(tsify::Tsify))]
pub struct SignedFile {
    /// Where it belongs on the device; of an image, its file name.
    #[cfg_attr(feature = "wasm", tsify(type = "string"))]
    pub path: DevicePath,
    /// Size in bytes.
    pub size: u64,
    /// SHA-256 of the content, 64 lower-case hex digits.
    #[cfg_attr(feature = "wasm", tsify(type = "string"))]
    pub sha256: Sha256Digest,
}

impl Waybill {
    /// Reads a document, of which there is exactly one way to write it: [`Waybill::render`] gives the same bytes.
    ///
    /// # Errors
    ///
    /// [`Code::DocumentTooLong`], [`Code::DocumentUtf8`], [`Code::DocumentLineEnd`], [`Code::DocumentLine`] for another
    /// line than belongs there, [`Code::DocumentValue`] for what is wrong in one, [`Code::DocumentOrder`] for paths that
    /// are not sorted; those of versions, paths and digests.
    pub fn parse(document: &[u8]) -> Result<Self, Error> {
        let mut lines = Lines::new(document, MAX_BYTES)?;
        let product = head(&mut lines)?;
        let line = lines.next()?;
        let (kind, text) = match line.and_then(|line| line.split_once(' ')) {
            Some(("release", text)) => (WaybillKind::Release, text),
            Some(("firmware", text)) => (WaybillKind::Firmware, text),
            _ => return Err(lines.unexpected(line, "release or firmware, and a version")),
        };
        let version = parse_version(&lines, text)?;
        let sequence = sequence(&mut lines, "sequence", 1)?;
        let expires = optional(lines.value("expires")?);
        if let Some(time) = expires {
            check_time(time).map_err(|error| lines.at(error))?;
        }
        let needs = optional(lines.value("needs-firmware")?);
        let needs_firmware = needs.map(|text| parse_version(&lines, text)).transpose()?;
        let files = section(&mut lines, "files")?;
        let keep = match lines.next()? {
            None => Vec::new(),
            Some(line) => {
                let count = line.strip_prefix("keep ").filter(|_| kind == WaybillKind::Release);
                let count = count.ok_or_else(|| lines.unexpected(Some(line), "the end of the document"))?;
                let count = lines.parse_number(count, MAX_FILES)?;
                signed_files(&mut lines, "keep", count)?
            }
        };
        if let Some(line) = lines.next()? {
            return Err(lines.unexpected(Some(line), "the end of the document"));
        }
        let expires = expires.map(str::to_owned);
        let waybill = Self { product, kind, version, sequence, expires, needs_firmware, files, keep };
        waybill.check_sections()?;
        waybill.check_image()?;
        Ok(waybill)
    }

    fn check_sections(&self) -> Result<(), Error> {
        let is_listed = |kept: &&SignedFile| self.files.binary_search_by(|file| file.path.cmp(&kept.path)).is_ok();
        if let Some(both) = self.keep.iter().find(is_listed) {
            let rule = "a path stands in one of the sections, files or keep";
            return Err(Error::new(Code::DocumentOrder, format!("{}: {rule}", quoted(both.path.as_str()))));
        }
        check_size(self.files.iter().chain(&self.keep).map(|file| file.size).fold(0, u64::saturating_add))
    }

    /// An image's waybill has the image alone.
    fn check_image(&self) -> Result<(), Error> {
        let Self { kind: WaybillKind::Firmware, version, .. } = self else { return Ok(()) };
        let is_image = |file: &SignedFile| {
            ["bin", "hex"].iter().any(|ending| file.path.as_str() == format!("firmware_{version}.{ending}"))
        };
        if self.needs_firmware.is_some() || !matches!(self.files.as_slice(), [file] if is_image(file)) {
            let rule = "that of an image lists firmware_<version>.bin or .hex alone, with needs-firmware -";
            return Err(Error::new(Code::DocumentValue, format!("{}: {rule}", quoted(version.as_str()))));
        }
        Ok(())
    }

    /// The document.
    #[must_use]
    pub fn render(&self) -> String {
        let kind = match self.kind {
            WaybillKind::Release => "release",
            WaybillKind::Firmware => "firmware",
        };
        let expires = self.expires.as_deref().unwrap_or("-");
        let needs = self.needs_firmware.as_ref().map_or("-", Version::as_str);
        let mut document = format!(
            "airwaybill 1\nproduct {}\n{kind} {}\nsequence {}\nexpires {expires}\nneeds-firmware {needs}\n",
            self.product, self.version, self.sequence
        );
        for (section, files) in [("files", &self.files), ("keep", &self.keep)] {
            if section == "keep" && files.is_empty() {
                continue;
            }
            // Writing to a string does not fail.
            let _ = writeln!(document, "{section} {}", files.len());
            for SignedFile { path, size, sha256 } in files {
                let _ = writeln!(document, "{sha256} {size} {path}");
            }
        }
        document
    }
}

/// The first two lines of each document; gives the product.
fn head(lines: &mut Lines<'_>) -> Result<String, Error> {
    let line = lines.next()?;
    if line != Some("airwaybill 1") {
        return Err(lines.unexpected(line, "airwaybill 1; a newer program may know other numbers"));
    }
    let product = lines.value("product")?;
    check_product(product).map_err(|error| lines.at(error))?;
    Ok(product.to_owned())
}

fn check_product(product: &str) -> Result<(), Error> {
    let is_plain = product.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-'));
    if is_plain && (1..=64).contains(&product.len()) && product != "-" {
        return Ok(());
    }
    let rule = "a product has 1 to 64 of the characters A-Z, a-z, 0-9, dot, hyphen and underscore";
    Err(Error::new(Code::DocumentValue, format!("{}: {rule}", quoted(product))))
}

fn parse_version(lines: &Lines<'_>, text: &str) -> Result<Version, Error> {
    Version::parse(text, VersionScheme::Loose).map_err(|error| lines.at(error))
}

fn sequence(lines: &mut Lines<'_>, key: &str, least: u64) -> Result<u32, Error> {
    let number = lines.number(key, MAX_SEQUENCE)?;
    let fits = u32::try_from(number).ok().filter(|_| number >= least);
    fits.ok_or_else(|| lines.fail(Code::DocumentValue, "sequences begin with 1"))
}

fn optional(value: &str) -> Option<&str> {
    Some(value).filter(|value| *value != "-")
}

fn section(lines: &mut Lines<'_>, key: &str) -> Result<Vec<SignedFile>, Error> {
    let count = lines.number(key, MAX_FILES)?;
    signed_files(lines, key, count)
}

fn signed_files(lines: &mut Lines<'_>, key: &str, count: u64) -> Result<Vec<SignedFile>, Error> {
    if count == 0 {
        return Err(lines.fail(Code::DocumentValue, &format!("{key} must not be 0")));
    }
    let mut files: Vec<SignedFile> = Vec::new();
    for _ in 0..count {
        let line = lines.next()?;
        let fields = line.and_then(|line| {
            let (sha256, rest) = line.split_once(' ')?;
            let (size, path) = rest.split_once(' ')?;
            Some((sha256, size, path))
        });
        let Some((sha256, size, path)) = fields else {
            return Err(lines.unexpected(line, "SHA-256, size and path of a file"));
        };
        let file = SignedFile {
            path: DevicePath::new(path).map_err(|error| lines.at(error))?,
            size: lines.parse_number(size, MAX_SIZE)?,
            sha256: Sha256Digest::parse(sha256).map_err(|error| lines.at(error))?,
        };
        if files.last().is_some_and(|before| before.path >= file.path) {
            let rule = format!("{}: each path once, sorted by their bytes", quoted(path));
            return Err(lines.fail(Code::DocumentOrder, &rule));
        }
        files.push(file);
    }
    Ok(files)
}

/// `2027-11-27T00:00:00Z`, a time that exists, so that times compare as texts.
pub(crate) fn check_time(text: &str) -> Result<(), Error> {
    if is_time(text) {
        return Ok(());
    }
    let rule = "expected a time in UTC, as 2027-11-27T00:00:00Z";
    Err(Error::new(Code::DocumentValue, format!("{}: {rule}", quoted(text))))
}

fn is_time(text: &str) -> bool {
    let is_form = text.len() == 20
        && text.bytes().zip(b"0000-00-00T00:00:00Z").all(|(byte, form)| match form {
            b'0' => byte.is_ascii_digit(),
            _ => byte == *form,
        });
    let number =
        |start: usize, end: usize| text.get(start..end).and_then(|text| text.parse::<u32>().ok()).unwrap_or(99);
    let (year, month, day) = (number(0, 4), number(5, 7), number(8, 10));
    let days = match month {
        2 if year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    };
    is_form
        && (1..=12).contains(&month)
        && (1..=days).contains(&day)
        && number(11, 13) < 24
        && number(14, 16) < 60
        && number(17, 19) < 60
}
