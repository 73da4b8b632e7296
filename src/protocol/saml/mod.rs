//! SAML 2.0 as Danish public services speak it: bindings, requests, responses, metadata, status codes.
//!
//! Every reader takes what the XML kernel hands it and asks for exactly the parts that it knows; what SAML allows but
//! a browser login never needs is refused.

pub mod assertion;
pub mod attribute;
pub mod binding;
mod deflate;
pub mod logout;
pub mod metadata;
mod offered;
pub mod query;
pub mod request;
pub mod response;
pub mod review;
pub mod shown;
pub mod soap;
pub mod status;

use jiff::{SignedDuration, Timestamp};

use super::xml::{Element, Name, namespace};
use crate::domain::id::{EntityId, MessageId};
use crate::domain::reason::{Fault, Reason};

/// The two bindings of the browser.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Binding {
    /// The message travels compressed in the address, signed beside it.
    Redirect,
    /// The message travels in a form.
    Post,
}

impl Binding {
    /// Its URI.
    pub fn uri(self) -> &'static str {
        match self {
            Self::Redirect => "urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect",
            Self::Post => "urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST",
        }
    }
}

/// The NameID format of the municipal federation.
pub const X509_SUBJECT_NAME: &str = "urn:oasis:names:tc:SAML:1.1:nameid-format:X509SubjectName";

const ENTITY_FORMAT: &str = "urn:oasis:names:tc:SAML:2.0:nameid-format:entity";

const fn samlp(local: &'static str) -> Name {
    Name::new(namespace::SAMLP, "samlp", local)
}

const fn saml(local: &'static str) -> Name {
    Name::new(namespace::SAML, "saml", local)
}

const fn ds(local: &'static str) -> Name {
    Name::new(namespace::DS, "ds", local)
}

const fn md(local: &'static str) -> Name {
    Name::new(namespace::MD, "md", local)
}

/// The part that every protocol message begins with.
#[derive(Clone, Debug)]
struct Header {
    id: MessageId,
    issue_instant: Timestamp,
}

impl Header {
    /// Reads ID, Version and IssueInstant of a message or an assertion.
    fn read(element: Element<'_>) -> Result<Self, Fault> {
        let version = required(element, "Version")?;
        if version != "2.0" {
            return Err(Fault::new(Reason::XmlSchema, format!("expected Version 2.0, got {version:?}")));
        }
        Ok(Self {
            id: message_id(required(element, "ID")?)?,
            issue_instant: moment(required(element, "IssueInstant")?)?,
        })
    }
}

/// Reads the Issuer child: an entityID in the entity format, or in none.
fn issuer(element: Element<'_>) -> Result<EntityId, Fault> {
    let issuer = element.only_child(saml("Issuer"))?;
    if issuer.attribute("Format").is_some_and(|format| format != ENTITY_FORMAT) {
        return Err(Fault::new(Reason::XmlSchema, "expected an Issuer in the entity format"));
    }
    entity_id(&issuer.text()?)
}

/// Reads the Issuer child where it may be left out.
fn optional_issuer(element: Element<'_>) -> Result<Option<EntityId>, Fault> {
    element.optional_child(saml("Issuer"))?.map(|_| issuer(element)).transpose()
}

fn required<'d>(element: Element<'d>, attribute: &str) -> Result<&'d str, Fault> {
    element.attribute(attribute).ok_or_else(|| {
        Fault::new(Reason::XmlSchema, format!("expected the attribute {attribute} on {}", element.local()))
    })
}

/// Reads an attribute that is an address. It is compared byte for byte, so it may hold nothing that some reader would
/// fold or strip.
fn address(element: Element<'_>, attribute: &str) -> Result<Option<String>, Fault> {
    let Some(address) = element.attribute(attribute) else { return Ok(None) };
    if !address.bytes().all(|byte| byte.is_ascii_graphic()) {
        return Err(Fault::new(Reason::ValueFormat, format!("expected an address in {attribute}")));
    }
    Ok(Some(address.to_owned()))
}

/// How old a question may be when it arrives. One that waits longer was kept by somebody.
const MAX_AGE: SignedDuration = SignedDuration::from_mins(5);

/// A question holds if it was made for the address that it arrived at, and not long ago.
fn check_made_for(
    destination: Option<&str>,
    made: Timestamp,
    here: &str,
    now: Timestamp,
    skew: SignedDuration,
) -> Result<(), Fault> {
    if destination != Some(here) {
        let got = destination.unwrap_or("none");
        return Err(Fault::new(Reason::Destination, format!("expected {here}, got {got}")));
    }
    check_recent(made, now, skew)
}

