//! The question to an authority's attribute service, read aloud: remembered, asked, proved, taken. What is silent or lies
//! is written down, and the fagsystem's rule says what becomes of the login.

use std::sync::Arc;

use jiff::Timestamp;

use super::{Learned, Remembered};
use crate::broker::Broker;
use crate::broker::audit::Trail;
use crate::broker::egress::Posted;
use crate::broker::identify::{parameters, rights};
use crate::broker::registry::KnownAttributeService;
use crate::domain::audit::{Actor, Event, Record};
use crate::domain::federation::Agreement;
use crate::domain::id::MessageId;
use crate::domain::privilege::is_parameter;
use crate::domain::reason::{Fault, Reason};
use crate::domain::source::WhenDown;
use crate::domain::subject::Subject;
use crate::protocol::Accepted;
use crate::protocol::keys::fingerprint;
use crate::protocol::saml::attribute::PRIVILEGES;
use crate::protocol::saml::query::OurQuery;
use crate::protocol::saml::query::answer::{self, Expectation, Statement};
use crate::protocol::saml::response::{Opening, Response};
use crate::protocol::xml::{Cbc, Document};

/// The largest answer that is taken.
const MAX_ANSWER: usize = 1024 * 1024;

impl Broker {
    /// Asks the authority's attribute service what the user may do, or remembers it.
    pub(super) async fn ask_service(
        &self,
        trail: &mut Trail,
        subject: &Subject,
        agreement: &Agreement<'_>,
    ) -> Result<Learned, Fault> {
        let snapshot = self.snapshot();
        let now = self.clock.now();
        let service = match snapshot.attribute_service(subject.authority, now) {
            Ok(service) => service,
            Err(fault) => return without(trail, agreement, fault),
        };
        let asked =
            (service.registered.entity_id.clone(), subject.authority, subject.name.as_str().to_owned());
        let remembered = self.attributes.answers.get(&asked);
        let young = |age| remembered.as_ref().filter(|known| known.is_younger_than(age, now));
        // A trust run wants to know whether the service answers, not whether it did.
        if let Some(known) = young(service.registered.cache_for).filter(|_| !agreement.is_rehearsed()) {
            trail.notice(&[Reason::AsCached]);
            return Ok(known.learned.clone());
        }
        let told = self.ask_now(trail, subject, &service).await;
        // Meanwhile anybody may have been switched off, so what was allowed before is asked again.
        let (after, now) = (self.snapshot(), self.clock.now());
        after.federation().again(agreement, now)?;
        if let Err(fault) = after.attribute_service(subject.authority, now) {
            return without(trail, agreement, fault);
        }
        match (told, agreement.fagsystem().when_down) {
            (Ok(told), _) => {
                let learned = told.learned.clone();
                self.attributes.answers.insert(asked, Arc::new(told));
                Ok(learned)
            }
            (Err(fault), WhenDown::UseCached(age)) => match young(age) {
                Some(known) => {
                    trail.notice(&[fault.reason, Reason::AsCached]);
                    Ok(known.learned.clone())
                }
                None => Err(fault),
            },
            (Err(fault), _) => without(trail, agreement, fault),
        }
    }

    async fn ask_now(
        &self,
        trail: &mut Trail,
        subject: &Subject,
        service: &KnownAttributeService<'_>,
    ) -> Result<Remembered, Fault> {
        let name = &service.registered.entity_id;
        let egress = &self.attributes.egress;
        let pass = egress.breaker(name.as_str()).pass(self.clock.now(), Reason::AsDown)?; // not left alone
        let asked_at = self.clock.now();
        let id = MessageId::made(asked_at, self.random.bits());
        let query = OurQuery {
            id: &id,
            issuer: &self.settings.entity_id,
            issue_instant: asked_at,
            destination: &service.metadata.address,
            name_id: subject.name.as_str(),
        };
        let envelope = query.write_signed(self.keys.signer())?;
        trail.beside.push(asked(trail, service, &id, asked_at));
        let patience = service.registered.patience.unsigned_abs();
        let posted =
            egress.post_soap(&service.metadata.address, envelope.into_string(), MAX_ANSWER, patience).await;
        let now = self.clock.now();
        let mut received = Record {
            event: Event::AttributesReceived,
            actor: Actor::Unauthenticated,
            message: None,
            in_response_to: Some(id.to_string()),
            ..asked(trail, service, &id, now)
        };
        let posted = posted.and_then(Posted::with_message).map_err(down);
        if posted.is_ok() {
            pass.answered()
        } else {
            pass.failed(now)
        }
        let told = posted.and_then(|body| {
            received.sha256 = Some(fingerprint(&body));
            self.believe(&body, subject, service, (&id, asked_at), &mut received)
        });
        match &told {
            Ok(_) => received.reason = Reason::AsOk.code().to_owned(),
            Err(fault) => {
                received.allowed = false;
                received.reason = fault.reason.code().to_owned();
                received.detail = Some(Record::tame(&fault.detail));
            }
        }
        trail.beside.push(received);
        told
    }

