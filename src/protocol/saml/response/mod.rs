//! The answer: a `Response` with one assertion, as identity providers give it to us and as we give it to fagsystemer.

mod accept;
mod write;

use std::sync::Arc;

use jiff::Timestamp;

use super::assertion::{self, Assertion};
use super::{Header, message_id, optional_issuer, required, saml, samlp, status};
use crate::domain::id::{EntityId, MessageId};
use crate::domain::reason::{Fault, Reason};
use crate::protocol::keys::{Decrypter, TrustedKeys};
use crate::protocol::xml::{Cbc, Document, Element, decrypt, is_signed, verify};
use crate::protocol::{Proof, Unverified, Verified};

pub use accept::Expectation;
pub use write::{OurResponse, Sealed};

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

/// The ID of the question that an answer claims to answer, for reports only.
pub fn claimed_question(document: &Document<'_>) -> Option<String> {
    required(document.root(), "InResponseTo").ok().map(str::to_owned)
}
