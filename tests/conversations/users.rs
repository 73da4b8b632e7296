//! The API by which municipalities' systems keep their users here: every verb, whose users are whose, what is told of
//! mistakes, and what is written down.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use context_handler::domain::audit::{Event, Record};
use context_handler::domain::id::Cvr;
use context_handler::http::{Door, router};
use context_handler::protocol::keys::{Signer, fingerprint};
use context_handler::telemetry::Metrics;
use jiff::SignedDuration;
use serde_json::{Value, json};

use crate::support::{Answer, Browser, Town, key};

const KORSBAEK: &str = "11111111";
const FEDDET: &str = "99999999";
const BYG: &str = "http://korsbaek.dk/roles/jobrole/byg/1";
const SKAT: &str = "http://korsbaek.dk/roles/jobrole/skat/1";
const CPR: &str = "dk:gov:saml:attribute:CprNumberIdentifier";
const SECRET: &str = "0101010101";

/// A municipality's system that calls the API.
pub(crate) struct System {
    browser: Browser,
    url: String,
}

impl System {
    pub(crate) fn new(town: &Town, token: &str) -> Self {
        let mut system = Self { browser: town.browser(), url: town.url.clone() };
        system.browser.headers.push(("authorization".into(), format!("Bearer {token}")));
        system
    }

    pub(crate) async fn call(&mut self, method: &str, path: &str, content: Option<Value>) -> Answer {
        let content = content.map(|content| content.to_string());
        self.browser.call(method, &format!("{}{path}", self.url), content).await
    }

    pub(crate) async fn get(&mut self, path: &str) -> Value {
        let answer = self.call("GET", path, None).await;
        assert_eq!(answer.status, 200, "{path} {}", answer.body);
        body(&answer)
    }

    /// The ids of a list.
    async fn ids(&mut self, query: &str) -> Vec<String> {
        let list = self.get(&format!("/api/v1/users{query}")).await;
        list["users"].as_array().unwrap().iter().map(|user| user["id"].as_str().unwrap().into()).collect()
    }
}

pub(crate) fn body(answer: &Answer) -> Value {
    serde_json::from_str(&answer.body).unwrap_or_else(|error| panic!("{error}: {}", answer.body))
}

/// A town with a system of each municipality, one that is switched off, and a user in the files of the register.
pub(crate) async fn town(name: &str) -> Town {
    Town::with(name, |files| {
        let client = |cvr: &str, token: &str, more: &str| {
            let sha256 = fingerprint(token.as_bytes());
            format!(
                "[[api-client]]\nauthority = {cvr:?}\nname = \"system of {cvr}\"\ntoken-sha256 = {sha256:?}\n{more}\n"
            )
        };
        let mut toml = client(KORSBAEK, "of korsbaek", "")
            + &client(FEDDET, "of feddet", "")
            + &client(KORSBAEK, "switched off", "active = false");
        toml += &format!(
            "[[api-client]]\nauthority = {FEDDET:?}\nname = \"by certificate\"\ncertificate-sha256 = \"{}\"\n\n",
            Signer::certificate(key("idp-feddet").as_ref()).id()
        );
        toml += &format!(
            "[[user]]\nauthority = {KORSBAEK:?}\nid = \"of-the-files\"\nroles = [{{ role = {BYG:?} }}]\n\
             claims = {{ {CPR:?} = [{SECRET:?}] }}\n"
        );
        files.get_mut("register.toml").unwrap().extend(toml.into_bytes());
    })
    .await
}

fn user(id: &str, role: &str) -> Value {
    json!({ "id": id, "roles": [{ "role": role }], "claims": { CPR: [SECRET] } })
}

/// A refusal: its status, its code, a case number, both languages on request, and one record that names the reason.
async fn refused(town: &Town, answer: &Answer, status: u16, code: &str) -> Value {
    assert_eq!(answer.status, status, "{}", answer.body);
    assert_eq!(answer.headers["content-type"], "application/problem+json");
    let problem = body(answer);
    assert_eq!(problem["code"], code);
    assert_eq!(problem["status"], status);
    assert!(problem["type"].as_str().unwrap().ends_with(&format!("/errors/{code}")));
    let record = town.log().await.pop().unwrap();
    assert_eq!((record.reason.as_str(), record.allowed), (code, false));
    let case = format!("urn:context-handler:case:{}", record.login.case_number().digits());
    assert_eq!(problem["instance"], case.as_str());
    problem
}

