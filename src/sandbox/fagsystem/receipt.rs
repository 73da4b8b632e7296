//! The broker's answer, read and judged as a fagsystem of its own would.

use std::sync::Arc;

use jiff::Timestamp;

use super::System;
use super::rights::{self, Right};
use crate::protocol::keys::{Decrypter, FileKey};
use crate::protocol::xml::{Cbc, Document, Element, decrypt, is_signed, verify};
use crate::sandbox::logout::Named;
use crate::sandbox::memory::Checks;
use crate::sandbox::partner::Partner;
use crate::sandbox::saml::{
    BEARER, FRESH_FOR, Refused, STATUS, expect, fresh, issuer, refused, saml, samlp, time,
};

/// What an answer must fit.
pub(super) struct Expected<'e> {
    pub(super) system: &'static System,
    pub(super) broker: &'e Partner,
    pub(super) key: Arc<FileKey>,
    pub(super) acs: &'e str,
    pub(super) question: &'e str,
    pub(super) now: Timestamp,
}

/// How a login ended.
pub(super) enum Outcome {
    LoggedIn(LoggedIn),
    /// The broker says no, with these two codes and in these words.
    Refused {
        top: String,
        second: String,
        message: String,
    },
}

/// Who is logged in, and everything that was said.
#[derive(Clone, Debug, Default)]
pub(super) struct LoggedIn {
    pub(super) named: Named,
    pub(super) class: String,
    /// Who authenticated the user, the first first.
    pub(super) authenticated_by: Vec<String>,
    pub(super) attributes: Vec<(String, String)>,
    pub(super) rights: Vec<Right>,
    pub(super) checks: Vec<[String; 2]>,
    pub(super) relay_state: String,
}

/// Reads an answer, if all is well with it.
pub(super) fn read(xml: &[u8], expected: &Expected<'_>, checks: &mut Checks) -> Result<Outcome, Refused> {
    let document = Document::parse(xml)?;
    let root = document.root();
    if !root.is(samlp("Response")) {
        return refused(format!("expected a Response, got {}", root.local()));
    }
    let is_response_signed = is_signed(root);
    if is_response_signed {
        verify(root, &expected.broker.keys)?;
        checks.passed(
            "svaret (Response) er underskrevet af context-handleren",
            "the Response is signed by the context handler",
        );
    }
    expect("Issuer", &expected.broker.entity_id, Some(&issuer(root)?))?;
    expect("Destination", expected.acs, root.attribute("Destination"))?;
    expect("InResponseTo", expected.question, root.attribute("InResponseTo"))?;
    fresh(root, expected.now)?;
    if let Some(outcome) = refusal(root)? {
        return if is_response_signed { Ok(outcome) } else { refused("a refusal that nobody signed") };
    }
    if expected.system.wants_response_signed && !is_response_signed {
        return refused("expected a signed Response");
    }
    if !expected.system.encrypted {
        let assertion = root.only_child(saml("Assertion"))?;
        return judge(assertion, expected, checks).map(Outcome::LoggedIn);
    }
    if root.optional_child(saml("Assertion"))?.is_some() {
        return refused("expected an encrypted assertion, got a plain one");
    }
    let keys: [Arc<dyn Decrypter>; 1] = [expected.key.clone()];
    let opened = decrypt(root.only_child(saml("EncryptedAssertion"))?, &keys, Cbc::Refused)?;
    checks.passed("dekrypteret med systemets egen nøgle", "decrypted with the system's own key");
    let inner = Document::parse_decrypted(&opened)?;
    judge(inner.root(), expected, checks).map(Outcome::LoggedIn)
}

fn refusal(root: Element<'_>) -> Result<Option<Outcome>, Refused> {
    let status = root.only_child(samlp("Status"))?;
    let top = status.only_child(samlp("StatusCode"))?;
    let code = |element: Element<'_>| {
        let value = element.attribute("Value").unwrap_or_default();
        value.strip_prefix(STATUS).unwrap_or(value).to_owned()
    };
    if code(top) == "Success" {
        return Ok(None);
    }
    let second = top.optional_child(samlp("StatusCode"))?.map(code).unwrap_or_default();
    let message = match status.optional_child(samlp("StatusMessage"))? {
        Some(message) => message.text()?.into_owned(),
        None => String::new(),
    };
    Ok(Some(Outcome::Refused { top: code(top), second, message }))
}

