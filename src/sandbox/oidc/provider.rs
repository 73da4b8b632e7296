//! The broker as an OpenID Connect provider, seen from the fagsystem: what it publishes, and the calls that go to it
//! without a browser between.

use jiff::Timestamp;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use super::jwt::{Claims, Keys, OwnKey};
use crate::browser;
use crate::domain::world::Random;
use crate::sandbox::saml::{Refused, expect, fresh_id, refused};
use crate::sandbox::wire;

/// How long a proof of the fagsystem's own name holds, in seconds.
const PROOF_HOLDS: i64 = 60;

/// The way to the provider.
pub(super) struct Provider {
    pub(super) issuer: String,
    pub(super) client: reqwest::Client,
}

/// Where the provider says that it answers.
#[derive(Deserialize)]
pub(super) struct Published {
    issuer: String,
    pub(super) authorization_endpoint: String,
    token_endpoint: String,
    userinfo_endpoint: String,
    /// A provider need not offer one.
    pub(super) end_session_endpoint: Option<String>,
    jwks_uri: String,
}

/// What the token endpoint gives.
#[derive(Clone, Deserialize)]
pub(super) struct Tokens {
    pub(super) access_token: String,
    token_type: String,
    pub(super) expires_in: i64,
    pub(super) id_token: Option<String>,
    pub(super) refresh_token: Option<String>,
}

/// What an endpoint says when it refuses.
#[derive(Deserialize)]
struct Complaint {
    error: String,
    #[serde(default)]
    error_description: String,
}

impl Provider {
    /// Where everything is, freshly asked.
    pub(super) async fn published(&self) -> Result<Published, Refused> {
        let address = format!("{}/.well-known/openid-configuration", self.issuer);
        let published: Published = answer(self.client.get(&address)).await?;
        expect("issuer", &self.issuer, Some(&published.issuer))?;
        Ok(published)
    }

    /// The keys that it signs with.
    pub(super) async fn keys(&self, published: &Published) -> Result<Keys, Refused> {
        answer(self.client.get(&published.jwks_uri)).await
    }

    /// Exchanges a code or a refresh token; the fields say which.
    pub(super) async fn tokens(
        &self,
        published: &Published,
        fields: &[(&str, &str)],
        own: (&str, &str),
    ) -> Result<Tokens, Refused> {
        let (client_id, assertion) = own;
        let proof = [
            ("client_id", client_id),
            ("client_assertion_type", "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"),
            ("client_assertion", assertion),
        ];
        let pairs =
            fields.iter().chain(&proof).map(|(name, value)| format!("{name}={}", wire::escaped(value)));
        let request = self.client.post(&published.token_endpoint);
        let request = request.header("content-type", "application/x-www-form-urlencoded");
        let tokens: Tokens = answer(request.body(pairs.collect::<Vec<_>>().join("&"))).await?;
        if tokens.token_type.eq_ignore_ascii_case("Bearer") {
            Ok(tokens)
        } else {
            refused(format!("expected a Bearer token, got {}", tokens.token_type))
        }
    }

    /// What the provider says about the user of an access token.
    pub(super) async fn userinfo(
        &self,
        published: &Published,
        access_token: &str,
    ) -> Result<Claims, Refused> {
        answer(self.client.get(&published.userinfo_endpoint).bearer_auth(access_token)).await
    }
}

/// Says who calls the provider, and proves it by the fagsystem's key.
pub(super) fn proof(
    own: &OwnKey,
    client_id: &str,
    issuer: &str,
    now: Timestamp,
    random: &dyn Random,
) -> Result<String, Refused> {
    let claims: Value = json!({
        "iss": client_id,
        "sub": client_id,
        "aud": issuer,
        "jti": fresh_id(random),
        "iat": now.as_second(),
        "exp": now.as_second() + PROOF_HOLDS,
    });
    own.sign(&claims).map_err(|error| Refused(error.to_string()))
}

async fn answer<T: DeserializeOwned>(request: reqwest::RequestBuilder) -> Result<T, Refused> {
    let unreachable = |error: reqwest::Error| Refused(browser::told(&error.without_url()));
    let response = request.send().await.map_err(unreachable)?;
    let (path, status) = (response.url().path().to_owned(), response.status());
    let content = response.bytes().await.map_err(unreachable)?;
    if status.is_success() {
        return serde_json::from_slice(&content).map_err(|error| Refused(format!("{path}: {error}")));
    }
    match serde_json::from_slice(&content) {
        Ok(Complaint { error, error_description }) => {
            refused(format!("{path}: {error} {error_description}").trim_end().to_owned())
        }
        Err(_) => refused(format!("{path}: {status}")),
    }
}
