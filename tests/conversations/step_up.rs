//! A municipality's provider cannot reach the level that a fagsystem needs, so its user goes on to NemLog-in.

use context_handler::broker::registry::Files;
use context_handler::broker::{Next, Visit};
use context_handler::domain::id::LoginId;
use context_handler::protocol::saml::binding::{Arrived, Carries};
use jiff::SignedDuration;

use crate::attacks::{refused, told};
use crate::support::{Answer, Browser, Idp, Say, Signing, Town, deliver, key};

const UUID: &str = "5b0c6a2e-0f3d-4a51-9c77-1d2e3f405162";
const ANOTHER: &str = "00000000-0f3d-4a51-9c77-1d2e3f405162";
const PERSISTENT: &str = "https://data.gov.dk/model/core/eid/professional/uuid/persistent";
const LOA: &str = "https://data.gov.dk/concept/core/nsis/loa";
const CVR: &str = "https://data.gov.dk/model/core/eid/professional/cvr";
const ALLOWED: &str = "step-up = \"https://saml.nemlog-in.test\"\n";
const REGISTER: &str = "register.toml";

/// The town where Korsbæk allows that NemLog-in raises the level of its users.
async fn town(name: &str) -> Town {
    Town::with(&format!("step-up-{name}"), allow).await
}

fn allow(files: &mut Files) {
    let nemlogin = Idp::nemlogin("");
    files.insert("nemlogin.xml".into(), nemlogin.metadata().into_bytes());
    let korsbaek = "name = \"Korsbæk Kommune\"\n";
    change(files, korsbaek, &format!("{korsbaek}{ALLOWED}"));
    let register = files.get_mut(REGISTER).unwrap();
    register.extend(nemlogin.registration().into_bytes());
}

fn change(files: &mut Files, from: &str, to: &str) {
    let register = files.get_mut(REGISTER).unwrap();
    let text = String::from_utf8(register.clone()).unwrap();
    assert!(text.contains(from), "{from} in {text}");
    *register = text.replacen(from, to, 1).into_bytes();
}

/// Korsbæk is sure of its user to a low degree, and knows who the user is to the state.
fn low(say: &mut Say) {
    state(say, "Low");
    say.attributes.push((PERSISTENT.into(), vec![UUID.into()]));
}

fn state(say: &mut Say, level: &str) {
    say.class = format!("{LOA}/{level}");
    set(say, LOA, level);
}

fn set(say: &mut Say, name: &str, value: &str) {
    say.attributes.retain(|(known, _)| known != name);
    say.attributes.push((name.into(), vec![value.into()]));
}

/// A user whom Korsbæk has logged in and who is on the way to NemLog-in.
struct Halfway {
    browser: Browser,
    sent: Answer,
}

async fn halfway(town: &Town) -> Halfway {
    let mut browser = town.browser();
    let sent = first_leg(town, &mut browser, low).await.onward();
    Halfway { browser, sent }
}

async fn first_leg(town: &Town, browser: &mut Browser, bend: impl FnOnce(&mut Say)) -> Answer {
    let sent = town.bbr.send(browser, &town.bbr.ask()).await;
    town.korsbaek.answer(town, browser, &sent, bend).await
}

impl Halfway {
    /// What NemLog-in says when all is well, and the state that it gives back.
    fn say(&self, town: &Town) -> (Say, Option<String>) {
        let nemlogin = Idp::nemlogin(&town.url);
        let (question, arrived) = nemlogin.question(&self.sent);
        let mut say = nemlogin.say(&question);
        say.response_id = "_response-nemlogin".into();
        say.assertion_id = "_assertion-nemlogin".into();
        say.name_id = format!("https://data.gov.dk/model/core/eid/professional/uuid/{UUID}");
        set(&mut say, PERSISTENT, UUID);
        (say, arrived.relay_state)
    }

