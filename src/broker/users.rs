//! The users that municipalities keep here: who may call, what they read, what they change.
//!
//! Users of the register's files come first and are changed there; all others are changed through the API or by an
//! operator. Every call leaves a record, which names users by their ids and never tells a claim.

use super::registry::Snapshot;
use super::{Broker, Visit};
use crate::domain::audit::{Actor, Event, Record};
use crate::domain::caller::{ApiClient, Credential, Sha256};
use crate::domain::id::{Cvr, LoginId};
use crate::domain::reason::{Fault, Reason};
use crate::domain::user::{Mistake, User};
use crate::protocol::keys::{Certificate, fingerprint};
use crate::store::{Batch, Store};

pub use crate::store::{UserChange, UserQuery};

/// What a call proves itself with, as it came. A token counts before a certificate.
#[derive(Clone, Debug)]
pub enum Presented {
    /// A bearer token.
    Token(String),
    /// A client certificate in DER form, handed over by a proxy of ours.
    Certificate(Vec<u8>),
    /// Neither.
    Nothing,
}

/// A call whose sender is proved.
#[derive(Clone, Debug)]
pub struct Caller {
    client: ApiClient,
    record: Record,
}

impl Caller {
    /// The authority whose users the caller keeps.
    pub fn authority(&self) -> Cvr {
        self.client.authority
    }

    /// Which call this is.
    pub fn call(&self) -> LoginId {
        self.record.login
    }

    /// What is known of the call so far.
    pub(super) fn record(&self) -> &Record {
        &self.record
    }
}

/// A call that was refused. Whatever is refused is written down before it is told.
#[derive(Clone, Debug)]
pub struct Denied {
    /// Which call this is.
    pub call: LoginId,
    /// Why.
    pub fault: Fault,
    /// What is wrong with the content.
    pub mistakes: Vec<Mistake>,
}

/// A user and where it is kept.
#[derive(Clone, Debug)]
pub struct Kept {
    /// The user.
    pub user: User,
    /// Whether it stands in the register's files, so that only these change it.
    pub in_register: bool,
}

impl Kept {
    /// What tells this state of the user from every other: an entity tag of HTTP, in its quotation marks.
    pub fn tag(&self) -> String {
        let Self { user, in_register } = self;
        let content = serde_json::to_string(&user.draft()).unwrap_or_default();
        let state = format!("{in_register} {} {} {content}", user.authority, user.modified.as_millisecond());
        format!("\"{:.32}\"", fingerprint(state.as_bytes()))
    }
}

/// What must hold for a change to be made.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Condition {
    /// Nothing.
    #[default]
    None,
    /// The user is there.
    There,
    /// The user is not there.
    Absent,
    /// The user is there, in the state of one of these tags.
    Tagged(Vec<String>),
}

impl Condition {
    fn holds(&self, kept: Option<&Kept>) -> bool {
        match self {
            Self::None => true,
            Self::There => kept.is_some(),
            Self::Absent => kept.is_none(),
            Self::Tagged(tags) => kept.is_some_and(|kept| tags.contains(&kept.tag())),
        }
    }
}

/// A part of a list.
#[derive(Clone, Debug)]
pub struct Page {
    /// The users.
    pub users: Vec<Kept>,
    /// Whether there are more.
    pub more: bool,
}

impl Broker {
    /// The user whose name at the authority has this serial number, if one is kept here.
    pub async fn user(&self, authority: Cvr, serial: &str) -> Result<Option<User>, Fault> {
        Ok(self.kept(authority, serial).await?.map(|kept| kept.user))
    }

    /// Proves who calls.
    pub async fn admit(&self, visit: &Visit, event: Event, presented: Presented) -> Result<Caller, Denied> {
        let mut record = self.trail(self.fresh_login(), visit, event).record;
        match self.client(&presented, &mut record) {
            Ok(client) => {
                record.actor = Actor::ApiClient;
                record.authority = Some(client.authority);
                record.claimed_issuer = Some(Record::tame(&client.name));
                Ok(Caller { client, record })
            }
            Err(fault) => Err(self.deny(record, fault, Vec::new()).await),
        }
    }

