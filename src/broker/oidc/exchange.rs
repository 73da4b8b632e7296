//! The token endpoint: a code or a refresh token becomes tokens, once.

use jiff::Timestamp;

use super::call::{Answered, ClientCall, NotAnswered, Refused, Story};
use super::{CODE, Entitlement, OfCode, REFRESH};
use crate::broker::registry::{KnownClient, Snapshot};
use crate::broker::step_up::check_level;
use crate::broker::{Broker, Visit};
use crate::domain::assurance::Requirement;
use crate::domain::audit::{Actor, Event, Record};
use crate::domain::federation::Federation;
use crate::domain::id::LoginId;
use crate::domain::reason::{Fault, Reason};
use crate::domain::session::Participant;
use crate::domain::subject::{Grant, Subject};
use crate::protocol::oauth::claims::Confirmation;
use crate::protocol::oauth::client::{Authentication, Refresh};
use crate::protocol::oauth::token::{Challenge, TokenAnswer, TokenRequest, Verifier};
use crate::protocol::seal::Ticket;
use crate::store::{Batch, Kind, Session, SessionFacts, StoreError, Voucher, Within};

/// What was handed in, opened, whether it is still good or not.
pub(super) struct Opened {
    pub(super) voucher: Voucher,
    pub(super) entitlement: Entitlement<'static>,
    participant: Option<Participant>,
    /// The entitlement as it was written.
    text: Vec<u8>,
}

/// What was handed in, opened: it is the client's, and good now.
pub(super) struct Held {
    pub(super) entitlement: Entitlement<'static>,
    pub(super) participant: Participant,
    session: Session,
    voucher: LoginId,
    /// The entitlement as the next refresh token has it, where that is known already.
    text: Option<Vec<u8>>,
    /// How the client's refresh tokens are, where it was one.
    refresh: Option<Refresh>,
}

impl Held {
    /// What this is called among the reasons, when it is nothing worth or came twice.
    fn came_twice(&self) -> Reason {
        if self.refresh.is_some() { Reason::TokenSpent } else { Reason::OidcCode }
    }

    /// A refresh token that does not rotate stays as it is.
    fn is_spent(&self) -> bool {
        self.refresh.is_none_or(|refresh| refresh.rotates)
    }
}

impl Broker {
    /// Answers a client that hands in a code or a refresh token.
    pub async fn exchange(
        &self,
        visit: &Visit,
        call: Result<ClientCall, Fault>,
    ) -> Result<Answered<TokenAnswer>, NotAnswered> {
        let mut story = self.story(visit, Event::TokensAsked);
        match Box::pin(self.try_exchange(&mut story, call)).await {
            Ok(answer) => Ok(story.answered(answer)),
            Err(refused) => Err(self.refuse_call_of_client(story, refused).await),
        }
    }

    async fn try_exchange(
        &self,
        story: &mut Story,
        call: Result<ClientCall, Fault>,
    ) -> Result<TokenAnswer, Refused> {
        let call = call?;
        let snapshot = self.snapshot();
        let client = self.authenticate_client(story, &snapshot, &call).map_err(Refused::client)?; // proved
        let key = self.possession(story, (&client, &call), ("token", None))?;
        let handed_in = TokenRequest::read(&call.form)?;
        let mut held = self.held(story, &client, &handed_in).await.map_err(Refused::grant)?; // its own, good now
        bind(&client, &mut held, key).map_err(Refused::possession)?; // and brought by whom it is bound to
        let grant = self.ask_again(story, &snapshot, &held).map_err(Refused::grant)?; // still agreed
        let now = self.clock.now();
        let bound_to = confirmation(&client, &held.entitlement, &call);
        let tokens = self.write_tokens(&client, &held, &grant, (bound_to, now)).map_err(Refused::grant)?;
        let next = self.next_refresh_token(&client, &mut held, now)?;
        let (voucher, refresh_token) = next.unzip();
        let reason = if held.refresh.is_some() { Reason::TokenRefreshed } else { Reason::OidcTokens };
        let received = story.trail.allowed(story.trail.record.actor, reason);
        let mut issued = Record {
            event: Event::TokenIssued,
            message: Some(tokens.jti),
            key: Some(tokens.key),
            algorithm: Some(tokens.algorithm),
            ..story.trail.allowed(Actor::Broker, reason)
        };
        issued.ruled(&story.trail.rulings);
        let batch = Batch {
            uses: story.uses.clone(),
            spends: held.is_spent().then_some(held.voucher),
            needs: Some(held.voucher).filter(|_| !held.is_spent()),
            voucher,
            within: Some(self.used_again(&held.session, now)),
            records: vec![received, issued],
            ..Batch::default()
        };
        self.store.commit(batch).await.map_err(|error| lost(story, &held, error))?; // all of it, or nothing
        Ok(TokenAnswer { refresh_token, ..tokens.answer })
    }

