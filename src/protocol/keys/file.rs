//! A private key of ours in a file: PEM or PKCS#12, parsed once at start.

use std::fmt;
use std::sync::{Mutex, PoisonError};

use openssl::ecdsa::EcdsaSig;
use openssl::error::ErrorStack;
use openssl::pkcs12::Pkcs12;
use openssl::pkey::{PKey, Private};
use openssl::pkey_ctx::PkeyCtx;
use openssl::rsa::Padding;
use openssl::sign::RsaPssSaltlen;

use super::algorithm::Scheme;
use super::certificate::KeyKind;
use super::{Certificate, Decrypter, Oaep, SignatureAlgorithm, Signer};
use crate::domain::reason::{Fault, Reason};

/// A private key with its certificate, read from a file.
pub struct FileKey {
    certificate: Certificate,
    key: PKey<Private>,
    kind: KeyKind,
    algorithm: SignatureAlgorithm,
    /// What signs, made ready and waiting: that costs as much as looking a row up in the store.
    ready: Mutex<Vec<(SignatureAlgorithm, PkeyCtx<Private>)>>,
}

impl FileKey {
    /// Reads a file, PEM or PKCS#12, with its password if it has one.
    pub fn read(file: &[u8], password: Option<&str>) -> Result<Self, Fault> {
        if file.windows(10).any(|window| window == b"-----BEGIN") {
            Self::from_pem(file, file, password)
        } else {
            Self::from_pkcs12(file, password.unwrap_or_default())
        }
    }

    /// Reads a certificate and its private key from PEM; both may be the same text.
    pub fn from_pem(certificate: &[u8], key: &[u8], password: Option<&str>) -> Result<Self, Fault> {
        let certificate = Certificate::from_pem(certificate)?;
        // The password is always given, if only an empty one: the library would ask at the terminal for it.
        let key = PKey::private_key_from_pem_passphrase(key, password.unwrap_or_default().as_bytes())
            .map_err(|_| unusable("the private key cannot be read"))?;
        Self::new(certificate, key)
    }

    /// Reads a PKCS#12 file.
    pub fn from_pkcs12(der: &[u8], password: &str) -> Result<Self, Fault> {
        let unreadable = |error: ErrorStack| {
            let because = |reason| error.errors().iter().any(|one| one.reason() == Some(reason));
            unusable(match () {
                () if because("mac verify failure") => "the password does not open the PKCS#12 file",
                () if because("unsupported") => {
                    "the PKCS#12 file is encrypted in a way that is given up (RC2 or the like): write it anew with AES"
                }
                () => "the PKCS#12 file cannot be read",
            })
        };
        let parsed = Pkcs12::from_der(der).and_then(|file| file.parse2(password)).map_err(&unreadable)?;
        let (Some(certificate), Some(key)) = (parsed.cert, parsed.pkey) else {
            return Err(unusable("the PKCS#12 file lacks the certificate or the private key"));
        };
        Self::new(Certificate::from_der(&certificate.to_der().map_err(unreadable)?)?, key)
    }

    /// The same key signing with another algorithm.
    pub fn signing_with(mut self, algorithm: SignatureAlgorithm) -> Result<Self, Fault> {
        if !self.kind.fits(algorithm.scheme) {
            return Err(unusable("the key is not of the algorithm's kind"));
        }
        self.algorithm = algorithm;
        Ok(self)
    }

    fn new(certificate: Certificate, key: PKey<Private>) -> Result<Self, Fault> {
        if !certificate.key().public_eq(&key) {
            return Err(unusable("the private key does not belong to the certificate"));
        }
        let kind = certificate.kind().map_err(unusable)?;
        let algorithm = match kind {
            KeyKind::Rsa => SignatureAlgorithm::RSA_SHA256,
            KeyKind::RsaPss => SignatureAlgorithm::RSA_PSS_SHA256,
            KeyKind::Ec(48) => SignatureAlgorithm::ECDSA_SHA384,
            KeyKind::Ec(_) => SignatureAlgorithm::ECDSA_SHA256,
        };
        Ok(Self { certificate, key, kind, algorithm, ready: Mutex::default() })
    }

