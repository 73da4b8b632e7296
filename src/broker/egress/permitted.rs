//! Which addresses may be called: by their form, before anybody looks a name up.

use reqwest::Url;

use super::Egress;
use super::public::is_public;
use crate::domain::reason::{Fault, Reason};

impl Egress {
    /// The address, if revocation may be asked for there. Authorities publish revocation without encryption, since what
    /// they answer is signed: so `http` will do, at its own port, and nothing follows where such an answer leads.
    pub(super) fn permitted_to_prove(&self, url: &str) -> Result<Url, Fault> {
        let plain = Url::parse(url).is_ok_and(|url| url.scheme() == "http" && url.port().is_none());
        match url.strip_prefix("http://").filter(|_| plain) {
            // All other rules are those of any address.
            Some(rest) => {
                let mut permitted = self.permitted(&format!("https://{rest}"))?;
                let back = permitted.set_scheme("http");
                back.map(|()| permitted).map_err(|()| Fault::new(Reason::EgressRefused, "expected http"))
            }
            None => self.permitted(url),
        }
    }

    /// The address, if its form allows a call. Whether its name leads to a public address is seen when it is looked up.
    pub(super) fn permitted(&self, url: &str) -> Result<Url, Fault> {
        let refused = |what: &str| Fault::new(Reason::EgressRefused, format!("expected {what}, got {url:?}"));
        let parsed = Url::parse(url).map_err(|_| refused("an address"))?;
        let host = parsed.host_str().unwrap_or_default().trim_matches(['[', ']']).to_ascii_lowercase();
        let by_name = self.allowed.contains(&host);
        if parsed.scheme() != "https" && !(parsed.scheme() == "http" && by_name) {
            return Err(refused("https"));
        }
        if !parsed.username().is_empty() || parsed.password().is_some() {
            return Err(refused("an address without a user name"));
        }
        // Numbers are not looked up, so they are judged here.
        if host.parse().is_ok_and(|address| !is_public(address)) && !by_name {
            return Err(refused("a public address, or a host that egress.allow-hosts names"));
        }
        Ok(parsed)
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn revocation_is_asked_for_without_encryption_too_and_nowhere_inside() {
        let egress = Egress::new(["inside.test".to_owned()], Duration::from_secs(1)).unwrap();
        for allowed in [
            "http://ca1.gov.dk/ocsp",
            "https://ca1.gov.dk/x.crl",
            "http://inside.test:8888/x",
            "http://8.8.8.8/x",
        ] {
            assert_eq!(egress.permitted_to_prove(allowed).map(|url| url.to_string()).unwrap(), allowed);
        }
        for refused in [
            "http://ca1.gov.dk:8080/ocsp",
            "http://10.0.0.1/ocsp",
            "http://127.0.0.1/ocsp",
            "http://user:secret@ca1.gov.dk/ocsp",
            "ldap://ca1.gov.dk/x",
            "file:///etc/passwd",
        ] {
            let fault = egress.permitted_to_prove(refused).map(|_| ()).unwrap_err();
            assert_eq!(fault.reason, Reason::EgressRefused, "{refused}");
        }
        assert!(egress.permitted("http://ca1.gov.dk/ocsp").is_err(), "everything else is encrypted");
    }

    #[test]
    fn an_address_that_may_not_be_called_is_refused_before_it_is() {
        let patience = Duration::from_secs(1);
        let egress = Egress::new(["Inside.test".to_owned()], patience).unwrap();
        let with_address = Egress::new(["127.0.0.1".to_owned()], patience).unwrap();
        for allowed in ["https://idp.example.dk/m", "http://inside.test:8080/m", "https://8.8.8.8/m"] {
            assert!(egress.permitted(allowed).is_ok(), "{allowed}");
        }
        assert!(with_address.permitted("http://127.0.0.1:8080/m").is_ok());
        for refused in [
            "http://idp.example.dk/m",
            "file:///etc/passwd",
            "ftp://inside.test/m",
            "https://10.0.0.1/m",
            "https://[::1]/m",
            "https://[::ffff:10.0.0.1]/m",
            "https://2130706433/m",
            "https://0x7f.1/m",
            "https://user:secret@idp.example.dk/m",
            "idp.example.dk",
            "",
        ] {
            let fault = egress.permitted(refused).map(|_| ()).unwrap_err();
            assert_eq!(fault.reason, Reason::EgressRefused, "{refused}");
        }
    }
}
