//! The browser of the user: follows redirects, keeps cookies, fills in and submits the forms that it is shown.
//! It speaks plain HTTP to loopback only, and knows SAML just well enough to remember the answers that pass through it.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

/// Whom the user chooses when asked.
const MUNICIPALITY: &str = "Korsbæk Kommune";

/// A browser with an empty cookie jar.
#[derive(Default)]
pub(crate) struct Browser {
    cookies: Vec<Cookie>,
    /// Changes a SAMLResponse on its way to the address that starts so.
    pub(crate) tampering: Option<(String, Tampering)>,
    /// Every SAMLResponse that passed through, before tampering: where it went, and its XML.
    pub(crate) answers: Vec<(String, String)>,
    /// Every address that was opened.
    pub(crate) visited: Vec<String>,
}

/// What somebody on the way makes of a message.
pub(crate) type Tampering = fn(&str) -> String;

struct Cookie {
    host: String,
    name: String,
    value: String,
    /// `SameSite=Lax` or `Strict`: stays behind when another site's form is posted here.
    stays_home: bool,
}

/// What a server answered.
#[derive(Debug)]
pub(crate) struct Page {
    pub(crate) url: String,
    pub(crate) status: u16,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: String,
}

/// An HTML form with the values that would be sent.
#[derive(Debug, Default)]
pub(crate) struct Form {
    page: String,
    pub(crate) action: String,
    pub(crate) post: bool,
    pub(crate) fields: Vec<(String, String)>,
    /// What stands on each button, and what pressing it adds to the fields.
    buttons: Vec<(String, Option<(String, String)>)>,
}

impl Browser {
    /// Logs in as a person would: from the first address through every form until a page asks nothing more.
    pub(crate) fn log_in(&mut self, start: &str, user: &str) -> Page {
        self.go(start, Some(user))
    }

    /// Goes where redirects and forms lead by themselves, until somebody has to say who they are or a page asks nothing
    /// more.
    pub(crate) fn walk(&mut self, start: &str) -> Page {
        self.go(start, None)
    }

    fn go(&mut self, start: &str, user: Option<&str>) -> Page {
        let mut page = self.get(start);
        for _ in 0..12 {
            let Some(mut form) = page.forms().into_iter().find(Form::leads_on) else { return page };
            match user {
                Some(user) => form.fill("username", user),
                None if form.asks_who() => return page,
                None => {}
            }
            form.press(MUNICIPALITY);
            form.fill("password", "skjern");
            page = self.submit(form);
        }
        panic!("the way does not come to an end: {page:?}");
    }

    /// Opens an address and follows its redirects.
    pub(crate) fn get(&mut self, url: &str) -> Page {
        let page = self.fetch(url);
        self.follow(page)
    }

    /// Opens an address and stays there.
    pub(crate) fn get_once(&mut self, url: &str) -> Page {
        self.fetch(url)
    }

    /// Sends a form and follows the redirects of the answer.
    pub(crate) fn submit(&mut self, mut form: Form) -> Page {
        self.remember_and_tamper(&mut form);
        let encoded: Vec<String> =
            form.fields.iter().map(|(name, value)| format!("{}={}", encode(name), encode(value))).collect();
        let page = if form.post {
            let foreign = site(&form.page) != site(&form.action);
            self.exchange("POST", &form.action, &encoded.join("&"), foreign)
        } else {
            self.fetch(&format!("{}?{}", form.action, encoded.join("&")))
        };
        self.follow(page)
    }

    fn remember_and_tamper(&mut self, form: &mut Form) {
        let action = form.action.clone();
        let Some((_, value)) = form.fields.iter_mut().find(|(name, _)| name == "SAMLResponse") else {
            return;
        };
        let xml = String::from_utf8(STANDARD.decode(value.as_bytes()).unwrap()).unwrap();
        if let Some((target, tamper)) = &self.tampering
            && action.starts_with(target)
        {
            *value = STANDARD.encode(tamper(&xml));
        }
        self.answers.push((action, xml));
    }

    fn follow(&mut self, mut page: Page) -> Page {
        for _ in 0..20 {
            let Some(next) = page.onward() else { return page };
            page = self.fetch(&next);
        }
        panic!("too many redirects: {page:?}");
    }

    fn fetch(&mut self, url: &str) -> Page {
        self.exchange("GET", url, "", false)
    }

