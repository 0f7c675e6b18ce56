//! Codes and messages.

use std::collections::BTreeSet;

use airwaybill::{CheckSettings, Code, DevicePath, Error, Manifest, Peek, Version, VersionScheme, deserialize};
use serde_json::{Value, json};

#[test]
fn codes_are_unique_snake_case() {
    let texts: BTreeSet<&str> = Code::ALL.iter().map(|code| code.as_str()).collect();
    assert_eq!(texts.len(), Code::ALL.len());
    assert!(texts.iter().all(|text| text.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_')));
}

#[test]
fn a_message_names_the_value_and_the_rule_on_one_line() {
    let path = |path: &str| DevicePath::new(path).unwrap_err().to_string();
    let version = |text: &str| Version::parse(text, VersionScheme::Semver).unwrap_err().to_string();
    let manifest = |text: &str| Manifest::parse(text.as_bytes()).unwrap_err().to_string();
    let settings = |value: Value| deserialize::<CheckSettings, _>(value, "").unwrap_err().to_string();
    for (message, expected) in [
        (path("a//b"), r#""a//b": a path must not have a "" segment"#),
        (path("a\nb"), r#""a\nb": a path must not have a control character"#),
        (version("beta"), r#""beta": a version starts with a digit, or v and a digit"#),
        (
            version("1.0q"),
            r#""1.0q": a SemVer version is MAJOR.MINOR.PATCH without leading zeros, then optionally -PRE-RELEASE and +BUILD"#,
        ),
        (
            manifest("{\n    \"delete\": [1 2]\n}"),
            "not a JSON document: comma or end of sequence expected at line 2, column 18",
        ),
        (manifest("{\"delete\": ["), "not a JSON document: value or end of sequence expected at line 1, column 13"),
        (
            manifest("\u{feff}{}"),
            "not a JSON document: this is UTF-8 with a byte order mark; a document is UTF-8 without a byte order mark",
        ),
        (
            Manifest::parse(b"\xff\xfe{\0}\0").unwrap_err().to_string(),
            "not a JSON document: this is UTF-16, little-endian; a document is UTF-8 without a byte order mark",
        ),
        (manifest("[]"), "the document: expected an object, found a list"),
        (manifest("{}"), "delete: missing field"),
        (manifest(r#"{"delete": [1]}"#), "delete[0]: expected a string, found 1"),
        (
            manifest(r#"{"delete": [], "new": [{"URL": "http://h/a", "dst_path": "a", "hash": "x"}]}"#),
            r#"new[0].hash: "x": a SHA-1 is 40 lower-case hex digits"#,
        ),
        (settings(json!({"flash_size": -1})), "flash_size: expected a whole number below 2^64, found `-1`"),
        (settings(json!({"flash_size": null})), "flash_size: expected a whole number below 2^64, found null"),
        (settings(json!({"mounts": "flash"})), "mounts: expected a list, found string \"flash\""),
        (settings(json!({"mounts": ["flash", 5]})), "mounts[1]: expected a string, found `5`"),
        (
            settings(json!({"mount": ["flash"]})),
            "mount: unknown field `mount`, expected one of `mounts`, `flash_size`, `firmware`, `accept`",
        ),
        (settings(json!({"accept": [{"code": "secret_key"}]})), "accept[0]: missing field `path`"),
        (settings(json!("flash")), "expected an object, found string \"flash\""),
    ] {
        assert_eq!(message, expected);
    }
}

#[test]
fn a_long_value_is_cut() {
    let message = DevicePath::new(&"é".repeat(3000)).unwrap_err().to_string();
    assert!(message.starts_with("\"ééé"), "{message}");
    assert!(message.chars().count() < 250, "{message}");
}

#[test]
fn a_chip_has_a_number_of_16_bits() {
    let read = |chip: u32| -> Result<Vec<Peek>, Error> {
        let image = json!({"chip": chip, "is_whole": true, "is_intact": true});
        deserialize(json!([{"path": "firmware_1.0.1.bin", "size": 1, "head": "e9", "image": image}]), "peeks")
    };
    assert_eq!(read(65535).unwrap()[0].image.as_ref().map(|image| image.chip), Some(65535));
    let error = read(65536).unwrap_err();
    assert_eq!(error.code(), Code::FieldType);
    assert_eq!(error.to_string(), "peeks[0].image.chip: expected a whole number below 2^16, found `65536`");
}
