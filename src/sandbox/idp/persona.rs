//! The people and the robot who can log in, and what their identity provider says about each.

use crate::sandbox::pages;
use crate::sandbox::roles::{FEDDET as FEDDET_KOMMUNE, KORSBAEK as KORSBAEK_KOMMUNE, Organisation, Role};

/// Somebody who can log in.
#[derive(Debug)]
pub(in crate::sandbox) struct Persona {
    /// The value of the button.
    pub(super) id: &'static str,
    pub(super) name: &'static str,
    /// What they are, in Danish and in English.
    what: [&'static str; 2],
    pub(super) employer: &'static Organisation,
    /// Their number at their employer.
    pub(super) serial: &'static str,
    /// The number by which NemLog-in knows them, where their provider tells it.
    pub(super) uuid: Option<&'static str>,
    pub(super) cpr: Option<&'static str>,
    pub(super) email: Option<&'static str>,
    pub(super) level: Level,
    /// Their job function roles; without any the attribute is left out.
    pub(super) roles: &'static [Role],
    /// What else is told, by the names of the attributes.
    pub(super) beside: &'static [(&'static str, &'static str)],
    /// The directory groups that they are in.
    pub(super) groups: &'static [&'static str],
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
    pub(super) fn level(&self) -> String {
        match self.level {
            Level::Nsis(word) => format!("NSIS {word}"),
            Level::Nist(digit) => format!("NIST {digit}"),
        }
    }

    /// As a page shows them.
    pub(super) fn shown(&self) -> pages::Person {
        pages::Person { id: self.id, name: self.name, what: self.what, level: self.level() }
    }
}

/// What is said of nobody unless it is written.
const PLAIN: Persona = Persona {
    id: "",
    name: "",
    what: ["", ""],
    employer: &KORSBAEK_KOMMUNE,
    serial: "",
    uuid: None,
    cpr: None,
    email: None,
    level: Level::Nsis("Substantial"),
    roles: &[],
    beside: &[],
    groups: &[],
    is_robot: false,
};

const BUILDING: &str = "http://korsbaek.example/roles/jobrole/byggesagsbehandler/1";
const BOOKING: Role = Role {
    id: "http://korsbaek.example/roles/jobrole/koereproevebooker/1",
    of: &KORSBAEK_KOMMUNE,
    limits: &[],
};
const SUBJECTS: &str = "http://korsbaek.example/kle/1/parametric";
const ELLEN: &str = "5b0c6a2e-0f3d-4a51-9c77-1d2e3f405103";

