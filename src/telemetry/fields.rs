//! The one list of the fields of the log, and what may stand in them.

use std::borrow::Cow;

/// One field of the log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Field {
    /// Its name, as in `docs/logging.md`.
    pub name: &'static str,
    /// Whether it holds free text, which is cleaned before it is written.
    pub is_free_text: bool,
}

/// Every field that a line may have, in the order in which it is written.
pub const FIELDS: &[Field] = &[
    exact("ts"),
    exact("level"),
    free("event"),
    exact("target"),
    exact("method"),
    exact("route"),
    exact("status"),
    exact("ms"),
    exact("outcome"),
    exact("reason"),
    exact("correlation"),
    exact("case"),
    exact("fagsystem"),
    exact("idp"),
    exact("count"),
    exact("file"),
    exact("address"),
    exact("version"),
    free("detail"),
    free("error"),
];

const fn exact(name: &'static str) -> Field {
    Field { name, is_free_text: false }
}

const fn free(name: &'static str) -> Field {
    Field { name, is_free_text: true }
}

/// The longest value that is written; hostile partners choose some of them.
const LONGEST: usize = 1024;

impl Field {
    /// The value as it may be written.
    pub(super) fn clean<'v>(&self, value: &'v str) -> Cow<'v, str> {
        let is_plain = |byte: u8| matches!(byte, b' '..=b'~');
        if !self.is_free_text && value.len() <= LONGEST && value.bytes().all(is_plain) {
            return Cow::Borrowed(value);
        }
        let value = if self.is_free_text { without_personal_data(value) } else { value.to_owned() };
        let mut clean: String = value.chars().take(LONGEST).map(visible).collect();
        if value.chars().nth(LONGEST).is_some() {
            clean.push('…');
        }
        Cow::Owned(clean)
    }
}

/// Whatever could break a line or change how it looks becomes a visible mark.
fn visible(c: char) -> char {
    let disguises =
        matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}');
    if c.is_control() || disguises { '\u{fffd}' } else { c }
}

/// The text with `[cpr]` and `[mail]` where a CPR number or a mail address seems to stand.
fn without_personal_data(text: &str) -> String {
    let is_part = |c: char| c.is_alphanumeric() || matches!(c, '-' | '@' | '.' | '_' | '+');
    let mut clean = String::with_capacity(text.len());
    let mut rest = text;
    while !rest.is_empty() {
        let word = &rest[..rest.find(|c| !is_part(c)).unwrap_or(rest.len())];
        let (bare, address) = (word.trim_end_matches('.'), word.split_once('@'));
        let shown = match address {
            _ if is_cpr(bare) => "[cpr]",
            Some((name, host)) if !name.is_empty() && !host.is_empty() => "[mail]",
            _ => bare,
        };
        clean.push_str(shown);
        clean.push_str(&word[bare.len()..]);
        rest = &rest[word.len()..];
        let between = &rest[..rest.find(is_part).unwrap_or(rest.len())];
        clean.push_str(between);
        rest = &rest[between.len()..];
    }
    clean
}

/// Ten digits, the first four a day and a month, with or without the hyphen.
fn is_cpr(word: &str) -> bool {
    let digits: Vec<u32> = word.chars().filter_map(|c| c.to_digit(10)).collect();
    let shaped = word.len() == 10 || (word.len() == 11 && word.as_bytes()[6] == b'-');
    let [d1, d2, m1, m2, ..] = digits[..] else { return false };
    // A replacement number adds 60 to the day.
    let (day, month) = ((d1 * 10 + d2) % 60, m1 * 10 + m2);
    shaped && digits.len() == 10 && (1..=31).contains(&day) && (1..=12).contains(&month)
}
