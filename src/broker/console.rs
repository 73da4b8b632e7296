//! Who may see the pages about trust: invitations, signing in and out, and what was looked at.
//!
//! An invitation and a sign-in are both tickets: we keep what they stand for sealed, and the secret that opens it only the
//! link or the browser has. Whatever is shown of an authority is written down before it is shown.

use jiff::{SignedDuration, Timestamp};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::audit::Trail;
use super::marks::of_request;
use super::trust::Order;
use super::{Broker, Next, Step, Visit};
use crate::domain::assurance::Requirement;
use crate::domain::audit::{Actor, Event, Record};
use crate::domain::console::{IDLE_FOR, SESSION_FOR, Sees};
use crate::domain::id::{Cvr, EntityId, LoginId, MessageId};
use crate::domain::login::{Asked, Reply};
use crate::domain::reason::{Fault, Reason};
use crate::domain::subject::Grant;
use crate::domain::trust::Report;
use crate::domain::world::Random;
use crate::protocol::seal::Ticket;
use crate::store::{Batch, ConsoleSession, ConsoleStep, Invitation, Store, TrustRun};

const INVITATION: &str = "invitation";
const SESSION: &str = "console session";

/// What a sign-in stands for.
#[derive(Serialize, Deserialize)]
struct SignedIn {
    sees: Sees,
    /// The authority and the identity provider by whose login it began; none where it began with an invitation.
    by: Option<(Cvr, EntityId)>,
}

/// Somebody who is signed in to the pages about trust.
#[derive(Clone, Debug)]
pub struct Reader {
    /// The sign-in.
    pub session: LoginId,
    /// What may be seen.
    pub sees: Sees,
    /// When it ends at the latest.
    pub expires: Timestamp,
}

impl Broker {
    /// Who a link invites, if it still does.
    pub async fn invitation(&self, ticket: &Ticket) -> Result<Sees, Fault> {
        let found = self.store.invitations(Some(ticket.id)).await?.pop();
        let is_good =
            |invitation: &Invitation| invitation.used.is_none() && self.clock.now() < invitation.expires;
        let invitation = found.filter(is_good).ok_or_else(no_invitation)?;
        open(ticket, &invitation.sealed, INVITATION).map_err(|_| no_invitation())
    }

    /// Somebody takes up an invitation: it is good for nobody else from now on.
    pub async fn enter(&self, visit: &Visit, invitation: &Ticket) -> Result<(Ticket, Sees), Fault> {
        let record = self.trail(self.fresh_login(), visit, Event::ConsoleEntered).record;
        let sees = match self.invitation(invitation).await {
            Ok(sees) => sees,
            Err(fault) => return Err(self.refuse_reader(record, fault).await),
        };
        let signed_in = SignedIn { sees: sees.clone(), by: None };
        let (session, ticket) = self.begin_console(&signed_in, Some(invitation.id))?;
        let record = Record { detail: Some(Record::tame(&sees.to_string())), ..record };
        let step = ConsoleStep::Enters(session, self.clock.now());
        let kept = self.keep_step(step, of_reader(record, ticket.id, Reason::ConsoleEntered)).await;
        kept.map(|()| (ticket, sees))
    }

    /// Somebody wants to sign in with the login of their municipality. It is a login like any other, for which we ask ourselves.
    pub async fn begin_sign_in(&self, visit: &Visit) -> Step {
        let now = self.clock.now();
        let login = self.fresh_login();
        let browser = visit.browser.unwrap_or_else(|| self.fresh_login());
        let mut trail = self.trail(login, visit, Event::RequestReceived);
        let asked = Asked {
            login,
            fagsystem: EntityId::ourselves(),
            request: MessageId::made(now, self.random.bits()),
            made: now,
            reply: Reply::Console,
            force_authn: false,
            max_age: None,
            is_passive: false,
            requirement: Requirement::default(),
            only_idps: Vec::new(),
            proxies_left: None,
            browser: Some(browser),
            begun: now,
        };
        trail.asks(&asked);
        let tried = self.set_out(&mut trail, visit, asked).await;
        let fresh = visit.browser.is_none().then_some(browser);
        Step { browser: fresh, ..self.conclude(trail, tried).await }
    }

    /// What a login comes to that was begun by [`Broker::begin_sign_in`]: no token and no session beyond our own pages.
    pub(super) async fn enter_by_login(
        &self,
        trail: &mut Trail,
        (asked, reason): (&Asked, Reason),
        grant: &Grant<'_>,
        mut batch: Batch,
    ) -> Result<Next, Fault> {
        let now = self.clock.now();
        let authority = grant.agreement().authority().cvr;
        let snapshot = self.snapshot();
        let sees = Sees::of(grant.rights()?, authority, &self.settings.programme, snapshot.federation());
        let without =
            || Fault::new(Reason::ConsoleRights, "none of the user's roles is a right at these pages");
        let sees = sees.ok_or_else(without)?;
        let by = Some((authority, grant.agreement().idp().entity_id.clone()));
        let (session, ticket) = self.begin_console(&SignedIn { sees: sees.clone(), by }, None)?;
        let received = trail.allowed(trail.record.actor, reason);
        let mut entered = of_reader(received.clone(), ticket.id, Reason::ConsoleEntered);
        entered.event = Event::ConsoleEntered;
        entered.detail = Some(Record::tame(&sees.to_string()));
        entered.ruled(&trail.rulings);
        batch.uses.push(of_request(asked, now));
        batch.console = Some(ConsoleStep::Enters(session, now));
        batch.records = trail.all([received, entered]);
        self.store.commit(batch).await?;
        Ok(Next::Read { login: asked.login, page: start_of(&sees), console: Some(ticket) })
    }

