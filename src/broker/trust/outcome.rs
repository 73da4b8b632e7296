//! What came of a run, for whoever holds its link: who is waited for, or the report beside the one before.

use jiff::Timestamp;

use super::super::Broker;
use super::Order;
use crate::domain::id::EntityId;
use crate::domain::reason::Fault;
use crate::domain::trust::{Report, Scenario, Sent};
use crate::protocol::seal::Ticket;
use crate::store::RunQuery;

/// So many runs are looked through for the one before.
const MOST_RUNS: u32 = 200;

/// What came of a run.
#[derive(Clone, Debug)]
pub enum Outcome {
    /// Nobody has logged in yet.
    Waiting {
        /// The name of the municipality.
        authority: String,
        /// The name of the identity provider.
        idp: String,
        /// What is tried.
        scenario: Scenario,
        /// The name of the fagsystem that was chosen, if one was.
        fagsystem: Option<String>,
        /// When the run is forgotten.
        expires: Timestamp,
        /// With what a user was sent off last, if one was: nothing has come back.
        sent: Option<Box<Sent>>,
    },
    /// A report.
    Ended {
        /// The report.
        report: Box<Report>,
        /// The report of the run before it, of the same scenario at the same identity provider.
        previous: Option<Box<Report>>,
    },
}

impl Broker {
    /// What came of the run that a link leads to.
    pub async fn outcome_of_run(&self, ticket: &Ticket) -> Result<Outcome, Fault> {
        let run = self.ordered_run(ticket).await?;
        let Some(report) = run.report else {
            let order = Order::open(&run, ticket)?;
            let snapshot = self.snapshot();
            let federation = snapshot.federation();
            let named = |name: Option<String>, id: &dyn ToString| name.unwrap_or_else(|| id.to_string());
            let fagsystem =
                |id: EntityId| named(federation.fagsystem(&id).ok().map(|known| known.name.clone()), &id);
            return Ok(Outcome::Waiting {
                authority: named(federation.authority(run.authority).map(|a| a.name.clone()), &run.authority),
                idp: named(federation.registered_idp(&run.idp).map(|idp| idp.name.clone()), &run.idp),
                scenario: run.scenario,
                fagsystem: order.fagsystem.map(fagsystem),
                expires: run.expires,
                sent: run.sent.map(Box::new),
            });
        };
        let previous = self.report_before(&report).await?.map(Box::new);
        Ok(Outcome::Ended { report: Box::new(report), previous })
    }

    async fn report_before(&self, report: &Report) -> Result<Option<Report>, Fault> {
        let query = RunQuery {
            authority: Some(report.authority),
            idp: Some(report.idp.clone()),
            limit: MOST_RUNS,
            ..RunQuery::default()
        };
        let reports = self.runs(query).await?.into_iter().filter_map(|run| run.report);
        let before = reports.filter(|other| {
            (other.scenario, &other.fagsystem) == (report.scenario, &report.fagsystem)
                && other.finished < report.finished
        });
        Ok(before.max_by_key(|other| other.finished))
    }
}
