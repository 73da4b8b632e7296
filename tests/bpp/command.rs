//! `bpp` on the command line.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use context_handler::cli::{Desk, Exit, run};
use context_handler::system::{SystemClock, SystemRandom};
use serde_json::{Value, json};

use crate::schema;

const LIST: &str = r#"<bpp:PrivilegeList xmlns:bpp="http://itst.dk/oiosaml/basic_privilege_profile"><PrivilegeGroup Scope="urn:dk:gov:saml:cvrNumberIdentifier:11111111"><Privilege>http://korsbaek.dk/roles/jobrole/sagsbehandler/1</Privilege><Constraint Name="http://sts.kombit.dk/constraints/KLE/1">27.45.00,32.30</Constraint></PrivilegeGroup><PrivilegeGroup Scope="urn:dk:gov:saml:cprNumberIdentifier:0101701234"><Privilege>urn:a</Privilege><Privilege>urn:b</Privilege><Constraint Name="urn:child">0202702345</Constraint></PrivilegeGroup><PrivilegeGroup><Privilege>http://bbr.dk/roles/usersystemrole/laes/1</Privilege></PrivilegeGroup></bpp:PrivilegeList>"#;

fn bpp(input: impl AsRef<[u8]>, words: &[&str]) -> (Exit, String, String) {
    let (mut out, mut err, mut input) = (Vec::new(), Vec::new(), input.as_ref());
    let desk =
        Desk { input: &mut input, out: &mut out, err: &mut err, clock: &SystemClock, random: &SystemRandom };
    let exit = run(["context-handler", "bpp"].iter().chain(words).map(Into::into), desk);
    (exit, String::from_utf8(out).unwrap(), String::from_utf8(err).unwrap())
}

fn in_json(input: &str, words: &[&str]) -> Value {
    let (exit, out, err) = bpp(input, words);
    assert_eq!(exit, Exit::Ok, "{err}");
    serde_json::from_str(&out).unwrap()
}

#[test]
fn a_value_becomes_json_and_json_becomes_a_value() {
    let decoded = in_json(&STANDARD.encode(LIST), &["decode", "--reveal"]);
    schema::check(&decoded).unwrap();
    let kle = json!({ "name": "http://sts.kombit.dk/constraints/KLE/1", "values": ["27.45.00", "32.30"] });
    assert_eq!(decoded[0]["constraints"], json!([kle]));
    assert_eq!((&decoded[1]["cpr"], &decoded[2]["scope"]), (&json!("0101701234"), &Value::Null));
    let given = json!([decoded[0], decoded[1]]);
    for (profile, namespace) in [("OIOSAML2", "http://itst.dk/"), ("OIOSAML3", "http://digst.dk/")] {
        let (exit, value, err) = bpp(given.to_string(), &["encode", "--profile", profile]);
        assert_eq!(exit, Exit::Ok, "{err}");
        let (_, xml, _) = bpp(given.to_string(), &["encode", "--profile", profile, "--xml"]);
        assert!(xml.contains(namespace), "{xml}");
        assert_eq!(String::from_utf8(STANDARD.decode(value.trim_end()).unwrap()).unwrap(), xml.trim_end());
        let again = in_json(&value, &["decode", "--reveal", "--json"]);
        let alone = |role: &str| {
            let mut group = given[1].clone();
            group["privileges"] = json!([role]);
            group
        };
        assert_eq!(again, json!([given[0], alone("urn:a"), alone("urn:b")]));
    }
}

#[test]
fn what_would_give_nothing_is_not_silently_left_out_when_it_is_written() {
    let decoded = in_json(LIST, &["decode", "--reveal"]);
    let (exit, out, err) = bpp(decoded.to_string(), &["encode"]);
    assert_eq!((exit, out.as_str()), (Exit::Usage, ""));
    assert!(err.contains("group 3 of the list gives nothing"), "{err}");
    let (exit, _, err) = bpp("[{]", &["encode"]);
    assert_eq!(exit, Exit::Usage);
    assert!(err.contains("expected JSON (line 1"), "{err}");
    assert_eq!(bpp("[]", &["encode", "--profile", "OIOSAML4"]).0, Exit::Usage);
}

#[test]
fn whether_a_login_would_read_a_value_is_told_by_the_exit_code() {
    for right in [LIST.as_bytes().to_vec(), STANDARD.encode(LIST).into_bytes()] {
        let (exit, out, err) = bpp(&right, &["validate"]);
        assert_eq!((exit, out.as_str(), err.as_str()), (Exit::Ok, "valid: groups: 3, privileges: 4\n", ""));
    }
    let latin1: Vec<u8> = LIST.replace("sags", "s\u{e6}gs").chars().map(|c| c as u8).collect();
    let foreign = LIST.replace("itst.dk", "example.dk");
    for wrong in
        [&b""[..], b"hello?", STANDARD.encode(STANDARD.encode(LIST)).as_bytes(), foreign.as_bytes(), &latin1]
    {
        let (exit, out, _) = bpp(wrong, &["validate"]);
        assert_eq!(exit, Exit::CheckFailed);
        assert!(out.starts_with("refused: bpp.xml: expected "), "{out}");
        let (exit, out, _) = bpp(wrong, &["validate", "--json"]);
        let told: Value = serde_json::from_str(&out).unwrap();
        assert_eq!(
            (exit, &told["valid"], &told["reason"]),
            (Exit::CheckFailed, &json!(false), &json!("bpp.xml"))
        );
        for word in ["decode", "explain"] {
            let (exit, out, err) = bpp(wrong, &[word]);
            assert_eq!((exit, out.as_str()), (Exit::Usage, ""));
            assert!(err.contains("bpp.xml"), "{err}");
        }
    }
}

#[test]
fn a_list_is_explained_with_what_is_odd_about_it() {
    let (exit, out, _) = bpp(LIST, &["explain", "--reveal"]);
    assert_eq!(exit, Exit::Ok);
    for told in [
        "groups: 3, privileges: 4",
        "CVR 11111111    http://korsbaek.dk/roles/jobrole/sagsbehandler/1",
        "only http://sts.kombit.dk/constraints/KLE/1 = 27.45.00 or 32.30",
        "CPR 0101701234  urn:b",
        "! old namespace",
        "! plain XML",
        "! group 2: several privileges in one group",
        "! group 2: not the URI of a job function role",
        "! group 3: no scope: gives nothing",
    ] {
        assert!(out.contains(told), "{told}:\n{out}");
    }
    let usual = in_json(LIST, &["decode", "--reveal"])[0].clone();
    let (_, value, _) = bpp(json!([usual]).to_string(), &["encode"]);
    assert_eq!(in_json(&value, &["explain", "--json"])["warnings"], json!([]));
}

#[test]
fn numbers_of_persons_are_shown_only_when_they_are_asked_for() {
    for words in [&["decode"][..], &["explain"], &["explain", "--json"], &["validate", "--json"]] {
        let (exit, out, _) = bpp(LIST, words);
        assert_eq!(exit, Exit::Ok);
        assert!(!out.contains("0101701234") && !out.contains("0202702345"), "{words:?}: {out}");
    }
    let (exit, _, err) = bpp(bpp(LIST, &["decode"]).1, &["encode"]);
    assert_eq!(exit, Exit::Usage, "what was hidden cannot be written by mistake");
    assert!(err.contains("expected eight digits in se, ten in pu and cpr"), "{err}");
    let (_, out, _) = bpp(LIST, &["explain", "--reveal"]);
    assert!(out.contains("0101701234") && out.contains("0202702345"));
}
