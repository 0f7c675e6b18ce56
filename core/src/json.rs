//! Strict JSON, whose errors name the place of a value in the document: how manifests are read. Options and peeks, of which nothing
//! else is made, are read by serde alone (`deserialize`).

use std::borrow::Cow;

use hifijson::num::LexWrite;
use hifijson::str::LexAlloc;
use hifijson::token::Lex;
use hifijson::{Expect, SliceLexer};
use serde::Serialize;

use crate::error::{Code, Error, quoted};
use crate::order::sort_by;

/// A JSON value without duplicate keys: of two values under one key, two readers could use different ones.
///
/// The methods take the value's place in the document, for the error: `new[3].size`.
pub(crate) enum Json<'a> {
    /// `null`
    Null,
    /// `true` or `false`
    Bool(bool),
    /// A number, as it is written.
    Number(&'a str),
    /// A text, borrowed from the document unless it has escapes.
    Text(Cow<'a, str>),
    /// A list.
    List(Vec<Json<'a>>),
    /// An object, sorted by key.
    Object(Vec<(Cow<'a, str>, Json<'a>)>),
}

impl<'a> Json<'a> {
    /// Reads a document.
    pub(crate) fn parse(document: &'a [u8]) -> Result<Self, Error> {
        let encoding = match document {
            [0xef, 0xbb, 0xbf, ..] => "UTF-8 with a byte order mark",
            [0xff, 0xfe, ..] | [b'{', 0, ..] => "UTF-16, little-endian",
            [0xfe, 0xff, ..] | [0, b'{', ..] => "UTF-16, big-endian",
            _ => return parse(document),
        };
        let rule = "a document is UTF-8 without a byte order mark";
        Err(Error::new(Code::JsonInvalid, format!("not a JSON document: this is {encoding}; {rule}")))
    }

    /// The value as a string.
    pub(crate) fn text(&self, place: &str) -> Result<&str, Error> {
        match self {
            Json::Text(text) => Ok(text),
            _ => Err(self.is_not("a string", place)),
        }
    }

    /// Checks that the value is `true`.
    pub(crate) fn only_true(&self, place: &str) -> Result<(), Error> {
        match self {
            Json::Bool(true) => Ok(()),
            _ => Err(self.is_not("true or no such field", place)),
        }
    }

    /// The value as a whole number.
    pub(crate) fn number(&self, place: &str) -> Result<u64, Error> {
        let number = if let Json::Number(text) = self { text.parse().ok() } else { None };
        number.ok_or_else(|| self.is_not("a whole number below 2^64", place))
    }

    /// The value as a list, with each item read by `read`.
    pub(crate) fn list<'s, T>(
        &'s self,
        place: &str,
        read: impl Fn(&'s Json<'a>, &str) -> Result<T, Error>,
    ) -> Result<Vec<T>, Error> {
        match self {
            Json::List(items) => {
                items.iter().enumerate().map(|(index, item)| read(item, &format!("{place}[{index}]"))).collect()
            }
            _ => Err(self.is_not("a list", place)),
        }
    }

    /// `None` for `null`, otherwise the value read by `read`.
    pub(crate) fn or_null<'s, T>(
        &'s self,
        place: &str,
        read: impl FnOnce(&'s Json<'a>, &str) -> Result<T, Error>,
    ) -> Result<Option<T>, Error> {
        match self {
            Json::Null => Ok(None),
            value => read(value, place).map(Some),
        }
    }

    /// The value as an object.
    pub(crate) fn fields<'s>(&'s self, place: &str) -> Result<Fields<'s, 'a>, Error> {
        match self {
            Json::Object(fields) => Ok(Fields { fields, place: place.to_owned() }),
            _ => Err(self.is_not("an object", place)),
        }
    }

    fn is_not(&self, wanted: &str, place: &str) -> Error {
        let kind = match self {
            Json::Null => "null",
            Json::Bool(true) => "true",
            Json::Bool(false) => "false",
            Json::Number(text) if text.len() < 32 => text,
            Json::Number(_) => "a number",
            Json::Text(_) => "a string",
            Json::List(_) => "a list",
            Json::Object(_) => "an object",
        };
        let place = if place.is_empty() { "the document" } else { place };
        Error::new(Code::FieldType, format!("{place}: expected {wanted}, found {kind}"))
    }
}

/// The fields of a JSON object, and its place in the document: `new[3]`, empty for the document itself.
pub(crate) struct Fields<'s, 'a> {
    fields: &'s [(Cow<'a, str>, Json<'a>)],
    place: String,
}

impl<'s, 'a> Fields<'s, 'a> {
    /// The value of a field.
    pub(crate) fn get(&self, key: &str) -> Option<&'s Json<'a>> {
        self.fields.iter().find(|(name, _)| name == key).map(|(_, value)| value)
    }

