//! The contract of every store: the same promises, whatever database keeps them.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on panics")]

use std::collections::BTreeMap;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;

use context_handler::domain::assurance::{Nist, Nsis};
use context_handler::domain::audit::{Actor, Event, Record};
use context_handler::domain::console::Sees;
use context_handler::domain::id::{Cvr, EntityId, LoginId, MessageId};
use context_handler::domain::reason::Reason;
use context_handler::domain::session::{AtProvider, Leg, LegState, Logout, LogoutBy, Participant, Party};
use context_handler::domain::trust::{Adoption, Fetched, Use};
use context_handler::domain::user::{Draft, HeldRole, User};
use context_handler::store::{
    AuditQuery, Batch, Begun, ConsoleSession, ConsoleStep, Ending, FreshMetadata, HalfDone, Invitation, Kind,
    LegChange, Mark, Session, SessionFacts, Sqlite, Store, StoreError, UserChange, UserQuery, Voucher,
    Within,
};
use jiff::Timestamp;

struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("ch-store-{name}-{}", std::process::id()));
        drop(std::fs::remove_dir_all(&path));
        std::fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    fn open(&self) -> Sqlite {
        Sqlite::open(&self.0.join("broker.db")).unwrap()
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        drop(std::fs::remove_dir_all(&self.0));
    }
}

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(1_800_000_000 + second).unwrap()
}

fn mark(kind: Kind, id: &str) -> Mark {
    Mark { kind, issuer: "https://idp.test/".into(), id: id.into(), made: at(0), expires: at(600) }
}

fn record(login: u128, message: &str) -> Record {
    let mut record = Record::allowed(
        at(login as i64),
        LoginId::from_bits(login),
        Event::AnswerReceived,
        Actor::IdentityProvider,
        Reason::LoginOk,
    );
    record.message = Some(message.into());
    record
}

fn session(id: u128) -> Session {
    Session {
        id: LoginId::from_bits(id),
        facts: SessionFacts {
            authority: Cvr::new("11111111").unwrap(),
            browser: Some(LoginId::from_bits(77)),
            begun: at(0),
            municipal: AtProvider {
                idp: EntityId::new("https://idp.test/").unwrap(),
                name: NAME.into(),
                format: None,
                index: Some("_theirs".into()),
            },
            step_up: None,
        },
        idle: at(60),
        expires: at(600),
    }
}

fn begins(id: u128) -> Option<(Session, Vec<u8>)> {
    Some((session(id), vec![1, 2, 3]))
}

const NAME: &str = "C=DK,O=11111111,CN=Ib,Serial=1";

fn participant(index: u128, session: u128) -> Participant {
    Participant {
        index: LoginId::from_bits(index),
        session: LoginId::from_bits(session),
        login: LoginId::from_bits(1),
        fagsystem: EntityId::new(&format!("https://sp{}.test/", index % 2)).unwrap(),
        name: NAME.into(),
        begun: at(0),
        expires: at(600),
        revoked: false,
    }
}

fn all() -> AuditQuery {
    AuditQuery { limit: 1000, ..AuditQuery::default() }
}

#[tokio::test]
async fn a_mark_is_used_once_and_a_refused_batch_leaves_nothing() {
    let folder = Folder::new("once");
    let store = folder.open();
    let batch = |login| Batch {
        uses: vec![mark(Kind::Assertion, "_a")],
        records: vec![record(login, "_m")],
        ..Batch::default()
    };
    store.commit(batch(1)).await.unwrap();
    assert_eq!(store.commit(batch(2)).await, Err(StoreError::Used(Kind::Assertion)));
    assert_eq!(store.search_audit(all()).await.unwrap().len(), 1);
}

#[tokio::test]
async fn kinds_of_marks_do_not_mix() {
    let folder = Folder::new("kinds");
    let store = folder.open();
    for kind in [Kind::Assertion, Kind::Request, Kind::Question] {
        store.commit(Batch { uses: vec![mark(kind, "_same")], ..Batch::default() }).await.unwrap();
    }
}

#[tokio::test]
async fn a_batch_may_demand_that_a_mark_is_unused_without_using_it() {
    let folder = Folder::new("unused");
    let store = folder.open();
    let asks = || Batch { unused: vec![mark(Kind::Request, "_r")], ..Batch::default() };
    store.commit(asks()).await.unwrap();
    store.commit(asks()).await.unwrap();
    store.commit(Batch { uses: vec![mark(Kind::Request, "_r")], ..Batch::default() }).await.unwrap();
    assert_eq!(store.commit(asks()).await, Err(StoreError::Used(Kind::Request)));
}

#[tokio::test]
async fn of_many_that_use_the_same_mark_at_once_one_wins() {
    let folder = Folder::new("race");
    let store = std::sync::Arc::new(folder.open());
    let racers: Vec<_> = (0..50)
        .map(|_| {
            let store = store.clone();
            tokio::spawn(async move {
                store.commit(Batch { uses: vec![mark(Kind::Assertion, "_a")], ..Batch::default() }).await
            })
        })
        .collect();
    let mut winners = 0;
    for racer in racers {
        winners += usize::from(racer.await.unwrap().is_ok());
    }
    assert_eq!(winners, 1);
}

