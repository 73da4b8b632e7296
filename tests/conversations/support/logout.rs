//! Logout as parties speak it: they ask, they answer, and some of them take messages at a server of their own, where they
//! can be told to misbehave.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::http::StatusCode;
use axum::response::IntoResponse;
use axum::routing::post;
use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use context_handler::broker::registry::Files;
use context_handler::protocol::keys::{FileKey, Signer, TrustedKeys};
use context_handler::protocol::saml::binding::{Arrived, Carries, Form, redirect_to};
use context_handler::protocol::xml::{Canonical, Document, Element, Name, Writer, verify};
use openssl::hash::MessageDigest;
use openssl::rsa::Padding;
use openssl::sign::Verifier;
use openssl::x509::X509;
use serde_json::Value;
use tokio::sync::Semaphore;

use super::{Answer, Browser, Fagsystem, Idp, Told, Town, at, key};

const fn samlp(local: &'static str) -> Name {
    Name::new("urn:oasis:names:tc:SAML:2.0:protocol", "samlp", local)
}

const fn saml(local: &'static str) -> Name {
    Name::new("urn:oasis:names:tc:SAML:2.0:assertion", "saml", local)
}

const fn soap(local: &'static str) -> Name {
    Name::new("http://schemas.xmlsoap.org/soap/envelope/", "S", local)
}

/// Who speaks, and with which key.
#[derive(Clone)]
pub(crate) struct Voice {
    pub(crate) entity_id: String,
    pub(crate) key: Arc<FileKey>,
    /// The address at the broker for this kind of party.
    pub(crate) slo: String,
}

impl Fagsystem {
    pub(crate) fn voice(&self, town: &Town) -> Voice {
        let slo = format!("{}/saml/idp/slo", town.url);
        Voice { entity_id: self.entity_id.clone(), key: self.key.clone(), slo }
    }
}

impl Idp {
    pub(crate) fn voice(&self, town: &Town) -> Voice {
        let slo = format!("{}/saml/sp/slo", town.url);
        Voice { entity_id: self.entity_id.clone(), key: self.key.clone(), slo }
    }
}

/// What a request to end a session says. Every part can be bent.
#[derive(Clone)]
pub(crate) struct End {
    pub(crate) id: String,
    pub(crate) destination: String,
    pub(crate) issue_instant: String,
    pub(crate) not_on_or_after: Option<String>,
    pub(crate) name_id: String,
    pub(crate) indexes: Vec<String>,
    pub(crate) relay_state: Option<String>,
    /// How often Extensions stand between name and index.
    pub(crate) misplaced: usize,
}

/// The index of the session in what a fagsystem was told.
pub(crate) fn index(told: &Told) -> String {
    let assertion = told.assertion.as_deref().unwrap();
    let (_, rest) = assertion.split_once("SessionIndex=\"").unwrap();
    rest.split('"').next().unwrap().to_owned()
}

impl Voice {
    /// An ordinary request about a user's session.
    pub(crate) fn end(&self, indexes: &[&str]) -> End {
        End {
            id: "_logout1".into(),
            destination: self.slo.clone(),
            issue_instant: at(0).to_string(),
            not_on_or_after: Some(at(60).to_string()),
            name_id: "C=DK,O=11111111,CN=Ib Dam,Serial=5b0c".into(),
            indexes: indexes.iter().map(|index| (*index).to_owned()).collect(),
            relay_state: Some("see you & bye/æ".into()),
            misplaced: 0,
        }
    }

    pub(crate) fn write(&self, end: &End, signed: bool) -> Canonical {
        let mut xml = Writer::new();
        xml.start(samlp("LogoutRequest"));
        xml.attribute("Destination", &end.destination).attribute("ID", &end.id);
        xml.attribute("IssueInstant", &end.issue_instant).attribute("Version", "2.0");
        if let Some(moment) = &end.not_on_or_after {
            xml.attribute("NotOnOrAfter", moment);
        }
        xml.element(saml("Issuer"), &self.entity_id);
        if signed {
            xml.signature_goes_here();
        }
        xml.element(saml("NameID"), &end.name_id);
        for _ in 0..end.misplaced {
            xml.start(samlp("Extensions")).end();
        }
        for index in &end.indexes {
            xml.element(samlp("SessionIndex"), index);
        }
        xml.end();
        if signed { xml.finish_signed(&end.id, self.key.as_ref()).unwrap() } else { xml.finish().unwrap() }
    }

    /// The address that carries a request.
    pub(crate) fn redirect(&self, end: &End) -> String {
        let xml = self.write(end, false);
        let state = end.relay_state.as_deref();
        redirect_to(&self.slo, Carries::Request, xml.as_str(), state, self.key.as_ref()).unwrap()
    }

