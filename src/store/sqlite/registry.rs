//! The register: its version, its files, and the metadata that was fetched for it.

use std::collections::BTreeMap;

use rusqlite::{Connection, OptionalExtension, params};

use super::super::{FreshMetadata, RegistryFiles, StoreError};
use super::audit;
use crate::domain::id::EntityId;

pub(super) fn version(connection: &Connection) -> Result<u64, StoreError> {
    let row =
        connection.query_row("SELECT version FROM registry_version", [], |row| row.get(0)).optional()?;
    row.ok_or_else(|| StoreError::Down("table registry_version has no row".into()))
}

pub(super) fn find(connection: &Connection) -> Result<RegistryFiles, StoreError> {
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
}

pub(super) fn replace(
    transaction: &Connection,
    expected: u64,
    files: &BTreeMap<String, Vec<u8>>,
    forget: &[EntityId],
) -> Result<(), StoreError> {
    raise_version(transaction, expected)?;
    for party in forget {
        transaction.execute("DELETE FROM fetched_metadata WHERE entity_id = ?1", [party.as_str()])?;
    }
    transaction.execute("DELETE FROM registry_file", [])?;
    let mut insert =
        transaction.prepare_cached("INSERT INTO registry_file (path, content) VALUES (?1, ?2)")?;
    for (path, content) in files {
        insert.execute(params![path, content])?;
    }
    Ok(())
}

pub(super) fn keep_metadata(
    transaction: &Connection,
    expected: u64,
    fresh: &[FreshMetadata],
) -> Result<(), StoreError> {
    raise_version(transaction, expected)?;
    for FreshMetadata { party, content, record } in fresh {
        transaction.execute(
            "INSERT INTO fetched_metadata (entity_id, content, fetched_at) VALUES (?1, ?2, ?3)
             ON CONFLICT (entity_id) DO UPDATE SET content = ?2, fetched_at = ?3",
            params![party.as_str(), content, record.at.as_millisecond()],
        )?;
        audit::write(transaction, record)?;
    }
    Ok(())
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
