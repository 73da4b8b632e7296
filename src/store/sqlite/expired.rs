//! What has expired and may be forgotten: marks of use, half-done logins, sessions and all that belongs to them.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use jiff::Timestamp;
use rusqlite::{Transaction, params};

use super::{Sqlite, session};
use crate::store::StoreError;

/// Forgets everything that has expired, a little at a time: no login waits for a long clean-up.
pub(super) async fn purge(store: &Sqlite, now: Timestamp) -> Result<(), StoreError> {
    let is_more_left = Arc::new(AtomicBool::new(true));
    while is_more_left.load(Ordering::Relaxed) {
        let told = is_more_left.clone();
        let some = move |transaction: &Transaction<'_>| {
            told.store(forget_some(transaction, now)?, Ordering::Relaxed);
            Ok(())
        };
        store.change(some).await?;
    }
    Ok(())
}

/// Says whether more is left.
fn forget_some(transaction: &Transaction<'_>, now: Timestamp) -> Result<bool, StoreError> {
    const AT_ONCE: usize = 500;
    let mut is_more_left = session::forget_expired(transaction, now, AT_ONCE)? == AT_ONCE;
    for statement in [
        "DELETE FROM used WHERE mark IN (SELECT mark FROM used WHERE expires < ?1 LIMIT ?2)",
        "DELETE FROM voucher WHERE id IN (SELECT id FROM voucher WHERE expires < ?1 LIMIT ?2)",
        "DELETE FROM logout_leg WHERE logout IN (SELECT id FROM logout WHERE expires < ?1 LIMIT ?2)",
        "DELETE FROM logout WHERE id IN (SELECT id FROM logout WHERE expires < ?1 LIMIT ?2)",
        "DELETE FROM logged_out WHERE browser IN (SELECT browser FROM logged_out WHERE expires < ?1 LIMIT ?2)",
        "DELETE FROM trust_run WHERE id IN (SELECT id FROM trust_run WHERE expires < ?1 LIMIT ?2)",
        "DELETE FROM console_session WHERE id IN (SELECT id FROM console_session WHERE expires < ?1 LIMIT ?2)",
        "DELETE FROM invitation WHERE id IN (SELECT id FROM invitation WHERE expires < ?1 LIMIT ?2)",
        "DELETE FROM half_done WHERE question IN (SELECT question FROM half_done WHERE expires < ?1 LIMIT ?2)",
    ] {
        let mut statement = transaction.prepare_cached(statement)?;
        is_more_left |= statement.execute(params![now.as_millisecond(), AT_ONCE])? == AT_ONCE;
    }
    Ok(is_more_left)
}
