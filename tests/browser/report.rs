//! Trust reports as a run would write them: one where all is well, one with warnings, one where nothing works, and one
//! full of text that would like to be markup.

#![expect(clippy::unwrap_used, reason = "test data")]

use context_handler::domain::assurance::Rule;
use context_handler::domain::id::{Cvr, EntityId, LoginId};
use context_handler::domain::reason::Reason;
use context_handler::domain::trust::{
    Assurance, Attribute, Becomes, Certified, Check, Finding, Message, Moment, Name, Preview, Report, Role,
    Scenario, Service, Shown, Timing, verdict,
};
use jiff::Timestamp;

const IDP: &str = "https://saml.korsbaek.example/idp";
const US: &str = "https://context-handler.example/saml/sp";
const ACS: &str = "https://context-handler.example/saml/sp/acs";
const BBR: &str = "https://saml.bbr.example/";

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn texts<const N: usize>(texts: [&str; N]) -> Vec<String> {
    texts.map(str::to_owned).to_vec()
}

/// A run in which all is well.
pub(crate) fn green() -> Report {
    let ours = "_6f1c0e2a9b";
    let findings = vec![
        Finding::pass(Check::LetIn, "", "login.ok"),
        Finding::pass(Check::Preview, "", BBR),
        Finding::pass(Check::Arrived, "POST", "POST, 8,9 kB"),
        Finding::pass(Check::RelayState, "2f7b1c", "2f7b1c"),
        Finding::pass(Check::Cookie, "", ""),
        Finding::pass(Check::Status, "Success", "Success"),
        Finding::pass(Check::InResponseTo, ours, ours),
        Finding::pass(Check::Issuer, IDP, IDP),
        Finding::pass(Check::OneAssertion, "1", "1"),
        Finding::pass(Check::Once, "", "_a91d77"),
        Finding::pass(Check::Signed, "", "Assertion"),
        Finding::not_applicable(Check::SignedResponse, "–"),
        Finding::pass(Check::SignedAssertion, "", "rsa-sha256, exc-c14n"),
        Finding::pass(Check::SigningKey, "", "043e26d2a7f1"),
        Finding::pass(Check::CertificateExpiry, "≥ 30", "412").about("Korsbæk login, signing"),
        Finding::pass(Check::CertificateKey, "RSA ≥ 2048", "RSA 3072").about("Korsbæk login, signing"),
        Finding::not_applicable(Check::CertificateRevoked, "–").about("Korsbæk login, signing"),
        Finding::pass(Check::Opens, "", "AES-256-GCM, RSA-OAEP (SHA-256, MGF1 SHA-256)"),
        Finding::pass(Check::Encrypted, "", "EncryptedAssertion"),
        Finding::pass(Check::IssuedAt, "10:48:29 – 10:53:29", "10:48:38"),
        Finding::pass(Check::Conditions, "10:48:33 – 10:53:38", "10:48:38"),
        Finding::pass(Check::SessionEnd, "> 10:48:38", "18:48:38"),
        Finding::pass(Check::Skew, "± 60 s", "+ 1,2 s"),
        Finding::pass(Check::Audience, US, US),
        Finding::pass(Check::Destination, ACS, ACS),
        Finding::pass(Check::Confirmation, "bearer", "bearer"),
        Finding::pass(
            Check::NameForm,
            "C=DK,O=<CVR>,CN=<name>,Serial=<id>",
            "C=DK,O=11111111,CN=A***,Serial=a1***",
        ),
        Finding::pass(Check::NameTenant, "11111111", "11111111"),
        Finding::pass(Check::Profile, "OIO-SAML-3.0", "OIO-SAML-3.0"),
        Finding::pass(Check::AttributeCvr, "11111111", "11111111"),
        Finding::pass(Check::RightsReadable, "OIOBPP", "OIOBPP"),
        Finding::pass(Check::RightsPresent, "≥ 1", "3"),
        Finding::pass(Check::RightsKnown, "3", "3"),
        Finding::pass(Check::RightsMapped, "≥ 1", "2"),
        Finding::not_applicable(Check::ServiceAnswered, "–"),
        Finding::pass(Check::LevelStated, "NSIS Substantial", "NSIS Substantial"),
        Finding::pass(Check::LevelCeiling, "≤ NSIS Substantial", "NSIS Substantial"),
        Finding::pass(Check::LevelEnough, "≥ NSIS Substantial", "NSIS Substantial"),
    ];
    of(findings, shown())
}

