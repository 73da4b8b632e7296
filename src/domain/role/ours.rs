//! The rights at our own pages: roles like those of any fagsystem, but ours, and always there.

use super::UserSystemRole;
use crate::domain::id::EntityId;

/// A right at our own pages: a user system role that is always there, for the register to map job function roles to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Right {
    /// Sees everybody, where the authority is one that may lead the programme.
    ProgrammeLeader,
    /// Sees its own authority.
    IdpAdministrator,
    /// Sees how far the customers of its authority's own fagsystemer have come.
    Supplier,
}

impl Right {
    /// Every right, the widest first.
    pub const ALL: [Self; 3] = [Self::ProgrammeLeader, Self::IdpAdministrator, Self::Supplier];

    /// The id of the user system role.
    pub const fn id(self) -> &'static str {
        match self {
            Self::ProgrammeLeader => "urn:context-handler:itself/roles/usersystemrole/programme-leader/1",
            Self::IdpAdministrator => "urn:context-handler:itself/roles/usersystemrole/idp-administrator/1",
            Self::Supplier => "urn:context-handler:itself/roles/usersystemrole/supplier/1",
        }
    }

    /// The user system role.
    pub fn role(self) -> UserSystemRole {
        let name = match self {
            Self::ProgrammeLeader => "Programme leader",
            Self::IdpAdministrator => "IdP administrator",
            Self::Supplier => "Supplier",
        };
        UserSystemRole {
            id: self.id().to_owned(),
            fagsystem: EntityId::ourselves(),
            name: name.to_owned(),
            restrictions: Vec::new(),
        }
    }
}
