//! Reads TOML as a person wrote it, and complains so that the person finds the spot: file, line, column, what was
//! expected, what came. The configuration and the register are read here; what their values mean is not decided here.
//!
//! [`read`] goes on after the first mistake: it takes out what it complained about and asks again, so one run
//! shows every mistake. A reader that checks more than form keeps the places of its values with [`Spanned`] and
//! complains through [`Source::complain`].

use std::fmt;
use std::ops::Range;

use serde::de::DeserializeOwned;
use toml::de::{DeTable, DeValue, Deserializer, Error};

pub use toml::Spanned;

/// More complaints than this help nobody.
const MOST_COMPLAINTS: usize = 50;

/// Reads a whole file into a type, or says everything that is wrong with it. The type refuses unknown keys
/// itself (`#[serde(deny_unknown_fields)]`).
pub fn read<T: DeserializeOwned>(file: &str, text: &str) -> Result<T, Vec<Complaint>> {
    let source = Source::new(file, text);
    let (table, broken) = DeTable::parse_recoverable(text);
    if !broken.is_empty() {
        let complaints = broken.iter().take(MOST_COMPLAINTS).map(|error| source.broken(error));
        return Err(in_order(complaints.collect()));
    }
    T::deserialize(Deserializer::from(table)).map_err(|first| source.everything_wrong::<T>(first))
}

/// One thing that is wrong with a file, where it stands, and what to do.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Complaint {
    /// The file, as the person named it.
    pub file: String,
    /// The line, counted from 1; 0 when the complaint is about the whole file.
    pub line: usize,
    /// The column in characters, counted from 1; 0 when the complaint is about the whole file.
    pub column: usize,
    /// What was expected and what came.
    pub message: String,
    /// What to do, when we have a good guess.
    pub hint: Option<String>,
}

impl Complaint {
    /// A complaint about a whole file, for example one that cannot be read.
    pub fn whole_file(file: &str, message: impl Into<String>) -> Self {
        Self { file: file.to_owned(), line: 0, column: 0, message: message.into(), hint: None }
    }

    /// The same complaint with a word on what to do.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }
}

impl fmt::Display for Complaint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:", self.file)?;
        if self.line > 0 {
            write!(f, "{}:{}:", self.line, self.column)?;
        }
        write!(f, " {}", self.message)?;
        match &self.hint {
            Some(hint) => write!(f, " ({hint})"),
            None => Ok(()),
        }
    }
}

impl std::error::Error for Complaint {}

/// A file and its text: turns a place in the text into a line that a person finds.
#[derive(Clone, Copy, Debug)]
pub struct Source<'t> {
    file: &'t str,
    text: &'t str,
}

impl<'t> Source<'t> {
    /// The text under the name by which the person knows it.
    pub fn new(file: &'t str, text: &'t str) -> Self {
        Self { file, text }
    }

    /// A complaint about the value at this place: `source.complain(entity_id.span(), "expected …, got …")`.
    pub fn complain(&self, at: Range<usize>, message: impl Into<String>) -> Complaint {
        let (line, column) = self.position(at.start);
        Complaint { file: self.file.to_owned(), line, column, message: message.into(), hint: None }
    }

    /// Line and column of a place in the text, both counted from 1, the column in characters.
    pub fn position(&self, offset: usize) -> (usize, usize) {
        let before = &self.text.as_bytes()[..offset.min(self.text.len())];
        let line_starts = before.iter().rposition(|&b| b == b'\n').map_or(0, |at| at + 1);
        let line = before.iter().filter(|&&b| b == b'\n').count() + 1;
        (line, String::from_utf8_lossy(&before[line_starts..]).chars().count() + 1)
    }

    /// Text that is not TOML.
    fn broken(&self, error: &Error) -> Complaint {
        let at = error.span().unwrap_or_default();
        let came = self.text.get(at.clone()).unwrap_or_default().lines().next().unwrap_or_default();
        let message = match came {
            "" => error.message().to_owned(),
            came => format!("{}, got `{}`", error.message(), shorten(came)),
        };
        self.complain(at, message)
    }

    /// Complains, takes out what it complained about, asks again, until nothing is wrong or nothing can be taken out.
    fn everything_wrong<T: DeserializeOwned>(&self, first: Error) -> Vec<Complaint> {
        let (table, _) = DeTable::parse_recoverable(self.text);
        let (whole, mut table) = (table.span(), table.into_inner());
        let (mut complaints, mut taken_out) = (Vec::new(), TakenOut::new());
        let mut next = Some(first);
        while let Some(error) = next.take().filter(|_| complaints.len() < MOST_COMPLAINTS) {
            let at = error.span().unwrap_or(whole.clone());
            let ours =
                |(table, key): &(Range<usize>, String)| *table == at && missing(error.message()) == Some(key);
            if !taken_out.iter().any(ours) {
                complaints.push(self.misfit(&error, at.clone()));
            }
            if !take_out(&mut table, &whole, &at, &mut taken_out) {
                break;
            }
            next = T::deserialize(Deserializer::from(Spanned::new(whole.clone(), table.clone()))).err();
        }
        in_order(complaints)
    }