#[tokio::test]
async fn what_was_kept_is_there_after_a_restart() {
    let folder = Folder::new("restart");
    let batch = Batch {
        uses: vec![mark(Kind::Assertion, "_a")],
        session: begins(9),
        participant: Some(participant(10, 9)),
        records: vec![record(1, "_m")],
        ..Batch::default()
    };
    folder.open().commit(batch.clone()).await.unwrap();
    let store = folder.open();
    assert_eq!(store.commit(batch).await, Err(StoreError::Used(Kind::Assertion)));
    assert_eq!(store.search_audit(all()).await.unwrap()[0].record, record(1, "_m"));
    assert_eq!(store.session(LoginId::from_bits(9)).await, Ok(Some(session(9))));
    assert_eq!(store.remembered(LoginId::from_bits(9)).await, Ok(Some(vec![1, 2, 3])));
    assert_eq!(store.participants(LoginId::from_bits(9)).await, Ok(vec![participant(10, 9)]));
}

#[tokio::test]
async fn nobody_but_the_owner_reads_the_files_of_the_store() {
    let folder = Folder::new("owner");
    let store = folder.open();
    store.commit(Batch { uses: vec![mark(Kind::Assertion, "_1")], ..Batch::default() }).await.unwrap();
    let files: Vec<_> = std::fs::read_dir(&folder.0).unwrap().map(Result::unwrap).collect();
    assert!(files.len() > 1, "the file and what SQLite keeps beside it: {files:?}");
    for file in files {
        assert_eq!(file.metadata().unwrap().permissions().mode() & 0o777, 0o600, "{file:?}");
    }
}

#[tokio::test]
async fn expired_marks_are_forgotten_and_living_ones_are_not() {
    let folder = Folder::new("purge");
    let store = folder.open();
    let uses = || Batch { uses: vec![mark(Kind::Assertion, "_a")], ..Batch::default() };
    store.commit(uses()).await.unwrap();
    store.purge(at(599)).await.unwrap();
    assert!(store.commit(uses()).await.is_err());
    store.purge(at(601)).await.unwrap();
    store.commit(uses()).await.unwrap();
}

#[tokio::test]
async fn one_clean_up_forgets_all_that_has_expired_however_much_it_is() {
    let folder = Folder::new("purge-many");
    let store = folder.open();
    let uses = || (0..1_700).map(|n| mark(Kind::Question, &format!("_q{n}"))).collect();
    store.commit(Batch { uses: uses(), ..Batch::default() }).await.unwrap();
    store.purge(at(601)).await.unwrap();
    store.commit(Batch { unused: uses(), ..Batch::default() }).await.unwrap();
}

fn half_done(question: &str) -> HalfDone {
    HalfDone { question: MessageId::new(question).unwrap(), content: "sealed".into(), expires: at(600) }
}

fn keeps(question: &str) -> Batch {
    Batch { keeps: Some(half_done(question)), ..Batch::default() }
}

fn takes(question: &str) -> Batch {
    let takes = Some(half_done(question).question);
    Batch { takes, records: vec![record(1, "_m")], ..Batch::default() }
}

#[tokio::test]
async fn a_half_done_login_waits_over_a_restart_and_is_taken_once() {
    let folder = Folder::new("half-done");
    folder.open().commit(keeps("_q")).await.unwrap();
    let store = folder.open();
    let found = async |question: &str, second| {
        store.half_done(&MessageId::new(question).unwrap(), at(second)).await.unwrap()
    };
    assert_eq!(found("_q", 600).await, Some(half_done("_q")));
    assert_eq!(found("_q", 600).await, Some(half_done("_q")), "to look is not to take");
    assert_eq!(found("_other", 0).await, None);
    assert_eq!(found("_q", 601).await, None, "it has expired");
    store.commit(takes("_q")).await.unwrap();
    assert_eq!(found("_q", 0).await, None);
    assert_eq!(store.commit(takes("_q")).await, Err(StoreError::Taken));
    assert_eq!(store.commit(takes("_other")).await, Err(StoreError::Taken));
    assert_eq!(store.search_audit(all()).await.unwrap().len(), 1, "a refused batch leaves nothing");
}

#[tokio::test]
async fn a_batch_that_is_refused_neither_keeps_nor_takes_a_half_done_login() {
    let folder = Folder::new("half-refused");
    let store = folder.open();
    let used = || Batch { uses: vec![mark(Kind::Question, "_q")], ..Batch::default() };
    store.commit(used()).await.unwrap();
    store.commit(keeps("_taken")).await.unwrap();
    for batch in [keeps("_kept"), takes("_taken")] {
        let refused = store.commit(Batch { uses: used().uses, ..batch }).await;
        assert_eq!(refused, Err(StoreError::Used(Kind::Question)));
    }
    assert_eq!(store.half_done(&half_done("_kept").question, at(0)).await, Ok(None));
    assert_eq!(store.half_done(&half_done("_taken").question, at(0)).await, Ok(Some(half_done("_taken"))));
}

#[tokio::test]
async fn of_many_that_take_a_half_done_login_at_once_one_gets_it() {
    let folder = Folder::new("half-race");
    let store = std::sync::Arc::new(folder.open());
    store.commit(keeps("_q")).await.unwrap();
    let racers: Vec<_> = (0..50)
        .map(|_| {
            let store = store.clone();
            tokio::spawn(async move { store.commit(takes("_q")).await })
        })
        .collect();
    let mut winners = 0;
    for racer in racers {
        winners += usize::from(racer.await.unwrap().is_ok());
    }
    assert_eq!(winners, 1);
}

