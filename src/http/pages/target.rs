//! A web address that a page may lead to.

use crate::domain::reason::{Fault, Reason};

/// An absolute `http` or `https` address, and what a content security policy calls its origin.
pub(super) struct Target<'a> {
    address: &'a str,
    scheme: &'static str,
    /// Empty when the policy's grammar has no word for the host: IPv6.
    origin: &'a str,
}

impl<'a> Target<'a> {
    /// Takes an address from the register. What could end the policy or run as a script is refused.
    pub(super) fn new(address: &'a str) -> Result<Self, Fault> {
        let refused = || Fault::new(Reason::AdminAcs, "expected an absolute http or https address");
        let scheme = ["https:", "http:"].into_iter().find(|scheme| address.starts_with(scheme));
        let scheme = scheme.ok_or_else(refused)?;
        let start = scheme.len() + 2;
        let rest =
            address.get(start..).filter(|_| address[scheme.len()..].starts_with("//")).ok_or_else(refused)?;
        let host = rest.split(['/', '?', '#']).next().unwrap_or_default();
        let named = host.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-' | b':'));
        let ipv6 =
            host.starts_with('[') && host.bytes().all(|b| b.is_ascii_hexdigit() || b"[]:.".contains(&b));
        if host.is_empty() || !(named || ipv6) || !address.bytes().all(|b| b.is_ascii_graphic()) {
            return Err(refused());
        }
        let origin = if named { &address[..start + host.len()] } else { "" };
        Ok(Self { address, scheme, origin })
    }

    /// An address that a link may lead to: a web address, or one that opens an app on the device, by a scheme that has a
    /// dot in it and so belongs to whoever owns that domain.
    pub(super) fn link(address: &'a str) -> Result<&'a str, Fault> {
        let (scheme, rest) = address.split_once(':').unwrap_or_default();
        let plain = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b".-+".contains(&b);
        let is_app = scheme.contains('.') && scheme.bytes().all(plain) && rest.starts_with('/');
        match is_app && address.bytes().all(|b| b.is_ascii_graphic()) {
            true => Ok(address),
            false => Self::new(address).map(|target| target.address),
        }
    }

    /// The address.
    pub(super) fn address(&self) -> &'a str {
        self.address
    }

    /// What `frame-src` lists: the origin, or its scheme where the policy has no word for the host.
    pub(super) fn frame_source(&self) -> &'a str {
        if self.origin.is_empty() { self.scheme } else { self.origin }
    }

    /// What `form-action` lists: the origin, and its scheme, because Chromium applies the policy to the redirects
    /// that follow the form as well, and a fagsystem may go on to any other host of its own.
    pub(super) fn form_action(&self) -> String {
        format!("{} {}", self.origin, self.scheme).trim_start().to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_policy_lists_the_origin_of_an_address_and_its_scheme() {
        for (address, policy) in [
            ("https://sp.example/acs?x=1", "https://sp.example https:"),
            ("https://sp.example:8443#f", "https://sp.example:8443 https:"),
            ("http://127.0.0.1:8080/acs", "http://127.0.0.1:8080 http:"),
            ("http://[::1]:8080/acs", "http:"),
        ] {
            assert_eq!(Target::new(address).map(|t| t.form_action()).ok().as_deref(), Some(policy));
        }
    }

    #[test]
    fn a_link_may_open_an_app_too_and_runs_nothing() {
        for address in ["dk.example.app:/callback?code=1", "https://sp.example/acs", "http://127.0.0.1:7/cb"]
        {
            assert_eq!(Target::link(address).ok(), Some(address));
        }
        assert!(Target::new("dk.example.app:/callback").is_err(), "a form leads to web addresses only");
        for address in
            ["javascript:/alert(1)", "dk.example.app:callback", "dk.example.app:/a b", ":/", "x.Y:/", ""]
        {
            assert!(Target::link(address).is_err(), "{address}");
        }
    }

    #[test]
    fn an_address_that_is_not_plainly_a_web_address_is_refused() {
        for address in [
            "",
            "/acs",
            "//sp.example/",
            "https:",
            "https:/sp.example",
            "https://",
            "https:///x",
            "HTTPS://sp.example",
            "javascript:alert(1)",
            "data:text/html,x",
            "https://sp.example; script-src *",
            "https://a b/",
            "https://sp.example\n/",
            "https://user@sp.example/",
            "https://sp,example/",
            "https://ø.example/",
            "https://*/",
        ] {
            assert!(Target::new(address).is_err(), "{address}");
        }
    }
}
