//! Images of ESP32s, as `esptool` reads them.

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

const MAGIC: u8 = 0xe9;
const HEADER_BYTES: usize = 24;
const MOST_SEGMENTS: u8 = 16;
const CHECKSUM_SEED: u8 = 0xef;
const DIGEST_BYTES: usize = 32;

/// What a peek says of an image of an ESP32.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[cfg_attr(feature = "wasm", derive(tsify::Tsify))]
#[serde(deny_unknown_fields)]
pub struct PeekImage {
    /// The number of the chip that it is for.
    pub chip: u16,
    /// Whether all its segments are there.
    pub is_whole: bool,
    /// Whether the checksum of its segments is right, and the digest at its end if it has one.
    pub is_intact: bool,
}

impl PeekImage {
    /// None of what does not start as one.
    pub(super) fn of(content: &[u8]) -> Option<Self> {
        let header: &[u8; HEADER_BYTES] = content.first_chunk()?;
        let [MAGIC, segments, ..] = header else { return None };
        let [.., low, high, _, _, _, _, _, _, _, _, _, has_digest] = header;
        let chip = u16::from_le_bytes([*low, *high]);
        let intact = match has_digest {
            _ if !(1..=MOST_SEGMENTS).contains(segments) => None,
            0 | 1 => check_segments(content, *segments, *has_digest == 1),
            _ => Some(false),
        };
        Some(Self { chip, is_whole: intact.is_some(), is_intact: intact == Some(true) })
    }
}

/// Whether checksum and digest are right; none where the content ends first.
fn check_segments(content: &[u8], segments: u8, has_digest: bool) -> Option<bool> {
    let mut at = HEADER_BYTES;
    let mut checksum = CHECKSUM_SEED;
    for _ in 0..segments {
        let [_, _, _, _, length @ ..]: &[u8; 8] = content.get(at..)?.first_chunk()?;
        let start = at + 8;
        at = start.checked_add(usize::try_from(u32::from_le_bytes(*length)).ok()?)?;
        checksum = content.get(start..at)?.iter().fold(checksum, |sum, byte| sum ^ byte);
    }
    // The checksum is the last byte of a block of sixteen.
    let end = (at | 15) + 1;
    let is_right = *content.get(end - 1)? == checksum;
    if !has_digest {
        return Some(is_right);
    }
    let digest = content.get(end..end.checked_add(DIGEST_BYTES)?)?;
    Some(is_right && Sha256::digest(content.get(..end)?).as_slice() == digest)
}

/// The name of a chip, by the number that an image has.
pub(super) fn chip_name(chip: u16) -> Option<&'static str> {
    Some(match chip {
        0 => "ESP32",
        2 => "ESP32-S2",
        5 => "ESP32-C3",
        9 => "ESP32-S3",
        12 => "ESP32-C2",
        13 => "ESP32-C6",
        16 => "ESP32-H2",
        18 => "ESP32-P4",
        20 => "ESP32-C61",
        23 => "ESP32-C5",
        25 => "ESP32-H21",
        28 => "ESP32-H4",
        31 => "ESP32-E22",
        32 => "ESP32-S31",
        _ => return None,
    })
}

/// The version in an image's description of its application, if that is `MicroPython`: `1.22.2`.
pub(super) fn micropython_version(head: &[u8]) -> Option<&str> {
    let field = |at: usize| {
        let bytes = head.get(at..at + 32)?.split(|byte| *byte == 0).next()?;
        str::from_utf8(bytes).ok()
    };
    let has_description = head.get(32..36)? == 0xabcd_5432_u32.to_le_bytes();
    // Its fields: magic, secure version, two reserved words, version, name of the project.
    let is_micropython = has_description && field(32 + 48)? == "micropython";
    is_micropython.then(|| field(32 + 16)).flatten().map(|version| version.strip_prefix('v').unwrap_or(version))
}
