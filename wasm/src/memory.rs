//! `memcmp`, which the standard library has for WebAssembly byte by byte. The paths of two releases are compared in
//! pairs that are mostly equal and mostly long, so that it is where a plan spends its time.

/// Compares eight bytes at a time.
///
/// # Safety
///
/// The contract of C's `memcmp`: `left` and `right` are readable for `length` bytes.
#[cfg(target_arch = "wasm32")]
#[unsafe(no_mangle)]
#[allow(unreachable_pub, reason = "the linker takes it by its name")]
#[allow(clippy::cast_ptr_alignment, reason = "read_unaligned takes any alignment")]
pub unsafe extern "C" fn memcmp(left: *const u8, right: *const u8, length: usize) -> i32 {
    const WORD: usize = size_of::<u64>();
    let mut at = 0;
    while at + WORD <= length {
        // SAFETY: `at + WORD` is within `length`.
        let (a, b) =
            unsafe { (left.add(at).cast::<u64>().read_unaligned(), right.add(at).cast::<u64>().read_unaligned()) };
        if a != b {
            // The first byte in memory decides; it is the lowest of a word.
            return if a.swap_bytes() < b.swap_bytes() { -1 } else { 1 };
        }
        at += WORD;
    }
    while at < length {
        // SAFETY: `at` is within `length`.
        let (a, b) = unsafe { (left.add(at).read(), right.add(at).read()) };
        if a != b {
            return i32::from(a) - i32::from(b);
        }
        at += 1;
    }
    0
}