    /// Opens what was handed in. Whoever can open it has it: if it was spent, somebody has a copy.
    async fn held(
        &self,
        story: &mut Story,
        client: &KnownClient<'_>,
        handed_in: &TokenRequest<'_>,
    ) -> Result<Held, Fault> {
        let now = self.clock.now();
        let (text, purpose, reason, refresh) = match handed_in {
            TokenRequest::Code { code, .. } => (code, CODE, Reason::OidcCode, None),
            TokenRequest::Refresh { token } => {
                (token, REFRESH, Reason::TokenRefresh, Some(registered_refresh(client)?))
            }
        };
        let Opened { voucher, entitlement, participant, text } = self.opened(text, purpose, reason).await?;
        story.trail.record.login = entitlement.login;
        story.trail.record.required = Some(entitlement.requirement.to_string());
        let wrong = |what: &'static str| Fault::new(reason, what);
        if voucher.spent {
            story.revokes = Some(voucher.participant);
            let reason = if refresh.is_some() { Reason::TokenSpent } else { reason };
            return Err(Fault::new(reason, "it came before; what was given for it is revoked"));
        }
        if entitlement.client != client.registered.entity_id {
            return Err(Fault::new(reason, format!("it was given to {}", entitlement.client)));
        }
        if voucher.expires <= now {
            return Err(wrong("it is too old"));
        }
        if let TokenRequest::Code { redirect_uri, verifier, .. } = handed_in {
            let of_code = entitlement.code.as_ref().ok_or_else(|| wrong("it is no code"))?;
            check_code(of_code, redirect_uri, verifier)?;
            client.speaks.check_redirect(redirect_uri)?; // still one of its addresses
        }
        let (participant, session) = self.alive(story, participant, now).await?;
        let text = entitlement.code.is_none().then_some(text);
        Ok(Held { entitlement, participant, session, voucher: voucher.id, text, refresh })
    }

    /// What a code or a refresh token stands for, whether it is still good or not.
    pub(super) async fn opened(&self, text: &str, purpose: &str, reason: Reason) -> Result<Opened, Fault> {
        // A code is read by nobody but us, and a refresh token has a reason of its own when it was cut or changed.
        let changed = if purpose == CODE { reason } else { Reason::TokenOpaque };
        let changed = |what: &'static str| Fault::new(changed, what);
        let ticket = Ticket::read(text).ok_or_else(|| changed("it is none of ours"))?;
        let voucher = self.store.voucher(ticket.id).await?;
        let (voucher, participant) =
            voucher.ok_or_else(|| Fault::new(reason, "it is unknown, over for long, or was revoked"))?;
        let text = ticket.open(&voucher.sealed, purpose).map_err(|_| changed("it does not open"))?;
        let entitlement =
            serde_json::from_slice(&text).map_err(|error| Fault::new(Reason::Internal, error.to_string()))?;
        Ok(Opened { voucher, entitlement, participant, text })
    }

    /// A participant, if there is one, and its session, as long as anything may be told about them.
    pub(super) async fn alive(
        &self,
        story: &mut Story,
        participant: Option<Participant>,
        now: Timestamp,
    ) -> Result<(Participant, Session), Fault> {
        let over = |what: &'static str| Fault::new(Reason::SessionEnded, what);
        let participant = participant.filter(|known| now < known.expires);
        let participant = participant.ok_or_else(|| over("the session is over"))?;
        let session = self.store.session(participant.session).await?.filter(|known| now < known.expires);
        let session = session.ok_or_else(|| over("the session is over"))?;
        story.trail.record.login = participant.login;
        story.trail.goes_on(&session);
        match participant.revoked {
            true => Err(over("the client's tokens of this login were revoked")),
            false => Ok((participant, session)),
        }
    }

