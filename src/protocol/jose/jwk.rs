//! Keys as JSON (RFC 7517): those of a client are read strictly, ours are written.
//!
//! A set is taken whole or not at all: a private member, a weak key or two keys of one name refuse it, since whoever
//! registers it is to look. Keys of kinds that we do not know are passed over; they do no harm and no work.

use std::collections::BTreeSet;

use openssl::bn::{BigNum, BigNumContext, BigNumRef};
use openssl::ec::{EcGroup, EcKey};
use openssl::error::ErrorStack;
use openssl::nid::Nid;
use openssl::pkey::{PKey, Public};
use openssl::rsa::Rsa;
use serde_json::{Value, json};

use super::json::{self, Members};
use crate::domain::reason::{Fault, Reason};
use crate::protocol::keys::{Certificate, Digest, KeyId, KeyKind, Scheme, SignatureAlgorithm};

/// What we verify: every algorithm of JOSE that is strong and asymmetric. A caller may allow fewer.
pub const VERIFIED_WITH: [SignatureAlgorithm; 8] = [
    SignatureAlgorithm::RSA_PSS_SHA256,
    SignatureAlgorithm::RSA_PSS_SHA384,
    SignatureAlgorithm::RSA_PSS_SHA512,
    SignatureAlgorithm::RSA_SHA256,
    SignatureAlgorithm::RSA_SHA384,
    SignatureAlgorithm::RSA_SHA512,
    SignatureAlgorithm::ECDSA_SHA256,
    SignatureAlgorithm::ECDSA_SHA384,
];

/// The largest set that we read: thirty-two keys with a certificate each need no more.
pub const MAX_SET: usize = 128 * 1024;

/// The most keys that a set may have. A genuine client has two, and four while it changes them.
pub const MAX_KEYS: usize = 32;

/// The longest name of a key.
pub(super) const MAX_KID: usize = 256;

/// Members that only whoever owns a key pair may know.
const PRIVATE: [&str; 8] = ["d", "p", "q", "dp", "dq", "qi", "oth", "k"];

/// Whether a set may hold keys that both sides know.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Symmetric {
    /// A set with such a key is refused: a secret has gone astray.
    Refused,
    /// They wrap the content key of what is encrypted for the client, and do nothing else.
    ForEncryption,
}

/// A set of keys: at least one, none too weak, and no two of one name.
#[derive(Clone, Debug)]
pub struct Jwks(Vec<Jwk>);

/// One key.
#[derive(Clone)]
pub struct Jwk {
    kid: Option<String>,
    usage: Option<Usage>,
    operations: Option<BTreeSet<String>>,
    algorithm: Option<String>,
    material: Material,
    /// The members that a thumbprint covers, in the one form that RFC 7638 gives them.
    required: String,
    certificate: Option<Certificate>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Usage {
    Signature,
    Encryption,
}

#[derive(Clone)]
pub(super) enum Material {
    Public { kind: KeyKind, key: PKey<Public>, der: Vec<u8> },
    Secret(Vec<u8>),
}

impl Jwks {
    /// Reads the set of a client.
    pub fn read(text: &str, symmetric: Symmetric) -> Result<Self, Fault> {
        if text.len() > MAX_SET {
            return Err(refused(format!("expected at most {MAX_SET} bytes, got {}", text.len())));
        }
        let whole = json::object(text.as_bytes())
            .ok_or_else(|| refused("expected one JSON object in which nothing stands twice"))?;
        let Some(Value::Array(listed)) = whole.get("keys") else {
            return Err(refused("expected the list `keys`"));
        };
        if listed.len() > MAX_KEYS {
            return Err(refused(format!("expected at most {MAX_KEYS} keys, got {}", listed.len())));
        }
        let mut keys = Vec::new();
        for entry in listed {
            let members = entry.as_object().ok_or_else(|| refused("a key that is no object"))?;
            keys.extend(Jwk::read_any(members, symmetric)?);
        }
        Self::of(keys)
    }

