//! What a person did not mean, by what changes.

use std::collections::BTreeSet;

use super::{Check, Finding, Level, PEEK_LIMIT, Step, files, move_up, near_names};
use crate::catalog::{File, Release};
use crate::error::{Code, quoted};
use crate::name::near_image;
use crate::notice::Notice;
use crate::version::Version;

/// Growth of a file that is worth a word: ten times, and by so much; a file of one line has ten with the next change.
const GROWN: u64 = 10;
const GROWN_BYTES: u64 = 16 * 1024;

/// CR before each LF makes a text longer by no more than one byte for each other one.
pub(super) fn may_differ_in_line_ends(now: &File, before: &File) -> bool {
    let (small, big) = (now.size.min(before.size), now.size.max(before.size));
    small < big && big - small <= small
}

impl Check<'_> {
    pub(super) fn meaning(&mut self) {
        let mut findings = Vec::new();
        for (index, step) in self.meant().iter().enumerate() {
            self.base(index, step, &mut findings);
            if let Some(base) = step.base {
                self.stays(base, step, &mut findings);
                self.line_ends(base, step, &mut findings);
                self.grown(step, &mut findings);
            }
        }
        self.remembered(&mut findings);
        self.newer_held_back(&mut findings);
        findings.extend(self.image_held_back());
        self.findings.extend(findings);
        self.same_content();
        self.too_large();
        let empty: Vec<&str> = self
            .catalog
            .empty
            .iter()
            .filter_map(|path| path.strip_prefix(self.target.version().as_str())?.strip_prefix('/'))
            .collect();
        for path in empty {
            let advice = "put a file into it, or let the program make it";
            self.report(
                (Level::Hint, Code::DirectoryEmpty),
                path,
                "a manifest carries files: no device gets this directory",
                advice,
            );
        }
    }

    fn base(&self, index: usize, step: &Step<'_>, findings: &mut Vec<Finding>) {
        let Some(name) = self.request.current.get(index) else { return };
        if step.base.is_some() {
            return;
        }
        let releases = self.catalog.releases().iter().map(|release| release.version().as_str());
        let ignored = self.catalog.ignored().iter().filter(|notice| notice.code != Code::NotFirmware);
        let others = ignored.map(|notice| notice.path.as_str());
        let others = others.filter(|path| !path.contains('/') && near_image(path).is_none());
        let near = near_names(name, &releases.chain(others).collect::<Vec<_>>());
        let held = self.catalog.held_back().find(|notice| notice.name() == name);
        findings.push(match held {
            Some(notice) => Finding::new(
                (Level::Warning, Code::BaseHeldBack),
                name,
                &format!(
                    "{} is held back, so nothing will be deleted from devices on it: {}",
                    quoted(name),
                    notice.message
                ),
                "fix it, so that its devices get an update instead of a full install",
            ),
            None => Finding::new(
                (Level::Warning, Code::BaseUnknown),
                name,
                &format!("{} is not here, so nothing will be deleted from devices on it{near}", quoted(name)),
                "keep releases as long as devices are on them",
            ),
        });
    }

    /// C9; one that still changes or has errors is reported elsewhere.
    fn remembered(&self, findings: &mut Vec<Finding>) {
        let is_held = |release: &&Release| self.catalog.held.iter().any(|held| held.version() == release.version());
        for release in self.catalog.remembered().iter().filter(|release| !is_held(release)) {
            let name = release.version().as_str();
            let message = format!(
                "{} is held back; for devices on it, it stays what it was when it was last offered",
                quoted(name)
            );
            let advice = "fix it before the server starts again: then this is forgotten";
            findings.push(Finding::new((Level::Warning, Code::BaseHeldBack), name, &message, advice));
        }
    }

    /// One that still changes or has errors is reported elsewhere.
    fn newer_held_back(&self, findings: &mut Vec<Finding>) {
        let target = self.target.version();
        if self.catalog.releases().last().is_none_or(|highest| highest.version() != target) {
            return;
        }
        let is_reported = |name: &str| {
            self.catalog.ignored().iter().any(|notice| notice.path == name && is_reported_elsewhere(notice.code))
        };
        let versions = self.catalog.held_back().filter_map(|notice| {
            let name = Some(notice.name()).filter(|name| !is_reported(name))?;
            Some((self.catalog.filter.release_version(name).ok()?, &notice.message))
        });
        // Not `max_by`, which takes the last of equals: of two reasons the first is reported.
        let mut newest: Option<(Version, &String)> = None;
        for (version, message) in versions {
            if version > *newest.as_ref().map_or(target, |(newest, _)| newest) {
                newest = Some((version, message));
            }
        }
        if let Some((version, message)) = newest {
            let name = version.as_str();
            let message = format!("{} is newer and held back; {target} was checked instead: {message}", quoted(name));
            let advice = "fix it, or withdraw it: until then devices get the one below";
            findings.push(Finding::new((Level::Error, Code::ReleaseHeldBack), name, &message, advice));
        }
    }

    /// The path is the release's, which so is held back with it where errors hold back (C10).
    fn image_held_back(&self) -> Option<Finding> {
        let target = self.target.version();
        if self.catalog.firmware().iter().any(|image| image.version == *target) {
            return None;
        }
        let is_its_image = |notice: &&Notice| {
            let version = self.catalog.filter.firmware_version(&notice.path);
            version.is_ok_and(|version| version == *target) && !is_reported_elsewhere(notice.code)
        };
        let notice = self.catalog.held_back().find(is_its_image)?;
        let message = format!("it goes out without its firmware image, which is held back: {}", notice.message);
        let advice = "fix the image, or remove it if devices are to get the release alone";
        Some(Finding::new((Level::Error, Code::FirmwareHeldBack), target.as_str(), &message, advice))
    }

    fn stays(&self, base: &Release, step: &Step<'_>, findings: &mut Vec<Finding>) {
        let (deleted, new) = (step.plan.delete.len(), step.plan.new.len());
        let target = self.target.version().as_str();
        if deleted > 0 && !base.files().iter().any(|file| self.has(file.path.as_str())) {
            let (message, advice) = match moved(base, self.target) {
                Some(Move::Down(prefix)) => (
                    format!("no file of {} remains: {} is one directory too many", base.version(), quoted(prefix)),
                    move_up(self.target, prefix),
                ),
                Some(Move::Up(prefix)) => (
                    format!("no file of {} remains: {} is missing", base.version(), quoted(prefix)),
                    format!("move the files into {}", quoted(&format!("{target}/{prefix}"))),
                ),
                None => (
                    format!("no file of {} remains", base.version()),
                    "is it a release of the same product?".to_owned(),
                ),
            };
            findings.push(Finding::new((Level::Error, Code::NothingStays), target, &message, &advice));
        } else if deleted * 2 > base.files().len() && new < deleted {
            let message = format!("{} of {} deleted, of {} in all", files(deleted), base.version(), base.files().len());
            findings.push(Finding::new(
                (Level::Warning, Code::ManyDeleted),
                target,
                &message,
                "is the release complete?",
            ));
        }
    }

    fn line_ends(&self, base: &Release, step: &Step<'_>, findings: &mut Vec<Finding>) {
        let text = |release: &Release, file: &File| self.peek(release.version(), file.path.as_str())?.text.as_ref();
        let only_line_ends =
            |file: &&File| text(base, file).zip(text(self.target, file)).is_some_and(|(was, is)| was.sha1 == is.sha1);
        let found: Vec<&File> = step.plan.update.iter().filter(only_line_ends).collect();
        let Some(first) = found.first() else { return };
        let ends = match text(self.target, first) {
            Some(text) if text.crlf > 0 && text.lf > 0 => "mixed",
            Some(text) if text.crlf > 0 => "CRLF",
            _ => "LF",
        };
        let message = format!("{} changed only in line ends since {}, now {ends}", files(found.len()), base.version());
        let advice = "check them out with the line ends of before (git: core.autocrlf)";
        findings.push(Finding::new(
            (Level::Warning, Code::LineEnds),
            &self.path(first.path.as_str()),
            &message,
            advice,
        ));
    }

    fn grown(&self, step: &Step<'_>, findings: &mut Vec<Finding>) {
        for (file, before) in step.fetched() {
            let Some(before) = before else { continue };
            if file.size / GROWN >= before.size && file.size - before.size >= GROWN_BYTES {
                let message = format!("it grew from {} to {} bytes", before.size, file.size);
                let path = self.path(file.path.as_str());
                findings.push(Finding::new((Level::Hint, Code::FileGrown), &path, &message, "is that intended?"));
            }
        }
    }

    fn too_large(&mut self) {
        let fetched = self.fetched.iter().filter_map(|path| self.target.file(path));
        let large: Vec<&File> = fetched.filter(|file| file.size > PEEK_LIMIT).collect();
        for file in large {
            let message = format!("it has {} bytes: of so large a file the content is not checked", file.size);
            self.report(
                (Level::Hint, Code::FileUnchecked),
                file.path.as_str(),
                &message,
                "look for secrets in it yourself",
            );
        }
    }

    fn same_content(&mut self) {
        let others = self.catalog.releases().iter().rev();
        let mut others = others.filter(|other| other.version() != self.target.version());
        let Some(other) = others.find(|other| other.files() == self.target.files()) else { return };
        let message = format!("it has the same content as {}", other.version());
        self.report((Level::Warning, Code::ContentSame), "", &message, "was the wrong directory copied?");
    }
}

