//! The look over a text before a tree is built: counts and forms that the tree would hide or pay dearly for.
//!
//! It reads tags and nothing else, in one pass, and refuses what it does not understand. What it counted is compared
//! with the tree afterwards (see `read`), so that the two cannot have seen different documents.

use super::{Limits, namespace};
use crate::domain::reason::{Fault, Reason};

/// The longest name of a namespace, in bytes. It is written again wherever a canonical form declares it, and in every
/// finding that names an element; genuine ones have some sixty.
const LONGEST_NAMESPACE: usize = 1024;

/// What the scan saw.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Counts {
    pub(super) elements: usize,
    pub(super) attributes: usize,
}

/// Looks over the text.
pub(super) fn scan(text: &str, limits: &Limits) -> Result<Counts, Fault> {
    if text.len() > limits.bytes {
        return Err(too_much("bytes"));
    }
    plainly_written(text)?;
    let mut scan = Scan {
        text,
        bytes: text.as_bytes(),
        at: 0,
        limits,
        counts: Counts::default(),
        nodes: 0,
        open: Vec::new(),
        in_force: 0,
        in_all: 0,
    };
    scan.declaration()?;
    scan.markup()?;
    Ok(scan.counts)
}

struct Scan<'t> {
    text: &'t str,
    bytes: &'t [u8],
    at: usize,
    limits: &'t Limits,
    counts: Counts,
    nodes: usize,
    /// For each open element, how many namespaces it declared.
    open: Vec<usize>,
    in_force: usize,
    in_all: usize,
}

impl<'t> Scan<'t> {
    /// The XML declaration: version 1.0, and UTF-8 if an encoding is named.
    fn declaration(&mut self) -> Result<(), Fault> {
        let body = self.text.strip_prefix('\u{feff}').unwrap_or(self.text);
        let Some(rest) = body.strip_prefix("<?xml ") else { return Ok(()) };
        let end = rest.find("?>").ok_or_else(|| malformed("the XML declaration has no end"))?;
        let (mut words, mut version) = (rest[..end].trim(), None);
        while let Some((name, quoted)) = words.split_once('=') {
            let quoted = quoted.trim_start();
            let quote = quoted.chars().next().filter(|c| matches!(c, '"' | '\''));
            let quote = quote.ok_or_else(|| malformed("the XML declaration lacks a quote"))?;
            let (value, after) = quoted[1..]
                .split_once(quote)
                .ok_or_else(|| malformed("the XML declaration lacks a quote"))?;
            match name.trim() {
                "version" => version = Some(value),
                "encoding" if value.eq_ignore_ascii_case("utf-8") => {}
                "encoding" => return Err(malformed("another encoding than UTF-8 is declared")),
                "standalone" => {}
                _ => return Err(malformed("the XML declaration has an unknown part")),
            }
            words = after.trim_start();
        }
        if version != Some("1.0") || !words.is_empty() {
            return Err(malformed("the XML declaration does not say version 1.0"));
        }
        self.at = self.text.len() - rest.len() + end + 2;
        Ok(())
    }

    fn markup(&mut self) -> Result<(), Fault> {
        while let Some(offset) = position(&self.bytes[self.at..], |byte| byte == b'<') {
            if offset > 0 {
                self.nodes += 1;
            }
            self.at += offset;
            self.nodes += 1;
            // The last text may still follow, hence one less.
            if self.nodes >= self.limits.nodes {
                return Err(too_much("nodes"));
            }
            match self.bytes.get(self.at + 1) {
                Some(b'!') => self.declaration_or_section()?,
                Some(b'?') => return Err(malformed("a processing instruction")),
                Some(b'/') => self.end_tag()?,
                _ => self.start_tag()?,
            }
        }
        Ok(())
    }

