//! Metadata is read or refused, in both roles.
#![no_main]

use context_handler::protocol::saml::metadata::Parsed;
use context_handler::protocol::xml::Document;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    let Ok(document) = Document::parse_metadata(bytes) else { return };
    let _ = Parsed::new(&document).idp(None);
    let _ = Parsed::new(&document).sp(None);
});
