//! The documents that are there, each a file with a name.

use crate::by_name::ByName;

/// A document has at most so many signatures (rule T8b).
pub(super) const MAX_SIGNATURES: usize = 8;

/// A waybill, keys or a signature: the name of its file, and what is in it.
#[derive(Clone, Copy, Debug)]
pub struct DocumentFile<'a> {
    /// `1.0.1.waybill`, `1.0.1.waybill.sig`, `keys/1.waybill`.
    pub name: &'a str,
    /// Its bytes.
    pub content: &'a [u8],
}

/// The documents that are there.
pub(crate) type Documents<'a> = ByName<'a, DocumentFile<'a>>;

impl<'a> Documents<'a> {
    pub(crate) fn of(files: &'a [DocumentFile<'a>]) -> Self {
        Self::new(files, |file| file.name)
    }

    /// The signatures of a document (rule T2).
    pub(crate) fn signatures_of(&self, document: &str) -> Vec<DocumentFile<'a>> {
        // One too many is skipped with a reason.
        let names = (1..=MAX_SIGNATURES + 1).map(|number| signature_name(document, number));
        names.filter_map(|name| self.get(&name)).copied().collect()
    }
}

/// The names that the signatures of a document may have, in the order in which they are read (rules T2 and T8b).
///
/// ```
/// use airwaybill::signature_names;
///
/// let names = signature_names("1.0.1.waybill");
/// assert_eq!(names[..2], ["1.0.1.waybill.sig", "1.0.1.waybill.2.sig"]);
/// assert_eq!(names.len(), 8);
/// ```
#[must_use]
pub fn signature_names(document: &str) -> Vec<String> {
    (1..=MAX_SIGNATURES).map(|number| signature_name(document, number)).collect()
}

fn signature_name(document: &str, number: usize) -> String {
    match number {
        1 => format!("{document}.sig"),
        _ => format!("{document}.{number}.sig"),
    }
}
