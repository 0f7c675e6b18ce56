//! What the device client refuses.

use std::collections::{BTreeMap, BTreeSet};

use super::{Check, Level, add_directories, files, move_up};
use crate::check::names::CASE_ADVICE;
use crate::error::{Code, quoted};

/// As `MicroPython` builds `FatFs`: pairs of a byte of code page 437 and the one that stands for its class, in long names.
const LONG_FOLDS: &[u8] = b"\x87\x80\x81\x9a\x82\x90\x84\x8e\x86\x8f\x91\x92\x94\x99\xa4\xa5\xe5\xe4\xed\xe8";
/// Besides in names that are also short ones, 8.3: E, A, I, O, U.
const SHORT_FOLDS: &[u8] =
    b"\x88\x90\x89\x90\x8a\x90\x85\x83\xa0\x83\x8c\x8b\x8d\x8b\xa1\x8b\x95\x93\xa2\x93\x97\x96\xa3\x96";

impl Check<'_> {
    pub(super) fn client(&mut self) {
        self.mounts();
        self.case_pairs();
        self.fat_names();
        self.hiding();
        self.room();
    }

    fn mounts(&mut self) {
        let mut outside: BTreeMap<&str, usize> = BTreeMap::new();
        let mut reserved = Vec::new();
        for path in self.target.files().iter().map(|file| file.path.as_str()) {
            match path.split_once('/') {
                Some((mount, rest)) if self.request.settings.mounts.iter().any(|known| known == mount) => {
                    let second = rest.split('/').next().unwrap_or_default();
                    if second.eq_ignore_ascii_case("waybill") {
                        reserved.push(path);
                    }
                }
                Some((top, _)) => *outside.entry(top).or_default() += 1,
                None => *outside.entry(path).or_default() += 1,
            }
        }
        let mounts =
            self.request.settings.mounts.iter().map(|mount| format!("{mount}/")).collect::<Vec<_>>().join(", ");
        for (top, count) in outside {
            let message = format!("{} outside {mounts}: every device refuses the release", files(count));
            let is_too_deep = |mount: &String| {
                let start = format!("{top}/{mount}/");
                self.target.files().iter().any(|file| file.path.as_str().starts_with(&start))
            };
            let advice = if self.request.settings.mounts.iter().any(is_too_deep) {
                move_up(self.target, top)
            } else {
                format!("move {} below a mount point, or name it as one", quoted(top))
            };
            self.report((Level::Error, Code::PathMount), top, &message, &advice);
        }
        for path in reserved {
            let message = "waybill/ is the client's own: every device refuses the release";
            self.report((Level::Error, Code::PathReserved), path, message, "remove it from the release");
        }
    }

    // D19; C5 reports those that differ in letter case.
    fn case_pairs(&mut self) {
        let is_known = |path: &str| {
            self.catalog.warnings().iter().any(|notice| notice.code == Code::PathCase && notice.path == path)
        };
        // What is folded otherwise than in C5 are bytes beyond ASCII, into each other.
        let beyond_ascii: Vec<&str> =
            self.target.files().iter().map(|file| file.path.as_str()).filter(|path| !path.is_ascii()).collect();
        let names: Vec<String> = beyond_ascii.iter().map(|path| fat_name(path)).collect();
        let mut seen: BTreeMap<&str, usize> = BTreeMap::new();
        let mut pairs = Vec::new();
        for (place, (path, name)) in beyond_ascii.iter().zip(&names).enumerate() {
            if let Some(earlier) = seen.insert(name, place).and_then(|earlier| beyond_ascii.get(earlier))
                && !is_known(&self.path(path))
            {
                pairs.push((*path, *earlier));
            }
        }
        for (path, earlier) in pairs {
            let message =
                format!("on FAT it and {} are the same file: a device with FAT refuses the release", quoted(earlier));
            self.report((Level::Error, Code::PathCase), path, &message, CASE_ADVICE);
        }
    }

    /// Names that FAT changes, or has for other files (D19). littlefs takes them, and no listing says which of the two a
    /// mount has.
    fn fat_names(&mut self) {
        let paths = self.target.files().iter().map(|file| file.path.as_str());
        let odd: Vec<&str> = paths.filter(|path| path.split('/').any(is_odd_on_fat)).collect();
        for path in odd {
            let message =
                "FAT cannot hold this name, or has it for another file: a device with FAT refuses the release";
            self.report(
                (Level::Warning, Code::PathReserved),
                path,
                message,
                "rename it, or accept it if no device has FAT",
            );
        }
    }

    /// A directory of a module's name, where one of the two is new.
    fn hiding(&mut self) {
        let mut directories: BTreeSet<&str> = BTreeSet::new();
        for file in self.target.files() {
            add_directories(&mut directories, file.path.as_str());
        }
        let was_there = |directory: &str| {
            let start = format!("{directory}/");
            self.steps.iter().all(|step| {
                step.base.is_some_and(|base| base.files().iter().any(|file| file.path.as_str().starts_with(&start)))
            })
        };
        let mut hidden = Vec::new();
        for path in self.target.files().iter().map(|file| file.path.as_str()) {
            let Some(stem) = path.strip_suffix(".py").or_else(|| path.strip_suffix(".mpy")) else { continue };
            // Run by name, not imported.
            if let Some((mount, "main.py" | "boot.py")) = path.split_once('/')
                && self.request.settings.mounts.first().is_some_and(|first| first == mount)
            {
                continue;
            }
            let module_was_there =
                || self.steps.iter().all(|step| step.base.is_some_and(|base| base.file(path).is_some()));
            if directories.contains(stem) && !(module_was_there() && was_there(stem)) {
                hidden.push((path, stem));
            }
        }
        for (path, stem) in hidden {
            let message = format!(
                "the directory {} hides the module {}: MicroPython imports a directory first",
                quoted(stem),
                quoted(path)
            );
            self.report((Level::Error, Code::ModuleHidden), stem, &message, "rename the directory or the module");
        }
    }
}

