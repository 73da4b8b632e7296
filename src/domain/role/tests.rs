//! The rules of the translation, one line of a table each, and what must hold for every register and every message.

use jiff::Timestamp;
use proptest::prelude::*;

use super::*;
use crate::domain::assurance::Ceiling;
use crate::domain::audit::Ruling;
use crate::domain::federation::{
    AttributeProfile, Authority, Dialect, Fagsystem, Federation, IdentityProvider, IdpProfile, IdpRole,
    NoRights,
};
use crate::domain::privilege::{Constraint, PrivilegeGroup, PrivilegeList, Scope};
use crate::domain::reason::Reason;
use crate::domain::source::{RightsSource, WhenDown};

/// The user's own municipality, one that lends roles to it, and one that has nothing to do with it.
const OWN: &str = "11111111";
const LENDER: &str = "99999999";
const STRANGER: &str = "88888888";

const IDP: &str = "https://idp.korsbaek.test";
const CASES: &str = "https://cases.test";
const OTHER: &str = "https://other.test";

const KLE: &str = "http://sts.test/constraints/KLE/1";
const UNIT: &str = "http://sts.test/constraints/unit/1";
const PARAMETER: &str = "http://korsbaek.test/kle/1/parametric";

fn cvr(digits: &str) -> Cvr {
    Cvr::new(digits).unwrap()
}

fn entity(name: &str) -> EntityId {
    EntityId::new(name).unwrap()
}

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(second).unwrap()
}

/// A federation in which the provider of [`OWN`] and both fagsystemer have agreed, without any role.
fn federation() -> Federation {
    let mut federation = Federation::default();
    for digits in [OWN, LENDER, STRANGER] {
        federation.add_authority(Authority { cvr: cvr(digits), name: digits.to_owned(), step_up: None });
    }
    federation.add_idp(IdentityProvider {
        entity_id: entity(IDP),
        name: "Korsbæk".to_owned(),
        active: true,
        role: IdpRole::Login,
        profile: IdpProfile::Oiosaml3,
        ceiling: Ceiling { nist: None, nsis: None },
        networks: Vec::new(),
        scoping: false,
        danger_allow_cbc: false,
        rights: vec![RightsSource::Assertion],
    });
    for name in [CASES, OTHER] {
        federation.add_fagsystem(Fagsystem {
            entity_id: entity(name),
            name: name.to_owned(),
            cvr: cvr("33333333"),
            active: true,
            dialect: Dialect::Oiosaml3,
            required: None,
            attributes: AttributeProfile::Kombit,
            sign_response: false,
            when_down: WhenDown::Refuse,
            no_rights: NoRights::IssueWithout,
        });
        federation.add_use(cvr(OWN), entity(name), Validity::default());
    }
    federation.add_speaker(cvr(OWN), entity(IDP), Validity::default());
    federation
}

fn function(id: &str, authority: &str, delegated_to: &[(&str, Validity)]) -> JobFunctionRole {
    JobFunctionRole {
        id: id.to_owned(),
        authority: cvr(authority),
        name: id.to_owned(),
        delegated_to: delegated_to.iter().map(|(to, validity)| (cvr(to), *validity)).collect(),
    }
}

fn system(id: &str, fagsystem: &str, restrictions: &[(&str, bool)]) -> UserSystemRole {
    let restriction =
        |(kind, required): &(&str, bool)| Restriction { kind: (*kind).to_owned(), required: *required };
    UserSystemRole {
        id: id.to_owned(),
        fagsystem: entity(fagsystem),
        name: id.to_owned(),
        restrictions: restrictions.iter().map(restriction).collect(),
    }
}

fn mapping(from: &str, to: &str, restrictions: &[(&str, Limit)]) -> RoleMapping {
    RoleMapping {
        job_function_role: from.to_owned(),
        user_system_role: to.to_owned(),
        restrictions: restrictions.iter().map(|(kind, limit)| ((*kind).to_owned(), limit.clone())).collect(),
    }
}

fn kind(id: &str, syntax: Option<&str>) -> RestrictionType {
    let syntax = syntax.map(|expression| Pattern::new(expression).unwrap());
    RestrictionType { id: id.to_owned(), name: id.to_owned(), syntax }
}

fn fixed(values: &[&str]) -> Limit {
    Limit::Fixed(values.iter().map(|value| (*value).to_owned()).collect())
}

