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

/// The findings of one verdict, by their checks.
fn found(findings: &[Value], verdict: &str) -> Vec<String> {
    let mut found: Vec<String> = findings
        .iter()
        .filter(|finding| finding["verdict"] == verdict)
        .map(|finding| finding["check"].as_str().unwrap_or_default().to_owned())
        .collect();
    found.dedup();
    found
}

/// The reasons of all that is not as it should be.
fn reasons(findings: &[Value]) -> Vec<String> {
    findings.iter().filter_map(|finding| finding["reason"].as_str().map(str::to_owned)).collect()
}

fn cut(text: &str, from: &str, to: &str) -> String {
    let begin = text.find(from).expect(from);
    let end = begin + text[begin..].find(to).expect(to) + to.len();
    format!("{}{}", &text[..begin], &text[end..])
}

#[test]
fn good_metadata_of_both_roles_passes() {
    let signer = ours();
    for as_idp in [true, false] {
        let (exit, findings) = validate(&written(as_idp, &signer), NOW);
        assert_eq!((exit, found(&findings, "fail")), (Exit::Ok, vec![]), "{findings:#?}");
        assert_eq!(found(&findings, "warning"), Vec::<String>::new(), "{findings:#?}");
        let passed = found(&findings, "pass");
        for check in [
            "metadata.xml",
            "metadata.schema",
            "metadata.entity",
            "metadata.valid",
            "metadata.usable",
            "metadata.locations",
            "metadata.endpoints",
            "metadata.keys",
            "metadata.nameid",
            "metadata.signature",
            "certificate.expiry",
            "certificate.key",
            "certificate.owner",
        ] {
            assert!(passed.iter().any(|found| found == check), "{check} was not looked at: {passed:?}");
        }
        for finding in &findings {
            for told in [&finding["title"], &finding["why"]] {
                assert!(told["da"].is_string() && told["en"].is_string(), "{finding}");
            }
        }
    }
}

#[test]
fn every_mistake_is_found_by_its_own_check_with_its_reason_and_what_to_do() {
    let (idp, sp) = (written(true, &ours()), written(false, &ours()));
    let https = "https://party.example/";
    let (sso, acs) = (format!("{https}sso"), format!("{https}acs"));
    for (check, reason, broken) in [
        ("metadata.xml", "xml.malformed", idp[..idp.len() - 3].to_owned()),
        ("metadata.xml", "xml.doctype", format!("<!DOCTYPE a>{idp}")),
        ("metadata.entity", "md.refused", "<a/>".to_owned()),
        ("metadata.usable", "md.refused", idp.replace("IDPSSODescriptor", "PDPDescriptor")),
        ("metadata.usable", "md.refused", idp.replace("SingleSignOnService", "Nothing")),
        ("metadata.locations", "admin.acs", idp.replace(&sso, "http://party.example/sso")),
        ("metadata.locations", "admin.acs", sp.replace(&acs, "javascript:alert(1)")),
        (
            "metadata.locations",
            "admin.acs",
            idp.replace("https://party.example/slo\"", "http://party.example/slo\""),
        ),
        (
            "metadata.usable",
            "param.shadow",
            sp.replace("https://party.example/slo\"", "https://party.example/slo?SAMLResponse=x\""),
        ),
        ("metadata.endpoints", "md.endpoint", sp.replace("AssertionConsumerService", "Nothing")),
        ("metadata.keys", "md.key", idp.replace("use=\"signing\"", "use=\"encryption\"")),
        ("metadata.keys", "md.key", idp.replace("MII", "MIA")),
        ("metadata.signature", "sig.invalid", idp.replace(&sso, &format!("{sso}2"))),
        ("metadata.encryption", "alg.refused", sp.replace("xmlenc11#aes", "xmlenc#cbc-aes")),
    ] {
        assert!(broken != idp && broken != sp, "{check}: nothing is broken");
        let (exit, findings) = validate(&broken, NOW);
        assert_eq!(exit, Exit::CheckFailed, "{check}: {findings:#?}");
        let finding =
            findings.iter().find(|finding| finding["check"] == check && finding["verdict"] == "fail");
        let finding = finding.unwrap_or_else(|| panic!("{check} is missing: {findings:#?}"));
        assert_eq!(finding["reason"], reason, "{finding:#?}");
        for told in [&finding["fix"]["da"], &finding["fix"]["en"], &finding["expected"]] {
            assert!(told.as_str().is_some_and(|text| !text.is_empty()), "{finding:#?}");
        }
    }
}

