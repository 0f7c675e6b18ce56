//! The engine as WebAssembly without a host: the same answers as native, and none of 10,000 hostile inputs stops it.

use std::collections::BTreeMap;

use airwaybill::Code;
use airwaybill_tests::guest::{Guest, MEMORY_LIMIT, module};
use airwaybill_tests::vectors::{AREAS, Case, cases};
use airwaybill_tests::{MALFORMED, answer, generated, hostile, wycheproof};
use serde_json::Value;

/// Three times what the largest case takes, a patch of a text of 100 KB.
const FUEL: u64 = 2_000_000_000;

fn ask(guest: &mut Guest, case: &Case) -> Value {
    let answer = guest.run(case.area.as_bytes(), case.input.to_string().as_bytes(), FUEL).unwrap();
    serde_json::from_slice(&answer).unwrap()
}

#[test]
fn it_asks_its_host_for_nothing() {
    let imports: Vec<_> = module().imports().map(|import| import.name().to_owned()).collect();
    assert!(imports.is_empty(), "{imports:?}");
}

#[test]
fn every_vector_gives_what_native_gives() {
    let mut guest = Guest::new();
    let cases: Vec<Case> = AREAS.into_iter().flat_map(cases).chain(wycheproof::cases()).collect();
    let wrong: Vec<String> = cases.iter().filter_map(|case| case.difference(&ask(&mut guest, case))).collect();
    assert!(wrong.is_empty(), "{} of {} cases:\n{}", wrong.len(), cases.len(), wrong.join("\n"));
}

#[test]
fn every_generated_manifest_is_what_native_gives() {
    let mut guest = Guest::new();
    let mut kinds: BTreeMap<&str, usize> = BTreeMap::new();
    for case in generated::cases() {
        assert_eq!(case.difference(&ask(&mut guest, &case)), None);
        let kind = match case.expected["ok"].as_str() {
            None => "error",
            Some("null") => "null",
            Some(_) => "document",
        };
        *kinds.entry(kind).or_default() += 1;
    }
    // Else they would compare little.
    assert!(kinds["document"] > 1_500 && kinds["null"] > 100 && kinds["error"] > 50, "{kinds:?}");
}

#[test]
fn hostile_inputs_get_a_value_or_a_code() {
    let mut guest = Guest::new();
    let mut kinds: BTreeMap<String, usize> = BTreeMap::new();
    for (area, input) in hostile::inputs(10_000) {
        let shown = || {
            let input: String = String::from_utf8_lossy(&input).chars().take(2_000).collect();
            format!("{:?} {input}", String::from_utf8_lossy(&area))
        };
        let given = guest.run(&area, &input, FUEL).unwrap_or_else(|trap| panic!("{trap:?}: {}", shown()));
        let given: Value = serde_json::from_slice(&given).unwrap();
        let native: Value = serde_json::from_str(&answer(&area, &input)).unwrap();
        assert_eq!(given, native, "{}", shown());
        let kind = given.get("code").map_or("value", |code| code.as_str().unwrap());
        let is_code = || kind == MALFORMED || Code::ALL.iter().any(|code| code.as_str() == kind);
        assert!(given.get("ok").is_some() || is_code(), "{given}: {}", shown());
        *kinds.entry(kind.to_owned()).or_default() += 1;
    }
    // Else they would not get past the reader of JSON.
    assert!(kinds["value"] > 1_000 && kinds[MALFORMED] < 6_000 && kinds.len() > 20, "{kinds:?}");
    assert!(guest.memory_size() < MEMORY_LIMIT / 2, "{} bytes of memory", guest.memory_size());
}

#[test]
fn a_size_beyond_its_memory_gets_no_address() {
    let mut guest = Guest::new();
    for size in [u32::try_from(MEMORY_LIMIT).unwrap(), i32::MAX.cast_unsigned(), u32::MAX] {
        assert_eq!(guest.alloc(size, FUEL).unwrap(), 0);
    }
    assert_ne!(guest.alloc(1 << 20, FUEL).unwrap(), 0);
}

#[test]
fn without_fuel_it_stops() {
    assert!(Guest::new().run(b"version", b"{}", 10).is_err());
}
