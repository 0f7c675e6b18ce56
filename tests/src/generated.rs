//! Catalogs and requests of all kinds, the same ones on every run: what no one thought of writing down as a vector.

use std::collections::BTreeMap;

use airwaybill::Sha1Digest;
use serde_json::{Value, json};

use crate::answer;
use crate::dice::Dice;
use crate::vectors::Case;

/// How many there are.
pub const COUNT: usize = 2_000;

// Lowest first.
const LOOSE: [&str; 14] = [
    "0.9",
    "1.0",
    "1.00",
    "1.0.0",
    "1.0.1",
    "1.0.1b",
    "1.0.2",
    "1.0.10",
    "1.20.2.r4",
    "1.20.2.r6",
    "2.0.0",
    "2.0.0-rc.1",
    "2024_07+x",
    "v2",
];
const SEMVER: [&str; 10] = [
    "0.9.0",
    "1.0",
    "1.0.0-alpha",
    "1.0.0-alpha.1",
    "1.0.0-beta.11",
    "1.0.0",
    "1.0.0+build.5",
    "1.0.2",
    "1.0.10",
    "2.0.0-rc.1",
];
const FOLDERS: [&str; 10] = [
    "flash",
    "flash/lib",
    "flash/lib/a b",
    "sd",
    "sd/.cache",
    "flash/données",
    "flash/データ",
    "flash/lib/v1.0",
    "FLASH",
    "flash/'q' \"q\"",
];
const NAMES: [&str; 40] = [
    "main.py",
    "boot.py",
    "Main.py",
    "a b.py",
    " lead.py",
    "trail ",
    "it's.json",
    "say \"hi\".txt",
    "back`tick",
    "naïve.py",
    "é.txt",
    "e\u{301}.txt",
    "o\u{308}\u{323}\u{302}.txt",
    "日本語.txt",
    "😀.bin",
    "👩‍🚀.bin",
    ".hidden",
    "..two",
    "...",
    "%41.txt",
    "100%.txt",
    "a?b#c",
    "x&y=z;",
    "+plus",
    "<angle>",
    "{brace}",
    "[b]",
    "~tilde",
    "line\u{2028}end",
    "\u{feff}bom",
    "عربي.txt",
    "ＦＵＬＬ.py",
    "İ.txt",
    "ß.txt",
    "ẞ.txt",
    "\u{e000}private",
    "\u{10ffff}",
    "main.pyc",
    ".DS_Store",
    "a:b*c|d",
];
const LETTERS: [char; 24] = [
    'a',
    'b',
    'Z',
    '0',
    '9',
    '.',
    '-',
    '_',
    ' ',
    '\'',
    '"',
    '~',
    '!',
    '$',
    '(',
    '@',
    'é',
    '\u{301}',
    '\u{200d}',
    'ß',
    'Я',
    '語',
    '😀',
    '\u{1d11e}',
];
const GLOBS: [&str; 10] =
    ["*.pyc", "flash/boot.py", "sd/**", ".*", "**/*.txt", "{main,boot}.py", "[a-c]*", "flash/*/a b", "日*", "*\"*"];
const BASE_URLS: [&str; 5] = [
    "http://192.168.1.144:8000",
    "https://ota.example.org/fleet%20a/",
    "http://[::1]:8000//",
    "coap://a.b/é",
    "http://h/~x",
];
const REFUSED: [&str; 6] = ["flash/../x", "flash//x", "flash/a\\b", "flash/bell\u{7}", "flash/\u{85}", "flash/."];

/// The cases; the native engine gave what is expected.
///
/// # Panics
///
/// Never: an answer is JSON.
pub fn cases() -> impl Iterator<Item = Case> {
    let mut dice = Dice::new(20_261_123);
    (0..COUNT).map(move |number| {
        let input = input(&mut dice);
        let expected = serde_json::from_str(&answer(b"manifest", input.to_string().as_bytes())).unwrap();
        Case { area: "manifest", name: format!("generated {number}"), input, expected, for_devices: false }
    })
}