#[tokio::test]
async fn half_done_logins_that_nobody_comes_for_are_forgotten() {
    let folder = Folder::new("half-purge");
    let store = folder.open();
    store.commit(keeps("_q")).await.unwrap();
    store.purge(at(600)).await.unwrap();
    assert!(store.half_done(&half_done("_q").question, at(0)).await.unwrap().is_some());
    store.purge(at(601)).await.unwrap();
    assert_eq!(store.half_done(&half_done("_q").question, at(0)).await, Ok(None));
}

#[tokio::test]
async fn the_exchange_log_is_searched_by_login_case_message_text_and_time() {
    let folder = Folder::new("search");
    let store = folder.open();
    let records = (1..=5).map(|n| record(n, &format!("_m{n}"))).collect();
    store.commit(Batch { records, ..Batch::default() }).await.unwrap();
    let found = async |query| -> Vec<u64> {
        store.search_audit(query).await.unwrap().iter().map(|logged| logged.seq).collect()
    };
    assert_eq!(found(all()).await, [5, 4, 3, 2, 1]);
    assert_eq!(found(AuditQuery { login: Some(LoginId::from_bits(2)), ..all() }).await, [2]);
    assert_eq!(found(AuditQuery { case: Some(LoginId::from_bits(3).case_number()), ..all() }).await, [3]);
    assert_eq!(found(AuditQuery { message: Some("_m4".into()), ..all() }).await, [4]);
    let texts = |texts: &[&str]| -> Vec<String> { texts.iter().copied().map(str::to_owned).collect() };
    assert_eq!(found(AuditQuery { texts: texts(&["\"_m5\""]), ..all() }).await, [5]);
    assert_eq!(found(AuditQuery { texts: texts(&["login.ok", "\"_m5\""]), ..all() }).await, [5]);
    assert!(found(AuditQuery { texts: texts(&["replay", "\"_m5\""]), ..all() }).await.is_empty());
    assert_eq!(found(AuditQuery { since: Some(at(2)), until: Some(at(4)), ..all() }).await, [3, 2]);
    assert_eq!(found(AuditQuery { limit: 2, ..all() }).await, [5, 4]);
}

#[tokio::test]
async fn the_exchange_log_is_searched_by_the_fagsystem_and_by_who_claimed_to_be_it() {
    let folder = Folder::new("search-fagsystem");
    let store = folder.open();
    let named = |name: &str| EntityId::new(name).ok();
    let of = |n, fagsystem, claimed: Option<&str>| Record {
        fagsystem,
        claimed_issuer: claimed.map(str::to_owned),
        ..record(n, &format!("_m{n}"))
    };
    let records = vec![
        of(1, named("https://a"), None),
        of(2, named("https://a"), Some("https://idp")),
        of(3, None, Some("https://a")),
        of(4, named("https://b"), Some("https://a")),
        of(5, None, None),
    ];
    store.commit(Batch { records, ..Batch::default() }).await.unwrap();
    for (name, expected) in [("https://a", vec![3, 2, 1]), ("https://b", vec![4]), ("https://c", vec![])] {
        let found = store.search_audit(AuditQuery { fagsystem: named(name), ..all() }).await.unwrap();
        assert_eq!(found.iter().map(|logged| logged.seq).collect::<Vec<u64>>(), expected, "{name}");
    }
}

#[tokio::test]
async fn the_register_is_replaced_whole_and_only_from_the_version_that_was_read() {
    let folder = Folder::new("registry");
    let store = folder.open();
    let files = |text: &str| BTreeMap::from([("a/b.toml".to_owned(), text.as_bytes().to_vec())]);
    store.replace_registry(0, files("one"), vec![], record(1, "_m")).await.unwrap();
    let refused = store.replace_registry(0, files("two"), vec![], record(2, "_m")).await;
    assert_eq!(refused, Err(StoreError::Conflict { expected: 0, found: 1 }));
    let kept = store.registry().await.unwrap();
    assert_eq!((kept.version, kept.files), (1, files("one")));
    assert_eq!(store.search_audit(all()).await.unwrap().len(), 1);
}

#[tokio::test]
async fn another_process_sees_a_change_of_the_register() {
    let folder = Folder::new("two");
    let (running, applying) = (folder.open(), folder.open());
    assert_eq!(running.registry_version().await.unwrap(), 0);
    applying.replace_registry(0, BTreeMap::new(), vec![], record(1, "_m")).await.unwrap();
    assert_eq!(running.registry_version().await.unwrap(), 1);
}

#[tokio::test]
async fn fetched_metadata_raises_the_version_and_the_last_good_is_kept() {
    let folder = Folder::new("fetched");
    let store = folder.open();
    let idp = EntityId::new("https://idp.test/").unwrap();
    let fetched = |content: &[u8], second| {
        vec![FreshMetadata { party: idp.clone(), content: content.to_vec(), record: record(second, "_m") }]
    };
    store.keep_metadata(0, fetched(b"old", 1)).await.unwrap();
    store.keep_metadata(1, fetched(b"new", 2)).await.unwrap();
    let late = store.keep_metadata(1, fetched(b"late", 3)).await;
    assert_eq!(late, Err(StoreError::Conflict { expected: 1, found: 2 }));
    let kept = store.registry().await.unwrap();
    assert_eq!(kept.version, 2);
    assert_eq!(kept.fetched[idp.as_str()], b"new");
    assert_eq!(store.search_audit(all()).await.unwrap().len(), 2, "every change is written down");
    store.replace_registry(2, BTreeMap::new(), vec![idp], record(4, "_m")).await.unwrap();
    assert!(store.registry().await.unwrap().fetched.is_empty(), "forgotten when it is told to");
}

