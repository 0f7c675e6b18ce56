//! One measurement, for a comparison with another language: `once RECORDS` prints the seconds that a catalog of so
//! many records takes, and those of a plan between two releases of so many files each.

use std::hint::black_box;
use std::time::Instant;

use airwaybill::{Catalog, CatalogOptions, PlanRequest};

#[path = "support/listing.rs"]
mod support;

fn main() {
    let records: usize = std::env::args().find_map(|argument| argument.parse().ok()).unwrap_or(1_000_000);
    let options = CatalogOptions::default();

    let listing = support::listing(records / 2);
    let began = Instant::now();
    let catalog = Catalog::from_listing(black_box(&listing), &options).unwrap();
    let catalog_seconds = began.elapsed().as_secs_f64();
    assert_eq!(catalog.releases().len(), 2);
    drop((listing, catalog));

    let catalog = Catalog::from_listing(&support::listing(records), &options).unwrap();
    let request = PlanRequest { current: Some("1.0.0".to_owned()), ..PlanRequest::default() };
    let began = Instant::now();
    let plan = black_box(&catalog).plan(&request).unwrap().unwrap();
    let plan_seconds = began.elapsed().as_secs_f64();
    assert_eq!(plan.update.len(), records.div_ceil(support::CHANGED_EACH));

    println!("{catalog_seconds} {plan_seconds}");
}
