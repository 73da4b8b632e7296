//! Systems that call us without a browser: those that keep a municipality's users here, and those that ask for a user's
//! attributes.

use std::fmt;

use super::id::{Cvr, EntityId};

/// A system that keeps the users of one authority.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ApiClient {
    /// The authority whose users it keeps.
    pub authority: Cvr,
    /// Its name for people.
    pub name: String,
    /// Whether it is switched on.
    pub active: bool,
}

/// What an API client proves itself with, by its SHA-256.
///
/// The register holds hashes of tokens, so whoever reads it can call nobody. They are looked up like any other key: to
/// learn a hash bit by bit from the time of an answer helps nobody to find a token that has it.
#[derive(Clone, PartialEq, Eq, Hash)]
pub enum Credential {
    /// A bearer token.
    Token(Sha256),
    /// A client certificate in DER form.
    Certificate(Sha256),
}

/// A SHA-256 in 64 hexadecimal digits.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Sha256(String);

impl Sha256 {
    /// Reads 64 hexadecimal digits, with or without colons, in either case, as tools write fingerprints.
    pub fn new(written: &str) -> Option<Self> {
        let digits: String = written.chars().filter(|c| *c != ':').map(|c| c.to_ascii_lowercase()).collect();
        (digits.len() == 64 && digits.bytes().all(|b| b.is_ascii_hexdigit())).then_some(Self(digits))
    }
}

impl fmt::Display for Credential {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Token(Sha256(digits)) => write!(f, "token {digits}"),
            Self::Certificate(Sha256(digits)) => write!(f, "certificate {digits}"),
        }
    }
}

impl fmt::Debug for Credential {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")
    }
}

/// A party that may ask for the attributes of users. Its keys stand in its metadata.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AttributeRequester {
    /// Its name in SAML.
    pub entity_id: EntityId,
    /// Its name for people.
    pub name: String,
    /// Whether it is switched on.
    pub active: bool,
    /// The authorities whose users it may ask about.
    pub authorities: Vec<Cvr>,
    /// The attributes that it may be told.
    pub attributes: Vec<String>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fingerprint_is_the_same_however_it_is_written() {
        let plain = Sha256::new(&"0a".repeat(32)).unwrap();
        let colons = vec!["0A"; 32].join(":");
        assert!(Sha256::new(&colons) == Some(plain));
        assert!(Sha256::new("0a").is_none() && Sha256::new(&"0g".repeat(32)).is_none());
    }
}
