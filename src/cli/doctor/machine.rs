//! What is ours: keys, cryptography, store, clock, and our own address as others see it.

use std::sync::Arc;

use jiff::Timestamp;

use super::{Findings, SOON};
use crate::broker::egress::Egress;
use crate::config::Config;
use crate::domain::reason::Fault;
use crate::domain::world::Random;
use crate::keyring::Keyring;
use crate::protocol::keys::{Decrypter, FileKey, SignatureAlgorithm, Signer, TrustedKeys};
use crate::protocol::saml::metadata::Parsed;
use crate::protocol::xml::{
    Cbc, ContentCipher, Document, Encryption, KeyTransport, Name, Writer, decrypt, encrypt,
};
use crate::store::{AuditQuery, Sqlite, Store};

pub(super) fn keys(config: &Config, now: Timestamp, findings: &mut Findings) -> Option<Keyring> {
    let ring = match Keyring::open(&config.keys) {
        Ok(ring) => ring,
        Err(complaints) => {
            for complaint in complaints {
                let fix = "Correct the path or the permissions, or make a key with `context-handler keys generate`.";
                findings.failed("keys", complaint.to_string(), fix);
            }
            return None;
        }
    };
    for (used, key) in ring
        .signing
        .iter()
        .map(|key| ("signs", key))
        .chain(ring.decryption.iter().map(|key| ("decrypts", key)))
        .chain(ring.token_signing.iter().map(|key| ("signs tokens", key)))
    {
        let certificate = Signer::certificate(key.as_ref());
        let left = certificate.not_after().duration_since(now);
        let found = format!("{used}: {}, {} days left", certificate.subject(), left.as_hours() / 24);
        if left.is_negative() || now < certificate.not_before() {
            let fix = "Put a valid certificate in its place, and publish it before you sign with it.";
            findings.failed("keys.valid", format!("{found}; it is not valid now"), fix);
        } else if left < SOON {
            let fix = "Order a new certificate now, add it to the configuration behind this one, and let partners fetch it.";
            findings.warning("keys.valid", found, fix);
        } else {
            findings.ok("keys.valid", found);
        }
    }
    Some(ring)
}

pub(super) fn crypto(keyring: Option<&Keyring>, random: &dyn Random, findings: &mut Findings) {
    findings.ok("crypto.library", openssl::version::version());
    let signatures: Vec<&str> =
        SignatureAlgorithm::all().filter_map(|one| one.uri().split('#').nth(1)).collect();
    findings.ok("crypto.signatures", signatures.join(", "));
    let ciphers =
        ["aes128-gcm", "aes192-gcm", "aes256-gcm", "rsa-oaep-mgf1p", "rsa-oaep (SHA-1, 256, 384, 512)"];
    findings.ok("crypto.encryption", ciphers.join(", "));
    match cfg!(feature = "second-opinion") {
        true => findings.ok("crypto.second-opinion", "built in: libxmlsec1 verifies every signature as well"),
        false => findings.ok("crypto.second-opinion", "not built in (cargo feature second-opinion)"),
    }
    let fix = "The key file or the library is damaged: restore the file, or install the program anew.";
    for key in keyring.iter().flat_map(|ring| &ring.signing) {
        match signs(key) {
            Ok(how) => findings.ok("crypto.signing-works", how),
            Err(fault) => findings.failed("crypto.signing-works", fault.to_string(), fix),
        }
    }
    for key in keyring.iter().flat_map(|ring| &ring.decryption) {
        match opens(key, random) {
            Ok(()) => findings.ok("crypto.decryption-works", Decrypter::certificate(key.as_ref()).subject()),
            Err(fault) => findings.failed("crypto.decryption-works", fault.to_string(), fix),
        }
    }
}

/// Signs something and verifies it as a partner would.
fn signs(key: &Arc<FileKey>) -> Result<String, Fault> {
    let trusted = TrustedKeys::new(vec![Signer::certificate(key.as_ref()).clone()])?;
    let signature = key.sign(b"doctor")?;
    trusted.verify_detached(key.algorithm().uri(), b"doctor", &signature)?;
    Ok(format!("{} with {}", Signer::certificate(key.as_ref()).subject(), key.algorithm().uri()))
}

