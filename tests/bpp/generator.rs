//! Random values of a privilege attribute: every form that is taken, and on demand one fault that is not.

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD};

use crate::dice::Chance;

/// How many faults there are.
pub(crate) const FAULTS: usize = 24;

const NAMESPACES: [&str; 2] =
    ["http://itst.dk/oiosaml/basic_privilege_profile", "http://digst.dk/oiosaml/basic_privilege_profile"];
const PREFIXES: [&str; 4] = ["bpp", "p", "ns0", "PrivilegeList"];
const SPACES: [&str; 4] = ["", "", "\n    ", "\r\n\t"];
const SCOPES: [&str; 14] = [
    "urn:dk:gov:saml:cvrNumberIdentifier:11111111",
    "urn:dk:gov:saml:cvrNumberIdentifier:99999999",
    "urn:dk:gov:saml:cvrNumberIdentifier:1111111",
    "urn:dk:gov:saml:cvrNumberIdentifier:1111111\u{ff11}",
    "urn:dk:gov:saml:CvrNumberIdentifier:11111111",
    "urn:dk:gov:saml:productionUnitIdentifier:1234567890",
    "urn:dk:gov:saml:productionUnitIdentifier:12345678",
    "urn:dk:gov:saml:seNumberIdentifier:12345678",
    "urn:dk:gov:saml:seNumberIdentifier:123456789",
    "urn:dk:gov:saml:cprNumberIdentifier:0101701234",
    "urn:dk:gov:saml:cprNumberIdentifier:010170-1234",
    "https://aftale.dk/?a=1&b=\"<to>\"",
    " urn:dk:gov:saml:cvrNumberIdentifier:11111111",
    "",
];
const PRIVILEGES: [&str; 7] = [
    "http://korsbaek.dk/roles/jobrole/sagsbehandler/1",
    "http://korsbaek.dk/roles/jobrole/b\u{f8}rn & unge/2",
    "http://bbr.dk/roles/usersystemrole/laes/1",
    "urn:dk:a<b>\"c\"'d'",
    "urn:x:]]",
    "a,b",
    "\u{1f600}",
];
const NAMES: [&str; 5] = [
    "http://sts.kombit.dk/constraints/KLE/1",
    "http://sts.kombit.dk/constraints/orgenhed/1",
    "http://korsbaek.dk/KLE/1/parametric",
    "urn:x?a=1&b='2'",
    "k",
];
const VALUES: [&str; 8] = [
    "27.45.00",
    "27.45.00,32.30",
    " 32.30 , 32.30,",
    "",
    ",",
    "b & \u{f8} <\"'>",
    "5f0c6f6e-0d32-4a0e-a5f1-2f6a2f6b1c11",
    "*",
];

/// Writes values with the chances that it is given.
pub(crate) struct Generator<'c> {
    pub(crate) chance: &'c mut Chance,
    pub(crate) fault: Option<usize>,
}

/// How the names of one document are written.
struct Names {
    list: String,
    inside: String,
    declared: String,
}

