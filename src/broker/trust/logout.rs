//! The end of a run that tries the logout: the identity provider is asked to end the session that the run began there, by
//! its server or through the browser, and then, without a page, whether the user is still logged in.

use super::super::ask::Put;
use super::super::audit::Trail;
use super::super::egress::Posted;
use super::super::login::check_sender;
use super::super::logout::Side;
use super::super::logout::party::MAX_ANSWER;
use super::super::{Broker, ByBrowser, Next, SealedLogin, Step, Visit};
use super::ending::Ended;
use super::observed::Observed;
use super::scenario::is_no_passive;
use crate::domain::audit::{Actor, Event, Record};
use crate::domain::id::{Cvr, EntityId, LoginId, MessageId};
use crate::domain::login::{Asked, AtIdp, AtLogout, Handle, PENDING_FOR, Pending, Reply, Trial};
use crate::domain::reason::{Fault, Reason};
use crate::domain::session::{AtProvider, Party};
use crate::domain::trust::{Check, Finding, Message, Scenario};
use crate::protocol::Unverified;
use crate::protocol::saml::Binding;
use crate::protocol::saml::binding::Arrived;
use crate::protocol::saml::logout::response::{self, Expectation, LogoutResponse, Outcome};
use crate::protocol::saml::response::Answer;
use crate::protocol::saml::shown::excerpt;
use crate::protocol::xml::Document;
use crate::protocol::{Accepted, Verified};
use crate::store::{Batch, HalfDone, StoreError};

/// How the identity provider is asked to end the session.
pub(super) enum WayOut {
    Soap(String),
    Browser(Binding, String),
}

/// What was asked, and of whom.
#[derive(Clone)]
struct Whom {
    asked: Asked,
    authority: Cvr,
    idp: EntityId,
}

impl Broker {
    /// The way out that the scenario wants, if the identity provider has one.
    pub(super) fn way_out(&self, ended: &Ended) -> Option<WayOut> {
        let scenario = ended.asked.as_ref()?.reply.trial()?.scenario;
        let snapshot = self.snapshot();
        let idp = &ended.observed.as_ref()?.subject.as_ref()?.idp;
        let logout = &snapshot.idp_metadata(idp)?.logout;
        match scenario {
            Scenario::LogoutSoap => logout.soap.clone().map(WayOut::Soap),
            Scenario::LogoutRedirect => logout
                .browser
                .as_ref()
                .map(|browser| WayOut::Browser(browser.binding, browser.requests.clone())),
            _ => None,
        }
    }

    /// Asks that the session end. Where that cannot be asked, the run ends here and its report says so.
    pub(super) async fn begin_logout_of_run(
        &self,
        trail: &mut Trail,
        ended: Ended,
        way: WayOut,
        (received, batch): (Record, Batch),
    ) -> Result<Next, Fault> {
        let missing = || Fault::new(Reason::Internal, "a trust run that observes nothing");
        let (observed, asked) = (ended.observed.ok_or_else(missing)?, ended.asked.ok_or_else(missing)?);
        let subject = observed.subject.as_ref().ok_or_else(missing)?;
        let whom = Whom { asked, authority: subject.authority, idp: subject.idp.clone() };
        // What was asked on the way is kept with whatever comes of this.
        let batch = Batch { records: trail.all([received]), ..batch };
        match way {
            WayOut::Soap(address) => {
                Box::pin(self.leave_by_soap(trail, observed, whom, (&address, batch))).await
            }
            WayOut::Browser(binding, address) => {
                match self
                    .leave_by_browser(trail, (&observed, &whom), (binding, &address), batch.clone())
                    .await
                {
                    Ok(next) => Ok(next),
                    Err(fault) => Box::pin(self.cut_short(trail, observed, whom, (&fault, batch))).await,
                }
            }
        }
    }

    async fn leave_by_soap(
        &self,
        trail: &mut Trail,
        mut observed: Box<Observed>,
        whom: Whom,
        (address, mut batch): (&str, Batch),
    ) -> Result<Next, Fault> {
        let request = MessageId::made(self.clock.now(), self.random.bits());
        let answered = self.logout_by_soap(&observed, &whom.idp, (&request, address)).await;
        batch.records.push(leaving(trail, &request, address));
        confirmed(&mut observed, answered);
        self.ask_whether_over(trail, observed, whom, batch).await
    }

