//! Who ends sessions that are not theirs, says that one has ended that lives on, or uses a logout to lead the user astray.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::{Duration, Instant};

use context_handler::domain::session::LegState;
use context_handler::protocol::saml::binding::{Carries, Form};
use jiff::SignedDuration;
use tokio::sync::Semaphore;
use tokio::task::JoinHandle;

use super::refused;
use crate::logout::{BBR, DRIVING, KORSBAEK, Scene, by_browser, log_in, numbered};
use crate::support::logout::{Asked, Confirmed, End, Manner, Server, Voice, index, reachable, send};
use crate::support::{Answer, Browser, Fagsystem, Town, at, key};

/// The three ways of a message.
const WAYS: [&str; 3] = ["redirect", "post", "soap"];

async fn asks(voice: &Voice, browser: &mut Browser, way: &str, end: &End, signed: bool) -> Answer {
    match way {
        "redirect" => {
            let address = voice.redirect(end);
            let unsigned = address.split("&SigAlg=").next().unwrap();
            browser.get(if signed { &address } else { unsigned }).await
        }
        "post" => voice.post(browser, end, signed).await,
        _ => voice.by_soap(end, signed).await,
    }
}

/// Promises that nobody was logged out: by a page, or by a fault for a server.
async fn is_refused(scene: &Scene, way: &str, answer: &Answer, reason: &str) {
    if way == "soap" {
        assert!((400..500).contains(&answer.status), "{way}: {} {}", answer.status, answer.body);
        assert!(answer.body.contains("Fault") && !answer.body.contains("LogoutResponse"), "{}", answer.body);
        assert_eq!(scene.town.last_reason().await, reason);
    } else {
        refused(&scene.town, answer, reason).await;
    }
    assert_eq!(scene.sessions().await, 1, "{way}: the session lives");
}

/// ATK-220: whoever could end a session without proving who it is could end everybody's.
#[tokio::test]
async fn an_unsigned_request_ends_nothing() {
    for way in WAYS {
        let mut scene = Scene::new(&format!("unsigned-{way}"), |_| {}).await;
        let (bbr, end) = (scene.bbr.clone(), scene.bbr.end(&[&scene.at_bbr]));
        let answer = asks(&bbr, &mut scene.browser, way, &end, false).await;
        is_refused(&scene, way, &answer, "slo.sig").await;
        let strange = Voice { key: key("sp-oiosaml2"), ..bbr.clone() };
        let answer = asks(&strange, &mut scene.browser, way, &end, true).await;
        let reason = if way == "redirect" { "sig.invalid" } else { "key.untrusted" };
        is_refused(&scene, way, &answer, reason).await;
        asks(&bbr, &mut scene.browser, way, &end, true).await;
        assert_eq!(scene.sessions().await, 0, "{way}");
    }
}

/// ATK-221: a fagsystem names another's session, or another's user; an identity provider names a user who happens to be
/// called alike elsewhere.
#[tokio::test]
async fn nobody_ends_a_session_that_it_has_no_part_in() {
    for way in WAYS {
        let mut scene = Scene::new(&format!("issuer-{way}"), |files| {
            by_browser(files, "HTTP-Redirect");
            reachable(files, "feddet", "HTTP-Redirect", "https://idp.feddet.test/slo");
        })
        .await;
        let feddet = scene.town.feddet.voice(&scene.town);
        let of_bbr = &[scene.at_bbr.as_str()];
        let of_another = End { name_id: "C=DK,O=11111111,CN=Bo,Serial=1".into(), ..scene.bbr.end(of_bbr) };
        for (voice, end) in [
            (scene.driving.clone(), scene.driving.end(of_bbr)),
            (scene.bbr.clone(), of_another),
            (feddet.clone(), feddet.end(&["_session-at-idp"])),
            (feddet.clone(), feddet.end(&[])),
        ] {
            let end = End { id: format!("_{}{}", voice.entity_id.len(), end.indexes.len()), ..end };
            let answer = asks(&voice, &mut scene.browser, way, &end, true).await;
            let told = if way == "soap" { Confirmed::in_envelope(&answer) } else { Confirmed::of(&answer) };
            assert_eq!(told.status, ["Requester", "RequestDenied"], "{way} {}", voice.entity_id);
            assert!(answer.headers.get("set-cookie").is_none());
            assert_eq!(scene.town.last_reason().await, "slo.issuer");
            assert_eq!(scene.sessions().await, 1);
        }
        let (bbr, end) = (scene.bbr.clone(), scene.bbr.end(&[&scene.at_bbr]));
        asks(&bbr, &mut scene.browser, way, &end, true).await;
        assert_eq!(scene.sessions().await, 0, "{way}");
    }
}

