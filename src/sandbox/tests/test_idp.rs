//! The identity provider for tests beside a broker: registered like any other, it lets each of its people in where an
//! agreement allows it, and shows fagsystemer what they must cope with.

use super::*;
use crate::sandbox::test_idp::{EXAMPLE, TestIdp, Wanted};

const NAME: &str = "https://test-idp.example/saml";
const TOWN: &str = "22222222";
const BYGGESAG: u16 = oidc::PLACE;

/// Starts it beside the sandbox's broker, registers it for a municipality of its own, and says where that one is.
async fn beside(user: &User, personas: &str) {
    let port = TcpListener::bind(("127.0.0.1", 0)).unwrap().local_addr().unwrap().port();
    let idp = TestIdp::new(Wanted {
        entity_id: NAME.to_owned(),
        name: "Test-IdP".to_owned(),
        public_url: format!("http://localhost:{port}"),
        oiosaml2: false,
        key: files::NEMLOGIN_KEY.to_vec(),
        personas: ("personas.toml".to_owned(), personas.to_owned()),
    })
    .unwrap();
    let mut federation = user.sandbox.places().federation();
    let systems = "[\"https://saml.koereproevebooking.example\", \"https://saml.bbr.example\", \"https://oidc.byggesag.example\"]";
    let lines = idp.register().replace("service-providers = []", &format!("service-providers = {systems}"));
    federation.insert("test-idp.toml".to_owned(), lines.into_bytes());
    federation.insert("test-idp.xml".to_owned(), idp.metadata().unwrap().into_bytes());
    let store = Sqlite::open(&user.sandbox.folder.path("store.sqlite")).unwrap();
    registry::apply(&store, federation, SystemClock.now(), LoginId::from_bits(1)).await.unwrap();
    user.sandbox.broker.reload_registry().await.unwrap();

    let broker =
        TestIdp::fetch(&format!("{}/saml/sp/metadata", user.sandbox.places().broker())).await.unwrap();
    let listen = SocketAddr::from(([127, 0, 0, 1], port));
    tokio::spawn(async move { idp.serve(listen, &broker, std::future::pending()).await.unwrap() });
    let there = Browser::new(client().unwrap());
    while there.fetch(&format!("http://localhost:{port}/metadata")).await.is_err() {
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
}

/// The sandbox's people as users of a municipality of their own, whose roles are those of Korsbæk.
fn personas() -> String {
    EXAMPLE
        .replace("cvr = \"11111111\"", &format!("cvr = {TOWN:?}"))
        .replace("Korsbæk Kommune", "Testkommune")
}

/// Logs in at a fagsystem as one of its people, with a login that differs.
async fn log_in(user: &mut User, fagsystem: u16, who: &str, differing: &str) -> Page {
    user.forgotten();
    let people = user.choose(fagsystem, "", TOWN).await;
    let mut pressed = people.form(Some(("who", who))).expect("this person is there");
    pressed.fields.push(("differing".to_owned(), differing.to_owned()));
    let said = user.submit(&pressed).await;
    user.follow(said).await
}

#[tokio::test(flavor = "multi_thread")]
async fn each_of_its_people_is_let_in_fresh_at_fagsystemer_of_each_kind() {
    let mut user = User::arrive().await;
    beside(&user, &personas()).await;
    for (fagsystem, who, name) in [
        (BBR, "agnes", "Agnes Holm"),
        (BBR, "viggo", "Viggo Lund"),
        (BOOKING, "ellen", "Ellen Friis"),
        (BBR, "signe", "Signe Vang"),
        (BOOKING, "robot", "Robot 7"),
        (BYGGESAG, "agnes", "Agnes Holm"),
    ] {
        let page = log_in(&mut user, fagsystem, who, "none").await;
        assert_shows(&page, 200, &[&format!("id=\"who\">{name}<")]);
    }
    // Each login asks anew, so the next one can be somebody else's.
    let page = log_in(&mut user, BBR, "viggo", "none").await;
    assert_shows(&page, 200, &["id=\"who\">Viggo Lund<"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn fagsystemer_meet_what_they_must_cope_with() {
    let mut user = User::arrive().await;
    beside(&user, &personas()).await;
    let low = log_in(&mut user, BBR, "agnes", "low-level").await;
    assert_shows(&low, 403, &["NoAuthnContext", "loa.lower"]);
    let stranger = log_in(&mut user, BBR, "agnes", "stranger").await;
    // Nobody is told anything of somebody who is not proved to be of the municipality: it ends at the context handler.
    assert_shows(&stranger, 400, &["tenant.nameid"]);
    let refused = log_in(&mut user, BBR, "refuse", "none").await;
    assert_eq!(refused.status, 403, "{}", refused.body);
    let without = log_in(&mut user, BBR, "agnes", "without-rights").await;
    assert_shows(&without, 200, &["id=\"who\">Agnes Holm<"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_identity_provider_of_the_sandbox_offers_no_login_that_differs() {
    let mut user = User::arrive().await;
    let people = user.choose(BBR, "", KORSBAEK).await;
    assert!(!people.offers("differing") && !people.body.contains("differing"), "{}", people.body);
    let mut pressed = people.form(Some(("who", "agnes"))).unwrap();
    pressed.fields.push(("differing".to_owned(), "low-level".to_owned()));
    let said = user.submit(&pressed).await;
    assert_shows(&user.follow(said).await, 200, &["<td role=\"cell\">Substantial<"]);
}
