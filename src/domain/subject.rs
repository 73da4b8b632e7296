//! Who is logged in, and what one fagsystem may be told about it.
//!
//! Every way in ends in a [`Subject`]; every way out starts from a [`Grant`]. A grant cannot be made without an
//! [`Agreement`], so nothing can be issued that nobody has agreed to.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::assurance::Achieved;
use super::audit::Ruling;
use super::federation::{Agreement, Federation, NoRights};
use super::id::{Cvr, EntityId};
use super::person::{Claim, Person};
use super::privilege::{Constraint, PrivilegeList};
use super::reason::{Fault, Reason};
use super::role::Translated;

/// The name by which municipal identity providers name a user: `C=DK,O=<CVR>,CN=<name>,Serial=<id>`.
///
/// Field variants are read; the text itself is passed on unchanged.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct SubjectName {
    text: String,
    cvr: Cvr,
    serial: String,
}

impl SubjectName {
    /// Reads the name. Country and organisation are taken from the left, the serial number from the last
    /// `Serial=`, and what stands between is the person's name, which may hold commas and equals signs.
    pub fn new(text: &str) -> Result<Self, Fault> {
        let wrong = |what: &str| {
            Fault::new(Reason::ValueFormat, format!("expected C=DK,O=<CVR>,CN=<name>,Serial=<id>: {what}"))
        };
        let rest = field(text, "C").filter(|(country, _)| *country == "DK").ok_or_else(|| wrong("C=DK"))?.1;
        let (organisation, rest) = field(rest, "O").ok_or_else(|| wrong("O"))?;
        let cvr = Cvr::new(organisation).map_err(|bad| wrong(&bad.to_string()))?;
        let (before, serial) = last_serial(rest).ok_or_else(|| wrong("Serial"))?;
        let name = key(before, "CN").ok_or_else(|| wrong("CN"))?.trim();
        if name.is_empty() || serial.is_empty() || serial.contains([',', '=']) {
            return Err(wrong("CN and Serial must not be empty"));
        }
        Ok(Self { text: text.to_owned(), cvr, serial: serial.to_owned() })
    }

    /// The name as it came.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The organisation that it names.
    pub fn cvr(&self) -> Cvr {
        self.cvr
    }

    /// The user's stable id at that organisation.
    pub fn serial(&self) -> &str {
        &self.serial
    }
}

impl TryFrom<String> for SubjectName {
    type Error = Fault;
    fn try_from(text: String) -> Result<Self, Fault> {
        Self::new(&text)
    }
}

impl From<SubjectName> for String {
    fn from(name: SubjectName) -> Self {
        name.text
    }
}

/// `key = value` up to the next comma, and what follows the comma.
fn field<'t>(text: &'t str, name: &str) -> Option<(&'t str, &'t str)> {
    let (value, rest) = key(text, name)?.split_once(',')?;
    Some((value.trim(), rest))
}

/// What follows `key =`.
fn key<'t>(text: &'t str, name: &str) -> Option<&'t str> {
    text.trim_start().strip_prefix(name)?.trim_start().strip_prefix('=')
}

/// What stands before the last `, Serial =`, and what stands after it.
fn last_serial(text: &str) -> Option<(&str, &str)> {
    text.rmatch_indices(',')
        .find_map(|(comma, _)| Some((&text[..comma], key(&text[comma + 1..], "Serial")?.trim())))
}

/// Who is logged in, in the one form that every protocol is translated to and from.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Subject {
    /// The municipality whose user this is.
    pub authority: Cvr,
    /// The identity provider that said so.
    pub idp: EntityId,
    /// The user's name.
    pub name: SubjectName,
    /// What is known of the person, as far as the fagsystem may be told it.
    pub person: Person,
    /// How sure we are.
    pub level: Achieved,
    /// Whether this is a robot: its municipality has declared it, or its identity provider says so.
    pub is_robot: bool,
    /// What the municipality says that the user may do: its job function roles.
    pub rights: PrivilegeList,
    /// Values that limit job function roles, by the URI of the parameter, where they came as attributes of their own.
    pub parameters: Vec<Constraint>,
}