    fn try_sign(&self, algorithm: SignatureAlgorithm, data: &[u8]) -> Result<Vec<u8>, ErrorStack> {
        let mut context = match self.take_ready(algorithm) {
            Some(ready) => ready,
            None => self.prepared(algorithm)?,
        };
        let mut signature = Vec::new();
        context.sign_to_vec(&algorithm.digest.of(data), &mut signature)?;
        // One that failed is not used again.
        self.ready.lock().unwrap_or_else(PoisonError::into_inner).push((algorithm, context));
        if let KeyKind::Ec(size) = self.kind {
            let numbers = EcdsaSig::from_der(&signature)?;
            let padded = i32::try_from(size).unwrap_or_default();
            signature = numbers.r().to_vec_padded(padded)?;
            signature.extend(numbers.s().to_vec_padded(padded)?);
        }
        Ok(signature)
    }

    fn take_ready(&self, algorithm: SignatureAlgorithm) -> Option<PkeyCtx<Private>> {
        let mut ready = self.ready.lock().unwrap_or_else(PoisonError::into_inner);
        let fitting = ready.iter().rposition(|(known, _)| *known == algorithm)?;
        Some(ready.swap_remove(fitting).1)
    }

    fn prepared(&self, algorithm: SignatureAlgorithm) -> Result<PkeyCtx<Private>, ErrorStack> {
        let SignatureAlgorithm { scheme, digest } = algorithm;
        let mut context = PkeyCtx::new(&self.key)?;
        context.sign_init()?;
        match scheme {
            Scheme::Rsa => context.set_rsa_padding(Padding::PKCS1)?,
            Scheme::RsaPss => {
                context.set_rsa_padding(Padding::PKCS1_PSS)?;
                context.set_rsa_mgf1_md(digest.md())?;
                context.set_rsa_pss_saltlen(RsaPssSaltlen::DIGEST_LENGTH)?;
            }
            Scheme::Ecdsa => {}
        }
        context.set_signature_md(digest.md())?;
        Ok(context)
    }

    fn try_decrypt(&self, wrapped: &[u8], oaep: Oaep) -> Result<Vec<u8>, ErrorStack> {
        let mut context = PkeyCtx::new(&self.key)?;
        context.decrypt_init()?;
        context.set_rsa_padding(Padding::PKCS1_OAEP)?;
        context.set_rsa_oaep_md(oaep.digest.md())?;
        context.set_rsa_mgf1_md(oaep.mgf1.md())?;
        let mut key = Vec::new();
        context.decrypt_to_vec(wrapped, &mut key)?;
        Ok(key)
    }
}

impl Signer for FileKey {
    fn certificate(&self) -> &Certificate {
        &self.certificate
    }

    fn algorithm(&self) -> SignatureAlgorithm {
        self.algorithm
    }

    fn sign_with(&self, algorithm: SignatureAlgorithm, data: &[u8]) -> Result<Vec<u8>, Fault> {
        if !self.kind.fits(algorithm.scheme) {
            return Err(unusable("the key is not of the algorithm's kind"));
        }
        self.try_sign(algorithm, data).map_err(|_| unusable("our key could not sign"))
    }
}

impl Decrypter for FileKey {
    fn certificate(&self) -> &Certificate {
        &self.certificate
    }

    fn decrypt(&self, wrapped: &[u8], oaep: Oaep) -> Result<Vec<u8>, Fault> {
        self.try_decrypt(wrapped, oaep).map_err(|_| Fault::new(Reason::DecFailed, "not for this key"))
    }
}

impl fmt::Debug for FileKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "FileKey({:?})", self.certificate)
    }
}

fn unusable(what: &'static str) -> Fault {
    Fault::new(Reason::Internal, what)
}
