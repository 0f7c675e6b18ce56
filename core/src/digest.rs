use std::fmt;

use sha1::{Digest as _, Sha1};

use crate::deserialize::CodedError;
use crate::error::{Code, Error, quoted};

const BYTES: usize = 20;

/// A SHA-1 digest, as manifests write it: 40 lower-case hex digits.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "wasm", derive(tsify::Tsify), tsify(type = "string"))]
pub struct Sha1Digest([u8; BYTES]);

impl Sha1Digest {
    /// The digest of `content`.
    #[must_use]
    pub fn of(content: &[u8]) -> Self {
        let mut hasher = Hasher::new();
        hasher.update(content);
        hasher.finish()
    }

    /// Reads 40 lower-case hex digits.
    ///
    /// ```
    /// use airwaybill::Sha1Digest;
    ///
    /// let digest = Sha1Digest::parse("da39a3ee5e6b4b0d3255bfef95601890afd80709").unwrap();
    /// assert_eq!(digest, Sha1Digest::of(b""));
    /// ```
    ///
    /// # Errors
    ///
    /// [`Code::DigestInvalid`] for anything else (rule M2).
    pub fn parse(text: &str) -> Result<Self, Error> {
        Self::decode(text).ok_or_else(|| {
            Error::new(Code::DigestInvalid, format!("{}: a SHA-1 is 40 lower-case hex digits", quoted(text)))
        })
    }

    /// The 40 digits, written into `buffer`.
    ///
    /// ```
    /// use airwaybill::Sha1Digest;
    ///
    /// assert_eq!(Sha1Digest::of(b"").encode(&mut [0; 40]), "da39a3ee5e6b4b0d3255bfef95601890afd80709");
    /// ```
    #[must_use]
    pub fn encode<'a>(&self, buffer: &'a mut [u8; 2 * BYTES]) -> &'a str {
        // INVARIANT: the buffer has room for two digits a byte.
        base16ct::lower::encode_str(&self.0, buffer).unwrap_or_default()
    }

    fn decode(text: &str) -> Option<Self> {
        let mut bytes = [0; BYTES];
        // `decode` accepts fewer digits too.
        let decoded = base16ct::lower::decode(text, &mut bytes).ok()?;
        (decoded.len() == BYTES).then_some(Self(bytes))
    }
}

impl fmt::Display for Sha1Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.encode(&mut [0; 2 * BYTES]))
    }
}

impl fmt::Debug for Sha1Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Sha1Digest({self})")
    }
}

impl serde::Serialize for Sha1Digest {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.encode(&mut [0; 2 * BYTES]))
    }
}

impl<'de> serde::Deserialize<'de> for Sha1Digest {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Self::parse(&text).map_err(|error| serde::de::Error::custom(CodedError(error)))
    }
}

/// Computes a SHA-1 piece by piece.
///
/// ```
/// use airwaybill::{Hasher, Sha1Digest};
///
/// let mut hasher = Hasher::new();
/// hasher.update(b"smart ");
/// hasher.update(b"meter");
/// assert_eq!(hasher.finish(), Sha1Digest::of(b"smart meter"));
/// ```
#[derive(Clone, Debug, Default)]
pub struct Hasher(Sha1);

impl Hasher {
    /// A hasher without content.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds the next piece.
    pub fn update(&mut self, piece: &[u8]) {
        self.0.update(piece);
    }

    /// The digest of all pieces, in order.
    #[must_use]
    pub fn finish(self) -> Sha1Digest {
        Sha1Digest(self.0.finalize().into())
    }
}
