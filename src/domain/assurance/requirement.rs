//! What one login has to reach, and what an identity provider is therefore asked for.

use serde::{Deserialize, Serialize};

use super::{Achieved, Level, Nist, Nsis};

/// How a requested level is to be compared with the one that was reached.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Comparison {
    /// One of the levels exactly; what SAML means when a request says nothing.
    #[default]
    Exact,
    /// At least one of the levels.
    Minimum,
    /// Higher than each of the levels.
    Better,
    /// At most the highest of the levels.
    Maximum,
}

impl Comparison {
    const ALL: [Self; 4] = [Self::Exact, Self::Minimum, Self::Better, Self::Maximum];

    /// Reads the word by which SAML asks for it.
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|comparison| comparison.word() == word)
    }

    /// The word by which SAML asks for it.
    pub fn word(self) -> &'static str {
        match self {
            Self::Exact => "exact",
            Self::Minimum => "minimum",
            Self::Better => "better",
            Self::Maximum => "maximum",
        }
    }
}

impl std::fmt::Display for Comparison {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Exact => "exactly",
            Self::Minimum => "at least",
            Self::Better => "better than",
            Self::Maximum => "at most",
        })
    }
}

/// What one login has to reach: what the fagsystem is registered with, and what its request asks for on top.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Requirement {
    /// The registered minimum.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub registered: Option<Level>,
    /// The levels named in the request, if any.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub requested: Vec<Level>,
    /// How the requested levels are to be compared.
    #[serde(default)]
    pub comparison: Comparison,
}

impl Requirement {
    /// Every level that the requirement names.
    pub fn levels(&self) -> impl Iterator<Item = Level> {
        self.registered.into_iter().chain(self.requested.iter().copied())
    }

    /// Whether nothing but an NSIS level can be enough.
    pub fn requires_nsis(&self) -> bool {
        let is_nsis = |level: &Level| matches!(level, Level::Nsis(_));
        let by_request = match self.comparison {
            Comparison::Better => self.requested.iter().any(is_nsis),
            _ => !self.requested.is_empty() && self.requested.iter().all(is_nsis),
        };
        by_request || self.registered.as_ref().is_some_and(is_nsis)
    }

    /// What to ask an identity provider for: on each scale that the requirement names, the lowest level that would be
    /// enough. Nothing when no level would be, since the requirement contradicts itself.
    pub fn to_ask(&self) -> Vec<Level> {
        let lowest = |scale: &[Level]| {
            let is_named = self
                .levels()
                .any(|named| std::mem::discriminant(&named) == std::mem::discriminant(&scale[0]));
            let enough = |level: &&Level| Achieved::exactly(**level).meets(self);
            if is_named { scale.iter().find(enough).copied() } else { None }
        };
        let nsis = lowest(&Nsis::ALL.map(Level::Nsis));
        nsis.into_iter().chain(lowest(&Nist::ALL.map(Level::Nist))).collect()
    }
}

impl std::fmt::Display for Requirement {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "registered {}", classes(self.registered.as_slice()))?;
        if self.requested.is_empty() {
            return Ok(());
        }
        write!(f, ", requested {} {}", self.comparison, classes(&self.requested))
    }
}

fn classes(levels: &[Level]) -> String {
    levels.iter().map(|level| level.class()).collect::<Vec<_>>().join(" ")
}
