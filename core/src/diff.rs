use std::cmp::Ordering;

use crate::files::{Cursor, File, Files, path};

/// What differs between two releases at one path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Change<'a> {
    Delete(File<'a>),
    New(File<'a>),
    Update(File<'a>),
}

// P3: one merge of two sorted lists.
pub(crate) fn diff<'a>(old: &'a Files, new: &'a Files) -> impl Iterator<Item = Change<'a>> {
    let (mut old, mut new) = (Cursor::new(old), Cursor::new(new));
    std::iter::from_fn(move || {
        old.pass_same(&mut new);
        let (was, is) = (old.next(1), new.next(1));
        let order = match (was, is) {
            (Some(was), Some(is)) => path(was).cmp(path(is)),
            (Some(_), None) => Ordering::Less,
            (None, Some(_)) => Ordering::Greater,
            (None, None) => return None,
        };
        Some(match order {
            Ordering::Less => Change::Delete(old.take(was?)),
            Ordering::Greater => Change::New(new.take(is?)),
            Ordering::Equal => {
                old.pass(1, was?);
                Change::Update(new.take(is?))
            }
        })
    })
}
