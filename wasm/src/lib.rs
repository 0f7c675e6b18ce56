//! The engine for JavaScript: conversion only. Names are camelCase, the keys of documents are as everywhere.
//!
//! Every argument comes in as any JavaScript value and is checked here, so that a wrong one is an `Error` with `code`
//! and never a trap.

#![deny(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]
#![allow(clippy::needless_pass_by_value, reason = "wasm-bindgen hands values over")]

mod catalog;
mod convert;
mod digest;
mod filter;
mod listing;
mod manifest;
mod path;
mod version;

pub use catalog::verify_device;
pub use digest::sha1;
pub use manifest::verify_content;
