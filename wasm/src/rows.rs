//! Lists of files, as four columns: one text of all paths, their lengths, the sizes, one text of all digests.
//!
//! A hundred thousand files cross in four pieces, which JavaScript cuts into rows.

use airwaybill::Sha1Digest;
use wasm_bindgen::prelude::*;

#[wasm_bindgen(raw_module = "./crossing.js")]
extern "C" {
    /// A list of `{ path, size, sha1 }`; `lengths` are in UTF-16 units, as JavaScript counts.
    #[wasm_bindgen(js_name = files)]
    fn rows_of_files(paths: &str, lengths: &[u32], sizes: &[f64], digests: &str) -> JsValue;

    /// A list of texts.
    #[wasm_bindgen(js_name = texts)]
    fn rows_of_texts(joined: &str, lengths: &[u32]) -> JsValue;
}

fn utf16_length(text: &str) -> u32 {
    let length = if text.is_ascii() { text.len() } else { text.chars().map(char::len_utf16).sum() };
    u32::try_from(length).unwrap_or(u32::MAX)
}

pub(crate) fn files<'a>(files: impl ExactSizeIterator<Item = (&'a str, u64, Sha1Digest)> + Clone) -> JsValue {
    let count = files.len();
    let mut paths = String::with_capacity(files.clone().map(|(path, ..)| path.len()).sum());
    let mut lengths = Vec::with_capacity(count);
    let mut sizes = Vec::with_capacity(count);
    let mut digests = String::with_capacity(count.saturating_mul(40));
    for (path, size, sha1) in files {
        paths.push_str(path);
        lengths.push(utf16_length(path));
        sizes.push(number(size));
        digests.push_str(sha1.encode(&mut [0; 40]));
    }
    rows_of_files(&paths, &lengths, &sizes, &digests)
}

pub(crate) fn texts<'a>(texts: impl ExactSizeIterator<Item = &'a str> + Clone) -> JsValue {
    let joined: String = texts.clone().collect();
    let lengths: Vec<u32> = texts.map(utf16_length).collect();
    rows_of_texts(&joined, &lengths)
}

/// INVARIANT: sizes are under 2^53, and a sum of them over it is rounded.
#[allow(clippy::cast_precision_loss, reason = "JavaScript's numbers are f64")]
pub(crate) fn number(size: u64) -> f64 {
    size as f64
}
