//! The role of an attribute service, as others describe theirs. Its keys are those of this role alone: what a party
//! signs logins with says nothing about rights.

use jiff::Timestamp;

use super::super::soap;
use super::{Parsed, endpoints, only_role, refused, signing_keys, valid_until};
use crate::domain::id::EntityId;
use crate::domain::reason::Fault;
use crate::protocol::keys::TrustedKeys;

/// What metadata says about an attribute service.
#[derive(Debug)]
pub struct AttributeServiceMetadata {
    /// Its name.
    pub entity_id: EntityId,
    /// Where it takes queries by SOAP.
    pub address: String,
    /// The keys that it signs with in this role.
    pub keys: TrustedKeys,
    /// Until when the document holds.
    pub valid_until: Option<Timestamp>,
}

impl Parsed<'_> {
    /// Reads the description of an attribute service.
    pub fn attribute_service(&self, entity_id: Option<&EntityId>) -> Result<AttributeServiceMetadata, Fault> {
        let (entity, name) = self.entity(entity_id)?;
        let role = only_role(entity, "AttributeAuthorityDescriptor")?;
        let addresses = endpoints(role, "AttributeService")?;
        let address = addresses.iter().find(|endpoint| endpoint.binding == soap::BINDING);
        let address = address.ok_or_else(|| refused("expected an AttributeService with SOAP"))?;
        Ok(AttributeServiceMetadata {
            entity_id: name,
            address: address.location.to_owned(),
            keys: signing_keys(entity, role)?,
            valid_until: valid_until(self.root, entity)?,
        })
    }
}
