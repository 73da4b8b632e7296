//! What is kept about the pages about trust: invitations, and who is signed in.

use jiff::Timestamp;

use crate::domain::console::Sees;
use crate::domain::id::LoginId;

/// An invitation, good for one sign-in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Invitation {
    /// Its name. It opens nothing: the secret that does stands in its link.
    pub id: LoginId,
    /// Who it is for, for whoever lists invitations.
    pub sees: Sees,
    /// When it was made.
    pub made: Timestamp,
    /// From when on it is worth nothing.
    pub expires: Timestamp,
    /// When it was used.
    pub used: Option<Timestamp>,
    /// Who it is for, sealed by the secret of its link: this is what counts.
    pub sealed: Vec<u8>,
}

/// Somebody who is signed in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConsoleSession {
    /// Its name. It opens nothing: the secret that does is the browser's.
    pub id: LoginId,
    /// The invitation that it began with, where it began with one.
    pub invitation: Option<LoginId>,
    /// Until when it can be used, unless it is used meanwhile.
    pub idle: Timestamp,
    /// When it ends.
    pub expires: Timestamp,
    /// What may be seen, sealed by the browser's secret.
    pub sealed: Vec<u8>,
}

/// What a step changes about who may see the pages about trust.
#[derive(Clone, Debug)]
pub enum ConsoleStep {
    /// An invitation is made.
    Invites(Invitation),
    /// An invitation is withdrawn, and whoever signed in with it is signed out. It must be there.
    Withdraws(LoginId),
    /// Somebody signs in. The invitation, where there is one, must be there, unused and in force at this moment.
    Enters(ConsoleSession, Timestamp),
    /// Somebody who is signed in does something. They must still be.
    Stays {
        /// Who.
        session: LoginId,
        /// Until when it can be used from now on.
        idle: Timestamp,
    },
    /// Somebody signs out.
    Leaves(LoginId),
}
