//! The keys that a party is registered with.

use jiff::Timestamp;
use openssl::bn::BigNum;
use openssl::ecdsa::EcdsaSig;
use openssl::error::ErrorStack;
use openssl::pkey::{PKeyRef, Public};
use openssl::pkey_ctx::PkeyCtx;
use openssl::rsa::Padding;
use openssl::sign::RsaPssSaltlen;

use super::algorithm::Scheme;
use super::certificate::KeyKind;
use super::{Certificate, KeyId, SignatureAlgorithm};
use crate::domain::reason::{Fault, Reason};

/// The keys registered for one party in one role: at least one, and none too weak.
#[derive(Clone, Debug)]
pub struct TrustedKeys {
    certificates: Vec<Certificate>,
    of_other_roles: Vec<Certificate>,
}

impl TrustedKeys {
    /// Takes the registered certificates. One weak key refuses all: whoever registers them is to look.
    pub fn new(certificates: Vec<Certificate>) -> Result<Self, Fault> {
        if certificates.is_empty() {
            return Err(Fault::new(Reason::MdKey, "no key"));
        }
        match certificates.iter().find_map(|certificate| certificate.weakness()) {
            Some(weakness) => Err(Fault::new(Reason::MdKey, weakness)),
            None => Ok(Self { certificates, of_other_roles: Vec::new() }),
        }
    }

    /// The certificates.
    pub fn certificates(&self) -> &[Certificate] {
        &self.certificates
    }

    /// Remembers keys that the party has for other uses. They verify nothing; a signature that shows one of them is
    /// refused by its own name.
    pub fn with_other_roles(mut self, certificates: Vec<Certificate>) -> Self {
        self.of_other_roles = certificates;
        self
    }

    pub(crate) fn of_other_roles(&self) -> &[Certificate] {
        &self.of_other_roles
    }

    /// Refuses a proof whose key is no longer, or not yet, in force: its certificate says from when until when.
    pub fn check_in_force(&self, proved: &KeyId, now: Timestamp) -> Result<(), Fault> {
        let certificate = self.certificates.iter().find(|certificate| certificate.id() == proved);
        let certificate =
            certificate.ok_or_else(|| Fault::new(Reason::KeyUntrusted, "the key is not registered"))?;
        // A renewed certificate for the same key may stand beside the old one.
        let mut same_key = self.certificates.iter().filter(|one| one.key().public_eq(certificate.key()));
        if same_key.any(|one| one.not_before() <= now && now < one.not_after()) {
            return Ok(());
        }
        let (from, until) = (certificate.not_before(), certificate.not_after());
        Err(Fault::new(
            Reason::KeyExpired,
            format!("the certificate holds from {from} to {until}, it is {now}"),
        ))
    }

    /// Verifies a signature over the exact octets, as the Redirect binding carries it.
    pub fn verify_detached(
        &self,
        algorithm_uri: &str,
        data: &[u8],
        signature: &[u8],
    ) -> Result<(KeyId, SignatureAlgorithm), Fault> {
        let algorithm = SignatureAlgorithm::from_uri(algorithm_uri)
            .ok_or_else(|| Fault::new(Reason::AlgRefused, "an unknown signature algorithm"))?;
        let certificate = self.verify(algorithm, data, signature)?;
        Ok((certificate.id().clone(), algorithm))
    }

    /// The certificate whose key made the signature.
    pub(crate) fn verify(
        &self,
        algorithm: SignatureAlgorithm,
        data: &[u8],
        signature: &[u8],
    ) -> Result<&Certificate, Fault> {
        let mut fitting = self
            .certificates
            .iter()
            .filter_map(|one| {
                one.kind().ok().filter(|kind| kind.fits(algorithm.scheme)).map(|kind| (one, kind))
            })
            .peekable();
        if fitting.peek().is_none() {
            return Err(Fault::new(Reason::AlgRefused, "no registered key is of the algorithm's kind"));
        }
        let digest = algorithm.digest.of(data);
        fitting
            // An error of the library is a signature that does not fit, never one that does.
            .find(|(one, kind)| matches!(made_by(one.key(), *kind, algorithm, &digest, signature), Ok(true)))
            .map(|(certificate, _)| certificate)
            .ok_or_else(|| Fault::new(Reason::SigInvalid, "no registered key made the signature"))
    }
}

/// Whether the key made the signature over what has this digest.
pub(crate) fn made_by(
    key: &PKeyRef<Public>,
    kind: KeyKind,
    algorithm: SignatureAlgorithm,
    digest: &[u8],
    signature: &[u8],
) -> Result<bool, ErrorStack> {
    let mut context = PkeyCtx::new(key)?;
    context.verify_init()?;
    match (algorithm.scheme, kind) {
        (Scheme::Rsa, _) => context.set_rsa_padding(Padding::PKCS1)?,
        (Scheme::RsaPss, _) => {
            context.set_rsa_padding(Padding::PKCS1_PSS)?;
            context.set_rsa_mgf1_md(algorithm.digest.md())?;
            context.set_rsa_pss_saltlen(RsaPssSaltlen::DIGEST_LENGTH)?;
        }
        (Scheme::Ecdsa, KeyKind::Ec(size)) => {
            if signature.len() != 2 * size {
                return Ok(false);
            }
            context.set_signature_md(algorithm.digest.md())?;
            let (r, s) = signature.split_at(size);
            let der = EcdsaSig::from_private_components(BigNum::from_slice(r)?, BigNum::from_slice(s)?)?
                .to_der()?;
            return context.verify(digest, &der);
        }
        (Scheme::Ecdsa, _) => return Ok(false),
    }
    context.set_signature_md(algorithm.digest.md())?;
    context.verify(digest, signature)
}
