//! What `jsonwebtoken` asks for cryptography: OpenSSL, by the same code that verifies XML signatures.
//!
//! It verifies and does not sign: the library hands its provider the octets of a private key, and ours may lie in a
//! device that gives none (`docs/decisions/0007-jsonwebtoken.md`).

use std::sync::LazyLock;

use jsonwebtoken::crypto::{CryptoProvider, JwtSigner, JwtVerifier, KeyUtils};
use jsonwebtoken::errors::{ErrorKind, Result, new_error};
use jsonwebtoken::signature::{Error as Mismatch, Verifier};
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey};
use openssl::pkey::{PKey, Public};

use super::jwk::{self, Jwk};
use crate::domain::reason::{Fault, Reason};
use crate::protocol::keys::{KeyKind, SignatureAlgorithm, made_by};

static PROVIDER: CryptoProvider = CryptoProvider {
    signer_factory: no_signer,
    verifier_factory: verifier,
    key_utils: KeyUtils::new_unimplemented(),
};

/// The library has one provider for the whole process. Whoever came first would judge our tokens.
static INSTALLED: LazyLock<bool> = LazyLock::new(|| PROVIDER.install_default().is_ok());

/// Makes ours the provider, or says that another one already is.
pub(super) fn install() -> std::result::Result<(), Fault> {
    match *INSTALLED {
        true => Ok(()),
        false => Err(Fault::new(Reason::Internal, "another crypto provider verifies tokens in this process")),
    }
}

/// The key in the form that the library hands on to us.
pub(super) fn decoding_key(key: &Jwk) -> std::result::Result<DecodingKey, Fault> {
    let no_key = || Fault::new(Reason::JwtKey, "a key that verifies nothing");
    let (kind, der) = key.public().ok_or_else(no_key)?;
    Ok(match kind {
        KeyKind::Ec(_) => DecodingKey::from_ec_der(der),
        KeyKind::Rsa | KeyKind::RsaPss => DecodingKey::from_rsa_der(der),
    })
}

/// The library's name of the algorithm.
pub(super) fn name(algorithm: SignatureAlgorithm) -> std::result::Result<Algorithm, Fault> {
    let known = algorithm.jose().and_then(|name| name.parse().ok());
    known.ok_or_else(|| Fault::new(Reason::AlgRefused, "an algorithm that tokens do not have"))
}

fn no_signer(_: &Algorithm, _: &EncodingKey) -> Result<Box<dyn JwtSigner>> {
    Err(new_error(ErrorKind::UnsupportedAlgorithm))
}

fn verifier(name: &Algorithm, key: &DecodingKey) -> Result<Box<dyn JwtVerifier>> {
    let unusable = || new_error(ErrorKind::InvalidKeyFormat);
    let algorithm = SignatureAlgorithm::from_jose(&format!("{name:?}"))
        .ok_or_else(|| new_error(ErrorKind::UnsupportedAlgorithm))?;
    let key = PKey::public_key_from_der(key.try_get_as_bytes()?).map_err(|_| unusable())?;
    let kind = KeyKind::of(&key).map_err(|_| unusable())?;
    if !jwk::fits(kind, algorithm) {
        return Err(new_error(ErrorKind::InvalidAlgorithm));
    }
    Ok(Box::new(OpenSsl { key, kind, name: *name, algorithm }))
}

struct OpenSsl {
    key: PKey<Public>,
    kind: KeyKind,
    name: Algorithm,
    algorithm: SignatureAlgorithm,
}

impl Verifier<Vec<u8>> for OpenSsl {
    fn verify(&self, message: &[u8], signature: &Vec<u8>) -> std::result::Result<(), Mismatch> {
        let digest = self.algorithm.digest.of(message);
        match made_by(&self.key, self.kind, self.algorithm, &digest, signature) {
            Ok(true) => Ok(()),
            _ => Err(Mismatch::new()),
        }
    }
}

impl JwtVerifier for OpenSsl {
    fn algorithm(&self) -> Algorithm {
        self.name
    }
}
