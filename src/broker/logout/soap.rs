//! Logout between servers: who asks waits for the answer, so everybody who can be reached without a browser is told first.

use super::{Side, answered};
use crate::broker::audit::Trail;
use crate::broker::authority::Answered;
use crate::broker::{Broker, Visit};
use crate::domain::audit::Event;
use crate::domain::id::MessageId;
use crate::domain::reason::{Fault, Reason};
use crate::protocol::keys::fingerprint;
use crate::protocol::saml::logout::Says;
use crate::protocol::saml::logout::request;
use crate::protocol::saml::soap;
use crate::protocol::saml::status::Status;
use crate::protocol::xml::{Canonical, Document};
use crate::store::Batch;

impl Broker {
    /// A server of a fagsystem or an identity provider wants that sessions end.
    pub async fn end_by_soap(&self, visit: &Visit, side: Side, envelope: Result<&[u8], Fault>) -> Answered {
        let mut trail = self.trail(self.fresh_login(), visit, Event::LogoutReceived);
        let exchange = trail.record.login;
        match self.try_end_by_soap(&mut trail, visit, side, envelope).await {
            Ok(envelope) => {
                Answered { exchange, envelope: envelope.into_string(), refused: None, is_fault: false }
            }
            Err(fault) => self.refuse_by_soap(trail, fault).await,
        }
    }

    async fn try_end_by_soap(
        &self,
        trail: &mut Trail,
        visit: &Visit,
        side: Side,
        envelope: Result<&[u8], Fault>,
    ) -> Result<Canonical, Fault> {
        let snapshot = self.snapshot();
        let envelope = envelope?;
        trail.record.sha256 = Some(fingerprint(envelope));
        let document = Document::parse(envelope)?;
        let request = request::claimed_in_soap(&document)?;
        let here = self.logout_at(side).soap;
        let request = self.accept_end(trail, &snapshot, (side, &here), request)?; // proved, for us, now
        let ended = self.end(trail, &self.wish(side, &request, visit)).await?; // ours first, written down
        self.tell(self.errands(&ended, |_| false).await).await; // everybody who can be reached without a browser
        let complete = self.all_confirmed(ended.iter().map(|ended| ended.logout)).await?;
        let says = if complete { Says::Ended(&request.id) } else { Says::InPart(&request.id) };
        let id = self.fresh_message();
        let envelope = self.ours(&id, says, "").by_soap(self.keys.signer())?;
        let record = answered(trail, &id, complete);
        self.store.commit(Batch { records: vec![record], ..Batch::default() }).await?;
        Ok(envelope)
    }

    /// Writes down why, and tells a proved asker what it may know.
    async fn refuse_by_soap(&self, mut trail: Trail, fault: Fault) -> Answered {
        trail.refuse(&fault);
        let exchange = trail.record.login;
        let proved = trail.record.message.as_deref().and_then(|id| MessageId::new(id).ok());
        let kept = self.store.commit(Batch { records: vec![trail.record], ..Batch::default() }).await;
        let reason = kept.map_or(Reason::StoreDown, |()| fault.reason);
        let told = proved.zip(Status::for_reason(reason)).and_then(|(request, status)| {
            let id = self.fresh_message();
            self.ours(&id, Says::Refused(&request, status), "").by_soap(self.keys.signer()).ok()
        });
        let is_fault = told.is_none();
        let envelope = told.or_else(|| soap::write_fault(reason).ok());
        let envelope = envelope.map(Canonical::into_string).unwrap_or_default();
        Answered { exchange, envelope, refused: Some(reason), is_fault }
    }
}