#[tokio::test]
async fn a_user_is_created_read_replaced_found_and_removed_and_every_call_is_written_down() {
    let town = town("users-verbs").await;
    let mut system = System::new(&town, "of korsbaek");
    let id = "CVR:11111111-RID:5/a b".replace(' ', "-");
    let path = "/api/v1/users/CVR%3A11111111-RID%3A5%2Fa-b";
    let made = system.call("PUT", path, Some(json!({ "roles": [{ "role": BYG, "scope": FEDDET }] }))).await;
    assert_eq!((made.status, made.location()), (201, path));
    let read = system.get(path).await;
    assert_eq!(read["id"], id.as_str());
    assert_eq!((&read["authority"], &read["source"]), (&json!(KORSBAEK), &json!("api")));
    assert_eq!(read["roles"], json!([{ "role": BYG, "scope": FEDDET }]));
    // What was read can be sent back.
    town.pass(SignedDuration::from_secs(1));
    let again = system.call("PUT", path, Some(read.clone())).await;
    assert_eq!((again.status, again.location.as_deref()), (200, None));
    assert!(body(&again)["modified"] != read["modified"]);
    let kept = town.broker.user(Cvr::new(KORSBAEK).unwrap(), &id).await.unwrap().unwrap();
    assert!(kept.holds(BYG) && !kept.holds(SKAT));
    let limited = json!({ "id": "ib", "roles": [{ "role": SKAT, "constraints": { "http://k.dk/kle/1": "27.*,28.*" } }] });
    assert_eq!(system.call("POST", "/api/v1/users", Some(limited)).await.status, 201);
    let limits = &system.get("/api/v1/users/ib").await["roles"][0]["constraints"];
    assert_eq!(limits, &json!({ "http://k.dk/kle/1": ["27.*", "28.*"] }));
    let posted = system.call("POST", "/api/v1/users", Some(user("ib", BYG))).await;
    assert_eq!(posted.status, 200, "POST of a known id replaces it");
    assert_eq!(system.call("DELETE", "/api/v1/users/ib", None).await.status, 204);
    let gone = system.call("GET", "/api/v1/users/ib", None).await;
    refused(&town, &gone, 404, "users.unknown").await;
    let gone = system.call("DELETE", "/api/v1/users/ib", None).await;
    refused(&town, &gone, 404, "users.unknown").await;

    let log: Vec<Record> = town.log().await.into_iter().filter(|r| r.endpoint.starts_with("/api/")).collect();
    let calls: Vec<String> = log.iter().map(|r| format!("{} {}", r.endpoint, r.reason)).collect();
    assert_eq!(
        calls,
        [
            "/api/v1/users/{id} PUT users.changed",
            "/api/v1/users/{id} GET users.read",
            "/api/v1/users/{id} PUT users.changed",
            "/api/v1/users POST users.changed",
            "/api/v1/users/{id} GET users.read",
            "/api/v1/users POST users.changed",
            "/api/v1/users/{id} DELETE users.changed",
            "/api/v1/users/{id} GET users.unknown",
            "/api/v1/users/{id} DELETE users.unknown",
        ]
    );
    assert!(log.iter().all(|r| r.authority == Some(Cvr::new(KORSBAEK).unwrap()) && r.key.is_some()));
    assert!(
        log[0].event == Event::UsersChanged && log[0].detail.as_deref() == Some(&format!("put user {id}"))
    );
    assert!(log[1].event == Event::UsersRead);
    assert!(!format!("{log:?}").contains(SECRET), "no claim is written down");
}

#[tokio::test]
async fn a_user_who_is_named_by_a_cpr_number_is_kept_and_the_number_stands_in_no_record() {
    let town = town("users-cpr").await;
    let mut system = System::new(&town, "of korsbaek");
    for id in ["0101701234", "010170-1234"] {
        let path = format!("/api/v1/users/{id}");
        assert_eq!(system.call("PUT", &path, Some(user(id, BYG))).await.status, 201);
        assert_eq!(system.get(&path).await["id"], id);
        assert_eq!(system.call("DELETE", &path, None).await.status, 204);
        assert_eq!(system.call("GET", &path, None).await.status, 404);
    }
    let log = town.log().await;
    assert!(log.iter().any(|r| r.detail.as_deref() == Some("put user ******-****")), "{log:?}");
    assert!(!["0101701234", "010170-1234"].iter().any(|id| format!("{log:?}").contains(id)), "{log:?}");
}

#[tokio::test]
async fn privileges_may_be_told_in_their_own_json_form() {
    let town = town("users-privileges").await;
    let mut system = System::new(&town, "of korsbaek");
    let privileges = json!([{ "cvr": FEDDET, "privileges": [BYG, SKAT], "constraints": [] }]);
    let put = system.call("PUT", "/api/v1/users/ib", Some(json!({ "privileges": privileges }))).await;
    assert_eq!(put.status, 201, "{}", put.body);
    let roles = json!([{ "role": BYG, "scope": FEDDET }, { "role": SKAT, "scope": FEDDET }]);
    assert_eq!(body(&put)["roles"], roles);
    let of_a_person = json!([{ "cpr": SECRET, "privileges": [BYG], "constraints": [] }]);
    let put = system.call("PUT", "/api/v1/users/bo", Some(json!({ "privileges": of_a_person }))).await;
    let problem = refused(&town, &put, 400, "api.body").await;
    assert!(problem["errors"][0]["pointer"] == "/roles/0/scope" && !put.body.contains(SECRET));
}

