//! The engine and the vectors' runner behind a C interface, for a host of WebAssembly that offers nothing.

#![cfg(target_arch = "wasm32")]
#![allow(missing_docs, reason = "a module has exports, not documentation")]

mod meter;

use std::alloc::Layout;
use std::slice;

fn layout(size: usize) -> Option<Layout> {
    Layout::from_size_align(size.max(1), 1).ok()
}

/// Allocates `size` bytes for the host to write an argument to; 0 if there is no room.
#[unsafe(no_mangle)]
extern "C" fn alloc(size: usize) -> *mut u8 {
    // SAFETY: the layout's size is not zero.
    layout(size).map_or(std::ptr::null_mut(), |layout| unsafe { std::alloc::alloc(layout) })
}

/// Takes back what `alloc` or `run` gave.
///
/// # Safety
///
/// `bytes` and `size` are those of one `alloc`, or of the answer of one `run`.
#[unsafe(no_mangle)]
unsafe extern "C" fn free(bytes: *mut u8, size: usize) {
    if let Some(layout) = layout(size) {
        // SAFETY: the caller's.
        unsafe { std::alloc::dealloc(bytes, layout) }
    }
}

/// Runs one input of one area. The answer is `airwaybill_tests::answer`'s: its address in the upper 32 bits, its
/// length in the lower; the host frees it.
///
/// # Safety
///
/// `area` and `input` are the host's to read for their lengths.
#[unsafe(no_mangle)]
unsafe extern "C" fn run(area: *const u8, area_length: usize, input: *const u8, input_length: usize) -> u64 {
    // SAFETY: the caller's.
    let (area, input) =
        unsafe { (slice::from_raw_parts(area, area_length), slice::from_raw_parts(input, input_length)) };
    let answer = Box::leak(airwaybill_tests::answer(area, input).into_bytes().into_boxed_slice());
    (answer.as_ptr() as u64) << 32 | answer.len() as u64
}
