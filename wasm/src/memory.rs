//! The allocator, of a third of the size of the standard library's.
//!
//! `memcmp`, which the standard library has for WebAssembly byte by byte. Two releases are compared by it, many files at
//! a time: it is where a plan spends its time.

use std::arch::wasm32::{i8x16_bitmask, i8x16_ne, i8x16_splat, v128, v128_any_true, v128_load, v128_or, v128_xor};

#[global_allocator]
static ALLOCATOR: rlsf::SmallGlobalTlsf = rlsf::SmallGlobalTlsf::new();

const BLOCK: usize = size_of::<v128>();

/// What differs in a block.
///
/// # Safety
///
/// Both are readable for a block; `v128_load` takes any alignment.
#[inline(always)]
#[allow(clippy::inline_always, reason = "left to the compiler for size, it is a call for each sixteen bytes")]
unsafe fn difference(left: *const u8, right: *const u8) -> v128 {
    // SAFETY: the caller's.
    unsafe { v128_xor(v128_load(left.cast()), v128_load(right.cast())) }
}

/// Passes 64 bytes at a time while they are equal, and finds the first that is not by sixteen.
///
/// # Safety
///
/// The contract of C's `memcmp`: `left` and `right` are readable for `length` bytes.
#[unsafe(no_mangle)]
#[allow(unreachable_pub, reason = "the linker takes it by its name")]
pub unsafe extern "C" fn memcmp(left: *const u8, right: *const u8, length: usize) -> i32 {
    // SAFETY: each call is for a block within `length`.
    macro_rules! difference {
        ($at:expr) => {
            unsafe { difference(left.add($at), right.add($at)) }
        };
    }
    let mut at = 0;
    while length - at >= 4 * BLOCK {
        let first = v128_or(difference!(at), difference!(at + BLOCK));
        let second = v128_or(difference!(at + 2 * BLOCK), difference!(at + 3 * BLOCK));
        if v128_any_true(v128_or(first, second)) {
            break;
        }
        at += 4 * BLOCK;
    }
    if length >= BLOCK {
        let last = length - BLOCK;
        loop {
            // The last block ends with the last byte: some bytes are compared twice.
            at = at.min(last);
            let differing = i8x16_bitmask(i8x16_ne(difference!(at), i8x16_splat(0)));
            if differing != 0 {
                at += differing.trailing_zeros() as usize;
                break;
            }
            if at == last {
                return 0;
            }
            at += BLOCK;
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
