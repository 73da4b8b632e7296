//! A whole run, as it is kept and shown. Personal data is masked before it comes here, so a report can be shown to
//! whoever may see the run.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{Finding, Scenario, Verdict};
use crate::domain::id::{Cvr, EntityId, LoginId, MessageId};

/// Where a run took place: production, or one of the test environments.
pub type Environment = String;

/// What came of a run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Report {
    /// The run.
    pub run: LoginId,
    /// Where it took place.
    pub environment: Environment,
    /// What was tried.
    pub scenario: Scenario,
    /// The municipality.
    pub authority: Cvr,
    /// Its name.
    pub authority_name: String,
    /// The identity provider.
    pub idp: EntityId,
    /// Its name.
    pub idp_name: String,
    /// The fagsystem that was chosen, if one was.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub fagsystem: Option<EntityId>,
    /// When the user was sent off.
    pub begun: Timestamp,
    /// When it ended.
    pub finished: Timestamp,
    /// The worst of all findings.
    pub verdict: Verdict,
    /// What was looked at, in the order of the checks.
    pub findings: Vec<Finding>,
    /// What was seen on the way.
    #[serde(default)]
    pub shown: Shown,
}

/// What was seen in a run, masked.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Shown {
    /// The messages, in the order in which they travelled.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub messages: Vec<Message>,
    /// The keys that took part.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub certificates: Vec<Certified>,
    /// When everything happened.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub timing: Option<Timing>,
    /// The user's name, in its parts.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub name: Option<Name>,
    /// What was said, and as what it would be told.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub attributes: Vec<Attribute>,
    /// The municipality's roles, and what becomes of each.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub roles: Vec<Role>,
    /// How the level came about.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub assurance: Option<Assurance>,
    /// What was asked of attribute services.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub services: Vec<Service>,
    /// What the chosen fagsystem would get.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub preview: Option<Preview>,
}

/// A message that travelled.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Message {
    /// What it is: `AuthnRequest`, `Response`, `Assertion`, `LogoutRequest`, `LogoutResponse`.
    pub what: String,
    /// From whom.
    pub from: String,
    /// How: `Redirect`, `POST`, `SOAP`, or `decrypted`.
    pub binding: String,
    /// The XML, masked.
    pub xml: String,
}

/// A question that left for the identity provider, and waits for an answer or did.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sent {
    /// The run.
    pub run: LoginId,
    /// The ID of the question.
    pub question: MessageId,
    /// When it left.
    pub at: Timestamp,
    /// What was asked.
    pub message: Message,
}

/// A certificate that took part.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Certified {
    /// Whose and what for: `identity provider, signing`.
    pub usage: String,
    /// Whose it is, by its own words.
    pub subject: String,
    /// Who issued it, outermost last; empty where the chain is not known.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub issuers: Vec<String>,
    /// Its SHA-256.
    pub fingerprint: String,
    /// Its serial number.
    pub serial: String,
    /// The kind and size of its key: `RSA 3072`.
    pub key: String,
    /// From when it holds.
    pub not_before: Timestamp,
    /// Until when.
    pub not_after: Timestamp,
    /// Whether it signed or opened something in this run.
    pub used: bool,
}

/// When everything happened.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Timing {
    /// The moments, by the clock of whoever tells them.
    pub moments: Vec<Moment>,
    /// How far the identity provider's clock is ahead of ours, in milliseconds, as far as it can be told.
    pub skew: i64,
    /// How far it may be, either way.
    pub tolerance: i64,
}

/// One moment: `asked`, `IssueInstant`, `NotBefore`, `NotOnOrAfter`, `AuthnInstant`, `SessionNotOnOrAfter`, `arrived`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Moment {
    /// Which.
    pub what: String,
    /// When.
    pub at: Timestamp,
    /// Whether it is told by our own clock.
    pub ours: bool,
}

/// A NameID in its parts.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Name {
    /// Its Format.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub format: Option<String>,
    /// The organisation.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub authority: Option<Cvr>,
    /// The name of the person, masked.
    pub person: String,
    /// The serial number, masked: by it rights are looked up.
    pub serial: String,
}

/// An attribute.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attribute {
    /// Its name as it came.
    pub name: String,
    /// The name that people know, where we know the attribute.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub known_as: Option<String>,
    /// Its values, masked.
    pub values: Vec<String>,
    /// The name by which the fagsystem is told it, where it is.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub told_as: Option<String>,
}

/// A role that the municipality says its user has.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Role {
    /// In whose matters.
    pub scope: String,
    /// The name of that authority, where it is one that we know.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub scope_name: Option<String>,
    /// The role's URI.
    pub role: String,
    /// The limits on it, by name.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub limits: Vec<(String, String)>,
    /// What becomes of it in each fagsystem that the municipality may use.
    pub becomes: Vec<Becomes>,
}

/// What becomes of a role in a fagsystem.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Becomes {
    /// The fagsystem.
    pub fagsystem: String,
    /// The user system role, where it becomes one.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub right: Option<String>,
    /// Why.
    pub reason: crate::domain::reason::Reason,
    /// Expected and received.
    #[serde(skip_serializing_if = "String::is_empty", default)]
    pub detail: String,
}

/// How the level came about.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Assurance {
    /// What was asked for.
    pub requested: String,
    /// What was stated, by the name of the statement.
    pub stated: Vec<(String, String)>,
    /// The highest that may be stated.
    pub ceiling: String,
    /// What counts.
    pub counts: String,
    /// What the fagsystem demands.
    pub required: String,
    /// The rule that decided.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub rule: Option<String>,
    /// Whether the user is a robot.
    #[serde(default)]
    pub robot: bool,
}

/// What was asked of an attribute service.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Service {
    /// The service.
    pub name: String,
    /// How it ended.
    pub reason: String,
    /// Expected and received.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub detail: Option<String>,
}

/// What a fagsystem would get, masked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Preview {
    /// The fagsystem.
    pub fagsystem: String,
    /// As a SAML attribute statement.
    pub saml: String,
    /// As the claims of a token.
    pub jwt: String,
}
