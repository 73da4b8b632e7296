//! One login: the fagsystem's request, the redirect to the identity provider, its answer, and the page that takes our
//! assertion to the fagsystem. What the identity provider does happens here, without a socket.

use std::sync::Arc;
use std::time::{Duration, Instant};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use context_handler::domain::assurance::Comparison;
use context_handler::domain::id::{EntityId, LoginId, MessageId};
use context_handler::domain::reason::Fault;
use context_handler::domain::world::{Clock, Random};
use context_handler::protocol::Accepted;
use context_handler::protocol::address::escaped;
use context_handler::protocol::keys::{Decrypter, Signer, TrustedKeys};
use context_handler::protocol::saml::binding::{Arrived, Carries, redirect_to};
use context_handler::protocol::saml::request::OurRequest;
use context_handler::protocol::saml::response::{self, Expectation, Opening, Response};
use context_handler::protocol::xml::{
    Canonical, Cbc, ContentCipher, Document, Encryption, KeyTransport, Name, Writer, encrypt,
};
use context_handler::system::{SystemClock, SystemRandom};
use jiff::{SignedDuration, Timestamp};

use super::bare::Example;
use super::http::Connection;
use super::parties::{Parties, Party};
use super::register::{Size, acs, cvr, idp, system};
use super::rights::{Rights, stated};
use super::{BROKER, PUBLIC_URL, Trouble};

/// The world that all logins of a run share.
pub(crate) struct Scene {
    pub(crate) parties: Parties,
    pub(crate) size: Size,
}

/// An identity provider's answer as the browser posts it; posting it again is a replay.
#[derive(Clone)]
pub(crate) struct Posted {
    number: usize,
    request: MessageId,
    location: String,
    cookie: String,
    pub(crate) form: String,
}

impl Posted {
    /// The cookie as the browser sends it back, without its flags.
    fn kept_cookie(&self) -> &str {
        self.cookie.split(';').next().unwrap_or_default()
    }
}

/// What reached the fagsystem.
pub(crate) struct Delivered {
    pub(crate) posted: Posted,
    xml: Vec<u8>,
    /// The cookie of the session that began.
    pub(super) session: String,
}

impl Scene {
    /// Plays a login of an authority's user at a fagsystem up to the identity provider's answer, and tells how long the
    /// parties other than the broker took.
    pub(crate) fn ask(
        &self,
        connection: &mut Connection,
        (authority, number): (usize, usize),
    ) -> Result<(Posted, Duration), Trouble> {
        let begun = Instant::now();
        let request = fresh_id();
        let address = self.request(&request, number)?;
        let query = address.split_once('?').ok_or("no query")?.1;
        let mut away = begun.elapsed();
        let answer = connection.get(&format!("/saml/idp/sso?{query}&cvr={}", cvr(authority)))?;
        let location =
            answer.header("location").ok_or_else(|| format!("{}: {}", answer.status, answer.body))?;
        let cookie = answer.header("set-cookie").ok_or("no cookie")?.to_owned();
        let begun = Instant::now();
        let form = self.answer(location, authority)?;
        away += begun.elapsed();
        Ok((Posted { number, request, location: location.to_owned(), cookie, form }, away))
    }

    /// The broker's answers to one login, for a server that gives no others.
    pub(crate) fn example(&self, connection: &mut Connection) -> Result<Example, Trouble> {
        let (posted, _) = self.ask(connection, (0, 0))?;
        let answer = connection.post("/saml/sp/acs", posted.kept_cookie(), &posted.form)?;
        Ok(Example { location: posted.location, cookie: posted.cookie, page: answer.body })
    }

