use crate::name::is_document;

/// By the last ending of the name, in lower case; all others are bytes.
const ENDINGS: [(&str, &str); 22] = [
    ("css", "text/css"),
    ("csv", "text/csv"),
    ("gif", "image/gif"),
    ("htm", "text/html"),
    ("html", "text/html"),
    ("ico", "image/vnd.microsoft.icon"),
    ("jpeg", "image/jpeg"),
    ("jpg", "image/jpeg"),
    ("js", "text/javascript"),
    ("json", "application/json"),
    ("md", "text/markdown"),
    ("mjs", "text/javascript"),
    ("mp3", "audio/mpeg"),
    ("pdf", "application/pdf"),
    ("png", "image/png"),
    ("py", "text/x-python"),
    ("svg", "image/svg+xml"),
    ("txt", "text/plain"),
    ("wasm", "application/wasm"),
    ("wav", "audio/x-wav"),
    ("webp", "image/webp"),
    ("xml", "text/xml"),
];

/// The media type of the file at a path from the top directory (rule S2): the same on every machine.
///
/// ```
/// use airwaybill::content_type;
///
/// assert_eq!(content_type("1.0.1/flash/www/INDEX.HTML"), "text/html");
/// assert_eq!(content_type("1.0.1.waybill"), "text/plain; charset=utf-8");
/// assert_eq!(content_type("firmware_1.0.1.bin"), "application/octet-stream");
/// ```
#[must_use]
pub fn content_type(path: &str) -> &'static str {
    // T1
    if is_document(path) {
        return "text/plain; charset=utf-8";
    }
    let name = path.rsplit('/').next().unwrap_or_default();
    let ending = name.rsplit_once('.').map_or("", |(_, ending)| ending);
    let known = ENDINGS.iter().find(|(known, _)| known.eq_ignore_ascii_case(ending));
    known.map_or("application/octet-stream", |(_, kind)| kind)
}
