//! What is kept: one trait, and behind it the databases. This room stores and finds; it decides nothing.
//!
//! Everything that one step of a login must leave behind travels in one [`Batch`]: it is kept whole and durably,
//! or not at all.

mod batch;
mod console;
mod sqlite;

use std::collections::BTreeMap;
use std::future::Future;
use std::pin::Pin;

use jiff::Timestamp;
use serde::Serialize;

use crate::domain::audit::Record;
use crate::domain::id::{CaseNumber, Cvr, EntityId, LoginId, MessageId};
use crate::domain::session::{Logout, Participant};
use crate::domain::trust::{Adoption, Fetched, PartyCheck, Tried};
use crate::domain::user::User;

pub use batch::{
    Batch, Begun, Ending, HalfDone, Kind, LegChange, Mark, RunQuery, Session, SessionFacts, TrustRun,
    Voucher, Within,
};
pub use console::{ConsoleSession, ConsoleStep, Invitation};
pub use sqlite::Sqlite;

/// An answer that comes when the database has it.
pub type Answer<'a, T> = Pin<Box<dyn Future<Output = Result<T, StoreError>> + Send + 'a>>;

/// Why the store could not do it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum StoreError {
    /// One of the batch's marks is used already; nothing of the batch was kept.
    #[error("{0} has been used before")]
    Used(Kind),
    /// What the batch takes has been taken before or was never kept; nothing of the batch was kept.
    #[error("the half-done login is finished or has expired")]
    Taken,
    /// The session that the batch depends on is over; nothing of the batch was kept.
    #[error("the session is over")]
    Ended,
    /// The browser was logged out since the login began; nothing of the batch was kept.
    #[error("the user was logged out while the login was under way")]
    LoggedOut,
    /// The voucher that the batch spends is spent already; nothing of the batch was kept.
    #[error("the voucher has been spent before")]
    Spent,
    /// The trust run has been ordered again too often; nothing was kept.
    #[error("the run has been ordered again too often")]
    Often,
    /// The invitation that the batch needs is used, over or was never made; nothing of the batch was kept.
    #[error("the invitation is used or over, or there is none")]
    Uninvited,
    /// Somebody else changed the user since it was seen; nothing was changed.
    #[error("the user was changed meanwhile")]
    Changed,
    /// Somebody else changed the register since it was read.
    #[error("the register was changed meanwhile: expected version {expected}, found {found}")]
    Conflict {
        /// The version that the change was made for.
        expected: u64,
        /// The version that is there.
        found: u64,
    },
    /// The database cannot be read or written now.
    #[error("the store is not available: {0}")]
    Down(String),
}

/// The register as it is kept: files by path, and the last good metadata of those who are fetched.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RegistryFiles {
    /// Rises with every change.
    pub version: u64,
    /// What `apply` took, by path below its directory.
    pub files: BTreeMap<String, Vec<u8>>,
    /// Metadata fetched from its address, by entityID.
    pub fetched: BTreeMap<String, Vec<u8>>,
}

/// Metadata that was fetched and found good.
#[derive(Clone, Debug)]
pub struct FreshMetadata {
    /// Whose it is.
    pub party: EntityId,
    /// The document.
    pub content: Vec<u8>,
    /// What the exchange log says about it.
    pub record: Record,
}

/// What an operator looks for in the exchange log.
#[derive(Clone, Debug, Default)]
pub struct AuditQuery {
    /// Records of this login.
    pub login: Option<LoginId>,
    /// Records whose login has this case number.
    pub case: Option<CaseNumber>,
    /// Records of this message ID.
    pub message: Option<String>,
    /// Records that hold each of these texts somewhere.
    pub texts: Vec<String>,
    /// Records that are about this fagsystem, or whose sender claimed to be it.
    pub fagsystem: Option<EntityId>,
    /// Not older than this.
    pub since: Option<Timestamp>,
    /// Older than this.
    pub until: Option<Timestamp>,
    /// At most so many, the youngest.
    pub limit: u32,
}

/// A record with its place in the log.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Logged {
    /// Its place.
    pub seq: u64,
    /// The record.
    #[serde(flatten)]
    pub record: Record,
}

