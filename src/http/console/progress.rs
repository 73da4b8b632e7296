//! How far municipalities have come, and the order of a run.

use std::sync::Arc;

use axum::extract::rejection::FormRejection;
use axum::extract::{Form as FormBody, Path, RawQuery, State};
use axum::http::{HeaderMap, HeaderValue, header};
use axum::response::{IntoResponse, Response};
use serde::Deserialize;

use super::enter::{reader, who_pressed};
use super::{page_of, refused, to};
use crate::broker::console::Reader;
use crate::broker::trust::Order;
use crate::broker::trust::klik::{Foreseen, Known};
use crate::domain::assurance::Level;
use crate::domain::id::{Cvr, EntityId, LoginId};
use crate::domain::reason::{Fault, Reason};
use crate::domain::trust::{Report, Scenario};
use crate::http::door::{Door, Knock};
use crate::http::pages::{self, MatrixRow, Ordered, Ours, Run, System, SystemRow};
use crate::http::saml::no_store;
use crate::http::trust::{Form, file};
use crate::protocol::saml::binding::Parameters;

/// So many runs are listed.
const RUNS: u32 = 20;

/// The five steps of a municipality.
pub(in crate::http) async fn authority(
    State(door): State<Arc<Door>>,
    knock: Knock,
    Path(cvr): Path<String>,
    headers: HeaderMap,
) -> Response {
    let Ok(cvr) = Cvr::new(&cvr) else { return pages::not_found(&knock.visitor) };
    let visit = door.visit(&knock, "/trust/authorities/{cvr} GET");
    let looked = async {
        let reader = reader(&door, &headers).await?;
        door.broker.look(&visit, &reader, Some(cvr), "progress").await?;
        let runs = door.broker.runs_of(cvr, RUNS).await?;
        Ok::<_, Fault>((reader, runs, door.broker.known(Some(cvr)).await?))
    };
    let (reader, runs, known) = match looked.await {
        Ok(found) => found,
        Err(fault) => return refused(&knock.visitor, &fault),
    };
    let snapshot = door.broker.snapshot();
    let (federation, now) = (snapshot.federation(), door.broker.now());
    let Some(authority) = federation.authority(cvr) else { return pages::not_found(&knock.visitor) };
    let progress = known.progress(&snapshot, authority, &reader.sees);
    let providers: Vec<_> =
        federation.speakers(cvr, now).map(|idp| (&idp.entity_id, idp.name.as_str())).collect();
    let (used, reached) = (known.logins(cvr), known.reached(&snapshot, cvr));
    let systems = federation.used_by(cvr, now).into_iter().map(|known| System {
        entity_id: &known.entity_id,
        name: &known.name,
        used: used.get(&known.entity_id).copied(),
        required: known.required.map(|level| (level, reached.reach(level))),
    });
    let runs = runs.iter().map(|run| Run {
        id: run.id,
        scenario: run.scenario,
        idp: federation.registered_idp(&run.idp).map_or(run.idp.as_str(), |idp| &idp.name),
        ordered: run.ordered,
        verdict: run.report.as_ref().map(|report| report.verdict),
    });
    let view = pages::Authority {
        session: reader.session,
        cvr,
        name: &authority.name,
        environment: &door.broker.settings().environment,
        progress: &progress,
        ours: &ours(&door, cvr),
        providers: &providers,
        systems: &systems.collect::<Vec<_>>(),
        runs: &runs.collect::<Vec<_>>(),
    };
    pages::authority(&knock.visitor, &view)
}

fn ours(door: &Door, cvr: Cvr) -> Ours {
    let settings = door.broker.settings();
    Ours {
        metadata: door.broker.sp_metadata_address(cvr),
        entity: settings.entity_id.to_string(),
        acs: settings.acs(),
        slo: settings.sp_logout().browser,
    }
}

/// What the form of a card sends.
#[derive(Deserialize)]
pub(in crate::http) struct Wish {
    console: LoginId,
    idp: EntityId,
    scenario: Scenario,
    #[serde(default)]
    fagsystem: String,
}

