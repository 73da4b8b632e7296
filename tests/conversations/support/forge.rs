//! A signer and a sealer of our own for what the broker's kernel does not write: foreign algorithms, odd parts, weak
//! keys. What is signed is canonical by construction, so the bytes are signed as they stand.

use std::path::PathBuf;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use openssl::asn1::Asn1Time;
use openssl::bn::BigNum;
use openssl::ec::{EcGroup, EcKey};
use openssl::ecdsa::EcdsaSig;
use openssl::encrypt::Encrypter;
use openssl::hash::{MessageDigest, hash};
use openssl::nid::Nid;
use openssl::pkey::{PKey, Private};
use openssl::rsa::{Padding, Rsa};
use openssl::sign::{RsaPssSaltlen, Signer};
use openssl::symm::{Cipher, Crypter, Mode, encrypt, encrypt_aead};
use openssl::x509::{X509, X509NameBuilder};

pub(crate) const DS: &str = "http://www.w3.org/2000/09/xmldsig#";
pub(crate) const ENVELOPED: &str = "http://www.w3.org/2000/09/xmldsig#enveloped-signature";
pub(crate) const EXCLUSIVE: &str = "http://www.w3.org/2001/10/xml-exc-c14n#";
pub(crate) const RSA_SHA256: &str = "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256";
pub(crate) const SHA256: &str = "http://www.w3.org/2001/04/xmlenc#sha256";

pub(crate) fn b64(bytes: &[u8]) -> String {
    STANDARD.encode(bytes)
}

/// A key pair with its certificate.
pub(crate) struct Party {
    pub(crate) key: PKey<Private>,
    pub(crate) certificate: X509,
}

impl Party {
    /// One of the development parties.
    pub(crate) fn dev(name: &str) -> Self {
        let file = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("certs-dev").join(format!("{name}.pem"));
        let pem = std::fs::read(file).unwrap();
        Self { key: PKey::private_key_from_pem(&pem).unwrap(), certificate: X509::from_pem(&pem).unwrap() }
    }

    pub(crate) fn rsa(bits: u32) -> Self {
        Self::new(PKey::from_rsa(Rsa::generate(bits).unwrap()).unwrap(), (1_700_000_000, 2_000_000_000))
    }

    pub(crate) fn rsa_with_exponent_3() -> Self {
        let three = BigNum::from_u32(3).unwrap();
        let key = PKey::from_rsa(Rsa::generate_with_e(2048, &three).unwrap()).unwrap();
        Self::new(key, (1_700_000_000, 2_000_000_000))
    }

    pub(crate) fn ec(curve: Nid) -> Self {
        let group = EcGroup::from_curve_name(curve).unwrap();
        let key = PKey::from_ec_key(EcKey::generate(&group).unwrap()).unwrap();
        Self::new(key, (1_700_000_000, 2_000_000_000))
    }

    /// A party whose certificate is valid between two moments.
    pub(crate) fn new(key: PKey<Private>, (from, until): (i64, i64)) -> Self {
        let mut name = X509NameBuilder::new().unwrap();
        name.append_entry_by_text("CN", "made for one test").unwrap();
        let name = name.build();
        let mut certificate = X509::builder().unwrap();
        certificate.set_version(2).unwrap();
        let serial = BigNum::from_u32(key.bits()).unwrap().to_asn1_integer().unwrap();
        certificate.set_serial_number(&serial).unwrap();
        certificate.set_subject_name(&name).unwrap();
        certificate.set_issuer_name(&name).unwrap();
        certificate.set_pubkey(&key).unwrap();
        certificate.set_not_before(&Asn1Time::from_unix(from).unwrap()).unwrap();
        certificate.set_not_after(&Asn1Time::from_unix(until).unwrap()).unwrap();
        certificate.sign(&key, MessageDigest::sha256()).unwrap();
        Self { key, certificate: certificate.build() }
    }

    /// The certificate as XML carries it.
    pub(crate) fn b64(&self) -> String {
        b64(&self.certificate.to_der().unwrap())
    }

    pub(crate) fn x509_data(&self) -> String {
        key_info(&format!(
            "<ds:X509Data><ds:X509Certificate>{}</ds:X509Certificate></ds:X509Data>",
            self.b64()
        ))
    }