#[tokio::test]
async fn lists_are_replaced_or_added_to_whole_and_read_in_parts() {
    let town = town("users-bulk").await;
    let mut system = System::new(&town, "of korsbaek");
    let list =
        |ids: &[&str], role| json!({ "users": ids.iter().map(|id| user(id, role)).collect::<Vec<_>>() });
    let replaced = system.call("POST", "/api/v1/users/bulk", Some(list(&["c", "a", "b"], BYG))).await;
    assert_eq!((replaced.status, body(&replaced)), (200, json!({ "users": 3 })));
    town.pass(SignedDuration::from_secs(10));
    let since = town.now();
    assert_eq!(system.call("PUT", "/api/v1/users/bulk", Some(list(&["b", "d"], SKAT))).await.status, 200);
    assert_eq!(system.ids("").await, ["of-the-files", "a", "b", "c", "d"]);
    assert_eq!(system.ids(&format!("?role={SKAT}")).await, ["b", "d"]);
    assert_eq!(system.ids(&format!("?role={BYG}")).await, ["of-the-files", "a", "c"]);
    assert_eq!(system.ids(&format!("?modifiedSince={since}")).await, ["b", "d"]);
    assert_eq!(system.ids("?id=c").await, ["c"]);
    let mut parts = Vec::new();
    for index in 0..3 {
        let part = system.get(&format!("/api/v1/users?pageSize=2&pageIndex={index}")).await;
        assert_eq!(part["more"], index < 2);
        parts.extend(part["users"].as_array().unwrap().iter().map(|user| user["id"].clone()));
    }
    assert_eq!(parts, ["of-the-files", "a", "b", "c", "d"]);
    assert_eq!(system.call("POST", "/api/v1/users/bulk", Some(list(&["e"], BYG))).await.status, 200);
    assert_eq!(system.ids("").await, ["of-the-files", "e"]);
    let wrong = system.call("GET", "/api/v1/users?pageSize=0&pageIndx=1&modifiedSince=today", None).await;
    let problem = refused(&town, &wrong, 400, "api.body").await;
    let places: Vec<&Value> = problem["errors"].as_array().unwrap().iter().map(|e| &e["pointer"]).collect();
    assert_eq!(places, ["?pageIndx", "?pageSize", "?modifiedSince"]);
}

#[tokio::test]
async fn whoever_is_not_proved_or_switched_off_is_refused_before_anything_is_read() {
    let town = town("users-who").await;
    let mut twin = System::new(&town, "of korsbaek");
    assert_eq!(twin.call("PUT", "/api/v1/users/ib", Some(user("ib", BYG))).await.status, 201);
    for (authorization, status, code) in [
        (None, 401, "api.client"),
        (Some("Bearer somebody else".to_owned()), 401, "api.client"),
        (Some(format!("Bearer {}", fingerprint(b"of korsbaek"))), 401, "api.client"),
        (Some("Basic b2Yga29yc2JhZWs=".to_owned()), 401, "api.client"),
        (Some("of korsbaek".to_owned()), 401, "api.client"),
        (Some("Bearer switched off".to_owned()), 403, "api.disabled"),
    ] {
        let mut system = System::new(&town, "");
        system.browser.headers.clear();
        system.browser.headers.extend(authorization.map(|value| ("authorization".to_owned(), value)));
        for (method, path, content) in [
            ("GET", "/api/v1/users", None),
            ("GET", "/api/v1/users/ib", None),
            ("PUT", "/api/v1/users/ib", Some(json!("no user"))),
            ("POST", "/api/v1/users", Some(user("ib", SKAT))),
            ("DELETE", "/api/v1/users/ib", None),
            ("POST", "/api/v1/users/bulk", Some(json!({ "users": [] }))),
            ("PUT", "/api/v1/users/bulk", Some(json!({ "users": [] }))),
        ] {
            let answer = system.call(method, path, content).await;
            let problem = refused(&town, &answer, status, code).await;
            assert_eq!(answer.headers.contains_key("www-authenticate"), status == 401);
            assert!(status == 403 || problem.get("errors").is_none(), "strangers learn nothing");
        }
    }
    assert_eq!(twin.get("/api/v1/users/ib").await["roles"][0]["role"], BYG);
}

#[tokio::test]
async fn a_token_that_is_taken_out_of_the_register_ends_at_once() {
    let town = town("users-out").await;
    let mut system = System::new(&town, "of korsbaek");
    system.get("/api/v1/users").await;
    town.change(|files| {
        let register = files.get_mut("register.toml").unwrap();
        let text = String::from_utf8(register.clone()).unwrap();
        *register = text.replace(&fingerprint(b"of korsbaek"), &fingerprint(b"another")).into_bytes();
    })
    .await;
    let answer = system.call("GET", "/api/v1/users", None).await;
    refused(&town, &answer, 401, "api.client").await;
}

