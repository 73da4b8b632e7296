//! Where rights come from: attribute services, and what directory groups mean.

use std::collections::HashMap;

use jiff::SignedDuration;
use serde::Deserialize;

use super::Reader;
use super::written::{Written, yes};
use crate::domain::group::{Convention, GROUPS_CLAIM, GroupMapping, is_domain};
use crate::domain::id::{Cvr, EntityId};
use crate::domain::source::{AttributeService, RightsSource, WhenDown};
use crate::domain::written::{Source, Spanned};
use crate::protocol::saml::metadata::Parsed;
use crate::protocol::xml::Document;

/// The longest that an answer is used again: a right that was taken away is gone within a day.
const LONGEST_CACHE: u16 = 24 * 60;
/// The longest that a user is kept waiting.
const LONGEST_PATIENCE: u16 = 20;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(in crate::broker::registry) struct WrittenService {
    pub(in crate::broker::registry) entity_id: Spanned<EntityId>,
    name: String,
    /// The metadata file, relative to this one.
    pub(in crate::broker::registry) metadata: Spanned<String>,
    /// Where newer metadata is fetched, signed by a key of the metadata before it.
    pub(in crate::broker::registry) metadata_url: Option<Spanned<String>>,
    #[serde(default = "yes")]
    active: bool,
    authorities: Vec<Spanned<Cvr>>,
    #[serde(default = "ten")]
    cache_minutes: Spanned<u16>,
    #[serde(default = "five")]
    timeout_seconds: Spanned<u16>,
}

fn ten() -> Spanned<u16> {
    Spanned::new(0..0, 10)
}

