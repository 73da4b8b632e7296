//! From a grant to an ID token and an access token: the one place where they are made.

use jiff::Timestamp;

use super::OfCode;
use super::exchange::Held;
use crate::broker::Broker;
use crate::broker::issue::Told;
use crate::broker::registry::KnownClient;
use crate::domain::reason::{Fault, Reason};
use crate::domain::subject::Grant;
use crate::protocol::jose::{self, Typ, jwe};
use crate::protocol::oauth::claims::{self, AccessToken, Attributes, Confirmation, IdToken};
use crate::protocol::oauth::token::{TokenAnswer, TokenType, scope};

/// Tokens that are ready and not yet on their way, and what the exchange log says about them: it names the access token,
/// and the key and the algorithm are of its signature, also where the ID token beside it has another.
pub(super) struct Tokens {
    pub(super) answer: TokenAnswer,
    pub(super) jti: String,
    pub(super) key: String,
    pub(super) algorithm: String,
}

impl Broker {
    /// A code is worth an ID token as well. A refresh is not: it says nothing new about who logged in, and costs a
    /// signature.
    pub(super) fn write_tokens(
        &self,
        client: &KnownClient<'_>,
        held: &Held,
        grant: &Grant<'_>,
        (cnf, now): (Option<Confirmation>, Timestamp),
    ) -> Result<Tokens, Fault> {
        let (speaks, entitlement) = (client.speaks, &held.entitlement);
        let (issuer, name) = (&self.settings.public_url, &client.registered.entity_id);
        let told = Told::of(grant)?;
        let is_dpop = matches!(cnf, Some(Confirmation::Dpop(_)));
        let scope = scope(entitlement.offline);
        let said = AccessToken {
            iss: issuer.clone(),
            sub: claims::subject(speaks.subject, name, grant.name().as_str()),
            // It opens our userinfo, and what the client builds for itself.
            aud: vec![issuer.clone(), name.as_str().to_owned()],
            exp: held.participant.expires.min(now + speaks.tokens_live).as_second(),
            iat: now.as_second(),
            jti: self.fresh_login().to_string(),
            client_id: name.clone(),
            scope: scope.to_owned(),
            auth_time: entitlement.authenticated.as_second(),
            acr: told.level.class(),
            amr: entitlement.methods.clone(),
            sid: held.participant.index,
            cnf,
        };
        let attributes = Attributes::new(&told.attributes, grant.rights()?, speaks.names)?;
        let (signer, algorithm) = (self.keys.token_signer(speaks.access_signed)?, speaks.access_signed);
        let access_token =
            jose::sign_written(&attributes.after(&said)?, Typ::AccessToken, signer, algorithm)?;
        let expires_in = said.exp - said.iat;
        let jti = said.jti.clone();
        let id_token = match &entitlement.code {
            Some(of_code) => {
                Some(self.write_id_token(client, of_code, (said, &attributes), &access_token)?)
            }
            None => None,
        };
        let token_type = if is_dpop { TokenType::Dpop } else { TokenType::Bearer };
        let answer =
            TokenAnswer { access_token, token_type, expires_in, id_token, refresh_token: None, scope };
        let key = signer.certificate().id().to_string();
        Ok(Tokens { answer, jti, key, algorithm: algorithm.uri().to_owned() })
    }

    fn write_id_token(
        &self,
        client: &KnownClient<'_>,
        of_code: &OfCode,
        (said, attributes): (AccessToken, &Attributes),
        access_token: &str,
    ) -> Result<String, Fault> {
        let AccessToken { iss, sub, exp, iat, auth_time, acr, amr, sid, .. } = said;
        let signed = client.speaks.signed;
        let (aud, nonce) = (client.registered.entity_id.as_str().to_owned(), of_code.nonce.clone());
        let at_hash = claims::half_hash(access_token, signed);
        let said = IdToken { iss, sub, aud, exp, iat, auth_time, nonce, acr, amr, sid, at_hash };
        let signer = self.keys.token_signer(signed)?;
        let id_token = jose::sign_written(&attributes.after(&said)?, Typ::IdToken, signer, signed)?;
        self.sealed_for(client, id_token)
    }

    /// Sealed for the client, where it is registered so.
    fn sealed_for(&self, client: &KnownClient<'_>, id_token: String) -> Result<String, Fault> {
        let Some(how) = client.speaks.encrypted else { return Ok(id_token) };
        let no_key = || Fault::new(Reason::EncNokey, "the client has no registered key");
        let keys = client.speaks.jwks.as_ref().ok_or_else(no_key)?;
        jwe::seal(&id_token, keys, how, self.random.as_ref())
    }
}
