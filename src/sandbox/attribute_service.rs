//! Feddet's attribute service: it keeps the job function roles of users whose identity provider cannot send any, and tells
//! the broker when it asks. A server asks a server, so there is nothing here for a browser but a page that shows what it
//! would say.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use jiff::{SignedDuration, Timestamp};

use super::files::ATTRIBUTE_SERVICE;
use super::pages::{self, Frame};
use super::partner::Partner;
use super::roles::{FEDDET, Role, privilege_list};
use super::saml::{
    Refused, STATUS, X509_SUBJECT_NAME, expect, fresh, fresh_id, issuer, refused, saml, samlp, written,
};
use super::{Places, World};
use crate::domain::id::Cvr;
use crate::domain::reason::Fault;
use crate::http::visitor::Visitor;
use crate::protocol::keys::FileKey;
use crate::protocol::xml::{Document, Name, Writer, verify};

/// Its port above the broker's.
pub(super) const PLACE: u16 = 5;
const ENTITY_ID: &str = "https://rettigheder.feddet.example/saml";
const RIGHTS: &str = "dk:gov:saml:attribute:Privileges_intermediate";
const OIOBPP: &str = "http://itst.dk/oiosaml/basic_privilege_profile";
const HOLDS_FOR: SignedDuration = SignedDuration::from_mins(5);

/// Somebody whose role is kept here.
struct Known {
    name: &'static str,
    serial: &'static str,
    role: &'static str,
}

const KNOWN: &[Known] = &[Known {
    name: "Poul Kruse",
    serial: "b2f0a3c4-51d2-4a7c-9d3e-6f1e2d3c4b01",
    role: "http://feddet.example/roles/jobrole/koereproevebooker/1",
}];

/// The running service.
struct AttributeService {
    key: FileKey,
    broker: Arc<Partner>,
    /// Where it is asked.
    address: String,
    world: World,
}

type Here = State<Arc<AttributeService>>;

/// The service at its addresses.
pub(super) fn router(world: &World, places: Places, broker: &Arc<Partner>) -> Result<Router, Fault> {
    let key = FileKey::read(ATTRIBUTE_SERVICE, None)?;
    let address = format!("{}/soap", places.neighbour(PLACE));
    let here = AttributeService { key, broker: broker.clone(), address, world: world.clone() };
    Ok(Router::new()
        .route("/", get(home))
        .route("/soap", post(soap))
        .merge(pages::assets())
        .with_state(Arc::new(here)))
}

async fn home(visitor: Visitor) -> Response {
    let known = KNOWN.iter().map(|known| pages::Kept {
        who: known.name,
        serial: known.serial,
        role: known.role,
        of: FEDDET.name,
    });
    pages::attribute_service(&Frame::new(FEDDET.name, "service", &visitor), &known.collect::<Vec<_>>())
}

/// The broker asks.
async fn soap(State(here): Here, body: Bytes) -> Response {
    let mut notes = Vec::new();
    let answer = here.read(&body, &mut notes).and_then(|question| here.answer(&question, &mut notes));
    here.world.journal.note(notes);
    let (status, xml) = match answer {
        Ok(xml) => (StatusCode::OK, xml),
        Err(Refused(why)) => {
            tracing::warn!(event = "sandbox.refused", "attribute service: {why}");
            (StatusCode::INTERNAL_SERVER_ERROR, fault().unwrap_or_default())
        }
    };
    (status, [(header::CONTENT_TYPE, "text/xml; charset=utf-8")], xml).into_response()
}

/// What is asked, and about whom.
struct Question {
    id: String,
    name: String,
}

impl AttributeService {
    /// Reads the question, if all is well with it.
    fn read(&self, body: &[u8], notes: &mut Vec<String>) -> Result<Question, Refused> {
        let document = Document::parse(body)?;
        let envelope = document.root();
        if !envelope.is(in_soap("Envelope")) {
            return refused(format!("expected an Envelope, got {}", envelope.local()));
        }
        let query = envelope.only_child(in_soap("Body"))?.only_child(samlp("AttributeQuery"))?;
        let query = verify(query, &self.broker.keys)?.element();
        expect("Issuer", &self.broker.entity_id, Some(&issuer(query)?))?;
        expect("Destination", &self.address, query.attribute("Destination"))?;
        fresh(query, self.world.clock.now())?;
        notes.push("the attribute service is asked, signed by the context handler, just now".to_owned());
        let name = query.only_child(saml("Subject"))?.only_child(saml("NameID"))?;
        expect("Format", X509_SUBJECT_NAME, name.attribute("Format"))?;
        let Some(id) = query.attribute("ID") else { return refused("the query has no ID") };
        Ok(Question { id: id.to_owned(), name: name.text()?.into_owned() })
    }

