//! What a user who wants to enter a fagsystem is weighed by, beside what is said of the user.

use std::net::IpAddr;

use super::registry::KnownIdp;
use crate::domain::assurance::Requirement;
use crate::domain::federation::Agreement;
use crate::domain::privilege::PrivilegeList;

/// What a user is weighed by.
pub(super) struct Case<'c> {
    pub(super) agreement: Agreement<'c>,
    pub(super) idp: KnownIdp<'c>,
    pub(super) requirement: &'c Requirement,
    /// Where the user sits.
    pub(super) source: Option<IpAddr>,
    pub(super) service: AskService<'c>,
}

/// Whether an attribute service may be asked.
#[derive(Clone, Copy, Debug)]
pub enum AskService<'r> {
    /// It is.
    Yes,
    /// It is not; this is what it is supposed to say.
    Instead(&'r PrivilegeList),
    /// It is not, and nobody knows what it would say.
    No,
}
