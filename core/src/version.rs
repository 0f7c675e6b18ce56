use std::cmp::Ordering;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::str::FromStr;

use crate::deserialize::from_name;
use crate::error::{Code, Error, quoted};

const MAX_BYTES: usize = 64;

/// How versions are ordered, and which names are versions.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, serde::Deserialize)]
#[cfg_attr(feature = "wasm", derive(tsify::Tsify))]
#[serde(rename_all = "lowercase")]
pub enum VersionScheme {
    /// Rule V1: the order of `distutils`' `LooseVersion`, made total.
    #[default]
    Loose,
    /// Rule V2: the precedence of `SemVer` 2.0, which ignores build metadata.
    Semver,
    /// Rule V7: the order of Python packages, PEP 440.
    Pep440,
}

impl VersionScheme {
    /// `loose`, `semver` or `pep440`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            VersionScheme::Loose => "loose",
            VersionScheme::Semver => "semver",
            VersionScheme::Pep440 => "pep440",
        }
    }
}

impl FromStr for VersionScheme {
    type Err = Error;

    /// ```
    /// use airwaybill::{Version, VersionScheme};
    ///
    /// let semver: VersionScheme = "semver".parse()?;
    /// assert_eq!(semver.as_str(), "semver");
    /// assert!(Version::parse("1.0.0-rc.1", semver)? < Version::parse("1.0.0", semver)?);
    /// assert!(Version::parse("1.0", semver).is_err());
    /// # Ok::<(), airwaybill::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`Code::FieldType`]
    fn from_str(text: &str) -> Result<Self, Error> {
        from_name(text, "scheme")
    }
}

/// The version of a release or a firmware image, ordered by its scheme.
///
/// Equal versions can differ in text: `1.0`, `1.00` and `v1.0` (rule V5).
/// Versions of different schemes are unequal; all loose ones sort before all others.
///
/// ```
/// use airwaybill::{Version, VersionScheme::Loose, VersionScheme::Pep440};
///
/// let version = |text| Version::parse(text, Loose).unwrap();
/// assert!(version("1.0.1") < version("1.0.1b"));
/// assert!(version("1.0.2") < version("1.0.10"));
/// assert_eq!(version("1.0"), version("1.00"));
/// assert_ne!(version("1.0").as_str(), version("1.00").as_str());
/// assert_eq!(version("1.0").scheme(), Loose);
/// assert!(Version::parse("1.10.0rc1", Pep440)? < Version::parse("v1.10.0", Pep440)?);
/// # Ok::<(), airwaybill::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct Version {
    text: String,
    parts: Parts,
}

/// What a version is ordered by.
#[derive(Clone, Debug)]
enum Parts {
    /// By the components of the text.
    Loose,
    Semver(semver::Version),
    Pep440(pep440_rs::Version),
}

impl Version {
    /// Reads a version.
    ///
    /// # Errors
    ///
    /// Rule V3: a digit, or `v` and a digit, then only `[0-9A-Za-z.+_-]`, at most 64 bytes
    /// ([`Code::VersionEmpty`], [`Code::VersionTooLong`], [`Code::VersionStart`], [`Code::VersionCharacter`]).
    /// Rule V2: with [`VersionScheme::Semver`], a `SemVer` version ([`Code::VersionSemver`]).
    /// Rule V7: with [`VersionScheme::Pep440`], a version as Python packages have it ([`Code::VersionPep440`]).
    pub fn parse(text: &str, scheme: VersionScheme) -> Result<Self, Error> {
        check_name(text)?;
        // Not the libraries' messages: they need tables of printable characters, 3 KB of a WebAssembly module.
        let invalid = |code, rule: &str| Error::new(code, format!("{}: {rule}", quoted(text)));
        let parts = match scheme {
            VersionScheme::Loose => Parts::Loose,
            VersionScheme::Semver => Parts::Semver(semver::Version::parse(without_v(text)).map_err(|_| {
                let rule = "MAJOR.MINOR.PATCH without leading zeros, then optionally -PRE-RELEASE and +BUILD";
                invalid(Code::VersionSemver, &format!("a SemVer version is {rule}"))
            })?),
            VersionScheme::Pep440 => Parts::Pep440(without_v(text).parse().map_err(|_| {
                let rule = "numbers joined by dots, then optionally aN, bN or rcN, .postN, .devN and +LOCAL";
                invalid(Code::VersionPep440, &format!("a PEP 440 version is {rule}"))
            })?),
        };
        Ok(Self { text: text.to_owned(), parts })
    }

