//! How a client is proved, and the key that it binds its tokens to.

use jiff::{SignedDuration, Timestamp};

use super::call::{ClientCall, Refused, Story};
use crate::broker::Broker;
use crate::broker::registry::{KnownClient, Snapshot};
use crate::domain::audit::Actor;
use crate::domain::id::EntityId;
use crate::domain::reason::{Fault, Reason};
use crate::protocol::jose::{self, Audience, Expectation, Lifetime, Typ, VERIFIED_WITH, dpop};
use crate::protocol::keys::Certificate;
use crate::protocol::oauth::client::Method;
use crate::protocol::oauth::token::{Presented, Proved};
use crate::store::{Kind, Mark};

/// How long what a client proves itself with may live. Some libraries write an hour and cannot be told otherwise; it counts
/// once in any case.
const ASSERTION_LIVES: SignedDuration = SignedDuration::from_hours(1);
/// The longest name of one.
const MAX_JTI: usize = 256;
/// How old a proof of possession may be.
const POSSESSION_LIVES: SignedDuration = SignedDuration::from_secs(60);
/// How long a value of ours may be repeated in proofs.
const NONCE_LIVES: SignedDuration = SignedDuration::from_mins(5);
/// What such a value is sealed for.
const NONCE: &str = "DPoP nonce";

impl Broker {
    /// The client that calls: registered, switched on, and proved in the one way that it is registered with.
    pub(in crate::broker) fn authenticate_client<'s>(
        &self,
        story: &mut Story,
        snapshot: &'s Snapshot,
        call: &ClientCall,
    ) -> Result<KnownClient<'s>, Fault> {
        let presented = Presented::read(call.authorization.as_deref(), &call.form)?;
        let named = named(&presented)?;
        story.trail.claimed(&named);
        let client = snapshot.client(&named)?; // registered and switched on
        match presented.prove(client.speaks)? {
            Proved::Whole => {}
            Proved::IfSigned(assertion) => self.check_assertion(story, &client, assertion)?,
            Proved::IfOverTls(subject) => self.check_certificate(story, call, subject)?,
        }
        if client.speaks.authentication.method() != Method::None {
            story.trail.record.actor = Actor::Fagsystem;
        }
        story.trail.record.fagsystem = Some(named);
        Ok(client)
    }

    /// A token that the client signed, about itself, for us alone and for the first time.
    fn check_assertion(
        &self,
        story: &mut Story,
        client: &KnownClient<'_>,
        assertion: &str,
    ) -> Result<(), Fault> {
        let (name, skew) = (&client.registered.entity_id, self.settings.skew);
        let claimed = jose::claimed(assertion)?;
        let wrong = |what: &'static str| Fault::new(Reason::JwtClaims, what);
        if claimed.claimed_issuer() != name {
            return Err(wrong("the client assertion is from somebody else than `client_id`"));
        }
        let keys = client.speaks.jwks.as_ref();
        let keys = keys.ok_or_else(|| Fault::new(Reason::JwtKey, "the client has no registered key"))?;
        let verified = claimed.verify(keys, &VERIFIED_WITH, Typ::ClientAssertion)?; // signed by its own key
        story.trail.proved_by(verified.proof(), Actor::Fagsystem);
        let token_endpoint = self.settings.oauth2("token");
        let accepted = verified.accept(&Expectation {
            audience: Audience::Only(&[&self.settings.public_url, &token_endpoint]),
            lifetime: Lifetime::AtMost(ASSERTION_LIVES),
            now: self.clock.now(),
            skew,
        })?; // for us, now
        if accepted.text("sub") != Some(name.as_str()) {
            return Err(wrong("the client assertion is about somebody else than its issuer"));
        }
        let jti = accepted.text("jti").filter(|jti| !jti.is_empty() && jti.len() <= MAX_JTI);
        story.uses.push(Mark {
            kind: Kind::ClientAssertion,
            issuer: name.as_str().to_owned(),
            id: jti.ok_or_else(|| wrong("the client assertion has no `jti`, or a long one"))?.to_owned(),
            made: accepted.expires(),
            expires: accepted.expires() + skew,
        });
        Ok(())
    }

    /// The proxy that handed it over has proved that the client holds its key, and by whom it was issued.
    fn check_certificate(&self, story: &mut Story, call: &ClientCall, subject: &str) -> Result<(), Fault> {
        let wrong = |what: &'static str| Fault::new(Reason::OidcClient, what);
        let der = call.certificate.as_ref().ok_or_else(|| wrong("expected a TLS certificate, got none"))?;
        let certificate = Certificate::from_der(der).map_err(|_| wrong("expected a readable certificate"))?;
        let now = self.clock.now();
        if now < certificate.not_before() || certificate.not_after() <= now {
            return Err(wrong("the TLS certificate is not in force"));
        }
        if !certificate.has_subject(subject) {
            return Err(wrong("the TLS certificate has another subject than the registered one"));
        }
        story.trail.record.key = Some(certificate.id().to_string());
        Ok(())
    }

    /// The thumbprint of the key that the call proves to hold, if it brings such a proof.
    pub(in crate::broker) fn possession(
        &self,
        story: &mut Story,
        (client, call): (&KnownClient<'_>, &ClientCall),
        (path, access_token): (&str, Option<&str>),
    ) -> Result<Option<String>, Refused> {
        let Some(proof) = &call.proof else { return Ok(None) };
        let address = self.settings.oauth2(path);
        let request = dpop::Request { method: call.method, address: &address, access_token };
        let fresh =
            dpop::Freshness { now: self.clock.now(), age: POSSESSION_LIVES, skew: self.settings.skew };
        let possession = dpop::read(proof, &request, &fresh).map_err(Refused::possession)?;
        if client.speaks.dpop_nonce {
            self.check_nonce(possession.nonce.as_deref()).map_err(Refused::nonce)?;
        }
        story.uses.push(Mark {
            kind: Kind::Possession,
            issuer: possession.jkt.clone(),
            id: possession.jti,
            made: possession.until,
            expires: possession.until,
        });
        Ok(Some(possession.jkt))
    }

    /// A value that clients repeat in their proofs, so that none was made long in advance. We keep none of them.
    pub(super) fn fresh_nonce(&self) -> Option<String> {
        let now = self.clock.now().as_second().to_string();
        self.sealer.load().seal(now.as_bytes(), NONCE, self.random.as_ref()).ok()
    }

    fn check_nonce(&self, nonce: Option<&str>) -> Result<(), Fault> {
        let opened = nonce.and_then(|nonce| self.sealer.load().open(nonce, NONCE).ok());
        let made = opened.and_then(|text| std::str::from_utf8(&text).ok()?.parse().ok());
        let made = made.and_then(|second| Timestamp::from_second(second).ok());
        match made.is_some_and(|made| self.clock.now().duration_since(made) < NONCE_LIVES) {
            true => Ok(()),
            false => Err(Fault::new(
                Reason::PopNonce,
                "expected a nonce of ours in the proof, not older than five minutes",
            )),
        }
    }
}

/// Who the call says that it is from.
fn named(presented: &Presented<'_>) -> Result<EntityId, Fault> {
    let no_name = |_| Fault::new(Reason::OidcClient, "expected the name of a client in `client_id`");
    match presented {
        Presented::Assertion { client_id: None, assertion } => {
            Ok(jose::claimed(assertion)?.claimed_issuer().clone())
        }
        _ => EntityId::new(presented.client_id().unwrap_or_default()).map_err(no_name),
    }
}
