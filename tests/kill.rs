//! A broker that is killed at random under load: what reached a fagsystem is in the exchange log, nothing that was used
//! can be used again, no session is lost, nobody is half logged out unseen, and the broker is back at once.
//!
//! Three times by default; `CH_KILLS=200` is the long form.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on panics")]

#[path = "../benches/load/mod.rs"]
#[expect(dead_code, reason = "shared with the benchmark, which also measures")]
mod load;

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use context_handler::domain::audit::{Event, Record};
use context_handler::domain::id::LoginId;
use context_handler::domain::reason::Reason;
use context_handler::domain::world::Random;
use context_handler::store::{AuditQuery, Sqlite, Store};
use context_handler::system::SystemRandom;

use load::broker::Home;
use load::http::Connection;
use load::login::{Delivered, Posted, Scene};
use load::logout::Many;
use load::oidc::{Code, Tokens};
use load::parties::Parties;
use load::register::Size;
use load::rights::Rights;

/// Browsers that log in at the same time.
const BROWSERS: usize = 4;

/// Browsers beside them that log in to clients of OpenID Connect.
const CLIENTS: usize = 2;

/// How long the broker may take to be back.
const BACK_WITHIN: Duration = Duration::from_secs(2);

/// What a run of load saw until the broker was killed.
#[derive(Default)]
struct Seen {
    /// What reached a fagsystem.
    delivered: Vec<Delivered>,
    /// What was posted and never answered.
    unanswered: Vec<Posted>,
}

/// What clients saw of it.
#[derive(Default)]
struct SeenByClients {
    /// The newest tokens of a login, and those that were exchanged for them.
    delivered: Vec<(Tokens, Tokens)>,
    /// Codes and tokens that were handed in and never answered.
    unanswered: (Vec<Code>, Vec<Tokens>),
}

#[test]
fn what_reached_a_fagsystem_is_logged_and_cannot_be_used_again_however_often_the_broker_is_killed() {
    let kills = std::env::var_os("CH_KILLS").map_or(3, |kills| kills.to_str().unwrap().parse().unwrap());
    let size = Size {
        authorities: 3,
        systems: 5,
        agreements: 15,
        rights: Rights::default(),
        clients: Some(load::logout::ears().unwrap()),
    };
    let scene = Scene { parties: Parties::new(2048, None).unwrap(), size };
    let home = Home::new(env!("CARGO_BIN_EXE_context-handler").as_ref(), &scene.parties, size).unwrap();
    let count = AtomicUsize::new(0);
    let (mut delivered, mut unanswered, mut slowest) = (0, 0, Duration::ZERO);
    let (mut exchanged, mut over) = (0, 0);
    let (mut broker, _) = home.start().unwrap();
    for kill in 0..kills {
        let stop = AtomicBool::new(false);
        let (seen, seen_by_clients, sessions) = thread::scope(|scope| {
            let browser = || browse(&scene, &home, &count, &stop);
            let browsers: Vec<_> = (0..BROWSERS).map(|_| scope.spawn(browser)).collect();
            let client = || exchange(&scene, &home, &count, &stop);
            let clients: Vec<_> = (0..CLIENTS).map(|_| scope.spawn(client)).collect();
            let leaving = scope.spawn(|| leave(&scene, &home, &stop));
            thread::sleep(at_random());
            broker.kill().unwrap();
            stop.store(true, Ordering::Relaxed);
            let clients = clients.into_iter().map(|client| client.join().unwrap()).collect::<Vec<_>>();
            let browsers = browsers.into_iter().map(|browser| browser.join().unwrap()).collect::<Vec<_>>();
            (browsers, clients, leaving.join().unwrap())
        });
        let took;
        (broker, took) = home.start().unwrap();
        assert!(took <= BACK_WITHIN, "kill {kill}: back after {took:?}");
        slowest = slowest.max(took);
        let log = Log::open(&home);
        over += nobody_is_half_logged_out(&log, &sessions);
        for seen in seen_by_clients {
            exchanged += every_exchange_is_kept(&scene, &home, &log, seen);
        }
        for seen in &seen {
            delivered += seen.delivered.len();
            unanswered += seen.unanswered.len();
            every_token_is_logged(&scene, &log, &seen.delivered);
            nothing_is_taken_twice(&scene, &home, &log, seen);
            every_session_lives(&scene, &home, &seen.delivered);
        }
    }
    println!("{exchanged} codes and refresh tokens were exchanged, {over} sessions were over");
    assert!(over > 0 || kills < 20, "no session ended, so nothing was proved");
    assert!(exchanged > 0, "no code was exchanged, so nothing was proved");
    println!(
        "{kills} kills: {delivered} assertions reached a fagsystem, {unanswered} answers were under way"
    );
    println!("the slowest start took {slowest:?}");
    assert!(delivered > 0, "no login came through, so nothing was proved");
}

