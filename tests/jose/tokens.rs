//! Signed tokens: the ladder from claimed to accepted, and what falls off it.

use context_handler::domain::reason::Reason;
use context_handler::protocol::Accepted;
use context_handler::protocol::jose::{
    Audience, Expectation, Jwks, Jwt, Lifetime, MAX_TOKEN, SIGNED_WITH, Typ, VERIFIED_WITH, claimed, sign,
    signs,
};
use context_handler::protocol::keys::SignatureAlgorithm;
use jiff::SignedDuration;
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::support::*;

const KINDS: [Typ; 5] = [Typ::AccessToken, Typ::IdToken, Typ::LogoutToken, Typ::ClientAssertion, Typ::Dpop];

fn accept(
    token: &str,
    keys: &Jwks,
    allowed: &[SignatureAlgorithm],
    expected: &Expectation<'_>,
) -> Result<Accepted<Jwt>, Reason> {
    claimed(token)
        .and_then(|token| token.verify(keys, allowed, Typ::ClientAssertion)?.accept(expected))
        .map_err(|fault| fault.reason)
}

/// What becomes of a client's assertion with this header and these claims.
fn verdict(header: &str, claims: &str) -> Result<(), Reason> {
    accept(&RSA.token(header, claims), &read(&[RSA.jwk()]), &VERIFIED_WITH, &expectation()).map(|_| ())
}

fn party(algorithm: SignatureAlgorithm) -> &'static Party {
    match algorithm.jose().unwrap() {
        "ES256" => &P256,
        "ES384" => &P384,
        _ => &RSA,
    }
}

#[test]
fn one_key_signs_in_every_way_for_many_at_once() {
    std::thread::scope(|scope| {
        for first in 0..4 {
            scope.spawn(move || {
                for round in 0..12 {
                    let algorithm = SIGNED_WITH[(first + round) % SIGNED_WITH.len()];
                    let party = party(algorithm);
                    let token = sign(&claims(), Typ::IdToken, &party.key, algorithm).unwrap();
                    claimed(&token).unwrap().verify(&party.keys(), &[algorithm], Typ::IdToken).unwrap();
                }
            });
        }
    });
}

#[test]
fn what_we_sign_is_verified_by_us_and_by_another_library_with_the_published_key() {
    for algorithm in SIGNED_WITH {
        let party = party(algorithm);
        let token = sign(&claims(), Typ::IdToken, &party.key, algorithm).unwrap();
        let read = claimed(&token).unwrap();
        let published = party.keys().to_json()["keys"][0].clone();
        assert_eq!(read.claimed_issuer().as_str(), ISSUER);
        assert_eq!(read.claimed_kid(), published["kid"].as_str());
        let proved = read.verify(&party.keys(), &[algorithm], Typ::IdToken).unwrap();
        assert_eq!(proved.proof().algorithm, algorithm);
        let accepted = proved.accept(&expectation()).unwrap();
        assert_eq!(Value::from(accepted.claims().clone()), claims());
        assert_eq!((accepted.text("jti"), accepted.text("iat")), (Some("a1"), None));

        let theirs = josekit::jwk::Jwk::from_map(published.as_object().unwrap().clone()).unwrap();
        let verifier: Box<dyn josekit::jws::JwsVerifier> = match algorithm.jose().unwrap() {
            "PS256" => Box::new(josekit::jws::PS256.verifier_from_jwk(&theirs).unwrap()),
            "PS384" => Box::new(josekit::jws::PS384.verifier_from_jwk(&theirs).unwrap()),
            "PS512" => Box::new(josekit::jws::PS512.verifier_from_jwk(&theirs).unwrap()),
            "ES256" => Box::new(josekit::jws::ES256.verifier_from_jwk(&theirs).unwrap()),
            other => panic!("{other}"),
        };
        let (content, header) = josekit::jws::deserialize_compact(&token, verifier.as_ref()).unwrap();
        assert_eq!(serde_json::from_slice::<Value>(&content).unwrap(), claims());
        assert_eq!(header.token_type(), Some("JWT"));
    }
}

