//! Where the metadata of every party comes from.

use std::collections::HashMap;

use super::written::Written;
use super::{beside, files};
use crate::broker::registry::Files;
use crate::domain::id::EntityId;
use crate::domain::written::{Complaint, Spanned};

/// Where the metadata of a party is fetched.
pub(in crate::broker::registry) fn metadata_urls(kept: &Files) -> HashMap<EntityId, String> {
    let urls = parties(kept).unwrap_or_default().into_iter();
    urls.filter_map(|party| Some((party.entity_id, party.metadata_url?))).collect()
}

/// The metadata files of every party, as they are.
pub(in crate::broker::registry) fn metadata_files(
    kept: &Files,
) -> Result<HashMap<EntityId, Vec<&[u8]>>, Vec<Complaint>> {
    let mut all: HashMap<EntityId, Vec<&[u8]>> = HashMap::new();
    for party in parties(kept)? {
        let content = kept.get(&party.metadata).map(Vec::as_slice).unwrap_or_default();
        all.entry(party.entity_id).or_default().push(content);
    }
    Ok(all)
}

/// What the register says about where somebody's metadata comes from.
struct Party {
    entity_id: EntityId,
    /// The path of the file.
    metadata: String,
    metadata_url: Option<String>,
}

fn parties(kept: &Files) -> Result<Vec<Party>, Vec<Complaint>> {
    let mut parties = Vec::new();
    for (path, _, file) in files(kept)? {
        let party = |entity_id: Spanned<EntityId>, metadata: Spanned<String>, metadata_url| Party {
            entity_id: entity_id.into_inner(),
            metadata: beside(path, metadata.get_ref()),
            metadata_url,
        };
        let url = |url: Option<Spanned<String>>| url.map(Spanned::into_inner);
        let Written { identity_provider, service_provider, attribute_service, .. } = file;
        parties.extend(
            identity_provider.into_iter().map(|p| party(p.entity_id, p.metadata, url(p.metadata_url))),
        );
        parties.extend(
            service_provider.into_iter().map(|p| party(p.entity_id, p.metadata, url(p.metadata_url))),
        );
        parties.extend(
            attribute_service.into_iter().map(|p| party(p.entity_id, p.metadata, url(p.metadata_url))),
        );
    }
    Ok(parties)
}
