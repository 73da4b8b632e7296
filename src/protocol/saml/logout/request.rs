//! The wish that a session ends: a `LogoutRequest`, as fagsystemer and identity providers put it to us.

use jiff::{SignedDuration, Timestamp};

use super::super::assertion::name_in;
use super::super::binding::Arrived;
use super::super::offered::Offered;
use super::super::response::Opening;
use super::super::{Header, address, issuer, moment, saml, samlp};
use super::{brought, check_here_and_now, enveloped, instead, parts, unfit};
use crate::domain::id::{EntityId, MessageId};
use crate::domain::reason::{Fault, Reason};
use crate::protocol::xml::{Document, Element, Name, decrypt};
use crate::protocol::{Accepted, Unverified, Verified};

const NAME: Name = samlp("LogoutRequest");

/// Whose session is to end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogoutRequest {
    /// Its ID.
    pub id: MessageId,
    /// Who asks.
    pub issuer: EntityId,
    /// When it was made.
    pub issue_instant: Timestamp,
    destination: Option<String>,
    not_on_or_after: Option<Timestamp>,
    /// The user's name, as the asker knows it.
    pub name_id: String,
    /// The sessions that are meant; empty means all of the user's at the asker.
    pub session_indexes: Vec<String>,
    /// Why, as a URI.
    pub reason: Option<String>,
    /// What the asker wants back unchanged.
    pub relay_state: Option<String>,
}

/// A request that was parsed and not yet proved.
pub struct Question<'d> {
    offered: Offered<'d>,
    relay_state: Option<String>,
}

/// Looks at a request that a browser brought, as far as is needed to find its sender's keys.
pub fn claimed<'d>(document: &'d Document<'_>, arrived: &Arrived) -> Result<Unverified<Question<'d>>, Fault> {
    let offered = brought(document, arrived, NAME, Reason::SloSig)?;
    begin(document.root(), Question { offered, relay_state: arrived.relay_state.clone() })
}

/// Looks at a request in an envelope, as far as is needed to find its sender's keys.
pub fn claimed_in_soap<'d>(document: &'d Document<'_>) -> Result<Unverified<Question<'d>>, Fault> {
    let (root, offered) = enveloped(document, NAME, Reason::SloSig)?;
    begin(root, Question { offered, relay_state: None })
}

fn begin<'d>(root: Element<'d>, question: Question<'d>) -> Result<Unverified<Question<'d>>, Fault> {
    let issuer = issuer(root).map_err(|fault| instead(fault, Reason::XmlSchema, Reason::SloSchema))?;
    Ok(Unverified { issuer, message: question })
}

impl Unverified<Question<'_>> {
    /// Proves the request with the keys that its sender is registered with. The user's name may be encrypted to us.
    pub fn verify(self, opening: Opening<'_>) -> Result<Verified<LogoutRequest>, Fault> {
        let Question { offered, relay_state } = self.message;
        let (root, proof) = offered.verify(opening.keys)?;
        let message = read(root, relay_state, opening)
            .map_err(|fault| instead(fault, Reason::XmlSchema, Reason::SloSchema))?;
        Ok(Verified { message, proof })
    }
}

impl Verified<LogoutRequest> {
    /// Accepts the request if it was made for this address, not long ago, and still holds. The address must be named: a
    /// request that was put to somebody else could else be put to us.
    pub fn accept(
        self,
        here: &str,
        now: Timestamp,
        skew: SignedDuration,
    ) -> Result<Accepted<LogoutRequest>, Fault> {
        let LogoutRequest { destination, issue_instant, not_on_or_after, .. } = &self.message;
        check_here_and_now(destination.as_deref(), *issue_instant, here, now, skew)?;
        if let Some(end) = not_on_or_after.filter(|end| now - skew >= *end) {
            return Err(Fault::new(Reason::SloReplay, format!("held until {end}, arrived at {now}")));
        }
        Ok(Accepted { message: self.message, proof: self.proof })
    }
}

fn read(
    root: Element<'_>,
    relay_state: Option<String>,
    opening: Opening<'_>,
) -> Result<LogoutRequest, Fault> {
    let header = Header::read(root)?;
    let mut parts = parts(root);
    let name_id = name_id(parts.next(), opening)?;
    let mut session_indexes = Vec::new();
    for part in parts {
        if !part.is(samlp("SessionIndex")) {
            return Err(unfit("a SessionIndex", Some(part)));
        }
        session_indexes.push(part.text()?.into_owned());
    }
    Ok(LogoutRequest {
        id: header.id,
        issuer: issuer(root)?,
        issue_instant: header.issue_instant,
        destination: address(root, "Destination")?,
        not_on_or_after: root.attribute("NotOnOrAfter").map(moment).transpose()?,
        name_id,
        session_indexes,
        reason: root.attribute("Reason").map(str::to_owned),
        relay_state,
    })
}

fn name_id(part: Option<Element<'_>>, opening: Opening<'_>) -> Result<String, Fault> {
    match part {
        Some(plain) if plain.is(saml("NameID")) => name_in(plain),
        Some(sealed) if sealed.is(saml("EncryptedID")) => {
            let plain = decrypt(sealed, opening.decrypters, opening.cbc)?;
            let document = Document::parse_decrypted(&plain)?;
            match document.root() {
                name_id if name_id.is(saml("NameID")) => name_in(name_id),
                _ => Err(Fault::new(Reason::DecFailed, "expected an encrypted NameID")),
            }
        }
        other => Err(unfit("a NameID", other)),
    }
}
