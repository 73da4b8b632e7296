//! Encrypting for a receiver: AES-GCM for the content, RSA-OAEP for its key, the key inside `KeyInfo`.

use openssl::error::ErrorStack;
use openssl::symm::{Crypter, Mode};

use super::ciphers::{Encryption, KeyTransport, OAEP_11, OAEP_MGF1P};
use super::{Canonical, Name, Writer, namespace};
use crate::domain::reason::{Fault, Reason};
use crate::domain::world::Random;
use crate::protocol::keys::Certificate;

const IV_BYTES: usize = 12;
const TAG_BYTES: usize = 16;

const fn xenc(local: &'static str) -> Name {
    Name::new(namespace::XENC, "xenc", local)
}

const fn ds(local: &'static str) -> Name {
    Name::new(namespace::DS, "ds", local)
}

/// Encrypts an element for the holder of the certificate, as `xenc:EncryptedData`.
///
/// There is no way back to plain text: a receiver without a usable key is refused with `enc.nokey`.
pub fn encrypt(
    plaintext: &Canonical,
    to: &Certificate,
    how: Encryption,
    random: &dyn Random,
) -> Result<Canonical, Fault> {
    let mut writer = Writer::new();
    encrypt_into(&mut writer, plaintext, to, (how, random))?;
    writer.finish()
}

/// The same, written where the writer stands.
pub fn encrypt_into(
    writer: &mut Writer,
    plaintext: &Canonical,
    to: &Certificate,
    (how, random): (Encryption, &dyn Random),
) -> Result<(), Fault> {
    if !to.can_encrypt() {
        return Err(Fault::new(Reason::EncNokey, to.weakness().unwrap_or("a key that cannot encrypt")));
    }
    let mut key = vec![0; how.content.key_bytes()];
    random.fill(&mut key);
    let failed = |_| Fault::new(Reason::Internal, "the encryption failed");
    let content = seal(plaintext.as_str().as_bytes(), &key, how, random).map_err(failed)?;
    let wrapped = how.key.oaep().wrap(&key, to.key()).map_err(failed)?;
    write(writer, (how, to), &content, &wrapped);
    Ok(())
}

fn seal(plaintext: &[u8], key: &[u8], how: Encryption, random: &dyn Random) -> Result<Vec<u8>, ErrorStack> {
    let mut sealed = vec![0; IV_BYTES + plaintext.len() + TAG_BYTES];
    let (iv, rest) = sealed.split_at_mut(IV_BYTES);
    random.fill(iv);
    let mut crypter = Crypter::new(how.content.cipher(), Mode::Encrypt, key, Some(iv))?;
    let mut length = crypter.update(plaintext, rest)?;
    length += crypter.finalize(&mut rest[length..])?;
    crypter.get_tag(&mut rest[length..])?;
    Ok(sealed)
}

fn write(writer: &mut Writer, (how, to): (Encryption, &Certificate), content: &[u8], wrapped: &[u8]) {
    writer.start(xenc("EncryptedData")).attribute("Type", "http://www.w3.org/2001/04/xmlenc#Element");
    writer.start(xenc("EncryptionMethod")).attribute("Algorithm", how.content.uri()).end();
    writer.start(ds("KeyInfo")).start(xenc("EncryptedKey"));
    writer.start(xenc("EncryptionMethod"));
    let (method, digest) = match how.key {
        KeyTransport::OaepMgf1p => (OAEP_MGF1P, "http://www.w3.org/2000/09/xmldsig#sha1"),
        KeyTransport::OaepSha256 => (OAEP_11, "http://www.w3.org/2001/04/xmlenc#sha256"),
    };
    writer.attribute("Algorithm", method);
    writer.start(ds("DigestMethod")).attribute("Algorithm", digest).end();
    if how.key == KeyTransport::OaepSha256 {
        let mgf = Name::new(namespace::XENC11, "xenc11", "MGF");
        writer.start(mgf).attribute("Algorithm", "http://www.w3.org/2009/xmlenc11#mgf1sha256").end();
    }
    writer.end();
    writer.start(ds("KeyInfo")).start(ds("X509Data"));
    writer.element(ds("X509Certificate"), to.to_base64()).end().end();
    cipher_data(writer, wrapped);
    writer.end().end();
    cipher_data(writer, content);
    writer.end();
}

fn cipher_data(writer: &mut Writer, bytes: &[u8]) {
    writer.start(xenc("CipherData")).start(xenc("CipherValue")).base64(bytes).end().end();
}
