//! Why a login or a logout ends on a page of ours, and what can be done about it.

use askama::Template;
use axum::http::StatusCode;
use axum::response::Response;
use jiff::Timestamp;

use super::answer::{FormAction, answer};
use super::target::Target;
use super::{Frame, words};
use crate::domain::id::CaseNumber;
use crate::domain::reason::Reason;
use crate::http::text::{Act, Text};
use crate::http::visitor::Visitor;

/// What was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refused {
    /// A login.
    Login,
    /// A logout.
    Logout,
}

/// A login or a logout that ended badly and is told to the user, not to the fagsystem.
#[derive(Clone, Debug)]
pub struct Refusal<'a> {
    /// What was refused.
    pub of: Refused,
    /// The status of the answer.
    pub status: StatusCode,
    /// Why; the page says so only where that helps nobody to attack.
    pub reason: Reason,
    /// What the user reads aloud to the help desk.
    pub case: CaseNumber,
    /// When.
    pub at: Timestamp,
    /// Where to start again, if it is known: the fagsystem's name and, if registered, its front page.
    pub fagsystem: Option<(&'a str, Option<&'a str>)>,
}

/// What happened, what to do, who must act, and the case number.
pub fn refusal(visitor: &Visitor, view: &Refusal<'_>) -> Response {
    let heading: fn(&Text) -> &'static str = match view.of {
        Refused::Login => |t| t.not_logged_in,
        Refused::Logout => |t| t.not_logged_out,
    };
    let page = RefusalPage {
        frame: Frame::both(visitor, heading),
        heading,
        of: view.of,
        outward: may_be_shown(view.reason).then_some(view.reason),
        case: view.case.to_string(),
        at: view.at,
        fagsystem: view.fagsystem.map(|(name, _)| name),
        start: view.fagsystem.and_then(|(_, url)| Target::new(url?).ok()),
    };
    answer(view.status, &page, visitor, FormAction::None, None)
}

/// Whether a reason may be told to whoever is in front of the browser. What can come up before a signature is proved
/// may not: an attacker who can tell these apart learns something about keys and plaintext with every try.
pub fn may_be_shown(reason: Reason) -> bool {
    let family = reason.code().split('.').next().unwrap_or_default();
    let before_proof =
        matches!(family, "xml" | "limit" | "encoding" | "sig" | "alg" | "key" | "dec" | "value" | "jwt");
    let late_proof = matches!(reason, Reason::AttrType | Reason::AttrChars | Reason::SecondOpinion);
    !before_proof && !late_proof
}

#[derive(Template)]
#[template(path = "refusal.html")]
struct RefusalPage<'a> {
    frame: Frame<'a>,
    heading: fn(&Text) -> &'static str,
    of: Refused,
    /// The reason where it may be told.
    outward: Option<Reason>,
    case: String,
    at: Timestamp,
    fagsystem: Option<&'a str>,
    start: Option<Target<'a>>,
}

impl RefusalPage<'_> {
    fn happened(&self, t: &'static Text) -> &'static str {
        self.outward.map_or(t.untrusted_says, |reason| t.say(&reason.explanation().means))
    }

    fn act(&self, t: &'static Text) -> &'static Act {
        self.outward.map_or(&t.untrusted, |reason| t.act(reason.blame()))
    }

    fn advice(&self, t: &'static Text) -> &'static str {
        match self.of {
            Refused::Login => self.act(t).advice,
            Refused::Logout => t.close_the_browser,
        }
    }

    fn time(&self, t: &'static Text) -> String {
        words::time(self.at, t.lang)
    }

    /// The digits one by one, so that a screen reader does not make them a number of thousands.
    fn spoken(&self) -> String {
        let group = |g: &str| g.chars().map(String::from).collect::<Vec<_>>().join(" ");
        self.case.split(' ').map(group).collect::<Vec<_>>().join(", ")
    }
}
