//! The people and the robot who can log in, as a file tells them, and what their identity provider says about each.

use std::collections::{BTreeMap, HashSet};

use serde::Deserialize;

use crate::domain::id::Cvr;
use crate::domain::written::{self, Complaint, Source, Spanned};
use crate::sandbox::pages;
use crate::sandbox::roles::Role;

/// The people of Korsbæk: an example for everybody who writes such a file.
pub(in crate::sandbox) const KORSBAEK: &str = include_str!("personas/korsbaek.toml");
pub(super) const FEDDET: &str = include_str!("personas/feddet.toml");
pub(super) const NEMLOGIN: &str = include_str!("personas/nemlogin.toml");

/// A button that stands for no persona.
pub(super) const REFUSE: &str = "refuse";

/// Somebody who can log in.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub(in crate::sandbox) struct Persona {
    /// The value of the button.
    pub(super) id: String,
    pub(super) name: String,
    what: What,
    /// Their employer.
    pub(in crate::sandbox) cvr: Cvr,
    pub(in crate::sandbox) organisation: String,
    /// Their number at their employer.
    #[serde(default)]
    pub(super) serial: String,
    /// The number by which NemLog-in knows them, where their provider tells it.
    pub(super) uuid: Option<String>,
    pub(super) cpr: Option<String>,
    pub(super) email: Option<String>,
    pub(super) level: Level,
    /// Their job function roles; without any the attribute is left out.
    #[serde(default)]
    pub(super) roles: Vec<Role>,
    /// What else is told, by the names of the attributes.
    #[serde(default)]
    pub(super) attributes: BTreeMap<String, String>,
    /// The directory groups that they are in.
    #[serde(default)]
    pub(super) groups: Vec<String>,
    #[serde(default, rename = "robot")]
    pub(super) is_robot: bool,
}

/// What somebody is, in both languages.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct What {
    da: String,
    en: String,
}

/// How sure the identity provider is.
#[derive(Clone, Debug, Deserialize)]
#[serde(try_from = "String")]
pub(super) enum Level {
    /// On the national standard.
    Nsis(String),
    /// On the older scale.
    Nist(String),
}

impl TryFrom<String> for Level {
    type Error = String;

    fn try_from(written: String) -> Result<Self, String> {
        match written.split_once(' ') {
            Some(("NSIS", word @ ("Low" | "Substantial" | "High"))) => Ok(Self::Nsis(word.to_owned())),
            Some(("NIST", digit @ ("1" | "2" | "3" | "4"))) => Ok(Self::Nist(digit.to_owned())),
            _ => Err(format!("expected a level such as \"NSIS Substantial\" or \"NIST 3\", got {written:?}")),
        }
    }
}

/// How a persona's login differs from what the file says, so that a fagsystem meets what it must cope with.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Deviation {
    /// Not at all.
    #[default]
    None,
    /// The identity provider is as unsure as it can be.
    LowLevel,
    /// No roles and no groups are told.
    WithoutRights,
    /// The user is another municipality's than the one that was chosen.
    Stranger,
}

/// The file as it is written.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    #[serde(default)]
    persona: Vec<Spanned<Persona>>,
}

/// Reads a file of personas, or says everything that is wrong with it.
pub(in crate::sandbox) fn read(file: &str, text: &str) -> Result<Vec<Persona>, Vec<Complaint>> {
    let written: Written = written::read(file, text)?;
    let source = Source::new(file, text);
    let (mut seen, mut complaints) = (HashSet::from([REFUSE.to_owned()]), Vec::new());
    for persona in &written.persona {
        let Persona { id, name, serial, .. } = persona.get_ref();
        if !seen.insert(id.clone()) {
            let what = format!("expected an id that nobody else has, got {id:?}");
            complaints.push(source.complain(persona.span(), what));
        }
        if [name, serial].iter().any(|part| part.contains([',', '='])) {
            let what = "expected a name and a serial without commas and equals signs";
            complaints.push(source.complain(persona.span(), what));
        }
    }
    if written.persona.is_empty() {
        complaints.push(Complaint::whole_file(file, "expected at least one [[persona]], got none"));
    }
    match complaints.is_empty() {
        true => Ok(written.persona.into_iter().map(Spanned::into_inner).collect()),
        false => Err(complaints),
    }
}

impl Persona {
    /// The level as people say it.
    pub(super) fn level(&self) -> String {
        match &self.level {
            Level::Nsis(word) => format!("NSIS {word}"),
            Level::Nist(digit) => format!("NIST {digit}"),
        }
    }

    /// As a page shows them.
    pub(super) fn shown(&self) -> pages::Person {
        let What { da, en } = self.what.clone();
        pages::Person { id: self.id.clone(), name: self.name.clone(), what: [da, en], level: self.level() }
    }

    /// The same person with a login that differs.
    pub(super) fn deviating(mut self, deviation: Deviation) -> Self {
        match deviation {
            Deviation::None => {}
            Deviation::LowLevel => {
                self.level = match self.level {
                    Level::Nsis(_) => Level::Nsis("Low".to_owned()),
                    Level::Nist(_) => Level::Nist("1".to_owned()),
                }
            }
            Deviation::WithoutRights => {
                self.roles.clear();
                self.groups.clear();
            }
            // The number is nobody's, so no agreement is there for it.
            Deviation::Stranger => self.cvr = Cvr::NOBODY,
        }
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_example_is_read_and_mistakes_are_told_with_their_line() {
        assert_eq!(read("example", KORSBAEK).unwrap().len(), 5);
        for (from, to, complaint) in [
            ("id = \"viggo\"", "id = \"agnes\"", "nobody else has"),
            ("id = \"viggo\"", "id = \"refuse\"", "nobody else has"),
            ("name = \"Viggo Lund\"", "name = \"Lund, Viggo\"", "without commas"),
            ("level = \"NIST 3\"", "level = \"NIST 5\"", "expected a level such as"),
            ("robot = true", "robbot = true", "did you mean `robot`?"),
            ("cvr = \"11111111\"", "cvr = \"1\"", ""),
        ] {
            let wrong = read("p.toml", &KORSBAEK.replacen(from, to, 1)).unwrap_err();
            let told = wrong.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n");
            assert!(told.starts_with("p.toml:") && told.contains(complaint), "{told}");
        }
        assert!(read("p.toml", "").is_err());
    }

    #[test]
    fn a_deviation_changes_what_it_says_and_nothing_else() {
        let agnes = || read("example", KORSBAEK).unwrap().remove(0);
        let says = |deviation| {
            let persona = agnes().deviating(deviation);
            (persona.level(), persona.roles.len(), persona.cvr == agnes().cvr)
        };
        assert_eq!(says(Deviation::None), ("NSIS Substantial".to_owned(), 3, true));
        assert_eq!(says(Deviation::LowLevel), ("NSIS Low".to_owned(), 3, true));
        assert_eq!(says(Deviation::WithoutRights), ("NSIS Substantial".to_owned(), 0, true));
        assert_eq!(says(Deviation::Stranger), ("NSIS Substantial".to_owned(), 3, false));
    }
}
