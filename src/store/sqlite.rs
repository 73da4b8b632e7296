//! SQLite: one file, no server. One thread writes, and commits the batches of many logins together, so that they
//! share one flush to the disk; everybody waits for that flush. A change looks at all that it depends on before it
//! writes, so that one that is refused leaves nothing behind in the group.

mod audit;
mod expired;
mod half_done;
mod users;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::mpsc;
use std::time::{Duration, Instant};

use jiff::Timestamp;
use openssl::sha::sha256;
use rusqlite::{Connection, OpenFlags, OptionalExtension, Transaction, TransactionBehavior, params};
use tokio::sync::oneshot;

use super::{
    Answer, AuditQuery, Batch, FreshMetadata, HalfDone, Logged, Mark, RegistryFiles, SealKey, Store,
    StoreError, UserChange, UserQuery,
};
use crate::domain::audit::Record;
use crate::domain::id::{Cvr, EntityId, MessageId};
use crate::domain::user::User;

const SCHEMA: &[&str] = &[
    include_str!("../../migrations/0001_first.sql"),
    include_str!("../../migrations/0002_users.sql"),
    include_str!("../../migrations/0003_half_done.sql"),
];

/// How many batches may share one flush. More would let the first of them wait too long.
const MAX_GROUP: usize = 256;

/// How far apart flushes are at least. A batch that comes alone never waits; when many come, more of them share one.
const BETWEEN_FLUSHES: Duration = Duration::from_millis(4);

/// How many pages the log ahead of the database may have before they are moved into it. Pages that change again and
/// again in between are moved once.
const PAGES_AHEAD: u32 = 4_000;

/// How much of the database the writer remembers, in KiB: the pages that every login touches.
const REMEMBERED: u32 = 4_000;

/// How long a writer waits for another process, such as `apply`, to finish writing.
const PATIENCE: Duration = Duration::from_secs(2);

/// A database file.
pub struct Sqlite {
    path: PathBuf,
    writer: mpsc::SyncSender<Job>,
}

type Change = Box<dyn FnOnce(&Transaction<'_>) -> Result<(), StoreError> + Send>;

struct Job {
    change: Change,
    done: oneshot::Sender<Result<(), StoreError>>,
}

impl Sqlite {
    /// Opens the file, makes it when it is missing, and brings its tables up to date.
    pub fn open(path: &Path) -> Result<Self, StoreError> {
        let mut connection = connect(path, OpenFlags::default())?;
        migrate(&mut connection)?;
        let (writer, jobs) = mpsc::sync_channel(4 * MAX_GROUP);
        let file = path.to_owned();
        std::thread::Builder::new()
            .name("store".into())
            .spawn(move || write_groups(&file, connection, &jobs))
            .map_err(|error| StoreError::Down(error.to_string()))?;
        Ok(Self { path: path.to_owned(), writer })
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

    /// Reads on a thread that may wait for the disk.
    fn read<T: Send + 'static>(
        &self,
        query: impl FnOnce(&Connection) -> Result<T, StoreError> + Send + 'static,
    ) -> Answer<'_, T> {
        let path = self.path.clone();
        Box::pin(async move {
            let reading = tokio::task::spawn_blocking(move || query(&connect(&path, read_only())?));
            reading.await.map_err(|error| StoreError::Down(error.to_string()))?
        })
    }
}