    /// A field that may be missing, read by `read`, which gets its value and place.
    pub(crate) fn optional<T>(
        &self,
        key: &str,
        read: impl FnOnce(&'s Json<'a>, &str) -> Result<T, Error>,
    ) -> Result<Option<T>, Error> {
        self.get(key).map(|value| read(value, &self.place_of(key))).transpose()
    }

    /// A field that must be present, read by `read`.
    pub(crate) fn required<T>(
        &self,
        key: &str,
        read: impl FnOnce(&'s Json<'a>, &str) -> Result<T, Error>,
    ) -> Result<T, Error> {
        self.optional(key, read)?
            .ok_or_else(|| Error::new(Code::FieldMissing, format!("{}: missing field", self.place_of(key))))
    }

    fn place_of(&self, key: &str) -> String {
        if self.place.is_empty() { key.to_owned() } else { format!("{}.{key}", self.place) }
    }
}

/// Parsing recurses, so the depth of lists and objects is limited.
const MAX_DEPTH: usize = 127;

/// Parses a document.
///
/// A duplicate key is reported only if the rest of the document is well-formed; the first one is.
fn parse(document: &[u8]) -> Result<Json<'_>, Error> {
    let mut lexer = SliceLexer::new(document);
    let mut failure = None;
    let value = lexer.exactly_one(Lex::ws_peek, |next, lexer| value(next, lexer, MAX_DEPTH, &mut failure));
    match (value, failure) {
        (Err(error), _) => {
            let read = document.len().saturating_sub(lexer.as_slice().len());
            Err(json_invalid(&with_position(&error, document.get(..read).unwrap_or_default())))
        }
        (Ok(_), Some(failure)) => Err(failure),
        (Ok(value), None) => Ok(value),
    }
}

fn json_invalid(why: &str) -> Error {
    Error::new(Code::JsonInvalid, format!("not a JSON document: {why}"))
}

/// The error and where parsing stopped: at it or right after it. Columns are bytes.
fn with_position(error: &hifijson::Error, read: &[u8]) -> String {
    let line = read.split(|byte| *byte == b'\n');
    let (lines, column) = line.fold((0, 0), |(lines, _), line| (lines + 1, line.len() + 1));
    format!("{error} at line {lines}, column {column}")
}

fn value<'de>(
    next: u8,
    lexer: &mut SliceLexer<'de>,
    depth: usize,
    failure: &mut Option<Error>,
) -> Result<Json<'de>, hifijson::Error> {
    let below = || depth.checked_sub(1).ok_or(hifijson::Error::Depth);
    Ok(match next {
        b'"' => Json::Text(lexer.discarded().str_string()?),
        b'[' => {
            let (mut list, depth) = (Vec::new(), below()?);
            lexer.discarded().seq(b']', Lex::ws_peek, |next, lexer| {
                list.push(value(next, lexer, depth, failure)?);
                Ok::<_, hifijson::Error>(())
            })?;
            Json::List(list)
        }
        b'{' => {
            let (mut fields, depth) = (Vec::new(), below()?);
            lexer.discarded().seq(b'}', Lex::ws_peek, |next, lexer| {
                lexer.expect(|_| Some(next), b'"').ok_or(Expect::String)?;
                let key = lexer.str_string()?;
                lexer.expect(Lex::ws_peek, b':').ok_or(Expect::Colon)?;
                let next = lexer.ws_peek().ok_or(Expect::Value)?;
                fields.push((key, value(next, lexer, depth, failure)?));
                Ok::<_, hifijson::Error>(())
            })?;
            sort_by(&mut fields, |(a, _): &(Cow<'_, str>, _), (b, _)| a.cmp(b));
            let duplicate = fields.iter().zip(fields.iter().skip(1)).find(|((a, _), (b, _))| a == b);
            if let Some(((key, _), _)) = duplicate {
                failure.get_or_insert_with(|| json_invalid(&format!("duplicate key {}", quoted(key))));
            }
            Json::Object(fields)
        }
        b'-' | b'0'..=b'9' => {
            let (text, _) = lexer.num_string().validated()?;
            Json::Number(text)
        }
        _ => match lexer.null_or_bool().ok_or(Expect::Value)? {
            None => Json::Null,
            Some(value) => Json::Bool(value),
        },
    })
}

/// Writes a document: indented by four spaces, UTF-8, no line end after the last brace (rule M1).
pub(crate) fn to_json(value: &impl Serialize) -> String {
    let mut out = Vec::new();
    let formatter = serde_json::ser::PrettyFormatter::with_indent(b"    ");
    // INVARIANT: writing to a Vec does not fail, and all keys are strings.
    let _ = value.serialize(&mut serde_json::Serializer::with_formatter(&mut out, formatter));
    String::from_utf8(out).unwrap_or_default()
}
