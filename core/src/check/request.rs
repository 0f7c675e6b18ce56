//! What is to be checked, and the settings of it that stand beside the releases.

use std::str::FromStr;

use serde::Deserialize;

use super::near_names;
use crate::deserialize::by_name;
use crate::error::{Code, Error, quoted};
use crate::glob::Globs;
use crate::json::Json;
use crate::listing::check_size;

const SETTINGS: [&str; 4] = ["mounts", "flash_size", "firmware", "accept"];
const REQUEST: [&str; 9] =
    ["mounts", "flash_size", "firmware", "accept", "current", "target", "flashSize", "documents", "now"];
const ACCEPT: [&str; 3] = ["code", "path", "reason"];
const DOCUMENT: [&str; 2] = ["name", "content"];

/// What is to be checked: a release, as devices on others would get it.
#[derive(Clone, Debug)]
#[cfg_attr(feature = "wasm", derive(tsify::Tsify), serde(rename_all = "camelCase"))]
pub struct CheckRequest {
    /// The releases that devices are on; without any, those below the target, where what a person did not mean is looked
    /// for from the nearest alone.
    #[cfg_attr(feature = "wasm", tsify(optional, type = "readonly string[] | null | undefined"))]
    pub current: Vec<String>,
    /// The release to check by name; none is the highest.
    #[cfg_attr(feature = "wasm", tsify(optional, type = "string | null | undefined"))]
    pub target: Option<String>,
    /// The mount points of the devices, the one that they start from first; `flash` and `sd` when absent.
    #[cfg_attr(feature = "wasm", tsify(optional, type = "readonly string[] | null | undefined"))]
    pub mounts: Vec<String>,
    /// Bytes of the file system at `flash`.
    #[cfg_attr(feature = "wasm", tsify(optional, type = "number | null | undefined"))]
    pub flash_size: Option<u64>,
    /// What a firmware image has to be.
    #[cfg_attr(feature = "wasm", tsify(optional, type = "ExpectedFirmware | null | undefined"))]
    pub firmware: ExpectedFirmware,
    /// What was looked at and is meant so.
    #[cfg_attr(feature = "wasm", tsify(optional, type = "readonly Accept[] | null | undefined"))]
    pub accept: Vec<Accept>,
    /// The waybills, keys and signatures that are there.
    #[cfg_attr(feature = "wasm", tsify(optional, type = "readonly SignedDocument[] | null | undefined"))]
    pub documents: Vec<SignedDocument>,
    /// The time, `2026-11-27T00:00:00Z`; without it nothing expires.
    #[cfg_attr(feature = "wasm", tsify(optional, type = "string | null | undefined"))]
    pub now: Option<String>,
}

impl Default for CheckRequest {
    fn default() -> Self {
        Self {
            current: Vec::new(),
            target: None,
            mounts: ["flash", "sd"].map(str::to_owned).into(),
            flash_size: None,
            firmware: ExpectedFirmware::default(),
            accept: Vec::new(),
            documents: Vec::new(),
            now: None,
        }
    }
}

/// What a firmware image has to be.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[cfg_attr(feature = "wasm", derive(tsify::Tsify))]
#[serde(rename_all = "lowercase")]
pub enum ExpectedFirmware {
    /// An application of an ESP32.
    #[default]
    Esp,
    /// Anything.
    Any,
}

/// Findings that are meant so.
#[derive(Clone, Debug)]
#[cfg_attr(feature = "wasm", derive(tsify::Tsify))]
pub struct Accept {
    /// Of the findings.
    pub code: String,
    /// A glob of their paths, from the top directory, read as those of `ignore`.
    pub path: String,
    /// Why they are.
    pub reason: String,
}

/// A waybill, keys or a signature.
#[derive(Clone, Debug)]
#[cfg_attr(feature = "wasm", derive(tsify::Tsify))]
pub struct SignedDocument {
    /// `1.0.1.waybill`, `1.0.1.waybill.sig`, `keys/1.waybill`.
    pub name: String,
    /// Its bytes; a text where the request is written as JSON.
    #[cfg_attr(feature = "wasm", tsify(type = "string"))]
    pub content: Vec<u8>,
}

impl CheckRequest {
    /// Reads a request that is written as JSON; `flash_size` is `flashSize` as well.
    ///
    /// # Errors
    ///
    /// [`Code::JsonInvalid`]; [`Code::FieldType`] for an unknown field, one of another type, and what no device has;
    /// [`Code::FieldMissing`], [`Code::SizeTooBig`], [`Code::GlobInvalid`].
    pub fn parse(document: &[u8]) -> Result<Self, Error> {
        Self::read(document, &REQUEST)
    }

