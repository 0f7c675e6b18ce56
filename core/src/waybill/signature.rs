//! Ed25519 keys and signatures as OpenSSH writes them: `ssh-keygen -Y sign -n waybill@airwaybill -O hashalg=sha256`.
//!
//! Source: OpenSSH's `PROTOCOL.sshsig`, RFC 4251 for the encoding of its fields.

use base64ct::{Base64, Encoding as _};
use ed25519_dalek::VerifyingKey;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use crate::deserialize::CodedError;
use crate::error::{Code, Error, quoted};

const KEY_TYPE: &str = "ssh-ed25519";
const NAMESPACE: &str = "waybill@airwaybill";
const HASH: &str = "sha256";
const MAGIC: &[u8] = b"SSHSIG";
const BEGIN: &str = "-----BEGIN SSH SIGNATURE-----\n";
const END: &str = "-----END SSH SIGNATURE-----\n";
const LINE: usize = 70;
const MAX_BYTES: usize = 1024;
const MAX_COMMENT: usize = 64;

/// A public Ed25519 key, and the comment that tells people whose it is.
///
/// ```
/// use airwaybill::PublicKey;
///
/// let line = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAINdamAGCsQq31Uv+08lkBzoO4XLz2qYjJa8CGmj3B1Ea the office";
/// let key = PublicKey::parse(line)?;
/// assert_eq!((key.comment(), key.to_string().as_str()), ("the office", line));
/// # Ok::<(), airwaybill::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(into = "String")]
pub struct PublicKey {
    bytes: [u8; 32],
    comment: String,
}

impl PublicKey {
    /// Reads a line of a `.pub` file, without its end: `ssh-ed25519`, the key in base64, and perhaps a comment.
    ///
    /// # Errors
    ///
    /// [`Code::KeyType`] for another type of key, [`Code::KeyInvalid`] for what is not a key, or has a comment of over 64
    /// bytes or with a control character.
    pub fn parse(line: &str) -> Result<Self, Error> {
        let invalid = |rule: &str| Error::new(Code::KeyInvalid, format!("{}: {rule}", quoted(line)));
        let (kind, rest) = line.split_once(' ').ok_or_else(|| invalid("expected ssh-ed25519 and a key in base64"))?;
        check_key_type(kind)?;
        let (text, comment) = match rest.split_once(' ') {
            Some((_, comment)) if comment.is_empty() || comment.trim() != comment => {
                return Err(invalid("one blank stands before a comment, and none after it"));
            }
            Some((text, comment)) => (text, comment),
            None => (rest, ""),
        };
        if comment.len() > MAX_COMMENT || comment.contains(char::is_control) {
            return Err(invalid("a comment has at most 64 bytes, and no control character"));
        }
        let blob = Base64::decode_vec(text).map_err(|_| invalid("the key is not base64"))?;
        let bytes = key_of_blob(&blob)?.ok_or_else(|| invalid("the key is cut off, or has more than a key"))?;
        Ok(Self { bytes, comment: comment.to_owned() })
    }

    /// The key with these bytes, without a comment.
    #[must_use]
    pub fn new(bytes: [u8; 32]) -> Self {
        Self { bytes, comment: String::new() }
    }

    /// The 32 bytes of the key.
    #[must_use]
    pub fn bytes(&self) -> &[u8; 32] {
        &self.bytes
    }

    /// What stands after the key, perhaps nothing.
    #[must_use]
    pub fn comment(&self) -> &str {
        &self.comment
    }

    /// OpenSSH's fingerprint, `SHA256:` and the digest in base64.
    #[must_use]
    pub fn fingerprint(&self) -> String {
        let digest = Sha256::digest(key_blob(&self.bytes));
        format!("SHA256:{}", base64ct::Base64Unpadded::encode_string(&digest))
    }

    /// Whether `signature`, 64 bytes, is this key's of `message` (RFC 8032). Keys and signatures with points of small
    /// order are refused: they fit more than one message.
    #[must_use]
    pub fn verifies(&self, message: &[u8], signature: &[u8; 64]) -> bool {
        let signature = ed25519_dalek::Signature::from_bytes(signature);
        VerifyingKey::from_bytes(&self.bytes).is_ok_and(|key| key.verify_strict(message, &signature).is_ok())
    }
}

impl std::fmt::Display for PublicKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{KEY_TYPE} {}", Base64::encode_string(&key_blob(&self.bytes)))?;
        if self.comment.is_empty() { Ok(()) } else { write!(f, " {}", self.comment) }
    }
}

impl From<PublicKey> for String {
    fn from(key: PublicKey) -> Self {
        key.to_string()
    }
}

impl<'de> Deserialize<'de> for PublicKey {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let line = String::deserialize(deserializer)?;
        Self::parse(&line).map_err(|error| serde::de::Error::custom(CodedError(error)))
    }
}

/// A signature file as `ssh-keygen -Y sign` writes it (rule T2).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Signature {
    key: [u8; 32],
    bytes: [u8; 64],
}

