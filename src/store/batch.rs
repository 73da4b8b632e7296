//! What one step of a login, a logout or an exchange leaves behind, all or nothing.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::domain::audit::Record;
use crate::domain::id::{Cvr, EntityId, LoginId, MessageId};
use crate::domain::session::{AtProvider, Leg, Logout, Participant};
use crate::domain::trust::{Report, Scenario, Sent, Unanswered, Use};

use super::ConsoleStep;

/// What kind of thing may be used only once. Kinds never mix: a used request is not a used assertion.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A request of a fagsystem, by its issuer and ID.
    Request,
    /// An assertion of an identity provider, by its issuer and ID.
    Assertion,
    /// A question of ours, by its ID.
    Question,
    /// A request that a session ends, by its issuer and ID.
    Logout,
    /// What a client proved itself with, by the client and its `jti`.
    ClientAssertion,
    /// A proof of possession, by its key and its `jti`.
    Possession,
}

impl std::fmt::Display for Kind {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Request => "the request",
            Self::Assertion => "the assertion",
            Self::Question => "the question",
            Self::Logout => "the logout request",
            Self::ClientAssertion => "the client assertion",
            Self::Possession => "the proof of possession",
        })
    }
}

/// Something that may be used only once, and for how long that has to be remembered.
#[derive(Clone, Debug)]
pub struct Mark {
    /// What kind of thing it is.
    pub kind: Kind,
    /// Who named it.
    pub issuer: String,
    /// Its name.
    pub id: String,
    /// When it was made, by its own signed word: the same in every copy of it.
    pub made: Timestamp,
    /// From when on it is refused for its age alone.
    pub expires: Timestamp,
}

/// A user's single sign-on at one municipality, in one browser.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Session {
    /// Its name. It opens nothing: the secret that does is the browser's.
    pub id: LoginId,
    /// What a logout needs to know of it.
    pub facts: SessionFacts,
    /// Until when it can be used again, unless it is used meanwhile.
    pub idle: Timestamp,
    /// When it ends.
    pub expires: Timestamp,
}

/// What a logout needs to know of a session.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SessionFacts {
    /// The municipality.
    pub authority: Cvr,
    /// The browser, by the label that it carries.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub browser: Option<LoginId>,
    /// When it began.
    pub begun: Timestamp,
    /// The user at the municipality's provider.
    pub municipal: AtProvider,
    /// The user at the provider that raised the level, if one did.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub step_up: Option<AtProvider>,
}

impl SessionFacts {
    /// The sessions that identity providers keep of the user.
    pub fn providers(&self) -> impl Iterator<Item = &AtProvider> {
        self.step_up.iter().chain([&self.municipal])
    }
}

/// What a participant may exchange for tokens: a code, or a refresh token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Voucher {
    /// Its name. It opens nothing: the secret that does is the participant's.
    pub id: LoginId,
    /// Whose it is.
    pub participant: LoginId,
    /// From when on it is worth nothing.
    pub expires: Timestamp,
    /// Whether it was spent.
    pub spent: bool,
    /// What it stands for, sealed by the participant's secret.
    pub sealed: Vec<u8>,
}

/// A session that is used again.
#[derive(Clone, Copy, Debug)]
pub struct Within {
    /// Which.
    pub session: LoginId,
    /// Until when it can be used again from now on, where that is to be written down anew.
    pub idle: Option<Timestamp>,
}

/// The browsers that a login was seen in, none of which may have been logged out since it began.
#[derive(Clone, Debug)]
pub struct Begun {
    /// Their labels.
    pub browsers: Vec<LoginId>,
    /// When the login began.
    pub at: Timestamp,
}

/// The end of a session. Its participants become the legs of the logout in the same moment, so that nobody is missed.
#[derive(Clone, Debug)]
pub struct Ending {
    /// The logout, with the legs of the identity providers.
    pub logout: Logout,
    /// The fagsystem that need not be told.
    pub except: Option<EntityId>,
    /// When those who have not been told by then are told by whoever tells again.
    pub due: Timestamp,
    /// The browser in which logins that are under way must not end well.
    pub browser: Option<LoginId>,
}

