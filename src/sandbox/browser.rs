//! A small browser: it keeps cookies, reads forms and follows what it is told to follow. It judges nothing.

use reqwest::header::{COOKIE, LOCATION, SET_COOKIE};

use super::wire::escaped;

/// A browser with one jar of cookies, for `localhost` only: cookies know no ports.
pub(super) struct Browser {
    client: reqwest::Client,
    jar: Vec<(String, String)>,
}

/// What came back.
pub(super) struct Page {
    pub(super) status: u16,
    /// Where the answer sends the browser.
    pub(super) location: Option<String>,
    pub(super) body: String,
    address: String,
}

/// A form that is filled in and can be sent.
#[derive(Clone, Debug)]
pub(super) struct Form {
    pub(super) action: String,
    pub(super) by_post: bool,
    pub(super) fields: Vec<(String, String)>,
}

impl Browser {
    pub(super) fn new() -> Result<Self, String> {
        Ok(Self { client: client()?, jar: Vec::new() })
    }

    /// The text at an address, if there is one.
    pub(super) async fn fetch(&self, address: &str) -> Result<String, String> {
        let response = self.client.get(address).send().await.and_then(reqwest::Response::error_for_status);
        let response = response.map_err(|error| told(&error))?;
        response.text().await.map_err(|error| told(&error))
    }

    /// Opens a page.
    pub(super) async fn open(&mut self, address: &str) -> Result<Page, String> {
        self.send(self.client.get(address), address).await
    }

    /// Sends a form.
    pub(super) async fn submit(&mut self, form: &Form) -> Result<Page, String> {
        let pairs = form.fields.iter().map(|(name, value)| format!("{}={}", escaped(name), escaped(value)));
        let content = pairs.collect::<Vec<_>>().join("&");
        if form.by_post {
            let request = self.client.post(&form.action).body(content);
            let request = request.header("content-type", "application/x-www-form-urlencoded");
            self.send(request, &form.action).await
        } else {
            let address = format!("{}?{content}", form.action);
            self.send(self.client.get(&address), &address).await
        }
    }

    async fn send(&mut self, request: reqwest::RequestBuilder, address: &str) -> Result<Page, String> {
        let cookies = self.jar.iter().map(|(name, value)| format!("{name}={value}"));
        let cookies = cookies.collect::<Vec<_>>().join("; ");
        let request = request.header(COOKIE, cookies).header("accept-language", "en");
        let response = request.send().await.map_err(|error| told(&error))?;
        for line in response.headers().get_all(SET_COOKIE).iter().filter_map(|line| line.to_str().ok()) {
            let (cookie, attributes) = line.split_once(';').unwrap_or((line, ""));
            let (name, value) = cookie.split_once('=').unwrap_or((cookie, ""));
            self.jar.retain(|(known, _)| known != name);
            if !attributes.contains("Max-Age=0") {
                self.jar.push((name.to_owned(), value.to_owned()));
            }
        }
        let location = response.headers().get(LOCATION).and_then(|to| to.to_str().ok());
        Ok(Page {
            status: response.status().as_u16(),
            location: location.map(|to| absolute(address, to)),
            address: address.to_owned(),
            body: response.text().await.map_err(|error| told(&error))?,
        })
    }
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

impl Page {
    /// The form that holds a button of this value, pressed; or, without a value, the first form as it stands.
    pub(super) fn form(&self, button: Option<(&str, &str)>) -> Option<Form> {
        let forms = self.body.split("<form").skip(1).filter_map(|rest| rest.split("</form>").next());
        for form in forms {
            let mut fields: Vec<(String, String)> = tags(form, "<input")
                .filter(|input| attribute(input, "type").as_deref() == Some("hidden"))
                .filter_map(|input| Some((attribute(input, "name")?, attribute(input, "value")?)))
                .collect();
            if let Some((name, wanted)) = button {
                let is_wanted = |tag: &&str| {
                    attribute(tag, "name").as_deref() == Some(name)
                        && attribute(tag, "value")
                            .is_some_and(|value| value.split(' ').next() == Some(wanted))
                };
                let Some(pressed) = tags(form, "<button").find(is_wanted) else { continue };
                fields.push((name.to_owned(), attribute(pressed, "value")?));
            }
            let tag = form.split('>').next()?;
            return Some(Form {
                action: absolute(&self.address, &attribute(tag, "action")?),
                by_post: attribute(tag, "method").is_some_and(|method| method == "post"),
                fields,
            });
        }
        None
    }

