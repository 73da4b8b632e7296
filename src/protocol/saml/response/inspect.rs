//! An answer looked at from all sides, for the report of a trust run: what is wrong with it besides the first thing that a
//! login stops at. It reads what nobody proved, so nothing of it logs anybody in; whether the login would have is said
//! by [`Unverified::verify`] and [`Verified::accept`](crate::protocol::Verified), whose checks these are.

use jiff::{SignedDuration, Timestamp};

use super::super::assertion::{self, Assertion, Said};
use super::super::review::signer;
use super::super::shown::excerpt;
use super::super::{samlp, status};
use super::accept::{check_question, checks};
use super::{Answer, Carried, Envelope, Expectation, Opening, carried, envelope};
use crate::domain::id::MessageId;
use crate::domain::reason::{Fault, Reason};
use crate::domain::trust::{Check, Finding, Message, Moment, NOTHING, Timing, Verdict};
use crate::protocol::Unverified;
use crate::protocol::keys::{KeyId, TrustedKeys};
use crate::protocol::xml::{Document, Element, decrypt, is_signed, verify};

/// What was seen of an answer.
#[derive(Debug, Default)]
pub struct Inspected {
    /// Check by check.
    pub findings: Vec<Finding>,
    /// What it says about the user, proved or not.
    pub said: Option<Said>,
    /// The messages, masked.
    pub messages: Vec<Message>,
    /// When everything happened.
    pub timing: Option<Timing>,
    /// The keys that signed.
    pub keys: Vec<KeyId>,
}

impl Unverified<Answer<'_>> {
    /// Looks at everything.
    pub fn inspect(&self, opening: Opening<'_>, expected: &Expectation<'_>, now: Timestamp) -> Inspected {
        let root = self.message.root;
        let mut look = Look { opening, expected, now, seen: Inspected::default() };
        look.shows("Response", "POST", root);
        look.status(root);
        let outer = look.signature(Check::SignedResponse, root);
        let all = carried(root);
        look.count(all.len());
        match all.first() {
            Some(Carried::Plain(element)) => {
                let expected = "EncryptedAssertion";
                look.tell(Finding::warning(Check::Encrypted, Reason::EncMissing, expected, "Assertion"));
                look.assertion((root, *element), outer);
            }
            Some(Carried::Encrypted(element)) => look.encrypted((root, *element), outer),
            None => look.refusal(root),
        }
        look.seen
    }
}

impl Unverified<Answer<'_>> {
    /// What it says of itself, proved or not: the codes of its status.
    pub fn status(&self) -> String {
        let status = self.message.root.only_child(samlp("Status"));
        let codes = status.and_then(status::Codes::read);
        codes.map_or(NOTHING.to_owned(), |codes| codes.to_string())
    }

    /// The question that it names, proved or not.
    pub fn question(&self) -> Option<MessageId> {
        self.message.root.attribute("InResponseTo").and_then(|name| MessageId::new(name).ok())
    }

    /// Whether it answers this question, by its own word. A refusal need not be signed; a signature that is there must be
    /// right.
    pub fn check_refusal(&self, question: &MessageId, keys: &TrustedKeys) -> Result<(), Fault> {
        let root = self.message.root;
        if is_signed(root) {
            verify(root, keys)?;
        }
        check_question(&envelope(root)?, Some(question))
    }

    /// The message for people, masked.
    pub fn shown(&self) -> String {
        excerpt(self.message.root)
    }
}

/// An answer that is being looked at.
struct Look<'l> {
    opening: Opening<'l>,
    expected: &'l Expectation<'l>,
    now: Timestamp,
    seen: Inspected,
}

/// What came of a signature, where there is one.
type Signature = Option<Result<(), Fault>>;

