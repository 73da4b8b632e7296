//! Sets of keys: those of clients are read strictly, ours are written so that others read them.

use std::sync::Arc;

use context_handler::broker::keys::Keys;
use context_handler::domain::reason::Reason;
use context_handler::protocol::jose::{Jwks, MAX_KEYS, MAX_SET, Symmetric};
use context_handler::protocol::keys::{FileKey, SignatureAlgorithm, Signer};
use openssl::bn::BigNum;
use openssl::rsa::Rsa;
use serde_json::{Value, json};

use crate::support::*;

fn verdict(keys: &[Value]) -> Result<usize, Reason> {
    Jwks::read(&set(keys), Symmetric::Refused).map(|keys| keys.keys().len()).map_err(|fault| fault.reason)
}

const REFUSED: Result<usize, Reason> = Err(Reason::JwtKeySet);

#[test]
fn public_keys_are_read_and_keys_of_other_kinds_are_passed_over() {
    assert_eq!(verdict(&[RSA.jwk()]), Ok(1));
    assert_eq!(verdict(&[RSA.jwk(), P256.jwk(), P384.jwk()]), Ok(3));
    let strange = [
        json!({ "kty": "OKP", "crv": "Ed25519", "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo" }),
        json!({ "kty": "EC", "crv": "P-521", "x": "AA", "y": "AA" }),
        json!({ "kty": "EC", "crv": "secp256k1", "x": "AA", "y": "AA" }),
        json!({ "kty": "AKP", "alg": "ML-DSA-44", "pub": "AA" }),
    ];
    assert_eq!(verdict(&[&strange[..], &[RSA.jwk()]].concat()), Ok(1));
    assert_eq!(verdict(&strange), REFUSED, "no usable key");
    assert_eq!(verdict(&[]), REFUSED);
}

#[test]
fn a_set_with_a_private_or_a_secret_key_is_refused_as_a_whole() {
    for name in ["d", "p", "q", "dp", "dq", "qi", "oth", "k"] {
        let leaked = with(&RSA.jwk(), json!({ name: "AQAB" }));
        assert_eq!(verdict(&[OTHER.jwk(), leaked]), REFUSED, "{name}");
        let leaked = json!({ "kty": "OKP", "crv": "Ed25519", "x": "AA", name: "AQAB" });
        assert_eq!(verdict(&[OTHER.jwk(), leaked]), REFUSED, "{name}, of a kind that is passed over");
    }
    let secret = json!({ "kty": "oct", "k": base64([7; 32]) });
    assert_eq!(verdict(&[OTHER.jwk(), secret.clone()]), REFUSED);
    let allowed =
        |keys: &[Value]| Jwks::read(&set(keys), Symmetric::ForEncryption).map(|keys| keys.keys().len());
    assert_eq!(allowed(&[OTHER.jwk(), secret]).unwrap(), 2);
    for length in [0, 8, 15, 17, 31, 33, 64] {
        let secret = json!({ "kty": "oct", "k": base64(vec![7; length]) });
        assert_eq!(allowed(&[secret]).unwrap_err().reason, Reason::JwtKeySet, "{length}");
    }
}

/// A modulus of 2048 bits with the mark of a generator whose keys can be guessed: it leaves 1 modulo every small prime.
fn guessable() -> Vec<u8> {
    let primes = [11, 13, 17, 19, 37, 53, 61, 71, 73, 79, 97, 103, 107, 109, 127, 151, 157];
    let mut product = BigNum::from_u32(1).unwrap();
    primes.iter().for_each(|prime| product.mul_word(*prime).unwrap());
    let mut modulus = BigNum::new().unwrap();
    modulus.lshift(&product, 2048 - product.num_bits()).unwrap();
    modulus.add_word(1).unwrap();
    modulus.to_vec()
}

#[test]
fn a_weak_or_false_key_is_refused() {
    let numbers = |bits: u32, e: u32| {
        let key = Rsa::generate_with_e(bits, &BigNum::from_u32(e).unwrap()).unwrap();
        json!({ "kty": "RSA", "n": base64(key.n().to_vec()), "e": base64(key.e().to_vec()) })
    };
    assert_eq!(verdict(&[numbers(2048, 65_537)]), Ok(1));
    assert_eq!(verdict(&[numbers(2047, 65_537)]), REFUSED);
    assert_eq!(verdict(&[numbers(1024, 65_537)]), REFUSED);
    assert_eq!(verdict(&[numbers(2048, 3)]), REFUSED);
    assert_eq!(verdict(&[json!({ "kty": "RSA", "n": base64(guessable()), "e": "AQAB" })]), REFUSED);
    let (rsa, ec) = (RSA.jwk(), P256.jwk());
    let (n, x) = (rsa["n"].as_str().unwrap(), ec["x"].as_str().unwrap());
    for wrong in [
        with(&rsa, json!({ "n": format!("{n}=") })),
        with(&rsa, json!({ "n": format!("AA{n}") })),
        with(&rsa, json!({ "n": "" })),
        with(&rsa, json!({ "n": 7 })),
        with(&rsa, json!({ "e": "AAEAAQ" })),
        with(&rsa, json!({ "e": "AQ" })),
        with(&rsa, json!({ "kty": "EC", "crv": "P-256" })),
        with(&ec, json!({ "crv": "P-384" })),
        with(&ec, json!({ "x": ec["y"] })),
        with(&ec, json!({ "x": base64([0; 32]), "y": base64([0; 32]) })),
        with(&ec, json!({ "x": &x[..40] })),
        with(&ec, json!({ "kty": "RSA" })),
        with(&rsa, json!({ "kty": 1 })),
        with(&rsa, json!({ "use": "both" })),
        with(&rsa, json!({ "use": ["sig"] })),
        with(&rsa, json!({ "key_ops": "verify" })),
        with(&rsa, json!({ "kid": 1 })),
        with(&rsa, json!({ "kid": "" })),
        json!("RSA"),
    ] {
        assert_eq!(verdict(std::slice::from_ref(&wrong)), REFUSED, "{wrong}");
    }
}

