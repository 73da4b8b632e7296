//! Who may see the pages about trust: invitations, what they open and for how long, and everything that does not open
//! anything.

use context_handler::broker::console::withdraw;
use context_handler::broker::logout::{Administrator, end_sessions};
use context_handler::broker::registry::{Files, plan};
use context_handler::domain::audit::{Actor, Event, Record};
use context_handler::domain::console::Sees;
use context_handler::domain::id::{Cvr, LoginId};
use context_handler::domain::role::Right;
use context_handler::store::{Sqlite, Store};
use jiff::SignedDuration;

use crate::support::roles::{FEDDETS, FIXED, Group, WORKER, scope};
use crate::support::{Answer, Browser, Fagsystem, Idp, Town};

const COOKIE: &str = "__Host-console";

fn korsbaek() -> Sees {
    Sees::Authority(Cvr::new("11111111").unwrap())
}

/// The name of the sign-in, as the forms of its pages carry it.
fn named(page: &Answer) -> String {
    let (_, rest) =
        page.body.split_once("name=\"console\" value=\"").unwrap_or_else(|| panic!("{}", page.body));
    rest.split('"').next().unwrap().to_owned()
}

async fn last(town: &Town) -> Record {
    town.log().await.pop().unwrap()
}

/// Whether this browser is signed in.
async fn is_in(town: &Town, browser: &mut Browser) -> bool {
    let page = browser.get(&format!("{}/trust", town.url)).await;
    assert_eq!((page.status, page.headers["cache-control"].to_str().unwrap()), (200, "no-store"));
    page.body.contains("name=\"console\"")
}

#[tokio::test]
async fn an_invitation_says_whom_it_is_for_and_signs_in_by_a_button_once() {
    let town = Town::new("console-invited").await;
    let (link, invitation) = town.invite(korsbaek()).await;
    let mut browser = town.browser();
    for _ in 0..2 {
        // Whoever looks at the link, such as a filter for mails, does not use it up.
        let page = browser.get(&link).await;
        assert_eq!((page.status, page.headers["cache-control"].to_str().unwrap()), (200, "no-store"));
        assert!(page.body.contains("Korsbæk"), "{}", page.body);
        assert!(!page.headers.contains_key("set-cookie"));
    }
    assert!(!is_in(&town, &mut browser).await);
    let entered = browser.post(&link, &[]).await;
    assert_eq!(entered.status, 303, "{}", entered.body);
    let cookie = entered.headers["set-cookie"].to_str().unwrap();
    assert!(cookie.starts_with(COOKIE) && cookie.contains("SameSite=Lax"), "{cookie}");
    assert!(is_in(&town, &mut browser).await);
    let record = last(&town).await;
    assert_eq!((record.event, record.actor, record.allowed), (Event::ConsoleEntered, Actor::Reader, true));
    assert_eq!(record.detail.as_deref(), Some("authority 11111111"));
    assert!(!format!("{record:?}").contains(link.rsplit('/').next().unwrap()), "the log tells no secret");

    // Used up, for the same browser and for another one.
    for mut again in [browser, town.browser()] {
        again.cookies.clear();
        let refused = again.post(&link, &[]).await;
        assert_eq!((refused.status, again.cookies.get(COOKIE)), (404, None));
        assert_eq!((last(&town).await.reason.as_str(), last(&town).await.allowed), ("console.link", false));
        assert_eq!(again.get(&link).await.status, 404);
    }
    withdraw(town.store.as_ref(), town.now(), invitation).await.unwrap();
}

#[tokio::test]
async fn an_invitation_that_is_withdrawn_over_or_made_up_opens_nothing() {
    let town = Town::new("console-uninvited").await;
    let mut browser = town.browser();
    let (withdrawn, invitation) = town.invite(korsbaek()).await;
    withdraw(town.store.as_ref(), town.now(), invitation).await.unwrap();
    assert_eq!(last(&town).await.event, Event::InvitationChanged);
    let (late, _) = town.invite(korsbaek()).await;
    town.pass(SignedDuration::from_hours(24));
    let (good, _) = town.invite(korsbaek()).await;
    // The right name with another secret, and what was never a ticket.
    let other_secret = format!("{}AAAAAA", &good[..good.len() - 6]);
    for link in [withdrawn, late, other_secret, format!("{}/trust/invitations/x", town.url)] {
        for answer in [browser.get(&link).await, browser.post(&link, &[]).await] {
            assert_eq!((answer.status, browser.cookies.get(COOKIE)), (404, None), "{link}");
        }
    }
    assert_eq!(browser.post(&good, &[]).await.status, 303);
    assert!(is_in(&town, &mut browser).await);
}

