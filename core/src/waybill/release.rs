//! Waybills of the releases and images of a catalog, and whether these are still what was signed.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::keys::Keys;
use super::verdict::{DocumentFile, Verdict, VerifyRequest, signatures_of, verify_signed};
use super::{ENDING, SignedFile, Waybill, WaybillKind, check_product, check_time};
use crate::catalog::Catalog;
use crate::error::{Code, Error, quoted};
use crate::listing::FileRecord;
use crate::notice::Notice;
use crate::path::DevicePath;
use crate::version::{Version, VersionScheme};

/// What a waybill is made of, and what it says beside that.
#[derive(Clone, Debug, Default, Deserialize)]
#[cfg_attr(feature = "wasm", derive(tsify::Tsify))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct WaybillRequest {
    /// A release, `1.0.1`, or an image, `firmware_1.0.1.bin`.
    pub name: String,
    /// Which devices it is for.
    pub product: String,
    /// Without it, the one that the waybill has already, or one more than the highest of the product's (rule T5).
    #[cfg_attr(feature = "wasm", tsify(optional, type = "number | null | undefined"))]
    pub sequence: Option<u32>,
    /// From this time on it does not count, `2027-11-27T00:00:00Z`, or `-`. Without it, as the waybill has it already.
    #[cfg_attr(feature = "wasm", tsify(optional, type = "string | null | undefined"))]
    pub expires: Option<String>,
    /// The firmware that a release is made for, or `-`. Without it, as the waybill has it already.
    #[cfg_attr(feature = "wasm", tsify(optional, type = "string | null | undefined"))]
    #[serde(alias = "needs_firmware")]
    pub needs_firmware: Option<String>,
}

/// A release or an image, and whether devices take it (rule T4).
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "wasm", derive(tsify::Tsify), tsify(missing_as_null))]
pub struct Signed {
    /// `1.0.1` or `firmware_1.0.1.bin`.
    pub path: String,
    /// Of its waybill, if that can be read.
    pub sequence: Option<u32>,
    /// From this time on its waybill does not count.
    pub expires: Option<String>,
    /// Who signed it, and why it does not count; what differs from the files that are there is in it too.
    pub verdict: Verdict,
    /// The first reason, for [`CatalogOptions::unsigned`](crate::CatalogOptions): why it is not offered where only what counts is.
    pub held_back: Option<Notice>,
}

impl Signed {
    fn new(path: &str, waybill: Option<&Waybill>, verdict: Verdict) -> Self {
        let held_back = verdict.reasons.first().map(|first| Notice { path: path.to_owned(), ..first.clone() });
        let sequence = waybill.map(|waybill| waybill.sequence);
        Self {
            path: path.to_owned(),
            sequence,
            expires: waybill.and_then(|waybill| waybill.expires.clone()),
            verdict,
            held_back,
        }
    }
}