    fn exchange(&mut self, method: &str, url: &str, body: &str, foreign: bool) -> Page {
        self.visited.push(url.to_owned());
        let (host, path) = split(url);
        let sent = |cookie: &&Cookie| cookie.host == site(url) && !(foreign && cookie.stays_home);
        let cookies: Vec<String> = self
            .cookies
            .iter()
            .filter(sent)
            .map(|cookie| format!("{}={}", cookie.name, cookie.value))
            .collect();
        let mut request = format!(
            "{method} {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\
             Accept: text/html, */*;q=0.5\r\nAccept-Language: da\r\n"
        );
        if !cookies.is_empty() {
            request += &format!("Cookie: {}\r\n", cookies.join("; "));
        }
        if method == "POST" {
            request += &format!(
                "Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {}\r\n",
                body.len()
            );
        }
        let page = read_page(url, &talk(host, &format!("{request}\r\n{body}")));
        for (_, set) in page.headers.iter().filter(|(key, _)| key.eq_ignore_ascii_case("Set-Cookie")) {
            self.keep_cookie(site(url), set);
        }
        page
    }

    fn keep_cookie(&mut self, host: &str, set: &str) {
        let (name, value) = set.split(';').next().and_then(|pair| pair.split_once('=')).unwrap();
        let attributes: Vec<String> =
            set.split(';').skip(1).map(|part| part.trim().to_ascii_lowercase()).collect();
        let has = |wanted: &str| attributes.iter().any(|attribute| attribute == wanted);
        if name.starts_with("__Host-") {
            let home = !attributes.iter().any(|attribute| attribute.starts_with("domain"));
            assert!(has("secure") && has("path=/") && home, "a browser refuses this cookie: {set}");
        }
        self.cookies.retain(|old| old.host != host || old.name != name.trim());
        let past = |attribute: &String| {
            attribute.starts_with("expires=") && ["1970", "1981"].iter().any(|year| attribute.contains(year))
        };
        if !has("max-age=0") && !attributes.iter().any(past) {
            self.cookies.push(Cookie {
                host: host.to_owned(),
                name: name.trim().to_owned(),
                value: value.trim().to_owned(),
                stays_home: has("samesite=lax") || has("samesite=strict"),
            });
        }
    }
}

impl Page {
    /// The first header of this name.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
    }

    /// Where the page sends the browser by itself, by its status or by `<meta http-equiv="refresh">`.
    fn onward(&self) -> Option<String> {
        let refresh = || {
            let (tag, _) = tags(&self.body).find(|(tag, _)| tag.contains("http-equiv=\"refresh\""))?;
            let content = attribute(tag, "content")?;
            Some(content.split_once("url=")?.1.to_owned())
        };
        let redirect = self.header("Location").filter(|_| (300..400).contains(&self.status));
        let next = redirect.map(str::to_owned).or_else(refresh)?;
        Some(resolve(&self.url, &next))
    }

    /// The body as JSON.
    pub(crate) fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.body).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }

    /// The forms of the page, top down.
    pub(crate) fn forms(&self) -> Vec<Form> {
        let mut forms: Vec<Form> = Vec::new();
        for (tag, text) in tags(&self.body) {
            let value = |name: &str| attribute(tag, name);
            let unchecked = value("type").is_some_and(|kind| kind == "checkbox") && !tag.contains("checked");
            if tag.starts_with("form") {
                forms.push(Form {
                    page: self.url.clone(),
                    action: resolve(&self.url, &value("action").unwrap_or_default()),
                    post: value("method").is_some_and(|method| method.eq_ignore_ascii_case("post")),
                    ..Form::default()
                });
            }
            let Some(form) = forms.last_mut() else { continue };
            if tag.starts_with("input") && !unchecked {
                form.fields.extend(value("name").map(|name| (name, value("value").unwrap_or_default())));
            } else if tag.starts_with("button") && value("form").is_none() {
                let field = value("name").map(|name| (name, value("value").unwrap_or_default()));
                form.buttons.push((String::new(), field));
            }
            if let Some((label, _)) = form.buttons.last_mut() {
                label.push_str(text);
            }
        }
        forms
    }
}

impl Form {
    fn leads_on(&self) -> bool {
        let known = ["SAMLRequest", "SAMLResponse"];
        let chooses = self.buttons.iter().any(|(label, _)| label.contains(MUNICIPALITY));
        chooses || self.asks_who() || self.fields.iter().any(|(name, _)| known.contains(&name.as_str()))
    }

    /// Whether it is a page on which somebody logs in.
    pub(crate) fn asks_who(&self) -> bool {
        self.fields.iter().any(|(name, _)| name == "password")
    }

    /// Presses the button that is labelled so, if there is one.
    fn press(&mut self, wanted: &str) {
        let pressed = self.buttons.iter().find(|(label, _)| label.contains(wanted));
        self.fields.extend(pressed.and_then(|(_, field)| field.clone()));
    }

    fn fill(&mut self, name: &str, value: &str) {
        for (_, old) in self.fields.iter_mut().filter(|(field, _)| field == name) {
            value.clone_into(old);
        }
    }
}

/// A call of an API by a program that holds a token: no browser, no cookies, no redirects.
pub(crate) fn call(method: &str, url: &str, token: &str, json: &str) -> Page {
    let (host, path) = split(url);
    let request = format!(
        "{method} {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\nAuthorization: Bearer {token}\r\n\
         Content-Type: application/json\r\nContent-Length: {}\r\n\r\n{json}",
        json.len()
    );
    read_page(url, &talk(host, &request))
}

