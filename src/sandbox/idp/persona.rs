//! The people and the robot who can log in, and what their identity provider says about each.

/// Somebody who can log in.
#[derive(Debug)]
pub(in crate::sandbox) struct Persona {
    /// The value of the button.
    pub(in crate::sandbox) id: &'static str,
    pub(in crate::sandbox) name: &'static str,
    /// What they are, in Danish and in English.
    pub(in crate::sandbox) what: [&'static str; 2],
    /// Their number at their municipality.
    pub(super) serial: &'static str,
    pub(super) email: Option<&'static str>,
    pub(super) level: Level,
    /// Their job function roles; without any the attribute is left out.
    pub(super) roles: &'static [&'static str],
    pub(super) is_robot: bool,
}

/// How sure the identity provider is.
#[derive(Clone, Copy, Debug)]
pub(super) enum Level {
    /// On the national standard.
    Nsis(&'static str),
    /// On the older scale.
    Nist(&'static str),
}

impl Persona {
    /// The level as people say it.
    pub(in crate::sandbox) fn level(&self) -> String {
        match self.level {
            Level::Nsis(word) => format!("NSIS {word}"),
            Level::Nist(digit) => format!("NIST {digit}"),
        }
    }
}

pub(super) const KORSBAEK: &[Persona] = &[
    Persona {
        id: "agnes",
        name: "Agnes Holm",
        what: ["sagsbehandler med to faktorer", "case worker with two factors"],
        serial: "4c1f7d5e-9c3b-4b0e-8a55-0d8f6d1c0a01",
        email: Some("agnes.holm@korsbaek.example"),
        level: Level::Nsis("Substantial"),
        roles: &[
            "http://korsbaek.example/roles/jobrole/byggesagsbehandler/1",
            "http://korsbaek.example/roles/jobrole/koereproevebooker/1",
        ],
        is_robot: false,
    },
    Persona {
        id: "viggo",
        name: "Viggo Lund",
        what: ["nyansat uden rettigheder", "new colleague without rights"],
        serial: "4c1f7d5e-9c3b-4b0e-8a55-0d8f6d1c0a02",
        email: Some("viggo.lund@korsbaek.example"),
        level: Level::Nsis("Substantial"),
        roles: &[],
        is_robot: false,
    },
    Persona {
        id: "ellen",
        name: "Ellen Friis",
        what: [
            "sagsbehandler, hvis login kun er vurderet efter NIST",
            "case worker whose login is rated by NIST only",
        ],
        serial: "4c1f7d5e-9c3b-4b0e-8a55-0d8f6d1c0a03",
        email: Some("ellen.friis@korsbaek.example"),
        level: Level::Nist("3"),
        roles: &["http://korsbaek.example/roles/jobrole/byggesagsbehandler/1"],
        is_robot: false,
    },
    Persona {
        id: "robot",
        name: "Robot 7",
        what: ["softwarerobot med egen identitet", "software robot with an identity of its own"],
        serial: "4c1f7d5e-9c3b-4b0e-8a55-0d8f6d1c0a07",
        email: None,
        level: Level::Nist("3"),
        roles: &["http://korsbaek.example/roles/jobrole/koereproevebooker/1"],
        is_robot: true,
    },
];

pub(super) const FEDDET: &[Persona] = &[
    Persona {
        id: "poul",
        name: "Poul Kruse",
        what: ["sagsbehandler med to faktorer", "case worker with two factors"],
        serial: "b2f0a3c4-51d2-4a7c-9d3e-6f1e2d3c4b01",
        email: Some("poul.kruse@feddet.example"),
        level: Level::Nist("3"),
        roles: &[],
        is_robot: false,
    },
    Persona {
        id: "karen",
        name: "Karen Birk",
        what: ["vikar, der kun har et kodeord", "substitute who only has a password"],
        serial: "b2f0a3c4-51d2-4a7c-9d3e-6f1e2d3c4b02",
        email: Some("karen.birk@feddet.example"),
        level: Level::Nist("2"),
        roles: &[],
        is_robot: false,
    },
];
