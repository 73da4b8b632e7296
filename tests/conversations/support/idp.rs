//! An identity provider: reads our question, and says what it is told to say, signed with the key that it is told.

use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use context_handler::protocol::keys::{Decrypter, FileKey, Signer};
use context_handler::protocol::saml::binding::{Arrived, Carries};
use context_handler::protocol::xml::{
    Canonical, ContentCipher, Document, Encryption, KeyTransport, Name, Writer, encrypt,
};

use jiff::{SignedDuration, Timestamp};

use super::world::SeededDice;
use super::{Answer, Browser, Town, at, key};

const fn samlp(local: &'static str) -> Name {
    Name::new("urn:oasis:names:tc:SAML:2.0:protocol", "samlp", local)
}

const fn saml(local: &'static str) -> Name {
    Name::new("urn:oasis:names:tc:SAML:2.0:assertion", "saml", local)
}

/// An identity provider with its own key.
#[derive(Clone)]
pub(crate) struct Idp {
    pub(crate) file: &'static str,
    pub(crate) municipality: &'static str,
    pub(crate) cvr: &'static str,
    pub(crate) entity_id: String,
    pub(crate) key: Arc<FileKey>,
    registered: &'static str,
    version: (&'static str, &'static str),
    acs: String,
    broker: String,
}

/// What is signed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Signing {
    Assertion,
    Response,
    Both,
    Nothing,
}

/// What an answer says. Every part can be bent; what is None is left out.
#[derive(Clone)]
pub(crate) struct Say {
    pub(crate) response_id: String,
    pub(crate) assertion_id: String,
    pub(crate) response_issuer: Option<String>,
    pub(crate) assertion_issuer: String,
    pub(crate) issue_instant: String,
    pub(crate) destination: Option<String>,
    pub(crate) in_response_to: Option<String>,
    pub(crate) status: Vec<&'static str>,
    pub(crate) name_id: String,
    pub(crate) method: &'static str,
    pub(crate) recipient: Option<String>,
    pub(crate) scd_in_response_to: Option<String>,
    pub(crate) scd_not_before: Option<String>,
    pub(crate) scd_not_on_or_after: Option<String>,
    pub(crate) not_before: Option<String>,
    pub(crate) not_on_or_after: Option<String>,
    pub(crate) audiences: Vec<Vec<String>>,
    pub(crate) extra_condition: Option<&'static str>,
    pub(crate) session_not_on_or_after: Option<String>,
    /// When the user authenticated; none is the moment of the answer.
    pub(crate) authn_instant: Option<String>,
    pub(crate) class: String,
    pub(crate) authorities: Vec<String>,
    pub(crate) attributes: Vec<(String, Vec<String>)>,
    pub(crate) version: &'static str,
    pub(crate) signing: Signing,
    pub(crate) encrypted: bool,
}

impl Say {
    /// The same, with another value of an attribute; none takes the attribute out.
    pub(crate) fn set(&mut self, name: &str, value: Option<&str>) {
        self.attributes.retain(|(known, _)| known != name);
        self.attributes.extend(value.map(|value| (name.to_owned(), vec![value.to_owned()])));
    }

    /// The same, from a provider that knows the older scale only.
    pub(crate) fn nist(&mut self, digit: &str) {
        self.class = "urn:federation:authentication:windows".into();
        self.set("https://data.gov.dk/concept/core/nsis/loa", None);
        self.set("dk:gov:saml:attribute:AssuranceLevel", Some(digit));
    }

    /// The same, said at another moment.
    pub(crate) fn at(&mut self, now: Timestamp) {
        let after = |seconds| (now + SignedDuration::from_secs(seconds)).to_string();
        self.issue_instant = now.to_string();
        self.scd_not_on_or_after = Some(after(300));
        self.not_before = Some(after(-5));
        self.not_on_or_after = Some(after(3600));
    }
}

impl Idp {
    pub(crate) fn korsbaek(broker: &str) -> Self {
        Self {
            file: "korsbaek",
            municipality: "Korsbæk Kommune",
            cvr: "11111111",
            entity_id: "https://idp.korsbaek.test/".into(),
            key: key("idp-korsbaek"),
            registered: "name = \"Korsbæk login\"\nprofile = \"OIOSAML3\"\nnist = 3\nnsis = \"Substantial\"\n",
            version: ("https://data.gov.dk/model/core/specVersion", "OIO-SAML-3.0"),
            acs: format!("{broker}/saml/sp/acs"),
            broker: format!("{broker}/saml"),
        }
    }

    pub(crate) fn feddet(broker: &str) -> Self {
        Self {
            file: "feddet",
            municipality: "Feddet Kommune",
            cvr: "99999999",
            entity_id: "https://idp.feddet.test/adfs".into(),
            key: key("idp-feddet"),
            registered: "name = \"Feddet login\"\nprofile = \"OIOSAML3\"\nnist = 3\nnsis = \"Low\"\n",
            version: ("https://data.gov.dk/model/core/specVersion", "OIO-SAML-3.0"),
            acs: format!("{broker}/saml/sp/acs"),
            broker: format!("{broker}/saml"),
        }
    }

