//! What a client asks without a browser between us: how it proves itself, what it hands in, and what it gets.

use std::fmt;

use base64_simd::{STANDARD, URL_SAFE_NO_PAD};
use openssl::memcmp;
use serde::{Deserialize, Serialize};

use super::client::{Authentication, Client, SecretHash};
use super::parameters::Parameters;
use crate::domain::reason::{Fault, Reason};
use crate::protocol::address::unescaped;

/// The type of a client assertion.
const JWT_BEARER: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

/// How a client shows who it is. It holds secrets, so it is never shown itself.
pub enum Presented<'p> {
    /// A secret in the header.
    Basic {
        /// Who it says it is.
        client_id: String,
        /// The secret.
        secret: String,
    },
    /// A secret in the form.
    Post {
        /// Who it says it is.
        client_id: &'p str,
        /// The secret.
        secret: &'p str,
    },
    /// A token that it signed.
    Assertion {
        /// Who it says it is; the token says so in any case.
        client_id: Option<&'p str>,
        /// The token.
        assertion: &'p str,
    },
    /// Nothing but its name; a TLS certificate may stand beside it.
    Name {
        /// Who it says it is.
        client_id: &'p str,
    },
}

impl<'p> Presented<'p> {
    /// Takes the proof out of the header `Authorization` or the form. More than one of them is refused: nobody could say
    /// which one counted.
    pub fn read(authorization: Option<&str>, parameters: &'p Parameters) -> Result<Self, Fault> {
        let named = parameters.get("client_id");
        let secret = parameters.get("client_secret");
        let assertion = assertion(parameters)?;
        match (authorization, secret, assertion) {
            (Some(header), None, None) => {
                let (client_id, secret) = basic(header)?;
                if named.is_some_and(|named| named != client_id) {
                    return Err(wrong("the header and the form name different clients"));
                }
                Ok(Self::Basic { client_id, secret })
            }
            (None, Some(secret), None) => Ok(Self::Post { client_id: needed(named)?, secret }),
            (None, None, Some(assertion)) => Ok(Self::Assertion { client_id: named, assertion }),
            (None, None, None) => Ok(Self::Name { client_id: needed(named)? }),
            _ => Err(wrong("expected one way of proving oneself, got several")),
        }
    }

    /// Who it says it is, where it says so beside its proof.
    pub fn client_id(&self) -> Option<&str> {
        match self {
            Self::Basic { client_id, .. } => Some(client_id),
            Self::Post { client_id, .. } | Self::Name { client_id } => Some(client_id),
            Self::Assertion { client_id, .. } => *client_id,
        }
    }

    /// Compares it with what the client is registered with, as far as that can be done here.
    pub fn prove(&self, client: &'p Client) -> Result<Proved<'p>, Fault> {
        match (self, &client.authentication) {
            (Self::Basic { secret, .. }, Authentication::SecretBasic(hashes)) => is_one_of(secret, hashes),
            (Self::Post { secret, .. }, Authentication::SecretPost(hashes)) => is_one_of(secret, hashes),
            (Self::Assertion { assertion, .. }, Authentication::PrivateKeyJwt) => {
                Ok(Proved::IfSigned(assertion))
            }
            (Self::Name { .. }, Authentication::TlsClientAuth { subject }) => Ok(Proved::IfOverTls(subject)),
            (Self::Name { .. }, Authentication::Public) => Ok(Proved::Whole),
            (_, registered) => Err(wrong(format!("expected {}", registered.method().name()))),
        }
    }
}

/// How far a client is proved.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Proved<'p> {
    /// As far as it must be.
    Whole,
    /// If this token is good, signed by one of its keys, for us and for the first time.
    IfSigned(&'p str),
    /// If its TLS certificate has this subject.
    IfOverTls(&'p str),
}

/// A token is a secret until it has been used.
impl fmt::Debug for Proved<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Whole => "Whole",
            Self::IfSigned(_) => "IfSigned(…)",
            Self::IfOverTls(_) => "IfOverTls(…)",
        })
    }
}

fn wrong(what: impl Into<std::borrow::Cow<'static, str>>) -> Fault {
    Fault::new(Reason::OidcClient, what)
}

fn needed(client_id: Option<&str>) -> Result<&str, Fault> {
    client_id.ok_or_else(|| wrong("expected client_id"))
}

fn assertion(parameters: &Parameters) -> Result<Option<&str>, Fault> {
    match (parameters.get("client_assertion_type"), parameters.get("client_assertion")) {
        (None, None) => Ok(None),
        (Some(JWT_BEARER), Some(assertion)) => Ok(Some(assertion)),
        _ => Err(wrong("expected client_assertion with the type jwt-bearer")),
    }
}

/// Name and secret are escaped like the values of a form before they are put together (RFC 6749 §2.3.1).
fn basic(header: &str) -> Result<(String, String), Fault> {
    let bad = || wrong("expected the header as in `Basic` and base64 of name and secret");
    let (scheme, encoded) = header.split_once(' ').ok_or_else(bad)?;
    if !scheme.eq_ignore_ascii_case("basic") {
        return Err(bad());
    }
    let decoded = STANDARD.decode_to_vec(encoded.trim()).map_err(|_| bad())?;
    let decoded = String::from_utf8(decoded).map_err(|_| bad())?;
    // Encoded, neither has a colon in it. Widespread clients encode neither, and most names are addresses.
    let (client_id, secret) = decoded.rsplit_once(':').ok_or_else(bad)?;
    Ok((unescaped(client_id).map_err(|_| bad())?, unescaped(secret).map_err(|_| bad())?))
}