/// ATK-239, asked by a logout: an identity provider asks for the end of another municipality's user's session, to hear from
/// the answer whether there is one.
#[tokio::test]
async fn no_identity_provider_learns_who_is_logged_in_at_another() {
    for way in WAYS {
        let mut scene = Scene::new(&format!("learns-{way}"), |files| {
            by_browser(files, "HTTP-Redirect");
            reachable(files, "feddet", "HTTP-Redirect", "https://idp.feddet.test/slo");
        })
        .await;
        let feddet = scene.town.feddet.voice(&scene.town);
        let mut status = async |name: &str, number: u32| {
            let end = End { id: format!("_{number}"), name_id: name.into(), ..feddet.end(&[]) };
            let answer = asks(&feddet, &mut scene.browser, way, &end, true).await;
            let told = if way == "soap" { Confirmed::in_envelope(&answer) } else { Confirmed::of(&answer) };
            told.status
        };
        let logged_in = status("C=DK,O=11111111,CN=Ib Dam,Serial=5b0c", 1).await;
        let nobody = status("C=DK,O=11111111,CN=Bo Dam,Serial=0000", 2).await;
        assert_eq!(
            (&logged_in, &logged_in),
            (&nobody, &vec!["Requester".to_owned(), "RequestDenied".to_owned()])
        );
        assert_eq!(
            status("C=DK,O=99999999,CN=Bo Dam,Serial=0000", 3).await,
            ["Success"],
            "{way}: its own user"
        );
        assert_eq!(scene.sessions().await, 1);
    }
}

/// A switched-off party is refused here as everywhere.
#[tokio::test]
async fn a_fagsystem_that_is_switched_off_ends_nothing() {
    let scene = Scene::new("off", |_| {}).await;
    let end = scene.bbr.end(&[&scene.at_bbr]);
    let switch = |from: &'static str, to: &'static str| {
        move |files: &mut context_handler::broker::registry::Files| {
            let register = files.get_mut("register.toml").unwrap();
            *register = String::from_utf8(register.clone()).unwrap().replace(from, to).into_bytes();
        }
    };
    scene.town.change(switch("name = \"BBR\"\n", "name = \"BBR\"\nactive = false\n")).await;
    let answer = scene.bbr.by_soap(&end, true).await;
    is_refused(&scene, "soap", &answer, "sp.disabled").await;
    scene.town.change(switch("name = \"BBR\"\nactive = false\n", "name = \"BBR\"\n")).await;
    scene.bbr.by_soap(&end, true).await;
    assert_eq!(scene.sessions().await, 0);
}

