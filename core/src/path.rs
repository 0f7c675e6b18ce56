use std::fmt;

use crate::error::{Code, Error, quoted};

pub(crate) const MAX_BYTES: usize = 4096;
const MAX_SEGMENT_BYTES: usize = 255;

/// A file's path on a device: relative, `/`-separated, checked by rule C3 and never normalised.
///
/// ```
/// use airwaybill::DevicePath;
///
/// assert_eq!(DevicePath::new("flash/lib/new_lib.py").unwrap().as_str(), "flash/lib/new_lib.py");
/// assert!(DevicePath::new("/flash/main.py").is_err());
/// assert!(DevicePath::from_bytes(b"flash/\xff").is_err());
/// ```
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize)]
#[serde(transparent)]
pub struct DevicePath(Box<str>);

impl DevicePath {
    /// Checks a path by rule C3.
    ///
    /// # Errors
    ///
    /// [`Code::PathEmpty`], [`Code::PathTooLong`] (over 4,096 bytes), [`Code::PathAbsolute`],
    /// [`Code::PathBackslash`], [`Code::PathControl`], [`Code::PathSegment`] (empty, `.` or `..`),
    /// [`Code::PathSegmentTooLong`] (over 255 bytes), in this order.
    pub fn new(path: &str) -> Result<Self, Error> {
        check(path)?;
        Ok(Self(path.into()))
    }

    /// Checks a path from a file system whose names are bytes.
    ///
    /// # Errors
    ///
    /// [`Code::PathUtf8`], and those of [`DevicePath::new`].
    pub fn from_bytes(path: &[u8]) -> Result<Self, Error> {
        let path = str::from_utf8(path).map_err(|error| {
            let shown = quoted(&String::from_utf8_lossy(path));
            Error::new(Code::PathUtf8, format!("{shown}: a path must be valid UTF-8: {error}"))
        })?;
        Self::new(path)
    }

    /// Wraps a path that was checked before.
    pub(crate) fn checked(path: &str) -> Self {
        debug_assert!(check(path).is_ok());
        Self(path.into())
    }

    /// The path as it was given.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for DevicePath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

// C3
pub(crate) fn check(path: &str) -> Result<(), Error> {
    if is_plain(path.as_bytes()) { Ok(()) } else { check_each_rule(path) }
}

/// A fast check for most paths; false does not mean that the path breaks rule C3. It looks at all bytes alike, which
/// the compiler does many at a time: a catalog takes 0.95 of the time that it takes with a loop that stops early.
fn is_plain(path: &[u8]) -> bool {
    let is_plain_byte = |byte: u8| matches!(byte, b' '..=b'[' | b']'..=b'~');
    let is_odd_start = |byte: u8| matches!(byte, b'/' | b'.');
    let ([first, rest @ ..], true) = (path, path.len() <= MAX_SEGMENT_BYTES) else { return false };
    let pairs = path.iter().zip(rest);
    !is_odd_start(*first)
        && path.last() != Some(&b'/')
        && path.iter().fold(true, |all, byte| all & is_plain_byte(*byte))
        && pairs.fold(true, |all, (before, byte)| all & !((*before == b'/') & is_odd_start(*byte)))
}

fn check_each_rule(path: &str) -> Result<(), Error> {
    let fail = |code, rule: &str| Err(Error::new(code, format!("{}: a path must not {rule}", quoted(path))));
    if path.is_empty() {
        return fail(Code::PathEmpty, "be empty");
    }
    if path.len() > MAX_BYTES {
        return fail(Code::PathTooLong, &format!("have over {MAX_BYTES} bytes, this one has {}", path.len()));
    }
    if path.starts_with('/') {
        return fail(Code::PathAbsolute, "start with a slash");
    }
    if path.contains('\\') {
        return fail(Code::PathBackslash, "have a backslash");
    }
    if path.contains(char::is_control) {
        return fail(Code::PathControl, "have a control character");
    }
    for segment in path.split('/') {
        if matches!(segment, "" | "." | "..") {
            return fail(Code::PathSegment, &format!("have a {} segment", quoted(segment)));
        }
        if segment.len() > MAX_SEGMENT_BYTES {
            return fail(Code::PathSegmentTooLong, &format!("have a segment of over {MAX_SEGMENT_BYTES} bytes"));
        }
    }
    Ok(())
}
