//! The exchange log: one record for every message in and every token out, durable before the answer.

use super::trust::observed::Observed;
use super::{Broker, ByBrowser, Next, Refusal, Step, Visit};
use crate::domain::assurance::Judged;
use crate::domain::audit::Ruling;
use crate::domain::audit::{Actor, Event, Record};
use crate::domain::id::{EntityId, LoginId, MessageId};
use crate::domain::login::{Asked, AtIdp, AtStepUp, Reply};
use crate::domain::reason::{Fault, Reason};
use crate::domain::subject::Subject;
use crate::protocol::Proof;
use crate::protocol::saml::binding::{Arrived, Carries, Form};
use crate::protocol::saml::response::{OurResponse, Response};
use crate::protocol::saml::status::Status;
use crate::protocol::xml::Canonical;
use crate::store::{AuditQuery, Batch, Logged, Session};

/// What is known so far about the message in hand. It grows along the steps, so that whatever step refuses, the
/// record tells all that was found out before.
#[derive(Clone)]
pub(super) struct Trail {
    pub(super) record: Record,
    /// Whose request may be answered with a refusal: set once its sender and the address for the answer are proved.
    pub(super) may_be_told: Option<Asked>,
    /// What was asked of others on the way, and what they answered: kept with whatever ends the step.
    pub(super) beside: Vec<Record>,
    /// Why the user's roles became rights or did not: belongs to the record of the token, or of the refusal.
    pub(super) rulings: Vec<Ruling>,
    /// What a trust run sees beside what a login looks at.
    pub(super) observed: Option<Box<Observed>>,
}

impl Trail {
    pub(super) fn saw(&mut self, arrived: &Arrived) {
        self.record.sha256 = Some(arrived.sha256());
    }

    pub(super) fn claimed(&mut self, issuer: &EntityId) {
        self.record.claimed_issuer = Some(Record::tame(issuer.as_str()));
    }

    /// The fagsystem's request is proved, so from here on it may be told how the login ends.
    pub(super) fn asks(&mut self, asked: &Asked) {
        self.record.fagsystem = Some(asked.fagsystem.clone());
        self.record.required = Some(asked.requirement.to_string());
        if self.record.event == Event::RequestReceived {
            self.record.message = Some(asked.request.to_string());
        }
        self.may_be_told = Some(asked.clone());
    }

    /// What the user may do, as it was learned: for the report of a trust run.
    pub(super) fn learned(&mut self, subject: &Subject) {
        self.observed.iter_mut().for_each(|observed| observed.subject = Some(subject.clone()));
    }

    /// The session that answers for the user.
    pub(super) fn goes_on(&mut self, session: &Session) {
        self.record.session = Some(session.id);
        self.record.authority = Some(session.facts.authority);
        self.record.idp = Some(session.facts.municipal.idp.clone());
    }

    pub(super) fn expects(&mut self, login: &AtIdp) {
        self.record.authority = Some(login.authority);
        self.record.idp = Some(login.idp.clone());
        self.record.in_response_to = Some(login.question.to_string());
    }

    pub(super) fn expects_step_up(&mut self, login: &AtStepUp) {
        self.record.authority = Some(login.authority);
        self.record.idp = Some(login.idp.clone());
        self.record.step_up = Some(login.step_up.clone());
        self.record.in_response_to = Some(login.question.to_string());
    }

    pub(super) fn answered(&mut self, answer: &Response) {
        self.record.message = Some(answer.id().to_string());
        self.record.assertion = Some(answer.assertion().id.to_string());
    }

    pub(super) fn reached(&mut self, subject: &Subject) {
        self.record.level = Some(subject.level.to_string());
        self.record.robot = subject.is_robot;
        self.notice(&subject.level.noticed);
    }

    /// Which rule decided about the level.
    pub(super) fn judged(&mut self, judged: Judged) -> Judged {
        self.record.rule = Some(judged.rule.code().to_owned());
        judged
    }

    pub(super) fn ruled(&mut self, rulings: Vec<Ruling>) {
        self.rulings = rulings;
    }

    pub(super) fn notice(&mut self, reasons: &[Reason]) {
        self.record.noticed.extend(reasons.iter().map(|reason| reason.code().to_owned()));
    }

    pub(super) fn proved_by(&mut self, proof: &Proof, sender: Actor) {
        self.record.actor = sender;
        self.record.key = Some(proof.key.as_str().to_owned());
        self.record.algorithm = Some(proof.algorithm.uri().to_owned());
    }

    /// Everything that is kept when the step ends with these records.
    pub(super) fn all(&mut self, records: impl IntoIterator<Item = Record>) -> Vec<Record> {
        let mut all = std::mem::take(&mut self.beside);
        all.extend(records);
        all
    }