    /// Signs a canonical element, bent as told, and puts the signature in its place after the issuer.
    pub(crate) fn sign(&self, element: &str, bend: impl FnOnce(&mut Parts)) -> String {
        after_issuer(element, &self.signature(element, bend))
    }

    /// The signature alone.
    pub(crate) fn signature(&self, element: &str, bend: impl FnOnce(&mut Parts)) -> String {
        let id = attribute(element, "ID");
        let mut parts = Parts {
            form: format!(
                "<ds:CanonicalizationMethod Algorithm=\"{EXCLUSIVE}\"></ds:CanonicalizationMethod>"
            ),
            method: RSA_SHA256.into(),
            inside_method: String::new(),
            before: String::new(),
            reference: format!(" URI=\"#{id}\""),
            transforms: transform(ENVELOPED) + &transform(EXCLUSIVE),
            digest_method: SHA256.into(),
            digest_value: digest(MessageDigest::sha256(), element),
            after: String::new(),
            only_these_references: None,
            in_scope: String::new(),
            key_info: self.x509_data(),
            objects: String::new(),
            value: Value::Rsa(MessageDigest::sha256()),
        };
        bend(&mut parts);
        parts.write(&self.key)
    }
}

/// How the value of a signature is made.
pub(crate) enum Value {
    Rsa(MessageDigest),
    /// The digest, the length of the salt, the digest of the mask.
    Pss(MessageDigest, i32, MessageDigest),
    /// The digest and the width of each number.
    Ecdsa(MessageDigest, i32),
    Hmac(MessageDigest, Vec<u8>),
    Given(Vec<u8>),
}

/// A signature in the making: XML, part by part.
pub(crate) struct Parts {
    pub(crate) form: String,
    pub(crate) method: String,
    pub(crate) inside_method: String,
    /// References before the genuine one.
    pub(crate) before: String,
    /// The attributes of the genuine one.
    pub(crate) reference: String,
    pub(crate) transforms: String,
    pub(crate) digest_method: String,
    pub(crate) digest_value: String,
    /// References after the genuine one.
    pub(crate) after: String,
    pub(crate) only_these_references: Option<String>,
    /// Declarations that the canonical form of SignedInfo has beside its own.
    pub(crate) in_scope: String,
    pub(crate) key_info: String,
    pub(crate) objects: String,
    pub(crate) value: Value,
}

impl Parts {
    /// The genuine reference.
    pub(crate) fn genuine_reference(&self) -> String {
        let Self { reference, transforms, digest_method, digest_value, .. } = self;
        format!(
            "<ds:Reference{reference}><ds:Transforms>{transforms}</ds:Transforms><ds:DigestMethod Algorithm=\"{digest_method}\">\
             </ds:DigestMethod><ds:DigestValue>{digest_value}</ds:DigestValue></ds:Reference>"
        )
    }

    fn write(self, key: &PKey<Private>) -> String {
        let references = self
            .only_these_references
            .clone()
            .unwrap_or_else(|| format!("{}{}{}", self.before, self.genuine_reference(), self.after));
        let Self { form, method, inside_method, in_scope, key_info, objects, value, .. } = self;
        let content = format!(
            "{form}<ds:SignatureMethod Algorithm=\"{method}\">{inside_method}</ds:SignatureMethod>{references}</ds:SignedInfo>"
        );
        let signed = format!("<ds:SignedInfo xmlns:ds=\"{DS}\"{in_scope}>{content}");
        let value = b64(&value.over(key, signed.as_bytes()));
        format!(
            "<ds:Signature xmlns:ds=\"{DS}\"><ds:SignedInfo>{content}<ds:SignatureValue>{value}</ds:SignatureValue>{key_info}{objects}</ds:Signature>"
        )
    }
}

