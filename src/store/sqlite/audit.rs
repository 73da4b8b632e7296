//! The exchange log in SQLite: how a record is written, and how operators find it again.

use jiff::Timestamp;
use rusqlite::types::Value;
use rusqlite::{Connection, params, params_from_iter};

use super::{AuditQuery, Logged, StoreError, down, such};
use crate::domain::audit::Record;
use crate::domain::id::EntityId;

/// Writes a record down.
pub(super) fn write(transaction: &Connection, record: &Record) -> Result<(), StoreError> {
    let content = serde_json::to_string(record).map_err(down)?;
    transaction
        .prepare_cached(
            "INSERT INTO audit (at, login, message, content, fagsystem) VALUES (?1, ?2, ?3, ?4, ?5)",
        )?
        .execute(params![
            record.at.as_millisecond(),
            record.login.bytes(),
            record.message,
            content,
            about(record)
        ])?;
    Ok(())
}

/// The fagsystem that a record is about, or who claimed to be one.
fn about(record: &Record) -> Option<&str> {
    record.fagsystem.as_ref().map(EntityId::as_str).or(record.claimed_issuer.as_deref())
}

/// Searches the log; the youngest first.
pub(super) fn search(connection: &Connection, query: &AuditQuery) -> Result<Vec<Logged>, StoreError> {
    let moment = |at: Timestamp| Value::from(at.as_millisecond());
    let asked = [
        ("login = ?", query.login.map(|login| Value::from(login.bytes().to_vec()))),
        ("message = ?", query.message.clone().map(Value::from)),
        ("fagsystem = ?", query.fagsystem.as_ref().map(|name| Value::from(name.to_string()))),
        ("at >= ?", query.since.map(moment)),
        ("at < ?", query.until.map(moment)),
    ];
    let texts = query.texts.iter().map(|text| ("instr(content, ?) > 0", Some(Value::from(text.clone()))));
    let (such, values) = such(asked.into_iter().chain(texts));
    let mut statement =
        connection.prepare(&format!("SELECT seq, content FROM audit WHERE {such} ORDER BY seq DESC"))?;
    let rows = statement
        .query_map(params_from_iter(values), |row| Ok((row.get::<_, u64>(0)?, row.get::<_, String>(1)?)))?;
    let mut found = Vec::new();
    for row in rows {
        let (seq, content) = row?;
        let record: Record = serde_json::from_str(&content)
            .map_err(|error| StoreError::Down(format!("table audit, row {seq} cannot be read: {error}")))?;
        let of_case = query.case.is_none_or(|case| record.login.case_number() == case);
        if of_case {
            found.push(Logged { seq, record });
        }
        if found.len() == query.limit as usize {
            break;
        }
    }
    Ok(found)
}
