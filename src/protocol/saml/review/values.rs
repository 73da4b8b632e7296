//! The forms of the values that SAML metadata writes: numbers, moments, addresses, names.

use super::super::{boolean, moment};

/// The longest name of a party.
const LONGEST_NAME: usize = 1024;

/// The form that the value of an attribute should have, where it has another one.
pub(super) fn wrong_form(attribute: &str, value: &str) -> Option<&'static str> {
    const CONTACTS: [&str; 5] = ["technical", "support", "administrative", "billing", "other"];
    let (fits, expected) = match attribute {
        "index" => (value.trim().parse::<u16>().is_ok(), "0…65535"),
        "isDefault"
        | "isRequired"
        | "AuthnRequestsSigned"
        | "WantAssertionsSigned"
        | "WantAuthnRequestsSigned" => (boolean(value.trim()).is_ok(), "true | false"),
        "use" => (matches!(value, "signing" | "encryption"), "signing | encryption"),
        "contactType" => {
            (CONTACTS.contains(&value), "technical | support | administrative | billing | other")
        }
        "validUntil" => (moment(value).is_ok(), "xs:dateTime Z"),
        "cacheDuration" => (is_duration(value), "xs:duration"),
        "ID" => (is_id(value), "xs:ID"),
        "entityID" | "affiliationOwnerID" => {
            (is_uri(value) && value.chars().count() <= LONGEST_NAME, "xs:anyURI ≤ 1024")
        }
        "protocolSupportEnumeration" => (!value.trim().is_empty(), "xs:anyURI …"),
        "Binding" | "Location" | "ResponseLocation" | "errorURL" | "NameFormat" | "Algorithm"
        | "namespace" => (is_uri(value), URI),
        _ => return None,
    };
    (!fits).then_some(expected)
}

/// How the form of an address is called.
pub(super) const URI: &str = "xs:anyURI";

/// Whether a text can be an address: something, without a blank or anything else that has to be escaped in one. The schema
/// itself is laxer and leaves it to the reader to escape; readers differ in that.
pub(super) fn is_uri(text: &str) -> bool {
    let text = text.trim();
    let is_odd =
        |c: char| c.is_whitespace() || matches!(c, '<' | '>' | '"' | '{' | '}' | '|' | '\\' | '^' | '`');
    !text.is_empty() && !text.contains(is_odd)
}

/// A name without a colon, as XML has them.
fn is_id(text: &str) -> bool {
    let starts = |c: char| c.is_alphabetic() || c == '_';
    let goes_on = |c: char| c.is_alphanumeric() || matches!(c, '_' | '-' | '.' | '·');
    text.starts_with(starts) && text.chars().all(goes_on)
}

/// `PnYnMnDTnHnMnS`, with one of the numbers at least, and the seconds perhaps with a fraction.
fn is_duration(text: &str) -> bool {
    let text = text.trim();
    let Some(text) = text.strip_prefix('-').unwrap_or(text).strip_prefix('P') else { return false };
    let (days, times) = text.split_once('T').map_or((text, None), |(days, times)| (days, Some(times)));
    let days = numbers(days, "YMD");
    let times = times.map(|times| numbers(times, "HMS").filter(|count| *count > 0));
    match (days, times) {
        (Some(days), None) => days > 0,
        (Some(_), Some(times)) => times.is_some(),
        (None, _) => false,
    }
}

/// How many numbers a text is made of, each followed by one of these letters, in their order.
fn numbers(text: &str, mut letters: &str) -> Option<usize> {
    let mut count = 0;
    let mut rest = text;
    while !rest.is_empty() {
        let (number, after) = rest.split_at(rest.find(|c: char| c.is_ascii_alphabetic())?);
        let letter = after.chars().next()?;
        let (whole, fraction) = number.split_once('.').unwrap_or((number, "0"));
        let is_number = |digits: &str| !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
        if !is_number(whole) || !is_number(fraction) || (number.contains('.') && letter != 'S') {
            return None;
        }
        letters = letters.split_once(letter)?.1;
        rest = after.get(1..)?;
        count += 1;
    }
    Some(count)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_form_takes_what_the_schema_takes_and_nothing_else() {
        let right = [
            ("index", "0"),
            ("index", "65535"),
            ("isDefault", "1"),
            ("isRequired", "false"),
            ("use", "encryption"),
            ("contactType", "other"),
            ("validUntil", "2027-01-01T00:00:00Z"),
            ("cacheDuration", "PT1H"),
            ("cacheDuration", "P1Y2M3DT4H5M6.5S"),
            ("cacheDuration", "-P1D"),
            ("ID", "_a.b-c"),
            ("ID", "ærlig"),
            ("entityID", "urn:x:y"),
            ("entityID", "korsbaek"),
            ("Location", "https://x.example/a?b=c&d=%20#e"),
            ("protocolSupportEnumeration", "urn:a urn:b"),
            ("FriendlyName", "anything at all"),
        ];
        let wrong = [
            ("index", "65536"),
            ("index", "-1"),
            ("index", ""),
            ("isDefault", "yes"),
            ("WantAuthnRequestsSigned", "TRUE"),
            ("use", "Signing"),
            ("contactType", "Technical"),
            ("validUntil", "2027-01-01"),
            ("validUntil", "2027-13-01T00:00:00Z"),
            ("cacheDuration", "P"),
            ("cacheDuration", "PT"),
            ("cacheDuration", "P1H"),
            ("cacheDuration", "PT1D"),
            ("cacheDuration", "PT1M1H"),
            ("cacheDuration", "P1.5D"),
            ("cacheDuration", "3600"),
            ("ID", "1a"),
            ("ID", "a:b"),
            ("ID", "a b"),
            ("entityID", ""),
            ("Location", "https://x.example/a b"),
            ("Location", "<https://x.example>"),
            ("protocolSupportEnumeration", " "),
        ];
        for (attribute, value) in right {
            assert_eq!(wrong_form(attribute, value), None, "{attribute}={value:?}");
        }
        for (attribute, value) in wrong {
            assert!(wrong_form(attribute, value).is_some(), "{attribute}={value:?}");
        }
        assert!(wrong_form("entityID", &"a".repeat(1024)).is_none());
        assert!(wrong_form("entityID", &"a".repeat(1025)).is_some());
    }
}