    /// A new sign-in, not kept yet.
    fn begin_console(
        &self,
        signed_in: &SignedIn,
        invitation: Option<LoginId>,
    ) -> Result<(ConsoleSession, Ticket), Fault> {
        let (now, random) = (self.clock.now(), self.random.as_ref());
        let ticket = Ticket::new(self.fresh_login(), random);
        let sealed = seal(&ticket, signed_in, SESSION, random)?;
        let (idle, expires) = (now + IDLE_FOR, now + SESSION_FOR);
        Ok((ConsoleSession { id: ticket.id, invitation, idle, expires, sealed }, ticket))
    }

    /// Who the browser says that it is signed in as.
    pub async fn reader(&self, ticket: Option<&Ticket>) -> Result<Reader, Fault> {
        let nobody = || Fault::new(Reason::ConsoleSignIn, "nobody is signed in in this browser");
        let ticket = ticket.ok_or_else(nobody)?;
        let session = self.store.console_session(ticket.id).await?.ok_or_else(nobody)?;
        let now = self.clock.now();
        if session.idle <= now || session.expires <= now {
            return Err(nobody());
        }
        let SignedIn { sees, by } = open(ticket, &session.sealed, SESSION).map_err(|_| nobody())?;
        if let Some((authority, idp)) = by {
            // Whoever vouched for the reader still may.
            let (snapshot, ourselves) = (self.snapshot(), EntityId::ourselves());
            snapshot.federation().agreement(authority, &idp, &ourselves, now).map_err(|_| nobody())?;
        }
        Ok(Reader { session: session.id, sees, expires: session.expires })
    }

    /// Lets a reader look at something, if they may, and writes down that they did.
    pub async fn look(
        &self,
        visit: &Visit,
        reader: &Reader,
        authority: Option<Cvr>,
        what: &str,
    ) -> Result<(), Fault> {
        let record = self.trail(self.fresh_login(), visit, Event::ConsoleViewed).record;
        let record = Record { authority, detail: Some(Record::tame(what)), ..record };
        if let Some(cvr) = authority.filter(|cvr| !reader.sees.all_of(*cvr)) {
            let fault = Fault::new(Reason::ConsoleDenied, format!("{} may not see {cvr}", reader.sees));
            let record = Record { session: Some(reader.session), actor: Actor::Reader, ..record };
            return Err(self.refuse_reader(record, fault).await);
        }
        let step = ConsoleStep::Stays { session: reader.session, idle: self.clock.now() + IDLE_FOR };
        self.keep_step(step, of_reader(record, reader.session, Reason::ConsoleViewed)).await
    }

    /// Lets a reader look at what a fagsystem was sent, if they may, and writes down that they did.
    pub(super) async fn look_at_system(
        &self,
        visit: &Visit,
        reader: &Reader,
        system: &EntityId,
    ) -> Result<(), Fault> {
        let record = self.trail(self.fresh_login(), visit, Event::ConsoleViewed).record;
        let what = Record::tame(&format!("mirror of {system}"));
        if !reader.sees.mirror_of(system) {
            let fault = Fault::new(Reason::ConsoleDenied, format!("{} may not see the {what}", reader.sees));
            let record = Record { session: Some(reader.session), actor: Actor::Reader, ..record };
            return Err(self.refuse_reader(record, fault).await);
        }
        let record = Record { detail: Some(what), ..record };
        let step = ConsoleStep::Stays { session: reader.session, idle: self.clock.now() + IDLE_FOR };
        self.keep_step(step, of_reader(record, reader.session, Reason::ConsoleViewed)).await
    }

    /// A run of an authority, for a reader who may see it. That it was looked at is written down.
    pub async fn look_at_run(
        &self,
        visit: &Visit,
        reader: &Reader,
        (authority, run): (Cvr, LoginId),
    ) -> Result<TrustRun, Fault> {
        self.look(visit, reader, Some(authority), &format!("run {run}")).await?;
        self.run_of(authority, run).await
    }

    /// Somebody reads a report who holds the link to its run: that, too, is written down before it is shown.
    pub async fn look_by_link(&self, visit: &Visit, report: &Report) -> Result<(), Fault> {
        let record = self.trail(self.fresh_login(), visit, Event::ConsoleViewed).record;
        let record = Record {
            authority: Some(report.authority),
            idp: Some(report.idp.clone()),
            reason: Reason::ConsoleViewed.code().to_owned(),
            detail: Some(format!("run {}", report.run)),
            ..record
        };
        Ok(self.store.commit(Batch { records: vec![record], ..Batch::default() }).await?)
    }

