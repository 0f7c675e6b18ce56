//! What one device gets as a document for people, made of a document for programs.

mod csv;
mod html;
mod markdown;
mod read;
mod table;

use crate::by_name::ByName;
use crate::check::Level;
use crate::error::Error;
use crate::waybill::PublicKey;
use read::{File, Finding, Form, Given, Patch as PlanPatch, Plan, Signed};
use table::Column::{Advice, Code, Message, Patch, Path, Sha1, Size, What};
use table::{Table, Titled, bytes, grouped};

const FACTS: &[Titled] = &[(What, "Fact"), (Message, "Value")];
const FINDINGS: &[Titled] =
    &[(What, "Level"), (Code, "Code"), (Path, "Path"), (Message, "Finding"), (Advice, "Advice")];
const SIGNATURES: &[Titled] = &[(What, "Verdict"), (Path, "Name"), (Message, "About")];
const FILES: &[Titled] = &[(What, "Change"), (Path, "Path"), (Size, "Size"), (Sha1, "SHA-1"), (Patch, "Patch")];

/// A plan to hand over: a headline, counts, every file, the firmware, and what is known besides (rules R1 to R4).
///
/// The document is JSON: `plan`, that of [`Catalog::plan`](crate::Catalog::plan), or `null`. Of the rest each field may be missing or `null`, and is then not said:
///
/// - `format`: `markdown`, as without it, `csv` or `html`;
/// - `current` and `firmware_version` of the request, `before`, the files of the device's release;
/// - `sha256` of the plan's image;
/// - `findings` of [`Catalog::check`](crate::Catalog::check), and `unread`, the number of files that it should have looked into and did not;
/// - `signed`, as of [`Catalog::signed`](crate::Catalog::signed), of which those of the plan's release and image are said;
/// - `base_url`, `generation`, a number, and `time`, `2026-11-27T00:00:00Z`.
///
/// Names with `_` may be in camel case.
///
/// ```
/// use airwaybill::{Catalog, CatalogOptions, CheckRequest, FileRecord, PlanRequest, report};
///
/// let listing = ["1.0.0/flash/main.py", "1.0.1/flash/main.py"].map(|path| FileRecord::of(path, path.as_bytes()).into());
/// let catalog = Catalog::from_listing(&listing, &CatalogOptions::default())?;
/// let plan = catalog.plan(&PlanRequest { current: Some("1.0.0".into()), ..PlanRequest::default() })?;
/// let findings = catalog.check(&CheckRequest::default(), &[])?;
///
/// let document = serde_json::json!({"plan": plan, "findings": findings, "time": "2026-11-27T00:00:00Z"});
/// let text = report(document.to_string().as_bytes())?;
/// assert!(text.starts_with("# A device on 1.0.0 downloads 19 B to get to 1.0.1\n"));
/// # Ok::<(), airwaybill::Error>(())
/// ```
///
/// # Errors
///
/// [`Code::JsonInvalid`](crate::Code::JsonInvalid); [`Code::FieldMissing`](crate::Code::FieldMissing); [`Code::FieldType`](crate::Code::FieldType) for a field of another type, an
/// unknown one beside the plan, format or level; [`Code::DigestInvalid`](crate::Code::DigestInvalid),
/// [`Code::BaseUrlInvalid`](crate::Code::BaseUrlInvalid), [`Code::DocumentValue`](crate::Code::DocumentValue) if the time is none, and the codes of a key.
pub fn report(document: &[u8]) -> Result<String, Error> {
    Ok(Given::read(document)?.write())
}

impl Given {
    fn write(&self) -> String {
        let mut tables = vec![self.facts(), self.found(), self.signatures(), self.files()];
        tables.retain(|table| !table.rows.is_empty());
        let document = match self.format {
            Form::Markdown => markdown::document,
            Form::Csv => csv::document,
            Form::Html => html::document,
        };
        document(&self.headline(), &tables)
    }

    fn headline(&self) -> String {
        let device = match self.version() {
            Some(version) => format!("A device on {version}"),
            None => "A device without a version".to_owned(),
        };
        match &self.plan {
            Some(plan) => format!(
                "{device} downloads {} to get to {}",
                bytes(&plan.download_sizes()[0].to_string()),
                plan.version
            ),
            None => format!("{device} has nothing to do"),
        }
    }

    /// The device's.
    fn version(&self) -> Option<&str> {
        let plan = self.plan.as_ref();
        plan.map_or(&self.current, |plan| &plan.previous_version).as_deref()
    }

