//! Users whose rights and claims are kept here: what a municipality tells us beforehand, because its identity provider
//! cannot tell it at a login.
//!
//! A [`Draft`] is a user as somebody wrote it, in TOML, JSON or CSV; [`Draft::check`] makes it a [`User`], or says
//! everything that is wrong with it. Claims may be personal data: neither a mistake nor the `Debug` form tells a value.

use std::collections::{BTreeMap, HashSet};
use std::fmt;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::id::{Cvr, is_plain};
use super::privilege::{Constraint, PrivilegeGroup, PrivilegeList, Scope};

/// The longest id of a user.
const LONGEST_ID: usize = 128;
/// The longest name of a role, a constraint or a claim.
const LONGEST_NAME: usize = 512;
/// The longest value of a constraint or a claim. The token of another federation is among the longest.
const LONGEST_VALUE: usize = 8 * 1024;
/// The most roles of one user.
const MOST_ROLES: usize = 500;
/// The most mistakes that are told at once. Whoever has more has made the same one again and again.
pub const MOST_TOLD: usize = 100;
/// The most constraints of one role, values of one constraint, claims of one user, and values of one claim.
const MOST: usize = 200;

/// A user of one authority.
#[derive(Clone, PartialEq, Eq)]
pub struct User {
    /// The authority whose user it is.
    pub authority: Cvr,
    /// The `Serial` of the user's name, or the persistent identifier that NemLog-in knows the user by.
    pub id: String,
    /// The job function roles that the user holds.
    pub rights: PrivilegeList,
    /// What else is known, by the name of the attribute.
    pub claims: Vec<(String, Vec<String>)>,
    /// When it was last changed.
    pub modified: Timestamp,
}

impl User {
    /// The user in the form in which it is written: one line per role.
    pub fn draft(&self) -> Draft {
        Draft {
            id: self.id.clone(),
            roles: self.rights.groups.iter().flat_map(HeldRole::of).collect(),
            claims: self.claims.iter().cloned().collect(),
        }
    }

    /// Whether the user holds a role, whatever its scope.
    pub fn holds(&self, role: &str) -> bool {
        self.rights.groups.iter().any(|group| group.privileges.iter().any(|held| held == role))
    }
}

impl fmt::Debug for User {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let claims: Vec<&str> = self.claims.iter().map(|(name, _)| name.as_str()).collect();
        f.debug_struct("User")
            .field("authority", &self.authority)
            .field("id", &self.id)
            .field("rights", &self.rights)
            .field("claims", &claims)
            .field("modified", &self.modified)
            .finish()
    }
}

/// A user as somebody wrote it.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Draft {
    /// The id.
    pub id: String,
    /// The roles.
    #[serde(default)]
    pub roles: Vec<HeldRole>,
    /// The claims by name.
    #[serde(default)]
    pub claims: BTreeMap<String, Vec<String>>,
}

/// A job function role as somebody wrote that a user holds it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HeldRole {
    /// The role, a URI.
    pub role: String,
    /// The CVR number in whose matters it holds; the user's own authority when it is left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scope: Option<String>,
    /// What it is limited to: values by the type of the limit.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub constraints: BTreeMap<String, Vec<String>>,
}

/// One thing that is wrong with a draft.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Mistake {
    /// Where, as a JSON pointer from the user: `/roles/0/scope`.
    pub pointer: String,
    /// What was expected and what came; never the value of a claim.
    pub detail: String,
}

impl Mistake {
    /// A mistake at a place.
    pub fn new(pointer: impl Into<String>, detail: impl Into<String>) -> Self {
        Self { pointer: pointer.into(), detail: detail.into() }
    }

    /// The same mistake in something larger that holds the user at this place.
    #[must_use]
    pub fn within(self, place: &str) -> Self {
        Self { pointer: format!("{place}{}", self.pointer), ..self }
    }
}

impl fmt::Display for Mistake {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.pointer, self.detail)
    }
}