/// How a leg of a logout went.
#[derive(Clone, Debug)]
pub struct LegChange {
    /// The logout.
    pub logout: LoginId,
    /// The leg as it is now.
    pub leg: Leg,
}

/// A half-done login: what its first leg proved, sealed, until the second one takes it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HalfDone {
    /// The ID of the question that the second leg answers.
    pub question: MessageId,
    /// What was proved, for nobody's eyes but ours.
    pub content: String,
    /// From when on it is forgotten.
    pub expires: Timestamp,
}

/// A trust run that was ordered, and its report once it has ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TrustRun {
    /// Its name, which the login of the run has too.
    pub id: LoginId,
    /// The municipality.
    pub authority: Cvr,
    /// The identity provider that is tried.
    pub idp: EntityId,
    /// What is tried.
    pub scenario: Scenario,
    /// When it was ordered.
    pub ordered: Timestamp,
    /// When it is forgotten.
    pub expires: Timestamp,
    /// What was ordered, sealed by the secret of the link to it.
    pub sealed: Vec<u8>,
    /// With what it left for the identity provider last, if it did.
    pub sent: Option<Sent>,
    /// How it ended.
    pub report: Option<Report>,
}

impl TrustRun {
    /// What is told while nothing has come back.
    pub fn unanswered(&self) -> Option<Unanswered<'_>> {
        self.sent.as_ref().filter(|_| self.report.is_none()).map(Unanswered::of)
    }
}

/// Which trust runs are looked for; the youngest first.
#[derive(Clone, Debug, Default)]
pub struct RunQuery {
    /// Of this municipality.
    pub authority: Option<Cvr>,
    /// Of this identity provider.
    pub idp: Option<EntityId>,
    /// That left with this question.
    pub question: Option<MessageId>,
    /// Ordered at or after this moment.
    pub since: Option<Timestamp>,
    /// At most so many.
    pub limit: u32,
}

/// What one step leaves behind, all or nothing.
#[derive(Clone, Debug, Default)]
pub struct Batch {
    /// Things that must not have been used.
    pub unused: Vec<Mark>,
    /// Things that are used by this step.
    pub uses: Vec<Mark>,
    /// A session that begins, and what it remembers of the login, sealed by the browser's secret.
    pub session: Option<(Session, Vec<u8>)>,
    /// A session of the same user and browser that it takes the place of, with all its participants.
    pub replaces: Option<LoginId>,
    /// A session that is used again. It must not be over.
    pub within: Option<Within>,
    /// The login must not be one that a logout overtook.
    pub begun: Option<Begun>,
    /// A fagsystem that the user is logged in to now.
    pub participant: Option<Participant>,
    /// A voucher that is given out.
    pub voucher: Option<Voucher>,
    /// A voucher that is spent by this step. It must be there and not spent.
    pub spends: Option<LoginId>,
    /// A voucher that this step lives on without spending it. It must be there and not spent, too.
    pub needs: Option<LoginId>,
    /// A participant whose tokens die.
    pub revokes: Option<LoginId>,
    /// Sessions that end.
    pub endings: Vec<Ending>,
    /// How legs of logouts went.
    pub legs: Vec<LegChange>,
    /// A half-done login that waits for its second leg.
    pub keeps: Option<HalfDone>,
    /// The question of the half-done login that this step finishes. It must be there, and nobody else can take it then.
    pub takes: Option<MessageId>,
    /// What changes about who may see the pages about trust.
    pub console: Option<ConsoleStep>,
    /// A login that ended well, as far as it counts for the progress of its municipality.
    pub uses_system: Option<Use>,
    /// The authority by whose address our metadata was fetched, and when.
    pub fetched: Option<(Cvr, Timestamp)>,
    /// With what a trust run left for its identity provider.
    pub sent: Option<Sent>,
    /// How a trust run ended.
    pub report: Option<Report>,
    /// What the exchange log says about it.
    pub records: Vec<Record>,
}