    /// Posts the identity provider's answer, and takes what the page carries to the fagsystem.
    pub(crate) fn post(&self, connection: &mut Connection, posted: Posted) -> Result<Delivered, Trouble> {
        let answer = connection.post("/saml/sp/acs", posted.kept_cookie(), &posted.form)?;
        let session = answer.all("set-cookie").find(|cookie| cookie.starts_with("__Host-session-"));
        let session = session.and_then(|cookie| cookie.split(';').next()).unwrap_or_default().to_owned();
        Ok(Delivered { posted, xml: token(&answer)?, session })
    }

    /// Goes to the same fagsystem again, with nothing but the session of an earlier login.
    pub(crate) fn again(&self, connection: &mut Connection, before: &Delivered) -> Result<(), Trouble> {
        let address = self.request(&fresh_id(), before.posted.number)?;
        let query = address.split_once('?').ok_or("no query")?.1;
        let answer = connection.get_with(&format!("/saml/idp/sso?{query}"), &before.session)?;
        token(&answer).map(drop)
    }

    /// Reads what was delivered as the fagsystem does, and returns the user's name and the ID of the response.
    pub(crate) fn read(&self, delivered: &Delivered) -> Result<(String, String), Trouble> {
        let accepted = self.accepted(delivered)?;
        Ok((accepted.assertion().said.name_id.clone(), accepted.id().to_string()))
    }

    /// The user's name, and the index of the fagsystem's place in the session.
    pub(super) fn session_of(&self, delivered: &Delivered) -> Result<(String, String), Trouble> {
        let accepted = self.accepted(delivered)?;
        let said = &accepted.assertion().said;
        Ok((said.name_id.clone(), said.authn.session_index.clone().ok_or("no SessionIndex")?))
    }

    fn accepted(&self, delivered: &Delivered) -> Result<Accepted<Response>, Trouble> {
        let number = delivered.posted.number;
        let (keys, decrypter) = (
            TrustedKeys::new(vec![Signer::certificate(&self.parties.signing.key).clone()]),
            self.key(number)?,
        );
        let keys = keys.map_err(in_words)?;
        let document = Document::parse(&delivered.xml).map_err(in_words)?;
        let answer = response::claimed(&document).map_err(in_words)?;
        let opening = Opening { keys: &keys, decrypters: &[decrypter], cbc: Cbc::Refused };
        let (issuer, audience) = (EntityId::new(BROKER)?, EntityId::new(&system(number))?);
        let expected = Expectation {
            issuer: &issuer,
            audience: &audience,
            acs: &acs(number),
            question: Some((&delivered.posted.request, SystemClock.now() - SignedDuration::from_mins(5))),
            skew: SignedDuration::from_secs(5),
        };
        let verified = answer.verify(opening).map_err(in_words)?;
        verified.accept(&expected, SystemClock.now()).map_err(in_words)
    }

    fn key(&self, number: usize) -> Result<Arc<dyn Decrypter>, Trouble> {
        let key = context_handler::protocol::keys::FileKey::read(self.parties.fagsystem(number).pem(), None);
        Ok(Arc::new(key.map_err(in_words)?))
    }

    fn request(&self, id: &MessageId, number: usize) -> Result<String, Trouble> {
        let ours = OurRequest {
            id,
            issuer: &EntityId::new(&system(number))?,
            issue_instant: SystemClock.now(),
            destination: &format!("{PUBLIC_URL}/saml/idp/sso"),
            acs: &acs(number),
            force_authn: false,
            is_passive: false,
            classes: &[],
            comparison: Comparison::Minimum,
            requester: None,
            proxy_count: None,
        };
        let xml = ours.write().map_err(in_words)?;
        let signer = &self.parties.fagsystem(number).key;
        let state = Some("2f41b6e0-7d1c-4f0a-9b55-0d5c3a1e8f77");
        redirect_to(ours.destination, Carries::Request, xml.as_str(), state, signer).map_err(in_words)
    }

