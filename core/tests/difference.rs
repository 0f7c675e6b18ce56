//! Rule P3 wherever in a long run of equal files the change is: many are compared at a time.

use airwaybill::{Catalog, CatalogOptions, DevicePath, Entry, FileRecord, Plan, PlanRequest};

const RUNS: [usize; 12] = [0, 1, 2, 3, 62, 63, 64, 65, 127, 128, 129, 300];

fn same(number: usize) -> FileRecord {
    FileRecord::of(&format!("flash/{number:03}.py"), &number.to_le_bytes())
}

/// From 1.0.0 to 1.0.1.
fn update(listing: &[Entry]) -> Plan {
    let catalog = Catalog::from_listing(listing, &CatalogOptions::default()).unwrap();
    let request = PlanRequest { current: Some("1.0.0".into()), ..PlanRequest::default() };
    catalog.plan(&request).unwrap().unwrap()
}

/// From 1.0.0 to 1.0.1, which differ in one place: between two runs of equal files.
#[track_caller]
fn plan(before: usize, (old, new): (Option<&FileRecord>, Option<&FileRecord>), after: usize) -> Plan {
    let release = |name: &str, changed: Option<&FileRecord>| -> Vec<Entry> {
        let files = (0..before).chain(500..500 + after).map(same).chain(changed.cloned());
        files.map(|file| FileRecord { path: format!("{name}/{}", file.path), ..file }.into()).collect()
    };
    let listing = [release("1.0.0", old), release("1.0.1", new)].concat();
    update(&listing)
}

fn check(old: Option<(&str, &[u8])>, new: Option<(&str, &[u8])>, [deleted, added, updated]: [&[&str]; 3]) {
    let file = |(path, content): (&str, &[u8])| FileRecord::of(path, content);
    let (old, new) = (old.map(file), new.map(file));
    for before in RUNS {
        for after in RUNS.into_iter().filter(|after| before + after > 0) {
            let plan = plan(before, (old.as_ref(), new.as_ref()), after);
            let place = format!("{before} before, {after} after");
            assert!(plan.delete.iter().map(DevicePath::as_str).eq(deleted.iter().copied()), "{place}");
            assert!(plan.new.iter().map(|file| file.path.as_str()).eq(added.iter().copied()), "{place}");
            assert!(plan.update.iter().map(|file| file.path.as_str()).eq(updated.iter().copied()), "{place}");
        }
    }
}

#[test]
fn one_file_differs() {
    let (path, other) = ("flash/400.py", "flash/401.py");
    check(Some((path, b"old")), Some((path, b"new")), [&[], &[], &[path]]);
    check(Some((path, b"old")), None, [&[path], &[], &[]]);
    check(None, Some((path, b"new")), [&[], &[path], &[]]);
    check(Some((path, b"same")), Some((other, b"same")), [&[path], &[other], &[]]);
    check(Some((other, b"same")), Some((path, b"same")), [&[other], &[path], &[]]);
}

#[test]
fn the_size_alone_differs() {
    for before in RUNS {
        let old = FileRecord::of("flash/400.py", b"content");
        let new = FileRecord { size: 8, ..old.clone() };
        assert_eq!(
            plan(before, (Some(&old), Some(&new)), 1).update[0].path.as_str(),
            "flash/400.py",
            "{before} before"
        );
    }
}

#[test]
fn each_of_several_differs() {
    for step in [1, 2, 3, 31, 32, 33, 63, 64, 65] {
        let release = |name: &str, changed: &[u8]| {
            let file = |number: usize| {
                let content = if number.is_multiple_of(step) { changed } else { b"same" };
                FileRecord::of(&format!("{name}/flash/{number:03}.py"), content).into()
            };
            (0..300).map(file).collect::<Vec<Entry>>()
        };
        let plan = update(&[release("1.0.0", b"old"), release("1.0.1", b"new")].concat());
        let expected = (0..300).step_by(step).map(|number| format!("flash/{number:03}.py"));
        assert!(plan.update.iter().map(|file| file.path.as_str().to_owned()).eq(expected), "each {step}.");
        assert!(plan.delete.is_empty() && plan.new.is_empty(), "each {step}.");
    }
}
