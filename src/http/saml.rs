//! SAML at the door: as identity provider towards fagsystemer, as service provider towards identity providers, and the
//! choice of municipality in between. Each handler decodes, makes one call to the broker, and encodes what comes next.

use std::sync::Arc;

use axum::extract::rejection::{FormRejection, QueryRejection};
use axum::extract::{Form as FormBody, Query, RawQuery, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Redirect, Response};
use serde::Deserialize;

use super::cookies;
use super::door::{Door, Knock, Posted};
use super::pages::{self, Choice, ChosenForm, Discovery, Post, Refused};
use super::visitor::Visitor;
use crate::broker::{ByBrowser, Next, Step};
use crate::domain::id::{Cvr, LoginId};
use crate::domain::reason::{Fault, Reason};
use crate::protocol::saml::binding::{Arrived, Carries, Form, Parameters};
use crate::telemetry::{Noted, Outcome};

/// A fagsystem's request in an address.
pub(super) async fn sso_redirect(
    State(door): State<Arc<Door>>,
    knock: Knock,
    RawQuery(query): RawQuery,
) -> Response {
    let arrived = Arrived::by_redirect(query.as_deref().unwrap_or_default(), Carries::Request);
    let visit = door.visit(&knock, "/saml/idp/sso GET");
    let step = door.broker.begin_login(&visit, arrived).await;
    answer(&knock.visitor, step, Onward::ByRedirect)
}

/// A fagsystem's request in a form.
pub(super) async fn sso_post(State(door): State<Arc<Door>>, knock: Knock, posted: Posted) -> Response {
    let arrived = message(&posted, Carries::Request);
    let visit = door.visit(&knock, "/saml/idp/sso POST");
    let step = door.broker.begin_login(&visit, arrived).await;
    answer(&knock.visitor, step, Onward::ByRedirect)
}

/// An identity provider's answer.
pub(super) async fn acs(State(door): State<Arc<Door>>, knock: Knock, posted: Posted) -> Response {
    let arrived = message(&posted, Carries::Response);
    let visit = door.visit(&knock, "/saml/sp/acs POST");
    let cookie = |login| cookies::pending(&posted.headers, login);
    let step = door.broker.receive_answer(&visit, arrived, cookie).await;
    answer(&knock.visitor, step, Onward::ByPage)
}

/// Which login the choice belongs to, and what is searched for.
#[derive(Deserialize)]
pub(super) struct Search {
    login: LoginId,
    #[serde(default)]
    q: String,
}

/// The page on which a municipality is chosen.
pub(super) async fn discovery(
    State(door): State<Arc<Door>>,
    knock: Knock,
    search: Result<Query<Search>, QueryRejection>,
    headers: HeaderMap,
) -> Response {
    let Ok(Query(search)) = search else { return pages::not_found(&knock.visitor) };
    let sealed = cookies::sealed(&headers, search.login);
    let offer = match door.broker.offer(&sealed) {
        Ok(offer) => offer,
        Err(fault) => {
            return refused_page(&knock.visitor, &door.lost(search.login, fault.reason), Refused::Login);
        }
    };
    let choices: Vec<Choice> = offer
        .lines
        .into_iter()
        .map(|line| Choice { cvr: line.authority, name: line.name, idp: line.idp, idp_name: line.idp_name })
        .collect();
    let remembered = cookies::remembered(&headers);
    let view = Discovery {
        login: search.login,
        fagsystem: &offer.fagsystem,
        choices: &choices,
        remembered: remembered.as_ref(),
        query: &search.q,
    };
    pages::discovery(&knock.visitor, &view)
}

