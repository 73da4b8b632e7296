//! What a context handler does that a plain proxy does not, as stories of people who log in. Whoever starts the sandbox
//! can play each in a browser; the demo plays them all and says what came of it.

use serde::Serialize;

use super::Sandbox;
use super::fagsystem::{self, System};
use super::oidc;
use super::roles::{FEDDET, KORSBAEK, Organisation};
use super::walk::Walk;
use crate::browser::Page;

/// A story: who goes where, and what one must see at the end.
struct Story {
    name: &'static str,
    who: &'static str,
    /// The value of the button.
    button: &'static str,
    at: &'static Organisation,
    system: &'static Place,
    /// Where the same browser is logged in already, so that nobody is asked anything.
    already: Option<&'static Place>,
    /// As whom the user goes on at NemLog-in: the button and the name.
    step_up: Option<(&'static str, &'static str)>,
    /// The status of the last page, and what stands on it.
    ends: (u16, &'static [&'static str]),
}

/// A fagsystem: its name, and its port above the broker's.
struct Place(&'static str, u16);

impl Place {
    const fn of(system: &System) -> Self {
        Self(system.name, system.place)
    }
}

const BBR: Place = Place::of(&fagsystem::BBR);
const BOOKING: Place = Place::of(&fagsystem::BOOKING);
const SEB: Place = Place::of(&fagsystem::SEB);
const BYGGESAG: Place = Place(oidc::NAME, oidc::PLACE);

/// What came of a story.
#[derive(Clone, Debug, Serialize)]
pub struct Told {
    /// What it is about.
    pub story: &'static str,
    /// Who logs in, in which municipality, as whom at NemLog-in, if there, and where else already.
    pub who: String,
    /// Where.
    pub fagsystem: &'static str,
    /// Where a browser finds it.
    pub address: String,
    /// What the fagsystem showed.
    pub ended: String,
}

const CHAIN: &str = "https://saml.korsbaek.example/idp → https://saml.nemlog-in.example";

const ROLES: Story = Story {
    name: "roles",
    who: "Agnes Holm",
    button: "agnes",
    at: &KORSBAEK,
    system: &BBR,
    already: None,
    step_up: None,
    ends: (200, &["See buildings", "Change buildings", "KLE subject: 02.34 or 02.36", "Approve cases"]),
};
const SERVICE: Story = Story {
    name: "attribute service",
    who: "Poul Kruse",
    button: "poul",
    at: &FEDDET,
    system: &BOOKING,
    ends: (200, &["Book driving tests", "Feddet Kommune"]),
    ..ROLES
};
const STEP_UP: Story = Story {
    name: "step-up",
    who: "Ellen Friis",
    button: "ellen",
    step_up: Some(("ellen", "Ellen Friis")),
    ends: (200, &["See buildings", "KLE subject: 02.34", CHAIN]),
    ..ROLES
};
const ROBOT: Story = Story {
    name: "robot",
    who: "Robot 7",
    button: "robot",
    system: &BOOKING,
    ends: (200, &["Book driving tests"]),
    ..ROLES
};

const STORIES: &[Story] = &[
    ROLES,
    Story { name: "single sign-on", already: Some(&BOOKING), ..ROLES },
    Story { name: "OpenID Connect", system: &BYGGESAG, ends: (200, &["Handle building cases"]), ..ROLES },
    Story {
        name: "delegation",
        system: &BOOKING,
        ends: (200, &["Book driving tests", "Category: A or B", "Feddet Kommune"]),
        ..ROLES
    },
    Story {
        name: "no rights",
        who: "Viggo Lund",
        button: "viggo",
        ends: (200, &["Nothing: the system was told of no rights."]),
        ..ROLES
    },
    SERVICE,
    Story { name: "groups", who: "Sofie Bak", button: "sofie", ..SERVICE },
    Story {
        name: "level too low",
        who: "Karen Birk",
        button: "karen",
        ends: (403, &["loa.lower"]),
        ..SERVICE
    },
    STEP_UP,
    Story {
        name: "another person",
        step_up: Some(("benny", "Benny Skov")),
        ends: (403, &["loa.stepup_user"]),
        ..STEP_UP
    },
    ROBOT,
    Story { name: "robot on NSIS", system: &BBR, ends: (403, &["robot.nsis"]), ..ROBOT },
    Story {
        name: "SEB",
        who: "Signe Vang",
        button: "signe",
        system: &SEB,
        ends: (
            200,
            &["See health data", ">CPR number<", "••••••-••••", "Bootstrap token, untouched", "sivan"],
        ),
        ..ROLES
    },
];

/// Plays every story, each in a new browser; stops at the first that ends otherwise than it should.
pub async fn tell(sandbox: &Sandbox, tell: &mut dyn FnMut(&Told)) -> Result<(), String> {
    for story in STORIES {
        let last = story.play(sandbox).await.map_err(|why| format!("{}: {why}", story.name))?;
        story.check(&last).map_err(|what| format!("{}: {what}: {}", story.name, ended(&last)))?;
        tell(&story.told(sandbox, ended(&last)));
    }
    // What neighbours checked meanwhile is nobody's to tell.
    sandbox.journal.take();
    Ok(())
}

impl Story {
    async fn play(&self, sandbox: &Sandbox) -> Result<Page, String> {
        let mut walk = Walk::new(sandbox.places())?;
        let first = self.already.unwrap_or(self.system);
        let people = walk.choose(first.1, "", self.at.cvr).await?;
        let page = walk.press(&people, ("who", self.button)).await?;
        match (self.step_up, self.already) {
            (Some((button, _)), _) => walk.press(&page, ("who", button)).await,
            (None, Some(_)) => walk.choose(self.system.1, "", self.at.cvr).await,
            (None, None) => Ok(page),
        }
    }

    fn check(&self, last: &Page) -> Result<(), String> {
        let (status, shown) = self.ends;
        if last.status != status {
            return Err(format!("expected {status}, got {}", last.status));
        }
        match shown.iter().find(|text| !last.body.contains(**text)) {
            Some(missing) => Err(format!("{missing:?} is not shown")),
            None => Ok(()),
        }
    }

    fn told(&self, sandbox: &Sandbox, ended: String) -> Told {
        let step_up = self.step_up.map_or(String::new(), |(_, name)| format!(", then {name} at NemLog-in"));
        let already = self.already.map_or(String::new(), |system| format!(", logged in at {}", system.0));
        let of = self.at.name.trim_end_matches(" Kommune");
        Told {
            story: self.name,
            who: format!("{} of {of}{step_up}{already}", self.who),
            fagsystem: self.system.0,
            address: sandbox.places().neighbour(self.system.1),
            ended,
        }
    }
}

/// What the fagsystem's page shows, in a line.
fn ended(page: &Page) -> String {
    if page.status >= 400 {
        let why = page.text("<p lang=\"en\" id=\"message\">", "</p>").or_else(|| page.code());
        // The words of the message go on with what to do.
        let why = why.unwrap_or_default();
        return format!("refused: {}", why.split_inclusive(". ").next().unwrap_or_default().trim_end());
    }
    let rights: Vec<String> = page.rows("right").iter().map(|row| right(row)).collect();
    // Whom the page names as having authenticated the user; worth a word where they are two.
    let by = page.text("Authenticated by</th><td role=\"cell\">", "</td>");
    let by = by.filter(|by| by.contains(" → ")).map_or(String::new(), |by| format!(" by {by}"));
    match rights.as_slice() {
        [] => format!("let in{by}, without rights"),
        rights => format!("let in{by}; {}", rights.join("; ")),
    }
}

fn right(cells: &[String]) -> String {
    match cells {
        [may, of] => format!("{may} ({of})"),
        [may, of, only @ ..] => format!("{may} ({of}; {})", only.join("; ")),
        _ => String::new(),
    }
}
