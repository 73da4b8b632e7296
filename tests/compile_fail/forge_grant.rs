//! A grant is made of a subject and an agreement that speak of the same municipality, and its rights are translated by
//! the register; both are checked.

use context_handler::domain::federation::Agreement;
use context_handler::domain::privilege::PrivilegeList;
use context_handler::domain::subject::{Grant, Subject};

fn forge<'f>(subject: Subject, agreement: Agreement<'f>, rights: PrivilegeList) -> Grant<'f> {
    Grant { agreement, subject, rights }
}

fn main() {}