    /// Proves an answer, and takes of it what was agreed.
    fn believe(
        &self,
        body: &[u8],
        subject: &Subject,
        service: &KnownAttributeService<'_>,
        question: (&MessageId, Timestamp),
        received: &mut Record,
    ) -> Result<Remembered, Fault> {
        let now = self.clock.now();
        let keys = &service.metadata.keys;
        let expected = Expectation {
            issuer: &service.registered.entity_id,
            audience: &self.settings.entity_id,
            question,
            name_id: subject.name.as_str(),
            skew: self.settings.skew,
        };
        let opening = Opening { keys, decrypters: self.keys.decrypters(), cbc: Cbc::Refused };
        let document = Document::parse(body).map_err(not_believed)?;
        let answer = answer::claimed(&document, &service.registered.entity_id).map_err(not_believed)?;
        let answer = answer.verify(opening).map_err(not_believed)?; // signed by its own key in this role
        received.actor = Actor::AttributeService;
        received.key = Some(answer.proof().key.as_str().to_owned());
        received.algorithm = Some(answer.proof().algorithm.uri().to_owned());
        keys.check_in_force(&answer.proof().key, now).map_err(not_believed)?; // which has not expired
        let answer = answer.accept(&expected, now).map_err(not_believed)?; // about this user, to our question
        received.message = Some(answer.id().to_string());
        received.assertion = Some(answer.assertion().id.to_string());
        received.noticed.extend(more_than_agreed(&answer).then(|| Reason::AsSource.code().to_owned()));
        let attributes = &answer.assertion().attributes;
        let rights = rights(attributes).map_err(not_believed)?;
        let parameters = parameters(attributes).map_err(not_believed)?;
        let bytes = u32::try_from(body.len()).unwrap_or(u32::MAX);
        Ok(Remembered { learned: Learned { rights, parameters }, at: now, bytes })
    }
}

/// The record of the question.
fn asked(trail: &Trail, service: &KnownAttributeService<'_>, id: &MessageId, at: Timestamp) -> Record {
    let mut record = Record {
        at,
        event: Event::AttributesRequested,
        message: Some(id.to_string()),
        in_response_to: None,
        assertion: None,
        key: None,
        algorithm: None,
        sha256: None,
        noticed: Vec::new(),
        claimed_issuer: None,
        endpoint: service.metadata.address.clone(),
        ..trail.allowed(Actor::Broker, Reason::AsAsked)
    };
    record.attribute_service = Some(service.registered.entity_id.clone());
    record
}

/// What becomes of a login without an answer, where nothing is remembered.
fn without(trail: &mut Trail, agreement: &Agreement<'_>, fault: Fault) -> Result<Learned, Fault> {
    match agreement.fagsystem().when_down {
        WhenDown::IssueWithout => {
            trail.notice(&[fault.reason]);
            Ok(Learned::default())
        }
        WhenDown::Refuse | WhenDown::UseCached(_) => Err(fault),
    }
}

/// Whether it says anything that an attribute service is not asked for: it is passed over, and noticed.
fn more_than_agreed(answer: &Accepted<Response<Statement>>) -> bool {
    let statement = answer.assertion();
    let agreed = |name: &str| PRIVILEGES.is(name) || is_parameter(name);
    statement.tells_of_login || !statement.attributes.names().all(agreed)
}

/// Whatever kept an answer from coming, the service is down; the cause stays in the detail.
fn down(fault: Fault) -> Fault {
    Fault::new(Reason::AsDown, fault.to_string())
}

/// An answer that is not believed, by the three causes that call for different people.
fn not_believed(fault: Fault) -> Fault {
    let reason = match fault.reason {
        Reason::Status => Reason::AsRefused,
        Reason::KeyUntrusted
        | Reason::KeyRole
        | Reason::KeyExpired
        | Reason::AlgRefused
        | Reason::SigMissing
        | Reason::SigInvalid
        | Reason::SigStructure
        | Reason::SigReference
        | Reason::SigTransform
        | Reason::SigC14n
        | Reason::SigCoverage
        | Reason::SecondOpinion => Reason::AsKey,
        _ => Reason::AsAnswer,
    };
    Fault::new(reason, fault.to_string())
}
