//! The page that judges metadata. Anybody may have a document judged by itself; only somebody who is signed in makes us
//! call others, or learns what is registered.

use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::State;
use axum::extract::rejection::BytesRejection;
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;

use super::enter::{reader, who_pressed};
use super::refused;
use crate::broker::console::Reader;
use crate::broker::trust::gate::{Examined, Given, MOST_BYTES};
use crate::domain::id::LoginId;
use crate::domain::reason::Fault;
use crate::http::door::{Door, Knock};
use crate::http::multipart::Fields;
use crate::http::pages::{self, Judged, Wrong};

/// The largest form: metadata of the largest size, twice, and what stands around it.
pub(in crate::http) const MOST_FORM: usize = 2 * MOST_BYTES + 64 * 1024;

/// The form.
pub(in crate::http) async fn form(
    State(door): State<Arc<Door>>,
    knock: Knock,
    headers: HeaderMap,
) -> Response {
    let reader = reader(&door, &headers).await.ok();
    pages::metadata(&knock.visitor, reader.map(|reader| reader.session), &Judged::Nothing)
}

/// What was filled in is judged.
pub(in crate::http) async fn judge(
    State(door): State<Arc<Door>>,
    knock: Knock,
    headers: HeaderMap,
    body: Result<Bytes, BytesRejection>,
) -> Response {
    let shown = reader(&door, &headers).await.ok().map(|reader| reader.session);
    let page = |judged: &Judged| pages::metadata(&knock.visitor, shown, judged);
    let body = match body {
        Ok(body) => body,
        Err(rejected) if rejected.status() == StatusCode::PAYLOAD_TOO_LARGE => {
            return page(&Judged::Wrong(Wrong::TooLarge));
        }
        Err(_) => return page(&Judged::Wrong(Wrong::NotOne)),
    };
    let Some(fields) = Fields::read(&headers, &body) else { return page(&Judged::Wrong(Wrong::NotOne)) };
    let given = match given(&fields) {
        Ok(given) => given,
        Err(wrong) => return page(&Judged::Wrong(wrong)),
    };
    let named = fields.text("console").and_then(|named| LoginId::new(named).ok());
    let reader = who_pressed(&door, &headers, named).await.ok();
    match look(&door, &knock, reader, given).await {
        Ok(Some(Examined { entities: parties, findings, .. })) => {
            page(&Judged::Found { parties, findings, at: door.broker.now() })
        }
        Ok(None) => page(&Judged::Wrong(Wrong::SignIn)),
        Err(fault) => refused(&knock.visitor, &fault),
    }
}

/// The one thing that was filled in.
fn given(fields: &Fields<'_>) -> Result<Given, Wrong> {
    let given = match (fields.get("file"), fields.get("xml"), fields.text("url")) {
        (Some(document), None, None) | (None, Some(document), None) => {
            Given::Document(document.trim_ascii().to_vec())
        }
        (None, None, Some(address)) => Given::Address(address.to_owned()),
        _ => return Err(Wrong::NotOne),
    };
    match &given {
        Given::Document(document) if document.len() > MOST_BYTES => Err(Wrong::TooLarge),
        _ => Ok(given),
    }
}

/// Nothing, where somebody would have to be signed in.
async fn look(
    door: &Door,
    knock: &Knock,
    reader: Option<Reader>,
    given: Given,
) -> Result<Option<Examined>, Fault> {
    let visit = door.visit(knock, "/trust/metadata POST");
    match (reader, given) {
        (Some(reader), given) => {
            let what = match &given {
                Given::Document(_) => "metadata that was handed in".to_owned(),
                Given::Address(address) => format!("metadata at {address}"),
            };
            door.broker.look(&visit, &reader, None, &what).await?;
            Ok(Some(door.broker.examine_metadata(given).await))
        }
        (None, Given::Document(document)) => door.broker.judge_metadata(document).await.map(Some),
        (None, Given::Address(_)) => Ok(None),
    }
}
