//! How sure we are of a user: NIST and NSIS levels, what was stated, what counts, and whether it is enough.
//!
//! Pure and table-driven. The lowest link decides: a statement never counts for more than the identity provider
//! is registered for, and of two statements the lower counts.

use serde::{Deserialize, Serialize};

use super::reason::{Fault, Reason};

/// A level of the older Danish scale, 1 to 4.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "u8", into = "u8")]
pub struct Nist(u8);

impl Nist {
    const URN: &'static str = "urn:dk:gov:saml:attribute:AssuranceLevel:";

    /// Takes a level from 1 to 4.
    pub fn new(level: u8) -> Option<Self> {
        (1..=4).contains(&level).then_some(Self(level))
    }

    /// Reads the digit of the attribute `AssuranceLevel`.
    pub fn from_digit(digit: &str) -> Option<Self> {
        match digit.as_bytes() {
            [d @ b'1'..=b'4'] => Some(Self(d - b'0')),
            _ => None,
        }
    }

    /// Reads the URN by which a level is asked for.
    pub fn from_urn(urn: &str) -> Option<Self> {
        Self::from_digit(urn.strip_prefix(Self::URN)?)
    }

    /// The URN by which the level is asked for and answered.
    pub fn urn(self) -> String {
        format!("{}{}", Self::URN, self.0)
    }

    /// The digit.
    pub fn digit(self) -> u8 {
        self.0
    }
}

impl TryFrom<u8> for Nist {
    type Error = &'static str;
    fn try_from(level: u8) -> Result<Self, Self::Error> {
        Self::new(level).ok_or("a NIST level is a number from 1 to 4")
    }
}

impl From<Nist> for u8 {
    fn from(level: Nist) -> Self {
        level.0
    }
}

/// A level of the national standard for identity assurance.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Nsis {
    /// Lav.
    Low,
    /// Betydelig.
    Substantial,
    /// Høj.
    High,
}

impl Nsis {
    const URI: &'static str = "https://data.gov.dk/concept/core/nsis/loa/";

    /// Reads the word of the attributes `loa`, `ial` and `aal`.
    pub fn from_word(word: &str) -> Option<Self> {
        match word {
            "Low" => Some(Self::Low),
            "Substantial" => Some(Self::Substantial),
            "High" => Some(Self::High),
            _ => None,
        }
    }

    /// Reads the URI by which a level is asked for.
    pub fn from_uri(uri: &str) -> Option<Self> {
        Self::from_word(uri.strip_prefix(Self::URI)?)
    }

    /// The word.
    pub fn word(self) -> &'static str {
        match self {
            Self::Low => "Low",
            Self::Substantial => "Substantial",
            Self::High => "High",
        }
    }

    /// The URI by which the level is asked for and answered.
    pub fn uri(self) -> String {
        format!("{}{}", Self::URI, self.word())
    }

    /// What an NSIS level is worth on the older scale. The other direction does not exist at a login: an NSIS
    /// level may be stated only by a notified service.
    pub fn as_nist(self) -> Nist {
        match self {
            Self::Low => Nist(2),
            Self::Substantial => Nist(3),
            Self::High => Nist(4),
        }
    }
}

/// A level on one of the two scales.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Level {
    /// On the older scale.
    Nist(Nist),
    /// On the national standard.
    Nsis(Nsis),
}

impl Level {
    /// Reads the class by which a level is asked for; other classes are not levels.
    pub fn from_class(class: &str) -> Option<Self> {
        Nsis::from_uri(class).map(Self::Nsis).or_else(|| Nist::from_urn(class).map(Self::Nist))
    }

    /// What the level is worth on the older scale.
    pub fn as_nist(self) -> Nist {
        match self {
            Self::Nist(level) => level,
            Self::Nsis(level) => level.as_nist(),
        }
    }

    /// The class by which the level is asked for and answered.
    pub fn class(self) -> String {
        match self {
            Self::Nist(level) => level.urn(),
            Self::Nsis(level) => level.uri(),
        }
    }
}

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
    /// The levels to ask an identity provider for: what the request names, or else the registered minimum.
    pub fn to_ask(&self) -> Vec<Level> {
        if self.requested.is_empty() { self.registered.into_iter().collect() } else { self.requested.clone() }
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

/// What the judge says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// The login goes on.
    Enough,
    /// The login may go on after a step-up to this level.
    StepUp(Nsis),
    /// The login ends.
    Refuse(Fault),
}

/// The verdict.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Judged {
    /// What the judge says.
    pub verdict: Verdict,
}

