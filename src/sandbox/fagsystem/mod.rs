//! A fagsystem: it sends its user to the broker, judges the answer by itself, and shows who is logged in.

mod receipt;
pub(super) mod rights;
pub(super) mod view;

use std::sync::Arc;

use axum::Router;
use axum::extract::{Form, Query, RawQuery, State};
use axum::http::HeaderMap;
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use serde::Deserialize;

use super::files::{SP_OIOSAML2, SP_OIOSAML3, SP_SEB};
use super::logout::{Next, Party, Wish};
use super::memory::{Checks, Memory};
use super::pages::{self, Carried, Frame};
use super::partner::Partner;
use super::saml::{POST, Refused, fresh_id, saml, samlp, written};
use super::{Failed, Places, World, wire};
use crate::http::visitor::Visitor;
use crate::protocol::keys::{FileKey, Signer};
use crate::protocol::xml::Writer;
use receipt::{Expected, LoggedIn, Outcome};

/// What a fagsystem is.
pub(super) struct System {
    pub(super) name: &'static str,
    entity_id: &'static str,
    key: &'static [u8],
    /// Its port above the broker's.
    pub(super) place: u16,
    /// The names of its cookies: the login under way, and the session.
    cookies: [&'static str; 2],
    /// The class that it asks for.
    class: Option<&'static str>,
    /// Whether its request travels in a form.
    by_post: bool,
    /// Whether it takes encrypted assertions only.
    encrypted: bool,
    /// Whether it wants the Response signed as well as the assertion.
    wants_response_signed: bool,
    /// The attribute that tells the level, and the values that are enough.
    level: (&'static str, &'static [&'static str]),
    /// How the names of its own roles begin.
    roles: &'static str,
}

pub(super) const BOOKING: System = System {
    name: "Køreprøvebooking",
    entity_id: "https://saml.koereproevebooking.example",
    key: SP_OIOSAML2,
    place: 3,
    cookies: ["booking-asked", "booking"],
    class: None,
    by_post: true,
    encrypted: false,
    wants_response_signed: true,
    level: ("dk:gov:saml:attribute:AssuranceLevel", &["3", "4"]),
    roles: "http://koereproevebooking.example/roles/usersystemrole/",
};

pub(super) const BBR: System = System {
    name: "BBR",
    entity_id: "https://saml.bbr.example",
    key: SP_OIOSAML3,
    place: 4,
    cookies: ["bbr-asked", "bbr"],
    class: Some("https://data.gov.dk/concept/core/nsis/loa/Substantial"),
    by_post: false,
    encrypted: true,
    wants_response_signed: false,
    level: ("https://data.gov.dk/concept/core/nsis/loa", &["Substantial", "High"]),
    roles: "http://bbr.example/roles/usersystemrole/",
};

/// The health sector's broker, which is told who the user is by CPR number.
pub(super) const SEB: System = System {
    name: "SEB",
    entity_id: "https://saml.seb.example",
    key: SP_SEB,
    place: 7,
    cookies: ["seb-asked", "seb"],
    roles: "http://seb.example/roles/usersystemrole/",
    ..BBR
};

/// A running fagsystem.
pub(super) struct Fagsystem {
    system: &'static System,
    key: Arc<FileKey>,
    broker: Arc<Partner>,
    /// Where the broker takes a request in an address, and where in a form.
    asks_at: [String; 2],
    /// Where it is.
    address: String,
    world: World,
    /// Requests that have no answer yet.
    asked: Memory<()>,
    /// Requests to end a session that have no answer yet.
    leaving: Memory<()>,
    sessions: Memory<Arc<LoggedIn>>,
}

type Here = State<Arc<Fagsystem>>;

fn no_address() -> Failed {
    Failed::Other("the broker's metadata has no address for requests".to_owned())
}

impl Fagsystem {
    pub(super) fn router(
        system: &'static System,
        (world, places): (&World, Places),
        broker: &Arc<Partner>,
    ) -> Result<Router, Failed> {
        let here = Self {
            system,
            key: Arc::new(FileKey::read(system.key, None)?),
            broker: broker.clone(),
            asks_at: broker.sso.clone().ok_or_else(no_address)?,
            address: places.neighbour(system.place),
            world: world.clone(),
            asked: Memory::default(),
            leaving: Memory::default(),
            sessions: Memory::default(),
        };
        Ok(Router::new()
            .route("/", get(home))
            .route("/login", get(login))
            .route("/acs", post(acs))
            .route("/logout", post(logout))
            .route("/slo", get(slo))
            .merge(pages::assets())
            .with_state(Arc::new(here)))
    }

    fn frame<'v>(&self, visitor: &'v Visitor) -> Frame<'v> {
        Frame::new(self.system.name, "fagsystem", visitor)
    }

    /// As it takes part in a logout, where the broker knows one.
    fn party(&self) -> Option<Party<'_>> {
        Some(Party {
            entity_id: self.system.entity_id,
            here: format!("{}/slo", self.address),
            key: self.key.as_ref(),
            broker: &self.broker,
            to: self.broker.logout[0].as_deref()?,
            world: &self.world,
        })
    }

