use std::fmt;

use sha1::{Digest as _, Sha1};
use sha2::Sha256;

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
        decode(text, "SHA-1").map(Self)
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
}

/// A SHA-256 digest, as waybills write it: 64 lower-case hex digits.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Sha256Digest([u8; 32]);

impl Sha256Digest {
    /// The digest of `content`.
    #[must_use]
    pub fn of(content: &[u8]) -> Self {
        Self(Sha256::digest(content).into())
    }

    /// Reads 64 lower-case hex digits.
    ///
    /// ```
    /// use airwaybill::Sha256Digest;
    ///
    /// let digits = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
    /// assert_eq!(Sha256Digest::parse(digits)?.to_string(), digits);
    /// # Ok::<(), airwaybill::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`Code::DigestInvalid`] for anything else (rule T1).
    pub fn parse(text: &str) -> Result<Self, Error> {
        decode(text, "SHA-256").map(Self)
    }
}

impl fmt::Display for Sha256Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(base16ct::lower::encode_str(&self.0, &mut [0; 64]).unwrap_or_default())
    }
}

impl fmt::Debug for Sha256Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Sha256Digest({self})")
    }
}

impl serde::Serialize for Sha256Digest {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

fn decode<const BYTES: usize>(text: &str, name: &str) -> Result<[u8; BYTES], Error> {
    let mut bytes = [0; BYTES];
    // `decode` accepts fewer digits too.
    match base16ct::lower::decode(text, &mut bytes) {
        Ok(decoded) if decoded.len() == BYTES => Ok(bytes),
        _ => {
            let rule = format!("{}: a {name} is {} lower-case hex digits", quoted(text), 2 * BYTES);
            Err(Error::new(Code::DigestInvalid, rule))
        }
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

impl<'de> serde::Deserialize<'de> for Sha256Digest {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Self::parse(&text).map_err(|error| serde::de::Error::custom(CodedError(error)))
    }
}

/// Computes a SHA-256 piece by piece.
///
/// ```
/// use airwaybill::{Sha256Digest, Sha256Hasher};
///
/// let mut hasher = Sha256Hasher::default();
/// hasher.update(b"smart ");
/// hasher.update(b"meter");
/// assert_eq!(hasher.finish(), Sha256Digest::of(b"smart meter"));
/// ```
#[derive(Clone, Debug, Default)]
pub struct Sha256Hasher(Sha256);

impl Sha256Hasher {
    /// Adds the next piece.
    pub fn update(&mut self, piece: &[u8]) {
        self.0.update(piece);
    }

    /// The digest of all pieces, in order.
    #[must_use]
    pub fn finish(self) -> Sha256Digest {
        Sha256Digest(self.0.finalize().into())
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
