//! What clients ask without a browser between us: what a call brings along, how it is written down, and what the client is
//! told when it is refused.

use crate::broker::audit::Trail;
use crate::broker::{Broker, Visit};
use crate::domain::audit::{Event, Record};
use crate::domain::id::{EntityId, LoginId};
use crate::domain::reason::{Blame, Fault, Reason};
use crate::protocol::keys::thumbprint;
use crate::protocol::oauth::error::OAuthError;
use crate::protocol::oauth::parameters::Parameters;
use crate::store::{Batch, Mark, StoreError};

/// What a client is told that is to repeat a value of ours.
const USE_NONCE: &str = "use_dpop_nonce";

/// A call of a client, as it came.
pub struct ClientCall {
    /// The header `Authorization`.
    pub authorization: Option<String>,
    /// The header `DPoP`: a proof that the client holds a key.
    pub proof: Option<String>,
    /// Its TLS certificate in DER form, handed over by a proxy of ours.
    pub certificate: Option<Vec<u8>>,
    /// The method, in capitals.
    pub method: &'static str,
    /// The parameters of its body.
    pub form: Parameters,
}

impl ClientCall {
    /// The SHA-256 of its TLS certificate, as tokens name it.
    pub(super) fn thumbprint(&self) -> Option<String> {
        self.certificate.as_deref().map(thumbprint)
    }
}

/// What a call was answered with.
#[derive(Debug)]
pub struct Answered<T> {
    /// Which login it belongs to, or which call it is.
    pub login: LoginId,
    /// The client, as far as it is proved.
    pub client: Option<EntityId>,
    /// The answer.
    pub answer: T,
    /// The reason where the answer is that there is nothing to tell.
    pub withheld: Option<Reason>,
}

/// A call that was refused. Whatever is refused is written down before it is told.
#[derive(Debug)]
pub struct NotAnswered {
    /// Which login it belongs to, or which call it is.
    pub login: LoginId,
    /// The client, as far as it is proved.
    pub client: Option<EntityId>,
    /// Why.
    pub reason: Reason,
    /// What the client is told.
    pub error: OAuthError,
    /// The value that it is to repeat in its next proof, where it is asked for one.
    pub nonce: Option<String>,
}

impl NotAnswered {
    /// Whether it is our own trouble.
    pub(super) fn is_ours(&self) -> bool {
        self.reason.blame() == Blame::Us
    }
}

/// What is known so far of the call in hand, and what it uses up however it ends.
pub(in crate::broker) struct Story {
    pub(in crate::broker) trail: Trail,
    /// Proofs that count once.
    pub(in crate::broker) uses: Vec<Mark>,
    /// Whose tokens die, since something that counts once came twice.
    pub(in crate::broker) revokes: Option<LoginId>,
}

impl Story {
    /// Ends well.
    pub(in crate::broker) fn answered<T>(&self, answer: T) -> Answered<T> {
        let Record { login, fagsystem, .. } = &self.trail.record;
        Answered { login: *login, client: fagsystem.clone(), answer, withheld: None }
    }
}

/// A fault, and as what the client is told it: the same fault is another error where another thing is proved.
#[derive(Debug)]
pub(in crate::broker) struct Refused {
    pub(super) fault: Fault,
    code: Option<&'static str>,
}

impl Refused {
    /// The client did not prove itself.
    pub(in crate::broker) fn client(fault: Fault) -> Self {
        Self { fault, code: Some("invalid_client") }
    }

    /// What it handed in is worth nothing.
    pub(super) fn grant(fault: Fault) -> Self {
        Self { fault, code: Some("invalid_grant") }
    }

    /// The access token is worth nothing.
    pub(super) fn token(fault: Fault) -> Self {
        Self { fault, code: Some("invalid_token") }
    }

    /// It did not prove that it holds its key.
    pub(super) fn possession(fault: Fault) -> Self {
        Self { fault, code: Some("invalid_dpop_proof") }
    }

    /// It is to repeat a value of ours in the proof.
    pub(super) fn nonce(fault: Fault) -> Self {
        Self { fault, code: Some(USE_NONCE) }
    }

    /// Whether it is our own trouble.
    pub(super) fn is_ours(&self) -> bool {
        self.fault.reason.blame() == Blame::Us
    }

    fn told(&self) -> OAuthError {
        let reason = self.fault.reason;
        let plain = if self.is_ours() { "server_error" } else { "invalid_request" };
        match self.code.filter(|_| !self.is_ours()) {
            Some(code) => OAuthError::new(code, reason),
            None => OAuthError::for_reason(reason).unwrap_or_else(|| OAuthError::new(plain, reason)),
        }
    }
}

impl From<Fault> for Refused {
    fn from(fault: Fault) -> Self {
        Self { fault, code: None }
    }
}

impl Broker {
    /// Begins the story of one call.
    pub(in crate::broker) fn story(&self, visit: &Visit, event: Event) -> Story {
        let trail = self.trail(self.fresh_login(), visit, event);
        Story { trail, uses: Vec::new(), revokes: None }
    }

    /// Ends a call: writes down why, then says so. What was proved with is used up all the same.
    pub(in crate::broker) async fn refuse_call_of_client(
        &self,
        story: Story,
        refused: Refused,
    ) -> NotAnswered {
        let Story { trail, uses, revokes } = story;
        let mut record = trail.record;
        record.allowed = false;
        record.reason = refused.fault.reason.code().to_owned();
        record.detail = Some(Record::tame(&refused.fault.detail));
        record.ruled(&trail.rulings);
        let (login, client) = (record.login, record.fagsystem.clone());
        let records = vec![record];
        let batch = Batch { uses, revokes, records: records.clone(), ..Batch::default() };
        let kept = match self.store.commit(batch).await {
            // Exactly that may be why it is refused.
            Err(StoreError::Used(_)) => {
                self.store.commit(Batch { revokes, records, ..Batch::default() }).await
            }
            kept => kept,
        };
        let refused = kept.map_or_else(|error| Refused::from(Fault::from(error)), |()| refused);
        let error = refused.told();
        let nonce = if error.code == USE_NONCE { self.fresh_nonce() } else { None };
        NotAnswered { login, client, reason: refused.fault.reason, error, nonce }
    }
}