impl Draft {
    /// Makes it a user of this authority, or says everything that is wrong with it.
    pub fn check(self, authority: Cvr, modified: Timestamp) -> Result<User, Vec<Mistake>> {
        let mut mistakes = Vec::new();
        mistakes.extend(wrong_id(&self.id).map(|what| Mistake::new("/id", what)));
        too_many("/roles", self.roles.len(), MOST_ROLES, &mut mistakes);
        let mut rights = PrivilegeList::default();
        // Of more than there may be no more are looked at: each is compared with all before it.
        for (number, held) in self.roles.into_iter().take(MOST_ROLES).enumerate() {
            let group = held.check(authority, &format!("/roles/{number}"), &mut mistakes);
            if !rights.groups.contains(&group) {
                rights.groups.push(group);
            }
        }
        too_many("/claims", self.claims.len(), MOST, &mut mistakes);
        for (name, values) in self.claims.iter().take(MOST) {
            let place = format!("/claims/{}", pointed(name));
            mistakes.extend(wrong_claim_name(name).map(|what| Mistake::new(&place, what)));
            check_values(&place, values, &mut mistakes);
        }
        let claims = self.claims.into_iter().collect();
        let user = User { authority, id: self.id, rights, claims, modified };
        if mistakes.is_empty() { Ok(user) } else { Err(mistakes) }
    }
}

/// Makes a list of users of one authority, each id once, or says what is wrong with it: the first hundred mistakes.
pub fn check_all(drafts: Vec<Draft>, authority: Cvr, modified: Timestamp) -> Result<Vec<User>, Vec<Mistake>> {
    let mut ids = HashSet::new();
    let mut users = Vec::with_capacity(drafts.len());
    let mut mistakes = Vec::new();
    for (number, draft) in drafts.into_iter().enumerate() {
        let place = format!("/users/{number}");
        if !ids.insert(draft.id.clone()) {
            mistakes.push(Mistake::new(format!("{place}/id"), "expected every id once, got it again"));
        }
        match draft.check(authority, modified) {
            Ok(user) => users.push(user),
            Err(wrong) => mistakes.extend(wrong.into_iter().map(|mistake| mistake.within(&place))),
        }
        if mistakes.len() >= MOST_TOLD {
            mistakes.truncate(MOST_TOLD);
            break;
        }
    }
    if mistakes.is_empty() { Ok(users) } else { Err(mistakes) }
}

impl HeldRole {
    /// The roles of a group. A scope that is no CVR number is written as it is, so that a check refuses it.
    pub fn of(group: &PrivilegeGroup) -> impl Iterator<Item = Self> {
        group.privileges.iter().map(|role| Self {
            role: role.clone(),
            scope: match &group.scope {
                Scope::Cvr(cvr) => Some(cvr.to_string()),
                other => Some(other.uri().unwrap_or_default()),
            },
            constraints: group.constraints.iter().map(|c| (c.name.clone(), c.values.clone())).collect(),
        })
    }

    fn check(self, authority: Cvr, place: &str, mistakes: &mut Vec<Mistake>) -> PrivilegeGroup {
        if !is_uri(&self.role) {
            mistakes.push(Mistake::new(format!("{place}/role"), expected_uri(&self.role)));
        }
        let scope = self.scope.as_deref().map_or(Ok(authority), Cvr::new);
        let scope = scope.unwrap_or_else(|_| {
            // What came is not told: it may be the number of a person.
            let what = "expected a CVR number of eight digits, or none";
            mistakes.push(Mistake::new(format!("{place}/scope"), what));
            authority
        });
        let place = format!("{place}/constraints");
        too_many(&place, self.constraints.len(), MOST, mistakes);
        let constraints = self.constraints.into_iter().take(MOST).map(|(name, values)| {
            let place = format!("{place}/{}", pointed(&name));
            if !is_uri(&name) {
                mistakes.push(Mistake::new(&place, expected_uri(&name)));
            }
            let values: Vec<String> =
                values.iter().flat_map(|v| v.split(',')).map(|v| v.trim().into()).collect();
            check_values(&place, &values, mistakes);
            Constraint { name, values }
        });
        PrivilegeGroup {
            scope: Scope::Cvr(scope),
            privileges: vec![self.role],
            constraints: constraints.collect(),
        }
    }
}

