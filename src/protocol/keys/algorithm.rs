//! The algorithms that exist here, by the names that XML and JOSE have for them. What is not in these lists is refused.

use openssl::error::ErrorStack;
use openssl::md::{Md, MdRef};
use openssl::pkey::{PKeyRef, Public};
use openssl::pkey_ctx::PkeyCtx;
use openssl::rsa::Padding;

/// A digest.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Digest {
    /// SHA-1: for the padding of wrapped keys only, where it is no weakness. Never for signatures.
    Sha1,
    /// SHA-256.
    Sha256,
    /// SHA-384.
    Sha384,
    /// SHA-512.
    Sha512,
}

impl Digest {
    /// The digest of an XML signature's reference.
    pub(crate) fn of_reference(uri: &str) -> Option<Self> {
        Some(match uri {
            "http://www.w3.org/2001/04/xmlenc#sha256" => Self::Sha256,
            "http://www.w3.org/2001/04/xmldsig-more#sha384" => Self::Sha384,
            "http://www.w3.org/2001/04/xmlenc#sha512" => Self::Sha512,
            _ => return None,
        })
    }

    /// The digest of the data.
    pub(crate) fn of(self, data: &[u8]) -> Vec<u8> {
        match self {
            Self::Sha1 => openssl::sha::sha1(data).to_vec(),
            Self::Sha256 => openssl::sha::sha256(data).to_vec(),
            Self::Sha384 => openssl::sha::sha384(data).to_vec(),
            Self::Sha512 => openssl::sha::sha512(data).to_vec(),
        }
    }

    pub(crate) fn md(self) -> &'static MdRef {
        match self {
            Self::Sha1 => Md::sha1(),
            Self::Sha256 => Md::sha256(),
            Self::Sha384 => Md::sha384(),
            Self::Sha512 => Md::sha512(),
        }
    }
}

/// How a signature is made, apart from its digest.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Scheme {
    /// RSA with the padding of PKCS#1 v1.5.
    Rsa,
    /// RSA with the padding PSS, its salt as long as the digest.
    RsaPss,
    /// ECDSA.
    Ecdsa,
}

/// An algorithm of signatures: nine there are, and no other.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct SignatureAlgorithm {
    pub(crate) scheme: Scheme,
    pub(crate) digest: Digest,
}

impl SignatureAlgorithm {
    /// RSA with SHA-256: what every peer understands, hence what we sign with.
    pub const RSA_SHA256: Self = Self { scheme: Scheme::Rsa, digest: Digest::Sha256 };
    /// RSA with SHA-384.
    pub const RSA_SHA384: Self = Self { scheme: Scheme::Rsa, digest: Digest::Sha384 };
    /// RSA with SHA-512.
    pub const RSA_SHA512: Self = Self { scheme: Scheme::Rsa, digest: Digest::Sha512 };
    /// ECDSA with SHA-256.
    pub const ECDSA_SHA256: Self = Self { scheme: Scheme::Ecdsa, digest: Digest::Sha256 };
    /// ECDSA with SHA-384.
    pub const ECDSA_SHA384: Self = Self { scheme: Scheme::Ecdsa, digest: Digest::Sha384 };
    /// RSA-PSS with SHA-256.
    pub const RSA_PSS_SHA256: Self = Self { scheme: Scheme::RsaPss, digest: Digest::Sha256 };
    /// RSA-PSS with SHA-384.
    pub const RSA_PSS_SHA384: Self = Self { scheme: Scheme::RsaPss, digest: Digest::Sha384 };
    /// RSA-PSS with SHA-512.
    pub const RSA_PSS_SHA512: Self = Self { scheme: Scheme::RsaPss, digest: Digest::Sha512 };

