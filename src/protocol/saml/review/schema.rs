//! Whether metadata keeps to the structure that SAML demands, by the table in `shapes.rs`: attributes and their values,
//! parts, their order and number. These are rules written by hand, not an engine for schemas.

use super::Review;
use super::shapes::{Inside, Part, Shape};
use super::values::{URI, is_uri, wrong_form};
use crate::domain::reason::Reason;
use crate::domain::trust::{Check, Finding, NOTHING};
use crate::protocol::xml::{Element, namespace};

/// More mistakes than this tell nothing new.
const MOST: usize = 20;

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
    if mistakes.len() >= MOST {
        return;
    }
    let Some(shape) = Shape::of(&named(element)) else { return };
    attributes(element, shape, mistakes);
    if matches!(shape.inside, Inside::Parts(_) | Inside::Others(_)) && element.only_elements().is_err() {
        mistakes.push(mistake(element, NOTHING.to_owned(), "text".to_owned()));
    }
    match shape.inside {
        Inside::Parts(parts) => order(element, parts, mistakes),
        Inside::Others(least) => others(element, least, mistakes),
        Inside::Anything => {}
        Inside::Text | Inside::Uri => {
            let nested = element.children().next().map(named);
            mistakes.extend(nested.map(|name| mistake(element, "text".to_owned(), name)));
            let text = element.text().unwrap_or_default();
            if matches!(shape.inside, Inside::Uri) && !is_uri(&text) {
                mistakes.push(mistake(element, URI.to_owned(), text.chars().take(100).collect()));
            }
        }
    }
    if shape.name == "EntityDescriptor" {
        affiliation(element, mistakes);
    }
    element.children().for_each(|child| look(child, mistakes));
}

/// Whether the attributes that it needs are there, none that it does not know, and all of them in their form.
fn attributes(element: Element<'_>, shape: &Shape, mistakes: &mut Vec<Mistake>) {
    let has = |name: &str| match name.split_once("xml:") {
        Some((_, local)) => element.attribute_ns(namespace::XML, local).is_some(),
        None => element.attribute(name).is_some(),
    };
    for needed in shape.needs.iter().filter(|needed| !has(needed)) {
        mistakes.push(mistake(element, format!("@{needed}"), NOTHING.to_owned()));
    }
    for (_, attribute, value) in element.attributes().filter(|(namespace, ..)| namespace.is_empty()) {
        if !shape.needs.iter().chain(shape.may).any(|known| *known == attribute) {
            let known: Vec<String> =
                shape.needs.iter().chain(shape.may).map(|name| format!("@{name}")).collect();
            mistakes.push(mistake(element, known.join(", "), format!("@{attribute}")));
        } else if let Some(expected) = wrong_form(attribute, value) {
            mistakes.push(mistake(element, format!("@{attribute} {expected}"), value.to_owned()));
        }
    }
}

/// Whether there are enough elements of other specifications, and none of ours.
fn others(element: Element<'_>, least: usize, mistakes: &mut Vec<Mistake>) {
    let ours = element.children().filter(|child| child.namespace() == namespace::MD);
    mistakes.extend(ours.take(MOST).map(|child| mistake(child, "##other".to_owned(), named(child))));
    if element.children().count() < least {
        mistakes.push(mistake(element, "##other".to_owned(), NOTHING.to_owned()));
    }
}

/// A description of an affiliation stands alone.
fn affiliation(element: Element<'_>, mistakes: &mut Vec<Mistake>) {
    let described: Vec<String> =
        element.children().map(named).filter(|name| name.ends_with("Descriptor")).collect();
    let alone = "AffiliationDescriptor";
    if described.len() > 1 && described.iter().any(|name| name == alone) {
        mistakes.push(mistake(element, alone.to_owned(), described.join(", ")));
    }
}

/// Whether the parts stand in their order, often enough and not too often.
fn order(element: Element<'_>, parts: &[Part], mistakes: &mut Vec<Mistake>) {
    let (mut at, mut count) = (0, 0);
    for child in element.children() {
        // To tell the place of each of a hundred thousand would take minutes.
        if mistakes.len() >= MOST {
            return;
        }
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