/// A key that seals pending logins.
#[derive(Clone)]
pub struct SealKey {
    /// Its number, which travels with what it seals.
    pub id: u32,
    /// When it was made.
    pub created: Timestamp,
    /// The key.
    pub secret: [u8; 32],
}

/// Which users of an authority are looked for; all that is said must fit.
#[derive(Clone, Debug)]
pub struct UserQuery {
    /// Whose users.
    pub authority: Cvr,
    /// The user of this id.
    pub id: Option<String>,
    /// Users who hold this role.
    pub role: Option<String>,
    /// Users who were changed at this moment or later.
    pub modified_since: Option<Timestamp>,
    /// Ids that are left out.
    pub without: Vec<String>,
    /// So many are skipped, in the order of their ids.
    pub offset: usize,
    /// At most so many.
    pub limit: usize,
}

impl UserQuery {
    /// Every user of an authority.
    pub fn all(authority: Cvr) -> Self {
        Self {
            authority,
            id: None,
            role: None,
            modified_since: None,
            without: Vec::new(),
            offset: 0,
            limit: usize::MAX,
        }
    }

    /// Whether the user is one of those who are looked for.
    pub fn fits(&self, user: &User) -> bool {
        user.authority == self.authority
            && self.id.as_ref().is_none_or(|id| user.id == *id)
            && self.role.as_ref().is_none_or(|role| user.holds(role))
            && self.modified_since.is_none_or(|since| user.modified >= since)
            && !self.without.contains(&user.id)
    }
}

/// What is changed about the users of an authority, whole or not at all.
#[derive(Clone, Debug)]
pub enum UserChange {
    /// These users are there as given; all others stay.
    Put(Vec<User>),
    /// These users are there as given, and no others.
    ReplaceAll(Vec<User>),
    /// The user of this id is gone.
    Delete(String),
    /// The user of this id is as given, or gone, provided that what is kept is still what was seen.
    Over {
        /// Which user.
        id: String,
        /// What was seen: a user, or that there was none.
        seen: Option<User>,
        /// What there is from now on.
        then: Option<User>,
    },
}

/// What the broker asks of a database.
pub trait Store: Send + Sync {
    /// Keeps the batch whole and durably, or says why nothing of it was kept.
    fn commit(&self, batch: Batch) -> Answer<'_, ()>;

    /// The half-done login that waits for the answer to this question, if it has neither been taken nor expired.
    fn half_done(&self, question: &MessageId, now: Timestamp) -> Answer<'_, Option<HalfDone>>;

    /// The session of this name, if it is not over.
    fn session(&self, id: LoginId) -> Answer<'_, Option<Session>>;

    /// What the session of this name remembers of its login, sealed by the browser's secret.
    fn remembered(&self, session: LoginId) -> Answer<'_, Option<Vec<u8>>>;

    /// The sessions of a user by the name that an identity provider or a fagsystem knows.
    fn sessions_named(&self, name: &str) -> Answer<'_, Vec<Session>>;

    /// The sessions of an authority's users, youngest first, of all or of those whose name stands before this one; without
    /// their secrets they open nothing.
    fn sessions_of(&self, authority: Cvr, before: Option<LoginId>, limit: u32) -> Answer<'_, Vec<Session>>;

    /// The participant of this index, if its session is not over.
    fn participant(&self, index: LoginId) -> Answer<'_, Option<Participant>>;

    /// Everybody who takes part in a session, in the order in which they came.
    fn participants(&self, session: LoginId) -> Answer<'_, Vec<Participant>>;

    /// The voucher of this name, and whose it is.
    fn voucher(&self, id: LoginId) -> Answer<'_, Option<(Voucher, Option<Participant>)>>;

    /// The logout of this name, with its legs.
    fn logout(&self, id: LoginId) -> Answer<'_, Option<Logout>>;

    /// Logouts, youngest first, of all or of one authority's users; with `open` only those of which a leg is not settled
    /// or failed.
    fn logouts(&self, authority: Option<Cvr>, open: bool, limit: u32) -> Answer<'_, Vec<Logout>>;

