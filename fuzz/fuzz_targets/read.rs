//! Reading never panics, and the canonical form of a canonical form is itself.
#![no_main]

use context_handler::protocol::xml::Document;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    let Ok(document) = Document::parse(bytes) else { return };
    let Ok(once) = document.root().canonical() else { return };
    let again = Document::parse(once.as_str().as_bytes()).expect("what is canonical is readable");
    assert_eq!(again.root().canonical().expect("it grows no more").as_str(), once.as_str());
});
