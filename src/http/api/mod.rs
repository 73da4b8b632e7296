//! The API for systems: who calls is proved first, then the content is read, then one call to the broker is made. What is
//! refused is told as a problem (RFC 9457) whose `code` is the reason code.

mod body;
pub(super) mod checks;
pub(super) mod sessions;
pub(super) mod trust;
pub(super) mod users;
pub(super) mod validation;

use std::sync::Arc;

use axum::extract::{FromRequestParts, MatchedPath};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;

use super::door::{Door, Knock, only};
use super::visitor::Lang;
use crate::broker::users::{Caller, Denied, Presented};
use crate::domain::audit::Event;
use crate::domain::faults::Sentence;
use crate::domain::reason::Reason;
use crate::domain::user::Mistake;
use crate::telemetry::Noted;

/// The description of this API for machines.
pub(super) async fn openapi() -> Response {
    const TYPE: HeaderValue = HeaderValue::from_static("application/json");
    ([(header::CONTENT_TYPE, TYPE)], include_str!("openapi.json")).into_response()
}

/// A caller that is proved. It is extracted before the content is read, so that strangers cannot make us read much.
pub(in crate::http) struct Called {
    caller: Caller,
    lang: Lang,
}

impl Called {
    /// Who calls.
    pub(super) fn caller(&self) -> &Caller {
        &self.caller
    }

    /// Why the call came to nothing.
    pub(super) fn problem(&self, door: &Door, denied: Denied) -> Response {
        problem(door, self.lang, denied)
    }
}

impl FromRequestParts<Arc<Door>> for Called {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, door: &Arc<Door>) -> Result<Self, Response> {
        let Ok(knock) = Knock::from_request_parts(parts, door).await;
        let lang = knock.visitor.lang();
        let path = parts.extensions.get::<MatchedPath>().map_or("", MatchedPath::as_str);
        let (endpoint, event) = endpoint(path, &parts.method);
        let visit = door.visit(&knock, endpoint);
        let caller = door.broker.admit(&visit, event, presented(door, &knock, &parts.headers)).await;
        caller.map(|caller| Self { caller, lang }).map_err(|denied| problem(door, lang, denied))
    }
}

/// The call as the exchange log names it, and what kind of call it is.
fn endpoint(path: &str, method: &Method) -> (&'static str, Event) {
    match (path, method.as_str()) {
        ("/api/v1/trust/runs", "POST") => ("/api/v1/trust/runs POST", Event::TrustRunOrdered),
        ("/api/v1/trust/runs", _) => ("/api/v1/trust/runs GET", Event::ConsoleViewed),
        ("/api/v1/trust/runs/{id}", _) => ("/api/v1/trust/runs/{id} GET", Event::ConsoleViewed),
        ("/api/v1/trust/systems/{name}", _) => ("/api/v1/trust/systems/{name} GET", Event::ConsoleViewed),
        ("/api/v1/adoption", _) => ("/api/v1/adoption GET", Event::ConsoleViewed),
        ("/api/v1/trust/checks", _) => ("/api/v1/trust/checks POST", Event::MetadataChecked),
        ("/Validation/IdentityProviderSamlMetadata", _) => {
            ("/Validation/IdentityProviderSamlMetadata POST", Event::MetadataChecked)
        }
        ("/Validation/BrugervendteSystemSamlMetadata", _) => {
            ("/Validation/BrugervendteSystemSamlMetadata POST", Event::MetadataChecked)
        }
        ("/trust/certificates.atom", _) => ("/trust/certificates.atom GET", Event::ConsoleViewed),
        ("/trust/certificates.ics", _) => ("/trust/certificates.ics GET", Event::ConsoleViewed),
        ("/api/v1/sessions", "DELETE") => ("/api/v1/sessions DELETE", Event::LogoutReceived),
        ("/api/v1/sessions", _) => ("/api/v1/sessions GET", Event::SessionsRead),
        ("/api/v1/sessions/{id}", _) => ("/api/v1/sessions/{id} DELETE", Event::LogoutReceived),
        ("/api/v1/users", "POST") => ("/api/v1/users POST", Event::UsersChanged),
        ("/api/v1/users/bulk", "POST") => ("/api/v1/users/bulk POST", Event::UsersChanged),
        ("/api/v1/users/bulk", _) => ("/api/v1/users/bulk PUT", Event::UsersChanged),
        ("/api/v1/users/{id}", "PUT") => ("/api/v1/users/{id} PUT", Event::UsersChanged),
        ("/api/v1/users/{id}", "DELETE") => ("/api/v1/users/{id} DELETE", Event::UsersChanged),
        ("/api/v1/users/{id}", _) => ("/api/v1/users/{id} GET", Event::UsersRead),
        _ => ("/api/v1/users GET", Event::UsersRead),
    }
}

