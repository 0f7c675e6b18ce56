use std::cmp::Ordering;

use serde::{Deserialize, Serialize};

use crate::catalog::{Catalog, File, Firmware, Release};
use crate::error::Error;
use crate::listing::FileRecord;
use crate::order::sort_by;
use crate::patch::{Patch, Patches};
use crate::path::DevicePath;
use crate::version::Version;

/// What a device has, and what is wanted for it.
#[derive(Clone, Debug, Default, Deserialize)]
#[cfg_attr(feature = "wasm", derive(tsify::Tsify))]
#[serde(default, deny_unknown_fields, rename_all = "camelCase")]
pub struct PlanRequest {
    /// The device's release; without one it is a full install (rule P4).
    #[cfg_attr(feature = "wasm", tsify(optional, type = "string | null | undefined"))]
    pub current: Option<String>,
    /// The device's firmware; without one, `current` is used (rule P5).
    #[cfg_attr(feature = "wasm", tsify(optional, type = "string | null | undefined"))]
    #[serde(alias = "firmware_version")]
    pub firmware_version: Option<String>,
    /// The name of the release to install; without one, the highest (rule P1).
    #[cfg_attr(feature = "wasm", tsify(optional, type = "string | null | undefined"))]
    pub target: Option<String>,
    /// Whether `target` may be lower than `current` (rule P2).
    #[cfg_attr(feature = "wasm", tsify(optional, type = "boolean | null | undefined"))]
    #[serde(alias = "allow_downgrade")]
    pub allow_downgrade: bool,
}

/// The decision for one device: what to delete, add, update and flash. Every list is sorted by path.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize)]
#[cfg_attr(feature = "wasm", derive(tsify::Tsify), tsify(missing_as_null))]
pub struct Plan {
    /// The release that the device has afterwards.
    #[cfg_attr(feature = "wasm", tsify(type = "string"))]
    pub version: Version,
    /// The request's `current`.
    #[cfg_attr(feature = "wasm", tsify(type = "string | null"))]
    pub previous_version: Option<Version>,
    /// Whether `new` is the entire target, because the device's files are not known (rule P4).
    pub full: bool,
    /// Files of the device's release that are not in the target.
    #[cfg_attr(feature = "wasm", tsify(type = "string[]"))]
    pub delete: Vec<DevicePath>,
    /// Files of the target that are not in the device's release.
    #[cfg_attr(feature = "wasm", tsify(type = "PlanFile[]"))]
    pub new: Vec<File>,
    /// Files in both, with a different SHA-1 or size.
    #[cfg_attr(feature = "wasm", tsify(type = "PlanFile[]"))]
    pub update: Vec<File>,
    /// What the device owns once it has it, as the target has it (rule C7); what its release lacks is in `new` too.
    #[cfg_attr(feature = "wasm", tsify(type = "PlanFile[]"))]
    pub keep: Vec<File>,
    /// The image to flash.
    pub firmware: Option<Firmware>,
    /// The patches for these files and the image, sorted by path, the image's first (rule X3).
    #[cfg_attr(feature = "wasm", tsify(optional, type = "PlanPatch[]"))]
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub patches: Vec<Patch>,
}

impl Plan {
    /// Bytes that the device downloads, firmware included.
    #[must_use]
    pub fn download_size(&self) -> u64 {
        let files = self.new.iter().chain(&self.update).map(|file| file.size);
        files.chain(self.firmware.iter().map(|image| image.size)).fold(0, u64::saturating_add)
    }

    /// The same of a device that takes patches (rule X3).
    #[must_use]
    pub fn patched_size(&self) -> u64 {
        let fetched = |file, size| self.patch(file).map_or(size, |patch| patch.size);
        let files = self.new.iter().chain(&self.update).map(|file| fetched(Some(&file.path), file.size));
        files.chain(self.firmware.iter().map(|image| fetched(None, image.size))).fold(0, u64::saturating_add)
    }

    /// The patch for the file at a path, or for the image.
    pub(crate) fn patch(&self, file: Option<&DevicePath>) -> Option<&Patch> {
        let index = self.patches.binary_search_by(|patch| patch.file.as_ref().cmp(&file)).ok()?;
        self.patches.get(index)
    }
}

