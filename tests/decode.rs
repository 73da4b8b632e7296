//! What `decode` promises: it recognises whatever somebody has at hand, tells its facts, and hides who it is about.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use context_handler::cli::{Desk, Exit, run};
use context_handler::protocol::keys::FileKey;
use context_handler::protocol::saml::binding::{Carries, redirect_to};
use context_handler::system::{SystemClock, SystemRandom};
use serde_json::Value;

const REQUEST: &str = r#"<samlp:AuthnRequest xmlns:samlp="urn:oasis:names:tc:SAML:2.0:protocol" ID="_q1" Version="2.0" IssueInstant="2026-11-21T10:00:00Z" Destination="https://login.example.dk/saml/idp/sso" ForceAuthn="true"><saml:Issuer xmlns:saml="urn:oasis:names:tc:SAML:2.0:assertion">https://bbr.example</saml:Issuer></samlp:AuthnRequest>"#;

const ASSERTION: &str = r##"<saml:Assertion xmlns:saml="urn:oasis:names:tc:SAML:2.0:assertion" ID="_a1" Version="2.0" IssueInstant="2026-11-21T10:00:00Z"><saml:Issuer>https://idp.korsbaek.example</saml:Issuer><saml:Subject><saml:NameID>C=DK,O=11111111,CN=Ib Dam,Serial=5b0c</saml:NameID></saml:Subject><saml:AuthnStatement><saml:SubjectLocality Address="192.0.2.7"/></saml:AuthnStatement><saml:AttributeStatement><saml:Attribute Name="https://data.gov.dk/model/core/eid/professional/cvr"><saml:AttributeValue>11111111</saml:AttributeValue></saml:Attribute><saml:Attribute Name="https://data.gov.dk/model/core/eid/cprNumber"><saml:AttributeValue>0101701234</saml:AttributeValue></saml:Attribute><saml:Attribute Name="urn:x"><saml:AttributeValue><x>Ib</x></saml:AttributeValue></saml:Attribute></saml:AttributeStatement></saml:Assertion>"##;

const PRIVILEGES: &str = r#"<bpp:PrivilegeList xmlns:bpp="http://digst.dk/oiosaml/basic_privilege_profile"><PrivilegeGroup Scope="urn:dk:gov:saml:cvrNumberIdentifier:11111111"><Privilege>urn:dk:kombit:bbr:read</Privilege></PrivilegeGroup></bpp:PrivilegeList>"#;

fn decode(input: &str, words: &[&str]) -> (Exit, String, String) {
    let (mut out, mut err) = (Vec::new(), Vec::new());
    let mut input = input.as_bytes();
    let desk =
        Desk { input: &mut input, out: &mut out, err: &mut err, clock: &SystemClock, random: &SystemRandom };
    let exit = run(["context-handler", "decode"].iter().chain(words).map(Into::into), desk);
    (exit, String::from_utf8_lossy(&out).into_owned(), String::from_utf8_lossy(&err).into_owned())
}

fn decoded(input: &str, words: &[&str]) -> Value {
    let (exit, out, err) = decode(input, &[&["--json"], words].concat());
    assert_eq!(exit, Exit::Ok, "{err}");
    serde_json::from_str(&out).unwrap_or_else(|error| panic!("{error}: {out}"))
}

fn fact<'v>(decoded: &'v Value, name: &str) -> &'v str {
    let found = decoded["facts"].as_array().into_iter().flatten().find(|fact| fact["name"] == name);
    found.and_then(|fact| fact["value"].as_str()).unwrap_or_else(|| panic!("no {name} in {decoded:#}"))
}