    /// Says what is known. Of a stranger it says nothing, in the same form.
    fn answer(&self, question: &Question, notes: &mut Vec<String>) -> Result<String, Refused> {
        let roles = known(&question.name)?;
        notes.push(format!("it knows {} of the user's roles, and says so, signed", roles.len()));
        let (random, now) = (self.world.random.as_ref(), self.world.clock.now());
        let (id, assertion_id) = (fresh_id(random), fresh_id(random));
        let mut xml = Writer::new();
        xml.start(saml("Assertion")).attribute("ID", &assertion_id);
        xml.attribute("IssueInstant", &written(now)).attribute("Version", "2.0");
        xml.element(saml("Issuer"), ENTITY_ID).signature_goes_here();
        self.about(&mut xml, question, now);
        if !roles.is_empty() {
            xml.start(saml("AttributeStatement")).start(saml("Attribute")).attribute("Name", RIGHTS);
            xml.attribute("NameFormat", "urn:oasis:names:tc:SAML:2.0:attrname-format:basic");
            xml.element(saml("AttributeValue"), &privilege_list(OIOBPP, &roles)?).end().end();
        }
        let assertion = xml.end().finish_signed(&assertion_id, &self.key)?;
        let mut xml = Writer::new();
        xml.start(in_soap("Envelope")).start(in_soap("Body")).start(samlp("Response"));
        xml.attribute("ID", &id).attribute("InResponseTo", &question.id);
        xml.attribute("IssueInstant", &written(now)).attribute("Version", "2.0");
        xml.element(saml("Issuer"), ENTITY_ID);
        xml.start(samlp("Status")).start(samlp("StatusCode"));
        xml.attribute("Value", &format!("{STATUS}Success")).end().end();
        xml.embed(&assertion);
        Ok(xml.end().end().end().finish()?.into_string())
    }

    /// About whom, for whom, and until when.
    fn about(&self, xml: &mut Writer, question: &Question, now: Timestamp) {
        xml.start(saml("Subject")).start(saml("NameID")).attribute("Format", X509_SUBJECT_NAME);
        xml.text(&question.name).end().end();
        xml.start(saml("Conditions")).attribute("NotBefore", &written(now));
        xml.attribute("NotOnOrAfter", &written(now + HOLDS_FOR));
        xml.start(saml("AudienceRestriction"));
        xml.element(saml("Audience"), &self.broker.entity_id).end().end();
    }
}

/// The roles of the user who is called so, `C=DK,O=…,CN=…,Serial=…`, at Feddet.
fn known(name: &str) -> Result<Vec<Role>, Refused> {
    let employed = name.split(',').any(|part| part.trim().strip_prefix("O=") == Some(FEDDET.cvr));
    let serial = name.rsplit_once("Serial=").map(|(_, serial)| serial).filter(|_| employed);
    let scope = Cvr::new(FEDDET.cvr).map_err(|wrong| Refused(wrong.to_string()))?;
    let found = KNOWN.iter().filter(|known| Some(known.serial) == serial);
    Ok(found.map(|known| Role { scope, uri: known.role.to_owned(), constraints: BTreeMap::new() }).collect())
}

/// An envelope that says no more than that there is no answer.
fn fault() -> Result<String, Fault> {
    let mut xml = Writer::new();
    xml.start(in_soap("Envelope")).start(in_soap("Body")).start(in_soap("Fault"));
    xml.element(Name::new("", "", "faultcode"), "soap:Client");
    xml.element(Name::new("", "", "faultstring"), "the query is not accepted");
    Ok(xml.end().end().end().finish()?.into_string())
}

const fn in_soap(local: &'static str) -> Name {
    Name::new("http://schemas.xmlsoap.org/soap/envelope/", "soap", local)
}
