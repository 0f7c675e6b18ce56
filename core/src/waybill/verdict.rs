use serde::Serialize;

use super::documents::{DocumentFile, MAX_SIGNATURES};
use super::keys::Keys;
use super::signature::{PublicKey, Signature};
use super::{ENDING, Waybill, WaybillKind, check_time};
use crate::error::{Code, Error, quoted};
use crate::notice::Notice;

/// What is known beside a waybill.
#[derive(Clone, Debug)]
pub struct VerifyRequest {
    /// The name of its file: `1.0.1.waybill`, `firmware_1.0.1.bin.waybill`.
    pub name: String,
    /// The time, `2026-11-27T00:00:00Z`; without it a waybill does not expire.
    pub now: Option<String>,
}

/// Whether a waybill counts (rule T4).
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "wasm", derive(tsify::Tsify))]
pub struct Verdict {
    /// Why it does not count; nothing if it does.
    pub reasons: Vec<Notice>,
    /// The release keys that signed it.
    #[cfg_attr(feature = "wasm", tsify(type = "string[]"))]
    pub signers: Vec<PublicKey>,
    /// Signatures that do not count, and why.
    pub skipped: Vec<Notice>,
}

impl Verdict {
    /// Whether devices with these keys take it.
    #[must_use]
    pub fn is_ok(&self) -> bool {
        self.reasons.is_empty()
    }
}

/// Whether the document counts for devices that have `keys`: enough of the release keys signed it, it is for their
/// product and what its name says, not below the floor, and not expired (rule T4).
///
/// ```
/// use airwaybill::{Code, Keys, VerifyRequest, verify_signed};
///
/// let key = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAINdamAGCsQq31Uv+08lkBzoO4XLz2qYjJa8CGmj3B1Ea";
/// let keys = format!(
///     "airwaybill 1\nproduct smart-meter\nkeys 1\nthreshold root 1\nthreshold release 1\nfloor release 0\nfloor firmware 0\n\
///     root {key}\nrelease {key}\n"
/// );
/// let waybill = "airwaybill 1\nproduct smart-meter\nrelease 1.0.1\nsequence 17\nexpires -\nneeds-firmware -\nfiles 1\n\
///     e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855 0 flash/main.py\n";
/// let request = VerifyRequest { name: "1.0.1.waybill".into(), now: None };
/// let verdict = verify_signed(waybill.as_bytes(), &[], &Keys::parse(keys.as_bytes())?, &request)?;
/// assert_eq!(verdict.reasons[0].code, Code::Unsigned);
/// # Ok::<(), airwaybill::Error>(())
/// ```
///
/// # Errors
///
/// [`Code::DocumentValue`] if `now` is no time.
pub fn verify_signed(
    document: &[u8],
    signatures: &[DocumentFile<'_>],
    keys: &Keys,
    request: &VerifyRequest,
) -> Result<Verdict, Error> {
    if let Some(now) = &request.now {
        check_time(now)?;
    }
    let Signers { keys: signers, skipped } = signers(document, signatures, &keys.release.keys);
    let mut reasons = Vec::new();
    let mut refuse = |code, message: String| reasons.push(Notice::new(&request.name, code, message));
    if signers.len() < keys.release.needed() {
        let rule = format!("{} of the {} release keys needed signed it", signers.len(), keys.release.threshold);
        refuse(Code::Unsigned, rule);
    }
    if let Ok(waybill) = Waybill::parse(document).map_err(|error| refuse(error.code(), error.to_string())) {
        if waybill.product != keys.product {
            let rule = format!("it is for {}, the keys are for {}", quoted(&waybill.product), quoted(&keys.product));
            refuse(Code::SignedMismatch, rule);
        }
        let name = waybill.file_name();
        if name != request.name {
            refuse(Code::SignedMismatch, format!("it is that of {}", quoted(&name)));
        }
        let floor = keys.floor(waybill.kind);
        if waybill.sequence < floor {
            refuse(
                Code::SequenceLow,
                format!(
                    "sequence {}: below the floor, {floor}; sign it again with a higher --sequence",
                    waybill.sequence
                ),
            );
        }
        if let (Some(expires), Some(now)) = (&waybill.expires, &request.now)
            && now >= expires
        {
            refuse(Code::Expired, format!("it expired at {expires}; sign it again"));
        }
    }
    Ok(Verdict { reasons, signers: signers.into_iter().cloned().collect(), skipped })
}

impl Waybill {
    /// The name of its file: `1.0.1.waybill`, `firmware_1.0.1.bin.waybill`.
    #[must_use]
    pub fn file_name(&self) -> String {
        match (self.kind, self.files.first()) {
            (WaybillKind::Firmware, Some(image)) => format!("{}{ENDING}", image.path),
            _ => format!("{}{ENDING}", self.version),
        }
    }
}

pub(super) struct Signers<'k> {
    /// Each once.
    pub(super) keys: Vec<&'k PublicKey>,
    pub(super) skipped: Vec<Notice>,
}

/// Those of `keys` that signed the document.
pub(super) fn signers<'k>(document: &[u8], signatures: &[DocumentFile<'_>], keys: &'k [PublicKey]) -> Signers<'k> {
    let mut signers = Signers { keys: Vec::new(), skipped: Vec::new() };
    let mut tried = Vec::new();
    for file in signatures.iter().take(MAX_SIGNATURES) {
        match signer(document, file, keys, &mut tried) {
            Ok(key) => signers.keys.push(key),
            Err(error) => signers.skipped.push(Notice::from_error(file.name, &error)),
        }
    }
    let more = signatures.iter().skip(MAX_SIGNATURES);
    let rule = format!("only the first {MAX_SIGNATURES} signatures are read");
    signers.skipped.extend(more.map(|file| Notice::new(file.name, Code::SignaturesTooMany, rule.clone())));
    signers
}

fn signer<'k>(
    document: &[u8],
    file: &DocumentFile<'_>,
    keys: &'k [PublicKey],
    tried: &mut Vec<&'k PublicKey>,
) -> Result<&'k PublicKey, Error> {
    let signature = Signature::parse(file.content)?;
    let key = keys.iter().find(|key| key.bytes() == signature.key().bytes());
    let key = key.ok_or_else(|| Error::new(Code::SignatureUnknown, "none of these keys made it"))?;
    // T8b
    if tried.contains(&key) {
        let rule = "a key's first signature counts";
        return Err(Error::new(Code::SignatureTwice, format!("{}: {rule}", quoted(&key.to_string()))));
    }
    tried.push(key);
    if !signature.verifies(document) {
        return Err(Error::new(
            Code::SignatureWrong,
            format!("not that of {} over this document", quoted(&key.to_string())),
        ));
    }
    Ok(key)
}
