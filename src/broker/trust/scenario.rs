//! What belongs to what is tried: where the scenario asks for something of its own, or its right end is a refusal.

use super::super::audit::Trail;
use super::observe::levels_of;
use super::observed::Observed;
use crate::domain::login::Asked;
use crate::domain::reason::{Fault, Reason};
use crate::domain::trust::{Check, Finding, NOTHING, Scenario, Verdict};

/// Whether a status is the refusal for want of a page, and nothing else.
pub(super) fn is_no_passive(status: &str) -> bool {
    status.ends_with("NoPassive") && !status.starts_with("Success")
}

/// The login's own word. Where no page may be shown, the right end is a refusal, and for that alone.
pub(super) fn let_in(scenario: Scenario, outcome: Result<(), &Fault>, status: Option<&Finding>) -> Finding {
    let passive = scenario == Scenario::Passive && status.is_some_and(|one| is_no_passive(&one.received));
    match outcome {
        Ok(()) => Finding::pass(Check::LetIn, "", ""),
        Err(fault) if passive && fault.reason == Reason::Status => {
            Finding::not_applicable(Check::LetIn, "NoPassive")
        }
        Err(fault) => Finding::of(Check::LetIn, &Err::<(), _>(fault.clone()), "", fault.reason.code()),
    }
}

/// The status of the first answer. Where no page may be shown, a refusal for that very reason is the right one.
pub(super) fn status(scenario: Scenario, observed: &mut Observed) -> Option<Finding> {
    let status = observed.findings.iter_mut().find(|one| one.check == Check::Status)?;
    if scenario == Scenario::Passive && is_no_passive(&status.received) {
        *status = Finding::pass(Check::Status, "NoPassive", status.received.as_str());
    }
    Some(status.clone())
}

/// Where an encrypted answer is what is tried, one in the clear is wrong.
pub(super) fn encrypted(scenario: Scenario, observed: &mut Observed) {
    let used = observed.findings.iter_mut().find(|one| one.check == Check::Encrypted);
    if let (Scenario::Encrypted, Some(used)) = (scenario, used)
        && used.verdict == Verdict::Warning
    {
        used.verdict = Verdict::Fail;
    }
}

/// What belongs to the scenario.
pub(super) fn scenario(
    trail: &Trail,
    observed: &Observed,
    outcome: Result<(), &Fault>,
    (scenario, asked, status): (Scenario, &Asked, Option<&Finding>),
) -> Option<Finding> {
    let succeeded = status.is_some_and(|status| status.verdict == Verdict::Pass);
    let received = status.map_or_else(String::new, |status| status.received.clone());
    match scenario {
        Scenario::ForceAuthn => fresh(observed, asked),
        Scenario::Passive => Some(silent(&received, succeeded)),
        Scenario::NextKey if succeeded => Some(Finding::pass(Check::NextKey, "", received)),
        Scenario::NextKey => Some(Finding::fail(Check::NextKey, Reason::KeyNext, "Success", received)),
        Scenario::Robot if outcome.is_ok() => {
            let is_robot = observed.subject.as_ref().is_some_and(|subject| subject.is_robot);
            Some(match is_robot {
                true => Finding::pass(Check::Robot, "", ""),
                false => Finding::fail(Check::Robot, Reason::RobotMissing, "", ""),
            })
        }
        Scenario::Service if outcome.is_ok() => unasked(observed),
        Scenario::StepUp => Some(stepped_up(trail, outcome, levels_of(asked.requirement.levels()))),
        _ => None,
    }
}

/// A question that forbids pages: whoever is not logged in is refused for that.
fn silent(received: &str, succeeded: bool) -> Finding {
    let (check, expected) = (Check::Silent, "NoPassive");
    match succeeded {
        _ if is_no_passive(received) => Finding::pass(check, expected, received),
        true => Finding::warning(check, Reason::PassiveSession, expected, received),
        false => Finding::fail(check, Reason::Status, expected, received),
    }
}

/// Rights that came with the assertion say nothing about the service that was to be tried.
fn unasked(observed: &Observed) -> Option<Finding> {
    let is_asked = observed.findings.iter().any(|one| one.check == Check::ServiceAnswered);
    let told = || Finding::fail(Check::ServiceAnswered, Reason::AsUnasked, "AttributeQuery", NOTHING);
    (!is_asked).then(told)
}

/// A level that is reached at home says nothing about the step-up that was to be tried.
fn stepped_up(trail: &Trail, outcome: Result<(), &Fault>, expected: String) -> Finding {
    let level = trail.record.level.clone().unwrap_or_default();
    match outcome {
        Ok(()) if trail.record.step_up.is_some() => Finding::pass(Check::StepUp, expected, level),
        Ok(()) => Finding::not_applicable(Check::StepUp, level),
        Err(fault) => Finding::of(Check::StepUp, &Err::<(), _>(fault.clone()), expected, fault.reason.code()),
    }
}

/// Whether the user authenticated after we asked.
fn fresh(observed: &Observed, asked: &Asked) -> Option<Finding> {
    let timing = observed.shown.timing.as_ref()?;
    let at = timing.moments.iter().find(|moment| moment.what == "AuthnInstant")?.at;
    let tolerance = jiff::SignedDuration::from_millis(timing.tolerance);
    let (expected, received) = (format!("≥ {}", asked.begun), at.to_string());
    Some(match asked.begun.duration_since(at) <= tolerance {
        true => Finding::pass(Check::Fresh, expected, received),
        false => Finding::fail(Check::Fresh, Reason::ForceIgnored, expected, received),
    })
}
