//! A party of a session as the register knows it when it asks or is told.

use std::sync::Arc;

use jiff::Timestamp;

use super::Side;
use crate::broker::registry::Snapshot;
use crate::domain::id::EntityId;
use crate::domain::reason::Fault;
use crate::protocol::keys::{Decrypter, TrustedKeys};
use crate::protocol::saml::metadata::LogoutAddresses;
use crate::protocol::saml::response::Opening;
use crate::protocol::xml::Cbc;

/// The largest answer that is taken of one.
pub(in crate::broker) const MAX_ANSWER: usize = 64 * 1024;

/// A party that is registered and switched on, with metadata that holds.
pub(super) struct KnownParty<'s> {
    pub(super) keys: &'s TrustedKeys,
    pub(super) logout: &'s LogoutAddresses,
    cbc: Cbc,
}

impl<'s> KnownParty<'s> {
    /// A party that is switched off is refused as everywhere, and told nothing: nobody vouches for its keys.
    pub(super) fn of(
        snapshot: &'s Snapshot,
        side: Side,
        name: &EntityId,
        now: Timestamp,
    ) -> Result<Self, Fault> {
        Ok(match side {
            Side::Fagsystem => {
                let known = snapshot.fagsystem(name, now)?;
                let metadata = known.metadata;
                Self { keys: &metadata.keys, logout: &metadata.logout, cbc: Cbc::Refused }
            }
            Side::Provider => {
                let known = snapshot.idp(name, now)?;
                let cbc = if known.registered.danger_allow_cbc { Cbc::DangerAllowed } else { Cbc::Refused };
                let metadata = known.metadata;
                Self { keys: &metadata.keys, logout: &metadata.logout, cbc }
            }
        })
    }

    /// With what its requests are opened.
    pub(super) fn opening<'k>(&self, decrypters: &'k [Arc<dyn Decrypter>]) -> Opening<'k>
    where
        's: 'k,
    {
        Opening { keys: self.keys, decrypters, cbc: self.cbc }
    }
}

/// The name that people know, of whoever is registered, switched on or not.
pub(super) fn shown(snapshot: &Snapshot, side: Side, party: &EntityId) -> String {
    let federation = snapshot.federation();
    let name = match side {
        Side::Fagsystem => {
            federation.fagsystemer().find(|known| known.entity_id == *party).map(|known| &known.name)
        }
        Side::Provider => federation.registered_idp(party).map(|known| &known.name),
    };
    name.map_or_else(|| party.to_string(), String::clone)
}
