//! A login, read aloud: each function is the list of what happens when somebody knocks, one step a line. The order is
//! the policy. Whatever step says no, `Broker::conclude` writes it down and tells whoever may be told.

use jiff::Timestamp;

use super::ask::{choose_for_user, chosen};
use super::audit::Trail;
use super::case::{AskService, Case};
use super::identify::{Grounds, check_robot};
use super::marks::{mark, of_request};
use super::registry::{KnownFagsystem, KnownIdp};
use super::session::{Remembered, Sso, begun};
use super::step_up::FirstLeg;
use super::{Broker, Next, SealedLogin, Step, Visit};
use crate::domain::assurance::{Nsis, Requirement};
use crate::domain::audit::{Actor, Event};
use crate::domain::id::{Cvr, EntityId, LoginId, MessageId};
use crate::domain::login::{Asked, AtIdp, Choosing, Handle, Pending, Reply};
use crate::domain::reason::{Fault, Reason};
use crate::domain::subject::{Grant, Subject};
use crate::domain::trust::Use;
use crate::protocol::saml::binding::Arrived;
use crate::protocol::saml::request::{self, AuthnRequest};
use crate::protocol::saml::response::{self, Answer, Expectation, Response};
use crate::protocol::xml::Document;
use crate::protocol::{Accepted, Unverified};
use crate::store::{Batch, Kind};

impl Broker {
    /// A fagsystem's user arrives with a request.
    pub async fn begin_login(&self, visit: &Visit, arrived: Result<Arrived, Fault>) -> Step {
        let login = self.fresh_login();
        let browser = visit.browser.unwrap_or_else(|| self.fresh_login());
        let mut trail = self.trail(login, visit, Event::RequestReceived);
        let tried = self.try_begin(&mut trail, visit, arrived, browser).await;
        let fresh = visit.browser.is_none().then_some(browser);
        Step { browser: fresh, ..self.conclude(trail, tried).await }
    }

    async fn try_begin(
        &self,
        trail: &mut Trail,
        visit: &Visit,
        arrived: Result<Arrived, Fault>,
        browser: LoginId,
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
        let asked = asked((trail.record.login, browser), &request, &fagsystem, acs, now);
        trail.asks(&asked); // from here on the fagsystem may be told
        request.check(&self.settings.entity_id)?; // no contradiction, no circle
        self.set_out(trail, visit, asked).await
    }

    /// The way on from a request that may be answered, whatever its protocol: by a session, to the one municipality that
    /// it can be, or to the choice of one.
    pub(super) async fn set_out(
        &self,
        trail: &mut Trail,
        visit: &Visit,
        asked: Asked,
    ) -> Result<Next, Fault> {
        let now = self.clock.now();
        let snapshot = self.snapshot();
        if let Some(next) = self.reuse(trail, visit, &asked, None).await {
            return Ok(next); // a session of this browser is enough
        }
        let choices = snapshot.federation().choices(&asked.fagsystem, now); // agreements in force
        let choice = choose_for_user(&choices, &asked, visit)?;
        let unused = vec![of_request(&asked, now)];
        let received = trail.allowed(trail.record.actor, Reason::LoginBegun);
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
        let tried = self.try_choose(&mut trail, visit, sealed, (authority, idp)).await;
        self.conclude(trail, tried).await
    }

    async fn try_choose(
        &self,
        trail: &mut Trail,
        visit: &Visit,
        sealed: &SealedLogin,
        (authority, idp): (Cvr, Option<&EntityId>),
    ) -> Result<Next, Fault> {
        let now = self.clock.now();
        let pending = self.unseal(sealed)?; // begun in this browser
        pending.asked().check_age(now)?; // not long ago
        let ours = self.settings.entity_id.as_str();
        let unused = pending.question();
        let unused = unused.map(|asked| mark(Kind::Question, ours, asked, now)).into_iter().collect();
        let choosing = pending.choosing()?; // where something is to be chosen
        trail.record.actor = Actor::User;
        trail.asks(&choosing.asked);
        if let Some(next) = self.reuse(trail, visit, &choosing.asked, Some((authority, idp))).await {
            return Ok(next); // a session of this browser is enough
        }
        let snapshot = self.snapshot();
        let choices = snapshot.federation().choices(&choosing.asked.fagsystem, now);
        let idp = chosen(&choices, &choosing.asked, authority, idp)?; // one of those that were offered
        let (next, sent) = self.ask(trail, choosing, authority, &idp)?;
        // Nobody goes back with an older cookie than the one of the last step.
        self.store.commit(Batch { unused, records: vec![sent], ..Batch::default() }).await?;
        Ok(next)
    }