#[tokio::test]
async fn a_municipality_sees_and_changes_its_own_users_alone() {
    let town = town("users-tenant").await;
    let (mut korsbaek, mut feddet) = (System::new(&town, "of korsbaek"), System::new(&town, "of feddet"));
    let same = |cvr: &str| json!({ "id": "ib", "authority": cvr, "roles": [{ "role": BYG }] });
    assert_eq!(korsbaek.call("PUT", "/api/v1/users/ib", Some(same(KORSBAEK))).await.status, 201, "the twin");
    let answer = feddet.call("GET", "/api/v1/users/ib", None).await;
    refused(&town, &answer, 404, "users.unknown").await;
    assert!(feddet.ids("").await.is_empty());
    let answer = feddet.call("DELETE", "/api/v1/users/ib", None).await;
    refused(&town, &answer, 404, "users.unknown").await;
    for (method, path, content) in [
        ("PUT", "/api/v1/users/ib", same(KORSBAEK)),
        ("POST", "/api/v1/users", same(KORSBAEK)),
        ("POST", "/api/v1/users/bulk", json!({ "users": [same(FEDDET), same(KORSBAEK)] })),
        ("PUT", "/api/v1/users/bulk", json!({ "users": [same(KORSBAEK)] })),
        ("PUT", "/api/v1/users/ib", json!({ "authority": null })),
        ("PUT", "/api/v1/users/ib", json!({ "authority": [FEDDET] })),
    ] {
        let answer = feddet.call(method, path, Some(content)).await;
        refused(&town, &answer, 403, "api.authority").await;
    }
    assert!(feddet.ids("").await.is_empty(), "nothing of it was kept");
    assert_eq!(feddet.call("POST", "/api/v1/users/bulk", Some(json!({ "users": [] }))).await.status, 200);
    assert_eq!(korsbaek.get("/api/v1/users/ib").await["roles"][0]["role"], BYG);
}

#[tokio::test]
async fn all_mistakes_are_told_with_their_place_and_nothing_of_the_list_is_kept() {
    let town = town("users-mistakes").await;
    let mut system = System::new(&town, "of korsbaek");
    assert_eq!(system.call("PUT", "/api/v1/users/ib", Some(user("ib", BYG))).await.status, 201);
    let list = json!({ "users": [
        { "id": "bo", "roles": [{ "role": BYG }] },
        { "id": "bo", "rolles": [], "claims": { CPR: [SECRET, 5] } },
        { "id": "pr dam", "roles": [{ "role": "byg", "scope": 11111111 }, "x"], "claims": { "cpr": SECRET } },
        7
    ]});
    let answer = system.call("POST", "/api/v1/users/bulk", Some(list)).await;
    let problem = refused(&town, &answer, 400, "api.body").await;
    let places: Vec<&str> =
        problem["errors"].as_array().unwrap().iter().map(|e| e["pointer"].as_str().unwrap()).collect();
    assert_eq!(
        places,
        ["/users/1/rolles", &format!("/users/1/claims/{CPR}"), "/users/2/roles/1", "/users/3"],
        "form first"
    );
    let list = json!({ "users": [
        { "id": "bo" }, { "id": "bo" },
        { "id": "pr dam", "roles": [{ "role": "byg", "scope": SECRET }], "claims": { "cpr": SECRET } }
    ]});
    let wrong = system.call("PUT", "/api/v1/users/bulk", Some(list)).await;
    let problem = refused(&town, &wrong, 400, "api.body").await;
    let places: Vec<&str> =
        problem["errors"].as_array().unwrap().iter().map(|e| e["pointer"].as_str().unwrap()).collect();
    assert_eq!(
        places,
        [
            "/users/1/id",
            "/users/2/id",
            "/users/2/roles/0/role",
            "/users/2/roles/0/scope",
            "/users/2/claims/cpr"
        ]
    );
    assert!(!answer.body.contains(SECRET) && !wrong.body.contains(SECRET), "no value of a claim comes back");
    assert!(!format!("{:?}", town.log().await).contains(SECRET));
    assert_eq!(system.ids("").await, ["of-the-files", "ib"]);
    let other = system.call("PUT", "/api/v1/users/ib", Some(json!({ "id": "bo" }))).await;
    assert_eq!(refused(&town, &other, 400, "api.body").await["errors"][0]["pointer"], "/id");
}