#[test]
fn our_keys_sign_with_their_own_algorithms_only() {
    let [ps256, .., es256] = SIGNED_WITH;
    for (party, algorithm, may) in [
        (&RSA, ps256, true),
        (&RSA, es256, false),
        (&RSA, SignatureAlgorithm::RSA_SHA256, false),
        (&P256, es256, true),
        (&P256, ps256, false),
        (&P384, es256, false),
    ] {
        assert_eq!(signs(&party.key, algorithm), may, "{algorithm:?}");
        let signed = sign(&claims(), Typ::IdToken, &party.key, algorithm);
        assert_eq!(signed.map_err(|fault| fault.reason).err(), (!may).then_some(Reason::Internal));
    }
}

#[test]
fn every_strong_algorithm_is_verified_when_it_is_allowed_and_refused_when_it_is_not() {
    for algorithm in VERIFIED_WITH {
        let party = party(algorithm);
        let token = party.token(&json!({ "alg": algorithm.jose() }).to_string(), &claims().to_string());
        let keys = read(&[party.jwk()]);
        accept(&token, &keys, &[algorithm], &expectation()).unwrap();
        let others: Vec<_> = VERIFIED_WITH.into_iter().filter(|other| *other != algorithm).collect();
        for allowed in [&others[..], &[]] {
            assert_eq!(accept(&token, &keys, allowed, &expectation()).unwrap_err(), Reason::AlgRefused);
        }
        let stranger = if std::ptr::eq(party, &*RSA) { &*P256 } else { &*RSA };
        let refused = accept(&token, &read(&[stranger.jwk()]), &VERIFIED_WITH, &expectation());
        assert_eq!(refused.unwrap_err(), Reason::JwtKey, "{algorithm:?}");
    }
}

