//! Proofs of possession: for this request, now, by whoever holds the key.

use context_handler::domain::reason::Reason;
use context_handler::protocol::jose::dpop::{Freshness, Possession, Request, read};
use jiff::SignedDuration;
use serde_json::{Value, json};

use crate::support::*;

const ADDRESS: &str = "https://login.example.dk/oauth2/token";

const REQUEST: Request<'_> = Request { method: "POST", address: ADDRESS, access_token: None };

fn fresh() -> Freshness {
    Freshness { now: now(), age: SignedDuration::from_mins(1), skew: SignedDuration::from_secs(30) }
}

fn header(party: &Party, algorithm: &str) -> Value {
    json!({ "typ": "dpop+jwt", "alg": algorithm, "jwk": party.jwk() })
}

fn content() -> Value {
    json!({ "htm": "POST", "htu": ADDRESS, "iat": NOW, "jti": "p1" })
}

fn judge(header: Value, content: Value) -> Result<Possession, Reason> {
    read(&RSA.token(&header.to_string(), &content.to_string()), &REQUEST, &fresh())
        .map_err(|fault| fault.reason)
}

#[test]
fn a_proof_for_this_request_tells_the_key_and_its_own_name() {
    for (party, algorithm) in [(&RSA, "PS256"), (&RSA, "RS256"), (&P256, "ES256"), (&P384, "ES384")] {
        let proof = party.token(&header(party, algorithm).to_string(), &content().to_string());
        let proved = read(&proof, &REQUEST, &fresh()).unwrap();
        assert_eq!(proved.jkt, party.keys().keys()[0].thumbprint());
        assert_eq!((&*proved.jti, proved.nonce), ("p1", None));
        assert_eq!(proved.until, now() + SignedDuration::from_secs(90));
    }
    let nonce = judge(header(&RSA, "PS256"), with(&content(), json!({ "nonce": "n" }))).unwrap().nonce;
    assert_eq!(nonce.as_deref(), Some("n"));
    for part in ["?a=b", "#c", "?a#b?c"] {
        judge(header(&RSA, "PS256"), with(&content(), json!({ "htu": format!("{ADDRESS}{part}") }))).unwrap();
    }
}

/// ATK-274.
#[test]
fn a_proof_for_another_request_is_refused() {
    for wrong in [
        json!({ "htm": "GET" }),
        json!({ "htm": "post" }),
        json!({ "htm": null }),
        json!({ "htu": "https://login.example.dk/oauth2/token/" }),
        json!({ "htu": "https://login.example.dk/oauth2/userinfo" }),
        json!({ "htu": "https://evil.example/oauth2/token" }),
        json!({ "htu": 7 }),
        json!({ "jti": "" }),
        json!({ "jti": 7 }),
        json!({ "jti": "j".repeat(257) }),
    ] {
        assert_eq!(
            judge(header(&RSA, "PS256"), with(&content(), wrong.clone())),
            Err(Reason::Pop),
            "{wrong}"
        );
    }
    for name in ["htm", "htu", "jti", "iat"] {
        let mut content = content();
        content.as_object_mut().unwrap().remove(name);
        assert_eq!(judge(header(&RSA, "PS256"), content), Err(Reason::Pop), "{name}");
    }
}

#[test]
fn a_proof_with_an_access_token_is_for_that_token() {
    let request = Request { access_token: Some("the token"), ..REQUEST };
    let judge = |members: Value| {
        let proof = RSA.token(&header(&RSA, "PS256").to_string(), &with(&content(), members).to_string());
        read(&proof, &request, &fresh()).map(|_| ()).map_err(|fault| fault.reason)
    };
    let hash = |token: &str| base64(openssl::sha::sha256(token.as_bytes()));
    assert_eq!(judge(json!({ "ath": hash("the token") })), Ok(()));
    assert_eq!(judge(json!({ "ath": hash("another token") })), Err(Reason::Pop));
    assert_eq!(judge(json!({ "ath": "the token" })), Err(Reason::Pop));
    assert_eq!(judge(json!({})), Err(Reason::Pop));
}

#[test]
fn a_proof_is_young() {
    for (made, verdict) in [
        (NOW - 89, Ok(())),
        (NOW - 90, Err(Reason::JwtTime)),
        (NOW + 30, Ok(())),
        (NOW + 31, Err(Reason::JwtTime)),
        (0, Err(Reason::JwtTime)),
    ] {
        let judged = judge(header(&RSA, "PS256"), with(&content(), json!({ "iat": made }))).map(|_| ());
        assert_eq!(judged, verdict, "{made}");
    }
    let text = judge(header(&RSA, "PS256"), with(&content(), json!({ "iat": NOW.to_string() })));
    assert_eq!(text, Err(Reason::JwtTime));
}

#[test]
fn the_key_of_a_proof_is_public_strong_and_its_own() {
    let of = |key: Value| with(&header(&RSA, "PS256"), json!({ "jwk": key }));
    assert!(judge(of(RSA.jwk()), content()).is_ok());
    assert_eq!(judge(of(OTHER.jwk()), content()), Err(Reason::JwtSignature), "somebody else's key");
    for key in [
        with(&RSA.jwk(), json!({ "d": "AQAB" })),
        with(&RSA.jwk(), json!({ "use": "enc" })),
        with(&RSA.jwk(), json!({ "alg": "RS256" })),
        json!({ "kty": "oct", "k": base64([7; 32]) }),
        json!({ "kty": "OKP", "crv": "Ed25519", "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo" }),
        P256.jwk(),
        json!({}),
    ] {
        assert_eq!(judge(of(key.clone()), content()), Err(Reason::JwtKey), "{key}");
    }
    for key in [json!(null), json!("RSA"), json!([RSA.jwk()])] {
        assert_eq!(judge(of(key.clone()), content()), Err(Reason::JwtHeader), "{key}");
    }
    let mut without = header(&RSA, "PS256");
    without.as_object_mut().unwrap().remove("jwk");
    assert_eq!(judge(without, content()), Err(Reason::JwtHeader));
}

#[test]
fn another_kind_of_token_is_no_proof() {
    for typ in ["JWT", "at+jwt", "logout+jwt", "client-authentication+jwt", ""] {
        let judged = judge(with(&header(&RSA, "PS256"), json!({ "typ": typ })), content());
        assert_eq!(judged, Err(Reason::JwtType), "{typ}");
    }
    for name in ["jku", "x5u", "x5c", "crit", "b64", "zip"] {
        let judged = judge(with(&header(&RSA, "PS256"), json!({ name: ["x"] })), content());
        assert_eq!(judged, Err(Reason::JwtHeader), "{name}");
    }
    for name in ["none", "HS256"] {
        let judged = judge(with(&header(&RSA, "PS256"), json!({ "alg": name })), content());
        assert_eq!(judged, Err(Reason::AlgRefused), "{name}");
    }
}
