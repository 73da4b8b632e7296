//! A second reader of privilege lists, written from the profile and by another technique: it walks over the characters
//! with a stack of namespaces and knows no tree, no parser and none of the product's types.

use std::collections::HashMap;

use context_handler::domain::privilege::{PrivilegeList, Scope};

/// A group in plain texts: the kind of scope and its text, the privileges, the limits.
pub(crate) type Group = (&'static str, String, Vec<String>, Vec<(String, Vec<String>)>);

/// What the product's reader understood, in the same plain texts.
pub(crate) fn told(list: &PrivilegeList) -> Vec<Group> {
    let told = list.groups.iter().map(|group| {
        let (kind, text) = match &group.scope {
            Scope::Cvr(number) => ("cvr", number.to_string()),
            Scope::ProductionUnit(number) => ("pu", number.clone()),
            Scope::Se(number) => ("se", number.clone()),
            Scope::Cpr(number) => ("cpr", number.clone()),
            Scope::Other(text) => ("other", text.clone()),
            Scope::Missing => ("missing", String::new()),
        };
        let limits = group.constraints.iter().map(|limit| (limit.name.clone(), limit.values.clone()));
        (kind, text, group.privileges.clone(), limits.collect())
    });
    told.collect()
}

/// Reads a value; nothing when it is not one of the profile.
pub(crate) fn read(value: &str) -> Option<Vec<Group>> {
    let mut bytes = value.trim().as_bytes().to_vec();
    if !value.trim().trim_start_matches('\u{feff}').starts_with('<') {
        bytes = unpacked(value)?;
    }
    let text = String::from_utf8(bytes).ok()?.replace("\r\n", "\n");
    let text = text.trim().trim_start_matches('\u{feff}');
    let body = match text.strip_prefix("<?xml ") {
        Some(rest) => rest.split_once("?>")?.1,
        None => text,
    };
    if body.contains("<?") || body.contains("<!DOCTYPE") {
        return None;
    }
    let mut walk = Walk { rest: body, ..Walk::default() };
    while walk.step()? {}
    (walk.open.is_empty() && walk.is_done).then_some(walk.groups)
}

/// Base64 by arithmetic.
fn unpacked(value: &str) -> Option<Vec<u8>> {
    let alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let text: Vec<char> = value.chars().filter(|c| !" \t\r\n".contains(*c)).collect();
    let data: Vec<char> = text.iter().copied().take_while(|c| *c != '=').collect();
    let padding = text.len() - data.len();
    if text[data.len()..].iter().any(|c| *c != '=')
        || (padding > 0 && (!text.len().is_multiple_of(4) || padding > 2))
    {
        return None;
    }
    let (mut bits, mut held, mut out) = (0_u32, 0, Vec::new());
    for character in data {
        bits = (bits << 6) | u32::try_from(alphabet.find(character)?).ok()?;
        held += 6;
        if held >= 8 {
            held -= 8;
            out.push(u8::try_from(bits >> held).ok()?);
            bits &= (1 << held) - 1;
        }
    }
    (held < 6 && bits == 0).then_some(out)
}

/// An element that is open: its name as written, its local name, what its prefixes mean, and its text so far.
#[derive(Clone, Default)]
struct Open {
    written: String,
    local: String,
    meanings: HashMap<String, String>,
    own: HashMap<String, String>,
    text: String,
}

#[derive(Default)]
struct Walk<'t> {
    rest: &'t str,
    open: Vec<Open>,
    groups: Vec<Group>,
    /// The namespace of the list, and the one of what is in it.
    namespaces: (String, Option<String>),
    is_done: bool,
}

