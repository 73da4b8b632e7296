//! Where the browser is logged in, and how a logout goes.

use askama::Template;
use axum::http::StatusCode;
use axum::response::Response;
use jiff::Timestamp;

use super::answer::{FormAction, Script, answer, with_frames};
use super::target::Target;
use super::{Frame, NoticePage, words};
use crate::domain::id::LoginId;
use crate::domain::reason::Fault;
use crate::http::text::Text;
use crate::http::visitor::Visitor;

/// How many seconds a party that the browser was sent to is waited for.
const PATIENCE: u32 = 10;
/// After how many seconds the browser leaves the last page by itself: it is there to be read.
const TO_READ: u32 = 30;

/// A session of the browser.
#[derive(Clone, Debug)]
pub struct Session<'a> {
    /// Its name.
    pub session: LoginId,
    /// The municipality.
    pub municipality: &'a str,
    /// Since when.
    pub begun: Timestamp,
    /// Until when, at the latest.
    pub expires: Timestamp,
    /// The fagsystemer, and since when.
    pub fagsystemer: &'a [(String, Timestamp)],
}

/// All sessions of the browser.
#[derive(Clone, Debug)]
pub struct Sessions<'a>(pub Vec<Session<'a>>);

/// How far a party has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PartyState {
    /// It will be told.
    Waiting,
    /// The browser was sent to it.
    Told,
    /// It confirmed.
    Confirmed,
    /// It did not confirm.
    Failed,
    /// It cannot be told.
    Untold,
    /// It is told in a frame, which confirms nothing.
    Framed,
}

/// Somebody who must hear of a logout.
#[derive(Clone, Debug)]
pub struct Party<'a> {
    /// The name that people know.
    pub name: &'a str,
    /// Whether it is an identity provider.
    pub is_provider: bool,
    /// How far it has come.
    pub state: PartyState,
    /// The addresses of its frames.
    pub frames: &'a [String],
}

/// A form that takes the browser somewhere.
#[derive(Clone, Debug)]
pub struct Form<'a> {
    /// The address.
    pub action: &'a str,
    /// What it brings there.
    pub fields: Vec<(&'static str, &'a str)>,
}

/// What comes next.
#[derive(Clone, Debug)]
pub enum Hop<'a> {
    /// The browser goes to the party at this place, to an address.
    Onward(usize, &'a str),
    /// It goes there with a form.
    OnwardByForm(usize, Form<'a>),
    /// The party at this place has not sent it back.
    Unanswered(usize),
    /// It goes back to somebody, to an address.
    Back(&'a str, &'a str),
    /// It goes back with a form.
    BackByForm(&'a str, Form<'a>),
    /// Nothing.
    Over,
}

/// How far a logout has come.
#[derive(Clone, Debug)]
pub struct Farewell<'a> {
    /// Which.
    pub logout: LoginId,
    /// Everybody who must hear of it.
    pub parties: &'a [Party<'a>],
    /// Whether all of them confirmed.
    pub complete: bool,
    /// What comes next.
    pub hop: Hop<'a>,
}

/// Where the browser is logged in.
pub fn sessions(visitor: &Visitor, view: &Sessions<'_>) -> Response {
    let all: Vec<String> = view.0.iter().map(|session| session.session.to_string()).collect();
    let page = SessionsPage {
        frame: Frame::new(visitor, |t| t.where_logged_in),
        all: all.join(" "),
        sessions: &view.0,
    };
    let forms = if view.0.is_empty() { FormAction::None } else { FormAction::Own };
    answer(StatusCode::OK, &page, visitor, forms, None)
}