    /// The keys of these certificates, for signatures, each named by its certificate's [`KeyId`].
    pub fn of_certificates<'c>(
        certificates: impl IntoIterator<Item = &'c Certificate>,
    ) -> Result<Self, Fault> {
        let mut keys: Vec<Jwk> = Vec::new();
        for certificate in certificates {
            let key = Jwk::of_certificate(certificate)?;
            // It may sign in two roles.
            if keys.iter().all(|other| other.kid != key.kid) {
                keys.push(key);
            }
        }
        Self::of(keys)
    }

    fn of(keys: Vec<Jwk>) -> Result<Self, Fault> {
        if keys.is_empty() {
            return Err(refused("no key of a kind that is used here"));
        }
        let mut names = BTreeSet::new();
        match keys.iter().filter_map(|key| key.kid.as_deref()).all(|kid| names.insert(kid)) {
            true => Ok(Self(keys)),
            false => Err(refused("two keys have the same `kid`")),
        }
    }

    /// The keys.
    pub fn keys(&self) -> &[Jwk] {
        &self.0
    }

    /// Whether the owner can sign with any of them what we take.
    pub fn verifies(&self) -> bool {
        self.0.iter().any(|key| VERIFIED_WITH.iter().any(|algorithm| key.verifies(*algorithm)))
    }

    /// The set as it is published. A secret key is never written.
    pub fn to_json(&self) -> Value {
        json!({ "keys": self.0.iter().filter_map(Jwk::to_json).collect::<Vec<_>>() })
    }

    /// The one key that may have signed: that of this name, or the only one that fits if none is named.
    pub(super) fn verifying(&self, kid: Option<&str>, algorithm: SignatureAlgorithm) -> Result<&Jwk, Fault> {
        let unknown = |what| Fault::new(Reason::JwtKey, what);
        let mut fitting = self.0.iter().filter(|key| match kid {
            Some(_) => key.kid.as_deref() == kid,
            None => key.verifies(algorithm),
        });
        match (fitting.next(), fitting.next()) {
            (Some(key), None) => Ok(key),
            (None, _) => Err(unknown("no registered key has the token's `kid`, or none fits its algorithm")),
            _ => Err(unknown("several keys fit and the token names none by `kid`")),
        }
    }
}

impl Jwk {
    /// Reads one public key.
    pub(super) fn read(members: &Members) -> Result<Self, Fault> {
        let read = Self::read_any(members, Symmetric::Refused)?;
        read.ok_or_else(|| refused("a kind of key that is not used here"))
    }

    /// Reads one key, or passes over a kind that we do not know.
    fn read_any(members: &Members, symmetric: Symmetric) -> Result<Option<Self>, Fault> {
        let kind = text(members, "kty")?.ok_or_else(|| refused("a key without `kty`"))?;
        let is_secret = kind == "oct";
        if is_secret && symmetric == Symmetric::Refused {
            return Err(refused("a secret key where only public ones may stand"));
        }
        if !is_secret && PRIVATE.iter().any(|name| members.contains_key(*name)) {
            return Err(refused("a private key: it is no secret any more, and must be replaced"));
        }
        let material = match kind {
            "RSA" => rsa(members)?,
            "EC" => match text(members, "crv")? {
                Some("P-256") => elliptic(members, Nid::X9_62_PRIME256V1, 32)?,
                Some("P-384") => elliptic(members, Nid::SECP384R1, 48)?,
                _ => return Ok(None),
            },
            "oct" => secret(members)?,
            _ => return Ok(None),
        };
        let usage = match text(members, "use")? {
            None => None,
            Some("sig") => Some(Usage::Signature),
            Some("enc") => Some(Usage::Encryption),
            Some(_) => return Err(refused("a `use` other than `sig` and `enc`")),
        };
        let kid = text(members, "kid")?.map(str::to_owned);
        if kid.as_ref().is_some_and(|kid| kid.is_empty() || kid.len() > MAX_KID) {
            return Err(refused("an empty or a long `kid`"));
        }
        let algorithm = text(members, "alg")?.map(str::to_owned);
        let operations = operations(members)?;
        let required = material.required()?;
        Ok(Some(Self { kid, usage, operations, algorithm, material, required, certificate: None }))
    }