    async fn answer(&mut self, town: &Town, bend: impl FnOnce(&mut Say)) -> Answer {
        let (mut say, state) = self.say(town);
        bend(&mut say);
        let xml = Idp::nemlogin(&town.url).write(&say);
        deliver(town, &mut self.browser, &xml, state.as_deref()).await
    }
}

fn rows(town: &Town, table: &str) -> Vec<String> {
    let connection = rusqlite::Connection::open(town.database()).unwrap();
    let mut select = connection.prepare(&format!("SELECT content FROM {table}")).unwrap();
    let rows = select.query_map([], |row| row.get(0)).unwrap();
    rows.map(Result::unwrap).collect()
}

#[tokio::test]
async fn a_user_whose_level_is_too_low_reaches_it_at_nemlogin() {
    let town = town("whole").await;
    let mut user = halfway(&town).await;
    let answer = user
        .answer(&town, |say| {
            say.authorities = vec!["https://anybody.test".into(), "https://made.up.test".into()]
        })
        .await;
    let told = town.bbr.read(&answer, &town);
    assert_eq!((told.status.as_slice(), told.encrypted), (&["Success".to_owned()][..], true));
    assert_eq!(told.in_response_to, "_request1");
    assert_eq!(told.relay_state.as_deref(), Some("back to /case/7"));
    assert_eq!(told.class, "https://data.gov.dk/concept/core/nsis/loa/Substantial", "NemLog-in's level");
    assert_eq!(told.attribute(LOA), Some("Substantial"));
    assert_eq!(told.name_id, "C=DK,O=11111111,CN=Ib Dam,Serial=5b0c", "Korsbæk's name");
    assert_eq!(told.attribute("https://data.gov.dk/model/core/eid/email"), Some("ib@korsbaek.test"));
    let assertion = told.assertion.unwrap();
    let chain: Vec<_> = assertion.split("<saml:AuthenticatingAuthority>").skip(1).collect();
    assert_eq!(chain.len(), 2, "our own account of the chain, and nobody else's: {assertion}");
    assert!(
        chain[0].starts_with(&town.korsbaek.entity_id)
            && chain[1].starts_with("https://saml.nemlog-in.test<")
    );
    assert_eq!(town.log().await.pop().unwrap().noticed, ["chain"]);
    assert!(user.browser.pending().is_empty(), "the sealed login is forgotten");
    assert_eq!(rows(&town, "half_done").len(), 0, "what waited was taken");
    let session = rows(&town, "session").pop().unwrap();
    let at_nemlogin = "\"step_up\":{\"idp\":\"https://saml.nemlog-in.test\"";
    assert!(session.contains(at_nemlogin) && session.contains("\"index\":\"_session-at-idp\""), "{session}");
}

#[tokio::test]
async fn nemlogin_is_asked_for_the_level_and_for_an_employee_in_a_signed_redirect() {
    let town = town("question").await;
    for force in [false, true] {
        let mut browser = town.browser();
        let mut ask = town.bbr.ask();
        ask.id = format!("_request-{force}");
        if force {
            ask.attributes.push(("ForceAuthn", "true".into()));
        }
        let sent = town.bbr.send(&mut browser, &ask).await;
        let bend = |say: &mut Say| {
            low(say);
            say.assertion_id = format!("_assertion-{force}");
        };
        let sent = town.korsbaek.answer(&town, &mut browser, &sent, bend).await.onward();
        let (_, arrived) = Idp::nemlogin(&town.url).question(&sent);
        let xml = String::from_utf8(arrived.xml).unwrap();
        for part in [
            "Comparison=\"minimum\"",
            ">https://data.gov.dk/concept/core/nsis/loa/Substantial</saml:AuthnContextClassRef>",
            ">https://data.gov.dk/eid/Professional</saml:AuthnContextClassRef>",
            &format!("<samlp:RequesterID>{}</samlp:RequesterID>", town.bbr.entity_id),
            "Destination=\"https://idp.nemlogin.test/sso\"",
        ] {
            assert!(xml.contains(part), "{part} in {xml}");
        }
        assert_eq!(xml.matches("</saml:AuthnContextClassRef>").count(), 2, "{xml}");
        assert_eq!(xml.contains("ForceAuthn=\"true\""), force);
        let signature = arrived.detached.unwrap();
        let own =
            context_handler::protocol::keys::Signer::certificate(key("broker-signing").as_ref()).clone();
        let keys = context_handler::protocol::keys::TrustedKeys::new(vec![own]).unwrap();
        keys.verify_detached(&signature.algorithm, &signature.octets, &signature.signature).unwrap();
    }
}

