//! Cost per file of catalog, plan and manifest.

use std::hint::black_box;

use airwaybill::{
    Catalog, CatalogOptions, DstPaths, Entry, FileRecord, ManifestFormat, ManifestOptions, PlanRequest, Sha1Digest,
};
use criterion::{BenchmarkId, Criterion, SamplingMode, Throughput, criterion_group, criterion_main};

const CHANGED_EACH: usize = 100;

/// A listing of two releases of `files` each, of which every hundredth differs, in an order without a pattern.
fn listing(files: usize) -> Vec<Entry> {
    let mut order: Vec<usize> = (0..2 * files).collect();
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    for last in (1..order.len()).rev() {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        order.swap(last, usize::try_from(state >> 33).unwrap() % (last + 1));
    }
    let entry = |number: usize| {
        let (index, is_new) = (number / 2, number % 2 == 1);
        let path = format!("flash/lib/package_{:03}/module_{index:07}.py", index % 997);
        let is_changed = is_new && index % CHANGED_EACH == 0;
        let sha1 = Sha1Digest::of(if is_changed { b"changed" } else { path.as_bytes() });
        let version = if is_new { "1.0.1" } else { "1.0.0" };
        Entry::File(FileRecord { path: format!("{version}/{path}"), size: 4096, sha1 })
    };
    order.into_iter().map(entry).collect()
}

fn engine(criterion: &mut Criterion) {
    let options = CatalogOptions::default();
    let request = PlanRequest { current: Some("1.0.0".to_owned()), ..PlanRequest::default() };
    let install = PlanRequest::default();
    let render = ManifestOptions {
        base_url: "http://192.168.1.144:8000".to_owned(),
        dst_paths: DstPaths::default(),
        format: ManifestFormat::default(),
    };
    for files in [500, 5_000, 50_000, 500_000, 1_000_000] {
        let entries = listing(files);
        let catalog = Catalog::from_listing(&entries, &options).unwrap();
        let mut group = criterion.benchmark_group("engine");
        group.sampling_mode(SamplingMode::Flat).sample_size(10);
        group.throughput(Throughput::Elements(2 * files as u64));
        group.bench_function(BenchmarkId::new("catalog", files), |bencher| {
            bencher.iter_with_large_drop(|| Catalog::from_listing(&entries, &options));
        });
        group.bench_function(BenchmarkId::new("plan", files), |bencher| {
            bencher.iter(|| black_box(&catalog).plan(&request));
        });
        group.throughput(Throughput::Elements(files as u64));
        group.bench_function(BenchmarkId::new("manifest", files), |bencher| {
            bencher.iter(|| black_box(&catalog).manifest_json(&install, &render));
        });
    }
}

criterion_group!(benches, engine);
criterion_main!(benches);