#[tokio::test]
async fn sealing_keys_rotate_and_old_ones_are_forgotten() {
    let folder = Folder::new("seal");
    let store = folder.open();
    store.rotate_seal_key([1; 32], at(0), at(-100)).await.unwrap();
    store.rotate_seal_key([2; 32], at(50), at(-50)).await.unwrap();
    let keys = store.seal_keys().await.unwrap();
    assert_eq!(keys.iter().map(|key| key.secret[0]).collect::<Vec<_>>(), [2, 1]);
    store.rotate_seal_key([3; 32], at(200), at(50)).await.unwrap();
    assert_eq!(store.seal_keys().await.unwrap().len(), 2);
}

#[tokio::test]
async fn a_locked_database_refuses_and_recovers_by_itself() {
    let folder = Folder::new("locked");
    let store = folder.open();
    let lock = rusqlite::Connection::open(folder.0.join("broker.db")).unwrap();
    lock.execute_batch("BEGIN IMMEDIATE").unwrap();
    let batch = || Batch { records: vec![record(1, "_m")], ..Batch::default() };
    assert!(matches!(store.commit(batch()).await, Err(StoreError::Down(_))));
    lock.execute_batch("ROLLBACK").unwrap();
    store.commit(batch()).await.unwrap();
    assert_eq!(store.search_audit(all()).await.unwrap().len(), 1);
}

fn user(authority: &str, id: &str, role: &str, second: i64) -> User {
    let role = HeldRole { role: role.into(), ..HeldRole::default() };
    let claims = BTreeMap::from([("urn:oid:2.5.4.12".to_owned(), vec!["Byggesagsbehandler".to_owned()])]);
    let draft = Draft { id: id.into(), roles: vec![role], claims };
    draft.check(Cvr::new(authority).unwrap(), at(second)).unwrap()
}

fn changed(second: u128) -> Record {
    Record { event: Event::UsersChanged, message: None, ..record(second, "") }
}

const BYG: &str = "http://korsbaek.dk/roles/jobrole/byg/1";
const SKAT: &str = "http://korsbaek.dk/roles/jobrole/skat/1";

#[tokio::test]
async fn users_of_one_authority_are_put_found_and_deleted_and_every_change_is_written_down() {
    let folder = Folder::new("users");
    let store = folder.open();
    let (korsbaek, feddet) = (Cvr::new("11111111").unwrap(), Cvr::new("99999999").unwrap());
    let users = vec![user("11111111", "b", BYG, 1), user("11111111", "a", SKAT, 2)];
    store.change_users(korsbaek, UserChange::Put(users), changed(1)).await.unwrap();
    store
        .change_users(feddet, UserChange::Put(vec![user("99999999", "a", BYG, 3)]), changed(2))
        .await
        .unwrap();
    let found = async |query| -> Vec<String> {
        store.users(query).await.unwrap().into_iter().map(|user| user.id).collect()
    };
    let all = || UserQuery::all(korsbaek);
    assert_eq!(found(all()).await, ["a", "b"]);
    assert_eq!(found(UserQuery { role: Some(BYG.into()), ..all() }).await, ["b"]);
    assert_eq!(found(UserQuery { id: Some("a".into()), ..all() }).await, ["a"]);
    assert_eq!(found(UserQuery { modified_since: Some(at(2)), ..all() }).await, ["a"]);
    assert_eq!(found(UserQuery { offset: 1, limit: 1, ..all() }).await, ["b"]);
    assert_eq!(found(UserQuery { without: vec!["a".into()], limit: 1, ..all() }).await, ["b"]);
    assert_eq!(store.user(korsbaek, "a".into()).await.unwrap(), Some(user("11111111", "a", SKAT, 2)));
    store
        .change_users(korsbaek, UserChange::Put(vec![user("11111111", "a", BYG, 4)]), changed(3))
        .await
        .unwrap();
    assert_eq!(store.user(korsbaek, "a".into()).await.unwrap(), Some(user("11111111", "a", BYG, 4)));
    store.change_users(korsbaek, UserChange::Delete("a".into()), changed(4)).await.unwrap();
    assert_eq!(found(all()).await, ["b"]);
    assert_eq!(found(UserQuery::all(feddet)).await, ["a"], "of another authority");
    let log = store.search_audit(AuditQuery { limit: 1000, ..AuditQuery::default() }).await.unwrap();
    assert_eq!(log.len(), 4);
}

