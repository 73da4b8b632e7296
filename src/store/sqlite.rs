//! SQLite: one file, no server. One thread writes, and commits the batches of many logins together, so that they
//! share one flush to the disk; everybody waits for that flush. A change looks at all that it depends on before it
//! writes, so that one that is refused leaves nothing behind in the group.

mod adoption;
mod audit;
mod connection;
mod console;
mod expired;
mod half_done;
mod logout;
mod party_check;
mod registry;
mod session;
mod trust;
mod used;
mod users;
mod writer;

use std::collections::BTreeMap;
use std::fs::OpenOptions;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::sync::mpsc;

use jiff::Timestamp;
use moka::sync::Cache;
use rusqlite::{Connection, OpenFlags, Transaction, TransactionBehavior, params};
use tokio::sync::oneshot;

use super::{
    Answer, AuditQuery, Batch, ConsoleSession, FreshMetadata, HalfDone, Invitation, LegChange, Logged,
    RegistryFiles, RunQuery, SealKey, Session, Store, StoreError, TrustRun, UserChange, UserQuery, Voucher,
    Within,
};
use crate::domain::audit::Record;
use crate::domain::id::{Cvr, EntityId, LoginId, MessageId};
use crate::domain::session::{Logout, Participant};
use crate::domain::trust::{Adoption, Fetched, PartyCheck, Tried};
use crate::domain::user::User;
use connection::{PATIENCE, Readers, SCHEMA, connect, migrate, such, with_reader};
use writer::{Job, MAX_GROUP, write_groups};

/// How much is remembered of sessions that are used again and again, in bytes.
const REMEMBERED_SESSIONS: u64 = 16 * 1024 * 1024;

/// A database file.
pub struct Sqlite {
    path: PathBuf,
    writer: mpsc::SyncSender<Job>,
    readers: Readers,
    sessions: Cache<LoginId, Session>,
}

impl Sqlite {
    /// Opens the file, makes it when it is missing, and brings its tables up to date.
    pub fn open(path: &Path) -> Result<Self, StoreError> {
        // Claims and names of users lie in it as they came: nobody but its owner reads it, whatever the umask is. SQLite gives
        // the files that it makes beside it the same rights. What is wrong with the path SQLite tells better.
        let _ = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path);
        let mut connection = connect(path, OpenFlags::default())?;
        migrate(&mut connection)?;
        let (writer, jobs) = mpsc::sync_channel(4 * MAX_GROUP);
        let file = path.to_owned();
        std::thread::Builder::new()
            .name("store".into())
            .spawn(move || write_groups(&file, connection, &jobs))
            .map_err(|error| StoreError::Down(error.to_string()))?;
        let sessions = Cache::builder().max_capacity(REMEMBERED_SESSIONS);
        let sessions = sessions.weigher(|_, session: &Session| weight(session)).build();
        Ok(Self { path: path.to_owned(), writer, readers: Readers::default(), sessions })
    }

    /// Looks at the file without changing it: its schema and the one that this program knows. An error when it cannot be
    /// written.
    pub fn examine(path: &Path) -> Result<(usize, usize), StoreError> {
        let mut connection = Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_WRITE)?;
        connection.busy_timeout(PATIENCE)?;
        // Whoever may begin to write may write. It is rolled back at the end.
        let transaction = Transaction::new(&mut connection, TransactionBehavior::Immediate)?;
        let schema = transaction.query_row("PRAGMA user_version", [], |row| row.get(0))?;
        Ok((schema, SCHEMA.len()))
    }

    fn change(
        &self,
        change: impl FnOnce(&Transaction<'_>) -> Result<(), StoreError> + Send + 'static,
    ) -> Answer<'_, ()> {
        let (done, answer) = oneshot::channel();
        // A full queue means that the disk does not keep up: better to say so at once than to let everybody wait.
        let sent = self.writer.try_send(Job { change: Box::new(change), done });
        Box::pin(async move {
            sent.map_err(|_| StoreError::Down("too many writes are waiting".into()))?;
            answer.await.map_err(|_| StoreError::Down("the writer stopped".into()))?
        })
    }

    /// Looks something up by its key, at once: that takes less time than the way to another thread and back.
    fn look_up<T: Send + 'static>(
        &self,
        query: impl FnOnce(&Connection) -> Result<T, StoreError>,
    ) -> Answer<'_, T> {
        Box::pin(std::future::ready(with_reader(&self.path, &self.readers, query)))
    }

    /// Reads on a thread that may wait for the disk.
    fn read<T: Send + 'static>(
        &self,
        query: impl FnOnce(&Connection) -> Result<T, StoreError> + Send + 'static,
    ) -> Answer<'_, T> {
        let (path, readers) = (self.path.clone(), self.readers.clone());
        Box::pin(async move {
            let reading = tokio::task::spawn_blocking(move || with_reader(&path, &readers, query));
            reading.await.map_err(|error| StoreError::Down(error.to_string()))?
        })
    }
}

