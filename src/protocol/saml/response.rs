//! The answer: a `Response` with one assertion, as identity providers give it to us and as we give it to fagsystemer.

use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};

use super::assertion::{self, Assertion, Confirmation, OurAssertion};
use super::{Header, message_id, optional_issuer, required, saml, samlp, status, written};
use crate::domain::id::{EntityId, MessageId};
use crate::domain::reason::{Fault, Reason};
use crate::domain::world::Random;
use crate::protocol::keys::{Certificate, Decrypter, Signer, TrustedKeys};
use crate::protocol::xml::{
    Canonical, Cbc, Document, Element, Encryption, Writer, decrypt, encrypt, is_signed, verify,
};
use crate::protocol::{Accepted, Proof, Unverified, Verified};

/// An answer that was parsed and not yet proved.
pub struct Answer<'d> {
    root: Element<'d>,
}

/// What surrounds the assertion. It may be unsigned, so it only ever narrows.
#[derive(Clone, Debug)]
struct Envelope {
    id: MessageId,
    issue_instant: Timestamp,
    issuer: Option<EntityId>,
    destination: Option<String>,
    in_response_to: Option<MessageId>,
}

/// A proved assertion in its envelope.
#[derive(Debug)]
pub struct Response {
    envelope: Envelope,
    response_signed: bool,
    encrypted: bool,
    assertion: Assertion,
}

impl Response {
    /// The ID of the response.
    pub fn id(&self) -> &MessageId {
        &self.envelope.id
    }

    /// What it says about the user.
    pub fn assertion(&self) -> &Assertion {
        &self.assertion
    }

    /// Whether the assertion came encrypted.
    pub fn encrypted(&self) -> bool {
        self.encrypted
    }
}

/// With what an answer may be opened.
#[derive(Clone, Copy)]
pub struct Opening<'k> {
    /// The keys that the identity provider is registered with.
    pub keys: &'k TrustedKeys,
    /// Our own keys for what is encrypted to us.
    pub decrypters: &'k [Arc<dyn Decrypter>],
    /// Whether this identity provider may send AES-CBC.
    pub cbc: Cbc,
}

/// Looks at an arrived response as far as is needed to find its sender's keys. An encrypted assertion hides its
/// issuer, so the envelope must name it.
pub fn claimed<'d>(document: &'d Document<'_>) -> Result<Unverified<Answer<'d>>, Fault> {
    let root = document.root();
    if !root.is(samlp("Response")) {
        return Err(Fault::new(Reason::XmlSchema, format!("expected a Response, got {}", root.local())));
    }
    let issuer = match optional_issuer(root)? {
        Some(issuer) => issuer,
        None => assertion::claimed_issuer(root.only_child(saml("Assertion"))?)?,
    };
    Ok(Unverified { issuer, message: Answer { root } })
}

impl Unverified<Answer<'_>> {
    /// Proves the answer. Every signature that is there must be right, and what is read must be covered by one.
    pub fn verify(self, opening: Opening<'_>) -> Result<Verified<Response>, Fault> {
        let root = self.message.root;
        let outer = if is_signed(root) { Some(proof(root, opening.keys)?) } else { None };
        let envelope = envelope(root)?;
        status::read(root.only_child(samlp("Status"))?)?;
        match carried(root)? {
            Carried::Plain(element) => finish(element, outer, envelope, opening, false),
            Carried::Encrypted(element) => {
                let plain = decrypt(element, opening.decrypters, opening.cbc)?;
                let document = Document::parse(&plain)?;
                let inner = document.root();
                if !inner.is(saml("Assertion")) {
                    return Err(Fault::new(Reason::DecFailed, "expected an encrypted Assertion"));
                }
                finish(inner, outer, envelope, opening, true)
            }
        }
    }
}

fn finish(
    element: Element<'_>,
    outer: Option<Proof>,
    envelope: Envelope,
    opening: Opening<'_>,
    encrypted: bool,
) -> Result<Verified<Response>, Fault> {
    let response_signed = outer.is_some();
    let (element, proof) = if is_signed(element) {
        let signed = verify(element, opening.keys)?;
        (signed.element(), Proof { key: signed.key().clone(), algorithm: signed.algorithm() })
    } else {
        let unsigned =
            || Fault::new(Reason::SigMissing, "expected a signature on the Response or the Assertion");
        (element, outer.ok_or_else(unsigned)?)
    };
    let assertion = assertion::read(element)?;
    Ok(Verified { message: Response { envelope, response_signed, encrypted, assertion }, proof })
}

fn proof(element: Element<'_>, keys: &TrustedKeys) -> Result<Proof, Fault> {
    let signed = verify(element, keys)?;
    Ok(Proof { key: signed.key().clone(), algorithm: signed.algorithm() })
}

fn envelope(root: Element<'_>) -> Result<Envelope, Fault> {
    let header = Header::read(root)?;
    Ok(Envelope {
        id: header.id,
        issue_instant: header.issue_instant,
        issuer: optional_issuer(root)?,
        destination: root.attribute("Destination").map(str::to_owned),
        in_response_to: root.attribute("InResponseTo").map(message_id).transpose()?,
    })
}