#[tokio::test]
async fn a_user_is_changed_over_what_was_seen_and_over_nothing_else() {
    let folder = Folder::new("users-over");
    let store = folder.open();
    let korsbaek = Cvr::new("11111111").unwrap();
    let (old, new) = (user("11111111", "a", BYG, 1), user("11111111", "a", SKAT, 2));
    let over = |seen: Option<&User>, then: Option<&User>| {
        let change = UserChange::Over { id: "a".into(), seen: seen.cloned(), then: then.cloned() };
        store.change_users(korsbaek, change, changed(1))
    };
    let kept = async || store.user(korsbaek, "a".into()).await.unwrap();
    assert_eq!(over(Some(&old), Some(&new)).await, Err(StoreError::Changed), "there was none");
    over(None, Some(&old)).await.unwrap();
    assert_eq!(over(None, Some(&new)).await, Err(StoreError::Changed), "there is one");
    assert_eq!(over(Some(&new), None).await, Err(StoreError::Changed), "it is another");
    assert_eq!(kept().await, Some(old.clone()));
    over(Some(&old), Some(&new)).await.unwrap();
    assert_eq!(kept().await, Some(new.clone()));
    over(Some(&new), None).await.unwrap();
    assert_eq!(kept().await, None);
    let log = store.search_audit(AuditQuery { limit: 1000, ..AuditQuery::default() }).await.unwrap();
    assert_eq!(log.len(), 3, "what was not changed is not written down as a change");
}

#[tokio::test]
async fn all_users_of_an_authority_are_replaced_at_once_and_of_no_other() {
    let folder = Folder::new("replace-users");
    let store = folder.open();
    let (korsbaek, feddet) = (Cvr::new("11111111").unwrap(), Cvr::new("99999999").unwrap());
    for (authority, cvr) in [(korsbaek, "11111111"), (feddet, "99999999")] {
        let users = vec![user(cvr, "a", BYG, 1), user(cvr, "b", BYG, 1)];
        store.change_users(authority, UserChange::Put(users), changed(1)).await.unwrap();
    }
    let new = vec![user("11111111", "b", SKAT, 2), user("11111111", "c", SKAT, 2)];
    store.change_users(korsbaek, UserChange::ReplaceAll(new.clone()), changed(2)).await.unwrap();
    assert_eq!(store.users(UserQuery::all(korsbaek)).await.unwrap(), new);
    assert_eq!(store.users(UserQuery::all(feddet)).await.unwrap().len(), 2);
    let store = folder.open();
    assert_eq!(store.users(UserQuery::all(korsbaek)).await.unwrap(), new, "after a restart");
}

fn voucher(id: u128, participant: u128) -> Voucher {
    let [id, participant] = [id, participant].map(LoginId::from_bits);
    Voucher { id, participant, expires: at(600), spent: false, sealed: vec![4, 5] }
}

/// A session with two fagsystemer, one of them twice, and a voucher.
async fn with_session(store: &Sqlite, id: u128) {
    let begins = Batch {
        session: begins(id),
        participant: Some(participant(10 * id, id)),
        voucher: Some(voucher(10 * id + 5, 10 * id)),
        ..Batch::default()
    };
    store.commit(begins).await.unwrap();
    for index in [10 * id + 1, 10 * id + 2] {
        let within = Within { session: LoginId::from_bits(id), idle: Some(at(90)) };
        let joins =
            Batch { within: Some(within), participant: Some(participant(index, id)), ..Batch::default() };
        store.commit(joins).await.unwrap();
    }
}

fn ends(id: u128) -> Batch {
    let logout = Logout {
        id: LoginId::from_bits(100 + id),
        session: LoginId::from_bits(id),
        authority: Cvr::new("11111111").unwrap(),
        by: LogoutBy::User,
        begun: at(50),
        expires: at(600),
        legs: vec![Leg {
            number: 0,
            party: Party::Provider(session(id).facts.municipal),
            state: LegState::Waiting,
            question: None,
            attempts: 0,
            next: None,
        }],
    };
    let ending = Ending { logout, except: None, due: at(80), browser: Some(LoginId::from_bits(77)) };
    Batch { endings: vec![ending], ..Batch::default() }
}

#[tokio::test]
async fn a_session_that_ends_is_gone_with_all_that_belongs_to_it_and_everybody_becomes_a_leg() {
    let folder = Folder::new("ends");
    let store = folder.open();
    with_session(&store, 1).await;
    with_session(&store, 2).await;
    assert_eq!(store.sessions_named(NAME).await.unwrap().len(), 2);
    assert_eq!(store.session(LoginId::from_bits(1)).await.unwrap().unwrap().idle, at(90), "it was used");
    store.commit(ends(1)).await.unwrap();
    assert_eq!(store.session(LoginId::from_bits(1)).await, Ok(None));
    assert_eq!(store.remembered(LoginId::from_bits(1)).await, Ok(None));
    assert_eq!(store.participant(LoginId::from_bits(10)).await, Ok(None));
    assert_eq!(store.voucher(LoginId::from_bits(15)).await, Ok(None));
    assert_eq!(store.sessions_named(NAME).await.unwrap().len(), 1, "the other one lives");
    let known = Some((voucher(25, 20), Some(participant(20, 2))));
    assert_eq!(store.voucher(LoginId::from_bits(25)).await, Ok(known));
    let logout = folder.open().logout(LoginId::from_bits(101)).await.unwrap().unwrap();
    let legs: Vec<_> = logout.legs.iter().map(|leg| (leg.number, leg.party.entity_id().as_str())).collect();
    assert_eq!(legs, [(0, "https://sp0.test/"), (1, "https://sp1.test/"), (2, "https://idp.test/")]);
    let Party::Fagsystem { indexes, .. } = &logout.legs[0].party else { panic!("a fagsystem is told first") };
    assert_eq!(*indexes, [10, 12].map(LoginId::from_bits), "a fagsystem is told once, of every index");
}

