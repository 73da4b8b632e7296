//! `/Validation/…`: the two questions about metadata that the municipal federation's software knows how to ask, answered in
//! the form that it knows how to read. What was found in full is told by `/api/v1/trust/checks`.

use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::State;
use axum::extract::rejection::BytesRejection;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use serde_json::json;

use super::checks::given;
use super::users::{bad_content, json_of};
use super::{Called, answer};
use crate::broker::trust::gate::{Asked, Examined};
use crate::domain::faults::Sentence;
use crate::domain::reason::Reason;
use crate::domain::trust::{Finding, Verdict};
use crate::http::door::Door;
use crate::http::visitor::Lang;
use crate::protocol::saml::review::Role;
use crate::telemetry::Noted;

/// What works here and is refused by the federation nevertheless.
const DEMANDED: [Reason; 5] =
    [Reason::MdSchema, Reason::MdUnsigned, Reason::KeyUntrusted, Reason::MdEndpoint, Reason::SloMissing];

/// What says of nobody that the metadata are wrong.
const SILENT: [Reason; 5] =
    [Reason::CertUnchecked, Reason::MdUnreachable, Reason::NetClosed, Reason::NetSilent, Reason::NetTls];

/// Judges the metadata of an identity provider.
pub(in crate::http) async fn idp(
    State(door): State<Arc<Door>>,
    called: Result<Called, Response>,
    headers: HeaderMap,
    content: Result<Bytes, BytesRejection>,
) -> Response {
    judge(&door, called, Role::Idp, (&headers, content)).await
}

/// Judges the metadata of a fagsystem.
pub(in crate::http) async fn sp(
    State(door): State<Arc<Door>>,
    called: Result<Called, Response>,
    headers: HeaderMap,
    content: Result<Bytes, BytesRejection>,
) -> Response {
    judge(&door, called, Role::Sp, (&headers, content)).await
}

async fn judge(
    door: &Arc<Door>,
    called: Result<Called, Response>,
    role: Role,
    (headers, content): (&HeaderMap, Result<Bytes, BytesRejection>),
) -> Response {
    let called = match called {
        Ok(called) => called,
        Err(problem) => {
            let error = Error::new(problem.status(), "the caller is not proved", Vec::new());
            let noted = problem.extensions().get::<Noted>().cloned();
            return error.response(noted.unwrap_or_default());
        }
    };
    let given = match json_of(headers, content) {
        Ok(content) => given(&content).map_err(|mistake| (bad_content(), mistake.detail)),
        Err(fault) => Err((fault.clone(), fault.detail.into_owned())),
    };
    let given = match given {
        Ok(given) => given,
        Err((fault, detail)) => {
            let denied = door.broker.refuse_call(&called.caller, fault, Vec::new()).await;
            let error = Error::new(StatusCode::BAD_REQUEST, "the request cannot be read", vec![detail]);
            return error.response(noted(&called, Some(denied.fault.reason)));
        }
    };
    let examined = match door.broker.check_for(&called.caller, Asked::Given(given)).await {
        Ok(examined) => examined,
        Err(denied) => {
            let status = match denied.fault.reason {
                Reason::StoreDown => StatusCode::SERVICE_UNAVAILABLE,
                _ => StatusCode::INTERNAL_SERVER_ERROR,
            };
            let error = Error::new(status, "the metadata was not judged", Vec::new());
            return error.response(noted(&called, Some(denied.fault.reason)));
        }
    };
    match verdict(&examined, role, called.lang) {
        Ok(name) => answer(StatusCode::OK, &called, &json!({ "Id": name })),
        Err(error) => error.response(noted(&called, None)),
    }
}

/// The name of the party, if everything is as the federation demands.
fn verdict(examined: &Examined, role: Role, lang: Lang) -> Result<String, Error> {
    let is_demanded = |finding: &&Finding| {
        let named = finding.reason.is_some_and(|reason| DEMANDED.contains(&reason));
        finding.verdict == Verdict::Fail || named && finding.verdict == Verdict::Warning
    };
    let is_silent = |finding: &&Finding| finding.reason.is_some_and(|reason| SILENT.contains(&reason));
    let (silent, mut wrong): (Vec<&Finding>, Vec<&Finding>) = examined
        .findings
        .iter()
        .filter(|finding| is_demanded(finding) || is_silent(finding))
        .partition(|finding| is_silent(finding));
    wrong.sort_by_key(|finding| std::cmp::Reverse(finding.verdict));
    let mut details: Vec<String> = wrong.iter().map(|finding| told(finding, lang)).collect();
    let was_read = !examined.entities.is_empty() || silent.is_empty();
    // Whoever logs users in may tell what they may do as well.
    let mut roles = examined.roles.clone();
    roles.retain(|role| *role != Role::Service);
    if was_read && (examined.entities.len() != 1 || roles != [role]) {
        details.push(format!("1 × {}", role.element()));
    }
    match examined.entities.first() {
        _ if !details.is_empty() => {
            Err(Error::new(StatusCode::BAD_REQUEST, "the metadata is not as it should be", details))
        }
        Some(name) if silent.is_empty() => Ok(name.to_string()),
        _ => {
            let details = silent.iter().map(|finding| told(finding, lang)).collect();
            Err(Error::new(StatusCode::SERVICE_UNAVAILABLE, "somebody could not be reached", details))
        }
    }
}

/// A finding in one line.
fn told(finding: &Finding, lang: Lang) -> String {
    let say = |sentence: Sentence| if lang == Lang::Da { sentence.da } else { sentence.en };
    let means = finding.reason.map_or("", |reason| say(reason.explanation().means));
    let about = finding.about.as_deref().map_or(String::new(), |about| format!("{about}: "));
    let (check, expected, received) = (finding.check, &finding.expected, &finding.received);
    format!("{check}: {about}{means} [{expected} ≠ {received}]")
}

fn noted(called: &Called, reason: Option<Reason>) -> Noted {
    Noted { login: Some(called.caller.call()), reason, ..Noted::default() }
}

/// A refusal as the federation's software reads it.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Error {
    code: u16,
    message: &'static str,
    version: &'static str,
    error_details: Vec<String>,
}

impl Error {
    fn new(status: StatusCode, message: &'static str, error_details: Vec<String>) -> Self {
        Self { code: status.as_u16(), message, version: "2.0", error_details }
    }

    fn response(self, noted: Noted) -> Response {
        let status = StatusCode::from_u16(self.code).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let mut response = (status, serde_json::to_string(&self).unwrap_or_default()).into_response();
        super::as_json(&mut response);
        response.extensions_mut().insert(noted);
        response
    }
}
