//! The engine as a Python module: conversion, and the scan of a directory.

// Arguments come from Python by value.
#![allow(clippy::needless_pass_by_value)]

// Each module uses only those above it.
mod error;

mod convert;
mod records;

mod kept;

mod scan;

mod delta;
mod digest;
mod listing;
mod path;
mod version;

mod waybill;

mod check;

mod manifest;

mod plan;

mod objects;

mod catalog;

mod report;
mod verify;

use pyo3::prelude::*;

/// The compiled part of the package `airwaybill`.
#[pymodule]
mod _core {
    #[pymodule_export]
    use crate::records::{Content, FileRecord, Finding, Firmware, Notice, Object, PlanFile, Problem};

    #[pymodule_export]
    use crate::catalog::{Catalog, Release};
    #[pymodule_export]
    use crate::check::{Peek, check_settings, peek};
    #[pymodule_export]
    use crate::delta::{apply_patch, is_worth_it, make_patch, patch_path};
    #[pymodule_export]
    use crate::digest::Hasher;
    #[pymodule_export]
    use crate::listing::Listing;
    #[pymodule_export]
    use crate::manifest::Manifest;
    #[pymodule_export]
    use crate::objects::{content_type, manifest_key};
    #[pymodule_export]
    use crate::path::{check_path, is_document, is_draft, is_patch};
    #[pymodule_export]
    use crate::plan::Plan;
    #[pymodule_export]
    use crate::report::report;
    #[pymodule_export]
    use crate::verify::{Report, verify_content, verify_device};
    #[pymodule_export]
    use crate::version::Version;
    #[pymodule_export]
    use crate::waybill::{Keys, PublicKey, Signature, SigningStatus, Verdict, Waybill, signature_names, verify_signed};

    #[pymodule_export]
    const PATCHES: &str = airwaybill::PATCHES;
    #[pymodule_export]
    const PATCH_SIZE_LIMIT: usize = airwaybill::PATCH_SIZE_LIMIT;
    #[pymodule_export]
    #[allow(non_upper_case_globals, reason = "the name that Python gives it")]
    const __version__: &str = env!("CARGO_PKG_VERSION");
}
