//! Trust runs: a login that lets nobody in. It is ordered by somebody who may, begun by whoever holds the link to it, and
//! ends in a report. On its way it takes every step of the real login, by the same code; what is looked at besides stands in
//! `observe.rs`, and how it is told in `ending.rs`.
//!
//! It opens no session, creates no user, and sends nothing to any fagsystem.

mod call;
mod ending;
mod evidence;
pub mod gate;
pub mod klik;
mod logout;
pub mod mirror;
mod observe;
pub(super) mod observed;
mod outcome;
mod preview;
mod revoked;
mod rights;
mod scenario;
mod sent;
mod stored;
pub mod weather;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::{Broker, Next, Step, Visit};
use crate::domain::assurance::{Comparison, Requirement};
use crate::domain::audit::{Actor, Event, Record};
use crate::domain::id::{Cvr, EntityId, MessageId};
use crate::domain::login::{Asked, Choosing, Reply, Trial};
use crate::domain::reason::{Fault, Reason};
use crate::domain::source::RightsSource;
use crate::domain::trust::{Scenario, Sent};
use crate::protocol::keys::Signer;
use crate::protocol::seal::Ticket;
use crate::store::{Batch, RunQuery, TrustRun};

pub use outcome::Outcome;

/// How long a run and its report are kept.
const KEPT_FOR: SignedDuration = SignedDuration::from_hours(24 * 90);

/// How many runs one order may lead to in a day: it, and those that whoever holds a link orders again.
const MOST_IN_A_DAY: u32 = 24;

const DAY: SignedDuration = SignedDuration::from_hours(24);

/// What the link to a run opens.
const PURPOSE: &str = "trust run";

/// What somebody wants to be tried.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Order {
    /// The municipality.
    pub authority: Cvr,
    /// Its identity provider, switched on or not.
    pub idp: EntityId,
    /// What is tried.
    pub scenario: Scenario,
    /// The fagsystem whose token the report is to show; without one we ask ourselves.
    pub fagsystem: Option<EntityId>,
}

impl Order {
    fn open(run: &TrustRun, ticket: &Ticket) -> Result<Self, Fault> {
        let text = ticket.open(&run.sealed, PURPOSE)?;
        serde_json::from_slice(&text).map_err(|error| Fault::new(Reason::StateForged, error.to_string()))
    }
}

impl Broker {
    /// Takes an order. Whoever holds the link may begin the run and read its report.
    pub async fn order_run(&self, visit: &Visit, order: Order) -> Result<Ticket, Fault> {
        let record = self.trail(self.fresh_login(), visit, Event::TrustRunOrdered).record;
        self.take_order(Record { actor: Actor::Operator, ..record }, order).await
    }

    /// The same for whoever the record names. The run has the name of the record's login.
    pub(super) async fn take_order(&self, record: Record, order: Order) -> Result<Ticket, Fault> {
        let (ticket, run, record) = self.ordered(record, order, self.clock.now() + KEPT_FOR)?;
        self.store.order_run(run, record).await?;
        Ok(ticket)
    }

    fn ordered(
        &self,
        mut record: Record,
        order: Order,
        expires: Timestamp,
    ) -> Result<(Ticket, TrustRun, Record), Fault> {
        self.check_order(&order)?;
        let ticket = Ticket::new(record.login, self.random.as_ref());
        let text =
            serde_json::to_vec(&order).map_err(|error| Fault::new(Reason::Internal, error.to_string()))?;
        record.reason = Reason::TrustBegun.code().to_owned();
        record.authority = Some(order.authority);
        record.idp = Some(order.idp.clone());
        record.fagsystem = order.fagsystem.clone();
        record.detail = Some(Record::tame(order.scenario.id()));
        let run = TrustRun {
            id: ticket.id,
            authority: order.authority,
            idp: order.idp,
            scenario: order.scenario,
            ordered: self.clock.now(),
            expires,
            sealed: ticket.seal(&text, PURPOSE, self.random.as_ref())?,
            sent: None,
            report: None,
        };
        Ok((ticket, run, record))
    }

    /// Whoever holds the link to a run that has ended tries the same again. The new link is good for no longer than the one
    /// that it was got by, so that an order never outlives what was given out, and a day sees so many and no more, so that
    /// nobody fills the store.
    pub async fn order_again(&self, visit: &Visit, ticket: &Ticket) -> Step {
        let trail = self.trail(self.fresh_login(), visit, Event::TrustRunOrdered);
        let tried = self.try_order_again(trail.record.clone(), ticket).await;
        self.conclude(trail, tried).await
    }

    async fn try_order_again(&self, record: Record, ticket: &Ticket) -> Result<Next, Fault> {
        let run = self.ordered_run(ticket).await?;
        let (login, page) = match run.report {
            // It still waits: by the same link.
            None => (run.id, ticket.text()),
            Some(_) => {
                let (again, run, record) = self.ordered(record, Order::open(&run, ticket)?, run.expires)?;
                let since = self.clock.now() - DAY;
                self.store.order_again(run, since, MOST_IN_A_DAY, record).await?;
                (again.id, again.text())
            }
        };
        Ok(Next::Read { login, page: format!("/trust/runs/{page}"), console: None })
    }

