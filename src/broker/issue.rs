//! From a [`Grant`] to the token: the one place where a token is made.

use jiff::{SignedDuration, Timestamp};

use super::audit::Trail;
use super::session::Seat;
use super::{Broker, ByBrowser};
use crate::domain::assurance::{Achieved, Level};
use crate::domain::audit::{Actor, Event, Record};
use crate::domain::federation::Dialect;
use crate::domain::id::MessageId;
use crate::domain::login::{Asked, Reply};
use crate::domain::person::Claim;
use crate::domain::reason::{Fault, Reason};
use crate::domain::subject::Grant;
use crate::protocol::bpp;
use crate::protocol::saml::assertion::OurAssertion;
use crate::protocol::saml::attribute as name;
use crate::protocol::saml::binding::{Carries, Form};
use crate::protocol::saml::metadata::SpMetadata;
use crate::protocol::saml::response::{OurResponse, Sealed};
use crate::protocol::xml::Canonical;
use crate::store::Voucher;

/// How far an assertion is dated back: some readers refuse what is a second ahead of their clock.
pub(super) const BACK_DATED: SignedDuration = SignedDuration::from_secs(5);

/// A token that is ready and not yet on its way.
pub(super) struct Issued {
    pub(super) answer: ByBrowser,
    /// What a code stands for, where one is given out instead of the token.
    pub(super) voucher: Option<Voucher>,
    /// By what name the answer is found again: it opens nothing.
    message: String,
    level: String,
    signed: Option<Signed>,
}

/// What was signed, and by which key.
struct Signed {
    assertion: MessageId,
    key: String,
    algorithm: String,
}

impl Issued {
    /// What the exchange log says about it.
    pub(super) fn record(&self, trail: &Trail, seat: &Seat) -> Record {
        let signed = self.signed.as_ref();
        let mut record = Record {
            event: Event::TokenIssued,
            session: Some(seat.participant.session),
            message: Some(self.message.clone()),
            assertion: signed.map(|signed| signed.assertion.to_string()),
            in_response_to: trail.may_be_told.as_ref().map(|asked| asked.request.to_string()),
            level: Some(self.level.clone()),
            key: signed.map(|signed| signed.key.clone()),
            algorithm: signed.map(|signed| signed.algorithm.clone()),
            claimed_issuer: None,
            sha256: None,
            ..trail.allowed(Actor::Broker, seat.reason)
        };
        record.ruled(&trail.rulings);
        record
    }
}

impl Broker {
    /// Says it to the fagsystem in its own protocol.
    pub(super) fn issue(
        &self,
        grant: &Grant<'_>,
        asked: &Asked,
        seat: &Seat,
        now: Timestamp,
    ) -> Result<Issued, Fault> {
        if grant.agreement().is_rehearsed() {
            return Err(Fault::new(Reason::AgreementMissing, "nothing is issued in a trust run"));
        }
        match &asked.reply {
            Reply::Saml { acs, relay_state } => {
                let (signed, message, xml) = self.assertion(grant, (asked, acs), seat, now)?;
                let form = Form::new(acs, Carries::Response, xml.as_str(), relay_state.clone());
                let (answer, level) = (ByBrowser::Post(form), grant.level().to_string());
                Ok(Issued { answer, voucher: None, message, level, signed: Some(signed) })
            }
            Reply::Oidc(reply) => {
                let (voucher, answer) = self.code(grant, (asked, reply), seat, now)?;
                let (message, level) = (voucher.id.to_string(), grant.level().to_string());
                Ok(Issued { answer, voucher: Some(voucher), message, level, signed: None })
            }
            Reply::Trial(_) | Reply::Console => {
                Err(Fault::new(Reason::Internal, "this login ends on a page of ours"))
            }
        }
    }

