mod client;
mod compiled;
mod firmware;
mod image;
mod meaning;
mod mpy;
mod names;
mod peek;
mod request;
mod room;
mod secrets;
#[cfg(feature = "sign")]
mod signed;
mod start;

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use crate::catalog::{Catalog, File, Release};
use crate::error::{Code, Error, one_line, quoted};
use crate::glob::Globs;
use crate::order::sort;
use crate::plan::Plan;
use crate::version::Version;
pub use image::PeekImage;
use peek::Peeks;
pub use peek::{Peek, PeekText};
pub use request::{Acceptance, CheckRequest, CheckSettings, ExpectedFirmware, SignedDocument};

/// A check does not look into a larger file of a release: it would have to be in memory.
const PEEK_LIMIT: u64 = 16 * 1024 * 1024;

/// How bad a finding is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize, Serialize)]
#[cfg_attr(feature = "wasm", derive(tsify::Tsify))]
#[serde(rename_all = "lowercase")]
pub enum Level {
    /// A device refuses it, does not start, or does not get it.
    Error,
    /// Someone should look at it before it goes out.
    Warning,
    /// Good to know.
    Hint,
}

impl Level {
    /// `error`, `warning` or `hint`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Level::Error => "error",
            Level::Warning => "warning",
            Level::Hint => "hint",
        }
    }
}

/// What a check found.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[cfg_attr(feature = "wasm", derive(tsify::Tsify))]
pub struct Finding {
    /// How bad it is.
    pub level: Level,
    /// From the top directory: a file, a release, an image, or empty for the directory itself.
    pub path: String,
    /// The stable reason.
    pub code: Code,
    /// What is so, for people.
    pub message: String,
    /// What to do about it.
    pub advice: String,
}

/// A check while it goes on.
struct Check<'a> {
    catalog: &'a Catalog,
    request: &'a CheckRequest,
    peeks: &'a Peeks<'a>,
    target: &'a Release,
    /// Those that are asked for, or else that from the release below, come first.
    steps: Vec<Step<'a>>,
    /// How many steps are judged by what a person means, too.
    meant: usize,
    /// The paths of the files that some device fetches.
    fetched: BTreeSet<&'a str>,
    findings: Vec<Finding>,
}

/// The way to the target from one release.
struct Step<'a> {
    /// None where a device's release is not known, or it has none.
    base: Option<&'a Release>,
    plan: Plan,
}

impl Step<'_> {
    /// The files that a device fetches, each with what it had before.
    fn fetched(&self) -> impl Iterator<Item = (&File, Option<&File>)> {
        let before = |file: &File| self.base.and_then(|base| base.file(file.path.as_str()));
        self.plan.new.iter().chain(&self.plan.update).map(move |file| (file, before(file)))
    }
}

impl Catalog {
    /// The files, from the top directory, of whose content [`Catalog::check`] wants a [`Peek`].
    ///
    /// # Errors
    ///
    /// Those of [`Catalog::check`].
    pub fn peeks(&self, request: &CheckRequest) -> Result<Vec<String>, Error> {
        let mut wanted = Vec::new();
        if let Some(check) = Check::new(self, request, &Peeks::of(&[]))? {
            check.want_changed(&mut wanted);
            check.want_mpy(&mut wanted);
        }
        wanted.extend(firmware::wanted(self));
        sort(&mut wanted);
        wanted.dedup();
        Ok(wanted)
    }

    /// Says what a careful colleague would, before a release goes out: errors first, each level sorted by path.
    ///
    /// What needs content is looked for in `peeks` alone; see [`Catalog::peeks`].
    ///
    /// ```
    /// use airwaybill::{Catalog, CatalogOptions, CheckRequest, Code, FileRecord, Level, Peek};
    ///
    /// let files = [("1.0.0/flash/main.py", b"print()".as_slice()), ("1.0.1/flash/main.py", b"print(\0")];
    /// let listing = files.map(|(path, content)| FileRecord::of(path, content).into());
    /// let catalog = Catalog::from_listing(&listing, &CatalogOptions::default())?;
    ///
    /// let request = CheckRequest::default();
    /// assert_eq!(catalog.peeks(&request)?, ["1.0.1/flash/main.py"]);
    /// let peeks = files.map(|(path, content)| Peek::of(path, content));
    /// let findings = catalog.check(&request, &peeks)?;
    /// assert_eq!((findings[0].code, findings[0].level), (Code::PythonBroken, Level::Error));
    /// # Ok::<(), airwaybill::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// A version of the request that breaks rule V3, a target that the catalog does not offer
    /// (the errors of [`Catalog::release`]), and those of [`CheckSettings::validate`].
    pub fn check(&self, request: &CheckRequest, peeks: &[Peek]) -> Result<Vec<Finding>, Error> {
        let peeks = &Peeks::of(peeks);
        let mut findings = Vec::new();
        let (mut target, mut sight) = (None, Sight::All);
        if let Some(mut check) = Check::new(self, request, peeks)? {
            check.client();
            check.start();
            check.meaning();
            check.secrets();
            (target, sight) = (Some(check.target.version().as_str()), check.sight());
            findings = check.findings;
        } else {
            findings.push(names::nothing_offered(self));
        }
        names::check(self, target, &mut findings);
        firmware::check(self, request, peeks, &mut findings);
        #[cfg(feature = "sign")]
        signed::check(self, request, target, &mut findings)?;
        accept(&request.settings.accept, sight, &mut findings)?;
        Ok(findings)
    }
}

