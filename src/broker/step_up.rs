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
use super::marks::of_request;
use super::registry::{KnownIdp, Snapshot};
use super::session::{Remembered, Sso};
use super::trust::observed::Observed;
use super::{Broker, Next, Visit};
use crate::domain::assurance::{Nsis, Requirement};
use crate::domain::audit::{Actor, Event, Record};
use crate::domain::federation::{Dialect, IdentityProvider};
use crate::domain::id::{Cvr, EntityId, MessageId, PersonUuid};
use crate::domain::login::{AtIdp, AtStepUp, PENDING_FOR, Pending};
use crate::domain::reason::{Fault, Reason};
use crate::domain::robot;
use crate::domain::subject::{Grant, Subject};
use crate::protocol::Unverified;
use crate::protocol::saml::assertion::Said;
use crate::protocol::saml::attribute as name;
use crate::protocol::saml::response::Answer;
use crate::store::{Batch, HalfDone, Mark, StoreError};

/// What the first leg proved.
#[derive(Serialize, Deserialize)]
pub(super) struct FirstLeg {
    pub(super) subject: Subject,
    pub(super) said: Said,
    /// What a trust run has seen so far.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub(super) observed: Option<Box<Observed>>,
    #[serde(skip)]
    pub(super) used: Vec<Mark>,
}

impl Broker {
    /// The first leg is done: keeps what it proved, and sends the user on.
    pub(super) async fn begin_step_up(
        &self,
        trail: &mut Trail,
        login: AtIdp,
        mut first: FirstLeg,
        level: Nsis,
    ) -> Result<Next, Fault> {
        let now = self.clock.now();
        let snapshot = self.snapshot();
        check_may_show_a_page(&login)?;
        let provider = self.way_up(&snapshot, &first.subject, &first.said, level).await?; // nobody is sent on in vain
        let id = MessageId::made(now, self.random.bits());
        let question = self.question(&login.asked, &provider, &id, &Put::step_up(level))?;
        first.observed.iter_mut().for_each(|seen| seen.sends(&question, &self.settings.entity_id));
        let received = trail.allowed(Actor::IdentityProvider, Reason::LoaStepUp);
        let login = login.step_up(provider.registered.entity_id.clone(), id, now);
        let batch = Batch {
            unused: vec![of_request(&login.asked, now)],
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
        subject: &Subject,
        said: &Said,
        level: Nsis,
    ) -> Result<KnownIdp<'s>, Fault> {
        self.linked(subject, said).await?;
        let authority = subject.authority;
        let provider = snapshot.federation().step_up(authority).ok_or_else(|| not_allowed(authority))?;
        let provider = snapshot.idp(&provider.entity_id, self.clock.now())?; // on, with metadata that holds
        check_reach(provider.registered, level)?;
        Ok(provider)
    }

    /// The second leg is answered.
    pub(super) async fn finish_step_up(
        &self,
        trail: &mut Trail,
        visit: &Visit,
        answer: Unverified<Answer<'_>>,
        login: AtStepUp,
    ) -> Result<Next, Fault> {
        let now = self.clock.now();
        let snapshot = self.snapshot();
        login.asked.check_age(now)?; // not long ago
        trail.asks(&login.asked);
        trail.expects_step_up(&login);
        let (federation, asked) = (snapshot.federation(), &login.asked);
        let (agreement, _) = snapshot.agreed(asked, (login.authority, &login.idp), now)?; // still
        let provider = still_allowed(&snapshot, login.authority, &login.step_up)?;
        let provider = snapshot.idp(provider, now)?; // the one we asked, still on
        let answer = self.accept_answer(trail, answer, &provider, (&login.question, login.at))?; // proved, for us, now
        let first = self.first_leg(&login).await?; // which waits for this answer
        trail.saw_before(first.observed);
        let second = &answer.assertion().said;
        asked.check_fresh(second.authn.instant, (login.at, now), self.settings.skew)?; // anew, where that is asked
        let subject = self.raise(trail, first.subject, (&first.said, second), &provider).await?; // the same person
        check_level(trail, &subject, &asked.requirement)?; // sure enough now
        let (grant, rulings) = Grant::new(subject, agreement, federation, now)?; // only what was agreed, in its own roles
        trail.ruled(rulings); // each role kept or dropped, and why
        let remembered = Remembered { municipal: first.said, step_up: Some((login.step_up, second.clone())) };
        let uses = self.marks_of((&login.question, login.at), &answer);
        let batch = Batch { uses, takes: Some(login.question), ..Batch::default() };
        self.complete(trail, (visit, asked), &grant, Sso::Begins(Box::new(remembered)), batch).await
    }

