//! Trust verification at the door: the link to a run, and what came of it.

use std::sync::Arc;

use axum::extract::{FromRequestParts, Path, State};
use axum::http::request::Parts;
use axum::http::{HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::json;

use super::door::{Door, Knock};
use super::pages;
use super::saml::{Onward, answer};
use super::visitor::Lang;
use crate::broker::trust::Outcome;
use crate::domain::reason::{Fault, Reason};
use crate::domain::trust::{Published, Report, SCHEMA, junit};
use crate::protocol::seal::Ticket;

/// How long a reader of a report that is not there yet waits before it asks again, in seconds.
const ASK_AGAIN: HeaderValue = HeaderValue::from_static("2");

/// What the link to a run holds. What is no link leads nowhere.
pub(super) struct Link(Ticket);

impl FromRequestParts<Arc<Door>> for Link {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, door: &Arc<Door>) -> Result<Self, Response> {
        let Ok(knock) = Knock::from_request_parts(parts, door).await;
        let link = Path::<String>::from_request_parts(parts, door).await.ok();
        let ticket = link.and_then(|Path(link)| Ticket::read(&link));
        ticket.map(Self).ok_or_else(|| pages::not_found(&knock.visitor))
    }
}

/// Who is waited for, or what came of it.
pub(super) async fn show(State(door): State<Arc<Door>>, knock: Knock, Link(ticket): Link) -> Response {
    let visitor = &knock.visitor;
    let address = &format!("/trust/runs/{}", ticket.text());
    match door.broker.outcome_of_run(&ticket).await {
        Ok(Outcome::Waiting { authority, idp, scenario, fagsystem, expires, sent }) => {
            let fagsystem = fagsystem.as_deref();
            let (authority, idp) = (authority.as_str(), idp.as_str());
            let sent = sent.as_deref();
            let run = pages::Waiting { address, authority, idp, scenario, fagsystem, expires, sent };
            pages::waiting(visitor, &run)
        }
        Ok(Outcome::Ended { report, previous }) => {
            let visit = door.visit(&knock, "/trust/runs/{ticket} GET");
            if let Err(fault) = door.broker.look_by_link(&visit, &report).await {
                return not_shown(&knock, &fault);
            }
            let previous = previous.as_deref();
            let again = pages::Again::Link;
            pages::report(visitor, &pages::Shown { report: &report, previous, address, again })
        }
        Err(fault) => not_shown(&knock, &fault),
    }
}

/// Whoever holds the link begins the run.
pub(super) async fn begin(State(door): State<Arc<Door>>, knock: Knock, Link(ticket): Link) -> Response {
    let step = door.broker.begin_run(&door.visit(&knock, "/trust/runs/{ticket} POST"), &ticket).await;
    answer(&knock.visitor, step, Onward::ByPage)
}

/// Whoever holds the link tries the same again.
pub(super) async fn again(State(door): State<Arc<Door>>, knock: Knock, Link(ticket): Link) -> Response {
    let step = door.broker.order_again(&door.visit(&knock, "/trust/runs/{ticket}/again POST"), &ticket).await;
    answer(&knock.visitor, step, Onward::ByPage)
}

