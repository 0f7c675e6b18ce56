//! Runs the engine on the input of a vector, by the public API alone; with the feature `inputs`, makes more inputs and
//! says what has to hold for all of them; with the feature `host`, runs other builds of it beside and compares.

mod delta;
#[cfg(feature = "inputs")]
mod dice;
#[cfg(feature = "inputs")]
pub mod generated;
#[cfg(feature = "host")]
pub mod guest;
#[cfg(feature = "inputs")]
pub mod hostile;
#[cfg(feature = "inputs")]
pub mod mutation;
mod objects;
#[cfg(feature = "inputs")]
pub mod pairs;
#[cfg(feature = "inputs")]
pub mod properties;
#[cfg(feature = "inputs")]
pub mod vectors;
mod waybill;
#[cfg(feature = "inputs")]
pub mod wycheproof;

use airwaybill::{
    Catalog, CatalogOptions, CheckRequest, CheckSettings, DevicePath, Entry, EntryFields, Error, FileRecord, Manifest,
    ManifestOptions, Notice, Peek, PlanRequest, Release, Version, VersionScheme, files_of, verify_content,
    verify_device,
};
use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::{Value, json};

/// The code for an input that does not fit its area.
pub const MALFORMED: &str = "input_malformed";

/// What a run gave: a value, or the code of the engine's error, or [`MALFORMED`].
pub type Outcome = Result<Value, &'static str>;

struct Failure(&'static str);

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self(error.code().as_str())
    }
}

