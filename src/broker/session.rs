//! A session: what a login leaves behind in its browser, and the place that it gives a fagsystem there.
//!
//! A session remembers what was said about the user, not what became of it: each fagsystem's login weighs it anew, by the
//! register of that moment. It is sealed by a secret that only the browser has.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{Broker, Keep, Visit};
use crate::domain::id::{Cvr, EntityId, LoginId};
use crate::domain::login::Asked;
use crate::domain::reason::{Fault, Reason};
use crate::domain::session::{AtProvider, Participant};
use crate::domain::subject::Grant;
use crate::protocol::oauth::claims;
use crate::protocol::saml::assertion::Said;
use crate::protocol::seal::Ticket;
use crate::store::{Batch, Begun, Session, SessionFacts, Within};

/// What a session's content is sealed for.
const PURPOSE: &str = "session";

/// What was said about the user at the login.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Remembered {
    pub(super) municipal: Said,
    /// By the provider that raised the level.
    pub(super) step_up: Option<(EntityId, Said)>,
}

impl Remembered {
    fn said(&self) -> impl Iterator<Item = &Said> {
        std::iter::once(&self.municipal).chain(self.step_up.as_ref().map(|(_, said)| said))
    }

    /// When the user authenticated, by the earliest of those who say so.
    pub(super) fn authenticated(&self) -> Option<Timestamp> {
        self.said().map(|said| said.authn.instant).min()
    }
}

/// A session that its browser opened.
pub(super) struct OpenSession {
    pub(super) session: Session,
    pub(super) remembered: Remembered,
}

impl OpenSession {
    /// What the municipality's own identity provider said.
    pub(super) fn municipal(&self) -> &Said {
        &self.remembered.municipal
    }
}

/// What a login that ends well rests on.
pub(super) enum Sso {
    /// An identity provider's answer: a session begins.
    Begins(Box<Remembered>),
    /// A session of this browser.
    GoesOn(Box<OpenSession>),
}

impl Sso {
    /// Why it is.
    pub(super) fn reason(&self) -> Reason {
        match self {
            Self::Begins(_) => Reason::LoginOk,
            Self::GoesOn(_) => Reason::SessionReused,
        }
    }

    /// The session that it rests on, if it rests on one: it must not be over, and stays as it is.
    pub(super) fn still(&self) -> Option<Within> {
        match self {
            Self::Begins(_) => None,
            Self::GoesOn(open) => Some(Within { session: open.session.id, idle: None }),
        }
    }
}

/// A fagsystem's place in a session.
pub(super) struct Seat {
    pub(super) participant: Participant,
    /// Why the user is let in.
    pub(super) reason: Reason,
    /// When the user authenticated.
    pub(super) authenticated: Timestamp,
    /// How the user authenticated, as far as that was said.
    pub(super) methods: Vec<String>,
    /// Who authenticated the user, in their order.
    pub(super) authenticated_by: Vec<EntityId>,
    begun: Begun,
    begins: Option<((Session, Vec<u8>), Ticket)>,
    replaces: Option<LoginId>,
    within: Option<Within>,
}

impl Seat {
    /// Lays all of it into the batch of the login. The browser keeps what opens the session.
    pub(super) fn keep(self, batch: &mut Batch) -> Option<Keep> {
        let Self { participant, begun, begins, replaces, within, .. } = self;
        let (session, ticket) = begins.unzip();
        let authority = session.as_ref().map(|(session, _)| session.facts.authority);
        batch.participant = Some(participant);
        batch.begun = Some(begun);
        batch.session = session;
        batch.replaces = replaces;
        batch.within = within;
        Some(Keep { authority: authority?, ticket: ticket? })
    }
}

impl Broker {
    /// Gives the fagsystem its place: in a session that begins, or in the one that goes on.
    pub(super) async fn seat(
        &self,
        (visit, asked): (&Visit, &Asked),
        grant: &Grant<'_>,
        sso: Sso,
        now: Timestamp,
    ) -> Result<Seat, Fault> {
        let authority = grant.agreement().authority().cvr;
        let reason = sso.reason();
        let (mut begins, mut replaces, mut within) = (None, None, None);
        let (session, expires, remembered) = match sso {
            Sso::Begins(remembered) => {
                let facts = facts(authority, (visit, asked), grant, &remembered, now);
                replaces = self.replaced(visit, &facts).await?;
                let (session, sealed, ticket) = self.begin_session(facts, &remembered, now)?;
                let (id, expires) = (session.id, session.expires);
                begins = Some(((session, sealed), ticket));
                (id, expires, *remembered)
            }
            Sso::GoesOn(open) => {
                let OpenSession { session, remembered } = *open;
                within = Some(self.used(&session, now));
                (session.id, session.expires, remembered)
            }
        };
        let participant = Participant {
            index: self.fresh_login(),
            session,
            login: asked.login,
            fagsystem: asked.fagsystem.clone(),
            name: grant.name().as_str().to_owned(),
            begun: now,
            expires,
            revoked: false,
        };
        let authenticated = remembered.authenticated().map_or(now, |at| at.min(now));
        let methods = claims::methods(remembered.said().filter_map(|said| said.authn.class.as_deref()));
        let step_up = remembered.step_up.map(|(provider, _)| provider);
        let authenticated_by =
            std::iter::once(grant.agreement().idp().entity_id.clone()).chain(step_up).collect();
        Ok(Seat {
            participant,
            reason,
            authenticated,
            methods,
            authenticated_by,
            begun: begun(visit, asked),
            begins,
            replaces,
            within,
        })
    }

