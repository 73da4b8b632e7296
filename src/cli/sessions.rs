//! `sessions`: shows who is logged in and who has heard of a logout, and ends sessions beside a running broker.

use clap::{Args, Subcommand};
use jiff::Timestamp;
use serde::Serialize;

use super::{Done, Exit, Session as Said, table, wait_for, wrong};
use crate::broker::logout::{
    Administrator, Listed, end_all_sessions, end_sessions, find_session, list_sessions,
};
use crate::domain::id::{Cvr, LoginId};
use crate::domain::reason::Fault;
use crate::domain::session::{LegState, Logout, LogoutBy, Party};
use crate::domain::subject::SubjectName;
use crate::domain::written::Complaint;
use crate::store::{Session, Sqlite, Store};

/// The most logouts that are shown.
const MOST: u32 = 10_000;

/// What can be done with sessions.
#[derive(Debug, Subcommand)]
pub(super) enum Sessions {
    /// List the sessions of an authority's users, the youngest first
    List(Whose),

    /// End sessions of an authority's users; the running broker tells everybody who must hear of it
    End(End),

    /// List the logouts of the last days, and who has heard of them
    Logouts(Logouts),
}

/// Whose sessions.
#[derive(Clone, Debug, Args)]
pub(super) struct Whose {
    /// The CVR number of the authority
    #[arg(long, value_name = "CVR", value_parser = Cvr::new)]
    authority: Cvr,

    /// Only those of this user, by the id that its authority gave it
    #[arg(long, value_name = "ID")]
    user: Option<String>,
}

/// Which sessions end.
#[derive(Debug, Args)]
pub(super) struct End {
    #[command(flatten)]
    whose: Whose,

    /// The sessions, as `list` names them
    #[arg(value_name = "SESSION", value_parser = LoginId::new)]
    sessions: Vec<LoginId>,

    /// All of them
    #[arg(long, conflicts_with_all = ["sessions", "user"])]
    all: bool,

    /// Say what would end, and end nothing
    #[arg(long)]
    dry_run: bool,
}

/// Which logouts.
#[derive(Debug, Args)]
pub(super) struct Logouts {
    /// The CVR number of the authority
    #[arg(long, value_name = "CVR", value_parser = Cvr::new)]
    authority: Cvr,

    /// Only those that somebody has not confirmed
    #[arg(long)]
    open: bool,
}

impl Sessions {
    pub(super) fn run(self, said: &mut Said<'_>) -> Done {
        match self {
            Self::List(whose) => {
                let shown = whose.shown(&said.store()?, said.desk.clock.now())?;
                said.answer(&shown, || table(&shown.iter().map(Shown::row).collect::<Vec<_>>()));
                Ok(Exit::Ok)
            }
            Self::End(end) => end.run(said),
            Self::Logouts(which) => {
                let logouts = wait_for(said.store()?.logouts(Some(which.authority), which.open, MOST))?;
                let logouts = logouts.map_err(|error| wrong("the store", error))?;
                let told: Vec<Told> = logouts.iter().map(Told::of).collect();
                said.answer(&told, || table(&told.iter().flat_map(Told::rows).collect::<Vec<_>>()));
                Ok(Exit::Ok)
            }
        }
    }
}

/// A session as it is shown. The user stands there by the id that its authority gave it: a terminal is no place for more.
#[derive(Serialize)]
struct Shown {
    session: LoginId,
    user: String,
    begun: Timestamp,
    expires: Timestamp,
    identity_provider: String,
    service_providers: Vec<String>,
}

impl Shown {
    fn of(Listed { user, service_providers, session }: Listed) -> Self {
        Self {
            session: session.id,
            user,
            begun: session.facts.begun,
            expires: session.expires,
            identity_provider: session.facts.municipal.idp.to_string(),
            service_providers: service_providers.iter().map(ToString::to_string).collect(),
        }
    }

    fn row(&self) -> Vec<String> {
        let Self { session, user, begun, expires, identity_provider, service_providers, .. } = self;
        let times = [begun, expires].map(|at| at.strftime("%F %T UTC").to_string());
        let [begun, expires] = times;
        let at = service_providers.join(" ");
        vec![session.to_string(), user.clone(), begun, expires, identity_provider.clone(), at]
    }
}

fn id_of(name: &str) -> String {
    SubjectName::new(name).map(|name| name.serial().to_owned()).unwrap_or_default()
}

impl Whose {
    fn meant(&self) -> (Cvr, Option<&str>) {
        (self.authority, self.user.as_deref())
    }

