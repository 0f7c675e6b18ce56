use std::fmt;

use crate::error::{Code, Error, quoted};
use crate::manifest::ManifestFormat;

/// What stands in a key for what is not named: no version starts with it (V3).
const UNNAMED: &str = "-";

/// The key of a manifest, `m/<format>/<current>/<firmware>.json` (rule S1): a request without a query.
///
/// ```
/// use airwaybill::{Code, ManifestFormat, ManifestKey};
///
/// let key = ManifestKey::parse("m/2/1.0.0+a/-.json")?.expect("the key of a manifest");
/// assert_eq!((key.format, key.current.as_deref()), (ManifestFormat::Sized, Some("1.0.0+a")));
/// assert_eq!((key.firmware_version.as_deref(), key.to_string().as_str()), (None, "m/2/1.0.0+a/-.json"));
///
/// assert_eq!(ManifestKey::parse("1.0.0/flash/main.py")?, None);
/// assert_eq!(ManifestKey::parse("m/4/-/-.json").unwrap_err().code(), Code::FormatInvalid);
/// # Ok::<(), airwaybill::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ManifestKey {
    /// The format of the manifest.
    pub format: ManifestFormat,
    /// The device's release, as it names it.
    pub current: Option<String>,
    /// The version of its firmware, as it names it.
    pub firmware_version: Option<String>,
}

impl ManifestKey {
    /// Reads a key; `None` if it is none of a manifest. Versions are not checked: [`Catalog::plan`](crate::Catalog::plan)
    /// does that.
    ///
    /// # Errors
    ///
    /// [`Code::FormatInvalid`]
    pub fn parse(key: &str) -> Result<Option<Self>, Error> {
        let Some((format, current, firmware)) = split(key) else { return Ok(None) };
        let named = |text: &str| (text != UNNAMED).then(|| text.to_owned());
        let known = ManifestFormat::ALL.into_iter().find(|known| known.number().to_string() == format);
        let format = known.ok_or_else(|| {
            Error::new(Code::FormatInvalid, format!("{}: a manifest's format must be 1, 2 or 3", quoted(format)))
        })?;
        Ok(Some(Self { format, current: named(current), firmware_version: named(firmware) }))
    }
}

fn split(key: &str) -> Option<(&str, &str, &str)> {
    let (format, versions) = key.strip_prefix("m/")?.strip_suffix(".json")?.split_once('/')?;
    let (current, firmware) = versions.split_once('/')?;
    (!firmware.contains('/')).then_some((format, current, firmware))
}

impl fmt::Display for ManifestKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [current, firmware] =
            [&self.current, &self.firmware_version].map(|version| version.as_deref().unwrap_or(UNNAMED));
        write!(f, "m/{}/{current}/{firmware}.json", self.format.number())
    }
}