impl Walk<'_> {
    /// Takes the next text or tag; false at the end.
    fn step(&mut self) -> Option<bool> {
        let Some(at) = self.rest.find('<') else {
            let text = self.rest;
            self.rest = "";
            self.text(&meaning(text)?)?;
            return Some(false);
        };
        let (text, rest) = self.rest.split_at(at);
        self.text(&meaning(text)?)?;
        if let Some(rest) = rest.strip_prefix("<!--") {
            self.rest = rest.split_once("-->")?.1;
            return (!self.in_value()).then_some(true);
        }
        if let Some(rest) = rest.strip_prefix("<![CDATA[") {
            let (text, rest) = rest.split_once("]]>")?;
            self.rest = rest;
            self.text(text)?;
            return Some(true);
        }
        let end = tag_end(rest)?;
        self.rest = &rest[end + 1..];
        let tag = &rest[1..end];
        if let Some(name) = tag.strip_prefix('/') {
            let open = self.open.pop()?;
            (open.written == name.trim_end()).then_some(())?;
            self.closed(&open)?;
            return Some(true);
        }
        self.start(tag.trim_end_matches('/'))?;
        if tag.ends_with('/') {
            let open = self.open.pop()?;
            self.closed(&open)?;
        }
        Some(true)
    }

    fn in_value(&self) -> bool {
        self.open.len() == 3
    }

    fn text(&mut self, text: &str) -> Option<()> {
        if self.in_value() {
            self.open[2].text += text;
            return Some(());
        }
        text.chars().all(|c| " \t\r\n".contains(c)).then_some(())
    }

    fn start(&mut self, tag: &str) -> Option<()> {
        let (name, attributes) = tag.split_at(tag.find([' ', '\n', '\t', '\r']).unwrap_or(tag.len()));
        let mut open = Open { written: name.to_owned(), ..Open::default() };
        open.meanings = self.open.last().map(|outer| outer.meanings.clone()).unwrap_or_default();
        let mut rest = attributes.trim_start();
        while !rest.is_empty() {
            let (name, after) = rest.split_once('=')?;
            let quote = after.trim_start().chars().next().filter(|c| "'\"".contains(*c))?;
            let (value, after) = after.trim_start()[1..].split_once(quote)?;
            let value = meaning(&value.replace(['\n', '\t'], " "))?;
            match name.trim().strip_prefix("xmlns") {
                Some("") => drop(open.meanings.insert(String::new(), value)),
                Some(prefix) => drop(open.meanings.insert(prefix.strip_prefix(':')?.to_owned(), value)),
                None => open.own.insert(name.trim().to_owned(), value).is_none().then_some(())?,
            }
            rest = after.trim_start();
        }
        let (prefix, local) = name.split_once(':').unwrap_or(("", name));
        let namespace = match (open.meanings.get(prefix), prefix) {
            (Some(namespace), _) => namespace.clone(),
            (None, "") => String::new(),
            _ => return None,
        };
        open.local = local.to_owned();
        self.placed(&open, &namespace)?;
        self.open.push(open);
        Some(())
    }

    /// Whether the element may stand here.
    fn placed(&mut self, open: &Open, namespace: &str) -> Option<()> {
        let own: Vec<&str> = open.own.keys().map(String::as_str).collect();
        let fits = match (self.open.len(), open.local.as_str()) {
            (0, "PrivilegeList") => {
                self.namespaces.0 = namespace.to_owned();
                let known =
                    ["itst", "digst"].map(|who| format!("http://{who}.dk/oiosaml/basic_privilege_profile"));
                known.contains(&namespace.to_owned())
                    && own.iter().all(|name| *name == "xsi:schemaLocation")
                    && !std::mem::replace(&mut self.is_done, true)
            }
            (1, "PrivilegeGroup") => own.iter().all(|name| *name == "Scope"),
            (2, "Privilege") => own.is_empty(),
            (2, "Constraint") => own == ["Name"] && !open.own["Name"].trim().is_empty(),
            _ => false,
        };
        if self.open.is_empty() {
            return fits.then_some(());
        }
        let inside = self.namespaces.1.get_or_insert_with(|| namespace.to_owned());
        let one = inside == namespace && (namespace.is_empty() || namespace == self.namespaces.0);
        if open.local == "PrivilegeGroup" {
            let scope = open.own.get("Scope").cloned().unwrap_or_default();
            let (kind, text) = classified(&scope);
            self.groups.push((kind, text, Vec::new(), Vec::new()));
        }
        (fits && one).then_some(())
    }

    fn closed(&mut self, open: &Open) -> Option<()> {
        let (_, _, privileges, limits) = match self.groups.last_mut() {
            Some(group) if open.local != "PrivilegeList" => group,
            _ => return Some(()),
        };
        let text = open.text.trim_matches(|c| " \t\r\n".contains(c)).to_owned();
        match open.local.as_str() {
            "Privilege" if text.is_empty() => return None,
            "Privilege" if !privileges.contains(&text) => privileges.push(text),
            "Constraint" => {
                let name = &open.own["Name"];
                if !limits.iter().any(|(known, _)| known == name) {
                    limits.push((name.clone(), Vec::new()));
                }
                let (_, values) = limits.iter_mut().find(|(known, _)| known == name)?;
                for value in text.split(',').map(str::trim).filter(|value| !value.is_empty()) {
                    if !values.iter().any(|known| known == value) {
                        values.push(value.to_owned());
                    }
                }
            }
            "PrivilegeGroup" if privileges.is_empty() => return None,
            _ => {}
        }
        Some(())
    }
}

/// Where the tag ends; quotes may hold its sign.
fn tag_end(text: &str) -> Option<usize> {
    let mut quote = None;
    text.char_indices().find_map(|(at, c)| {
        match (quote, c) {
            (None, '>') => return Some(at),
            (None, '"' | '\'') => quote = Some(c),
            (Some(open), c) if open == c => quote = None,
            _ => {}
        }
        None
    })
}

/// What references mean.
fn meaning(text: &str) -> Option<String> {
    let mut parts = text.split('&');
    let mut out = parts.next()?.to_owned();
    for part in parts {
        let (name, rest) = part.split_once(';')?;
        out.push(match name {
            "amp" => '&',
            "lt" => '<',
            "gt" => '>',
            "quot" => '"',
            "apos" => '\'',
            _ => match name.strip_prefix("#x") {
                Some(digits) => char::from_u32(u32::from_str_radix(digits, 16).ok()?)?,
                None => char::from_u32(name.strip_prefix('#')?.parse().ok()?)?,
            },
        });
        out += rest;
    }
    Some(out)
}

fn classified(scope: &str) -> (&'static str, String) {
    let kinds = [
        ("cvr", "cvrNumberIdentifier", 8),
        ("pu", "productionUnitIdentifier", 10),
        ("se", "seNumberIdentifier", 8),
        ("cpr", "cprNumberIdentifier", 10),
    ];
    for (kind, name, length) in kinds {
        if let Some(digits) = scope.strip_prefix(&format!("urn:dk:gov:saml:{name}:")) {
            let ascii = digits.chars().filter(char::is_ascii_digit).count();
            if ascii == length && digits.chars().count() == length {
                return (kind, digits.to_owned());
            }
        }
    }
    if scope.is_empty() { ("missing", String::new()) } else { ("other", scope.to_owned()) }
}
