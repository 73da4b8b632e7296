//! Sessions that end because somebody who looks after them wants it. That may happen beside a running broker, over its
//! store: whoever tells again finds everybody who must hear of it, within a second.

use jiff::Timestamp;

use super::end::{TRIES, as_it_is_now, logout_of};
use crate::broker::Broker;
use crate::broker::users::{Caller, Denied};
use crate::domain::audit::{Actor, Event, Record};
use crate::domain::id::{Cvr, EntityId, LoginId};
use crate::domain::reason::{Fault, Reason};
use crate::domain::session::LogoutBy;
use crate::domain::subject::SubjectName;
use crate::store::{Batch, Ending, Session, Store, StoreError};

/// The most that is shown or ended at once.
const MOST: u32 = 10_000;

/// A session as those see it who look after it. The user stands there by the id that its authority gave it, since nobody
/// needs more to find somebody.
#[derive(Clone, Debug)]
pub struct Listed {
    /// The user.
    pub user: String,
    /// Where the user is logged in, in the order of coming there.
    pub service_providers: Vec<EntityId>,
    /// The session.
    pub session: Session,
}

/// The sessions of an authority's users that are not over, or of one user, the youngest first.
pub async fn list_sessions(
    store: &dyn Store,
    (authority, user): (Cvr, Option<&str>),
    now: Timestamp,
) -> Result<Vec<Listed>, Fault> {
    let mut listed = Vec::new();
    for (user, session) in sessions_of(store, (authority, user), now).await? {
        let participants = store.participants(session.id).await?;
        let mut service_providers: Vec<_> = participants.into_iter().map(|one| one.fagsystem).collect();
        service_providers.dedup();
        listed.push(Listed { user, service_providers, session });
    }
    Ok(listed)
}

/// Each with the id of its user.
async fn sessions_of(
    store: &dyn Store,
    (authority, user): (Cvr, Option<&str>),
    now: Timestamp,
) -> Result<Vec<(String, Session)>, Fault> {
    let known = store.sessions_of(authority, MOST).await?.into_iter().filter(|session| now < session.expires);
    let named = known.map(|session| {
        let name = SubjectName::new(&session.facts.municipal.name);
        (name.map(|name| name.serial().to_owned()).unwrap_or_default(), session)
    });
    Ok(named.filter(|(id, _)| user.is_none_or(|wanted| wanted == id)).collect())
}

/// Who wants sessions to end: an operator, or a system of the municipality.
#[derive(Clone, Debug)]
pub struct Administrator {
    /// When.
    pub now: Timestamp,
    /// What is written down about it.
    record: Record,
}

impl Administrator {
    /// An operator on this machine.
    pub fn operator(now: Timestamp) -> Self {
        let (login, event) = (LoginId::from_bits(0), Event::LogoutReceived);
        Self { now, record: Record::allowed(now, login, event, Actor::Operator, Reason::SloOk) }
    }
}

impl Broker {
    /// A system of a municipality looks who is logged in.
    pub async fn read_sessions(&self, caller: &Caller, user: Option<&str>) -> Result<Vec<Listed>, Denied> {
        let listed = list_sessions(self.store.as_ref(), (caller.authority(), user), self.clock.now()).await;
        let what = user.map_or("read the list of sessions".to_owned(), |user| {
            format!("read the sessions of user {user}")
        });
        self.conclude_call(caller, listed, Reason::SessionsRead, what).await
    }

    /// A system of a municipality ends one session, those of a user, or all, and is told which.
    pub async fn end_sessions_for(
        &self,
        caller: &Caller,
        (user, named): (Option<&str>, Option<LoginId>),
    ) -> Result<Vec<LoginId>, Denied> {
        let ended = self.try_end_sessions_for(caller, (user, named)).await;
        let reason = match &ended {
            Ok(ended) if ended.is_empty() => Reason::SloGone,
            _ => Reason::SloOk,
        };
        let what = format!("ended {} sessions", ended.as_ref().map_or(0, Vec::len));
        self.conclude_call(caller, ended, reason, what).await
    }

    async fn try_end_sessions_for(
        &self,
        caller: &Caller,
        (user, named): (Option<&str>, Option<LoginId>),
    ) -> Result<Vec<LoginId>, Fault> {
        let (now, authority) = (self.clock.now(), caller.authority());
        let meant = match named {
            Some(id) => {
                let known = self.store.session(id).await?;
                let own = known.filter(|one| one.facts.authority == authority && now < one.expires);
                let unknown = || format!("no session of this authority is {id}");
                vec![own.ok_or_else(|| Fault::new(Reason::SessionUnknown, unknown()))?]
            }
            None => {
                let known = sessions_of(self.store.as_ref(), (authority, user), now).await?;
                known.into_iter().map(|(_, session)| session).collect()
            }
        };
        let by = Administrator { now, record: caller.record().clone() };
        end_sessions(self.store.as_ref(), &meant, &by, || self.fresh_login()).await
    }
}

/// Ends sessions one by one, each under a logout of its own name, and says which of them were not over yet.
pub async fn end_sessions(
    store: &dyn Store,
    sessions: &[Session],
    by: &Administrator,
    mut fresh: impl FnMut() -> LoginId,
) -> Result<Vec<LoginId>, Fault> {
    let mut ended = Vec::new();
    for session in sessions {
        if end_one(store, session, by, &mut fresh).await? {
            ended.push(session.id);
        }
    }
    Ok(ended)
}

/// Says whether it was there to be ended.
async fn end_one(
    store: &dyn Store,
    session: &Session,
    by: &Administrator,
    fresh: &mut impl FnMut() -> LoginId,
) -> Result<bool, Fault> {
    for _ in 0..TRIES {
        let Some(session) = as_it_is_now(store, session).await? else { return Ok(false) };
        let id = fresh();
        let logout = logout_of(&session, id, &LogoutBy::Administrator, by.now);
        let browser = session.facts.browser;
        let endings = vec![Ending { logout, except: None, due: by.now, browser }];
        let records = records(&session, id, by);
        match store.commit(Batch { endings, records, ..Batch::default() }).await {
            Err(StoreError::Ended) => {} // somebody else ended or renewed it just now: look again
            kept => return kept.map(|()| true).map_err(Fault::from),
        }
    }
    Err(Fault::new(Reason::StoreDown, "the session changed again and again"))
}

fn records(session: &Session, logout: LoginId, by: &Administrator) -> Vec<Record> {
    let about = |record: Record| Record {
        session: Some(session.id),
        authority: Some(session.facts.authority),
        idp: Some(session.facts.municipal.idp.clone()),
        ..record
    };
    let reason = Reason::SloOk.code().to_owned();
    let wanted =
        Record { at: by.now, login: logout, event: Event::LogoutReceived, reason, ..by.record.clone() };
    let ended = Record::allowed(by.now, logout, Event::SessionEnded, Actor::Broker, Reason::SloOk);
    vec![about(wanted), about(ended)]
}