impl Value {
    /// The value over some bytes.
    pub(crate) fn over(self, key: &PKey<Private>, data: &[u8]) -> Vec<u8> {
        match self {
            Self::Rsa(digest) => {
                let mut signer = Signer::new(digest, key).unwrap();
                signer.sign_oneshot_to_vec(data).unwrap()
            }
            Self::Pss(digest, salt, mask) => {
                let mut signer = Signer::new(digest, key).unwrap();
                signer.set_rsa_padding(Padding::PKCS1_PSS).unwrap();
                signer.set_rsa_pss_saltlen(RsaPssSaltlen::custom(salt)).unwrap();
                signer.set_rsa_mgf1_md(mask).unwrap();
                signer.sign_oneshot_to_vec(data).unwrap()
            }
            Self::Ecdsa(digest, width) => {
                let mut signer = Signer::new(digest, key).unwrap();
                let numbers = EcdsaSig::from_der(&signer.sign_oneshot_to_vec(data).unwrap()).unwrap();
                let mut value = numbers.r().to_vec_padded(width).unwrap();
                value.extend(numbers.s().to_vec_padded(width).unwrap());
                value
            }
            Self::Hmac(digest, secret) => {
                let secret = PKey::hmac(&secret).unwrap();
                let mut signer = Signer::new(digest, &secret).unwrap();
                signer.sign_oneshot_to_vec(data).unwrap()
            }
            Self::Given(value) => value,
        }
    }
}

pub(crate) fn key_info(inside: &str) -> String {
    format!("<ds:KeyInfo>{inside}</ds:KeyInfo>")
}

pub(crate) fn transform(algorithm: &str) -> String {
    format!("<ds:Transform Algorithm=\"{algorithm}\"></ds:Transform>")
}

pub(crate) fn digest(kind: MessageDigest, text: &str) -> String {
    b64(&hash(kind, text.as_bytes()).unwrap())
}

/// The value of an attribute of the outermost element.
pub(crate) fn attribute<'x>(element: &'x str, name: &str) -> &'x str {
    let (_, rest) = element.split_once(&format!(" {name}=\"")).unwrap();
    rest.split('"').next().unwrap()
}

/// Puts something after the first issuer.
pub(crate) fn after_issuer(element: &str, what: &str) -> String {
    changed(element, "</saml:Issuer>", &format!("</saml:Issuer>{what}"))
}

/// Changes the first place that reads so; it must exist.
pub(crate) fn changed(text: &str, from: &str, to: &str) -> String {
    assert!(text.contains(from), "there is no {from} in {text}");
    text.replacen(from, to, 1)
}

/// A response cut into what stands before its assertion, the assertion, and what follows.
pub(crate) struct Pieces {
    pub(crate) before: String,
    pub(crate) assertion: String,
    pub(crate) after: String,
}

impl Pieces {
    pub(crate) fn of(response: &str) -> Self {
        let start = response.find("<saml:Assertion ").unwrap();
        let end = response.rfind("</saml:Assertion>").unwrap() + "</saml:Assertion>".len();
        Self {
            before: response[..start].to_owned(),
            assertion: response[start..end].to_owned(),
            after: response[end..].to_owned(),
        }
    }

    /// The response with something else in the assertion's place.
    pub(crate) fn with(&self, inside: &str) -> String {
        format!("{}{inside}{}", self.before, self.after)
    }
}

/// Takes the first signature out: what is left, and the signature.
pub(crate) fn cut_signature(text: &str) -> (String, String) {
    let start = text.find("<ds:Signature ").unwrap();
    let end = text.find("</ds:Signature>").unwrap() + "</ds:Signature>".len();
    (format!("{}{}", &text[..start], &text[end..]), text[start..end].to_owned())
}

/// Encrypted content in the making.
pub(crate) struct Envelope {
    pub(crate) content_method: String,
    pub(crate) content: Vec<u8>,
    /// What stands in the `EncryptionMethod` of the key, with its attribute.
    pub(crate) key_method: String,
    pub(crate) wrapped: Vec<u8>,
    /// Replaces the `CipherData` of the content.
    pub(crate) cipher_data: Option<String>,
    /// Replaces the `EncryptedKey`.
    pub(crate) encrypted_key: Option<String>,
    /// What follows the `EncryptedData`.
    pub(crate) beside: String,
}

pub(crate) const CONTENT_KEY: [u8; 32] = [7; 32];
pub(crate) const OAEP: &str = " Algorithm=\"http://www.w3.org/2001/04/xmlenc#rsa-oaep-mgf1p\">\
    <ds:DigestMethod xmlns:ds=\"http://www.w3.org/2000/09/xmldsig#\" Algorithm=\"http://www.w3.org/2000/09/xmldsig#sha1\"/>";

