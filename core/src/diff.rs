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
        loop {
            let order = match (old.path(), new.path()) {
                (Some(was), Some(is)) => was.cmp(is),
                (Some(_), None) => Ordering::Less,
                (None, Some(_)) => Ordering::Greater,
                (None, None) => return None,
            };
            match order {
                Ordering::Less => return old.take().map(Change::Delete),
                Ordering::Greater => return new.take().map(Change::New),
                Ordering::Equal if old.has_content_of(&new) => {
                    old.skip();
                    new.skip();
                }
                Ordering::Equal => {
                    old.skip();
                    return new.take().map(Change::Update);
                }
            }
        }
    })
}
