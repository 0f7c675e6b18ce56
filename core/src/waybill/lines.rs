//! Documents of lines, of which there is exactly one way to write each.

use crate::error::{Code, Error, quoted};

/// A document that has been read up to some line.
pub(super) struct Lines<'a> {
    rest: &'a str,
    number: usize,
}

impl<'a> Lines<'a> {
    /// Starts at the first line of a document of at most `limit` bytes.
    pub(super) fn new(document: &'a [u8], limit: usize) -> Result<Self, Error> {
        if document.len() > limit {
            let rule = format!("{} bytes; a document has at most {limit}", document.len());
            return Err(Error::new(Code::DocumentTooLong, rule));
        }
        let rest = str::from_utf8(document)
            .map_err(|error| Error::new(Code::DocumentUtf8, format!("a document must be UTF-8: {error}")))?;
        if rest.starts_with('\u{feff}') {
            return Err(Error::new(Code::DocumentUtf8, "a document must not begin with a byte order mark"));
        }
        Ok(Self { rest, number: 0 })
    }

    /// An error in the line that was read last.
    pub(super) fn fail(&self, code: Code, rule: &str) -> Error {
        self.at(Error::new(code, rule))
    }

    /// The same error, with the line that was read last as its place.
    pub(super) fn at(&self, error: Error) -> Error {
        error.at(format_args!("line {}", self.number))
    }

    /// The next line without its end; none after the last one.
    pub(super) fn next(&mut self) -> Result<Option<&'a str>, Error> {
        if self.rest.is_empty() {
            return Ok(None);
        }
        self.number += 1;
        let Some((line, rest)) = self.rest.split_once('\n') else {
            return Err(self.fail(Code::DocumentLineEnd, "the last line must end in LF too"));
        };
        if line.ends_with('\r') {
            return Err(self.fail(Code::DocumentLineEnd, "it ends in CRLF; lines must end in LF alone"));
        }
        self.rest = rest;
        Ok(Some(line))
    }

    /// The value of the next line, which is `key`, a blank and the value.
    pub(super) fn value(&mut self, key: &str) -> Result<&'a str, Error> {
        let line = self.next()?;
        match line.and_then(|line| line.strip_prefix(key)?.strip_prefix(' ')) {
            Some(value) => Ok(value),
            None => Err(self.unexpected(line, &format!("{key} and a value"))),
        }
    }

    /// The number in the next line after `key`.
    pub(super) fn number(&mut self, key: &str, most: u64) -> Result<u64, Error> {
        let value = self.value(key)?;
        self.parse_number(value, most)
    }

    /// A number in the line that was read last, written without a sign and without leading zeros.
    pub(super) fn parse_number(&self, text: &str, most: u64) -> Result<u64, Error> {
        let is_plain = text.bytes().all(|byte| byte.is_ascii_digit()) && (text == "0" || !text.starts_with('0'));
        let number = text.parse().ok().filter(|number| is_plain && *number <= most);
        number.ok_or_else(|| {
            let rule = format!("{}: expected a whole number up to {most}, without leading zeros", quoted(text));
            self.fail(Code::DocumentValue, &rule)
        })
    }

    pub(super) fn unexpected(&self, line: Option<&str>, expected: &str) -> Error {
        let found = line.map_or_else(|| "the document ends".to_owned(), quoted);
        // The line after the last one has no number yet.
        let number = self.number + usize::from(line.is_none());
        Error::new(Code::DocumentLine, format!("line {number}: {found}; expected {expected}"))
    }
}
