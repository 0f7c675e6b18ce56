//! SHA-1 for WebAssembly, which has no instruction for it: the schedule of words is made four words at a time, a tenth
//! faster than word by word. Numbers of sections are those of FIPS 180-4.

#![allow(clippy::many_single_char_names, reason = "a to e are the standard's names")]
#![allow(clippy::inline_always, reason = "a call for each four words would keep them in memory")]

use std::arch::wasm32::{i8x16_shuffle, i32x4_shl, i32x4_shuffle, u32x4_add, u32x4_extract_lane, u32x4_shr};
use std::arch::wasm32::{u32x4_splat, u64x2, v128, v128_or, v128_xor};

use block_buffer::EagerBuffer;
use block_buffer::array::Array;
use block_buffer::array::typenum::{U20, U64};

type State = [u32; 5];

/// The last 32 words, the oldest first: four that a group of rounds takes are at index 4.
type Words = [v128; 8];

#[derive(Clone, Debug)]
pub(crate) struct Sha1 {
    state: State,
    length: u64,
    buffer: EagerBuffer<U64>,
}

impl Default for Sha1 {
    fn default() -> Self {
        // 5.3.1
        let state = [0x6745_2301, 0xefcd_ab89, 0x98ba_dcfe, 0x1032_5476, 0xc3d2_e1f0];
        Self { state, length: 0, buffer: EagerBuffer::default() }
    }
}

impl Sha1 {
    pub(crate) fn update(&mut self, piece: &[u8]) {
        self.length += piece.len() as u64;
        self.buffer.digest_blocks(piece, |blocks| compress(&mut self.state, Array::cast_slice_to_core(blocks)));
    }

    pub(crate) fn finalize(mut self) -> Array<u8, U20> {
        self.buffer.len64_padding_be(self.length * 8, |block| compress(&mut self.state, &[block.0]));
        let mut digest = Array::<u8, U20>::default();
        for (to, word) in digest.as_chunks_mut().0.iter_mut().zip(self.state) {
            *to = word.to_be_bytes();
        }
        digest
    }
}

// 6.1.2
fn compress(state: &mut State, blocks: &[[u8; 64]]) {
    // 4.1.1
    let choice = |b: u32, c: u32, d: u32| d ^ (b & (c ^ d));
    let parity = |b: u32, c: u32, d: u32| b ^ c ^ d;
    let majority = |b: u32, c: u32, d: u32| (b & c) + (d & (b ^ c));

    let mut sum = *state;
    for block in blocks {
        let mut words = first_words(block);
        let mut state = sum;
        // Compilers for size leave loops as they are, and a loop would keep the words in memory.
        macro_rules! rounds {
            ($function:expr, $constant:expr, $($next:ident)*) => {$(
                state = four_rounds(state, $function, u32x4_add(words[4], u32x4_splat($constant)));
                let [_, b, c, d, e, f, g, h] = words;
                words = [b, c, d, e, f, g, h, $next(words)];
            )*};
        }
        // 4.2.1
        rounds!(choice, 0x5a82_7999, early early early early late);
        rounds!(parity, 0x6ed9_eba1, late late late late late);
        rounds!(majority, 0x8f1b_bcdc, late late late late late);
        rounds!(parity, 0xca62_c1d6, late none none none none);
        let ([a, b, c, d, e], [f, g, h, i, j]) = (sum, state);
        sum = [a.wrapping_add(f), b.wrapping_add(g), c.wrapping_add(h), d.wrapping_add(i), e.wrapping_add(j)];
    }
    *state = sum;
}

#[inline(always)]
fn four_rounds(state: State, function: impl Fn(u32, u32, u32) -> u32, words: v128) -> State {
    let round = |[a, b, c, d, e]: State, word: u32| {
        let next = e.wrapping_add(word).wrapping_add(function(b, c, d)).wrapping_add(a.rotate_left(5));
        [next, a, b.rotate_left(30), c, d]
    };
    let state = round(state, u32x4_extract_lane::<0>(words));
    let state = round(state, u32x4_extract_lane::<1>(words));
    let state = round(state, u32x4_extract_lane::<2>(words));
    round(state, u32x4_extract_lane::<3>(words))
}

#[inline(always)]
fn first_words(block: &[u8; 64]) -> Words {
    let [a, b, c, d, e, f, g, h] = *block.as_chunks().0 else { return [u32x4_splat(0); 8] };
    let words = |low, high| {
        let bytes = u64x2(u64::from_le_bytes(low), u64::from_le_bytes(high));
        i8x16_shuffle::<3, 2, 1, 0, 7, 6, 5, 4, 11, 10, 9, 8, 15, 14, 13, 12>(bytes, bytes)
    };
    let zero = u32x4_splat(0);
    [zero, zero, zero, zero, words(a, b), words(c, d), words(e, f), words(g, h)]
}

/// Words 16 to 31: each is of those 3, 8, 14 and 16 before it, so that the last of four is also of the first.
#[inline(always)]
fn early([.., a, b, c, d]: Words) -> v128 {
    let zero = u32x4_splat(0);
    let three_before = i32x4_shuffle::<1, 2, 3, 4>(d, zero);
    let fourteen_before = i32x4_shuffle::<2, 3, 4, 5>(a, b);
    let words = rotate_left::<1, 31>(v128_xor(v128_xor(three_before, c), v128_xor(fourteen_before, a)));
    v128_xor(words, rotate_left::<1, 31>(i32x4_shuffle::<4, 4, 4, 0>(words, zero)))
}

/// Words 32 to 79: the same rule put into itself once, so that each is of those 6, 16, 28 and 32 before it.
#[inline(always)]
fn late([a, b, _, _, c, _, d, e]: Words) -> v128 {
    let six_before = i32x4_shuffle::<2, 3, 4, 5>(d, e);
    rotate_left::<2, 30>(v128_xor(v128_xor(six_before, c), v128_xor(b, a)))
}

#[inline(always)]
fn none(_: Words) -> v128 {
    u32x4_splat(0)
}

#[inline(always)]
fn rotate_left<const LEFT: u32, const RIGHT: u32>(words: v128) -> v128 {
    v128_or(i32x4_shl(words, LEFT), u32x4_shr(words, RIGHT))
}
