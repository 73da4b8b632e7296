//! How far a municipality has come: the tasks of the programme, computed from what has happened and never ticked by hand.
//!
//! Every task is a list of lines. A line is proved, missing, or failed: tried and found wrong, or proved once and no longer.

use std::collections::HashMap;

use jiff::{SignedDuration, Timestamp};

use super::{Adoption, Check, Evidence, Fetched, Mark, Scenario, State, Task, Tried, Verdict};
use crate::domain::assurance::Nsis;
use crate::domain::federation::{Fagsystem, IdentityProvider};
use crate::domain::id::{Cvr, EntityId, LoginId};

/// How old a run may be that proves that trust is established.
pub const FRESH_FOR: SignedDuration = SignedDuration::from_hours(24 * 30);

/// One line of evidence.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Line<'f> {
    /// What is looked for.
    pub what: Evidence,
    /// Whether it is so.
    pub mark: Mark,
    /// About which one of several: an identity provider, a fagsystem, a level.
    pub about: &'f str,
    /// When it was seen, where it was seen at a moment.
    pub at: Option<Timestamp>,
    /// The run that shows it, if one does.
    pub run: Option<LoginId>,
}

impl<'f> Line<'f> {
    fn new(what: Evidence, mark: Mark, about: &'f str) -> Self {
        Self { what, mark, about, at: None, run: None }
    }

    fn known(what: Evidence, is_so: bool, about: &'f str) -> Self {
        Self::new(what, if is_so { Mark::Proved } else { Mark::Missing }, about)
    }

    fn tried(what: Evidence, mark: Mark, about: &'f str, tried: &Tried) -> Self {
        Self { at: Some(tried.finished), run: Some(tried.run), ..Self::new(what, mark, about) }
    }
}

/// A task with its evidence.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step<'f> {
    /// Which task.
    pub task: Task,
    /// How far it has come.
    pub state: State,
    /// Since when, where that can be told.
    pub since: Option<Timestamp>,
    /// What shows it.
    pub lines: Vec<Line<'f>>,
}

impl<'f> Step<'f> {
    fn new(task: Task, lines: Vec<Line<'f>>) -> Self {
        let marked = |mark| lines.iter().filter(move |line| line.mark == mark);
        let at = |mark| marked(mark).filter_map(|line| line.at);
        let (state, since) = match (marked(Mark::Failed).count(), marked(Mark::Missing).count()) {
            _ if lines.is_empty() => (State::NotNeeded, None),
            (0, 0) => (State::Done, at(Mark::Proved).max()),
            (0, missing) if missing == lines.len() => (State::Open, None),
            (0, _) => (State::InProgress, at(Mark::Proved).min()),
            _ => (State::Attention, at(Mark::Failed).min()),
        };
        Self { task, state, since, lines }
    }

    /// What to do next: about the first thing that failed, or else that is missing.
    pub fn next(&self) -> Option<&Line<'f>> {
        let first = |mark| self.lines.iter().find(|line| line.mark == mark);
        first(Mark::Failed).or_else(|| first(Mark::Missing))
    }

    /// How many lines are proved.
    pub fn proved(&self) -> usize {
        self.lines.iter().filter(|line| line.mark == Mark::Proved).count()
    }
}

/// An identity provider that speaks for the municipality.
#[derive(Clone, Copy, Debug)]
pub struct Provider<'f> {
    /// What the register says.
    pub registered: &'f IdentityProvider,
    /// Whether its metadata is in force, with a signing key that is.
    pub metadata_holds: bool,
    /// When its metadata was looked at in every respect for the last time, if something was found to be wrong.
    pub red: Option<Timestamp>,
}

/// What is known of a municipality.
#[derive(Debug)]
pub struct Facts<'f> {
    /// Now.
    pub now: Timestamp,
    /// Its identity providers, switched on or not.
    pub providers: Vec<Provider<'f>>,
    /// When it fetched our metadata.
    pub fetched: Option<&'f Fetched>,
    /// The youngest run of each identity provider and scenario in this environment.
    pub tried: Vec<&'f Tried>,
    /// The fagsystemer that its users may use.
    pub systems: Vec<&'f Fagsystem>,
    /// Its logins, by fagsystem.
    pub used: HashMap<&'f EntityId, &'f Adoption>,
    /// Whether it has declared robots.
    pub has_robots: bool,
}