/// A run is ordered.
pub(in crate::http) async fn order(
    State(door): State<Arc<Door>>,
    knock: Knock,
    Path(cvr): Path<String>,
    headers: HeaderMap,
    wish: Result<FormBody<Wish>, FormRejection>,
) -> Response {
    let Ok(cvr) = Cvr::new(&cvr) else { return pages::not_found(&knock.visitor) };
    let Ok(FormBody(wish)) = wish else {
        let fault =
            Fault::new(Reason::ConsoleSignIn, "the form does not say who made it, or what is to be tried");
        return refused(&knock.visitor, &fault);
    };
    let visit = door.visit(&knock, "/trust/authorities/{cvr}/runs POST");
    let scenario = wish.scenario;
    let ordered = async {
        let reader = who_pressed(&door, &headers, Some(wish.console)).await?;
        let fagsystem = Some(wish.fagsystem).filter(|name| !name.is_empty());
        let fagsystem = fagsystem.map(|name| EntityId::new(&name)).transpose();
        let fagsystem = fagsystem.map_err(|bad| Fault::new(Reason::SpUnknown, bad.to_string()))?;
        let order = Order { authority: cvr, idp: wish.idp, scenario, fagsystem };
        door.broker.order_as(&visit, &reader, order).await
    };
    match ordered.await {
        Ok(ticket) => {
            let path = format!("/trust/runs/{}", ticket.text());
            let link = format!("{}{path}", door.broker.settings().public_url);
            let snapshot = door.broker.snapshot();
            let authority = snapshot.federation().authority(cvr);
            let name = authority.map_or(cvr.as_str(), |authority| &authority.name);
            pages::ordered(&knock.visitor, &Ordered { cvr, name, scenario, path: &path, link: &link })
        }
        Err(fault) => refused(&knock.visitor, &fault),
    }
}

/// The report of a run, for whoever sees everything of its municipality.
pub(in crate::http) async fn run(
    State(door): State<Arc<Door>>,
    knock: Knock,
    Path((cvr, run)): Path<(String, String)>,
    headers: HeaderMap,
) -> Response {
    let found = looked_at(&door, &knock, &headers, (&cvr, &run)).await;
    shown(&knock, found, |address, (session, report)| {
        let again = pages::Again::Console(session);
        pages::report(&knock.visitor, &pages::Shown { report, previous: None, address, again })
    })
}

/// The same in another form.
pub(in crate::http) async fn run_file(
    State(door): State<Arc<Door>>,
    knock: Knock,
    Path((cvr, run, form)): Path<(String, String, String)>,
    headers: HeaderMap,
) -> Response {
    let Some(form) = Form::of_name(&form) else { return pages::not_found(&knock.visitor) };
    let found = looked_at(&door, &knock, &headers, (&cvr, &run)).await;
    shown(&knock, found, |_, (_, report)| file(&door, &knock, form, report))
}

/// A run, by whose sign-in it is seen, and its report once it has ended.
struct Seen {
    authority: Cvr,
    run: LoginId,
    session: LoginId,
    report: Option<Report>,
}

/// A run, and its report once it has ended. That it was looked at is written down.
async fn looked_at(
    door: &Door,
    knock: &Knock,
    headers: &HeaderMap,
    (cvr, run): (&str, &str),
) -> Result<Seen, Fault> {
    let unknown = || Fault::new(Reason::TrustUnknown, "expected a CVR number and the name of a run");
    let (cvr, id) = (Cvr::new(cvr).map_err(|_| unknown())?, LoginId::new(run).map_err(|_| unknown())?);
    let visit = door.visit(knock, "/trust/authorities/{cvr}/runs/{id} GET");
    let reader = reader(door, headers).await?;
    let run = door.broker.look_at_run(&visit, &reader, (cvr, id)).await?;
    Ok(Seen { authority: cvr, run: id, session: reader.session, report: run.report })
}

