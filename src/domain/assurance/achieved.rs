//! From what an assertion states to the level that counts.

use serde::{Deserialize, Serialize};

use super::{Level, Nist, Nsis};
use crate::domain::reason::{Fault, Reason};

/// The highest levels that an identity provider is registered for. None means: states no such level.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Ceiling {
    /// On the older scale.
    pub nist: Option<Nist>,
    /// On the national standard.
    pub nsis: Option<Nsis>,
}

/// What an assertion says about the level, word for word.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Stated<'a> {
    /// The authentication context class; a class that is no level counts as nothing said.
    pub class: Option<&'a str>,
    /// The attribute `loa`.
    pub loa: Option<&'a str>,
    /// The attribute `ial`.
    pub ial: Option<&'a str>,
    /// The attribute `aal`.
    pub aal: Option<&'a str>,
    /// The attribute `AssuranceLevel`.
    pub assurance_level: Option<&'a str>,
}

/// The level that counts, after the ceiling, with what was noticed on the way.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Achieved {
    /// On the older scale, stated or worth by NSIS.
    pub nist: Option<Nist>,
    /// On the national standard.
    pub nsis: Option<Nsis>,
    /// Whether the level on the older scale was not stated but is what the NSIS level is worth.
    pub nist_by_nsis: bool,
    /// `loa.cap`, `loa.inconsistent`.
    #[serde(skip)]
    pub noticed: Vec<Reason>,
}

impl Achieved {
    /// Reads the statements of an assertion under the ceiling of who made it.
    pub fn read(stated: &Stated<'_>, ceiling: Ceiling) -> Result<Self, Fault> {
        let mut noticed = Vec::new();
        let class = stated.class.map(Level::in_class).transpose()?.flatten();
        let nsis = stated.nsis(class, &mut noticed)?;
        let nist = stated.nist(class, nsis, &mut noticed)?;
        let capped_nsis = capped(nsis, ceiling.nsis, &mut noticed);
        let worth = if nist.is_none() { capped_nsis.map(Nsis::as_nist) } else { None };
        let capped_nist = capped(nist.or(worth), ceiling.nist, &mut noticed);
        let nist_by_nsis = nist.is_none() && capped_nist.is_some();
        Ok(Self { nist: capped_nist, nsis: capped_nsis, nist_by_nsis, noticed })
    }

    /// The same under the ceilings of today, which may have been lowered since: no more than the highest of them.
    #[must_use]
    pub fn within(&self, ceilings: impl IntoIterator<Item = Ceiling>) -> Self {
        let highest = ceilings.into_iter().fold(Ceiling::default(), |highest, ceiling| Ceiling {
            nist: highest.nist.max(ceiling.nist),
            nsis: highest.nsis.max(ceiling.nsis),
        });
        let mut noticed = self.noticed.clone();
        let nsis = capped(self.nsis, highest.nsis, &mut noticed);
        let stated = if self.nist_by_nsis { nsis.map(Nsis::as_nist) } else { self.nist };
        let nist = capped(stated, highest.nist, &mut noticed);
        Self { nist, nsis, nist_by_nsis: self.nist_by_nsis && nist.is_some(), noticed }
    }

    /// The same of a robot: NSIS is about persons, so that of such a level only what it is worth on the older scale stays.
    #[must_use]
    pub fn of_robot(self) -> Self {
        Self { nsis: None, nist_by_nsis: false, ..self }
    }

    /// As if somebody had reached this level and stated nothing else.
    pub fn exactly(level: Level) -> Self {
        let nsis = if let Level::Nsis(nsis) = level { Some(nsis) } else { None };
        Self { nist: Some(level.as_nist()), nsis, nist_by_nsis: nsis.is_some(), noticed: Vec::new() }
    }
}

impl std::fmt::Display for Achieved {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match (self.nsis, self.nist) {
            (Some(nsis), _) => write!(f, "NSIS {}", nsis.word()),
            (None, Some(nist)) => write!(f, "NIST {}", nist.digit()),
            (None, None) => f.write_str("no level"),
        }
    }
}

impl Stated<'_> {
    /// The lowest of what is said on the national standard. A part alone states no level, but it may lower one.
    fn nsis(&self, class: Option<Level>, noticed: &mut Vec<Reason>) -> Result<Option<Nsis>, Fault> {
        let by_class = if let Some(Level::Nsis(level)) = class { Some(level) } else { None };
        let wholes = [by_class, self.loa.map(nsis_word).transpose()?];
        let parts = [self.ial.map(nsis_word).transpose()?, self.aal.map(nsis_word).transpose()?];
        let Some(highest) = wholes.into_iter().flatten().max() else { return Ok(None) };
        let lowest = wholes.into_iter().chain(parts).flatten().fold(highest, Nsis::min);
        if lowest < highest {
            notice(noticed, Reason::LoaInconsistent);
        }
        Ok(Some(lowest))
    }

    /// The lowest of what is said on the older scale. An NSIS level beside it lowers it to what that is worth, whether
    /// the NSIS level itself counts here or not.
    fn nist(
        &self,
        class: Option<Level>,
        nsis: Option<Nsis>,
        noticed: &mut Vec<Reason>,
    ) -> Result<Option<Nist>, Fault> {
        let by_class = if let Some(Level::Nist(level)) = class { Some(level) } else { None };
        let stated = [by_class, self.assurance_level.map(nist_digit).transpose()?];
        let Some(highest) = stated.into_iter().flatten().max() else { return Ok(None) };
        let lowest = stated.into_iter().chain([nsis.map(Nsis::as_nist)]).flatten().fold(highest, Nist::min);
        if lowest < highest {
            notice(noticed, Reason::LoaInconsistent);
        }
        Ok(Some(lowest))
    }
}

fn nsis_word(word: &str) -> Result<Nsis, Fault> {
    Nsis::from_word(word)
        .ok_or_else(|| Fault::new(Reason::LoaUnknown, "expected Low, Substantial or High in loa, ial or aal"))
}

fn nist_digit(digit: &str) -> Result<Nist, Fault> {
    Nist::from_digit(digit)
        .ok_or_else(|| Fault::new(Reason::LoaUnknown, "expected 1, 2, 3 or 4 in AssuranceLevel"))
}

/// The lower of what was stated and what is registered; without a registration nothing.
fn capped<L: Ord + Copy>(stated: Option<L>, ceiling: Option<L>, noticed: &mut Vec<Reason>) -> Option<L> {
    // Nothing is lower than any level, so without a ceiling the lower of the two is nothing.
    let counts = stated.min(ceiling);
    if counts != stated {
        notice(noticed, Reason::LoaCap);
    }
    counts
}

fn notice(noticed: &mut Vec<Reason>, reason: Reason) {
    if !noticed.contains(&reason) {
        noticed.push(reason);
    }
}