/// How far a municipality has come.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Progress<'f> {
    /// The municipality.
    pub authority: Cvr,
    /// Its tasks, all of them, in their order.
    pub steps: Vec<Step<'f>>,
}

impl<'f> Facts<'f> {
    /// Computes every task.
    pub fn progress(&self, authority: Cvr) -> Progress<'f> {
        let lines = |task| match task {
            Task::Establish => self.establish(),
            Task::Verify => self.verify(),
            Task::Rights => self.rights(),
            Task::Systems => self.logins(),
            Task::Levels => self.levels(),
            Task::Robots => self.robots(),
        };
        Progress { authority, steps: Task::ALL.iter().map(|task| Step::new(*task, lines(*task))).collect() }
    }

    fn establish(&self) -> Vec<Line<'f>> {
        if self.providers.is_empty() {
            return [Evidence::Registered, Evidence::Metadata, Evidence::Fetched]
                .map(|what| Line::new(what, Mark::Missing, ""))
                .to_vec();
        }
        let mut lines = Vec::new();
        for provider in &self.providers {
            let name = provider.registered.name.as_str();
            lines.push(Line::known(Evidence::Registered, true, name));
            let holds = provider.metadata_holds && provider.red.is_none();
            let mark = if holds { Mark::Proved } else { Mark::Failed };
            lines.push(Line { at: provider.red, ..Line::new(Evidence::Metadata, mark, name) });
            // Who answers our question has taken in our metadata.
            let answered = self.of(provider).filter(|tried| tried.verdict_of(Check::Signed) == Verdict::Pass);
            let first = answered.min_by_key(|tried| tried.finished);
            lines.push(match (self.fetched, first) {
                (Some(fetched), _) => {
                    Line { at: Some(fetched.first), ..Line::known(Evidence::Fetched, true, name) }
                }
                (None, Some(tried)) => Line::tried(Evidence::Fetched, Mark::Proved, name, tried),
                (None, None) => Line::new(Evidence::Fetched, Mark::Missing, name),
            });
            lines.push(Line::known(Evidence::Active, provider.registered.active, name));
        }
        lines
    }

    fn verify(&self) -> Vec<Line<'f>> {
        self.each_provider(Evidence::Run, |provider, name| {
            // Where no page may be shown, the right answer proves nothing about the rest.
            let runs = self.of(provider).filter(|tried| tried.scenario != Scenario::Passive);
            let youngest = runs.max_by_key(|tried| tried.finished);
            let fresh = |tried: &Tried| self.now.duration_since(tried.finished) <= FRESH_FOR;
            youngest.map(|tried| {
                let mark = if tried.proves_trust() && fresh(tried) { Mark::Proved } else { Mark::Failed };
                Line::tried(Evidence::Run, mark, name, tried)
            })
        })
    }

    fn rights(&self) -> Vec<Line<'f>> {
        const LINES: [(Evidence, Check); 4] = [
            (Evidence::RightsFound, Check::RightsPresent),
            (Evidence::RightsScope, Check::RightsScope),
            (Evidence::RightsKnown, Check::RightsKnown),
            (Evidence::RightsMapped, Check::RightsMapped),
        ];
        let looked = |tried: &&&Tried| tried.verdict_of(Check::RightsPresent) != Verdict::NotApplicable;
        let youngest = self.tried.iter().filter(looked).max_by_key(|tried| tried.finished);
        let line = |(what, check): (Evidence, Check)| match youngest {
            None => Line::new(what, Mark::Missing, ""),
            Some(tried) => {
                let mark = match tried.verdict_of(check) {
                    Verdict::Pass => Mark::Proved,
                    Verdict::NotApplicable => Mark::Missing,
                    Verdict::Warning | Verdict::Fail => Mark::Failed,
                };
                Line::tried(what, mark, "", tried)
            }
        };
        LINES.map(line).to_vec()
    }

    fn logins(&self) -> Vec<Line<'f>> {
        let line = |system: &&'f Fagsystem| {
            let used = self.used.get(&system.entity_id);
            let at = used.map(|used| used.first);
            Line { at, ..Line::known(Evidence::LoggedIn, used.is_some(), &system.name) }
        };
        self.systems.iter().map(line).collect()
    }

    fn levels(&self) -> Vec<Line<'f>> {
        let highest = |provider: &Provider<'_>| provider.registered.ceiling.nsis;
        if self.providers.iter().all(|provider| highest(provider).is_none()) {
            return vec![Line::new(Evidence::HighestLevel, Mark::Missing, "")];
        }
        let mut lines = Vec::new();
        for provider in &self.providers {
            for level in
                Nsis::ALL.into_iter().filter(|level| highest(provider).is_some_and(|most| *level <= most))
            {
                lines.push(self.run_of(provider, scenario_of(level), Evidence::Level, level.word()));
            }
        }
        lines
    }

    fn robots(&self) -> Vec<Line<'f>> {
        let providers = self.providers.iter().filter(|_| self.has_robots);
        let line = |provider: &Provider<'f>| {
            self.run_of(provider, Scenario::Robot, Evidence::RobotRun, &provider.registered.name)
        };
        providers.map(line).collect()
    }

    /// The youngest run of a scenario that is about the level.
    fn run_of(
        &self,
        provider: &Provider<'_>,
        scenario: Scenario,
        what: Evidence,
        about: &'f str,
    ) -> Line<'f> {
        let Some(tried) = self.of(provider).find(|tried| tried.scenario == scenario) else {
            return Line::new(what, Mark::Missing, about);
        };
        let is_green = tried.verdict < Verdict::Fail
            && tried.verdict_of(Check::LevelEnough) == Verdict::Pass
            && tried.verdict_of(Check::LevelCeiling) != Verdict::Warning;
        Line::tried(what, if is_green { Mark::Proved } else { Mark::Failed }, about, tried)
    }

    fn each_provider(
        &self,
        what: Evidence,
        line: impl Fn(&Provider<'f>, &'f str) -> Option<Line<'f>>,
    ) -> Vec<Line<'f>> {
        if self.providers.is_empty() {
            return vec![Line::new(what, Mark::Missing, "")];
        }
        let of = |provider: &Provider<'f>| {
            let name = provider.registered.name.as_str();
            line(provider, name).unwrap_or(Line::new(what, Mark::Missing, name))
        };
        self.providers.iter().map(of).collect()
    }

    fn of<'s>(&'s self, provider: &Provider<'_>) -> impl Iterator<Item = &'s &'f Tried> {
        let idp = &provider.registered.entity_id;
        self.tried.iter().filter(move |tried| tried.idp == *idp)
    }
}

