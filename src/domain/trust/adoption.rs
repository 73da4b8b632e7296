//! That a fagsystem is really used: what remains of logins when the log has forgotten them.

use jiff::Timestamp;

use crate::domain::assurance::{Achieved, Nist, Nsis};
use crate::domain::id::{Cvr, EntityId};

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
    /// With the levels of this login.
    pub fn new(
        (authority, fagsystem): (Cvr, &EntityId),
        at: Timestamp,
        level: &Achieved,
        with_rights: bool,
    ) -> Self {
        Self { authority, fagsystem: fagsystem.clone(), at, nist: level.nist, nsis: level.nsis, with_rights }
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
