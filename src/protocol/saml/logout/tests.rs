//! What is written by one side is proved and accepted by the other, in every binding, and nothing else is.

use std::path::Path;
use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use proptest::prelude::*;

use super::super::X509_SUBJECT_NAME;
use super::super::binding::{Arrived, Carries, Form};
use super::super::response::Opening;
use super::super::status::Status;
use super::request::LogoutRequest;
use super::response::{Expectation, LogoutResponse, Outcome};
use super::*;
use crate::domain::id::{EntityId, MessageId};
use crate::protocol::keys::{Decrypter, FileKey, Signer, TrustedKeys};
use crate::protocol::xml::{Cbc, ContentCipher, Encryption, KeyTransport, Writer, encrypt};
use crate::system::SystemRandom;

const NAME: &str = "C=DK,O=99999999,CN=Bo Lind,Serial=77";
const INDEX: &str = "0123456789abcdef0123456789abcdef";
const HERE: &str = "https://broker.test/saml/idp/slo";
const ASKER: &str = "https://asker.test";
const SKEW: SignedDuration = SignedDuration::from_secs(60);

fn key(name: &str) -> FileKey {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("certs-dev").join(format!("{name}.pem"));
    FileKey::read(&std::fs::read(file).unwrap(), None).unwrap()
}

fn asker() -> FileKey {
    key("sp-oiosaml3")
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

/// The three ways that a message takes.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Way {
    Redirect,
    Post,
    Soap,
}

const WAYS: [Way; 3] = [Way::Redirect, Way::Post, Way::Soap];

/// A message as it comes out of the wire: an address, a form, or an envelope.
#[derive(Clone, Debug)]
struct Wire(Way, String);

impl Wire {
    fn of(way: Way, says: Says<'_>, signer: &FileKey) -> Self {
        let (id, issuer) = (id("_message1"), EntityId::new(ASKER).unwrap());
        let ours = OurLogout { id: &id, issuer: &issuer, issue_instant: at(0), destination: HERE, says };
        let text = match way {
            Way::Redirect => {
                let url = ours.by_redirect(Some("tab 7"), signer).unwrap();
                url.split_once('?').unwrap().1.to_owned()
            }
            Way::Post => ours.by_post(Some("tab 7".into()), signer).map(|form| body(&form)).unwrap(),
            Way::Soap => ours.by_soap(signer).unwrap().into_string(),
        };
        Self(way, text)
    }

    /// Any XML, sent by a way in which the signature stands inside.
    fn inside(way: Way, xml: &str, carries: Carries) -> Self {
        let envelope = "<s:Envelope xmlns:s=\"http://schemas.xmlsoap.org/soap/envelope/\"><s:Body>";
        match way {
            Way::Soap => Self(way, format!("{envelope}{xml}</s:Body></s:Envelope>")),
            _ => Self(Way::Post, body(&Form::new(HERE, carries, xml, None))),
        }
    }

    fn arrived(&self) -> Result<Arrived, Fault> {
        match self.0 {
            Way::Redirect => Arrived::by_redirect(&self.1, Carries::of(&self.1)?),
            _ => Arrived::by_post(&self.1, Carries::of(&self.1)?),
        }
    }

    fn xml(&self) -> String {
        match self.0 {
            Way::Soap => self.1.clone(),
            _ => String::from_utf8(self.arrived().unwrap().xml).unwrap(),
        }
    }

    /// As it is without any signature.
    fn unsigned(&self) -> Self {
        let cut = |text: &str, from: &str, to: &str| match text.split_once(from) {
            Some((before, rest)) => before.to_owned() + rest.split_once(to).unwrap().1,
            None => panic!("there is no {from} in {text}"),
        };
        match self.0 {
            Way::Redirect => Self(self.0, self.1.split("&SigAlg=").next().unwrap().to_owned()),
            Way::Soap => Self(self.0, cut(&self.1, "<ds:Signature ", "</ds:Signature>")),
            Way::Post => Self::inside(
                Way::Post,
                &cut(&self.xml(), "<ds:Signature ", "</ds:Signature>"),
                self.carries(),
            ),
        }
    }

