//! Exclusive XML canonicalisation 1.0 without comments, always from the parsed tree.
//!
//! Canonical form is what a signature is about: the same bytes for every way of writing the same tree. Namespaces are
//! declared where an element or attribute visibly uses them, or where the signature's `PrefixList` names them.
//! The variant with comments does not exist here, nor do node-sets: the apex is an element, and at most one element
//! inside (its own signature) is left out.

use std::borrow::Cow;

use roxmltree::{Attribute, Node};

use super::scan::position;
use super::{Element, namespace};
use crate::domain::reason::{Fault, Reason};

/// What is canonicalised: an element, without its own signature, and the prefixes that its signature lists.
#[derive(Clone, Copy)]
pub(super) struct Part<'s, 'd> {
    pub(super) apex: Node<'d, 'd>,
    pub(super) without: Option<Node<'d, 'd>>,
    /// The `PrefixList`; an empty name stands for `#default`.
    pub(super) prefixes: &'s [&'s str],
}

/// How many times longer than its document a canonical form may be. A genuine one is hardly longer at all. One in which a
/// namespace is declared anew at every element can be thousands of times as long, and whoever has one signed message can
/// make it so: what was signed is put into this form before anybody knows whether it was changed.
const GROWTH: usize = 16;

/// A complete element in exclusive canonical form.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Canonical {
    pub(super) text: String,
    /// Every prefix that is declared somewhere inside.
    pub(super) prefixes: Vec<Cow<'static, str>>,
}

impl Canonical {
    /// The text.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The text, owned.
    pub fn into_string(self) -> String {
        self.text
    }
}

/// Canonicalises a part of a document.
pub(super) fn canonicalize(part: Part<'_, '_>) -> Result<String, Fault> {
    let mut form = Form::new(part, Vec::new());
    form.element(part.apex)?;
    Ok(form.out)
}

/// The form that a canonical element takes inside another one, where some namespaces are already in force.
pub(super) fn within(element: &str, around: &[(&str, &str)]) -> Result<String, Fault> {
    let tree = roxmltree::Document::parse(element)
        .map_err(|_| Fault::new(Reason::Internal, "an element to embed does not parse"))?;
    let part = Part { apex: tree.root_element(), without: None, prefixes: &[] };
    let mut form = Form::new(part, around.to_vec());
    form.element(part.apex)?;
    Ok(form.out)
}

impl Element<'_> {
    /// Its exclusive canonical form, to be embedded elsewhere or kept.
    pub fn canonical(self) -> Result<Canonical, Fault> {
        let part = Part { apex: self.0, without: None, prefixes: &[] };
        let mut form = Form::new(part, Vec::new());
        form.element(part.apex)?;
        let prefixes = form.declared.into_iter().map(|prefix| Cow::Owned(prefix.to_owned())).collect();
        Ok(Canonical { text: form.out, prefixes })
    }
}

struct Form<'s, 'd> {
    out: String,
    source: &'d str,
    without: Option<Node<'d, 'd>>,
    prefixes: &'s [&'s str],
    /// The namespaces in force in the output, innermost last.
    rendered: Vec<(&'s str, &'s str)>,
    declared: Vec<&'s str>,
    /// Working space of one start tag, kept to spare allocations.
    used: Vec<(&'s str, &'s str)>,
    attributes: Vec<Attribute<'d, 'd>>,
}

