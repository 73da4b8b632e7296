//! The assertion: what an identity provider says about a user, read; and what we say to a fagsystem, written.

mod attributes;
mod supposed;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{Header, address, entity_id, issuer, message_id, moment, required, saml, written};
use crate::domain::id::{EntityId, MessageId};
use crate::domain::reason::{Fault, Reason};
use crate::protocol::keys::Signer;
use crate::protocol::xml::{Canonical, Element, Writer};

pub use attributes::Attributes;
pub(super) use attributes::attributes;
pub use supposed::Supposed;

const BEARER: &str = "urn:oasis:names:tc:SAML:2.0:cm:bearer";

/// What an identity provider says about a user.
#[derive(Clone, Debug)]
pub struct Assertion {
    /// Its ID.
    pub id: MessageId,
    /// Who says it.
    pub issuer: EntityId,
    /// When it was made.
    pub issue_instant: Timestamp,
    /// The ways in which the subject may be confirmed that a browser login can use.
    pub(super) confirmations: Vec<Confirmation>,
    /// Other confirmation methods that were offered.
    pub(super) other_methods: usize,
    /// When it holds.
    pub(super) conditions: Conditions,
    /// What it says.
    pub said: Said,
}

/// What is said about a user, whatever message carried it: this is what a session remembers and what a user is weighed by.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Said {
    /// The user's name.
    pub name_id: String,
    /// The format of that name: a provider that is told of a logout may want it back.
    pub name_format: Option<String>,
    /// How and when the user authenticated.
    pub authn: AuthnStatement,
    /// What else is said.
    pub attributes: Attributes,
}

/// A bearer confirmation.
#[derive(Clone, Debug)]
pub(super) struct Confirmation {
    pub(super) recipient: Option<String>,
    pub(super) not_before: Option<Timestamp>,
    pub(super) not_on_or_after: Option<Timestamp>,
    pub(super) in_response_to: Option<MessageId>,
}

/// The conditions that we know.
#[derive(Clone, Debug)]
pub(super) struct Conditions {
    pub(super) not_before: Option<Timestamp>,
    pub(super) not_on_or_after: Option<Timestamp>,
    /// All must be met; each by one of its names.
    pub(super) audiences: Vec<Vec<String>>,
}

/// How and when the user authenticated.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct AuthnStatement {
    /// When.
    pub instant: Timestamp,
    /// The session at the identity provider.
    pub session_index: Option<String>,
    /// When that session ends.
    pub session_not_on_or_after: Option<Timestamp>,
    /// The class, which may be a level.
    pub class: Option<String>,
    /// Who else took part in it, by the identity provider's own words; empty where a name cannot be read.
    pub authorities: Vec<String>,
}

/// Reads an assertion out of the element that the signature covered.
pub(super) fn read(element: Element<'_>) -> Result<Assertion, Fault> {
    let header = Header::read(element)?;
    let subject = element.only_child(saml("Subject"))?;
    let (confirmations, other_methods) = confirmations(subject)?;
    Ok(Assertion {
        id: header.id,
        issuer: issuer(element)?,
        issue_instant: header.issue_instant,
        confirmations,
        other_methods,
        conditions: conditions(element.only_child(saml("Conditions"))?)?,
        said: Said {
            name_id: name_id(subject)?,
            name_format: subject.only_child(saml("NameID"))?.attribute("Format").map(str::to_owned),
            authn: authn_statement(element.only_child(saml("AuthnStatement"))?)?,
            attributes: attributes(element)?,
        },
    })
}

pub(super) fn name_id(subject: Element<'_>) -> Result<String, Fault> {
    name_in(subject.only_child(saml("NameID"))?)
}

/// The name in a NameID.
pub(super) fn name_in(name_id: Element<'_>) -> Result<String, Fault> {
    let name = name_id.text()?;
    if name.is_empty() {
        return Err(Fault::new(Reason::ValueFormat, "expected a NameID, got an empty one"));
    }
    Ok(name.into_owned())
}

fn confirmations(subject: Element<'_>) -> Result<(Vec<Confirmation>, usize), Fault> {
    let mut bearer = Vec::new();
    let mut others = 0;
    for confirmation in subject.children().filter(|child| child.is(saml("SubjectConfirmation"))) {
        if required(confirmation, "Method")? != BEARER {
            others += 1;
            continue;
        }
        let data = confirmation.only_child(saml("SubjectConfirmationData"))?;
        bearer.push(Confirmation {
            recipient: address(data, "Recipient")?,
            not_before: optional_moment(data, "NotBefore")?,
            not_on_or_after: optional_moment(data, "NotOnOrAfter")?,
            in_response_to: data.attribute("InResponseTo").map(message_id).transpose()?,
        });
    }
    Ok((bearer, others))
}

pub(super) fn conditions(element: Element<'_>) -> Result<Conditions, Fault> {
    let mut audiences = Vec::new();
    for condition in element.children() {
        if condition.is(saml("AudienceRestriction")) {
            let names = condition.children().filter(|child| child.is(saml("Audience")));
            let names = names.map(|name| Ok(name.text()?.into_owned())).collect::<Result<_, Fault>>()?;
            audiences.push(names);
        } else if !condition.is(saml("OneTimeUse")) {
            // OneTimeUse is what we do in any case. Anything else could forbid what a broker does.
            let detail = format!("the condition {} cannot be met", condition.local());
            return Err(Fault::new(Reason::ConditionUnknown, detail));
        }
    }
    Ok(Conditions {
        not_before: optional_moment(element, "NotBefore")?,
        not_on_or_after: optional_moment(element, "NotOnOrAfter")?,
        audiences,
    })
}

