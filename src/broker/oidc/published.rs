//! What clients can find out about us by themselves: where we are asked, what we offer, and our keys.

use serde_json::Value;

use crate::broker::{Broker, Settings};
use crate::domain::reason::Fault;
use crate::protocol::jose::{SIGNED_WITH, VERIFIED_WITH};
use crate::protocol::keys::SignatureAlgorithm;
use crate::protocol::oauth;
use crate::protocol::oauth::discovery::Discovery;

impl Settings {
    /// Where clients ask: `token`, `userinfo` and the like.
    pub fn oauth2(&self, path: &str) -> String {
        format!("{}/oauth2/{path}", self.public_url)
    }
}

impl Broker {
    /// The document about us, the same for OpenID Connect and for OAuth.
    pub fn discovery(&self) -> Result<Value, Fault> {
        let signs = SIGNED_WITH.into_iter().filter(|one| self.keys.token_signer(*one).is_ok());
        let signs: Vec<_> = signs.filter_map(SignatureAlgorithm::jose).collect();
        let verifies: Vec<_> = VERIFIED_WITH.into_iter().filter_map(SignatureAlgorithm::jose).collect();
        oauth::json(&Discovery::new(&self.settings.public_url, &signs, &verifies))
    }

    /// Every key that may have signed a token of ours that is still good, and the one that will sign next.
    pub fn token_keys(&self) -> Value {
        self.keys.token_keys().to_json()
    }

    /// Whether pages of this origin belong to a client that runs in the browser.
    pub fn is_origin_of_client(&self, origin: &str) -> bool {
        self.snapshot().is_origin_of_client(origin)
    }
}
