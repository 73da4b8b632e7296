//! A grant is made of a subject and an agreement that speak of the same municipality, and that is checked.

use context_handler::domain::federation::Agreement;
use context_handler::domain::subject::{Grant, Subject};

fn forge<'f>(subject: Subject, agreement: Agreement<'f>) -> Grant<'f> {
    Grant { agreement, subject }
}

fn main() {}
