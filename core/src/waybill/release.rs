//! Waybills of the releases and images of a catalog, and whether these are still what was signed.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::documents::{DocumentFile, Documents};
use super::keys::Keys;
use super::verdict::{Verdict, VerifyRequest, verify_signed};
use super::{ENDING, SignedFile, Waybill, WaybillKind, check_product, check_time};
use crate::by_name::ByName;
use crate::catalog::{Catalog, Firmware, Release};
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
    /// Without it, the one that the waybill of the same files has already, or one more than the highest of the product's
    /// (rule T5).
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
pub struct SigningStatus {
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

impl SigningStatus {
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
    /// `documents` are the waybills and keys that are there, `files` those of the listing, with SHA-256.
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
        let records = Records::of(files);
        let contents = match self.firmware().iter().find(|image| image.path == request.name) {
            Some(image) => contents_of_image(image, &records)?,
            None => self.contents_of(self.release(&request.name)?, &records)?,
        };
        let mut others = waybills(documents).collect::<Result<Vec<_>, Error>>()?;
        others.retain(|(_, waybill)| waybill.product == request.product);
        let waybills = Waybills::of(&others);
        let before = waybills.waybill(&request.name);
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
        let floor = Keys::newest(None, documents).map_or(0, |keys| keys.floor(contents.kind));
        let names = self.names(contents.kind);
        // T5
        let kept = before.filter(|before| {
            before.needs_firmware == needs_firmware
                && differences(&request.name, before, &contents).is_empty()
                && before.sequence >= floor
                && order_error(&request.name, &names, &waybills, floor).is_none()
        });
        let sequence = request.sequence.or(kept.map(|before| before.sequence));
        let sequence = sequence.unwrap_or_else(|| highest.saturating_add(1).max(floor));
        let waybill = Waybill { product: request.product.clone(), sequence, expires, needs_firmware, ..contents };
        // It is written, so that what breaks a rule is an error.
        let waybill = Waybill::parse(waybill.render().as_bytes())?;
        others.push((&request.name, waybill.clone()));
        order_error(&request.name, &names, &Waybills::of(&others), floor).map_or(Ok(waybill), Err)
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
    ) -> Result<Vec<SigningStatus>, Error> {
        let records = Records::of(files);
        let waybills: Vec<_> = waybills(documents).filter_map(Result::ok).collect();
        let waybills = Waybills::of(&waybills);
        let documents = Documents::of(documents);
        let judge = |name, found: Result<Waybill, Error>, order: Option<Error>| {
            let found = found?;
            let request = VerifyRequest { name: found.file_name(), now: now.map(str::to_owned) };
            let mut verdict = verdict_of(name, &request, keys, &documents)?;
            let waybill = waybills.waybill(name);
            if let Some(waybill) = waybill {
                verdict.reasons.extend(differences(name, waybill, &found));
                verdict.reasons.extend(order.map(|error| Notice::from_error(name, &error)));
            }
            Ok(SigningStatus::new(name, waybill, verdict))
        };
        let orders = |kind| order_errors(&self.names(kind), &waybills, keys.floor(kind));
        let releases = self
            .releases()
            .iter()
            .zip(orders(WaybillKind::Release))
            .map(|(release, order)| judge(release.version().as_str(), self.contents_of(release, &records), order));
        let images = self.firmware().iter().zip(orders(WaybillKind::Firmware));
        let images = images.map(|(image, order)| judge(&image.path, contents_of_image(image, &records), order));
        releases.chain(images).collect()
    }

    /// Those of releases or images, lowest version first.
    fn names(&self, kind: WaybillKind) -> Vec<&str> {
        match kind {
            WaybillKind::Release => self.releases().iter().map(|release| release.version().as_str()).collect(),
            WaybillKind::Firmware => self.firmware().iter().map(|image| image.path.as_str()).collect(),
        }
    }

