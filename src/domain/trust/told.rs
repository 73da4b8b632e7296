//! A report in words: the sentence on top, the words of its verdicts, the tasks that it is about, and what is another
//! since the run before. Every form in which a report is shown takes them from here.

use jiff::SignedDuration;

use super::{Check, Finding, Report, Scenario, Section, Task, Verdict};
use crate::domain::faults::Sentence;

/// What is said anew for each report, in both languages.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Said {
    /// Danish.
    pub da: String,
    /// English.
    pub en: String,
}

impl Verdict {
    /// Its stable id, the one that is written in a report.
    pub const fn id(self) -> &'static str {
        match self {
            Self::NotApplicable => "not-applicable",
            Self::Pass => "pass",
            Self::Warning => "warning",
            Self::Fail => "fail",
        }
    }

    /// Its word on a page.
    pub const fn word(self) -> Sentence {
        match self {
            Self::NotApplicable => Sentence { da: "Ikke relevant", en: "Not applicable" },
            Self::Pass => Sentence { da: "I orden", en: "Passed" },
            Self::Warning => Sentence { da: "Advarsel", en: "Warning" },
            Self::Fail => Sentence { da: "Fejl", en: "Failed" },
        }
    }
}

impl Task {
    /// The tasks that a run can say something about.
    const OF_A_RUN: [Self; 4] = [Self::Verify, Self::Rights, Self::Levels, Self::Robots];

    fn is_about(self, finding: &Finding) -> bool {
        use Section::{Assurance, Audience, Correlation, Encryption, Rights, Service, Signature, Time};
        match (self, finding.check.section()) {
            (Self::Robots, _) => finding.check == Check::Robot,
            (Self::Verify, Correlation | Signature | Encryption | Time | Audience) => true,
            (Self::Rights, Rights | Service) => true,
            (Self::Levels, Assurance) => finding.check != Check::Robot,
            _ => false,
        }
    }
}

/// A finding that is another than in the run before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Change<'r> {
    /// As it is now.
    pub now: &'r Finding,
    /// How it was; not there where nothing was looked at before.
    pub before: Option<&'r Finding>,
}

impl Change<'_> {
    /// Whether it is worse than it was.
    pub fn is_worse(&self) -> bool {
        let is_bad = self.now.verdict >= Verdict::Warning;
        is_bad && self.before.is_none_or(|before| self.now.verdict > before.verdict)
    }

    /// Whether it is better than it was.
    pub fn is_better(&self) -> bool {
        let was_bad = |before: &&Finding| before.verdict >= Verdict::Warning;
        self.before.filter(was_bad).is_some_and(|before| self.now.verdict < before.verdict)
    }
}

impl Report {
    /// How many findings ended like this.
    pub fn count(&self, verdict: Verdict) -> usize {
        self.findings.iter().filter(|finding| finding.verdict == verdict).count()
    }

    /// The verdict in one sentence.
    pub fn sentence(&self) -> Said {
        let (fails, warnings) = (self.count(Verdict::Fail), self.count(Verdict::Warning));
        let da_fails = format!("{fails} fejl");
        let da_warnings = format!("{warnings} {}", if warnings == 1 { "advarsel" } else { "advarsler" });
        let en_fails = format!("{fails} {}", if fails == 1 { "error" } else { "errors" });
        let en_warnings = format!("{warnings} {}", if warnings == 1 { "warning" } else { "warnings" });
        let (da_trust, en_trust) = match self.is_step_up_untried() {
            true => (
                "Tillid er etableret, men løftet blev ikke prøvet.",
                "Trust is established, but the step-up was not tried.",
            ),
            false => ("Tillid er etableret.", "Trust is established."),
        };
        let (da, en) = match (fails, warnings) {
            _ if self.verdict == Verdict::NotApplicable => {
                ("Der er ikke prøvet noget.".into(), "Nothing was tried.".into())
            }
            (0, 0) => (da_trust.into(), en_trust.into()),
            (0, _) => (format!("{da_trust} {da_warnings}."), format!("{en_trust} {en_warnings}.")),
            (_, 0) => (
                format!("Tillid er ikke etableret: {da_fails}."),
                format!("Trust is not established: {en_fails}."),
            ),
            (..) => (
                format!("Tillid er ikke etableret: {da_fails} og {da_warnings}."),
                format!("Trust is not established: {en_fails} and {en_warnings}."),
            ),
        };
        Said { da, en }
    }

    /// Whether a step-up was to be tried and none was needed.
    fn is_step_up_untried(&self) -> bool {
        let proved = |finding: &Finding| finding.check == Check::StepUp && finding.verdict == Verdict::Pass;
        self.scenario == Scenario::StepUp && !self.findings.iter().any(proved)
    }

    /// The findings of a section, in the order of the checks.
    pub fn of(&self, section: Section) -> Vec<&Finding> {
        self.findings.iter().filter(|finding| finding.check.section() == section).collect()
    }