    fn request(&self, id: &str, options: &Options) -> Result<String, Refused> {
        let system = self.system;
        let to = &self.asks_at[usize::from(system.by_post)];
        let mut xml = Writer::new();
        xml.start(samlp("AuthnRequest"));
        xml.attribute("AssertionConsumerServiceURL", &format!("{}/acs", self.address));
        xml.attribute("Destination", to).attribute("ID", id);
        for (name, wanted) in [("ForceAuthn", &options.force), ("IsPassive", &options.passive)] {
            if wanted.is_some() {
                xml.attribute(name, "true");
            }
        }
        xml.attribute("IssueInstant", &written(self.world.clock.now()));
        xml.attribute("ProtocolBinding", POST).attribute("Version", "2.0");
        xml.element(saml("Issuer"), system.entity_id);
        if system.by_post {
            xml.signature_goes_here();
        }
        if let Some(class) = system.class {
            xml.start(samlp("RequestedAuthnContext")).attribute("Comparison", "minimum");
            xml.element(saml("AuthnContextClassRef"), class);
            xml.element(saml("AuthnContextClassRef"), "https://data.gov.dk/eid/Professional").end();
        }
        xml.end();
        let written = if system.by_post { xml.finish_signed(id, self.key.as_ref())? } else { xml.finish()? };
        Ok(written.into_string())
    }
}

async fn home(State(here): Here, visitor: Visitor, headers: HeaderMap) -> Response {
    let session = wire::cookie(&headers, here.system.cookies[1]).and_then(|id| here.sessions.find(&id));
    let frame = here.frame(&visitor);
    let shown = session.map(|logged_in| view::session(&logged_in, frame.words()));
    pages::fagsystem(&frame, shown, "")
}

/// The two boxes of the front page.
#[derive(Default, Deserialize)]
struct Options {
    force: Option<String>,
    passive: Option<String>,
}

/// The user wants in.
async fn login(State(here): Here, visitor: Visitor, Query(options): Query<Options>) -> Response {
    let id = fresh_id(here.world.random.as_ref());
    // What the fagsystem wants to know again when the user comes back.
    let relay_state = format!("/?from={}", here.system.cookies[1]);
    let sent = here.request(&id, &options).and_then(|xml| {
        Ok(if here.system.by_post {
            let carried = Carried {
                to: here.asks_at[1].clone(),
                fields: vec![("SAMLRequest", wire::encoded(&xml)), ("RelayState", relay_state.clone())],
            };
            pages::carry(&here.frame(&visitor), &carried)
        } else {
            let (to, carried) = (&here.asks_at[0], ("SAMLRequest", xml.as_str()));
            let to = wire::redirect(to, carried, Some(&relay_state), here.key.as_ref())?;
            Redirect::to(&to).into_response()
        })
    });
    let mut response = match sent {
        Ok(response) => response,
        Err(Refused(why)) => return pages::trouble(&here.frame(&visitor), &why),
    };
    let how = if here.system.by_post { "in a form" } else { "in an address" };
    let what = format!("writes an AuthnRequest, signed ({}), {how}", algorithm(here.key.as_ref()));
    here.world.journal.note([what]);
    here.asked.keep(id.clone(), ());
    wire::set_cookie(&mut response, here.system.cookies[0], &id);
    response
}

