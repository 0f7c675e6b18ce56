//! libFuzzer around `airwaybill_tests`: its `properties` say what has to hold, its `mutation` how an input changes.

use airwaybill_tests::mutation::Mutator;

/// A fuzz target's program.
#[macro_export]
macro_rules! target {
    ($name:literal) => {
        static TARGET: std::sync::LazyLock<&airwaybill_tests::properties::Target> =
            std::sync::LazyLock::new(|| airwaybill_tests::properties::Target::named($name));
        static MUTATOR: std::sync::LazyLock<airwaybill_tests::mutation::Mutator> =
            std::sync::LazyLock::new(|| airwaybill_tests::mutation::Mutator::new(*TARGET));

        libfuzzer_sys::fuzz_target!(|data: &[u8]| (TARGET.check)(data));
        libfuzzer_sys::fuzz_mutator!(|data: &mut [u8], size: usize, max_size: usize, seed: u32| {
            $crate::mutate(&MUTATOR, &mut data[..max_size], size, seed)
        });
    };
}

/// Changes the first `size` bytes of `data` and gives how many there are then.
pub fn mutate(mutator: &Mutator, data: &mut [u8], size: usize, seed: u32) -> usize {
    let changed = mutator.changed_by(&data[..size], seed.into(), &mut change_bytes);
    if changed.len() > data.len() {
        let max_size = data.len();
        return libfuzzer_sys::fuzzer_mutate(data, size, max_size);
    }
    data[..changed.len()].copy_from_slice(&changed);
    changed.len()
}

const ROOM_TO_GROW: usize = 64;

fn change_bytes(mut bytes: Vec<u8>) -> Vec<u8> {
    let size = bytes.len();
    bytes.resize(size + ROOM_TO_GROW, 0);
    let max_size = bytes.len();
    let size = libfuzzer_sys::fuzzer_mutate(&mut bytes, size, max_size);
    bytes.truncate(size);
    bytes
}
