//! What is published.

use airwaybill::{FileRecord, ManifestKey, ManifestOptions, Object, ObjectsOptions, deserialize};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::{Content, Failure, Input, MALFORMED, read};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Document {
    name: String,
    content: Content,
}

pub(crate) fn run(input: &Value) -> Result<Value, Failure> {
    if let Some(key) = input.get("key") {
        let key = ManifestKey::parse(key.as_str().ok_or(Failure(MALFORMED))?)?;
        let fields = |key: ManifestKey| json!({"format": key.format.number(), "current": key.current, "firmware_version": key.firmware_version});
        return Ok(json!(key.map(fields)));
    }
    let mut input: Input = read(input)?;
    let (catalog, options) = (input.catalog()?, options(&mut input)?);
    let render: Option<ManifestOptions> = input.render.map(|render| deserialize(render, "render")).transpose()?;
    let row = |Object { key, kind, content_type, content }: &Object| {
        let made = render.as_ref().map(|of| catalog.object_json(key, &of.base_url, of.dst_paths)).transpose()?;
        let mut row = vec![json!(key), json!(kind), json!(content_type), json!(kind.cache())];
        row.extend(made.flatten().map(|text| json!(text)));
        row.extend(content.iter().flat_map(|(size, sha1)| [json!(size), json!(sha1)]));
        Ok(row)
    };
    let objects = catalog.objects(&options)?.iter().map(row).collect::<Result<Vec<_>, Failure>>()?;
    Ok(json!({"objects": objects, "counts": catalog.object_counts(&options)?}))
}

pub(crate) fn options(input: &mut Input) -> Result<ObjectsOptions, Failure> {
    let mut asked = input.objects.take().unwrap_or_else(|| json!({}));
    let documents = asked.as_object_mut().and_then(|asked| asked.remove("documents"));
    let documents: Vec<Document> = documents.map_or(Ok(Vec::new()), Vec::deserialize)?;
    let file = |file: &Document| Ok(FileRecord::of(&file.name, &file.content.bytes()?));
    let documents = documents.iter().map(file).collect::<Result<_, Failure>>()?;
    Ok(ObjectsOptions { documents, ..deserialize(asked, "objects")? })
}
