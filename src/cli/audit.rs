//! `audit search`: finds the records of an exchange from whatever somebody has at hand.

use std::collections::BTreeMap;

use clap::{Args, Subcommand};
use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;

use super::{Done, Exit, Session, table, wait_for, wrong};
use crate::domain::audit::{Event, Record};
use crate::domain::id::{CaseNumber, EntityId, LoginId};
use crate::store::{AuditQuery, Logged, Store};

/// What can be done with the exchange log.
#[derive(Debug, Subcommand)]
pub(super) enum Audit {
    /// Find records by case number, login, message ID or any text; all given words must fit
    Search(Search),
}

/// What `audit search` takes.
#[derive(Debug, Args)]
pub(super) struct Search {
    /// A case number as the user read it aloud, the id of a login or session, or text: a message ID, an entityID, a CVR
    /// number, a role, a reason, an event
    what: Vec<String>,

    /// Only records of this message ID
    #[arg(long)]
    message: Option<String>,

    /// Not older than this: 2026-11-21T08:00:00Z, or a day, which begins at midnight UTC
    #[arg(long, value_parser = moment)]
    since: Option<Timestamp>,

    /// Older than this
    #[arg(long, value_parser = moment)]
    until: Option<Timestamp>,

    /// At most so many, the youngest
    #[arg(long, default_value_t = 100)]
    limit: u32,
}

impl Audit {
    pub(super) fn run(self, session: &mut Session<'_>) -> Done {
        let Self::Search(search) = self;
        let store = session.store()?;
        let limit = search.limit;
        let mut found = Vec::new();
        for query in search.queries() {
            found = wait_for(store.search_audit(query))?.map_err(|error| wrong("the store", error))?;
            if !found.is_empty() {
                break;
            }
        }
        session.answer(&found, || match found.is_empty() {
            true => "no record fits".to_owned(),
            false => table(&found.iter().rev().map(row).collect::<Vec<_>>()),
        });
        if !found.is_empty() && found.len() == limit as usize {
            let _ = writeln!(session.desk.err, "these are the youngest {limit}; --limit shows more");
        }
        Ok(if found.is_empty() { Exit::CheckFailed } else { Exit::Ok })
    }
}

impl Search {
    /// What is looked for, the likelier meaning first: 32 hexadecimal digits name a login, or else a session.
    fn queries(self) -> Vec<AuditQuery> {
        let of_number = |word: &&String| !word.chars().any(char::is_alphabetic);
        let number: Vec<&str> = self.what.iter().filter(of_number).map(String::as_str).collect();
        let case = CaseNumber::new(&number.join(" ")).ok();
        let texts = self.what.iter().filter(|word| case.is_none() || !of_number(word)).cloned().collect();
        let Self { message, since, until, limit, .. } = self;
        let all = AuditQuery { case, texts, message, since, until, limit, ..AuditQuery::default() };
        let login = all.texts.iter().find_map(|word| Some((word.clone(), LoginId::new(word).ok()?)));
        let of_login = login.map(|(named, login)| AuditQuery {
            login: Some(login),
            texts: all.texts.iter().filter(|word| **word != named).cloned().collect(),
            ..all.clone()
        });
        of_login.into_iter().chain([all]).collect()
    }
}

/// A moment, or the beginning of a day in UTC.
fn moment(text: &str) -> Result<Timestamp, String> {
    let day =
        || text.parse::<Date>().ok().filter(|day| day.to_string() == text)?.to_zoned(TimeZone::UTC).ok();
    let moment = text.parse().ok().or_else(|| Some(day()?.timestamp()));
    moment.ok_or_else(|| {
        "expected a moment such as 2026-11-21T08:00:00Z, or a day such as 2026-11-21".to_owned()
    })
}

/// A record as a line of the answer.
pub(super) fn row(logged: &Logged) -> Vec<String> {
    let record = &logged.record;
    let party = |name: &Option<_>| name.as_ref().map_or("-".to_owned(), ToString::to_string);
    let idps = [&record.idp, &record.step_up].into_iter().flatten().map(EntityId::as_str);
    let idps: Vec<_> = if record.idp.is_none() { vec!["-"] } else { idps.collect() };
    vec![
        logged.seq.to_string(),
        record.at.to_string(),
        record.login.case_number().to_string(),
        name(record.event),
        if record.allowed { "allowed" } else { "refused" }.to_owned(),
        record.reason.clone(),
        party(&record.fagsystem),
        idps.join(" + "),
        record.detail.iter().cloned().chain(counted(record)).collect::<Vec<_>>().join("; "),
    ]
}

