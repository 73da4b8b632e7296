//! The beginning of a login for a client. From the moment on at which it is known what is asked for, it is a login like
//! every other.

use jiff::Timestamp;

use super::pushed::Pushed;
use crate::broker::audit::Trail;
use crate::broker::registry::KnownClient;
use crate::broker::{Broker, Next, Step, Visit};
use crate::domain::assurance::{Comparison, Requirement};
use crate::domain::audit::{Actor, Event, Record};
use crate::domain::federation::Choice;
use crate::domain::id::{Cvr, EntityId, LoginId, MessageId};
use crate::domain::login::{Asked, OidcReply, Reply};
use crate::domain::reason::{Fault, Reason};
use crate::protocol::oauth::authorize::{self, AuthorizationRequest, Hint, ReplyTo};
use crate::protocol::oauth::client::Method;
use crate::protocol::oauth::parameters::Parameters;

/// What the browser brings.
struct Brought<'s> {
    client: KnownClient<'s>,
    parameters: Parameters,
    /// What we call it.
    request: MessageId,
    /// The same moment whenever this request comes again.
    made: Timestamp,
    /// Whether the client itself pushed it to us before.
    was_pushed: bool,
}

impl Broker {
    /// A client's user arrives with a request.
    pub async fn begin_authorization(&self, visit: &Visit, parameters: Result<Parameters, Fault>) -> Step {
        let login = self.fresh_login();
        let browser = visit.browser.unwrap_or_else(|| self.fresh_login());
        let mut trail = self.trail(login, visit, Event::RequestReceived);
        let tried = self.try_begin_authorization(&mut trail, visit, parameters, browser).await;
        let fresh = visit.browser.is_none().then_some(browser);
        Step { browser: fresh, ..self.conclude(trail, tried).await }
    }

    async fn try_begin_authorization(
        &self,
        trail: &mut Trail,
        visit: &Visit,
        parameters: Result<Parameters, Fault>,
        browser: LoginId,
    ) -> Result<Next, Fault> {
        let now = self.clock.now();
        let snapshot = self.snapshot();
        let parameters = parameters?;
        let name = claimed(trail, &parameters)?;
        let client = snapshot.client(&name)?; // registered, switched on
        let brought = self.brought(client, parameters, now)?; // by the browser, or by the client before
        if brought.was_pushed && client.speaks.authentication.method() != Method::None {
            trail.record.actor = Actor::Fagsystem; // which proved itself then
        }
        let reply_to = ReplyTo::prove(&brought.parameters, client.speaks)?; // a registered address
        let narrow = asked((trail.record.login, browser), &brought, reply_to, now);
        trail.asks(&narrow); // from here on the client may be told
        check_pushed(&brought)?; // by the way that it is registered for
        let request = AuthorizationRequest::read(&brought.parameters, client.speaks)?; // as the standard has it
        let choices = snapshot.federation().choices(&name, now);
        let hint = request.municipality.as_ref().and_then(|hint| hinted(&choices, hint));
        let asked = told_more(narrow, request);
        trail.asks(&asked);
        let visit = Visit { hint, ..visit.clone() };
        self.set_out(trail, &visit, asked).await.map_err(used_before)
    }
}

impl Broker {
    /// The languages that a request wishes for, whether the browser brings it or the client pushed it before.
    pub fn wished_languages(&self, parameters: &Parameters) -> Option<String> {
        let of = |parameters: &Parameters| parameters.get("ui_locales").map(str::to_owned);
        let Some(sealed) = authorize::pushed(parameters).ok()? else { return of(parameters) };
        let client = EntityId::new(parameters.get("client_id")?).ok()?;
        of(&self.open_pushed(&client, sealed, self.clock.now()).ok()?.parameters)
    }

    fn brought<'s>(
        &self,
        client: KnownClient<'s>,
        parameters: Parameters,
        now: Timestamp,
    ) -> Result<Brought<'s>, Fault> {
        let Some(sealed) = authorize::pushed(&parameters)? else {
            let request = MessageId::made(now, self.random.bits());
            return Ok(Brought { client, parameters, request, made: now, was_pushed: false });
        };
        let Pushed { request, parameters, until } =
            self.open_pushed(&client.registered.entity_id, sealed, now)?;
        Ok(Brought { client, parameters, request, made: until, was_pushed: true })
    }
}

/// Of the requests that begin here only a pushed one can have been here before.
fn used_before(fault: Fault) -> Fault {
    match fault.reason {
        Reason::RequestReplay => Fault::new(Reason::OidcPushed, "a code has come of this request before"),
        _ => fault,
    }
}

/// Who says that it asks. What is no name is written down all the same.
pub(super) fn claimed(trail: &mut Trail, parameters: &Parameters) -> Result<EntityId, Fault> {
    let name = parameters.required("client_id")?;
    trail.record.claimed_issuer = Some(Record::tame(name));
    EntityId::new(name).map_err(|bad| Fault::new(Reason::SpUnknown, bad.to_string()))
}

fn check_pushed(brought: &Brought<'_>) -> Result<(), Fault> {
    match brought.client.speaks.require_par && !brought.was_pushed {
        true => Err(Fault::new(Reason::OidcRequest, "expected a request that was pushed before (PAR)")),
        false => Ok(()),
    }
}

/// What is known before the rest of the request is read: who asks, where it is answered, and what its users must reach in
/// any case.
fn asked(
    (login, browser): (LoginId, LoginId),
    brought: &Brought<'_>,
    reply_to: ReplyTo,
    now: Timestamp,
) -> Asked {
    let ReplyTo { redirect_uri, state, form_post } = reply_to;
    let registered = brought.client.registered;
    let (nonce, challenge, offline, dpop) = (None, String::new(), false, None);
    Asked {
        login,
        fagsystem: registered.entity_id.clone(),
        request: brought.request.clone(),
        made: brought.made,
        reply: Reply::Oidc(OidcReply { redirect_uri, state, nonce, form_post, challenge, offline, dpop }),
        force_authn: false,
        max_age: None,
        is_passive: false,
        requirement: Requirement { registered: registered.required, ..Requirement::default() },
        only_idps: Vec::new(),
        proxies_left: None,
        browser: Some(browser),
        begun: now,
    }
}

/// What the request adds. Levels come on top of the registered one, so none of it lowers anything.
fn told_more(asked: Asked, request: AuthorizationRequest) -> Asked {
    let AuthorizationRequest {
        nonce,
        challenge,
        offline,
        dpop,
        levels,
        max_age,
        force_authn,
        is_passive,
        ..
    } = request;
    let challenge = challenge.as_str().to_owned();
    let reply = match asked.reply {
        Reply::Oidc(reply) => Reply::Oidc(OidcReply { nonce, challenge, offline, dpop, ..reply }),
        other @ (Reply::Saml { .. } | Reply::Trial(_) | Reply::Console) => other,
    };
    let requirement = Requirement { requested: levels, comparison: Comparison::Minimum, ..asked.requirement };
    Asked { reply, requirement, max_age, force_authn, is_passive, ..asked }
}

/// The municipality that is hinted at, if it is one of those that the user may choose from.
fn hinted(choices: &[Choice<'_>], hint: &Hint) -> Option<Cvr> {
    let is_meant = |choice: &&Choice<'_>| match hint {
        Hint::Cvr(cvr) => choice.authority.cvr == *cvr,
        Hint::Name(name) => choice.authority.name.to_lowercase() == name.to_lowercase(),
    };
    choices.iter().find(is_meant).map(|choice| choice.authority.cvr)
}