/// A run that works, with two things that will not work for long.
pub(crate) fn yellow() -> Report {
    let mut report = green();
    replace(
        &mut report,
        Finding::warning(Check::CertificateExpiry, Reason::KeyExpired, "≥ 30", "12")
            .about("Korsbæk login, signing"),
    );
    replace(
        &mut report,
        Finding::warning(Check::Skew, Reason::TimeIssue, "± 60 s", "+ 47,3 s")
            .with_evidence("IssueInstant 2026-11-21T10:49:25Z, arrived 2026-11-21T10:48:38Z"),
    );
    report.shown.certificates[0].not_after = at("2026-12-03T12:00:00Z");
    if let Some(timing) = &mut report.shown.timing {
        timing.skew = 47_300;
        timing.moments[4].at = at("2026-11-21T10:49:25Z");
    }
    report.verdict = verdict(&report.findings);
    report
}

/// A run in which much is wrong at once.
pub(crate) fn red() -> Report {
    let mut report = yellow();
    let detail =
        "expected https://context-handler.example/saml/sp, got https://context-handler.example/saml/sp/";
    for finding in [
        Finding::fail(Check::LetIn, Reason::Audience, "login.ok", "audience").with_evidence(detail),
        Finding::not_applicable(Check::Preview, "–"),
        Finding::fail(Check::Issuer, Reason::IssuerMismatch, IDP, "https://saml.korsbaek.example/idp/")
            .with_evidence(
                "expected https://saml.korsbaek.example/idp, got https://saml.korsbaek.example/idp/",
            ),
        Finding::fail(Check::Audience, Reason::Audience, US, "https://context-handler.example/saml/sp/")
            .with_evidence(detail),
        Finding::fail(
            Check::Destination,
            Reason::Destination,
            ACS,
            "https://context-handler-test.example/saml/sp/acs",
        ),
        Finding::fail(Check::NameTenant, Reason::TenantNameid, "11111111", "22222222"),
        Finding::warning(
            Check::NameForm,
            Reason::TenantNameid,
            "C=DK,O=<CVR>,CN=<name>,Serial=<id>",
            "O=22222222,C=DK,CN=A***,Serial=a1***",
        ),
        Finding::fail(Check::RightsKnown, Reason::BppRole, "3", "2"),
        Finding::fail(
            Check::LevelStated,
            Reason::LoaUnknown,
            "https://data.gov.dk/concept/core/nsis/loa/Substantial",
            "urn:federation:authentication:windows",
        ),
    ] {
        replace(&mut report, finding);
    }
    report.shown.preview = None;
    report.shown.services = vec![Service {
        name: "Feddets attributservice".to_owned(),
        reason: Reason::AsDown.code().to_owned(),
        detail: Some("expected an answer within 5 s, got none".to_owned()),
    }];
    report.verdict = verdict(&report.findings);
    report
}

/// A run of a partner that tries everything.
pub(crate) fn hostile(text: &str) -> Report {
    let mut report = red();
    for place in [&mut report.environment, &mut report.authority_name, &mut report.idp_name] {
        text.clone_into(place);
    }
    for finding in &mut report.findings {
        finding.expected = format!("https://long.example/{text}");
        finding.received = format!("https://long.example/{text}{}", "x".repeat(300));
        finding.about = Some(text.to_owned());
        finding.evidence = Some(text.to_owned());
    }
    let shown = &mut report.shown;
    shown.messages[0].xml = text.to_owned();
    shown.certificates[0].subject = text.to_owned();
    shown.certificates[0].issuers = texts([text, text]);
    shown.attributes[0].values = texts([text]);
    shown.roles[0].role = text.to_owned();
    shown.roles[0].becomes[0].detail = text.to_owned();
    shown.preview = Some(Preview { fagsystem: text.to_owned(), saml: text.to_owned(), jwt: text.to_owned() });
    report
}

fn of(findings: Vec<Finding>, shown: Shown) -> Report {
    Report {
        run: LoginId::from_bits(0x0123_4567_89ab_cdef_0123_4567_89ab_cdef),
        environment: "Ekstern test".to_owned(),
        scenario: Scenario::NsisSubstantial,
        authority: Cvr::new("11111111").unwrap(),
        authority_name: "Korsbæk Kommune".to_owned(),
        idp: EntityId::new(IDP).unwrap(),
        idp_name: "Korsbæk login".to_owned(),
        fagsystem: Some(EntityId::new(BBR).unwrap()),
        begun: at("2026-11-21T10:48:29Z"),
        finished: at("2026-11-21T10:48:38.412Z"),
        verdict: verdict(&findings),
        findings,
        shown,
    }
}

