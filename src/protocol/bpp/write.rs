//! Writing a privilege list in the one form that every fagsystem reads: one privilege in each group, each value of a
//! limit in an element of its own, nothing twice.

use super::{check_weight, namespace};
use crate::domain::federation::Dialect;
use crate::domain::privilege::{PrivilegeGroup, PrivilegeList};
use crate::domain::reason::{Fault, Reason};
use crate::protocol::saml::attribute::PRIVILEGES;
use crate::protocol::xml::{Limits, Name, Writer, base64};

const GROUP: Name = Name::new("", "", "PrivilegeGroup");
const PRIVILEGE: Name = Name::new("", "", "Privilege");
const CONSTRAINT: Name = Name::new("", "", "Constraint");

/// The attribute that tells a fagsystem its user's rights; none where there are none. The rights must be the
/// fagsystem's own roles.
pub fn attribute(
    rights: &PrivilegeList,
    dialect: Dialect,
) -> Result<Option<(&'static str, Vec<String>)>, Fault> {
    let gives = |group: &PrivilegeGroup| group.gives() && !group.privileges.is_empty();
    if !rights.groups.iter().any(gives) {
        return Ok(None);
    }
    Ok(Some((PRIVILEGES.in_dialect(dialect), vec![write(rights, dialect)?])))
}

/// Writes the value of an attribute: XML in base64 without line breaks.
pub fn write(list: &PrivilegeList, dialect: Dialect) -> Result<String, Fault> {
    Ok(base64::encode(xml(list, dialect)?.as_bytes()))
}

/// Writes the XML alone.
pub fn xml(list: &PrivilegeList, dialect: Dialect) -> Result<String, Fault> {
    check_weight(list)?;
    let mut xml = Writer::new();
    xml.start(Name::new(namespace(dialect), "bpp", "PrivilegeList"));
    for right in list.rights() {
        xml.start(GROUP).attribute("Scope", &right.scope.uri().unwrap_or_default());
        xml.element(PRIVILEGE, right.privilege);
        for limit in right.constraints {
            for value in &limit.values {
                xml.start(CONSTRAINT).attribute("Name", &limit.name).text(value).end();
            }
        }
        xml.end();
    }
    let xml = xml.end().finish()?.into_string();
    // What we would not read we do not write.
    match xml.len() <= Limits::PRIVILEGES.bytes {
        true => Ok(xml),
        false => Err(Fault::new(
            Reason::LimitXml,
            format!("a privilege list of {} bytes, allowed are {}", xml.len(), Limits::PRIVILEGES.bytes),
        )),
    }
}