    /// The user comes back with an identity provider's answer.
    pub async fn receive_answer(
        &self,
        visit: &Visit,
        arrived: Result<Arrived, Fault>,
        cookie: impl Fn(LoginId) -> Option<String>,
    ) -> Step {
        // RelayState only names the cookie that holds the login; the cookie is what binds the browser.
        let relay_state = arrived.as_ref().ok().and_then(|arrived| arrived.relay_state.as_deref());
        let handle = relay_state.and_then(Handle::read).map(|handle| handle.login);
        let login = handle.unwrap_or_else(|| self.fresh_login());
        let sealed = SealedLogin { login, content: handle.and_then(&cookie).unwrap_or_default() };
        let mut trail = self.trail(login, visit, Event::AnswerReceived);
        let pending = self.unseal(&sealed);
        trail.may_observe(&pending);
        if let Err(fault) = &pending
            && let Some(step) =
                Box::pin(self.answer_lost_run(visit, &arrived, (handle, fault), &cookie)).await
        {
            return step; // a trust run tells what else is to be seen
        }
        let tried = Box::pin(self.try_receive(&mut trail, visit, arrived, pending)).await;
        self.conclude(trail, tried).await
    }

    pub(super) fn fresh_login(&self) -> LoginId {
        LoginId::begun(self.clock.now(), self.random.bits())
    }

    async fn try_receive(
        &self,
        trail: &mut Trail,
        visit: &Visit,
        arrived: Result<Arrived, Fault>,
        pending: Result<Pending, Fault>,
    ) -> Result<Next, Fault> {
        let arrived = arrived?;
        trail.saw(&arrived);
        let document = Document::parse(&arrived.xml)?;
        let answer = response::claimed(&document)?;
        trail.claimed(answer.claimed_issuer());
        check_not_ours(answer.claimed_issuer(), &self.settings.entity_id)?; // no reflection
        match pending? {
            // begun in this browser, and somebody was asked
            Pending::AtIdp(login) if login.asked.is_over() => {
                Box::pin(self.finish_run(trail, answer, login)).await
            }
            Pending::AtIdp(login) => self.finish_login(trail, visit, answer, login).await,
            Pending::AtStepUp(login) => Box::pin(self.finish_step_up(trail, visit, answer, login)).await,
            Pending::Choosing(_) | Pending::AtLogout(_) => {
                Err(Fault::new(Reason::FlowStep, "no identity provider has been asked yet"))
            }
        }
    }

    async fn finish_login(
        &self,
        trail: &mut Trail,
        visit: &Visit,
        answer: Unverified<Answer<'_>>,
        login: AtIdp,
    ) -> Result<Next, Fault> {
        let now = self.clock.now();
        let snapshot = self.snapshot();
        login.asked.check_age(now)?; // not long ago
        trail.asks(&login.asked);
        trail.expects(&login);
        let (federation, asked) = (snapshot.federation(), &login.asked);
        let (agreement, idp) = snapshot.agreed(asked, (login.authority, &login.idp), now)?; // still, and still on
        let answer = self.accept_answer(trail, answer, &idp, (&login.question, login.at))?; // proved, for us, now
        let case = Case {
            agreement,
            idp,
            requirement: &asked.requirement,
            source: visit.source,
            service: AskService::Yes,
        };
        let said = &answer.assertion().said;
        asked.check_fresh(said.authn.instant, (login.at, now), self.settings.skew)?; // anew, where that is asked
        let (subject, step_up) = self.weigh(trail, &case, Grounds::answered(&answer)).await?; // who, how sure, what rights
        if let Some(level) = step_up {
            let used = self.marks_of((&login.question, login.at), &answer);
            let first = FirstLeg { subject, said: said.clone(), observed: trail.observed.take(), used };
            return Box::pin(self.begin_step_up(trail, login, first, level)).await;
        }
        let (grant, rulings) = Grant::new(subject, agreement, federation, now)?; // only what was agreed, in its own roles
        trail.ruled(rulings); // each role kept or dropped, and why
        let remembered = Remembered { municipal: said.clone(), step_up: None };
        let uses = self.marks_of((&login.question, login.at), &answer);
        let batch = Batch { uses, ..Batch::default() };
        self.complete(trail, (visit, asked), &grant, Sso::Begins(Box::new(remembered)), batch).await
    }