/// How far a run is, for programs.
pub(super) async fn run_json(State(door): State<Arc<Door>>, knock: Knock, Link(ticket): Link) -> Response {
    match door.broker.ordered_run(&ticket).await {
        Ok(run) => {
            let shown = json!({
                "id": run.id, "identityProvider": run.idp, "scenario": run.scenario, "ordered": run.ordered,
                "finished": run.report.as_ref().map(|report| report.finished),
                "unanswered": run.unanswered(),
            });
            let kind = (header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
            ([kind, NO_STORE], shown.to_string()).into_response()
        }
        Err(fault) => not_shown(&knock, &fault),
    }
}

/// The report of a run that has ended, for programs.
pub(super) async fn report_json(State(door): State<Arc<Door>>, knock: Knock, Link(ticket): Link) -> Response {
    download(&door, &knock, &ticket, Form::Json).await
}

/// The same for build servers.
pub(super) async fn report_junit(
    State(door): State<Arc<Door>>,
    knock: Knock,
    Link(ticket): Link,
) -> Response {
    download(&door, &knock, &ticket, Form::Junit).await
}

/// The same as evidence that is kept, and proved without us.
pub(super) async fn report_zip(State(door): State<Arc<Door>>, knock: Knock, Link(ticket): Link) -> Response {
    download(&door, &knock, &ticket, Form::Zip).await
}

/// A form of a report that is not a page.
#[derive(Clone, Copy)]
pub(super) enum Form {
    Json,
    Junit,
    Zip,
}

impl Form {
    /// The form of this name in an address.
    pub(super) fn of_name(name: &str) -> Option<Self> {
        match name {
            "report.json" => Some(Self::Json),
            "report.junit" => Some(Self::Junit),
            "report.zip" => Some(Self::Zip),
            _ => None,
        }
    }

    fn content_type(self) -> &'static str {
        match self {
            Self::Json => "application/json",
            Self::Junit => "application/xml",
            Self::Zip => "application/zip",
        }
    }

    fn content(self, door: &Door, report: &Report) -> Result<Vec<u8>, Fault> {
        match self {
            Self::Json => serde_json::to_vec_pretty(&Published::from(report))
                .map_err(|error| Fault::new(Reason::Internal, error.to_string())),
            Self::Junit => Ok(junit(report, &[]).into_bytes()),
            Self::Zip => {
                let page = |lang| pages::report_file(report, lang, &door.broker.settings().public_url);
                door.broker.evidence(report, &page(Lang::Da)?, &page(Lang::En)?)
            }
        }
    }
}

/// What the JSON of a report looks like.
pub(super) async fn schema() -> Response {
    ([(header::CONTENT_TYPE, HeaderValue::from_static("application/schema+json"))], SCHEMA).into_response()
}

const NO_STORE: (HeaderName, HeaderValue) = (header::CACHE_CONTROL, HeaderValue::from_static("no-store"));

async fn download(door: &Door, knock: &Knock, ticket: &Ticket, form: Form) -> Response {
    match door.broker.ordered_run(ticket).await.map(|run| run.report) {
        Ok(Some(report)) => {
            let visit = door.visit(knock, "/trust/runs/{ticket}/report GET");
            match door.broker.look_by_link(&visit, &report).await {
                Ok(()) => file(door, knock, form, &report),
                Err(fault) => not_shown(knock, &fault),
            }
        }
        Ok(None) => (StatusCode::NO_CONTENT, [NO_STORE, (header::RETRY_AFTER, ASK_AGAIN)]).into_response(),
        Err(fault) => not_shown(knock, &fault),
    }
}

/// A report in this form, for whoever may read it.
pub(super) fn file(door: &Door, knock: &Knock, form: Form, report: &Report) -> Response {
    const NOSNIFF: (HeaderName, HeaderValue) =
        (header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    let content = match form.content(door, report) {
        Ok(content) => content,
        Err(fault) => return not_shown(knock, &fault),
    };
    let kind = (header::CONTENT_TYPE, HeaderValue::from_static(form.content_type()));
    let mut response = ([kind, NO_STORE, NOSNIFF], content).into_response();
    if let (Form::Zip, Ok(named)) =
        (form, HeaderValue::try_from(format!("attachment; filename=\"trust-evidence-{}.zip\"", report.run)))
    {
        response.headers_mut().insert(header::CONTENT_DISPOSITION, named);
    }
    response
}

fn not_shown(knock: &Knock, fault: &Fault) -> Response {
    match fault.reason {
        Reason::StoreDown | Reason::Internal => pages::unavailable(&knock.visitor, 30),
        _ => pages::not_found(&knock.visitor),
    }
}
