//! A login, read aloud: each function is the list of what happens when somebody knocks, one step a line. The order is
//! the policy. Whatever step says no, `Broker::conclude` writes it down and tells whoever may be told.

use jiff::{SignedDuration, Timestamp};

use super::ask::{choose_for_user, chosen};
use super::audit::Trail;
use super::registry::KnownFagsystem;
use super::{Broker, Next, SealedLogin, Step, Visit};
use crate::domain::assurance::Requirement;
use crate::domain::audit::{Actor, Event};
use crate::domain::id::{Cvr, EntityId, LoginId, MessageId};
use crate::domain::login::{Asked, Choosing, PENDING_FOR, Pending};
use crate::domain::reason::{Fault, Reason};
use crate::domain::subject::Grant;
use crate::protocol::saml::binding::Arrived;
use crate::protocol::saml::request::{self, AuthnRequest};
use crate::protocol::saml::response::{self, Expectation, Opening};
use crate::protocol::xml::{Cbc, Document};
use crate::store::{Batch, Kind, Mark};

/// How long a mark of use is kept. A request is taken until five minutes after it was made and the login that it
/// began may be answered ten minutes later, clocks being up to five minutes apart: a mark must outlive all of that.
const REMEMBERED_FOR: SignedDuration = SignedDuration::from_mins(30);

impl Broker {
    /// A fagsystem's user arrives with a request.
    pub async fn begin_login(&self, visit: &Visit, arrived: Result<Arrived, Fault>) -> Step {
        let login = self.fresh_login();
        let mut trail = self.trail(login, visit, Event::RequestReceived);
        let tried = self.try_begin(&mut trail, visit, arrived).await;
        self.conclude(trail, tried).await
    }

    async fn try_begin(
        &self,
        trail: &mut Trail,
        visit: &Visit,
        arrived: Result<Arrived, Fault>,
    ) -> Result<Next, Fault> {
        let now = self.clock.now();
        let snapshot = self.snapshot();
        let arrived = arrived?;
        trail.saw(&arrived);
        let document = Document::parse(&arrived.xml)?;
        let request = request::claimed(&document, &arrived)?;
        trail.claimed(request.claimed_issuer());
        let fagsystem = snapshot.fagsystem(request.claimed_issuer(), now)?; // registered, switched on
        let request = request.verify(&fagsystem.metadata.keys)?; // signed by its own key
        trail.proved_by(request.proof(), Actor::Fagsystem);
        fagsystem.metadata.keys.check_in_force(&request.proof().key, now)?; // which has not expired
        let request = request.accept(&self.settings.sso(), now, self.settings.skew)?; // for us, now
        let acs = fagsystem.metadata.answer_address(&request.answer_at)?; // a registered address
        let asked = asked(trail.record.login, &request, &fagsystem, acs, now);
        trail.asks(&asked); // from here on the fagsystem may be told
        check_request(&request)?; // nothing that contradicts itself
        let choices = snapshot.federation().choices(&asked.fagsystem, now); // agreements in force
        let choice = choose_for_user(&choices, &asked, visit)?;
        let unused = vec![mark(Kind::Request, asked.fagsystem.as_str(), &asked.request, now)];
        let received = trail.allowed(Actor::Fagsystem, Reason::LoginBegun);
        match choice {
            Some((authority, idp)) => {
                let (next, sent) = self.ask(trail, Choosing { asked }, authority, &idp)?;
                self.store
                    .commit(Batch { unused, records: vec![received, sent], ..Batch::default() })
                    .await?;
                Ok(next)
            }
            None => {
                let sealed = self.seal(&Pending::Choosing(Choosing { asked }))?;
                self.store.commit(Batch { unused, records: vec![received], ..Batch::default() }).await?;
                Ok(Next::Choose(sealed))
            }
        }
    }

    /// The user has chosen a municipality.
    pub async fn choose(
        &self,
        visit: &Visit,
        sealed: &SealedLogin,
        authority: Cvr,
        idp: Option<&EntityId>,
    ) -> Step {
        let mut trail = self.trail(sealed.login, visit, Event::QuestionSent);
        let tried = self.try_choose(&mut trail, sealed, authority, idp).await;
        self.conclude(trail, tried).await
    }

    async fn try_choose(
        &self,
        trail: &mut Trail,
        sealed: &SealedLogin,
        authority: Cvr,
        idp: Option<&EntityId>,
    ) -> Result<Next, Fault> {
        let now = self.clock.now();
        let pending = self.unseal(sealed)?; // begun in this browser
        pending.asked().check_age(now)?; // not long ago
        let choosing = pending.choosing();
        trail.asks(&choosing.asked);
        let snapshot = self.snapshot();
        let choices = snapshot.federation().choices(&choosing.asked.fagsystem, now);
        let idp = chosen(&choices, &choosing.asked, authority, idp)?; // one of those that were offered
        let (next, sent) = self.ask(trail, choosing, authority, &idp)?;
        self.store.commit(Batch { records: vec![sent], ..Batch::default() }).await?;
        Ok(next)
    }

    /// The user comes back with an identity provider's answer.
    pub async fn receive_answer(
        &self,
        visit: &Visit,
        arrived: Result<Arrived, Fault>,
        cookie: impl FnOnce(LoginId) -> Option<String>,
    ) -> Step {
        // RelayState only names the cookie that holds the login; the cookie is what binds the browser.
        let handle =
            arrived.as_ref().ok().and_then(|arrived| LoginId::new(arrived.relay_state.as_deref()?).ok());
        let login = handle.unwrap_or_else(|| self.fresh_login());
        let sealed = SealedLogin { login, content: handle.and_then(cookie).unwrap_or_default() };
        let mut trail = self.trail(login, visit, Event::AnswerReceived);
        let tried = self.try_receive(&mut trail, arrived, &sealed).await;
        self.conclude(trail, tried).await
    }

