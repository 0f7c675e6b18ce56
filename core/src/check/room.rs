//! What an update takes of littlefs at `flash`, as the device client counts it.

use std::collections::BTreeSet;

use super::{Check, Level, Step, add_directories};
use crate::catalog::{File, Release};
use crate::error::Code;

const FLASH: &str = "flash/";
const BLOCK: u64 = 4096;
/// Of each block of a file, for pointers to others.
const POINTERS: u64 = 8;
/// A file of so many bytes or fewer lies in its directory where flash is programmed 32 bytes at a time, as on ESP32. With
/// 256 at a time, as on RP2040, it may have an eighth of a block, and takes less than the block that is counted.
const INLINE: u64 = 128;
/// Bytes of a file in its directory, beside its name.
const ENTRY: u64 = 48;
/// Of a directory, and of each half of a block with entries.
const PAIR: u64 = 2;
/// The client's records, 32 KB, and as much for what directories and lists take.
const RECORDS: u64 = 16;

impl Check<'_> {
    pub(super) fn room(&mut self) {
        let Some(size) = self.request.settings.flash_size else { return };
        let blocks = self.steps.iter().map(Self::blocks).max().unwrap_or_default();
        let need = blocks.saturating_mul(BLOCK);
        if need > size {
            let message = format!("an update needs {need} bytes of flash/, with the way back; it has {size}");
            self.report((Level::Error, Code::FlashFull), "", &message, "make the release smaller, or update in steps");
        }
    }

    /// What is there, and what comes beside it before anything goes; the way back copies one file at a time.
    fn blocks(step: &Step<'_>) -> u64 {
        let mut room = Room::default();
        for file in step.base.map(Release::files).unwrap_or_default() {
            room.enter(file);
            if file.size > INLINE {
                room.files += blocks_of(file);
            }
        }
        for (file, before) in step.fetched() {
            room.files += blocks_of(file);
            match before {
                Some(before) => room.largest = room.largest.max(blocks_of(before)),
                None => room.enter(file),
            }
        }
        for gone in step.plan.delete.iter().filter_map(|path| step.base?.file(path.as_str())) {
            room.largest = room.largest.max(blocks_of(gone));
        }
        RECORDS + room.files + room.largest + PAIR * (room.directories.len() as u64 + room.entries / (BLOCK / 2))
    }
}

#[derive(Default)]
struct Room<'a> {
    /// Blocks.
    files: u64,
    /// Blocks of the largest that goes or changes.
    largest: u64,
    directories: BTreeSet<&'a str>,
    /// Bytes.
    entries: u64,
}

impl<'a> Room<'a> {
    fn enter(&mut self, file: &'a File) {
        let path = file.path.as_str();
        if path.starts_with(FLASH) {
            add_directories(&mut self.directories, path);
            let name = path.rsplit('/').next().unwrap_or_default();
            self.entries += ENTRY + name.len() as u64 + if file.size > INLINE { 0 } else { file.size };
        }
    }
}

/// None of what is on another mount.
fn blocks_of(file: &File) -> u64 {
    if file.path.as_str().starts_with(FLASH) { file.size.div_ceil(BLOCK - POINTERS) } else { 0 }
}
