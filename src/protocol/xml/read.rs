//! Reading: a document within limits, and elements that lead only downwards.

use std::borrow::Cow;

use roxmltree::{Node, ParsingOptions};

use super::scan::{Counts, scan};
use super::{Limits, Name, namespace};
use crate::domain::reason::{Fault, Reason};

/// A document that was read within limits and means the same to every reader.
#[derive(Debug)]
pub struct Document<'t> {
    tree: roxmltree::Document<'t>,
}

impl<'t> Document<'t> {
    /// Reads a message.
    pub fn parse(bytes: &'t [u8]) -> Result<Self, Fault> {
        let document = Self::parse_within(bytes, &Limits::MESSAGE)?;
        document.tree.descendants().filter(Node::is_element).try_for_each(plain_in_a_message)?;
        Ok(document)
    }

    /// Reads metadata, which may be larger.
    pub fn parse_metadata(bytes: &'t [u8]) -> Result<Self, Fault> {
        Self::parse_within(bytes, &Limits::METADATA)
    }

    /// Reads what was decrypted: it must stand on its own and hold nothing encrypted in turn.
    pub fn parse_decrypted(bytes: &'t [u8]) -> Result<Self, Fault> {
        let document = Self::parse(bytes)?;
        let encrypted = |node: Node<'_, '_>| is_named(node, namespace::XENC, "EncryptedData");
        if document.tree.descendants().any(encrypted) {
            return Err(Fault::new(Reason::LimitDepth, "encrypted content holds encrypted content"));
        }
        Ok(document)
    }

    /// Reads within the given limits.
    pub fn parse_within(bytes: &'t [u8], limits: &Limits) -> Result<Self, Fault> {
        if bytes.len() > limits.bytes {
            return Err(Fault::new(Reason::LimitXml, "too many bytes"));
        }
        let text = std::str::from_utf8(bytes).map_err(|_| Fault::new(Reason::XmlMalformed, "not UTF-8"))?;
        let counts = scan(text, limits)?;
        let nodes_limit = u32::try_from(limits.nodes).unwrap_or(u32::MAX).saturating_add(1);
        let options = ParsingOptions { allow_dtd: false, nodes_limit, entity_resolver: None };
        let tree =
            roxmltree::Document::parse_with_options(text, options).map_err(|error| not_read(&error))?;
        examine(&tree, &counts, limits)?;
        Ok(Self { tree })
    }

    /// The outermost element.
    pub fn root(&self) -> Element<'_> {
        Element(self.tree.root_element())
    }
}

/// An element. It leads to its own content and nowhere else.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Element<'d>(pub(super) Node<'d, 'd>);

impl<'d> Element<'d> {
    /// Whether this is the named element.
    pub fn is(self, name: Name) -> bool {
        is_named(self.0, name.namespace, name.local)
    }

