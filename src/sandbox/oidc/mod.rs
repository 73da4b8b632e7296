//! A fagsystem that speaks OpenID Connect: it sends its user to the broker, takes a code back, exchanges it, and judges
//! what it is told by itself. Its logout reaches the broker, and the broker's logout reaches it.

mod conversation;
mod jwt;
mod provider;
mod rights;
mod token;
mod view;

use std::sync::Arc;

use axum::Router;
use axum::extract::{Form, Query, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use serde::Deserialize;
use serde_json::json;

use super::files::OIDC_BYGGESAG;
use super::memory::Memory;
use super::pages::{self, Carried, Frame};
use super::saml::Refused;
use super::{Failed, Places, World, wire};
use crate::http::visitor::Visitor;
use conversation::{Answered, Asked, NotTaken, Session};
use jwt::{OwnKey, base64url};
use provider::{Provider, Published};

pub(super) const NAME: &str = "Byggesag";
/// Its port above the broker's.
pub(super) const PLACE: u16 = 8;
const CLIENT_ID: &str = "https://oidc.byggesag.example";
/// How the names of its own roles begin.
const ROLES: &str = "http://byggesag.example/roles/usersystemrole/";
/// The names of its cookies: the login under way, the session, the logout under way.
const ASKED: &str = "byggesag-asked";
const SESSION: &str = "byggesag";
const LEAVING: &str = "byggesag-leaving";

/// The levels of assurance, the lowest first.
const LEVELS: [&str; 3] = [
    "https://data.gov.dk/concept/core/nsis/loa/Low",
    "https://data.gov.dk/concept/core/nsis/loa/Substantial",
    "https://data.gov.dk/concept/core/nsis/loa/High",
];

/// The running fagsystem.
struct Byggesag {
    key: OwnKey,
    provider: Provider,
    /// Where it is.
    address: String,
    world: World,
    /// Logins that have no answer yet, by their `state`.
    asked: Memory<Arc<Asked>>,
    sessions: Memory<Arc<Session>>,
    /// The names of logout tokens that were used.
    used: Memory<()>,
}

type Here = State<Arc<Byggesag>>;

pub(super) fn router(world: &World, places: Places) -> Result<Router, Failed> {
    let here = Byggesag {
        key: OwnKey::read(OIDC_BYGGESAG).map_err(|error| Failed::Other(error.to_string()))?,
        provider: Provider { issuer: places.broker(), client: wire::client().map_err(Failed::Other)? },
        address: places.neighbour(PLACE),
        world: world.clone(),
        asked: Memory::default(),
        sessions: Memory::default(),
        used: Memory::default(),
    };
    Ok(Router::new()
        .route("/", get(home))
        .route("/login", get(login))
        .route("/callback", get(callback))
        .route("/refresh", post(refresh))
        .route("/userinfo", post(userinfo))
        .route("/logout", post(logout))
        .route("/logged-out", get(logged_out))
        .route("/backchannel-logout", post(backchannel_logout))
        .merge(pages::assets())
        .with_state(Arc::new(here)))
}

async fn home(State(here): Here, visitor: Visitor, headers: HeaderMap) -> Response {
    let frame = frame(&visitor);
    let shown = here.session(&headers).map(|(_, session)| view::session(&session, frame.words()));
    pages::oidc(&frame, shown, "")
}

/// What the front page's form says.
#[derive(Deserialize)]
struct Options {
    /// The lowest level that is enough: its last word.
    #[serde(default)]
    level: String,
    force: Option<String>,
    passive: Option<String>,
}

/// The user wants in.
async fn login(State(here): Here, visitor: Visitor, Query(options): Query<Options>) -> Response {
    let published = match here.provider.published().await {
        Ok(published) => published,
        Err(Refused(why)) => return pages::trouble(&frame(&visitor), &why),
    };
    let lowest = LEVELS.iter().position(|level| level.rsplit('/').next() == Some(&options.level));
    let enough = &LEVELS[lowest.unwrap_or(1)..];
    let [state, nonce, verifier] = [(); 3].map(|()| here.secret());
    let challenge = base64url(&openssl::sha::sha256(verifier.as_bytes()));
    let mut question = vec![
        ("response_type", "code"),
        ("client_id", CLIENT_ID),
        ("scope", "openid offline_access"),
        ("acr_values", enough[0]),
        ("state", &state),
        ("nonce", &nonce),
        ("code_challenge", &challenge),
        ("code_challenge_method", "S256"),
        ("ui_locales", visitor.lang().tag()),
    ];
    let redirect_uri = here.address("/callback");
    question.push(("redirect_uri", &redirect_uri));
    for (wanted, prompt) in [(&options.force, "login"), (&options.passive, "none")] {
        question.extend(wanted.as_ref().map(|_| ("prompt", prompt)));
    }
    let pairs = question.iter().map(|(name, value)| format!("{name}={}", wire::escaped(value)));
    let to = format!("{}?{}", published.authorization_endpoint, pairs.collect::<Vec<_>>().join("&"));
    here.world.journal.note(["asks for a code, bound to a secret of its own (PKCE)".to_owned()]);
    let anew = options.force.is_some().then(|| here.world.clock.now());
    here.asked.keep(state.clone(), Arc::new(Asked { nonce, verifier, enough, anew }));
    let mut response = Redirect::to(&to).into_response();
    wire::set_cookie(&mut response, ASKED, &state);
    response
}

/// The broker's answer arrives.
async fn callback(
    State(here): Here,
    visitor: Visitor,
    headers: HeaderMap,
    Query(answered): Query<Answered>,
) -> Response {
    let frame = frame(&visitor);
    let state = wire::cookie(&headers, ASKED).filter(|state| *state == answered.state);
    let Some(asked) = state.and_then(|state| here.asked.take(&state)) else {
        return pages::trouble(&frame, "this browser has not asked, or the answer came before");
    };
    let mut response = match here.take(&answered, &asked).await {
        Ok(session) => {
            let name = here.secret();
            here.sessions.keep(name.clone(), Arc::new(session));
            let mut response = Redirect::to("/").into_response();
            wire::set_cookie(&mut response, SESSION, &name);
            response
        }
        Err(NotTaken::Said) => {
            let Answered { error, error_description, .. } = &answered;
            pages::refused(&frame, frame.words().oauth(error), error, error_description)
        }
        Err(NotTaken::Refused(why)) => {
            tracing::warn!(event = "sandbox.refused", "{NAME}: {why}");
            pages::trouble(&frame, &why)
        }
    };
    wire::set_cookie(&mut response, ASKED, "");
    response
}

/// The user wants a fresh access token.
async fn refresh(State(here): Here, visitor: Visitor, headers: HeaderMap) -> Response {
    let again = async |session: &Session| here.refreshed(session).await;
    here.change(&visitor, &headers, again).await
}

/// The user wants to see what the broker says when it is asked.
async fn userinfo(State(here): Here, visitor: Visitor, headers: HeaderMap) -> Response {
    let again = async |session: &Session| here.asked_about(session).await;
    here.change(&visitor, &headers, again).await
}

/// The user wants out: here at once, then at the broker.
async fn logout(State(here): Here, visitor: Visitor, headers: HeaderMap) -> Response {
    let frame = frame(&visitor);
    let Some((name, session)) = here.session(&headers) else { return Redirect::to("/").into_response() };
    here.sessions.take(&name);
    let mut response = match here.provider.published().await {
        Ok(Published { end_session_endpoint: None, .. }) => Redirect::to("/").into_response(),
        Ok(Published { end_session_endpoint: Some(to), .. }) => {
            let state = here.secret();
            let carried = Carried {
                to,
                fields: vec![
                    ("id_token_hint", session.id_token.clone()),
                    ("client_id", CLIENT_ID.to_owned()),
                    ("post_logout_redirect_uri", here.address("/logged-out")),
                    ("state", state.clone()),
                    ("ui_locales", visitor.lang().tag().to_owned()),
                ],
            };
            let mut response = pages::carry(&frame, &carried);
            wire::set_cookie(&mut response, LEAVING, &state);
            response
        }
        Err(Refused(why)) => pages::trouble(&frame, &why),
    };
    wire::set_cookie(&mut response, SESSION, "");
    response
}

#[derive(Deserialize)]
struct Left {
    #[serde(default)]
    state: String,
}

/// The broker says that the user is logged out there, too.
async fn logged_out(
    State(here): Here,
    visitor: Visitor,
    headers: HeaderMap,
    Query(left): Query<Left>,
) -> Response {
    let frame = frame(&visitor);
    if wire::cookie(&headers, LEAVING).is_none_or(|state| state != left.state) {
        return pages::trouble(&frame, "this browser has not asked to be logged out");
    }
    here.world.journal.note(["is told that the user is logged out".to_owned()]);
    let mut response = pages::oidc(&frame, None, frame.words().left_told);
    wire::set_cookie(&mut response, LEAVING, "");
    response
}

#[derive(Deserialize)]
struct Told {
    logout_token: String,
}

/// The broker says that a session is over, without a browser.
async fn backchannel_logout(State(here): Here, Form(told): Form<Told>) -> Response {
    let ended = here.ended(&told.logout_token).await;
    let answer = match &ended {
        Ok(_) => StatusCode::OK.into_response(),
        Err(Refused(why)) => {
            tracing::warn!(event = "sandbox.refused", "{NAME}: {why}");
            let complaint = json!({ "error": "invalid_request", "error_description": why });
            let json = [(header::CONTENT_TYPE, "application/json")];
            (StatusCode::BAD_REQUEST, json, complaint.to_string()).into_response()
        }
    };
    ([(header::CACHE_CONTROL, "no-store")], answer).into_response()
}

impl Byggesag {
    fn address(&self, path: &str) -> String {
        format!("{}{path}", self.address)
    }

    /// What nobody can guess: 256 bits.
    fn secret(&self) -> String {
        let mut bytes = [0; 32];
        self.world.random.fill(&mut bytes);
        base64url(&bytes)
    }

    /// The session of this browser, with its name.
    fn session(&self, headers: &HeaderMap) -> Option<(String, Arc<Session>)> {
        let name = wire::cookie(headers, SESSION)?;
        self.sessions.find(&name).map(|session| (name, session))
    }

    /// Does something with this browser's session that changes it.
    async fn change(
        &self,
        visitor: &Visitor,
        headers: &HeaderMap,
        again: impl AsyncFnOnce(&Session) -> Result<Session, Refused>,
    ) -> Response {
        let Some((name, session)) = self.session(headers) else { return Redirect::to("/").into_response() };
        match again(&session).await {
            Ok(next) => {
                // Whoever was logged out meanwhile stays so.
                if self.sessions.take(&name).is_some() {
                    self.sessions.keep(name, Arc::new(next));
                }
                Redirect::to("/").into_response()
            }
            Err(Refused(why)) => pages::trouble(&frame(visitor), &why),
        }
    }
}

fn frame(visitor: &Visitor) -> Frame<'_> {
    Frame::new(NAME, "fagsystem", visitor)
}