/// Whether a server reports that itself.
fn is_reported_elsewhere(code: Code) -> bool {
    matches!(code, Code::ReleaseUnsettled | Code::CheckFailed)
}

/// How the paths of one release come from those of another.
enum Move<'a> {
    /// Below this directory.
    Down(&'a str),
    /// Out of this one.
    Up(&'a str),
}

fn moved<'a>(base: &'a Release, target: &'a Release) -> Option<Move<'a>> {
    prefix_too_many(target, base).map(Move::Down).or_else(|| prefix_too_many(base, target).map(Move::Up))
}

/// The directory below which `inner` has at least half of its files where `outer` has them without it.
fn prefix_too_many<'a>(inner: &'a Release, outer: &Release) -> Option<&'a str> {
    // Extended, not collected: see `order`.
    let mut prefixes = BTreeSet::new();
    prefixes.extend(inner.files().iter().filter_map(|file| Some(file.path.as_str().split_once('/')?.0)));
    prefixes.into_iter().find(|prefix| {
        let below = |file: &&File| {
            let rest = file.path.as_str().strip_prefix(prefix).and_then(|rest| rest.strip_prefix('/'));
            rest.is_some_and(|rest| outer.file(rest).is_some())
        };
        inner.files().iter().filter(below).count() * 2 >= inner.files().len()
    })
}
