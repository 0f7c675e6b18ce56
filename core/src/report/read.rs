use serde::de::IgnoredAny;
use serde::{Deserialize, Deserializer};

use crate::check::Level;
use crate::deserialize::deserialize;
use crate::digest::{Sha1Digest, Sha256Digest};
use crate::error::{Code, Error};
use crate::manifest::check_base_url;
use crate::waybill::{PublicKey, check_time};

#[derive(Clone, Copy, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Form {
    #[default]
    Markdown,
    Csv,
    Html,
}

/// The document that a report is made of.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Given {
    #[serde(deserialize_with = "Option::deserialize")]
    pub(super) plan: Option<Plan>,
    #[serde(default, deserialize_with = "or_default")]
    pub(super) format: Form,
    pub(super) current: Option<String>,
    #[serde(alias = "firmwareVersion")]
    pub(super) firmware_version: Option<String>,
    /// Files of the device's release.
    #[serde(default, deserialize_with = "or_default")]
    pub(super) before: Vec<File>,
    pub(super) sha256: Option<Sha256Digest>,
    pub(super) findings: Option<Vec<Finding>>,
    #[serde(default, deserialize_with = "or_default")]
    pub(super) unread: u64,
    #[serde(default, deserialize_with = "or_default")]
    pub(super) signed: Vec<Signed>,
    #[serde(alias = "baseUrl")]
    pub(super) base_url: Option<String>,
    pub(super) generation: Option<u64>,
    pub(super) time: Option<String>,
}

#[derive(Deserialize)]
pub(super) struct Plan {
    pub(super) version: String,
    pub(super) previous_version: Option<String>,
    pub(super) full: bool,
    pub(super) delete: Vec<String>,
    pub(super) new: Vec<File>,
    pub(super) update: Vec<File>,
    pub(super) keep: Vec<File>,
    pub(super) firmware: Option<File>,
    #[serde(default)]
    pub(super) patches: Vec<Patch>,
}

#[derive(Deserialize)]
pub(super) struct File {
    pub(super) path: String,
    pub(super) size: u64,
    pub(super) sha1: Sha1Digest,
}

#[derive(Deserialize)]
pub(super) struct Patch {
    /// What it makes; that of the image has none.
    pub(super) file: Option<String>,
    pub(super) size: u64,
}

#[derive(Deserialize)]
pub(super) struct Finding {
    pub(super) level: Level,
    /// The engine's, or another.
    pub(super) code: String,
    pub(super) path: String,
    pub(super) message: String,
    pub(super) advice: String,
}

/// A release or an image, and whether devices with keys take it.
#[derive(Deserialize)]
pub(super) struct Signed {
    pub(super) path: String,
    pub(super) sequence: Option<u64>,
    pub(super) expires: Option<String>,
    pub(super) verdict: Verdict,
}

#[derive(Deserialize)]
pub(super) struct Verdict {
    pub(super) signers: Vec<PublicKey>,
    /// Why devices refuse it; nothing if they take it.
    pub(super) reasons: Vec<Reason>,
}

#[derive(Deserialize)]
pub(super) struct Reason {
    pub(super) message: String,
}

impl Given {
    pub(super) fn read(document: &[u8]) -> Result<Self, Error> {
        serde_json::from_slice::<IgnoredAny>(document)
            .map_err(|error| Error::new(Code::JsonInvalid, format!("not a JSON document: {error}")))?;
        let given: Self = deserialize(&mut serde_json::Deserializer::from_slice(document), "")?;
        given.base_url.as_deref().map(check_base_url).transpose()?;
        given.time.as_deref().map(check_time).transpose()?;
        Ok(given)
    }
}

/// What is `null` is as if it were missing.
fn or_default<'de, T: Default + Deserialize<'de>, D: Deserializer<'de>>(deserializer: D) -> Result<T, D::Error> {
    Option::deserialize(deserializer).map(Option::unwrap_or_default)
}