#[tokio::test]
async fn users_of_the_registers_files_come_first_and_are_changed_there_alone() {
    let town = town("users-files").await;
    let mut system = System::new(&town, "of korsbaek");
    let path = "/api/v1/users/of-the-files";
    let before = system.get(path).await;
    assert_eq!((&before["source"], &before["roles"][0]["role"]), (&json!("register"), &json!(BYG)));
    let of_the_files = user("of-the-files", SKAT);
    for (method, path, content) in [
        ("PUT", path, Some(of_the_files.clone())),
        ("DELETE", path, None),
        ("POST", "/api/v1/users", Some(of_the_files.clone())),
        ("POST", "/api/v1/users/bulk", Some(json!({ "users": [user("ib", BYG), of_the_files] }))),
    ] {
        let answer = system.call(method, path, content).await;
        let problem = refused(&town, &answer, 409, "admin.conflict").await;
        assert!(problem["errors"][0]["detail"].as_str().unwrap().contains("files of the register"));
    }
    assert_eq!(system.get(path).await, before);
    // A user that was kept here before the register took it up stands back until the register lets it go.
    assert_eq!(system.call("PUT", "/api/v1/users/ib", Some(user("ib", SKAT))).await.status, 201);
    let in_register =
        format!("\n[[user]]\nauthority = {KORSBAEK:?}\nid = \"ib\"\nroles = [{{ role = {BYG:?} }}]\n");
    town.change(|files| files.get_mut("register.toml").unwrap().extend(in_register.bytes())).await;
    assert_eq!(system.get("/api/v1/users/ib").await["roles"][0]["role"], BYG);
    assert_eq!(system.ids("").await, ["ib", "of-the-files"]);
}

/// The tag of a user, and the call with such a header.
async fn tag(system: &mut System, path: &str) -> String {
    let answer = system.call("GET", path, None).await;
    assert_eq!(answer.status, 200, "{}", answer.body);
    answer.headers["etag"].to_str().unwrap().to_owned()
}

async fn only_if(town: &Town, header: (&str, &str), method: &str, content: Option<Value>) -> Answer {
    let mut system = System::new(town, "of korsbaek");
    system.browser.headers.push((header.0.into(), header.1.into()));
    let path = if method == "POST" { "/api/v1/users" } else { "/api/v1/users/ib" };
    system.call(method, path, content).await
}

#[tokio::test]
async fn of_two_systems_that_saw_the_same_user_one_changes_it_and_the_other_is_told() {
    let town = town("users-tag").await;
    let mut system = System::new(&town, "of korsbaek");
    let path = "/api/v1/users/ib";
    let first = system.call("PUT", path, Some(user("ib", BYG))).await;
    let seen = first.headers["etag"].to_str().unwrap().to_owned();
    assert_eq!(tag(&mut system, path).await, seen, "the answer to a change names the state that it made");

    town.pass(SignedDuration::from_secs(1));
    let twin = only_if(&town, ("if-match", &seen), "PUT", Some(user("ib", SKAT))).await;
    assert_eq!(twin.status, 200, "{}", twin.body);
    let now = tag(&mut system, path).await;
    assert!(now != seen && twin.headers["etag"] == now.as_str());
    for (header, method, content) in [
        (("if-match", seen.as_str()), "PUT", Some(user("ib", BYG))),
        (("if-match", &seen), "POST", Some(user("ib", BYG))),
        (("if-match", &seen), "DELETE", None),
        (("if-match", "\"\""), "DELETE", None),
        (("if-none-match", "*"), "PUT", Some(user("ib", BYG))),
    ] {
        let answer = only_if(&town, header, method, content).await;
        refused(&town, &answer, 412, "api.condition").await;
    }
    for header in [("if-match", now.trim_matches('"')), ("if-match", "W/\"a\""), ("if-none-match", &now)] {
        let answer = only_if(&town, header, "PUT", Some(user("ib", BYG))).await;
        refused(&town, &answer, 400, "api.body").await;
    }
    assert_eq!(tag(&mut system, path).await, now, "nothing of it was kept");

    let many = format!("{seen}, {now}");
    assert_eq!(only_if(&town, ("if-match", &many), "DELETE", None).await.status, 204);
    let gone = only_if(&town, ("if-match", "*"), "PUT", Some(user("ib", BYG))).await;
    refused(&town, &gone, 412, "api.condition").await;
    assert_eq!(only_if(&town, ("if-none-match", "*"), "PUT", Some(user("ib", BYG))).await.status, 201);
    assert_eq!(only_if(&town, ("if-match", "*"), "DELETE", None).await.status, 204);

    let of_the_files = tag(&mut system, "/api/v1/users/of-the-files").await;
    system.browser.headers.push(("if-match".into(), of_the_files));
    let answer = system.call("DELETE", "/api/v1/users/of-the-files", None).await;
    refused(&town, &answer, 409, "admin.conflict").await;
}

