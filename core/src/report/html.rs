//! R4

use super::table::Column::{Advice, Code, Message, Patch, Path, Sha1, Size, What};
use super::table::{Column, Table, bytes};

const HEAD: &str = r#"<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>"#;

const STYLE: &str = r"</title>
<style>
:root { color-scheme: light dark; font: 15px/1.5 system-ui, sans-serif; background: light-dark(#fff, #161a1e); color: light-dark(#182026, #e6eaed); }
body { max-width: 75rem; margin: 2rem auto; padding: 0 1rem; overflow-wrap: anywhere; }
h1 { font-size: 1.5rem; line-height: 1.25; }
h2 { font-size: 1.15rem; margin: 2rem 0 .5rem; }
div { overflow-x: auto; }
table { border-collapse: collapse; }
th, td { padding: .25rem 1rem .25rem 0; border-bottom: 1px solid #8886; text-align: left; vertical-align: top; }
td { min-width: 10rem; }
th, .fixed, .number { min-width: 0; white-space: nowrap; }
.number { text-align: right; font-variant-numeric: tabular-nums; }
code { font: .88em ui-monospace, monospace; white-space: pre-wrap; unicode-bidi: isolate; }
.fixed code { white-space: pre; }
[data-what=error], [data-what=refused], [data-what=delete] { --word: light-dark(#ab2217, #ff9c92); }
[data-what=warning], [data-what=update] { --word: light-dark(#865000, #ecb964); }
[data-what=valid], [data-what=new] { --word: light-dark(#146a36, #78d595); }
[data-what=flash] { --word: light-dark(#65399b, #c8aaf3); }
th { color: var(--word, inherit); }
@media print { :root { color-scheme: light; font-size: 9pt; } body { margin: 0; padding: 0; } div { overflow: visible; } tr { break-inside: avoid; } }
</style>
</head>
<body>
<main>
";

const END: &str = "</main>\n</body>\n</html>\n";

pub(super) fn document(headline: &str, tables: &[Table]) -> String {
    let tables: String = tables.iter().map(table).collect();
    let headline = escaped(headline);
    format!("{HEAD}{headline}{STYLE}<h1>{headline}</h1>\n{tables}{END}")
}

fn table(Table { heading, columns, rows }: &Table) -> String {
    let titles: String = columns.iter().map(|(column, title)| title_cell(*column, title)).collect();
    let row = |row: &Vec<String>| {
        let cells: String = columns.iter().zip(row).map(|((column, _), text)| cell(*column, text)).collect();
        format!("<tr data-what=\"{}\">{cells}</tr>\n", row.first().map(|what| escaped(what)).unwrap_or_default())
    };
    let rows: String = rows.iter().map(row).collect();
    let id = heading.to_ascii_lowercase();
    format!(
        "<h2 id=\"{id}\">{heading}</h2>\n<div role=\"region\" aria-labelledby=\"{id}\" tabindex=\"0\">\n<table>\n\
        <thead><tr>{titles}</tr></thead>\n<tbody>\n{rows}</tbody>\n</table>\n</div>\n"
    )
}

fn title_cell(column: Column, title: &str) -> String {
    let class = if matches!(column, Size | Patch) { " class=\"number\"" } else { "" };
    format!("<th scope=\"col\"{class}>{title}</th>")
}

fn cell(column: Column, text: &str) -> String {
    match column {
        What => format!("<th scope=\"row\">{}</th>", escaped(text)),
        Size | Patch => format!("<td class=\"number\">{}</td>", bytes(text)),
        Sha1 | Code => format!("<td class=\"fixed\"><code>{}</code></td>", escaped(text)),
        Path => format!("<td><code>{}</code></td>", escaped(text)),
        Message | Advice => format!("<td>{}</td>", escaped(text)),
    }
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('"', "&quot;")
}
