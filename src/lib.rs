//! An open Context Handler for Danish municipalities.
//!
//! Five rooms and a hall. Imports go `http → broker → {store → domain, protocol → domain, domain}` and never back;
//! `tests/architecture.rs` proves it.
//!
//! | room | what lives there |
//! |---|---|
//! | [`domain`] | what is true: nouns and rules, pure |
//! | [`protocol`] | how we speak: messages and their proof |
//! | [`store`] | what is kept |
//! | [`broker`] | what happens: the use cases |
//! | `http` | who knocks: decode, one call to the broker, encode |
//! | `store` | what is kept |
//! | `broker` | what happens: the use cases |
//! | [`http`] | who knocks: decode, one call to the broker, encode |

pub mod broker;
pub mod config;
pub mod domain;
pub mod http;
pub mod protocol;
pub mod store;
pub mod system;
pub mod telemetry;