    /// TOML that does not have the form we take, in our words instead of the library's.
    fn misfit(&self, error: &Error, at: Range<usize>) -> Complaint {
        let said = error.message();
        if let Some((what, wrong, known)) = unknown(said) {
            let complaint = self.complain(at, format!("unknown {what} `{wrong}`"));
            return complaint.hint(match nearest(wrong, &known) {
                Some(near) => format!("did you mean `{near}`?"),
                None => format!("known here: {}", known.join(", ")),
            });
        }
        if let Some(key) = missing(said) {
            return self.complain(at, format!("expected a key `{key}`, got none"));
        }
        let came_and_expected = said
            .strip_prefix("invalid type: ")
            .or_else(|| said.strip_prefix("invalid value: "))
            .or_else(|| said.strip_prefix("invalid length: "))
            .and_then(|rest| rest.split_once(", expected "));
        match came_and_expected {
            Some((came, expected)) => {
                self.complain(at, format!("expected {expected}, got {}", shorten(came)))
            }
            None => self.complain(at, said),
        }
    }
}

/// The known name that the person probably meant: few letters away, and nearer than half of the word.
pub fn nearest<'n>(wrong: &str, known: &[&'n str]) -> Option<&'n str> {
    let length = wrong.chars().count();
    let most = |name: &str| length.max(name.chars().count()).div_ceil(3);
    // Words of other lengths are as far apart at least. Strangers choose how long a wrong one is, and each letter costs.
    let alike = known.iter().copied().filter(|name| length.abs_diff(name.chars().count()) <= most(name));
    let best = alike.min_by_key(|name| (distance(wrong, name), name.len()))?;
    (distance(wrong, best) <= most(best)).then_some(best)
}

/// How many letters must be put in, left out, exchanged or swapped with their neighbour to make one word the other.
fn distance(one: &str, other: &str) -> usize {
    let (a, b): (Vec<char>, Vec<char>) = (one.chars().collect(), other.chars().collect());
    let mut rows = vec![(0..=b.len()).collect::<Vec<_>>()];
    for i in 1..=a.len() {
        let mut row = vec![i];
        for j in 1..=b.len() {
            let exchanged = rows[i - 1][j - 1] + usize::from(a[i - 1] != b[j - 1]);
            let mut least = exchanged.min(rows[i - 1][j] + 1).min(row[j - 1] + 1);
            if i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] {
                least = least.min(rows[i - 2][j - 2] + 1);
            }
            row.push(least);
        }
        rows.push(row);
    }
    rows[a.len()][b.len()]
}

/// Takes apart the library's sentence about an unknown key or choice: what it is, the wrong word, the known words.
fn unknown(said: &str) -> Option<(&'static str, &str, Vec<&str>)> {
    let (what, rest) = match said.strip_prefix("unknown field ") {
        Some(rest) => ("key", rest),
        None => ("value", said.strip_prefix("unknown variant ")?),
    };
    let mut words = rest.split('`').skip(1).step_by(2);
    let wrong = words.next()?;
    Some((what, wrong, words.collect()))
}

/// The key whose absence the library's sentence is about.
fn missing(said: &str) -> Option<&str> {
    said.strip_prefix("missing field `")?.strip_suffix('`')
}

/// The place of a table and the key that we took out of it, so that its absence is not complained about as well.
type TakenOut = Vec<(Range<usize>, String)>;

/// Takes the innermost entry at this place out of the table.
fn take_out(table: &mut DeTable<'_>, whole: &Range<usize>, at: &Range<usize>, taken: &mut TakenOut) -> bool {
    if table.iter_mut().any(|(_, value)| take_out_of(value, at, taken)) {
        return true;
    }
    let found = table.iter().find(|(key, value)| key.span() == *at || value.span() == *at);
    let Some(key) = found.map(|(key, _)| key.clone()) else { return false };
    taken.push((whole.clone(), key.get_ref().to_string()));
    table.remove(&key).is_some()
}

fn take_out_of(value: &mut Spanned<DeValue<'_>>, at: &Range<usize>, taken: &mut TakenOut) -> bool {
    let whole = value.span();
    match value.get_mut() {
        DeValue::Table(table) => take_out(table, &whole, at, taken),
        DeValue::Array(items) => {
            if items.iter_mut().any(|item| take_out_of(item, at, taken)) {
                return true;
            }
            let before = items.len();
            *items = items.iter().filter(|item| item.span() != *at).cloned().collect();
            items.len() < before
        }
        _ => false,
    }
}