/// The municipality that was chosen.
pub(super) async fn choose(
    State(door): State<Arc<Door>>,
    knock: Knock,
    headers: HeaderMap,
    form: Result<FormBody<ChosenForm>, FormRejection>,
) -> Response {
    let Ok(FormBody(chosen)) = form else { return pages::not_found(&knock.visitor) };
    let sealed = cookies::sealed(&headers, chosen.login);
    let visit = door.visit(&knock, "/discovery POST");
    let idp = chosen.choice.idp.as_ref();
    let step = door.broker.choose(&visit, &sealed, chosen.choice.cvr, idp).await;
    let mut response = answer(&knock.visitor, step, Onward::ByPage);
    if chosen.remember {
        cookies::remember(&mut response, &chosen.choice);
    }
    response
}

/// Our metadata as an identity provider.
pub(super) async fn idp_metadata(State(door): State<Arc<Door>>) -> Response {
    metadata(&door.idp_metadata, || door.broker.idp_metadata(), &door)
}

/// Our metadata as a service provider.
pub(super) async fn sp_metadata(State(door): State<Arc<Door>>, RawQuery(query): RawQuery) -> Response {
    let by = Parameters::read(query.as_deref().unwrap_or_default()).ok().and_then(|query| query.get("by"));
    if let Some(by) = by.and_then(|cvr| Cvr::new(&cvr).ok())
        && let Err(fault) = door.broker.metadata_was_fetched(by).await
    {
        // The metadata is worth more to whoever fetches it than our knowing that they did.
        tracing::warn!(reason = fault.reason.code(), detail = %fault.detail, "a fetch of our metadata was not kept");
    }
    metadata(&door.sp_metadata, || door.broker.sp_metadata(), &door)
}

/// Our metadata as an attribute authority.
pub(super) async fn aa_metadata(State(door): State<Arc<Door>>) -> Response {
    metadata(&door.aa_metadata, || door.broker.aa_metadata(), &door)
}

fn metadata(
    kept: &super::door::Kept,
    write: impl FnOnce() -> Result<String, Fault>,
    door: &Door,
) -> Response {
    const TYPE: HeaderValue = HeaderValue::from_static("application/samlmetadata+xml");
    match kept.get(door.broker.now(), write) {
        Ok(document) => ([(header::CONTENT_TYPE, TYPE)], document).into_response(),
        Err(fault) => {
            tracing::error!(reason = fault.reason.code(), detail = %fault.detail, "our metadata cannot be written");
            StatusCode::INTERNAL_SERVER_ERROR.into_response()
        }
    }
}

/// Takes a message out of a form.
fn message(posted: &Posted, carries: Carries) -> Result<Arrived, Fault> {
    Arrived::by_post(form(posted)?, carries)
}

/// The text of a form. The same parameters in the address as well would leave it open which of them counts.
pub(super) fn form(posted: &Posted) -> Result<&str, Fault> {
    let form = posted.form()?;
    if Parameters::read(&posted.query)?.has_protocol_names() {
        return Err(Fault::new(Reason::ParamDuplicate, "SAML parameters in the address of a form"));
    }
    Ok(form)
}

/// How the browser is sent on with our question in an address. A form of ours may only lead to us, and so may that of an
/// identity provider with a strict page; browsers hold a redirect after it to that rule, so after such a form the user
/// is sent on by a page.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Onward {
    ByRedirect,
    ByPage,
}

