mod holds;
mod intake;
mod sort;

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use crate::digest::Sha1Digest;
use crate::error::{Code, Error, quoted};
use crate::filter::{CatalogOptions, Filter};
use crate::glob::Globs;
use crate::listing::{Entry, FileRecord, check_size};
use crate::name::{self, KEYS};
use crate::notice::Notice;
use crate::order::{sort, sort_by};
use crate::patch::{Patches, is_patch};
use crate::path::DevicePath;
use crate::version::Version;
use holds::Holds;
use intake::{Intake, Outcome};
use sort::keep_last_of_equal;

/// One file of a release.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize)]
#[cfg_attr(feature = "wasm", derive(tsify::Tsify), tsify(rename = "PlanFile"))]
pub struct File {
    /// Where it belongs on the device.
    #[cfg_attr(feature = "wasm", tsify(type = "string"))]
    pub path: DevicePath,
    /// Size in bytes.
    pub size: u64,
    /// SHA-1 of the content.
    pub sha1: Sha1Digest,
}

/// A release: a version and the device's entire file system.
///
/// ```
/// use airwaybill::{Catalog, CatalogOptions, FileRecord};
///
/// let listing = ["1.0.0/sd/b", "1.0.0/flash/a"].map(|path| FileRecord::of(path, b"text").into());
/// let catalog = Catalog::from_listing(&listing, &CatalogOptions::default())?;
///
/// let release = catalog.release("1.0.0")?;
/// assert_eq!((release.version().as_str(), release.size()), ("1.0.0", 8));
/// assert!(release.files().iter().map(|file| file.path.as_str()).eq(["flash/a", "sd/b"]));
/// assert!(release.file("flash/b").is_none());
/// # Ok::<(), airwaybill::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct Release {
    version: Version,
    files: Vec<File>,
}

impl Release {
    /// The version that the directory is named with.
    #[must_use]
    pub fn version(&self) -> &Version {
        &self.version
    }

    /// Its files, sorted by device path.
    ///
    /// ```
    /// use airwaybill::{Catalog, CatalogOptions, File, FileRecord, Sha1Digest};
    ///
    /// let listing = [FileRecord::of("1.0.0/flash/main.py", b"print()").into()];
    /// let catalog = Catalog::from_listing(&listing, &CatalogOptions::default())?;
    /// let File { path, size, sha1 } = &catalog.releases()[0].files()[0];
    /// assert_eq!((path.as_str(), *size, *sha1), ("flash/main.py", 7, Sha1Digest::of(b"print()")));
    /// # Ok::<(), airwaybill::Error>(())
    /// ```
    #[must_use]
    pub fn files(&self) -> &[File] {
        &self.files
    }

    /// The file at a device path.
    #[must_use]
    pub fn file(&self, path: &str) -> Option<&File> {
        find(&self.files, path)
    }

    /// Bytes of all its files together.
    #[must_use]
    pub fn size(&self) -> u64 {
        self.files.iter().map(|file| file.size).fold(0, u64::saturating_add)
    }
}

/// A firmware image: a top-level file `firmware_<version>.bin` or `.hex`.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize)]
#[cfg_attr(feature = "wasm", derive(tsify::Tsify))]
pub struct Firmware {
    /// The file name.
    pub path: String,
    /// From the file name.
    #[cfg_attr(feature = "wasm", tsify(type = "string"))]
    pub version: Version,
    /// Size in bytes.
    pub size: u64,
    /// SHA-1 of the content.
    pub sha1: Sha1Digest,
}