/// Logs in to clients, and exchanges what that brings, until the broker is gone.
fn exchange(scene: &Scene, home: &Home, count: &AtomicUsize, stop: &AtomicBool) -> SeenByClients {
    let mut seen = SeenByClients::default();
    let Ok(mut connection) = Connection::open(home.address) else { return seen };
    while !stop.load(Ordering::Relaxed) {
        let pair = scene.size.pair(count.fetch_add(1, Ordering::Relaxed));
        let Ok((code, _)) = scene.code_by_oidc(&mut connection, pair) else { break };
        let Ok(first) = scene.redeem(&mut connection, &code) else {
            seen.unanswered.0.push(code);
            break;
        };
        let mut next = first.clone();
        if scene.refresh(&mut connection, &mut next).is_err() {
            seen.unanswered.1.push(first);
            break;
        }
        seen.delivered.push((next, first));
    }
    seen
}

/// Ends sessions with participants who never answer, so that the broker is killed in the middle of it.
fn leave(scene: &Scene, home: &Home, stop: &AtomicBool) -> Vec<Many> {
    let mut sessions = Vec::new();
    let Ok(mut connection) = Connection::open(home.address) else { return sessions };
    while !stop.load(Ordering::Relaxed) {
        let Ok(many) = scene.take_part(&mut connection) else { break };
        let ended = scene.log_out(&mut connection, &many);
        sessions.push(many);
        if ended.is_err() {
            break;
        }
    }
    sessions
}

/// A session is there with everybody in it, or over; then everybody has heard of it, will be told again, or is known not to
/// have heard.
fn nobody_is_half_logged_out(log: &Log, sessions: &[Many]) -> usize {
    let mut over = 0;
    for many in sessions {
        if log.runtime.block_on(log.store.session(many.session)).unwrap().is_some() {
            let participants = log.runtime.block_on(log.store.participants(many.session)).unwrap();
            assert_eq!(participants.len(), many.participants);
            continue;
        }
        let logouts = log.runtime.block_on(log.store.logouts(None, false, u32::MAX)).unwrap();
        let logout = logouts.iter().find(|logout| logout.session == many.session).unwrap();
        // The fagsystem that asked need not be told; the identity provider must be.
        assert_eq!(logout.legs.len(), many.participants, "{logout:?}");
        for leg in &logout.legs {
            assert!(leg.state.is_settled() || leg.next.is_some(), "nobody tells {leg:?}");
        }
        over += 1;
    }
    over
}

/// Every token that a client has stands in the log; the newest are good, and what was exchanged is not.
fn every_exchange_is_kept(scene: &Scene, home: &Home, log: &Log, seen: SeenByClients) -> usize {
    let mut connection = Connection::open(home.address).unwrap();
    let is_logged = |tokens: &Tokens| {
        let message = Some(name_of(&tokens.access));
        let found = log.search(AuditQuery { message, ..AuditQuery::default() });
        let issued = found.iter().filter(|record| record.event == Event::TokenIssued && record.allowed);
        assert_eq!(issued.count(), 1, "{found:?}");
    };
    let exchanged = 2 * seen.delivered.len();
    for (mut newest, mut old) in seen.delivered {
        is_logged(&newest);
        is_logged(&old);
        assert!(scene.refresh(&mut connection, &mut newest).is_ok(), "a refresh token was lost");
        assert!(scene.refresh(&mut connection, &mut old).is_err(), "a refresh token was taken twice");
        assert!(
            scene.refresh(&mut connection, &mut newest).is_err(),
            "it came twice and nothing was revoked"
        );
    }
    let (codes, tokens) = seen.unanswered;
    for code in codes {
        let taken = (0..2).filter(|_| scene.redeem(&mut connection, &code).is_ok()).count();
        assert!(taken <= 1, "a code was taken twice");
    }
    for tokens in tokens {
        is_logged(&tokens);
        let taken = (0..2).filter(|_| scene.refresh(&mut connection, &mut tokens.clone()).is_ok()).count();
        assert!(taken <= 1, "a refresh token was taken twice");
    }
    exchanged
}

