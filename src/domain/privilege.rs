//! Privileges: what a user may do, as the OIO Basic Privilege Profile lists it.
//!
//! A list has groups; each group says in whose matters it holds (its [`Scope`]), which privileges it gives, and to
//! what they are limited (its [`Constraint`]s). Towards us a municipality names *job function roles*, its own; towards a
//! fagsystem we name *user system roles*, the fagsystem's own. `role.rs` translates between the two. How a list
//! is written in XML or JSON stands in `protocol/bpp`; the serde form is for a sealed login between its two legs and is
//! never shown, since it holds what a [`Scope`] hides.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::id::Cvr;

/// Everything that a user may do, in the order in which it was said.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct PrivilegeList {
    /// The groups.
    pub groups: Vec<PrivilegeGroup>,
}

impl PrivilegeList {
    /// Whether it gives nothing.
    pub fn is_empty(&self) -> bool {
        self.groups.is_empty()
    }

    /// The same rights in the one form in which we pass them on: a group for each privilege, nothing twice, and
    /// nothing that gives nothing.
    pub fn normalised(&self) -> Self {
        Self { groups: self.rights().map(Right::alone).collect() }
    }

    /// What [`normalised`](Self::normalised) holds, to be looked at.
    pub fn rights(&self) -> impl Iterator<Item = Right<'_>> {
        let mut met = Met::default();
        let giving = self.groups.iter().filter(|group| group.gives());
        giving.flat_map(PrivilegeGroup::rights).filter(move |right| met.is_new(*right))
    }

    /// About how many bytes [`normalised`](Self::normalised) comes to. A group repeats its limits for each of its
    /// privileges, so a short list can stand for a very long one.
    pub fn weight(&self) -> usize {
        // Each text takes some place beside its letters.
        let text = |length: usize| length + 32;
        let texts = |texts: &[String]| texts.iter().map(|one| text(one.len())).sum::<usize>();
        let weight = |group: &PrivilegeGroup| {
            let limits = group.constraints.iter().map(|limit| text(limit.name.len()) + texts(&limit.values));
            let scope = group.scope.parts().map_or(0, |(kind, which)| text(kind.len() + which.len()));
            let shared = scope + limits.sum::<usize>();
            texts(&group.privileges).saturating_add(group.privileges.len().saturating_mul(shared))
        };
        self.groups.iter().map(weight).fold(0, usize::saturating_add)
    }
}

/// Privileges that hold in the same matters and under the same limits.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct PrivilegeGroup {
    /// In whose matters they hold.
    pub scope: Scope,
    /// The privileges, each a URI that is compared letter by letter.
    pub privileges: Vec<String>,
    /// What they are limited to: every constraint must be met. Names do not repeat.
    pub constraints: Vec<Constraint>,
}

impl PrivilegeGroup {
    /// Makes a group of what was stated, however it was put: see [`constraints`]. A privilege that is stated twice is
    /// given once.
    pub fn new<'t>(
        scope: Scope,
        privileges: impl IntoIterator<Item = &'t str>,
        limits: impl IntoIterator<Item = (&'t str, &'t str)>,
    ) -> Self {
        let mut met = Met::default();
        let privileges = privileges.into_iter().map(trimmed).filter(|privilege| met.is_new(*privilege));
        let privileges = privileges.map(str::to_owned).collect();
        Self { scope, privileges, constraints: constraints(limits) }
    }

    /// Whether it gives anything: without a scope, or with a limit that leaves no value, it does not.
    pub fn gives(&self) -> bool {
        self.scope != Scope::Missing && self.constraints.iter().all(|limit| !limit.values.is_empty())
    }

    /// Each privilege by itself.
    pub fn rights(&self) -> impl Iterator<Item = Right<'_>> {
        let Self { scope, privileges, constraints } = self;
        privileges.iter().map(move |privilege| Right { scope, privilege, constraints })
    }
}

/// One privilege of a list.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Right<'l> {
    /// In whose matters it holds.
    pub scope: &'l Scope,
    /// What it is.
    pub privilege: &'l str,
    /// What it is limited to.
    pub constraints: &'l [Constraint],
}

impl Right<'_> {
    /// A group that gives it and nothing else.
    pub fn alone(self) -> PrivilegeGroup {
        PrivilegeGroup {
            scope: self.scope.clone(),
            privileges: vec![self.privilege.to_owned()],
            constraints: self.constraints.to_vec(),
        }
    }
}

/// What was met before. The first costs nothing, since most lists within this profile have just one member.
#[derive(Debug)]
pub(super) struct Met<T> {
    first: Option<T>,
    more: BTreeSet<T>,
}

