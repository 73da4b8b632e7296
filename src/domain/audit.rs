//! The closed list of what is written down about every exchange.
//!
//! There is one event for every message that comes in and for every token that goes out. It is durable before the
//! answer leaves. An event holds identifiers, never the value of an attribute, a token or a key; text that a
//! stranger chose is cut at a length.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::id::{Cvr, EntityId, LoginId};
use super::reason::Reason;

/// What kind of exchange an event tells of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Event {
    /// A fagsystem asked for a login.
    RequestReceived,
    /// An identity provider was chosen and asked.
    QuestionSent,
    /// An identity provider answered.
    AnswerReceived,
    /// A token was issued to a fagsystem.
    TokenIssued,
    /// A fagsystem was told that there is no login.
    RefusalSent,
    /// An attribute service was asked about a user.
    AttributesRequested,
    /// An attribute service answered, or did not.
    AttributesReceived,
    /// The register was changed.
    RegistryChanged,
    /// Somebody asked for users that are kept here.
    UsersRead,
    /// Somebody changed the users that are kept here.
    UsersChanged,
    /// Somebody had metadata looked at.
    MetadataChecked,
    /// Somebody asked for the attributes of a user.
    AttributesAsked,
    /// Somebody asked who is logged in.
    SessionsRead,
    /// Somebody asked that sessions end.
    LogoutReceived,
    /// A session ended here.
    SessionEnded,
    /// A party of a session was told that it is over.
    LogoutSent,
    /// A party said what became of it, or nothing.
    LogoutConfirmed,
    /// Whoever asked that sessions end was told what became of it.
    LogoutAnswered,
    /// A fagsystem pushed a request to us before its user came.
    RequestPushed,
    /// A fagsystem handed in a code or a refresh token.
    TokensAsked,
    /// A fagsystem showed an access token and asked who its user is.
    UserinfoAsked,
    /// A fagsystem asked whether a token counts.
    TokenInspected,
    /// A fagsystem gave a token back.
    TokenRevoked,
    /// An invitation to the pages about trust was made or withdrawn.
    InvitationChanged,
    /// Somebody signed in to the pages about trust.
    ConsoleEntered,
    /// Somebody looked at what is known of an authority.
    ConsoleViewed,
    /// Somebody signed out of the pages about trust.
    ConsoleLeft,
    /// Somebody ordered a trust run.
    TrustRunOrdered,
    /// A trust run ended with a report.
    TrustRunEnded,
}

/// Who did it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Actor {
    /// Somebody whose name is not proved.
    Unauthenticated,
    /// A fagsystem, proved by its signature.
    Fagsystem,
    /// An identity provider, proved by its signature.
    IdentityProvider,
    /// An attribute service, proved by its signature.
    AttributeService,
    /// The user in front of the browser, bound by the sealed login.
    User,
    /// A system of an authority, proved by its token or certificate.
    ApiClient,
    /// Somebody who may ask for attributes, proved by its signature.
    AttributeRequester,
    /// Somebody who is signed in to the pages about trust.
    Reader,
    /// An operator on this machine.
    Operator,
    /// We.
    Broker,
}

/// One line of the exchange log.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Record {
    /// When.
    pub at: Timestamp,
    /// Which login it belongs to.
    pub login: LoginId,
    /// What happened.
    pub event: Event,
    /// Who did it.
    pub actor: Actor,
    /// Whether it was allowed.
    pub allowed: bool,
    /// The reason code.
    pub reason: String,
    /// Expected and received, where something was refused.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub detail: Option<String>,
    /// Reasons that did not decide but belong to the story.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub noticed: Vec<String>,
    /// Where the message arrived and how: `/saml/sp/acs POST`.
    #[serde(skip_serializing_if = "String::is_empty", default)]
    pub endpoint: String,
    /// The address that it came from.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub source: Option<String>,
    /// Who the message says that it is from, proved or not.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub claimed_issuer: Option<String>,
    /// The session.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub session: Option<LoginId>,
    /// The municipality.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub authority: Option<Cvr>,
    /// The identity provider.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub idp: Option<EntityId>,
    /// The provider that was asked to raise the level.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub step_up: Option<EntityId>,
    /// The fagsystem.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub fagsystem: Option<EntityId>,
    /// The attribute service.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub attribute_service: Option<EntityId>,
    /// The ID of the message that came or went.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub message: Option<String>,
    /// The ID that it answers.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub in_response_to: Option<String>,
    /// The ID of the assertion in it.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub assertion: Option<String>,
    /// The SHA-256 of the message as it came.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub sha256: Option<String>,
    /// The fingerprint of the key that verified.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub key: Option<String>,
    /// The signature algorithm.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub algorithm: Option<String>,
    /// The level that was reached or issued.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub level: Option<String>,
    /// The level that was required.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub required: Option<String>,
    /// Why the user's roles became rights or did not: what was kept first, and no more than so many.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub rulings: Vec<Ruling>,
    /// How many rulings there were beyond these.
    #[serde(skip_serializing_if = "is_none", default)]
    pub more_rulings: usize,
    /// The rule by which the level was found enough or not.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub rule: Option<String>,
    /// Whether the user is a robot.
    #[serde(skip_serializing_if = "std::ops::Not::not", default)]
    pub robot: bool,
}

