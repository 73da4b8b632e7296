//! Whom to ask, and how: the choice of a municipality and the question to its identity provider.

use super::audit::Trail;
use super::registry::KnownIdp;
use super::{Broker, ByBrowser, Next, SealedLogin, Visit};
use crate::domain::assurance::{Comparison, Level, Nsis, Requirement};
use crate::domain::audit::{Actor, Event, Record};
use crate::domain::federation::{Choice, IdpProfile};
use crate::domain::id::{Cvr, EntityId, MessageId};
use crate::domain::login::{Asked, Choosing, Handle, Pending};
use crate::domain::reason::{Fault, Reason};
use crate::protocol::saml::attribute as name;
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
        let asked = &pending.choosing()?.asked;
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
        let (_, idp) = snapshot.agreed(&choosing.asked, (authority, idp), now)?; // all three agree
        let question = MessageId::made(now, self.random.bits());
        let at_idp = choosing.ask(authority, idp.registered.entity_id.clone(), question, now);
        let put = Put::new(idp.registered.profile, &at_idp.asked.requirement);
        let message = self.question(&at_idp.asked, &idp, &at_idp.question, &put)?;
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

    /// Writes a question on behalf of a fagsystem.
    pub(super) fn question(
        &self,
        asked: &Asked,
        idp: &KnownIdp<'_>,
        id: &MessageId,
        put: &Put,
    ) -> Result<ByBrowser, Fault> {
        let relay_state = Handle { login: asked.login, levels: put.relayed.clone() }.to_string();
        let acs = self.settings.acs();
        let (location, by_redirect) = match (&idp.metadata.sso_redirect, &idp.metadata.sso_post) {
            (Some(location), _) => (location, true),
            (None, Some(location)) => (location, false),
            (None, None) => return Err(Fault::new(Reason::MdRefused, "there is no address for requests")),
        };
        let ours = OurRequest {
            id,
            issuer: &self.settings.entity_id,
            issue_instant: self.clock.now(),
            destination: location,
            acs: &acs,
            force_authn: asked.force_authn || asked.max_age.is_some(),
            is_passive: asked.is_passive,
            classes: &put.classes,
            comparison: put.comparison,
            requester: idp.registered.scoping.then_some(&asked.fagsystem),
            proxy_count: asked.proxies_left,
        };
        let signer = self.signer_of_question(asked)?;
        if by_redirect {
            let xml = ours.write()?;
            let to =
                binding::redirect_to(location, Carries::Request, xml.as_str(), Some(&relay_state), signer)?;
            return Ok(ByBrowser::Redirect(to));
        }
        let xml = ours.write_signed(signer)?;
        Ok(ByBrowser::Post(Form::new(location, Carries::Request, xml.as_str(), Some(relay_state))))
    }
}

/// The choices that the fagsystem's request leaves. Nobody is sent back to the one who asks: a broker may be both.
pub(super) fn offered<'c>(
    choices: &'c [Choice<'c>],
    asked: &'c Asked,
) -> impl Iterator<Item = &'c Choice<'c>> {
    choices
        .iter()
        .filter(|choice| asked.only_idps.is_empty() || asked.only_idps.contains(&choice.idp.entity_id))
        .filter(|choice| choice.idp.entity_id != asked.fagsystem)
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
    if asked.is_passive && (asked.force_authn || asked.max_age.is_some()) {
        return Err(Fault::new(Reason::Passive, "the user must log in anew, and no page may be shown"));
    }
    let chosen = hinted().or_else(by_network).or_else(|| only(left.iter().collect()));
    if chosen.is_none() && asked.is_passive {
        return Err(Fault::new(Reason::Passive, "a municipality must be chosen, and no page may be shown"));
    }
    Ok(chosen)
}

/// How a required level is put to an identity provider, so that it understands. Whatever it then answers is judged alike.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Put {
    /// The classes of the request.
    classes: Vec<String>,
    /// How they are meant: levels as a minimum; two factors exactly, since no order ranks them among other classes.
    comparison: Comparison,
    /// The levels that travel in RelayState.
    relayed: Vec<Level>,
}

impl Put {
    fn new(profile: IdpProfile, requirement: &Requirement) -> Self {
        const MULTIPLE_AUTHN: &str = "http://schemas.microsoft.com/claims/multipleauthn";
        let levels = requirement.to_ask();
        let two_factors = levels.iter().any(|level| level.as_nist().digit() >= 3);
        let at_least = |mut classes: Vec<String>| {
            classes.dedup();
            Self { classes, comparison: Comparison::Minimum, ..Self::default() }
        };
        match profile {
            IdpProfile::Oiosaml2 => at_least(levels.iter().map(|level| level.as_nist().urn()).collect()),
            IdpProfile::Oiosaml3 => at_least(levels.iter().map(|level| level.class()).collect()),
            IdpProfile::Oiosaml2AdfsMultipleAuthn | IdpProfile::Oiosaml3AdfsMultipleAuthn if two_factors => {
                Self { classes: vec![MULTIPLE_AUTHN.to_owned()], ..Self::default() }
            }
            IdpProfile::Oiosaml3AdfsRelayState => Self { relayed: levels, ..Self::default() },
            IdpProfile::Oiosaml2AdfsMultipleAuthn
            | IdpProfile::Oiosaml3AdfsMultipleAuthn
            | IdpProfile::Oiosaml2WithoutRequestedLoa => Self::default(),
        }
    }

