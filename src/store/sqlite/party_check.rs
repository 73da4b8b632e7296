//! What was found out about registered parties when everything was looked at last.

use jiff::Timestamp;
use rusqlite::{Connection, params};

use super::super::StoreError;
use super::{down, moment};
use crate::domain::id::EntityId;
use crate::domain::trust::PartyCheck;

/// Puts these in the place of all that are kept: a party that is gone is not told about any more.
pub(super) fn replace(transaction: &Connection, checks: &[PartyCheck]) -> Result<(), StoreError> {
    transaction.execute("DELETE FROM party_check", [])?;
    let mut insert =
        transaction.prepare_cached("INSERT INTO party_check (party, at, findings) VALUES (?1, ?2, ?3)")?;
    for check in checks {
        let findings = serde_json::to_string(&check.findings).map_err(down)?;
        insert.execute(params![check.party.as_str(), check.at.as_millisecond(), findings])?;
    }
    Ok(())
}

pub(super) fn all(connection: &Connection) -> Result<Vec<PartyCheck>, StoreError> {
    let mut select =
        connection.prepare_cached("SELECT party, at, findings FROM party_check ORDER BY party")?;
    let rows = select.query_map([], |row| {
        Ok((row.get::<_, String>(0)?, row.get::<_, i64>(1)?, row.get::<_, String>(2)?))
    })?;
    rows.map(|row| {
        let (party, at, findings) = row?;
        Ok(PartyCheck {
            party: EntityId::new(&party).map_err(down)?,
            at: moment(at)?,
            findings: serde_json::from_str(&findings).map_err(down)?,
        })
    })
    .collect()
}

/// Those with a finding that failed. In JSON a text cannot hold these words with these quotes, so nothing else has them.
pub(super) fn red(connection: &Connection) -> Result<Vec<(EntityId, Timestamp)>, StoreError> {
    let mut select = connection.prepare_cached(
        r#"SELECT party, at FROM party_check WHERE instr(findings, '"verdict":"fail"') > 0"#,
    )?;
    let rows = select.query_map([], |row| Ok((row.get::<_, String>(0)?, row.get::<_, i64>(1)?)))?;
    rows.map(|row| {
        let (party, at) = row?;
        Ok((EntityId::new(&party).map_err(down)?, moment(at)?))
    })
    .collect()
}
