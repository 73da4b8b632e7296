//! The page that judges metadata: a form, and what was found.

use askama::Template;
use axum::http::StatusCode;
use axum::response::Response;
use jiff::Timestamp;

use super::super::answer::{FormAction, answer};
use super::super::console::titled;
use super::super::{Frame, words};
use super::report::{Part, ToDo, parts, to_do};
use crate::domain::faults::{self, Block, Sentence, Span};
use crate::domain::id::{EntityId, LoginId};
use crate::domain::trust::{Finding, NOTHING, Verdict, verdict};
use crate::http::text::report::ReportText;
use crate::http::text::{ChecksText, Text};
use crate::http::visitor::Visitor;

/// What is wrong with a form.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wrong {
    /// None of the fields is filled in, or several.
    NotOne,
    /// The document is too large.
    TooLarge,
    /// An address was given by somebody who is not signed in.
    SignIn,
}

/// What came of a form.
#[derive(Clone, Debug)]
pub enum Judged {
    /// Nothing yet.
    Nothing,
    /// It cannot be judged.
    Wrong(Wrong),
    /// What was found.
    Found {
        /// The parties.
        parties: Vec<EntityId>,
        /// What was looked at.
        findings: Vec<Finding>,
        /// When.
        at: Timestamp,
    },
}

/// The form, for a sign-in if there is one, and what came of it.
pub fn metadata(visitor: &Visitor, reader: Option<LoginId>, judged: &Judged) -> Response {
    let lang = visitor.lang();
    let c = ChecksText::of(lang);
    let status = match judged {
        Judged::Wrong(Wrong::TooLarge) => StatusCode::PAYLOAD_TOO_LARGE,
        Judged::Wrong(Wrong::SignIn) => StatusCode::FORBIDDEN,
        Judged::Wrong(Wrong::NotOne) => StatusCode::BAD_REQUEST,
        Judged::Nothing | Judged::Found { .. } => StatusCode::OK,
    };
    let wrong = match judged {
        Judged::Wrong(Wrong::NotOne) => Some(c.wrong_one),
        Judged::Wrong(Wrong::TooLarge) => Some(c.wrong_size),
        Judged::Wrong(Wrong::SignIn) => Some(c.wrong_sign_in),
        _ => None,
    };
    let found = match judged {
        Judged::Found { parties, findings, at } => Some(Found {
            verdict: verdict(findings),
            parties,
            at: words::time(*at, lang),
            to_do: to_do(findings),
            sections: parts(findings),
        }),
        _ => None,
    };
    let (t, r) = (Text::of(lang), ReportText::of(lang));
    let page = Page { frame: titled(visitor, c.metadata), t, r, c, reader, wrong, found };
    answer(status, &page, visitor, FormAction::Own, None)
}

struct Found<'j> {
    verdict: Verdict,
    parties: &'j [EntityId],
    at: String,
    to_do: Vec<ToDo<'j>>,
    sections: Vec<Part<'j>>,
}

impl Found<'_> {
    fn sentence(&self, c: &ChecksText) -> &'static str {
        match self.verdict {
            Verdict::Pass => c.all_well,
            Verdict::Warning => c.some_warnings,
            Verdict::Fail => c.some_failures,
            Verdict::NotApplicable => c.nothing_found,
        }
    }
}

#[derive(Template)]
#[template(path = "trust-metadata.html")]
struct Page<'j> {
    frame: Frame<'j>,
    t: &'static Text,
    r: &'static ReportText,
    c: &'static ChecksText,
    reader: Option<LoginId>,
    wrong: Option<&'static str>,
    found: Option<Found<'j>>,
}

impl Page<'_> {
    fn say(&self, sentence: impl std::borrow::Borrow<Sentence>) -> &'static str {
        self.t.say(sentence.borrow())
    }
}
