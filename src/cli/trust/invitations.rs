//! `trust invite` and `trust invitations`: links that sign somebody in to the pages about trust. A link is told once, when
//! it is made; nobody can find it out later.

use clap::{Args, Subcommand};
use jiff::{SignedDuration, Timestamp};
use serde::Serialize;

use crate::broker::console::{invite, withdraw};
use crate::broker::registry::Snapshot;
use crate::cli::{Done, Exit, Session, table, wait_for, wrong};
use crate::domain::console::Sees;
use crate::domain::id::{Cvr, EntityId, LoginId};
use crate::domain::written::Complaint;
use crate::store::{Invitation, Sqlite, Store};

/// Who is invited, and for how long.
#[derive(Debug, Args)]
pub(in crate::cli) struct Invite {
    #[command(flatten)]
    whom: Whom,

    /// How many days the link is good for
    #[arg(long, value_name = "N", default_value_t = 14, value_parser = clap::value_parser!(u16).range(1..=90))]
    days: u16,
}

#[derive(Debug, Args)]
#[group(required = true, multiple = false)]
struct Whom {
    /// An authority, by its CVR number: it sees its own matters
    #[arg(long, value_name = "CVR", value_parser = Cvr::new)]
    authority: Option<Cvr>,

    /// The programme: it sees everybody's
    #[arg(long)]
    programme: bool,

    /// A supplier, by its fagsystemer: it sees how far their customers have come
    #[arg(long, value_name = "ENTITYID", value_parser = EntityId::new, num_args = 1..)]
    fagsystem: Vec<EntityId>,
}

/// What can be done with invitations.
#[derive(Debug, Subcommand)]
pub(in crate::cli) enum Invitations {
    /// List the invitations, the youngest first
    List,

    /// Withdraw an invitation, and sign out whoever signed in with it
    Withdraw(Withdraw),
}

/// Which invitation.
#[derive(Debug, Args)]
pub(in crate::cli) struct Withdraw {
    /// The invitation, as `list` names it
    #[arg(value_parser = LoginId::new)]
    invitation: LoginId,

    /// Say what would happen, and change nothing
    #[arg(long)]
    dry_run: bool,
}

/// What `invite` made.
#[derive(Serialize)]
struct Made {
    invitation: LoginId,
    #[serde(rename = "for")]
    whom: String,
    expires: Timestamp,
    /// The only place where the link is told.
    link: String,
}

impl Invite {
    pub(super) fn run(self, session: &mut Session<'_>) -> Done {
        let (store, public_url) = (session.store()?, session.configuration()?.server.public_url);
        let sees = self.whom.sees(&store)?;
        let desk = &session.desk;
        let good_for = SignedDuration::from_hours(24 * i64::from(self.days));
        let made = invite(&store, desk.random, desk.clock.now(), (sees, good_for));
        let (ticket, invitation) = wait_for(made)?.map_err(|fault| wrong("the store", fault))?;
        let made = Made {
            invitation: invitation.id,
            whom: invitation.sees.to_string(),
            expires: invitation.expires,
            link: public_url.join(&format!("/trust/invitations/{}", ticket.text())),
        };
        session.answer(&made, || {
            let until = made.expires.strftime("%F %T UTC");
            format!("An invitation for {}, good for one sign-in until {until}:\n{}", made.whom, made.link)
        });
        Ok(Exit::Ok)
    }
}

impl Whom {
    /// Whoever is not in the register has nothing to see.
    fn sees(self, store: &Sqlite) -> Result<Sees, Vec<Complaint>> {
        let kept = wait_for(store.registry())?.map_err(|error| wrong("the store", error))?;
        let register = Snapshot::read(&kept)?;
        let federation = register.federation();
        if let Some(cvr) = self.authority.filter(|cvr| federation.authority(*cvr).is_none()) {
            return Err(wrong("--authority", format!("expected an authority of the register, got {cvr}")));
        }
        let known = |name: &EntityId| federation.fagsystemer().any(|fagsystem| fagsystem.entity_id == *name);
        if let Some(name) = self.fagsystem.iter().find(|name| !known(name)) {
            return Err(wrong("--fagsystem", format!("expected a fagsystem of the register, got {name}")));
        }
        Ok(match self.authority {
            Some(cvr) => Sees::Authority(cvr),
            None if self.programme => Sees::Programme,
            None => Sees::Systems(self.fagsystem),
        })
    }
}

/// An invitation as it is shown.
#[derive(Serialize)]
struct Shown {
    invitation: LoginId,
    #[serde(rename = "for")]
    whom: String,
    state: &'static str,
    made: Timestamp,
    expires: Timestamp,
    #[serde(skip_serializing_if = "Option::is_none")]
    used: Option<Timestamp>,
}

impl Shown {
    fn of(invitation: &Invitation, now: Timestamp) -> Self {
        let state = match invitation.used {
            Some(_) => "used",
            None if invitation.expires <= now => "over",
            None => "open",
        };
        let Invitation { id, sees, made, expires, used, .. } = invitation;
        let (whom, used) = (sees.to_string(), *used);
        Self { invitation: *id, whom, state, made: *made, expires: *expires, used }
    }

    fn row(&self) -> Vec<String> {
        let until = self.expires.strftime("%F %T UTC").to_string();
        vec![self.invitation.to_string(), self.state.to_owned(), until, self.whom.clone()]
    }
}

impl Invitations {
    pub(super) fn run(self, session: &mut Session<'_>) -> Done {
        let (store, now) = (session.store()?, session.desk.clock.now());
        let wanted = match &self {
            Self::List => None,
            Self::Withdraw(withdraw) => Some(withdraw.invitation),
        };
        let found = wait_for(store.invitations(wanted))?.map_err(|error| wrong("the store", error))?;
        let shown: Vec<Shown> = found.iter().map(|invitation| Shown::of(invitation, now)).collect();
        let Self::Withdraw(Withdraw { invitation, dry_run }) = self else {
            session.answer(&shown, || table(&shown.iter().map(Shown::row).collect::<Vec<_>>()));
            return Ok(Exit::Ok);
        };
        let Some(shown) = shown.into_iter().next() else {
            return Err(wrong("trust invitations withdraw", format!("there is no invitation {invitation}")));
        };
        if !dry_run {
            wait_for(withdraw(&store, now, invitation))?.map_err(|fault| wrong("the store", fault))?;
        }
        let verb = if dry_run { "would be withdrawn" } else { "is withdrawn" };
        session.answer(&shown, || format!("the invitation {invitation} for {} {verb}", shown.whom));
        Ok(Exit::Ok)
    }
}
