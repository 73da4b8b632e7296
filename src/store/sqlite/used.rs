//! Marks of use: what has been used and may not be used again.

use openssl::sha::sha256;
use rusqlite::{Connection, params};

use super::super::{Batch, Mark, StoreError};

/// Says whether nothing of the batch has been used; nothing has been written then.
pub(super) fn check(transaction: &Connection, batch: &Batch) -> Result<(), StoreError> {
    for mark in batch.unused.iter().chain(&batch.uses) {
        let mut select = transaction.prepare_cached("SELECT 1 FROM used WHERE mark = ?1")?;
        if select.exists([digest(mark)])? {
            return Err(StoreError::Used(mark.kind));
        }
    }
    Ok(())
}

pub(super) fn keep(transaction: &Connection, batch: &Batch) -> Result<(), StoreError> {
    for mark in &batch.uses {
        transaction
            .prepare_cached("INSERT INTO used (mark, expires) VALUES (?1, ?2)")?
            .execute(params![digest(mark), mark.expires.as_millisecond()])?;
    }
    Ok(())
}

/// When the thing was made, in milliseconds, and as much of a SHA-256 of kind, issuer and ID (apart by a zero byte, which
/// none of them can contain) as makes sixteen bytes. So marks of the same minute stand side by side in the index, however
/// many are remembered. Whoever finds two that look alike is refused, no more.
fn digest(mark: &Mark) -> [u8; 16] {
    let whole = sha256(format!("{}\0{}\0{}", mark.kind, mark.issuer, mark.id).as_bytes());
    let mut digest = [0; 16];
    digest[..6].copy_from_slice(&mark.made.as_millisecond().to_be_bytes()[2..]);
    digest[6..].copy_from_slice(&whole[..10]);
    digest
}
