//! Patches for JavaScript, in a module of their own: they take a compressor and a sort of suffixes, which the engine does without.
//! Errors are texts, the code first; `side-module.ts` makes them what other errors are.

#![deny(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]
#![allow(clippy::missing_errors_doc, reason = "`patches.ts` says it")]

use wasm_bindgen::prelude::*;

type Result<T> = std::result::Result<T, String>;

/// The patch that makes `new` of `old`.
#[wasm_bindgen(js_name = makePatch)]
pub fn make_patch(old: &[u8], new: &[u8]) -> Result<Vec<u8>> {
    airwaybill::make_patch(old, new).map_err(|error| text(&error))
}

/// What a patch makes of `old`.
#[wasm_bindgen(js_name = applyPatch)]
pub fn apply_patch(old: &[u8], patch: &[u8]) -> Result<Vec<u8>> {
    airwaybill::apply_patch(old, patch).map_err(|error| text(&error))
}

fn text(error: &airwaybill::Error) -> String {
    format!("{}: {error}", error.code())
}
