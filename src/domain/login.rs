//! A login that is under way: what was asked, by whom, and how far it has come.
//!
//! A pending login lives in the user's browser, sealed. Each stage holds only what is true in it, and a move to the
//! next stage consumes the one before.

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::assurance::{Level, Nist, Nsis, Requirement};
use super::id::{Cvr, EntityId, LoginId, MessageId};
use super::reason::{Fault, Reason};
use super::trust::Scenario;

/// How long a user has from the fagsystem's question to the identity provider's answer.
///
/// A replay mark of a request lives longer than this, so a pending login cannot outlive the memory of its use.
pub const PENDING_FOR: SignedDuration = SignedDuration::from_mins(10);

/// What a fagsystem asked, after its request was verified and accepted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Asked {
    /// Ties everything together.
    pub login: LoginId,
    /// Who asked.
    pub fagsystem: EntityId,
    /// The ID of its request; one of ours where the protocol has none.
    pub request: MessageId,
    /// When the request was made, by its own word.
    pub made: Timestamp,
    /// How it wants its answer.
    pub reply: Reply,
    /// Whether the user must authenticate anew.
    pub force_authn: bool,
    /// How long ago the user may have authenticated.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub max_age: Option<SignedDuration>,
    /// Whether no page may be shown.
    pub is_passive: bool,
    /// What the user must reach.
    pub requirement: Requirement,
    /// The identity providers that the fagsystem will accept; empty means any.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub only_idps: Vec<EntityId>,
    /// How many more proxies may stand between us and who authenticates.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub proxies_left: Option<u32>,
    /// The browser that it began in, by the label that it carries.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub browser: Option<LoginId>,
    /// When it asked.
    pub begun: Timestamp,
}

/// How a fagsystem wants its answer: the one thing in which protocols differ.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "protocol", rename_all = "kebab-case")]
pub enum Reply {
    /// A SAML response in a form.
    Saml {
        /// The registered address.
        acs: String,
        /// What it wants back unchanged.
        #[serde(skip_serializing_if = "Option::is_none", default)]
        relay_state: Option<String>,
    },
    /// A code of OpenID Connect.
    Oidc(OidcReply),
    /// A report, and nothing else: nobody is let in.
    Trial(Trial),
    /// A sign-in to our own pages about trust.
    Console,
}

impl Reply {
    /// The trust run that the login belongs to, if it is one.
    pub fn trial(&self) -> Option<&Trial> {
        match self {
            Self::Trial(trial) => Some(trial),
            Self::Saml { .. } | Self::Oidc(_) | Self::Console => None,
        }
    }
}

/// A login that only tries whether an identity provider works.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Trial {
    /// What is tried.
    pub scenario: Scenario,
    /// The link to the run.
    pub ticket: String,
    /// Whether the user was logged out again, and it is only asked whether that is so.
    #[serde(skip_serializing_if = "std::ops::Not::not", default)]
    pub is_over: bool,
}

/// How a client wants its code, and what the code will be held against.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OidcReply {
    /// The registered address.
    pub redirect_uri: String,
    /// What it wants back unchanged.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub state: Option<String>,
    /// What the ID token is to carry unchanged.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub nonce: Option<String>,
    /// Whether it is answered by a form instead of in the address.
    pub form_post: bool,
    /// What only the one who asked can answer when the code is handed in (PKCE, S256).
    pub challenge: String,
    /// Whether a refresh token is wanted and allowed.
    pub offline: bool,
    /// The thumbprint of the key that the code is good for only.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub dpop: Option<String>,
}

impl Asked {
    /// Whether it is only asked whether the user of a trust run was logged out.
    pub fn is_over(&self) -> bool {
        self.reply.trial().is_some_and(|trial| trial.is_over)
    }

    /// Whether the user authenticated as lately as is asked: after our question, or where that will do, not longer ago than
    /// `max_age`. A question that an identity provider does not prove can be changed on its way there, and the old login of
    /// whoever left the machine would answer.
    pub fn check_fresh(
        &self,
        authenticated: Timestamp,
        (asked_at, now): (Timestamp, Timestamp),
        skew: SignedDuration,
    ) -> Result<(), Fault> {
        let is_anew = asked_at.duration_since(authenticated) <= skew;
        let is_young = |age: SignedDuration| now.duration_since(authenticated) <= age.saturating_add(skew);
        let will_do = match self.max_age {
            Some(age) => is_anew || !self.force_authn && is_young(age),
            None => is_anew || !self.force_authn,
        };
        if will_do {
            return Ok(());
        }
        let detail = format!("asked for a new login at {asked_at}, got one of {authenticated}");
        Err(Fault::new(Reason::ForceIgnored, detail))
    }

    /// Whether the login is still young enough to go on.
    pub fn check_age(&self, now: Timestamp) -> Result<(), Fault> {
        if now.duration_since(self.begun) <= PENDING_FOR {
            return Ok(());
        }
        Err(Fault::new(Reason::IrtUnknown, format!("the login began at {} and is too old", self.begun)))
    }
}

/// What travels in RelayState to an identity provider and comes back: the login, and for those that read it there
/// the levels that are asked for, as in `<32 digits>&loa=Substantial` or `<32 digits>&AssuranceLevel=3`.
///
/// The words are those of the attributes, so that the whole stays below the 80 bytes that SAML promises to carry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Handle {
    /// The login.
    pub login: LoginId,
    /// The levels. What comes back of them decides nothing.
    pub levels: Vec<Level>,
}

