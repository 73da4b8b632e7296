//! We as an attribute authority: others ask about the users that are kept here, and are told what they are entitled to.
//!
//! A user who is not known and a user of whom nothing may be told are answered alike, by the same steps, so that
//! nobody learns from us who works where.

use jiff::Timestamp;

use super::audit::Trail;
use super::issue::BACK_DATED;
use super::marks::mark;
use super::registry::KnownRequester;
use super::{Broker, Visit};
use crate::domain::audit::{Actor, Event, Record};
use crate::domain::federation::Dialect;
use crate::domain::id::{LoginId, MessageId};
use crate::domain::reason::{Blame, Fault, Reason};
use crate::domain::subject::SubjectName;
use crate::domain::user::User;
use crate::protocol::bpp;
use crate::protocol::keys::fingerprint;
use crate::protocol::saml::attribute::{PRIVILEGES, name_format};
use crate::protocol::saml::query::answer::{OurAnswer, OurStatement, write_denial};
use crate::protocol::saml::query::{AttributeQuery, claimed};
use crate::protocol::saml::soap;
use crate::protocol::saml::status::Status;
use crate::protocol::xml::{Canonical, Document};
use crate::store::{Batch, Kind};

/// What came of a query.
#[derive(Debug)]
pub struct Answered {
    /// Which exchange this is.
    pub exchange: LoginId,
    /// The envelope to send back.
    pub envelope: String,
    /// Why there is no answer, where there is none.
    pub refused: Option<Reason>,
    /// Whether the envelope holds a fault of SOAP: the query could not be read, or we are not able to answer.
    pub is_fault: bool,
}

impl Broker {
    /// Answers somebody who asks for the attributes of a user.
    pub async fn answer_query(&self, visit: &Visit, arrived: Result<&[u8], Fault>) -> Answered {
        let exchange = self.fresh_login();
        let mut trail = self.trail(exchange, visit, Event::AttributesAsked);
        match self.try_to_answer(&mut trail, arrived).await {
            Ok(envelope) => {
                Answered { exchange, envelope: envelope.into_string(), refused: None, is_fault: false }
            }
            Err(fault) => self.deny_query(trail, fault).await,
        }
    }

    async fn try_to_answer(
        &self,
        trail: &mut Trail,
        arrived: Result<&[u8], Fault>,
    ) -> Result<Canonical, Fault> {
        let now = self.clock.now();
        let snapshot = self.snapshot();
        let arrived = arrived?;
        trail.record.sha256 = Some(fingerprint(arrived));
        let document = Document::parse(arrived)?;
        let query = claimed(&document).map_err(unsigned_is_denied)?;
        trail.claimed(query.claimed_issuer());
        let requester = snapshot.requester(query.claimed_issuer(), now)?; // registered and switched on
        let query = query.verify(&requester.metadata.keys)?; // signed by its own key
        trail.proved_by(query.proof(), Actor::AttributeRequester);
        requester.metadata.keys.check_in_force(&query.proof().key, now)?; // which has not expired
        let query = query.accept(&self.settings.attribute_authority(), now, self.settings.skew)?; // for us, now
        trail.record.message = Some(query.id.to_string());
        let subject = subject(&query, &requester)?; // of an authority that it may ask about
        trail.record.authority = Some(subject.cvr());
        let names = entitled(&query, &requester)?;
        // Both places are looked at for everybody: how long it takes must not tell whether somebody is known.
        let stored = self.store.user(subject.cvr(), subject.serial().to_owned()).await?;
        let user = snapshot.user(subject.cvr(), subject.serial()).cloned().or(stored);
        let attributes = attributes(user, &names)?;
        let (envelope, assertion) = self.write_answer(&query, &requester, &attributes, now)?;
        self.keep_answer(trail, &query, &attributes, assertion).await?; // never twice, and written down
        Ok(envelope)
    }

    fn write_answer(
        &self,
        query: &AttributeQuery,
        requester: &KnownRequester<'_>,
        attributes: &[(&str, Vec<String>)],
        now: Timestamp,
    ) -> Result<(Canonical, MessageId), Fault> {
        let (id, assertion) =
            (MessageId::made(now, self.random.bits()), MessageId::made(now, self.random.bits()));
        let frame = OurAnswer {
            id: &id,
            issuer: &self.settings.entity_id,
            issue_instant: now,
            in_response_to: &query.id,
        };
        let said = OurStatement {
            id: &assertion,
            name_id: &query.name_id,
            not_before: now - BACK_DATED,
            not_on_or_after: now + self.settings.assertion_for,
            audience: &query.issuer,
            name_format: name_format(dialect(&requester.registered.attributes)),
            attributes,
        };
        let sealed = self.sealed_to(requester.metadata, now)?;
        Ok((frame.write(&said, self.keys.signer(), sealed)?, assertion))
    }