fn five() -> Spanned<u16> {
    Spanned::new(0..0, 5)
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(in crate::broker::registry) struct WrittenMapping {
    pub(in crate::broker::registry) identity_provider: Spanned<EntityId>,
    pub(in crate::broker::registry) authority: Spanned<Cvr>,
    #[serde(default = "groups_claim")]
    pub(in crate::broker::registry) attribute: String,
    #[serde(default)]
    roles: Vec<WrittenGroup>,
    preset: Option<Preset>,
    domain: Option<Spanned<String>>,
}

fn groups_claim() -> String {
    GROUPS_CLAIM.to_owned()
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct WrittenGroup {
    value: String,
    role: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Preset {
    RoleUri,
    EntraDisplayName,
    AdGroup,
    AdAttribute,
}

/// What becomes of a login whose rights cannot be asked for, as it is written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(in crate::broker::registry) enum WrittenWhenDown {
    #[default]
    Refuse,
    IssueWithout,
    UseCached,
}

impl Reader<'_> {
    pub(super) fn attribute_services(&mut self, source: Source<'_>, path: &str, file: &Written) {
        for written in &file.attribute_service {
            let entity_id = written.entity_id.get_ref().clone();
            for (value, least, most) in
                [(&written.cache_minutes, 0, LONGEST_CACHE), (&written.timeout_seconds, 1, LONGEST_PATIENCE)]
            {
                self.within(source, value, least, most);
            }
            let registered = AttributeService {
                entity_id: entity_id.clone(),
                name: written.name.clone(),
                active: written.active,
                cache_for: SignedDuration::from_mins((*written.cache_minutes.get_ref()).into()),
                patience: SignedDuration::from_secs((*written.timeout_seconds.get_ref()).into()),
            };
            if !self.snapshot.sources.add_service(registered) {
                self.twice(source, &written.entity_id);
            }
            let read = |document: &Document<'_>| Parsed::new(document).attribute_service(Some(&entity_id));
            self.metadata_url(source, written.metadata_url.as_ref());
            if let Some(metadata) = self.metadata(source, path, &entity_id, &written.metadata, read) {
                self.snapshot.attribute_services.insert(entity_id, metadata);
            }
        }
    }

    /// Whom services and mappings speak of may stand in any file, so this comes when all parties are known.
    pub(super) fn rights(&mut self, source: Source<'_>, file: &Written) {
        for written in &file.attribute_service {
            for authority in &written.authorities {
                let cvr = *authority.get_ref();
                self.known(source, self.snapshot.federation.authority(cvr).is_some(), authority);
                if !self.snapshot.sources.add_serving(cvr, written.entity_id.get_ref().clone()) {
                    self.twice(source, authority);
                }
            }
        }
        for written in &file.group_mapping {
            let (idp, authority) = (written.identity_provider.get_ref(), *written.authority.get_ref());
            self.known(source, self.snapshot.idps.contains_key(idp), &written.identity_provider);
            self.known(source, self.snapshot.federation.authority(authority).is_some(), &written.authority);
            let Some(convention) = self.convention(source, written) else { continue };
            let (idp, attribute) = (idp.clone(), written.attribute.clone());
            if !self.snapshot.sources.add_mapping(GroupMapping { idp, authority, attribute, convention }) {
                self.twice(source, &written.identity_provider);
            }
        }
    }

    /// An authority whose identity provider leaves rights to the attribute service has one.
    pub(super) fn has_sources(&mut self, source: Source<'_>, authority: &Spanned<Cvr>, idp: &EntityId) {
        let (cvr, sources) = (*authority.get_ref(), &self.snapshot.sources);
        let Ok(registered) = self.snapshot.federation.idp(idp) else { return };
        let lacks = [
            (RightsSource::AttributeService, sources.service_of(cvr).is_none(), "an attribute service"),
            (RightsSource::Groups, sources.mappings(idp, cvr).is_empty(), "a group mapping"),
        ];
        for (wanted, is_missing, what) in lacks {
            if is_missing && registered.rights.contains(&wanted) {
                let what = format!("expected {what} for {cvr}, since {idp} takes rights from it");
                self.complaints.push(source.complain(authority.span(), what));
            }
        }
    }

    fn convention(&mut self, source: Source<'_>, written: &WrittenMapping) -> Option<Convention> {
        let wrong = |what: &str| source.complain(written.identity_provider.span(), what);
        let domain = written.domain.as_ref().map(Spanned::get_ref).cloned();
        let convention = match (written.preset, domain) {
            (None, None) if !written.roles.is_empty() => Ok(Convention::Table(table(&written.roles))),
            (Some(_), _) if !written.roles.is_empty() => Err("expected `roles` or `preset`, got both"),
            (None, _) if written.roles.is_empty() => Err("expected `roles` or `preset`, got neither"),
            (Some(Preset::RoleUri), None) => Ok(Convention::RoleUri),
            (Some(Preset::AdGroup), None) => Ok(Convention::AdGroup),
            (Some(Preset::EntraDisplayName), Some(domain)) => Ok(Convention::RoleName { domain }),
            (Some(Preset::AdAttribute), Some(domain)) => Ok(Convention::AdAttribute { domain }),
            (Some(_), None) => Err("expected a `domain`, which the roles of this preset need"),
            (_, Some(_)) => Err("expected no `domain`, since the roles bring their own"),
            (None, None) => Err("expected `roles` or `preset`, got neither"),
        };
        let not_a_domain = written.domain.as_ref().filter(|domain| !is_domain(domain.get_ref()));
        if let Some(domain) = not_a_domain {
            let what = format!("expected a domain such as korsbaek.dk, got {:?}", domain.get_ref());
            self.complaints.push(source.complain(domain.span(), what));
        }
        convention.map_err(|what| self.complaints.push(wrong(what))).ok()
    }

    /// What becomes of a fagsystem's logins when rights cannot be asked for.
    pub(super) fn when_down(
        &mut self,
        source: Source<'_>,
        down: WrittenWhenDown,
        minutes: Option<&Spanned<u16>>,
        name: &Spanned<EntityId>,
    ) -> WhenDown {
        match (down, minutes) {
            (WrittenWhenDown::UseCached, Some(minutes)) => {
                self.within(source, minutes, 1, LONGEST_CACHE);
                WhenDown::UseCached(SignedDuration::from_mins((*minutes.get_ref()).into()))
            }
            (WrittenWhenDown::UseCached, None) => {
                let what =
                    "expected `attribute-service-cached-minutes`: how old may the answer be that is used?";
                self.complaints.push(source.complain(name.span(), what));
                WhenDown::Refuse
            }
            (_, Some(minutes)) => {
                let what = "expected `attribute-service-down = \"use-cached\"` where minutes are given";
                self.complaints.push(source.complain(minutes.span(), what));
                WhenDown::Refuse
            }
            (WrittenWhenDown::IssueWithout, None) => WhenDown::IssueWithout,
            (WrittenWhenDown::Refuse, None) => WhenDown::Refuse,
        }
    }

    pub(super) fn within(&mut self, source: Source<'_>, value: &Spanned<u16>, least: u16, most: u16) {
        if !(least..=most).contains(value.get_ref()) {
            let what = format!("expected {least} to {most}, got {}", value.get_ref());
            self.complaints.push(source.complain(value.span(), what));
        }
    }
}

fn table(written: &[WrittenGroup]) -> HashMap<String, Vec<String>> {
    let mut table: HashMap<String, Vec<String>> = HashMap::new();
    for group in written {
        table.entry(group.value.trim().to_owned()).or_default().push(group.role.clone());
    }
    table
}
