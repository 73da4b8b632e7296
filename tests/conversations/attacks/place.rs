//! Group G: time, place, audience, replay.

use jiff::SignedDuration;

use super::{refused, told};
use crate::support::{Answer, Say, Town, at, deliver};

/// Plays one login with a bent answer, after a genuine one in the same town.
async fn bent(town: &Town, bend: impl FnOnce(&mut Say)) -> Answer {
    genuine(town).await;
    play(town, "_request2", |say| {
        say.assertion_id = "_assertion2".into();
        bend(say);
    })
    .await
}

async fn genuine(town: &Town) {
    let answer = play(town, "_request1", |_| {}).await;
    assert_eq!(town.bbr.read(&answer, town).status, ["Success"]);
}

async fn play(town: &Town, request: &str, bend: impl FnOnce(&mut Say)) -> Answer {
    let mut browser = town.browser();
    let mut ask = town.bbr.ask();
    ask.id = request.into();
    let sent = town.bbr.send(&mut browser, &ask).await;
    town.korsbaek.answer(town, &mut browser, &sent, bend).await
}

macro_rules! refuses {
    ($($name:ident: $reason:literal, $bend:expr;)*) => { $(
        #[tokio::test]
        async fn $name() {
            let town = Town::new(concat!("g-", stringify!($name))).await;
            let answer = bent(&town, $bend).await;
            refused(&town, &answer, $reason).await;
        }
    )* };
}

refuses! {
    an_answer_to_no_question: "irt.missing", |say| (say.in_response_to, say.scd_in_response_to) = (None, None);
    an_answer_whose_confirmation_names_no_question: "irt.missing", |say| say.scd_in_response_to = None;
    an_answer_to_another_question: "irt.unknown", |say| say.in_response_to = Some("_other".into());
    a_confirmation_for_another_question: "irt.unknown", |say| say.scd_in_response_to = Some("_other".into());
    conditions_that_ended: "time.conditions", |say| say.not_on_or_after = Some(at(-60).to_string());
    conditions_that_have_not_begun: "time.conditions", |say| say.not_before = Some(at(61).to_string());
    a_confirmation_that_ended: "time.scd", |say| say.scd_not_on_or_after = Some(at(-60).to_string());
    a_confirmation_without_an_end: "time.scd", |say| say.scd_not_on_or_after = None;
    an_answer_from_the_future: "time.issue", |say| say.issue_instant = at(61).to_string();
    an_answer_older_than_the_question: "time.issue", |say| say.issue_instant = at(-61).to_string();
    a_session_that_ended: "time.session", |say| say.session_not_on_or_after = Some(at(-60).to_string());
    no_audience: "audience", |say| say.audiences.clear();
    another_audience: "audience", |say| say.audiences = vec![vec!["https://other.test".into()]];
    two_restrictions_of_which_one_does_not_fit: "audience",
        |say| say.audiences.push(vec!["https://other.test".into()]);
    a_recipient_elsewhere: "recipient", |say| say.recipient = Some("https://other.test/acs".into());
    no_recipient: "recipient", |say| say.recipient = None;
    a_recipient_that_differs_by_a_slash: "recipient", |say| say.recipient.as_mut().unwrap().push('/');
    a_destination_elsewhere: "recipient", |say| say.destination = Some("https://other.test/acs".into());
    sender_vouches: "scd.method", |say| say.method = "sender-vouches";
    holder_of_key: "scd.method", |say| say.method = "holder-of-key";
    a_bearer_with_not_before: "scd.method", |say| say.scd_not_before = Some(at(-5).to_string());
    an_unknown_condition: "condition.unknown", |say| say.extra_condition = Some("Condition");
    a_proxy_restriction: "condition.unknown", |say| say.extra_condition = Some("ProxyRestriction");
    another_version: "xml.schema", |say| say.version = "1.1";
    an_id_that_is_no_name: "value.format", |say| say.response_id = "1 2".into();
}

macro_rules! accepts {
    ($($name:ident: $bend:expr;)*) => { $(
        #[tokio::test]
        async fn $name() {
            let town = Town::new(concat!("g-", stringify!($name))).await;
            let answer = play(&town, "_request1", $bend).await;
            assert_eq!(town.bbr.read(&answer, &town).status, ["Success"]);
        }
    )* };
}

accepts! {
    conditions_inside_the_skew: |say| {
        say.not_before = Some(at(60).to_string());
        say.not_on_or_after = Some(at(-59).to_string());
    };
    a_confirmation_inside_the_skew: |say| say.scd_not_on_or_after = Some(at(-59).to_string());
    a_clock_inside_the_skew: |say| say.issue_instant = at(60).to_string();
    us_as_one_of_several_audiences: |say| say.audiences[0].insert(0, "https://other.test".into());
    one_time_use: |say| say.extra_condition = Some("OneTimeUse");
    no_destination_on_an_unsigned_response: |say| say.destination = None;
}

#[tokio::test]
async fn a_signed_response_must_name_its_destination() {
    let town = Town::new("g-destination").await;
    let answer = bent(&town, |say| {
        say.signing = crate::support::Signing::Both;
        say.destination = None;
    })
    .await;
    refused(&town, &answer, "recipient").await;
}

#[tokio::test]
async fn an_answer_is_used_once_and_a_restart_does_not_change_that() {
    let town = Town::new("g-replay").await;
    let mut browser = town.browser();
    let sent = town.bbr.send(&mut browser, &town.bbr.ask()).await;
    let cookies = browser.cookies.clone();
    let (question, arrived) = town.korsbaek.question(&sent);
    let xml = town.korsbaek.write(&town.korsbaek.say(&question));
    let relay_state = arrived.relay_state.as_deref();
    assert!(deliver(&town, &mut browser, &xml, relay_state).await.form().is_some());
    for pause in [1, 60, 240] {
        town.pass(SignedDuration::from_secs(pause));
        browser.cookies = cookies.clone();
        let again = deliver(&town, &mut browser, &xml, relay_state).await;
        refused(&town, &again, "replay").await;
    }
}

