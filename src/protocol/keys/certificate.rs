//! Certificates: a public key and what stands beside it. Validity is told here and judged elsewhere.

use std::fmt;
use std::sync::Arc;

use base64_simd::URL_SAFE_NO_PAD;
use jiff::Timestamp;
use openssl::asn1::{Asn1Time, Asn1TimeRef};
use openssl::bn::BigNumRef;
use openssl::error::ErrorStack;
use openssl::nid::Nid;
use openssl::pkey::{Id, PKey, Public};
use openssl::x509::{X509, X509NameRef};

use super::algorithm::Scheme;
use super::subject::{self, Organisation};
use crate::domain::reason::{Fault, Reason};
use crate::protocol::xml::base64 as xml_base64;

/// Names a key: the SHA-256 of its certificate's DER form, or of its JWK when it has none, in hexadecimal.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct KeyId(Arc<str>);

impl KeyId {
    pub(crate) fn of(content: &[u8]) -> Self {
        Self(fingerprint(content).into())
    }

    /// The 64 digits.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for KeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for KeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A certificate, parsed once.
#[derive(Clone)]
pub struct Certificate(Arc<Parsed>);

struct Parsed {
    der: Vec<u8>,
    base64: String,
    id: KeyId,
    key: PKey<Public>,
    kind: Result<KeyKind, &'static str>,
    subject: String,
    serial: String,
    subject_key_id: Option<Vec<u8>>,
    not_before: Timestamp,
    not_after: Timestamp,
}

/// A kind of key that is strong enough.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum KeyKind {
    /// RSA with 2048 bits or more.
    Rsa,
    /// RSA that its certificate reserves for PSS.
    RsaPss,
    /// An elliptic curve; its numbers have this many bytes.
    Ec(usize),
}

impl KeyKind {
    pub(crate) fn fits(self, scheme: Scheme) -> bool {
        matches!(
            (self, scheme),
            (Self::Rsa, Scheme::Rsa | Scheme::RsaPss)
                | (Self::RsaPss, Scheme::RsaPss)
                | (Self::Ec(_), Scheme::Ecdsa)
        )
    }

    /// Which kind it is, or why it is refused.
    pub(crate) fn of(key: &PKey<Public>) -> Result<Self, &'static str> {
        match key.id() {
            Id::RSA | Id::RSA_PSS if key.bits() < 2048 => Err("an RSA key shorter than 2048 bits"),
            // Longer keys cost more time than they add safety.
            Id::RSA | Id::RSA_PSS if key.bits() > 8192 => Err("an RSA key longer than 8192 bits"),
            Id::RSA => match key.rsa() {
                Ok(rsa) if is_guessable(rsa.n()) => Err("an RSA key of a faulty generator (ROCA)"),
                Ok(rsa) if rsa.e().num_bits() >= 17 && rsa.e().is_bit_set(0) => Ok(Self::Rsa),
                Ok(_) => Err("an RSA key with a small exponent"),
                Err(_) => Err("an RSA key that cannot be read"),
            },
            Id::RSA_PSS => Ok(Self::RsaPss),
            Id::EC => match key.ec_key().ok().and_then(|key| key.group().curve_name()) {
                Some(Nid::X9_62_PRIME256V1) => Ok(Self::Ec(32)),
                Some(Nid::SECP384R1) => Ok(Self::Ec(48)),
                _ => Err("a curve other than P-256 and P-384"),
            },
            _ => Err("a key that is neither RSA nor of a known curve"),
        }
    }
}

/// Whether the modulus is of the shape that a widespread smart card library gave its keys (CVE-2017-15361): modulo every
/// small prime it is a power of 65537. One in 2^27 others would be, too, by the fewest of these primes alone.
fn is_guessable(modulus: &BigNumRef) -> bool {
    const PRIMES: [u32; 17] = [11, 13, 17, 19, 37, 53, 61, 71, 73, 79, 97, 103, 107, 109, 127, 151, 157];
    let is_power = |prime: u32| {
        let rest = modulus.mod_word(prime).unwrap_or_default();
        let powers = std::iter::successors(Some(1), |power| Some(power * 65_537 % u64::from(prime)));
        powers.take(prime as usize).any(|power| power == rest)
    };
    PRIMES.into_iter().all(is_power)
}

impl Certificate {
    /// Reads the DER form.
    pub fn from_der(der: &[u8]) -> Result<Self, Fault> {
        let parsed = X509::from_der(der).map_err(|_| unreadable())?;
        // What follows a certificate would be part of its name, but not of its content.
        if parsed.to_der().ok().as_deref() != Some(der) {
            return Err(unreadable());
        }
        Self::from_x509(&parsed, der).map_err(|_| unreadable())
    }

    /// Reads the first certificate of a PEM text.
    pub fn from_pem(pem: &[u8]) -> Result<Self, Fault> {
        let parsed = X509::from_pem(pem).map_err(|_| unreadable())?;
        Self::from_der(&parsed.to_der().map_err(|_| unreadable())?)
    }

    /// Reads base64, as it stands in metadata and messages; white space is tolerated.
    pub fn from_base64(text: &str) -> Result<Self, Fault> {
        Self::from_der(&xml_base64::decode(text)?)
    }

