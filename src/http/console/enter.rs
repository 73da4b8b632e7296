//! Signing in to the pages about trust and out of them.

use std::sync::Arc;

use axum::extract::rejection::FormRejection;
use axum::extract::{Form, Path, State};
use axum::http::{HeaderMap, header};
use axum::response::Response;
use serde::Deserialize;

use super::{noted, refused, seen, to};
use crate::broker::console::{Reader, start_of};
use crate::domain::id::LoginId;
use crate::domain::reason::{Fault, Reason};
use crate::http::cookies;
use crate::http::door::{Door, Knock, only};
use crate::http::pages::{self, SignedIn};
use crate::http::saml::{Onward, answer};
use crate::protocol::seal::Ticket;

/// What this is, and who is signed in.
pub(in crate::http) async fn front(
    State(door): State<Arc<Door>>,
    knock: Knock,
    headers: HeaderMap,
) -> Response {
    match reader(&door, &headers).await {
        Ok(reader) => {
            let Reader { session, sees, expires } = reader;
            let sees = seen(&door, &sees);
            pages::trust(&knock.visitor, Some(&SignedIn { session, sees, expires }))
        }
        Err(fault) if fault.reason == Reason::ConsoleSignIn => pages::trust(&knock.visitor, None),
        Err(fault) => refused(&knock.visitor, &fault),
    }
}

/// What an invitation is for.
pub(in crate::http) async fn invitation(
    State(door): State<Arc<Door>>,
    knock: Knock,
    Path(ticket): Path<String>,
) -> Response {
    let found = match read(&ticket) {
        Ok(ticket) => door.broker.invitation(&ticket).await,
        Err(fault) => Err(fault),
    };
    match found {
        Ok(sees) => pages::invitation(&knock.visitor, &seen(&door, &sees)),
        Err(fault) => refused(&knock.visitor, &fault),
    }
}

/// An invitation is taken up.
pub(in crate::http) async fn accept(
    State(door): State<Arc<Door>>,
    knock: Knock,
    Path(ticket): Path<String>,
    headers: HeaderMap,
) -> Response {
    if !is_own_form(&door, &headers) {
        return refused(&knock.visitor, &Fault::new(Reason::ConsoleDenied, "a form of another site"));
    }
    let visit = door.visit(&knock, "/trust/invitations/{ticket} POST");
    let entered = match read(&ticket) {
        Ok(ticket) => door.broker.enter(&visit, &ticket).await,
        Err(fault) => Err(fault),
    };
    match entered {
        Ok((ticket, sees)) => {
            let mut response = to(&start_of(&sees));
            cookies::keep_console(&mut response, &ticket);
            response
        }
        Err(fault) => refused(&knock.visitor, &fault),
    }
}

/// Somebody wants to sign in with the login of their municipality.
pub(in crate::http) async fn sign_in(State(door): State<Arc<Door>>, knock: Knock) -> Response {
    let step = door.broker.begin_sign_in(&door.visit(&knock, "/trust/sign-in POST")).await;
    answer(&knock.visitor, step, Onward::ByPage)
}

/// What a form of a reader names.
#[derive(Deserialize)]
pub(in crate::http) struct Pressed {
    console: LoginId,
}

/// The reader wants to be signed out.
pub(in crate::http) async fn sign_out(
    State(door): State<Arc<Door>>,
    knock: Knock,
    headers: HeaderMap,
    pressed: Result<Form<Pressed>, FormRejection>,
) -> Response {
    let named = pressed.ok().map(|Form(pressed)| pressed.console);
    let visit = door.visit(&knock, "/trust/sign-out POST");
    let left = match who_pressed(&door, &headers, named).await {
        Ok(reader) => door.broker.sign_out(&visit, &reader).await,
        Err(fault) => Err(fault),
    };
    let mut response = match left {
        Ok(()) => to("/trust"),
        // Whoever has not pressed the button of their own page stays where they are.
        Err(fault) if fault.reason == Reason::ConsoleSignIn => return noted(to("/trust"), fault.reason),
        Err(fault) => return refused(&knock.visitor, &fault),
    };
    cookies::forget_console(&mut response);
    response
}

/// Who is signed in in this browser.
pub(super) async fn reader(door: &Door, headers: &HeaderMap) -> Result<Reader, Fault> {
    door.broker.reader(cookies::console(headers).as_ref()).await
}

/// The same for a form, which names the sign-in that it was made for.
pub(super) async fn who_pressed(
    door: &Door,
    headers: &HeaderMap,
    named: Option<LoginId>,
) -> Result<Reader, Fault> {
    let reader = reader(door, headers).await?;
    if named == Some(reader.session) && is_own_form(door, headers) {
        return Ok(reader);
    }
    Err(Fault::new(Reason::ConsoleSignIn, "the form was not made for this sign-in"))
}

/// Whether a form comes from a page of ours, as far as the browser says.
fn is_own_form(door: &Door, headers: &HeaderMap) -> bool {
    !headers.contains_key(header::ORIGIN)
        || only(headers, "origin") == Some(door.broker.settings().public_url.as_str())
}

fn read(ticket: &str) -> Result<Ticket, Fault> {
    Ticket::read(ticket).ok_or_else(|| Fault::new(Reason::ConsoleLink, "expected the link of an invitation"))
}
