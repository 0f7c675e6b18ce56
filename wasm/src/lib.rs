//! The engine for JavaScript: conversion only. Names are camelCase; the keys of documents are the same in every language.
//!
//! Arguments are declared as any JavaScript value and checked here, so that a wrong one throws an `Error` with `code`
//! and never traps.

#![deny(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]
#![allow(clippy::needless_pass_by_value, reason = "wasm-bindgen hands values over")]

mod catalog;
mod check;
mod convert;
mod digest;
mod filter;
mod listing;
mod manifest;
mod path;
mod version;
mod waybill;

pub use catalog::verify_device;
pub use check::{check_settings, peek};
pub use digest::sha1;
pub use manifest::verify_content;
pub use path::{is_document, is_patch};
pub use waybill::{
    changed_keys, first_keys, newest_keys, next_keys, parse_keys, parse_signature, parse_waybill, verify_ed25519,
    verify_signed,
};
