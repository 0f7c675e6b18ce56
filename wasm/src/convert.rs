//! Converts between values of the engine and of JavaScript.
//!
//! No exception passes a Rust frame: what may run the caller's code, such as a getter, is called in `crossing.ts` and
//! caught there.
//!
//! For an argument of an exported class wasm-bindgen throws an error of its own, without a code, where the object is of another
//! class or freed. So such arguments are a `JsValue`, cast unchecked to `Handle` to call `share()`, which each class has: it gives
//! a second handle of the same value, which may be consumed here. On any other object the call throws, and is caught.
//!
//! Options are read by `PlainData`, since serde-wasm-bindgen asks an object for the fields that it knows alone, and a misspelt one
//! would go unnoticed.

use std::cell::RefCell;
use std::fmt::Display;

use airwaybill::Code;
use js_sys::{Array, Error, JSON, JsString, Object, Reflect};
use serde::de::value::{MapDeserializer, SeqDeserializer};
use serde::de::{DeserializeOwned, Deserializer, IntoDeserializer, Visitor};
use serde::{Serialize, forward_to_deserialize_any};
use serde_wasm_bindgen::Serializer;
use wasm_bindgen::convert::TryFromJsValue;
use wasm_bindgen::prelude::*;

/// An `Error` with `code`, thrown to JavaScript.
pub(crate) type Result<T> = std::result::Result<T, JsValue>;

fn error(code: Code, message: impl Display) -> JsValue {
    let error = Error::new(&message.to_string());
    // INVARIANT: a new object takes a property.
    let _ = Reflect::set(&error, &"code".into(), &code.as_str().into());
    error.into()
}

pub(crate) fn engine_error(failure: airwaybill::Error) -> JsValue {
    error(failure.code(), failure)
}

pub(crate) fn wrong_type(place: &str, wanted: impl Display) -> JsValue {
    let colon = if place.is_empty() { "" } else { ": " };
    error(Code::FieldType, format_args!("{place}{colon}{wanted}"))
}

#[wasm_bindgen(raw_module = "./crossing.js")]
extern "C" {
    /// Copies options, or a into plain data, without getters and null values. Throws for what JSON cannot write.
    #[wasm_bindgen(catch)]
    pub(crate) fn plain(value: &JsValue) -> Result<JsValue>;

    /// Copies bytes of a `Uint8Array`, from `start` on, into `target`; returns how many. Throws for any other value.
    #[wasm_bindgen(catch)]
    fn copy(source: &JsValue, start: usize, target: &mut [u8]) -> Result<usize>;

    type Handle;

    #[wasm_bindgen(method, catch)]
    fn share(this: &Handle) -> Result<JsValue>;
}

/// The engine's value in an object of an exported class.
pub(crate) fn shared<T: TryFromJsValue>(value: &JsValue, class: &str) -> Result<T> {
    let handle = value.unchecked_ref::<Handle>().share().ok();
    handle
        .and_then(|handle| T::try_from_js_value(handle).ok())
        .ok_or_else(|| wrong_type(class, "expected an object of this class that is not freed"))
}

/// A well-formed string: a lone surrogate would be replaced on the way, and invalid input is never repaired.
pub(crate) fn text(value: &JsValue, place: &str) -> Result<String> {
    match value.dyn_ref::<JsString>() {
        Some(text) if text.is_well_formed() => Ok(text.into()),
        Some(_) => Err(wrong_type(place, "expected well-formed text, found a lone surrogate")),
        None => Err(wrong_type(place, "expected a string")),
    }
}

/// The same, or `None` for `undefined` and `null`.
pub(crate) fn optional_text(value: &JsValue, place: &str) -> Result<Option<String>> {
    if value.is_undefined() || value.is_null() { Ok(None) } else { text(value, place).map(Some) }
}

/// SHA-1 of 32 MiB takes 40 ms in pieces of this size, 44 in pieces of 4 KiB and 42 in pieces of 1 MiB.
const PIECE_BYTES: usize = 64 * 1024;

thread_local! {
    static PIECE: RefCell<Vec<u8>> = RefCell::new(vec![0; PIECE_BYTES]);
}

/// Reads a `Uint8Array` of any size in pieces.
pub(crate) fn each_piece(value: &JsValue, mut take: impl FnMut(&[u8])) -> Result<()> {
    PIECE.with_borrow_mut(|piece| {
        let mut start: usize = 0;
        loop {
            let taken = copy(value, start, piece).map_err(|_| wrong_type("content", "expected a Uint8Array"))?;
            take(piece.get(..taken).unwrap_or_default());
            if taken < PIECE_BYTES {
                return Ok(());
            }
            start += PIECE_BYTES;
        }
    })
}

/// The bytes of a `Uint8Array`; `None` for any other value.
pub(crate) fn octets(value: &JsValue) -> Option<Vec<u8>> {
    let mut octets = Vec::new();
    each_piece(value, |piece| octets.extend_from_slice(piece)).ok().map(|()| octets)
}

