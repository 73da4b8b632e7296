//! Encryption of what we issue (RFC 7516, compact): a token inside, sealed for one client.
//!
//! Nothing is ever opened here. No client has a reason to send us something encrypted, so there is no oracle to ask.

use openssl::aes::{AesKey, wrap_key};
use openssl::error::ErrorStack;
use openssl::hash::MessageDigest;
use openssl::pkey::PKey;
use openssl::sign::Signer;
use openssl::symm::{Cipher, encrypt, encrypt_aead};
use serde_json::json;

use super::json::base64;
use super::jwk::{Jwk, Jwks, Material};
use crate::domain::reason::{Fault, Reason};
use crate::domain::world::Random;
use crate::protocol::keys::{Digest, KeyKind, Oaep};

const TAG_BYTES: usize = 16;

/// How the content key is wrapped: `alg`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyWrap {
    /// RSA-OAEP with SHA-1 in its padding, where that is no weakness.
    RsaOaep,
    /// RSA-OAEP with SHA-256.
    RsaOaep256,
    /// AES key wrap by a shared secret of 128 bits.
    A128Kw,
    /// AES key wrap by a shared secret of 192 bits.
    A192Kw,
    /// AES key wrap by a shared secret of 256 bits.
    A256Kw,
}

impl KeyWrap {
    /// All of them, the default first.
    pub const ALL: [Self; 5] = [Self::RsaOaep256, Self::RsaOaep, Self::A128Kw, Self::A192Kw, Self::A256Kw];

    /// Its name in JOSE.
    pub fn name(self) -> &'static str {
        match self {
            Self::RsaOaep => "RSA-OAEP",
            Self::RsaOaep256 => "RSA-OAEP-256",
            Self::A128Kw => "A128KW",
            Self::A192Kw => "A192KW",
            Self::A256Kw => "A256KW",
        }
    }

    /// The one of this name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|one| one.name() == name)
    }

    /// Whether it needs a secret that both sides know.
    pub fn is_symmetric(self) -> bool {
        self.secret_bytes().is_some()
    }

    fn secret_bytes(self) -> Option<usize> {
        match self {
            Self::RsaOaep | Self::RsaOaep256 => None,
            Self::A128Kw => Some(16),
            Self::A192Kw => Some(24),
            Self::A256Kw => Some(32),
        }
    }

    /// The key of a set that it wraps for.
    pub fn find(self, keys: &Jwks) -> Option<&Jwk> {
        keys.keys().iter().find(|key| self.fits(key))
    }

    fn fits(self, key: &Jwk) -> bool {
        let fits = match key.material() {
            Material::Public { kind, .. } => !self.is_symmetric() && *kind == KeyKind::Rsa,
            Material::Secret(secret) => self.secret_bytes() == Some(secret.len()),
        };
        fits && key.encrypts(self.name())
    }

    fn wrap(self, content_key: &[u8], key: &Jwk) -> Option<Vec<u8>> {
        match key.material() {
            Material::Public { key, .. } => {
                let digest = if self == Self::RsaOaep { Digest::Sha1 } else { Digest::Sha256 };
                Oaep { digest, mgf1: digest }.wrap(content_key, key).ok()
            }
            Material::Secret(secret) => {
                let mut wrapped = vec![0; content_key.len() + 8];
                let secret = AesKey::new_encrypt(secret).ok()?;
                wrap_key(&secret, None, &mut wrapped, content_key).ok()?;
                Some(wrapped)
            }
        }
    }
}

/// How the content is encrypted: `enc`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ContentEncryption {
    /// AES-128 in Galois/counter mode.
    A128Gcm,
    /// AES-192 in Galois/counter mode.
    A192Gcm,
    /// AES-256 in Galois/counter mode.
    A256Gcm,
    /// AES-128 in CBC mode with HMAC-SHA-256.
    A128CbcHs256,
    /// AES-192 in CBC mode with HMAC-SHA-384.
    A192CbcHs384,
    /// AES-256 in CBC mode with HMAC-SHA-512.
    A256CbcHs512,
}