enum Carried<'d> {
    Plain(Element<'d>),
    Encrypted(Element<'d>),
}

/// The one assertion that a response may carry, in one of its two forms.
fn carried(root: Element<'_>) -> Result<Carried<'_>, Fault> {
    let mut found = root.children().filter_map(|child| {
        if child.is(saml("Assertion")) {
            Some(Carried::Plain(child))
        } else if child.is(saml("EncryptedAssertion")) {
            Some(Carried::Encrypted(child))
        } else {
            None
        }
    });
    match (found.next(), found.next()) {
        (Some(only), None) => Ok(only),
        (None, _) => Err(Fault::new(Reason::AssertionCount, "expected one assertion, got none")),
        _ => Err(Fault::new(Reason::AssertionCount, "expected one assertion, got several")),
    }
}

/// What an acceptable answer must fit.
#[derive(Clone, Copy, Debug)]
pub struct Expectation<'e> {
    /// The identity provider that we asked.
    pub issuer: &'e EntityId,
    /// Our name towards identity providers.
    pub audience: &'e EntityId,
    /// The address that the answer arrived at.
    pub acs: &'e str,
    /// The question that it must answer; none only when a stored answer is judged without its question.
    pub question: Option<(&'e MessageId, Timestamp)>,
    /// How far clocks may differ.
    pub skew: SignedDuration,
}

impl Verified<Response> {
    /// Accepts the answer if it is for us, now, in answer to our question.
    pub fn accept(self, expected: &Expectation<'_>, now: Timestamp) -> Result<Accepted<Response>, Fault> {
        let Response { envelope, response_signed, assertion, .. } = &self.message;
        check_issuers(envelope, assertion, expected)?;
        check_place(envelope, *response_signed, expected)?;
        check_question(envelope, assertion, expected, now)?;
        check_conditions(assertion, expected, now)?;
        check_confirmation(assertion, expected, now)?;
        check_session(assertion, expected, now)?;
        Ok(Accepted { message: self.message, proof: self.proof })
    }
}

fn check_issuers(
    envelope: &Envelope,
    assertion: &Assertion,
    expected: &Expectation<'_>,
) -> Result<(), Fault> {
    if envelope.issuer.as_ref().is_some_and(|issuer| *issuer != assertion.issuer) {
        return Err(Fault::new(
            Reason::IssuerMismatch,
            "the Response and its Assertion name different issuers",
        ));
    }
    if assertion.issuer != *expected.issuer {
        let detail = format!("expected {}, got {}", expected.issuer, assertion.issuer);
        return Err(Fault::new(Reason::IdpUnexpected, detail));
    }
    Ok(())
}

/// Destination must be right where it stands, and must stand where the response is signed.
fn check_place(envelope: &Envelope, response_signed: bool, expected: &Expectation<'_>) -> Result<(), Fault> {
    match &envelope.destination {
        Some(destination) if destination == expected.acs => Ok(()),
        None if !response_signed => Ok(()),
        got => {
            let got = got.as_deref().unwrap_or("no Destination");
            Err(Fault::new(Reason::Recipient, format!("expected {}, got {got}", expected.acs)))
        }
    }
}

fn check_question(
    envelope: &Envelope,
    assertion: &Assertion,
    expected: &Expectation<'_>,
    now: Timestamp,
) -> Result<(), Fault> {
    let latest = now + expected.skew;
    let earliest = expected.question.map(|(_, asked_at)| asked_at - expected.skew);
    for made in [envelope.issue_instant, assertion.issue_instant] {
        if made > latest || earliest.is_some_and(|earliest| made < earliest) {
            return Err(Fault::new(
                Reason::TimeIssue,
                format!("made at {made}, which does not fit the login at {now}"),
            ));
        }
    }
    let Some((question, _)) = expected.question else { return Ok(()) };
    match &envelope.in_response_to {
        None => Err(Fault::new(Reason::IrtMissing, format!("expected InResponseTo {question}, got none"))),
        Some(got) if got != question => {
            Err(Fault::new(Reason::IrtUnknown, format!("expected InResponseTo {question}, got {got}")))
        }
        Some(_) => Ok(()),
    }
}

fn check_conditions(assertion: &Assertion, expected: &Expectation<'_>, now: Timestamp) -> Result<(), Fault> {
    let conditions = &assertion.conditions;
    let too_early = conditions.not_before.is_some_and(|from| now + expected.skew < from);
    let too_late = conditions.not_on_or_after.is_some_and(|until| now - expected.skew >= until);
    if too_early || too_late {
        let detail =
            format!("not valid at {now}: {:?} to {:?}", conditions.not_before, conditions.not_on_or_after);
        return Err(Fault::new(Reason::TimeConditions, detail));
    }
    let audience = expected.audience.as_str();
    let names_us = |names: &Vec<String>| names.iter().any(|name| name == audience);
    if conditions.audiences.is_empty() || !conditions.audiences.iter().all(names_us) {
        return Err(Fault::new(
            Reason::Audience,
            format!("expected {audience}, got {:?}", conditions.audiences),
        ));
    }
    Ok(())
}

/// One bearer confirmation must fit; the fault of the first that does not is told.
fn check_confirmation(
    assertion: &Assertion,
    expected: &Expectation<'_>,
    now: Timestamp,
) -> Result<(), Fault> {
    let mut first = None;
    for confirmation in &assertion.confirmations {
        match fits(confirmation, expected, now) {
            Ok(()) => return Ok(()),
            Err(fault) => first = first.or(Some(fault)),
        }
    }
    let none = || {
        let others = assertion.other_methods;
        Fault::new(Reason::ScdMethod, format!("expected a bearer confirmation, got {others} others"))
    };
    Err(first.unwrap_or_else(none))
}

fn fits(confirmation: &Confirmation, expected: &Expectation<'_>, now: Timestamp) -> Result<(), Fault> {
    if confirmation.not_before.is_some() {
        return Err(Fault::new(Reason::ScdMethod, "a bearer confirmation must not have NotBefore"));
    }
    match &confirmation.recipient {
        Some(recipient) if recipient == expected.acs => {}
        got => {
            let got = got.as_deref().unwrap_or("no Recipient");
            return Err(Fault::new(Reason::Recipient, format!("expected {}, got {got}", expected.acs)));
        }
    }
    match confirmation.not_on_or_after {
        Some(until) if now - expected.skew < until => {}
        Some(until) => return Err(Fault::new(Reason::TimeScd, format!("ended at {until}, it is {now}"))),
        None => return Err(Fault::new(Reason::TimeScd, "expected NotOnOrAfter on the confirmation")),
    }
    match (expected.question, &confirmation.in_response_to) {
        (None, _) => Ok(()),
        (Some((question, _)), Some(got)) if got == question => Ok(()),
        (Some((question, _)), Some(got)) => {
            Err(Fault::new(Reason::IrtUnknown, format!("expected InResponseTo {question}, got {got}")))
        }
        (Some(_), None) => Err(Fault::new(Reason::IrtMissing, "expected InResponseTo on the confirmation")),
    }
}

fn check_session(assertion: &Assertion, expected: &Expectation<'_>, now: Timestamp) -> Result<(), Fault> {
    match assertion.authn.session_not_on_or_after {
        Some(end) if now - expected.skew >= end => {
            Err(Fault::new(Reason::TimeSession, format!("the session ended at {end}, it is {now}")))
        }
        _ => Ok(()),
    }
}

/// The frame of what we answer.
#[derive(Clone, Copy, Debug)]
pub struct OurResponse<'r> {
    /// Its ID.
    pub id: &'r MessageId,
    /// Our name.
    pub issuer: &'r EntityId,
    /// Now.
    pub issue_instant: Timestamp,
    /// The address that it goes to.
    pub destination: &'r str,
    /// The request that it answers.
    pub in_response_to: &'r MessageId,
}

/// To whom, and how, an assertion is encrypted.
#[derive(Clone, Copy)]
pub struct Sealed<'s> {
    /// The fagsystem's certificate.
    pub to: &'s Certificate,
    /// The algorithms that it reads.
    pub how: Encryption,
    /// The dice.
    pub random: &'s dyn Random,
}

