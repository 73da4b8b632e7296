//! `metadata`: judges the metadata of a partner without asking anybody.

use std::path::PathBuf;

use clap::{Args, Subcommand};

use super::{Done, Exit, Session};
use crate::protocol::saml::review::{Finding, Severity, review};

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
        let findings = review(&content, session.desk.clock.now());
        session.answer(&findings, || findings.iter().map(text).collect::<Vec<_>>().join("\n"));
        let failed = findings.iter().any(|finding| finding.severity == Severity::Error);
        Ok(if failed { Exit::CheckFailed } else { Exit::Ok })
    }
}

fn text(finding: &Finding) -> String {
    let Finding { id, severity, about, expected, received, fix } = finding;
    match severity {
        Severity::Ok => format!("ok       {id}: {received} ({about})"),
        Severity::Warning => {
            format!("warning  {id}: expected {expected}, got {received} ({about})\n         {fix}")
        }
        Severity::Error => {
            format!("ERROR    {id}: expected {expected}, got {received} ({about})\n         {fix}")
        }
    }
}
