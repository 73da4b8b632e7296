//! Writing: what leaves this writer is exclusive canonical XML, so that it can be digested as it stands.
//!
//! A namespace is declared where it is first visibly used, attributes are sorted, every value is escaped here and
//! nowhere else. A fault (a character that XML cannot carry) is kept and told by `finish`, so that the calls chain.

use std::borrow::Cow;
use std::ops::Range;

use super::c14n::{self, Canonical};
use super::scan::{is_xml_char, position};
use super::{Name, base64, sign};
use crate::domain::reason::{Fault, Reason};
use crate::protocol::keys::Signer;

/// Writes one element and what is in it.
#[derive(Debug)]
pub struct Writer {
    out: String,
    open: Vec<Open>,
    /// The start tag that still takes attributes.
    tag: Option<Name>,
    /// Its attributes, and their values one after the other: kept from tag to tag to spare allocations.
    attributes: Vec<Attribute>,
    values: String,
    /// Working space of one start tag.
    used: Vec<(&'static str, &'static str)>,
    /// The namespaces in force, innermost last.
    rendered: Vec<(&'static str, &'static str)>,
    prefixes: Vec<Cow<'static, str>>,
    /// The ID of the outermost element, and where its signature is to stand.
    root_id: Option<String>,
    signature: Option<usize>,
    fault: Option<Fault>,
}

#[derive(Debug)]
struct Open {
    name: Name,
    /// How many namespaces were in force before it.
    outer: usize,
}

/// An attribute.
#[derive(Debug)]
struct Attribute {
    name: Name,
    /// Where its value stands among the values.
    value: Range<usize>,
}

impl Attribute {
    /// By what canonical XML sorts attributes; no two of one element are alike in it.
    fn key(&self) -> (&'static str, &'static str) {
        (self.name.namespace, self.name.local)
    }
}

/// Room for the tags and the signature that follow a long text, so that it is not copied for their sake.
const TO_FOLLOW: usize = 4096;

impl Default for Writer {
    fn default() -> Self {
        Self::new()
    }
}

impl Writer {
    /// Begins with an empty page.
    pub fn new() -> Self {
        Self {
            out: String::with_capacity(2 * TO_FOLLOW),
            open: Vec::new(),
            tag: None,
            attributes: Vec::with_capacity(8),
            values: String::with_capacity(256),
            used: Vec::with_capacity(8),
            rendered: Vec::new(),
            prefixes: Vec::new(),
            root_id: None,
            signature: None,
            fault: None,
        }
    }

    /// Opens an element.
    pub fn start(&mut self, name: Name) -> &mut Self {
        self.close_tag();
        if self.open.is_empty() && !self.out.is_empty() {
            self.fail(Reason::Internal, "a second outermost element was written");
        }
        if !name.prefix.is_empty() && name.namespace.is_empty() {
            self.fail(Reason::Internal, "a prefix without namespace was written");
        }
        self.tag = Some(name);
        self
    }

    /// Adds an attribute without namespace to the element just opened.
    pub fn attribute(&mut self, local: &'static str, value: &str) -> &mut Self {
        self.add(Name::new("", "", local), value)
    }

    /// Adds an attribute with a namespace to the element just opened.
    pub fn attribute_ns(&mut self, name: Name, value: &str) -> &mut Self {
        if name.prefix.is_empty() || name.namespace.is_empty() {
            self.fail(Reason::Internal, "an attribute of a namespace needs a prefix");
        }
        self.add(name, value)
    }

    /// Writes text.
    pub fn text(&mut self, text: &str) -> &mut Self {
        self.close_tag();
        self.check(text);
        if self.open.is_empty() {
            self.fail(Reason::Internal, "text was written outside any element");
        }
        self.out.reserve(text.len() + TO_FOLLOW);
        c14n::escape_text(text, &mut self.out);
        self
    }

    /// Writes bytes as base64.
    pub fn base64(&mut self, bytes: &[u8]) -> &mut Self {
        self.close_tag();
        if self.open.is_empty() {
            self.fail(Reason::Internal, "text was written outside any element");
        }
        self.out.reserve(bytes.len().div_ceil(3) * 4 + TO_FOLLOW);
        base64::append(bytes, &mut self.out);
        self
    }

    /// Closes the element opened last.
    pub fn end(&mut self) -> &mut Self {
        self.close_tag();
        match self.open.pop() {
            Some(Open { name, outer }) => {
                self.out.push_str("</");
                push_name(&mut self.out, name.prefix, name.local);
                self.out.push('>');
                self.rendered.truncate(outer);
            }
            None => self.fail(Reason::Internal, "an element was closed that was not open"),
        }
        self
    }

    /// Writes an element that holds nothing but text.
    pub fn element(&mut self, name: Name, text: &str) -> &mut Self {
        self.start(name).text(text).end()
    }

    /// Writes a finished element at this place, so that the whole stays canonical.
    pub fn embed(&mut self, element: &Canonical) -> &mut Self {
        self.close_tag();
        if self.open.is_empty() {
            self.fail(Reason::Internal, "an element was embedded into nothing");
        }
        // An element without namespace declares nothing, yet a default namespace around it would change it.
        let default_around = self.rendered.iter().any(|(prefix, _)| prefix.is_empty());
        let known = |prefix: &Cow<'_, str>| self.rendered.iter().any(|(rendered, _)| rendered == prefix);
        if default_around || element.prefixes.iter().any(known) {
            match c14n::within(element.as_str(), &self.rendered) {
                Ok(text) => self.out.push_str(&text),
                Err(fault) => self.fault = self.fault.take().or(Some(fault)),
            }
        } else {
            self.out.reserve(element.as_str().len() + TO_FOLLOW);
            self.out.push_str(element.as_str());
        }
        self.prefixes.extend(element.prefixes.iter().cloned());
        self
    }

