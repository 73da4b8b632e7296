//! Tokens that say something about somebody: the ladder of trust for them, and writing ours.

use std::fmt;

use jiff::{SignedDuration, Timestamp};
use serde::Serialize;
use serde_json::Value;

use super::compact::{Compact, header};
use super::json::{self, Members};
use super::jwk::{self, Jwks};
use crate::domain::id::EntityId;
use crate::domain::reason::{Fault, Reason};
use crate::protocol::keys::{SignatureAlgorithm, Signer};
use crate::protocol::{Accepted, Proof, Unverified, Verified};

/// What we sign with, the default first.
pub const SIGNED_WITH: [SignatureAlgorithm; 4] = [
    SignatureAlgorithm::RSA_PSS_SHA256,
    SignatureAlgorithm::RSA_PSS_SHA384,
    SignatureAlgorithm::RSA_PSS_SHA512,
    SignatureAlgorithm::ECDSA_SHA256,
];

/// What kind of token it is. One kind is never taken for another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Typ {
    /// An access token (RFC 9068).
    AccessToken,
    /// An ID token.
    IdToken,
    /// A logout token.
    LogoutToken,
    /// What a client proves itself with (RFC 7523).
    ClientAssertion,
    /// A proof of possession (RFC 9449).
    Dpop,
}

impl Typ {
    /// What its header says.
    pub fn name(self) -> &'static str {
        match self {
            Self::AccessToken => "at+jwt",
            Self::IdToken => "JWT",
            Self::LogoutToken => "logout+jwt",
            Self::ClientAssertion => "client-authentication+jwt",
            Self::Dpop => "dpop+jwt",
        }
    }

    pub(super) fn check(self, members: &Members) -> Result<(), Fault> {
        // These two are older than the rule that a kind has a name.
        let may_be_plain = matches!(self, Self::IdToken | Self::ClientAssertion);
        let wrong = || Fault::new(Reason::JwtType, format!("expected the type {}", self.name()));
        match members.get("typ") {
            None if may_be_plain => Ok(()),
            Some(Value::String(typ)) => {
                let typ = match typ.split_once('/') {
                    Some((prefix, rest)) if prefix.eq_ignore_ascii_case("application") => rest,
                    _ => typ,
                };
                let plain = may_be_plain && typ.eq_ignore_ascii_case("JWT");
                if plain || typ.eq_ignore_ascii_case(self.name()) { Ok(()) } else { Err(wrong()) }
            }
            _ => Err(wrong()),
        }
    }
}

/// What a token says. It can be read once the token is accepted.
#[derive(Clone)]
pub struct Jwt {
    claims: Members,
    expires: Timestamp,
}

impl fmt::Debug for Jwt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Jwt")
    }
}

impl Jwt {
    /// All claims.
    pub fn claims(&self) -> &Members {
        &self.claims
    }

    /// The text of a claim, if it has that claim and it is a text.
    pub fn text(&self, claim: &str) -> Option<&str> {
        self.claims.get(claim).and_then(Value::as_str)
    }

    /// When it ends. Whoever remembers it against replay remembers it until then and the allowed skew.
    pub fn expires(&self) -> Timestamp {
        self.expires
    }
}

/// A token as it came.
pub struct Token<'t>(Compact<'t>);

/// Reads the form of a token and who it says that it is from.
pub fn claimed(token: &str) -> Result<Unverified<Token<'_>>, Fault> {
    let compact = Compact::read(token)?;
    let claims = compact.claimed()?;
    let issuer = claims.get("iss").and_then(Value::as_str).and_then(|name| EntityId::new(name).ok());
    let issuer = issuer.ok_or_else(|| Fault::new(Reason::JwtClaims, "expected an issuer"))?;
    Ok(Unverified { issuer, message: Token(compact) })
}

impl Unverified<Token<'_>> {
    /// The name of the key that the token says it is signed with.
    pub fn claimed_kid(&self) -> Option<&str> {
        self.message.0.kid()
    }

    /// Proves that one of these keys, those of the claimed issuer, signed a token of this kind.
    pub fn verify(
        self,
        keys: &Jwks,
        allowed: &[SignatureAlgorithm],
        typ: Typ,
    ) -> Result<Verified<Claims>, Fault> {
        let compact = self.message.0;
        typ.check(compact.header())?;
        let algorithm = compact.algorithm(allowed)?;
        let key = keys.verifying(compact.kid(), algorithm)?;
        let claims = Claims(compact.verify(key)?);
        Ok(Verified { message: claims, proof: Proof { key: key.id(), algorithm } })
    }
}

/// What a registered key signed, before it is known to be for us and now.
pub struct Claims(Members);

// What a token says about a person does not belong in a log.
impl fmt::Debug for Claims {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Claims")
    }
}

/// For whom a token may be.
#[derive(Clone, Copy, Debug)]
pub enum Audience<'a> {
    /// For one of these names of ours, and for nobody else beside.
    Only(&'a [&'a str]),
    /// For this name, and others may be named beside it.
    Among(&'a str),
    /// For somebody else, and only for that one: a token of ours that comes back, and says whom it was for.
    Another,
}

/// How long a token may live.
#[derive(Clone, Copy, Debug)]
pub enum Lifetime {
    /// It is not over, and ends within this time from now. What is remembered against replay is remembered so long.
    AtMost(SignedDuration),
    /// It may be over: an ID token that comes back to say whose session is meant.
    MayBeOver,
}