/// What one fagsystem may be told about one subject.
#[derive(Clone, Debug)]
pub struct Grant<'f> {
    agreement: Agreement<'f>,
    subject: Subject,
    rights: PrivilegeList,
}

impl<'f> Grant<'f> {
    /// Joins a subject with the agreement under which it may be told, translates its rights by the roles that are
    /// registered, and forgets what the fagsystem's attribute profile does not tell. Subject and agreement must speak of
    /// the same municipality and identity provider. Beside it comes why the user's roles became these rights.
    pub fn new(
        subject: Subject,
        agreement: Agreement<'f>,
        federation: &Federation,
        now: Timestamp,
    ) -> Result<(Self, Vec<Ruling>), Fault> {
        if subject.authority != agreement.authority().cvr {
            let detail = format!("expected {}, got {}", agreement.authority().cvr, subject.authority);
            return Err(Fault::new(Reason::TenantMismatch, detail));
        }
        if subject.idp != agreement.idp().entity_id {
            let detail = format!("expected {}, got {}", agreement.idp().entity_id, subject.idp);
            return Err(Fault::new(Reason::IdpUnexpected, detail));
        }
        let roles = federation.roles();
        let Translated { rights, rulings } =
            roles.translate(&subject.rights, &subject.parameters, &agreement, now);
        let person = subject.person.told(agreement.fagsystem().attributes);
        let subject = Subject { person, ..subject };
        Ok((Self { agreement, subject, rights }, rulings))
    }

    /// The agreement that allows it.
    pub fn agreement(&self) -> &Agreement<'f> {
        &self.agreement
    }

    /// Who it is about, without what the fagsystem is not told of the person.
    pub fn subject(&self) -> &Subject {
        &self.subject
    }

    /// The user's name.
    pub fn name(&self) -> &SubjectName {
        &self.subject.name
    }

    /// How sure we are.
    pub fn level(&self) -> &Achieved {
        &self.subject.level
    }

    /// What the user may do in the fagsystem, in its own roles. Nothing at all is an error where the fagsystem takes
    /// nobody without rights: whoever writes a token has to ask here, and so cannot forget it.
    pub fn rights(&self) -> Result<&PrivilegeList, Fault> {
        if self.rights.is_empty() && self.agreement.fagsystem().no_rights == NoRights::Refuse {
            let sent: usize = self.subject.rights.groups.iter().map(|group| group.privileges.len()).sum();
            let detail = format!("of {sent} roles that were sent none gives a right here");
            return Err(Fault::new(Reason::BppNone, detail));
        }
        Ok(&self.rights)
    }

    /// What the fagsystem's attribute profile tells of the person. Nothing else is here to be told.
    pub fn person(&self) -> impl Iterator<Item = (Claim, &[String])> {
        self.subject.person.claims()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_spelling_of_a_subject_name_is_read() {
        for (text, cvr, serial) in [
            ("C=DK,O=11111111,CN=Ib Dam,Serial=5b0c", "11111111", "5b0c"),
            ("C=DK, O=11111111, CN=Ib, Serial=CVR:11111111-RID:5", "11111111", "CVR:11111111-RID:5"),
            ("C = DK, O = 11111111, CN = user1 idp, Serial = 555e", "11111111", "555e"),
            ("C=DK,O=11111111,CN=Dam, Ib = hr,Serial=x,Serial=7", "11111111", "7"),
        ] {
            let name = SubjectName::new(text).unwrap();
            assert_eq!((name.cvr().as_str(), name.serial(), name.as_str()), (cvr, serial, text));
        }
    }

    #[test]
    fn a_subject_name_without_its_parts_is_refused() {
        for text in [
            "",
            "ib@korsbaek.dk",
            "C=SE,O=11111111,CN=Ib,Serial=1",
            "C=DK,O=1111111,CN=Ib,Serial=1",
            "C=DK,O=11111111,CN=Ib",
            "C=DK,O=11111111,CN=,Serial=1",
            "C=DK,O=11111111,CN=Ib,Serial=",
            "C=DK,O=１１１１１１１１,CN=Ib,Serial=1",
            "O=11111111,C=DK,CN=Ib,Serial=1",
        ] {
            assert_eq!(SubjectName::new(text).unwrap_err().reason, Reason::ValueFormat, "{text:?}");
        }
    }
}
