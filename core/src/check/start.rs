//! What would not start.

use super::mpy::Format;
use super::{Check, image};
use crate::check::Level::{Error, Warning};
use crate::error::{Code, quoted};

/// How many `.mpy` files that stay are looked at, and how many under a new image.
const NEIGHBOURS: usize = 16;
const UNDER_A_NEW_IMAGE: usize = 1024;

impl<'a> Check<'a> {
    pub(super) fn start(&mut self) {
        // On other mounts these are modules like any other.
        if let Some(mount) = self.request.mounts.first() {
            let main = format!("{mount}/main");
            let lost = if self.has(&format!("{main}.py")) { "what it sets up" } else { "a program" };
            self.start_file(&format!("{mount}/boot"), lost);
            self.start_file(&main, "a program");
        }
        self.modules();
        self.mpy();
        self.python();
    }

    /// `lost` is what a device would start without.
    fn start_file(&mut self, stem: &str, lost: &str) {
        let (source, compiled) = (format!("{stem}.py"), format!("{stem}.mpy"));
        if !self.has(&source) && self.has(&compiled) {
            let message = format!("MicroPython runs {} at its start, never {}", quoted(&source), quoted(&compiled));
            return self.find(
                (Error, Code::StartMpy),
                &compiled,
                &message,
                "add a .py that imports it under another name",
            );
        }
        let goes = |step: &&super::Step<'_>| step.plan.delete.iter().any(|path| path.as_str() == source);
        if let Some(base) = self.steps.iter().find(goes).and_then(|step| step.base) {
            let from = base.version();
            let message = format!("{} of {from} is deleted: the device would start without {lost}", quoted(&source));
            return self.find((Error, Code::StartMissing), &source, &message, "put it into the release");
        }
        let is_emptied = |step: &super::Step<'_>| {
            let had = step.base.and_then(|base| base.file(&source)).is_some_and(|before| before.size > 0);
            had && step.plan.update.iter().any(|file| file.path.as_str() == source)
        };
        if self.target.file(&source).is_some_and(|file| file.size == 0) && self.steps.iter().any(is_emptied) {
            let message = format!("{} is empty: the device would start without {lost}", quoted(&source));
            self.find((Error, Code::StartEmpty), &source, &message, "was it cut off while it was copied?");
        }
        let text = self.peek_now(&source).and_then(|peek| peek.text.as_ref());
        if text.is_some_and(|text| !text.is_utf8) {
            let message = format!("{} is not UTF-8: MicroPython may not read it", quoted(&source));
            self.find((Error, Code::StartUtf8), &source, &message, "save it as UTF-8");
        }
    }

    /// A module as source and compiled, where one of the two changes.
    fn modules(&mut self) {
        let fetched = self.fetched_in(self.meant());
        // One of the two is enough, and the .mpy tells of both.
        let stem = |path: &&'a str| {
            let stem = path.strip_suffix(".mpy").or_else(|| path.strip_suffix(".py"))?;
            let (source, compiled) = (format!("{stem}.py"), format!("{stem}.mpy"));
            let is_told = **path == source && fetched.contains(compiled.as_str());
            (!is_told && self.has(&source) && self.has(&compiled)).then_some(stem)
        };
        let twice: Vec<&str> = fetched.iter().filter_map(stem).collect();
        for stem in twice {
            let (source, compiled) = (format!("{stem}.py"), format!("{stem}.mpy"));
            let message = format!("{} is there too: MicroPython imports the .py", quoted(&source));
            self.find((Warning, Code::ModuleTwice), &compiled, &message, "remove one of the two");
        }
    }

    /// Of the `.mpy` that stay as many as show what the firmware reads, if others change; under a new image all, up to a
    /// bound.
    pub(super) fn want_mpy(&self, wanted: &mut Vec<String>) {
        let most = if self.has_new_image() {
            UNDER_A_NEW_IMAGE
        } else if self.fetched.iter().any(|path| is_mpy(path)) {
            NEIGHBOURS
        } else {
            return;
        };
        let staying = self.target.files().iter().map(|file| file.path.as_str());
        let staying = staying.filter(|path| is_mpy(path) && !self.fetched.contains(path));
        wanted.extend(staying.take(most).map(|path| self.path(path)));
    }

    /// Whether the image that devices get is another than that which went with a release that they are on.
    fn has_new_image(&self) -> bool {
        let images = self.catalog.firmware();
        let Some(image) = images.last() else { return false };
        self.steps.iter().filter_map(|step| step.base).any(|base| {
            let before = images.iter().rfind(|image| image.version.cmp(base.version()).is_le());
            before.is_none_or(|before| (before.size, before.sha1) != (image.size, image.sha1))
        })
    }

    fn mpy(&mut self) {
        let micropython = self.micropython();
        let paths = self.target.files().iter().map(|file| file.path.as_str()).filter(|path| is_mpy(path));
        let formats: Vec<(&str, Option<Format>)> =
            paths.filter_map(|path| Some((path, Format::of(&self.peek_now(path)?.head)))).collect();
        // What stays is what the firmware reads; else what most have.
        let staying = formats.iter().find(|(path, format)| format.is_some() && !self.fetched.contains(path));
        let is_usual = |format: &Format| {
            let same = formats.iter().filter(|(_, other)| *other == Some(*format)).count();
            same * 2 > formats.len()
        };
        let usual = staying
            .map_or_else(|| formats.iter().filter_map(|(_, format)| *format).find(is_usual), |(_, format)| *format);
        let natives = || formats.iter().filter_map(|(path, format)| Some((*path, format.filter(|it| it.is_native())?)));
        let native = natives().find(|(path, _)| !self.fetched.contains(path)).or_else(|| natives().next());
        let has_new_image = self.has_new_image();
        for (path, format) in formats {
            let fits = format.zip(micropython).and_then(|(format, version)| format.fits(version));
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
                self.find((Warning, Code::MpyFormat), path, &message, advice);
            }
            let message = match (format, micropython, usual) {
                (None, ..) => "not an .mpy file: it does not start with M and a version".to_owned(),
                (Some(format), Some(version), _) if fits == Some(false) => {
                    format!("its format is {format}, which MicroPython {version} of the firmware does not read")
                }
                (Some(format), _, Some(usual)) if fits.is_none() && !format.goes_with(usual) => {
                    format!("its format is {format}, that of the others {usual}: no firmware reads both")
                }
                _ => continue,
            };
            self.find(
                (Error, Code::MpyFormat),
                path,
                &message,
                "compile it with the mpy-cross of the firmware's version",
            );
        }
    }

    /// The version of `MicroPython` in the image that devices get.
    fn micropython(&self) -> Option<&'a str> {
        let image = self.catalog.firmware().last()?;
        image::micropython_version(&self.peek_at(&image.path)?.head)
    }

    fn python(&mut self) {
        let paths: Vec<&str> = self.fetched.iter().copied().filter(|path| is_python(path)).collect();
        for path in paths {
            let Some(peek) = self.peek_now(path) else { continue };
            let (message, advice) = match &peek.text {
                _ if peek.head.starts_with(b"\xef\xbb\xbf") => (
                    "it begins with a byte order mark, which MicroPython takes for a part of the first word",
                    "save it as UTF-8 without a byte order mark",
                ),
                _ if peek.head.starts_with(b"\xff\xfe") || peek.head.starts_with(b"\xfe\xff") => {
                    ("it is UTF-16, which MicroPython does not read", "save it as UTF-8")
                }
                None => ("it has NUL bytes: it was cut off, or is not Python", "copy it again"),
                Some(text) if text.has_conflict => ("it has the marks of a merge with conflicts", "finish the merge"),
                Some(_) => continue,
            };
            self.find((Error, Code::PythonBroken), path, message, advice);
        }
    }
}

fn is_mpy(path: &str) -> bool {
    path.strip_suffix(".mpy").is_some()
}

fn is_python(path: &str) -> bool {
    path.strip_suffix(".py").is_some()
}