/// ATK-223: an answer that says yes, and is not from who was asked, or not to what was asked.
#[tokio::test]
async fn an_answer_counts_only_from_who_was_asked_to_what_was_asked() {
    let mut scene = Scene::new("answers", |files| by_browser(files, "HTTP-Redirect")).await;
    let end = scene.bbr.end(&[&scene.at_bbr]);
    let sent = scene.browser.get(&scene.bbr.redirect(&end)).await;
    let page = scene.follow(&sent).await;
    let asked = Asked::of(&page);
    assert_eq!(asked.to, DRIVING);
    let driving = scene.driving.clone();
    let genuine = driving.answers(&asked, &["Success"]);
    let strange = Voice { key: key("sp-oiosaml3"), ..driving.clone() };
    let by =
        |voice: &Voice, id: &str| voice.answers(&Asked { id: id.to_owned(), ..asked.clone() }, &["Success"]);
    let at_idp_side = genuine.replace("/saml/idp/slo", "/saml/sp/slo");
    for (what, address, reason) in [
        ("unsigned", genuine.split("&SigAlg=").next().unwrap().to_owned(), "slo.response"),
        ("another key", by(&strange, &asked.id), "sig.invalid"),
        ("another question", by(&driving, "_another"), "slo.response"),
        ("another fagsystem", by(&scene.bbr, &asked.id), "slo.response"),
        ("an identity provider", by(&scene.korsbaek, &asked.id), "slo.response"),
        ("the other side", at_idp_side, "slo.response"),
    ] {
        let answer = scene.browser.get(&address).await;
        assert!(answer.location().starts_with("/logout?id="), "{what}: the user goes on");
        assert_eq!(scene.town.last_reason().await, reason, "{what}");
        assert_eq!(scene.states().await, [LegState::Told, LegState::Waiting], "{what}");
    }
    let answer = scene.town.browser().get(&genuine).await;
    refused(&scene.town, &answer, "slo.response").await;
    let unasked = Asked { relay_state: None, ..asked.clone() };
    let answer = scene.browser.get(&driving.answers(&unasked, &["Success"])).await;
    refused(&scene.town, &answer, "slo.response").await;
    assert_eq!(scene.states().await, [LegState::Told, LegState::Waiting]);
    let on = scene.follow(&sent).await.link("after=").unwrap();
    let page = scene.browser.get(&format!("{}{on}", scene.town.url)).await;
    let late = scene.browser.get(&genuine).await;
    assert!(late.location().starts_with("/logout?id="));
    assert_eq!(scene.states().await, [LegState::Failed, LegState::Told], "it was waited for no longer");
    let page = scene.confirms(&scene.korsbaek.clone(), &Asked::of(&page)).await;
    assert_eq!(Confirmed::of(&page).status, ["Success", "PartialLogout"]);
}

/// The twin of ATK-223, with what a party may say.
#[tokio::test]
async fn what_a_party_says_is_what_is_told() {
    for (status, state) in [
        (&["Success"][..], LegState::Confirmed),
        (&["Success", "PartialLogout"], LegState::Failed),
        (&["Responder", "PartialLogout"], LegState::Failed),
        (&["Requester", "RequestDenied"], LegState::Failed),
    ] {
        let name = format!("says-{}", status.concat());
        let mut scene = Scene::new(&name, |files| by_browser(files, "HTTP-POST")).await;
        let end = scene.bbr.end(&[&scene.at_bbr]);
        let sent = scene.browser.get(&scene.bbr.redirect(&end)).await;
        let asked = Asked::of(&scene.follow(&sent).await);
        let driving = scene.driving.clone();
        let xml = driving.confirmation(&asked.id, &driving.slo, status, true);
        let form = Form::new(&driving.slo, Carries::Response, xml.as_str(), asked.relay_state.clone());
        let back = send(&mut scene.browser, &form).await;
        assert_eq!(scene.states().await, [state, LegState::Waiting], "{status:?}");
        let page = scene.follow(&back).await;
        let page = scene.confirms(&scene.korsbaek.clone(), &Asked::of(&page)).await;
        let all = if state == LegState::Confirmed { &["Success"][..] } else { &["Success", "PartialLogout"] };
        assert_eq!(Confirmed::of(&page).status, all);
    }
}

