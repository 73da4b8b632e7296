//! What the register says about users, about who keeps them here, and about who may ask for their attributes.

use std::collections::{BTreeMap, HashMap};

use jiff::Timestamp;

use super::{Snapshot, check_validity, no_metadata};
use crate::domain::caller::{ApiClient, AttributeRequester, Credential};
use crate::domain::id::{Cvr, EntityId};
use crate::domain::reason::{Fault, Reason};
use crate::domain::user::User;
use crate::protocol::saml::metadata::SpMetadata;

/// Users of the register's files, and the systems around users.
#[derive(Debug, Default)]
pub(super) struct People {
    users: HashMap<Cvr, BTreeMap<String, User>>,
    clients: HashMap<Credential, ApiClient>,
    requesters: HashMap<EntityId, AttributeRequester>,
    pub(super) of_requesters: HashMap<EntityId, SpMetadata>,
}

impl People {
    /// Registers a user; false when the id is taken.
    pub(super) fn add_user(&mut self, user: User) -> bool {
        self.users.entry(user.authority).or_default().insert(user.id.clone(), user).is_none()
    }

    /// Registers an API client; false when its token or certificate is taken.
    pub(super) fn add_client(&mut self, credential: Credential, client: ApiClient) -> bool {
        self.clients.insert(credential, client).is_none()
    }

    /// Registers a requester; false when its name is taken.
    pub(super) fn add_requester(&mut self, requester: AttributeRequester) -> bool {
        self.requesters.insert(requester.entity_id.clone(), requester).is_none()
    }
}

/// A party that may ask for attributes, with metadata that holds.
#[derive(Clone, Copy)]
pub struct KnownRequester<'s> {
    /// What the register says.
    pub registered: &'s AttributeRequester,
    /// What its metadata says.
    pub metadata: &'s SpMetadata,
}

impl Snapshot {
    /// The user of this id in the register's files.
    pub fn user(&self, authority: Cvr, id: &str) -> Option<&User> {
        self.people.users.get(&authority)?.get(id)
    }

    /// The authority's users in the register's files, in the order of their ids.
    pub fn users(&self, authority: Cvr) -> impl Iterator<Item = &User> {
        self.people.users.get(&authority).into_iter().flat_map(BTreeMap::values)
    }

    /// The API client that proves itself with this, switched on or not.
    pub fn api_client(&self, credential: &Credential) -> Option<&ApiClient> {
        self.people.clients.get(credential)
    }

    /// The party of this name, if it may ask for attributes now.
    pub fn requester(&self, name: &EntityId, now: Timestamp) -> Result<KnownRequester<'_>, Fault> {
        let denied = |what: &str| Fault::new(Reason::AqDenied, format!("{name} {what}"));
        let registered = self.people.requesters.get(name).ok_or_else(|| denied("may not ask"))?;
        let is_off = |fault: Fault| fault.reason == Reason::SpDisabled;
        if !registered.active || self.federation.fagsystem(name).is_err_and(is_off) {
            return Err(denied("is switched off"));
        }
        let metadata = self.people.of_requesters.get(name).ok_or_else(|| no_metadata(name))?;
        check_validity(name, metadata.valid_until, now)?;
        Ok(KnownRequester { registered, metadata })
    }
}
