//! The attributes of an assertion: found by name, read as text.

use serde::{Deserialize, Serialize};

use super::super::attribute::AttributeName;
use super::super::{required, saml};
use crate::domain::reason::{Fault, Reason};
use crate::protocol::xml::{Element, namespace};

/// The types of XML Schema whose values are text, as far as anybody sends them.
const SIMPLE_TYPES: [&str; 10] = [
    "string",
    "anyType",
    "anySimpleType",
    "anyURI",
    "base64Binary",
    "boolean",
    "dateTime",
    "date",
    "int",
    "integer",
];

/// Attributes by name. A value is asked for as text; one with structure is refused when it is asked for, not before,
/// since attributes that we never use may look as they like.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(from = "Vec<Plain>", into = "Vec<Plain>")]
pub struct Attributes(pub(super) Vec<(String, Vec<Result<String, Fault>>)>);

/// An attribute as it is remembered: a value with structure is remembered as one that cannot be read.
type Plain = (String, Vec<Option<String>>);

impl From<Vec<Plain>> for Attributes {
    fn from(plain: Vec<Plain>) -> Self {
        let value = |value: Option<String>| value.ok_or_else(not_text);
        Self(plain.into_iter().map(|(name, all)| (name, all.into_iter().map(value).collect())).collect())
    }
}

impl From<Attributes> for Vec<Plain> {
    fn from(Attributes(all): Attributes) -> Self {
        all.into_iter().map(|(name, all)| (name, all.into_iter().map(Result::ok).collect())).collect()
    }
}

fn not_text() -> Fault {
    Fault::new(Reason::AttrType, "expected text, got a value of another type")
}

impl Attributes {
    /// The one value of an attribute that must not be ambiguous.
    pub fn one(&self, name: AttributeName) -> Result<Option<&str>, Fault> {
        self.single(name.oiosaml3, |known| name.is(known))
    }

    /// The same for an attribute with one name only.
    pub fn one_named(&self, name: &str) -> Result<Option<&str>, Fault> {
        self.single(name, |known| known == name)
    }

    /// All values of an attribute that may have several.
    pub fn all(&self, name: AttributeName) -> Result<Vec<String>, Fault> {
        self.values(|known| name.is(known)).into_iter().cloned().collect()
    }

    /// The same for an attribute with one name only.
    pub fn all_named(&self, name: &str) -> Result<Vec<String>, Fault> {
        self.values(|known| known == name).into_iter().cloned().collect()
    }

    /// Every attribute with its values, for the report.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &[Result<String, Fault>])> {
        self.0.iter().map(|(name, values)| (name.as_str(), values.as_slice()))
    }

    /// The names that are there, for the report.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(|(name, _)| name.as_str())
    }

    fn values(&self, wanted: impl Fn(&str) -> bool) -> Vec<&Result<String, Fault>> {
        self.0.iter().filter(|(name, _)| wanted(name)).flat_map(|(_, values)| values).collect()
    }

    fn single(&self, name: &str, wanted: impl Fn(&str) -> bool) -> Result<Option<&str>, Fault> {
        match self.values(wanted).as_slice() {
            [] => Ok(None),
            [Ok(value)] => Ok(Some(value)),
            [Err(fault)] => Err(fault.clone()),
            _ => Err(Fault::new(Reason::AttrDuplicate, format!("expected one value of {name}, got several"))),
        }
    }
}

pub(in crate::protocol::saml) fn attributes(assertion: Element<'_>) -> Result<Attributes, Fault> {
    let Some(statement) = assertion.optional_child(saml("AttributeStatement"))? else {
        return Ok(Attributes::default());
    };
    let mut attributes = Vec::new();
    for attribute in statement.children() {
        if !attribute.is(saml("Attribute")) {
            let detail = format!("expected an Attribute, got {}", attribute.local());
            return Err(Fault::new(Reason::XmlSchema, detail));
        }
        let values = attribute.children().filter(|child| child.is(saml("AttributeValue")));
        let values = values.map(value).collect();
        attributes.push((required(attribute, "Name")?.to_owned(), values));
    }
    Ok(Attributes(attributes))
}

/// A value that says of itself that it is no simple one is not read as text.
fn value(element: Element<'_>) -> Result<String, Fault> {
    let simple = element.attribute_ns(namespace::XSI, "type").is_none_or(|kind| {
        let kind = kind.split_once(':').map_or(kind, |(_, local)| local);
        SIMPLE_TYPES.contains(&kind)
    });
    let nil = element.attribute_ns(namespace::XSI, "nil").is_some_and(|nil| matches!(nil, "true" | "1"));
    if !simple || nil {
        return Err(not_text());
    }
    Ok(element.text()?.into_owned())
}
