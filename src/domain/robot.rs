//! Robots: software that logs in as a user of a municipality, and where, when and from where it may.
//!
//! A robot is known by the register, by its number at its municipality, or by what its identity provider says of it.
//! What the register does not limit is not limited; what it limits holds at every login.

use std::collections::HashMap;
use std::net::IpAddr;

use jiff::Timestamp;
use jiff::civil::{Date, Weekday};
use jiff::tz::TimeZone;
use serde::Deserialize;

use super::assurance::Requirement;
use super::id::{Cvr, EntityId};
use super::network::Network;
use super::reason::{Fault, Reason};

/// A robot that a municipality has declared.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Robot {
    /// Its municipality.
    pub authority: Cvr,
    /// Its number there: the serial number in the name by which its identity provider names it.
    pub id: String,
    /// Its name for people.
    pub name: String,
    /// The only fagsystemer that it may use.
    pub fagsystemer: Vec<EntityId>,
    /// When it may work.
    pub shift: Shift,
    /// The networks that it must come from, if that is limited.
    pub networks: Option<Vec<Network>>,
}

impl Robot {
    /// Whether it may use this fagsystem now and from there.
    pub fn check(&self, fagsystem: &EntityId, source: Option<IpAddr>, now: Timestamp) -> Result<(), Fault> {
        self.check_again(fagsystem, now)?;
        let inside = |networks: &Vec<Network>| {
            source.is_some_and(|source| networks.iter().any(|network| network.contains(source)))
        };
        if !self.networks.as_ref().is_none_or(inside) {
            return Err(Fault::new(Reason::RobotNetwork, "the robot comes from outside its networks"));
        }
        Ok(())
    }

    /// Whether it may go on using this fagsystem now, where it is not seen from where it comes.
    pub fn check_again(&self, fagsystem: &EntityId, now: Timestamp) -> Result<(), Fault> {
        if !self.fagsystemer.contains(fagsystem) && *fagsystem != EntityId::ourselves() {
            let detail = format!("the robot is not declared for {fagsystem}");
            return Err(Fault::new(Reason::RobotSystem, detail));
        }
        if !self.shift.holds(now) {
            return Err(Fault::new(Reason::RobotHours, format!("the robot may not work at {now}")));
        }
        Ok(())
    }
}

/// No robot reaches an NSIS level: the standard is about persons.
pub fn check_level(requirement: &Requirement) -> Result<(), Fault> {
    if !requirement.requires_nsis() {
        return Ok(());
    }
    Err(Fault::new(Reason::RobotNsis, format!("required {requirement}; the user is a robot")))
}

/// The declared robots of every municipality.
#[derive(Debug, Default)]
pub struct Robots(HashMap<Cvr, HashMap<String, Robot>>);

impl Robots {
    /// Declares a robot; false when its number is taken.
    pub fn add(&mut self, robot: Robot) -> bool {
        self.0.entry(robot.authority).or_default().insert(robot.id.clone(), robot).is_none()
    }

    /// Whether this municipality has declared any.
    pub fn any_of(&self, authority: Cvr) -> bool {
        self.0.get(&authority).is_some_and(|declared| !declared.is_empty())
    }

    /// The robot of this number at this municipality.
    pub fn find(&self, authority: Cvr, id: &str) -> Option<&Robot> {
        self.0.get(&authority)?.get(id)
    }
}

/// When a robot may work, by the clocks of Denmark.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Shift {
    /// The hours of the day; none means all.
    pub hours: Option<Hours>,
    /// The days of the week; none means all. Hours that pass midnight belong to the day on which they begin.
    pub days: Option<Days>,
}

impl Shift {
    /// Whether it may work at this moment.
    pub fn holds(&self, now: Timestamp) -> bool {
        // The time zones are built in. Should this one be missing all the same, no limited robot works.
        let Ok(denmark) = TimeZone::get("Europe/Copenhagen") else { return *self == Self::default() };
        let local = denmark.to_datetime(now);
        let minute = Minute::new(local.hour(), local.minute());
        let on = |day: Date| self.days.as_ref().is_none_or(|days| days.0.contains(&day.weekday()));
        let today = local.date();
        match &self.hours {
            None => on(today),
            Some(Hours { from, until }) if from < until => *from <= minute && minute < *until && on(today),
            Some(Hours { from, until }) => {
                (*from <= minute && on(today)) || (minute < *until && today.yesterday().is_ok_and(on))
            }
        }
    }
}

/// Hours of the day, as in `07:00-18:00`. The first minute belongs to them, the last does not; `22:00-06:00` passes midnight.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub struct Hours {
    from: Minute,
    until: Minute,
}

/// A minute of the day, from 0 to 1440.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Minute(i16);

impl Minute {
    const LAST: Self = Self(24 * 60);

    fn new(hour: i8, minute: i8) -> Self {
        Self(i16::from(hour) * 60 + i16::from(minute))
    }

