//! The keys of everybody, made for this run.

use std::sync::Arc;

use context_handler::protocol::keys::FileKey;
use openssl::asn1::Asn1Time;
use openssl::bn::BigNum;
use openssl::ec::{EcGroup, EcKey};
use openssl::hash::MessageDigest;
use openssl::nid::Nid;
use openssl::pkey::{PKey, Private};
use openssl::rsa::Rsa;
use openssl::x509::{X509, X509NameBuilder};

use super::Trouble;

/// A key pair with its certificate.
pub(crate) struct Party {
    pub(crate) key: FileKey,
    pub(crate) private: PKey<Private>,
    pem: Vec<u8>,
}

impl Party {
    /// Makes a key pair.
    pub(crate) fn new(name: &str, bits: u32) -> Result<Self, Trouble> {
        Self::with_key(name, PKey::from_rsa(Rsa::generate(bits)?)?)
    }

    /// Makes a key pair on P-256.
    pub(crate) fn on_curve(name: &str) -> Result<Self, Trouble> {
        let curve = EcGroup::from_curve_name(Nid::X9_62_PRIME256V1)?;
        Self::with_key(name, PKey::from_ec_key(EcKey::generate(&curve)?)?)
    }

    fn with_key(name: &str, private: PKey<Private>) -> Result<Self, Trouble> {
        let certificate = self_signed(name, &private)?.to_pem()?;
        let pem = [private.private_key_to_pem_pkcs8()?, certificate].concat();
        let key = FileKey::read(&pem, None).map_err(|fault| fault.to_string())?;
        Ok(Self { key, private, pem })
    }

    /// The private key and the certificate, as a key file holds them.
    pub(crate) fn pem(&self) -> &[u8] {
        &self.pem
    }
}

fn self_signed(name: &str, key: &PKey<Private>) -> Result<X509, Trouble> {
    let mut subject = X509NameBuilder::new()?;
    subject.append_entry_by_text("CN", name)?;
    let subject = subject.build();
    let mut builder = X509::builder()?;
    builder.set_version(2)?;
    let serial = BigNum::from_slice(&openssl::sha::sha256(name.as_bytes())[..8])?.to_asn1_integer()?;
    builder.set_serial_number(&serial)?;
    builder.set_subject_name(&subject)?;
    builder.set_issuer_name(&subject)?;
    builder.set_pubkey(key)?;
    let (from, until) = (Asn1Time::from_unix(1_700_000_000)?, Asn1Time::days_from_now(3650)?);
    builder.set_not_before(&from)?;
    builder.set_not_after(&until)?;
    builder.sign(key, MessageDigest::sha256())?;
    Ok(builder.build())
}

/// Everybody: the broker with its two keys, the identity providers' key, the attribute services' key, and the keys that the
/// fagsystemer share.
pub(crate) struct Parties {
    pub(crate) signing: Party,
    /// The algorithm that signs clients' access tokens, where it is another than that of their ID tokens, and a key on a
    /// curve for it.
    pub(crate) access_tokens: Option<(String, Party)>,
    pub(crate) decryption: Party,
    pub(crate) idp: Party,
    pub(crate) service: Arc<Party>,
    pub(crate) fagsystemer: Vec<Party>,
}

impl Parties {
    /// Makes all keys, with this many bits.
    pub(crate) fn new(bits: u32, access_tokens: Option<&str>) -> Result<Self, Trouble> {
        let fagsystemer = (0..4).map(|n| Party::new(&format!("fagsystem {n}"), bits));
        let for_tokens = |name: &str| Party::on_curve("tokens").map(|key| (name.to_owned(), key));
        Ok(Self {
            signing: Party::new("broker signing", bits)?,
            access_tokens: access_tokens.map(for_tokens).transpose()?,
            decryption: Party::new("broker decryption", bits)?,
            idp: Party::new("identity provider", bits)?,
            service: Arc::new(Party::new("attribute service", bits)?),
            fagsystemer: fagsystemer.collect::<Result<_, _>>()?,
        })
    }

    /// The key of a fagsystem.
    pub(crate) fn fagsystem(&self, system: usize) -> &Party {
        &self.fagsystemer[system % self.fagsystemer.len()]
    }
}
