//! Keys made for this run, and tokens as somebody else would write them.

use std::sync::LazyLock;
use std::sync::atomic::{AtomicU64, Ordering};

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use context_handler::domain::world::Random;
use context_handler::protocol::jose::{Audience, Expectation, Jwks, Lifetime, Symmetric};
use context_handler::protocol::keys::{FileKey, SignatureAlgorithm, Signer};
use jiff::{SignedDuration, Timestamp};
use openssl::asn1::Asn1Time;
use openssl::ec::{EcGroup, EcKey};
use openssl::hash::MessageDigest;
use openssl::nid::Nid;
use openssl::pkey::{PKey, Private};
use openssl::rsa::Rsa;
use openssl::x509::X509;
use serde_json::{Value, json};

pub(crate) static RSA: LazyLock<Party> =
    LazyLock::new(|| Party::new(PKey::from_rsa(Rsa::generate(2048).unwrap()).unwrap()));
pub(crate) static OTHER: LazyLock<Party> =
    LazyLock::new(|| Party::new(PKey::from_rsa(Rsa::generate(2048).unwrap()).unwrap()));
pub(crate) static P256: LazyLock<Party> = LazyLock::new(|| Party::ec(Nid::X9_62_PRIME256V1));
pub(crate) static P384: LazyLock<Party> = LazyLock::new(|| Party::ec(Nid::SECP384R1));

pub(crate) struct Party {
    pub(crate) key: FileKey,
    pub(crate) private: PKey<Private>,
}

impl Party {
    pub(crate) fn new(private: PKey<Private>) -> Self {
        let mut builder = X509::builder().unwrap();
        builder.set_pubkey(&private).unwrap();
        builder.set_not_before(&Asn1Time::from_unix(0).unwrap()).unwrap();
        builder.set_not_after(&Asn1Time::from_unix(4_000_000_000).unwrap()).unwrap();
        builder.sign(&private, MessageDigest::sha256()).unwrap();
        let certificate = builder.build().to_pem().unwrap();
        let key =
            FileKey::from_pem(&certificate, &private.private_key_to_pem_pkcs8().unwrap(), None).unwrap();
        Self { key, private }
    }

    fn ec(curve: Nid) -> Self {
        let group = EcGroup::from_curve_name(curve).unwrap();
        Self::new(PKey::from_ec_key(EcKey::generate(&group).unwrap()).unwrap())
    }

    /// The set under which the party publishes its key.
    pub(crate) fn keys(&self) -> Jwks {
        Jwks::of_certificates([Signer::certificate(&self.key)]).unwrap()
    }

    /// The bare public key, as a client registers it.
    pub(crate) fn jwk(&self) -> Value {
        let mut key = self.keys().to_json()["keys"][0].clone();
        for name in ["kid", "use", "alg", "x5c"] {
            key.as_object_mut().unwrap().remove(name);
        }
        key
    }

    /// A token with exactly this header and content.
    pub(crate) fn token(&self, header: &str, claims: &str) -> String {
        let named = serde_json::from_str::<Value>(header).ok();
        let named = named.and_then(|header| SignatureAlgorithm::from_jose(header["alg"].as_str()?));
        let content = format!("{}.{}", base64(header), base64(claims));
        let signature =
            self.key.sign_with(named.unwrap_or(self.key.algorithm()), content.as_bytes()).unwrap();
        format!("{content}.{}", base64(signature))
    }
}

pub(crate) fn base64(bytes: impl AsRef<[u8]>) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

/// A key with more or other members.
pub(crate) fn with(key: &Value, members: Value) -> Value {
    let mut key = key.clone();
    key.as_object_mut().unwrap().extend(members.as_object().unwrap().clone());
    key
}

pub(crate) fn set(keys: &[Value]) -> String {
    json!({ "keys": keys }).to_string()
}

pub(crate) fn read(keys: &[Value]) -> Jwks {
    Jwks::read(&set(keys), Symmetric::ForEncryption).unwrap()
}

pub(crate) const NOW: i64 = 1_800_000_000;
pub(crate) const ISSUER: &str = "https://fagsystem.example";
pub(crate) const US: &str = "https://login.example.dk";

pub(crate) fn now() -> Timestamp {
    Timestamp::from_second(NOW).unwrap()
}

pub(crate) fn claims() -> Value {
    json!({ "iss": ISSUER, "sub": ISSUER, "aud": US, "iat": NOW, "exp": NOW + 60, "jti": "a1" })
}

pub(crate) fn expectation() -> Expectation<'static> {
    Expectation {
        audience: Audience::Only(&[US]),
        lifetime: Lifetime::AtMost(SignedDuration::from_mins(5)),
        now: now(),
        skew: SignedDuration::from_secs(30),
    }
}

/// Dice that fall alike in every run.
pub(crate) struct Dice(pub(crate) AtomicU64);

impl Random for Dice {
    fn fill(&self, bytes: &mut [u8]) {
        for byte in bytes {
            let throw = self.0.fetch_add(1, Ordering::Relaxed).wrapping_mul(0x9E37_79B9_7F4A_7C15);
            *byte = (throw >> 56) as u8;
        }
    }
}
