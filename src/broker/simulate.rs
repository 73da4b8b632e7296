//! A login that does not happen: what a user would be told to a fagsystem as, and why. What an identity provider would say
//! is supposed; from there on each step is the login's own, by the same code.
//!
//! Nothing is issued, signed or written down, and nobody is asked, unless the caller wants the attribute service asked.

use std::net::IpAddr;

use jiff::Timestamp;

pub use super::case::AskService;

use super::audit::Trail;
use super::case::Case;
use super::identify::Grounds;
use super::issue::Told;
use super::{Broker, Visit};
use crate::domain::assurance::{Achieved, Level, Nsis, Requirement};
use crate::domain::audit::Ruling;
use crate::domain::audit::{Event, Record};
use crate::domain::federation::IdentityProvider;
use crate::domain::id::{Cvr, EntityId};
use crate::domain::person::Claim;
use crate::domain::privilege::PrivilegeList;
use crate::domain::reason::Fault;
use crate::domain::subject::{Grant, Subject};
use crate::domain::user::User;
use crate::protocol::saml::assertion::Supposed;
use crate::protocol::saml::attribute as name;

/// What is asked.
#[derive(Clone, Debug)]
pub struct Question<'q> {
    /// What the identity provider would say.
    pub said: Supposed,
    /// The identity provider.
    pub idp: &'q EntityId,
    /// The municipality that the user would choose.
    pub authority: Cvr,
    /// The fagsystem that the user wants to use.
    pub fagsystem: &'q EntityId,
    /// Where the user sits.
    pub source: Option<IpAddr>,
    /// Whether the attribute service may be asked.
    pub service: AskService<'q>,
}

/// What would happen, and why.
#[derive(Debug)]
pub struct Simulated {
    /// How it would end.
    pub outcome: Outcome,
    /// What the exchange log would say of it: level, rule, what was noticed.
    pub record: Record,
    /// What would become of each role.
    pub rulings: Vec<Ruling>,
}

/// How a login would end.
#[derive(Debug)]
pub enum Outcome {
    /// With this token.
    Issued(Token),
    /// With this token, after a step-up to this level at this provider.
    StepUp(Token, Nsis, EntityId),
    /// With a refusal.
    Refused(Fault),
}

/// A token that is not issued.
#[derive(Clone, Debug)]
pub struct Token {
    /// The user's name.
    pub name_id: String,
    /// The level.
    pub level: Level,
    /// The attributes as they would be written.
    pub attributes: Vec<(&'static str, Vec<String>)>,
    /// The rights among them.
    pub rights: PrivilegeList,
}

impl Broker {
    /// Says how a login would end.
    pub async fn simulate(&self, question: Question<'_>) -> Simulated {
        let visit = Visit { source: question.source, ..Visit::default() };
        let mut trail = self.trail(self.fresh_login(), &visit, Event::AnswerReceived);
        let outcome = self.try_to_simulate(&mut trail, question).await.unwrap_or_else(Outcome::Refused);
        Simulated { outcome, record: trail.record, rulings: trail.rulings }
    }

    async fn try_to_simulate(&self, trail: &mut Trail, question: Question<'_>) -> Result<Outcome, Fault> {
        let now = self.clock.now();
        let snapshot = self.snapshot();
        let federation = snapshot.federation();
        let fagsystem = match snapshot.client(question.fagsystem) {
            Ok(client) => client.registered,
            Err(_) => snapshot.fagsystem(question.fagsystem, now)?.registered,
        };
        let agreement = federation.agreement(question.authority, question.idp, question.fagsystem, now)?;
        let idp = snapshot.idp(question.idp, now)?;
        let requirement = Requirement { registered: fagsystem.required, ..Requirement::default() };
        trail.record.required = Some(requirement.to_string());
        let said = question.said.just_said(now);
        let (source, service) = (question.source, question.service);
        let case = Case { agreement, idp, requirement: &requirement, source, service };
        let (subject, step_up) = self.weigh(trail, &case, Grounds::imagined(&said)).await?;
        let Some(level) = step_up else {
            let (grant, rulings) = Grant::new(subject, agreement, federation, now)?;
            trail.ruled(rulings);
            return Ok(Outcome::Issued(self.token(&grant, now)?));
        };
        let provider = self.way_up(&snapshot, &subject, &said, level).await?.registered.entity_id.clone();
        let subject = Subject { level: Achieved::exactly(Level::Nsis(level)), ..subject };
        let (grant, rulings) = Grant::new(subject, agreement, federation, now)?;
        trail.ruled(rulings);
        Ok(Outcome::StepUp(self.token(&grant, now)?, level, provider))
    }

    fn token(&self, grant: &Grant<'_>, now: Timestamp) -> Result<Token, Fault> {
        let snapshot = self.snapshot();
        let name = &grant.agreement().fagsystem().entity_id;
        if snapshot.client(name).is_err() {
            self.sealed_to(snapshot.fagsystem(name, now)?.metadata, now)?;
        }
        let Told { level, attributes } = Told::of(grant)?;
        let name_id = grant.name().as_str().to_owned();
        Ok(Token { name_id, level, attributes, rights: grant.rights()?.clone() })
    }
}

/// What an identity provider would say about a user who is kept here, if it said no more than it must: name,
/// organisation, and the highest level that it is registered for.
pub fn suppose(user: &User, idp: &IdentityProvider) -> Supposed {
    let dialect = idp.profile.dialect();
    let claims = user.claims.iter().filter(|(claim, _)| name::of_claim(Claim::CommonName).is(claim));
    let called = claims.flat_map(|(_, values)| values).next().unwrap_or(&user.id);
    let level = idp.ceiling.nsis.map(Level::Nsis).or(idp.ceiling.nist.map(Level::Nist));
    let stated = [
        (name::SPEC_VERSION.in_dialect(dialect), name::spec_version(dialect)),
        (name::CVR.in_dialect(dialect), user.authority.as_str()),
    ];
    Supposed {
        name_id: format!("C=DK,O={},CN={called},Serial={}", user.authority, user.id),
        class: level.map(Level::class),
        attributes: stated
            .map(|(name, value)| (name.to_owned(), vec![value.to_owned()]))
            .into_iter()
            .collect(),
    }
}
