//! The pages about trust at the door: who is signed in, and what they ask for. Each handler decodes, makes its calls to the
//! broker, and encodes.
//!
//! A form names the sign-in that it was made for. Nobody knows that name but the browser that has its cookie, and that
//! cookie comes along with no form of another site: both together prove that the user pressed the button.

mod certificates;
mod csv;
mod enter;
mod metadata;
mod mirror;
mod progress;

use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};

use super::door::Door;
use super::pages::{self, Seen};
use super::visitor::Visitor;
use crate::broker::console::start_of;
use crate::domain::console::Sees;
use crate::domain::id::{Cvr, EntityId};
use crate::domain::reason::{Fault, Reason};
use crate::telemetry::{Noted, Outcome};

pub(super) use certificates::{atom as certificates_atom, ics as certificates_ics, page as certificates};
pub(super) use enter::{accept, front, invitation, sign_in, sign_out};
pub(super) use metadata::{MOST_FORM, form as metadata_form, judge as metadata};
pub(super) use mirror::mirror;
pub(super) use progress::{authority, matrix, matrix_csv, order, run, run_file};

/// What a reader may see, in the names that people know.
fn seen(door: &Door, sees: &Sees) -> Seen {
    let snapshot = door.broker.snapshot();
    let federation = snapshot.federation();
    match sees {
        Sees::Programme => Seen::Programme,
        Sees::Authority(cvr) => {
            let name = federation.authority(*cvr).map_or_else(|| cvr.to_string(), |a| a.name.clone());
            Seen::Authority(name, start_of(sees))
        }
        Sees::Systems(systems) => {
            let name = |system: &EntityId| {
                let known = federation.fagsystem(system);
                known.map_or_else(|_| system.to_string(), |fagsystem| fagsystem.name.clone())
            };
            Seen::Systems(systems.iter().map(name).collect())
        }
    }
}

fn page_of(authority: Cvr) -> String {
    format!("/trust/authorities/{authority}")
}

/// Why there is no page. Whoever is not signed in is sent to where they can be.
fn refused(visitor: &Visitor, fault: &Fault) -> Response {
    let status = match fault.reason {
        Reason::ConsoleSignIn | Reason::SessionEnded => return noted(to("/trust"), fault.reason),
        Reason::ConsoleLink => StatusCode::NOT_FOUND,
        Reason::ConsoleDenied => StatusCode::FORBIDDEN,
        // What was ordered cannot be tried.
        Reason::TrustScenario
        | Reason::AgreementMissing
        | Reason::IdpUnknown
        | Reason::SpUnknown
        | Reason::SpDisabled => StatusCode::BAD_REQUEST,
        Reason::StoreDown => return pages::unavailable(visitor, super::saml::RETRY_AFTER),
        _ => StatusCode::INTERNAL_SERVER_ERROR,
    };
    noted(pages::trust_refused(visitor, status, fault.reason), fault.reason)
}

fn noted(mut response: Response, reason: Reason) -> Response {
    let outcome = Some(Outcome::Refused);
    response.extensions_mut().insert(Noted { reason: Some(reason), outcome, ..Noted::default() });
    response
}

/// Sends the browser on to a page of ours.
fn to(page: &str) -> Response {
    super::saml::no_store(Redirect::to(page).into_response())
}
