//! An attribute service on a port of its own: reads our query with judgement of its own, and says what it is told to say, in
//! the manner that it is told.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use context_handler::broker::registry::Files;
use context_handler::protocol::keys::{Decrypter, FileKey, Signer, TrustedKeys};
use context_handler::protocol::xml::{
    Canonical, ContentCipher, Document, Element, Encryption, KeyTransport, Name, Writer, encrypt, verify,
};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use super::key;
use super::world::SeededDice;

const SAMLP: &str = "urn:oasis:names:tc:SAML:2.0:protocol";
const SAML: &str = "urn:oasis:names:tc:SAML:2.0:assertion";
const SOAP: &str = "http://schemas.xmlsoap.org/soap/envelope/";

/// The attribute that carries rights, by the older of its names.
pub(crate) const RIGHTS: &str = "dk:gov:saml:attribute:Privileges_intermediate";

const fn samlp(local: &'static str) -> Name {
    Name::new(SAMLP, "samlp", local)
}

const fn saml(local: &'static str) -> Name {
    Name::new(SAML, "saml", local)
}

const fn soap(local: &'static str) -> Name {
    Name::new(SOAP, "S", local)
}

/// How the service behaves when it is asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Manner {
    /// It answers.
    Answers,
    /// It answers after a while.
    Takes(Duration),
    /// It takes the query and says nothing.
    Hangs,
    /// It sends a byte now and then.
    Drips,
    /// It sends without end.
    Floods,
    /// It takes the query and hangs up.
    HangsUp,
    /// It breaks the connection off while we are speaking.
    Resets,
    /// It sends us elsewhere, with this status.
    SendsTo(u16, String),
    /// It fails with a page for people.
    Fails,
    /// It answers with a fault of SOAP.
    Faults,
}

/// What an answer says. Every part can be bent; what is None is as it should be.
#[derive(Clone)]
pub(crate) struct Told {
    pub(crate) manner: Manner,
    pub(crate) key: Arc<FileKey>,
    pub(crate) issuer: String,
    pub(crate) in_response_to: Option<String>,
    pub(crate) name_id: Option<String>,
    pub(crate) issue_instant: Option<String>,
    pub(crate) audience: Option<String>,
    pub(crate) not_on_or_after: Option<String>,
    pub(crate) status: &'static str,
    pub(crate) attributes: Vec<(String, String)>,
    pub(crate) tells_of_login: bool,
    pub(crate) signed: bool,
    pub(crate) encrypted: bool,
}

/// The service, as the test sees it.
pub(crate) struct AttributeService {
    pub(crate) entity_id: String,
    pub(crate) address: String,
    file: &'static str,
    told: Arc<Mutex<Told>>,
    asked: Arc<AtomicUsize>,
}

/// A list with one privilege, as services write it.
pub(crate) fn list(scope: &str, role: &str) -> String {
    STANDARD.encode(format!(
        "<bpp:PrivilegeList xmlns:bpp=\"http://itst.dk/oiosaml/basic_privilege_profile\"><PrivilegeGroup \
         Scope=\"urn:dk:gov:saml:cvrNumberIdentifier:{scope}\"><Privilege>{role}</Privilege></PrivilegeGroup></bpp:PrivilegeList>"
    ))
}

impl AttributeService {
    /// A service that answers with this list.
    pub(crate) async fn new(file: &'static str, rights: String) -> Self {
        let told = Told {
            manner: Manner::Answers,
            key: key("attribute-service"),
            issuer: format!("https://{file}.test/as"),
            in_response_to: None,
            name_id: None,
            issue_instant: None,
            audience: None,
            not_on_or_after: None,
            status: "Success",
            attributes: vec![(RIGHTS.to_owned(), rights)],
            tells_of_login: false,
            signed: true,
            encrypted: false,
        };
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = format!("http://localhost:{}/soap", listener.local_addr().unwrap().port());
        let (told, asked) = (Arc::new(Mutex::new(told)), Arc::new(AtomicUsize::new(0)));
        let service = Self {
            entity_id: format!("https://{file}.test/as"),
            address,
            file,
            told: told.clone(),
            asked: asked.clone(),
        };
        tokio::spawn(async move {
            loop {
                let (connection, _) = listener.accept().await.unwrap();
                tokio::spawn(serve(connection, told.clone(), asked.clone()));
            }
        });
        service
    }

    /// Changes what it says from now on.
    pub(crate) fn bend(&self, bend: impl FnOnce(&mut Told)) {
        bend(&mut self.told.lock().unwrap());
    }

    /// How often it was asked.
    pub(crate) fn asked(&self) -> usize {
        self.asked.load(Ordering::SeqCst)
    }

