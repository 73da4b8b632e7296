//! A signed token in its compact form: three parts, and which headers it may have.
//!
//! [`Compact::read`] is strict and comes before any cryptography. Only then does `jsonwebtoken` read the token by itself,
//! ask our [`provider`] about the signature, and hand out the claims: what counts is what both
//! readers agree on.

use std::collections::HashSet;

use jsonwebtoken::errors::ErrorKind;
use jsonwebtoken::{Algorithm, Validation};

use super::json::{self, Members, Object};
use super::jwk::{Jwk, MAX_KID};
use super::provider;
use crate::domain::reason::{Fault, Reason};
use crate::protocol::keys::SignatureAlgorithm;

/// The longest token that we read. A token of ours that tells 200 rights has less than half of it.
pub const MAX_TOKEN: usize = 128 * 1024;

/// Headers that bring a key along, point to one, or change what the rest means.
const REFUSED: [&str; 7] = ["b64", "crit", "jku", "x5c", "x5u", "zip", "enc"];

/// A token whose form is right. Nothing of it is proved.
pub(super) struct Compact<'t> {
    token: &'t str,
    header: Members,
    payload: Vec<u8>,
    algorithm: SignatureAlgorithm,
}

impl<'t> Compact<'t> {
    /// Reads a token that brings no key along.
    pub(super) fn read(token: &'t str) -> Result<Self, Fault> {
        let read = Self::read_with_key(token)?;
        if read.header.contains_key("jwk") {
            return Err(header("the header `jwk` is never believed"));
        }
        Ok(read)
    }

    /// Reads a token that may bring its own key along, as only the proof of possession does.
    pub(super) fn read_with_key(token: &'t str) -> Result<Self, Fault> {
        if token.len() > MAX_TOKEN {
            return Err(header(format!("expected at most {MAX_TOKEN} bytes, got {}", token.len())));
        }
        let parts: Vec<&str> = token.split('.').collect();
        let [head, payload, signature] = parts[..] else {
            return Err(header(format!("expected three parts, got {}", parts.len())));
        };
        let decoded = |part| json::unbase64(part).ok_or_else(|| header("a part that is not base64url"));
        let (head, payload) = (decoded(head)?, decoded(payload)?);
        decoded(signature)?;
        let members = json::object(&head)
            .ok_or_else(|| header("expected one JSON object in which nothing stands twice"))?;
        if let Some(name) = REFUSED.into_iter().find(|name| members.contains_key(*name)) {
            return Err(header(format!("the header `{name}` is never followed")));
        }
        let named = members.get("alg").and_then(|name| name.as_str());
        let named = named.ok_or_else(|| header("expected the name of an algorithm"))?;
        let algorithm = SignatureAlgorithm::from_jose(named)
            .ok_or_else(|| Fault::new(Reason::AlgRefused, "an algorithm that is not offered"))?;
        let read = Self { token, header: members, payload, algorithm };
        match (read.header.get("kid"), read.kid()) {
            (None, None) => Ok(read),
            (_, Some(kid)) if kid.len() <= MAX_KID => Ok(read),
            _ => Err(header("a `kid` that is no text, or a long one")),
        }
    }

    pub(super) fn header(&self) -> &Members {
        &self.header
    }

    pub(super) fn kid(&self) -> Option<&str> {
        self.header.get("kid").and_then(|kid| kid.as_str())
    }

    /// The algorithm, if the caller allows it.
    pub(super) fn algorithm(&self, allowed: &[SignatureAlgorithm]) -> Result<SignatureAlgorithm, Fault> {
        if allowed.contains(&self.algorithm) {
            return Ok(self.algorithm);
        }
        let named = self.algorithm.jose().unwrap_or_default();
        Err(Fault::new(Reason::AlgRefused, format!("{named} is not allowed here")))
    }

    /// The claims, although nothing is proved yet.
    pub(super) fn claimed(&self) -> Result<Members, Fault> {
        json::object(&self.payload).ok_or_else(unclaimed)
    }

    /// The claims that this key signed.
    pub(super) fn verify(&self, key: &Jwk) -> Result<Members, Fault> {
        if !key.verifies(self.algorithm) {
            return Err(Fault::new(Reason::JwtKey, "the key is not for this algorithm or use"));
        }
        provider::install()?;
        let unreadable = |_| header("a header that a second reader refuses");
        jsonwebtoken::decode_header(self.token).map_err(unreadable)?;
        let read = jsonwebtoken::decode::<Object>(
            self.token,
            &provider::decoding_key(key)?,
            &only(provider::name(self.algorithm)?),
        );
        match read {
            Ok(read) => Ok(read.claims.0),
            Err(error) => Err(match error.into_kind() {
                ErrorKind::InvalidSignature => {
                    Fault::new(Reason::JwtSignature, "the key did not make the signature")
                }
                ErrorKind::Json(_) => unclaimed(),
                _ => header("a second reader refuses the token"),
            }),
        }
    }
}

/// Signature and algorithm are judged there; time and audience by us, since that judgement must take the time handed in.
fn only(algorithm: Algorithm) -> Validation {
    let mut validation = Validation::new(algorithm);
    validation.required_spec_claims = HashSet::new();
    (validation.validate_exp, validation.validate_nbf, validation.validate_aud) = (false, false, false);
    validation
}

pub(super) fn header(what: impl Into<std::borrow::Cow<'static, str>>) -> Fault {
    Fault::new(Reason::JwtHeader, what)
}

fn unclaimed() -> Fault {
    Fault::new(Reason::JwtClaims, "expected one JSON object in which nothing stands twice")
}
