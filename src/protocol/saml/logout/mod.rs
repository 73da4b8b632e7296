//! The end of a session: who asks for it ([`request`]) and what becomes of it ([`response`]), and what we say of both
//! ([`OurLogout`]).
//!
//! Every message is signed, whichever way it comes: a sender who need not prove itself could end anybody's session, or
//! say that one has ended which lives on. What a message means for which session is the broker's to decide.

pub mod request;
pub mod response;
mod write;

use jiff::{SignedDuration, Timestamp};

use super::binding::Arrived;
use super::offered::Offered;
use super::{check_made_for, ds, saml, samlp, soap};
use crate::domain::reason::{Fault, Reason};
use crate::protocol::xml::{Document, Element, Name};

pub use write::{OurLogout, Says};

/// What a browser brought, if it is a signed message of this name.
fn brought<'d>(
    document: &'d Document<'_>,
    arrived: &Arrived,
    name: Name,
    unsigned: Reason,
) -> Result<Offered<'d>, Fault> {
    let root = named(document.root(), name)?;
    Offered::by_browser(root, arrived).map_err(|fault| instead(fault, Reason::SigMissing, unsigned))
}

/// What an envelope holds, if it is a signed message of this name.
fn enveloped<'d>(
    document: &'d Document<'_>,
    name: Name,
    unsigned: Reason,
) -> Result<(Element<'d>, Offered<'d>), Fault> {
    // We would not read a second one, but nobody puts it there in good faith.
    if document.root().count(name) > 1 {
        return Err(Fault::new(Reason::SigCoverage, format!("a {} beside the one in the Body", name.local)));
    }
    let root = named(soap::unwrap(document)?, name)?;
    let offered = Offered::by_server(root).map_err(|fault| instead(fault, Reason::SigMissing, unsigned))?;
    Ok((root, offered))
}

fn named<'d>(element: Element<'d>, name: Name) -> Result<Element<'d>, Fault> {
    if element.is(ds("Signature")) {
        return Err(Fault::new(Reason::SigStructure, "a signature around the message"));
    }
    if !element.is(name) {
        return Err(Fault::new(
            Reason::SloSchema,
            format!("expected a {}, got {}", name.local, element.local()),
        ));
    }
    Ok(element)
}

/// The parts of a message that follow on its Issuer, signature and Extensions; these stand first, in this order, and
/// Extensions are passed over.
fn parts<'d>(message: Element<'d>) -> impl Iterator<Item = Element<'d>> {
    let mut children = message.children().peekable();
    for leading in [saml("Issuer"), ds("Signature"), samlp("Extensions")] {
        children.next_if(|child| child.is(leading));
    }
    children
}

fn unfit(expected: &str, got: Option<Element<'_>>) -> Fault {
    let got: String = got.map_or("nothing", Element::local).chars().take(60).collect();
    Fault::new(Reason::SloSchema, format!("expected {expected}, got {got}"))
}

/// Tells a general reason by the name that it has in a logout.
fn instead(fault: Fault, general: Reason, special: Reason) -> Fault {
    if fault.reason == general { Fault { reason: special, ..fault } } else { fault }
}

/// A message was made for the address at which it arrived, and not long ago.
fn check_here_and_now(
    destination: Option<&str>,
    made: Timestamp,
    here: &str,
    now: Timestamp,
    skew: SignedDuration,
) -> Result<(), Fault> {
    check_made_for(destination, made, here, now, skew)
        .map_err(|fault| Fault { reason: Reason::SloReplay, ..fault })
}

#[cfg(test)]
mod tests;