    fn fresh_login(&self) -> LoginId {
        LoginId::begun(self.clock.now(), self.random.bits())
    }

    async fn try_receive(
        &self,
        trail: &mut Trail,
        arrived: Result<Arrived, Fault>,
        sealed: &SealedLogin,
    ) -> Result<Next, Fault> {
        let now = self.clock.now();
        let snapshot = self.snapshot();
        let arrived = arrived?;
        trail.saw(&arrived);
        let document = Document::parse(&arrived.xml)?;
        let answer = response::claimed(&document)?;
        trail.claimed(answer.claimed_issuer());
        check_not_ours(answer.claimed_issuer(), &self.settings.entity_id)?; // no reflection
        let login = self.unseal(sealed)?.at_idp()?; // begun in this browser, and somebody was asked
        login.asked.check_age(now)?; // not long ago
        trail.asks(&login.asked);
        trail.expects(&login);
        let asked = &login.asked;
        let agreement =
            snapshot.federation().agreement(login.authority, &login.idp, &asked.fagsystem, now)?; // still
        let idp = snapshot.idp(&login.idp, now)?; // the one we asked, still on
        check_sender(answer.claimed_issuer(), &login.idp)?; // and nobody else
        let cbc = if idp.registered.danger_allow_cbc { Cbc::DangerAllowed } else { Cbc::Refused };
        let opening = Opening { keys: &idp.metadata.keys, decrypters: self.keys.decrypters(), cbc };
        let answer = answer.verify(opening)?; // signed by its own key
        trail.proved_by(answer.proof(), Actor::IdentityProvider);
        idp.metadata.keys.check_in_force(&answer.proof().key, now)?; // which has not expired
        let acs = self.settings.acs();
        let expected = Expectation {
            issuer: &login.idp,
            audience: &self.settings.entity_id,
            acs: &acs,
            question: Some((&login.question, login.at)),
            skew: self.settings.skew,
        };
        let answer = answer.accept(&expected, now)?; // for us, now, to our question
        trail.answered(&answer);
        let subject = self.identify(&answer, login.authority, &idp)?; // who, by the register's measure
        trail.reached(&subject.level);
        subject.level.meets(&asked.requirement)?; // sure enough
        let grant = Grant::new(subject, agreement)?; // only what was agreed
        let fagsystem = snapshot.fagsystem(&asked.fagsystem, now)?; // still switched on
        let issued = self.issue(&grant, asked, &fagsystem, &answer.assertion().authn, now)?;
        let received = trail.allowed(Actor::IdentityProvider, Reason::LoginOk);
        let batch = Batch {
            uses: vec![
                mark(Kind::Question, self.settings.entity_id.as_str(), &login.question, now),
                mark(Kind::Assertion, login.idp.as_str(), &answer.assertion().id, now),
                mark(Kind::Request, asked.fagsystem.as_str(), &asked.request, now),
            ],
            records: vec![received, issued.record(trail)],
            session: Some(issued.session),
            ..Batch::default()
        };
        self.store.commit(batch).await?; // all of it, durably, or nothing
        let receiver = fagsystem.registered.name.clone();
        Ok(Next::Answer { login: asked.login, form: issued.form, receiver, refused: None })
    }
}

fn asked(
    login: LoginId,
    request: &AuthnRequest,
    fagsystem: &KnownFagsystem<'_>,
    acs: &str,
    now: Timestamp,
) -> Asked {
    Asked {
        login,
        fagsystem: request.issuer.clone(),
        request: request.id.clone(),
        acs: acs.to_owned(),
        relay_state: request.relay_state.clone(),
        force_authn: request.force_authn,
        is_passive: request.is_passive,
        requirement: Requirement {
            registered: fagsystem.registered.required,
            requested: request.levels.clone(),
            comparison: request.comparison,
        },
        only_idps: request.only_idps.clone(),
        proxies_left: request.proxy_count.map(|count| count.saturating_sub(1)),
        begun: now,
    }
}

fn check_request(request: &AuthnRequest) -> Result<(), Fault> {
    if request.force_authn && request.is_passive {
        return Err(Fault::new(Reason::RequestUnsupported, "ForceAuthn and IsPassive at once"));
    }
    if request.proxy_count == Some(0) {
        return Err(Fault::new(
            Reason::ProxyCount,
            "ProxyCount is 0 and the users' own provider is behind us",
        ));
    }
    Ok(())
}

pub(super) fn check_not_ours(claimed: &EntityId, ours: &EntityId) -> Result<(), Fault> {
    if claimed == ours {
        return Err(Fault::new(Reason::IssuerSelf, "the answer is one that we issued"));
    }
    Ok(())
}

pub(super) fn check_sender(claimed: &EntityId, asked: &EntityId) -> Result<(), Fault> {
    if claimed == asked {
        return Ok(());
    }
    Err(Fault::new(Reason::IdpUnexpected, format!("expected {asked}, got {claimed}")))
}

fn mark(kind: Kind, issuer: &str, id: &MessageId, now: Timestamp) -> Mark {
    const { assert!(REMEMBERED_FOR.as_secs() > PENDING_FOR.as_secs() + 15 * 60) };
    Mark { kind, issuer: issuer.to_owned(), id: id.to_string(), expires: now + REMEMBERED_FOR }
}
