//! The pages that a person sees: plain data in, one complete answer with its headers out.
//!
//! Nothing is decided here and no broker type is needed; the router fills a view and calls the function of its page:
//!
//! | page | call | status |
//! |---|---|---|
//! | `GET /discovery` | [`discovery`] with a [`Discovery`]; the answering form is a [`ChosenForm`] | 200 |
//! | `POST /discovery`, once the municipality is known | [`onward`] with the IdP's address, **never a redirect**, see there | 200 |
//! | the HTTP-POST binding, answers and status answers alike | [`post`] with a [`Post`] | 200 |
//! | `form_post` of OpenID Connect, codes and errors alike | [`post_fields`] | 200 |
//! | any refusal | [`refusal()`] with a [`Refusal`] | its own |
//! | `/sessions` | [`sessions`] with [`Sessions`] | 200 |
//! | `GET /logout` | [`farewell`] with a [`Farewell`], [`no_farewell`] in a browser that has none | 200, 404 |
//! | `/trust` | [`trust()`] | 200 |
//! | `/trust/authorities/<cvr>` | [`authority`] with an [`Authority`] | 200 |
//! | a run that was ordered there | [`ordered`] | 200 |
//! | `/trust/matrix` | [`matrix`] | 200 |
//! | `/trust/invitations/<ticket>` | [`invitation`] | 200 |
//! | what a reader of these may not see | [`trust_refused`] | its own |
//! | `/` | [`home`] | 200 |
//! | `/errors`, `/errors/<code>` | [`errors`], [`error`] | 200 |
//! | `/api/docs` | [`api()`] | 200 |
//! | `/trust/runs/<link>` | [`waiting`] before anybody logged in, then [`report()`] | 200 |
//! | no such page | [`not_found`] | 404 |
//! | an address that takes messages, opened as a page | [`only_messages`] | 405 |
//! | the store is down | [`unavailable`] | 503 |
//!
//! The first argument is always the [`Visitor`], an extractor that cannot fail. Pages that can be asked for again
//! have a link to themselves in the other language; pages that answer a form hold both languages instead.
//! Every page works without JavaScript; the two scripts are inline and allowed by their hash alone.

mod answer;
mod api;
mod book;
mod chosen;
mod console;
mod logout;
mod progress;
mod refusal;
mod target;
mod trust;
mod words;

use std::borrow::Cow;
use std::collections::BTreeSet;

use askama::Template;
use axum::http::StatusCode;
use axum::response::Response;

use crate::domain::id::{Cvr, EntityId, LoginId};
use crate::domain::reason::{Fault, Reason};
use crate::http::assets;
use crate::http::text::Text;
use crate::http::visitor::Visitor;
use answer::{FormAction, Script, answer};
use target::Target;

pub use api::api;
pub use book::{error, errors};
pub use chosen::{Chosen, ChosenForm};
pub use console::{Seen, SignedIn, invitation, trust, trust_refused};
pub use logout::{
    Farewell, Form, Hop, Party, PartyState, Session, Sessions, farewell, no_farewell, sessions,
};
pub use progress::{
    Authority, Ordered, Ours, Row as MatrixRow, Run, System, SystemRow, authority, matrix, ordered,
};
pub use refusal::{Refusal, Refused, may_be_shown, refusal};
pub use trust::{
    Again, InMirror, Judged, Shown, Waiting, Wrong, atom, calendar, certificates, metadata, mirror, report,
    report_file, systems, waiting,
};

/// One municipality to choose, with one identity provider that speaks for it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Choice {
    /// The municipality's number.
    pub cvr: Cvr,
    /// The municipality's name.
    pub name: String,
    /// The identity provider.
    pub idp: EntityId,
    /// Its name, shown only where the municipality has several.
    pub idp_name: String,
}

/// The choice of municipality for one login.
#[derive(Clone, Debug)]
pub struct Discovery<'a> {
    /// Which login.
    pub login: LoginId,
    /// The name of the fagsystem that the user is on the way to.
    pub fagsystem: &'a str,
    /// All that may be chosen, in any order; a municipality with several identity providers stands here several times.
    pub choices: &'a [Choice],
    /// What the cookie remembers; shown on top when it is one of the choices.
    pub remembered: Option<&'a Chosen>,
    /// What was searched for: the value of `q`.
    pub query: &'a str,
}

