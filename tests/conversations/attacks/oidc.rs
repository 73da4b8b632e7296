//! Group K: where codes are sent, who says that it sent them, and what a request must not be able to do.

use super::refused;
use crate::support::{Browser, Client, Town};
use context_handler::domain::assurance::Requirement;
use context_handler::domain::id::LoginId;
use context_handler::protocol::seal::Ticket;
use context_handler::store::Store;
use serde_json::Value;

async fn town(name: &str) -> (Town, Client) {
    let byggesag = Client::byggesag();
    let town = Town::with(&format!("k-{name}"), |files| byggesag.register(files)).await;
    (town, byggesag)
}

/// What a code stands for, as only whoever has the code can read it.
async fn entitlement(town: &Town, code: &str) -> Value {
    let ticket = Ticket::read(code).unwrap();
    let (voucher, _) = Store::voucher(town.store.as_ref(), ticket.id).await.unwrap().unwrap();
    serde_json::from_slice(&ticket.open(&voucher.sealed, "code").unwrap()).unwrap()
}

#[tokio::test]
async fn a_code_goes_to_a_registered_address_letter_by_letter_and_nowhere_else() {
    // ATK-262, ATK-263
    let (town, byggesag) = town("redirect").await;
    let back = byggesag.log_in(&town, &mut town.browser(), &byggesag.ask()).await;
    assert!(!back.code().is_empty(), "the registered one");
    for evil in [
        "https://byggesag.test/callback/more",
        "https://byggesag.test/callbac",
        "https://byggesag.test/callback/",
        "https://byggesag.test/callback?x=1",
        "https://byggesag.test/callback#a",
        "https://byggesag.test/x/..;/callback",
        "https://byggesag.test/x/../callback",
        "https://byggesag.test/%63allback",
        "https://byggesag.test/%2563allback",
        "https://byggesag.test\\@evil.test/callback",
        "https://byggesag.test@evil.test/callback",
        "https://evil@byggesag.test/callback",
        "https://byggesag.test.evil.test/callback",
        "https://sub.byggesag.test/callback",
        "https://byggesagXtest/callback",
        "https://byggesag.test:443/callback",
        "https://BYGGESAG.test/callback",
        "HTTPS://byggesag.test/callback",
        "http://byggesag.test/callback",
        "https://byggesag.test./callback",
        "https://allowed.evil",
        "//byggesag.test/callback",
        "/callback",
        "javascript:alert(1)//https://byggesag.test/callback",
        "https://byggesag.test/callback https://evil.test/",
        "https://byggesag.test/callback\r\nLocation: https://evil.test/",
        "",
    ] {
        let ask = byggesag.asking(&[("redirect_uri", evil)]);
        refused(&town, &byggesag.send(&town, &mut town.browser(), &ask).await, "oidc.redirect").await;
        let wrong =
            byggesag.asking(&[("redirect_uri", evil), ("response_type", "token"), ("prompt", "none")]);
        refused(&town, &byggesag.post(&town, &mut town.browser(), &wrong).await, "oidc.redirect").await;
    }
}

#[tokio::test]
async fn an_address_of_another_client_is_no_address_of_this_one() {
    // ATK-262
    let (byggesag, app) = (Client::byggesag(), Client::app());
    let town = Town::with("k-other", |files| {
        byggesag.register(files);
        app.register(files);
    })
    .await;
    let ask = app.asking(&[("redirect_uri", byggesag.redirect_uri)]);
    refused(&town, &app.send(&town, &mut town.browser(), &ask).await, "oidc.redirect").await;
    let back = byggesag.log_in(&town, &mut town.browser(), &byggesag.ask()).await;
    assert!(!back.code().is_empty());
}

#[tokio::test]
async fn whoever_is_no_client_learns_nothing_and_sends_nobody_anywhere() {
    let (town, byggesag) = town("client").await;
    for stranger in ["https://saml.bbr.test", "https://nobody.test", "x y"] {
        let ask = byggesag.asking(&[("client_id", stranger)]);
        refused(&town, &byggesag.send(&town, &mut town.browser(), &ask).await, "sp.unknown").await;
    }
    let ask = byggesag.asking(&[("client_id", "")]);
    refused(&town, &byggesag.send(&town, &mut town.browser(), &ask).await, "param.missing").await;
    assert!(asks(&town, &byggesag, &mut town.browser()).await);
}

