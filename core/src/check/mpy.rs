//! The formats of `.mpy` files.

use std::fmt;
use std::ops::RangeInclusive;

/// Architectures of machine code by their numbers, as `mpy-cross` names them.
const ARCHITECTURES: [&str; 13] = [
    "none",
    "x86",
    "x64",
    "armv6",
    "armv6m",
    "armv7m",
    "armv7em",
    "armv7emsp",
    "armv7emdp",
    "xtensa",
    "xtensawin",
    "rv32imc",
    "rv64imc",
];
/// Of these, firmware of each runs those before it too.
const THUMB: RangeInclusive<u8> = 4..=8;

/// What has to fit between a `.mpy` and the firmware that reads it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Format {
    version: u8,
    /// Of machine code, which fits one sub-version alone.
    native: Option<(u8, u8)>,
}

impl Format {
    /// `None` for what is not a `.mpy`.
    pub(super) fn of(head: &[u8]) -> Option<Self> {
        let [b'M', version, flags, ..] = head else { return None };
        let (sub, architecture) = (flags & 3, (flags >> 2) & 15);
        Some(Self { version: *version, native: (*version >= 6 && architecture != 0).then_some((sub, architecture)) })
    }

    /// Whether the firmware of a version of `MicroPython` reads it; none where that is not known.
    pub(super) fn fits(self, micropython: &str) -> Option<bool> {
        let (version, sub) = read_by(micropython)?;
        Some(self.version == version && self.native.is_none_or(|(own, _)| own == sub))
    }

    /// Whether one chip can run both.
    pub(super) fn runs_with(self, other: Self) -> bool {
        let architecture = |format: Self| format.native.map(|(_, architecture)| architecture);
        architecture(self)
            .zip(architecture(other))
            .is_none_or(|(a, b)| a == b || THUMB.contains(&a) && THUMB.contains(&b))
    }

    pub(super) fn is_native(self) -> bool {
        self.native.is_some()
    }

    /// The architecture of its machine code.
    pub(super) fn architecture(self) -> &'static str {
        let (_, architecture) = self.native.unwrap_or_default();
        ARCHITECTURES.get(usize::from(architecture)).copied().unwrap_or("another architecture")
    }

    /// Whether one firmware can read both.
    pub(super) fn goes_with(self, other: Self) -> bool {
        let sub = |format: Self| format.native.map(|(sub, _)| sub);
        self.version == other.version && sub(self).zip(sub(other)).is_none_or(|(a, b)| a == b)
    }
}

impl fmt::Display for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.native {
            Some((sub, _)) => write!(f, "{}.{sub}", self.version),
            None => write!(f, "{}", self.version),
        }
    }
}

/// What `MicroPython`'s documentation says of its versions.
fn read_by(micropython: &str) -> Option<(u8, u8)> {
    let mut numbers = micropython.split(|c: char| !c.is_ascii_digit()).map(str::parse::<u32>);
    let (Some(Ok(1)), Some(Ok(minor))) = (numbers.next(), numbers.next()) else { return None };
    match minor {
        23.. => Some((6, 3)),
        22 => Some((6, 2)),
        20..=21 => Some((6, 1)),
        19 => Some((6, 0)),
        12..=18 => Some((5, 0)),
        _ => None,
    }
}