/// The `jti` of an access token.
fn name_of(access_token: &str) -> String {
    let claims = URL_SAFE_NO_PAD.decode(access_token.split('.').nth(1).unwrap()).unwrap();
    let claims: serde_json::Value = serde_json::from_slice(&claims).unwrap();
    claims["jti"].as_str().unwrap().to_owned()
}

/// Logs in until the broker is gone.
fn browse(scene: &Scene, home: &Home, count: &AtomicUsize, stop: &AtomicBool) -> Seen {
    let mut seen = Seen::default();
    let Ok(mut connection) = Connection::open(home.address) else { return seen };
    while !stop.load(Ordering::Relaxed) {
        let Ok((posted, _)) =
            scene.ask(&mut connection, scene.size.pair(count.fetch_add(1, Ordering::Relaxed)))
        else {
            break;
        };
        match scene.post(&mut connection, posted.clone()) {
            Ok(delivered) => seen.delivered.push(delivered),
            Err(_) => {
                seen.unanswered.push(posted);
                break;
            }
        }
    }
    seen
}

/// The exchange log, as an operator reads it beside the running broker.
struct Log {
    store: Sqlite,
    runtime: tokio::runtime::Runtime,
}

impl Log {
    fn open(home: &Home) -> Self {
        let store = Sqlite::open(&home.store()).unwrap();
        Self { store, runtime: tokio::runtime::Runtime::new().unwrap() }
    }

    fn search(&self, query: AuditQuery) -> Vec<Record> {
        let found =
            self.runtime.block_on(self.store.search_audit(AuditQuery { limit: 10, ..query })).unwrap();
        found.into_iter().map(|logged| logged.record).collect()
    }
}

fn every_token_is_logged(scene: &Scene, log: &Log, delivered: &[Delivered]) {
    for delivered in delivered {
        let (_, message) = scene.read(delivered).unwrap();
        let found = log.search(AuditQuery { message: Some(message.clone()), ..AuditQuery::default() });
        let issued: Vec<_> = found.iter().filter(|record| record.event == Event::TokenIssued).collect();
        assert!(issued.len() == 1 && issued[0].allowed, "{message} was issued; the log has {found:?}");
    }
}

/// What was accepted is refused. What may have been accepted is accepted once at most, and somebody new can log in.
fn nothing_is_taken_twice(scene: &Scene, home: &Home, log: &Log, seen: &Seen) {
    let mut connection = Connection::open(home.address).unwrap();
    for delivered in &seen.delivered {
        assert!(scene.post(&mut connection, delivered.posted.clone()).is_err(), "a replay was accepted");
        let found = log.search(AuditQuery { login: at_broker(&delivered.posted), ..AuditQuery::default() });
        assert_eq!(found[0].reason, Reason::Replay.code(), "{found:?}");
    }
    for posted in &seen.unanswered {
        let accepted = (0..2).filter(|_| scene.post(&mut connection, posted.clone()).is_ok()).count();
        assert!(accepted <= 1, "an answer was accepted twice");
    }
    let (posted, _) = scene.ask(&mut connection, (0, 0)).unwrap();
    assert!(scene.post(&mut connection, posted).is_ok());
}

/// Whoever was told that a user is logged in finds the session again.
fn every_session_lives(scene: &Scene, home: &Home, delivered: &[Delivered]) {
    let mut connection = Connection::open(home.address).unwrap();
    for delivered in delivered {
        let again = scene.again(&mut connection, delivered);
        assert!(again.is_ok(), "a session was lost: {:?}", again.err());
    }
}

/// The login at the broker, which the answer names in RelayState.
fn at_broker(posted: &Posted) -> Option<LoginId> {
    LoginId::new(posted.form.rsplit_once("RelayState=")?.1).ok()
}

/// From the first login of a run to some hundreds later.
fn at_random() -> Duration {
    let dice: &dyn Random = &SystemRandom;
    let milliseconds = u64::try_from(dice.bits() % 900).unwrap_or_default();
    Duration::from_millis(100 + milliseconds)
}