fn talk(host: &str, request: &str) -> Vec<u8> {
    let mut stream = TcpStream::connect(host).unwrap_or_else(|error| panic!("{host}: {error}"));
    stream.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
    stream.write_all(request.as_bytes()).unwrap();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).unwrap_or_else(|error| panic!("{host}: {error}"));
    answer
}

fn read_page(url: &str, answer: &[u8]) -> Page {
    let end =
        answer.windows(4).position(|four| four == b"\r\n\r\n").unwrap_or_else(|| panic!("no answer: {url}"));
    let head = String::from_utf8_lossy(&answer[..end]);
    let mut lines = head.lines();
    let status = lines.next().and_then(|line| line.split(' ').nth(1)).unwrap().parse().unwrap();
    let headers: Vec<(String, String)> = lines
        .filter_map(|line| line.split_once(':'))
        .map(|(key, value)| (key.to_owned(), value.trim().to_owned()))
        .collect();
    let mut page = Page { url: url.to_owned(), status, headers, body: String::new() };
    let chunked =
        page.header("Transfer-Encoding").is_some_and(|coding| coding.eq_ignore_ascii_case("chunked"));
    let body = if chunked { join_chunks(&answer[end + 4..]) } else { answer[end + 4..].to_vec() };
    page.body = String::from_utf8_lossy(&body).into_owned();
    page
}

fn join_chunks(mut rest: &[u8]) -> Vec<u8> {
    let mut body = Vec::new();
    while let Some(end) = rest.windows(2).position(|two| two == b"\r\n") {
        let size = usize::from_str_radix(std::str::from_utf8(&rest[..end]).unwrap().trim(), 16).unwrap();
        if size == 0 {
            break;
        }
        body.extend_from_slice(&rest[end + 2..end + 2 + size]);
        rest = &rest[end + 2 + size + 2..];
    }
    body
}

fn split(url: &str) -> (&str, &str) {
    let rest = url.strip_prefix("http://").unwrap_or_else(|| panic!("not an http address: {url}"));
    let rest = rest.split('#').next().unwrap_or(rest);
    rest.find('/').map_or((rest, "/"), |slash| rest.split_at(slash))
}

/// The host without its port: cookies know no ports.
fn site(url: &str) -> &str {
    let (host, _) = split(url);
    host.split(':').next().unwrap_or(host)
}

fn resolve(base: &str, reference: &str) -> String {
    let (host, path) = split(base);
    if reference.starts_with("http://") || reference.starts_with("https://") {
        reference.to_owned()
    } else if reference.starts_with('/') {
        format!("http://{host}{reference}")
    } else if reference.is_empty() {
        base.to_owned()
    } else if reference.starts_with('?') {
        format!("http://{host}{}{reference}", path.split('?').next().unwrap_or(path))
    } else {
        let path = path.split('?').next().unwrap_or(path);
        let folder = path.rfind('/').map_or("/", |slash| &path[..=slash]);
        format!("http://{host}{folder}{reference}")
    }
}

/// What stands between `<` and `>` of every tag, and the text that follows it.
fn tags(html: &str) -> impl Iterator<Item = (&str, &str)> {
    html.split('<').skip(1).filter_map(|rest| rest.split_once('>'))
}

fn attribute(tag: &str, name: &str) -> Option<String> {
    let start = [" ", "\n", "\t"].iter().find_map(|blank| tag.find(&format!("{blank}{name}=")))?;
    let rest = &tag[start + name.len() + 2..];
    let value = match rest.chars().next()? {
        quote @ ('"' | '\'') => rest[1..].split(quote).next()?,
        _ => rest.split([' ', '\n', '/']).next()?,
    };
    Some(unescape(value))
}

fn unescape(text: &str) -> String {
    let mut parts = text.split('&');
    let mut out = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let (entity, rest) = part.split_once(';').unwrap_or((part, ""));
        let number = entity.strip_prefix("#x").map(|hex| u32::from_str_radix(hex, 16));
        let number = number.or_else(|| entity.strip_prefix('#').map(str::parse));
        match (entity, number) {
            ("amp", _) => out.push('&'),
            ("lt", _) => out.push('<'),
            ("gt", _) => out.push('>'),
            ("quot", _) => out.push('"'),
            ("apos", _) => out.push('\''),
            (_, Some(Ok(code))) => out.push(char::from_u32(code).unwrap()),
            _ => panic!("what is &{entity};"),
        }
        out.push_str(rest);
    }
    out
}

/// Percent-encodes everything but the unreserved characters.
pub(crate) fn encode(text: &str) -> String {
    text.bytes()
        .map(|byte| match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' => {
                char::from(byte).to_string()
            }
            _ => format!("%{byte:02X}"),
        })
        .collect()
}
