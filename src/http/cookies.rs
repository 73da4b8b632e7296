//! The cookies that we set: one per pending login or logout, so that tabs do not mix, one per session, one that labels the
//! browser, and one for the municipality that the user wants to be remembered. All are host-bound, secure and out of reach of
//! scripts. Those that a login needs come along when another page posts to us, so they are `SameSite=None`.

use axum::http::{HeaderMap, HeaderValue, header};
use axum::response::Response;

use super::pages::Chosen;
use super::visitor::{cookie, cookies};
use crate::broker::{Keep, SealedLogin};
use crate::domain::id::{Cvr, LoginId};
use crate::domain::login::PENDING_FOR;
use crate::protocol::address::{escaped, unescaped};
use crate::protocol::seal::Ticket;

const REMEMBERED: &str = "__Host-municipality";
const BROWSER: &str = "__Host-browser";
const SESSION: &str = "__Host-session-";
const PENDING: &str = "__Host-login-";
const LOGOUT: &str = "__Host-logout-";
const CONSOLE: &str = "__Host-console";

/// The sealed login of this name that the browser brought.
pub(super) fn pending(headers: &HeaderMap, login: LoginId) -> Option<String> {
    cookie(headers, &name(login)).map(str::to_owned)
}

/// The same with its name; empty when the browser brought none.
pub(super) fn sealed(headers: &HeaderMap, login: LoginId) -> SealedLogin {
    SealedLogin { login, content: pending(headers, login).unwrap_or_default() }
}

/// Lets the browser keep a sealed login. It has to come along when the identity provider's page posts to us, so it
/// must be `SameSite=None`; what it can do elsewhere is nothing, since only we can open it.
pub(super) fn keep(response: &mut Response, sealed: &SealedLogin) {
    let age = PENDING_FOR.as_secs();
    set(response, &format!("{}={}; Max-Age={age}; SameSite=None", name(sealed.login), sealed.content));
}

/// Lets the browser forget a sealed login.
pub(super) fn forget(response: &mut Response, login: LoginId) {
    set(response, &format!("{}=; Max-Age=0; SameSite=None", name(login)));
}

/// The municipality that the user chose last; a hint and nothing more.
pub(super) fn remembered(headers: &HeaderMap) -> Option<Chosen> {
    Chosen::try_from(unescaped(cookie(headers, REMEMBERED)?).ok()?).ok()
}

/// Lets the browser remember the municipality for a year.
pub(super) fn remember(response: &mut Response, chosen: &Chosen) {
    let value = escaped(&chosen.to_string());
    set(response, &format!("{REMEMBERED}={value}; Max-Age=31536000; SameSite=Lax"));
}

/// The sealed logout of this name that the browser brought.
pub(super) fn leaving(headers: &HeaderMap, logout: LoginId) -> Option<String> {
    cookie(headers, &format!("{LOGOUT}{logout}")).map(str::to_owned)
}

/// Lets the browser keep a sealed logout, until nobody waits for it any more.
pub(super) fn keep_leaving(response: &mut Response, sealed: &SealedLogin) {
    let SealedLogin { login, content } = sealed;
    let age = PENDING_FOR.as_secs();
    set(response, &format!("{LOGOUT}{login}={content}; Max-Age={age}; SameSite=None"));
}

/// Lets the browser forget its sessions at these municipalities, and every login that is under way in it.
pub(super) fn forget_sessions(response: &mut Response, headers: &HeaderMap, ended: &[Cvr]) {
    for authority in ended {
        set(response, &format!("{SESSION}{authority}=; Max-Age=0; SameSite=None"));
    }
    for (pending, _) in cookies(headers).filter(|(name, _)| !ended.is_empty() && name.starts_with(PENDING)) {
        set(response, &format!("{pending}=; Max-Age=0; SameSite=None"));
    }
}

/// The label of the browser.
pub(super) fn browser(headers: &HeaderMap) -> Option<LoginId> {
    LoginId::new(cookie(headers, BROWSER)?).ok()
}

/// Lets the browser carry a label, so that a logout finds the logins that are under way in it.
pub(super) fn label(response: &mut Response, browser: LoginId) {
    set(response, &format!("{BROWSER}={browser}; SameSite=None"));
}

/// What opens the browser's sessions, by municipality.
pub(super) fn tickets(headers: &HeaderMap) -> Vec<(Cvr, Ticket)> {
    let named = cookies(headers).filter_map(|(name, value)| Some((name.strip_prefix(SESSION)?, value)));
    named.filter_map(|(cvr, ticket)| Some((Cvr::new(cvr).ok()?, Ticket::read(ticket)?))).collect()
}

/// Lets the browser keep what opens its session, until it is closed. How long the session lives is for us to know.
pub(super) fn keep_session(response: &mut Response, session: &Keep) {
    let Keep { authority, ticket } = session;
    set(response, &format!("{SESSION}{authority}={}; SameSite=None", ticket.text()));
}

/// What opens the browser's sign-in to the pages about trust.
pub(super) fn console(headers: &HeaderMap) -> Option<Ticket> {
    Ticket::read(cookie(headers, CONSOLE)?)
}

/// Lets the browser keep what opens its sign-in. No form of another site may bring it along, but a link may: readers
/// follow links in mails.
pub(super) fn keep_console(response: &mut Response, ticket: &Ticket) {
    set(response, &format!("{CONSOLE}={}; SameSite=Lax", ticket.text()));
}

/// Lets the browser forget it.
pub(super) fn forget_console(response: &mut Response) {
    set(response, &format!("{CONSOLE}=; Max-Age=0; SameSite=Lax"));
}

fn name(login: LoginId) -> String {
    format!("{PENDING}{login}")
}

fn set(response: &mut Response, cookie: &str) {
    if let Ok(value) = HeaderValue::from_str(&format!("{cookie}; Path=/; Secure; HttpOnly")) {
        response.headers_mut().append(header::SET_COOKIE, value);
    }
}
