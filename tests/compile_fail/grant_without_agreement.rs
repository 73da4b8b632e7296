//! Nobody is told anything that was not agreed.

use context_handler::domain::federation::Federation;
use context_handler::domain::subject::{Grant, Subject};
use jiff::Timestamp;

fn grant(subject: Subject, federation: &Federation, now: Timestamp) {
    let _ = Grant::new(subject, federation, now);
}

fn main() {}