    /// What raises the level of an employee.
    pub(super) fn step_up(level: Nsis) -> Self {
        let classes = vec![level.uri(), name::PROFESSIONAL.to_owned()];
        Self { classes, comparison: Comparison::Minimum, ..Self::default() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::assurance::Nist;

    /// One line for each profile and requirement: the classes of the request, and what stands in RelayState.
    #[test]
    fn every_profile_is_asked_in_its_own_way() {
        let profiles = [
            IdpProfile::Oiosaml2,
            IdpProfile::Oiosaml2AdfsMultipleAuthn,
            IdpProfile::Oiosaml2WithoutRequestedLoa,
            IdpProfile::Oiosaml3,
            IdpProfile::Oiosaml3AdfsMultipleAuthn,
            IdpProfile::Oiosaml3AdfsRelayState,
        ];
        let levels = || Nist::ALL.map(Level::Nist).into_iter().chain(Nsis::ALL.map(Level::Nsis));
        let registered = |level| Requirement { registered: Some(level), ..Requirement::default() };
        let requested = |comparison| Requirement {
            requested: vec![Level::Nsis(Nsis::Substantial), Level::Nist(Nist::ALL[2])],
            comparison,
            ..registered(Level::Nist(Nist::ALL[1]))
        };
        let requirements: Vec<_> = std::iter::once(Requirement::default())
            .chain(levels().map(registered))
            .chain(
                [Comparison::Exact, Comparison::Minimum, Comparison::Better, Comparison::Maximum]
                    .map(requested),
            )
            .collect();
        let shorten = |text: String| {
            text.replace("https://data.gov.dk/concept/core/nsis/", "…/")
                .replace("urn:dk:gov:saml:attribute:", "…:")
        };
        let mut table = String::new();
        for profile in profiles {
            table += &format!("{profile:?}\n");
            for requirement in &requirements {
                let Put { classes, comparison, relayed } = Put::new(profile, requirement);
                let relayed = Handle { login: crate::domain::id::LoginId::from_bits(0), levels: relayed };
                let relayed = relayed.to_string().split_off(32);
                let asked = if classes.is_empty() { "nothing" } else { comparison.word() };
                let line = format!("  {requirement} => {asked} {}{relayed}", classes.join(" "));
                table += &format!("{}\n", shorten(line).trim_end());
            }
        }
        insta::assert_snapshot!(table, @"
        Oiosaml2
          registered  => nothing
          registered …:AssuranceLevel:1 => minimum …:AssuranceLevel:1
          registered …:AssuranceLevel:2 => minimum …:AssuranceLevel:2
          registered …:AssuranceLevel:3 => minimum …:AssuranceLevel:3
          registered …:AssuranceLevel:4 => minimum …:AssuranceLevel:4
          registered …/loa/Low => minimum …:AssuranceLevel:2
          registered …/loa/Substantial => minimum …:AssuranceLevel:3
          registered …/loa/High => minimum …:AssuranceLevel:4
          registered …:AssuranceLevel:2, requested exactly …/loa/Substantial …:AssuranceLevel:3 => minimum …:AssuranceLevel:3
          registered …:AssuranceLevel:2, requested at least …/loa/Substantial …:AssuranceLevel:3 => minimum …:AssuranceLevel:3
          registered …:AssuranceLevel:2, requested better than …/loa/Substantial …:AssuranceLevel:3 => minimum …:AssuranceLevel:4
          registered …:AssuranceLevel:2, requested at most …/loa/Substantial …:AssuranceLevel:3 => minimum …:AssuranceLevel:2
        Oiosaml2AdfsMultipleAuthn
          registered  => nothing
          registered …:AssuranceLevel:1 => nothing
          registered …:AssuranceLevel:2 => nothing
          registered …:AssuranceLevel:3 => exact http://schemas.microsoft.com/claims/multipleauthn
          registered …:AssuranceLevel:4 => exact http://schemas.microsoft.com/claims/multipleauthn
          registered …/loa/Low => nothing
          registered …/loa/Substantial => exact http://schemas.microsoft.com/claims/multipleauthn
          registered …/loa/High => exact http://schemas.microsoft.com/claims/multipleauthn
          registered …:AssuranceLevel:2, requested exactly …/loa/Substantial …:AssuranceLevel:3 => exact http://schemas.microsoft.com/claims/multipleauthn
          registered …:AssuranceLevel:2, requested at least …/loa/Substantial …:AssuranceLevel:3 => exact http://schemas.microsoft.com/claims/multipleauthn
          registered …:AssuranceLevel:2, requested better than …/loa/Substantial …:AssuranceLevel:3 => exact http://schemas.microsoft.com/claims/multipleauthn
          registered …:AssuranceLevel:2, requested at most …/loa/Substantial …:AssuranceLevel:3 => nothing
        Oiosaml2WithoutRequestedLoa
          registered  => nothing
          registered …:AssuranceLevel:1 => nothing
          registered …:AssuranceLevel:2 => nothing
          registered …:AssuranceLevel:3 => nothing
          registered …:AssuranceLevel:4 => nothing
          registered …/loa/Low => nothing
          registered …/loa/Substantial => nothing
          registered …/loa/High => nothing
          registered …:AssuranceLevel:2, requested exactly …/loa/Substantial …:AssuranceLevel:3 => nothing
          registered …:AssuranceLevel:2, requested at least …/loa/Substantial …:AssuranceLevel:3 => nothing
          registered …:AssuranceLevel:2, requested better than …/loa/Substantial …:AssuranceLevel:3 => nothing
          registered …:AssuranceLevel:2, requested at most …/loa/Substantial …:AssuranceLevel:3 => nothing
        Oiosaml3
          registered  => nothing
          registered …:AssuranceLevel:1 => minimum …:AssuranceLevel:1
          registered …:AssuranceLevel:2 => minimum …:AssuranceLevel:2
          registered …:AssuranceLevel:3 => minimum …:AssuranceLevel:3
          registered …:AssuranceLevel:4 => minimum …:AssuranceLevel:4
          registered …/loa/Low => minimum …/loa/Low
          registered …/loa/Substantial => minimum …/loa/Substantial
          registered …/loa/High => minimum …/loa/High
          registered …:AssuranceLevel:2, requested exactly …/loa/Substantial …:AssuranceLevel:3 => minimum …/loa/Substantial …:AssuranceLevel:3
          registered …:AssuranceLevel:2, requested at least …/loa/Substantial …:AssuranceLevel:3 => minimum …/loa/Substantial …:AssuranceLevel:3
          registered …:AssuranceLevel:2, requested better than …/loa/Substantial …:AssuranceLevel:3 => minimum …/loa/High
          registered …:AssuranceLevel:2, requested at most …/loa/Substantial …:AssuranceLevel:3 => minimum …/loa/Low …:AssuranceLevel:2
        Oiosaml3AdfsMultipleAuthn
          registered  => nothing
          registered …:AssuranceLevel:1 => nothing
          registered …:AssuranceLevel:2 => nothing
          registered …:AssuranceLevel:3 => exact http://schemas.microsoft.com/claims/multipleauthn
          registered …:AssuranceLevel:4 => exact http://schemas.microsoft.com/claims/multipleauthn
          registered …/loa/Low => nothing
          registered …/loa/Substantial => exact http://schemas.microsoft.com/claims/multipleauthn
          registered …/loa/High => exact http://schemas.microsoft.com/claims/multipleauthn
          registered …:AssuranceLevel:2, requested exactly …/loa/Substantial …:AssuranceLevel:3 => exact http://schemas.microsoft.com/claims/multipleauthn
          registered …:AssuranceLevel:2, requested at least …/loa/Substantial …:AssuranceLevel:3 => exact http://schemas.microsoft.com/claims/multipleauthn
          registered …:AssuranceLevel:2, requested better than …/loa/Substantial …:AssuranceLevel:3 => exact http://schemas.microsoft.com/claims/multipleauthn
          registered …:AssuranceLevel:2, requested at most …/loa/Substantial …:AssuranceLevel:3 => nothing
        Oiosaml3AdfsRelayState
          registered  => nothing
          registered …:AssuranceLevel:1 => nothing &AssuranceLevel=1
          registered …:AssuranceLevel:2 => nothing &AssuranceLevel=2
          registered …:AssuranceLevel:3 => nothing &AssuranceLevel=3
          registered …:AssuranceLevel:4 => nothing &AssuranceLevel=4
          registered …/loa/Low => nothing &loa=Low
          registered …/loa/Substantial => nothing &loa=Substantial
          registered …/loa/High => nothing &loa=High
          registered …:AssuranceLevel:2, requested exactly …/loa/Substantial …:AssuranceLevel:3 => nothing &loa=Substantial&AssuranceLevel=3
          registered …:AssuranceLevel:2, requested at least …/loa/Substantial …:AssuranceLevel:3 => nothing &loa=Substantial&AssuranceLevel=3
          registered …:AssuranceLevel:2, requested better than …/loa/Substantial …:AssuranceLevel:3 => nothing &loa=High
          registered …:AssuranceLevel:2, requested at most …/loa/Substantial …:AssuranceLevel:3 => nothing &loa=Low&AssuranceLevel=2
        ");
    }
}
