//! What a user may do in a fagsystem, read out of the token as the fagsystem itself would.

use crate::protocol::xml::{Document, Element, Name};
use crate::sandbox::saml::{Refused, refused};
use crate::sandbox::wire;

/// The two names of the attribute, and the namespaces of its value: one of each generation.
const NAMES: [&str; 2] = [
    "dk:gov:saml:attribute:Privileges_intermediate",
    "https://data.gov.dk/model/core/eid/privilegesIntermediate",
];
const LISTS: [Name; 2] = [
    Name::new("http://itst.dk/oiosaml/basic_privilege_profile", "bpp", "PrivilegeList"),
    Name::new("http://digst.dk/oiosaml/basic_privilege_profile", "bpp", "PrivilegeList"),
];
const SCOPE: &str = "urn:dk:gov:saml:cvrNumberIdentifier:";

/// One thing that the user may do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::sandbox) struct Right {
    /// The CVR number in whose matters.
    pub(in crate::sandbox) cvr: String,
    pub(in crate::sandbox) role: String,
    /// Within what: each kind of limit with its values.
    pub(in crate::sandbox) limits: Vec<(String, Vec<String>)>,
}

/// Whether an attribute carries rights.
pub(in crate::sandbox) fn is_rights(name: &str) -> bool {
    NAMES.contains(&name)
}

/// Reads the rights. A right whose name does not begin as the system's own do is refused: somebody mistook it for another.
pub(in crate::sandbox) fn read(attributes: &[(String, String)], own: &str) -> Result<Vec<Right>, Refused> {
    let mut values = attributes.iter().filter(|(name, _)| is_rights(name)).map(|(_, value)| value);
    let (Some(value), more) = (values.next(), values.next()) else { return Ok(Vec::new()) };
    if more.is_some() {
        return refused("two lists of rights");
    }
    let xml = wire::decoded(value)?;
    let document = Document::parse(&xml)?;
    if !LISTS.iter().any(|list| document.root().is(*list)) {
        return refused(format!("expected a list of rights, got {}", document.root().local()));
    }
    document.root().children().map(|group| right(group, own)).collect()
}

fn right(group: Element<'_>, own: &str) -> Result<Right, Refused> {
    let role = group.only_child(Name::new("", "", "Privilege"))?.text()?.into_owned();
    if !role.starts_with(own) {
        return refused(format!("{role} is no role of this system"));
    }
    let Some(cvr) = group.attribute("Scope").and_then(|scope| scope.strip_prefix(SCOPE)) else {
        return refused(format!("{role} holds for nobody"));
    };
    let mut limits: Vec<(String, Vec<String>)> = Vec::new();
    for constraint in group.children().filter(|child| child.is(Name::new("", "", "Constraint"))) {
        let name = constraint.attribute("Name").unwrap_or_default();
        let value = constraint.text()?.into_owned();
        match limits.iter_mut().find(|(known, _)| known == name) {
            Some((_, values)) => values.push(value),
            None => limits.push((name.to_owned(), vec![value])),
        }
    }
    Ok(Right { cvr: cvr.to_owned(), role, limits })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sandbox::fagsystem::BBR;

    fn list(scope: &str, role: &str) -> Result<Vec<Right>, Refused> {
        let xml = format!(
            "<bpp:PrivilegeList xmlns:bpp=\"http://digst.dk/oiosaml/basic_privilege_profile\"><PrivilegeGroup Scope=\"{scope}\">\
             <Privilege>{role}</Privilege><Constraint Name=\"k\">1</Constraint><Constraint Name=\"k\">2</Constraint></PrivilegeGroup>\
             </bpp:PrivilegeList>"
        );
        read(&[(NAMES[1].to_owned(), wire::encoded(&xml))], BBR.roles)
    }

    #[test]
    fn a_system_takes_its_own_roles_with_their_limits_and_no_other_systems() {
        let own = "http://bbr.example/roles/usersystemrole/ret/1";
        let limits = vec![("k".to_owned(), vec!["1".to_owned(), "2".to_owned()])];
        let right = Right { cvr: "11111111".to_owned(), role: own.to_owned(), limits };
        assert_eq!(list(&format!("{SCOPE}11111111"), own), Ok(vec![right]));
        assert!(list(&format!("{SCOPE}11111111"), "http://seb.example/roles/usersystemrole/ret/1").is_err());
        assert!(list("urn:everybody", own).is_err());
        assert_eq!(read(&[], BBR.roles), Ok(Vec::new()));
    }
}
