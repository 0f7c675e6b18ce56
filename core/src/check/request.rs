//! What is to be checked, and the settings of it that stand beside the releases.

use std::str::FromStr;

use serde::{Deserialize, Deserializer};

use super::near_names;
use crate::deserialize::from_name;
use crate::error::{Code, Error, quoted};
use crate::glob::Globs;
use crate::listing::check_size;

/// What is to be checked: a release, as devices on others would get it.
#[derive(Clone, Debug, Default, Deserialize)]
#[cfg_attr(feature = "wasm", derive(tsify::Tsify))]
#[serde(default, deny_unknown_fields)]
pub struct CheckRequest {
    /// The releases that devices are on; without any, those below the target, where what a person did not mean is looked
    /// for from the nearest alone.
    #[cfg_attr(feature = "wasm", tsify(optional, type = "readonly string[] | null | undefined"))]
    pub current: Vec<String>,
    /// The release to check by name; none is the highest.
    #[cfg_attr(feature = "wasm", tsify(optional, type = "string | null | undefined"))]
    pub target: Option<String>,
    /// What holds for all releases of the directory.
    #[cfg_attr(feature = "wasm", tsify(optional, type = "CheckSettings | null | undefined"))]
    pub settings: CheckSettings,
    /// The waybills, keys and signatures that are there.
    #[cfg_attr(feature = "wasm", tsify(optional, type = "readonly SignedDocument[] | null | undefined"))]
    pub documents: Vec<SignedDocument>,
    /// The time, `2026-11-27T00:00:00Z`; without it nothing expires.
    #[cfg_attr(feature = "wasm", tsify(optional, type = "string | null | undefined"))]
    pub now: Option<String>,
}

/// The settings of a check that stand beside the releases, `check.toml`.
///
/// ```
/// use airwaybill::{CheckSettings, Code};
///
/// let settings: CheckSettings = serde_json::from_str(r#"{"mounts": ["flash"], "flash_size": 1048576}"#)?;
/// assert_eq!((settings.mounts.as_slice(), settings.flash_size), (["flash".to_owned()].as_slice(), Some(1_048_576)));
/// settings.validate()?;
///
/// let misspelt = r#"{"accept": [{"code": "start_mising", "path": "1.0.1/**", "reason": "boot.py does it"}]}"#;
/// let error = serde_json::from_str::<CheckSettings>(misspelt)?.validate().unwrap_err();
/// assert_eq!(error.code(), Code::FieldType);
/// assert!(error.to_string().ends_with(r#"did you mean "start_missing"?"#));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, Deserialize)]
#[cfg_attr(feature = "wasm", derive(tsify::Tsify))]
#[serde(default, deny_unknown_fields)]
pub struct CheckSettings {
    /// The mount points of the devices, the one that they start from first; `flash` and `sd` when absent.
    #[cfg_attr(feature = "wasm", tsify(optional, type = "readonly string[] | null | undefined"))]
    pub mounts: Vec<String>,
    /// Bytes of the file system at `flash`.
    #[serde(deserialize_with = "some_number")]
    #[cfg_attr(feature = "wasm", tsify(optional, type = "number | null | undefined"))]
    pub flash_size: Option<u64>,
    /// What a firmware image has to be.
    #[cfg_attr(feature = "wasm", tsify(optional, type = "ExpectedFirmware | null | undefined"))]
    pub firmware: ExpectedFirmware,
    /// What was looked at and is meant so.
    #[cfg_attr(feature = "wasm", tsify(optional, type = "readonly Acceptance[] | null | undefined"))]
    pub accept: Vec<Acceptance>,
}

impl Default for CheckSettings {
    fn default() -> Self {
        let mounts = ["flash", "sd"].map(str::to_owned).into();
        Self { mounts, flash_size: None, firmware: ExpectedFirmware::default(), accept: Vec::new() }
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
#[derive(Clone, Debug, Deserialize)]
#[cfg_attr(feature = "wasm", derive(tsify::Tsify))]
#[serde(deny_unknown_fields)]
pub struct Acceptance {
    /// Of the findings.
    pub code: String,
    /// A glob of their paths, from the top directory, read as those of `ignore`.
    pub path: String,
    /// Why they are.
    pub reason: String,
}

/// A waybill, keys or a signature.
#[derive(Clone, Debug, Deserialize)]
#[cfg_attr(feature = "wasm", derive(tsify::Tsify))]
#[serde(deny_unknown_fields)]
pub struct SignedDocument {
    /// `1.0.1.waybill`, `1.0.1.waybill.sig`, `keys/1.waybill`.
    pub name: String,
    /// Its bytes; a text where the request is read.
    #[serde(deserialize_with = "text")]
    #[cfg_attr(feature = "wasm", tsify(type = "string"))]
    pub content: Vec<u8>,
}

impl CheckSettings {
    /// Refuses what would find nothing, or everything.
    ///
    /// # Errors
    ///
    /// [`Code::FieldType`], [`Code::SizeTooBig`], [`Code::GlobInvalid`].
    pub fn validate(&self) -> Result<(), Error> {
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
        for (index, Acceptance { code, path, reason }) in self.accept.iter().enumerate() {
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
        from_name(text, "firmware")
    }
}

/// No null: JSON writes it for infinity, too.
fn some_number<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<u64>, D::Error> {
    u64::deserialize(deserializer).map(Some)
}

fn text<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<u8>, D::Error> {
    String::deserialize(deserializer).map(String::into_bytes)
}