/// What decides a plan: of two requests with the same decision the plan is the same.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Decision {
    /// The device's version, as it was named.
    pub previous_version: Option<String>,
    /// The release whose files the device has.
    pub base: Option<String>,
    /// The release to install.
    pub target: Option<String>,
    /// The path of the image to flash.
    pub firmware: Option<String>,
    /// The path of the image that the device has, if there is one to flash.
    pub image: Option<String>,
}

/// The same, before it is known whether there is anything to do.
struct Choice<'a> {
    current: Option<Version>,
    target: Option<&'a Release>,
    firmware: Option<&'a Firmware>,
    image: Option<&'a Firmware>,
}

impl Catalog {
    /// Decides what a device has to do; none when there is nothing.
    ///
    /// ```
    /// use airwaybill::{Catalog, CatalogOptions, Entry, File, FileRecord, PlanRequest, Sha1Digest};
    ///
    /// let file = |path, content| Entry::from(FileRecord::of(path, content));
    /// let listing = [
    ///     file("1.0.0/flash/main.py", b"old"),
    ///     file("1.0.0/flash/gone.py", b""),
    ///     file("1.0.1/flash/main.py", b"newer"),
    ///     file("firmware_1.0.1.bin", b"image"),
    /// ];
    /// let catalog = Catalog::from_listing(&listing, &CatalogOptions::default())?;
    ///
    /// let request = PlanRequest { current: Some("1.0.0".into()), ..PlanRequest::default() };
    /// let plan = catalog.plan(&request)?.expect("1.0.1 is higher");
    /// assert_eq!((plan.version.as_str(), plan.previous_version.unwrap().as_str()), ("1.0.1", "1.0.0"));
    /// assert_eq!(plan.delete[0].as_str(), "flash/gone.py");
    /// let File { path, size, sha1 } = &plan.update[0];
    /// assert_eq!((path.as_str(), *size, *sha1), ("flash/main.py", 5, Sha1Digest::of(b"newer")));
    /// assert_eq!(plan.firmware.unwrap().path, "firmware_1.0.1.bin");
    /// # Ok::<(), airwaybill::Error>(())
    /// ```
    ///
    /// Some requests:
    ///
    /// ```
    /// use airwaybill::PlanRequest;
    ///
    /// let install = PlanRequest::default();
    /// let update = PlanRequest { current: Some("1.0.0".into()), ..install };
    /// let and_flash = PlanRequest { firmware_version: Some("1.20.2.r4".into()), ..update.clone() };
    /// let back = PlanRequest { target: Some("0.9.0".into()), allow_downgrade: true, ..update };
    /// ```
    ///
    /// ```
    /// use airwaybill::{Catalog, CatalogOptions, FileRecord, PlanRequest};
    ///
    /// let listing = [FileRecord::of("1.0.1/flash/main.py", b"print()").into()];
    /// let catalog = Catalog::from_listing(&listing, &CatalogOptions::default())?;
    ///
    /// let install = catalog.plan(&PlanRequest::default())?.expect("everything");
    /// assert_eq!((install.full, install.new.len(), install.download_size()), (true, 1, 7));
    /// let request = PlanRequest { current: Some("1.0.1".into()), ..PlanRequest::default() };
    /// assert_eq!(catalog.plan(&request)?, None);
    /// # Ok::<(), airwaybill::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// A version of the request that breaks rule V3; a target that the catalog does not offer
    /// (the errors of [`Catalog::release`]).
    pub fn plan(&self, request: &PlanRequest) -> Result<Option<Plan>, Error> {
        let Choice { current, target, firmware, image } = self.choose(request)?;
        let Some(target) = target else {
            let plan = current.zip(firmware).map(|(current, image)| Plan {
                version: current.clone(),
                previous_version: Some(current),
                full: false,
                delete: Vec::new(),
                new: Vec::new(),
                update: Vec::new(),
                keep: Vec::new(),
                firmware: Some(image.clone()),
                patches: Vec::new(),
            });
            return Ok(plan.map(|plan| self.patched(plan, image)));
        };
        let mut plan = self.file_changes(target, current);
        plan.firmware = firmware.cloned();
        let is_empty =
            plan.delete.is_empty() && plan.new.is_empty() && plan.update.is_empty() && plan.firmware.is_none();
        Ok((!is_empty).then(|| self.patched(plan, image)))
    }

