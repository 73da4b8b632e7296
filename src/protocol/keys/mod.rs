//! Keys: the certificates of others, parsed once, and private keys of ours behind [`Signer`] and [`Decrypter`].
//!
//! What makes a key trusted is decided elsewhere: it is registered for a party in a role. Here a list of such keys
//! becomes [`TrustedKeys`], which is never empty and holds no key that is too weak. No key is ever taken from a message.

mod algorithm;
mod certificate;
mod chain;
mod file;
mod revocation;
mod subject;
mod trusted;

pub(crate) use algorithm::Scheme;
pub use algorithm::{Digest, Oaep, SignatureAlgorithm};
pub(crate) use certificate::KeyKind;
pub use certificate::{Certificate, KeyId, fingerprint, thumbprint};
pub use chain::{Chain, Roots};
pub use file::FileKey;
pub use revocation::Link;
pub use subject::Organisation;
pub use trusted::TrustedKeys;
pub(crate) use trusted::made_by;

use openssl::bn::BigNum;
use openssl::ecdsa::EcdsaSig;

use crate::domain::reason::{Fault, Reason};

/// A private key that signs. The key itself may lie in a file or in a device.
pub trait Signer: Send + Sync {
    /// The certificate that others know the key by.
    fn certificate(&self) -> &Certificate;

    /// How it signs, unless told otherwise.
    fn algorithm(&self) -> SignatureAlgorithm;

    /// Signs the data with this algorithm, in the form that XML and JOSE carry (for ECDSA both numbers side by side).
    fn sign_with(&self, algorithm: SignatureAlgorithm, data: &[u8]) -> Result<Vec<u8>, Fault>;

    /// Signs the data.
    fn sign(&self, data: &[u8]) -> Result<Vec<u8>, Fault> {
        self.sign_with(self.algorithm(), data)
    }
}

/// A private key that opens what was encrypted for us.
pub trait Decrypter: Send + Sync {
    /// The certificate that others encrypt for.
    fn certificate(&self) -> &Certificate;

    /// Unwraps a content key. A caller must not tell one failure from another.
    fn decrypt(&self, wrapped: &[u8], oaep: Oaep) -> Result<Vec<u8>, Fault>;
}

/// A signature over data with SHA-256, in the form that `openssl dgst -sha256 -verify` takes: whatever the kind of the key,
/// one command proves it.
pub fn sign_detached(signer: &dyn Signer, data: &[u8]) -> Result<Vec<u8>, Fault> {
    let algorithm = SignatureAlgorithm { digest: Digest::Sha256, ..signer.algorithm() };
    let signature = signer.sign_with(algorithm, data)?;
    if algorithm.scheme != Scheme::Ecdsa {
        return Ok(signature);
    }
    let (r, s) = signature.split_at(signature.len() / 2);
    let der = || EcdsaSig::from_private_components(BigNum::from_slice(r)?, BigNum::from_slice(s)?)?.to_der();
    der().map_err(|error| Fault::new(Reason::Internal, error.to_string()))
}
