//! The end of a session, read aloud: each function is the list of what happens when somebody wants to end one, one step a
//! line. Our own session ends first, in one commit that makes a leg of everybody who must hear of it; then those are told
//! who take messages from servers (`tell`), then the browser takes the news to the others (`chain`).
//!
//! Whoever fails to hear of it keeps nobody waiting for long, and is never told to have confirmed.

mod administer;
mod back;
mod chain;
mod client;
mod end;
pub(super) mod party;
mod soap;
pub(super) mod tell;
mod user;
mod way;

use super::audit::Trail;
use super::marks::mark;
use super::registry::Snapshot;
use super::{Broker, ByBrowser, Refusal, SealedLogin, Visit};
use crate::domain::audit::{Actor, Event, Record};
use crate::domain::id::{Cvr, EntityId, LoginId, MessageId};
use crate::domain::reason::{Fault, Reason};
use crate::domain::session::{LogoutBy, Party};
use crate::protocol::saml::binding::Arrived;
use crate::protocol::saml::logout::request::{self, LogoutRequest, Question};
use crate::protocol::xml::Document;
use crate::protocol::{Accepted, Unverified};
use crate::store::{Batch, Kind, Session};

pub use administer::{Administrator, Listed, end_all_sessions, end_sessions, find_session, list_sessions};
pub use chain::{Farewell, Heard, Hop};
pub use user::OpenHere;

use back::Back;
use end::{End, Ended, Meant};
use party::KnownParty;
use tell::Errand;

/// Who stands on the other side of a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Side {
    /// A fagsystem: we are its identity provider.
    Fagsystem,
    /// An identity provider: we are its service provider.
    Provider,
}

impl Side {
    fn actor(self) -> Actor {
        match self {
            Self::Fagsystem => Actor::Fagsystem,
            Self::Provider => Actor::IdentityProvider,
        }
    }

    fn ended_by(self, party: &EntityId) -> LogoutBy {
        match self {
            Self::Fagsystem => LogoutBy::Fagsystem(party.clone()),
            Self::Provider => LogoutBy::Provider(party.clone()),
        }
    }

    fn of(party: &Party) -> Self {
        match party {
            Party::Fagsystem { .. } => Self::Fagsystem,
            Party::Provider(_) => Self::Provider,
        }
    }
}

/// What came of a knock that was about logout.
#[derive(Debug)]
pub struct LogoutStep {
    /// What the browser is to do next.
    pub next: LogoutNext,
    /// Which logout this is.
    pub logout: LoginId,
    /// The fagsystem that it is about, as far as that is proved.
    pub fagsystem: Option<EntityId>,
    /// The identity provider that it is about, as far as that is proved.
    pub idp: Option<EntityId>,
    /// The reason, when it is refused.
    pub refused: Option<Reason>,
    /// The municipalities whose sessions ended in this browser.
    pub ended: Vec<Cvr>,
}

/// What the browser is to do next.
#[derive(Debug)]
pub enum LogoutNext {
    /// Look at how far the logout has come, and keep this meanwhile.
    Show(SealedLogin),
    /// Look at how far the logout of this name has come.
    GoOn(LoginId),
    /// Take the answer to whoever asked.
    Answer {
        /// How it gets there.
        answer: ByBrowser,
        /// The receiver, by the name that people know.
        receiver: String,
    },
    /// Look at what the browser is logged in to.
    Nothing,
    /// Read why it ends here.
    Refuse(Refusal),
}

/// A client of OpenID Connect that ends a session.
#[derive(Clone, Debug)]
pub struct ByClient<'c> {
    /// Who.
    pub client: &'c EntityId,
    /// The session, by the index that it was told: the `sid` of an ID token of ours.
    pub index: LoginId,
    /// Where the user goes afterwards: registered, and the state that comes along.
    pub address: Option<(String, Option<String>)>,
}

impl Broker {
    /// A fagsystem's or an identity provider's browser brings the wish that sessions end.
    pub async fn end_for_party(
        &self,
        visit: &Visit,
        side: Side,
        arrived: Result<Arrived, Fault>,
    ) -> LogoutStep {
        let mut trail = self.trail(self.fresh_login(), visit, Event::LogoutReceived);
        let mut back = None;
        let tried = self.try_end_for_party(&mut trail, visit, (side, arrived), &mut back).await;
        self.conclude_logout(trail, tried, back).await
    }

    async fn try_end_for_party(
        &self,
        trail: &mut Trail,
        visit: &Visit,
        (side, arrived): (Side, Result<Arrived, Fault>),
        back: &mut Option<Back>,
    ) -> Result<(LogoutNext, Vec<Cvr>), Fault> {
        let snapshot = self.snapshot();
        let arrived = arrived?;
        trail.saw(&arrived);
        let document = Document::parse(&arrived.xml)?;
        let request = request::claimed(&document, &arrived)?;
        let here = self.logout_at(side).browser;
        let request = self.accept_end(trail, &snapshot, (side, &here), request)?; // proved, for us, now
        *back = Some(Back::asked(side, &request)); // from here on it may be told
        let ended = self.end(trail, &self.wish(side, &request, visit)).await?; // ours first, written down
        self.part(visit, trail.record.login, ended, back.clone()).await // and then everybody else
    }

