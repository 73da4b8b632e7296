//! What is asked is proved and accepted by the other side, and so is the answer.

use std::path::Path;

use super::answer::{self, Expectation, OurAnswer, OurStatement};
use super::*;
use crate::protocol::keys::{Decrypter, FileKey};
use crate::protocol::saml::response::{Opening, Sealed};
use crate::protocol::saml::status::Status;
use crate::protocol::xml::{Cbc, ContentCipher, Encryption, KeyTransport};
use crate::system::SystemRandom;

const NAME: &str = "C=DK,O=99999999,CN=Bo Lind,Serial=77";
const HERE: &str = "https://broker.test/saml/aa/soap";

fn key(name: &str) -> FileKey {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("certs-dev").join(format!("{name}.pem"));
    FileKey::read(&std::fs::read(file).unwrap(), None).unwrap()
}

fn trusted(key: &FileKey) -> TrustedKeys {
    TrustedKeys::new(vec![Signer::certificate(key).clone()]).unwrap()
}

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(1_795_248_000 + second).unwrap()
}

fn id(text: &str) -> MessageId {
    MessageId::new(text).unwrap()
}

fn party(text: &str) -> EntityId {
    EntityId::new(text).unwrap()
}

const SKEW: SignedDuration = SignedDuration::from_secs(60);

fn query(signer: &FileKey) -> String {
    let ours = OurQuery {
        id: &id("_query1"),
        issuer: &party("https://asker.test"),
        issue_instant: at(0),
        destination: HERE,
        name_id: NAME,
    };
    ours.write_signed(signer).unwrap().into_string()
}

fn accepted(xml: &str, keys: &TrustedKeys, here: &str, now: Timestamp) -> Result<AttributeQuery, Reason> {
    let judge = || {
        let document = Document::parse(xml.as_bytes())?;
        let query = claimed(&document)?;
        assert_eq!(query.claimed_issuer().as_str(), "https://asker.test");
        query.verify(keys)?.accept(here, now, SKEW)
    };
    judge().map(|accepted| (*accepted).clone()).map_err(|fault| fault.reason)
}

#[test]
fn a_query_of_ours_is_proved_accepted_and_names_the_user_alone() {
    let asker = key("broker-signing");
    let xml = query(&asker);
    let query = accepted(&xml, &trusted(&asker), HERE, at(200)).unwrap();
    assert_eq!((query.id.as_str(), query.name_id.as_str()), ("_query1", NAME));
    assert!(query.attributes.is_empty());
    assert!(xml.contains("nameid-format:X509SubjectName"));
}

#[test]
fn a_query_with_another_key_for_another_address_or_of_another_time_is_refused() {
    let asker = key("broker-signing");
    let (xml, keys) = (query(&asker), trusted(&asker));
    let bare = |from: &str, to: &str| xml.replacen(from, to, 1);
    let signature = xml.find("<ds:Signature").unwrap()..xml.find("</ds:Signature>").unwrap() + 15;
    let unsigned = bare(&xml[signature], "");
    let header =
        |inside: &str| bare("<soap:Body>", &format!("<soap:Header>{inside}</soap:Header><soap:Body>"));
    let second = header("<q:AttributeQuery xmlns:q=\"urn:oasis:names:tc:SAML:2.0:protocol\" ID=\"_q2\"/>");
    let must = header("<t xmlns=\"urn:t\" soap:mustUnderstand=\"1\"/>");
    let other = trusted(&key("idp-feddet"));
    for (what, xml, keys, here, now, reason) in [
        ("unsigned", &unsigned, &keys, HERE, 0, Reason::SigMissing),
        ("another's key", &xml, &other, HERE, 0, Reason::KeyUntrusted),
        ("changed", &bare("Serial=77", "Serial=78"), &keys, HERE, 0, Reason::SigInvalid),
        ("two queries", &second, &keys, HERE, 0, Reason::SigCoverage),
        ("a header", &must, &keys, HERE, 0, Reason::SoapHeader),
        ("another address", &xml, &keys, "https://broker.test/saml/aa/other", 0, Reason::Destination),
        ("too old", &xml, &keys, HERE, 361, Reason::RequestStale),
        ("too young", &xml, &keys, HERE, -61, Reason::RequestStale),
    ] {
        assert_eq!(accepted(xml, keys, here, at(now)).err(), Some(reason), "{what}");
    }
}

