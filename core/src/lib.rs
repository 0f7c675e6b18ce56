//! Decides, describes and verifies over-the-air updates.
//!
//! Data flows one way: a listing of the files in a directory of releases becomes a [`Catalog`]; for one device the
//! catalog gives a [`Plan`], what to delete, add, update and flash; rendered for a base URL the plan is a
//! [`Manifest`], the JSON document that the device fetches; [`verify_content`] and [`verify_device`] compare it with what
//! is there. [`report()`] writes a plan down for people. [`Catalog::check`] looks for mistakes before a release goes out. [`verify_signed`] says whether a signed list of
//! files, a [`Waybill`], counts for devices that have certain [`Keys`].
//!
//! ```
//! use airwaybill::{Catalog, CatalogOptions, Entry, FileRecord, ManifestOptions, PlanRequest};
//!
//! let file = |path, content| Entry::from(FileRecord::of(path, content));
//! let listing = [file("1.0.0/flash/main.py", b"old"), file("1.0.1/flash/main.py", b"new")];
//! let catalog = Catalog::from_listing(&listing, &CatalogOptions::default())?;
//!
//! let request = PlanRequest { current: Some("1.0.0".into()), ..PlanRequest::default() };
//! let document = catalog.manifest_json(&request, &ManifestOptions::new("http://192.168.1.144:8000"))?;
//! assert!(document.contains("http://192.168.1.144:8000/1.0.1/flash/main.py"));
//! # Ok::<(), airwaybill::Error>(())
//! ```
//!
//! A file has a type for each of these steps: [`FileRecord`] in a listing, [`File`] in a release and in a plan,
//! [`FileEntry`] in a manifest. [`Entry`] is anything that a listing may contain.
//!
//! Rules are quoted by number, `C3`; `tests/RULES.md` of the repository lists them.
//!
//! # What does this crate not do?
//!
//! It does not read disk, clock, network or random numbers: every answer is a pure function of the listing, the options
//! and the request. It does not panic on any input. It reads no private key: signing is OpenSSH's.

#![forbid(unsafe_code)]
#![deny(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]
#![allow(clippy::case_sensitive_file_extension_comparisons, reason = "a device tells `.PY` from `.py`")]

// Each module uses only those above it.
mod by_name;
mod error;
mod order;

mod deserialize;
mod json;

mod digest;
mod path;
mod version;

mod left_out;
mod name;

mod glob;
mod listing;
mod notice;
mod patch;

mod filter;

mod catalog;

mod plan;

mod manifest;

mod verify;

#[cfg(feature = "sign")]
mod waybill;

mod check;

#[cfg(feature = "sign")]
mod report;

#[cfg(feature = "delta")]
mod delta;

#[cfg(feature = "publish")]
mod objects;

pub use catalog::{Catalog, File, Firmware, Release};
pub use check::{
    Acceptance, CheckRequest, CheckSettings, ExpectedFirmware, Finding, Level, Peek, PeekImage, PeekText,
    SignedDocument,
};
#[cfg(feature = "delta")]
pub use delta::{PATCH_SIZE_LIMIT, apply_patch, make_patch};
pub use deserialize::deserialize;
pub use digest::{Hasher, Sha1Digest, Sha256Digest, Sha256Hasher};
pub use error::{Code, Error};
pub use filter::{CatalogOptions, Filter};
pub use listing::{Entry, EntryFields, FileRecord, files_of};
pub use manifest::{
    DstPath, DstPaths, FileEntry, FirmwareEntry, Manifest, ManifestFormat, ManifestOptions, PatchEntry,
};
pub use name::{is_document, is_draft};
pub use notice::Notice;
#[cfg(feature = "publish")]
pub use objects::{ManifestKey, Object, ObjectKind, ObjectsOptions, content_type};
pub use patch::{PATCHES, Patch, is_patch, is_worth_it, patch_path};
pub use path::DevicePath;
pub use plan::{Decision, Plan, PlanRequest};
#[cfg(feature = "sign")]
pub use report::report;
pub use verify::{Content, Problem, ProblemKind, Report, verify_content, verify_device};
pub use version::{Version, VersionScheme};
#[cfg(feature = "sign")]
pub use waybill::{
    DocumentFile, Keys, KeysRequest, PublicKey, Role, Signature, SignedFile, SigningStatus, Verdict, VerifyRequest,
    Waybill, WaybillKind, WaybillRequest, signature_names, verify_signed,
};
