//! Rule C3. An input is the bytes of a path.

use airwaybill::{
    Catalog, CatalogOptions, DevicePath, Entry, FileRecord, Filter, Manifest, ManifestOptions, PlanRequest, Sha1Digest,
    verify_content,
};

use crate::path_bytes;
use crate::vectors::cases;

pub(super) fn seeds() -> Vec<Vec<u8>> {
    cases("path").filter_map(|case| path_bytes(&case.input).ok()).collect()
}

pub(super) fn check(data: &[u8]) {
    let outcome = DevicePath::from_bytes(data);
    assert_eq!(outcome.as_ref().err().map(|error| error.code().as_str()), fault(data));
    let Ok(text) = str::from_utf8(data) else { return };
    assert_eq!(DevicePath::new(text), outcome);
    if let Ok(path) = &outcome {
        assert_eq!(path.as_str(), text);
    }
    check_in_a_release(text, outcome.as_ref().err());
}

/// The first clause that is broken.
fn fault(path: &[u8]) -> Option<&'static str> {
    let Ok(path) = str::from_utf8(path) else { return Some("path_utf8") };
    let in_segment = |segment: &str| match segment {
        "" | "." | ".." => Some("path_segment"),
        _ => (segment.len() > 255).then_some("path_segment_too_long"),
    };
    match path {
        "" => Some("path_empty"),
        _ if path.len() > 4096 => Some("path_too_long"),
        _ if path.starts_with('/') => Some("path_absolute"),
        _ if path.contains('\\') => Some("path_backslash"),
        _ if path.chars().any(|c| matches!(c, '\0'..='\x1f' | '\x7f'..='\u{9f}')) => Some("path_control"),
        _ => path.split('/').find_map(in_segment),
    }
}

/// The release of a file at the path is whole when the path is right, else refused for it; its manifest leads there.
fn check_in_a_release(path: &str, fault: Option<&airwaybill::Error>) {
    let record = FileRecord {
        path: format!("1.0.0/{path}"),
        size: 1,
        sha1: Sha1Digest::of(path.as_bytes()),
        mtime: None,
        sha256: None,
    };
    let listing = [Entry::File(record.clone())];
    // C6 and C6b judge names, not paths.
    let options = CatalogOptions { include: vec!["*".to_owned()], ..CatalogOptions::default() };
    if !Filter::new(&options).unwrap().reads(&record.path) {
        return;
    }
    let catalog = Catalog::from_listing(&listing, &options).unwrap();
    let Some(fault) = fault else {
        assert_eq!(catalog.find(&record.path).as_ref(), Some(&record));
        let document = catalog.manifest_json(&PlanRequest::default(), &ManifestOptions::new("http://h")).unwrap();
        let manifest = Manifest::parse(document.as_bytes()).unwrap();
        assert_eq!(manifest.new_files()[0].dst_path.path.as_str(), path);
        return assert!(verify_content(&manifest, [&record]).is_ok());
    };
    assert!(catalog.releases().is_empty() && catalog.find(&record.path).is_none());
    assert_eq!(catalog.ignored()[0].code, fault.code());
}
