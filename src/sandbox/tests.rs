//! The sandbox from a user's seat: what its neighbours let in, and what they refuse.

mod logout;
mod openid_connect;
mod test_idp;

use std::net::TcpListener;
use std::sync::atomic::{AtomicU32, Ordering};

use super::walk::Walk;
use super::wire::client;
use super::*;
use crate::browser::{Browser, Form, Page};
use crate::domain::id::{EntityId, MessageId};
use crate::protocol::keys::FileKey;
use crate::protocol::saml::query::OurQuery;

/// Ten ports in a row that nobody listens on, from below the range that the system gives to outgoing connections.
fn free_places() -> Places {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    loop {
        let next = std::process::id() + NEXT.fetch_add(1, Ordering::Relaxed);
        let port = 26_000 + u16::try_from(next % 600).unwrap() * 10;
        if (port..=port + 9).all(|port| TcpListener::bind(("127.0.0.1", port)).is_ok()) {
            return Places::from_port(port).unwrap();
        }
    }
}

/// A user with a browser in a running sandbox.
struct User {
    sandbox: Sandbox,
    walk: Walk,
}

impl User {
    async fn arrive() -> Self {
        let mut tries = 0;
        let sandbox = loop {
            match Sandbox::open(free_places()).await {
                Ok(sandbox) => break sandbox,
                // Another test was faster.
                Err(Failed::Listen { .. }) if tries < 5 => tries += 1,
                Err(failed) => panic!("{failed}"),
            }
        };
        let walk = Walk::new(sandbox.places()).unwrap();
        Self { sandbox, walk }
    }

    fn forgotten(&mut self) {
        self.walk.browser = Browser::new(client().unwrap());
    }

    fn at(&self, place: u16) -> String {
        self.sandbox.places().neighbour(place)
    }

    async fn open(&mut self, address: &str) -> Page {
        self.walk.browser.open(address).await.unwrap()
    }

    async fn begin(&mut self, fagsystem: u16, options: &str) -> Page {
        let address = format!("{}/login{options}", self.at(fagsystem));
        self.open(&address).await
    }

    async fn submit(&mut self, form: &Form) -> Page {
        self.walk.browser.submit(form).await.unwrap()
    }

    async fn follow(&mut self, page: Page) -> Page {
        self.walk.follow(page).await.unwrap()
    }

    async fn choose(&mut self, fagsystem: u16, options: &str, municipality: &str) -> Page {
        self.walk.choose(fagsystem, options, municipality).await.unwrap()
    }

    /// And logs in there as somebody, until the broker's answer lies in the browser.
    async fn answered(&mut self, fagsystem: u16, municipality: &str, who: &str) -> Form {
        let people = self.choose(fagsystem, "", municipality).await;
        let said = self.submit(&people.form(Some(("who", who))).expect("this person is there")).await;
        let issued = self.submit(&said.form(None).expect("the provider's answer")).await;
        issued.form(None).expect("the broker's answer")
    }

    async fn log_in(&mut self, fagsystem: u16, municipality: &str, who: &str) -> Page {
        let people = self.choose(fagsystem, "", municipality).await;
        self.walk.press(&people, ("who", who)).await.unwrap()
    }
}

const BBR: u16 = fagsystem::BBR.place;
const BOOKING: u16 = fagsystem::BOOKING.place;
const KORSBAEK: &str = "11111111";
const FEDDET: &str = "99999999";

