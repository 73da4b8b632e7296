//! ATK-206 and ATK-208: values that no document of ours can carry, from everybody who tells us of users; and names by
//! which fagsystemer could join what they know.

use serde_json::json;

use super::refused;
use crate::support::relying::{Client, body, decoded, town_with};
use crate::support::{Signing, Town, deliver};
use crate::users::{System, body as problem, town};

const TITLE: &str = "urn:oid:2.5.4.12";
const EMAIL: &str = "ib@korsbaek.test";

/// ATK-206
#[tokio::test]
async fn what_no_document_can_carry_is_not_kept_of_a_user() {
    let town = town("characters-users").await;
    let mut system = System::new(&town, "of korsbaek");
    let user = |value: &str| format!("{{\"id\":\"bo\",\"claims\":{{\"{TITLE}\":[\"{value}\"]}}}}");
    let put = async |value: &str| {
        let url = format!("{}/api/v1/users/bo", town.url);
        let mut browser = town.browser();
        browser.headers.push(("authorization".into(), "Bearer of korsbaek".into()));
        browser.call("PUT", &url, Some(user(value))).await
    };
    let long = "x".repeat(900_000);
    for bad in ["a\\u0000b", "a\\u001fb", "a\\ufffeb", "a\\uffffb", "a\\ud800b", "a\\udc00\\ud800b", &long] {
        let answer = put(bad).await;
        let shown: String = bad.chars().take(20).collect();
        assert_eq!((answer.status, &problem(&answer)["code"]), (400, &json!("api.body")), "{shown}");
    }
    let answer = put(&"x".repeat(1_200_000)).await;
    assert_eq!((answer.status, &problem(&answer)["code"]), (413, &json!("api.size")));
    assert_eq!(system.call("GET", "/api/v1/users/bo", None).await.status, 404, "nothing of it is kept");
    assert_eq!(put("\\ud83d\\ude00 ]]> & < \\u0009").await.status, 201);
    let kept = system.get("/api/v1/users/bo").await;
    assert_eq!(kept["claims"][TITLE], json!(["😀 ]]> & < \t"]));
}

/// An answer of Korsbæk's in which another e-mail address stands, as it is written in the document.
async fn told_of(town: &Town, address: &str, number: u32) -> crate::support::Answer {
    let mut browser = town.browser();
    let mut ask = town.bbr.ask();
    ask.id = format!("_request{number}");
    let sent = town.bbr.send(&mut browser, &ask).await;
    let (question, arrived) = town.korsbaek.question(&sent);
    let mut say = town.korsbaek.say(&question);
    (say.response_id, say.assertion_id) = (format!("_r{number}"), format!("_a{number}"));
    (say.encrypted, say.signing) = (false, Signing::Response);
    let xml = town.korsbaek.write(&say);
    assert!(xml.contains(EMAIL));
    deliver(town, &mut browser, &xml.replace(EMAIL, address), arrived.relay_state.as_deref()).await
}

/// ATK-206
#[tokio::test]
async fn what_no_document_can_carry_ends_a_login() {
    let town = Town::new("characters-assertion").await;
    let genuine = told_of(&town, EMAIL, 1).await;
    assert_eq!(town.bbr.read(&genuine, &town).status, ["Success"]);
    let bad = ["&#0;", "&#x1F;", "&#xFFFE;", "&#xFFFF;", "&#xD800;", "\u{fffe}", "\u{1}", "\0"];
    for (number, bad) in (2..).zip(bad) {
        let answer = told_of(&town, &format!("ib{bad}@korsbaek.test"), number).await;
        refused(&town, &answer, "xml.malformed").await;
    }
    let answer = told_of(&town, &"x".repeat(600_000), 100).await;
    refused(&town, &answer, "limit.xml").await;
}

/// ATK-208
#[tokio::test]
async fn two_fagsystemer_with_pairwise_names_cannot_join_what_they_know() {
    let pairwise = [Client::basic(), Client::post().with("subject = \"pairwise\"")];
    let town = town_with("characters-pairwise", &pairwise).await;
    let mut names = Vec::new();
    for client in &pairwise {
        let (first, again) = (client.tokens(&town).await, client.tokens(&town).await);
        let sub = |tokens: &serde_json::Value| {
            decoded(tokens["id_token"].as_str().unwrap()).1["sub"].as_str().unwrap().to_owned()
        };
        assert_eq!(sub(&first), sub(&again), "the same name every time");
        let userinfo = body(&client.userinfo(&town, first["access_token"].as_str().unwrap()).await);
        assert_eq!(userinfo["sub"], sub(&first));
        let sid = decoded(first["id_token"].as_str().unwrap()).1["sid"].clone();
        names.push((sub(&first), sid));
    }
    assert!(names[0].0 != names[1].0 && names[0].1 != names[1].1, "{names:?}");
}
