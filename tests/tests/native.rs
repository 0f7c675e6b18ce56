//! Every vector through the native engine; `BLESS=1` writes what it gives as the expectation.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use airwaybill::Code;
use airwaybill_tests::{Outcome, run};
use serde_json::{Map, Value, json};

const AREAS: [&str; 6] = ["version", "path", "catalog", "plan", "manifest", "verify"];

fn files(area: &str) -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("vectors").join(area);
    let mut files: Vec<PathBuf> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    files
}

fn cases(file: &Path) -> Vec<Map<String, Value>> {
    serde_json::from_slice(&fs::read(file).unwrap()).unwrap_or_else(|error| panic!("{}: {error}", file.display()))
}

fn expected(case: &Map<String, Value>) -> Result<Value, String> {
    match (case.get("ok"), case.get("code")) {
        (Some(value), None) => Ok(value.clone()),
        (None, Some(code)) => Err(code.as_str().unwrap().to_owned()),
        _ => panic!("{}: has ok or code", case["name"]),
    }
}

fn given(outcome: Outcome) -> Result<Value, String> {
    outcome.map_err(|code| code.to_string())
}

#[track_caller]
fn check(area: &str, least: usize) {
    if std::env::var_os("BLESS").is_some() {
        return bless(area);
    }
    let mut names = BTreeSet::new();
    let mut wrong = Vec::new();
    for file in files(area) {
        for case in cases(&file) {
            let name = case["name"].as_str().unwrap().to_owned();
            assert!(case["why"].as_str().is_some_and(|why| !why.is_empty()), "{name}: says why");
            let (expected, given) = (expected(&case), given(run(area, &case["input"])));
            if expected != given {
                wrong.push(format!("{}: {name}\n  expected {expected:?}\n  given    {given:?}", file.display()));
            }
            assert!(names.insert(name), "{area}: two cases have the name {}", case["name"]);
        }
    }
    assert!(wrong.is_empty(), "{} of {} cases:\n{}", wrong.len(), names.len(), wrong.join("\n"));
    assert!(names.len() >= least, "{area}: {} cases, at least {least} wanted", names.len());
}

fn bless(area: &str) {
    for file in files(area) {
        let mut cases = cases(&file);
        for case in &mut cases {
            let outcome = given(run(area, &case["input"]));
            case.retain(|key, _| key != "ok" && key != "code");
            match outcome {
                Ok(value) => case.insert("ok".to_owned(), value),
                Err(code) => case.insert("code".to_owned(), code.into()),
            };
        }
        if fs::read_to_string(&file).unwrap() != formatted(&json!(cases)) {
            fs::write(&file, formatted(&json!(cases))).unwrap();
        }
    }
}

const LINE: usize = 125;

/// JSON with what fits on a line on one line: the form of the vectors on disk.
fn formatted(cases: &Value) -> String {
    let mut text = String::new();
    write(cases, 0, 0, &mut text);
    text + "\n"
}

/// `indent` is where the value's lines start; `taken` is what stands on its first line before it, a comma included.
fn write(value: &Value, indent: usize, taken: usize, text: &mut String) {
    let flat = flat(value);
    let is_case = indent == 2;
    let open = match value {
        Value::Array(items) if !items.is_empty() && (indent == 0 || indent + taken + flat.chars().count() > LINE) => {
            "["
        }
        Value::Object(map) if !map.is_empty() && (is_case || indent + taken + flat.chars().count() > LINE) => "{",
        _ => return text.push_str(&flat),
    };
    text.push_str(open);
    let items: Vec<(String, &Value)> = match value {
        Value::Object(map) => map.iter().map(|(key, value)| (format!("{}: ", json!(key)), value)).collect(),
        Value::Array(items) => items.iter().map(|item| (String::new(), item)).collect(),
        _ => Vec::new(),
    };
    for (index, (key, value)) in items.iter().enumerate() {
        text.push_str(if index == 0 { "\n" } else { ",\n" });
        text.push_str(&" ".repeat(indent + 2));
        text.push_str(key);
        write(value, indent + 2, key.chars().count(), text);
    }
    text.push('\n');
    text.push_str(&" ".repeat(indent));
    text.push_str(if open == "[" { "]" } else { "}" });
}

fn flat(value: &Value) -> String {
    match value {
        Value::Array(items) => format!("[{}]", items.iter().map(flat).collect::<Vec<_>>().join(", ")),
        Value::Object(map) => {
            let items = map.iter().map(|(key, value)| format!("{}: {}", json!(key), flat(value)));
            format!("{{{}}}", items.collect::<Vec<_>>().join(", "))
        }
        other => other.to_string(),
    }
}

#[test]
fn the_files_are_in_the_form_that_blessing_writes() {
    for file in AREAS.into_iter().flat_map(files) {
        assert!(
            fs::read_to_string(&file).unwrap() == formatted(&json!(cases(&file))),
            "{}: run `make bless`",
            file.display()
        );
    }
}

#[test]
fn version() {
    check("version", 60);
}

#[test]
fn path() {
    check("path", 40);
}

#[test]
fn catalog() {
    check("catalog", 1);
}

#[test]
fn plan() {
    check("plan", 30);
}

#[test]
fn manifest() {
    check("manifest", 15);
}

#[test]
fn verify() {
    check("verify", 15);
}

#[test]
fn every_code_has_a_vector() {
    let mut seen = BTreeSet::new();
    for file in AREAS.into_iter().flat_map(files) {
        for case in cases(&file) {
            seen.extend(case.get("code").and_then(Value::as_str).map(str::to_owned));
            let notices = ["ignored", "warnings"].into_iter().filter_map(|key| case.get("ok")?.get(key)?.as_array());
            seen.extend(notices.flatten().map(|notice| notice["code"].as_str().unwrap().to_owned()));
        }
    }
    let codes: BTreeSet<String> = Code::ALL.iter().map(ToString::to_string).collect();
    assert_eq!(seen, codes);
}

#[test]
fn no_folder_is_left_out() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("vectors");
    let found: BTreeSet<String> = fs::read_dir(folder)
        .unwrap()
        .map(Result::unwrap)
        .filter(|entry| entry.path().is_dir())
        .map(|entry| entry.file_name().into_string().unwrap())
        .collect();
    assert_eq!(found, AREAS.map(str::to_owned).into());
}