#[test]
fn what_works_here_and_may_not_elsewhere_is_warned_of() {
    let (idp, sp) = (written(true, &ours()), written(false, &ours()));
    let unsigned = |text: &str| cut(text, "<ds:Signature", "</ds:Signature>");
    let (idp, sp) = (unsigned(&idp), unsigned(&sp));
    for (check, reason, odd) in [
        ("metadata.signature", "md.unsigned", idp.clone()),
        ("metadata.nameid", "nameid.format", idp.replace("1.1:nameid-format:X509SubjectName", "2.0:x")),
        (
            "metadata.endpoints",
            "md.endpoint",
            cut(&idp, "<md:SingleSignOnService", "/md:SingleSignOnService>"),
        ),
        (
            "metadata.endpoints",
            "slo.missing",
            cut(&idp, "<md:SingleLogoutService", "/md:SingleLogoutService>"),
        ),
        (
            "metadata.keys",
            "enc.missing",
            cut(&sp, "<md:KeyDescriptor use=\"encryption\"", "/md:KeyDescriptor>"),
        ),
        ("metadata.requests-signed", "sig.missing", sp.replace(" AuthnRequestsSigned=\"true\"", "")),
        ("metadata.indexes", "md.endpoint", sp.replace(" index=\"0\"", "")),
    ] {
        let (exit, findings) = validate(&odd, NOW);
        assert_eq!(exit, Exit::Ok, "{check}: {findings:#?}");
        let finding = findings.iter().find(|finding| finding["reason"] == reason);
        let finding = finding.unwrap_or_else(|| panic!("{reason} is missing: {findings:#?}"));
        assert_eq!((&finding["check"], &finding["verdict"]), (&check.into(), &"warning".into()));
    }
}

#[test]
fn the_structure_is_the_one_of_the_schema() {
    let unsigned = |as_idp| cut(&written(as_idp, &ours()), "<ds:Signature", "</ds:Signature>");
    let (idp, sp) = (unsigned(true), unsigned(false));
    let schema = |metadata: &str| -> Vec<(String, String, String)> {
        let findings = validate(metadata, NOW).1;
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let schema = findings.iter().filter(|finding| finding["check"] == "metadata.schema");
        let wrong = schema.filter(|finding| finding["verdict"] != "pass");
        wrong.map(|f| (text(&f["about"]), text(&f["expected"]), text(&f["received"]))).collect()
    };
    assert_eq!((schema(&idp), schema(&sp)), (vec![], vec![]));
    for (name, metadata) in [
        ("korsbaek", include_str!("../metadata/korsbaek.xml")),
        ("bbr", include_str!("../metadata/bbr.xml")),
        ("rights", include_str!("../metadata/feddet-rettigheder.xml")),
    ] {
        assert_eq!(schema(metadata), vec![], "{name}");
    }
    let format =
        "<md:NameIDFormat>urn:oasis:names:tc:SAML:1.1:nameid-format:X509SubjectName</md:NameIDFormat>";
    let late = idp.replace("</md:IDPSSODescriptor>", &format!("{format}</md:IDPSSODescriptor>"));
    for (broken, place, expected, received) in [
        (late, "NameIDFormat", "SingleSignOnService", "NameIDFormat"),
        (idp.replace("use=\"signing\"", "use=\"sign\""), "KeyDescriptor", "@use", "sign"),
        (idp.replace(" entityID=", " EntityID="), "EntityDescriptor", "@entityID", "–"),
        (sp.replace(" index=\"0\"", ""), "AssertionConsumerService", "@index", "–"),
        (sp.replace(" index=\"0\"", " index=\"one\""), "AssertionConsumerService", "@index 0…65535", "one"),
        (
            sp.replace("AssertionConsumerService", "Nothing"),
            "SPSSODescriptor",
            "AssertionConsumerService",
            "–",
        ),
        (
            idp.replace("X509Data", "KeyName").replace("ds:KeyInfo", "md:KeyInfo"),
            "KeyDescriptor",
            "ds:KeyInfo",
            "–",
        ),
        (
            idp.replace("</md:EntityDescriptor>", "<md:ContactPerson/></md:EntityDescriptor>"),
            "ContactPerson",
            "@contactType",
            "–",
        ),
    ] {
        assert!(broken != idp && broken != sp, "{place}: nothing is broken");
        let wrong = schema(&broken);
        let fits = |(at, wanted, got): &(String, String, String)| {
            at.starts_with(place) && wanted.starts_with(expected) && got == received
        };
        assert!(wrong.iter().any(fits), "{place} {expected} {received}: {wrong:#?}");
    }
}

