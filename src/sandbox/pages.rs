//! The neighbours' pages: plain HTML that works without JavaScript, in both languages, with one small stylesheet.

use askama::Template;
use axum::Router;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{Html, IntoResponse, Response};
use axum::routing::get;

use super::fagsystem::LoggedIn;
use super::idp::Persona;
use super::words::{self, Words};
use crate::http::visitor::Visitor;

/// What every page is set in.
pub(super) struct Frame<'v> {
    party: &'static str,
    /// The class of the body, which gives it its colour.
    kind: &'static str,
    t: &'static Words,
    visitor: &'v Visitor,
}

impl<'v> Frame<'v> {
    pub(super) fn new(party: &'static str, kind: &'static str, visitor: &'v Visitor) -> Self {
        Self { party, kind, t: Words::of(visitor.lang()), visitor }
    }

    fn what(&self) -> &'static str {
        if self.kind == "idp" { self.t.idp } else { self.t.fagsystem }
    }

    fn switch(&self) -> Option<&str> {
        self.visitor.switch()
    }
}

/// A message that the browser carries to somebody in a form.
pub(super) struct Carried {
    pub(super) to: String,
    pub(super) field: &'static str,
    pub(super) message: String,
    pub(super) relay_state: Option<String>,
}

#[derive(Template)]
#[template(path = "sandbox/fagsystem.html")]
struct FagsystemPage<'a> {
    f: &'a Frame<'a>,
    session: Option<Session<'a>>,
}

/// Who is logged in, as the page shows it.
struct Session<'a> {
    who: &'a str,
    rows: Vec<Row<'a>>,
    checks: &'a [String],
}

struct Row<'a> {
    label: &'static str,
    name: &'a str,
    value: &'a str,
}

#[derive(Template)]
#[template(path = "sandbox/refused.html")]
struct RefusedPage<'a> {
    f: &'a Frame<'a>,
    title: &'static str,
    words: &'a str,
    code: &'a str,
}

#[derive(Template)]
#[template(path = "sandbox/carry.html")]
struct CarryPage<'a> {
    f: &'a Frame<'a>,
    carried: &'a Carried,
}

#[derive(Template)]
#[template(path = "sandbox/idp.html")]
struct IdpPage<'a> {
    f: &'a Frame<'a>,
    personas: &'a [Persona],
    session: Option<&'a Persona>,
    /// The login that waits for a button, and the classes that are asked for.
    login: Option<(&'a str, &'a [String])>,
}

/// A fagsystem's front page.
pub(super) fn fagsystem(f: &Frame<'_>, session: Option<&LoggedIn>) -> Response {
    let session = session.map(|session| Session {
        who: common_name(&session.name),
        rows: rows(f.t, session),
        checks: &session.checks,
    });
    page(f, StatusCode::OK, &FagsystemPage { f, session })
}

fn rows<'a>(t: &'static Words, session: &'a LoggedIn) -> Vec<Row<'a>> {
    let row = |label, value: &'a str| Row { label, name: "", value };
    let mut rows = vec![
        row(t.rows.name, &session.name),
        row(t.rows.class, &session.class),
        row(t.rows.authenticated_by, &session.authenticated_by),
        row(t.rows.relay_state, &session.relay_state),
    ];
    rows.extend(session.attributes.iter().map(|(name, value)| Row {
        label: words::label(name)[t.index],
        name,
        value,
    }));
    rows
}

/// The name for people inside `C=DK,O=…,CN=…,Serial=…`.
fn common_name(name: &str) -> &str {
    let from = name.find("CN=").map_or(0, |at| at + 3);
    name[from..].rsplit_once(",Serial=").map_or(name, |(name, _)| name)
}

/// The broker said no.
pub(super) fn refused(f: &Frame<'_>, top: &str, second: &str) -> Response {
    let code = format!("{top} / {second}");
    let view = RefusedPage { f, title: f.t.refused, words: f.t.status(second), code: &code };
    page(f, StatusCode::FORBIDDEN, &view)
}

/// A message that this party does not take.
pub(super) fn trouble(f: &Frame<'_>, why: &str) -> Response {
    page(f, StatusCode::BAD_REQUEST, &RefusedPage { f, title: f.t.trouble, words: "", code: why })
}

/// A page that goes on by itself, or when its button is pressed.
pub(super) fn carry(f: &Frame<'_>, carried: &Carried) -> Response {
    page(f, StatusCode::OK, &CarryPage { f, carried })
}

/// The people, and who is logged in.
pub(super) fn idp_home(f: &Frame<'_>, personas: &[Persona], session: Option<&Persona>) -> Response {
    page(f, StatusCode::OK, &IdpPage { f, personas, session, login: None })
}

/// The people as buttons.
pub(super) fn idp_login(f: &Frame<'_>, personas: &[Persona], id: &str, classes: &[String]) -> Response {
    page(f, StatusCode::OK, &IdpPage { f, personas, session: None, login: Some((id, classes)) })
}

fn page(f: &Frame<'_>, status: StatusCode, page: &impl Template) -> Response {
    const POLICY: &str = "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self' data:; \
                          frame-ancestors 'none'; base-uri 'none'";
    let Ok(html) = page.render() else { return StatusCode::INTERNAL_SERVER_ERROR.into_response() };
    let mut response = (status, Html(html)).into_response();
    let headers = response.headers_mut();
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(POLICY));
    if f.visitor.chose() {
        let cookie = format!("{}={}; Path=/; Secure; SameSite=Lax", Visitor::COOKIE, f.visitor.lang().tag());
        headers.extend(HeaderValue::try_from(cookie).ok().map(|cookie| (header::SET_COOKIE, cookie)));
    }
    response
}

/// The stylesheet and the one script.
pub(super) fn assets<S: Clone + Send + Sync + 'static>() -> Router<S> {
    let file = |kind: &'static str, content: &'static str| {
        get(async move || ([(header::CONTENT_TYPE, kind)], content).into_response())
    };
    Router::new()
        .route("/style.css", file("text/css; charset=utf-8", include_str!("style.css")))
        .route("/press.js", file("text/javascript; charset=utf-8", include_str!("press.js")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_name_for_people_is_found_in_the_name_for_systems() {
        assert_eq!(common_name("C=DK,O=11111111,CN=Agnes Holm,Serial=1"), "Agnes Holm");
        assert_eq!(common_name("C=DK, O=11111111, CN=Holm, Agnes,Serial=1"), "Holm, Agnes");
        assert_eq!(common_name("something else"), "something else");
    }
}
