//! Every vector through the native engine; `BLESS=1` writes what it gives as the expectation.

use std::collections::BTreeSet;
use std::fs;

use airwaybill::Code;
use airwaybill_tests::vectors::{AREAS, Case, cases, files, folder, objects};
use airwaybill_tests::{MALFORMED, run, wycheproof};
use serde_json::{Value, json};

#[track_caller]
fn check(area: &'static str, least: usize) {
    if std::env::var_os("BLESS").is_some() {
        return bless(area);
    }
    let cases: Vec<Case> = cases(area).collect();
    let wrong: Vec<String> = cases.iter().filter_map(|case| case.difference(&answer(area, &case.input))).collect();
    assert!(wrong.is_empty(), "{} of {} cases:\n{}", wrong.len(), cases.len(), wrong.join("\n"));
    assert!(cases.len() >= least, "{area}: {} cases, at least {least} wanted", cases.len());
}

fn answer(area: &str, input: &Value) -> Value {
    match run(area, input) {
        Ok(value) => json!({"ok": value}),
        Err(code) => json!({"code": code}),
    }
}

fn bless(area: &str) {
    for file in files(area) {
        let mut cases = objects(&file);
        for case in &mut cases {
            case.retain(|key, _| key != "ok" && key != "code");
            let Value::Object(answer) = answer(area, &case["input"]) else { unreachable!("an answer is an object") };
            assert!(answer.get("code").is_none_or(|code| code != MALFORMED), "{}: no input of {area}", case["name"]);
            case.extend(answer);
        }
        let text = formatted(&json!(cases));
        if fs::read_to_string(&file).unwrap() != text {
            fs::write(&file, text).unwrap();
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
        let text = fs::read_to_string(&file).unwrap();
        assert!(text == formatted(&json!(objects(&file))), "{}: run `make bless`", file.display());
    }
}

#[test]
fn every_case_says_why_and_has_a_name_of_its_own() {
    for area in AREAS {
        let mut names = BTreeSet::new();
        for case in files(area).iter().flat_map(|file| objects(file)) {
            let name = case["name"].as_str().unwrap();
            assert!(case["why"].as_str().is_some_and(|why| !why.is_empty()), "{area}: {name}: says why");
            assert!(names.insert(name.to_owned()), "{area}: two cases have the name {name}");
        }
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
fn check_area() {
    check("check", 60);
}

#[test]
fn waybill() {
    check("waybill", 150);
}

#[test]
fn delta() {
    check("delta", 30);
}

#[test]
fn objects_area() {
    check("objects", 30);
}

#[test]
fn report() {
    check("report", 20);
}

#[test]
fn wycheproof_has_nothing_against_ed25519() {
    let cases = wycheproof::cases();
    let wrong: Vec<String> = cases.iter().filter_map(|case| case.difference(&answer("waybill", &case.input))).collect();
    assert_eq!((cases.len(), wrong), (151, Vec::new()));
}

#[test]
fn every_code_has_a_vector() {
    let mut seen = BTreeSet::new();
    for case in AREAS.into_iter().flat_map(cases) {
        let text = |holder: &Value| holder.get("code").and_then(Value::as_str).map(str::to_owned);
        let notices = ["ignored", "warnings", "findings", "reasons", "skipped"];
        let notices = notices.into_iter().filter_map(|key| case.expected["ok"].get(key)?.as_array());
        seen.extend(notices.flatten().chain([&case.expected]).filter_map(text));
    }
    let codes: BTreeSet<String> = Code::ALL.iter().map(ToString::to_string).collect();
    assert_eq!(seen, codes);
}

#[test]
fn no_folder_is_left_out() {
    let entries = fs::read_dir(folder()).unwrap().map(Result::unwrap).filter(|entry| entry.path().is_dir());
    let found: BTreeSet<String> = entries.map(|entry| entry.file_name().into_string().unwrap()).collect();
    assert_eq!(found, AREAS.map(str::to_owned).into());
}
