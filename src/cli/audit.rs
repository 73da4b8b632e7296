//! `audit search`: finds the records of an exchange from whatever somebody has at hand.

use std::collections::BTreeMap;

use clap::{Args, Subcommand};
use jiff::Timestamp;

use super::{Done, Exit, Session, table, wait_for, wrong};
use crate::domain::audit::Record;
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
    /// A case number as the user read it aloud, a login id, or text: a message ID, an entityID, a CVR number, a reason
    what: Vec<String>,

    /// Only records of this message ID
    #[arg(long)]
    message: Option<String>,

    /// Not older than this, such as 2026-11-21T08:00:00Z
    #[arg(long)]
    since: Option<Timestamp>,

    /// Older than this
    #[arg(long)]
    until: Option<Timestamp>,

    /// At most so many, the youngest
    #[arg(long, default_value_t = 100)]
    limit: u32,
}

impl Audit {
    pub(super) fn run(self, session: &mut Session<'_>) -> Done {
        let Self::Search(search) = self;
        let store = session.store()?;
        let found =
            wait_for(store.search_audit(search.query()))?.map_err(|error| wrong("the store", error))?;
        session.answer(&found, || table(&found.iter().rev().map(row).collect::<Vec<_>>()));
        Ok(if found.is_empty() { Exit::CheckFailed } else { Exit::Ok })
    }
}

impl Search {
    fn query(self) -> AuditQuery {
        let what = self.what.join(" ");
        let login = LoginId::new(&what).ok();
        let case = CaseNumber::new(&what).ok();
        let text = (login.is_none() && case.is_none() && !what.is_empty()).then_some(what);
        AuditQuery {
            login,
            case,
            text,
            message: self.message,
            fagsystem: None,
            since: self.since,
            until: self.until,
            limit: self.limit,
        }
    }
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
        format!("{:?}", record.event),
        if record.allowed { "allowed" } else { "refused" }.to_owned(),
        record.reason.clone(),
        party(&record.fagsystem),
        idps.join(" + "),
        record.detail.iter().cloned().chain(counted(record)).collect::<Vec<_>>().join("; "),
    ]
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
    use crate::domain::audit::{Actor, Event};
    use crate::domain::reason::Reason;
    use crate::domain::role::Ruling;

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