fn answer(signer: &FileKey, sealed: Option<Sealed<'_>>) -> String {
    let ours = OurAnswer {
        id: &id("_answer1"),
        issuer: &party("https://aa.test"),
        issue_instant: at(1),
        in_response_to: &id("_query1"),
    };
    let said = OurStatement {
        id: &id("_statement1"),
        name_id: NAME,
        not_before: at(-4),
        not_on_or_after: at(300),
        audience: &party("https://asker.test"),
        name_format: "urn:oasis:names:tc:SAML:2.0:attrname-format:basic",
        attributes: &[("a", vec!["1".to_owned(), "2".to_owned()])],
    };
    ours.write(&said, signer, sealed).unwrap().into_string()
}

/// What the asker expects: issuer, its own name, question, when it asked, user.
type Expected = (&'static str, &'static str, &'static str, i64, &'static str);

const RIGHT: Expected = ("https://aa.test", "https://asker.test", "_query1", 0, NAME);

fn believed(xml: &str, keys: &TrustedKeys, expected: Expected) -> Result<bool, Reason> {
    let decrypter: std::sync::Arc<dyn Decrypter> = std::sync::Arc::new(key("broker-decryption"));
    let (issuer, audience, question) = (party(expected.0), party(expected.1), id(expected.2));
    let expected = Expectation {
        issuer: &issuer,
        audience: &audience,
        question: (&question, at(expected.3)),
        name_id: expected.4,
        skew: SKEW,
    };
    let judge = || {
        let document = Document::parse(xml.as_bytes())?;
        let opening = Opening { keys, decrypters: &[decrypter], cbc: Cbc::Refused };
        let told = answer::claimed(&document, &issuer)?.verify(opening)?.accept(&expected, at(2))?;
        assert_eq!(told.assertion().attributes.all_named("a"), Ok(vec!["1".to_owned(), "2".to_owned()]));
        Ok(told.encrypted())
    };
    judge().map_err(|fault: Fault| fault.reason)
}

#[test]
fn an_answer_of_ours_is_proved_and_accepted_in_plain_and_encrypted() {
    let service = key("attribute-service");
    assert_eq!(believed(&answer(&service, None), &trusted(&service), RIGHT), Ok(false));
    let (to, random) = (key("broker-decryption"), SystemRandom);
    let how = Encryption { content: ContentCipher::Aes256Gcm, key: KeyTransport::OaepSha256 };
    let sealed = Sealed { to: Decrypter::certificate(&to), how, random: &random };
    assert_eq!(believed(&answer(&service, Some(sealed)), &trusted(&service), RIGHT), Ok(true));
}

#[test]
fn an_answer_that_does_not_fit_the_question_is_refused() {
    let service = key("attribute-service");
    let (xml, keys) = (answer(&service, None), trusted(&service));
    let stranger = "https://stranger.test";
    for (bent, reason) in [
        ((stranger, RIGHT.1, RIGHT.2, RIGHT.3, RIGHT.4), Reason::IssuerMismatch),
        ((RIGHT.0, stranger, RIGHT.2, RIGHT.3, RIGHT.4), Reason::Audience),
        ((RIGHT.0, RIGHT.1, "_query2", RIGHT.3, RIGHT.4), Reason::IrtUnknown),
        ((RIGHT.0, RIGHT.1, RIGHT.2, 70, RIGHT.4), Reason::TimeIssue),
        ((RIGHT.0, RIGHT.1, RIGHT.2, RIGHT.3, "C=DK,O=99999999,CN=Bo,Serial=78"), Reason::TenantNameid),
    ] {
        assert_eq!(believed(&xml, &keys, bent), Err(reason));
    }
    assert_eq!(believed(&xml, &trusted(&key("idp-feddet")), RIGHT), Err(Reason::KeyUntrusted));
}

#[test]
fn a_refusal_and_a_fault_are_no_answer() {
    let service = key("attribute-service");
    let ours = OurAnswer {
        id: &id("_answer1"),
        issuer: &party("https://aa.test"),
        issue_instant: at(1),
        in_response_to: &id("_query1"),
    };
    let refusal = ours.write_refusal(Status::REQUEST_DENIED, &service).unwrap();
    assert_eq!(believed(refusal.as_str(), &trusted(&service), RIGHT), Err(Reason::Status));
    let fault = soap::write_fault(Reason::SigInvalid).unwrap();
    assert_eq!(believed(fault.as_str(), &trusted(&service), RIGHT), Err(Reason::Status));
}