    /// The user at the level that the second provider states. The rest is the municipality's word.
    pub(super) async fn raise(
        &self,
        trail: &mut Trail,
        subject: Subject,
        (first, second): (&Said, &Said),
        provider: &KnownIdp<'_>,
    ) -> Result<Subject, Fault> {
        check_same_person(second, subject.authority, &self.linked(&subject, first).await?)?;
        let mut level = level(second, provider)?; // by the register's measure
        level.noticed.extend(chain(second, provider));
        let subject = Subject { level, is_robot: is_called_robot(second)?, ..subject };
        trail.reached(&subject);
        Ok(subject)
    }

    /// The person that the user is linked to, said by who may say it: the municipality's provider in the assertion that it
    /// signed, or else the municipality in what it told us about its user.
    async fn linked(&self, subject: &Subject, said: &Said) -> Result<PersonUuid, Fault> {
        if let Some(uuid) = said.attributes.one_named(name::PERSISTENT_UUID)? {
            return person(name::PERSISTENT_UUID, uuid);
        }
        let user = self.user(subject.authority, subject.name.serial()).await?;
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
pub(super) fn still_allowed<'l>(
    snapshot: &Snapshot,
    authority: Cvr,
    provider: &'l EntityId,
) -> Result<&'l EntityId, Fault> {
    let allowed = snapshot.federation().authority(authority).and_then(|known| known.step_up.as_ref());
    if allowed == Some(provider) { Ok(provider) } else { Err(not_allowed(authority)) }
}

/// Whether the level is enough now. A robot of the municipality's was stopped at the first leg; the second provider may
/// call one what the first did not.
pub(super) fn check_level(
    trail: &mut Trail,
    subject: &Subject,
    requirement: &Requirement,
) -> Result<(), Fault> {
    if subject.is_robot {
        robot::check_level(requirement)?;
    }
    trail.judged(subject.level.judge(requirement, false)).without_step_up()
}

/// Whoever answered must be known to be the user of the first leg, in the same organisation.
fn check_same_person(said: &Said, authority: Cvr, linked: &PersonUuid) -> Result<(), Fault> {
    check_profile(said, Dialect::Oiosaml3)?;
    let missing = || Fault::new(Reason::AttrMissing, format!("expected {}", name::CVR.oiosaml3));
    let stated = said.attributes.one(name::CVR)?.ok_or_else(missing)?;
    let stated = Cvr::new(stated).map_err(|bad| Fault::new(Reason::ValueFormat, bad.to_string()))?;
    if stated != authority {
        let detail = format!("chosen was {authority}, the second login is for {stated}");
        return Err(Fault::new(Reason::LoaStepUpUser, detail));
    }
    if person_of(said)? != *linked {
        return Err(Fault::new(Reason::LoaStepUpUser, "the second login is another person's"));
    }
    Ok(())
}

/// Who an employee is by the second provider's word: by the attribute, or where it is not sent by the NameID.
fn person_of(said: &Said) -> Result<PersonUuid, Fault> {
    let named = said.name_id.strip_prefix(name::PROFESSIONAL_NAME).ok_or_else(|| {
        Fault::new(Reason::Profile, format!("expected a NameID that begins with {}", name::PROFESSIONAL_NAME))
    })?;
    let named = person("the NameID", named)?;
    let stated = said.attributes.one_named(name::PERSISTENT_UUID)?;
    stated.map_or(Ok(named), |uuid| person(name::PERSISTENT_UUID, uuid))
}

fn person(place: &str, uuid: &str) -> Result<PersonUuid, Fault> {
    PersonUuid::new(uuid).map_err(|bad| Fault::new(Reason::ValueFormat, format!("{place}: {bad}")))
}
