//! What `metadata validate` promises: good metadata passes, and every mistake is found under its own name with what was
//! expected, what came, and what to do.

#![expect(clippy::expect_used, reason = "a test that cannot go on panics")]

use context_handler::cli::{Desk, Exit, run};
use context_handler::domain::id::{EntityId, MessageId};
use context_handler::domain::world::Clock;
use context_handler::protocol::keys::{Certificate, FileKey, Signer};
use context_handler::protocol::saml::metadata::{OurLogoutAddresses, OurMetadata};
use context_handler::system::SystemRandom;
use jiff::Timestamp;
use serde_json::Value;

const NOW: &str = "2026-11-21T10:00:00Z";

struct StoppedAt(Timestamp);

impl Clock for StoppedAt {
    fn now(&self) -> Timestamp {
        self.0
    }
}

fn key(pem: &[u8]) -> FileKey {
    FileKey::from_pem(pem, pem, None).expect("a key")
}

fn ours() -> FileKey {
    key(include_bytes!("../certs-dev/idp-korsbaek.pem"))
}

fn other() -> FileKey {
    key(include_bytes!("../certs-dev/idp-feddet.pem"))
}

fn written(as_idp: bool, signer: &FileKey) -> String {
    let certificates: [Certificate; 1] = [Signer::certificate(&ours()).clone()];
    let encryption = [Signer::certificate(&other()).clone()];
    let ours = OurMetadata {
        id: &MessageId::new("_m1").expect("an ID"),
        entity_id: &EntityId::new("https://party.example").expect("a name"),
        now: NOW.parse().expect("a time"),
        signing: &certificates,
        encryption: &encryption,
    };
    let logout = OurLogoutAddresses {
        browser: "https://party.example/slo".to_owned(),
        soap: "https://party.example/slo/soap".to_owned(),
    };
    let written = match as_idp {
        true => ours.write_idp("https://party.example/sso", &logout, signer),
        false => ours.write_sp("https://party.example/acs", &logout, signer),
    };
    written.expect("metadata").into_string()
}

fn validate(metadata: &str, at: &str) -> (Exit, Vec<Value>) {
    let (mut out, mut err) = (Vec::new(), Vec::new());
    let clock = StoppedAt(at.parse().expect("a time"));
    let mut input = metadata.as_bytes();
    let desk = Desk { input: &mut input, out: &mut out, err: &mut err, clock: &clock, random: &SystemRandom };
    let words = ["context-handler", "--json", "metadata", "validate", "-"];
    let exit = run(words.into_iter().map(Into::into), desk);
    let answer = String::from_utf8_lossy(&out).into_owned();
    (exit, serde_json::from_str(&answer).unwrap_or_else(|error| panic!("{error}: {answer}")))
}

/// The findings of one severity, by their names.
fn found(findings: &[Value], severity: &str) -> Vec<String> {
    let mut found: Vec<String> = findings
        .iter()
        .filter(|finding| finding["severity"] == severity)
        .map(|finding| finding["id"].as_str().unwrap_or_default().to_owned())
        .collect();
    found.dedup();
    found
}

#[test]
fn good_metadata_of_both_roles_passes() {
    let signer = ours();
    for as_idp in [true, false] {
        let (exit, findings) = validate(&written(as_idp, &signer), NOW);
        assert_eq!((exit, found(&findings, "error")), (Exit::Ok, vec![]), "{findings:#?}");
        assert_eq!(found(&findings, "warning"), Vec::<String>::new(), "{findings:#?}");
        let ok = found(&findings, "ok");
        for id in [
            "md.xml",
            "md.role",
            "md.usable",
            "md.key-strength",
            "md.key-expiry",
            "md.nameid",
            "md.slo",
            "md.signature",
        ] {
            assert!(ok.iter().any(|found| found == id), "{id} was not looked at: {ok:?}");
        }
    }
}

