//! The fuzz targets without a fuzzer: their corpus, and a few thousand changed inputs that are the same on every run.

use std::fs;
use std::path::Path;

use airwaybill_tests::generated;
use airwaybill_tests::mutation::Mutator;
use airwaybill_tests::properties::{TARGETS, Target};
use airwaybill_tests::vectors::cases;

const CHANGES_OF_EACH: u64 = 20;

#[track_caller]
fn check(name: &str, least: usize) {
    let target = Target::named(name);
    let seeds = (target.seeds)();
    assert!(seeds.len() >= least, "{name}: {} seeds, at least {least} wanted", seeds.len());
    let mutator = Mutator::new(target);
    for (number, seed) in seeds.iter().enumerate() {
        (target.check)(seed);
        let mut changed = seed.clone();
        for change in 0..CHANGES_OF_EACH {
            changed = mutator.changed(&changed, number as u64 * CHANGES_OF_EACH + change);
            (target.check)(&changed);
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
fn manifest() {
    check("manifest", 60);
}

#[test]
fn plan() {
    check("plan", 100);
    for case in generated::cases().take(generated::COUNT / 4) {
        (Target::named("plan").check)(case.input.to_string().as_bytes());
    }
}

#[test]
fn verify() {
    check("verify", 40);
}

#[test]
fn check_of_releases() {
    check("check", 100);
}

#[test]
fn waybill() {
    check("waybill", 150);
    let signed = cases("waybill").find(|case| case.name == "waybill/verify signed").unwrap().input["verify"].take();
    for file in [&signed["document"], &signed["signatures"][0]["content"]] {
        let file = file.as_str().unwrap().as_bytes();
        for index in 0..file.len() {
            let mut flipped = file.to_owned();
            flipped[index] ^= 1;
            (Target::named("waybill").check)(&flipped);
        }
    }
}

#[test]
fn delta() {
    check("delta", 40);
}

#[test]
fn objects() {
    check("objects", 150);
}

#[test]
fn report() {
    check("report", 30);
}

#[test]
fn each_target_has_its_fuzzer() {
    let fuzz = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz");
    let read = |path: &str| fs::read_to_string(fuzz.join(path)).unwrap();
    for Target { name, .. } in TARGETS {
        let path = format!("fuzz_targets/{name}.rs");
        assert!(read(&path).contains(&format!("target!({name:?})")), "{name}");
        assert!(read("Cargo.toml").contains(&path), "{name}");
    }
}
