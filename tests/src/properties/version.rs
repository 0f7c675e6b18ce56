//! Rules V1 to V3, V5 and V7. An input is up to four texts, a line each.

use std::cmp::Ordering;
use std::hash::{BuildHasher, BuildHasherDefault, DefaultHasher};

use airwaybill::Version;
use airwaybill::VersionScheme::{Loose, Pep440, Semver};

use crate::vectors::cases;

pub(super) fn seeds() -> Vec<Vec<u8>> {
    let texts = cases("version").flat_map(|case| ["left", "right"].map(|side| case.input[side].clone()));
    let texts: Vec<String> = texts.map(|text| text.as_str().unwrap().to_owned()).collect();
    texts.chunks(2).chain(texts.chunks(4)).map(|texts| texts.join("\n").into()).collect()
}

pub(super) fn check(data: &[u8]) {
    let Ok(data) = str::from_utf8(data) else { return };
    let texts: Vec<&str> = data.split('\n').take(4).collect();
    let mut versions = Vec::new();
    for text in &texts {
        let loose = Version::parse(text, Loose);
        assert_eq!(loose.is_ok(), is_name(text), "{text:?}");
        let semver = Version::parse(text, Semver);
        assert!(loose.is_ok() || semver.is_err(), "{text:?}");
        let pep440 = Version::parse(text, Pep440);
        assert!(loose.is_ok() || pep440.is_err(), "{text:?}");
        versions.extend(loose.into_iter().chain(semver).chain(pep440));
    }
    for a in &versions {
        assert_eq!(Version::parse(a.as_str(), a.scheme()).unwrap().to_string(), a.to_string());
        for b in &versions {
            check_pair(a, b);
            for c in &versions {
                assert!(!(a <= b && b <= c) || a <= c, "{a} {b} {c}");
            }
        }
    }
}

fn check_pair(a: &Version, b: &Version) {
    let order = a.cmp(b);
    assert_eq!(order, b.cmp(a).reverse(), "{a} {b}");
    let hash = |version| BuildHasherDefault::<DefaultHasher>::default().hash_one(version);
    assert!(order != Ordering::Equal || hash(a) == hash(b), "{a} {b}");
    // V5
    let [left, right] = [a, b].map(|version| version.as_str().strip_prefix('v').unwrap_or(version.as_str()));
    let expected = match (a.scheme(), b.scheme()) {
        (Loose, Loose) => components(left).cmp(&components(right)),
        (Semver, Semver) => precedence(left).cmp(&precedence(right)),
        // V7: the oracle is `packaging`, in the Python tests.
        (Pep440, Pep440) => order,
        (a, b) => a.cmp(&b),
    };
    assert_eq!(order, expected, "{a} {b}");
}

// V3
fn is_name(text: &str) -> bool {
    let bytes = text.strip_prefix('v').unwrap_or(text).as_bytes();
    bytes.first().is_some_and(u8::is_ascii_digit)
        && bytes.iter().all(|byte| byte.is_ascii_alphanumeric() || b".+_-".contains(byte))
        && text.len() <= 64
}

/// A number, made 64 digits long, sorts before a text.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
enum Component {
    Number(String),
    Text(String),
}

impl Component {
    fn of(text: &str) -> Self {
        if text.bytes().all(|byte| byte.is_ascii_digit()) {
            Self::Number(format!("{text:0>64}"))
        } else {
            Self::Text(text.to_owned())
        }
    }
}

// V1
fn components(text: &str) -> Vec<Component> {
    let kind = |c: char| (c.is_ascii_digit(), c.is_ascii_lowercase(), c == '.');
    let mut runs: Vec<String> = Vec::new();
    for c in text.chars() {
        match runs.last_mut() {
            Some(run) if run.ends_with(|last| kind(last) == kind(c)) => run.push(c),
            _ => runs.push(c.into()),
        }
    }
    runs.iter().filter(|run| !run.starts_with('.')).map(|run| Component::of(run)).collect()
}

/// V2: the three numbers, whether it is a release, and what comes before one; build metadata is ignored.
fn precedence(text: &str) -> (Vec<Component>, bool, Vec<Component>) {
    let text = text.split('+').next().unwrap_or_default();
    let (numbers, before) = text.split_once('-').map_or((text, None), |(numbers, before)| (numbers, Some(before)));
    let parts = |text: &str| text.split('.').map(Component::of).collect();
    (parts(numbers), before.is_none(), before.map(parts).unwrap_or_default())
}
