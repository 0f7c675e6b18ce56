//! The engine as a Python module: conversion only, and the tree scan.

// Arguments come from Python by value.
#![allow(clippy::needless_pass_by_value)]

mod convert;
mod records;
mod scan;
mod types;

use pyo3::prelude::*;

/// The compiled part of the package `airwaybill`.
#[pymodule]
mod _core {
    #[pymodule_export]
    use crate::records::{Content, FileRecord, Firmware, Notice, PlanFile, Problem};

    #[pymodule_export]
    use crate::types::{
        Catalog, Hasher, Listing, Manifest, Plan, Release, Report, Version, check_path, verify_content, verify_device,
    };

    #[pymodule_export]
    #[allow(non_upper_case_globals, reason = "the name that Python gives it")]
    const __version__: &str = env!("CARGO_PKG_VERSION");
}
