//! `users`: takes the users of an authority out of a CSV file, lists them, and writes them as such a file.

mod csv;

use std::collections::HashMap;
use std::path::PathBuf;

use clap::{Args, Subcommand};
use serde::Serialize;

use super::{Done, Exit, Session, table, wait_for, wrong};
use crate::broker::registry::Snapshot;
use crate::broker::users::{UserChange, UserQuery, change_users};
use crate::domain::audit::{Actor, Event, Record};
use crate::domain::id::{Cvr, LoginId};
use crate::domain::reason::Reason;
use crate::domain::user::{Draft, User};
use crate::domain::written::Complaint;
use crate::store::{Sqlite, Store};

/// What can be done with users.
#[derive(Debug, Subcommand)]
pub(super) enum Users {
    /// Take users out of a CSV file, all of them or, if one line is wrong, none
    Import(Import),

    /// List the users of an authority
    List(Whose),

    /// Write the users of an authority as the CSV file that `import` takes
    Export(Whose),
}

/// What `import` takes.
#[derive(Debug, Args)]
pub(super) struct Import {
    /// The file, with the columns id, role, scope, constraints, claims; - is standard input
    file: PathBuf,

    #[command(flatten)]
    whose: Whose,

    /// Remove the authority's users who are not in the file
    #[arg(long)]
    replace: bool,

    /// Say what would change, and change nothing
    #[arg(long)]
    dry_run: bool,
}

/// Whose users.
#[derive(Clone, Copy, Debug, Args)]
pub(super) struct Whose {
    /// The CVR number of the authority
    #[arg(long, value_name = "CVR", value_parser = Cvr::new)]
    authority: Cvr,
}

impl Users {
    pub(super) fn run(self, session: &mut Session<'_>) -> Done {
        match self {
            Self::Import(import) => import.run(session),
            Self::List(whose) => {
                let drafts = whose.drafts(session)?;
                session.answer(&drafts, || table(&drafts.iter().map(row).collect::<Vec<_>>()));
                Ok(Exit::Ok)
            }
            Self::Export(whose) => {
                let drafts = whose.drafts(session)?;
                session.answer(&drafts, || csv::write(&drafts));
                Ok(Exit::Ok)
            }
        }
    }
}

/// A user as a line of the list. Claims are told by their number alone: a terminal is no place for personal data.
fn row(draft: &Draft) -> Vec<String> {
    let roles: Vec<&str> = draft.roles.iter().map(|held| held.role.as_str()).collect();
    vec![draft.id.clone(), format!("{} claims", draft.claims.len()), roles.join(" ")]
}

impl Whose {
    fn drafts(self, session: &Session<'_>) -> Result<Vec<Draft>, Vec<Complaint>> {
        let users = self.users(&session.store()?)?;
        Ok(users.iter().map(User::draft).collect())
    }

    fn users(self, store: &Sqlite) -> Result<Vec<User>, Vec<Complaint>> {
        wait_for(store.users(UserQuery::all(self.authority)))?.map_err(|error| wrong("the store", error))
    }
}

/// What an import changes.
#[derive(Serialize)]
struct Imported {
    authority: Cvr,
    new: usize,
    changed: usize,
    unchanged: usize,
    removed: usize,
    dry_run: bool,
}

impl Import {
    fn run(self, session: &mut Session<'_>) -> Done {
        let shown = self.file.display().to_string();
        let content = session.read(&self.file)?;
        let content = content.strip_prefix("\u{feff}".as_bytes()).unwrap_or(&content); // places count from the text
        let authority = self.whose.authority;
        let now = session.desk.clock.now();
        let users = csv::read(&shown, content, authority, now)?;
        let store = session.store()?;
        let kept = wait_for(store.registry())?.map_err(|error| wrong("the store", error))?;
        let register = Snapshot::read(&kept)?;
        self.check((&shown, content), &register, &users)?;
        let (imported, users) = self.compare(self.whose.users(&store)?, users);
        if !self.dry_run {
            let call = LoginId::begun(now, session.desk.random.bits());
            let record =
                Record::allowed(now, call, Event::UsersChanged, Actor::Operator, Reason::UsersChanged);
            let change = if self.replace { UserChange::ReplaceAll(users) } else { UserChange::Put(users) };
            wait_for(change_users(&store, &register, authority, change, record))?
                .map_err(|fault| wrong("the store", fault))?;
        }
        session.answer(&imported, || imported.told());
        Ok(Exit::Ok)
    }

    /// What only the register knows: who the authority is, and which users stand in its files.
    fn check(
        &self,
        (shown, content): (&str, &[u8]),
        register: &Snapshot,
        users: &[(usize, User)],
    ) -> Result<(), Vec<Complaint>> {
        let authority = self.whose.authority;
        if register.federation().authority(authority).is_none() {
            return Err(wrong(
                "--authority",
                format!("expected an authority of the register, got {authority}"),
            ));
        }
        let fixed = users.iter().filter(|(_, user)| register.user(authority, &user.id).is_some());
        let complaints: Vec<Complaint> = fixed
            .map(|(at, user)| Complaint {
                line: csv::line_of(content, *at),
                column: 1,
                hint: Some("change it there with `apply`, or leave it out here".to_owned()),
                ..Complaint::whole_file(
                    shown,
                    format!("expected users that are kept here, got {:?} of the register's files", user.id),
                )
            })
            .collect();
        if complaints.is_empty() { Ok(()) } else { Err(complaints) }
    }

    /// What would change. A user who stays the same keeps the time of its last change.
    fn compare(&self, before: Vec<User>, users: Vec<(usize, User)>) -> (Imported, Vec<User>) {
        let mut before: HashMap<String, User> =
            before.into_iter().map(|user| (user.id.clone(), user)).collect();
        let mut imported = Imported {
            authority: self.whose.authority,
            new: 0,
            changed: 0,
            unchanged: 0,
            removed: 0,
            dry_run: self.dry_run,
        };
        let same = |old: &User, new: &User| old.rights == new.rights && old.claims == new.claims;
        let mut wanted = Vec::with_capacity(users.len());
        for (_, user) in users {
            match before.remove(&user.id) {
                None => imported.new += 1,
                Some(old) if same(&old, &user) => {
                    imported.unchanged += 1;
                    wanted.push(old);
                    continue;
                }
                Some(_) => imported.changed += 1,
            }
            wanted.push(user);
        }
        imported.removed = if self.replace { before.len() } else { 0 };
        (imported, wanted)
    }
}

impl Imported {
    fn told(&self) -> String {
        let verb = if self.dry_run { "would be imported" } else { "imported" };
        let Self { authority, new, changed, unchanged, removed, .. } = self;
        format!(
            "users of {authority}: {new} new, {changed} changed, {unchanged} unchanged, {removed} removed: {verb}"
        )
    }
}
