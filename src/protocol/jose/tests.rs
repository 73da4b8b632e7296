//! Public test vectors of others for tokens and keys: the folder named by `CH_VECTORS`.
//!
//! Most of their payloads are no claims, so the door is one step further in than a token of ours would knock.

use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use super::compact::Compact;
use super::*;
use crate::domain::reason::{Fault, Reason};

#[expect(clippy::disallowed_methods, reason = "tests find their vectors through the environment")]
fn folder() -> Option<PathBuf> {
    let folder = std::env::var("CH_VECTORS")
        .ok()
        .map(|folder| Path::new(&folder).join("wycheproof"))
        .filter(|p| p.is_dir());
    if folder.is_none() {
        println!("skipped: no vectors");
    }
    folder
}

/// Every test of a file, with the group it stands in.
fn tests(file: &Path) -> Vec<(Value, Value)> {
    let whole: Value = serde_json::from_slice(&std::fs::read(file).unwrap()).unwrap();
    let groups = whole["testGroups"].as_array().unwrap().iter();
    groups
        .flat_map(|group| group["tests"].as_array().unwrap().iter().map(|test| (group.clone(), test.clone())))
        .collect()
}

fn keys(group: &Value) -> &Value {
    group.get("public").unwrap_or(&group["private"])
}

fn judge(group: &Value, token: &Value) -> Result<(), Fault> {
    let listed = match keys(group) {
        set if set.get("keys").is_some() => set.to_string(),
        key => json!({ "keys": [key] }).to_string(),
    };
    let keys = Jwks::read(&listed, Symmetric::Refused)?;
    let token = token.as_str().map_or_else(|| token.to_string(), str::to_owned);
    let compact = Compact::read(&token)?;
    let algorithm = compact.algorithm(&VERIFIED_WITH)?;
    match compact.verify(keys.verifying(compact.kid(), algorithm)?) {
        // The signature was right; what it covers is just no claims.
        Err(fault) if fault.reason == Reason::JwtClaims => Ok(()),
        verdict => verdict.map(|_| ()),
    }
}

/// Why a token that is valid is not taken here, if that is our rule.
fn not_offered(group: &Value, test: &Value) -> Option<&'static str> {
    let keys = keys(group);
    let first = keys.get("keys").map_or(keys, |listed| &listed[0]);
    match (first["kty"].as_str()?, first["crv"].as_str()) {
        ("oct", _) => Some("HS256, HS384, HS512: a shared secret proves nothing to a third party"),
        ("EC", Some("P-521")) => Some("ES512: nobody here has such a key"),
        _ if first["alg"] == "PS256" && test["comment"] == "Figure20" => Some("PS384 by a key for PS256"),
        _ => None,
    }
}

#[test]
fn tokens_of_wycheproof_are_judged_as_it_says() {
    let Some(folder) = folder() else { return };
    let (mut accepted, mut refused, mut by_signature, mut passed_over) = (0, 0, 0, 0);
    for file in ["json_web_signature_test.json", "json_web_key_test.json", "json_web_crypto_test.json"] {
        for (group, test) in tests(&folder.join(file)) {
            let Some(token) = test.get("jws") else { continue };
            let verdict = judge(&group, token);
            let says = format!("{file} {} {}: {verdict:?}", test["tcId"], test["comment"]);
            match (test["result"].as_str().unwrap(), not_offered(&group, &test)) {
                ("valid", None) => {
                    assert!(verdict.is_ok(), "{says}");
                    accepted += 1;
                }
                ("valid", Some(rule)) => {
                    assert!(verdict.is_err(), "{rule}: {says}");
                    passed_over += 1;
                }
                ("invalid", _) => {
                    let fault = verdict.expect_err(&says);
                    assert_ne!(fault.reason, Reason::Internal, "{says}");
                    refused += 1;
                    by_signature += usize::from(fault.reason == Reason::JwtSignature);
                }
                (other, _) => panic!("{other}: {says}"),
            }
        }
    }
    println!(
        "wycheproof tokens: {accepted} accepted, {refused} refused, {by_signature} of them by the signature, {passed_over} not offered"
    );
    // With fewer, something would be refused or passed over before anybody looked at it.
    assert_eq!((accepted, refused, by_signature, passed_over), (35, 421, 302, 20));
}

#[test]
fn nothing_encrypted_is_ever_taken_for_a_token() {
    let Some(folder) = folder() else { return };
    let mut judged = 0;
    for file in ["json_web_encryption_test.json", "json_web_crypto_test.json"] {
        for (_, test) in tests(&folder.join(file)) {
            let Some(token) = test.get("jwe") else { continue };
            let token = token.as_str().map_or_else(|| token.to_string(), str::to_owned);
            let fault = Compact::read(&token).err().unwrap_or_else(|| panic!("{file} {}", test["tcId"]));
            assert!(matches!(fault.reason, Reason::JwtHeader | Reason::AlgRefused), "{fault}");
            judged += 1;
        }
    }
    assert_eq!(judged, 173);
}
