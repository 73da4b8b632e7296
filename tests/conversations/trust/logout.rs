//! Runs that try the logout: the session that the run began at the identity provider must end there.

use context_handler::domain::trust::{Report, Scenario};

use super::{at_idp, report, told};
use crate::support::logout::{Asked, Manner, Server, reachable};
use crate::support::{Answer, Browser, Say, Signing, Town, deliver, key};

const SLO: &str = "https://idp.korsbaek.test/slo";

/// A login of a run, up to what comes after it.
async fn logged_in(town: &Town, scenario: Scenario) -> (String, Browser, Answer) {
    let mut run = at_idp(town, &town.korsbaek, scenario, None).await;
    let mut say = town.korsbaek.say(&run.question);
    say.assertion_id = format!("_assertion{}", town.log().await.len());
    let xml = town.korsbaek.write(&say);
    let next = deliver(town, &mut run.browser, &xml, run.arrived.relay_state.as_deref()).await;
    (run.ticket, run.browser, next)
}

/// The identity provider says whether the user is still there.
async fn asked_again(
    town: &Town,
    (ticket, browser): (&str, &mut Browser),
    next: Answer,
    status: &[&'static str],
) -> Report {
    said_again(town, (ticket, browser), next, |say| say.status = status.to_vec()).await
}

async fn said_again(
    town: &Town,
    (ticket, browser): (&str, &mut Browser),
    next: Answer,
    bend: impl FnOnce(&mut Say),
) -> Report {
    let (question, arrived) = town.korsbaek.question(&next.onward());
    let mut say = town.korsbaek.say(&question);
    say.assertion_id = format!("_again{}", town.log().await.len());
    bend(&mut say);
    let xml = town.korsbaek.write(&say);
    let last = deliver(town, browser, &xml, arrived.relay_state.as_deref()).await;
    assert_eq!(last.location(), format!("/trust/runs/{ticket}"));
    report(town, ticket).await.unwrap()
}

fn wrong(report: &Report) -> Vec<String> {
    told(report).into_iter().filter(|line| line != "name.format nameid.format?").collect()
}

#[tokio::test]
async fn a_logout_through_the_browser_is_asked_for_confirmed_and_looked_at() {
    let town =
        Town::with("trust-slo-redirect", |files| reachable(files, "korsbaek", "HTTP-Redirect", SLO)).await;
    let voice = town.korsbaek.voice(&town);
    let passive: &[&str] = &["Responder", "NoPassive"];
    for (status, after, expected) in [
        (&["Success"][..], passive, vec![]),
        (&["Success", "PartialLogout"], passive, vec!["logout.answered slo.partial?"]),
        (&["Responder", "RequestDenied"], passive, vec!["logout.answered slo.refused"]),
        (&["Success"], &["Success"][..], vec!["logout.dead slo.session"]),
    ] {
        let (ticket, mut browser, next) = logged_in(&town, Scenario::LogoutRedirect).await;
        let asked = Asked::of(&next);
        assert_eq!(
            (asked.to.as_str(), asked.name_id.as_str()),
            (SLO, "C=DK,O=11111111,CN=Ib Dam,Serial=5b0c")
        );
        assert_eq!(asked.indexes, ["_session-at-idp"]);
        assert!(report(&town, &ticket).await.is_none(), "it has not ended yet");
        let next = browser.get(&voice.answers(&asked, status)).await;
        let report = asked_again(&town, (&ticket, &mut browser), next, after).await;
        assert_eq!(wrong(&report), expected, "{status:?} {after:?}");
        assert!(report.shown.messages.iter().any(|message| message.what == "LogoutResponse"));
    }
}

#[tokio::test]
async fn an_answer_to_the_logout_counts_from_the_provider_that_was_asked_alone() {
    let town =
        Town::with("trust-slo-forged", |files| reachable(files, "korsbaek", "HTTP-Redirect", SLO)).await;
    let (ticket, mut browser, next) = logged_in(&town, Scenario::LogoutRedirect).await;
    let asked = Asked::of(&next);
    let stranger = town.feddet.voice(&town);
    let next = browser.get(&stranger.answers(&asked, &["Success"])).await;
    let report = asked_again(&town, (&ticket, &mut browser), next, &["Responder", "NoPassive"]).await;
    assert_eq!(wrong(&report), ["logout.answered sig.invalid"]);
}

/// A user who reloads the page, and a browser that sends the same answer twice with the cookie of then.
#[tokio::test]
async fn an_answer_to_the_logout_that_is_sent_twice_counts_once_and_leaves_the_report_as_it_is() {
    let town =
        Town::with("trust-slo-twice", |files| reachable(files, "korsbaek", "HTTP-Redirect", SLO)).await;
    let (ticket, mut browser, next) = logged_in(&town, Scenario::LogoutRedirect).await;
    let answer = town.korsbaek.voice(&town).answers(&Asked::of(&next), &["Success"]);
    let mut twice = town.browser();
    twice.cookies = browser.cookies.clone();
    let next = browser.get(&answer).await;
    for again in [&mut browser, &mut twice] {
        let refused = again.get(&answer).await;
        assert_eq!((refused.status, town.last_reason().await.as_str()), (400, "replay"));
        assert!(refused.body.contains("allerede blevet brugt"), "{}", refused.body);
        assert!(report(&town, &ticket).await.is_none(), "the run goes on with the first one");
    }
    let ended = asked_again(&town, (&ticket, &mut browser), next, &["Responder", "NoPassive"]).await;
    assert!(wrong(&ended).is_empty(), "{:?}", wrong(&ended));
    for again in [&mut browser, &mut twice] {
        assert_eq!(again.get(&answer).await.status, 400);
        assert_eq!(report(&town, &ticket).await.unwrap(), ended);
    }
}

#[tokio::test]
async fn a_logout_from_server_to_server_is_judged_by_what_comes_back() {
    let server = Server::of("https://idp.korsbaek.test/", key("idp-korsbaek")).await;
    let town =
        Town::with("trust-slo-soap", |files| reachable(files, "korsbaek", "SOAP", &server.address)).await;
    for (manner, expected) in [
        (Manner::Answers(&["Success"]), vec![]),
        (Manner::Fails, vec!["logout.answered slo.down"]),
        (Manner::Hangs, vec!["logout.answered slo.down"]),
        (Manner::Unsigned, vec!["logout.answered slo.response"]),
        (Manner::ToAnother, vec!["logout.answered slo.response"]),
    ] {
        server.behaves(manner.clone());
        let (ticket, mut browser, next) = logged_in(&town, Scenario::LogoutSoap).await;
        let report = asked_again(&town, (&ticket, &mut browser), next, &["Responder", "NoPassive"]).await;
        assert_eq!(wrong(&report), expected, "{manner:?}");
    }
    assert_eq!(server.asked().len(), 5);
}

#[tokio::test]
async fn a_way_out_that_is_not_in_the_metadata_is_missing() {
    let town = Town::with("trust-slo-none", |files| reachable(files, "korsbaek", "HTTP-Redirect", SLO)).await;
    let (ticket, _, _) = logged_in(&town, Scenario::LogoutSoap).await;
    assert_eq!(wrong(&report(&town, &ticket).await.unwrap()), ["logout.address slo.missing"]);
}

/// Missing means no: only the refusal for want of a page, from whom was asked, to what was asked, shows that a session is over.
#[tokio::test]
async fn a_session_is_over_only_by_the_word_of_who_was_asked_about_what_was_asked() {
    type Bend = Box<dyn FnOnce(&mut Say)>;
    let town = Town::with("trust-slo-dead", |files| reachable(files, "korsbaek", "HTTP-Redirect", SLO)).await;
    let voice = town.korsbaek.voice(&town);
    let bends: [(Bend, Vec<&str>); 8] = [
        (Box::new(|_| {}), vec![]),
        (Box::new(|say| say.signing = Signing::Response), vec![]),
        (Box::new(|say| say.status = vec!["Responder", "AuthnFailed"]), vec!["logout.dead status"]),
        (Box::new(|say| say.status = vec!["Success", "NoPassive"]), vec!["logout.dead status"]),
        (Box::new(|say| say.status.clear()), vec!["logout.dead status"]),
        (Box::new(|say| say.in_response_to = None), vec!["logout.dead irt.missing"]),
        (Box::new(|say| say.in_response_to = Some("_another".into())), vec!["logout.dead irt.unknown"]),
        (
            Box::new(|say| say.response_issuer = Some("https://idp.feddet.test/adfs".into())),
            vec!["logout.dead idp.unexpected"],
        ),
    ];
    for (bend, expected) in bends {
        let (ticket, mut browser, next) = logged_in(&town, Scenario::LogoutRedirect).await;
        let next = browser.get(&voice.answers(&Asked::of(&next), &["Success"])).await;
        let report = said_again(&town, (&ticket, &mut browser), next, |say| {
            say.status = vec!["Responder", "NoPassive"];
            bend(say);
        })
        .await;
        assert_eq!(wrong(&report), expected);
    }
}

#[tokio::test]
async fn a_run_whose_logout_cannot_go_on_ends_in_a_report_of_what_it_saw() {
    let town = Town::with("trust-slo-cut", |files| reachable(files, "korsbaek", "HTTP-Redirect", SLO)).await;
    let (ticket, mut browser, next) = logged_in(&town, Scenario::LogoutRedirect).await;
    town.change(|files| {
        let toml = String::from_utf8(files["register.toml"].clone()).unwrap();
        let (before, _) = toml.split_once("[[federation-agreement]]").unwrap();
        files.insert("register.toml".into(), before.as_bytes().to_vec());
    })
    .await;
    let last = browser.get(&town.korsbaek.voice(&town).answers(&Asked::of(&next), &["Success"])).await;
    assert_eq!(last.location(), format!("/trust/runs/{ticket}"));
    let seen = report(&town, &ticket).await.unwrap();
    assert_eq!(wrong(&seen), ["logout.dead agreement.missing"]);
    assert!(seen.shown.messages.iter().any(|message| message.what == "Assertion"));
}

#[tokio::test]
async fn a_login_that_was_used_before_is_told_where_logout_is_tried_as_well() {
    let town =
        Town::with("trust-slo-replay", |files| reachable(files, "korsbaek", "HTTP-Redirect", SLO)).await;
    let mut told = Vec::new();
    for _ in 0..2 {
        let mut run = at_idp(&town, &town.korsbaek, Scenario::LogoutRedirect, None).await;
        let xml = town.korsbaek.write(&town.korsbaek.say(&run.question));
        deliver(&town, &mut run.browser, &xml, run.arrived.relay_state.as_deref()).await;
        told.push(report(&town, &run.ticket).await.map(|report| wrong(&report)));
    }
    assert_eq!(told, [None, Some(vec!["answer.once replay".to_owned()])]);
}