impl Look<'_> {
    fn tell(&mut self, finding: Finding) {
        self.seen.findings.push(finding);
    }

    fn shows(&mut self, what: &str, binding: &str, element: Element<'_>) {
        let (what, from) = (what.to_owned(), self.expected.issuer.to_string());
        let (binding, xml) = (binding.to_owned(), excerpt(element));
        self.seen.messages.push(Message { what, from, binding, xml });
    }

    fn status(&mut self, root: Element<'_>) {
        let element = root.only_child(samlp("Status"));
        let codes = element.as_ref().ok().and_then(|status| status::Codes::read(*status).ok());
        let read = element.and_then(status::read);
        let received = codes.map_or(NOTHING.to_owned(), |codes| codes.to_string());
        self.tell(Finding::of(Check::Status, &read, status::SUCCESS, received));
    }

    fn signature(&mut self, check: Check, element: Element<'_>) -> Signature {
        if !is_signed(element) {
            self.tell(Finding::not_applicable(check, NOTHING));
            return None;
        }
        let keys = self.opening.keys;
        let registered: Vec<&str> = keys.certificates().iter().map(|one| one.subject()).collect();
        let proved = verify(element, keys);
        let received = match &proved {
            Ok(signed) => format!("{} ({})", signed.algorithm().uri(), signed.key()),
            Err(_) => signer(element),
        };
        self.tell(Finding::of(check, &proved, registered.join("; "), received));
        self.seen.keys.extend(proved.as_ref().ok().map(|signed| signed.key().clone()));
        Some(proved.map(drop))
    }

    fn count(&mut self, found: usize) {
        let is_refusal =
            |finding: &Finding| finding.check == Check::Status && finding.verdict == Verdict::Fail;
        let fault = || Fault::new(Reason::AssertionCount, format!("expected one assertion, got {found}"));
        self.tell(match found {
            // A refusal carries none.
            0 if self.seen.findings.iter().any(is_refusal) => {
                Finding::not_applicable(Check::OneAssertion, "0")
            }
            1 => Finding::pass(Check::OneAssertion, "1", "1"),
            _ => Finding::of(Check::OneAssertion, &Err::<(), _>(fault()), "1", found.to_string()),
        });
    }

    /// Without an assertion there is still a question that must be named.
    fn refusal(&mut self, root: Element<'_>) {
        let (Ok(envelope), Some((question, _))) = (envelope(root), self.expected.question) else { return };
        let named = envelope.in_response_to.as_ref().map_or(NOTHING, MessageId::as_str);
        let proved = check_question(&envelope, Some(question));
        self.tell(Finding::of(Check::InResponseTo, &proved, question.as_str(), named));
    }

    fn encrypted(&mut self, (root, element): (Element<'_>, Element<'_>), outer: Signature) {
        self.tell(Finding::pass(Check::Encrypted, "EncryptedAssertion", "EncryptedAssertion"));
        let decrypters = self.opening.decrypters;
        let plain = decrypt(element, decrypters, self.opening.cbc);
        let ours: Vec<String> = decrypters.iter().map(|key| key.certificate().id().to_string()).collect();
        self.tell(Finding::of(Check::Opens, &plain, ours.join(", "), methods(element)));
        let Ok(plain) = plain else { return };
        let Ok(document) = Document::parse_decrypted(&plain) else { return };
        self.shows("Assertion", "decrypted", document.root());
        self.assertion((root, document.root()), outer);
    }

    fn assertion(&mut self, (root, element): (Element<'_>, Element<'_>), outer: Signature) {
        let inner = self.signature(Check::SignedAssertion, element);
        self.covered(&outer, &inner);
        self.in_force();
        let (Ok(envelope), Ok(assertion)) = (envelope(root), assertion::read(element)) else { return };
        let checked = checks((&envelope, outer.is_some()), &assertion, self.expected, self.now);
        let told =
            Told { envelope: &envelope, assertion: &assertion, expected: self.expected, now: self.now };
        self.seen.findings.extend(checked.iter().map(|(check, proved)| told.finding(*check, proved)));
        self.time(told.timing());
        self.seen.said = Some(assertion.said);
    }

    fn covered(&mut self, outer: &Signature, inner: &Signature) {
        let missing = || Fault::new(Reason::SigMissing, "neither the Response nor the Assertion is signed");
        let covered: Result<(), Fault> = match (outer, inner) {
            (None, None) => Err(missing()),
            (first, second) => first.iter().chain(second).cloned().collect(),
        };
        let named = |name, signature: &Signature| signature.is_some().then_some(name);
        let received: Vec<&str> =
            [named("Response", outer), named("Assertion", inner)].into_iter().flatten().collect();
        self.tell(Finding::of(Check::Signed, &covered, "Response / Assertion", received.join(", ")));
    }

    fn in_force(&mut self) {
        let keys = self.opening.keys;
        let mut used = self.seen.keys.clone();
        used.dedup();
        for key in used {
            let Some(certificate) = keys.certificates().iter().find(|one| *one.id() == key) else { continue };
            let held = span(Some(certificate.not_before()), Some(certificate.not_after()));
            let proved = keys.check_in_force(&key, self.now);
            self.tell(Finding::of(Check::SigningKey, &proved, self.now.to_string(), held));
        }
    }

    fn time(&mut self, timing: Timing) {
        let (off, tolerance) = (timing.skew.abs(), timing.tolerance);
        let expected = format!("± {} s", tolerance / 1000);
        let received = format!("{:+.1} s", timing.skew as f64 / 1000.0);
        self.tell(if off > tolerance {
            Finding::fail(Check::Skew, Reason::TimeSkew, expected, received)
        } else if off * 2 > tolerance {
            Finding::warning(Check::Skew, Reason::TimeSkew, expected, received)
        } else {
            Finding::pass(Check::Skew, expected, received)
        });
        self.seen.timing = Some(timing);
    }
}

