//! `decode`: says what a message is and shows it readably. It believes nothing and proves nothing: what it prints is
//! what the sender wrote. Personal data is hidden unless it is asked for.

mod facts;

use std::path::PathBuf;

use clap::Args;
use serde::Serialize;

use super::{Done, Exit, Session, table, wrong};
use crate::domain::reason::{Fault, Reason};
use crate::protocol::address::escaped;
use crate::protocol::saml::binding::{Arrived, Carries};
use crate::protocol::saml::shown::{Mask, pretty};
use crate::protocol::xml::{Document, base64};

use facts::Fact;

/// What `decode` takes.
#[derive(Debug, Args)]
pub(super) struct Decode {
    /// A file that holds an address with a message in it, a query, a form, base64, XML, or the value of a privilege
    /// attribute; `-` is standard input
    #[arg(default_value = "-")]
    file: PathBuf,

    /// Show personal data as well
    #[arg(long)]
    reveal: bool,
}

/// What was recognised.
struct Seen {
    came_as: &'static str,
    xml: Vec<u8>,
    relay_state: Option<String>,
    signed_beside: Option<String>,
}

#[derive(Serialize)]
struct Decoded {
    came_as: &'static str,
    kind: String,
    facts: Vec<Fact>,
    xml: String,
}

impl Decode {
    pub(super) fn run(self, session: &mut Session<'_>) -> Done {
        let content = session.read(&self.file)?;
        let refused = |fault: Fault| wrong(&self.file.display().to_string(), fault);
        let seen = recognise(&content).map_err(refused)?;
        let document = Document::parse_metadata(&seen.xml).map_err(refused)?;
        let mask = if self.reveal { Mask::Off } else { Mask::On };
        let mut facts = vec![];
        if let Some(algorithm) = seen.signed_beside {
            facts.push(Fact::new("signature beside the message", algorithm));
        }
        if let Some(state) = seen.relay_state {
            facts.push(Fact::new("relay state", mask.text(&state)));
        }
        facts.extend(facts::of(document.root(), mask));
        let decoded = Decoded {
            came_as: seen.came_as,
            kind: facts::kind(document.root()),
            facts,
            xml: pretty(document.root(), mask),
        };
        session.answer(&decoded, || {
            let rows: Vec<_> =
                decoded.facts.iter().map(|fact| vec![fact.name.clone(), fact.value.clone()]).collect();
            format!("{} ({})\n\n{}\n\n{}", decoded.kind, decoded.came_as, table(&rows), decoded.xml)
        });
        Ok(Exit::Ok)
    }
}

/// Finds the XML in what somebody has at hand. Each form is read by the reader that a login has for it.
fn recognise(content: &[u8]) -> Result<Seen, Fault> {
    let plain = |came_as, xml| Seen { came_as, xml, relay_state: None, signed_beside: None };
    let trimmed = content.trim_ascii();
    if trimmed.starts_with(b"<") {
        return Ok(plain("XML", trimmed.to_vec()));
    }
    let text = std::str::from_utf8(trimmed).map_err(|_| {
        Fault::new(Reason::EncodingBase64, "expected text: an address, a form, base64 or XML")
    })?;
    if text.is_empty() {
        return Err(Fault::new(Reason::EncodingBase64, "expected a message, got nothing"));
    }
    for carries in [Carries::Request, Carries::Response] {
        if text.contains(&format!("{}=", carries.parameter())) {
            return parameters(text, carries);
        }
    }
    let value = if text.contains('%') { text.to_owned() } else { escaped(text) };
    if let Ok(arrived) = Arrived::by_redirect(&format!("SAMLRequest={value}"), Carries::Request) {
        return Ok(plain("the value of an address: compressed, in base64", arrived.xml));
    }
    let xml = match Arrived::by_post(&format!("SAMLRequest={value}"), Carries::Request) {
        Ok(arrived) => arrived.xml,
        Err(_) => base64::decode(text)?,
    };
    Ok(plain("base64", xml))
}

/// A query or a form; a whole address is cut down to its query.
fn parameters(text: &str, carries: Carries) -> Result<Seen, Fault> {
    let query = text.split_once('?').map_or(text, |(_, query)| query);
    let query = query.split_once('#').map_or(query, |(query, _)| query);
    let (came_as, arrived) = match Arrived::by_redirect(query, carries) {
        Ok(arrived) => ("an address, Redirect", arrived),
        // What cannot be decompressed was never compressed.
        Err(fault) if fault.reason == Reason::XmlMalformed => {
            ("a form, POST", Arrived::by_post(query, carries)?)
        }
        Err(fault) => return Err(fault),
    };
    Ok(Seen {
        came_as,
        xml: arrived.xml,
        relay_state: arrived.relay_state,
        signed_beside: arrived.detached.map(|detached| detached.algorithm),
    })
}
