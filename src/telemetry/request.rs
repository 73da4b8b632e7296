//! One line per request, and its metrics. Handlers add what they know through [`Noted`].

use std::sync::Arc;
use std::time::Instant;

use axum::extract::{MatchedPath, Request, State};
use axum::http::StatusCode;
use axum::middleware::Next;
use axum::response::Response;

use super::metrics::{Metrics, names};
use crate::domain::id::{EntityId, LoginId};
use crate::domain::reason::Reason;

/// What a handler knows about the request that it answered. It puts this into the extensions of its response.
#[derive(Clone, Debug, Default)]
pub struct Noted {
    /// The login that the request belongs to; the case number follows from it.
    pub login: Option<LoginId>,
    /// The fagsystem of that login.
    pub fagsystem: Option<EntityId>,
    /// The identity provider of that login.
    pub idp: Option<EntityId>,
    /// Whether the user of that login turned out to be a robot.
    pub robot: bool,
    /// The reason that was given.
    pub reason: Option<Reason>,
    /// How it ended, when the status does not say: a refusal may travel to the fagsystem in a page with status 200.
    pub outcome: Option<Outcome>,
}

/// How a request ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It got what it asked for.
    Done,
    /// It was refused, for its reason.
    Refused,
    /// We could not.
    Failed,
}

impl Outcome {
    /// The word in the log.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Done => "done",
            Self::Refused => "refused",
            Self::Failed => "failed",
        }
    }

    fn of(status: StatusCode) -> Self {
        match status.as_u16() {
            ..400 => Self::Done,
            400..500 => Self::Refused,
            500.. => Self::Failed,
        }
    }
}

/// Writes the line of a request and counts it:
/// `router.layer(axum::middleware::from_fn_with_state(metrics, telemetry::request_line))`.
///
/// The address is never written, only the pattern of its route: addresses carry messages and RelayState.
pub async fn request_line(State(metrics): State<Arc<Metrics>>, request: Request, next: Next) -> Response {
    let begun = Instant::now();
    let method = known_method(request.method().as_str());
    let route = request.extensions().get::<MatchedPath>().cloned();
    let response = next.run(request).await;
    let took = begun.elapsed();

    let route = route.as_ref().map_or("none", MatchedPath::as_str);
    let status = response.status();
    let noted = response.extensions().get::<Noted>().cloned().unwrap_or_default();
    let outcome = noted.outcome.unwrap_or(Outcome::of(status));
    metrics.count(names::REQUESTS, &[route, class(status)]);
    metrics.observe(names::SECONDS, &[route], took);
    if let Some(reason) = noted.reason {
        metrics.count(names::REASONS, &[reason.code()]);
    }
    if noted.robot {
        metrics.count(names::ROBOTS, &[outcome.as_str()]);
    }
    macro_rules! line {
        ($level:ident) => {
            tracing::$level!(
                method,
                route,
                status = status.as_u16(),
                ms = (took.as_secs_f64() * 10_000.0).round() / 10.0,
                outcome = outcome.as_str(),
                reason = noted.reason.map(Reason::code),
                correlation = noted.login.map(tracing::field::display),
                case = noted.login.map(|login| tracing::field::display(login.case_number())),
                fagsystem = noted.fagsystem.as_ref().map(EntityId::as_str),
                idp = noted.idp.as_ref().map(EntityId::as_str),
                "request"
            )
        };
    }
    match outcome {
        Outcome::Failed => line!(error),
        Outcome::Done | Outcome::Refused => line!(info),
    }
    response
}

/// Methods are written only if they are of HTTP; anybody can invent others.
fn known_method(method: &str) -> &'static str {
    let known = ["GET", "POST", "HEAD", "PUT", "DELETE", "OPTIONS", "PATCH"];
    known.into_iter().find(|known| *known == method).unwrap_or("other")
}

fn class(status: StatusCode) -> &'static str {
    match status.as_u16() {
        ..200 => "1xx",
        200..300 => "2xx",
        300..400 => "3xx",
        400..500 => "4xx",
        500.. => "5xx",
    }
}