    fn of_certificate(certificate: &Certificate) -> Result<Self, Fault> {
        let material = Material::public(certificate.key().clone())?;
        let required = material.required()?;
        Ok(Self {
            kid: Some(certificate.id().as_str().to_owned()),
            usage: Some(Usage::Signature),
            operations: None,
            algorithm: None,
            material,
            required,
            certificate: Some(certificate.clone()),
        })
    }

    /// What the key is called in its set.
    pub fn kid(&self) -> Option<&str> {
        self.kid.as_deref()
    }

    /// The thumbprint of RFC 7638 with SHA-256, in base64url: the same for everybody who has the key.
    pub fn thumbprint(&self) -> String {
        json::base64(Digest::Sha256.of(self.required.as_bytes()))
    }

    /// Its name in the exchange log.
    pub(super) fn id(&self) -> KeyId {
        match &self.certificate {
            Some(certificate) => certificate.id().clone(),
            None => KeyId::of(self.required.as_bytes()),
        }
    }

    /// The public key and its DER form.
    pub(super) fn public(&self) -> Option<(KeyKind, &[u8])> {
        match &self.material {
            Material::Public { kind, der, .. } => Some((*kind, der)),
            Material::Secret(_) => None,
        }
    }

    pub(super) fn material(&self) -> &Material {
        &self.material
    }

    pub(super) fn verifies(&self, algorithm: SignatureAlgorithm) -> bool {
        let fits = matches!(&self.material, Material::Public { kind, .. } if fits(*kind, algorithm));
        fits && self.is_for(Usage::Signature, algorithm.jose().unwrap_or_default(), &["verify"])
    }

    pub(super) fn encrypts(&self, algorithm: &str) -> bool {
        self.is_for(Usage::Encryption, algorithm, &["encrypt", "wrapKey"])
    }

    fn is_for(&self, usage: Usage, algorithm: &str, operations: &[&str]) -> bool {
        let allows = |listed: &BTreeSet<String>| operations.iter().any(|one| listed.contains(*one));
        self.usage.is_none_or(|stated| stated == usage)
            && self.algorithm.as_ref().is_none_or(|stated| stated == algorithm)
            && self.operations.as_ref().is_none_or(allows)
    }

    fn to_json(&self) -> Option<Value> {
        let Material::Public { kind, .. } = &self.material else { return None };
        let mut members = json::object(self.required.as_bytes()).unwrap_or_default();
        let mut add =
            |name: &str, value: Option<Value>| members.extend(value.map(|value| (name.into(), value)));
        add("kid", self.kid.as_deref().map(Value::from));
        add("use", self.usage.map(|usage| if usage == Usage::Signature { "sig" } else { "enc" }.into()));
        let only = match kind {
            KeyKind::Ec(32) => Some("ES256"),
            KeyKind::Ec(_) => Some("ES384"),
            // One RSA key signs with each of the three.
            _ => None,
        };
        add(
            "alg",
            self.algorithm.as_deref().or(only.filter(|_| self.certificate.is_some())).map(Value::from),
        );
        add("x5c", self.certificate.as_ref().map(|certificate| json!([certificate.to_base64()])));
        Some(members.into())
    }
}

impl std::fmt::Debug for Jwk {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Jwk({:?})", self.kid)
    }
}

impl Material {
    fn public(key: PKey<Public>) -> Result<Self, Fault> {
        let kind = KeyKind::of(&key).map_err(refused)?;
        let der = key.public_key_to_der().map_err(|_| refused("a key that cannot be written"))?;
        Ok(Self::Public { kind, key, der })
    }

