//! What can be judged of the keys in metadata: those that sign, those that are encrypted to, and the one that signed the
//! document itself.

use jiff::SignedDuration;

use super::super::metadata::{certificates, only_role, readable};
use super::super::{ds, md};
use super::{Review, Role};
use crate::domain::reason::Reason;
use crate::protocol::keys::{Certificate, TrustedKeys};
use crate::protocol::xml::{ContentCipher, Element, KeyTransport, is_signed, verify};

/// A certificate that ends sooner than this wants attention now: a new one takes weeks to order and to spread.
const SOON: SignedDuration = SignedDuration::from_hours(24 * 30);

impl Review {
    /// Judges every key and returns those that sign.
    pub(super) fn keys(&mut self, element: Element<'_>, role: Role) -> Vec<Certificate> {
        let read =
            certificates(element, "signing").and_then(|one| Ok((one, certificates(element, "encryption")?)));
        let (signing, encryption) = match read {
            Ok(read) => read,
            Err(fault) => {
                self.fault("md.key", "certificates that can be read", &fault, "Export the certificate anew.");
                return Vec::new();
            }
        };
        if signing.is_empty() {
            self.error("md.key-signing", "a key that signs", "none", "Add the signing certificate.");
        }
        if encryption.is_empty() && role == Role::Sp {
            let fix = "Add an encryption certificate: personal data should not travel in the clear.";
            self.warning(
                "md.key-encryption",
                "a key to encrypt to",
                "none: assertions are not encrypted",
                fix,
            );
        }
        let mut seen: Vec<&Certificate> = Vec::new();
        for certificate in signing.iter().chain(&encryption) {
            if !seen.contains(&certificate) {
                self.key(certificate);
                seen.push(certificate);
            }
        }
        signing
    }

    fn key(&mut self, certificate: &Certificate) {
        let left = certificate.not_after().duration_since(self.now);
        let received = format!("{}, {} days left", certificate.subject(), left.as_hours() / 24);
        match certificate.weakness() {
            Some(weakness) => {
                let expected = "RSA with 2048 to 8192 bits, or P-256 or P-384";
                self.error("md.key-strength", expected, weakness, "Make a new key.");
            }
            None => self.ok("md.key-strength", "a key that is strong enough", certificate.subject()),
        }
        let expected = "a certificate that is valid for a month or more";
        if left.is_negative() {
            self.error("md.key-expiry", expected, &received, "Order a new certificate now.");
        } else if self.now < certificate.not_before() {
            let from = certificate.not_before().to_string();
            self.warning(
                "md.key-expiry",
                expected,
                &format!("not valid before {from}"),
                "Wait, or set the clock.",
            );
        } else if left < SOON {
            let fix = "Order a new certificate and publish it beside this one before you use it.";
            self.warning("md.key-expiry", expected, &received, fix);
        } else {
            self.ok("md.key-expiry", expected, &received);
        }
        let subject = certificate.subject();
        if !subject.contains("NTRDK-") || !subject.contains("UI:DK-O:G:") {
            let fix = "The production federation takes OCES3 organisation certificates only; elsewhere this is fine.";
            self.warning("md.key-oces", "the subject of an OCES3 organisation certificate", subject, fix);
        }
    }

    pub(super) fn encryption(&mut self, element: Element<'_>) {
        let Ok(how) = readable(element) else { return };
        if !certificates(element, "encryption").is_ok_and(|keys| !keys.is_empty()) {
            return;
        }
        let listed: Vec<&str> = element
            .children()
            .filter(|child| child.is(md("KeyDescriptor")) && child.attribute("use") != Some("signing"))
            .flat_map(|key| key.children())
            .filter(|child| child.is(md("EncryptionMethod")))
            .filter_map(|method| method.attribute("Algorithm"))
            .collect();
        let chosen = format!("{} with {}", how.content.uri(), how.key.uri());
        let reads = |known: &[&str]| known.iter().any(|uri| listed.contains(uri));
        let content = reads(&[ContentCipher::Aes128Gcm.uri(), ContentCipher::Aes256Gcm.uri()]);
        let names_content = listed.iter().any(|uri| uri.contains("aes") || uri.contains("des"));
        let key = reads(&[KeyTransport::OaepMgf1p.uri(), KeyTransport::OaepSha256.uri()]);
        let names_key = listed.iter().any(|uri| uri.contains("rsa"));
        let expected = "AES-GCM with RSA-OAEP among the methods, or no list";
        if (names_content && !content) || (names_key && !key) {
            let fix = "Let the fagsystem read AES-GCM with RSA-OAEP; we never write CBC or RSA 1.5.";
            self.error(
                "md.encryption",
                expected,
                &format!("{}; we would use {chosen}", listed.join(", ")),
                fix,
            );
        } else {
            self.ok("md.encryption", expected, &format!("we would use {chosen}"));
        }
    }

    pub(super) fn same_key_in_two_roles(&mut self, entity: Element<'_>) {
        let of = |role: &'static str| {
            only_role(entity, role)
                .ok()
                .and_then(|role| certificates(role, "signing").ok())
                .unwrap_or_default()
        };
        let (idp, sp) = (of("IDPSSODescriptor"), of("SPSSODescriptor"));
        if let Some(shared) = idp.iter().find(|certificate| sp.contains(certificate)) {
            let fix = "Use a key of its own for each role, so that a message of one cannot pass for one of the other.";
            self.warning("md.key-roles", "a key for each role", shared.subject(), fix);
        }
    }

    pub(super) fn signature(&mut self, root: Element<'_>, signing: Vec<Certificate>) {
        let expected = "a signature by a signing key of the party";
        let fix =
            "Sign the metadata. Without a signature it can be registered by hand, but never be fetched anew.";
        if !is_signed(root) {
            return self.warning("md.signature", expected, "none", fix);
        }
        let Ok(keys) = TrustedKeys::new(signing) else { return };
        match verify(root, &keys) {
            Ok(signed) => {
                self.ok(
                    "md.signature",
                    expected,
                    &format!("{} with {}", signed.key(), signed.algorithm().uri()),
                );
            }
            Err(fault) if fault.reason == Reason::KeyUntrusted => {
                let fix = "Have that key's certificate at hand, or sign with a key that the metadata lists.";
                self.warning("md.signature", expected, &format!("another key: {}", signer(root)), fix);
            }
            Err(fault) => self.fault("md.signature", expected, &fault, fault.reason.explanation().fix.en),
        }
    }
}

/// Whose certificate a signature shows.
pub(in crate::protocol::saml) fn signer<'d>(root: Element<'d>) -> String {
    let child = |element: Element<'d>, name| element.children().find(|child| child.is(ds(name)));
    let shown = ["Signature", "KeyInfo", "X509Data", "X509Certificate"]
        .into_iter()
        .try_fold(root, child)
        .and_then(|certificate| Certificate::from_base64(&certificate.text().ok()?).ok());
    shown.map_or("it shows no certificate".to_owned(), |certificate| certificate.subject().to_owned())
}
