//! The one thread that writes: it keeps what many wait for in one transaction, so that they share one flush.

use std::path::Path;
use std::sync::mpsc;
use std::time::{Duration, Instant};

use rusqlite::{Connection, OpenFlags, Transaction, TransactionBehavior};
use tokio::sync::oneshot;

use super::super::StoreError;
use super::connect;

/// How many batches may share one flush. More would let the first of them wait too long.
pub(super) const MAX_GROUP: usize = 256;

/// How far apart flushes are at least. A batch that comes alone never waits; when many come, more of them share one.
const BETWEEN_FLUSHES: Duration = Duration::from_millis(4);

pub(super) type Change = Box<dyn FnOnce(&Transaction<'_>) -> Result<(), StoreError> + Send>;

pub(super) struct Job {
    pub(super) change: Change,
    pub(super) done: oneshot::Sender<Result<(), StoreError>>,
}

/// Takes what is waiting, keeps it in one transaction, and tells everybody when it is on the disk.
pub(super) fn write_groups(path: &Path, first: Connection, jobs: &mpsc::Receiver<Job>) {
    let mut connection = Some(first);
    let mut flushed: Option<Instant> = None;
    while let Ok(job) = jobs.recv() {
        let early = flushed.and_then(|last| BETWEEN_FLUSHES.checked_sub(last.elapsed()));
        early.into_iter().for_each(std::thread::sleep);
        flushed = Some(Instant::now());
        let mut group = vec![job];
        group.extend(jobs.try_iter().take(MAX_GROUP - 1));
        // A connection that failed is thrown away: the next group opens the file anew, and so it recovers by itself.
        let mut open = match connection.take().map_or_else(|| connect(path, OpenFlags::default()), Ok) {
            Ok(open) => open,
            Err(error) => {
                group.into_iter().for_each(|job| answer(job.done, Err(error.clone())));
                continue;
            }
        };
        if write_group(&mut open, group) {
            connection = Some(open);
        }
    }
}

/// Keeps a group; false when the connection is no longer to be trusted.
fn write_group(connection: &mut Connection, group: Vec<Job>) -> bool {
    let (changes, waiting): (Vec<_>, Vec<_>) = group.into_iter().map(|job| (job.change, job.done)).unzip();
    match keep_group(connection, changes) {
        Ok(results) => {
            waiting.into_iter().zip(results).for_each(|(done, result)| answer(done, result));
            true
        }
        Err(error) => {
            tracing::error!(detail = %error, "a group of writes was not kept");
            waiting.into_iter().for_each(|done| answer(done, Err(error.clone())));
            false
        }
    }
}

/// One transaction for all. What is refused has written nothing; what fails takes the group with it.
fn keep_group(
    connection: &mut Connection,
    changes: Vec<Change>,
) -> Result<Vec<Result<(), StoreError>>, StoreError> {
    let transaction = Transaction::new(connection, TransactionBehavior::Immediate)?;
    let mut results = Vec::with_capacity(changes.len());
    for change in changes {
        results.push(match change(&transaction) {
            Err(down @ StoreError::Down(_)) => return Err(down),
            kept_or_refused => kept_or_refused,
        });
    }
    transaction.commit()?;
    Ok(results)
}

fn answer(done: oneshot::Sender<Result<(), StoreError>>, result: Result<(), StoreError>) {
    // Whoever asked may have gone away meanwhile; what was kept stays kept.
    drop(done.send(result));
}