    /// What the identity provider posts back.
    pub(super) fn answer(&self, location: &str, authority: usize) -> Result<String, Trouble> {
        let query = location.split_once('?').ok_or("no query")?.1;
        let arrived = Arrived::by_redirect(query, Carries::Request).map_err(in_words)?;
        let xml = String::from_utf8(arrived.xml)?;
        let id = xml.split_once(" ID=\"").and_then(|(_, rest)| rest.split_once('"')).ok_or("no ID")?.0;
        let assertion = assertion(id, authority, self.size.rights, &self.parties.idp)?;
        let response = response(id, authority, &assertion, &self.parties.decryption)?;
        let state = arrived.relay_state.ok_or("no RelayState")?;
        Ok(format!(
            "SAMLResponse={}&RelayState={}",
            escaped(&STANDARD.encode(response.as_str())),
            escaped(&state)
        ))
    }

    /// How large an identity provider's answer is: its assertion, and the whole response around it when encrypted.
    pub(crate) fn sizes(&self) -> Result<(usize, usize), Trouble> {
        let assertion = assertion("_1", 0, self.size.rights, &self.parties.idp)?;
        let response = response("_1", 0, &assertion, &self.parties.decryption)?;
        Ok((assertion.as_str().len(), response.as_str().len()))
    }
}

/// The name of the user whom an authority's identity provider logs in.
pub(crate) fn user(authority: usize) -> String {
    format!("C=DK,O={},CN=Maude Varnæs,Serial=4f6b1f0a-3a5e-4a53-9b60-0c3a7c1f2d10", cvr(authority))
}

const fn saml(local: &'static str) -> Name {
    Name::new("urn:oasis:names:tc:SAML:2.0:assertion", "saml2", local)
}

const fn samlp(local: &'static str) -> Name {
    Name::new("urn:oasis:names:tc:SAML:2.0:protocol", "saml2p", local)
}

fn assertion(question: &str, authority: usize, rights: Rights, signer: &Party) -> Result<Canonical, Trouble> {
    let (now, later) = (written(0), written(300));
    let (id, acs) = (fresh_id(), format!("{PUBLIC_URL}/saml/sp/acs"));
    let mut w = Writer::new();
    w.start(saml("Assertion")).attribute("Version", "2.0").attribute("ID", id.as_str());
    w.attribute("IssueInstant", &now).element(saml("Issuer"), &idp(authority)).signature_goes_here();
    w.start(saml("Subject")).start(saml("NameID"));
    w.attribute("Format", "urn:oasis:names:tc:SAML:1.1:nameid-format:X509SubjectName");
    w.text(&user(authority)).end();
    w.start(saml("SubjectConfirmation")).attribute("Method", "urn:oasis:names:tc:SAML:2.0:cm:bearer");
    w.start(saml("SubjectConfirmationData")).attribute("NotOnOrAfter", &later);
    w.attribute("Recipient", &acs).attribute("InResponseTo", question).end().end().end();
    w.start(saml("Conditions")).attribute("NotBefore", &now).attribute("NotOnOrAfter", &later);
    w.start(saml("AudienceRestriction")).element(saml("Audience"), BROKER).end().end();
    w.start(saml("AuthnStatement")).attribute("AuthnInstant", &now);
    w.attribute("SessionIndex", id.as_str()).start(saml("AuthnContext"));
    w.element(saml("AuthnContextClassRef"), "https://data.gov.dk/concept/core/nsis/loa/Substantial")
        .end()
        .end();
    w.start(saml("AttributeStatement"));
    for (name, value) in attributes(authority, rights) {
        w.start(saml("Attribute")).attribute("Name", name);
        w.attribute("NameFormat", "urn:oasis:names:tc:SAML:2.0:attrname-format:uri");
        w.element(saml("AttributeValue"), &value).end();
    }
    w.end().end().finish_signed(id.as_str(), &signer.key).map_err(in_words)
}

