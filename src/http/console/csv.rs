//! The table of all as a file that spreadsheets read (RFC 4180).

use std::fmt::Write as _;

use jiff::Timestamp;

use crate::broker::registry::Snapshot;
use crate::broker::trust::klik::{Foreseen, InUse, Known};
use crate::domain::console::Sees;
use crate::domain::federation::Authority;
use crate::domain::trust::{Progress, State, Task};

/// Municipalities by tasks.
pub(super) fn by_task(rows: &[(&Authority, Progress<'_>)]) -> String {
    let tasks = Task::ALL.iter().flat_map(|task| {
        let letter = task.letter();
        [letter.to_owned(), format!("{letter} since"), format!("{letter} shown"), format!("{letter} of")]
    });
    let head: Vec<String> = ["cvr".to_owned(), "municipality".to_owned()].into_iter().chain(tasks).collect();
    let mut file = head.join(",") + "\r\n";
    for (authority, progress) in rows {
        let _ = write!(file, "{},{}", authority.cvr, cell(&authority.name));
        for step in &progress.steps {
            let (since, all) = (moment(step.since), step.lines.len());
            let _ = write!(file, ",{},{since},{},{all}", word(step.state), step.proved());
        }
        file.push_str("\r\n");
    }
    file
}

/// Municipalities by the fagsystemer that they may use.
pub(super) fn by_system(known: &Known, snapshot: &Snapshot, sees: &Sees) -> String {
    let mut file =
        "cvr,municipality,entity id,fagsystem,logins,with rights,first login,last login\r\n".to_owned();
    for authority in known.authorities(snapshot, sees) {
        let (used, name) = (known.logins(authority.cvr), cell(&authority.name));
        for fagsystem in known.systems_of(snapshot, sees, authority.cvr) {
            let used = used.get(&fagsystem.entity_id);
            let (logins, rights) = used.map_or((0, 0), |used| (used.logins, used.with_rights));
            let (first, last) = (moment(used.map(|used| used.first)), moment(used.map(|used| used.last)));
            let (id, system) = (cell(fagsystem.entity_id.as_str()), cell(&fagsystem.name));
            let _ =
                write!(file, "{},{name},{id},{system},{logins},{rights},{first},{last}\r\n", authority.cvr);
        }
    }
    file
}

/// Fagsystemer by the levels that they demand or could demand, and whose users would be without.
pub(super) fn by_level(systems: &[InUse<'_>]) -> String {
    let mut file = "entity id,fagsystem,level,demanded,cvr,municipality,reach\r\n".to_owned();
    for InUse { fagsystem, forecast, .. } in systems {
        let (id, system) = (cell(fagsystem.entity_id.as_str()), cell(&fagsystem.name));
        for Foreseen { level, without } in forecast {
            let demanded = if fagsystem.required == Some(*level) { "yes" } else { "no" };
            for (authority, reach) in without {
                let (cvr, name, reach) = (authority.cvr, cell(&authority.name), reach.id());
                let _ = write!(file, "{id},{system},{level},{demanded},{cvr},{name},{reach}\r\n");
            }
        }
    }
    file
}

fn word(state: State) -> &'static str {
    match state {
        State::NotNeeded => "not-needed",
        State::Open => "open",
        State::InProgress => "in-progress",
        State::Done => "done",
        State::Attention => "attention",
    }
}

fn moment(at: Option<Timestamp>) -> String {
    at.map_or(String::new(), |at| at.strftime("%FT%TZ").to_string())
}

/// A text in a cell. What a spreadsheet would compute is made plain text.
fn cell(text: &str) -> String {
    let formula = text.starts_with(['=', '+', '-', '@', '\t', '\r']);
    let plain = if formula { format!("'{text}") } else { text.to_owned() };
    match plain.contains(['"', ',', '\r', '\n', ';']) {
        true => format!("\"{}\"", plain.replace('"', "\"\"")),
        false => plain,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cell_holds_its_text_and_computes_nothing() {
        for (text, written) in [
            ("Korsbæk", "Korsbæk"),
            ("A, \"B\"", "\"A, \"\"B\"\"\""),
            ("=1+1", "'=1+1"),
            ("@x,y", "\"'@x,y\""),
        ] {
            assert_eq!(cell(text), written);
        }
    }
}
