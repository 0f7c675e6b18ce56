//! Which files a listing reads.

use airwaybill::{CatalogOptions, Code, Filter};

fn filter(globs: &[&str]) -> Filter {
    let ignore = globs.iter().map(ToString::to_string).collect();
    Filter::new(&CatalogOptions { ignore, ..CatalogOptions::default() }).unwrap()
}

#[track_caller]
fn reads(globs: &[&str], path: &str) {
    assert!(filter(globs).reads(path), "{path} with {globs:?}");
}

#[track_caller]
fn leaves_out(globs: &[&str], path: &str) {
    assert!(!filter(globs).reads(path), "{path} with {globs:?}");
}

#[test]
fn releases_and_images_are_read() {
    reads(&[], "1.0.0/flash/main.py");
    reads(&[], "v1/a");
    reads(&[], "firmware_1.0.0.hex");
    leaves_out(&[], "docs/index.html");
    leaves_out(&[], "firmware_.bin");
    leaves_out(&[], "firmware_1.0.0.elf");
    leaves_out(&[], "main.py");
    reads(&[], "firmware_1.0.0.bin.aria2");
    leaves_out(&["*.aria2"], "firmware_1.0.0.bin.aria2");
    leaves_out(&[], "notes.txt.aria2");
    leaves_out(&[], "firmware_1.0.0.bin.part");
}

#[test]
fn names_of_rule_c1_are_left_out_anywhere_in_a_release() {
    leaves_out(&[], "1.0.0/.DS_Store");
    leaves_out(&[], "1.0.0/flash/Thumbs.db");
    leaves_out(&[], "1.0.0/pymakr.conf/a");
    reads(&[], "1.0.0/flash/pymakr.conf.py");
    reads(&[], "1.0.0/flash/thumbs.db");
}

#[test]
fn a_glob_without_a_slash_is_held_against_each_name() {
    leaves_out(&["*.pyc"], "1.0.0/flash/main.pyc");
    leaves_out(&["__pycache__"], "1.0.0/flash/__pycache__/main.cpython-311.pyc");
    reads(&["*.pyc"], "1.0.0/flash/main.py");
    reads(&["flash"], "1.0.0/flashing/main.py");
    reads(&["*.bin"], "firmware_1.0.0.bin");
}

#[test]
fn a_glob_with_a_slash_is_held_against_the_path_and_what_is_above() {
    leaves_out(&["flash/boot.py"], "1.0.0/flash/boot.py");
    leaves_out(&["sd/**"], "1.0.0/sd/a/b.txt");
    leaves_out(&["flash/{test,docs}"], "1.0.0/flash/docs/a/b.md");
    reads(&["flash/boot.py"], "1.0.0/flash/lib/flash/boot.py");
    reads(&["sd/*.txt"], "1.0.0/sd/a/b.txt");
}

#[test]
fn what_is_no_glob_is_refused() {
    for glob in ["", "!a", "a[", "{a", "a\\"] {
        let options = CatalogOptions { ignore: vec![glob.to_owned()], ..CatalogOptions::default() };
        assert_eq!(Filter::new(&options).unwrap_err().code(), Code::GlobInvalid, "{glob:?}");
    }
}
