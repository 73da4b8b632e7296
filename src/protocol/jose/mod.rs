//! Tokens and keys as JSON: JWS and JWT, JWK, JWE, and the proof of possession. No OAuth: what a token is good for is decided elsewhere.
//!
//! A token that comes in climbs the ladder of [`protocol`](crate::protocol): [`claimed`] reads its form, and shows who it says
//! that it is from; `verify` proves that a registered key signed a token of the expected kind; `accept` checks that it is for us
//! and now; only then can it be read. A token that goes out is written by [`sign`], and sealed by [`jwe::seal`] if
//! the client wants that. Nothing that is encrypted is ever opened, and no algorithm takes a shared secret for a signature.

mod compact;
pub mod dpop;
mod json;
pub mod jwe;
mod jwk;
mod jwt;
mod provider;
#[cfg(test)]
mod tests;

pub use compact::MAX_TOKEN;
pub use jwk::{Jwk, Jwks, MAX_KEYS, MAX_SET, Symmetric, VERIFIED_WITH};
pub use jwt::{
    Audience, Claims, Expectation, Jwt, Lifetime, SIGNED_WITH, Token, Typ, claimed, sign, sign_written, signs,
};
