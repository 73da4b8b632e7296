//! A run without what it saw: how each check ended. It holds nothing of a person.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{Check, Environment, Report, Scenario, Section, Verdict};
use crate::domain::id::{Cvr, EntityId, LoginId};

/// A run that has ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tried {
    /// The run.
    pub run: LoginId,
    /// Where it took place.
    pub environment: Environment,
    /// The municipality.
    pub authority: Cvr,
    /// The identity provider.
    pub idp: EntityId,
    /// What was tried.
    pub scenario: Scenario,
    /// When it ended.
    pub finished: Timestamp,
    /// The worst of all.
    pub verdict: Verdict,
    /// How each check ended, those that were looked at; the worst where one was looked at several times.
    pub checks: Vec<(Check, Verdict)>,
}

impl Tried {
    /// A report without what it saw.
    pub fn of(report: &Report) -> Self {
        let mut checks: Vec<(Check, Verdict)> =
            report.findings.iter().map(|finding| (finding.check, finding.verdict)).collect();
        checks.sort_by_key(|(check, verdict)| (*check, std::cmp::Reverse(*verdict)));
        checks.dedup_by_key(|(check, _)| *check);
        Self {
            run: report.run,
            environment: report.environment.clone(),
            authority: report.authority,
            idp: report.idp.clone(),
            scenario: report.scenario,
            finished: report.finished,
            verdict: report.verdict,
            checks,
        }
    }

    /// How a check ended, if it was looked at.
    pub fn verdict_of(&self, check: Check) -> Verdict {
        let found = self.checks.iter().find(|(known, _)| *known == check);
        found.map_or(Verdict::NotApplicable, |(_, verdict)| *verdict)
    }

    /// Whether the answer was proved and none of the checks of trust is red: that it came from the right one, to us, now, in
    /// answer to our question.
    pub fn proves_trust(&self) -> bool {
        let of_trust = |section| {
            matches!(
                section,
                Section::Transport
                    | Section::Correlation
                    | Section::Signature
                    | Section::Certificates
                    | Section::Encryption
                    | Section::Time
                    | Section::Audience
            )
        };
        let red =
            |(check, verdict): &(Check, Verdict)| of_trust(check.section()) && *verdict == Verdict::Fail;
        self.verdict_of(Check::Signed) == Verdict::Pass && !self.checks.iter().any(red)
    }
}