    fn assertion(
        &self,
        grant: &Grant<'_>,
        (asked, acs): (&Asked, &str),
        seat: &Seat,
        now: Timestamp,
    ) -> Result<(Signed, String, Canonical), Fault> {
        let snapshot = self.snapshot();
        let fagsystem = snapshot.fagsystem(&asked.fagsystem, now)?; // still switched on
        let (response, assertion) =
            (MessageId::made(now, self.random.bits()), MessageId::made(now, self.random.bits()));
        let dialect = grant.agreement().fagsystem().dialect;
        let told = Told::of(grant)?;
        let ours = OurAssertion {
            id: &assertion,
            issuer: &self.settings.entity_id,
            issue_instant: now,
            not_before: now - BACK_DATED,
            not_on_or_after: now + self.settings.assertion_for,
            name_id: grant.name().as_str(),
            in_response_to: &asked.request,
            recipient: acs,
            audience: &asked.fagsystem,
            session_index: &seat.participant.index.to_string(),
            session_not_on_or_after: seat.participant.expires,
            authn_instant: seat.authenticated,
            class: &told.level.class(),
            authenticated_by: &seat.authenticated_by,
            name_format: name::name_format(dialect),
            attributes: &told.attributes,
        };
        let frame = OurResponse {
            id: &response,
            issuer: &self.settings.entity_id,
            issue_instant: now,
            destination: acs,
            in_response_to: &asked.request,
        };
        let signer = self.keys.signer();
        let sealed = self.sealed_to(fagsystem.metadata, now)?;
        let outer = fagsystem.registered.sign_response.then_some(signer);
        let xml = frame.write(&ours, signer, sealed, outer)?;
        let signed = Signed {
            assertion,
            key: signer.certificate().id().as_str().to_owned(),
            algorithm: signer.algorithm().uri().to_owned(),
        };
        Ok((signed, response.to_string(), xml))
    }

    /// A receiver that has an encryption key is never answered in plain, not even when the key has become useless.
    pub(super) fn sealed_to<'s>(
        &'s self,
        receiver: &'s SpMetadata,
        now: Timestamp,
    ) -> Result<Option<Sealed<'s>>, Fault> {
        let Some((to, how)) = &receiver.encryption else { return Ok(None) };
        if now < to.not_before() || to.not_after() <= now {
            let detail =
                format!("the encryption certificate holds from {} to {}", to.not_before(), to.not_after());
            return Err(Fault::new(Reason::EncNokey, detail));
        }
        Ok(Some(Sealed { to, how: *how, random: self.random.as_ref() }))
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

/// What one fagsystem is told about its user, and nothing else: what it all rests on is in the grant.
pub(super) struct Told {
    pub(super) level: Level,
    pub(super) attributes: Vec<(&'static str, Vec<String>)>,
}

impl Told {
    /// By the fagsystem's generation of the profile and its attribute profile. Rights are told in its own roles.
    pub(super) fn of(grant: &Grant<'_>) -> Result<Self, Fault> {
        let authority = grant.agreement().authority();
        let dialect = grant.agreement().fagsystem().dialect;
        let level = stated_level(grant.level(), dialect)?;
        let one = |name: &'static str, value: &str| (name, vec![value.to_owned()]);
        let mut attributes = vec![
            one(name::SPEC_VERSION.in_dialect(dialect), name::spec_version(dialect)),
            one(name::KOMBIT_SPEC_VERSION.oiosaml2, name::kombit_spec_version(dialect)),
            match level {
                Level::Nsis(nsis) => one(name::LOA, nsis.word()),
                Level::Nist(nist) => one(name::ASSURANCE_LEVEL, &nist.digit().to_string()),
            },
            one(name::CVR.in_dialect(dialect), authority.cvr.as_str()),
        ];
        if dialect == Dialect::Oiosaml3 {
            attributes.push(one(name::ORGANISATION.oiosaml3, &authority.name));
        }
        // The municipal profile of the older generation has no e-mail address.
        let known = |claim: &Claim| *claim != Claim::Email || dialect == Dialect::Oiosaml3;
        let claims = grant.person().filter(|(claim, _)| known(claim));
        attributes.extend(
            claims.map(|(claim, values)| (name::of_claim(claim).in_dialect(dialect), values.to_vec())),
        );
        attributes.extend(bpp::attribute(grant.rights()?, dialect)?);
        Ok(Self { level, attributes })
    }
}
