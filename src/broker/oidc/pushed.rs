//! Requests that a client pushes to us before its user's browser comes (PAR). We keep none of them: the client gets the
//! request itself, sealed, as the name to call it by.

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::broker::Broker;
use crate::domain::id::{EntityId, MessageId};
use crate::domain::reason::{Fault, Reason};
use crate::protocol::oauth::parameters::Parameters;

/// How long a pushed request waits for the browser.
pub(super) const WAITS: SignedDuration = SignedDuration::from_secs(60);

/// A pushed request.
#[derive(Serialize, Deserialize)]
pub(super) struct Pushed {
    /// What we call it. One code comes of it at most.
    pub(super) request: MessageId,
    pub(super) until: Timestamp,
    pub(super) parameters: Parameters,
}

impl Broker {
    pub(super) fn open_pushed(
        &self,
        client: &EntityId,
        sealed: &str,
        now: Timestamp,
    ) -> Result<Pushed, Fault> {
        let refused = |what: &'static str| Fault::new(Reason::OidcPushed, what);
        let text = self.sealer.load().open(sealed, &purpose(client));
        let text = text.map_err(|_| refused("expected a request that this client pushed"))?;
        let pushed: Pushed =
            serde_json::from_slice(&text).map_err(|error| Fault::new(Reason::Internal, error.to_string()))?;
        match now < pushed.until {
            true => Ok(pushed),
            false => Err(refused("expected a request that was pushed within the last minute")),
        }
    }
}

/// What one client pushed opens for no other.
fn purpose(client: &EntityId) -> String {
    format!("pushed request of {client}")
}