/// Why a role that a municipality named became a right, or did not. Holds no value of a limit and no CPR number. Under which
/// agreement stands in the record that it belongs to, once for all of them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ruling {
    /// The reason code.
    pub reason: Reason,
    /// In whose matters it was said.
    pub scope: String,
    /// The role as it was said.
    pub role: String,
    /// The user system role that the mapping in question leads to.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub mapping: Option<String>,
    /// Expected and received, or how it is limited.
    #[serde(skip_serializing_if = "String::is_empty", default)]
    pub detail: String,
}

impl Record {
    /// The longest text of a stranger's choosing that is kept.
    const MAX_TEXT: usize = 300;

    /// The most rulings that are kept; a user with more roles here is a rare one.
    const MOST_RULINGS: usize = 100;

    /// An allowed event without its circumstances.
    pub fn allowed(at: Timestamp, login: LoginId, event: Event, actor: Actor, reason: Reason) -> Self {
        Self {
            at,
            login,
            event,
            actor,
            allowed: true,
            reason: reason.code().to_owned(),
            detail: None,
            noticed: Vec::new(),
            endpoint: String::new(),
            source: None,
            claimed_issuer: None,
            session: None,
            authority: None,
            idp: None,
            step_up: None,
            fagsystem: None,
            attribute_service: None,
            message: None,
            in_response_to: None,
            assertion: None,
            sha256: None,
            key: None,
            algorithm: None,
            level: None,
            required: None,
            rulings: Vec::new(),
            more_rulings: 0,
            rule: None,
            robot: false,
        }
    }

    /// Writes down why the user's roles became rights or did not. What was kept comes first, so that nobody hides it
    /// behind a heap of nonsense.
    pub fn ruled(&mut self, rulings: &[Ruling]) {
        let (kept, dropped): (Vec<_>, Vec<_>) =
            rulings.iter().partition(|ruling| ruling.reason == Reason::BppKept);
        self.rulings = kept.into_iter().chain(dropped).take(Self::MOST_RULINGS).cloned().collect();
        self.more_rulings = rulings.len() - self.rulings.len();
    }

    /// Cuts and cleans text of a stranger's choosing, so that it can neither fill the log nor forge a line of it, nor
    /// bring a CPR number into it: some municipalities name users by theirs.
    pub fn tame(text: &str) -> String {
        // Nearly all of it is harmless, and seen to be so without a copy.
        if text.len() <= Self::MAX_TEXT && !has_ten_digits(text) && !text.contains(char::is_control) {
            return text.to_owned();
        }
        // Hidden before it is cut, and looked at a little beyond the cut: half a number is too much.
        let beyond: String = text.chars().take(Self::MAX_TEXT + 11).collect();
        let hidden = without_cpr(&beyond);
        hidden.chars().take(Self::MAX_TEXT).map(|c| if c.is_control() { '\u{fffd}' } else { c }).collect()
    }
}

fn is_none(count: &usize) -> bool {
    *count == 0
}

/// The text with stars where a CPR number seems to stand: ten digits that begin with a day and a month, with or without
/// a hyphen before the last four.
pub fn without_cpr(text: &str) -> String {
    if !has_ten_digits(text) {
        return text.to_owned();
    }
    let characters: Vec<char> = text.chars().collect();
    let mut out = String::with_capacity(text.len());
    let mut at = 0;
    while at < characters.len() {
        let after_digit = at > 0 && characters[at - 1].is_ascii_digit();
        match cpr_length(&characters[at..]).filter(|_| !after_digit) {
            Some(length) => {
                out.push_str("******-****");
                at += length;
            }
            None => {
                out.push(characters[at]);
                at += 1;
            }
        }
    }
    out
}

fn has_ten_digits(text: &str) -> bool {
    text.bytes().filter(u8::is_ascii_digit).count() >= 10
}

fn cpr_length(text: &[char]) -> Option<usize> {
    let digit = |at: usize| text.get(at).and_then(|c| c.to_digit(10));
    let two = |at: usize| Some(digit(at)? * 10 + digit(at + 1)?);
    let (day, month) = (two(0)?, two(2)?);
    let hyphen = usize::from(text.get(6) == Some(&'-'));
    [4, 6 + hyphen, 8 + hyphen].into_iter().map(two).collect::<Option<Vec<_>>>()?;
    let ends = digit(10 + hyphen).is_none();
    // Numbers of people without a civil registration have 60 added to the day.
    let is_day = (1..=31).contains(&day) || (61..=91).contains(&day);
    (is_day && (1..=12).contains(&month) && ends).then_some(10 + hyphen)
}
