//! The checks between a proved answer and an accepted one: one list, and all of them count. A trust run reads the same
//! list to its end.

use jiff::{SignedDuration, Timestamp};

use super::super::assertion::{Assertion, Conditions, Confirmation};
use super::{Envelope, Response};
use crate::domain::id::{EntityId, MessageId};
use crate::domain::reason::{Fault, Reason};
use crate::domain::trust::Check;
use crate::protocol::{Accepted, Verified};

/// What an acceptable answer must fit.
#[derive(Clone, Copy, Debug)]
pub struct Expectation<'e> {
    /// The identity provider that we asked.
    pub issuer: &'e EntityId,
    /// Our name towards identity providers.
    pub audience: &'e EntityId,
    /// The address that the answer arrived at.
    pub acs: &'e str,
    /// The question that it must answer; none only when a stored answer is judged without its question.
    pub question: Option<(&'e MessageId, Timestamp)>,
    /// How far clocks may differ.
    pub skew: SignedDuration,
}

impl Verified<Response> {
    /// Accepts the answer if it is for us, now, in answer to our question.
    pub fn accept(self, expected: &Expectation<'_>, now: Timestamp) -> Result<Accepted<Response>, Fault> {
        let Response { envelope, response_signed, assertion, .. } = &self.message;
        for (_, proved) in checks((envelope, *response_signed), assertion, expected, now) {
            proved?;
        }
        Ok(Accepted { message: self.message, proof: self.proof })
    }
}

/// What was checked, and what came of it.
pub(super) type Checked = (Check, Result<(), Fault>);

/// Every check, in the order in which the first that fails ends a login.
pub(super) fn checks(
    (envelope, response_signed): (&Envelope, bool),
    assertion: &Assertion,
    expected: &Expectation<'_>,
    now: Timestamp,
) -> [Checked; 8] {
    let conditions = &assertion.conditions;
    [
        (Check::Issuer, check_issuers(envelope, assertion, expected)),
        (Check::Destination, check_place(envelope, response_signed, expected)),
        (Check::IssuedAt, check_made(envelope, assertion, expected, now)),
        (Check::InResponseTo, check_question(envelope, expected.question.map(|(question, _)| question))),
        (Check::Conditions, check_time(conditions, expected.skew, now)),
        (Check::Audience, check_audiences(conditions, expected)),
        (Check::Confirmation, check_confirmation(assertion, expected, now)),
        (Check::SessionEnd, check_session(assertion, expected, now)),
    ]
}

fn check_issuers(
    envelope: &Envelope,
    assertion: &Assertion,
    expected: &Expectation<'_>,
) -> Result<(), Fault> {
    if envelope.issuer.as_ref().is_some_and(|issuer| *issuer != assertion.issuer) {
        return Err(Fault::new(
            Reason::IssuerMismatch,
            "the Response and its Assertion name different issuers",
        ));
    }
    if assertion.issuer != *expected.issuer {
        let detail = format!("expected {}, got {}", expected.issuer, assertion.issuer);
        return Err(Fault::new(Reason::IdpUnexpected, detail));
    }
    Ok(())
}

/// Destination must be right where it stands, and must stand where the response is signed.
fn check_place(envelope: &Envelope, response_signed: bool, expected: &Expectation<'_>) -> Result<(), Fault> {
    match &envelope.destination {
        Some(destination) if destination == expected.acs => Ok(()),
        None if !response_signed => Ok(()),
        got => {
            let got = got.as_deref().unwrap_or("no Destination");
            Err(Fault::new(Reason::Recipient, format!("expected {}, got {got}", expected.acs)))
        }
    }
}

fn check_made(
    envelope: &Envelope,
    assertion: &Assertion,
    expected: &Expectation<'_>,
    now: Timestamp,
) -> Result<(), Fault> {
    let latest = now + expected.skew;
    let earliest = expected.question.map(|(_, asked_at)| asked_at - expected.skew);
    for made in [envelope.issue_instant, assertion.issue_instant] {
        if made > latest || earliest.is_some_and(|earliest| made < earliest) {
            return Err(Fault::new(
                Reason::TimeIssue,
                format!("made at {made}, which does not fit the login at {now}"),
            ));
        }
    }
    Ok(())
}

