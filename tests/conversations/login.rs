//! A fagsystem's user logs in.

use jiff::SignedDuration;

use crate::support::{Signing, Town};

#[tokio::test]
async fn a_user_logs_in_by_redirect_and_the_fagsystem_is_told_in_oiosaml_3() {
    let town = Town::new("oiosaml3").await;
    let mut browser = town.browser();
    let sent = town.bbr.send(&mut browser, &town.bbr.ask()).await;
    assert_eq!(sent.status, 303);
    let answer = town.korsbaek.answer(&town, &mut browser, &sent, |_| {}).await;
    let told = town.bbr.read(&answer, &town);
    assert_eq!((told.status.as_slice(), told.encrypted), (&["Success".to_owned()][..], true));
    assert_eq!((told.action.as_str(), told.in_response_to.as_str()), (town.bbr.acs.as_str(), "_request1"));
    assert_eq!(told.relay_state.as_deref(), Some("back to /case/7"));
    assert_eq!(told.name_id, "C=DK,O=11111111,CN=Ib Dam,Serial=5b0c");
    assert_eq!(told.class, "https://data.gov.dk/concept/core/nsis/loa/Substantial");
    let attributes: Vec<_> =
        told.attributes.iter().map(|(n, v)| format!("{n} = {}", v.join(" | "))).collect();
    insta::assert_snapshot!(attributes.join("\n"), @"
    https://data.gov.dk/model/core/specVersion = OIO-SAML-3.0
    dk:gov:saml:attribute:KombitSpecVer = 2.0
    https://data.gov.dk/concept/core/nsis/loa = Substantial
    https://data.gov.dk/model/core/eid/professional/cvr = 11111111
    https://data.gov.dk/model/core/eid/professional/orgName = Korsbæk Kommune
    https://data.gov.dk/model/core/eid/email = ib@korsbaek.test
    ");
    assert!(browser.pending().is_empty(), "the sealed login is forgotten");
}

#[tokio::test]
async fn a_user_logs_in_by_post_and_the_fagsystem_is_told_in_oiosaml_2() {
    let town = Town::new("oiosaml2").await;
    let mut browser = town.browser();
    let form = town.driving.form(&town.driving.ask());
    let fields = [("SAMLRequest", form.message.as_str()), ("RelayState", "back to /case/7")];
    let sent = browser.post(&format!("{}?authority=11111111", form.action), &fields).await;
    let answer = town.korsbaek.answer(&town, &mut browser, &sent, |_| {}).await;
    let told = town.driving.read(&answer, &town);
    assert!(!told.encrypted, "it has no encryption key");
    assert_eq!(told.class, "urn:dk:gov:saml:attribute:AssuranceLevel:3");
    let attributes: Vec<_> =
        told.attributes.iter().map(|(n, v)| format!("{n} = {}", v.join(" | "))).collect();
    insta::assert_snapshot!(attributes.join("\n"), @"
    dk:gov:saml:attribute:SpecVer = DK-SAML-2.0
    dk:gov:saml:attribute:KombitSpecVer = 1.0
    dk:gov:saml:attribute:AssuranceLevel = 3
    dk:gov:saml:attribute:CvrNumberIdentifier = 11111111
    ");
}

#[tokio::test]
async fn every_message_leaves_one_record_and_one_id_ties_them_together() {
    let town = Town::new("records").await;
    let mut browser = town.browser();
    let sent = town.bbr.send(&mut browser, &town.bbr.ask()).await;
    town.korsbaek.answer(&town, &mut browser, &sent, |_| {}).await;
    let log = town.log().await;
    let story: Vec<_> =
        log.iter().skip(1).map(|r| format!("{:?} {:?} {}", r.event, r.actor, r.reason)).collect();
    insta::assert_snapshot!(story.join("\n"), @"
    RequestReceived Fagsystem login.begun
    QuestionSent Broker login.chosen
    AnswerReceived IdentityProvider login.ok
    TokenIssued Broker login.ok
    ");
    assert!(log.iter().skip(1).all(|record| record.login == log[1].login && record.allowed));
    let received = &log[3];
    assert_eq!(received.message.as_deref(), Some("_response1"));
    assert_eq!(received.assertion.as_deref(), Some("_assertion1"));
    assert_eq!(received.level.as_deref(), Some("NSIS Substantial"));
    assert!(received.key.is_some() && received.sha256.is_some());
    let whole = serde_json::to_string(&log).unwrap();
    assert!(!whole.contains("Ib Dam") && !whole.contains("ib@korsbaek"), "no personal data in the log");
}

#[tokio::test]
async fn each_place_of_the_signature_is_accepted_in_plain_and_encrypted() {
    for (n, signing) in [Signing::Assertion, Signing::Response, Signing::Both].into_iter().enumerate() {
        for encrypted in [true, false] {
            let town = Town::new(&format!("signing-{n}-{encrypted}")).await;
            let mut browser = town.browser();
            let sent = town.bbr.send(&mut browser, &town.bbr.ask()).await;
            let answer = town
                .korsbaek
                .answer(&town, &mut browser, &sent, |say| (say.signing, say.encrypted) = (signing, encrypted))
                .await;
            let told = town.bbr.read(&answer, &town);
            assert_eq!(told.status, ["Success"], "{signing:?} encrypted {encrypted}");
        }
    }
}

#[tokio::test]
async fn force_authn_and_is_passive_are_passed_on() {
    let town = Town::new("flags").await;
    for flag in ["ForceAuthn", "IsPassive"] {
        let mut browser = town.browser();
        let mut ask = town.bbr.ask();
        ask.attributes.push((flag, "true".into()));
        let sent = town.bbr.send(&mut browser, &ask).await;
        let (_, question) = town.korsbaek.question(&sent);
        let xml = String::from_utf8(question.xml).unwrap();
        assert!(xml.contains(&format!("{flag}=\"true\"")), "{xml}");
    }
}

#[tokio::test]
async fn a_level_that_is_too_low_is_told_to_the_fagsystem() {
    let town = Town::new("low").await;
    let mut browser = town.browser();
    let sent = town.bbr.send(&mut browser, &town.bbr.ask()).await;
    let answer = town
        .korsbaek
        .answer(&town, &mut browser, &sent, |say| {
            say.class = "https://data.gov.dk/concept/core/nsis/loa/Low".into();
            say.attributes[1].1 = vec!["Low".into()];
        })
        .await;
    let told = town.bbr.read(&answer, &town);
    assert_eq!(told.status, ["Responder", "NoAuthnContext"]);
    assert_eq!(told.relay_state.as_deref(), Some("back to /case/7"));
    assert_eq!(town.last_reason().await, "loa.lower");
}

#[tokio::test]
async fn a_user_who_gives_up_at_the_identity_provider_is_told_to_the_fagsystem() {
    let town = Town::new("gave-up").await;
    let mut browser = town.browser();
    let sent = town.bbr.send(&mut browser, &town.bbr.ask()).await;
    let gave_up = |say: &mut crate::support::Say| {
        say.status = vec!["Responder", "AuthnFailed"];
        say.signing = Signing::Response;
    };
    let answer = town.korsbaek.answer(&town, &mut browser, &sent, gave_up).await;
    assert_eq!(town.bbr.read(&answer, &town).status, ["Responder", "AuthnFailed"]);
}

#[tokio::test]
async fn a_login_may_take_ten_minutes_and_no_longer() {
    for (name, minutes, accepted) in [("nine", 9, true), ("eleven", 11, false)] {
        let town = Town::new(name).await;
        let mut browser = town.browser();
        let sent = town.bbr.send(&mut browser, &town.bbr.ask()).await;
        town.pass(SignedDuration::from_mins(minutes));
        let later = town.now();
        let answer = town
            .korsbaek
            .answer(&town, &mut browser, &sent, |say| {
                say.issue_instant = later.to_string();
                say.scd_not_on_or_after = Some((later + SignedDuration::from_mins(5)).to_string());
            })
            .await;
        assert_eq!(answer.form().is_some(), accepted, "{minutes} minutes");
    }
}

#[tokio::test]
async fn two_tabs_of_one_browser_do_not_mix() {
    let town = Town::new("tabs").await;
    let mut browser = town.browser();
    let first = town.bbr.send(&mut browser, &town.bbr.ask()).await;
    let mut other = town.driving.ask();
    other.id = "_request2".into();
    let second = town.driving.send(&mut browser, &other).await;
    let answer = town.korsbaek.answer(&town, &mut browser, &first, |_| {}).await;
    assert_eq!(town.bbr.read(&answer, &town).in_response_to, "_request1");
    let answer = town
        .korsbaek
        .answer(&town, &mut browser, &second, |say| say.assertion_id = "_assertion2".into())
        .await;
    assert_eq!(town.driving.read(&answer, &town).in_response_to, "_request2");
}