fn in_order(mut complaints: Vec<Complaint>) -> Vec<Complaint> {
    complaints.sort_by_key(|complaint| (complaint.line, complaint.column));
    complaints
}

fn shorten(value: &str) -> String {
    const LONGEST: usize = 80;
    match value.char_indices().nth(LONGEST) {
        Some((end, _)) => format!("{}…", &value[..end]),
        None => value.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;

    use super::*;
    use crate::domain::id::Cvr;

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields, rename_all = "kebab-case")]
    struct Register {
        #[serde(default)]
        authority: Vec<Authority>,
        level: Option<Level>,
    }

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields, rename_all = "kebab-case")]
    struct Authority {
        cvr: Spanned<Cvr>,
        name: String,
        #[serde(default)]
        is_active: bool,
    }

    #[derive(Debug, Deserialize)]
    enum Level {
        Low,
        Substantial,
    }

    fn complaints(text: &str) -> Vec<String> {
        let complaints = read::<Register>("register.toml", text).expect_err("has mistakes");
        complaints.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn what_is_right_is_read_and_each_value_knows_its_place() {
        let text =
            "level = \"Low\"\n[[authority]]\n  cvr = \"11111111\"\nname = \"Korsbæk\"\nis-active = true\n";
        let register: Register = read("register.toml", text).expect("is right");
        assert!(matches!(register.level, Some(Level::Low)) && register.authority[0].is_active);
        assert_eq!(register.authority[0].name, "Korsbæk");
        let complaint = Source::new("register.toml", text)
            .complain(register.authority[0].cvr.span(), "expected a CVR number used once, got 11111111 again")
            .hint("first used in line 1");
        let shown =
            "register.toml:3:9: expected a CVR number used once, got 11111111 again (first used in line 1)";
        assert_eq!(complaint.to_string(), shown);
    }

    #[test]
    fn every_mistake_is_shown_in_one_run_with_its_place_in_the_order_of_the_file() {
        let text = "\
level = \"Lwo\"
[[authority]]
cvr = \"1111\"
name = \"Korsbæk\"
is-actve = true
[[authority]]
cvr = \"22222222\"
[[authority]]
cvr = 33333333
name = \"Feddet\"
[[zzz]]
";
        assert_eq!(
            complaints(text),
            [
                "register.toml:1:9: unknown value `Lwo` (did you mean `Low`?)",
                "register.toml:3:7: expected a CVR number of eight digits, got \"1111\"",
                "register.toml:5:1: unknown key `is-actve` (did you mean `is-active`?)",
                "register.toml:6:1: expected a key `name`, got none",
                "register.toml:9:7: expected a string, got integer `33333333`",
                "register.toml:11:3: unknown key `zzz` (known here: authority, level)",
            ]
        );
    }

    #[test]
    fn a_key_that_resembles_none_is_answered_with_all_that_are_known() {
        let shown = complaints("[[authority]]\ncvr = \"11111111\"\nname = \"K\"\nzzz = 1\n");
        assert_eq!(shown, ["register.toml:4:1: unknown key `zzz` (known here: cvr, name, is-active)"]);
    }

    #[test]
    fn text_that_is_not_toml_is_shown_with_line_and_column() {
        let shown = complaints("level = \"Low\n[[authority]\n");
        assert_eq!(shown[0], "register.toml:1:13: invalid basic string, expected `\"`");
        assert_eq!(shown[1], "register.toml:2:13: unclosed array table, expected `]`");
    }

    #[test]
    fn a_key_that_stands_twice_is_a_mistake() {
        let shown = complaints("level = \"Low\"\nlevel = \"Low\"\n");
        assert!(shown[0].starts_with("register.toml:2:1: duplicate key"), "{shown:?}");
    }

    #[test]
    fn columns_are_counted_in_characters() {
        assert_eq!(Source::new("f", "æøå = 1\næ").position("æøå".len()), (1, 4));
        assert_eq!(Source::new("f", "æøå = 1\næ").position(usize::MAX), (2, 2));
    }

    #[test]
    fn the_nearest_name_is_few_letters_away_or_there_is_none() {
        let known = ["listen", "public-url", "operations-listen"];
        assert_eq!(nearest("listne", &known), Some("listen"));
        assert_eq!(nearest("public_url", &known), Some("public-url"));
        assert_eq!(nearest("xyz", &known), None);
        assert_eq!(nearest(&"x".repeat(10_000_000), &known), None, "which costs nothing");
        assert_eq!(nearest("", &[]), None);
    }
}
