//! What applying a directory would change, told party by party and agreement by agreement.

use std::collections::BTreeMap;

use serde::Serialize;

use super::{Files, read};
use crate::domain::written::Complaint;

/// One thing that would be different.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Change {
    /// `add`, `change` or `remove`.
    pub action: &'static str,
    /// What it is: `authority 11111111`, `identity provider https://…`.
    pub subject: String,
}

/// Everything that would be different.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Plan {
    changes: Vec<Change>,
}

impl Plan {
    /// Compares two registers.
    pub fn between(old: &Files, new: &Files) -> Result<Self, Vec<Complaint>> {
        let (old, new) = (entries(old).unwrap_or_default(), entries(new)?);
        let mut changes = Vec::new();
        for (subject, content) in &new {
            match old.get(subject) {
                None => changes.push(Change { action: "add", subject: subject.clone() }),
                Some(before) if before != content => {
                    changes.push(Change { action: "change", subject: subject.clone() });
                }
                Some(_) => {}
            }
        }
        for subject in old.keys().filter(|subject| !new.contains_key(*subject)) {
            changes.push(Change { action: "remove", subject: subject.clone() });
        }
        Ok(Self { changes })
    }

    /// The changes: what is added or changed first, each in alphabetical order.
    pub fn changes(&self) -> &[Change] {
        &self.changes
    }

    /// How many of each: `3 added, 1 changed, 0 removed`.
    pub fn summary(&self) -> String {
        let count = |action| self.changes.iter().filter(|change| change.action == action).count();
        format!("{} added, {} changed, {} removed", count("add"), count("change"), count("remove"))
    }
}

/// Every entry of a register by the name that a person knows it by, with all that is written about it.
fn entries(files: &Files) -> Result<BTreeMap<String, String>, Vec<Complaint>> {
    let mut entries = BTreeMap::new();
    for (path, _, file) in read::files(files)? {
        let metadata = |name: &str| files.get(&read::beside(path, name)).map(|content| content.as_slice());
        for authority in &file.authority {
            entries.insert(format!("authority {}", authority.cvr.get_ref()), plain(authority));
        }
        for idp in &file.identity_provider {
            let content = format!("{:?} {:?}", plain(idp), metadata(idp.metadata.get_ref()));
            entries.insert(format!("identity provider {}", idp.entity_id.get_ref()), content);
        }
        for sp in &file.service_provider {
            let content = format!("{:?} {:?}", plain(sp), metadata(sp.metadata.get_ref()));
            entries.insert(format!("service provider {}", sp.entity_id.get_ref()), content);
        }
        for client in &file.oidc_client {
            let keys = client.jwks.as_ref().and_then(|jwks| metadata(jwks.get_ref()));
            let content = format!("{:?} {keys:?}", plain(client));
            entries.insert(format!("OIDC client {}", client.client_id.get_ref()), content);
        }
        for agreement in &file.federation_agreement {
            let (cvr, idp) = (agreement.authority.get_ref(), agreement.identity_provider.get_ref());
            let content = format!("{:?} {:?}", agreement.valid_from, agreement.valid_until);
            entries.insert(format!("federation agreement {cvr} with {idp}"), content);
        }
        for agreement in &file.service_agreement {
            let content = format!("{:?} {:?}", agreement.valid_from, agreement.valid_until);
            for sp in &agreement.service_providers {
                let subject =
                    format!("service agreement {} with {}", agreement.authority.get_ref(), sp.get_ref());
                entries.insert(subject, content.clone());
            }
        }
        for service in &file.attribute_service {
            let content = format!("{:?} {:?}", plain(service), metadata(service.metadata.get_ref()));
            entries.insert(format!("attribute service {}", service.entity_id.get_ref()), content);
        }
        for mapping in &file.group_mapping {
            let (idp, cvr) = (mapping.identity_provider.get_ref(), mapping.authority.get_ref());
            let subject = format!("group mapping of {cvr} with {idp} by {}", mapping.attribute);
            entries.insert(subject, plain(mapping));
        }
        people(&file, metadata, &mut entries);
        entries.extend(roles(&file));
    }
    Ok(entries)
}

/// Users, and systems that are no party of a login.
fn people<'f>(
    file: &read::Written,
    metadata: impl Fn(&str) -> Option<&'f [u8]>,
    entries: &mut BTreeMap<String, String>,
) {
    for user in &file.user {
        let subject = format!("user {} of {}", user.id.get_ref(), user.authority.get_ref());
        entries.insert(subject, plain(user));
    }
    for client in &file.api_client {
        // A system may have several entries of one name while it changes its token.
        let subject = format!("API client {} of {}", client.name, client.authority.get_ref());
        entries.entry(subject).or_default().push_str(&plain(client));
    }
    for requester in &file.attribute_requester {
        let content = format!("{:?} {:?}", plain(requester), metadata(requester.metadata.get_ref()));
        entries.insert(format!("attribute requester {}", requester.entity_id.get_ref()), content);
    }
    for robot in &file.robot {
        let subject = format!("robot {} of {}", robot.id.get_ref(), robot.authority.get_ref());
        entries.insert(subject, plain(robot));
    }
}

fn roles(file: &read::Written) -> Vec<(String, String)> {
    let types = file.restriction_type.iter();
    let types = types.map(|kind| (format!("restriction type {}", kind.id.get_ref()), plain(kind)));
    let functions = file.job_function_role.iter();
    let functions = functions.map(|role| (format!("job function role {}", role.id.get_ref()), plain(role)));
    let systems = file.user_system_role.iter();
    let systems = systems.map(|role| (format!("user system role {}", role.id.get_ref()), plain(role)));
    let mappings = file.role_mapping.iter().map(|mapping| {
        let (from, to) = (mapping.job_function_role.get_ref(), mapping.user_system_role.get_ref());
        (format!("role mapping {from} to {to}"), plain(mapping))
    });
    types.chain(functions).chain(systems).chain(mappings).collect()
}

/// The values without their places: an entry that only moved has not changed.
fn plain(written: &impl std::fmt::Debug) -> String {
    let text = format!("{written:?}");
    let mut out = String::with_capacity(text.len());
    let mut rest = text.as_str();
    while let Some(at) = rest.find("Spanned { span: ") {
        out.push_str(&rest[..at]);
        rest = rest[at..].find(", value: ").map_or("", |value| &rest[at + value..]);
    }
    out.push_str(rest);
    out
}
