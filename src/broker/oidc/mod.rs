//! OpenID Connect: the same login as everybody's, begun by an authorization request and told in tokens.
//!
//! What was decided at the login is sealed into a voucher that only the client can open: first a code, then perhaps refresh
//! tokens. Whether the client may still be told it is asked anew each time that one is handed in.

mod begin;
mod call;
mod client;
mod code;
mod exchange;
mod inspect;
mod leave;
mod published;
mod pushed;
mod tokens;

use std::borrow::Cow;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::domain::assurance::Requirement;
use crate::domain::id::{EntityId, LoginId};
use crate::domain::reason::{Fault, Reason};
use crate::domain::subject::Subject;

pub use call::{Answered, ClientCall, NotAnswered};

/// What a code is sealed for.
pub(super) const CODE: &str = "code";
/// What a refresh token is sealed for.
pub(super) const REFRESH: &str = "refresh token";

/// What a voucher stands for.
#[derive(Serialize, Deserialize)]
pub(super) struct Entitlement<'e> {
    /// The login that it comes from.
    pub(super) login: LoginId,
    /// Whom it was given to.
    pub(super) client: EntityId,
    /// Who is logged in.
    pub(super) subject: Cow<'e, Subject>,
    /// What the user had to reach.
    pub(super) requirement: Requirement,
    /// When the user authenticated.
    pub(super) authenticated: Timestamp,
    /// How the user authenticated, as far as that was said.
    #[serde(default)]
    pub(super) methods: Vec<String>,
    /// Whether a refresh token was asked for and is allowed.
    pub(super) offline: bool,
    /// The thumbprint of the key that its tokens are bound to.
    pub(super) bound_to: Option<String>,
    /// What only a code is held against.
    pub(super) code: Option<OfCode>,
}

impl Entitlement<'_> {
    fn written(&self) -> Result<Vec<u8>, Fault> {
        let mut text = Vec::with_capacity(4 * 1024);
        let written = serde_json::to_writer(&mut text, self);
        written.map(|()| text).map_err(|error| Fault::new(Reason::Internal, error.to_string()))
    }
}

/// What a code is held against when it is handed in.
#[derive(Serialize, Deserialize)]
pub(super) struct OfCode {
    /// The address that it was sent to.
    pub(super) redirect_uri: String,
    /// The challenge (PKCE, S256).
    pub(super) challenge: String,
    /// What the ID token is to carry unchanged.
    pub(super) nonce: Option<String>,
}