impl Handle {
    /// Reads what [`std::fmt::Display`] writes, and nothing else.
    pub fn read(text: &str) -> Option<Self> {
        let mut parts = text.split('&');
        let login = LoginId::new(parts.next()?).ok()?;
        let level = |part: &str| match part.split_once('=')? {
            ("loa", word) => Nsis::from_word(word).map(Level::Nsis),
            ("AssuranceLevel", digit) => Nist::from_digit(digit).map(Level::Nist),
            _ => None,
        };
        Some(Self { login, levels: parts.map(level).collect::<Option<_>>()? })
    }
}

impl std::fmt::Display for Handle {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}", self.login)?;
        self.levels.iter().try_for_each(|level| match level {
            Level::Nsis(nsis) => write!(f, "&loa={}", nsis.word()),
            Level::Nist(nist) => write!(f, "&AssuranceLevel={}", nist.digit()),
        })
    }
}

/// A login that waits for the user to choose a municipality.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Choosing {
    /// What was asked.
    pub asked: Asked,
}

impl Choosing {
    /// The user, or a hint, chose; the identity provider is being asked.
    pub fn ask(self, authority: Cvr, idp: EntityId, question: MessageId, at: Timestamp) -> AtIdp {
        AtIdp { asked: self.asked, authority, idp, question, at }
    }
}

/// A login that waits for the identity provider's answer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AtIdp {
    /// What was asked of us.
    pub asked: Asked,
    /// The municipality that was chosen.
    pub authority: Cvr,
    /// The identity provider that we asked.
    pub idp: EntityId,
    /// The ID of our question.
    pub question: MessageId,
    /// When we asked.
    pub at: Timestamp,
}

impl AtIdp {
    /// The municipality's provider answered and its level is too low; another provider is being asked for a higher one.
    pub fn step_up(self, step_up: EntityId, question: MessageId, at: Timestamp) -> AtStepUp {
        AtStepUp { asked: self.asked, authority: self.authority, idp: self.idp, step_up, question, at }
    }
}

/// A login whose first leg is done and that waits for a provider that raises the level. What the first leg proved
/// waits in the store, under the ID of this question.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AtStepUp {
    /// What was asked of us.
    pub asked: Asked,
    /// The municipality that was chosen.
    pub authority: Cvr,
    /// Its identity provider, which has answered.
    pub idp: EntityId,
    /// The provider that we asked for a higher level.
    pub step_up: EntityId,
    /// The ID of our question to it.
    pub question: MessageId,
    /// When we asked.
    pub at: Timestamp,
}

/// A trust run whose user is on the way to the identity provider to be logged out there again.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AtLogout {
    /// What was asked.
    pub asked: Asked,
    /// The municipality.
    pub authority: Cvr,
    /// The identity provider.
    pub idp: EntityId,
    /// The ID of our request that the session end.
    pub request: MessageId,
    /// When we asked.
    pub at: Timestamp,
}

/// The stages in which a login leaves our hands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "stage", rename_all = "kebab-case")]
pub enum Pending {
    /// The user is choosing.
    Choosing(Choosing),
    /// The identity provider is answering.
    AtIdp(AtIdp),
    /// The provider that raises the level is answering.
    AtStepUp(AtStepUp),
    /// The identity provider is logging the user of a trust run out.
    AtLogout(AtLogout),
}

impl Pending {
    /// What was asked.
    pub fn asked(&self) -> &Asked {
        match self {
            Self::Choosing(stage) => &stage.asked,
            Self::AtIdp(stage) => &stage.asked,
            Self::AtStepUp(stage) => &stage.asked,
            Self::AtLogout(stage) => &stage.asked,
        }
    }

    /// Our question that waits for an answer, and when we asked it.
    pub fn question(&self) -> Option<(&MessageId, Timestamp)> {
        match self {
            Self::Choosing(_) => None,
            Self::AtIdp(stage) => Some((&stage.question, stage.at)),
            Self::AtStepUp(stage) => Some((&stage.question, stage.at)),
            Self::AtLogout(stage) => Some((&stage.request, stage.at)),
        }
    }

    /// The stage in which a choice makes sense. A user who goes back and chooses another municipality starts
    /// from what the fagsystem asked, so a later stage turns into the earlier one. A trust run tries the provider that it was
    /// ordered for, so that nobody's report tells of another municipality's.
    pub fn choosing(self) -> Result<Choosing, Fault> {
        let asked = match self {
            Self::Choosing(stage) => return Ok(stage),
            Self::AtIdp(stage) => stage.asked,
            Self::AtStepUp(stage) => stage.asked,
            Self::AtLogout(stage) => stage.asked,
        };
        match asked.reply.trial() {
            None => Ok(Choosing { asked }),
            Some(_) => Err(Fault::new(Reason::FlowStep, "a trust run leaves nothing to be chosen")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_handle_is_read_as_it_was_written_and_in_no_other_way() {
        let login = LoginId::from_bits(7);
        let every = Nsis::ALL.map(Level::Nsis).into_iter().chain(Nist::ALL.map(Level::Nist));
        let handles = every
            .map(|level| vec![level])
            .chain([Vec::new(), vec![Level::Nsis(Nsis::Substantial), Level::Nist(Nist::ALL[2])]]);
        for levels in handles {
            let handle = Handle { login, levels };
            assert_eq!(Handle::read(&handle.to_string()).as_ref(), Some(&handle));
            assert!(handle.to_string().len() <= 80, "{handle}");
        }
        for end in [
            "&",
            "&loa=substantial",
            "&loa=",
            "&loa",
            "&level=3",
            "&AssuranceLevel=5",
            "&loa=Low&",
            "?loa=Low",
            " ",
        ] {
            assert_eq!(Handle::read(&format!("{login}{end}")), None, "{end:?}");
        }
    }
}
