//! A user's session ends, whoever wants it, and everybody in it hears of it or is named as one who did not.

use context_handler::broker::logout::{Administrator, ByClient, LogoutNext, end_sessions};
use context_handler::broker::registry::Files;
use context_handler::broker::{ByBrowser, Visit};
use context_handler::domain::audit::Record;
use context_handler::domain::id::{EntityId, LoginId};
use context_handler::domain::reason::Reason;
use context_handler::domain::session::{LegState, LogoutBy};
use context_handler::store::Store;
use jiff::SignedDuration;

use crate::support::logout::{Asked, BackChannel, Confirmed, End, Manner, Server, Voice, index, reachable};
use crate::support::{Answer, Browser, Client, Fagsystem, Idp, Told, Town};

pub(crate) const BBR: &str = "https://bbr.test/slo";
pub(crate) const DRIVING: &str = "https://koereproeve.test/slo";
pub(crate) const KORSBAEK: &str = "https://idp.korsbaek.test/slo";
const BY: [&str; 2] = ["HTTP-Redirect", "HTTP-POST"];

/// A user of Korsbæk who is logged in to BBR and to driving tests, in one browser.
pub(crate) struct Scene {
    pub(crate) town: Town,
    pub(crate) browser: Browser,
    pub(crate) bbr: Voice,
    pub(crate) driving: Voice,
    pub(crate) korsbaek: Voice,
    /// The index that BBR was told.
    pub(crate) at_bbr: String,
    pub(crate) at_driving: String,
}

/// Everybody can be reached by a browser, in this way.
pub(crate) fn by_browser(files: &mut Files, binding: &str) {
    reachable(files, "bbr", binding, BBR);
    reachable(files, "driving", binding, DRIVING);
    reachable(files, "korsbaek", binding, KORSBAEK);
}

impl Scene {
    pub(crate) async fn new(name: &str, change: impl FnOnce(&mut Files)) -> Self {
        let town = Town::with(&format!("logout-{name}"), change).await;
        let mut browser = town.browser();
        let told = log_in(&town, &mut browser, &town.bbr, 1).await;
        let at_bbr = index(&told);
        town.pass(SignedDuration::from_secs(1));
        let straight = town.driving.send(&mut browser, &numbered(&town.driving, &town, 2)).await;
        let at_driving = index(&town.driving.read(&straight, &town));
        let (bbr, driving) = (town.bbr.voice(&town), town.driving.voice(&town));
        let korsbaek = town.korsbaek.voice(&town);
        Self { town, browser, bbr, driving, korsbaek, at_bbr, at_driving }
    }

    /// Where a redirect of ours leads.
    pub(crate) async fn follow(&mut self, answer: &Answer) -> Answer {
        let address = format!("{}{}", self.town.url, answer.location());
        self.browser.get(&address).await
    }

    /// The party says yes, and the browser is at our page again.
    pub(crate) async fn confirms(&mut self, voice: &Voice, asked: &Asked) -> Answer {
        let back = self.browser.get(&voice.answers(asked, &["Success"])).await;
        self.follow(&back).await
    }

    /// Whether the user must log in again.
    pub(crate) async fn is_over(&mut self) -> bool {
        self.town.pass(SignedDuration::from_secs(1));
        let ask = numbered(&self.town.bbr, &self.town, 99);
        let answer = self.town.bbr.send(&mut self.browser, &ask).await;
        let asked = answer.location.is_some_and(|to| to.starts_with("https://idp.korsbaek.test/sso?"));
        asked && self.sessions().await == 0
    }

    pub(crate) async fn sessions(&self) -> usize {
        self.town.store.sessions_named("C=DK,O=11111111,CN=Ib Dam,Serial=5b0c").await.unwrap().len()
    }

    /// How everybody was found to be in the youngest logout, by name.
    pub(crate) async fn legs(&self) -> Vec<(String, LegState)> {
        let logout = self.town.store.logouts(None, false, 1).await.unwrap().pop().unwrap();
        logout.legs.iter().map(|leg| (leg.party.entity_id().to_string(), leg.state)).collect()
    }

    pub(crate) async fn states(&self) -> Vec<LegState> {
        self.legs().await.into_iter().map(|(_, state)| state).collect()
    }
}

pub(crate) fn numbered(fagsystem: &Fagsystem, town: &Town, turn: u32) -> crate::support::Ask {
    let mut ask = fagsystem.ask();
    (ask.id, ask.issue_instant) = (format!("_request{turn}"), town.now().to_string());
    ask
}

