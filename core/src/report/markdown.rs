//! R2

use super::table::Column::{Code, Patch, Path, Sha1, Size};
use super::table::{Column, Table, bytes};

pub(super) fn document(headline: &str, tables: &[Table]) -> String {
    let tables: String = tables.iter().map(table).collect();
    format!("# {}\n{tables}", escaped(headline))
}

fn table(Table { heading, columns, rows }: &Table) -> String {
    let mut out = format!("\n## {heading}\n\n");
    let mut line = |cells: &mut dyn Iterator<Item = String>| {
        out.extend(cells.map(|cell| format!("| {cell} ")));
        out.push_str("|\n");
    };
    line(&mut columns.iter().map(|(_, title)| (*title).to_owned()));
    line(&mut columns.iter().map(|(column, _)| rule(*column).to_owned()));
    for row in rows {
        line(&mut columns.iter().zip(row).map(|((column, _), text)| cell(*column, text)));
    }
    out
}

fn rule(column: Column) -> &'static str {
    if matches!(column, Size | Patch) { "---:" } else { "---" }
}

fn cell(column: Column, text: &str) -> String {
    match column {
        Size | Patch => bytes(text),
        Path | Sha1 | Code => code(text),
        _ => escaped(text),
    }
}

/// Between more backticks than it has in a row.
fn code(text: &str) -> String {
    if text.is_empty() {
        return String::new();
    }
    let longest = text.split(|c| c != '`').map(str::len).max().unwrap_or_default();
    let fence = "`".repeat(longest + 1);
    // A blank at each end is not of the text, unless there is nothing else.
    let has_blanks = text.starts_with(' ') && text.ends_with(' ') && text.contains(|c| c != ' ');
    let blank = if longest > 0 || has_blanks { " " } else { "" };
    // Between two cells, in code too, a bar has a backslash.
    format!("{fence}{blank}{}{blank}{fence}", text.replace('|', r"\|"))
}

/// With a backslash before what has a meaning within a line.
fn escaped(text: &str) -> String {
    let mut escaped = String::new();
    for c in text.chars() {
        if matches!(c, '\\' | '`' | '*' | '_' | '[' | ']' | '<' | '&' | '|' | '~') {
            escaped.push('\\');
        }
        escaped.push(c);
    }
    escaped
}
