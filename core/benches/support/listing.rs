use airwaybill::{Entry, FileRecord, Sha1Digest};

pub(crate) const CHANGED_EACH: usize = 100;

/// A listing of two releases of `files` each, of which every hundredth differs, in an order without a pattern.
pub(crate) fn listing(files: usize) -> Vec<Entry> {
    let mut order: Vec<usize> = (0..2 * files).collect();
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    for last in (1..order.len()).rev() {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        order.swap(last, usize::try_from(state >> 33).unwrap() % (last + 1));
    }
    let entry = |number: usize| {
        let (index, is_new) = (number / 2, number % 2 == 1);
        let path = format!("flash/lib/package_{:03}/module_{index:07}.py", index % 997);
        let is_changed = is_new && index % CHANGED_EACH == 0;
        let sha1 = Sha1Digest::of(if is_changed { b"changed" } else { path.as_bytes() });
        let version = if is_new { "1.0.1" } else { "1.0.0" };
        Entry::File(FileRecord { path: format!("{version}/{path}"), size: 4096, sha1, mtime: None, sha256: None })
    };
    order.into_iter().map(entry).collect()
}