/// A document as text or as the bytes of a file.
pub(crate) fn bytes_of(value: &JsValue, place: &str) -> Result<Vec<u8>> {
    octets(value).map_or_else(|| text(value, place).map(String::into_bytes), Ok)
}

/// Options or a list of objects; without any, the defaults.
pub(crate) fn read<T: DeserializeOwned>(value: &JsValue, place: &str) -> Result<T> {
    let value = plain(value).map_err(|_| wrong_type(place, "expected objects and lists of strings and numbers"))?;
    from_js(value, place)
}

/// Converts plain data into a value of the engine.
pub(crate) fn from_js<T: DeserializeOwned>(value: JsValue, place: &str) -> Result<T> {
    airwaybill::deserialize(PlainData(value), place).map_err(engine_error)
}

/// Converts a value of the engine into a plain one.
pub(crate) fn to_js(value: &(impl Serialize + ?Sized)) -> Result<JsValue> {
    Ok(value.serialize(&Serializer::json_compatible())?)
}

/// The keys and values of a plain object; `None` for any other value.
pub(crate) fn entries(value: &JsValue) -> Option<impl Iterator<Item = (JsValue, JsValue)> + use<>> {
    let entry = |pair: JsValue| {
        let pair: Array = pair.unchecked_into();
        (pair.get(0), pair.get(1))
    };
    let is_object = value.is_object() && !Array::is_array(value);
    is_object.then(|| Object::entries(value.unchecked_ref()).into_iter().map(entry))
}

/// INVARIANT: sizes are under 2^53, and so is their sum in a catalog.
#[allow(clippy::cast_precision_loss, reason = "JavaScript's numbers are f64")]
pub(crate) fn number(size: u64) -> f64 {
    size as f64
}

/// The reverse of `number`. INVARIANT: whole and not negative; beyond 64 bits it saturates, and is too big like anything over 2^53.
#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "JavaScript's numbers are f64")]
pub(crate) fn whole(number: f64) -> u64 {
    number as u64
}

/// Of a value of another kind than is wanted.
const SHOWN_CHARACTERS: usize = 40;

/// Plain data, of whose objects all fields are read. Without the methods that are asked for by name, `deserialize_any` alone, it is
/// 2 KB more of the module, gzipped.
struct PlainData(JsValue);

impl PlainData {
    fn leaf(self) -> serde_wasm_bindgen::Deserializer {
        self.0.into()
    }

    fn is_no(&self, wanted: &str) -> serde_wasm_bindgen::Error {
        let found = JSON::stringify(&self.0).ok().and_then(|text| text.as_string()).unwrap_or_default();
        let shown: String = found.chars().take(SHOWN_CHARACTERS).collect();
        serde_wasm_bindgen::Error::new(format_args!("expected {wanted}, found {shown}"))
    }
}

type SerdeResult<T> = std::result::Result<T, serde_wasm_bindgen::Error>;

macro_rules! leaves {
    ($($method:ident)*) => {
        $(fn $method<V: Visitor<'de>>(self, visitor: V) -> SerdeResult<V::Value> {
            self.leaf().$method(visitor)
        })*
    };
}

impl<'de> Deserializer<'de> for PlainData {
    type Error = serde_wasm_bindgen::Error;

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _name: &'static str,
        _fields: &'static [&'static str],
        visitor: V,
    ) -> SerdeResult<V::Value> {
        let fields = entries(&self.0).ok_or_else(|| self.is_no("an object"))?;
        visitor.visit_map(MapDeserializer::new(fields.map(|(key, value)| (Self(key), Self(value)))))
    }

    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> SerdeResult<V::Value> {
        match self.0.dyn_ref::<Array>() {
            Some(list) => visitor.visit_seq(SeqDeserializer::new(list.iter().map(Self))),
            None => Err(self.is_no("a list")),
        }
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> SerdeResult<V::Value> {
        if self.0.is_null() { visitor.visit_none() } else { visitor.visit_some(self) }
    }

    /// 2^53 too, which is a size that is too big.
    fn deserialize_u64<V: Visitor<'de>>(self, visitor: V) -> SerdeResult<V::Value> {
        match self.0.as_f64().filter(|number| number.fract() == 0.0 && *number >= 0.0) {
            Some(number) => visitor.visit_u64(whole(number)),
            None => self.leaf().deserialize_u64(visitor),
        }
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        name: &'static str,
        variants: &'static [&'static str],
        visitor: V,
    ) -> SerdeResult<V::Value> {
        self.leaf().deserialize_enum(name, variants, visitor)
    }

    leaves! { deserialize_any deserialize_bool deserialize_i64 deserialize_u16 deserialize_u32 deserialize_string deserialize_identifier }

    forward_to_deserialize_any! {
        i8 i16 i32 i128 u8 u128 f32 f64 char str bytes byte_buf unit unit_struct newtype_struct tuple tuple_struct map ignored_any
    }
}

impl IntoDeserializer<'_, serde_wasm_bindgen::Error> for PlainData {
    type Deserializer = Self;

    fn into_deserializer(self) -> Self {
        self
    }
}
