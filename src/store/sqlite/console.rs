//! Invitations to the pages about trust, and who is signed in to them.

use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension, Row, params};

use super::super::{ConsoleSession, ConsoleStep, Invitation, StoreError};
use super::{down, moment};
use crate::domain::id::LoginId;

/// Says whether the step can be made; nothing has been written then.
pub(super) fn check(transaction: &Connection, step: &ConsoleStep) -> Result<(), StoreError> {
    let (sql, values, refused) = match step {
        ConsoleStep::Enters(ConsoleSession { invitation: Some(id), .. }, now) => (
            "SELECT 1 FROM invitation WHERE id = ?1 AND used IS NULL AND expires > ?2",
            (id, now.as_millisecond()),
            StoreError::Uninvited,
        ),
        ConsoleStep::Withdraws(id) => {
            ("SELECT 1 FROM invitation WHERE id = ?1 AND ?2 = 0", (id, 0), StoreError::Uninvited)
        }
        ConsoleStep::Stays { session, .. } => {
            ("SELECT 1 FROM console_session WHERE id = ?1 AND ?2 = 0", (session, 0), StoreError::Ended)
        }
        ConsoleStep::Invites(_) | ConsoleStep::Enters(..) | ConsoleStep::Leaves(_) => return Ok(()),
    };
    let there = transaction.prepare_cached(sql)?.exists(params![values.0.bytes(), values.1])?;
    if there { Ok(()) } else { Err(refused) }
}

pub(super) fn keep(transaction: &Connection, step: &ConsoleStep) -> Result<(), StoreError> {
    match step {
        ConsoleStep::Invites(invitation) => invite(transaction, invitation),
        ConsoleStep::Withdraws(id) => {
            transaction.execute("DELETE FROM console_session WHERE invitation = ?1", [id.bytes()])?;
            transaction.execute("DELETE FROM invitation WHERE id = ?1", [id.bytes()])?;
            Ok(())
        }
        ConsoleStep::Enters(session, now) => enter(transaction, session, *now),
        ConsoleStep::Stays { session, idle } => {
            transaction
                .prepare_cached("UPDATE console_session SET idle = min(?2, expires) WHERE id = ?1")?
                .execute(params![session.bytes(), idle.as_millisecond()])?;
            Ok(())
        }
        ConsoleStep::Leaves(id) => {
            transaction.execute("DELETE FROM console_session WHERE id = ?1", [id.bytes()])?;
            Ok(())
        }
    }
}

fn invite(transaction: &Connection, invitation: &Invitation) -> Result<(), StoreError> {
    transaction.execute(
        "INSERT INTO invitation (id, sees, made, expires, sealed) VALUES (?1, ?2, ?3, ?4, ?5)",
        params![
            invitation.id.bytes(),
            serde_json::to_string(&invitation.sees).map_err(down)?,
            invitation.made.as_millisecond(),
            invitation.expires.as_millisecond(),
            invitation.sealed,
        ],
    )?;
    Ok(())
}

fn enter(transaction: &Connection, session: &ConsoleSession, now: Timestamp) -> Result<(), StoreError> {
    if let Some(id) = session.invitation {
        let used = params![id.bytes(), now.as_millisecond()];
        transaction.execute("UPDATE invitation SET used = ?2 WHERE id = ?1", used)?;
    }
    transaction.execute(
        "INSERT INTO console_session (id, invitation, idle, expires, sealed) VALUES (?1, ?2, ?3, ?4, ?5)",
        params![
            session.id.bytes(),
            session.invitation.map(LoginId::bytes),
            session.idle.as_millisecond(),
            session.expires.as_millisecond(),
            session.sealed,
        ],
    )?;
    Ok(())
}

/// One, or all, the youngest first.
pub(super) fn invitations(
    connection: &Connection,
    id: Option<LoginId>,
) -> Result<Vec<Invitation>, StoreError> {
    let mut select = connection.prepare(
        "SELECT id, sees, made, expires, used, sealed FROM invitation
         WHERE ?1 IS NULL OR id = ?1 ORDER BY id DESC",
    )?;
    select.query_map([id.map(LoginId::bytes)], columns)?.map(|row| row?.read()).collect()
}

struct Columns {
    id: [u8; 16],
    sees: String,
    times: (i64, i64, Option<i64>),
    sealed: Vec<u8>,
}

fn columns(row: &Row<'_>) -> rusqlite::Result<Columns> {
    let times = (row.get(2)?, row.get(3)?, row.get(4)?);
    Ok(Columns { id: row.get(0)?, sees: row.get(1)?, times, sealed: row.get(5)? })
}

impl Columns {
    fn read(self) -> Result<Invitation, StoreError> {
        let (made, expires, used) = self.times;
        Ok(Invitation {
            id: id(self.id),
            sees: serde_json::from_str(&self.sees).map_err(down)?,
            made: moment(made)?,
            expires: moment(expires)?,
            used: used.map(moment).transpose()?,
            sealed: self.sealed,
        })
    }
}

pub(super) fn session(
    connection: &Connection,
    wanted: LoginId,
) -> Result<Option<ConsoleSession>, StoreError> {
    let mut select =
        connection.prepare("SELECT invitation, idle, expires, sealed FROM console_session WHERE id = ?1")?;
    let row = select.query_row([wanted.bytes()], |row| {
        Ok((row.get::<_, Option<[u8; 16]>>(0)?, row.get(1)?, row.get(2)?, row.get(3)?))
    });
    let found = row.optional()?;
    found
        .map(|(invitation, idle, expires, sealed)| {
            let (idle, expires) = (moment(idle)?, moment(expires)?);
            Ok(ConsoleSession { id: wanted, invitation: invitation.map(id), idle, expires, sealed })
        })
        .transpose()
}

fn id(bytes: [u8; 16]) -> LoginId {
    LoginId::from_bits(u128::from_be_bytes(bytes))
}