/// One mistake in each line: what is replaced by what in the metadata of an identity provider, where that is told, what
/// was expected there, and what came.
#[test]
fn every_rule_of_the_schema_is_broken_once_and_told() {
    const ROLE: &str = "</md:IDPSSODescriptor>";
    const PARTY: &str = "</md:EntityDescriptor>";
    const SSO: &str = "<md:SingleSignOnService";
    let organization = |name: &str, url: &str| {
        format!(
            "<md:Organization><md:OrganizationName{name}>K</md:OrganizationName>\
             <md:OrganizationDisplayName xml:lang=\"da\">K</md:OrganizationDisplayName>\
             <md:OrganizationURL xml:lang=\"da\">{url}</md:OrganizationURL></md:Organization>{PARTY}"
        )
    };
    let (danish, url) = (" xml:lang=\"da\"", "https://korsbaek.test/");
    let mut idp = cut(&written(true, &ours()), "<ds:Signature", "</ds:Signature>");
    for attribute in [" cacheDuration=\"", " validUntil=\"", " WantAuthnRequestsSigned=\""] {
        while let Some((before, after)) = idp.split_once(attribute) {
            idp = format!("{before}{}", after.split_once('"').expect("the end of a value").1);
        }
    }
    let schema = |metadata: &str| -> Vec<[String; 3]> {
        let findings = validate(metadata, NOW).1;
        let wrong =
            findings.iter().filter(|one| one["check"] == "metadata.schema" && one["verdict"] != "pass");
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        wrong.map(|one| [text(&one["about"]), text(&one["expected"]), text(&one["received"])]).collect()
    };
    let whole = idp.replace(PARTY, &organization(danish, url));
    assert_eq!(schema(&whole), Vec::<[String; 3]>::new(), "and every part that is right is taken");
    let mistakes: Vec<(&str, String, &str, &str, &str)> = vec![
        (PARTY, organization("", url), "OrganizationName", "@xml:lang", "–"),
        (PARTY, organization(danish, "korsbaek test"), "OrganizationURL", "xs:anyURI", "korsbaek test"),
        (PARTY, format!("<md:Organization/>{PARTY}"), "Organization", "OrganizationName", "–"),
        (PARTY, format!("words{PARTY}"), "EntityDescriptor", "–", "text"),
        (
            "<md:NameIDFormat",
            "<md:SingleLogoutService Binding=\"urn:b\" Location=\"urn:l\">x</md:SingleLogoutService><md:NameIDFormat".to_owned(),
            "SingleLogoutService",
            "–",
            "text",
        ),
        (PARTY, format!("<md:Nothing/>{PARTY}"), "Nothing", "IDPSSODescriptor", "Nothing"),
        (
            PARTY,
            format!("<md:ContactPerson contactType=\"it\"/>{PARTY}"),
            "ContactPerson",
            "@contactType technical",
            "it",
        ),
        (
            PARTY,
            format!(
                "<md:ContactPerson contactType=\"other\"><md:SurName/><md:GivenName/></md:ContactPerson>{PARTY}"
            ),
            "GivenName",
            "SurName",
            "GivenName",
        ),
        (
            PARTY,
            format!("<md:AdditionalMetadataLocation>{url}</md:AdditionalMetadataLocation>{PARTY}"),
            "AdditionalMetadataLocation",
            "@namespace",
            "–",
        ),
        (
            PARTY,
            format!(
                "<md:AffiliationDescriptor affiliationOwnerID=\"{url}\"><md:AffiliateMember>{url}</md:AffiliateMember>\
                 </md:AffiliationDescriptor>{PARTY}"
            ),
            "EntityDescriptor",
            "AffiliationDescriptor",
            "IDPSSODescriptor, AffiliationDescriptor",
        ),
        (
            " entityID=\"",
            " entity=\"a\" entityID=\"".to_owned(),
            "EntityDescriptor",
            "@entityID, @validUntil",
            "@entity",
        ),
        (" entityID=\"", " entityID=\" a ".to_owned(), "EntityDescriptor", "@entityID xs:anyURI", " a "),
        (
            " entityID=\"",
            " cacheDuration=\"3600\" entityID=\"".to_owned(),
            "EntityDescriptor",
            "@cacheDuration xs:duration",
            "3600",
        ),
        (
            " entityID=\"",
            " validUntil=\"2030-01-01\" entityID=\"".to_owned(),
            "EntityDescriptor",
            "@validUntil xs:dateTime",
            "2030-01-01",
        ),
        (
            "protocolSupportEnumeration=\"",
            "errorURL=\"a b\" protocolSupportEnumeration=\"".to_owned(),
            "IDPSSODescriptor",
            "@errorURL xs:anyURI",
            "a b",
        ),
        (
            "protocolSupportEnumeration=\"",
            "WantAuthnRequestsSigned=\"yes\" protocolSupportEnumeration=\"".to_owned(),
            "IDPSSODescriptor",
            "@WantAuthnRequestsSigned true | false",
            "yes",
        ),
        (
            "protocolSupportEnumeration=\"",
            "AuthnRequestsSigned=\"true\" protocolSupportEnumeration=\"".to_owned(),
            "IDPSSODescriptor",
            "@protocolSupportEnumeration, @ID",
            "@AuthnRequestsSigned",
        ),
        ("<md:KeyDescriptor", "<md:Extensions/><md:KeyDescriptor".to_owned(), "Extensions", "##other", "–"),
        (
            "<md:KeyDescriptor",
            "<md:Extensions><md:NameIDFormat/></md:Extensions><md:KeyDescriptor".to_owned(),
            "NameIDFormat",
            "##other",
            "NameIDFormat",
        ),
        (
            SSO,
            "<md:SingleSignOnService ResponseLocation=\"\" ".to_owned(),
            "SingleSignOnService",
            "@ResponseLocation",
            "",
        ),
        (SSO, format!("<md:NameIDFormat>a b</md:NameIDFormat>{SSO}"), "NameIDFormat", "xs:anyURI", "a b"),
        (SSO, format!("<md:ArtifactResolutionService/>{SSO}"), "ArtifactResolutionService", "@index", "–"),
        (
            ROLE,
            format!("<saml:Attribute xmlns:saml=\"urn:oasis:names:tc:SAML:2.0:assertion\"/>{ROLE}"),
            "saml:Attribute",
            "@Name",
            "–",
        ),
        (
            ROLE,
            format!("<md:AttributeProfile><md:X/></md:AttributeProfile>{ROLE}"),
            "AttributeProfile",
            "text",
            "X",
        ),
    ];
    for (from, to, place, expected, received) in mistakes {
        assert!(idp.contains(from), "{from}");
        let wrong = schema(&idp.replacen(from, &to, 1));
        let fits = |[at, wanted, got]: &[String; 3]| {
            at.starts_with(place) && wanted.starts_with(expected) && got.starts_with(received)
        };
        assert!(wrong.iter().any(fits), "{place} {expected} {received}: {wrong:#?}");
    }
}

