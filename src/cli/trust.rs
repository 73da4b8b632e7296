//! `trust`: proving that an identity provider works, and who may see what came of it.

mod invitations;
mod remote;
mod robot;
mod shown;
mod verify;

use clap::Subcommand;

use super::{Done, Session};

/// What can be done about trust.
#[derive(Debug, Subcommand)]
pub(super) enum Trust {
    /// Try an identity provider: order a run, wait until somebody has logged in, and show the report
    Verify(Box<verify::Verify>),

    /// Show the report of a run
    Report(shown::Kept),

    /// Make a link that signs somebody in to the pages about trust, once
    Invite(invitations::Invite),

    /// Who is invited: list the invitations, withdraw one
    #[command(subcommand)]
    Invitations(invitations::Invitations),
}

impl Trust {
    pub(super) fn run(self, session: &mut Session<'_>) -> Done {
        match self {
            Self::Verify(verify) => verify.run(session),
            Self::Report(kept) => kept.run(session),
            Self::Invite(invite) => invite.run(session),
            Self::Invitations(invitations) => invitations.run(session),
        }
    }
}
