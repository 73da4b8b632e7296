//! Requests that a client pushes to us before its user's browser comes (PAR). We keep none of them: the client gets the
//! request itself, sealed, as the name to call it by.

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::call::{Answered, ClientCall, NotAnswered, Refused, Story};
use crate::broker::{Broker, Visit};
use crate::domain::audit::Event;
use crate::domain::id::{EntityId, MessageId};
use crate::domain::reason::{Fault, Reason};
use crate::protocol::oauth::authorize::{self, AuthorizationRequest, ReplyTo};
use crate::protocol::oauth::parameters::Parameters;
use crate::store::Batch;

/// How long a pushed request waits for the browser.
const WAITS: SignedDuration = SignedDuration::from_secs(60);

/// The longest that it may be called: proxies take addresses of eight kilobytes.
const MAX_SEALED: usize = 6 * 1024;

/// A pushed request.
#[derive(Serialize, Deserialize)]
pub(super) struct Pushed {
    /// What we call it. One code comes of it at most.
    pub(super) request: MessageId,
    pub(super) until: Timestamp,
    pub(super) parameters: Parameters,
}

/// How a pushed request is called, and for how many seconds it waits.
#[derive(Serialize)]
pub struct Waiting {
    request_uri: String,
    expires_in: i64,
}

impl Broker {
    /// A client pushes a request.
    pub async fn push(
        &self,
        visit: &Visit,
        call: Result<ClientCall, Fault>,
    ) -> Result<Answered<Waiting>, NotAnswered> {
        let mut story = self.story(visit, Event::RequestPushed);
        match self.try_push(&mut story, call).await {
            Ok(waiting) => Ok(story.answered(waiting)),
            Err(refused) => Err(self.refuse_call_of_client(story, refused).await),
        }
    }

    async fn try_push(&self, story: &mut Story, call: Result<ClientCall, Fault>) -> Result<Waiting, Refused> {
        let call = call?;
        let now = self.clock.now();
        let snapshot = self.snapshot();
        let client = self.authenticate_client(story, &snapshot, &call).map_err(Refused::client)?; // proved
        let key = self.possession(story, (&client, &call), ("par", None))?;
        check_own(&call.form, &client.registered.entity_id)?; // and its own request, not the name of one
        ReplyTo::prove(&call.form, client.speaks)?; // a registered address
        let asked = AuthorizationRequest::read(&call.form, client.speaks)?; // as the standard has it
        let key = one_key(asked.dpop, key).map_err(Refused::possession)?;
        let kept = call.form.only(&authorize::KEPT);
        let parameters = key.into_iter().fold(kept, |kept, key| kept.with("dpop_jkt", key));
        let request = MessageId::made(now, self.random.bits());
        let sealed = self.seal_pushed(
            &client.registered.entity_id,
            &Pushed { request: request.clone(), until: now + WAITS, parameters },
        )?;
        story.trail.record.message = Some(request.to_string());
        let record = story.trail.allowed(story.trail.record.actor, Reason::OidcKept);
        let batch = Batch { uses: story.uses.clone(), records: vec![record], ..Batch::default() };
        self.store.commit(batch).await.map_err(Fault::from)?;
        Ok(Waiting { request_uri: format!("{}{sealed}", authorize::PUSHED), expires_in: WAITS.as_secs() })
    }

    fn seal_pushed(&self, client: &EntityId, pushed: &Pushed) -> Result<String, Fault> {
        let text =
            serde_json::to_vec(pushed).map_err(|error| Fault::new(Reason::Internal, error.to_string()))?;
        let sealed = self.sealer.load().seal(&text, &purpose(client), self.random.as_ref())?;
        match sealed.len() <= MAX_SEALED {
            true => Ok(sealed),
            false => Err(Fault::new(Reason::OidcRequest, "expected a request that fits into an address")),
        }
    }

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

fn check_own(form: &Parameters, client: &EntityId) -> Result<(), Fault> {
    let wrong = |what: &'static str| Err(Fault::new(Reason::OidcRequest, what));
    match (form.get("request_uri"), form.required("client_id")?) {
        (Some(_), _) => wrong("expected a request, got a request_uri"),
        (None, name) if name != client.as_str() => wrong("expected the client_id of whoever pushes it"),
        (None, _) => Ok(()),
    }
}

/// The key that the code will be good for only: named, or proved at once, or both.
fn one_key(named: Option<String>, proved: Option<String>) -> Result<Option<String>, Fault> {
    match (&named, &proved) {
        (Some(named), Some(proved)) if named != proved => {
            Err(Fault::new(Reason::Pop, "expected the proof of the key in dpop_jkt"))
        }
        _ => Ok(proved.or(named)),
    }
}

/// What one client pushed opens for no other.
fn purpose(client: &EntityId) -> String {
    format!("pushed request of {client}")
}
