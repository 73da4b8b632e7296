//! The second leg of a login: where a municipality's provider cannot reach the level that a fagsystem needs, and the
//! municipality allows it, its user goes on to a provider that can. Rights and name are what the municipality said; the
//! level, and nothing else, is what the second provider said about the same person.
//!
//! What the first leg proved is too large for a cookie. It waits in the store, sealed, under the ID of our second
//! question, which stands in the cookie of this browser only; it is written after an assertion was proved and accepted,
//! so a flood of strangers fills no store. Whoever finishes the login takes it away in the same commit.

use serde::{Deserialize, Serialize};

use super::ask::Put;
use super::audit::Trail;
use super::identify::{chain, check_profile, is_called_robot, level};
use super::issue::Authenticated;
use super::login::mark;
use super::registry::{KnownIdp, Snapshot};
use super::{Broker, Next};
use crate::domain::assurance::Nsis;
use crate::domain::audit::{Actor, Event, Record};
use crate::domain::federation::{Dialect, IdentityProvider};
use crate::domain::id::{Cvr, EntityId, MessageId, PersonUuid};
use crate::domain::login::{Asked, AtIdp, AtStepUp, PENDING_FOR, Pending};
use crate::domain::reason::{Fault, Reason};
use crate::domain::robot;
use crate::domain::subject::{Grant, Subject};
use crate::protocol::Unverified;
use crate::protocol::saml::assertion::{Assertion, AuthnStatement};
use crate::protocol::saml::attribute as name;
use crate::protocol::saml::response::Answer;
use crate::store::{Batch, HalfDone, Kind, Mark, StoreError};

/// What the first leg proved.
#[derive(Serialize, Deserialize)]
pub(super) struct FirstLeg {
    subject: Subject,
    authn: AuthnStatement,
    /// The person that the municipality's own provider says the user is.
    person: Option<PersonUuid>,
    #[serde(skip)]
    used: Vec<Mark>,
}

impl FirstLeg {
    pub(super) fn new(subject: Subject, assertion: &Assertion, used: Vec<Mark>) -> Result<Self, Fault> {
        let stated = assertion.attributes.one_named(name::PERSISTENT_UUID)?;
        let person = stated.map(|uuid| person(name::PERSISTENT_UUID, uuid)).transpose()?;
        Ok(Self { subject, authn: assertion.authn.clone(), person, used })
    }
}

impl Broker {
    /// The first leg is done: keeps what it proved, and sends the user on.
    pub(super) async fn begin_step_up(
        &self,
        trail: &mut Trail,
        login: AtIdp,
        first: FirstLeg,
        level: Nsis,
    ) -> Result<Next, Fault> {
        let now = self.clock.now();
        let snapshot = self.snapshot();
        check_may_show_a_page(&login)?;
        let provider = self.way_up(&snapshot, &first, level).await?; // nobody is sent on in vain
        let id = MessageId::made(now, self.random.bits());
        let question = self.question(&login.asked, &provider, &id, &Put::step_up(level))?;
        let received = trail.allowed(Actor::IdentityProvider, Reason::LoaStepUp);
        let login = login.step_up(provider.registered.entity_id.clone(), id, now);
        let batch = Batch {
            unused: vec![mark(Kind::Request, login.asked.fagsystem.as_str(), &login.asked.request, now)],
            keeps: Some(self.half_done(&login, &first)?),
            uses: first.used,
            records: trail.all([received, sent(trail, &login)]),
            ..Batch::default()
        };
        let sealed = self.seal(&Pending::AtStepUp(login))?; // the cookie of the first leg is worth nothing now
        self.store.commit(batch).await?; // all of it, durably, or nothing
        Ok(Next::Ask { sealed, question, receiver: provider.registered.name.clone() })
    }

