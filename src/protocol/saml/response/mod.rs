//! The answer: a `Response` with one assertion, as identity providers give it to us and as we give it to fagsystemer.

mod accept;
mod inspect;
mod write;

use std::sync::Arc;

use jiff::Timestamp;

use super::assertion::{self, Assertion};
use super::{Header, address, ds, message_id, optional_issuer, required, saml, samlp, status, wrapping};
use crate::domain::id::{EntityId, MessageId};
use crate::domain::reason::{Fault, Reason};
use crate::protocol::keys::{Decrypter, TrustedKeys};
use crate::protocol::xml::{Cbc, Document, Element, decrypt, is_signed, verify};
use crate::protocol::{Proof, Unverified, Verified};

pub use accept::Expectation;
pub(super) use accept::{check_audience, check_time};
pub use inspect::Inspected;
pub use write::{OurResponse, Sealed};

/// An answer that was parsed and not yet proved.
pub struct Answer<'d> {
    root: Element<'d>,
}

/// What surrounds the assertion. It may be unsigned, so it only ever narrows.
#[derive(Clone, Debug)]
pub(super) struct Envelope {
    id: MessageId,
    pub(super) issue_instant: Timestamp,
    pub(super) issuer: Option<EntityId>,
    destination: Option<String>,
    pub(super) in_response_to: Option<MessageId>,
}

/// A proved assertion in its envelope: of a login, or of an attribute service.
#[derive(Debug)]
pub struct Response<A = Assertion> {
    pub(super) envelope: Envelope,
    response_signed: bool,
    encrypted: bool,
    pub(super) assertion: A,
}

impl<A> Response<A> {
    /// The ID of the response.
    pub fn id(&self) -> &MessageId {
        &self.envelope.id
    }

    /// What it says about the user.
    pub fn assertion(&self) -> &A {
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
    if root.is(ds("Signature")) {
        return Err(Fault::new(Reason::SigStructure, "a signature around the message"));
    }
    if !root.is(samlp("Response")) {
        return Err(Fault::new(Reason::XmlSchema, format!("expected a Response, got {}", root.local())));
    }
    let issuer = match optional_issuer(root).map_err(|fault| wrapping(root, fault))? {
        Some(issuer) => issuer,
        None => assertion::claimed_issuer(root.only_child(saml("Assertion"))?)?,
    };
    Ok(Unverified { issuer, message: Answer { root } })
}

impl Unverified<Answer<'_>> {
    /// Proves the answer. Every signature that is there must be right, and what is read must be covered by one.
    pub fn verify(self, opening: Opening<'_>) -> Result<Verified<Response>, Fault> {
        let root = self.message.root;
        prove(root, opening, assertion::read).map_err(|fault| wrapping(root, fault))
    }
}

/// Proves what a response carries, and reads it as the kind of assertion that is expected.
pub(super) fn prove<A>(
    root: Element<'_>,
    opening: Opening<'_>,
    read: fn(Element<'_>) -> Result<A, Fault>,
) -> Result<Verified<Response<A>>, Fault> {
    let outer = if is_signed(root) { Some(proof(root, opening.keys)?) } else { None };
    let frame = Frame { root, outer, envelope: envelope(root)?, opening, read };
    status::read(root.only_child(samlp("Status"))?)?;
    match carried(root).as_slice() {
        [] => Err(Fault::new(Reason::AssertionCount, "expected one assertion, got none")),
        [only] => {
            let answer = frame.prove(*only)?;
            frame.nothing_uncovered(*only)?;
            Ok(answer)
        }
        several => {
            // Refused in any case. A few are looked at, to tell a sender that says too much from somebody who put
            // an assertion beside a genuine one.
            several.iter().take(LOOKED_AT).try_for_each(|one| frame.prove(*one).map(drop))?;
            Err(Fault::new(Reason::AssertionCount, "expected one assertion, got several"))
        }
    }
}

/// How many of too many assertions are looked at: each may cost as much as a genuine one.
const LOOKED_AT: usize = 2;

/// A response around its assertion, and what its own signature is worth.
struct Frame<'d, A> {
    root: Element<'d>,
    outer: Option<Proof>,
    envelope: Envelope,
    opening: Opening<'d>,
    read: fn(Element<'_>) -> Result<A, Fault>,
}

impl<A> Frame<'_, A> {
    fn prove(&self, carried: Carried<'_>) -> Result<Verified<Response<A>>, Fault> {
        match carried {
            Carried::Plain(element) => self.finish(element, false),
            Carried::Encrypted(element) => {
                let plain = decrypt(element, self.opening.decrypters, self.opening.cbc)?;
                let document = Document::parse_decrypted(&plain)?;
                let inner = document.root();
                if !inner.is(saml("Assertion")) {
                    return Err(Fault::new(Reason::DecFailed, "expected an encrypted Assertion"));
                }
                self.finish(inner, true).map_err(|fault| wrapping(inner, fault))
            }
        }
    }

    fn finish(&self, element: Element<'_>, encrypted: bool) -> Result<Verified<Response<A>>, Fault> {
        let (element, proof) = match &self.outer {
            Some(outer) if !is_signed(element) => (element, outer.clone()),
            _ => {
                let signed = verify(element, self.opening.keys)?;
                (signed.element(), Proof { key: signed.key().clone(), algorithm: signed.algorithm() })
            }
        };
        let (envelope, response_signed) = (self.envelope.clone(), self.outer.is_some());
        let assertion = (self.read)(element)?;
        Ok(Verified { message: Response { envelope, response_signed, encrypted, assertion }, proof })
    }

    /// Where only the assertion is signed, no other may stand anywhere around it: we would not read it, but nobody
    /// puts it there in good faith.
    fn nothing_uncovered(&self, read: Carried<'_>) -> Result<(), Fault> {
        let covered = match read {
            Carried::Plain(element) => 1 + element.count(saml("Assertion")),
            Carried::Encrypted(_) => 0,
        };
        let around = self.root.count(samlp("Response"));
        if self.outer.is_none() && (around > 0 || self.root.count(saml("Assertion")) > covered) {
            return Err(Fault::new(Reason::SigCoverage, "an assertion that no signature covers"));
        }
        Ok(())
    }
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
        destination: address(root, "Destination")?,
        in_response_to: root.attribute("InResponseTo").map(message_id).transpose()?,
    })
}

#[derive(Clone, Copy)]
enum Carried<'d> {
    Plain(Element<'d>),
    Encrypted(Element<'d>),
}

/// The assertions that a response carries, each in one of its two forms.
fn carried(root: Element<'_>) -> Vec<Carried<'_>> {
    let found = root.children().filter_map(|child| {
        if child.is(saml("Assertion")) {
            Some(Carried::Plain(child))
        } else if child.is(saml("EncryptedAssertion")) {
            Some(Carried::Encrypted(child))
        } else {
            None
        }
    });
    found.collect()
}

/// The ID of the question that an answer claims to answer, for reports only.
pub fn claimed_question(document: &Document<'_>) -> Option<String> {
    required(document.root(), "InResponseTo").ok().map(str::to_owned)
}
