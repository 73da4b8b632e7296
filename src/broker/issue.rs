//! From a [`Grant`] to the token: the one place where a token is made.

use jiff::{SignedDuration, Timestamp};

use super::Broker;
use super::audit::Trail;
use super::registry::KnownFagsystem;
use crate::domain::assurance::{Achieved, Level};
use crate::domain::audit::{Actor, Event, Record};
use crate::domain::federation::Dialect;
use crate::domain::id::{LoginId, MessageId};
use crate::domain::login::Asked;
use crate::domain::reason::{Fault, Reason};
use crate::domain::subject::Grant;
use crate::protocol::saml::assertion::{AuthnStatement, OurAssertion};
use crate::protocol::saml::attribute as name;
use crate::protocol::saml::binding::{Carries, Form};
use crate::protocol::saml::response::{OurResponse, Sealed};
use crate::store::Session;

/// How far an assertion is dated back: some fagsystemer refuse what is a second ahead of their clock.
const BACK_DATED: SignedDuration = SignedDuration::from_secs(5);

/// A token that is ready and not yet on its way.
pub(super) struct Issued {
    pub(super) form: Form,
    pub(super) session: Session,
    response: MessageId,
    assertion: MessageId,
    level: String,
    key: String,
    algorithm: String,
}

impl Issued {
    /// What the exchange log says about it.
    pub(super) fn record(&self, trail: &Trail) -> Record {
        Record {
            event: Event::TokenIssued,
            message: Some(self.response.to_string()),
            assertion: Some(self.assertion.to_string()),
            in_response_to: trail.may_be_told.as_ref().map(|asked| asked.request.to_string()),
            level: Some(self.level.clone()),
            key: Some(self.key.clone()),
            algorithm: Some(self.algorithm.clone()),
            claimed_issuer: None,
            sha256: None,
            ..trail.allowed(Actor::Broker, Reason::LoginOk)
        }
    }
}

impl Broker {
    pub(super) fn issue(
        &self,
        grant: &Grant<'_>,
        asked: &Asked,
        fagsystem: &KnownFagsystem<'_>,
        upstream: &AuthnStatement,
        now: Timestamp,
    ) -> Result<Issued, Fault> {
        let session = self.session(grant, asked, upstream, now);
        let (response, assertion) =
            (MessageId::made(now, self.random.bits()), MessageId::made(now, self.random.bits()));
        let dialect = grant.agreement().fagsystem().dialect;
        let level = stated_level(grant.level(), dialect)?;
        let ours = OurAssertion {
            id: &assertion,
            issuer: &self.settings.entity_id,
            issue_instant: now,
            not_before: now - BACK_DATED,
            not_on_or_after: now + self.settings.assertion_for,
            name_id: grant.name().as_str(),
            in_response_to: &asked.request,
            recipient: &asked.acs,
            audience: &asked.fagsystem,
            session_index: &session.index.to_string(),
            session_not_on_or_after: session.expires,
            class: &level.class(),
            authenticated_by: &grant.agreement().idp().entity_id,
            name_format: name::name_format(dialect),
            attributes: &attributes(grant, dialect, level),
        };
        let frame = OurResponse {
            id: &response,
            issuer: &self.settings.entity_id,
            issue_instant: now,
            destination: &asked.acs,
            in_response_to: &asked.request,
        };
        let signer = self.keys.signer();
        let sealed = self.sealed_to(fagsystem, now)?;
        let outer = fagsystem.registered.sign_response.then_some(signer);
        let xml = frame.write(&ours, signer, sealed, outer)?;
        Ok(Issued {
            form: Form::new(&asked.acs, Carries::Response, xml.as_str(), asked.relay_state.clone()),
            session,
            level: grant.level().to_string(),
            key: signer.certificate().id().as_str().to_owned(),
            algorithm: signer.algorithm().uri().to_owned(),
            response,
            assertion,
        })
    }

    /// A fagsystem that has an encryption key is never answered in plain, not even when the key has become useless.
    fn sealed_to<'s>(
        &'s self,
        fagsystem: &KnownFagsystem<'s>,
        now: Timestamp,
    ) -> Result<Option<Sealed<'s>>, Fault> {
        let Some((to, how)) = &fagsystem.metadata.encryption else { return Ok(None) };
        if now < to.not_before() || to.not_after() <= now {
            let detail =
                format!("the encryption certificate holds from {} to {}", to.not_before(), to.not_after());
            return Err(Fault::new(Reason::EncNokey, detail));
        }
        Ok(Some(Sealed { to, how: *how, random: self.random.as_ref() }))
    }

    /// The session lasts as long as ours do, and not longer than the identity provider's.
    fn session(
        &self,
        grant: &Grant<'_>,
        asked: &Asked,
        upstream: &AuthnStatement,
        now: Timestamp,
    ) -> Session {
        let ours = now + self.settings.session_for;
        Session {
            index: LoginId::begun(now, self.random.bits()),
            login: asked.login,
            authority: grant.agreement().authority().cvr,
            idp: grant.agreement().idp().entity_id.clone(),
            idp_index: upstream.session_index.clone(),
            fagsystem: asked.fagsystem.clone(),
            name: grant.name().as_str().to_owned(),
            expires: upstream.session_not_on_or_after.map_or(ours, |theirs| theirs.min(ours)),
        }
    }
}

/// The level in the receiver's scale. OIOSAML 3 tells the older scale only where no NSIS level was reached.
fn stated_level(level: &Achieved, dialect: Dialect) -> Result<Level, Fault> {
    let nist = level.nist.map(Level::Nist);
    let stated = match dialect {
        Dialect::Oiosaml2 => nist,
        Dialect::Oiosaml3 => level.nsis.map(Level::Nsis).or(nist),
    };
    stated.ok_or_else(|| Fault::new(Reason::LoaUnknown, "the identity provider stated no level that counts"))
}

/// What a fagsystem is told, by its generation of the profile. Rights are told only when they have been translated to
/// the fagsystem's own roles.
fn attributes(grant: &Grant<'_>, dialect: Dialect, level: Level) -> Vec<(&'static str, Vec<String>)> {
    let authority = grant.agreement().authority();
    let one = |name: &'static str, value: &str| (name, vec![value.to_owned()]);
    let mut told = vec![
        one(name::SPEC_VERSION.in_dialect(dialect), name::spec_version(dialect)),
        one(name::KOMBIT_SPEC_VERSION.oiosaml2, name::kombit_spec_version(dialect)),
        match level {
            Level::Nsis(nsis) => one(name::LOA, nsis.word()),
            Level::Nist(nist) => one(name::ASSURANCE_LEVEL, &nist.digit().to_string()),
        },
        one(name::CVR.in_dialect(dialect), authority.cvr.as_str()),
    ];
    if dialect == Dialect::Oiosaml3 {
        told.push(one(name::ORGANISATION.oiosaml3, &authority.name));
    }
    if !grant.email().is_empty() && dialect == Dialect::Oiosaml3 {
        told.push((name::EMAIL.oiosaml3, grant.email().to_vec()));
    }
    told
}
