//! Users as CSV: one line for each user and role, with a header that names the columns.
//!
//! The columns are `id`, `role`, `scope`, `constraints` and `claims`; all but `id` may be left out or empty. Semicolon or
//! comma parts the cells, whichever the header uses. In `constraints` and `claims` a bar parts entries of the form
//! `name=value`. Every mistake of every line is told with line and column.

use std::collections::{BTreeMap, HashMap};

use jiff::Timestamp;

use crate::domain::id::Cvr;
use crate::domain::user::{Draft, HeldRole, Mistake, User};
use crate::domain::written::{Complaint, Source, nearest};

const COLUMNS: [&str; 5] = ["id", "role", "scope", "constraints", "claims"];

/// Users with the place at which each comes first, in bytes; [`line_of`] tells its line.
type Numbered = Vec<(usize, User)>;

/// Reads a file, or says everything that is wrong with it.
pub(super) fn read(
    file: &str,
    content: &[u8],
    authority: Cvr,
    now: Timestamp,
) -> Result<Numbered, Vec<Complaint>> {
    let text = std::str::from_utf8(content).map_err(|error| {
        let line = line_of(content, error.valid_up_to());
        let complaint = Complaint::whole_file(file, "expected text in UTF-8, got other bytes");
        let hint = "spreadsheets offer it as `CSV UTF-8` when they save".to_owned();
        vec![Complaint { line, column: 1, hint: Some(hint), ..complaint }]
    })?;
    let source = Source::new(file, text);
    let header_end = text.find(['\n', '\r']).unwrap_or(text.len());
    let separator = if text[..header_end].contains(';') { ';' } else { ',' };
    let mut rows =
        rows(text, separator).map_err(|(at, what)| vec![source.complain(at..at, what)])?.into_iter();
    let header = rows.next().unwrap_or_default();
    let columns = columns(&source, &header)?;
    let mut sheet = Sheet { source, authority, now, columns, complaints: Vec::new() };
    let drafts = sheet.drafts(rows);
    sheet.users(drafts)
}

/// The line of a place in the file, counted from 1.
pub(super) fn line_of(content: &[u8], at: usize) -> usize {
    content.iter().take(at).filter(|&&byte| byte == b'\n').count() + 1
}

/// A cell and where it begins.
struct Cell {
    text: String,
    at: usize,
}

type Row = Vec<Cell>;

/// Takes the text apart. A cell in quotes may hold the separator, line ends, and quotes that are doubled.
fn rows(text: &str, separator: char) -> Result<Vec<Row>, (usize, &'static str)> {
    let mut rows = Vec::new();
    let mut row = Row::new();
    let mut letters = text.char_indices().peekable();
    while let Some(&(at, first)) = letters.peek() {
        let mut cell = Cell { text: String::new(), at };
        if first == '"' {
            letters.next();
            loop {
                match letters.next() {
                    Some((_, '"')) if letters.next_if(|(_, next)| *next == '"').is_some() => {
                        cell.text.push('"')
                    }
                    Some((_, '"')) => break,
                    Some((_, letter)) => cell.text.push(letter),
                    None => return Err((at, "expected a quote at the end of what begins here, got none")),
                }
            }
        } else {
            while let Some((_, letter)) = letters.next_if(|(_, next)| *next != separator && !is_end(*next)) {
                cell.text.push(letter);
            }
        }
        row.push(cell);
        match letters.next() {
            Some((at, letter)) if letter == separator => {
                // A separator at the very end opens one more cell, which is empty.
                if letters.peek().is_none_or(|(_, next)| is_end(*next)) {
                    row.push(Cell { text: String::new(), at: at + 1 });
                    letters.next_if(|(_, next)| *next == '\r');
                    letters.next_if(|(_, next)| *next == '\n');
                    rows.push(std::mem::take(&mut row));
                }
            }
            Some((_, letter)) if is_end(letter) => {
                letters.next_if(|(_, next)| letter == '\r' && *next == '\n');
                rows.push(std::mem::take(&mut row));
            }
            Some((at, _)) => return Err((at, "expected the end of the cell after its closing quote")),
            None => rows.push(std::mem::take(&mut row)),
        }
    }
    rows.retain(|row| row.iter().any(|cell| !cell.text.trim().is_empty()));
    Ok(rows)
}

fn is_end(letter: char) -> bool {
    matches!(letter, '\n' | '\r')
}