    fn declaration_or_section(&mut self) -> Result<(), Fault> {
        let rest = &self.text[self.at..];
        let (open, close) = if rest.starts_with("<!--") {
            (4, "-->")
        } else if rest.starts_with("<![CDATA[") {
            (9, "]]>")
        } else if self
            .bytes
            .get(self.at + 2..self.at + 9)
            .is_some_and(|word| word.eq_ignore_ascii_case(b"DOCTYPE"))
        {
            return Err(Fault::new(Reason::XmlDoctype, "a document type declaration"));
        } else {
            return Err(malformed("markup that starts with <!"));
        };
        let end =
            rest[open..].find(close).ok_or_else(|| malformed("a comment or CDATA section has no end"))?;
        self.at += open + end + close.len();
        Ok(())
    }

    fn end_tag(&mut self) -> Result<(), Fault> {
        let end = position(&self.bytes[self.at..], |byte| byte == b'>')
            .ok_or_else(|| malformed("a tag has no end"))?;
        self.at += end + 1;
        let declared = self.open.pop().ok_or_else(|| malformed("an end tag without start"))?;
        self.in_force -= declared;
        Ok(())
    }

    fn start_tag(&mut self) -> Result<(), Fault> {
        self.counts.elements += 1;
        self.at += 1;
        self.name()?;
        let (mut attributes, mut declared, mut default_declared) = (0, 0, false);
        let empty = loop {
            self.white_space();
            match self.byte()? {
                b'>' => break false,
                b'/' => break true,
                _ => {}
            }
            let name = self.name()?;
            let value = self.value()?;
            if name == "xmlns" || name.starts_with("xmlns:") {
                declaration_allowed(name, value)?;
                if name == "xmlns" && std::mem::replace(&mut default_declared, true) {
                    return Err(malformed("the default namespace is declared twice"));
                }
                declared += 1;
            } else if name.ends_with(":xmlns") {
                return Err(namespace_fault("an attribute named xmlns with a prefix"));
            } else {
                attributes += 1;
            }
        };
        self.at += 1;
        if empty && self.bytes.get(self.at) != Some(&b'>') {
            return Err(malformed("a tag has no end"));
        }
        self.at += usize::from(empty);
        self.count(attributes, declared, empty)
    }

    fn count(&mut self, attributes: usize, declared: usize, empty: bool) -> Result<(), Fault> {
        self.counts.attributes += attributes;
        self.in_all += declared;
        let exceeded = [
            (attributes > self.limits.attributes, "attributes of one element"),
            (declared > self.limits.declarations, "namespace declarations of one element"),
            (self.in_force + declared > self.limits.declarations_in_force, "namespace declarations in force"),
            (self.in_all > self.limits.declarations_in_all, "namespace declarations"),
            (self.open.len() >= self.limits.depth, "levels"),
        ];
        if let Some((_, what)) = exceeded.iter().find(|(exceeded, _)| *exceeded) {
            return Err(too_much(what));
        }
        if !empty {
            self.open.push(declared);
            self.in_force += declared;
        }
        Ok(())
    }

    /// A qualified name: no colon first or last, at most one within.
    fn name(&mut self) -> Result<&'t str, Fault> {
        let rest = &self.bytes[self.at..];
        let ends = |byte: &u8| {
            matches!(byte, b' ' | b'\t' | b'\r' | b'\n' | b'=' | b'/' | b'>' | b'<' | b'"' | b'\'')
        };
        let length = rest.iter().position(ends).ok_or_else(|| malformed("a tag has no end"))?;
        if length > self.limits.name {
            return Err(too_much("bytes of a name"));
        }
        let name = &self.text[self.at..self.at + length];
        let mut parts = name.split(':');
        let whole = parts.by_ref().take(2).all(|part| !part.is_empty());
        if !whole || parts.next().is_some() {
            return Err(malformed("a name that is none"));
        }
        self.at += length;
        Ok(name)
    }

    fn value(&mut self) -> Result<&'t str, Fault> {
        self.white_space();
        if self.byte()? != b'=' {
            return Err(malformed("an attribute without value"));
        }
        self.at += 1;
        self.white_space();
        let quote = self.byte()?;
        if !matches!(quote, b'"' | b'\'') {
            return Err(malformed("an attribute without quotes"));
        }
        let start = self.at + 1;
        let length = position(&self.bytes[start..], |byte| byte == quote)
            .ok_or_else(|| malformed("a quote has no end"))?;
        self.at = start + length + 1;
        Ok(&self.text[start..start + length])
    }

    fn white_space(&mut self) {
        while matches!(self.bytes.get(self.at), Some(b' ' | b'\t' | b'\r' | b'\n')) {
            self.at += 1;
        }
    }

    fn byte(&self) -> Result<u8, Fault> {
        self.bytes.get(self.at).copied().ok_or_else(|| malformed("a tag has no end"))
    }
}

