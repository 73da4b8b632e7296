//! No changed message is accepted: the certificate is a stranger's, whose private key nobody kept.
#![no_main]

use std::sync::LazyLock;

use context_handler::protocol::keys::{Certificate, TrustedKeys};
use context_handler::protocol::xml::{Document, verify};

static KEYS: LazyLock<TrustedKeys> = LazyLock::new(|| {
    let certificate = Certificate::from_pem(include_bytes!("stranger.pem")).expect("a certificate");
    TrustedKeys::new(vec![certificate]).expect("a strong key")
});

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    let Ok(document) = Document::parse(bytes) else { return };
    assert!(verify(document.root(), &KEYS).is_err(), "a forged signature");
});
