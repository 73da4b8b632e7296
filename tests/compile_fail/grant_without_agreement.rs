//! Nobody is told anything that was not agreed.

use context_handler::domain::role::Roles;
use context_handler::domain::subject::{Grant, Subject};
use jiff::Timestamp;

fn grant(subject: Subject, roles: &Roles, now: Timestamp) {
    let _ = Grant::new(subject, roles, now);
}

fn main() {}
