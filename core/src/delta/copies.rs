use super::matches;

/// Bytes of `new` that are made of as many of `old`, most of them equal.
#[derive(Clone, Copy, Default)]
pub(super) struct Copy {
    pub(super) new: usize,
    pub(super) old: usize,
    pub(super) len: usize,
}

/// Where two positions of the files go on beside each other.
#[derive(Clone, Copy, Default)]
struct Alignment {
    new: usize,
    old: usize,
}

/// How many more bytes of a match have to be right than with the alignment so far, to change to it.
const GAIN: usize = 8;

/// The copies that `new` is made of, in its order, some of no byte, by the way of `bsdiff` (Percival 2003): an alignment holds on over bytes that
/// differ, as addresses in machine code do, until another one fits better.
pub(super) fn find(old: &[u8], new: &[u8]) -> Vec<Copy> {
    let matches = matches::longest(old, new);
    let files = Files { old, new };
    let mut copies = Vec::new();
    let mut current = Alignment::default();
    let (mut at, mut counted, mut right) = (0, 0, 0);
    while let Some(found) = matches.get(at) {
        let end = at + found.len();
        // Of the bytes of the match those that the current alignment has right too.
        right += (counted..end).filter(|position| files.is_right(current, *position)).count();
        counted = counted.max(end);
        if found.len() > right + GAIN {
            let next = Alignment { new: at, old: found.old() };
            let (copy, start) = files.change(current, next);
            copies.push(copy);
            current = start;
        } else if found.len() != right || found.len() == 0 {
            right = right.saturating_sub(usize::from(files.is_right(current, at)));
            at += 1;
            counted = counted.max(at);
            continue;
        }
        (at, counted, right) = (end, end, 0);
    }
    copies.push(files.last(current));
    copies
}

struct Files<'a> {
    old: &'a [u8],
    new: &'a [u8],
}

impl Files<'_> {
    fn is_right(&self, alignment: Alignment, position: usize) -> bool {
        let old = self.old.get(position - alignment.new + alignment.old);
        old.is_some() && old == self.new.get(position)
    }

    /// Which bytes, of each position from `alignment` to `end`, are equal.
    fn equal(&self, alignment: Alignment, end: usize) -> impl DoubleEndedIterator<Item = bool> {
        let old = self.old.get(alignment.old..).unwrap_or_default();
        let new = self.new.get(alignment.new..end).unwrap_or_default();
        let both = old.len().min(new.len());
        old.iter().take(both).zip(new.iter().take(both)).map(|(old, new)| old == new)
    }

    /// The copy with the last alignment.
    fn last(&self, current: Alignment) -> Copy {
        Copy { new: current.new, old: current.old, len: worth(self.equal(current, self.new.len())) }
    }

    /// The copy with the alignment so far, up to where the next one takes over, and where that starts.
    fn change(&self, current: Alignment, next: Alignment) -> (Copy, Alignment) {
        let gap = next.new - current.new;
        let forward = worth(self.equal(current, next.new));
        let back = gap.min(next.old);
        let earlier = |by: usize| Alignment { new: next.new - by, old: next.old - by };
        let backward = worth(self.equal(earlier(back), next.new).rev());
        // What both would take belongs to the first up to where that has most bytes right.
        let overlap = (forward + backward).saturating_sub(gap);
        let shared = Alignment { new: current.new + forward - overlap, old: current.old + forward - overlap };
        let (mut score, mut best, mut first) = (0, 0, 0);
        let both = self.equal(shared, shared.new + overlap).zip(self.equal(earlier(backward), shared.new + overlap));
        for (len, (with_current, with_next)) in (1..).zip(both) {
            score += i64::from(with_current) - i64::from(with_next);
            if score > best {
                (best, first) = (score, len);
            }
        }
        let len = forward - overlap + first;
        (Copy { new: current.new, old: current.old, len }, earlier(backward - first))
    }
}

/// The length up to which equal bytes outnumber others by most.
fn worth(equal: impl Iterator<Item = bool>) -> usize {
    let (mut score, mut best, mut length) = (0_i64, 0, 0);
    for (len, is_equal) in (1..).zip(equal) {
        score += if is_equal { 1 } else { -1 };
        if score > best {
            (best, length) = (score, len);
        }
    }
    length
}
