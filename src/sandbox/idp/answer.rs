//! The identity provider's answer: an assertion about a persona, signed and encrypted to the broker, or a refusal.

use jiff::{SignedDuration, Timestamp};

use super::persona::{Level, Persona};
use super::question::Question;
use super::{Dialect, Provider};
use crate::domain::world::Random;
use crate::protocol::keys::Signer;
use crate::protocol::xml::{Canonical, ContentCipher, Encryption, KeyTransport, Writer, encrypt};
use crate::sandbox::logout::Named;
use crate::sandbox::partner::Partner;
use crate::sandbox::roles::privilege_list;
use crate::sandbox::saml::{BEARER, Refused, STATUS, fresh_id, saml, samlp, written};

const HOLDS_FOR: SignedDuration = SignedDuration::from_mins(5);
const SESSION_FOR: SignedDuration = SignedDuration::from_hours(8);

const GROUPS: &str = "http://schemas.microsoft.com/ws/2008/06/identity/claims/groups";

/// What an answer is made of.
pub(super) struct Answer<'a> {
    pub(super) provider: &'a Provider,
    pub(super) broker: &'a Partner,
    pub(super) question: &'a Question,
    pub(super) signer: &'a dyn Signer,
    pub(super) random: &'a dyn Random,
    pub(super) now: Timestamp,
}