pub(crate) async fn log_in(town: &Town, browser: &mut Browser, to: &Fagsystem, turn: u32) -> Told {
    let sent = to.send(browser, &numbered(to, town, turn)).await;
    let now = town.now();
    let answer = town
        .korsbaek
        .answer(town, browser, &sent, |say| {
            say.at(now);
            (say.response_id, say.assertion_id) = (format!("_r{turn}"), format!("_a{turn}"));
        })
        .await;
    to.read(&answer, town)
}

#[tokio::test]
async fn a_fagsystem_ends_the_session_by_the_browser_and_everybody_hears_of_it_one_after_the_other() {
    for binding in BY {
        let mut scene = Scene::new(&format!("chain-{binding}"), |files| by_browser(files, binding)).await;
        let end = scene.bbr.end(&[&scene.at_bbr]);
        let voice = scene.bbr.clone();
        let sent = match binding {
            "HTTP-POST" => voice.post(&mut scene.browser, &end, true).await,
            _ => scene.browser.get(&voice.redirect(&end)).await,
        };
        assert!(sent.location().starts_with("/logout?id="), "{}", sent.location());
        assert_eq!(scene.sessions().await, 0, "ours ends before anybody else hears of it");
        assert!(!scene.browser.cookies.keys().any(|name| name.starts_with("__Host-session-")));
        let page = scene.follow(&sent).await;
        let asked = Asked::of(&page);
        assert_eq!((asked.to.as_str(), asked.indexes.as_slice()), (DRIVING, &[scene.at_driving.clone()][..]));
        assert_eq!(asked.name_id, "C=DK,O=11111111,CN=Ib Dam,Serial=5b0c");
        let driving = scene.driving.clone();
        let page = scene.confirms(&driving, &asked).await;
        let asked = Asked::of(&page);
        assert_eq!(
            (asked.to.as_str(), asked.indexes.as_slice()),
            (KORSBAEK, &["_session-at-idp".into()][..])
        );
        let korsbaek = scene.korsbaek.clone();
        let answer = scene.confirms(&korsbaek, &asked).await;
        let told = Confirmed::of(&answer);
        assert_eq!((told.to.as_str(), told.in_response_to.as_str()), (BBR, "_logout1"));
        assert_eq!(told.status, ["Success"]);
        assert_eq!(told.relay_state.as_deref(), Some("see you & bye/æ"), "byte by byte");
        assert!(scene.is_over().await);
    }
}