#[tokio::test]
async fn whoever_withdraws_an_invitation_signs_out_whoever_used_it() {
    let town = Town::new("console-withdrawn").await;
    let (link, invitation) = town.invite(korsbaek()).await;
    let mut browser = town.browser();
    browser.post(&link, &[]).await;
    let mut other = town.reader(Sees::Programme).await;
    withdraw(town.store.as_ref(), town.now(), invitation).await.unwrap();
    assert!(!is_in(&town, &mut browser).await);
    assert!(is_in(&town, &mut other).await, "who came by another invitation stays");
}

#[tokio::test]
async fn a_sign_in_ends_with_its_button_after_an_idle_hour_and_with_the_store() {
    let town = Town::new("console-ends").await;
    let mut browser = town.reader(korsbaek()).await;
    town.pass(SignedDuration::from_mins(59));
    let page = browser.get(&format!("{}/trust", town.url)).await;
    let kept = browser.cookies[COOKIE].clone();
    let left = browser.post(&format!("{}/trust/sign-out", town.url), &[("console", &named(&page))]).await;
    assert_eq!((left.status, browser.cookies.get(COOKIE)), (303, None));
    assert_eq!(last(&town).await.event, Event::ConsoleLeft);
    browser.cookies.insert(COOKIE.into(), kept);
    assert!(!is_in(&town, &mut browser).await, "a cookie that was kept opens nothing");

    let mut idle = town.reader(korsbaek()).await;
    assert!(is_in(&town, &mut idle).await);
    town.pass(SignedDuration::from_hours(1));
    assert!(!is_in(&town, &mut idle).await);
}

#[tokio::test]
async fn a_forged_cookie_opens_nothing() {
    let town = Town::new("console-forged").await;
    let mut browser = town.reader(korsbaek()).await;
    let good = browser.cookies[COOKIE].clone();
    let flipped = format!("{}A", &good[..good.len() - 1]);
    let flipped = if flipped == good { format!("{}Q", &good[..good.len() - 1]) } else { flipped };
    for forged in ["", "x", &flipped, &format!("{good}A"), &"A".repeat(43)] {
        browser.cookies.insert(COOKIE.into(), forged.to_owned());
        assert!(!is_in(&town, &mut browser).await, "{forged}");
    }
    browser.cookies.insert(COOKIE.into(), good);
    assert!(is_in(&town, &mut browser).await);
}

#[tokio::test]
async fn no_other_site_can_press_a_button_for_a_reader() {
    let town = Town::new("console-csrf").await;
    let mut browser = town.reader(korsbaek()).await;
    let mut other = town.reader(Sees::Programme).await;
    let (leave, front) = (format!("{}/trust/sign-out", town.url), format!("{}/trust", town.url));
    let theirs = named(&other.get(&front).await);
    let ours = named(&browser.get(&front).await);
    // A browser that brings the cookie along although it must not: the form has no name, or that of another.
    for fields in [&[][..], &[("console", "1")], &[("console", theirs.as_str())]] {
        assert_eq!(browser.post(&leave, fields).await.status, 303);
        assert!(is_in(&town, &mut browser).await);
    }
    // The right name, and still the browser says where the form comes from.
    for origin in ["https://evil.example", "null"] {
        browser.headers = vec![("origin".into(), origin.into())];
        browser.post(&leave, &[("console", &ours)]).await;
        assert!(is_in(&town, &mut browser).await);
        let (link, _) = town.invite(korsbaek()).await;
        assert_eq!(browser.post(&link, &[]).await.status, 403, "nobody is signed in by another site");
    }
    browser.headers = vec![("origin".into(), town.url.clone())];
    browser.post(&leave, &[("console", &ours)]).await;
    assert!(!is_in(&town, &mut browser).await);
}

/// Maps job function roles of the municipalities to rights at our own pages.
fn with_rights(files: &mut Files) {
    let map = |role: &str, right: Right| {
        format!("[[role-mapping]]\njob-function-role = {role:?}\nuser-system-role = {:?}\n\n", right.id())
    };
    let toml = map(WORKER, Right::IdpAdministrator)
        + &map(FIXED, Right::ProgrammeLeader)
        + &map(FEDDETS, Right::ProgrammeLeader);
    files.get_mut("roles.toml").unwrap().extend(toml.into_bytes());
}