    /// Who can raise the level of this user, whose person is known.
    pub(super) async fn way_up<'s>(
        &self,
        snapshot: &'s Snapshot,
        first: &FirstLeg,
        level: Nsis,
    ) -> Result<KnownIdp<'s>, Fault> {
        self.linked(first).await?;
        let authority = first.subject.authority;
        let provider = snapshot.federation().step_up(authority).ok_or_else(|| not_allowed(authority))?;
        let provider = snapshot.idp(&provider.entity_id, self.clock.now())?; // on, with metadata that holds
        check_reach(provider.registered, level)?;
        Ok(provider)
    }

    /// The second leg is answered.
    pub(super) async fn finish_step_up(
        &self,
        trail: &mut Trail,
        answer: Unverified<Answer<'_>>,
        login: AtStepUp,
    ) -> Result<Next, Fault> {
        let now = self.clock.now();
        let snapshot = self.snapshot();
        login.asked.check_age(now)?; // not long ago
        trail.asks(&login.asked);
        trail.expects_step_up(&login);
        let (federation, asked) = (snapshot.federation(), &login.asked);
        let agreement = federation.agreement(login.authority, &login.idp, &asked.fagsystem, now)?; // still
        let provider = still_allowed(&snapshot, &login)?;
        let provider = snapshot.idp(provider, now)?; // the one we asked, still on
        let answer = self.accept_answer(trail, answer, &provider, (&login.question, login.at))?; // proved, for us, now
        let first = self.first_leg(&login).await?; // which waits for this answer
        check_same_person(answer.assertion(), first.subject.authority, &self.linked(&first).await?)?;
        let mut level = level(answer.assertion(), &provider)?; // by the register's measure
        level.noticed.extend(chain(answer.assertion(), &provider));
        let is_robot = is_called_robot(answer.assertion())?;
        let subject = Subject { level, is_robot, ..first.subject }; // the rest is the municipality's word
        trail.reached(&subject);
        check_is_a_person(&subject, asked)?;
        trail.judged(subject.level.judge(&asked.requirement, false)).without_step_up()?; // sure enough now
        let grant = Grant::new(subject, agreement, federation, now)?; // only what was agreed, in its own roles
        trail.ruled(grant.rulings()); // each role kept or dropped, and why
        let step_up = (&login.step_up, &answer.assertion().authn);
        let authenticated = Authenticated { municipal: &first.authn, step_up: Some(step_up) };
        let uses = self.marks_of(&login.question, &answer);
        let takes = Some(login.question.clone());
        self.complete(trail, asked, &grant, authenticated, Batch { uses, takes, ..Batch::default() }).await
    }

    /// The person that the user is linked to, said by who may say it: the municipality's provider in the assertion that it
    /// signed, or else the municipality in what it told us about its user.
    async fn linked(&self, first: &FirstLeg) -> Result<PersonUuid, Fault> {
        if let Some(person) = &first.person {
            return Ok(person.clone());
        }
        let user = self.user(first.subject.authority, first.subject.name.serial()).await?;
        let claims = user.iter().flat_map(|user| &user.claims);
        let told = claims.filter(|(claim, _)| claim == name::PERSISTENT_UUID).flat_map(|(_, values)| values);
        match told.collect::<Vec<_>>().as_slice() {
            [uuid] => PersonUuid::new(uuid).ok(),
            _ => None,
        }
        .ok_or_else(|| {
            Fault::new(Reason::LoaStepUpUser, format!("the user is linked to no {}", name::PERSISTENT_UUID))
        })
    }

    fn half_done(&self, login: &AtStepUp, first: &FirstLeg) -> Result<HalfDone, Fault> {
        let text =
            serde_json::to_vec(first).map_err(|error| Fault::new(Reason::Internal, error.to_string()))?;
        Ok(HalfDone {
            question: login.question.clone(),
            content: self.sealer.load().seal(&text, &purpose(login), self.random.as_ref())?,
            expires: login.asked.begun + PENDING_FOR,
        })
    }

    async fn first_leg(&self, login: &AtStepUp) -> Result<FirstLeg, Fault> {
        let kept = self.store.half_done(&login.question, self.clock.now()).await?;
        let kept = kept.ok_or(StoreError::Taken)?;
        let text = self.sealer.load().open(&kept.content, &purpose(login))?;
        serde_json::from_slice(&text).map_err(|error| Fault::new(Reason::StateForged, error.to_string()))
    }
}

