//! How we speak: messages and their proof. No storage, no server, no clock.
//!
//! Trust is a ladder of three types, and each step has one constructor:
//!
//! 1. [`Unverified<M>`] shows who the message *says* that it is from, and nothing else. It is good for finding keys.
//! 2. [`Verified<M>`] holds what the signature of a registered key covered. It shows which key that was.
//! 3. [`Accepted<M>`] is for us, now, in answer to our question. Only from here can content be read.
//!
//! Replay needs memory, so it is the broker's step and not a rung of the ladder.

pub mod address;
pub mod bpp;
pub mod jose;
pub mod keys;
pub mod oauth;
pub mod saml;
pub mod seal;
pub mod xml;
pub mod zip;

use std::ops::Deref;

use crate::domain::id::EntityId;
use keys::{KeyId, SignatureAlgorithm};

/// A message as it came. All that it tells is who it claims to be from.
pub struct Unverified<M> {
    issuer: EntityId,
    message: M,
}

impl<M> Unverified<M> {
    /// Who the message says that it is from.
    pub fn claimed_issuer(&self) -> &EntityId {
        &self.issuer
    }
}

/// The content that a registered key signed.
#[derive(Debug)]
pub struct Verified<M> {
    message: M,
    proof: Proof,
}

impl<M> Verified<M> {
    /// Which key signed, and how.
    pub fn proof(&self) -> &Proof {
        &self.proof
    }
}

/// A message that is for us, now, in answer to our question.
#[derive(Debug)]
pub struct Accepted<M> {
    message: M,
    proof: Proof,
}

impl<M> Accepted<M> {
    /// Which key signed, and how.
    pub fn proof(&self) -> &Proof {
        &self.proof
    }
}

impl<M> Deref for Accepted<M> {
    type Target = M;
    fn deref(&self) -> &M {
        &self.message
    }
}

/// Which key signed, and how: for the exchange log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Proof {
    /// The key.
    pub key: KeyId,
    /// The algorithm.
    pub algorithm: SignatureAlgorithm,
}
