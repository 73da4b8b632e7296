//! `/api/v1/trust/checks`: metadata, or a registered party, is looked at; what was found is told finding by finding.

use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::State;
use axum::extract::rejection::BytesRejection;
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use base64_simd::STANDARD;
use serde::Serialize;
use serde_json::Value;

use super::users::{bad_content, json_of, refused};
use super::{Called, answer, problem};
use crate::broker::trust::gate::{Asked, Examined, Given, MOST_BYTES};
use crate::domain::id::EntityId;
use crate::domain::reason::{Fault, Reason};
use crate::domain::trust::{Told, Verdict, verdict};
use crate::domain::user::Mistake;
use crate::http::door::Door;

/// The largest content: metadata of the largest size, in base64.
pub(in crate::http) const MOST_BODY: usize = MOST_BYTES / 3 * 4 + 4096;

/// What was found.
#[derive(Serialize)]
struct Found<'e> {
    verdict: Verdict,
    entities: &'e [EntityId],
    findings: Vec<Told<'e>>,
}

/// Looks at metadata, or at a party.
pub(in crate::http) async fn check(
    State(door): State<Arc<Door>>,
    called: Called,
    headers: HeaderMap,
    content: Result<Bytes, BytesRejection>,
) -> Response {
    let asked = match json_of(&headers, content).map(|content| asked(&content)) {
        Ok(Ok(asked)) => asked,
        Ok(Err(mistake)) => return refused(&door, &called, bad_content(), vec![mistake]).await,
        Err(fault) => return refused(&door, &called, too_large(fault), Vec::new()).await,
    };
    match door.broker.check_for(&called.caller, asked).await {
        Ok(Examined { findings, entities, .. }) => {
            let told = findings.iter().map(Told::of).collect();
            let found = Found { verdict: verdict(&findings), entities: &entities, findings: told };
            answer(StatusCode::OK, &called, &found)
        }
        Err(denied) => problem(&door, called.lang, denied),
    }
}

fn asked(content: &Value) -> Result<Asked, Mistake> {
    match (content.get("party"), content.get("SamlMetadata")) {
        (Some(party), None) => {
            let name = party.as_str().and_then(|name| EntityId::new(name).ok());
            name.map(Asked::Party).ok_or_else(|| Mistake::new("/party", "expected an entityID"))
        }
        (None, Some(_)) => given(content).map(Asked::Given),
        _ => Err(Mistake::new("", "expected one of `party` and `SamlMetadata`")),
    }
}

/// `{ "SamlMetadata": { "Xml": base64 } }` or `{ "SamlMetadata": { "MetadataUrl": address } }`.
pub(super) fn given(content: &Value) -> Result<Given, Mistake> {
    let metadata = content.get("SamlMetadata").and_then(Value::as_object);
    let metadata = metadata.ok_or_else(|| Mistake::new("/SamlMetadata", "expected an object"))?;
    let text = |name: &str| metadata.get(name).filter(|value| !value.is_null()).map(Value::as_str);
    match (text("Xml"), text("MetadataUrl")) {
        (Some(Some(xml)), None) => {
            let wrong = |what: &'static str| Mistake::new("/SamlMetadata/Xml", what);
            let packed: Vec<u8> = xml.bytes().filter(|byte| !byte.is_ascii_whitespace()).collect();
            let document = STANDARD.decode_to_vec(packed).map_err(|_| wrong("expected base64"))?;
            match document.len() <= MOST_BYTES {
                true => Ok(Given::Document(document)),
                false => Err(wrong("expected metadata of at most 1 MB")),
            }
        }
        (None, Some(Some(address))) => Ok(Given::Address(address.to_owned())),
        _ => Err(Mistake::new("/SamlMetadata", "expected one of `Xml` and `MetadataUrl`, as text")),
    }
}

fn too_large(fault: Fault) -> Fault {
    match fault.reason {
        Reason::ApiSize => Fault::new(Reason::ApiSize, "expected metadata of at most 1 MB"),
        _ => fault,
    }
}