/// All releases and firmware images of one directory.
///
/// ```
/// use airwaybill::{Catalog, CatalogOptions, Code, FileRecord};
///
/// let paths = ["1.0.0/flash/main.py", "1.0.1/flash/main.py", "1.0.1/flash/MAIN.py", "firmware_1.0.1.bin", "notes.txt"];
/// let listing = paths.map(|path| FileRecord::of(path, b"text").into());
/// let catalog = Catalog::from_listing(&listing, &CatalogOptions::default())?;
///
/// assert!(catalog.releases().iter().map(|release| release.version().as_str()).eq(["1.0.0", "1.0.1"]));
/// assert_eq!(catalog.firmware()[0].version.as_str(), "1.0.1");
/// assert_eq!(catalog.ignored()[0].code, Code::NotFirmware);
/// assert_eq!(catalog.warnings()[0].code, Code::PathCase);
///
/// assert_eq!(catalog.find("firmware_1.0.1.bin"), Some(FileRecord::of("firmware_1.0.1.bin", b"text")));
/// assert_eq!(catalog.release("1.0.2").unwrap_err().code(), Code::ReleaseUnknown);
/// # Ok::<(), airwaybill::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct Catalog {
    pub(crate) filter: Filter,
    pub(crate) protect: Globs,
    pub(crate) keep: Globs,
    pub(crate) patches: Patches,
    releases: Vec<Release>,
    /// Whole, and not offered: still changing, or with errors.
    pub(crate) held: Vec<Release>,
    /// Of equal versions those that are not offered (rule V4).
    superseded: Vec<Release>,
    /// As they were when they were last offered (rule C9).
    remembered: Vec<Release>,
    firmware: Vec<Firmware>,
    pub(crate) held_firmware: Vec<Firmware>,
    /// Paths of directories in releases with nothing in them (rule C8).
    pub(crate) empty: Vec<String>,
    ignored: Vec<Notice>,
    warnings: Vec<Notice>,
}

/// A top-level directory whose entries are being collected.
struct Directory<'a> {
    version: Result<Version, Error>,
    intake: Intake<'a>,
}

