//! R3

use super::table::Column::{Advice, Code, Message, Patch, Path, Sha1, Size, What};
use super::table::{Column, Table};

const COLUMNS: [(Column, &str); 8] = [
    (What, "what"),
    (Path, "path"),
    (Size, "size"),
    (Sha1, "sha1"),
    (Patch, "patch"),
    (Code, "code"),
    (Message, "message"),
    (Advice, "advice"),
];

const END: &str = "\r\n";

pub(super) fn document(headline: &str, tables: &[Table]) -> String {
    let mut top = Table::new("", &[(What, ""), (Message, "")]);
    top.add(["headline", headline]);
    let mut out = COLUMNS.map(|(_, name)| name).join(",") + END;
    for Table { columns, rows, .. } in [top].iter().chain(tables) {
        for row in rows {
            let place = |column| columns.iter().position(|(other, _)| *other == column);
            let cell = |column| place(column).and_then(|place| row.get(place));
            let fields = COLUMNS.map(|(column, _)| cell(column).map(|text| field(text)).unwrap_or_default());
            out += &(fields.join(",") + END);
        }
    }
    out
}

fn field(text: &str) -> String {
    // What a spreadsheet would run, wide forms among it; and the mark itself, so that who takes one away has the text.
    let is_run = text.trim_start().starts_with(['=', '+', '-', '@', '＝', '＋', '－', '＠', '\'']);
    let text = if is_run { format!("'{text}") } else { text.to_owned() };
    if text.contains([',', '"']) { format!("\"{}\"", text.replace('"', "\"\"")) } else { text }
}