    /// Whether there are buttons of this name.
    pub(super) fn offers(&self, name: &str) -> bool {
        tags(&self.body, "<button").any(|tag| attribute(tag, "name").as_deref() == Some(name))
    }

    /// The reason that a neighbour's page shows.
    pub(super) fn code(&self) -> Option<String> {
        self.text("<code id=\"code\">", "</code>")
    }

    /// The text between two tags.
    pub(super) fn text(&self, from: &str, to: &str) -> Option<String> {
        plain(self.body.split(from).nth(1)?.split(to).next()?)
    }

    /// The texts in the spans of each row of a table that is of this class.
    pub(super) fn rows(&self, class: &str) -> Vec<Vec<String>> {
        let begins = format!("<tr class=\"{class}\"");
        let rows = self.body.split(begins.as_str()).skip(1).filter_map(|row| row.split("</tr>").next());
        let spans = |row: &str| {
            let spans = row.split("<span>").skip(1).filter_map(|span| plain(span.split("</span>").next()?));
            spans.collect()
        };
        rows.map(spans).collect()
    }

    /// Where the page leads by itself: by redirect, or by the refresh that it asks for.
    pub(super) fn onward(&self) -> Option<String> {
        let refresh = || {
            let meta = tags(&self.body, "<meta")
                .find(|tag| attribute(tag, "http-equiv").as_deref() == Some("refresh"))?;
            let content = attribute(meta, "content")?;
            Some(absolute(&self.address, content.split_once("url=")?.1))
        };
        self.location.clone().or_else(refresh)
    }
}

/// The start tags of this kind, without their last sign.
fn tags<'h>(html: &'h str, start: &str) -> impl Iterator<Item = &'h str> {
    html.split(start).skip(1).filter_map(|rest| rest.split('>').next())
}

fn attribute(tag: &str, name: &str) -> Option<String> {
    let start = tag.find(&format!(" {name}=\""))? + name.len() + 3;
    plain(tag[start..].split('"').next()?)
}

/// Text without its escapes.
fn plain(raw: &str) -> Option<String> {
    let mut value = String::new();
    let mut parts = raw.split('&');
    value.push_str(parts.next()?);
    for part in parts {
        let (entity, rest) = part.split_once(';')?;
        value.push(match entity {
            "amp" => '&',
            "lt" => '<',
            "gt" => '>',
            "quot" => '"',
            "apos" => '\'',
            number => {
                let number = number.strip_prefix('#')?;
                let code = match number.strip_prefix('x') {
                    Some(hex) => u32::from_str_radix(hex, 16),
                    None => number.parse(),
                };
                char::from_u32(code.ok()?)?
            }
        });
        value.push_str(rest);
    }
    Some(value)
}

fn absolute(base: &str, to: &str) -> String {
    if to.starts_with("http://") || to.starts_with("https://") {
        return to.to_owned();
    }
    let host_at = base.find("://").map_or(0, |at| at + 3);
    let host_ends = base[host_at..].find('/').map_or(base.len(), |at| host_at + at);
    format!("{}{to}", &base[..host_ends])
}

/// An error with what caused it.
pub(super) fn told(error: &reqwest::Error) -> String {
    let mut whole = error.to_string();
    let mut cause = std::error::Error::source(error);
    while let Some(next) = cause {
        whole = format!("{whole}: {next}");
        cause = next.source();
    }
    whole
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_form_is_read_with_what_is_escaped_in_it_and_the_button_that_is_pressed() {
        let page = Page {
            status: 200,
            location: None,
            address: "http://localhost:8080/discovery?login=1".to_owned(),
            body: r#"<form id="find" method="get" action="/discovery"><input type="hidden" name="x" value="y"></form>
                <form method="post" action="/choose?a=1&amp;b=2"><input type="hidden" name="RelayState" value="&#34;&#x26;&lt;æ">
                <input type="checkbox" name="remember" value="yes"><button name="choice" value="1">1</button>
                <button class="c" name="choice" value="2 https://idp.example">2</button></form>"#
                .to_owned(),
        };
        let form = page.form(Some(("choice", "2"))).unwrap();
        assert_eq!(form.action, "http://localhost:8080/choose?a=1&b=2");
        let expected = [("RelayState", "\"&<æ"), ("choice", "2 https://idp.example")];
        assert_eq!(form.fields, expected.map(|(n, v)| (n.to_owned(), v.to_owned())));
        assert!(form.by_post && !page.form(None).unwrap().by_post);
        assert!(page.form(Some(("choice", "3"))).is_none());
    }
}