    /// Its local name.
    pub fn local(self) -> &'d str {
        self.0.tag_name().name()
    }

    /// Its namespace; empty when it has none.
    pub fn namespace(self) -> &'d str {
        self.0.tag_name().namespace().unwrap_or_default()
    }

    /// The value of the attribute of this name without namespace.
    pub fn attribute(self, local: &str) -> Option<&'d str> {
        self.0.attributes().find(|a| a.namespace().is_none() && a.name() == local).map(|a| a.value())
    }

    /// The value of the attribute of this namespace and name.
    pub fn attribute_ns(self, namespace: &str, local: &str) -> Option<&'d str> {
        self.0.attributes().find(|a| a.namespace() == Some(namespace) && a.name() == local).map(|a| a.value())
    }

    /// All attributes as namespace (empty for none), local name and value.
    pub fn attributes(self) -> impl Iterator<Item = (&'d str, &'d str, &'d str)> {
        self.0.attributes().map(|a| (a.namespace().unwrap_or_default(), a.name(), a.value()))
    }

    /// The elements directly inside.
    pub fn children(self) -> impl Iterator<Item = Element<'d>> {
        self.0.children().filter(Node::is_element).map(Element)
    }

    /// The elements directly inside, where no text stands between them.
    pub fn only_elements(self) -> Result<impl Iterator<Item = Element<'d>>, Fault> {
        let is_blank = |text: &str| text.bytes().all(|byte| matches!(byte, b' ' | b'\t' | b'\r' | b'\n'));
        let mut texts = self.0.children().filter(Node::is_text);
        match texts.any(|node| !is_blank(node.text().unwrap_or_default())) {
            true => Err(Fault::new(Reason::AttrType, format!("{} holds text", self.local()))),
            false => Ok(self.children()),
        }
    }

    /// The one child of this name.
    pub fn only_child(self, name: Name) -> Result<Element<'d>, Fault> {
        self.optional_child(name)?.ok_or_else(|| {
            Fault::new(Reason::XmlSchema, format!("{} has no {}", self.0.tag_name().name(), name.local))
        })
    }

    /// The one child of this name, if there is one.
    pub fn optional_child(self, name: Name) -> Result<Option<Element<'d>>, Fault> {
        let mut found = self.children().filter(|child| child.is(name));
        let first = found.next();
        if found.next().is_some() {
            let detail = format!("{} has more than one {}", self.0.tag_name().name(), name.local);
            return Err(Fault::new(Reason::XmlSchema, detail));
        }
        Ok(first)
    }

    /// The whole text inside. It may not be interrupted: a comment or an element within is refused, never skipped.
    pub fn text(self) -> Result<Cow<'d, str>, Fault> {
        let mut whole = Cow::Borrowed("");
        for node in self.0.children() {
            if node.is_element() {
                let detail = format!("{} holds the element {}", self.local(), node.tag_name().name());
                return Err(Fault::new(Reason::AttrType, detail));
            }
            if !node.is_text() {
                return Err(Fault::new(Reason::ValueComment, format!("{} is interrupted", self.local())));
            }
            let text = node.text().unwrap_or_default();
            if whole.is_empty() { whole = Cow::Borrowed(text) } else { whole.to_mut().push_str(text) }
        }
        Ok(whole)
    }

    /// How many elements of this name stand inside, at any depth. It counts them and leads to none.
    pub fn count(self, name: Name) -> usize {
        let inside = self.0.descendants().filter(|node| *node != self.0);
        inside.filter(|node| is_named(*node, name.namespace, name.local)).count()
    }

    /// The exact text of the document from its start tag to its end tag.
    pub fn source(self) -> &'d str {
        &self.0.document().input_text()[self.0.range()]
    }

    /// The line of the document in which it starts.
    pub fn line(self) -> u32 {
        self.0.document().text_pos_at(self.0.range().start).row
    }
}

pub(super) fn is_named(node: Node<'_, '_>, namespace: &str, local: &str) -> bool {
    let name = node.tag_name();
    node.is_element() && name.name() == local && name.namespace().unwrap_or_default() == namespace
}

/// What must hold in the whole tree before anything of it is looked at.
fn examine(tree: &roxmltree::Document<'_>, counts: &Counts, limits: &Limits) -> Result<(), Fault> {
    let mut seen = Counts::default();
    let mut signatures = 0;
    let (mut ids, mut mistakable) = (Vec::new(), None);
    for node in tree.descendants().filter(Node::is_element) {
        seen.elements += 1;
        seen.attributes += node.attributes().len();
        signatures += usize::from(is_named(node, namespace::DS, "Signature"));
        if node.attributes().len() > 0 {
            let before = ids.len();
            for id in node.attributes().filter(|a| is_id(a.name())).map(|a| a.value().trim()) {
                // The same value twice on one element is a matter of its attributes, below.
                if !ids[before..].contains(&id) {
                    ids.push(id);
                }
            }
            mistakable = mistakable.or_else(|| attributes_unmistakable(node).err());
        }
    }
    if seen != *counts {
        return Err(Fault::new(Reason::XmlMalformed, "two readings of the same tags differ"));
    }
    if signatures > limits.signatures {
        return Err(Fault::new(Reason::LimitSig, format!("{signatures} signatures")));
    }
    ids.sort_unstable();
    if ids.windows(2).any(|pair| pair[0] == pair[1]) {
        return Err(Fault::new(Reason::XmlDuplicateId, "two elements with the same ID"));
    }
    mistakable.map_or(Ok(()), Err)
}

