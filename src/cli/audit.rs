//! `audit search`: finds the records of an exchange from whatever somebody has at hand.

use clap::{Args, Subcommand};
use jiff::Timestamp;

use super::{Done, Exit, Session, table, wait_for, wrong};
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
        record.detail.clone().unwrap_or_default(),
    ]
}