impl Envelope {
    /// AES-256-GCM for the broker.
    pub(crate) fn gcm(plain: &str) -> Self {
        let (iv, mut tag) = ([9; 12], [0; 16]);
        let sealed =
            encrypt_aead(Cipher::aes_256_gcm(), &CONTENT_KEY, Some(&iv), &[], plain.as_bytes(), &mut tag);
        Self {
            content_method: "http://www.w3.org/2009/xmlenc11#aes256-gcm".into(),
            content: [&iv[..], &sealed.unwrap(), &tag].concat(),
            key_method: OAEP.into(),
            wrapped: wrap(&Party::dev("broker-decryption"), &CONTENT_KEY, Padding::PKCS1_OAEP),
            cipher_data: None,
            encrypted_key: None,
            beside: String::new(),
        }
    }

    /// AES-256-CBC for the broker.
    pub(crate) fn cbc(plain: &str) -> Self {
        let iv = [9; 16];
        let sealed = encrypt(Cipher::aes_256_cbc(), &CONTENT_KEY, Some(&iv), plain.as_bytes()).unwrap();
        Self {
            content_method: "http://www.w3.org/2001/04/xmlenc#aes256-cbc".into(),
            content: [&iv[..], &sealed].concat(),
            ..Self::gcm(plain)
        }
    }

    /// AES-256-CBC whose last byte says that no byte is padding, which none may say. Sealed so, not cut off a sound
    /// text: the last byte of a block that was cut opens to anything, and one time in sixteen to a padding that fits.
    pub(crate) fn cbc_without_padding(plain: &str) -> Self {
        let (cipher, iv) = (Cipher::aes_256_cbc(), [9; 16]);
        let mut filled = plain.as_bytes().to_vec();
        filled.resize(filled.len().next_multiple_of(16) + 16, 0);
        let mut crypter = Crypter::new(cipher, Mode::Encrypt, &CONTENT_KEY, Some(&iv)).unwrap();
        crypter.pad(false);
        let mut sealed = vec![0; filled.len() + 16];
        let written = crypter.update(&filled, &mut sealed).unwrap();
        sealed.truncate(written);
        Self { content: [&iv[..], &sealed].concat(), ..Self::cbc(plain) }
    }

    /// The `EncryptedKey`.
    pub(crate) fn key(&self) -> String {
        self.encrypted_key.clone().unwrap_or_else(|| {
            format!(
                "<xenc:EncryptedKey xmlns:xenc=\"http://www.w3.org/2001/04/xmlenc#\"><xenc:EncryptionMethod{}</xenc:EncryptionMethod>\
                 <xenc:CipherData><xenc:CipherValue>{}</xenc:CipherValue></xenc:CipherData></xenc:EncryptedKey>",
                self.key_method,
                b64(&self.wrapped)
            )
        })
    }

    /// The `EncryptedData`.
    pub(crate) fn data(&self) -> String {
        let cipher_data = self
            .cipher_data
            .clone()
            .unwrap_or_else(|| format!("<xenc:CipherValue>{}</xenc:CipherValue>", b64(&self.content)));
        format!(
            "<xenc:EncryptedData xmlns:xenc=\"http://www.w3.org/2001/04/xmlenc#\" Type=\"http://www.w3.org/2001/04/xmlenc#Element\">\
             <xenc:EncryptionMethod Algorithm=\"{}\"/><ds:KeyInfo xmlns:ds=\"{DS}\">{}</ds:KeyInfo>\
             <xenc:CipherData>{cipher_data}</xenc:CipherData></xenc:EncryptedData>",
            self.content_method,
            self.key(),
        )
    }

    /// The `EncryptedAssertion`.
    pub(crate) fn xml(&self) -> String {
        let (data, beside) = (self.data(), &self.beside);
        format!(
            "<saml:EncryptedAssertion xmlns:saml=\"urn:oasis:names:tc:SAML:2.0:assertion\">{data}{beside}</saml:EncryptedAssertion>"
        )
    }
}

/// Wraps a content key for a party.
pub(crate) fn wrap(to: &Party, content_key: &[u8], padding: Padding) -> Vec<u8> {
    let mut encrypter = Encrypter::new(&to.key).unwrap();
    encrypter.set_rsa_padding(padding).unwrap();
    let mut wrapped = vec![0; encrypter.encrypt_len(content_key).unwrap()];
    let length = encrypter.encrypt(content_key, &mut wrapped).unwrap();
    wrapped.truncate(length);
    wrapped
}
