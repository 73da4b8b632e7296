//! A privilege list is read or refused, and what was read means the same after it was written, in XML and in JSON.
#![no_main]

use context_handler::domain::federation::Dialect;
use context_handler::protocol::bpp;

libfuzzer_sys::fuzz_target!(|value: &str| {
    let Ok(list) = bpp::read(value) else { return };
    assert_eq!(bpp::from_json(&bpp::to_json(&list)).expect("what is written is JSON"), list);
    for dialect in [Dialect::Oiosaml2, Dialect::Oiosaml3] {
        // Written out one by one, a list may grow beyond what is read.
        let Ok(written) = bpp::write(&list, dialect) else { continue };
        assert_eq!(bpp::read(&written).expect("what is written is readable"), list.normalised());
    }
});