/// The same text for two paths that `FatFs` takes for one file: each byte as a character.
fn fat_name(path: &str) -> String {
    let mut name = String::with_capacity(path.len());
    for segment in path.split('/') {
        let is_short = is_short(segment);
        name.extend(segment.bytes().map(|byte| {
            char::from(match byte {
                0x80.. => {
                    folded(LONG_FOLDS, byte).or_else(|| folded(SHORT_FOLDS, byte).filter(|_| is_short)).unwrap_or(byte)
                }
                _ => byte.to_ascii_uppercase(),
            })
        }));
        name.push('/');
    }
    name
}

fn folded(pairs: &[u8], byte: u8) -> Option<u8> {
    pairs.as_chunks().0.iter().find_map(|[of, to]| (*of == byte).then_some(*to))
}

fn is_odd_on_fat(segment: &str) -> bool {
    segment.ends_with(['.', ' ']) || segment.contains(['"', '*', ':', '<', '>', '?', '|']) || is_generated(segment)
}

/// Whether `FatFs` may make up this name for a long one: `MAINPY~1.PY`, and from the sixth of a directory on `MA~3F0C.PY`.
fn is_generated(segment: &str) -> bool {
    let stem = segment.split('.').next().and_then(|stem| stem.rsplit_once('~'));
    is_short(segment)
        && stem.is_some_and(|(_, digits)| !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_hexdigit()))
}

/// Whether FAT holds a name as 8.3, without a second one that it makes up.
fn is_short(segment: &str) -> bool {
    let (stem, ending) = segment.split_once('.').unwrap_or((segment, ""));
    (1..=8).contains(&stem.len())
        && ending.len() <= 3
        && !ending.contains('.')
        && !segment.contains([' ', '+', ',', ';', '=', '[', ']'])
}
