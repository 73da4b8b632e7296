//! Fagsystemer that speak OpenID Connect: the browser comes with a request and goes home with a code.

use std::collections::BTreeMap;

use jiff::SignedDuration;

use crate::support::{Answer, Browser, Client, Town};

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
    let code = location.split("code=").nth(1).and_then(|rest| rest.split('&').next()).unwrap_or("\0");
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
    insta::assert_snapshot!(shown(&town, &answer), @"
    200 https://byggesag.test/callback?code=<code>&state=back%20to%20%2Fcase%2F7&iss=<issuer>
    cache-control: no-store
    referrer-policy: same-origin
    content-security-policy: default-src 'none'; style-src 'self'; img-src 'self'; font-src 'self'; form-action 'none'; frame-ancestors 'none'; base-uri 'none'
    ");
    let back = byggesag.read(&town, &answer);
    assert_eq!(back.field("state"), Some("back to /case/7"));
    let again = byggesag.send(&town, &mut browser, &byggesag.ask()).await;
    insta::assert_snapshot!(shown(&town, &again), @"
    303 https://byggesag.test/callback?code=<code>&state=back%20to%20%2Fcase%2F7&iss=<issuer>
    cache-control: no-store
    ");
    assert_ne!(byggesag.read(&town, &again).code(), back.code());
}

#[tokio::test]
async fn a_form_brings_the_code_home_where_the_client_wants_one() {
    let (town, byggesag) = town("form").await;
    let mut browser = town.browser();
    let ask = byggesag.asking(&[("response_mode", "form_post"), ("state", "\"><script>alert(1)</script> æ")]);
    let sent = byggesag.post(&town, &mut browser, &ask).await;
    let answer = town.korsbaek.answer(&town, &mut browser, &sent, |_| {}).await;
    insta::assert_snapshot!(shown(&town, &answer), @r#"
    200 form to https://byggesag.test/callback with ["code", "iss", "state"]
    cache-control: no-store
    referrer-policy: strict-origin
    content-security-policy: default-src 'none'; style-src 'self'; img-src 'self'; font-src 'self'; script-src 'sha256-YBPfq3YzAio+eSdmaZr/Vrc8mefmQoecuKNsJdcB5q8='; form-action https://byggesag.test https:; frame-ancestors 'none'; base-uri 'none'
    "#);
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
    insta::assert_snapshot!(log.iter().skip(1).map(line).collect::<Vec<_>>().join("\n"), @r#"
    RequestReceived Unauthenticated login.begun /oauth2/authorize GET Some("https://oidc.byggesag.test")
    QuestionSent Broker login.chosen /oauth2/authorize GET Some("https://oidc.byggesag.test")
    AnswerReceived IdentityProvider login.ok /saml/sp/acs POST Some("https://idp.korsbaek.test/")
    TokenIssued Broker login.ok /saml/sp/acs POST None
    RequestReceived Unauthenticated session.reused /oauth2/authorize GET Some("https://oidc.byggesag.test")
    TokenIssued Broker session.reused /oauth2/authorize GET None
    "#);
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

/// What the question to an identity provider asks for.
fn asked_of_korsbaek(town: &Town, sent: &Answer) -> String {
    let (_, arrived) = town.korsbaek.question(sent);
    String::from_utf8(arrived.xml).unwrap()
}

#[tokio::test]
async fn one_session_serves_fagsystemer_of_both_protocols() {
    let (town, byggesag) = town("sso").await;
    let mut from_saml = town.browser();
    let sent = town.bbr.send(&mut from_saml, &town.bbr.ask()).await;
    let answer = town.korsbaek.answer(&town, &mut from_saml, &sent, |_| {}).await;
    assert_eq!(town.bbr.read(&answer, &town).status, ["Success"]);
    let sent = byggesag.send(&town, &mut from_saml, &byggesag.ask()).await;
    assert!(!byggesag.read(&town, &sent).code().is_empty(), "no question to Korsbæk");

    let mut from_oidc = town.browser();
    byggesag.log_in(&town, &mut from_oidc, &byggesag.ask()).await;
    let mut ask = town.bbr.ask();
    ask.id = "_request2".into();
    let answer = town.bbr.send(&mut from_oidc, &ask).await;
    assert_eq!(town.bbr.read(&answer, &town).status, ["Success"]);

    let sessions: Vec<_> = town.log().await.iter().filter_map(|record| record.session).collect();
    let mut different = sessions.clone();
    different.dedup();
    assert_eq!(different.len(), 2, "one session for each browser: {sessions:?}");
}

#[tokio::test]
async fn a_hint_chooses_among_what_the_user_may_choose_and_anything_else_is_forgotten() {
    let (town, byggesag) = town("hint").await;
    for (name, hint) in [
        ("domain_hint", "11111111"),
        ("login_hint", "11111111"),
        ("login_hint", "Korsbæk Kommune"),
        ("login_hint", "korsbæk kommune"),
    ] {
        let ask = byggesag.asking(&[("domain_hint", ""), (name, hint)]);
        assert!(asks_korsbaek(&byggesag.send(&town, &mut town.browser(), &ask).await), "{hint}");
    }
    for hint in ["", "12345678", "Korsbæk", "ib@korsbaek.test", "0101701234", "https://idp.korsbaek.test/"] {
        let ask = byggesag.asking(&[("domain_hint", ""), ("login_hint", hint)]);
        let sent = byggesag.send(&town, &mut town.browser(), &ask).await;
        assert!(sent.location().starts_with("/discovery?login="), "{hint}: {}", sent.location());
    }
}

#[tokio::test]
async fn the_choice_is_in_the_language_that_the_client_hints_at_and_leads_to_a_code() {
    let (town, byggesag) = town("choice").await;
    let mut browser = town.browser();
    let ask = byggesag.asking(&[("domain_hint", ""), ("ui_locales", "fr en da")]);
    let sent = byggesag.post(&town, &mut browser, &ask).await;
    let page = browser.get(&format!("{}{}", town.url, sent.location())).await;
    assert!(page.body.contains("<html lang=\"en\">"), "{}", sent.location());
    let login = sent.location().split(['=', '&']).nth(1).unwrap();
    let form = [("login", login), ("choice", "11111111")];
    let sent = browser.post(&format!("{}/discovery", town.url), &form).await.onward();
    assert!(!byggesag.logged_in(&town, &mut browser, &sent).await.code().is_empty());
}

#[tokio::test]
async fn a_client_that_wants_a_young_login_gets_one() {
    let (town, byggesag) = town("age").await;
    let mut browser = town.browser();
    byggesag.log_in(&town, &mut browser, &byggesag.ask()).await;
    town.pass(SignedDuration::from_secs(90));
    let young = byggesag.send(&town, &mut browser, &byggesag.asking(&[("max_age", "90")])).await;
    assert!(!byggesag.read(&town, &young).code().is_empty(), "the session is young enough");
    for anew in
        [("max_age", "89"), ("max_age", "0"), ("prompt", "login"), ("prompt", "select_account consent")]
    {
        let sent = byggesag.send(&town, &mut browser, &byggesag.asking(&[anew])).await;
        assert!(asks_korsbaek(&sent), "{anew:?}");
        assert!(asked_of_korsbaek(&town, &sent).contains("ForceAuthn=\"true\""), "{anew:?}");
    }
    let consent = byggesag.send(&town, &mut browser, &byggesag.asking(&[("prompt", "consent")])).await;
    assert!(!byggesag.read(&town, &consent).code().is_empty(), "the agreement is the consent");
}

#[tokio::test]
async fn a_login_that_is_older_than_a_client_wants_is_no_answer() {
    let (town, byggesag) = town("age-old").await;
    for (number, (asked, seconds, is_enough)) in [
        (("max_age", "300"), 360, true),
        (("max_age", "300"), 361, false),
        (("max_age", "0"), 61, false),
        (("prompt", "login"), 61, false),
        (("max_age", "0"), 60, true),
        (("acr_values", ""), 3600, true),
    ]
    .into_iter()
    .enumerate()
    {
        let mut browser = town.browser();
        let sent = byggesag.send(&town, &mut browser, &byggesag.asking(&[asked])).await;
        let old = |say: &mut crate::support::Say| {
            say.assertion_id = format!("_assertion{number}");
            say.authn_instant = Some((town.now() - SignedDuration::from_secs(seconds)).to_string());
        };
        let answer = town.korsbaek.answer(&town, &mut browser, &sent, old).await;
        let back = byggesag.read(&town, &answer);
        match is_enough {
            true => assert!(!back.code().is_empty(), "{asked:?} {seconds}"),
            false => assert_eq!(back.error(), "login_required", "{asked:?} {seconds}"),
        }
    }
}

#[tokio::test]
async fn a_client_that_wants_no_page_gets_none() {
    let (town, byggesag) = town("none").await;
    let none = |changed: &[(&'static str, &str)]| {
        let mut ask = byggesag.asking(&[("prompt", "none")]);
        ask.extend(byggesag.asking(changed).into_iter().filter(|(name, _)| *name != "prompt"));
        ask
    };
    let mut browser = town.browser();
    let mut choose = none(&[]);
    choose.remove("domain_hint");
    let refused = byggesag.send(&town, &mut browser, &choose).await;
    assert_eq!(byggesag.read(&town, &refused).error(), "login_required", "nobody may be asked to choose");

    let sent = byggesag.send(&town, &mut browser, &none(&[])).await;
    assert!(asked_of_korsbaek(&town, &sent).contains("IsPassive=\"true\""));
    let silent = |say: &mut crate::support::Say| say.status = vec!["Responder", "NoPassive"];
    let answer = town.korsbaek.answer(&town, &mut browser, &sent, silent).await;
    assert_eq!(byggesag.read(&town, &answer).error(), "login_required", "Korsbæk would have to ask");

    byggesag.log_in(&town, &mut browser, &byggesag.ask()).await;
    let answer = byggesag.send(&town, &mut browser, &none(&[])).await;
    assert!(!byggesag.read(&town, &answer).code().is_empty(), "the user is logged in");
    town.pass(SignedDuration::from_secs(60));
    let answer = byggesag.send(&town, &mut browser, &none(&[("max_age", "30")])).await;
    assert_eq!(byggesag.read(&town, &answer).error(), "login_required", "not recently enough");
    assert_eq!(town.last_reason().await, "passive");
    let answer = byggesag.send(&town, &mut browser, &byggesag.asking(&[("prompt", "none login")])).await;
    assert_eq!(byggesag.read(&town, &answer).error(), "invalid_request");
}

#[tokio::test]
async fn a_level_that_is_asked_for_must_be_reached() {
    let (town, byggesag) = town("acr").await;
    let class = |word: &str| format!("https://data.gov.dk/concept/core/nsis/loa/{word}");
    let high = byggesag.asking(&[("acr_values", &class("High"))]);
    let sent = byggesag.send(&town, &mut town.browser(), &high).await;
    assert!(asked_of_korsbaek(&town, &sent).contains(&class("High")));
    let mut browser = town.browser();
    let back = byggesag.log_in(&town, &mut browser, &high).await;
    assert_eq!(back.error(), "unmet_authentication_requirements");
    let either =
        byggesag.asking(&[("acr_values", &format!("phr {} {}", class("High"), class("Substantial")))]);
    assert!(!byggesag.log_in(&town, &mut browser, &either).await.code().is_empty());
}

#[tokio::test]
async fn mistakes_are_told_to_the_client_with_its_state_and_the_number_of_the_case() {
    let (town, byggesag) = town("mistakes").await;
    for (changed, error, reason) in [
        (("response_type", "token"), "unsupported_response_type", "oidc.response_type"),
        (("response_type", ""), "invalid_request", "param.missing"),
        (("scope", "profile"), "invalid_scope", "oidc.scope"),
        (("code_challenge", ""), "invalid_request", "oidc.request"),
        (("code_challenge_method", "plain"), "invalid_request", "oidc.request"),
        (("response_mode", "fragment"), "invalid_request", "oidc.request"),
        (("request", "eyJhbGciOiJub25lIn0.e30."), "request_not_supported", "oidc.object"),
        (
            ("acr_values", "https://data.gov.dk/concept/core/nsis/loa/Highest"),
            "invalid_request",
            "oidc.request",
        ),
        (("max_age", "-1"), "invalid_request", "oidc.request"),
        (("dpop_jkt", "x"), "invalid_request", "oidc.request"),
    ] {
        let answer = byggesag.send(&town, &mut town.browser(), &byggesag.asking(&[changed])).await;
        let back = byggesag.read(&town, &answer);
        assert_eq!((back.error(), town.last_reason().await.as_str()), (error, reason), "{changed:?}");
        assert_eq!(back.field("state"), Some("back to /case/7"));
    }
    let answer = byggesag.send(&town, &mut town.browser(), &byggesag.asking(&[("scope", "profile")])).await;
    insta::assert_snapshot!(shown(&town, &answer), @"
    303 https://byggesag.test/callback?error=invalid_scope&error_description=oidc.scope%3A%20The%20request%20of%20the%20fagsystem%20does%20not%20ask%20for%20a%20login.%20The%20supplier%20of%20the%20fagsystem%20puts%20openid%20among%20the%20scopes%20of%20the%20request.%20Case%20number%206882%20960%20907.&state=back%20to%20%2Fcase%2F7&iss=<issuer>
    cache-control: no-store
    ");
    let told = byggesag.read(&town, &answer).field("error_description").unwrap().to_owned();
    let case = town.log().await.pop().unwrap().login.case_number();
    assert!(told.ends_with(&format!(" Case number {case}.")), "{told}");
    let form = byggesag.asking(&[("scope", "profile"), ("response_mode", "form_post")]);
    let answer = byggesag.send(&town, &mut town.browser(), &form).await;
    assert!(byggesag.read(&town, &answer).by_form);
}

#[tokio::test]
async fn a_client_that_was_switched_off_meanwhile_gets_neither_a_code_nor_a_word() {
    let (town, byggesag) = town("off").await;
    let mut browser = town.browser();
    let sent = byggesag.send(&town, &mut browser, &byggesag.ask()).await;
    let off = Client { registered: format!("{}active = false\n", byggesag.registered), ..Client::byggesag() };
    town.change(|files| off.register(files)).await;
    let answer = town.korsbaek.answer(&town, &mut browser, &sent, |_| {}).await;
    assert_eq!((answer.status, town.last_reason().await.as_str()), (400, "sp.disabled"));
    assert!(answer.form().is_none() && answer.onward_to().is_none());

    town.change(|files| byggesag.register(files)).await;
    let mut browser = town.browser();
    let sent = byggesag.send(&town, &mut browser, &byggesag.ask()).await;
    let elsewhere = byggesag.registered.replace("/callback", "/elsewhere");
    let elsewhere = Client { registered: elsewhere, ..Client::byggesag() };
    town.change(|files| elsewhere.register(files)).await;
    let say = |say: &mut crate::support::Say| {
        (say.response_id, say.assertion_id) = ("_response2".into(), "_assertion2".into());
    };
    let answer = town.korsbaek.answer(&town, &mut browser, &sent, say).await;
    assert_eq!((answer.status, town.last_reason().await.as_str()), (400, "oidc.redirect"));
    assert!(answer.form().is_none() && answer.onward_to().is_none());
}

#[tokio::test]
async fn the_largest_request_fits_into_the_cookie_of_a_pending_login() {
    let long = format!("https://byggesag.test/{}", "c".repeat(512 - 22));
    let mut byggesag = Client::byggesag();
    byggesag.registered = byggesag.registered.replace("https://byggesag.test/callback", &long);
    byggesag.redirect_uri = long.leak();
    let town = Town::with("oidc-large", |files| byggesag.register(files)).await;
    let (state, nonce) = ("s".repeat(1024), "n".repeat(256));
    let levels = "https://data.gov.dk/concept/core/nsis/loa/High https://data.gov.dk/concept/core/nsis/loa/Substantial";
    let large = byggesag.asking(&[
        ("state", &state),
        ("nonce", &nonce),
        ("acr_values", levels),
        ("max_age", "4294967295"),
        ("dpop_jkt", &"A".repeat(43)),
        ("scope", "openid offline_access"),
    ]);
    let mut browser = town.browser();
    let sent = byggesag.send(&town, &mut browser, &large).await;
    let room = 3900 - browser.pending()[0].len();
    assert!(room > 350, "for longer names of parties and a step-up: {room}");
    let back = byggesag.logged_in(&town, &mut browser, &sent).await;
    assert_eq!((back.field("state"), back.code().is_empty()), (Some(state.as_str()), false));

    let quotes = byggesag.asking(&[("state", &"\"".repeat(1024)), ("nonce", &"\"".repeat(256))]);
    let answer = byggesag.send(&town, &mut town.browser(), &quotes).await;
    assert_eq!(
        byggesag.read(&town, &answer).error(),
        "invalid_request",
        "what takes twice the room does not fit"
    );
    let longer = byggesag.asking(&[("state", &"s".repeat(1025))]);
    let answer = byggesag.send(&town, &mut town.browser(), &longer).await;
    let back = byggesag.read(&town, &answer);
    assert_eq!((back.error(), back.field("state")), ("invalid_request", None));
}

#[tokio::test]
async fn why_there_is_no_code_is_told_to_the_client_where_it_may_know() {
    let strict = Client::byggesag();
    let strict = Client { registered: format!("{}no-rights = \"refuse\"\n", strict.registered), ..strict };
    let town = Town::with("oidc-why", |files| strict.register(files)).await;
    let mut browser = town.browser();
    assert_eq!(strict.log_in(&town, &mut browser, &strict.ask()).await.error(), "access_denied");
    assert_eq!(town.last_reason().await, "bpp.none");
    let sent = strict.send(&town, &mut browser, &strict.ask()).await;
    assert!(asks_korsbaek(&sent), "a login that ended badly leaves no session");

    let byggesag = Client::byggesag();
    town.change(|files| byggesag.register(files)).await;
    let sent = byggesag.send(&town, &mut browser, &byggesag.ask()).await;
    town.change(|files| {
        byggesag.register(files);
        for content in files.values_mut() {
            let text = String::from_utf8(content.clone()).unwrap();
            let gone = text
                .replace("service-providers = [\"https://oidc.byggesag.test\"]", "service-providers = []");
            *content = gone.into_bytes();
        }
    })
    .await;
    assert_eq!(byggesag.logged_in(&town, &mut browser, &sent).await.error(), "access_denied");
    assert_eq!(town.last_reason().await, "agreement.missing");
    town.change(|files| byggesag.register(files)).await;
    assert!(!byggesag.log_in(&town, &mut browser, &byggesag.ask()).await.code().is_empty());
}

/// What a client brings once it has pushed its request.
fn by_name(client: &Client, request_uri: &str) -> BTreeMap<&'static str, String> {
    BTreeMap::from([("client_id", client.client_id.to_owned()), ("request_uri", request_uri.to_owned())])
}

#[tokio::test]
async fn a_pushed_request_is_called_by_its_name_and_counts_alone() {
    let (town, byggesag) = town("par").await;
    let (status, waiting) = byggesag.push(&town, &byggesag.ask(), "1").await;
    assert_eq!((status, &waiting["expires_in"]), (201, &serde_json::json!(60)), "{waiting}");
    let name = waiting["request_uri"].as_str().unwrap();
    assert!(name.starts_with("urn:ietf:params:oauth:request_uri:"));
    let mut ask = by_name(&byggesag, name);
    ask.extend([("redirect_uri", "https://evil.test/".to_owned()), ("state", "another".to_owned())]);
    let back = byggesag.log_in(&town, &mut town.browser(), &ask).await;
    assert_eq!((back.field("state"), back.code().is_empty()), (Some("back to /case/7"), false));
    let log = town.log().await;
    let line =
        |r: &context_handler::domain::audit::Record| format!("{:?} {:?} {}", r.event, r.actor, r.reason);
    insta::assert_snapshot!(log.iter().skip(1).map(line).collect::<Vec<_>>().join("\n"), @"
    RequestPushed Fagsystem oidc.kept
    RequestReceived Fagsystem login.begun
    QuestionSent Broker login.chosen
    AnswerReceived IdentityProvider login.ok
    TokenIssued Broker login.ok
    ");
    assert_eq!(log[1].message, log[2].message, "the request ties them together");
}

#[tokio::test]
async fn the_language_of_a_pushed_request_is_the_language_of_our_pages() {
    let (town, byggesag) = town("par-language").await;
    for (number, (locales, lang)) in [("en", "en"), ("da", "da"), ("", "da")].into_iter().enumerate() {
        let ask = byggesag.asking(&[("domain_hint", ""), ("ui_locales", locales)]);
        let (_, waiting) = byggesag.push(&town, &ask, &number.to_string()).await;
        let mut browser = town.browser();
        let ask = by_name(&byggesag, waiting["request_uri"].as_str().unwrap());
        let sent = byggesag.send(&town, &mut browser, &ask).await;
        let page = browser.get(&format!("{}{}", town.url, sent.location())).await;
        assert!(page.body.contains(&format!("<html lang=\"{lang}\">")), "{locales}: {}", sent.location());
    }
}

#[tokio::test]
async fn a_pushed_request_is_good_for_its_client_for_a_minute_and_for_one_code() {
    let (town, byggesag) = town("par-once").await;
    let refused = async |name: &str, client: &Client, browser: &mut Browser| {
        let answer = client.send(&town, browser, &by_name(client, name)).await;
        assert_eq!(
            (answer.status, town.last_reason().await.as_str()),
            (400, "oidc.pushed"),
            "{}",
            answer.body
        );
        assert!(answer.location.is_none() && answer.form().is_none());
    };
    let name = |waiting: serde_json::Value| waiting["request_uri"].as_str().unwrap().to_owned();
    let first = name(byggesag.push(&town, &byggesag.ask(), "1").await.1);
    refused(&first, &Client::app(), &mut town.browser()).await;
    refused(&format!("{first}A"), &byggesag, &mut town.browser()).await;
    refused("https://byggesag.test/request.jwt", &byggesag, &mut town.browser()).await;
    let mut browser = town.browser();
    assert!(!byggesag.log_in(&town, &mut browser, &by_name(&byggesag, &first)).await.code().is_empty());
    for browser in [&mut town.browser(), &mut browser] {
        let again = byggesag.send(&town, browser, &by_name(&byggesag, &first)).await;
        assert_eq!(byggesag.read(&town, &again).error(), "invalid_request_uri");
        assert_eq!(town.last_reason().await, "oidc.pushed");
    }
    let second = name(byggesag.push(&town, &byggesag.ask(), "2").await.1);
    town.pass(SignedDuration::from_secs(59));
    let back = byggesag.log_in(&town, &mut town.browser(), &by_name(&byggesag, &second)).await;
    assert!(!back.code().is_empty());
    let third = name(byggesag.push(&town, &byggesag.ask(), "3").await.1);
    town.pass(SignedDuration::from_secs(60));
    refused(&third, &byggesag, &mut browser).await;
}

#[tokio::test]
async fn only_the_client_itself_pushes_its_request_and_is_told_what_is_wrong_with_it() {
    let (town, byggesag) = town("par-proof").await;
    let error =
        |(status, told): (u16, serde_json::Value)| (status, told["error"].as_str().unwrap().to_owned());
    assert_eq!(byggesag.push(&town, &byggesag.ask(), "1").await.0, 201);
    let long = format!("openid{}", " x".repeat(4000));
    let stranger = Client { key: Client::key("sp-seb"), ..byggesag.clone() };
    assert_eq!(error(stranger.push(&town, &byggesag.ask(), "2").await), (401, "invalid_client".into()));
    for (number, (changed, told)) in [
        (("redirect_uri", "https://evil.test/"), "invalid_request"),
        (("scope", "profile"), "invalid_scope"),
        (("request_uri", "urn:ietf:params:oauth:request_uri:x"), "invalid_request"),
        (("code_challenge_method", "plain"), "invalid_request"),
        (("scope", long.as_str()), "invalid_request"),
    ]
    .into_iter()
    .enumerate()
    {
        let answer = byggesag.push(&town, &byggesag.asking(&[changed]), &format!("bad{number}")).await;
        assert_eq!(error(answer), (400, told.to_owned()), "{changed:?}");
    }
}

#[tokio::test]
async fn a_client_that_must_push_its_requests_is_not_heard_otherwise() {
    let strict = Client {
        registered: format!("{}require-par = true\n", Client::byggesag().registered),
        ..Client::byggesag()
    };
    let town = Town::with("oidc-par-must", |files| strict.register(files)).await;
    let answer = strict.send(&town, &mut town.browser(), &strict.ask()).await;
    assert_eq!(strict.read(&town, &answer).error(), "invalid_request");
    let (_, waiting) = strict.push(&town, &strict.ask(), "1").await;
    let ask = by_name(&strict, waiting["request_uri"].as_str().unwrap());
    assert!(!strict.log_in(&town, &mut town.browser(), &ask).await.code().is_empty());
}
