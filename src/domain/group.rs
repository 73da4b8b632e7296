//! Directory groups as job function roles: how municipalities whose directory knows no privilege lists, Entra ID and AD
//! above all, say what a user may do.
//!
//! A mapping turns the values of one attribute into privileges. A value that it does not know is no mistake, since
//! users are in many groups that mean nothing here. Whether a role may be used in the matters of the authority that a
//! value names is judged afterwards, like that of any other statement.

use std::collections::HashMap;

use super::id::{Cvr, EntityId};
use super::privilege::{PrivilegeGroup, PrivilegeList, Scope};

/// The attribute in which Entra ID and AD FS send groups, unless told otherwise.
pub const GROUPS_CLAIM: &str = "http://schemas.microsoft.com/ws/2008/06/identity/claims/groups";

/// How the groups of one authority's users are read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GroupMapping {
    /// The identity provider that sends them.
    pub idp: EntityId,
    /// The authority whose users these are.
    pub authority: Cvr,
    /// The name of the attribute.
    pub attribute: String,
    /// What a value means.
    pub convention: Convention,
}

/// What a value means.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Convention {
    /// What a table says: by value the job function roles.
    Table(HashMap<String, Vec<String>>),
    /// The value is the URI of the role, and after its last colon may stand the authority: `http://…/1:11111111`.
    RoleUri,
    /// The value is the name of a role in this domain.
    RoleName {
        /// The domain of the role's URI.
        domain: String,
    },
    /// `name#authority_domain`.
    AdGroup,
    /// `<KOMBIT><JFR>name</JFR></KOMBIT>`, or for another authority `<KOMBIT><JFR>name<CVR>authority<ISSUER>domain</JFR></KOMBIT>`.
    AdAttribute {
        /// The domain of roles that name none.
        domain: String,
    },
}

impl GroupMapping {
    /// The rights that the values of the attribute stand for.
    pub fn rights<'v>(&self, values: impl IntoIterator<Item = &'v str>) -> PrivilegeList {
        let given = values.into_iter().flat_map(|value| self.given(value.trim()));
        let groups =
            given.map(|(role, authority)| PrivilegeGroup::new(Scope::Cvr(authority), [role.as_str()], []));
        PrivilegeList { groups: groups.collect() }.normalised()
    }

    fn given(&self, value: &str) -> Vec<(String, Cvr)> {
        let here = self.authority;
        match &self.convention {
            Convention::Table(table) => {
                let roles = table.get(value).into_iter().flatten();
                roles.map(|role| (role.clone(), here)).collect()
            }
            Convention::RoleUri => role_uri(value, here).into_iter().collect(),
            Convention::RoleName { domain } => {
                role(value, domain).map(|role| (role, here)).into_iter().collect()
            }
            Convention::AdGroup => ad_group(value).into_iter().collect(),
            Convention::AdAttribute { domain } => ad_attribute(value, domain, here).into_iter().collect(),
        }
    }
}

/// The URI of a role, and the authority after its last colon, where eight digits stand there.
fn role_uri(value: &str, here: Cvr) -> Option<(String, Cvr)> {
    let with_authority = value.rsplit_once(':').and_then(|(uri, cvr)| Some((uri, Cvr::new(cvr).ok()?)));
    let (uri, authority) = with_authority.unwrap_or((value, here));
    is_uri(uri).then(|| (uri.to_owned(), authority))
}

fn ad_group(value: &str) -> Option<(String, Cvr)> {
    let (name, place) = value.rsplit_once('#')?;
    let (cvr, domain) = place.split_once('_')?;
    Some((role(name, domain)?, Cvr::new(cvr).ok()?))
}

/// The tags are no XML: directories hold them with and without their ends.
fn ad_attribute(value: &str, domain: &str, here: Cvr) -> Option<(String, Cvr)> {
    let inside = value.strip_prefix("<KOMBIT>")?.trim_start().strip_prefix("<JFR>")?;
    let inside = inside.trim_end().strip_suffix("</KOMBIT>").unwrap_or(inside).trim_end();
    let inside = inside.strip_suffix("</JFR>").unwrap_or(inside);
    let Some((name, delegated)) = inside.split_once("<CVR>") else {
        return Some((role(inside.trim(), domain)?, here));
    };
    let delegated = delegated.replace("</CVR>", "");
    let (cvr, issuer) = delegated.split_once("<ISSUER>")?;
    let issuer = issuer.strip_suffix("</ISSUER>").unwrap_or(issuer);
    Some((role(name.trim(), issuer.trim())?, Cvr::new(cvr.trim()).ok()?))
}

/// The URI of the role of this name in this domain. A name that is a URI is one already.
fn role(name: &str, domain: &str) -> Option<String> {
    if is_uri(name) {
        return Some(name.to_owned());
    }
    let plain = |c: char| c.is_alphanumeric() || matches!(c, '_' | '-' | '.');
    let is_name = !name.is_empty() && name.chars().all(plain);
    (is_name && is_domain(domain)).then(|| format!("http://{domain}/roles/jobrole/{name}/1"))
}

fn is_uri(text: &str) -> bool {
    let rest = text.strip_prefix("http://").or_else(|| text.strip_prefix("https://"));
    rest.is_some_and(|rest| !rest.is_empty())
        && text.bytes().all(|byte| byte.is_ascii_graphic())
        && !text.contains(['<', '>', '"'])
}

/// Whether the text can be the domain of a role's URI.
pub fn is_domain(text: &str) -> bool {
    text.contains('.') && text.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-'))
}