/// An event by the name that it has in the log, and by which it is found.
fn name(event: Event) -> String {
    let name = serde_json::to_value(event).ok();
    name.as_ref().and_then(serde_json::Value::as_str).unwrap_or_default().to_owned()
}

/// How many roles became rights, and why others did not; `--json` names each.
fn counted(record: &Record) -> Option<String> {
    let mut counts = BTreeMap::new();
    for ruling in &record.rulings {
        *counts.entry(ruling.reason).or_insert(0) += 1;
    }
    let mut told: Vec<String> = counts.iter().map(|(reason, count)| format!("{count} {reason}")).collect();
    if record.more_rulings > 0 {
        told.push(format!("{} more", record.more_rulings));
    }
    (!told.is_empty()).then(|| format!("roles: {}", told.join(", ")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::audit::Ruling;
    use crate::domain::audit::{Actor, Event};
    use crate::domain::reason::Reason;

    #[derive(clap::Parser)]
    struct Said {
        #[command(flatten)]
        search: Search,
    }

    fn queries(words: &[&str]) -> Vec<AuditQuery> {
        let said: Said = clap::Parser::parse_from([&["search"], words].concat());
        said.search.queries()
    }

    #[test]
    fn a_case_number_is_found_however_it_is_written_and_every_other_word_must_fit_too() {
        for words in [&["4829", "137", "502"][..], &["4829137502"], &["4829 137 502"], &["4829-137-502"]] {
            let [query] = &queries(&[words, &["bpp.scope", "bbr"]].concat())[..] else { panic!("{words:?}") };
            assert_eq!(query.case, CaseNumber::new("4829137502").ok(), "{words:?}");
            assert_eq!(query.texts, ["bpp.scope", "bbr"], "{words:?}");
        }
        let [query] = &queries(&["11111111", "robot.nsis"])[..] else { panic!("a CVR number is text") };
        assert_eq!(
            (query.case, &query.texts[..]),
            (None, &["11111111".to_owned(), "robot.nsis".to_owned()][..])
        );
    }

    #[test]
    fn what_names_no_login_is_looked_for_as_text_so_that_a_session_is_found_by_its_name() {
        let id = "01a201eeaab5e878602fb4dcf23fcdd3";
        let [login, session] = &queries(&[id, "token-issued"])[..] else { panic!("two meanings") };
        assert_eq!(
            (login.login, &login.texts[..]),
            (LoginId::new(id).ok(), &["token-issued".to_owned()][..])
        );
        assert_eq!(
            (session.login, &session.texts[..]),
            (None, &[id.to_owned(), "token-issued".to_owned()][..])
        );
    }

    #[test]
    fn a_day_begins_at_midnight_and_half_a_moment_is_none() {
        let parsed = |text| moment(text).map(|moment| moment.to_string());
        assert_eq!(parsed("2026-11-21"), Ok("2026-11-21T00:00:00Z".to_owned()));
        assert_eq!(parsed("2026-11-21T08:00:00+01:00"), Ok("2026-11-21T07:00:00Z".to_owned()));
        for text in ["yesterday", "2026-11-21T08:00", "2026-11", ""] {
            assert!(parsed(text).is_err_and(|told| told.contains("2026-11-21T08:00:00Z")), "{text}");
        }
    }

    #[test]
    fn a_line_counts_the_roles_that_became_rights_and_those_that_did_not() {
        let ruling = |reason| Ruling {
            reason,
            scope: "11111111".to_owned(),
            role: "http://korsbaek.test/roles/jobrole/a/1".to_owned(),
            mapping: None,
            detail: String::new(),
        };
        let login = LoginId::from_bits(1);
        let mut record =
            Record::allowed(Timestamp::UNIX_EPOCH, login, Event::TokenIssued, Actor::Broker, Reason::LoginOk);
        let last = |record: &Record| row(&Logged { seq: 1, record: record.clone() }).pop().unwrap();
        assert_eq!(last(&record), "");
        record.ruled(&[Reason::BppScope, Reason::BppKept, Reason::BppScope].map(ruling));
        assert_eq!(last(&record), "roles: 1 bpp.kept, 2 bpp.scope");
        record.ruled(&vec![ruling(Reason::BppRole); 130]);
        record.detail = Some("refused".to_owned());
        assert_eq!(last(&record), "refused; roles: 100 bpp.role, 30 more");
    }
}
