//! The few words of SAML that neighbours share: names, times, identifiers. No judgement lives here.

use jiff::{SignedDuration, Timestamp};

use crate::domain::reason::Fault;
use crate::domain::world::Random;
use crate::protocol::xml::{Element, Name, namespace};

pub(super) const X509_SUBJECT_NAME: &str = "urn:oasis:names:tc:SAML:1.1:nameid-format:X509SubjectName";
pub(super) const POST: &str = "urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST";
pub(super) const REDIRECT: &str = "urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect";
pub(super) const BEARER: &str = "urn:oasis:names:tc:SAML:2.0:cm:bearer";
pub(super) const STATUS: &str = "urn:oasis:names:tc:SAML:2.0:status:";

/// How far clocks may differ, and how old a message may be.
pub(super) const FRESH_FOR: SignedDuration = SignedDuration::from_mins(5);

pub(super) const fn samlp(local: &'static str) -> Name {
    Name::new(namespace::SAMLP, "samlp", local)
}

pub(super) const fn saml(local: &'static str) -> Name {
    Name::new(namespace::SAML, "saml", local)
}

pub(super) const fn md(local: &'static str) -> Name {
    Name::new(namespace::MD, "md", local)
}

pub(super) const fn ds(local: &'static str) -> Name {
    Name::new(namespace::DS, "ds", local)
}

/// Why a neighbour does not take a message, in words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Refused(pub(super) String);

impl From<Fault> for Refused {
    fn from(fault: Fault) -> Self {
        Self(fault.to_string())
    }
}

pub(super) fn refused<T>(why: impl Into<String>) -> Result<T, Refused> {
    Err(Refused(why.into()))
}

/// Refuses unless what was got is what was expected.
pub(super) fn expect(what: &str, expected: &str, got: Option<&str>) -> Result<(), Refused> {
    match got {
        Some(got) if got == expected => Ok(()),
        got => refused(format!("{what}: expected {expected}, got {}", got.unwrap_or("none"))),
    }
}

pub(super) fn issuer(element: Element<'_>) -> Result<String, Refused> {
    Ok(element.only_child(saml("Issuer"))?.text()?.into_owned())
}

pub(super) fn time(element: Element<'_>, attribute: &str) -> Result<Option<Timestamp>, Refused> {
    let Some(text) = element.attribute(attribute) else { return Ok(None) };
    text.parse().map(Some).map_err(|_| Refused(format!("{attribute}: {text:?} is no time")))
}

/// Refuses what was not made within the last minutes.
pub(super) fn fresh(element: Element<'_>, now: Timestamp) -> Result<(), Refused> {
    match time(element, "IssueInstant")? {
        Some(made) if (now.duration_since(made)).abs() <= FRESH_FOR => Ok(()),
        made => refused(format!("made at {made:?}, it is {now}")),
    }
}

pub(super) fn written(time: Timestamp) -> String {
    time.strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
}

/// An identifier that nobody can guess.
pub(super) fn fresh_id(random: &dyn Random) -> String {
    format!("_{:032x}", random.bits())
}
