//! What the register holds of parties, whether they are switched on or not: keys, certificates, metadata.

use std::collections::BTreeMap;

use jiff::Timestamp;

use super::{Snapshot, read};
use crate::domain::id::EntityId;
use crate::domain::trust::CertificateUse;
use crate::protocol::keys::{Certificate, TrustedKeys};
use crate::protocol::saml::metadata::SpMetadata;
use crate::store::RegistryFiles;

/// What is trusted of a party, whether it is switched on or not.
#[derive(Clone, Copy, Debug)]
pub struct Trusted<'s> {
    /// The party.
    pub party: &'s EntityId,
    /// Until when its metadata holds.
    pub valid_until: Option<Timestamp>,
    /// Its signing keys.
    pub keys: &'s TrustedKeys,
}

/// A certificate that a party has.
#[derive(Clone, Copy, Debug)]
pub struct Held<'s> {
    /// The party.
    pub party: &'s EntityId,
    /// What it is there for.
    pub used_for: CertificateUse,
    /// The certificate.
    pub certificate: &'s Certificate,
}

impl Snapshot {
    /// What is trusted of every party, in the order of their names.
    pub fn trusted(&self) -> Vec<Trusted<'_>> {
        let idps = self.idps.iter().map(|(party, known)| (party, known.valid_until, &known.keys));
        let fagsystemer =
            self.fagsystemer.iter().map(|(party, known)| (party, known.valid_until, &known.keys));
        let services = self.attribute_services.iter();
        let services = services.map(|(party, known)| (party, known.valid_until, &known.keys));
        let requesters =
            self.people.of_requesters.iter().map(|(party, known)| (party, known.valid_until, &known.keys));
        let all = idps.chain(fagsystemer).chain(services).chain(requesters);
        let mut all: Vec<_> =
            all.map(|(party, valid_until, keys)| Trusted { party, valid_until, keys }).collect();
        all.sort_by_key(|trusted| trusted.party);
        all
    }

    /// Every certificate of every party, in the order of their names. One that a party has in several roles stands once.
    pub fn held(&self) -> Vec<Held<'_>> {
        let mut all: Vec<Held<'_>> = Vec::new();
        for Trusted { party, keys, .. } in self.trusted() {
            let signing = keys.certificates().iter().map(|one| (CertificateUse::Signing, one));
            let others = keys.of_other_roles().iter().map(|one| (CertificateUse::Other, one));
            for (used_for, certificate) in signing.chain(others) {
                let known = |held: &&mut Held<'_>| held.party == party && held.certificate == certificate;
                match all.iter_mut().rev().take_while(|held| held.party == party).find(known) {
                    Some(held) => held.used_for = held.used_for.min(used_for),
                    None => all.push(Held { party, used_for, certificate }),
                }
            }
        }
        all
    }

    /// The metadata of a fagsystem.
    pub fn sp_metadata(&self, name: &EntityId) -> Option<&SpMetadata> {
        self.fagsystemer.get(name)
    }
}

/// The metadata of every party that has any: what was fetched last, or else the files, one for each role.
pub fn documents(kept: &RegistryFiles) -> BTreeMap<EntityId, Vec<Vec<u8>>> {
    let mut documents: BTreeMap<EntityId, Vec<Vec<u8>>> = BTreeMap::new();
    for (party, files) in read::metadata_files(&kept.files).unwrap_or_default() {
        let mut files: Vec<Vec<u8>> = files.into_iter().map(<[u8]>::to_vec).collect();
        files.dedup();
        documents.insert(party, files);
    }
    for (party, content) in &kept.fetched {
        if let Ok(party) = EntityId::new(party) {
            documents.insert(party, vec![content.clone()]);
        }
    }
    documents
}
