//! Keys made for this run, and a realistic signed response.

use std::sync::LazyLock;

use context_handler::domain::world::Random;
use context_handler::protocol::keys::{Certificate, FileKey, SignatureAlgorithm, Signer, TrustedKeys};
use context_handler::protocol::xml::{Canonical, Name, Writer};
use openssl::asn1::Asn1Time;
use openssl::bn::BigNum;
use openssl::ec::{EcGroup, EcKey};
use openssl::hash::MessageDigest;
use openssl::nid::Nid;
use openssl::pkey::{PKey, Private};
use openssl::rsa::Rsa;
use openssl::x509::{X509, X509NameBuilder};

pub(crate) const SAMLP: &str = "urn:oasis:names:tc:SAML:2.0:protocol";
pub(crate) const SAML: &str = "urn:oasis:names:tc:SAML:2.0:assertion";

pub(crate) const fn samlp(local: &'static str) -> Name {
    Name::new(SAMLP, "samlp", local)
}

pub(crate) const fn saml(local: &'static str) -> Name {
    Name::new(SAML, "saml", local)
}

/// A key pair, with the texts that other programs want it in.
pub(crate) struct Party {
    pub(crate) key: FileKey,
    pub(crate) certificate_pem: Vec<u8>,
    pub(crate) key_pem: Vec<u8>,
    pub(crate) public_pem: Vec<u8>,
    pub(crate) private: PKey<Private>,
}

impl Party {
    pub(crate) fn new(name: &str, private: PKey<Private>) -> Self {
        let certificate = self_signed(name, &private);
        let certificate_pem = certificate.to_pem().unwrap();
        let key_pem = private.private_key_to_pem_pkcs8().unwrap();
        let key = FileKey::from_pem(&certificate_pem, &key_pem, None).unwrap();
        let public_pem = private.public_key_to_pem().unwrap();
        Self { key, certificate_pem, key_pem, public_pem, private }
    }

    pub(crate) fn rsa(name: &str, bits: u32) -> Self {
        Self::new(name, PKey::from_rsa(Rsa::generate(bits).unwrap()).unwrap())
    }

    pub(crate) fn ec(name: &str, curve: Nid) -> Self {
        let group = EcGroup::from_curve_name(curve).unwrap();
        Self::new(name, PKey::from_ec_key(EcKey::generate(&group).unwrap()).unwrap())
    }

    pub(crate) fn signing_with(&self, algorithm: SignatureAlgorithm) -> FileKey {
        FileKey::from_pem(&self.certificate_pem, &self.key_pem, None)
            .unwrap()
            .signing_with(algorithm)
            .unwrap()
    }

    pub(crate) fn certificate(&self) -> Certificate {
        Signer::certificate(&self.key).clone()
    }

    pub(crate) fn trusted(&self) -> TrustedKeys {
        TrustedKeys::new(vec![self.certificate()]).unwrap()
    }
}

pub(crate) static IDP: LazyLock<Party> = LazyLock::new(|| Party::rsa("korsbaek", 2048));
pub(crate) static OTHER: LazyLock<Party> = LazyLock::new(|| Party::rsa("other", 2048));
pub(crate) static BROKER: LazyLock<Party> = LazyLock::new(|| Party::rsa("broker", 2048));
pub(crate) static P256: LazyLock<Party> = LazyLock::new(|| Party::ec("p256", Nid::X9_62_PRIME256V1));
pub(crate) static P384: LazyLock<Party> = LazyLock::new(|| Party::ec("p384", Nid::SECP384R1));

pub(crate) fn self_signed(name: &str, key: &PKey<Private>) -> X509 {
    let mut subject = X509NameBuilder::new().unwrap();
    subject.append_entry_by_text("CN", name).unwrap();
    let subject = subject.build();
    let mut builder = X509::builder().unwrap();
    builder.set_version(2).unwrap();
    let serial = BigNum::from_u32(key.bits() + u32::from(name.as_bytes()[0])).unwrap();
    builder.set_serial_number(&serial.to_asn1_integer().unwrap()).unwrap();
    builder.set_subject_name(&subject).unwrap();
    builder.set_issuer_name(&subject).unwrap();
    builder.set_pubkey(key).unwrap();
    builder.set_not_before(&Asn1Time::from_unix(1_700_000_000).unwrap()).unwrap();
    builder.set_not_after(&Asn1Time::from_unix(2_000_000_000).unwrap()).unwrap();
    builder.sign(key, MessageDigest::sha256()).unwrap();
    builder.build()
}

pub(crate) struct Dice;

impl Random for Dice {
    #[expect(clippy::disallowed_methods, reason = "the dice of these tests")]
    fn fill(&self, bytes: &mut [u8]) {
        openssl::rand::rand_bytes(bytes).unwrap();
    }
}

