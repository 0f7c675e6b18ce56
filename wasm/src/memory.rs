//! The allocator, of a third of the size of the standard library's.
//!
//! `memcmp`, which the standard library has for WebAssembly byte by byte. The paths of two releases are compared in
//! pairs that are mostly equal and mostly long, so that it is where a plan spends its time.

#[cfg(target_arch = "wasm32")]
#[global_allocator]
static ALLOCATOR: rlsf::SmallGlobalTlsf = rlsf::SmallGlobalTlsf::new();

/// Compares sixteen bytes at a time.
///
/// # Safety
///
/// The contract of C's `memcmp`: `left` and `right` are readable for `length` bytes.
#[cfg(target_arch = "wasm32")]
#[unsafe(no_mangle)]
#[allow(unreachable_pub, reason = "the linker takes it by its name")]
pub unsafe extern "C" fn memcmp(left: *const u8, right: *const u8, length: usize) -> i32 {
    use std::arch::wasm32::{i8x16_bitmask, i8x16_ne, v128, v128_load};

    const BLOCK: usize = size_of::<v128>();
    let mut at = 0;
    if length >= BLOCK {
        let last = length - BLOCK;
        loop {
            // SAFETY: `at + BLOCK` is within `length`; `v128_load` takes any alignment.
            let (a, b) = unsafe { (v128_load(left.add(at).cast()), v128_load(right.add(at).cast())) };
            let differing = i8x16_bitmask(i8x16_ne(a, b));
            if differing != 0 {
                at += differing.trailing_zeros() as usize;
                break;
            }
            if at == last {
                return 0;
            }
            // The last block ends with the last byte: some bytes are compared twice.
            at = last.min(at + BLOCK);
        }
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
