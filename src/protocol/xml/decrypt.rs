//! Decrypting: the form first (`dec.structure`, `alg.refused`), then one answer for every failure (`dec.failed`).
//!
//! Decrypting proves nothing about the sender: anybody can encrypt for us. What comes out is read and verified like
//! any other message.

use std::sync::Arc;

use openssl::error::ErrorStack;
use openssl::symm::{Crypter, Mode as Direction, decrypt_aead};

use super::ciphers::{Cbc, Content, Mode, OAEP_11, OAEP_MGF1P, content, mgf1, oaep_digest};
use super::profile::{is_ds, only_elements};
use super::read::is_named;
use super::{Element, base64, namespace};
use crate::domain::reason::{Fault, Reason};
use crate::protocol::keys::{Decrypter, Digest, Oaep};

const ELEMENT: &str = "http://www.w3.org/2001/04/xmlenc#Element";
const ENCRYPTED_KEY: &str = "http://www.w3.org/2001/04/xmlenc#EncryptedKey";
/// A message may be encrypted for several receivers. Each key costs a private-key operation per key of ours.
const ENCRYPTED_KEYS: usize = 4;
const IV_BYTES: usize = 12;
const TAG_BYTES: usize = 16;
const BLOCK_BYTES: usize = 16;

/// Decrypts the `EncryptedData` that stands directly in the given element (an `EncryptedAssertion`, say).
///
/// The content key is looked for inside its `KeyInfo` and beside it, and tried with each of our keys.
pub fn decrypt(parent: Element<'_>, keys: &[Arc<dyn Decrypter>], cbc: Cbc) -> Result<Vec<u8>, Fault> {
    let form = Form::read(parent, cbc)?;
    for wrapped in &form.keys {
        for key in keys {
            if let Some(plaintext) = form.open(wrapped, key.as_ref()) {
                return Ok(plaintext);
            }
        }
    }
    Err(Fault::new(Reason::DecFailed, "no key of ours opens it"))
}

/// Encrypted content in the form of the profile.
struct Form {
    cipher: Content,
    content: Vec<u8>,
    keys: Vec<Wrapped>,
}

struct Wrapped {
    oaep: Oaep,
    key: Vec<u8>,
}

impl Form {
    fn read(parent: Element<'_>, cbc: Cbc) -> Result<Self, Fault> {
        let mut all = parent.children().filter(|child| is_xenc(*child, "EncryptedData"));
        let (Some(data), None) = (all.next(), all.next()) else {
            return Err(structure("not exactly one EncryptedData"));
        };
        if data.attribute("Type").is_some_and(|kind| kind != ELEMENT) {
            return Err(structure("something else than an element is encrypted"));
        }
        only_known(data, &["EncryptionMethod", "CipherData"])?;
        let method = only(data, "EncryptionMethod")?;
        let cipher = content(method.attribute("Algorithm").unwrap_or_default())
            .filter(|cipher| cipher.mode == Mode::Gcm || cbc == Cbc::DangerAllowed)
            .ok_or_else(|| Fault::new(Reason::AlgRefused, "the cipher of the content"))?;
        if method.children().any(|child| !is_xenc(child, "KeySize")) {
            return Err(structure("a content cipher with parameters"));
        }
        let keys = encrypted_keys(parent, data)?;
        if keys.is_empty() || keys.len() > ENCRYPTED_KEYS {
            return Err(structure(format!("{} encrypted keys", keys.len())));
        }
        let keys = keys.into_iter().map(Wrapped::read).collect::<Result<_, _>>()?;
        Ok(Self { cipher, content: cipher_value(data)?, keys })
    }

    /// Opens it with one key. A key that does not unwrap is replaced by an empty one and the content decrypted all
    /// the same, so that the answer takes as long wherever it failed.
    fn open(&self, wrapped: &Wrapped, key: &dyn Decrypter) -> Option<Vec<u8>> {
        let unwrapped =
            key.decrypt(&wrapped.key, wrapped.oaep).ok().filter(|key| key.len() == self.cipher.key_bytes);
        let content_key = unwrapped.clone().unwrap_or_else(|| vec![0; self.cipher.key_bytes]);
        let plaintext = match self.cipher.mode {
            Mode::Gcm => self.open_gcm(&content_key),
            Mode::Cbc => self.open_cbc(&content_key),
        };
        plaintext.ok().flatten().filter(|_| unwrapped.is_some())
    }

    fn open_gcm(&self, key: &[u8]) -> Result<Option<Vec<u8>>, ErrorStack> {
        let Some((iv, rest)) = self.content.split_at_checked(IV_BYTES) else { return Ok(None) };
        let Some(length) = rest.len().checked_sub(TAG_BYTES) else { return Ok(None) };
        let (content, tag) = rest.split_at(length);
        decrypt_aead((self.cipher.cipher)(), key, Some(iv), &[], content, tag).map(Some)
    }

