//! The parties of a conversation: a broker on a port of its own, identity providers and fagsystemer that can be told to
//! misbehave, and a browser that keeps cookies.

pub(crate) mod attribute_service;
mod browser;
pub(crate) mod ca;
mod client;
mod der;
mod fagsystem;
pub(crate) mod forge;
mod idp;
pub(crate) mod logout;
pub(crate) mod relying;
pub(crate) mod roles;
pub(crate) mod tls;
pub(crate) mod turns;
pub(crate) mod world;

pub(crate) use browser::{Answer, Browser};
pub(crate) use client::{Client, written};
pub(crate) use fagsystem::{Ask, Fagsystem, Told};
pub(crate) use idp::{Idp, Say, Signing, deliver};
pub(crate) use world::{Town, at, key};
