//! Users in their table: one row each, its content as the JSON of a draft.

use rusqlite::{Connection, OptionalExtension, Row, Transaction, params};

use super::super::{StoreError, UserChange, UserQuery};
use super::{down, moment};
use crate::domain::id::Cvr;
use crate::domain::user::{Draft, User};

/// A change in the form in which it is written, so that the writer, for whom logins wait, need not put it there.
pub(super) struct Statements {
    clears: bool,
    deletes: Option<String>,
    /// Who must still be as it was seen.
    provided: Option<(String, Option<User>)>,
    /// Id, time of the change, content.
    puts: Vec<(String, i64, String)>,
}

impl Statements {
    pub(super) fn of(change: UserChange) -> Result<Self, StoreError> {
        let mut provided = None;
        let (clears, deletes, users) = match change {
            UserChange::Put(users) => (false, None, users),
            UserChange::ReplaceAll(users) => (true, None, users),
            UserChange::Delete(id) => (false, Some(id), Vec::new()),
            UserChange::Over { id, seen, then } => {
                provided = Some((id.clone(), seen));
                (false, then.is_none().then_some(id), then.into_iter().collect())
            }
        };
        let row = |user: &User| {
            let content = serde_json::to_string(&user.draft()).map_err(down)?;
            Ok((user.id.clone(), user.modified.as_millisecond(), content))
        };
        Ok(Self {
            clears,
            deletes,
            provided,
            puts: users.iter().map(row).collect::<Result<_, StoreError>>()?,
        })
    }

    pub(super) fn run(&self, transaction: &Transaction<'_>, authority: Cvr) -> Result<(), StoreError> {
        if let Some((id, seen)) = &self.provided
            && one(transaction, authority, id)? != *seen
        {
            return Err(StoreError::Changed);
        }
        let authority = authority.as_str();
        if self.clears {
            transaction.execute("DELETE FROM known_user WHERE authority = ?1", [authority])?;
        }
        if let Some(id) = &self.deletes {
            transaction
                .execute("DELETE FROM known_user WHERE authority = ?1 AND id = ?2", params![authority, id])?;
        }
        let mut put = transaction.prepare_cached(
            "INSERT INTO known_user (authority, id, modified, content) VALUES (?1, ?2, ?3, ?4)
             ON CONFLICT (authority, id) DO UPDATE SET modified = ?3, content = ?4",
        )?;
        for (id, modified, content) in &self.puts {
            put.execute(params![authority, id, modified, content])?;
        }
        Ok(())
    }
}

pub(super) fn one(connection: &Connection, authority: Cvr, id: &str) -> Result<Option<User>, StoreError> {
    let found = connection
        .query_row(
            "SELECT id, modified, content FROM known_user WHERE authority = ?1 AND id = ?2",
            params![authority.as_str(), id],
            columns,
        )
        .optional()?;
    found.map(|row| user(authority, row)).transpose()
}

pub(super) fn find(connection: &Connection, query: &UserQuery) -> Result<Vec<User>, StoreError> {
    let mut statement = connection.prepare(
        "SELECT id, modified, content FROM known_user
         WHERE authority = ?1 AND (?2 IS NULL OR id = ?2) AND modified >= ?3 ORDER BY id",
    )?;
    let since = query.modified_since.map_or(i64::MIN, jiff::Timestamp::as_millisecond);
    let rows = statement.query_map(params![query.authority.as_str(), query.id, since], columns)?;
    let mut found = Vec::new();
    let mut skipped = 0;
    for row in rows {
        let row = row?;
        // Without a role nothing of the content is asked about, so what is skipped need not be read.
        if query.role.is_none() && skipped < query.offset && !query.without.contains(&row.0) {
            skipped += 1;
            continue;
        }
        let user = user(query.authority, row)?;
        if !query.fits(&user) {
            continue;
        }
        if skipped < query.offset {
            skipped += 1;
        } else if found.len() < query.limit {
            found.push(user);
        } else {
            break;
        }
    }
    Ok(found)
}

fn columns(row: &Row<'_>) -> rusqlite::Result<(String, i64, String)> {
    Ok((row.get(0)?, row.get(1)?, row.get(2)?))
}

/// The id is told, the content never: it holds personal data.
fn user(authority: Cvr, (id, modified, content): (String, i64, String)) -> Result<User, StoreError> {
    let broken = || StoreError::Down(format!("table known_user, row {authority} {id} cannot be read"));
    let draft: Draft = serde_json::from_str(&content).map_err(|_| broken())?;
    draft.check(authority, moment(modified)?).map_err(|_| broken())
}
