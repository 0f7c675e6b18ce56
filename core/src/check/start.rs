//! What would not start.

use super::{Check, Level};
use crate::error::{Code, quoted};

impl<'a> Check<'a> {
    pub(super) fn start(&mut self) {
        // On other mounts these are modules like any other.
        if let Some(mount) = self.request.settings.mounts.first() {
            let main = format!("{mount}/main");
            let has_main = self.target.file(&format!("{main}.py")).is_some_and(|file| file.size > 0);
            self.start_file(&format!("{mount}/boot"), has_main);
            self.start_file(&main, false);
        }
        self.modules();
        self.mpy();
        self.python();
    }

    /// `has_main` is whether the other one of the two has a program.
    fn start_file(&mut self, stem: &str, has_main: bool) {
        let lost = if has_main { "what it sets up" } else { "a program" };
        let (source, compiled) = (format!("{stem}.py"), format!("{stem}.mpy"));
        if !self.has(&source) && self.has(&compiled) {
            let message = format!("MicroPython runs {} at its start, never {}", quoted(&source), quoted(&compiled));
            return self.report(
                (Level::Error, Code::StartMpy),
                &compiled,
                &message,
                "add a .py that imports it under another name",
            );
        }
        let goes = |step: &&super::Step<'_>| step.plan.delete.iter().any(|path| path.as_str() == source);
        if let Some(base) = self.steps.iter().find(goes).and_then(|step| step.base) {
            let from = base.version();
            let message = format!("{} of {from} is deleted: the device would start without {lost}", quoted(&source));
            return self.report((Level::Error, Code::StartMissing), &source, &message, "put it into the release");
        }
        let is_empty =
            self.fetched.contains(source.as_str()) && self.target.file(&source).is_some_and(|file| file.size == 0);
        let mut before = self.steps.iter().filter_map(|step| step.base?.file(&source));
        let is_emptied = before.any(|before| before.size > 0);
        if is_empty && (is_emptied || !self.is_empty_elsewhere(&source)) {
            // Without a release before that has more in it, it may be meant.
            let level = if is_emptied || !has_main { Level::Error } else { Level::Warning };
            let message = format!("{} is empty: the device would start without {lost}", quoted(&source));
            let advice = "was it cut off while it was copied? Put a comment into one that is meant";
            self.report((level, Code::StartEmpty), &source, &message, advice);
        }
        let text = self.peek_now(&source).and_then(|peek| peek.text.as_ref());
        if text.is_some_and(|text| !text.is_utf8) {
            let message = format!("{} is not UTF-8: MicroPython may not read it", quoted(&source));
            self.report((Level::Error, Code::StartUtf8), &source, &message, "save it as UTF-8");
        }
    }

    fn is_empty_elsewhere(&self, path: &str) -> bool {
        let others = self.catalog.releases().iter().filter(|release| release.version() != self.target.version());
        others.filter_map(|release| release.file(path)).any(|file| file.size == 0)
    }

    /// A module as source and compiled, where one of the two changes.
    fn modules(&mut self) {
        let fetched = self.fetched_in(self.meant());
        // One of the two is enough: that of the .mpy is reported.
        let stem = |path: &&'a str| {
            let stem = path.strip_suffix(".mpy").or_else(|| path.strip_suffix(".py"))?;
            let (source, compiled) = (format!("{stem}.py"), format!("{stem}.mpy"));
            let is_reported = **path == source && fetched.contains(compiled.as_str());
            (!is_reported && self.has(&source) && self.has(&compiled)).then_some(stem)
        };
        let twice: Vec<&str> = fetched.iter().filter_map(stem).collect();
        for stem in twice {
            let (source, compiled) = (format!("{stem}.py"), format!("{stem}.mpy"));
            let message = format!("{} is there too: MicroPython imports the .py", quoted(&source));
            self.report((Level::Warning, Code::ModuleTwice), &compiled, &message, "remove one of the two");
        }
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
                _ if peek.head.starts_with(b"\xff\xfe\0\0") || peek.head.starts_with(b"\0\0\xfe\xff") => {
                    ("it is UTF-32, which MicroPython does not read", "save it as UTF-8")
                }
                _ if peek.head.starts_with(b"\xff\xfe") || peek.head.starts_with(b"\xfe\xff") => {
                    ("it is UTF-16, which MicroPython does not read", "save it as UTF-8")
                }
                None => ("it has NUL bytes: it was cut off, or is not Python", "copy it again"),
                Some(text) if text.has_conflict => ("it has the marks of a merge with conflicts", "finish the merge"),
                Some(_) => continue,
            };
            self.report((Level::Error, Code::PythonBroken), path, message, advice);
        }
    }
}

fn is_python(path: &str) -> bool {
    path.ends_with(".py")
}