impl Signature {
    /// Reads exactly the bytes that `ssh-keygen` writes.
    ///
    /// # Errors
    ///
    /// [`Code::SignatureTooLong`] over 1,024 bytes, [`Code::SignatureForm`], [`Code::KeyType`],
    /// [`Code::SignatureNamespace`], [`Code::SignatureHash`].
    pub fn parse(file: &[u8]) -> Result<Self, Error> {
        if file.len() > MAX_BYTES {
            let rule = format!("{} bytes; a signature has at most {MAX_BYTES}", file.len());
            return Err(Error::new(Code::SignatureTooLong, rule));
        }
        if file.contains(&b'\r') {
            return Err(form("it has CRLF; lines must end in LF alone"));
        }
        let text = str::from_utf8(file).map_err(|_| form("it is not text"))?;
        let armored = text.strip_prefix(BEGIN).and_then(|rest| rest.strip_suffix(END));
        let armored = armored.ok_or_else(|| form("it is not one SSH signature and nothing else"))?;
        let blob = Base64::decode_vec(&armored.replace('\n', "")).map_err(|_| form("it is not base64"))?;
        let signature = Self::of_blob(&blob)?;
        if signature.render() != text {
            return Err(form("its lines are not those that ssh-keygen writes"));
        }
        Ok(signature)
    }

    fn of_blob(blob: &[u8]) -> Result<Self, Error> {
        let cut = || form("it is cut off");
        let mut rest = blob.strip_prefix(MAGIC).ok_or_else(|| form("it is not an SSH signature"))?;
        let version = rest.split_off(..4).ok_or_else(cut)?;
        if version != [0, 0, 0, 1] {
            return Err(form("its version is not 1"));
        }
        let mut field = || take_string(&mut rest).ok_or_else(cut);
        let (key, namespace, reserved, hash, signature) = (field()?, field()?, field()?, field()?, field()?);
        let key = key_of_blob(key)?.ok_or_else(cut)?;
        if namespace != NAMESPACE.as_bytes() {
            let rule = format!("{}: sign with -n {NAMESPACE}", quoted(&String::from_utf8_lossy(namespace)));
            return Err(Error::new(Code::SignatureNamespace, rule));
        }
        if hash != HASH.as_bytes() {
            let rule = format!("{}: sign with -O hashalg={HASH}", quoted(&String::from_utf8_lossy(hash)));
            return Err(Error::new(Code::SignatureHash, rule));
        }
        let mut inner = signature;
        check_key_type(&String::from_utf8_lossy(take_string(&mut inner).ok_or_else(cut)?))?;
        let bytes = take_string(&mut inner).and_then(|bytes| bytes.try_into().ok()).ok_or_else(cut)?;
        if !(reserved.is_empty() && inner.is_empty() && rest.is_empty()) {
            return Err(form("it has more than a signature"));
        }
        Ok(Self { key, bytes })
    }

    /// The file.
    #[must_use]
    pub fn render(&self) -> String {
        let mut blob = [MAGIC, &[0, 0, 0, 1]].concat();
        let signature = [string(KEY_TYPE.as_bytes()), string(&self.bytes)].concat();
        for field in [&key_blob(&self.key)[..], NAMESPACE.as_bytes(), b"", HASH.as_bytes(), &signature] {
            blob.extend(string(field));
        }
        let text = Base64::encode_string(&blob);
        let lines = text.as_bytes().chunks(LINE).map(|line| [&String::from_utf8_lossy(line), "\n"].concat());
        [BEGIN, &lines.collect::<String>(), END].concat()
    }

    /// The key that it claims to be of, without a comment.
    #[must_use]
    pub fn key(&self) -> PublicKey {
        PublicKey::new(self.key)
    }

    /// Whether it is the signature over a document of the key that it claims to be of.
    #[must_use]
    pub fn verifies(&self, document: &[u8]) -> bool {
        let digest = Sha256::digest(document);
        let fields = [NAMESPACE.as_bytes(), b"", HASH.as_bytes(), &digest].map(string).concat();
        self.key().verifies(&[MAGIC, &fields].concat(), &self.bytes)
    }
}

fn form(rule: &str) -> Error {
    Error::new(Code::SignatureForm, format!("not a file of ssh-keygen -Y sign: {rule}"))
}

fn check_key_type(kind: &str) -> Result<(), Error> {
    if kind == KEY_TYPE {
        return Ok(());
    }
    let advice = match kind {
        "ssh-ed25519-cert-v01@openssh.com" => "sign with the key itself, not with its certificate",
        "sk-ssh-ed25519@openssh.com" => "keys of FIDO devices are not taken; use ssh-keygen -t ed25519",
        _ => "use ssh-keygen -t ed25519",
    };
    Err(Error::new(Code::KeyType, format!("{}: only {KEY_TYPE} keys are taken; {advice}", quoted(kind))))
}

/// The key in OpenSSH's form of it; none if there is more or less than a key.
fn key_of_blob(mut blob: &[u8]) -> Result<Option<[u8; 32]>, Error> {
    let Some(kind) = take_string(&mut blob) else { return Ok(None) };
    check_key_type(&String::from_utf8_lossy(kind))?;
    let key = take_string(&mut blob).and_then(|key| key.try_into().ok());
    Ok(key.filter(|_| blob.is_empty()))
}

fn key_blob(key: &[u8; 32]) -> Vec<u8> {
    [string(KEY_TYPE.as_bytes()), string(key)].concat()
}

/// RFC 4251: the length in four bytes, then the bytes.
fn string(bytes: &[u8]) -> Vec<u8> {
    // INVARIANT: what is signed here has no field of 4 GB.
    let length = u32::try_from(bytes.len()).unwrap_or(u32::MAX).to_be_bytes();
    [&length, bytes].concat()
}

fn take_string<'a>(rest: &mut &'a [u8]) -> Option<&'a [u8]> {
    let length = rest.split_off(..4)?.try_into().ok().map(u32::from_be_bytes)?;
    rest.split_off(..usize::try_from(length).ok()?)
}