fn parameter() -> Limit {
    Limit::Parameter(PARAMETER.to_owned())
}

fn limit(name: &str, values: &[&str]) -> Constraint {
    Constraint { name: name.to_owned(), values: values.iter().map(|value| (*value).to_owned()).collect() }
}

fn group(scope: &str, role: &str, constraints: &[Constraint]) -> PrivilegeGroup {
    PrivilegeGroup {
        scope: Cvr::new(scope).map_or(Scope::Other(scope.to_owned()), Scope::Cvr),
        privileges: vec![role.to_owned()],
        constraints: constraints.to_vec(),
    }
}

fn translate(federation: &Federation, groups: &[PrivilegeGroup], beside: &[Constraint]) -> Translated {
    let agreement = federation.agreement(cvr(OWN), &entity(IDP), &entity(CASES), at(100)).unwrap();
    let rights = PrivilegeList { groups: groups.to_vec() };
    federation.roles().translate(&rights, beside, &agreement, at(100))
}

fn reasons(translated: &Translated) -> Vec<&'static str> {
    translated.rulings.iter().map(|ruling| ruling.reason.code()).collect()
}

/// Roles for every rule: the user's own ones, borrowed ones, and what they stand for.
fn town() -> Federation {
    let between = |from, until| Validity { from: Some(at(from)), until: Some(at(until)) };
    let mut federation = federation();
    let roles = federation.roles_mut();
    for role in [
        function("own", OWN, &[]),
        function("unmapped", OWN, &[]),
        function("fixed", OWN, &[]),
        function("kle", OWN, &[]),
        function("demanding", OWN, &[]),
        function("lent", OWN, &[(LENDER, Validity::default())]),
        function("foreign", LENDER, &[]),
        function("borrowed", LENDER, &[(OWN, between(50, 101))]),
        function("borrowed-kle", LENDER, &[(OWN, Validity::default())]),
        function("ended", LENDER, &[(OWN, between(50, 100))]),
        function("early", LENDER, &[(OWN, between(101, 200))]),
        function("renewed", LENDER, &[(OWN, between(0, 10)), (OWN, between(90, 110))]),
        function("elsewhere", LENDER, &[(STRANGER, Validity::default())]),
    ] {
        assert!(roles.add_job_function_role(role));
    }
    assert!(roles.add_restriction_type(kind(KLE, Some(r"\d{2}(\.\d{2}){1,2}"))));
    assert!(roles.add_restriction_type(kind(UNIT, None)));
    for role in [
        system("case", CASES, &[(KLE, false), (UNIT, false)]),
        system("strict", CASES, &[(KLE, true)]),
        system("case-elsewhere", OTHER, &[]),
    ] {
        assert!(roles.add_user_system_role(role));
    }
    for from in ["own", "lent", "foreign", "borrowed", "ended", "early", "renewed", "elsewhere"] {
        assert!(roles.add_mapping(mapping(from, "case", &[])));
    }
    assert!(roles.add_mapping(mapping("own", "case-elsewhere", &[])));
    assert!(roles.add_mapping(mapping("fixed", "case", &[(KLE, fixed(&["27.00", "32.30"]))])));
    assert!(roles.add_mapping(mapping("kle", "case", &[(KLE, parameter())])));
    assert!(roles.add_mapping(mapping("borrowed-kle", "case", &[(KLE, parameter())])));
    assert!(roles.add_mapping(mapping("demanding", "strict", &[])));
    federation
}

