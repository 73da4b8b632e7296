//! Connections to the file: how one is opened, how the tables are brought up to date, those that wait to read, and how a
//! condition is written for them.

use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use rusqlite::types::Value;
use rusqlite::{Connection, OpenFlags, Transaction, TransactionBehavior};

use super::super::StoreError;

pub(super) const SCHEMA: &[&str] = &[
    include_str!("../../../migrations/0001_first.sql"),
    include_str!("../../../migrations/0002_users.sql"),
    include_str!("../../../migrations/0003_half_done.sql"),
    include_str!("../../../migrations/0004_sessions.sql"),
    include_str!("../../../migrations/0005_trust.sql"),
    include_str!("../../../migrations/0006_console.sql"),
    include_str!("../../../migrations/0007_party_check.sql"),
    include_str!("../../../migrations/0008_mirror.sql"),
    include_str!("../../../migrations/0009_spent.sql"),
    include_str!("../../../migrations/0010_trust_sent.sql"),
    include_str!("../../../migrations/0011_session_of.sql"),
];

/// How many pages the log ahead of the database may have before they are moved into it. Pages that change again and
/// again in between are moved once.
const PAGES_AHEAD: u32 = 4_000;

/// How much of the database the writer remembers, in KiB: the pages that every login touches.
const REMEMBERED: u32 = 4_000;

/// How long a writer waits for another process, such as `apply`, to finish writing.
pub(super) const PATIENCE: Duration = Duration::from_secs(2);

/// Connections that read, open and waiting: to open one costs more than most questions.
pub(super) type Readers = Arc<Mutex<Vec<Connection>>>;

/// Lends a connection that waits, or opens one. One that failed is not used again.
pub(super) fn with_reader<T>(
    path: &Path,
    readers: &Readers,
    query: impl FnOnce(&Connection) -> Result<T, StoreError>,
) -> Result<T, StoreError> {
    let waiting = readers.lock().unwrap_or_else(PoisonError::into_inner).pop();
    let connection = waiting.map_or_else(|| connect(path, read_only()), Ok)?;
    let answer = query(&connection)?;
    readers.lock().unwrap_or_else(PoisonError::into_inner).push(connection);
    Ok(answer)
}

fn read_only() -> OpenFlags {
    OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX
}

pub(super) fn connect(path: &Path, flags: OpenFlags) -> Result<Connection, StoreError> {
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

/// A condition, and the values for it. What is not asked for does not stand in it: only a plain comparison is looked up in an
/// index.
pub(super) fn such<'c>(asked: impl IntoIterator<Item = (&'c str, Option<Value>)>) -> (String, Vec<Value>) {
    let asked = asked.into_iter().filter_map(|(comparison, value)| Some((comparison, value?)));
    let (comparisons, values): (Vec<_>, Vec<_>) = asked.unzip();
    let such = std::iter::once("TRUE").chain(comparisons).collect::<Vec<_>>().join(" AND ");
    (such, values)
}

pub(super) fn migrate(connection: &mut Connection) -> Result<(), StoreError> {
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
