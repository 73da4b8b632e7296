//! What proves that trust is established and used: one row per authority and fagsystem, and one per authority that fetched
//! our metadata.

use jiff::Timestamp;
use rusqlite::{Connection, Row, params};

use super::super::StoreError;
use super::{down, moment};
use crate::domain::assurance::{Nist, Nsis};
use crate::domain::id::{Cvr, EntityId};
use crate::domain::trust::{Adoption, Fetched, Use};

/// A login that ended well: a row that is there already only changes in place.
pub(super) fn used(transaction: &Connection, used: &Use) -> Result<(), StoreError> {
    transaction
        .prepare_cached(
            "INSERT INTO adoption (authority, fagsystem, first, last, logins, with_rights, nist, nsis)
             VALUES (?1, ?2, ?3, ?3, 1, ?4, ?5, ?6)
             ON CONFLICT (authority, fagsystem) DO UPDATE SET first = min(first, ?3), last = max(last, ?3), logins = logins + 1,
                 with_rights = with_rights + ?4, nist = max(nist, ?5), nsis = max(nsis, ?6)",
        )?
        .execute(params![
            used.authority.as_str(),
            used.fagsystem.as_str(),
            used.at.as_millisecond(),
            used.with_rights,
            used.nist.map_or(0, Nist::digit),
            used.nsis.map_or(0, rank),
        ])?;
    Ok(())
}

/// The levels of the national standard as numbers, none being 0.
fn rank(nsis: Nsis) -> u8 {
    match nsis {
        Nsis::Low => 1,
        Nsis::Substantial => 2,
        Nsis::High => 3,
    }
}

/// Of one authority, or of all.
pub(super) fn find(connection: &Connection, authority: Option<Cvr>) -> Result<Vec<Adoption>, StoreError> {
    let mut select = connection.prepare_cached(
        "SELECT authority, fagsystem, first, last, logins, with_rights, nist, nsis FROM adoption
         WHERE ?1 IS NULL OR authority = ?1",
    )?;
    let authority = authority.map(|cvr| cvr.to_string());
    select.query_map([authority], columns)?.map(|row| row?.read()).collect()
}

struct Columns {
    parties: (String, String),
    times: (i64, i64),
    counts: (u64, u64),
    levels: (u8, u8),
}

fn columns(row: &Row<'_>) -> rusqlite::Result<Columns> {
    Ok(Columns {
        parties: (row.get(0)?, row.get(1)?),
        times: (row.get(2)?, row.get(3)?),
        counts: (row.get(4)?, row.get(5)?),
        levels: (row.get(6)?, row.get(7)?),
    })
}

impl Columns {
    fn read(self) -> Result<Adoption, StoreError> {
        Ok(Adoption {
            authority: Cvr::new(&self.parties.0).map_err(down)?,
            fagsystem: EntityId::new(&self.parties.1).map_err(down)?,
            first: moment(self.times.0)?,
            last: moment(self.times.1)?,
            logins: self.counts.0,
            with_rights: self.counts.1,
            nist: Nist::new(self.levels.0),
            nsis: Nsis::ALL.into_iter().find(|nsis| rank(*nsis) == self.levels.1),
        })
    }
}

pub(super) fn fetched(transaction: &Connection, (by, at): (Cvr, Timestamp)) -> Result<(), StoreError> {
    transaction.execute(
        "INSERT INTO metadata_fetched (authority, first, last) VALUES (?1, ?2, ?2)
         ON CONFLICT (authority) DO UPDATE SET last = max(last, ?2)",
        params![by.as_str(), at.as_millisecond()],
    )?;
    Ok(())
}

/// Of one authority, or of all.
pub(super) fn fetches(connection: &Connection, authority: Option<Cvr>) -> Result<Vec<Fetched>, StoreError> {
    let mut select = connection.prepare_cached(
        "SELECT authority, first, last FROM metadata_fetched WHERE ?1 IS NULL OR authority = ?1",
    )?;
    let authority = authority.map(|cvr| cvr.to_string());
    select.query_map([authority], times)?.map(|row| fetch(row?)).collect()
}

fn times(row: &Row<'_>) -> rusqlite::Result<(String, i64, i64)> {
    Ok((row.get(0)?, row.get(1)?, row.get(2)?))
}

fn fetch((authority, first, last): (String, i64, i64)) -> Result<Fetched, StoreError> {
    Ok(Fetched { authority: Cvr::new(&authority).map_err(down)?, first: moment(first)?, last: moment(last)? })
}
