//! What an access token is good for: telling the client about its user, and saying whether it still counts. And its end.

use serde_json::{Value, json};

use super::REFRESH;
use super::call::{Answered, ClientCall, NotAnswered, Refused, Story};
use super::exchange::Opened;
use crate::broker::{Broker, Visit};
use crate::domain::audit::{Actor, Event, Record};
use crate::domain::id::{EntityId, LoginId};
use crate::domain::reason::{Fault, Reason};
use crate::protocol::jose::{self, Audience, Expectation, Lifetime, SIGNED_WITH, Typ};
use crate::protocol::oauth::claims::{AccessToken, Confirmation, ShownToken, UserInfo};
use crate::protocol::oauth::client::Method;
use crate::protocol::oauth::token::{TokenType, scope};
use crate::store::{Batch, Kind, StoreError};

/// No access token of ours lives longer.
const LONGEST: jiff::SignedDuration = jiff::SignedDuration::from_hours(8);

/// A token of ours that somebody asks about: whose it is, and what may be said about it.
struct Found {
    sid: LoginId,
    client: EntityId,
    audience: Vec<String>,
    said: Value,
}

/// Why nothing is said about a token.
enum Silence {
    /// Whoever asks is proved and learns nothing, not even why: that stands in the log only.
    Withheld(Fault),
    /// Whoever asks is told what is wrong with the question.
    Refused(Refused),
}

impl From<Refused> for Silence {
    fn from(refused: Refused) -> Self {
        Self::Refused(refused)
    }
}

impl Broker {
    /// Tells whoever shows an access token about its user.
    pub async fn userinfo(
        &self,
        visit: &Visit,
        call: Result<ClientCall, Fault>,
    ) -> Result<Answered<UserInfo>, NotAnswered> {
        let mut story = self.story(visit, Event::UserinfoAsked);
        match self.try_userinfo(&mut story, call).await {
            Ok(told) => Ok(story.answered(told)),
            Err(refused) => Err(self.refuse_call_of_client(story, refused).await),
        }
    }

    async fn try_userinfo(
        &self,
        story: &mut Story,
        call: Result<ClientCall, Fault>,
    ) -> Result<UserInfo, Refused> {
        let call = call?;
        let (shown_as, text) = shown(&call)?;
        let ShownToken { token, attributes } = self.access_token(text).map_err(Refused::token)?; // of ours, for us, now
        self.check_holder(story, &call, &token, (shown_as, text))?; // shown by whom it is bound to
        self.still_told(story, &token.client_id, token.sid).await.map_err(Refused::token)?; // still agreed
        story.trail.record.message = Some(token.jti);
        story.trail.record.actor = Actor::Fagsystem;
        let record = story.trail.allowed(story.trail.record.actor, Reason::OidcUserinfo);
        let batch = Batch { uses: story.uses.clone(), records: vec![record], ..Batch::default() };
        self.store.commit(batch).await.map_err(|error| match error {
            StoreError::Used(Kind::Possession) => Refused::possession(error.into()),
            _ => Refused::from(Fault::from(error)),
        })?;
        Ok(UserInfo { sub: token.sub, attributes })
    }

    /// Says to a client whether a token of its own counts. Of others it learns nothing.
    pub async fn introspect(
        &self,
        visit: &Visit,
        call: Result<ClientCall, Fault>,
    ) -> Result<Answered<Value>, NotAnswered> {
        let mut story = self.story(visit, Event::TokenInspected);
        let tried = self.try_introspect(&mut story, call).await;
        self.said_or_withheld(story, tried, json!({ "active": false })).await
    }

    async fn try_introspect(
        &self,
        story: &mut Story,
        call: Result<ClientCall, Fault>,
    ) -> Result<Value, Silence> {
        let (client, call) = self.asking_client(story, call)?;
        if call.is_public {
            let fault = Fault::new(Reason::OidcClient, "a public client proves nothing");
            return Err(Refused::client(fault).into());
        }
        let found = self.found(&call.token).await.map_err(Silence::Withheld)?;
        if !found.audience.iter().any(|name| name == client.as_str()) {
            return Err(Silence::Withheld(of_another(&found)));
        }
        self.still_told(story, &found.client, found.sid).await.map_err(Silence::Withheld)?;
        self.keep_story(story, Reason::TokenInspected, None).await?;
        Ok(found.said)
    }

    /// Ends what a client was given at one login. A token that is nobody's is as good as ended.
    pub async fn revoke(
        &self,
        visit: &Visit,
        call: Result<ClientCall, Fault>,
    ) -> Result<Answered<Value>, NotAnswered> {
        let mut story = self.story(visit, Event::TokenRevoked);
        let tried = self.try_revoke(&mut story, call).await;
        self.said_or_withheld(story, tried, Value::Null).await
    }