#[tokio::test]
async fn a_logout_leaves_a_record_of_everything_that_came_and_went_and_no_personal_data() {
    let mut scene = Scene::new("records", |files| by_browser(files, "HTTP-Redirect")).await;
    let before = scene.town.log().await.len();
    let end = scene.bbr.end(&[&scene.at_bbr]);
    let sent = scene.browser.get(&scene.bbr.redirect(&end)).await;
    let page = scene.follow(&sent).await;
    let page = scene.confirms(&scene.driving.clone(), &Asked::of(&page)).await;
    scene.confirms(&scene.korsbaek.clone(), &Asked::of(&page)).await;
    let log = scene.town.log().await;
    let story: Vec<_> =
        log.iter().skip(before).map(|r| format!("{:?} {:?} {}", r.event, r.actor, r.reason)).collect();
    insta::assert_snapshot!(story.join("\n"), @"
    LogoutReceived Fagsystem slo.ok
    SessionEnded Broker slo.ok
    LogoutSent Broker slo.told
    LogoutConfirmed Fagsystem slo.confirmed
    LogoutSent Broker slo.told
    LogoutConfirmed IdentityProvider slo.confirmed
    LogoutAnswered Broker slo.ok
    ");
    assert!(log.iter().skip(before).all(|record| record.allowed && record.login == log[before].login));
    assert!(!serde_json::to_string(&log).unwrap().contains("Ib Dam"));
}

/// Everybody takes messages at a server of their own.
struct Servers {
    bbr: Server,
    driving: Server,
    korsbaek: Server,
}

impl Servers {
    async fn new() -> Self {
        let (bbr, driving, korsbaek) = (Fagsystem::bbr(""), Fagsystem::driving(""), Idp::korsbaek(""));
        Self {
            bbr: Server::of(&bbr.entity_id, bbr.key).await,
            driving: Server::of(&driving.entity_id, driving.key).await,
            korsbaek: Server::of(&korsbaek.entity_id, korsbaek.key).await,
        }
    }

    fn register(&self, files: &mut Files) {
        reachable(files, "bbr", "SOAP", &self.bbr.address);
        reachable(files, "driving", "SOAP", &self.driving.address);
        reachable(files, "korsbaek", "SOAP", &self.korsbaek.address);
    }
}

#[tokio::test]
async fn a_fagsystem_ends_the_session_from_its_server_and_the_others_are_told_at_theirs() {
    let servers = Servers::new().await;
    let mut scene = Scene::new("soap", |files| servers.register(files)).await;
    let answer = scene.driving.by_soap(&scene.driving.end(&[&scene.at_driving]), true).await;
    let told = Confirmed::in_envelope(&answer);
    assert_eq!((told.status.as_slice(), told.in_response_to.as_str()), (&["Success".into()][..], "_logout1"));
    assert!(servers.driving.asked().is_empty(), "who asked knows");
    assert_eq!(servers.bbr.asked()[0].indexes, [scene.at_bbr.clone()]);
    assert_eq!(servers.korsbaek.asked()[0].indexes, ["_session-at-idp"]);
    assert!(scene.is_over().await);
}

#[tokio::test]
async fn a_server_that_asks_is_told_in_part_when_somebody_can_be_reached_by_a_browser_only() {
    let mut scene = Scene::new("soap-part", |files| by_browser(files, "HTTP-Redirect")).await;
    let answer = scene.bbr.by_soap(&scene.bbr.end(&[&scene.at_bbr]), true).await;
    assert_eq!(Confirmed::in_envelope(&answer).status, ["Success", "PartialLogout"]);
    assert_eq!(scene.states().await, [LegState::Untold, LegState::Untold]);
    assert!(scene.is_over().await);
}

#[tokio::test]
async fn the_identity_provider_ends_the_session_in_every_way_and_the_fagsystemer_are_told() {
    for way in ["redirect", "post", "soap"] {
        let servers = Servers::new().await;
        let register = |files: &mut Files| {
            servers.register(files);
            reachable(files, "korsbaek", "HTTP-Redirect", KORSBAEK);
        };
        let mut scene = Scene::new(&format!("idp-{way}"), register).await;
        let end = scene.korsbaek.end(&["_session-at-idp"]);
        let voice = scene.korsbaek.clone();
        let told = match way {
            "redirect" => Confirmed::of(&scene.browser.get(&voice.redirect(&end)).await),
            "post" => Confirmed::of(&voice.post(&mut scene.browser, &end, true).await),
            _ => Confirmed::in_envelope(&voice.by_soap(&end, true).await),
        };
        assert_eq!(told.status, ["Success"], "{way}");
        if way != "soap" {
            assert_eq!((told.to.as_str(), told.relay_state.as_deref()), (KORSBAEK, Some("see you & bye/æ")));
        }
        assert_eq!((servers.bbr.asked().len(), servers.driving.asked().len()), (1, 1), "{way}");
        assert!(servers.korsbaek.asked().is_empty(), "who asked knows");
        assert!(scene.is_over().await, "{way}");
    }
}

#[tokio::test]
async fn an_identity_provider_ends_all_sessions_of_its_user_when_it_names_none() {
    let scene = Scene::new("idp-all", |_| {}).await;
    let mut other = scene.town.browser();
    log_in(&scene.town, &mut other, &scene.town.bbr, 7).await;
    assert_eq!(scene.sessions().await, 2);
    let answer = scene.korsbaek.by_soap(&scene.korsbaek.end(&[]), true).await;
    assert_eq!(Confirmed::in_envelope(&answer).status, ["Success", "PartialLogout"]);
    assert_eq!(scene.sessions().await, 0);
}

#[tokio::test]
async fn a_fagsystem_that_names_no_session_ends_those_of_its_user_that_it_takes_part_in() {
    let scene = Scene::new("sp-all", |_| {}).await;
    let mut other = scene.town.browser();
    log_in(&scene.town, &mut other, &scene.town.bbr, 7).await;
    scene.driving.by_soap(&scene.driving.end(&[]), true).await;
    assert_eq!(scene.sessions().await, 1, "it has no part in the other one");
    scene.bbr.by_soap(&scene.bbr.end(&[]), true).await;
    assert_eq!(scene.sessions().await, 0);
}

#[tokio::test]
async fn the_user_sees_where_the_browser_is_logged_in_and_logs_out_there() {
    let mut scene = Scene::new("user", |files| by_browser(files, "HTTP-Redirect")).await;
    let page = scene.browser.get(&format!("{}/sessions?lang=en", scene.town.url)).await;
    for shown in ["Korsbæk Kommune", "BBR", "Køreprøvebooking", "Log out at"] {
        assert!(page.body.contains(shown), "{shown}: {}", page.body);
    }
    let name = page.body.split("name=\"sessions\" value=\"").nth(1).unwrap().split('"').next().unwrap();
    let leave = format!("{}/logout", scene.town.url);
    let sent = scene.browser.post(&leave, &[("sessions", name)]).await;
    assert_eq!(scene.sessions().await, 0);
    let page = scene.follow(&sent).await;
    assert_eq!(Asked::of(&page).to, BBR);
    let page = scene.confirms(&scene.bbr.clone(), &Asked::of(&page)).await;
    let page = scene.confirms(&scene.driving.clone(), &Asked::of(&page)).await;
    let page = scene.confirms(&scene.korsbaek.clone(), &Asked::of(&page)).await;
    assert!(
        page.body.contains("Du er logget ud") || page.body.contains("You are logged out"),
        "{}",
        page.body
    );
    let page = scene.browser.get(&format!("{}/sessions", scene.town.url)).await;
    assert!(!page.body.contains("Korsbæk"), "{}", page.body);
    let logout = scene.town.store.logouts(None, false, 1).await.unwrap().pop().unwrap();
    assert_eq!(logout.by, LogoutBy::User);
}

#[tokio::test]
async fn a_session_that_is_unknown_or_gone_is_confirmed() {
    let mut scene = Scene::new("gone", |files| reachable(files, "bbr", "HTTP-Redirect", BBR)).await;
    let unknown = scene.bbr.end(&["0123456789abcdef0123456789abcdef"]);
    let told = Confirmed::of(&scene.browser.get(&scene.bbr.redirect(&unknown)).await);
    assert_eq!(told.status, ["Success"]);
    assert_eq!(scene.sessions().await, 1);
    let mut end = scene.bbr.end(&[&scene.at_bbr]);
    end.id = "_logout2".into();
    scene.bbr.by_soap(&end, true).await;
    assert_eq!(scene.sessions().await, 0);
    end.id = "_logout3".into();
    let told = Confirmed::of(&scene.browser.get(&scene.bbr.redirect(&end)).await);
    assert_eq!((told.status.as_slice(), told.in_response_to.as_str()), (&["Success".into()][..], "_logout3"));
    assert_eq!(scene.town.log().await.iter().rev().find(|r| r.event == RECEIVED).unwrap().reason, "slo.gone");
}

const RECEIVED: context_handler::domain::audit::Event = context_handler::domain::audit::Event::LogoutReceived;

#[tokio::test]
async fn a_dead_participant_holds_nobody_up_for_longer_than_the_limit_and_is_told_again_later() {
    for manner in [Manner::Hangs, Manner::Fails] {
        let servers = Servers::new().await;
        let scene = Scene::new(&format!("dead-{manner:?}"), |files| servers.register(files)).await;
        servers.driving.behaves(manner.clone());
        let began = std::time::Instant::now();
        let answer = scene.bbr.by_soap(&scene.bbr.end(&[&scene.at_bbr]), true).await;
        assert!(began.elapsed() < std::time::Duration::from_secs(4), "{:?}", began.elapsed());
        assert_eq!(Confirmed::in_envelope(&answer).status, ["Success", "PartialLogout"]);
        assert_eq!(scene.states().await, [LegState::Waiting, LegState::Confirmed], "{manner:?}");
        servers.driving.behaves(Manner::Answers(&["Success"]));
        scene.town.broker.tell_again().await.unwrap();
        assert_eq!(servers.driving.asked().len(), 1, "not before its time");
        scene.town.pass(SignedDuration::from_secs(11));
        scene.town.broker.tell_again().await.unwrap();
        assert_eq!(scene.states().await, [LegState::Confirmed, LegState::Confirmed], "{manner:?}");
    }
}

#[tokio::test]
async fn who_never_confirms_is_given_up_after_seven_tries_with_growing_pauses() {
    let servers = Servers::new().await;
    let scene = Scene::new("given-up", |files| servers.register(files)).await;
    servers.driving.behaves(Manner::Fails);
    scene.bbr.by_soap(&scene.bbr.end(&[&scene.at_bbr]), true).await;
    let mut minutes = Vec::new();
    for minute in 0..300 {
        let before = servers.driving.asked().len();
        scene.town.broker.tell_again().await.unwrap();
        minutes.extend((servers.driving.asked().len() > before).then_some(minute));
        scene.town.pass(SignedDuration::from_mins(1));
    }
    assert_eq!(minutes, [1, 2, 7, 22, 82, 142]);
    assert_eq!(scene.states().await, [LegState::Failed, LegState::Confirmed]);
    assert_eq!(servers.driving.asked().len(), 7);
}

#[tokio::test]
async fn a_server_that_failed_five_times_in_a_row_is_left_alone_for_half_a_minute_and_then_told() {
    let servers = Servers::new().await;
    let town = Town::with("logout-alone", |files| servers.register(files)).await;
    servers.driving.behaves(Manner::Fails);
    let mut turn = 0;
    let mut ends = async || {
        let mut browser = town.browser();
        town.pass(SignedDuration::from_millis(1));
        turn += 2;
        let at_bbr = index(&log_in(&town, &mut browser, &town.bbr, turn).await);
        let straight = town.driving.send(&mut browser, &numbered(&town.driving, &town, turn + 1)).await;
        town.driving.read(&straight, &town);
        let bbr = town.bbr.voice(&town);
        let mut end = bbr.end(&[&at_bbr]);
        end.id = format!("_logout{turn}");
        assert_eq!(
            Confirmed::in_envelope(&bbr.by_soap(&end, true).await).status,
            ["Success", "PartialLogout"]
        );
        let logout = town.store.logouts(None, false, 1).await.unwrap().pop().unwrap();
        (logout.legs[0].state, logout.legs[0].attempts, servers.driving.asked().len())
    };
    for number in 1..=5 {
        assert_eq!(ends().await, (LegState::Waiting, 1, number));
    }
    servers.driving.behaves(Manner::Answers(&["Success"]));
    assert_eq!(ends().await, (LegState::Waiting, 0, 5), "nobody is called, and it counts as no try");
    town.pass(SignedDuration::from_secs(29));
    town.broker.tell_again().await.unwrap();
    assert_eq!(servers.driving.asked().len(), 5, "not before its time");
    town.pass(SignedDuration::from_secs(1));
    town.broker.tell_again().await.unwrap();
    assert_eq!(servers.driving.asked().len(), 6, "one of them tries");
    town.pass(SignedDuration::from_secs(31));
    town.broker.tell_again().await.unwrap();
    assert_eq!(servers.driving.asked().len(), 11, "all the others");
    assert!(town.store.logouts(None, true, 10).await.unwrap().is_empty(), "everybody has confirmed");
}

#[tokio::test]
async fn a_server_that_is_dead_for_long_fills_no_log() {
    let servers = Servers::new().await;
    let town = Town::with("logout-dead-for-long", |files| servers.register(files)).await;
    servers.driving.behaves(Manner::Fails);
    for turn in (2..=20).step_by(2) {
        let mut browser = town.browser();
        town.pass(SignedDuration::from_millis(1));
        let at_bbr = index(&log_in(&town, &mut browser, &town.bbr, turn).await);
        let straight = town.driving.send(&mut browser, &numbered(&town.driving, &town, turn + 1)).await;
        town.driving.read(&straight, &town);
        let bbr = town.bbr.voice(&town);
        let end = End { id: format!("_logout{turn}"), ..bbr.end(&[&at_bbr]) };
        bbr.by_soap(&end, true).await;
    }
    let about_driving = async || {
        let log = town.log().await;
        let count = |what: &str| {
            let says = |record: &&Record| record.detail.as_ref().is_some_and(|detail| detail.contains(what));
            log.iter().filter(says).count()
        };
        (servers.driving.asked().len(), count("left alone since"), count("status 500"))
    };
    assert_eq!(about_driving().await, (5, 5, 5), "five tries, and five who were told that nobody tries");
    for _ in 0..20 {
        town.pass(SignedDuration::from_secs(31));
        town.broker.tell_again().await.unwrap();
    }
    let (tries, alone, failed) = about_driving().await;
    assert!(tries >= 20, "{tries}: somebody tries every half minute");
    assert_eq!((alone, failed), (5, tries), "each try is written down, and not that there is none");
}

#[tokio::test]
async fn who_does_not_send_the_browser_back_is_passed_over_and_named() {
    let mut scene = Scene::new("silent", |files| by_browser(files, "HTTP-Redirect")).await;
    let end = scene.bbr.end(&[&scene.at_bbr]);
    let sent = scene.browser.get(&scene.bbr.redirect(&end)).await;
    let page = scene.follow(&sent).await;
    assert_eq!(Asked::of(&page).to, DRIVING);
    let again = scene.follow(&sent).await;
    assert!(again.link("SAMLRequest").is_none(), "whoever comes back is not sent there again");
    let on = again.link("after=").unwrap();
    assert_eq!(Some(on.clone()), page.link("after="));
    let page = scene.browser.get(&format!("{}{on}", scene.town.url)).await;
    let asked = Asked::of(&page);
    assert_eq!(asked.to, KORSBAEK, "the rest is told");
    let page = scene.confirms(&scene.korsbaek.clone(), &asked).await;
    assert!(page.location.is_none(), "the user reads who did not confirm");
    assert!(
        page.body.contains("Køreprøvebooking") && page.body.contains("har ikke bekræftet"),
        "{}",
        page.body
    );
    let told = Confirmed::of(&page);
    assert_eq!((told.to.as_str(), told.status.join(" ")), (BBR, "Success PartialLogout".into()));
    assert_eq!(scene.states().await, [LegState::Failed, LegState::Confirmed]);
}

#[tokio::test]
async fn the_browser_that_never_comes_back_is_waited_for_no_longer_than_ten_minutes() {
    let mut scene = Scene::new("left", |files| by_browser(files, "HTTP-Redirect")).await;
    let end = scene.bbr.end(&[&scene.at_bbr]);
    let sent = scene.browser.get(&scene.bbr.redirect(&end)).await;
    scene.follow(&sent).await;
    scene.town.pass(SignedDuration::from_mins(9));
    scene.town.broker.tell_again().await.unwrap();
    assert_eq!(scene.states().await, [LegState::Told, LegState::Waiting]);
    scene.town.pass(SignedDuration::from_mins(1));
    scene.town.broker.tell_again().await.unwrap();
    assert_eq!(scene.states().await, [LegState::Failed, LegState::Untold]);
    scene.town.pass(SignedDuration::from_secs(1));
    assert_eq!(scene.follow(&sent).await.status, 404, "and the page is gone");
}

#[tokio::test]
async fn a_page_of_a_logout_is_shown_to_its_own_browser_only() {
    let mut scene = Scene::new("own", |files| by_browser(files, "HTTP-Redirect")).await;
    let end = scene.bbr.end(&[&scene.at_bbr]);
    let sent = scene.browser.get(&scene.bbr.redirect(&end)).await;
    let address = format!("{}{}", scene.town.url, sent.location());
    let strange = scene.town.browser().get(&address).await;
    assert!(strange.status == 404 && !strange.body.contains("Køreprøve"), "{}", strange.body);
    assert_eq!(Asked::of(&scene.browser.get(&address).await).to, DRIVING);
}

#[tokio::test]
async fn two_logouts_of_one_session_at_once_both_succeed_and_everybody_is_told_once() {
    let servers = Servers::new().await;
    let scene = Scene::new("twice", |files| servers.register(files)).await;
    let by_bbr = scene.bbr.end(&[&scene.at_bbr]);
    let by_korsbaek = scene.korsbaek.end(&["_session-at-idp"]);
    let (one, other) =
        tokio::join!(scene.bbr.by_soap(&by_bbr, true), scene.korsbaek.by_soap(&by_korsbaek, true));
    for answer in [one, other] {
        assert_eq!(Confirmed::in_envelope(&answer).status, ["Success"]);
    }
    assert_eq!(servers.driving.asked().len(), 1);
    assert_eq!(scene.town.store.logouts(None, false, 10).await.unwrap().len(), 1);
}

#[tokio::test]
async fn a_fagsystem_that_joins_while_the_session_ends_is_told_or_is_not_in_it() {
    for turn in 0..20 {
        let servers = Servers::new().await;
        let town = Town::with(&format!("logout-joins-{turn}"), |files| servers.register(files)).await;
        let mut browser = town.browser();
        let at_bbr = index(&log_in(&town, &mut browser, &town.bbr, 1).await);
        let bbr = town.bbr.voice(&town);
        let end = bbr.end(&[&at_bbr]);
        let ask = numbered(&town.driving, &town, 2);
        let (joined, ended) = tokio::join!(town.driving.send(&mut browser, &ask), bbr.by_soap(&end, true));
        assert_eq!(Confirmed::in_envelope(&ended).status, ["Success"]);
        let told = servers.driving.asked();
        match joined.form() {
            Some(_) => assert_eq!(told[0].indexes, [index(&town.driving.read(&joined, &town))]),
            None => {
                assert!(joined.location().starts_with("https://idp.korsbaek.test/sso?") && told.is_empty())
            }
        }
    }
}

#[tokio::test]
async fn a_logout_that_was_cut_off_is_taken_up_by_the_broker_that_comes_back() {
    let servers = Servers::new().await;
    let scene = Scene::new("cut", |files| servers.register(files)).await;
    servers.driving.behaves(Manner::Hangs);
    let (voice, end) = (scene.bbr.clone(), scene.bbr.end(&[&scene.at_bbr]));
    let cut = async move { voice.by_soap(&end, true).await };
    assert!(tokio::time::timeout(std::time::Duration::from_millis(800), cut).await.is_err());
    assert_eq!(scene.sessions().await, 0);
    servers.driving.behaves(Manner::Answers(&["Success"]));
    let returned = scene.town.restarted().await;
    scene.town.pass(SignedDuration::from_secs(20));
    returned.tell_again().await.unwrap();
    assert_eq!(scene.states().await, [LegState::Confirmed, LegState::Confirmed]);
}

#[tokio::test]
async fn who_logs_in_again_and_again_at_one_fagsystem_is_logged_out_of_it_once() {
    let servers = Servers::new().await;
    let mut scene = Scene::new("indexes", |files| servers.register(files)).await;
    let straight =
        scene.town.driving.send(&mut scene.browser, &numbered(&scene.town.driving, &scene.town, 3)).await;
    let second = index(&scene.town.driving.read(&straight, &scene.town));
    scene.bbr.by_soap(&scene.bbr.end(&[&scene.at_bbr]), true).await;
    assert_eq!(servers.driving.asked().len(), 1);
    let mut told = servers.driving.asked()[0].indexes.clone();
    told.sort();
    let mut expected = [scene.at_driving.clone(), second];
    expected.sort();
    assert_eq!(told, expected);
}

/// Byggesag speaks OpenID Connect, and is in the session as well.
async fn with_byggesag(name: &str, servers: &Servers, channel: &BackChannel) -> (Scene, LoginId) {
    let mut byggesag = Client::byggesag();
    byggesag.registered = byggesag.registered.replace("https://byggesag.test/logout", &channel.address);
    let mut scene = Scene::new(name, |files| {
        servers.register(files);
        reachable(files, "bbr", "HTTP-Redirect", BBR);
        byggesag.register(files);
    })
    .await;
    let answer = byggesag.send(&scene.town, &mut scene.browser, &byggesag.ask()).await;
    byggesag.read(&scene.town, &answer);
    let store = &scene.town.store;
    let session = store.sessions_named("C=DK,O=11111111,CN=Ib Dam,Serial=5b0c").await.unwrap().remove(0).id;
    let participants = store.participants(session).await.unwrap();
    let index = participants.iter().find(|p| p.fagsystem.as_str() == byggesag.client_id).unwrap().index;
    (scene, index)
}

#[tokio::test]
async fn a_client_of_openid_connect_is_told_at_its_back_channel_by_a_token_that_names_its_session() {
    let (servers, channel) = (Servers::new().await, BackChannel::new().await);
    let (scene, index) = with_byggesag("oidc", &servers, &channel).await;
    let answer = scene.bbr.by_soap(&scene.bbr.end(&[&scene.at_bbr]), true).await;
    assert_eq!(Confirmed::in_envelope(&answer).status, ["Success"]);
    let tokens = channel.tokens();
    let [(header, claims)] = &tokens[..] else { panic!("{tokens:?}") };
    assert_eq!((&header["alg"], &header["typ"]), (&"PS256".into(), &"logout+jwt".into()));
    assert_eq!(
        (&claims["iss"], &claims["aud"]),
        (&scene.town.url.as_str().into(), &Client::byggesag().client_id.into())
    );
    assert_eq!(claims["sid"], index.to_string());
    assert_eq!(claims["sub"], "C=DK,O=11111111,CN=Ib Dam,Serial=5b0c");
    assert_eq!(
        claims["events"],
        serde_json::json!({ "http://schemas.openid.net/event/backchannel-logout": {} })
    );
    assert!(claims.get("nonce").is_none() && claims["exp"].as_i64() > claims["iat"].as_i64());
}

#[tokio::test]
async fn a_client_that_does_not_take_its_token_is_told_again_by_a_new_one() {
    let (servers, channel) = (Servers::new().await, BackChannel::new().await);
    let (scene, _) = with_byggesag("oidc-again", &servers, &channel).await;
    for status in [500, 400, 302] {
        channel.answers(status);
        if status == 500 {
            let answer = scene.bbr.by_soap(&scene.bbr.end(&[&scene.at_bbr]), true).await;
            assert_eq!(Confirmed::in_envelope(&answer).status, ["Success", "PartialLogout"]);
        } else {
            scene.town.pass(SignedDuration::from_mins(6));
            scene.town.broker.tell_again().await.unwrap();
        }
        assert!(scene.states().await.contains(&LegState::Waiting), "{status}");
    }
    channel.answers(200);
    scene.town.pass(SignedDuration::from_mins(16));
    scene.town.broker.tell_again().await.unwrap();
    assert!(scene.states().await.iter().all(|state| *state == LegState::Confirmed));
    let mut names: Vec<_> = channel.tokens().iter().map(|(_, claims)| claims["jti"].to_string()).collect();
    names.sort();
    names.dedup();
    assert_eq!(names.len(), 4, "no token is sent twice");
}

#[tokio::test]
async fn a_client_whose_tokens_no_key_of_ours_signs_is_given_up_like_any_other() {
    let (servers, channel) = (Servers::new().await, BackChannel::new().await);
    let (scene, _) = with_byggesag("oidc-unsigned", &servers, &channel).await;
    let signed = "jwks = \"byggesag.jwks.json\"\n";
    let changed = format!("{signed}id-token-signed-response-alg = \"ES256\"\n");
    scene
        .town
        .change(|files| {
            for content in files.values_mut() {
                let text = String::from_utf8_lossy(content).replace(signed, &changed);
                *content = text.into_bytes();
            }
        })
        .await;
    let answer = scene.bbr.by_soap(&scene.bbr.end(&[&scene.at_bbr]), true).await;
    assert_eq!(Confirmed::in_envelope(&answer).status, ["Success", "PartialLogout"]);
    let store = &scene.town.store;
    for _ in 0..7 {
        scene.town.pass(SignedDuration::from_mins(61));
        scene.town.broker.tell_again().await.unwrap();
        let due = store.due_legs(scene.town.now(), 10).await.unwrap();
        assert!(due.is_empty(), "a hundred of them would keep everybody else waiting: {due:?}");
    }
    assert!(channel.tokens().is_empty());
    assert!(scene.states().await.contains(&LegState::Failed));
    assert!(
        scene.states().await.iter().filter(|state| **state == LegState::Confirmed).count() > 0,
        "the twin"
    );
}

#[tokio::test]
async fn a_client_ends_its_own_session_and_the_user_goes_where_it_has_registered() {
    let (servers, channel) = (Servers::new().await, BackChannel::new().await);
    let (scene, index) = with_byggesag("oidc-ends", &servers, &channel).await;
    let client = EntityId::new(Client::byggesag().client_id).unwrap();
    let another = EntityId::new(&scene.bbr.entity_id).unwrap();
    let address = Some(("https://byggesag.test/bye".to_owned(), Some("7".to_owned())));
    let visit = Visit { endpoint: "/oauth2/logout GET", ..Visit::default() };
    let by = |client| ByClient { client, index, address: address.clone() };
    let step = scene.town.broker.end_for_client(&visit, by(&another)).await;
    assert_eq!(step.refused, Some(Reason::SloIssuer));
    assert_eq!(scene.sessions().await, 1);
    let step = scene.town.broker.end_for_client(&visit, by(&client)).await;
    assert_eq!(scene.sessions().await, 0);
    let LogoutNext::Answer { answer: ByBrowser::Redirect(to), .. } = step.next else { panic!("{step:?}") };
    assert_eq!(to, "https://byggesag.test/bye?state=7");
    assert_eq!(channel.tokens().len(), 1, "who asked is told as well");
    assert_eq!(
        (servers.bbr.asked().len(), servers.driving.asked().len(), servers.korsbaek.asked().len()),
        (1, 1, 1)
    );
}

#[tokio::test]
async fn what_an_operator_ends_is_told_by_the_running_broker_at_once() {
    let servers = Servers::new().await;
    let mut scene = Scene::new("operator", |files| servers.register(files)).await;
    let store = scene.town.store.clone();
    let sessions = store.sessions_named("C=DK,O=11111111,CN=Ib Dam,Serial=5b0c").await.unwrap();
    let by = Administrator::operator(scene.town.now());
    let ended = end_sessions(store.as_ref(), &sessions, &by, || LoginId::from_bits(4711)).await.unwrap();
    assert_eq!(ended, [sessions[0].id]);
    assert!(servers.bbr.asked().is_empty());
    scene.town.broker.tell_again().await.unwrap();
    assert_eq!(
        (servers.bbr.asked().len(), servers.driving.asked().len(), servers.korsbaek.asked().len()),
        (1, 1, 1)
    );
    assert_eq!(scene.states().await, [LegState::Confirmed; 3]);
    assert!(scene.is_over().await);
}

#[tokio::test]
async fn a_client_with_a_front_channel_only_is_told_in_a_frame_of_the_last_page_and_confirms_nothing() {
    let mut byggesag = Client::byggesag();
    let back = "backchannel-logout-uri = \"https://byggesag.test/logout\"";
    assert!(byggesag.registered.contains(back));
    let front = "frontchannel-logout-uri = \"https://byggesag.test/frame?a=1\"";
    byggesag.registered = byggesag.registered.replace(back, front);
    let mut scene = Scene::new("frame", |files| {
        reachable(files, "bbr", "HTTP-Redirect", BBR);
        byggesag.register(files);
    })
    .await;
    let answer = byggesag.send(&scene.town, &mut scene.browser, &byggesag.ask()).await;
    byggesag.read(&scene.town, &answer);
    let sent = scene.browser.get(&scene.bbr.redirect(&scene.bbr.end(&[&scene.at_bbr]))).await;
    let page = scene.follow(&sent).await;
    assert_eq!(Confirmed::of(&page).status, ["Success", "PartialLogout"]);
    let policy = page.headers["content-security-policy"].to_str().unwrap();
    assert!(policy.ends_with("; frame-src https://byggesag.test"), "{policy}");
    let frame = page.body.split("<iframe src=\"").nth(1).unwrap().split('"').next().unwrap();
    let issuer = scene.town.url.replace(':', "%3A").replace('/', "%2F");
    assert!(
        frame.starts_with(&format!("https://byggesag.test/frame?a=1&#38;iss={issuer}&#38;sid=")),
        "{frame}"
    );
    assert!(page.body.contains("kan ikke bekræfte det"), "{}", page.body);
}
