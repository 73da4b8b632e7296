//! How far municipalities have come: the page of one, and the table of all.

use std::borrow::Borrow;

use askama::Template;
use axum::http::StatusCode;
use axum::response::Response;
use jiff::Timestamp;

use super::answer::{FormAction, answer};
use super::console::titled;
use super::{Frame, words};
use crate::domain::assurance::Level;
use crate::domain::faults::Sentence;
use crate::domain::id::{Cvr, EntityId, LoginId};
use crate::domain::trust::{Adoption, Line, Mark, Progress, Reach, Scenario, State, Step, Task, Verdict};
use crate::http::text::{ConsoleText, SETUPS, Setup};
use crate::http::visitor::Visitor;

/// Our names and addresses, for whoever takes us in.
#[derive(Clone, Debug)]
pub struct Ours {
    /// Our metadata, by the address of this municipality.
    pub metadata: String,
    /// Our name.
    pub entity: String,
    /// Where answers arrive.
    pub acs: String,
    /// Where messages about logout arrive.
    pub slo: String,
}

/// A fagsystem that the municipality may use.
#[derive(Clone, Copy, Debug)]
pub struct System<'a> {
    /// Its name in SAML.
    pub entity_id: &'a EntityId,
    /// Its name for people.
    pub name: &'a str,
    /// The logins of the municipality's users.
    pub used: Option<&'a Adoption>,
    /// The level that it demands, if it demands one, and how the municipality's users reach it.
    pub required: Option<(Level, Reach)>,
}

/// A run of the municipality.
#[derive(Clone, Debug)]
pub struct Run<'a> {
    /// Which.
    pub id: LoginId,
    /// What was tried.
    pub scenario: Scenario,
    /// With which identity provider.
    pub idp: &'a str,
    /// When it was ordered.
    pub ordered: Timestamp,
    /// How it ended, once it has.
    pub verdict: Option<Verdict>,
}

/// Everything about one municipality.
#[derive(Clone, Debug)]
pub struct Authority<'a> {
    /// Whose sign-in the forms are made for.
    pub session: LoginId,
    /// Its number.
    pub cvr: Cvr,
    /// Its name.
    pub name: &'a str,
    /// Where we are.
    pub environment: &'a str,
    /// How far it has come.
    pub progress: &'a Progress<'a>,
    /// Our names and addresses.
    pub ours: &'a Ours,
    /// Its identity providers, by name.
    pub providers: &'a [(&'a EntityId, &'a str)],
    /// Its fagsystemer.
    pub systems: &'a [System<'a>],
    /// Its runs, the youngest first.
    pub runs: &'a [Run<'a>],
}

/// The five steps of a municipality, what to do next, and its runs.
pub fn authority(visitor: &Visitor, view: &Authority<'_>) -> Response {
    let tt = ConsoleText::of(visitor.lang());
    let frame = Frame { title: tt.progress, ..titled(visitor, tt.progress) };
    let page = AuthorityPage { frame, tt, view, setups: SETUPS };
    answer(StatusCode::OK, &page, visitor, FormAction::Own, None)
}

/// A run that was ordered: the link to send to whoever logs in, and the button for whoever does so at once.
#[derive(Clone, Copy, Debug)]
pub struct Ordered<'a> {
    /// Of which municipality.
    pub cvr: Cvr,
    /// Its name.
    pub name: &'a str,
    /// What is tried.
    pub scenario: Scenario,
    /// The path of the run.
    pub path: &'a str,
    /// Its whole address.
    pub link: &'a str,
}

/// How a run that was ordered is begun.
pub fn ordered(visitor: &Visitor, view: &Ordered<'_>) -> Response {
    let tt = ConsoleText::of(visitor.lang());
    let frame = Frame { switch: "#", ..titled(visitor, tt.ordered) };
    answer(StatusCode::OK, &OrderedPage { frame, tt, view }, visitor, FormAction::Own, None)
}

/// One municipality in the table of all.
#[derive(Clone, Debug)]
pub struct Row<'a> {
    /// Its name.
    pub name: &'a str,
    /// How far it has come.
    pub progress: Progress<'a>,
    /// The address of its page, where the reader may see that.
    pub page: Option<String>,
}

/// One fagsystem in the table of all.
#[derive(Clone, Copy, Debug)]
pub struct SystemRow<'a> {
    /// Its name.
    pub name: &'a str,
    /// How many municipalities may use it.
    pub customers: usize,
    /// From how many of them somebody has logged in.
    pub using: usize,
    /// How many logins there were.
    pub logins: u64,
    /// The last one.
    pub last: Option<Timestamp>,
    /// The level that it demands, if it demands one, and how many municipalities would not reach it.
    pub required: Option<(Level, usize)>,
    /// The levels that it could demand, and how many would not reach these.
    pub raised: &'a [(Level, usize)],
}