    /// Brings a request by a form.
    pub(crate) async fn post(&self, browser: &mut Browser, end: &End, signed: bool) -> Answer {
        let xml = self.write(end, signed);
        let form = Form::new(&self.slo, Carries::Request, xml.as_str(), end.relay_state.clone());
        send(browser, &form).await
    }

    /// Sends a request from server to server.
    pub(crate) async fn by_soap(&self, end: &End, signed: bool) -> Answer {
        let end = End { destination: format!("{}/soap", self.slo), ..end.clone() };
        let envelope = wrapped(&self.write(&end, signed));
        Browser::new().post_raw(&end.destination, "text/xml", envelope).await
    }

    /// The address that carries an answer to a request.
    pub(crate) fn answers(&self, question: &Asked, status: &[&str]) -> String {
        let xml = self.confirmation(&question.id, &self.slo, status, false);
        let state = question.relay_state.as_deref();
        redirect_to(&self.slo, Carries::Response, xml.as_str(), state, self.key.as_ref()).unwrap()
    }

    /// An answer, with these status codes.
    pub(crate) fn confirmation(
        &self,
        question: &str,
        destination: &str,
        status: &[&str],
        signed: bool,
    ) -> Canonical {
        let mut xml = Writer::new();
        xml.start(samlp("LogoutResponse")).attribute("InResponseTo", question);
        if !destination.is_empty() {
            xml.attribute("Destination", destination);
        }
        xml.attribute("ID", "_answer1");
        xml.attribute("IssueInstant", &at(0).to_string()).attribute("Version", "2.0");
        xml.element(saml("Issuer"), &self.entity_id);
        if signed {
            xml.signature_goes_here();
        }
        xml.start(samlp("Status"));
        for code in status {
            xml.start(samlp("StatusCode"));
            xml.attribute("Value", &format!("urn:oasis:names:tc:SAML:2.0:status:{code}"));
        }
        for _ in status {
            xml.end();
        }
        xml.end();
        xml.end();
        if signed { xml.finish_signed("_answer1", self.key.as_ref()).unwrap() } else { xml.finish().unwrap() }
    }
}

pub(crate) async fn send(browser: &mut Browser, form: &Form) -> Answer {
    let mut fields = vec![(form.parameter, form.message.as_str())];
    fields.extend(form.relay_state.as_deref().map(|state| ("RelayState", state)));
    browser.post(&form.action, &fields).await
}

fn wrapped(message: &Canonical) -> String {
    let mut xml = Writer::new();
    xml.start(soap("Envelope")).start(soap("Body")).embed(message).end().end();
    xml.finish().unwrap().into_string()
}

/// What the broker asked of a party, proved with the broker's key.
#[derive(Clone, Debug)]
pub(crate) struct Asked {
    pub(crate) to: String,
    pub(crate) id: String,
    pub(crate) name_id: String,
    pub(crate) indexes: Vec<String>,
    pub(crate) relay_state: Option<String>,
}

/// What the broker answered, proved with the broker's key.
#[derive(Clone, Debug)]
pub(crate) struct Confirmed {
    pub(crate) to: String,
    pub(crate) status: Vec<String>,
    pub(crate) in_response_to: String,
    pub(crate) relay_state: Option<String>,
}

fn broker_keys() -> TrustedKeys {
    TrustedKeys::new(vec![Signer::certificate(key("broker-signing").as_ref()).clone()]).unwrap()
}

impl Asked {
    /// Where the browser is taken with the news: by a page of ours that goes on by itself.
    pub(crate) fn of(answer: &Answer) -> Self {
        let (to, arrived) = carried(answer, Carries::Request);
        let document = Document::parse(&arrived.xml).unwrap();
        Self::read(to, arrived.relay_state.clone(), document.root())
    }

    fn read(to: String, relay_state: Option<String>, root: Element<'_>) -> Self {
        assert!(root.is(samlp("LogoutRequest")), "{}", root.local());
        assert_eq!(root.attribute("Destination"), Some(to.as_str()));
        let texts = root.children().filter(|child| child.is(samlp("SessionIndex")));
        Self {
            to,
            id: root.attribute("ID").unwrap().to_owned(),
            name_id: root.only_child(saml("NameID")).unwrap().text().unwrap().into_owned(),
            indexes: texts.map(|index| index.text().unwrap().into_owned()).collect(),
            relay_state,
        }
    }
}

