//! Reading a privilege list out of the value of an attribute.
//!
//! Whoever writes lists follows an example more often than the schema, so forms that can mean one thing only are taken:
//! base64 with line breaks or without padding, or no base64 at all; either namespace; children in it or in
//! none; a limit before its privilege; no scope; no group. All else is refused. No detail quotes a value.

use std::borrow::Cow;

use super::{check_weight, namespace, wrong};
use crate::domain::federation::Dialect;
use crate::domain::privilege::{PrivilegeGroup, PrivilegeList, Scope};
use crate::domain::reason::Fault;
use crate::protocol::xml::{Document, Element, Limits, base64, namespace as known};

/// A list with the form in which it was stated.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stated {
    /// The list.
    pub list: PrivilegeList,
    /// The generation whose namespace it has.
    pub dialect: Dialect,
    /// Whether the XML stood in base64, as it should.
    pub is_encoded: bool,
}

/// Reads the value of an attribute: XML in base64, or XML as it is.
pub fn read(value: &str) -> Result<PrivilegeList, Fault> {
    Ok(inspect(value)?.list)
}

/// The same, and in which form it was.
pub fn inspect(value: &str) -> Result<Stated, Fault> {
    let is_encoded = !looks_like_xml(value.as_bytes());
    let xml = if is_encoded { Cow::Owned(decoded(value)?) } else { Cow::Borrowed(value.as_bytes()) };
    if !looks_like_xml(&xml) {
        return Err(wrong("expected XML inside the base64, got something else"));
    }
    let document = Document::parse_within(xml.trim_ascii(), &Limits::PRIVILEGES).map_err(not_read)?;
    let (list, dialect) = list(document.root())?;
    check_weight(&list)?;
    Ok(Stated { list, dialect, is_encoded })
}

/// The oldest form of the profile: each value of the attribute is a privilege. Nobody says in whose matters, so the list
/// gives nothing.
pub fn simple<'t>(values: impl IntoIterator<Item = &'t str>) -> PrivilegeList {
    let group = PrivilegeGroup::new(Scope::Missing, values, []);
    PrivilegeList { groups: if group.privileges.is_empty() { vec![] } else { vec![group] } }
}

fn looks_like_xml(bytes: &[u8]) -> bool {
    let bytes = bytes.trim_ascii_start();
    bytes.strip_prefix("\u{feff}".as_bytes()).unwrap_or(bytes).starts_with(b"<")
}

fn decoded(value: &str) -> Result<Vec<u8>, Fault> {
    // Nearly every list is written as it should be, and then nothing has to be made good.
    if value.len() / 4 * 3 <= Limits::PRIVILEGES.bytes
        && let Ok(xml) = base64::decode_compact(value)
        && !xml.is_empty()
    {
        return Ok(xml);
    }
    let mut compact: String = value.split([' ', '\t', '\r', '\n']).collect();
    if compact.is_empty() {
        return Err(wrong("expected a privilege list, got nothing"));
    }
    if compact.len() / 4 * 3 > Limits::PRIVILEGES.bytes {
        return Err(wrong(format!("expected at most {} bytes, got more", Limits::PRIVILEGES.bytes)));
    }
    if !compact.ends_with('=') {
        compact.extend(std::iter::repeat_n('=', (4 - compact.len() % 4) % 4));
    }
    base64::decode(&compact).map_err(|fault| wrong(format!("expected XML or base64, got {}", fault.detail)))
}

