//! Rules C1 to C5 and P1 to P6. An input is what the rows `catalog`, `plan` and `manifest` in `vectors/README.md` say.

use std::collections::{BTreeMap, BTreeSet};

use airwaybill::VersionScheme::Loose;
use airwaybill::{
    Catalog, CatalogOptions, Code, DevicePath, Entry, File, FileRecord, Filter, Firmware, Manifest, ManifestFormat,
    ManifestOptions, Patch, PatchEntry, Plan, PlanRequest, Release, Sha1Digest, Version, files_of, is_document,
    is_patch, verify_content, verify_device,
};
use serde_json::json;

use super::encoded;
use crate::Input;
use crate::dice::Dice;
use crate::vectors::cases;

type Tree = BTreeMap<String, (u64, Sha1Digest)>;

pub(super) fn seeds() -> Vec<Vec<u8>> {
    let inputs = ["catalog", "plan", "manifest"].into_iter().flat_map(cases).map(|case| case.input);
    inputs.filter(|input| input.get("parse").is_none()).map(|input| input.to_string().into()).collect()
}

pub(super) fn check(data: &[u8]) {
    let Ok(mut input) = serde_json::from_slice::<Input>(data) else { return };
    let Ok(listing) = input.listing() else { return };
    let Ok(remembered) = input.remembered() else { return };
    let Ok(patches) = input.patches() else { return };
    let Ok(earlier) = input.earlier(&remembered) else { return };
    let Input { options, request, render, .. } = input;
    let outcome = Catalog::from_listing(&listing, &options);
    check_order(&outcome, &listing, &options, &request);
    let Ok(catalog) = outcome else { return };
    check_that_nothing_is_lost(&catalog, &listing);
    check_filter(&catalog, &listing, &options);
    let catalog = catalog.remembering(&earlier).with_patches(&patches);
    let Ok(plan) = catalog.plan(&request) else { return };
    let model =
        Model { catalog: &catalog, listing: &listing, remembered: &remembered, options: &options, request: &request };
    model.check(plan.as_ref());
    let render = render
        .and_then(|render| airwaybill::deserialize(render, "render").ok())
        .unwrap_or_else(|| ManifestOptions::new("http://h"));
    check_document(&catalog, &listing, &request, plan.as_ref(), &render);
}

/// The order of a listing does not matter.
fn check_order(
    outcome: &Result<Catalog, airwaybill::Error>,
    listing: &[Entry],
    options: &CatalogOptions,
    request: &PlanRequest,
) {
    let mut shuffled = listing.to_vec();
    Dice::new(listing.len() as u64).shuffle(&mut shuffled);
    match (outcome, Catalog::from_listing(&shuffled, options)) {
        (Ok(catalog), Ok(other)) => {
            let plan = |catalog: &Catalog| catalog.plan(request).map(|plan| json!(plan));
            assert_eq!(offered(catalog), offered(&other));
            assert_eq!(catalog.ignored(), other.ignored());
            assert_eq!(catalog.warnings(), other.warnings());
            assert_eq!(plan(catalog), plan(&other));
        }
        (Err(error), Err(other)) => assert_eq!(error.code(), other.code()),
        (one, other) => panic!("{one:?} {other:?}"),
    }
}

fn offered(catalog: &Catalog) -> (Vec<(String, Tree)>, String) {
    let release = |release: &Release| (release.version().to_string(), tree(release));
    (catalog.releases().iter().map(release).collect(), json!(catalog.firmware()).to_string())
}

fn tree(release: &Release) -> Tree {
    release.files().iter().map(|file| (file.path.to_string(), (file.size, file.sha1))).collect()
}

fn top(path: &str) -> &str {
    path.split('/').next().unwrap_or_default()
}

