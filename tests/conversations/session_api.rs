//! The API by which a municipality's systems see who of theirs is logged in, and log them out.

use context_handler::broker::logout::list_sessions;
use context_handler::domain::audit::{Actor, Event};
use context_handler::domain::id::{Cvr, LoginId};
use context_handler::store::{Batch, Session, SessionFacts, Store};
use jiff::SignedDuration;
use serde_json::json;

use crate::logout::log_in;
use crate::support::Town;
use crate::users::{System, body, town};

const NOBODY: &str = "0123456789abcdef0123456789abcdef";

#[tokio::test]
async fn a_system_sees_who_of_its_authority_is_logged_in_and_ends_one_session() {
    let town = town("sessions-api").await;
    let mut browser = town.browser();
    log_in(&town, &mut browser, &town.bbr, 1).await;
    let (mut korsbaek, mut feddet) = (System::new(&town, "of korsbaek"), System::new(&town, "of feddet"));
    let list = korsbaek.get("/api/v1/sessions").await;
    let [session] = &list["sessions"].as_array().unwrap()[..] else { panic!("{list}") };
    assert_eq!(
        (&session["user"], &session["identityProvider"], &session["serviceProviders"]),
        (&json!("5b0c"), &json!(town.korsbaek.entity_id), &json!([town.bbr.entity_id]))
    );
    assert!(!list.to_string().contains("Ib Dam"), "the id of its authority is enough: {list}");
    let nobody = json!({ "sessions": [], "more": false });
    assert_eq!(feddet.get("/api/v1/sessions").await, nobody);
    assert_eq!(korsbaek.get("/api/v1/sessions?user=somebody").await, nobody);
    assert_eq!(town.last_reason().await, "sessions.read");

    let address = format!("/api/v1/sessions/{}", session["session"].as_str().unwrap());
    for (system, path) in
        [(&mut feddet, address.as_str()), (&mut korsbaek, &format!("/api/v1/sessions/{NOBODY}"))]
    {
        let refused = system.call("DELETE", path, None).await;
        assert_eq!((refused.status, &body(&refused)["code"]), (404, &json!("session.unknown")));
    }
    assert_eq!(korsbaek.get("/api/v1/sessions").await, list, "nothing has ended");
    assert_eq!(korsbaek.call("DELETE", &address, None).await.status, 204);
    assert_eq!(korsbaek.get("/api/v1/sessions").await, nobody);
    assert_eq!(korsbaek.call("DELETE", &address, None).await.status, 404, "it is over");
    town.pass(SignedDuration::from_secs(1));
    let ask = crate::logout::numbered(&town.bbr, &town, 2);
    let sent = town.bbr.send(&mut browser, &ask).await;
    assert!(sent.location().starts_with("https://idp.korsbaek.test/"), "the user must log in again");

    let log = town.log().await;
    let ended: Vec<_> = log.iter().filter(|record| record.event == Event::SessionEnded).collect();
    assert_eq!(ended.len(), 1);
    let wanted = |r: &&context_handler::domain::audit::Record| {
        r.event == Event::LogoutReceived && r.session == ended[0].session
    };
    let wanted = log.iter().find(wanted).unwrap();
    assert_eq!((wanted.actor, wanted.allowed), (Actor::ApiClient, true));
    assert_eq!(wanted.claimed_issuer.as_deref(), Some("system of 11111111"));
    assert_eq!(wanted.endpoint, "/api/v1/sessions/{id} DELETE");
    assert!(wanted.key.is_some());
}

