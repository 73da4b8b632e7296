//! Logout at the door: messages of fagsystemer and identity providers by every way, the user's own wish, and the page that
//! shows how far it has come. Each handler decodes, makes one call to the broker, and encodes what comes next.

use std::sync::Arc;

use axum::extract::rejection::{FormRejection, QueryRejection};
use axum::extract::{Form as FormBody, Query, RawQuery, State};
use axum::http::HeaderMap;
use axum::response::{IntoResponse, Redirect, Response};
use serde::Deserialize;

use super::authorize;
use super::cookies;
use super::door::{Door, Knock, Posted};
use super::pages::{self, Party, PartyState, Refused};
use super::saml::{self, Onward, carry, form, no_store, page, refused_page};
use super::soap;
use super::visitor::Visitor;
use crate::broker::logout::{Farewell, Heard, Hop, LogoutNext, LogoutStep, Side};
use crate::broker::oidc::NotAnswered;
use crate::broker::{ByBrowser, SealedLogin};
use crate::domain::id::LoginId;
use crate::domain::reason::{Fault, Reason};
use crate::domain::session::LegState;
use crate::protocol::oauth::parameters::Parameters;
use crate::protocol::saml::binding::{Arrived, Carries};
use crate::telemetry::{Noted, Outcome};

/// A fagsystem's message in an address.
pub(super) async fn idp_redirect(
    State(door): State<Arc<Door>>,
    knock: Knock,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Response {
    brought(&door, &knock, &headers, (Side::Fagsystem, "/saml/idp/slo GET"), in_address(query)).await
}

/// A fagsystem's message in a form.
pub(super) async fn idp_post(State(door): State<Arc<Door>>, knock: Knock, posted: Posted) -> Response {
    let arrived = in_form(&posted);
    brought(&door, &knock, &posted.headers, (Side::Fagsystem, "/saml/idp/slo POST"), arrived).await
}

/// An identity provider's message in an address.
pub(super) async fn sp_redirect(
    State(door): State<Arc<Door>>,
    knock: Knock,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Response {
    brought(&door, &knock, &headers, (Side::Provider, "/saml/sp/slo GET"), in_address(query)).await
}

/// An identity provider's message in a form.
pub(super) async fn sp_post(State(door): State<Arc<Door>>, knock: Knock, posted: Posted) -> Response {
    let arrived = in_form(&posted);
    brought(&door, &knock, &posted.headers, (Side::Provider, "/saml/sp/slo POST"), arrived).await
}

/// A fagsystem's message in an envelope.
pub(super) async fn idp_soap(State(door): State<Arc<Door>>, knock: Knock, posted: Posted) -> Response {
    enveloped(&door, &knock, (Side::Fagsystem, "/saml/idp/slo/soap POST"), &posted).await
}

/// An identity provider's message in an envelope.
pub(super) async fn sp_soap(State(door): State<Arc<Door>>, knock: Knock, posted: Posted) -> Response {
    enveloped(&door, &knock, (Side::Provider, "/saml/sp/slo/soap POST"), &posted).await
}

/// A client's wish in an address.
pub(super) async fn by_client(
    State(door): State<Arc<Door>>,
    knock: Knock,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Response {
    let parameters = Parameters::read(query.as_deref().unwrap_or_default());
    of_client(&door, &knock, &headers, ("/oauth2/logout GET", parameters)).await
}

/// A client's wish in a form.
pub(super) async fn by_client_posted(
    State(door): State<Arc<Door>>,
    knock: Knock,
    posted: Posted,
) -> Response {
    let parameters = authorize::posted(&posted);
    of_client(&door, &knock, &posted.headers, ("/oauth2/logout POST", parameters)).await
}

/// Where the client proves nothing, the user decides.
async fn of_client(
    door: &Door,
    knock: &Knock,
    headers: &HeaderMap,
    (endpoint, parameters): (&'static str, Result<Parameters, Fault>),
) -> Response {
    match door.broker.leave(&door.visit(knock, endpoint), parameters).await {
        Ok(step) => answer(&knock.visitor, headers, step),
        Err(NotAnswered { login, client, reason, .. }) => {
            let mut response = no_store(Redirect::to("/sessions").into_response());
            response.extensions_mut().insert(Noted {
                login: Some(login),
                fagsystem: client,
                reason: Some(reason),
                outcome: Some(Outcome::Refused),
                ..Noted::default()
            });
            response
        }
    }
}

/// Where the browser is logged in. Whoever comes from elsewhere to log the user out ends here, and must ask the user.
pub(super) async fn sessions(State(door): State<Arc<Door>>, knock: Knock) -> Response {
    let Ok(here) = door.broker.sessions_here(&door.visit(&knock, "/sessions GET")).await else {
        return pages::unavailable(&knock.visitor, super::saml::RETRY_AFTER);
    };
    let sessions = here.iter().map(|open| pages::Session {
        session: open.session,
        municipality: &open.name,
        begun: open.begun,
        expires: open.expires,
        fagsystemer: &open.fagsystemer,
    });
    pages::sessions(&knock.visitor, &pages::Sessions(sessions.collect()))
}

/// What the button of that page sends: names of sessions, which nobody knows but the browser that has their tickets. That
/// proves that the user pressed it.
#[derive(Deserialize)]
pub(super) struct Leave {
    sessions: String,
}

/// The user wants to be logged out.
pub(super) async fn leave(
    State(door): State<Arc<Door>>,
    knock: Knock,
    headers: HeaderMap,
    wish: Result<FormBody<Leave>, FormRejection>,
) -> Response {
    let named = wish.map(|FormBody(wish)| wish.sessions).unwrap_or_default();
    let sessions: Vec<LoginId> = named.split(' ').filter_map(|id| LoginId::new(id).ok()).collect();
    if sessions.is_empty() {
        return Redirect::to("/sessions").into_response();
    }
    let step = door.broker.end_for_user(&door.visit(&knock, "/logout POST"), &sessions).await;
    answer(&knock.visitor, &headers, step)
}

/// Which logout is looked at, and which party is waited for no longer.
#[derive(Deserialize)]
pub(super) struct Shown {
    id: LoginId,
    after: Option<usize>,
}

/// How far a logout of this browser has come.
pub(super) async fn farewell(
    State(door): State<Arc<Door>>,
    knock: Knock,
    shown: Result<Query<Shown>, QueryRejection>,
    headers: HeaderMap,
) -> Response {
    let Ok(Query(Shown { id, after })) = shown else { return Redirect::to("/sessions").into_response() };
    let sealed = SealedLogin { login: id, content: cookies::leaving(&headers, id).unwrap_or_default() };
    let visit = door.visit(&knock, "/logout GET");
    match door.broker.farewell(&visit, &sealed, after).await {
        Ok(farewell) => show(&knock.visitor, &farewell),
        Err(refusal) if matches!(refusal.reason, Reason::BrowserBinding | Reason::StateForged) => {
            pages::no_farewell(&knock.visitor)
        }
        Err(refusal) => refused_page(&knock.visitor, &refusal, Refused::Logout),
    }
}

fn show(visitor: &Visitor, farewell: &Farewell) -> Response {
    // Who has nothing to tell the user sends the browser on at once.
    if let (true, Hop::Back { receiver, answer }) = (farewell.complete, &farewell.hop) {
        return no_store(carry(visitor, answer, receiver, Onward::ByRedirect));
    }
    let parties: Vec<Party<'_>> = farewell.parties.iter().map(party).collect();
    let hop = match &farewell.hop {
        Hop::Onward { number, message: ByBrowser::Redirect(address) } => pages::Hop::Onward(*number, address),
        Hop::Onward { number, message } => pages::Hop::OnwardByForm(*number, form_of(message)),
        Hop::Unanswered { number } => pages::Hop::Unanswered(*number),
        Hop::Back { receiver, answer: ByBrowser::Redirect(address) } => pages::Hop::Back(receiver, address),
        Hop::Back { receiver, answer } => pages::Hop::BackByForm(receiver, form_of(answer)),
        Hop::Over => pages::Hop::Over,
    };
    let view =
        pages::Farewell { logout: farewell.logout, parties: &parties, complete: farewell.complete, hop };
    page(visitor, pages::farewell(visitor, &view))
}

fn party(heard: &Heard) -> Party<'_> {
    let state = match heard.state {
        LegState::Waiting => PartyState::Waiting,
        LegState::Told => PartyState::Told,
        LegState::Confirmed => PartyState::Confirmed,
        LegState::Failed => PartyState::Failed,
        LegState::Untold if !heard.frames.is_empty() => PartyState::Framed,
        LegState::Untold => PartyState::Untold,
    };
    Party { name: &heard.name, is_provider: heard.side == Side::Provider, state, frames: &heard.frames }
}

fn form_of(message: &ByBrowser) -> pages::Form<'_> {
    match message {
        ByBrowser::Redirect(address) => pages::Form { action: address, fields: Vec::new() },
        ByBrowser::Post(form) => {
            let state = form.relay_state.iter().map(|state| ("RelayState", state.as_str()));
            let fields = std::iter::once((form.parameter, form.message.as_str())).chain(state).collect();
            pages::Form { action: &form.action, fields }
        }
        ByBrowser::Fields { action, fields } => pages::Form {
            action,
            fields: fields.iter().map(|(name, value)| (*name, value.as_str())).collect(),
        },
    }
}

fn in_address(query: Option<String>) -> Result<(Carries, Arrived), Fault> {
    let query = query.unwrap_or_default();
    let carries = Carries::of(&query)?;
    Ok((carries, Arrived::by_redirect(&query, carries)?))
}

fn in_form(posted: &Posted) -> Result<(Carries, Arrived), Fault> {
    let text = form(posted)?;
    let carries = Carries::of(text)?;
    Ok((carries, Arrived::by_post(text, carries)?))
}

async fn brought(
    door: &Door,
    knock: &Knock,
    headers: &HeaderMap,
    (side, endpoint): (Side, &'static str),
    arrived: Result<(Carries, Arrived), Fault>,
) -> Response {
    let visit = door.visit(knock, endpoint);
    let step = match arrived {
        Ok((Carries::Response, arrived)) => {
            let of_run = |login| cookies::pending(headers, login);
            if let Some(step) = door.broker.hear_in_run(&visit, side, &arrived, of_run).await {
                return saml::answer(&knock.visitor, step, Onward::ByPage);
            }
            let cookie = |logout| cookies::leaving(headers, logout);
            door.broker.hear(&visit, side, Ok(arrived), cookie).await
        }
        Ok((Carries::Request, arrived)) => door.broker.end_for_party(&visit, side, Ok(arrived)).await,
        Err(fault) => door.broker.end_for_party(&visit, side, Err(fault)).await,
    };
    answer(&knock.visitor, headers, step)
}

async fn enveloped(
    door: &Door,
    knock: &Knock,
    (side, endpoint): (Side, &'static str),
    posted: &Posted,
) -> Response {
    let visit = door.visit(knock, endpoint);
    soap::answer(door.broker.end_by_soap(&visit, side, soap::envelope(posted)).await)
}

/// What the broker wants next, as an answer to the browser.
fn answer(visitor: &Visitor, headers: &HeaderMap, step: LogoutStep) -> Response {
    let LogoutStep { next, logout, fagsystem, idp, refused, ended } = step;
    let look = |logout| Redirect::to(&format!("/logout?id={logout}")).into_response();
    let mut response = match next {
        LogoutNext::Show(sealed) => {
            let mut response = look(sealed.login);
            cookies::keep_leaving(&mut response, &sealed);
            response
        }
        LogoutNext::GoOn(logout) => look(logout),
        LogoutNext::Answer { answer, receiver } => carry(visitor, &answer, &receiver, Onward::ByRedirect),
        LogoutNext::Nothing => Redirect::to("/sessions").into_response(),
        LogoutNext::Refuse(refusal) => refused_page(visitor, &refusal, Refused::Logout),
    };
    cookies::forget_sessions(&mut response, headers, &ended);
    let outcome = refused.map(|_| Outcome::Refused);
    let login = Some(logout);
    response.extensions_mut().insert(Noted {
        login,
        fagsystem,
        idp,
        reason: refused,
        outcome,
        ..Noted::default()
    });
    no_store(response)
}