#[tokio::test]
async fn a_list_that_comes_with_a_condition_is_refused_and_told_what_to_do_instead() {
    let town = town("users-bulk-tag").await;
    let mut system = System::new(&town, "of korsbaek");
    let path = "/api/v1/users/ib";
    system.call("PUT", path, Some(user("ib", BYG))).await;
    let seen = tag(&mut system, path).await;
    let list = json!({ "users": [user("ib", SKAT)] });
    for header in [("if-match", seen.as_str()), ("if-match", "*"), ("if-none-match", "*")] {
        for method in ["POST", "PUT"] {
            let mut system = System::new(&town, "of korsbaek");
            system.browser.headers.push((header.0.into(), header.1.into()));
            let answer = system.call(method, "/api/v1/users/bulk", Some(list.clone())).await;
            refused(&town, &answer, 400, "api.body").await;
            let told = body(&answer)["errors"][0]["detail"].as_str().unwrap().to_owned();
            assert!(told.contains("If-Match") && told.contains("call again without"), "{told}");
        }
    }
    assert_eq!(tag(&mut system, path).await, seen, "nothing of it was kept");
    for method in ["POST", "PUT"] {
        let twin = system.call(method, "/api/v1/users/bulk", Some(list.clone())).await;
        assert_eq!((twin.status, body(&twin)), (200, json!({ "users": 1 })));
    }
    assert_ne!(tag(&mut system, path).await, seen);
}

#[tokio::test]
async fn of_many_who_change_what_they_saw_at_once_exactly_one_gets_through() {
    let town = std::sync::Arc::new(town("users-race").await);
    let mut system = System::new(&town, "of korsbaek");
    let mut seen = String::new();
    for round in 0..10 {
        let header = if round == 0 { ("if-none-match", "*".to_owned()) } else { ("if-match", seen.clone()) };
        let calls = (0..8).map(|number| {
            let (town, header) = (town.clone(), header.clone());
            tokio::spawn(async move {
                let role = format!("http://korsbaek.dk/roles/jobrole/{round}/{number}");
                only_if(&town, (header.0, &header.1), "PUT", Some(user("ib", &role))).await
            })
        });
        let mut through = Vec::new();
        for call in calls.collect::<Vec<_>>() {
            let answer = call.await.unwrap();
            match answer.status {
                200 | 201 => through.push(answer.headers["etag"].to_str().unwrap().to_owned()),
                status => assert_eq!((status, &body(&answer)["code"]), (412, &json!("api.condition"))),
            }
        }
        seen = tag(&mut system, "/api/v1/users/ib").await;
        assert_eq!(through, [seen.clone()], "round {round}");
    }
}

#[tokio::test]
async fn content_of_another_kind_or_size_is_refused() {
    let town = town("users-content").await;
    let mut system = System::new(&town, "of korsbaek");
    let url = format!("{}/api/v1/users", town.url);
    let answer = system.browser.post_raw(&url, "text/plain", user("ib", BYG).to_string()).await;
    refused(&town, &answer, 415, "api.type").await;
    let answer = system.browser.post_raw(&url, "application/json", "{\"id\": ".into()).await;
    refused(&town, &answer, 400, "api.body").await;
    let large = |size: usize| {
        let users: Vec<Value> = (0..size / 1000)
            .map(|n| json!({ "id": format!("u{n}"), "claims": { "urn:x:a": "y".repeat(950) } }))
            .collect();
        json!({ "users": users }).to_string()
    };
    let answer = system.browser.post_raw(&url, "application/json", large(1_200_000)).await;
    refused(&town, &answer, 413, "api.size").await;
    let bulk = format!("{url}/bulk");
    let answer = system.browser.post_raw(&bulk, "application/json", large(2_000_000)).await;
    assert_eq!((answer.status, body(&answer)), (200, json!({ "users": 2000 })), "the twin");
    let answer = system.browser.post_raw(&bulk, "application/json", large(12_000_000)).await;
    refused(&town, &answer, 413, "api.size").await;
    assert_eq!(town.broker.user(Cvr::new(KORSBAEK).unwrap(), "u7").await.unwrap().unwrap().claims.len(), 1);
}