impl Confirmed {
    /// What the browser brings back to whoever asked.
    pub(crate) fn of(answer: &Answer) -> Self {
        let (to, arrived) = carried(answer, Carries::Response);
        let document = Document::parse(&arrived.xml).unwrap();
        let read = Self::read(document.root(), arrived.relay_state.clone());
        assert_eq!(read.to, to);
        read
    }

    /// What a server is answered.
    pub(crate) fn in_envelope(answer: &Answer) -> Self {
        assert_eq!(answer.status, 200, "{}", answer.body);
        let document = Document::parse(answer.body.as_bytes()).unwrap();
        let body = document.root().only_child(soap("Body")).unwrap();
        let message = body.only_child(samlp("LogoutResponse")).unwrap();
        let signed = verify(message, &broker_keys()).unwrap();
        Self::read(signed.element(), None)
    }

    fn read(root: Element<'_>, relay_state: Option<String>) -> Self {
        assert!(root.is(samlp("LogoutResponse")), "{}", root.local());
        let mut status = Vec::new();
        let mut next = root.only_child(samlp("Status")).unwrap().optional_child(samlp("StatusCode")).unwrap();
        while let Some(code) = next {
            status.push(code.attribute("Value").unwrap().rsplit(':').next().unwrap().to_owned());
            next = code.optional_child(samlp("StatusCode")).unwrap();
        }
        Self {
            to: root.attribute("Destination").unwrap_or_default().to_owned(),
            status,
            in_response_to: root.attribute("InResponseTo").unwrap().to_owned(),
            relay_state,
        }
    }
}

/// A message that the browser takes somewhere, by a redirect, a page that goes on by itself, a link or a form.
fn carried(answer: &Answer, carries: Carries) -> (String, Arrived) {
    let name = format!("{}=", carries.parameter());
    let address = answer.location.clone().or_else(|| answer.link(&name));
    if let Some(address) = address.filter(|address| address.contains(&name)) {
        let start = address.find(&name).unwrap();
        let (to, query) = (&address[..start - 1], &address[start..]);
        let arrived = Arrived::by_redirect(query, carries).unwrap();
        let signed = arrived.detached.clone().unwrap();
        broker_keys().verify_detached(&signed.algorithm, &signed.octets, &signed.signature).unwrap();
        return (to.to_owned(), arrived);
    }
    let (to, fields) = answer.form().unwrap_or_else(|| panic!("nothing: {} {}", answer.status, answer.body));
    let escaped = context_handler::protocol::address::escaped;
    let body: Vec<_> = fields.iter().map(|(name, value)| format!("{name}={}", escaped(value))).collect();
    let arrived = Arrived::by_post(&body.join("&"), carries).unwrap();
    verify(Document::parse(&arrived.xml).unwrap().root(), &broker_keys()).unwrap();
    (to, arrived)
}

/// Puts an address for logout into a party's metadata.
pub(crate) fn reachable(files: &mut Files, file: &str, binding: &str, address: &str) {
    let metadata = files.get_mut(&format!("{file}.xml")).unwrap();
    let text = String::from_utf8(metadata.clone()).unwrap();
    let service = format!(
        "<md:SingleLogoutService Binding=\"urn:oasis:names:tc:SAML:2.0:bindings:{binding}\" Location=\"{address}\"/>"
    );
    let before = ["<md:AssertionConsumerService", "<md:SingleSignOnService"];
    let place = before.iter().find_map(|next| text.find(next)).unwrap();
    *metadata = format!("{}{service}{}", &text[..place], &text[place..]).into_bytes();
}

/// How a party's server behaves when it is told.
#[derive(Clone, Debug)]
pub(crate) enum Manner {
    /// It answers with this status.
    Answers(&'static [&'static str]),
    /// It takes the news and says nothing.
    Hangs,
    /// It takes the news and says nothing until this is closed; then it fails.
    Holds(Arc<Semaphore>),
    /// It fails with a page for people.
    Fails,
    /// It says yes without a signature.
    Unsigned,
    /// It says yes to another question.
    ToAnother,
    /// Somebody else says yes.
    AsAnother(&'static str),
}

/// A party's server for messages about logout.
pub(crate) struct Server {
    pub(crate) address: String,
    manner: Arc<Mutex<Manner>>,
    asked: Arc<Mutex<Vec<Asked>>>,
}

