//! The answer of an attribute service: a response whose assertion says something about a user and nothing about a
//! login. Theirs read, ours written.
//!
//! It is proved by the same code as the answer to a login. What differs is what is read of it: a statement about a login,
//! or a confirmation of its bearer, counts for nothing here, since a server answered a server.

use jiff::{SignedDuration, Timestamp};

use super::super::assertion::{
    Attributes, Conditions, attributes, begin, conditions, name_id, write_attributes, write_conditions,
    write_name_id,
};
use super::super::response::{Opening, Response, Sealed, check_audience, check_time, prove};
use super::super::status::{self, Status};
use super::super::{Header, issuer, message_id, optional_issuer, saml, samlp, soap, wrapping, written};
use crate::domain::id::{EntityId, MessageId};
use crate::domain::reason::{Fault, Reason};
use crate::protocol::keys::Signer;
use crate::protocol::xml::{Canonical, Document, Element, Writer, encrypt_into};
use crate::protocol::{Accepted, Unverified, Verified};

/// What an attribute service says about a user.
#[derive(Clone, Debug)]
pub struct Statement {
    /// The ID of the assertion.
    pub id: MessageId,
    /// Who says it.
    pub issuer: EntityId,
    /// When it was made.
    pub issue_instant: Timestamp,
    /// The user's name.
    pub name_id: String,
    /// The questions that its confirmations name.
    in_response_to: Vec<MessageId>,
    conditions: Conditions,
    /// Whether it tells of a login, which is not for an attribute service to tell.
    pub tells_of_login: bool,
    /// What is said.
    pub attributes: Attributes,
}

/// An answer that was parsed and not yet proved.
pub struct Answer<'d> {
    root: Element<'d>,
}

/// Looks at an envelope as far as is needed to find its sender's keys.
pub fn claimed<'d>(document: &'d Document<'_>, asked: &EntityId) -> Result<Unverified<Answer<'d>>, Fault> {
    let root = soap::unwrap(document)?;
    if soap::is_fault(root) {
        return Err(Fault::new(Reason::Status, "the answer is a SOAP fault"));
    }
    if !root.is(samlp("Response")) {
        return Err(Fault::new(Reason::XmlSchema, format!("expected a Response, got {}", root.local())));
    }
    // We would not read what stands beside it, but nobody puts it there in good faith.
    let envelope = document.root();
    let beside = envelope.count(saml("Assertion")) > root.count(saml("Assertion"));
    if envelope.count(samlp("Response")) > 1 || beside {
        return Err(Fault::new(Reason::SigCoverage, "a part beside the one in the Body"));
    }
    // Who answers over a connection that we opened need not say who it is; what it says must be right.
    let issuer = optional_issuer(root)?.unwrap_or_else(|| asked.clone());
    Ok(Unverified { issuer, message: Answer { root } })
}

impl Unverified<Answer<'_>> {
    /// Proves the answer. Every signature that is there must be right, and what is read must be covered by one.
    pub fn verify(self, opening: Opening<'_>) -> Result<Verified<Response<Statement>>, Fault> {
        let root = self.message.root;
        prove(root, opening, read).map_err(|fault| wrapping(root, fault))
    }
}

fn read(element: Element<'_>) -> Result<Statement, Fault> {
    let header = Header::read(element)?;
    let subject = element.only_child(saml("Subject"))?;
    let confirmations = subject.children().filter(|child| child.is(saml("SubjectConfirmation")));
    let mut in_response_to = Vec::new();
    for confirmation in confirmations {
        if let Some(data) = confirmation.optional_child(saml("SubjectConfirmationData"))? {
            in_response_to.extend(data.attribute("InResponseTo").map(message_id).transpose()?);
        }
    }
    Ok(Statement {
        id: header.id,
        issuer: issuer(element)?,
        issue_instant: header.issue_instant,
        name_id: name_id(subject)?,
        in_response_to,
        conditions: conditions(element.only_child(saml("Conditions"))?)?,
        tells_of_login: element.children().any(|child| child.is(saml("AuthnStatement"))),
        attributes: attributes(element)?,
    })
}

/// What an acceptable answer must fit.
#[derive(Clone, Copy, Debug)]
pub struct Expectation<'e> {
    /// The attribute service that we asked.
    pub issuer: &'e EntityId,
    /// Our name, which it must name if it names a receiver.
    pub audience: &'e EntityId,
    /// Our question, and when we asked it.
    pub question: (&'e MessageId, Timestamp),
    /// The user that we asked about, letter by letter.
    pub name_id: &'e str,
    /// How far clocks may differ.
    pub skew: SignedDuration,
}

impl Verified<Response<Statement>> {
    /// Accepts the answer if it is from whom we asked, about whom we asked, now, and to our question.
    pub fn accept(
        self,
        expected: &Expectation<'_>,
        now: Timestamp,
    ) -> Result<Accepted<Response<Statement>>, Fault> {
        let Response { envelope, assertion, .. } = &self.message;
        let named = [envelope.issuer.as_ref(), Some(&assertion.issuer)];
        if let Some(other) = named.into_iter().flatten().find(|issuer| *issuer != expected.issuer) {
            let detail = format!("expected {}, got {other}", expected.issuer);
            return Err(Fault::new(Reason::IssuerMismatch, detail));
        }
        let (question, asked_at) = expected.question;
        for made in [envelope.issue_instant, assertion.issue_instant] {
            if made > now + expected.skew || made < asked_at - expected.skew {
                return Err(Fault::new(
                    Reason::TimeIssue,
                    format!("made at {made}, asked for at {asked_at}"),
                ));
            }
        }
        if envelope.in_response_to.is_none() {
            return Err(Fault::new(
                Reason::IrtMissing,
                format!("expected InResponseTo {question}, got none"),
            ));
        }
        let mut answered = envelope.in_response_to.iter().chain(&assertion.in_response_to);
        if let Some(other) = answered.find(|answered| *answered != question) {
            return Err(Fault::new(
                Reason::IrtUnknown,
                format!("expected InResponseTo {question}, got {other}"),
            ));
        }
        if assertion.name_id != expected.name_id {
            return Err(Fault::new(Reason::TenantNameid, "the answer is about another user"));
        }
        check_time(&assertion.conditions, expected.skew, now)?;
        check_audience(&assertion.conditions, expected.audience)?;
        Ok(Accepted { message: self.message, proof: self.proof })
    }
}

