//! Reads what a call brings: users in JSON, the query of a list, the structured value of a header. A reader goes on
//! after the first mistake, and tells of a claim only where it stands.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use crate::broker::users::UserQuery;
use crate::domain::id::Cvr;
use crate::domain::user::{Draft, HeldRole, MOST_TOLD, Mistake, pointed};
use crate::domain::written::nearest;
use crate::protocol::bpp;
use crate::protocol::saml::binding::Parameters;

/// The most users in one part of a list.
const MOST_IN_PART: usize = 1000;

/// The most bytes that the privilege lists of a content come to.
const MOST_UNFOLDED: usize = 64 * 1024 * 1024;

/// What was read, and what is wrong with it.
#[derive(Default)]
pub(super) struct Read {
    pub(super) drafts: Vec<Draft>,
    pub(super) mistakes: Vec<Mistake>,
    /// Whether a user names an authority that is not the caller's.
    pub(super) names_another: bool,
    /// What the privilege lists come to: a short one can stand for a very long one, and a content has many.
    unfolded: usize,
}

/// One user; where the address names it, the content may leave the id out.
pub(super) fn user(value: &Value, own: Cvr, id: Option<&str>) -> Read {
    let mut read = Read::default();
    read.user(value, own, id, "");
    read
}

/// `{ "users": [ … ] }`.
pub(super) fn users(value: &Value, own: Cvr) -> Read {
    let mut read = Read::default();
    let Some(list) = value.get("users").and_then(Value::as_array) else {
        read.wrong("/users", "expected a list of users");
        return read;
    };
    if let Some(fields) = value.as_object() {
        read.known_keys(fields, &["users"], "");
    }
    for (number, value) in list.iter().enumerate() {
        read.user(value, own, None, &format!("/users/{number}"));
    }
    read
}

impl Read {
    /// Whether the privilege lists come to more than anybody could mean.
    pub(super) fn is_too_much(&self) -> bool {
        self.unfolded > MOST_UNFOLDED
    }

    fn wrong(&mut self, place: &str, what: impl Into<String>) {
        if self.mistakes.len() < MOST_TOLD {
            self.mistakes.push(Mistake::new(place, what));
        }
    }

    fn user(&mut self, value: &Value, own: Cvr, id: Option<&str>, place: &str) {
        let Some(fields) = value.as_object() else { return self.wrong(place, "expected an object") };
        // `source` and `modified` are told by us and not taken, so that what was read can be sent back.
        self.known_keys(
            fields,
            &["id", "authority", "roles", "privileges", "claims", "source", "modified"],
            place,
        );
        let stated = fields.get("id").map(|id| id.as_str().unwrap_or_default());
        let written = match (id, stated) {
            (Some(id), None) | (None, Some(id)) => id,
            (Some(id), Some(stated)) if id == stated => id,
            (Some(_), Some(_)) => {
                self.wrong(&format!("{place}/id"), "expected the id of the address, or none");
                return;
            }
            (None, None) => "",
        };
        self.names_another |=
            fields.get("authority").is_some_and(|named| named.as_str() != Some(own.as_str()));
        let mut draft = Draft { id: written.to_owned(), ..Draft::default() };
        match fields.get("roles") {
            None => {}
            Some(Value::Array(roles)) => {
                for (number, role) in roles.iter().enumerate() {
                    draft.roles.extend(self.role(role, &format!("{place}/roles/{number}")));
                }
            }
            Some(_) => self.wrong(&format!("{place}/roles"), "expected a list of roles"),
        }
        match fields.get("privileges").map(bpp::from_json) {
            None => {}
            Some(Ok(list)) => {
                self.unfolded = self.unfolded.saturating_add(list.weight());
                if !self.is_too_much() {
                    draft.roles.extend(list.groups.iter().flat_map(HeldRole::of));
                }
            }
            Some(Err(fault)) => self.wrong(&format!("{place}/privileges"), fault.detail),
        }
        draft.claims = self.values_by_name(fields.get("claims"), &format!("{place}/claims"));
        self.drafts.push(draft);
    }

    fn role(&mut self, value: &Value, place: &str) -> Option<HeldRole> {
        let Some(fields) = value.as_object() else {
            self.wrong(place, "expected an object with `role`");
            return None;
        };
        self.known_keys(fields, &["role", "scope", "constraints"], place);
        let scope = fields.get("scope").filter(|scope| !scope.is_null());
        Some(HeldRole {
            role: fields.get("role").and_then(Value::as_str).unwrap_or_default().to_owned(),
            scope: scope.map(|scope| scope.as_str().unwrap_or_default().to_owned()),
            constraints: self.values_by_name(fields.get("constraints"), &format!("{place}/constraints")),
        })
    }

