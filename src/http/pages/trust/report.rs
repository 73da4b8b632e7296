//! The report of a trust run: the verdict in one sentence, what to do, every finding, and what was seen on the way. The
//! same body stands on the page and in the file that a municipality keeps.

use askama::Template;
use axum::http::StatusCode;
use axum::response::Response;
use jiff::{SignedDuration, Timestamp};

use super::super::answer::{FormAction, answer};
use super::super::{Frame, words};
use super::seen::{Assured, Branch, Timeline, branches};
use crate::domain::reason::{Fault, Reason, Sentence};
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
}

/// The report as a page.
pub fn report(visitor: &Visitor, shown: &Shown<'_>) -> Response {
    let body = Body::new(shown.report, shown.previous, visitor.lang(), "");
    let title = |t: &Text| ReportText::of(t.lang).title;
    let page = Page { frame: Frame::new(visitor, title), r: body.r, body, address: shown.address };
    answer(StatusCode::OK, &page, visitor, FormAction::None, None)
}

/// The report as a file that needs no network. Its links lead to the broker at this address.
pub fn report_file(report: &Report, lang: Lang, public_url: &str) -> Result<String, Fault> {
    let body = Body::new(report, None, lang, public_url);
    let file = File { r: body.r, body };
    file.render().map_err(|error| Fault::new(Reason::Internal, error.to_string()))
}

#[derive(Template)]
#[template(path = "trust-report.html")]
struct Page<'r> {
    frame: Frame<'r>,
    r: &'static ReportText,
    body: Body<'r>,
    address: &'r str,
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
    base: &'r str,
}

/// A section with its findings.
pub(super) struct Part<'r> {
    pub(super) section: Section,
    pub(super) verdict: Verdict,
    pub(super) findings: Vec<Numbered<'r>>,
}

/// A finding, and its place in the report, by which it is linked to.
#[derive(Clone, Copy)]
pub(super) struct Numbered<'r> {
    pub(super) number: usize,
    pub(super) finding: &'r Finding,
}

impl<'r> Body<'r> {
    fn new(report: &'r Report, previous: Option<&'r Report>, lang: Lang, base: &'r str) -> Self {
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
            base,
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

    fn to_do(&self) -> Vec<Numbered<'r>> {
        to_do(&self.report.findings)
    }

    fn say(&self, sentence: impl std::borrow::Borrow<Sentence>) -> &'static str {
        self.t.say(sentence.borrow())
    }

    fn time(&self, at: &Timestamp) -> String {
        words::time(*at, self.r.lang)
    }

    fn duration(&self) -> String {
        seconds(self.report.duration(), self.r.lang)
    }

    fn scenario(&self) -> &'static str {
        self.t.say(&self.report.scenario.title())
    }

    fn reason(&self, code: &str) -> Option<&'static str> {
        Reason::from_code(code).map(|reason| self.t.say(&reason.explanation().means))
    }

    fn change(&self, change: &Change<'_>) -> &'static str {
        match change.before {
            _ if change.is_better() => self.r.better,
            Some(before) if before.verdict == Verdict::NotApplicable => self.r.other_change,
            _ => self.r.worse,
        }
    }
}

/// The sections that hold anything.
pub(super) fn parts(findings: &[Finding]) -> Vec<Part<'_>> {
    Section::ALL.iter().filter_map(|section| Part::of(findings, *section)).collect()
}

/// What somebody has to do something about, the worst first, in the order of the sections.
pub(super) fn to_do(findings: &[Finding]) -> Vec<Numbered<'_>> {
    let parts = parts(findings);
    let all = || parts.iter().flat_map(|part| &part.findings).copied();
    let of = |verdict| all().filter(move |one| one.finding.verdict == verdict);
    of(Verdict::Fail).chain(of(Verdict::Warning)).collect()
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

/// A span of time in seconds, as it is written in the language.
pub(super) fn seconds(duration: SignedDuration, lang: Lang) -> String {
    let number = format!("{:.1}", duration.as_secs_f64());
    match lang {
        Lang::Da => format!("{} s", number.replace('.', ",").replace('-', "−")),
        Lang::En => format!("{} s", number.replace('-', "−")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seconds_are_written_as_in_the_language() {
        let span = SignedDuration::from_millis(-1250);
        assert_eq!(seconds(span, Lang::Da), "−1,2 s");
        assert_eq!(seconds(SignedDuration::from_millis(9412), Lang::En), "9.4 s");
    }
}