#[tokio::test]
async fn a_system_ends_all_sessions_of_a_user_or_of_its_authority_and_everybody_is_told() {
    let town = town("sessions-api-all").await;
    let mut korsbaek = System::new(&town, "of korsbaek");
    for turn in 0..3 {
        log_in(&town, &mut town.browser(), &town.bbr, turn).await;
    }
    for path in ["/api/v1/sessions", "/api/v1/sessions?all=yes", "/api/v1/sessions?user=5b0c&all=true"] {
        let refused = korsbaek.call("DELETE", path, None).await;
        assert_eq!((refused.status, &body(&refused)["code"]), (400, &json!("api.body")), "{path}");
    }
    let refused = korsbaek.call("GET", "/api/v1/sessions?name=Ib", None).await;
    assert_eq!((refused.status, &body(&refused)["errors"][0]["pointer"]), (400, &json!("?name")));
    let ended = |answer: &crate::support::Answer| body(answer)["ended"].as_array().unwrap().len();
    assert_eq!(ended(&korsbaek.call("DELETE", "/api/v1/sessions?user=somebody", None).await), 0);
    assert_eq!(town.last_reason().await, "slo.gone");
    let answer = System::new(&town, "of feddet").call("DELETE", "/api/v1/sessions?all=true", None).await;
    assert_eq!(ended(&answer), 0, "of its own authority only");
    assert_eq!(ended(&korsbaek.call("DELETE", "/api/v1/sessions?user=5b0c", None).await), 3);
    assert_eq!(town.last_reason().await, "slo.ok");
    log_in(&town, &mut town.browser(), &town.bbr, 4).await;
    assert_eq!(ended(&korsbaek.call("DELETE", "/api/v1/sessions?all=true", None).await), 1);
    let due = town.store.due_legs(town.now(), 100).await.unwrap();
    assert_eq!(due.len(), 8, "a fagsystem and an identity provider for each of four, at once");
    let stranger = System::new(&town, "nobody's").call("DELETE", "/api/v1/sessions?all=true", None).await;
    assert_eq!((stranger.status, &body(&stranger)["code"]), (401, &json!("api.client")));
}

/// Sessions of so many users, as logins leave them.
async fn many(town: &Town, authority: Cvr, user: &str, ids: std::ops::Range<u128>) {
    let [like, ..] = &town.store.sessions_of(Cvr::new("11111111").unwrap(), None, 1).await.unwrap()[..]
    else {
        panic!("nobody is logged in")
    };
    for id in ids {
        let mut municipal = like.facts.municipal.clone();
        municipal.name = format!("C=DK,O={authority},CN=Ib Dam,Serial={user}");
        let facts = SessionFacts { authority, browser: None, municipal, ..like.facts.clone() };
        let session = Session { id: LoginId::from_bits(id), facts, ..like.clone() };
        town.store.commit(Batch { session: Some((session, Vec::new())), ..Batch::default() }).await.unwrap();
    }
}

#[tokio::test]
async fn however_many_sessions_there_are_those_that_are_meant_end_and_no_others() {
    let town = town("sessions-api-many").await;
    let (own, other) = (Cvr::new("11111111").unwrap(), Cvr::new("99999999").unwrap());
    log_in(&town, &mut town.browser(), &town.bbr, 0).await;
    many(&town, own, "77aa", 1..5).await; // the oldest of all
    many(&town, own, "5b0c", 100..350).await;
    many(&town, other, "5b0c", 400..410).await;
    let (store, now) = (town.store.as_ref(), town.now());
    let count = async |whose, most| {
        let (listed, more) = list_sessions(store, whose, now, most).await.unwrap();
        (listed.len(), more)
    };
    assert_eq!(count((own, None), 255).await, (255, false));
    assert_eq!(count((own, None), 254).await, (254, true), "and it is said that others are there");
    assert_eq!(count((own, Some("77aa")), 255).await, (4, false), "behind however many of others");

    let mut korsbaek = System::new(&town, "of korsbaek");
    let ended = |answer: &crate::support::Answer| body(answer)["ended"].as_array().unwrap().len();
    let answer = korsbaek.call("DELETE", "/api/v1/sessions?user=5b0c", None).await;
    assert_eq!((answer.status, ended(&answer)), (200, 251));
    assert_eq!(count((own, None), 255).await, (4, false), "another user's stay");
    many(&town, own, "5b0c", 500..750).await;
    assert_eq!(ended(&korsbaek.call("DELETE", "/api/v1/sessions?all=true", None).await), 254);
    assert_eq!(count((own, None), 255).await, (0, false));
    assert_eq!(count((other, None), 255).await, (10, false), "another municipality's stay");
    let log = town.log().await;
    let over = log.iter().filter(|record| record.event == Event::SessionEnded);
    let over: std::collections::BTreeSet<_> = over.map(|record| record.session.unwrap().bytes()).collect();
    assert_eq!(over.len(), 505, "each is written down by its own name");
}
