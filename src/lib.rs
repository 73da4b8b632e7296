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
//! | [`http`] | who knocks: decode, one call to the broker, encode |
//!
//! The hall ([`app`], `browser`, [`cli`], [`config`], [`keyring`], [`sandbox`], [`system`], [`telemetry`]) knows every room and decides nothing.

pub mod app;
pub mod broker;
mod browser;
pub mod cli;
pub mod config;
pub mod domain;
pub mod http;
pub mod keyring;
pub mod protocol;
pub mod sandbox;
pub mod store;
pub mod system;
pub mod telemetry;
