//! The way of the browser through those who can be told by a browser only. It begins and ends at a page of ours, which
//! knows from its cookie which logout it shows and where the browser goes afterwards. Nobody on the way can stop it: whoever
//! does not send the browser back is passed over.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::back::Back;
use super::end::Ended;
use super::party::{KnownParty, shown};
use super::tell::{Errand, outcome_of};
use super::{LogoutNext, LogoutStep, Side};
use crate::broker::audit::Trail;
use crate::broker::registry::Snapshot;
use crate::broker::{Broker, ByBrowser, Refusal, SealedLogin, Visit};
use crate::domain::audit::{Event, Record};
use crate::domain::id::{LoginId, MessageId};
use crate::domain::login::PENDING_FOR;
use crate::domain::reason::{Fault, Reason};
use crate::domain::session::{Leg, LegState, Logout, Party};
use crate::protocol::saml::Binding;
use crate::protocol::saml::binding::Arrived;
use crate::protocol::saml::logout::response::{self, Expectation};
use crate::protocol::saml::metadata::BrowserLogout;
use crate::protocol::xml::Document;
use crate::store::{Batch, LegChange};

/// What the browser's state is sealed for.
const PURPOSE: &str = "logout";

/// A logout on its way through a browser, in which it is kept, sealed.
#[derive(Serialize, Deserialize)]
pub(super) struct Leaving {
    /// The logouts of this browser's sessions.
    logouts: Vec<LoginId>,
    begun: Timestamp,
    /// Whether somebody did not confirm who has to do with another browser.
    in_part: bool,
    back: Option<Back>,
}

/// How far a logout has come, for the page that shows it.
#[derive(Debug)]
pub struct Farewell {
    /// Which.
    pub logout: LoginId,
    /// Everybody who must hear of it.
    pub parties: Vec<Heard>,
    /// Whether all of them confirmed.
    pub complete: bool,
    /// What comes next.
    pub hop: Hop,
}

/// A party and how far it has come.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Heard {
    /// The name that people know.
    pub name: String,
    /// What it is.
    pub side: Side,
    /// How far it has come.
    pub state: LegState,
    /// What frames of the last page tell it, so that nobody knows whether it heard.
    pub frames: Vec<String>,
}

/// What comes next for the browser.
#[derive(Debug)]
pub enum Hop {
    /// It takes the news to a party.
    Onward {
        /// The party's place in the list.
        number: usize,
        /// How the news gets there.
        message: ByBrowser,
    },
    /// It was sent to a party and is here again without an answer.
    Unanswered {
        /// The party's place in the list.
        number: usize,
    },
    /// It goes to who wanted the logout.
    Back {
        /// The name that people know.
        receiver: String,
        /// How it gets there.
        answer: ByBrowser,
    },
    /// Nothing: this is the end.
    Over,
}

/// A leg with the logout that it belongs to.
type OfLogout<'l> = (&'l Logout, &'l Leg);

impl Broker {
    /// What the browser does when those who take messages from servers were told: if nobody is left and all confirmed, it
    /// takes the answer back at once; else it looks at our page.
    pub(super) async fn go_on_with(
        &self,
        id: LoginId,
        ended: &[Ended],
        here: impl Fn(&Ended) -> bool,
        back: Option<Back>,
    ) -> Result<LogoutNext, Fault> {
        let complete = self.all_confirmed(ended.iter().map(|ended| ended.logout)).await?;
        if complete
            && let Some(back) = &back
            && let Some((receiver, answer)) = self.answer_back(id, back, true).await?
        {
            return Ok(LogoutNext::Answer { answer, receiver });
        }
        let elsewhere = ended.iter().filter(|ended| !here(ended)).map(|ended| ended.logout);
        let leaving = Leaving {
            logouts: ended.iter().filter(|ended| here(ended)).map(|ended| ended.logout).collect(),
            begun: self.clock.now(),
            in_part: !self.all_confirmed(elsewhere).await?,
            back,
        };
        Ok(LogoutNext::Show(self.seal_for(PURPOSE, id, &leaving)?))
    }

    /// How far the logout of this browser has come, and what comes next. The party at the place of `after` is waited for no
    /// longer.
    pub async fn farewell(
        &self,
        visit: &Visit,
        sealed: &SealedLogin,
        after: Option<usize>,
    ) -> Result<Farewell, Refusal> {
        self.try_farewell(sealed, after).await.map_err(|fault| {
            tracing::warn!(reason = fault.reason.code(), detail = %fault.detail, endpoint = visit.endpoint, "no farewell");
            Refusal { login: sealed.login, reason: fault.reason, at: self.clock.now(), fagsystem: None }
        })
    }

