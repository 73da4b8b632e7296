//! Where a party takes messages about logout, as its metadata says. It may say nothing: then it cannot be told.

use super::super::{Binding, soap};
use super::endpoints;
use crate::domain::reason::Fault;
use crate::protocol::xml::Element;

/// Where a party takes messages about logout.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LogoutAddresses {
    /// From servers, by SOAP.
    pub soap: Option<String>,
    /// From browsers.
    pub browser: Option<BrowserLogout>,
}

/// Where a browser brings messages about logout.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BrowserLogout {
    /// How: by Redirect where the party leaves a choice, since that needs no page.
    pub binding: Binding,
    /// Where it brings requests.
    pub requests: String,
    /// Where it brings answers.
    pub responses: String,
}

impl LogoutAddresses {
    pub(super) fn read(role: Element<'_>) -> Result<Self, Fault> {
        let all = endpoints(role, "SingleLogoutService")?;
        let at = |uri: &str| all.iter().find(|endpoint| endpoint.binding == uri);
        let browser = [Binding::Redirect, Binding::Post].into_iter().find_map(|binding| {
            at(binding.uri()).map(|endpoint| BrowserLogout {
                binding,
                requests: endpoint.location.to_owned(),
                responses: endpoint.response_location.unwrap_or(endpoint.location).to_owned(),
            })
        });
        Ok(Self { soap: at(soap::BINDING).map(|endpoint| endpoint.location.to_owned()), browser })
    }
}

impl std::fmt::Display for LogoutAddresses {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let browser =
            self.browser.as_ref().map(|browser| format!("{:?} {}", browser.binding, browser.requests));
        let soap = self.soap.as_ref().map(|soap| format!("SOAP {soap}"));
        f.write_str(&browser.into_iter().chain(soap).collect::<Vec<_>>().join(", "))
    }
}

#[cfg(test)]
mod tests {
    use super::super::super::md;
    use super::*;
    use crate::domain::reason::Reason;
    use crate::protocol::xml::Document;

    fn read(endpoints: &[(&str, &str)]) -> Result<LogoutAddresses, Reason> {
        let endpoints: String = endpoints
            .iter()
            .map(|(binding, rest)| {
                let binding = format!("urn:oasis:names:tc:SAML:2.0:bindings:{binding}");
                format!("<SingleLogoutService Binding=\"{binding}\" {rest}/>")
            })
            .collect();
        let xml = format!(
            "<SPSSODescriptor xmlns=\"urn:oasis:names:tc:SAML:2.0:metadata\">{endpoints}</SPSSODescriptor>"
        );
        let document = Document::parse(xml.as_bytes()).unwrap();
        assert!(document.root().is(md("SPSSODescriptor")));
        LogoutAddresses::read(document.root()).map_err(|fault| fault.reason)
    }

    fn browser(binding: Binding, requests: &str, responses: &str) -> Option<BrowserLogout> {
        Some(BrowserLogout { binding, requests: requests.to_owned(), responses: responses.to_owned() })
    }

    #[test]
    fn a_browser_goes_by_redirect_where_there_is_a_choice_and_answers_may_have_an_address_of_their_own() {
        let post = ("HTTP-POST", "Location=\"https://a.test/post\"");
        let redirect =
            ("HTTP-Redirect", "Location=\"https://a.test/in\" ResponseLocation=\"https://a.test/out\"");
        let soap = ("SOAP", "Location=\"https://a.test/soap\"");
        let all = read(&[post, soap, redirect]).unwrap();
        assert_eq!(all.browser, browser(Binding::Redirect, "https://a.test/in", "https://a.test/out"));
        assert_eq!(all.soap.as_deref(), Some("https://a.test/soap"));
        let by_post = read(&[post]).unwrap();
        assert_eq!(by_post.browser, browser(Binding::Post, "https://a.test/post", "https://a.test/post"));
        assert_eq!(by_post.soap, None);
        assert_eq!(read(&[]), Ok(LogoutAddresses::default()));
    }

    #[test]
    fn an_address_where_nobody_may_be_sent_is_refused_in_either_place() {
        for (rest, reason) in [
            ("Location=\"http://a.test/\"", Reason::AdminAcs),
            ("Location=\"https://a.test/\" ResponseLocation=\"javascript:x\"", Reason::AdminAcs),
            ("Location=\"https://a.test/?SAMLRequest=x\"", Reason::ParamShadow),
            (
                "Location=\"https://a.test/\" ResponseLocation=\"https://a.test/?RelayState=x\"",
                Reason::ParamShadow,
            ),
        ] {
            assert_eq!(read(&[("HTTP-Redirect", rest)]), Err(reason), "{rest}");
        }
        assert!(read(&[("HTTP-Redirect", "Location=\"https://a.test/?x=1\"")]).is_ok());
    }
}