#[test]
fn a_role_counts_in_the_matters_of_the_users_municipality_and_of_whoever_delegated_it() {
    let town = town();
    for (scope, role, expected) in [
        (OWN, "own", "bpp.kept"),
        (LENDER, "borrowed", "bpp.kept"),
        (LENDER, "renewed", "bpp.kept"),
        (LENDER, "ended", "bpp.delegation"),
        (LENDER, "early", "bpp.delegation"),
        (LENDER, "foreign", "bpp.scope"),
        (LENDER, "elsewhere", "bpp.scope"),
        (LENDER, "lent", "bpp.delegation"),
        (LENDER, "own", "bpp.scope"),
        (LENDER, "unheard-of", "bpp.scope"),
        (STRANGER, "borrowed", "bpp.scope"),
        (OWN, "borrowed", "bpp.role"),
        (OWN, "foreign", "bpp.role"),
        (OWN, "unheard-of", "bpp.role"),
        (OWN, "case", "bpp.role"),
        (LENDER, "case", "bpp.role"),
        (OWN, "OWN", "bpp.role"),
        (OWN, "own ", "bpp.role"),
        (OWN, "unmapped", "bpp.mapping"),
        ("*", "own", "bpp.scope"),
        ("011111111", "own", "bpp.scope"),
        ("", "own", "bpp.scope"),
        ("１１１１１１１１", "own", "bpp.scope"),
        ("11111111:99999999", "own", "bpp.scope"),
    ] {
        let done = translate(&town, &[group(scope, role, &[])], &[]);
        assert_eq!(reasons(&done), [expected], "{scope} {role}");
        let given: &[PrivilegeGroup] = &[group(scope, "case", &[])];
        assert_eq!(done.rights.groups, if expected == "bpp.kept" { given } else { &[] }, "{scope} {role}");
    }
    for scope in [
        Scope::Missing,
        Scope::ProductionUnit("1003388394".into()),
        Scope::Se(OWN.into()),
        Scope::Cpr("0101701234".into()),
    ] {
        let done = translate(&town, &[PrivilegeGroup { scope, ..group(OWN, "own", &[]) }], &[]);
        assert_eq!(reasons(&done), ["bpp.scope"]);
        assert!(done.rights.is_empty());
    }
}

#[test]
fn a_limit_is_taken_from_the_register_or_from_this_very_group_and_never_widened() {
    let town = town();
    let said: &[Constraint] = &[limit(PARAMETER, &["27.45"])];
    let list: &[Constraint] = &[limit(PARAMETER, &["27.45", "32.30.01"])];
    let turned: &[Constraint] = &[limit(PARAMETER, &["32.30.01", "27.45"])];
    let twice: &[Constraint] = &[limit(PARAMETER, &["27.45"]), limit(PARAMETER, &["32.30.01"])];
    let nothing: &[Constraint] = &[];
    let kept = |values: &'static [&'static str]| Some(values);
    for (what, scope, role, within, beside, expected) in [
        ("fixed", OWN, "fixed", nothing, nothing, kept(&["27.00", "32.30"])),
        ("in the group", OWN, "kle", said, nothing, kept(&["27.45"])),
        ("beside it", OWN, "kle", nothing, said, kept(&["27.45"])),
        ("both, alike", OWN, "kle", list, turned, kept(&["27.45", "32.30.01"])),
        ("both, not alike", OWN, "kle", said, list, None),
        ("twice in the group", OWN, "kle", twice, nothing, kept(&["27.45", "32.30.01"])),
        ("twice beside it", OWN, "kle", nothing, twice, kept(&["27.45", "32.30.01"])),
        ("missing", OWN, "kle", nothing, nothing, None),
        ("empty", OWN, "kle", &[limit(PARAMETER, &[])], nothing, None),
        ("an empty value", OWN, "kle", &[limit(PARAMETER, &[""])], nothing, None),
        ("another name", OWN, "kle", &[limit("http://korsbaek.test/other", &["27.45"])], nothing, None),
        ("the type's own name", OWN, "kle", &[limit(KLE, &["27.45"])], nothing, None),
        ("one wrong of two", OWN, "kle", &[limit(PARAMETER, &["27.45", "*"])], nothing, None),
        ("half a match", OWN, "kle", &[limit(PARAMETER, &["27.45 or 1=1"])], nothing, None),
        ("two lines", OWN, "kle", &[limit(PARAMETER, &["27.45\n"])], nothing, None),
        ("other digits", OWN, "kle", &[limit(PARAMETER, &["２７.４５"])], nothing, None),
        ("borrowed, in the group", LENDER, "borrowed-kle", said, nothing, kept(&["27.45"])),
        ("borrowed, beside it", LENDER, "borrowed-kle", nothing, said, None),
        ("borrowed, both", LENDER, "borrowed-kle", said, list, kept(&["27.45"])),
    ] {
        let done = translate(&town, &[group(scope, role, within)], beside);
        let given: Vec<_> =
            expected.iter().map(|values| group(scope, "case", &[limit(KLE, values)])).collect();
        assert_eq!(done.rights.groups, given, "{what}");
        let ruling = done.rulings.iter().find(|ruling| ruling.mapping.as_deref() == Some("case")).unwrap();
        let reason = if expected.is_some() { Reason::BppKept } else { Reason::BppConstraint };
        assert_eq!(ruling.reason, reason, "{what}: {}", ruling.detail);
    }
    let done = translate(&town, &[group(OWN, "demanding", said)], &[]);
    assert!(done.rights.is_empty(), "a required restriction that nobody set");
    assert!(done.rulings.iter().any(|r| r.detail.contains("is required")), "{:?}", done.rulings);
}