    /// The session of this ticket, if it is not over.
    pub(super) async fn open_session(
        &self,
        authority: Cvr,
        ticket: &Ticket,
    ) -> Result<Option<OpenSession>, Fault> {
        let Some(session) = self.store.session(ticket.id).await? else { return Ok(None) };
        if session.facts.authority != authority || session.expires <= self.clock.now() {
            return Ok(None);
        }
        let Some(sealed) = self.store.remembered(session.id).await? else { return Ok(None) };
        let Ok(text) = ticket.open(&sealed, PURPOSE) else { return Ok(None) };
        let remembered = serde_json::from_slice(&text)
            .map_err(|error| Fault::new(Reason::StateForged, error.to_string()))?;
        Ok(Some(OpenSession { session, remembered }))
    }

    /// A session that is used now. When it falls asleep is written down anew when it is a sixtieth later than was known (a
    /// minute, where it is an hour): a session is long, and to change it writes all of it.
    pub(super) fn used(&self, session: &Session, now: Timestamp) -> Within {
        let idle = session.expires.min(now + self.settings.idle_for);
        let is_worth_it = session.idle + self.settings.idle_for / 60 <= idle;
        Within { session: session.id, idle: is_worth_it.then_some(idle) }
    }

    /// A session lasts as long as ours do, and not longer than the identity providers'. It has a new name and a new secret
    /// after every login, so that nobody waits in one that was known before.
    fn begin_session(
        &self,
        facts: SessionFacts,
        remembered: &Remembered,
        now: Timestamp,
    ) -> Result<(Session, Vec<u8>, Ticket), Fault> {
        let ends = remembered.said().filter_map(|said| said.authn.session_not_on_or_after);
        let expires = ends.fold(now + self.settings.session_for, Timestamp::min);
        let ticket = Ticket::new(self.fresh_login(), self.random.as_ref());
        let text = serde_json::to_vec(remembered)
            .map_err(|error| Fault::new(Reason::Internal, error.to_string()))?;
        let sealed = ticket.seal(&text, PURPOSE, self.random.as_ref())?;
        let idle = expires.min(now + self.settings.idle_for);
        Ok((Session { id: ticket.id, facts, idle, expires }, sealed, ticket))
    }

    /// The session that this browser had of the same user: its participants go over to the new one.
    async fn replaced(&self, visit: &Visit, facts: &SessionFacts) -> Result<Option<LoginId>, Fault> {
        let ticket = visit.tickets.iter().find(|(authority, _)| *authority == facts.authority);
        let Some((authority, ticket)) = ticket else { return Ok(None) };
        let old = self.open_session(*authority, ticket).await?.map(|open| open.session);
        let same = |old: &AtProvider| old.idp == facts.municipal.idp && old.name == facts.municipal.name;
        Ok(old.filter(|old| same(&old.facts.municipal)).map(|old| old.id))
    }
}

/// The browsers that a login was seen in, and since when.
pub(super) fn begun(visit: &Visit, asked: &Asked) -> Begun {
    Begun { browsers: asked.browser.into_iter().chain(visit.browser).collect(), at: asked.begun }
}

fn facts(
    authority: Cvr,
    (visit, asked): (&Visit, &Asked),
    grant: &Grant<'_>,
    remembered: &Remembered,
    now: Timestamp,
) -> SessionFacts {
    let at = |idp: &EntityId, said: &Said| AtProvider {
        idp: idp.clone(),
        name: said.name_id.clone(),
        format: said.name_format.clone(),
        index: said.authn.session_index.clone(),
    };
    SessionFacts {
        authority,
        browser: visit.browser.or(asked.browser),
        begun: now,
        municipal: at(&grant.agreement().idp().entity_id, &remembered.municipal),
        step_up: remembered.step_up.as_ref().map(|(idp, said)| at(idp, said)),
    }
}
