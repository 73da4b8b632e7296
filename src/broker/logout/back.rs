//! The answer to whoever wanted a logout: by the browser that brought the wish, when everybody else was told.

use serde::{Deserialize, Serialize};

use super::party::{KnownParty, shown};
use super::{LogoutNext, Side, answered};
use crate::broker::registry::Snapshot;
use crate::broker::{Broker, ByBrowser, Visit};
use crate::domain::audit::Event;
use crate::domain::id::{EntityId, LoginId, MessageId};
use crate::domain::reason::{Fault, Reason};
use crate::protocol::address::escaped;
use crate::protocol::saml::Binding;
use crate::protocol::saml::logout::request::LogoutRequest;
use crate::protocol::saml::logout::{OurLogout, Says};
use crate::protocol::saml::metadata::{BrowserLogout, OurLogoutAddresses};
use crate::protocol::saml::status::Status;
use crate::store::Batch;

/// Where the browser goes when everybody was told.
#[derive(Clone, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Back {
    /// To who asked, with our answer.
    Answer { side: Side, party: EntityId, request: MessageId, relay_state: Option<String> },
    /// To an address that a client has registered, with the state that it wants back there.
    Address(EntityId, String, Option<String>),
}

impl Back {
    pub(super) fn asked(side: Side, request: &LogoutRequest) -> Self {
        Self::Answer {
            side,
            party: request.issuer.clone(),
            request: request.id.clone(),
            relay_state: request.relay_state.clone(),
        }
    }
}

impl Broker {
    /// What takes the browser back to who wanted the logout, and the name that people know; none if it says nowhere where.
    pub(super) async fn answer_back(
        &self,
        id: LoginId,
        back: &Back,
        complete: bool,
    ) -> Result<Option<(String, ByBrowser)>, Fault> {
        let snapshot = self.snapshot();
        let (side, party, request) = match back {
            Back::Answer { side, party, request, .. } => (*side, party, request),
            Back::Address(client, address, state) => {
                // As long as it is switched on, and the address is its own.
                let known =
                    snapshot.client(client).and_then(|known| known.speaks.check_after_logout(address));
                let receiver = shown(&snapshot, Side::Fagsystem, client);
                let there = ByBrowser::Redirect(with_state(address, state.as_deref()));
                return Ok(known.is_ok().then_some((receiver, there)));
            }
        };
        let says = if complete { Says::Ended(request) } else { Says::InPart(request) };
        let Some((answer, message)) = self.answer_to(&snapshot, back, says)? else { return Ok(None) };
        let mut trail = self.trail(id, &Visit::default(), Event::LogoutAnswered);
        trail.record.message = Some(request.to_string());
        trail.is_about(side, party);
        let record = answered(&trail, &message, complete);
        self.store.commit(Batch { records: vec![record], ..Batch::default() }).await?;
        Ok(Some((shown(&snapshot, side, party), answer)))
    }

    /// The refusal that a proved asker is told, for the reasons that it may be told.
    pub(super) fn refusal_to(&self, back: &Back, reason: Reason) -> Option<LogoutNext> {
        let Back::Answer { side, party, request, .. } = back else { return None };
        let snapshot = self.snapshot();
        let says = Says::Refused(request, Status::for_reason(reason)?);
        let (answer, _) = self.answer_to(&snapshot, back, says).ok()??;
        Some(LogoutNext::Answer { answer, receiver: shown(&snapshot, *side, party) })
    }

    fn answer_to(
        &self,
        snapshot: &Snapshot,
        back: &Back,
        says: Says<'_>,
    ) -> Result<Option<(ByBrowser, MessageId)>, Fault> {
        let Back::Answer { side, party, relay_state, .. } = back else { return Ok(None) };
        let known = KnownParty::of(snapshot, *side, party, self.clock.now())?;
        let Some(BrowserLogout { binding, responses, .. }) = &known.logout.browser else { return Ok(None) };
        let signer = self.keys.signer();
        let id = self.fresh_message();
        let ours = self.ours(&id, says, responses);
        let answer = match binding {
            Binding::Post => ByBrowser::Post(ours.by_post(relay_state.clone(), signer)?),
            Binding::Redirect => ByBrowser::Redirect(ours.by_redirect(relay_state.as_deref(), signer)?),
        };
        Ok(Some((answer, id)))
    }

    pub(super) fn fresh_message(&self) -> MessageId {
        MessageId::made(self.clock.now(), self.random.bits())
    }

    /// A message of ours to this address.
    pub(super) fn ours<'m>(
        &'m self,
        id: &'m MessageId,
        says: Says<'m>,
        destination: &'m str,
    ) -> OurLogout<'m> {
        let (issuer, issue_instant) = (&self.settings.entity_id, self.clock.now());
        OurLogout { id, issuer, issue_instant, destination, says }
    }

    /// Where the others bring their messages.
    pub(super) fn logout_at(&self, side: Side) -> OurLogoutAddresses {
        match side {
            Side::Fagsystem => self.settings.idp_logout(),
            Side::Provider => self.settings.sp_logout(),
        }
    }
}

fn with_state(address: &str, state: Option<&str>) -> String {
    let joint = if address.contains('?') { '&' } else { '?' };
    state.map_or(address.to_owned(), |state| format!("{address}{joint}state={}", escaped(state)))
}
