//! Letters without their case.

/// First and last capital letter of a run, their step, and the distance to the lower-case letters.
type Run = (u32, u32, u8, i32);

#[allow(clippy::unreadable_literal, reason = "no one reads them")]
static RUNS: &[Run] = &include!(concat!(env!("OUT_DIR"), "/letters.rs"));

/// The text in lower case, letter by letter, unlike `str::to_lowercase`, for which a sigma at the end of a word is
/// another letter. A capital whose lower case is two letters stays.
pub(crate) fn lower_case(text: &str) -> String {
    text.chars().map(lower_letter).collect()
}

fn lower_letter(letter: char) -> char {
    let code = u32::from(letter);
    let (_, runs) = RUNS.split_at(RUNS.partition_point(|(_, last, ..)| *last < code));
    match runs.first() {
        Some((first, _, step, to_lower)) if *first <= code && (code - first) % u32::from(*step) == 0 => {
            code.checked_add_signed(*to_lower).and_then(char::from_u32).unwrap_or(letter)
        }
        _ => letter,
    }
}