impl Answer<'_> {
    /// Says who it is: the assertion is signed, then encrypted; the Response around it is not signed.
    pub(super) fn about(&self, persona: &Persona, session: &Named) -> Result<String, Refused> {
        let assertion = self.assertion(persona, session)?;
        let how = Encryption {
            content: ContentCipher::Aes256Gcm,
            key: match self.provider.dialect {
                Dialect::Oiosaml2 => KeyTransport::OaepMgf1p,
                Dialect::Oiosaml3 => KeyTransport::OaepSha256,
            },
        };
        let encrypted = encrypt(&assertion, &self.broker.encryption, how, self.random)?;
        let mut xml = Writer::new();
        self.begin(&mut xml, &fresh_id(self.random));
        xml.start(samlp("Status")).start(samlp("StatusCode"));
        xml.attribute("Value", &format!("{STATUS}Success")).end().end();
        xml.start(saml("EncryptedAssertion")).embed(&encrypted).end();
        Ok(xml.end().finish()?.into_string())
    }

    /// Says that there will be no login, and signs that.
    pub(super) fn refusal(&self, second: &str) -> Result<String, Refused> {
        let id = fresh_id(self.random);
        let mut xml = Writer::new();
        self.begin(&mut xml, &id).signature_goes_here();
        xml.start(samlp("Status")).start(samlp("StatusCode"));
        xml.attribute("Value", &format!("{STATUS}Responder"));
        xml.start(samlp("StatusCode")).attribute("Value", &format!("{STATUS}{second}"));
        xml.end().end().end();
        Ok(xml.end().finish_signed(&id, self.signer)?.into_string())
    }

    fn begin<'w>(&self, xml: &'w mut Writer, id: &str) -> &'w mut Writer {
        xml.start(samlp("Response"));
        xml.attribute("Destination", &self.broker.acs).attribute("ID", id);
        xml.attribute("InResponseTo", &self.question.id);
        xml.attribute("IssueInstant", &written(self.now)).attribute("Version", "2.0");
        xml.element(saml("Issuer"), &self.provider.entity_id)
    }

    fn assertion(&self, persona: &Persona, session: &Named) -> Result<Canonical, Refused> {
        let id = fresh_id(self.random);
        let mut xml = Writer::new();
        xml.start(saml("Assertion")).attribute("ID", &id);
        xml.attribute("IssueInstant", &written(self.now)).attribute("Version", "2.0");
        xml.element(saml("Issuer"), &self.provider.entity_id).signature_goes_here();
        self.subject(&mut xml, session);
        self.conditions(&mut xml);
        self.authentication(&mut xml, persona, session);
        xml.start(saml("AttributeStatement"));
        for (name, values) in self.attributes(persona)? {
            xml.start(saml("Attribute")).attribute("Name", name);
            xml.attribute("NameFormat", self.provider.dialect.name_format());
            for value in values {
                xml.element(saml("AttributeValue"), &value);
            }
            xml.end();
        }
        xml.end();
        Ok(xml.end().finish_signed(&id, self.signer)?)
    }

    fn subject(&self, xml: &mut Writer, session: &Named) {
        xml.start(saml("Subject")).start(saml("NameID")).attribute("Format", &session.format);
        xml.text(&session.name).end();
        xml.start(saml("SubjectConfirmation")).attribute("Method", BEARER);
        xml.start(saml("SubjectConfirmationData")).attribute("InResponseTo", &self.question.id);
        xml.attribute("NotOnOrAfter", &written(self.now + HOLDS_FOR));
        xml.attribute("Recipient", &self.broker.acs).end().end().end();
    }

    fn conditions(&self, xml: &mut Writer) {
        xml.start(saml("Conditions")).attribute("NotBefore", &written(self.now));
        xml.attribute("NotOnOrAfter", &written(self.now + HOLDS_FOR));
        xml.start(saml("AudienceRestriction"));
        xml.element(saml("Audience"), &self.broker.entity_id).end().end();
    }

    fn authentication(&self, xml: &mut Writer, persona: &Persona, session: &Named) {
        let class = match &persona.level {
            Level::Nsis(word) => format!("https://data.gov.dk/concept/core/nsis/loa/{word}"),
            Level::Nist(_) => "urn:oasis:names:tc:SAML:2.0:ac:classes:X509".to_owned(),
        };
        xml.start(saml("AuthnStatement")).attribute("AuthnInstant", &written(self.now));
        if let Some(index) = &session.index {
            xml.attribute("SessionIndex", index);
        }
        xml.attribute("SessionNotOnOrAfter", &written(self.now + SESSION_FOR));
        xml.start(saml("AuthnContext")).element(saml("AuthnContextClassRef"), &class).end().end();
    }

    fn attributes<'p>(&self, persona: &'p Persona) -> Result<Vec<(&'p str, Vec<String>)>, Refused> {
        let dialect = self.provider.dialect;
        let one = |name: &'p str, value: &str| (name, vec![value.to_owned()]);
        let mut said = match dialect {
            Dialect::Oiosaml2 => vec![
                one("dk:gov:saml:attribute:SpecVer", "DK-SAML-2.0"),
                one("dk:gov:saml:attribute:KombitSpecVer", "1.0"),
                one("dk:gov:saml:attribute:CvrNumberIdentifier", persona.cvr.as_str()),
            ],
            Dialect::Oiosaml3 => vec![
                one("https://data.gov.dk/model/core/specVersion", "OIO-SAML-3.0"),
                one("https://data.gov.dk/model/core/eid/professional/cvr", persona.cvr.as_str()),
                one("https://data.gov.dk/model/core/eid/professional/orgName", &persona.organisation),
            ],
        };
        said.push(match &persona.level {
            Level::Nsis(word) => one("https://data.gov.dk/concept/core/nsis/loa", word),
            Level::Nist(digit) => one("dk:gov:saml:attribute:AssuranceLevel", digit),
        });
        let email = match dialect {
            Dialect::Oiosaml2 => "urn:oid:0.9.2342.19200300.100.1.3",
            Dialect::Oiosaml3 => "https://data.gov.dk/model/core/eid/email",
        };
        let maybe = [
            (email, persona.email.as_deref()),
            ("https://data.gov.dk/model/core/eid/professional/uuid/persistent", persona.uuid.as_deref()),
            ("dk:gov:saml:attribute:CprNumberIdentifier", persona.cpr.as_deref()),
            ("https://data.gov.dk/model/core/eid/professional/isRobot", persona.is_robot.then_some("true")),
        ];
        said.extend(maybe.into_iter().filter_map(|(name, value)| Some(one(name, value?))));
        if !persona.roles.is_empty() {
            let list = privilege_list("http://itst.dk/oiosaml/basic_privilege_profile", &persona.roles)?;
            said.push(one("https://data.gov.dk/model/core/eid/privilegesIntermediate", &list));
        }
        said.extend(persona.attributes.iter().map(|(name, value)| one(name, value)));
        if !persona.groups.is_empty() {
            said.push((GROUPS, persona.groups.clone()));
        }
        Ok(said)
    }
}
