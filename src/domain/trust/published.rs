//! A report as others read it: the report itself, and beside each finding what it means and what to do, in both
//! languages. Its form is promised by `docs/schemas/trust-report.schema.json`; names are added and never changed.

use jiff::Timestamp;
use serde::Serialize;

use super::told::Said;
use super::{Report, Scenario, Shown, Told, Verdict};
use crate::domain::id::{Cvr, EntityId, LoginId};

/// The schema of a published report.
pub const SCHEMA: &str = include_str!("../../../docs/schemas/trust-report.schema.json");

/// A report as others read it. Whoever reads a [`Report`] reads it as well.
#[derive(Clone, Debug, Serialize)]
pub struct Published<'r> {
    /// The version of this form: 1.
    pub version: u8,
    /// The verdict in one sentence.
    pub sentence: Said,
    /// The worst of all findings.
    pub verdict: Verdict,
    /// How many findings ended how.
    pub counts: Counts,
    /// The tasks of KLIK that something was found out about.
    pub tasks: Vec<&'static str>,
    /// The run.
    pub run: LoginId,
    /// Where it took place.
    pub environment: &'r str,
    /// What was tried.
    pub scenario: Scenario,
    /// The municipality.
    pub authority: Cvr,
    /// Its name.
    pub authority_name: &'r str,
    /// The identity provider.
    pub idp: &'r EntityId,
    /// Its name.
    pub idp_name: &'r str,
    /// The fagsystem that was chosen, if one was.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fagsystem: Option<&'r EntityId>,
    /// When the user was sent off.
    pub begun: Timestamp,
    /// When it ended.
    pub finished: Timestamp,
    /// What was looked at.
    pub findings: Vec<Told<'r>>,
    /// What was seen on the way.
    pub shown: &'r Shown,
}

/// How many findings ended how.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Counts {
    /// As it should be.
    pub pass: usize,
    /// Works today.
    pub warning: usize,
    /// Does not work.
    pub fail: usize,
    /// Not looked at.
    #[serde(rename = "not-applicable")]
    pub not_applicable: usize,
}

impl<'r> From<&'r Report> for Published<'r> {
    fn from(report: &'r Report) -> Self {
        Self {
            version: 1,
            sentence: report.sentence(),
            verdict: report.verdict,
            counts: Counts {
                pass: report.count(Verdict::Pass),
                warning: report.count(Verdict::Warning),
                fail: report.count(Verdict::Fail),
                not_applicable: report.count(Verdict::NotApplicable),
            },
            tasks: report.tasks().into_iter().map(|task| task.letter()).collect(),
            run: report.run,
            environment: &report.environment,
            scenario: report.scenario,
            authority: report.authority,
            authority_name: &report.authority_name,
            idp: &report.idp,
            idp_name: &report.idp_name,
            fagsystem: report.fagsystem.as_ref(),
            begun: report.begun,
            finished: report.finished,
            findings: report.findings.iter().map(Told::of).collect(),
            shown: &report.shown,
        }
    }
}
