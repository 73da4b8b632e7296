//! Single sign-on and its end: who takes part in a session, and who has heard that it is over.
//!
//! A *session* is one user's at one municipality, in one browser. A *participant* is a fagsystem in it; its index is what
//! SAML calls SessionIndex and OpenID Connect calls `sid`. A logout has a *leg* for everybody who must hear of it.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::id::{Cvr, EntityId, LoginId, MessageId};

/// A session that an identity provider keeps of the user, as it named both.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AtProvider {
    /// The identity provider.
    pub idp: EntityId,
    /// The user's name there.
    pub name: String,
    /// The format of that name, as it said.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub format: Option<String>,
    /// Its SessionIndex.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub index: Option<String>,
}

/// A fagsystem that the user was logged in to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Participant {
    /// What names it between the fagsystem and us.
    pub index: LoginId,
    /// The session that it belongs to.
    pub session: LoginId,
    /// The login that made it one.
    pub login: LoginId,
    /// The fagsystem.
    pub fagsystem: EntityId,
    /// The user's name, as the fagsystem was told it.
    pub name: String,
    /// Since when.
    pub begun: Timestamp,
    /// Until when.
    pub expires: Timestamp,
    /// Whether its tokens were revoked; it must still hear of a logout.
    #[serde(skip_serializing_if = "std::ops::Not::not", default)]
    pub revoked: bool,
}

impl Participant {
    /// The most logins of one fagsystem that a session remembers, the youngest. Whoever has a session can log in without end,
    /// and all of them would go over to the next session, and would have to be told of a logout, one by one.
    pub const MOST: usize = 100;
}

/// Who must hear that a session is over.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Party {
    /// A fagsystem, however often the user was logged in to it.
    Fagsystem {
        /// Which.
        fagsystem: EntityId,
        /// The user's name, as the fagsystem was told it.
        name: String,
        /// Every index that it knows.
        indexes: Vec<LoginId>,
    },
    /// An identity provider.
    Provider(AtProvider),
}

impl Party {
    /// Its name in the register.
    pub fn entity_id(&self) -> &EntityId {
        match self {
            Self::Fagsystem { fagsystem, .. } => fagsystem,
            Self::Provider(provider) => &provider.idp,
        }
    }

    /// The fagsystemer of these participants, in the order in which the user first came to them.
    pub fn of(participants: Vec<Participant>) -> Vec<Self> {
        let mut parties: Vec<Self> = Vec::new();
        for participant in participants {
            let known = parties.iter_mut().find_map(|party| match party {
                Self::Fagsystem { fagsystem, indexes, .. } if *fagsystem == participant.fagsystem => {
                    Some(indexes)
                }
                _ => None,
            });
            match known {
                Some(indexes) => indexes.push(participant.index),
                None => parties.push(Self::Fagsystem {
                    fagsystem: participant.fagsystem,
                    name: participant.name,
                    indexes: vec![participant.index],
                }),
            }
        }
        parties
    }
}

/// How far a leg has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum LegState {
    /// It has not been told yet, or will be told again.
    Waiting,
    /// The browser was sent there, and has not come back.
    Told,
    /// It said that the user is logged out there.
    Confirmed,
    /// It could not be reached, or did not say so.
    Failed,
    /// There is no way to tell it.
    Untold,
}

impl LegState {
    /// Whether nothing more will happen.
    pub fn is_settled(self) -> bool {
        matches!(self, Self::Confirmed | Self::Failed | Self::Untold)
    }
}

/// One party of a logout.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Leg {
    /// Its place in the logout.
    pub number: u32,
    /// Who.
    pub party: Party,
    /// How far it has come.
    pub state: LegState,
    /// The ID of the request that it was told by.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub question: Option<MessageId>,
    /// How often it was told.
    pub attempts: u32,
    /// When it is told again, if it is.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub next: Option<Timestamp>,
}

/// Who ended a session.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum LogoutBy {
    /// A fagsystem, which need not be told.
    Fagsystem(EntityId),
    /// An identity provider, which need not be told.
    Provider(EntityId),
    /// The user, on our page.
    User,
    /// An operator or a system of the municipality.
    Administrator,
}

/// A session that is over, and who has heard of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Logout {
    /// Its name, which is a case number for people.
    pub id: LoginId,
    /// The session.
    pub session: LoginId,
    /// The municipality whose user it was.
    pub authority: Cvr,
    /// Who ended it.
    pub by: LogoutBy,
    /// When.
    pub begun: Timestamp,
    /// Until when it is kept.
    pub expires: Timestamp,
    /// Everybody who must hear of it: the fagsystemer first, then the identity providers.
    #[serde(default)]
    pub legs: Vec<Leg>,
}

impl Logout {
    /// Whether everybody confirmed.
    pub fn is_complete(&self) -> bool {
        self.legs.iter().all(|leg| leg.state == LegState::Confirmed)
    }
}
