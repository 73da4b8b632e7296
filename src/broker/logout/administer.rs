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

/// The most that a system of a municipality is shown.
const MOST: usize = 10_000;

/// How many sessions are read at once, and ended in one commit: few enough that no login waits long for it.
const AT_ONCE: u32 = 100;

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

/// The sessions of an authority's users that are not over, or of one user, the youngest first, and whether there are more
/// than so many.
pub async fn list_sessions(
    store: &dyn Store,
    whose: (Cvr, Option<&str>),
    now: Timestamp,
    most: usize,
) -> Result<(Vec<Listed>, bool), Fault> {
    let mut walk = Walk { store, whose, now, before: None };
    let mut listed = Vec::new();
    while let Some(sessions) = walk.next().await? {
        for session in sessions {
            if listed.len() == most {
                return Ok((listed, true));
            }
            let participants = store.participants(session.id).await?;
            let mut service_providers: Vec<_> = participants.into_iter().map(|one| one.fagsystem).collect();
            service_providers.dedup();
            listed.push(Listed { user: user_of(&session), service_providers, session });
        }
    }
    Ok((listed, false))
}

/// A session that is not over, if it is one of this authority's users, or of this one user.
pub async fn find_session(
    store: &dyn Store,
    (authority, user): (Cvr, Option<&str>),
    now: Timestamp,
    id: LoginId,
) -> Result<Option<Session>, Fault> {
    let is_meant = |one: &Session| one.facts.authority == authority && is_of(one, user) && now < one.expires;
    Ok(store.session(id).await?.filter(is_meant))
}

fn user_of(session: &Session) -> String {
    let name = SubjectName::new(&session.facts.municipal.name);
    name.map(|name| name.serial().to_owned()).unwrap_or_default()
}

fn is_of(session: &Session, user: Option<&str>) -> bool {
    user.is_none_or(|user| user == user_of(session))
}

/// A walk over the sessions of an authority's users, or of one user, that are not over, from the youngest on. However many
/// there are, it holds a few.
struct Walk<'s> {
    store: &'s dyn Store,
    whose: (Cvr, Option<&'s str>),
    now: Timestamp,
    before: Option<LoginId>,
}

impl Walk<'_> {
    /// The next of them, or nothing when all have been passed.
    async fn next(&mut self) -> Result<Option<Vec<Session>>, Fault> {
        let (authority, user) = self.whose;
        let sessions = self.store.sessions_of(authority, self.before, AT_ONCE).await?;
        let Some(oldest) = sessions.last() else { return Ok(None) };
        self.before = Some(oldest.id);
        let is_meant = |session: &Session| self.now < session.expires && is_of(session, user);
        Ok(Some(sessions.into_iter().filter(is_meant).collect()))
    }
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
    /// A system of a municipality looks who is logged in: the youngest ten thousand, and whether there are more.
    pub async fn read_sessions(
        &self,
        caller: &Caller,
        user: Option<&str>,
    ) -> Result<(Vec<Listed>, bool), Denied> {
        let (store, now) = (self.store.as_ref(), self.clock.now());
        let listed = list_sessions(store, (caller.authority(), user), now, MOST).await;
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
        let (store, now, whose) = (self.store.as_ref(), self.clock.now(), (caller.authority(), user));
        let by = Administrator { now, record: caller.record().clone() };
        let Some(id) = named else {
            return end_all_sessions(store, whose, &by, || self.fresh_login()).await;
        };
        let unknown = || Fault::new(Reason::SessionUnknown, format!("no session of this authority is {id}"));
        let session = find_session(store, whose, now, id).await?.ok_or_else(unknown)?;
        end_sessions(store, &[session], &by, || self.fresh_login()).await
    }
}

/// Ends all sessions of an authority's users, or of one user, however many they are, and says which. What ended stays
/// ended, should a later one fail.
pub async fn end_all_sessions(
    store: &dyn Store,
    whose: (Cvr, Option<&str>),
    by: &Administrator,
    mut fresh: impl FnMut() -> LoginId,
) -> Result<Vec<LoginId>, Fault> {
    let mut all = Vec::new();
    // A session that is renewed meanwhile is younger than where the walk has come to: another walk meets it.
    for _ in 0..TRIES {
        let mut walk = Walk { store, whose, now: by.now, before: None };
        let before = all.len();
        while let Some(sessions) = walk.next().await? {
            all.extend(end_sessions(store, &sessions, by, &mut fresh).await?);
        }
        if all.len() == before {
            break;
        }
    }
    Ok(all)
}

/// Ends sessions, each under a logout of its own name, and says which of them were not over yet.
pub async fn end_sessions(
    store: &dyn Store,
    sessions: &[Session],
    by: &Administrator,
    mut fresh: impl FnMut() -> LoginId,
) -> Result<Vec<LoginId>, Fault> {
    if sessions.is_empty() {
        return Ok(Vec::new());
    }
    let mut together = Batch::default();
    for session in sessions {
        end(&mut together, session, by, fresh());
    }
    match store.commit(together).await {
        Err(StoreError::Ended) => {} // somebody else ended or renewed one of them just now: one by one
        kept => return Ok(kept.map(|()| sessions.iter().map(|session| session.id).collect())?),
    }
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
        let mut alone = Batch::default();
        end(&mut alone, &session, by, fresh());
        match store.commit(alone).await {
            Err(StoreError::Ended) => {} // somebody else ended or renewed it just now: look again
            kept => return kept.map(|()| true).map_err(Fault::from),
        }
    }
    Err(Fault::new(Reason::StoreDown, "the session changed again and again"))
}

/// What is left behind by the end of a session.
fn end(batch: &mut Batch, session: &Session, by: &Administrator, id: LoginId) {
    let logout = logout_of(session, id, &LogoutBy::Administrator, by.now);
    batch.endings.push(Ending { logout, except: None, due: by.now, browser: session.facts.browser });
    batch.records.extend(records(session, id, by));
}

fn records(session: &Session, logout: LoginId, by: &Administrator) -> [Record; 2] {
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
    [about(wanted), about(ended)]
}