    async fn try_revoke(&self, story: &mut Story, call: Result<ClientCall, Fault>) -> Result<Value, Silence> {
        let (client, call) = self.asking_client(story, call)?;
        let found = self.found(&call.token).await.map_err(Silence::Withheld)?;
        if found.client != client {
            return Err(Silence::Withheld(of_another(&found)));
        }
        let participant =
            self.store.participant(found.sid).await.map_err(Fault::from).map_err(Refused::from)?;
        if let Some(participant) = participant {
            story.trail.record.login = participant.login;
            story.trail.record.session = Some(participant.session);
        }
        self.keep_story(story, Reason::TokenRevoked, Some(found.sid)).await?;
        Ok(Value::Null)
    }

    /// The client that asks about a token, proved, and the token.
    fn asking_client(
        &self,
        story: &mut Story,
        call: Result<ClientCall, Fault>,
    ) -> Result<(EntityId, Question), Refused> {
        let call = call?;
        let snapshot = self.snapshot();
        let client = self.authenticate_client(story, &snapshot, &call).map_err(Refused::client)?;
        let is_public = client.speaks.authentication.method() == Method::None;
        let token = call.form.required("token")?.to_owned();
        Ok((client.registered.entity_id.clone(), Question { is_public, token }))
    }

    /// Writes down what went well.
    async fn keep_story(
        &self,
        story: &Story,
        reason: Reason,
        revokes: Option<LoginId>,
    ) -> Result<(), Refused> {
        let record = story.trail.allowed(story.trail.record.actor, reason);
        let batch = Batch { uses: story.uses.clone(), revokes, records: vec![record], ..Batch::default() };
        self.store.commit(batch).await.map_err(|error| match error {
            StoreError::Used(_) => Refused::client(error.into()),
            _ => Refused::from(Fault::from(error)),
        })
    }

    /// What is said, or the one thing that is said whenever there is nothing to say. Why stands in the log only.
    async fn said_or_withheld(
        &self,
        story: Story,
        tried: Result<Value, Silence>,
        nothing: Value,
    ) -> Result<Answered<Value>, NotAnswered> {
        let fault = match tried {
            Ok(said) => return Ok(story.answered(said)),
            Err(Silence::Withheld(fault)) => fault,
            Err(Silence::Refused(refused)) => return Err(self.refuse_call_of_client(story, refused).await),
        };
        let wanted = fault.reason;
        let kept = self.refuse_call_of_client(story, Refused::client(fault)).await;
        match kept.reason == wanted && !kept.is_ours() {
            true => {
                let (login, client) = (kept.login, kept.client);
                Ok(Answered { login, client, answer: nothing, withheld: Some(wanted) })
            }
            false => Err(kept),
        }
    }

    /// A token of ours, proved by our keys, for our own userinfo and not over.
    fn access_token(&self, text: &str) -> Result<ShownToken, Fault> {
        let (now, issuer) = (self.clock.now(), &self.settings.public_url);
        // These reasons speak of tokens that clients sign themselves.
        let not_ours = |fault: Fault| match fault.reason {
            Reason::JwtType | Reason::JwtAud => fault,
            _ => Fault::new(Reason::TokenOpaque, fault.to_string()),
        };
        let token = jose::claimed(text).map_err(not_ours)?;
        let token = token.verify(self.keys.token_keys(), &SIGNED_WITH, Typ::AccessToken).map_err(not_ours)?;
        let expected = Expectation {
            audience: Audience::Among(issuer),
            lifetime: Lifetime::AtMost(LONGEST),
            now,
            skew: self.settings.skew,
        };
        let token = token.accept(&expected).map_err(not_ours)?;
        let read: ShownToken = serde_json::from_value(Value::Object(token.claims().clone()))
            .map_err(|_| Fault::new(Reason::TokenOpaque, "it lacks a claim of an access token"))?;
        // We made it by our own clock, so that nothing has to be allowed for.
        match read.token.iss == *issuer && now < token.expires() {
            true => Ok(read),
            false => Err(Fault::new(Reason::TokenOpaque, format!("it ended at {}", token.expires()))),
        }
    }

