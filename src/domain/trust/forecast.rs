//! The level forecast: whether a municipality's users would reach a level if a fagsystem demanded it. It is told by what
//! their identity providers are registered for and by what has been seen, so nobody has to try.

use serde::Serialize;

use crate::domain::assurance::{Ceiling, Level, Nist, Nsis};
use crate::domain::faults::Sentence;

/// How a level is reached, the worst first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Reach {
    /// No identity provider is registered for it.
    Lower,
    /// By a step-up alone.
    StepUp,
    /// An identity provider is registered for it, and nobody has been seen to reach it.
    Registered,
    /// Somebody has reached it.
    Seen,
}

impl Reach {
    /// Its stable id.
    pub const fn id(self) -> &'static str {
        match self {
            Self::Lower => "lower",
            Self::StepUp => "step-up",
            Self::Registered => "registered",
            Self::Seen => "seen",
        }
    }

    /// Its words on a page.
    pub const fn word(self) -> Sentence {
        match self {
            Self::Lower => Sentence { da: "kan ikke nås", en: "out of reach" },
            Self::StepUp => Sentence { da: "nås kun ved et løft", en: "reached by a step-up only" },
            Self::Registered => {
                Sentence { da: "registreret, ikke set endnu", en: "registered, not seen yet" }
            }
            Self::Seen => Sentence { da: "nået", en: "reached" },
        }
    }
}

/// What is known of a municipality's levels.
#[derive(Clone, Debug, Default)]
pub struct Reached {
    /// What each of its identity providers is registered for.
    pub registered: Vec<Ceiling>,
    /// The highest levels that were seen.
    pub seen: Ceiling,
    /// What the provider is registered for that may raise the level of its users.
    pub step_up: Option<Nsis>,
}

impl Reached {
    /// How a level is reached. What was seen counts only as long as somebody is registered for it.
    pub fn reach(&self, level: Level) -> Reach {
        let is_enough = |of: &Ceiling| match level {
            Level::Nist(wanted) => of.nist >= Some(wanted),
            Level::Nsis(wanted) => of.nsis >= Some(wanted),
        };
        let is_raised = matches!(level, Level::Nsis(wanted) if self.step_up >= Some(wanted));
        match (self.registered.iter().any(is_enough), is_enough(&self.seen)) {
            (true, true) => Reach::Seen,
            (true, false) => Reach::Registered,
            (false, _) if is_raised => Reach::StepUp,
            (false, _) => Reach::Lower,
        }
    }

    /// Somebody reached a level.
    pub fn saw(&mut self, nist: Option<Nist>, nsis: Option<Nsis>) {
        self.seen = Ceiling { nist: self.seen.nist.max(nist), nsis: self.seen.nsis.max(nsis) };
    }
}

/// The level that a fagsystem demands, if it demands one, and those that it could demand instead.
pub fn foreseen(required: Option<Level>) -> impl Iterator<Item = Level> {
    let above = move |level: &Nsis| match required {
        Some(Level::Nsis(now)) => *level > now,
        _ => true,
    };
    required.into_iter().chain(Nsis::ALL.into_iter().filter(above).map(Level::Nsis))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_level_is_foreseen_by_what_is_registered_and_what_was_seen() {
        let ceiling = |nist: &str, nsis| Ceiling { nist: Nist::from_digit(nist), nsis };
        let mut known = Reached { registered: vec![ceiling("3", Some(Nsis::Low))], ..Reached::default() };
        let [low, substantial] = [Nsis::Low, Nsis::Substantial].map(Level::Nsis);
        let nist = |digit| Level::Nist(Nist::from_digit(digit).unwrap());
        assert_eq!(known.reach(low), Reach::Registered);
        known.saw(Nist::from_digit("2"), Some(Nsis::High));
        assert_eq!(known.reach(low), Reach::Seen);
        assert_eq!((known.reach(nist("2")), known.reach(nist("3"))), (Reach::Seen, Reach::Registered));
        assert_eq!(known.reach(substantial), Reach::Lower, "what was seen before is registered no more");
        known.step_up = Some(Nsis::Substantial);
        assert_eq!(
            (known.reach(substantial), known.reach(Level::Nsis(Nsis::High))),
            (Reach::StepUp, Reach::Lower)
        );
        assert_eq!(known.reach(nist("4")), Reach::Lower, "a step-up raises NSIS levels only");
        known.registered.push(ceiling("4", Some(Nsis::High)));
        assert_eq!((known.reach(substantial), known.reach(nist("4"))), (Reach::Seen, Reach::Registered));
    }

    #[test]
    fn what_could_be_demanded_is_what_is_and_every_national_level_above() {
        let told = |required| foreseen(required).map(|level| level.to_string()).collect::<Vec<_>>();
        assert_eq!(told(None), ["NSIS Low", "NSIS Substantial", "NSIS High"]);
        assert_eq!(told(Some(Level::Nsis(Nsis::Substantial))), ["NSIS Substantial", "NSIS High"]);
        let nist = Nist::from_digit("3").map(Level::Nist);
        assert_eq!(told(nist), ["NIST 3", "NSIS Low", "NSIS Substantial", "NSIS High"]);
    }
}