/// Each entry but documents and patches is to be found, or it or what it belongs to is named with a reason.
fn check_that_nothing_is_lost(catalog: &Catalog, listing: &[Entry]) {
    let notices = || catalog.ignored().iter().chain(catalog.warnings());
    let named: BTreeSet<&str> = notices().map(|notice| notice.path.as_str()).collect();
    let is_whole = |notice: &&airwaybill::Notice| notice.code != Code::IgnoredName && notice.code != Code::PathCase;
    let refused: BTreeSet<&str> = notices().filter(is_whole).map(|notice| top(&notice.path)).collect();
    let is_ours = |path: &str| is_document(path) || is_patch(path);
    for path in listing.iter().map(Entry::path).filter(|path| !path.ends_with('/') && !is_ours(path)) {
        let is_known = catalog.find(path).is_some() || named.contains(path) || refused.contains(top(path));
        assert!(is_known, "{path:?}");
    }
    for release in catalog.releases() {
        for file in release.files() {
            let path = format!("{}/{}", release.version(), file.path);
            assert_eq!(
                catalog.find(&path),
                Some(FileRecord { path, size: file.size, sha1: file.sha1, mtime: None, sha256: None })
            );
        }
    }
}

/// What the filter says need not be read does not change what is offered.
fn check_filter(catalog: &Catalog, listing: &[Entry], options: &CatalogOptions) {
    let filter = Filter::new(options).unwrap();
    let read = listing.iter().filter_map(|entry| match entry {
        _ if filter.reads(entry.path()) => Some(entry.clone()),
        // Its name may say something.
        Entry::File(FileRecord { path, .. }) => Some(Entry::Unread { path: path.clone(), unread: "left out".into() }),
        _ => None,
    });
    let read: Vec<Entry> = read.collect();
    assert_eq!(offered(&Catalog::from_listing(&read, options).unwrap()), offered(catalog));
}

/// The rules again, from each release alone, one file at a time.
struct Model<'a> {
    catalog: &'a Catalog,
    listing: &'a [Entry],
    remembered: &'a [Entry],
    options: &'a CatalogOptions,
    request: &'a PlanRequest,
}

