//! A broker that is killed at random under load: what reached a fagsystem is in the exchange log, nothing that was used
//! can be used again, no session is lost, and the broker is back at once.
//!
//! Three times by default; `CH_KILLS=200` is the long form.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on panics")]

#[path = "../benches/load/mod.rs"]
#[expect(dead_code, reason = "shared with the benchmark, which also measures")]
mod load;

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;
use std::time::Duration;

use context_handler::domain::audit::{Event, Record};
use context_handler::domain::id::LoginId;
use context_handler::domain::reason::Reason;
use context_handler::domain::world::Random;
use context_handler::store::{AuditQuery, Sqlite, Store};
use context_handler::system::SystemRandom;

use load::broker::Home;
use load::http::Connection;
use load::login::{Delivered, Posted, Scene};
use load::parties::Parties;
use load::register::Size;
use load::rights::Rights;

/// Browsers that log in at the same time.
const BROWSERS: usize = 4;

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

#[test]
fn what_reached_a_fagsystem_is_logged_and_cannot_be_used_again_however_often_the_broker_is_killed() {
    let kills = std::env::var_os("CH_KILLS").map_or(3, |kills| kills.to_str().unwrap().parse().unwrap());
    let size = Size { authorities: 3, systems: 5, agreements: 15, rights: Rights::default(), clients: false };
    let scene = Scene { parties: Parties::new(2048).unwrap(), size };
    let home = Home::new(env!("CARGO_BIN_EXE_context-handler").as_ref(), &scene.parties, size).unwrap();
    let count = AtomicUsize::new(0);
    let (mut delivered, mut unanswered, mut slowest) = (0, 0, Duration::ZERO);
    let (mut broker, _) = home.start().unwrap();
    for kill in 0..kills {
        let stop = AtomicBool::new(false);
        let seen = thread::scope(|scope| {
            let browser = || browse(&scene, &home, &count, &stop);
            let browsers: Vec<_> = (0..BROWSERS).map(|_| scope.spawn(browser)).collect();
            thread::sleep(at_random());
            broker.kill().unwrap();
            stop.store(true, Ordering::Relaxed);
            browsers.into_iter().map(|browser| browser.join().unwrap()).collect::<Vec<_>>()
        });
        let took;
        (broker, took) = home.start().unwrap();
        assert!(took <= BACK_WITHIN, "kill {kill}: back after {took:?}");
        slowest = slowest.max(took);
        let log = Log::open(&home);
        for seen in &seen {
            delivered += seen.delivered.len();
            unanswered += seen.unanswered.len();
            every_token_is_logged(&scene, &log, &seen.delivered);
            nothing_is_taken_twice(&scene, &home, &log, seen);
            every_session_lives(&scene, &home, &seen.delivered);
        }
    }
    println!(
        "{kills} kills: {delivered} assertions reached a fagsystem, {unanswered} answers were under way"
    );
    println!("the slowest start took {slowest:?}");
    assert!(delivered > 0, "no login came through, so nothing was proved");
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