/// How far a logout has come, and what comes next.
pub fn farewell(visitor: &Visitor, view: &Farewell<'_>) -> Result<Response, Fault> {
    let (under_way, place) = match &view.hop {
        Hop::Onward(place, _) | Hop::OnwardByForm(place, _) | Hop::Unanswered(place) => (true, Some(*place)),
        Hop::Back(..) | Hop::BackByForm(..) | Hop::Over => (false, None),
    };
    let title: fn(&Text) -> &'static str = match (under_way, view.complete) {
        (true, _) => |t| t.logging_out,
        (false, true) => |t| t.logged_out,
        (false, false) => |t| t.logged_out_in_part,
    };
    let (address, carried) = match &view.hop {
        Hop::OnwardByForm(_, form) | Hop::BackByForm(_, form) => (Some(form.action), form.fields.as_slice()),
        Hop::Onward(_, address) | Hop::Back(_, address) => (Some(*address), &[][..]),
        Hop::Unanswered(_) | Hop::Over => (None, &[][..]),
    };
    let target = address.map(Target::new).transpose()?;
    let fields = carried.iter().map(|(name, value)| Ok((*name, words::form_value(value)?)));
    let fields = fields.collect::<Result<Vec<_>, Fault>>()?;
    let page = FarewellPage {
        frame: Frame::new(visitor, title),
        logout: view.logout,
        lang: visitor.chose().then(|| visitor.lang().tag()),
        parties: view.parties,
        complete: view.complete,
        under_way,
        place,
        at: place.and_then(|place| view.parties.get(place)).map(|party| party.name),
        back: match &view.hop {
            Hop::Back(receiver, _) | Hop::BackByForm(receiver, _) => Some(receiver),
            _ => None,
        },
        address: target.as_ref().map(Target::address),
        fields,
        later: if under_way { PATIENCE } else { TO_READ },
        script: Script::LEAVE.source(),
    };
    let framed = view.parties.iter().filter(|_| !under_way).flat_map(|party| party.frames);
    let framed = framed.map(|address| Target::new(address)).collect::<Result<Vec<_>, Fault>>()?;
    let forms =
        target.as_ref().filter(|_| !page.fields.is_empty()).map_or(FormAction::None, FormAction::Target);
    let response = answer(StatusCode::OK, &page, visitor, forms, Some(Script::LEAVE));
    Ok(with_frames(response, &framed))
}

/// This browser has no logout of that name.
pub fn no_farewell(visitor: &Visitor) -> Response {
    let page = NoticePage {
        frame: Frame::both(visitor, |t| t.no_logout),
        says: |t| t.no_logout_text,
        heading: |t| t.no_logout,
        retry: None,
    };
    answer(StatusCode::NOT_FOUND, &page, visitor, FormAction::None, None)
}

#[derive(Template)]
#[template(path = "sessions.html")]
struct SessionsPage<'a> {
    frame: Frame<'a>,
    sessions: &'a [Session<'a>],
    all: String,
}

impl SessionsPage<'_> {
    fn time(&self, at: &Timestamp) -> String {
        words::time(*at, self.frame.t.lang)
    }
}

#[derive(Template)]
#[template(path = "logout.html")]
struct FarewellPage<'a> {
    frame: Frame<'a>,
    logout: LoginId,
    lang: Option<&'static str>,
    parties: &'a [Party<'a>],
    complete: bool,
    under_way: bool,
    /// The place of the party that the browser is sent to or was.
    place: Option<usize>,
    /// Its name.
    at: Option<&'a str>,
    /// Who wanted the logout.
    back: Option<&'a str>,
    /// Where the browser goes next.
    address: Option<&'a str>,
    /// What it brings there, escaped already, because line ends need more than the template's escaping.
    fields: Vec<(&'static str, String)>,
    /// After how many seconds the button is pressed by itself.
    later: u32,
    script: &'static str,
}

impl FarewellPage<'_> {
    fn state(&self, party: &Party<'_>) -> &'static str {
        let t = self.frame.t;
        match party.state {
            PartyState::Waiting if self.under_way => t.leg_waiting,
            PartyState::Waiting => t.leg_again,
            PartyState::Told => t.leg_told,
            PartyState::Confirmed => t.leg_confirmed,
            PartyState::Failed => t.leg_failed,
            PartyState::Untold => t.leg_untold,
            PartyState::Framed => t.leg_framed,
        }
    }
}