impl Catalog {
    /// The waybill of a release or an image that is offered, to be signed.
    ///
    /// `documents` are the waybills that are there, `files` those of the listing, with SHA-256.
    ///
    /// ```
    /// use airwaybill::{Catalog, CatalogOptions, FileRecord, Sha256Digest, WaybillRequest};
    ///
    /// let sha256 = Some(Sha256Digest::of(b"print()"));
    /// let file = FileRecord { sha256, ..FileRecord::of("1.0.1/flash/main.py", b"print()") };
    /// let catalog = Catalog::from_listing(&[file.clone().into()], &CatalogOptions::default())?;
    /// let request = WaybillRequest { name: "1.0.1".into(), product: "smart-meter".into(), ..WaybillRequest::default() };
    /// let waybill = catalog.waybill(&request, &[], &[file])?;
    /// assert_eq!((waybill.sequence, waybill.files[0].path.as_str()), (1, "flash/main.py"));
    /// # Ok::<(), airwaybill::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// Those of [`Catalog::release`]; [`Code::FieldMissing`] if a file has no SHA-256; [`Code::DocumentValue`] for a product,
    /// a time or a sequence that breaks its rule, [`Code::DocumentTooLong`]; those of [`Waybill::parse`] for a document
    /// that is there.
    pub fn waybill(
        &self,
        request: &WaybillRequest,
        documents: &[DocumentFile<'_>],
        files: &[FileRecord],
    ) -> Result<Waybill, Error> {
        check_product(&request.product)?;
        let contents = self.contents(&request.name, &Records::new(files))?;
        let mut others = waybills(documents).collect::<Result<Vec<_>, Error>>()?;
        others.retain(|(_, waybill)| waybill.product == request.product);
        let before = find(&request.name, &others);
        let highest = others.iter().map(|(_, waybill)| waybill.sequence).max().unwrap_or_default();
        let expires = match request.expires.as_deref() {
            None => before.and_then(|before| before.expires.clone()),
            Some("-") => None,
            Some(time) => check_time(time).map(|()| Some(time.to_owned()))?,
        };
        let needs_firmware = match request.needs_firmware.as_deref() {
            None => before.and_then(|before| before.needs_firmware.clone()),
            Some("-") => None,
            Some(version) => Some(Version::parse(version, VersionScheme::Loose)?),
        };
        let sequence = request.sequence.or(before.map(|before| before.sequence));
        let sequence = sequence.unwrap_or(highest.saturating_add(1));
        let waybill = Waybill { product: request.product.clone(), sequence, expires, needs_firmware, ..contents };
        // It is written, so that what breaks a rule is an error.
        let waybill = Waybill::parse(waybill.render().as_bytes())?;
        self.check_rises(&request.name, &waybill, &others)?;
        Ok(waybill)
    }

    /// Of each release and image that is offered, whether devices that have `keys` take it, at the time `now` (`2026-11-27T00:00:00Z`;
    /// without it nothing expires).
    ///
    /// `documents` are all waybills and signatures that are there, `files` those of the listing, with SHA-256.
    ///
    /// # Errors
    ///
    /// [`Code::FieldMissing`] if a file has no SHA-256, [`Code::DocumentValue`] if `now` is no time.
    pub fn signed(
        &self,
        keys: &Keys,
        now: Option<&str>,
        documents: &[DocumentFile<'_>],
        files: &[FileRecord],
    ) -> Result<Vec<Signed>, Error> {
        let records = Records::new(files);
        let waybills: Vec<NamedWaybill<'_>> = waybills(documents).filter_map(Result::ok).collect();
        let releases = self.releases().iter().map(|release| release.version().as_str());
        let images = self.firmware().iter().map(|image| image.path.as_str());
        releases
            .chain(images)
            .map(|name| {
                let found = self.contents(name, &records)?;
                let request = VerifyRequest { name: found.file_name(), now: now.map(str::to_owned) };
                let mut verdict = verdict_of(name, &request, keys, documents)?;
                let waybill = find(name, &waybills);
                if let Some(waybill) = waybill {
                    verdict.reasons.extend(self.compare(name, &found, waybill, &waybills));
                }
                Ok(Signed::new(name, waybill, verdict))
            })
            .collect()
    }

    /// A waybill that lists what a release or an image has now; nothing else in it is set.
    fn contents(&self, name: &str, records: &Records<'_>) -> Result<Waybill, Error> {
        let empty = |kind, version| Waybill {
            product: String::new(),
            kind,
            version,
            sequence: 0,
            expires: None,
            needs_firmware: None,
            files: Vec::new(),
            keep: Vec::new(),
        };
        if let Some(image) = self.firmware().iter().find(|image| image.path == name) {
            let files = vec![records.signed(name, DevicePath::new(name)?)?];
            return Ok(Waybill { files, ..empty(WaybillKind::Firmware, image.version.clone()) });
        }
        let release = self.release(name)?;
        let mut waybill = empty(WaybillKind::Release, release.version().clone());
        for file in release.files() {
            // C2
            if self.protect.matches(file.path.as_str()) {
                continue;
            }
            let signed = records.signed(&format!("{name}/{}", file.path), file.path.clone())?;
            let section = if self.keep.matches(file.path.as_str()) { &mut waybill.keep } else { &mut waybill.files };
            section.push(signed);
        }
        Ok(waybill)
    }

    /// What else keeps a waybill from counting: the files that are there, and the sequences of others.
    fn compare(&self, name: &str, found: &Waybill, waybill: &Waybill, others: &[NamedWaybill<'_>]) -> Vec<Notice> {
        let mut reasons = differences(name, waybill, found);
        if let Err(error) = self.check_rises(name, waybill, others) {
            reasons.push(Notice::from_error(name, &error));
        }
        reasons
    }

    // T5
    fn check_rises(&self, name: &str, waybill: &Waybill, others: &[NamedWaybill<'_>]) -> Result<(), Error> {
        let names: Vec<&str> = match waybill.kind {
            WaybillKind::Release => self.releases().iter().map(|release| release.version().as_str()).collect(),
            WaybillKind::Firmware => self.firmware().iter().map(|image| image.path.as_str()).collect(),
        };
        let own = names.iter().position(|other| *other == name);
        for (index, other) in names.iter().enumerate().filter(|(_, other)| **other != name) {
            let Some(other) = find(other, others) else { continue };
            let (is_lower, is_right) = if Some(index) < own {
                ("lower", other.sequence < waybill.sequence)
            } else {
                ("higher", other.sequence > waybill.sequence)
            };
            if other.product == waybill.product && !is_right {
                let (sequence, version, theirs) = (waybill.sequence, &other.version, other.sequence);
                let rule = "numbers rise with versions: sign again with another --sequence, or withdraw a release";
                let message = format!("sequence {sequence}: {version}, which is {is_lower}, has {theirs}; {rule}");
                return Err(Error::new(Code::SequenceOrder, message));
            }
        }
        Ok(())
    }
}

fn verdict_of(
    name: &str,
    request: &VerifyRequest,
    keys: &Keys,
    documents: &[DocumentFile<'_>],
) -> Result<Verdict, Error> {
    let Some(document) = documents.iter().find(|document| document.name == request.name) else {
        let reason = Notice::new(name, Code::Unsigned, format!("there is no {}: sign it", quoted(&request.name)));
        return Ok(Verdict { reasons: vec![reason], signers: Vec::new(), skipped: Vec::new() });
    };
    verify_signed(document.content, &signatures_of(&request.name, documents), keys, request)
}

/// What was signed and is not there, is there and was not signed, or is another file than what was signed.
fn differences(name: &str, signed: &Waybill, found: &Waybill) -> Vec<Notice> {
    let mut differences = Vec::new();
    for (signed, found) in [(&signed.files, &found.files), (&signed.keep, &found.keep)] {
        let lacks = |files: &[SignedFile], path| files.binary_search_by(|file| file.path.cmp(path)).is_err();
        let mut differ = |path: &DevicePath, what: &str| {
            // The path of an image is its name.
            let shown = if path.as_str() == name { name.to_owned() } else { format!("{name}/{path}") };
            let message = format!("{}: {what}; sign the release again if that is meant", quoted(&shown));
            differences.push(Notice::new(&shown, Code::SignedMismatch, message));
        };
        for file in signed {
            match found.binary_search_by(|other| other.path.cmp(&file.path)).ok().and_then(|at| found.get(at)) {
                None => differ(&file.path, "it was signed and is not there"),
                Some(other) if other != file => differ(&file.path, "it changed since it was signed"),
                Some(_) => {}
            }
        }
        for file in found.iter().filter(|file| lacks(signed, &file.path)) {
            differ(&file.path, "it was not signed");
        }
    }
    differences
}

/// A waybill that is there, and what it is of: `1.0.1`, `firmware_1.0.1.bin`.
type NamedWaybill<'a> = (&'a str, Waybill);

/// The waybills among the documents, each read once.
fn waybills<'a>(documents: &[DocumentFile<'a>]) -> impl Iterator<Item = Result<NamedWaybill<'a>, Error>> {
    let own = |document: &DocumentFile<'a>| {
        let name = document.name.strip_suffix(ENDING).filter(|name| !name.contains('/'))?;
        let waybill = Waybill::parse(document.content).map_err(|error| error.at(document.name));
        Some(waybill.map(|waybill| (name, waybill)))
    };
    documents.iter().filter_map(own)
}

fn find<'w>(name: &str, waybills: &'w [NamedWaybill<'_>]) -> Option<&'w Waybill> {
    waybills.iter().find(|(of, _)| *of == name).map(|(_, waybill)| waybill)
}

/// Files of a listing, by path.
struct Records<'a>(BTreeMap<&'a str, &'a FileRecord>);

impl<'a> Records<'a> {
    fn new(files: &'a [FileRecord]) -> Self {
        let mut records = BTreeMap::new();
        records.extend(files.iter().map(|record| (record.path.as_str(), record)));
        Self(records)
    }

    /// The file at `path`, as a waybill lists it.
    fn signed(&self, path: &str, device_path: DevicePath) -> Result<SignedFile, Error> {
        let found = self.0.get(path).and_then(|record| Some((record.size, record.sha256?)));
        let (size, sha256) = found.ok_or_else(|| {
            let rule = "its SHA-256 is needed; list the directory with it";
            Error::new(Code::FieldMissing, format!("{}: {rule}", quoted(path)))
        })?;
        Ok(SignedFile { path: device_path, size, sha256 })
    }
}
