//! A small browser for whoever goes the way of a user without being one: the stories of the sandbox, and the robot that tries a
//! municipality's login. It keeps cookies, reads forms and follows what it is told to follow. It judges nothing.

mod html;

use reqwest::Url;
use reqwest::header::{COOKIE, LOCATION, SET_COOKIE};

use crate::protocol::address::escaped;
use html::{attribute, plain, tags};

/// More steps than any login has.
const MOST: usize = 30;

/// A browser with its cookies.
pub(crate) struct Browser {
    client: reqwest::Client,
    jar: Vec<Cookie>,
}

/// A cookie, and to whom it goes. Ports make no difference to it, and paths none here.
struct Cookie {
    host: String,
    below: bool,
    name: String,
    value: String,
}

/// What came back.
pub(crate) struct Page {
    pub(crate) status: u16,
    /// Where the answer sends the browser.
    pub(crate) location: Option<String>,
    pub(crate) body: String,
    pub(crate) address: String,
}

/// A form that is filled in and can be sent.
#[derive(Clone, Debug)]
pub(crate) struct Form {
    pub(crate) action: String,
    pub(crate) by_post: bool,
    pub(crate) fields: Vec<(String, String)>,
}

impl Browser {
    /// A browser that speaks through this client, which must follow nothing by itself.
    pub(crate) fn new(client: reqwest::Client) -> Self {
        Self { client, jar: Vec::new() }
    }

    /// The text at an address, if there is one.
    pub(crate) async fn fetch(&self, address: &str) -> Result<String, String> {
        let response = self.client.get(address).send().await.and_then(reqwest::Response::error_for_status);
        let response = response.map_err(|error| told(&error))?;
        response.text().await.map_err(|error| told(&error))
    }

    /// Opens a page.
    pub(crate) async fn open(&mut self, address: &str) -> Result<Page, String> {
        self.send(self.client.get(address), address).await
    }

    /// Sends a form.
    pub(crate) async fn submit(&mut self, form: &Form) -> Result<Page, String> {
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

    /// Follows redirects, and forms that go on by themselves, until somebody has to do something.
    pub(crate) async fn follow(&mut self, mut page: Page) -> Result<Page, String> {
        for _ in 0..MOST {
            page = match (page.onward(), page.form(None)) {
                (Some(address), _) => self.open(&address).await?,
                (None, Some(form)) if form.carries() => self.submit(&form).await?,
                _ => return Ok(page),
            };
        }
        Err("the way has no end".to_owned())
    }

    async fn send(&mut self, request: reqwest::RequestBuilder, address: &str) -> Result<Page, String> {
        let url = Url::parse(address).map_err(|error| format!("{address}: {error}"))?;
        let host = url.host_str().unwrap_or_default();
        let cookies = self.jar.iter().filter(|cookie| cookie.goes_to(host));
        let cookies = cookies.map(|cookie| format!("{}={}", cookie.name, cookie.value));
        let cookies = cookies.collect::<Vec<_>>().join("; ");
        let request = request.header(COOKIE, cookies).header("accept-language", "en");
        let response = request.send().await.map_err(|error| told(&error))?;
        for line in response.headers().get_all(SET_COOKIE).iter().filter_map(|line| line.to_str().ok()) {
            self.keep(host, line);
        }
        let location = response.headers().get(LOCATION).and_then(|to| to.to_str().ok());
        Ok(Page {
            status: response.status().as_u16(),
            location: location.map(|to| absolute(address, to)),
            address: address.to_owned(),
            body: response.text().await.map_err(|error| told(&error))?,
        })
    }

    fn keep(&mut self, from: &str, line: &str) {
        let (cookie, attributes) = line.split_once(';').unwrap_or((line, ""));
        let (name, value) = cookie.split_once('=').unwrap_or((cookie, ""));
        let attribute = |wanted: &str| {
            let mut pairs = attributes.split(';').map(|part| part.split_once('=').unwrap_or((part, "")));
            pairs.find(|(name, _)| name.trim().eq_ignore_ascii_case(wanted)).map(|(_, value)| value.trim())
        };
        let domain = attribute("domain").map(|domain| domain.trim_start_matches('.').to_ascii_lowercase());
        let domain = domain.filter(|domain| is_within(from, domain));
        let below = domain.is_some();
        let host = domain.unwrap_or_else(|| from.to_owned());
        self.jar.retain(|known| known.name != name || known.host != host);
        if attribute("max-age") != Some("0") {
            self.jar.push(Cookie { host, below, name: name.trim().to_owned(), value: value.to_owned() });
        }
    }
}

impl Cookie {
    fn goes_to(&self, host: &str) -> bool {
        host == self.host || (self.below && is_within(host, &self.host))
    }
}

/// Whether a host is a domain of at least two names, or lies beneath it.
fn is_within(host: &str, domain: &str) -> bool {
    let beneath = || host.strip_suffix(domain).is_some_and(|rest| rest.ends_with('.'));
    domain.contains('.') && (host == domain || beneath())
}

impl Form {
    /// Whether it carries a message that goes on by itself.
    fn carries(&self) -> bool {
        self.fields.iter().any(|(name, _)| name.starts_with("SAML") || name == "id_token_hint")
    }
}

impl Page {
    /// The form that holds a button of this value, pressed; or, without a value, the first form as it stands.
    pub(crate) fn form(&self, button: Option<(&str, &str)>) -> Option<Form> {
        html::forms(&self.body).find_map(|form| {
            let mut fields = form.hidden();
            if let Some((name, wanted)) = button {
                let is_wanted = |tag: &&str| {
                    attribute(tag, "name").as_deref() == Some(name)
                        && attribute(tag, "value")
                            .is_some_and(|value| value.split(' ').next() == Some(wanted))
                };
                let pressed = tags(form.content, "button").find(is_wanted)?;
                fields.push((name.to_owned(), attribute(pressed, "value")?));
            }
            Some(self.filled(&form, fields))
        })
    }