    /// Takes a reader's order of a run, if they may give it.
    pub async fn order_as(&self, visit: &Visit, reader: &Reader, order: Order) -> Result<Ticket, Fault> {
        let record = self.trail(self.fresh_login(), visit, Event::TrustRunOrdered).record;
        let record = Record {
            session: Some(reader.session),
            actor: Actor::Reader,
            authority: Some(order.authority),
            ..record
        };
        if !reader.sees.all_of(order.authority) {
            let detail = format!("{} may not order for {}", reader.sees, order.authority);
            return Err(self.refuse_reader(record, Fault::new(Reason::ConsoleDenied, detail)).await);
        }
        match self.take_order(record.clone(), order).await {
            Ok(ticket) => Ok(ticket),
            Err(fault) => Err(self.refuse_reader(record, fault).await),
        }
    }

    /// Signs a reader out.
    pub async fn sign_out(&self, visit: &Visit, reader: &Reader) -> Result<(), Fault> {
        let record = self.trail(self.fresh_login(), visit, Event::ConsoleLeft).record;
        let step = ConsoleStep::Leaves(reader.session);
        self.keep_step(step, of_reader(record, reader.session, Reason::ConsoleLeft)).await
    }

    async fn keep_step(&self, step: ConsoleStep, record: Record) -> Result<(), Fault> {
        let batch = Batch { console: Some(step), records: vec![record.clone()], ..Batch::default() };
        match self.store.commit(batch).await {
            Ok(()) => Ok(()),
            Err(error) => Err(self.refuse_reader(record, error.into()).await),
        }
    }

    async fn refuse_reader(&self, record: Record, fault: Fault) -> Fault {
        let record = Record {
            allowed: false,
            reason: fault.reason.code().to_owned(),
            detail: Some(Record::tame(&fault.detail)),
            ..record
        };
        let written = self.store.commit(Batch { records: vec![record], ..Batch::default() }).await;
        written.err().map_or(fault, Fault::from)
    }
}

fn of_reader(record: Record, session: LoginId, reason: Reason) -> Record {
    Record { session: Some(session), actor: Actor::Reader, reason: reason.code().to_owned(), ..record }
}

/// The page at which a reader begins.
pub fn start_of(sees: &Sees) -> String {
    match sees {
        Sees::Authority(cvr) => format!("/trust/authorities/{cvr}"),
        Sees::Programme | Sees::Systems(_) => "/trust/matrix".to_owned(),
    }
}

fn no_invitation() -> Fault {
    Fault::new(Reason::ConsoleLink, "the invitation is used, withdrawn or over, or there never was one")
}

fn seal(
    ticket: &Ticket,
    content: &impl Serialize,
    purpose: &str,
    random: &dyn Random,
) -> Result<Vec<u8>, Fault> {
    let text =
        serde_json::to_vec(content).map_err(|error| Fault::new(Reason::Internal, error.to_string()))?;
    ticket.seal(&text, purpose, random)
}

fn open<T: DeserializeOwned>(ticket: &Ticket, sealed: &[u8], purpose: &str) -> Result<T, Fault> {
    let text = ticket.open(sealed, purpose)?;
    serde_json::from_slice(&text).map_err(|error| Fault::new(Reason::StateForged, error.to_string()))
}

/// Makes an invitation for whoever holds its ticket. The ticket is told once and kept nowhere.
pub async fn invite(
    store: &dyn Store,
    random: &dyn Random,
    now: Timestamp,
    (sees, good_for): (Sees, SignedDuration),
) -> Result<(Ticket, Invitation), Fault> {
    let ticket = Ticket::new(LoginId::begun(now, random.bits()), random);
    let sealed = seal(&ticket, &sees, INVITATION, random)?;
    let invitation =
        Invitation { id: ticket.id, sees, made: now, expires: now + good_for, used: None, sealed };
    let detail = format!("invited {} until {}", invitation.sees, invitation.expires);
    let step = ConsoleStep::Invites(invitation.clone());
    change(store, (now, ticket.id), step, &detail).await?;
    Ok((ticket, invitation))
}

/// Withdraws an invitation. Whoever has signed in with it is signed out.
pub async fn withdraw(store: &dyn Store, now: Timestamp, invitation: LoginId) -> Result<(), Fault> {
    change(store, (now, invitation), ConsoleStep::Withdraws(invitation), "withdrew the invitation").await
}

async fn change(
    store: &dyn Store,
    (now, id): (Timestamp, LoginId),
    step: ConsoleStep,
    detail: &str,
) -> Result<(), Fault> {
    let record = Record::allowed(now, id, Event::InvitationChanged, Actor::Operator, Reason::ConsoleInvited);
    let record = Record { detail: Some(Record::tame(detail)), ..record };
    store.commit(Batch { console: Some(step), records: vec![record], ..Batch::default() }).await?;
    Ok(())
}