impl Model<'_> {
    fn check(&self, plan: Option<&Plan>) {
        self.check_releases();
        let current = self.request.current.as_deref().map(|text| self.version(text));
        let target = self.target(current.as_ref());
        let known = self.request.current.as_deref().and_then(|name| self.known(name));
        // P4
        let full = target.is_some() && known.is_none();
        let before = known.unwrap_or_default();
        let after = target.map(tree);
        let firmware = self.firmware(current.as_ref(), target.is_some());
        let goal = after.as_ref().map(|after| self.goal(&before, after));
        let changes = goal.as_ref().is_some_and(|goal| self.unprotected(goal) != self.unprotected(&before));
        assert_eq!(plan.is_some(), changes || firmware.is_some());
        let Some(plan) = plan else { return };

        let version = target.map(Release::version).or(current.as_ref()).unwrap();
        assert_eq!(plan.version.as_str(), version.as_str());
        assert_eq!(plan.previous_version.as_ref().map(Version::as_str), self.request.current.as_deref());
        assert_eq!(plan.full, full);
        assert_eq!(json!(plan.firmware), json!(firmware));
        let device = applied(plan, before.clone());
        assert_eq!(self.protected(&device), self.protected(&before));
        assert_eq!(self.unprotected(&device), self.unprotected(goal.as_ref().unwrap_or(&before)));
        let is_kept = |file: &&File| !self.without_kept(&tree_of(file)).contains_key(file.path.as_str());
        let kept = target.into_iter().flat_map(Release::files).filter(is_kept);
        let kept: Vec<&File> =
            kept.filter(|file| self.unprotected(&tree_of(file)).contains_key(file.path.as_str())).collect();
        assert!(plan.keep.iter().eq(kept.into_iter().filter(|_| changes)));
        if target.is_some() {
            let record = |(path, (size, sha1))| FileRecord { path, size, sha1, mtime: None, sha256: None };
            let found: Vec<FileRecord> = device.into_iter().map(record).collect();
            assert!(verify_device(self.catalog, plan.version.as_str(), &found).unwrap().is_ok());
        }
    }

    /// The names that are held back, whatever is in them, the last first.
    fn held_back(&self) -> impl Iterator<Item = &str> {
        let given = self.options.unsettled.iter().map(String::as_str).chain(self.refused());
        let all: BTreeSet<&str> = given.chain(self.tops().filter(|top| self.has_failed_image(top))).collect();
        all.into_iter().rev()
    }

    /// What has errors, or is not signed.
    fn refused(&self) -> impl Iterator<Item = &str> {
        let unsigned = self.options.unsigned.iter().map(|notice| notice.path.as_str());
        self.options.failed.iter().map(String::as_str).chain(unsigned)
    }

    /// C10
    fn has_failed_image(&self, release: &str) -> bool {
        let filter = Filter::new(self.options).unwrap();
        let Ok(version) = filter.release_version(release) else { return false };
        let images = self.refused().filter(|name| filter.reads(name));
        images
            .filter_map(|name| name.strip_prefix("firmware_")?.rsplit_once('.'))
            .any(|(text, _)| self.version(text) == version)
    }

    /// The directories in the listing.
    fn tops(&self) -> impl Iterator<Item = &str> {
        self.listing.iter().filter_map(|entry| Some(entry.path().split_once('/')?.0))
    }

    /// A directory is a release by its content, unless it is held back or loses to an equal name (V4).
    fn check_releases(&self) {
        let held_back: BTreeSet<&str> = self.held_back().collect();
        let tops: BTreeSet<&str> = self.tops().collect();
        let mut whole: Vec<(Version, Tree)> = tops
            .difference(&held_back)
            .filter_map(|name| self.alone(name).map(|tree| (self.version(name), tree)))
            .collect();
        whole.sort_by(|(a, _), (b, _)| (b, b.as_str()).cmp(&(a, a.as_str())));
        whole.dedup_by(|(lower, _), (higher, _)| lower == higher);
        let whole: Vec<_> = whole.into_iter().rev().map(|(version, tree)| (version.to_string(), tree)).collect();
        assert_eq!(offered(self.catalog).0, whole);
    }

    /// What a device says; V6: unknown where the scheme cannot order it, and lower than all.
    fn version(&self, text: &str) -> Version {
        Version::parse(text, self.options.scheme).or_else(|_| Version::parse(text, Loose)).unwrap()
    }

    /// The files of the release when nothing else is there.
    fn alone(&self, name: &str) -> Option<Tree> {
        self.release_of(self.listing, name)
    }

    /// What it was when it was last offered, if its directory is there still (C9).
    fn remembered(&self, name: &str) -> Option<Tree> {
        let is_there = self.tops().any(|top| top == name);
        self.release_of(self.remembered, name).filter(|_| is_there)
    }

    fn release_of(&self, listing: &[Entry], name: &str) -> Option<Tree> {
        let own = listing.iter().filter(|entry| entry.path().split_once('/').is_some_and(|(top, _)| top == name));
        let (unsettled, failed, unsigned) = (Vec::new(), Vec::new(), Vec::new());
        let options = CatalogOptions { unsettled, failed, unsigned, ..self.options.clone() };
        Catalog::from_listing(own, &options).unwrap().releases().first().map(tree)
    }

    /// What the device has, if the catalog has its release.
    fn known(&self, name: &str) -> Option<Tree> {
        let version = self.version(name);
        let is_equal = |name: &&str| Version::parse(name, version.scheme()).is_ok_and(|other| other == version);
        let is_held = |name: &str| self.held_back().any(|held| held == name);
        let one = |name: &str| self.alone(name).filter(|_| !is_held(name)).or_else(|| self.remembered(name));
        let offered = self.catalog.releases().iter().map(|release| release.version().as_str());
        let remembered: BTreeSet<&str> = self.remembered.iter().map(|entry| top(entry.path())).collect();
        // V5
        let mut equal = offered.chain(remembered).filter(is_equal).filter_map(one);
        let held = || self.held_back().filter(is_equal).find_map(|name| self.alone(name));
        one(name).or_else(|| self.alone(name)).or_else(|| equal.next()).or_else(held)
    }

    // P1, P2
    fn target(&self, current: Option<&Version>) -> Option<&Release> {
        let name = self.request.target.as_deref();
        let mut named =
            self.catalog.releases().iter().filter(|release| name.is_none_or(|name| release.version().as_str() == name));
        let target = named.clone().find(|release| named.all(|other| other.version() <= release.version()))?;
        let is_higher = current.is_none_or(|current| current < target.version());
        let may_be_lower = name.is_some() && self.request.allow_downgrade && current != Some(target.version());
        (is_higher || may_be_lower).then_some(target)
    }

    // P5, P6
    fn firmware(&self, current: Option<&Version>, files_change: bool) -> Option<&Firmware> {
        let scheme = self.options.scheme;
        let named = self.request.firmware_version.as_deref().and_then(|text| Version::parse(text, scheme).ok());
        let may_come_alone = named.is_some() && current.is_some();
        let has = named.as_ref().or(current);
        let mut images = self.catalog.firmware().iter();
        let highest = images.clone().find(|image| images.all(|other| other.version <= image.version))?;
        (has.is_none_or(|has| highest.version > *has) && (files_change || may_come_alone)).then_some(highest)
    }

    /// C7: what a device has after the plan; what it owns stays as it is, and comes where it lacks it.
    fn goal(&self, before: &Tree, after: &Tree) -> Tree {
        let free = self.without_kept(after);
        let own = |tree: &Tree| {
            let free = self.without_kept(tree);
            tree.clone().into_iter().filter(move |(path, _)| !free.contains_key(path))
        };
        free.into_iter().chain(own(after)).chain(own(before)).collect()
    }

    fn without_kept(&self, tree: &Tree) -> Tree {
        without(tree, &self.options.keep)
    }

    // C2
    fn unprotected(&self, tree: &Tree) -> Tree {
        without(tree, &self.options.protect)
    }

    fn protected(&self, tree: &Tree) -> Tree {
        let free = self.unprotected(tree);
        tree.iter()
            .filter(|(path, _)| !free.contains_key(*path))
            .map(|(path, content)| (path.clone(), *content))
            .collect()
    }
}