impl Store for Sqlite {
    fn commit(&self, batch: Batch) -> Answer<'_, ()> {
        // Whether a session is over is decided by the table when the batch is kept, never by what is remembered.
        let ended = batch.endings.iter().map(|ending| ending.logout.session);
        let ended: Vec<_> = ended.chain(batch.replaces).collect();
        let used = batch.within.and_then(|Within { session, idle }| Some((session, idle?)));
        let kept = self.change(move |transaction| keep(transaction, &batch));
        Box::pin(async move {
            let kept = kept.await;
            ended.iter().for_each(|session| self.sessions.invalidate(session));
            if let Some((session, idle)) = used
                && kept.is_ok()
                && let Some(remembered) = self.sessions.get(&session)
            {
                self.sessions.insert(session, Session { idle, ..remembered });
            }
            kept
        })
    }

    fn half_done(&self, question: &MessageId, now: Timestamp) -> Answer<'_, Option<HalfDone>> {
        let question = question.clone();
        self.look_up(move |connection| half_done::find(connection, question, now))
    }

    fn session(&self, id: LoginId) -> Answer<'_, Option<Session>> {
        Box::pin(async move {
            let remembered = self.sessions.get(&id);
            if remembered.is_some() {
                return Ok(remembered);
            }
            let found = self.look_up(move |connection| session::find(connection, id)).await?;
            found.iter().for_each(|session| self.sessions.insert(id, session.clone()));
            Ok(found)
        })
    }

    fn remembered(&self, session: LoginId) -> Answer<'_, Option<Vec<u8>>> {
        self.look_up(move |connection| session::sealed(connection, session))
    }

    fn sessions_named(&self, name: &str) -> Answer<'_, Vec<Session>> {
        let name = session::digest(name);
        self.read(move |connection| session::named(connection, name))
    }

    fn sessions_of(&self, authority: Cvr, before: Option<LoginId>, limit: u32) -> Answer<'_, Vec<Session>> {
        let before = before.unwrap_or(LoginId::from_bits(u128::MAX));
        self.read(move |connection| session::of(connection, authority, before, limit))
    }

    fn participant(&self, index: LoginId) -> Answer<'_, Option<Participant>> {
        self.look_up(move |connection| session::participant(connection, index))
    }

    fn participants(&self, session: LoginId) -> Answer<'_, Vec<Participant>> {
        self.read(move |connection| session::participants(connection, session))
    }

    fn voucher(&self, id: LoginId) -> Answer<'_, Option<(Voucher, Option<Participant>)>> {
        self.look_up(move |connection| session::voucher(connection, id))
    }

    fn logout(&self, id: LoginId) -> Answer<'_, Option<Logout>> {
        self.read(move |connection| logout::find(connection, id))
    }

    fn logouts(&self, authority: Option<Cvr>, open: bool, limit: u32) -> Answer<'_, Vec<Logout>> {
        self.read(move |connection| logout::all(connection, authority, open, limit))
    }

    fn due_legs(&self, now: Timestamp, limit: u32) -> Answer<'_, Vec<LegChange>> {
        self.read(move |connection| logout::due(connection, now, limit))
    }

    fn registry_version(&self) -> Answer<'_, u64> {
        self.read(registry::version)
    }

    fn registry(&self) -> Answer<'_, RegistryFiles> {
        self.read(registry::find)
    }

    fn replace_registry(
        &self,
        expected: u64,
        files: BTreeMap<String, Vec<u8>>,
        forget: Vec<EntityId>,
        record: Record,
    ) -> Answer<'_, ()> {
        self.change(move |transaction| {
            registry::replace(transaction, expected, &files, &forget)?;
            audit::write(transaction, &record)
        })
    }

    fn keep_metadata(&self, expected: u64, fresh: Vec<FreshMetadata>) -> Answer<'_, ()> {
        self.change(move |transaction| registry::keep_metadata(transaction, expected, &fresh))
    }

    fn seal_keys(&self) -> Answer<'_, Vec<SealKey>> {
        self.read(|connection| {
            let mut statement =
                connection.prepare("SELECT id, created, secret FROM seal_key ORDER BY id DESC")?;
            let rows = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?;
            rows.map(|row| {
                let (id, created, secret) = row?;
                Ok(SealKey { id, created: moment(created)?, secret })
            })
            .collect()
        })
    }

    fn rotate_seal_key(&self, secret: [u8; 32], now: Timestamp, forget_before: Timestamp) -> Answer<'_, ()> {
        self.change(move |transaction| {
            transaction
                .execute("DELETE FROM seal_key WHERE created < ?1", [forget_before.as_millisecond()])?;
            transaction.execute(
                "INSERT INTO seal_key (created, secret) VALUES (?1, ?2)",
                params![now.as_millisecond(), secret],
            )?;
            Ok(())
        })
    }

    fn search_audit(&self, query: AuditQuery) -> Answer<'_, Vec<Logged>> {
        self.read(move |connection| audit::search(connection, &query))
    }

    fn user(&self, authority: Cvr, id: String) -> Answer<'_, Option<User>> {
        self.look_up(move |connection| users::one(connection, authority, &id))
    }

    fn users(&self, query: UserQuery) -> Answer<'_, Vec<User>> {
        self.read(move |connection| users::find(connection, &query))
    }

    fn change_users(&self, authority: Cvr, change: UserChange, record: Record) -> Answer<'_, ()> {
        match users::Statements::of(change) {
            Ok(statements) => self.change(move |transaction| {
                statements.run(transaction, authority)?;
                audit::write(transaction, &record)
            }),
            Err(error) => Box::pin(std::future::ready(Err(error))),
        }
    }

    fn order_run(&self, run: TrustRun, record: Record) -> Answer<'_, ()> {
        self.change(move |transaction| {
            trust::order(transaction, &run)?;
            audit::write(transaction, &record)
        })
    }

    fn order_again(&self, run: TrustRun, since: Timestamp, most: u32, record: Record) -> Answer<'_, ()> {
        self.change(move |transaction| {
            trust::check_how_often(transaction, &run, since, most)?;
            trust::order(transaction, &run)?;
            audit::write(transaction, &record)
        })
    }

    fn run(&self, id: LoginId, now: Timestamp) -> Answer<'_, Option<TrustRun>> {
        self.read(move |connection| trust::find(connection, id, now))
    }

    fn runs(&self, query: RunQuery) -> Answer<'_, Vec<TrustRun>> {
        self.read(move |connection| trust::search(connection, &query))
    }

    fn invitations(&self, id: Option<LoginId>) -> Answer<'_, Vec<Invitation>> {
        self.look_up(move |connection| console::invitations(connection, id))
    }

    fn console_session(&self, id: LoginId) -> Answer<'_, Option<ConsoleSession>> {
        self.look_up(move |connection| console::session(connection, id))
    }

    fn tried(&self, authority: Option<Cvr>) -> Answer<'_, Vec<Tried>> {
        self.read(move |connection| trust::tried(connection, authority))
    }

    fn red_parties(&self) -> Answer<'_, Vec<(EntityId, Timestamp)>> {
        self.read(party_check::red)
    }

    fn party_checks(&self) -> Answer<'_, Vec<PartyCheck>> {
        self.read(party_check::all)
    }

    fn keep_party_checks(&self, checks: Vec<PartyCheck>) -> Answer<'_, ()> {
        self.change(move |transaction| party_check::replace(transaction, &checks))
    }

    fn adoption(&self, authority: Option<Cvr>) -> Answer<'_, Vec<Adoption>> {
        self.read(move |connection| adoption::find(connection, authority))
    }

    fn metadata_fetches(&self, authority: Option<Cvr>) -> Answer<'_, Vec<Fetched>> {
        self.look_up(move |connection| adoption::fetches(connection, authority))
    }

    fn purge(&self, now: Timestamp) -> Answer<'_, ()> {
        let expired = self.sessions.iter().filter(|(_, session)| session.expires < now);
        expired.for_each(|(id, _)| self.sessions.invalidate(&*id));
        Box::pin(expired::purge(self, now))
    }
}