#[test]
fn every_mistake_is_found_under_its_own_name() {
    let (idp, sp) = (written(true, &ours()), written(false, &ours()));
    let https = "https://party.example/";
    let (sso, acs) = (format!("{https}sso"), format!("{https}acs"));
    let cut = |text: &str, from: &str, to: &str| {
        let begin = text.find(from).expect(from);
        let end = begin + text[begin..].find(to).expect(to) + to.len();
        format!("{}{}", &text[..begin], &text[end..])
    };
    for (id, broken) in [
        ("md.xml", idp[..idp.len() - 3].to_owned()),
        ("md.xml", format!("<!DOCTYPE a>{idp}")),
        ("md.entity", "<a/>".to_owned()),
        ("md.role", idp.replace("IDPSSODescriptor", "PDPDescriptor")),
        ("md.usable", idp.replace("SingleSignOnService", "Nothing")),
        ("md.location", idp.replace(&sso, "http://party.example/sso")),
        ("md.location", sp.replace(&acs, "javascript:alert(1)")),
        ("md.location", idp.replace("https://party.example/slo\"", "http://party.example/slo\"")),
        (
            "md.usable",
            sp.replace("https://party.example/slo\"", "https://party.example/slo?SAMLResponse=x\""),
        ),
        ("md.acs", sp.replace("AssertionConsumerService", "Nothing")),
        ("md.key-signing", idp.replace("use=\"signing\"", "use=\"encryption\"")),
        ("md.key", idp.replace("MII", "MIA")),
        ("md.signature", idp.replace(&sso, &format!("{sso}2"))),
        ("md.encryption", sp.replace("xmlenc11#aes", "xmlenc#cbc-aes")),
    ] {
        assert!(broken != idp && broken != sp, "{id}: nothing is broken");
        let (exit, findings) = validate(&broken, NOW);
        assert_eq!(exit, Exit::CheckFailed, "{id}: {findings:#?}");
        let finding = findings.iter().find(|finding| finding["id"] == id && finding["severity"] == "error");
        let finding = finding.unwrap_or_else(|| panic!("{id} is missing: {findings:#?}"));
        for told in ["expected", "received", "fix"] {
            assert!(finding[told].as_str().is_some_and(|text| !text.is_empty()), "{id} has no {told}");
        }
    }
    let (_, findings) = validate(&cut(&idp, "<ds:Signature", "</ds:Signature>"), NOW);
    assert!(found(&findings, "warning").contains(&"md.signature".to_owned()), "{findings:#?}");
    assert!(found(&findings, "error").is_empty(), "{findings:#?}");
}

#[test]
fn a_party_that_cannot_be_told_of_a_logout_is_warned_of_and_works() {
    for whole in [written(true, &ours()), written(false, &ours())] {
        let mute = whole.replace("SingleLogoutService", "Nothing");
        let by_post_only = whole.replacen("HTTP-Redirect", "HTTP-Artifact", 1);
        for told in [mute, by_post_only] {
            let (_, findings) = validate(&told, NOW);
            assert_eq!(found(&findings, "warning"), ["md.slo"], "{findings:#?}");
            let usable = findings.iter().find(|finding| finding["id"] == "md.usable").expect("a finding");
            assert_eq!(usable["severity"], "ok");
        }
    }
}

#[test]
fn time_is_judged_by_the_clock() {
    let idp = written(true, &ours());
    let (exit, findings) = validate(&idp, "2026-12-05T09:59:59Z");
    assert_eq!((exit, found(&findings, "error")), (Exit::Ok, vec![]));
    let (exit, findings) = validate(&idp, "2026-12-05T10:00:00Z");
    assert_eq!((exit, found(&findings, "error")), (Exit::CheckFailed, vec!["md.valid-until".to_owned()]));

    let holds = idp.replace(" validUntil=\"2026-12-05T10:00:00Z\"", "");
    let end = Signer::certificate(&ours()).not_after();
    let days_before = |days: i64| (end - jiff::SignedDuration::from_hours(24 * days)).to_string();
    assert_eq!(found(&validate(&holds, &days_before(31)).1, "error"), ["md.signature"], "it was changed");
    assert!(!found(&validate(&holds, &days_before(31)).1, "warning").contains(&"md.key-expiry".to_owned()));
    assert!(found(&validate(&holds, &days_before(29)).1, "warning").contains(&"md.key-expiry".to_owned()));
    assert!(found(&validate(&holds, &days_before(-1)).1, "error").contains(&"md.key-expiry".to_owned()));
}

#[test]
fn who_signed_is_told() {
    let (exit, findings) = validate(&written(true, &other()), NOW);
    assert_eq!(exit, Exit::Ok);
    let signature = findings.iter().find(|finding| finding["id"] == "md.signature").expect("a finding");
    assert_eq!(signature["severity"], "warning");
    let subject = Signer::certificate(&other()).subject().to_owned();
    assert_eq!(signature["received"], format!("another key: {subject}"));
}

#[test]
fn what_a_fagsystem_will_be_sent_is_told() {
    let sp = written(false, &ours());
    let (_, findings) = validate(&sp, NOW);
    let chosen = |findings: &[Value]| {
        let finding = findings.iter().find(|finding| finding["id"] == "md.encryption").expect("a finding");
        finding["received"].as_str().unwrap_or_default().to_owned()
    };
    assert!(chosen(&findings).contains("aes256-gcm"), "{}", chosen(&findings));
    let (_, findings) = validate(&sp.replace("aes256-gcm", "aes256-cbc"), NOW);
    assert!(chosen(&findings).contains("aes128-gcm"), "{}", chosen(&findings));
}
