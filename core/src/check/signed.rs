//! What devices with the keys that are there would refuse.

use super::{CheckRequest, Finding, Level};
use crate::catalog::Catalog;
use crate::error::{Code, Error, quoted};
use crate::notice::Notice;
use crate::version::without_v;
use crate::waybill::{DocumentFile, Documents, Keys, Signature, VerifyRequest, Waybill, verify_signed};

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
            let advice = "bring the file back as it was signed";
            findings.push(Finding::new((Level::Error, error.code()), "keys", &error.to_string(), advice));
            return Ok(());
        }
    };
    let documents = Documents::of(&files);
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
        let parsed = Waybill::parse(waybill.content);
        if let Some(keys) = &keys {
            let verdict = verify_signed(waybill.content, &signatures, keys, &request)?;
            for Notice { code, message, .. } in &verdict.reasons {
                tell(findings, Level::Error, name, *code, message);
            }
            for Notice { path, code, message } in &verdict.skipped {
                tell(findings, Level::Warning, path, *code, message);
            }
        } else {
            if let Err(error) = &parsed {
                tell(findings, Level::Warning, name, error.code(), &error.to_string());
            }
            for file in signatures {
                if let Err(error) = Signature::parse(file.content) {
                    tell(findings, Level::Warning, file.name, error.code(), &error.to_string());
                }
            }
        }
        // V5; without an image devices may run it already.
        if let (Ok(Waybill { needs_firmware: Some(needs), .. }), Some(image)) = (parsed, image)
            && without_v(image.version.as_str()) != without_v(needs.as_str())
        {
            let message = format!("it needs firmware {needs}; devices get {}", quoted(&image.path));
            tell(findings, Level::Error, name, Code::FirmwareNeeded, &message);
        }
    }
    Ok(())
}

fn tell(findings: &mut Vec<Finding>, level: Level, path: &str, code: Code, message: &str) {
    findings.push(Finding::new((level, code), path, message, SIGN_AGAIN));
}
