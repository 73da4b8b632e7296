//! As much of HTML as a browser needs that only follows: tags, their attributes, and forms.

/// A form as it is written.
pub(super) struct Written<'h> {
    /// Its start tag, without the last sign.
    pub(super) tag: &'h str,
    pub(super) content: &'h str,
}

/// The forms of a page.
pub(super) fn forms(html: &str) -> impl Iterator<Item = Written<'_>> {
    starts(html, "form").map(|rest| {
        let tag = &rest[..end_of_tag(rest)];
        let content = &rest[tag.len()..];
        Written { tag, content: &content[..find_ignoring_case(content, "</form").unwrap_or(content.len())] }
    })
}

impl Written<'_> {
    /// The fields that nobody sees.
    pub(super) fn hidden(&self) -> Vec<(String, String)> {
        let hidden = self.inputs().filter(|(kind, ..)| kind == "hidden");
        hidden.map(|(_, name, value)| (name, value)).collect()
    }

    /// The fields as a browser sends them when nobody changes anything.
    pub(super) fn as_it_stands(&self) -> Vec<(String, String)> {
        const NOT_SENT: [&str; 7] = ["submit", "button", "image", "reset", "file", "checkbox", "radio"];
        let sent = self.inputs().filter(|(kind, ..)| !NOT_SENT.contains(&kind.as_str()));
        let mut fields: Vec<_> = sent.map(|(_, name, value)| (name, value)).collect();
        let pressed = self.buttons().next();
        fields.extend(pressed);
        fields
    }

    /// Whether something of this name can be filled in, or a button of this name and value be pressed.
    pub(super) fn takes(&self, name: &str, value: &str) -> bool {
        self.typed().any(|known| known == name)
            || self.buttons().any(|(known, of)| known == name && of == value)
    }

    /// What can be filled in, without its value, and the buttons.
    pub(super) fn open(&self) -> Vec<(String, String)> {
        self.typed().map(|name| (name, String::new())).chain(self.buttons()).collect()
    }

    /// The names of what can be filled in.
    fn typed(&self) -> impl Iterator<Item = String> {
        let fits = |kind: &str| !matches!(kind, "hidden" | "submit" | "button" | "image" | "reset" | "file");
        let inputs = self.inputs().filter(move |(kind, ..)| fits(kind)).map(|(_, name, _)| name);
        inputs.chain(tags(self.content, "select").filter_map(|tag| attribute(tag, "name")))
    }

    /// Whether what is typed into the field of this name is not shown.
    pub(super) fn hides(&self, name: &str) -> bool {
        self.inputs().any(|(kind, known, _)| known == name && kind == "password")
    }

    /// Kind, name and value of the inputs that have a name.
    fn inputs(&self) -> impl Iterator<Item = (String, String, String)> {
        tags(self.content, "input").filter_map(|tag| {
            let kind = attribute(tag, "type").unwrap_or_else(|| "text".to_owned()).to_ascii_lowercase();
            Some((kind, attribute(tag, "name")?, attribute(tag, "value").unwrap_or_default()))
        })
    }

    fn buttons(&self) -> impl Iterator<Item = (String, String)> {
        let named = |tag: &str| Some((attribute(tag, "name")?, attribute(tag, "value").unwrap_or_default()));
        let inputs =
            self.inputs().filter(|(kind, ..)| kind == "submit").map(|(_, name, value)| (name, value));
        tags(self.content, "button").filter_map(named).chain(inputs)
    }
}

/// The start tags of this name, without their last sign.
pub(super) fn tags<'h>(html: &'h str, name: &'static str) -> impl Iterator<Item = &'h str> {
    starts(html, name).map(|rest| &rest[..end_of_tag(rest)])
}

/// What follows the name of each start tag of this name.
fn starts<'h>(html: &'h str, name: &'static str) -> impl Iterator<Item = &'h str> {
    html.match_indices('<').filter_map(move |(at, _)| {
        let rest = &html[at + 1..];
        let begins = rest.get(..name.len()).is_some_and(|begin| begin.eq_ignore_ascii_case(name));
        let rest = rest.get(name.len()..).filter(|_| begins)?;
        rest.starts_with(|sign: char| sign.is_whitespace() || matches!(sign, '>' | '/')).then_some(rest)
    })
}

/// Where a start tag ends: at the first `>` that stands in no quotes.
fn end_of_tag(rest: &str) -> usize {
    let mut quote = None;
    for (at, sign) in rest.char_indices() {
        match (quote, sign) {
            (None, '>') => return at,
            (None, '"' | '\'') => quote = Some(sign),
            (Some(open), _) if open == sign => quote = None,
            _ => {}
        }
    }
    rest.len()
}

/// The value of an attribute, in quotes of either kind or in none.
pub(super) fn attribute(tag: &str, name: &str) -> Option<String> {
    let mut rest = tag;
    loop {
        rest = rest.trim_start_matches(|sign: char| sign.is_whitespace() || sign == '/');
        if rest.is_empty() {
            return None;
        }
        let end = rest.find(|sign: char| sign.is_whitespace() || sign == '=').unwrap_or(rest.len());
        let (known, after) = rest.split_at(end);
        let (value, after) = match after.trim_start().strip_prefix('=').map(str::trim_start) {
            None => ("", after),
            Some(value) => match value.chars().next() {
                Some(quote @ ('"' | '\'')) => value[1..].split_once(quote).unwrap_or((&value[1..], "")),
                _ => value.split_at(value.find(char::is_whitespace).unwrap_or(value.len())),
            },
        };
        if known.eq_ignore_ascii_case(name) {
            return Some(plain(value));
        }
        rest = if end == 0 { after.get(1..).unwrap_or_default() } else { after };
    }
}

/// Text without its escapes. What is no escape stands for itself.
pub(super) fn plain(raw: &str) -> String {
    let mut parts = raw.split('&');
    let mut value = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        match part.split_once(';').and_then(|(entity, rest)| Some((named(entity)?, rest))) {
            Some((sign, rest)) => {
                value.push(sign);
                value.push_str(rest);
            }
            None => {
                value.push('&');
                value.push_str(part);
            }
        }
    }
    value
}

fn named(entity: &str) -> Option<char> {
    Some(match entity {
        "amp" => '&',
        "lt" => '<',
        "gt" => '>',
        "quot" => '"',
        "apos" => '\'',
        "nbsp" => '\u{a0}',
        number => {
            let number = number.strip_prefix('#')?;
            let code = match number.strip_prefix(['x', 'X']) {
                Some(hex) => u32::from_str_radix(hex, 16),
                None => number.parse(),
            };
            char::from_u32(code.ok()?)?
        }
    })
}

fn find_ignoring_case(text: &str, wanted: &str) -> Option<usize> {
    text.as_bytes().windows(wanted.len()).position(|window| window.eq_ignore_ascii_case(wanted.as_bytes()))
}
