//! What a signature says about its own key. It never selects a key: the registered keys are tried, whatever it says.
//!
//! It is read for two things. When no registered key made the signature, it tells a foreign key (`key.untrusted`)
//! from a changed message (`sig.invalid`). And when one did, a `KeyInfo` that shows another key is a contradiction that
//! no genuine writer produces and some other reader might follow, so it is refused. A renewed certificate for the same
//! key contradicts nothing: keys are compared, not certificates. Forms that point elsewhere (`RetrievalMethod` and
//! all that is unknown) are refused unread.

use openssl::bn::{BigNum, BigNumContext};
use openssl::ec::PointConversionForm;
use openssl::pkey::{PKey, Public};
use openssl::x509::X509;

use super::profile::{is_ds, only_elements};
use super::{Element, base64, namespace};
use crate::domain::reason::{Fault, Reason};
use crate::protocol::keys::{Certificate, KeyKind, TrustedKeys};

/// A leaf, its issuers and one to spare.
const CERTIFICATES: usize = 5;

/// What the message claims about its key.
#[derive(Debug, Default)]
pub(super) struct Claim<'d> {
    present: bool,
    certificates: Vec<Shown>,
    key_values: Vec<Element<'d>>,
    serials: Vec<String>,
    subject_key_ids: Vec<Vec<u8>>,
    /// Whether what was shown is one of the registered keys.
    registered: bool,
}

/// A certificate in the message. Its key is parsed only when the certificate itself is not a registered one.
#[derive(Debug)]
struct Shown {
    der: Vec<u8>,
    key: Option<PKey<Public>>,
}

/// Reads what is said about the key.
pub(super) fn read<'d>(key_info: Option<Element<'d>>, keys: &TrustedKeys) -> Result<Claim<'d>, Fault> {
    let mut claim = Claim::default();
    let Some(key_info) = key_info else { return Ok(claim) };
    only_elements(key_info)?;
    claim.present = true;
    for child in key_info.children() {
        if is_ds(child, "X509Data") {
            claim.x509_data(child, keys)?;
        } else if is_ds(child, "KeyValue") {
            claim.key_values.push(child);
        } else if !is_ds(child, "KeyName") {
            return Err(untrusted("KeyInfo points elsewhere"));
        }
    }
    if claim.key_values.len() > CERTIFICATES {
        return Err(too_many());
    }
    claim.registered = keys.certificates().iter().any(|certificate| claim.shows(certificate));
    Ok(claim)
}

impl Claim<'_> {
    /// The reason when no registered key made the signature.
    pub(super) fn explain(&self, fault: Fault, keys: &TrustedKeys) -> Fault {
        if !self.present || self.registered || fault.reason != Reason::SigInvalid {
            return fault;
        }
        if keys.of_other_roles().iter().any(|certificate| self.shows(certificate)) {
            return Fault::new(
                Reason::KeyRole,
                "KeyInfo shows a key of the sender that is registered for another use",
            );
        }
        if self
            .certificates
            .iter()
            .filter_map(|shown| shown.key.as_ref())
            .any(|key| KeyKind::of(key).is_err())
        {
            return Fault::new(
                Reason::AlgRefused,
                "KeyInfo shows a key that is too weak or of no known kind",
            );
        }
        untrusted("KeyInfo shows a key that is not registered")
    }

    /// What is shown must be the key that made the signature.
    pub(super) fn must_be(&self, certificate: &Certificate) -> Result<(), Fault> {
        let silent = self.certificates.is_empty()
            && self.key_values.is_empty()
            && self.serials.is_empty()
            && self.subject_key_ids.is_empty();
        if silent || self.shows(certificate) {
            return Ok(());
        }
        Err(untrusted("KeyInfo shows another key than the one that signed"))
    }

    fn x509_data(&mut self, data: Element<'_>, keys: &TrustedKeys) -> Result<(), Fault> {
        only_elements(data)?;
        for child in data.children() {
            if is_ds(child, "X509Certificate") {
                if self.certificates.len() == CERTIFICATES {
                    return Err(too_many());
                }
                self.certificates.push(Shown::new(base64::decode(&child.text()?)?, keys));
            } else if is_ds(child, "X509IssuerSerial") {
                let serial = child.children().find(|part| is_ds(*part, "X509SerialNumber"));
                let serial = serial.ok_or_else(|| untrusted("X509IssuerSerial without serial number"))?;
                self.serials.push(serial.text()?.trim_ascii().to_owned());
            } else if is_ds(child, "X509SKI") {
                self.subject_key_ids.push(base64::decode(&child.text()?)?);
            } else if !is_ds(child, "X509SubjectName") && !is_ds(child, "X509CRL") {
                return Err(untrusted("X509Data points elsewhere"));
            }
        }
        Ok(())
    }

    /// Whether the claim shows this key. Certificates may be a chain, so one of them suffices, and then their serial
    /// numbers say nothing more; every key value must be the key.
    fn shows(&self, certificate: &Certificate) -> bool {
        let key_values = self.key_values.iter().all(|value| is_key_value(*value, certificate));
        if !self.certificates.is_empty() {
            return key_values && self.certificates.iter().any(|shown| shown.is(certificate));
        }
        let serials = self.serials.iter().all(|serial| serial == certificate.serial());
        let ids = self.subject_key_ids.iter().all(|id| certificate.subject_key_id() == Some(id));
        let something =
            !self.key_values.is_empty() || !self.serials.is_empty() || !self.subject_key_ids.is_empty();
        something && key_values && serials && ids
    }
}

impl Shown {
    fn new(der: Vec<u8>, keys: &TrustedKeys) -> Self {
        let registered = keys.certificates().iter().any(|certificate| certificate.der() == der);
        let parse = || X509::from_der(&der).and_then(|other| other.public_key()).ok();
        let key = if registered { None } else { parse() };
        Self { der, key }
    }

    /// The same certificate, or another one for the same key.
    fn is(&self, certificate: &Certificate) -> bool {
        self.der == certificate.der() || self.key.as_ref().is_some_and(|key| key.public_eq(certificate.key()))
    }
}

fn is_key_value(value: Element<'_>, certificate: &Certificate) -> bool {
    let mut children = value.children();
    let (Some(key), None) = (children.next(), children.next()) else { return false };
    if is_ds(key, "RSAKeyValue") { is_rsa(key, certificate) } else { is_ec(key, certificate) }
        .unwrap_or(false)
}

fn is_rsa(value: Element<'_>, certificate: &Certificate) -> Option<bool> {
    let number = |name| {
        let child = value.children().find(|child| is_ds(*child, name))?;
        BigNum::from_slice(&base64::decode(&child.text().ok()?).ok()?).ok()
    };
    let key = certificate.key().rsa().ok()?;
    Some(number("Modulus")? == *key.n() && number("Exponent")? == *key.e())
}

fn is_ec(value: Element<'_>, certificate: &Certificate) -> Option<bool> {
    let child = value
        .children()
        .find(|child| (child.namespace(), child.local()) == (namespace::DSIG11, "PublicKey"))?;
    let shown = base64::decode(&child.text().ok()?).ok()?;
    let key = certificate.key().ec_key().ok()?;
    let mut context = BigNumContext::new().ok()?;
    let point =
        key.public_key().to_bytes(key.group(), PointConversionForm::UNCOMPRESSED, &mut context).ok()?;
    Some(shown == point)
}

fn too_many() -> Fault {
    Fault::new(Reason::LimitSig, "too many keys in KeyInfo")
}

fn untrusted(what: &'static str) -> Fault {
    Fault::new(Reason::KeyUntrusted, what)
}
