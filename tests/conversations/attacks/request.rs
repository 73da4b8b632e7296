//! Group J: what fagsystemer ask, where they want the answer, and the choice of municipality.

use jiff::SignedDuration;

use super::{refused, told};
use crate::support::{Ask, Fagsystem, Town, at};

#[tokio::test]
async fn an_address_for_the_answer_that_is_not_registered_is_refused() {
    // ATK-197, ATK-199
    let town = Town::new("j-acs").await;
    let asks_for = |url: &str| -> Ask {
        let mut ask = town.bbr.ask();
        ask.attributes.push(("AssertionConsumerServiceURL", url.to_owned()));
        ask
    };
    let second = format!("{}/second", town.bbr.acs);
    let mut browser = town.browser();
    let sent = town.bbr.send(&mut browser, &asks_for(&second)).await;
    let answer = town.korsbaek.answer(&town, &mut browser, &sent, |_| {}).await;
    assert_eq!(town.bbr.read(&answer, &town).action, second, "a registered one is chosen");
    for evil in [
        "https://evil.test/acs",
        "https://bbr.test/ACS",
        "https://bbr.test./acs",
        "https://bbr.test@evil.test/acs",
        "https://bbr.test/acs/..;/x",
        "https://bbr.test/%61cs",
        "https://bbr.test/acs?x=1",
        "http://bbr.test/acs",
        "javascript:alert(1)",
        "",
    ] {
        refused(&town, &town.bbr.send(&mut town.browser(), &asks_for(evil)).await, "acs.unknown").await;
    }
    let mut index = town.bbr.ask();
    index.attributes.push(("AssertionConsumerServiceIndex", "7".into()));
    refused(&town, &town.bbr.send(&mut town.browser(), &index).await, "acs.unknown").await;
}

#[tokio::test]
async fn an_address_by_number_is_chosen_among_the_registered() {
    let town = Town::new("j-index").await;
    let mut browser = town.browser();
    let mut ask = town.bbr.ask();
    ask.attributes.push(("AssertionConsumerServiceIndex", "1".into()));
    let sent = town.bbr.send(&mut browser, &ask).await;
    let answer = town.korsbaek.answer(&town, &mut browser, &sent, |_| {}).await;
    assert_eq!(town.bbr.read(&answer, &town).action, format!("{}/second", town.bbr.acs));
}

#[tokio::test]
async fn a_malformed_request_makes_us_send_nothing_anywhere() {
    // ATK-217
    let town = Town::new("j-malformed").await;
    let mut ask = town.bbr.ask();
    ask.attributes.push(("AssertionConsumerServiceURL", "https://evil.test/".into()));
    ask.attributes.push(("ForceAuthn", "true".into()));
    ask.attributes.push(("IsPassive", "true".into()));
    refused(&town, &town.bbr.send(&mut town.browser(), &ask).await, "acs.unknown").await;
}

#[tokio::test]
async fn a_request_leads_to_one_login() {
    // ATK-202
    let town = Town::new("j-replay").await;
    let mut browser = town.browser();
    let sent = town.bbr.send(&mut browser, &town.bbr.ask()).await;
    let reloaded = town.bbr.send(&mut browser, &town.bbr.ask()).await;
    assert_eq!(reloaded.status, 303, "a reload before the login is done begins it again");
    let answer = town.korsbaek.answer(&town, &mut browser, &sent, |_| {}).await;
    assert!(answer.form().is_some());
    // May be told: who asked is proved. The fagsystem has its answer already, so the user reads a page.
    refused(&town, &town.bbr.send(&mut town.browser(), &town.bbr.ask()).await, "request.replay").await;
    let late = town
        .korsbaek
        .answer(&town, &mut browser, &reloaded, |say| say.assertion_id = "_assertion2".into())
        .await;
    refused(&town, &late, "request.replay").await;
}

#[tokio::test]
async fn a_request_that_is_stale_or_from_the_future_or_for_somebody_else_is_refused() {
    // ATK-202
    let town = Town::new("j-stale").await;
    for (second, accepted) in [(-359, true), (-362, false), (60, true), (62, false)] {
        let mut ask = town.bbr.ask();
        ask.issue_instant = at(second).to_string();
        let answer = town.bbr.send(&mut town.browser(), &ask).await;
        if accepted {
            assert_eq!(answer.status, 303, "{second}");
        } else {
            refused(&town, &answer, "request.stale").await;
        }
    }
    for destination in
        [None, Some("https://other.test/sso".to_owned()), Some(format!("{}/saml/idp/sso/", town.url))]
    {
        let mut ask = town.bbr.ask();
        ask.destination = destination;
        refused(&town, &town.bbr.send(&mut town.browser(), &ask).await, "destination").await;
    }
}