    fn client(&self, presented: &Presented, record: &mut Record) -> Result<ApiClient, Fault> {
        let unknown = |what: &'static str| Fault::new(Reason::ApiClient, what);
        let (digest, kind): (_, fn(Sha256) -> Credential) = match presented {
            Presented::Nothing => return Err(unknown("expected a token or a certificate, got neither")),
            Presented::Token(token) => (fingerprint(token.as_bytes()), Credential::Token),
            Presented::Certificate(der) => (fingerprint(der), Credential::Certificate),
        };
        let credential = Sha256::new(&digest).map(kind).ok_or_else(|| unknown("no digest"))?;
        let snapshot = self.snapshot();
        let client = snapshot.api_client(&credential).ok_or_else(|| unknown("it is not registered"))?;
        record.key = Some(credential.to_string());
        if let Presented::Certificate(der) = presented {
            let certificate = Certificate::from_der(der)?;
            let (from, until, now) = (certificate.not_before(), certificate.not_after(), self.clock.now());
            if now < from || until <= now {
                return Err(unknown("the certificate is not in force"));
            }
        }
        if !client.active {
            record.authority = Some(client.authority);
            return Err(Fault::new(Reason::ApiDisabled, format!("{} is switched off", client.name)));
        }
        Ok(client.clone())
    }

    /// One user of the caller's authority.
    pub async fn read_user(&self, caller: &Caller, id: &str) -> Result<Kept, Denied> {
        let read = self.kept(caller.authority(), id).await;
        let found = read.and_then(|kept| kept.ok_or_else(|| no_user(id)));
        self.conclude_call(caller, found, Reason::UsersRead, format!("read user {id}")).await
    }

    /// Users of the caller's authority, those of the register's files first.
    pub async fn read_users(&self, caller: &Caller, query: UserQuery) -> Result<Page, Denied> {
        let query = UserQuery { authority: caller.authority(), ..query };
        let page = self.page(&query).await;
        self.conclude_call(caller, page, Reason::UsersRead, "read the list of users".to_owned()).await
    }

    /// Creates a user, or replaces the one that has its id, if the condition holds; true when it was created.
    pub async fn put_user(&self, caller: &Caller, user: User, only_if: &Condition) -> Result<bool, Denied> {
        let seen = self.as_expected(caller, &user.id, only_if).await?;
        let is_new = seen.is_none();
        let change = match only_if {
            Condition::None => UserChange::Put(vec![user]),
            _ => UserChange::Over { id: user.id.clone(), seen, then: Some(user) },
        };
        self.change_users(caller, change).await.map(|()| is_new)
    }

    /// Removes a user, if the condition holds.
    pub async fn delete_user(&self, caller: &Caller, id: &str, only_if: &Condition) -> Result<(), Denied> {
        let Some(seen) = self.as_expected(caller, id, only_if).await? else {
            return Err(self.deny(caller.record.clone(), no_user(id), Vec::new()).await);
        };
        let change = match only_if {
            Condition::None => UserChange::Delete(id.to_owned()),
            _ => UserChange::Over { id: id.to_owned(), seen: Some(seen), then: None },
        };
        self.change_users(caller, change).await
    }

    /// The user that is about to be changed, which must be as the condition says.
    async fn as_expected(
        &self,
        caller: &Caller,
        id: &str,
        only_if: &Condition,
    ) -> Result<Option<User>, Denied> {
        let seen = self.kept(caller.authority(), id).await.and_then(|kept| {
            if only_if.holds(kept.as_ref()) {
                return Ok(kept.map(|kept| kept.user));
            }
            Err(Fault::new(
                Reason::ApiCondition,
                format!("the user {:?} is not as was expected", Record::tame(id)),
            ))
        });
        match seen {
            Ok(seen) => Ok(seen),
            Err(fault) => Err(self.deny(caller.record.clone(), fault, Vec::new()).await),
        }
    }

    /// Changes users of the caller's authority, whole or not at all.
    pub async fn change_users(&self, caller: &Caller, change: UserChange) -> Result<(), Denied> {
        let record = caller.record.clone();
        let changed =
            change_users(self.store.as_ref(), &self.snapshot(), caller.authority(), change, record).await;
        match changed {
            Ok(()) => Ok(()),
            Err(fault) => Err(self.deny(caller.record.clone(), fault, Vec::new()).await),
        }
    }

    /// Refuses a call whose content is not as it should be.
    pub async fn refuse_call(&self, caller: &Caller, fault: Fault, mistakes: Vec<Mistake>) -> Denied {
        self.deny(caller.record.clone(), fault, mistakes).await
    }

    /// Ends a call that looked at something.
    pub(super) async fn conclude_look(
        &self,
        caller: &Caller,
        reason: Reason,
        what: String,
    ) -> Result<(), Denied> {
        self.conclude_call(caller, Ok(()), reason, what).await
    }

