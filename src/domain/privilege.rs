//! Privileges: what a user may do, as the OIO Basic Privilege Profile lists it.
//!
//! A list has groups; each group says in whose matters it holds (its [`Scope`]), which privileges it gives, and to
//! what they are limited (its [`Constraint`]s). Towards us a municipality names *job function roles*, its own; towards a
//! fagsystem we name *user system roles*, the fagsystem's own. `role.rs` translates between the two. How a list
//! is written in XML or JSON stands in `protocol/bpp`; the serde form is for a sealed login between its two legs and is
//! never shown, since it holds what a [`Scope`] hides.

use serde::{Deserialize, Serialize};

use super::id::Cvr;

/// Everything that a user may do, in the order in which it was said.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct PrivilegeList {
    /// The groups.
    pub groups: Vec<PrivilegeGroup>,
}

impl PrivilegeList {
    /// Whether it gives nothing.
    pub fn is_empty(&self) -> bool {
        self.groups.is_empty()
    }
}

/// Privileges that hold in the same matters and under the same limits.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct PrivilegeGroup {
    /// In whose matters they hold.
    pub scope: Scope,
    /// The privileges, each a URI that is compared letter by letter.
    pub privileges: Vec<String>,
    /// What they are limited to: every constraint must be met. Names do not repeat.
    pub constraints: Vec<Constraint>,
}

/// In whose matters a privilege holds.
#[derive(Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Scope {
    /// An organisation.
    Cvr(Cvr),
    /// A production unit: ten digits.
    ProductionUnit(String),
    /// A unit for tax: eight digits.
    Se(String),
    /// A person who gave a power of attorney: ten digits, never shown.
    Cpr(String),
    /// Something that two parties agreed on, or a text that is none of the above.
    Other(String),
    /// Nothing was said, so nothing is given.
    Missing,
}

/// A limit: at least one of the values must fit.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Constraint {
    /// The type of the limit, a URI.
    pub name: String,
    /// The values that it leaves. None of them holds a comma, which joins values where they are written in one.
    pub values: Vec<String>,
}

impl std::fmt::Debug for Scope {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Cvr(cvr) => write!(f, "Cvr({cvr})"),
            Self::ProductionUnit(number) => write!(f, "ProductionUnit({number})"),
            Self::Se(number) => write!(f, "Se({number})"),
            Self::Cpr(_) => f.write_str("Cpr(**********)"),
            Self::Other(text) => write!(f, "Other({text:?})"),
            Self::Missing => f.write_str("Missing"),
        }
    }
}
