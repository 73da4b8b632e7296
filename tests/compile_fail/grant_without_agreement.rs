//! Nobody is told anything that was not agreed.

use context_handler::domain::subject::{Grant, Subject};

fn grant(subject: Subject) {
    let _ = Grant::new(subject);
}

fn main() {}
