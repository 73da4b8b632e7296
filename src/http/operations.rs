//! For those who run us, on a listener of their own: is it alive, is it ready, how much does it do, which version.

use std::sync::Arc;

use axum::extract::State;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};

use crate::broker::Broker;
use crate::telemetry::Metrics;

/// What the operations listener has at hand.
pub struct Operations {
    /// The broker.
    pub broker: Arc<Broker>,
    /// The metrics.
    pub metrics: Arc<Metrics>,
}

/// The process answers.
pub(super) async fn healthz() -> &'static str {
    "ok\n"
}

/// Logins can be issued: the store takes writes. Whether partners can be reached is not our readiness.
pub(super) async fn readyz(State(operations): State<Arc<Operations>>) -> Response {
    match operations.broker.purge().await {
        Ok(()) => "ready\n".into_response(),
        Err(fault) => {
            (StatusCode::SERVICE_UNAVAILABLE, format!("not ready: {}\n", fault.reason)).into_response()
        }
    }
}

/// The metrics in the text form of Prometheus.
pub(super) async fn metrics(State(operations): State<Arc<Operations>>) -> Response {
    const TEXT: HeaderValue = HeaderValue::from_static("text/plain; version=0.0.4; charset=utf-8");
    ([(header::CONTENT_TYPE, TEXT)], operations.metrics.text()).into_response()
}

/// The version of this program.
pub(super) async fn version() -> &'static str {
    concat!(env!("CARGO_PKG_NAME"), " ", env!("CARGO_PKG_VERSION"), "\n")
}