fn scenario_of(level: Nsis) -> Scenario {
    match level {
        Nsis::Low => Scenario::NsisLow,
        Nsis::Substantial => Scenario::NsisSubstantial,
        Nsis::High => Scenario::NsisHigh,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn step(marks: &[(Mark, i64)]) -> Step<'static> {
        let line = |(mark, second): &(Mark, i64)| {
            let at = Timestamp::from_second(*second).ok();
            Line { at, ..Line::new(Evidence::LoggedIn, *mark, "") }
        };
        Step::new(Task::Systems, marks.iter().map(line).collect())
    }

    #[test]
    fn a_task_is_as_far_as_its_lines_and_what_is_wrong_comes_first() {
        use Mark::{Failed, Missing, Proved};
        for (marks, state, since) in [
            (&[][..], State::NotNeeded, None),
            (&[(Missing, 1), (Missing, 2)], State::Open, None),
            (&[(Proved, 5), (Missing, 1), (Proved, 3)], State::InProgress, Some(3)),
            (&[(Proved, 5), (Proved, 9)], State::Done, Some(9)),
            (&[(Proved, 5), (Missing, 1), (Failed, 7)], State::Attention, Some(7)),
        ] {
            let step = step(marks);
            assert_eq!((step.state, step.since.map(Timestamp::as_second)), (state, since), "{marks:?}");
        }
        let step = step(&[(Proved, 1), (Missing, 2), (Failed, 3)]);
        assert_eq!((step.next().map(|line| line.mark), step.proved()), (Some(Failed), 1));
    }
}