impl<'a> Check<'a> {
    fn new(catalog: &'a Catalog, request: &'a CheckRequest, peeks: &'a Peeks<'a>) -> Result<Option<Self>, Error> {
        request.settings.validate()?;
        let named = request.target.as_deref().map(|name| catalog.release(name)).transpose()?;
        let Some(target) = named.or(catalog.releases().last()) else { return Ok(None) };
        let mut versions: Vec<Version> =
            request.current.iter().map(|text| catalog.filter.device_version(text)).collect::<Result<_, _>>()?;
        let mut meant = versions.len();
        if versions.is_empty() {
            // INVARIANT: the highest so far comes first.
            for version in catalog.releases().iter().chain(catalog.remembered()).map(Release::version) {
                if version < target.version() {
                    let is_highest = versions.first().is_some_and(|highest| highest < version);
                    versions.push(version.clone());
                    if is_highest {
                        let last = versions.len() - 1;
                        versions.swap(0, last);
                    }
                }
            }
            meant = 1;
        }
        let step = |version: Option<Version>| Step {
            base: version.as_ref().and_then(|version| catalog.known_release(version)),
            plan: catalog.file_changes(target, version),
        };
        let steps = if versions.is_empty() {
            vec![step(None)]
        } else {
            versions.into_iter().map(|version| step(Some(version))).collect()
        };
        let mut check =
            Self { catalog, request, peeks, target, steps, meant, fetched: BTreeSet::new(), findings: Vec::new() };
        check.fetched = check.fetched_in(&check.steps);
        Ok(Some(check))
    }

    /// The steps that are judged by what a person means, too.
    fn meant(&self) -> &[Step<'a>] {
        self.steps.get(..self.meant).unwrap_or(&self.steps)
    }

    /// The paths of the files that a device fetches in some of the steps.
    fn fetched_in(&self, steps: &[Step<'_>]) -> BTreeSet<&'a str> {
        let files = steps.iter().flat_map(Step::fetched);
        let mut fetched = BTreeSet::new();
        fetched.extend(files.filter_map(|(file, _)| Some(self.target.file(file.path.as_str())?.path.as_str())));
        fetched
    }

    /// Of the files that some device fetches what they are now; of the updated ones what they were, where they may
    /// differ in line ends alone.
    fn want_changed(&self, wanted: &mut Vec<String>) {
        let is_small = |file: &File| file.size <= PEEK_LIMIT;
        let fetched = self.fetched.iter().filter_map(|path| self.target.file(path));
        wanted.extend(fetched.filter(|file| is_small(file)).map(|file| self.path(file.path.as_str())));
        for step in self.meant() {
            for (file, before) in step.fetched().filter(|(file, _)| is_small(file)) {
                if let Some((base, before)) = step.base.zip(before)
                    && meaning::may_differ_in_line_ends(file, before)
                {
                    wanted.push(format!("{}/{}", base.version(), file.path));
                }
            }
        }
    }

    fn sight(&self) -> Sight {
        let Some((highest, others)) = self.catalog.releases().split_last() else { return Sight::All };
        if highest.version() != self.target.version() {
            return Sight::OtherTarget;
        }
        let step_from = |release: &Release| {
            let is_base = |step: &Step<'_>| step.base.is_some_and(|base| base.version() == release.version());
            self.steps.iter().position(is_base).unwrap_or(usize::MAX)
        };
        match others.iter().map(step_from).max() {
            Some(usize::MAX) => Sight::SomeBases,
            Some(last) if last >= self.meant => Sight::AllStarts,
            _ => Sight::All,
        }
    }

    /// The path of a file of the target from the top directory.
    fn path(&self, device_path: &str) -> String {
        format!("{}/{device_path}", self.target.version())
    }

    fn peek(&self, release: &Version, device_path: &str) -> Option<&'a Peek> {
        self.peeks.get(&format!("{release}/{device_path}"))
    }

    /// What is known of a file of the target.
    fn peek_now(&self, device_path: &str) -> Option<&'a Peek> {
        self.peek(self.target.version(), device_path)
    }

