//! What users may do, as their municipality writes it: job function roles in a privilege list.

use super::saml::Refused;
use super::wire;
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
#[derive(Debug)]
pub(super) struct Role {
    pub(super) id: &'static str,
    /// In whose matters.
    pub(super) of: &'static Organisation,
    /// Within what: parameters and their values.
    pub(super) limits: &'static [(&'static str, &'static [&'static str])],
}

/// The roles as the value of an attribute, one group each.
pub(super) fn privilege_list(namespace: &'static str, roles: &[Role]) -> Result<String, Refused> {
    let mut xml = Writer::new();
    xml.start(Name::new(namespace, "bpp", "PrivilegeList"));
    for role in roles {
        xml.start(Name::new("", "", "PrivilegeGroup"));
        xml.attribute("Scope", &format!("urn:dk:gov:saml:cvrNumberIdentifier:{}", role.of.cvr));
        xml.element(Name::new("", "", "Privilege"), role.id);
        for (name, values) in role.limits {
            for value in *values {
                xml.start(Name::new("", "", "Constraint")).attribute("Name", name).text(value).end();
            }
        }
        xml.end();
    }
    Ok(wire::encoded(&xml.end().finish()?.into_string()))
}