    fn from_x509(parsed: &X509, der: &[u8]) -> Result<Self, ErrorStack> {
        let key = parsed.public_key()?;
        Ok(Self(Arc::new(Parsed {
            der: der.to_vec(),
            base64: xml_base64::encode(der),
            id: KeyId::of(der),
            kind: KeyKind::of(&key),
            key,
            subject: name_of(parsed.subject_name()),
            serial: parsed.serial_number().to_bn()?.to_dec_str()?.to_string(),
            subject_key_id: parsed.subject_key_id().map(|id| id.as_slice().to_vec()),
            not_before: timestamp(parsed.not_before())?,
            not_after: timestamp(parsed.not_after())?,
        })))
    }

    /// The DER form.
    pub fn der(&self) -> &[u8] {
        &self.0.der
    }

    /// The DER form in base64 without line breaks, as XML carries it.
    pub fn to_base64(&self) -> &str {
        &self.0.base64
    }

    /// As PEM.
    pub fn to_pem(&self) -> String {
        let lines: Vec<&str> =
            self.to_base64().as_bytes().chunks(64).filter_map(|line| str::from_utf8(line).ok()).collect();
        format!("-----BEGIN CERTIFICATE-----\n{}\n-----END CERTIFICATE-----\n", lines.join("\n"))
    }

    /// Its name.
    pub fn id(&self) -> &KeyId {
        &self.0.id
    }

    /// Whose it is, as `CN=…, O=…`.
    pub fn subject(&self) -> &str {
        &self.0.subject
    }

    /// Who issued it, by its own words.
    pub fn issuer(&self) -> String {
        self.x509().map(|parsed| name_of(parsed.issuer_name())).unwrap_or_default()
    }

    /// The kind and size of its key: `RSA 3072`.
    pub fn key_size(&self) -> String {
        let kind = match self.0.key.id() {
            Id::RSA => "RSA",
            Id::RSA_PSS => "RSA-PSS",
            Id::EC => "EC",
            _ => "?",
        };
        format!("{kind} {}", self.0.key.bits())
    }

    /// Whether its subject is the one that is written, in the form of RFC 4514.
    pub fn has_subject(&self, written: &str) -> bool {
        self.x509().is_ok_and(|parsed| subject::is_written(parsed.subject_name(), written))
    }

    /// Whether it is about the same key.
    pub fn has_key_of(&self, other: &Self) -> bool {
        self.key().public_eq(other.key())
    }

    /// The organisation that it names in the way of OCES3.
    pub fn organisation(&self) -> Option<Organisation> {
        let parsed = self.x509().ok()?;
        subject::organisation(parsed.subject_name())
    }

    /// From when it is valid.
    pub fn not_before(&self) -> Timestamp {
        self.0.not_before
    }

    /// Until when it is valid.
    pub fn not_after(&self) -> Timestamp {
        self.0.not_after
    }

    /// Why its key is refused for every use, if it is.
    pub fn weakness(&self) -> Option<&'static str> {
        self.0.kind.err()
    }

    /// Whether content can be encrypted for its key.
    pub fn can_encrypt(&self) -> bool {
        self.0.kind == Ok(KeyKind::Rsa)
    }

    pub(super) fn x509(&self) -> Result<X509, ErrorStack> {
        X509::from_der(self.der())
    }

    pub(crate) fn key(&self) -> &PKey<Public> {
        &self.0.key
    }

    pub(crate) fn kind(&self) -> Result<KeyKind, &'static str> {
        self.0.kind
    }

    pub(crate) fn serial(&self) -> &str {
        &self.0.serial
    }

    pub(crate) fn subject_key_id(&self) -> Option<&[u8]> {
        self.0.subject_key_id.as_deref()
    }
}

impl PartialEq for Certificate {
    fn eq(&self, other: &Self) -> bool {
        self.0.der == other.0.der
    }
}

impl Eq for Certificate {}

impl fmt::Debug for Certificate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Certificate({}, {})", self.subject(), self.id())
    }
}

/// The SHA-256 of the content in hexadecimal.
pub fn fingerprint(content: &[u8]) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let digits = |byte: u8| [DIGITS[usize::from(byte >> 4)], DIGITS[usize::from(byte & 15)]];
    openssl::sha::sha256(content).into_iter().flat_map(digits).map(char::from).collect()
}

/// The SHA-256 of the content in base64url, as tokens name a certificate.
pub fn thumbprint(content: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode_to_string(openssl::sha::sha256(content))
}

/// A name as `CN=…, O=…`.
pub(super) fn name_of(name: &X509NameRef) -> String {
    let parts = name.entries().map(|entry| {
        let value = entry.data().to_string().unwrap_or_default();
        format!("{}={value}", entry.object().nid().short_name().unwrap_or("?"))
    });
    parts.collect::<Vec<_>>().join(", ")
}

pub(super) fn timestamp(time: &Asn1TimeRef) -> Result<Timestamp, ErrorStack> {
    let since = Asn1Time::from_unix(0)?.diff(time)?;
    let seconds = i64::from(since.days) * 86_400 + i64::from(since.secs);
    // A time beyond what can be told is a time that never comes.
    Ok(Timestamp::from_second(seconds).unwrap_or(Timestamp::MAX))
}

fn unreadable() -> Fault {
    Fault::new(Reason::MdKey, "a certificate that cannot be read")
}
