//! OpenID Connect at the door, where clients come without a browser between us: each handler decodes, makes one call to the
//! broker, and encodes what comes back. And what everybody may read about us.

use std::sync::Arc;

use axum::Router;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use serde::Serialize;

use super::door::{Door, Knock, Posted, only};
use super::help;
use crate::broker::oidc::{Answered, ClientCall, NotAnswered};
use crate::domain::reason::{Fault, Reason};
use crate::protocol::oauth::parameters::Parameters;
use crate::telemetry::{Noted, Outcome};

/// The addresses that clients call. Pages of clients that run in the browser call some of them.
pub(super) fn routes(door: &Arc<Door>) -> Router<Arc<Door>> {
    Router::new()
        .route("/oauth2/token", post(token))
        .route("/oauth2/par", post(push))
        .route("/oauth2/userinfo", get(userinfo).post(userinfo_post))
        .route("/oauth2/revoke", post(revoke))
        // Here, so that the question of a browser whether it may ask is answered first.
        .method_not_allowed_fallback(help::only_messages)
        .layer(from_fn_with_state(door.clone(), for_pages_of_clients))
        .route("/oauth2/introspect", post(introspect))
        .route("/oauth2/jwks", get(jwks))
        .route("/.well-known/openid-configuration", get(discovery))
        .route("/.well-known/oauth-authorization-server", get(discovery))
}

/// A code or a refresh token for tokens.
async fn token(State(door): State<Arc<Door>>, knock: Knock, posted: Posted) -> Response {
    let visit = door.visit(&knock, "/oauth2/token POST");
    let by_header = posted.headers.contains_key(header::AUTHORIZATION);
    match door.broker.exchange(&visit, posted.read(&door, &knock)).await {
        Ok(answered) => {
            let response = written(StatusCode::OK, answered.answer.to_json(), "no-store");
            given(answered, response)
        }
        Err(refused) => refuse(refused, Asked::Tokens { by_header }),
    }
}

/// A request, before the user's browser comes with its name.
async fn push(State(door): State<Arc<Door>>, knock: Knock, posted: Posted) -> Response {
    let visit = door.visit(&knock, "/oauth2/par POST");
    let by_header = posted.headers.contains_key(header::AUTHORIZATION);
    match door.broker.push(&visit, posted.read(&door, &knock)).await {
        Ok(answered) => {
            let mut response = answer(answered);
            *response.status_mut() = StatusCode::CREATED;
            response
        }
        Err(refused) => refuse(refused, Asked::Tokens { by_header }),
    }
}

/// Who the user of an access token is.
async fn userinfo(State(door): State<Arc<Door>>, knock: Knock, headers: HeaderMap) -> Response {
    let visit = door.visit(&knock, "/oauth2/userinfo GET");
    let call = Parameters::read("").and_then(|none| call(&door, &knock, &headers, ("GET", none)));
    told_about_user(door.broker.userinfo(&visit, call).await)
}

/// The same, with the access token in the header or in the form.
async fn userinfo_post(State(door): State<Arc<Door>>, knock: Knock, posted: Posted) -> Response {
    let visit = door.visit(&knock, "/oauth2/userinfo POST");
    told_about_user(door.broker.userinfo(&visit, posted.read(&door, &knock)).await)
}

fn told_about_user<T: Serialize>(answered: Result<Answered<T>, NotAnswered>) -> Response {
    match answered {
        Ok(answered) => answer(answered),
        Err(refused) => refuse(refused, Asked::Userinfo),
    }
}

/// Whether a token of the client counts.
async fn introspect(State(door): State<Arc<Door>>, knock: Knock, posted: Posted) -> Response {
    let visit = door.visit(&knock, "/oauth2/introspect POST");
    let by_header = posted.headers.contains_key(header::AUTHORIZATION);
    match door.broker.introspect(&visit, posted.read(&door, &knock)).await {
        Ok(answered) => answer(answered),
        Err(refused) => refuse(refused, Asked::Tokens { by_header }),
    }
}

/// The end of a token.
async fn revoke(State(door): State<Arc<Door>>, knock: Knock, posted: Posted) -> Response {
    let visit = door.visit(&knock, "/oauth2/revoke POST");
    let by_header = posted.headers.contains_key(header::AUTHORIZATION);
    match door.broker.revoke(&visit, posted.read(&door, &knock)).await {
        Ok(answered) => answer(answered),
        Err(refused) => refuse(refused, Asked::Tokens { by_header }),
    }
}

/// Our keys.
async fn jwks(State(door): State<Arc<Door>>) -> Response {
    published(&door.broker.token_keys())
}

/// What we offer.
async fn discovery(State(door): State<Arc<Door>>) -> Response {
    match door.broker.discovery() {
        Ok(document) => published(&document),
        Err(fault) => {
            tracing::error!(reason = fault.reason.code(), detail = %fault.detail, "our document cannot be written");
            StatusCode::INTERNAL_SERVER_ERROR.into_response()
        }
    }
}

impl Posted {
    /// The call in it. What clients send is secret, so that none of it may stand in an address.
    fn read(&self, door: &Door, knock: &Knock) -> Result<ClientCall, Fault> {
        let form = if self.body()?.is_empty() { "" } else { self.form()? };
        if !self.query.is_empty() {
            return Err(Fault::new(Reason::OidcRequest, "expected no parameters in the address"));
        }
        call(door, knock, &self.headers, ("POST", Parameters::read(form)?))
    }
}

