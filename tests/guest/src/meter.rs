//! Each step of the engine as an export of its own, so that the host can meter it alone. The steps are called in
//! the order in which they stand here, and each gives a number to check.

use std::cell::RefCell;

use airwaybill::{
    Catalog, CatalogOptions, DstPaths, Entry, FileRecord, ManifestFormat, ManifestOptions, Plan, PlanRequest,
    Sha1Digest,
};

thread_local! {
    static LISTING: RefCell<Vec<Entry>> = const { RefCell::new(Vec::new()) };
    static CATALOG: RefCell<Option<Catalog>> = const { RefCell::new(None) };
    static PLAN: RefCell<Option<Plan>> = const { RefCell::new(None) };
}

/// Makes a listing of `files` files, half of them each in release 1.0.0 and 1.0.1, in no order: nine of ten are in
/// both, one of ten of these differs. Gives the number of entries.
#[unsafe(no_mangle)]
extern "C" fn meter_listing(files: u32) -> u32 {
    let file = |release: &str, number: u32, content: u32| {
        let sha1 = Sha1Digest::of(&content.to_le_bytes());
        // 97 directories and names of differing lengths.
        let path = format!("{release}/flash/lib/package_{}/module_{number}.py", number % 97);
        Entry::File(FileRecord { path, size: u64::from(content), sha1, mtime: None, sha256: None })
    };
    let half = files / 2;
    let old = (0..half).map(|number| file("1.0.0", number, number));
    let new = (0..half).map(|number| match number % 10 {
        0 => file("1.0.1", number + half, number),
        1 => file("1.0.1", number, number + half),
        _ => file("1.0.1", number, number),
    });
    let mut listing: Vec<Entry> = old.chain(new).collect();
    shuffle(&mut listing);
    LISTING.replace(listing);
    LISTING.with_borrow(|listing| count(listing.len()))
}

fn shuffle(listing: &mut [Entry]) {
    let mut state: u32 = 1;
    for last in (1..listing.len()).rev() {
        // Xorshift, Marsaglia 2003.
        state ^= state << 13;
        state ^= state >> 17;
        state ^= state << 5;
        listing.swap(last, state as usize % (last + 1));
    }
}

/// Gives the number of releases: 2.
#[unsafe(no_mangle)]
extern "C" fn meter_catalog() -> u32 {
    let catalog = LISTING.with_borrow(|listing| Catalog::from_listing(listing, &CatalogOptions::default())).ok();
    CATALOG.replace(catalog);
    CATALOG.with_borrow(|catalog| count(catalog.as_ref().map_or(0, |catalog| catalog.releases().len())))
}

/// Gives the number of changes: three for each ten files of a release.
#[unsafe(no_mangle)]
extern "C" fn meter_plan() -> u32 {
    let request = PlanRequest { current: Some("1.0.0".to_owned()), ..PlanRequest::default() };
    PLAN.replace(CATALOG.with_borrow(|catalog| catalog.as_ref()?.plan(&request).ok()?));
    PLAN.with_borrow(|plan| {
        count(plan.as_ref().map_or(0, |plan| plan.delete.len() + plan.new.len() + plan.update.len()))
    })
}

/// Gives the number of bytes of the document.
#[unsafe(no_mangle)]
extern "C" fn meter_manifest() -> u32 {
    let options = ManifestOptions {
        base_url: "http://192.168.1.144:8000".to_owned(),
        dst_paths: DstPaths::Relative,
        format: ManifestFormat::Sized,
    };
    let manifest = PLAN.with_borrow(|plan| plan.as_ref()?.manifest(&options).ok());
    count(manifest.map_or(0, |manifest| manifest.to_json().len()))
}

fn count(number: usize) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}
