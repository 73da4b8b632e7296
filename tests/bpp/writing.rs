//! What is written: one form, which is read back as what it was.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use context_handler::domain::federation::Dialect;
use context_handler::domain::privilege::{Constraint, PrivilegeGroup, PrivilegeList, Scope};
use context_handler::domain::reason::Reason;
use context_handler::protocol::bpp::{attribute, from_json, inspect, read, to_json, write, xml};
use proptest::prelude::*;

use crate::dice::Chance;
use crate::generator::Generator;
use crate::schema;

const DIALECTS: [Dialect; 2] = [Dialect::Oiosaml2, Dialect::Oiosaml3];

fn korsbaek() -> Scope {
    Scope::new("urn:dk:gov:saml:cvrNumberIdentifier:11111111")
}

#[test]
fn a_list_is_written_in_one_form() {
    let group =
        PrivilegeGroup::new(korsbaek(), ["urn:b", "urn:a&b"], [("urn:kle", "1,2"), ("urn:org", "<x>")]);
    let again =
        PrivilegeGroup::new(korsbaek(), ["urn:b"], [("urn:kle", "1"), ("urn:org", "<x>"), ("urn:kle", "2")]);
    let list = PrivilegeList { groups: vec![group, again] };
    let limits = "<Constraint Name=\"urn:kle\">1</Constraint><Constraint Name=\"urn:kle\">2</Constraint>\
                  <Constraint Name=\"urn:org\">&lt;x&gt;</Constraint>";
    let groups: String = ["urn:b", "urn:a&amp;b"]
        .map(|role| {
            format!(
                "<PrivilegeGroup Scope=\"urn:dk:gov:saml:cvrNumberIdentifier:11111111\">\
                 <Privilege>{role}</Privilege>{limits}</PrivilegeGroup>"
            )
        })
        .concat();
    for (dialect, who) in [(Dialect::Oiosaml2, "itst"), (Dialect::Oiosaml3, "digst")] {
        let expected = format!(
            "<bpp:PrivilegeList xmlns:bpp=\"http://{who}.dk/oiosaml/basic_privilege_profile\">{groups}</bpp:PrivilegeList>"
        );
        assert_eq!(xml(&list, dialect).unwrap(), expected);
        let value = write(&list, dialect).unwrap();
        assert!(
            value.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'+' | b'/' | b'=')),
            "{value}"
        );
        assert_eq!(inspect(&value).unwrap().list, list.normalised());
    }
}

#[test]
fn who_has_no_rights_is_told_no_list() {
    let nothing = PrivilegeList { groups: vec![PrivilegeGroup::new(Scope::Missing, ["urn:a"], [])] };
    for list in [PrivilegeList::default(), nothing] {
        assert_eq!(attribute(&list, Dialect::Oiosaml3), Ok(None));
    }
    let list = PrivilegeList { groups: vec![PrivilegeGroup::new(korsbaek(), ["urn:a"], [])] };
    for (dialect, name) in [
        (Dialect::Oiosaml2, "dk:gov:saml:attribute:Privileges_intermediate"),
        (Dialect::Oiosaml3, "https://data.gov.dk/model/core/eid/privilegesIntermediate"),
    ] {
        assert_eq!(attribute(&list, dialect), Ok(Some((name, vec![write(&list, dialect).unwrap()]))));
    }
}

#[test]
fn what_cannot_be_read_is_not_written() {
    let list = |value: &str, many: usize| {
        let values = vec![value.to_owned(); many];
        let constraints = vec![Constraint { name: "urn:k".into(), values }];
        let privileges = vec!["urn:a".to_owned(); many];
        PrivilegeList { groups: vec![PrivilegeGroup { scope: korsbaek(), privileges, constraints }] }
    };
    let reason = |list| write(&list, Dialect::Oiosaml3).unwrap_err().reason;
    assert_eq!(reason(list("\u{1}", 1)), Reason::AttrChars);
    assert_eq!(reason(list(&"x".repeat(256 * 1024), 1)), Reason::LimitXml);
    assert_eq!(reason(list("x", 1_000)), Reason::BppXml);
    assert!(write(&list("x", 100), Dialect::Oiosaml3).is_ok());
}