impl ContentEncryption {
    /// All of them, the default first.
    pub const ALL: [Self; 6] = [
        Self::A256Gcm,
        Self::A128Gcm,
        Self::A192Gcm,
        Self::A128CbcHs256,
        Self::A192CbcHs384,
        Self::A256CbcHs512,
    ];

    /// Its name in JOSE.
    pub fn name(self) -> &'static str {
        match self {
            Self::A128Gcm => "A128GCM",
            Self::A192Gcm => "A192GCM",
            Self::A256Gcm => "A256GCM",
            Self::A128CbcHs256 => "A128CBC-HS256",
            Self::A192CbcHs384 => "A192CBC-HS384",
            Self::A256CbcHs512 => "A256CBC-HS512",
        }
    }

    /// The one of this name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|one| one.name() == name)
    }

    /// How many octets its key and its initial value have.
    fn lengths(self) -> (usize, usize) {
        match self {
            Self::A128Gcm => (16, 12),
            Self::A192Gcm => (24, 12),
            Self::A256Gcm => (32, 12),
            Self::A128CbcHs256 => (32, 16),
            Self::A192CbcHs384 => (48, 16),
            Self::A256CbcHs512 => (64, 16),
        }
    }

    /// The encrypted content and its tag.
    fn seal(self, key: &[u8], iv: &[u8], head: &[u8], text: &[u8]) -> Result<(Vec<u8>, Vec<u8>), ErrorStack> {
        let gcm = |cipher| {
            let mut tag = vec![0; TAG_BYTES];
            let content = encrypt_aead(cipher, key, Some(iv), head, text, &mut tag)?;
            Ok((content, tag))
        };
        let cbc = |cipher, digest| {
            // The first half of the key proves, the second encrypts; half of the proof is sent.
            let (proving, encrypting) = key.split_at(key.len() / 2);
            let content = encrypt(cipher, encrypting, Some(iv), text)?;
            let proving = PKey::hmac(proving)?;
            let mut proof = Signer::new(digest, &proving)?;
            for part in [head, iv, &content, &(head.len() as u64 * 8).to_be_bytes()] {
                proof.update(part)?;
            }
            let mut tag = proof.sign_to_vec()?;
            tag.truncate(tag.len() / 2);
            Ok((content, tag))
        };
        match self {
            Self::A128Gcm => gcm(Cipher::aes_128_gcm()),
            Self::A192Gcm => gcm(Cipher::aes_192_gcm()),
            Self::A256Gcm => gcm(Cipher::aes_256_gcm()),
            Self::A128CbcHs256 => cbc(Cipher::aes_128_cbc(), MessageDigest::sha256()),
            Self::A192CbcHs384 => cbc(Cipher::aes_192_cbc(), MessageDigest::sha384()),
            Self::A256CbcHs512 => cbc(Cipher::aes_256_cbc(), MessageDigest::sha512()),
        }
    }
}

/// How a client wants its tokens sealed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sealing {
    /// How the content key is wrapped.
    pub key: KeyWrap,
    /// How the content is encrypted.
    pub content: ContentEncryption,
}

/// Seals a signed token for the client with these keys. Without a usable key it is refused; there is no way back to plain text.
pub fn seal(token: &str, keys: &Jwks, how: Sealing, random: &dyn Random) -> Result<String, Fault> {
    let key = how.key.find(keys).ok_or_else(|| {
        Fault::new(Reason::EncNokey, format!("no registered key is for {}", how.key.name()))
    })?;
    let mut head = json!({ "alg": how.key.name(), "enc": how.content.name(), "cty": "JWT" });
    if let Some(kid) = key.kid() {
        head["kid"] = kid.into();
    }
    let head = base64(head.to_string());
    let (key_bytes, iv_bytes) = how.content.lengths();
    let (mut content_key, mut iv) = (vec![0; key_bytes], vec![0; iv_bytes]);
    random.fill(&mut content_key);
    random.fill(&mut iv);
    let failed = || Fault::new(Reason::Internal, "the encryption failed");
    let wrapped = how.key.wrap(&content_key, key).ok_or_else(failed)?;
    let (content, tag) =
        how.content.seal(&content_key, &iv, head.as_bytes(), token.as_bytes()).map_err(|_| failed())?;
    Ok([head, base64(wrapped), base64(iv), base64(content), base64(tag)].join("."))
}
