//! What `verify-response` promises: a genuine response is accepted, whatever was tampered with is refused with the
//! code that names it, and the public vectors of other projects are judged as the table beside this file says.

#![expect(clippy::expect_used, reason = "a test that cannot go on panics")]

use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use context_handler::cli::{Desk, Exit, run};
use context_handler::domain::federation::Dialect;
use context_handler::domain::id::{EntityId, MessageId};
use context_handler::domain::reason::Reason;
use context_handler::protocol::keys::{Certificate, FileKey, Signer};
use context_handler::protocol::saml::assertion::OurAssertion;
use context_handler::protocol::saml::attribute::name_format;
use context_handler::protocol::saml::response::{OurResponse, Sealed};
use context_handler::protocol::saml::status::Status;
use context_handler::protocol::xml::{ContentCipher, Encryption, KeyTransport, Name, Writer};
use context_handler::system::{SystemClock, SystemRandom};
use jiff::{SignedDuration, Timestamp};
use openssl::asn1::Asn1Time;
use openssl::hash::MessageDigest;
use openssl::pkey::PKey;
use openssl::x509::{X509, X509Name};
use serde_json::Value;

const ACS: &str = "https://login.example.dk/saml/sp/acs";
const US: &str = "https://login.example.dk/saml";
const IDP: &str = "https://idp.korsbaek.example/adfs";
const NAME: &str = "C=DK,O=11111111,CN=Ib Dam,Serial=5b0c";
const QUESTION: &str = "_0123456789abcdef";
const AT: &str = "2026-11-21T10:00:00Z";

/// A folder of its own for a test, removed at its end.
struct Folder(PathBuf);

impl Folder {
    fn new() -> Self {
        static NUMBER: AtomicU32 = AtomicU32::new(0);
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let path =
            std::env::temp_dir().join(format!("context-handler-judge-{}-{number}", std::process::id()));
        fs::create_dir_all(&path).expect("a folder");
        Self(path)
    }