    const URIS: [(&'static str, Scheme, Digest); 9] = [
        ("http://www.w3.org/2001/04/xmldsig-more#rsa-sha256", Scheme::Rsa, Digest::Sha256),
        ("http://www.w3.org/2001/04/xmldsig-more#rsa-sha384", Scheme::Rsa, Digest::Sha384),
        ("http://www.w3.org/2001/04/xmldsig-more#rsa-sha512", Scheme::Rsa, Digest::Sha512),
        ("http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha256", Scheme::Ecdsa, Digest::Sha256),
        ("http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha384", Scheme::Ecdsa, Digest::Sha384),
        ("http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha512", Scheme::Ecdsa, Digest::Sha512),
        ("http://www.w3.org/2007/05/xmldsig-more#sha256-rsa-MGF1", Scheme::RsaPss, Digest::Sha256),
        ("http://www.w3.org/2007/05/xmldsig-more#sha384-rsa-MGF1", Scheme::RsaPss, Digest::Sha384),
        ("http://www.w3.org/2007/05/xmldsig-more#sha512-rsa-MGF1", Scheme::RsaPss, Digest::Sha512),
    ];

    /// The algorithm of this URI, compared byte for byte.
    pub fn from_uri(uri: &str) -> Option<Self> {
        let (_, scheme, digest) = Self::URIS.iter().find(|(known, ..)| *known == uri)?;
        Some(Self { scheme: *scheme, digest: *digest })
    }

    /// Whether it is RSA with the padding PSS.
    pub fn is_pss(self) -> bool {
        self.scheme == Scheme::RsaPss
    }

    /// All of them.
    pub fn all() -> impl Iterator<Item = Self> {
        Self::URIS.iter().map(|(_, scheme, digest)| Self { scheme: *scheme, digest: *digest })
    }

    /// Its URI.
    pub fn uri(self) -> &'static str {
        let same = |row: &&(&str, Scheme, Digest)| (row.1, row.2) == (self.scheme, self.digest);
        Self::URIS.iter().find(same).map_or("", |row| row.0)
    }
}

/// The names that JOSE has for them. There an elliptic curve and its digest go together, so that one of the nine is missing.
const JOSE: [(&str, Scheme, Digest); 8] = [
    ("PS256", Scheme::RsaPss, Digest::Sha256),
    ("PS384", Scheme::RsaPss, Digest::Sha384),
    ("PS512", Scheme::RsaPss, Digest::Sha512),
    ("RS256", Scheme::Rsa, Digest::Sha256),
    ("RS384", Scheme::Rsa, Digest::Sha384),
    ("RS512", Scheme::Rsa, Digest::Sha512),
    ("ES256", Scheme::Ecdsa, Digest::Sha256),
    ("ES384", Scheme::Ecdsa, Digest::Sha384),
];

impl SignatureAlgorithm {
    /// The algorithm of this name of JOSE, compared byte for byte.
    pub fn from_jose(name: &str) -> Option<Self> {
        let (_, scheme, digest) = JOSE.iter().find(|(known, ..)| *known == name)?;
        Some(Self { scheme: *scheme, digest: *digest })
    }

    /// Its name in JOSE, if it has one.
    pub fn jose(self) -> Option<&'static str> {
        JOSE.iter().find(|row| (row.1, row.2) == (self.scheme, self.digest)).map(|row| row.0)
    }
}

/// The padding of a wrapped key: RSA-OAEP with its two digests.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Oaep {
    /// The digest of the (empty) label.
    pub digest: Digest,
    /// The digest of the mask generation function MGF1.
    pub mgf1: Digest,
}

impl Oaep {
    /// Wraps a content key for the holder of an RSA key.
    pub(crate) fn wrap(self, content_key: &[u8], to: &PKeyRef<Public>) -> Result<Vec<u8>, ErrorStack> {
        let mut context = PkeyCtx::new(to)?;
        context.encrypt_init()?;
        context.set_rsa_padding(Padding::PKCS1_OAEP)?;
        context.set_rsa_oaep_md(self.digest.md())?;
        context.set_rsa_mgf1_md(self.mgf1.md())?;
        let mut wrapped = Vec::new();
        context.encrypt_to_vec(content_key, &mut wrapped)?;
        Ok(wrapped)
    }
}
