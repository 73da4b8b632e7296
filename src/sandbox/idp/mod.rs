//! An identity provider, a municipality's or the stand-in for NemLog-in: it shows its people as buttons, and says to the
//! broker who pressed one.

mod answer;
mod persona;
mod question;

use std::sync::Arc;

use axum::Router;
use axum::extract::{Form, Query, RawQuery, State};
use axum::http::HeaderMap;
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use serde::Deserialize;

use super::files::{IDP_FEDDET, IDP_KORSBAEK, NEMLOGIN_KEY};
use super::memory::Memory;
use super::pages::{self, Frame};
use super::partner::Partner;
use super::saml::{Refused, X509_SUBJECT_NAME, fresh_id};
use super::{World, wire};
use crate::domain::reason::Fault;
use crate::http::visitor::Visitor;
use crate::protocol::keys::FileKey;
use answer::Answer;
use persona::Persona;
use question::Question;

/// What an identity provider is.
pub(super) struct Provider {
    pub(super) name: &'static str,
    entity_id: &'static str,
    /// Whose pages it shows, and of which kind.
    organisation: &'static str,
    kind: &'static str,
    dialect: Dialect,
    naming: Naming,
    /// Whether whoever logged in once is known again. One that is not can be tried with another person each time.
    remembers: bool,
    personas: &'static [Persona],
    key: &'static [u8],
    /// Its port above the broker's.
    pub(super) place: u16,
    cookie: &'static str,
}

/// Which generation of the profile it speaks.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Dialect {
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
enum Naming {
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
                (X509_SUBJECT_NAME, format!("C=DK,O={},CN={name},Serial={serial}", persona.employer.cvr))
            }
            Self::ByUuid => (
                "urn:oasis:names:tc:SAML:2.0:nameid-format:persistent",
                format!(
                    "https://data.gov.dk/model/core/eid/professional/uuid/{}",
                    persona.uuid.unwrap_or_default()
                ),
            ),
        }
    }
}

pub(super) const KORSBAEK: Provider = Provider {
    name: "Korsbæk IdP",
    entity_id: "https://saml.korsbaek.example/idp",
    organisation: "Korsbæk Kommune",
    kind: "idp",
    dialect: Dialect::Oiosaml3,
    naming: Naming::ByEmployer,
    remembers: true,
    personas: persona::KORSBAEK,
    key: IDP_KORSBAEK,
    place: 1,
    cookie: "korsbaek",
};

pub(super) const FEDDET: Provider = Provider {
    name: "Feddet IdP",
    entity_id: "https://saml.feddet.example/idp",
    organisation: "Feddet Kommune",
    kind: "idp",
    dialect: Dialect::Oiosaml2,
    naming: Naming::ByEmployer,
    remembers: true,
    personas: persona::FEDDET,
    key: IDP_FEDDET,
    place: 2,
    cookie: "feddet",
};

/// The stand-in for NemLog-in.
pub(super) const NEMLOGIN: Provider = Provider {
    name: "NemLog-in",
    entity_id: "https://saml.nemlog-in.example",
    organisation: "NemLog-in (stand-in)",
    kind: "step-up",
    dialect: Dialect::Oiosaml3,
    naming: Naming::ByUuid,
    remembers: false,
    personas: persona::NEMLOGIN,
    key: NEMLOGIN_KEY,
    place: 6,
    cookie: "nemlogin",
};

/// A running identity provider.
pub(super) struct IdentityProvider {
    provider: &'static Provider,
    key: FileKey,
    broker: Arc<Partner>,
    world: World,
    /// Questions whose users look at the login page.
    waiting: Memory<Question>,
    /// Who is logged in here.
    sessions: Memory<&'static Persona>,
}

type Here = State<Arc<IdentityProvider>>;

impl IdentityProvider {
    pub(super) fn router(
        provider: &'static Provider,
        world: &World,
        broker: &Arc<Partner>,
    ) -> Result<Router, Fault> {
        let here = Self {
            provider,
            key: FileKey::read(provider.key, None)?,
            broker: broker.clone(),
            world: world.clone(),
            waiting: Memory::default(),
            sessions: Memory::default(),
        };
        Ok(Router::new()
            .route("/", get(home))
            .route("/sso", get(sso))
            .route("/login", get(login).post(choose))
            .route("/logout", post(logout))
            .merge(pages::assets())
            .with_state(Arc::new(here)))
    }

    fn frame<'v>(&self, visitor: &'v Visitor) -> Frame<'v> {
        Frame::new(self.provider.organisation, self.provider.kind, visitor)
    }

    fn people(&self) -> Vec<pages::Person> {
        self.provider.personas.iter().map(Persona::shown).collect()
    }

    fn session(&self, headers: &HeaderMap) -> Option<&'static Persona> {
        self.sessions.find(&wire::cookie(headers, self.provider.cookie)?)
    }

    /// What to do with a question: answer at once, refuse at once, or show the login page.
    fn take(&self, headers: &HeaderMap, question: Question) -> Result<Taken, Refused> {
        match self.session(headers) {
            Some(persona) if !question.force => {
                Ok(Taken::Answered(self.answer(&question, Some(persona), "")?))
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
        persona: Option<&Persona>,
        refusal: &str,
    ) -> Result<pages::Carried, Refused> {
        let answer = Answer {
            provider: self.provider,
            broker: &self.broker,
            question,
            signer: &self.key,
            random: self.world.random.as_ref(),
            now: self.world.clock.now(),
        };
        let (xml, what) = match persona {
            Some(persona) => (
                answer.about(persona)?,
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
    pages::idp_home(&frame, &here.people(), here.session(&headers).map(Persona::shown))
}

/// The broker's question arrives.
async fn sso(State(here): Here, visitor: Visitor, headers: HeaderMap, RawQuery(query): RawQuery) -> Response {
    let at = format!("{}/sso", here.world.places.neighbour(here.provider.place));
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
        Some(question) => pages::idp_login(&frame, &here.people(), &waiting.id, &question.classes),
        None => pages::trouble(&frame, "this login is over, or it was never begun here"),
    }
}

#[derive(Deserialize)]
struct Pressed {
    id: String,
    who: String,
}

/// Somebody pressed a button.
async fn choose(State(here): Here, visitor: Visitor, Form(pressed): Form<Pressed>) -> Response {
    let frame = here.frame(&visitor);
    let persona = here.provider.personas.iter().find(|persona| persona.id == pressed.who);
    if persona.is_none() && pressed.who != "refuse" {
        return pages::trouble(&frame, "there is nobody of that name");
    }
    let Some(question) = here.waiting.take(&pressed.id) else {
        return pages::trouble(&frame, "this login is over, or it was never begun here");
    };
    let carried = match here.answer(&question, persona, "AuthnFailed") {
        Ok(carried) => carried,
        Err(Refused(why)) => return pages::trouble(&frame, &why),
    };
    let mut response = pages::carry(&frame, &carried);
    if let Some(persona) = persona.filter(|_| here.provider.remembers) {
        let session = fresh_id(here.world.random.as_ref());
        wire::set_cookie(&mut response, here.provider.cookie, &session);
        here.sessions.keep(session, persona);
    }
    response
}

async fn logout(State(here): Here, headers: HeaderMap) -> Response {
    if let Some(session) = wire::cookie(&headers, here.provider.cookie) {
        here.sessions.take(&session);
    }
    let mut response = Redirect::to("/").into_response();
    wire::set_cookie(&mut response, here.provider.cookie, "");
    response
}