    /// What raises levels: speaks for no municipality, and names people by the number that the state knows them by.
    pub(crate) fn nemlogin(broker: &str) -> Self {
        Self {
            file: "nemlogin",
            municipality: "NemLog-in",
            cvr: "11111111",
            entity_id: "https://saml.nemlog-in.test".into(),
            key: key("nemlogin"),
            registered: "name = \"NemLog-in\"\nrole = \"step-up\"\nprofile = \"OIOSAML3\"\nnist = 4\nnsis = \"Substantial\"\n\
                         scoping = true\n",
            version: ("https://data.gov.dk/model/core/specVersion", "OIO-SAML-3.0"),
            acs: format!("{broker}/saml/sp/acs"),
            broker: format!("{broker}/saml"),
        }
    }

    pub(crate) fn registration(&self) -> String {
        let Self { file, entity_id, registered, .. } = self;
        format!("[[identity-provider]]\nentity-id = {entity_id:?}\nmetadata = \"{file}.xml\"\n{registered}\n")
    }

    pub(crate) fn metadata(&self) -> String {
        format!(
            "<md:EntityDescriptor xmlns:md=\"urn:oasis:names:tc:SAML:2.0:metadata\" entityID=\"{}\">\
             <md:IDPSSODescriptor protocolSupportEnumeration=\"urn:oasis:names:tc:SAML:2.0:protocol\">\
             <md:KeyDescriptor use=\"signing\"><ds:KeyInfo xmlns:ds=\"http://www.w3.org/2000/09/xmldsig#\"><ds:X509Data>\
             <ds:X509Certificate>{}</ds:X509Certificate></ds:X509Data></ds:KeyInfo></md:KeyDescriptor>\
             <md:SingleSignOnService Binding=\"urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect\" Location=\"https://idp.{}.test/sso\"/>\
             </md:IDPSSODescriptor></md:EntityDescriptor>",
            self.entity_id,
            Signer::certificate(self.key.as_ref()).to_base64(),
            self.file
        )
    }

    /// Reads the question that the browser was sent here with.
    pub(crate) fn question(&self, answer: &Answer) -> (String, Arrived) {
        let (address, query) = answer.location().split_once('?').unwrap();
        assert_eq!(address, format!("https://idp.{}.test/sso", self.file));
        let arrived = Arrived::by_redirect(query, Carries::Request).unwrap();
        let document = Document::parse(&arrived.xml).unwrap();
        (document.root().attribute("ID").unwrap().to_owned(), arrived)
    }

    /// An ordinary answer to a question.
    pub(crate) fn say(&self, question: &str) -> Say {
        let attribute = |name: &str, value: &str| (name.to_owned(), vec![value.to_owned()]);
        Say {
            response_id: "_response1".into(),
            assertion_id: "_assertion1".into(),
            response_issuer: Some(self.entity_id.clone()),
            assertion_issuer: self.entity_id.clone(),
            issue_instant: at(0).to_string(),
            destination: Some(self.acs.clone()),
            in_response_to: Some(question.to_owned()),
            status: vec!["Success"],
            name_id: format!("C=DK,O={},CN=Ib Dam,Serial=5b0c", self.cvr),
            method: "bearer",
            recipient: Some(self.acs.clone()),
            scd_in_response_to: Some(question.to_owned()),
            scd_not_before: None,
            scd_not_on_or_after: Some(at(300).to_string()),
            not_before: Some(at(-5).to_string()),
            not_on_or_after: Some(at(3600).to_string()),
            audiences: vec![vec![self.broker.clone()]],
            extra_condition: None,
            session_not_on_or_after: None,
            authn_instant: None,
            class: "https://data.gov.dk/concept/core/nsis/loa/Substantial".into(),
            authorities: Vec::new(),
            attributes: vec![
                attribute(self.version.0, self.version.1),
                attribute("https://data.gov.dk/concept/core/nsis/loa", "Substantial"),
                attribute("https://data.gov.dk/model/core/eid/professional/cvr", self.cvr),
                attribute("https://data.gov.dk/model/core/eid/professional/orgName", "What the IdP calls it"),
                attribute("https://data.gov.dk/model/core/eid/email", "ib@korsbaek.test"),
            ],
            version: "2.0",
            signing: Signing::Assertion,
            encrypted: true,
        }
    }

    /// The whole answer as XML, signed with this provider's own key.
    pub(crate) fn write(&self, say: &Say) -> String {
        self.write_with(say, self.key.as_ref())
    }

