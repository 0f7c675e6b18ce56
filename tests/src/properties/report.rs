//! Rules R1 to R4. An input is a document.

use airwaybill::report;
use serde_json::{Value, json};

use crate::vectors::cases;

const COLUMNS: usize = 8;
const TAGS: [&str; 13] =
    ["body", "code", "div", "h1", "h2", "html", "main", "table", "tbody", "td", "th", "thead", "tr"];

pub(super) fn seeds() -> Vec<Vec<u8>> {
    cases("report").map(|case| case.input.to_string().into()).collect()
}

pub(super) fn check(data: &[u8]) {
    let Ok(Value::Object(mut document)) = serde_json::from_slice(data) else {
        return assert!(report(data).is_err());
    };
    let mut written = |format: &str| {
        document.insert("format".to_owned(), json!(format));
        report(json!(document).to_string().as_bytes()).map_err(|error| error.code())
    };
    let (markdown, csv, html) = match (written("markdown"), written("csv"), written("html")) {
        (Ok(markdown), Ok(csv), Ok(html)) => (markdown, csv, html),
        (one, two, three) => return assert!(one == two && two == three && one.is_err()),
    };
    // R1b
    for text in [&markdown, &csv.replace("\r\n", "\n"), &html] {
        assert!(!text.replace('\n', "").contains(|c: char| c.is_control() || c == '\u{202e}'), "{text}");
    }
    let of_csv: Vec<usize> = csv.strip_suffix("\r\n").unwrap().split("\r\n").map(fields).collect();
    assert!(of_csv.iter().all(|fields| *fields == COLUMNS), "{csv}");
    let tables = markdown.lines().filter(|line| line.starts_with("## ")).count();
    let rows = markdown.lines().filter(|line| line.starts_with("| ")).count() - 2 * tables;
    // Two more: the names of the columns, and the headline.
    assert_eq!((rows + 2, rows), (of_csv.len(), html.matches("<tr data-what=").count()), "{markdown}");
    let (_, body) = html.split_once("</head>").unwrap();
    for tag in body.split('<').skip(1) {
        let name = tag.trim_start_matches('/').split([' ', '>']).next().unwrap();
        assert!(TAGS.contains(&name), "{tag}");
    }
}

/// How many a line of CSV has; each begins harmlessly.
fn fields(line: &str) -> usize {
    let mut count = 1;
    let mut is_quoted = false;
    let mut start = true;
    for c in line.chars() {
        assert!(!(start && ['=', '+', '-', '@'].contains(&c)), "{line}");
        start = (start && (c == '"' || c == ' ')) || (c == ',' && !is_quoted);
        is_quoted ^= c == '"';
        count += usize::from(c == ',' && !is_quoted);
    }
    assert!(!is_quoted, "{line}");
    count
}
