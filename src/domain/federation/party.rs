//! What the register says about each party, and for how long something holds.

use serde::{Deserialize, Serialize};

use crate::domain::assurance::{Ceiling, Level, Nist, Nsis};
use crate::domain::id::{Cvr, EntityId};
use crate::domain::network::Network;
use crate::domain::source::{RightsSource, WhenDown};

/// A municipality or another public authority.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Authority {
    /// Its number.
    pub cvr: Cvr,
    /// Its name, as users know it and as tokens carry it.
    pub name: String,
    /// The provider that may raise the level of its users, where it allows that.
    pub step_up: Option<EntityId>,
}

/// How an identity provider speaks, and in particular how a required level is put to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum IdpProfile {
    /// OIOSAML 2; levels are asked for as NIST URNs.
    #[serde(rename = "OIOSAML2")]
    Oiosaml2,
    /// OIOSAML 2 on AD FS; two factors are asked for as `multipleauthn`.
    #[serde(rename = "OIOSAML2_ADFS_MULTIPLEAUTHN")]
    Oiosaml2AdfsMultipleAuthn,
    /// OIOSAML 2; no level is asked for, only judged.
    #[serde(rename = "OIOSAML2_WITHOUT_REQUESTED_LOA")]
    Oiosaml2WithoutRequestedLoa,
    /// OIOSAML 3; levels are asked for as NSIS URIs or NIST URNs.
    #[serde(rename = "OIOSAML3")]
    Oiosaml3,
    /// OIOSAML 3 on AD FS; two factors are asked for as `multipleauthn`.
    #[serde(rename = "OIOSAML3_ADFS_MULTIPLEAUTHN")]
    Oiosaml3AdfsMultipleAuthn,
    /// OIOSAML 3 on AD FS; the level travels in RelayState.
    #[serde(rename = "OIOSAML3_ADFS_RELAY_STATE")]
    Oiosaml3AdfsRelayState,
}

impl IdpProfile {
    /// The family of attribute names and rules that the profile belongs to.
    pub fn dialect(self) -> Dialect {
        match self {
            Self::Oiosaml2 | Self::Oiosaml2AdfsMultipleAuthn | Self::Oiosaml2WithoutRequestedLoa => {
                Dialect::Oiosaml2
            }
            Self::Oiosaml3 | Self::Oiosaml3AdfsMultipleAuthn | Self::Oiosaml3AdfsRelayState => {
                Dialect::Oiosaml3
            }
        }
    }

    /// The highest levels that a provider of this profile may state. OIOSAML 2 knows no NSIS.
    pub fn ceiling(self, nist: Option<Nist>, nsis: Option<Nsis>) -> Ceiling {
        Ceiling { nist, nsis: nsis.filter(|_| self.dialect() == Dialect::Oiosaml3) }
    }
}

/// The two generations of the Danish SAML profile.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Dialect {
    /// OIOSAML 2.
    #[serde(rename = "OIOSAML2")]
    Oiosaml2,
    /// OIOSAML 3.
    #[serde(rename = "OIOSAML3")]
    Oiosaml3,
}

/// Which attributes a fagsystem is told.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum AttributeProfile {
    /// The organisation, the level, the rights, and the e-mail address.
    #[default]
    #[serde(rename = "KOMBIT")]
    Kombit,
    /// The same without the e-mail address.
    #[serde(rename = "KOMBIT_WITHOUT_PERSONAL_DATA")]
    KombitWithoutPersonalData,
    /// What the health sector's broker needs.
    #[serde(rename = "SEB")]
    Seb,
}

/// What becomes of a login when the user has no rights in the fagsystem.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum NoRights {
    /// The fagsystem is told that there is no login.
    Refuse,
    /// The fagsystem is told who the user is, and nothing about rights.
    #[default]
    IssueWithout,
}

/// What an identity provider is there for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum IdpRole {
    /// Logs the users of the municipalities in that it speaks for.
    #[default]
    Login,
    /// Speaks for nobody and is never offered: it raises the level of users whom their municipality has logged in.
    StepUp,
}

/// What the register says about an identity provider. Its addresses and keys stand in its metadata.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IdentityProvider {
    /// Its name in SAML.
    pub entity_id: EntityId,
    /// Its name for people.
    pub name: String,
    /// Whether it is switched on.
    pub active: bool,
    /// What it is there for.
    pub role: IdpRole,
    /// How it speaks.
    pub profile: IdpProfile,
    /// The highest levels that it may state.
    pub ceiling: Ceiling,
    /// The networks whose users are sent straight to it.
    pub networks: Vec<Network>,
    /// Whether it wants to be told which fagsystem asks.
    pub scoping: bool,
    /// Whether it may send AES-CBC, which other parties must not.
    pub danger_allow_cbc: bool,
    /// Where its users' rights are looked for, in this order. The first that has any wins.
    pub rights: Vec<RightsSource>,
}

/// What the register says about a fagsystem, whatever it speaks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fagsystem {
    /// Its name in SAML, or its `client_id` in OpenID Connect.
    pub entity_id: EntityId,
    /// Its name for people.
    pub name: String,
    /// The organisation that owns it.
    pub cvr: Cvr,
    /// Whether it is switched on.
    pub active: bool,
    /// How it speaks.
    pub dialect: Dialect,
    /// The level that its users must reach.
    pub required: Option<Level>,
    /// Which attributes it is told.
    pub attributes: AttributeProfile,
    /// Whether the Response is signed as well as the assertion.
    pub sign_response: bool,
    /// What becomes of its logins when rights cannot be asked for.
    pub when_down: WhenDown,
    /// What becomes of users without rights.
    pub no_rights: NoRights,
}