#[test]
fn a_party_that_cannot_be_told_of_a_logout_is_warned_of_and_works() {
    for whole in [written(true, &ours()), written(false, &ours())] {
        let mute = whole.replace("SingleLogoutService", "Nothing");
        let by_post_only = whole.replacen("HTTP-Redirect", "HTTP-Artifact", 1);
        for told in [mute, by_post_only] {
            let (_, findings) = validate(&told, NOW);
            assert!(reasons(&findings).contains(&"slo.missing".to_owned()), "{findings:#?}");
            let usable =
                findings.iter().find(|finding| finding["check"] == "metadata.usable").expect("a finding");
            assert_eq!(usable["verdict"], "pass");
        }
    }
}

#[test]
fn time_is_judged_by_the_clock() {
    let idp = written(true, &ours());
    let (exit, findings) = validate(&idp, "2026-12-05T09:59:59Z");
    assert_eq!((exit, found(&findings, "fail")), (Exit::Ok, vec![]));
    let (exit, findings) = validate(&idp, "2026-12-05T10:00:00Z");
    assert_eq!((exit, found(&findings, "fail")), (Exit::CheckFailed, vec!["metadata.valid".to_owned()]));
    assert_eq!(reasons(&findings), ["md.expired"]);

    let holds = idp.replace(" validUntil=\"2026-12-05T10:00:00Z\"", "");
    let end = Signer::certificate(&ours()).not_after();
    let days_before = |days: i64| (end - jiff::SignedDuration::from_hours(24 * days)).to_string();
    let expiry = |days: i64| {
        let findings = validate(&holds, &days_before(days)).1;
        let finding =
            findings.iter().find(|finding| finding["check"] == "certificate.expiry").expect("a finding");
        (finding["verdict"].clone(), finding["reason"].clone())
    };
    assert_eq!(
        found(&validate(&holds, &days_before(31)).1, "fail"),
        ["metadata.signature"],
        "it was changed"
    );
    assert_eq!(expiry(31), ("pass".into(), Value::Null));
    assert_eq!(expiry(29), ("warning".into(), "cert.expiring".into()));
    assert_eq!(expiry(0), ("fail".into(), "key.expired".into()));
}

