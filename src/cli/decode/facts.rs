//! What a message says about itself, as a list of names and values.

use serde::Serialize;

use crate::domain::subject::SubjectName;
use crate::protocol::saml::shown::Mask;
use crate::protocol::xml::{Element, namespace};

/// One thing that a message says.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Fact {
    pub(super) name: String,
    pub(super) value: String,
}

impl Fact {
    pub(super) fn new(name: impl Into<String>, value: impl Into<String>) -> Self {
        // One fact is one line.
        Self { name: name.into(), value: value.into().replace(['\n', '\r'], " ") }
    }
}

/// What kind of message it is.
pub(super) fn kind(root: Element<'_>) -> String {
    let family = match root.namespace() {
        namespace::SAMLP => "SAML 2.0 message",
        namespace::SAML => "SAML 2.0",
        namespace::MD => "SAML 2.0 metadata",
        _ if root.local() == "PrivilegeList" => "OIO Basic Privilege Profile",
        _ => "unknown kind of XML",
    };
    format!("{}, {family}", root.local())
}

/// The attributes that are told, by the element that they stand on.
const TOLD: [(&str, &[&str]); 11] = [
    ("EntityDescriptor", &["entityID", "validUntil", "cacheDuration"]),
    ("Conditions", &["NotBefore", "NotOnOrAfter"]),
    ("SubjectConfirmationData", &["Recipient", "NotBefore", "NotOnOrAfter", "InResponseTo"]),
    ("AuthnStatement", &["AuthnInstant", "SessionIndex", "SessionNotOnOrAfter"]),
    ("StatusCode", &["Value"]),
    ("SingleSignOnService", &["Binding", "Location"]),
    ("AssertionConsumerService", &["Binding", "Location", "index"]),
    ("Scoping", &["ProxyCount"]),
    ("IDPEntry", &["ProviderID"]),
    ("RequestedAuthnContext", &["Comparison"]),
    ("PrivilegeGroup", &["Scope"]),
];

/// The elements whose text is told.
const TEXTS: [&str; 6] =
    ["Issuer", "Audience", "AuthnContextClassRef", "StatusMessage", "AuthenticatingAuthority", "RequesterID"];

/// The facts of a message, in the order of the document.
pub(super) fn of(root: Element<'_>, mask: Mask) -> Vec<Fact> {
    let mut facts = Vec::new();
    collect(root, root.local(), mask, &mut facts);
    facts
}

fn collect(element: Element<'_>, within: &str, mask: Mask, facts: &mut Vec<Fact>) {
    let local = element.local();
    let is_message = matches!(element.namespace(), namespace::SAMLP | namespace::SAML)
        && element.attribute("IssueInstant").is_some();
    let within = if is_message { local } else { within };
    if is_message {
        // All that a message says in its own start tag.
        let attributes = element.attributes().filter(|(_, name, _)| *name != "Version");
        facts.extend(
            attributes.map(|(_, name, value)| Fact::new(format!("{within} {name}"), mask.text(value))),
        );
    } else if let Some((_, names)) = TOLD.iter().find(|(known, _)| *known == local) {
        let told = names.iter().filter_map(|name| {
            Some(Fact::new(format!("{within} {local} {name}"), mask.text(element.attribute(name)?)))
        });
        facts.extend(told);
    } else if TEXTS.contains(&local) {
        let text = element.text().map_or_else(|fault| fault.to_string(), |text| mask.text(&text));
        facts.push(Fact::new(format!("{within} {local}"), text));
    } else if local == "NameID" {
        facts.extend(name_id(element, within, mask));
    }
    let method = element.attribute("Algorithm").filter(|_| local.ends_with("Method"));
    match (element.namespace(), local, method) {
        (namespace::DS, "SignatureMethod", Some(method)) => {
            facts.push(Fact::new(format!("{within} signed with"), method));
        }
        (namespace::XENC, "EncryptedKey" | "EncryptedData", _) => facts.extend(encryption(element, within)),
        _ => {}
    }
    for child in element.children() {
        collect(child, within, mask, facts);
    }
}

fn encryption(element: Element<'_>, within: &str) -> Vec<Fact> {
    let what = if element.local() == "EncryptedKey" { "key encrypted with" } else { "encrypted with" };
    let method = element.children().find(|child| child.local() == "EncryptionMethod");
    let digests =
        method.iter().flat_map(|method| method.children()).filter_map(|child| child.attribute("Algorithm"));
    let all: Vec<&str> =
        method.iter().filter_map(|method| method.attribute("Algorithm")).chain(digests).collect();
    vec![Fact::new(format!("{within} {what}"), all.join(", "))]
}

fn name_id(element: Element<'_>, within: &str, mask: Mask) -> Vec<Fact> {
    let text = element.text().unwrap_or_default();
    let mut facts = vec![Fact::new(format!("{within} NameID"), mask.name_id(&text))];
    facts.extend(
        element.attribute("Format").map(|format| Fact::new(format!("{within} NameID Format"), format)),
    );
    match SubjectName::new(&text) {
        Ok(name) => facts.push(Fact::new(format!("{within} NameID organisation"), name.cvr().to_string())),
        Err(fault) => facts.push(Fact::new(format!("{within} NameID is no X509SubjectName"), fault.detail)),
    }
    facts
}