    fn carries(&self) -> Carries {
        Carries::of(&self.1).unwrap()
    }

    fn request(&self, keys: &TrustedKeys, here: &str, now: i64) -> Result<LogoutRequest, Reason> {
        let decrypter: Arc<dyn Decrypter> = Arc::new(key("broker-decryption"));
        let opening = Opening { keys, decrypters: &[decrypter], cbc: Cbc::Refused };
        let judge = || {
            let claimed_and_proved = |document: &Document<'_>, arrived: Option<&Arrived>| {
                let claimed = match arrived {
                    Some(arrived) => request::claimed(document, arrived)?,
                    None => request::claimed_in_soap(document)?,
                };
                assert_eq!(claimed.claimed_issuer().as_str(), ASKER);
                claimed.verify(opening)?.accept(here, at(now), SKEW).map(|accepted| accepted.clone())
            };
            self.judged(claimed_and_proved)
        };
        judge().map_err(|fault: Fault| fault.reason)
    }

    fn response(&self, keys: &TrustedKeys, asked: (&str, &str), now: i64) -> Result<LogoutResponse, Reason> {
        let (issuer, question) = (EntityId::new(asked.0).unwrap(), id(asked.1));
        let here = (self.0 != Way::Soap).then_some(HERE);
        let expected = Expectation { issuer: &issuer, request: &question, here, skew: SKEW };
        let judge = self.judged(|document, arrived| {
            let claimed = match arrived {
                Some(arrived) => response::claimed(document, arrived)?,
                None => response::claimed_in_soap(document)?,
            };
            claimed.verify(keys)?.accept(&expected, at(now)).map(|accepted| accepted.clone())
        });
        judge.map_err(|fault| fault.reason)
    }

    fn judged<T>(
        &self,
        judge: impl FnOnce(&Document<'_>, Option<&Arrived>) -> Result<T, Fault>,
    ) -> Result<T, Fault> {
        match self.0 {
            Way::Soap => judge(&Document::parse(self.1.as_bytes())?, None),
            _ => {
                let arrived = self.arrived()?;
                judge(&Document::parse(&arrived.xml)?, Some(&arrived))
            }
        }
    }
}

fn body(form: &Form) -> String {
    let message = crate::protocol::address::escaped(&form.message);
    let state = form.relay_state.as_ref().map_or(String::new(), |state| format!("&RelayState={state}"));
    format!("{}={message}{}", form.parameter, state.replace(' ', "+"))
}

fn end(name_id: &'static str, session_index: Option<&'static str>) -> Says<'static> {
    let session_indexes: &'static [String] = match session_index {
        Some(index) => std::slice::from_ref(Box::leak(Box::new(index.to_owned()))),
        None => &[],
    };
    Says::End { name_id, name_format: Some(X509_SUBJECT_NAME), session_indexes, not_on_or_after: at(120) }
}

/// What a tester puts into a request.
type Fill<'f> = &'f dyn Fn(&mut Writer);

/// A request with parts of a tester's choosing after its signature, signed.
fn request_of(fill: impl FnOnce(&mut Writer)) -> String {
    request_to(Some(HERE), fill)
}

fn request_to(destination: Option<&str>, fill: impl FnOnce(&mut Writer)) -> String {
    let mut xml = Writer::new();
    xml.start(samlp("LogoutRequest"));
    for (name, value) in [("ID", "_m"), ("Version", "2.0"), ("IssueInstant", "2026-11-21T08:00:00Z")] {
        xml.attribute(name, value);
    }
    if let Some(destination) = destination {
        xml.attribute("Destination", destination);
    }
    xml.element(saml("Issuer"), ASKER).signature_goes_here();
    fill(&mut xml);
    xml.end().finish_signed("_m", &asker()).unwrap().into_string()
}

