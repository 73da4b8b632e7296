//! `/api/v1/trust` and `/api/v1/adoption`: runs of the caller's municipality, and how far it has come.

use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::rejection::BytesRejection;
use axum::extract::{Path, RawQuery, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::Response;
use jiff::Timestamp;
use serde::Serialize;
use serde_json::{Value, json};

use super::users::{bad_content, json_of, refused};
use super::{Called, answer, problem};
use crate::broker::trust::Order;
use crate::broker::trust::klik::Known;
use crate::domain::console::Sees;
use crate::domain::federation::Fagsystem;
use crate::domain::id::{Cvr, EntityId, LoginId};
use crate::domain::reason::{Fault, Reason};
use crate::domain::trust::{Adoption, Line, Mark, Published, Scenario, State as TaskState, Step, foreseen};
use crate::domain::user::Mistake;
use crate::http::door::Door;
use crate::protocol::saml::binding::Parameters;

/// So many runs are listed.
const RUNS: u32 = 100;

/// How far the caller's municipality has come.
pub(in crate::http) async fn adoption(
    State(door): State<Arc<Door>>,
    called: Called,
    RawQuery(query): RawQuery,
) -> Response {
    let own = called.caller.authority();
    let asked =
        Parameters::read(query.as_deref().unwrap_or_default()).ok().and_then(|query| query.get("cvr"));
    if asked.is_some_and(|cvr| cvr != own.as_str()) {
        let what = format!("expected no authority, or {own}");
        return refused(&door, &called, Fault::new(Reason::ApiAuthority, what), Vec::new()).await;
    }
    match door.broker.known_by(&called.caller).await {
        Ok(known) => answer(StatusCode::OK, &called, &progress(&door, &known, own)),
        Err(denied) => problem(&door, called.lang, denied),
    }
}

fn progress(door: &Door, known: &Known, own: Cvr) -> Value {
    let snapshot = door.broker.snapshot();
    let sees = Sees::Authority(own);
    let authority = snapshot.federation().authority(own);
    let progress = authority.map(|authority| known.progress(&snapshot, authority, &sees));
    let steps = progress.as_ref().map_or(&[][..], |progress| &progress.steps);
    let used = known.logins(own);
    let systems = known.systems_of(&snapshot, &sees, own).into_iter();
    let systems = systems.map(|system| in_use(system, used.get(&system.entity_id).copied()));
    json!({
        "authority": own,
        "environment": door.broker.settings().environment,
        "tasks": steps.iter().map(Task::of).collect::<Vec<_>>(),
        "systems": systems.collect::<Vec<_>>(),
    })
}

/// How far a fagsystem is in use.
fn in_use(system: &Fagsystem, used: Option<&Adoption>) -> Value {
    json!({
        "entityId": system.entity_id,
        "name": system.name,
        "logins": used.map_or(0, |used| used.logins),
        "withRights": used.map_or(0, |used| used.with_rights),
        "first": used.map(|used| used.first),
        "last": used.map(|used| used.last),
        "nist": used.and_then(|used| used.nist),
        "nsis": used.and_then(|used| used.nsis),
    })
}

/// One fagsystem of the caller's municipality: its logins there, and how its users reach the level that it demands and
/// those that it could demand. One that the municipality may not use is as unknown as one that never was.
pub(in crate::http) async fn system(
    State(door): State<Arc<Door>>,
    called: Called,
    Path(name): Path<String>,
) -> Response {
    let (own, snapshot) = (called.caller.authority(), door.broker.snapshot());
    let agreed = snapshot.federation().used_by(own, door.broker.now());
    let Some(system) = agreed.into_iter().find(|system| system.entity_id.as_str() == name) else {
        let fault = Fault::new(Reason::NotFound, "expected a fagsystem that the municipality may use");
        return refused(&door, &called, fault, Vec::new()).await;
    };
    match door.broker.known_by(&called.caller).await {
        Ok(known) => {
            let reached = known.reached(&snapshot, own);
            let levels = foreseen(system.required).map(|level| {
                let is_demanded = system.required == Some(level);
                json!({ "level": level.to_string(), "demanded": is_demanded, "reach": reached.reach(level) })
            });
            let mut shown = in_use(system, known.logins(own).get(&system.entity_id).copied());
            shown["authority"] = json!(own);
            shown["levels"] = levels.collect();
            answer(StatusCode::OK, &called, &shown)
        }
        Err(denied) => problem(&door, called.lang, denied),
    }
}

/// A task as the API shows it.
#[derive(Serialize)]
struct Task<'p> {
    task: &'static str,
    state: TaskState,
    #[serde(skip_serializing_if = "Option::is_none")]
    since: Option<Timestamp>,
    evidence: Vec<Shown<'p>>,
}

