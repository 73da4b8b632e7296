//! SOAP at the door: messages from server to server, without a browser in between.

use std::sync::Arc;

use axum::extract::State;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};

use super::door::{Door, Knock, Posted};
use crate::broker::authority::Answered;
use crate::domain::reason::{Blame, Fault, Reason};
use crate::protocol::saml::soap::CONTENT_TYPE;
use crate::telemetry::{Noted, Outcome};

/// Somebody asks for the attributes of a user.
pub(super) async fn attribute_query(State(door): State<Arc<Door>>, knock: Knock, posted: Posted) -> Response {
    let visit = door.visit(&knock, "/saml/aa/soap POST");
    answer(door.broker.answer_query(&visit, envelope(&posted)).await)
}

/// What goes back for an envelope.
pub(super) fn answer(answered: Answered) -> Response {
    // A denial is an answer of SAML and travels as one. SOAP 1.1 gives every fault the status of our own failures,
    // which would tell whoever watches us that we fail when strangers send nonsense.
    let status = match answered.refused.filter(|_| answered.is_fault) {
        None => StatusCode::OK,
        Some(Reason::StoreDown) => StatusCode::SERVICE_UNAVAILABLE,
        Some(Reason::HttpMethod) => StatusCode::UNSUPPORTED_MEDIA_TYPE,
        Some(reason) if reason.blame() == Blame::Us => StatusCode::INTERNAL_SERVER_ERROR,
        Some(_) => StatusCode::BAD_REQUEST,
    };
    let mut response = (status, answered.envelope).into_response();
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(CONTENT_TYPE));
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response.extensions_mut().insert(Noted {
        login: Some(answered.exchange),
        reason: answered.refused,
        outcome: answered.refused.filter(|_| status == StatusCode::OK).map(|_| Outcome::Refused),
        ..Noted::default()
    });
    response
}

/// The envelope that somebody sent.
pub(super) fn envelope(posted: &Posted) -> Result<&[u8], Fault> {
    // The second belongs to SOAP 1.2, but some send it with envelopes of SOAP 1.1. A page in a browser can send neither.
    match posted.is("text/xml") || posted.is("application/soap+xml") {
        true => posted.body().map(AsRef::as_ref),
        false => Err(Fault::new(Reason::HttpMethod, "expected the content type text/xml")),
    }
}
