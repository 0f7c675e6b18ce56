//! The vectors, found on disk by folder.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::{Map, Value, json};

/// The folders of `vectors`.
pub const AREAS: [&str; 11] =
    ["version", "path", "catalog", "plan", "manifest", "verify", "check", "waybill", "delta", "objects", "report"];

/// Those that the device client knows.
const DEVICE_AREAS: [&str; 4] = ["version", "path", "verify", "waybill"];

/// `tests/vectors`.
#[must_use]
pub fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("vectors")
}

/// The files of one area, sorted.
///
/// # Panics
///
/// When the area has no folder.
#[must_use]
pub fn files(area: &str) -> Vec<PathBuf> {
    let folder = folder().join(area);
    let mut files: Vec<PathBuf> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    files
}

/// The cases of one file, as they are written.
///
/// # Panics
///
/// If a file is not a list of objects.
#[must_use]
pub fn objects(file: &Path) -> Vec<Map<String, Value>> {
    serde_json::from_slice(&fs::read(file).unwrap()).unwrap_or_else(|error| panic!("{}: {error}", file.display()))
}

/// One input, and what it is to give.
#[derive(Clone, Debug)]
pub struct Case {
    /// A folder of `vectors`.
    pub area: &'static str,
    /// The case's own, with what holds it.
    pub name: String,
    /// What the area's row in `vectors/README.md` says.
    pub input: Value,
    /// `{"ok": value}` or `{"code": text}`.
    pub expected: Value,
    /// Whether the device client has an answer to it.
    pub for_devices: bool,
}

impl Case {
    /// What differs from the expectation; nothing when it is met.
    #[must_use]
    pub fn difference(&self, given: &Value) -> Option<String> {
        let Self { name, expected, .. } = self;
        (given != expected).then(|| format!("{name}\n  expected {expected}\n  given    {given}"))
    }
}

/// All cases of one area.
///
/// # Panics
///
/// On a file that does not hold to `vectors/README.md`.
pub fn cases(area: &'static str) -> impl Iterator<Item = Case> {
    files(area).into_iter().flat_map(move |file| {
        let stem = file.file_stem().unwrap().to_str().unwrap().to_owned();
        objects(&file).into_iter().map(move |mut case| {
            let name = format!("{area}/{stem} {}", case["name"].as_str().unwrap());
            let expected = match (case.remove("ok"), case.remove("code")) {
                (Some(value), None) => json!({"ok": value}),
                (None, Some(code)) => json!({"code": code}),
                _ => panic!("{name}: has ok or code"),
            };
            let for_devices = DEVICE_AREAS.contains(&area) && case.get("device") != Some(&json!(false));
            Case { area, name, input: case["input"].take(), expected, for_devices }
        })
    })
}
