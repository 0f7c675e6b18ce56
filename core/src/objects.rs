mod content_type;
mod key;

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::catalog::Catalog;
use crate::digest::Sha1Digest;
use crate::error::{Code, Error, quoted};
use crate::json::to_json;
use crate::listing::FileRecord;
use crate::manifest::{DstPaths, ManifestFormat, ManifestOptions};
use crate::name::{is_document, is_draft};
use crate::notice::Notice;
use crate::order::sort_by;
use crate::plan::PlanRequest;
use crate::version::Version;
pub use content_type::content_type;
pub use key::ManifestKey;

/// The key of the list of what is offered (rule S2).
const HEAD: &str = "head.json";

/// Of how many versions manifests are made by default.
const NEWEST: u32 = 20;

/// Which objects are published (rule S2).
#[derive(Clone, Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ObjectsOptions {
    /// Devices on how many of the newest versions get manifests, of releases and of images each; `None` for all. 20 by
    /// default.
    pub newest: Option<u32>,
    /// Besides, devices on these releases, whether they are here or not.
    pub current: Vec<String>,
    /// Besides, devices with these versions of the firmware.
    pub firmware_version: Vec<String>,
    /// The formats of manifests; all by default.
    pub formats: Vec<ManifestFormat>,
    /// The waybills, keys and signatures that are there (rules T1 to T3), with paths from the top directory.
    #[serde(skip)]
    pub documents: Vec<FileRecord>,
}

impl Default for ObjectsOptions {
    fn default() -> Self {
        Self {
            newest: Some(NEWEST),
            current: Vec::new(),
            firmware_version: Vec::new(),
            formats: ManifestFormat::ALL.to_vec(),
            documents: Vec::new(),
        }
    }
}

/// What an object is of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum ObjectKind {
    /// A file of a release, an image or a patch.
    File,
    /// A waybill, keys or a signature.
    Document,
    /// A manifest.
    Manifest,
    /// The list of what is offered, `head.json`.
    Head,
}

impl ObjectKind {
    /// `file`, `document`, `manifest` or `head`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::File => "file",
            Self::Document => "document",
            Self::Manifest => "manifest",
            Self::Head => "head",
        }
    }

    /// For how long caches may keep such objects: `immutable`, or `no-cache` (rule S5).
    #[must_use]
    pub fn cache(self) -> &'static str {
        // S5
        match self {
            Self::File => "immutable",
            Self::Document | Self::Manifest | Self::Head => "no-cache",
        }
    }
}

/// One object of what is published. [`Catalog::objects`] has an example.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Object {
    /// Its key: of a file and a document its path from the top directory.
    pub key: String,
    /// What it is of. What is neither a file nor a document is made by [`Catalog::object_json`].
    pub kind: ObjectKind,
    /// The media type of its content.
    pub content_type: &'static str,
    /// Size in bytes, and SHA-1 of the content, of a file and of a document.
    pub content: Option<(u64, Sha1Digest)>,
}

/// The versions that manifests are for, beside `None`: devices that name none.
struct Asked {
    current: BTreeSet<Option<String>>,
    firmware_version: BTreeSet<Option<String>>,
    formats: BTreeSet<ManifestFormat>,
}

