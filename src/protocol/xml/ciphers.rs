//! The ciphers of XML encryption that exist here, by the URIs that XML names them with.

use openssl::symm::Cipher;

use crate::protocol::keys::{Digest, Oaep};

/// What is done with messages whose content is encrypted in CBC mode, which does not notice changes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Cbc {
    /// They are refused.
    #[default]
    Refused,
    /// They are read, for a party that can do no better; its signature must then cover what was read.
    DangerAllowed,
}

/// How content is encrypted for a receiver.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Encryption {
    /// The cipher of the content.
    pub content: ContentCipher,
    /// The padding of the wrapped content key.
    pub key: KeyTransport,
}

/// The cipher of the content that we write.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ContentCipher {
    /// AES-128 in Galois/counter mode.
    Aes128Gcm,
    /// AES-256 in Galois/counter mode.
    Aes256Gcm,
}

/// The padding of the wrapped key that we write.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyTransport {
    /// `rsa-oaep-mgf1p`: both digests SHA-1, where that is no weakness. Every peer reads it.
    OaepMgf1p,
    /// `xmlenc11#rsa-oaep` with SHA-256 in both places.
    OaepSha256,
}

/// Modes of the content cipher.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Mode {
    Gcm,
    Cbc,
}

/// A content cipher that we read.
#[derive(Clone, Copy)]
pub(super) struct Content {
    pub(super) mode: Mode,
    pub(super) key_bytes: usize,
    pub(super) cipher: fn() -> Cipher,
}

pub(super) const OAEP_MGF1P: &str = "http://www.w3.org/2001/04/xmlenc#rsa-oaep-mgf1p";
pub(super) const OAEP_11: &str = "http://www.w3.org/2009/xmlenc11#rsa-oaep";

pub(super) fn content(uri: &str) -> Option<Content> {
    let (mode, key_bytes, cipher): (_, _, fn() -> Cipher) = match uri {
        "http://www.w3.org/2009/xmlenc11#aes128-gcm" => (Mode::Gcm, 16, Cipher::aes_128_gcm),
        "http://www.w3.org/2009/xmlenc11#aes192-gcm" => (Mode::Gcm, 24, Cipher::aes_192_gcm),
        "http://www.w3.org/2009/xmlenc11#aes256-gcm" => (Mode::Gcm, 32, Cipher::aes_256_gcm),
        "http://www.w3.org/2001/04/xmlenc#aes128-cbc" => (Mode::Cbc, 16, Cipher::aes_128_cbc),
        "http://www.w3.org/2001/04/xmlenc#aes192-cbc" => (Mode::Cbc, 24, Cipher::aes_192_cbc),
        "http://www.w3.org/2001/04/xmlenc#aes256-cbc" => (Mode::Cbc, 32, Cipher::aes_256_cbc),
        _ => return None,
    };
    Some(Content { mode, key_bytes, cipher })
}

impl ContentCipher {
    /// Its URI.
    pub fn uri(self) -> &'static str {
        match self {
            Self::Aes128Gcm => "http://www.w3.org/2009/xmlenc11#aes128-gcm",
            Self::Aes256Gcm => "http://www.w3.org/2009/xmlenc11#aes256-gcm",
        }
    }

    pub(super) fn key_bytes(self) -> usize {
        match self {
            Self::Aes128Gcm => 16,
            Self::Aes256Gcm => 32,
        }
    }

    pub(super) fn cipher(self) -> Cipher {
        match self {
            Self::Aes128Gcm => Cipher::aes_128_gcm(),
            Self::Aes256Gcm => Cipher::aes_256_gcm(),
        }
    }
}

impl KeyTransport {
    /// Its URI.
    pub fn uri(self) -> &'static str {
        match self {
            Self::OaepMgf1p => OAEP_MGF1P,
            Self::OaepSha256 => OAEP_11,
        }
    }

    pub(super) fn oaep(self) -> Oaep {
        match self {
            Self::OaepMgf1p => Oaep { digest: Digest::Sha1, mgf1: Digest::Sha1 },
            Self::OaepSha256 => Oaep { digest: Digest::Sha256, mgf1: Digest::Sha256 },
        }
    }
}

/// The digest of an OAEP label.
pub(super) fn oaep_digest(uri: &str) -> Option<Digest> {
    match uri {
        "http://www.w3.org/2000/09/xmldsig#sha1" => Some(Digest::Sha1),
        _ => Digest::of_reference(uri),
    }
}

/// The mask generation function of `xmlenc11#rsa-oaep`.
pub(super) fn mgf1(uri: &str) -> Option<Digest> {
    match uri {
        "http://www.w3.org/2009/xmlenc11#mgf1sha1" => Some(Digest::Sha1),
        "http://www.w3.org/2009/xmlenc11#mgf1sha256" => Some(Digest::Sha256),
        "http://www.w3.org/2009/xmlenc11#mgf1sha384" => Some(Digest::Sha384),
        "http://www.w3.org/2009/xmlenc11#mgf1sha512" => Some(Digest::Sha512),
        _ => None,
    }
}