#[test]
fn no_signature_and_no_shared_secret_is_ever_enough() {
    let public = RSA.private.public_key_to_pem().unwrap();
    let secret = openssl::pkey::PKey::hmac(&public).unwrap();
    for name in ["none", "None", "NONE", "", "HS256", "HS384", "HS512", "ES512", "EdDSA", "RS1", "ps256"] {
        let content =
            format!("{}.{}", base64(json!({ "alg": name }).to_string()), base64(claims().to_string()));
        let mut signer = openssl::sign::Signer::new(openssl::hash::MessageDigest::sha256(), &secret).unwrap();
        let mac = signer.sign_oneshot_to_vec(content.as_bytes()).unwrap();
        for signature in [base64(mac), String::new()] {
            let token = format!("{content}.{signature}");
            let refused = accept(&token, &read(&[RSA.jwk()]), &VERIFIED_WITH, &expectation());
            assert_eq!(refused.unwrap_err(), Reason::AlgRefused, "{name}");
        }
    }
    assert_eq!(verdict(r#"{"alg":"PS256"}"#, &claims().to_string()), Ok(()));
}

/// ATK-268.
#[test]
fn a_header_that_brings_or_points_to_a_key_is_refused() {
    let plain = json!({ "alg": "RS256" });
    let key = RSA.jwk();
    for (name, value) in [
        ("jku", json!("https://evil.example/keys")),
        ("x5u", json!("https://evil.example/certificate")),
        ("jwk", key),
        ("x5c", json!(["MIIB"])),
        ("crit", json!(["exp"])),
        ("crit", json!([])),
        ("b64", json!(false)),
        ("b64", json!(true)),
        ("zip", json!("DEF")),
        ("enc", json!("A256GCM")),
        ("kid", json!(7)),
        ("kid", json!(null)),
        ("kid", json!("k".repeat(257))),
        ("alg", json!(["RS256"])),
        ("nonce", json!(1)),
    ] {
        let header = with(&plain, json!({ name: value })).to_string();
        assert_eq!(verdict(&header, &claims().to_string()), Err(Reason::JwtHeader), "{header}");
    }
    for kid in ["../../etc/passwd", "x' OR '1'='1", "https://evil.example/keys", ""] {
        let header = with(&plain, json!({ "kid": kid })).to_string();
        assert_eq!(verdict(&header, &claims().to_string()), Err(Reason::JwtKey), "{header}");
    }
    for harmless in [json!({}), json!({ "x5t": "AAAA" }), json!({ "typ": "JWT", "unheard-of": [1] })] {
        assert_eq!(verdict(&with(&plain, harmless).to_string(), &claims().to_string()), Ok(()));
    }
}

#[test]
fn a_token_has_one_reading() {
    let (header, content) = (r#"{"alg":"RS256"}"#, claims().to_string());
    assert_eq!(verdict(header, &content), Ok(()));
    assert_eq!(verdict(" {\n\"alg\" : \"RS256\" } ", &content), Ok(()));
    for twice in [
        r#"{"alg":"RS256","alg":"RS256"}"#,
        r#"{"alg":"RS256","\u0061lg":"RS256"}"#,
        r#"{"alg":"RS256","x":{"y":1,"y":1}}"#,
        r#"[{"alg":"RS256"}]"#,
        r#"{"alg":"RS256"} {}"#,
        r#"{"alg":"RS256",}"#,
        "\u{feff}{\"alg\":\"RS256\"}",
        r#""RS256""#,
        "",
    ] {
        assert_eq!(verdict(twice, &content), Err(Reason::JwtHeader), "{twice}");
    }
    let deep = format!(r#"{{"alg":"RS256","x":{}{}}}"#, "[".repeat(10_000), "]".repeat(10_000));
    assert_eq!(verdict(&deep, &content), Err(Reason::JwtHeader));
    for twice in [
        content.replace("\"jti\"", "\"iss\":\"https://fagsystem.example\",\"jti\""),
        content.replace("\"jti\"", "\"cnf\":{\"jkt\":\"a\",\"jkt\":\"b\"},\"jti\""),
        format!("[{content}]"),
        format!("{content}{content}"),
        String::new(),
        content.replace("\"iss\"", "\"iSs\""),
        content.replace("\"https://fagsystem.example\"", "7"),
    ] {
        assert_eq!(verdict(header, &twice), Err(Reason::JwtClaims), "{twice}");
    }
}

#[test]
fn a_token_has_one_spelling() {
    let token = RSA.token(r#"{"alg":"RS256"}"#, &claims().to_string());
    let keys = read(&[RSA.jwk()]);
    let judge = |token: &str| accept(token, &keys, &VERIFIED_WITH, &expectation()).map(|_| ());
    assert_eq!(judge(&token), Ok(()));
    let parts: Vec<&str> = token.split('.').collect();
    // A 2048-bit signature ends in four spare bits: another last letter means the same octets.
    let last = token.chars().last().unwrap();
    let spare = token[..token.len() - 1].to_owned() + &((last as u8 + 1) as char).to_string();
    for changed in [
        spare,
        format!("{token}="),
        format!("{token}.",),
        format!(".{token}"),
        format!(" {token}"),
        format!("{token}\n"),
        parts[..2].join("."),
        format!("{}..{}", parts[0], parts[2]),
        token.replacen('.', "..", 1),
        format!("{}=.{}.{}", parts[0], parts[1], parts[2]),
        format!("{}.{}\n.{}", parts[0], parts[1], parts[2]),
        "A".repeat(MAX_TOKEN + 1),
        json!({ "protected": parts[0], "payload": parts[1], "signature": parts[2] }).to_string(),
    ] {
        let refused = judge(&changed);
        assert!(matches!(refused, Err(Reason::JwtHeader | Reason::JwtClaims)), "{refused:?}: {changed}");
    }
    assert_eq!(judge(&format!("{}.{}.", parts[0], parts[1])), Err(Reason::JwtSignature));
}

/// ATK-269.
#[test]
fn the_key_is_the_one_that_is_named_and_registered_for_the_sender() {
    let judge = |token: &str, keys: &Jwks| accept(token, keys, &VERIFIED_WITH, &expectation()).map(|_| ());
    let named = |party: &Party, kid: &str| {
        party.token(&json!({ "alg": "PS256", "kid": kid }).to_string(), &claims().to_string())
    };
    let nameless = RSA.token(r#"{"alg":"PS256"}"#, &claims().to_string());
    let both = read(&[with(&RSA.jwk(), json!({ "kid": "a" })), with(&OTHER.jwk(), json!({ "kid": "b" }))]);
    assert_eq!(judge(&named(&RSA, "a"), &both), Ok(()));
    assert_eq!(judge(&named(&OTHER, "b"), &both), Ok(()));
    assert_eq!(judge(&named(&RSA, "b"), &both), Err(Reason::JwtSignature), "named wrongly");
    assert_eq!(judge(&named(&RSA, "c"), &both), Err(Reason::JwtKey), "nobody's name");
    assert_eq!(judge(&nameless, &both), Err(Reason::JwtKey), "which of the two?");
    let mixed = read(&[with(&RSA.jwk(), json!({ "kid": "a" })), with(&P256.jwk(), json!({ "kid": "b" }))]);
    assert_eq!(judge(&nameless, &mixed), Ok(()), "only one is of the algorithm's kind");
    let others = read(&[with(&OTHER.jwk(), json!({ "kid": "a" }))]);
    assert_eq!(
        judge(&named(&RSA, "a"), &others),
        Err(Reason::JwtSignature),
        "another's key of the same name"
    );
    for member in [json!({ "use": "enc" }), json!({ "key_ops": ["encrypt"] }), json!({ "alg": "PS384" })] {
        let misused = read(&[with(&RSA.jwk(), with(&member, json!({ "kid": "a" })))]);
        assert_eq!(judge(&named(&RSA, "a"), &misused), Err(Reason::JwtKey), "{member}");
    }
    let meant = json!({ "kid": "a", "use": "sig", "key_ops": ["verify"], "alg": "PS256" });
    assert_eq!(judge(&named(&RSA, "a"), &read(&[with(&RSA.jwk(), meant)])), Ok(()));
}

/// ATK-271.
#[test]
fn a_token_of_one_kind_is_not_taken_for_another() {
    let judge = |typ: Option<&str>, expected| {
        let header = typ.map_or(json!({ "alg": "RS256" }), |typ| json!({ "alg": "RS256", "typ": typ }));
        let token = RSA.token(&header.to_string(), &claims().to_string());
        let proved = claimed(&token).unwrap().verify(&read(&[RSA.jwk()]), &VERIFIED_WITH, expected);
        proved.map(|_| ()).map_err(|fault| fault.reason)
    };
    for expected in KINDS {
        for written in KINDS {
            // A client's proof may look like any JWT: who signed it and for whom it is keeps it apart from an ID token.
            let fits = expected == written || (expected, written) == (Typ::ClientAssertion, Typ::IdToken);
            let verdict = if fits { Ok(()) } else { Err(Reason::JwtType) };
            assert_eq!(judge(Some(written.name()), expected), verdict, "{expected:?} {written:?}");
            let long = format!("application/{}", written.name().to_uppercase());
            assert_eq!(judge(Some(&long), expected), verdict, "{expected:?} {long}");
        }
        let may_be_plain = matches!(expected, Typ::IdToken | Typ::ClientAssertion);
        assert_eq!(judge(None, expected), if may_be_plain { Ok(()) } else { Err(Reason::JwtType) });
        assert_eq!(judge(Some(""), expected), Err(Reason::JwtType));
        assert_eq!(judge(Some("text/at+jwt"), expected), Err(Reason::JwtType));
    }
    assert_eq!(verdict(r#"{"alg":"RS256","typ":7}"#, &claims().to_string()), Err(Reason::JwtType));
}

/// ATK-272.
#[test]
fn a_token_is_for_us() {
    let judge = |audience: Value, expected| {
        let token = RSA.token(r#"{"alg":"RS256"}"#, &with(&claims(), json!({ "aud": audience })).to_string());
        let expected = Expectation { audience: expected, ..expectation() };
        accept(&token, &read(&[RSA.jwk()]), &VERIFIED_WITH, &expected).map(|_| ())
    };
    let only = Audience::Only(&[US, "https://login.example.dk/oauth2/token"]);
    for ours in [json!(US), json!([US]), json!("https://login.example.dk/oauth2/token")] {
        assert_eq!(judge(ours.clone(), only), Ok(()), "{ours}");
    }
    for theirs in [
        json!(null),
        json!([]),
        json!(""),
        json!(7),
        json!([US, 7]),
        json!({ "aud": US }),
        json!("https://login.example.dk/"),
        json!("HTTPS://login.example.dk"),
        json!([US, "https://evil.example"]),
        json!([US, US]),
        json!(["https://evil.example"]),
        json!(format!("{US} ")),
    ] {
        assert_eq!(judge(theirs.clone(), only), Err(Reason::JwtAud), "{theirs}");
    }
    assert_eq!(judge(json!(["https://other.example", US]), Audience::Among(US)), Ok(()));
    assert_eq!(judge(json!(["https://other.example"]), Audience::Among(US)), Err(Reason::JwtAud));
    assert_eq!(judge(json!(US), Audience::Only(&[])), Err(Reason::JwtAud));
    assert_eq!(judge(json!("https://other.example"), Audience::Another), Ok(()));
    assert_eq!(judge(json!([US, "https://other.example"]), Audience::Another), Err(Reason::JwtAud));
    assert_eq!(judge(json!([]), Audience::Another), Err(Reason::JwtAud));
    let mut without = claims();
    without.as_object_mut().unwrap().remove("aud");
    assert_eq!(verdict(r#"{"alg":"RS256"}"#, &without.to_string()), Err(Reason::JwtAud));
}

#[test]
fn a_token_is_for_now_and_not_for_long() {
    let judge = |members: Value, lifetime| {
        let token = RSA.token(r#"{"alg":"RS256"}"#, &with(&claims(), members).to_string());
        let expected = Expectation { lifetime, ..expectation() };
        accept(&token, &read(&[RSA.jwk()]), &VERIFIED_WITH, &expected).map(|_| ())
    };
    let short = Lifetime::AtMost(SignedDuration::from_mins(5));
    for right in [
        json!({ "exp": NOW - 29 }),
        json!({ "exp": NOW + 330 }),
        json!({ "exp": NOW as f64 + 0.5 }),
        json!({ "iat": NOW + 30, "nbf": NOW + 30 }),
        json!({ "iat": 0 }),
    ] {
        assert_eq!(judge(right.clone(), short), Ok(()), "{right}");
    }
    for wrong in [
        json!({ "exp": NOW - 30 }),
        json!({ "exp": NOW + 331 }),
        json!({ "exp": format!("{}", NOW + 60) }),
        json!({ "exp": null }),
        json!({ "exp": true }),
        json!({ "exp": [NOW + 60] }),
        json!({ "exp": 1e300 }),
        json!({ "exp": u64::MAX }),
        json!({ "exp": i64::MIN }),
        json!({ "nbf": NOW + 31 }),
        json!({ "nbf": "0" }),
        json!({ "iat": NOW + 31 }),
        json!({ "iat": "0" }),
    ] {
        let refused = judge(wrong.clone(), short);
        // The second reader takes offence at some of them first.
        assert!(matches!(refused, Err(Reason::JwtTime | Reason::JwtClaims)), "{refused:?} {wrong}");
    }
    assert_eq!(judge(json!({ "exp": NOW - 100_000 }), Lifetime::MayBeOver), Ok(()));
    assert_eq!(
        judge(json!({ "exp": NOW - 100_000, "nbf": NOW + 31 }), Lifetime::MayBeOver),
        Err(Reason::JwtTime)
    );
    let mut endless = claims();
    endless.as_object_mut().unwrap().remove("exp");
    assert_eq!(verdict(r#"{"alg":"RS256"}"#, &endless.to_string()), Err(Reason::JwtTime));
}

fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        ".*".prop_map(Value::from),
    ];
    leaf.prop_recursive(3, 24, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::btree_map(".*", inner, 0..4).prop_map(|map| json!(map)),
        ]
    })
}

proptest! {
    #[test]
    fn what_is_written_is_what_is_read(said in prop::collection::btree_map("x.*", any_json(), 0..5)) {
        let said = with(&claims(), json!(said));
        let token = sign(&said, Typ::AccessToken, &P256.key, SignatureAlgorithm::ECDSA_SHA256).unwrap();
        let proved = claimed(&token).unwrap().verify(&P256.keys(), &SIGNED_WITH, Typ::AccessToken).unwrap();
        prop_assert_eq!(Value::from(proved.accept(&expectation()).unwrap().claims().clone()), said);
    }

    #[test]
    fn no_letter_can_be_changed(at in any::<prop::sample::Index>(), letter in "[A-Za-z0-9_.=-]") {
        let token = sign(&claims(), Typ::AccessToken, &P256.key, SignatureAlgorithm::ECDSA_SHA256).unwrap();
        let at = at.index(token.len());
        let changed = format!("{}{letter}{}", &token[..at], &token[at + 1..]);
        let judged = claimed(&changed).and_then(|read| read.verify(&P256.keys(), &SIGNED_WITH, Typ::AccessToken));
        prop_assert_eq!(judged.is_ok(), changed == token);
    }

    #[test]
    fn any_text_is_judged(text in "\\PC*") {
        prop_assert!(claimed(&text).is_err());
    }
}