    /// A token that is bound to a key is worth something only together with it.
    fn check_holder(
        &self,
        story: &mut Story,
        call: &ClientCall,
        token: &AccessToken,
        (shown_as, text): (TokenType, &str),
    ) -> Result<(), Refused> {
        let wrong = |what: &'static str| Err(Refused::token(Fault::new(Reason::Pop, what)));
        match (&token.cnf, shown_as) {
            (None, TokenType::Bearer) => Ok(()),
            (Some(Confirmation::Dpop(bound_to)), TokenType::Dpop) => {
                let snapshot = self.snapshot();
                let client = snapshot.client(&token.client_id).map_err(Refused::token)?;
                match self.possession(story, (&client, call), ("userinfo", Some(text)))? {
                    Some(key) if key == *bound_to => Ok(()),
                    Some(_) => wrong("the proof is by another key than the one it is bound to"),
                    None => wrong("expected a proof of the key that it is bound to"),
                }
            }
            (Some(Confirmation::Certificate(bound_to)), TokenType::Bearer) => {
                match call.thumbprint().is_some_and(|certificate| certificate == *bound_to) {
                    true => Ok(()),
                    false => wrong("expected the TLS certificate that it is bound to"),
                }
            }
            (Some(Confirmation::Dpop(_)), TokenType::Bearer) => wrong("it is bound to a key: expected DPoP"),
            (_, TokenType::Dpop) => wrong("it is bound to no key that proofs are made with"),
        }
    }

    /// Whether anything may still be told about this participant: it takes part, the client is on, and the municipality,
    /// the identity provider and the client still agree.
    async fn still_told(&self, story: &mut Story, client: &EntityId, sid: LoginId) -> Result<(), Fault> {
        let now = self.clock.now();
        story.trail.record.fagsystem = Some(client.clone());
        let participant = self.store.participant(sid).await?;
        let (participant, session) = self.alive(story, participant, now).await?;
        if participant.fagsystem != *client {
            return Err(Fault::new(Reason::TokenOpaque, "the participant is another client's"));
        }
        let snapshot = self.snapshot();
        snapshot.client(client)?;
        let (authority, idp) = (session.facts.authority, &session.facts.municipal.idp);
        snapshot.federation().agreement(authority, idp, client, now)?;
        Ok(())
    }

    async fn found(&self, text: &str) -> Result<Found, Fault> {
        if text.contains('.') {
            return self.found_access_token(text);
        }
        let Opened { voucher, entitlement, .. } = self.opened(text, REFRESH, Reason::TokenRefresh).await?;
        if voucher.spent || voucher.expires <= self.clock.now() {
            return Err(Fault::new(Reason::TokenRefresh, "it is spent or over"));
        }
        let said = json!({
            "active": true,
            "client_id": entitlement.client,
            "exp": voucher.expires.as_second(),
            "scope": scope(entitlement.offline),
        });
        let audience = vec![entitlement.client.as_str().to_owned()];
        Ok(Found { sid: voucher.participant, client: entitlement.client, audience, said })
    }

    fn found_access_token(&self, text: &str) -> Result<Found, Fault> {
        let shown = self.access_token(text)?;
        let is_dpop = matches!(shown.token.cnf, Some(Confirmation::Dpop(_)));
        let token_type = if is_dpop { TokenType::Dpop } else { TokenType::Bearer };
        let mut said =
            serde_json::to_value(&shown).map_err(|error| Fault::new(Reason::Internal, error.to_string()))?;
        said["active"] = true.into();
        said["token_type"] = token_type.name().into();
        let AccessToken { sid, client_id: client, aud: audience, .. } = shown.token;
        Ok(Found { sid, client, audience, said })
    }
}

/// What a client asks about.
struct Question {
    is_public: bool,
    token: String,
}

fn of_another(found: &Found) -> Fault {
    let whose = Record::tame(found.client.as_str());
    Fault::new(Reason::IntrospectAud, format!("the token was given to {whose}"))
}

/// The access token of a call, and how it is shown: in the header, or in the form where no header fits.
fn shown(call: &ClientCall) -> Result<(TokenType, &str), Refused> {
    let missing = |reason| Refused::token(Fault::new(reason, "expected an access token"));
    match (call.authorization.as_deref(), call.form.get("access_token")) {
        (None, None) => Err(missing(Reason::ParamMissing)),
        (None, Some(token)) => Ok((TokenType::Bearer, token)),
        (Some(header), None) => {
            let (scheme, token) = header.split_once(' ').ok_or_else(|| missing(Reason::TokenOpaque))?;
            match scheme.to_ascii_lowercase().as_str() {
                "bearer" => Ok((TokenType::Bearer, token.trim())),
                "dpop" => Ok((TokenType::Dpop, token.trim())),
                _ => Err(missing(Reason::TokenOpaque)),
            }
        }
        (Some(_), Some(_)) => {
            Err(Fault::new(Reason::OidcRequest, "expected one access token, got two").into())
        }
    }
}
