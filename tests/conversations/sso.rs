//! A user who is logged in goes on to the next fagsystem without logging in again, where that login is enough for it.

use context_handler::broker::{Next, Visit};
use context_handler::domain::id::{Cvr, LoginId};
use context_handler::protocol::saml::binding::{Arrived, Carries};
use context_handler::protocol::seal::Ticket;
use context_handler::store::Store;
use jiff::SignedDuration;

use crate::support::{Answer, Browser, Fagsystem, Idp, Say, Told, Town};

const SESSION: &str = "__Host-session-11111111";

/// A user's day at the browser: requests and answers get names of their own.
struct Day {
    town: Town,
    browser: Browser,
    turn: u32,
}

impl Day {
    async fn at(town: Town) -> Self {
        let browser = town.browser();
        Self { town, browser, turn: 0 }
    }

    /// A user of Korsbæk who has logged in to BBR.
    async fn in_bbr(name: &str) -> Self {
        let mut day = Self::at(Town::new(&format!("sso-{name}")).await).await;
        let bbr = day.town.bbr.clone();
        day.log_in(&bbr, |_| {}).await;
        day
    }

    async fn go(&mut self, fagsystem: &Fagsystem, attributes: &[(&'static str, &str)]) -> Answer {
        self.turn += 1;
        let mut ask = fagsystem.ask();
        ask.id = format!("_request{}", self.turn);
        ask.issue_instant = self.town.now().to_string();
        ask.attributes = attributes.iter().map(|(name, value)| (*name, (*value).to_owned())).collect();
        fagsystem.send(&mut self.browser, &ask).await
    }

    /// The identity provider's answer to the question that the user was sent with.
    async fn answer(&mut self, sent: &Answer, bend: impl FnOnce(&mut Say)) -> Answer {
        let korsbaek = self.town.korsbaek.clone();
        let (now, turn) = (self.town.now(), self.turn);
        let bend = |say: &mut Say| {
            say.at(now);
            (say.response_id, say.assertion_id) = (format!("_response{turn}"), format!("_assertion{turn}"));
            bend(say);
        };
        korsbaek.answer(&self.town, &mut self.browser, sent, bend).await
    }

    async fn log_in(&mut self, fagsystem: &Fagsystem, bend: impl FnOnce(&mut Say)) -> Told {
        let sent = self.go(fagsystem, &[]).await;
        assert!(self.asks_korsbaek(&sent), "{} {}", sent.status, sent.body);
        let answer = self.answer(&sent, bend).await;
        fagsystem.read(&answer, &self.town)
    }

    fn asks_korsbaek(&self, sent: &Answer) -> bool {
        sent.location.as_deref().is_some_and(|to| to.starts_with("https://idp.korsbaek.test/sso?"))
    }

    /// Goes to a fagsystem that must not need the identity provider.
    async fn goes_straight_in(&mut self, fagsystem: &Fagsystem) -> Told {
        let answer = self.go(fagsystem, &[]).await;
        fagsystem.read(&answer, &self.town)
    }

    async fn must_log_in_again(&mut self, fagsystem: &Fagsystem) -> Answer {
        let sent = self.go(fagsystem, &[]).await;
        assert!(self.asks_korsbaek(&sent), "{} {}", sent.status, sent.body);
        sent
    }

    fn ticket(&self) -> String {
        self.browser.cookies[SESSION].clone()
    }

    async fn noticed(&self) -> Vec<String> {
        self.town.log().await.pop().unwrap().noticed
    }
}

#[tokio::test]
async fn whoever_is_logged_in_goes_on_to_the_next_fagsystem_and_each_is_told_in_its_own_words() {
    let mut day = Day::in_bbr("next").await;
    day.town.pass(SignedDuration::from_mins(5));
    let driving = day.town.driving.clone();
    let told = day.goes_straight_in(&driving).await;
    assert_eq!(
        (told.status.as_slice(), told.in_response_to.as_str()),
        (&["Success".to_owned()][..], "_request2")
    );
    assert_eq!(told.name_id, "C=DK,O=11111111,CN=Ib Dam,Serial=5b0c");
    assert_eq!(told.class, "urn:dk:gov:saml:attribute:AssuranceLevel:3");
    assert_eq!(told.relay_state.as_deref(), Some("back to /case/7"));
    let assertion = told.assertion.unwrap();
    assert!(
        assertion.contains("AuthnInstant=\"2026-11-21T08:00:00Z\""),
        "when the user did log in: {assertion}"
    );
    let log = day.town.log().await;
    let story: Vec<_> =
        log.iter().skip(3).map(|r| format!("{:?} {:?} {}", r.event, r.actor, r.reason)).collect();
    insta::assert_snapshot!(story.join("\n"), @"
    AnswerReceived IdentityProvider login.ok
    TokenIssued Broker login.ok
    RequestReceived Fagsystem session.reused
    TokenIssued Broker session.reused
    ");
    assert!(log[4].session.is_some() && log[4].session == log[6].session, "one session ties them together");
    assert_eq!(log[6].level.as_deref(), Some("NSIS Substantial"));
}

#[tokio::test]
async fn a_fagsystem_that_wants_a_new_login_gets_one_and_what_the_browser_holds_is_new_as_well() {
    // ATK-214
    let mut day = Day::in_bbr("force").await;
    let (old, driving) = (day.ticket(), day.town.driving.clone());
    let sent = day.go(&driving, &[("ForceAuthn", "true")]).await;
    assert!(day.asks_korsbaek(&sent));
    let answer = day.answer(&sent, |_| {}).await;
    assert_eq!(driving.read(&answer, &day.town).status, ["Success"]);
    let new = day.ticket();
    let [old_id, new_id] = [&old, &new].map(|ticket| Ticket::read(ticket).unwrap().id);
    assert!(old_id != new_id && old[22..] != new[22..], "neither the name nor the secret is kept");
    let store = &day.town.store;
    let store: &dyn context_handler::store::Store = store.as_ref();
    assert_eq!(store.participants(new_id).await.unwrap().len(), 2, "BBR has gone over to the new session");
    day.browser.cookies.insert(SESSION.into(), old);
    day.must_log_in_again(&driving).await;
    day.browser.cookies.insert(SESSION.into(), new);
    day.goes_straight_in(&driving).await;
}

#[tokio::test]
async fn an_old_login_is_no_answer_where_a_new_one_is_asked_for() {
    // Whoever sits at a machine that the user left takes ForceAuthn out of our question: many providers prove no questions.
    let mut day = Day::in_bbr("force-old").await;
    let driving = day.town.driving.clone();
    day.town.pass(SignedDuration::from_mins(10));
    let old = (day.town.now() - SignedDuration::from_secs(61)).to_string();
    let ticket = day.ticket();
    let sent = day.go(&driving, &[("ForceAuthn", "true")]).await;
    let answer = day.answer(&sent, |say| say.authn_instant = Some(old.clone())).await;
    let told = driving.read(&answer, &day.town);
    assert_eq!(told.status, ["Responder", "AuthnFailed"]);
    assert!(told.assertion.is_none() && day.ticket() == ticket, "and no session begins");
    assert_eq!(day.town.last_reason().await, "force.ignored");

    let in_time = (day.town.now() - SignedDuration::from_secs(60)).to_string();
    let sent = day.go(&driving, &[("ForceAuthn", "true")]).await;
    let answer = day.answer(&sent, |say| say.authn_instant = Some(in_time)).await;
    assert_eq!(driving.read(&answer, &day.town).status, ["Success"], "clocks may differ by a minute");
    day.browser.forget_sessions();
    let told = day.log_in(&driving, |say| say.authn_instant = Some(old)).await;
    assert_eq!(told.status, ["Success"], "where no new login is asked for an old one will do");
}

#[tokio::test]
async fn a_login_that_is_not_sure_enough_is_not_used_and_no_reason_to_refuse() {
    let town = Town::with("sso-level", |files| {
        let text = String::from_utf8(files["register.toml"].clone()).unwrap();
        let text = text.replacen("required-nist = 3", "required-nist = 2", 1);
        files.insert("register.toml".into(), text.into_bytes());
    })
    .await;
    let mut day = Day::at(town).await;
    let (bbr, driving) = (day.town.bbr.clone(), day.town.driving.clone());
    let low = |say: &mut Say| {
        say.class = "https://data.gov.dk/concept/core/nsis/loa/Low".into();
        say.set("https://data.gov.dk/concept/core/nsis/loa", Some("Low"));
    };
    day.log_in(&driving, low).await;
    let sent = day.must_log_in_again(&bbr).await;
    assert_eq!(day.noticed().await, ["session.unfit"]);
    let answer = day.answer(&sent, |_| {}).await;
    assert_eq!(bbr.read(&answer, &day.town).status, ["Success"]);
    day.goes_straight_in(&bbr).await;
}

#[tokio::test]
async fn a_session_ends_by_itself_when_it_is_idle_or_old_or_the_identity_providers_is() {
    let minutes = |minutes| SignedDuration::from_mins(minutes);
    let mut day = Day::in_bbr("idle").await;
    let driving = day.town.driving.clone();
    day.town.pass(minutes(59));
    day.goes_straight_in(&driving).await;
    day.town.pass(minutes(59));
    day.goes_straight_in(&driving).await;
    day.town.pass(minutes(60));
    let sent = day.must_log_in_again(&driving).await;
    day.answer(&sent, |_| {}).await;
    for _ in 0..9 {
        day.town.pass(minutes(50));
        day.goes_straight_in(&driving).await;
    }
    day.town.pass(minutes(29));
    day.goes_straight_in(&driving).await;
    day.town.pass(minutes(1));
    let sent = day.must_log_in_again(&driving).await;
    let ends = (day.town.now() + minutes(20)).to_string();
    day.answer(&sent, |say| say.session_not_on_or_after = Some(ends)).await;
    day.town.pass(minutes(19));
    day.goes_straight_in(&driving).await;
    day.town.pass(minutes(1));
    day.must_log_in_again(&driving).await;
}

#[tokio::test]
async fn when_a_session_falls_asleep_is_written_down_once_a_minute() {
    let mut day = Day::in_bbr("once-a-minute").await;
    let driving = day.town.driving.clone();
    let korsbaek = Cvr::new("11111111").unwrap();
    let asleep = async |day: &Day| day.town.store.sessions_of(korsbaek, None, 10).await.unwrap()[0].idle;
    let begun = asleep(&day).await;
    day.town.pass(SignedDuration::from_secs(59));
    day.goes_straight_in(&driving).await;
    assert_eq!(asleep(&day).await, begun, "it is a minute at most that is lost");
    day.town.pass(SignedDuration::from_secs(1));
    day.goes_straight_in(&driving).await;
    assert_eq!(asleep(&day).await, begun + SignedDuration::from_mins(1));
    day.town.pass(SignedDuration::from_mins(59));
    day.goes_straight_in(&driving).await;
    assert_eq!(asleep(&day).await, begun + SignedDuration::from_hours(1));
}

#[tokio::test]
async fn what_the_register_says_now_decides_about_a_session_too() {
    let mut day = Day::in_bbr("register").await;
    let driving = day.town.driving.clone();
    let turn_down = |from: &'static str, to: &'static str| {
        move |files: &mut context_handler::broker::registry::Files| {
            let text = String::from_utf8(files["register.toml"].clone()).unwrap();
            assert!(text.contains(from), "{text}");
            files.insert("register.toml".into(), text.replacen(from, to, 1).into_bytes());
        }
    };
    day.goes_straight_in(&driving).await;
    let (full, less) = ("nist = 3\nnsis = \"Substantial\"", "nist = 2\nnsis = \"Low\"");
    day.town.change(turn_down(full, less)).await;
    let sent = day.must_log_in_again(&driving).await;
    assert_eq!(day.noticed().await, ["session.unfit"], "the provider is trusted less than at the login");
    let answer = day.answer(&sent, |_| {}).await;
    assert_ne!(driving.read(&answer, &day.town).status, ["Success"]);
    day.town.change(turn_down(less, full)).await;
    day.goes_straight_in(&driving).await;
    day.town.change(turn_down("name = \"Korsbæk login\"", "active = false\nname = \"Korsbæk login\"")).await;
    let answer = day.go(&driving, &[]).await;
    assert_ne!(
        answer.form().map(|_| driving.read(&answer, &day.town).status),
        Some(vec!["Success".to_owned()])
    );
}

#[tokio::test]
async fn a_session_opens_only_with_its_own_cookie() {
    let mut day = Day::in_bbr("cookie").await;
    let (driving, own) = (day.town.driving.clone(), day.ticket());
    let mut secret = Ticket::read(&own).unwrap().text().into_bytes();
    let last = secret.len() - 2;
    secret[last] = if secret[last] == b'A' { b'B' } else { b'A' };
    let bent = [
        String::from_utf8(secret).unwrap(),
        own[..own.len() - 1].to_owned(),
        format!("{own}A"),
        format!("{own}="),
        String::new(),
        "x".repeat(43),
    ];
    for ticket in bent {
        day.browser.cookies.insert(SESSION.into(), ticket);
        day.must_log_in_again(&driving).await;
    }
    day.browser.cookies.remove(SESSION);
    day.browser.cookies.insert("__Host-session-99999999".into(), own.clone());
    day.must_log_in_again(&driving).await;
    day.browser.cookies.insert(SESSION.into(), own);
    day.goes_straight_in(&driving).await;
}

#[tokio::test]
async fn a_session_survives_a_restart_of_the_broker() {
    let day = Day::in_bbr("restart").await;
    let broker = day.town.restarted().await;
    let authority = Cvr::new("11111111").unwrap();
    let ticket = Ticket::read(&day.ticket()).unwrap();
    let mut ask = day.town.driving.ask();
    ask.id = "_request9".into();
    let to = day.town.driving.redirect(&ask);
    let arrived = || Arrived::by_redirect(to.split_once('?').unwrap().1, Carries::Request);
    let visit = Visit { tickets: vec![(authority, ticket)], hint: Some(authority), ..Visit::default() };
    let stranger = broker.begin_login(&Visit { tickets: Vec::new(), ..visit.clone() }, arrived()).await;
    assert!(matches!(stranger.next, Next::Ask { .. }), "a browser without the cookie is asked");
    let step = broker.begin_login(&visit, arrived()).await;
    assert!(matches!(step.next, Next::Answer { refused: None, .. }), "{:?}", step.next);
}

#[tokio::test]
async fn of_two_municipalities_that_the_user_is_logged_in_at_the_one_that_is_asked_for_counts() {
    let mut day = Day::in_bbr("two").await;
    let feddet = Idp::feddet(&day.town.url);
    let mut ask = day.town.driving.ask();
    ask.id = "_request2".into();
    let to = day.town.driving.redirect(&ask);
    let sent = day.browser.get(&format!("{to}&authority=99999999")).await;
    let second =
        |say: &mut Say| (say.response_id, say.assertion_id) = ("_response2".into(), "_assertion2".into());
    let answer = feddet.answer(&day.town, &mut day.browser, &sent, second).await;
    assert_ne!(day.town.driving.read(&answer, &day.town).status, ["Success"], "Feddet reaches Low only");
    ask.id = "_request3".into();
    let answer = day.browser.get(&day.town.driving.redirect(&ask)).await;
    let told = day.town.driving.read(&answer, &day.town);
    assert_eq!(
        told.attribute("dk:gov:saml:attribute:CvrNumberIdentifier"),
        Some("11111111"),
        "the only session"
    );
    ask.id = "_request4".into();
    let sent = day.browser.get(&format!("{}&authority=99999999", day.town.driving.redirect(&ask))).await;
    assert!(
        sent.location().starts_with("https://idp.feddet.test/"),
        "no session at Feddet: {}",
        sent.location()
    );
}

#[tokio::test]
async fn a_request_is_answered_once_from_a_session_as_well() {
    let mut day = Day::in_bbr("once").await;
    let mut ask = day.town.driving.ask();
    ask.id = "_request2".into();
    let to = day.town.driving.redirect(&ask);
    let first = day.browser.get(&to).await;
    assert_eq!(day.town.driving.read(&first, &day.town).status, ["Success"]);
    let again = day.browser.get(&to).await;
    assert!(again.form().is_none(), "{}", again.body);
    assert_eq!(day.town.last_reason().await, "request.replay");
}

#[tokio::test]
async fn what_a_session_remembers_cannot_be_read_in_the_store() {
    let day = Day::in_bbr("sealed").await;
    let connection = rusqlite::Connection::open(day.town.database()).unwrap();
    let sealed: Vec<u8> = connection.query_row("SELECT sealed FROM session", [], |row| row.get(0)).unwrap();
    let clear = String::from_utf8_lossy(&sealed);
    assert!(!clear.contains("korsbaek") && !clear.contains("Ib Dam"), "{clear}");
    let id: Vec<u8> = connection.query_row("SELECT id FROM session", [], |row| row.get(0)).unwrap();
    let id = LoginId::from_bits(u128::from_be_bytes(id.try_into().unwrap()));
    assert_eq!(Ticket::read(&day.ticket()).unwrap().id, id);
    let whole = std::fs::read(day.town.database()).unwrap();
    let secret = &day.ticket()[22..];
    assert!(!String::from_utf8_lossy(&whole).contains(secret), "the secret is the browser's alone");
}