/// An id is what stands in a user's name after `Serial=`, so it holds neither commas nor equals signs.
fn wrong_id(id: &str) -> Option<String> {
    let fits = (1..=LONGEST_ID).contains(&id.chars().count()) && is_plain(id) && !id.contains([',', '=']);
    (!fits)
        .then(|| format!("expected 1 to {LONGEST_ID} characters without white space, comma and equals sign"))
}

fn wrong_claim_name(name: &str) -> Option<String> {
    const OF_RIGHTS: [&str; 2] = ["Privileges_intermediate", "privilegesIntermediate"];
    let is_danish = name.starts_with("dk:gov:") && name.len() <= LONGEST_NAME && is_plain(name);
    if !is_uri(name) && !is_danish {
        return Some(expected_uri(name));
    }
    OF_RIGHTS.iter().any(|end| name.ends_with(end)).then(|| "expected rights to be told as roles".to_owned())
}

fn check_values(place: &str, values: &[String], mistakes: &mut Vec<Mistake>) {
    too_many(place, values.len(), MOST, mistakes);
    if values.is_empty() {
        mistakes.push(Mistake::new(place, "expected at least one value"));
    }
    for (number, value) in values.iter().take(MOST).enumerate() {
        // Nor what no XML document can carry.
        let readable = value.chars().all(|c| match c {
            '\n' | '\t' => true,
            '\u{fffe}' | '\u{ffff}' => false,
            c => !c.is_control(),
        });
        if !(1..=LONGEST_VALUE).contains(&value.len()) || !readable {
            let what = format!("expected text of 1 to {LONGEST_VALUE} bytes");
            mistakes.push(Mistake::new(format!("{place}/{number}"), what));
        }
    }
}

fn too_many(place: &str, count: usize, most: usize, mistakes: &mut Vec<Mistake>) {
    if count > most {
        mistakes.push(Mistake::new(place, format!("expected at most {most}, got {count}")));
    }
}

fn is_uri(name: &str) -> bool {
    let known = ["http://", "https://", "urn:"].iter().any(|scheme| {
        name.get(..scheme.len()).is_some_and(|start| start.eq_ignore_ascii_case(scheme))
            && name.len() > scheme.len()
    });
    known && name.len() <= LONGEST_NAME && is_plain(name)
}

fn expected_uri(came: &str) -> String {
    let shown: String = came.chars().take(80).collect();
    format!("expected a URI (http, https or urn) of at most {LONGEST_NAME} bytes, got {shown:?}")
}

/// A name as a step of a JSON pointer. One that is too long for a name is not written out at each thing that is in it.
pub fn pointed(name: &str) -> String {
    if name.len() > LONGEST_NAME {
        return format!("{}…", pointed(&name[..name.floor_char_boundary(80)]));
    }
    name.replace('~', "~0").replace('/', "~1")
}

#[cfg(test)]
mod tests {
    use super::*;

    const CPR: &str = "dk:gov:saml:attribute:CprNumberIdentifier";

    fn own() -> Cvr {
        Cvr::new("11111111").unwrap()
    }

    fn draft() -> Draft {
        Draft {
            id: "5b0c-ib".into(),
            roles: vec![
                HeldRole {
                    role: "http://korsbaek.dk/roles/jobrole/byg/1".into(),
                    scope: None,
                    constraints: BTreeMap::from([(
                        "http://sts.kombit.dk/kle/1".into(),
                        vec!["27.*,28.*".into()],
                    )]),
                },
                HeldRole {
                    role: "http://korsbaek.dk/roles/jobrole/byg/1".into(),
                    scope: Some("22222222".into()),
                    constraints: BTreeMap::new(),
                },
            ],
            claims: BTreeMap::from([(CPR.into(), vec!["0101010101".into()])]),
        }
    }