impl<'s, 'd: 's> Form<'s, 'd> {
    fn new(part: Part<'s, 'd>, rendered: Vec<(&'s str, &'s str)>) -> Self {
        Self {
            out: String::with_capacity(part.apex.range().len() + 512),
            source: part.apex.document().input_text(),
            without: part.without,
            prefixes: part.prefixes,
            rendered,
            declared: Vec::new(),
            used: Vec::with_capacity(8),
            attributes: Vec::with_capacity(8),
        }
    }

    /// Documents are at most `Limits::depth` deep, so the recursion is bounded.
    fn element(&mut self, node: Node<'d, 'd>) -> Result<(), Fault> {
        let outer = self.rendered.len();
        let name = qualified_name(self.source, node);
        self.start_tag(node, name);
        if self.out.len() / GROWTH > self.source.len() {
            return Err(Fault::new(Reason::LimitXml, "too many bytes of a canonical form"));
        }
        for child in node.children() {
            if child.is_element() {
                if self.without != Some(child) {
                    self.element(child)?;
                }
            } else if child.is_text() {
                escape_text(child.text().unwrap_or_default(), &mut self.out);
            }
        }
        self.out.push_str("</");
        self.out.push_str(name);
        self.out.push('>');
        self.rendered.truncate(outer);
        Ok(())
    }

    fn start_tag(&mut self, node: Node<'d, 'd>, name: &'d str) {
        self.out.push('<');
        self.out.push_str(name);
        self.used.clear();
        self.used.push((prefix_of(name), node.tag_name().namespace().unwrap_or_default()));
        self.attributes.clear();
        for attribute in node.attributes() {
            let prefix = prefix_of(&self.source[attribute.range_qname()]);
            if !prefix.is_empty() && prefix != "xml" {
                self.used.push((prefix, attribute.namespace().unwrap_or_default()));
            }
            self.attributes.push(attribute);
        }
        for prefix in self.prefixes {
            let wanted = (!prefix.is_empty()).then_some(*prefix);
            // A listed prefix counts where it is in force, used or not.
            match node.lookup_namespace_uri(wanted) {
                Some(uri) => self.used.push((prefix, uri)),
                None if prefix.is_empty() => self.used.push(("", "")),
                None => {}
            }
        }
        self.declarations();
        self.attributes.sort_unstable_by(|a, b| {
            (a.namespace().unwrap_or_default(), a.name()).cmp(&(b.namespace().unwrap_or_default(), b.name()))
        });
        for attribute in &self.attributes {
            self.out.push(' ');
            self.out.push_str(&self.source[attribute.range_qname()]);
            self.out.push_str("=\"");
            escape_attribute(attribute.value(), &mut self.out);
            self.out.push('"');
        }
        self.out.push('>');
    }

    fn declarations(&mut self) {
        self.used.sort_unstable();
        self.used.dedup();
        for (prefix, uri) in &self.used {
            let around = self.rendered.iter().rev().find(|(rendered, _)| rendered == prefix);
            if *prefix == "xml" || around.map_or("", |(_, uri)| uri) == *uri {
                continue;
            }
            push_declaration(prefix, uri, &mut self.out);
            self.rendered.push((prefix, uri));
            if !self.declared.contains(prefix) {
                self.declared.push(prefix);
            }
        }
    }
}

/// The name of an element as it stands in the source: the tree keeps no prefixes.
fn qualified_name<'d>(source: &'d str, node: Node<'d, 'd>) -> &'d str {
    let start = node.range().start + 1;
    let local = node.tag_name().name();
    let length = source.as_bytes()[start..]
        .iter()
        .position(|byte| matches!(byte, b':' | b' ' | b'\t' | b'\r' | b'\n' | b'/' | b'>'))
        .unwrap_or(0);
    let prefixed = source.as_bytes().get(start + length) == Some(&b':');
    &source[start..start + if prefixed { length + 1 + local.len() } else { length }]
}

fn prefix_of(name: &str) -> &str {
    name.split_once(':').map_or("", |(prefix, _)| prefix)
}

/// Writes ` xmlns:prefix="uri"`, or ` xmlns="uri"` for the empty prefix.
pub(super) fn push_declaration(prefix: &str, uri: &str, out: &mut String) {
    debug_assert!(uri != namespace::XML);
    out.push_str(" xmlns");
    if !prefix.is_empty() {
        out.push(':');
        out.push_str(prefix);
    }
    out.push_str("=\"");
    escape_attribute(uri, out);
    out.push('"');
}

/// Writes text as canonical XML escapes it.
pub(super) fn escape_text(text: &str, out: &mut String) {
    escape(text, out, |byte| (byte == b'&') | (byte == b'<') | (byte == b'>') | (byte == b'\r'));
}

/// Writes the value of an attribute as canonical XML escapes it.
pub(super) fn escape_attribute(value: &str, out: &mut String) {
    let is_special = |byte| {
        (byte == b'&') | (byte == b'<') | (byte == b'"') | (byte == b'\t') | (byte == b'\n') | (byte == b'\r')
    };
    escape(value, out, is_special);
}

/// What is special is told without branches, so that a processor can compare many bytes at once.
#[inline]
fn escape(value: &str, out: &mut String, special: impl Fn(u8) -> bool) {
    let mut rest = value;
    while let Some(at) = position(rest.as_bytes(), &special) {
        out.push_str(&rest[..at]);
        out.push_str(match rest.as_bytes()[at] {
            b'&' => "&amp;",
            b'<' => "&lt;",
            b'>' => "&gt;",
            b'"' => "&quot;",
            b'\t' => "&#x9;",
            b'\n' => "&#xA;",
            _ => "&#xD;",
        });
        rest = &rest[at + 1..];
    }
    out.push_str(rest);
}