#[tokio::test]
async fn a_content_costs_no_more_than_it_is_worth() {
    let town = town("users-cost").await;
    let mut system = System::new(&town, "of korsbaek");
    let (one, list) = (format!("{}/api/v1/users", town.url), format!("{}/api/v1/users/bulk", town.url));
    let repeated = |part: &str, count: usize| vec![part; count].join(",");
    let roles = |count: usize| {
        let roles: Vec<String> = (0..count).map(|n| format!("{{\"role\":\"urn:r:{n}\"}}")).collect();
        format!("{{\"id\":\"ib\",\"roles\":[{}]}}", roles.join(","))
    };
    let begun = Instant::now();
    let answer = system.browser.post_raw(&one, "application/json", roles(19_000)).await;
    assert_eq!(refused(&town, &answer, 400, "api.body").await["errors"][0]["pointer"], "/roles");
    assert!(
        begun.elapsed() < Duration::from_secs(2),
        "each role is not compared with all: {:?}",
        begun.elapsed()
    );
    let answer = system.browser.post_raw(&one, "application/json", roles(500)).await;
    assert_eq!(answer.status, 201, "the twin");
    for (key, hint) in [("x".repeat(900_000), "known here"), ("rolles".to_owned(), "did you mean `roles`?")] {
        let begun = Instant::now();
        let content = format!("{{\"id\":\"ib\",\"{key}\":1}}");
        let answer = system.browser.post_raw(&one, "application/json", content).await;
        let problem = refused(&town, &answer, 400, "api.body").await;
        assert!(problem["errors"][0]["detail"].as_str().unwrap().contains(hint));
        assert!(
            begun.elapsed() < Duration::from_secs(2),
            "a long key is not compared: {:?}",
            begun.elapsed()
        );
    }

    let objects = format!("{{\"users\":[{}]}}", repeated("{\"a\":1}", 1_000_000));
    let answer = system.browser.post_raw(&list, "application/json", objects).await;
    refused(&town, &answer, 413, "api.size").await;
    for wrong in [
        repeated("{}", 100_000),
        format!("{{\"id\":\"ib\",\"claims\":{{\"urn:a\":[{}]}}}}", repeated("\"\"", 1_000_000)),
    ] {
        let answer =
            system.browser.post_raw(&list, "application/json", format!("{{\"users\":[{wrong}]}}")).await;
        let problem = refused(&town, &answer, 400, "api.body").await;
        assert_eq!(problem["errors"].as_array().unwrap().len(), 100, "the first hundred mistakes");
    }
    let unfolds = |users: usize| {
        let privileges: Vec<String> = (0..400).map(|n| format!("urn:r:{n}")).collect();
        let limits = json!([{ "name": "urn:limit", "values": ["x".repeat(8_000)] }]);
        let list = json!([{ "cvr": KORSBAEK, "privileges": privileges, "constraints": limits }]);
        let users = (0..users).map(|n| json!({ "id": format!("u{n}"), "privileges": list }));
        json!({ "users": users.collect::<Vec<_>>() })
    };
    let answer = system.call("POST", "/api/v1/users/bulk", Some(unfolds(100))).await;
    refused(&town, &answer, 413, "api.size").await;
    let answer = system.call("POST", "/api/v1/users/bulk", Some(unfolds(2))).await;
    assert_eq!(answer.status, 200, "the twin: {}", answer.body);
    let users: Vec<Value> =
        (0..5_000).map(|n| json!({ "id": format!("u{n}"), "roles": [{ "role": BYG }] })).collect();
    let answer = system.call("POST", "/api/v1/users/bulk", Some(json!({ "users": users }))).await;
    assert_eq!((answer.status, body(&answer)), (200, json!({ "users": 5_000 })), "the twin");
}

#[tokio::test]
async fn a_refusal_is_told_in_the_language_of_the_caller() {
    let town = town("users-language").await;
    let mut titles = Vec::new();
    for lang in ["da", "en"] {
        let mut system = System::new(&town, "nobody");
        system.browser.headers.push(("accept-language".into(), lang.into()));
        let answer = system.call("GET", "/api/v1/users", None).await;
        assert_eq!(answer.headers["content-language"], lang);
        titles.push(refused(&town, &answer, 401, "api.client").await["title"].clone());
    }
    assert!(
        titles[0].as_str().unwrap().contains("Kaldet") && titles[1].as_str().unwrap().contains("The call")
    );
}

/// A certificate as RFC 9440 hands it over.
fn handed_over(name: &str) -> (String, String) {
    let der = Signer::certificate(key(name).as_ref()).der().to_vec();
    ("client-cert".to_owned(), format!(":{}:", STANDARD.encode(der)))
}

#[tokio::test]
async fn a_certificate_in_a_header_counts_only_from_a_proxy_of_ours() {
    let town = town("users-certificate").await;
    let by = |url: &str, header: (String, String)| {
        let mut browser = town.browser();
        browser.headers.push(header);
        System { browser, url: url.to_owned() }
    };
    let answer = by(&town.url, handed_over("idp-feddet")).call("GET", "/api/v1/users", None).await;
    assert_eq!(answer.status, 200, "the twin: {}", answer.body);
    let record = town.log().await.pop().unwrap();
    assert_eq!(record.authority, Some(Cvr::new(FEDDET).unwrap()));
    for header in [
        handed_over("idp-korsbaek"),
        ("client-cert".to_owned(), handed_over("idp-feddet").1.replace(':', "")),
        ("client-cert".to_owned(), ":%%%:".to_owned()),
        ("x-client-cert".to_owned(), handed_over("idp-feddet").1),
        ("client-cert-chain".to_owned(), handed_over("idp-feddet").1),
    ] {
        let answer = by(&town.url, header).call("GET", "/api/v1/users", None).await;
        refused(&town, &answer, 401, "api.client").await;
    }
    let mut twice = by(&town.url, handed_over("idp-feddet"));
    twice.browser.headers.push(handed_over("idp-korsbaek"));
    let answer = twice.call("GET", "/api/v1/users", None).await;
    refused(&town, &answer, 401, "api.client").await;

    // The same broker at a door without proxies.
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://localhost:{}", listener.local_addr().unwrap().port());
    let door = Arc::new(Door::new(town.broker.clone(), Vec::new()));
    let app = router(door, Arc::new(Metrics::new())).into_make_service_with_connect_info::<SocketAddr>();
    tokio::spawn(async move { axum::serve(listener, app).await.unwrap() });
    let answer = by(&url, handed_over("idp-feddet")).call("GET", "/api/v1/users", None).await;
    refused(&town, &answer, 401, "api.client").await;
    // A certificate that has run out proves nothing, whoever hands it over.
    town.pass(SignedDuration::from_hours(24 * 365 * 50));
    let answer = by(&town.url, handed_over("idp-feddet")).call("GET", "/api/v1/users", None).await;
    refused(&town, &answer, 401, "api.client").await;
}

