//! `trust`: proving that an identity provider works, and who may see what came of it.

mod invitations;

use clap::Subcommand;

use super::{Done, Session};

/// What can be done about trust.
#[derive(Debug, Subcommand)]
pub(super) enum Trust {
    /// Make a link that signs somebody in to the pages about trust, once
    Invite(invitations::Invite),

    /// Who is invited: list the invitations, withdraw one
    #[command(subcommand)]
    Invitations(invitations::Invitations),
}

impl Trust {
    pub(super) fn run(self, session: &mut Session<'_>) -> Done {
        match self {
            Self::Invite(invite) => invite.run(session),
            Self::Invitations(invitations) => invitations.run(session),
        }
    }
}