/// Bound to the login and to the question: what waits for one answer opens for no other.
fn purpose(login: &AtStepUp) -> String {
    format!("half-done login {} {}", login.asked.login, login.question)
}

fn sent(trail: &Trail, login: &AtStepUp) -> Record {
    Record {
        event: Event::QuestionSent,
        step_up: Some(login.step_up.clone()),
        message: Some(login.question.to_string()),
        in_response_to: Some(login.asked.request.to_string()),
        ..trail.allowed(Actor::Broker, Reason::LoginStepUp)
    }
}

fn check_may_show_a_page(login: &AtIdp) -> Result<(), Fault> {
    if login.asked.is_passive {
        return Err(Fault::new(Reason::Passive, "the level must be raised, and no page may be shown"));
    }
    Ok(())
}

fn check_reach(provider: &IdentityProvider, level: Nsis) -> Result<(), Fault> {
    if provider.ceiling.nsis < Some(level) {
        let detail = format!("{} is not registered for NSIS {}", provider.entity_id, level.word());
        return Err(Fault::new(Reason::LoaLower, detail));
    }
    Ok(())
}

fn not_allowed(authority: Cvr) -> Fault {
    Fault::new(Reason::AgreementMissing, format!("{authority} does not allow this step-up"))
}

/// The municipality may have withdrawn its permission while the user was away.
fn still_allowed<'l>(snapshot: &Snapshot, login: &'l AtStepUp) -> Result<&'l EntityId, Fault> {
    let authority = snapshot.federation().authority(login.authority);
    let allowed = authority.and_then(|authority| authority.step_up.as_ref());
    if allowed == Some(&login.step_up) { Ok(&login.step_up) } else { Err(not_allowed(login.authority)) }
}

/// A robot of the municipality's was stopped at the first leg; the second provider may call one what the first did not.
fn check_is_a_person(subject: &Subject, asked: &Asked) -> Result<(), Fault> {
    if subject.is_robot { robot::check_level(&asked.requirement) } else { Ok(()) }
}

/// Whoever answered must be known to be the user of the first leg, in the same organisation.
fn check_same_person(assertion: &Assertion, authority: Cvr, linked: &PersonUuid) -> Result<(), Fault> {
    check_profile(assertion, Dialect::Oiosaml3)?;
    let missing = || Fault::new(Reason::AttrMissing, format!("expected {}", name::CVR.oiosaml3));
    let stated = assertion.attributes.one(name::CVR)?.ok_or_else(missing)?;
    let stated = Cvr::new(stated).map_err(|bad| Fault::new(Reason::ValueFormat, bad.to_string()))?;
    if stated != authority {
        let detail = format!("chosen was {authority}, the second login is for {stated}");
        return Err(Fault::new(Reason::LoaStepUpUser, detail));
    }
    if person_of(assertion)? != *linked {
        return Err(Fault::new(Reason::LoaStepUpUser, "the second login is another person's"));
    }
    Ok(())
}

/// Who an employee is by the second provider's word: by the attribute, or where it is not sent by the NameID.
fn person_of(assertion: &Assertion) -> Result<PersonUuid, Fault> {
    let named = assertion.name_id.strip_prefix(name::PROFESSIONAL_NAME).ok_or_else(|| {
        Fault::new(Reason::Profile, format!("expected a NameID that begins with {}", name::PROFESSIONAL_NAME))
    })?;
    let named = person("the NameID", named)?;
    let stated = assertion.attributes.one_named(name::PERSISTENT_UUID)?;
    stated.map_or(Ok(named), |uuid| person(name::PERSISTENT_UUID, uuid))
}

fn person(place: &str, uuid: &str) -> Result<PersonUuid, Fault> {
    PersonUuid::new(uuid).map_err(|bad| Fault::new(Reason::ValueFormat, format!("{place}: {bad}")))
}