impl Judged {
    /// The way on where no step-up is made: enough, or the fault.
    pub fn without_step_up(self) -> Result<(), Fault> {
        match self.verdict {
            Verdict::Enough => Ok(()),
            Verdict::StepUp(_) => Err(Fault::new(Reason::LoaLower, "no step-up was made")),
            Verdict::Refuse(fault) => Err(fault),
        }
    }
}

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
    /// `loa.cap`, `loa.inconsistent`.
    #[serde(skip)]
    pub noticed: Vec<Reason>,
}

impl Achieved {
    /// Reads the statements of an assertion under the ceiling of who made it.
    pub fn read(stated: &Stated<'_>, ceiling: Ceiling) -> Result<Self, Fault> {
        let mut noticed = Vec::new();
        let class = stated.class.and_then(Level::from_class);
        let links = [
            match class {
                Some(Level::Nsis(level)) => Some(level),
                _ => None,
            },
            stated.loa.map(nsis_word).transpose()?,
        ];
        let parts = [stated.ial.map(nsis_word).transpose()?, stated.aal.map(nsis_word).transpose()?];
        let nsis = links.iter().flatten().min().copied().map(|loa| {
            // A part alone states no level, but it may lower one.
            let lowest = parts.iter().flatten().fold(loa, |lowest, part| lowest.min(*part));
            if links.iter().flatten().chain(&[lowest]).any(|link| *link != lowest) {
                noticed.push(Reason::LoaInconsistent);
            }
            lowest
        });
        let digit = stated.assurance_level.map(nist_digit).transpose()?;
        let nist = match class {
            Some(Level::Nist(level)) => Some(digit.map_or(level, |digit| digit.min(level))),
            _ => digit,
        };
        let capped_nsis = capped(nsis, ceiling.nsis, &mut noticed);
        let capped_nist = capped(nist, ceiling.nist, &mut noticed);
        let nist = capped_nist.or_else(|| capped(capped_nsis.map(Nsis::as_nist), ceiling.nist, &mut noticed));
        Ok(Self { nist, nsis: capped_nsis, noticed })
    }

    /// Says whether the level is enough, and if not, whether a step-up helps where one is offered.
    pub fn judge(&self, requirement: &Requirement, step_up_offered: bool) -> Judged {
        let enough = |level: &Nsis| Self { nsis: Some(*level), ..self.clone() }.meets(requirement).is_ok();
        let verdict = match self.meets(requirement) {
            Ok(()) => Verdict::Enough,
            Err(fault) => {
                let levels = [Nsis::Low, Nsis::Substantial, Nsis::High];
                let above = levels.into_iter().filter(|level| self.nsis.is_none_or(|own| own < *level));
                let helps = above.filter(|_| step_up_offered).find(enough);
                helps.map_or(Verdict::Refuse(fault), Verdict::StepUp)
            }
        };
        Judged { verdict }
    }

    /// Says whether the level is enough. There is no other way to an answer than through this rule.
    pub fn meets(&self, requirement: &Requirement) -> Result<(), Fault> {
        if let Some(registered) = requirement.registered {
            self.compare(Comparison::Minimum, &[registered])?;
        }
        if requirement.requested.is_empty() {
            return Ok(());
        }
        self.compare(requirement.comparison, &requirement.requested)
    }

