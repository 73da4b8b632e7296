//! Telling those who take messages from servers: all at once, and nobody waits longer for them than the limit. Who does
//! not confirm is told again later, with growing pauses, and given up after a few times.

use jiff::{SignedDuration, Timestamp};
use tokio::task::JoinSet;

use super::Side;
use super::client::LogoutTokens;
use super::party::{KnownParty, MAX_ANSWER};
use super::way::{Way, way};
use crate::broker::Broker;
use crate::broker::breaker::{ALONE, Pass};
use crate::broker::egress::Posted;
use crate::broker::registry::Snapshot;
use crate::domain::audit::{Actor, Event, Record};
use crate::domain::id::{LoginId, MessageId};
use crate::domain::login::PENDING_FOR;
use crate::domain::reason::{Fault, Reason};
use crate::domain::session::{Leg, LegState, Logout, Party};
use crate::protocol::keys::fingerprint;
use crate::protocol::saml::X509_SUBJECT_NAME;
use crate::protocol::saml::logout::response::{self, Expectation, Outcome};
use crate::protocol::saml::logout::{OurLogout, Says};
use crate::protocol::xml::Document;
use crate::store::{Batch, LegChange};

/// How long after the first, the second … try somebody is told again who did not confirm.
const PAUSES: [SignedDuration; 6] = [
    SignedDuration::from_secs(10),
    SignedDuration::from_mins(1),
    SignedDuration::from_mins(5),
    SignedDuration::from_mins(15),
    SignedDuration::from_hours(1),
    SignedDuration::from_hours(1),
];

/// So many are told again at once; the others wait for the next round.
const AT_ONCE: u32 = 100;

/// How long a request of ours holds.
pub(super) const HOLDS_FOR: SignedDuration = SignedDuration::from_mins(5);

/// Somebody who must hear that a session is over.
pub(super) struct Errand {
    pub(super) logout: LoginId,
    /// What every record about it says.
    about: Record,
    begun: Timestamp,
    pub(super) leg: Leg,
    /// Whether a browser is there to take the news.
    by_browser: bool,
}

impl Errand {
    /// Everybody of a logout who has not heard of it.
    pub(super) fn all(logout: &Logout, by_browser: bool) -> Vec<Self> {
        let untold = logout.legs.iter().filter(|leg| leg.state == LegState::Waiting);
        untold.map(|leg| Self::one(logout, leg, by_browser)).collect()
    }

    pub(super) fn one(logout: &Logout, leg: &Leg, by_browser: bool) -> Self {
        let about =
            Record::allowed(logout.begun, logout.id, Event::LogoutSent, Actor::Broker, Reason::SloTold);
        let mut about = Record { session: Some(logout.session), authority: Some(logout.authority), ..about };
        match &leg.party {
            Party::Fagsystem { fagsystem, .. } => about.fagsystem = Some(fagsystem.clone()),
            Party::Provider(provider) => about.idp = Some(provider.idp.clone()),
        }
        Self { logout: logout.id, about, begun: logout.begun, leg: leg.clone(), by_browser }
    }

    /// The record that it was told, by this question at this address.
    pub(super) fn sent(&self, question: &MessageId, address: &str, at: Timestamp) -> Record {
        let mut record = Record { at, message: Some(question.to_string()), ..self.about.clone() };
        record.endpoint = address.to_owned();
        record
    }

    /// The record of what came back.
    fn heard(&self, question: &MessageId, at: Timestamp) -> Record {
        Record {
            at,
            event: Event::LogoutConfirmed,
            actor: Actor::Unauthenticated,
            in_response_to: Some(question.to_string()),
            ..self.about.clone()
        }
    }

    /// The record that nothing came back.
    pub(super) fn heard_nothing(&self, at: Timestamp) -> Record {
        refused(self.about.clone(), &Fault::new(Reason::SloDown, "the browser did not come back"), at)
    }

    /// What becomes of a leg that no server can be told of: the browser takes the news, if there is one and it is not too
    /// late, or nobody does.
    fn not_by_server(self, way: Way<'_>, now: Timestamp) -> (LegChange, Option<Record>) {
        let leg = self.leg.clone();
        if matches!(way, Way::Browser) && self.by_browser {
            let next = Some(self.begun + PENDING_FOR);
            return (self.changed(Leg { next, ..leg }), None);
        }
        let was_told = leg.state == LegState::Told; // the browser went there and never came back
        let state = if was_told { LegState::Failed } else { LegState::Untold };
        let record = refused(self.about.clone(), &way.closed(), now);
        (self.changed(Leg { state, next: None, ..leg }), Some(record))
    }

    /// The record that its server is left alone: one of the first time, since somebody who is dead for days and whom many
    /// are to be told to is looked at again and again.
    fn first_left_alone(&self, alone: &Fault, now: Timestamp) -> Option<Record> {
        let is_first = now.duration_since(self.begun) < ALONE;
        is_first.then(|| refused(self.about.clone(), alone, now))
    }

