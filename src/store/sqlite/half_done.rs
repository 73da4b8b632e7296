//! Half-done logins: kept by the first leg, taken once by the second.

use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension, params};

use super::super::{HalfDone, StoreError};
use super::moment;
use crate::domain::id::MessageId;

pub(super) fn find(
    connection: &Connection,
    question: MessageId,
    now: Timestamp,
) -> Result<Option<HalfDone>, StoreError> {
    let mut select =
        connection.prepare("SELECT content, expires FROM half_done WHERE question = ?1 AND expires >= ?2")?;
    let row = select
        .query_row(params![question.as_str(), now.as_millisecond()], |row| Ok((row.get(0)?, row.get(1)?)));
    let kept = row.optional()?;
    kept.map(|(content, expires)| Ok(HalfDone { question, content, expires: moment(expires)? })).transpose()
}

/// Says whether it is there to be taken; nothing has been written then.
pub(super) fn check(transaction: &Connection, question: &MessageId) -> Result<(), StoreError> {
    let mut select = transaction.prepare_cached("SELECT 1 FROM half_done WHERE question = ?1")?;
    if select.exists([question.as_str()])? { Ok(()) } else { Err(StoreError::Taken) }
}

pub(super) fn keep(transaction: &Connection, kept: &HalfDone) -> Result<(), StoreError> {
    let HalfDone { question, content, expires } = kept;
    transaction
        .prepare_cached("INSERT INTO half_done (question, expires, content) VALUES (?1, ?2, ?3)")?
        .execute(params![question.as_str(), expires.as_millisecond(), content])?;
    Ok(())
}

pub(super) fn take(transaction: &Connection, question: &MessageId) -> Result<(), StoreError> {
    transaction.prepare_cached("DELETE FROM half_done WHERE question = ?1")?.execute([question.as_str()])?;
    Ok(())
}
