//! How a report leaves on the command line: as text, JSON, JUnit or HTML; and `trust report`, which shows one that is kept.

use std::fmt::Write;

use clap::{Args, ValueEnum};
use serde::Serialize;

use super::remote::{client, fetch, unanswered};
use crate::cli::metadata::finding_text;
use crate::cli::{Done, Exit, Session, wait_for, wrong};
use crate::domain::id::LoginId;
use crate::domain::trust::{Difference, Expectation, Published, Report, Told, Verdict, junit, visible};
use crate::http::pages::report_file;
use crate::http::visitor::Lang;
use crate::store::Store;

/// Said of a run that nobody has begun.
const NOBODY: &str = "nobody has logged in yet";

/// In which form a report is shown; `--json` goes for JSON.
#[derive(Debug, Args)]
pub(super) struct Form {
    /// As JUnit XML, for build servers
    #[arg(long, conflicts_with = "html")]
    junit: bool,

    /// As a page that needs no network
    #[arg(long)]
    html: bool,

    /// The language of the page
    #[arg(long, value_enum, default_value = "da", requires = "html")]
    lang: Tongue,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Tongue {
    Da,
    En,
}

/// What a report is shown with.
pub(super) struct Asked<'a> {
    pub(super) expectations: Vec<Expectation>,
    /// Where the broker is.
    pub(super) base: &'a str,
}

/// A report and what was expected of it.
#[derive(Serialize)]
struct Whole<'r> {
    #[serde(flatten)]
    report: Published<'r>,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    expectations: &'r [Expectation],
}

impl Form {
    /// Shows it, and says by the exit code whether all is well.
    pub(super) fn show(&self, session: &mut Session<'_>, report: &Report, asked: &Asked<'_>) -> Done {
        let expectations = asked.expectations.as_slice();
        if self.junit {
            let _ = write!(session.desk.out, "{}", junit(report, expectations));
        } else if self.html {
            let lang = match self.lang {
                Tongue::Da => Lang::Da,
                Tongue::En => Lang::En,
            };
            let page = report_file(report, lang, asked.base).map_err(|fault| wrong("the page", fault))?;
            let _ = write!(session.desk.out, "{page}");
        } else {
            let whole = Whole { report: Published::from(report), expectations };
            session.answer(&whole, || text(report, expectations));
        }
        let is_well = report.verdict != Verdict::Fail && expectations.iter().all(|one| one.met);
        Ok(if is_well { Exit::Ok } else { Exit::CheckFailed })
    }
}

fn text(report: &Report, expectations: &[Expectation]) -> String {
    let mut text = format!("{}\n\n", report.sentence().en);
    let _ = writeln!(text, "{} ({}), {}", report.authority_name, report.authority, report.environment);
    let _ = writeln!(text, "{} ({}), {}", report.idp_name, report.idp, report.scenario.title().en);
    let _ = writeln!(text, "run {}, {}\n", report.run, report.finished);
    for finding in &report.findings {
        let _ = writeln!(text, "{}", finding_text(&Told::of(finding)));
        if finding.verdict >= Verdict::Warning
            && let Some(difference) = Difference::between(&finding.expected, &finding.received)
        {
            let shown = |part: &str| if part.is_empty() { "nothing".to_owned() } else { visible(part) };
            let (place, expected, received) =
                (difference.place(), shown(difference.expected), shown(difference.received));
            let _ = writeln!(text, "         from character {place}: expected {expected}, got {received}");
        }
    }
    for one in expectations {
        let Expectation { what, expected, received, met } = one;
        let word = if *met { "ok" } else { "ERROR" };
        let _ = writeln!(text, "{word:<8} expected {what}: expected {expected}, got {received}");
    }
    text
}

/// What `trust report` takes.
#[derive(Debug, Args)]
pub(in crate::cli) struct Kept {
    /// The run: its name, which `trust verify` tells, or its link
    run: String,

    #[command(flatten)]
    form: Form,
}

impl Kept {
    pub(super) fn run(self, session: &mut Session<'_>) -> Done {
        if self.run.starts_with("https://") || self.run.starts_with("http://") {
            let link = self.run.trim_end_matches('/');
            let client = client().map_err(|error| wrong("the machine", error))?;
            let base = link.split("/trust/runs/").next().unwrap_or_default();
            return match wait_for(fetch(&client, link))? {
                Ok(Some(report)) => self.show(session, &report, base),
                Ok(None) => {
                    let waits = wait_for(unanswered(&client, link))?;
                    Ok(session.nothing_came(waits, NOBODY))
                }
                Err(told) => Ok(session.unreachable(&told)),
            };
        }
        let id = LoginId::new(&self.run).map_err(|bad| wrong("RUN", bad))?;
        let (store, config) = (session.store()?, session.configuration()?);
        let run = wait_for(store.run(id, session.desk.clock.now()))?;
        let run = run.map_err(|error| wrong("the store", error))?;
        let Some(run) = run else { return Err(wrong("RUN", "expected a run that is kept here")) };
        match &run.report {
            Some(report) => self.show(session, report, &config.server.public_url.join("")),
            None => {
                let waits = run.unanswered().and_then(|waits| serde_json::to_value(waits).ok());
                Ok(session.nothing_came(waits, NOBODY))
            }
        }
    }

    fn show(&self, session: &mut Session<'_>, report: &Report, base: &str) -> Done {
        self.form.show(session, report, &Asked { expectations: Vec::new(), base })
    }
}