fn keep(transaction: &Connection, batch: &Batch) -> Result<(), StoreError> {
    used::check(transaction, batch)?;
    if let Some(question) = &batch.takes {
        half_done::check(transaction, question)?;
    }
    session::check(transaction, batch)?;
    batch.console.iter().try_for_each(|step| console::check(transaction, step))?;
    // Nothing is refused from here on.
    used::keep(transaction, batch)?;
    session::keep(transaction, batch)?;
    logout::keep(transaction, batch)?;
    if let Some(kept) = &batch.keeps {
        half_done::keep(transaction, kept)?;
    }
    if let Some(question) = &batch.takes {
        half_done::take(transaction, question)?;
    }
    batch.sent.iter().try_for_each(|sent| trust::sent(transaction, sent))?;
    batch.report.iter().try_for_each(|report| trust::finish(transaction, report))?;
    batch.console.iter().try_for_each(|step| console::keep(transaction, step))?;
    batch.uses_system.iter().try_for_each(|used| adoption::used(transaction, used))?;
    batch.fetched.iter().try_for_each(|fetched| adoption::fetched(transaction, *fetched))?;
    batch.records.iter().try_for_each(|record| audit::write(transaction, record))
}

/// About how many bytes a session takes in memory. Its texts are as long as identity providers please.
fn weight(session: &Session) -> u32 {
    let texts =
        session.facts.providers().flat_map(|at| [Some(&at.name), at.format.as_ref(), at.index.as_ref()]);
    let letters: usize = texts.flatten().map(String::len).sum();
    u32::try_from(size_of::<Session>() + letters).unwrap_or(u32::MAX)
}

fn moment(milliseconds: i64) -> Result<Timestamp, StoreError> {
    Timestamp::from_millisecond(milliseconds).map_err(down)
}

fn down(error: impl std::fmt::Display) -> StoreError {
    StoreError::Down(error.to_string())
}

impl From<rusqlite::Error> for StoreError {
    fn from(error: rusqlite::Error) -> Self {
        Self::Down(error.to_string())
    }
}