/// Signs in with the login of a municipality, as a user of these roles.
async fn sign_in(town: &Town, browser: &mut Browser, idp: &Idp, groups: &[Group<'_>]) -> Answer {
    let sent = browser.post(&format!("{}/trust/sign-in", town.url), &[]).await;
    let choice = browser.get(&format!("{}{}", town.url, sent.location())).await;
    assert!(choice.body.contains("Feddet") && choice.body.contains("Korsbæk"), "everybody may try");
    let login = sent.location().split("login=").nth(1).unwrap().split('&').next().unwrap().to_owned();
    let chosen = [("login", login.as_str()), ("choice", idp.cvr)];
    let sent = browser.post(&format!("{}/discovery", town.url), &chosen).await;
    idp.answer(town, browser, &sent.onward(), |say| {
        say.at(town.now());
        say.assertion_id = format!("_a{}", town.now().as_millisecond());
        say.rights(groups);
    })
    .await
}

#[tokio::test]
async fn a_user_signs_in_with_the_login_of_the_municipality_by_a_role_and_gets_no_token() {
    let town = Town::with("console-login", with_rights).await;
    let mut browser = town.browser();
    let own = scope("11111111");
    let entered = sign_in(&town, &mut browser, &town.korsbaek, &[(&own, WORKER, &[])]).await;
    assert_eq!(entered.location(), "/trust/authorities/11111111");
    assert!(browser.pending().is_empty() && is_in(&town, &mut browser).await);
    assert!(
        !browser.cookies.keys().any(|name| name.contains("session")),
        "no session began beyond these pages"
    );
    let log = town.log().await;
    let story: Vec<_> =
        log[1..].iter().map(|r| format!("{:?} {:?} {}", r.event, r.actor, r.reason)).collect();
    insta::assert_snapshot!(story.join("\n"), @"
    RequestReceived Unauthenticated login.begun
    QuestionSent Broker login.chosen
    AnswerReceived IdentityProvider login.ok
    ConsoleEntered Reader console.entered
    ");
    let page = browser.get(&format!("{}/trust/authorities/11111111", town.url)).await;
    assert_eq!(page.status, 200);
    assert_eq!(browser.get(&format!("{}/trust/authorities/99999999", town.url)).await.status, 403);
}

#[tokio::test]
async fn a_login_without_a_role_for_these_pages_opens_nothing() {
    let town = Town::with("console-login-without", with_rights).await;
    let (own, other) = (scope("11111111"), scope("99999999"));
    let nothing: &[Group<'_>] = &[];
    // Without a role, with one in another authority's matters, and with that of the programme from a municipality that does
    // not lead it.
    for groups in [nothing, &[(&other, WORKER, &[])], &[(&own, FIXED, &[])]] {
        let mut browser = town.browser();
        let refused = sign_in(&town, &mut browser, &town.korsbaek, groups).await;
        assert_eq!((refused.status, browser.cookies.get(COOKIE)), (400, None), "{groups:?}");
        assert_eq!(last(&town).await.reason, "console.rights");
        assert!(!is_in(&town, &mut browser).await);
        town.pass(SignedDuration::from_secs(1));
    }
    let mut leader = town.browser();
    let entered = sign_in(&town, &mut leader, &town.feddet, &[(&other, FEDDETS, &[])]).await;
    assert_eq!(entered.location(), "/trust/matrix");
    assert_eq!(leader.get(&format!("{}/trust/authorities/11111111", town.url)).await.status, 200);
}

#[tokio::test]
async fn a_user_who_is_logged_in_already_signs_in_at_once_and_leaves_no_trace_in_the_session() {
    let town = Town::with("console-login-again", with_rights).await;
    let mut browser = town.browser();
    let sent = town.bbr.send(&mut browser, &town.bbr.ask()).await;
    let own = scope("11111111");
    town.korsbaek.answer(&town, &mut browser, &sent, |say| say.rights(&[(&own, WORKER, &[])])).await;
    let entered = browser.post(&format!("{}/trust/sign-in", town.url), &[]).await;
    assert_eq!(entered.location(), "/trust/authorities/11111111");
    assert!(is_in(&town, &mut browser).await);
    let session =
        town.store.sessions_of(Cvr::new("11111111").unwrap(), None, 10).await.unwrap().pop().unwrap();
    let participants = town.store.participants(session.id).await.unwrap();
    let names: Vec<_> = participants.iter().map(|one| one.fagsystem.as_str()).collect();
    assert_eq!(names, [town.bbr.entity_id.as_str()], "a logout has nobody more to tell");
}

#[tokio::test]
async fn a_session_that_an_operator_ended_signs_nobody_in() {
    // The operator ends it beside the broker, which still has it in mind: the user's machine was stolen.
    let town = Town::with("console-login-ended", with_rights).await;
    let mut browser = town.browser();
    let sent = town.bbr.send(&mut browser, &town.bbr.ask()).await;
    let own = scope("11111111");
    town.korsbaek.answer(&town, &mut browser, &sent, |say| say.rights(&[(&own, WORKER, &[])])).await;
    let stolen = browser.cookies.clone();
    let entered = browser.post(&format!("{}/trust/sign-in", town.url), &[]).await;
    assert_eq!(entered.location(), "/trust/authorities/11111111", "as long as it is there");

    let (beside, by) = (Sqlite::open(&town.database()).unwrap(), Administrator::operator(town.now()));
    let sessions = beside.sessions_of(Cvr::new("11111111").unwrap(), None, 10).await.unwrap();
    assert_eq!(end_sessions(&beside, &sessions, &by, || LoginId::from_bits(4711)).await.unwrap().len(), 1);
    let mut thief = town.browser();
    thief.cookies = stolen;
    let sent = thief.post(&format!("{}/trust/sign-in", town.url), &[]).await;
    assert!(!is_in(&town, &mut thief).await, "{}", sent.location());
    assert!(sent.location().starts_with("/discovery"), "who is not logged in logs in: {}", sent.location());
}

#[tokio::test]
async fn whoever_came_in_by_a_provider_is_out_when_it_is_switched_off_or_speaks_for_the_authority_no_more() {
    let town = Town::with("console-login-off", with_rights).await;
    let (mut by_login, mut invited) = (town.browser(), town.reader(korsbaek()).await);
    let own = scope("11111111");
    sign_in(&town, &mut by_login, &town.korsbaek, &[(&own, WORKER, &[])]).await;
    assert!(is_in(&town, &mut by_login).await);
    let page = format!("{}/trust/authorities/11111111", town.url);
    assert_eq!(by_login.get(&page).await.status, 200);
    let before = town.store.registry().await.unwrap().files;
    let metadata = "metadata = \"korsbaek.xml\"\n";
    let federation = format!("identity-provider = {:?}\n", town.korsbaek.entity_id);
    for (line, instead) in [
        (metadata, format!("{metadata}active = false\n")),
        (&federation, format!("{federation}valid-until = \"2020-01-01T00:00:00Z\"\n")),
    ] {
        let registered = String::from_utf8(before["register.toml"].clone()).unwrap();
        assert!(registered.contains(line), "{line} in {registered}");
        let changed = registered.replacen(line, &instead, 1).into_bytes();
        town.change(|files| drop(files.insert("register.toml".into(), changed))).await;
        assert!(!is_in(&town, &mut by_login).await, "{instead}");
        assert_eq!(by_login.get(&page).await.location(), "/trust", "{instead}");
        assert!(is_in(&town, &mut invited).await, "who was invited came by nobody's login");
        town.change(|files| *files = before.clone()).await;
        assert!(is_in(&town, &mut by_login).await);
    }
}

#[tokio::test]
async fn nobody_passes_for_ourselves() {
    let town = Town::new("console-ourselves").await;
    let kept = town.store.registry().await.unwrap();
    let renamed = |to: &str| -> Files {
        let rename = |content: &Vec<u8>| String::from_utf8_lossy(content).replace(&town.bbr.entity_id, to);
        kept.files.iter().map(|(path, content)| (path.clone(), rename(content).into_bytes())).collect()
    };
    assert!(plan(&kept, &renamed("https://other.bbr.test")).is_ok());
    let complaints = plan(&kept, &renamed("urn:context-handler:itself")).unwrap_err();
    assert_eq!(complaints.len(), 1, "{complaints:?}");
    assert!(complaints[0].to_string().contains("urn:context-handler:itself"), "{complaints:?}");
    let mut ourselves = Fagsystem::bbr(&town.url);
    assert_eq!(town.browser().get(&ourselves.redirect(&ourselves.ask())).await.status, 303);
    ourselves.entity_id = "urn:context-handler:itself".into();
    let refused = town.browser().get(&ourselves.redirect(&ourselves.ask())).await;
    assert_eq!(refused.status, 400, "{}", refused.body);
}
