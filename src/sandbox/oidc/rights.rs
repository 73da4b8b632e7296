//! What the user may do, out of the claims: the list of rights as JSON, and the same list as SAML carries it. Where both
//! are told they must say the same.

use serde::Deserialize;
use serde_json::Value;

use super::jwt::Claims;
use crate::sandbox::fagsystem::rights::{self, Right};
use crate::sandbox::saml::{Refused, refused};

/// The claim that carries the list as JSON.
const JSON: &str = "privileges";

/// A group of the list. One that holds in the matters of something else than an organisation with a CVR number is refused.
#[derive(Deserialize)]
struct Group {
    cvr: String,
    privileges: Vec<String>,
    #[serde(default)]
    constraints: Vec<Limit>,
}

#[derive(Deserialize)]
struct Limit {
    name: String,
    values: Vec<String>,
}

/// Reads the rights. A right whose name does not begin as this system's do is refused.
pub(super) fn read(claims: &Claims, own: &str) -> Result<Vec<Right>, Refused> {
    let texts = claims.iter().filter_map(|(name, value)| Some((name.clone(), value.as_str()?.to_owned())));
    let texts: Vec<_> = texts.filter(|(name, _)| rights::is_rights(name)).collect();
    let as_xml = rights::read(&texts, own)?;
    let Some(list) = claims.get(JSON) else { return Ok(as_xml) };
    let as_json = from_json(list, own)?;
    if texts.is_empty() || as_xml == as_json {
        Ok(as_json)
    } else {
        refused("the two lists of rights do not say the same")
    }
}

fn from_json(list: &Value, own: &str) -> Result<Vec<Right>, Refused> {
    let groups: Vec<Group> =
        Deserialize::deserialize(list).map_err(|error| Refused(format!("{JSON}: {error}")))?;
    let mut all = Vec::new();
    for Group { cvr, privileges, constraints } in groups {
        let limits: Vec<_> = constraints.into_iter().map(|limit| (limit.name, limit.values)).collect();
        for role in privileges {
            if !role.starts_with(own) {
                return refused(format!("{role} is no role of this system"));
            }
            all.push(Right { cvr: cvr.clone(), role, limits: limits.clone() });
        }
    }
    Ok(all)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::sandbox::wire;

    const OWN: &str = "http://byggesag.example/roles/usersystemrole/";
    const XML: &str = "https://data.gov.dk/model/core/eid/privilegesIntermediate";

    fn told(json: Option<Value>, xml: Option<&str>) -> Result<Vec<Right>, String> {
        let xml = xml.map(|groups| {
            let list = "<b:PrivilegeList xmlns:b=\"http://digst.dk/oiosaml/basic_privilege_profile\">";
            Value::String(wire::encoded(&format!("{list}{groups}</b:PrivilegeList>")))
        });
        let claims = [(JSON, json), (XML, xml)].into_iter();
        let claims = claims.filter_map(|(name, value)| Some((name.to_owned(), value?))).collect();
        read(&claims, OWN).map_err(|Refused(why)| why)
    }

    #[test]
    fn rights_are_read_from_either_form_and_must_agree_where_both_are_told() {
        let role = format!("{OWN}se/1");
        let json = json!([{ "cvr": "11111111", "privileges": [role], "constraints": [{ "name": "k", "values": ["1", "2"] }] }]);
        let group = |cvr: &str, role: &str| {
            format!(
                "<PrivilegeGroup Scope=\"urn:dk:gov:saml:cvrNumberIdentifier:{cvr}\"><Privilege>{role}</Privilege>\
                 <Constraint Name=\"k\">1</Constraint><Constraint Name=\"k\">2</Constraint></PrivilegeGroup>"
            )
        };
        let xml = group("11111111", &role);
        let limits = vec![("k".to_owned(), vec!["1".to_owned(), "2".to_owned()])];
        let expected = Ok(vec![Right { cvr: "11111111".to_owned(), role: role.clone(), limits }]);
        for (json, xml) in [(Some(&json), None), (None, Some(&xml)), (Some(&json), Some(&xml))] {
            assert_eq!(told(json.cloned(), xml.map(String::as_str)), expected);
        }
        assert_eq!(told(None, None), Ok(Vec::new()));

        let other = told(Some(json.clone()), Some(&group("99999999", &role)));
        assert_eq!(other, Err("the two lists of rights do not say the same".to_owned()));
        assert!(told(Some(json.clone()), Some("")).is_err());
        let stranger = "http://bbr.example/roles/usersystemrole/se/1";
        let strange = json!([{ "cvr": "11111111", "privileges": [stranger] }]);
        assert_eq!(told(Some(strange), None), Err(format!("{stranger} is no role of this system")));
        for wrong in [
            json!("text"),
            json!([{ "privileges": [role] }]),
            json!([{ "scope": null, "privileges": [role] }]),
        ] {
            assert!(told(Some(wrong), None).unwrap_err().starts_with("privileges: "));
        }
    }
}
