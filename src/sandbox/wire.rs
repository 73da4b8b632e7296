//! How neighbours put messages into addresses and forms and take them out again, and their cookies.

use std::io::Read;

use axum::http::{HeaderMap, HeaderValue, header};
use axum::response::Response;
use base64_simd::STANDARD;
use flate2::Compression;
use flate2::read::{DeflateDecoder, DeflateEncoder};

use super::saml::{Refused, refused};
use crate::protocol::keys::Signer;

/// Larger messages are not read.
const MOST: u64 = 256 * 1024;

/// A signed message as it stands in an address.
pub(super) struct Arrived {
    pub(super) xml: Vec<u8>,
    pub(super) relay_state: Option<String>,
    /// The part of the address that is signed.
    pub(super) signed: String,
    pub(super) algorithm: String,
    pub(super) signature: Vec<u8>,
}

/// The address that carries a signed message to its receiver, under this name.
pub(super) fn redirect(
    to: &str,
    (field, message): (&str, &str),
    relay: Option<&str>,
    signer: &dyn Signer,
) -> Result<String, Refused> {
    let mut deflated = Vec::new();
    DeflateEncoder::new(message.as_bytes(), Compression::best())
        .read_to_end(&mut deflated)
        .map_err(|error| Refused(error.to_string()))?;
    let relay = relay.map_or(String::new(), |relay| format!("&RelayState={}", escaped(relay)));
    let signed = format!(
        "{field}={}{relay}&SigAlg={}",
        escaped(&STANDARD.encode_to_string(deflated)),
        escaped(signer.algorithm().uri())
    );
    let signature = STANDARD.encode_to_string(signer.sign(signed.as_bytes())?);
    Ok(format!("{to}?{signed}&Signature={}", escaped(&signature)))
}

/// Takes a signed message of this name out of the query of an address.
pub(super) fn arrived(query: &str, field: &str) -> Result<Arrived, Refused> {
    let Some(message) = only(query, field)? else { return refused(format!("there is no {field}")) };
    let (Some(algorithm), Some(signature)) = (only(query, "SigAlg")?, only(query, "Signature")?) else {
        return refused("the request is not signed");
    };
    let relay = only(query, "RelayState")?;
    let relay_part = relay.map_or(String::new(), |relay| format!("&RelayState={relay}"));
    let mut xml = Vec::new();
    DeflateDecoder::new(decoded(&unescaped(message)?)?.as_slice())
        .take(MOST)
        .read_to_end(&mut xml)
        .map_err(|_| Refused("the message is not compressed as it should be".to_owned()))?;
    Ok(Arrived {
        xml,
        relay_state: relay.map(unescaped).transpose()?,
        signed: format!("{field}={message}{relay_part}&SigAlg={algorithm}"),
        algorithm: unescaped(algorithm)?,
        signature: decoded(&unescaped(signature)?)?,
    })
}

/// The raw value of a parameter that may stand once.
fn only<'q>(query: &'q str, name: &str) -> Result<Option<&'q str>, Refused> {
    let mut found = query.split('&').filter_map(|pair| pair.strip_prefix(name)?.strip_prefix('='));
    match (found.next(), found.next()) {
        (first, None) => Ok(first),
        _ => refused(format!("{name} stands twice")),
    }
}

pub(super) fn encoded(message: &str) -> String {
    STANDARD.encode_to_string(message)
}

pub(super) fn decoded(text: &str) -> Result<Vec<u8>, Refused> {
    STANDARD.decode_to_vec(text).map_err(|_| Refused("the message is not base64".to_owned()))
}

pub(super) fn unescaped(raw: &str) -> Result<String, Refused> {
    let mut bytes = Vec::with_capacity(raw.len());
    let mut rest = raw;
    while let Some(at) = rest.find(['%', '+']) {
        bytes.extend_from_slice(&rest.as_bytes()[..at]);
        if rest.as_bytes()[at] == b'+' {
            bytes.push(b' ');
            rest = &rest[at + 1..];
            continue;
        }
        let hex = rest.get(at + 1..at + 3).and_then(|digits| u8::from_str_radix(digits, 16).ok());
        bytes.push(hex.ok_or_else(|| Refused("an address with half an escape".to_owned()))?);
        rest = &rest[at + 3..];
    }
    bytes.extend_from_slice(rest.as_bytes());
    String::from_utf8(bytes).map_err(|_| Refused("an address that is not UTF-8".to_owned()))
}

pub(super) fn escaped(value: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~');
    let mut out = String::new();
    for byte in value.bytes() {
        if plain(byte) { out.push(char::from(byte)) } else { out.push_str(&format!("%{byte:02X}")) }
    }
    out
}

/// What speaks HTTP, to this machine or to the broker that it is told; it follows nothing by itself.
#[expect(
    clippy::disallowed_methods,
    reason = "the neighbours speak to this machine, and an identity provider for tests fetches what it is told to"
)]
pub(super) fn client() -> Result<reqwest::Client, String> {
    let client = reqwest::Client::builder()
        .redirect(reqwest::redirect::Policy::none())
        .no_proxy()
        .timeout(std::time::Duration::from_secs(20))
        .build();
    client.map_err(|error| error.to_string())
}

/// The cookie of this name. Neighbours share a host name, and cookies know no ports, so each has names of its own.
pub(super) fn cookie(headers: &HeaderMap, name: &str) -> Option<String> {
    let lines = headers.get_all(header::COOKIE).iter().filter_map(|value| value.to_str().ok());
    let mut pairs = lines.flat_map(|line| line.split(';'));
    pairs.find_map(|pair| pair.trim().strip_prefix(name)?.strip_prefix('=').map(str::to_owned))
}

/// Gives the browser a cookie until it closes; an empty value takes it back.
pub(super) fn set_cookie(response: &mut Response, name: &str, value: &str) {
    let ends = if value.is_empty() { "; Max-Age=0" } else { "" };
    let cookie = format!("{name}={value}; Path=/; HttpOnly; SameSite=Lax{ends}");
    if let Ok(cookie) = HeaderValue::from_str(&cookie) {
        response.headers_mut().append(header::SET_COOKIE, cookie);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_escaped_is_read_back() {
        for value in ["", "a b+c%/æøå", "100 %"] {
            assert_eq!(unescaped(&escaped(value)).as_deref(), Ok(value));
        }
        assert_eq!(unescaped("a+b").as_deref(), Ok("a b"));
        for wrong in ["%", "%4", "%zz", "%ff"] {
            assert!(unescaped(wrong).is_err(), "{wrong}");
        }
    }
}
