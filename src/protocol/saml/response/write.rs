//! What we answer: a response with an assertion, encrypted where the fagsystem has a key, or with a refusal.

use jiff::Timestamp;

use super::super::assertion::OurAssertion;
use super::super::{saml, samlp, status, written};
use crate::domain::id::{EntityId, MessageId};
use crate::domain::reason::Fault;
use crate::domain::world::Random;
use crate::protocol::keys::{Certificate, Signer};
use crate::protocol::xml::{Canonical, Encryption, Writer, encrypt_into};

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
                encrypt_into(&mut xml, &plain, sealed.to, (sealed.how, sealed.random))?;
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
