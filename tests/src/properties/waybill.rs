//! Rules T1 to T4. An input is a document, or the file of a signature.

use std::sync::LazyLock;

use airwaybill::{DocumentFile, Keys, Signature, VerifyRequest, Waybill, verify_signed};
use serde_json::Value;

use crate::vectors::{Case, cases};

pub(super) fn seeds() -> Vec<Vec<u8>> {
    let document = |case: Case| {
        let input = case.input.as_object()?.values().next()?;
        Some(input.as_str().or_else(|| input["document"].as_str())?.as_bytes().to_owned())
    };
    cases("waybill").filter_map(document).collect()
}

pub(super) fn check(data: &[u8]) {
    let rendered = [
        Waybill::parse(data).map(|waybill| waybill.render()),
        Keys::parse(data).map(|keys| keys.render()),
        Signature::parse(data).map(|signature| signature.render()),
    ];
    for text in rendered.into_iter().flatten() {
        assert_eq!(text.as_bytes(), data);
    }
    let Signed { document, signature, .. } = &*SIGNED;
    assert_eq!(SIGNED.counts(data, signature), data == document, "another document");
    assert_eq!(SIGNED.counts(document, data), data == signature, "another signature");
}

/// A vector that counts.
struct Signed {
    document: Vec<u8>,
    signature: Vec<u8>,
    keys: Keys,
    request: VerifyRequest,
}

static SIGNED: LazyLock<Signed> = LazyLock::new(|| {
    let case = cases("waybill").find(|case| case.name.ends_with(" signed")).unwrap();
    let bytes = |value: &Value| value.as_str().unwrap().as_bytes().to_owned();
    let input = &case.input["verify"];
    Signed {
        document: bytes(&input["document"]),
        signature: bytes(&input["signatures"][0]["content"]),
        keys: Keys::parse(&bytes(&input["keys"])).unwrap(),
        request: VerifyRequest { name: input["name"].as_str().unwrap().to_owned(), now: None },
    }
});

impl Signed {
    fn counts(&self, document: &[u8], signature: &[u8]) -> bool {
        let files = [DocumentFile { name: "1.0.1.waybill.sig", content: signature }];
        verify_signed(document, &files, &self.keys, &self.request).unwrap().is_ok()
    }
}