/// The table of all: municipalities by tasks, and fagsystemer by how many use them.
pub fn matrix(
    visitor: &Visitor,
    environment: &str,
    mut rows: Vec<Row<'_>>,
    systems: &[SystemRow<'_>],
) -> Response {
    rows.sort_by_cached_key(|row| words::collation(row.name));
    let tt = ConsoleText::of(visitor.lang());
    let frame = titled(visitor, tt.matrix);
    answer(
        StatusCode::OK,
        &MatrixPage { frame, tt, environment, rows, systems },
        visitor,
        FormAction::None,
        None,
    )
}

#[derive(Template)]
#[template(path = "console/authority.html")]
struct AuthorityPage<'a> {
    frame: Frame<'a>,
    tt: &'static ConsoleText,
    view: &'a Authority<'a>,
    setups: &'static [Setup],
}

impl AuthorityPage<'_> {
    fn say(&self, sentence: impl Borrow<Sentence>) -> &'static str {
        self.frame.t.say(sentence.borrow())
    }

    fn time(&self, at: &Timestamp) -> String {
        words::time(*at, self.frame.t.lang)
    }

    fn filled(&self, commands: &str) -> String {
        let Ours { metadata, entity, acs, slo } = self.view.ours;
        let names = [("{metadata}", metadata), ("{entity}", entity), ("{acs}", acs), ("{slo}", slo)];
        names.into_iter().fold(commands.to_owned(), |text, (name, value)| text.replace(name, value))
    }

    /// A page does not begin with a thousand lines: what is done already is told as a number.
    fn lines<'s>(&self, step: &'s Step<'_>) -> impl Iterator<Item = &'s Line<'s>> {
        let many = step.lines.len() > MANY;
        step.lines.iter().filter(move |line| !many || line.mark != Mark::Proved).take(MANY)
    }

    fn verdict(&self, verdict: &Verdict) -> &'static str {
        self.tt.verdict(*verdict)
    }

    fn ended(&self, verdict: &Verdict) -> &'static str {
        match verdict {
            Verdict::NotApplicable => "is-open",
            Verdict::Pass => "is-done",
            Verdict::Warning => "is-begun",
            Verdict::Fail => "is-wrong",
        }
    }

    fn class(&self, state: &State) -> &'static str {
        class(*state)
    }

    fn marked(&self, mark: &Mark) -> &'static str {
        match mark {
            Mark::Proved => "is-done",
            Mark::Missing => "is-open",
            Mark::Failed => "is-wrong",
        }
    }

    fn scenarios(&self) -> &'static [Scenario] {
        Scenario::ALL
    }

    fn reach(&self, reach: &Reach) -> &'static str {
        match reach {
            Reach::Seen => "is-done",
            Reach::Registered => "is-open",
            Reach::StepUp => "is-begun",
            Reach::Lower => "is-wrong",
        }
    }

    fn level(&self, used: &Adoption) -> Option<String> {
        let nist = used.nist.map(Level::Nist);
        used.nsis.map(Level::Nsis).or(nist).map(|level| level.to_string())
    }
}

/// A state as it looks. It always stands there as a word, too.
fn class(state: State) -> &'static str {
    match state {
        State::NotNeeded => "is-not-needed",
        State::Open => "is-open",
        State::InProgress => "is-begun",
        State::Done => "is-done",
        State::Attention => "is-wrong",
    }
}

/// So many lines of evidence are told one by one.
const MANY: usize = 20;

#[derive(Template)]
#[template(path = "console/ordered.html")]
struct OrderedPage<'a> {
    frame: Frame<'a>,
    tt: &'static ConsoleText,
    view: &'a Ordered<'a>,
}

impl OrderedPage<'_> {
    fn say(&self, sentence: impl Borrow<Sentence>) -> &'static str {
        self.frame.t.say(sentence.borrow())
    }
}

#[derive(Template)]
#[template(path = "console/matrix.html")]
struct MatrixPage<'a> {
    frame: Frame<'a>,
    tt: &'static ConsoleText,
    environment: &'a str,
    rows: Vec<Row<'a>>,
    systems: &'a [SystemRow<'a>],
}

impl MatrixPage<'_> {
    fn class(&self, state: &State) -> &'static str {
        class(*state)
    }

    fn tasks(&self) -> &'static [Task] {
        Task::ALL
    }

    fn say(&self, sentence: impl Borrow<Sentence>) -> &'static str {
        self.frame.t.say(sentence.borrow())
    }

    fn date(&self, at: &Timestamp) -> String {
        words::date(*at)
    }

    /// How many municipalities have done a task, of those that need to.
    fn done(&self, task: &Task) -> (usize, usize) {
        let steps = || self.rows.iter().flat_map(|row| &row.progress.steps).filter(|step| step.task == *task);
        let needed = steps().filter(|step| step.state != State::NotNeeded).count();
        (steps().filter(|step| step.state == State::Done).count(), needed)
    }
}
