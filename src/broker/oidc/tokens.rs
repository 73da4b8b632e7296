//! From a grant to an ID token and an access token: the one place where they are made.

use jiff::Timestamp;

use super::exchange::Held;
use crate::broker::Broker;
use crate::broker::issue::Told;
use crate::broker::registry::KnownClient;
use crate::domain::reason::{Fault, Reason};
use crate::domain::subject::Grant;
use crate::protocol::jose::{self, Typ, jwe};
use crate::protocol::keys::{SignatureAlgorithm, Signer};
use crate::protocol::oauth::claims::{self, AccessToken, Confirmation, IdToken};
use crate::protocol::oauth::token::{TokenAnswer, TokenType, scope};

/// Tokens that are ready and not yet on their way, and what the exchange log says about them.
pub(super) struct Tokens {
    pub(super) answer: TokenAnswer,
    pub(super) jti: String,
    pub(super) key: String,
    pub(super) algorithm: String,
}

impl Broker {
    pub(super) fn write_tokens(
        &self,
        client: &KnownClient<'_>,
        held: &Held,
        grant: &Grant<'_>,
        (bound_to, now): (Option<Confirmation>, Timestamp),
    ) -> Result<Tokens, Fault> {
        let (speaks, entitlement, algorithm) = (client.speaks, &held.entitlement, client.speaks.signed);
        let (issuer, audience) = (self.settings.public_url.clone(), &client.registered.entity_id);
        let signer = self.token_signer(algorithm)?;
        let told = Told::of(grant)?;
        let attributes = claims::attributes(&told.attributes, grant.rights()?, speaks.names);
        let sub = claims::subject(speaks.subject, audience, grant.name().as_str());
        let exp = held.participant.expires.min(now + speaks.tokens_live).as_second();
        let (iat, auth_time) = (now.as_second(), entitlement.authenticated.as_second());
        let (acr, sid, scope) = (told.level.class(), held.participant.index, scope(entitlement.offline));
        let jti = self.fresh_login().to_string();
        let is_dpop = matches!(bound_to, Some(Confirmation::Dpop(_)));
        let access_token = AccessToken {
            iss: issuer.clone(),
            sub: sub.clone(),
            // It opens our userinfo, and what the client builds for itself.
            aud: vec![issuer.clone(), audience.as_str().to_owned()],
            exp,
            iat,
            jti: jti.clone(),
            client_id: audience.clone(),
            scope: scope.to_owned(),
            auth_time,
            acr: acr.clone(),
            sid,
            cnf: bound_to,
            attributes: attributes.clone(),
        };
        let access_token = jose::sign(&access_token, Typ::AccessToken, signer, algorithm)?;
        let id_token = IdToken {
            iss: issuer,
            sub,
            aud: audience.as_str().to_owned(),
            exp,
            iat,
            auth_time,
            nonce: entitlement.code.as_ref().and_then(|of_code| of_code.nonce.clone()),
            acr,
            sid,
            at_hash: Some(claims::half_hash(&access_token, speaks.signed)),
            attributes,
        };
        let id_token = jose::sign(&id_token, Typ::IdToken, signer, algorithm)?;
        let answer = TokenAnswer {
            access_token,
            token_type: if is_dpop { TokenType::Dpop } else { TokenType::Bearer },
            expires_in: exp - iat,
            id_token: self.sealed_for(client, id_token)?,
            refresh_token: None,
            scope,
        };
        let key = signer.certificate().id().to_string();
        Ok(Tokens { answer, jti, key, algorithm: algorithm.uri().to_owned() })
    }

    fn token_signer(&self, algorithm: SignatureAlgorithm) -> Result<&dyn Signer, Fault> {
        let no_key = || Fault::new(Reason::Internal, "none of our keys signs as the client wants it");
        self.keys.token_signer(algorithm).ok_or_else(no_key)
    }

    /// Sealed for the client, where it is registered so.
    fn sealed_for(&self, client: &KnownClient<'_>, id_token: String) -> Result<String, Fault> {
        let Some(how) = client.speaks.encrypted else { return Ok(id_token) };
        let no_key = || Fault::new(Reason::EncNokey, "the client has no registered key");
        let keys = client.speaks.jwks.as_ref().ok_or_else(no_key)?;
        jwe::seal(&id_token, keys, how, self.random.as_ref())
    }
}
