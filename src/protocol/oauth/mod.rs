//! OAuth 2 and OpenID Connect, as far as fagsystemer speak it to us: the code flow with PKCE, and nothing else.
//!
//! Requests are read strictly: a parameter stands once, an address is compared letter by letter, and a method or a type
//! that is not asked for here is refused by name. A request only ever narrows what the register says about its client.

pub mod authorize;
pub mod claims;
pub mod client;
pub mod discovery;
pub mod error;
pub mod parameters;
pub mod token;

use serde::Serialize;
use serde_json::Value;

use crate::domain::reason::{Fault, Reason};

/// A message of ours as JSON.
pub fn json(message: &impl Serialize) -> Result<Value, Fault> {
    serde_json::to_value(message).map_err(|error| Fault::new(Reason::Internal, error.to_string()))
}
