/// A run of bytes that is in both files.
#[derive(Clone, Copy, Default)]
pub(super) struct Match {
    old: u32,
    len: u32,
}

impl Match {
    /// Where it is in the old file.
    pub(super) fn old(self) -> usize {
        self.old as usize
    }

    /// How many bytes it has.
    pub(super) fn len(self) -> usize {
        self.len as usize
    }
}

/// For each position of `new` the longest run from there that is anywhere in `old`.
///
/// The time is that of sorting: searching `old` anew from each position takes 7 s for images of 600 KB that are blank but
/// for a version, and grows with the square. The memory is nine bytes for each of `old` and seventeen for each of `new`.
pub(super) fn longest(old: &[u8], new: &[u8]) -> Vec<Match> {
    let text = [old, new].concat();
    let mut order = vec![0; text.len()];
    divsufsort::sort_in_place(&text, &mut order);
    let order: Vec<u32> = order.into_iter().map(i32::cast_unsigned).collect();
    let shared = shared_with_previous(&text, &order);
    let shared = |suffix: u32| shared.get(suffix as usize).copied().unwrap_or_default();

    let end = offset(old.len());
    let mut matches = vec![Match::default(); new.len()];
    // The longest is that with one of the two suffixes of `old` that are nearest in the order.
    let mut visit = |neighbours: &mut dyn Iterator<Item = (u32, u32)>| {
        let mut nearest = Match::default();
        for (suffix, shared) in neighbours {
            nearest.len = nearest.len.min(shared);
            if suffix < end {
                nearest = Match { old: suffix, len: end - suffix };
            } else if let Some(best) = matches.get_mut((suffix - end) as usize)
                && nearest.len > best.len
            {
                *best = nearest;
            }
        }
    };
    visit(&mut order.iter().map(|suffix| (*suffix, shared(*suffix))));
    let mut after = 0;
    visit(&mut order.iter().rev().map(|suffix| (*suffix, std::mem::replace(&mut after, shared(*suffix)))));
    matches
}

/// For each suffix the number of bytes with which the one before it in the order begins as well.
fn shared_with_previous(text: &[u8], order: &[u32]) -> Vec<u32> {
    const NONE: u32 = u32::MAX;
    let mut previous = vec![NONE; text.len()];
    for pair in order.windows(2) {
        if let [before, suffix] = pair
            && let Some(slot) = previous.get_mut(*suffix as usize)
        {
            *slot = *before;
        }
    }
    // The next suffix of the text shares one byte less, or more (Kärkkäinen, Manzini and Puglisi 2009).
    let mut least = 0;
    let shared = |(suffix, previous): (usize, u32)| {
        if previous == NONE {
            least = 0;
            return 0;
        }
        let rest = |from: usize| text.get(from + least..).unwrap_or_default();
        let len = least + rest(suffix).iter().zip(rest(previous as usize)).take_while(|(a, b)| a == b).count();
        least = len.saturating_sub(1);
        offset(len)
    };
    previous.into_iter().enumerate().map(shared).collect()
}

/// INVARIANT: no file has more than 16 MiB.
fn offset(position: usize) -> u32 {
    u32::try_from(position).unwrap_or_default()
}
