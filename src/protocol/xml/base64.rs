//! Base64 in one strict reading: the standard alphabet, full padding, no spare bits. One text for one value, so that two
//! readers cannot disagree.

use base64_simd::STANDARD;

use crate::domain::reason::{Fault, Reason};

/// Reads base64 in which XML white space may stand, as in signatures and certificates.
pub fn decode(text: &str) -> Result<Vec<u8>, Fault> {
    without(text, |byte| matches!(byte, b' ' | b'\t' | b'\r' | b'\n'))
}

/// Reads base64 in which line breaks may stand, as in messages: several senders wrap their lines.
pub fn decode_wrapped(text: &str) -> Result<Vec<u8>, Fault> {
    without(text, |byte| matches!(byte, b'\r' | b'\n'))
}

/// Reads base64 that stands without any white space.
pub fn decode_compact(text: &str) -> Result<Vec<u8>, Fault> {
    STANDARD.decode_to_vec(text).map_err(|_| refused(text.as_bytes()))
}

/// Writes base64 without line breaks.
pub fn encode(bytes: &[u8]) -> String {
    STANDARD.encode_to_string(bytes)
}

/// Writes base64 without line breaks behind a text.
pub(super) fn append(bytes: &[u8], text: &mut String) {
    STANDARD.encode_append(bytes, text);
}

/// Nearly every value is written in one piece, so what may stand between is looked for only when something is in the way.
fn without(text: &str, skipped: fn(u8) -> bool) -> Result<Vec<u8>, Fault> {
    STANDARD.decode_to_vec(text).or_else(|_| {
        let compact: Vec<u8> = text.bytes().filter(|byte| !skipped(*byte)).collect();
        STANDARD.decode_to_vec(&compact).map_err(|_| refused(&compact))
    })
}

/// What is wrong with a text that does not decode.
fn refused(text: &[u8]) -> Fault {
    let padding = text.iter().rev().take_while(|byte| **byte == b'=').count();
    let values = &text[..text.len() - padding];
    let known = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/');
    let what = if !values.iter().all(known) {
        "a character outside the alphabet"
    } else if values.len() % 4 == 1 {
        "a wrong length"
    } else if padding != (4 - values.len() % 4) % 4 {
        "wrong padding"
    } else {
        "spare bits at the end"
    };
    Fault::new(Reason::EncodingBase64, what)
}

#[cfg(test)]
mod tests {
    use ::base64::Engine;
    use ::base64::engine::general_purpose::STANDARD as OTHER;
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn what_is_wrong_is_told() {
        for (text, what) in [
            ("AA-=", "a character outside the alphabet"),
            ("AA==AA==", "a character outside the alphabet"),
            ("A A=", "a character outside the alphabet"),
            ("AAAAA", "a wrong length"),
            ("AAA", "wrong padding"),
            ("AAAA=", "wrong padding"),
            ("=", "wrong padding"),
            ("AB==", "spare bits at the end"),
            ("AAB=", "spare bits at the end"),
        ] {
            assert_eq!(decode_compact(text).unwrap_err().detail, what, "{text}");
        }
    }

    #[test]
    fn only_what_may_stand_between_is_skipped() {
        for (text, everywhere, in_messages) in
            [("AA\r\nAA", true, true), (" AA\tAA\n", true, false), ("AA\u{b}AA", false, false)]
        {
            assert_eq!(decode(text).is_ok(), everywhere, "{text:?}");
            assert_eq!(decode_wrapped(text).is_ok(), in_messages, "{text:?}");
            assert!(decode_compact(text).is_err(), "{text:?}");
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2_000))]

        /// Of all lengths around those that are decoded many bytes at a time, with a slip here and there.
        #[test]
        fn another_reader_takes_the_same_texts_for_the_same_bytes(
            bytes in prop::collection::vec(any::<u8>(), 0..200),
            slips in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..2),
            cut in 0..3_usize,
        ) {
            let written = encode(&bytes);
            prop_assert_eq!(&written, &OTHER.encode(&bytes));
            prop_assert_eq!(decode_compact(&written).unwrap(), bytes);
            let mut changed = written.into_bytes();
            changed.truncate(changed.len().saturating_sub(cut));
            for (at, byte) in slips {
                if !changed.is_empty() {
                    let at = at.index(changed.len());
                    changed[at] = byte & 0x7f;
                }
            }
            let changed = String::from_utf8(changed).unwrap();
            prop_assert_eq!(decode_compact(&changed).ok(), OTHER.decode(&changed).ok());
        }
    }
}
