//! Logouts: the end of a session, and who has heard of it.

use jiff::Timestamp;
use rusqlite::types::Value;
use rusqlite::{Connection, OptionalExtension, params, params_from_iter};

use super::super::{Batch, Ending, LegChange, StoreError};
use super::session::{end, parsed, participants};
use super::{down, such};
use crate::domain::id::{Cvr, LoginId};
use crate::domain::login::PENDING_FOR;
use crate::domain::session::{Leg, LegState, Logout, Party};

pub(super) fn find(connection: &Connection, id: LoginId) -> Result<Option<Logout>, StoreError> {
    let mut select = connection.prepare_cached("SELECT content FROM logout WHERE id = ?1")?;
    let content: Option<String> = select.query_row([id.bytes()], |row| row.get(0)).optional()?;
    content.map(|content| whole(connection, &content)).transpose()
}

pub(super) fn all(
    connection: &Connection,
    authority: Option<Cvr>,
    open: bool,
    limit: u32,
) -> Result<Vec<Logout>, StoreError> {
    let authority = authority.map(|cvr| Value::from(cvr.as_str().to_owned()));
    let (such, values) = such([("content ->> 'authority' = ?", authority)]);
    let mut select =
        connection.prepare(&format!("SELECT content FROM logout WHERE {such} ORDER BY id DESC"))?;
    let mut rows = select.query(params_from_iter(values))?;
    let mut found = Vec::new();
    while found.len() < limit as usize
        && let Some(row) = rows.next()?
    {
        let logout = whole(connection, &row.get::<_, String>(0)?)?;
        if !open || !logout.is_complete() {
            found.push(logout);
        }
    }
    Ok(found)
}

pub(super) fn due(connection: &Connection, now: Timestamp, limit: u32) -> Result<Vec<LegChange>, StoreError> {
    let mut select = connection
        .prepare_cached("SELECT logout, content FROM logout_leg WHERE next <= ?1 ORDER BY next LIMIT ?2")?;
    let row = |row: &rusqlite::Row<'_>| Ok((row.get(0)?, row.get::<_, String>(1)?));
    let found = select.query_map(params![now.as_millisecond(), limit], row)?;
    let change = |(logout, content): ([u8; 16], String)| {
        let logout = LoginId::from_bits(u128::from_be_bytes(logout));
        Ok(LegChange { logout, leg: parsed(&content)? })
    };
    found.map(|row| change(row?)).collect()
}

/// Ends sessions, and writes down how legs went.
pub(super) fn keep(transaction: &Connection, batch: &Batch) -> Result<(), StoreError> {
    for ending in &batch.endings {
        over(transaction, ending)?;
    }
    batch.legs.iter().try_for_each(|change| went(transaction, change))
}

/// The participants become legs, before those of the identity providers.
fn over(transaction: &Connection, ending: &Ending) -> Result<(), StoreError> {
    let Ending { logout, except, due, browser } = ending;
    let fagsystemer = Party::of(participants(transaction, logout.session)?);
    let fagsystemer = fagsystemer.into_iter().filter(|party| Some(party.entity_id()) != except.as_ref());
    let told = fagsystemer.map(|party| (party, LegState::Waiting));
    let providers = logout.legs.iter().map(|leg| (leg.party.clone(), leg.state));
    for (number, (party, state)) in (0..).zip(told.chain(providers)) {
        let next = (!state.is_settled()).then_some(*due);
        begin(transaction, logout.id, &Leg { number, party, state, question: None, attempts: 0, next })?;
    }
    let content = serde_json::to_string(&Logout { legs: Vec::new(), ..logout.clone() }).map_err(down)?;
    transaction
        .prepare_cached("INSERT INTO logout (id, expires, content) VALUES (?1, ?2, ?3)")?
        .execute(params![logout.id.bytes(), logout.expires.as_millisecond(), content])?;
    if let Some(browser) = browser {
        let at = logout.begun;
        transaction
            .prepare_cached("INSERT OR REPLACE INTO logged_out (browser, at, expires) VALUES (?1, ?2, ?3)")?
            .execute(params![
                browser.bytes(),
                at.as_millisecond(),
                (at + 2 * PENDING_FOR).as_millisecond() // no login that is under way lives so long
            ])?;
    }
    end(transaction, logout.session)
}

fn begin(transaction: &Connection, logout: LoginId, leg: &Leg) -> Result<(), StoreError> {
    let content = serde_json::to_string(leg).map_err(down)?;
    transaction
        .prepare_cached("INSERT INTO logout_leg (logout, number, next, content) VALUES (?1, ?2, ?3, ?4)")?
        .execute(params![logout.bytes(), leg.number, leg.next.map(Timestamp::as_millisecond), content])?;
    Ok(())
}

/// Whoever has confirmed has confirmed: a change that was under way meanwhile does not undo it. Nor does it bring back what
/// was forgotten meanwhile: nobody would know whom it is about, and it would be due for ever.
fn went(transaction: &Connection, LegChange { logout, leg }: &LegChange) -> Result<(), StoreError> {
    let content = serde_json::to_string(leg).map_err(down)?;
    transaction
        .prepare_cached(
            "UPDATE logout_leg SET next = ?3, content = ?4
             WHERE logout = ?1 AND number = ?2 AND content ->> 'state' <> 'confirmed'",
        )?
        .execute(params![logout.bytes(), leg.number, leg.next.map(Timestamp::as_millisecond), content])?;
    Ok(())
}

fn whole(connection: &Connection, content: &str) -> Result<Logout, StoreError> {
    let logout: Logout = parsed(content)?;
    let mut select =
        connection.prepare_cached("SELECT content FROM logout_leg WHERE logout = ?1 ORDER BY number")?;
    let legs = select.query_map([logout.id.bytes()], |row| row.get::<_, String>(0))?;
    let legs = legs.map(|leg| parsed(&leg?)).collect::<Result<_, StoreError>>()?;
    Ok(Logout { legs, ..logout })
}
