//! The certificate weather at the door: as a page for those who are signed in, as feeds for them and for systems.

use std::sync::Arc;

use axum::extract::{FromRequestParts, Request, State};
use axum::http::{HeaderMap, HeaderValue, header};
use axum::response::{IntoResponse, Response};

use super::enter::reader;
use super::refused;
use crate::domain::reason::Fault;
use crate::domain::trust::Outlook;
use crate::http::api::Called;
use crate::http::door::{Door, Knock};
use crate::http::pages;
use crate::http::saml::no_store;

/// The page.
pub(in crate::http) async fn page(
    State(door): State<Arc<Door>>,
    knock: Knock,
    headers: HeaderMap,
) -> Response {
    match seen(&door, &knock, &headers, "/trust/certificates GET").await {
        Ok(seen) => pages::certificates(&knock.visitor, &seen),
        Err(fault) => refused(&knock.visitor, &fault),
    }
}

/// What is warned of, as a feed.
pub(in crate::http) async fn atom(State(door): State<Arc<Door>>, knock: Knock, request: Request) -> Response {
    const TYPE: HeaderValue = HeaderValue::from_static("application/atom+xml; charset=utf-8");
    match seen_by_anybody(&door, &knock, request, "/trust/certificates.atom GET").await {
        Ok(seen) => {
            let (url, now) = (&door.broker.settings().public_url, door.broker.now());
            let feed = pages::atom(&knock.visitor, &seen, url, now);
            no_store(([(header::CONTENT_TYPE, TYPE)], feed).into_response())
        }
        Err(response) => *response,
    }
}

/// When each certificate ends, as a calendar.
pub(in crate::http) async fn ics(State(door): State<Arc<Door>>, knock: Knock, request: Request) -> Response {
    const TYPE: HeaderValue = HeaderValue::from_static("text/calendar; charset=utf-8");
    match seen_by_anybody(&door, &knock, request, "/trust/certificates.ics GET").await {
        Ok(seen) => {
            let (url, now) = (&door.broker.settings().public_url, door.broker.now());
            let calendar = pages::calendar(&knock.visitor, &seen, url, now);
            no_store(([(header::CONTENT_TYPE, TYPE)], calendar).into_response())
        }
        Err(response) => *response,
    }
}

/// A reader by the cookie, or a system by what it proves itself with.
async fn seen_by_anybody(
    door: &Arc<Door>,
    knock: &Knock,
    request: Request,
    endpoint: &'static str,
) -> Result<Vec<Outlook>, Box<Response>> {
    let (mut parts, _) = request.into_parts();
    let proves =
        parts.headers.contains_key(header::AUTHORIZATION) || parts.headers.contains_key("client-cert");
    if !proves {
        let seen = seen(door, knock, &parts.headers, endpoint).await;
        return seen.map_err(|fault| Box::new(refused(&knock.visitor, &fault)));
    }
    let called = Called::from_request_parts(&mut parts, door).await.map_err(Box::new)?;
    let seen = door.broker.weather_for(called.caller()).await;
    seen.map_err(|denied| Box::new(called.problem(door, denied)))
}

async fn seen(
    door: &Door,
    knock: &Knock,
    headers: &HeaderMap,
    endpoint: &'static str,
) -> Result<Vec<Outlook>, Fault> {
    let reader = reader(door, headers).await?;
    door.broker.look(&door.visit(knock, endpoint), &reader, None, "certificates").await?;
    door.broker.weather(Some(&reader.sees)).await
}
