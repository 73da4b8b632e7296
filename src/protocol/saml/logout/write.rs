//! What we say about the end of a session, by each of the three ways that a message may take.

use jiff::Timestamp;

use super::super::binding::{Carries, Form, redirect_to};
use super::super::status::{self, Status};
use super::super::{saml, samlp, soap, written};
use crate::domain::id::{EntityId, MessageId};
use crate::domain::reason::Fault;
use crate::protocol::keys::Signer;
use crate::protocol::xml::{Canonical, Writer};

/// The reason that we give: the user wants it.
const BY_USER: &str = "urn:oasis:names:tc:SAML:2.0:logout:user";

/// A message of ours.
#[derive(Clone, Copy, Debug)]
pub struct OurLogout<'m> {
    /// Its ID.
    pub id: &'m MessageId,
    /// Our name.
    pub issuer: &'m EntityId,
    /// Now.
    pub issue_instant: Timestamp,
    /// The address that it goes to; empty where it goes back over the connection that the question came by.
    pub destination: &'m str,
    /// What it says.
    pub says: Says<'m>,
}

/// What a message of ours says.
#[derive(Clone, Copy, Debug)]
pub enum Says<'m> {
    /// The user has logged out: end the session.
    End {
        /// The user's name, letter by letter as the receiver knows it.
        name_id: &'m str,
        /// The format of the name there; none where the receiver named none.
        name_format: Option<&'m str>,
        /// The sessions; none where the receiver gave them no index.
        session_indexes: &'m [String],
        /// The first moment at which the request no longer holds.
        not_on_or_after: Timestamp,
    },
    /// The session that this request was about has ended everywhere.
    Ended(&'m MessageId),
    /// It has ended here, but not everybody has confirmed that it has ended there.
    InPart(&'m MessageId),
    /// It lives on, for this reason.
    Refused(&'m MessageId, Status),
}

impl OurLogout<'_> {
    /// Puts it into an address for the browser, with the signature beside it.
    pub fn by_redirect(&self, relay_state: Option<&str>, signer: &dyn Signer) -> Result<String, Fault> {
        let xml = self.filled(self.begin()).finish()?;
        redirect_to(self.destination, self.carries(), xml.as_str(), relay_state, signer)
    }

    /// Puts it into a form for the browser, with the signature inside.
    pub fn by_post(&self, relay_state: Option<String>, signer: &dyn Signer) -> Result<Form, Fault> {
        Ok(Form::new(self.destination, self.carries(), self.signed(signer)?.as_str(), relay_state))
    }

    /// Puts it into an envelope for a server, with the signature inside.
    pub fn by_soap(&self, signer: &dyn Signer) -> Result<Canonical, Fault> {
        soap::wrap(&self.signed(signer)?)
    }

    fn carries(&self) -> Carries {
        match self.says {
            Says::End { .. } => Carries::Request,
            Says::Ended(_) | Says::InPart(_) | Says::Refused(..) => Carries::Response,
        }
    }

    fn signed(&self, signer: &dyn Signer) -> Result<Canonical, Fault> {
        let mut xml = self.begin();
        xml.signature_goes_here();
        self.filled(xml).finish_signed(self.id.as_str(), signer)
    }

    fn begin(&self) -> Writer {
        let mut xml = Writer::new();
        match self.says {
            Says::End { not_on_or_after, .. } => {
                xml.start(samlp("LogoutRequest"));
                xml.attribute("NotOnOrAfter", &written(not_on_or_after));
                xml.attribute("Reason", BY_USER);
            }
            Says::Ended(request) | Says::InPart(request) | Says::Refused(request, _) => {
                xml.start(samlp("LogoutResponse"));
                xml.attribute("InResponseTo", request.as_str());
            }
        }
        if !self.destination.is_empty() {
            xml.attribute("Destination", self.destination);
        }
        xml.attribute("ID", self.id.as_str());
        xml.attribute("IssueInstant", &written(self.issue_instant));
        xml.attribute("Version", "2.0");
        xml.element(saml("Issuer"), self.issuer.as_str());
        xml
    }

    fn filled(&self, mut xml: Writer) -> Writer {
        match self.says {
            Says::End { name_id, name_format, session_indexes, .. } => {
                xml.start(saml("NameID"));
                if let Some(format) = name_format {
                    xml.attribute("Format", format);
                }
                xml.text(name_id).end();
                for index in session_indexes {
                    xml.element(samlp("SessionIndex"), index);
                }
            }
            Says::Ended(_) => status::write_success(&mut xml),
            Says::InPart(_) => status::write_partial_logout(&mut xml),
            Says::Refused(_, why) => why.write(&mut xml),
        }
        xml.end();
        xml
    }
}
