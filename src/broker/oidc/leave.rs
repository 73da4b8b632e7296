//! RP-initiated logout: a client's browser brings the wish that its user's session ends.
//!
//! Anybody can send a browser here, so that only an ID token of ours, which the client shows again, ends a session by itself.

use super::call::{NotAnswered, Refused, Story};
use crate::broker::logout::{ByClient, LogoutStep};
use crate::broker::{Broker, Visit};
use crate::domain::audit::Event;
use crate::domain::id::{EntityId, LoginId};
use crate::domain::reason::{Fault, Reason};
use crate::protocol::jose::{self, Audience, Expectation, Lifetime, SIGNED_WITH, Typ};
use crate::protocol::oauth::parameters::Parameters;

/// What a client wants, proved by the ID token that it was given.
struct Wish {
    client: EntityId,
    index: LoginId,
    /// Where its user goes afterwards, and with which state.
    address: Option<(String, Option<String>)>,
}

impl Broker {
    /// Ends the session that a client names. What is refused here is left to the user, who can log out on our page.
    pub async fn leave(
        &self,
        visit: &Visit,
        arrived: Result<Parameters, Fault>,
    ) -> Result<LogoutStep, NotAnswered> {
        let mut story = self.story(visit, Event::LogoutReceived);
        match arrived.and_then(|parameters| self.wish_of_client(&mut story, &parameters)) {
            Ok(Wish { client, index, address }) => {
                let by = ByClient { client: &client, index, address };
                Ok(self.end_for_client(visit, by).await)
            }
            Err(fault) => Err(self.refuse_call_of_client(story, Refused::from(fault)).await),
        }
    }

    fn wish_of_client(&self, story: &mut Story, parameters: &Parameters) -> Result<Wish, Fault> {
        let wrong = |what: &'static str| Fault::new(Reason::TokenOpaque, what);
        let token = jose::claimed(parameters.required("id_token_hint")?)?;
        let ours = token.claimed_issuer().as_str() == self.settings.public_url;
        let token = token.verify(self.keys.token_keys(), &SIGNED_WITH, Typ::IdToken)?; // one of ours
        let token = token.accept(&Expectation {
            audience: Audience::Another,
            lifetime: Lifetime::MayBeOver, // it says who, and nothing more
            now: self.clock.now(),
            skew: self.settings.skew,
        })?;
        let client = token.text("aud").and_then(|name| EntityId::new(name).ok()).filter(|_| ours);
        let client = client.ok_or_else(|| wrong("expected an ID token of ours"))?;
        let index = token.text("sid").and_then(|index| LoginId::new(index).ok());
        let index = index.ok_or_else(|| wrong("the ID token names no session"))?;
        if parameters.get("client_id").is_some_and(|named| named != client.as_str()) {
            return Err(Fault::new(Reason::OidcRequest, "client_id is not the client of id_token_hint"));
        }
        story.trail.record.fagsystem = Some(client.clone());
        let snapshot = self.snapshot();
        let speaks = snapshot.client(&client)?.speaks; // still switched on
        let address = parameters.get("post_logout_redirect_uri");
        address.map_or(Ok(()), |address| speaks.check_after_logout(address))?;
        let state = parameters.get("state").map(str::to_owned);
        let address = address.map(|address| (address.to_owned(), state));
        Ok(Wish { client, index, address })
    }
}
