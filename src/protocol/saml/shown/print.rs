//! Prints the tree of a message, indented, for people. The result is no longer what was signed: never verify it.

use super::mask::{HIDDEN, Mask};
use crate::protocol::xml::{Element, namespace};

/// Longer values of keys, signatures and ciphers are cut: nobody reads them.
const SHOWN_OF_BINARY: usize = 48;

const PREFIXES: [(&str, &str); 8] = [
    (namespace::SAMLP, "samlp"),
    (namespace::SAML, "saml"),
    (namespace::MD, "md"),
    (namespace::DS, "ds"),
    (namespace::DSIG11, "dsig11"),
    (namespace::XENC, "xenc"),
    (namespace::XENC11, "xenc11"),
    (namespace::XML, "xml"),
];

/// So much of a message is kept to be shown: twice what the largest genuine ones have. What is shown of one can be hundreds
/// of times as long as it, since every sibling declares its namespace anew.
const KEPT: usize = 128 * 1024;

/// The element and all that is in it.
pub fn pretty(root: Element<'_>, mask: Mask) -> String {
    printed(root, mask, usize::MAX)
}

/// The same, masked, for a record that is kept: what would make it large is left out, and that is said.
pub fn excerpt(root: Element<'_>) -> String {
    printed(root, Mask::On, KEPT)
}

fn printed(root: Element<'_>, mask: Mask, most: usize) -> String {
    let mut printer = Printer { mask, most, out: String::new() };
    printer.element(root, None, 0);
    let mut out = printer.out;
    if out.len() > most {
        out.truncate(out.floor_char_boundary(most));
        out.push_str("…\n<!-- the rest of the message is not shown -->\n");
    }
    out
}

struct Printer {
    mask: Mask,
    /// When there is more than this, nothing more is written.
    most: usize,
    out: String,
}

impl Printer {
    fn element(&mut self, element: Element<'_>, parent: Option<Element<'_>>, depth: usize) {
        if self.out.len() > self.most {
            return;
        }
        let indent = "  ".repeat(depth);
        let name = qualified(element.namespace(), element.local());
        self.out.push_str(&format!("{indent}<{name}"));
        if declares(element, parent) {
            let prefix = prefix(element.namespace()).map(|prefix| format!(":{prefix}")).unwrap_or_default();
            self.out.push_str(&format!(" xmlns{prefix}=\"{}\"", escaped(element.namespace())));
        }
        for (namespace, local, value) in element.attributes() {
            let value = match element.local() {
                _ if is_binary(element) => value.to_owned(),
                // Where the user sat.
                "SubjectLocality" if self.mask == Mask::On => HIDDEN.to_owned(),
                _ => self.mask.text(value),
            };
            self.out.push_str(&format!(" {}=\"{}\"", qualified(namespace, local), escaped(&value)));
        }
        let has_children = element.children().next().is_some();
        if has_children && element.local() == "AttributeValue" && self.mask == Mask::On {
            // What has structure cannot be known to be harmless.
            self.out.push_str(&format!(">{HIDDEN}</{name}>\n"));
            return;
        }
        if has_children {
            self.out.push_str(">\n");
            for child in element.children() {
                self.element(child, Some(element), depth + 1);
            }
            self.out.push_str(&format!("{indent}</{name}>\n"));
            return;
        }
        match self.text(element, parent).as_str() {
            "" => self.out.push_str("/>\n"),
            text => self.out.push_str(&format!(">{text}</{name}>\n")),
        }
    }

    fn text(&self, element: Element<'_>, parent: Option<Element<'_>>) -> String {
        let text = match element.text() {
            Ok(text) => text,
            Err(fault) => return format!("<!-- cannot be read as one value: {} -->", fault.reason),
        };
        if is_binary(element) {
            let compact: String = text.split_whitespace().collect();
            let shown: String = compact.chars().take(SHOWN_OF_BINARY).collect();
            return match compact.len() > shown.len() {
                true => format!("{}… ({} characters)", escaped(&shown), compact.len()),
                false => escaped(&shown),
            };
        }
        escaped(&match (element.local(), parent.and_then(|parent| parent.attribute("Name"))) {
            ("NameID", _) => self.mask.name_id(&text),
            ("AttributeValue", Some(name)) => self.mask.attribute(name, &text),
            // Whom to call, in metadata.
            ("GivenName" | "SurName" | "TelephoneNumber", _) if self.mask == Mask::On => HIDDEN.to_owned(),
            _ => self.mask.text(text.trim()),
        })
    }
}

/// Whether the namespace of the element has to be told on it.
fn declares(element: Element<'_>, parent: Option<Element<'_>>) -> bool {
    let around = parent.map(Element::namespace).unwrap_or_default();
    let around_is_default = prefix(around).is_none() && !around.is_empty();
    around != element.namespace() && (!element.namespace().is_empty() || around_is_default)
}

/// Keys, signatures and ciphers. They hold no personal data that could be read, only digits by chance.
fn is_binary(element: Element<'_>) -> bool {
    [namespace::DS, namespace::DSIG11, namespace::XENC, namespace::XENC11].contains(&element.namespace())
}

fn prefix(namespace: &str) -> Option<&'static str> {
    PREFIXES.iter().find(|(known, _)| *known == namespace).map(|(_, prefix)| *prefix)
}

fn qualified(namespace: &str, local: &str) -> String {
    match prefix(namespace) {
        Some(prefix) => format!("{prefix}:{local}"),
        None => local.to_owned(),
    }
}

fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            c => out.push(c),
        }
    }
    out
}
