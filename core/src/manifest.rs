mod parse;

use std::str::FromStr;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize};

use crate::catalog::{Catalog, File, find};
use crate::deserialize::{CodedError, from_name};
use crate::digest::Sha1Digest;
use crate::error::{Code, Error, quoted};
use crate::json::to_json;
use crate::path::DevicePath;
use crate::plan::{Plan, PlanRequest};
use crate::version::Version;

/// How `dst_path` is written (rule M3).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[cfg_attr(feature = "wasm", derive(tsify::Tsify))]
#[serde(rename_all = "lowercase")]
pub enum DstPaths {
    /// `flash/lib/new_lib.py`
    #[default]
    Relative,
    /// `/flash/lib/new_lib.py`
    Absolute,
}

impl FromStr for DstPaths {
    type Err = Error;

    /// ```
    /// use airwaybill::{Code, DstPaths};
    ///
    /// assert_eq!("absolute".parse::<DstPaths>()?, DstPaths::Absolute);
    /// assert_eq!("none".parse::<DstPaths>().unwrap_err().code(), Code::FieldType);
    /// # Ok::<(), airwaybill::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`Code::FieldType`]
    fn from_str(text: &str) -> Result<Self, Error> {
        from_name(text, "dst_paths")
    }
}

/// The format of a manifest (rules M4 and X3).
///
/// ```
/// use airwaybill::{Code, ManifestFormat};
///
/// assert_eq!(ManifestFormat::try_from(2)?, ManifestFormat::Sized);
/// assert_eq!(ManifestFormat::try_from(4).unwrap_err().code(), Code::FormatInvalid);
/// # Ok::<(), airwaybill::Error>(())
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum ManifestFormat {
    /// 1: the fields of rule M1.
    #[default]
    Plain,
    /// 2: also `size` on every entry, `total_size`, `full` on a full install, and `keep`.
    Sized,
    /// 3: also `patch` on entries for which one is there (rule X3).
    Patched,
}

impl ManifestFormat {
    /// All, lowest first.
    pub const ALL: [Self; 3] = [Self::Plain, Self::Sized, Self::Patched];

    /// 1, 2 or 3.
    #[must_use]
    pub fn number(self) -> u8 {
        self as u8 + 1
    }
}

impl TryFrom<u64> for ManifestFormat {
    type Error = Error;

    fn try_from(number: u64) -> Result<Self, Error> {
        match number {
            1 => Ok(Self::Plain),
            2 => Ok(Self::Sized),
            3 => Ok(Self::Patched),
            _ => Err(Error::new(Code::FormatInvalid, format!("{number}: a manifest's format must be 1, 2 or 3"))),
        }
    }
}

impl<'de> Deserialize<'de> for ManifestFormat {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        u64::deserialize(deserializer)?.try_into().map_err(|error| D::Error::custom(CodedError(error)))
    }
}

/// How a plan is rendered.
#[derive(Clone, Debug, Deserialize)]
#[cfg_attr(feature = "wasm", derive(tsify::Tsify))]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct ManifestOptions {
    /// What every URL starts with, `http://192.168.1.144:8000`.
    #[serde(alias = "base_url")]
    pub base_url: String,
    /// Whether `dst_path` has a leading slash; by default it has none (rule M3).
    #[cfg_attr(feature = "wasm", tsify(optional, type = "DstPaths | null | undefined"))]
    #[serde(default, alias = "dst_paths")]
    pub dst_paths: DstPaths,
    /// 1 by default; 2 adds `size` to every entry, `total_size` and `full` (rule M4), 3 the catalog's patches (rule X3).
    #[cfg_attr(feature = "wasm", tsify(optional, type = "1 | 2 | 3 | null | undefined"))]
    #[serde(default)]
    pub format: ManifestFormat,
}

impl ManifestOptions {
    /// Documented paths and format 1.
    ///
    /// ```
    /// use airwaybill::{DstPaths, ManifestFormat, ManifestOptions};
    ///
    /// let documented = ManifestOptions::new("http://192.168.1.144:8000");
    /// let for_old_clients = ManifestOptions { dst_paths: DstPaths::Absolute, ..documented.clone() };
    /// let with_sizes = ManifestOptions { format: ManifestFormat::Sized, ..documented };
    /// assert_eq!((for_old_clients.format, with_sizes.dst_paths), (ManifestFormat::Plain, DstPaths::Relative));
    /// ```
    #[must_use]
    pub fn new(base_url: &str) -> Self {
        Self { base_url: base_url.to_owned(), dst_paths: DstPaths::default(), format: ManifestFormat::default() }
    }
}