    /// A client of OpenID Connect wants that its user's session ends. Who it is and what it was told is proved.
    pub async fn end_for_client(&self, visit: &Visit, by: ByClient<'_>) -> LogoutStep {
        let mut trail = self.trail(self.fresh_login(), visit, Event::LogoutReceived);
        trail.record.actor = Actor::Fagsystem;
        trail.record.fagsystem = Some(by.client.clone());
        let back = by.address.map(|(address, state)| Back::Address(by.client.clone(), address, state));
        let end = End {
            meant: Meant::OfClient(by.client, by.index),
            by: LogoutBy::Fagsystem(by.client.clone()),
            mark: None,
            browser: visit.browser,
        };
        let tried = match self.end(&mut trail, &end).await {
            Ok(ended) => self.part(visit, trail.record.login, ended, back.clone()).await,
            Err(fault) => Err(fault),
        };
        self.conclude_logout(trail, tried, None).await
    }

    /// From a request to one that is proved, for us, now.
    fn accept_end(
        &self,
        trail: &mut Trail,
        snapshot: &Snapshot,
        (side, here): (Side, &str),
        request: Unverified<Question<'_>>,
    ) -> Result<Accepted<LogoutRequest>, Fault> {
        let now = self.clock.now();
        trail.claimed(request.claimed_issuer());
        let asker = KnownParty::of(snapshot, side, request.claimed_issuer(), now)?; // registered, switched on
        let request = request.verify(asker.opening(self.keys.decrypters()))?; // signed by its own key
        trail.proved_by(request.proof(), side.actor());
        asker.keys.check_in_force(&request.proof().key, now)?; // which has not expired
        let request = request.accept(here, now, self.settings.skew)?; // for us, now
        trail.record.message = Some(request.id.to_string());
        trail.is_about(side, &request.issuer);
        Ok(request)
    }

    fn wish<'r>(&self, side: Side, request: &'r LogoutRequest, visit: &Visit) -> End<'r> {
        let LogoutRequest { issuer, id, issue_instant, name_id, session_indexes, .. } = request;
        End {
            meant: Meant::At(side, issuer, name_id, session_indexes),
            by: side.ended_by(issuer),
            mark: Some(mark(Kind::Logout, issuer.as_str(), (id, *issue_instant), self.clock.now())),
            browser: visit.browser,
        }
    }

    /// What is left to do for the browser when its own session is over.
    async fn part(
        &self,
        visit: &Visit,
        login: LoginId,
        ended: Vec<Ended>,
        back: Option<Back>,
    ) -> Result<(LogoutNext, Vec<Cvr>), Fault> {
        let only_one = ended.len() == 1;
        let ticket = |session: &Session| visit.tickets.iter().find(|(_, ticket)| ticket.id == session.id);
        // A browser takes the news to others about its own session only: they would say of another that it is over.
        let here = |ended: &Ended| {
            let facts = &ended.session.facts;
            let labelled = facts.browser.is_some() && facts.browser == visit.browser;
            only_one || labelled || ticket(&ended.session).is_some()
        };
        self.tell(self.errands(&ended, here).await).await;
        let cookies =
            ended.iter().filter_map(|ended| ticket(&ended.session)).map(|(authority, _)| *authority);
        let cookies = cookies.collect();
        let next = self.go_on_with(login, &ended, here, back).await?;
        Ok((next, cookies))
    }

    /// Everybody who must hear that these sessions are over.
    async fn errands(&self, ended: &[Ended], by_browser: impl Fn(&Ended) -> bool) -> Vec<Errand> {
        let mut errands = Vec::new();
        for one in ended {
            // If it cannot be read now, whoever tells again will read it.
            let Ok(Some(logout)) = self.store.logout(one.logout).await else { continue };
            errands.extend(Errand::all(&logout, by_browser(one)));
        }
        errands
    }

    async fn all_confirmed(&self, logouts: impl Iterator<Item = LoginId>) -> Result<bool, Fault> {
        for logout in logouts {
            if !self.store.logout(logout).await?.is_none_or(|logout| logout.is_complete()) {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// Ends a step: with what it led to, or with a refusal, which is told to a proved asker where that helps it.
    async fn conclude_logout(
        &self,
        mut trail: Trail,
        tried: Result<(LogoutNext, Vec<Cvr>), Fault>,
        back: Option<Back>,
    ) -> LogoutStep {
        let (logout, at) = (trail.record.login, trail.record.at);
        let (fagsystem, idp) = (trail.record.fagsystem.clone(), trail.record.idp.clone());
        let (next, ended, refused) = match tried {
            Ok((next, ended)) => (next, ended, None),
            Err(fault) => {
                trail.refuse(&fault);
                let kept = self.store.commit(Batch { records: vec![trail.record], ..Batch::default() }).await;
                let reason = kept.map_or(Reason::StoreDown, |()| fault.reason);
                let told = back.and_then(|back| self.refusal_to(&back, reason));
                let refusal = Refusal { login: logout, reason, at, fagsystem: None };
                (told.unwrap_or(LogoutNext::Refuse(refusal)), Vec::new(), Some(reason))
            }
        };
        LogoutStep { next, logout, fagsystem, idp, refused, ended }
    }
}

impl Trail {
    fn is_about(&mut self, side: Side, party: &EntityId) {
        match side {
            Side::Fagsystem => self.record.fagsystem = Some(party.clone()),
            Side::Provider => self.record.idp = Some(party.clone()),
        }
    }
}

/// The record of what whoever asked was told.
fn answered(trail: &Trail, id: &MessageId, complete: bool) -> Record {
    let asked = trail.record.message.clone();
    let reason = if complete { Reason::SloOk } else { Reason::SloPartial };
    Record {
        event: Event::LogoutAnswered,
        message: Some(id.to_string()),
        in_response_to: asked,
        key: None,
        algorithm: None,
        sha256: None,
        claimed_issuer: None,
        ..trail.allowed(Actor::Broker, reason)
    }
}
