use std::collections::BTreeSet;

use super::Firmware;
use crate::error::{Code, Error, quoted};
use crate::filter::{CatalogOptions, Filter};
use crate::notice::Notice;
use crate::version::Version;

/// The names of releases and images that the options hold back, and why.
pub(crate) struct Holds<'a> {
    unsettled: BTreeSet<&'a str>,
    /// Each was judged, so they are few.
    refused: Vec<Notice>,
    refused_releases: Vec<(usize, Version)>,
    refused_images: Vec<(usize, Version)>,
}

impl<'a> Holds<'a> {
    pub(crate) fn new(options: &'a CatalogOptions, filter: &Filter) -> Self {
        // Extended, not collected: see `order`.
        let mut unsettled = BTreeSet::new();
        unsettled.extend(options.unsettled.iter().map(String::as_str));
        let refused: Vec<Notice> =
            options.failed.iter().map(|name| failed_notice(name)).chain(options.unsigned.iter().cloned()).collect();
        let versions = |version: fn(&Filter, &str) -> Result<Version, Error>| {
            let numbered = refused.iter().enumerate();
            numbered.filter_map(|(index, notice)| Some((index, version(filter, &notice.path).ok()?))).collect()
        };
        let (refused_releases, refused_images) =
            (versions(Filter::release_version), versions(Filter::firmware_version));
        Self { unsettled, refused, refused_releases, refused_images }
    }

    pub(crate) fn release(&self, name: &str, version: &Version) -> Option<Notice> {
        self.find(name, version, &self.refused_images)
    }

    pub(crate) fn image(&self, image: &Firmware) -> Option<Notice> {
        self.find(&image.path, &image.version, &self.refused_releases)
    }

    fn find(&self, name: &str, version: &Version, counterparts: &[(usize, Version)]) -> Option<Notice> {
        if self.unsettled.contains(name) {
            let message = format!("{}: still changing, not offered yet", quoted(name));
            return Some(Notice::new(name, Code::ReleaseUnsettled, message));
        }
        if let Some(own) = self.refused.iter().find(|notice| notice.path == name) {
            return Some(own.clone());
        }
        // C10: what was made for each other.
        let (index, _) = counterparts.iter().find(|(_, of)| of == version)?;
        let Notice { path, code, .. } = self.refused.get(*index)?;
        Some(Notice::new(name, *code, format!("{}: held back with {}", quoted(name), quoted(path))))
    }
}

fn failed_notice(name: &str) -> Notice {
    let rule = "its check has errors; it is not offered until they are gone, or accepted";
    Notice::new(name, Code::CheckFailed, format!("{}: {rule}", quoted(name)))
}