/// The document that tells a device how to update itself (rules M1 to M5).
// M1: the fields stand in the order of their keys.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(feature = "wasm", derive(tsify::Tsify), tsify(missing_as_null, rename = "ManifestDocument"))]
pub struct Manifest {
    /// Device paths of files that are no longer needed.
    #[cfg_attr(feature = "wasm", tsify(type = "string[]"))]
    pub(crate) delete: Vec<DevicePath>,
    /// The image to flash.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) firmware: Option<FirmwareEntry>,
    /// Whether `new` is the entire release; only in formats 2 and 3.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    #[cfg_attr(feature = "wasm", tsify(optional, type = "true"))]
    pub(crate) full: bool,
    /// Files that the device owns once it has them, to fetch where it lacks them; only in formats 2 and 3.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[cfg_attr(feature = "wasm", tsify(optional))]
    pub(crate) keep: Vec<FileEntry>,
    /// Files that the device does not have.
    pub(crate) new: Vec<FileEntry>,
    /// The request's `current`.
    #[cfg_attr(feature = "wasm", tsify(type = "string | null"))]
    pub(crate) previous_version: Option<Version>,
    /// Bytes to download in all; only in formats 2 and 3.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) total_size: Option<u64>,
    /// Files that the device has with different content.
    pub(crate) update: Vec<FileEntry>,
    /// The release that the device has afterwards.
    #[cfg_attr(feature = "wasm", tsify(type = "string"))]
    pub(crate) version: Version,
}

/// One file of a manifest.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "wasm", derive(tsify::Tsify))]
pub struct FileEntry {
    /// Where to download it.
    #[serde(rename = "URL")]
    pub url: String,
    /// Where it belongs on the device.
    #[cfg_attr(feature = "wasm", tsify(type = "string"))]
    pub dst_path: DstPath,
    /// SHA-1 of the content.
    pub hash: Sha1Digest,
    /// What to download instead, if the device can make the file of it; only in format 3.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub patch: Option<PatchEntry>,
    /// Size in bytes; only in formats 2 and 3.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub size: Option<u64>,
}

/// The firmware image of a manifest.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "wasm", derive(tsify::Tsify))]
pub struct FirmwareEntry {
    /// Where to download it.
    #[serde(rename = "URL")]
    pub url: String,
    /// SHA-1 of the content.
    pub hash: Sha1Digest,
    /// What to download instead, if the device can make the image of it; only in format 3.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub patch: Option<PatchEntry>,
    /// Size in bytes; only in formats 2 and 3.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub size: Option<u64>,
}

/// The patch of an entry (rule X3).
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "wasm", derive(tsify::Tsify))]
pub struct PatchEntry {
    /// Where to download it.
    #[serde(rename = "URL")]
    pub url: String,
    /// SHA-1 of the file that it starts from; `None` if it starts from nothing.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub base: Option<Sha1Digest>,
    /// Size of the image that it starts from; `None` for a file.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub base_size: Option<u64>,
    /// SHA-1 of its own content.
    pub hash: Sha1Digest,
    /// Its own size in bytes.
    pub size: u64,
}

/// A device path as one entry writes it: with or without the leading slash, the same path (rule M5).
/// [`Plan::manifest`] has an example.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DstPath {
    /// The path without the slash.
    pub path: DevicePath,
    /// How it is written.
    pub written: DstPaths,
}

impl Serialize for DstPath {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.written {
            DstPaths::Relative => self.path.serialize(serializer),
            DstPaths::Absolute => serializer.collect_str(&format_args!("/{}", self.path)),
        }
    }
}

/// Documents are equal if their texts are: `1.0` and `1.00` are the same version but different documents.
impl PartialEq for Manifest {
    fn eq(&self, other: &Self) -> bool {
        self.to_json() == other.to_json()
    }
}

impl Eq for Manifest {}

