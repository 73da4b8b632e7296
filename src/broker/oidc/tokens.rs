//! From a grant to an ID token and an access token: the one place where they are made.

use jiff::Timestamp;

use super::exchange::Held;
use crate::broker::Broker;
use crate::broker::issue::Told;
use crate::broker::registry::KnownClient;
use crate::domain::id::LoginId;
use crate::domain::reason::{Fault, Reason};
use crate::domain::subject::Grant;
use crate::protocol::jose::{self, Typ, jwe};
use crate::protocol::oauth::claims::{self, AccessToken, Attributes, Confirmation, IdToken};
use crate::protocol::oauth::token::{TokenAnswer, TokenType, scope};

/// Tokens that are ready and not yet on their way, and what the exchange log says about them.
pub(super) struct Tokens {
    pub(super) answer: TokenAnswer,
    pub(super) jti: String,
    pub(super) key: String,
    pub(super) algorithm: String,
}

/// What all tokens of one answer say alike.
struct Common<'c> {
    issuer: &'c str,
    sub: String,
    exp: i64,
    iat: i64,
    auth_time: i64,
    acr: String,
    sid: LoginId,
    attributes: Attributes,
}

impl Broker {
    /// The access token, and for a code the ID token as well: what a refresh would say of the login was said.
    pub(super) fn write_tokens(
        &self,
        client: &KnownClient<'_>,
        held: &Held,
        grant: &Grant<'_>,
        (bound_to, now): (Option<Confirmation>, Timestamp),
    ) -> Result<Tokens, Fault> {
        let (speaks, entitlement) = (client.speaks, &held.entitlement);
        let no_key = || Fault::new(Reason::Internal, "none of our keys signs as the client wants it");
        let signer = self.keys.token_signer(speaks.signed).ok_or_else(no_key)?;
        let told = Told::of(grant)?;
        let common = Common {
            issuer: &self.settings.public_url,
            sub: claims::subject(speaks.subject, &client.registered.entity_id, grant.name().as_str()),
            exp: held.participant.expires.min(now + speaks.tokens_live).as_second(),
            iat: now.as_second(),
            auth_time: entitlement.authenticated.as_second(),
            acr: told.level.class(),
            sid: held.participant.index,
            attributes: claims::attributes(&told.attributes, grant.rights()?, speaks.names),
        };
        let is_dpop = matches!(bound_to, Some(Confirmation::Dpop(_)));
        let access_token =
            common.access_token(client, scope(entitlement.offline), bound_to, self.fresh_login());
        let (jti, expires_in) = (access_token.jti.clone(), common.exp - common.iat);
        let access_token = jose::sign(&access_token, Typ::AccessToken, signer, speaks.signed)?;
        let id_token = match &entitlement.code {
            Some(of_code) => {
                let at_hash = claims::half_hash(&access_token, speaks.signed);
                let id_token = common.id_token(client, of_code.nonce.clone(), at_hash);
                let id_token = jose::sign(&id_token, Typ::IdToken, signer, speaks.signed)?;
                Some(self.sealed_for(client, id_token)?)
            }
            None => None,
        };
        let answer = TokenAnswer {
            access_token,
            token_type: if is_dpop { TokenType::Dpop } else { TokenType::Bearer },
            expires_in,
            id_token,
            refresh_token: None,
            scope: scope(entitlement.offline),
        };
        let key = signer.certificate().id().as_str().to_owned();
        Ok(Tokens { answer, jti, key, algorithm: speaks.signed.uri().to_owned() })
    }

    /// Sealed for the client, where it is registered so.
    fn sealed_for(&self, client: &KnownClient<'_>, id_token: String) -> Result<String, Fault> {
        let Some(how) = client.speaks.encrypted else { return Ok(id_token) };
        let no_key = || Fault::new(Reason::EncNokey, "the client has no registered key");
        let keys = client.speaks.jwks.as_ref().ok_or_else(no_key)?;
        jwe::seal(&id_token, keys, how, self.random.as_ref())
    }
}

impl Common<'_> {
    fn access_token(
        &self,
        client: &KnownClient<'_>,
        scope: &str,
        cnf: Option<Confirmation>,
        jti: LoginId,
    ) -> AccessToken {
        let client_id = &client.registered.entity_id;
        AccessToken {
            iss: self.issuer.to_owned(),
            sub: self.sub.clone(),
            // It opens our userinfo, and what the client builds for itself.
            aud: vec![self.issuer.to_owned(), client_id.as_str().to_owned()],
            exp: self.exp,
            iat: self.iat,
            jti: jti.to_string(),
            client_id: client_id.clone(),
            scope: scope.to_owned(),
            auth_time: self.auth_time,
            acr: self.acr.clone(),
            sid: self.sid,
            cnf,
            attributes: self.attributes.clone(),
        }
    }

    fn id_token(self, client: &KnownClient<'_>, nonce: Option<String>, at_hash: String) -> IdToken {
        IdToken {
            iss: self.issuer.to_owned(),
            sub: self.sub,
            aud: client.registered.entity_id.as_str().to_owned(),
            exp: self.exp,
            iat: self.iat,
            auth_time: self.auth_time,
            nonce,
            acr: self.acr,
            sid: self.sid,
            at_hash: Some(at_hash),
            attributes: self.attributes,
        }
    }
}
