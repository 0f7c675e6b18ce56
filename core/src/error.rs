use std::fmt;

macro_rules! codes {
    ($($(#[doc = $doc:literal])* $(#[cfg($cfg:meta)])? $name:ident = $text:literal,)*) => {
        /// Every reason that the engine gives for an error, an ignored entry or a warning.
        ///
        /// The text of a code never changes; messages may.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, serde::Serialize)]
        #[cfg_attr(feature = "wasm", derive(tsify::Tsify))]
        #[non_exhaustive]
        pub enum Code {
            $($(#[doc = $doc])* $(#[cfg($cfg)])? #[serde(rename = $text)] $name,)*
        }

        impl Code {
            /// All codes, in the order of the modules that give them.
            pub const ALL: &'static [Code] = &[$($(#[cfg($cfg)])? Code::$name,)*];

            /// The code with this text.
            #[must_use]
            pub fn of(text: &str) -> Option<Self> {
                Self::ALL.iter().find(|code| code.as_str() == text).copied()
            }

            /// The stable text.
            ///
            /// ```
            /// use airwaybill::Code;
            ///
            /// assert_eq!(Code::VersionEmpty.as_str(), "version_empty");
            /// assert_eq!(Code::of("version_empty"), Some(Code::VersionEmpty));
            /// assert!(Code::ALL.contains(&Code::PathUtf8));
            /// ```
            #[must_use]
            pub fn as_str(self) -> &'static str {
                match self {
                    $($(#[cfg($cfg)])? Code::$name => $text,)*
                }
            }
        }
    };
}

impl<'de> serde::Deserialize<'de> for Code {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Self::of(&text).ok_or_else(|| serde::de::Error::custom(format!("{}: no such code", quoted(&text))))
    }
}

codes! {
    /// A version is empty.
    VersionEmpty = "version_empty",
    /// A version has more than 64 bytes.
    VersionTooLong = "version_too_long",
    /// A version does not start with a digit, or `v` and a digit.
    VersionStart = "version_start",
    /// A version has a character outside `[0-9A-Za-z.+_-]`.
    VersionCharacter = "version_character",
    /// A version is not `SemVer`, under the `SemVer` scheme.
    VersionSemver = "version_semver",
    /// A version is not a PEP 440 version, under the PEP 440 scheme.
    VersionPep440 = "version_pep440",
    /// A name's first number is followed by a word that versions do not have there.
    NameWord = "name_word",
    /// A name ends in what people and tools add to files that are not, or not yet, in use.
    NameWithdrawn = "name_withdrawn",
    /// A name is nearly that of a release or a firmware image.
    NameNear = "name_near",
    /// A path is empty.
    PathEmpty = "path_empty",
    /// A path has more than 4,096 bytes.
    PathTooLong = "path_too_long",
    /// A path starts with `/`.
    PathAbsolute = "path_absolute",
    /// A path has a backslash.
    PathBackslash = "path_backslash",
    /// A path has a NUL or another control character.
    PathControl = "path_control",
    /// A path has an empty, `.` or `..` segment.
    PathSegment = "path_segment",
    /// A path has a segment of more than 255 bytes.
    PathSegmentTooLong = "path_segment_too_long",
    /// A path is not valid UTF-8.
    PathUtf8 = "path_utf8",
    /// A digest is not 40 lower-case hex digits, or 64 of a SHA-256.
    DigestInvalid = "digest_invalid",
    /// A glob is invalid.
    GlobInvalid = "glob_invalid",
    /// A size, or the sum of all sizes, is 2^53 or more; of files for a patch, more than 16 MiB.
    SizeTooBig = "size_too_big",
    /// A symbolic link does not lead to a file of its own release.
    LinkOutside = "link_outside",
    /// Something in a release was not, or could not be, read.
    FileUnread = "file_unread",
    /// A listing names one path twice.
    PathDuplicate = "path_duplicate",
    /// A path is a file and also a directory of another file.
    PathConflict = "path_conflict",
    /// A release has no files, other than ignored ones.
    ReleaseEmpty = "release_empty",
    /// A release or image is still changing and not offered yet.
    ReleaseUnsettled = "release_unsettled",
    /// A release has a file that says that it is not whole.
    ReleaseIncomplete = "release_incomplete",
    /// A release or image whose check has errors, where such are not offered.
    CheckFailed = "check_failed",
    /// A copy tool is not done with a file.
    CopyUnderWay = "copy_under_way",
    /// What a copy tool left, long after it was done.
    CopyLeftOver = "copy_left_over",
    /// A file's time is 0 and its neighbours' is not: `rsync --partial` left it, cut short.
    MtimeZero = "mtime_zero",
    /// A file is ignored by its name or by a glob.
    IgnoredName = "ignored_name",
    /// A top-level file is not a firmware image.
    NotFirmware = "not_firmware",
    /// Two names stand for the same version.
    VersionEqual = "version_equal",
    /// Two paths of one release differ only in letter case.
    PathCase = "path_case",
    /// A requested version is not in the catalog.
    ReleaseUnknown = "release_unknown",
    /// There is no release at all.
    NoReleases = "no_releases",
    /// The release that a device is on is not here.
    BaseUnknown = "base_unknown",
    /// A release that devices are on is held back.
    BaseHeldBack = "base_held_back",
    /// A release that is asked for, or is newer than all that are offered, is held back.
    ReleaseHeldBack = "release_held_back",
    /// The firmware image of a release is held back, and the release is not.
    FirmwareHeldBack = "firmware_held_back",
    /// A path is outside the mount points of the device.
    PathMount = "path_mount",
    /// A path is one of the client's own, or one that FAT cannot hold.
    PathReserved = "path_reserved",
    /// A directory hides a module of the same name.
    ModuleHidden = "module_hidden",
    /// A module is there as `.py` and as `.mpy`.
    ModuleTwice = "module_twice",
    /// The files do not fit into the flash.
    FlashFull = "flash_full",
    /// `main.py` or `boot.py` goes.
    StartMissing = "start_missing",
    /// `main.py` or `boot.py` is emptied.
    StartEmpty = "start_empty",
    /// `main.py` or `boot.py` is not UTF-8.
    StartUtf8 = "start_utf8",
    /// `main.mpy` or `boot.mpy` has no `.py` beside it.
    StartMpy = "start_mpy",
    /// A `.mpy` has another format than the firmware reads, or than the others.
    MpyFormat = "mpy_format",
    /// A Python file is cut off or half merged.
    PythonBroken = "python_broken",
    /// A firmware image is `.hex`.
    FirmwareHex = "firmware_hex",
    /// A firmware image has no bytes.
    FirmwareEmpty = "firmware_empty",
    /// A firmware image is an HTML page.
    FirmwarePage = "firmware_page",
    /// A firmware image is a pointer of Git LFS.
    FirmwarePointer = "firmware_pointer",
    /// A firmware image is not for an ESP32.
    FirmwareNotEsp = "firmware_not_esp",
    /// A firmware image is that of a whole flash.
    FirmwareFlash = "firmware_flash",
    /// A firmware image ends before its segments do.
    FirmwareCut = "firmware_cut",
    /// A firmware image's checksum or digest is wrong.
    FirmwareDigest = "firmware_digest",
    /// A firmware image is for a chip that is not known, or that the others are not for.
    FirmwareChip = "firmware_chip",
    /// A firmware image is newer than every release.
    FirmwareNewer = "firmware_newer",
    /// A release has no firmware image where another has one.
    FirmwareMissing = "firmware_missing",
    /// Two firmware images have the same content.
    FirmwareSame = "firmware_same",
    /// No path of the device's release is in the next one.
    NothingStays = "nothing_stays",
    /// Over half of the files go.
    ManyDeleted = "many_deleted",
    /// A release has the content of another.
    ContentSame = "content_same",
    /// Files differ in line ends alone.
    LineEnds = "line_ends",
    /// A file is ten times its size.
    FileGrown = "file_grown",
    /// A file is too large for its content to be checked.
    FileUnchecked = "file_unchecked",
    /// A file holds a private key.
    SecretKey = "secret_key",
    /// A file's name says that it holds secrets.
    SecretFile = "secret_file",
    /// A file holds a URL with a password or a token.
    SecretUrl = "secret_url",
    /// A file goes out under a name that is left out by default.
    NameIncluded = "name_included",
    /// A pre-release, by its name, is above its final release.
    VersionPrerelease = "version_prerelease",
    /// Some names have a leading `v`, others none.
    VersionMixed = "version_mixed",
    /// A part of a version is a letter where others have a number.
    VersionLetter = "version_letter",
    /// Versions differ only after `+`.
    VersionBuild = "version_build",
    /// A directory has nothing in it.
    DirectoryEmpty = "directory_empty",
    /// What was accepted is no longer found.
    AcceptUnused = "accept_unused",
    /// A patch is not a zlib stream with a window of at most 1 KB.
    PatchStream = "patch_stream",
    /// A patch ends too early.
    PatchCut = "patch_cut",
    /// A patch has bytes after its end.
    PatchTrailing = "patch_trailing",
    /// A patch is of another type than `sequential`, compressed once more, or has a data format.
    PatchHeader = "patch_header",
    /// A number in a patch is too long, or a length negative.
    PatchNumber = "patch_number",
    /// A patch has more steps than its file has bytes, and one.
    PatchSteps = "patch_steps",
    /// A step of a patch goes beyond the size that the patch announces.
    PatchStepLong = "patch_step_long",
    /// A step of a patch leaves the old file.
    PatchOffset = "patch_offset",
    /// A base URL is not `scheme://host…` without query, fragment, white space or control characters.
    BaseUrlInvalid = "base_url_invalid",
    /// A manifest format is not 1, 2 or 3.
    FormatInvalid = "format_invalid",
    /// A document is not JSON.
    JsonInvalid = "json_invalid",
    /// A field is missing.
    FieldMissing = "field_missing",
    /// A field or an option has the wrong type, or is unknown.
    FieldType = "field_type",
    /// A URL is not `scheme://host…`, or has white space or control characters.
    UrlInvalid = "url_invalid",
    /// A document is longer than 512 KB.
    DocumentTooLong = "document_too_long",
    /// A document is not UTF-8, or has a byte order mark.
    DocumentUtf8 = "document_utf8",
    /// A line of a document does not end in LF alone.
    DocumentLineEnd = "document_line_end",
    /// A document has another line than belongs there.
    DocumentLine = "document_line",
    /// A value in a document breaks its rule.
    DocumentValue = "document_value",
    /// The paths in a document are not sorted, or one stands there twice.
    DocumentOrder = "document_order",
    /// A key is not an Ed25519 key of OpenSSH.
    KeyType = "key_type",
    /// A key is malformed.
    KeyInvalid = "key_invalid",
    /// A key is none of those that are known.
    KeyUnknown = "key_unknown",
    /// A role has a key twice.
    KeyDuplicate = "key_duplicate",
    /// A document has more than 16 keys.
    KeysTooMany = "keys_too_many",
    /// A threshold is 0, or above the number of keys.
    KeysThreshold = "keys_threshold",
    /// There are no keys.
    KeysMissing = "keys_missing",
    /// A document of keys is not the next one.
    KeysSkipped = "keys_skipped",
    /// A document of keys is for another product.
    KeysProduct = "keys_product",
    /// A document of keys has a lower floor than the one before.
    KeysFloor = "keys_floor",
    /// Too few root keys signed a document of keys.
    KeysUnsigned = "keys_unsigned",
    /// A signature has more than 1,024 bytes.
    SignatureTooLong = "signature_too_long",
    /// A signature is not written as `ssh-keygen` writes it.
    SignatureForm = "signature_form",
    /// A signature is for another namespace.
    SignatureNamespace = "signature_namespace",
    /// A signature is over another hash than SHA-256.
    SignatureHash = "signature_hash",
    /// A document has more than 8 signatures.
    SignaturesTooMany = "signatures_too_many",
    /// None of the keys made a signature.
    SignatureUnknown = "signature_unknown",
    /// A key has a signature of a document before this one.
    SignatureTwice = "signature_twice",
    /// A signature is not over this document.
    SignatureWrong = "signature_wrong",
    /// Too few release keys signed a waybill.
    Unsigned = "unsigned",
    /// A waybill is for something else.
    SignedMismatch = "signed_mismatch",
    /// A waybill's sequence is too low.
    SequenceLow = "sequence_low",
    /// Sequences do not rise with versions.
    SequenceOrder = "sequence_order",
    /// A waybill has expired.
    Expired = "expired",
    /// The firmware that a release needs does not go out with it.
    FirmwareNeeded = "firmware_needed",
    /// A file's path cannot be the key of an object: it has a backslash.
    #[cfg(feature = "publish")]
    KeyUnsafe = "key_unsafe",
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// An error in an input: a stable [`Code`], and a message that names the value and the rule.
///
/// ```
/// use airwaybill::{Code, DevicePath};
///
/// let error = DevicePath::new("flash/../boot.py").unwrap_err();
/// assert_eq!(error.code(), Code::PathSegment);
/// assert_eq!(error.to_string(), r#""flash/../boot.py": a path must not have a ".." segment"#);
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Error {
    code: Code,
    message: String,
}

impl Error {
    pub(crate) fn new(code: Code, message: impl Into<String>) -> Self {
        Self { code, message: one_line(message.into()) }
    }

    /// The stable reason.
    #[must_use]
    pub fn code(&self) -> Code {
        self.code
    }

    /// The same error, with its place in the input in front of the message.
    #[doc(hidden)]
    #[must_use]
    pub fn at(self, place: impl fmt::Display) -> Self {
        Self { code: self.code, message: format!("{place}: {}", self.message) }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Error {}

/// Escapes control characters: a message is one line of a log.
pub(crate) fn one_line(message: String) -> String {
    if !message.contains(is_invisible) {
        return message;
    }
    let mut line = String::with_capacity(message.len());
    for c in message.chars() {
        if is_invisible(c) { line.extend(c.escape_default()) } else { line.push(c) }
    }
    line
}

/// Control characters, and those that break a line or change its direction.
fn is_invisible(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}')
}

const SHOWN_CHARACTERS: usize = 120;

/// `value` in quotes, cut after 120 characters.
pub(crate) fn quoted(value: &str) -> String {
    let mut shown: String = value.chars().take(SHOWN_CHARACTERS).collect();
    if shown.len() < value.len() {
        shown.push('…');
    }
    format!("\"{}\"", shown.replace('\\', r"\\").replace('"', r#"\""#))
}
