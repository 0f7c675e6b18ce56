use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::image::PeekImage;
use crate::by_name::ByName;
use crate::digest::{Hasher, Sha1Digest};

/// How much of a file's beginning a peek has.
const HEAD_BYTES: usize = 512;

/// What a check has to know of one file's content: made where the file is, plain data wherever it goes.
///
/// ```
/// use airwaybill::Peek;
///
/// let peek = Peek::of("1.0.0/flash/main.py", b"print()\r\n");
/// let text = peek.text.unwrap();
/// assert_eq!((peek.size, text.crlf, text.lf, text.is_utf8), (9, 1, 0, true));
/// assert_eq!(text.sha1, Peek::of("main.py", b"print()\n").text.unwrap().sha1);
///
/// let written = r#"{"path": "1.0.0/flash/data", "size": 2, "head": "0001"}"#;
/// assert_eq!(serde_json::from_str::<Peek>(written)?, Peek::of("1.0.0/flash/data", b"\0\x01"));
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[cfg_attr(feature = "wasm", derive(tsify::Tsify), tsify(missing_as_null))]
#[serde(deny_unknown_fields)]
pub struct Peek {
    /// From the top directory.
    pub path: String,
    /// Bytes.
    pub size: u64,
    /// The first 512 bytes; as hex digits where it is written.
    #[serde(deserialize_with = "from_hex", serialize_with = "to_hex")]
    #[cfg_attr(feature = "wasm", tsify(type = "string"))]
    pub head: Vec<u8>,
    /// Of what has no NUL byte.
    #[serde(default)]
    pub text: Option<PeekText>,
    /// Of what starts as an image of an ESP32 does.
    #[serde(default)]
    pub image: Option<PeekImage>,
    /// Whether a partition table of an ESP32 is where one is in an image of a whole flash.
    #[serde(default)]
    pub partition_table: bool,
}

/// What a peek says of a text.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[cfg_attr(feature = "wasm", derive(tsify::Tsify))]
#[serde(deny_unknown_fields)]
#[allow(clippy::struct_excessive_bools, reason = "each says something else")]
pub struct PeekText {
    /// Line ends that are CR and LF.
    pub crlf: u64,
    /// Line ends that are LF alone.
    pub lf: u64,
    /// Of the text with LF for all line ends.
    pub sha1: Sha1Digest,
    /// Whether it is UTF-8.
    pub is_utf8: bool,
    /// Whether it has the marks of a merge with conflicts.
    pub has_conflict: bool,
    /// Whether it has a private key, as PEM writes it.
    pub has_private_key: bool,
    /// Whether it has a URL with a password or a token in it.
    pub has_url_secret: bool,
}

impl Peek {
    /// Of content in memory; `path` is from the top directory.
    #[must_use]
    pub fn of(path: &str, content: &[u8]) -> Self {
        // The table is at 0x8000 of the flash; an image may start with the boot loader, which some chips have at 0x1000 or 0x2000.
        // Its first entry: magic, type, subtype, and an offset in whole sectors.
        let has_table = |at: usize| matches!(content.get(at..), Some([0xaa, 0x50, 0 | 1 | 0x40.., _, 0, sector, ..]) if sector % 16 == 0);
        Self {
            path: path.to_owned(),
            size: content.len() as u64,
            head: content.get(..HEAD_BYTES).unwrap_or(content).to_owned(),
            text: (!content.contains(&0)).then(|| PeekText::of(content)),
            image: PeekImage::of(content),
            partition_table: has_table(0x8000) || has_table(0x7000) || has_table(0x6000),
        }
    }
}

/// Peeks by their paths.
pub(super) type Peeks<'a> = ByName<'a, Peek>;

impl<'a> Peeks<'a> {
    pub(super) fn of(peeks: &'a [Peek]) -> Self {
        Self::new(peeks, |peek| &peek.path)
    }
}

impl PeekText {
    fn of(content: &[u8]) -> Self {
        let (mut crlf, mut lf) = (0, 0);
        let mut hasher = Hasher::new();
        let (mut starts_conflict, mut ends_conflict) = (false, false);
        for line in content.split_inclusive(|byte| *byte == b'\n') {
            let text = match line {
                [text @ .., b'\r', b'\n'] => {
                    crlf += 1;
                    text
                }
                [text @ .., b'\n'] => {
                    lf += 1;
                    text
                }
                text => text,
            };
            hasher.update(text);
            if text.len() < line.len() {
                hasher.update(b"\n");
            }
            starts_conflict |= text.starts_with(b"<<<<<<< ");
            ends_conflict |= text.starts_with(b">>>>>>> ");
        }
        let text = String::from_utf8_lossy(content);
        Self {
            crlf,
            lf,
            sha1: hasher.finish(),
            is_utf8: str::from_utf8(content).is_ok(),
            has_conflict: starts_conflict && ends_conflict,
            has_private_key: has_private_key(&text),
            has_url_secret: text.split("://").skip(1).any(starts_with_secret),
        }
    }
}

/// `-----BEGIN … PRIVATE KEY-----`
fn has_private_key(text: &str) -> bool {
    text.split("-----BEGIN ")
        .skip(1)
        .any(|rest| rest.split_once("-----").is_some_and(|(kind, _)| kind.len() < 32 && kind.ends_with("PRIVATE KEY")))
}

/// Words that stand where a secret is to be put.
const PLACES: [&str; 10] = ["pass", "pwd", "secret", "token", "key", "user", "your", "example", "anonymous", "xxx"];

/// Whether what stands after a URL's `://` has a password or a token before its `@`, or a token in its query.
fn starts_with_secret(rest: &str) -> bool {
    let end = |c: char| c.is_whitespace() || c.is_control() || matches!(c, '"' | '\'' | '`' | '<' | '>' | ')');
    let url = rest.split(end).next().unwrap_or_default();
    let authority = url.split(['/', '?', '#']).next().unwrap_or_default();
    let user = authority.rsplit_once('@').map_or("", |(user, _)| user);
    let (user, password) = user.split_once(':').unwrap_or((user, ""));
    let query = url.split_once('?').map_or("", |(_, query)| query);
    let mut tokens = query.split('&').filter_map(|pair| pair.split_once('=')).filter_map(|(key, value)| {
        let key = key.to_ascii_lowercase();
        ["token", "api_key", "apikey", "secret", "password"].iter().any(|word| key.ends_with(word)).then_some(value)
    });
    is_secret(password, 6) || is_token(user) || tokens.any(|value| is_secret(value, 8))
}

/// Whether it looks like one, and not like a place where one is to be put.
fn is_secret(value: &str, least: usize) -> bool {
    let lower = value.to_ascii_lowercase();
    value.len() >= least
        && !value.contains(['{', '$', '<', '*'])
        && (value.len() >= 8 && has_digit(value) || !PLACES.iter().any(|word| lower.contains(word)))
}

/// Whether a user's name is a token, as that of a service which asks for no password.
fn is_token(user: &str) -> bool {
    user.len() >= 20
        && has_digit(user)
        && user.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-'))
}

fn has_digit(text: &str) -> bool {
    text.bytes().any(|byte| byte.is_ascii_digit())
}

fn to_hex<S: Serializer>(bytes: &[u8], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&base16ct::lower::encode_string(bytes))
}

fn from_hex<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<u8>, D::Error> {
    let text = String::deserialize(deserializer)?;
    base16ct::lower::decode_vec(&text).map_err(|_| D::Error::custom("not pairs of lower-case hex digits"))
}
