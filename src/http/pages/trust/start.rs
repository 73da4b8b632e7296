//! A run that waits for somebody to log in: what is tried, what to see to, and what will not happen.

use askama::Template;
use axum::http::StatusCode;
use axum::response::Response;
use jiff::Timestamp;

use super::super::answer::{FormAction, answer};
use super::super::{Frame, words};
use crate::domain::faults::{self, Block, Span};
use crate::domain::reason::Reason;
use crate::domain::trust::{Scenario, Sent};
use crate::http::text::Text;
use crate::http::text::report::ReportText;
use crate::http::visitor::Visitor;

/// A run that has not been.
#[derive(Clone, Copy, Debug)]
pub struct Waiting<'r> {
    /// The path of its page, which takes the form as well.
    pub address: &'r str,
    /// The name of the municipality.
    pub authority: &'r str,
    /// The name of the identity provider.
    pub idp: &'r str,
    /// What is tried.
    pub scenario: Scenario,
    /// The name of the fagsystem that was chosen, if one was.
    pub fagsystem: Option<&'r str>,
    /// When its report is forgotten.
    pub expires: Timestamp,
    /// With what a user was sent off, if one was and nothing came back.
    pub sent: Option<&'r Sent>,
}

/// The page of a run that has not been.
pub fn waiting(visitor: &Visitor, run: &Waiting<'_>) -> Response {
    let t = Text::of(visitor.lang());
    let page = WaitingPage {
        frame: Frame::new(visitor, |t| ReportText::of(t.lang).start),
        r: ReportText::of(visitor.lang()),
        run: *run,
        scenario: t.say(&run.scenario.title()),
        hint: t.say(&run.scenario.hint()),
        expires: words::time(run.expires, visitor.lang()),
        reason: Reason::TrustUnanswered,
    };
    answer(StatusCode::OK, &page, visitor, FormAction::Own, None)
}

#[derive(Template)]
#[template(path = "trust-start.html")]
struct WaitingPage<'r> {
    frame: Frame<'r>,
    r: &'static ReportText,
    run: Waiting<'r>,
    scenario: &'static str,
    hint: &'static str,
    expires: String,
    reason: Reason,
}

impl WaitingPage<'_> {
    fn time(&self, at: &Timestamp) -> String {
        words::time(*at, self.r.lang)
    }
}