    /// The same, signed with another key.
    pub(crate) fn write_with(&self, say: &Say, signer: &FileKey) -> String {
        let sign_response = matches!(say.signing, Signing::Response | Signing::Both);
        let mut xml = Writer::new();
        xml.start(samlp("Response"));
        let own = [("Destination", &say.destination), ("InResponseTo", &say.in_response_to)];
        for (name, value) in own {
            if let Some(value) = value {
                xml.attribute(name, value);
            }
        }
        xml.attribute("ID", &say.response_id).attribute("IssueInstant", &say.issue_instant);
        xml.attribute("Version", say.version);
        if let Some(issuer) = &say.response_issuer {
            xml.element(saml("Issuer"), issuer);
        }
        if sign_response {
            xml.signature_goes_here();
        }
        xml.start(samlp("Status"));
        for code in &say.status {
            xml.start(samlp("StatusCode"));
            xml.attribute("Value", &format!("urn:oasis:names:tc:SAML:2.0:status:{code}"));
        }
        for _ in &say.status {
            xml.end();
        }
        xml.end();
        if say.status == ["Success"] {
            let assertion = self.assertion(say, signer);
            if say.encrypted {
                xml.start(saml("EncryptedAssertion")).embed(&self.hide(&assertion)).end();
            } else {
                xml.embed(&assertion);
            }
        }
        xml.end();
        let done = if sign_response { xml.finish_signed(&say.response_id, signer) } else { xml.finish() };
        done.unwrap().into_string()
    }

    /// Encrypts to the broker.
    pub(crate) fn hide(&self, plain: &Canonical) -> Canonical {
        let how = Encryption { content: ContentCipher::Aes256Gcm, key: KeyTransport::OaepSha256 };
        let to = key("broker-decryption");
        encrypt(plain, Decrypter::certificate(to.as_ref()), how, &SeededDice::new(7)).unwrap()
    }

    pub(crate) fn assertion(&self, say: &Say, signer: &FileKey) -> Canonical {
        let signed = matches!(say.signing, Signing::Assertion | Signing::Both);
        let mut xml = Writer::new();
        xml.start(saml("Assertion")).attribute("ID", &say.assertion_id);
        xml.attribute("IssueInstant", &say.issue_instant).attribute("Version", say.version);
        xml.element(saml("Issuer"), &say.assertion_issuer);
        if signed {
            xml.signature_goes_here();
        }
        xml.start(saml("Subject")).element(saml("NameID"), &say.name_id);
        let method = format!("urn:oasis:names:tc:SAML:2.0:cm:{}", say.method);
        xml.start(saml("SubjectConfirmation")).attribute("Method", &method);
        xml.start(saml("SubjectConfirmationData"));
        let own = [
            ("InResponseTo", &say.scd_in_response_to),
            ("NotBefore", &say.scd_not_before),
            ("NotOnOrAfter", &say.scd_not_on_or_after),
            ("Recipient", &say.recipient),
        ];
        optional(&mut xml, &own);
        xml.end().end().end();
        xml.start(saml("Conditions"));
        optional(&mut xml, &[("NotBefore", &say.not_before), ("NotOnOrAfter", &say.not_on_or_after)]);
        for audiences in &say.audiences {
            xml.start(saml("AudienceRestriction"));
            for audience in audiences {
                xml.element(saml("Audience"), audience);
            }
            xml.end();
        }
        if let Some(name) = say.extra_condition {
            xml.start(saml(name)).end();
        }
        xml.end();
        let authenticated = say.authn_instant.as_ref().unwrap_or(&say.issue_instant);
        xml.start(saml("AuthnStatement")).attribute("AuthnInstant", authenticated);
        xml.attribute("SessionIndex", "_session-at-idp");
        optional(&mut xml, &[("SessionNotOnOrAfter", &say.session_not_on_or_after)]);
        xml.start(saml("AuthnContext")).element(saml("AuthnContextClassRef"), &say.class);
        for authority in &say.authorities {
            xml.element(saml("AuthenticatingAuthority"), authority);
        }
        xml.end().end();
        xml.start(saml("AttributeStatement"));
        for (name, values) in &say.attributes {
            xml.start(saml("Attribute")).attribute("Name", name);
            for value in values {
                xml.element(saml("AttributeValue"), value);
            }
            xml.end();
        }
        xml.end().end();
        if signed { xml.finish_signed(&say.assertion_id, signer).unwrap() } else { xml.finish().unwrap() }
    }

    /// Logs the user in, bent as told, and lets the browser bring the answer to the broker.
    pub(crate) async fn answer(
        &self,
        town: &Town,
        browser: &mut Browser,
        sent: &Answer,
        bend: impl FnOnce(&mut Say),
    ) -> Answer {
        let (question, arrived) = self.question(sent);
        let mut say = self.say(&question);
        bend(&mut say);
        let xml = self.write(&say);
        deliver(town, browser, &xml, arrived.relay_state.as_deref()).await
    }
}

/// Posts a response to the broker.
pub(crate) async fn deliver(
    town: &Town,
    browser: &mut Browser,
    xml: &str,
    relay_state: Option<&str>,
) -> Answer {
    let message = STANDARD.encode(xml);
    let mut form = vec![("SAMLResponse", message.as_str())];
    form.extend(relay_state.map(|state| ("RelayState", state)));
    browser.post(&town.acs(), &form).await
}

fn optional(xml: &mut Writer, attributes: &[(&'static str, &Option<String>)]) {
    for (name, value) in attributes {
        if let Some(value) = value {
            xml.attribute(name, value);
        }
    }
}