#[track_caller]
fn assert_shows(page: &Page, status: u16, texts: &[&str]) {
    for text in texts {
        assert!(page.body.contains(text), "{text} is missing: {}", page.body);
    }
    assert_eq!(page.status, status, "{}", page.body);
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_is_sure_enough_is_let_in_and_seen_with_what_was_said() {
    let mut user = User::arrive().await;
    let page = user.log_in(BBR, KORSBAEK, "agnes").await;
    let said = [
        "id=\"who\">Agnes Holm<",
        "<td role=\"cell\">Substantial<",
        "<td role=\"cell\">Korsbæk Kommune<",
        "<td role=\"cell\">OIO-SAML-3.0<",
        "/?from=bbr",
    ];
    assert_shows(&page, 200, &said);
    let home = format!("{}/?lang=da", user.at(BBR));
    let danish = user.open(&home).await;
    assert_shows(&danish, 200, &["<li>sikkert nok: Substantial</li>", "<li>kun dets egne roller: 3</li>"]);
    user.open(&format!("{}/?lang=en", user.at(BBR))).await;
    // The second system is let in by the session that the broker has: nobody has to press a button.
    let page = user.choose(BOOKING, "", KORSBAEK).await;
    assert_shows(
        &page,
        200,
        &[
            "id=\"who\">Agnes Holm<",
            "<td role=\"cell\">DK-SAML-2.0<",
            "<td role=\"cell\">3<",
            "/?from=booking",
        ],
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_is_logged_in_by_saml_is_let_in_by_openid_connect_and_the_other_way_round() {
    let mut user = User::arrive().await;
    let page = user.log_in(oidc::PLACE, KORSBAEK, "agnes").await;
    assert_shows(&page, 200, &["id=\"who\">Agnes Holm<"]);
    for button in ["/refresh", "/userinfo"] {
        let action = format!("{}{button}", user.at(oidc::PLACE));
        let page = user.submit(&Form { action, by_post: true, fields: Vec::new() }).await;
        let page = user.follow(page).await;
        assert_shows(&page, 200, &["id=\"who\">Agnes Holm<"]);
    }
    let page = user.choose(BBR, "", KORSBAEK).await;
    assert_shows(&page, 200, &["id=\"who\">Agnes Holm<"]);
    user.forgotten();
    user.log_in(BBR, KORSBAEK, "agnes").await;
    let page = user.choose(oidc::PLACE, "?passive=true", KORSBAEK).await;
    assert_shows(&page, 200, &["id=\"who\">Agnes Holm<"]);
    user.forgotten();
    let page = user.choose(oidc::PLACE, "?passive=true", KORSBAEK).await;
    assert_shows(&page, 403, &["login_required"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_older_profile_and_the_older_scale_are_enough_for_a_system_that_asks_for_no_more() {
    for (municipality, who, name) in
        [(FEDDET, "poul", "Poul Kruse"), (KORSBAEK, "ellen", "Ellen Friis"), (KORSBAEK, "robot", "Robot 7")]
    {
        let mut user = User::arrive().await;
        let page = user.log_in(BOOKING, municipality, who).await;
        assert_shows(&page, 200, &[name, municipality, "<td role=\"cell\">3<"]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_is_not_sure_enough_is_refused_and_told_so() {
    let mut user = User::arrive().await;
    for (fagsystem, municipality, who) in
        [(BBR, KORSBAEK, "robot"), (BBR, FEDDET, "poul"), (BOOKING, FEDDET, "karen")]
    {
        user.forgotten();
        let page = user.log_in(fagsystem, municipality, who).await;
        assert_shows(&page, 403, &["Responder / NoAuthnContext"]);
        let home = user.at(fagsystem);
        let home = user.open(&home).await;
        assert!(!home.body.contains("id=\"who\""), "{}", home.body);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_login_that_the_user_refuses_ends_at_the_system_in_words() {
    let mut user = User::arrive().await;
    let page = user.log_in(BBR, KORSBAEK, "refuse").await;
    assert_shows(&page, 403, &["Responder / AuthnFailed", "It was not confirmed who you are."]);
}

#[tokio::test(flavor = "multi_thread")]
async fn no_page_is_shown_where_none_may_be_and_one_is_where_a_new_login_is_asked_for() {
    let mut user = User::arrive().await;
    let begun = user.begin(BBR, "?passive=true").await;
    let page = user.follow(begun).await;
    assert_shows(&page, 403, &["Responder / NoPassive"]);

    assert_shows(&user.log_in(BBR, KORSBAEK, "agnes").await, 200, &["id=\"who\">Agnes Holm<"]);
    let again = user.choose(BBR, "?force=true", KORSBAEK).await;
    assert!(again.form(Some(("who", "viggo"))).is_some(), "{}", again.body);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_is_taken_once_and_only_from_the_browser_that_asked() {
    let mut user = User::arrive().await;
    let answer = user.answered(BBR, KORSBAEK, "agnes").await;
    let own = std::mem::replace(&mut user.walk.browser, Browser::new(client().unwrap()));
    assert_shows(&user.submit(&answer).await, 400, &["this browser has not asked"]);
    user.walk.browser = own;
    let page = user.submit(&answer).await;
    assert_shows(&user.follow(page).await, 200, &["id=\"who\">Agnes Holm<"]);
    assert_shows(&user.submit(&answer).await, 400, &["the answer came before"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_that_somebody_changed_or_that_is_for_another_system_is_not_taken() {
    let mut user = User::arrive().await;
    let answer = user.answered(BOOKING, KORSBAEK, "ellen").await;
    let mut changed = answer.clone();
    let xml = String::from_utf8(wire::decoded(&answer.fields[0].1).unwrap()).unwrap();
    assert!(xml.contains("CN=Ellen Friis"), "{xml}");
    changed.fields[0].1 = wire::encoded(&xml.replace("CN=Ellen Friis", "CN=Ellen Priis"));
    assert_shows(&user.submit(&changed).await, 400, &["sig.invalid"]);

    // BBR has asked as well, and gets the answer that is for the other one. A new browser, which no provider remembers.
    user.forgotten();
    let answer = user.answered(BOOKING, KORSBAEK, "ellen").await;
    user.begin(BBR, "").await;
    let astray = Form { action: format!("{}/acs", user.at(BBR)), ..answer.clone() };
    assert_shows(&user.submit(&astray).await, 400, &["Destination: expected"]);

    let page = user.submit(&answer).await;
    assert_shows(&user.follow(page).await, 200, &["id=\"who\">Ellen Friis<"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_identity_provider_answers_nobody_but_the_broker() {
    let mut user = User::arrive().await;
    let begun = user.begin(BBR, "").await;
    let choices = user.follow(begun).await;
    let chosen = user.submit(&choices.form(Some(("choice", KORSBAEK))).unwrap()).await;
    let question = chosen.onward().unwrap();
    for (from, to, why) in [
        ("&RelayState=", "&RelayState=0", "sig.invalid"),
        ("&Signature=", "&Signatur=", "the request is not signed"),
        ("?SAMLRequest=", "?SAMLRequest=&SAMLRequest=", "SAMLRequest stands twice"),
    ] {
        assert_shows(&user.open(&question.replace(from, to)).await, 400, &[why]);
    }
    // The fagsystem's own request, signed by the fagsystem, at the provider's address.
    let request = begun_query(&mut user).await;
    let astray = format!("{}/sso?{request}", user.at(idp::KORSBAEK.place));
    assert_shows(&user.open(&astray).await, 400, &["sig.invalid"]);

    let page = user.open(&question).await;
    assert!(user.follow(page).await.form(Some(("who", "agnes"))).is_some());
}

async fn begun_query(user: &mut User) -> String {
    let begun = user.begin(BBR, "").await;
    begun.location.unwrap().split_once('?').unwrap().1.to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn every_story_ends_as_it_should_and_says_so() {
    let user = User::arrive().await;
    let mut told = Vec::new();
    tell(&user.sandbox, &mut |story| told.push((story.story, story.ended.clone()))).await.unwrap();
    let expected = [
        (
            "roles",
            "let in; See buildings (Korsbæk Kommune); Change buildings (Korsbæk Kommune; KLE subject: 02.34 or 02.36); Approve cases (Korsbæk Kommune; Unit: 7d3b1c90-42aa-4e1d-b7f3-90a1c2d3e4f5)",
        ),
        (
            "single sign-on",
            "let in; See buildings (Korsbæk Kommune); Change buildings (Korsbæk Kommune; KLE subject: 02.34 or 02.36); Approve cases (Korsbæk Kommune; Unit: 7d3b1c90-42aa-4e1d-b7f3-90a1c2d3e4f5)",
        ),
        ("OpenID Connect", "let in; Handle building cases (Korsbæk Kommune; KLE subject: 02.34 or 02.36)"),
        (
            "delegation",
            "let in; Book driving tests (Korsbæk Kommune; Category: A or B); Book driving tests (Feddet Kommune)",
        ),
        ("no rights", "let in, without rights"),
        ("attribute service", "let in; Book driving tests (Feddet Kommune)"),
        ("groups", "let in; Book driving tests (Feddet Kommune)"),
        ("level too low", "refused: loa.lower: "),
        (
            "step-up",
            "let in by https://saml.korsbaek.example/idp → https://saml.nemlog-in.example; See buildings (Korsbæk Kommune); Change buildings (Korsbæk Kommune; KLE subject: 02.34)",
        ),
        ("another person", "refused: loa.stepup_user: "),
        ("robot", "let in; Book driving tests (Korsbæk Kommune; Category: A or B)"),
        ("robot on NSIS", "refused: robot.nsis: "),
        ("SEB", "let in; See health data (Korsbæk Kommune)"),
    ];
    assert_eq!(told.len(), expected.len(), "{told:?}");
    for ((story, ended), (expected_story, expected_end)) in told.iter().zip(expected) {
        let is_so = if ended.starts_with("refused") {
            ended.starts_with(expected_end)
        } else {
            ended == expected_end
        };
        assert!(*story == expected_story && is_so, "{story}: {ended}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_health_sectors_broker_is_told_the_cpr_number_and_nobody_else_is() {
    let mut user = User::arrive().await;
    let page = user.log_in(fagsystem::SEB.place, KORSBAEK, "signe").await;
    assert_shows(&page, 200, &["<summary>••••••-••••</summary><div>6102850004<", ">sivan<"]);
    for fagsystem in [BBR, BOOKING] {
        let page = user.choose(fagsystem, "", KORSBAEK).await;
        assert_shows(&page, 200, &["id=\"who\">Signe Vang<"]);
        assert!(!page.body.contains("6102850004") && !page.body.contains("sivan"), "{}", page.body);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_attribute_service_answers_nobody_but_the_broker_and_tells_of_nobody_elses_users() {
    let user = User::arrive().await;
    let here = format!("{}/soap", user.at(attribute_service::PLACE));
    let poul = "C=DK,O=99999999,CN=Poul Kruse,Serial=b2f0a3c4-51d2-4a7c-9d3e-6f1e2d3c4b01";
    let (status, answer) = asked(&here, &here, poul, files::BROKER_SIGNING).await;
    assert!(status == 200 && answer.contains("<saml:AttributeStatement>"), "{answer}");
    let elsewhere = poul.replace("99999999", "11111111");
    let (status, answer) = asked(&here, &here, &elsewhere, files::BROKER_SIGNING).await;
    assert!(status == 200 && !answer.contains("<saml:AttributeStatement>"), "{answer}");
    for (destination, key) in
        [(here.as_str(), files::IDP_KORSBAEK), ("http://localhost/soap", files::BROKER_SIGNING)]
    {
        let (status, answer) = asked(&here, destination, poul, key).await;
        assert!(status == 500 && answer.contains("the query is not accepted"), "{answer}");
    }
}

/// Asks about somebody, in the broker's name and with this key.
#[expect(clippy::disallowed_methods, reason = "it speaks to this machine only")]
async fn asked(address: &str, destination: &str, name_id: &str, key: &[u8]) -> (u16, String) {
    let (now, random): (_, &dyn Random) = (SystemClock.now(), &SystemRandom);
    let query = OurQuery {
        id: &MessageId::made(now, random.bits()),
        issuer: &EntityId::new("https://saml.context-handler.example").unwrap(),
        issue_instant: now,
        destination,
        name_id,
    };
    let envelope = query.write_signed(&FileKey::read(key, None).unwrap()).unwrap().into_string();
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    let answer = client.post(address).body(envelope).send().await.unwrap();
    (answer.status().as_u16(), answer.text().await.unwrap())
}

#[tokio::test(flavor = "multi_thread")]
async fn the_played_login_says_which_hop_failed_and_why() {
    let user = User::arrive().await;
    let mut hops = 0;
    let log = play(&user.sandbox, &mut |_| hops += 1).await.unwrap();
    assert_eq!((hops, log.len()), (11, 4));

    let mut federation = user.sandbox.places().federation();
    let parties = federation.get_mut("service-providers.toml").unwrap();
    let off = String::from_utf8_lossy(parties).replace("name = \"BBR\"", "name = \"BBR\"\nactive = false");
    *parties = off.into_bytes();
    let store = Sqlite::open(&user.sandbox.folder.path("store.sqlite")).unwrap();
    registry::apply(&store, federation, SystemClock.now(), LoginId::from_bits(1)).await.unwrap();
    user.sandbox.broker.reload_registry().await.unwrap();

    let why = play(&user.sandbox, &mut |_| {}).await.unwrap_err();
    let expected = "hop 3, BBR → context-handler, AuthnRequest: the answer is 400; the exchange log ends with RequestReceived";
    assert!(why.starts_with(expected), "{why}");
    assert!(why.contains("refused: ") && why.contains("https://saml.bbr.example"), "{why}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_sandbox_wrote_is_gone_when_it_stops() {
    let user = User::arrive().await;
    let config = user.sandbox.config_file();
    assert!(config.exists());
    user.sandbox.close().await.unwrap();
    assert!(!config.parent().unwrap().exists());
}
