//! What arrives in an address or a form is read or refused, and what is read stays within its limits. An address for
//! both kinds of message reads as its one kind what it reads at all.
#![no_main]

use context_handler::protocol::saml::binding::{Arrived, Carries, MAX_MESSAGE, MAX_RELAY_STATE};

libfuzzer_sys::fuzz_target!(|text: &str| {
    for carries in [Carries::Request, Carries::Response] {
        for arrived in [Arrived::by_redirect(text, carries), Arrived::by_post(text, carries)] {
            let Ok(arrived) = arrived else { continue };
            assert!(arrived.xml.len() <= MAX_MESSAGE);
            assert!(arrived.relay_state.is_none_or(|state| state.len() <= MAX_RELAY_STATE));
            assert_eq!(Carries::of(text), Ok(carries));
        }
    }
});
