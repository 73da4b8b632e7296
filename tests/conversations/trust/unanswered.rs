//! Runs that get no answer, or one that does not lead back: what was asked and what it can be is told, and a report comes
//! where the browser's cookie and the question that the answer names show whose it is.

use context_handler::domain::id::Cvr;
use context_handler::domain::trust::Scenario;
use jiff::SignedDuration;
use serde_json::Value;

use super::runs::with_logout;
use super::{Run, at_idp, begin, order, report, told};
use crate::support::{Town, deliver};

async fn page(town: &Town, ticket: &str, rest: &str) -> String {
    town.browser().get(&format!("{}/trust/runs/{ticket}{rest}", town.url)).await.body
}

#[tokio::test]
async fn a_run_that_got_no_answer_tells_when_it_began_what_was_asked_and_what_it_can_be() {
    let town = Town::new("trust-unanswered").await;
    let ticket = order(&town, Scenario::NsisSubstantial, None).await.unwrap();
    let unanswered = async |ticket: &str| -> Value {
        serde_json::from_str::<Value>(&page(&town, ticket, "/run.json").await).unwrap()["unanswered"].take()
    };
    assert!(!page(&town, &ticket, "?lang=en").await.contains("Nothing has come back"), "nobody began it");
    assert_eq!(unanswered(&ticket).await, Value::Null);

    let begun = town.now();
    let (mut browser, sent) = begin(&town, &ticket).await;
    let (question, arrived) = town.korsbaek.question(&sent.onward());
    town.pass(SignedDuration::from_secs(2));
    for (lang, shown) in [
        ("en", ["Nothing has come back", "The ID of the question:", "our entityID is not registered there"]),
        ("da", ["Intet er kommet tilbage", "Spørgsmålets ID:", "Vores entityID er ikke registreret dér"]),
    ] {
        let page = page(&town, &ticket, &format!("?lang={lang}")).await;
        for shown in shown.into_iter().chain([
            question.as_str(),
            "AuthnRequest",
            "nsis/loa/Substantial",
            "Entra ID",
            "/errors/trust.unanswered",
        ]) {
            assert!(page.contains(shown), "{shown}: {page}");
        }
    }
    let told = unanswered(&ticket).await;
    assert_eq!(told["begun"], begun.to_string());
    assert_eq!(
        (&told["reason"], &told["sent"]["what"]),
        (&"trust.unanswered".into(), &"AuthnRequest".into())
    );
    assert!(told["sent"]["xml"].as_str().unwrap().contains(&question));

    let xml = town.korsbaek.write(&town.korsbaek.say(&question));
    deliver(&town, &mut browser, &xml, arrived.relay_state.as_deref()).await;
    assert_eq!(unanswered(&ticket).await, Value::Null, "an answer came");
    let first = &report(&town, &ticket).await.unwrap().shown.messages[0];
    assert_eq!((first.what.as_str(), first.binding.as_str()), ("AuthnRequest", "Redirect"));
    assert!(first.xml.contains(&question));
}

#[tokio::test]
async fn the_question_that_was_answered_stands_in_the_report_and_no_other() {
    let town = Town::new("trust-two-tabs").await;
    let ticket = order(&town, Scenario::Basic, None).await.unwrap();
    let (mut browser, sent) = begin(&town, &ticket).await;
    let (question, arrived) = town.korsbaek.question(&sent.onward());
    town.pass(SignedDuration::from_secs(1));
    begin(&town, &ticket).await;
    let xml = town.korsbaek.write(&town.korsbaek.say(&question));
    deliver(&town, &mut browser, &xml, arrived.relay_state.as_deref()).await;
    let messages = report(&town, &ticket).await.unwrap().shown.messages;
    assert_eq!(messages[0].what, "Response", "the youngest question was another");
}

/// An answer that comes back with another RelayState than it went out with.
async fn with_state(town: &Town, run: &mut Run, state: Option<&str>) -> (u16, Option<Vec<String>>) {
    let mut say = town.korsbaek.say(&run.question);
    say.assertion_id = format!("_assertion{}", town.log().await.len());
    let xml = town.korsbaek.write(&say);
    let status = deliver(town, &mut run.browser, &xml, state).await.status;
    let told = report(town, &run.ticket).await.map(|report| told(&report));
    (status, told.map(|lines| lines.into_iter().filter(|line| !line.starts_with("name.format")).collect()))
}

#[tokio::test]
async fn a_relay_state_that_went_astray_is_told_in_the_report_of_the_browser_that_asked() {
    let town = Town::with("trust-astray", with_logout).await;
    let wrong =
        vec!["login.let-in relaystate.lost".to_owned(), "transport.relay-state relaystate.lost".to_owned()];
    let mut run = at_idp(&town, &town.korsbaek, Scenario::Basic, None).await;
    let right = run.arrived.relay_state.clone();
    assert_eq!(with_state(&town, &mut run, right.as_deref()).await, (303, Some(Vec::new())));
    for state in [None, Some("https://somewhere.test/"), Some("00000000000000000000000000000000")] {
        let mut run = at_idp(&town, &town.korsbaek, Scenario::Basic, None).await;
        assert_eq!(with_state(&town, &mut run, state).await, (303, Some(wrong.clone())), "{state:?}");
        let report = report(&town, &run.ticket).await.unwrap();
        assert!(report.shown.messages.iter().any(|message| message.what == "Assertion"), "all is looked at");
    }
    // Whoever has not asked in this browser learns nothing and ends nothing.
    let mut run = at_idp(&town, &town.korsbaek, Scenario::Basic, None).await;
    let cookies = std::mem::take(&mut run.browser.cookies);
    assert_eq!(with_state(&town, &mut run, None).await, (400, None));
    run.browser.cookies = cookies;
    let right = run.arrived.relay_state.clone();
    assert_eq!(with_state(&town, &mut run, right.as_deref()).await, (303, Some(Vec::new())));
    // And a real login is not found by it.
    let mut browser = town.browser();
    let sent = town.bbr.send(&mut browser, &town.bbr.ask()).await;
    let (question, _) = town.korsbaek.question(&sent);
    let xml = town.korsbaek.write(&town.korsbaek.say(&question));
    assert_eq!(deliver(&town, &mut browser, &xml, None).await.status, 400);
}

