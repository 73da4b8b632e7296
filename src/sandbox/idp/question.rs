//! The broker's question, read and judged as an identity provider of its own would.

use jiff::Timestamp;

use crate::protocol::xml::{Document, Element};
use crate::sandbox::partner::Partner;
use crate::sandbox::saml::{Refused, expect, fresh, issuer, refused, saml, samlp};
use crate::sandbox::wire;

/// What the broker asks.
#[derive(Clone, Debug)]
pub(super) struct Question {
    pub(super) id: String,
    pub(super) relay_state: Option<String>,
    /// The user must authenticate anew.
    pub(super) force: bool,
    /// No page may be shown.
    pub(super) passive: bool,
    /// The classes that are asked for.
    pub(super) classes: Vec<String>,
}

/// Reads the question out of an address, if all is well with it.
pub(super) fn read(
    query: &str,
    here: &str,
    broker: &Partner,
    now: Timestamp,
    notes: &mut Vec<String>,
) -> Result<Question, Refused> {
    let arrived = wire::arrived(query, "SAMLRequest")?;
    broker.keys.verify_detached(&arrived.algorithm, arrived.signed.as_bytes(), &arrived.signature)?;
    let algorithm = arrived.algorithm.rsplit('#').next().unwrap_or_default();
    notes.push(format!("signed by the context handler ({algorithm})"));
    let document = Document::parse(&arrived.xml)?;
    let root = document.root();
    if !root.is(samlp("AuthnRequest")) {
        return refused(format!("expected an AuthnRequest, got {}", root.local()));
    }
    expect("Issuer", &broker.entity_id, Some(&issuer(root)?))?;
    expect("Destination", here, root.attribute("Destination"))?;
    notes.push("made for this address".to_owned());
    fresh(root, now)?;
    notes.push("made just now".to_owned());
    if let Some(acs) = root.attribute("AssertionConsumerServiceURL") {
        expect("AssertionConsumerServiceURL", &broker.acs, Some(acs))?;
    }
    notes.push("wants the answer at its own address".to_owned());
    let Some(id) = root.attribute("ID") else { return refused("the request has no ID") };
    Ok(Question {
        id: id.to_owned(),
        relay_state: arrived.relay_state,
        force: flag(root, "ForceAuthn"),
        passive: flag(root, "IsPassive"),
        classes: classes(root)?,
    })
}

fn flag(root: Element<'_>, name: &str) -> bool {
    matches!(root.attribute(name), Some("true" | "1"))
}

fn classes(root: Element<'_>) -> Result<Vec<String>, Refused> {
    let Some(context) = root.optional_child(samlp("RequestedAuthnContext"))? else { return Ok(Vec::new()) };
    let classes = context.children().filter(|child| child.is(saml("AuthnContextClassRef")));
    classes.map(|class| Ok(class.text()?.into_owned())).collect()
}
