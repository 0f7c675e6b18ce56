//! Rules S1, S2 and S5. An input is what the row `objects` in `vectors/README.md` says.

use std::collections::{BTreeMap, BTreeSet};

use airwaybill::{
    Catalog, Code, DstPaths, FileRecord, Manifest, ManifestKey, ManifestOptions, Object, ObjectKind, PlanRequest,
};

use super::encoded;
use crate::Input;
use crate::objects::options;
use crate::vectors::cases;

const BASE_URL: &str = "http://h/p";

pub(super) fn seeds() -> Vec<Vec<u8>> {
    let inputs = ["objects", "plan"].into_iter().flat_map(cases).map(|case| case.input);
    inputs.map(|input| input.to_string().into()).collect()
}

pub(super) fn check(data: &[u8]) {
    if let Ok(text) = str::from_utf8(data) {
        check_key(text);
    }
    let Ok(mut input) = serde_json::from_slice::<Input>(data) else { return };
    let Ok(patches) = input.patches() else { return };
    let (Ok(catalog), Ok(options)) = (input.catalog(), options(&mut input)) else { return };
    let catalog = catalog.with_patches(&patches);
    let objects = match catalog.objects(&options) {
        Ok(objects) => objects,
        Err(error) => {
            let is_unsafe = error.code() == Code::KeyUnsafe;
            assert_eq!(is_unsafe, catalog.object_counts(&options).is_ok());
            return;
        }
    };
    let mut counts = BTreeMap::new();
    for object in &objects {
        *counts.entry(object.kind).or_default() += 1;
    }
    let counted = catalog.object_counts(&options).unwrap();
    assert_eq!(counts, counted.into_iter().filter(|(_, count)| *count > 0).collect());

    let keys: BTreeSet<&str> = objects.iter().map(|object| object.key.as_str()).collect();
    assert!(objects.is_sorted_by_key(|object| &object.key));
    let given = [&patches, &options.documents];
    let is_plain =
        given.iter().all(|files| files.iter().map(|file| &file.path).collect::<BTreeSet<_>>().len() == files.len());
    assert!(!is_plain || keys.len() == objects.len());
    let urls: BTreeSet<String> = keys.iter().map(|key| format!("{BASE_URL}/{}", encoded(key))).collect();
    for object in &objects {
        check_object(&catalog, object, given, &urls);
    }
}

fn check_object(catalog: &Catalog, object: &Object, given: [&Vec<FileRecord>; 2], urls: &BTreeSet<String>) {
    let Object { key, kind, content, .. } = object;
    assert!(!key.contains('\\'));
    let made = catalog.object_json(key, BASE_URL, DstPaths::default()).unwrap();
    assert_eq!(made.is_some(), content.is_none());
    match kind {
        ObjectKind::File | ObjectKind::Document => {
            let found = catalog.find(key).into_iter().chain(given.into_iter().flatten().cloned());
            let contents: Vec<_> = found.filter(|file| file.path == *key).map(|file| (file.size, file.sha1)).collect();
            assert!(contents.contains(&content.unwrap()), "{key}");
        }
        ObjectKind::Manifest => {
            check_key(key);
            let ManifestKey { format, current, firmware_version } = ManifestKey::parse(key).unwrap().unwrap();
            let request = PlanRequest { current, firmware_version, ..PlanRequest::default() };
            let options = ManifestOptions { format, ..ManifestOptions::new(BASE_URL) };
            assert_eq!(made, Some(catalog.manifest_json(&request, &options).unwrap()));
            if made.as_deref() != Some("null") {
                check_urls(&made.unwrap(), urls);
            }
        }
        ObjectKind::Head => {}
    }
}

/// What a manifest names is published with it.
fn check_urls(document: &str, urls: &BTreeSet<String>) {
    let manifest = Manifest::parse(document.as_bytes()).unwrap();
    let entries = manifest.new_files().iter().chain(manifest.update()).chain(manifest.keep());
    let files = entries.map(|entry| (&entry.url, &entry.patch));
    for (url, patch) in files.chain(manifest.firmware().map(|image| (&image.url, &image.patch))) {
        assert!(urls.contains(url), "{url}");
        assert!(patch.as_ref().is_none_or(|patch| urls.contains(&patch.url)), "{patch:?}");
    }
}

/// A key is written in one way.
fn check_key(text: &str) {
    if let Ok(Some(key)) = ManifestKey::parse(text) {
        assert_eq!(key.to_string(), text);
    }
}
