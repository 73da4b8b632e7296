//! Seals state that travels through a browser: nobody but us can read it, change it, or use it for another purpose.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use openssl::symm::{Cipher, decrypt_aead, encrypt_aead};

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
        let broken = |what: String| Fault::new(Reason::Internal, what);
        let key = self.0.first().ok_or_else(|| broken("there is no sealing key".into()))?;
        let mut nonce = [0; NONCE];
        random.fill(&mut nonce);
        let mut tag = [0; TAG];
        let sealed = encrypt_aead(
            Cipher::aes_256_gcm(),
            &key.secret,
            Some(&nonce),
            purpose.as_bytes(),
            text,
            &mut tag,
        )
        .map_err(|error| broken(error.to_string()))?;
        let whole = [key.number.to_be_bytes().as_slice(), &nonce, &tag, &sealed].concat();
        Ok(URL_SAFE_NO_PAD.encode(whole))
    }

    /// Opens what was sealed for this purpose.
    pub fn open(&self, sealed: &str, purpose: &str) -> Result<Vec<u8>, Fault> {
        let forged = || Fault::new(Reason::StateForged, "the sealed state does not open");
        let whole = URL_SAFE_NO_PAD.decode(sealed).map_err(|_| forged())?;
        let (number, rest) = whole.split_first_chunk::<NUMBER>().ok_or_else(forged)?;
        let (nonce, rest) = rest.split_first_chunk::<NONCE>().ok_or_else(forged)?;
        let (tag, text) = rest.split_first_chunk::<TAG>().ok_or_else(forged)?;
        let number = u32::from_be_bytes(*number);
        let key = self.0.iter().find(|key| key.number == number).ok_or_else(forged)?;
        decrypt_aead(Cipher::aes_256_gcm(), &key.secret, Some(nonce), purpose.as_bytes(), text, tag)
            .map_err(|_| forged())
    }
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
