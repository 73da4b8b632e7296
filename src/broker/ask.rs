//! Whom to ask, and how: the choice of a municipality and the question to its identity provider.

use super::audit::Trail;
use super::registry::KnownIdp;
use super::{Broker, Next, Question, SealedLogin, Visit};
use crate::domain::assurance::{Level, Requirement};
use crate::domain::audit::{Actor, Event, Record};
use crate::domain::federation::{Choice, IdpProfile};
use crate::domain::id::{Cvr, EntityId, MessageId};
use crate::domain::login::{Asked, AtIdp, Choosing, Pending};
use crate::domain::reason::{Fault, Reason};
use crate::protocol::saml::binding::{self, Carries, Form};
use crate::protocol::saml::request::OurRequest;

/// The choices that a user is offered.
#[derive(Clone, Debug)]
pub struct Offer {
    /// The name of the fagsystem that the user is on the way to.
    pub fagsystem: String,
    /// The municipalities, by name.
    pub lines: Vec<OfferLine>,
}

/// One municipality with one identity provider.
#[derive(Clone, Debug)]
pub struct OfferLine {
    /// Its number.
    pub authority: Cvr,
    /// Its name.
    pub name: String,
    /// Its identity provider.
    pub idp: EntityId,
    /// The identity provider's name for people.
    pub idp_name: String,
}

impl Broker {
    /// What the user may choose from, for the page.
    pub fn offer(&self, sealed: &SealedLogin) -> Result<Offer, Fault> {
        let now = self.clock.now();
        let pending = self.unseal(sealed)?;
        pending.asked().check_age(now)?;
        let snapshot = self.snapshot();
        let asked = pending.asked();
        let mut choices = snapshot.federation().choices(&asked.fagsystem, now);
        choices.sort_by_key(|choice| (&choice.authority.name, &choice.idp.name, &choice.idp.entity_id));
        let lines = offered(&choices, asked).map(|choice| OfferLine {
            authority: choice.authority.cvr,
            name: choice.authority.name.clone(),
            idp: choice.idp.entity_id.clone(),
            idp_name: choice.idp.name.clone(),
        });
        let fagsystem = snapshot.federation().fagsystem(&asked.fagsystem)?.name.clone();
        Ok(Offer { fagsystem, lines: lines.collect() })
    }

    /// Puts our question to an identity provider.
    pub(super) fn ask(
        &self,
        trail: &mut Trail,
        choosing: Choosing,
        authority: Cvr,
        idp: &EntityId,
    ) -> Result<(Next, Record), Fault> {
        let now = self.clock.now();
        let snapshot = self.snapshot();
        snapshot.federation().agreement(authority, idp, &choosing.asked.fagsystem, now)?; // all three agree
        let idp = snapshot.idp(idp, now)?;
        let login = choosing.asked.login;
        let question = MessageId::made(now, self.random.bits());
        let at_idp = choosing.ask(authority, idp.registered.entity_id.clone(), question, now);
        let message = self.question(&at_idp, &idp, &login.to_string())?;
        let sealed = self.seal(&Pending::AtIdp(at_idp.clone()))?;
        trail.record.idp = Some(at_idp.idp.clone());
        trail.record.authority = Some(authority);
        let mut sent = trail.allowed(Actor::Broker, Reason::LoginChosen);
        sent.event = Event::QuestionSent;
        sent.message = Some(at_idp.question.to_string());
        sent.in_response_to = Some(at_idp.asked.request.to_string());
        let receiver = idp.registered.name.clone();
        Ok((Next::Ask { sealed, question: message, receiver }, sent))
    }

