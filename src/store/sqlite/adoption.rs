//! What proves that trust is established and used: one row per authority and fagsystem, and one per authority that fetched
//! our metadata.

use std::collections::HashMap;

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

/// Of one authority, or of all. There may be a hundred thousand rows of a thousand fagsystemer, so each name is made once.
pub(super) fn find(connection: &Connection, authority: Option<Cvr>) -> Result<Vec<Adoption>, StoreError> {
    let mut select = connection.prepare_cached(
        "SELECT authority, fagsystem, first, last, logins, with_rights, nist, nsis FROM adoption
         WHERE ?1 IS NULL OR authority = ?1",
    )?;
    let mut rows = select.query([authority.map(|cvr| cvr.to_string())])?;
    let (mut names, mut found) = (HashMap::new(), Vec::new());
    while let Some(row) = rows.next()? {
        found.push(adoption(row, &mut names)?);
    }
    Ok(found)
}

fn adoption(row: &Row<'_>, names: &mut HashMap<String, EntityId>) -> Result<Adoption, StoreError> {
    let fagsystem = row.get_ref(1)?.as_str().map_err(down)?;
    let fagsystem = match names.get(fagsystem) {
        Some(known) => known.clone(),
        None => {
            let new = EntityId::new(fagsystem).map_err(down)?;
            names.insert(fagsystem.to_owned(), new.clone());
            new
        }
    };
    let nsis: u8 = row.get(7)?;
    Ok(Adoption {
        authority: Cvr::new(row.get_ref(0)?.as_str().map_err(down)?).map_err(down)?,
        fagsystem,
        first: moment(row.get(2)?)?,
        last: moment(row.get(3)?)?,
        logins: row.get(4)?,
        with_rights: row.get(5)?,
        nist: Nist::new(row.get(6)?),
        nsis: Nsis::ALL.into_iter().find(|level| rank(*level) == nsis),
    })
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
