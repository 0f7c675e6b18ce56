//! Pairs of files between which patches are made (rules X1 and X4), the same ones on every run.

use serde_json::{Value, json};

use crate::answer;
use crate::dice::Dice;
use crate::vectors::Case;

/// How many there are.
pub const COUNT: usize = 1_000;

/// Around the ends of numbers of one byte and two, and of the window.
const SIZES: [usize; 12] = [0, 1, 2, 63, 64, 127, 128, 1_023, 1_024, 1_025, 4_000, 8_192];
/// Offsets that take more than two bytes.
const LARGE: usize = 70_000;
const LARGE_EACH: usize = 50;

/// The cases; the native engine gave what is expected.
///
/// # Panics
///
/// Never: an answer is JSON.
pub fn cases() -> impl Iterator<Item = Case> {
    let mut dice = Dice::new(20_261_128);
    (0..COUNT).map(move |number| {
        let size = if number % LARGE_EACH == 0 { LARGE } else { SIZES[dice.below(SIZES.len())] };
        let old = file(&mut dice, size);
        let new = changed(&mut dice, &old);
        // Some from nothing.
        let old = if dice.chance(10) { Vec::new() } else { old };
        let input = json!({"make": {"old": content(&old), "new": content(&new)}});
        let expected = serde_json::from_str(&answer(b"delta", input.to_string().as_bytes())).unwrap();
        Case { area: "delta", name: format!("pair {number}"), input, expected, for_devices: false }
    })
}

/// Of few different bytes, which repeat, or of all.
fn file(dice: &mut Dice, size: usize) -> Vec<u8> {
    let letters = [2, 4, 256][dice.below(3)];
    (0..size).map(|_| u8::try_from(dice.below(letters)).unwrap()).collect()
}

/// With up to five changes; none gives an equal file.
fn changed(dice: &mut Dice, old: &[u8]) -> Vec<u8> {
    let mut new = old.to_owned();
    for _ in 0..dice.below(6) {
        let at = dice.below(new.len() + 1);
        let end = new.len().min(at + dice.below(300));
        match dice.below(4) {
            0 => {
                let size = dice.below(300);
                let own = file(dice, size);
                new.splice(at..at, own);
            }
            1 => drop(new.drain(at..end)),
            2 => new[at..end].iter_mut().step_by(50).for_each(|byte| *byte ^= 1),
            // What comes first comes last: a seek backwards.
            _ => new.rotate_left(at),
        }
    }
    new
}

/// As the vectors have it.
fn content(bytes: &[u8]) -> Value {
    let digits: Vec<String> = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    json!([[digits.concat(), 1]])
}
