//! `/api/v1/users`: the users that the caller's authority keeps here.

use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::rejection::BytesRejection;
use axum::extract::{Path, RawQuery, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use jiff::Timestamp;
use serde::Serialize;
use serde_json::{Value, json};

use super::body::{self, Read};
use super::{Called, answer, problem};
use crate::broker::users::{Condition, Denied, Kept, UserChange};
use crate::domain::id::Cvr;
use crate::domain::reason::{Fault, Reason};
use crate::domain::user::{Draft, Mistake, User, check_all};
use crate::http::door::Door;
use crate::protocol::address::escaped;

/// The largest list of users that is taken in one piece.
pub(in crate::http) const MAX_BULK: usize = 10 * 1024 * 1024;

/// The most objects and lists in a content, and in a list of users. Each of them costs us a hundred times the bytes that
/// it is written with.
const MOST_PARTS: usize = 20_000;
const MOST_PARTS_OF_LIST: usize = 400_000;

/// A list of users, part by part.
pub(in crate::http) async fn list(
    State(door): State<Arc<Door>>,
    called: Called,
    RawQuery(query): RawQuery,
) -> Response {
    let asked = match body::list_query(query.as_deref().unwrap_or_default(), called.caller.authority()) {
        Ok(asked) => asked,
        Err(mistakes) => return refused(&door, &called, bad_content(), mistakes).await,
    };
    let size = asked.limit;
    let index = asked.offset / size.max(1);
    match door.broker.read_users(&called.caller, asked).await {
        Ok(page) => {
            let users: Vec<Shown> = page.users.into_iter().map(Shown::of).collect();
            let content = json!({ "pageIndex": index, "pageSize": size, "more": page.more, "users": users });
            answer(StatusCode::OK, &called, &content)
        }
        Err(denied) => problem(&door, called.lang, denied),
    }
}

/// One user.
pub(in crate::http) async fn one(
    State(door): State<Arc<Door>>,
    called: Called,
    Path(id): Path<String>,
) -> Response {
    match door.broker.read_user(&called.caller, &id).await {
        Ok(kept) => shown(StatusCode::OK, &called, kept),
        Err(denied) => problem(&door, called.lang, denied),
    }
}

/// A user in the content, created or replaced.
pub(in crate::http) async fn post(
    State(door): State<Arc<Door>>,
    called: Called,
    headers: HeaderMap,
    content: Result<Bytes, BytesRejection>,
) -> Response {
    put_one(&door, &called, None, (&headers, content)).await
}

/// A user of the id in the address, created or replaced.
pub(in crate::http) async fn put(
    State(door): State<Arc<Door>>,
    called: Called,
    Path(id): Path<String>,
    headers: HeaderMap,
    content: Result<Bytes, BytesRejection>,
) -> Response {
    put_one(&door, &called, Some(id), (&headers, content)).await
}

/// A user that is removed.
pub(in crate::http) async fn delete(
    State(door): State<Arc<Door>>,
    called: Called,
    Path(id): Path<String>,
    headers: HeaderMap,
) -> Response {
    let only_if = match condition(&headers) {
        Ok(only_if) => only_if,
        Err(fault) => return refused(&door, &called, fault, Vec::new()).await,
    };
    match door.broker.delete_user(&called.caller, &id, &only_if).await {
        Ok(()) => StatusCode::NO_CONTENT.into_response(),
        Err(denied) => problem(&door, called.lang, denied),
    }
}

/// A list that replaces all users of the authority.
pub(in crate::http) async fn replace_all(
    State(door): State<Arc<Door>>,
    called: Called,
    headers: HeaderMap,
    content: Result<Bytes, BytesRejection>,
) -> Response {
    bulk(&door, &called, (&headers, content), UserChange::ReplaceAll).await
}

/// A list whose users are created or replaced; all others stay.
pub(in crate::http) async fn put_many(
    State(door): State<Arc<Door>>,
    called: Called,
    headers: HeaderMap,
    content: Result<Bytes, BytesRejection>,
) -> Response {
    bulk(&door, &called, (&headers, content), UserChange::Put).await
}

async fn put_one(
    door: &Arc<Door>,
    called: &Called,
    id: Option<String>,
    (headers, content): (&HeaderMap, Result<Bytes, BytesRejection>),
) -> Response {
    let read = |own: Cvr, value: &Value| body::user(value, own, id.as_deref());
    let only_if = match condition(headers) {
        Ok(only_if) => only_if,
        Err(fault) => return refused(door, called, fault, Vec::new()).await,
    };
    let drafts = match read_content(called, json_of(headers, content), read) {
        Ok(drafts) => drafts,
        Err((fault, mistakes)) => return refused(door, called, fault, mistakes).await,
    };
    let Some(draft) = drafts.into_iter().next() else {
        return refused(door, called, bad_content(), Vec::new()).await;
    };
    let user = match draft.check(called.caller.authority(), door.broker.now()) {
        Ok(user) => user,
        Err(mistakes) => return refused(door, called, bad_content(), mistakes).await,
    };
    match door.broker.put_user(&called.caller, user.clone(), &only_if).await {
        Ok(is_new) => {
            let at = format!("/api/v1/users/{}", escaped(&user.id));
            let status = if is_new { StatusCode::CREATED } else { StatusCode::OK };
            let mut response = shown(status, called, Kept { user, in_register: false });
            let at = HeaderValue::try_from(at).ok().filter(|_| is_new);
            response.headers_mut().extend(at.map(|at| (header::LOCATION, at)));
            response
        }
        Err(denied) => problem(door, called.lang, denied),
    }
}

async fn bulk(
    door: &Arc<Door>,
    called: &Called,
    (headers, content): (&HeaderMap, Result<Bytes, BytesRejection>),
    change: fn(Vec<User>) -> UserChange,
) -> Response {
    if let Err(fault) = unconditional(headers) {
        return refused(door, called, fault, Vec::new()).await;
    }
    let content = json_within(headers, content, MOST_PARTS_OF_LIST);
    let drafts = match read_content(called, content, |own, value| body::users(value, own)) {
        Ok(drafts) => drafts,
        Err((fault, mistakes)) => return refused(door, called, fault, mistakes).await,
    };
    let users = match check_all(drafts, called.caller.authority(), door.broker.now()) {
        Ok(users) => users,
        Err(mistakes) => return refused(door, called, bad_content(), mistakes).await,
    };
    let count = users.len();
    match door.broker.change_users(&called.caller, change(users)).await {
        Ok(()) => answer(StatusCode::OK, called, &json!({ "users": count })),
        Err(denied) => problem(door, called.lang, denied),
    }
}

/// The users of a content that is well formed and names no other authority.
fn read_content(
    called: &Called,
    content: Result<Value, Fault>,
    read: impl FnOnce(Cvr, &Value) -> Read,
) -> Result<Vec<Draft>, (Fault, Vec<Mistake>)> {
    let own = called.caller.authority();
    let read = read(own, &content.map_err(|fault| (fault, Vec::new()))?);
    if read.is_too_much() {
        let what = "expected privileges that unfold to 64 MB at most: send the list in parts";
        return Err((Fault::new(Reason::ApiSize, what), Vec::new()));
    }
    let Read { drafts, mistakes, names_another, .. } = read;
    if names_another {
        let what = format!("expected no authority, or {own}");
        return Err((Fault::new(Reason::ApiAuthority, what), Vec::new()));
    }
    if mistakes.is_empty() { Ok(drafts) } else { Err((bad_content(), mistakes)) }
}

pub(super) fn json_of(headers: &HeaderMap, content: Result<Bytes, BytesRejection>) -> Result<Value, Fault> {
    json_within(headers, content, MOST_PARTS)
}

fn json_within(
    headers: &HeaderMap,
    content: Result<Bytes, BytesRejection>,
    most_parts: usize,
) -> Result<Value, Fault> {
    let stated = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let kind = stated.split(';').next().unwrap_or_default().trim();
    if !kind.eq_ignore_ascii_case("application/json") {
        return Err(Fault::new(Reason::ApiType, "expected the content type application/json"));
    }
    let content = content.map_err(|rejected| match rejected.status() {
        StatusCode::PAYLOAD_TOO_LARGE => {
            Fault::new(Reason::ApiSize, "expected at most 1 MB, or 10 MB for a list")
        }
        _ => Fault::new(Reason::ApiBody, "the content did not arrive whole"),
    })?;
    let parts = content.iter().filter(|byte| matches!(byte, b'{' | b'[')).count();
    if parts > most_parts {
        let what = format!("expected at most {most_parts} objects and lists, got {parts}");
        return Err(Fault::new(Reason::ApiSize, what));
    }
    // What the reader says names a line and a column, never what stands there.
    serde_json::from_slice(&content)
        .map_err(|error| Fault::new(Reason::ApiBody, format!("expected JSON: {error}")))
}

pub(super) fn bad_content() -> Fault {
    Fault::new(Reason::ApiBody, "the content has mistakes")
}

pub(super) async fn refused(
    door: &Arc<Door>,
    called: &Called,
    fault: Fault,
    mistakes: Vec<Mistake>,
) -> Response {
    let denied: Denied = door.broker.refuse_call(&called.caller, fault, mistakes).await;
    problem(door, called.lang, denied)
}

/// What a caller wants to hold before it changes a user: `If-Match` names the states that it has seen, and
/// `If-None-Match: *` that there was none. Whatever else such a header says would be passed over, so it is refused.
fn condition(headers: &HeaderMap) -> Result<Condition, Fault> {
    let said =
        |name: header::HeaderName| headers.get_all(name).iter().map(|value| value.to_str().unwrap_or("?"));
    let matches: Vec<&str> =
        said(header::IF_MATCH).flat_map(|value| value.split(',')).map(str::trim).collect();
    let none: Vec<&str> = said(header::IF_NONE_MATCH).map(str::trim).collect();
    match (matches.as_slice(), none.as_slice()) {
        ([], []) => Ok(Condition::None),
        (["*"], []) => Ok(Condition::There),
        ([], ["*"]) => Ok(Condition::Absent),
        (tags, []) if tags.iter().all(|tag| tag.len() > 1 && tag.starts_with('"') && tag.ends_with('"')) => {
            Ok(Condition::Tagged(tags.iter().map(|tag| (*tag).to_owned()).collect()))
        }
        _ => Err(Fault::new(
            Reason::ApiBody,
            "expected one of If-Match with what ETag told, If-Match: * and If-None-Match: *",
        )),
    }
}

/// A list has no state that a caller could have seen, so nothing that such a header asks for can be held.
fn unconditional(headers: &HeaderMap) -> Result<(), Fault> {
    let asks = [header::IF_MATCH, header::IF_NONE_MATCH].iter().any(|name| headers.contains_key(name));
    let what = "expected a list without If-Match and If-None-Match: call again without them, or change one user at a time";
    if asks { Err(Fault::new(Reason::ApiBody, what)) } else { Ok(()) }
}

/// A user with the tag of its state.
fn shown(status: StatusCode, called: &Called, kept: Kept) -> Response {
    let tag = HeaderValue::try_from(kept.tag());
    let mut response = answer(status, called, &Shown::of(kept));
    response.headers_mut().extend(tag.ok().map(|tag| (header::ETAG, tag)));
    response
}

/// A user as the API shows it.
#[derive(Serialize)]
struct Shown {
    authority: Cvr,
    #[serde(flatten)]
    draft: Draft,
    /// Where it is changed: in the files of the register or here.
    source: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    modified: Option<Timestamp>,
}

impl Shown {
    fn of(kept: Kept) -> Self {
        let Kept { user, in_register } = kept;
        Self {
            authority: user.authority,
            draft: user.draft(),
            source: if in_register { "register" } else { "api" },
            modified: (!in_register).then_some(user.modified),
        }
    }
}