impl Catalog {
    /// What there is to publish, sorted by key: as a store without a server answers devices (rules S1, S2 and S5).
    ///
    /// Manifests are named, not made: there are as many as versions times images times formats;
    /// [`Catalog::object_counts`] says how many.
    ///
    /// ```
    /// use airwaybill::{Catalog, CatalogOptions, DstPaths, FileRecord, ObjectsOptions};
    ///
    /// let listing = ["1.0.0/flash/main.py", "1.0.1/flash/main.py"].map(|path| FileRecord::of(path, b"").into());
    /// let catalog = Catalog::from_listing(&listing, &CatalogOptions::default())?;
    /// let options = ObjectsOptions { newest: Some(1), formats: vec![2.try_into()?], ..ObjectsOptions::default() };
    ///
    /// let objects = catalog.objects(&options)?;
    /// let keys: Vec<&str> = objects.iter().map(|object| object.key.as_str()).collect();
    /// let files = ["1.0.0/flash/main.py", "1.0.1/flash/main.py"];
    /// assert_eq!(keys, [files[0], files[1], "head.json", "m/2/-/-.json", "m/2/1.0.1/-.json"]);
    /// assert_eq!((objects[0].content_type, objects[0].kind.cache()), ("text/x-python", "immutable"));
    ///
    /// let json = |key| catalog.object_json(key, "https://cdn.example.org/fleet", DstPaths::default());
    /// assert_eq!(json(keys[4])?.as_deref(), Some("null"));
    /// assert_eq!(json(keys[0])?, None);
    /// # Ok::<(), airwaybill::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`Code::KeyUnsafe`] for a document whose name has a backslash; those of [`Version::parse`] for a version that
    /// is asked for.
    pub fn objects(&self, options: &ObjectsOptions) -> Result<Vec<Object>, Error> {
        let asked = self.asked(options)?;
        let mut objects = vec![made(HEAD.to_owned(), ObjectKind::Head)];
        let file = |kind, key: String, size, sha1| Object {
            content_type: content_type(&key),
            content: Some((size, sha1)),
            key,
            kind,
        };
        for release in self.releases() {
            objects.extend(
                release
                    .files()
                    .iter()
                    .map(|of| file(ObjectKind::File, format!("{}/{}", release.version(), of.path), of.size, of.sha1)),
            );
        }
        let images = self.firmware().iter().map(|image| (image.path.clone(), image.size, image.sha1));
        objects.extend(
            images.chain(self.patches.files()).map(|(path, size, sha1)| file(ObjectKind::File, path, size, sha1)),
        );
        objects.extend(documents(options).map(|of| file(ObjectKind::Document, of.path.clone(), of.size, of.sha1)));
        for format in asked.formats {
            for current in &asked.current {
                for firmware_version in &asked.firmware_version {
                    let (current, firmware_version) = (current.clone(), firmware_version.clone());
                    let key = ManifestKey { format, current, firmware_version };
                    objects.push(made(key.to_string(), ObjectKind::Manifest));
                }
            }
        }
        objects.iter().try_for_each(|object| check_key(&object.key))?;
        sort_by(&mut objects, |a: &Object, b: &Object| a.key.cmp(&b.key));
        Ok(objects)
    }

    /// How many objects there are of each kind, without naming them.
    ///
    /// ```
    /// use airwaybill::{Catalog, CatalogOptions, FileRecord, ObjectKind, ObjectsOptions};
    ///
    /// let listing = ["1.0.0/flash/main.py", "firmware_1.0.0.bin"].map(|path| FileRecord::of(path, b"").into());
    /// let catalog = Catalog::from_listing(&listing, &CatalogOptions::default())?;
    /// let counts = catalog.object_counts(&ObjectsOptions::default())?;
    /// assert_eq!((counts[&ObjectKind::File], counts[&ObjectKind::Manifest]), (2, 2 * 2 * 3));
    /// # Ok::<(), airwaybill::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// Those of [`Version::parse`] for a version that is asked for.
    pub fn object_counts(&self, options: &ObjectsOptions) -> Result<BTreeMap<ObjectKind, usize>, Error> {
        let asked = self.asked(options)?;
        let of_releases: usize = self.releases().iter().map(|release| release.files().len()).sum();
        let manifests = [asked.current.len(), asked.firmware_version.len(), asked.formats.len()];
        Ok(BTreeMap::from([
            (ObjectKind::File, of_releases + self.firmware().len() + self.patches.files().count()),
            (ObjectKind::Document, documents(options).count()),
            (ObjectKind::Manifest, manifests.into_iter().fold(1, usize::saturating_mul)),
            (ObjectKind::Head, 1),
        ]))
    }