/// The elements that decide, each with its namespace: a reader without understanding of namespaces knows them by
/// their local name alone.
const DECISIVE: [(&str, &str); 9] = [
    ("Response", namespace::SAMLP),
    ("AuthnRequest", namespace::SAMLP),
    ("AttributeQuery", namespace::SAMLP),
    ("Assertion", namespace::SAML),
    ("EncryptedAssertion", namespace::SAML),
    ("Issuer", namespace::SAML),
    ("Subject", namespace::SAML),
    ("NameID", namespace::SAML),
    ("Signature", namespace::DS),
];

/// In a message nothing may look like a decisive element without being one, and nothing may lead out of it.
fn plain_in_a_message(node: Node<'_, '_>) -> Result<(), Fault> {
    let (local, own) = (node.tag_name().name(), node.tag_name().namespace().unwrap_or_default());
    if DECISIVE.iter().any(|(name, namespace)| *name == local && *namespace != own) {
        return Err(Fault::new(Reason::XmlNamespace, format!("{local} in a foreign namespace")));
    }
    let mut attributes = node.attributes();
    let schema = attributes.any(|a| {
        a.namespace() == Some(namespace::XSI) && a.name().to_ascii_lowercase().ends_with("schemalocation")
    });
    if own == namespace::XINCLUDE || schema {
        return Err(Fault::new(Reason::XmlDoctype, "a pointer to a schema or a part outside the message"));
    }
    Ok(())
}

/// Every spelling under which some reader looks for an ID.
fn is_id(local: &str) -> bool {
    local.eq_ignore_ascii_case("id") || matches!(local, "AssertionID" | "ResponseID" | "RequestID")
}

/// No attribute may be taken for another: one ID per element, no prefix where the protocol has none, and on
/// elements of the protocol no second attribute that differs by its prefix only.
fn attributes_unmistakable(node: Node<'_, '_>) -> Result<(), Fault> {
    if node.attributes().filter(|a| is_id(a.name())).count() > 1 {
        return Err(Fault::new(Reason::XmlNamespace, "two attributes named ID on one element"));
    }
    let protocol = node.tag_name().namespace().is_some_and(|name| namespace::PROTOCOL.contains(&name));
    for attribute in node.attributes() {
        let Some(name) = attribute.namespace() else { continue };
        if namespace::PROTOCOL.contains(&name) {
            return Err(Fault::new(Reason::XmlNamespace, "an attribute of the protocol with a prefix"));
        }
        let twin =
            |other: &roxmltree::Attribute<'_, '_>| other.name() == attribute.name() && other != &attribute;
        if protocol && node.attributes().any(|other| twin(&other)) {
            return Err(Fault::new(Reason::XmlNamespace, "two attributes that differ by their prefix only"));
        }
    }
    Ok(())
}

fn not_read(error: &roxmltree::Error) -> Fault {
    use roxmltree::Error as E;
    let reason = match error {
        E::DtdDetected => Reason::XmlDoctype,
        E::NodesLimitReached | E::AttributesLimitReached | E::NamespacesLimitReached => Reason::LimitXml,
        E::InvalidXmlPrefixUri(_)
        | E::UnexpectedXmlUri(_)
        | E::UnexpectedXmlnsUri(_)
        | E::InvalidElementNamePrefix(_)
        | E::DuplicatedNamespace(..)
        | E::UnknownNamespace(..) => Reason::XmlNamespace,
        _ => Reason::XmlMalformed,
    };
    // The text may repeat names of the message, which can be of any length.
    Fault::new(reason, error.to_string().chars().take(200).collect::<String>())
}
