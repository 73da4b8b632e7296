//! Our own keys: which one signs, which are published beside it, and which open what is encrypted to us.

use std::sync::Arc;

use crate::domain::reason::{Fault, Reason};
use crate::protocol::jose::{self, Jwks};
use crate::protocol::keys::{Certificate, Decrypter, SignatureAlgorithm, Signer};

/// Our keys in their roles.
#[derive(Clone)]
pub struct Keys {
    signer: Arc<dyn Signer>,
    next: Option<Arc<dyn Signer>>,
    signing: Vec<Certificate>,
    decrypters: Vec<Arc<dyn Decrypter>>,
    encryption: Vec<Certificate>,
    token_signers: Vec<Arc<dyn Signer>>,
    token_keys: Jwks,
}

impl Keys {
    /// The first signing key signs; all are published. The first decryption key is the one that others encrypt to;
    /// all of them open.
    pub fn new(signing: &[Arc<dyn Signer>], decrypters: Vec<Arc<dyn Decrypter>>) -> Result<Self, Fault> {
        let lacks = |what| Fault::new(Reason::Internal, format!("expected at least one {what} key"));
        let encrypted_to = decrypters.first().ok_or_else(|| lacks("decryption"))?.certificate().clone();
        let signer = signing.first().ok_or_else(|| lacks("signing"))?.clone();
        let following = signing.get(1).cloned();
        let signing: Vec<_> = signing.iter().map(|key| key.certificate().clone()).collect();
        Ok(Self {
            token_signers: vec![signer.clone()],
            token_keys: Jwks::of_certificates(&signing)?,
            next: following,
            signer,
            signing,
            encryption: vec![encrypted_to],
            decrypters,
        })
    }

    /// Adds keys that sign tokens and nothing else, for algorithms that the signing key cannot do.
    pub fn with_token_signers(mut self, signers: &[Arc<dyn Signer>]) -> Result<Self, Fault> {
        let more = signers.iter().map(|key| key.certificate());
        self.token_keys = Jwks::of_certificates(self.signing.iter().chain(more))?;
        self.token_signers.extend(signers.iter().cloned());
        Ok(self)
    }

    /// The key that signs tokens with this algorithm.
    pub fn token_signer(&self, algorithm: SignatureAlgorithm) -> Result<&dyn Signer, Fault> {
        let mut signers = self.token_signers.iter().map(Arc::as_ref);
        signers.find(|signer| jose::signs(*signer, algorithm)).ok_or_else(|| {
            let name = algorithm.jose().unwrap_or_default();
            Fault::new(
                Reason::Internal,
                format!("the client wants {name}, and no key in `token-signing` signs so"),
            )
        })
    }

    /// Every key that may have signed a token of ours, as it is published.
    pub fn token_keys(&self) -> &Jwks {
        &self.token_keys
    }

    /// The key that signs.
    pub fn signer(&self) -> &dyn Signer {
        self.signer.as_ref()
    }

    /// The key that signs after it, once it is published.
    pub fn next_signer(&self) -> Option<&dyn Signer> {
        self.next.as_deref()
    }

    /// Every key that may sign, for the metadata.
    pub fn signing(&self) -> &[Certificate] {
        &self.signing
    }

    /// The keys that open what is encrypted to us.
    pub fn decrypters(&self) -> &[Arc<dyn Decrypter>] {
        &self.decrypters
    }

    /// The key that others are to encrypt to, for the metadata.
    pub fn encryption(&self) -> &[Certificate] {
        &self.encryption
    }
}