impl Manifest {
    /// Device paths of files that are no longer needed.
    #[must_use]
    pub fn delete(&self) -> &[DevicePath] {
        &self.delete
    }

    /// Files that the device does not have.
    #[must_use]
    pub fn new_files(&self) -> &[FileEntry] {
        &self.new
    }

    /// Files that the device has with different content.
    #[must_use]
    pub fn update(&self) -> &[FileEntry] {
        &self.update
    }

    /// The image to flash.
    #[must_use]
    pub fn firmware(&self) -> Option<&FirmwareEntry> {
        self.firmware.as_ref()
    }

    /// The release that the device has afterwards.
    #[must_use]
    pub fn version(&self) -> &Version {
        &self.version
    }

    /// The request's `current`.
    #[must_use]
    pub fn previous_version(&self) -> Option<&Version> {
        self.previous_version.as_ref()
    }

    /// Whether `new` is the entire release (rule P4); only in formats 2 and 3.
    #[must_use]
    pub fn is_full(&self) -> bool {
        self.full
    }

    /// Files that the device owns once it has them (rule C7); only in formats 2 and 3.
    #[must_use]
    pub fn keep(&self) -> &[FileEntry] {
        &self.keep
    }

    /// Bytes to download in all, without what `keep` lists; only in formats 2 and 3.
    #[must_use]
    pub fn total_size(&self) -> Option<u64> {
        self.total_size
    }

    /// The document: keys sorted, four spaces, UTF-8, no line end after the last brace (rule M1).
    #[must_use]
    pub fn to_json(&self) -> String {
        to_json(self)
    }
}

impl Plan {
    /// Renders the plan for one base URL.
    ///
    /// ```
    /// use airwaybill::{Catalog, CatalogOptions, DstPath, DstPaths, FileEntry, FileRecord, FirmwareEntry};
    /// use airwaybill::{ManifestOptions, PlanRequest, Sha1Digest};
    ///
    /// let listing = ["1.0.1/flash/a b.py", "firmware_1.0.1.bin"].map(|path| FileRecord::of(path, b"text").into());
    /// let catalog = Catalog::from_listing(&listing, &CatalogOptions::default())?;
    /// let plan = catalog.plan(&PlanRequest::default())?.expect("a full install");
    ///
    /// let manifest = plan.manifest(&ManifestOptions::new("http://van.local:8000/"))?;
    /// let FileEntry { url, dst_path: DstPath { path, written }, hash, size, .. } = &manifest.new_files()[0];
    /// assert_eq!(url, "http://van.local:8000/1.0.1/flash/a%20b.py");
    /// assert_eq!((path.as_str(), *written), ("flash/a b.py", DstPaths::Relative));
    /// assert_eq!((*hash, *size), (Sha1Digest::of(b"text"), None));
    /// let FirmwareEntry { url, .. } = manifest.firmware().unwrap();
    /// assert_eq!(url, "http://van.local:8000/firmware_1.0.1.bin");
    /// # Ok::<(), airwaybill::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`Code::BaseUrlInvalid`] for a base URL that is not `scheme://…` without query, fragment, white space or
    /// control characters.
    pub fn manifest(&self, options: &ManifestOptions) -> Result<Manifest, Error> {
        let base_url = check_base_url(&options.base_url)?;
        let is_sized = options.format != ManifestFormat::Plain;
        let size = |bytes| is_sized.then_some(bytes);
        let is_kept = |file: &File| is_sized && find(&self.keep, file.path.as_str()).is_some();
        let fetched = || self.new.iter().filter(|file| !is_kept(file));
        // X3
        let patch = |file: Option<&DevicePath>| self.patch(file).filter(|_| options.format == ManifestFormat::Patched);
        let bytes = |file: Option<&DevicePath>, size: u64| patch(file).map_or(size, |patch| patch.size);
        let file_bytes = fetched().chain(&self.update).map(|file| bytes(Some(&file.path), file.size));
        let total = file_bytes.chain(self.firmware.iter().map(|image| bytes(None, image.size)));
        let patch_entry = |file: Option<&DevicePath>, made: Sha1Digest| {
            patch(file).map(|patch| PatchEntry {
                url: format!("{base_url}/{}", patch.path(made)),
                base: patch.base,
                base_size: patch.base_size,
                hash: patch.sha1,
                size: patch.size,
            })
        };
        let entries = |files: &mut dyn Iterator<Item = &File>| {
            let entry = |file: &File| FileEntry {
                url: file_url(base_url, &self.version, &file.path),
                dst_path: DstPath { path: file.path.clone(), written: options.dst_paths },
                hash: file.sha1,
                patch: patch_entry(Some(&file.path), file.sha1),
                size: size(file.size),
            };
            files.map(entry).collect()
        };
        Ok(Manifest {
            delete: self.delete.clone(),
            firmware: self.firmware.as_ref().map(|image| FirmwareEntry {
                url: format!("{base_url}/{}", encode(&image.path)),
                hash: image.sha1,
                patch: patch_entry(None, image.sha1),
                size: size(image.size),
            }),
            // M4
            full: is_sized && self.full,
            keep: if is_sized { entries(&mut self.keep.iter()) } else { Vec::new() },
            new: entries(&mut fetched()),
            previous_version: self.previous_version.clone(),
            total_size: size(total.fold(0, u64::saturating_add)),
            update: entries(&mut self.update.iter()),
            version: self.version.clone(),
        })
    }
}

