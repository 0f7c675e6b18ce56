//! `engine FILES ROUNDS STEP…`: steps of the engine (`catalog`, `update`, `install`, `manifest`) on two releases of so
//! many files each, as JSON: medians, in seconds.
//!
//! For comparisons with other languages: `tests/bench/bench_engine.py`, `tests/bench/npm/plan.mjs`.

use std::collections::BTreeMap;
use std::hint::black_box;
use std::time::Instant;

use airwaybill::{Catalog, CatalogOptions, DstPaths, ManifestFormat, ManifestOptions, PlanRequest};

#[path = "../benches/support/listing.rs"]
mod support;

fn median<T>(rounds: usize, work: impl Fn() -> T) -> f64 {
    let mut times: Vec<f64> = (0..rounds)
        .map(|_| {
            let began = Instant::now();
            let made = black_box(work());
            let seconds = began.elapsed().as_secs_f64();
            drop(made);
            seconds
        })
        .collect();
    times.sort_by(f64::total_cmp);
    times[rounds / 2]
}

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [files, rounds, steps @ ..] = arguments.as_slice() else { panic!("engine FILES ROUNDS STEP…") };
    let (files, rounds) = (files.parse().expect("FILES"), rounds.parse().expect("ROUNDS"));
    let options = CatalogOptions::default();
    let listing = support::listing(files);
    let catalog = Catalog::from_listing(&listing, &options).unwrap();
    let update = PlanRequest { current: Some("1.0.0".to_owned()), ..PlanRequest::default() };
    let install = PlanRequest::default();
    assert_eq!(catalog.plan(&update).unwrap().unwrap().update.len(), files.div_ceil(support::CHANGED_EACH));
    let rendering = ManifestOptions {
        base_url: "http://192.168.1.144:8000".to_owned(),
        dst_paths: DstPaths::default(),
        format: ManifestFormat::default(),
    };
    let figures: BTreeMap<&str, f64> = steps
        .iter()
        .map(|step| {
            let seconds = match step.as_str() {
                "catalog" => median(rounds, || Catalog::from_listing(black_box(&listing), &options)),
                "update" => median(rounds, || black_box(&catalog).plan(&update)),
                "install" => median(rounds, || black_box(&catalog).plan(&install)),
                "manifest" => median(rounds, || black_box(&catalog).manifest_json(&install, &rendering)),
                other => panic!("no step {other}"),
            };
            (step.as_str(), seconds)
        })
        .collect();
    println!("{}", serde_json::to_string(&figures).unwrap());
}
