//! The neighbours' pages: plain HTML that works without JavaScript, in both languages, with one small stylesheet.

use askama::Template;
use axum::Router;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{Html, IntoResponse, Response};
use axum::routing::get;

use super::words::Words;
use crate::http::visitor::Visitor;

/// What every page is set in.
pub(super) struct Frame<'v> {
    party: &'v str,
    /// The class of the body, which gives it its colour.
    kind: &'static str,
    t: &'static Words,
    visitor: &'v Visitor,
}

impl<'v> Frame<'v> {
    pub(super) fn new(party: &'v str, kind: &'static str, visitor: &'v Visitor) -> Self {
        Self { party, kind, t: Words::of(visitor.lang()), visitor }
    }

    /// What the page says, in its language.
    pub(super) fn words(&self) -> &'static Words {
        self.t
    }

    fn what(&self) -> &'static str {
        match self.kind {
            "idp" | "step-up" => self.t.idp,
            "service" => self.t.service,
            _ => self.t.fagsystem,
        }
    }

    fn switch(&self) -> Option<&str> {
        self.visitor.switch()
    }
}

/// A message that the browser carries to somebody in a form.
pub(super) struct Carried {
    pub(super) to: String,
    pub(super) fields: Vec<(&'static str, String)>,
}

/// Somebody who can log in.
pub(super) struct Person {
    /// The value of the button.
    pub(super) id: String,
    pub(super) name: String,
    /// What they are, in Danish and in English.
    pub(super) what: [String; 2],
    pub(super) level: String,
}

/// A role that an attribute service keeps for somebody.
pub(super) struct Kept {
    pub(super) who: &'static str,
    pub(super) serial: &'static str,
    pub(super) role: &'static str,
    /// In whose matters.
    pub(super) of: &'static str,
}

/// Who is logged in at a fagsystem.
pub(super) struct Session {
    pub(super) who: String,
    pub(super) rights: Vec<Limited>,
    pub(super) facts: Vec<Fact>,
    pub(super) checks: Vec<String>,
    /// Whether it has something to get a new token for.
    pub(super) can_refresh: bool,
}

/// What the user may do, in whose matters, and within what.
pub(super) struct Limited {
    pub(super) of: &'static str,
    pub(super) cvr: String,
    pub(super) may: &'static str,
    pub(super) role: String,
    /// Each limit: what it is, its values, and its name.
    pub(super) only: Vec<(&'static str, String, String)>,
}

/// One thing that the fagsystem was told.
pub(super) struct Fact {
    pub(super) label: &'static str,
    /// The name of the attribute; empty for what is none.
    pub(super) name: String,
    pub(super) value: String,
    /// What stands there until somebody wants to see the value.
    pub(super) cover: Option<String>,
}

#[derive(Template)]
#[template(path = "sandbox/fagsystem.html")]
struct FagsystemPage<'a> {
    f: &'a Frame<'a>,
    session: Option<Session>,
    notice: &'a str,
}

#[derive(Template)]
#[template(path = "sandbox/oidc.html")]
struct OidcPage<'a> {
    f: &'a Frame<'a>,
    session: Option<Session>,
    notice: &'a str,
}

#[derive(Template)]
#[template(path = "sandbox/service.html")]
struct ServicePage<'a> {
    f: &'a Frame<'a>,
    kept: &'a [Kept],
}

#[derive(Template)]
#[template(path = "sandbox/refused.html")]
struct RefusedPage<'a> {
    f: &'a Frame<'a>,
    title: &'static str,
    words: &'a str,
    code: &'a str,
    /// What the other side says, in which language.
    message: Option<(&'static str, String)>,
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
    people: &'a [Person],
    session: Option<Person>,
    notice: &'a str,
    /// The login that waits for a button, and the classes that are asked for.
    login: Option<(&'a str, &'a [String])>,
    /// Whether the people can be had with logins that differ.
    deviates: bool,
}

/// A fagsystem's front page, with a notice if there is one.
pub(super) fn fagsystem(f: &Frame<'_>, session: Option<Session>, notice: &str) -> Response {
    page(f, StatusCode::OK, &FagsystemPage { f, session, notice })
}

/// What an attribute service keeps.
pub(super) fn attribute_service(f: &Frame<'_>, kept: &[Kept]) -> Response {
    page(f, StatusCode::OK, &ServicePage { f, kept })
}

/// The same of one that speaks OpenID Connect.
pub(super) fn oidc(f: &Frame<'_>, session: Option<Session>, notice: &str) -> Response {
    page(f, StatusCode::OK, &OidcPage { f, session, notice })
}

/// The broker said no: what that means here, its code, and what the broker says about it in its own words.
pub(super) fn refused(f: &Frame<'_>, words: &str, code: &str, message: &str) -> Response {
    let message = (!message.is_empty()).then(|| f.t.message(message));
    let view = RefusedPage { f, title: f.t.refused, words, code, message };
    page(f, StatusCode::FORBIDDEN, &view)
}

/// A message that this party does not take.
pub(super) fn trouble(f: &Frame<'_>, why: &str) -> Response {
    let view = RefusedPage { f, title: f.t.trouble, words: f.t.trouble_hint, code: why, message: None };
    page(f, StatusCode::BAD_REQUEST, &view)
}

/// A page that goes on by itself, or when its button is pressed.
pub(super) fn carry(f: &Frame<'_>, carried: &Carried) -> Response {
    page(f, StatusCode::OK, &CarryPage { f, carried })
}

/// The people, and who is logged in, with a notice if there is one.
pub(super) fn idp_home(f: &Frame<'_>, people: &[Person], session: Option<Person>, notice: &str) -> Response {
    page(f, StatusCode::OK, &IdpPage { f, people, session, notice, login: None, deviates: false })
}

/// The people as buttons, for the login of this name and the classes that it asks for.
pub(super) fn idp_login(
    f: &Frame<'_>,
    people: &[Person],
    login: (&str, &[String]),
    deviates: bool,
) -> Response {
    let login = Some(login);
    page(f, StatusCode::OK, &IdpPage { f, people, session: None, notice: "", login, deviates })
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
