use std::io::Write;

use flate2::write::ZlibEncoder;
use flate2::{Compress, Compression, Decompress, FlushDecompress, Status};

use super::{PATCH_SIZE_LIMIT, check_size, cut, trailing};
use crate::error::{Code, Error};

// X1
const WINDOW_BITS: u8 = 10;

pub(super) fn deflate(content: &[u8]) -> Vec<u8> {
    let compress = Compress::new_with_window_bits(Compression::best(), true, WINDOW_BITS);
    let mut encoder = ZlibEncoder::new_with_compress(Vec::new(), compress);
    // INVARIANT: writing to a vector does not fail.
    encoder.write_all(content).and_then(|()| encoder.finish()).unwrap_or_default()
}

pub(super) fn inflate(stream: &[u8]) -> Result<Vec<u8>, Error> {
    let mut decompress = Decompress::new_with_window_bits(true, WINDOW_BITS);
    let mut content = Vec::new();
    let mut rest = stream;
    loop {
        content.reserve_exact((content.len() / 4).max(1 << 15));
        let (read, written) = (decompress.total_in(), content.len());
        let status = decompress.decompress_vec(rest, &mut content, FlushDecompress::None).map_err(|error| {
            let rule = "a patch is a zlib stream with a window of at most 1 KB";
            Error::new(Code::PatchStream, format!("the patch, at byte {}: {error}; {rule}", decompress.total_in()))
        })?;
        let taken = usize::try_from(decompress.total_in() - read).unwrap_or_default();
        rest = rest.get(taken..).unwrap_or_default();
        match status {
            Status::StreamEnd if rest.is_empty() => return Ok(content),
            Status::StreamEnd => return Err(trailing(rest.len())),
            _ if taken == 0 && content.len() == written => return Err(cut()),
            // The bytes of the new file, and numbers, which are fewer in any patch that is worth it.
            _ => check_size("the patch, inflated", content.len(), 2 * PATCH_SIZE_LIMIT)?,
        }
    }
}
