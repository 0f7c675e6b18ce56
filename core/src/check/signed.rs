//! What devices with the keys that are there would refuse.

use super::{CheckRequest, Finding, Level};
use crate::catalog::{Catalog, Firmware};
use crate::error::{Code, Error, quoted};
use crate::notice::Notice;
use crate::version::{Version, without_v};
use crate::waybill::{DocumentFile, Documents, Keys, VerifyRequest, Waybill, malformed, verify_signed};

const SIGN_AGAIN: &str = "sign it again: airwaybill sign";

pub(super) fn check(
    catalog: &Catalog,
    request: &CheckRequest,
    target: Option<&str>,
    findings: &mut Vec<Finding>,
) -> Result<(), Error> {
    let documents = request.documents.iter().map(|of| DocumentFile { name: &of.name, content: &of.content });
    let files: Vec<DocumentFile<'_>> = documents.collect();
    let keys = match Keys::newest(None, &files) {
        Ok(keys) => Some(keys),
        Err(error) if error.code() == Code::KeysMissing => None,
        Err(error) => {
            let advice = "devices refuse these keys; bring the file back as it was signed";
            findings.push(Finding::new((Level::Error, error.code()), "keys", &error.to_string(), advice));
            return Ok(());
        }
    };
    let documents = Documents::new(&files);
    let image = catalog.firmware().last();
    for name in target.into_iter().chain(image.map(|image| image.path.as_str())) {
        let request = VerifyRequest { name: format!("{name}.waybill"), now: request.now.clone() };
        let Some(waybill) = documents.get(&request.name) else {
            if keys.is_some() {
                let message = format!("there is no {}: devices with keys refuse it", quoted(&request.name));
                let advice = "sign it: airwaybill sign";
                findings.push(Finding::new((Level::Warning, Code::Unsigned), name, &message, advice));
            }
            continue;
        };
        let signatures = documents.signatures_of(waybill.name);
        let mut tell = |level, path: &str, Notice { code, message, .. }: &Notice| {
            findings.push(Finding::new((level, *code), path, message, SIGN_AGAIN));
        };
        let (level, verdict) = match &keys {
            Some(keys) => (Level::Error, verify_signed(waybill.content, &signatures, keys, &request)?),
            None => (Level::Warning, malformed(name, waybill.content, &signatures)),
        };
        verdict.reasons.iter().for_each(|reason| tell(level, name, reason));
        verdict.skipped.iter().for_each(|skipped| tell(Level::Warning, &skipped.path, skipped));
        if let Ok(Waybill { needs_firmware: Some(needs), .. }) = Waybill::parse(waybill.content) {
            findings.extend(other_firmware(name, &needs, image));
        }
    }
    Ok(())
}

/// Whether devices would refuse the release for the firmware that goes out with it.
fn other_firmware(name: &str, needs: &Version, image: Option<&Firmware>) -> Option<Finding> {
    let (level, offered) = match image {
        Some(image) if without_v(image.version.as_str()) == without_v(needs.as_str()) => return None,
        Some(image) => (Level::Error, image.path.as_str()),
        None => (Level::Hint, "no image"),
    };
    let message =
        format!("it needs firmware {needs}, and {offered} goes out with it: a device that runs another refuses it");
    Some(Finding::new((level, Code::FirmwareNeeded), name, &message, SIGN_AGAIN))
}
