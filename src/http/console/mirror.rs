//! The mirror for suppliers: their fagsystemer, and one of them as we see it.

use std::sync::Arc;

use axum::extract::{Query, State};
use axum::http::HeaderMap;
use axum::response::Response;
use serde::Deserialize;

use super::enter::reader;
use super::refused;
use crate::domain::id::EntityId;
use crate::domain::reason::Fault;
use crate::http::door::{Door, Knock};
use crate::http::pages::{self, InMirror};

/// Which fagsystem; without one, all of them are listed.
#[derive(Deserialize)]
pub(in crate::http) struct Which {
    #[serde(default)]
    system: String,
}

/// The fagsystemer of a reader, or one of them.
pub(in crate::http) async fn mirror(
    State(door): State<Arc<Door>>,
    knock: Knock,
    Query(which): Query<Which>,
    headers: HeaderMap,
) -> Response {
    let shown = match which.system.is_empty() {
        true => all(&door, &knock, &headers).await,
        false => one(&door, &knock, &headers, &which.system).await,
    };
    shown.unwrap_or_else(|fault| refused(&knock.visitor, &fault))
}

async fn all(door: &Door, knock: &Knock, headers: &HeaderMap) -> Result<Response, Fault> {
    let reader = reader(door, headers).await?;
    door.broker.look(&door.visit(knock, "/trust/sp GET"), &reader, None, "mirror").await?;
    let snapshot = door.broker.snapshot();
    Ok(pages::systems(&knock.visitor, &door.broker.systems_seen(&snapshot, &reader)))
}

async fn one(door: &Door, knock: &Knock, headers: &HeaderMap, system: &str) -> Result<Response, Fault> {
    let reader = reader(door, headers).await?;
    let Ok(system) = EntityId::new(system) else { return Ok(pages::not_found(&knock.visitor)) };
    let reflected = door.broker.reflect(&door.visit(knock, "/trust/sp GET"), &reader, &system).await?;
    let snapshot = door.broker.snapshot();
    let federation = snapshot.federation();
    let Some(registered) = federation.fagsystemer().find(|known| known.entity_id == system) else {
        return Ok(pages::not_found(&knock.visitor));
    };
    let name = |cvr| federation.authority(cvr).map_or_else(|| cvr.to_string(), |known| known.name.clone());
    let view = InMirror {
        registered,
        spoken: &door.broker.spoken(&snapshot, &system),
        reflected: &reflected,
        name: &name,
    };
    Ok(pages::mirror(&knock.visitor, &view))
}
