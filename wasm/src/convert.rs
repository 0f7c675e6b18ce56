//! Converts between values of the engine and of JavaScript.
//!
//! No exception passes a Rust frame: what may run the caller's code, such as a getter, is called in `crossing.ts` and
//! caught there.
//!
//! For an argument of an exported class wasm-bindgen throws an error of its own, without a code, where the object is of another
//! class or freed. So such arguments are a `JsValue`, cast unchecked to `Handle` to call `share()`, which each class has: it gives
//! a second handle of the same value, which may be consumed here. On any other object the call throws, and is caught. Options are
//! read by `AllFields`, since serde-wasm-bindgen asks an object for the fields that it knows alone, and a misspelt option would go
//! unnoticed.

use std::cell::RefCell;
use std::fmt::Display;

use airwaybill::Code;
use js_sys::{Array, Error, JsString, Reflect};
use serde::de::{DeserializeOwned, Deserializer, Visitor};
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
    error(Code::FieldType, format_args!("{place}: {wanted}"))
}

#[wasm_bindgen(raw_module = "./crossing.js")]
extern "C" {
    /// Copies options into a plain object, without getters and null values. Throws if they are not an object.
    #[wasm_bindgen(catch)]
    pub(crate) fn plain(value: &JsValue) -> Result<JsValue>;

    /// Options, or a list, as JSON, without null values. Throws for what JSON cannot write.
    #[wasm_bindgen(catch, js_name = json)]
    fn to_json(value: &JsValue) -> Result<String>;

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

/// Options; without any, the defaults.
pub(crate) fn options<T: DeserializeOwned>(value: &JsValue, place: &str) -> Result<T> {
    let value = plain(value).map_err(|_| wrong_type(place, "expected an object of strings, numbers and lists"))?;
    from_js(value, place)
}

/// Options, or a list, for the engine to read as JSON.
pub(crate) fn json(value: &JsValue, place: &str) -> Result<String> {
    to_json(value).map_err(|_| wrong_type(place, "expected a list or an object of strings, numbers and lists"))
}

/// Converts plain data into a value of the engine.
pub(crate) fn from_js<T: DeserializeOwned>(value: JsValue, place: &str) -> Result<T> {
    airwaybill::deserialize(AllFields(value), place).map_err(engine_error)
}

/// Converts a value of the engine into a plain one.
pub(crate) fn to_js(value: &(impl Serialize + ?Sized)) -> Result<JsValue> {
    Ok(value.serialize(&Serializer::json_compatible())?)
}

/// Passes on all fields of an object.
struct AllFields(JsValue);

impl<'de> Deserializer<'de> for AllFields {
    type Error = serde_wasm_bindgen::Error;

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _name: &'static str,
        _fields: &'static [&'static str],
        visitor: V,
    ) -> std::result::Result<V::Value, Self::Error> {
        if !self.0.is_object() || Array::is_array(&self.0) {
            return Err(serde_wasm_bindgen::Error::new("expected an object"));
        }
        serde_wasm_bindgen::Deserializer::from(self.0).deserialize_map(visitor)
    }

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> std::result::Result<V::Value, Self::Error> {
        serde_wasm_bindgen::Deserializer::from(self.0).deserialize_any(visitor)
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf option unit unit_struct
        newtype_struct seq tuple tuple_struct map enum identifier ignored_any
    }
}
