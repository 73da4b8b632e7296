//! A stored answer, judged apart from any login: the steps of [`receive_answer`](super::Broker::receive_answer) that
//! need neither the browser nor the register, in the same order and by the same code.
//!
//! Operators ask with it why a login failed, and outside test vectors run through it. Nothing of what it accepts logs
//! anybody in.

use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};

use super::login::{check_not_ours, check_sender};
use super::registry::check_validity;
use crate::domain::id::{EntityId, MessageId};
use crate::domain::login::PENDING_FOR;
use crate::domain::reason::Fault;
use crate::protocol::Accepted;
use crate::protocol::keys::Decrypter;
use crate::protocol::saml::metadata::IdpMetadata;
use crate::protocol::saml::response::{self, Expectation, Opening, Response};
use crate::protocol::xml::{Cbc, Document};

/// An answer that somebody kept, and what it is judged by.
#[derive(Clone, Copy)]
pub struct Stored<'s> {
    /// The XML.
    pub xml: &'s [u8],
    /// The metadata of the identity provider that was asked.
    pub idp: &'s IdpMetadata,
    /// The address that the answer arrived at.
    pub acs: &'s str,
    /// Our name towards identity providers.
    pub audience: &'s EntityId,
    /// The question, if it is known.
    pub question: Option<&'s MessageId>,
    /// Our keys for what is encrypted to us.
    pub decrypters: &'s [Arc<dyn Decrypter>],
    /// How far clocks may differ.
    pub skew: SignedDuration,
}

impl Stored<'_> {
    /// Says whether the answer would have been accepted at that moment.
    pub fn judge(&self, now: Timestamp) -> Result<Accepted<Response>, Fault> {
        let document = Document::parse(self.xml)?;
        let answer = response::claimed(&document)?;
        check_not_ours(answer.claimed_issuer(), self.audience)?;
        let asked = &self.idp.entity_id;
        check_validity(asked, self.idp.valid_until, now)?;
        check_sender(answer.claimed_issuer(), asked)?;
        let opening = Opening { keys: &self.idp.keys, decrypters: self.decrypters, cbc: Cbc::Refused };
        let answer = answer.verify(opening)?;
        self.idp.keys.check_in_force(&answer.proof().key, now)?;
        let expected = Expectation {
            issuer: asked,
            audience: self.audience,
            acs: self.acs,
            // Nobody kept when the question was asked; a login that is older than this would not be answered.
            question: self.question.map(|question| (question, now - PENDING_FOR)),
            skew: self.skew,
        };
        answer.accept(&expected, now)
    }
}