    fn facts(&self) -> Table {
        let mut facts = Table::new("Plan", FACTS);
        let mut fact = |what: &str, value: Option<String>| {
            if let Some(value) = value {
                facts.add([what, &value]);
            }
        };
        fact("from", self.version().map(str::to_owned));
        if let Some(plan) = &self.plan {
            fact("to", Some(plan.version.clone()));
            // P4
            let is_unknown = plan.full && plan.previous_version.is_some();
            let note = "its release is not available here, so every file is new and none is deleted";
            fact("device", is_unknown.then(|| note.to_owned()));
            let [size, patched] = plan.download_sizes();
            fact("download", Some(bytes(&size.to_string())));
            fact("with patches", (patched < size).then(|| bytes(&patched.to_string())));
            let counts = [
                ("files deleted", plan.delete.len()),
                ("files new", plan.new.len()),
                ("files updated", plan.update.len()),
                ("files kept", plan.kept().count()),
            ];
            for (what, count) in counts {
                fact(what, Some(grouped(&count.to_string())));
            }
        }
        fact("firmware of the device", self.firmware_version.clone());
        if let Some(image) = self.plan.as_ref().and_then(|plan| plan.firmware.as_ref()) {
            fact("firmware", Some(image.path.clone()));
            fact("firmware SHA-1", Some(image.sha1.to_string()));
            fact("firmware SHA-256", self.sha256.map(|digest| digest.to_string()));
        }
        fact("check", self.findings.as_deref().map(|found| self.verdict(found)));
        let base_url = self.base_url.as_deref();
        fact("base URL", base_url.map(|url| url.trim_end_matches('/').to_owned()));
        fact("generation", self.generation.map(|number| number.to_string()));
        fact("time", self.time.clone());
        facts
    }

    /// How many findings there are of each level.
    fn verdict(&self, found: &[Finding]) -> String {
        let of = |level| found.iter().map(|finding| u64::from(finding.level == level)).sum();
        let levels = [Level::Error, Level::Warning, Level::Hint];
        let counts = levels.map(|level| (of(level), level.as_str(), "")).into_iter();
        let counts = counts.chain([(self.unread, "file", " not looked into")]).filter(|(count, ..)| *count > 0);
        let words = counts.map(|(count, word, rest)| {
            let plural = if count == 1 { "" } else { "s" };
            format!("{} {word}{plural}{rest}", grouped(&count.to_string()))
        });
        let words: Vec<String> = words.collect();
        if words.is_empty() { "nothing found".to_owned() } else { words.join(", ") }
    }

    fn found(&self) -> Table {
        let mut table = Table::new("Findings", FINDINGS);
        for Finding { level, code, path, message, advice } in self.findings.iter().flatten() {
            table.add([level.as_str(), code, path, message, advice]);
        }
        table
    }

    /// Of the release and the image that the device gets.
    fn signatures(&self) -> Table {
        let mut table = Table::new("Signatures", SIGNATURES);
        let Some(plan) = &self.plan else { return table };
        let image = plan.firmware.as_ref().map(|image| &image.path);
        for signed in self.signed.iter().filter(|signed| signed.path == plan.version || Some(&signed.path) == image) {
            let verdict = if signed.verdict.reasons.is_empty() { "valid" } else { "refused" };
            table.add([verdict, &signed.path, &about(signed)]);
        }
        table
    }

    fn files(&self) -> Table {
        let mut table = Table::new("Files", FILES);
        let Some(plan) = &self.plan else { return table };
        let (before, patches) = (ByName::new(&self.before, |file| &file.path), plan.patches());
        let mut row = |what, path, file: Option<&File>, made| {
            let [size, sha1] =
                file.map_or_else(Default::default, |file| [file.size.to_string(), file.sha1.to_string()]);
            let patch = patches.get(made).map(|patch| patch.size.to_string()).unwrap_or_default();
            table.add([what, path, &size, &sha1, &patch]);
        };
        for path in &plan.delete {
            row("delete", path, before.get(path), path);
        }
        let new = plan.new.iter().map(|file| ("new", file));
        let files = new.chain(plan.update.iter().map(|file| ("update", file)));
        for (what, file) in files.chain(plan.kept().map(|file| ("keep", file))) {
            row(what, &file.path, Some(file), &file.path);
        }
        if let Some(image) = &plan.firmware {
            row("flash", &image.path, Some(image), IMAGE);
        }
        table
    }
}

/// What the patch of the image makes: no file has this path.
const IMAGE: &str = "";

impl Plan {
    /// The files that a device has of its own; what its release lacks is new (rule C7).
    fn kept(&self) -> impl Iterator<Item = &File> {
        let new = ByName::new(&self.new, |file| &file.path);
        self.keep.iter().filter(move |file| new.get(&file.path).is_none())
    }

    fn patches(&self) -> ByName<'_, PlanPatch> {
        ByName::new(&self.patches, |patch| patch.file.as_deref().unwrap_or(IMAGE))
    }

    /// Bytes that a device downloads, without patches and with them.
    fn download_sizes(&self) -> [u64; 2] {
        let patches = self.patches();
        let files = self.new.iter().chain(&self.update).map(|file| (&*file.path, file.size));
        let image = self.firmware.iter().map(|image| (IMAGE, image.size));
        files.chain(image).fold([0, 0], |[full, patched]: [u64; 2], (made, size)| {
            let fetched = patches.get(made).map_or(size, |patch| patch.size);
            [full.saturating_add(size), patched.saturating_add(fetched)]
        })
    }
}

/// Who signed it, and why devices refuse it.
fn about(Signed { sequence, expires, verdict, .. }: &Signed) -> String {
    let name = |key: &PublicKey| match key.comment() {
        "" => key.fingerprint(),
        comment => comment.to_owned(),
    };
    let names: Vec<String> = verdict.signers.iter().map(name).collect();
    let mut about = if names.is_empty() { Vec::new() } else { vec![format!("signed by {}", names.join(", "))] };
    about.extend(sequence.map(|number| format!("sequence {number}")));
    about.extend(expires.as_ref().map(|time| format!("expires {time}")));
    about.extend(verdict.reasons.iter().map(|reason| reason.message.clone()));
    about.join("; ")
}
