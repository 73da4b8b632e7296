//! Conversations with the broker over real HTTP: fake parties with their own keys, a clock that stands still, dice that
//! always fall alike. Names say what is promised; what is refused stands beside what is accepted.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on panics")]

mod attacks;
mod attribute_profiles;
mod attributes;
mod checks;
mod conformance;
mod console;
mod discovery;
mod gate;
mod judge;
mod login;
mod logout;
mod metadata_page;
mod mirror;
mod oidc;
mod profiles;
mod progress;
mod registry;
mod robots;
mod samael;
mod session_api;
mod simulate;
mod sso;
mod step_up;
mod store_down;
mod support;
mod tokens;
mod trust;
mod users;
mod weather;
