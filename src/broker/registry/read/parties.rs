//! Who takes part: authorities, identity providers and fagsystemer, each with its metadata.

use super::written::{Written, WrittenFagsystem, WrittenIdp};
use super::{Reader, beside};
use crate::domain::assurance::{Level, Nist, Nsis};
use crate::domain::federation::{Authority, Dialect, Fagsystem, IdentityProvider, IdpProfile, IdpRole};
use crate::domain::id::EntityId;
use crate::domain::reason::Fault;
use crate::domain::written::{Source, Spanned};
use crate::protocol::saml::metadata::Parsed;
use crate::protocol::xml::Document;

impl Reader<'_> {
    pub(super) fn parties(&mut self, source: Source<'_>, path: &str, file: &Written) {
        for authority in &file.authority {
            let registered = Authority {
                cvr: *authority.cvr.get_ref(),
                name: authority.name.clone(),
                step_up: authority.step_up.as_ref().map(|idp| idp.get_ref().clone()),
            };
            if !self.snapshot.federation.add_authority(registered) {
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
            role: self.role(source, written),
            profile: written.profile,
            ceiling: written.profile.ceiling(written.nist, written.nsis),
            networks: written.networks.clone(),
            scoping: written.scoping,
            danger_allow_cbc: written.danger_allow_cbc,
            rights: written.rights.clone(),
        };
        if !self.snapshot.federation.add_idp(registered) {
            self.twice(source, &written.entity_id);
        }
        self.unlike_others(source, &written.entity_id);
        let read = |document: &Document<'_>| Parsed::new(document).idp(Some(&entity_id));
        self.metadata_url(source, written.metadata_url.as_ref());
        if let Some(metadata) = self.metadata(source, path, &entity_id, &written.metadata, read) {
            self.snapshot.idps.insert(entity_id, metadata);
        }
    }

    /// Whoever raises a level must be able to state one, in the profile that has one.
    fn role(&mut self, source: Source<'_>, written: &WrittenIdp) -> IdpRole {
        let Some(role) = &written.role else { return IdpRole::default() };
        if *role.get_ref() == IdpRole::StepUp
            && (written.profile != IdpProfile::Oiosaml3 || written.nsis.is_none())
        {
            let what = "expected profile = \"OIOSAML3\" and an `nsis` level for a step-up provider";
            self.complaints.push(source.complain(role.span(), what));
        }
        *role.get_ref()
    }

    fn fagsystem(&mut self, source: Source<'_>, path: &str, written: &WrittenFagsystem) {
        let entity_id = written.entity_id.get_ref().clone();
        let registered = Fagsystem {
            entity_id: entity_id.clone(),
            name: written.name.clone(),
            cvr: written.cvr,
            active: written.active,
            dialect: written.profile,
            required: self.required(
                source,
                (written.required_nist.as_ref(), written.required_nsis.as_ref()),
                written.profile,
                &written.entity_id,
            ),
            attributes: written.attribute_profile,
            sign_response: written.sign_response,
            when_down: self.when_down(
                source,
                written.attribute_service_down,
                written.attribute_service_cached_minutes.as_ref(),
                &written.entity_id,
            ),
            no_rights: written.no_rights,
        };
        if !self.snapshot.federation.add_fagsystem(registered) {
            self.twice(source, &written.entity_id);
        }
        self.unlike_others(source, &written.entity_id);
        let read = |document: &Document<'_>| Parsed::new(document).sp(Some(&entity_id));
        self.metadata_url(source, written.metadata_url.as_ref());
        if let Some(metadata) = self.metadata(source, path, &entity_id, &written.metadata, read) {
            self.snapshot.fagsystemer.insert(entity_id, metadata);
        }
    }

    /// Exactly one of the two scales: without a requirement anybody would do, and with two nobody knows which counts.
    pub(super) fn required(
        &mut self,
        source: Source<'_>,
        (nist, nsis): (Option<&Spanned<Nist>>, Option<&Spanned<Nsis>>),
        profile: Dialect,
        name: &Spanned<EntityId>,
    ) -> Option<Level> {
        match (nist, nsis, profile) {
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
                self.complaints.push(source.complain(name.span(), what));
                None
            }
        }
    }

    /// Only the form is judged: which hosts may be called is a matter of the machine that calls.
    pub(super) fn metadata_url(&mut self, source: Source<'_>, url: Option<&Spanned<String>>) {
        if let Some(url) =
            url.filter(|url| !url.get_ref().starts_with("https://") && !url.get_ref().starts_with("http://"))
        {
            let what = format!("expected an https address, got {:?}", url.get_ref());
            self.complaints.push(source.complain(url.span(), what));
        }
    }

    /// What was fetched last and is good, or else the file that stands beside the TOML.
    pub(super) fn metadata<M>(
        &mut self,
        source: Source<'_>,
        path: &str,
        entity_id: &EntityId,
        file: &Spanned<String>,
        read: impl Fn(&Document<'_>) -> Result<M, Fault>,
    ) -> Option<M> {
        let fetched = self.kept.fetched.get(entity_id.as_str());
        match fetched.and_then(|content| parsed(content, &read).ok()) {
            Some(metadata) => Some(metadata),
            None => self.metadata_file(source, path, file, read),
        }
    }

    /// The file that stands beside the TOML, whatever was fetched.
    pub(super) fn metadata_file<M>(
        &mut self,
        source: Source<'_>,
        path: &str,
        file: &Spanned<String>,
        read: impl Fn(&Document<'_>) -> Result<M, Fault>,
    ) -> Option<M> {
        let beside = beside(path, file.get_ref());
        let Some(content) = self.kept.files.get(&beside) else {
            let what = format!("expected a metadata file at {beside}, found none");
            self.complaints.push(source.complain(file.span(), what));
            return None;
        };
        match parsed(content, &read) {
            Ok(metadata) => Some(metadata),
            Err(fault) => {
                let what = format!("the metadata in {beside} is refused: {fault}");
                self.complaints.push(source.complain(file.span(), what));
                None
            }
        }
    }
}

fn parsed<M>(content: &[u8], read: impl Fn(&Document<'_>) -> Result<M, Fault>) -> Result<M, Fault> {
    Document::parse_metadata(content).and_then(|document| read(&document))
}