    async fn keep_answer(
        &self,
        trail: &Trail,
        query: &AttributeQuery,
        attributes: &[(&str, Vec<String>)],
        assertion: MessageId,
    ) -> Result<(), Fault> {
        let mut record = trail.allowed(Actor::AttributeRequester, Reason::AqAnswered);
        let names: Vec<&str> = attributes.iter().map(|(name, _)| *name).collect();
        record.assertion = Some(assertion.to_string());
        record.detail = Some(Record::tame(&format!("told: {}", names.join(" "))));
        if names.is_empty() {
            record.noticed.push(Reason::AqDenied.code().to_owned());
            record.detail = Some("told nothing".to_owned());
        }
        let uses = vec![mark(
            Kind::Request,
            query.issuer.as_str(),
            (&query.id, query.issue_instant),
            self.clock.now(),
        )];
        self.store.commit(Batch { uses, records: vec![record], ..Batch::default() }).await?;
        Ok(())
    }

    /// Writes down why, then says that there is no answer, and to nobody why.
    async fn deny_query(&self, mut trail: Trail, fault: Fault) -> Answered {
        trail.refuse(&fault);
        let record = trail.record;
        let exchange = record.login;
        let proved = record.message.as_deref().and_then(|id| MessageId::new(id).ok());
        let kept = self.store.commit(Batch { records: vec![record], ..Batch::default() }).await;
        let reason = kept.map_or(Reason::StoreDown, |()| fault.reason);
        let denied = if is_unanswerable(reason) { None } else { self.write_denied(proved.as_ref()).ok() };
        let is_fault = denied.is_none();
        let envelope = denied.or_else(|| soap::write_fault(reason).ok());
        let envelope = envelope.map(Canonical::into_string).unwrap_or_default();
        Answered { exchange, envelope, refused: Some(reason), is_fault }
    }

    /// Signed for somebody who is proved; anybody else could make us sign whatever often.
    fn write_denied(&self, query: Option<&MessageId>) -> Result<Canonical, Fault> {
        let id = MessageId::made(self.clock.now(), self.random.bits());
        let (issuer, issue_instant) = (&self.settings.entity_id, self.clock.now());
        match query {
            Some(in_response_to) => OurAnswer { id: &id, issuer, issue_instant, in_response_to }
                .write_refusal(Status::REQUEST_DENIED, self.keys.signer()),
            None => write_denial(&id, issuer, issue_instant),
        }
    }
}

/// Whoever does not sign is told no more than whoever may not ask.
fn unsigned_is_denied(fault: Fault) -> Fault {
    match fault.reason {
        Reason::SigMissing => Fault::new(Reason::AqDenied, fault.detail),
        _ => fault,
    }
}

/// A user is named as identity providers name it, and belongs to an authority that the requester may ask about.
fn subject(query: &AttributeQuery, requester: &KnownRequester<'_>) -> Result<SubjectName, Fault> {
    let subject = SubjectName::new(&query.name_id)?;
    if !requester.registered.authorities.contains(&subject.cvr()) {
        let detail = format!("{} may not ask about users of {}", query.issuer, subject.cvr());
        return Err(Fault::new(Reason::AqDenied, detail));
    }
    Ok(subject)
}

/// The attributes that are wanted, each once: all of those named, or all that the requester may have.
fn entitled(query: &AttributeQuery, requester: &KnownRequester<'_>) -> Result<Vec<String>, Fault> {
    let allowed = &requester.registered.attributes;
    if let Some(other) = query.attributes.iter().find(|name| !allowed.contains(name)) {
        let detail = format!("{} may not have {:?}", query.issuer, Record::tame(other));
        return Err(Fault::new(Reason::AqDenied, detail));
    }
    let is_wanted = |name: &&String| query.attributes.is_empty() || query.attributes.contains(name);
    Ok(allowed.iter().filter(is_wanted).cloned().collect())
}

/// What is known of the user under these names. Nobody is known as little as somebody without rights.
fn attributes(user: Option<User>, names: &[String]) -> Result<Vec<(&str, Vec<String>)>, Fault> {
    let (rights, claims) = user.map(|user| (user.rights, user.claims)).unwrap_or_default();
    let mut told = Vec::new();
    for name in names {
        let of_rights =
            [Dialect::Oiosaml2, Dialect::Oiosaml3].into_iter().find(|d| PRIVILEGES.in_dialect(*d) == name);
        match of_rights {
            Some(dialect) => told.extend(bpp::attribute(&rights, dialect)?),
            None => {
                let known = claims.iter().find(|(known, _)| known == name);
                told.extend(known.map(|(_, values)| (name.as_str(), values.clone())));
            }
        }
    }
    Ok(told)
}

/// The generation of the profile in which a requester is told.
fn dialect(names: &[String]) -> Dialect {
    let newer = names.iter().any(|name| name == PRIVILEGES.oiosaml3);
    if newer { Dialect::Oiosaml3 } else { Dialect::Oiosaml2 }
}

/// What is no query that could be denied, and what is our own trouble.
fn is_unanswerable(reason: Reason) -> bool {
    matches!(
        reason,
        Reason::XmlMalformed
            | Reason::XmlDoctype
            | Reason::XmlDuplicateId
            | Reason::XmlNamespace
            | Reason::XmlSchema
            | Reason::LimitXml
            | Reason::LimitSig
            | Reason::LimitDepth
            | Reason::EncodingBase64
            | Reason::HttpMethod
            | Reason::SoapHeader
    ) || reason.blame() == Blame::Us
}
