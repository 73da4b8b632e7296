//! What a user is logged in to, as far as this browser can open it, and the user's own wish to be logged out.

use jiff::Timestamp;

use super::end::{End, Meant};
use super::party::shown;
use super::{LogoutNext, LogoutStep, Side};
use crate::broker::audit::Trail;
use crate::broker::{Broker, Visit};
use crate::domain::audit::{Actor, Event};
use crate::domain::id::{Cvr, LoginId};
use crate::domain::reason::Fault;
use crate::domain::session::LogoutBy;

/// A session that this browser opens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OpenHere {
    /// Its name, which only this browser and we know.
    pub session: LoginId,
    /// The municipality.
    pub authority: Cvr,
    /// The municipality, by the name that people know.
    pub name: String,
    /// Since when.
    pub begun: Timestamp,
    /// Until when, at the latest.
    pub expires: Timestamp,
    /// The fagsystemer that the user is logged in to, and since when.
    pub fagsystemer: Vec<(String, Timestamp)>,
}

impl Broker {
    /// The sessions of this browser.
    pub async fn sessions_here(&self, visit: &Visit) -> Result<Vec<OpenHere>, Fault> {
        let snapshot = self.snapshot();
        let mut here = Vec::new();
        for (authority, ticket) in &visit.tickets {
            let Some(open) = self.open_session(*authority, ticket).await? else { continue };
            let session = open.session;
            let mut fagsystemer: Vec<(String, Timestamp)> = Vec::new();
            for participant in self.store.participants(session.id).await? {
                let name = shown(&snapshot, Side::Fagsystem, &participant.fagsystem);
                if !fagsystemer.iter().any(|(known, _)| *known == name) {
                    fagsystemer.push((name, participant.begun));
                }
            }
            let known = snapshot.federation().authority(*authority);
            here.push(OpenHere {
                session: session.id,
                authority: *authority,
                name: known.map_or_else(|| authority.to_string(), |known| known.name.clone()),
                begun: session.facts.begun,
                expires: session.expires,
                fagsystemer,
            });
        }
        Ok(here)
    }

    /// The user wants to be logged out of these sessions, which this browser must have the tickets of.
    pub async fn end_for_user(&self, visit: &Visit, wanted: &[LoginId]) -> LogoutStep {
        let mut trail = self.trail(self.fresh_login(), visit, Event::LogoutReceived);
        let tried = self.try_end_for_user(&mut trail, visit, wanted).await;
        self.conclude_logout(trail, tried, None).await
    }

    async fn try_end_for_user(
        &self,
        trail: &mut Trail,
        visit: &Visit,
        wanted: &[LoginId],
    ) -> Result<(LogoutNext, Vec<Cvr>), Fault> {
        trail.record.actor = Actor::User;
        let mut own = Vec::new();
        for (authority, ticket) in visit.tickets.iter().filter(|(_, ticket)| wanted.contains(&ticket.id)) {
            own.extend(self.open_session(*authority, ticket).await?.map(|open| open.session));
        }
        let (meant, browser) = (Meant::These(&own), visit.browser);
        let ended = self.end(trail, &End { meant, by: LogoutBy::User, mark: None, browser }).await?;
        if ended.is_empty() {
            return Ok((LogoutNext::Nothing, Vec::new()));
        }
        self.part(visit, trail.record.login, ended, None).await
    }
}
