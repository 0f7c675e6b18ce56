//! Writes the corpus of a fuzz target into a directory: `corpus plan target/fuzz/corpus/plan`.

use std::path::Path;
use std::{env, fs};

use airwaybill::Sha1Digest;
use airwaybill_tests::properties::Target;

fn main() {
    let [name, directory] = env::args().skip(1).collect::<Vec<_>>().try_into().expect("a target and a directory");
    fs::create_dir_all(&directory).unwrap();
    for seed in (Target::named(&name).seeds)() {
        // Named as libFuzzer names what it finds, so that the same input is the same file.
        fs::write(Path::new(&directory).join(Sha1Digest::of(&seed).to_string()), seed).unwrap();
    }
}