/// ATK-269.
#[test]
fn two_keys_of_one_name_are_refused() {
    let (a, b) = (json!({ "kid": "a" }), json!({ "kid": "b" }));
    assert_eq!(verdict(&[with(&RSA.jwk(), a.clone()), with(&OTHER.jwk(), b)]), Ok(2));
    assert_eq!(verdict(&[with(&RSA.jwk(), a.clone()), with(&OTHER.jwk(), a.clone())]), REFUSED);
    assert_eq!(verdict(&[with(&RSA.jwk(), a.clone()), with(&P256.jwk(), a)]), REFUSED);
}

#[test]
fn a_set_has_one_reading_and_a_limit() {
    let judge = |text: &str| Jwks::read(text, Symmetric::Refused).map(|_| ()).map_err(|fault| fault.reason);
    let right = set(&[RSA.jwk()]);
    assert_eq!(judge(&right), Ok(()));
    for wrong in [
        String::new(),
        "{}".to_owned(),
        r#"{"keys":{}}"#.to_owned(),
        RSA.jwk().to_string(),
        right.replace("\"kty\":", "\"kty\":\"RSA\",\"kty\":"),
        format!(r#"{{"keys":[],{}"#, &right[1..]),
        right.clone() + " x",
        right.clone() + &" ".repeat(MAX_SET),
    ] {
        assert_eq!(judge(&wrong), Err(Reason::JwtKeySet), "{:.60}", wrong);
    }
    let many = |count| vec![P256.jwk(); count];
    assert_eq!(verdict(&many(MAX_KEYS)), Ok(MAX_KEYS));
    assert_eq!(verdict(&many(MAX_KEYS + 1)), REFUSED);
}

#[test]
fn the_thumbprint_is_that_of_rfc_7638() {
    let key = json!({
        "kty": "RSA",
        "n": "0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_BJECPebWKRXjBZCiFV4n3oknjhMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2QvzqY368QQMicAtaSqzs8KJZgnYb9c7d0zgdAZHzu6qMQvRL5hajrn1n91CbOpbISD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur-kEgU8awapJzKnqDKgw",
        "e": "AQAB",
        "alg": "RS256",
        "kid": "2011-04-29",
    });
    assert_eq!(read(&[key]).keys()[0].thumbprint(), "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs");
}

#[test]
fn what_we_publish_is_read_again_and_tells_no_secret() {
    for party in [&RSA, &P256, &P384] {
        let published = party.keys().to_json();
        let again = Jwks::read(&published.to_string(), Symmetric::Refused).unwrap();
        assert_eq!(again.keys()[0].thumbprint(), party.keys().keys()[0].thumbprint());
        assert_eq!(published["keys"][0]["kid"], Signer::certificate(&party.key).id().as_str());
        assert_eq!(published["keys"][0]["use"], "sig");
        assert_eq!(published["keys"][0]["x5c"][0], Signer::certificate(&party.key).to_base64());
    }
    let secret = json!({ "kty": "oct", "k": base64([7; 32]) });
    let written = read(&[secret, RSA.jwk()]).to_json();
    assert_eq!(written["keys"].as_array().unwrap().len(), 1, "{written}");
}

#[test]
fn a_key_for_tokens_alone_signs_what_the_signing_key_cannot() {
    let key = |party: &Party| {
        let certificate = Signer::certificate(&party.key).to_base64().to_owned();
        let pem = format!("-----BEGIN CERTIFICATE-----\n{certificate}\n-----END CERTIFICATE-----\n");
        let private = party.private.private_key_to_pem_pkcs8().unwrap();
        Arc::new(FileKey::from_pem(pem.as_bytes(), &private, None).unwrap())
    };
    let keys = Keys::new(&[key(&RSA)], vec![key(&OTHER)]).unwrap();
    let [ps256, es256] = [SignatureAlgorithm::RSA_PSS_SHA256, SignatureAlgorithm::ECDSA_SHA256];
    assert!(keys.token_signer(ps256).is_ok() && keys.token_signer(es256).is_err());
    assert_eq!(keys.token_keys().keys().len(), 1);

    let more = keys.with_token_signers(&[key(&P256)]).unwrap();
    assert_eq!(more.token_signer(ps256).unwrap().certificate(), Signer::certificate(&RSA.key));
    assert_eq!(more.token_signer(es256).unwrap().certificate(), Signer::certificate(&P256.key));
    assert_eq!(more.token_keys().keys().len(), 2);
    assert_eq!(more.signing().len(), 1, "metadata for SAML does not list it");
    let twice = more.with_token_signers(&[key(&RSA)]).unwrap();
    assert_eq!(twice.token_keys().keys().len(), 1, "one key has one name");
}

#[test]
fn a_key_of_more_than_8192_bits_costs_more_than_it_adds() {
    let key = |bytes| json!({ "kty": "RSA", "n": base64(vec![0xff; bytes]), "e": "AQAB" });
    assert_eq!(verdict(&[key(1024)]), Ok(1));
    assert_eq!(verdict(&[key(1025)]), REFUSED);
}
