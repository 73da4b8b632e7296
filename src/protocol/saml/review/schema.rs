//! The structure that SAML metadata demands: which parts an element has, in which order, how often, and the attributes
//! that it cannot do without. What stands in extensions is nobody's business here.

use super::super::{boolean, moment};
use super::Review;
use crate::domain::reason::Reason;
use crate::domain::trust::{Check, Finding, NOTHING};
use crate::protocol::xml::{Element, namespace};

/// More mistakes than this tell nothing new.
const MOST: usize = 20;

/// Parts of one place: names of which any may stand there, how many at least, and whether more than one.
struct Part(&'static [&'static str], usize, bool);

const fn some(names: &'static [&'static str]) -> Part {
    Part(names, 0, true)
}

const fn maybe(names: &'static [&'static str]) -> Part {
    Part(names, 0, false)
}

const fn many(names: &'static [&'static str]) -> Part {
    Part(names, 1, true)
}

const fn one(names: &'static [&'static str]) -> Part {
    Part(names, 1, false)
}

/// What begins every description of a role.
macro_rules! role {
    ($($part:expr),*) => {
        &[
            maybe(&["ds:Signature"]),
            maybe(&["Extensions"]),
            some(&["KeyDescriptor"]),
            maybe(&["Organization"]),
            some(&["ContactPerson"]),
            $($part),*
        ]
    };
}