#[test]
fn what_a_message_says_of_a_fixed_limit_is_refused_and_told() {
    let done = translate(&town(), &[group(OWN, "fixed", &[limit(KLE, &["99.99"])])], &[]);
    assert_eq!(reasons(&done), ["bpp.kept", "bpp.constraint"]);
    assert_eq!(done.rights.groups, [group(OWN, "case", &[limit(KLE, &["27.00", "32.30"])])]);
    assert!(done.rulings[1].detail.contains(KLE));
}

#[test]
fn a_parameter_of_one_group_limits_no_other() {
    let groups = [group(OWN, "kle", &[limit(PARAMETER, &["27.45"])]), group(OWN, "kle", &[])];
    let done = translate(&town(), &groups, &[]);
    assert_eq!(reasons(&done), ["bpp.kept", "bpp.constraint"]);
    assert_eq!(done.rights.groups.len(), 1);
}

#[test]
fn values_of_a_type_without_syntax_hold_no_wildcard_no_separator_and_no_end_in_sight() {
    let free = kind(UNIT, None);
    let values = |count: usize| vec!["a".to_owned(); count];
    for good in ["a", "27.45.00", "5b0c-11", "urn:dk:unit:7", "a/b_c", &"a".repeat(200)] {
        assert_eq!(free.check(&[good.to_owned()]), Ok(()), "{good}");
    }
    for bad in
        ["", "*", "a*", "a,b", "a;b", "a b", "a|b", "a\tb", "<a>", "a&b", "å", "%41", "a\0", &"a".repeat(201)]
    {
        assert!(free.check(&[bad.to_owned()]).is_err(), "{bad:?}");
    }
    assert!(
        free.check(&values(100)).is_ok() && free.check(&values(101)).is_err() && free.check(&[]).is_err()
    );
    let open = kind(UNIT, Some("(?s).*"));
    for (value, fits) in [("Ærø *", true), ("a,b", false), ("a\nb", false), ("٣", false), ("", false)] {
        assert_eq!(open.check(&[value.to_owned()]).is_ok(), fits, "{value:?}");
    }
    assert!(open.check(&["a".repeat(100_000)]).is_err());
}

#[test]
fn a_pattern_holds_for_the_whole_value_or_is_none() {
    for (expression, value, fits) in [
        ("a|b", "ab", false),
        ("a|b", "b", true),
        ("^a$", "a", true),
        ("a", "a\n", false),
        (r"\d", "7", true),
    ] {
        assert_eq!(
            kind("k", Some(expression)).check(&[value.to_owned()]).is_ok(),
            fits,
            "{expression} {value:?}"
        );
    }
    for broken in ["(", "a)|(b", "[", "(a{1000}){1000}", "(?=a)"] {
        assert!(Pattern::new(broken).is_err(), "{broken}");
    }
}

#[test]
fn one_right_in_a_group_no_group_twice_and_the_order_as_said() {
    let town = town();
    let both = PrivilegeGroup { privileges: vec!["fixed".into(), "own".into()], ..group(OWN, "", &[]) };
    let done = translate(&town, &[both, group(OWN, "own", &[]), group(LENDER, "borrowed", &[])], &[]);
    let fixed = group(OWN, "case", &[limit(KLE, &["27.00", "32.30"])]);
    assert_eq!(done.rights.groups, [fixed, group(OWN, "case", &[]), group(LENDER, "case", &[])]);
    assert_eq!(reasons(&done), ["bpp.kept"; 4], "what was said twice is ruled twice");
}