    /// Remembers this place for the signature of the outermost element: after its issuer, in SAML.
    pub fn signature_goes_here(&mut self) -> &mut Self {
        self.close_tag();
        if self.open.len() != 1 || self.signature.is_some() {
            self.fail(Reason::Internal, "a signature stands directly in the outermost element, once");
        }
        self.signature = Some(self.out.len());
        self
    }

    /// Ends the writing.
    pub fn finish(&mut self) -> Result<Canonical, Fault> {
        if !self.open.is_empty() || self.tag.is_some() || self.out.is_empty() {
            self.fail(Reason::Internal, "an element was left open");
        }
        if let Some(fault) = self.fault.take() {
            return Err(fault);
        }
        Ok(Canonical { text: std::mem::take(&mut self.out), prefixes: std::mem::take(&mut self.prefixes) })
    }

    /// Ends the writing and signs the outermost element, whose ID is given, at the place remembered.
    pub fn finish_signed(&mut self, id: &str, signer: &dyn Signer) -> Result<Canonical, Fault> {
        let place = self.signature;
        if self.root_id.as_deref() != Some(id) {
            self.fail(Reason::Internal, "the ID to sign is not that of the outermost element");
        }
        let mut whole = self.finish()?;
        let place =
            place.ok_or_else(|| Fault::new(Reason::Internal, "no place for the signature was given"))?;
        let signature = sign::signature(id, whole.as_str(), signer)?;
        whole.text.insert_str(place, &signature);
        whole.prefixes.push(Cow::Borrowed(sign::PREFIX));
        Ok(whole)
    }

    fn add(&mut self, name: Name, value: &str) -> &mut Self {
        self.check(value);
        if !is_plain_name(name.local) {
            self.fail(Reason::AttrChars, "the name of an attribute is no XML name");
        }
        if self.tag.is_none() {
            self.fail(Reason::Internal, "an attribute was written outside a start tag");
        }
        if self.open.is_empty() && name.local == "ID" {
            self.root_id = Some(value.to_owned());
        }
        let start = self.values.len();
        self.values.push_str(value);
        let attribute = Attribute { name, value: start..self.values.len() };
        if self.attributes.iter().any(|known| known.key() == attribute.key()) {
            self.fail(Reason::Internal, "an attribute was written twice");
        }
        self.attributes.push(attribute);
        self
    }

    /// Writes the start tag that is waiting, if there is one.
    fn close_tag(&mut self) {
        let Some(name) = self.tag.take() else { return };
        let outer = self.rendered.len();
        self.out.push('<');
        push_name(&mut self.out, name.prefix, name.local);
        self.declarations(name);
        self.attributes.sort_unstable_by_key(Attribute::key);
        for Attribute { name, value } in self.attributes.drain(..) {
            self.out.push(' ');
            push_name(&mut self.out, name.prefix, name.local);
            self.out.push_str("=\"");
            c14n::escape_attribute(&self.values[value], &mut self.out);
            self.out.push('"');
        }
        self.values.clear();
        self.out.push('>');
        self.open.push(Open { name, outer });
    }

    /// Declares the namespaces that the start tag uses.
    fn declarations(&mut self, name: Name) {
        let mut used = std::mem::take(&mut self.used);
        let prefixed = self.attributes.iter().map(|a| a.name).filter(|name| !name.prefix.is_empty());
        used.extend(std::iter::once(name).chain(prefixed).map(|name| (name.prefix, name.namespace)));
        used.sort_unstable();
        used.dedup();
        if used.windows(2).any(|pair| pair[0].0 == pair[1].0) {
            self.fail(Reason::Internal, "one prefix was written for two namespaces");
        }
        for (prefix, namespace) in used.drain(..) {
            self.declare(prefix, namespace);
        }
        self.used = used;
    }

    fn declare(&mut self, prefix: &'static str, namespace: &'static str) {
        let around = self.rendered.iter().rev().find(|(rendered, _)| *rendered == prefix);
        let around = around.map_or("", |(_, namespace)| namespace);
        if prefix == "xml" || around == namespace {
            return;
        }
        c14n::push_declaration(prefix, namespace, &mut self.out);
        self.rendered.push((prefix, namespace));
        if !self.prefixes.iter().any(|known| known == prefix) {
            self.prefixes.push(Cow::Borrowed(prefix));
        }
    }

    fn check(&mut self, value: &str) {
        // Nearly every value is printable ASCII, and that is quickly told.
        let is_plain = position(value.as_bytes(), |byte| !matches!(byte, b' '..=b'~')).is_none();
        if !is_plain && !value.chars().all(is_xml_char) {
            self.fail(Reason::AttrChars, "a value has characters that XML cannot carry");
        }
    }

    fn fail(&mut self, reason: Reason, detail: &'static str) {
        self.fault.get_or_insert_with(|| Fault::new(reason, detail));
    }
}

fn push_name(out: &mut String, prefix: &str, local: &str) {
    if !prefix.is_empty() {
        out.push_str(prefix);
        out.push(':');
    }
    out.push_str(local);
}

/// The names that we write are plain ASCII.
fn is_plain_name(name: &str) -> bool {
    name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
        && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.'))
}
