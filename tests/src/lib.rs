//! Runs the engine on the input of a vector, by the public API alone.

use airwaybill::{
    Catalog, CatalogOptions, Code, DevicePath, DstPaths, Entry, EntryFields, Error, FileRecord, Manifest,
    ManifestOptions, Notice, PlanRequest, Release, Version, VersionScheme, verify_content, verify_device,
};
use serde::Deserialize;
use serde_json::{Value, json};

/// What a vector expects, or what a run gave.
pub type Outcome = Result<Value, Code>;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Input {
    #[serde(default)]
    listing: Vec<EntryFields>,
    #[serde(default)]
    options: CatalogOptions,
    #[serde(default)]
    request: PlanRequest,
    render: Option<Render>,
    parse: Option<String>,
    manifest: Option<String>,
    version: Option<String>,
    #[serde(default)]
    found: Vec<EntryFields>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Render {
    base_url: String,
    #[serde(default)]
    dst_paths: DstPaths,
    #[serde(default = "plain")]
    format: u8,
}

fn plain() -> u8 {
    1
}

impl Input {
    fn catalog(&mut self) -> Result<Catalog, Error> {
        let listing: Vec<Entry> = self.listing.drain(..).map(TryInto::try_into).collect::<Result<_, _>>()?;
        Catalog::from_listing(&listing, &self.options)
    }

    fn found(&mut self) -> Result<Vec<FileRecord>, Error> {
        let entries: Vec<Entry> = self.found.drain(..).map(TryInto::try_into).collect::<Result<_, _>>()?;
        let file = |entry| match entry {
            Entry::File(record) => Some(record),
            Entry::Link { .. } | Entry::Unread { .. } => None,
        };
        Ok(entries.into_iter().filter_map(file).collect())
    }
}

/// Runs one input of one area.
///
/// # Errors
///
/// The code of the engine's error.
///
/// # Panics
///
/// On an input that is no input of the area.
pub fn run(area: &str, input: &Value) -> Outcome {
    let outcome = match area {
        "version" => compare(input),
        "path" => path(input),
        _ => {
            let input = Input::deserialize(input).expect("an input of this area");
            match area {
                "catalog" => catalog(input),
                "plan" => plan(input),
                "manifest" => manifest(input),
                "verify" => verify(input),
                _ => panic!("no area {area:?}"),
            }
        }
    };
    outcome.map_err(|error| error.code())
}

fn compare(input: &Value) -> Result<Value, Error> {
    let scheme = input
        .get("versions")
        .map_or(VersionScheme::Loose, |scheme| VersionScheme::deserialize(scheme).expect("a version scheme"));
    let parse = |side: &str| Version::parse(input[side].as_str().expect("a text"), scheme);
    let order = parse("left")?.cmp(&parse("right")?);
    Ok(json!(format!("{order:?}").to_lowercase()))
}

fn path(input: &Value) -> Result<Value, Error> {
    let path = match input.get("hex") {
        Some(hex) => DevicePath::from_bytes(&from_hex(hex.as_str().expect("a text")))?,
        None => DevicePath::new(input.as_str().expect("a text"))?,
    };
    Ok(json!(path))
}

fn from_hex(text: &str) -> Vec<u8> {
    let digits = |pair: &[u8]| u8::from_str_radix(str::from_utf8(pair).expect("ASCII"), 16).expect("hex digits");
    text.as_bytes().chunks(2).map(digits).collect()
}

fn catalog(mut input: Input) -> Result<Value, Error> {
    let catalog = input.catalog()?;
    let release = |release: &Release| {
        let file = |file: airwaybill::File<'_>| json!({"path": file.path, "size": file.size, "sha1": file.sha1});
        json!({"version": release.version(), "files": release.files().map(file).collect::<Vec<_>>()})
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

fn plan(mut input: Input) -> Result<Value, Error> {
    Ok(json!(input.catalog()?.plan(&input.request)?))
}

fn manifest(mut input: Input) -> Result<Value, Error> {
    if let Some(document) = &input.parse {
        return Ok(json!(Manifest::parse(document.as_bytes())?.to_json()));
    }
    let catalog = input.catalog()?;
    let Render { base_url, dst_paths, format } = input.render.take().expect("render or parse");
    let options = ManifestOptions { base_url, dst_paths, format: format.try_into()? };
    Ok(json!(catalog.manifest_json(&input.request, &options)?))
}

fn verify(mut input: Input) -> Result<Value, Error> {
    let found = input.found()?;
    if let Some(document) = &input.manifest {
        return Ok(json!(verify_content(&Manifest::parse(document.as_bytes())?, &found)));
    }
    let catalog = input.catalog()?;
    let version = input.version.as_deref().expect("manifest or version");
    Ok(json!(verify_device(&catalog, version, &found)?))
}