    async fn kept(&self, authority: Cvr, id: &str) -> Result<Option<Kept>, Fault> {
        if let Some(user) = self.snapshot().user(authority, id) {
            return Ok(Some(Kept { user: user.clone(), in_register: true }));
        }
        let user = self.store.user(authority, id.to_owned()).await?;
        Ok(user.map(|user| Kept { user, in_register: false }))
    }

    async fn page(&self, query: &UserQuery) -> Result<Page, Fault> {
        let snapshot = self.snapshot();
        let fitting: Vec<&User> = snapshot.users(query.authority).filter(|user| query.fits(user)).collect();
        let registered = fitting.iter().skip(query.offset).take(query.limit);
        let mut users: Vec<Kept> =
            registered.map(|user| Kept { user: (*user).clone(), in_register: true }).collect();
        let rest = UserQuery {
            without: snapshot.users(query.authority).map(|user| user.id.clone()).collect(),
            offset: query.offset.saturating_sub(fitting.len()),
            // One more than asked for tells whether there are more.
            limit: (query.limit - users.len()).saturating_add(1),
            ..query.clone()
        };
        let stored = self.store.users(rest).await?;
        users.extend(stored.into_iter().map(|user| Kept { user, in_register: false }));
        let more = users.len() > query.limit || query.offset.saturating_add(query.limit) < fitting.len();
        users.truncate(query.limit);
        Ok(Page { users, more })
    }

    /// Ends a call that only reads: it too is written down before it is answered.
    pub(super) async fn conclude_call<T>(
        &self,
        caller: &Caller,
        read: Result<T, Fault>,
        reason: Reason,
        what: String,
    ) -> Result<T, Denied> {
        let mut record = caller.record.clone();
        let read = match read {
            Ok(read) => read,
            Err(fault) => return Err(self.deny(record, fault, Vec::new()).await),
        };
        record.reason = reason.code().to_owned();
        record.detail = Some(Record::tame(&what));
        match self.store.commit(Batch { records: vec![record], ..Batch::default() }).await {
            Ok(()) => Ok(read),
            Err(error) => Err(Denied { call: caller.call(), fault: error.into(), mistakes: Vec::new() }),
        }
    }

    pub(super) async fn deny(&self, mut record: Record, fault: Fault, mistakes: Vec<Mistake>) -> Denied {
        record.allowed = false;
        record.reason = fault.reason.code().to_owned();
        record.detail = Some(Record::tame(&fault.detail));
        let call = record.login;
        match self.store.commit(Batch { records: vec![record], ..Batch::default() }).await {
            Ok(()) => Denied { call, fault, mistakes },
            Err(error) => Denied { call, fault: error.into(), mistakes: Vec::new() },
        }
    }
}

/// Changes users of one authority for whoever the record names, unless one of them stands in the register's files.
pub async fn change_users(
    store: &dyn Store,
    snapshot: &Snapshot,
    authority: Cvr,
    change: UserChange,
    mut record: Record,
) -> Result<(), Fault> {
    let what = match &change {
        UserChange::Put(users) => match users.as_slice() {
            [user] => format!("put user {}", user.id),
            users => format!("put {} users", users.len()),
        },
        UserChange::ReplaceAll(users) => format!("replaced all users by {}", users.len()),
        UserChange::Delete(id) | UserChange::Over { id, then: None, .. } => format!("deleted user {id}"),
        UserChange::Over { id, .. } => format!("put user {id}"),
    };
    let ids: Vec<&str> = match &change {
        UserChange::Put(users) | UserChange::ReplaceAll(users) => {
            users.iter().map(|u| u.id.as_str()).collect()
        }
        UserChange::Delete(id) | UserChange::Over { id, .. } => vec![id],
    };
    if let Some(id) = ids.into_iter().find(|id| snapshot.user(authority, id).is_some()) {
        let what =
            format!("the user {id} stands in the files of the register and is changed there, with `apply`");
        return Err(Fault::new(Reason::AdminConflict, what));
    }
    record.authority = Some(authority);
    record.allowed = true;
    record.reason = Reason::UsersChanged.code().to_owned();
    record.detail = Some(Record::tame(&what));
    store.change_users(authority, change, record).await?;
    Ok(())
}

fn no_user(id: &str) -> Fault {
    Fault::new(Reason::UsersUnknown, format!("expected a user of this authority, got {:?}", Record::tame(id)))
}
