use crate::error::one_line;

/// What stands in a column of a table.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Column {
    /// What a row is: a word of the report's own.
    What,
    Path,
    /// Digits, of bytes.
    Size,
    Sha1,
    /// Digits, of bytes.
    Patch,
    Code,
    Message,
    Advice,
}

/// A column, and what stands above it for people.
pub(super) type Titled = (Column, &'static str);

pub(super) struct Table {
    pub(super) heading: &'static str,
    pub(super) columns: &'static [Titled],
    /// Each with a cell for each column.
    pub(super) rows: Vec<Vec<String>>,
}

impl Table {
    pub(super) fn new(heading: &'static str, columns: &'static [Titled]) -> Self {
        Self { heading, columns, rows: Vec::new() }
    }

    pub(super) fn add<const CELLS: usize>(&mut self, cells: [&str; CELLS]) {
        // R1b
        self.rows.push(cells.map(|cell| one_line(cell.to_owned())).into());
    }
}

/// `109,485 B`, of digits; nothing of none.
pub(super) fn bytes(digits: &str) -> String {
    if digits.is_empty() { String::new() } else { format!("{} B", grouped(digits)) }
}

/// `109,485`
pub(super) fn grouped(digits: &str) -> String {
    let mut text = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}
