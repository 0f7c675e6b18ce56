//! `native_plan FILES ROUNDS`: medians, in milliseconds, of what `plan.mjs` measures in WebAssembly.

use std::hint::black_box;
use std::time::Instant;

use airwaybill::{
    Catalog, CatalogOptions, DstPaths, Entry, FileRecord, ManifestFormat, ManifestOptions, PlanRequest, Sha1Digest,
};

fn entry(version: &str, index: usize, content: u8) -> Entry {
    let path = format!("{version}/flash/lib/package_{:03}/module_{:03}/file_{index:06}.py", index / 1000, index % 37);
    let sha1 = Sha1Digest::of(format!("{index} {content}").as_bytes());
    FileRecord { path, size: 1000 + index as u64, sha1 }.into()
}

fn median<T>(rounds: usize, work: impl Fn() -> T) -> f64 {
    let mut times: Vec<f64> = (0..rounds)
        .map(|_| {
            let start = Instant::now();
            black_box(work());
            start.elapsed().as_secs_f64() * 1e3
        })
        .collect();
    times.sort_by(f64::total_cmp);
    times[rounds / 2]
}

fn main() {
    let mut arguments = std::env::args().skip(1).map(|argument| argument.parse().expect("a number"));
    let (files, rounds) = (arguments.next().expect("FILES"), arguments.next().expect("ROUNDS"));
    let pair = |index| [entry("1.0.0", index, 0), entry("1.0.1", index, u8::from(index % 100 == 0))];
    let listing: Vec<Entry> = (0..files).flat_map(pair).collect();
    let options = CatalogOptions::default();
    let catalog = Catalog::from_listing(&listing, &options).expect("a catalog");
    let install = PlanRequest::default();
    let update = PlanRequest { current: Some("1.0.0".into()), ..PlanRequest::default() };
    let rendering = ManifestOptions {
        base_url: "http://192.168.1.144:8000".into(),
        dst_paths: DstPaths::default(),
        format: ManifestFormat::default(),
    };
    let figures = serde_json::json!({
        "catalog": median(rounds, || Catalog::from_listing(&listing, &options)),
        "update": median(rounds, || catalog.plan(&update)),
        "install": median(rounds, || catalog.plan(&install)),
        "manifest": median(rounds, || catalog.manifest_json(&install, &rendering)),
    });
    println!("{figures}");
}