pub(super) const KORSBAEK: &[Persona] = &[
    Persona {
        id: "agnes",
        name: "Agnes Holm",
        what: [
            "sagsbehandler med to faktorer og flere roller",
            "case worker with two factors and several roles",
        ],
        serial: "4c1f7d5e-9c3b-4b0e-8a55-0d8f6d1c0a01",
        email: Some("agnes.holm@korsbaek.example"),
        roles: &[
            Role { id: BUILDING, of: &KORSBAEK_KOMMUNE, limits: &[(SUBJECTS, &["02.34", "02.36"])] },
            BOOKING,
            Role {
                id: "http://feddet.example/roles/jobrole/koereproevebooker/1",
                of: &FEDDET_KOMMUNE,
                limits: &[],
            },
        ],
        beside: &[("http://korsbaek.example/enhed/1/parametric", "7d3b1c90-42aa-4e1d-b7f3-90a1c2d3e4f5")],
        ..PLAIN
    },
    Persona {
        id: "viggo",
        name: "Viggo Lund",
        what: ["nyansat uden rettigheder", "new colleague without rights"],
        serial: "4c1f7d5e-9c3b-4b0e-8a55-0d8f6d1c0a02",
        email: Some("viggo.lund@korsbaek.example"),
        ..PLAIN
    },
    Persona {
        id: "ellen",
        name: "Ellen Friis",
        what: [
            "sagsbehandler, hvis login kun er vurderet efter NIST",
            "case worker whose login is rated by NIST only",
        ],
        serial: "4c1f7d5e-9c3b-4b0e-8a55-0d8f6d1c0a03",
        uuid: Some(ELLEN),
        email: Some("ellen.friis@korsbaek.example"),
        level: Level::Nist("3"),
        roles: &[Role { id: BUILDING, of: &KORSBAEK_KOMMUNE, limits: &[(SUBJECTS, &["02.34"])] }],
        ..PLAIN
    },
    Persona {
        id: "signe",
        name: "Signe Vang",
        what: ["sygeplejerske med to faktorer", "nurse with two factors"],
        serial: "4c1f7d5e-9c3b-4b0e-8a55-0d8f6d1c0a04",
        uuid: Some("5b0c6a2e-0f3d-4a51-9c77-1d2e3f405104"),
        // The day of birth is one that no month has: nobody's number.
        cpr: Some("6102850004"),
        email: Some("signe.vang@korsbaek.example"),
        roles: &[Role {
            id: "http://korsbaek.example/roles/jobrole/sygeplejerske/1",
            of: &KORSBAEK_KOMMUNE,
            limits: &[],
        }],
        // Nobody opens it on the way, so it may hold anything.
        beside: &[(
            "https://data.gov.dk/model/core/eid/bootstrapToken",
            "PCEtLSBhIHRva2VuIGZvciBhbm90aGVyIGZlZGVyYXRpb24gLS0+",
        )],
        ..PLAIN
    },
    Persona {
        id: "robot",
        name: "Robot 7",
        what: ["softwarerobot med egen identitet", "software robot with an identity of its own"],
        serial: "4c1f7d5e-9c3b-4b0e-8a55-0d8f6d1c0a07",
        level: Level::Nist("3"),
        roles: &[BOOKING],
        is_robot: true,
        ..PLAIN
    },
];

pub(super) const FEDDET: &[Persona] = &[
    Persona {
        id: "poul",
        name: "Poul Kruse",
        what: [
            "sagsbehandler, hvis rettigheder ligger i en attributservice",
            "case worker whose rights are kept by an attribute service",
        ],
        employer: &FEDDET_KOMMUNE,
        serial: "b2f0a3c4-51d2-4a7c-9d3e-6f1e2d3c4b01",
        email: Some("poul.kruse@feddet.example"),
        level: Level::Nist("3"),
        ..PLAIN
    },
    Persona {
        id: "sofie",
        name: "Sofie Bak",
        what: [
            "sagsbehandler, hvis rettigheder kommer af en gruppe i kataloget",
            "case worker whose rights come from a group in the directory",
        ],
        employer: &FEDDET_KOMMUNE,
        serial: "b2f0a3c4-51d2-4a7c-9d3e-6f1e2d3c4b03",
        email: Some("sofie.bak@feddet.example"),
        level: Level::Nist("3"),
        groups: &["0d5e9a52-7c1b-4f7e-8a30-1f2e3d4c5b61", "3f1c2b7a-8e55-4a90-9b1d-6c7d8e9fa0b1"],
        ..PLAIN
    },
    Persona {
        id: "karen",
        name: "Karen Birk",
        what: ["vikar, der kun har et kodeord", "substitute who only has a password"],
        employer: &FEDDET_KOMMUNE,
        serial: "b2f0a3c4-51d2-4a7c-9d3e-6f1e2d3c4b02",
        email: Some("karen.birk@feddet.example"),
        level: Level::Nist("2"),
        ..PLAIN
    },
];

pub(super) const NEMLOGIN: &[Persona] = &[
    Persona {
        id: "ellen",
        name: "Ellen Friis",
        what: ["Korsbæk Kommune, med sit MitID Erhverv", "Korsbæk Kommune, with her MitID Erhverv"],
        uuid: Some(ELLEN),
        ..PLAIN
    },
    Persona {
        id: "benny",
        name: "Benny Skov",
        what: [
            "Korsbæk Kommune, en kollega: prøv at gå videre som en anden",
            "Korsbæk Kommune, a colleague: try to go on as somebody else",
        ],
        uuid: Some("5b0c6a2e-0f3d-4a51-9c77-1d2e3f405108"),
        ..PLAIN
    },
];
