//! Status codes: what an identity provider's mean to us, and what we tell a fagsystem. One table.

use std::fmt;

use super::samlp;
use crate::domain::faults::Explanation;
use crate::domain::id::CaseNumber;
use crate::domain::reason::{Fault, Reason};
use crate::protocol::xml::{Element, Writer};

const PREFIX: &str = "urn:oasis:names:tc:SAML:2.0:status:";
pub(super) const SUCCESS: &str = "Success";
pub(super) const PARTIAL_LOGOUT: &str = "PartialLogout";

/// A status that ends a login.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Status {
    /// `Requester` or `Responder`: whose side it is on.
    pub top: &'static str,
    /// The cause.
    pub second: &'static str,
    /// The reason, which is told in words beside the codes.
    reason: Reason,
    /// What the user can name on the telephone.
    case: Option<CaseNumber>,
}

impl Status {
    /// What an asker is told who may not have what it asks for, or who asks about a user whom nobody knows: the two
    /// must look alike.
    pub const REQUEST_DENIED: Self =
        Self { top: "Requester", second: "RequestDenied", reason: Reason::AqDenied, case: None };

    /// What a fagsystem is told for a reason; none when the answer must not go to anybody, since it is not sure
    /// who asked or whether somebody tampers.
    pub fn for_reason(reason: Reason) -> Option<Self> {
        let (top, second) = match reason {
            Reason::AsDown | Reason::AsKey | Reason::AsRefused | Reason::AsAnswer => {
                ("Responder", "RequestDenied")
            }
            Reason::LoaLower | Reason::LoaUnknown | Reason::RobotNsis => ("Responder", "NoAuthnContext"),
            Reason::RobotSystem | Reason::RobotHours | Reason::RobotNetwork => ("Responder", "RequestDenied"),
            Reason::Status | Reason::LoaStepUpUser | Reason::ForceIgnored => ("Responder", "AuthnFailed"),
            Reason::Passive => ("Responder", "NoPassive"),
            Reason::Scoping => ("Responder", "NoSupportedIDP"),
            Reason::ProxyCount => ("Responder", "ProxyCountExceeded"),
            Reason::IdpDisabled => ("Responder", "NoAvailableIDP"),
            Reason::EncNokey => ("Responder", "RequestUnsupported"),
            Reason::RequestUnsupported => ("Requester", "RequestUnsupported"),
            Reason::AgreementMissing | Reason::BppNone | Reason::SloIssuer => ("Requester", "RequestDenied"),
            _ => return None,
        };
        Some(Self { top, second, reason, case: None })
    }

    /// The same, about the login of this number.
    #[must_use]
    pub fn of_case(self, case: CaseNumber) -> Self {
        Self { case: Some(case), ..self }
    }

    pub(super) fn write(self, xml: &mut Writer) {
        xml.start(samlp("Status"));
        write_codes(xml, self.top, Some(self.second));
        let Explanation { means, fix } = self.reason.explanation();
        let case = self.case.map(|case| format!(" Case number {case}.")).unwrap_or_default();
        xml.element(samlp("StatusMessage"), &format!("{}: {} {}{case}", self.reason, means.en, fix.en));
        xml.end();
    }
}

pub(super) fn write_success(xml: &mut Writer) {
    xml.start(samlp("Status"));
    write_codes(xml, SUCCESS, None);
    xml.end();
}

/// Says that we did what was asked, and that not everybody else did.
pub(super) fn write_partial_logout(xml: &mut Writer) {
    xml.start(samlp("Status"));
    write_codes(xml, SUCCESS, Some(PARTIAL_LOGOUT));
    xml.end();
}

fn write_codes(xml: &mut Writer, top: &str, second: Option<&str>) {
    xml.start(samlp("StatusCode"));
    xml.attribute("Value", &format!("{PREFIX}{top}"));
    if let Some(second) = second {
        xml.start(samlp("StatusCode"));
        xml.attribute("Value", &format!("{PREFIX}{second}"));
        xml.end();
    }
    xml.end();
}

/// Goes on only when the status says success and nothing else beside it.
pub(super) fn read(status: Element<'_>) -> Result<(), Fault> {
    match Codes::read(status)? {
        Codes { top, second: None } if top == SUCCESS => Ok(()),
        codes => Err(Fault::new(Reason::Status, format!("the status of the answer is {codes}"))),
    }
}

/// The codes of a status, without what all of them begin with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Codes {
    pub(super) top: String,
    pub(super) second: Option<String>,
}

impl Codes {
    pub(super) fn read(status: Element<'_>) -> Result<Self, Fault> {
        let top = status.only_child(samlp("StatusCode"))?;
        let second = top.optional_child(samlp("StatusCode"))?;
        let value = |code: Element<'_>| {
            let value = code.attribute("Value").unwrap_or_default();
            // Shown only if it looks like a status code: the sender may have written anything.
            let known =
                value.strip_prefix(PREFIX).filter(|rest| rest.bytes().all(|b| b.is_ascii_alphabetic()));
            known.unwrap_or("an unknown code").to_owned()
        };
        Ok(Self { top: value(top), second: second.map(value) })
    }
}

impl fmt::Display for Codes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.top)?;
        self.second.iter().try_for_each(|second| write!(f, " / {second}"))
    }
}