    /// What was decided at the login, weighed by the register of this moment.
    fn ask_again<'s>(
        &self,
        story: &mut Story,
        snapshot: &'s Snapshot,
        Held { entitlement, session, .. }: &Held,
    ) -> Result<Grant<'s>, Fault> {
        let now = self.clock.now();
        let federation = snapshot.federation();
        let subject = as_registered(federation, session, &entitlement.subject);
        let agreement = federation.agreement(subject.authority, &subject.idp, &entitlement.client, now)?;
        story.trail.reached(&subject);
        let registered = agreement.fagsystem().required;
        let requirement = Requirement { registered, ..entitlement.requirement.clone() };
        story.trail.record.required = Some(requirement.to_string());
        check_level(&mut story.trail, &subject, &requirement)?;
        let robot = federation.robot(subject.authority, subject.name.serial());
        robot.map_or(Ok(()), |declared| declared.check_again(&entitlement.client, now))?;
        let (grant, rulings) = Grant::new(subject, agreement, federation, now)?;
        story.trail.ruled(rulings);
        Ok(grant)
    }

    /// The refresh token that the client gets along, if it gets one. None lives longer than the session.
    fn next_refresh_token(
        &self,
        client: &KnownClient<'_>,
        held: &mut Held,
        now: Timestamp,
    ) -> Result<Option<(Voucher, String)>, Fault> {
        let wanted = held.entitlement.offline && held.is_spent();
        let Some(refresh) = client.speaks.refresh.filter(|_| wanted) else { return Ok(None) };
        held.entitlement.code = None;
        let text = match held.text.take() {
            Some(text) => text, // nothing has changed
            None => held.entitlement.written()?,
        };
        let ticket = Ticket::new(self.fresh_login(), self.random.as_ref());
        let voucher = Voucher {
            id: ticket.id,
            participant: held.participant.index,
            expires: held.participant.expires.min(now + refresh.lives),
            spent: false,
            sealed: ticket.seal(&text, REFRESH, self.random.as_ref())?,
        };
        Ok(Some((voucher, ticket.text())))
    }

    /// A client that goes on working keeps its user's session in use; one that has fallen asleep is not woken.
    fn used_again(&self, session: &Session, now: Timestamp) -> Within {
        let Within { session: id, idle } = self.used(session, now);
        Within { session: id, idle: idle.filter(|_| now < session.idle) }
    }
}

/// The user at the level that those who vouched for it in this session are registered for now, and as a robot if that is
/// what it is declared as now.
fn as_registered(federation: &Federation, session: &Session, subject: &Subject) -> Subject {
    let SessionFacts { authority, municipal, step_up, .. } = &session.facts;
    let raised = step_up
        .as_ref()
        .and_then(|known| federation.step_up(*authority).filter(|provider| provider.entity_id == known.idp));
    let vouching = federation.idp(&municipal.idp).ok().into_iter().chain(raised);
    let level = subject.level.within(vouching.map(|idp| idp.ceiling));
    let is_robot = subject.is_robot || federation.robot(*authority, subject.name.serial()).is_some();
    Subject { level: if is_robot { level.of_robot() } else { level }, is_robot, ..subject.clone() }
}

fn registered_refresh(client: &KnownClient<'_>) -> Result<Refresh, Fault> {
    let none = || Fault::new(Reason::TokenRefresh, "the client is not given refresh tokens");
    client.speaks.refresh.ok_or_else(none)
}

fn check_code(of_code: &OfCode, redirect_uri: &str, verifier: &Verifier<'_>) -> Result<(), Fault> {
    if of_code.redirect_uri != redirect_uri {
        return Err(Fault::new(Reason::OidcCode, "the redirect_uri is not the one that the code went to"));
    }
    Challenge::new(&of_code.challenge)?.check(verifier)
}

/// What is bound to a key is worth something only with that key. What is not bound yet is from here on, where the client
/// shows a key.
fn bind(client: &KnownClient<'_>, held: &mut Held, key: Option<String>) -> Result<(), Fault> {
    let wrong = |what: &'static str| Err(Fault::new(Reason::Pop, what));
    match (&held.entitlement.bound_to, key) {
        (Some(bound_to), Some(key)) if *bound_to == key => Ok(()),
        (Some(_), Some(_)) => wrong("the proof is by another key than the one it is bound to"),
        (Some(_), None) => wrong("expected a proof of the key that it is bound to"),
        (None, None) if client.speaks.dpop_bound => wrong("the client is registered to prove a key"),
        (None, None) => Ok(()),
        (None, key) => {
            (held.entitlement.bound_to, held.text) = (key, None);
            Ok(())
        }
    }
}

/// The key that the access token is bound to.
fn confirmation(
    client: &KnownClient<'_>,
    entitlement: &Entitlement<'_>,
    call: &ClientCall,
) -> Option<Confirmation> {
    let by_tls = matches!(client.speaks.authentication, Authentication::TlsClientAuth { .. });
    let certificate = || call.thumbprint().filter(|_| by_tls).map(Confirmation::Certificate);
    entitlement.bound_to.clone().map(Confirmation::Dpop).or_else(certificate)
}

/// Why nothing was kept, so that nothing leaves.
fn lost(story: &mut Story, held: &Held, error: StoreError) -> Refused {
    match error {
        StoreError::Spent => {
            story.revokes = Some(held.participant.index);
            let what = "it came twice at once; what was given for it is revoked";
            Refused::grant(Fault::new(held.came_twice(), what))
        }
        StoreError::Taken => Refused::grant(Fault::new(held.came_twice(), "it was revoked meanwhile")),
        StoreError::Used(Kind::Possession) => Refused::possession(error.into()),
        StoreError::Used(_) => Refused::client(error.into()),
        _ => Refused::grant(error.into()),
    }
}