#[test]
fn a_ruling_names_everything_but_people() {
    let town = town();
    let said = [
        PrivilegeGroup { scope: Scope::Cpr("0101701234".into()), ..group(OWN, "own", &[]) },
        group("urn:dk:gov:saml:cprNumberIdentifier:010170 1234", "own", &[]),
        group("person 010170-1234", "own", &[]),
        group(OWN, "http://korsbaek.test/0101701234", &[]),
        group(OWN, "fixed", &[limit("http://korsbaek.test/0101701234", &["0101701234"])]),
        group(OWN, "kle", &[limit(PARAMETER, &["0101701234"])]),
        group(LENDER, "borrowed", &[]),
    ];
    let done = translate(&town, &said, &[]);
    let written = serde_json::to_string(&done.rulings).unwrap();
    assert!(!written.contains("1234"), "{written}");
    let last = done.rulings.last().unwrap();
    let expected = serde_json::json!({
        "reason": "bpp.kept", "scope": LENDER, "role": "borrowed",
        "mapping": "case", "detail": "delegated by 99999999",
    });
    assert_eq!(serde_json::to_value(last).unwrap(), expected);
    assert_eq!(serde_json::from_value::<Ruling>(expected).unwrap(), *last);
}

/// The shape of a well-known example of the federation's operator: a user with roles of four authorities, of which two
/// have lent theirs; a fixed limit, one with alternatives, and one that the municipality sends.
#[test]
fn the_worked_example_gives_what_the_documentation_says() {
    let (nord, syd, vest) = ("44444441", "44444442", "44444443");
    let parameter = "http://vest.test/sager/1/parametric";
    let lent = [(OWN, Validity::default())];
    let mut federation = federation();
    for digits in [nord, syd, vest] {
        federation.add_authority(Authority { cvr: cvr(digits), name: digits.to_owned(), step_up: None });
    }
    let roles = federation.roles_mut();
    for role in [
        function("http://nord.test/roles/jobrole/leder/1", nord, &[]),
        function("http://syd.test/roles/jobrole/medarbejder/1", syd, &lent),
        function("http://syd.test/roles/jobrole/leder/1", syd, &lent),
        function("http://vest.test/roles/jobrole/medarbejder/1", vest, &lent),
        function("http://vest.test/roles/jobrole/leder/1", vest, &lent),
    ] {
        roles.add_job_function_role(role);
    }
    let [read, write, decide] =
        ["laes", "skriv", "afgoer"].map(|n| format!("http://cases.test/roles/usersystemrole/{n}/1"));
    for role in [&read, &write, &decide] {
        roles.add_user_system_role(system(role, CASES, &[(KLE, false), (UNIT, false)]));
    }
    roles.add_restriction_type(kind(KLE, None));
    roles.add_restriction_type(kind(UNIT, None));
    for worker in ["medarbejder", "leder"] {
        let (syd, vest) = (
            format!("http://syd.test/roles/jobrole/{worker}/1"),
            format!("http://vest.test/roles/jobrole/{worker}/1"),
        );
        roles.add_mapping(mapping(&syd, &read, &[(UNIT, fixed(&["unit/1"]))]));
        roles.add_mapping(mapping(&vest, &write, &[(UNIT, fixed(&["unit/2", "unit/3", "unit/4"]))]));
        roles.add_mapping(mapping(&vest, &decide, &[(KLE, Limit::Parameter(parameter.to_owned()))]));
    }
    let said = [
        group(nord, "http://nord.test/roles/jobrole/leder/1", &[limit(parameter, &["10.4.1"])]),
        group(syd, "http://syd.test/roles/jobrole/medarbejder/1", &[]),
        group(syd, "http://syd.test/roles/jobrole/leder/1", &[]),
        group(vest, "http://vest.test/roles/jobrole/medarbejder/1", &[]),
        group(vest, "http://vest.test/roles/jobrole/leder/1", &[limit(parameter, &["2.4.1"])]),
    ];
    let done = translate(&federation, &said, &[]);
    let expected = [
        group(syd, &read, &[limit(UNIT, &["unit/1"])]),
        group(vest, &write, &[limit(UNIT, &["unit/2", "unit/3", "unit/4"])]),
        group(vest, &decide, &[limit(KLE, &["2.4.1"])]),
    ];
    assert_eq!(done.rights.groups, expected);
    let told =
        ["scope", "kept", "kept", "kept", "constraint", "kept", "kept"].map(|code| format!("bpp.{code}"));
    assert_eq!(reasons(&done), told);
}

const AUTHORITIES: [&str; 3] = [OWN, LENDER, STRANGER];