    fn shown(&self, store: &Sqlite, now: Timestamp) -> Result<Vec<Shown>, Vec<Complaint>> {
        let listed = wait_for(list_sessions(store, self.meant(), now, usize::MAX))?;
        let (listed, _) = told(listed)?;
        Ok(listed.into_iter().map(Shown::of).collect())
    }
}

/// What `end` did.
#[derive(Serialize)]
struct Ended {
    authority: Cvr,
    ended: Vec<LoginId>,
    unknown: Vec<LoginId>,
    dry_run: bool,
}

impl End {
    fn run(self, said: &mut Said<'_>) -> Done {
        if self.sessions.is_empty() && !self.all && self.whose.user.is_none() {
            return Err(wrong("sessions end", "expected sessions, --user or --all".to_owned()));
        }
        let (store, now) = (said.store()?, said.desk.clock.now());
        let named = self.named(&store, now)?;
        let is_known = |id: &LoginId| named.iter().any(|session| session.id == *id);
        let unknown: Vec<LoginId> = self.sessions.iter().filter(|id| !is_known(id)).copied().collect();
        let (by, whose) = (Administrator::operator(now), self.whose.meant());
        let fresh = || LoginId::begun(now, said.desk.random.bits());
        let ended = match (self.dry_run, self.sessions.is_empty()) {
            (true, true) => self.whose.shown(&store, now)?.iter().map(|shown| shown.session).collect(),
            (true, false) => named.iter().map(|session| session.id).collect(),
            (false, true) => told(wait_for(end_all_sessions(&store, whose, &by, fresh))?)?,
            (false, false) => told(wait_for(end_sessions(&store, &named, &by, fresh))?)?,
        };
        let ended = Ended { authority: self.whose.authority, ended, unknown, dry_run: self.dry_run };
        said.answer(&ended, || ended.told());
        Ok(if ended.unknown.is_empty() { Exit::Ok } else { Exit::CheckFailed })
    }

    /// Those of the sessions that are named that are there.
    fn named(&self, store: &Sqlite, now: Timestamp) -> Result<Vec<Session>, Vec<Complaint>> {
        let mut found: Vec<Session> = Vec::new();
        for id in &self.sessions {
            if found.iter().any(|session| session.id == *id) {
                continue;
            }
            found.extend(told(wait_for(find_session(store, self.whose.meant(), now, *id))?)?);
        }
        Ok(found)
    }
}

fn told<T>(done: Result<T, Fault>) -> Result<T, Vec<Complaint>> {
    done.map_err(|fault| wrong("the store", fault))
}

impl Ended {
    fn told(&self) -> String {
        let verb = if self.dry_run { "would be ended" } else { "ended" };
        let count = self.ended.len();
        let unknown = self.unknown.iter().map(|id| format!("\n{id} is no session of this authority"));
        format!("sessions of {}: {count} {verb}{}", self.authority, unknown.collect::<String>())
    }
}

/// A logout as it is shown.
#[derive(Serialize)]
struct Told {
    logout: LoginId,
    case: String,
    begun: Timestamp,
    by: LogoutBy,
    complete: bool,
    parties: Vec<Heard>,
}

/// A party of a logout as it is shown.
#[derive(Serialize)]
struct Heard {
    party: String,
    user: String,
    state: LegState,
    attempts: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    next: Option<Timestamp>,
}

impl Told {
    fn of(logout: &Logout) -> Self {
        let heard = logout.legs.iter().map(|leg| Heard {
            party: leg.party.entity_id().to_string(),
            user: match &leg.party {
                Party::Fagsystem { name, .. } => id_of(name),
                Party::Provider(at) => id_of(&at.name),
            },
            state: leg.state,
            attempts: leg.attempts,
            next: leg.next,
        });
        Self {
            logout: logout.id,
            case: logout.id.case_number().to_string(),
            begun: logout.begun,
            by: logout.by.clone(),
            complete: logout.is_complete(),
            parties: heard.collect(),
        }
    }

    fn rows(&self) -> Vec<Vec<String>> {
        let head = [self.case.clone(), self.begun.strftime("%F %T UTC").to_string()];
        let row = |heard: &Heard| {
            let next = heard.next.map(|at| format!("again at {}", at.strftime("%T UTC"))).unwrap_or_default();
            let state = format!("{:?}", heard.state).to_lowercase();
            [&head[..], &[heard.party.clone(), state, format!("{} times", heard.attempts), next]].concat()
        };
        self.parties.iter().map(row).collect()
    }
}