#[tokio::test]
async fn an_old_login_at_nemlogin_is_no_answer_where_a_new_one_is_asked_for() {
    let town = town("force-old").await;
    for (force, seconds, status) in
        [(true, 61, &["Responder", "AuthnFailed"][..]), (true, 60, &["Success"]), (false, 61, &["Success"])]
    {
        let mut browser = town.browser();
        let mut ask = town.bbr.ask();
        ask.id = format!("_request-{force}-{seconds}");
        ask.attributes.extend(force.then(|| ("ForceAuthn", "true".to_owned())));
        let sent = town.bbr.send(&mut browser, &ask).await;
        let named = |say: &mut Say| say.assertion_id = format!("{}-{force}-{seconds}", say.assertion_id);
        let bend = |say: &mut Say| {
            low(say);
            named(say);
        };
        let sent = town.korsbaek.answer(&town, &mut browser, &sent, bend).await.onward();
        let mut user = Halfway { browser, sent };
        let old = |say: &mut Say| {
            named(say);
            say.authn_instant = Some((town.now() - SignedDuration::from_secs(seconds)).to_string());
        };
        let answer = user.answer(&town, old).await;
        assert_eq!(town.bbr.read(&answer, &town).status, status, "{force} {seconds}");
    }
}

#[tokio::test]
async fn every_message_of_both_legs_leaves_a_record_and_both_providers_are_named() {
    let town = town("records").await;
    halfway(&town).await.answer(&town, |_| {}).await;
    let log = town.log().await;
    let story: Vec<_> = log
        .iter()
        .skip(1)
        .map(|r| {
            let level = r.level.as_deref().unwrap_or("-");
            let step_up = r.step_up.as_ref().map_or("-", |idp| idp.as_str());
            format!("{:?} {:?} {} {level} {step_up}", r.event, r.actor, r.reason)
        })
        .collect();
    insta::assert_snapshot!(story.join("\n"), @"
    RequestReceived Fagsystem login.begun - -
    QuestionSent Broker login.chosen - -
    AnswerReceived IdentityProvider loa.stepup NSIS Low -
    QuestionSent Broker login.stepup NSIS Low https://saml.nemlog-in.test
    AnswerReceived IdentityProvider login.ok NSIS Substantial https://saml.nemlog-in.test
    TokenIssued Broker login.ok NSIS Substantial https://saml.nemlog-in.test
    ");
    assert!(log.iter().skip(1).all(|record| record.login == log[1].login && record.allowed));
    assert!(
        log.iter().skip(2).all(|r| r.idp.as_ref().is_some_and(|idp| idp.as_str() == town.korsbaek.entity_id))
    );
    assert_eq!(log[5].assertion.as_deref(), Some("_assertion-nemlogin"));
    assert_ne!(log[3].key, log[5].key, "each leg by its own key");
    let whole = serde_json::to_string(&log).unwrap();
    for secret in ["Ib Dam", "ib@korsbaek", UUID] {
        assert!(!whole.contains(secret), "{secret} in the log");
    }
}

#[tokio::test]
async fn what_waits_between_the_legs_is_sealed_and_only_a_proved_answer_leaves_anything() {
    let town = town("sealed").await;
    let mut browser = town.browser();
    let sent = town.bbr.send(&mut browser, &town.bbr.ask()).await;
    let (question, arrived) = town.korsbaek.question(&sent);
    let mut say = town.korsbaek.say(&question);
    low(&mut say);
    let forged = town.korsbaek.write_with(&say, &town.feddet.key);
    let answer = deliver(&town, &mut browser, &forged, arrived.relay_state.as_deref()).await;
    refused(&town, &answer, "key.untrusted").await;
    assert_eq!(rows(&town, "half_done").len(), 0, "a flood of forgeries fills no store");
    let genuine = town.korsbaek.write(&say);
    deliver(&town, &mut browser, &genuine, arrived.relay_state.as_deref()).await.onward();
    let kept = rows(&town, "half_done");
    assert_eq!(kept.len(), 1);
    assert!(["Ib", "5b0c", "korsbaek"].iter().all(|secret| !kept[0].contains(secret)), "{kept:?}");
    town.pass(SignedDuration::from_mins(11));
    town.broker.purge().await.unwrap();
    assert_eq!(rows(&town, "half_done").len(), 0, "what nobody came for is forgotten");
}

#[tokio::test]
async fn atk_190_only_the_same_person_in_the_same_organisation_raises_the_level() {
    let name = |uuid: &str| format!("https://data.gov.dk/model/core/eid/professional/uuid/{uuid}");
    type Bend = Box<dyn Fn(&mut Say)>;
    let rows: Vec<(&str, Option<&str>, Bend)> = vec![
        ("the twin", None, Box::new(|_| {})),
        ("in capitals", None, Box::new(|say| set(say, PERSISTENT, &UUID.to_uppercase()))),
        ("by NameID alone", None, Box::new(|say| say.attributes.retain(|(name, _)| name != PERSISTENT))),
        ("named for us alone", None, Box::new(move |say| say.name_id = name(ANOTHER))),
        ("another person", Some("loa.stepup_user"), Box::new(|say| set(say, PERSISTENT, ANOTHER))),
        (
            "another person by NameID alone",
            Some("loa.stepup_user"),
            Box::new(move |say| {
                say.attributes.retain(|(name, _)| name != PERSISTENT);
                say.name_id = name(ANOTHER);
            }),
        ),
        ("another organisation", Some("loa.stepup_user"), Box::new(|say| set(say, CVR, "99999999"))),
    ];
    for (what, reason, bend) in rows {
        let town = town(&format!("190-{}", what.replace(' ', "-"))).await;
        let answer = halfway(&town).await.answer(&town, bend).await;
        match reason {
            None => assert_eq!(town.bbr.read(&answer, &town).status, ["Success"], "{what}"),
            Some(reason) => told(&town, &answer, &["Responder", "AuthnFailed"], reason).await,
        }
    }
}

#[tokio::test]
async fn an_answer_that_says_not_who_somebody_is_at_work_is_refused() {
    let town = town("no-employee").await;
    let person = format!("https://data.gov.dk/model/core/eid/person/uuid/{UUID}");
    let answer = halfway(&town).await.answer(&town, |say| say.name_id = person).await;
    refused(&town, &answer, "profile").await;
    for (n, (name, value, reason)) in
        [(PERSISTENT, "5b0c", "value.format"), (CVR, "1111111", "value.format")].into_iter().enumerate()
    {
        let town = self::town(&format!("no-employee-{n}")).await;
        let answer = halfway(&town).await.answer(&town, |say| set(say, name, value)).await;
        refused(&town, &answer, reason).await;
    }
    let town = self::town("no-cvr").await;
    let answer =
        halfway(&town).await.answer(&town, |say| say.attributes.retain(|(name, _)| name != CVR)).await;
    refused(&town, &answer, "attr.missing").await;
}

#[tokio::test]
async fn atk_190_a_user_who_is_linked_to_nobody_is_not_sent_on() {
    let town = town("no-link").await;
    let answer = first_leg(&town, &mut town.browser(), |say| state(say, "Low")).await;
    told(&town, &answer, &["Responder", "AuthnFailed"], "loa.stepup_user").await;
    assert_eq!(rows(&town, "half_done").len(), 0);
}

#[tokio::test]
async fn a_user_may_be_linked_by_what_the_municipality_told_beforehand() {
    let without = |say: &mut Say| state(say, "Low");
    for (name, serial, uuids, linked) in [
        ("own", "5b0c", format!("[{UUID:?}]"), Some(true)),
        ("another", "5b0c", format!("[{ANOTHER:?}]"), Some(false)),
        ("other-user", "6c1d", format!("[{UUID:?}]"), None),
        ("two", "5b0c", format!("[{UUID:?}, {ANOTHER:?}]"), None),
        ("malformed", "5b0c", "[\"5b0c\"]".into(), None),
    ] {
        let town = town(&format!("told-{name}")).await;
        let user = format!(
            "[[user]]\nauthority = \"11111111\"\nid = {serial:?}\nroles = []\nclaims = {{ {PERSISTENT:?} = {uuids} }}\n"
        );
        town.change(|files| files.get_mut(REGISTER).unwrap().extend(user.into_bytes())).await;
        let mut browser = town.browser();
        let answer = first_leg(&town, &mut browser, without).await;
        let Some(same) = linked else {
            told(&town, &answer, &["Responder", "AuthnFailed"], "loa.stepup_user").await;
            continue;
        };
        let answer = Halfway { browser, sent: answer.onward() }.answer(&town, |_| {}).await;
        match same {
            true => assert_eq!(town.bbr.read(&answer, &town).status, ["Success"]),
            false => told(&town, &answer, &["Responder", "AuthnFailed"], "loa.stepup_user").await,
        }
    }
    let town = town("told-otherwise").await;
    let user = format!(
        "[[user]]\nauthority = \"11111111\"\nid = \"5b0c\"\nroles = []\nclaims = {{ {PERSISTENT:?} = [{ANOTHER:?}] }}\n"
    );
    town.change(|files| files.get_mut(REGISTER).unwrap().extend(user.into_bytes())).await;
    let answer = halfway(&town).await.answer(&town, |_| {}).await;
    assert_eq!(town.bbr.read(&answer, &town).status, ["Success"], "the provider's own word comes first");
}

#[tokio::test]
async fn nemlogins_level_is_judged_too_and_counts_no_more_than_it_is_registered_for() {
    let town = town("level").await;
    let answer = halfway(&town).await.answer(&town, |say| state(say, "Low")).await;
    told(&town, &answer, &["Responder", "NoAuthnContext"], "loa.lower").await;

    let town = self::town("cap").await;
    let answer = halfway(&town).await.answer(&town, |say| state(say, "High")).await;
    assert!(town.bbr.read(&answer, &town).class.ends_with("/Substantial"));
    assert_eq!(town.log().await.pop().unwrap().noticed, ["loa.cap"]);

    let town = self::town("reach").await;
    let mut ask = town.bbr.ask();
    ask.classes = vec![format!("{LOA}/High")];
    let mut browser = town.browser();
    let sent = town.bbr.send(&mut browser, &ask).await;
    let answer = town.korsbaek.answer(&town, &mut browser, &sent, low).await;
    told(&town, &answer, &["Responder", "NoAuthnContext"], "loa.lower").await;
}

#[tokio::test]
async fn where_it_is_not_allowed_or_not_possible_the_level_is_too_low() {
    type Change = fn(&mut Files);
    let rows: [(&str, Change); 3] = [
        ("allowed", |_| {}),
        ("not-allowed", |files| change(files, ALLOWED, "")),
        ("switched-off", |files| change(files, "role = \"step-up\"", "role = \"step-up\"\nactive = false")),
    ];
    for (name, change) in rows {
        let town = town(name).await;
        if name != "allowed" {
            town.change(change).await;
        }
        let answer = first_leg(&town, &mut town.browser(), low).await;
        match name {
            "allowed" => drop(answer.onward()),
            _ => told(&town, &answer, &["Responder", "NoAuthnContext"], "loa.lower").await,
        }
    }
}

#[tokio::test]
async fn whoever_reaches_the_level_at_home_is_not_sent_on() {
    let town = town("at-home").await;
    let answer = first_leg(&town, &mut town.browser(), |_| {}).await;
    assert_eq!(town.bbr.read(&answer, &town).status, ["Success"]);
}

#[tokio::test]
async fn a_robot_is_not_sent_on_and_gets_no_level_at_nemlogin_either() {
    const IS_ROBOT: &str = "https://data.gov.dk/model/core/eid/professional/isRobot";
    let town = town("robot").await;
    let bend = |say: &mut Say| {
        low(say);
        set(say, IS_ROBOT, "true");
    };
    let answer = first_leg(&town, &mut town.browser(), bend).await;
    told(&town, &answer, &["Responder", "NoAuthnContext"], "robot.nsis").await;
    assert_eq!(rows(&town, "half_done").len(), 0);
    for (said, status) in [("true", &["Responder", "NoAuthnContext"][..]), ("false", &["Success"])] {
        let town = self::town(&format!("robot-{said}")).await;
        let answer = halfway(&town).await.answer(&town, |say| set(say, IS_ROBOT, said)).await;
        assert_eq!(town.bbr.read(&answer, &town).status, status, "{said}");
    }
}

#[tokio::test]
async fn a_provider_that_raises_levels_is_nobodys_choice() {
    let town = town("no-choice").await;
    let mut browser = town.browser();
    let sent = browser.get(&town.bbr.redirect(&town.bbr.ask())).await;
    let page = browser.get(&format!("{}{}", town.url, sent.location())).await;
    assert!(page.body.contains("Korsbæk Kommune") && !page.body.contains("NemLog-in"), "{}", page.body);
    let mut ask = town.bbr.ask();
    ask.id = "_request2".into();
    ask.scoping = Some((None, vec!["https://saml.nemlog-in.test".into()]));
    let answer = town.bbr.send(&mut town.browser(), &ask).await;
    told(&town, &answer, &["Responder", "NoSupportedIDP"], "scoping").await;
}

#[tokio::test]
async fn agreements_and_permission_are_asked_again_at_the_second_leg() {
    type Change = fn(&mut Files);
    let rows: [(&str, &[&str], &str, Change); 4] = [
        ("permission", &["Requester", "RequestDenied"], "agreement.missing", |files| {
            change(files, ALLOWED, "")
        }),
        ("provider", &["Responder", "NoAvailableIDP"], "idp.disabled", |files| {
            change(files, "role = \"step-up\"", "role = \"step-up\"\nactive = false");
        }),
        ("municipal", &["Responder", "NoAvailableIDP"], "idp.disabled", |files| {
            change(files, "name = \"Korsbæk login\"", "name = \"Korsbæk login\"\nactive = false");
        }),
        ("agreement", &["Requester", "RequestDenied"], "agreement.missing", |files| {
            let past = "valid-until = \"2020-01-01T00:00:00Z\"\n";
            let agreement = "[[service-agreement]]\nauthority = \"11111111\"\n";
            change(files, agreement, &format!("{agreement}{past}"));
        }),
    ];
    for (name, status, reason, change) in rows {
        let town = town(&format!("again-{name}")).await;
        let mut user = halfway(&town).await;
        town.change(change).await;
        let answer = user.answer(&town, |_| {}).await;
        told(&town, &answer, status, reason).await;
    }
}

#[tokio::test]
async fn atk_209_without_a_page_there_is_no_step_up() {
    let town = town("passive").await;
    let mut ask = town.bbr.ask();
    ask.attributes.push(("IsPassive", "true".into()));
    let mut browser = town.browser();
    let sent = town.bbr.send(&mut browser, &ask).await;
    let answer = town.korsbaek.answer(&town, &mut browser, &sent, low).await;
    told(&town, &answer, &["Responder", "NoPassive"], "passive").await;
}

#[tokio::test]
async fn a_user_who_gives_up_at_nemlogin_is_told_to_the_fagsystem() {
    let town = town("gave-up").await;
    let gave_up = |say: &mut Say| {
        say.status = vec!["Responder", "AuthnFailed"];
        say.signing = Signing::Response;
    };
    let answer = halfway(&town).await.answer(&town, gave_up).await;
    told(&town, &answer, &["Responder", "AuthnFailed"], "status").await;
}

#[tokio::test]
async fn neither_answer_counts_twice() {
    let town = town("replay").await;
    let mut browser = town.browser();
    let sent = town.bbr.send(&mut browser, &town.bbr.ask()).await;
    let (question, arrived) = town.korsbaek.question(&sent);
    let state = arrived.relay_state.as_deref();
    let mut say = town.korsbaek.say(&question);
    low(&mut say);
    let municipal = town.korsbaek.write(&say);
    let before = browser.cookies.clone();
    let sent = deliver(&town, &mut browser, &municipal, state).await.onward();

    // ATK-214: the cookie of the first leg opens nothing any more, and the new one is for another question.
    assert_ne!(browser.cookies, before, "the cookie is another one");
    let after = std::mem::replace(&mut browser.cookies, before.clone());
    let answer = deliver(&town, &mut browser, &municipal, state).await;
    refused(&town, &answer, "replay").await;
    let choice = [("login", state.unwrap()), ("choice", "11111111")];
    browser.post(&format!("{}/discovery", town.url), &choice).await;
    assert_eq!(town.last_reason().await, "replay", "nobody goes back with it");
    let mut user = Halfway { browser, sent };
    let answer = user.answer(&town, |_| {}).await;
    refused(&town, &answer, "idp.unexpected").await;
    user.browser.cookies = after.clone();
    let answer = deliver(&town, &mut user.browser, &municipal, state).await;
    refused(&town, &answer, "idp.unexpected").await;

    let answer = user.answer(&town, |_| {}).await;
    assert_eq!(town.bbr.read(&answer, &town).status, ["Success"], "the genuine answer finishes the login");
    user.browser.cookies = after;
    for (response, assertion) in
        [("_response-nemlogin", "_assertion-nemlogin"), ("_response3", "_assertion3")]
    {
        let bend = |say: &mut Say| (say.response_id, say.assertion_id) = (response.into(), assertion.into());
        let answer = user.answer(&town, bend).await;
        refused(&town, &answer, "replay").await;
    }
}

#[tokio::test]
async fn of_two_answers_at_once_one_finishes_the_login() {
    let town = town("race").await;
    let user = halfway(&town).await;
    let answers = ["_assertion3", "_assertion4", "_assertion5"].map(|assertion| {
        let (mut say, state) = user.say(&town);
        say.assertion_id = assertion.into();
        let mut browser = town.browser();
        browser.cookies = user.browser.cookies.clone();
        let xml = Idp::nemlogin(&town.url).write(&say);
        let town = &town;
        async move { deliver(town, &mut browser, &xml, state.as_deref()).await }
    });
    let [first, second, third] = answers;
    let (first, second, third) = tokio::join!(first, second, third);
    let finished = [first, second, third].iter().filter(|answer| answer.form().is_some()).count();
    assert_eq!(finished, 1);
    assert_eq!(rows(&town, "session").len(), 1);
}

#[tokio::test]
async fn nemlogin_can_finish_no_login_that_has_not_come_to_it() {
    let town = town("skipped").await;
    let nemlogin = Idp::nemlogin(&town.url);
    let mut browser = town.browser();
    let sent = town.bbr.send(&mut browser, &town.bbr.ask()).await;
    let (question, arrived) = town.korsbaek.question(&sent);
    let early = nemlogin.write(&nemlogin.say(&question));
    let answer = deliver(&town, &mut browser, &early, arrived.relay_state.as_deref()).await;
    refused(&town, &answer, "idp.unexpected").await;

    let mut ask = town.bbr.ask();
    ask.id = "_request2".into();
    let sent = browser.get(&town.bbr.redirect(&ask)).await;
    let login = sent.location().split_once("login=").unwrap().1.to_owned();
    let answer = deliver(&town, &mut browser, &nemlogin.write(&nemlogin.say("_any")), Some(&login)).await;
    refused(&town, &answer, "flow.step").await;
}

#[tokio::test]
async fn one_users_answer_raises_no_other_users_level() {
    let town = town("crossed").await;
    let own = halfway(&town).await;
    let mut browser = town.browser();
    let mut ask = town.bbr.ask();
    ask.id = "_request2".into();
    let sent = town.bbr.send(&mut browser, &ask).await;
    let bend = |say: &mut Say| {
        low(say);
        say.assertion_id = "_assertion2".into();
    };
    let sent = town.korsbaek.answer(&town, &mut browser, &sent, bend).await.onward();
    let mut other = Halfway { browser, sent };
    let question = own.say(&town).0.in_response_to;
    let bend = |say: &mut Say| (say.in_response_to, say.scd_in_response_to) = (question.clone(), question);
    let answer = other.answer(&town, bend).await;
    refused(&town, &answer, "irt.unknown").await;
    let answer = other.answer(&town, |_| {}).await;
    assert_eq!(town.bbr.read(&answer, &town).in_response_to, "_request2", "the twin");
}

#[tokio::test]
async fn the_second_answer_counts_only_in_the_browser_of_the_first() {
    let town = town("browser").await;
    let mut user = halfway(&town).await;
    let own = std::mem::take(&mut user.browser.cookies);
    let answer = user.answer(&town, |_| {}).await;
    refused(&town, &answer, "browser.binding").await;
    user.browser.cookies = own;
    let answer = user.answer(&town, |_| {}).await;
    assert_eq!(town.bbr.read(&answer, &town).status, ["Success"]);
}

#[tokio::test]
async fn a_restart_between_the_legs_loses_no_login() {
    let town = town("restart").await;
    let user = halfway(&town).await;
    let broker = town.restarted().await;
    let (say, state) = user.say(&town);
    let message = crate::support::forge::b64(Idp::nemlogin(&town.url).write(&say).as_bytes());
    let escaped = context_handler::protocol::address::escaped;
    let form = format!("SAMLResponse={}&RelayState={}", escaped(&message), state.unwrap());
    let cookie = |login: LoginId| user.browser.cookies.get(&format!("__Host-login-{login}")).cloned();
    let arrived = Arrived::by_post(&form, Carries::Response);
    let step = broker.receive_answer(&Visit::default(), arrived, cookie).await;
    assert!(matches!(step.next, Next::Answer { refused: None, .. }), "{:?}", step.next);
}

#[tokio::test]
async fn who_the_person_is_to_seb_is_the_municipalitys_word_even_after_a_step_up() {
    const CPR: &str = "https://data.gov.dk/model/core/eid/cprNumber";
    let town = Town::with("step-up-seb", |files| {
        allow(files);
        change(files, "name = \"BBR\"\n", "name = \"BBR\"\nattribute-profile = \"SEB\"\n");
    })
    .await;
    let mut browser = town.browser();
    let knows = |say: &mut Say| {
        low(say);
        say.set(CPR, Some("0101010101"));
    };
    let sent = first_leg(&town, &mut browser, knows).await.onward();
    let mut halfway = Halfway { browser, sent };
    let answer = halfway.answer(&town, |say| say.set(CPR, Some("0202020202"))).await;
    let told = town.bbr.read(&answer, &town);
    assert_eq!(told.attribute(CPR), Some("0101010101"));
    assert_eq!(told.attribute(PERSISTENT), Some(UUID));
}