/// Encrypts something as partners do, in every way that we publish, and opens it.
fn opens(key: &Arc<FileKey>, random: &dyn Random) -> Result<(), Fault> {
    let mut xml = Writer::new();
    xml.element(Name::new("", "", "doctor"), "");
    let plain = xml.finish()?;
    for content in [ContentCipher::Aes128Gcm, ContentCipher::Aes256Gcm] {
        for transport in [KeyTransport::OaepMgf1p, KeyTransport::OaepSha256] {
            let how = Encryption { content, key: transport };
            let hidden = encrypt(&plain, Decrypter::certificate(key.as_ref()), how, random)?;
            let mut around = Writer::new();
            around.start(Name::new("", "", "around")).embed(&hidden).end();
            let around = around.finish()?.into_string();
            let keys: [Arc<dyn Decrypter>; 1] = [key.clone()];
            decrypt(Document::parse(around.as_bytes())?.root(), &keys, Cbc::Refused)?;
        }
    }
    Ok(())
}

/// Looks at the store and at the clock that wrote it. Opens it only if it is there and of our schema, because opening
/// would change it.
pub(super) async fn store(config: &Config, now: Timestamp, findings: &mut Findings) -> Option<Sqlite> {
    let path = &config.store.path;
    let shown = path.display();
    match path.try_exists() {
        Ok(true) => {}
        Ok(false) => {
            let fix = "It is made at the first start or `apply`, if its folder is there and writable.";
            match path.parent().is_some_and(std::path::Path::is_dir) {
                true => findings.warning("store", format!("{shown} does not exist yet"), fix),
                false => {
                    findings.failed("store", format!("{shown} does not exist, nor does its folder"), fix)
                }
            }
            return None;
        }
        Err(error) => {
            let fix = "Ask as the user that serves, or as root: nobody else may look into its folder.";
            findings.failed("store", format!("{shown}: {error}"), fix);
            return None;
        }
    }
    let fix = "Give the user that serves the right to write the file and its folder, and see that the disk is not full.";
    match Sqlite::examine(path) {
        Err(error) => {
            findings.failed("store", format!("{shown}: {error}"), fix);
            return None;
        }
        Ok((schema, known)) if schema != known => {
            let found = format!("{shown} has schema {schema}, this program knows {known}");
            match schema > known {
                true => findings.failed("store.schema", found, "Install the newer program again."),
                false => {
                    findings.warning("store.schema", found, "It is brought up to date at the next start.")
                }
            }
            return None;
        }
        Ok((schema, _)) => findings.ok("store", format!("{shown} can be written, schema {schema}")),
    }
    let store = Sqlite::open(path).map_err(|error| findings.failed("store", error.to_string(), fix)).ok()?;
    let newest = store.search_audit(AuditQuery { limit: 1, ..AuditQuery::default() }).await;
    match newest.map(|found| found.first().map(|logged| logged.record.at)) {
        Ok(Some(newest)) if newest > now => {
            let found = format!("it is {now}, but the youngest record is from {newest}");
            findings.failed("clock", found, "Set the clock and keep it right with NTP.");
        }
        Ok(_) => findings.ok("clock", format!("it is {now}, not before the youngest record")),
        Err(error) => findings.failed("store", error.to_string(), fix),
    }
    Some(store)
}

/// Our own metadata as a partner fetches it: through the proxy, signed by our key.
pub(super) async fn public_url(config: &Config, keyring: &Keyring, egress: &Egress, findings: &mut Findings) {
    let url = config.server.public_url.join("/saml/idp/metadata");
    let fix = "Start `context-handler serve`, and see that the proxy and the name lead to it and that its certificate is valid.";
    let judged = egress.get(&url, 1024 * 1024).await.and_then(|fetched| {
        let certificates = keyring.signing.iter().map(|key| Signer::certificate(key.as_ref()).clone());
        let ours = TrustedKeys::new(certificates.collect())?;
        let document = Document::parse_metadata(&fetched.body)?;
        Parsed::new(&document).signed_by(&ours)?.idp(Some(&config.identity.entity_id)).map(drop)
    });
    match judged {
        Ok(()) => findings.ok("public-url", format!("{url} answers with our metadata, signed by our key")),
        Err(fault) => findings.failed("public-url", format!("{url}: {fault}"), fix),
    }
}
