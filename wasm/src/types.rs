//! TypeScript's view of the engine's types, and the options as JavaScript names them.
//!
//! Each type is held to the engine's: other fields there, and this module does not compile.

use std::str::FromStr;

use airwaybill::{Error, Fields, Json, VersionScheme};
use tsify::Tsify;
use wasm_bindgen::prelude::*;

#[wasm_bindgen(typescript_custom_section)]
const CODE: &str = r#"import type { Code } from "./codes.js";"#;

/// Types that go out: the engine writes them itself, so nothing here is ever built.
macro_rules! written_by_the_engine {
    ($($(#[$meta:meta])* $name:ident { $($(#[$field_meta:meta])* $field:ident: $type:ty,)* })*) => {
        $(
            $(#[$meta])*
            #[derive(Tsify)]
            #[allow(dead_code, reason = "read by tsify alone")]
            pub(crate) struct $name {
                $($(#[$field_meta])* $field: $type,)*
            }

            const _: fn(airwaybill::$name) = |value| {
                let airwaybill::$name { $($field: _,)* } = value;
            };
        )*
    };
}

written_by_the_engine! {
    /// One file: its path, its size in bytes (under 2^53) and the SHA-1 of its content.
    FileRecord {
        /// `/`-separated, from the top directory or, for a device's files, from its root.
        path: String,
        /// Bytes.
        size: f64,
        /// 40 lower-case hex digits.
        sha1: String,
    }

    /// Why something is not in the catalog, or what an operator should know about it.
    Notice {
        /// From the top directory.
        path: String,
        /// The stable reason.
        #[tsify(type = "Code")]
        code: String,
        /// The reason for people.
        message: String,
    }

    /// A firmware image: a top-level file `firmware_<version>.bin` or `.hex`.
    Firmware {
        /// The file name.
        path: String,
        /// From the file name.
        version: String,
        /// Bytes.
        size: f64,
        /// 40 lower-case hex digits.
        sha1: String,
    }

    /// The decision for one device. Every list is sorted by path.
    Plan {
        /// The release that the device is on afterwards.
        version: String,
        /// What the request named as current.
        #[tsify(type = "string | null")]
        previous_version: Option<String>,
        /// Whether `new` is all that the release has: the request named no version, or one that the catalog does not have.
        full: bool,
        /// Device paths of files that are no longer needed.
        delete: Vec<String>,
        /// Files that the device does not have.
        new: Vec<PlanFile>,
        /// Files that the device has with another content.
        update: Vec<PlanFile>,
        /// The image to flash.
        #[tsify(type = "Firmware | null")]
        firmware: Option<Firmware>,
    }

    /// Size and SHA-1 of a file.
    Content {
        /// Bytes; `null` where a manifest of format 1 does not say.
        #[tsify(type = "number | null")]
        size: Option<f64>,
        /// 40 lower-case hex digits.
        sha1: String,
    }

    /// One file that is not as it should be.
    Problem {
        /// The file's path; of a wrong URL, the URL.
        path: String,
        /// What is wrong.
        #[tsify(type = r#""missing" | "different" | "unexpected" | "url""#)]
        kind: String,
        /// What should be there.
        #[tsify(type = "Content | null")]
        expected: Option<Content>,
        /// What is there.
        #[tsify(type = "Content | null")]
        found: Option<Content>,
    }

    /// What a check found: everything is right when there are no problems.
    Report {
        /// Files that should be there.
        checked: f64,
        /// Those that are not right, sorted by path.
        problems: Vec<Problem>,
    }
}

/// One file that a device fetches.
#[derive(Tsify)]
#[allow(dead_code, reason = "read by tsify alone")]
pub(crate) struct PlanFile {
    /// Where it belongs on the device.
    path: String,
    /// Bytes.
    size: f64,
    /// 40 lower-case hex digits.
    sha1: String,
}

const _: fn(airwaybill::File) = |file| {
    let airwaybill::File { path: _, size: _, sha1: _ } = file;
};

/// A symbolic link of a listing.
#[derive(Tsify)]
#[allow(dead_code, reason = "read by tsify alone")]
pub(crate) struct LinkEntry {
    /// From the top directory.
    path: String,
    /// The final target's path from the top directory; `null` when it is missing or outside.
    #[tsify(type = "string | null")]
    link: Option<String>,
}

/// Something in a listing that was not, or could not be, read. The path of a directory ends in `/`.
#[derive(Tsify)]
#[allow(dead_code, reason = "read by tsify alone")]
pub(crate) struct UnreadEntry {
    /// From the top directory.
    path: String,
    /// The reason.
    unread: String,
}

/// A directory of a listing with nothing in it.
#[derive(Tsify)]
#[allow(dead_code, reason = "read by tsify alone")]
pub(crate) struct DirectoryEntry {
    /// From the top directory, with a `/` at its end.
    #[tsify(type = "`${string}/`")]
    path: String,
}

/// One entry of a listing: what a walk through the directory of releases found.
#[derive(Tsify)]
#[serde(untagged)]
#[allow(dead_code, reason = "read by tsify alone")]
pub(crate) enum Entry {
    File(FileRecord),
    Link(LinkEntry),
    Directory(DirectoryEntry),
    Unread(UnreadEntry),
}

const _: fn(airwaybill::Entry) = |entry| match entry {
    airwaybill::Entry::File(_)
    | airwaybill::Entry::Link { path: _, link: _ }
    | airwaybill::Entry::Directory { path: _ }
    | airwaybill::Entry::Unread { path: _, unread: _ } => {}
};

/// A release: a version and the device's entire file system.
#[derive(Tsify, serde::Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Release<'a> {
    /// The directory's name.
    #[tsify(type = "string")]
    version: &'a str,
    /// Bytes of all files.
    size: u64,
    /// How many files it has.
    file_count: usize,
}

impl<'a> From<&'a airwaybill::Release> for Release<'a> {
    fn from(release: &'a airwaybill::Release) -> Self {
        Self { version: release.version().as_str(), size: release.size(), file_count: release.files().len() }
    }
}

/// A manifest as a plain object.
#[derive(Tsify)]
#[allow(dead_code, reason = "read by tsify alone")]
pub(crate) struct ManifestDocument {
    /// Device paths of files that are no longer needed.
    delete: Vec<String>,
    /// The image to flash.
    #[tsify(optional)]
    firmware: Option<FirmwareEntry>,
    /// `new` is all that the release has; only in format 2.
    #[tsify(optional, type = "true")]
    full: Option<bool>,
    /// Files that the device does not have.
    new: Vec<FileEntry>,
    /// The release that the request named.
    #[tsify(type = "string | null")]
    previous_version: Option<String>,
    /// Bytes to fetch in all; only in format 2.
    #[tsify(optional)]
    total_size: Option<f64>,
    /// Files that the device has with another content.
    update: Vec<FileEntry>,
    /// The release that the device is on afterwards.
    version: String,
}

/// One file of a manifest.
#[derive(Tsify)]
#[allow(dead_code, reason = "read by tsify alone")]
pub(crate) struct FileEntry {
    /// Where to fetch it.
    #[serde(rename = "URL")]
    url: String,
    /// Where it belongs on the device.
    dst_path: String,
    /// 40 lower-case hex digits.
    hash: String,
    /// Bytes; only in format 2.
    #[tsify(optional)]
    size: Option<f64>,
}

const _: fn(airwaybill::FileEntry) = |entry| {
    let airwaybill::FileEntry { url: _, dst_path: _, hash: _, size: _ } = entry;
};

/// The firmware image of a manifest.
#[derive(Tsify)]
#[allow(dead_code, reason = "read by tsify alone")]
pub(crate) struct FirmwareEntry {
    /// Where to fetch it.
    #[serde(rename = "URL")]
    url: String,
    /// 40 lower-case hex digits.
    hash: String,
    /// Bytes; only in format 2.
    #[tsify(optional)]
    size: Option<f64>,
}

const _: fn(airwaybill::FirmwareEntry) = |entry| {
    let airwaybill::FirmwareEntry { url: _, hash: _, size: _ } = entry;
};

/// What a catalog leaves out, what it never updates, and how it orders versions.
#[derive(Tsify)]
#[serde(rename_all = "camelCase")]
#[allow(dead_code, reason = "read by tsify alone")]
pub(crate) struct CatalogOptions {
    /// The order of versions; `"loose"` when absent.
    #[tsify(optional, type = r#""loose" | "semver" | null | undefined"#)]
    versions: Option<VersionScheme>,
    /// Globs of files to leave out, besides `.DS_Store`, `Thumbs.db` and `pymakr.conf`.
    ///
    /// A glob with a `/` is held against the device path and each directory above it, one without against each name
    /// in the path.
    #[tsify(optional, type = "readonly string[] | null | undefined")]
    ignore: Option<Vec<String>>,
    /// Globs of files that no plan touches, read as those of `ignore`.
    #[tsify(optional, type = "readonly string[] | null | undefined")]
    protect: Option<Vec<String>>,
    /// Top-level names that still change: not offered, and a release among them still tells what a device on it has.
    #[tsify(optional, type = "readonly string[] | null | undefined")]
    unsettled: Option<Vec<String>>,
}

pub(crate) fn catalog_options(fields: &Fields<'_, '_>) -> Result<airwaybill::CatalogOptions, Error> {
    fields.only(&["versions", "ignore", "protect", "unsettled"])?;
    let texts = |key| fields.nullable(key, |value, place| value.list(place, owned)).map(Option::unwrap_or_default);
    Ok(airwaybill::CatalogOptions {
        versions: fields.nullable("versions", parsed)?.unwrap_or_default(),
        ignore: texts("ignore")?,
        protect: texts("protect")?,
        unsettled: texts("unsettled")?,
    })
}

/// What a device says of itself, and what it is to become.
#[derive(Tsify)]
#[serde(rename_all = "camelCase")]
#[allow(dead_code, reason = "read by tsify alone")]
pub(crate) struct PlanRequest {
    /// The device's release; a full install when absent.
    #[tsify(optional, type = "string | null | undefined")]
    current: Option<String>,
    /// The device's firmware; judged by `current` when absent.
    #[tsify(optional, type = "string | null | undefined")]
    firmware_version: Option<String>,
    /// The release to go to by name; the highest when absent.
    #[tsify(optional, type = "string | null | undefined")]
    target: Option<String>,
    /// Whether a named target may be lower than `current`.
    #[tsify(optional, type = "boolean | null | undefined")]
    allow_downgrade: Option<bool>,
}

pub(crate) fn plan_request(fields: &Fields<'_, '_>) -> Result<airwaybill::PlanRequest, Error> {
    fields.only(&["current", "firmwareVersion", "target", "allowDowngrade"])?;
    Ok(airwaybill::PlanRequest {
        current: fields.nullable("current", owned)?,
        firmware_version: fields.nullable("firmwareVersion", owned)?,
        target: fields.nullable("target", owned)?,
        allow_downgrade: fields.nullable("allowDowngrade", Json::bool)?.unwrap_or_default(),
    })
}

/// How a plan is rendered.
#[derive(Tsify)]
#[serde(rename_all = "camelCase")]
#[allow(dead_code, reason = "read by tsify alone")]
pub(crate) struct ManifestOptions {
    /// What every URL starts with, `http://192.168.1.144:8000`.
    base_url: String,
    /// `"relative"`, `flash/main.py`, when absent; `"absolute"`, `/flash/main.py`.
    #[tsify(optional, type = r#""relative" | "absolute" | null | undefined"#)]
    dst_paths: Option<airwaybill::DstPaths>,
    /// 1 when absent; 2 also has `size` on every entry, `total_size`, and `full` on a full install.
    #[tsify(optional, type = "1 | 2 | null | undefined")]
    format: Option<u8>,
}

pub(crate) fn manifest_options(fields: &Fields<'_, '_>) -> Result<airwaybill::ManifestOptions, Error> {
    fields.only(&["baseUrl", "dstPaths", "format"])?;
    let format = |value: &Json<'_>, place: &str| value.number(place)?.try_into();
    Ok(airwaybill::ManifestOptions {
        base_url: fields.required("baseUrl", owned)?,
        dst_paths: fields.nullable("dstPaths", parsed)?.unwrap_or_default(),
        format: fields.nullable("format", format)?.unwrap_or_default(),
    })
}

fn owned(value: &Json<'_>, place: &str) -> Result<String, Error> {
    value.text(place).map(str::to_owned)
}

fn parsed<T: FromStr<Err = Error>>(value: &Json<'_>, place: &str) -> Result<T, Error> {
    value.text(place)?.parse()
}
