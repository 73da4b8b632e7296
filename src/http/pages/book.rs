//! The pages of the fault book: every reason there is, and one of them.

use askama::Template;
use axum::http::StatusCode;
use axum::response::Response;

use super::{FormAction, Frame, answer};
use crate::domain::faults::{self, Block, Span};
use crate::domain::reason::{Blame, Reason};
use crate::http::visitor::Visitor;

/// Every reason there is, under who has to act.
pub fn errors(visitor: &Visitor) -> Response {
    let groups = Blame::ALL.map(Group::of);
    let page = ErrorsPage { frame: Frame::new(visitor, |t| t.all_errors), groups };
    answer(StatusCode::OK, &page, visitor, FormAction::None, None)
}

/// One reason.
pub fn error(visitor: &Visitor, reason: Reason) -> Response {
    let frame = Frame::new(visitor, |t| t.error);
    let page = ErrorPage { frame: Frame { title: frame.t.words(&reason).means, ..frame }, reason };
    answer(StatusCode::OK, &page, visitor, FormAction::None, None)
}

/// The reasons for which somebody has to act.
struct Group {
    blame: Blame,
    anchor: &'static str,
    reasons: Vec<Reason>,
}

impl Group {
    fn of(blame: Blame) -> Self {
        let anchor = match blame {
            Blame::User => "user",
            Blame::IdentityProvider => "identity-provider",
            Blame::Fagsystem => "fagsystem",
            Blame::AttributeService => "attribute-service",
            Blame::Register => "register",
            Blame::Caller => "caller",
            Blame::Us => "us",
            Blame::Nobody => "nobody",
        };
        let reasons = Reason::ALL.iter().copied().filter(|reason| reason.blame() == blame).collect();
        Self { blame, anchor, reasons }
    }
}

#[derive(Template)]
#[template(path = "errors.html")]
struct ErrorsPage<'a> {
    frame: Frame<'a>,
    groups: [Group; Blame::ALL.len()],
}

#[derive(Template)]
#[template(path = "error.html")]
struct ErrorPage<'a> {
    frame: Frame<'a>,
    reason: Reason,
}