/// The methods by which something is encrypted, by their URIs.
fn methods(element: Element<'_>) -> String {
    fn collect<'d>(element: Element<'d>, found: &mut Vec<&'d str>) {
        if matches!(element.local(), "EncryptionMethod" | "DigestMethod" | "MGF") {
            found.extend(element.attribute("Algorithm"));
        }
        element.children().for_each(|child| collect(child, found));
    }
    let mut found = Vec::new();
    collect(element, &mut found);
    found.join(", ")
}

/// An answer beside what was expected of it.
struct Told<'t> {
    envelope: &'t Envelope,
    assertion: &'t Assertion,
    expected: &'t Expectation<'t>,
    now: Timestamp,
}

impl Told<'_> {
    fn finding(&self, check: Check, proved: &Result<(), Fault>) -> Finding {
        let (expected, received) = match check {
            Check::Issuer => (self.expected.issuer.to_string(), self.issuers()),
            Check::Destination => (self.expected.acs.to_owned(), or_nothing(&self.envelope.destination)),
            Check::InResponseTo => {
                let question = self.expected.question.map(|(question, _)| question);
                (or_nothing(&question), or_nothing(&self.envelope.in_response_to))
            }
            Check::Audience => {
                let named: Vec<&str> =
                    self.assertion.conditions.audiences.iter().flatten().map(String::as_str).collect();
                (self.expected.audience.to_string(), named.join(", "))
            }
            Check::Confirmation => (self.expected.acs.to_owned(), self.confirmations()),
            Check::Conditions => {
                let conditions = &self.assertion.conditions;
                (self.now.to_string(), span(conditions.not_before, conditions.not_on_or_after))
            }
            Check::SessionEnd => {
                let end = self.assertion.said.authn.session_not_on_or_after;
                (format!("> {}", self.now), or_nothing(&end))
            }
            _ => {
                let asked = self.expected.question.map(|(_, asked)| asked);
                (span(asked, Some(self.now)), self.assertion.issue_instant.to_string())
            }
        };
        Finding::of(check, proved, expected, received)
    }

    fn issuers(&self) -> String {
        match &self.envelope.issuer {
            Some(outer) if *outer != self.assertion.issuer => format!("{outer}, {}", self.assertion.issuer),
            _ => self.assertion.issuer.to_string(),
        }
    }

    fn confirmations(&self) -> String {
        let all = self.assertion.confirmations.iter().map(|one| {
            let recipient = or_nothing(&one.recipient);
            let (question, until) = (or_nothing(&one.in_response_to), or_nothing(&one.not_on_or_after));
            format!("Recipient {recipient}, InResponseTo {question}, NotOnOrAfter {until}")
        });
        all.collect::<Vec<_>>().join("; ")
    }

    /// What can be told of the other clock: what it wrote lies between our question and the arrival of the answer, or it
    /// is off by what it lies outside.
    fn timing(&self) -> Timing {
        let made = self.envelope.issue_instant;
        let asked = self.expected.question.map_or(made, |(_, asked)| asked);
        // Most clocks are told to the second.
        let a_second = SignedDuration::from_secs(1);
        let skew = if made > self.now {
            made.duration_since(self.now)
        } else if made + a_second < asked {
            made.duration_since(asked)
        } else {
            SignedDuration::ZERO
        };
        let (authn, conditions) = (&self.assertion.said.authn, &self.assertion.conditions);
        let theirs = [
            ("IssueInstant", Some(made)),
            ("AuthnInstant", Some(authn.instant)),
            ("NotBefore", conditions.not_before),
            ("NotOnOrAfter", conditions.not_on_or_after),
            ("SessionNotOnOrAfter", authn.session_not_on_or_after),
        ];
        let ours = [("asked", Some(asked)), ("arrived", Some(self.now))];
        let moment = |ours| {
            move |(what, at): (&str, Option<Timestamp>)| Some(Moment { what: what.to_owned(), at: at?, ours })
        };
        let mut moments: Vec<Moment> = ours
            .into_iter()
            .filter_map(moment(true))
            .chain(theirs.into_iter().filter_map(moment(false)))
            .collect();
        moments.sort_by_key(|moment| moment.at);
        let in_milliseconds =
            |duration: SignedDuration| i64::try_from(duration.as_millis()).unwrap_or(i64::MAX);
        Timing { moments, skew: in_milliseconds(skew), tolerance: in_milliseconds(self.expected.skew) }
    }
}

fn span(from: Option<Timestamp>, until: Option<Timestamp>) -> String {
    format!("{} – {}", or_nothing(&from), or_nothing(&until))
}

fn or_nothing(value: &Option<impl ToString>) -> String {
    value.as_ref().map_or(NOTHING.to_owned(), ToString::to_string)
}