impl Catalog {
    /// The text that a device gets: the manifest of its plan, or `null` if there is nothing to do (rule P6).
    ///
    /// ```
    /// use airwaybill::{Catalog, CatalogOptions, ManifestOptions, PlanRequest};
    ///
    /// let empty = Catalog::from_listing(&[], &CatalogOptions::default())?;
    /// let text = empty.manifest_json(&PlanRequest::default(), &ManifestOptions::new("http://van.local:8000"))?;
    /// assert_eq!(text, "null");
    /// # Ok::<(), airwaybill::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// Those of [`Catalog::plan`] and [`Plan::manifest`].
    pub fn manifest_json(&self, request: &PlanRequest, options: &ManifestOptions) -> Result<String, Error> {
        check_base_url(&options.base_url)?;
        match self.plan(request)? {
            Some(plan) => Ok(plan.manifest(options)?.to_json()),
            None => Ok("null".to_owned()),
        }
    }
}

/// Without a `/` at its end.
pub(crate) fn check_base_url(url: &str) -> Result<&str, Error> {
    let fail = |rule: &str| Err(Error::new(Code::BaseUrlInvalid, format!("{}: a base URL must {rule}", quoted(url))));
    if let Some(rule) = broken_url_rule(url) {
        return fail(rule);
    }
    if url.contains(['?', '#', '\\']) {
        return fail("not have a query, fragment or backslash");
    }
    Ok(url.trim_end_matches('/'))
}

/// The rule that a text breaks as a URL with a host; `None` if it breaks none.
pub(crate) fn broken_url_rule(url: &str) -> Option<&'static str> {
    let is_scheme = |scheme: &str| {
        scheme.starts_with(|c: char| c.is_ascii_alphabetic())
            && scheme.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '+' | '-' | '.'))
    };
    match split_scheme(url) {
        Some((scheme, rest)) if is_scheme(scheme) => {
            let authority = rest.split('/').next().unwrap_or_default();
            if authority.rsplit('@').next().is_none_or(|host| host.is_empty() || host.starts_with(':')) {
                return Some("name a host");
            }
        }
        _ => return Some("start with a scheme, such as http://"),
    }
    let is_unfit = |c: char| c.is_whitespace() || c.is_control();
    url.contains(is_unfit).then_some("not have white space or control characters")
}

/// The scheme of a URL, and what follows its `://`.
pub(crate) fn split_scheme(url: &str) -> Option<(&str, &str)> {
    let (scheme, rest) = url.split_once(':')?;
    Some((scheme, rest.strip_prefix("//")?))
}

// M2: RFC 3986, section 2.3: all but the unreserved characters.
const RESERVED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

fn encode(segment: &str) -> percent_encoding::PercentEncode<'_> {
    utf8_percent_encode(segment, RESERVED)
}

/// The URL of a file: base URL, version and device path, each segment percent-encoded.
pub(crate) fn file_url(base_url: &str, version: &Version, path: &DevicePath) -> String {
    let mut url = format!("{base_url}/{}", encode(version.as_str()));
    for segment in path.as_str().split('/') {
        url.push('/');
        url.extend(encode(segment));
    }
    url
}