/// The files that no glob matches.
fn without(tree: &Tree, globs: &[String]) -> Tree {
    // What is left out by name is brought back: it is in the tree.
    let options = CatalogOptions { ignore: globs.to_vec(), include: vec!["*".into()], ..CatalogOptions::default() };
    let filter = Filter::new(&options).unwrap();
    let is_free = |path: &str| filter.reads(&format!("1/{path}"));
    tree.iter().filter(|(path, _)| is_free(path)).map(|(path, content)| (path.clone(), *content)).collect()
}

fn tree_of(file: &File) -> Tree {
    Tree::from([(file.path.to_string(), (file.size, file.sha1))])
}

// P3
fn applied(plan: &Plan, mut device: Tree) -> Tree {
    for path in &plan.delete {
        assert!(device.remove(path.as_str()).is_some(), "{path} was not there");
    }
    for file in &plan.new {
        assert_eq!(device.insert(file.path.to_string(), (file.size, file.sha1)), None, "{} was there", file.path);
    }
    for file in &plan.update {
        let before = device.insert(file.path.to_string(), (file.size, file.sha1));
        assert!(before.is_some_and(|before| before != (file.size, file.sha1)), "{} was right", file.path);
    }
    assert!(plan.delete.is_sorted());
    assert!([&plan.new, &plan.update].iter().all(|files| files.is_sorted_by_key(|file| &file.path)));
    device
}

