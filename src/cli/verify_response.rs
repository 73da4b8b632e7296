//! `verify-response`: judges one stored response as a login would. No switch of it weakens a check.

use std::path::PathBuf;
use std::sync::Arc;

use clap::Args;
use jiff::{SignedDuration, Timestamp};
use serde::Serialize;

use super::explain::{Explained, explained};
use super::{Done, Exit, Session, wrong};
use crate::broker::judge::Stored;
use crate::domain::id::{EntityId, MessageId};
use crate::domain::reason::Fault;
use crate::domain::written::Complaint;
use crate::protocol::address::escaped;
use crate::protocol::keys::{Decrypter, FileKey};
use crate::protocol::saml::binding::{Arrived, Carries};
use crate::protocol::saml::metadata::{IdpMetadata, Parsed};
use crate::protocol::saml::response::Response;
use crate::protocol::xml::Document;
use crate::protocol::{Accepted, Proof};

/// How far clocks may differ: what the configuration has as its default.
const SKEW: SignedDuration = SignedDuration::from_secs(60);

/// What `verify-response` takes.
#[derive(Debug, Args)]
pub(super) struct VerifyResponse {
    /// The metadata of the identity provider that was asked; its keys are the only ones that count
    #[arg(long, value_name = "IDP.XML")]
    metadata: PathBuf,

    /// The address that the response arrived at
    #[arg(long, value_name = "URL")]
    acs: String,

    /// Our entityID
    #[arg(long, value_name = "ENTITYID", value_parser = EntityId::new)]
    audience: EntityId,

    /// The moment at which it is judged, such as 2026-11-21T08:00:00Z
    #[arg(long, value_name = "RFC3339")]
    at: Timestamp,

    /// The ID of our request; without it the response is not compared with any request
    #[arg(long, value_name = "ID", value_parser = MessageId::new)]
    in_response_to: Option<MessageId>,

    /// Our private key with its certificate, for an encrypted assertion
    #[arg(long, value_name = "PEM")]
    key: Option<PathBuf>,

    /// The response as XML or as the base64 of the form; `-` is standard input
    file: PathBuf,
}

#[derive(Serialize)]
struct Verdict {
    verdict: &'static str,
    reason: Option<&'static str>,
    detail: Option<String>,
    explanation: Option<Explained>,
    at: Timestamp,
    clock_skew_seconds: i64,
    not_compared: Vec<&'static str>,
    identity: Option<Identity>,
}

/// Who logged in, as the response says it.
#[derive(Serialize)]
struct Identity {
    issuer: EntityId,
    name_id: String,
    class: Option<String>,
    attributes: Vec<Attribute>,
    authn_instant: Timestamp,
    session_index: Option<String>,
    response_id: MessageId,
    assertion_id: MessageId,
    encrypted: bool,
    signed_by: String,
    signature_algorithm: &'static str,
}

#[derive(Serialize)]
struct Attribute {
    name: String,
    values: Vec<Value>,
}

/// A value as text, or the reason why it would be refused if it were asked for.
#[derive(Serialize)]
#[serde(untagged)]
enum Value {
    Text(String),
    Refused { refused: &'static str },
}

impl VerifyResponse {
    pub(super) fn run(self, session: &mut Session<'_>) -> Done {
        let idp = self.idp(session)?;
        let decrypters = self.decrypters(session)?;
        let file = session.read(&self.file)?;
        let judged = message(&file).and_then(|xml| {
            let stored = Stored {
                xml: &xml,
                idp: &idp,
                acs: &self.acs,
                audience: &self.audience,
                question: self.in_response_to.as_ref(),
                decrypters: &decrypters,
                skew: SKEW,
            };
            stored.judge(self.at)
        });
        let exit = if judged.is_ok() { Exit::Ok } else { Exit::CheckFailed };
        let verdict = self.verdict(judged);
        session.answer(&verdict, || verdict.text());
        Ok(exit)
    }

