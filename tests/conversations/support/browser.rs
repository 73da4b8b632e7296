//! A browser: keeps cookies per host, follows nothing by itself, reads the one form of a page.

use std::collections::BTreeMap;

use reqwest::header::{COOKIE, LOCATION, SET_COOKIE};
use reqwest::{Client, RequestBuilder, redirect};

/// A browser of one user.
pub(crate) struct Browser {
    client: Client,
    pub(crate) cookies: BTreeMap<String, String>,
    pub(crate) headers: Vec<(String, String)>,
}

/// What came back.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) location: Option<String>,
    pub(crate) headers: reqwest::header::HeaderMap,
    pub(crate) body: String,
}

impl Browser {
    #[expect(clippy::disallowed_methods, reason = "the browser of a test is not the broker's outgoing HTTP")]
    pub(crate) fn new() -> Self {
        let client = Client::builder().redirect(redirect::Policy::none()).build().unwrap();
        Self { client, cookies: BTreeMap::new(), headers: Vec::new() }
    }

    pub(crate) async fn get(&mut self, url: &str) -> Answer {
        let request = self.client.get(url);
        self.send(request).await
    }

    pub(crate) async fn post(&mut self, url: &str, form: &[(&str, &str)]) -> Answer {
        let escaped = context_handler::protocol::address::escaped;
        let pairs: Vec<_> = form.iter().map(|(name, value)| format!("{name}={}", escaped(value))).collect();
        self.post_raw(url, "application/x-www-form-urlencoded", pairs.join("&")).await
    }

    pub(crate) async fn post_raw(&mut self, url: &str, content_type: &str, body: String) -> Answer {
        let request = self.client.post(url).header("content-type", content_type).body(body);
        self.send(request).await
    }

    /// A call of a system: any method, and JSON as its content.
    pub(crate) async fn call(&mut self, method: &str, url: &str, content: Option<String>) -> Answer {
        let mut request = self.client.request(method.parse().unwrap(), url);
        if let Some(content) = content {
            request = request.header("content-type", "application/json").body(content);
        }
        self.send(request).await
    }

    /// The sealed logins that it keeps.
    pub(crate) fn pending(&self) -> Vec<&str> {
        let named = self.cookies.iter().filter(|(name, _)| name.starts_with("__Host-login-"));
        named.map(|(_, value)| value.as_str()).collect()
    }

    /// Forgets who is logged in.
    pub(crate) fn forget_sessions(&mut self) {
        self.cookies.retain(|name, _| !name.starts_with("__Host-session-"));
    }

    async fn send(&mut self, mut request: RequestBuilder) -> Answer {
        let cookies: Vec<_> = self.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
        if !cookies.is_empty() {
            request = request.header(COOKIE, cookies.join("; "));
        }
        for (name, value) in &self.headers {
            request = request.header(name, value);
        }
        let response = request.send().await.unwrap();
        for cookie in response.headers().get_all(SET_COOKIE) {
            self.keep(cookie.to_str().unwrap());
        }
        Answer {
            status: response.status().as_u16(),
            location: response.headers().get(LOCATION).map(|l| l.to_str().unwrap().to_owned()),
            headers: response.headers().clone(),
            body: response.text().await.unwrap(),
        }
    }

    /// Keeps a cookie as real browsers do: a `__Host-` name only with what that name promises.
    fn keep(&mut self, cookie: &str) {
        let (pair, flags) = cookie.split_once("; ").unwrap();
        let (name, value) = pair.split_once('=').unwrap();
        assert!(name.starts_with("__Host-") && cookie.len() <= 4096, "{cookie}");
        for flag in ["Secure", "HttpOnly", "Path=/", "SameSite="] {
            assert!(flags.contains(flag), "{flag} is missing in {cookie}");
        }
        if flags.contains("Max-Age=0") {
            self.cookies.remove(name);
        } else {
            self.cookies.insert(name.to_owned(), value.to_owned());
        }
    }
}

impl Answer {
    /// Where the browser is sent.
    pub(crate) fn location(&self) -> &str {
        self.location
            .as_deref()
            .unwrap_or_else(|| panic!("expected a redirect, got {} {}", self.status, self.body))
    }

    /// The page that sends the browser on by itself, as the redirect that it stands for.
    pub(crate) fn onward(self) -> Self {
        let address = self.onward_to();
        let address = address.unwrap_or_else(|| panic!("no page onward: {} {}", self.status, self.body));
        Self { location: Some(address), ..self }
    }

    /// Where the page sends the browser by itself.
    pub(crate) fn onward_to(&self) -> Option<String> {
        let address = self.body.split_once("content=\"0; url=").and_then(|(_, rest)| rest.split('"').next());
        address.map(unescape)
    }

    /// The address of the first link that holds a text, or of the page that this one goes on to by itself.
    pub(crate) fn link(&self, holds: &str) -> Option<String> {
        let links = self.body.split("href=\"").skip(1).chain(self.body.split("content=\"0; url=").skip(1));
        links.filter_map(|rest| rest.split('"').next()).map(unescape).find(|link| link.contains(holds))
    }

    /// Where the form goes, and the value of each of its fields.
    pub(crate) fn form(&self) -> Option<(String, BTreeMap<String, String>)> {
        let form = self
            .body
            .split("<form")
            .find(|form| form.contains("id=\"post\"") || form.contains("id=\"back\""))?;
        let action = attribute(form, "action")?;
        let inputs = form.split("</form>").next()?.split("<input").skip(1);
        let fields = inputs.filter_map(|input| {
            Some((attribute(input, "name")?, attribute(input, "value").unwrap_or_default()))
        });
        Some((action, fields.collect()))
    }
}

fn attribute(tag: &str, name: &str) -> Option<String> {
    let tag = tag.split('>').next()?;
    let (_, rest) = tag.split_once(&format!("{name}=\""))?;
    Some(unescape(rest.split('"').next()?))
}

fn unescape(html: &str) -> String {
    let mut out = String::new();
    let mut rest = html;
    while let Some((before, after)) = rest.split_once('&') {
        out.push_str(before);
        let (entity, after) = after.split_once(';').unwrap();
        out.push(match entity {
            "amp" => '&',
            "lt" => '<',
            "gt" => '>',
            "quot" => '"',
            "apos" => '\'',
            hex if hex.starts_with("#x") => {
                char::from_u32(u32::from_str_radix(&hex[2..], 16).unwrap()).unwrap()
            }
            number => char::from_u32(number[1..].parse().unwrap()).unwrap(),
        });
        rest = after;
    }
    out + rest
}
