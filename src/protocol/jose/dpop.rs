//! Proof of possession (RFC 9449): a client shows with every request that it holds the key its tokens are bound to.
//!
//! Here alone does a message bring its key along, and here alone that proves nothing about who sent it: the caller compares
//! the thumbprint with the one that the token or the code is bound to, and remembers the `jti` so that it counts once.

use jiff::{SignedDuration, Timestamp};
use serde_json::Value;

use super::compact::Compact;
use super::json;
use super::jwk::{Jwk, VERIFIED_WITH};
use super::jwt::{Typ, moment};
use crate::domain::reason::{Fault, Reason};
use crate::protocol::keys::Digest;

/// The longest `jti` and `nonce` that are taken.
const MAX_ID: usize = 256;

/// The request that the proof must be for.
#[derive(Clone, Copy, Debug)]
pub struct Request<'r> {
    /// The method, in capitals.
    pub method: &'r str,
    /// The address as we publish it, without a query.
    pub address: &'r str,
    /// The access token that comes with the request, if one does.
    pub access_token: Option<&'r str>,
}

/// When the proof may have been made.
#[derive(Clone, Copy, Debug)]
pub struct Freshness {
    /// The time.
    pub now: Timestamp,
    /// How old it may be.
    pub age: SignedDuration,
    /// How far a clock may be off.
    pub skew: SignedDuration,
}

/// A proof that holds for the request, unless it was used before.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Possession {
    /// The thumbprint of the key, as tokens name it in `cnf.jkt`.
    pub jkt: String,
    /// The name of the proof, to be remembered with the thumbprint until [`Possession::until`].
    pub jti: String,
    /// The value of ours that it repeats, if it repeats one.
    pub nonce: Option<String>,
    /// From when on the proof is refused for its age.
    pub until: Timestamp,
}

/// Reads a proof and checks that it is for this request, now.
pub fn read(proof: &str, request: &Request<'_>, fresh: &Freshness) -> Result<Possession, Fault> {
    let compact = Compact::read_with_key(proof)?;
    Typ::Dpop.check(compact.header())?;
    compact.algorithm(&VERIFIED_WITH)?;
    let Some(Value::Object(members)) = compact.header().get("jwk") else {
        return Err(Fault::new(Reason::JwtHeader, "expected a public key in `jwk`"));
    };
    let key = Jwk::read(members).map_err(|fault| Fault::new(Reason::JwtKey, fault.detail))?;
    let claims = compact.verify(&key)?;

    let text = |name: &str| claims.get(name).and_then(Value::as_str);
    let wrong = |what: &'static str| Fault::new(Reason::Pop, what);
    if text("htm") != Some(request.method) {
        return Err(wrong("the proof is for another method"));
    }
    let address = text("htu").and_then(|address| address.split(['?', '#']).next());
    if address != Some(request.address) {
        return Err(wrong("the proof is for another address"));
    }
    let expected = request.access_token.map(|token| json::base64(Digest::Sha256.of(token.as_bytes())));
    if expected.is_some() && text("ath") != expected.as_deref() {
        return Err(wrong("the proof is for another access token"));
    }
    let made = moment(&claims, "iat")?.ok_or_else(|| wrong("the proof does not say when it was made"))?;
    let Freshness { now, age, skew } = *fresh;
    let oldest = age.saturating_add(skew);
    if made.duration_since(now) > skew || now.duration_since(made) >= oldest {
        return Err(Fault::new(Reason::JwtTime, format!("the proof was made at {made}, it is {now}")));
    }
    let id = |name: &str| text(name).filter(|id| !id.is_empty() && id.len() <= MAX_ID).map(str::to_owned);
    Ok(Possession {
        jkt: key.thumbprint(),
        jti: id("jti").ok_or_else(|| wrong("the proof has no `jti`, or a long one"))?,
        nonce: id("nonce"),
        until: made.saturating_add(oldest).unwrap_or(Timestamp::MAX),
    })
}
