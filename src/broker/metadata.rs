//! Our own metadata in all roles, for those who want to trust us.

use super::Broker;
use crate::domain::id::MessageId;
use crate::domain::reason::Fault;
use crate::protocol::saml::metadata::OurMetadata;

impl Broker {
    /// What fagsystemer need to know about us.
    pub fn idp_metadata(&self) -> Result<String, Fault> {
        let (sso, logout) = (self.settings.sso(), self.settings.idp_logout());
        self.our_metadata(|ours| ours.write_idp(&sso, &logout, self.keys.signer()))
    }

    /// What identity providers need to know about us.
    pub fn sp_metadata(&self) -> Result<String, Fault> {
        let (acs, logout) = (self.settings.acs(), self.settings.sp_logout());
        self.our_metadata(|ours| ours.write_sp(&acs, &logout, self.keys.signer()))
    }

    /// What those who ask for attributes need to know about us.
    pub fn aa_metadata(&self) -> Result<String, Fault> {
        self.our_metadata(|ours| ours.write_aa(&self.settings.attribute_authority(), self.keys.signer()))
    }

    fn our_metadata(
        &self,
        write: impl FnOnce(&OurMetadata<'_>) -> Result<crate::protocol::xml::Canonical, Fault>,
    ) -> Result<String, Fault> {
        let now = self.clock.now();
        let ours = OurMetadata {
            id: &MessageId::made(now, self.random.bits()),
            entity_id: &self.settings.entity_id,
            now,
            signing: self.keys.signing(),
            encryption: self.keys.encryption(),
        };
        Ok(format!("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n{}\n", write(&ours)?.as_str()))
    }
}
