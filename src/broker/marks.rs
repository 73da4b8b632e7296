//! What is good for one use only, and how long it is remembered that it was used.

use jiff::{SignedDuration, Timestamp};

use super::Broker;
use crate::domain::id::MessageId;
use crate::domain::login::{Asked, PENDING_FOR};
use crate::protocol::saml::response::Response;
use crate::store::{Kind, Mark};

/// How long a mark of use is kept. A request is taken until five minutes after it was made and the login that it
/// began may be answered ten minutes later, clocks being up to five minutes apart: a mark must outlive all of that.
const REMEMBERED_FOR: SignedDuration = SignedDuration::from_mins(30);

impl Broker {
    /// What an accepted answer uses up: our question and its assertion.
    pub(super) fn marks_of(&self, question: (&MessageId, Timestamp), answer: &Response) -> Vec<Mark> {
        let now = self.clock.now();
        let (ours, assertion) = (self.settings.entity_id.as_str(), answer.assertion());
        vec![
            mark(Kind::Question, ours, question, now),
            mark(Kind::Assertion, assertion.issuer.as_str(), (&assertion.id, assertion.issue_instant), now),
        ]
    }
}

/// The mark of the request that a login answers.
pub(super) fn of_request(asked: &Asked, now: Timestamp) -> Mark {
    mark(Kind::Request, asked.fagsystem.as_str(), (&asked.request, asked.made), now)
}

pub(super) fn mark(kind: Kind, issuer: &str, (id, made): (&MessageId, Timestamp), now: Timestamp) -> Mark {
    const { assert!(REMEMBERED_FOR.as_secs() > PENDING_FOR.as_secs() + 15 * 60) };
    Mark { kind, issuer: issuer.to_owned(), id: id.to_string(), made, expires: now + REMEMBERED_FOR }
}
