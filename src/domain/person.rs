//! What is known of the person behind a user, as far as a fagsystem's attribute profile tells it.
//!
//! What a profile does not tell is not even read, and a [`Person`] that was narrowed to a profile holds nothing else. A
//! value is never shown: neither a fault nor the `Debug` form holds one.

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};

use super::federation::AttributeProfile;
use super::id::PersonUuid;
use super::reason::{Fault, Reason};

/// The longest name of a person, in characters.
const LONGEST_NAME: usize = 256;
/// The longest token of another federation that is passed on, in bytes.
const LONGEST_TOKEN: usize = 64 * 1024;

/// One thing that a fagsystem may be told about a person. The list is closed: nothing else ever leaves.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Claim {
    /// The e-mail addresses.
    Email,
    /// The name by which the person is called.
    CommonName,
    /// The name by which the person logs in at the municipality.
    Uid,
    /// The number of the person in the Civil Registration System.
    Cpr,
    /// The number by which the state knows the person at work.
    PersistentUuid,
    /// A token for another federation. It is passed on letter by letter.
    BootstrapToken,
}

impl Claim {
    /// Every claim there is, in the order in which they are told.
    pub const ALL: [Self; 6] =
        [Self::Email, Self::CommonName, Self::Uid, Self::Cpr, Self::PersistentUuid, Self::BootstrapToken];

    /// Whether a profile tells it.
    pub fn is_told(self, profile: AttributeProfile) -> bool {
        match profile {
            AttributeProfile::Kombit => self == Self::Email,
            AttributeProfile::KombitWithoutPersonalData => false,
            AttributeProfile::Seb => true,
        }
    }

    /// What it is called, and the form of its values.
    fn form(self) -> (&'static str, &'static str) {
        match self {
            Self::Email => ("e-mail address", "text"),
            Self::CommonName => ("name", "text of 1 to 256 characters"),
            Self::Uid => ("user name", "text of 1 to 256 characters"),
            Self::Cpr => ("CPR number", "ten digits"),
            Self::PersistentUuid => ("persistent UUID", "a UUID"),
            Self::BootstrapToken => ("bootstrap token", "base64 of at most 64 KiB"),
        }
    }

    /// The value as it is told, if it has the form of the claim.
    fn checked(self, value: String) -> Option<String> {
        let fits = match self {
            Self::Email => true,
            Self::CommonName | Self::Uid => {
                (1..=LONGEST_NAME).contains(&value.chars().count()) && !value.contains(char::is_control)
            }
            Self::Cpr => value.len() == 10 && value.bytes().all(|b| b.is_ascii_digit()),
            Self::PersistentUuid => return PersonUuid::new(&value).ok().map(String::from),
            Self::BootstrapToken => is_base64(&value),
        };
        fits.then_some(value)
    }

    fn has_one_value(self) -> bool {
        self != Self::Email
    }
}

/// Base64 with its white space, of a size that a message may have.
fn is_base64(token: &str) -> bool {
    let fits =
        |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'+' | b'/' | b'=') || b.is_ascii_whitespace();
    token.len() <= LONGEST_TOKEN && token.bytes().all(fits) && !token.trim_ascii().is_empty()
}

/// What is known of a person.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Person(BTreeMap<Claim, Vec<String>>);

impl Person {
    /// Reads what a profile tells, from whoever states values. What the profile does not tell is not asked for.
    pub fn read(
        profile: AttributeProfile,
        mut stated: impl FnMut(Claim) -> Result<Vec<String>, Fault>,
    ) -> Result<Self, Fault> {
        let mut known = BTreeMap::new();
        for claim in Claim::ALL.into_iter().filter(|claim| claim.is_told(profile)) {
            let values = values(claim, stated(claim)?)?;
            if !values.is_empty() {
                known.insert(claim, values);
            }
        }
        Ok(Self(known))
    }

    /// What is known here, and where nothing is, what is known there. The values of one claim are never joined.
    #[must_use]
    pub fn or(mut self, other: Self) -> Self {
        for (claim, values) in other.0 {
            self.0.entry(claim).or_insert(values);
        }
        self
    }

    /// What a profile tells of it.
    #[must_use]
    pub fn told(mut self, profile: AttributeProfile) -> Self {
        self.0.retain(|claim, _| claim.is_told(profile));
        self
    }

    /// What is known, in the order in which it is told.
    pub fn claims(&self) -> impl Iterator<Item = (Claim, &[String])> {
        self.0.iter().map(|(claim, values)| (*claim, values.as_slice()))
    }
}

