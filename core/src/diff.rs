use std::cmp::Ordering;

use crate::files::{File, Files};

/// What differs between two releases at one path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Change<'a> {
    Delete(File<'a>),
    New(File<'a>),
    Update(File<'a>),
}

// P3: one merge of two sorted lists.
pub(crate) fn diff<'a>(old: &'a Files, new: &'a Files) -> impl Iterator<Item = Change<'a>> {
    let mut old = old.iter().peekable();
    let mut new = new.iter().peekable();
    std::iter::from_fn(move || {
        loop {
            let order = match (old.peek(), new.peek()) {
                (Some(was), Some(is)) => was.path.cmp(is.path),
                (Some(_), None) => Ordering::Less,
                (None, Some(_)) => Ordering::Greater,
                (None, None) => return None,
            };
            match order {
                Ordering::Less => return old.next().map(Change::Delete),
                Ordering::Greater => return new.next().map(Change::New),
                Ordering::Equal => {
                    if let (Some(was), Some(is)) = (old.next(), new.next())
                        && (was.sha1, was.size) != (is.sha1, is.size)
                    {
                        return Some(Change::Update(is));
                    }
                }
            }
        }
    })
}
