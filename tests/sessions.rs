//! What `sessions` promises: it shows who is logged in without their names, ends what is named and nothing else, and shows
//! who has not heard of it.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on panics")]

#[expect(dead_code, reason = "shared with tests that keep a register")]
mod machine;

use context_handler::cli::Exit;
use context_handler::domain::id::{Cvr, EntityId, LoginId};
use context_handler::domain::session::{AtProvider, LegState, Participant};
use context_handler::domain::world::Clock;
use context_handler::store::{Batch, Session, SessionFacts, Store};
use context_handler::system::SystemClock;
use jiff::SignedDuration;
use machine::{Machine, Said};

const KORSBAEK: &str = "11111111";

impl Machine {
    /// One on which users are logged in.
    async fn of_users() -> Self {
        let machine = Self::new();
        for (id, authority, user) in [(1, KORSBAEK, "5b0c"), (2, KORSBAEK, "77aa"), (3, "99999999", "5b0c")] {
            machine.log_in(id, authority, user).await;
        }
        machine
    }

    async fn log_in(&self, id: u128, authority: &str, user: &str) {
        let now = SystemClock.now();
        let name = format!("C=DK,O={authority},CN=Ib Dam,Serial={user}");
        let idp = EntityId::new("https://idp.korsbaek.test/").unwrap();
        let session = Session {
            id: LoginId::from_bits(id),
            facts: SessionFacts {
                authority: Cvr::new(authority).unwrap(),
                browser: None,
                begun: now,
                municipal: AtProvider { idp, name: name.clone(), format: None, index: None },
                step_up: None,
            },
            idle: now + SignedDuration::from_hours(1),
            expires: now + SignedDuration::from_hours(8),
        };
        let participant = Participant {
            index: LoginId::from_bits(10 + id),
            session: session.id,
            login: LoginId::from_bits(20 + id),
            fagsystem: EntityId::new("https://saml.bbr.test").unwrap(),
            name,
            begun: now,
            expires: session.expires,
            revoked: false,
        };
        let session = Some((session, Vec::new()));
        let batch = Batch { session, participant: Some(participant), ..Batch::default() };
        self.store().commit(batch).await.unwrap();
    }

    async fn left(&self) -> Vec<u128> {
        let store = self.store();
        let mut left = Vec::new();
        for id in 1..=3 {
            left.extend(store.session(LoginId::from_bits(id)).await.unwrap().map(|_| id));
        }
        left
    }

    fn sessions(&self, words: &[&str]) -> Said {
        self.say(&[&["sessions"], words].concat())
    }
}

#[tokio::test]
async fn who_is_logged_in_is_shown_by_authority_without_names() {
    let machine = Machine::of_users().await;
    let (exit, out, _) = machine.sessions(&["list", "--authority", KORSBAEK]);
    assert_eq!(exit, Exit::Ok);
    assert_eq!(out.lines().count(), 2, "{out}");
    assert!(out.contains("5b0c") && out.contains("77aa") && out.contains("https://saml.bbr.test"), "{out}");
    assert!(!out.contains("Ib Dam"), "{out}");
    let listed = machine.json(&["sessions", "list", "--authority", KORSBAEK, "--user", "77aa"]);
    assert_eq!(listed.as_array().unwrap().len(), 1, "{listed}");
    assert_eq!(listed[0]["session"], "00000000000000000000000000000002");
}

#[tokio::test]
async fn what_is_named_ends_and_nothing_else() {
    let machine = Machine::of_users().await;
    let (first, of_another) = ("00000000000000000000000000000001", "00000000000000000000000000000003");
    let (exit, _, err) = machine.sessions(&["end", "--authority", KORSBAEK]);
    assert!(exit == Exit::Usage && err.contains("--all"), "{err}");
    let (exit, out, _) = machine.sessions(&["end", "--authority", KORSBAEK, first, "--dry-run"]);
    assert!(exit == Exit::Ok && out.contains("1 would be ended"), "{out}");
    assert_eq!(machine.left().await, [1, 2, 3]);
    let (exit, out, _) = machine.sessions(&["end", "--authority", KORSBAEK, of_another]);
    assert!(exit == Exit::CheckFailed && out.contains("is no session of this authority"), "{out}");
    assert_eq!(machine.left().await, [1, 2, 3]);
    assert_eq!(machine.sessions(&["end", "--authority", KORSBAEK, first]).0, Exit::Ok);
    assert_eq!(machine.left().await, [2, 3]);
    assert_eq!(machine.sessions(&["end", "--authority", KORSBAEK, "--user", "77aa"]).0, Exit::Ok);
    assert_eq!(machine.left().await, [3]);
    let (exit, out, _) = machine.sessions(&["end", "--authority", "99999999", "--all"]);
    assert!(exit == Exit::Ok && out.contains("1 ended"), "{out}");
    assert!(machine.left().await.is_empty());
}

#[tokio::test]
async fn who_has_not_heard_of_a_logout_is_shown_and_is_due_at_once() {
    let machine = Machine::of_users().await;
    machine.sessions(&["end", "--authority", KORSBAEK, "--all"]);
    let due = machine.store().due_legs(SystemClock.now(), 10).await.unwrap();
    assert_eq!(due.len(), 4, "a fagsystem and an identity provider for each of two");
    assert!(due.iter().all(|change| change.leg.state == LegState::Waiting));
    let (exit, out, _) = machine.sessions(&["logouts", "--authority", KORSBAEK, "--open"]);
    assert_eq!((exit, out.lines().count()), (Exit::Ok, 4), "{out}");
    assert!(out.contains("waiting") && out.contains("https://saml.bbr.test"), "{out}");
    let (_, out, _) = machine.sessions(&["logouts", "--authority", "99999999"]);
    assert_eq!(out, "none\n");
    let listed = machine.json(&["sessions", "logouts", "--authority", KORSBAEK]);
    assert_eq!((&listed[0]["by"], &listed[0]["complete"]), (&"administrator".into(), &false.into()));
    assert!(!listed.to_string().contains("Ib Dam"), "{listed}");
}
