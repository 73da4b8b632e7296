//! A question about a user to an attribute service: as we put it to others, and as others put it to us.
//!
//! It travels in a SOAP envelope from server to server, signed inside, and climbs the same ladder as a request of a
//! browser. The answer is told in [`answer`].

pub mod answer;

use jiff::{SignedDuration, Timestamp};

use super::assertion::write_name_id;
use super::offered::Offered;
use super::{Header, address, check_made_for, issuer, required, saml, samlp, soap, written};
use crate::domain::id::{EntityId, MessageId};
use crate::domain::reason::{Fault, Reason};
use crate::protocol::keys::{Signer, TrustedKeys};
use crate::protocol::xml::{Canonical, Document, Element, Writer};
use crate::protocol::{Accepted, Unverified, Verified};

/// What somebody asks about a user.
#[derive(Clone, Debug)]
pub struct AttributeQuery {
    /// Its ID.
    pub id: MessageId,
    /// Who asks.
    pub issuer: EntityId,
    /// When it was made.
    pub issue_instant: Timestamp,
    /// The address that it was made for.
    pub destination: Option<String>,
    /// The user's name.
    pub name_id: String,
    /// The names of the attributes that are wanted; empty means all that the asker may have.
    pub attributes: Vec<String>,
}

/// A query that was parsed and not yet proved.
pub struct Query<'d> {
    offered: Offered<'d>,
}

/// Looks at an arrived envelope as far as is needed to find its sender's keys.
pub fn claimed<'d>(document: &'d Document<'_>) -> Result<Unverified<Query<'d>>, Fault> {
    // We would not read a second one, but nobody puts it there in good faith.
    if document.root().count(samlp("AttributeQuery")) > 1 {
        return Err(Fault::new(Reason::SigCoverage, "a query beside the one in the Body"));
    }
    let root = soap::unwrap(document)?;
    if !root.is(samlp("AttributeQuery")) {
        return Err(Fault::new(
            Reason::XmlSchema,
            format!("expected an AttributeQuery, got {}", root.local()),
        ));
    }
    let query = Query { offered: Offered::by_server(root)? };
    Ok(Unverified { issuer: issuer(root)?, message: query })
}

impl Unverified<Query<'_>> {
    /// Proves the query with the keys that its sender is registered with.
    pub fn verify(self, keys: &TrustedKeys) -> Result<Verified<AttributeQuery>, Fault> {
        let (root, proof) = self.message.offered.verify(keys)?;
        Ok(Verified { message: read(root)?, proof })
    }
}

impl Verified<AttributeQuery> {
    /// Accepts the query if it was made for this address and not long ago. The address must be named: a query that
    /// somebody put to another service could else be put to us.
    pub fn accept(
        self,
        here: &str,
        now: Timestamp,
        skew: SignedDuration,
    ) -> Result<Accepted<AttributeQuery>, Fault> {
        let AttributeQuery { destination, issue_instant, .. } = &self.message;
        check_made_for(destination.as_deref(), *issue_instant, here, now, skew)?;
        Ok(Accepted { message: self.message, proof: self.proof })
    }
}

fn read(root: Element<'_>) -> Result<AttributeQuery, Fault> {
    let header = Header::read(root)?;
    let name_id = root.only_child(saml("Subject"))?.only_child(saml("NameID"))?.text()?;
    let wanted = root.children().filter(|child| child.is(saml("Attribute")));
    let attributes = wanted.map(|one| required(one, "Name").map(str::to_owned)).collect::<Result<_, _>>()?;
    Ok(AttributeQuery {
        id: header.id,
        issuer: issuer(root)?,
        issue_instant: header.issue_instant,
        destination: address(root, "Destination")?,
        name_id: name_id.into_owned(),
        attributes,
    })
}

/// What we ask an attribute service. No attribute is named: what we may have is agreed beforehand.
#[derive(Clone, Copy, Debug)]
pub struct OurQuery<'q> {
    /// Its ID.
    pub id: &'q MessageId,
    /// Our name.
    pub issuer: &'q EntityId,
    /// Now.
    pub issue_instant: Timestamp,
    /// The address that it goes to.
    pub destination: &'q str,
    /// The user's name, as the identity provider gave it.
    pub name_id: &'q str,
}

impl OurQuery<'_> {
    /// Writes it, signed, in its envelope.
    pub fn write_signed(&self, signer: &dyn Signer) -> Result<Canonical, Fault> {
        let mut xml = Writer::new();
        xml.start(samlp("AttributeQuery"));
        xml.attribute("Destination", self.destination);
        xml.attribute("ID", self.id.as_str());
        xml.attribute("IssueInstant", &written(self.issue_instant));
        xml.attribute("Version", "2.0");
        xml.element(saml("Issuer"), self.issuer.as_str());
        xml.signature_goes_here();
        xml.start(saml("Subject"));
        write_name_id(&mut xml, self.name_id);
        xml.end().end();
        soap::wrap(&xml.finish_signed(self.id.as_str(), signer)?)
    }
}

#[cfg(test)]
mod tests;
