//! Rule C5 for every letter there is, beside the standard library's lower case.

use std::collections::BTreeMap;

use airwaybill::{Catalog, CatalogOptions, Code, Entry, FileRecord};

/// The I with a dot has two letters for its lower case, and is no other letter's capital.
fn lower(letter: char) -> char {
    let mut lower = letter.to_lowercase();
    if lower.len() == 1 { lower.next().unwrap() } else { letter }
}

#[test]
fn two_names_that_differ_in_the_case_of_one_letter_are_a_warning() {
    let letters: Vec<char> = ('\0'..=char::MAX).filter(|letter| letter.is_alphanumeric()).collect();
    let mut alike: BTreeMap<char, Vec<String>> = BTreeMap::new();
    for letter in &letters {
        alike.entry(lower(*letter)).or_default().push(format!("1.0.0/{letter}"));
    }
    let mut expected: Vec<String> = alike.into_values().flat_map(|paths| paths.into_iter().skip(1)).collect();
    expected.sort();

    let file = |letter: &char| Entry::from(FileRecord::of(&format!("1.0.0/{letter}"), b""));
    let listing: Vec<Entry> = letters.iter().map(file).collect();
    let catalog = Catalog::from_listing(&listing, &CatalogOptions::default()).unwrap();
    assert!(catalog.warnings().iter().all(|warning| warning.code == Code::PathCase));
    let found: Vec<&str> = catalog.warnings().iter().map(|warning| warning.path.as_str()).collect();
    assert_eq!(found, expected);
    assert!(found.len() > 1_400, "{}", found.len());
}
