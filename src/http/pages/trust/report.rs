//! The report of a trust run: the verdict in one sentence, what to do, every finding, and what was seen on the way. The
//! same body stands on the page and in the file that a municipality keeps.

use askama::Template;
use axum::http::StatusCode;
use axum::response::Response;
use jiff::Timestamp;

use super::super::answer::{FormAction, answer};
use super::super::{Frame, words};
use super::seen::{Assured, Branch, Timeline, branches};
use crate::domain::faults::{self, Block, Sentence, Span};
use crate::domain::id::LoginId;
use crate::domain::reason::{Fault, Reason};
use crate::domain::trust::{Change, Difference, Finding, NOTHING, Report, Section, Verdict};
use crate::http::text::Text;
use crate::http::text::report::ReportText;
use crate::http::visitor::{Lang, Visitor};

/// A report, and where it is found.
#[derive(Clone, Copy, Debug)]
pub struct Shown<'r> {
    /// The report.
    pub report: &'r Report,
    /// The report of the run before, of the same scenario at the same identity provider.
    pub previous: Option<&'r Report>,
    /// The path of its page; beneath it are its other forms.
    pub address: &'r str,
    /// How the same is tried again.
    pub again: Again,
}

/// How the same is tried again.
#[derive(Clone, Copy, Debug)]
pub enum Again {
    /// By the link to the run.
    Link,
    /// By an order of whoever is signed in.
    Console(LoginId),
}

/// The report as a page.
pub fn report(visitor: &Visitor, shown: &Shown<'_>) -> Response {
    let body = Body::new(shown.report, shown.previous, visitor.lang());
    let title = |t: &Text| ReportText::of(t.lang).title;
    let page = Page {
        frame: Frame::new(visitor, title),
        r: body.r,
        body,
        address: shown.address,
        again: shown.again,
        report: shown.report,
    };
    answer(StatusCode::OK, &page, visitor, FormAction::Own, None)
}

/// The report as a file that needs no network. Its links lead to the broker at this address.
pub fn report_file(report: &Report, lang: Lang, public_url: &str) -> Result<String, Fault> {
    let body = Body::new(report, None, lang);
    let file = File { r: body.r, body };
    let html = file.render().map_err(|error| Fault::new(Reason::Internal, error.to_string()))?;
    Ok(html.replace("href=\"/", &format!("href=\"{public_url}/")))
}

#[derive(Template)]
#[template(path = "trust-report.html")]
struct Page<'r> {
    frame: Frame<'r>,
    r: &'static ReportText,
    body: Body<'r>,
    report: &'r Report,
    address: &'r str,
    again: Again,
}

#[derive(Template)]
#[template(path = "trust-report-file.html")]
struct File<'r> {
    r: &'static ReportText,
    body: Body<'r>,
}

impl File<'_> {
    /// What the file looks like: everything in it, and nothing that would have to be fetched.
    const SHEETS: [&'static str; 3] = [
        include_str!("../../../../web/plain.css"),
        include_str!("../../../../web/colours.css"),
        include_str!("../../../../web/report.css"),
    ];
}

/// What page and file have in common.
#[derive(Template)]
#[template(path = "trust-report-body.html")]
struct Body<'r> {
    t: &'static Text,
    r: &'static ReportText,
    report: &'r Report,
    sections: Vec<Part<'r>>,
    changes: Option<Vec<Change<'r>>>,
    tree: Vec<Branch<'r>>,
    timeline: Option<Timeline<'r>>,
    assured: Option<Assured<'r>>,
}

/// A section with its findings.
pub(super) struct Part<'r> {
    pub(super) section: Section,
    pub(super) verdict: Verdict,
    pub(super) findings: Vec<Numbered<'r>>,
}

/// Something that has to be done, and the findings that it puts right.
pub(super) struct ToDo<'r> {
    pub(super) reason: Reason,
    pub(super) verdict: Verdict,
    pub(super) findings: Vec<Numbered<'r>>,
}

impl<'r> ToDo<'r> {
    fn add(&mut self, one: Numbered<'r>) {
        self.verdict = self.verdict.max(one.finding.verdict);
        self.findings.push(one);
    }
}

/// A finding, and its place in the report, by which it is linked to.
#[derive(Clone, Copy)]
pub(super) struct Numbered<'r> {
    pub(super) number: usize,
    pub(super) finding: &'r Finding,
}

impl<'r> Body<'r> {
    fn new(report: &'r Report, previous: Option<&'r Report>, lang: Lang) -> Self {
        let shown = &report.shown;
        Self {
            t: Text::of(lang),
            r: ReportText::of(lang),
            report,
            sections: parts(&report.findings),
            changes: previous.map(|previous| report.changes(previous)),
            tree: branches(&shown.certificates, report.finished, ReportText::of(lang)),
            timeline: shown.timing.as_ref().map(|timing| Timeline::new(timing, ReportText::of(lang))),
            assured: shown.assurance.as_ref().map(|assurance| Assured::new(assurance, ReportText::of(lang))),
        }
    }