#[tokio::test]
async fn a_parameter_that_stands_twice_leaves_it_open_what_was_asked_so_nothing_is_answered() {
    let (town, byggesag) = town("twice").await;
    let url = format!("{}/oauth2/authorize?{}", town.url, crate::support::written(&byggesag.ask()));
    assert!(town.browser().get(&url).await.location().starts_with("https://idp.korsbaek.test/"));
    for twice in
        ["redirect_uri=https%3A%2F%2Fevil.test%2F", "redirect%5Furi=x", "state=2", "claims=1&claims=2"]
    {
        refused(&town, &town.browser().get(&format!("{url}&{twice}")).await, "param.duplicate").await;
    }
    let form: Vec<_> = byggesag.ask().into_iter().collect();
    let form: Vec<_> = form.iter().map(|(name, value)| (*name, value.as_str())).collect();
    let both = format!("{}/oauth2/authorize?redirect_uri=https%3A%2F%2Fevil.test%2F", town.url);
    refused(&town, &town.browser().post(&both, &form).await, "param.duplicate").await;
    let address = format!("{}/oauth2/authorize", town.url);
    let json = town.browser().post_raw(&address, "application/json", "{}".into()).await;
    refused(&town, &json, "http.method").await;
}

#[tokio::test]
async fn every_answer_says_who_sends_it_and_carries_the_state_of_its_own_request() {
    // ATK-266: what a client needs to notice a mix-up. `Client::read` compares `iss`.
    let (town, byggesag) = town("mixup").await;
    let mut browser = town.browser();
    for (state, mode) in [("first", "query"), ("second", "form_post"), ("", "query")] {
        for (scope, is_right) in [("openid", true), ("profile", false)] {
            let ask = byggesag.asking(&[("state", state), ("response_mode", mode), ("scope", scope)]);
            let mut answer = byggesag.send(&town, &mut browser, &ask).await;
            if answer.location.as_deref().is_some_and(|to| to.starts_with("https://idp.korsbaek.test/")) {
                answer = town.korsbaek.answer(&town, &mut browser, &answer, |_| {}).await;
            }
            let back = byggesag.read(&town, &answer);
            assert_eq!(
                (back.field("state"), back.by_form),
                (Some(state).filter(|s| !s.is_empty()), mode != "query")
            );
            assert_eq!((back.field("code").is_some(), back.field("error").is_some()), (is_right, !is_right));
        }
    }
}

#[tokio::test]
async fn a_code_goes_home_in_the_browser_that_asked_for_it_and_in_no_other() {
    // ATK-266: an answer of the identity provider that is replayed into another browser brings no code there.
    let (town, byggesag) = town("browser").await;
    let (mut own, mut other) = (town.browser(), town.browser());
    let sent = byggesag.send(&town, &mut own, &byggesag.ask()).await;
    let answer = town.korsbaek.answer(&town, &mut other, &sent, |_| {}).await;
    refused(&town, &answer, "browser.binding").await;
    assert!(!byggesag.logged_in(&town, &mut own, &sent).await.code().is_empty());
}

#[tokio::test]
async fn a_request_lowers_no_level() {
    // ATK-281
    let (town, byggesag) = town("level").await;
    let low = "https://data.gov.dk/concept/core/nsis/loa/Low";
    for changed in [
        ("acr_values", low),
        ("acr_values", "urn:dk:gov:saml:attribute:AssuranceLevel:1"),
        (
            "claims",
            "{\"id_token\":{\"acr\":{\"essential\":true,\"value\":\"https://data.gov.dk/concept/core/nsis/loa/Low\"}}}",
        ),
        ("prompt", "login"),
        ("max_age", "4294967295"),
    ] {
        let mut browser = town.browser();
        let sent = byggesag.send(&town, &mut browser, &byggesag.asking(&[changed])).await;
        let (question, _) = town.korsbaek.question(&sent);
        let say = |say: &mut crate::support::Say| {
            (say.response_id, say.assertion_id) = (format!("_r{question}"), format!("_a{question}"));
            say.class = low.into();
            say.set("https://data.gov.dk/concept/core/nsis/loa", Some("Low"));
        };
        let answer = town.korsbaek.answer(&town, &mut browser, &sent, say).await;
        assert_eq!(byggesag.read(&town, &answer).error(), "unmet_authentication_requirements", "{changed:?}");
        assert_eq!(town.last_reason().await, "loa.lower");
    }
    let back = byggesag.log_in(&town, &mut town.browser(), &byggesag.asking(&[("acr_values", low)])).await;
    let entitlement = entitlement(&town, back.code()).await;
    let requirement: Requirement = serde_json::from_value(entitlement["requirement"].clone()).unwrap();
    assert!(
        requirement.to_string().contains("registered https://data.gov.dk/concept/core/nsis/loa/Substantial")
    );
    for bent in ["https://data.gov.dk/concept/core/nsis/loa/", "urn:dk:gov:saml:attribute:AssuranceLevel:0"] {
        let answer =
            byggesag.send(&town, &mut town.browser(), &byggesag.asking(&[("acr_values", bent)])).await;
        assert_eq!(byggesag.read(&town, &answer).error(), "invalid_request", "{bent}");
        assert_eq!(town.last_reason().await, "oidc.request");
    }
}