    /// `{ "name": ["value", …] }`, or one value without the list.
    fn values_by_name(&mut self, value: Option<&Value>, place: &str) -> BTreeMap<String, Vec<String>> {
        let fields = match value {
            None => return BTreeMap::new(),
            Some(Value::Object(fields)) => fields,
            Some(_) => {
                self.wrong(
                    place,
                    "expected an object whose keys are names and whose values are lists of text",
                );
                return BTreeMap::new();
            }
        };
        let mut all = BTreeMap::new();
        for (name, values) in fields {
            let texts: Option<Vec<String>> = match values {
                Value::String(text) => Some(vec![text.clone()]),
                Value::Array(list) => list.iter().map(|value| value.as_str().map(str::to_owned)).collect(),
                _ => None,
            };
            match texts {
                Some(texts) => drop(all.insert(name.clone(), texts)),
                None => self.wrong(&format!("{place}/{}", pointed(name)), "expected a list of text"),
            }
        }
        all
    }

    fn known_keys(&mut self, fields: &Map<String, Value>, known: &[&str], place: &str) {
        for key in fields.keys().filter(|key| !known.contains(&key.as_str())) {
            let hint = match nearest(key, known) {
                Some(near) => format!("did you mean `{near}`?"),
                None => format!("known here: {}", known.join(", ")),
            };
            self.wrong(&format!("{place}/{}", pointed(key)), format!("unknown key ({hint})"));
        }
    }
}

/// A query of these parameters, all of which are text.
pub(super) fn query<'q>(query: &'q str, known: &[&str]) -> Result<Parameters<'q>, Vec<Mistake>> {
    let (parameters, mistakes) = read_query(query, known).map_err(|mistake| vec![mistake])?;
    if mistakes.is_empty() { Ok(parameters) } else { Err(mistakes) }
}

/// The parameters, and what is wrong with them.
fn read_query<'q>(query: &'q str, known: &[&str]) -> Result<(Parameters<'q>, Vec<Mistake>), Mistake> {
    let mut mistakes = Vec::new();
    let parameters = Parameters::read(query).map_err(|fault| Mistake::new("", fault.detail))?;
    for name in query.split('&').filter_map(|pair| pair.split('=').next()).filter(|name| !name.is_empty()) {
        if !known.contains(&name) && !matches!(name, "lang" | "ui_locales") {
            mistakes.push(Mistake::new(format!("?{name}"), format!("known here: {}", known.join(", "))));
        } else if parameters.get(name).is_none() {
            let what = "expected text with percent signs for what is special";
            mistakes.push(Mistake::new(format!("?{name}"), what));
        }
    }
    Ok((parameters, mistakes))
}

/// What the query of a list asks for.
pub(super) fn list_query(query: &str, own: Cvr) -> Result<UserQuery, Vec<Mistake>> {
    const KNOWN: [&str; 5] = ["pageSize", "pageIndex", "id", "role", "modifiedSince"];
    let (parameters, mut mistakes) = read_query(query, &KNOWN).map_err(|mistake| vec![mistake])?;
    let mut number = |name: &str, least: usize, most: usize, default: usize| {
        let Some(text) = parameters.get(name) else { return default };
        text.parse().ok().filter(|number| (least..=most).contains(number)).unwrap_or_else(|| {
            mistakes
                .push(Mistake::new(format!("?{name}"), format!("expected a number from {least} to {most}")));
            default
        })
    };
    let size = number("pageSize", 1, MOST_IN_PART, 100);
    let index = number("pageIndex", 0, 1_000_000, 0);
    let since = parameters.get("modifiedSince").map(|text| text.parse());
    let modified_since = since.and_then(|since| {
        let wrong = Mistake::new("?modifiedSince", "expected a time such as 2026-11-21T08:00:00Z");
        since.map_err(|_| mistakes.push(wrong)).ok()
    });
    let asked = UserQuery {
        id: parameters.get("id"),
        role: parameters.get("role"),
        modified_since,
        offset: size * index,
        limit: size,
        ..UserQuery::all(own)
    };
    if mistakes.is_empty() { Ok(asked) } else { Err(mistakes) }
}