    async fn leave_by_browser(
        &self,
        trail: &Trail,
        (observed, whom): (&Observed, &Whom),
        (binding, address): (Binding, &str),
        mut batch: Batch,
    ) -> Result<Next, Fault> {
        let at = self.clock.now();
        let request = MessageId::made(at, self.random.bits());
        let state = Handle { login: whom.asked.login, levels: Vec::new() }.to_string();
        let (party, signer) = (party(observed, &whom.idp)?, self.keys.signer());
        let question = self.news(&party, &request, address, |news| match binding {
            Binding::Post => news.by_post(Some(state), signer).map(ByBrowser::Post),
            Binding::Redirect => news.by_redirect(Some(&state), signer).map(ByBrowser::Redirect),
        })?;
        batch.records.push(leaving(trail, &request, address));
        let mut observed = observed.clone();
        observed.sends(&question, &self.settings.entity_id);
        let keeps = Some(self.keep_seen(&whom.asked, &request, &observed)?);
        let receiver = self.name_of_idp(&whom.idp);
        let Whom { asked, authority, idp } = whom.clone();
        let sealed = self.seal(&Pending::AtLogout(AtLogout { asked, authority, idp, request, at }))?;
        self.store.commit(Batch { keeps, ..batch }).await?;
        Ok(Next::Ask { sealed, question, receiver })
    }

    /// The run cannot go on. What it has seen so far is told, and what could not be tried.
    async fn cut_short(
        &self,
        trail: &mut Trail,
        mut observed: Box<Observed>,
        whom: Whom,
        (fault, batch): (&Fault, Batch),
    ) -> Result<Next, Fault> {
        let is_answered = observed.findings.iter().any(|finding| finding.check == Check::LogoutAnswered);
        let check = if is_answered { Check::LogoutDead } else { Check::LogoutAnswered };
        // That the login was used before is told by its own check.
        if fault.reason != Reason::Replay {
            let told = Err::<(), _>(fault.clone());
            observed.findings.push(Finding::of(check, &told, "", fault.reason.code()));
        }
        let ended = Ended { observed: Some(observed), asked: Some(whom.asked) };
        self.keep_report(trail, ended, batch).await
    }

    async fn logout_by_soap(
        &self,
        observed: &Observed,
        idp: &EntityId,
        (request, address): (&MessageId, &str),
    ) -> Result<(Outcome, Message), Fault> {
        let party = party(observed, idp)?;
        let envelope = self.news(&party, request, address, |news| news.by_soap(self.keys.signer()))?;
        let patience = self.settings.logout_for;
        let posted =
            self.settings.egress.post_soap(address, envelope.into_string(), MAX_ANSWER, patience).await;
        let body = posted.and_then(Posted::with_message);
        let body = body.map_err(|fault| Fault::new(Reason::SloDown, fault.to_string()))?;
        let document = Document::parse(&body)?;
        let answer = response::claimed_in_soap(&document)?;
        let answer = self.accept_confirmation(answer, idp, request, None)?;
        Ok((answer.outcome.clone(), shown(&document, idp, "SOAP")))
    }

    fn accept_confirmation(
        &self,
        answer: Unverified<response::Answer<'_>>,
        idp: &EntityId,
        request: &MessageId,
        here: Option<&str>,
    ) -> Result<Accepted<LogoutResponse>, Fault> {
        let now = self.clock.now();
        let snapshot = self.snapshot();
        let unknown = || Fault::new(Reason::MdRefused, format!("there is no metadata of {idp}"));
        let keys = &snapshot.idp_metadata(idp).ok_or_else(unknown)?.keys;
        let answer: Verified<LogoutResponse> = answer.verify(keys)?; // signed by its own key
        keys.check_in_force(&answer.proof().key, now)?; // which has not expired
        let expected = Expectation { issuer: idp, request, here, skew: self.settings.skew };
        answer.accept(&expected, now) // from whom we asked, to our question
    }

    /// The browser brings an answer about a logout; if it is a run's, the run goes on with it.
    pub async fn hear_in_run(
        &self,
        visit: &Visit,
        side: Side,
        arrived: &Arrived,
        cookie: impl FnOnce(LoginId) -> Option<String>,
    ) -> Option<Step> {
        let handle = Handle::read(arrived.relay_state.as_deref()?)?;
        let sealed = SealedLogin { login: handle.login, content: cookie(handle.login)? };
        let pending = self.unseal(&sealed).ok().filter(|_| side == Side::Provider)?;
        let mut trail = self.trail(sealed.login, visit, Event::LogoutConfirmed);
        trail.saw(arrived);
        let tried = match pending {
            Pending::AtLogout(login) => {
                trail.observes(&login.asked);
                Box::pin(self.go_on_in_run(&mut trail, arrived, login)).await
            }
            Pending::AtIdp(login) if login.asked.is_over() => {
                (trail.record.authority, trail.record.idp) = (Some(login.authority), Some(login.idp));
                Err(Fault::new(Reason::Replay, "the logout of the run has been answered before"))
            }
            _ => return None,
        };
        if matches!(&tried, Err(fault) if fault.reason == Reason::Replay) {
            trail.observed = None; // the run went on with the first answer, and ends with what comes of that
        }
        Some(self.conclude(trail, tried).await)
    }