    /// Legs that are to be told again by now.
    fn due_legs(&self, now: Timestamp, limit: u32) -> Answer<'_, Vec<LegChange>>;

    /// The version of the register, cheap enough to ask several times a second.
    fn registry_version(&self) -> Answer<'_, u64>;

    /// The register.
    fn registry(&self) -> Answer<'_, RegistryFiles>;

    /// Replaces the files of the register, if it still has the expected version, and writes down that it did. What was
    /// fetched for the parties named is forgotten: the files know better now.
    fn replace_registry(
        &self,
        expected: u64,
        files: BTreeMap<String, Vec<u8>>,
        forget: Vec<EntityId>,
        record: Record,
    ) -> Answer<'_, ()>;

    /// Keeps metadata that was fetched and found good, if the register still has the expected version, and writes down
    /// that it did.
    fn keep_metadata(&self, expected: u64, fresh: Vec<FreshMetadata>) -> Answer<'_, ()>;

    /// The keys that seal pending logins, youngest first.
    fn seal_keys(&self) -> Answer<'_, Vec<SealKey>>;

    /// Adds a sealing key and forgets those that were made before a moment.
    fn rotate_seal_key(&self, secret: [u8; 32], now: Timestamp, forget_before: Timestamp) -> Answer<'_, ()>;

    /// Searches the exchange log; the youngest first.
    fn search_audit(&self, query: AuditQuery) -> Answer<'_, Vec<Logged>>;

    /// The user of this authority and id.
    fn user(&self, authority: Cvr, id: String) -> Answer<'_, Option<User>>;

    /// Users in the order of their ids.
    fn users(&self, query: UserQuery) -> Answer<'_, Vec<User>>;

    /// Changes users of one authority and writes down that it did.
    fn change_users(&self, authority: Cvr, change: UserChange, record: Record) -> Answer<'_, ()>;

    /// Keeps a trust run that was ordered, and writes down that it was.
    fn order_run(&self, run: TrustRun, record: Record) -> Answer<'_, ()>;

    /// Keeps a trust run that was ordered again, and writes down that it was, unless so many that were ordered since a moment
    /// stem from the same order.
    fn order_again(&self, run: TrustRun, since: Timestamp, most: u32, record: Record) -> Answer<'_, ()>;

    /// The trust run of this name, if it has not expired.
    fn run(&self, id: LoginId, now: Timestamp) -> Answer<'_, Option<TrustRun>>;

    /// Trust runs, the youngest first.
    fn runs(&self, query: RunQuery) -> Answer<'_, Vec<TrustRun>>;

    /// The invitation to the pages about trust of this name, used or not, or all of them, the youngest first.
    fn invitations(&self, id: Option<LoginId>) -> Answer<'_, Vec<Invitation>>;

    /// Who is signed in to the pages about trust by this name.
    fn console_session(&self, id: LoginId) -> Answer<'_, Option<ConsoleSession>>;

    /// The youngest trust run of every identity provider and scenario that has ended: of one authority, or of all, in no
    /// particular order.
    fn tried(&self, authority: Option<Cvr>) -> Answer<'_, Vec<Tried>>;

    /// Who has logged in where: of one authority, or of all, in no particular order.
    fn adoption(&self, authority: Option<Cvr>) -> Answer<'_, Vec<Adoption>>;

    /// When our metadata was fetched: by one authority, or by all, in no particular order.
    fn metadata_fetches(&self, authority: Option<Cvr>) -> Answer<'_, Vec<Fetched>>;

    /// What was found out about registered parties when everything was looked at last, in the order of their names.
    fn party_checks(&self) -> Answer<'_, Vec<PartyCheck>>;

    /// The registered parties of which something was found to be wrong when everything was looked at last, and when.
    fn red_parties(&self) -> Answer<'_, Vec<(EntityId, Timestamp)>>;

    /// Keeps what was found out now, and nothing of before.
    fn keep_party_checks(&self, checks: Vec<PartyCheck>) -> Answer<'_, ()>;

    /// Forgets marks, sessions and half-done logins that have expired.
    fn purge(&self, now: Timestamp) -> Answer<'_, ()>;
}
