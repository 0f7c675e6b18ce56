use super::copies::{self, Copy};
use super::{PATCH_SIZE_LIMIT, check_size, cut, trailing};
use crate::error::{Code, Error};

/// The type `sequential` with the compression `none`.
const HEADER: u8 = 0;

/// The bytes of a patch before compression: a header, the size of the result, and if that is not 0 a zero, that there is no data
/// format, and the steps. A step has differences to the old file, bytes of its own, and by how much the old file's position then changes.
pub(super) fn write(old: &[u8], new: &[u8]) -> Vec<u8> {
    let mut patch = vec![HEADER];
    write_number(&mut patch, 0, new.len());
    if new.is_empty() {
        return patch;
    }
    write_number(&mut patch, 0, 0);
    let mut copies = copies::find(old, new);
    // X5b: the first step starts at the beginning of both files, and has a byte.
    copies.retain_mut(|copy| {
        if copy.new == 0 && copy.old > 0 {
            *copy = Copy { new: 1, old: copy.old + 1, len: copy.len.saturating_sub(1) };
        }
        copy.len > 0
    });
    if copies.first().is_none_or(|first| first.new > 0) {
        copies.insert(0, Copy::default());
    }
    let end = Copy { new: new.len(), ..Copy::default() };
    for (index, copy) in copies.iter().enumerate() {
        let next = copies.get(index + 1).unwrap_or(&end);
        write_number(&mut patch, 0, copy.len);
        let pairs = new.iter().skip(copy.new).zip(old.iter().skip(copy.old));
        patch.extend(pairs.take(copy.len).map(|(new, old)| new.wrapping_sub(*old)));
        let extra = new.get(copy.new + copy.len..next.new).unwrap_or_default();
        write_number(&mut patch, 0, extra.len());
        patch.extend(extra);
        // After the last step there is no position.
        let position = copy.old + copy.len;
        let next = if index + 1 == copies.len() { position } else { next.old };
        write_number(&mut patch, position, next);
    }
    patch
}

/// The way from one number to another: six bits and the sign in the first byte, seven in each that follows.
fn write_number(patch: &mut Vec<u8>, from: usize, to: usize) {
    let mut rest = to.abs_diff(from);
    let mut bits = 6;
    let mut sign = if to < from { 0x40 } else { 0 };
    loop {
        let low = u8::try_from(rest & ((1 << bits) - 1)).unwrap_or_default() | sign;
        rest >>= bits;
        if rest == 0 {
            return patch.push(low);
        }
        patch.push(low | 0x80);
        (bits, sign) = (7, 0);
    }
}

pub(super) fn apply(old: &[u8], patch: &[u8]) -> Result<Vec<u8>, Error> {
    let mut reader = Reader { patch, rest: patch };
    if reader.take(1)? != [HEADER] {
        return Err(reader.fail(Code::PatchHeader, "the type is sequential, without compression"));
    }
    let size = reader.length()?;
    check_size("the new file", size, PATCH_SIZE_LIMIT)?;
    if size > 0 && reader.length()? > 0 {
        return Err(reader.fail(Code::PatchHeader, "there is no data format"));
    }
    // Each byte of it takes one of the patch.
    let mut new = Vec::with_capacity(size.min(patch.len()));
    let mut position = 0;
    let mut steps = 0;
    while new.len() < size {
        // X5b
        if steps > size {
            return Err(reader.fail(Code::PatchSteps, "there are at most as many steps as bytes, and one"));
        }
        steps += 1;
        let start = new.len();
        let differences = reader.piece(size - start)?;
        let beside = old.get(position..).and_then(|rest| rest.get(..differences.len()));
        let Some(beside) = beside else {
            return Err(reader.fail(Code::PatchOffset, "an offset is in the old file"));
        };
        new.extend(differences.iter().zip(beside).map(|(difference, old)| old.wrapping_add(*difference)));
        position += differences.len();
        let extra = reader.piece(size - new.len())?;
        new.extend(extra);
        let by = reader.number()?;
        position = match position.checked_add_signed(by) {
            Some(position) if position <= old.len() => position,
            _ => return Err(reader.fail(Code::PatchOffset, "an offset is in the old file")),
        };
    }
    if reader.rest.is_empty() { Ok(new) } else { Err(trailing(reader.rest.len())) }
}

struct Reader<'a> {
    patch: &'a [u8],
    rest: &'a [u8],
}

impl<'a> Reader<'a> {
    fn take(&mut self, len: usize) -> Result<&'a [u8], Error> {
        let (taken, rest) = self.rest.split_at_checked(len).ok_or_else(cut)?;
        self.rest = rest;
        Ok(taken)
    }

    /// A piece of a step, with its length in front.
    fn piece(&mut self, room: usize) -> Result<&'a [u8], Error> {
        let len = self.length()?;
        if len > room {
            return Err(self.fail(Code::PatchStepLong, "the result is not longer than the patch says"));
        }
        self.take(len)
    }

    fn length(&mut self) -> Result<usize, Error> {
        let number = self.number()?;
        usize::try_from(number).map_err(|_| self.fail(Code::PatchNumber, "a length is not negative"))
    }

    fn number(&mut self) -> Result<isize, Error> {
        let (mut number, mut shift, mut is_negative) = (0_isize, 0, false);
        loop {
            let byte = self.take(1)?.first().copied().unwrap_or_default();
            let bits = if shift == 0 { 6 } else { 7 };
            if shift == 0 {
                is_negative = byte & 0x40 != 0;
            }
            // No file has more, and 32 bits hold it.
            if shift > 20 {
                return Err(self.fail(Code::PatchNumber, "a number has at most four bytes"));
            }
            number |= isize::from(byte & ((1 << bits) - 1)) << shift;
            shift += bits;
            if byte & 0x80 == 0 {
                return Ok(if is_negative { -number } else { number });
            }
        }
    }

    fn fail(&self, code: Code, rule: &str) -> Error {
        let at = self.patch.len() - self.rest.len();
        Error::new(code, format!("the patch, uncompressed, before byte {at}: {rule}"))
    }
}
