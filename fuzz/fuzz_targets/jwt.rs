//! No changed token is accepted: the certificate is a stranger's, whose private key nobody kept.
#![no_main]

use std::sync::LazyLock;

use context_handler::protocol::jose::{Jwks, Symmetric, Typ, VERIFIED_WITH, claimed};
use context_handler::protocol::keys::Certificate;

static KEYS: LazyLock<Jwks> = LazyLock::new(|| {
    let certificate = Certificate::from_pem(include_bytes!("stranger.pem")).expect("a certificate");
    Jwks::of_certificates([&certificate]).expect("a strong key")
});

libfuzzer_sys::fuzz_target!(|text: &str| {
    if let Ok(keys) = Jwks::read(text, Symmetric::ForEncryption) {
        assert!(!keys.keys().is_empty());
    }
    let Ok(token) = claimed(text) else { return };
    assert!(token.verify(&KEYS, &VERIFIED_WITH, Typ::IdToken).is_err(), "a forged signature");
});
