//! What hostile parties try. Each test holds the genuine twin of its attack, so that refusing everything fails as well.

mod algorithms;
mod attribute_authority;
mod attribute_service;
mod binding;
mod characters;
mod encryption;
mod interleavings;
mod levels;
mod logout;
mod oidc;
mod oracle;
mod parser;
mod place;
mod play;
mod privileges;
mod request;
mod roles;
mod signature;
mod tenant;
mod tokens;
mod wrapping;

use crate::support::{Answer, Town};

/// Promises about every refusal: a page with a case number and no cookie, one decision record with this reason, and
/// nothing about signatures or decryption for the one who tries.
pub(crate) async fn refused(town: &Town, answer: &Answer, reason: &str) {
    assert!(
        (400..500).contains(&answer.status),
        "expected a refusal ({reason}), got {} {}",
        answer.status,
        answer.body
    );
    assert!(answer.form().is_none() && answer.location.is_none(), "nothing may leave: {}", answer.body);
    assert!(answer.headers.get("set-cookie").is_none(), "no session is born");
    let record = town.log().await.pop().unwrap();
    assert_eq!((record.reason.as_str(), record.allowed), (reason, false), "{:?}", record.detail);
    let case = record.login.case_number().to_string();
    assert!(answer.body.contains(&case), "the case number is on the page");
    let outward_secret = ["sig.", "dec.", "key.", "alg."].iter().any(|family| reason.starts_with(family));
    assert!(!outward_secret || !answer.body.contains(reason), "the reason of a proof stays inside");
}

/// Promises about a refusal that the fagsystem is told: signed, with this status, and without an assertion.
pub(crate) async fn told(town: &Town, answer: &Answer, status: &[&str], reason: &str) {
    let told = town.bbr.read(answer, town);
    assert_eq!(told.status, status);
    assert!(told.assertion.is_none());
    assert_eq!(town.last_reason().await, reason);
    if status != ["Success"] {
        let case = town.log().await.pop().unwrap().login.case_number();
        assert!(told.xml.contains(&format!(" Case number {case}.</samlp:StatusMessage>")), "{}", told.xml);
    }
}