/// A token counts before a certificate.
fn presented(door: &Door, knock: &Knock, headers: &HeaderMap) -> Presented {
    let bearer = |value: &str| {
        let (scheme, token) = value.split_once(' ')?;
        scheme.eq_ignore_ascii_case("bearer").then(|| Presented::Token(token.trim().to_owned()))
    };
    match headers.contains_key(header::AUTHORIZATION) {
        true => only(headers, "authorization").and_then(bearer).unwrap_or(Presented::Nothing),
        false => door.certificate(knock, headers).map_or(Presented::Nothing, Presented::Certificate),
    }
}

/// A refusal as RFC 9457 writes it.
#[derive(Serialize)]
struct Problem<'p> {
    /// The page that explains the reason.
    r#type: String,
    title: &'static str,
    status: u16,
    /// Who must do what.
    detail: &'static str,
    /// This very call, as the help desk finds it.
    instance: String,
    code: &'static str,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    errors: &'p [Mistake],
}

fn problem(door: &Door, lang: Lang, denied: Denied) -> Response {
    let Denied { call, fault, mut mistakes } = denied;
    let status = match fault.reason {
        Reason::ApiBody
        | Reason::TrustScenario
        | Reason::AgreementMissing
        | Reason::IdpUnknown
        | Reason::SpUnknown
        | Reason::SpDisabled => StatusCode::BAD_REQUEST,
        Reason::ApiClient => StatusCode::UNAUTHORIZED,
        Reason::ApiDisabled | Reason::ApiAuthority => StatusCode::FORBIDDEN,
        Reason::UsersUnknown | Reason::SessionUnknown | Reason::TrustUnknown | Reason::NotFound => {
            StatusCode::NOT_FOUND
        }
        Reason::AdminConflict => StatusCode::CONFLICT,
        Reason::ApiCondition => StatusCode::PRECONDITION_FAILED,
        Reason::ApiSize => StatusCode::PAYLOAD_TOO_LARGE,
        Reason::ApiType => StatusCode::UNSUPPORTED_MEDIA_TYPE,
        Reason::StoreDown => StatusCode::SERVICE_UNAVAILABLE,
        _ => StatusCode::INTERNAL_SERVER_ERROR,
    };
    // Whoever is proved may read what was expected; strangers and our own trouble stay short.
    let is_proved = !matches!(fault.reason, Reason::ApiClient) && status.is_client_error();
    if mistakes.is_empty() && is_proved {
        mistakes.push(Mistake::new("", fault.detail.clone()));
    }
    let say = |sentence: Sentence| if lang == Lang::Da { sentence.da } else { sentence.en };
    let explanation = fault.reason.explanation();
    let problem = Problem {
        r#type: format!("{}/errors/{}", door.broker.settings().public_url, fault.reason.code()),
        title: say(explanation.means),
        status: status.as_u16(),
        detail: say(explanation.fix),
        instance: format!("urn:context-handler:case:{}", call.case_number().digits()),
        code: fault.reason.code(),
        errors: &mistakes,
    };
    let body = serde_json::to_string(&problem).unwrap_or_default();
    let mut response = (status, body).into_response();
    let headers = response.headers_mut();
    let mut set = |name, value| headers.insert(name, HeaderValue::from_static(value));
    set(header::CONTENT_TYPE, "application/problem+json");
    set(header::CONTENT_LANGUAGE, lang.tag());
    set(header::CACHE_CONTROL, "no-store");
    if status == StatusCode::UNAUTHORIZED {
        set(header::WWW_AUTHENTICATE, "Bearer");
    }
    if status == StatusCode::SERVICE_UNAVAILABLE {
        set(header::RETRY_AFTER, "10");
    }
    response.extensions_mut().insert(Noted {
        login: Some(call),
        reason: Some(fault.reason),
        ..Noted::default()
    });
    response
}

/// What was asked for.
fn answer(status: StatusCode, called: &Called, content: &impl Serialize) -> Response {
    let body = serde_json::to_string(content).unwrap_or_default();
    let mut response = (status, body).into_response();
    as_json(&mut response);
    response.extensions_mut().insert(Noted { login: Some(called.caller.call()), ..Noted::default() });
    response
}

/// Says that the content is JSON, for this caller alone.
fn as_json(response: &mut Response) {
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
}