    fn required(&self) -> Result<String, Fault> {
        let unwritten = |_| refused("a key whose numbers cannot be written");
        match self {
            Self::Public { kind: KeyKind::Ec(bytes), key, .. } => point(key, *bytes).map_err(unwritten),
            Self::Public { key, .. } => key.rsa().map_err(unwritten).map(|rsa| {
                let number = |number: &BigNumRef| json::base64(number.to_vec());
                format!(r#"{{"e":"{}","kty":"RSA","n":"{}"}}"#, number(rsa.e()), number(rsa.n()))
            }),
            Self::Secret(secret) => Ok(format!(r#"{{"k":"{}","kty":"oct"}}"#, json::base64(secret))),
        }
    }
}

fn point(key: &PKey<Public>, bytes: usize) -> Result<String, ErrorStack> {
    let (key, mut x, mut y) = (key.ec_key()?, BigNum::new()?, BigNum::new()?);
    let mut context = BigNumContext::new()?;
    key.public_key().affine_coordinates(key.group(), &mut x, &mut y, &mut context)?;
    let coordinate = |number: &BigNum| number.to_vec_padded(bytes as i32).map(json::base64);
    let (x, y, curve) = (coordinate(&x)?, coordinate(&y)?, if bytes == 32 { "P-256" } else { "P-384" });
    Ok(format!(r#"{{"crv":"{curve}","kty":"EC","x":"{x}","y":"{y}"}}"#))
}

/// Whether a key of this kind goes with the algorithm. In JOSE a curve has one digest.
pub(super) fn fits(kind: KeyKind, algorithm: SignatureAlgorithm) -> bool {
    match algorithm.scheme {
        Scheme::Ecdsa => {
            matches!(
                (kind, algorithm.digest),
                (KeyKind::Ec(32), Digest::Sha256) | (KeyKind::Ec(48), Digest::Sha384)
            )
        }
        scheme => kind.fits(scheme),
    }
}

fn rsa(members: &Members) -> Result<Material, Fault> {
    let (n, e) = (number(members, "n")?, number(members, "e")?);
    if [&n, &e].iter().any(|number| number.first().is_none_or(|first| *first == 0)) {
        return Err(refused("a number that is empty or begins with a zero octet"));
    }
    let key = BigNum::from_slice(&n)
        .and_then(|n| Rsa::from_public_components(n, BigNum::from_slice(&e)?))
        .and_then(PKey::from_rsa);
    Material::public(key.map_err(|_| refused("an RSA key that cannot be read"))?)
}

fn elliptic(members: &Members, curve: Nid, bytes: usize) -> Result<Material, Fault> {
    let (x, y) = (number(members, "x")?, number(members, "y")?);
    if x.len() != bytes || y.len() != bytes {
        return Err(refused(format!("expected coordinates of {bytes} octets")));
    }
    let key = EcGroup::from_curve_name(curve)
        .and_then(|group| {
            let (x, y) = (BigNum::from_slice(&x)?, BigNum::from_slice(&y)?);
            EcKey::from_public_key_affine_coordinates(&group, &x, &y)
        })
        .and_then(PKey::from_ec_key);
    Material::public(key.map_err(|_| refused("a point that does not lie on its curve"))?)
}

fn secret(members: &Members) -> Result<Material, Fault> {
    let secret = number(members, "k")?;
    match secret.len() {
        16 | 24 | 32 => Ok(Material::Secret(secret)),
        length => Err(refused(format!("expected a secret of 16, 24 or 32 octets, got {length}"))),
    }
}

fn number(members: &Members, name: &str) -> Result<Vec<u8>, Fault> {
    let written = text(members, name)?;
    written.and_then(json::unbase64).ok_or_else(|| refused(format!("expected base64url in `{name}`")))
}

fn operations(members: &Members) -> Result<Option<BTreeSet<String>>, Fault> {
    let Some(listed) = members.get("key_ops") else { return Ok(None) };
    let listed = listed.as_array().map(|listed| {
        listed.iter().map(|one| one.as_str().map(str::to_owned)).collect::<Option<BTreeSet<_>>>()
    });
    listed.flatten().map(Some).ok_or_else(|| refused("expected a list of texts in `key_ops`"))
}

fn text<'m>(members: &'m Members, name: &str) -> Result<Option<&'m str>, Fault> {
    match members.get(name) {
        None => Ok(None),
        Some(Value::String(text)) => Ok(Some(text)),
        Some(_) => Err(refused(format!("expected text in `{name}`"))),
    }
}

fn refused(what: impl Into<std::borrow::Cow<'static, str>>) -> Fault {
    Fault::new(Reason::JwtKeySet, what)
}