fn call(
    door: &Door,
    knock: &Knock,
    headers: &HeaderMap,
    (method, form): (&'static str, Parameters),
) -> Result<ClientCall, Fault> {
    let once = |name: &str| {
        let found = only(headers, name).map(str::to_owned);
        match found.is_none() && headers.contains_key(name) {
            true => Err(Fault::new(Reason::ParamDuplicate, format!("expected one readable header {name}"))),
            false => Ok(found),
        }
    };
    Ok(ClientCall {
        authorization: once("authorization")?,
        proof: once("dpop")?,
        certificate: door.certificate(knock, headers),
        method,
        form,
    })
}

/// What the client gets: for it alone, so nobody on the way keeps it.
fn answer<T: Serialize>(answered: Answered<T>) -> Response {
    let response = json(StatusCode::OK, &answered.answer, "no-store");
    given(answered, response)
}

fn given<T>(Answered { login, client, withheld, .. }: Answered<T>, mut response: Response) -> Response {
    response.headers_mut().insert(header::PRAGMA, HeaderValue::from_static("no-cache"));
    response.extensions_mut().insert(Noted {
        login: Some(login),
        fagsystem: client,
        reason: withheld,
        outcome: withheld.map(|_| Outcome::Refused),
        ..Noted::default()
    });
    response
}

/// What was asked for, which decides how a refusal asks for a better proof.
enum Asked {
    /// By a client that proves itself, perhaps in the header.
    Tokens { by_header: bool },
    /// By whoever shows an access token.
    Userinfo,
}

fn refuse(refused: NotAnswered, asked: Asked) -> Response {
    let challenges = challenges(&refused, &asked);
    let NotAnswered { login, client, reason, error, nonce } = refused;
    let status = match asked {
        Asked::Userinfo if !challenges.is_empty() => StatusCode::UNAUTHORIZED,
        _ => StatusCode::from_u16(error.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR),
    };
    let mut response = json(status, &error, "no-store");
    let headers = response.headers_mut();
    headers.insert(header::PRAGMA, HeaderValue::from_static("no-cache"));
    for challenge in challenges.iter().filter_map(|challenge| HeaderValue::from_str(challenge).ok()) {
        headers.append(header::WWW_AUTHENTICATE, challenge);
    }
    if let Some(nonce) = nonce.and_then(|nonce| HeaderValue::from_str(&nonce).ok()) {
        headers.insert("dpop-nonce", nonce);
    }
    if status == StatusCode::SERVICE_UNAVAILABLE {
        headers.insert(header::RETRY_AFTER, HeaderValue::from_static("10"));
    }
    response.extensions_mut().insert(Noted {
        login: Some(login),
        fagsystem: client,
        reason: Some(reason),
        ..Noted::default()
    });
    response
}

/// With what the client may try again. Whoever showed nothing is told what to show, and nothing else.
fn challenges(refused: &NotAnswered, asked: &Asked) -> Vec<String> {
    let NotAnswered { reason, error, .. } = refused;
    let with = |scheme: &str| {
        format!("{scheme} error=\"{}\", error_description=\"{}\"", error.code, error.description)
    };
    match (asked, error.code, reason) {
        (Asked::Tokens { by_header: true }, "invalid_client", _) => {
            vec!["Basic realm=\"context-handler\"".to_owned()]
        }
        (Asked::Userinfo, "invalid_token", Reason::ParamMissing) => vec!["Bearer".into(), "DPoP".into()],
        // It is bound to a key of either kind.
        (Asked::Userinfo, "invalid_token", Reason::Pop) => vec![with("DPoP"), with("Bearer")],
        (Asked::Userinfo, "invalid_token", _) => vec![with("Bearer")],
        (Asked::Userinfo, "invalid_dpop_proof" | "use_dpop_nonce", _) => vec![with("DPoP")],
        _ => Vec::new(),
    }
}

/// A document for everybody. Whoever keeps it asks again soon enough to learn of a new key before it signs.
fn published(document: &impl Serialize) -> Response {
    let mut response = json(StatusCode::OK, document, "public, max-age=300");
    response.headers_mut().insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
    response
}

fn json(status: StatusCode, content: &impl Serialize, kept: &'static str) -> Response {
    match serde_json::to_string(content) {
        Ok(body) => written(status, body, kept),
        Err(_) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
    }
}

fn written(status: StatusCode, body: String, kept: &'static str) -> Response {
    let mut response = (status, body).into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static(kept));
    response
}

/// Lets pages of registered clients that run in the browser read the answer. No cookie counts here, so none is asked for.
async fn for_pages_of_clients(State(door): State<Arc<Door>>, request: Request, next: Next) -> Response {
    let origin = request.headers().get(header::ORIGIN).cloned();
    let known = |origin: &HeaderValue| origin.to_str().is_ok_and(|o| door.broker.is_origin_of_client(o));
    let allowed = origin.filter(known);
    let asks_before = request.method() == Method::OPTIONS;
    let mut response = match (asks_before, &allowed) {
        (true, Some(_)) => StatusCode::NO_CONTENT.into_response(),
        _ => next.run(request).await,
    };
    let headers = response.headers_mut();
    headers.append(header::VARY, HeaderValue::from_static("Origin"));
    let Some(origin) = allowed else { return response };
    headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, origin);
    let mut set = |name, value| headers.insert(name, HeaderValue::from_static(value));
    match asks_before {
        true => {
            set(header::ACCESS_CONTROL_ALLOW_METHODS, "GET, POST");
            set(header::ACCESS_CONTROL_ALLOW_HEADERS, "authorization, content-type, dpop");
            set(header::ACCESS_CONTROL_MAX_AGE, "600");
        }
        false => {
            set(header::ACCESS_CONTROL_EXPOSE_HEADERS, "www-authenticate, dpop-nonce");
        }
    }
    response
}
