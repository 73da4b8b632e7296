//! An identity provider, a municipality's or the stand-in for NemLog-in: it shows its people as buttons, and says to the
//! broker who pressed one.

mod answer;
pub(super) mod metadata;
mod neighbour;
pub(super) mod persona;
mod question;

use std::sync::Arc;

use axum::Router;
use axum::extract::{Form, Query, RawQuery, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use serde::Deserialize;

use super::logout::{Named, Next, Party, Wish};
use super::memory::Memory;
use super::pages::{self, Frame};
use super::partner::Partner;
use super::saml::{Refused, X509_SUBJECT_NAME, fresh_id};
use super::{World, wire};
use crate::http::visitor::Visitor;
use crate::protocol::keys::FileKey;
use answer::Answer;
pub(super) use neighbour::{FEDDET, KORSBAEK, NEMLOGIN};
use persona::{Deviation, Persona};
use question::Question;

/// What an identity provider is, wherever it stands.
pub(super) struct Provider {
    pub(super) entity_id: String,
    pub(super) organisation: String,
    pub(super) kind: &'static str,
    /// Where it is.
    pub(super) address: String,
    pub(super) dialect: Dialect,
    pub(super) naming: Naming,
    pub(super) remembers: bool,
    /// Whether its people can be had with logins that differ from what is right.
    pub(super) deviates: bool,
    pub(super) personas: Vec<Persona>,
    pub(super) cookie: &'static str,
}

/// Which generation of the profile it speaks.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Dialect {
    Oiosaml2,
    Oiosaml3,
}

impl Dialect {
    fn name_format(self) -> &'static str {
        match self {
            Self::Oiosaml2 => "urn:oasis:names:tc:SAML:2.0:attrname-format:basic",
            Self::Oiosaml3 => "urn:oasis:names:tc:SAML:2.0:attrname-format:uri",
        }
    }
}

/// What it calls its users.
#[derive(Clone, Copy)]
pub(super) enum Naming {
    /// Their number at their employer, with its CVR number and their name.
    ByEmployer,
    /// The number that the state gave them at their employer.
    ByUuid,
}

impl Naming {
    fn name(self, persona: &Persona) -> (&'static str, String) {
        let Persona { name, serial, .. } = persona;
        match self {
            Self::ByEmployer => {
                (X509_SUBJECT_NAME, format!("C=DK,O={},CN={name},Serial={serial}", persona.cvr))
            }
            Self::ByUuid => (
                "urn:oasis:names:tc:SAML:2.0:nameid-format:persistent",
                format!(
                    "https://data.gov.dk/model/core/eid/professional/uuid/{}",
                    persona.uuid.as_deref().unwrap_or_default()
                ),
            ),
        }
    }
}

/// A running identity provider.
pub(super) struct IdentityProvider {
    provider: Provider,
    key: FileKey,
    broker: Arc<Partner>,
    world: World,
    /// Questions whose users look at the login page.
    waiting: Memory<Question>,
    /// Who is logged in here.
    sessions: Memory<Login>,
    /// Requests to end a session everywhere that have no answer yet.
    leaving: Memory<()>,
}

/// Somebody who is logged in here.
#[derive(Clone)]
struct Login {
    persona: Arc<Persona>,
    /// What the broker knows the session by.
    named: Named,
}

type Here = State<Arc<IdentityProvider>>;

impl IdentityProvider {
    pub(super) fn new(provider: Provider, key: FileKey, world: &World, broker: &Arc<Partner>) -> Self {
        Self {
            provider,
            key,
            broker: broker.clone(),
            world: world.clone(),
            waiting: Memory::default(),
            sessions: Memory::default(),
            leaving: Memory::default(),
        }
    }

    pub(super) fn at_its_addresses(self) -> Router {
        Router::new()
            .route("/", get(home))
            .route("/metadata", get(published))
            .route("/sso", get(sso))
            .route("/login", get(login).post(choose))
            .route("/logout", post(logout))
            .route("/slo", get(slo))
            .merge(pages::assets())
            .with_state(Arc::new(self))
    }

