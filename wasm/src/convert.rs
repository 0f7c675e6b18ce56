//! Values of the engine and of JavaScript, each as the other.
//!
//! Structures cross as one JSON text: one call and one pass on either side, where a call for each field costs several
//! times as much. Nothing here throws past a Rust frame: each JavaScript call that can throw is caught.

use std::cell::RefCell;
use std::fmt::{self, Display};

use airwaybill::{Entry, EntryFields, FileRecord};
use js_sys::{Error, JSON, JsString, Reflect, Uint8Array};
use serde::Serialize;
use serde::de::{DeserializeOwned, DeserializeSeed, Deserializer, Error as _, SeqAccess, Visitor};
use wasm_bindgen::convert::TryFromJsValue;
use wasm_bindgen::prelude::*;

/// An `Error` with `code`, thrown to JavaScript.
pub(crate) type Result<T> = std::result::Result<T, JsValue>;

pub(crate) fn error(code: &str, message: impl Display) -> JsValue {
    let error = Error::new(&message.to_string());
    // INVARIANT: a new object takes a property.
    let _ = Reflect::set(&error, &"code".into(), &code.into());
    error.into()
}

pub(crate) fn engine_error(failure: airwaybill::Error) -> JsValue {
    error(failure.code().as_str(), failure)
}

pub(crate) fn wrong_type(place: &str, wanted: impl Display) -> JsValue {
    error("field_type", format_args!("{place}: {wanted}"))
}

/// A text that is well-formed: half a surrogate pair would be replaced on the way, and nothing is mended here.
pub(crate) fn text(value: &JsValue, place: &str) -> Result<String> {
    match value.dyn_ref::<JsString>() {
        Some(text) if text.is_well_formed() => Ok(text.into()),
        Some(_) => Err(wrong_type(place, "has half a surrogate pair")),
        None => Err(wrong_type(place, "should be a text")),
    }
}

/// What JSON writes of a value; nothing of what it does not write, such as `undefined`.
fn json(value: &JsValue, place: &str) -> Result<Option<Vec<u8>>> {
    let text = JSON::stringify(value).map_err(|_| wrong_type(place, "cannot be written as JSON"))?;
    let text: &JsValue = text.as_ref();
    Ok((!text.is_undefined()).then(|| utf8(text).to_vec()))
}

#[wasm_bindgen(raw_module = "./crossing.js")]
extern "C" {
    fn utf8(text: &JsValue) -> Uint8Array;

    /// Fills `target` with the bytes of a `Uint8Array` from `start` on, as far as there are any; how many it took.
    /// Throws for any other value.
    #[wasm_bindgen(catch)]
    fn copy(source: &JsValue, start: usize, target: &mut [u8]) -> Result<usize>;

    /// A text of ASCII characters; for a short one faster than a decoder.
    fn ascii(characters: &[u8]) -> JsString;

    type Handle;

    #[wasm_bindgen(method, catch)]
    fn share(this: &Handle) -> Result<JsValue>;
}

/// The engine's value behind an object of one of the exported classes.
pub(crate) fn shared<T: TryFromJsValue>(value: &JsValue, class: &str) -> Result<T> {
    let handle = value.unchecked_ref::<Handle>().share().ok();
    handle
        .and_then(|handle| T::try_from_js_value(handle).ok())
        .ok_or_else(|| wrong_type(class, "should be an object of that class, not freed"))
}

const PIECE_BYTES: usize = 64 * 1024;

thread_local! {
    static PIECE: RefCell<Vec<u8>> = RefCell::new(vec![0; PIECE_BYTES]);
}

/// Goes through the bytes of a `Uint8Array` of any size by pieces that stay in the processor's cache.
pub(crate) fn each_piece(value: &JsValue, mut take: impl FnMut(&[u8])) -> Result<()> {
    PIECE.with_borrow_mut(|piece| {
        let mut start: usize = 0;
        loop {
            let taken = copy(value, start, piece).map_err(|_| wrong_type("content", "should be a Uint8Array"))?;
            take(piece.get(..taken).unwrap_or_default());
            if taken < PIECE_BYTES {
                return Ok(());
            }
            start += PIECE_BYTES;
        }
    })
}

