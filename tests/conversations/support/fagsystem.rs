//! A fagsystem: asks, and reads what it is told with judgement of its own.

use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use context_handler::protocol::keys::{Decrypter, FileKey, Signer, TrustedKeys};
use context_handler::protocol::saml::binding::{Carries, Form, redirect_to};
use context_handler::protocol::xml::{Canonical, Cbc, Document, Element, Name, Writer, decrypt, verify};

use super::{Answer, Browser, Town, at, key};

const SAMLP: &str = "urn:oasis:names:tc:SAML:2.0:protocol";
const SAML: &str = "urn:oasis:names:tc:SAML:2.0:assertion";

const fn samlp(local: &'static str) -> Name {
    Name::new(SAMLP, "samlp", local)
}

const fn saml(local: &'static str) -> Name {
    Name::new(SAML, "saml", local)
}

const fn wish(local: &'static str) -> Name {
    Name::new("http://eidas.europa.eu/saml-extensions", "eidas", local)
}

/// A fagsystem with its own key.
#[derive(Clone)]
pub(crate) struct Fagsystem {
    pub(crate) file: &'static str,
    pub(crate) entity_id: String,
    pub(crate) acs: String,
    pub(crate) key: Arc<FileKey>,
    encryption: Option<Arc<FileKey>>,
    registered: &'static str,
    broker: String,
}

/// What a request says. Every part can be bent.
#[derive(Clone)]
pub(crate) struct Ask {
    pub(crate) id: String,
    pub(crate) destination: Option<String>,
    pub(crate) attributes: Vec<(&'static str, String)>,
    pub(crate) issue_instant: String,
    pub(crate) relay_state: Option<String>,
    pub(crate) classes: Vec<String>,
    pub(crate) comparison: &'static str,
    pub(crate) scoping: Option<(Option<u32>, Vec<String>)>,
    /// On whose behalf it asks, where it is a broker.
    pub(crate) requesters: Vec<String>,
    /// Attributes that it wishes for in an extension that no profile knows.
    pub(crate) wishes: Vec<&'static str>,
}

/// What a fagsystem is told, after it proved and decrypted it.
#[derive(Debug)]
pub(crate) struct Told {
    pub(crate) action: String,
    pub(crate) relay_state: Option<String>,
    pub(crate) xml: String,
    pub(crate) status: Vec<String>,
    pub(crate) in_response_to: String,
    pub(crate) encrypted: bool,
    /// The assertion as it was signed; none when there is no login.
    pub(crate) assertion: Option<String>,
    pub(crate) name_id: String,
    pub(crate) class: String,
    pub(crate) attributes: Vec<(String, Vec<String>)>,
}

impl Fagsystem {
    pub(crate) fn bbr(broker: &str) -> Self {
        Self {
            file: "bbr",
            entity_id: "https://saml.bbr.test".into(),
            acs: "https://bbr.test/acs".into(),
            key: key("sp-oiosaml3"),
            encryption: Some(key("sp-oiosaml3")),
            registered: "name = \"BBR\"\ncvr = \"22222222\"\nprofile = \"OIOSAML3\"\nrequired-nsis = \"Substantial\"\n",
            broker: broker.to_owned(),
        }
    }

    pub(crate) fn driving(broker: &str) -> Self {
        Self {
            file: "driving",
            entity_id: "https://saml.koereproeve.test".into(),
            acs: "https://koereproeve.test/saml/acs".into(),
            key: key("sp-oiosaml2"),
            encryption: None,
            registered: "name = \"Køreprøvebooking\"\ncvr = \"33333333\"\nprofile = \"OIOSAML2\"\n\
                         required-nist = 3\nsign-response = true\n",
            broker: broker.to_owned(),
        }
    }

    pub(crate) fn registration(&self) -> String {
        let Self { file, entity_id, registered, .. } = self;
        format!("[[service-provider]]\nentity-id = {entity_id:?}\nmetadata = \"{file}.xml\"\n{registered}\n")
    }