fn replace(report: &mut Report, finding: Finding) {
    let same = |known: &&mut Finding| known.check == finding.check;
    match report.findings.iter_mut().find(same) {
        Some(known) => *known = finding,
        None => report.findings.push(finding),
    }
}

fn shown() -> Shown {
    Shown {
        messages: messages(),
        certificates: certificates(),
        timing: Some(timing()),
        name: Some(Name {
            format: Some("urn:oasis:names:tc:SAML:1.1:nameid-format:X509SubjectName".to_owned()),
            authority: Cvr::new("11111111").ok(),
            person: "A*** H***".to_owned(),
            serial: "a1b2****".to_owned(),
        }),
        attributes: attributes(),
        roles: roles(),
        assurance: Some(Assurance {
            requested: "NSIS Substantial".to_owned(),
            stated: vec![
                (
                    "AuthnContextClassRef".to_owned(),
                    "https://data.gov.dk/concept/core/nsis/loa/Substantial".to_owned(),
                ),
                ("loa".to_owned(), "Substantial".to_owned()),
            ],
            ceiling: "NSIS Substantial".to_owned(),
            counts: "NSIS Substantial".to_owned(),
            required: "NSIS Substantial".to_owned(),
            rule: Some(Rule::NsisReached.code().to_owned()),
            robot: false,
        }),
        services: Vec::new(),
        preview: Some(Preview { fagsystem: "BBR".to_owned(), saml: SAML.to_owned(), jwt: JWT.to_owned() }),
    }
}

const SAML: &str = r#"<saml:AttributeStatement>
  <saml:Attribute Name="https://data.gov.dk/model/core/specVersion">
    <saml:AttributeValue>OIO-SAML-3.0</saml:AttributeValue>
  </saml:Attribute>
  <saml:Attribute Name="https://data.gov.dk/model/core/eid/professional/cvr">
    <saml:AttributeValue>11111111</saml:AttributeValue>
  </saml:Attribute>
  <saml:Attribute Name="https://data.gov.dk/concept/core/nsis/loa">
    <saml:AttributeValue>Substantial</saml:AttributeValue>
  </saml:Attribute>
</saml:AttributeStatement>"#;

const JWT: &str = r#"{
  "iss": "https://context-handler.example",
  "sub": "C=DK,O=11111111,CN=A***,Serial=a1b2****",
  "aud": "https://saml.bbr.example/",
  "acr": "https://data.gov.dk/concept/core/nsis/loa/Substantial",
  "cvr": "11111111",
  "priv": [ { "cvr": "11111111", "privileges": ["http://bbr.example/roles/usersystemrole/see/1"] } ]
}"#;

fn messages() -> Vec<Message> {
    let message = |what: &str, from: &str, binding: &str, xml: &str| Message {
        what: what.to_owned(),
        from: from.to_owned(),
        binding: binding.to_owned(),
        xml: xml.to_owned(),
    };
    vec![
        message(
            "AuthnRequest",
            "context-handler",
            "Redirect",
            "<samlp:AuthnRequest ID=\"_6f1c0e2a9b\" Version=\"2.0\" IssueInstant=\"2026-11-21T10:48:29Z\"\n    Destination=\"https://saml.korsbaek.example/idp/sso\">\n  <saml:Issuer>https://context-handler.example/saml/sp</saml:Issuer>\n</samlp:AuthnRequest>",
        ),
        message(
            "Response",
            IDP,
            "POST",
            "<samlp:Response ID=\"_a91d77\" InResponseTo=\"_6f1c0e2a9b\" Version=\"2.0\">\n  <saml:Issuer>https://saml.korsbaek.example/idp</saml:Issuer>\n  <saml:EncryptedAssertion>…</saml:EncryptedAssertion>\n</samlp:Response>",
        ),
        message(
            "Assertion",
            IDP,
            "decrypted",
            "<saml:Assertion ID=\"_b7\">\n  <saml:Subject>***</saml:Subject>\n</saml:Assertion>",
        ),
    ]
}