    /// XML encryption pads with any bytes and then their number.
    fn open_cbc(&self, key: &[u8]) -> Result<Option<Vec<u8>>, ErrorStack> {
        let Some((iv, content)) = self.content.split_at_checked(BLOCK_BYTES) else { return Ok(None) };
        if content.is_empty() || content.len() % BLOCK_BYTES != 0 {
            return Ok(None);
        }
        let mut crypter = Crypter::new((self.cipher.cipher)(), Direction::Decrypt, key, Some(iv))?;
        crypter.pad(false);
        let mut plaintext = vec![0; content.len() + BLOCK_BYTES];
        let mut length = crypter.update(content, &mut plaintext)?;
        length += crypter.finalize(&mut plaintext[length..])?;
        plaintext.truncate(length);
        let padding = plaintext.last().map_or(0, |byte| usize::from(*byte));
        if !(1..=BLOCK_BYTES).contains(&padding) || padding > length {
            return Ok(None);
        }
        plaintext.truncate(length - padding);
        Ok(Some(plaintext))
    }
}

impl Wrapped {
    fn read(key: Element<'_>) -> Result<Self, Fault> {
        only_known(key, &["EncryptionMethod", "CipherData", "ReferenceList", "CarriedKeyName"])?;
        let method = only(key, "EncryptionMethod")?;
        let (mut label, mut mask) = (Digest::Sha1, None);
        only_elements(method).map_err(|_| structure("text in a method"))?;
        for parameter in method.children() {
            let algorithm = parameter.attribute("Algorithm").unwrap_or_default();
            let refused = || Fault::new(Reason::AlgRefused, "the padding of the key");
            if is_ds(parameter, "DigestMethod") {
                label = oaep_digest(algorithm).ok_or_else(refused)?;
            } else if is_named(parameter.0, namespace::XENC11, "MGF") {
                mask = Some(mgf1(algorithm).ok_or_else(refused)?);
            } else if !is_xenc(parameter, "KeySize") {
                return Err(structure("a padding with a label or unknown parameters"));
            }
        }
        let mgf1 = match (method.attribute("Algorithm").unwrap_or_default(), mask) {
            (OAEP_MGF1P, None | Some(Digest::Sha1)) => Digest::Sha1,
            (OAEP_11, mask) => mask.unwrap_or(Digest::Sha1),
            _ => return Err(Fault::new(Reason::AlgRefused, "the encryption of the key")),
        };
        Ok(Self { oaep: Oaep { digest: label, mgf1 }, key: cipher_value(key)? })
    }
}

/// The encrypted keys inside the data's `KeyInfo`, or else those that stand beside the data. A `RetrievalMethod`
/// is not followed; it must name one of the keys beside.
fn encrypted_keys<'d>(parent: Element<'d>, data: Element<'d>) -> Result<Vec<Element<'d>>, Fault> {
    let beside = parent.children().filter(|child| is_xenc(*child, "EncryptedKey")).collect::<Vec<_>>();
    let mut infos = data.children().filter(|child| is_ds(*child, "KeyInfo"));
    let Some(info) = infos.next() else { return Ok(beside) };
    if infos.next().is_some() {
        return Err(structure("more than one KeyInfo"));
    }
    let mut inside = Vec::new();
    for child in info.children() {
        if is_xenc(child, "EncryptedKey") {
            inside.push(child);
        } else if is_ds(child, "RetrievalMethod") {
            let named = child.attribute("URI").and_then(|uri| uri.strip_prefix('#')).unwrap_or_default();
            let is_key = child.attribute("Type").is_none_or(|kind| kind == ENCRYPTED_KEY);
            let known = beside.iter().any(|key| key.attribute("Id") == Some(named));
            if !is_key || !known || child.children().next().is_some() {
                return Err(structure("a key to be fetched from elsewhere"));
            }
        } else if !is_ds(child, "KeyName") && !is_ds(child, "X509Data") {
            return Err(structure("an unknown kind of key"));
        }
    }
    Ok(if inside.is_empty() { beside } else { inside })
}

fn cipher_value(of: Element<'_>) -> Result<Vec<u8>, Fault> {
    let data = only(of, "CipherData")?;
    let mut children = data.children();
    match (children.next(), children.next()) {
        (Some(value), None) if is_xenc(value, "CipherValue") => base64::decode(&value.text()?),
        _ => Err(structure("cipher data that is not a value")),
    }
}

fn only<'d>(of: Element<'d>, local: &str) -> Result<Element<'d>, Fault> {
    let mut found = of.children().filter(|child| is_xenc(*child, local));
    match (found.next(), found.next()) {
        (Some(child), None) => Ok(child),
        _ => Err(structure(format!("{} has not exactly one {local}", of.local()))),
    }
}

fn only_known(of: Element<'_>, known: &[&str]) -> Result<(), Fault> {
    only_elements(of).map_err(|_| structure("text between the parts"))?;
    let allowed =
        |child: Element<'_>| is_ds(child, "KeyInfo") || known.iter().any(|name| is_xenc(child, name));
    match of.children().find(|child| !allowed(*child)) {
        Some(child) => Err(structure(format!("{} holds {}", of.local(), child.local()))),
        None => Ok(()),
    }
}

fn is_xenc(element: Element<'_>, local: &str) -> bool {
    is_named(element.0, namespace::XENC, local)
}

fn structure(detail: impl Into<std::borrow::Cow<'static, str>>) -> Fault {
    Fault::new(Reason::DecStructure, detail)
}