#[tokio::test]
async fn requests_that_cannot_be_met_are_told_to_the_fagsystem() {
    // ATK-161 among others
    let town = Town::new("j-told").await;
    let mut both = town.bbr.ask();
    both.attributes.extend([("ForceAuthn", "true".to_owned()), ("IsPassive", "true".to_owned())]);
    let answer = town.bbr.send(&mut town.browser(), &both).await;
    told(&town, &answer, &["Requester", "RequestUnsupported"], "request.unsupported").await;

    let mut passive = town.bbr.ask();
    passive.attributes.push(("IsPassive", "true".into()));
    let answer = town.browser().get(&town.bbr.redirect(&passive)).await;
    told(&town, &answer, &["Responder", "NoPassive"], "passive").await;

    let mut no_proxy = town.bbr.ask();
    no_proxy.scoping = Some((Some(0), vec![town.korsbaek.entity_id.clone()]));
    let answer = town.bbr.send(&mut town.browser(), &no_proxy).await;
    told(&town, &answer, &["Responder", "ProxyCountExceeded"], "proxy_count").await;

    let mut stranger = town.bbr.ask();
    stranger.scoping = Some((None, vec!["https://stranger.test".into()]));
    let answer = town.bbr.send(&mut town.browser(), &stranger).await;
    told(&town, &answer, &["Responder", "NoSupportedIDP"], "scoping").await;

    let mut listed = town.bbr.ask();
    listed.scoping = Some((Some(1), vec![town.feddet.entity_id.clone()]));
    let sent = town.browser().get(&town.bbr.redirect(&listed)).await;
    let (_, question) = town.feddet.question(&sent);
    let xml = String::from_utf8(question.xml).unwrap();
    assert!(xml.contains("ProxyCount=\"0\""), "one proxy less is left: {xml}");
}

#[tokio::test]
async fn a_login_that_goes_round_in_circles_is_stopped_at_the_second_round() {
    // ATK-161: the other broker asks on behalf of whom we asked for.
    let town = Town::new("j-circle").await;
    let on_behalf_of = |number: u32, requesters: &[&str]| {
        let mut ask = town.bbr.ask();
        ask.id = format!("_request{number}");
        ask.scoping = Some((None, vec![town.korsbaek.entity_id.clone()]));
        ask.requesters = requesters.iter().map(|one| (*one).to_owned()).collect();
        ask
    };
    let ours = format!("{}/saml", town.url);
    let other = town.driving.entity_id.as_str();
    let mut browser = town.browser();
    let twin = town.bbr.send(&mut browser, &on_behalf_of(1, &[other, "https://broker.test"])).await;
    let answer = town.korsbaek.answer(&town, &mut browser, &twin, |_| {}).await;
    assert_eq!(town.bbr.read(&answer, &town).status, ["Success"], "somebody else's user");
    for (number, requesters) in (2..).zip([&[ours.as_str()][..], &[other, &ours], &[&ours, other]]) {
        let answer = town.bbr.send(&mut town.browser(), &on_behalf_of(number, requesters)).await;
        told(&town, &answer, &["Responder", "NoSupportedIDP"], "scoping").await;
    }
}

#[tokio::test]
async fn a_broker_that_is_both_is_not_asked_by_itself() {
    // ATK-161: the same party is a fagsystem and an identity provider, and its users' request comes from it.
    let mut both = Fagsystem::bbr("");
    (both.file, both.entity_id) = ("both", "https://idp.feddet.test/adfs".into());
    let registered = both.clone();
    let town = Town::with("j-both", |files| {
        files.insert("both.xml".into(), registered.metadata().into_bytes());
        let agreement = |cvr: &str| {
            let names = format!("{:?}", [&registered.entity_id]);
            format!("[[service-agreement]]\nauthority = {cvr:?}\nservice-providers = {names}\n\n")
        };
        let toml = registered.registration() + &agreement("11111111") + &agreement("99999999");
        files.insert("both.toml".into(), toml.into_bytes());
    })
    .await;
    let url = town.url.clone();
    let asks = |number: u32, idp: &str| {
        let mut ask = Fagsystem::bbr(&url).ask();
        ask.id = format!("_request{number}");
        ask.scoping = Some((None, vec![idp.to_owned()]));
        (Fagsystem::bbr(&url), ask)
    };
    let send = async |number: u32, idp: &str| {
        let (mut both, ask) = asks(number, idp);
        (both.file, both.entity_id) = ("both", "https://idp.feddet.test/adfs".into());
        let answer = town.browser().get(&both.redirect(&ask)).await;
        (both, answer)
    };
    let (_, twin) = send(1, &town.korsbaek.entity_id).await;
    assert!(twin.location().starts_with("https://idp.korsbaek.test/sso"), "{twin:?}");
    let (both, answer) = send(2, &town.feddet.entity_id).await;
    assert_eq!(both.read(&answer, &town).status, ["Responder", "NoSupportedIDP"]);
    assert_eq!(town.last_reason().await, "scoping");
}