    /// The catalog with the files that are in `delta/`, paths from the top directory: the patches that its plans, and manifests of format 3,
    /// may offer (rules X2 and X3). Files with other names are none.
    ///
    /// ```
    /// use airwaybill::{Catalog, CatalogOptions, FileRecord, PlanRequest, Sha1Digest};
    ///
    /// let listing = [("1.0.0/main.py", b"old"), ("1.0.1/main.py", b"new")].map(|(path, text)| FileRecord::of(path, text).into());
    /// let name = format!("delta/{}-{}", Sha1Digest::of(b"old"), Sha1Digest::of(b"new"));
    /// let catalog = Catalog::from_listing(&listing, &CatalogOptions::default())?.with_patches(&[FileRecord::of(&name, b"up")]);
    ///
    /// let request = PlanRequest { current: Some("1.0.0".into()), ..PlanRequest::default() };
    /// let plan = catalog.plan(&request)?.expect("1.0.1 is higher");
    /// assert_eq!((plan.patches[0].base, plan.patches[0].size), (Some(Sha1Digest::of(b"old")), 2));
    /// assert_eq!((plan.download_size(), plan.patched_size()), (3, 2));
    /// # Ok::<(), airwaybill::Error>(())
    /// ```
    #[must_use]
    pub fn with_patches(mut self, files: &[FileRecord]) -> Self {
        self.patches = Patches::new(files);
        self
    }

    // X3
    fn patched(&self, mut plan: Plan, base: Option<&Firmware>) -> Plan {
        if self.patches.is_empty() {
            return plan;
        }
        let image = plan.firmware.iter().filter_map(|image| {
            let patch = self.patches.best(image.sha1, image.size, base.map(|base| base.sha1))?;
            Some(Patch { base_size: patch.base.and(base).map(|base| base.size), ..patch })
        });
        let release = plan.previous_version.as_ref().and_then(|version| self.known_release(version));
        let base_of = |path: &DevicePath| release?.file(path.as_str()).map(|base| base.sha1);
        let updated = plan.update.iter().map(|file| (file, base_of(&file.path)));
        let files =
            plan.new.iter().chain(&plan.keep).map(|file| (file, None)).chain(updated).filter_map(|(file, base)| {
                let patch = self.patches.best(file.sha1, file.size, base)?;
                Some(Patch { file: Some(file.path.clone()), ..patch })
            });
        plan.patches = image.chain(files).collect();
        sort_by(&mut plan.patches, |a, b| a.file.cmp(&b.file));
        // What the device's release lacks of its own is in `new` too (rule C7).
        plan.patches.dedup_by(|a, b| a.file == b.file);
        plan
    }

    /// What decides the plan for a request, found without making it; none where there is nothing to do.
    ///
    /// ```
    /// use airwaybill::{Catalog, CatalogOptions, Decision, FileRecord, PlanRequest};
    ///
    /// let listing = ["1.0.0/flash/main.py", "1.0.1/flash/main.py"].map(|path| FileRecord::of(path, path.as_bytes()).into());
    /// let catalog = Catalog::from_listing(&listing, &CatalogOptions::default())?;
    /// let on = |current: &str| catalog.decide(&PlanRequest { current: Some(current.into()), ..PlanRequest::default() });
    ///
    /// let Decision { base, target, .. } = on("v1.0.0")?.expect("1.0.1 is higher");
    /// assert_eq!((base.as_deref(), target.as_deref()), (Some("1.0.0"), Some("1.0.1")));
    /// assert_eq!((on("1.0.1")?, on("9.9")?), (None, None));
    /// # Ok::<(), airwaybill::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// Those of [`Catalog::plan`].
    pub fn decide(&self, request: &PlanRequest) -> Result<Option<Decision>, Error> {
        let Choice { current, target, firmware, image } = self.choose(request)?;
        if target.is_none() && firmware.is_none() {
            return Ok(None);
        }
        let text = |version: &Version| version.as_str().to_owned();
        let base = current.as_ref().filter(|_| target.is_some()).and_then(|current| self.known_release(current));
        Ok(Some(Decision {
            base: base.map(|release| text(release.version())),
            target: target.map(|release| text(release.version())),
            firmware: firmware.map(|image| image.path.clone()),
            image: image.map(|image| image.path.clone()),
            previous_version: current.as_ref().map(text),
        }))
    }