impl OurResponse<'_> {
    /// Writes an answer with an assertion; signed as a whole as well, where a signer is given for it.
    pub fn write(
        &self,
        assertion: &OurAssertion<'_>,
        signer: &dyn Signer,
        sealed: Option<Sealed<'_>>,
        response_signer: Option<&dyn Signer>,
    ) -> Result<Canonical, Fault> {
        let plain = assertion.write_signed(signer)?;
        let mut xml = self.begin(response_signer.is_some());
        status::write_success(&mut xml);
        match sealed {
            Some(sealed) => {
                xml.start(saml("EncryptedAssertion"));
                xml.embed(&encrypt(&plain, sealed.to, sealed.how, sealed.random)?);
                xml.end();
            }
            None => {
                xml.embed(&plain);
            }
        }
        xml.end();
        match response_signer {
            Some(signer) => xml.finish_signed(self.id.as_str(), signer),
            None => xml.finish(),
        }
    }

    /// Writes a signed answer that says why there is no login.
    pub fn write_refusal(&self, why: status::Status, signer: &dyn Signer) -> Result<Canonical, Fault> {
        let mut xml = self.begin(true);
        why.write(&mut xml);
        xml.end();
        xml.finish_signed(self.id.as_str(), signer)
    }

    fn begin(&self, signed: bool) -> Writer {
        let mut xml = Writer::new();
        xml.start(samlp("Response"));
        xml.attribute("Destination", self.destination);
        xml.attribute("ID", self.id.as_str());
        xml.attribute("InResponseTo", self.in_response_to.as_str());
        xml.attribute("IssueInstant", &written(self.issue_instant));
        xml.attribute("Version", "2.0");
        xml.element(saml("Issuer"), self.issuer.as_str());
        if signed {
            xml.signature_goes_here();
        }
        xml
    }
}

/// The ID of the question that an answer claims to answer, for reports only.
pub fn claimed_question(document: &Document<'_>) -> Option<String> {
    required(document.root(), "InResponseTo").ok().map(str::to_owned)
}
