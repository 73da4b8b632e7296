//! Sessions, who takes part in them, and what participants may exchange.

use jiff::Timestamp;
use openssl::sha::sha256;
use rusqlite::{Connection, OptionalExtension, Row, params};
use serde::de::DeserializeOwned;

use super::super::{Batch, Session, SessionFacts, StoreError, Voucher, Within};
use super::{down, moment};
use crate::domain::id::{Cvr, LoginId};
use crate::domain::session::Participant;

const SESSION: &str = "SELECT id, expires, idle, content FROM session";

// No join: SQLite would plan one anew for every value.
const VOUCHER: &str =
    "SELECT participant, expires, EXISTS (SELECT 1 FROM spent WHERE spent.voucher = voucher.id), sealed,
    (SELECT content FROM participant WHERE participant.id = voucher.participant) FROM voucher WHERE id = ?1";

const IS_SPENT: &str =
    "SELECT EXISTS (SELECT 1 FROM spent WHERE spent.voucher = voucher.id) FROM voucher WHERE id = ?1";

pub(super) fn find(connection: &Connection, id: LoginId) -> Result<Option<Session>, StoreError> {
    let mut select = connection.prepare_cached(&format!("{SESSION} WHERE id = ?1"))?;
    let found = select.query_row([id.bytes()], raw).optional()?;
    found.map(session).transpose()
}

/// What a session remembers. Few ask, and it takes pages of its own.
pub(super) fn sealed(connection: &Connection, id: LoginId) -> Result<Option<Vec<u8>>, StoreError> {
    let mut select = connection.prepare_cached("SELECT sealed FROM session WHERE id = ?1")?;
    Ok(select.query_row([id.bytes()], |row| row.get(0)).optional()?)
}

pub(super) fn named(connection: &Connection, name: [u8; 16]) -> Result<Vec<Session>, StoreError> {
    let such =
        format!("{SESSION} WHERE id IN (SELECT session FROM session_name WHERE name = ?1) ORDER BY id");
    let mut select = connection.prepare_cached(&such)?;
    let found = select.query_map([name], raw)?;
    found.map(|row| session(row?)).collect()
}

pub(super) fn of(
    connection: &Connection,
    authority: Cvr,
    before: LoginId,
    limit: u32,
) -> Result<Vec<Session>, StoreError> {
    let such = format!("{SESSION} WHERE content ->> 'authority' = ?1 AND id < ?2 ORDER BY id DESC LIMIT ?3");
    let mut select = connection.prepare_cached(&such)?;
    let found = select.query_map(params![authority.as_str(), before.bytes(), limit], raw)?;
    found.map(|row| session(row?)).collect()
}

pub(super) fn participant(
    connection: &Connection,
    index: LoginId,
) -> Result<Option<Participant>, StoreError> {
    let mut select = connection.prepare_cached("SELECT content FROM participant WHERE id = ?1")?;
    let content: Option<String> = select.query_row([index.bytes()], |row| row.get(0)).optional()?;
    content.map(|content| parsed(&content)).transpose()
}

pub(super) fn participants(
    connection: &Connection,
    session: LoginId,
) -> Result<Vec<Participant>, StoreError> {
    let mut select =
        connection.prepare_cached("SELECT content FROM participant WHERE session = ?1 ORDER BY id")?;
    let found = select.query_map([session.bytes()], |row| row.get::<_, String>(0))?;
    found.map(|content| parsed(&content?)).collect()
}

/// A voucher with its participant. Whoever wants one wants both, and each question costs locks and pages of its own.
pub(super) fn voucher(
    connection: &Connection,
    id: LoginId,
) -> Result<Option<(Voucher, Option<Participant>)>, StoreError> {
    let mut select = connection.prepare_cached(VOUCHER)?;
    let row = |row: &Row<'_>| Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?, row.get(4)?));
    let found = select.query_row([id.bytes()], row).optional()?;
    let voucher = |(participant, expires, spent, sealed, content): (_, _, _, _, Option<String>)| {
        let index = LoginId::from_bits(u128::from_be_bytes(participant));
        let voucher = Voucher { id, participant: index, expires: moment(expires)?, spent, sealed };
        Ok((voucher, content.map(|content| parsed(&content)).transpose()?))
    };
    found.map(voucher).transpose()
}

