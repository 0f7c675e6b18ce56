use crate::digest::Sha1Digest;
use crate::error::{Code, Error, quoted};
use crate::json::{Fields, Json};
use crate::listing::check_size;
use crate::manifest::{DstPath, DstPaths, FileEntry, FirmwareEntry, Manifest, PatchEntry, broken_url_rule};
use crate::path::DevicePath;
use crate::version::{Version, VersionScheme};

impl Manifest {
    /// Reads a manifest strictly (rule M5): unknown fields are ignored; everything else must be present and valid.
    ///
    /// ```
    /// use airwaybill::Manifest;
    ///
    /// let text = r#"{"delete": ["flash/old.py"], "new": [], "previous_version": "1.0.0", "update": [], "version": "1.0.1"}"#;
    /// let manifest = Manifest::parse(text.as_bytes())?;
    /// assert_eq!(manifest.version().as_str(), "1.0.1");
    /// assert_eq!(manifest.previous_version().unwrap().as_str(), "1.0.0");
    /// assert_eq!(manifest.delete()[0].as_str(), "flash/old.py");
    /// assert!(manifest.new_files().is_empty() && manifest.update().is_empty());
    /// assert!(manifest.firmware().is_none() && manifest.total_size().is_none() && !manifest.is_full());
    /// assert_eq!(Manifest::parse(manifest.to_json().as_bytes())?, manifest);
    /// # Ok::<(), airwaybill::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`Code::JsonInvalid`]; or, with the field in the message, [`Code::FieldMissing`], [`Code::FieldType`],
    /// [`Code::DigestInvalid`], [`Code::UrlInvalid`], [`Code::SizeTooBig`], and the codes of [`DevicePath`] and
    /// [`Version`]. In formats 2 and 3 all sizes are present, `full` is `true` or absent, and `keep` may be there; format 1
    /// has none of them.
    pub fn parse(document: &[u8]) -> Result<Self, Error> {
        let document = Json::parse(document)?;
        let top = document.fields("")?;
        let is_sized = is_sized(&top);
        let files = |value: &Json<'_>, place: &str| value.list(place, |item, place| file_entry(item, place, is_sized));
        Ok(Self {
            delete: top.required("delete", |value, place| {
                value.list(place, |path, place| device_path(path.text(place)?, place))
            })?,
            firmware: top.optional("firmware", |value, place| {
                let entry = value.fields(place)?;
                Ok(FirmwareEntry {
                    url: url(&entry)?,
                    hash: hash(&entry, "hash")?,
                    patch: patch(&entry, true)?,
                    size: size(&entry, "size", is_sized)?,
                })
            })?,
            full: top.optional("full", Json::only_true)?.is_some(),
            keep: top.optional("keep", files)?.unwrap_or_default(),
            new: top.required("new", files)?,
            previous_version: top.required("previous_version", |value, place| value.or_null(place, version))?,
            total_size: size(&top, "total_size", is_sized)?,
            update: top.required("update", files)?,
            version: top.required("version", version)?,
        })
    }
}

// M4 and X3: any of their fields makes it a document of format 2 or 3.
fn is_sized(top: &Fields<'_, '_>) -> bool {
    let is_key = |key: &str| key == "size" || key == "patch";
    let has_size =
        |entry: &Json<'_>| matches!(entry, Json::Object(fields) if fields.iter().any(|(key, _)| is_key(key)));
    let has_entry_with_size = |key| match top.get(key) {
        Some(Json::List(entries)) => entries.iter().any(has_size),
        entry => entry.is_some_and(has_size),
    };
    ["full", "keep", "total_size"].into_iter().any(|key| top.get(key).is_some())
        || ["keep", "new", "update", "firmware"].into_iter().any(has_entry_with_size)
}

fn file_entry(value: &Json<'_>, place: &str, is_sized: bool) -> Result<FileEntry, Error> {
    let entry = value.fields(place)?;
    Ok(FileEntry {
        url: url(&entry)?,
        dst_path: entry.required("dst_path", dst_path)?,
        hash: hash(&entry, "hash")?,
        patch: patch(&entry, false)?,
        size: size(&entry, "size", is_sized)?,
    })
}

// X3
fn patch(entry: &Fields<'_, '_>, is_firmware: bool) -> Result<Option<PatchEntry>, Error> {
    entry.optional("patch", |value, place| {
        let entry = value.fields(place)?;
        let base = entry.get("base").map(|_| hash(&entry, "base")).transpose()?;
        Ok(PatchEntry {
            url: url(&entry)?,
            base,
            base_size: size(&entry, "base_size", is_firmware && base.is_some())?,
            hash: hash(&entry, "hash")?,
            size: entry.required("size", read_size)?,
        })
    })
}

fn url(entry: &Fields<'_, '_>) -> Result<String, Error> {
    entry.required("URL", |value, place| {
        let url = value.text(place)?;
        match broken_url_rule(url) {
            Some(rule) => Err(Error::new(Code::UrlInvalid, format!("{place}: {}: a URL must {rule}", quoted(url)))),
            None => Ok(url.to_owned()),
        }
    })
}

fn hash(entry: &Fields<'_, '_>, key: &str) -> Result<Sha1Digest, Error> {
    entry.required(key, |value, place| Sha1Digest::parse(value.text(place)?).map_err(|error| error.at(place)))
}

fn size(fields: &Fields<'_, '_>, key: &str, is_sized: bool) -> Result<Option<u64>, Error> {
    if is_sized { fields.required(key, read_size).map(Some) } else { Ok(None) }
}

fn read_size(value: &Json<'_>, place: &str) -> Result<u64, Error> {
    let size = value.number(place)?;
    check_size(size).map_err(|error| error.at(place)).map(|()| size)
}

fn dst_path(value: &Json<'_>, place: &str) -> Result<DstPath, Error> {
    let written = value.text(place)?;
    let (path, written) = match written.strip_prefix('/') {
        Some(path) => (path, DstPaths::Absolute),
        None => (written, DstPaths::Relative),
    };
    Ok(DstPath { path: device_path(path, place)?, written })
}

fn device_path(path: &str, place: &str) -> Result<DevicePath, Error> {
    DevicePath::new(path).map_err(|error| error.at(place))
}

fn version(value: &Json<'_>, place: &str) -> Result<Version, Error> {
    Version::parse(value.text(place)?, VersionScheme::Loose).map_err(|error| error.at(place))
}