#[test]
fn a_message_is_recognised_in_every_form_that_somebody_has_at_hand() {
    let pem = include_bytes!("../certs-dev/sp-oiosaml3.pem");
    let key = FileKey::from_pem(pem, pem, None).expect("a key");
    let sso = "https://login.example.dk/saml/idp/sso";
    let address = redirect_to(sso, Carries::Request, REQUEST, Some("tab 7"), &key).expect("an address");
    let query = address.split_once('?').expect("a query").1;
    let value = query.split(['=', '&']).nth(1).expect("a value");
    let encoded = STANDARD.encode(REQUEST);
    for (input, came_as) in [
        (address.clone(), "an address, Redirect"),
        (query.to_owned(), "an address, Redirect"),
        (value.to_owned(), "the value of an address: compressed, in base64"),
        (format!("SAMLRequest={}", encoded.replace('=', "%3D").replace('+', "%2B")), "a form, POST"),
        (format!("{encoded}\n"), "base64"),
        (format!("\n{REQUEST}\n"), "XML"),
    ] {
        let decoded = decoded(&input, &[]);
        assert_eq!(decoded["came_as"], came_as);
        assert_eq!(decoded["kind"], "AuthnRequest, SAML 2.0 message");
        assert_eq!(fact(&decoded, "AuthnRequest Issuer"), "https://bbr.example");
        assert_eq!(fact(&decoded, "AuthnRequest ForceAuthn"), "true");
    }
    let decoded = decoded(&address, &[]);
    assert_eq!(fact(&decoded, "relay state"), "tab 7");
    assert!(fact(&decoded, "signature beside the message").ends_with("#rsa-sha256"));
}

#[test]
fn a_privilege_value_is_shown_as_what_it_is() {
    for input in [PRIVILEGES.to_owned(), STANDARD.encode(PRIVILEGES)] {
        let decoded = decoded(&input, &[]);
        assert_eq!(decoded["kind"], "PrivilegeList, OIO Basic Privilege Profile");
        assert_eq!(
            fact(&decoded, "PrivilegeList PrivilegeGroup Scope"),
            "urn:dk:gov:saml:cvrNumberIdentifier:11111111"
        );
        assert!(
            decoded["xml"].as_str().is_some_and(|xml| xml.contains("    <Privilege>urn:dk:kombit:bbr:read<"))
        );
    }
}

#[test]
fn personal_data_is_shown_only_when_it_is_asked_for() {
    let (exit, out, _) = decode(ASSERTION, &[]);
    assert_eq!(exit, Exit::Ok);
    for personal in ["Ib", "5b0c", "0101701234", "192.0.2.7"] {
        assert!(!out.contains(personal), "{personal} is shown: {out}");
    }
    assert!(out.contains("C=DK,O=11111111,CN=***,Serial=***"), "{out}");
    assert!(out.contains("<saml:AttributeValue>11111111</saml:AttributeValue>"), "{out}");
    let (_, out, _) = decode(ASSERTION, &["--reveal"]);
    for personal in ["CN=Ib Dam,Serial=5b0c", ">0101701234<", "<x>Ib</x>", "192.0.2.7"] {
        assert!(out.contains(personal), "{personal} is hidden: {out}");
    }
}

#[test]
fn what_a_stranger_wrote_does_nothing_to_the_terminal() {
    let form = format!(
        "SAMLRequest={}&RelayState=%1B%5D0%3Bowned%07%E2%80%AE",
        STANDARD.encode(REQUEST).replace('+', "%2B")
    );
    let (exit, out, _) = decode(&form, &[]);
    assert_eq!(exit, Exit::Ok);
    assert!(out.contains("\u{fffd}]0;owned\u{fffd}\u{fffd}"), "{out:?}");
    assert!(!out.chars().any(|c| (c.is_control() && c != '\n') || c == '\u{202e}'), "{out:?}");
}

#[test]
fn what_is_no_message_is_told_with_its_reason() {
    for (input, reason) in
        [("", "encoding.base64"), ("hello?", "encoding.base64"), ("<!DOCTYPE a><a/>", "xml.doctype")]
    {
        let (exit, out, err) = decode(input, &[]);
        assert_eq!((exit, out.as_str()), (Exit::Usage, ""), "{input}");
        assert!(err.contains(reason), "{input}: {err}");
    }
}
