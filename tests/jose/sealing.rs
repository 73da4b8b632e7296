//! What is sealed for a client is opened by another library, and by nobody without the key.

use context_handler::domain::reason::Reason;
use context_handler::protocol::jose::jwe::{ContentEncryption, KeyWrap, Sealing, seal};
use context_handler::protocol::jose::{Jwks, Typ, sign};
use context_handler::protocol::keys::SignatureAlgorithm;
use josekit::jwe::{self, JweDecrypter};
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::support::*;

const SECRET: [u8; 32] = *b"0123456789abcdefghijklmnopqrstuv";

fn secret(bytes: usize) -> Value {
    json!({ "kty": "oct", "k": base64(&SECRET[..bytes]), "kid": format!("secret-{bytes}") })
}

fn keys() -> Jwks {
    let sealing = with(&RSA.jwk(), json!({ "use": "enc", "kid": "sealing" }));
    let signing = with(&OTHER.jwk(), json!({ "use": "sig", "kid": "signing" }));
    read(&[signing, sealing, secret(16), secret(24), secret(32)])
}

fn opener(key: KeyWrap) -> Box<dyn JweDecrypter> {
    let pem = RSA.private.private_key_to_pem_pkcs8().unwrap();
    match key {
        KeyWrap::RsaOaep => Box::new(jwe::RSA_OAEP.decrypter_from_pem(pem).unwrap()),
        KeyWrap::RsaOaep256 => Box::new(jwe::RSA_OAEP_256.decrypter_from_pem(pem).unwrap()),
        KeyWrap::A128Kw => Box::new(jwe::A128KW.decrypter_from_bytes(&SECRET[..16]).unwrap()),
        KeyWrap::A192Kw => Box::new(jwe::A192KW.decrypter_from_bytes(&SECRET[..24]).unwrap()),
        KeyWrap::A256Kw => Box::new(jwe::A256KW.decrypter_from_bytes(SECRET).unwrap()),
    }
}

#[test]
fn every_combination_is_opened_by_another_library() {
    let dice = Dice(0.into());
    let token = sign(&claims(), Typ::IdToken, &P256.key, SignatureAlgorithm::ECDSA_SHA256).unwrap();
    let mut opened = 0;
    for key in KeyWrap::ALL {
        for content in ContentEncryption::ALL {
            let sealed = seal(&token, &keys(), Sealing { key, content }, &dice).unwrap();
            let (inside, header) = jwe::deserialize_compact(&sealed, opener(key).as_ref()).unwrap();
            assert_eq!(String::from_utf8(inside).unwrap(), token, "{key:?} {content:?}");
            assert_eq!(header.content_type(), Some("JWT"));
            assert_eq!(header.algorithm(), Some(key.name()));
            assert_eq!(header.content_encryption(), Some(content.name()));
            let named =
                if key.is_symmetric() { format!("secret-{}", &key.name()[1..4]) } else { "sealing".into() };
            let named = named.replace("128", "16").replace("192", "24").replace("256", "32");
            assert_eq!(header.key_id(), Some(&*named));
            opened += 1;
        }
    }
    assert_eq!(opened, 30);
}

#[test]
fn the_names_are_those_of_jose() {
    for key in KeyWrap::ALL {
        assert_eq!(KeyWrap::from_name(key.name()), Some(key));
    }
    for content in ContentEncryption::ALL {
        assert_eq!(ContentEncryption::from_name(content.name()), Some(content));
    }
    for weak in ["RSA1_5", "dir", "ECDH-ES", "PBES2-HS256+A128KW", "rsa-oaep", ""] {
        assert_eq!((KeyWrap::from_name(weak), ContentEncryption::from_name(weak)), (None, None));
    }
}

#[test]
fn without_a_key_for_it_nothing_is_sent_in_clear() {
    let dice = Dice(0.into());
    let content = ContentEncryption::A256Gcm;
    let judge = |keys: &[Value], key| {
        seal("token", &read(keys), Sealing { key, content }, &dice).map(|_| ()).map_err(|fault| fault.reason)
    };
    assert_eq!(judge(&[RSA.jwk()], KeyWrap::RsaOaep256), Ok(()));
    assert_eq!(judge(&[with(&RSA.jwk(), json!({ "key_ops": ["wrapKey"] }))], KeyWrap::RsaOaep256), Ok(()));
    assert_eq!(judge(&[with(&RSA.jwk(), json!({ "alg": "RSA-OAEP-256" }))], KeyWrap::RsaOaep256), Ok(()));
    for (keys, key) in [
        (vec![with(&RSA.jwk(), json!({ "use": "sig" }))], KeyWrap::RsaOaep256),
        (vec![with(&RSA.jwk(), json!({ "alg": "RSA-OAEP" }))], KeyWrap::RsaOaep256),
        (vec![with(&RSA.jwk(), json!({ "alg": "PS256" }))], KeyWrap::RsaOaep256),
        (vec![with(&RSA.jwk(), json!({ "key_ops": ["verify"] }))], KeyWrap::RsaOaep256),
        (vec![P256.jwk(), secret(32)], KeyWrap::RsaOaep),
        (vec![RSA.jwk(), secret(16)], KeyWrap::A256Kw),
    ] {
        assert_eq!(judge(&keys, key), Err(Reason::EncNokey), "{keys:?}");
    }
}

#[test]
fn no_two_sealings_share_a_key_or_an_initial_value() {
    let dice = Dice(0.into());
    let how = Sealing { key: KeyWrap::A256Kw, content: ContentEncryption::A256Gcm };
    let sealings: Vec<String> = (0..50).map(|_| seal("token", &keys(), how, &dice).unwrap()).collect();
    for part in 1..5 {
        let parts: std::collections::BTreeSet<_> =
            sealings.iter().map(|sealed| sealed.split('.').nth(part).unwrap()).collect();
        assert_eq!(parts.len(), 50, "part {part}");
    }
}

proptest! {
    #[test]
    fn any_text_comes_out_as_it_went_in(
        text in ".*",
        content in prop::sample::select(&ContentEncryption::ALL[..]),
        start in any::<u64>(),
    ) {
        let how = Sealing { key: KeyWrap::A128Kw, content };
        let sealed = seal(&text, &keys(), how, &Dice(start.into())).unwrap();
        let (inside, _) = jwe::deserialize_compact(&sealed, opener(how.key).as_ref()).unwrap();
        prop_assert_eq!(inside, text.into_bytes());
    }

    #[test]
    fn a_changed_sealing_does_not_open(
        at in any::<prop::sample::Index>(),
        content in prop::sample::select(&ContentEncryption::ALL[..]),
    ) {
        let how = Sealing { key: KeyWrap::A128Kw, content };
        let sealed = seal("a token of some length", &keys(), how, &Dice(0.into())).unwrap();
        let at = at.index(sealed.len());
        let letter = if &sealed[at..=at] == "Q" { "g" } else { "Q" };
        let changed = format!("{}{letter}{}", &sealed[..at], &sealed[at + 1..]);
        prop_assert!(jwe::deserialize_compact(&changed, opener(how.key).as_ref()).is_err());
    }
}