    async fn go_on_in_run(
        &self,
        trail: &mut Trail,
        arrived: &Arrived,
        login: AtLogout,
    ) -> Result<Next, Fault> {
        let AtLogout { asked, authority, idp, request, .. } = login;
        asked.check_age(self.clock.now())?; // not long ago
        (trail.record.authority, trail.record.idp) = (Some(authority), Some(idp.clone()));
        let mut seen = self.seen(&asked, &request).await?; // which waits for this answer
        let heard = self.heard_in_run(arrived, &idp, &request);
        let mut record = trail.allowed(Actor::IdentityProvider, Reason::SloConfirmed);
        if let Err(fault) = &heard {
            (record.allowed, record.reason) = (false, fault.reason.code().to_owned());
        }
        confirmed(&mut seen, heard);
        let batch = Batch { takes: Some(request), records: trail.all([record]), ..Batch::default() };
        self.ask_whether_over(trail, seen, Whom { asked, authority, idp }, batch).await
    }

    fn heard_in_run(
        &self,
        arrived: &Arrived,
        idp: &EntityId,
        request: &MessageId,
    ) -> Result<(Outcome, Message), Fault> {
        let document = Document::parse(&arrived.xml)?;
        let answer = response::claimed(&document, arrived)?;
        let here = self.settings.sp_logout().browser;
        let answer = self.accept_confirmation(answer, idp, request, Some(&here))?;
        Ok((answer.outcome.clone(), shown(&document, idp, "browser")))
    }

    /// Sends the browser back once more, with a question that forbids pages.
    async fn ask_whether_over(
        &self,
        trail: &mut Trail,
        observed: Box<Observed>,
        whom: Whom,
        batch: Batch,
    ) -> Result<Next, Fault> {
        match self.try_ask_whether_over(trail, (&observed, &whom), batch.clone()).await {
            Ok(next) => Ok(next),
            Err(fault) => Box::pin(self.cut_short(trail, observed, whom, (&fault, batch))).await,
        }
    }

    async fn try_ask_whether_over(
        &self,
        trail: &Trail,
        (observed, whom): (&Observed, &Whom),
        mut batch: Batch,
    ) -> Result<Next, Fault> {
        let now = self.clock.now();
        let snapshot = self.snapshot();
        let Whom { asked, authority, idp } = whom.clone();
        let reply = match asked.reply {
            Reply::Trial(trial) => Reply::Trial(Trial { is_over: true, ..trial }),
            other => other,
        };
        let asked = Asked { reply, is_passive: true, force_authn: false, ..asked };
        let (_, known) = snapshot.agreed(&asked, (authority, &idp), now)?;
        let question = MessageId::made(now, self.random.bits());
        let message = self.question(&asked, &known, &question, &Put::default())?;
        let receiver = known.registered.name.clone();
        let mut observed = observed.clone();
        observed.sends(&message, &self.settings.entity_id);
        let keeps = Some(self.keep_seen(&asked, &question, &observed)?);
        let mut sent = trail.allowed(Actor::Broker, Reason::LoginChosen);
        (sent.event, sent.message) = (Event::QuestionSent, Some(question.to_string()));
        batch.records.push(sent);
        let sealed = self.seal(&Pending::AtIdp(AtIdp { asked, authority, idp, question, at: now }))?;
        self.store.commit(Batch { keeps, ..batch }).await?;
        Ok(Next::Ask { sealed, question: message, receiver })
    }

    /// The answer to that question ends the run.
    pub(in crate::broker) async fn finish_run(
        &self,
        trail: &mut Trail,
        answer: Unverified<Answer<'_>>,
        login: AtIdp,
    ) -> Result<Next, Fault> {
        login.asked.check_age(self.clock.now())?; // not long ago
        trail.expects(&login);
        let mut seen = self.seen(&login.asked, &login.question).await?; // which waits for this answer
        self.observe_end(&mut seen, &answer, &login);
        let received = trail.allowed(Actor::Unauthenticated, Reason::TrustEnded);
        trail.observed = None;
        let ended = Ended { observed: Some(seen), asked: Some(login.asked) };
        let batch = Batch { takes: Some(login.question), records: vec![received], ..Batch::default() };
        self.keep_report(trail, ended, batch).await
    }