    fn idp(&self, session: &mut Session<'_>) -> Result<IdpMetadata, Vec<Complaint>> {
        let metadata = session.read(&self.metadata)?;
        let read = Document::parse_metadata(&metadata).and_then(|document| Parsed::new(&document).idp(None));
        let shown = self.metadata.display().to_string();
        read.map_err(|fault| {
            wrong(
                &shown,
                format!("expected metadata of one identity provider that a login could use: {fault}"),
            )
        })
    }

    fn decrypters(&self, session: &mut Session<'_>) -> Result<Vec<Arc<dyn Decrypter>>, Vec<Complaint>> {
        let Some(file) = &self.key else { return Ok(Vec::new()) };
        let key = FileKey::read(&session.read(file)?, None);
        let key = key.map_err(|fault| {
            wrong(
                &file.display().to_string(),
                format!("expected our private key and its certificate, got: {}", fault.detail),
            )
        })?;
        Ok(vec![Arc::new(key)])
    }

    fn verdict(&self, judged: Result<Accepted<Response>, Fault>) -> Verdict {
        let not_compared = match self.in_response_to {
            Some(_) => vec![],
            None => vec!["InResponseTo: no --in-response-to was given, so any request may have been meant"],
        };
        let (identity, fault) = match judged {
            Ok(answer) => (Some(identity(&answer)), None),
            Err(fault) => (None, Some(fault)),
        };
        Verdict {
            verdict: if fault.is_none() { "accepted" } else { "refused" },
            reason: fault.as_ref().map(|fault| fault.reason.code()),
            explanation: fault.as_ref().map(|fault| explained(fault.reason)),
            detail: fault.map(|fault| fault.detail.into_owned()),
            at: self.at,
            clock_skew_seconds: SKEW.as_secs(),
            not_compared,
            identity,
        }
    }
}

/// The XML of what was kept. What is no XML is read as the endpoint of a login reads its form.
fn message(file: &[u8]) -> Result<Vec<u8>, Fault> {
    if file.trim_ascii_start().starts_with(b"<") || file.starts_with(b"\xEF\xBB\xBF") {
        return Ok(file.to_vec());
    }
    let text = String::from_utf8_lossy(file.trim_ascii());
    let body = match text.contains("SAMLResponse=") {
        true => text.into_owned(),
        false => format!("SAMLResponse={}", escaped(&text)),
    };
    Ok(Arrived::by_post(&body, Carries::Response)?.xml)
}

fn identity(answer: &Accepted<Response>) -> Identity {
    let assertion = answer.assertion();
    let Proof { key, algorithm } = answer.proof();
    let attribute = |(name, values): (&str, &[Result<String, Fault>])| Attribute {
        name: name.to_owned(),
        values: values.iter().map(value).collect(),
    };
    Identity {
        issuer: assertion.issuer.clone(),
        name_id: assertion.said.name_id.clone(),
        class: assertion.said.authn.class.clone(),
        attributes: assertion.said.attributes.iter().map(attribute).collect(),
        authn_instant: assertion.said.authn.instant,
        session_index: assertion.said.authn.session_index.clone(),
        response_id: answer.id().clone(),
        assertion_id: assertion.id.clone(),
        encrypted: answer.encrypted(),
        signed_by: key.as_str().to_owned(),
        signature_algorithm: algorithm.uri(),
    }
}

fn value(read: &Result<String, Fault>) -> Value {
    match read {
        Ok(text) => Value::Text(text.clone()),
        Err(fault) => Value::Refused { refused: fault.reason.code() },
    }
}

impl Verdict {
    fn text(&self) -> String {
        let mut lines = vec![match self.reason {
            None => format!("accepted, as of {}", self.at),
            Some(reason) => format!("refused, as of {}: {reason}", self.at),
        }];
        lines.extend(self.detail.as_ref().map(|detail| format!("  {detail}\n")));
        lines.extend(self.explanation.as_ref().map(Explained::text));
        lines.extend(self.not_compared.iter().map(|what| format!("not compared: {what}")));
        lines.extend(self.identity.as_ref().and_then(|who| serde_json::to_string_pretty(who).ok()));
        lines.join("\n")
    }
}