#[tokio::test]
async fn a_session_ends_once_and_nothing_goes_on_in_one_that_has_ended() {
    let folder = Folder::new("ends-once");
    let store = folder.open();
    with_session(&store, 1).await;
    store.commit(ends(1)).await.unwrap();
    assert_eq!(store.commit(ends(1)).await, Err(StoreError::Ended));
    let within = Some(Within { session: LoginId::from_bits(1), idle: Some(at(90)) });
    let joins = Batch { within, participant: Some(participant(19, 1)), ..Batch::default() };
    assert_eq!(store.commit(joins).await, Err(StoreError::Ended));
    assert_eq!(store.participant(LoginId::from_bits(19)).await, Ok(None), "a refused batch leaves nothing");
}

#[tokio::test]
async fn a_login_that_a_logout_overtook_in_its_browser_begins_no_session() {
    let folder = Folder::new("overtaken");
    let store = folder.open();
    with_session(&store, 1).await;
    store.commit(ends(1)).await.unwrap();
    let begun = |browser, second| {
        let begun = Begun { browsers: vec![LoginId::from_bits(browser)], at: at(second) };
        Batch { begun: Some(begun), session: begins(u128::from(second as u64) + browser), ..Batch::default() }
    };
    assert_eq!(store.commit(begun(77, 49)).await, Err(StoreError::LoggedOut));
    assert_eq!(store.commit(begun(77, 50)).await, Err(StoreError::LoggedOut), "in the same moment");
    store.commit(begun(77, 51)).await.unwrap();
    store.commit(begun(78, 49)).await.unwrap();
}

#[tokio::test]
async fn the_participants_of_a_session_go_over_to_the_one_that_replaces_it() {
    let folder = Folder::new("replaces");
    let store = folder.open();
    with_session(&store, 1).await;
    let old = Some(LoginId::from_bits(1));
    let login = Batch { session: begins(2), replaces: old, ..Batch::default() };
    store.commit(login).await.unwrap();
    assert_eq!(store.session(LoginId::from_bits(1)).await, Ok(None));
    let moved = store.participants(LoginId::from_bits(2)).await.unwrap();
    assert_eq!(moved, [10, 11, 12].map(|index| participant(index, 2)));
    let known = store.voucher(LoginId::from_bits(15)).await.unwrap().unwrap();
    assert_eq!(known.0, voucher(15, 10), "its tokens live");
}

#[tokio::test]
async fn a_session_remembers_the_youngest_logins_of_a_fagsystem_and_every_fagsystem() {
    let folder = Folder::new("youngest");
    let store = folder.open();
    with_session(&store, 1).await;
    let most = u128::try_from(Participant::MOST).unwrap();
    let joins = |index| Batch { participant: Some(participant(index, 1)), ..Batch::default() };
    let last = 10 + 2 * (most - 1);
    for index in (14..=last).step_by(2) {
        store.commit(joins(index)).await.unwrap();
    }
    let index_of = |participant: &Participant| u128::from_be_bytes(participant.index.bytes());
    let known = store.participants(LoginId::from_bits(1)).await.unwrap();
    assert_eq!((known.len(), index_of(&known[0])), (Participant::MOST + 1, 10), "as many as there may be");
    assert!(store.voucher(LoginId::from_bits(15)).await.unwrap().is_some());

    store.commit(joins(last + 2)).await.unwrap();
    let known = store.participants(LoginId::from_bits(1)).await.unwrap();
    let indexes: Vec<_> = known.iter().map(index_of).collect();
    assert_eq!(indexes.len(), Participant::MOST + 1);
    assert_eq!(
        (&indexes[..3], indexes.last()),
        (&[11, 12, 14][..], Some(&(last + 2))),
        "the oldest has left"
    );
    assert_eq!(store.participant(LoginId::from_bits(10)).await, Ok(None));
    assert_eq!(store.voucher(LoginId::from_bits(15)).await, Ok(None), "and what it could exchange");
}

#[tokio::test]
async fn a_voucher_is_spent_once_and_revoked_with_its_participant() {
    let folder = Folder::new("voucher");
    let store = std::sync::Arc::new(folder.open());
    with_session(&store, 1).await;
    let spends = |id: u128, next: u128| Batch {
        spends: Some(LoginId::from_bits(id)),
        voucher: Some(voucher(next, 10)),
        ..Batch::default()
    };
    let racers: Vec<_> = (0..50)
        .map(|racer| {
            let store = store.clone();
            tokio::spawn(async move { store.commit(spends(15, 1_000 + racer)).await })
        })
        .collect();
    let mut winners = 0;
    for racer in racers {
        match racer.await.unwrap() {
            Ok(()) => winners += 1,
            Err(error) => assert_eq!(error, StoreError::Spent),
        }
    }
    assert_eq!(winners, 1);
    assert!(
        store.voucher(LoginId::from_bits(15)).await.unwrap().unwrap().0.spent,
        "it is remembered as spent"
    );
    let revokes = Batch { revokes: Some(LoginId::from_bits(10)), ..Batch::default() };
    store.commit(revokes).await.unwrap();
    assert_eq!(store.voucher(LoginId::from_bits(15)).await, Ok(None));
    assert_eq!(store.commit(spends(15, 2_000)).await, Err(StoreError::Taken));
    assert!(store.participant(LoginId::from_bits(10)).await.unwrap().unwrap().revoked);
    assert!(!store.participant(LoginId::from_bits(11)).await.unwrap().unwrap().revoked);
}