fn is_one_of<'p>(secret: &str, hashes: &[SecretHash]) -> Result<Proved<'p>, Fault> {
    match hashes.iter().any(|hash| hash.is_of(secret)) {
        true => Ok(Proved::Whole),
        false => Err(wrong("expected the registered secret")),
    }
}

/// What a client hands in for tokens. Codes and tokens are secrets, so it is never shown.
pub enum TokenRequest<'p> {
    /// A code from the browser.
    Code {
        /// The code.
        code: &'p str,
        /// The address that it was sent to.
        redirect_uri: &'p str,
        /// What its challenge was made of.
        verifier: Verifier<'p>,
    },
    /// A refresh token.
    Refresh {
        /// The token.
        token: &'p str,
    },
}

impl<'p> TokenRequest<'p> {
    /// Reads what is handed in.
    pub fn read(parameters: &'p Parameters) -> Result<Self, Fault> {
        match parameters.required("grant_type")? {
            "authorization_code" => Ok(Self::Code {
                code: parameters.required("code")?,
                redirect_uri: parameters.required("redirect_uri")?,
                verifier: Verifier::new(parameters.required("code_verifier")?)?,
            }),
            "refresh_token" => Ok(Self::Refresh { token: parameters.required("refresh_token")? }),
            _ => Err(Fault::new(Reason::OidcGrant, "expected authorization_code or refresh_token")),
        }
    }
}

/// What a code is tied to: the SHA-256 of something that only the client knows until it redeems the code (RFC 7636).
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Challenge(String);

impl Challenge {
    /// Takes the challenge of a request. Everybody has to send one, and only by SHA-256: in plain it protects nothing.
    pub fn read(parameters: &Parameters) -> Result<Self, Fault> {
        let missing = |what: &'static str| Fault::new(Reason::OidcRequest, what);
        let challenge = parameters.get("code_challenge").ok_or_else(|| missing("expected code_challenge"))?;
        if parameters.get("code_challenge_method") != Some("S256") {
            return Err(missing("expected code_challenge_method=S256"));
        }
        Self::new(challenge)
    }

    /// Takes a challenge that was kept.
    pub fn new(challenge: &str) -> Result<Self, Fault> {
        match is_sha256(challenge) {
            true => Ok(Self(challenge.to_owned())),
            false => {
                Err(Fault::new(Reason::OidcRequest, "expected code_challenge to be a SHA-256 in base64url"))
            }
        }
    }

    /// The challenge, to be kept.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether it was made of this.
    pub fn check(&self, verifier: &Verifier<'_>) -> Result<(), Fault> {
        let made = URL_SAFE_NO_PAD.encode_to_string(openssl::sha::sha256(verifier.0.as_bytes()));
        match made.len() == self.0.len() && memcmp::eq(made.as_bytes(), self.0.as_bytes()) {
            true => Ok(()),
            false => Err(Fault::new(Reason::OidcPkce, "the code_verifier is not the one of the request")),
        }
    }
}

impl fmt::Debug for Challenge {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Challenge(…)")
    }
}

/// What a challenge was made of.
pub struct Verifier<'p>(&'p str);

impl<'p> Verifier<'p> {
    fn new(verifier: &'p str) -> Result<Self, Fault> {
        let plain = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'.' | b'_' | b'~');
        match (43..=128).contains(&verifier.len()) && verifier.bytes().all(plain) {
            true => Ok(Self(verifier)),
            false => Err(Fault::new(
                Reason::OidcPkce,
                "expected a code_verifier of 43 to 128 letters, digits and -._~",
            )),
        }
    }
}

/// Whether this can be a SHA-256 in base64url, in its one spelling.
pub(super) fn is_sha256(text: &str) -> bool {
    text.len() == 43 && URL_SAFE_NO_PAD.decode_to_vec(text).is_ok_and(|bytes| bytes.len() == 32)
}

/// How an access token is presented.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TokenType {
    /// By whoever has it.
    Bearer,
    /// Only together with a proof of the key that it is bound to.
    Dpop,
}

impl TokenType {
    /// What it is called.
    pub fn name(self) -> &'static str {
        match self {
            Self::Bearer => "Bearer",
            Self::Dpop => "DPoP",
        }
    }
}

/// What a client gets. Whoever sends it sends `Cache-Control: no-store` with it.
pub struct TokenAnswer {
    /// The access token.
    pub access_token: String,
    /// How it is presented.
    pub token_type: TokenType,
    /// For how many seconds it is good.
    pub expires_in: i64,
    /// The ID token, for a code.
    pub id_token: Option<String>,
    /// The refresh token, where one was asked for and allowed.
    pub refresh_token: Option<String>,
    /// What was allowed.
    pub scope: &'static str,
}

impl TokenAnswer {
    /// As JSON. Tokens are base64url with dots, so that nobody has to look through them for what JSON escapes.
    pub fn to_json(&self) -> String {
        let Self { access_token, token_type, expires_in, id_token, refresh_token, scope } = self;
        let given = [("id_token", id_token), ("refresh_token", refresh_token)];
        let given = given.map(|(name, token)| match token {
            Some(token) => format!(r#","{name}":"{token}""#),
            None => String::new(),
        });
        format!(
            r#"{{"access_token":"{access_token}","token_type":"{}","expires_in":{expires_in}{},"scope":"{scope}"}}"#,
            token_type.name(),
            given.concat(),
        )
    }
}

/// The scope of tokens, by whether a refresh token is among them.
pub fn scope(offline: bool) -> &'static str {
    if offline { "openid offline_access" } else { "openid" }
}

#[cfg(test)]
mod tests;