    /// How long it took.
    pub fn duration(&self) -> SignedDuration {
        self.finished.duration_since(self.begun)
    }

    /// The tasks that something was found out about.
    pub fn tasks(&self) -> Vec<Task> {
        let looked_at = |finding: &&Finding| finding.verdict != Verdict::NotApplicable;
        let touched = |task: &Task| self.findings.iter().filter(looked_at).any(|f| task.is_about(f));
        Task::OF_A_RUN.into_iter().filter(touched).collect()
    }

    /// What ended otherwise than in another run, in the order of the checks.
    pub fn changes<'r>(&'r self, previous: &'r Report) -> Vec<Change<'r>> {
        let before = |now: &Finding| {
            previous.findings.iter().find(|before| before.check == now.check && before.about == now.about)
        };
        let pairs = self.findings.iter().map(|now| Change { now, before: before(now) });
        pairs
            .filter(|change| match change.before {
                Some(before) => before.verdict != change.now.verdict,
                None => matches!(change.now.verdict, Verdict::Warning | Verdict::Fail),
            })
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::report;
    use super::*;
    use crate::domain::reason::Reason;

    fn failed(check: Check) -> Finding {
        Finding::fail(check, Reason::Audience, "a", "b")
    }

    #[test]
    fn one_sentence_says_whether_trust_is_established_and_counts_what_is_not_right() {
        let sentence = |findings: Vec<Finding>| {
            let said = report(findings).sentence();
            (said.da, said.en)
        };
        let pass = || Finding::pass(Check::Audience, "a", "a");
        let warning = || Finding::warning(Check::Skew, Reason::LoaCap, "60", "70");
        let told = |da: &str, en: &str| (da.to_owned(), en.to_owned());
        assert_eq!(sentence(vec![]), told("Der er ikke prøvet noget.", "Nothing was tried."));
        assert_eq!(sentence(vec![pass()]), told("Tillid er etableret.", "Trust is established."));
        assert_eq!(
            sentence(vec![pass(), warning(), warning()]),
            told("Tillid er etableret. 2 advarsler.", "Trust is established. 2 warnings.")
        );
        assert_eq!(
            sentence(vec![failed(Check::Audience)]),
            told("Tillid er ikke etableret: 1 fejl.", "Trust is not established: 1 error.")
        );
        assert_eq!(
            sentence(vec![failed(Check::Audience), failed(Check::Signed), warning()]),
            told(
                "Tillid er ikke etableret: 2 fejl og 1 advarsel.",
                "Trust is not established: 2 errors and 1 warning."
            )
        );
    }

    #[test]
    fn a_step_up_that_was_not_needed_is_not_claimed() {
        let sentence = |finding: Finding| {
            let report = report(vec![Finding::pass(Check::Audience, "a", "a"), finding]);
            Report { scenario: Scenario::StepUp, ..report }.sentence().en
        };
        let untried = sentence(Finding::not_applicable(Check::StepUp, "NSIS Substantial"));
        assert_eq!(untried, "Trust is established, but the step-up was not tried.");
        assert_eq!(sentence(Finding::pass(Check::StepUp, "a", "a")), "Trust is established.");
        assert_eq!(sentence(failed(Check::StepUp)), "Trust is not established: 1 error.");
    }

    #[test]
    fn a_run_is_about_the_tasks_that_it_found_something_out_about() {
        let tasks = |findings: Vec<Finding>| -> Vec<&str> {
            report(findings).tasks().into_iter().map(Task::letter).collect()
        };
        assert_eq!(tasks(vec![failed(Check::Audience), failed(Check::RightsKnown)]), ["B", "C"]);
        assert_eq!(tasks(vec![failed(Check::LevelEnough), failed(Check::Robot)]), ["E", "R"]);
        assert_eq!(tasks(vec![Finding::not_applicable(Check::LevelEnough, "")]), [""; 0]);
    }

    #[test]
    fn what_changed_is_told_and_what_stayed_is_not() {
        let before = report(vec![
            failed(Check::Audience),
            Finding::pass(Check::Skew, "", ""),
            Finding::pass(Check::Destination, "", ""),
            Finding::pass(Check::Preview, "", ""),
        ]);
        let now = report(vec![
            Finding::pass(Check::Audience, "", ""),
            failed(Check::Skew),
            Finding::pass(Check::Destination, "", "another value"),
            failed(Check::CertificateExpiry).about("A"),
            Finding::pass(Check::Once, "", ""),
            Finding::not_applicable(Check::Preview, ""),
        ]);
        let changes: Vec<_> =
            now.changes(&before).iter().map(|c| (c.now.check, c.is_better(), c.is_worse())).collect();
        assert_eq!(
            changes,
            [
                (Check::Audience, true, false),
                (Check::Skew, false, true),
                (Check::CertificateExpiry, false, true),
                (Check::Preview, false, false)
            ]
        );
    }
}