#[tokio::test]
async fn a_request_brings_no_cpr_number_out() {
    // ATK-281
    let cpr = "https://data.gov.dk/model/core/eid/cprNumber";
    let (town, byggesag) = town("cpr").await;
    let mut entitled = Vec::new();
    for changed in [
        ("scope", "openid"),
        ("scope", "openid cpr profile email address phone"),
        ("claims", "{\"userinfo\":{\"cpr\":{\"essential\":true}},\"id_token\":{\"cpr\":null}}"),
        ("resource", "https://cpr.test/"),
        ("claims_locales", "da"),
    ] {
        let mut browser = town.browser();
        let sent = byggesag.send(&town, &mut browser, &byggesag.asking(&[changed])).await;
        let (question, _) = town.korsbaek.question(&sent);
        let say = |say: &mut crate::support::Say| {
            (say.response_id, say.assertion_id) = (format!("_r{question}"), format!("_a{question}"));
            say.set(cpr, Some("0101701234"));
        };
        let answer = town.korsbaek.answer(&town, &mut browser, &sent, say).await;
        let entitlement = entitlement(&town, byggesag.read(&town, &answer).code()).await;
        assert!(!entitlement.to_string().contains("0101701234"), "{changed:?}");
        entitled.push(entitlement["subject"].to_string());
    }
    entitled.dedup();
    assert_eq!(entitled.len(), 1, "each of them is told the same: {entitled:?}");
}

#[tokio::test]
async fn a_request_leads_to_no_other_municipality_than_the_user_is_of() {
    // ATK-281
    let (town, byggesag) = town("tenant").await;
    let mut browser = town.browser();
    byggesag.log_in(&town, &mut browser, &byggesag.ask()).await;
    let sent = byggesag.send(&town, &mut browser, &byggesag.asking(&[("domain_hint", "99999999")])).await;
    assert!(
        sent.location().starts_with("https://idp.feddet.test/sso?"),
        "who is logged in at Korsbæk is nobody at Feddet: {}",
        sent.location()
    );
    let (question, arrived) = town.feddet.question(&sent);
    let mut say = town.korsbaek.say(&question);
    (say.response_id, say.assertion_id) = ("_r2".into(), "_a2".into());
    let xml = town.korsbaek.write(&say);
    let answer = crate::support::deliver(&town, &mut browser, &xml, arrived.relay_state.as_deref()).await;
    refused(&town, &answer, "idp.unexpected").await;
    let mut say = town.feddet.say(&question);
    say.name_id = "C=DK,O=11111111,CN=Ib Dam,Serial=5b0c".into();
    let xml = town.feddet.write(&say);
    let answer = crate::support::deliver(&town, &mut browser, &xml, arrived.relay_state.as_deref()).await;
    refused(&town, &answer, "tenant.nameid").await;
    let back = byggesag.send(&town, &mut browser, &byggesag.ask()).await;
    let entitlement = entitlement(&town, byggesag.read(&town, &back).code()).await;
    assert_eq!(entitlement["subject"]["authority"], "11111111", "the session at Korsbæk is as it was");
}

#[tokio::test]
async fn a_code_cannot_be_read_in_the_store_and_opens_nothing_but_its_own_voucher() {
    let (town, byggesag) = town("sealed").await;
    let first = byggesag.log_in(&town, &mut town.browser(), &byggesag.ask()).await;
    let second = byggesag.log_in(&town, &mut town.browser(), &byggesag.ask()).await;
    assert_eq!(entitlement(&town, first.code()).await["client"], byggesag.client_id);
    let [first, second] = [first, second].map(|back| Ticket::read(back.code()).unwrap());
    let voucher = async |id: LoginId| Store::voucher(town.store.as_ref(), id).await.unwrap().unwrap().0;
    assert!(second.open(&voucher(first.id).await.sealed, "code").is_err());
    assert!(first.open(&voucher(first.id).await.sealed, "refresh token").is_err());
    let mut kept = std::fs::read(town.database()).unwrap();
    kept.extend(std::fs::read(town.database().with_extension("db-wal")).unwrap_or_default());
    let holds = |text: &str| kept.windows(text.len()).any(|bytes| bytes == text.as_bytes());
    assert!(holds(byggesag.client_id));
    for secret in [first.text().as_str(), "n-0S6_WzA2Mj", byggesag.ask()["code_challenge"].as_str()] {
        assert!(!holds(secret), "{secret}");
    }
}

async fn asks(town: &Town, client: &Client, browser: &mut Browser) -> bool {
    let sent = client.send(town, browser, &client.ask()).await;
    sent.location.is_some_and(|to| to.starts_with("https://idp.korsbaek.test/sso?"))
}
