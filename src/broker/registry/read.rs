//! Reads the files of the register. Every mistake of every file is told, each with its place.

use std::collections::HashMap;

use jiff::Timestamp;
use serde::Deserialize;

use super::{Files, Snapshot};
use crate::domain::assurance::{Ceiling, Level, Nist, Nsis};
use crate::domain::federation::{
    AttributeProfile, Authority, Dialect, Fagsystem, IdentityProvider, IdpProfile, Validity,
};
use crate::domain::id::{Cvr, EntityId};
use crate::domain::network::Network;
use crate::domain::reason::Fault;
use crate::domain::written::{Complaint, Source, Spanned, read};
use crate::protocol::saml::metadata::Parsed;
use crate::protocol::xml::Document;
use crate::store::RegistryFiles;

/// What any TOML file of the register may hold.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct Written {
    #[serde(default)]
    pub(super) authority: Vec<WrittenAuthority>,
    #[serde(default)]
    pub(super) identity_provider: Vec<WrittenIdp>,
    #[serde(default)]
    pub(super) service_provider: Vec<WrittenFagsystem>,
    #[serde(default)]
    pub(super) federation_agreement: Vec<WrittenFederationAgreement>,
    #[serde(default)]
    pub(super) service_agreement: Vec<WrittenServiceAgreement>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct WrittenAuthority {
    pub(super) cvr: Spanned<Cvr>,
    pub(super) name: String,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct WrittenIdp {
    pub(super) entity_id: Spanned<EntityId>,
    pub(super) name: String,
    /// The metadata file, relative to this one.
    pub(super) metadata: Spanned<String>,
    /// Where newer metadata is fetched, signed by a key of the metadata before it.
    pub(super) metadata_url: Option<Spanned<String>>,
    #[serde(default = "yes")]
    pub(super) active: bool,
    pub(super) profile: IdpProfile,
    pub(super) nist: Option<Nist>,
    pub(super) nsis: Option<Nsis>,
    #[serde(default)]
    pub(super) networks: Vec<Network>,
    #[serde(default)]
    pub(super) scoping: bool,
    #[serde(default)]
    pub(super) danger_allow_cbc: bool,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct WrittenFagsystem {
    pub(super) entity_id: Spanned<EntityId>,
    pub(super) name: String,
    pub(super) cvr: Cvr,
    /// The metadata file, relative to this one.
    pub(super) metadata: Spanned<String>,
    /// Where newer metadata is fetched, signed by a key of the metadata before it.
    pub(super) metadata_url: Option<Spanned<String>>,
    #[serde(default = "yes")]
    pub(super) active: bool,
    pub(super) profile: Dialect,
    pub(super) required_nist: Option<Spanned<Nist>>,
    pub(super) required_nsis: Option<Spanned<Nsis>>,
    #[serde(default)]
    pub(super) attribute_profile: AttributeProfile,
    #[serde(default)]
    pub(super) sign_response: bool,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct WrittenFederationAgreement {
    pub(super) identity_provider: Spanned<EntityId>,
    pub(super) authority: Spanned<Cvr>,
    pub(super) valid_from: Option<Timestamp>,
    pub(super) valid_until: Option<Timestamp>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct WrittenServiceAgreement {
    pub(super) authority: Spanned<Cvr>,
    pub(super) service_providers: Vec<Spanned<EntityId>>,
    pub(super) valid_from: Option<Timestamp>,
    pub(super) valid_until: Option<Timestamp>,
}

fn yes() -> bool {
    true
}

/// Reads every TOML file of a register, or says everything that is wrong with their form.
pub(super) fn files(files: &Files) -> Result<Vec<(&str, &str, Written)>, Vec<Complaint>> {
    let mut all = Vec::new();
    let mut complaints = Vec::new();
    for (path, content) in files.iter().filter(|(path, _)| path.ends_with(".toml")) {
        match std::str::from_utf8(content) {
            Ok(text) => match read::<Written>(path, text) {
                Ok(written) => all.push((path.as_str(), text, written)),
                Err(wrong) => complaints.extend(wrong),
            },
            Err(_) => complaints.push(Complaint::whole_file(path, "expected text in UTF-8")),
        }
    }
    if complaints.is_empty() { Ok(all) } else { Err(complaints) }
}

/// Reads the whole register into a snapshot, or says everything that is wrong with it.
pub(super) fn snapshot(kept: &RegistryFiles) -> Result<Snapshot, Vec<Complaint>> {
    let written = files(&kept.files)?;
    let mut reader = Reader {
        kept,
        snapshot: Snapshot { version: kept.version, ..Snapshot::default() },
        complaints: Vec::new(),
    };
    for (path, text, file) in &written {
        reader.parties(Source::new(path, text), path, file);
    }
    // Agreements name parties of any file, so they come when all parties are known.
    for (path, text, file) in &written {
        reader.agreements(Source::new(path, text), file);
    }
    if reader.complaints.is_empty() { Ok(reader.snapshot) } else { Err(reader.complaints) }
}

struct Reader<'k> {
    kept: &'k RegistryFiles,
    snapshot: Snapshot,
    complaints: Vec<Complaint>,
}

impl Reader<'_> {
    fn parties(&mut self, source: Source<'_>, path: &str, file: &Written) {
        for authority in &file.authority {
            let cvr = *authority.cvr.get_ref();
            if !self.snapshot.federation.add_authority(Authority { cvr, name: authority.name.clone() }) {
                self.twice(source, &authority.cvr);
            }
        }
        file.identity_provider.iter().for_each(|idp| self.idp(source, path, idp));
        file.service_provider.iter().for_each(|fagsystem| self.fagsystem(source, path, fagsystem));
    }

    fn idp(&mut self, source: Source<'_>, path: &str, written: &WrittenIdp) {
        let entity_id = written.entity_id.get_ref().clone();
        let registered = IdentityProvider {
            entity_id: entity_id.clone(),
            name: written.name.clone(),
            active: written.active,
            profile: written.profile,
            ceiling: Ceiling { nist: written.nist, nsis: written.nsis },
            networks: written.networks.clone(),
            scoping: written.scoping,
            danger_allow_cbc: written.danger_allow_cbc,
        };
        if !self.snapshot.federation.add_idp(registered) {
            self.twice(source, &written.entity_id);
        }
        let read = |document: &Document<'_>| Parsed::new(document).idp(Some(&entity_id));
        self.metadata_url(source, written.metadata_url.as_ref());
        if let Some(metadata) = self.metadata(source, path, &entity_id, &written.metadata, read) {
            self.snapshot.idps.insert(entity_id, metadata);
        }
    }

    fn fagsystem(&mut self, source: Source<'_>, path: &str, written: &WrittenFagsystem) {
        let entity_id = written.entity_id.get_ref().clone();
        let registered = Fagsystem {
            entity_id: entity_id.clone(),
            name: written.name.clone(),
            cvr: written.cvr,
            active: written.active,
            dialect: written.profile,
            required: self.required(source, written),
            attributes: written.attribute_profile,
            sign_response: written.sign_response,
        };
        if !self.snapshot.federation.add_fagsystem(registered) {
            self.twice(source, &written.entity_id);
        }
        let read = |document: &Document<'_>| Parsed::new(document).sp(Some(&entity_id));
        self.metadata_url(source, written.metadata_url.as_ref());
        if let Some(metadata) = self.metadata(source, path, &entity_id, &written.metadata, read) {
            self.snapshot.fagsystemer.insert(entity_id, metadata);
        }
    }

    /// Exactly one of the two scales: without a requirement anybody would do, and with two nobody knows which counts.
    fn required(&mut self, source: Source<'_>, written: &WrittenFagsystem) -> Option<Level> {
        match (&written.required_nist, &written.required_nsis, written.profile) {
            (Some(nist), None, _) => Some(Level::Nist(*nist.get_ref())),
            (None, Some(nsis), Dialect::Oiosaml3) => Some(Level::Nsis(*nsis.get_ref())),
            (None, Some(nsis), Dialect::Oiosaml2) => {
                let what = "expected `required-nist` for an OIOSAML2 system, got `required-nsis`";
                self.complaints.push(source.complain(nsis.span(), what));
                None
            }
            (Some(_), Some(second), _) => {
                let what = "expected one of `required-nist` and `required-nsis`, got both";
                self.complaints.push(source.complain(second.span(), what));
                None
            }
            (None, None, _) => {
                let what = "expected `required-nist` or `required-nsis`, got neither";
                self.complaints.push(source.complain(written.entity_id.span(), what));
                None
            }
        }
    }

    /// Only the form is judged: which hosts may be called is a matter of the machine that calls.
    fn metadata_url(&mut self, source: Source<'_>, url: Option<&Spanned<String>>) {
        if let Some(url) =
            url.filter(|url| !url.get_ref().starts_with("https://") && !url.get_ref().starts_with("http://"))
        {
            let what = format!("expected an https address, got {:?}", url.get_ref());
            self.complaints.push(source.complain(url.span(), what));
        }
    }

    /// What was fetched last and is good, or else the file that stands beside the TOML.
    fn metadata<M>(
        &mut self,
        source: Source<'_>,
        path: &str,
        entity_id: &EntityId,
        file: &Spanned<String>,
        read: impl Fn(&Document<'_>) -> Result<M, Fault>,
    ) -> Option<M> {
        let parse = |content: &[u8]| Document::parse_metadata(content).and_then(|document| read(&document));
        if let Some(metadata) =
            self.kept.fetched.get(entity_id.as_str()).and_then(|content| parse(content).ok())
        {
            return Some(metadata);
        }
        let beside = beside(path, file.get_ref());
        let Some(content) = self.kept.files.get(&beside) else {
            let what = format!("expected a metadata file at {beside}, found none");
            self.complaints.push(source.complain(file.span(), what));
            return None;
        };
        match parse(content) {
            Ok(metadata) => Some(metadata),
            Err(fault) => {
                let what = format!("the metadata in {beside} is refused: {fault}");
                self.complaints.push(source.complain(file.span(), what));
                None
            }
        }
    }

    fn agreements(&mut self, source: Source<'_>, file: &Written) {
        for agreement in &file.federation_agreement {
            let (cvr, idp) = (*agreement.authority.get_ref(), agreement.identity_provider.get_ref().clone());
            self.known(source, self.snapshot.federation.authority(cvr).is_some(), &agreement.authority);
            self.known(source, self.snapshot.idps.contains_key(&idp), &agreement.identity_provider);
            let validity = Validity { from: agreement.valid_from, until: agreement.valid_until };
            if !self.snapshot.federation.add_speaker(cvr, idp, validity) {
                self.twice(source, &agreement.identity_provider);
            }
        }
        for agreement in &file.service_agreement {
            let cvr = *agreement.authority.get_ref();
            self.known(source, self.snapshot.federation.authority(cvr).is_some(), &agreement.authority);
            let validity = Validity { from: agreement.valid_from, until: agreement.valid_until };
            for fagsystem in &agreement.service_providers {
                self.known(source, self.snapshot.fagsystemer.contains_key(fagsystem.get_ref()), fagsystem);
                if !self.snapshot.federation.add_use(cvr, fagsystem.get_ref().clone(), validity) {
                    self.twice(source, fagsystem);
                }
            }
        }
    }

    fn twice<T: std::fmt::Display>(&mut self, source: Source<'_>, value: &Spanned<T>) {
        let what = format!("expected {} once, got it again", value.get_ref());
        self.complaints.push(source.complain(value.span(), what));
    }

    fn known<T: std::fmt::Display>(&mut self, source: Source<'_>, is_known: bool, value: &Spanned<T>) {
        if !is_known {
            let what = format!("expected a party that is registered, got {}", value.get_ref());
            self.complaints.push(source.complain(value.span(), what));
        }
    }
}

/// The path of a file that another one names, both below the directory of the register.
pub(super) fn beside(path: &str, name: &str) -> String {
    match path.rsplit_once('/') {
        Some((folder, _)) => format!("{folder}/{name}"),
        None => name.to_owned(),
    }
}

/// Where the metadata of a party is fetched.
pub(super) fn metadata_urls(kept: &Files) -> HashMap<EntityId, String> {
    let urls = parties(kept).unwrap_or_default().into_iter();
    urls.filter_map(|party| Some((party.entity_id, party.metadata_url?))).collect()
}

/// The metadata files of every party, as they are.
pub(super) fn metadata_files(kept: &Files) -> Result<HashMap<EntityId, Vec<&[u8]>>, Vec<Complaint>> {
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
        let Written { identity_provider, service_provider, .. } = file;
        parties.extend(
            identity_provider.into_iter().map(|p| party(p.entity_id, p.metadata, url(p.metadata_url))),
        );
        parties.extend(
            service_provider.into_iter().map(|p| party(p.entity_id, p.metadata, url(p.metadata_url))),
        );
    }
    Ok(parties)
}
