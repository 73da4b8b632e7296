//! Single sign-on: when the session of a browser spares its user the next login.

use super::ask::offered;
use super::audit::Trail;
use super::case::{AskService, Case};
use super::identify::Grounds;
use super::session::{OpenSession, Remembered, Sso};
use super::step_up::{check_level, still_allowed};
use super::{Broker, Next, Visit};
use crate::domain::id::{Cvr, EntityId};
use crate::domain::login::Asked;
use crate::domain::reason::{Fault, Reason};
use crate::domain::subject::Grant;
use crate::store::{Batch, SessionFacts};

impl Broker {
    /// A login that the browser's session answers, so that the user need not authenticate again. Whatever stands in its
    /// way, the user goes to the identity provider as if there were no session.
    pub(super) async fn reuse(
        &self,
        trail: &mut Trail,
        visit: &Visit,
        asked: &Asked,
        chosen: Option<(Cvr, Option<&EntityId>)>,
    ) -> Option<Next> {
        if asked.force_authn {
            return None;
        }
        let open = self.fitting_session(visit, asked, chosen).await.ok().flatten()?;
        let mut tried = trail.clone();
        match Box::pin(self.go_on(&mut tried, visit, asked, open)).await {
            Ok(next) => {
                *trail = tried;
                Some(next)
            }
            Err(_) => {
                trail.beside = tried.beside; // what was asked of others on the way was asked
                trail.notice(&[Reason::SessionUnfit]);
                None
            }
        }
    }

    /// The one session of this browser that is as young as the fagsystem wants it, at a municipality that may use it and
    /// a provider that the fagsystem accepts.
    async fn fitting_session(
        &self,
        visit: &Visit,
        asked: &Asked,
        chosen: Option<(Cvr, Option<&EntityId>)>,
    ) -> Result<Option<OpenSession>, Fault> {
        let now = self.clock.now();
        let snapshot = self.snapshot();
        let choices = snapshot.federation().choices(&asked.fagsystem, now);
        let offers =
            |authority: Cvr| offered(&choices, asked).any(|choice| choice.authority.cvr == authority);
        let hinted = visit.hint.filter(|hint| offers(*hint)).map(|hint| (hint, None));
        let wanted = chosen.or(hinted);
        let fits = |authority: Cvr| offers(authority) && wanted.is_none_or(|(wanted, _)| wanted == authority);
        let mut fitting = visit.tickets.iter().filter(|(authority, _)| fits(*authority));
        let (Some((authority, ticket)), None) = (fitting.next(), fitting.next()) else { return Ok(None) };
        let open = self.open_session(*authority, ticket).await?;
        let wanted = wanted.and_then(|(_, idp)| idp);
        let is_offered = |idp: &EntityId| {
            wanted.is_none_or(|wanted| wanted == idp)
                && offered(&choices, asked)
                    .any(|choice| choice.authority.cvr == *authority && choice.idp.entity_id == *idp)
        };
        Ok(open.filter(|open| {
            let young = |age| open.remembered.authenticated().is_some_and(|at| now.duration_since(at) <= age);
            now < open.session.idle
                && is_offered(&open.session.facts.municipal.idp)
                && asked.max_age.is_none_or(young)
        }))
    }

    /// Weighs what the session remembers for this fagsystem, by the same steps as an answer that arrives now.
    async fn go_on(
        &self,
        trail: &mut Trail,
        visit: &Visit,
        asked: &Asked,
        open: OpenSession,
    ) -> Result<Next, Fault> {
        let now = self.clock.now();
        let snapshot = self.snapshot();
        let federation = snapshot.federation();
        let SessionFacts { authority, municipal, .. } = &open.session.facts;
        trail.goes_on(&open.session);
        let agreement = federation.agreement(*authority, &municipal.idp, &asked.fagsystem, now)?; // with this one too
        let idp = snapshot.idp(&municipal.idp, now)?; // still on
        let requirement = &asked.requirement;
        let (source, service) = (visit.source, AskService::Yes);
        let case = Case { agreement, idp, requirement, source, service };
        let Remembered { municipal: first, step_up } = &open.remembered;
        let grounds = Grounds::remembered(&open);
        let (mut subject, missing) = self.weigh(trail, &case, grounds).await?; // who, how sure, what rights
        if let Some(level) = missing {
            let lower =
                || Fault::new(Reason::LoaLower, format!("the session is below NSIS {}", level.word()));
            let (provider, second) = step_up.as_ref().ok_or_else(lower)?;
            let provider = snapshot.idp(still_allowed(&snapshot, *authority, provider)?, now)?;
            subject = self.raise(trail, subject, (first, second), &provider).await?;
            check_level(trail, &subject, requirement)?;
        }
        let (grant, rulings) = Grant::new(subject, agreement, federation, now)?; // only what was agreed, in its own roles
        trail.ruled(rulings); // each role kept or dropped, and why
        self.complete(trail, (visit, asked), &grant, Sso::GoesOn(Box::new(open)), Batch::default()).await
    }
}
