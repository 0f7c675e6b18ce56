//! Modules that the firmware of the devices does not read.

use std::cmp::Reverse;

use super::mpy::Format;
use super::{Check, Level, image};
use crate::catalog::Release;
use crate::error::{Code, quoted};

/// How many `.mpy` files that stay are looked at, and how many under a new image.
const NEIGHBOURS: usize = 16;
const UNDER_A_NEW_IMAGE: usize = 1024;

/// A `.mpy` of a release below, whose firmware reads it.
struct KnownModule<'a> {
    release: &'a Release,
    path: &'a str,
    format: Format,
}

/// A format in the release.
struct Kind<'a> {
    format: Format,
    /// Whether a `.mpy` stays that has it.
    stays: bool,
    /// Whether it goes with what a release below has.
    is_known: bool,
    count: usize,
    /// The first that has it.
    path: &'a str,
}

impl Kind<'_> {
    /// The lower, the likelier it is the one that the firmware reads.
    fn rank(&self) -> (bool, bool, Reverse<usize>, &str) {
        (!self.stays, !self.is_known, Reverse(self.count), self.path)
    }
}

impl<'a> Check<'a> {
    /// Of the `.mpy` that stay as many as show what the firmware reads, if others change; under a new image all, up to a
    /// bound.
    pub(super) fn want_mpy(&self, wanted: &mut Vec<String>) {
        let has_fetched = self.fetched.iter().any(|path| is_mpy(path));
        let most = if self.has_new_image() {
            UNDER_A_NEW_IMAGE
        } else if has_fetched {
            NEIGHBOURS
        } else {
            return;
        };
        let staying = self.target.files().iter().map(|file| file.path.as_str());
        let staying = staying.filter(|path| is_mpy(path) && !self.fetched.contains(path));
        wanted.extend(staying.take(most).map(|path| self.path(path)));
        if has_fetched {
            wanted.extend(self.mpy_before().map(|(base, path)| format!("{}/{path}", base.version())));
        }
    }

    /// Of each release whose devices keep their firmware the first `.mpy`, where the target does not have the same.
    fn mpy_before(&self) -> impl Iterator<Item = (&'a Release, &'a str)> {
        let bases = self.steps.iter().filter_map(|step| step.base).filter(|base| !self.brings_image(base));
        bases.filter_map(|base| {
            let file = base.files().iter().find(|file| is_mpy(file.path.as_str()))?;
            (self.target.file(file.path.as_str()) != Some(file)).then_some((base, file.path.as_str()))
        })
    }

    fn has_new_image(&self) -> bool {
        self.steps.iter().filter_map(|step| step.base).any(|base| self.brings_image(base))
    }

    /// Whether the image that devices get is another than that which went with a release that they are on.
    fn brings_image(&self, base: &Release) -> bool {
        let images = self.catalog.firmware();
        let Some(image) = images.last() else { return false };
        let before = images.iter().rfind(|image| image.version.cmp(base.version()).is_le());
        before.is_none_or(|before| (before.size, before.sha1) != (image.size, image.sha1))
    }

    pub(super) fn mpy(&mut self) {
        let micropython = self.micropython();
        let paths = self.target.files().iter().map(|file| file.path.as_str()).filter(|path| is_mpy(path));
        let formats: Vec<(&str, Option<Format>)> =
            paths.filter_map(|path| Some((path, Format::of(&self.peek_now(path)?.head)))).collect();
        let before: Vec<KnownModule<'_>> = self
            .mpy_before()
            .filter_map(|(release, path)| {
                let format = Format::of(&self.peek(release.version(), path)?.head)?;
                Some(KnownModule { release, path, format })
            })
            .collect();
        let kinds = self.kinds(&formats, &before);
        let natives = || formats.iter().filter_map(|(path, format)| Some((*path, format.filter(|it| it.is_native())?)));
        let native = natives().find(|(path, _)| !self.fetched.contains(path)).or_else(|| natives().next());
        let has_new_image = self.has_new_image();
        let fits = |format: Format| micropython.and_then(|version| format.fits(version));
        for (path, format) in &formats {
            let fits = format.and_then(fits);
            let is_fetched = self.fetched.contains(path);
            if !(is_fetched || has_new_image && fits == Some(false)) {
                continue;
            }
            if let Some((format, (other, native))) = format.zip(native)
                && !format.runs_with(native)
            {
                let (own, others) = (format.architecture(), native.architecture());
                let message = format!("its machine code is for {own}, that of {} for {others}", quoted(other));
                let advice = "give devices of different chips releases of their own";
                self.report((Level::Warning, Code::MpyFormat), path, &message, advice);
            }
            let message = match (format, micropython) {
                (None, _) => "not an .mpy file: it does not start with M and a version".to_owned(),
                (Some(format), Some(version)) if fits == Some(false) => {
                    format!("its format is {format}, which MicroPython {version} of the firmware does not read")
                }
                (Some(format), _) if fits.is_none() => {
                    let Some(Kind { path, format: other, .. }) = likelier(&kinds, *format) else { continue };
                    format!("its format is {format}, that of {} {other}: no firmware reads both", quoted(path))
                }
                _ => continue,
            };
            let advice = "compile it with the mpy-cross of the firmware's version";
            self.report((Level::Error, Code::MpyFormat), path, &message, advice);
        }
        let first = kinds.first().filter(|kind| fits(kind.format).is_none());
        let is_other = |before: &&KnownModule<'_>| kinds.iter().all(|kind| !kind.format.goes_with(before.format));
        if let Some((Kind { path, format, .. }, before)) = first.zip(before.iter().find(is_other)) {
            let (before, version, was) = (quoted(before.path), before.release.version(), before.format);
            let message =
                format!("its format is {format}; {before} of {version} has {was}, and no firmware comes with it");
            let advice = "compile all with the mpy-cross of the firmware that devices have, or deliver firmware too";
            self.report((Level::Warning, Code::MpyFormat), path, &message, advice);
        }
    }

    /// The formats in the release, each once.
    fn kinds(&self, formats: &[(&'a str, Option<Format>)], before: &[KnownModule<'_>]) -> Vec<Kind<'a>> {
        let mut kinds: Vec<Kind<'a>> = Vec::new();
        for (path, format) in formats {
            let Some(format) = *format else { continue };
            let stays = !self.fetched.contains(path);
            if let Some(kind) = kinds.iter_mut().find(|kind| kind.format == format) {
                kind.count += 1;
                kind.stays |= stays;
            } else {
                let is_known = before.iter().any(|before| before.format.goes_with(format));
                kinds.push(Kind { format, stays, is_known, count: 1, path });
            }
        }
        kinds
    }

    /// The version of `MicroPython` in the image that devices get.
    fn micropython(&self) -> Option<&'a str> {
        let image = self.catalog.firmware().last()?;
        image::micropython_version(&self.peeks.get(&image.path)?.head)
    }
}

/// Of the formats that no firmware reads besides this one, the one that is rather the right one.
fn likelier<'k, 'a>(kinds: &'k [Kind<'a>], format: Format) -> Option<&'k Kind<'a>> {
    let own = kinds.iter().find(|kind| kind.format == format)?;
    let others = kinds.iter().filter(|other| !other.format.goes_with(format) && other.rank() < own.rank());
    others.min_by_key(|other| other.rank())
}

fn is_mpy(path: &str) -> bool {
    path.ends_with(".mpy")
}