/// What the broker wants next, as an answer to the browser.
pub(super) fn answer(visitor: &Visitor, step: Step, onward: Onward) -> Response {
    let mut noted = Noted { fagsystem: step.fagsystem, idp: step.idp, robot: step.robot, ..Noted::default() };
    let mut response = match step.next {
        Next::Ask { sealed, question, receiver } => {
            noted.login = Some(sealed.login);
            let mut response = carry(visitor, &question, &receiver, onward);
            cookies::keep(&mut response, &sealed);
            step.browser.iter().for_each(|browser| cookies::label(&mut response, *browser));
            response
        }
        Next::Choose(sealed) => {
            noted.login = Some(sealed.login);
            // The page that comes next is not asked for by the fagsystem, which may have wished for a language.
            let hinted = visitor.hint().map(|lang| format!("&ui_locales={}", lang.tag())).unwrap_or_default();
            let page = format!("/discovery?login={}{hinted}", sealed.login);
            let mut response = Redirect::to(&page).into_response();
            cookies::keep(&mut response, &sealed);
            step.browser.iter().for_each(|browser| cookies::label(&mut response, *browser));
            response
        }
        Next::Answer { login, answer, receiver, refused, session } => {
            noted.login = Some(login);
            noted.reason = refused;
            noted.outcome = refused.map(|_| Outcome::Refused);
            let mut response = carry(visitor, &answer, &receiver, onward);
            cookies::forget(&mut response, login);
            session.iter().for_each(|session| cookies::keep_session(&mut response, session));
            response
        }
        Next::Read { login, page, console } => {
            noted.login = Some(login);
            let mut response = Redirect::to(&page).into_response();
            cookies::forget(&mut response, login);
            console.iter().for_each(|ticket| cookies::keep_console(&mut response, ticket));
            response
        }
        Next::Refuse(refusal) => {
            noted.login = Some(refusal.login);
            noted.reason = Some(refusal.reason);
            refused_page(visitor, &refusal, Refused::Login)
        }
    };
    response.extensions_mut().insert(noted);
    no_store(response)
}

/// An answer that is kept nowhere.
pub(super) fn no_store(mut response: Response) -> Response {
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

/// Sends the browser on with a message of ours.
pub(super) fn carry(visitor: &Visitor, message: &ByBrowser, receiver: &str, onward: Onward) -> Response {
    match message {
        ByBrowser::Redirect(to) if onward == Onward::ByRedirect => Redirect::to(to).into_response(),
        ByBrowser::Redirect(to) => page(visitor, pages::onward(visitor, to, receiver)),
        ByBrowser::Post(form) => form_page(visitor, form, receiver),
        ByBrowser::Fields { action, fields } => {
            page(visitor, pages::post_fields(visitor, action, fields, receiver))
        }
    }
}

fn form_page(visitor: &Visitor, form: &Form, receiver: &str) -> Response {
    let view = Post {
        action: &form.action,
        field: form.parameter,
        message: &form.message,
        relay_state: form.relay_state.as_deref(),
        receiver,
    };
    page(visitor, pages::post(visitor, &view))
}

/// Addresses come out of the register, which refuses what no page can lead to; if one slips through it is our fault.
pub(super) fn page(visitor: &Visitor, page: Result<Response, Fault>) -> Response {
    page.unwrap_or_else(|fault| {
        tracing::error!(reason = fault.reason.code(), detail = %fault.detail, "a page cannot lead there");
        pages::unavailable(visitor, RETRY_AFTER)
    })
}

/// After how many seconds it is worth trying again when the store is down.
pub(super) const RETRY_AFTER: u32 = 10;

/// Tells the user why a login or a logout ends here.
pub(super) fn refused_page(visitor: &Visitor, refusal: &crate::broker::Refusal, of: Refused) -> Response {
    let status = match refusal.reason {
        Reason::StoreDown => return pages::unavailable(visitor, RETRY_AFTER),
        Reason::Internal | Reason::SecondOpinion => StatusCode::INTERNAL_SERVER_ERROR,
        Reason::HttpMethod => StatusCode::UNSUPPORTED_MEDIA_TYPE,
        Reason::LimitXml | Reason::LimitInflate => StatusCode::PAYLOAD_TOO_LARGE,
        Reason::TrustOften => StatusCode::TOO_MANY_REQUESTS,
        _ => StatusCode::BAD_REQUEST,
    };
    let view = pages::Refusal {
        of,
        status,
        reason: refusal.reason,
        case: refusal.login.case_number(),
        at: refusal.at,
        fagsystem: refusal.fagsystem.as_deref().map(|name| (name, None)),
    };
    pages::refusal(visitor, &view)
}