#[tokio::test]
async fn whoever_holds_the_link_tries_the_same_again_for_as_long_as_the_first_link_is_good() {
    let town = Town::with("trust-again", with_logout).await;
    let bbr = town.bbr.entity_id.clone();
    let mut run = at_idp(&town, &town.korsbaek, Scenario::NsisLow, Some(&bbr)).await;
    let again = |ticket: &str| format!("{}/trust/runs/{ticket}/again", town.url);
    let waits = town.browser().post(&again(&run.ticket), &[]).await;
    assert_eq!(waits.location(), format!("/trust/runs/{}", run.ticket), "it has not ended");
    let right = run.arrived.relay_state.clone();
    with_state(&town, &mut run, right.as_deref()).await;
    let first = report(&town, &run.ticket).await.unwrap();
    assert!(page(&town, &run.ticket, "").await.contains(&format!("/trust/runs/{}/again", run.ticket)));

    town.pass(SignedDuration::from_hours(24));
    let fresh = town.browser().post(&again(&run.ticket), &[]).await;
    assert_eq!(fresh.status, 303);
    let ticket = fresh.location().rsplit('/').next().unwrap().to_owned();
    assert_ne!(ticket, run.ticket);
    let waiting = page(&town, &ticket, "?lang=en").await;
    assert!(waiting.contains("NSIS Low") && waiting.contains("BBR"), "{waiting}");
    let (mut browser, sent) = begin(&town, &ticket).await;
    town.korsbaek.answer(&town, &mut browser, &sent.onward(), |say| say.at(town.now())).await;
    let second = report(&town, &ticket).await.unwrap();
    assert_eq!(
        (second.scenario, &second.fagsystem, &second.idp),
        (first.scenario, &first.fagsystem, &first.idp)
    );
    assert_eq!(report(&town, &run.ticket).await.unwrap(), first, "the first one stays");

    // The second link ends with the first, a day before its own ninety are over.
    town.pass(SignedDuration::from_hours(24 * 89) + SignedDuration::from_secs(1));
    for ticket in [&run.ticket, &ticket] {
        assert_eq!(town.browser().get(&format!("{}/trust/runs/{ticket}", town.url)).await.status, 404);
        assert_ne!(town.browser().post(&again(ticket), &[]).await.status, 303);
    }
}

#[tokio::test]
async fn one_order_leads_to_so_many_runs_in_a_day_and_no_more() {
    let town = Town::with("trust-often", with_logout).await;
    let mut run = at_idp(&town, &town.korsbaek, Scenario::Basic, None).await;
    let right = run.arrived.relay_state.clone();
    with_state(&town, &mut run, right.as_deref()).await;
    let first = report(&town, &run.ticket).await.unwrap();
    let again = format!("{}/trust/runs/{}/again", town.url, run.ticket);
    for number in 2..=24 {
        assert_eq!(town.browser().post(&again, &[]).await.status, 303, "run {number}");
    }
    let refused = town.browser().post(&again, &[]).await;
    assert_eq!(refused.status, 429);
    assert!(refused.body.contains("på et døgn") && refused.body.contains("trust.often"), "{}", refused.body);
    assert_eq!(town.last_reason().await, "trust.often");
    let runs = town.broker.runs_of(Cvr::new("11111111").unwrap(), 100).await.unwrap();
    assert_eq!(runs.len(), 24, "nothing of it was kept");
    assert_eq!(report(&town, &run.ticket).await.unwrap(), first, "it can still be read");
    assert!(order(&town, Scenario::Basic, None).await.is_ok(), "whoever may order is not held up by it");

    town.pass(SignedDuration::from_hours(24));
    assert_eq!(town.browser().post(&again, &[]).await.status, 303, "another day");
}

#[tokio::test]
async fn of_many_who_order_again_at_once_no_more_get_through() {
    let town = std::sync::Arc::new(Town::with("trust-often-race", with_logout).await);
    let mut run = at_idp(&town, &town.korsbaek, Scenario::Basic, None).await;
    let right = run.arrived.relay_state.clone();
    with_state(&town, &mut run, right.as_deref()).await;
    let again = format!("{}/trust/runs/{}/again", town.url, run.ticket);
    let calls = (0..40).map(|_| {
        let (town, again) = (town.clone(), again.clone());
        tokio::spawn(async move { town.browser().post(&again, &[]).await.status })
    });
    let mut statuses = Vec::new();
    for call in calls.collect::<Vec<_>>() {
        statuses.push(call.await.unwrap());
    }
    let count = |wanted| statuses.iter().filter(|status| **status == wanted).count();
    assert_eq!((count(303), count(429)), (23, 17));
}