    pub(crate) fn metadata(&self) -> String {
        let descriptor = |used_for: &str, key: &FileKey| {
            format!(
                "<md:KeyDescriptor use=\"{used_for}\"><ds:KeyInfo xmlns:ds=\"http://www.w3.org/2000/09/xmldsig#\"><ds:X509Data>\
                 <ds:X509Certificate>{}</ds:X509Certificate></ds:X509Data></ds:KeyInfo></md:KeyDescriptor>",
                Signer::certificate(key).to_base64()
            )
        };
        let encryption = self.encryption.as_ref().map_or(String::new(), |key| descriptor("encryption", key));
        format!(
            "<md:EntityDescriptor xmlns:md=\"urn:oasis:names:tc:SAML:2.0:metadata\" entityID=\"{}\">\
             <md:SPSSODescriptor AuthnRequestsSigned=\"true\" protocolSupportEnumeration=\"{SAMLP}\">{}{encryption}\
             <md:AssertionConsumerService Binding=\"urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST\" Location=\"{}\" index=\"0\" isDefault=\"true\"/>\
             <md:AssertionConsumerService Binding=\"urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST\" Location=\"{}/second\" index=\"1\"/>\
             </md:SPSSODescriptor></md:EntityDescriptor>",
            self.entity_id,
            descriptor("signing", &self.key),
            self.acs,
            self.acs
        )
    }

    /// An ordinary request.
    pub(crate) fn ask(&self) -> Ask {
        Ask {
            id: "_request1".into(),
            destination: Some(format!("{}/saml/idp/sso", self.broker)),
            attributes: Vec::new(),
            issue_instant: at(0).to_string(),
            relay_state: Some("back to /case/7".into()),
            classes: Vec::new(),
            comparison: "minimum",
            scoping: None,
            requesters: Vec::new(),
            wishes: Vec::new(),
        }
    }

    pub(crate) fn write(&self, ask: &Ask, signed: bool) -> Canonical {
        let mut xml = Writer::new();
        xml.start(samlp("AuthnRequest"));
        let mut attributes: Vec<(&str, &str)> =
            ask.attributes.iter().map(|(n, v)| (*n, v.as_str())).collect();
        attributes.extend([
            ("ID", ask.id.as_str()),
            ("IssueInstant", &ask.issue_instant),
            ("Version", "2.0"),
        ]);
        attributes.extend(ask.destination.as_deref().map(|destination| ("Destination", destination)));
        for (name, value) in attributes {
            xml.attribute(name, value);
        }
        xml.element(saml("Issuer"), &self.entity_id);
        if signed {
            xml.signature_goes_here();
        }
        if !ask.wishes.is_empty() {
            xml.start(samlp("Extensions")).start(wish("RequestedAttributes"));
            for name in &ask.wishes {
                xml.start(wish("RequestedAttribute")).attribute("Name", name).end();
            }
            xml.end().end();
        }
        if !ask.classes.is_empty() {
            xml.start(samlp("RequestedAuthnContext")).attribute("Comparison", ask.comparison);
            for class in &ask.classes {
                xml.element(saml("AuthnContextClassRef"), class);
            }
            xml.end();
        }
        if let Some((count, idps)) = &ask.scoping {
            xml.start(samlp("Scoping"));
            if let Some(count) = count {
                xml.attribute("ProxyCount", &count.to_string());
            }
            xml.start(samlp("IDPList"));
            for idp in idps {
                xml.start(samlp("IDPEntry")).attribute("ProviderID", idp).end();
            }
            xml.end();
            for requester in &ask.requesters {
                xml.element(samlp("RequesterID"), requester);
            }
            xml.end();
        }
        xml.end();
        if signed { xml.finish_signed(&ask.id, self.key.as_ref()).unwrap() } else { xml.finish().unwrap() }
    }

    /// The address that carries a request.
    pub(crate) fn redirect(&self, ask: &Ask) -> String {
        let to = format!("{}/saml/idp/sso", self.broker);
        let xml = self.write(ask, false);
        redirect_to(&to, Carries::Request, xml.as_str(), ask.relay_state.as_deref(), self.key.as_ref())
            .unwrap()
    }

    /// The form that carries a request.
    pub(crate) fn form(&self, ask: &Ask) -> Form {
        let to = format!("{}/saml/idp/sso", self.broker);
        Form::new(&to, Carries::Request, self.write(ask, true).as_str(), ask.relay_state.clone())
    }