    fn sentence(&self) -> String {
        let said = self.report.sentence();
        match self.r.lang {
            Lang::Da => said.da,
            Lang::En => said.en,
        }
    }

    fn lead(&self) -> &'static str {
        match self.report.verdict {
            Verdict::Fail => self.r.lead_fail,
            Verdict::Warning => self.r.lead_warning,
            Verdict::Pass => self.r.lead_pass,
            Verdict::NotApplicable => "",
        }
    }

    fn to_do(&self) -> Vec<ToDo<'r>> {
        to_do(&self.report.findings)
    }

    fn say(&self, sentence: impl std::borrow::Borrow<Sentence>) -> &'static str {
        self.t.say(sentence.borrow())
    }

    fn time(&self, at: &Timestamp) -> String {
        words::time(*at, self.r.lang)
    }

    fn duration(&self) -> String {
        words::span(self.report.duration(), self.r.lang)
    }

    fn scenario(&self) -> &'static str {
        self.t.say(&self.report.scenario.title())
    }

    fn reason(&self, code: &str) -> Option<&'static str> {
        Reason::from_code(code).map(|reason| self.t.say(&reason.explanation().means))
    }

    fn change(&self, change: &Change<'_>) -> &'static str {
        match (change.is_better(), change.is_worse()) {
            (true, _) => self.r.better,
            (_, true) => self.r.worse,
            _ => self.r.other_change,
        }
    }
}

/// The sections that hold anything.
pub(super) fn parts(findings: &[Finding]) -> Vec<Part<'_>> {
    Section::ALL.iter().filter_map(|section| Part::of(findings, *section)).collect()
}

/// What somebody has to do, the worst first, and each thing once.
pub(super) fn to_do(findings: &[Finding]) -> Vec<ToDo<'_>> {
    let mut tasks: Vec<ToDo<'_>> = Vec::new();
    let bad = parts(findings).into_iter().flat_map(|part| part.findings).filter(Numbered::is_bad);
    for one in bad {
        let Some(reason) = one.finding.reason else { continue };
        match tasks.iter_mut().find(|task| task.reason == reason) {
            Some(task) => task.add(one),
            None => tasks.push(ToDo { reason, verdict: one.finding.verdict, findings: vec![one] }),
        }
    }
    tasks.sort_by_key(|task| std::cmp::Reverse(task.verdict));
    tasks
}

fn numbered(findings: &[Finding]) -> impl Iterator<Item = Numbered<'_>> {
    findings.iter().enumerate().map(|(at, finding)| Numbered { number: at + 1, finding })
}

impl<'r> Part<'r> {
    fn of(findings: &'r [Finding], section: Section) -> Option<Self> {
        let findings: Vec<_> =
            numbered(findings).filter(|one| one.finding.check.section() == section).collect();
        let verdict = findings.iter().map(|one| one.finding.verdict).max()?;
        Some(Self { section, verdict, findings })
    }
}

impl Part<'_> {
    /// How many of its checks could be looked at, where not all of them could and the verdict is about the others.
    fn looked_at(&self) -> Option<usize> {
        let looked_at = |one: &&Numbered<'_>| one.finding.verdict != Verdict::NotApplicable;
        let count = self.findings.iter().filter(looked_at).count();
        (1..self.findings.len()).contains(&count).then_some(count)
    }
}

impl<'r> Numbered<'r> {
    pub(super) fn is_bad(&self) -> bool {
        matches!(self.finding.verdict, Verdict::Warning | Verdict::Fail)
    }

    pub(super) fn has_values(&self) -> bool {
        !self.finding.expected.is_empty() || self.finding.received != NOTHING
    }

    /// What both values begin with, what each has then, and what both end with; all empty where nothing is marked.
    pub(super) fn marked(&self) -> (&'r str, &'r str, &'r str, &'r str) {
        self.difference().map_or_else(Default::default, |d| (d.before, d.expected, d.received, d.after))
    }

    /// Where the values differ, if that helps.
    pub(super) fn difference(&self) -> Option<Difference<'r>> {
        let Finding { expected, received, .. } = self.finding;
        Difference::between(expected, received).filter(|_| self.is_bad())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::trust::Check;

    #[test]
    fn a_verdict_about_some_checks_only_says_about_how_many() {
        let (yes, no) = (Finding::pass(Check::Fresh, "", ""), Finding::not_applicable(Check::StepUp, ""));
        let told = |findings: &[Finding]| {
            parts(findings).iter().map(|part| (part.verdict, part.looked_at())).collect::<Vec<_>>()
        };
        assert_eq!(told(&[yes.clone(), no.clone()]), [(Verdict::Pass, Some(1))]);
        assert_eq!(told(std::slice::from_ref(&yes)), [(Verdict::Pass, None)]);
        assert_eq!(told(&[no.clone(), no]), [(Verdict::NotApplicable, None)]);
    }
}
