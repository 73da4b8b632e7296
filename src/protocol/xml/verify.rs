//! Verifying: the profile first, then the signature over `SignedInfo`, then the digest over the element.
//!
//! The only constructor of [`Signed`] is [`verify`], and the element inside is the very node that was digested.

use super::c14n::{Part, canonicalize};
use super::profile::{Profile, is_ds};
use super::{Element, keyinfo};
use crate::domain::reason::{Fault, Reason};
use crate::protocol::keys::{KeyId, SignatureAlgorithm, TrustedKeys};

/// An element whose signature was verified with a registered key.
#[derive(Clone, Debug)]
pub struct Signed<'d> {
    element: Element<'d>,
    key: KeyId,
    algorithm: SignatureAlgorithm,
}

impl<'d> Signed<'d> {
    /// The element that was digested.
    pub fn element(&self) -> Element<'d> {
        self.element
    }

    /// The registered key that made the signature.
    pub fn key(&self) -> &KeyId {
        &self.key
    }

    /// How it was signed.
    pub fn algorithm(&self) -> SignatureAlgorithm {
        self.algorithm
    }
}

/// Whether a signature stands directly in the element. Says nothing about its worth.
pub fn is_signed(element: Element<'_>) -> bool {
    element.children().any(|child| is_ds(child, "Signature"))
}

/// Verifies the element's own signature with the keys registered for the expected sender.
pub fn verify<'d>(element: Element<'d>, keys: &TrustedKeys) -> Result<Signed<'d>, Fault> {
    let profile = Profile::read(element)?;
    let claim = keyinfo::read(profile.key_info, keys)?;
    let signed_info =
        canonicalize(Part { apex: profile.signed_info, without: None, prefixes: &profile.own_prefixes })?;
    let certificate = keys
        .verify(profile.algorithm, signed_info.as_bytes(), &profile.value)
        .map_err(|fault| claim.explain(fault, keys))?;
    claim.must_be(certificate)?;
    let canonical = canonicalize(Part {
        apex: element.0,
        without: Some(profile.signature),
        prefixes: &profile.prefixes,
    })?;
    let digest = profile.digest.of(canonical.as_bytes());
    if canonical.is_empty() || digest != profile.digest_value {
        return Err(Fault::new(Reason::SigInvalid, "the digest does not fit the element"));
    }
    #[cfg(feature = "second-opinion")]
    super::second_opinion::confirm(element, Element(profile.signature), certificate, profile.algorithm)?;
    Ok(Signed { element, key: certificate.id().clone(), algorithm: profile.algorithm })
}