impl Generator<'_> {
    /// The value of an attribute.
    pub(crate) fn value(&mut self) -> String {
        let xml = self.document();
        match self.fault {
            Some(0) => return STANDARD.encode(STANDARD.encode(&xml)),
            Some(1) => return STANDARD.encode([xml.as_bytes(), b"\xe6"].concat()),
            Some(2) => {
                let padded = format!("{xml}{}", " ".repeat((3 - xml.len() % 3) % 3 + 1));
                let encoded = STANDARD.encode(padded);
                return format!("{}B==", encoded.strip_suffix("A==").unwrap());
            }
            Some(3) => return STANDARD.encode(&xml).replacen('P', "*", 1),
            Some(4) => return format!("{}=", STANDARD.encode(&xml)),
            _ => {}
        }
        let every = *self.chance.pick(&[1, 4, 64, 76]);
        match self.chance.below(5) {
            0 => format!("{}{xml}{}", self.space(), self.space()),
            1 => STANDARD_NO_PAD.encode(&xml),
            2 => {
                let encoded = STANDARD.encode(&xml).into_bytes();
                let lines = encoded.chunks(every).map(|line| str::from_utf8(line).unwrap());
                lines.collect::<Vec<_>>().join(self.chance.word(&["\n", "\r\n", " ", "\t\n"]))
            }
            _ => STANDARD.encode(&xml),
        }
    }

    fn document(&mut self) -> String {
        let names = self.names();
        let mut xml = self.chance.word(&["", "\u{feff}"]).to_owned();
        xml += self.chance.word(&["", "<?xml version=\"1.0\"?>", "<?xml version='1.0' encoding='utf-8'?>\n"]);
        xml += self.when(5, "<!DOCTYPE x>");
        xml += &self.comment();
        let (list, mut attributes) = (&names.list, names.declared.clone());
        attributes += &self.schema();
        attributes += self.when(6, " Version=\"1\"");
        xml += &format!("<{list}{attributes}{}>", self.space());
        let least = usize::from(self.fault.is_some());
        for _ in 0..self.chance.below(5) + least {
            xml += &self.between();
            xml += &self.group(&names);
        }
        xml += &self.between();
        xml += self.when(7, "text");
        xml += &self.when(8, "<#Privilege>x</#Privilege>").replace('#', &names.inside);
        xml += &format!("</{list}>");
        xml + self.when(9, "<more/>")
    }

    fn names(&mut self) -> Names {
        let mut namespace = self.chance.word(&NAMESPACES).to_owned();
        namespace += self.when(10, "/");
        let local = if self.fault == Some(11) { "PrivilegeLists" } else { "PrivilegeList" };
        let prefix = self.chance.word(&PREFIXES);
        match self.chance.below(4) {
            0 => Names {
                list: local.into(),
                inside: String::new(),
                declared: format!(" xmlns=\"{namespace}\""),
            },
            1 => Names {
                list: format!("{prefix}:{local}"),
                inside: format!("{prefix}:"),
                declared: format!(" xmlns:{prefix} = '{namespace}'"),
            },
            _ => Names {
                list: format!("{prefix}:{local}"),
                inside: String::new(),
                declared: format!(" xmlns:{prefix}=\"{namespace}\""),
            },
        }
    }

    fn schema(&mut self) -> String {
        let declared = " xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\"";
        match self.chance.below(4) {
            0 => declared.to_owned(),
            1 => format!("{declared} xsi:schemaLocation=\"http://itst.dk/ http://example.dk/a.xsd\""),
            _ => String::new(),
        }
    }

    fn group(&mut self, names: &Names) -> String {
        let mut parts = Vec::new();
        for _ in 0..self.chance.below(3) + 1 {
            if self.fault != Some(12) {
                parts.push(self.privilege(&names.inside));
            }
        }
        for _ in 0..self.chance.below(4) {
            parts.push(self.limit(&names.inside));
        }
        parts.extend(self.odd_part());
        let mut inside = String::new();
        while !parts.is_empty() {
            inside += &self.between();
            inside += &parts.swap_remove(self.chance.below(parts.len()));
        }
        inside += &self.between();
        inside += self.when(13, "<?pi?>");
        let scope = match self.chance.one_in(8) {
            true => String::new(),
            false => format!(" Scope={}", self.quoted(SCOPES.as_slice())),
        };
        let odd = self.when(14, " scope=\"x\"");
        format!("<{0}PrivilegeGroup{scope}{odd}>{inside}</{0}PrivilegeGroup>", names.inside)
    }

    /// A part that has no place in a group.
    fn odd_part(&mut self) -> Option<String> {
        match self.fault? {
            15 => Some("<PrivilegeGroup><Privilege>x</Privilege></PrivilegeGroup>".into()),
            16 => Some("<Privilege xmlns=\"urn:other\">x</Privilege>".into()),
            17 => Some("text".into()),
            18 => Some("<Privilege> </Privilege>".into()),
            19 => Some("<Privilege>x<!-- y -->z</Privilege>".into()),
            20 => Some("<Privilege><b>x</b></Privilege>".into()),
            21 => Some("<Privilege>x & y</Privilege>".into()),
            22 => Some("<Constraint>x</Constraint>".into()),
            23 => Some("<Privilege>x".into()),
            _ => None,
        }
    }

    fn privilege(&mut self, prefix: &str) -> String {
        let (before, after) = (self.space(), self.space());
        let text = self.text(&PRIVILEGES);
        format!("<{prefix}Privilege>{before}{text}{after}</{prefix}Privilege>")
    }

    fn limit(&mut self, prefix: &str) -> String {
        let (name, text) = (self.quoted(&NAMES), self.text(&VALUES));
        match text.is_empty() && self.chance.one_in(2) {
            true => format!("<{prefix}Constraint Name={name}/>"),
            false => format!("<{prefix}Constraint Name={name}>{text}</{prefix}Constraint>"),
        }
    }

    fn text(&mut self, from: &[&'static str]) -> String {
        let text = self.chance.word(from);
        if self.chance.one_in(6) && !text.contains("]]") {
            return format!("<![CDATA[{text}]]>");
        }
        self.escaped(text, '\0')
    }

    fn quoted(&mut self, from: &[&'static str]) -> String {
        let text = self.chance.word(from);
        let quote = *self.chance.pick(&['"', '\'']);
        format!("{quote}{}{quote}", self.escaped(text, quote))
    }

    fn escaped(&mut self, text: &str, quote: char) -> String {
        let mut out = String::new();
        for character in text.chars() {
            match character {
                '&' => out += self.chance.word(&["&amp;", "&#38;", "&#x26;"]),
                '<' => out += self.chance.word(&["&lt;", "&#60;"]),
                '>' => out += self.chance.word(&["&gt;", ">"]),
                '"' if quote == '"' => out += "&quot;",
                '\'' if quote == '\'' => out += "&apos;",
                other if self.chance.one_in(20) => out += &format!("&#x{:X};", u32::from(other)),
                other => out.push(other),
            }
        }
        out
    }

    fn between(&mut self) -> String {
        format!("{}{}", self.space(), self.comment())
    }

    fn comment(&mut self) -> String {
        if self.chance.one_in(12) { "<!-- <Privilege>no</Privilege> -->".into() } else { String::new() }
    }

    fn space(&mut self) -> &'static str {
        self.chance.word(&SPACES)
    }

    fn when(&self, fault: usize, what: &'static str) -> &'static str {
        if self.fault == Some(fault) { what } else { "" }
    }
}