impl<T: Copy + Ord> Met<T> {
    /// Whether this one was not met before.
    pub(super) fn is_new(&mut self, one: T) -> bool {
        match self.first {
            Some(first) => first != one && self.more.insert(one),
            None => self.first.replace(one).is_none(),
        }
    }
}

impl<T> Default for Met<T> {
    fn default() -> Self {
        Self { first: None, more: BTreeSet::new() }
    }
}

/// In whose matters a privilege holds.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Scope {
    /// An organisation.
    Cvr(Cvr),
    /// A production unit: ten digits.
    ProductionUnit(String),
    /// A unit for tax: eight digits.
    Se(String),
    /// A person who gave a power of attorney: ten digits, never shown.
    Cpr(String),
    /// Something that two parties agreed on, or a text that is none of the above.
    Other(String),
    /// Nothing was said, so nothing is given.
    Missing,
}

const CVR: &str = "urn:dk:gov:saml:cvrNumberIdentifier:";
const PRODUCTION_UNIT: &str = "urn:dk:gov:saml:productionUnitIdentifier:";
const SE: &str = "urn:dk:gov:saml:seNumberIdentifier:";
const CPR: &str = "urn:dk:gov:saml:cprNumberIdentifier:";

impl Scope {
    /// Reads the URI of a scope. One that does not have exactly the digits of its kind is no scope of that kind.
    pub fn new(uri: &str) -> Self {
        let after = |prefix, digits| number(uri.strip_prefix(prefix)?, digits);
        if uri.is_empty() {
            Self::Missing
        } else if let Some(Ok(cvr)) = uri.strip_prefix(CVR).map(Cvr::new) {
            Self::Cvr(cvr)
        } else if let Some(number) = after(PRODUCTION_UNIT, 10) {
            Self::ProductionUnit(number)
        } else if let Some(number) = after(SE, 8) {
            Self::Se(number)
        } else if let Some(number) = after(CPR, 10) {
            Self::Cpr(number)
        } else {
            Self::Other(uri.to_owned())
        }
    }

    /// The URI, if there is one.
    pub fn uri(&self) -> Option<String> {
        self.parts().map(|(kind, which)| [kind, which].concat())
    }

    /// The two parts of the URI.
    fn parts(&self) -> Option<(&'static str, &str)> {
        match self {
            Self::Cvr(cvr) => Some((CVR, cvr.as_str())),
            Self::ProductionUnit(number) => Some((PRODUCTION_UNIT, number)),
            Self::Se(number) => Some((SE, number)),
            Self::Cpr(number) => Some((CPR, number)),
            Self::Other(text) => Some(("", text)),
            Self::Missing => None,
        }
    }
}

fn number(text: &str, digits: usize) -> Option<String> {
    (text.len() == digits && text.bytes().all(|byte| byte.is_ascii_digit())).then(|| text.to_owned())
}

/// A limit: at least one of the values must fit, so one without values lets nothing through.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Constraint {
    /// The type of the limit, a URI.
    pub name: String,
    /// The values that it leaves. None of them holds a comma, which joins values where they are written in one.
    pub values: Vec<String>,
}

/// Limits by name and value as they were stated: a name that repeats and values that are joined by commas mean the
/// same, a choice among them all. Names and values keep the order in which they were first stated.
pub fn constraints<'t>(stated: impl IntoIterator<Item = (&'t str, &'t str)>) -> Vec<Constraint> {
    let mut met = Met::default();
    let mut places = BTreeMap::new();
    let mut all: Vec<Constraint> = Vec::new();
    for (name, joined) in stated {
        let place = match all.first() {
            Some(first) if first.name != name => *places.entry(name).or_insert(all.len()),
            _ => 0,
        };
        if place == all.len() {
            all.push(Constraint { name: name.to_owned(), values: Vec::new() });
        }
        let values = joined.split(',').map(trimmed).filter(|value| !value.is_empty());
        let new = values.filter(|value| met.is_new((place, *value)));
        all[place].values.extend(new.map(str::to_owned));
    }
    all
}

/// Whether the name is that of a parameter: an absolute URI whose value the identity provider supplies at the login.
pub fn is_parameter(name: &str) -> bool {
    let scheme = name.split_once(':').map_or("", |(scheme, _)| scheme);
    let is_absolute = scheme.starts_with(|c: char| c.is_ascii_alphabetic())
        && scheme.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'-' | b'.'));
    is_absolute && name.ends_with("/parametric")
}

/// Without the white space that indented XML has around its texts.
fn trimmed(text: &str) -> &str {
    text.trim_matches([' ', '\t', '\r', '\n'])
}