    fn has(&self, device_path: &str) -> bool {
        self.target.file(device_path).is_some()
    }

    fn report(&mut self, kind: (Level, Code), device_path: &str, message: &str, advice: &str) {
        let path = self.path(device_path);
        self.findings.push(Finding::new(kind, path.trim_end_matches('/'), message, advice));
    }
}

impl Finding {
    fn new((level, code): (Level, Code), path: &str, message: &str, advice: &str) -> Self {
        let [path, message, advice] = [path, message, advice].map(|text| one_line(text.to_owned()));
        Self { level, path, code, message, advice }
    }
}

/// How much of what can be found a check looks for.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Sight {
    /// What an older release gives.
    OtherTarget,
    /// What the highest release gives to devices on some of the others.
    SomeBases,
    /// Besides what keeps it from devices on any other, or from its start there.
    AllStarts,
    All,
}

impl Sight {
    /// Whether what has this code would be found if it were there.
    fn reaches(self, code: Code) -> bool {
        match code {
            // Of what is asked for alone.
            Code::BaseUnknown | Code::BaseHeldBack => false,
            Code::FlashFull
            | Code::FileUnchecked
            | Code::ModuleHidden
            | Code::StartMissing
            | Code::StartEmpty
            | Code::StartUtf8
            | Code::MpyFormat
            | Code::PythonBroken => self >= Sight::AllStarts,
            Code::ModuleTwice
            | Code::SecretKey
            | Code::SecretFile
            | Code::SecretUrl
            | Code::NameIncluded
            | Code::NothingStays
            | Code::ManyDeleted
            | Code::LineEnds
            | Code::FileGrown => self == Sight::All,
            _ => self >= Sight::SomeBases,
        }
    }
}

/// Takes out what is meant so, and says of what is no longer found, as far as that is known.
fn accept(accepted: &[Acceptance], sight: Sight, findings: &mut Vec<Finding>) -> Result<(), Error> {
    let mut unused = Vec::new();
    for Acceptance { code, path, reason } in accepted {
        let glob = Globs::new(std::slice::from_ref(path))?;
        let before = findings.len();
        findings.retain(|finding| finding.code.as_str() != code || !glob.matches(&finding.path));
        if findings.len() == before && Code::of(code).is_some_and(|code| sight.reaches(code)) {
            let message = format!("{} was accepted ({reason}) but is no longer found", quoted(code));
            unused.push(Finding::new(
                (Level::Hint, Code::AcceptUnused),
                path,
                &message,
                "remove it from the accepted findings",
            ));
        }
    }
    findings.extend(unused);
    sort(findings);
    findings.dedup();
    Ok(())
}

/// `; did you mean "1.0.0"?`, of names that go on where this one ends or the reverse, else of those that differ in one
/// character.
fn near_names(name: &str, others: &[&str]) -> String {
    let near = |is_near: fn(&str, &str) -> bool| -> Vec<String> {
        others.iter().filter(|other| is_near(name, other)).map(|other| quoted(other)).collect()
    };
    let mut names = near(goes_on);
    if names.is_empty() {
        names = near(differs_in_one);
    }
    if names.is_empty() { String::new() } else { format!("; did you mean {}?", names.join(", ")) }
}

/// Whether a name is another cut off, or gone on with, at the end of a word.
fn goes_on(name: &str, other: &str) -> bool {
    let goes_on =
        |long: &str, short: &str| long.strip_prefix(short).is_some_and(|rest| rest.starts_with(['.', '-', '+', '_']));
    goes_on(other, name) || goes_on(name, other)
}

/// Whether a character is another, too many or too few.
fn differs_in_one(name: &str, other: &str) -> bool {
    let (long, short) = (name.len().max(other.len()), name.len().min(other.len()));
    let alike = name.bytes().zip(other.bytes()).take_while(|(a, b)| a == b).count();
    let ends_alike = name.bytes().rev().zip(other.bytes().rev()).take_while(|(a, b)| a == b).count();
    long - (alike + ends_alike).min(short) == 1
}

/// What to do about a directory too many.
fn move_up(release: &Release, directory: &str) -> String {
    format!("move what is in {} up", quoted(&format!("{}/{directory}", release.version())))
}

/// Those above a path.
fn add_directories<'a>(directories: &mut BTreeSet<&'a str>, mut path: &'a str) {
    while let Some((parent, _)) = path.rsplit_once('/') {
        if !directories.insert(parent) {
            break;
        }
        path = parent;
    }
}

/// `3 files`
fn files(count: usize) -> String {
    if count == 1 { "1 file".to_owned() } else { format!("{count} files") }
}