/// A namespace must be named so that no two readers can understand it differently: absolute, plainly written, and
/// never about the two prefixes that belong to XML itself.
fn declaration_allowed(name: &str, value: &str) -> Result<(), Fault> {
    let prefix = name.strip_prefix("xmlns:");
    if matches!(prefix, Some("xml" | "xmlns")) || value == namespace::XML || value == namespace::XMLNS {
        return Err(namespace_fault("xml or xmlns is declared anew"));
    }
    if value.is_empty() && prefix.is_none() {
        return Ok(());
    }
    if value.len() > LONGEST_NAMESPACE {
        return Err(too_much("bytes of a namespace name"));
    }
    let scheme = value.split_once(':').map_or("", |(scheme, _)| scheme);
    let absolute = scheme.starts_with(|c: char| c.is_ascii_alphabetic())
        && scheme.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'-' | b'.'));
    if !absolute {
        return Err(namespace_fault("a namespace name that is empty or relative"));
    }
    if value.bytes().any(|byte| byte <= b' ' || byte == b'&') {
        return Err(namespace_fault("a namespace name with white space or references"));
    }
    Ok(())
}

/// What has one meaning in the standard and several in the field.
///
/// Line ends are LF or CRLF; a lone CR is one more way to write the same text, and readers differ on it. A reference
/// to a number that is no character is ill-formed; the tree would show a substitute in its place.
fn plainly_written(text: &str) -> Result<(), Fault> {
    let mut rest = text;
    while let Some(at) = position(rest.as_bytes(), |byte| matches!(byte, b'\r' | b'&')) {
        let carriage_return = rest.as_bytes()[at] == b'\r';
        rest = &rest[at + 1..];
        if carriage_return && !rest.starts_with('\n') {
            return Err(malformed("a carriage return without line feed"));
        }
        if !carriage_return && rest.starts_with('#') && !refers_to_character(&rest[1..]) {
            return Err(malformed("a reference to something that is no character"));
        }
    }
    Ok(())
}

fn refers_to_character(rest: &str) -> bool {
    let (digits, radix) = rest.strip_prefix('x').map_or((rest, 10), |digits| (digits, 16));
    let digits = digits.split(';').next().unwrap_or_default();
    let character = u32::from_str_radix(digits, radix).ok().and_then(char::from_u32);
    !digits.starts_with('+') && character.is_some_and(is_xml_char)
}

/// Whether XML 1.0 can carry the character.
pub(super) fn is_xml_char(c: char) -> bool {
    !matches!(c, '\0'..='\x08' | '\x0b' | '\x0c' | '\x0e'..='\x1f' | '\u{fffe}' | '\u{ffff}')
}

/// Where the first such byte stands. Whole chunks are judged at once, which compilers turn into vector instructions:
/// most text is base64 and names, without any.
#[inline]
pub(super) fn position(bytes: &[u8], special: impl Fn(u8) -> bool) -> Option<usize> {
    const CHUNK: usize = 32;
    let hit = |chunk: &&[u8; CHUNK]| chunk.iter().fold(false, |hit, byte| hit | special(*byte));
    let (chunks, _) = bytes.as_chunks::<CHUNK>();
    let clean = chunks.iter().take_while(|chunk| !hit(chunk)).count() * CHUNK;
    bytes[clean..].iter().position(|byte| special(*byte)).map(|at| clean + at)
}

fn malformed(what: &'static str) -> Fault {
    Fault::new(Reason::XmlMalformed, what)
}

fn namespace_fault(what: &'static str) -> Fault {
    Fault::new(Reason::XmlNamespace, what)
}

fn too_much(what: &str) -> Fault {
    Fault::new(Reason::LimitXml, format!("too many {what}"))
}