/// The values of a claim, each once. The fault names the claim and never a value.
fn values(claim: Claim, stated: Vec<String>) -> Result<Vec<String>, Fault> {
    let (what, form) = claim.form();
    let mut values = Vec::with_capacity(stated.len());
    for value in stated {
        let value = claim.checked(value);
        let value =
            value.ok_or_else(|| Fault::new(Reason::ValueFormat, format!("{what}: expected {form}")))?;
        if !values.contains(&value) {
            values.push(value);
        }
    }
    if claim.has_one_value() && values.len() > 1 {
        return Err(Fault::new(Reason::AttrDuplicate, format!("{what}: expected one value, got several")));
    }
    Ok(values)
}

impl fmt::Debug for Person {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.0.keys()).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECRET: &str = "0101010101";

    fn read(profile: AttributeProfile, claim: Claim, stated: &[&str]) -> Result<Person, Fault> {
        let stated: Vec<String> = stated.iter().map(|value| (*value).to_owned()).collect();
        Person::read(profile, |asked| Ok(if asked == claim { stated.clone() } else { Vec::new() }))
    }

    #[test]
    fn values_have_the_form_of_their_claim_and_are_never_quoted() {
        let long = "a".repeat(LONGEST_TOKEN + 1);
        let uuid = "5b0c6a2e-0f3d-4a51-9c77-1d2e3f405162";
        for (claim, value, told) in [
            (Claim::Cpr, SECRET, Some(SECRET)),
            (Claim::Cpr, "010101-0101", None),
            (Claim::Cpr, "01010101011", None),
            (Claim::Cpr, "٠١٠١٠١٠١٠١", None),
            (Claim::PersistentUuid, uuid, Some(uuid)),
            (Claim::PersistentUuid, "urn:uuid:5B0C6A2E-0F3D-4A51-9C77-1D2E3F405162", Some(uuid)),
            (Claim::PersistentUuid, "urn:uuid:5b0c", None),
            (Claim::CommonName, "Ib Dam", Some("Ib Dam")),
            (Claim::CommonName, "", None),
            (Claim::Uid, "ib\u{7}", None),
            (Claim::BootstrapToken, "PHM6\r\nQT4=\n", Some("PHM6\r\nQT4=\n")),
            (Claim::BootstrapToken, "<saml:Assertion/>", None),
            (Claim::BootstrapToken, " \n", None),
            (Claim::BootstrapToken, &long[1..], Some(&long[1..])),
            (Claim::BootstrapToken, &long, None),
        ] {
            let read = read(AttributeProfile::Seb, claim, &[value]);
            match (told, read) {
                (Some(told), Ok(person)) => {
                    assert_eq!(person.claims().collect::<Vec<_>>(), [(claim, &[told.to_owned()][..])]);
                    assert_eq!(format!("{person:?}"), format!("{{{claim:?}}}"));
                }
                (None, Err(fault)) => {
                    assert_eq!(fault.reason, Reason::ValueFormat);
                    assert!(value.len() < 5 || !fault.to_string().contains(value), "{fault}");
                }
                (_, other) => panic!("{claim:?} {value}: {other:?}"),
            }
        }
    }

    #[test]
    fn one_value_said_twice_is_one_and_two_values_are_refused() {
        assert!(read(AttributeProfile::Seb, Claim::Cpr, &[SECRET, SECRET]).is_ok());
        let two = read(AttributeProfile::Seb, Claim::Cpr, &[SECRET, "0202020202"]).unwrap_err();
        assert_eq!(two.reason, Reason::AttrDuplicate);
        assert!(read(AttributeProfile::Seb, Claim::Email, &["a@b.dk", "c@d.dk"]).is_ok());
    }

    #[test]
    fn what_a_profile_does_not_tell_is_not_read_and_does_not_stay() {
        let everything =
            |claim: Claim| Ok(vec![if claim == Claim::Email { "a@b.dk" } else { SECRET }.to_owned()]);
        for (profile, told) in [
            (AttributeProfile::Kombit, &[Claim::Email][..]),
            (AttributeProfile::KombitWithoutPersonalData, &[]),
        ] {
            let person = Person::read(profile, everything).unwrap(); // "0101010101" is no UUID, and nobody looked
            assert_eq!(person.claims().map(|(claim, _)| claim).collect::<Vec<_>>(), told);
            let all = read(AttributeProfile::Seb, Claim::Cpr, &[SECRET]).unwrap();
            assert!(all.told(profile).claims().next().is_none());
        }
    }

    #[test]
    fn what_is_known_first_wins_whole() {
        let of = |claim, values: &[&str]| read(AttributeProfile::Seb, claim, values).unwrap();
        let first = of(Claim::Email, &["first@b.dk"]);
        let both = first.or(of(Claim::Email, &["second@b.dk"])).or(of(Claim::Uid, &["ib"]));
        let told: Vec<_> = both.claims().map(|(claim, values)| (claim, values.to_vec())).collect();
        assert_eq!(told, [(Claim::Email, vec!["first@b.dk".into()]), (Claim::Uid, vec!["ib".into()])]);
    }
}