/// ATK-223 between servers.
#[tokio::test]
async fn an_answer_between_servers_counts_only_from_who_was_asked_to_what_was_asked() {
    for (manner, reason) in [
        (Manner::Unsigned, "slo.response"),
        (Manner::ToAnother, "slo.response"),
        (Manner::AsAnother("sp-oiosaml3"), "key.untrusted"),
        (Manner::Answers(&["Responder"]), "slo.refused"),
        (Manner::Answers(&["Success"]), "slo.confirmed"),
    ] {
        let driving = Fagsystem::driving("");
        let server = Server::of(&driving.entity_id, driving.key).await;
        let name = format!("server-{manner:?}").replace(|c: char| !c.is_ascii_alphanumeric(), "");
        let scene = Scene::new(&name, |files| reachable(files, "driving", "SOAP", &server.address)).await;
        server.behaves(manner.clone());
        let answer = scene.bbr.by_soap(&scene.bbr.end(&[&scene.at_bbr]), true).await;
        assert_eq!(Confirmed::in_envelope(&answer).status, ["Success", "PartialLogout"], "{manner:?}");
        let log = scene.town.log().await;
        let heard = log.iter().rev().find(|record| {
            record.fagsystem.as_ref().is_some_and(|f| f.as_str() == driving.entity_id)
                && format!("{:?}", record.event) == "LogoutConfirmed"
        });
        assert_eq!(heard.unwrap().reason, reason, "{manner:?}");
        assert_eq!(scene.states().await[0] == LegState::Confirmed, reason == "slo.confirmed", "{manner:?}");
    }
}

/// ATK-224: a request that was used before, is too old, or was made for another address.
#[tokio::test]
async fn a_request_is_used_once_in_its_time_at_its_address() {
    for way in WAYS {
        let mut scene = Scene::new(&format!("replay-{way}"), |_| {}).await;
        let bbr = scene.bbr.clone();
        let end = bbr.end(&[&scene.at_bbr]);
        let elsewhere = format!("{}/saml/sp/slo", scene.town.url);
        let old = at(-1000).to_string();
        let past = End { not_on_or_after: Some(at(-61).to_string()), ..end.clone() };
        let stale = End { issue_instant: old, not_on_or_after: None, ..end.clone() };
        for bent in [past, stale] {
            let answer = asks(&bbr, &mut scene.browser, way, &bent, true).await;
            is_refused(&scene, way, &answer, "slo.replay").await;
        }
        if way != "soap" {
            let misled = End { destination: elsewhere, ..end.clone() };
            let answer = asks(&bbr, &mut scene.browser, way, &misled, true).await;
            is_refused(&scene, way, &answer, "slo.replay").await;
        }
        asks(&bbr, &mut scene.browser, way, &end, true).await;
        assert_eq!(scene.sessions().await, 0, "{way}");
        scene.town.pass(SignedDuration::from_secs(1));
        scene.browser = scene.town.browser();
        let told = log_in(&scene.town, &mut scene.browser, &scene.town.bbr, 8).await;
        let answer = asks(&bbr, &mut scene.browser, way, &end, true).await;
        is_refused(&scene, way, &answer, "slo.replay").await;
        let fresh = End { id: "_logout2".into(), ..bbr.end(&[&index(&told)]) };
        asks(&bbr, &mut scene.browser, way, &fresh, true).await;
        assert_eq!(scene.sessions().await, 0, "{way}");
    }
}

/// ATK-226: a fagsystem in the chain sends the browser back with a wish of its own instead of an answer, again and again.
#[tokio::test]
async fn a_fagsystem_that_loops_back_keeps_nobody_in_a_circle() {
    let mut scene = Scene::new("loops", |files| by_browser(files, "HTTP-Redirect")).await;
    let sent = scene.browser.get(&scene.bbr.redirect(&scene.bbr.end(&[&scene.at_bbr]))).await;
    let page = scene.follow(&sent).await;
    assert_eq!(Asked::of(&page).to, DRIVING);
    for turn in 2..5 {
        let end = End { id: format!("_logout{turn}"), ..scene.driving.end(&[&scene.at_driving]) };
        let told = Confirmed::of(&scene.browser.get(&scene.driving.redirect(&end)).await);
        assert_eq!((told.to.as_str(), told.status.as_slice()), (DRIVING, &["Success".to_owned()][..]));
    }
    let again = scene.follow(&sent).await;
    assert!(again.link("SAMLRequest").is_none(), "it is sent there once");
    let on = again.link("after=").unwrap();
    let page = scene.browser.get(&format!("{}{on}", scene.town.url)).await;
    assert_eq!(Asked::of(&page).to, KORSBAEK);
    let page = scene.confirms(&scene.korsbaek.clone(), &Asked::of(&page)).await;
    assert_eq!(Confirmed::of(&page).status, ["Success", "PartialLogout"]);
    assert_eq!(scene.sessions().await, 0);
}

