//! What can be judged of the keys in metadata: those that sign, those that are encrypted to, and the one that signed the
//! document itself.

use jiff::{SignedDuration, Timestamp};

use super::super::metadata::{certificates, only_role, readable};
use super::super::{ds, md};
use super::{Review, Role};
use crate::domain::reason::Reason;
use crate::domain::trust::{Check, Finding, NOTHING};
use crate::protocol::keys::{Certificate, TrustedKeys};
use crate::protocol::xml::{ContentCipher, Element, KeyTransport, is_signed, verify};

/// A certificate that ends sooner than this wants attention now: a new one takes weeks to order and to spread.
const SOON: SignedDuration = SignedDuration::from_hours(24 * 30);

/// More keys than this, in one role and for one use, nobody has.
const MOST_KEYS: usize = 20;

impl Review {
    /// Judges every key and returns those that sign and those that are encrypted to.
    pub(super) fn keys(&mut self, element: Element<'_>, role: Role) -> (Vec<Certificate>, Vec<Certificate>) {
        let read =
            certificates(element, "signing").and_then(|one| Ok((one, certificates(element, "encryption")?)));
        let (signing, encryption) = match read {
            Ok(read) => read,
            Err(fault) => {
                self.fault(Check::MetadataKeys, "X509Certificate", &fault);
                return (Vec::new(), Vec::new());
            }
        };
        if signing.len() > MOST_KEYS || encryption.len() > MOST_KEYS {
            let received = format!("{} + {}", signing.len(), encryption.len());
            let expected = format!("KeyDescriptor ≤ {MOST_KEYS}");
            self.fail(Check::MetadataKeys, Reason::MdLimit, &expected, &received);
            return (Vec::new(), Vec::new());
        }
        match signing.len() {
            0 => self.fail(Check::MetadataKeys, Reason::MdKey, "KeyDescriptor signing", NOTHING),
            count => self.pass(Check::MetadataKeys, "KeyDescriptor signing", count.to_string()),
        }
        match encryption.len() {
            0 if role == Role::Sp => {
                self.warning(Check::MetadataKeys, Reason::EncMissing, "KeyDescriptor encryption", NOTHING);
            }
            0 => {}
            count => self.pass(Check::MetadataKeys, "KeyDescriptor encryption", count.to_string()),
        }
        let mut seen: Vec<&Certificate> = Vec::new();
        for certificate in signing.iter().chain(&encryption) {
            if !seen.contains(&certificate) {
                judged(certificate, self.now).into_iter().for_each(|finding| self.tell(finding));
                seen.push(certificate);
            }
        }
        (signing, encryption)
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
        let reads = |known: &[&str]| known.iter().any(|uri| listed.contains(uri));
        let content = reads(&[ContentCipher::Aes128Gcm.uri(), ContentCipher::Aes256Gcm.uri()]);
        let names_content = listed.iter().any(|uri| uri.contains("aes") || uri.contains("des"));
        let key = reads(&[KeyTransport::OaepMgf1p.uri(), KeyTransport::OaepSha256.uri()]);
        let names_key = listed.iter().any(|uri| uri.contains("rsa"));
        let chosen = format!("{} {}", how.content.uri(), how.key.uri());
        if (names_content && !content) || (names_key && !key) {
            self.fail(Check::MetadataEncryption, Reason::AlgRefused, &chosen, &listed.join(" "));
        } else {
            self.pass(Check::MetadataEncryption, "AES-GCM, RSA-OAEP", chosen);
        }
    }

    pub(super) fn same_key_in_two_roles(&mut self, entity: Element<'_>) {
        let of = |role: Role| {
            only_role(entity, role.element())
                .ok()
                .and_then(|role| certificates(role, "signing").ok())
                .unwrap_or_default()
        };
        let (idp, sp) = (of(Role::Idp), of(Role::Sp));
        if idp.is_empty() || sp.is_empty() {
            return;
        }
        match idp.iter().find(|certificate| sp.contains(certificate)) {
            Some(shared) => {
                self.warning(Check::MetadataKeyRoles, Reason::CertShared, "1 × 1", shared.subject());
            }
            None => self.pass(Check::MetadataKeyRoles, "1 × 1", "1 × 1"),
        }
    }

    pub(super) fn signature(&mut self, root: Element<'_>, signing: Vec<Certificate>) {
        let expected: Vec<&str> = signing.iter().map(Certificate::subject).collect();
        let expected = expected.join(" | ");
        if !is_signed(root) {
            return self.warning(Check::MetadataSignature, Reason::MdUnsigned, &expected, NOTHING);
        }
        let Ok(keys) = TrustedKeys::new(signing) else { return };
        match verify(root, &keys) {
            Ok(signed) => {
                let received = format!("{} {}", signed.key(), signed.algorithm().uri());
                self.pass(Check::MetadataSignature, expected, received);
            }
            // Whoever has that key's certificate at hand may still prove it.
            Err(fault) if fault.reason == Reason::KeyUntrusted => {
                self.warning(Check::MetadataSignature, Reason::KeyUntrusted, &expected, &signer(root));
            }
            Err(fault) => self.fault(Check::MetadataSignature, &expected, &fault),
        }
    }
}

/// What a certificate says by itself: its time, its key, its owner.
pub(super) fn judged(certificate: &Certificate, now: Timestamp) -> Vec<Finding> {
    let key = match certificate.weakness() {
        Some(weakness) => {
            let finding =
                Finding::fail(Check::CertificateKey, Reason::CertWeak, STRONG, certificate.key_size());
            finding.with_evidence(weakness)
        }
        None => Finding::pass(Check::CertificateKey, STRONG, certificate.key_size()),
    };
    let owner = match certificate.organisation() {
        Some(owner) => {
            let received = format!("NTRDK-{}, UI:DK-O:G:{}", owner.cvr, owner.uuid);
            Finding::pass(Check::CertificateOwner, OWNER, received)
        }
        None => Finding::warning(Check::CertificateOwner, Reason::CertOwner, OWNER, certificate.subject()),
    };
    [expiry(certificate, now), key, owner].map(|finding| finding.about(certificate.subject())).into()
}

const STRONG: &str = "RSA 2048…8192 | P-256 | P-384";
const OWNER: &str = "organizationIdentifier=NTRDK-<CVR>, serialNumber=UI:DK-O:G:<UUID>";

fn expiry(certificate: &Certificate, now: Timestamp) -> Finding {
    let (from, until) = (certificate.not_before(), certificate.not_after());
    let check = Check::CertificateExpiry;
    let expected = format!("> {}", now + SOON);
    let received = format!("{from} – {until}");
    if until <= now {
        Finding::fail(check, Reason::KeyExpired, expected, received)
    } else if now < from {
        Finding::warning(check, Reason::KeyExpired, format!("< {now}"), received)
    } else if until.duration_since(now) < SOON {
        Finding::warning(check, Reason::CertExpiring, expected, received)
    } else {
        Finding::pass(check, expected, received)
    }
}

/// Whose certificate a signature shows.
pub(in crate::protocol::saml) fn signer<'d>(root: Element<'d>) -> String {
    let child = |element: Element<'d>, name| element.children().find(|child| child.is(ds(name)));
    let shown = ["Signature", "KeyInfo", "X509Data", "X509Certificate"]
        .into_iter()
        .try_fold(root, child)
        .and_then(|certificate| Certificate::from_base64(&certificate.text().ok()?).ok());
    shown.map_or(NOTHING.to_owned(), |certificate| certificate.subject().to_owned())
}
