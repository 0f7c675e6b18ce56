//! What an update takes of littlefs at `flash`, as the device client counts it.

use std::collections::BTreeSet;

use super::{Check, Step, add_directories};
use crate::catalog::{File, Release};
use crate::check::Level::Error;
use crate::error::Code;

const BLOCK: u64 = 4096;
/// Of each block of a file, for pointers to others.
const POINTERS: u64 = 8;
/// A file of so many bytes or fewer lies in its directory.
const INLINE: u64 = BLOCK / 8;
/// Bytes of a file in its directory, beside its name.
const ENTRY: u64 = 48;
/// Of a directory, and of each half of a block with entries.
const PAIR: u64 = 2;
/// The client's records, 32 KB, and as much for what directories and lists take.
const RECORDS: u64 = 16;

impl Check<'_> {
    pub(super) fn room(&mut self) {
        let Some(size) = self.request.flash_size else { return };
        let blocks = self.steps.iter().map(Self::blocks).max().unwrap_or_default();
        let need = blocks.saturating_mul(BLOCK);
        if need > size {
            let message =
                format!("an update needs {need} bytes of flash/, in blocks, with the way back; it has {size}");
            self.find((Error, Code::FlashFull), "", &message, "make the release smaller, or update in steps");
        }
    }

    /// What is there, and what comes beside it before anything goes; the way back copies one file at a time.
    fn blocks(step: &Step<'_>) -> u64 {
        let there = || step.base.into_iter().flat_map(Release::files).filter(|file| is_on_flash(file));
        let fetched = || step.fetched().filter(|(file, _)| is_on_flash(file));
        let new = fetched().filter_map(|(file, before)| before.is_none().then_some(file));
        let mut directories = BTreeSet::new();
        let mut entries = 0_u64;
        for file in there().chain(new) {
            add_directories(&mut directories, file.path.as_str());
            let name = file.path.as_str().rsplit('/').next().unwrap_or_default();
            let inside = if file.size > INLINE { 0 } else { file.size };
            entries = entries.saturating_add(ENTRY + name.len() as u64 + inside);
        }
        let pairs = directories.len() as u64 + entries / (BLOCK / 2);
        let goes = step.plan.delete.iter().filter_map(|path| step.base?.file(path.as_str()));
        let replaced = fetched().filter_map(|(_, before)| before);
        let largest = goes.filter(|file| is_on_flash(file)).chain(replaced).map(blocks_of).max().unwrap_or_default();
        let files = there().filter(|file| file.size > INLINE).map(blocks_of);
        files
            .chain(fetched().map(|(file, _)| blocks_of(file)))
            .fold(RECORDS + PAIR * pairs + largest, u64::saturating_add)
    }
}

fn is_on_flash(file: &File) -> bool {
    file.path.as_str().starts_with("flash/")
}

fn blocks_of(file: &File) -> u64 {
    file.size.div_ceil(BLOCK - POINTERS)
}
