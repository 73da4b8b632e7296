//! Clients of OpenID Connect: they are told by a logout token at their back channel, one for each index that they know; those
//! without one by frames in our last page, where nobody can see what becomes of it.

use super::party::MAX_ANSWER;
use crate::broker::Broker;
use crate::broker::egress::{Egress, Posted};
use crate::broker::registry::{KnownClient, Snapshot};
use crate::domain::id::LoginId;
use crate::domain::reason::{Fault, Reason};
use crate::domain::session::Party;
use crate::protocol::address::escaped;
use crate::protocol::jose::{self, Typ};
use crate::protocol::oauth::claims::{LogoutToken, subject};

/// What a client is posted.
const FIELD: &str = "logout_token";

/// Tokens for one client, and what the first is called.
pub(super) struct LogoutTokens {
    pub(super) jti: LoginId,
    tokens: Vec<String>,
}

impl Broker {
    /// The addresses that tell a party in frames, and none where it is told otherwise.
    pub(super) fn frames(&self, snapshot: &Snapshot, party: &Party) -> Vec<String> {
        let client = snapshot.client(party.entity_id()).ok();
        let logout = client.map(|client| &client.speaks.logout).filter(|logout| logout.backchannel.is_none());
        let (Some(address), Party::Fagsystem { indexes, .. }) =
            (logout.and_then(|logout| logout.frontchannel.as_deref()), party)
        else {
            return Vec::new();
        };
        let joint = if address.contains('?') { '&' } else { '?' };
        let issuer = escaped(&self.settings.public_url);
        indexes.iter().map(|index| format!("{address}{joint}iss={issuer}&sid={index}")).collect()
    }

    /// Writes the tokens that tell a client of it.
    pub(super) fn logout_tokens(
        &self,
        client: &KnownClient<'_>,
        party: &Party,
    ) -> Result<LogoutTokens, Fault> {
        let Party::Fagsystem { fagsystem, name, indexes } = party else {
            return Err(Fault::new(Reason::Internal, "an identity provider is no client"));
        };
        let algorithm = client.speaks.signed;
        let signer = self.keys.token_signer(algorithm)?;
        let (issuer, jti) = (&self.settings.public_url, self.fresh_login());
        let mut tokens = Vec::new();
        for (number, index) in indexes.iter().enumerate() {
            let jti = if number == 0 { jti } else { self.fresh_login() };
            let about = (subject(client.speaks.subject, fagsystem, name), *index);
            let token = LogoutToken::new(issuer, fagsystem, about, jti, self.clock.now());
            tokens.push(jose::sign(&token, Typ::LogoutToken, signer, algorithm)?);
        }
        Ok(LogoutTokens { jti, tokens })
    }
}

impl LogoutTokens {
    /// Posts all of them. That the client took the last one says that it took them all.
    pub(super) async fn post(
        self,
        egress: &Egress,
        address: &str,
        patience: std::time::Duration,
    ) -> Result<Vec<u8>, Fault> {
        let mut answer = Vec::new();
        for token in &self.tokens {
            let posted = egress.post_form(address, (FIELD, token), MAX_ANSWER, patience).await;
            answer = posted.and_then(Posted::accepted)?;
        }
        Ok(answer)
    }
}
