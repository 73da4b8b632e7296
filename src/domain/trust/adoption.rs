//! That a fagsystem is really used: what remains of logins when the log has forgotten them.

use jiff::Timestamp;

use crate::domain::assurance::{Nist, Nsis};
use crate::domain::id::{Cvr, EntityId};
use crate::domain::subject::Grant;

/// A login that ended well, as far as it counts here.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Use {
    /// The municipality.
    pub authority: Cvr,
    /// The fagsystem.
    pub fagsystem: EntityId,
    /// When.
    pub at: Timestamp,
    /// The level that was reached on the older scale.
    pub nist: Option<Nist>,
    /// The level that was reached on the national standard.
    pub nsis: Option<Nsis>,
    /// Whether the user had a right there.
    pub with_rights: bool,
}

impl Use {
    /// What is told to a fagsystem counts as a login there.
    pub fn of(grant: &Grant<'_>, at: Timestamp) -> Self {
        let (agreement, level) = (grant.agreement(), grant.level());
        Self {
            authority: agreement.authority().cvr,
            fagsystem: agreement.fagsystem().entity_id.clone(),
            at,
            nist: level.nist,
            nsis: level.nsis,
            with_rights: grant.rights().is_ok_and(|rights| !rights.is_empty()),
        }
    }
}

/// All logins of a municipality's users to one fagsystem.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Adoption {
    /// The municipality.
    pub authority: Cvr,
    /// The fagsystem.
    pub fagsystem: EntityId,
    /// The first one.
    pub first: Timestamp,
    /// The last one.
    pub last: Timestamp,
    /// How many.
    pub logins: u64,
    /// How many of them had a right there.
    pub with_rights: u64,
    /// The highest level on the older scale.
    pub nist: Option<Nist>,
    /// The highest level on the national standard.
    pub nsis: Option<Nsis>,
}

/// When our metadata was fetched from the address that was given to a municipality.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fetched {
    /// The municipality.
    pub authority: Cvr,
    /// For the first time.
    pub first: Timestamp,
    /// For the last time, to the hour.
    pub last: Timestamp,
}
