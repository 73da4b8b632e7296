//! What is tried.

use serde::{Deserialize, Serialize};

use crate::domain::assurance::{Level, Nist, Nsis};
use crate::domain::reason::Sentence;

macro_rules! scenarios {
    ($( $name:ident $id:literal $en:literal / $da:literal $do_en:literal / $do_da:literal ; )*) => {
        /// The closed list of what can be tried with an identity provider.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        #[serde(try_from = "String", into = "&'static str")]
        pub enum Scenario { $( #[doc = $en] $name, )* }

        impl Scenario {
            /// Every scenario, in the order in which they are offered.
            pub const ALL: &'static [Scenario] = &[ $( Scenario::$name, )* ];

            /// The stable id.
            pub const fn id(self) -> &'static str { match self { $( Scenario::$name => $id, )* } }

            /// What it is called.
            pub const fn title(self) -> Sentence {
                match self { $( Scenario::$name => Sentence { da: $da, en: $en }, )* }
            }

            /// What the person who logs in has to see to.
            pub const fn hint(self) -> Sentence {
                match self { $( Scenario::$name => Sentence { da: $do_da, en: $do_en }, )* }
            }

            /// The scenario of this id.
            pub fn from_id(id: &str) -> Option<Self> {
                match id { $( $id => Some(Scenario::$name), )* _ => None }
            }
        }
    };
}

scenarios! {
    Basic "basic"
        "A plain login" / "Et almindeligt login"
        "Log in with any test user." / "Log ind med en vilkårlig testbruger.";
    NsisLow "nsis-low"
        "NSIS Low" / "NSIS Lav (Low)"
        "Log in with a user who has an NSIS identity." / "Log ind med en bruger, der har en NSIS-identitet.";
    NsisSubstantial "nsis-substantial"
        "NSIS Substantial" / "NSIS Betydelig (Substantial)"
        "Log in with a user who can reach NSIS Substantial, with two factors."
        / "Log ind med en bruger, der kan nå NSIS Betydelig, med to faktorer.";
    NsisHigh "nsis-high"
        "NSIS High" / "NSIS Høj (High)"
        "Log in with a user who can reach NSIS High." / "Log ind med en bruger, der kan nå NSIS Høj.";
    Nist "nist-3"
        "NIST level 3" / "NIST-niveau 3"
        "Log in with a user who has two factors." / "Log ind med en bruger, der har to faktorer.";
    Robot "nist-robot"
        "A robot user" / "En robotbruger"
        "Let the robot log in by itself, or log in as the robot." / "Lad robotten logge ind selv, eller log ind som robotten.";
    ForceAuthn "force-authn"
        "The user must log in again (ForceAuthn)" / "Brugeren skal logge ind igen (ForceAuthn)"
        "Be logged in at the identity provider beforehand; it has to ask you again."
        / "Vær logget ind hos identitetsudbyderen på forhånd; den skal spørge igen.";
    Passive "is-passive"
        "No page may be shown (IsPassive)" / "Ingen side må vises (IsPassive)"
        "Use a private window, so that you are not logged in at the identity provider."
        / "Brug et privat vindue, så du ikke er logget ind hos identitetsudbyderen.";
    Encrypted "encrypted"
        "An encrypted answer" / "Et krypteret svar"
        "Log in with any test user; the answer must come encrypted."
        / "Log ind med en vilkårlig testbruger; svaret skal komme krypteret.";
    Rights "rights"
        "Rights in the answer" / "Rettigheder i svaret"
        "Log in with a user who has at least one job function role."
        / "Log ind med en bruger, der har mindst én jobfunktionsrolle.";
    Service "attribute-service"
        "Rights by the attribute service" / "Rettigheder fra attributservicen"
        "Log in with a user whom the attribute service knows."
        / "Log ind med en bruger, som attributservicen kender.";
    StepUp "step-up"
        "A step-up to a higher level" / "Et løft til et højere sikringsniveau"
        "Log in with a user who is linked to a personal identity, and then a second time."
        / "Log ind med en bruger, der er knyttet til en personlig identitet, og derefter en gang til.";
    LogoutRedirect "logout-redirect"
        "Logout through the browser" / "Logout gennem browseren"
        "Log in; the logout follows by itself." / "Log ind; logout følger af sig selv.";
    LogoutSoap "logout-soap"
        "Logout from server to server (SOAP)" / "Logout fra server til server (SOAP)"
        "Log in; the logout follows by itself." / "Log ind; logout følger af sig selv.";
    NextKey "next-key"
        "Our next signing key" / "Vores næste signeringsnøgle"
        "Log in with any test user; the question is signed by the key that we change to next."
        / "Log ind med en vilkårlig testbruger; spørgsmålet er signeret med den nøgle, vi skifter til næste gang.";
}

impl Scenario {
    /// The level that the identity provider is asked for.
    pub fn level(self) -> Option<Level> {
        match self {
            Self::NsisLow => Some(Level::Nsis(Nsis::Low)),
            Self::NsisSubstantial | Self::StepUp => Some(Level::Nsis(Nsis::Substantial)),
            Self::NsisHigh => Some(Level::Nsis(Nsis::High)),
            Self::Nist | Self::Robot => Nist::from_digit("3").map(Level::Nist),
            _ => None,
        }
    }
}

impl std::fmt::Display for Scenario {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.id())
    }
}

impl From<Scenario> for &'static str {
    fn from(scenario: Scenario) -> Self {
        scenario.id()
    }
}

impl TryFrom<String> for Scenario {
    type Error = String;
    fn try_from(id: String) -> Result<Self, String> {
        Self::from_id(&id).ok_or_else(|| {
            let known: Vec<&str> = Self::ALL.iter().map(|scenario| scenario.id()).collect();
            format!("expected one of {}, got {id:?}", known.join(", "))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_scenario_is_found_by_its_id_and_by_no_other() {
        for scenario in Scenario::ALL {
            assert_eq!(Scenario::from_id(scenario.id()), Some(*scenario));
        }
        assert_eq!(Scenario::from_id("Basic"), None);
    }
}