#[tokio::test]
async fn what_an_identity_provider_sends_cannot_add_to_what_the_fagsystem_reads() {
    let town = Town::new("j-injection").await;
    let mut browser = town.browser();
    let sent = town.bbr.send(&mut browser, &town.bbr.ask()).await;
    let evil =
        "x</saml:AttributeValue></saml:Attribute><saml:Attribute Name=\"role\"><saml:AttributeValue>admin";
    let answer = town
        .korsbaek
        .answer(&town, &mut browser, &sent, |say| {
            say.attributes[4].1 = vec![evil.to_owned()];
            say.name_id = "C=DK,O=11111111,CN=Ib & <Søn> \"ApS\",Serial=5b0c".into();
        })
        .await;
    let told = town.bbr.read(&answer, &town);
    assert_eq!(told.attribute("https://data.gov.dk/model/core/eid/email"), Some(evil));
    assert_eq!(told.name_id, "C=DK,O=11111111,CN=Ib & <Søn> \"ApS\",Serial=5b0c");
    assert!(told.attribute("role").is_none());
}

#[tokio::test]
async fn a_choice_that_was_not_offered_is_refused() {
    // ATK-212
    let town = Town::new("j-choice").await;
    let mut browser = town.browser();
    let sent = browser.get(&town.bbr.redirect(&town.bbr.ask())).await;
    let login = sent.location().split_once('=').unwrap().1.to_owned();
    let discovery = format!("{}/discovery", town.url);
    let unknown = browser.post(&discovery, &[("login", &login), ("choice", "12345678")]).await;
    refused(&town, &unknown, "discovery").await;
    let stranger = format!("11111111 {}", town.feddet.entity_id);
    let foreign = browser.post(&discovery, &[("login", &login), ("choice", &stranger)]).await;
    refused(&town, &foreign, "discovery").await;
    let stolen = town.browser().post(&discovery, &[("login", &login), ("choice", "11111111")]).await;
    refused(&town, &stolen, "browser.binding").await;
    let chosen = browser.post(&discovery, &[("login", &login), ("choice", "11111111")]).await;
    assert!(chosen.status == 200 && chosen.body.contains("https://idp.korsbaek.test/sso"), "{}", chosen.body);
}

#[tokio::test]
async fn an_answer_before_anybody_was_asked_is_refused() {
    let town = Town::new("j-step").await;
    let mut browser = town.browser();
    let sent = browser.get(&town.bbr.redirect(&town.bbr.ask())).await;
    let login = sent.location().split_once('=').unwrap().1.to_owned();
    let xml = town.korsbaek.write(&town.korsbaek.say("_question"));
    let answer = crate::support::deliver(&town, &mut browser, &xml, Some(&login)).await;
    refused(&town, &answer, "flow.step").await;
}

#[tokio::test]
async fn a_pending_login_that_waited_too_long_is_refused() {
    let town = Town::new("j-waited").await;
    let mut browser = town.browser();
    let sent = browser.get(&town.bbr.redirect(&town.bbr.ask())).await;
    let login = sent.location().split_once('=').unwrap().1.to_owned();
    town.pass(SignedDuration::from_mins(11));
    let late =
        browser.post(&format!("{}/discovery", town.url), &[("login", &login), ("choice", "11111111")]).await;
    refused(&town, &late, "irt.unknown").await;
}

#[tokio::test]
async fn every_page_forbids_frames_caching_and_foreign_content() {
    // ATK-215; the flags of cookies are asserted by the browser of every conversation
    let town = Town::new("j-headers").await;
    let mut browser = town.browser();
    let sent = browser.get(&town.bbr.redirect(&town.bbr.ask())).await;
    let page = browser.get(&format!("{}{}", town.url, sent.location())).await;
    let refusal = browser.get(&format!("{}/saml/idp/sso", town.url)).await;
    for answer in [page, refusal] {
        let header = |name: &str| answer.headers.get(name).map(|v| v.to_str().unwrap()).unwrap_or_default();
        assert!(header("content-security-policy").contains("frame-ancestors 'none'"));
        assert!(header("content-security-policy").contains("default-src 'none'"));
        assert!(header("cache-control").contains("no-store"));
        assert_eq!(header("x-content-type-options"), "nosniff");
        assert!(!header("referrer-policy").is_empty());
    }
}
