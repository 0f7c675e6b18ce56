//! The report for JavaScript, in a module of its own: who only asks for plans does without it. Errors are texts, the code first; `side-module.ts` makes
//! them what other errors are.

#![deny(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]
#![allow(clippy::missing_errors_doc, reason = "`report.ts` says it")]

use wasm_bindgen::prelude::*;

/// The report of a document, JSON.
#[wasm_bindgen]
pub fn report(document: &str) -> Result<String, String> {
    airwaybill::report(document.as_bytes()).map_err(|error| format!("{}: {error}", error.code()))
}
