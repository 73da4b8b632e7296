//! Our own metadata in all roles, for those who want to trust us.

use jiff::SignedDuration;

use super::Broker;
use crate::domain::id::{Cvr, MessageId};
use crate::domain::reason::Fault;
use crate::protocol::saml::metadata::OurMetadata;
use crate::store::Batch;

/// How far apart fetches of our metadata by one authority are written down.
const TOLD_APART: SignedDuration = SignedDuration::from_hours(1);

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

    /// Where an authority's identity provider fetches our metadata, so that it can be seen that it did.
    pub fn sp_metadata_address(&self, authority: Cvr) -> String {
        format!("{}/saml/sp/metadata?by={authority}", self.settings.public_url)
    }

    /// Our metadata was fetched from the address of an authority. Nobody proves who they are there, so a stranger who calls
    /// it again and again lets us write no more than once an hour.
    pub async fn metadata_was_fetched(&self, by: Cvr) -> Result<(), Fault> {
        let now = self.clock.now();
        if self.snapshot().federation().authority(by).is_none() {
            return Ok(());
        }
        let known = self.store.metadata_fetches(Some(by)).await?.pop();
        if known.is_some_and(|known| now.duration_since(known.last) < TOLD_APART) {
            return Ok(());
        }
        Ok(self.store.commit(Batch { fetched: Some((by, now)), ..Batch::default() }).await?)
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