fn authn_statement(element: Element<'_>) -> Result<AuthnStatement, Fault> {
    let context = element.only_child(saml("AuthnContext"))?;
    let class = context.optional_child(saml("AuthnContextClassRef"))?;
    let authorities = context.children().filter(|child| child.is(saml("AuthenticatingAuthority")));
    Ok(AuthnStatement {
        instant: moment(required(element, "AuthnInstant")?)?,
        session_index: element.attribute("SessionIndex").map(str::to_owned),
        session_not_on_or_after: optional_moment(element, "SessionNotOnOrAfter")?,
        class: class.map(|class| class.text().map(|text| text.into_owned())).transpose()?,
        authorities: authorities.map(|name| name.text().unwrap_or_default().into_owned()).collect(),
    })
}

fn optional_moment(element: Element<'_>, name: &str) -> Result<Option<Timestamp>, Fault> {
    element.attribute(name).map(moment).transpose()
}

/// The entityID of the assertion's sender, for finding its keys before anything is proved.
pub(super) fn claimed_issuer(element: Element<'_>) -> Result<EntityId, Fault> {
    entity_id(&element.only_child(saml("Issuer"))?.text()?)
}

/// What we say to a fagsystem.
#[derive(Clone, Debug)]
pub struct OurAssertion<'a> {
    /// Its ID.
    pub id: &'a MessageId,
    /// Our name.
    pub issuer: &'a EntityId,
    /// Now.
    pub issue_instant: Timestamp,
    /// A moment earlier, since some readers' clocks are behind and know no tolerance.
    pub not_before: Timestamp,
    /// The first moment at which it no longer holds.
    pub not_on_or_after: Timestamp,
    /// The user's name.
    pub name_id: &'a str,
    /// The request that it answers.
    pub in_response_to: &'a MessageId,
    /// The address that it goes to.
    pub recipient: &'a str,
    /// The fagsystem.
    pub audience: &'a EntityId,
    /// The session that it begins.
    pub session_index: &'a str,
    /// When that session ends.
    pub session_not_on_or_after: Timestamp,
    /// When the user authenticated.
    pub authn_instant: Timestamp,
    /// The level, as a class.
    pub class: &'a str,
    /// Who authenticated the user, in their order: our own account, whatever chain they tell of.
    pub authenticated_by: &'a [EntityId],
    /// The format of the attribute names.
    pub name_format: &'a str,
    /// What else is said.
    pub attributes: &'a [(&'static str, Vec<String>)],
}

impl OurAssertion<'_> {
    /// Writes and signs it.
    pub fn write_signed(&self, signer: &dyn Signer) -> Result<Canonical, Fault> {
        let mut xml = begin(self.id, self.issuer, self.issue_instant);
        self.subject(&mut xml);
        write_conditions(&mut xml, self.not_before, self.not_on_or_after, self.audience);
        self.authn_statement(&mut xml);
        write_attributes(&mut xml, self.name_format, self.attributes);
        xml.end();
        xml.finish_signed(self.id.as_str(), signer)
    }

    fn subject(&self, xml: &mut Writer) {
        xml.start(saml("Subject"));
        write_name_id(xml, self.name_id);
        xml.start(saml("SubjectConfirmation"));
        xml.attribute("Method", BEARER);
        xml.start(saml("SubjectConfirmationData"));
        xml.attribute("InResponseTo", self.in_response_to.as_str());
        xml.attribute("NotOnOrAfter", &written(self.not_on_or_after));
        xml.attribute("Recipient", self.recipient);
        xml.end();
        xml.end();
        xml.end();
    }

    fn authn_statement(&self, xml: &mut Writer) {
        xml.start(saml("AuthnStatement"));
        xml.attribute("AuthnInstant", &written(self.authn_instant));
        xml.attribute("SessionIndex", self.session_index);
        xml.attribute("SessionNotOnOrAfter", &written(self.session_not_on_or_after));
        xml.start(saml("AuthnContext"));
        xml.element(saml("AuthnContextClassRef"), self.class);
        for authority in self.authenticated_by {
            xml.element(saml("AuthenticatingAuthority"), authority.as_str());
        }
        xml.end();
        xml.end();
    }
}

/// Begins an assertion of ours, up to its signature.
pub(super) fn begin(id: &MessageId, issuer: &EntityId, issue_instant: Timestamp) -> Writer {
    let mut xml = Writer::new();
    xml.start(saml("Assertion"));
    xml.attribute("ID", id.as_str());
    xml.attribute("IssueInstant", &written(issue_instant));
    xml.attribute("Version", "2.0");
    xml.element(saml("Issuer"), issuer.as_str());
    xml.signature_goes_here();
    xml
}

pub(super) fn write_name_id(xml: &mut Writer, name: &str) {
    xml.start(saml("NameID")).attribute("Format", super::X509_SUBJECT_NAME).text(name).end();
}

pub(super) fn write_conditions(
    xml: &mut Writer,
    not_before: Timestamp,
    not_on_or_after: Timestamp,
    audience: &EntityId,
) {
    xml.start(saml("Conditions"));
    xml.attribute("NotBefore", &written(not_before));
    xml.attribute("NotOnOrAfter", &written(not_on_or_after));
    xml.start(saml("AudienceRestriction"));
    xml.element(saml("Audience"), audience.as_str());
    xml.end();
    xml.end();
}

pub(super) fn write_attributes(
    xml: &mut Writer,
    name_format: &str,
    attributes: &[(impl AsRef<str>, Vec<String>)],
) {
    xml.start(saml("AttributeStatement"));
    for (name, values) in attributes {
        xml.start(saml("Attribute"));
        xml.attribute("Name", name.as_ref());
        xml.attribute("NameFormat", name_format);
        for value in values {
            xml.element(saml("AttributeValue"), value);
        }
        xml.end();
    }
    xml.end();
}