#[derive(Serialize)]
struct Shown<'p> {
    id: &'static str,
    mark: Mark,
    #[serde(skip_serializing_if = "str::is_empty")]
    about: &'p str,
    #[serde(skip_serializing_if = "Option::is_none")]
    at: Option<Timestamp>,
    #[serde(skip_serializing_if = "Option::is_none")]
    run: Option<LoginId>,
}

impl<'p> Task<'p> {
    fn of(step: &Step<'p>) -> Self {
        let shown = |line: &Line<'p>| {
            let Line { what, mark, about, at, run } = *line;
            Shown { id: what.id(), mark, about, at, run }
        };
        let evidence = step.lines.iter().map(shown).collect();
        Self { task: step.task.letter(), state: step.state, since: step.since, evidence }
    }
}

/// The youngest runs.
pub(in crate::http) async fn list(State(door): State<Arc<Door>>, called: Called) -> Response {
    match door.broker.runs_by(&called.caller, RUNS).await {
        Ok(runs) => {
            let shown = runs.iter().map(|run| {
                json!({
                    "id": run.id, "identityProvider": run.idp, "scenario": run.scenario, "ordered": run.ordered,
                    "begun": run.sent.as_ref().map(|sent| sent.at),
                    "finished": run.report.as_ref().map(|report| report.finished),
                    "verdict": run.report.as_ref().map(|report| report.verdict),
                })
            });
            answer(StatusCode::OK, &called, &json!({ "runs": shown.collect::<Vec<_>>() }))
        }
        Err(denied) => problem(&door, called.lang, denied),
    }
}

/// A run with its report, once it has ended.
pub(in crate::http) async fn one(
    State(door): State<Arc<Door>>,
    called: Called,
    Path(id): Path<String>,
) -> Response {
    let Ok(id) = LoginId::new(&id) else {
        let fault = Fault::new(Reason::TrustUnknown, "expected the id of a run");
        return refused(&door, &called, fault, Vec::new()).await;
    };
    match door.broker.run_by(&called.caller, id).await {
        Ok(run) => {
            let shown = json!({
                "id": run.id, "identityProvider": run.idp, "scenario": run.scenario, "ordered": run.ordered,
                "report": run.report.as_ref().map(Published::from),
                "unanswered": run.unanswered(),
            });
            answer(StatusCode::OK, &called, &shown)
        }
        Err(denied) => problem(&door, called.lang, denied),
    }
}

/// A run is ordered. The link to it is told here and nowhere else.
pub(in crate::http) async fn order(
    State(door): State<Arc<Door>>,
    called: Called,
    headers: HeaderMap,
    content: Result<Bytes, BytesRejection>,
) -> Response {
    let order = match json_of(&headers, content).map(|content| read(&content, called.caller.authority())) {
        Ok(Ok(order)) => order,
        Ok(Err(mistakes)) => {
            return refused(&door, &called, bad_content(), mistakes).await;
        }
        Err(fault) => return refused(&door, &called, fault, Vec::new()).await,
    };
    match door.broker.order_by(&called.caller, order).await {
        Ok(ticket) => {
            let link = format!("{}/trust/runs/{}", door.broker.settings().public_url, ticket.text());
            let made = json!({ "id": ticket.id, "link": link });
            let mut response = answer(StatusCode::CREATED, &called, &made);
            let at = HeaderValue::try_from(format!("/api/v1/trust/runs/{}", ticket.id)).ok();
            response.headers_mut().extend(at.map(|at| (header::LOCATION, at)));
            response
        }
        Err(denied) => problem(&door, called.lang, denied),
    }
}

/// `{ "identityProvider": …, "scenario": …, "fagsystem": … }`, the last of them where one is wanted.
fn read(content: &Value, authority: Cvr) -> Result<Order, Vec<Mistake>> {
    let mut mistakes = Vec::new();
    let mut text = |name: &'static str, needed: bool| {
        let value = content.get(name);
        if value.is_some_and(|value| !value.is_string()) || (needed && value.is_none()) {
            mistakes.push(Mistake::new(format!("/{name}"), "expected a text"));
        }
        value.and_then(Value::as_str)
    };
    let (idp, scenario) = (text("identityProvider", true), text("scenario", true));
    let fagsystem = text("fagsystem", false);
    let mut name = |pointer: &str, value: Option<&str>| match value.map(EntityId::new) {
        Some(Err(bad)) => {
            mistakes.push(Mistake::new(pointer, bad.to_string()));
            None
        }
        read => read.and_then(Result::ok),
    };
    let (idp, fagsystem) = (name("/identityProvider", idp), name("/fagsystem", fagsystem));
    let scenario = scenario.map(|id| Scenario::try_from(id.to_owned())).transpose();
    let scenario = scenario.map_err(|bad| mistakes.push(Mistake::new("/scenario", bad))).ok().flatten();
    match (idp, scenario) {
        (Some(idp), Some(scenario)) if mistakes.is_empty() => {
            Ok(Order { authority, idp, scenario, fagsystem })
        }
        _ => Err(mistakes),
    }
}
