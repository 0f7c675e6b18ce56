use serde::Serialize;

use crate::digest::Sha1Digest;
use crate::listing::FileRecord;
use crate::order::sort;
use crate::path::DevicePath;

/// A patch that is there, and worth it, for a file or the image of a plan (rule X3).
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize)]
#[cfg_attr(feature = "wasm", derive(tsify::Tsify), tsify(rename = "PlanPatch", missing_as_null))]
pub struct Patch {
    /// The file that it makes; `None` for the firmware image.
    #[cfg_attr(feature = "wasm", tsify(type = "string | null"))]
    pub file: Option<DevicePath>,
    /// SHA-1 of the file that it starts from; `None` if it starts from nothing.
    #[cfg_attr(feature = "wasm", tsify(type = "string | null"))]
    pub base: Option<Sha1Digest>,
    /// Size of the image that it starts from; `None` for a file.
    pub base_size: Option<u64>,
    /// Its own size in bytes.
    pub size: u64,
    /// SHA-1 of its own content.
    pub sha1: Sha1Digest,
}

impl Patch {
    /// Its path from the top directory, if it makes a file with this SHA-1 (rule X2).
    pub(crate) fn path(&self, made: Sha1Digest) -> String {
        patch_path(made, self.base)
    }
}

/// The top directory that patches are in (rule X2).
#[doc(hidden)]
pub const PATCHES: &str = "delta";

/// The path from the top directory of the patch that makes a file with one SHA-1 of a file with another, or of nothing (rule X2).
#[doc(hidden)]
#[must_use]
pub fn patch_path(made: Sha1Digest, base: Option<Sha1Digest>) -> String {
    base.map_or_else(|| format!("{PATCHES}/{made}"), |base| format!("{PATCHES}/{base}-{made}"))
}

/// The patches that are there, sorted by what they make and what they start from: these, and their size and SHA-1.
#[derive(Clone, Debug, Default)]
pub(crate) struct Patches(Vec<(Digests, (u64, Sha1Digest))>);

type Digests = (Sha1Digest, Option<Sha1Digest>);

/// Whether a path from the top directory is that of a patch (rule X2).
///
/// ```
/// use airwaybill::is_patch;
///
/// assert!(is_patch("delta/da39a3ee5e6b4b0d3255bfef95601890afd80709"));
/// assert!(!is_patch("delta/notes.txt"));
/// ```
#[must_use]
pub fn is_patch(path: &str) -> bool {
    digests_of(path).is_some()
}

/// X2
fn digests_of(path: &str) -> Option<Digests> {
    let (PATCHES, name) = path.split_once('/')? else { return None };
    let (base, made) = match name.split_once('-') {
        Some((base, made)) => (Some(Sha1Digest::parse(base).ok()?), made),
        None => (None, name),
    };
    Some((Sha1Digest::parse(made).ok()?, base))
}

impl Patches {
    /// X2: other names are of other files.
    pub(crate) fn new(files: &[FileRecord]) -> Self {
        let patch = |file: &FileRecord| Some((digests_of(&file.path)?, (file.size, file.sha1)));
        let mut patches = files.iter().filter_map(patch).collect();
        sort(&mut patches);
        Self(patches)
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Path from the top directory, size and SHA-1 of each.
    #[cfg(feature = "publish")]
    pub(crate) fn files(&self) -> impl Iterator<Item = (String, u64, Sha1Digest)> {
        self.0.iter().map(|((made, base), (size, sha1))| (patch_path(*made, *base), *size, *sha1))
    }

    fn find(&self, digests: Digests) -> Option<(u64, Sha1Digest)> {
        let index = self.0.binary_search_by(|(other, _)| other.cmp(&digests)).ok()?;
        self.0.get(index).map(|(_, patch)| *patch)
    }

    /// The best way to a file, if it is not to fetch it: from nothing, or from the file that the device has.
    pub(crate) fn best(&self, made: Sha1Digest, size: u64, base: Option<Sha1Digest>) -> Option<Patch> {
        let mut fetched = size;
        let mut best = None;
        for base in [None, base] {
            if let Some((size, sha1)) = self.find((made, base))
                && is_worth_it(size, fetched)
            {
                fetched = size;
                best = Some(Patch { file: None, base, base_size: None, size, sha1 });
            }
        }
        best
    }
}

/// Whether a patch is offered where something else can be fetched: if it has less than 0.8 of its size (rule X3).
#[doc(hidden)]
#[must_use]
pub fn is_worth_it(size: u64, otherwise: u64) -> bool {
    size < otherwise - otherwise / 5
}