fn certificates() -> Vec<Certified> {
    let root = "CN=Den Danske Stat OCES rod-CA, OU=OCES, O=Den Danske Stat, C=DK";
    let issuing = "CN=Den Danske Stat OCES udstedende-CA 1, OU=OCES, O=Den Danske Stat, C=DK";
    let certificate = |usage: &str, subject: &str, used, not_after| Certified {
        usage: usage.to_owned(),
        subject: subject.to_owned(),
        issuers: texts([issuing, root]),
        fingerprint: "043e26d2a7f1c8b95e60124f9d7a3b8c55e2f4a1907b6d3c8e1f2a5b4c7d9e0f".to_owned(),
        serial: "4f:a1:09:7c:22:be".to_owned(),
        key: "RSA 3072".to_owned(),
        not_before: at("2025-01-08T12:00:00Z"),
        not_after,
        used,
    };
    let korsbaek = "CN=Korsbæk Kommune - login, serialNumber=UI:DK-O:G:7b1e…, O=Korsbæk Kommune, C=DK";
    let ours = "CN=context-handler, serialNumber=UI:DK-O:G:aa04…, O=Korsbæk drift, C=DK";
    vec![
        certificate("Korsbæk login, signing", korsbaek, true, at("2028-01-07T12:00:00Z")),
        certificate("Korsbæk login, signing (next)", korsbaek, false, at("2029-05-01T12:00:00Z")),
        Certified {
            fingerprint: "9a0b…77".to_owned(),
            issuers: Vec::new(),
            ..certificate("context-handler, decryption", ours, true, at("2027-06-30T12:00:00Z"))
        },
    ]
}

fn timing() -> Timing {
    let moment = |what: &str, text: &str, ours| Moment { what: what.to_owned(), at: at(text), ours };
    Timing {
        moments: vec![
            moment("asked", "2026-11-21T10:48:29Z", true),
            moment("NotBefore", "2026-11-21T10:48:34Z", false),
            moment("AuthnInstant", "2026-11-21T10:48:37Z", false),
            moment("arrived", "2026-11-21T10:48:38Z", true),
            moment("IssueInstant", "2026-11-21T10:48:39.200Z", false),
            moment("NotOnOrAfter", "2026-11-21T10:53:38Z", false),
            moment("SessionNotOnOrAfter", "2026-11-21T18:48:38Z", false),
        ],
        skew: 1_200,
        tolerance: 60_000,
    }
}

fn attributes() -> Vec<Attribute> {
    let attribute = |name: &str, known: Option<&str>, values: Vec<String>, told: Option<&str>| Attribute {
        name: name.to_owned(),
        known_as: known.map(str::to_owned),
        values,
        told_as: told.map(str::to_owned),
    };
    let cvr = "https://data.gov.dk/model/core/eid/professional/cvr";
    let cpr = "dk:gov:saml:attribute:CprNumberIdentifier";
    vec![
        attribute("dk:gov:saml:attribute:CvrNumberIdentifier", Some("cvr"), texts(["11111111"]), Some(cvr)),
        attribute("dk:gov:saml:attribute:SpecVer", Some("specVersion"), texts(["OIO-SAML-3.0"]), None),
        attribute(
            "https://data.gov.dk/concept/core/nsis/loa",
            Some("loa"),
            texts(["Substantial"]),
            Some("https://data.gov.dk/concept/core/nsis/loa"),
        ),
        attribute("urn:oid:0.9.2342.19200300.100.1.3", Some("email"), texts(["a***@korsbaek.example"]), None),
        attribute(cpr, Some("cprNumber"), texts(["******-****"]), None),
        attribute("http://schemas.korsbaek.example/claims/afdeling", None, texts(["Teknik", "Miljø"]), None),
    ]
}

fn roles() -> Vec<Role> {
    let becomes = |fagsystem: &str, right: Option<&str>, reason, detail: &str| Becomes {
        fagsystem: fagsystem.to_owned(),
        right: right.map(str::to_owned),
        reason,
        detail: detail.to_owned(),
    };
    let see = Some("http://bbr.example/roles/usersystemrole/see/1");
    let book = Some("http://booking.example/roles/usersystemrole/book/1");
    vec![
        Role {
            scope: "11111111".to_owned(),
            scope_name: Some("Korsbæk Kommune".to_owned()),
            role: "http://korsbaek.example/roles/jobrole/byggesagsbehandler/1".to_owned(),
            limits: vec![("http://sts.kombit.dk/constraints/KLE/1".to_owned(), "02.34".to_owned())],
            becomes: vec![
                becomes("BBR", see, Reason::BppKept, ""),
                becomes(
                    "Køreprøvebooking",
                    None,
                    Reason::BppMapping,
                    "expected a mapping for this fagsystem, found none",
                ),
            ],
        },
        Role {
            scope: "22222222".to_owned(),
            scope_name: Some("Feddet Kommune".to_owned()),
            role: "http://feddet.example/roles/jobrole/prøvetilrettelægger/1".to_owned(),
            limits: Vec::new(),
            becomes: vec![
                becomes("BBR", None, Reason::BppScope, "expected a delegation from 22222222"),
                becomes("Køreprøvebooking", book, Reason::BppKept, ""),
            ],
        },
    ]
}