impl Store for Sqlite {
    fn commit(&self, batch: Batch) -> Answer<'_, ()> {
        self.change(move |transaction| keep(transaction, &batch))
    }

    fn half_done(&self, question: &MessageId, now: Timestamp) -> Answer<'_, Option<HalfDone>> {
        let question = question.clone();
        self.read(move |connection| half_done::find(connection, question, now))
    }

    fn registry_version(&self) -> Answer<'_, u64> {
        self.read(version)
    }

    fn registry(&self) -> Answer<'_, RegistryFiles> {
        self.read(|connection| {
            let all = |sql: &str| -> Result<BTreeMap<String, Vec<u8>>, StoreError> {
                let mut statement = connection.prepare(sql)?;
                let rows = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?;
                Ok(rows.collect::<Result<_, _>>()?)
            };
            // The version first: a change in between is then noticed at the next look, never missed.
            Ok(RegistryFiles {
                version: version(connection)?,
                files: all("SELECT path, content FROM registry_file")?,
                fetched: all("SELECT entity_id, content FROM fetched_metadata")?,
            })
        })
    }

    fn replace_registry(
        &self,
        expected: u64,
        files: BTreeMap<String, Vec<u8>>,
        forget: Vec<EntityId>,
        record: Record,
    ) -> Answer<'_, ()> {
        self.change(move |transaction| {
            raise_version(transaction, expected)?;
            for party in &forget {
                transaction.execute("DELETE FROM fetched_metadata WHERE entity_id = ?1", [party.as_str()])?;
            }
            transaction.execute("DELETE FROM registry_file", [])?;
            let mut insert =
                transaction.prepare_cached("INSERT INTO registry_file (path, content) VALUES (?1, ?2)")?;
            for (path, content) in &files {
                insert.execute(params![path, content])?;
            }
            audit::write(transaction, &record)
        })
    }

    fn keep_metadata(&self, expected: u64, fresh: Vec<FreshMetadata>) -> Answer<'_, ()> {
        self.change(move |transaction| {
            raise_version(transaction, expected)?;
            for FreshMetadata { party, content, record } in &fresh {
                transaction.execute(
                    "INSERT INTO fetched_metadata (entity_id, content, fetched_at) VALUES (?1, ?2, ?3)
                     ON CONFLICT (entity_id) DO UPDATE SET content = ?2, fetched_at = ?3",
                    params![party.as_str(), content, record.at.as_millisecond()],
                )?;
                audit::write(transaction, record)?;
            }
            Ok(())
        })
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
        self.read(move |connection| users::one(connection, authority, &id))
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

    fn purge(&self, now: Timestamp) -> Answer<'_, ()> {
        Box::pin(expired::purge(self, now))
    }
}

/// Takes what is waiting, keeps it in one transaction, and tells everybody when it is on the disk.
fn write_groups(path: &Path, first: Connection, jobs: &mpsc::Receiver<Job>) {
    let mut connection = Some(first);
    let mut flushed: Option<Instant> = None;
    while let Ok(job) = jobs.recv() {
        let early = flushed.and_then(|last| BETWEEN_FLUSHES.checked_sub(last.elapsed()));
        early.into_iter().for_each(std::thread::sleep);
        flushed = Some(Instant::now());
        let mut group = vec![job];
        group.extend(jobs.try_iter().take(MAX_GROUP - 1));
        // A connection that failed is thrown away: the next group opens the file anew, and so it recovers by itself.
        let mut open = match connection.take().map_or_else(|| connect(path, OpenFlags::default()), Ok) {
            Ok(open) => open,
            Err(error) => {
                group.into_iter().for_each(|job| answer(job.done, Err(error.clone())));
                continue;
            }
        };
        if write_group(&mut open, group) {
            connection = Some(open);
        }
    }
}

/// Keeps a group; false when the connection is no longer to be trusted.
fn write_group(connection: &mut Connection, group: Vec<Job>) -> bool {
    let (changes, waiting): (Vec<_>, Vec<_>) = group.into_iter().map(|job| (job.change, job.done)).unzip();
    match keep_group(connection, changes) {
        Ok(results) => {
            waiting.into_iter().zip(results).for_each(|(done, result)| answer(done, result));
            true
        }
        Err(error) => {
            tracing::error!(detail = %error, "a group of writes was not kept");
            waiting.into_iter().for_each(|done| answer(done, Err(error.clone())));
            false
        }
    }
}

/// One transaction for all. What is refused has written nothing; what fails takes the group with it.
fn keep_group(
    connection: &mut Connection,
    changes: Vec<Change>,
) -> Result<Vec<Result<(), StoreError>>, StoreError> {
    let transaction = Transaction::new(connection, TransactionBehavior::Immediate)?;
    let mut results = Vec::with_capacity(changes.len());
    for change in changes {
        results.push(match change(&transaction) {
            Err(down @ StoreError::Down(_)) => return Err(down),
            kept_or_refused => kept_or_refused,
        });
    }
    transaction.commit()?;
    Ok(results)
}

fn answer(done: oneshot::Sender<Result<(), StoreError>>, result: Result<(), StoreError>) {
    // Whoever asked may have gone away meanwhile; what was kept stays kept.
    drop(done.send(result));
}

