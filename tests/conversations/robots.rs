//! Robots: where they may be, when, from where, and that they never reach an NSIS level.

use jiff::SignedDuration;

use context_handler::broker::registry::Files;

use crate::attacks::{refused, told};
use crate::support::relying::{self, Client, body, replace};
use crate::support::{Answer, Fagsystem, Say, Town};

const IS_ROBOT: &str = "https://data.gov.dk/model/core/eid/professional/isRobot";

/// A town in which Korsbæk has declared its user 5b0c as a robot for these fagsystemer, with these limits.
async fn town(name: &str, fagsystemer: &str, limits: &str) -> Town {
    Town::with(&format!("robot-{name}"), |files| {
        let declared = format!(
            "[[robot]]\nauthority = \"11111111\"\nid = \"5b0c\"\nname = \"Robot 7\"\n\
             service-providers = [{fagsystemer}]\n{limits}\n"
        );
        files.insert("robots.toml".into(), declared.into_bytes());
    })
    .await
}

const DRIVING: &str = "\"https://saml.koereproeve.test\"";
const BOTH: &str = "\"https://saml.koereproeve.test\", \"https://saml.bbr.test\"";

async fn login(town: &Town, fagsystem: &Fagsystem, number: u32, bend: impl FnOnce(&mut Say)) -> Answer {
    login_from(town, fagsystem, (number, "192.0.2.7"), bend).await
}

async fn login_from(
    town: &Town,
    fagsystem: &Fagsystem,
    (number, source): (u32, &str),
    bend: impl FnOnce(&mut Say),
) -> Answer {
    let mut browser = town.browser();
    browser.headers.push(("x-forwarded-for".into(), source.into()));
    let mut ask = fagsystem.ask();
    ask.id = format!("_request{number}");
    let sent = fagsystem.send(&mut browser, &ask).await;
    let bend = |say: &mut Say| {
        say.assertion_id = format!("_assertion{number}");
        bend(say);
    };
    town.korsbaek.answer(town, &mut browser, &sent, bend).await
}

/// The status that the older fagsystem is told, and the reason and the mark in the youngest record.
async fn outcome(town: &Town, answer: &Answer) -> (Vec<String>, String, bool) {
    let status = town.driving.read(answer, town).status;
    let last = town.log().await.pop().unwrap();
    (status, last.reason, last.robot)
}

#[tokio::test]
async fn a_robot_uses_a_system_that_requires_nist_and_is_marked() {
    let town = town("nist", DRIVING, "").await;
    let answer = login(&town, &town.driving, 1, |say| say.nist("3")).await;
    assert_eq!(outcome(&town, &answer).await, (vec!["Success".into()], "login.ok".into(), true));
    let answer = login(&town, &town.driving, 2, |say| say.nist("2")).await;
    let (status, reason, robot) = outcome(&town, &answer).await;
    assert_eq!(status, ["Responder", "NoAuthnContext"], "judged like everybody");
    assert_eq!((reason.as_str(), robot), ("loa.lower", true));
    let human = |say: &mut Say| {
        say.nist("3");
        say.name_id = "C=DK,O=11111111,CN=Ib Dam,Serial=5b0d".into();
    };
    let answer = login(&town, &town.driving, 3, human).await;
    assert_eq!(outcome(&town, &answer).await, (vec!["Success".into()], "login.ok".into(), false));
}

#[tokio::test]
async fn a_robot_never_uses_a_system_that_requires_nsis_and_is_told_what_to_do() {
    let declared = town("nsis", BOTH, "").await;
    let answer = login(&declared, &declared.bbr, 1, |_| {}).await;
    told(&declared, &answer, &["Responder", "NoAuthnContext"], "robot.nsis").await;
    let text = declared.bbr.read(&answer, &declared).xml;
    assert!(text.contains("robot.nsis") && text.contains("API"), "{text}");
    assert!(declared.log().await.last().unwrap().robot);

    let town = Town::new("robot-nsis-human").await;
    let answer = login(&town, &town.bbr, 1, |_| {}).await;
    assert_eq!(town.bbr.read(&answer, &town).status, ["Success"], "the same answer about a person");
    let called = |say: &mut Say| say.set(IS_ROBOT, Some("true"));
    let answer = login(&town, &town.bbr, 2, called).await;
    told(&town, &answer, &["Responder", "NoAuthnContext"], "robot.nsis").await;
}

