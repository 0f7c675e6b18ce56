//! Devices in the field read formats 1 and 2 of the manifest: these are what they were before there were patches, and
//! patches that are there change nothing in them (rules M1, M4 and X3).

use std::collections::{BTreeMap, BTreeSet};

use airwaybill::{Sha1Digest, Sha256Hasher};
use airwaybill_tests::generated;
use airwaybill_tests::vectors::{Case, cases};
use serde_json::{Value, json};

/// SHA-256 of the documents that the build before format 3, `e7b63b4`, gave for the generated cases: to be taken from that
/// build again if these change.
const BEFORE: &str = "cee90f96680cea6b8bb40bdcc365d70ff226e9c2be5824d954c3c70616de27cd";

/// The generated cases that are run with patches, which takes longer.
const SOME: usize = generated::COUNT / 10;

#[test]
fn documents_are_as_before_there_were_patches() {
    let mut documents = Sha256Hasher::default();
    for case in generated::cases().filter(|case| case.expected.get("ok").is_some()) {
        documents.update(case.expected.to_string().as_bytes());
    }
    assert_eq!(documents.finish().to_string(), BEFORE);
}

#[test]
fn patches_that_are_there_change_nothing_in_them() {
    let rendered = cases("manifest").filter(|case| case.input["render"].is_object());
    let (mut compared, mut patched) = (0, 0);
    for mut case in rendered.chain(generated::cases().take(SOME)) {
        if case.input["render"]["format"] == 3 {
            continue;
        }
        case.input["patches"] = all_patches(&case.input);
        assert_eq!(answer(&case), case.expected, "{}", case.name);
        compared += 1;
        case.input["render"]["format"] = json!(3);
        patched += usize::from(answer(&case).to_string().contains(r#"\"patch\""#));
    }
    // The test has something to find.
    assert!(compared > SOME && patched > compared / 2, "{patched} of {compared}");
}

fn answer(case: &Case) -> Value {
    serde_json::from_str(&airwaybill_tests::answer(case.area.as_bytes(), case.input.to_string().as_bytes())).unwrap()
}

/// Of one byte each: to every file, from nothing and from every other at its path, and likewise to every image.
fn all_patches(input: &Value) -> Value {
    let mut places: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for entry in input["listing"].as_array().unwrap() {
        if let (Some(path), Some(sha1)) = (entry["path"].as_str(), entry["sha1"].as_str()) {
            places.entry(path.split_once('/').map_or("", |(_, path)| path)).or_default().insert(sha1);
        }
    }
    let names = places.values().flat_map(|digests| {
        let bases = || digests.iter().map(|base| format!("{base}-")).chain([String::new()]);
        digests.iter().flat_map(move |made| bases().map(move |base| format!("delta/{base}{made}")))
    });
    let names: BTreeSet<String> = names.collect();
    let patch = |path: &String| json!({"path": path, "size": 1, "sha1": Sha1Digest::of(path.as_bytes())});
    names.iter().map(patch).collect()
}