/// An element: its name, the attributes that it must have, its parts in their order.
struct Shape(&'static str, &'static [&'static str], &'static [Part]);

const ENDPOINT: &[&str] = &["Binding", "Location"];
const INDEXED: &[&str] = &["Binding", "Location", "index"];

const SHAPES: &[Shape] = &[
    Shape(
        "EntitiesDescriptor",
        &[],
        &[
            maybe(&["ds:Signature"]),
            maybe(&["Extensions"]),
            many(&["EntityDescriptor", "EntitiesDescriptor"]),
        ],
    ),
    Shape(
        "EntityDescriptor",
        &["entityID"],
        &[
            maybe(&["ds:Signature"]),
            maybe(&["Extensions"]),
            many(&[
                "IDPSSODescriptor",
                "SPSSODescriptor",
                "AttributeAuthorityDescriptor",
                "AuthnAuthorityDescriptor",
                "PDPDescriptor",
                "RoleDescriptor",
                "AffiliationDescriptor",
            ]),
            maybe(&["Organization"]),
            some(&["ContactPerson"]),
            some(&["AdditionalMetadataLocation"]),
        ],
    ),
    Shape(
        "IDPSSODescriptor",
        &["protocolSupportEnumeration"],
        role![
            some(&["ArtifactResolutionService"]),
            some(&["SingleLogoutService"]),
            some(&["ManageNameIDService"]),
            some(&["NameIDFormat"]),
            many(&["SingleSignOnService"]),
            some(&["NameIDMappingService"]),
            some(&["AssertionIDRequestService"]),
            some(&["AttributeProfile"]),
            some(&["saml:Attribute"])
        ],
    ),
    Shape(
        "SPSSODescriptor",
        &["protocolSupportEnumeration"],
        role![
            some(&["ArtifactResolutionService"]),
            some(&["SingleLogoutService"]),
            some(&["ManageNameIDService"]),
            some(&["NameIDFormat"]),
            many(&["AssertionConsumerService"]),
            some(&["AttributeConsumingService"])
        ],
    ),
    Shape(
        "AttributeAuthorityDescriptor",
        &["protocolSupportEnumeration"],
        role![
            many(&["AttributeService"]),
            some(&["AssertionIDRequestService"]),
            some(&["NameIDFormat"]),
            some(&["AttributeProfile"]),
            some(&["saml:Attribute"])
        ],
    ),
    Shape("KeyDescriptor", &[], &[one(&["ds:KeyInfo"]), some(&["EncryptionMethod"])]),
    Shape(
        "Organization",
        &[],
        &[
            maybe(&["Extensions"]),
            many(&["OrganizationName"]),
            many(&["OrganizationDisplayName"]),
            many(&["OrganizationURL"]),
        ],
    ),
    Shape(
        "ContactPerson",
        &["contactType"],
        &[
            maybe(&["Extensions"]),
            maybe(&["Company"]),
            maybe(&["GivenName"]),
            maybe(&["SurName"]),
            some(&["EmailAddress"]),
            some(&["TelephoneNumber"]),
        ],
    ),
    Shape(
        "AttributeConsumingService",
        &["index"],
        &[many(&["ServiceName"]), some(&["ServiceDescription"]), many(&["RequestedAttribute"])],
    ),
];

/// The attributes of elements without parts of ours to look at.
const NEEDS: &[(&str, &[&str])] = &[
    ("ArtifactResolutionService", INDEXED),
    ("AssertionConsumerService", INDEXED),
    ("SingleLogoutService", ENDPOINT),
    ("ManageNameIDService", ENDPOINT),
    ("SingleSignOnService", ENDPOINT),
    ("NameIDMappingService", ENDPOINT),
    ("AssertionIDRequestService", ENDPOINT),
    ("AttributeService", ENDPOINT),
    ("EncryptionMethod", &["Algorithm"]),
    ("RequestedAttribute", &["Name"]),
];

/// A mistake: where, what the schema has there, and what came.
struct Mistake {
    place: String,
    expected: String,
    received: String,
}

impl Review {
    pub(super) fn schema(&mut self, root: Element<'_>) {
        let mut mistakes = Vec::new();
        look(root, &mut mistakes);
        if mistakes.is_empty() {
            self.pass(Check::MetadataSchema, "saml-schema-metadata-2.0", "saml-schema-metadata-2.0");
        }
        for Mistake { place, expected, received } in mistakes {
            let finding = Finding::warning(Check::MetadataSchema, Reason::MdSchema, expected, received);
            self.tell(finding.about(place));
        }
    }
}

fn look(element: Element<'_>, mistakes: &mut Vec<Mistake>) {
    if mistakes.len() >= MOST || element.namespace() != namespace::MD {
        return;
    }
    let name = element.local();
    let shape = SHAPES.iter().find(|Shape(known, ..)| *known == name);
    let needs = shape.map(|Shape(_, needs, _)| *needs);
    let needs = needs.or_else(|| NEEDS.iter().find(|(known, _)| *known == name).map(|(_, needs)| *needs));
    for needed in needs.unwrap_or_default() {
        if element.attribute(needed).is_none() {
            mistakes.push(mistake(element, format!("@{needed}"), NOTHING.to_owned()));
        }
    }
    for (namespace, attribute, value) in element.attributes() {
        if let Some(expected) = form(attribute, value).filter(|_| namespace.is_empty()) {
            mistakes.push(mistake(element, format!("@{attribute} {expected}"), value.to_owned()));
        }
    }
    if let Some(Shape(_, _, parts)) = shape {
        order(element, parts, mistakes);
        element.children().for_each(|child| look(child, mistakes));
    }
}

/// Whether the parts stand in their order, often enough and not too often.
fn order(element: Element<'_>, parts: &[Part], mistakes: &mut Vec<Mistake>) {
    let (mut at, mut count) = (0, 0);
    for child in element.children() {
        let name = named(child);
        let place = parts.iter().skip(at).position(|Part(names, ..)| names.contains(&name.as_str()));
        match place {
            Some(0) if count == 1 && parts.get(at).is_some_and(|Part(.., more)| !more) => {
                mistakes.push(mistake(child, format!("{name} ≤ 1"), format!("{name} × 2")));
            }
            Some(0) => count += 1,
            Some(ahead) => {
                missing(element, parts.get(at..at + ahead).unwrap_or_default(), count, mistakes);
                (at, count) = (at + ahead, 1);
            }
            None => {
                let rest: Vec<String> =
                    parts.iter().skip(at).map(|Part(names, ..)| names.join(" | ")).collect();
                mistakes.push(mistake(child, rest.join(", "), name));
            }
        }
    }
    missing(element, parts.get(at..).unwrap_or_default(), count, mistakes);
}

/// Which of these parts, of whose first so many came, had to come.
fn missing(element: Element<'_>, parts: &[Part], of_first: usize, mistakes: &mut Vec<Mistake>) {
    for (number, Part(names, least, _)) in parts.iter().enumerate() {
        let came = if number == 0 { of_first } else { 0 };
        if came < *least {
            mistakes.push(mistake(element, names.join(" | "), NOTHING.to_owned()));
        }
    }
}

/// The form that the value of an attribute should have, where it has another one.
fn form(attribute: &str, value: &str) -> Option<&'static str> {
    const CONTACTS: [&str; 5] = ["technical", "support", "administrative", "billing", "other"];
    let (fits, expected) = match attribute {
        "index" => (value.trim().parse::<u16>().is_ok(), "0…65535"),
        "isDefault"
        | "isRequired"
        | "AuthnRequestsSigned"
        | "WantAssertionsSigned"
        | "WantAuthnRequestsSigned" => (boolean(value).is_ok(), "true | false"),
        "use" => (matches!(value, "signing" | "encryption"), "signing | encryption"),
        "contactType" => {
            (CONTACTS.contains(&value), "technical | support | administrative | billing | other")
        }
        "validUntil" => (moment(value).is_ok(), "xs:dateTime Z"),
        "cacheDuration" => (value.trim_start_matches('-').starts_with('P'), "xs:duration"),
        "ID" => (value.starts_with(|c: char| c.is_alphabetic() || c == '_') && !value.contains(':'), "xs:ID"),
        _ => return None,
    };
    (!fits).then_some(expected)
}

fn mistake(element: Element<'_>, expected: String, received: String) -> Mistake {
    let place = format!("{} :{}", named(element), element.line());
    Mistake { place, expected, received }
}

/// The name as the table has it.
fn named(element: Element<'_>) -> String {
    let local = element.local();
    match element.namespace() {
        namespace::MD => local.to_owned(),
        namespace::DS => format!("ds:{local}"),
        namespace::SAML => format!("saml:{local}"),
        other => format!("{{{other}}}{local}"),
    }
}