    fn frame<'v>(&'v self, visitor: &'v Visitor) -> Frame<'v> {
        Frame::new(&self.provider.organisation, self.provider.kind, visitor)
    }

    /// Somebody logs in.
    fn login(&self, persona: Persona) -> Login {
        let (format, name) = self.provider.naming.name(&persona);
        let index = Some(fresh_id(self.world.random.as_ref()));
        Login { persona: Arc::new(persona), named: Named { format: format.to_owned(), name, index } }
    }

    /// As it takes part in a logout, where the broker knows one.
    fn party(&self) -> Option<Party<'_>> {
        Some(Party {
            entity_id: &self.provider.entity_id,
            here: format!("{}/slo", self.provider.address),
            key: &self.key,
            broker: &self.broker,
            to: self.broker.logout[1].as_deref()?,
            world: &self.world,
        })
    }

    fn people(&self) -> Vec<pages::Person> {
        self.provider.personas.iter().map(Persona::shown).collect()
    }

    fn session(&self, headers: &HeaderMap) -> Option<Login> {
        self.sessions.find(&wire::cookie(headers, self.provider.cookie)?)
    }

    /// What to do with a question: answer at once, refuse at once, or show the login page.
    fn take(&self, headers: &HeaderMap, question: Question) -> Result<Taken, Refused> {
        match self.session(headers) {
            Some(login) if !question.force => {
                Ok(Taken::Answered(self.answer(&question, Some(&login), "")?))
            }
            _ if question.passive => Ok(Taken::Answered(self.answer(&question, None, "NoPassive")?)),
            _ => {
                let name = fresh_id(self.world.random.as_ref());
                self.waiting.keep(name.clone(), question);
                Ok(Taken::Waits(name))
            }
        }
    }

    fn answer(
        &self,
        question: &Question,
        login: Option<&Login>,
        refusal: &str,
    ) -> Result<pages::Carried, Refused> {
        let answer = Answer {
            provider: &self.provider,
            broker: &self.broker,
            question,
            signer: &self.key,
            random: self.world.random.as_ref(),
            now: self.world.clock.now(),
        };
        let (xml, what) = match login {
            Some(Login { persona, named }) => (
                answer.about(persona, named)?,
                format!(
                    "writes a Response about {}, {}: signed, and encrypted to the context handler",
                    persona.name,
                    persona.level()
                ),
            ),
            None => (answer.refusal(refusal)?, format!("writes a Response that refuses, signed: {refusal}")),
        };
        self.world.journal.note([what]);
        Ok(pages::Carried {
            to: self.broker.acs.clone(),
            fields: [("SAMLResponse", wire::encoded(&xml))]
                .into_iter()
                .chain(question.relay_state.clone().map(|relay_state| ("RelayState", relay_state)))
                .collect(),
        })
    }
}

enum Taken {
    Answered(pages::Carried),
    Waits(String),
}

async fn home(State(here): Here, visitor: Visitor, headers: HeaderMap) -> Response {
    let frame = here.frame(&visitor);
    let login = here.session(&headers).map(|login| login.persona.shown());
    pages::idp_home(&frame, &here.people(), login, "")
}

/// What a broker has to know about it.
async fn published(State(here): Here) -> Response {
    match metadata::write(&here.provider, &here.key) {
        Ok(xml) => ([(header::CONTENT_TYPE, "application/samlmetadata+xml")], xml).into_response(),
        Err(fault) => {
            tracing::warn!(event = "sandbox.refused", "{fault}");
            StatusCode::INTERNAL_SERVER_ERROR.into_response()
        }
    }
}

/// The broker's question arrives.
async fn sso(State(here): Here, visitor: Visitor, headers: HeaderMap, RawQuery(query): RawQuery) -> Response {
    let at = format!("{}/sso", here.provider.address);
    let mut notes = Vec::new();
    let now = here.world.clock.now();
    let read = question::read(query.as_deref().unwrap_or_default(), &at, &here.broker, now, &mut notes);
    here.world.journal.note(notes);
    match read.and_then(|question| here.take(&headers, question)) {
        Ok(Taken::Answered(carried)) => pages::carry(&here.frame(&visitor), &carried),
        Ok(Taken::Waits(name)) => Redirect::to(&format!("/login?id={name}")).into_response(),
        Err(Refused(why)) => pages::trouble(&here.frame(&visitor), &why),
    }
}

