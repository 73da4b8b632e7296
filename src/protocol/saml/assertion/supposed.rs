//! What nobody said, or nobody proved: what a simulation asks about. It is never `Accepted`, so it logs nobody in.

use jiff::Timestamp;

use super::{Attributes, AuthnStatement, Said, attributes, name_id};
use crate::domain::assurance::Level;
use crate::domain::reason::{Fault, Reason};
use crate::protocol::saml::{attribute, saml, samlp};
use crate::protocol::xml::{Document, Element};

/// The parts of an assertion that a user is known by.
#[derive(Clone, Debug, Default)]
pub struct Supposed {
    /// The user's name.
    pub name_id: String,
    /// The class, which may be a level.
    pub class: Option<String>,
    /// What else is said.
    pub attributes: Attributes,
}

impl Supposed {
    /// Reads an assertion, or a response with one. Signature, sender, receiver and time are not looked at.
    pub fn read(xml: &[u8]) -> Result<Self, Fault> {
        let document = Document::parse(xml)?;
        let element = assertion(document.root())?;
        let context = element.optional_child(saml("AuthnStatement"))?;
        let context = context.map(|authn| authn.only_child(saml("AuthnContext"))).transpose()?;
        let class =
            context.map(|context| context.optional_child(saml("AuthnContextClassRef"))).transpose()?;
        let class = class.flatten().map(|class| class.text().map(|text| text.into_owned())).transpose()?;
        let name_id = name_id(element.only_child(saml("Subject"))?)?;
        Ok(Self { name_id, class, attributes: attributes(element)? })
    }

    /// The same at this level, whatever was said about levels.
    #[must_use]
    pub fn at_level(mut self, level: Level) -> Self {
        let about_levels = [attribute::LOA, attribute::IAL, attribute::AAL, attribute::ASSURANCE_LEVEL];
        self.attributes.0.retain(|(name, _)| !about_levels.contains(&name.as_str()));
        self.class = Some(level.class());
        self
    }

    /// As if an identity provider had just said it.
    pub fn just_said(self, now: Timestamp) -> Said {
        let authn = AuthnStatement {
            instant: now,
            session_index: None,
            session_not_on_or_after: None,
            class: self.class,
            authorities: Vec::new(),
        };
        Said { name_id: self.name_id, name_format: None, authn, attributes: self.attributes }
    }
}

impl FromIterator<(String, Vec<String>)> for Attributes {
    fn from_iter<T: IntoIterator<Item = (String, Vec<String>)>>(stated: T) -> Self {
        let stated = stated.into_iter();
        Self(stated.map(|(name, values)| (name, values.into_iter().map(Ok).collect())).collect())
    }
}

fn assertion(root: Element<'_>) -> Result<Element<'_>, Fault> {
    if root.is(saml("Assertion")) {
        return Ok(root);
    }
    if root.is(samlp("Response")) && root.optional_child(saml("EncryptedAssertion"))?.is_some() {
        let detail = "expected an assertion that is not encrypted; `verify-response --key` opens it";
        return Err(Fault::new(Reason::XmlSchema, detail));
    }
    if root.is(samlp("Response")) {
        return root.only_child(saml("Assertion"));
    }
    Err(Fault::new(Reason::XmlSchema, format!("expected an Assertion or a Response, got {}", root.local())))
}