    fn write(&self, name: &str, content: impl AsRef<[u8]>) -> String {
        let path = self.0.join(name);
        fs::write(&path, content).expect("a file");
        path.display().to_string()
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

fn development(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("certs-dev").join(name)
}

fn key(name: &str) -> FileKey {
    FileKey::read(&fs::read(development(name)).expect("a key file"), None).expect("a key")
}

fn metadata(entity_id: &str, certificate: &Certificate, validity: &str) -> String {
    format!(
        r#"<md:EntityDescriptor xmlns:md="urn:oasis:names:tc:SAML:2.0:metadata" entityID="{entity_id}"{validity}>
  <md:IDPSSODescriptor protocolSupportEnumeration="urn:oasis:names:tc:SAML:2.0:protocol">
    <md:KeyDescriptor use="signing"><ds:KeyInfo xmlns:ds="http://www.w3.org/2000/09/xmldsig#"><ds:X509Data>
      <ds:X509Certificate>{}</ds:X509Certificate></ds:X509Data></ds:KeyInfo></md:KeyDescriptor>
    <md:SingleSignOnService Binding="urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect" Location="https://idp.example/sso"/>
  </md:IDPSSODescriptor>
</md:EntityDescriptor>"#,
        certificate.to_base64()
    )
}

/// The question that is put to `verify-response`. Each test changes one thing of it.
struct Question {
    metadata: String,
    acs: String,
    audience: String,
    at: String,
    in_response_to: Option<String>,
    key: Option<PathBuf>,
    response: Vec<u8>,
}

impl Question {
    fn about(response: impl Into<Vec<u8>>) -> Self {
        Self {
            metadata: metadata(IDP, key("idp-korsbaek.pem").certificate(), ""),
            acs: ACS.to_owned(),
            audience: US.to_owned(),
            at: AT.to_owned(),
            in_response_to: Some(QUESTION.to_owned()),
            key: None,
            response: response.into(),
        }
    }

    /// Exit code and answer. The response is handed over on standard input.
    fn ask(&self) -> (Exit, Value) {
        let (exit, out, err) = self.ask_for(&["--json"]);
        let answer = serde_json::from_str(&out).unwrap_or_else(|error| panic!("{error}: {out}{err}"));
        (exit, answer)
    }

    fn ask_for(&self, more: &[&str]) -> (Exit, String, String) {
        let folder = Folder::new();
        let metadata = folder.write("idp.xml", &self.metadata);
        let mut words = vec!["context-handler", "verify-response", "--metadata", &metadata];
        words.extend(["--acs", &self.acs, "--audience", &self.audience, "--at", &self.at]);
        words.extend(self.in_response_to.iter().flat_map(|id| ["--in-response-to", id]));
        let key = self.key.as_ref().map(|key| key.display().to_string());
        words.extend(key.iter().flat_map(|key| ["--key", key]));
        words.extend(more);
        words.push("-");
        let (mut out, mut err) = (Vec::new(), Vec::new());
        let desk = Desk {
            input: &mut self.response.as_slice(),
            out: &mut out,
            err: &mut err,
            clock: &SystemClock,
            random: &SystemRandom,
        };
        let exit = run(words.iter().map(Into::into), desk);
        (exit, String::from_utf8_lossy(&out).into_owned(), String::from_utf8_lossy(&err).into_owned())
    }

    #[track_caller]
    fn is_accepted(&self) -> Value {
        let (exit, answer) = self.ask();
        assert_eq!((exit, &answer["verdict"]), (Exit::Ok, &"accepted".into()), "{answer:#}");
        answer
    }

    #[track_caller]
    fn is_refused(&self, reason: Reason) {
        let (exit, answer) = self.ask();
        assert_eq!(
            (exit, &answer["verdict"], &answer["reason"]),
            (Exit::CheckFailed, &"refused".into(), &reason.code().into()),
            "{answer:#}"
        );
        assert_eq!(answer["identity"], Value::Null, "a refused response has no identity");
    }
}

/// The identity provider of Korsbæk, answering.
struct Idp {
    issue_instant: Timestamp,
    encrypt_to: Option<FileKey>,
    sign_response: bool,
}

impl Idp {
    fn new() -> Self {
        Self { issue_instant: AT.parse().expect("a time"), encrypt_to: None, sign_response: false }
    }

    fn answer(&self) -> String {
        let signer = key("idp-korsbaek.pem");
        let (issuer, audience) = (EntityId::new(IDP).expect("a name"), EntityId::new(US).expect("a name"));
        let question = MessageId::new(QUESTION).expect("an ID");
        let assertion_id = MessageId::new("_assertion").expect("an ID");
        let assertion = OurAssertion {
            id: &assertion_id,
            issuer: &issuer,
            issue_instant: self.issue_instant,
            not_before: self.issue_instant,
            not_on_or_after: self.issue_instant + SignedDuration::from_mins(5),
            name_id: NAME,
            in_response_to: &question,
            recipient: ACS,
            audience: &audience,
            session_index: "s1",
            session_not_on_or_after: self.issue_instant + SignedDuration::from_hours(8),
            authn_instant: self.issue_instant,
            class: "https://data.gov.dk/concept/core/nsis/loa/Substantial",
            authenticated_by: std::slice::from_ref(&issuer),
            name_format: name_format(Dialect::Oiosaml3),
            attributes: &[(
                "https://data.gov.dk/model/core/eid/email",
                vec!["ib@korsbaek.example".to_owned()],
            )],
        };
        let sealed = self.encrypt_to.as_ref().map(|key| Sealed {
            to: key.certificate(),
            how: Encryption { content: ContentCipher::Aes256Gcm, key: KeyTransport::OaepMgf1p },
            random: &SystemRandom,
        });
        let response_signer = self.sign_response.then_some(&signer as &dyn Signer);
        let written =
            self.frame(&issuer, &question, |frame| frame.write(&assertion, &signer, sealed, response_signer));
        written.expect("a response").into_string()
    }

    fn frame<T>(
        &self,
        issuer: &EntityId,
        question: &MessageId,
        write: impl FnOnce(&OurResponse<'_>) -> T,
    ) -> T {
        write(&OurResponse {
            id: &MessageId::new("_response").expect("an ID"),
            issuer,
            issue_instant: self.issue_instant,
            destination: ACS,
            in_response_to: question,
        })
    }
}

#[test]
fn a_genuine_response_is_accepted_and_tells_who_logged_in() {
    let answer = Question::about(Idp::new().answer()).is_accepted();
    let identity = &answer["identity"];
    assert_eq!(identity["issuer"], IDP);
    assert_eq!(identity["name_id"], NAME);
    assert_eq!(identity["class"], "https://data.gov.dk/concept/core/nsis/loa/Substantial");
    assert_eq!(
        identity["attributes"],
        serde_json::json!([{ "name": "https://data.gov.dk/model/core/eid/email", "values": ["ib@korsbaek.example"] }])
    );
    assert_eq!(identity["signed_by"], key("idp-korsbaek.pem").certificate().id().as_str());
    assert_eq!((&answer["reason"], &answer["not_compared"]), (&Value::Null, &serde_json::json!([])));
    Question::about(Idp { sign_response: true, ..Idp::new() }.answer()).is_accepted();
}

#[test]
fn a_response_is_read_as_xml_and_as_the_form_carries_it() {
    let xml = Idp::new().answer();
    let encoded = STANDARD.encode(&xml);
    let lines: Vec<&str> =
        encoded.as_bytes().chunks(76).map(|line| std::str::from_utf8(line).unwrap()).collect();
    let form = format!("RelayState=x&SAMLResponse={}", encoded.replace('+', "%2B").replace('=', "%3D"));
    for kept in [xml, format!("{encoded}\n"), lines.join("\r\n"), form] {
        Question::about(kept).is_accepted();
    }
    Question::about("no base64, no XML").is_refused(Reason::EncodingBase64);
    Question::about("").is_refused(Reason::EncodingBase64);
}

#[test]
fn an_encrypted_response_opens_with_our_key_and_with_no_other() {
    let idp = Idp { encrypt_to: Some(key("broker-decryption.pem")), ..Idp::new() };
    let ours = Question { key: Some(development("broker-decryption.pem")), ..Question::about(idp.answer()) };
    assert_eq!(ours.is_accepted()["identity"]["encrypted"], true);
    Question { key: None, ..Question::about(idp.answer()) }.is_refused(Reason::DecFailed);
    let other = Question { key: Some(development("broker-signing.pem")), ..Question::about(idp.answer()) };
    other.is_refused(Reason::DecFailed);
}

#[test]
fn a_response_that_is_not_for_us_now_in_answer_to_our_question_is_refused() {
    let genuine = || Question::about(Idp::new().answer());
    genuine().is_accepted();
    let at = |at: &str| Question { at: at.to_owned(), ..genuine() };
    at("2026-11-21T10:05:59Z").is_accepted();
    at("2026-11-21T10:06:00Z").is_refused(Reason::TimeConditions);
    at("2026-11-21T09:59:00Z").is_accepted();
    at("2026-11-21T09:58:59Z").is_refused(Reason::TimeIssue);
    Question { acs: format!("{ACS}/"), ..genuine() }.is_refused(Reason::Recipient);
    Question { audience: format!("{US}/"), ..genuine() }.is_refused(Reason::Audience);
    Question { in_response_to: Some("_other".to_owned()), ..genuine() }.is_refused(Reason::IrtUnknown);
    Question { audience: IDP.to_owned(), ..genuine() }.is_refused(Reason::IssuerSelf);
}

#[test]
fn without_its_question_a_response_is_judged_and_the_answer_says_what_was_not_compared() {
    let question = Question { in_response_to: None, ..Question::about(Idp::new().answer()) };
    let answer = question.is_accepted();
    assert!(
        answer["not_compared"][0].as_str().is_some_and(|what| what.starts_with("InResponseTo")),
        "{answer}"
    );
    Question { audience: format!("{US}/"), in_response_to: None, ..Question::about(Idp::new().answer()) }
        .is_refused(Reason::Audience);
}

#[test]
fn only_the_keys_of_the_metadata_count_and_only_as_long_as_it_holds() {
    let genuine = || Question::about(Idp::new().answer());
    let known_by = |entity_id: &str, file: &str, validity: &str| Question {
        metadata: metadata(entity_id, key(file).certificate(), validity),
        ..genuine()
    };
    known_by(IDP, "idp-korsbaek.pem", r#" validUntil="2026-11-21T10:00:01Z""#).is_accepted();
    known_by(IDP, "idp-korsbaek.pem", r#" validUntil="2026-11-21T10:00:00Z""#).is_refused(Reason::MdRefused);
    Question { at: "2045-01-01T00:00:00Z".to_owned(), ..genuine() }.is_refused(Reason::KeyExpired);
    known_by(IDP, "idp-feddet.pem", "").is_refused(Reason::KeyUntrusted);
    known_by("https://idp.feddet.example", "idp-korsbaek.pem", "").is_refused(Reason::IdpUnexpected);
}

#[test]
fn whatever_is_changed_behind_the_signature_is_refused() {
    let genuine = Idp::new().answer();
    Question::about(genuine.clone()).is_accepted();
    let signature = genuine.find("<ds:Signature").expect("a signature");
    let end = genuine.find("</ds:Signature>").expect("its end") + "</ds:Signature>".len();
    let assertion = genuine.find("<saml:Assertion").expect("an assertion");
    let assertion_end = genuine.find("</saml:Assertion>").expect("its end") + "</saml:Assertion>".len();
    let element = &genuine[assertion..assertion_end];
    let forged = element.replace("Ib Dam", "Bo Elg").replace("_assertion", "_forged");
    let unsigned = format!("{}{}", &genuine[..signature], &genuine[end..]);
    for (what, tampered, reason) in [
        ("another name", genuine.replace("CN=Ib Dam", "CN=Bo Elg"), Reason::SigInvalid),
        ("a comment in the name", genuine.replace("CN=Ib Dam", "CN=Ib<!-- --> Dam"), Reason::ValueComment),
        ("no signature", unsigned, Reason::SigMissing),
        (
            "a second assertion before",
            genuine.replace(element, &format!("{forged}{element}")),
            Reason::SigCoverage,
        ),
        (
            "a second assertion behind",
            genuine.replace(element, &format!("{element}{forged}")),
            Reason::SigCoverage,
        ),
        (
            "two assertions of one ID",
            genuine.replace(element, &format!("{element}{element}")),
            Reason::XmlDuplicateId,
        ),
        ("a document type", format!("<!DOCTYPE a>{genuine}"), Reason::XmlDoctype),
        ("another answer around it", genuine.replacen(QUESTION, "_other", 1), Reason::IrtUnknown),
        (
            "another issuer around it",
            genuine.replacen(IDP, "https://other.example", 1),
            Reason::IdpUnexpected,
        ),
        ("a truncated message", genuine[..genuine.len() - 1].to_owned(), Reason::XmlMalformed),
        ("a message behind it", format!("{genuine}<a/>"), Reason::XmlMalformed),
        ("another digest", genuine.replace("xmlenc#sha256", "xmldsig#sha1"), Reason::AlgRefused),
    ] {
        assert_ne!(tampered, genuine, "{what}: nothing was changed");
        let (_, answer) = Question::about(tampered.clone()).ask();
        assert_eq!(answer["reason"], reason.code(), "{what}: {answer:#}");
        Question::about(tampered).is_refused(reason);
    }
}

#[test]
fn an_answer_that_says_no_is_refused_with_what_it_said() {
    let (issuer, question) = (EntityId::new(IDP).expect("a name"), MessageId::new(QUESTION).expect("an ID"));
    let status = Status::for_reason(Reason::Status).expect("a status");
    let signer = key("idp-korsbaek.pem");
    let refusal = Idp::new().frame(&issuer, &question, |frame| frame.write_refusal(status, &signer));
    let question = Question::about(refusal.expect("a refusal").into_string());
    question.is_refused(Reason::Status);
    assert!(question.ask().1["detail"].as_str().is_some_and(|told| told.contains("AuthnFailed")));
}

#[test]
fn the_answer_for_people_says_verdict_code_meaning_and_identity() {
    let (exit, out, err) = Question::about(Idp::new().answer()).ask_for(&[]);
    assert_eq!((exit, err.as_str()), (Exit::Ok, ""));
    assert!(out.starts_with("accepted, as of 2026-11-21T10:00:00Z\n{") && out.contains(NAME), "{out}");
    let refused =
        Question { audience: "https://other.example".to_owned(), ..Question::about(Idp::new().answer()) };
    let (exit, out, _) = refused.ask_for(&[]);
    assert_eq!(exit, Exit::CheckFailed);
    assert!(out.starts_with("refused, as of 2026-11-21T10:00:00Z: audience\n"), "{out}");
    assert!(out.contains(Reason::Audience.explanation().fix.en) && !out.contains(NAME), "{out}");
}

#[test]
fn what_cannot_be_judged_by_is_a_mistake_of_the_question() {
    let genuine = || Question::about(Idp::new().answer());
    for metadata in ["", "<a/>", "<md:EntityDescriptor/>"] {
        let (exit, out, err) = Question { metadata: metadata.to_owned(), ..genuine() }.ask_for(&[]);
        assert_eq!((exit, out.as_str()), (Exit::Usage, ""), "{err}");
        assert!(err.contains("idp.xml: expected metadata of one identity provider"), "{err}");
    }
    let (exit, _, err) = Question { at: "yesterday".to_owned(), ..genuine() }.ask_for(&[]);
    assert_eq!(exit, Exit::Usage, "{err}");
    let (exit, _, err) = Question { key: Some(development("README.md")), ..genuine() }.ask_for(&[]);
    assert_eq!(exit, Exit::Usage, "{err}");
}

const TABLE: &str = include_str!("verify_response/vectors.txt");

/// What the table says about one vector.
struct Row {
    /// The verdict on the vector as it is.
    as_it_is: &'static str,
    /// The verdict on the same content signed anew in our profile; `-` where that cannot be done.
    signed_anew: &'static str,
    vector: &'static str,
}

fn table() -> Vec<Row> {
    let lines = TABLE.lines().filter(|line| !line.is_empty() && !line.starts_with('#'));
    let row = |line: &'static str| {
        let column = |rest: &'static str| rest.split_once(' ').map(|(word, rest)| (word, rest.trim()));
        let (as_it_is, rest) = column(line).unwrap_or_else(|| panic!("expected three columns: {line}"));
        let (signed_anew, vector) = column(rest).unwrap_or_else(|| panic!("expected three columns: {line}"));
        Row { as_it_is, signed_anew, vector }
    };
    lines.map(row).collect()
}

/// The question under which a vector has the best chance: issuer, address, audience and time are its own, so that
/// nothing but the fault that it was made for stands between it and being accepted.
fn most_favourable(xml: &[u8], certificate: &Certificate, response: &[u8]) -> Question {
    let text = String::from_utf8_lossy(xml);
    let tree = roxmltree::Document::parse(&text).ok();
    let all = || tree.iter().flat_map(|tree| tree.descendants()).filter(roxmltree::Node::is_element);
    let attribute = |name| all().find_map(|node| node.attribute(name)).filter(|value| !value.is_empty());
    let text = |name| all().find(|node| node.tag_name().name() == name).and_then(|node| node.text());
    // The youngest of all times at which a part was made: nothing in it is then from the future.
    let made = |node: roxmltree::Node<'_, '_>| node.attribute("IssueInstant")?.parse::<Timestamp>().ok();
    let at = all().filter_map(made).max().unwrap_or_else(|| AT.parse().expect("a time"));
    let issuer = text("Issuer").map_or(IDP, str::trim);
    Question {
        metadata: metadata(issuer, certificate, ""),
        acs: attribute("Destination").or_else(|| attribute("Recipient")).unwrap_or(ACS).to_owned(),
        audience: text("Audience").map_or(US, str::trim).to_owned(),
        at: at.to_string(),
        in_response_to: None,
        key: None,
        response: response.to_vec(),
    }
}

/// What a vector holds: XML as it is, in base64, or compressed and in base64.
fn xml_of(vector: &[u8]) -> Vec<u8> {
    if vector.trim_ascii_start().starts_with(b"<") {
        return vector.to_vec();
    }
    let text = String::from_utf8_lossy(vector).split_whitespace().collect::<String>();
    let decoded = STANDARD.decode(text).unwrap_or_default();
    if decoded.trim_ascii_start().starts_with(b"<") {
        return decoded;
    }
    let mut inflated = Vec::new();
    let _ = flate2::read::DeflateDecoder::new(decoded.as_slice()).read_to_end(&mut inflated);
    inflated
}

/// The same content with one signature of ours around the whole and no other, times written in UTC, and names without
/// blanks around them: what the vector would be if its sender kept to our profile.
fn signed_anew(xml: &[u8], signer: &dyn Signer) -> Option<String> {
    let tree = roxmltree::Document::parse(std::str::from_utf8(xml).ok()?).ok()?;
    let root = tree.root_element();
    let issuer = root.descendants().find(|node| node.tag_name().name() == "Issuer")?;
    let mut writer = Writer::new();
    copy(root, issuer, &mut writer);
    let mut signed = writer.finish_signed(root.attribute("ID")?, signer).ok()?.into_string();
    // Comments are no part of what is signed, so they can be put back where the vector has them.
    for comment in tree.descendants().filter(roxmltree::Node::is_comment) {
        let text = |node: Option<roxmltree::Node<'_, '_>>| {
            node.and_then(|node| node.text()).unwrap_or_default().to_owned()
        };
        let (before, behind) = (text(comment.prev_sibling()), text(comment.next_sibling()));
        signed = signed.replacen(&format!(">{before}{behind}<"), &format!(">{before}<!-- -->{behind}<"), 1);
    }
    Some(signed)
}

fn copy(node: roxmltree::Node<'_, '_>, issuer: roxmltree::Node<'_, '_>, to: &mut Writer) {
    let lasting = |text: &str| -> &'static str { Box::leak(text.to_owned().into_boxed_str()) };
    let name = |namespace: Option<&str>, local: &str| {
        let namespace = namespace.unwrap_or_default();
        let prefix = node.lookup_prefix(namespace).unwrap_or_default();
        Name { namespace: lasting(namespace), prefix: lasting(prefix), local: lasting(local) }
    };
    if node.tag_name().name() == "Signature" {
        return;
    }
    to.start(name(node.tag_name().namespace(), node.tag_name().name()));
    for attribute in node.attributes() {
        match attribute.namespace() {
            None => to.attribute(lasting(attribute.name()), &attribute.value().replace("+00:00", "Z")),
            Some(namespace) => to.attribute_ns(name(Some(namespace), attribute.name()), attribute.value()),
        };
    }
    let is_root = node.parent_element().is_none();
    if is_root {
        to.element(name(issuer.tag_name().namespace(), "Issuer"), issuer.text().unwrap_or_default().trim());
        to.signature_goes_here();
    }
    let is_issuer = |child: roxmltree::Node<'_, '_>| child.tag_name().name() == "Issuer";
    for child in node.children().filter(|child| !(is_root && is_issuer(*child))) {
        if child.is_element() {
            copy(child, issuer, to);
        } else if let Some(text) = child.text().filter(|_| child.is_text()) {
            to.text(if is_issuer(node) { text.trim() } else { text });
        }
    }
    to.end();
}

/// The key with a certificate that holds at the time of every vector.
fn timeless(pem: &[u8]) -> FileKey {
    let key = PKey::private_key_from_pem(pem).expect("a key");
    let mut certificate = X509::builder().expect("a builder");
    let mut name = X509Name::builder().expect("a builder");
    name.append_entry_by_text("CN", "The whole century").expect("a name");
    let name = name.build();
    certificate.set_subject_name(&name).expect("a name");
    certificate.set_issuer_name(&name).expect("a name");
    certificate.set_pubkey(&key).expect("a key");
    certificate.set_not_before(&Asn1Time::from_str("20000101000000Z").expect("a time")).expect("a time");
    certificate.set_not_after(&Asn1Time::from_str("20991231235959Z").expect("a time")).expect("a time");
    certificate.sign(&key, MessageDigest::sha256()).expect("a signature");
    FileKey::from_pem(&certificate.build().to_pem().expect("a certificate"), pem, None).expect("a key")
}

#[test]
fn the_public_vectors_are_judged_as_the_table_says() {
    let Some(vectors) = std::env::var_os("CH_VECTORS").map(PathBuf::from) else {
        println!("skipped: no vectors");
        return;
    };
    let ours = timeless(&fs::read(development("idp-korsbaek.pem")).expect("a key file"));
    let theirs = fs::read(vectors.join("node-saml/test/static/acme_tools_com.cert")).expect("a certificate");
    let theirs = Certificate::from_pem(&theirs).expect("a certificate");
    let verdict = |question: Question| {
        let (_, answer) = question.ask();
        answer["reason"].as_str().map_or("accepted".to_owned(), str::to_owned)
    };
    let mut wrong = Vec::new();
    for folder in ["ruby-saml/test/responses/invalids", "node-saml/test/static/signatures/invalid"] {
        for file in fs::read_dir(vectors.join(folder)).expect("a folder").flatten() {
            let vector = format!("{folder}/{}", file.file_name().to_string_lossy());
            if !table().iter().any(|row| row.vector == vector && row.as_it_is != "accepted") {
                wrong.push(format!("{vector} is not in the table"));
            }
        }
    }
    for row in table() {
        let vector =
            fs::read(vectors.join(row.vector)).unwrap_or_else(|error| panic!("{}: {error}", row.vector));
        let xml = xml_of(&vector);
        // ruby-saml's keys are too weak for any metadata of ours, so that another stands in for them.
        let certificate = if row.vector.starts_with("node-saml/") { &theirs } else { ours.certificate() };
        let as_it_is = verdict(most_favourable(&xml, certificate, &vector));
        let anew = signed_anew(&xml, &ours).map_or("-".to_owned(), |signed| {
            verdict(most_favourable(&xml, ours.certificate(), signed.as_bytes()))
        });
        if (as_it_is.as_str(), anew.as_str()) != (row.as_it_is, row.signed_anew) {
            wrong.push(format!("{as_it_is:15} {anew:15} {}", row.vector));
        }
    }
    assert!(wrong.is_empty(), "{} vectors are judged otherwise:\n{}", wrong.len(), wrong.join("\n"));
}
