//! Seals state that travels through a browser: nobody but us can read it, change it, or use it for another purpose.

use base64_simd::URL_SAFE_NO_PAD;
use openssl::sha::sha256;
use openssl::symm::{Cipher, decrypt_aead, encrypt_aead};

use crate::domain::id::LoginId;
use crate::domain::reason::{Fault, Reason};
use crate::domain::world::Random;

const NONCE: usize = 12;
const TAG: usize = 16;
const NUMBER: usize = 4;

/// A sealing key with the number under which it travels.
#[derive(Clone)]
pub struct NumberedKey {
    /// The number.
    pub number: u32,
    /// The key.
    pub secret: [u8; 32],
}

/// Seals with the youngest key and opens with any that is still kept.
pub struct Sealer(Vec<NumberedKey>);

impl Sealer {
    /// Takes the keys, youngest first.
    pub fn new(keys: Vec<NumberedKey>) -> Self {
        Self(keys)
    }

    /// Seals a text for one purpose. What was sealed for one purpose does not open for another.
    pub fn seal(&self, text: &[u8], purpose: &str, random: &dyn Random) -> Result<String, Fault> {
        let missing = || Fault::new(Reason::Internal, "there is no sealing key");
        let key = self.0.first().ok_or_else(missing)?;
        let sealed = seal(&key.secret, text, purpose, random)?;
        Ok(URL_SAFE_NO_PAD.encode_to_string([key.number.to_be_bytes().as_slice(), &sealed].concat()))
    }

    /// Opens what was sealed for this purpose.
    pub fn open(&self, sealed: &str, purpose: &str) -> Result<Vec<u8>, Fault> {
        let whole = URL_SAFE_NO_PAD.decode_to_vec(sealed).map_err(|_| forged())?;
        let (number, rest) = whole.split_first_chunk::<NUMBER>().ok_or_else(forged)?;
        let number = u32::from_be_bytes(*number);
        let key = self.0.iter().find(|key| key.number == number).ok_or_else(forged)?;
        open(&key.secret, rest, purpose)
    }
}

/// What somebody else keeps: an id to find by, and a secret to open with what we keep under that id. We keep the secret
/// nowhere, so whoever reads the store opens nothing.
#[derive(Clone, PartialEq, Eq)]
pub struct Ticket {
    /// The id.
    pub id: LoginId,
    secret: [u8; SECRET],
}

const SECRET: usize = 16;

impl Ticket {
    /// A new one for this id.
    pub fn new(id: LoginId, random: &dyn Random) -> Self {
        let mut secret = [0; SECRET];
        random.fill(&mut secret);
        Self { id, secret }
    }

    /// Reads what [`Ticket::text`] writes, and nothing else: one character more or less is another ticket or none.
    pub fn read(text: &str) -> Option<Self> {
        let whole = URL_SAFE_NO_PAD.decode_to_vec(text).ok()?;
        let (id, secret) = whole.split_first_chunk::<16>()?;
        Some(Self { id: LoginId::from_bits(u128::from_be_bytes(*id)), secret: secret.try_into().ok()? })
    }

    /// The form in which it travels.
    pub fn text(&self) -> String {
        URL_SAFE_NO_PAD.encode_to_string([self.id.bytes().as_slice(), &self.secret].concat())
    }

    /// Seals a text that only this ticket opens, for one purpose.
    pub fn seal(&self, text: &[u8], purpose: &str, random: &dyn Random) -> Result<Vec<u8>, Fault> {
        seal(&self.key(), text, purpose, random)
    }

    /// Opens what was sealed with this ticket for this purpose.
    pub fn open(&self, sealed: &[u8], purpose: &str) -> Result<Vec<u8>, Fault> {
        open(&self.key(), sealed, purpose)
    }

    fn key(&self) -> [u8; 32] {
        sha256(&[b"ticket\0".as_slice(), &self.id.bytes(), &self.secret].concat())
    }
}

impl std::fmt::Debug for Ticket {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Ticket({}, …)", self.id)
    }
}

fn seal(key: &[u8; 32], text: &[u8], purpose: &str, random: &dyn Random) -> Result<Vec<u8>, Fault> {
    let mut nonce = [0; NONCE];
    random.fill(&mut nonce);
    let mut tag = [0; TAG];
    let sealed = encrypt_aead(Cipher::aes_256_gcm(), key, Some(&nonce), purpose.as_bytes(), text, &mut tag)
        .map_err(|error| Fault::new(Reason::Internal, error.to_string()))?;
    Ok([nonce.as_slice(), &tag, &sealed].concat())
}

fn open(key: &[u8; 32], sealed: &[u8], purpose: &str) -> Result<Vec<u8>, Fault> {
    let (nonce, rest) = sealed.split_first_chunk::<NONCE>().ok_or_else(forged)?;
    let (tag, text) = rest.split_first_chunk::<TAG>().ok_or_else(forged)?;
    decrypt_aead(Cipher::aes_256_gcm(), key, Some(nonce), purpose.as_bytes(), text, tag).map_err(|_| forged())
}

fn forged() -> Fault {
    Fault::new(Reason::StateForged, "the sealed state does not open")
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Dice(std::sync::atomic::AtomicU8);

    impl Random for Dice {
        fn fill(&self, bytes: &mut [u8]) {
            bytes.fill(self.0.fetch_add(1, std::sync::atomic::Ordering::Relaxed));
        }
    }

    fn key(number: u32) -> NumberedKey {
        NumberedKey { number, secret: [number as u8; 32] }
    }

    #[test]
    fn what_is_sealed_opens_for_its_purpose_and_unchanged_only() {
        let dice = Dice(0.into());
        let sealer = Sealer::new(vec![key(2), key(1)]);
        let sealed = sealer.seal(b"state", "login 1", &dice).unwrap();
        assert_eq!(sealer.open(&sealed, "login 1").unwrap(), b"state");
        assert_eq!(sealer.open(&sealed, "login 2").unwrap_err().reason, Reason::StateForged);
        for place in 0..sealed.len() {
            let mut changed = sealed.clone().into_bytes();
            changed[place] = if changed[place] == b'A' { b'B' } else { b'A' };
            let changed = String::from_utf8(changed).unwrap();
            assert!(changed == sealed || sealer.open(&changed, "login 1").is_err(), "{place}");
        }
        assert!(sealer.open("", "login 1").is_err());
    }

    #[test]
    fn an_older_key_still_opens_and_a_forgotten_one_does_not() {
        let dice = Dice(0.into());
        let sealed = Sealer::new(vec![key(1)]).seal(b"state", "p", &dice).unwrap();
        assert!(Sealer::new(vec![key(2), key(1)]).open(&sealed, "p").is_ok());
        assert!(Sealer::new(vec![key(2)]).open(&sealed, "p").is_err());
    }
}
