//! The exchange log in its table.

use jiff::Timestamp;
use rusqlite::{Connection, params};

use super::super::{AuditQuery, Logged, StoreError};
use super::{down, key};
use crate::domain::audit::Record;

pub(super) fn write_record(transaction: &Connection, record: &Record) -> Result<(), StoreError> {
    let content = serde_json::to_string(record).map_err(down)?;
    transaction
        .prepare_cached("INSERT INTO audit (at, login, message, content) VALUES (?1, ?2, ?3, ?4)")?
        .execute(params![record.at.as_millisecond(), key(record.login), record.message, content])?;
    Ok(())
}

pub(super) fn search(connection: &Connection, query: &AuditQuery) -> Result<Vec<Logged>, StoreError> {
    let mut statement = connection.prepare(
        "SELECT seq, content FROM audit
         WHERE (?1 IS NULL OR login = ?1) AND (?2 IS NULL OR message = ?2)
           AND (?3 IS NULL OR instr(content, ?3) > 0) AND at >= ?4 AND at < ?5
         ORDER BY seq DESC",
    )?;
    let since = query.since.map_or(i64::MIN, Timestamp::as_millisecond);
    let until = query.until.map_or(i64::MAX, Timestamp::as_millisecond);
    let rows = statement
        .query_map(params![query.login.map(key), query.message, query.text, since, until], |row| {
            Ok((row.get::<_, u64>(0)?, row.get::<_, String>(1)?))
        })?;
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