/// The text that the device gets is the plan's, reads as a manifest, and leads to what is there.
fn check_document(
    catalog: &Catalog,
    listing: &[Entry],
    request: &PlanRequest,
    plan: Option<&Plan>,
    render: &ManifestOptions,
) {
    let Ok(document) = catalog.manifest_json(request, render) else {
        return assert!(plan.is_none_or(|plan| plan.manifest(render).is_err()));
    };
    let Some(plan) = plan else { return assert_eq!(document, "null") };
    assert_eq!(plan.manifest(render).unwrap().to_json(), document);
    let manifest = Manifest::parse(document.as_bytes()).unwrap();
    assert_eq!(manifest.to_json(), document);
    assert_eq!(manifest.delete(), plan.delete);
    check_entries(&manifest, plan, render);
    let report = verify_content(&manifest, &files_of(listing));
    assert!(report.is_ok(), "{report:?}");
    let entries = manifest.new_files().len() + manifest.keep().len();
    assert_eq!(report.checked, entries + plan.update.len() + usize::from(plan.firmware.is_some()));
}

// M2 to M4, X2 and X3
fn check_entries(manifest: &Manifest, plan: &Plan, render: &ManifestOptions) {
    let base_url = render.base_url.trim_end_matches('/');
    let is_sized = render.format != ManifestFormat::Plain;
    let size = |bytes| is_sized.then_some(bytes);
    assert_eq!(manifest.is_full(), is_sized && plan.full);
    // C7
    let (kept, fetched) = plan.new.iter().cloned().partition(|file| is_sized && plan.keep.contains(file));
    let kept: Vec<File> = if is_sized { plan.keep.clone() } else { kept };
    let patch = |file: Option<&DevicePath>| {
        let found = plan.patches.iter().find(|patch| patch.file.as_ref() == file);
        found.filter(|_| render.format == ManifestFormat::Patched)
    };
    let patch_entry = |file: Option<&DevicePath>, made: Sha1Digest, full: u64| {
        patch(file).map(|patch| {
            assert!(patch.size < full);
            let name = patch.base.map_or_else(|| made.to_string(), |base| format!("{base}-{made}"));
            let Patch { base, base_size, sha1: hash, size, .. } = *patch;
            PatchEntry { url: format!("{base_url}/delta/{name}"), base, base_size, hash, size }
        })
    };
    let lists = [(manifest.new_files(), &fetched), (manifest.update(), &plan.update), (manifest.keep(), &kept)];
    for (entries, files) in lists {
        assert_eq!(entries.len(), files.len());
        for (entry, file) in entries.iter().zip(files) {
            assert_eq!(entry.url, format!("{base_url}/{}", encoded(&format!("{}/{}", plan.version, file.path))));
            assert_eq!((&entry.dst_path.path, entry.dst_path.written), (&file.path, render.dst_paths));
            assert_eq!((entry.hash, entry.size), (file.sha1, size(file.size)));
            assert_eq!(entry.patch, patch_entry(Some(&file.path), file.sha1, file.size));
        }
    }
    let image = plan.firmware.as_ref();
    let url = image.map(|image| format!("{base_url}/{}", encoded(&image.path)));
    assert_eq!(manifest.firmware().map(|entry| &entry.url), url.as_ref());
    assert_eq!(manifest.firmware().map(|entry| entry.hash), image.map(|image| image.sha1));
    let patch_of_image = image.and_then(|image| patch_entry(None, image.sha1, image.size));
    assert_eq!(manifest.firmware().and_then(|entry| entry.patch.as_ref()), patch_of_image.as_ref());
    let bytes = |file: Option<&DevicePath>, full| patch(file).map_or(full, |patch| patch.size);
    let sizes = fetched.iter().chain(&plan.update).map(|file| bytes(Some(&file.path), file.size));
    assert_eq!(manifest.total_size(), size(sizes.chain(image.map(|image| bytes(None, image.size))).sum()));
}