fn keep(transaction: &Connection, batch: &Batch) -> Result<(), StoreError> {
    for mark in batch.unused.iter().chain(&batch.uses) {
        let mut select = transaction.prepare_cached("SELECT 1 FROM used WHERE mark = ?1")?;
        if select.exists([digest(mark)])? {
            return Err(StoreError::Used(mark.kind));
        }
    }
    if let Some(question) = &batch.takes {
        half_done::check(transaction, question)?;
    }
    // Nothing is refused from here on.
    for mark in &batch.uses {
        transaction
            .prepare_cached("INSERT INTO used (mark, expires) VALUES (?1, ?2)")?
            .execute(params![digest(mark), mark.expires.as_millisecond()])?;
    }
    if let Some(session) = &batch.session {
        let content = serde_json::to_string(session).map_err(down)?;
        transaction
            .prepare_cached("INSERT INTO session (id, expires, content) VALUES (?1, ?2, ?3)")?
            .execute(params![session.index.bytes(), session.expires.as_millisecond(), content])?;
    }
    if let Some(kept) = &batch.keeps {
        half_done::keep(transaction, kept)?;
    }
    if let Some(question) = &batch.takes {
        half_done::take(transaction, question)?;
    }
    batch.records.iter().try_for_each(|record| audit::write(transaction, record))
}

/// The register changes: from the version that was read, or not at all.
fn raise_version(transaction: &Connection, expected: u64) -> Result<(), StoreError> {
    let found = version(transaction)?;
    if found != expected {
        return Err(StoreError::Conflict { expected, found });
    }
    transaction.execute("UPDATE registry_version SET version = version + 1", [])?;
    Ok(())
}

fn version(connection: &Connection) -> Result<u64, StoreError> {
    let row =
        connection.query_row("SELECT version FROM registry_version", [], |row| row.get(0)).optional()?;
    row.ok_or_else(|| StoreError::Down("table registry_version has no row".into()))
}

/// Half a SHA-256 of kind, issuer and ID, apart by a zero byte, which none of them can contain. Marks are the one index
/// whose order is random, so they are as short as they may be: whoever finds two that look alike is refused, no more.
fn digest(mark: &Mark) -> [u8; 16] {
    let whole = sha256(format!("{}\0{}\0{}", mark.kind, mark.issuer, mark.id).as_bytes());
    whole.first_chunk().copied().unwrap_or_default()
}

fn moment(milliseconds: i64) -> Result<Timestamp, StoreError> {
    Timestamp::from_millisecond(milliseconds).map_err(down)
}

fn read_only() -> OpenFlags {
    OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX
}

fn connect(path: &Path, flags: OpenFlags) -> Result<Connection, StoreError> {
    let connection = Connection::open_with_flags(path, flags)?;
    connection.busy_timeout(PATIENCE)?;
    if !flags.contains(OpenFlags::SQLITE_OPEN_READ_ONLY) {
        // FULL: a commit returns when the disk has it, not when the operating system has heard of it.
        connection.execute_batch("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;")?;
        connection.pragma_update(None, "wal_autocheckpoint", PAGES_AHEAD)?;
        connection.pragma_update(None, "cache_size", -i64::from(REMEMBERED))?;
    }
    Ok(connection)
}

fn migrate(connection: &mut Connection) -> Result<(), StoreError> {
    let transaction = Transaction::new(connection, TransactionBehavior::Immediate)?;
    let done: usize = transaction.query_row("PRAGMA user_version", [], |row| row.get(0))?;
    if done > SCHEMA.len() {
        return Err(StoreError::Down(format!(
            "the database was made by a newer version (schema {done}, this program knows {})",
            SCHEMA.len()
        )));
    }
    for step in &SCHEMA[done..] {
        transaction.execute_batch(step)?;
    }
    transaction.pragma_update(None, "user_version", SCHEMA.len())?;
    Ok(transaction.commit()?)
}

fn down(error: impl std::fmt::Display) -> StoreError {
    StoreError::Down(error.to_string())
}

impl From<rusqlite::Error> for StoreError {
    fn from(error: rusqlite::Error) -> Self {
        Self::Down(error.to_string())
    }
}
