//! What users may do, as their municipality writes it: job function roles in a privilege list.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::saml::Refused;
use super::wire;
use crate::domain::id::Cvr;
use crate::protocol::xml::{Name, Writer};

/// An organisation that employs users, and in whose matters roles hold.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Organisation {
    pub(super) cvr: &'static str,
    pub(super) name: &'static str,
}

pub(super) const KORSBAEK: Organisation = Organisation { cvr: "11111111", name: "Korsbæk Kommune" };
pub(super) const FEDDET: Organisation = Organisation { cvr: "99999999", name: "Feddet Kommune" };

/// A job function role that somebody holds.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Role {
    /// In whose matters.
    pub(super) scope: Cvr,
    pub(super) uri: String,
    /// Within what: parameters and their values.
    #[serde(default)]
    pub(super) constraints: BTreeMap<String, Vec<String>>,
}

/// The roles as the value of an attribute, one group each.
pub(super) fn privilege_list(namespace: &'static str, roles: &[Role]) -> Result<String, Refused> {
    let mut xml = Writer::new();
    xml.start(Name::new(namespace, "bpp", "PrivilegeList"));
    for role in roles {
        xml.start(Name::new("", "", "PrivilegeGroup"));
        xml.attribute("Scope", &format!("urn:dk:gov:saml:cvrNumberIdentifier:{}", role.scope));
        xml.element(Name::new("", "", "Privilege"), &role.uri);
        for (name, values) in &role.constraints {
            for value in values {
                xml.start(Name::new("", "", "Constraint")).attribute("Name", name).text(value).end();
            }
        }
        xml.end();
    }
    Ok(wire::encoded(&xml.end().finish()?.into_string()))
}