/// What is asked of a token beside its signature.
#[derive(Clone, Copy, Debug)]
pub struct Expectation<'a> {
    /// For whom it may be.
    pub audience: Audience<'a>,
    /// How long it may live.
    pub lifetime: Lifetime,
    /// The time.
    pub now: Timestamp,
    /// How far a clock may be off.
    pub skew: SignedDuration,
}

impl Verified<Claims> {
    /// Accepts a token that is for us and now.
    pub fn accept(self, expected: &Expectation<'_>) -> Result<Accepted<Jwt>, Fault> {
        let Claims(claims) = self.message;
        expected.audience.check(claims.get("aud"))?;
        let expires = expected.check_time(&claims)?;
        Ok(Accepted { message: Jwt { claims, expires }, proof: self.proof })
    }
}

impl Audience<'_> {
    fn check(self, stated: Option<&Value>) -> Result<(), Fault> {
        let stated: Option<Vec<&str>> = match stated {
            Some(Value::String(one)) => Some(vec![one]),
            Some(Value::Array(many)) => many.iter().map(Value::as_str).collect(),
            _ => None,
        };
        let is_ours = stated.is_some_and(|stated| match self {
            Self::Only(names) => matches!(stated[..], [one] if names.contains(&one)),
            Self::Among(name) => stated.contains(&name),
            Self::Another => stated.len() == 1,
        });
        is_ours
            .then_some(())
            .ok_or_else(|| Fault::new(Reason::JwtAud, "the token is not for us, or not for us alone"))
    }
}

impl Expectation<'_> {
    fn check_time(&self, claims: &Members) -> Result<Timestamp, Fault> {
        let Self { now, skew, .. } = *self;
        let wrong = |what: String| Err(Fault::new(Reason::JwtTime, what));
        for (claim, is) in [("nbf", "begins"), ("iat", "was made")] {
            match moment(claims, claim)? {
                Some(then) if then.duration_since(now) > skew => {
                    return wrong(format!("the token {is} at {then}, it is {now}"));
                }
                _ => {}
            }
        }
        let Some(ends) = moment(claims, "exp")? else { return wrong("the token has no end".to_owned()) };
        match self.lifetime {
            Lifetime::MayBeOver => Ok(ends),
            Lifetime::AtMost(_) if now.duration_since(ends) >= skew => {
                wrong(format!("the token ended at {ends}, it is {now}"))
            }
            Lifetime::AtMost(longest) if ends.duration_since(now) > longest.saturating_add(skew) => {
                wrong(format!("the token lives until {ends}, longer than is taken"))
            }
            Lifetime::AtMost(_) => Ok(ends),
        }
    }
}

/// A moment as tokens write it: seconds since 1970, as a number and never as text.
pub(super) fn moment(claims: &Members, name: &str) -> Result<Option<Timestamp>, Fault> {
    let Some(value) = claims.get(name) else { return Ok(None) };
    let whole = |seconds: f64| (seconds.abs() < 1e12).then_some(seconds.floor() as i64);
    let seconds = value.as_i64().or_else(|| value.as_f64().and_then(whole));
    let moment = seconds.and_then(|seconds| Timestamp::from_second(seconds).ok());
    moment.map(Some).ok_or_else(|| Fault::new(Reason::JwtTime, format!("expected seconds in `{name}`")))
}

/// Signs a token. Its `kid` is the name under which [`Jwks::of_certificates`] publishes the key.
pub fn sign<C: Serialize>(
    claims: &C,
    typ: Typ,
    signer: &dyn Signer,
    algorithm: SignatureAlgorithm,
) -> Result<String, Fault> {
    let claims = serde_json::to_vec(claims);
    sign_written(&claims.map_err(|_| broken("claims that cannot be written"))?, typ, signer, algorithm)
}

/// Signs a token with claims that are written already, as one JSON object.
pub fn sign_written(
    claims: &[u8],
    typ: Typ,
    signer: &dyn Signer,
    algorithm: SignatureAlgorithm,
) -> Result<String, Fault> {
    let name = algorithm.jose().filter(|_| signs(signer, algorithm));
    let name = name.ok_or_else(|| broken("our key does not sign tokens with this algorithm"))?;
    let kid = signer.certificate().id().as_str();
    // Nothing in these three has to be escaped.
    let head = format!(r#"{{"alg":"{name}","typ":"{}","kid":"{kid}"}}"#, typ.name());
    let mut token = format!("{}.{}", json::base64(head), json::base64(claims));
    let signature = signer.sign_with(algorithm, token.as_bytes())?;
    token.push('.');
    token.push_str(&json::base64(signature));
    if token.len() > super::MAX_TOKEN {
        Err(header("a token longer than any that is read"))
    } else {
        Ok(token)
    }
}

fn broken(what: &'static str) -> Fault {
    Fault::new(Reason::Internal, what)
}

/// Whether this key signs tokens with this algorithm.
pub fn signs(signer: &dyn Signer, algorithm: SignatureAlgorithm) -> bool {
    let fits = signer.certificate().kind().is_ok_and(|kind| jwk::fits(kind, algorithm));
    fits && SIGNED_WITH.contains(&algorithm)
}