    /// Reads `07:00`; `24:00` is the end of the day.
    fn read(text: &str) -> Option<Self> {
        let (hour, minute) = text.split_once(':')?;
        let two_digits = |text: &str| {
            let all_digits = text.len() == 2 && text.bytes().all(|byte| byte.is_ascii_digit());
            if all_digits { text.parse::<i8>().ok() } else { None }
        };
        let (hour, minute) = (two_digits(hour)?, two_digits(minute)?);
        let read = Self::new(hour, minute);
        (minute < 60 && read <= Self::LAST).then_some(read)
    }
}

impl TryFrom<String> for Hours {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        let (from, until) = text.split_once('-').ok_or(Self::EXPECTED)?;
        match (Minute::read(from), Minute::read(until)) {
            (Some(from), Some(until)) if from != until && from < Minute::LAST => Ok(Self { from, until }),
            _ => Err(Self::EXPECTED),
        }
    }
}

impl Hours {
    const EXPECTED: &str = "expected hours as in 07:00-18:00 or 22:00-06:00";
}

/// Days of the week, as in `mon-fri` or `mon,wed,sat-sun`.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub struct Days(Vec<Weekday>);

impl Days {
    const EXPECTED: &str = "expected days as in mon-fri or mon,wed,sat-sun";

    fn day(text: &str) -> Option<Weekday> {
        Some(match text {
            "mon" => Weekday::Monday,
            "tue" => Weekday::Tuesday,
            "wed" => Weekday::Wednesday,
            "thu" => Weekday::Thursday,
            "fri" => Weekday::Friday,
            "sat" => Weekday::Saturday,
            "sun" => Weekday::Sunday,
            _ => return None,
        })
    }
}

impl TryFrom<String> for Days {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        let mut days = Vec::new();
        for part in text.split(',') {
            let (first, last) = part.split_once('-').unwrap_or((part, part));
            let (first, last) =
                (Self::day(first).ok_or(Self::EXPECTED)?, Self::day(last).ok_or(Self::EXPECTED)?);
            let between = first.cycle_forward().take(7);
            let count = between.take_while(|day| *day != last).count() + 1;
            days.extend(first.cycle_forward().take(count));
        }
        Ok(Self(days))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shift(hours: Option<&str>, days: Option<&str>) -> Shift {
        Shift {
            hours: hours.map(|text| Hours::try_from(text.to_owned()).unwrap()),
            days: days.map(|text| Days::try_from(text.to_owned()).unwrap()),
        }
    }

    fn holds(shift: &Shift, moments: &[(&str, bool)]) {
        for (moment, expected) in moments {
            assert_eq!(shift.holds(moment.parse().unwrap()), *expected, "{moment} {shift:?}");
        }
    }

    #[test]
    fn hours_are_danish_hours_in_summer_and_in_winter() {
        let office = shift(Some("07:00-18:00"), None);
        holds(&office, &[("2026-11-21T05:59:59Z", false), ("2026-11-21T06:00:00Z", true)]);
        holds(&office, &[("2026-11-21T16:59:59Z", true), ("2026-11-21T17:00:00Z", false)]);
        holds(&office, &[("2026-07-01T05:00:00Z", true), ("2026-07-01T16:00:00Z", false)]);
    }

    #[test]
    fn hours_that_pass_midnight_belong_to_the_day_on_which_they_begin() {
        // 2026-11-20 is a Friday.
        let night = shift(Some("22:00-06:00"), Some("mon-fri"));
        holds(&night, &[("2026-11-20T20:59:00Z", false), ("2026-11-20T21:00:00Z", true)]);
        holds(&night, &[("2026-11-21T04:59:00Z", true), ("2026-11-21T05:00:00Z", false)]);
        holds(&night, &[("2026-11-21T22:00:00Z", false), ("2026-11-23T04:00:00Z", false)]);
    }

    #[test]
    fn days_are_danish_days_and_nothing_said_is_nothing_limited() {
        let week = shift(None, Some("mon-fri"));
        holds(&week, &[("2026-11-20T22:59:00Z", true), ("2026-11-20T23:00:00Z", false)]);
        holds(
            &shift(None, Some("sat-mon,wed")),
            &[("2026-11-23T12:00:00Z", true), ("2026-11-24T12:00:00Z", false)],
        );
        holds(&shift(Some("00:00-24:00"), None), &[("2026-11-21T22:59:59Z", true)]);
        holds(&Shift::default(), &[("2026-11-21T03:00:00Z", true)]);
    }

    #[test]
    fn hours_and_days_that_are_none_are_not_taken() {
        for hours in [
            "",
            "07:00",
            "7:00-18:00",
            "07:00-07:00",
            "24:00-06:00",
            "07:60-18:00",
            "07:00-24:01",
            "+7:00-18:00",
        ] {
            assert!(Hours::try_from(hours.to_owned()).is_err(), "{hours:?}");
        }
        for days in ["", "monday", "mon-", "mon,", "Mon", "mon-fri-sat"] {
            assert!(Days::try_from(days.to_owned()).is_err(), "{days:?}");
        }
    }
}