    /// From what an identity provider says to the user as the register knows it, and the level that is still missing.
    pub(super) async fn weigh(
        &self,
        trail: &mut Trail,
        case: &Case<'_>,
        grounds: Grounds<'_>,
    ) -> Result<(Subject, Option<Nsis>), Fault> {
        let said = grounds.said();
        let Case { agreement, idp, requirement, .. } = case;
        let snapshot = self.snapshot();
        let federation = snapshot.federation();
        let subject = self.identify(said, agreement, idp)?; // who, by the register's measure
        trail.reached(&subject);
        check_robot(federation, &subject, case, self.clock.now())?; // a robot only where robots may
        let offered = federation.step_up(subject.authority).is_some();
        let step_up = trail.judged(subject.level.judge(requirement, offered)).step_up()?; // sure enough, or nearly
        let subject = self.learn_rights(trail, subject, said, case).await?; // from whom the register says
        let subject = self.learn_person(subject, agreement).await?; // and what else the fagsystem is told
        trail.learned(&subject);
        Ok((subject, step_up))
    }

    /// From an answer to one that is proved, for us, now, and answers our question.
    pub(super) fn accept_answer(
        &self,
        trail: &mut Trail,
        answer: Unverified<Answer<'_>>,
        idp: &KnownIdp<'_>,
        question: (&MessageId, Timestamp),
    ) -> Result<Accepted<Response>, Fault> {
        let now = self.clock.now();
        let asked = &idp.registered.entity_id;
        let acs = self.settings.acs();
        let expected = Expectation {
            issuer: asked,
            audience: &self.settings.entity_id,
            acs: &acs,
            question: Some(question),
            skew: self.settings.skew,
        };
        self.observe(trail, &answer, idp, &expected); // by a trust run, to the end of the list
        check_sender(answer.claimed_issuer(), asked)?; // the one we asked and nobody else
        let answer = answer.verify(idp.opening(self.keys.decrypters()))?; // signed by its own key
        trail.proved_by(answer.proof(), Actor::IdentityProvider);
        idp.metadata.keys.check_in_force(&answer.proof().key, now)?; // which has not expired
        let answer = answer.accept(&expected, now)?; // for us, now, to our question
        trail.answered(&answer);
        Ok(answer)
    }

    /// What must happen to end a login well: issue, and keep all of it with what was used up.
    pub(super) async fn complete(
        &self,
        trail: &mut Trail,
        (visit, asked): (&Visit, &Asked),
        grant: &Grant<'_>,
        sso: Sso,
        mut batch: Batch,
    ) -> Result<Next, Fault> {
        let now = self.clock.now();
        if asked.reply.trial().is_some() {
            return Box::pin(self.end_run_well(trail, grant, batch)).await; // nobody is let in
        }
        if asked.reply == Reply::Console {
            (batch.begun, batch.within) = (Some(begun(visit, asked)), sso.still()); // unless the user was logged out
            return Box::pin(self.enter_by_login(trail, (asked, sso.reason()), grant, batch)).await; // to our own pages
        }
        let received = trail.allowed(trail.record.actor, sso.reason());
        let seat = self.seat((visit, asked), grant, sso, now).await?; // in a session, new or not
        let mut issued = self.issue(grant, asked, &seat, now)?; // in the fagsystem's own tongue
        batch.voucher = issued.voucher.take();
        batch.uses.push(of_request(asked, now));
        batch.uses_system = Some(Use::of(grant, now)); // what the municipality's progress is told by
        batch.records = trail.all([received, issued.record(trail, &seat)]);
        let session = seat.keep(&mut batch);
        self.store.commit(batch).await?; // all of it, durably, or nothing
        let receiver = grant.agreement().fagsystem().name.clone();
        Ok(Next::Answer { login: asked.login, answer: issued.answer, receiver, refused: None, session })
    }
}

fn asked(
    (login, browser): (LoginId, LoginId),
    request: &AuthnRequest,
    fagsystem: &KnownFagsystem<'_>,
    acs: &str,
    now: Timestamp,
) -> Asked {
    Asked {
        login,
        fagsystem: request.issuer.clone(),
        request: request.id.clone(),
        made: request.issue_instant,
        reply: Reply::Saml { acs: acs.to_owned(), relay_state: request.relay_state.clone() },
        force_authn: request.force_authn,
        max_age: None,
        browser: Some(browser),
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
