//! Rules M1, M4 and M5. An input is a document.

use airwaybill::{Code, Manifest};
use serde_json::{Map, Value, json};

use crate::vectors::cases;

pub(super) fn seeds() -> Vec<Vec<u8>> {
    let documents = |case: crate::vectors::Case| {
        let parsed = ["parse", "manifest"].map(|key| case.input[key].clone());
        parsed
            .into_iter()
            .chain([case.expected["ok"].clone()])
            .filter_map(|text| Some(text.as_str()?.to_owned().into()))
    };
    ["manifest", "verify"].into_iter().flat_map(cases).flat_map(documents).collect()
}

pub(super) fn check(data: &[u8]) {
    let outcome = Manifest::parse(data);
    let text = outcome.as_ref().ok().map(|manifest| {
        let text = manifest.to_json();
        let again = Manifest::parse(text.as_bytes()).unwrap();
        assert_eq!(&again, manifest);
        assert_eq!(again.to_json(), text);
        check_fields(manifest, &text);
        text
    });
    let code = outcome.err().map(|error| {
        assert!(!error.to_string().contains(char::is_control), "{error}");
        error.code()
    });
    let mut document: Value = match serde_json::from_slice(data) {
        Ok(document) => document,
        // JSON all the same, which a `Value` cannot hold.
        Err(error) if error.to_string().starts_with("number out of range") => return,
        Err(_) => return assert_eq!(code, Some(Code::JsonInvalid)),
    };
    if let Some(text) = text {
        assert_eq!(known_fields(&document), serde_json::from_str::<Value>(&text).unwrap());
    }
    if code == Some(Code::JsonInvalid) {
        // A duplicate key, which a `Value` does not show.
        return;
    }
    rearrange(&mut document);
    assert_eq!(Manifest::parse(document.to_string().as_bytes()).err().map(|error| error.code()), code);
}

fn check_fields(manifest: &Manifest, text: &str) {
    let entries = || manifest.new_files().iter().chain(manifest.update()).chain(manifest.keep());
    let image = manifest.firmware().map(|image| image.size);
    let sizes: Vec<Option<u64>> =
        entries().map(|entry| entry.size).chain(image).chain([manifest.total_size()]).collect();
    // M4
    assert!(manifest.total_size().is_some() || !manifest.is_full(), "{text}");
    assert!(sizes.iter().all(|size| size.is_some() == sizes[0].is_some()), "{text}");
    assert!(sizes.iter().flatten().all(|size| *size < 1 << 53), "{text}");
    let twice = text.replacen('{', r#"{"version": "1","#, 1);
    assert_eq!(Manifest::parse(twice.as_bytes()).unwrap_err().code(), Code::JsonInvalid);
}

/// A document with only the fields that are read.
fn known_fields(document: &Value) -> Value {
    let only = |object: &Value, keys: &[&str]| -> Map<String, Value> {
        let known = keys.iter().filter_map(|key| Some(((*key).to_owned(), object.get(key)?.clone())));
        known.collect()
    };
    let top = ["delete", "firmware", "full", "keep", "new", "previous_version", "total_size", "update", "version"];
    // X3
    let keep_known = |entry: &mut Value, keys: &[&str]| {
        if let Some(patch) = entry.get_mut("patch") {
            *patch = only(patch, keys).into();
        }
    };
    let mut known = only(document, &top);
    // M4: an empty `keep` is none.
    known.retain(|key, value| key != "keep" || value.as_array().is_none_or(|entries| !entries.is_empty()));
    for (key, value) in &mut known {
        match (key.as_str(), value) {
            ("new" | "update" | "keep", Value::Array(entries)) => {
                for entry in entries {
                    *entry = only(entry, &["URL", "dst_path", "hash", "patch", "size"]).into();
                    keep_known(entry, &["URL", "base", "hash", "size"]);
                }
            }
            ("firmware", image) => {
                *image = only(image, &["URL", "hash", "patch", "size"]).into();
                let has_base = image.get("patch").is_some_and(|patch| patch.get("base").is_some());
                let base = if has_base { &["base", "base_size"][..] } else { &[] };
                keep_known(image, &[&["URL", "hash", "size"], base].concat());
            }
            _ => {}
        }
    }
    known.into()
}

/// Reverses the order of each object's fields and adds an unknown one: neither makes a difference.
fn rearrange(value: &mut Value) {
    match value {
        Value::Array(items) => items.iter_mut().for_each(rearrange),
        Value::Object(map) => {
            let mut fields: Vec<(String, Value)> = std::mem::take(map).into_iter().collect();
            for (_, value) in &mut fields {
                rearrange(value);
            }
            map.insert("a field to come".to_owned(), json!([{"size": 1}]));
            map.extend(fields.into_iter().rev());
        }
        _ => {}
    }
}