#[tokio::test]
async fn a_request_for_nsis_is_not_for_robots_either() {
    let town = town("asked", DRIVING, "").await;
    for (number, class, reason) in [
        (1, "https://data.gov.dk/concept/core/nsis/loa/Low", "robot.nsis"),
        (2, "urn:dk:gov:saml:attribute:AssuranceLevel:3", "login.ok"),
    ] {
        let mut browser = town.browser();
        let mut ask = town.driving.ask();
        (ask.id, ask.classes) = (format!("_request{number}"), vec![class.into()]);
        let sent = town.driving.send(&mut browser, &ask).await;
        let bend = |say: &mut Say| say.assertion_id = format!("_assertion{number}");
        town.korsbaek.answer(&town, &mut browser, &sent, bend).await;
        assert_eq!(town.log().await.last().unwrap().reason, reason);
    }
}

#[tokio::test]
async fn an_nsis_level_that_is_stated_of_a_robot_is_worth_its_nist_level_and_no_more() {
    let town = town("worth", DRIVING, "").await;
    let answer = login(&town, &town.driving, 1, |_| {}).await;
    assert_eq!(outcome(&town, &answer).await.0, ["Success"]);
    let log = town.log().await;
    assert_eq!(log.last().unwrap().level.as_deref(), Some("NIST 3"));
}

#[tokio::test]
async fn a_declared_robot_stays_within_its_systems() {
    let town = town("system", "\"https://saml.bbr.test\"", "").await;
    let answer = login(&town, &town.driving, 1, |say| say.nist("3")).await;
    let (status, reason, robot) = outcome(&town, &answer).await;
    assert_eq!(status, ["Responder", "RequestDenied"]);
    assert_eq!((reason.as_str(), robot), ("robot.system", true));
    let denied = |say: &mut Say| {
        say.nist("3");
        say.set(IS_ROBOT, Some("false"));
    };
    let answer = login(&town, &town.driving, 2, denied).await;
    assert_eq!(outcome(&town, &answer).await.1, "robot.system", "the register knows better");
}

#[tokio::test]
async fn a_declared_robot_works_in_its_hours() {
    // The conversations begin on a Saturday at nine o'clock in Denmark.
    for (n, (limits, reason)) in [
        ("hours = \"07:00-18:00\"", "login.ok"),
        ("hours = \"09:00-09:01\"", "login.ok"),
        ("hours = \"07:00-09:00\"", "robot.hours"),
        ("hours = \"18:00-07:00\"", "robot.hours"),
        ("days = \"mon-fri\"", "robot.hours"),
        ("days = \"sat\"\nhours = \"07:00-18:00\"", "login.ok"),
        ("days = \"mon-fri\"\nhours = \"07:00-18:00\"", "robot.hours"),
    ]
    .into_iter()
    .enumerate()
    {
        let town = town(&format!("hours-{n}"), DRIVING, limits).await;
        let answer = login(&town, &town.driving, 1, |say| say.nist("3")).await;
        assert_eq!(outcome(&town, &answer).await.1, reason, "{limits}");
    }
    let town = town("late", DRIVING, "hours = \"07:00-09:05\"").await;
    let mut browser = town.browser();
    let sent = town.driving.send(&mut browser, &town.driving.ask()).await;
    town.pass(SignedDuration::from_mins(6));
    let late = |say: &mut Say| {
        say.at(town.now());
        say.nist("3");
    };
    let answer = town.korsbaek.answer(&town, &mut browser, &sent, late).await;
    assert_eq!(outcome(&town, &answer).await.1, "robot.hours", "the hour of the answer counts");
}

#[tokio::test]
async fn a_declared_robot_comes_from_its_networks() {
    let town = town("network", DRIVING, "networks = [\"192.0.2.0/28\"]").await;
    for (number, source, reason) in [
        (1, "192.0.2.7", "login.ok"),
        (2, "192.0.2.16", "robot.network"),
        (3, "2001:db8::1", "robot.network"),
    ] {
        let answer = login_from(&town, &town.driving, (number, source), |say| say.nist("3")).await;
        assert_eq!(outcome(&town, &answer).await.1, reason, "{source}");
    }
}

#[tokio::test]
async fn a_robot_that_only_its_provider_knows_is_marked_and_may_use_what_requires_nist() {
    let town = Town::new("robot-called").await;
    for (number, value, marked) in [(1, "true", true), (2, "false", false)] {
        let called = |say: &mut Say| {
            say.nist("3");
            say.set(IS_ROBOT, Some(value));
        };
        let answer = login(&town, &town.driving, number, called).await;
        assert_eq!(outcome(&town, &answer).await, (vec!["Success".into()], "login.ok".into(), marked));
    }
    for (number, value) in [(3, "maybe"), (4, "TRUE"), (5, "")] {
        let answer = login(&town, &town.driving, number, |say| say.set(IS_ROBOT, Some(value))).await;
        refused(&town, &answer, "value.format").await;
    }
    let twice = |say: &mut Say| {
        say.attributes.push((IS_ROBOT.into(), vec!["true".into(), "false".into()]));
    };
    refused(&town, &login(&town, &town.driving, 6, twice).await, "attr.duplicate").await;
}

