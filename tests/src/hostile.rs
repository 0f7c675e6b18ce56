//! Inputs that no honest caller sends: vectors with wrong values in them, vectors with wrong bytes in them, and noise.

use serde_json::{Value, json};

use crate::dice::Dice;
use crate::vectors::{AREAS, cases};

/// An area, perhaps none that exists, and an input, perhaps no JSON.
pub type Hostile = (Vec<u8>, Vec<u8>);

/// `count` of them, the same ones on every run.
pub fn inputs(count: usize) -> impl Iterator<Item = Hostile> {
    let vectors: Vec<(&str, Value)> = AREAS.into_iter().flat_map(cases).map(|case| (case.area, case.input)).collect();
    let mut dice = Dice::new(8_266);
    (0..count).map(move |_| {
        let (area, input) = vectors[dice.below(vectors.len())].clone();
        let area = if dice.chance(5) { dice.pick(&AREAS) } else { area };
        match dice.below(10) {
            0..7 => (area.into(), with_wrong_values(&mut dice, input)),
            7..9 => (area.into(), with_wrong_bytes(&mut dice, input.to_string().into_bytes())),
            _ => {
                let area = if dice.chance(80) { area.into() } else { bytes(&mut dice, 9) };
                (area, noise(&mut dice))
            }
        }
    })
}

fn with_wrong_values(dice: &mut Dice, mut input: Value) -> Vec<u8> {
    for _ in 0..=dice.below(3) {
        let mut leaves = Vec::new();
        collect_leaves(&mut input, &mut leaves);
        if !leaves.is_empty() {
            let chosen = dice.below(leaves.len());
            let leaf = leaves.swap_remove(chosen);
            *leaf = wrong_value(dice, leaf);
        }
    }
    input.to_string().into_bytes()
}

pub(crate) fn collect_leaves<'a>(value: &'a mut Value, leaves: &mut Vec<&'a mut Value>) {
    match value {
        Value::Array(items) => items.iter_mut().for_each(|item| collect_leaves(item, leaves)),
        Value::Object(map) => map.values_mut().for_each(|item| collect_leaves(item, leaves)),
        leaf => leaves.push(leaf),
    }
}

/// Mostly of the same type, else all would end at the reader of JSON.
pub(crate) fn wrong_value(dice: &mut Dice, right: &Value) -> Value {
    match right {
        Value::String(_) if dice.chance(90) => json!(wrong_text(dice)),
        Value::Number(_) if dice.chance(90) => json!([0, 1, (1 << 53) - 1, 1 << 53, u64::MAX][dice.below(5)]),
        _ => match dice.below(7) {
            0 => Value::Null,
            1 => json!(dice.chance(50)),
            2 => json!(-1),
            3 => json!([-0.0, 0.5, 1e308][dice.below(3)]),
            4 => json!([]),
            5 => json!({"path": {}, "link": []}),
            _ => json!(wrong_text(dice)),
        },
    }
}

fn wrong_text(dice: &mut Dice) -> String {
    match dice.below(14) {
        0 => "x".repeat(dice.below(100_000)),
        1 => "/".repeat(dice.below(5_000)),
        2 => "a/".repeat(dice.below(2_100)) + "a",
        3 => "1.".repeat(dice.below(40)),
        4 => dice.pick(&["", ".", "..", "/", "\\", "\0", "\u{7f}", "\u{85}", "\u{feff}", "~", "C:\\x"]).to_owned(),
        5 => dice
            .pick(&["1.0.0/a/b", "1.0.0", "1.0.0/", "1.0.0//", "v1", "firmware_.bin", "firmware_1.bin/x"])
            .to_owned(),
        6 => dice.pick(&["[", "{a", "{a,{b,{c,{d}", "**", "!a", "[!-", "*/../*", "[z-a]", "a{}b", "{,}"]).to_owned(),
        7 => "{a,b}*".repeat(dice.below(30)) + "c",
        8 => "**/*a".repeat(dice.below(30)),
        9 => dice.pick(&["http://", "://", "a://b c", "http://h\0", "http:///", "1://h", "http://h#"]).to_owned(),
        10 => format!("{{\"version\": {}}}", "[".repeat(dice.below(10_000))),
        11 => format!("{{\"delete\": [{}], \"delete\": 1}}", "1e999".repeat(dice.below(3))),
        12 => "0123456789abcdef".repeat(dice.below(4)),
        _ => String::from_utf8_lossy(&bytes(dice, 300)).into_owned(),
    }
}

pub(crate) fn with_wrong_bytes(dice: &mut Dice, mut input: Vec<u8>) -> Vec<u8> {
    for _ in 0..=dice.below(4) {
        let place = dice.below(input.len().max(1));
        match dice.below(5) {
            0 => input.truncate(place),
            1 => input.insert(place.min(input.len()), dice.next().to_le_bytes()[0]),
            2 if !input.is_empty() => drop(input.remove(place)),
            3 if !input.is_empty() => input[place] ^= 1 << dice.below(8),
            _ => {
                let piece = input[place.min(input.len())..].iter().copied().take(40).collect::<Vec<_>>();
                let at = dice.below(input.len() + 1);
                input.splice(at..at, piece);
            }
        }
    }
    input
}

fn noise(dice: &mut Dice) -> Vec<u8> {
    let depth = dice.below(100_000);
    match dice.below(6) {
        0 => bytes(dice, 2_000),
        1 => b"[".repeat(depth),
        2 => b"{\"listing\":".repeat(depth),
        3 => [b"1".repeat(depth), b"e".to_vec(), b"9".repeat(depth)].concat(),
        4 => [&b"{\"listing\":[{\"path\":\"\\ud800"[..], &bytes(dice, 30), b"\"}]}"].concat(),
        _ => Vec::new(),
    }
}

fn bytes(dice: &mut Dice, most: usize) -> Vec<u8> {
    (0..dice.below(most)).map(|_| dice.next().to_le_bytes()[0]).collect()
}