    async fn try_farewell(&self, sealed: &SealedLogin, after: Option<usize>) -> Result<Farewell, Fault> {
        let leaving = self.leaving(sealed)?; // of this browser, not long ago
        let mut logouts = self.logouts(&leaving).await?;
        if let Some(number) = after {
            self.pass_over(&mut logouts, number).await?;
        }
        let hop = self.hop(sealed.login, &leaving, &mut logouts).await?;
        let snapshot = self.snapshot();
        let parties = legs(&logouts).map(|(_, leg)| {
            let side = Side::of(&leg.party);
            Heard {
                name: shown(&snapshot, side, leg.party.entity_id()),
                side,
                state: leg.state,
                frames: self.frames(&snapshot, &leg.party),
            }
        });
        Ok(Farewell {
            logout: sealed.login,
            parties: parties.collect(),
            complete: is_complete(&leaving, &logouts),
            hop,
        })
    }

    async fn hop(&self, id: LoginId, leaving: &Leaving, logouts: &mut [Logout]) -> Result<Hop, Fault> {
        if let Some(number) = legs(logouts).position(|(_, leg)| leg.state == LegState::Told) {
            return Ok(Hop::Unanswered { number });
        }
        let snapshot = self.snapshot();
        let now = self.clock.now();
        let next = |all: &[Logout]| legs(all).position(|(_, leg)| waits_for_browser(&snapshot, leg, now));
        while let Some(number) = next(logouts) {
            if let Some(message) = self.send_browser(&snapshot, id, (logouts, number)).await? {
                return Ok(Hop::Onward { number, message });
            }
        }
        match &leaving.back {
            Some(back) => {
                let answer = self.answer_back(id, back, is_complete(leaving, logouts)).await?;
                Ok(answer.map_or(Hop::Over, |(receiver, answer)| Hop::Back { receiver, answer }))
            }
            None => Ok(Hop::Over),
        }
    }

    /// Sends the browser to a party; none if that cannot be done after all.
    async fn send_browser(
        &self,
        snapshot: &Snapshot,
        id: LoginId,
        (logouts, number): (&mut [Logout], usize),
    ) -> Result<Option<ByBrowser>, Fault> {
        let now = self.clock.now();
        let Some((logout, leg)) = legs(logouts).nth(number) else { return Ok(None) };
        let known = KnownParty::of(snapshot, Side::of(&leg.party), leg.party.entity_id(), now);
        let address = known.ok().and_then(|known| known.logout.browser.as_ref());
        let question = MessageId::made(now, self.random.bits());
        let message = address.map(|BrowserLogout { binding, requests, .. }| {
            let relay_state = id.to_string();
            let signer = self.keys.signer();
            self.news(&leg.party, &question, requests, |news| match binding {
                Binding::Post => news.by_post(Some(relay_state), signer).map(ByBrowser::Post),
                Binding::Redirect => news.by_redirect(Some(&relay_state), signer).map(ByBrowser::Redirect),
            })
        });
        let message = message.and_then(Result::ok);
        let errand = Errand::one(logout, leg, true);
        let (state, records) = match (&message, address) {
            (Some(_), Some(to)) => (LegState::Told, vec![errand.sent(&question, &to.requests, now)]),
            _ => (LegState::Untold, Vec::new()),
        };
        // When nobody waits for the browser any more, whoever tells again writes down that it never came back.
        let next = message.as_ref().map(|_| logout.begun + PENDING_FOR);
        let leg = Leg { state, question: Some(question), attempts: leg.attempts + 1, next, ..leg.clone() };
        self.change(logouts, number, leg, records).await?;
        Ok(message)
    }

    /// The user, or the page's clock, has waited long enough.
    async fn pass_over(&self, logouts: &mut [Logout], number: usize) -> Result<(), Fault> {
        let Some((logout, leg)) = legs(logouts).nth(number) else { return Ok(()) };
        if leg.state != LegState::Told {
            return Ok(());
        }
        let mut record = Errand::one(logout, leg, true).heard_nothing(self.clock.now());
        record.in_response_to = leg.question.as_ref().map(ToString::to_string);
        let leg = Leg { state: LegState::Failed, next: None, ..leg.clone() };
        self.change(logouts, number, leg, vec![record]).await
    }

    async fn change(
        &self,
        logouts: &mut [Logout],
        number: usize,
        leg: Leg,
        records: Vec<Record>,
    ) -> Result<(), Fault> {
        let Some(logout) = put(logouts, number, leg.clone()) else { return Ok(()) };
        let legs = vec![LegChange { logout, leg }];
        Ok(self.store.commit(Batch { legs, records, ..Batch::default() }).await?)
    }

