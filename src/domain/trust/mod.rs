//! Trust verification: what is tried, what is looked at, and what came of it.
//!
//! A trust run is a login that lets nobody in. It drives the code of the login, and beside it looks at everything that the
//! login would have stopped before. What it finds is told check by check; what a failed check means and how it is mended
//! stands on the page of its [`Reason`].

mod adoption;
mod check;
mod difference;
mod expect;
mod forecast;
mod junit;
mod klik;
mod mirror;
mod published;
mod report;
mod scenario;
mod task;
mod told;
mod tried;
mod weather;

use serde::{Deserialize, Serialize};

use super::faults::{Explanation, Sentence};
use super::reason::{Fault, Reason};

pub use adoption::{Adoption, Fetched, Use};
pub use check::{Check, Section};
pub use difference::{Difference, visible};
pub use expect::{Expectation, Expected};
pub use forecast::{Reach, Reached, foreseen};
pub use junit::{junit, xml_escaped};
pub use klik::{FRESH_FOR, Facts, Line, Progress, Provider, Step};
pub use mirror::{Mirror, Rejected, Token, Trace};
pub use published::{Published, SCHEMA};
pub use report::{
    Assurance, Attribute, Becomes, Certified, Environment, Message, Moment, Name, Preview, Report, Role,
    Sent, Service, Shown, Timing,
};
pub use scenario::Scenario;
pub use task::{Evidence, Mark, State, Task};
pub use told::{Change, Said};
pub use tried::Tried;
pub use weather::{CertificateUse, Holder, Outlook, PartyCheck, WARNED_AT, days_left};

/// How a check ended. The worst of all is the verdict of the whole.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    /// It could not be looked at, or does not matter here.
    NotApplicable,
    /// As it should be.
    Pass,
    /// It works today, and may not work elsewhere or tomorrow.
    Warning,
    /// It does not work.
    Fail,
}

/// One thing that was looked at.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Finding {
    /// What was looked at.
    pub check: Check,
    /// How it ended.
    pub verdict: Verdict,
    /// Why it is not as it should be; the page of the reason says what to do.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub reason: Option<Reason>,
    /// Which one of several: a certificate, a party, a leg of the login.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub about: Option<String>,
    /// What was expected: a value rather than a sentence.
    #[serde(skip_serializing_if = "String::is_empty", default)]
    pub expected: String,
    /// What came.
    #[serde(skip_serializing_if = "String::is_empty", default)]
    pub received: String,
    /// The words of the exchange log, for whoever looks closely.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub evidence: Option<String>,
}

/// What stands where nothing came.
pub const NOTHING: &str = "–";

impl Finding {
    /// As it should be.
    pub fn pass(check: Check, expected: impl Into<String>, received: impl Into<String>) -> Self {
        Self::new(check, Verdict::Pass, None, expected.into(), received.into())
    }

    /// It works today.
    pub fn warning(
        check: Check,
        reason: Reason,
        expected: impl Into<String>,
        received: impl Into<String>,
    ) -> Self {
        Self::new(check, Verdict::Warning, Some(reason), expected.into(), received.into())
    }

    /// It does not work.
    pub fn fail(
        check: Check,
        reason: Reason,
        expected: impl Into<String>,
        received: impl Into<String>,
    ) -> Self {
        Self::new(check, Verdict::Fail, Some(reason), expected.into(), received.into())
    }

    /// It could not be looked at, or does not matter here.
    pub fn not_applicable(check: Check, received: impl Into<String>) -> Self {
        Self::new(check, Verdict::NotApplicable, None, String::new(), received.into())
    }

    /// What a proof of the login said.
    pub fn of<T>(
        check: Check,
        proved: &Result<T, Fault>,
        expected: impl Into<String>,
        received: impl Into<String>,
    ) -> Self {
        match proved {
            Ok(_) => Self::pass(check, expected, received),
            Err(fault) => Self::fail(check, fault.reason, expected, received).with_evidence(&fault.detail),
        }
    }

    /// With the words of the exchange log.
    #[must_use]
    pub fn with_evidence(self, evidence: &str) -> Self {
        Self { evidence: Some(super::audit::Record::tame(evidence)), ..self }
    }

    /// About one of several.
    #[must_use]
    pub fn about(self, about: impl Into<String>) -> Self {
        Self { about: Some(about.into()), ..self }
    }

    fn new(
        check: Check,
        verdict: Verdict,
        reason: Option<Reason>,
        expected: String,
        received: String,
    ) -> Self {
        let shown = |text: String| if text.is_empty() { NOTHING.to_owned() } else { text };
        Self { check, verdict, reason, about: None, expected, received: shown(received), evidence: None }
    }
}

/// A finding with the words that belong to it, as interfaces for machines tell it.
#[derive(Clone, Debug, Serialize)]
pub struct Told<'f> {
    /// The finding.
    #[serde(flatten)]
    pub finding: &'f Finding,
    /// The section that it stands in.
    pub section: &'static str,
    /// What should be.
    pub title: Sentence,
    /// Why it matters.
    pub why: Sentence,
    /// What is wrong, where something is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub means: Option<Sentence>,
    /// Who must do what then.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fix: Option<Sentence>,
}

impl<'f> Told<'f> {
    /// With its words.
    pub fn of(finding: &'f Finding) -> Self {
        let explanation = finding.reason.map(Reason::explanation);
        Self {
            finding,
            section: finding.check.section().id(),
            title: finding.check.title(),
            why: finding.check.why(),
            means: explanation.map(|explanation| explanation.means),
            fix: explanation.map(|explanation| explanation.fix),
        }
    }
}

/// A run that began and got no answer, as interfaces for machines tell it.
#[derive(Clone, Debug, Serialize)]
pub struct Unanswered<'s> {
    /// When the user was sent off.
    pub begun: jiff::Timestamp,
    /// What was asked.
    pub sent: &'s Message,
    /// The code whose page tells what it can be.
    pub reason: Reason,
    /// What happened.
    pub means: Sentence,
    /// Who must do what then.
    pub fix: Sentence,
}

impl<'s> Unanswered<'s> {
    /// With its words.
    pub fn of(sent: &'s Sent) -> Self {
        let reason = Reason::TrustUnanswered;
        let Explanation { means, fix } = reason.explanation();
        Self { begun: sent.at, sent: &sent.message, reason, means, fix }
    }
}

/// The worst of all.
pub fn verdict(findings: &[Finding]) -> Verdict {
    findings.iter().map(|finding| finding.verdict).max().unwrap_or(Verdict::NotApplicable)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A run with these findings.
    pub(super) fn report(findings: Vec<Finding>) -> Report {
        let id = |name| crate::domain::id::EntityId::new(name).unwrap();
        let at = |text: &str| text.parse::<jiff::Timestamp>().unwrap();
        Report {
            run: crate::domain::id::LoginId::from_bits(7),
            environment: "test".to_owned(),
            scenario: Scenario::Basic,
            authority: crate::domain::id::Cvr::new("11111111").unwrap(),
            authority_name: "Korsbæk Kommune".to_owned(),
            idp: id("https://saml.korsbaek.example/idp"),
            idp_name: "Korsbæk login".to_owned(),
            fagsystem: None,
            begun: at("2026-11-21T10:48:29Z"),
            finished: at("2026-11-21T10:48:41.5Z"),
            verdict: verdict(&findings),
            findings,
            shown: Shown::default(),
        }
    }
}