fn check_recent(made: Timestamp, now: Timestamp, skew: SignedDuration) -> Result<(), Fault> {
    let age = now.duration_since(made);
    if age > MAX_AGE + skew || age < -skew {
        return Err(Fault::new(Reason::RequestStale, format!("made at {made}, arrived at {now}")));
    }
    Ok(())
}

/// A signature that does not fit, in a message that holds another message or assertion, is no mishap: somebody wrapped a
/// genuine part. This decides nothing; it only names what was refused already.
fn wrapping(root: Element<'_>, fault: Fault) -> Fault {
    let doubtful = matches!(
        fault.reason,
        Reason::SigInvalid | Reason::SigMissing | Reason::SigStructure | Reason::AttrType
    );
    let known = ["Response", "AuthnRequest", "LogoutRequest", "LogoutResponse"];
    let messages: usize = known.into_iter().map(|message| root.count(samlp(message))).sum();
    let hidden = root.count(saml("EncryptedID")) + root.count(saml("EncryptedAttribute"));
    let assertions = root.count(saml("Assertion")) + usize::from(root.is(saml("Assertion")));
    let several = messages > 0 || hidden > 0 || assertions > 1;
    // A message inside an Object is the enveloping form of a signature, which the profile does not have.
    let enveloping = messages > 0 && root.count(ds("Object")) > 0;
    if doubtful && several && !enveloping && root.count(ds("Signature")) > 0 {
        return Fault::new(Reason::SigCoverage, format!("a part beside what is signed; {}", fault.detail));
    }
    fault
}

fn entity_id(text: &str) -> Result<EntityId, Fault> {
    // A letter of another alphabet may look like one of ours, so names are taken in ASCII alone.
    if !text.is_ascii() {
        return Err(Fault::new(Reason::ValueFormat, "expected an entityID in plain ASCII"));
    }
    EntityId::new(text).map_err(|bad| Fault::new(Reason::ValueFormat, bad.to_string()))
}

fn message_id(text: &str) -> Result<MessageId, Fault> {
    MessageId::new(text).map_err(|bad| Fault::new(Reason::ValueFormat, bad.to_string()))
}

/// Reads `xs:boolean`.
fn boolean(text: &str) -> Result<bool, Fault> {
    match text {
        "true" | "1" => Ok(true),
        "false" | "0" => Ok(false),
        _ => Err(Fault::new(Reason::XmlSchema, "expected true or false")),
    }
}

/// Reads `xs:dateTime` in UTC, the one form in which SAML writes time.
fn moment(text: &str) -> Result<Timestamp, Fault> {
    let wrong = || {
        let shown: String = text.chars().take(40).collect();
        Fault::new(
            Reason::XmlSchema,
            format!("expected a time in UTC such as 2026-11-21T08:00:00Z, got {shown:?}"),
        )
    };
    let digits = |range: std::ops::Range<usize>| {
        text.as_bytes().get(range).is_some_and(|part| part.iter().all(u8::is_ascii_digit))
    };
    let punctuation = [(4, b'-'), (7, b'-'), (10, b'T'), (13, b':'), (16, b':')];
    let in_form = [0..4, 5..7, 8..10, 11..13, 14..16, 17..19].into_iter().all(digits)
        && punctuation.iter().all(|(place, mark)| text.as_bytes().get(*place) == Some(mark));
    let fraction = text.get(19..).and_then(|rest| rest.strip_suffix('Z')).ok_or_else(wrong)?;
    let fraction_in_form = match fraction.strip_prefix('.') {
        Some(part) => (1..=9).contains(&part.len()) && part.bytes().all(|b| b.is_ascii_digit()),
        None => fraction.is_empty(),
    };
    if !in_form || !fraction_in_form {
        return Err(wrong());
    }
    text.parse().map_err(|_| wrong())
}

/// Writes a time as SAML does, to the second: some readers choke on fractions.
fn written(time: Timestamp) -> String {
    time.strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_is_read_in_utc_and_in_no_other_form() {
        for right in ["2026-11-21T08:00:00Z", "2026-11-21T08:00:00.1Z", "2026-11-21T08:00:00.123456789Z"] {
            assert!(moment(right).is_ok(), "{right}");
        }
        for wrong in [
            "2026-11-21T08:00:00",
            "2026-11-21T08:00:00+01:00",
            "2026-11-21 08:00:00Z",
            "2026-11-21t08:00:00Z",
            "2026-13-21T08:00:00Z",
            "2026-11-21T08:00Z",
            "20261121T080000Z",
            "2026-11-21T08:00:00.Z",
            " 2026-11-21T08:00:00Z",
            "",
            "2026-11-21T08:00:00Z[UTC]",
        ] {
            assert!(moment(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn what_is_written_is_read_back() {
        let time = Timestamp::from_second(1_795_248_000).unwrap();
        assert_eq!(moment(&written(time)), Ok(time));
    }
}