    /// A waybill that lists what a release has now.
    fn contents_of(&self, release: &Release, records: &Records<'_>) -> Result<Waybill, Error> {
        let name = release.version().as_str();
        let mut waybill = empty(WaybillKind::Release, release.version());
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
}

/// A waybill that lists what an image has now.
fn contents_of_image(image: &Firmware, records: &Records<'_>) -> Result<Waybill, Error> {
    let files = vec![records.signed(&image.path, DevicePath::new(&image.path)?)?];
    Ok(Waybill { files, ..empty(WaybillKind::Firmware, &image.version) })
}

fn empty(kind: WaybillKind, version: &Version) -> Waybill {
    Waybill {
        product: String::new(),
        kind,
        version: version.clone(),
        sequence: 0,
        expires: None,
        needs_firmware: None,
        files: Vec::new(),
        keep: Vec::new(),
    }
}

/// Of each name, lowest version first, that its sequence is not above those of its product before it and below those after
/// it, where that is so (rule T5). Those below the floor no longer count.
fn order_errors(names: &[&str], waybills: &Waybills<'_>, floor: u32) -> Vec<Option<Error>> {
    let mut errors: Vec<Option<Error>> = names.iter().map(|_| None).collect();
    let mut compare = |places: &mut dyn Iterator<Item = usize>, side: &str, is_right: fn(u32, u32) -> bool| {
        // Of each product, where the one so far is that is hardest to be right beside.
        let mut others: BTreeMap<&str, usize> = BTreeMap::new();
        for place in places {
            let at = |place: usize| waybills.waybill(names.get(place)?).filter(|own| own.sequence >= floor);
            let Some(own) = at(place) else { continue };
            let other = others.get(own.product.as_str()).and_then(|place| at(*place));
            match (other, errors.get_mut(place)) {
                (Some(other), Some(error)) if !is_right(other.sequence, own.sequence) => {
                    error.get_or_insert_with(|| out_of_order(own, side, other));
                }
                _ => {
                    others.insert(&own.product, place);
                }
            }
        }
    };
    compare(&mut (0..names.len()), "lower", |other, own| other < own);
    compare(&mut (0..names.len()).rev(), "higher", |other, own| other > own);
    errors
}

/// That of one name.
fn order_error(name: &str, names: &[&str], waybills: &Waybills<'_>, floor: u32) -> Option<Error> {
    let place = names.iter().position(|other| *other == name)?;
    order_errors(names, waybills, floor).into_iter().nth(place)?
}

fn out_of_order(own: &Waybill, side: &str, other: &Waybill) -> Error {
    let (sequence, version, theirs) = (own.sequence, &other.version, other.sequence);
    let rule = "numbers rise with versions: sign again with another --sequence, or withdraw a release";
    Error::new(Code::SequenceOrder, format!("sequence {sequence}: {version}, which is {side}, has {theirs}; {rule}"))
}

fn verdict_of(name: &str, request: &VerifyRequest, keys: &Keys, documents: &Documents<'_>) -> Result<Verdict, Error> {
    let Some(document) = documents.get(&request.name) else {
        let reason = Notice::new(name, Code::Unsigned, format!("there is no {}: sign it", quoted(&request.name)));
        return Ok(Verdict { reasons: vec![reason], signers: Vec::new(), skipped: Vec::new() });
    };
    verify_signed(document.content, &documents.signatures_of(&request.name), keys, request)
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

type Waybills<'a> = ByName<'a, NamedWaybill<'a>>;

impl<'a> Waybills<'a> {
    fn of(found: &'a [NamedWaybill<'a>]) -> Self {
        Self::new(found, |(name, _)| name)
    }

    fn waybill(&self, name: &str) -> Option<&'a Waybill> {
        self.get(name).map(|(_, waybill)| waybill)
    }
}

/// Files of a listing, by path.
type Records<'a> = ByName<'a, FileRecord>;

impl<'a> Records<'a> {
    fn of(files: &'a [FileRecord]) -> Self {
        Self::new(files, |file| &file.path)
    }

    /// The file at `path`, as a waybill lists it.
    fn signed(&self, path: &str, device_path: DevicePath) -> Result<SignedFile, Error> {
        let found = self.get(path).and_then(|record| Some((record.size, record.sha256?)));
        let (size, sha256) = found.ok_or_else(|| {
            let rule = "its SHA-256 is needed; list the directory with it";
            Error::new(Code::FieldMissing, format!("{}: {rule}", quoted(path)))
        })?;
        Ok(SignedFile { path: device_path, size, sha256 })
    }
}