/// An assertion of about 8 kB about `name_id`, signed when a signer is given.
pub(crate) fn assertion(id: &str, name_id: &str, signer: Option<&dyn Signer>) -> Canonical {
    let mut w = Writer::new();
    w.start(saml("Assertion")).attribute("Version", "2.0").attribute("ID", id);
    w.attribute("IssueInstant", "2026-11-21T10:00:00Z");
    w.element(saml("Issuer"), "https://idp.korsbaek.example/saml");
    w.signature_goes_here();
    w.start(saml("Subject")).start(saml("NameID"));
    w.attribute("Format", "urn:oasis:names:tc:SAML:1.1:nameid-format:X509SubjectName");
    w.text(name_id).end();
    w.start(saml("SubjectConfirmation")).attribute("Method", "urn:oasis:names:tc:SAML:2.0:cm:bearer");
    w.start(saml("SubjectConfirmationData")).attribute("NotOnOrAfter", "2026-11-21T10:05:00Z");
    w.attribute("Recipient", "https://broker.example/saml/sp/acs").attribute("InResponseTo", "_b1");
    w.end().end().end();
    w.start(saml("Conditions")).attribute("NotBefore", "2026-11-21T09:59:55Z");
    w.attribute("NotOnOrAfter", "2026-11-21T10:05:00Z").start(saml("AudienceRestriction"));
    w.element(saml("Audience"), "https://broker.example/saml/sp").end().end();
    w.start(saml("AuthnStatement")).attribute("AuthnInstant", "2026-11-21T10:00:00Z");
    w.attribute("SessionIndex", "_s1").start(saml("AuthnContext"));
    w.element(saml("AuthnContextClassRef"), "urn:oasis:names:tc:SAML:2.0:ac:classes:X509").end().end();
    w.start(saml("AttributeStatement"));
    let privileges = "PD94bWwgdmVyc2lvbj0iMS4wIiBlbmNvZGluZz0iVVRGLTgiPz4K".repeat(50);
    for (name, value) in [
        ("https://data.gov.dk/model/core/specVersion", "OIO-SAML-3.0"),
        ("https://data.gov.dk/concept/core/nsis/loa", "Substantial"),
        ("https://data.gov.dk/model/core/eid/professional/cvr", "11111111"),
        ("https://data.gov.dk/model/core/eid/professional/orgName", "Korsbæk Kommune & Omegn"),
        ("https://data.gov.dk/model/core/eid/fullName", "Maude \"Varnæs\" <sagsbehandler>"),
        ("https://data.gov.dk/model/core/eid/email", "mv@korsbaek.example"),
        ("https://data.gov.dk/model/core/eid/professional/uuid/persistent", "urn:uuid:4f6b"),
        ("https://data.gov.dk/model/core/eid/privilegesIntermediate", privileges.as_str()),
    ] {
        w.start(saml("Attribute")).attribute("Name", name);
        w.attribute("NameFormat", "urn:oasis:names:tc:SAML:2.0:attrname-format:uri");
        w.start(saml("AttributeValue"));
        w.attribute_ns(Name::new("http://www.w3.org/2001/XMLSchema-instance", "xsi", "type"), "xs:string");
        w.text(value).end().end();
    }
    w.end().end();
    match signer {
        Some(signer) => w.finish_signed(id, signer).unwrap(),
        None => w.finish().unwrap(),
    }
}

/// A response around the assertion, signed when a signer is given.
pub(crate) fn response(id: &str, assertion: &Canonical, signer: Option<&dyn Signer>) -> Canonical {
    let mut w = Writer::new();
    w.start(samlp("Response")).attribute("ID", id).attribute("Version", "2.0");
    w.attribute("IssueInstant", "2026-11-21T10:00:00Z").attribute("InResponseTo", "_b1");
    w.attribute("Destination", "https://broker.example/saml/sp/acs");
    w.element(saml("Issuer"), "https://idp.korsbaek.example/saml");
    w.signature_goes_here();
    w.start(samlp("Status")).start(samlp("StatusCode"));
    w.attribute("Value", "urn:oasis:names:tc:SAML:2.0:status:Success").end().end();
    w.embed(assertion).end();
    match signer {
        Some(signer) => w.finish_signed(id, signer).unwrap(),
        None => w.finish().unwrap(),
    }
}

/// The response of a login: signed, with one assertion.
pub(crate) fn signed_response() -> String {
    response("_r1", &assertion("_a1", "C=DK,O=11111111,CN=Maude", None), Some(&IDP.key)).into_string()
}

/// What the identity is in a document that the kernel accepted: the text of the one NameID inside.
pub(crate) fn name_id(element: context_handler::protocol::xml::Element<'_>) -> Option<String> {
    let assertion = element.only_child(saml("Assertion")).ok()?;
    let subject = assertion.only_child(saml("Subject")).ok()?;
    Some(subject.only_child(saml("NameID")).ok()?.text().ok()?.into_owned())
}