/// Whether these names of attributes tell that a user is in more groups than were sent: Entra ID leaves the groups of
/// such a user out and puts a pointer in their place, which we never follow.
pub fn overage<'n>(names: impl IntoIterator<Item = &'n str>) -> bool {
    const HINTS: [&str; 4] = ["groups.link", "hasgroups", "_claim_names", "_claim_sources"];
    let last = |name: &'n str| name.rsplit('/').next().unwrap_or(name);
    names.into_iter().any(|name| HINTS.contains(&last(name)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mapping(convention: Convention) -> GroupMapping {
        GroupMapping {
            idp: EntityId::new("https://sts.windows.net/korsbaek/").unwrap(),
            authority: Cvr::new("11111111").unwrap(),
            attribute: GROUPS_CLAIM.to_owned(),
            convention,
        }
    }

    fn read(convention: Convention, values: &[&str]) -> Vec<String> {
        let rights = mapping(convention).rights(values.iter().copied());
        rights
            .groups
            .iter()
            .map(|group| {
                format!(
                    "{} {}",
                    group.scope.uri().unwrap().rsplit(':').next().unwrap(),
                    group.privileges.join("|")
                )
            })
            .collect()
    }

    #[test]
    fn a_table_gives_the_roles_of_the_values_that_it_knows_once_each() {
        let table = HashMap::from([
            ("0a11".to_owned(), vec!["http://korsbaek.dk/roles/jobrole/byg/1".to_owned()]),
            (
                "Skole".to_owned(),
                vec![
                    "http://korsbaek.dk/roles/jobrole/skole/1".to_owned(),
                    "http://korsbaek.dk/roles/jobrole/byg/1".to_owned(),
                ],
            ),
        ]);
        assert_eq!(
            read(Convention::Table(table), &["unknown", "0a11", "Skole", "skole"]),
            [
                "11111111 http://korsbaek.dk/roles/jobrole/byg/1",
                "11111111 http://korsbaek.dk/roles/jobrole/skole/1"
            ]
        );
    }

    #[test]
    fn a_role_that_is_written_as_its_uri_may_name_the_authority_after_the_last_colon() {
        assert_eq!(
            read(
                Convention::RoleUri,
                &[
                    "http://korsbaek.dk/roles/jobrole/byg/1",
                    "http://feddet.dk/roles/jobrole/skat/1:99999999",
                    "http://korsbaek.dk:8080/x",
                    "http://korsbaek.dk/x:1234567",
                    "Alle medarbejdere",
                    "99999999",
                    ":99999999",
                    "http://",
                ]
            ),
            [
                "11111111 http://korsbaek.dk/roles/jobrole/byg/1",
                "99999999 http://feddet.dk/roles/jobrole/skat/1",
                "11111111 http://korsbaek.dk:8080/x",
                "11111111 http://korsbaek.dk/x:1234567",
            ]
        );
    }

    #[test]
    fn a_name_of_a_role_gets_the_domain_and_a_uri_stays_what_it_is() {
        let convention = || Convention::RoleName { domain: "korsbaek.dk".to_owned() };
        assert_eq!(
            read(convention(), &["byg", "http://feddet.dk/roles/jobrole/skat/1", "a/b", "to ord", "", "x?y"]),
            [
                "11111111 http://korsbaek.dk/roles/jobrole/byg/1",
                "11111111 http://feddet.dk/roles/jobrole/skat/1"
            ]
        );
    }

    #[test]
    fn a_group_of_ad_names_role_authority_and_domain() {
        assert_eq!(
            read(
                Convention::AdGroup,
                &["byg#11111111_korsbaek.dk", "byg", "byg#1_korsbaek.dk", "#11111111_k.dk", "b#11111111_"]
            ),
            ["11111111 http://korsbaek.dk/roles/jobrole/byg/1"]
        );
    }

    #[test]
    fn an_attribute_of_ad_names_a_role_here_or_one_of_another_authority_with_and_without_closing_tags() {
        let convention = Convention::AdAttribute { domain: "korsbaek.dk".to_owned() };
        assert_eq!(
            read(
                convention,
                &[
                    "<KOMBIT><JFR>byg</JFR></KOMBIT>",
                    "<KOMBIT><JFR>skole",
                    "<KOMBIT><JFR>skat<CVR>99999999<ISSUER>feddet.dk</JFR></KOMBIT>",
                    "<KOMBIT><JFR>havn<CVR>99999999</CVR><ISSUER>feddet.dk</ISSUER></JFR></KOMBIT>",
                    "<KOMBIT><JFR>x<CVR>9<ISSUER>feddet.dk</JFR></KOMBIT>",
                    "<KOMBIT><JFR>x<CVR>99999999</JFR></KOMBIT>",
                    "<KOMBIT><JFR></JFR></KOMBIT>",
                    "Kerberos:ib@korsbaek.dk",
                ]
            ),
            [
                "11111111 http://korsbaek.dk/roles/jobrole/byg/1",
                "11111111 http://korsbaek.dk/roles/jobrole/skole/1",
                "99999999 http://feddet.dk/roles/jobrole/skat/1",
                "99999999 http://feddet.dk/roles/jobrole/havn/1",
            ]
        );
    }

    #[test]
    fn groups_that_were_left_out_are_told_by_the_pointer_in_their_place() {
        for hint in ["http://schemas.microsoft.com/claims/groups.link", "hasgroups", "_claim_names"] {
            assert!(overage(["a", hint]), "{hint}");
        }
        assert!(!overage([GROUPS_CLAIM, "http://korsbaek.dk/groups"]));
    }
}