#[tokio::test]
async fn a_leg_that_is_told_again_is_found_when_its_time_comes() {
    let folder = Folder::new("legs");
    let store = folder.open();
    with_session(&store, 1).await;
    store.commit(ends(1)).await.unwrap();
    let (logout, id) =
        (store.logout(LoginId::from_bits(101)).await.unwrap().unwrap(), LoginId::from_bits(101));
    let later = Leg { attempts: 1, next: Some(at(70)), ..logout.legs[1].clone() };
    let change =
        |leg: &Leg| Batch { legs: vec![LegChange { logout: id, leg: leg.clone() }], ..Batch::default() };
    store.commit(change(&later)).await.unwrap();
    assert!(store.due_legs(at(69), 10).await.unwrap().is_empty());
    assert_eq!(store.due_legs(at(70), 10).await.unwrap()[0].leg, later);
    assert_eq!(store.logouts(None, true, 10).await.unwrap().len(), 1);
    for leg in &logout.legs {
        let confirmed = Leg { state: LegState::Confirmed, next: None, ..leg.clone() };
        store.commit(change(&confirmed)).await.unwrap();
    }
    assert!(store.due_legs(at(700), 10).await.unwrap().is_empty());
    assert!(store.logouts(None, true, 10).await.unwrap().is_empty());
    let [own, other] = ["11111111", "99999999"].map(|cvr| Cvr::new(cvr).ok());
    assert_eq!(store.logouts(own, false, 10).await, store.logouts(None, false, 10).await);
    assert!(store.logouts(other, false, 10).await.unwrap().is_empty());
    assert!(store.logouts(None, false, 10).await.unwrap()[0].is_complete());
}

#[tokio::test]
async fn a_leg_of_a_logout_that_was_forgotten_does_not_come_back() {
    let folder = Folder::new("forgotten-leg");
    let store = folder.open();
    with_session(&store, 1).await;
    store.commit(ends(1)).await.unwrap();
    let id = LoginId::from_bits(101);
    let leg = store.logout(id).await.unwrap().unwrap().legs.swap_remove(0);
    let told = Leg { attempts: 1, next: Some(at(70)), ..leg };
    let change = || Batch { legs: vec![LegChange { logout: id, leg: told.clone() }], ..Batch::default() };
    store.commit(change()).await.unwrap();
    assert_eq!(store.due_legs(at(70), 10).await.unwrap()[0].leg, told, "the twin");
    store.purge(at(100_000_000)).await.unwrap();
    assert_eq!(store.logout(id).await, Ok(None));
    store.commit(change()).await.unwrap();
    assert!(store.due_legs(at(100_000_000), 10).await.unwrap().is_empty(), "it would be due for ever");
}

#[tokio::test]
async fn sessions_and_logouts_that_have_expired_are_forgotten() {
    let folder = Folder::new("purge-sessions");
    let store = folder.open();
    with_session(&store, 1).await;
    with_session(&store, 2).await;
    store.commit(ends(2)).await.unwrap();
    store.purge(at(600)).await.unwrap();
    assert!(store.session(LoginId::from_bits(1)).await.unwrap().is_some());
    store.purge(at(601)).await.unwrap();
    assert_eq!(store.session(LoginId::from_bits(1)).await, Ok(None));
    assert!(store.sessions_named(NAME).await.unwrap().is_empty());
    assert_eq!(store.participant(LoginId::from_bits(10)).await, Ok(None));
    assert_eq!(store.voucher(LoginId::from_bits(15)).await, Ok(None));
    assert!(store.logouts(None, false, 10).await.unwrap().is_empty());
}

fn used(authority: &str, fagsystem: &str, second: i64, levels: (Option<Nist>, Option<Nsis>)) -> Batch {
    let (authority, fagsystem) = (Cvr::new(authority).unwrap(), EntityId::new(fagsystem).unwrap());
    let (nist, nsis) = levels;
    let with_rights = second % 2 == 0;
    Batch {
        uses_system: Some(Use { authority, fagsystem, at: at(second), nist, nsis, with_rights }),
        ..Batch::default()
    }
}

#[tokio::test]
async fn logins_are_counted_by_authority_and_fagsystem_with_the_first_the_last_and_the_highest_level() {
    let folder = Folder::new("adoption");
    let store = folder.open();
    let three = Nist::new(3);
    for (second, levels) in
        [(20, (None, Some(Nsis::High))), (10, (three, None)), (31, (None, Some(Nsis::Low)))]
    {
        store.commit(used("11111111", "https://bbr.test", second, levels)).await.unwrap();
    }
    store.commit(used("99999999", "https://bbr.test", 5, (None, None))).await.unwrap();
    // What is refused is not counted.
    let spent = Batch {
        spends: Some(LoginId::from_bits(9)),
        ..used("99999999", "https://bbr.test", 6, (None, None))
    };
    assert_eq!(store.commit(spent).await, Err(StoreError::Taken));
    let (authority, fagsystem) = (Cvr::new("11111111").unwrap(), EntityId::new("https://bbr.test").unwrap());
    let expected = Adoption {
        authority,
        fagsystem,
        first: at(10),
        last: at(31),
        logins: 3,
        with_rights: 2,
        nist: three,
        nsis: Some(Nsis::High),
    };
    assert_eq!(store.adoption(Some(authority)).await.unwrap(), [expected]);
    let all = folder.open().adoption(None).await.unwrap();
    assert_eq!(all.iter().map(|one| one.logins).collect::<Vec<_>>(), [3, 1]);

    for second in [3, 9] {
        let fetched = Some((authority, at(second)));
        store.commit(Batch { fetched, ..Batch::default() }).await.unwrap();
    }
    let fetched = Fetched { authority, first: at(3), last: at(9) };
    assert_eq!(store.metadata_fetches(Some(authority)).await.unwrap(), [fetched]);
    assert_eq!(store.metadata_fetches(Cvr::new("99999999").ok()).await.unwrap(), []);
}