    fn compare(&self, comparison: Comparison, levels: &[Level]) -> Result<(), Fault> {
        let on_scale = |level: &Level| -> Option<std::cmp::Ordering> {
            match level {
                Level::Nist(wanted) => self.nist.map(|reached| reached.cmp(wanted)),
                Level::Nsis(wanted) => self.nsis.map(|reached| reached.cmp(wanted)),
            }
        };
        let met = match comparison {
            Comparison::Exact => levels.iter().any(|l| on_scale(l).is_some_and(|o| o.is_eq())),
            Comparison::Minimum => levels.iter().any(|l| on_scale(l).is_some_and(|o| o.is_ge())),
            Comparison::Better => levels.iter().all(|l| on_scale(l).is_some_and(|o| o.is_gt())),
            Comparison::Maximum => levels.iter().any(|l| on_scale(l).is_some_and(|o| o.is_le())),
        };
        if met {
            return Ok(());
        }
        let stated_nothing = self.nist.is_none() && self.nsis.is_none();
        let reason = if stated_nothing { Reason::LoaUnknown } else { Reason::LoaLower };
        Err(Fault::new(reason, format!("required {comparison} {}, reached {self}", classes(levels))))
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

fn classes(levels: &[Level]) -> String {
    levels.iter().map(|level| level.class()).collect::<Vec<_>>().join(" ")
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
    let (stated, ceiling) = (stated?, ceiling);
    match ceiling {
        Some(ceiling) if stated <= ceiling => Some(stated),
        lower => {
            if !noticed.contains(&Reason::LoaCap) {
                noticed.push(Reason::LoaCap);
            }
            lower
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FULL: Ceiling = Ceiling { nist: Some(Nist(4)), nsis: Some(Nsis::High) };

    fn read(stated: Stated<'_>, ceiling: Ceiling) -> Achieved {
        Achieved::read(&stated, ceiling).unwrap()
    }

    fn requires(level: Level) -> Requirement {
        Requirement { registered: Some(level), ..Requirement::default() }
    }

    #[test]
    fn the_lower_of_class_and_attribute_counts() {
        let uri = Nsis::High.uri();
        let achieved =
            read(Stated { class: Some(&uri), loa: Some("Substantial"), ..Stated::default() }, FULL);
        assert_eq!(achieved.nsis, Some(Nsis::Substantial));
        assert_eq!(achieved.noticed, [Reason::LoaInconsistent]);
    }

    #[test]
    fn a_part_lowers_a_level_but_states_none() {
        let lowered = read(Stated { loa: Some("High"), aal: Some("Low"), ..Stated::default() }, FULL);
        assert_eq!(lowered.nsis, Some(Nsis::Low));
        let alone = read(Stated { ial: Some("High"), ..Stated::default() }, FULL);
        assert_eq!(alone.nsis, None);
    }

    #[test]
    fn a_level_above_the_registered_one_is_lowered_to_it() {
        let ceiling = Ceiling { nist: Some(Nist(3)), nsis: Some(Nsis::Low) };
        let achieved = read(Stated { loa: Some("High"), ..Stated::default() }, ceiling);
        assert_eq!(achieved.nsis, Some(Nsis::Low));
        assert!(achieved.noticed.contains(&Reason::LoaCap));
        assert!(achieved.meets(&requires(Level::Nsis(Nsis::Substantial))).is_err());
    }

    #[test]
    fn nist_never_becomes_nsis_and_nsis_is_worth_nist() {
        let nist_only = read(Stated { assurance_level: Some("4"), ..Stated::default() }, FULL);
        assert_eq!(nist_only.nsis, None);
        assert!(nist_only.meets(&requires(Level::Nsis(Nsis::Low))).is_err());
        let nsis = read(Stated { loa: Some("Substantial"), ..Stated::default() }, FULL);
        assert!(nsis.meets(&requires(Level::Nist(Nist(3)))).is_ok());
        assert!(nsis.meets(&requires(Level::Nist(Nist(4)))).is_err());
    }

    #[test]
    fn without_a_registration_a_statement_is_worth_nothing() {
        let achieved = read(Stated { loa: Some("High"), ..Stated::default() }, Ceiling::default());
        assert_eq!((achieved.nsis, achieved.nist), (None, None));
        let refused = achieved.meets(&requires(Level::Nsis(Nsis::Low))).unwrap_err();
        assert_eq!(refused.reason, Reason::LoaUnknown);
    }

    #[test]
    fn a_word_that_is_no_level_is_refused() {
        for word in ["low", "HIGH", "https://data.gov.dk/concept/core/nsis/loa/High", "", "4"] {
            let stated = Stated { loa: Some(word), ..Stated::default() };
            assert_eq!(Achieved::read(&stated, FULL).unwrap_err().reason, Reason::LoaUnknown, "{word:?}");
        }
    }

    #[test]
    fn a_request_is_compared_as_it_says() {
        let achieved = read(Stated { loa: Some("Substantial"), ..Stated::default() }, FULL);
        let asks = |comparison, level| Requirement {
            requested: vec![Level::Nsis(level)],
            comparison,
            ..Requirement::default()
        };
        for (comparison, level, met) in [
            (Comparison::Exact, Nsis::Substantial, true),
            (Comparison::Exact, Nsis::Low, false),
            (Comparison::Minimum, Nsis::Low, true),
            (Comparison::Minimum, Nsis::High, false),
            (Comparison::Better, Nsis::Low, true),
            (Comparison::Better, Nsis::Substantial, false),
            (Comparison::Maximum, Nsis::High, true),
            (Comparison::Maximum, Nsis::Low, false),
        ] {
            assert_eq!(achieved.meets(&asks(comparison, level)).is_ok(), met, "{comparison:?} {level:?}");
        }
    }
}
