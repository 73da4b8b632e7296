//! Who may see the pages about trust: what each kind of reader sees, and for how long a sign-in lasts.

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::federation::Federation;
use super::id::{Cvr, EntityId};
use super::privilege::{PrivilegeList, Scope};
use super::role::Right;

/// How long somebody stays signed in, however busy.
pub const SESSION_FOR: SignedDuration = SignedDuration::from_hours(8);

/// How long somebody stays signed in who does nothing.
pub const IDLE_FOR: SignedDuration = SignedDuration::from_hours(1);

/// Whose matters a reader of the pages about trust may see.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Sees {
    /// The programme: everybody's.
    Programme,
    /// An authority: its own.
    Authority(Cvr),
    /// A supplier: how far the customers of these fagsystemer have come.
    Systems(Vec<EntityId>),
}

impl Sees {
    /// Whether an authority's progress may be seen.
    pub fn progress_of(&self, authority: Cvr, federation: &Federation, now: Timestamp) -> bool {
        match self {
            Self::Programme => true,
            Self::Authority(own) => *own == authority,
            Self::Systems(systems) => systems.iter().any(|system| federation.may_use(authority, system, now)),
        }
    }

    /// Whether all that is known of an authority may be seen, and runs be ordered for it.
    pub fn all_of(&self, authority: Cvr) -> bool {
        match self {
            Self::Programme => true,
            Self::Authority(own) => *own == authority,
            Self::Systems(_) => false,
        }
    }

    /// Whether it may be seen what a fagsystem was sent and what it did with it.
    pub fn mirror_of(&self, fagsystem: &EntityId) -> bool {
        match self {
            Self::Programme => true,
            Self::Authority(_) => false,
            Self::Systems(systems) => systems.contains(fagsystem),
        }
    }

    /// Whether it may be seen who uses a fagsystem, as far as their progress may be seen.
    pub fn uses_of(&self, fagsystem: &EntityId) -> bool {
        match self {
            Self::Programme | Self::Authority(_) => true,
            Self::Systems(systems) => systems.contains(fagsystem),
        }
    }
}

impl Sees {
    /// What a user may see who has these rights at our own pages, by the widest of them. A right counts in the matters of
    /// the user's own authority only, and the programme is led from authorities that may.
    pub fn of(
        rights: &PrivilegeList,
        authority: Cvr,
        programme: &[Cvr],
        federation: &Federation,
    ) -> Option<Self> {
        let own = rights.groups.iter().filter(|group| group.scope == Scope::Cvr(authority));
        let held: Vec<&str> = own.flat_map(|group| &group.privileges).map(String::as_str).collect();
        Right::ALL.into_iter().filter(|right| held.contains(&right.id())).find_map(|right| match right {
            Right::ProgrammeLeader => programme.contains(&authority).then_some(Self::Programme),
            Right::IdpAdministrator => Some(Self::Authority(authority)),
            Right::Supplier => {
                let supplied = federation.fagsystemer().filter(|fagsystem| fagsystem.cvr == authority);
                let mut systems: Vec<EntityId> = supplied.map(|known| known.entity_id.clone()).collect();
                systems.sort();
                (!systems.is_empty()).then_some(Self::Systems(systems))
            }
        })
    }
}

impl std::fmt::Display for Sees {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Programme => f.write_str("the programme"),
            Self::Authority(cvr) => write!(f, "authority {cvr}"),
            Self::Systems(systems) => {
                let names: Vec<&str> = systems.iter().map(EntityId::as_str).collect();
                write!(f, "the supplier of {}", names.join(", "))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::validity::Validity;

    #[test]
    fn everybody_sees_their_own_and_nothing_of_others() {
        let cvr = |digits| Cvr::new(digits).unwrap();
        let system = |name| EntityId::new(name).unwrap();
        let (korsbaek, feddet) = (cvr("11111111"), cvr("99999999"));
        let (bbr, driving) = (system("https://bbr.example.dk"), system("https://driving.example.dk"));
        let mut federation = Federation::default();
        federation.add_use(korsbaek, bbr.clone(), Validity::default());
        federation.add_use(feddet, driving.clone(), Validity::default());
        let seen = |sees: &Sees| {
            let progress = |cvr| sees.progress_of(cvr, &federation, Timestamp::UNIX_EPOCH);
            [progress(korsbaek), progress(feddet), sees.all_of(korsbaek), sees.all_of(feddet)]
        };
        assert_eq!(seen(&Sees::Programme), [true; 4]);
        assert_eq!(seen(&Sees::Authority(korsbaek)), [true, false, true, false]);
        let supplier = Sees::Systems(vec![bbr.clone()]);
        assert_eq!(seen(&supplier), [true, false, false, false]);
        assert_eq!([supplier.uses_of(&bbr), supplier.uses_of(&driving)], [true, false]);
    }
}