#[test]
fn an_attribute_service_is_judged_by_what_is_asked_of_it() {
    let service = include_str!("../metadata/feddet-rettigheder.xml");
    let (exit, findings) = validate(service, NOW);
    assert_eq!((exit, found(&findings, "fail")), (Exit::Ok, vec![]), "{findings:#?}");
    assert_eq!(reasons(&findings), ["md.unsigned"]);
    let passed = found(&findings, "pass");
    for check in ["metadata.usable", "metadata.endpoints", "metadata.keys", "certificate.key"] {
        assert!(passed.iter().any(|found| found == check), "{check} was not looked at: {passed:?}");
    }
    let (exit, findings) = validate(&service.replace("bindings:SOAP", "bindings:PAOS"), NOW);
    assert_eq!(exit, Exit::CheckFailed);
    assert!(reasons(&findings).contains(&"md.endpoint".to_owned()), "{findings:#?}");
}

#[test]
fn who_signed_is_told() {
    let (exit, findings) = validate(&written(true, &other()), NOW);
    assert_eq!(exit, Exit::Ok);
    let signature =
        findings.iter().find(|finding| finding["check"] == "metadata.signature").expect("a finding");
    assert_eq!((&signature["verdict"], &signature["reason"]), (&"warning".into(), &"key.untrusted".into()));
    assert_eq!(signature["received"], Signer::certificate(&other()).subject());
}

#[test]
fn what_a_fagsystem_will_be_sent_is_told() {
    let sp = written(false, &ours());
    let chosen = |findings: &[Value], told: &str| {
        let finding =
            findings.iter().find(|finding| finding["check"] == "metadata.encryption").expect("a finding");
        finding[told].as_str().unwrap_or_default().to_owned()
    };
    let (_, findings) = validate(&sp, NOW);
    assert!(chosen(&findings, "received").contains("aes256-gcm"), "{findings:#?}");
    let (_, findings) = validate(&sp.replace("aes256-gcm", "aes256-cbc"), NOW);
    assert!(chosen(&findings, "received").contains("aes128-gcm"), "{findings:#?}");
}

#[test]
fn the_terminal_tells_what_to_do() {
    let (mut out, mut err) = (Vec::new(), Vec::new());
    let idp = written(true, &ours());
    let unsigned = cut(&idp, "<ds:Signature", "</ds:Signature>");
    let clock = StoppedAt(NOW.parse().expect("a time"));
    let mut input = unsigned.as_bytes();
    let desk = Desk { input: &mut input, out: &mut out, err: &mut err, clock: &clock, random: &SystemRandom };
    run(["context-handler", "metadata", "validate", "-"].into_iter().map(Into::into), desk);
    let text = String::from_utf8_lossy(&out).into_owned();
    let line = text.lines().position(|line| line.starts_with("warning  metadata.signature: It is signed"));
    let line = line.unwrap_or_else(|| panic!("{text}"));
    let fix = context_handler::domain::reason::Reason::MdUnsigned.explanation().fix.en;
    assert_eq!(text.lines().nth(line + 1).map(str::trim), Some(fix));
}
