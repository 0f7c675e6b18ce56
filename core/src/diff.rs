use std::cmp::Ordering;

use crate::files::{Cursor, File, Files};

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
        let order = match (old.path(), new.path()) {
            (Some(was), Some(is)) => was.cmp(is),
            (Some(_), None) => Ordering::Less,
            (None, Some(_)) => Ordering::Greater,
            (None, None) => return None,
        };
        match order {
            Ordering::Less => old.take().map(Change::Delete),
            Ordering::Greater => new.take().map(Change::New),
            Ordering::Equal => {
                old.take();
                new.take().map(Change::Update)
            }
        }
    })
}