impl Server {
    pub(crate) async fn of(entity_id: &str, key: Arc<FileKey>) -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = format!("http://localhost:{}/slo", listener.local_addr().unwrap().port());
        let manner = Arc::new(Mutex::new(Manner::Answers(&["Success"])));
        let asked = Arc::new(Mutex::new(Vec::new()));
        let voice = Voice { entity_id: entity_id.to_owned(), key, slo: String::new() };
        let (to, now, all) = (address.clone(), manner.clone(), asked.clone());
        let told = move |body: String| {
            let (voice, to, manner) = (voice.clone(), to.clone(), now.lock().unwrap().clone());
            let asked = {
                let document = Document::parse(body.as_bytes()).unwrap();
                let body = document.root().only_child(soap("Body")).unwrap();
                let message = body.only_child(samlp("LogoutRequest")).unwrap();
                let signed = verify(message, &broker_keys()).unwrap();
                Asked::read(to, None, signed.element())
            };
            all.lock().unwrap().push(asked.clone());
            async move { answer(voice, manner, &asked.id).await }
        };
        let app = Router::new().route("/slo", post(told));
        tokio::spawn(async move { axum::serve(listener, app).await.unwrap() });
        Self { address, manner, asked }
    }

    pub(crate) fn behaves(&self, manner: Manner) {
        *self.manner.lock().unwrap() = manner;
    }

    /// What it was told.
    pub(crate) fn asked(&self) -> Vec<Asked> {
        self.asked.lock().unwrap().clone()
    }
}

async fn answer(voice: Voice, manner: Manner, question: &str) -> axum::response::Response {
    let says = |voice: &Voice, question: &str, status: &[&str], signed: bool| {
        wrapped(&voice.confirmation(question, "", status, signed)).into_response()
    };
    let fails = || (StatusCode::INTERNAL_SERVER_ERROR, "<html>Oops</html>").into_response();
    match manner {
        Manner::Answers(status) => says(&voice, question, status, true),
        Manner::Hangs => {
            tokio::time::sleep(Duration::from_secs(60)).await;
            StatusCode::OK.into_response()
        }
        Manner::Holds(until) => {
            assert!(until.acquire().await.is_err(), "nobody is let through");
            fails()
        }
        Manner::Fails => fails(),
        Manner::Unsigned => says(&voice, question, &["Success"], false),
        Manner::ToAnother => says(&voice, "_another", &["Success"], true),
        Manner::AsAnother(name) => says(&Voice { key: key(name), ..voice }, question, &["Success"], true),
    }
}

/// A client's back channel: takes logout tokens.
pub(crate) struct BackChannel {
    pub(crate) address: String,
    status: Arc<Mutex<StatusCode>>,
    told: Arc<Mutex<Vec<String>>>,
}

impl BackChannel {
    pub(crate) async fn new() -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = format!("http://localhost:{}/logout", listener.local_addr().unwrap().port());
        let (status, told) = (Arc::new(Mutex::new(StatusCode::OK)), Arc::new(Mutex::new(Vec::new())));
        let (now, all) = (status.clone(), told.clone());
        let take = move |body: String| {
            all.lock().unwrap().push(body);
            let status = *now.lock().unwrap();
            async move { status }
        };
        let app = Router::new().route("/logout", post(take));
        tokio::spawn(async move { axum::serve(listener, app).await.unwrap() });
        Self { address, status, told }
    }

    pub(crate) fn answers(&self, status: u16) {
        *self.status.lock().unwrap() = StatusCode::from_u16(status).unwrap();
    }

    /// Every token as it came.
    pub(crate) fn raw(&self) -> Vec<String> {
        let told = self.told.lock().unwrap();
        told.iter().map(|body| body.strip_prefix("logout_token=").unwrap().to_owned()).collect()
    }

    /// The header and the claims of every token, proved with the broker's key.
    pub(crate) fn tokens(&self) -> Vec<(Value, Value)> {
        self.raw().iter().map(|token| proved(token)).collect()
    }
}

fn proved(token: &str) -> (Value, Value) {
    let parts: Vec<&str> = token.split('.').collect();
    let [header, claims, signature] = parts[..] else { panic!("{token}") };
    let broker = key("broker-signing");
    let certificate = STANDARD.decode(Signer::certificate(broker.as_ref()).to_base64()).unwrap();
    let certificate = X509::from_der(&certificate).unwrap();
    let public = certificate.public_key().unwrap();
    let mut verifier = Verifier::new(MessageDigest::sha256(), &public).unwrap();
    verifier.set_rsa_padding(Padding::PKCS1_PSS).unwrap();
    verifier.update(format!("{header}.{claims}").as_bytes()).unwrap();
    assert!(verifier.verify(&URL_SAFE_NO_PAD.decode(signature).unwrap()).unwrap());
    let read = |part: &str| serde_json::from_slice(&URL_SAFE_NO_PAD.decode(part).unwrap()).unwrap();
    (read(header), read(claims))
}