fn attributes(authority: usize, rights: Rights) -> Vec<(&'static str, String)> {
    let mut attributes = vec![
        ("https://data.gov.dk/model/core/specVersion", "OIO-SAML-3.0".into()),
        ("https://data.gov.dk/concept/core/nsis/loa", "Substantial".into()),
        ("https://data.gov.dk/concept/core/nsis/ial", "Substantial".into()),
        ("https://data.gov.dk/concept/core/nsis/aal", "Substantial".into()),
        ("https://data.gov.dk/model/core/eid/professional/cvr", cvr(authority)),
        ("https://data.gov.dk/model/core/eid/professional/orgName", "Korsbæk Kommune & Omegn".into()),
        ("https://data.gov.dk/model/core/eid/fullName", "Maude Varnæs".into()),
        ("https://data.gov.dk/model/core/eid/firstName", "Maude".into()),
        ("https://data.gov.dk/model/core/eid/lastName", "Varnæs".into()),
        ("https://data.gov.dk/model/core/eid/email", "maude.varnaes@korsbaek.example.dk".into()),
        (
            "https://data.gov.dk/model/core/eid/professional/uuid/persistent",
            "urn:uuid:4f6b1f0a-3a5e-4a53-9b60-0c3a7c1f2d10".into(),
        ),
    ];
    let list = stated(rights, authority).filter(|_| rights.service.is_none());
    attributes.extend(list.map(|list| ("https://data.gov.dk/model/core/eid/privilegesIntermediate", list)));
    attributes
}

fn response(
    question: &str,
    authority: usize,
    assertion: &Canonical,
    to: &Party,
) -> Result<Canonical, Trouble> {
    let how = Encryption { content: ContentCipher::Aes256Gcm, key: KeyTransport::OaepSha256 };
    let sealed = encrypt(assertion, Signer::certificate(&to.key), how, &SystemRandom).map_err(in_words)?;
    let mut w = Writer::new();
    w.start(samlp("Response")).attribute("ID", fresh_id().as_str()).attribute("Version", "2.0");
    w.attribute("IssueInstant", &written(0)).attribute("InResponseTo", question);
    w.attribute("Destination", &format!("{PUBLIC_URL}/saml/sp/acs"));
    w.element(saml("Issuer"), &idp(authority));
    w.start(samlp("Status")).start(samlp("StatusCode"));
    w.attribute("Value", "urn:oasis:names:tc:SAML:2.0:status:Success").end().end();
    w.start(saml("EncryptedAssertion")).embed(&sealed).end().end().finish().map_err(in_words)
}

/// An ID of somebody else's making: most take 128 random bits, in no order.
pub(crate) fn fresh_id() -> MessageId {
    let dice: &dyn Random = &SystemRandom;
    MessageId::made(Timestamp::UNIX_EPOCH, dice.bits())
}

/// A login that was never played, for a store that has seen many.
pub(crate) fn fresh_login() -> LoginId {
    let dice: &dyn Random = &SystemRandom;
    LoginId::begun(SystemClock.now(), dice.bits())
}

fn written(seconds_from_now: i64) -> String {
    let time: Timestamp = SystemClock.now() + SignedDuration::from_secs(seconds_from_now);
    time.strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
}

pub(super) fn in_words(fault: Fault) -> Trouble {
    fault.to_string().into()
}

/// What a page of the broker carries to the fagsystem.
fn token(answer: &super::http::Answer) -> Result<Vec<u8>, Trouble> {
    let value =
        answer.body.split_once("name=\"SAMLResponse\" value=\"").and_then(|(_, rest)| rest.split_once('"'));
    let (value, _) = value.ok_or_else(|| format!("{}: {}", answer.status, answer.body))?;
    let xml = STANDARD.decode(value)?;
    // A refusal is signed and has a form of its own; a token is encrypted to the fagsystem.
    if !String::from_utf8_lossy(&xml).contains("<saml:EncryptedAssertion") {
        return Err(format!("no assertion: {}", String::from_utf8_lossy(&xml)).into());
    }
    Ok(xml)
}