    /// The run that a link leads to.
    pub async fn ordered_run(&self, ticket: &Ticket) -> Result<TrustRun, Fault> {
        let unknown = || Fault::new(Reason::TrustUnknown, "no trust run of this name is kept");
        let run = self.store.run(ticket.id, self.clock.now()).await?.ok_or_else(unknown)?;
        ticket.open(&run.sealed, PURPOSE).map_err(|_| unknown())?;
        Ok(run)
    }

    /// Runs, the youngest first.
    pub async fn runs(&self, query: RunQuery) -> Result<Vec<TrustRun>, Fault> {
        Ok(self.store.runs(query).await?)
    }

    /// The youngest runs of an authority.
    pub async fn runs_of(&self, authority: Cvr, limit: u32) -> Result<Vec<TrustRun>, Fault> {
        self.runs(RunQuery { authority: Some(authority), limit, ..RunQuery::default() }).await
    }

    /// Sends whoever holds the link to the identity provider.
    pub async fn begin_run(&self, visit: &Visit, ticket: &Ticket) -> Step {
        let mut trail = self.trail(ticket.id, visit, Event::QuestionSent);
        let tried = match self.order_of(ticket).await {
            Ok(order) => {
                let asked = self.asked_by_run(&order, ticket);
                trail.observes(&asked);
                self.send_off(&mut trail, asked, &order).await
            }
            Err(fault) => Err(fault),
        };
        self.conclude(trail, tried).await
    }

    async fn send_off(
        &self,
        trail: &mut super::audit::Trail,
        asked: Asked,
        order: &Order,
    ) -> Result<Next, Fault> {
        trail.record.authority = Some(order.authority);
        trail.record.idp = Some(order.idp.clone());
        let (next, record) = self.ask(trail, Choosing { asked }, order.authority, &order.idp)?;
        let sent = self.sent(&next, &record);
        self.store.commit(Batch { records: vec![record], sent, ..Batch::default() }).await?;
        Ok(next)
    }

    /// With what the run leaves.
    fn sent(&self, next: &Next, record: &Record) -> Option<Sent> {
        let Next::Ask { question, .. } = next else { return None };
        Some(Sent {
            run: record.login,
            question: MessageId::new(record.message.as_deref()?).ok()?,
            at: record.at,
            message: sent::shown(question, &self.settings.entity_id)?,
        })
    }

    async fn order_of(&self, ticket: &Ticket) -> Result<Order, Fault> {
        let run = self.ordered_run(ticket).await?;
        if run.report.is_some() {
            return Err(Fault::new(Reason::FlowStep, "the run has ended; its report stands"));
        }
        Order::open(&run, ticket)
    }

    /// What the run asks, as a fagsystem would.
    fn asked_by_run(&self, order: &Order, ticket: &Ticket) -> Asked {
        let now = self.clock.now();
        let snapshot = self.snapshot();
        let fagsystem = order.fagsystem.clone().unwrap_or_else(EntityId::ourselves);
        let registered = snapshot.federation().fagsystem(&fagsystem).ok().and_then(|known| known.required);
        Asked {
            login: ticket.id,
            fagsystem,
            request: MessageId::made(now, self.random.bits()),
            made: now,
            reply: Reply::Trial(Trial { scenario: order.scenario, ticket: ticket.text(), is_over: false }),
            force_authn: order.scenario == Scenario::ForceAuthn,
            max_age: None,
            is_passive: order.scenario == Scenario::Passive,
            requirement: Requirement {
                registered,
                requested: order.scenario.level().into_iter().collect(),
                comparison: Comparison::Minimum,
            },
            only_idps: Vec::new(),
            proxies_left: None,
            browser: None,
            begun: now,
        }
    }

    /// Whether it can be tried at all: what it needs on our side must be there.
    fn check_order(&self, order: &Order) -> Result<(), Fault> {
        let now = self.clock.now();
        let snapshot = self.snapshot();
        let federation = snapshot.federation();
        let fagsystem = order.fagsystem.clone().unwrap_or_else(EntityId::ourselves);
        let agreement = federation.rehearsal(order.authority, &order.idp, &fagsystem, now)?;
        let lacks = |what: &'static str| Err(Fault::new(Reason::TrustScenario, what));
        match order.scenario {
            Scenario::NextKey if self.keys.next_signer().is_none() => {
                lacks("we have published no second signing key")
            }
            Scenario::StepUp if federation.step_up(order.authority).is_none() => {
                lacks("the municipality allows no step-up")
            }
            Scenario::Service if !agreement.idp().rights.contains(&RightsSource::AttributeService) => {
                lacks("the identity provider is registered without an attribute service")
            }
            _ => Ok(()),
        }
    }

    /// The key that signs a question: the one that signs, unless the next one is tried.
    pub(super) fn signer_of_question(&self, asked: &Asked) -> Result<&dyn Signer, Fault> {
        match asked.reply.trial() {
            Some(Trial { scenario: Scenario::NextKey, .. }) => self
                .keys
                .next_signer()
                .ok_or_else(|| Fault::new(Reason::TrustScenario, "we have published no second signing key")),
            _ => Ok(self.keys.signer()),
        }
    }
}
