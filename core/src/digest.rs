use std::fmt;

#[cfg(not(all(target_arch = "wasm32", target_feature = "simd128")))]
use sha1::{Digest as _, Sha1};

use crate::error::{Code, Error, quoted};
#[cfg(all(target_arch = "wasm32", target_feature = "simd128"))]
use crate::sha1_simd::Sha1;

pub(crate) const BYTES: usize = 20;

/// A SHA-1 digest, as manifests write it: 40 lower-case hex digits.
///
/// ```
/// use airwaybill::Sha1Digest;
///
/// let digest = Sha1Digest::parse("da39a3ee5e6b4b0d3255bfef95601890afd80709").unwrap();
/// assert_eq!(digest, Sha1Digest::of(b""));
/// ```
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Sha1Digest(pub(crate) [u8; BYTES]);

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
    /// # Errors
    ///
    /// [`Code::DigestInvalid`] for anything else (rule M2).
    pub fn parse(text: &str) -> Result<Self, Error> {
        Self::decode(text).ok_or_else(|| {
            Error::new(Code::DigestInvalid, format!("{}: a SHA-1 is 40 lower-case hex digits", quoted(text)))
        })
    }

    /// The 40 digits, ASCII.
    #[must_use]
    pub fn digits(&self) -> [u8; 2 * BYTES] {
        let mut digits = [0; 2 * BYTES];
        for (to, from) in digits.as_chunks_mut().0.iter_mut().zip(self.0.as_chunks().0) {
            *to = eight_digits(*from);
        }
        digits
    }

    fn decode(text: &str) -> Option<Self> {
        let (pairs, rest) = text.as_bytes().as_chunks::<2>();
        let mut bytes = [0; BYTES];
        if pairs.len() != BYTES || !rest.is_empty() {
            return None;
        }
        for (byte, [high, low]) in bytes.iter_mut().zip(pairs) {
            *byte = nibble(*high)? << 4 | nibble(*low)?;
        }
        Some(Self(bytes))
    }
}

/// All eight at once, a byte of a number each: a manifest has a digest for each file.
fn eight_digits(bytes: [u8; 4]) -> [u8; 8] {
    let bytes = u64::from(u32::from_le_bytes(bytes));
    let pairs = (bytes | bytes << 16) & 0x0000_ffff_0000_ffff;
    let bytes = (pairs | pairs << 8) & 0x00ff_00ff_00ff_00ff;
    let nibbles = (bytes >> 4 | bytes << 8) & 0x0f0f_0f0f_0f0f_0f0f;
    let letters = (nibbles + 0x0606_0606_0606_0606) >> 4 & 0x0101_0101_0101_0101;
    let to_letter = u64::from(b'a' - b'0' - 10);
    (nibbles + 0x3030_3030_3030_3030 + letters * to_letter).to_le_bytes()
}

fn nibble(digit: u8) -> Option<u8> {
    match digit {
        b'0'..=b'9' => Some(digit - b'0'),
        b'a'..=b'f' => Some(digit - b'a' + 10),
        _ => None,
    }
}

impl fmt::Display for Sha1Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(str::from_utf8(&self.digits()).unwrap_or_default())
    }
}

impl fmt::Debug for Sha1Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Sha1Digest({self})")
    }
}

impl serde::Serialize for Sha1Digest {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> serde::Deserialize<'de> for Sha1Digest {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<str>::deserialize(deserializer)?;
        Self::parse(&text).map_err(serde::de::Error::custom)
    }
}

/// Takes content piece by piece and gives its SHA-1.
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
    /// A hasher that has seen nothing.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Takes the next piece.
    pub fn update(&mut self, piece: &[u8]) {
        self.0.update(piece);
    }

    /// The digest of all pieces in their order.
    #[must_use]
    pub fn finish(self) -> Sha1Digest {
        Sha1Digest(self.0.finalize().into())
    }
}