    /// Registers it for an authority whose identity provider, known by its metadata file, takes rights from it; with
    /// more lines about the service.
    pub(crate) fn register(&self, files: &mut Files, authority: &str, idp: &str, more: &str) {
        let toml = String::from_utf8(files["register.toml"].clone()).unwrap();
        let line = format!("metadata = \"{idp}.xml\"\n");
        let toml = toml.replace(&line, &format!("{line}rights = [\"attribute-service\"]\n"));
        let registered = format!(
            "{toml}\n[[attribute-service]]\nentity-id = {:?}\nname = \"{}\"\nmetadata = \"{}.xml\"\n\
             authorities = [{authority:?}]\n{more}\n",
            self.entity_id, self.file, self.file
        );
        files.insert("register.toml".into(), registered.into_bytes());
        files.insert(format!("{}.xml", self.file), self.metadata().into_bytes());
    }

    /// Its metadata. The same party also logs people in, with another key.
    fn metadata(&self) -> String {
        let role = |name: &str, key: &str, inside: &str| {
            format!(
                "<md:{name} protocolSupportEnumeration=\"{SAMLP}\"><md:KeyDescriptor use=\"signing\">\
                 <ds:KeyInfo xmlns:ds=\"http://www.w3.org/2000/09/xmldsig#\"><ds:X509Data><ds:X509Certificate>{}\
                 </ds:X509Certificate></ds:X509Data></ds:KeyInfo></md:KeyDescriptor>{inside}</md:{name}>",
                Signer::certificate(super::key(key).as_ref()).to_base64()
            )
        };
        let sso = "<md:SingleSignOnService Binding=\"urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect\" \
                   Location=\"https://as.test/sso\"/>";
        let query = format!(
            "<md:AttributeService Binding=\"urn:oasis:names:tc:SAML:2.0:bindings:SOAP\" Location=\"{}\"/>",
            self.address
        );
        format!(
            "<md:EntityDescriptor xmlns:md=\"urn:oasis:names:tc:SAML:2.0:metadata\" entityID=\"{}\">{}{}</md:EntityDescriptor>",
            self.entity_id,
            role("IDPSSODescriptor", "nemlogin", sso),
            role("AttributeAuthorityDescriptor", "attribute-service", &query)
        )
    }
}

/// One connection: a request, and what comes of it.
async fn serve(mut connection: TcpStream, told: Arc<Mutex<Told>>, asked: Arc<AtomicUsize>) {
    if told.lock().unwrap().manner == Manner::Resets {
        asked.fetch_add(1, Ordering::SeqCst);
        // What was not read makes the machine reset the connection.
        drop(connection.read(&mut [0; 1]).await);
        return;
    }
    let Some((head, body)) = request(&mut connection).await else { return };
    assert!(head.to_ascii_lowercase().contains("soapaction:"), "{head}");
    asked.fetch_add(1, Ordering::SeqCst);
    let told = told.lock().unwrap().clone();
    let sends = |status: &str, more: &str, body: &str| {
        format!(
            "HTTP/1.1 {status}\r\nContent-Type: text/xml\r\nConnection: close\r\n{more}Content-Length: {}\r\n\r\n{body}",
            body.len()
        )
    };
    let answer = match &told.manner {
        Manner::Answers => sends("200 OK", "", &told.write(&body)),
        Manner::Takes(time) => {
            tokio::time::sleep(*time).await;
            sends("200 OK", "", &told.write(&body))
        }
        Manner::Hangs => std::future::pending().await,
        Manner::Drips | Manner::Floods => {
            let head = "HTTP/1.1 200 OK\r\nContent-Type: text/xml\r\nConnection: close\r\n\r\n";
            connection.write_all(head.as_bytes()).await.unwrap();
            let (piece, pause) = if told.manner == Manner::Drips {
                (vec![b' '], Duration::from_millis(50))
            } else {
                (vec![b' '; 64 * 1024], Duration::ZERO)
            };
            while connection.write_all(&piece).await.is_ok() {
                tokio::time::sleep(pause).await;
            }
            return;
        }
        Manner::HangsUp | Manner::Resets => return,
        Manner::SendsTo(status, place) => {
            sends(&format!("{status} Elsewhere"), &format!("Location: {place}\r\n"), "")
        }
        Manner::Fails => sends("500 Internal Server Error", "", "<html>out of order</html>"),
        Manner::Faults => sends(
            "500 Internal Server Error",
            "",
            &format!(
                "<S:Envelope xmlns:S=\"{SOAP}\"><S:Body><S:Fault><faultcode>S:Client</faultcode>\
                 <faultstring>no</faultstring></S:Fault></S:Body></S:Envelope>"
            ),
        ),
    };
    drop(connection.write_all(answer.as_bytes()).await);
}