/// Which column stands in which place.
fn columns(source: &Source<'_>, header: &Row) -> Result<Vec<&'static str>, Vec<Complaint>> {
    let mut columns = Vec::new();
    let mut complaints = Vec::new();
    for cell in header {
        let name = cell.text.trim().to_ascii_lowercase();
        match COLUMNS.into_iter().find(|known| *known == name) {
            Some(known) if !columns.contains(&known) => columns.push(known),
            Some(known) => {
                complaints.push(
                    source.complain(cell.at..cell.at, format!("expected `{known}` once, got it again")),
                );
            }
            None => {
                let complaint = source.complain(cell.at..cell.at, format!("unknown column {:?}", cell.text));
                complaints.push(complaint.hint(match nearest(&name, &COLUMNS) {
                    Some(near) => format!("did you mean `{near}`?"),
                    None => format!("known here: {}", COLUMNS.join(", ")),
                }));
            }
        }
    }
    if complaints.is_empty() && !columns.contains(&"id") {
        complaints.push(source.complain(0..0, "expected a header with the column `id`, got none"));
    }
    if complaints.is_empty() { Ok(columns) } else { Err(complaints) }
}

struct Sheet<'t> {
    source: Source<'t>,
    authority: Cvr,
    now: Timestamp,
    columns: Vec<&'static str>,
    complaints: Vec<Complaint>,
}

impl Sheet<'_> {
    /// Every user once, with the place where it comes first, as its lines together tell it.
    fn drafts(&mut self, rows: impl Iterator<Item = Row>) -> Vec<(usize, Draft)> {
        let mut drafts: Vec<(usize, Draft)> = Vec::new();
        let mut places: HashMap<String, usize> = HashMap::new();
        for row in rows {
            let at = row.first().map_or(0, |cell| cell.at);
            let Some(line) = self.line(&row, at) else { continue };
            let place = *places.entry(line.id.clone()).or_insert_with(|| {
                drafts.push((at, Draft { id: line.id.clone(), ..Draft::default() }));
                drafts.len() - 1
            });
            let (_, draft) = &mut drafts[place];
            draft.roles.extend(line.roles);
            for (name, values) in line.claims {
                let told = draft.claims.entry(name).or_default();
                for value in values {
                    if !told.contains(&value) {
                        told.push(value);
                    }
                }
            }
        }
        drafts
    }

    /// One line, checked by itself, so that each mistake is told where it stands.
    fn line(&mut self, row: &Row, at: usize) -> Option<Draft> {
        if row.len() != self.columns.len() {
            let what = format!("expected {} cells as in the header, got {}", self.columns.len(), row.len());
            self.complaints.push(self.source.complain(at..at, what));
            return None;
        }
        let before = self.complaints.len();
        let cell = |name: &str| {
            let place = self.columns.iter().position(|column| *column == name);
            place.and_then(|place| row.get(place)).map_or((at, ""), |cell| (cell.at, cell.text.trim()))
        };
        let [id, role, scope, constraints, claims] = COLUMNS.map(cell);
        let limits = self.entries(constraints);
        let claimed = self.entries(claims);
        let mut draft = Draft { id: id.1.to_owned(), claims: claimed, ..Draft::default() };
        if !role.1.is_empty() {
            let scope = Some(scope.1.to_owned()).filter(|scope| !scope.is_empty());
            draft.roles.push(HeldRole { role: role.1.to_owned(), scope, constraints: limits });
        } else if let Some((at, _)) = [scope, constraints].into_iter().find(|(_, text)| !text.is_empty()) {
            self.complaints
                .push(self.source.complain(at..at, "expected a role that this belongs to, got none"));
        }
        if let Err(mistakes) = draft.clone().check(self.authority, self.now) {
            for Mistake { pointer, detail } in mistakes {
                let (at, _) = match pointer.split('/').nth(3) {
                    Some("role") => role,
                    Some("scope") => scope,
                    Some("constraints") => constraints,
                    _ if pointer.starts_with("/claims") => claims,
                    _ => id,
                };
                self.complaints.push(self.source.complain(at..at, detail));
            }
        }
        (self.complaints.len() == before).then_some(draft)
    }

    /// `name=value|name=value`; a name that comes again adds a value.
    fn entries(&mut self, (at, text): (usize, &str)) -> BTreeMap<String, Vec<String>> {
        let mut entries: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for entry in text.split('|').map(str::trim).filter(|entry| !entry.is_empty()) {
            match entry.split_once('=') {
                Some((name, value)) => {
                    entries.entry(name.trim().to_owned()).or_default().push(value.trim().to_owned());
                }
                None => {
                    self.complaints
                        .push(self.source.complain(at..at, "expected name=value, got no equals sign"));
                }
            }
        }
        entries
    }

    fn users(mut self, drafts: Vec<(usize, Draft)>) -> Result<Numbered, Vec<Complaint>> {
        let mut users = Numbered::new();
        for (at, draft) in drafts {
            match draft.check(self.authority, self.now) {
                Ok(user) => users.push((at, user)),
                Err(mistakes) => {
                    let complaints =
                        mistakes.into_iter().map(|mistake| self.source.complain(at..at, mistake.detail));
                    self.complaints.extend(complaints);
                }
            }
        }
        if self.complaints.is_empty() { Ok(users) } else { Err(self.complaints) }
    }
}