fn judge(assertion: Element<'_>, expected: &Expected<'_>, checks: &mut Checks) -> Result<LoggedIn, Refused> {
    // Only what the signature covered is read from here on.
    let assertion = verify(assertion, &expected.broker.keys)?.element();
    if !assertion.is(saml("Assertion")) {
        return refused(format!("expected an Assertion, got {}", assertion.local()));
    }
    checks.passed(
        "adgangsbeviset (Assertion) er underskrevet af context-handleren",
        "the assertion is signed by the context handler",
    );
    expect("Issuer", &expected.broker.entity_id, Some(&issuer(assertion)?))?;
    conditions(assertion.only_child(saml("Conditions"))?, expected)?;
    checks.passed("til dette system, nu", "for this system, now");
    let subject = assertion.only_child(saml("Subject"))?;
    confirmation(subject.only_child(saml("SubjectConfirmation"))?, expected)?;
    checks.passed("til denne adresse og dette spørgsmål", "for this address and this question");
    let login = assertion.only_child(saml("AuthnStatement"))?;
    let context = login.only_child(saml("AuthnContext"))?;
    let attributes = attributes(assertion.only_child(saml("AttributeStatement"))?)?;
    let (name, enough) = expected.system.level;
    let mut levels = attributes.iter().filter(|(known, _)| known == name).map(|(_, value)| value.as_str());
    match (levels.next(), levels.next()) {
        (Some(level), None) if enough.contains(&level) => {
            checks.passed(format!("sikkert nok: {level}"), format!("sure enough: {level}"));
        }
        other => return refused(format!("{name}: expected one of {enough:?}, got {other:?}")),
    }
    let rights = rights::read(&attributes, expected.system.roles)?;
    let many = rights.len();
    checks.passed(format!("kun dets egne roller: {many}"), format!("its own roles only: {many}"));
    let name = subject.only_child(saml("NameID"))?;
    let named = Named {
        format: name.attribute("Format").unwrap_or_default().to_owned(),
        name: name.text()?.into_owned(),
        index: login.attribute("SessionIndex").map(str::to_owned),
    };
    let authorities = context.children().filter(|child| child.is(saml("AuthenticatingAuthority")));
    Ok(LoggedIn {
        named,
        class: context.only_child(saml("AuthnContextClassRef"))?.text()?.into_owned(),
        authenticated_by: authorities
            .map(|authority| Ok(authority.text()?.into_owned()))
            .collect::<Result<_, Refused>>()?,
        attributes,
        rights,
        ..LoggedIn::default()
    })
}

fn conditions(conditions: Element<'_>, expected: &Expected<'_>) -> Result<(), Refused> {
    let now = expected.now;
    match (time(conditions, "NotBefore")?, time(conditions, "NotOnOrAfter")?) {
        (Some(from), _) if now + FRESH_FOR < from => return refused(format!("it holds from {from} only")),
        (_, Some(until)) if until <= now => return refused(format!("it held until {until}, it is {now}")),
        (_, None) => return refused("the assertion holds for ever"),
        _ => {}
    }
    let audience = conditions.only_child(saml("AudienceRestriction"))?.only_child(saml("Audience"))?;
    expect("Audience", expected.system.entity_id, Some(&audience.text()?))
}

fn confirmation(confirmation: Element<'_>, expected: &Expected<'_>) -> Result<(), Refused> {
    expect("Method", BEARER, confirmation.attribute("Method"))?;
    let data = confirmation.only_child(saml("SubjectConfirmationData"))?;
    expect("Recipient", expected.acs, data.attribute("Recipient"))?;
    expect("InResponseTo", expected.question, data.attribute("InResponseTo"))?;
    match time(data, "NotOnOrAfter")? {
        Some(until) if expected.now < until => Ok(()),
        until => refused(format!("confirmed until {until:?}, it is {}", expected.now)),
    }
}

fn attributes(statement: Element<'_>) -> Result<Vec<(String, String)>, Refused> {
    let mut all = Vec::new();
    for attribute in statement.children().filter(|child| child.is(saml("Attribute"))) {
        let name = attribute.attribute("Name").unwrap_or_default();
        for value in attribute.children().filter(|child| child.is(saml("AttributeValue"))) {
            all.push((name.to_owned(), value.text()?.into_owned()));
        }
    }
    Ok(all)
}
