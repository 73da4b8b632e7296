//! The mirror for suppliers: what their fagsystem was sent and what it did with it, as far as it can be seen, and never what
//! belongs to another one.

use context_handler::domain::audit::{Actor, Event};
use context_handler::domain::console::Sees;
use context_handler::domain::id::{Cvr, EntityId};
use jiff::SignedDuration;

use crate::logout::{Scene, by_browser};
use crate::support::logout::Asked;
use crate::support::relying::{Client, body, town_with};
use crate::support::{Answer, Browser, Town};

fn supplier(system: &str) -> Sees {
    Sees::Systems(vec![EntityId::new(system).unwrap()])
}

async fn mirror(town: &Town, browser: &mut Browser, system: &str) -> Answer {
    let system = system.replace(':', "%3A").replace('/', "%2F");
    browser.get(&format!("{}/trust/sp?system={system}&lang=en", town.url)).await
}

/// What was seen of each token, the youngest first.
fn seen(page: &Answer) -> Vec<String> {
    assert_eq!(
        (page.status, page.headers["cache-control"].to_str().unwrap()),
        (200, "no-store"),
        "{}",
        page.body
    );
    let rows = page.body.split("<tr class=\"token\">").skip(1);
    rows.map(|row| {
        let badges = row.split("</tr>").next().unwrap().split("<span class=\"badge").skip(1);
        let words = badges.map(|badge| badge.split(['>', '<']).nth(1).unwrap().to_owned());
        words.collect::<Vec<_>>().join(", ")
    })
    .collect()
}

#[tokio::test]
async fn a_supplier_sees_what_its_fagsystem_did_with_an_assertion_or_that_nothing_was_seen() {
    let mut scene = Scene::new("mirror", |files| by_browser(files, "HTTP-Redirect")).await;
    let (bbr, driving) = (scene.town.bbr.entity_id.clone(), scene.town.driving.entity_id.clone());
    let mut at_bbr = scene.town.reader(supplier(&bbr)).await;
    let mut at_driving = scene.town.reader(supplier(&driving)).await;
    assert_eq!(seen(&mirror(&scene.town, &mut at_bbr, &bbr).await), ["not seen"]);

    // BBR asks that the session ends; driving tests are told of it and confirm.
    scene.town.pass(SignedDuration::from_secs(1));
    let end = scene.bbr.end(&[&scene.at_bbr]);
    let sent = scene.browser.get(&scene.bbr.redirect(&end)).await;
    let page = scene.follow(&sent).await;
    scene.confirms(&scene.driving.clone(), &Asked::of(&page)).await;

    let page = mirror(&scene.town, &mut at_bbr, &bbr).await;
    assert_eq!(seen(&page), ["logout was asked, by our SessionIndex or sid"]);
    assert!(page.body.contains("Korsbæk") && !page.body.contains("Ib Dam"), "{}", page.body);
    let page = mirror(&scene.town, &mut at_driving, &driving).await;
    assert_eq!(seen(&page), ["our logout was confirmed"]);
}

#[tokio::test]
async fn a_code_that_was_exchanged_and_a_question_about_the_user_are_seen() {
    let sag = Client::sag();
    let town = town_with("mirror-oidc", [sag.clone()]).await;
    let mut reader = town.reader(supplier(sag.id)).await;
    let code = sag.code(&town).await;
    assert_eq!(seen(&mirror(&town, &mut reader, sag.id).await), ["not seen"]);
    let tokens = body(&sag.redeem(&town, &code).await);
    sag.userinfo(&town, tokens["access_token"].as_str().unwrap()).await;
    let page = mirror(&town, &mut reader, sag.id).await;
    assert_eq!(seen(&page), ["the code was exchanged, userinfo was asked"]);
    // The code comes a second time, and that is told with its reason.
    sag.redeem(&town, &code).await;
    let page = mirror(&town, &mut reader, sag.id).await;
    assert!(page.body.contains("Request for tokens"), "{}", page.body);
    assert!(page.body.contains("<a href=\"/errors/oidc.code?lang=en\">"), "{}", page.body);
}

#[tokio::test]
async fn what_was_refused_stands_there_with_its_reason_and_whether_the_sender_is_proved() {
    let town = Town::new("mirror-refused").await;
    let bbr = town.bbr.entity_id.clone();
    let mut reader = town.reader(supplier(&bbr)).await;
    let page = mirror(&town, &mut reader, &bbr).await;
    assert!(page.body.contains("Nothing was refused"), "{}", page.body);

    let mut user = town.browser();
    let mut astray = town.bbr.ask();
    astray.destination = Some("https://other.test/sso".to_owned());
    town.bbr.send(&mut user, &astray).await;
    let forged = town.bbr.redirect(&town.bbr.ask()).replace("Signature=", "Signature=AAAA");
    user.get(&forged).await;
    let page = mirror(&town, &mut reader, &bbr).await;
    assert_eq!(page.body.matches("class=\"tile rejected\"").count(), 2, "{}", page.body);
    for told in ["/errors/destination", "/errors/sig.", "it is not proved", "https://other.test/sso"] {
        assert!(page.body.contains(told), "{told}: {}", page.body);
    }
    let expected = ["OIOSAML 3", "https://bbr.test/acs", "KOMBIT"];
    assert!(expected.iter().all(|told| page.body.contains(told)), "{}", page.body);

    let mut other = town.reader(supplier(&town.driving.entity_id)).await;
    let page = mirror(&town, &mut other, &town.driving.entity_id).await;
    assert!(page.body.contains("Nothing was refused"), "another fagsystem's faults are its own");
}

#[tokio::test]
async fn a_supplier_sees_its_own_systems_a_municipality_none_and_whoever_looks_is_written_down() {
    let town = Town::new("mirror-who").await;
    let (bbr, driving) = (town.bbr.entity_id.clone(), town.driving.entity_id.clone());
    let list = format!("{}/trust/sp", town.url);
    let mut own = town.reader(supplier(&bbr)).await;
    let page = own.get(&list).await;
    assert!(page.status == 200 && page.body.contains(&bbr) && !page.body.contains(&driving), "{}", page.body);
    assert_eq!(mirror(&town, &mut own, &bbr).await.status, 200);
    let record = town.log().await.pop().unwrap();
    assert_eq!((record.event, record.actor, record.allowed), (Event::ConsoleViewed, Actor::Reader, true));
    assert_eq!(record.detail, Some(format!("mirror of {bbr}")));

    let municipality = Sees::Authority(Cvr::new("11111111").unwrap());
    for (sees, system) in [(supplier(&bbr), &driving), (municipality, &bbr)] {
        let mut reader = town.reader(sees).await;
        assert_eq!(mirror(&town, &mut reader, system).await.status, 403);
        let record = town.log().await.pop().unwrap();
        assert_eq!((record.reason.as_str(), record.allowed), ("console.denied", false));
    }
    let mut programme = town.reader(Sees::Programme).await;
    for system in [&bbr, &driving] {
        assert_eq!(mirror(&town, &mut programme, system).await.status, 200);
    }
    assert_eq!(mirror(&town, &mut programme, "https://nobody.test").await.status, 404);
    let stranger = mirror(&town, &mut town.browser(), &bbr).await;
    assert_eq!((stranger.status, stranger.location.as_deref()), (303, Some("/trust")));
}
