use serde_json::{Map, Value};

use crate::digest::Sha1Digest;
use crate::error::{Code, Error, quoted};
use crate::json::Unique;
use crate::listing::check_size;
use crate::manifest::{DstPath, DstPaths, FileEntry, FirmwareEntry, Manifest, broken_url_rule};
use crate::path::DevicePath;
use crate::version::{Version, VersionScheme};

impl Manifest {
    /// Reads a manifest strictly (rule M5): unknown fields do not count; everything else must be there and right.
    ///
    /// # Errors
    ///
    /// [`Code::JsonInvalid`]; or, with the field in the message, [`Code::FieldMissing`], [`Code::FieldType`],
    /// [`Code::DigestInvalid`], [`Code::UrlInvalid`], [`Code::SizeTooBig`], and the codes of [`DevicePath`] and
    /// [`Version`]. Sizes are all there (format 2) or none is (format 1).
    pub fn parse(document: &[u8]) -> Result<Self, Error> {
        let Unique(value) = serde_json::from_slice(document)
            .map_err(|error| Error::new(Code::JsonInvalid, format!("not a JSON document: {error}")))?;
        let Value::Object(fields) = value else {
            return Err(Error::new(Code::FieldType, format!("a manifest is an object, not {}", kind(&value))));
        };
        let top = Object { fields: &fields, place: String::new() };
        let is_sized = top.is_sized();
        Ok(Self {
            delete: top.items("delete", |value, place| device_path(text(value, place)?, place))?,
            firmware: top.optional("firmware", |value, place| {
                let entry = Object::new(value, place)?;
                Ok(FirmwareEntry { url: entry.url()?, hash: entry.hash()?, size: entry.size("size", is_sized)? })
            })?,
            new: top.items("new", |value, place| file_entry(value, place, is_sized))?,
            previous_version: top.required("previous_version", |value, place| match value {
                Value::Null => Ok(None),
                value => version(value, place).map(Some),
            })?,
            total_size: top.size("total_size", is_sized)?,
            update: top.items("update", |value, place| file_entry(value, place, is_sized))?,
            version: top.required("version", version)?,
        })
    }
}

/// A JSON object and where it stands in the document: `new[3]`, or nothing for the top.
struct Object<'a> {
    fields: &'a Map<String, Value>,
    place: String,
}

impl<'a> Object<'a> {
    fn new(value: &'a Value, place: &str) -> Result<Self, Error> {
        match value {
            Value::Object(fields) => Ok(Self { fields, place: place.to_owned() }),
            _ => Err(wrong_type(place, "an object", value)),
        }
    }

    fn place_of(&self, key: &str) -> String {
        if self.place.is_empty() { key.to_owned() } else { format!("{}.{key}", self.place) }
    }

    fn optional<T>(
        &self,
        key: &str,
        read: impl FnOnce(&'a Value, &str) -> Result<T, Error>,
    ) -> Result<Option<T>, Error> {
        self.fields.get(key).map(|value| read(value, &self.place_of(key))).transpose()
    }

    fn required<T>(&self, key: &str, read: impl FnOnce(&'a Value, &str) -> Result<T, Error>) -> Result<T, Error> {
        self.optional(key, read)?
            .ok_or_else(|| Error::new(Code::FieldMissing, format!("{}: the field is missing", self.place_of(key))))
    }

    fn items<T>(&self, key: &str, read: impl Fn(&'a Value, &str) -> Result<T, Error>) -> Result<Vec<T>, Error> {
        self.required(key, |value, place| match value {
            Value::Array(items) => {
                items.iter().enumerate().map(|(index, item)| read(item, &format!("{place}[{index}]"))).collect()
            }
            _ => Err(wrong_type(place, "a list", value)),
        })
    }

    fn url(&self) -> Result<String, Error> {
        self.required("URL", |value, place| {
            let url = text(value, place)?;
            match broken_url_rule(url) {
                Some(rule) => Err(Error::new(Code::UrlInvalid, format!("{place}: {}: a URL {rule}", quoted(url)))),
                None => Ok(url.to_owned()),
            }
        })
    }

    fn hash(&self) -> Result<Sha1Digest, Error> {
        self.required("hash", |value, place| Sha1Digest::parse(text(value, place)?).map_err(|error| error.at(place)))
    }

    fn size(&self, key: &str, is_sized: bool) -> Result<Option<u64>, Error> {
        if is_sized { self.required(key, size).map(Some) } else { Ok(None) }
    }

    // M4: one size makes it a document of format 2.
    fn is_sized(&self) -> bool {
        let has_size = |value: &Value| value.get("size").is_some();
        let entries = ["new", "update"].iter().filter_map(|key| self.fields.get(*key)?.as_array()).flatten();
        self.fields.contains_key("total_size") || self.fields.get("firmware").into_iter().chain(entries).any(has_size)
    }
}

fn file_entry(value: &Value, place: &str, is_sized: bool) -> Result<FileEntry, Error> {
    let entry = Object::new(value, place)?;
    Ok(FileEntry {
        url: entry.url()?,
        dst_path: entry.required("dst_path", dst_path)?,
        hash: entry.hash()?,
        size: entry.size("size", is_sized)?,
    })
}

fn dst_path(value: &Value, place: &str) -> Result<DstPath, Error> {
    let written = text(value, place)?;
    let (path, written) = match written.strip_prefix('/') {
        Some(path) => (path, DstPaths::Absolute),
        None => (written, DstPaths::Relative),
    };
    Ok(DstPath { path: device_path(path, place)?, written })
}

fn device_path(path: &str, place: &str) -> Result<DevicePath, Error> {
    DevicePath::new(path).map_err(|error| error.at(place))
}

fn version(value: &Value, place: &str) -> Result<Version, Error> {
    Version::parse(text(value, place)?, VersionScheme::Loose).map_err(|error| error.at(place))
}

fn size(value: &Value, place: &str) -> Result<u64, Error> {
    let size = value.as_u64().ok_or_else(|| wrong_type(place, "a whole number of bytes", value))?;
    check_size(size, place).map(|()| size)
}

fn text<'a>(value: &'a Value, place: &str) -> Result<&'a str, Error> {
    value.as_str().ok_or_else(|| wrong_type(place, "a text", value))
}

fn wrong_type(place: &str, wanted: &str, value: &Value) -> Error {
    Error::new(Code::FieldType, format!("{place}: should be {wanted}, not {}", kind(value)))
}

fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "a truth value",
        Value::Number(_) => "a number",
        Value::String(_) => "a text",
        Value::Array(_) => "a list",
        Value::Object(_) => "an object",
    }
}
