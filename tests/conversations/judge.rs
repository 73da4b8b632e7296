//! What `verify-response` says of a stored answer is what the login said of it: the same verdict for the same reason.

use std::sync::Arc;

use context_handler::broker::judge::Stored;
use context_handler::domain::id::{EntityId, MessageId};
use context_handler::protocol::keys::Decrypter;
use context_handler::protocol::saml::metadata::Parsed;
use context_handler::protocol::xml::Document;
use jiff::SignedDuration;

use crate::support::{Say, Signing, Town, at, deliver, key};

/// What the judge says: a reason code, or `login.ok`.
fn judged(town: &Town, metadata: &str, xml: &str, question: &str) -> String {
    let document = Document::parse_metadata(metadata.as_bytes()).unwrap();
    let decrypters: [Arc<dyn Decrypter>; 1] = [key("broker-decryption")];
    let stored = Stored {
        xml: xml.as_bytes(),
        idp: &Parsed::new(&document).idp(None).unwrap(),
        acs: &town.acs(),
        audience: &EntityId::new(&format!("{}/saml", town.url)).unwrap(),
        question: Some(&MessageId::new(question).unwrap()),
        decrypters: &decrypters,
        skew: SignedDuration::from_secs(60),
    };
    stored.judge(town.now()).map_or_else(|fault| fault.reason.code().to_owned(), |_| "login.ok".to_owned())
}

#[tokio::test]
async fn a_stored_answer_is_judged_as_the_login_judged_it() {
    type Bend = fn(&mut Say);
    let bends: [(&str, Bend); 22] = [
        ("login.ok", |_| {}),
        ("login.ok", |say| say.signing = Signing::Both),
        ("login.ok", |say| (say.signing, say.encrypted) = (Signing::Response, false)),
        ("audience", |say| say.audiences = vec![vec!["https://other.test".into()]]),
        ("audience", |say| say.audiences.clear()),
        ("recipient", |say| say.recipient = Some("https://other.test/acs".into())),
        ("recipient", |say| say.destination = Some("https://other.test/acs".into())),
        ("irt.unknown", |say| say.in_response_to = Some("_other".into())),
        ("irt.missing", |say| say.scd_in_response_to = None),
        ("time.conditions", |say| say.not_on_or_after = Some(at(-60).to_string())),
        ("time.scd", |say| say.scd_not_on_or_after = Some(at(-60).to_string())),
        ("time.issue", |say| say.issue_instant = at(61).to_string()),
        ("time.session", |say| say.session_not_on_or_after = Some(at(-60).to_string())),
        ("scd.method", |say| say.method = "holder-of-key"),
        ("scd.method", |say| say.scd_not_before = Some(at(0).to_string())),
        ("condition.unknown", |say| say.extra_condition = Some("Condition")),
        ("issuer.mismatch", |say| say.assertion_issuer = "https://other.test".into()),
        ("idp.unexpected", |say| say.response_issuer = Some("https://other.test".into())),
        ("status", |say| say.status = vec!["Responder", "AuthnFailed"]),
        ("xml.schema", |say| say.version = "1.1"),
        ("sig.missing", |say| say.signing = Signing::Nothing),
        ("value.format", |say| say.name_id.clear()),
    ];
    let town = Town::new("judge").await;
    for (number, (expected, bend)) in bends.into_iter().enumerate() {
        let mut browser = town.browser();
        let mut ask = town.bbr.ask();
        ask.id = format!("_request-{number}");
        let sent = town.bbr.send(&mut browser, &ask).await;
        let (question, arrived) = town.korsbaek.question(&sent);
        let mut say = town.korsbaek.say(&question);
        say.assertion_id = format!("_assertion-{number}");
        bend(&mut say);
        let xml = town.korsbaek.write(&say);
        deliver(&town, &mut browser, &xml, arrived.relay_state.as_deref()).await;
        let log = town.log().await;
        let received =
            log.iter().rev().find(|record| format!("{:?}", record.event) == "AnswerReceived").unwrap();
        let judged = judged(&town, &town.korsbaek.metadata(), &xml, &question);
        assert_eq!((received.reason.as_str(), judged.as_str()), (expected, expected), "answer {number}");
    }
}

#[tokio::test]
async fn the_judge_knows_when_a_key_ends_and_whose_metadata_it_was_given() {
    let town = Town::new("judge-time").await;
    let mut browser = town.browser();
    let sent = town.bbr.send(&mut browser, &town.bbr.ask()).await;
    let (question, arrived) = town.korsbaek.question(&sent);
    let xml = town.korsbaek.write(&town.korsbaek.say(&question));
    let metadata = town.korsbaek.metadata();
    assert_eq!(judged(&town, &metadata, &xml, &question), "login.ok");
    assert_eq!(judged(&town, &town.feddet.metadata(), &xml, &question), "idp.unexpected");
    let ended = metadata.replacen(" entityID", &format!(" validUntil=\"{}\" entityID", at(0)), 1);
    assert_eq!(judged(&town, &ended, &xml, &question), "md.refused");
    assert_eq!(deliver(&town, &mut browser, &xml, arrived.relay_state.as_deref()).await.status, 200);
    town.pass(SignedDuration::from_hours(24 * 365 * 30));
    assert_eq!(judged(&town, &metadata, &xml, &question), "key.expired");
}