impl Catalog {
    /// Sorts the entries of a listing, in any order, into releases, firmware images and ignored ones.
    ///
    /// A release is offered entirely or not at all: if a path breaks rule C3, a symbolic link breaks C4, or a file
    /// could not be read, the release is ignored, and [`Catalog::ignored`] names the file.
    ///
    /// ```
    /// use airwaybill::{Catalog, CatalogOptions, FileRecord, VersionScheme};
    ///
    /// let listing = ["1.0.1/flash/main.py", "1.0.1/flash/main.pyc", "1.0.2/flash/main.py"];
    /// let options = CatalogOptions {
    ///     ignore: vec!["*.pyc".into()],
    ///     protect: vec!["flash/boot.py".into()],
    ///     unsettled: vec!["1.0.2".into()],
    ///     scheme: VersionScheme::Semver,
    ///     ..CatalogOptions::default()
    /// };
    /// let catalog = Catalog::from_listing(&listing.map(|path| FileRecord::of(path, b"").into()), &options)?;
    /// assert_eq!((catalog.releases().len(), catalog.releases()[0].files().len()), (1, 1));
    /// # Ok::<(), airwaybill::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`Code::GlobInvalid`] for an invalid glob, [`Code::SizeTooBig`] if all files together have 2^53 bytes or more;
    /// a file that links lead to is counted once more for each link.
    pub fn from_listing<'a>(
        listing: impl IntoIterator<Item = &'a Entry>,
        options: &CatalogOptions,
    ) -> Result<Self, Error> {
        let mut catalog = Self {
            filter: Filter::new(options)?,
            protect: Globs::new(&options.protect)?,
            keep: Globs::new(&options.keep)?,
            patches: Patches::default(),
            releases: Vec::new(),
            held: Vec::new(),
            superseded: Vec::new(),
            remembered: Vec::new(),
            firmware: Vec::new(),
            held_firmware: Vec::new(),
            empty: Vec::new(),
            ignored: Vec::new(),
            warnings: Vec::new(),
        };
        let held_back = Holds::new(options, &catalog.filter);
        let mut directories: Vec<Directory<'_>> = Vec::new();
        let mut index: BTreeMap<&str, usize> = BTreeMap::new();
        let mut total = 0_u64;
        let mut downloads = BTreeSet::new();
        for entry in listing {
            if let Entry::File(FileRecord { path, size, .. }) = entry {
                total = total.saturating_add(*size);
                check_size(total).map_err(|error| error.at(path))?;
            }
            match entry.path().split_once('/') {
                // Rules T1 to T3: what is signed, not what is offered.
                Some((KEYS, _)) | None if name::is_document(entry.path()) => {}
                // Rule X2: what `with_patches` takes.
                Some(_) if is_patch(entry.path()) => {}
                Some((top, rest)) => {
                    let begin = || {
                        directories
                            .push(Directory { version: catalog.filter.release_version(top), intake: Intake::new(top) });
                        directories.len() - 1
                    };
                    let number = *index.entry(top).or_insert_with(begin);
                    if let Some(Directory { version: Ok(_), intake }) = directories.get_mut(number) {
                        intake.take(rest, entry, &catalog.filter);
                    }
                }
                None => match catalog.firmware_image(entry) {
                    Ok(image) => {
                        let notice = held_back.image(&image);
                        catalog.take_image(image, notice);
                    }
                    Err(error) => {
                        if let Some(of) = catalog.filter.download_of(entry.path()) {
                            downloads.insert(of);
                        }
                        catalog.ignored.push(Notice::from_error(entry.path(), &error));
                    }
                },
            }
        }
        for Directory { version, intake } in directories {
            let name = intake.name;
            match version {
                Ok(version) => {
                    let outcome = intake.finish(catalog.filter.now());
                    total = total.saturating_add(outcome.linked);
                    check_size(total).map_err(|error| error.at(name))?;
                    let notice = held_back.release(name, &version);
                    catalog.take_release(version, outcome, notice);
                }
                Err(error) => catalog.ignored.push(Notice::from_error(name, &error)),
            }
        }
        catalog.sort_and_dedupe(&downloads);
        Ok(catalog)
    }

    fn take_image(&mut self, image: Firmware, held_back: Option<Notice>) {
        match held_back {
            Some(notice) => {
                self.ignored.push(notice);
                self.held_firmware.push(image);
            }
            None => self.firmware.push(image),
        }
    }

    fn firmware_image(&self, entry: &Entry) -> Result<Firmware, Error> {
        let version = self.filter.firmware_version(entry.path());
        match entry {
            Entry::File(FileRecord { path, size, sha1, .. }) => {
                Ok(Firmware { path: path.clone(), version: version?, size: *size, sha1: *sha1 })
            }
            Entry::Link { path, .. } if self.filter.release_version(path).is_ok() => Err(intake::link_outside(path)),
            Entry::Link { path, .. } => version.and_then(|_| Err(intake::link_outside(path))),
            Entry::Unread { path, unread } => version.and_then(|_| Err(intake::file_unread(path, unread))),
            Entry::Directory { path } => version.and_then(|_| Err(intake::file_unread(path, "a directory"))),
        }
    }

    fn take_release(&mut self, version: Version, outcome: Outcome, held_back: Option<Notice>) {
        self.ignored.extend(outcome.ignored);
        self.empty.extend(outcome.empty);
        let is_held = held_back.is_some();
        self.ignored.extend(held_back);
        match outcome.files {
            Ok(files) if is_held => self.held.push(Release { version, files }),
            Ok(files) => {
                self.warnings.extend(outcome.warnings);
                self.releases.push(Release { version, files });
            }
            Err(refusal) => self.ignored.push(refusal),
        }
    }

    fn sort_and_dedupe(&mut self, downloads: &BTreeSet<&str>) {
        // V4: of equal versions the name that sorts last wins.
        let by_version =
            |a: &Release, b: &Release| (&a.version, a.version.as_str()).cmp(&(&b.version, b.version.as_str()));
        sort_by(&mut self.releases, by_version);
        sort_by(&mut self.held, by_version);
        sort_by(&mut self.firmware, |a, b| (&a.version, &a.path).cmp(&(&b.version, &b.path)));
        self.refuse_images(downloads);
        let (losers, superseded) =
            keep_last_of_equal(&mut self.releases, |release| (&release.version, release.version.as_str()));
        self.superseded = superseded;
        let is_offered = |warning: &Notice| !losers.iter().any(|loser| warning.name() == loser.path);
        self.warnings.retain(is_offered);
        self.warnings.extend(losers);
        self.warnings.extend(keep_last_of_equal(&mut self.firmware, |image| (&image.version, &image.path)).0);
        sort(&mut self.ignored);
        sort(&mut self.empty);
        sort(&mut self.warnings);
    }

    /// Those that are there twice, and those that a copy tool still writes (C6b).
    fn refuse_images(&mut self, downloads: &BTreeSet<&str>) {
        let pairs = self.firmware.iter().zip(self.firmware.iter().skip(1));
        let mut duplicates: Vec<String> =
            pairs.filter(|(a, b)| a.path == b.path).map(|(a, _)| a.path.clone()).collect();
        duplicates.dedup();
        self.firmware.retain(|image| {
            let is_under_way = downloads.contains(image.path.as_str());
            if is_under_way {
                self.ignored.push(intake::image_under_way(&image.path));
            }
            !is_under_way && !duplicates.contains(&image.path)
        });
        self.ignored.extend(duplicates.iter().map(|path| intake::path_duplicate(path)));
    }

    /// The releases that are offered, lowest version first.
    #[must_use]
    pub fn releases(&self) -> &[Release] {
        &self.releases
    }

    /// The firmware images that are offered, lowest version first.
    ///
    /// ```
    /// use airwaybill::{Catalog, CatalogOptions, FileRecord, Firmware, Sha1Digest};
    ///
    /// let listing = [FileRecord::of("firmware_1.20.2.r6.bin", b"image").into()];
    /// let catalog = Catalog::from_listing(&listing, &CatalogOptions::default())?;
    /// let Firmware { path, version, size, sha1 } = &catalog.firmware()[0];
    /// assert_eq!((path.as_str(), version.as_str()), ("firmware_1.20.2.r6.bin", "1.20.2.r6"));
    /// assert_eq!((*size, *sha1), (5, Sha1Digest::of(b"image")));
    /// # Ok::<(), airwaybill::Error>(())
    /// ```
    #[must_use]
    pub fn firmware(&self) -> &[Firmware] {
        &self.firmware
    }

    /// What is ignored and why, sorted by path.
    ///
    /// ```
    /// use airwaybill::{Catalog, CatalogOptions, Code, FileRecord, Notice};
    ///
    /// let listing = [FileRecord::of("notes.txt", b"").into()];
    /// let catalog = Catalog::from_listing(&listing, &CatalogOptions::default())?;
    /// let Notice { path, code, message } = &catalog.ignored()[0];
    /// assert_eq!((path.as_str(), *code), ("notes.txt", Code::NotFirmware));
    /// assert!(message.contains("firmware_<version>.bin"));
    /// # Ok::<(), airwaybill::Error>(())
    /// ```
    #[must_use]
    pub fn ignored(&self) -> &[Notice] {
        &self.ignored
    }

    /// Of what is ignored the releases and images, which are not offered as long as that is so.
    ///
    /// ```
    /// use airwaybill::{Catalog, CatalogOptions, Code, Entry, FileRecord};
    ///
    /// let link = Entry::Link { path: "1.0.1/flash/a".into(), link: Some("notes.txt".into()) };
    /// let listing = [FileRecord::of("notes.txt", b"").into(), FileRecord::of("1.0.1/flash/b", b"").into(), link];
    /// let catalog = Catalog::from_listing(&listing, &CatalogOptions::default())?;
    /// assert_eq!(catalog.ignored().len(), 2);
    /// let held_back = catalog.held_back().next().unwrap();
    /// assert_eq!((held_back.path.as_str(), held_back.code), ("1.0.1/flash/a", Code::LinkOutside));
    /// # Ok::<(), airwaybill::Error>(())
    /// ```
    pub fn held_back(&self) -> impl Iterator<Item = &Notice> {
        self.ignored.iter().filter(|notice| notice.holds_back())
    }

    /// The catalog with what an earlier one of the same directory tells of the releases that are held back now: for devices on
    /// them, they are what they were when they were last offered (rule C9).
    ///
    /// ```
    /// use airwaybill::{Catalog, CatalogOptions, Entry, FileRecord, PlanRequest};
    ///
    /// let file = |path, content| Entry::from(FileRecord::of(path, content));
    /// let mut listing = vec![file("1.0.0/flash/old.py", b""), file("1.0.1/flash/main.py", b"")];
    /// let earlier = Catalog::from_listing(&listing, &CatalogOptions::default())?;
    ///
    /// listing.push(Entry::Link { path: "1.0.0/flash/stray.py".into(), link: None });
    /// let catalog = Catalog::from_listing(&listing, &CatalogOptions::default())?.remembering(&earlier);
    /// assert!(catalog.releases().iter().chain(catalog.remembered()).map(|release| release.version().as_str()).eq(["1.0.1", "1.0.0"]));
    /// let request = PlanRequest { current: Some("1.0.0".into()), ..PlanRequest::default() };
    /// assert_eq!(catalog.plan(&request)?.expect("1.0.1 is higher").delete[0].as_str(), "flash/old.py");
    /// # Ok::<(), airwaybill::Error>(())
    /// ```
    #[must_use]
    pub fn remembering(mut self, earlier: &Catalog) -> Self {
        let is_held_back = |release: &&Release| {
            let name = release.version.as_str();
            let mut offered = self.releases.iter().chain(&self.superseded);
            self.held_back().any(|notice| notice.name() == name) && !offered.any(|other| other.version.as_str() == name)
        };
        let known = earlier.releases.iter().chain(&earlier.superseded).chain(&earlier.remembered);
        let remembered = known.filter(is_held_back).cloned().collect();
        self.remembered = remembered;
        self
    }

    /// The releases that are held back, as they were when they were last offered.
    #[must_use]
    pub fn remembered(&self) -> &[Release] {
        &self.remembered
    }

    /// Warnings about what is in the catalog, sorted by path.
    #[must_use]
    pub fn warnings(&self) -> &[Notice] {
        &self.warnings
    }

    /// The release with exactly that name.
    ///
    /// # Errors
    ///
    /// [`Code::ReleaseUnsettled`] while it is still changing, [`Code::CheckFailed`] if it is held back for its errors,
    /// [`Code::ReleaseHeldBack`] if it is for what is in it; otherwise [`Code::ReleaseUnknown`].
    pub fn release(&self, name: &str) -> Result<&Release, Error> {
        self.releases.iter().find(|release| release.version.as_str() == name).ok_or_else(|| {
            let is_held = self.held.iter().any(|release| release.version.as_str() == name);
            if let Some(notice) = self.ignored.iter().find(|notice| is_held && notice.path == name) {
                return Error::new(notice.code, notice.message.as_str());
            }
            let is_its = |notice: &&Notice| notice.name() == name;
            match self.held_back().find(is_its).filter(|_| self.filter.release_version(name).is_ok()) {
                Some(Notice { message, .. }) => {
                    Error::new(Code::ReleaseHeldBack, format!("{} is held back: {message}", quoted(name)))
                }
                None => Error::new(Code::ReleaseUnknown, format!("{}: no release has this name", quoted(name))),
            }
        })
    }

    /// The files of a device on this version: the release with exactly that name, even if an equal one is offered in its
    /// place or it is held back (rule C9); otherwise the one that is equal (rule V5).
    pub(crate) fn known_release(&self, version: &Version) -> Option<&Release> {
        let held_back = || self.remembered.iter().chain(self.held.iter().rev());
        let mut named = self.releases.iter().chain(&self.superseded).chain(held_back());
        let equal = || self.releases.iter().chain(held_back()).find(|release| release.version == *version);
        named.find(|release| release.version.as_str() == version.as_str()).or_else(equal)
    }

    /// The file of a release, or the firmware image, at a path from the top directory, even if it is still changing, has
    /// errors, or an equal one is offered in its place.
    #[must_use]
    pub fn find(&self, path: &str) -> Option<FileRecord> {
        let record = |size, sha1| FileRecord { path: path.to_owned(), size, sha1, mtime: None, sha256: None };
        if let Some((name, rest)) = path.split_once('/') {
            let mut releases = self.releases.iter().chain(&self.held).chain(&self.superseded);
            let release = releases.find(|release| release.version.as_str() == name)?;
            return release.file(rest).map(|file| record(file.size, file.sha1));
        }
        let mut images = self.firmware.iter().chain(&self.held_firmware);
        images.find(|image| image.path == path).map(|image| record(image.size, image.sha1))
    }
}

/// The file at a path, in files that are sorted by path.
pub(crate) fn find<'a>(files: &'a [File], path: &str) -> Option<&'a File> {
    let index = files.binary_search_by(|file| file.path.as_str().cmp(path)).ok()?;
    files.get(index)
}
