use serde::Deserialize;

use crate::error::{Code, Error, quoted};
use crate::glob::Globs;
use crate::left_out::{self, INCOMPLETE, NameHint};
use crate::name;
use crate::notice::Notice;
use crate::patch::is_patch;
use crate::version::{Version, VersionScheme};

/// What a catalog ignores, what it never updates, and how it orders versions.
#[derive(Clone, Debug, Default, Deserialize)]
#[cfg_attr(feature = "wasm", derive(tsify::Tsify))]
#[serde(default, deny_unknown_fields)]
pub struct CatalogOptions {
    /// The order of versions (rules V1, V2 and V7).
    #[cfg_attr(feature = "wasm", tsify(optional, type = "VersionScheme | null | undefined"))]
    pub scheme: VersionScheme,
    /// Globs of files to leave out, besides what is left out by name (rules C1 and C6).
    ///
    /// A glob with a `/` is matched against the device path and each directory above it, one without against each
    /// name in the path.
    #[cfg_attr(feature = "wasm", tsify(optional, type = "readonly string[] | null | undefined"))]
    pub ignore: Vec<String>,
    /// Globs of files that no plan touches (rule C2), with the syntax of `ignore`.
    #[cfg_attr(feature = "wasm", tsify(optional, type = "readonly string[] | null | undefined"))]
    pub protect: Vec<String>,
    /// Globs of what is not to be left out by name, nor held back as a copy that is under way (rules C6 and C6b), read
    /// as those of `ignore`.
    #[cfg_attr(feature = "wasm", tsify(optional, type = "readonly string[] | null | undefined"))]
    pub include: Vec<String>,
    /// Globs of files that a device owns once it has them (rule C7), read as those of `ignore`.
    #[cfg_attr(feature = "wasm", tsify(optional, type = "readonly string[] | null | undefined"))]
    pub keep: Vec<String>,
    /// Top-level names that are still changing and not offered; a device may already be on such a release.
    #[cfg_attr(feature = "wasm", tsify(optional, type = "readonly string[] | null | undefined"))]
    pub unsettled: Vec<String>,
    /// Top-level names whose check has errors and which are not offered for that, nor is the image of such a release or the
    /// release of such an image (rule C10); a device may already be on one.
    #[cfg_attr(feature = "wasm", tsify(optional, type = "readonly string[] | null | undefined"))]
    pub failed: Vec<String>,
    /// Releases and images whose waybills do not count, and why, where only what is signed is offered (rule T4); a device may
    /// already be on such a release.
    #[cfg_attr(feature = "wasm", tsify(optional, type = "readonly Notice[] | null | undefined"))]
    pub unsigned: Vec<Notice>,
    /// The time in seconds since 1970: how old what a copy tool left is (rule C6b). Without it, it holds a release back.
    #[cfg_attr(feature = "wasm", tsify(optional, type = "number | null | undefined"))]
    pub now: Option<i64>,
}

/// Which files a listing has to read: those of releases that are not ignored (rule C1), firmware images, and patches.
///
/// ```
/// use airwaybill::{CatalogOptions, Filter};
///
/// let filter = Filter::new(&CatalogOptions { ignore: vec!["*.pyc".into()], ..CatalogOptions::default() })?;
/// assert!(filter.reads("1.0.0/flash/main.py"));
/// assert!(filter.reads("firmware_1.0.1.bin"));
/// assert!(filter.reads("delta/da39a3ee5e6b4b0d3255bfef95601890afd80709"));
/// assert!(!filter.reads("1.0.0/flash/main.pyc"));
/// assert!(!filter.reads("docs/index.html"));
/// assert_eq!(filter.release_version("1.0.0")?.as_str(), "1.0.0");
/// # Ok::<(), airwaybill::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct Filter {
    scheme: VersionScheme,
    ignore: Globs,
    include: Globs,
    now: Option<i64>,
}

impl Filter {
    /// The filter of a catalog with these options.
    ///
    /// # Errors
    ///
    /// [`Code::GlobInvalid`] for an invalid glob in `ignore` or `include`.
    pub fn new(options: &CatalogOptions) -> Result<Self, Error> {
        let (ignore, include) = (Globs::new(&options.ignore)?, Globs::new(&options.include)?);
        Ok(Self { scheme: options.scheme, ignore, include, now: options.now })
    }

