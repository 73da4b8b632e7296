//! DEFLATE as the Redirect binding wants it, for messages of a kilobyte or two: one block, the code that the format
//! itself fixes (RFC 1951), and matches found by one look-up. A general compressor works on a quarter of a megabyte, and
//! making that ready costs more than all else that is done to a request.

/// Repetitions are looked for by their first four bytes; an ID or an address that is shorter is not worth it.
const SHORTEST: usize = 4;
const LONGEST: usize = 258;
const FARTHEST: usize = 32_768;
const SLOTS: usize = 1 << 10;

/// Compresses a message.
pub(super) fn deflate(text: &[u8]) -> Vec<u8> {
    let mut bits = Bits { out: Vec::with_capacity(text.len() + text.len() / 8 + 8), waiting: 0, count: 0 };
    bits.put(0b011, 3); // the last block, in the fixed code
    let mut seen = [0_usize; SLOTS]; // one more than the last place of each beginning
    let mut at = 0;
    while at < text.len() {
        let place =
            slot(&text[at..]).and_then(|slot| std::mem::replace(&mut seen[slot], at + 1).checked_sub(1));
        let found =
            place.filter(|place| at - place <= FARTHEST).map(|place| (place, common(text, place, at)));
        match found {
            Some((place, length)) if length >= SHORTEST => {
                bits.length(length);
                bits.distance(at - place);
                at += length;
            }
            _ => {
                bits.symbol(u16::from(text[at]));
                at += 1;
            }
        }
    }
    bits.symbol(256);
    bits.finish()
}

fn slot(rest: &[u8]) -> Option<usize> {
    let beginning = u32::from_le_bytes(*rest.first_chunk()?);
    Some((beginning.wrapping_mul(0x9E37_79B1) >> 22) as usize)
}

fn common(text: &[u8], before: usize, at: usize) -> usize {
    text[before..].iter().zip(&text[at..]).take(LONGEST).take_while(|(a, b)| a == b).count()
}

/// Bits in the order of the format: the first one is the lowest of a byte.
struct Bits {
    out: Vec<u8>,
    waiting: u64,
    count: u32,
}

impl Bits {
    fn put(&mut self, value: u16, bits: u8) {
        self.waiting |= u64::from(value) << self.count;
        self.count += u32::from(bits);
        while self.count >= 8 {
            self.out.push(self.waiting as u8);
            self.waiting >>= 8;
            self.count -= 8;
        }
    }

    /// A code stands with its highest bit first.
    fn code(&mut self, code: u16, bits: u8) {
        self.put(code.reverse_bits() >> (16 - bits), bits);
    }

    fn symbol(&mut self, symbol: u16) {
        match symbol {
            0..144 => self.code(0x30 + symbol, 8),
            144..256 => self.code(0x190 + symbol - 144, 9),
            256..280 => self.code(symbol - 256, 7),
            _ => self.code(0xC0 + symbol - 280, 8),
        }
    }

    fn length(&mut self, length: usize) {
        // The longest has a code of its own.
        let (code, rest, bits) = if length == LONGEST { (28, 0, 0) } else { coded(length - 3, 2) };
        self.symbol(257 + code);
        self.put(rest, bits);
    }

    fn distance(&mut self, distance: usize) {
        let (code, rest, bits) = coded(distance - 1, 1);
        self.code(code, 5);
        self.put(rest, bits);
    }

    fn finish(mut self) -> Vec<u8> {
        if self.count > 0 {
            self.out.push(self.waiting as u8);
        }
        self.out
    }
}

/// The code of a number, what is left of it, and in how many bits that stands. Small numbers have a code each; from
/// there on each doubling is divided into two codes or, for lengths, four, whose logarithm is `parts`.
fn coded(number: usize, parts: u32) -> (u16, u16, u8) {
    let bits = number.checked_ilog2().unwrap_or(0).saturating_sub(parts);
    let code = ((bits as usize) << parts) + (number >> bits);
    (code as u16, (number & ((1 << bits) - 1)) as u16, bits as u8)
}

#[cfg(test)]
mod tests {
    use std::io::Read;

    use flate2::read::DeflateDecoder;
    use proptest::prelude::*;

    use super::*;

    fn inflated(deflated: &[u8]) -> Vec<u8> {
        let mut text = Vec::new();
        DeflateDecoder::new(deflated).read_to_end(&mut text).unwrap();
        text
    }

    proptest! {
        #[test]
        fn what_is_compressed_is_read_back(text in prop::collection::vec(any::<u8>(), 0..2_000)) {
            prop_assert_eq!(inflated(&deflate(&text)), text);
        }

        #[test]
        fn repetitions_of_every_length_and_distance_are_read_back(
            part in prop::collection::vec(any::<u8>(), 1..40), between in 0_usize..40_000, times in 1_usize..300,
        ) {
            let mut text = part.repeat(times);
            text.resize(text.len() + between, b'-');
            text.extend(part.repeat(2));
            prop_assert_eq!(inflated(&deflate(&text)), text);
        }
    }

    #[test]
    fn a_request_becomes_shorter() {
        let request = "<saml:Issuer>https://broker.example.dk/saml</saml:Issuer>".repeat(3);
        assert!(deflate(request.as_bytes()).len() * 2 < request.len());
    }
}
