//! Cost per file of catalog, plan and manifest: of all files of the catalog, for a manifest of those in it.

use std::hint::black_box;
use std::time::Duration;

use airwaybill::{Catalog, CatalogOptions, DstPaths, ManifestFormat, ManifestOptions, PlanRequest};
use criterion::{BenchmarkId, Criterion, SamplingMode, Throughput, criterion_group, criterion_main};

#[path = "support/listing.rs"]
mod support;

fn engine(criterion: &mut Criterion) {
    let options = CatalogOptions::default();
    let request = PlanRequest { current: Some("1.0.0".to_owned()), ..PlanRequest::default() };
    let install = PlanRequest::default();
    let render = ManifestOptions {
        base_url: "http://192.168.1.144:8000".to_owned(),
        dst_paths: DstPaths::default(),
        format: ManifestFormat::default(),
    };
    for files in [500, 5_000, 50_000, 500_000] {
        let entries = support::listing(files);
        let catalog = Catalog::from_listing(&entries, &options).unwrap();
        let mut group = criterion.benchmark_group("engine");
        group.sampling_mode(SamplingMode::Flat).sample_size(10);
        group.warm_up_time(Duration::from_millis(300)).measurement_time(Duration::from_secs(2));
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