impl std::fmt::Debug for Scope {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Cvr(cvr) => write!(f, "Cvr({cvr})"),
            Self::ProductionUnit(number) => write!(f, "ProductionUnit({number})"),
            Self::Se(number) => write!(f, "Se({number})"),
            Self::Cpr(_) => f.write_str("Cpr(**********)"),
            Self::Other(text) => write!(f, "Other({text:?})"),
            Self::Missing => f.write_str("Missing"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_scope_is_read_by_exactly_its_digits() {
        for (uri, scope) in [
            ("urn:dk:gov:saml:cvrNumberIdentifier:11111111", Scope::Cvr(Cvr::new("11111111").unwrap())),
            (
                "urn:dk:gov:saml:productionUnitIdentifier:1234567890",
                Scope::ProductionUnit("1234567890".into()),
            ),
            ("urn:dk:gov:saml:seNumberIdentifier:12345678", Scope::Se("12345678".into())),
            ("urn:dk:gov:saml:cprNumberIdentifier:0101701234", Scope::Cpr("0101701234".into())),
        ] {
            assert_eq!(Scope::new(uri), scope);
            assert_eq!(scope.uri().as_deref(), Some(uri));
            for other in [
                &uri[..uri.len() - 1],
                &format!("{uri}0"),
                &format!(" {uri}"),
                &uri.replace("urn:", "URN:"),
                &uri.replace('1', "１"),
            ] {
                assert_eq!(Scope::new(other), Scope::Other(other.into()));
            }
        }
        assert_eq!((Scope::new(""), Scope::Missing.uri()), (Scope::Missing, None));
    }

    #[test]
    fn joined_and_repeated_values_of_one_name_are_the_same_choice() {
        let together = constraints([("kle", "1,2"), ("org", "x"), ("kle", " 3 , 2,,"), ("none", ",")]);
        let told: Vec<_> = together.iter().map(|c| (c.name.as_str(), c.values.join(" "))).collect();
        assert_eq!(told, [("kle", "1 2 3".to_owned()), ("org", "x".into()), ("none", String::new())]);
        assert_eq!(together, constraints([("kle", "1"), ("org", "x"), ("kle", "2,3"), ("none", "")]));
    }

    #[test]
    fn what_gives_nothing_is_not_passed_on_and_nothing_is_passed_on_twice() {
        let cvr = || Scope::new("urn:dk:gov:saml:cvrNumberIdentifier:11111111");
        let groups = vec![
            PrivilegeGroup::new(cvr(), ["a", " b\n", "a"], [("kle", "1,2")]),
            PrivilegeGroup::new(cvr(), ["b"], [("kle", "1"), ("kle", "2")]),
            PrivilegeGroup::new(cvr(), ["c"], [("kle", "")]),
            PrivilegeGroup::new(Scope::Missing, ["d"], []),
            PrivilegeGroup::new(cvr(), [], []),
        ];
        let list = PrivilegeList { groups };
        let expected = ["a", "b"].map(|one| PrivilegeGroup::new(cvr(), [one], [("kle", "1,2")]));
        assert_eq!(list.normalised().groups, expected);
    }

    #[test]
    fn a_list_weighs_what_it_comes_to_when_each_privilege_repeats_its_limits() {
        let privileges: Vec<String> = (0..50).map(|n| n.to_string()).collect();
        let group = |value: &str| {
            let privileges = privileges.iter().map(String::as_str);
            PrivilegeGroup::new(Scope::Other("urn:x".into()), privileges, [("k", value)])
        };
        let weight = |value: &str| PrivilegeList { groups: vec![group(value)] }.weight();
        assert_eq!(weight(&"x".repeat(1_001)) - weight("x"), 50 * 1_000);
        assert!(weight("1,2,3") > weight("123"));
        let list = PrivilegeList { groups: vec![group("1,2")] };
        assert!(list.normalised().weight() == list.weight());
    }

    #[test]
    fn a_parameter_is_an_absolute_uri() {
        for name in ["http://korsbaek.dk/KLE/1/parametric", "https://korsbaek.dk/parametric"] {
            assert!(is_parameter(name), "{name}");
        }
        for name in
            ["Kmd.dk/customerNumber/1/parametric", "http://korsbaek.dk/KLE/1", "parametric", ":/parametric"]
        {
            assert!(!is_parameter(name), "{name}");
        }
    }

    #[test]
    fn the_number_of_a_person_is_not_shown() {
        assert!(!format!("{:?}", Scope::Cpr("0101701234".into())).contains("0101701234"));
    }
}
