//! Sessions that end because somebody who looks after them wants it. That may happen beside a running broker, over its
//! store: whoever tells again finds everybody who must hear of it, within a second.

use jiff::Timestamp;

use super::end::{TRIES, as_it_is_now, logout_of};
use crate::domain::audit::{Actor, Event, Record};
use crate::domain::id::LoginId;
use crate::domain::reason::{Fault, Reason};
use crate::domain::session::LogoutBy;
use crate::store::{Batch, Ending, Session, Store, StoreError};

/// Who wants it, and when.
#[derive(Clone, Debug)]
pub struct Administrator {
    /// An operator, or a system of the municipality.
    pub actor: Actor,
    /// What it is called, as far as that is known.
    pub name: Option<String>,
    /// When.
    pub now: Timestamp,
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
    let record = |event, actor| Record {
        session: Some(session.id),
        authority: Some(session.facts.authority),
        idp: Some(session.facts.municipal.idp.clone()),
        ..Record::allowed(by.now, logout, event, actor, Reason::SloOk)
    };
    let wanted = record(Event::LogoutReceived, by.actor);
    let wanted = Record { claimed_issuer: by.name.as_deref().map(Record::tame), ..wanted };
    vec![wanted, record(Event::SessionEnded, Actor::Broker)]
}