/// Says whether the batch may go on with the sessions and vouchers that it depends on; nothing has been written then.
pub(super) fn check(transaction: &Connection, batch: &Batch) -> Result<(), StoreError> {
    if let Some(Within { session, .. }) = &batch.within
        && !is_alive(transaction, *session)?
    {
        return Err(StoreError::Ended);
    }
    for ending in &batch.endings {
        if !is_alive(transaction, ending.logout.session)? {
            return Err(StoreError::Ended);
        }
    }
    if let Some(begun) = &batch.begun {
        let mut select =
            transaction.prepare_cached("SELECT 1 FROM logged_out WHERE browser = ?1 AND at >= ?2")?;
        for browser in &begun.browsers {
            if select.exists(params![browser.bytes(), begun.at.as_millisecond()])? {
                return Err(StoreError::LoggedOut);
            }
        }
    }
    batch.spends.into_iter().chain(batch.needs).try_for_each(|voucher| unspent(transaction, voucher))
}

fn unspent(transaction: &Connection, voucher: LoginId) -> Result<(), StoreError> {
    let mut select = transaction.prepare_cached(IS_SPENT)?;
    match select.query_row([voucher.bytes()], |row| row.get(0)).optional()? {
        Some(false) => Ok(()),
        Some(true) => Err(StoreError::Spent),
        None => Err(StoreError::Taken),
    }
}

pub(super) fn keep(transaction: &Connection, batch: &Batch) -> Result<(), StoreError> {
    if let Some((session, sealed)) = &batch.session {
        begin(transaction, session, sealed)?;
        if let Some(old) = batch.replaces {
            replace(transaction, old, session.id)?;
        }
    }
    if let Some(Within { session, idle: Some(idle) }) = &batch.within {
        let mut update = transaction.prepare_cached("UPDATE session SET idle = ?2 WHERE id = ?1")?;
        update.execute(params![session.bytes(), idle.as_millisecond()])?;
    }
    if let Some(participant) = &batch.participant {
        take_part(transaction, participant)?;
        forget_oldest(transaction, participant)?;
    }
    if let Some(id) = batch.spends {
        transaction.prepare_cached("INSERT INTO spent (voucher) VALUES (?1)")?.execute([id.bytes()])?;
    }
    if let Some(Voucher { id, participant, expires, sealed, .. }) = &batch.voucher {
        transaction
            .prepare_cached("INSERT INTO voucher (id, participant, expires, sealed) VALUES (?1, ?2, ?3, ?4)")?
            .execute(params![id.bytes(), participant.bytes(), expires.as_millisecond(), sealed])?;
    }
    batch.revokes.map_or(Ok(()), |participant| revoke(transaction, participant))
}

fn begin(transaction: &Connection, session: &Session, sealed: &[u8]) -> Result<(), StoreError> {
    let Session { id, facts, idle, expires } = session;
    let (idle, expires) = (idle.as_millisecond(), expires.as_millisecond());
    let content = serde_json::to_string(facts).map_err(down)?;
    transaction
        .prepare_cached(
            "INSERT INTO session (id, expires, idle, content, sealed) VALUES (?1, ?2, ?3, ?4, ?5)",
        )?
        .execute(params![id.bytes(), expires, idle, content, sealed])?;
    let mut insert =
        transaction.prepare_cached("INSERT OR IGNORE INTO session_name (name, session) VALUES (?1, ?2)")?;
    for provider in facts.providers() {
        insert.execute(params![digest(&provider.name), id.bytes()])?;
    }
    Ok(())
}

/// The participants of the old session are the new one's from here on.
fn replace(transaction: &Connection, old: LoginId, new: LoginId) -> Result<(), StoreError> {
    for participant in participants(transaction, old)? {
        transaction
            .prepare_cached("DELETE FROM participant WHERE id = ?1")?
            .execute([participant.index.bytes()])?;
        take_part(transaction, &Participant { session: new, ..participant })?;
    }
    end(transaction, old)
}

fn take_part(transaction: &Connection, participant: &Participant) -> Result<(), StoreError> {
    let content = serde_json::to_string(participant).map_err(down)?;
    let Participant { index, session, .. } = participant;
    transaction
        .prepare_cached("INSERT INTO participant (id, session, content) VALUES (?1, ?2, ?3)")?
        .execute(params![index.bytes(), session.bytes(), content])?;
    Ok(())
}