#[tokio::test]
async fn an_assertion_in_a_new_wrapper_or_encrypted_anew_is_still_used() {
    let town = Town::new("g-rewrapped").await;
    let mut browser = town.browser();
    let sent = town.bbr.send(&mut browser, &town.bbr.ask()).await;
    let cookies = browser.cookies.clone();
    let (question, arrived) = town.korsbaek.question(&sent);
    let mut say = town.korsbaek.say(&question);
    let first = town.korsbaek.write(&say);
    assert!(deliver(&town, &mut browser, &first, arrived.relay_state.as_deref()).await.form().is_some());
    for encrypted in [true, false] {
        say.response_id = format!("_wrapper{encrypted}");
        say.encrypted = encrypted;
        browser.cookies = cookies.clone();
        let again = town.korsbaek.write(&say);
        refused(&town, &deliver(&town, &mut browser, &again, arrived.relay_state.as_deref()).await, "replay")
            .await;
    }
}

#[tokio::test]
async fn an_assertion_id_is_used_once_across_logins() {
    let town = Town::new("g-id").await;
    let answer = bent(&town, |say| say.assertion_id = "_assertion1".into()).await;
    refused(&town, &answer, "replay").await;
}

#[tokio::test]
async fn of_many_that_bring_the_same_answer_at_once_one_is_served() {
    let town = Town::new("g-race").await;
    let mut browser = town.browser();
    let sent = town.bbr.send(&mut browser, &town.bbr.ask()).await;
    let (question, arrived) = town.korsbaek.question(&sent);
    let xml = town.korsbaek.write(&town.korsbaek.say(&question));
    let racers = (0..20).map(|_| {
        let mut racer = town.browser();
        racer.cookies = browser.cookies.clone();
        let (town, xml, relay_state) = (&town, &xml, arrived.relay_state.as_deref());
        async move { deliver(town, &mut racer, xml, relay_state).await.form().is_some() }
    });
    let mut served = 0;
    for racer in futures_in_parallel(racers).await {
        served += usize::from(racer);
    }
    assert_eq!(served, 1);
}

async fn futures_in_parallel<F: Future<Output = bool>>(all: impl Iterator<Item = F>) -> Vec<bool> {
    let mut pending: Vec<_> = all.map(Box::pin).collect();
    let mut done = vec![None; pending.len()];
    std::future::poll_fn(|context| {
        for (future, slot) in pending.iter_mut().zip(&mut done) {
            if slot.is_none()
                && let std::task::Poll::Ready(value) = future.as_mut().poll(context)
            {
                *slot = Some(value);
            }
        }
        if done.iter().all(Option::is_some) { std::task::Poll::Ready(()) } else { std::task::Poll::Pending }
    })
    .await;
    done.into_iter().flatten().collect()
}

#[tokio::test]
async fn an_answer_in_another_browser_is_refused() {
    let town = Town::new("g-csrf").await;
    let mut attacker = town.browser();
    let sent = town.bbr.send(&mut attacker, &town.bbr.ask()).await;
    let mut victim = town.browser();
    let answer = town.korsbaek.answer(&town, &mut victim, &sent, |_| {}).await;
    refused(&town, &answer, "browser.binding").await;
    let twin = town.korsbaek.answer(&town, &mut attacker, &sent, |_| {}).await;
    assert_eq!(town.bbr.read(&twin, &town).status, ["Success"]);
}

#[tokio::test]
async fn an_answer_without_or_with_a_foreign_relay_state_is_refused() {
    let town = Town::new("g-handle").await;
    let mut browser = town.browser();
    let sent = town.bbr.send(&mut browser, &town.bbr.ask()).await;
    let (question, _) = town.korsbaek.question(&sent);
    let xml = town.korsbaek.write(&town.korsbaek.say(&question));
    for state in [None, Some("x"), Some("00000000000000000000000000000007")] {
        refused(&town, &deliver(&town, &mut browser, &xml, state).await, "browser.binding").await;
    }
}

#[tokio::test]
async fn the_sealed_login_of_one_tab_does_not_open_for_another() {
    let town = Town::new("g-swapped").await;
    let mut browser = town.browser();
    let first = town.bbr.send(&mut browser, &town.bbr.ask()).await;
    let mut other = town.bbr.ask();
    other.id = "_request2".into();
    town.bbr.send(&mut browser, &other).await;
    let values: Vec<String> = browser.pending().into_iter().map(str::to_owned).collect();
    let tabs = browser.cookies.iter_mut().filter(|(name, _)| name.starts_with("__Host-login-"));
    for ((_, value), other) in tabs.zip(values.iter().rev()) {
        other.clone_into(value);
    }
    let answer = town.korsbaek.answer(&town, &mut browser, &first, |_| {}).await;
    refused(&town, &answer, "state.forged").await;
}

#[tokio::test]
async fn a_status_that_is_no_success_ends_the_login_and_shows_no_text_of_theirs() {
    let town = Town::new("g-status").await;
    for (n, status) in [vec!["Responder"], vec!["Requester", "RequestDenied"], vec!["Success", "AuthnFailed"]]
        .into_iter()
        .enumerate()
    {
        let answer = play(&town, &format!("_r{n}"), |say| {
            say.status = status;
            say.signing = crate::support::Signing::Response;
        })
        .await;
        told(&town, &answer, &["Responder", "AuthnFailed"], "status").await;
    }
}