    /// What becomes of a leg whose server is left alone for a while: it counts as no try.
    fn left_alone(self, now: Timestamp) -> LegChange {
        let leg = Leg { next: Some(now + ALONE), ..self.leg.clone() };
        self.changed(leg)
    }

    fn changed(self, leg: Leg) -> LegChange {
        LegChange { logout: self.logout, leg }
    }
}

/// Somebody who was told, and has not answered yet.
struct Told {
    errand: Errand,
    question: MessageId,
    /// Whether it answers with a message, which must be proved.
    answers: bool,
    /// Why nothing could be written to it: that counts as a try, or it would be due for ever.
    unwritten: Option<Fault>,
}

/// What is on its way to somebody.
enum Post {
    /// To this address.
    Envelope(String, String),
    /// To this address.
    Tokens(String, LogoutTokens),
}

/// The place of somebody who was told, and what came back.
type Answered = (usize, Result<Vec<u8>, Fault>);

impl Broker {
    /// Tells all who take messages from servers, and writes down what became of it. Our own session is over, so whatever
    /// goes wrong here stops nothing: what is not written down is tried again.
    pub(super) async fn tell(&self, errands: Vec<Errand>) {
        if errands.is_empty() {
            return;
        }
        let snapshot = self.snapshot();
        let (mut batch, mut posts, mut told) = (Batch::default(), JoinSet::new(), Vec::new());
        for errand in errands {
            let now = self.clock.now();
            let way = way(&snapshot, &errand.leg.party, now);
            let passes = way.server().map(|address| self.settings.egress.breaker(address));
            let pass = match passes.map(|breaker| breaker.pass(now, Reason::SloDown)).transpose() {
                Ok(pass) => pass,
                Err(alone) => {
                    batch.records.extend(errand.first_left_alone(&alone, now));
                    batch.legs.push(errand.left_alone(now));
                    continue;
                }
            };
            match way {
                Way::Soap(address) => {
                    let question = self.fresh_message();
                    let written = self.by_soap(&errand, &question, address).map(|post| {
                        self.send(&mut posts, told.len(), (post, pass));
                        batch.records.push(errand.sent(&question, address, now));
                    });
                    told.push(Told { errand, question, answers: true, unwritten: written.err() });
                }
                Way::BackChannel(client, address) => {
                    let question = self.fresh_message();
                    let written = self.logout_tokens(&client, &errand.leg.party).map(|tokens| {
                        let record = errand.sent(&question, address, now);
                        batch.records.push(Record { assertion: Some(tokens.jti.to_string()), ..record });
                        self.send(&mut posts, told.len(), (Post::Tokens(address.to_owned(), tokens), pass));
                    });
                    told.push(Told { errand, question, answers: false, unwritten: written.err() });
                }
                way => {
                    let (change, record) = errand.not_by_server(way, now);
                    batch.legs.push(change);
                    batch.records.extend(record);
                }
            }
        }
        let answers = self.answers(posts, told.len()).await;
        for (told, answer) in told.into_iter().zip(answers) {
            let (change, record) = self.settle(&snapshot, told, answer);
            batch.legs.push(change);
            batch.records.push(record);
        }
        if let Err(error) = self.store.commit(batch).await {
            tracing::error!(detail = %error, "who was told of a logout could not be written down");
        }
    }

    fn by_soap(&self, errand: &Errand, question: &MessageId, address: &str) -> Result<Post, Fault> {
        let party = &errand.leg.party;
        let envelope = self.news(party, question, address, |news| news.by_soap(self.keys.signer()))?;
        Ok(Post::Envelope(address.to_owned(), envelope.into_string()))
    }

    fn send(&self, posts: &mut JoinSet<Answered>, number: usize, (post, pass): (Post, Option<Pass>)) {
        let (egress, patience) = (self.settings.egress.clone(), self.settings.logout_for);
        let clock = self.clock.clone();
        posts.spawn(async move {
            let answer = async {
                match post {
                    Post::Envelope(address, envelope) => {
                        let answer = egress.post_soap(&address, envelope, MAX_ANSWER, patience).await;
                        answer.and_then(Posted::with_message)
                    }
                    Post::Tokens(address, tokens) => tokens.post(&egress, &address, patience).await,
                }
            };
            let late = |_| Err(Fault::new(Reason::SloDown, "no answer within the time limit"));
            let answer = tokio::time::timeout(patience, answer).await.unwrap_or_else(late);
            match pass {
                Some(pass) if answer.is_ok() => pass.answered(),
                Some(pass) => pass.failed(clock.now()),
                None => {}
            }
            (number, answer)
        });
    }

    /// Tells those again who are due.
    pub async fn tell_again(&self) -> Result<(), Fault> {
        let mut errands = Vec::new();
        for due in self.store.due_legs(self.clock.now(), AT_ONCE).await? {
            let Some(logout) = self.store.logout(due.logout).await? else { continue };
            errands.push(Errand::one(&logout, &due.leg, false));
        }
        self.tell(errands).await;
        Ok(())
    }