/// Keeps the youngest places of a fagsystem in a session, and forgets those that are too many with their vouchers.
fn forget_oldest(
    transaction: &Connection,
    Participant { session, fagsystem, .. }: &Participant,
) -> Result<(), StoreError> {
    let mut select = transaction.prepare_cached(
        "SELECT id FROM participant WHERE session = ?1 AND content ->> 'fagsystem' = ?2
         ORDER BY id DESC LIMIT -1 OFFSET ?3",
    )?;
    let too_many = select
        .query_map(params![session.bytes(), fagsystem.as_str(), Participant::MOST], |row| row.get(0))?;
    for id in too_many.collect::<Result<Vec<[u8; 16]>, _>>()? {
        transaction.prepare_cached("DELETE FROM voucher WHERE participant = ?1")?.execute([id])?;
        transaction.prepare_cached("DELETE FROM participant WHERE id = ?1")?.execute([id])?;
    }
    Ok(())
}

fn revoke(transaction: &Connection, index: LoginId) -> Result<(), StoreError> {
    transaction.prepare_cached("DELETE FROM voucher WHERE participant = ?1")?.execute([index.bytes()])?;
    let Some(participant) = participant(transaction, index)? else { return Ok(()) };
    let content = serde_json::to_string(&Participant { revoked: true, ..participant }).map_err(down)?;
    transaction
        .prepare_cached("UPDATE participant SET content = ?2 WHERE id = ?1")?
        .execute(params![index.bytes(), content])?;
    Ok(())
}

/// Forgets some of the sessions that have expired, and says how many.
pub(super) fn forget_expired(
    transaction: &Connection,
    now: Timestamp,
    limit: usize,
) -> Result<usize, StoreError> {
    let mut select = transaction.prepare_cached("SELECT id FROM session WHERE expires < ?1 LIMIT ?2")?;
    let expired = select.query_map(params![now.as_millisecond(), limit], |row| row.get(0))?;
    let expired = expired.collect::<Result<Vec<[u8; 16]>, _>>()?;
    for id in &expired {
        end(transaction, LoginId::from_bits(u128::from_be_bytes(*id)))?;
    }
    Ok(expired.len())
}

/// Forgets a session and all that belongs to it.
pub(super) fn end(transaction: &Connection, id: LoginId) -> Result<(), StoreError> {
    let Some(session) = find(transaction, id)? else { return Ok(()) };
    for provider in session.facts.providers() {
        transaction
            .prepare_cached("DELETE FROM session_name WHERE name = ?1 AND session = ?2")?
            .execute(params![digest(&provider.name), id.bytes()])?;
    }
    for statement in [
        "DELETE FROM voucher WHERE participant IN (SELECT id FROM participant WHERE session = ?1)",
        "DELETE FROM participant WHERE session = ?1",
        "DELETE FROM session WHERE id = ?1",
    ] {
        transaction.prepare_cached(statement)?.execute([id.bytes()])?;
    }
    Ok(())
}

fn is_alive(transaction: &Connection, session: LoginId) -> Result<bool, StoreError> {
    Ok(transaction.prepare_cached("SELECT 1 FROM session WHERE id = ?1")?.exists([session.bytes()])?)
}

/// Half a SHA-256 of the user's name: it finds a session, and tells nobody who it is.
pub(super) fn digest(name: &str) -> [u8; 16] {
    sha256(name.as_bytes()).first_chunk().copied().unwrap_or_default()
}

type Raw = ([u8; 16], i64, i64, String);

fn raw(row: &Row<'_>) -> rusqlite::Result<Raw> {
    Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?))
}

fn session((id, expires, idle, content): Raw) -> Result<Session, StoreError> {
    let facts: SessionFacts = parsed(&content)?;
    let id = LoginId::from_bits(u128::from_be_bytes(id));
    Ok(Session { id, facts, idle: moment(idle)?, expires: moment(expires)? })
}

pub(super) fn parsed<T: DeserializeOwned>(content: &str) -> Result<T, StoreError> {
    serde_json::from_str(content).map_err(down)
}