fn invitation(id: u128, expires: i64) -> Invitation {
    let (made, expires) = (at(0), at(expires));
    Invitation {
        id: LoginId::from_bits(id),
        sees: Sees::Programme,
        made,
        expires,
        used: None,
        sealed: vec![1, 2],
    }
}

fn enters(session: u128, by: u128, second: i64) -> Batch {
    let (id, invitation) = (LoginId::from_bits(session), Some(LoginId::from_bits(by)));
    let session = ConsoleSession { id, invitation, idle: at(100), expires: at(200), sealed: vec![3] };
    console(ConsoleStep::Enters(session, at(second)))
}

fn console(step: ConsoleStep) -> Batch {
    Batch { console: Some(step), records: vec![record(7, "_console")], ..Batch::default() }
}

#[tokio::test]
async fn an_invitation_lets_one_in_once_and_its_end_is_the_end_of_whoever_came_by_it() {
    let folder = Folder::new("console");
    let store = folder.open();
    for (id, expires) in [(1, 60), (2, 60)] {
        store.commit(console(ConsoleStep::Invites(invitation(id, expires)))).await.unwrap();
    }
    // Over, never made, and then of many at once exactly one.
    for refused in [enters(11, 1, 60), enters(11, 3, 5)] {
        assert_eq!(store.commit(refused).await, Err(StoreError::Uninvited));
    }
    let many: Vec<_> = (11..20).map(|session| store.commit(enters(session, 1, 5))).collect();
    let mut let_in = 0;
    for one in many {
        let_in += usize::from(one.await.is_ok());
    }
    assert_eq!(let_in, 1);
    store.commit(enters(30, 2, 6)).await.unwrap();
    let of = |id| LoginId::from_bits(id);
    assert_eq!(store.invitations(Some(of(1))).await.unwrap()[0].used, Some(at(5)));
    assert_eq!(
        store.invitations(None).await.unwrap().iter().map(|one| one.id).collect::<Vec<_>>(),
        [of(2), of(1)]
    );

    let stays = |session, idle| console(ConsoleStep::Stays { session: of(session), idle: at(idle) });
    store.commit(stays(30, 150)).await.unwrap();
    assert_eq!(store.console_session(of(30)).await.unwrap().unwrap().idle, at(150));
    store.commit(stays(30, 900)).await.unwrap();
    assert_eq!(store.console_session(of(30)).await.unwrap().unwrap().idle, at(200), "never beyond its end");
    store.commit(console(ConsoleStep::Withdraws(of(2)))).await.unwrap();
    assert_eq!(store.console_session(of(30)).await.unwrap(), None);
    assert_eq!(store.commit(stays(30, 160)).await, Err(StoreError::Ended));
    assert_eq!(store.commit(console(ConsoleStep::Withdraws(of(2)))).await, Err(StoreError::Uninvited));
    assert!(store.console_session(of(11)).await.unwrap().is_some(), "who came by another invitation stays");
    store.commit(console(ConsoleStep::Leaves(of(11)))).await.unwrap();
    assert_eq!(store.console_session(of(11)).await.unwrap(), None);
    store.purge(at(61)).await.unwrap();
    assert_eq!(store.invitations(None).await.unwrap(), []);
}

#[tokio::test]
async fn what_was_found_out_about_parties_takes_the_place_of_what_was_known_before() {
    use context_handler::domain::trust::{Check, Finding, PartyCheck};
    let folder = Folder::new("party-checks");
    let store = folder.open();
    assert_eq!(store.party_checks().await.unwrap(), []);
    let check = |party: &str, second| PartyCheck {
        party: EntityId::new(party).unwrap(),
        at: at(second),
        findings: vec![
            Finding::fail(Check::CertificateRevoked, Reason::CertRevoked, "good", "revoked").about("CN=a"),
            Finding::pass(Check::MetadataXml, "XML", "XML"),
        ],
    };
    let (a, b) = (check("https://a.test", 0), check("https://b.test", 0));
    store.keep_party_checks(vec![b.clone(), a.clone()]).await.unwrap();
    assert_eq!(store.party_checks().await.unwrap(), [a.clone(), b.clone()]);
    assert_eq!(store.red_parties().await.unwrap(), [(a.party.clone(), at(0)), (b.party.clone(), at(0))]);
    let said = Finding::pass(Check::MetadataXml, r#""verdict":"fail""#, r#","verdict":"fail""#);
    let green = PartyCheck { findings: vec![said], ..a };
    store.keep_party_checks(vec![green]).await.unwrap();
    assert_eq!(store.red_parties().await.unwrap(), [], "words of others make nobody red");
    let later = check("https://b.test", 60);
    store.keep_party_checks(vec![later.clone()]).await.unwrap();
    assert_eq!(folder.open().party_checks().await.unwrap(), [later], "who is gone is not told about");
}