#[test]
fn json_that_is_no_list_of_groups_is_refused_and_not_quoted() {
    let genuine =
        r#"[{"cvr":"11111111","privileges":["urn:a"],"constraints":[{"name":"urn:k","values":["1,2"]}]}]"#;
    let parsed = |text: &str| from_json(&serde_json::from_str(text).unwrap());
    let twin = parsed(genuine).unwrap();
    assert_eq!(twin.groups, [PrivilegeGroup::new(korsbaek(), ["urn:a"], [("urn:k", "1"), ("urn:k", "2")])]);
    for (from, to) in [
        ("[{\"cvr\"", "[7, {\"cvr\""),
        ("\"cvr\":\"11111111\",", ""),
        ("\"cvr\":", "\"se\":\"11111111\",\"cvr\":"),
        ("\"cvr\":\"11111111\"", "\"cvr\":11111111"),
        ("\"cvr\":\"11111111\"", "\"cvr\":\"1111111\""),
        ("\"cvr\":\"11111111\"", "\"cpr\":\"010170-1234\""),
        ("\"cvr\":\"11111111\"", "\"scope\":\"\""),
        ("\"cvr\":\"11111111\"", "\"scope\":\"urn:dk:gov:saml:cvrNumberIdentifier:11111111\""),
        ("\"cvr\":", "\"note\":\"0101701234\",\"cvr\":"),
        ("[\"urn:a\"]", "\"urn:a\""),
        ("[\"urn:a\"]", "[]"),
        ("[\"urn:a\"]", "[\" \"]"),
        ("[\"urn:a\"]", "[7]"),
        ("\"name\":\"urn:k\",", ""),
        ("\"name\":\"urn:k\"", "\"name\":\"\""),
        ("\"values\":[\"1,2\"]", "\"values\":\"1,2\""),
        ("\"name\":", "\"also\":1,\"name\":"),
    ] {
        assert!(genuine.contains(from), "{from}");
        let fault = parsed(&genuine.replacen(from, to, 1)).unwrap_err();
        assert_eq!(fault.reason, Reason::BppXml);
        for quoted in ["0101701234", "010170-1234", "11111111", "urn:"] {
            assert!(!fault.detail.contains(quoted), "{fault}");
        }
    }
    assert!(parsed("{}").is_err());
}

#[test]
fn whatever_is_read_means_the_same_after_it_was_written() {
    let mut chance = Chance::new();
    let mut taken = 0;
    for _ in 0..10_000 {
        let value = Generator { chance: &mut chance, fault: None }.value();
        let Ok(xml) = String::from_utf8(STANDARD.decode(&value).unwrap_or(value.into_bytes())) else {
            continue;
        };
        let mut tampered: Vec<char> = xml.chars().collect();
        for _ in 0..chance.below(3) {
            let (from, to) = (chance.below(tampered.len()), chance.below(tampered.len()));
            let moved: Vec<char> = tampered[from.min(to)..from.max(to)].iter().take(30).copied().collect();
            let at = chance.below(tampered.len());
            tampered.splice(at..at, moved);
        }
        let Ok(list) = read(&tampered.iter().collect::<String>()) else { continue };
        taken += 1;
        assert_eq!(from_json(&to_json(&list)).as_ref(), Ok(&list));
        for dialect in DIALECTS {
            assert_eq!(read(&write(&list, dialect).unwrap()), Ok(list.normalised()));
        }
    }
    assert!(taken > 3_000, "{taken}");
}

const TEXT: &str = "[a-zA-Z0-9:/.*&<>\"'\\]æøå \u{1f600}-]{1,20}";

fn scope() -> impl Strategy<Value = Scope> {
    prop_oneof![
        "urn:dk:gov:saml:(cvr|se)NumberIdentifier:[0-9]{8}",
        "urn:dk:gov:saml:(productionUnit|cprNumber)Identifier:[0-9]{9,10}",
        TEXT,
        Just(String::new()),
    ]
    .prop_map(|uri| Scope::new(&uri))
}

fn list() -> impl Strategy<Value = PrivilegeList> {
    let visible = || TEXT.prop_filter("not empty", |text| !text.trim().is_empty());
    let limits = prop::collection::vec((visible(), "[a-z0-9. ,&ø]{0,12}"), 0..4);
    let group = (scope(), prop::collection::vec(visible(), 1..4), limits);
    let group = group.prop_map(|(scope, privileges, limits)| {
        let limits = limits.iter().map(|(name, values)| (name.as_str(), values.as_str()));
        PrivilegeGroup::new(scope, privileges.iter().map(String::as_str), limits)
    });
    prop::collection::vec(group, 0..6).prop_map(|groups| PrivilegeList { groups })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn what_is_written_is_read_back(list in list()) {
        let normalised = list.normalised();
        prop_assert_eq!(&normalised.normalised(), &normalised);
        for dialect in DIALECTS {
            let stated = inspect(&write(&list, dialect).unwrap()).unwrap();
            prop_assert_eq!(&stated.list, &normalised);
            prop_assert_eq!((stated.dialect, stated.is_encoded), (dialect, true));
        }
    }

    #[test]
    fn json_says_all_that_a_list_says_and_keeps_to_its_schema(list in list()) {
        let json = to_json(&list);
        schema::check(&json).map_err(TestCaseError::fail)?;
        prop_assert_eq!(from_json(&json), Ok(list));
    }
}