    /// Only one answer shows that the session is over: the refusal for want of a page, from whom we asked, to what we asked.
    fn observe_end(&self, seen: &mut Observed, answer: &Unverified<Answer<'_>>, login: &AtIdp) {
        let (check, expected, status) = (Check::LogoutDead, "NoPassive", answer.status());
        let snapshot = self.snapshot();
        let unknown = || Fault::new(Reason::MdRefused, format!("there is no metadata of {}", login.idp));
        let proved = check_sender(answer.claimed_issuer(), &login.idp)
            .and_then(|()| snapshot.idp_metadata(&login.idp).ok_or_else(unknown))
            .and_then(|known| answer.check_refusal(&login.question, &known.keys));
        seen.findings.push(match &proved {
            Err(_) => Finding::of(check, &proved, expected, status),
            Ok(()) if status == "Success" => Finding::fail(check, Reason::SloSession, expected, status),
            Ok(()) if is_no_passive(&status) => Finding::pass(check, expected, status),
            Ok(()) => Finding::fail(check, Reason::Status, expected, status),
        });
        let (what, from) = ("Response".to_owned(), login.idp.to_string());
        seen.shown.messages.push(Message { what, from, binding: "POST".to_owned(), xml: answer.shown() });
    }

    fn keep_seen(&self, asked: &Asked, question: &MessageId, observed: &Observed) -> Result<HalfDone, Fault> {
        let text =
            serde_json::to_vec(observed).map_err(|error| Fault::new(Reason::Internal, error.to_string()))?;
        let content = self.sealer.load().seal(&text, &purpose(asked, question), self.random.as_ref())?;
        Ok(HalfDone { question: question.clone(), content, expires: asked.begun + PENDING_FOR })
    }

    async fn seen(&self, asked: &Asked, question: &MessageId) -> Result<Box<Observed>, Fault> {
        let kept = self.store.half_done(question, self.clock.now()).await?.ok_or(StoreError::Taken)?;
        let text = self.sealer.load().open(&kept.content, &purpose(asked, question))?;
        serde_json::from_slice(&text).map_err(|error| Fault::new(Reason::StateForged, error.to_string()))
    }

    fn name_of_idp(&self, idp: &EntityId) -> String {
        let snapshot = self.snapshot();
        snapshot.federation().registered_idp(idp).map_or_else(String::new, |known| known.name.clone())
    }
}

fn purpose(asked: &Asked, question: &MessageId) -> String {
    format!("trust run {} {question}", asked.login)
}

/// The user as the identity provider knows the session.
fn party(observed: &Observed, idp: &EntityId) -> Result<Party, Fault> {
    let missing = || Fault::new(Reason::Internal, "a trust run that has seen no user");
    let said = observed.said.as_ref().ok_or_else(missing)?;
    Ok(Party::Provider(AtProvider {
        idp: idp.clone(),
        name: said.name_id.clone(),
        format: said.name_format.clone(),
        index: said.authn.session_index.clone(),
    }))
}

/// The record of a request that the session end.
fn leaving(trail: &Trail, request: &MessageId, to: &str) -> Record {
    let sent = trail.allowed(Actor::Broker, Reason::SloTold);
    let message = Some(request.to_string());
    Record { event: Event::LogoutSent, message, endpoint: to.to_owned(), ..sent }
}

fn shown(document: &Document<'_>, idp: &EntityId, binding: &str) -> Message {
    let (what, from) = ("LogoutResponse".to_owned(), idp.to_string());
    Message { what, from, binding: binding.to_owned(), xml: excerpt(document.root()) }
}

fn confirmed(observed: &mut Observed, heard: Result<(Outcome, Message), Fault>) {
    let check = Check::LogoutAnswered;
    observed.findings.push(match &heard {
        Ok((Outcome::Ended, _)) => Finding::pass(check, "Success", "Success"),
        Ok((Outcome::InPart, _)) => Finding::warning(check, Reason::SloPartial, "Success", "PartialLogout"),
        Ok((Outcome::Refused(codes), _)) => {
            Finding::fail(check, Reason::SloRefused, "Success", Record::tame(codes))
        }
        Err(fault) => Finding::of(check, &Err::<(), _>(fault.clone()), "Success", fault.reason.code()),
    });
    observed.shown.messages.extend(heard.ok().map(|(_, message)| message));
}