/// ATK-227: Extensions where no reader expects them, thousands of them.
#[tokio::test]
async fn a_part_in_the_wrong_place_is_refused_at_once() {
    for way in WAYS {
        let mut scene = Scene::new(&format!("schema-{way}"), |_| {}).await;
        let bbr = scene.bbr.clone();
        let end = bbr.end(&[&scene.at_bbr]);
        for misplaced in [1, 2000] {
            let began = Instant::now();
            let bent = End { misplaced, ..end.clone() };
            let answer = asks(&bbr, &mut scene.browser, way, &bent, true).await;
            assert!(began.elapsed() < Duration::from_secs(1), "{:?}", began.elapsed());
            is_refused(&scene, way, &answer, "slo.schema").await;
        }
        asks(&bbr, &mut scene.browser, way, &end, true).await;
        assert_eq!(scene.sessions().await, 0, "{way}");
    }
}

/// ATK-229: the user logs out while another login of the same browser is at the identity provider.
#[tokio::test]
async fn an_answer_that_comes_after_the_logout_makes_no_session() {
    for logs_out in [false, true] {
        let mut scene = Scene::new(&format!("race-{logs_out}"), |_| {}).await;
        let mut ask = numbered(&scene.town.driving, &scene.town, 3);
        ask.attributes.push(("ForceAuthn", "true".into()));
        let sent = scene.town.driving.send(&mut scene.browser, &ask).await;
        scene.town.pass(SignedDuration::from_secs(1));
        if logs_out {
            let answer = scene.bbr.by_soap(&scene.bbr.end(&[&scene.at_bbr]), true).await;
            Confirmed::in_envelope(&answer);
        }
        let now = scene.town.now();
        let late = |say: &mut crate::support::Say| {
            say.at(now);
            (say.response_id, say.assertion_id) = ("_late".into(), "_late-too".into());
        };
        let answer = scene.town.korsbaek.answer(&scene.town, &mut scene.browser, &sent, late).await;
        if logs_out {
            refused(&scene.town, &answer, "slo.race").await;
            assert_eq!(scene.sessions().await, 0);
        } else {
            assert_eq!(scene.town.driving.read(&answer, &scene.town).status, ["Success"]);
        }
    }
}

/// ATK-230: a logout that is to lead the user to another site.
#[tokio::test]
async fn nobody_is_led_to_another_site_by_a_logout() {
    let mut scene = Scene::new("led", |files| reachable(files, "bbr", "HTTP-Redirect", BBR)).await;
    let evil = "https://evil.test/?a=1&b=2";
    let mut end = scene.bbr.end(&["0123456789abcdef0123456789abcdef"]);
    end.relay_state = Some(evil.into());
    let told = Confirmed::of(&scene.browser.get(&scene.bbr.redirect(&end)).await);
    assert_eq!(
        (told.to.as_str(), told.relay_state.as_deref()),
        (BBR, Some(evil)),
        "handed back, never followed"
    );
    for query in ["return", "post_logout_redirect_uri", "RelayState", "wreply"] {
        let answer = scene.browser.get(&format!("{}/logout?{query}={evil}", scene.town.url)).await;
        assert_eq!(answer.location(), "/sessions", "{query}");
    }
    assert_eq!(scene.sessions().await, 1);
}