fn shown(
    knock: &Knock,
    found: Result<Seen, Fault>,
    show: impl FnOnce(&str, (LoginId, &Report)) -> Response,
) -> Response {
    match found {
        Ok(Seen { authority, run, session, report: Some(report) }) => {
            show(&format!("{}/runs/{run}", page_of(authority)), (session, &report))
        }
        Ok(Seen { authority, .. }) => to(&page_of(authority)),
        Err(fault) if fault.reason == Reason::TrustUnknown => pages::not_found(&knock.visitor),
        Err(fault) => refused(&knock.visitor, &fault),
    }
}

/// The table of all that the reader may see.
pub(in crate::http) async fn matrix(
    State(door): State<Arc<Door>>,
    knock: Knock,
    headers: HeaderMap,
) -> Response {
    let (reader, known) = match everybody(&door, &knock, &headers, "the table of municipalities").await {
        Ok(found) => found,
        Err(fault) => return refused(&knock.visitor, &fault),
    };
    let snapshot = door.broker.snapshot();
    let rows: Vec<MatrixRow<'_>> = known
        .rows(&snapshot, &reader.sees)
        .into_iter()
        .map(|(authority, progress)| MatrixRow {
            name: &authority.name,
            page: reader.sees.all_of(authority.cvr).then(|| page_of(authority.cvr)),
            progress,
        })
        .collect();
    let in_use = known.systems(&snapshot, &reader.sees);
    let foreseen: Vec<Vec<_>> = in_use.iter().map(|system| counted(&system.forecast)).collect();
    let systems: Vec<SystemRow<'_>> = in_use
        .iter()
        .zip(&foreseen)
        .map(|(system, foreseen)| (system, foreseen.split_at(system.fagsystem.required.iter().count())))
        .map(|(system, (required, raised))| SystemRow {
            name: &system.fagsystem.name,
            customers: system.customers,
            using: system.using,
            logins: system.logins,
            last: system.last,
            required: required.first().copied(),
            raised,
        })
        .collect();
    pages::matrix(&knock.visitor, &door.broker.settings().environment, rows, &systems)
}

fn counted(forecast: &[Foreseen<'_>]) -> Vec<(Level, usize)> {
    forecast.iter().map(|foreseen| (foreseen.level, foreseen.without.len())).collect()
}

/// The same as a file: municipalities by tasks, or by fagsystemer.
pub(in crate::http) async fn matrix_csv(
    State(door): State<Arc<Door>>,
    knock: Knock,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Response {
    let (reader, known) = match everybody(&door, &knock, &headers, "the table as a file").await {
        Ok(found) => found,
        Err(fault) => return refused(&knock.visitor, &fault),
    };
    let asked = Parameters::read(query.as_deref().unwrap_or_default()).ok();
    let of = asked.and_then(|query| query.get("of"));
    let snapshot = door.broker.snapshot();
    let (name, content) = match of.as_deref() {
        Some("systems") => ("fagsystemer.csv", super::csv::by_system(&known, &snapshot, &reader.sees)),
        Some("levels") => ("niveauer.csv", super::csv::by_level(&known.systems(&snapshot, &reader.sees))),
        _ => ("kommuner.csv", super::csv::by_task(&known.rows(&snapshot, &reader.sees))),
    };
    let disposition = HeaderValue::try_from(format!("attachment; filename=\"{name}\""));
    let mut response = content.into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/csv; charset=utf-8"));
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.extend(disposition.ok().map(|value| (header::CONTENT_DISPOSITION, value)));
    no_store(response)
}

async fn everybody(
    door: &Door,
    knock: &Knock,
    headers: &HeaderMap,
    what: &str,
) -> Result<(Reader, Known), Fault> {
    let reader = reader(door, headers).await?;
    door.broker.look(&door.visit(knock, "/trust/matrix GET"), &reader, None, what).await?;
    Ok((reader, door.broker.known(None).await?))
}
