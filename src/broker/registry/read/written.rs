//! The shape of the files of the register.

use jiff::Timestamp;
use serde::Deserialize;

use super::clients::WrittenOidcClient;
use super::people::{WrittenClient, WrittenRequester, WrittenUser};
use super::rights::{WrittenMapping, WrittenService, WrittenWhenDown};
use crate::domain::assurance::{Nist, Nsis};
use crate::domain::federation::{AttributeProfile, Dialect, IdpProfile, IdpRole, NoRights};
use crate::domain::id::{Cvr, EntityId};
use crate::domain::network::Network;
use crate::domain::robot::{Days, Hours};
use crate::domain::source::RightsSource;
use crate::domain::written::Spanned;

/// What any TOML file of the register may hold.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(in crate::broker::registry) struct Written {
    #[serde(default)]
    pub(in crate::broker::registry) authority: Vec<WrittenAuthority>,
    #[serde(default)]
    pub(in crate::broker::registry) identity_provider: Vec<WrittenIdp>,
    #[serde(default)]
    pub(in crate::broker::registry) service_provider: Vec<WrittenFagsystem>,
    #[serde(default)]
    pub(in crate::broker::registry) oidc_client: Vec<WrittenOidcClient>,
    #[serde(default)]
    pub(in crate::broker::registry) federation_agreement: Vec<WrittenFederationAgreement>,
    #[serde(default)]
    pub(in crate::broker::registry) service_agreement: Vec<WrittenServiceAgreement>,
    #[serde(default)]
    pub(in crate::broker::registry) attribute_service: Vec<WrittenService>,
    #[serde(default)]
    pub(in crate::broker::registry) group_mapping: Vec<WrittenMapping>,
    #[serde(default)]
    pub(in crate::broker::registry) user: Vec<WrittenUser>,
    #[serde(default)]
    pub(in crate::broker::registry) api_client: Vec<WrittenClient>,
    #[serde(default)]
    pub(in crate::broker::registry) attribute_requester: Vec<WrittenRequester>,
    #[serde(default)]
    pub(in crate::broker::registry) restriction_type: Vec<WrittenRestrictionType>,
    #[serde(default)]
    pub(in crate::broker::registry) job_function_role: Vec<WrittenJobFunctionRole>,
    #[serde(default)]
    pub(in crate::broker::registry) user_system_role: Vec<WrittenUserSystemRole>,
    #[serde(default)]
    pub(in crate::broker::registry) role_mapping: Vec<WrittenRoleMapping>,
    #[serde(default)]
    pub(in crate::broker::registry) robot: Vec<WrittenRobot>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(in crate::broker::registry) struct WrittenAuthority {
    pub(in crate::broker::registry) cvr: Spanned<Cvr>,
    pub(in crate::broker::registry) name: String,
    /// The provider that may raise the level of its users.
    pub(in crate::broker::registry) step_up: Option<Spanned<EntityId>>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(in crate::broker::registry) struct WrittenIdp {
    pub(in crate::broker::registry) entity_id: Spanned<EntityId>,
    pub(in crate::broker::registry) name: String,
    /// The metadata file, relative to this one.
    pub(in crate::broker::registry) metadata: Spanned<String>,
    /// Where newer metadata is fetched, signed by a key of the metadata before it.
    pub(in crate::broker::registry) metadata_url: Option<Spanned<String>>,
    #[serde(default = "yes")]
    pub(in crate::broker::registry) active: bool,
    pub(in crate::broker::registry) role: Option<Spanned<IdpRole>>,
    pub(in crate::broker::registry) profile: IdpProfile,
    pub(in crate::broker::registry) nist: Option<Nist>,
    pub(in crate::broker::registry) nsis: Option<Nsis>,
    #[serde(default)]
    pub(in crate::broker::registry) networks: Vec<Network>,
    #[serde(default)]
    pub(in crate::broker::registry) scoping: bool,
    #[serde(default)]
    pub(in crate::broker::registry) danger_allow_cbc: bool,
    /// Where rights are looked for, in this order.
    #[serde(default = "assertion")]
    pub(in crate::broker::registry) rights: Vec<RightsSource>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(in crate::broker::registry) struct WrittenFagsystem {
    pub(in crate::broker::registry) entity_id: Spanned<EntityId>,
    pub(in crate::broker::registry) name: String,
    pub(in crate::broker::registry) cvr: Cvr,
    /// The metadata file, relative to this one.
    pub(in crate::broker::registry) metadata: Spanned<String>,
    /// Where newer metadata is fetched, signed by a key of the metadata before it.
    pub(in crate::broker::registry) metadata_url: Option<Spanned<String>>,
    #[serde(default = "yes")]
    pub(in crate::broker::registry) active: bool,
    pub(in crate::broker::registry) profile: Dialect,
    pub(in crate::broker::registry) required_nist: Option<Spanned<Nist>>,
    pub(in crate::broker::registry) required_nsis: Option<Spanned<Nsis>>,
    #[serde(default)]
    pub(in crate::broker::registry) attribute_profile: AttributeProfile,
    #[serde(default)]
    pub(in crate::broker::registry) sign_response: bool,
    #[serde(default)]
    pub(in crate::broker::registry) attribute_service_down: WrittenWhenDown,
    pub(in crate::broker::registry) attribute_service_cached_minutes: Option<Spanned<u16>>,
    #[serde(default)]
    pub(in crate::broker::registry) no_rights: NoRights,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(in crate::broker::registry) struct WrittenFederationAgreement {
    pub(in crate::broker::registry) identity_provider: Spanned<EntityId>,
    pub(in crate::broker::registry) authority: Spanned<Cvr>,
    pub(in crate::broker::registry) valid_from: Option<Timestamp>,
    pub(in crate::broker::registry) valid_until: Option<Timestamp>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(in crate::broker::registry) struct WrittenServiceAgreement {
    pub(in crate::broker::registry) authority: Spanned<Cvr>,
    pub(in crate::broker::registry) service_providers: Vec<Spanned<EntityId>>,
    pub(in crate::broker::registry) valid_from: Option<Timestamp>,
    pub(in crate::broker::registry) valid_until: Option<Timestamp>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(in crate::broker::registry) struct WrittenRestrictionType {
    pub(in crate::broker::registry) id: Spanned<String>,
    pub(in crate::broker::registry) name: String,
    /// A regular expression that a whole value must match.
    pub(in crate::broker::registry) syntax: Option<Spanned<String>>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(in crate::broker::registry) struct WrittenJobFunctionRole {
    pub(in crate::broker::registry) id: Spanned<String>,
    pub(in crate::broker::registry) authority: Spanned<Cvr>,
    pub(in crate::broker::registry) name: String,
    #[serde(default)]
    pub(in crate::broker::registry) delegated_to: Vec<WrittenDelegation>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(in crate::broker::registry) struct WrittenDelegation {
    pub(in crate::broker::registry) authority: Spanned<Cvr>,
    pub(in crate::broker::registry) valid_from: Option<Timestamp>,
    pub(in crate::broker::registry) valid_until: Option<Timestamp>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(in crate::broker::registry) struct WrittenUserSystemRole {
    pub(in crate::broker::registry) id: Spanned<String>,
    pub(in crate::broker::registry) service_provider: Spanned<EntityId>,
    pub(in crate::broker::registry) name: String,
    #[serde(default)]
    pub(in crate::broker::registry) restrictions: Vec<WrittenRestriction>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(in crate::broker::registry) struct WrittenRestriction {
    #[serde(rename = "type")]
    pub(in crate::broker::registry) kind: Spanned<String>,
    #[serde(default)]
    pub(in crate::broker::registry) required: bool,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(in crate::broker::registry) struct WrittenRoleMapping {
    pub(in crate::broker::registry) job_function_role: Spanned<String>,
    pub(in crate::broker::registry) user_system_role: Spanned<String>,
    #[serde(default)]
    pub(in crate::broker::registry) restrictions: Vec<WrittenLimit>,
}

/// Either `values` or `parameter`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(in crate::broker::registry) struct WrittenLimit {
    #[serde(rename = "type")]
    pub(in crate::broker::registry) kind: Spanned<String>,
    pub(in crate::broker::registry) values: Option<Vec<String>>,
    pub(in crate::broker::registry) parameter: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(in crate::broker::registry) struct WrittenRobot {
    pub(in crate::broker::registry) authority: Spanned<Cvr>,
    /// The serial number in the name by which its identity provider names it.
    pub(in crate::broker::registry) id: Spanned<String>,
    pub(in crate::broker::registry) name: String,
    pub(in crate::broker::registry) service_providers: Vec<Spanned<EntityId>>,
    pub(in crate::broker::registry) hours: Option<Hours>,
    pub(in crate::broker::registry) days: Option<Days>,
    pub(in crate::broker::registry) networks: Option<Vec<Network>>,
}

pub(super) fn yes() -> bool {
    true
}

fn assertion() -> Vec<RightsSource> {
    vec![RightsSource::Assertion]
}
