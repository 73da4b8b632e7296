//! What became of a session: a `LogoutResponse`, as those answer whom we asked to end one.

use jiff::{SignedDuration, Timestamp};

use super::super::binding::Arrived;
use super::super::offered::Offered;
use super::super::status::{Codes, PARTIAL_LOGOUT, SUCCESS};
use super::super::{Header, address, check_recent, issuer, message_id, required, samlp};
use super::{brought, check_here_and_now, enveloped, instead, parts, unfit};
use crate::domain::id::{EntityId, MessageId};
use crate::domain::reason::{Fault, Reason};
use crate::protocol::keys::TrustedKeys;
use crate::protocol::xml::{Document, Element, Name};
use crate::protocol::{Accepted, Unverified, Verified};

const NAME: Name = samlp("LogoutResponse");

/// What somebody says that became of our request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogoutResponse {
    /// Its ID.
    pub id: MessageId,
    issuer: EntityId,
    issue_instant: Timestamp,
    destination: Option<String>,
    in_response_to: MessageId,
    /// What became of it.
    pub outcome: Outcome,
}

/// What became of a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The session has ended.
    Ended,
    /// It has ended there, but not with everybody behind them.
    InPart,
    /// It has not; their status codes.
    Refused(String),
}

/// An answer that was parsed and not yet proved.
pub struct Answer<'d>(Offered<'d>);

/// Looks at an answer that a browser brought, as far as is needed to find its sender's keys.
pub fn claimed<'d>(document: &'d Document<'_>, arrived: &Arrived) -> Result<Unverified<Answer<'d>>, Fault> {
    begin(document.root(), brought(document, arrived, NAME, Reason::SloResponse)?)
}

/// Looks at an answer in an envelope, as far as is needed to find its sender's keys.
pub fn claimed_in_soap<'d>(document: &'d Document<'_>) -> Result<Unverified<Answer<'d>>, Fault> {
    let (root, offered) = enveloped(document, NAME, Reason::SloResponse)?;
    begin(root, offered)
}

fn begin<'d>(root: Element<'d>, offered: Offered<'d>) -> Result<Unverified<Answer<'d>>, Fault> {
    let issuer = issuer(root).map_err(|fault| instead(fault, Reason::XmlSchema, Reason::SloSchema))?;
    Ok(Unverified { issuer, message: Answer(offered) })
}

impl Unverified<Answer<'_>> {
    /// Proves the answer with the keys that its sender is registered with.
    pub fn verify(self, keys: &TrustedKeys) -> Result<Verified<LogoutResponse>, Fault> {
        let (root, proof) = self.message.0.verify(keys)?;
        let message = read(root).map_err(|fault| instead(fault, Reason::XmlSchema, Reason::SloSchema))?;
        Ok(Verified { message, proof })
    }
}

/// What an acceptable answer must fit.
#[derive(Clone, Copy, Debug)]
pub struct Expectation<'e> {
    /// Whom we asked.
    pub issuer: &'e EntityId,
    /// Our request.
    pub request: &'e MessageId,
    /// The address at which a browser brought it; none when it came back over a connection that we opened.
    pub here: Option<&'e str>,
    /// How far clocks may differ.
    pub skew: SignedDuration,
}

impl Verified<LogoutResponse> {
    /// Accepts the answer if it is from whom we asked, to our request, for here and now.
    pub fn accept(
        self,
        expected: &Expectation<'_>,
        now: Timestamp,
    ) -> Result<Accepted<LogoutResponse>, Fault> {
        let LogoutResponse { issuer, issue_instant, destination, in_response_to, .. } = &self.message;
        if issuer != expected.issuer {
            let detail = format!("expected {}, got {issuer}", expected.issuer);
            return Err(Fault::new(Reason::SloResponse, detail));
        }
        if in_response_to != expected.request {
            let detail = format!("expected InResponseTo {}, got {in_response_to}", expected.request);
            return Err(Fault::new(Reason::SloResponse, detail));
        }
        match expected.here {
            Some(here) => {
                check_here_and_now(destination.as_deref(), *issue_instant, here, now, expected.skew)?
            }
            None => check_recent(*issue_instant, now, expected.skew)
                .map_err(|fault| instead(fault, Reason::RequestStale, Reason::SloReplay))?,
        }
        Ok(Accepted { message: self.message, proof: self.proof })
    }
}

fn read(root: Element<'_>) -> Result<LogoutResponse, Fault> {
    let header = Header::read(root)?;
    let mut parts = parts(root);
    let status = match (parts.next(), parts.next()) {
        (Some(status), None) if status.is(samlp("Status")) => status,
        (first, second) => return Err(unfit("a Status and nothing after it", second.or(first))),
    };
    Ok(LogoutResponse {
        id: header.id,
        issuer: issuer(root)?,
        issue_instant: header.issue_instant,
        destination: address(root, "Destination")?,
        in_response_to: message_id(required(root, "InResponseTo")?)?,
        outcome: match Codes::read(status)? {
            Codes { top, second: None } if top == SUCCESS => Outcome::Ended,
            Codes { second: Some(second), .. } if second == PARTIAL_LOGOUT => Outcome::InPart,
            codes => Outcome::Refused(codes.to_string()),
        },
    })
}
