//! Web addresses that a browser is sent to, and how values are written into them and read out of them.

use std::borrow::Cow;

use crate::domain::reason::{Fault, Reason};

/// A web address that a browser may be sent to with a message: https, or http on this machine; no name or password in
/// it and no fragment.
pub fn check(location: &str) -> Result<(), Fault> {
    let wrong = |what: &str| Err(Fault::new(Reason::AdminAcs, format!("{what}: {location:?}")));
    let (scheme, rest) = location.split_once("://").unwrap_or(("", location));
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    if !(scheme == "https" || scheme == "http" && is_here(authority)) || authority.is_empty() {
        return wrong("expected an https address");
    }
    if authority.contains('@') || location.contains('#') || location.contains('\\') {
        return wrong("expected an address without a user name, a fragment or a backslash");
    }
    if !location.bytes().all(|b| b.is_ascii_graphic()) {
        return wrong("expected an address in plain ASCII");
    }
    Ok(())
}

/// Whether a host, with or without a port, is this very machine.
fn is_here(authority: &str) -> bool {
    let host = authority.rsplit_once(':').filter(|(_, port)| !port.ends_with(']'));
    let host = host.map_or(authority, |(host, _)| host);
    matches!(host, "localhost" | "127.0.0.1" | "[::1]")
}

/// Whether a value comes out of an HTML form as it went in: browsers rewrite lone line ends and lose NUL. Better to
/// say so at the door than to hand back something else than what was given.
pub fn fits_a_form(value: &str) -> bool {
    !value.replace("\r\n", "").contains(['\r', '\n', '\0'])
}

/// Undoes the escaping of a form or query value.
pub fn unescaped(raw: &str) -> Result<String, Fault> {
    let wrong = || Fault::new(Reason::ParamEncoded, "expected percent-encoded UTF-8");
    // Almost all of a message stands for itself, so it is taken in stretches.
    let spaced = if raw.contains('+') { Cow::Owned(raw.replace('+', " ")) } else { Cow::Borrowed(raw) };
    let mut stretches = spaced.split('%');
    let mut bytes = Vec::with_capacity(raw.len());
    bytes.extend_from_slice(stretches.next().unwrap_or_default().as_bytes());
    for stretch in stretches {
        let (digits, plain) = stretch.as_bytes().split_first_chunk::<2>().ok_or_else(wrong)?;
        let digit = |byte: u8| char::from(byte).to_digit(16).ok_or_else(wrong);
        bytes.push((digit(digits[0])? * 16 + digit(digits[1])?) as u8);
        bytes.extend_from_slice(plain);
    }
    String::from_utf8(bytes).map_err(|_| wrong())
}

/// Escapes a value for a query, leaving only what every reader agrees on.
pub fn escaped(value: &str) -> String {
    let mut out = String::with_capacity(value.len() * 3 / 2);
    for byte in value.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => out.push(char::from(byte)),
            other => {
                const HEX: &[u8; 16] = b"0123456789ABCDEF";
                out.push('%');
                out.push(char::from(HEX[usize::from(other >> 4)]));
                out.push(char::from(HEX[usize::from(other & 15)]));
            }
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_web_address_is_https_or_on_this_machine_and_says_nothing_else() {
        for good in [
            "https://bbr.example/acs",
            "https://bbr.example:8443",
            "http://localhost:8083/acs",
            "http://127.0.0.1/acs",
            "http://[::1]/acs",
            "http://[::1]:8083/acs?a=b",
        ] {
            assert_eq!(check(good), Ok(()), "{good}");
        }
        for wrong in [
            "",
            "https://",
            "http://bbr.example/acs",
            "http://localhost.bbr.example/acs",
            "http://localhost@bbr.example/acs",
            "https://bbr.example@evil.example/acs",
            "https://bbr.example/acs#x",
            "https://bbr.example\\@evil.example/acs",
            "https://bbr.example/a cs",
            "https://bbr.example/æ",
            "javascript://localhost/%0aalert(1)",
            "HTTPS://bbr.example/acs",
        ] {
            assert_eq!(check(wrong).unwrap_err().reason, Reason::AdminAcs, "{wrong}");
        }
    }

    #[test]
    fn what_is_escaped_is_read_back() {
        for value in ["", "a b+c%/æøå", "100 %", "a&b=c#d"] {
            assert_eq!(unescaped(&escaped(value)).as_deref(), Ok(value));
        }
        assert_eq!(unescaped("a+b").as_deref(), Ok("a b"));
        for wrong in ["%", "%4", "%zz", "%ff"] {
            assert_eq!(unescaped(wrong).unwrap_err().reason, Reason::ParamEncoded, "{wrong}");
        }
    }
}