const SENDER_VOUCHES: &str = "urn:oasis:names:tc:SAML:2.0:cm:sender-vouches";

/// The frame of what we answer.
#[derive(Clone, Copy, Debug)]
pub struct OurAnswer<'a> {
    /// Its ID.
    pub id: &'a MessageId,
    /// Our name.
    pub issuer: &'a EntityId,
    /// Now.
    pub issue_instant: Timestamp,
    /// The query that it answers.
    pub in_response_to: &'a MessageId,
}

/// What we say about a user.
#[derive(Clone, Copy, Debug)]
pub struct OurStatement<'a> {
    /// The ID of the assertion.
    pub id: &'a MessageId,
    /// The user's name, as it was asked for.
    pub name_id: &'a str,
    /// A moment before now, since some readers' clocks are behind.
    pub not_before: Timestamp,
    /// The first moment at which it no longer holds.
    pub not_on_or_after: Timestamp,
    /// Who asked.
    pub audience: &'a EntityId,
    /// The format of the attribute names.
    pub name_format: &'a str,
    /// What is said; may be empty.
    pub attributes: &'a [(&'a str, Vec<String>)],
}

/// Writes, for somebody who is not proved, that there is no answer. It is not signed, since anybody could else make us
/// sign, and it names no query, since none is proved.
pub fn write_denial(id: &MessageId, issuer: &EntityId, issue_instant: Timestamp) -> Result<Canonical, Fault> {
    let mut xml = begin_response(id, issuer, issue_instant, None);
    Status::REQUEST_DENIED.write(&mut xml);
    soap::wrap(&xml.end().finish()?)
}

fn begin_response(
    id: &MessageId,
    issuer: &EntityId,
    issue_instant: Timestamp,
    in_response_to: Option<&MessageId>,
) -> Writer {
    let mut xml = Writer::new();
    xml.start(samlp("Response"));
    xml.attribute("ID", id.as_str());
    if let Some(query) = in_response_to {
        xml.attribute("InResponseTo", query.as_str());
    }
    xml.attribute("IssueInstant", &written(issue_instant));
    xml.attribute("Version", "2.0");
    xml.element(saml("Issuer"), issuer.as_str());
    xml
}

impl OurAnswer<'_> {
    /// Writes an answer with a signed assertion, in its envelope; encrypted to the asker where its key is given.
    pub fn write(
        &self,
        said: &OurStatement<'_>,
        signer: &dyn Signer,
        sealed: Option<Sealed<'_>>,
    ) -> Result<Canonical, Fault> {
        let plain = self.assertion(said, signer)?;
        let mut xml = self.begin(false);
        status::write_success(&mut xml);
        match sealed {
            Some(sealed) => {
                xml.start(saml("EncryptedAssertion"));
                encrypt_into(&mut xml, &plain, sealed.to, (sealed.how, sealed.random))?;
                xml.end()
            }
            None => xml.embed(&plain),
        };
        soap::wrap(&xml.end().finish()?)
    }

    /// Writes a signed answer that says why there is none, in its envelope.
    pub fn write_refusal(&self, why: Status, signer: &dyn Signer) -> Result<Canonical, Fault> {
        let mut xml = self.begin(true);
        why.write(&mut xml);
        soap::wrap(&xml.end().finish_signed(self.id.as_str(), signer)?)
    }

    fn begin(&self, signed: bool) -> Writer {
        let mut xml = begin_response(self.id, self.issuer, self.issue_instant, Some(self.in_response_to));
        if signed {
            xml.signature_goes_here();
        }
        xml
    }

    fn assertion(&self, said: &OurStatement<'_>, signer: &dyn Signer) -> Result<Canonical, Fault> {
        let mut xml = begin(said.id, self.issuer, self.issue_instant);
        xml.start(saml("Subject"));
        write_name_id(&mut xml, said.name_id);
        // Binds what is signed to the query. No place that takes bearers of an assertion takes this one.
        xml.start(saml("SubjectConfirmation")).attribute("Method", SENDER_VOUCHES);
        xml.start(saml("SubjectConfirmationData"));
        xml.attribute("InResponseTo", self.in_response_to.as_str());
        xml.attribute("NotOnOrAfter", &written(said.not_on_or_after));
        xml.attribute("Recipient", said.audience.as_str());
        xml.end().end().end();
        write_conditions(&mut xml, said.not_before, said.not_on_or_after, said.audience);
        // The schema knows no statement without attributes.
        if !said.attributes.is_empty() {
            write_attributes(&mut xml, said.name_format, said.attributes);
        }
        xml.end().finish_signed(said.id.as_str(), signer)
    }
}
