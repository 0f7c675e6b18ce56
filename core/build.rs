//! Writes the lower-case letters as runs, taken from the compiler's own standard library. Its table has a row for each
//! letter, which alone would be a tenth of a WebAssembly module.

use std::path::Path;
use std::{env, fs};

/// Capital letters at a constant distance from each other and from their lower-case letters.
struct Run {
    first: u32,
    last: u32,
    step: u32,
    to_lower: i64,
}

impl Run {
    fn takes(&self, capital: u32, to_lower: i64) -> bool {
        let step = capital - self.last;
        to_lower == self.to_lower && if self.first == self.last { step <= 2 } else { step == self.step }
    }
}

fn main() {
    let mut runs: Vec<Run> = Vec::new();
    for c in '\0'..=char::MAX {
        let mut lower = c.to_lowercase();
        // One capital alone, the I with a dot, has two letters for one.
        let (Some(letter), None) = (lower.next(), lower.next()) else { continue };
        let (capital, to_lower) = (u32::from(c), i64::from(u32::from(letter)) - i64::from(u32::from(c)));
        match runs.last_mut() {
            _ if to_lower == 0 => {}
            Some(run) if run.takes(capital, to_lower) => (run.step, run.last) = (capital - run.last, capital),
            _ => runs.push(Run { first: capital, last: capital, step: 1, to_lower }),
        }
    }
    let row = |Run { first, last, step, to_lower }: &Run| format!("({first}, {last}, {step}, {to_lower}),\n");
    let rows: String = runs.iter().map(row).collect();
    let file = Path::new(&env::var_os("OUT_DIR").expect("cargo sets it")).join("letters.rs");
    fs::write(file, format!("[\n{rows}]\n")).expect("the folder is cargo's to write to");
    println!("cargo::rerun-if-changed=build.rs");
}
