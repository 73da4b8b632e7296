//! Things that happen at once, in an order that a number decides: the same number, the same order. Whoever acts goes on
//! until it asks the store for something, and then somebody acts whom the dice choose.

use std::cell::Cell;
use std::collections::BTreeMap;
use std::future::poll_fn;
use std::pin::Pin;
use std::sync::Arc;
use std::task::Poll;

use context_handler::domain::audit::Record;
use context_handler::domain::id::{Cvr, EntityId, LoginId, MessageId};
use context_handler::domain::session::{Logout, Participant};
use context_handler::domain::trust::{Adoption, Fetched, PartyCheck, Tried};
use context_handler::domain::user::User;
use context_handler::domain::world::Random;
use context_handler::store::{
    Answer, AuditQuery, Batch, ConsoleSession, FreshMetadata, HalfDone, Invitation, LegChange, Logged,
    RegistryFiles, RunQuery, SealKey, Session, Sqlite, Store, TrustRun, UserChange, UserQuery, Voucher,
};
use jiff::Timestamp;

use super::world::SeededDice;

thread_local! {
    /// Whether whoever acts here is one of several that take turns.
    static TAKES_TURNS: Cell<bool> = const { Cell::new(false) };
    /// Whether it has come to the end of its turn.
    static TURN_IS_OVER: Cell<bool> = const { Cell::new(false) };
}

/// Something that happens beside others.
pub(crate) type Act<'a, T> = Pin<Box<dyn Future<Output = T> + 'a>>;

/// Lets all of them happen in turns. Tells what came of each, and whose turn it was each time.
pub(crate) async fn in_turns<T>(seed: u64, mut acts: Vec<Act<'_, T>>) -> (Vec<T>, Vec<u8>) {
    let dice = SeededDice::new(seed);
    let (mut ends, mut order): (Vec<_>, _) = (acts.iter().map(|_| None).collect(), Vec::new());
    loop {
        let left: Vec<usize> = (0..acts.len()).filter(|number| ends[*number].is_none()).collect();
        let Some(last) = left.len().checked_sub(1) else { break };
        let mut thrown = [0; 8];
        dice.fill(&mut thrown);
        let whose = left[(u64::from_le_bytes(thrown) >> 32) as usize % (last + 1)];
        order.push(u8::try_from(whose).unwrap());
        let act = &mut acts[whose];
        ends[whose] = poll_fn(|context| {
            TAKES_TURNS.set(true);
            TURN_IS_OVER.set(false);
            let end = act.as_mut().poll(context);
            TAKES_TURNS.set(false);
            match end {
                Poll::Ready(end) => Poll::Ready(Some(end)),
                Poll::Pending if TURN_IS_OVER.get() => Poll::Ready(None),
                Poll::Pending => Poll::Pending, // it waits for the disk
            }
        })
        .await;
    }
    (ends.into_iter().map(Option::unwrap).collect(), order)
}

/// Lets all of them happen beside each other.
pub(crate) async fn all<F: Future>(acts: impl Iterator<Item = F>) -> Vec<F::Output> {
    let mut waiting: Vec<_> = acts.map(|act| (Box::pin(act), None)).collect();
    poll_fn(|context| {
        for (act, end) in waiting.iter_mut().filter(|(_, end)| end.is_none()) {
            if let Poll::Ready(ready) = act.as_mut().poll(context) {
                *end = Some(ready);
            }
        }
        match waiting.iter().all(|(_, end)| end.is_some()) {
            true => Poll::Ready(()),
            false => Poll::Pending,
        }
    })
    .await;
    waiting.into_iter().map(|(_, end)| end.unwrap()).collect()
}

/// Ends the turn of whoever acts.
async fn turn() {
    let mut was_over = !TAKES_TURNS.get();
    poll_fn(|_| match std::mem::replace(&mut was_over, true) {
        true => Poll::Ready(()),
        false => {
            TURN_IS_OVER.set(true);
            Poll::Pending
        }
    })
    .await;
}

/// A store before which everybody waits for a turn: before each question, before a batch is handed in, and before it is
/// known what became of it.
pub(crate) struct Turns(pub(crate) Arc<Sqlite>);

macro_rules! in_turns {
    ($($ask:ident($($what:ident: $kind:ty),*) -> $answer:ty;)*) => {
        impl Store for Turns {
            fn commit(&self, batch: Batch) -> Answer<'_, ()> {
                Box::pin(async move {
                    turn().await;
                    let kept = self.0.commit(batch);
                    turn().await;
                    kept.await
                })
            }

            fn half_done(&self, question: &MessageId, now: Timestamp) -> Answer<'_, Option<HalfDone>> {
                let question = question.clone();
                Box::pin(async move {
                    turn().await;
                    self.0.half_done(&question, now).await
                })
            }

            fn sessions_named(&self, name: &str) -> Answer<'_, Vec<Session>> {
                let name = name.to_owned();
                Box::pin(async move {
                    turn().await;
                    self.0.sessions_named(&name).await
                })
            }

            $(fn $ask(&self, $($what: $kind),*) -> Answer<'_, $answer> {
                Box::pin(async move {
                    turn().await;
                    self.0.$ask($($what),*).await
                })
            })*
        }
    };
}

in_turns! {
    session(id: LoginId) -> Option<Session>;
    remembered(session: LoginId) -> Option<Vec<u8>>;
    sessions_of(authority: Cvr, before: Option<LoginId>, limit: u32) -> Vec<Session>;
    participant(index: LoginId) -> Option<Participant>;
    participants(session: LoginId) -> Vec<Participant>;
    voucher(id: LoginId) -> Option<(Voucher, Option<Participant>)>;
    logout(id: LoginId) -> Option<Logout>;
    logouts(authority: Option<Cvr>, open: bool, limit: u32) -> Vec<Logout>;
    due_legs(now: Timestamp, limit: u32) -> Vec<LegChange>;
    registry_version() -> u64;
    registry() -> RegistryFiles;
    replace_registry(expected: u64, files: BTreeMap<String, Vec<u8>>, forget: Vec<EntityId>, record: Record) -> ();
    keep_metadata(expected: u64, fresh: Vec<FreshMetadata>) -> ();
    seal_keys() -> Vec<SealKey>;
    rotate_seal_key(secret: [u8; 32], now: Timestamp, forget_before: Timestamp) -> ();
    search_audit(query: AuditQuery) -> Vec<Logged>;
    user(authority: Cvr, id: String) -> Option<User>;
    users(query: UserQuery) -> Vec<User>;
    change_users(authority: Cvr, change: UserChange, record: Record) -> ();
    order_run(run: TrustRun, record: Record) -> ();
    order_again(run: TrustRun, since: Timestamp, most: u32, record: Record) -> ();
    run(id: LoginId, now: Timestamp) -> Option<TrustRun>;
    runs(query: RunQuery) -> Vec<TrustRun>;
    invitations(id: Option<LoginId>) -> Vec<Invitation>;
    console_session(id: LoginId) -> Option<ConsoleSession>;
    tried(authority: Option<Cvr>) -> Vec<Tried>;
    adoption(authority: Option<Cvr>) -> Vec<Adoption>;
    metadata_fetches(authority: Option<Cvr>) -> Vec<Fetched>;
    party_checks() -> Vec<PartyCheck>;
    red_parties() -> Vec<(EntityId, Timestamp)>;
    keep_party_checks(checks: Vec<PartyCheck>) -> ();
    purge(now: Timestamp) -> ();
}
