//! The engine's work, in wasmtime's fuel: one unit an instruction, the same figure on every machine and every run.
//!
//! `FUEL_FIGURES` names a file to write the figures to; `make bless-fuel` names `fuel.json`, for review as a diff.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use airwaybill_tests::guest::Guest;

const SIZES: [u32; 3] = [1_000, 10_000, 100_000];
const STEPS: [&str; 3] = ["catalog", "plan", "manifest"];

/// Fuel per file of the listing, by step and number of files.
type Figures = BTreeMap<String, BTreeMap<u32, u64>>;

fn measure() -> Figures {
    let mut figures = Figures::new();
    for files in SIZES {
        let mut guest = Guest::new();
        assert_eq!(guest.meter("meter_listing", Some(files)).unwrap().0, files);
        for step in STEPS {
            let (number, fuel) = guest.meter(&format!("meter_{step}"), None).unwrap();
            match step {
                "catalog" => assert_eq!(number, 2, "releases"),
                "plan" => assert_eq!(number, files / 20 * 3, "changes"),
                _ => assert!(number > files / 10 * 200, "{number} bytes"),
            }
            figures.entry(step.to_owned()).or_default().insert(files, fuel / u64::from(files));
        }
    }
    figures
}

#[test]
fn per_file_it_neither_grows_with_the_catalog_nor_with_time() {
    let figures = measure();
    if let Some(file) = std::env::var_os("FUEL_FIGURES") {
        fs::write(file, serde_json::to_string_pretty(&figures).unwrap() + "\n").unwrap();
    }
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuel.json");
    let kept: Figures = serde_json::from_slice(&fs::read(&file).unwrap()).unwrap();
    for (step, row) in &figures {
        let [few, _, many] = SIZES.map(|files| row[&files]);
        assert!(many * 10 <= few * 13, "{step}: {many} a file of {}, {few} a file of {}", SIZES[2], SIZES[0]);
        for (files, fuel) in row {
            let kept = kept[step][files];
            assert!(
                fuel * 10 <= kept * 11,
                "{step} of {files} files: {fuel} a file, {kept} before; see `make bless-fuel`"
            );
        }
    }
}