    #[test]
    fn a_user_is_written_back_as_it_was_read_with_its_own_authority_filled_in() {
        let user = draft().check(own(), Timestamp::UNIX_EPOCH).unwrap();
        assert_eq!(user.rights.groups[0].scope, Scope::Cvr(own()));
        assert_eq!(user.rights.groups[0].constraints[0].values, ["27.*", "28.*"]);
        let again = user.draft().check(own(), Timestamp::UNIX_EPOCH).unwrap();
        assert_eq!(again, user);
        assert!(user.holds("http://korsbaek.dk/roles/jobrole/byg/1") && !user.holds("http://other"));
    }

    #[test]
    fn the_value_of_a_claim_is_never_shown() {
        let user = draft().check(own(), Timestamp::UNIX_EPOCH).unwrap();
        assert!(!format!("{user:?}").contains("0101010101") && format!("{user:?}").contains(CPR));
        let mut bad = draft();
        bad.claims.insert(CPR.into(), vec!["0101010101\u{7}".into()]);
        assert!(!format!("{:?}", bad.check(own(), Timestamp::UNIX_EPOCH)).contains("0101010101"));
    }

    #[test]
    fn everything_that_is_wrong_is_told_with_its_place() {
        let mut bad = draft();
        bad.id = "ib dam".into();
        bad.roles[0].role = "byg".into();
        bad.roles[1].scope = Some("2222".into());
        bad.claims.insert("cpr".into(), vec![]);
        bad.claims.insert("dk:gov:saml:attribute:Privileges_intermediate".into(), vec!["x".into()]);
        let places: Vec<String> =
            bad.check(own(), Timestamp::UNIX_EPOCH).unwrap_err().into_iter().map(|m| m.pointer).collect();
        assert_eq!(
            places,
            [
                "/id",
                "/roles/0/role",
                "/roles/1/scope",
                "/claims/cpr",
                "/claims/cpr",
                "/claims/dk:gov:saml:attribute:Privileges_intermediate"
            ]
        );
    }

    #[test]
    fn of_far_too_many_only_as_many_are_looked_at_as_there_may_be() {
        let mut many = draft();
        let role = |number: usize| HeldRole { role: format!("byg {number}"), ..many.roles[0].clone() };
        many.roles = (0..MOST_ROLES + 10_000).map(role).collect();
        let wrong = many.check(own(), Timestamp::UNIX_EPOCH).unwrap_err();
        assert_eq!(
            (wrong.len(), wrong[0].to_string()),
            (1 + MOST_ROLES, "/roles: expected at most 500, got 10500".into())
        );

        let mut many = draft();
        many.roles[0].constraints = BTreeMap::from([("urn:x".into(), vec![",".repeat(10_000)])]);
        many.claims.insert("urn:y".into(), vec![String::new(); 10_000]);
        let wrong = many.check(own(), Timestamp::UNIX_EPOCH).unwrap_err();
        assert_eq!(wrong.len(), 2 * (1 + MOST));
        assert!(wrong[0].to_string().ends_with("expected at most 200, got 10001"), "{}", wrong[0]);
        assert!(draft().check(own(), Timestamp::UNIX_EPOCH).is_ok());
    }

    #[test]
    fn a_name_that_is_far_too_long_is_not_written_out_at_each_of_its_values() {
        for (name, place) in
            [("urn:x".to_owned(), "/claims/urn:x/0"), ("urn:æ".repeat(100_000), "/claims/urn:æurn:æ")]
        {
            let mut bad = draft();
            bad.claims.insert(name, vec![String::new(); MOST]);
            let wrong = bad.check(own(), Timestamp::UNIX_EPOCH).unwrap_err();
            assert!(wrong.iter().any(|mistake| mistake.pointer.starts_with(place)), "{}", wrong[0].pointer);
            assert!(
                wrong.len() >= MOST
                    && wrong.iter().map(|wrong| wrong.pointer.len()).sum::<usize>() < 64 * 1024
            );
        }
    }

    #[test]
    fn the_same_role_twice_counts_once() {
        let mut twice = draft();
        twice.roles.push(twice.roles[0].clone());
        assert_eq!(twice.check(own(), Timestamp::UNIX_EPOCH).unwrap().rights.groups.len(), 2);
    }
}
