//! The mirror for suppliers: the list of their fagsystemer, and what is seen of one.

use std::borrow::Borrow;

use askama::Template;
use axum::http::StatusCode;
use axum::response::Response;
use jiff::Timestamp;

use super::super::answer::{FormAction, answer};
use super::super::console::titled;
use super::super::{Frame, words};
use super::report::{Part, parts};
use crate::broker::trust::mirror::{Reflected, Spoken};
use crate::domain::assurance::Level;
use crate::domain::faults::{self, Block, Sentence, Span};
use crate::domain::federation::{AttributeProfile, Dialect, Fagsystem};
use crate::domain::id::Cvr;
use crate::domain::trust::{Adoption, NOTHING, Trace, Verdict, verdict};
use crate::http::text::report::ReportText;
use crate::http::text::{ConsoleText, MirrorText, Text};
use crate::http::visitor::Visitor;

/// One fagsystem as we see it.
#[derive(Clone, Copy)]
pub struct InMirror<'v> {
    /// What the register says.
    pub registered: &'v Fagsystem,
    /// How it speaks.
    pub spoken: &'v Spoken,
    /// What was seen.
    pub reflected: &'v Reflected,
    /// The names of municipalities.
    pub name: &'v dyn Fn(Cvr) -> String,
}

/// The fagsystemer that a reader may see.
pub fn systems(visitor: &Visitor, systems: &[&Fagsystem]) -> Response {
    let (tt, mt) = (ConsoleText::of(visitor.lang()), MirrorText::of(visitor.lang()));
    let page = SystemsPage { frame: titled(visitor, mt.mirror), tt, mt, systems };
    answer(StatusCode::OK, &page, visitor, FormAction::None, None)
}

/// One of them.
pub fn mirror(visitor: &Visitor, view: &InMirror<'_>) -> Response {
    let lang = visitor.lang();
    let page = MirrorPage {
        frame: titled(visitor, MirrorText::of(lang).mirror),
        t: Text::of(lang),
        r: ReportText::of(lang),
        mt: MirrorText::of(lang),
        view,
        verdict: verdict(&view.reflected.findings),
        sections: parts(&view.reflected.findings),
    };
    answer(StatusCode::OK, &page, visitor, FormAction::None, None)
}

#[derive(Template)]
#[template(path = "trust-systems.html")]
struct SystemsPage<'v> {
    frame: Frame<'v>,
    tt: &'static ConsoleText,
    mt: &'static MirrorText,
    systems: &'v [&'v Fagsystem],
}

#[derive(Template)]
#[template(path = "trust-mirror.html")]
struct MirrorPage<'v> {
    frame: Frame<'v>,
    t: &'static Text,
    r: &'static ReportText,
    mt: &'static MirrorText,
    view: &'v InMirror<'v>,
    verdict: Verdict,
    sections: Vec<Part<'v>>,
}

impl MirrorPage<'_> {
    fn say(&self, sentence: impl Borrow<Sentence>) -> &'static str {
        self.t.say(sentence.borrow())
    }

    fn time(&self, at: &Timestamp) -> String {
        words::time(*at, self.t.lang)
    }

    fn municipality(&self, cvr: &Cvr) -> String {
        (self.view.name)(*cvr)
    }

    fn trace(&self, trace: &Trace) -> &'static str {
        self.mt.trace(*trace)
    }

    fn dialect(&self) -> &'static str {
        match self.view.registered.dialect {
            _ if self.view.spoken.is_client => self.mt.oidc,
            Dialect::Oiosaml2 => "OIOSAML 2",
            Dialect::Oiosaml3 => "OIOSAML 3",
        }
    }

    fn required(&self) -> String {
        let required = self.view.registered.required;
        required.map_or_else(|| self.mt.not_required.to_owned(), |level| level.to_string())
    }

    fn attributes(&self) -> &'static str {
        match self.view.registered.attributes {
            AttributeProfile::Kombit => "KOMBIT",
            AttributeProfile::KombitWithoutPersonalData => "KOMBIT_WITHOUT_PERSONAL_DATA",
            AttributeProfile::Seb => "SEB",
        }
    }

    fn signed(&self) -> &'static str {
        match (self.view.spoken.is_client, self.view.registered.sign_response) {
            (true, _) => self.mt.signed_tokens,
            (false, true) => self.mt.signed_response,
            (false, false) => self.mt.signed_assertion,
        }
    }

    fn level(&self, used: &Adoption) -> String {
        let level = used.nsis.map(Level::Nsis).or(used.nist.map(Level::Nist));
        level.map_or_else(|| "–".to_owned(), |level| level.to_string())
    }
}