    fn choose(&self, request: &PlanRequest) -> Result<Choice<'_>, Error> {
        let parse = |text: &Option<String>| text.as_deref().map(|text| self.filter.device_version(text)).transpose();
        let current = parse(&request.current)?;
        // P5: a version that cannot be compared would get the same image again and again.
        let firmware_version =
            parse(&request.firmware_version)?.filter(|version| version.scheme() == self.filter.scheme());
        let target = self.target(request.target.as_deref())?;
        // P2
        let target = target.filter(|target| match &current {
            Some(current) if request.target.is_some() && request.allow_downgrade => current != target.version(),
            Some(current) => current < target.version(),
            None => true,
        });
        // P5
        let device_firmware = firmware_version.as_ref().or(current.as_ref());
        let firmware = self.firmware().last().filter(|image| device_firmware.is_none_or(|has| *has < image.version));
        // P6: the files are up to date. Firmware is offered only if the request names the device's: otherwise the
        // device would flash again and again.
        let firmware = firmware.filter(|_| target.is_some() || (firmware_version.is_some() && current.is_some()));
        let image = device_firmware
            .filter(|_| firmware.is_some())
            .and_then(|has| self.firmware().iter().chain(&self.held_firmware).find(|image| image.version == *has));
        Ok(Choice { current, target, firmware, image })
    }

    // P1
    fn target(&self, name: Option<&str>) -> Result<Option<&Release>, Error> {
        name.map_or(Ok(self.releases().last()), |name| self.release(name).map(Some))
    }

    pub(crate) fn file_changes(&self, target: &Release, current: Option<Version>) -> Plan {
        // P4: the files of a release that is not in the catalog are not known.
        let known = current.as_ref().and_then(|current| self.known_release(current));
        let mut plan = Plan {
            version: target.version().clone(),
            previous_version: current,
            full: known.is_none(),
            delete: Vec::new(),
            new: Vec::new(),
            update: Vec::new(),
            keep: Vec::new(),
            firmware: None,
            patches: Vec::new(),
        };
        // P3: merges two lists that are sorted by path.
        let (mut old, mut new) = (known.map_or(&[][..], Release::files), target.files());
        while let ([was, later @ ..], [is, rest @ ..]) = (old, new) {
            match was.path.cmp(&is.path) {
                Ordering::Less => {
                    plan.delete.push(was.path.clone());
                    old = later;
                }
                Ordering::Greater => {
                    plan.new.push(is.clone());
                    new = rest;
                }
                Ordering::Equal => {
                    if (was.size, was.sha1) != (is.size, is.sha1) {
                        plan.update.push(is.clone());
                    }
                    (old, new) = (later, rest);
                }
            }
        }
        plan.delete.extend(old.iter().map(|was| was.path.clone()));
        plan.new.extend_from_slice(new);
        // C2
        let is_free = |path: &DevicePath| !self.protect.matches(path.as_str());
        plan.delete.retain(is_free);
        plan.new.retain(|file| is_free(&file.path));
        plan.update.retain(|file| is_free(&file.path));
        // C7
        let is_kept = |path: &DevicePath| self.keep.matches(path.as_str());
        plan.delete.retain(|path| !is_kept(path));
        plan.update.retain(|file| !is_kept(&file.path));
        if !(plan.delete.is_empty() && plan.new.is_empty() && plan.update.is_empty()) {
            let kept = target.files().iter().filter(|file| is_kept(&file.path) && is_free(&file.path));
            plan.keep.extend(kept.cloned());
        }
        plan
    }
}