    /// Sends the browser to the broker, choosing Korsbæk by a hint.
    pub(crate) async fn send(&self, browser: &mut Browser, ask: &Ask) -> Answer {
        browser.get(&format!("{}&authority=11111111", self.redirect(ask))).await
    }

    /// Reads what the broker gave the browser for us; panics when it is not for us or not proved.
    pub(crate) fn read(&self, answer: &Answer, town: &Town) -> Told {
        let (action, fields) =
            answer.form().unwrap_or_else(|| panic!("no form: {} {}", answer.status, answer.body));
        let xml = String::from_utf8(STANDARD.decode(&fields["SAMLResponse"]).unwrap()).unwrap();
        let keys =
            TrustedKeys::new(vec![Signer::certificate(key("broker-signing").as_ref()).clone()]).unwrap();
        let document = Document::parse(xml.as_bytes()).unwrap();
        let root = document.root();
        assert!(root.is(samlp("Response")));
        assert_eq!(root.attribute("Destination"), Some(action.as_str()));
        assert_eq!(text(root, saml("Issuer")), format!("{}/saml", town.url));
        let status = root.only_child(samlp("Status")).unwrap();
        let mut told = Told {
            action,
            relay_state: fields.get("RelayState").cloned(),
            status: codes(status),
            in_response_to: root.attribute("InResponseTo").unwrap().to_owned(),
            encrypted: false,
            assertion: None,
            name_id: String::new(),
            class: String::new(),
            attributes: Vec::new(),
            xml: xml.clone(),
        };
        let plain = root.optional_child(saml("Assertion")).unwrap();
        let hidden = root.optional_child(saml("EncryptedAssertion")).unwrap();
        match (plain, hidden) {
            (Some(assertion), None) => {
                verify(root, &keys).unwrap();
                told.take(assertion, &keys, self);
            }
            (None, Some(encrypted)) => {
                let own: Arc<dyn Decrypter> = self.encryption.clone().unwrap();
                let bytes = decrypt(encrypted, &[own], Cbc::Refused).unwrap();
                let document = Document::parse(&bytes).unwrap();
                told.encrypted = true;
                told.take(document.root(), &keys, self);
            }
            (None, None) => drop(verify(root, &keys).unwrap()),
            (Some(_), Some(_)) => panic!("two assertions"),
        }
        told
    }
}

impl Told {
    fn take(&mut self, assertion: Element<'_>, keys: &TrustedKeys, fagsystem: &Fagsystem) {
        let signed = verify(assertion, keys).unwrap();
        let assertion = signed.element();
        let child = |element: Element<'_>, name| element.only_child(name).unwrap().source().to_owned();
        assert!(child(assertion, saml("Conditions")).contains(&fagsystem.entity_id));
        let subject = assertion.only_child(saml("Subject")).unwrap();
        assert!(child(subject, saml("SubjectConfirmation")).contains(&self.action));
        self.name_id = text(subject, saml("NameID"));
        let context = assertion.only_child(saml("AuthnStatement")).unwrap();
        self.class = text(context.only_child(saml("AuthnContext")).unwrap(), saml("AuthnContextClassRef"));
        let statement = assertion.only_child(saml("AttributeStatement")).unwrap();
        self.attributes = statement
            .children()
            .map(|attribute| {
                let values = attribute.children().map(|value| value.text().unwrap().into_owned());
                (attribute.attribute("Name").unwrap().to_owned(), values.collect())
            })
            .collect();
        self.assertion = Some(assertion.source().to_owned());
    }

    /// The one value of an attribute.
    pub(crate) fn attribute(&self, name: &str) -> Option<&str> {
        let (_, values) = self.attributes.iter().find(|(known, _)| known == name)?;
        assert_eq!(values.len(), 1);
        values.first().map(String::as_str)
    }
}

fn text(element: Element<'_>, name: Name) -> String {
    element.only_child(name).unwrap().text().unwrap().into_owned()
}

fn codes(status: Element<'_>) -> Vec<String> {
    let mut codes = Vec::new();
    let mut next = status.optional_child(samlp("StatusCode")).unwrap();
    while let Some(code) = next {
        codes.push(code.attribute("Value").unwrap().rsplit(':').next().unwrap().to_owned());
        next = code.optional_child(samlp("StatusCode")).unwrap();
    }
    codes
}