fn input(dice: &mut Dice) -> Value {
    let is_semver = dice.chance(25);
    let versions: &[&str] = if is_semver { &SEMVER } else { &LOOSE };
    let releases = dice.some(versions, 35);
    let mut listing = listing(dice, &releases);
    for version in dice.some(versions, 15) {
        let path = format!("firmware_{version}.{}", dice.pick(&["bin", "hex"]));
        listing.push(file(dice, &path));
    }
    dice.shuffle(&mut listing);

    let mut request = json!({"allow_downgrade": dice.chance(50)});
    if dice.chance(90) {
        // Mostly a low release: the highest has nothing to fetch.
        let low = releases.split_last().map_or(&[][..], |(_, low)| low);
        request["current"] = json!(version(dice, low, versions));
    }
    if dice.chance(50) {
        request["firmware_version"] = json!(version(dice, versions, versions));
    }
    if dice.chance(20) {
        request["target"] = json!(version(dice, &releases, versions));
    }
    let globs = |dice: &mut Dice| if dice.chance(30) { dice.some(&GLOBS, 20) } else { Vec::new() };
    json!({
        "listing": listing,
        "options": {
            "scheme": if is_semver { "semver" } else { "loose" },
            "ignore": globs(dice),
            "protect": globs(dice),
            "unsettled": if dice.chance(10) { dice.some(&releases, 50) } else { Vec::new() },
            "failed": if dice.chance(10) { dice.some(&releases, 50) } else { Vec::new() },
        },
        "request": request,
        "render": {
            "base_url": dice.pick(&BASE_URLS),
            "dst_paths": dice.pick(&["relative", "absolute"]),
            "format": 1 + dice.below(2),
        },
    })
}

/// Most of the time one of `likely`.
fn version<'a>(dice: &mut Dice, likely: &[&'a str], versions: &[&'a str]) -> &'a str {
    match dice.below(100) {
        0 => dice.pick(&["", "x1", "1.0 beta", "1/2"]),
        1..85 if !likely.is_empty() => dice.pick(likely),
        _ => dice.pick(versions),
    }
}

/// Each release is the one before with some files gone, some changed and some new.
fn listing(dice: &mut Dice, releases: &[&str]) -> Vec<Value> {
    let mut listing = vec![file(dice, "notes.txt"), file(dice, "docs/é.html")];
    let mut files: BTreeMap<String, Value> = BTreeMap::new();
    for release in releases {
        files.retain(|_, _| dice.chance(85));
        for entry in files.values_mut() {
            if dice.chance(20) {
                *entry = file(dice, "");
            }
        }
        for _ in 0..dice.below(12) {
            let path = format!("{}/{}", dice.pick(&FOLDERS), name(dice));
            files.insert(path, file(dice, ""));
        }
        listing.extend(files.iter().map(|(path, entry)| {
            let mut entry = entry.clone();
            entry["path"] = json!(format!("{release}/{path}"));
            entry
        }));
        listing.extend(odd_entry(dice, release, &files));
    }
    listing
}

/// A link, something unread, or a path that is refused.
fn odd_entry(dice: &mut Dice, release: &str, files: &BTreeMap<String, Value>) -> Option<Value> {
    let path = format!("{release}/flash/odd \"one\"");
    match dice.below(50) {
        0..5 => {
            let target = files.keys().nth(dice.below(files.len().max(1)))?;
            Some(json!({"path": path, "link": format!("{release}/{target}")}))
        }
        5 => Some(json!({"path": path, "link": null})),
        6 => Some(json!({"path": path, "unread": "Permission denied"})),
        7 => {
            let path = dice.pick(&REFUSED);
            Some(file(dice, &format!("{release}/{path}")))
        }
        _ => None,
    }
}

fn name(dice: &mut Dice) -> String {
    match dice.below(10) {
        0 => {
            // 200 characters, or the 255 bytes of C3.
            let letter = dice.pick(&["n", "é", "語", "😀", "\"", " "]);
            letter.repeat(200.min(255 / letter.len()))
        }
        1..4 => (0..=dice.below(30)).map(|_| LETTERS[dice.below(LETTERS.len())]).collect(),
        _ => dice.pick(&NAMES).to_owned(),
    }
}

fn file(dice: &mut Dice, path: &str) -> Value {
    let size = match dice.below(20) {
        0 => 0,
        1 => (1 << 40) - 1,
        _ => dice.below(1 << 24),
    };
    json!({"path": path, "size": size, "sha1": Sha1Digest::of(&dice.next().to_le_bytes())})
}
