//! `/api/v1/sessions`: who of the caller's authority is logged in, and the end of it.

use std::sync::Arc;

use axum::extract::{Path, RawQuery, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use jiff::Timestamp;
use serde::Serialize;
use serde_json::json;

use super::users::{bad_content, refused};
use super::{Called, answer, body};
use crate::broker::logout::Listed;
use crate::domain::id::{EntityId, LoginId};
use crate::domain::reason::{Fault, Reason};
use crate::domain::user::Mistake;
use crate::http::door::Door;

/// Who is logged in.
pub(in crate::http) async fn list(
    State(door): State<Arc<Door>>,
    called: Called,
    RawQuery(query): RawQuery,
) -> Response {
    let user = match body::query(query.as_deref().unwrap_or_default(), &["user"]) {
        Ok(query) => query.get("user"),
        Err(mistakes) => return refused(&door, &called, bad_content(), mistakes).await,
    };
    match door.broker.read_sessions(called.caller(), user.as_deref()).await {
        Ok((listed, more)) => {
            let sessions: Vec<Shown> = listed.into_iter().map(Shown::of).collect();
            answer(StatusCode::OK, &called, &json!({ "sessions": sessions, "more": more }))
        }
        Err(denied) => called.problem(&door, denied),
    }
}

/// The end of one session.
pub(in crate::http) async fn end_one(
    State(door): State<Arc<Door>>,
    called: Called,
    Path(id): Path<String>,
) -> Response {
    let Ok(id) = LoginId::new(&id) else {
        let fault = Fault::new(Reason::SessionUnknown, "expected the name of a session");
        return refused(&door, &called, fault, Vec::new()).await;
    };
    match door.broker.end_sessions_for(called.caller(), (None, Some(id))).await {
        Ok(_) => StatusCode::NO_CONTENT.into_response(),
        Err(denied) => called.problem(&door, denied),
    }
}

/// The end of a user's sessions, or of all.
pub(in crate::http) async fn end_many(
    State(door): State<Arc<Door>>,
    called: Called,
    RawQuery(query): RawQuery,
) -> Response {
    let read = body::query(query.as_deref().unwrap_or_default(), &["user", "all"]);
    let whose = read.and_then(|query| match (query.get("user"), query.get("all").as_deref()) {
        (Some(user), None) => Ok(Some(user)),
        (None, Some("true")) => Ok(None),
        _ => Err(vec![Mistake::new("?user", "expected a user, or all=true")]),
    });
    let user = match whose {
        Ok(user) => user,
        Err(mistakes) => return refused(&door, &called, bad_content(), mistakes).await,
    };
    match door.broker.end_sessions_for(called.caller(), (user.as_deref(), None)).await {
        Ok(ended) => answer(StatusCode::OK, &called, &json!({ "ended": ended })),
        Err(denied) => called.problem(&door, denied),
    }
}

/// A session as the API shows it.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Shown {
    session: LoginId,
    user: String,
    begun: Timestamp,
    expires: Timestamp,
    identity_provider: EntityId,
    service_providers: Vec<EntityId>,
}

impl Shown {
    fn of(Listed { user, service_providers, session }: Listed) -> Self {
        Self {
            session: session.id,
            user,
            begun: session.facts.begun,
            expires: session.expires,
            identity_provider: session.facts.municipal.idp,
            service_providers,
        }
    }
}