fn algorithm(signer: &dyn Signer) -> &'static str {
    signer.algorithm().uri().rsplit('#').next().unwrap_or_default()
}

#[derive(Deserialize)]
struct Answered {
    #[serde(rename = "SAMLResponse")]
    response: String,
    #[serde(rename = "RelayState", default)]
    relay_state: String,
}

/// The broker's answer arrives.
async fn acs(
    State(here): Here,
    visitor: Visitor,
    headers: HeaderMap,
    Form(answered): Form<Answered>,
) -> Response {
    let frame = here.frame(&visitor);
    let asked = wire::cookie(&headers, here.system.cookies[0]).filter(|id| here.asked.take(id).is_some());
    let Some(asked) = asked else {
        return pages::trouble(&frame, "this browser has not asked, or the answer came before");
    };
    let (acs, mut checks) = (format!("{}/acs", here.address), Checks::default());
    checks.passed(
        "et svar på denne browsers eget spørgsmål, og det første",
        "an answer to this browser's own question, for the first time",
    );
    let expected = Expected {
        system: here.system,
        broker: &here.broker,
        key: here.key.clone(),
        acs: &acs,
        question: &asked,
        now: here.world.clock.now(),
    };
    let read = wire::decoded(&answered.response).and_then(|xml| receipt::read(&xml, &expected, &mut checks));
    here.world.journal.note(checks.noted());
    let mut response = match read {
        Ok(Outcome::LoggedIn(mut logged_in)) => {
            logged_in.checks = checks.0;
            logged_in.relay_state = answered.relay_state;
            let session = fresh_id(here.world.random.as_ref());
            let mut response = Redirect::to("/").into_response();
            wire::set_cookie(&mut response, here.system.cookies[1], &session);
            here.sessions.keep(session, Arc::new(logged_in));
            response
        }
        Ok(Outcome::Refused { top, second, message }) => {
            pages::refused(&frame, frame.words().status(&second), &format!("{top} / {second}"), &message)
        }
        Err(Refused(why)) => {
            tracing::warn!(event = "sandbox.refused", "{}: {why}", here.system.name);
            pages::trouble(&frame, &why)
        }
    };
    wire::set_cookie(&mut response, here.system.cookies[0], "");
    response
}

/// The user wants out: here at once, then at the broker.
async fn logout(State(here): Here, visitor: Visitor, headers: HeaderMap) -> Response {
    let session = wire::cookie(&headers, here.system.cookies[1]).and_then(|id| here.sessions.take(&id));
    let asked = session.zip(here.party()).map(|(session, party)| party.ask(&session.named, &here.leaving));
    let mut response = match asked {
        Some(Ok(to)) => Redirect::to(&to).into_response(),
        Some(Err(Refused(why))) => pages::trouble(&here.frame(&visitor), &why),
        None => Redirect::to("/").into_response(),
    };
    wire::set_cookie(&mut response, here.system.cookies[1], "");
    response
}

/// The broker says that a session is over, or what became of our wish that it be.
async fn slo(State(here): Here, visitor: Visitor, RawQuery(query): RawQuery) -> Response {
    let frame = here.frame(&visitor);
    let Some(party) = here.party() else { return pages::trouble(&frame, "the broker knows no logout") };
    // One that is gone already is no fault.
    let end = |wish: &Wish| here.sessions.end(|session| wish.means(&session.named));
    match party.take(query.as_deref().unwrap_or_default(), &here.leaving, end) {
        Ok(Next::Back(to)) => Redirect::to(&to).into_response(),
        Ok(Next::Over { top, second }) => match frame.words().ended(&top, &second) {
            Some(notice) => pages::fagsystem(&frame, None, notice),
            None => pages::refused(&frame, frame.words().stays, &format!("{top} / {second}"), ""),
        },
        Err(Refused(why)) => pages::trouble(&frame, &why),
    }
}