/// Any register of six roles and six mappings, and anything that an identity provider might say.
fn anything() -> impl Strategy<Value = (Federation, Vec<PrivilegeGroup>)> {
    let delegation = (0..3_usize, 95..105_i64, 95..105_i64);
    let role = (0..3_usize, proptest::collection::vec(delegation, 0..3));
    let map = (0..6_usize, 0..4_usize, 0..3_u8);
    let said = (0..4_usize, 0..9_usize, 0..4_u8);
    let register = (proptest::collection::vec(role, 6), proptest::collection::vec(map, 0..8));
    (register, proptest::collection::vec(said, 0..12)).prop_map(|((written, maps), said)| {
        let mut federation = federation();
        let roles = federation.roles_mut();
        for (number, (authority, delegations)) in written.into_iter().enumerate() {
            let delegated: Vec<_> = delegations
                .into_iter()
                .map(|(to, from, until)| {
                    (AUTHORITIES[to], Validity { from: Some(at(from)), until: Some(at(until)) })
                })
                .collect();
            roles.add_job_function_role(function(&format!("f{number}"), AUTHORITIES[authority], &delegated));
        }
        roles.add_restriction_type(kind(KLE, None));
        for number in 0..4 {
            let fagsystem = if number == 3 { OTHER } else { CASES };
            roles.add_user_system_role(system(&format!("u{number}"), fagsystem, &[(KLE, number == 2)]));
        }
        for (from, to, limited) in maps {
            let limits = match limited {
                0 => Vec::new(),
                1 => vec![(KLE, fixed(&["a", "b"]))],
                _ => vec![(KLE, parameter())],
            };
            roles.add_mapping(mapping(&format!("f{from}"), &format!("u{to}"), &limits));
        }
        let groups = said.into_iter().map(|(scope, role, limited)| {
            let scope = AUTHORITIES.get(scope).copied().unwrap_or("nobody");
            let role = if role < 6 { format!("f{role}") } else { format!("u{}", role - 6) };
            let limits = match limited {
                0 => Vec::new(),
                1 => vec![limit(PARAMETER, &["c"])],
                2 => vec![limit(PARAMETER, &["*"])],
                _ => vec![limit(KLE, &["d"]), limit(PARAMETER, &["e", "f"])],
            };
            group(scope, &role, &limits)
        });
        (federation, groups.collect())
    })
}

/// Whether the register lets one of these groups give this right, read off the register without its translation.
fn is_due(federation: &Federation, said: &[PrivilegeGroup], right: &PrivilegeGroup) -> bool {
    let [privilege] = &right.privileges[..] else { return false };
    said.iter().filter(|group| group.scope == right.scope).any(|group| {
        let roles = federation.roles();
        let role = roles.job_function_role(&group.privileges[0]);
        role.is_some_and(|role| {
            let lent = |(to, validity): &(Cvr, Validity)| *to == cvr(OWN) && validity.holds(at(100));
            let may_hold = role.authority == cvr(OWN) || role.delegated_to.iter().any(lent);
            let meanings = roles.functions[&role.id].stands_for.get(&entity(CASES));
            let mapped = meanings.into_iter().flatten().any(|meaning| {
                meaning.user_system_role == *privilege && meaning.limits.len() == right.constraints.len()
            });
            Scope::Cvr(role.authority) == right.scope && may_hold && mapped
        })
    })
}

proptest! {
    #[test]
    fn nothing_is_given_that_is_not_registered_and_who_says_less_gets_no_more(
        (federation, said) in anything(),
        left_out in any::<proptest::sample::Index>(),
    ) {
        let all = translate(&federation, &said, &[]);
        for right in &all.rights.groups {
            prop_assert!(is_due(&federation, &said, right), "{right:?}");
            let values: Vec<_> = right.constraints.iter().flat_map(|limit| &limit.values).collect();
            let known = |v: &&String| ["a", "b", "c", "e", "f"].contains(&v.as_str());
            prop_assert!(values.iter().all(known), "{right:?}");
        }
        let once: std::collections::BTreeSet<_> = all.rights.groups.iter().collect();
        prop_assert_eq!(once.len(), all.rights.groups.len());
        let kept = all.rulings.iter().filter(|ruling| ruling.reason == Reason::BppKept).count();
        prop_assert!(kept >= all.rights.groups.len() && all.rulings.len() >= said.len());
        if !said.is_empty() {
            let mut less = said.clone();
            less.remove(left_out.index(said.len()));
            let some = translate(&federation, &less, &[]);
            prop_assert!(some.rights.groups.iter().all(|right| once.contains(right)));
        }
    }
}