#[test]
fn our_messages_are_these() {
    let (asker, request) = (asker(), id("_theirs"));
    let shown = |says| {
        let xml = Wire::of(Way::Redirect, says, &asker).xml();
        xml.replace("><", ">\n<").replace("urn:oasis:names:tc:SAML:2.0:", "urn:…:")
    };
    insta::assert_snapshot!(shown(end(NAME, Some(INDEX))), @r#"
    <samlp:LogoutRequest xmlns:samlp="urn:…:protocol" Destination="https://broker.test/saml/idp/slo" ID="_message1" IssueInstant="2026-11-21T08:00:00Z" NotOnOrAfter="2026-11-21T08:02:00Z" Reason="urn:…:logout:user" Version="2.0">
    <saml:Issuer xmlns:saml="urn:…:assertion">https://asker.test</saml:Issuer>
    <saml:NameID xmlns:saml="urn:…:assertion" Format="urn:oasis:names:tc:SAML:1.1:nameid-format:X509SubjectName">C=DK,O=99999999,CN=Bo Lind,Serial=77</saml:NameID>
    <samlp:SessionIndex>0123456789abcdef0123456789abcdef</samlp:SessionIndex>
    </samlp:LogoutRequest>
    "#);
    insta::assert_snapshot!(shown(Says::Ended(&request)), @r#"
    <samlp:LogoutResponse xmlns:samlp="urn:…:protocol" Destination="https://broker.test/saml/idp/slo" ID="_message1" InResponseTo="_theirs" IssueInstant="2026-11-21T08:00:00Z" Version="2.0">
    <saml:Issuer xmlns:saml="urn:…:assertion">https://asker.test</saml:Issuer>
    <samlp:Status>
    <samlp:StatusCode Value="urn:…:status:Success">
    </samlp:StatusCode>
    </samlp:Status>
    </samlp:LogoutResponse>
    "#);
    let status = |says| shown(says).split_once("<samlp:Status>\n").unwrap().1.to_owned();
    insta::assert_snapshot!(status(Says::InPart(&request)), @r#"
    <samlp:StatusCode Value="urn:…:status:Success">
    <samlp:StatusCode Value="urn:…:status:PartialLogout">
    </samlp:StatusCode>
    </samlp:StatusCode>
    </samlp:Status>
    </samlp:LogoutResponse>
    "#);
    let refused = Status::for_reason(Reason::SloIssuer).unwrap();
    insta::assert_snapshot!(status(Says::Refused(&request, refused)), @r#"
    <samlp:StatusCode Value="urn:…:status:Requester">
    <samlp:StatusCode Value="urn:…:status:RequestDenied">
    </samlp:StatusCode>
    </samlp:StatusCode>
    <samlp:StatusMessage>slo.issuer: Somebody asked to end a session that it has no part in; the session lives on. Whoever runs the sending system names only users and sessions that it was given itself. If it does, tell your security team.</samlp:StatusMessage>
    </samlp:Status>
    </samlp:LogoutResponse>
    "#);
}

#[test]
fn a_request_of_ours_is_proved_and_accepted_by_each_way() {
    let asker = asker();
    let keys = trusted(&asker);
    for way in WAYS {
        let request = Wire::of(way, end(NAME, Some(INDEX)), &asker).request(&keys, HERE, 1).unwrap();
        assert_eq!((request.id.as_str(), request.name_id.as_str()), ("_message1", NAME), "{way:?}");
        assert_eq!(request.session_indexes, [INDEX]);
        assert_eq!(request.reason.as_deref(), Some("urn:oasis:names:tc:SAML:2.0:logout:user"));
        assert_eq!(request.relay_state.as_deref(), (way != Way::Soap).then_some("tab 7"));
        let all = Wire::of(way, end(NAME, None), &asker).request(&keys, HERE, 1).unwrap();
        assert!(all.session_indexes.is_empty());
    }
}

#[test]
fn what_became_of_a_request_is_told_by_each_way() {
    let (asker, request) = (asker(), id("_theirs"));
    let refused = Status::for_reason(Reason::SloIssuer).unwrap();
    for (says, outcome) in [
        (Says::Ended(&request), Outcome::Ended),
        (Says::InPart(&request), Outcome::InPart),
        (Says::Refused(&request, refused), Outcome::Refused("Requester / RequestDenied".to_owned())),
    ] {
        for way in WAYS {
            let told = Wire::of(way, says, &asker).response(&trusted(&asker), (ASKER, "_theirs"), 1).unwrap();
            assert_eq!(told.outcome, outcome, "{way:?}");
        }
    }
}

#[test]
fn an_unsigned_message_is_refused_whichever_way_it_comes() {
    let (asker, theirs) = (asker(), id("_theirs"));
    let keys = trusted(&asker);
    for way in WAYS {
        let request = Wire::of(way, end(NAME, Some(INDEX)), &asker);
        assert!(request.request(&keys, HERE, 1).is_ok(), "{way:?}");
        assert_eq!(request.unsigned().request(&keys, HERE, 1), Err(Reason::SloSig), "{way:?}");
        let response = Wire::of(way, Says::Ended(&theirs), &asker);
        assert!(response.response(&keys, (ASKER, "_theirs"), 1).is_ok(), "{way:?}");
        let unsigned = response.unsigned().response(&keys, (ASKER, "_theirs"), 1);
        assert_eq!(unsigned, Err(Reason::SloResponse), "{way:?}");
    }
    // A signature inside does not count in an address, where only the one beside it is over what was sent.
    let inside = Wire::of(Way::Post, end(NAME, None), &asker).xml();
    let deflated = super::super::deflate::deflate(inside.as_bytes());
    let message = base64_simd::STANDARD.encode_to_string(deflated);
    let address = Wire(Way::Redirect, format!("SAMLRequest={}", crate::protocol::address::escaped(&message)));
    assert_eq!(address.request(&keys, HERE, 1), Err(Reason::SloSig));
}

#[test]
fn a_message_with_another_key_or_changed_on_its_way_is_refused() {
    let (asker, other) = (asker(), trusted(&key("idp-feddet")));
    for way in WAYS {
        let request = Wire::of(way, end(NAME, Some(INDEX)), &asker);
        // A signature in an address does not show its key.
        let reason = if way == Way::Redirect { Reason::SigInvalid } else { Reason::KeyUntrusted };
        assert_eq!(request.request(&other, HERE, 1), Err(reason), "{way:?}");
    }
    let keys = trusted(&asker);
    for way in [Way::Post, Way::Soap] {
        let xml = request_of(|xml| {
            xml.element(saml("NameID"), NAME);
        });
        assert!(Wire::inside(way, &xml, Carries::Request).request(&keys, HERE, 1).is_ok());
        let another = xml.replace("Serial=77", "Serial=78");
        let refused = Wire::inside(way, &another, Carries::Request).request(&keys, HERE, 1);
        assert_eq!(refused, Err(Reason::SigInvalid), "{way:?}");
    }
    let address = Wire::of(Way::Redirect, end(NAME, Some(INDEX)), &asker);
    let another = Wire(Way::Redirect, address.1.replace("RelayState=tab%207", "RelayState=tab%208"));
    assert_eq!(another.request(&keys, HERE, 1), Err(Reason::SigInvalid));
}

#[test]
fn a_genuine_message_inside_a_forged_one_does_not_speak_for_it() {
    let asker = asker();
    let keys = trusted(&asker);
    let genuine = request_of(|xml| {
        xml.element(saml("NameID"), "C=DK,O=99999999,CN=Eve,Serial=66");
    });
    let head = "<samlp:LogoutRequest xmlns:samlp=\"urn:oasis:names:tc:SAML:2.0:protocol\" \
         xmlns:saml=\"urn:oasis:names:tc:SAML:2.0:assertion\" ID=\"_forged\" Version=\"2.0\" \
         IssueInstant=\"2026-11-21T08:00:00Z\"";
    let issuer = format!("<saml:Issuer>{ASKER}</saml:Issuer>");
    let name = format!("<saml:NameID>{NAME}</saml:NameID>");
    let begin = genuine.find("<ds:Signature").unwrap();
    let signature = &genuine[begin..genuine.find("</ds:Signature>").unwrap() + 15];
    for (what, forged) in [
        ("in Extensions", format!("{issuer}<samlp:Extensions>{genuine}</samlp:Extensions>{name}")),
        (
            "its signature taken over",
            format!("{issuer}{signature}<samlp:Extensions>{genuine}</samlp:Extensions>{name}"),
        ),
        ("after the name", format!("{issuer}{name}{genuine}")),
    ] {
        let forged = format!("{head} Destination=\"{HERE}\">{forged}</samlp:LogoutRequest>");
        for way in [Way::Post, Way::Soap] {
            let refused = Wire::inside(way, &forged, Carries::Request).request(&keys, HERE, 1);
            assert_eq!(refused, Err(Reason::SigCoverage), "{what}, {way:?}");
        }
    }
    let beside = format!(
        "<s:Envelope xmlns:s=\"http://schemas.xmlsoap.org/soap/envelope/\"><s:Header>{head}/></s:Header>\
         <s:Body>{genuine}</s:Body></s:Envelope>"
    );
    assert_eq!(Wire(Way::Soap, beside).request(&keys, HERE, 1), Err(Reason::SigCoverage));
    assert!(Wire::inside(Way::Soap, &genuine, Carries::Request).request(&keys, HERE, 1).is_ok());
}

#[test]
fn a_message_for_another_address_or_another_time_is_refused() {
    let (asker, theirs) = (asker(), id("_theirs"));
    let keys = trusted(&asker);
    for way in WAYS {
        let request = Wire::of(way, end(NAME, Some(INDEX)), &asker);
        for now in [-60, 0, 179] {
            assert!(request.request(&keys, HERE, now).is_ok(), "{way:?} at {now}");
        }
        for (here, now) in [("https://broker.test/saml/sp/slo", 1), (HERE, -61), (HERE, 180), (HERE, 361)] {
            let refused = request.request(&keys, here, now);
            assert_eq!(refused, Err(Reason::SloReplay), "{way:?} at {here}, {now}");
        }
        let response = Wire::of(way, Says::Ended(&theirs), &asker);
        assert!(response.response(&keys, (ASKER, "_theirs"), 360).is_ok());
        for now in [-61, 361] {
            let refused = response.response(&keys, (ASKER, "_theirs"), now);
            assert_eq!(refused, Err(Reason::SloReplay), "{way:?} at {now}");
        }
    }
    // However late it ends: to the last moment that can be told.
    for end in ["9999-12-30T21:59:59Z", "9999-12-30T22:00:00.999999999Z"] {
        let late = Says::End {
            name_id: NAME,
            name_format: None,
            session_indexes: &[],
            not_on_or_after: end.parse().unwrap(),
        };
        assert!(Wire::of(Way::Soap, late, &asker).request(&keys, HERE, 1).is_ok(), "{end}");
    }
    // What names no address could have been put to anybody.
    for way in [Way::Post, Way::Soap] {
        let judged = |destination| {
            let xml = request_to(destination, |xml| {
                xml.element(saml("NameID"), NAME);
            });
            Wire::inside(way, &xml, Carries::Request).request(&keys, HERE, 1).map(drop)
        };
        assert_eq!(judged(Some(HERE)), Ok(()), "{way:?}");
        assert_eq!(judged(None), Err(Reason::SloReplay), "{way:?}");
    }
}

#[test]
fn an_answer_counts_only_from_whom_was_asked_and_to_what_was_asked() {
    let (asker, theirs) = (asker(), id("_theirs"));
    let keys = trusted(&asker);
    for way in WAYS {
        let response = Wire::of(way, Says::Ended(&theirs), &asker);
        assert!(response.response(&keys, (ASKER, "_theirs"), 1).is_ok(), "{way:?}");
        for asked in [("https://another.test", "_theirs"), (ASKER, "_another")] {
            assert_eq!(response.response(&keys, asked, 1), Err(Reason::SloResponse), "{way:?}, {asked:?}");
        }
        // The two kinds of message don't pass for each other.
        let request = Wire::of(way, end(NAME, None), &asker);
        assert_eq!(request.response(&keys, (ASKER, "_theirs"), 1), Err(Reason::SloSchema), "{way:?}");
        assert_eq!(response.request(&keys, HERE, 1), Err(Reason::SloSchema), "{way:?}");
    }
    let fault = soap::write_fault(Reason::SigInvalid).unwrap().into_string();
    assert!(Wire(Way::Soap, fault).response(&keys, (ASKER, "_theirs"), 1).is_err());
}

#[test]
fn extensions_are_passed_over_where_they_belong_and_refused_elsewhere() {
    let keys = trusted(&asker());
    let extensions = |xml: &mut Writer| {
        xml.start(samlp("Extensions"));
        for _ in 0..200 {
            xml.start(Name::new("urn:test", "t", "e")).end();
        }
        xml.end();
    };
    let judged =
        |fill: Fill<'_>| Wire::inside(Way::Post, &request_of(fill), Carries::Request).request(&keys, HERE, 1);
    let name = |xml: &mut Writer| {
        xml.element(saml("NameID"), NAME);
    };
    let index = |xml: &mut Writer| {
        xml.element(samlp("SessionIndex"), INDEX);
    };
    let read = judged(&|xml| (extensions(xml), name(xml), index(xml), index(xml)).0).unwrap();
    assert_eq!((read.name_id.as_str(), read.session_indexes.len()), (NAME, 2));
    let wrong: [(&str, Fill<'_>); 8] = [
        ("after the name", &|xml| (name(xml), extensions(xml)).0),
        ("between indexes", &|xml| (name(xml), index(xml), extensions(xml), index(xml)).0),
        ("twice", &|xml| (extensions(xml), extensions(xml), name(xml)).0),
        ("no name", &|xml| index(xml)),
        ("two names", &|xml| (name(xml), name(xml)).0),
        ("index first", &|xml| (index(xml), name(xml)).0),
        ("nothing", &|_| ()),
        ("a BaseID", &|xml| {
            xml.start(saml("BaseID")).end();
        }),
    ];
    for (what, fill) in wrong {
        assert_eq!(judged(fill), Err(Reason::SloSchema), "{what}");
    }
}

#[test]
fn an_encrypted_name_is_opened_with_our_key_and_no_other() {
    let keys = trusted(&asker());
    let how = Encryption { content: ContentCipher::Aes256Gcm, key: KeyTransport::OaepSha256 };
    let judged = |receiver: &str, local: &'static str| {
        let mut plain = Writer::new();
        let plain = plain.element(saml(local), NAME).finish().unwrap();
        let sealed = encrypt(&plain, Decrypter::certificate(&key(receiver)), how, &SystemRandom).unwrap();
        let xml = request_of(|xml| {
            xml.start(saml("EncryptedID")).embed(&sealed).end();
        });
        let read = Wire::inside(Way::Post, &xml, Carries::Request).request(&keys, HERE, 1);
        read.map(|request| request.name_id)
    };
    assert_eq!(judged("broker-decryption", "NameID"), Ok(NAME.to_owned()));
    assert_eq!(judged("sp-oiosaml3", "NameID"), Err(Reason::DecFailed));
    assert_eq!(judged("broker-decryption", "Assertion"), Err(Reason::DecFailed));
}

#[test]
fn a_parameter_that_stands_twice_is_refused() {
    let asker = asker();
    let keys = trusted(&asker);
    for way in [Way::Redirect, Way::Post] {
        let Wire(_, text) = Wire::of(way, end(NAME, Some(INDEX)), &asker);
        let Wire(_, evil) = Wire::of(way, end("C=DK,O=1,CN=E,Serial=6", None), &asker);
        let answer = text.replacen("SAMLRequest", "SAMLResponse", 1);
        for second in [&evil, &answer] {
            for both in [format!("{text}&{second}"), format!("{second}&{text}")] {
                let refused = Wire(way, both).request(&keys, HERE, 1);
                assert_eq!(refused, Err(Reason::ParamDuplicate), "{way:?}");
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 60, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn what_is_written_is_read_whatever_the_name_and_the_indexes_are(
        name in "[ -~æøåÆØÅ€]{1,80}",
        indexes in proptest::collection::vec("[!-~æøå]{1,60}", 0..4),
        way in proptest::sample::select(&WAYS[..]),
    ) {
        let asker = asker();
        let says = Says::End {
            name_id: &name,
            name_format: None,
            session_indexes: &indexes,
            not_on_or_after: at(120),
        };
        let read = Wire::of(way, says, &asker).request(&trusted(&asker), HERE, 1).unwrap();
        prop_assert_eq!(read.name_id, name);
        prop_assert_eq!(read.session_indexes, indexes);
    }
}