    /// A party says by the browser what became of our request.
    pub async fn hear(
        &self,
        visit: &Visit,
        side: Side,
        arrived: Result<Arrived, Fault>,
        cookie: impl FnOnce(LoginId) -> Option<String>,
    ) -> LogoutStep {
        // RelayState only names the cookie that holds the logout; the cookie is what binds the browser.
        let relay_state = arrived.as_ref().ok().and_then(|arrived| arrived.relay_state.as_deref());
        let named = relay_state.and_then(|state| LoginId::new(state).ok());
        let login = named.unwrap_or_else(|| self.fresh_login());
        let sealed = SealedLogin { login, content: named.and_then(cookie).unwrap_or_default() };
        let mut trail = self.trail(login, visit, Event::LogoutConfirmed);
        let leaving = self.leaving(&sealed);
        let is_here = leaving.is_ok();
        match self.try_hear(&mut trail, side, arrived, leaving).await {
            Ok(()) => self.conclude_logout(trail, Ok((LogoutNext::GoOn(login), Vec::new())), None).await,
            Err(fault) => {
                let step = self.conclude_logout(trail, Err(fault), None).await;
                // An answer that does not count does not hold the user up.
                if is_here { LogoutStep { next: LogoutNext::GoOn(login), ..step } } else { step }
            }
        }
    }

    async fn try_hear(
        &self,
        trail: &mut Trail,
        side: Side,
        arrived: Result<Arrived, Fault>,
        leaving: Result<Leaving, Fault>,
    ) -> Result<(), Fault> {
        let now = self.clock.now();
        let snapshot = self.snapshot();
        let arrived = arrived?;
        trail.saw(&arrived);
        let document = Document::parse(&arrived.xml)?;
        let answer = response::claimed(&document, &arrived)?;
        trail.claimed(answer.claimed_issuer());
        let unasked = || Fault::new(Reason::SloResponse, "nobody of that name was asked in this browser");
        let logouts = self.logouts(&leaving.map_err(|_| unasked())?).await?; // begun in this browser
        let was_asked = |(_, leg): &OfLogout<'_>| {
            leg.state == LegState::Told
                && Side::of(&leg.party) == side
                && leg.party.entity_id() == answer.claimed_issuer()
        };
        let (logout, leg) = legs(&logouts).find(was_asked).ok_or_else(unasked)?;
        let question = leg.question.as_ref().ok_or_else(unasked)?;
        let party = leg.party.entity_id();
        let known = KnownParty::of(&snapshot, side, party, now)?; // still switched on
        let answer = answer.verify(known.keys)?; // signed by its own key
        trail.proved_by(answer.proof(), side.actor());
        known.keys.check_in_force(&answer.proof().key, now)?; // which has not expired
        let here = self.logout_at(side).browser;
        let skew = self.settings.skew;
        let expected = Expectation { issuer: party, request: question, here: Some(&here), skew };
        let answer = answer.accept(&expected, now)?; // from whom we asked, to our question, for here and now
        trail.record.message = Some(answer.id.to_string());
        trail.record.in_response_to = Some(question.to_string());
        trail.record.session = Some(logout.session);
        trail.record.authority = Some(logout.authority);
        trail.is_about(side, party);
        let mut record = trail.allowed(side.actor(), Reason::SloConfirmed);
        record.login = logout.id;
        let state = outcome_of(&answer.outcome, &mut record);
        let change = LegChange { logout: logout.id, leg: Leg { state, next: None, ..leg.clone() } };
        self.store.commit(Batch { legs: vec![change], records: vec![record], ..Batch::default() }).await?;
        Ok(())
    }

    fn leaving(&self, sealed: &SealedLogin) -> Result<Leaving, Fault> {
        let leaving: Leaving = self.unseal_for(PURPOSE, sealed)?;
        if self.clock.now().duration_since(leaving.begun) > PENDING_FOR {
            return Err(Fault::new(Reason::BrowserBinding, "the logout is too old to go on in this browser"));
        }
        Ok(leaving)
    }

    async fn logouts(&self, leaving: &Leaving) -> Result<Vec<Logout>, Fault> {
        let mut logouts = Vec::new();
        for id in &leaving.logouts {
            logouts.extend(self.store.logout(*id).await?);
        }
        Ok(logouts)
    }
}

fn legs(logouts: &[Logout]) -> impl Iterator<Item = OfLogout<'_>> {
    logouts.iter().flat_map(|logout| logout.legs.iter().map(move |leg| (logout, leg)))
}

/// Puts a leg into its place in the list, and says which logout it belongs to.
fn put(logouts: &mut [Logout], number: usize, leg: Leg) -> Option<LoginId> {
    let mut all =
        logouts.iter_mut().flat_map(|Logout { id, legs, .. }| legs.iter_mut().map(|place| (*id, place)));
    let (id, place) = all.nth(number)?;
    *place = leg;
    Some(id)
}

fn is_complete(leaving: &Leaving, logouts: &[Logout]) -> bool {
    !leaving.in_part && logouts.iter().all(Logout::is_complete)
}

fn waits_for_browser(snapshot: &Snapshot, leg: &Leg, now: Timestamp) -> bool {
    let by_browser = |party: &Party| {
        KnownParty::of(snapshot, Side::of(party), party.entity_id(), now)
            .is_ok_and(|known| known.logout.soap.is_none() && known.logout.browser.is_some())
    };
    leg.state == LegState::Waiting && by_browser(&leg.party)
}