/// ATK-230: another site makes the browser call our logout.
#[tokio::test]
async fn another_site_cannot_log_the_user_out() {
    let mut scene = Scene::new("forced", |_| {}).await;
    let leave = format!("{}/logout", scene.town.url);
    let page = format!("{}/sessions", scene.town.url);
    assert_eq!(scene.browser.get(&leave).await.location(), "/sessions");
    for guess in ["", "all", "11111111", "0123456789abcdef0123456789abcdef"] {
        let answer = scene.browser.post(&leave, &[("sessions", guess)]).await;
        assert_eq!(answer.location(), "/sessions", "{guess}");
        assert_eq!(scene.sessions().await, 1, "{guess}");
    }
    let shown = scene.browser.get(&page).await;
    assert_eq!(shown.headers["x-frame-options"], "DENY", "nor show it in a frame");
    assert!(shown.headers.get("access-control-allow-origin").is_none(), "nor read it");
    let name =
        shown.body.split("name=\"sessions\" value=\"").nth(1).unwrap().split('"').next().unwrap().to_owned();
    let stolen = scene.town.browser().post(&leave, &[("sessions", &name)]).await;
    assert_eq!((stolen.location(), scene.sessions().await), ("/sessions", 1), "the name alone ends nothing");
    scene.browser.post(&leave, &[("sessions", &name)]).await;
    assert_eq!(scene.sessions().await, 0, "the user's own browser does");
}

/// How many log out at once: `CH_STORM=5000` is the long form.
fn storm() -> u32 {
    std::env::var_os("CH_STORM").map_or(60, |many| many.to_str().unwrap().parse().unwrap())
}

/// ATK-232: many log out at once, and one of their fagsystemer is dead. Whoever logs in meanwhile does not wait for it.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_storm_of_logouts_with_a_dead_fagsystem_keeps_no_login_waiting() {
    let many = storm();
    let (driving, bbr) = (Fagsystem::driving(""), Fagsystem::bbr(""));
    let dead = Server::of(&driving.entity_id, driving.key).await;
    let lives = Server::of(&bbr.entity_id, bbr.key).await;
    // Longer than anything here takes on a busy machine: as long as a logout waits, nothing has waited for its end.
    let patience = Duration::from_secs(120) + many * Duration::from_millis(50);
    let town = Town::waiting("logout-storm", patience, |files| {
        reachable(files, "driving", "SOAP", &dead.address);
        reachable(files, "bbr", "SOAP", &lives.address);
    })
    .await;
    let hold = Arc::new(Semaphore::new(0));
    dead.behaves(Manner::Holds(hold.clone()));
    let mut storm = Vec::new();
    for turn in 0..many {
        let mut browser = town.browser();
        log_in(&town, &mut browser, &town.bbr, 2 * turn).await;
        let ask = numbered(&town.driving, &town, 2 * turn + 1);
        let joined = town.driving.send(&mut browser, &ask).await;
        town.driving.read(&joined, &town);
        let page = browser.get(&format!("{}/sessions", town.url)).await.body;
        let name =
            page.split("name=\"sessions\" value=\"").nth(1).unwrap().split('"').next().unwrap().to_owned();
        storm.push((browser, name));
    }
    let leave = format!("{}/logout", town.url);
    let logouts: Vec<_> = storm
        .into_iter()
        .map(|(mut browser, name)| {
            let leave = leave.clone();
            tokio::spawn(async move { browser.post(&leave, &[("sessions", &name)]).await.status })
        })
        .collect();
    while dead.asked().len() < many as usize && !logouts.iter().any(JoinHandle::is_finished) {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    assert_eq!(dead.asked().len(), many as usize, "no logout waits for another's");
    for turn in 0..5 {
        log_in(&town, &mut town.browser(), &town.bbr, 2 * many + turn).await;
    }
    assert!(
        !logouts.iter().any(JoinHandle::is_finished),
        "the logins came through while it held every logout"
    );
    hold.close();
    for logout in logouts {
        assert_eq!(logout.await.unwrap(), 303);
    }
    // Who lives was told at once, or is told again in a moment: none of it is forgotten.
    let told = || lives.asked().into_iter().flat_map(|asked| asked.indexes).collect::<BTreeSet<_>>().len();
    for _ in (0..many).take_while(|_| told() < many as usize) {
        town.pass(SignedDuration::from_secs(11));
        town.broker.tell_again().await.unwrap();
    }
    assert_eq!(told(), many as usize, "everybody who lives was told");
}
