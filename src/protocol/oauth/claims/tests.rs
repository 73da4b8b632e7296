//! What tokens say, and under which names.

use proptest::prelude::*;

use super::*;
use crate::domain::id::Cvr;
use crate::domain::privilege::{PrivilegeGroup, Scope};

fn client(name: &str) -> EntityId {
    EntityId::new(name).unwrap()
}

fn rights() -> PrivilegeList {
    let scope = Scope::Cvr(Cvr::new("11111111").unwrap());
    PrivilegeList { groups: vec![PrivilegeGroup::new(scope, ["http://bbr.example/se/1"], [])] }
}

/// The attributes as a token says them, after a claim.
fn attributes(
    told: &[(&'static str, Vec<String>)],
    rights: &PrivilegeList,
    names: ClaimNames,
) -> Map<String, Value> {
    let written = Attributes::new(told, rights, names).unwrap().after(&json!({ "iss": "we" })).unwrap();
    let mut read: Map<String, Value> = serde_json::from_slice(&written).unwrap();
    assert_eq!(read.remove("iss"), Some(json!("we")));
    read
}

fn told() -> Vec<(&'static str, Vec<String>)> {
    vec![
        (name::CVR.oiosaml3, vec!["11111111".into()]),
        (name::EMAIL.oiosaml3, vec!["a@korsbaek.example".into(), "b@korsbaek.example".into()]),
        (name::LOA, vec!["Substantial".into()]),
        (name::PRIVILEGES.oiosaml3, vec!["PHg+".into()]),
    ]
}

#[test]
fn attributes_have_the_names_that_the_fagsystem_wants() {
    let uri = attributes(&told(), &rights(), ClaimNames::Uri);
    assert_eq!(uri.len(), 4);
    assert_eq!(uri[name::CVR.oiosaml3], "11111111");
    assert_eq!(uri[name::EMAIL.oiosaml3], json!(["a@korsbaek.example", "b@korsbaek.example"]));
    assert_eq!(uri[name::PRIVILEGES.oiosaml3], "PHg+");

    let short = attributes(&told(), &rights(), ClaimNames::Short);
    assert_eq!(short.len(), 4);
    assert_eq!((&short["cvr"], &short["loa"]), (&json!("11111111"), &json!("Substantial")));
    assert_eq!(short["email"], "a@korsbaek.example", "libraries expect one");
    let group = json!({ "cvr": "11111111", "privileges": ["http://bbr.example/se/1"], "constraints": [] });
    assert_eq!(short["privileges"], json!([group]));

    let both = attributes(&told(), &rights(), ClaimNames::Both);
    assert_eq!(both, uri.into_iter().chain(short).collect());
}

#[test]
fn both_generations_have_the_same_short_names() {
    let told = [(name::CVR.oiosaml2, vec!["11111111".into()]), (name::UID.oiosaml2, vec!["anders".into()])];
    let short = attributes(&told, &PrivilegeList::default(), ClaimNames::Short);
    assert_eq!(Value::Object(short), json!({ "cvr": "11111111", "uid": "anders" }));
}

#[test]
fn no_rights_are_no_claim_rather_than_an_empty_one() {
    let told = [(name::CVR.oiosaml3, vec!["11111111".into()])];
    assert!(!attributes(&told, &rights(), ClaimNames::Both).contains_key("privileges"));
}

#[test]
fn no_attribute_can_take_the_place_of_a_claim_of_ours() {
    let short: Vec<_> = short_names().collect();
    let frame = [
        "iss",
        "sub",
        "aud",
        "exp",
        "iat",
        "nbf",
        "jti",
        "nonce",
        "acr",
        "amr",
        "azp",
        "sid",
        "auth_time",
        "at_hash",
        "client_id",
        "scope",
        "cnf",
        "events",
        "act",
        "may_act",
    ];
    assert!(short.iter().all(|name| !frame.contains(name)), "{short:?}");
    let mut once = short.clone();
    once.sort_unstable();
    once.dedup();
    assert_eq!(once.len(), short.len(), "each short name means one thing");
}

#[test]
fn the_half_hash_is_that_of_the_standard() {
    // The example of OpenID Connect Core, appendix A.3.
    let token = "jHkWEdUXMU1BwAsC4vtUsZwnNvTIxEl0z9K3vx5KF0Y";
    assert_eq!(half_hash(token, SignatureAlgorithm::RSA_PSS_SHA256), "77QmUPtjPfzWtF2AnpK9RQ");
    assert_eq!(half_hash(token, SignatureAlgorithm::RSA_PSS_SHA384).len(), 32);
    assert_eq!(half_hash(token, SignatureAlgorithm::RSA_PSS_SHA512).len(), 43);
}

#[test]
fn a_pairwise_name_is_always_the_same_and_differs_from_client_to_client() {
    let named = |client_id, name| subject(SubjectKind::Pairwise, &client(client_id), name);
    let first = named("https://a.example", "C=DK,O=11111111,CN=Anders And,Serial=1");
    assert_eq!(first, named("https://a.example", "C=DK,O=11111111,CN=Anders And,Serial=1"));
    // It is promised for ever: a changed one is another user to every fagsystem.
    assert_eq!(named("https://a.example", "n"), "TEztlxiqr0YYY_o8v5eB0sx7jUTM2kaO7CEaOpJxr_8");
    assert_ne!(first, named("https://b.example", "C=DK,O=11111111,CN=Anders And,Serial=1"));
    assert!(first.len() == 43 && !first.contains("Anders"));
    assert_eq!(subject(SubjectKind::Name, &client("a"), "C=DK"), "C=DK");
}

#[test]
fn a_logout_token_ends_a_session_and_can_be_taken_for_nothing_else() {
    let (sid, jti) = (LoginId::from_bits(7), LoginId::from_bits(8));
    let now = Timestamp::from_second(1_800_000_000).unwrap();
    let token = LogoutToken::new("https://login.example", &client("b"), ("s".into(), sid), jti, now);
    let expected = json!({
        "iss": "https://login.example", "sub": "s", "aud": "b", "iat": 1_800_000_000, "exp": 1_800_000_120,
        "jti": jti.to_string(), "sid": sid.to_string(),
        "events": { "http://schemas.openid.net/event/backchannel-logout": {} },
    });
    assert_eq!(super::super::json(&token), Ok(expected));
}

#[test]
fn an_access_token_is_read_as_it_was_written() {
    let token = AccessToken {
        iss: "https://login.example".into(),
        sub: "s".into(),
        aud: vec!["https://login.example".into()],
        exp: 2,
        iat: 1,
        jti: "j".into(),
        client_id: client("b"),
        scope: "openid".into(),
        auth_time: 1,
        amr: Vec::new(),
        acr: "https://data.gov.dk/concept/core/nsis/loa/Substantial".into(),
        sid: LoginId::from_bits(7),
        cnf: Some(Confirmation::Certificate("x".into())),
    };
    let attributes = Attributes::new(&told(), &rights(), ClaimNames::Both).unwrap();
    let json: Value = serde_json::from_slice(&attributes.after(&token).unwrap()).unwrap();
    assert_eq!(json["cnf"], json!({ "x5t#S256": "x" }));
    assert_eq!(json["cvr"], "11111111");
    let read: ShownToken = serde_json::from_value(json.clone()).unwrap();
    assert!(read.attributes["cvr"] == "11111111" && !read.attributes.contains_key("sub"));
    assert_eq!(super::super::json(&read), Ok(json.clone()));
    // What an ID token says is no access token: it lacks the client and its own name.
    let mut id_token = json;
    for member in ["client_id", "jti", "scope"] {
        id_token.as_object_mut().unwrap().remove(member);
    }
    assert!(serde_json::from_value::<ShownToken>(id_token).is_err());
}

proptest! {
    #[test]
    fn two_users_never_share_a_pairwise_name(one in "\\PC{1,40}", other in "\\PC{1,40}") {
        let named = |name: &str| subject(SubjectKind::Pairwise, &client("https://a.example"), name);
        prop_assert_eq!(named(&one) == named(&other), one == other);
    }
}

#[test]
fn a_class_says_how_the_user_authenticated_and_a_level_does_not() {
    let level = "https://data.gov.dk/concept/core/nsis/loa/High";
    let password = "urn:oasis:names:tc:SAML:2.0:ac:classes:PasswordProtectedTransport";
    assert_eq!(methods([password, password].into_iter()), ["pwd"]);
    assert_eq!(methods(["urn:federation:authentication:windows", level].into_iter()), ["wia"]);
    assert!(
        methods([level, "urn:oasis:names:tc:SAML:2.0:ac:classes:unspecified", ""].into_iter()).is_empty()
    );
}
