//! `metadata`: judges the metadata of a partner without asking anybody.

use std::path::PathBuf;

use clap::{Args, Subcommand};

use super::{Done, Exit, Session};
use crate::domain::trust::{Finding, NOTHING, Told, Verdict, verdict};
use crate::protocol::saml::review::review;

/// What can be done with metadata.
#[derive(Debug, Subcommand)]
pub(super) enum Metadata {
    /// Look at everything in a metadata file that can be judged offline
    Validate(Validate),
}

/// What `metadata validate` takes.
#[derive(Debug, Args)]
pub(super) struct Validate {
    /// The metadata of an identity provider or a fagsystem; `-` is standard input
    file: PathBuf,
}

impl Metadata {
    pub(super) fn run(self, session: &mut Session<'_>) -> Done {
        let Self::Validate(validate) = self;
        let content = session.read(&validate.file)?;
        let findings = review(&content, None, session.desk.clock.now()).findings;
        let told: Vec<Told<'_>> = findings.iter().map(Told::of).collect();
        session.answer(&told, || told.iter().map(finding_text).collect::<Vec<_>>().join("\n"));
        Ok(if verdict(&findings) == Verdict::Fail { Exit::CheckFailed } else { Exit::Ok })
    }
}

/// A finding in a line or some.
pub(super) fn finding_text(told: &Told<'_>) -> String {
    let Finding { check, verdict, about, expected, received, evidence, .. } = told.finding;
    let (id, title) = (check.id(), check.title().en);
    let about = about.as_ref().map_or(String::new(), |about| format!(" ({about})"));
    let word = match verdict {
        Verdict::NotApplicable if received == NOTHING => return format!("-        {id}: {title}{about}"),
        Verdict::NotApplicable => return format!("-        {id}: {title}: {received}{about}"),
        Verdict::Pass if received == NOTHING => return format!("ok       {id}: {title}{about}"),
        Verdict::Pass => return format!("ok       {id}: {received}{about}"),
        Verdict::Warning => "warning",
        Verdict::Fail => "ERROR",
    };
    let mut text = format!("{word:<8} {id}: {title}: expected {expected}, got {received}{about}");
    if let Some(evidence) = evidence {
        text += &format!("\n         {evidence}");
    }
    if let Some(fix) = told.fix {
        text += &format!("\n         {}", fix.en);
    }
    text
}
