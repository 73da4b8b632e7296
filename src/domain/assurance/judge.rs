//! The judge: is the level enough, may a step-up help, or is it refused, and by which rule.

use std::cmp::Ordering;

use super::{Achieved, Comparison, Level, Nsis, Requirement};
use crate::domain::faults::Sentence;
use crate::domain::reason::{Fault, Reason};

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

/// The verdict and the rule behind it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Judged {
    /// What the judge says.
    pub verdict: Verdict,
    /// Why.
    pub rule: Rule,
}

macro_rules! rules {
    ($( $name:ident $code:literal $en:literal / $da:literal ; )*) => {
        /// The closed list of rules by which the judge decides.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum Rule { $( #[doc = $en] $name, )* }

        impl Rule {
            /// Every rule there is, in the order of this page.
            pub const ALL: &'static [Rule] = &[ $( Rule::$name, )* ];

            /// The stable code, as the audit record has it.
            pub const fn code(self) -> &'static str { match self { $( Rule::$name => $code, )* } }

            /// What the rule says.
            pub const fn sentence(self) -> Sentence {
                match self { $( Rule::$name => Sentence { da: $da, en: $en }, )* }
            }
        }
    };
}

rules! {
    NothingRequired "nothing-required"
        "Neither the registration nor the request demands a level."
        / "Hverken registreringen eller anmodningen kræver et sikringsniveau.";
    NsisReached "nsis-reached"
        "The NSIS level that counts meets every demand."
        / "Det NSIS-niveau, der gælder, opfylder alle krav.";
    NistReached "nist-reached"
        "The NIST level that counts meets every demand."
        / "Det NIST-niveau, der gælder, opfylder alle krav.";
    NistByNsis "nist-by-nsis"
        "The NSIS level that counts, translated to NIST, meets every demand."
        / "Det NSIS-niveau, der gælder, opfylder alle krav, når det er oversat til NIST.";
    StepUp "step-up"
        "The NSIS level is the only thing that is missing, and a step-up can reach it."
        / "NSIS-niveauet er det eneste, der mangler, og et løft (step-up) kan nå det.";
    NothingStated "nothing-stated"
        "No level was stated that counts."
        / "Der er ikke oplyst noget sikringsniveau, der tæller.";
    NistIsNotNsis "nist-is-not-nsis"
        "An NSIS level is demanded and only a NIST level counts; NIST is never turned into NSIS."
        / "Der kræves et NSIS-niveau, og kun et NIST-niveau tæller; NIST bliver aldrig til NSIS.";
    BelowRegistered "below-registered"
        "The level is lower than the fagsystem's registered minimum."
        / "Niveauet er lavere end fagsystemets registrerede mindstekrav.";
    BelowRequested "below-requested"
        "The level is lower than what the request demands."
        / "Niveauet er lavere end det, anmodningen kræver.";
    AboveRequested "above-requested"
        "The level is higher than what the request allows."
        / "Niveauet er højere end det, anmodningen tillader.";
}

impl Judged {
    /// The step-up that is missing, if any; a fault where none would help.
    pub fn step_up(self) -> Result<Option<Nsis>, Fault> {
        match self.verdict {
            Verdict::Enough => Ok(None),
            Verdict::StepUp(level) => Ok(Some(level)),
            Verdict::Refuse(fault) => Err(fault),
        }
    }

    /// The way on where no step-up is made: enough, or the fault.
    pub fn without_step_up(self) -> Result<(), Fault> {
        match self.verdict {
            Verdict::Enough => Ok(()),
            Verdict::StepUp(level) => {
                Err(Fault::new(Reason::LoaLower, format!("no step-up to {} was made", level.word())))
            }
            Verdict::Refuse(fault) => Err(fault),
        }
    }
}

impl Achieved {
    /// Says whether the level is enough. There is no other way to an answer than through this judge.
    ///
    /// A step-up is the answer only where it is offered, nothing but an NSIS level can be enough, and a higher NSIS level
    /// is the one thing that is missing.
    pub fn judge(&self, requirement: &Requirement, step_up_offered: bool) -> Judged {
        if self.meets(requirement) {
            return Judged { verdict: Verdict::Enough, rule: self.why_enough(requirement) };
        }
        if step_up_offered && let Some(level) = self.missing(requirement) {
            return Judged { verdict: Verdict::StepUp(level), rule: Rule::StepUp };
        }
        let rule = self.why_not(requirement);
        let reason = if rule == Rule::NothingStated { Reason::LoaUnknown } else { Reason::LoaLower };
        let fault = Fault::new(reason, format!("required {requirement}; reached {self}"));
        Judged { verdict: Verdict::Refuse(fault), rule }
    }

    /// Whether the registered minimum and the request are both met.
    pub(super) fn meets(&self, requirement: &Requirement) -> bool {
        self.reaches(requirement.registered) && self.answers(requirement)
    }

    fn reaches(&self, registered: Option<Level>) -> bool {
        registered.is_none_or(|level| self.compared_with(level).is_some_and(Ordering::is_ge))
    }

    fn answers(&self, requirement: &Requirement) -> bool {
        let requested = &requirement.requested;
        let is =
            |fits: fn(Ordering) -> bool| move |level: &Level| self.compared_with(*level).is_some_and(fits);
        requested.is_empty()
            || match requirement.comparison {
                Comparison::Exact => requested.iter().any(is(Ordering::is_eq)),
                Comparison::Minimum => requested.iter().any(is(Ordering::is_ge)),
                Comparison::Better => requested.iter().all(is(Ordering::is_gt)),
                Comparison::Maximum => requested.iter().any(is(Ordering::is_le)),
            }
    }

    /// How the level stands to this one, on its scale; nothing where none counts on that scale.
    fn compared_with(&self, level: Level) -> Option<Ordering> {
        match level {
            Level::Nist(wanted) => self.nist.map(|reached| reached.cmp(&wanted)),
            Level::Nsis(wanted) => self.nsis.map(|reached| reached.cmp(&wanted)),
        }
    }

    /// The lowest NSIS level above the one that counts with which, all else being as it is, the requirement is met.
    fn missing(&self, requirement: &Requirement) -> Option<Nsis> {
        let would_do = |level: &Nsis| Self { nsis: Some(*level), ..self.clone() }.meets(requirement);
        let above = |level: &Nsis| self.nsis.is_none_or(|reached| reached < *level);
        Nsis::ALL.into_iter().filter(|_| requirement.requires_nsis()).filter(above).find(would_do)
    }

    fn why_enough(&self, requirement: &Requirement) -> Rule {
        let without_nsis = Self { nsis: None, ..self.clone() };
        if requirement.levels().next().is_none() {
            Rule::NothingRequired
        } else if !without_nsis.meets(requirement) {
            Rule::NsisReached
        } else if self.nist_by_nsis {
            Rule::NistByNsis
        } else {
            Rule::NistReached
        }
    }

    fn why_not(&self, requirement: &Requirement) -> Rule {
        let below = |level: &Level| self.compared_with(*level).is_none_or(Ordering::is_lt);
        if self.nist.is_none() && self.nsis.is_none() {
            Rule::NothingStated
        } else if self.nsis.is_none() && requirement.requires_nsis() {
            Rule::NistIsNotNsis
        } else if !self.reaches(requirement.registered) {
            Rule::BelowRegistered
        } else if matches!(requirement.comparison, Comparison::Exact | Comparison::Maximum)
            && !requirement.requested.iter().any(below)
        {
            Rule::AboveRequested
        } else {
            Rule::BelowRequested
        }
    }
}