/// A message for another party, carried there by the browser: the HTTP-POST binding.
#[derive(Clone, Debug)]
pub struct Post<'a> {
    /// Where to: an address from the register.
    pub action: &'a str,
    /// The name of the field: `SAMLResponse` or `SAMLRequest`.
    pub field: &'static str,
    /// The message in base64.
    pub message: &'a str,
    /// What the receiver gave us to hand back, byte by byte.
    pub relay_state: Option<&'a str>,
    /// The name of the receiver, for the person who reads the page.
    pub receiver: &'a str,
}

/// The choice of municipality.
pub fn discovery(visitor: &Visitor, view: &Discovery<'_>) -> Response {
    let needle = words::folded(view.query);
    let mut rows: Vec<Row<'_>> = view.choices.iter().map(|c| Row::new(c, view, &needle)).collect();
    rows.sort_by_cached_key(|row| (words::collation(row.name), words::collation(row.through)));
    let count = rows.iter().filter(|row| row.shown).map(|row| row.cvr).collect::<BTreeSet<_>>().len();
    let page = DiscoveryPage {
        frame: Frame::new(visitor, |t| t.choose),
        login: view.login,
        fagsystem: view.fagsystem,
        remembered: view.remembered.and_then(|r| rows.iter().find(|row| row.value == r.to_string()).cloned()),
        rows,
        count,
        query: view.query.chars().take(100).collect(),
        lang: visitor.chose().then(|| visitor.lang().tag()),
        script: Script::SEARCH.source(),
    };
    answer(StatusCode::OK, &page, visitor, FormAction::Own, Some(Script::SEARCH))
}

/// The hop from our pages to an identity provider: a page that moves on by itself, with a link for whoever stays.
///
/// Chromium applies `form-action` to every redirect that follows a form, so a redirect from `POST /discovery`
/// would be blocked as soon as the identity provider, or whoever it redirects to, is not listed. A page ends that chain.
pub fn onward(visitor: &Visitor, address: &str, to: &str) -> Result<Response, Fault> {
    let page =
        OnwardPage { frame: Frame::both(visitor, |t| t.going_on), address: Target::link(address)?, to };
    Ok(answer(StatusCode::OK, &page, visitor, FormAction::None, None))
}

/// The page that posts a message to another party. A target that is not a web address, and a RelayState that no
/// HTML form can carry unchanged, are refused.
pub fn post(visitor: &Visitor, view: &Post<'_>) -> Result<Response, Fault> {
    let target = Target::new(view.action)?;
    // The message is the largest part of the page by far; what it is made of needs no escaping.
    if !view.message.bytes().fold(true, |all, byte| all & is_base64(byte)) {
        return Err(Fault::new(Reason::Internal, "expected a message in base64"));
    }
    let relay_state = view.relay_state.map(words::form_value).transpose()?;
    let relay_state = relay_state.map(|value| ("RelayState", Cow::Owned(value)));
    let fields = std::iter::once((view.field, Cow::Borrowed(view.message))).chain(relay_state).collect();
    Ok(posting(visitor, &target, fields, view.receiver))
}