    /// The step was refused.
    pub(super) fn refuse(&mut self, fault: &Fault) {
        self.record.allowed = false;
        self.record.reason = fault.reason.code().to_owned();
        self.record.detail = Some(Record::tame(&fault.detail));
    }

    /// The record of a step that was allowed.
    pub(super) fn allowed(&self, actor: Actor, reason: Reason) -> Record {
        Record { actor, allowed: true, reason: reason.code().to_owned(), ..self.record.clone() }
    }
}

impl Broker {
    /// Begins the story of one message.
    pub(super) fn trail(&self, login: LoginId, visit: &Visit, event: Event) -> Trail {
        let now = self.clock.now();
        let mut record = Record::allowed(now, login, event, Actor::Unauthenticated, Reason::Internal);
        record.endpoint = visit.endpoint.to_owned();
        record.source = visit.source.map(|address| address.to_string());
        Trail { record, may_be_told: None, beside: Vec::new(), rulings: Vec::new(), observed: None }
    }

    /// Ends a step: with what it led to, or with a refusal.
    pub(super) async fn conclude(&self, trail: Trail, tried: Result<Next, Fault>) -> Step {
        let (fagsystem, idp) = (trail.record.fagsystem.clone(), trail.record.idp.clone());
        let robot = trail.record.robot;
        let next = match tried {
            Ok(next) => next,
            Err(fault) => Box::pin(self.refuse(trail, fault)).await,
        };
        Step { next, fagsystem, idp, robot, browser: None }
    }

    /// Ends a login: writes down why, then tells the fagsystem where it may be told, or else the user.
    async fn refuse(&self, mut trail: Trail, fault: Fault) -> Next {
        if trail.observed.is_some() {
            return self.end_run_badly(trail, fault).await;
        }
        trail.refuse(&fault);
        let Trail { mut record, may_be_told, mut beside, rulings, observed: _ } = trail;
        let (login, at) = (record.login, record.at);
        let told = may_be_told.as_ref().and_then(|asked| self.refusal(asked, fault.reason));
        let sent = told.as_ref().map(|(_, message)| Record {
            event: Event::RefusalSent,
            actor: Actor::Broker,
            message: message.as_ref().map(MessageId::to_string),
            in_response_to: may_be_told.as_ref().map(|asked| asked.request.to_string()),
            fagsystem: may_be_told.as_ref().map(|asked| asked.fagsystem.clone()),
            ..record.clone()
        });
        record.ruled(&rulings);
        beside.push(record);
        beside.extend(sent);
        let fagsystem = may_be_told.and_then(|asked| self.name_of(&asked));
        match (self.store.commit(Batch { records: beside, ..Batch::default() }).await, told) {
            (Ok(()), Some((answer, _))) => Next::Answer {
                login,
                answer,
                receiver: fagsystem.unwrap_or_default(),
                refused: Some(fault.reason),
                session: None,
            },
            (Ok(()), None) => Next::Refuse(Refusal { login, reason: fault.reason, at, fagsystem }),
            // What was not written down is not told: the user learns that it is our fault, and nothing else.
            (Err(_), _) => Next::Refuse(Refusal { login, reason: Reason::StoreDown, at, fagsystem }),
        }
    }

    /// Tells a fagsystem why there is no login, for the reasons that it may be told.
    fn refusal(&self, asked: &Asked, reason: Reason) -> Option<(ByBrowser, Option<MessageId>)> {
        match &asked.reply {
            Reply::Saml { acs, relay_state } => {
                let (id, xml) = self.refusal_response(asked, acs, reason)?;
                let form = Form::new(acs, Carries::Response, xml.as_str(), relay_state.clone());
                Some((ByBrowser::Post(form), Some(id)))
            }
            Reply::Oidc(reply) => Some((self.oidc_refusal((asked, reply), reason)?, None)),
            Reply::Trial(_) | Reply::Console => None,
        }
    }

    fn refusal_response(&self, asked: &Asked, acs: &str, reason: Reason) -> Option<(MessageId, Canonical)> {
        let status = Status::for_reason(reason)?.of_case(asked.login.case_number());
        let now = self.clock.now();
        let id = MessageId::made(now, self.random.bits());
        let response = OurResponse {
            id: &id,
            issuer: &self.settings.entity_id,
            issue_instant: now,
            destination: acs,
            in_response_to: &asked.request,
        };
        let xml = response.write_refusal(status, self.keys.signer()).ok()?;
        Some((id, xml))
    }

    fn name_of(&self, asked: &Asked) -> Option<String> {
        let snapshot = self.snapshot.load();
        let fagsystem = snapshot.federation().fagsystem(&asked.fagsystem).ok()?;
        Some(fagsystem.name.clone())
    }

    /// Searches the exchange log; the youngest first.
    pub async fn search_audit(&self, query: AuditQuery) -> Result<Vec<Logged>, Fault> {
        self.store.search_audit(query).await.map_err(Fault::from)
    }
}