    /// The text as it was given.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The scheme that orders it.
    #[must_use]
    pub fn scheme(&self) -> VersionScheme {
        match self.parts {
            Parts::Loose => VersionScheme::Loose,
            Parts::Semver(_) => VersionScheme::Semver,
            Parts::Pep440(_) => VersionScheme::Pep440,
        }
    }
}

// V5
pub(crate) fn without_v(text: &str) -> &str {
    text.strip_prefix('v').unwrap_or(text)
}

// V3
fn check_name(text: &str) -> Result<(), Error> {
    let fail = |code, rule: &str| Err(Error::new(code, format!("{}: {rule}", quoted(text))));
    if text.is_empty() {
        return fail(Code::VersionEmpty, "a version must not be empty");
    }
    if text.len() > MAX_BYTES {
        return fail(Code::VersionTooLong, "a version has at most 64 bytes");
    }
    if !without_v(text).starts_with(|c: char| c.is_ascii_digit()) {
        return fail(Code::VersionStart, "a version starts with a digit, or v and a digit");
    }
    let is_allowed = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '+' | '_' | '-');
    if let Some(c) = text.chars().find(|&c| !is_allowed(c)) {
        return fail(
            Code::VersionCharacter,
            &format!("{} is not allowed in a version, only 0-9 A-Z a-z . + _ -", quoted(c.encode_utf8(&mut [0; 4]))),
        );
    }
    Ok(())
}

// V1: a number sorts before a text; a longer run of digits, leading zeros apart, is the larger number.
#[derive(Hash, PartialEq, Eq, PartialOrd, Ord)]
enum Component<'a> {
    Number { length: usize, digits: &'a str },
    Text(&'a str),
}

#[derive(Clone, Copy, PartialEq)]
enum Run {
    Digits,
    Lower,
    Dots,
    Other,
}

impl Run {
    fn of(byte: u8) -> Self {
        match byte {
            b'0'..=b'9' => Run::Digits,
            b'a'..=b'z' => Run::Lower,
            b'.' => Run::Dots,
            _ => Run::Other,
        }
    }
}

fn components(text: &str) -> impl Iterator<Item = Component<'_>> {
    without_v(text).as_bytes().chunk_by(|left, right| Run::of(*left) == Run::of(*right)).filter_map(|bytes| {
        // INVARIANT: V3 leaves only ASCII, so each run is UTF-8.
        let run = str::from_utf8(bytes).ok()?;
        match Run::of(*bytes.first()?) {
            Run::Dots => None,
            Run::Digits => {
                let digits = run.trim_start_matches('0');
                Some(Component::Number { length: digits.len(), digits })
            }
            Run::Lower | Run::Other => Some(Component::Text(run)),
        }
    })
}

impl Ord for Version {
    fn cmp(&self, other: &Self) -> Ordering {
        match (&self.parts, &other.parts) {
            (Parts::Loose, Parts::Loose) => components(&self.text).cmp(components(&other.text)),
            (Parts::Semver(left), Parts::Semver(right)) => left.cmp_precedence(right),
            (Parts::Pep440(left), Parts::Pep440(right)) => left.cmp(right),
            _ => self.scheme().cmp(&other.scheme()),
        }
    }
}

impl PartialOrd for Version {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Version {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for Version {}

impl Hash for Version {
    fn hash<H: Hasher>(&self, state: &mut H) {
        match &self.parts {
            Parts::Loose => components(&self.text).for_each(|component| component.hash(state)),
            Parts::Semver(version) => (version.major, version.minor, version.patch, &version.pre).hash(state),
            Parts::Pep440(version) => version.hash(state),
        }
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl serde::Serialize for Version {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.text)
    }
}
