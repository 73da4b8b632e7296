//! Where a user's rights come from, when the identity provider itself cannot tell them: directory groups, users that are
//! kept here, or the authority's attribute service.

use std::collections::HashMap;

use jiff::SignedDuration;
use serde::Deserialize;

use super::group::GroupMapping;
use super::id::{Cvr, EntityId};

/// A place where rights may be found. An identity provider is registered with a list of them; the first that has any
/// wins, and nothing is ever joined.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum RightsSource {
    /// A privilege list in the assertion.
    Assertion,
    /// Directory groups in the assertion.
    Groups,
    /// The users that are kept here.
    Users,
    /// The authority's attribute service.
    AttributeService,
}

/// What the register says about an attribute service. Its address and keys stand in its metadata.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AttributeService {
    /// Its name in SAML.
    pub entity_id: EntityId,
    /// Its name for people.
    pub name: String,
    /// Whether it is switched on.
    pub active: bool,
    /// How long an answer is used again.
    pub cache_for: SignedDuration,
    /// How long it may take to answer.
    pub patience: SignedDuration,
}

/// What becomes of a login when the attribute service is silent or its answer is refused.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum WhenDown {
    /// It ends.
    #[default]
    Refuse,
    /// It goes on without rights from there.
    IssueWithout,
    /// It goes on with what was last known, if that is no older than this, and ends otherwise.
    UseCached(SignedDuration),
}

/// Every registered source.
#[derive(Debug, Default)]
pub struct Sources {
    services: HashMap<EntityId, AttributeService>,
    /// Which service an authority has.
    serving: HashMap<Cvr, EntityId>,
    mappings: HashMap<(EntityId, Cvr), Vec<GroupMapping>>,
}

impl Sources {
    /// Registers an attribute service; false when its name is taken.
    pub fn add_service(&mut self, service: AttributeService) -> bool {
        self.services.insert(service.entity_id.clone(), service).is_none()
    }

    /// Registers that a service tells about an authority's users; false when the authority has one already.
    pub fn add_serving(&mut self, authority: Cvr, service: EntityId) -> bool {
        self.serving.insert(authority, service).is_none()
    }

    /// Registers how groups are read; false when that is registered already for the same attribute.
    pub fn add_mapping(&mut self, mapping: GroupMapping) -> bool {
        let known = self.mappings.entry((mapping.idp.clone(), mapping.authority)).or_default();
        let is_new = known.iter().all(|other| other.attribute != mapping.attribute);
        known.push(mapping);
        is_new
    }

    /// The attribute service of an authority.
    pub fn service_of(&self, authority: Cvr) -> Option<&AttributeService> {
        self.services.get(self.serving.get(&authority)?)
    }

    /// How the groups of an authority's users are read when this identity provider sends them.
    pub fn mappings(&self, idp: &EntityId, authority: Cvr) -> &[GroupMapping] {
        self.mappings.get(&(idp.clone(), authority)).map_or(&[], Vec::as_slice)
    }
}
