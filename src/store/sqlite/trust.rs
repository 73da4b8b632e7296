//! Trust runs: ordered, finished once, found again.

use jiff::Timestamp;
use rusqlite::types::Value;
use rusqlite::{Connection, OptionalExtension, Row, params, params_from_iter};

use super::super::{RunQuery, StoreError, TrustRun};
use super::{down, moment, such};
use crate::domain::id::{Cvr, EntityId, LoginId};
use crate::domain::trust::{Report, Scenario, Sent, Tried};

const COLUMNS: &str = "id, authority, idp, scenario, ordered, expires, sealed, report, sent";

pub(super) fn order(transaction: &Connection, run: &TrustRun) -> Result<(), StoreError> {
    transaction
        .prepare_cached(
            "INSERT INTO trust_run (id, authority, idp, scenario, ordered, expires, sealed)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
        )?
        .execute(params![
            run.id.bytes(),
            run.authority.as_str(),
            run.idp.as_str(),
            run.scenario.id(),
            run.ordered.as_millisecond(),
            run.expires.as_millisecond(),
            run.sealed,
        ])?;
    Ok(())
}

/// Runs that stem from one order are forgotten at the same moment.
pub(super) fn check_how_often(
    transaction: &Connection,
    run: &TrustRun,
    since: Timestamp,
    most: u32,
) -> Result<(), StoreError> {
    let ordered: u32 = transaction
        .prepare_cached(
            "SELECT count(*) FROM trust_run
             WHERE expires = ?1 AND authority = ?2 AND idp = ?3 AND scenario = ?4 AND ordered > ?5",
        )?
        .query_row(
            params![
                run.expires.as_millisecond(),
                run.authority.as_str(),
                run.idp.as_str(),
                run.scenario.id(),
                since.as_millisecond(),
            ],
            |row| row.get(0),
        )?;
    if ordered < most { Ok(()) } else { Err(StoreError::Often) }
}

/// Writes down with what a run left that has not ended.
pub(super) fn sent(transaction: &Connection, sent: &Sent) -> Result<(), StoreError> {
    let whole = serde_json::to_string(sent).map_err(down)?;
    transaction
        .prepare_cached("UPDATE trust_run SET question = ?2, sent = ?3 WHERE id = ?1 AND report IS NULL")?
        .execute(params![sent.run.bytes(), sent.question.as_str(), whole])?;
    Ok(())
}

/// Writes the report of a run that has none: the first end of a run is its end.
pub(super) fn finish(transaction: &Connection, report: &Report) -> Result<(), StoreError> {
    let verdict = serde_json::to_value(report.verdict).map_err(down)?;
    transaction
        .prepare_cached(
            "UPDATE trust_run SET finished = ?2, verdict = ?3, report = ?4, tried = ?5 WHERE id = ?1 AND report IS NULL",
        )?
        .execute(params![
            report.run.bytes(),
            report.finished.as_millisecond(),
            verdict.as_str(),
            serde_json::to_string(report).map_err(down)?,
            serde_json::to_string(&Tried::of(report)).map_err(down)?,
        ])?;
    Ok(())
}

pub(super) fn find(
    connection: &Connection,
    id: LoginId,
    now: Timestamp,
) -> Result<Option<TrustRun>, StoreError> {
    let mut select =
        connection.prepare(&format!("SELECT {COLUMNS} FROM trust_run WHERE id = ?1 AND expires >= ?2"))?;
    let row = select.query_row(params![id.bytes(), now.as_millisecond()], columns).optional()?;
    row.map(run).transpose()
}

pub(super) fn search(connection: &Connection, query: &RunQuery) -> Result<Vec<TrustRun>, StoreError> {
    let (such, values) = such([
        ("authority = ?", query.authority.map(|cvr| Value::from(cvr.to_string()))),
        ("idp = ?", query.idp.as_ref().map(|name| Value::from(name.to_string()))),
        ("question = ?", query.question.as_ref().map(|question| Value::from(question.to_string()))),
        ("ordered >= ?", query.since.map(|since| Value::from(since.as_millisecond()))),
    ]);
    let limit = query.limit;
    let mut select = connection.prepare(&format!(
        "SELECT {COLUMNS} FROM trust_run WHERE {such} ORDER BY ordered DESC, id DESC LIMIT {limit}"
    ))?;
    let rows = select.query_map(params_from_iter(values), columns)?;
    rows.map(|row| run(row?)).collect()
}

/// The youngest that has ended of every identity provider and scenario.
pub(super) fn tried(connection: &Connection, authority: Option<Cvr>) -> Result<Vec<Tried>, StoreError> {
    // Where one column is a maximum, SQLite takes the others from the row that has it.
    let mut select = connection.prepare_cached(
        "SELECT tried, max(finished) FROM trust_run
         WHERE tried IS NOT NULL AND (?1 IS NULL OR authority = ?1) GROUP BY authority, idp, scenario",
    )?;
    let authority = authority.map(|cvr| cvr.to_string());
    let rows = select.query_map([authority], |row| row.get::<_, String>(0))?;
    rows.map(|row| serde_json::from_str(&row?).map_err(down)).collect()
}

struct Columns {
    id: [u8; 16],
    authority: String,
    idp: String,
    scenario: String,
    times: (i64, i64),
    sealed: Vec<u8>,
    report: Option<String>,
    sent: Option<String>,
}

fn columns(row: &Row<'_>) -> rusqlite::Result<Columns> {
    Ok(Columns {
        id: row.get(0)?,
        authority: row.get(1)?,
        idp: row.get(2)?,
        scenario: row.get(3)?,
        times: (row.get(4)?, row.get(5)?),
        sealed: row.get(6)?,
        report: row.get(7)?,
        sent: row.get(8)?,
    })
}

fn run(row: Columns) -> Result<TrustRun, StoreError> {
    let sent: Option<Sent> = row.sent.as_deref().map(serde_json::from_str).transpose().map_err(down)?;
    let report: Option<Report> = row.report.as_deref().map(serde_json::from_str).transpose().map_err(down)?;
    Ok(TrustRun {
        id: LoginId::from_bits(u128::from_be_bytes(row.id)),
        authority: Cvr::new(&row.authority).map_err(down)?,
        idp: EntityId::new(&row.idp).map_err(down)?,
        scenario: Scenario::try_from(row.scenario).map_err(down)?,
        ordered: moment(row.times.0)?,
        expires: moment(row.times.1)?,
        sealed: row.sealed,
        sent,
        report,
    })
}