async fn request(connection: &mut TcpStream) -> Option<(String, String)> {
    let mut read = Vec::new();
    loop {
        let mut piece = [0; 4096];
        match connection.read(&mut piece).await {
            Ok(0) | Err(_) => return None,
            Ok(count) => read.extend_from_slice(&piece[..count]),
        }
        let text = String::from_utf8_lossy(&read);
        let Some((head, body)) = text.split_once("\r\n\r\n") else { continue };
        let length = head.lines().find_map(|line| {
            let (name, value) = line.split_once(':')?;
            name.eq_ignore_ascii_case("content-length").then(|| value.trim().parse::<usize>().unwrap())
        });
        if body.len() >= length.unwrap() {
            return Some((head.to_owned(), body.to_owned()));
        }
    }
}

/// What a query asks.
struct Query {
    id: String,
    issuer: String,
    issue_instant: String,
    name_id: String,
}

/// Reads a query and panics unless the broker signed it.
fn read(envelope: &str) -> Query {
    let document = Document::parse(envelope.as_bytes()).unwrap();
    let body = document.root().only_child(soap("Body")).unwrap();
    let query = body.only_child(samlp("AttributeQuery")).unwrap();
    let broker = TrustedKeys::new(vec![Signer::certificate(key("broker-signing").as_ref()).clone()]).unwrap();
    let query = verify(query, &broker).unwrap().element();
    assert_eq!(query.count(saml("Attribute")), 0, "no attribute is named");
    let name = query.only_child(saml("Subject")).unwrap().only_child(saml("NameID")).unwrap();
    assert_eq!(name.attribute("Format"), Some("urn:oasis:names:tc:SAML:1.1:nameid-format:X509SubjectName"));
    let attribute = |name: &str| query.attribute(name).unwrap().to_owned();
    let text = |element: Element<'_>| element.text().unwrap().into_owned();
    Query {
        id: attribute("ID"),
        issuer: text(query.only_child(saml("Issuer")).unwrap()),
        issue_instant: attribute("IssueInstant"),
        name_id: text(name),
    }
}

impl Told {
    fn write(&self, envelope: &str) -> String {
        let query = read(envelope);
        let answers = self.in_response_to.as_ref().unwrap_or(&query.id);
        let made = self.issue_instant.as_ref().unwrap_or(&query.issue_instant);
        let mut xml = Writer::new();
        xml.start(soap("Envelope")).start(soap("Header")).end().start(soap("Body"));
        xml.start(samlp("Response")).attribute("ID", "_told").attribute("IssueInstant", made);
        xml.attribute("InResponseTo", answers).attribute("Version", "2.0");
        xml.element(saml("Issuer"), &self.issuer);
        xml.start(samlp("Status")).start(samlp("StatusCode"));
        xml.attribute("Value", &format!("urn:oasis:names:tc:SAML:2.0:status:{}", self.status)).end().end();
        if self.status == "Success" {
            let assertion = self.assertion(&query, made);
            if self.encrypted {
                let how = Encryption { content: ContentCipher::Aes256Gcm, key: KeyTransport::OaepSha256 };
                let to = key("broker-decryption");
                let to = Decrypter::certificate(to.as_ref());
                let hidden = encrypt(&assertion, to, how, &SeededDice::new(9)).unwrap();
                xml.start(saml("EncryptedAssertion")).embed(&hidden).end();
            } else {
                xml.embed(&assertion);
            }
        }
        xml.end().end().end();
        xml.finish().unwrap().into_string()
    }

    fn assertion(&self, query: &Query, made: &str) -> Canonical {
        let mut xml = Writer::new();
        xml.start(saml("Assertion")).attribute("ID", "_said").attribute("IssueInstant", made);
        xml.attribute("Version", "2.0").element(saml("Issuer"), &self.issuer);
        if self.signed {
            xml.signature_goes_here();
        }
        let name = self.name_id.as_ref().unwrap_or(&query.name_id);
        xml.start(saml("Subject")).element(saml("NameID"), name).end();
        xml.start(saml("Conditions"));
        if let Some(until) = &self.not_on_or_after {
            xml.attribute("NotOnOrAfter", until);
        }
        if let Some(audience) = &self.audience {
            let audience = if audience == "asker" { &query.issuer } else { audience };
            xml.start(saml("AudienceRestriction")).element(saml("Audience"), audience).end();
        }
        xml.end();
        if self.tells_of_login {
            xml.start(saml("AuthnStatement")).attribute("AuthnInstant", made);
            xml.start(saml("AuthnContext"));
            let class = "https://data.gov.dk/concept/core/nsis/loa/High";
            xml.element(saml("AuthnContextClassRef"), class).end().end();
        }
        xml.start(saml("AttributeStatement"));
        for (name, value) in &self.attributes {
            xml.start(saml("Attribute")).attribute("Name", name);
            xml.element(saml("AttributeValue"), value).end();
        }
        xml.end().end();
        if self.signed {
            xml.finish_signed("_said", self.key.as_ref()).unwrap()
        } else {
            xml.finish().unwrap()
        }
    }
}
