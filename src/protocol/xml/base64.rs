//! Base64 as XML Schema writes it, in one strict reading.

use ::base64::Engine;
use ::base64::engine::general_purpose::STANDARD;

use crate::domain::reason::{Fault, Reason};

/// Reads base64 in which XML white space may stand, as in signatures and certificates.
///
/// The standard alphabet, full padding, no spare bits: one text for one value, so that two readers cannot disagree.
pub fn decode(text: &str) -> Result<Vec<u8>, Fault> {
    let white = |byte: &u8| matches!(byte, b' ' | b'\t' | b'\r' | b'\n');
    // Nearly every value is written in one piece, so white space is looked for only when something is in the way.
    STANDARD.decode(text).or_else(|wrong| {
        if !text.as_bytes().iter().any(white) {
            return Err(refused(wrong));
        }
        let compact: Vec<u8> = text.bytes().filter(|byte| !white(byte)).collect();
        STANDARD.decode(compact).map_err(refused)
    })
}

/// Reads base64 that stands without any white space.
pub fn decode_compact(text: &str) -> Result<Vec<u8>, Fault> {
    STANDARD.decode(text).map_err(refused)
}

/// Writes base64 without line breaks.
pub fn encode(bytes: &[u8]) -> String {
    STANDARD.encode(bytes)
}

fn refused(error: ::base64::DecodeError) -> Fault {
    let what = match error {
        ::base64::DecodeError::InvalidByte(..) => "a character outside the alphabet",
        ::base64::DecodeError::InvalidLength(..) => "a wrong length",
        ::base64::DecodeError::InvalidLastSymbol { .. } => "spare bits at the end",
        ::base64::DecodeError::InvalidPadding => "wrong padding",
    };
    Fault::new(Reason::EncodingBase64, what)
}