/// The same with fields of any name, for receivers that speak no SAML.
pub fn post_fields(
    visitor: &Visitor,
    action: &str,
    fields: &[(&'static str, String)],
    receiver: &str,
) -> Result<Response, Fault> {
    let target = Target::new(action)?;
    let escaped = fields.iter().map(|(name, value)| Ok((*name, Cow::Owned(words::form_value(value)?))));
    Ok(posting(visitor, &target, escaped.collect::<Result<_, Fault>>()?, receiver))
}

fn posting(
    visitor: &Visitor,
    target: &Target<'_>,
    fields: Vec<(&'static str, Cow<'_, str>)>,
    receiver: &str,
) -> Response {
    let frame = Frame::both(visitor, |t| t.going_on);
    let script = Script::PRESS.source();
    let page = PostPage { frame, action: target.address(), fields, receiver, script };
    answer(StatusCode::OK, &page, visitor, FormAction::Target(target), Some(Script::PRESS))
}

fn is_base64(byte: u8) -> bool {
    matches!(byte, b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'+' | b'/' | b'=')
}

/// What this is.
pub fn home(visitor: &Visitor) -> Response {
    let page = HomePage { frame: Frame::new(visitor, |t| t.home) };
    answer(StatusCode::OK, &page, visitor, FormAction::None, None)
}

/// There is no such page.
pub fn not_found(visitor: &Visitor) -> Response {
    let page = NoticePage {
        frame: Frame::both(visitor, |t| t.no_such_page),
        says: |t| t.no_such_page_text,
        heading: |t| t.no_such_page,
        retry: None,
    };
    answer(StatusCode::NOT_FOUND, &page, visitor, FormAction::None, None)
}

/// Partners and forms send messages to this address; there is no page at it.
pub fn only_messages(visitor: &Visitor) -> Response {
    let page = NoticePage {
        frame: Frame::both(visitor, |t| t.only_messages),
        says: |t| t.only_messages_text,
        heading: |t| t.only_messages,
        retry: None,
    };
    answer(StatusCode::METHOD_NOT_ALLOWED, &page, visitor, FormAction::None, None)
}

/// The store is down: come back in so many seconds.
pub fn unavailable(visitor: &Visitor, retry_after: u32) -> Response {
    let page = NoticePage {
        frame: Frame::both(visitor, |t| t.unavailable),
        says: |t| t.unavailable_text,
        heading: |t| t.unavailable,
        retry: Some(retry_after),
    };
    let mut response = answer(StatusCode::SERVICE_UNAVAILABLE, &page, visitor, FormAction::None, None);
    response.headers_mut().insert(axum::http::header::RETRY_AFTER, retry_after.into());
    response
}

/// What stands around every page.
struct Frame<'a> {
    t: &'static Text,
    title: &'static str,
    /// Where the link to the other language leads.
    switch: &'a str,
    stylesheet: &'static str,
    icon: &'static str,
    notices: Option<&'static str>,
}

impl<'a> Frame<'a> {
    /// A page in one language, which links to itself in the other.
    fn new(visitor: &'a Visitor, title: fn(&Text) -> &'static str) -> Self {
        Self { switch: visitor.switch().unwrap_or("#other"), ..Self::both(visitor, title) }
    }

    /// A page in both languages, because it cannot be asked for again.
    fn both(visitor: &Visitor, title: fn(&Text) -> &'static str) -> Self {
        let t = Text::of(visitor.lang());
        let (stylesheet, icon, notices) = (assets::STYLESHEET, assets::ICON, assets::NOTICES);
        Self { t, title: title(t), switch: "#other", stylesheet, icon, notices }
    }

    /// The texts of a page that holds both, the reader's language first.
    fn languages(&self) -> [&'static Text; 2] {
        [self.t, self.t.other()]
    }
}

#[derive(Clone)]
struct Row<'a> {
    name: &'a str,
    cvr: Cvr,
    /// The identity provider's name where the municipality has several, else empty.
    through: &'a str,
    value: String,
    /// What a search is compared with.
    find: String,
    shown: bool,
}

impl<'a> Row<'a> {
    fn new(choice: &'a Choice, view: &Discovery<'a>, needle: &str) -> Self {
        let several = view.choices.iter().filter(|other| other.cvr == choice.cvr).count() > 1;
        let through = if several { choice.idp_name.as_str() } else { "" };
        let find = words::findable(&[&choice.name, choice.cvr.as_str(), through]);
        let value = Chosen { cvr: choice.cvr, idp: several.then(|| choice.idp.clone()) }.to_string();
        Self { name: &choice.name, cvr: choice.cvr, through, value, shown: find.contains(needle), find }
    }
}

#[derive(Template)]
#[template(path = "discovery.html")]
struct DiscoveryPage<'a> {
    frame: Frame<'a>,
    login: LoginId,
    fagsystem: &'a str,
    remembered: Option<Row<'a>>,
    rows: Vec<Row<'a>>,
    count: usize,
    query: String,
    lang: Option<&'static str>,
    script: &'static str,
}

#[derive(Template)]
#[template(path = "onward.html")]
struct OnwardPage<'a> {
    frame: Frame<'a>,
    address: &'a str,
    to: &'a str,
}

#[derive(Template)]
#[template(path = "post.html")]
struct PostPage<'a> {
    frame: Frame<'a>,
    action: &'a str,
    /// Names, and values that are escaped already: line ends need more than the template's escaping, and base64 none.
    fields: Vec<(&'static str, Cow<'a, str>)>,
    receiver: &'a str,
    script: &'static str,
}

#[derive(Template)]
#[template(path = "home.html")]
struct HomePage<'a> {
    frame: Frame<'a>,
}

#[derive(Template)]
#[template(path = "notice.html")]
struct NoticePage<'a> {
    frame: Frame<'a>,
    heading: fn(&Text) -> &'static str,
    says: fn(&Text) -> &'static str,
    retry: Option<u32>,
}