/// The bytes of a `Uint8Array`; nothing of any other value.
pub(crate) fn octets(value: &JsValue) -> Option<Vec<u8>> {
    let mut octets = Vec::new();
    each_piece(value, |piece| octets.extend_from_slice(piece)).ok().map(|()| octets)
}

/// Options, of a plain object or of nothing.
pub(crate) fn optional<T: DeserializeOwned + Default>(value: &JsValue, place: &str) -> Result<T> {
    required::<Option<T>>(value, place).map(Option::unwrap_or_default)
}

/// Options, of a plain object.
pub(crate) fn required<T: DeserializeOwned>(value: &JsValue, place: &str) -> Result<T> {
    let text = json(value, place)?;
    let text = text.as_deref().unwrap_or(b"null");
    if text.starts_with(b"[") {
        return Err(wrong_type(place, "should be an object"));
    }
    serde_json::from_slice(text).map_err(|failure| wrong_type(place, shown(&failure)))
}

/// The entries of a listing.
pub(crate) fn entries(value: &JsValue, place: &'static str) -> Result<Vec<Entry>> {
    let text = json(value, place)?.ok_or_else(|| wrong_type(place, "should be a list of entries"))?;
    let mut failure = None;
    let seed = Entries { place, failure: &mut failure };
    let entries = seed.deserialize(&mut serde_json::Deserializer::from_slice(&text));
    match (entries, failure) {
        (Ok(entries), _) => Ok(entries),
        (Err(_), Some(failure)) => Err(engine_error(failure)),
        (Err(failure), None) => Err(wrong_type(place, shown(&failure))),
    }
}

/// The files of a listing.
pub(crate) fn files(value: &JsValue, place: &'static str) -> Result<Vec<FileRecord>> {
    entries(value, place).map(|entries| airwaybill::files_of(&entries))
}

/// Reads entry by entry; an error of the engine, which has a code, is put aside.
struct Entries<'a> {
    place: &'static str,
    failure: &'a mut Option<airwaybill::Error>,
}

impl<'de> DeserializeSeed<'de> for Entries<'_> {
    type Value = Vec<Entry>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> std::result::Result<Self::Value, D::Error> {
        deserializer.deserialize_seq(self)
    }
}

impl<'de> Visitor<'de> for Entries<'_> {
    type Value = Vec<Entry>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list of entries")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> std::result::Result<Self::Value, A::Error> {
        let mut entries = Vec::new();
        loop {
            let fields = items
                .next_element::<EntryFields>()
                .map_err(|failure| A::Error::custom(format_args!("[{}]: {failure}", entries.len())))?;
            let Some(fields) = fields else { return Ok(entries) };
            match Entry::try_from(fields) {
                Ok(entry) => entries.push(entry),
                Err(failure) => {
                    *self.failure = Some(failure);
                    return Err(A::Error::custom(self.place));
                }
            }
        }
    }
}

/// Without the place in a JSON text that the caller never saw.
fn shown(failure: &serde_json::Error) -> String {
    let message = failure.to_string();
    message.rsplit_once(" at line ").map_or(message.as_str(), |(message, _)| message).to_owned()
}

/// A plain JavaScript value of what the engine gives.
pub(crate) fn to_js(value: &impl Serialize) -> Result<JsValue> {
    let text = serde_json::to_string(value).map_err(|failure| wrong_type("answer", failure))?;
    JSON::parse(&text)
}

/// A digest as JavaScript writes it.
pub(crate) fn digits(sha1: airwaybill::Sha1Digest) -> JsString {
    ascii(sha1.to_string().as_bytes())
}
