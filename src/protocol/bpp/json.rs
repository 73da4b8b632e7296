//! A privilege list as JSON: a list of groups, each an object that says in exactly one way in whose matters it holds. The
//! schema stands in `docs/schemas/privileges.schema.json`.

use serde_json::{Map, Value, json};

use super::{check_weight, wrong};
use crate::domain::id::Cvr;
use crate::domain::privilege::{PrivilegeGroup, PrivilegeList, Scope};
use crate::domain::reason::Fault;

/// The keys that tell the scope.
const SCOPES: [&str; 5] = ["cvr", "pu", "se", "cpr", "scope"];

/// Writes the list as it is, group by group.
pub fn to_json(list: &PrivilegeList) -> Value {
    list.groups.iter().map(written).collect()
}

fn written(group: &PrivilegeGroup) -> Value {
    let (key, scope) = match &group.scope {
        Scope::Cvr(cvr) => ("cvr", Some(cvr.as_str())),
        Scope::ProductionUnit(number) => ("pu", Some(number.as_str())),
        Scope::Se(number) => ("se", Some(number.as_str())),
        Scope::Cpr(number) => ("cpr", Some(number.as_str())),
        Scope::Other(text) => ("scope", Some(text.as_str())),
        Scope::Missing => ("scope", None),
    };
    let limits = group.constraints.iter().map(|limit| json!({ "name": limit.name, "values": limit.values }));
    json!({ key: scope, "privileges": group.privileges, "constraints": limits.collect::<Value>() })
}

/// Reads a list. A name that repeats and values joined by commas mean the same as in XML: a choice.
pub fn from_json(value: &Value) -> Result<PrivilegeList, Fault> {
    let groups = value.as_array().ok_or_else(|| wrong("expected a list of groups"))?;
    let numbered = groups.iter().zip(1..);
    let groups = numbered.map(|(value, number): (_, usize)| {
        group(value).map_err(|what| wrong(format!("group {number} of the list: expected {what}")))
    });
    let list = PrivilegeList { groups: groups.collect::<Result<_, _>>()? };
    check_weight(&list)?;
    Ok(list)
}

/// What was expected, where something else came.
type Expected = &'static str;

fn group(value: &Value) -> Result<PrivilegeGroup, Expected> {
    let object = value.as_object().ok_or("an object")?;
    let is_known = |key: &str| SCOPES.contains(&key) || matches!(key, "privileges" | "constraints");
    if !object.keys().all(|key| is_known(key)) {
        return Err("no keys but privileges, constraints and one of cvr, pu, se, cpr, scope");
    }
    let privileges = texts(object.get("privileges")).ok_or("privileges, a list of texts")?;
    if privileges.is_empty() || privileges.iter().any(|privilege| privilege.trim().is_empty()) {
        return Err("at least one privilege, and none of them empty");
    }
    let limits = match object.get("constraints") {
        None => Vec::new(),
        Some(limits) => limits.as_array().ok_or("constraints, a list")?.iter().collect(),
    };
    let limits = limits.into_iter().map(limit).collect::<Result<Vec<_>, _>>()?;
    Ok(PrivilegeGroup::new(scope(object)?, privileges, limits.into_iter().flatten()))
}

fn scope(object: &Map<String, Value>) -> Result<Scope, Expected> {
    let mut stated = SCOPES.into_iter().filter_map(|key| Some((key, object.get(key)?)));
    let (Some((key, value)), None) = (stated.next(), stated.next()) else {
        return Err("exactly one of cvr, pu, se, cpr, scope");
    };
    if key == "scope" {
        return match value {
            Value::Null => Ok(Scope::Missing),
            // One scope, one way to write it.
            Value::String(text) => Some(Scope::new(text))
                .filter(|scope| matches!(scope, Scope::Other(_)))
                .ok_or("scope to be null or a URI that has no key of its own"),
            _ => Err("scope to be null or a text"),
        };
    }
    let number = value.as_str().ok_or("the number of the scope as a text")?;
    let digits = |many| number.len() == many && number.bytes().all(|byte| byte.is_ascii_digit());
    match key {
        "pu" if digits(10) => Ok(Scope::ProductionUnit(number.to_owned())),
        "se" if digits(8) => Ok(Scope::Se(number.to_owned())),
        "cpr" if digits(10) => Ok(Scope::Cpr(number.to_owned())),
        "cvr" => Cvr::new(number).map(Scope::Cvr).map_err(|_| "eight digits in cvr"),
        _ => Err("eight digits in se, ten in pu and cpr"),
    }
}

/// A limit as pairs of name and value; one without values is still a limit.
fn limit(value: &Value) -> Result<Vec<(&str, &str)>, Expected> {
    let object =
        value.as_object().filter(|object| object.len() == 2).ok_or("constraints of name and values")?;
    let name = object.get("name").and_then(Value::as_str).filter(|name| !name.trim().is_empty());
    let name = name.ok_or("a name in each constraint")?;
    let values = texts(object.get("values")).ok_or("values, a list of texts, in each constraint")?;
    let values = if values.is_empty() { vec![""] } else { values };
    Ok(values.into_iter().map(|value| (name, value)).collect())
}

fn texts(value: Option<&Value>) -> Option<Vec<&str>> {
    value?.as_array()?.iter().map(Value::as_str).collect()
}