    fn question(&self, at_idp: &AtIdp, idp: &KnownIdp<'_>, relay_state: &str) -> Result<Question, Fault> {
        let asked = &at_idp.asked;
        let (acs, classes) = (self.settings.acs(), classes(idp.registered.profile, &asked.requirement));
        let (location, by_redirect) = match (&idp.metadata.sso_redirect, &idp.metadata.sso_post) {
            (Some(location), _) => (location, true),
            (None, Some(location)) => (location, false),
            (None, None) => return Err(Fault::new(Reason::MdRefused, "there is no address for requests")),
        };
        let ours = OurRequest {
            id: &at_idp.question,
            issuer: &self.settings.entity_id,
            issue_instant: at_idp.at,
            destination: location,
            acs: &acs,
            force_authn: asked.force_authn,
            is_passive: asked.is_passive,
            classes: &classes,
            requester: idp.registered.scoping.then_some(&asked.fagsystem),
            proxy_count: asked.proxies_left,
        };
        let signer = self.keys.signer();
        if by_redirect {
            let xml = ours.write()?;
            let to =
                binding::redirect_to(location, Carries::Request, xml.as_str(), Some(relay_state), signer)?;
            return Ok(Question::Redirect(to));
        }
        let xml = ours.write_signed(signer)?;
        Ok(Question::Post(Form::new(location, Carries::Request, xml.as_str(), Some(relay_state.to_owned()))))
    }
}

/// The choices that the fagsystem's request leaves.
fn offered<'c>(choices: &'c [Choice<'c>], asked: &'c Asked) -> impl Iterator<Item = &'c Choice<'c>> {
    choices
        .iter()
        .filter(|choice| asked.only_idps.is_empty() || asked.only_idps.contains(&choice.idp.entity_id))
}

/// The identity provider of a choice, which must be one of those that were offered, and only one of them.
pub(super) fn chosen(
    choices: &[Choice<'_>],
    asked: &Asked,
    authority: Cvr,
    idp: Option<&EntityId>,
) -> Result<EntityId, Fault> {
    let mut fitting = offered(choices, asked)
        .filter(|choice| choice.authority.cvr == authority)
        .filter(|choice| idp.is_none_or(|idp| choice.idp.entity_id == *idp));
    match (fitting.next(), fitting.next()) {
        (Some(only), None) => Ok(only.idp.entity_id.clone()),
        _ => Err(Fault::new(Reason::Discovery, "the choice is not one of those that were offered")),
    }
}

/// Chooses where there is nothing to choose: by hint, by the network that the user sits in, or because only one is
/// left. None means that the user is to be asked.
pub(super) fn choose_for_user(
    choices: &[Choice<'_>],
    asked: &Asked,
    visit: &Visit,
) -> Result<Option<(Cvr, EntityId)>, Fault> {
    let left: Vec<_> = offered(choices, asked).collect();
    let only = |fitting: Vec<&&Choice<'_>>| match fitting.as_slice() {
        [only] => Some((only.authority.cvr, only.idp.entity_id.clone())),
        _ => None,
    };
    let hinted = || only(left.iter().filter(|choice| Some(choice.authority.cvr) == visit.hint).collect());
    let inside = |choice: &&&Choice<'_>| {
        visit.source.is_some_and(|source| choice.idp.networks.iter().any(|network| network.contains(source)))
    };
    let by_network = || only(left.iter().filter(inside).collect());
    if left.is_empty() && choices.is_empty() {
        return Err(Fault::new(
            Reason::AgreementMissing,
            "no municipality has an agreement with the fagsystem",
        ));
    }
    if left.is_empty() {
        return Err(Fault::new(Reason::Scoping, "none of the providers in IDPList is available"));
    }
    let chosen = hinted().or_else(by_network).or_else(|| only(left.iter().collect()));
    if chosen.is_none() && asked.is_passive {
        return Err(Fault::new(Reason::Passive, "a municipality must be chosen, and no page may be shown"));
    }
    Ok(chosen)
}

/// The classes that put a required level to an identity provider in the way that it understands.
fn classes(profile: IdpProfile, requirement: &Requirement) -> Vec<String> {
    const MULTIPLE_AUTHN: &str = "http://schemas.microsoft.com/claims/multipleauthn";
    let levels = requirement.to_ask();
    let two_factors = levels.iter().any(|level| level.as_nist().digit() >= 3);
    match profile {
        IdpProfile::Oiosaml2 => levels.iter().map(|level| level.as_nist().urn()).collect(),
        IdpProfile::Oiosaml3 => levels.iter().map(|level| Level::class(*level)).collect(),
        IdpProfile::Oiosaml2AdfsMultipleAuthn | IdpProfile::Oiosaml3AdfsMultipleAuthn if two_factors => {
            vec![MULTIPLE_AUTHN.to_owned()]
        }
        _ => Vec::new(),
    }
}