#[tokio::test]
async fn a_robot_of_one_municipality_says_nothing_about_a_user_of_another() {
    let town = Town::with("robot-elsewhere", |files| {
        let declared = "[[robot]]\nauthority = \"99999999\"\nid = \"5b0c\"\nname = \"Robot 1\"\nservice-providers = []\n";
        files.insert("robots.toml".into(), declared.as_bytes().to_vec());
    })
    .await;
    let answer = login(&town, &town.bbr, 1, |_| {}).await;
    assert_eq!(town.bbr.read(&answer, &town).status, ["Success"]);
    assert!(town.log().await.iter().all(|record| !record.robot));
}

/// Declares Korsbæk's user 5b0c as a robot for this client, with these limits.
fn declare(files: &mut Files, client: &str, limits: &str) {
    let declared = format!(
        "[[robot]]\nauthority = \"11111111\"\nid = \"5b0c\"\nname = \"Robot 7\"\n\
         service-providers = [{client:?}]\n{limits}\n"
    );
    files.insert("robots.toml".into(), declared.into_bytes());
}

/// A town with a client that requires NIST 3 and gets refresh tokens.
async fn town_with_client(name: &str, robot: impl FnOnce(&mut Files)) -> (Town, Client) {
    let sag = Client::sag();
    let register = |files: &mut Files| {
        relying::register(files, [&sag].map(Clone::clone));
        replace(files, "required-nsis = \"Substantial\"", "required-nist = 3");
        robot(files);
    };
    (Town::with(&format!("robot-{name}"), register).await, sag)
}

#[tokio::test]
async fn a_robot_of_which_an_nsis_level_is_stated_gets_tokens_by_its_nist_level_and_new_ones_for_those() {
    let (town, sag) = town_with_client("tokens", |files| declare(files, "https://sag.test", "")).await;
    let mut tokens = body(&sag.redeem(&town, &sag.code(&town).await).await);
    for _ in 0..2 {
        let token = tokens["refresh_token"].as_str().unwrap_or_else(|| panic!("{tokens}"));
        tokens = body(&sag.refresh(&town, token).await);
    }
    assert!(town.log().await.last().unwrap().robot);
}

#[tokio::test]
async fn whenever_a_robot_hands_something_in_its_declaration_is_asked_anew() {
    let limits = "hours = \"07:00-09:30\"";
    let (town, sag) = town_with_client("again", |files| declare(files, "https://sag.test", limits)).await;
    let said = |say: &mut Say| say.nist("3");
    let tokens = body(&sag.redeem(&town, &sag.code_when(&town, said).await).await);
    let tokens = body(&sag.refresh(&town, tokens["refresh_token"].as_str().unwrap()).await);
    let token = tokens["refresh_token"].as_str().unwrap();
    town.change(|files| declare(files, "https://saml.bbr.test", limits)).await;
    assert_eq!(sag.refresh(&town, token).await.status, 400);
    assert_eq!(town.last_reason().await, "robot.system");
    town.change(|files| declare(files, "https://sag.test", limits)).await;
    town.pass(SignedDuration::from_mins(31));
    assert_eq!(sag.refresh(&town, token).await.status, 400);
    assert_eq!(town.last_reason().await, "robot.hours");
    town.change(|files| declare(files, "https://sag.test", "")).await;
    assert_eq!(sag.refresh(&town, token).await.status, 200, "nothing was used up");
}

#[tokio::test]
async fn whoever_is_declared_a_robot_gets_no_new_tokens_where_a_person_is_required() {
    let sag = Client::sag();
    let town = relying::town_with("robot-declared-later", [sag.clone()]).await;
    let tokens = sag.tokens(&town).await;
    let tokens = body(&sag.refresh(&town, tokens["refresh_token"].as_str().unwrap()).await);
    town.change(|files| declare(files, "https://sag.test", "")).await;
    assert_eq!(sag.refresh(&town, tokens["refresh_token"].as_str().unwrap()).await.status, 400);
    assert_eq!(town.last_reason().await, "robot.nsis");
}