#[derive(Deserialize)]
struct Waiting {
    #[serde(default)]
    id: String,
}

/// The login page; it has an address of its own, so that it can be shown in the other language.
async fn login(State(here): Here, visitor: Visitor, Query(waiting): Query<Waiting>) -> Response {
    let frame = here.frame(&visitor);
    match here.waiting.find(&waiting.id) {
        Some(question) => {
            let login = (waiting.id.as_str(), question.classes.as_slice());
            pages::idp_login(&frame, &here.people(), login, here.provider.deviates)
        }
        None => pages::trouble(&frame, "this login is over, or it was never begun here"),
    }
}

#[derive(Deserialize)]
struct Pressed {
    id: String,
    who: String,
    #[serde(default)]
    differing: Deviation,
}

/// Somebody pressed a button.
async fn choose(State(here): Here, visitor: Visitor, Form(pressed): Form<Pressed>) -> Response {
    let frame = here.frame(&visitor);
    let persona = here.provider.personas.iter().find(|persona| persona.id == pressed.who);
    if persona.is_none() && pressed.who != persona::REFUSE {
        return pages::trouble(&frame, "there is nobody of that name");
    }
    let Some(question) = here.waiting.take(&pressed.id) else {
        return pages::trouble(&frame, "this login is over, or it was never begun here");
    };
    let differing = if here.provider.deviates { pressed.differing } else { Deviation::None };
    let login = persona.map(|persona| here.login(persona.clone().deviating(differing)));
    let carried = match here.answer(&question, login.as_ref(), "AuthnFailed") {
        Ok(carried) => carried,
        Err(Refused(why)) => return pages::trouble(&frame, &why),
    };
    let mut response = pages::carry(&frame, &carried);
    if let Some(login) = login.filter(|_| here.provider.remembers) {
        let session = fresh_id(here.world.random.as_ref());
        wire::set_cookie(&mut response, here.provider.cookie, &session);
        here.sessions.keep(session, login);
    }
    response
}

/// The user wants out everywhere: here at once, then wherever the broker let them in.
async fn logout(State(here): Here, visitor: Visitor, headers: HeaderMap) -> Response {
    let login = wire::cookie(&headers, here.provider.cookie).and_then(|id| here.sessions.take(&id));
    let asked = login.zip(here.party()).map(|(login, party)| party.ask(&login.named, &here.leaving));
    let mut response = match asked {
        Some(Ok(to)) => Redirect::to(&to).into_response(),
        Some(Err(Refused(why))) => pages::trouble(&here.frame(&visitor), &why),
        None => Redirect::to("/").into_response(),
    };
    wire::set_cookie(&mut response, here.provider.cookie, "");
    response
}

/// The broker says that a session is over, or what became of our wish that it be.
async fn slo(State(here): Here, visitor: Visitor, RawQuery(query): RawQuery) -> Response {
    let frame = here.frame(&visitor);
    let Some(party) = here.party() else { return pages::trouble(&frame, "the broker knows no logout") };
    // One that is gone already, or that was never kept, is no fault.
    let end = |wish: &Wish| here.sessions.end(|login| wish.means(&login.named));
    match party.take(query.as_deref().unwrap_or_default(), &here.leaving, end) {
        Ok(Next::Back(to)) => Redirect::to(&to).into_response(),
        Ok(Next::Over { top, second }) => match frame.words().ended(&top, &second) {
            Some(notice) => pages::idp_home(&frame, &here.people(), None, notice),
            None => pages::refused(&frame, frame.words().stays, &format!("{top} / {second}"), ""),
        },
        Err(Refused(why)) => pages::trouble(&frame, &why),
    }
}