    /// The content of an object that is made, UTF-8: `head.json`, or the manifest at a key, also one of versions that are
    /// not among the newest; `None` for every other key.
    ///
    /// # Errors
    ///
    /// Those of [`ManifestKey::parse`] and [`Catalog::manifest_json`].
    pub fn object_json(&self, key: &str, base_url: &str, dst_paths: DstPaths) -> Result<Option<String>, Error> {
        if key == HEAD {
            return Ok(Some(self.head_json()));
        }
        let Some(ManifestKey { format, current, firmware_version }) = ManifestKey::parse(key)? else {
            return Ok(None);
        };
        let request = PlanRequest { current, firmware_version, ..PlanRequest::default() };
        let options = ManifestOptions { base_url: base_url.to_owned(), dst_paths, format };
        self.manifest_json(&request, &options).map(Some)
    }

    /// The document `head.json`: the releases and images that are offered, lowest version first (rule S2).
    #[must_use]
    pub fn head_json(&self) -> String {
        let images = self.firmware().iter().map(|image| HeadImage {
            path: &image.path,
            sha1: image.sha1,
            size: image.size,
            version: &image.version,
        });
        let releases = self.releases().iter().map(|release| HeadRelease {
            files: release.files().len(),
            size: release.size(),
            version: release.version(),
        });
        to_json(&Head { firmware: images.collect(), releases: releases.collect() })
    }

    fn asked(&self, options: &ObjectsOptions) -> Result<Asked, Error> {
        let ([releases, images], formats) = (self.versions(), options.formats.iter().copied().collect());
        let most = options.newest.and_then(|newest| newest.try_into().ok()).unwrap_or(usize::MAX);
        let asked = |there: BTreeSet<(Version, &str)>, named: &[String]| {
            let newest = there.iter().rev().take(most).map(|(version, _)| version);
            let mut texts: BTreeSet<_> = newest.map(|version| Some(version.as_str().to_owned())).collect();
            for text in named {
                self.filter.device_version(text)?;
                texts.insert(Some(text.clone()));
            }
            texts.insert(None);
            Ok::<_, Error>(texts)
        };
        let current = asked(releases, &options.current)?;
        Ok(Asked { current, firmware_version: asked(images, &options.firmware_version)?, formats })
    }

    /// The versions of the releases and of the images that are here, offered or not, each with its name: devices may be on any.
    fn versions(&self) -> [BTreeSet<(Version, &str)>; 2] {
        let offered = self.releases().iter().map(|release| release.version().as_str());
        let offered = offered.chain(self.firmware().iter().map(|image| image.path.as_str()));
        // Those that are held back, and those of which an equal one is offered (V4).
        let others = self.held_back().chain(self.warnings()).map(Notice::name);
        let (mut releases, mut images) = (BTreeSet::new(), BTreeSet::new());
        for name in offered.chain(others) {
            if let Ok(version) = self.filter.release_version(name) {
                releases.insert((version, name));
            } else if let Ok(version) = self.filter.firmware_version(name) {
                images.insert((version, name));
            }
        }
        [releases, images]
    }
}

/// `head.json`, with its keys sorted as those of a manifest are (rule M1).
#[derive(Serialize)]
struct Head<'a> {
    firmware: Vec<HeadImage<'a>>,
    releases: Vec<HeadRelease<'a>>,
}

#[derive(Serialize)]
struct HeadImage<'a> {
    path: &'a str,
    sha1: Sha1Digest,
    size: u64,
    version: &'a Version,
}

#[derive(Serialize)]
struct HeadRelease<'a> {
    files: usize,
    size: u64,
    version: &'a Version,
}

fn made(key: String, kind: ObjectKind) -> Object {
    Object { content_type: content_type(&key), key, kind, content: None }
}

// T3: drafts of keys are nobody's.
fn documents(options: &ObjectsOptions) -> impl Iterator<Item = &FileRecord> {
    options.documents.iter().filter(|file| is_document(&file.path) && !is_draft(&file.path))
}

// S1
fn check_key(key: &str) -> Result<(), Error> {
    if key.contains('\\') {
        let rule = "a store takes a backslash in a key for a slash; rename the file";
        return Err(Error::new(Code::KeyUnsafe, format!("{}: {rule}", quoted(key))));
    }
    Ok(())
}