    /// Reads the settings that stand beside releases, `check.toml`, written as JSON.
    ///
    /// ```
    /// use airwaybill::{CheckRequest, Code};
    ///
    /// let settings = CheckRequest::parse_settings(br#"{"mounts": ["flash"], "flash_size": 1048576}"#)?;
    /// assert_eq!((settings.mounts.as_slice(), settings.flash_size), (["flash".to_owned()].as_slice(), Some(1_048_576)));
    ///
    /// let misspelt = br#"{"accept": [{"code": "start_mising", "path": "1.0.1/**", "reason": "boot.py does it"}]}"#;
    /// let error = CheckRequest::parse_settings(misspelt).unwrap_err();
    /// assert_eq!(error.code(), Code::FieldType);
    /// assert!(error.to_string().ends_with(r#"did you mean "start_missing"?"#));
    /// # Ok::<(), airwaybill::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// Those of [`CheckRequest::parse`].
    pub fn parse_settings(document: &[u8]) -> Result<Self, Error> {
        Self::read(document, &SETTINGS)
    }

    fn read(document: &[u8], keys: &[&str]) -> Result<Self, Error> {
        let document = Json::parse(document)?;
        let top = document.fields("")?;
        top.only(keys)?;
        let texts = |value: &Json<'_>, place: &str| value.list(place, text);
        let flash_size = top.optional("flash_size", Json::number)?;
        let default = Self::default();
        let request = Self {
            current: top.optional("current", texts)?.unwrap_or_default(),
            target: top.optional("target", text)?,
            mounts: top.optional("mounts", texts)?.unwrap_or(default.mounts),
            flash_size: top.optional("flashSize", Json::number)?.or(flash_size),
            firmware: top.optional("firmware", firmware)?.unwrap_or_default(),
            accept: top.optional("accept", |value, place| value.list(place, accept))?.unwrap_or_default(),
            documents: top.optional("documents", |value, place| value.list(place, document_of))?.unwrap_or_default(),
            now: top.optional("now", text)?,
        };
        request.validate()?;
        Ok(request)
    }

    /// Refuses what would find nothing, or everything.
    pub(super) fn validate(&self) -> Result<(), Error> {
        let fail = |place: String, rule: &str| Err(Error::new(Code::FieldType, format!("{place}: {rule}")));
        if self.mounts.is_empty() {
            return fail("mounts".to_owned(), "expected at least one");
        }
        if let Some(mount) = self.mounts.iter().find(|mount| mount.is_empty() || mount.contains('/')) {
            return fail(format!("mounts: {}", quoted(mount)), "a mount is the name of a top directory, without /");
        }
        if self.flash_size == Some(0) {
            return fail("flash_size".to_owned(), "expected a number of bytes from 1, found 0");
        }
        check_size(self.flash_size.unwrap_or_default()).map_err(|error| error.at("flash_size"))?;
        for (index, Accept { code, path, reason }) in self.accept.iter().enumerate() {
            if Code::of(code).is_none() {
                let near = near_names(code, &Code::ALL.iter().map(|code| code.as_str()).collect::<Vec<_>>());
                return fail(
                    format!("accept[{index}].code"),
                    &format!("{}: there is no such code{near}", quoted(code)),
                );
            }
            Globs::new(std::slice::from_ref(path)).map_err(|error| error.at(format!("accept[{index}].path")))?;
            if reason.trim().is_empty() {
                return fail(
                    format!("accept[{index}].reason: {}", quoted(reason)),
                    "a reason says why it is meant; write it for whoever comes next",
                );
            }
        }
        Ok(())
    }
}

impl FromStr for ExpectedFirmware {
    type Err = Error;

    /// # Errors
    ///
    /// [`Code::FieldType`]
    fn from_str(text: &str) -> Result<Self, Error> {
        by_name(text, "firmware")
    }
}

fn text(value: &Json<'_>, place: &str) -> Result<String, Error> {
    value.text(place).map(str::to_owned)
}

fn firmware(value: &Json<'_>, place: &str) -> Result<ExpectedFirmware, Error> {
    value.text(place)?.parse()
}

fn accept(value: &Json<'_>, place: &str) -> Result<Accept, Error> {
    let fields = value.fields(place)?;
    fields.only(&ACCEPT)?;
    Ok(Accept {
        code: fields.required("code", text)?,
        path: fields.required("path", text)?,
        reason: fields.required("reason", text)?,
    })
}

fn document_of(value: &Json<'_>, place: &str) -> Result<SignedDocument, Error> {
    let fields = value.fields(place)?;
    fields.only(&DOCUMENT)?;
    Ok(SignedDocument { name: fields.required("name", text)?, content: fields.required("content", text)?.into_bytes() })
}
