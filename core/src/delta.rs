mod copies;
mod matches;
mod steps;
mod stream;

use crate::error::{Code, Error};

/// The largest file that a patch is made of, or gives: 16 MiB, in bytes.
#[doc(hidden)]
pub const PATCH_SIZE_LIMIT: usize = 1 << 24;

/// The patch that makes `new` of `old` (rules X1 and X4). With an empty `old` it is the compressed file.
///
/// It is a zlib stream with a window of 1 KB, in which is a patch of `detools`, type `sequential`, compression `none`. The same files
/// give the same bytes everywhere.
///
/// ```
/// use airwaybill::{apply_patch, make_patch};
///
/// let (old, new) = ("led.on()\n".repeat(99), "led.on()\n".repeat(99) + "led.off()\n");
/// let patch = make_patch(old.as_bytes(), new.as_bytes())?;
/// assert!(patch.len() < 50);
/// assert_eq!(apply_patch(old.as_bytes(), &patch)?, new.as_bytes());
/// # Ok::<(), airwaybill::Error>(())
/// ```
///
/// # Errors
///
/// [`Code::SizeTooBig`] for a file of more than 16 MiB.
pub fn make_patch(old: &[u8], new: &[u8]) -> Result<Vec<u8>, Error> {
    for (name, file) in [("the old file", old), ("the new file", new)] {
        check_size(name, file.len(), PATCH_SIZE_LIMIT)?;
    }
    Ok(stream::deflate(&steps::write(old, new)))
}

/// What a patch makes of `old`, by rules X1 and X5b.
///
/// The patch of another file is not noticed here, if its offsets fit: compare the result's hash.
///
/// # Errors
///
/// [`Code::PatchStream`] for what is not a zlib stream with such a window; [`Code::PatchCut`] and [`Code::PatchTrailing`] for its end;
/// [`Code::PatchHeader`], [`Code::PatchNumber`], [`Code::PatchSteps`], [`Code::PatchStepLong`] and [`Code::PatchOffset`] for
/// what is in it; [`Code::SizeTooBig`] if it gives more than 16 MiB.
pub fn apply_patch(old: &[u8], patch: &[u8]) -> Result<Vec<u8>, Error> {
    steps::apply(old, &stream::inflate(patch)?)
}

fn cut() -> Error {
    Error::new(Code::PatchCut, "the patch ends too early")
}

fn trailing(bytes: usize) -> Error {
    Error::new(Code::PatchTrailing, format!("the patch: {bytes} bytes after its end"))
}

fn check_size(name: &str, size: usize, limit: usize) -> Result<(), Error> {
    if size <= limit {
        return Ok(());
    }
    let rule = format!("patches are of files of up to {} MiB; devices fetch larger ones whole", PATCH_SIZE_LIMIT >> 20);
    Err(Error::new(Code::SizeTooBig, format!("{name}: {size} bytes; {rule}")))
}
