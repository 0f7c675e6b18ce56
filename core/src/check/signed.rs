//! What devices with the keys that are there would refuse.

use super::{CheckRequest, Finding, Level};
use crate::catalog::Catalog;
use crate::error::{Code, Error, quoted};
use crate::notice::Notice;
use crate::waybill::{DocumentFile, Documents, Keys, VerifyRequest, verify_signed};

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
        Ok(keys) => keys,
        Err(error) if error.code() == Code::KeysMissing => return Ok(()),
        Err(error) => {
            let advice = "devices refuse these keys; airwaybill keys rotate makes new ones";
            findings.push(Finding::new((Level::Error, error.code()), "keys", &error.to_string(), advice));
            return Ok(());
        }
    };
    let documents = Documents::new(&files);
    let image = catalog.firmware().last().map(|image| image.path.as_str());
    for name in target.into_iter().chain(image) {
        let request = VerifyRequest { name: format!("{name}.waybill"), now: request.now.clone() };
        let Some(waybill) = documents.get(&request.name) else {
            let message = format!("there is no {}: devices with keys refuse it", quoted(&request.name));
            findings.push(Finding::new((Level::Warning, Code::Unsigned), name, &message, "sign it: airwaybill sign"));
            continue;
        };
        let verdict = verify_signed(waybill.content, &documents.signatures_of(waybill.name), &keys, &request)?;
        let mut tell = |level, path: &str, Notice { code, message, .. }: &Notice| {
            findings.push(Finding::new((level, *code), path, message, SIGN_AGAIN));
        };
        verdict.reasons.iter().for_each(|reason| tell(Level::Error, name, reason));
        verdict.skipped.iter().for_each(|skipped| tell(Level::Warning, &skipped.path, skipped));
    }
    Ok(())
}