pub(super) fn check_question(envelope: &Envelope, question: Option<&MessageId>) -> Result<(), Fault> {
    let Some(question) = question else { return Ok(()) };
    match &envelope.in_response_to {
        None => Err(Fault::new(Reason::IrtMissing, format!("expected InResponseTo {question}, got none"))),
        Some(got) if got != question => {
            Err(Fault::new(Reason::IrtUnknown, format!("expected InResponseTo {question}, got {got}")))
        }
        Some(_) => Ok(()),
    }
}

/// Where several parties are named, we must be one; where nobody is named, it is for nobody.
fn check_audiences(conditions: &Conditions, expected: &Expectation<'_>) -> Result<(), Fault> {
    if conditions.audiences.is_empty() {
        return Err(Fault::new(Reason::Audience, format!("expected {}, got none", expected.audience)));
    }
    check_audience(conditions, expected.audience)
}

pub(in crate::protocol::saml) fn check_time(
    conditions: &Conditions,
    skew: SignedDuration,
    now: Timestamp,
) -> Result<(), Fault> {
    let too_early = conditions.not_before.is_some_and(|from| now + skew < from);
    let too_late = conditions.not_on_or_after.is_some_and(|until| now - skew >= until);
    if too_early || too_late {
        let detail =
            format!("not valid at {now}: {:?} to {:?}", conditions.not_before, conditions.not_on_or_after);
        return Err(Fault::new(Reason::TimeConditions, detail));
    }
    Ok(())
}

/// Every restriction that is there must name us.
pub(in crate::protocol::saml) fn check_audience(conditions: &Conditions, us: &EntityId) -> Result<(), Fault> {
    let names_us = |names: &Vec<String>| names.iter().any(|name| name == us.as_str());
    if !conditions.audiences.iter().all(names_us) {
        return Err(Fault::new(Reason::Audience, format!("expected {us}, got {:?}", conditions.audiences)));
    }
    Ok(())
}

/// One bearer confirmation must fit; the fault of the first that does not is told.
fn check_confirmation(
    assertion: &Assertion,
    expected: &Expectation<'_>,
    now: Timestamp,
) -> Result<(), Fault> {
    let mut first = None;
    for confirmation in &assertion.confirmations {
        match fits(confirmation, expected, now) {
            Ok(()) => return Ok(()),
            Err(fault) => first = first.or(Some(fault)),
        }
    }
    let none = || {
        let others = assertion.other_methods;
        Fault::new(Reason::ScdMethod, format!("expected a bearer confirmation, got {others} others"))
    };
    Err(first.unwrap_or_else(none))
}

fn fits(confirmation: &Confirmation, expected: &Expectation<'_>, now: Timestamp) -> Result<(), Fault> {
    if confirmation.not_before.is_some() {
        return Err(Fault::new(Reason::ScdMethod, "a bearer confirmation must not have NotBefore"));
    }
    match &confirmation.recipient {
        Some(recipient) if recipient == expected.acs => {}
        got => {
            let got = got.as_deref().unwrap_or("no Recipient");
            return Err(Fault::new(Reason::Recipient, format!("expected {}, got {got}", expected.acs)));
        }
    }
    match confirmation.not_on_or_after {
        Some(until) if now - expected.skew < until => {}
        Some(until) => return Err(Fault::new(Reason::TimeScd, format!("ended at {until}, it is {now}"))),
        None => return Err(Fault::new(Reason::TimeScd, "expected NotOnOrAfter on the confirmation")),
    }
    match (expected.question, &confirmation.in_response_to) {
        (None, _) => Ok(()),
        (Some((question, _)), Some(got)) if got == question => Ok(()),
        (Some((question, _)), Some(got)) => {
            Err(Fault::new(Reason::IrtUnknown, format!("expected InResponseTo {question}, got {got}")))
        }
        (Some(_), None) => Err(Fault::new(Reason::IrtMissing, "expected InResponseTo on the confirmation")),
    }
}

fn check_session(assertion: &Assertion, expected: &Expectation<'_>, now: Timestamp) -> Result<(), Fault> {
    match assertion.said.authn.session_not_on_or_after {
        Some(end) if now - expected.skew >= end => {
            Err(Fault::new(Reason::TimeSession, format!("the session ended at {end}, it is {now}")))
        }
        _ => Ok(()),
    }
}
