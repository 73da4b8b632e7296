//! The pages about trust that need no run: the front page, an invitation, and what is not shown.

use askama::Template;
use axum::http::StatusCode;
use axum::response::Response;
use jiff::Timestamp;

use super::answer::{FormAction, answer};
use super::{Frame, words};
use crate::domain::id::LoginId;
use crate::domain::reason::Reason;
use crate::http::text::{ChecksText, ConsoleText, MirrorText};
use crate::http::visitor::Visitor;

/// What a reader may see, in the names that people know.
#[derive(Clone, Debug)]
pub enum Seen {
    /// Everything.
    Programme,
    /// One municipality: its name and the address of its page.
    Authority(String, String),
    /// The customers of these fagsystemer.
    Systems(Vec<String>),
}

/// Somebody who is signed in.
#[derive(Clone, Debug)]
pub struct SignedIn {
    /// The sign-in, which the form that ends it names.
    pub session: LoginId,
    /// What they may see.
    pub sees: Seen,
    /// When it ends at the latest.
    pub expires: Timestamp,
}

/// What this is, and how to get in or on.
pub fn trust(visitor: &Visitor, reader: Option<&SignedIn>) -> Response {
    let tt = ConsoleText::of(visitor.lang());
    let page = FrontPage { frame: titled(visitor, tt.front), tt, c: ChecksText::of(visitor.lang()), reader };
    answer(StatusCode::OK, &page, visitor, FormAction::Own, None)
}

/// What an invitation is for, and the button that takes it up.
pub fn invitation(visitor: &Visitor, sees: &Seen) -> Response {
    let tt = ConsoleText::of(visitor.lang());
    let page = InvitationPage { frame: titled(visitor, tt.invited), tt, sees };
    answer(StatusCode::OK, &page, visitor, FormAction::Own, None)
}

/// What is not shown, and why.
pub fn trust_refused(visitor: &Visitor, status: StatusCode, reason: Reason) -> Response {
    let tt = ConsoleText::of(visitor.lang());
    let frame = Frame { title: tt.not_shown, ..Frame::both(visitor, |t| t.home) };
    answer(status, &RefusedPage { frame, reason }, visitor, FormAction::None, None)
}

pub(super) fn titled<'a>(visitor: &'a Visitor, title: &'static str) -> Frame<'a> {
    Frame { title, ..Frame::new(visitor, |t| t.home) }
}

#[derive(Template)]
#[template(path = "console/front.html")]
struct FrontPage<'a> {
    frame: Frame<'a>,
    tt: &'static ConsoleText,
    c: &'static ChecksText,
    reader: Option<&'a SignedIn>,
}

impl FrontPage<'_> {
    fn to_mirror(&self) -> &'static str {
        MirrorText::of(self.frame.t.lang).link
    }

    fn time(&self, at: &Timestamp) -> String {
        words::time(*at, self.frame.t.lang)
    }
}

#[derive(Template)]
#[template(path = "console/invitation.html")]
struct InvitationPage<'a> {
    frame: Frame<'a>,
    tt: &'static ConsoleText,
    sees: &'a Seen,
}

#[derive(Template)]
#[template(path = "console/refused.html")]
struct RefusedPage<'a> {
    frame: Frame<'a>,
    reason: Reason,
}

impl RefusedPage<'_> {
    fn texts(&self, lang: &crate::http::visitor::Lang) -> &'static ConsoleText {
        ConsoleText::of(*lang)
    }
}