    /// Writes the news for a party.
    pub(in crate::broker) fn news<T>(
        &self,
        party: &Party,
        question: &MessageId,
        address: &str,
        write: impl FnOnce(&OurLogout<'_>) -> Result<T, Fault>,
    ) -> Result<T, Fault> {
        let now = self.clock.now();
        let (name_id, name_format, session_indexes) = match party {
            Party::Fagsystem { name, indexes, .. } => {
                let indexes = indexes.iter().map(ToString::to_string).collect();
                (name, Some(X509_SUBJECT_NAME), indexes)
            }
            Party::Provider(at) => (&at.name, at.format.as_deref(), Vec::from_iter(at.index.clone())),
        };
        let says = Says::End {
            name_id,
            name_format,
            session_indexes: &session_indexes,
            not_on_or_after: now + HOLDS_FOR,
        };
        let issuer = &self.settings.entity_id;
        write(&OurLogout { id: question, issuer, issue_instant: now, destination: address, says })
    }

    /// What came back, each in its place. Nobody takes longer than the time limit.
    async fn answers(&self, mut posts: JoinSet<Answered>, count: usize) -> Vec<Result<Vec<u8>, Fault>> {
        let nothing = || Err(Fault::new(Reason::SloDown, "nothing came back"));
        let mut answers: Vec<_> = std::iter::repeat_with(nothing).take(count).collect();
        while let Some(answered) = posts.join_next().await {
            if let Ok((number, answer)) = answered
                && let Some(place) = answers.get_mut(number)
            {
                *place = answer;
            }
        }
        answers
    }

    /// What becomes of a leg by what came back, and what is written down about it.
    fn settle(&self, snapshot: &Snapshot, told: Told, answer: Result<Vec<u8>, Fault>) -> (LegChange, Record) {
        let now = self.clock.now();
        let Told { errand, question, answers, unwritten } = told;
        let mut heard = errand.heard(&question, now);
        let judged =
            unwritten.map_or(answer, Err).map_err(|fault| Fault::new(Reason::SloDown, fault.to_string()));
        let judged = judged.and_then(|body| match answers {
            true => self.believe_confirmed(snapshot, &errand.leg.party, (&body, &question), &mut heard),
            false => Ok(Outcome::Ended), // at its registered address, which took the token
        });
        let attempts = errand.leg.attempts + 1;
        let leg = Leg { question: Some(question), attempts, next: None, ..errand.leg.clone() };
        let leg = match judged {
            Ok(outcome) => Leg { state: outcome_of(&outcome, &mut heard), ..leg },
            Err(fault) => {
                heard = refused(heard, &fault, now);
                let pause = PAUSES.get(leg.attempts as usize - 1);
                let state = if pause.is_some() { LegState::Waiting } else { LegState::Failed };
                Leg { state, next: pause.map(|pause| now + *pause), ..leg }
            }
        };
        (errand.changed(leg), heard)
    }

    /// Proves an answer that came back over our own connection.
    fn believe_confirmed(
        &self,
        snapshot: &Snapshot,
        party: &Party,
        (body, question): (&[u8], &MessageId),
        heard: &mut Record,
    ) -> Result<Outcome, Fault> {
        let now = self.clock.now();
        heard.sha256 = Some(fingerprint(body));
        let side = Side::of(party);
        let known = KnownParty::of(snapshot, side, party.entity_id(), now)?; // still switched on
        let document = Document::parse(body)?;
        let answer = response::claimed_in_soap(&document)?;
        let answer = answer.verify(known.keys)?; // signed by its own key
        heard.actor = side.actor();
        heard.key = Some(answer.proof().key.as_str().to_owned());
        heard.algorithm = Some(answer.proof().algorithm.uri().to_owned());
        known.keys.check_in_force(&answer.proof().key, now)?; // which has not expired
        let expected = Expectation {
            issuer: party.entity_id(),
            request: question,
            here: None,
            skew: self.settings.skew,
        };
        let answer = answer.accept(&expected, now)?; // from whom we asked, to our question
        heard.message = Some(answer.id.to_string());
        Ok(answer.outcome.clone())
    }
}

/// What a proved answer makes of a leg.
pub(super) fn outcome_of(outcome: &Outcome, heard: &mut Record) -> LegState {
    let (state, reason, detail) = match outcome {
        Outcome::Ended => (LegState::Confirmed, Reason::SloConfirmed, None),
        Outcome::InPart => (LegState::Failed, Reason::SloPartial, None),
        Outcome::Refused(codes) => (LegState::Failed, Reason::SloRefused, Some(Record::tame(codes))),
    };
    heard.reason = reason.code().to_owned();
    heard.detail = detail;
    state
}

fn refused(record: Record, fault: &Fault, at: Timestamp) -> Record {
    Record {
        at,
        event: Event::LogoutConfirmed,
        allowed: false,
        reason: fault.reason.code().to_owned(),
        detail: Some(Record::tame(&fault.detail)),
        ..record
    }
}
