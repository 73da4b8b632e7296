//! A load program that plays fagsystem, browser and identity provider against a broker in a process of its own.
//!
//! It uses the broker's own library for what the parties sign and encrypt, since it measures and does not judge: the
//! broker that it talks to is the real program, behind a real socket, with its own configuration, keys and register.

pub(crate) mod bare;
pub(crate) mod broker;
pub(crate) mod floor;
pub(crate) mod http;
pub(crate) mod login;
pub(crate) mod logout;
pub(crate) mod oidc;
pub(crate) mod parties;
pub(crate) mod register;
pub(crate) mod rights;
pub(crate) mod service;

use std::error::Error;

/// What went wrong, in whatever words it came.
pub(crate) type Trouble = Box<dyn Error + Send + Sync>;

/// The broker's name in SAML and the base of its addresses; only names, nobody looks them up.
pub(crate) const BROKER: &str = "https://broker.example.dk/saml";
pub(crate) const PUBLIC_URL: &str = "https://broker.example.dk";
