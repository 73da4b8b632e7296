//! Fagsystemer that speak OpenID Connect: the browser comes with a request and goes home with a code.

use jiff::SignedDuration;

use crate::support::{Answer, Client, Town};

/// A town with a server and an app that speak OpenID Connect.
async fn town(name: &str) -> (Town, Client) {
    let (byggesag, app) = (Client::byggesag(), Client::app());
    let town = Town::with(&format!("oidc-{name}"), |files| {
        byggesag.register(files);
        app.register(files);
    })
    .await;
    (town, byggesag)
}

fn asks_korsbaek(sent: &Answer) -> bool {
    sent.location.as_deref().is_some_and(|to| to.starts_with("https://idp.korsbaek.test/sso?"))
}

/// The answer as a whole, with what differs in every run named.
fn shown(town: &Town, answer: &Answer) -> String {
    let form = || answer.form().map(|(action, fields)| format!("form to {action} with {:?}", fields.keys()));
    let location = answer.location.clone().or_else(|| answer.onward_to()).or_else(form).unwrap_or_default();
    let code = location.split("code=").nth(1).and_then(|rest| rest.split('&').next()).unwrap_or("?");
    let issuer = town.url.replace(':', "%3A").replace('/', "%2F");
    let mut lines = vec![format!("{} {location}", answer.status)];
    for name in ["cache-control", "referrer-policy", "content-security-policy"] {
        let value = answer.headers.get(name).map(|value| value.to_str().unwrap());
        lines.extend(value.map(|value| format!("{name}: {value}")));
    }
    lines.join("\n").replace(code, "<code>").replace(&issuer, "<issuer>")
}

#[tokio::test]
async fn a_user_logs_in_and_the_browser_takes_a_code_home() {
    let (town, byggesag) = town("code").await;
    let mut browser = town.browser();
    let sent = byggesag.send(&town, &mut browser, &byggesag.ask()).await;
    assert!(asks_korsbaek(&sent), "{} {}", sent.status, sent.body);
    let answer = town.korsbaek.answer(&town, &mut browser, &sent, |_| {}).await;
    insta::assert_snapshot!(shown(&town, &answer), @"");
    let back = byggesag.read(&town, &answer);
    assert_eq!(back.field("state"), Some("back to /case/7"));
    let again = byggesag.send(&town, &mut browser, &byggesag.ask()).await;
    insta::assert_snapshot!(shown(&town, &again), @"");
    assert_ne!(byggesag.read(&town, &again).code(), back.code());
}

#[tokio::test]
async fn a_form_brings_the_code_home_where_the_client_wants_one() {
    let (town, byggesag) = town("form").await;
    let mut browser = town.browser();
    let ask = byggesag.asking(&[("response_mode", "form_post"), ("state", "\"><script>alert(1)</script> æ")]);
    let sent = byggesag.post(&town, &mut browser, &ask).await;
    let answer = town.korsbaek.answer(&town, &mut browser, &sent, |_| {}).await;
    insta::assert_snapshot!(shown(&town, &answer), @"");
    let back = byggesag.read(&town, &answer);
    assert!(back.by_form && !answer.body.contains("<script>alert"));
    let names: Vec<_> = back.fields.keys().map(String::as_str).collect();
    assert_eq!(names, ["code", "iss", "state"]);
    assert_eq!(back.field("state"), Some("\"><script>alert(1)</script> æ"));
}

#[tokio::test]
async fn an_app_is_opened_by_its_own_address_or_answered_on_the_loopback_interface() {
    let (town, _) = town("app").await;
    let app = Client::app();
    let back = app.log_in(&town, &mut town.browser(), &app.ask()).await;
    assert!(!back.by_form && !back.code().is_empty());
    let there = Client { redirect_uri: "http://127.0.0.1:49152/callback", ..Client::app() };
    assert!(!there.log_in(&town, &mut town.browser(), &there.ask()).await.code().is_empty());
    let ask = app.asking(&[("response_mode", "form_post")]);
    let answer = app.send(&town, &mut town.browser(), &ask).await;
    assert_eq!(app.read(&town, &answer).error(), "invalid_request", "no form leads into an app");
}

#[tokio::test]
async fn every_message_of_a_client_leaves_its_record_and_none_of_them_holds_the_code() {
    let (town, byggesag) = town("log").await;
    let mut browser = town.browser();
    let back = byggesag.log_in(&town, &mut browser, &byggesag.ask()).await;
    let again = byggesag.send(&town, &mut browser, &byggesag.ask()).await;
    byggesag.read(&town, &again);
    let log = town.log().await;
    let line = |r: &context_handler::domain::audit::Record| {
        format!("{:?} {:?} {} {} {:?}", r.event, r.actor, r.reason, r.endpoint, r.claimed_issuer)
    };
    insta::assert_snapshot!(log.iter().skip(1).map(line).collect::<Vec<_>>().join("\n"), @"");
    let issued = &log[4];
    assert_eq!(issued.fagsystem.as_ref().unwrap().as_str(), byggesag.client_id);
    assert!(issued.session.is_some() && issued.message.is_some() && issued.assertion.is_none());
    assert_eq!(issued.level.as_deref(), Some("NSIS Substantial"));
    let all = serde_json::to_string(&log).unwrap();
    for secret in
        [back.code(), byggesag.ask()["nonce"].as_str(), "back to /case/7", &byggesag.ask()["code_challenge"]]
    {
        assert!(!all.contains(secret), "{secret}");
    }
}