    /// The first form in which there is something to fill in of what is given, with everything that fits; and what is
    /// left. A secret is never read from the command line, so a field that hides what is typed takes secrets only.
    pub(crate) fn form_for(&self, given: &[Given]) -> Result<Option<(Form, Vec<Given>)>, String> {
        for form in html::forms(&self.body) {
            let mut fitting: Vec<&Given> = Vec::new();
            for one in given.iter().filter(|one| form.takes(&one.name, &one.value)) {
                if fitting.iter().all(|known| known.name != one.name) {
                    fitting.push(one);
                }
            }
            let open = fitting.iter().find(|one| !one.is_secret && form.hides(&one.name));
            if let Some(open) = open {
                return Err(format!("{} is a secret field: give it in --form-file", open.name));
            }
            if fitting.is_empty() {
                continue;
            }
            let is_given = |name: &str| fitting.iter().any(|one| one.name == name);
            let mut fields: Vec<_> = form.as_it_stands();
            fields.retain(|(name, _)| !is_given(name));
            fields.extend(fitting.iter().map(|one| (one.name.clone(), one.value.clone())));
            let rest = given.iter().filter(|one| !fitting.iter().any(|used| std::ptr::eq(*used, *one)));
            return Ok(Some((self.filled(&form, fields), rest.cloned().collect())));
        }
        Ok(None)
    }

    /// What can be filled in or pressed on the page: `name=`, and `name=value` for a button.
    pub(crate) fn fields(&self) -> Vec<String> {
        let told = |(name, value)| format!("{name}={value}");
        html::forms(&self.body).flat_map(|form| form.open()).map(told).collect()
    }

    fn filled(&self, form: &html::Written<'_>, fields: Vec<(String, String)>) -> Form {
        Form {
            action: absolute(&self.address, &attribute(form.tag, "action").unwrap_or_default()),
            by_post: attribute(form.tag, "method").is_some_and(|method| method.eq_ignore_ascii_case("post")),
            fields,
        }
    }

    /// Whether there are buttons of this name.
    pub(crate) fn offers(&self, name: &str) -> bool {
        tags(&self.body, "button").any(|tag| attribute(tag, "name").as_deref() == Some(name))
    }

    /// The reason that a neighbour's page shows.
    pub(crate) fn code(&self) -> Option<String> {
        self.text("<code id=\"code\">", "</code>")
    }

    /// The text between two tags.
    pub(crate) fn text(&self, from: &str, to: &str) -> Option<String> {
        Some(plain(self.body.split(from).nth(1)?.split(to).next()?))
    }

    /// The texts in the spans of each row of a table that is of this class.
    pub(crate) fn rows(&self, class: &str) -> Vec<Vec<String>> {
        let begins = format!("<tr class=\"{class}\"");
        let rows = self.body.split(begins.as_str()).skip(1).filter_map(|row| row.split("</tr>").next());
        let spans = |row: &str| {
            let spans =
                row.split("<span>").skip(1).filter_map(|span| span.split("</span>").next().map(plain));
            spans.collect()
        };
        rows.map(spans).collect()
    }

    /// Where the page leads by itself: by redirect, or by the refresh that it asks for.
    pub(crate) fn onward(&self) -> Option<String> {
        let refresh = || {
            let meta = tags(&self.body, "meta").find(|tag| {
                attribute(tag, "http-equiv").is_some_and(|what| what.eq_ignore_ascii_case("refresh"))
            })?;
            let content = attribute(meta, "content")?;
            let (_, to) = content.split_once("url=").or_else(|| content.split_once("URL="))?;
            Some(absolute(&self.address, to))
        };
        self.location.clone().or_else(refresh)
    }
}

/// Something to be typed into a form.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Given {
    pub(crate) name: String,
    pub(crate) value: String,
    pub(crate) is_secret: bool,
}

/// An address as it is meant on the page at another.
fn absolute(base: &str, to: &str) -> String {
    Url::parse(base).and_then(|base| base.join(to)).map_or_else(|_| to.to_owned(), String::from)
}

/// An error with what caused it.
pub(crate) fn told(error: &reqwest::Error) -> String {
    let mut whole = error.to_string();
    let mut cause = std::error::Error::source(error);
    while let Some(next) = cause {
        whole = format!("{whole}: {next}");
        cause = next.source();
    }
    whole
}

#[cfg(test)]
mod tests;