/// Writes users as a file that [`read`] takes. The claims stand in a user's first line.
pub(super) fn write(drafts: &[Draft]) -> String {
    let mut lines = vec![COLUMNS.join(";")];
    for draft in drafts {
        let mut claims = joined(&draft.claims);
        if draft.roles.is_empty() {
            lines.push(line(&[&draft.id, "", "", "", &claims]));
        }
        for held in &draft.roles {
            let scope = held.scope.as_deref().unwrap_or_default();
            lines.push(line(&[&draft.id, &held.role, scope, &joined(&held.constraints), &claims]));
            claims.clear();
        }
    }
    lines.join("\n")
}

fn joined(entries: &BTreeMap<String, Vec<String>>) -> String {
    let pairs = entries.iter().flat_map(|(name, values)| values.iter().map(move |v| format!("{name}={v}")));
    pairs.collect::<Vec<_>>().join("|")
}

fn line(cells: &[&str]) -> String {
    let quoted = |cell: &&str| match cell.contains(['"', ';', ',', '\n', '\r']) {
        true => format!("\"{}\"", cell.replace('"', "\"\"")),
        false => (*cell).to_owned(),
    };
    cells.iter().map(quoted).collect::<Vec<_>>().join(";")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(text: &str) -> Result<Vec<Draft>, Vec<String>> {
        let read = read("u.csv", text.as_bytes(), Cvr::new("11111111").unwrap(), Timestamp::UNIX_EPOCH);
        read.map(|users| users.iter().map(|(_, user)| user.draft()).collect())
            .map_err(|complaints| complaints.iter().map(ToString::to_string).collect())
    }

    const FILE: &str = "id;role;scope;constraints;claims\r\n\
        ib;http://k.dk/roles/jobrole/byg/1;;http://s.dk/kle/1=27.*,28.*|http://s.dk/org/1=a;urn:oid:2.5.4.12=Chef|urn:x:b=1\r\n\
        ib;http://k.dk/roles/jobrole/skat/1;22222222;;\r\n\
        \r\n\
        bo;;;;\"urn:x:a=says \"\"hi\"\"; twice\"\r\n";

    #[test]
    fn lines_of_one_user_are_one_user_and_what_is_written_is_read_back() {
        let users = lines(FILE).unwrap();
        assert_eq!(users.len(), 2);
        assert_eq!(users[0].roles.len(), 2);
        assert_eq!(users[0].roles[0].constraints["http://s.dk/kle/1"], ["27.*", "28.*"]);
        assert_eq!(users[0].roles[1].scope.as_deref(), Some("22222222"));
        assert_eq!(users[1].claims["urn:x:a"], ["says \"hi\"; twice"]);
        assert!(lines(&write(&users)).unwrap() == users);
    }

    #[test]
    fn commas_do_as_well_and_columns_may_stand_in_any_order_or_be_left_out() {
        let users = lines("role,id\nhttp://k.dk/roles/jobrole/byg/1,ib\n").unwrap();
        assert_eq!((users[0].id.as_str(), users[0].roles.len()), ("ib", 1));
    }

    #[test]
    fn every_bad_line_is_told_with_its_place() {
        let told = lines(
            "id;role;scope;claims\n\
             ib;byg;;\n\
             bo;http://k.dk/r/1;123;\n\
             bo;http://k.dk/r/1\n\
             per;;11111111;\n\
             ;;;urn:x:a\n",
        )
        .err()
        .unwrap();
        assert_eq!(told.len(), 6, "{told:#?}");
        for (number, start) in
            ["u.csv:2:4: ", "u.csv:3:20: ", "u.csv:4:1: ", "u.csv:5:6: "].iter().enumerate()
        {
            assert!(told[number].starts_with(start), "{start}: {told:#?}");
        }
        assert!(told[4].starts_with("u.csv:6:4: ") && told[5].starts_with("u.csv:6:1: "), "{told:#?}");
    }

    #[test]
    fn a_file_that_is_no_such_table_is_refused_with_what_was_expected() {
        for (text, expected) in [
            ("", "column `id`"),
            ("navn;rolle\nib;x\n", "unknown column"),
            ("id;id\n", "once"),
            ("id;role\n\"ib;x\n", "expected a quote"),
            ("id;role\n\"ib\"x;y\n", "after its closing quote"),
        ] {
            let told = lines(text).err().unwrap();
            assert!(told[0].contains(expected), "{told:?}");
        }
        let wrong = read("u.csv", b"id\n\xe6\n", Cvr::new("11111111").unwrap(), Timestamp::UNIX_EPOCH);
        assert!(wrong.unwrap_err()[0].to_string().starts_with("u.csv:2:1: expected text in UTF-8"));
    }
}
