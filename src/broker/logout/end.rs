//! The end of our own sessions: found, proved to be the asker's, and over in one commit that makes a leg of everybody who
//! must hear of it.

use jiff::{SignedDuration, Timestamp};

use super::Side;
use crate::broker::Broker;
use crate::broker::audit::Trail;
use crate::domain::audit::{Actor, Event, Record};
use crate::domain::id::{EntityId, LoginId};
use crate::domain::login::PENDING_FOR;
use crate::domain::reason::{Fault, Reason};
use crate::domain::session::{AtProvider, Leg, LegState, Logout, LogoutBy, Party};
use crate::domain::subject::SubjectName;
use crate::store::{Batch, Ending, Mark, Session, SessionFacts, Store, StoreError};

/// How long it is known who was told. A logout holds the user's name as others know it, so it is not kept for good.
const KEPT_FOR: SignedDuration = SignedDuration::from_hours(72);

/// How often a logout begins anew because its sessions changed in the meantime.
pub(super) const TRIES: usize = 5;

/// Which sessions are to end.
pub(super) enum Meant<'m> {
    /// Those that a party knows by the user's name there and these indexes; without any, all of the user's.
    At(Side, &'m EntityId, &'m str, &'m [String]),
    /// The one that a client of OpenID Connect knows by this index.
    OfClient(&'m EntityId, LoginId),
    /// These, as they were when they were looked at.
    These(&'m [Session]),
}

/// What ends sessions.
pub(super) struct End<'e> {
    pub(super) meant: Meant<'e>,
    pub(super) by: LogoutBy,
    pub(super) mark: Option<Mark>,
    pub(super) browser: Option<LoginId>,
}

/// A session that has ended.
pub(super) struct Ended {
    pub(super) session: Session,
    pub(super) logout: LoginId,
}

impl Broker {
    /// Ends our own sessions, in one commit with what is written down about it. There may be none: then they had ended
    /// before, and whoever wanted that has what it wanted.
    pub(super) async fn end(&self, trail: &mut Trail, end: &End<'_>) -> Result<Vec<Ended>, Fault> {
        for _ in 0..TRIES {
            let sessions = self.meant(&end.meant).await?; // which must be the asker's
            let reason = if sessions.is_empty() { Reason::SloGone } else { Reason::SloOk };
            let mut records = vec![trail.allowed(trail.record.actor, reason)];
            let (mut ended, mut endings) = (Vec::new(), Vec::new());
            for session in sessions {
                let logout = if ended.is_empty() { trail.record.login } else { self.fresh_login() };
                records.push(ending_record(trail, &session, logout));
                endings.push(self.ending(&session, logout, end));
                ended.push(Ended { session, logout });
            }
            let batch =
                Batch { uses: end.mark.clone().into_iter().collect(), endings, records, ..Batch::default() };
            match self.store.commit(batch).await {
                Err(StoreError::Ended) => {} // somebody else ended or renewed one of them just now: look again
                kept => return kept.map(|()| ended).map_err(Fault::from),
            }
        }
        Err(Fault::new(Reason::StoreDown, "the sessions changed again and again"))
    }

    async fn meant(&self, meant: &Meant<'_>) -> Result<Vec<Session>, Fault> {
        let mut sessions = Vec::new();
        match meant {
            Meant::These(known) => {
                for session in *known {
                    sessions.extend(as_it_is_now(self.store.as_ref(), session).await?);
                }
            }
            Meant::OfClient(client, index) => {
                let participant = self.store.participant(*index).await?;
                if participant.as_ref().is_some_and(|participant| participant.fagsystem != **client) {
                    return Err(Fault::new(Reason::SloIssuer, "the session is another fagsystem's"));
                }
                if let Some(participant) = participant {
                    sessions.extend(self.store.session(participant.session).await?);
                }
            }
            Meant::At(Side::Fagsystem, fagsystem, name, []) => {
                for session in self.store.sessions_named(name).await? {
                    let participants = self.store.participants(session.id).await?;
                    let in_it = participants.iter().any(|p| p.fagsystem == **fagsystem && p.name == *name);
                    sessions.extend(in_it.then_some(session));
                }
            }
            Meant::At(Side::Fagsystem, fagsystem, name, indexes) => {
                for index in indexes.iter().filter_map(|index| LoginId::new(index).ok()) {
                    let Some(participant) = self.store.participant(index).await? else { continue };
                    if participant.fagsystem != **fagsystem || participant.name != *name {
                        return Err(Fault::new(
                            Reason::SloIssuer,
                            "the session is another fagsystem's or user's",
                        ));
                    }
                    sessions.extend(self.store.session(participant.session).await?);
                }
            }
            Meant::At(Side::Provider, idp, name, indexes) => {
                let named = self.store.sessions_named(name).await?;
                let at_asker = |session: &Session| session.facts.providers().any(|at| at.idp == **idp);
                // Of another municipality's user nobody learns whether there is a session.
                let is_of_another = !named.is_empty() || self.is_of_another(idp, name);
                if is_of_another && !named.iter().any(at_asker) {
                    return Err(Fault::new(Reason::SloIssuer, "the user is another identity provider's"));
                }
                let is_meant = |index: &Option<String>| {
                    indexes.is_empty() || index.as_ref().is_none_or(|index| indexes.contains(index))
                };
                sessions.extend(named.into_iter().filter(|session| {
                    let mut at = session.facts.providers();
                    at.any(|at| at.idp == **idp && at.name == *name && is_meant(&at.index))
                }));
            }
        }
        sessions.sort_by_key(|session| session.id.bytes());
        sessions.dedup_by_key(|session| session.id);
        Ok(sessions)
    }

    /// Whether the name is one of a municipality's user for whom this identity provider does not speak.
    fn is_of_another(&self, idp: &EntityId, name: &str) -> bool {
        let (snapshot, now) = (self.snapshot(), self.clock.now());
        let speaks_for = |user: SubjectName| snapshot.federation().speaks_for(idp, user.cvr(), now);
        SubjectName::new(name).is_ok_and(|user| !speaks_for(user))
    }

    fn ending(&self, session: &Session, logout: LoginId, end: &End<'_>) -> Ending {
        let now = self.clock.now();
        // Who asks by SAML knows. A client of OpenID Connect waits to be told like everybody else.
        let except = match (&end.by, &end.meant) {
            (LogoutBy::Fagsystem(fagsystem), Meant::At(..)) => Some(fagsystem.clone()),
            _ => None,
        };
        let browser = session.facts.browser.or(end.browser);
        // Whoever tells again keeps away until those who are told now have had their time.
        let due = now + SignedDuration::try_from(2 * self.settings.logout_for).unwrap_or(PENDING_FOR);
        Ending { logout: logout_of(session, logout, &end.by, now), except, due, browser }
    }
}

/// A session that was looked at before. A login that ends in the meantime gives it another name in the same browser, and
/// whoever wants it to end means it under that name too.
pub(super) async fn as_it_is_now(store: &dyn Store, known: &Session) -> Result<Option<Session>, StoreError> {
    if let Some(there) = store.session(known.id).await? {
        return Ok(Some(there));
    }
    let SessionFacts { authority, browser, municipal, .. } = &known.facts;
    let took_its_place = |other: &Session| {
        let facts = &other.facts;
        browser.is_some()
            && (facts.browser, facts.authority) == (*browser, *authority)
            && facts.municipal.idp == municipal.idp
    };
    Ok(store.sessions_named(&municipal.name).await?.into_iter().find(took_its_place))
}

/// The logout of a session, with the legs of the identity providers that do not know yet.
pub(super) fn logout_of(session: &Session, id: LoginId, by: &LogoutBy, now: Timestamp) -> Logout {
    let knows = |idp: &EntityId| matches!(by, LogoutBy::Provider(who) if who == idp);
    let providers = session.facts.providers().filter(|at| !knows(&at.idp));
    let leg = |(number, at): (u32, &AtProvider)| Leg {
        number,
        party: Party::Provider(at.clone()),
        state: LegState::Waiting,
        question: None,
        attempts: 0,
        next: None,
    };
    Logout {
        id,
        session: session.id,
        authority: session.facts.authority,
        by: by.clone(),
        begun: now,
        expires: now + KEPT_FOR,
        legs: (0..).zip(providers).map(leg).collect(),
    }
}

fn ending_record(trail: &Trail, session: &Session, logout: LoginId) -> Record {
    Record {
        login: logout,
        event: Event::SessionEnded,
        session: Some(session.id),
        authority: Some(session.facts.authority),
        idp: Some(session.facts.municipal.idp.clone()),
        ..trail.allowed(Actor::Broker, Reason::SloOk)
    }
}
