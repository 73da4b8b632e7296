//! Hides what tells who somebody is. What is not known to be harmless is hidden.

use crate::domain::audit::without_cpr;
use crate::domain::subject::SubjectName;
use crate::protocol::saml::attribute as name;

/// Whether personal data is hidden.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mask {
    /// It is.
    On,
    /// The operator asked to see it.
    Off,
}

/// What stands where something was hidden.
pub const HIDDEN: &str = "***";

impl Mask {
    /// Any text: numbers like those of persons and e-mail addresses are hidden.
    pub fn text(self, text: &str) -> String {
        match self {
            Self::Off => text.to_owned(),
            Self::On => without_addresses(&without_cpr(text)),
        }
    }

    /// The user's name: what names the organisation stays, what names the person goes.
    pub fn name_id(self, text: &str) -> String {
        if self == Self::Off {
            return text.to_owned();
        }
        match SubjectName::new(text) {
            Ok(name) => format!("C=DK,O={},CN={HIDDEN},Serial={HIDDEN}", name.cvr()),
            Err(_) => HIDDEN.to_owned(),
        }
    }

    /// The value of an attribute: shown only if the attribute speaks of the organisation or of the login itself.
    pub fn attribute(self, attribute: &str, value: &str) -> String {
        if self == Self::Off {
            return value.to_owned();
        }
        let of_organisation = [name::SPEC_VERSION, name::KOMBIT_SPEC_VERSION, name::CVR, name::ORGANISATION];
        let of_login = [name::ASSURANCE_LEVEL, name::LOA, name::IAL, name::AAL];
        if of_organisation.iter().any(|known| known.is(attribute)) || of_login.contains(&attribute) {
            return self.text(value);
        }
        if name::PRIVILEGES.is(attribute) {
            return format!("{HIDDEN} ({} characters; decode the value by itself)", value.trim().len());
        }
        HIDDEN.to_owned()
    }
}

fn without_addresses(text: &str) -> String {
    if !text.contains('@') {
        return text.to_owned();
    }
    let is_part = |c: char| c.is_alphanumeric() || matches!(c, '.' | '_' | '-' | '+' | '@' | '%');
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(begin) = rest.find(is_part) {
        let length = rest[begin..].find(|c| !is_part(c)).unwrap_or(rest.len() - begin);
        let word = &rest[begin..begin + length];
        out.push_str(&rest[..begin]);
        out.push_str(if word.contains('@') { HIDDEN } else { word });
        rest = &rest[begin + length..];
    }
    out.push_str(rest);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_of_persons_and_addresses_are_hidden_and_other_numbers_are_not() {
        for (text, shown) in [
            ("CPR 0101701234.", "CPR ******-****."),
            ("010170-1234", "******-****"),
            (
                "urn:dk:gov:saml:cprNumberIdentifier:6101701234",
                "urn:dk:gov:saml:cprNumberIdentifier:******-****",
            ),
            ("11111111", "11111111"),
            ("3213701234", "3213701234"),
            ("01017012345", "01017012345"),
            ("ring ib.dam@korsbaek.example, nu", "ring ***, nu"),
            ("2026-11-21T10:00:00Z", "2026-11-21T10:00:00Z"),
        ] {
            assert_eq!(Mask::On.text(text), shown, "{text}");
            assert_eq!(Mask::Off.text(text), text);
        }
    }

    #[test]
    fn a_name_keeps_its_organisation_only() {
        let name = "C=DK,O=11111111,CN=Ib Dam,Serial=5b0c";
        assert_eq!(Mask::On.name_id(name), "C=DK,O=11111111,CN=***,Serial=***");
        assert_eq!(Mask::On.name_id("Ib Dam"), "***");
        assert_eq!(Mask::Off.name_id(name), name);
    }

    #[test]
    fn an_attribute_that_is_not_known_to_be_harmless_is_hidden() {
        assert_eq!(Mask::On.attribute(name::CVR.oiosaml3, "11111111"), "11111111");
        assert_eq!(Mask::On.attribute(name::LOA, "High"), "High");
        for personal in [name::EMAIL.oiosaml2, "urn:oid:2.5.4.3", "https://data.gov.dk/model/core/eid/alias"]
        {
            assert_eq!(Mask::On.attribute(personal, "Ib"), "***");
            assert_eq!(Mask::Off.attribute(personal, "Ib"), "Ib");
        }
    }
}