    /// Whether an entry has to say when the file at a path from the top directory last changed: one that a copy tool
    /// is not done with perhaps (rule C6b), and one whose time is 0.
    ///
    /// ```
    /// use airwaybill::{CatalogOptions, Filter};
    ///
    /// let filter = Filter::new(&CatalogOptions::default())?;
    /// assert!(filter.needs_mtime("1.0.0/flash/.main.py.Xa81Qz", 1_700_000_000));
    /// assert!(filter.needs_mtime("1.0.0/flash/main.py", 0));
    /// assert!(!filter.needs_mtime("1.0.0/flash/main.py", 1_700_000_000));
    /// # Ok::<(), airwaybill::Error>(())
    /// ```
    #[must_use]
    pub fn needs_mtime(&self, path: &str, mtime: i64) -> bool {
        mtime == 0
            || path
                .split_once('/')
                .is_some_and(|(_, rest)| matches!(self.hint_in(rest), Some(NameHint::CopyUnderWay(_))))
    }

    pub(crate) fn now(&self) -> Option<i64> {
        self.now
    }

    pub(crate) fn scheme(&self) -> VersionScheme {
        self.scheme
    }

    /// Whether a catalog uses the file at a path from the top directory, or its being there.
    #[must_use]
    pub fn reads(&self, path: &str) -> bool {
        match path.split_once('/') {
            Some(_) if is_patch(path) => true,
            Some((top, rest)) => self.release_version(top).is_ok() && (rest == INCOMPLETE || !self.ignores(rest)),
            None => self.firmware_version(self.download_of(path).unwrap_or(path)).is_ok(),
        }
    }

    /// The version that a top-level directory is named with.
    ///
    /// # Errors
    ///
    /// Those of [`Version::parse`]; rule V6: [`Code::NameWord`], [`Code::NameWithdrawn`], [`Code::NameNear`].
    pub fn release_version(&self, directory: &str) -> Result<Version, Error> {
        name::version_of(directory, self.scheme)
    }

    /// The version that a device sends. One that the scheme cannot order is unknown: lower than all others.
    pub(crate) fn device_version(&self, text: &str) -> Result<Version, Error> {
        Version::parse(text, self.scheme).or_else(|_| Version::parse(text, VersionScheme::Loose))
    }

    /// The version in the name of a top-level file.
    pub(crate) fn firmware_version(&self, file_name: &str) -> Result<Version, Error> {
        let version = firmware_version_text(file_name).ok_or_else(|| {
            let rule = "neither a release directory nor firmware_<version>.bin or .hex";
            match name::near_image(file_name) {
                Some(near) => Error::new(
                    Code::NameNear,
                    format!("{}: {rule}; rename it to {} if it is an image", quoted(file_name), quoted(&near)),
                ),
                None => Error::new(Code::NotFirmware, format!("{}: {rule}", quoted(file_name))),
            }
        })?;
        name::version_of(version, self.scheme)
    }

    /// The name of what a copy tool still writes in place beside a top-level file of this name (rule C6b).
    pub(crate) fn download_of<'p>(&self, file_name: &'p str) -> Option<&'p str> {
        match self.hint_in(file_name)? {
            NameHint::CopyUnderWay(copy) if copy.is_sized_at_once => copy.of,
            _ => None,
        }
    }

    pub(crate) fn ignores(&self, device_path: &str) -> bool {
        matches!(self.hint_in(device_path), Some(NameHint::LeftOut))
    }

    /// What the names in a device path say, in one pass: this is done for every file of a catalog.
    pub(crate) fn hint_in<'p>(&self, device_path: &'p str) -> Option<NameHint<'p>> {
        let is_included = |path: Option<&str>| path.is_some_and(|path| self.include.matches(path));
        let (mut copy, mut end) = (None, 0);
        for (segment, name) in left_out::names(device_path).enumerate() {
            end += name.len();
            // C1, C6
            if left_out::is_left_out(name.as_bytes()) && !is_included(device_path.get(..end)) {
                return Some(NameHint::LeftOut);
            }
            end += 1;
            // C6b
            if copy.is_none() {
                copy = left_out::copy_hint(segment, name, device_path.get(end..).unwrap_or_default());
            }
        }
        if self.ignore.matches(device_path) {
            return Some(NameHint::LeftOut);
        }
        copy.filter(|_| !is_included(Some(device_path))).map(NameHint::CopyUnderWay)
    }
}

pub(crate) fn firmware_version_text(file_name: &str) -> Option<&str> {
    let name = file_name.strip_prefix("firmware_")?;
    name.strip_suffix(".bin").or_else(|| name.strip_suffix(".hex"))
}