impl From<serde_json::Error> for Failure {
    fn from(_: serde_json::Error) -> Self {
        Self(MALFORMED)
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Input {
    #[serde(default)]
    listing: Vec<EntryFields>,
    /// The listing of an earlier catalog.
    #[serde(default)]
    remembered: Vec<EntryFields>,
    /// The files in `delta/`.
    #[serde(default)]
    patches: Vec<EntryFields>,
    #[serde(default)]
    options: CatalogOptions,
    #[serde(default)]
    request: PlanRequest,
    render: Option<Value>,
    parse: Option<Content>,
    manifest: Option<String>,
    version: Option<String>,
    #[serde(default)]
    found: Vec<EntryFields>,
    check: Option<Value>,
    objects: Option<Value>,
    settings: Option<Value>,
    #[serde(default)]
    contents: BTreeMap<String, Content>,
}

/// A text, or runs of bytes: hex digits, and how often they stand there.
#[derive(Deserialize)]
#[serde(untagged)]
enum Content {
    Text(String),
    Runs(Vec<(String, u16)>),
}

impl Content {
    fn bytes(&self) -> Result<Vec<u8>, Failure> {
        match self {
            Self::Text(text) => Ok(text.as_bytes().to_owned()),
            Self::Runs(runs) => {
                let run = |(hex, count): &(String, u16)| {
                    Ok(from_hex(hex).ok_or(Failure(MALFORMED))?.repeat(usize::from(*count)))
                };
                Ok(runs.iter().map(run).collect::<Result<Vec<_>, Failure>>()?.concat())
            }
        }
    }
}

impl Input {
    fn listing(&mut self) -> Result<Vec<Entry>, Error> {
        self.listing.drain(..).map(TryInto::try_into).collect()
    }

    fn remembered(&mut self) -> Result<Vec<Entry>, Error> {
        self.remembered.drain(..).map(TryInto::try_into).collect()
    }

    fn patches(&mut self) -> Result<Vec<FileRecord>, Error> {
        let entries: Vec<Entry> = self.patches.drain(..).map(TryInto::try_into).collect::<Result<_, _>>()?;
        Ok(files_of(&entries))
    }

    fn catalog(&mut self) -> Result<Catalog, Error> {
        let (listing, remembered) = (self.listing()?, self.remembered()?);
        let patches = self.patches()?;
        let catalog = Catalog::from_listing(&listing, &self.options)?.remembering(&self.earlier(&remembered)?);
        Ok(catalog.with_patches(&patches))
    }

    /// The catalog of what is remembered, in which nothing was held back.
    fn earlier(&self, remembered: &[Entry]) -> Result<Catalog, Error> {
        let (unsettled, failed, unsigned) = (Vec::new(), Vec::new(), Vec::new());
        let options = CatalogOptions { unsettled, failed, unsigned, ..self.options.clone() };
        Catalog::from_listing(remembered, &options)
    }

    fn check_request(&self) -> Result<CheckRequest, Error> {
        self.check.as_ref().map_or(Ok(CheckRequest::default()), |check| airwaybill::deserialize(check, "check"))
    }

    fn found(&mut self) -> Result<Vec<FileRecord>, Error> {
        let entries: Vec<Entry> = self.found.drain(..).map(TryInto::try_into).collect::<Result<_, _>>()?;
        Ok(files_of(&entries))
    }
}

/// Runs one input, JSON, of one area and gives JSON: `{"ok": value}` or `{"code": text}`.
#[must_use]
pub fn answer(area: &[u8], input: &[u8]) -> String {
    let outcome = match (str::from_utf8(area), serde_json::from_slice::<Value>(input)) {
        (Ok(area), Ok(mut input)) => {
            // Of two errors each build gives the same one.
            input.sort_all_objects();
            run(area, &input)
        }
        _ => Err(MALFORMED),
    };
    match outcome {
        Ok(value) => json!({"ok": value}).to_string(),
        Err(code) => json!({"code": code}).to_string(),
    }
}

/// Runs one input of one area.
///
/// # Errors
///
/// The code of the engine's error, or [`MALFORMED`].
pub fn run(area: &str, input: &Value) -> Outcome {
    let outcome = match area {
        "version" => compare(input),
        "path" => path(input),
        "catalog" => read(input).and_then(catalog),
        "plan" => read(input).and_then(plan),
        "manifest" => read(input).and_then(manifest),
        "verify" => read(input).and_then(verify),
        "check" => read(input).and_then(check),
        "waybill" => waybill::run(input),
        "delta" => delta::run(input),
        "objects" => objects::run(input),
        "report" => report(input),
        _ => Err(Failure(MALFORMED)),
    };
    outcome.map_err(|Failure(code)| code)
}

fn read(input: &Value) -> Result<Input, Failure> {
    Ok(Input::deserialize(input)?)
}

fn text(value: Option<&Value>) -> Result<&str, Failure> {
    value.and_then(Value::as_str).ok_or(Failure(MALFORMED))
}

fn compare(input: &Value) -> Result<Value, Failure> {
    let scheme = input.get("scheme").map_or(Ok(VersionScheme::Loose), VersionScheme::deserialize)?;
    let parse = |side: &str| Ok::<_, Failure>(Version::parse(text(input.get(side))?, scheme)?);
    let order = parse("left")?.cmp(&parse("right")?);
    Ok(json!(format!("{order:?}").to_lowercase()))
}

fn path(input: &Value) -> Result<Value, Failure> {
    Ok(json!(DevicePath::from_bytes(&path_bytes(input)?)?))
}

fn path_bytes(input: &Value) -> Result<Vec<u8>, Failure> {
    match input.get("hex") {
        Some(hex) => from_hex(text(Some(hex))?).ok_or(Failure(MALFORMED)),
        None => Ok(text(Some(input))?.into()),
    }
}

fn from_hex(text: &str) -> Option<Vec<u8>> {
    let byte = |pair: &[u8]| u8::from_str_radix(str::from_utf8(pair).ok()?, 16).ok();
    text.as_bytes().chunks(2).map(byte).collect()
}

fn catalog(mut input: Input) -> Result<Value, Failure> {
    let catalog = input.catalog()?;
    let release = |release: &Release| {
        let file = |file: &airwaybill::File| json!({"path": file.path, "size": file.size, "sha1": file.sha1});
        json!({"version": release.version(), "files": release.files().iter().map(file).collect::<Vec<_>>()})
    };
    let notices = |notices: &[Notice]| -> Vec<Value> {
        notices.iter().map(|notice| json!({"code": notice.code, "path": notice.path})).collect()
    };
    Ok(json!({
        "releases": catalog.releases().iter().map(release).collect::<Vec<_>>(),
        "firmware": catalog.firmware(),
        "ignored": notices(catalog.ignored()),
        "warnings": notices(catalog.warnings()),
    }))
}

fn plan(mut input: Input) -> Result<Value, Failure> {
    Ok(json!(input.catalog()?.plan(&input.request)?))
}

fn check(mut input: Input) -> Result<Value, Failure> {
    if let Some(settings) = &input.settings {
        let settings: CheckSettings = airwaybill::deserialize(settings, "")?;
        return Ok(json!(settings.validate()?));
    }
    let (catalog, request) = (input.catalog()?, input.check_request()?);
    let paths = catalog.peeks(&request)?;
    let known = paths.iter().filter_map(|path| input.contents.get(path).map(|content| (path, content)));
    let peek = |(path, content): (&String, &Content)| Ok(Peek::of(path, &content.bytes()?));
    let peeks = known.map(peek).collect::<Result<Vec<_>, Failure>>()?;
    Ok(json!({"peeks": paths, "findings": catalog.check(&request, &peeks)?}))
}

fn manifest(mut input: Input) -> Result<Value, Failure> {
    if let Some(document) = &input.parse {
        return Ok(json!(Manifest::parse(&document.bytes()?)?.to_json()));
    }
    let catalog = input.catalog()?;
    let render = input.render.take().ok_or(Failure(MALFORMED))?;
    let options: ManifestOptions = airwaybill::deserialize(render, "render")?;
    Ok(json!(catalog.manifest_json(&input.request, &options)?))
}

/// The lines of the text.
fn report(input: &Value) -> Result<Value, Failure> {
    let text = airwaybill::report(input.to_string().as_bytes())?;
    Ok(json!(text.split('\n').collect::<Vec<_>>()))
}

fn verify(mut input: Input) -> Result<Value, Failure> {
    let found = input.found()?;
    if let Some(document) = &input.manifest {
        return Ok(json!(verify_content(&Manifest::parse(document.as_bytes())?, &found)));
    }
    let catalog = input.catalog()?;
    let version = input.version.as_deref().ok_or(Failure(MALFORMED))?;
    Ok(json!(verify_device(&catalog, version, &found)?))
}
