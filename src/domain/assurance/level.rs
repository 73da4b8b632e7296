//! The two scales, how their levels are written, and the one table that translates between them.

use serde::{Deserialize, Serialize};

use crate::domain::reason::{Fault, Reason};

/// A level of the older Danish scale, 1 to 4.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "u8", into = "u8")]
pub struct Nist(u8);

impl Nist {
    /// The whole scale, lowest first.
    pub const ALL: [Self; 4] = [Self(1), Self(2), Self(3), Self(4)];

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
    /// The whole scale, lowest first.
    pub const ALL: [Self; 3] = [Self::Low, Self::Substantial, Self::High];

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

impl std::fmt::Display for Level {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Nist(level) => write!(f, "NIST {}", level.digit()),
            Self::Nsis(level) => write!(f, "NSIS {}", level.word()),
        }
    }
}

impl Level {
    /// Reads the class by which a level is asked for and answered. Other classes are no levels and say nothing, but a
    /// class that begins like a level and is none of those there are is refused: somebody meant something by it.
    pub fn in_class(class: &str) -> Result<Option<Self>, Fault> {
        let level = Nsis::from_uri(class).map(Self::Nsis).or_else(|| Nist::from_urn(class).map(Self::Nist));
        if level.is_none() && [Nsis::URI, Nist::URN].iter().any(|begin| class.starts_with(begin)) {
            let expected = "expected a class that ends in Low, Substantial or High, or in 1, 2, 3 or 4";
            return Err(Fault::new(Reason::LoaUnknown, expected));
        }
        Ok(level)
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
