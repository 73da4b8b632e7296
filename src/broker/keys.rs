//! Our own keys: which one signs, which are published beside it, and which open what is encrypted to us.

use std::sync::Arc;

use crate::domain::reason::{Fault, Reason};
use crate::protocol::keys::{Certificate, Decrypter, Signer};

/// Our keys in their roles.
#[derive(Clone)]
pub struct Keys {
    signer: Arc<dyn Signer>,
    signing: Vec<Certificate>,
    decrypters: Vec<Arc<dyn Decrypter>>,
    encryption: Vec<Certificate>,
}

impl Keys {
    /// The first signing key signs; all are published. The first decryption key is the one that others encrypt to;
    /// all of them open.
    pub fn new(signing: &[Arc<dyn Signer>], decrypters: Vec<Arc<dyn Decrypter>>) -> Result<Self, Fault> {
        let lacks = |what| Fault::new(Reason::Internal, format!("expected at least one {what} key"));
        let encrypted_to = decrypters.first().ok_or_else(|| lacks("decryption"))?.certificate().clone();
        Ok(Self {
            signer: signing.first().ok_or_else(|| lacks("signing"))?.clone(),
            signing: signing.iter().map(|key| key.certificate().clone()).collect(),
            encryption: vec![encrypted_to],
            decrypters,
        })
    }

    /// The key that signs.
    pub fn signer(&self) -> &dyn Signer {
        self.signer.as_ref()
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