fn list(root: Element<'_>) -> Result<(PrivilegeList, Dialect), Fault> {
    let named = |dialect: &Dialect| root.namespace() == namespace(*dialect);
    let dialect = [Dialect::Oiosaml2, Dialect::Oiosaml3].into_iter().find(named);
    let dialect = dialect.filter(|_| root.local() == "PrivilegeList").ok_or_else(|| {
        wrong("expected a PrivilegeList in the namespace of the profile, got another outermost element")
    })?;
    let schema = |local: &str| matches!(local, "schemaLocation" | "noNamespaceSchemaLocation");
    // Where a schema may lie is told for editors; nothing is ever fetched from there.
    if root.attributes().any(|(namespace, local, _)| namespace != known::XSI || !schema(local)) {
        return Err(wrong("expected no attribute on PrivilegeList, got one"));
    }
    let groups: Vec<_> = root.only_elements().map_err(not_read)?.collect();
    let inside = groups.first().map_or("", |group| group.namespace());
    if !inside.is_empty() && inside != root.namespace() {
        return Err(wrong("expected elements in the namespace of PrivilegeList or in none, got another"));
    }
    let numbered = groups.into_iter().zip(1..);
    let groups = numbered.map(|(element, number): (_, usize)| {
        group(element, inside).map_err(|fault| wrong(format!("group {number} of the list: {}", fault.detail)))
    });
    Ok((PrivilegeList { groups: groups.collect::<Result<_, _>>()? }, dialect))
}

fn group(element: Element<'_>, inside: &str) -> Result<PrivilegeGroup, Fault> {
    expect(element, inside, &["PrivilegeGroup"])?;
    only_attribute(element, "Scope")?;
    let (mut privileges, mut limits) = (Vec::new(), Vec::new());
    for child in element.only_elements().map_err(not_read)? {
        expect(child, inside, &["Privilege", "Constraint"])?;
        if child.local() == "Constraint" {
            limits.push(limit(child)?);
        } else {
            only_attribute(child, "")?;
            let privilege = value(child)?;
            if privilege.trim().is_empty() {
                return Err(wrong("expected a URI in Privilege, got nothing"));
            }
            privileges.push(privilege);
        }
    }
    if privileges.is_empty() {
        return Err(wrong("expected a Privilege in PrivilegeGroup, got none"));
    }
    let scope = element.attribute("Scope").map_or(Scope::Missing, Scope::new);
    let limits = limits.iter().map(|(name, values)| (*name, &**values));
    Ok(PrivilegeGroup::new(scope, privileges.iter().map(|privilege| &**privilege), limits))
}

fn limit(element: Element<'_>) -> Result<(&str, Cow<'_, str>), Fault> {
    only_attribute(element, "Name")?;
    match element.attribute("Name") {
        Some(name) if !name.trim().is_empty() => Ok((name, value(element)?)),
        _ => Err(wrong("expected a Name on Constraint, got none")),
    }
}

fn expect(element: Element<'_>, namespace: &str, locals: &[&str]) -> Result<(), Fault> {
    let got = |other| {
        let known = ["PrivilegeList", "PrivilegeGroup", "Privilege", "Constraint"];
        known.into_iter().find(|local| *local == element.local()).unwrap_or(other)
    };
    if element.namespace() != namespace {
        let got = got("an element");
        return Err(wrong(format!("expected all elements in one namespace, got {got} in another")));
    }
    if !locals.contains(&element.local()) {
        let got = got("another element");
        return Err(wrong(format!("expected {}, got {got}", locals.join(" or "))));
    }
    Ok(())
}

fn only_attribute(element: Element<'_>, allowed: &str) -> Result<(), Fault> {
    match element.attributes().all(|(namespace, local, _)| namespace.is_empty() && local == allowed) {
        true => Ok(()),
        false => Err(wrong(format!("expected no other attribute on {}, got one", element.local()))),
    }
}

fn value(element: Element<'_>) -> Result<Cow<'_, str>, Fault> {
    if element.children().next().is_some() {
        return Err(wrong(format!("expected text in {}, got an element", element.local())));
    }
    element.text().map_err(not_read)
}

/// What the kernel refused. What it quotes may be part of a value, so quotes are left out.
#[expect(clippy::needless_pass_by_value, reason = "it is handed to map_err")]
fn not_read(fault: Fault) -> Fault {
    let unquoted: Vec<&str> = fault.detail.split('\'').step_by(2).collect();
    wrong(format!("{}: {}", fault.reason, unquoted.join("…")))
}
