//! Writes DER: as much of it as certificates, revocation lists and OCSP answers need.

use jiff::Timestamp;
use jiff::tz::TimeZone;

/// An element of this tag.
pub(crate) fn tlv(tag: u8, content: &[u8]) -> Vec<u8> {
    let mut out = vec![tag];
    match content.len() {
        short @ 0..=0x7f => out.push(short as u8),
        long => {
            let bytes = long.to_be_bytes();
            let bytes: Vec<u8> = bytes.into_iter().skip_while(|byte| *byte == 0).collect();
            out.push(0x80 | bytes.len() as u8);
            out.extend(bytes);
        }
    }
    out.extend(content);
    out
}

/// A sequence.
pub(crate) fn seq(parts: &[Vec<u8>]) -> Vec<u8> {
    tlv(0x30, &parts.concat())
}

/// A positive number.
pub(crate) fn int(number: u32) -> Vec<u8> {
    let mut bytes: Vec<u8> = number.to_be_bytes().into_iter().skip_while(|byte| *byte == 0).collect();
    if bytes.first().is_none_or(|first| *first >= 0x80) {
        bytes.insert(0, 0);
    }
    tlv(2, &bytes)
}

/// The name of an object, such as `2.5.4.3`.
pub(crate) fn oid(dotted: &str) -> Vec<u8> {
    let numbers: Vec<u32> = dotted.split('.').map(|number| number.parse().unwrap()).collect();
    let mut bytes = vec![(numbers[0] * 40 + numbers[1]) as u8];
    for number in &numbers[2..] {
        let mut septets = vec![(number & 0x7f) as u8];
        let mut rest = number >> 7;
        while rest > 0 {
            septets.insert(0, 0x80 | (rest & 0x7f) as u8);
            rest >>= 7;
        }
        bytes.extend(septets);
    }
    tlv(6, &bytes)
}

/// Bits, in whole bytes.
pub(crate) fn bits(content: &[u8]) -> Vec<u8> {
    tlv(3, &[&[0], content].concat())
}

/// A moment as certificates write it.
pub(crate) fn utc(at: Timestamp) -> Vec<u8> {
    tlv(0x17, at.to_zoned(TimeZone::UTC).strftime("%y%m%d%H%M%SZ").to_string().as_bytes())
}

/// A moment as OCSP writes it.
pub(crate) fn moment(at: Timestamp) -> Vec<u8> {
    tlv(0x18, at.to_zoned(TimeZone::UTC).strftime("%Y%m%d%H%M%SZ").to_string().as_bytes())
}
