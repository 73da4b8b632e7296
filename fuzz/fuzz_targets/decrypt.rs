//! The form of encrypted content is read without panic; without keys nothing is opened.
#![no_main]

use context_handler::protocol::xml::{Cbc, Document, decrypt};

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    let Ok(document) = Document::parse(bytes) else { return };
    assert!(decrypt(document.root(), &[], Cbc::DangerAllowed).is_err());
    for child in document.root().children() {
        assert!(decrypt(child, &[], Cbc::DangerAllowed).is_err());
    }
});