#[tokio::test]
async fn while_the_store_is_locked_nothing_is_changed_and_nothing_is_told() {
    let town = town("users-locked").await;
    let mut system = System::new(&town, "of korsbaek");
    let lock = rusqlite::Connection::open(town.database()).unwrap();
    lock.execute_batch("BEGIN IMMEDIATE").unwrap();
    for (method, content) in [("PUT", Some(user("ib", BYG))), ("GET", None)] {
        let answer = system.call(method, "/api/v1/users/ib", content).await;
        assert_eq!((answer.status, &body(&answer)["code"]), (503, &json!("store.down")), "{}", answer.body);
        assert!(answer.headers.contains_key("retry-after"));
    }
    lock.execute_batch("ROLLBACK").unwrap();
    assert_eq!(system.ids("").await, ["of-the-files"]);
}

#[tokio::test]
async fn the_description_for_people_tells_all_that_the_one_for_machines_tells() {
    let town = town("users-docs").await;
    let description = System::new(&town, "").get("/api/openapi.json").await;
    for (lang, title) in [("da", "API&#x27;et for kommunens systemer"), ("en", "The API for a municipality")]
    {
        let mut browser = town.browser();
        browser.headers.push(("accept-language".into(), lang.into()));
        let page = browser.get(&format!("{}/api/docs", town.url)).await;
        assert_eq!(page.status, 200);
        assert!(page.body.contains(title) || page.body.contains(&title.replace("&#x27;", "&#39;")), "{lang}");
        let policy = page.headers["content-security-policy"].to_str().unwrap();
        assert!(policy.contains("default-src 'none'") && !page.body.contains("<script"), "{policy}");
        let mut told = 0;
        for (path, methods) in description["paths"].as_object().unwrap() {
            for (method, call) in methods.as_object().unwrap().iter().filter(|(key, _)| *key != "parameters")
            {
                let name = format!("<code>{} {path}</code>", method.to_uppercase());
                assert!(page.body.contains(&name), "{name}");
                assert!(page.body.contains(call["summary"].as_str().unwrap().split('\'').next().unwrap()));
                told += 1;
            }
        }
        for (form, schema) in description["components"]["schemas"].as_object().unwrap() {
            assert!(page.body.contains(&format!("id=\"form-{form}\"")), "{form}");
            for field in schema["properties"].as_object().into_iter().flatten().map(|(name, _)| name) {
                assert!(page.body.contains(&format!("<code>{field}</code>")), "{form} {field}");
            }
        }
        for code in ["api.client", "api.condition", "admin.conflict", "store.down"] {
            assert!(page.body.contains(code), "{code}");
        }
        for place in page.body.split("href=\"#form-").skip(1).map(|rest| rest.split('"').next().unwrap()) {
            assert!(page.body.contains(&format!("id=\"form-{place}\"")), "{place} leads nowhere");
        }
        assert!(told > 10 && page.body.contains("If-Match") && page.body.contains("href=\"#form-User\""));
    }
}

#[tokio::test]
async fn the_description_for_machines_names_exactly_the_routes_that_there_are() {
    let town = town("users-openapi").await;
    let description = System::new(&town, "").get("/api/openapi.json").await;
    let mut described = Vec::new();
    for (path, methods) in description["paths"].as_object().unwrap() {
        for method in methods.as_object().unwrap().keys().filter(|key| *key != "parameters") {
            described.push(format!("{method} {path}"));
        }
    }
    described.sort();
    let routes = include_str!("../../src/http/mod.rs");
    let mut there: Vec<String> = Vec::new();
    for route in routes.split(".route(").map(|route| route.trim_start().trim_start_matches('"')) {
        let is_described = |path: &str| path.starts_with("/api/") || path.starts_with("/Validation/");
        let Some((path, rest)) = route.split_once('"').filter(|(path, _)| is_described(path)) else {
            continue;
        };
        let handlers = rest.split("\n        .").next().unwrap();
        for method in ["get", "post", "put", "delete"] {
            if handlers.contains(&format!("{method}(")) {
                there.push(format!("{method} {path}"));
            }
        }
    }
    there.sort();
    assert_eq!(described, there);
    for reason in [
        "api.client",
        "api.disabled",
        "api.authority",
        "api.body",
        "admin.conflict",
        "api.condition",
        "api.size",
        "api.type",
    ] {
        assert!(description.to_string().contains(reason), "{reason} is described");
    }
}
