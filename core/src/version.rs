use std::cmp::Ordering;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::str::FromStr;

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
    /// Rule V2: the precedence of `SemVer` 2.0, in which build metadata does not count.
    Semver,
}

impl VersionScheme {
    /// `loose` or `semver`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            VersionScheme::Loose => "loose",
            VersionScheme::Semver => "semver",
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
        match text {
            "loose" => Ok(VersionScheme::Loose),
            "semver" => Ok(VersionScheme::Semver),
            _ => Err(Error::new(Code::FieldType, format!("{}: versions are loose or semver", quoted(text)))),
        }
    }
}

/// The version of a release or a firmware image, ordered by its scheme.
///
/// Two versions can be equal and differ in text: `1.0` and `1.00`.
/// Versions of different schemes are unequal; all loose ones sort before all `SemVer` ones.
///
/// ```
/// use airwaybill::{Version, VersionScheme::Loose};
///
/// let version = |text| Version::parse(text, Loose).unwrap();
/// assert!(version("1.0.1") < version("1.0.1b"));
/// assert!(version("1.0.2") < version("1.0.10"));
/// assert_eq!(version("1.0"), version("1.00"));
/// assert_ne!(version("1.0").as_str(), version("1.00").as_str());
/// assert_eq!(version("1.0").scheme(), Loose);
/// ```
#[derive(Clone, Debug)]
pub struct Version {
    text: String,
    semver: Option<semver::Version>,
}

impl Version {
    /// Reads a version.
    ///
    /// # Errors
    ///
    /// Rule V3: a digit, or `v` and a digit, then only `[0-9A-Za-z.+_-]`, at most 64 bytes
    /// ([`Code::VersionEmpty`], [`Code::VersionTooLong`], [`Code::VersionStart`], [`Code::VersionCharacter`]).
    /// Rule V2: with [`VersionScheme::Semver`], a `SemVer` version ([`Code::VersionSemver`]).
    pub fn parse(text: &str, scheme: VersionScheme) -> Result<Self, Error> {
        check_name(text)?;
        let semver = match scheme {
            VersionScheme::Loose => None,
            VersionScheme::Semver => Some(semver::Version::parse(text).map_err(|_| {
                // Not the library's text: it brings tables of printable characters along, 3 KB of a WebAssembly module.
                let rule = "MAJOR.MINOR.PATCH without leading zeros, then if wanted -PRE-RELEASE and +BUILD";
                Error::new(Code::VersionSemver, format!("{}: a SemVer version is {rule}", quoted(text)))
            })?),
        };
        Ok(Self { text: text.to_owned(), semver })
    }

    /// The text as it was given.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The scheme that orders it.
    #[must_use]
    pub fn scheme(&self) -> VersionScheme {
        if self.semver.is_some() { VersionScheme::Semver } else { VersionScheme::Loose }
    }
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
    if !text.strip_prefix('v').unwrap_or(text).starts_with(|c: char| c.is_ascii_digit()) {
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
    text.as_bytes().chunk_by(|left, right| Run::of(*left) == Run::of(*right)).filter_map(|bytes| {
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
        match (&self.semver, &other.semver) {
            (Some(left), Some(right)) => left.cmp_precedence(right),
            (None, None) => components(&self.text).cmp(components(&other.text)),
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
        match &self.semver {
            Some(version) => (version.major, version.minor, version.patch, &version.pre).hash(state),
            None => components(&self.text).for_each(|component| component.hash(state)),
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
