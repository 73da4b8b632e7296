//! Trust verification at the door: the link to a run, and what came of it.

use std::sync::Arc;

use axum::extract::{Path, State};
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};

use super::door::{Door, Knock};
use super::pages;
use super::saml::{Onward, answer};
use crate::protocol::seal::Ticket;

/// Whoever holds the link begins the run.
pub(super) async fn begin(
    State(door): State<Arc<Door>>,
    knock: Knock,
    Path(ticket): Path<String>,
) -> Response {
    let Some(ticket) = Ticket::read(&ticket) else { return pages::not_found(&knock.visitor) };
    let visit = door.visit(&knock, "/trust/runs/{ticket} POST");
    let step = door.broker.begin_run(&visit, &ticket).await;
    answer(&knock.visitor, step, Onward::ByPage)
}

/// The report of a run that has ended, for programs.
pub(super) async fn report_json(
    State(door): State<Arc<Door>>,
    knock: Knock,
    Path(ticket): Path<String>,
) -> Response {
    const TYPE: HeaderValue = HeaderValue::from_static("application/json");
    const NO_STORE: HeaderValue = HeaderValue::from_static("no-store");
    let Some(ticket) = Ticket::read(&ticket) else { return pages::not_found(&knock.visitor) };
    match door.broker.ordered_run(&ticket).await.map(|run| run.report) {
        Ok(Some(report)) => {
            let body = serde_json::to_string_pretty(&report).unwrap_or_default();
            ([(header::CONTENT_TYPE, TYPE), (header::CACHE_CONTROL, NO_STORE)], body).into_response()
        }
        Ok(None) => StatusCode::NO_CONTENT.into_response(),
        Err(_) => pages::not_found(&knock.visitor),
    }
}
