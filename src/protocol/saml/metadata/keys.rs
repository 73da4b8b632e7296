//! The keys in metadata: whose certificates count for what.

use super::super::{ds, md};
use crate::domain::reason::{Fault, Reason};
use crate::protocol::keys::{Certificate, TrustedKeys};
use crate::protocol::xml::{ContentCipher, Element, Encryption, KeyTransport};

/// More certificates than this no party has, in all its roles and for all uses together.
const MOST_CERTIFICATES: usize = 100;

/// Counts certificates before the first is read, which takes a hundred times longer than to send it.
pub(in crate::protocol::saml) fn check_count<'d>(
    mut entities: impl Iterator<Item = Element<'d>>,
) -> Result<(), Fault> {
    let counted = entities.try_fold(0, |before, entity| {
        Some(before + entity.count(ds("X509Certificate"))).filter(|count| *count <= MOST_CERTIFICATES)
    });
    let many = || Fault::new(Reason::MdLimit, format!("expected at most {MOST_CERTIFICATES} certificates"));
    counted.map(drop).ok_or_else(many)
}

/// The certificates of a role for one use; a descriptor without `use` serves both.
pub(in crate::protocol::saml) fn certificates(
    role: Element<'_>,
    wanted: &str,
) -> Result<Vec<Certificate>, Fault> {
    let mut found = Vec::new();
    for descriptor in role.children().filter(|child| child.is(md("KeyDescriptor"))) {
        if descriptor.attribute("use").is_some_and(|known| known != wanted) {
            continue;
        }
        let info = descriptor.only_child(ds("KeyInfo"))?;
        for data in info.children().filter(|child| child.is(ds("X509Data"))) {
            for certificate in data.children().filter(|child| child.is(ds("X509Certificate"))) {
                found.push(Certificate::from_base64(&certificate.text()?)?);
            }
        }
    }
    Ok(found)
}

/// The keys that a role signs with. What the same party has for other uses is remembered, to name its misuse.
pub(super) fn signing_keys(entity: Element<'_>, role: Element<'_>) -> Result<TrustedKeys, Fault> {
    let keys = TrustedKeys::new(certificates(role, "signing")?)?;
    let mut others = Vec::new();
    for descriptor in entity.children() {
        for used_for in ["signing", "encryption"] {
            // Nobody relies on these, so one that cannot be read does no harm.
            others.extend(certificates(descriptor, used_for).unwrap_or_default());
        }
    }
    others.retain(|other| !keys.certificates().contains(other));
    Ok(keys.with_other_roles(others))
}

/// The first key that can be encrypted to. A fagsystem that has a key for it, but none that can be used, is not
/// registered: it would be refused at every login.
pub(super) fn encryption_key(role: Element<'_>) -> Result<Option<Certificate>, Fault> {
    let all = certificates(role, "encryption")?;
    match all.iter().find(|certificate| certificate.can_encrypt()) {
        None if !all.is_empty() => {
            let weakness = all.iter().find_map(Certificate::weakness);
            Err(Fault::new(Reason::MdKey, weakness.unwrap_or("an encryption key that cannot encrypt")))
        }
        usable => Ok(usable.cloned()),
    }
}

/// The strongest encryption that a fagsystem's metadata says it reads. Without a list, what all known ones read.
pub(in crate::protocol::saml) fn readable(role: Element<'_>) -> Result<Encryption, Fault> {
    let mut listed = Vec::new();
    for descriptor in role.children().filter(|child| child.is(md("KeyDescriptor"))) {
        if descriptor.attribute("use") != Some("signing") {
            let methods = descriptor.children().filter(|child| child.is(md("EncryptionMethod")));
            listed.extend(methods.filter_map(|method| method.attribute("Algorithm")));
        }
    }
    let lists = |uri: &str| listed.contains(&uri);
    let only_128 = lists(ContentCipher::Aes128Gcm.uri()) && !lists(ContentCipher::Aes256Gcm.uri());
    Ok(Encryption {
        content: if only_128 { ContentCipher::Aes128Gcm } else { ContentCipher::Aes256Gcm },
        key: if lists(KeyTransport::OaepSha256.uri()) {
            KeyTransport::OaepSha256
        } else {
            KeyTransport::OaepMgf1p
        },
    })
}
