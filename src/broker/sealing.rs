//! Pending logins and logouts travel through the browser, sealed. A login is bound to the cookie that carries it: what was
//! sealed for one login does not open for another.

use std::sync::Arc;

use jiff::SignedDuration;
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::{Broker, SealedLogin};
use crate::domain::id::LoginId;
use crate::domain::login::{PENDING_FOR, Pending};
use crate::domain::reason::{Fault, Reason};
use crate::protocol::seal::{NumberedKey, Sealer};

/// How long a key seals.
const SEALS_FOR: SignedDuration = SignedDuration::from_hours(1);
/// How long a key is kept: until the last login that it sealed is too old, and a while for slow clocks.
const KEPT_FOR: SignedDuration =
    SignedDuration::from_secs(SEALS_FOR.as_secs() + PENDING_FOR.as_secs() + 10 * 60);

/// The largest sealed login: a browser keeps cookies of 4,096 bytes with name and flags.
const MAX_SEALED: usize = 3_900;

impl Broker {
    /// Makes a new sealing key when the youngest has sealed long enough, and takes up those that others made.
    pub async fn rotate_seal_keys(&self) -> Result<(), Fault> {
        let now = self.clock.now();
        let mut keys = self.store.seal_keys().await?;
        if keys.first().is_none_or(|youngest| now.duration_since(youngest.created) > SEALS_FOR) {
            let mut secret = [0; 32];
            self.random.fill(&mut secret);
            self.store.rotate_seal_key(secret, now, now - KEPT_FOR).await?;
            keys = self.store.seal_keys().await?;
        }
        let numbered = keys.into_iter().map(|key| NumberedKey { number: key.id, secret: key.secret });
        self.sealer.store(Arc::new(Sealer::new(numbered.collect())));
        Ok(())
    }

    pub(super) fn seal(&self, pending: &Pending) -> Result<SealedLogin, Fault> {
        self.seal_for("pending login", pending.asked().login, pending)
    }

    /// Seals what a browser keeps for us under this id, for one purpose.
    pub(super) fn seal_for(
        &self,
        purpose: &str,
        login: LoginId,
        state: &impl Serialize,
    ) -> Result<SealedLogin, Fault> {
        let text =
            serde_json::to_vec(state).map_err(|error| Fault::new(Reason::Internal, error.to_string()))?;
        let purpose = format!("{purpose} {login}");
        let content = self.sealer.load().seal(&text, &purpose, self.random.as_ref())?;
        if content.len() > MAX_SEALED {
            return Err(Fault::new(
                Reason::RelayState,
                "what the request carries does not fit into a cookie",
            ));
        }
        Ok(SealedLogin { login, content })
    }

    pub(super) fn unseal(&self, sealed: &SealedLogin) -> Result<Pending, Fault> {
        self.unseal_for("pending login", sealed)
    }

    /// Opens what this browser brought; an empty content means that it brought nothing.
    pub(super) fn unseal_for<T: DeserializeOwned>(
        &self,
        purpose: &str,
        sealed: &SealedLogin,
    ) -> Result<T, Fault> {
        if sealed.content.is_empty() {
            let detail = format!("this browser brought no {purpose} of that name");
            return Err(Fault::new(Reason::BrowserBinding, detail));
        }
        let text = self.sealer.load().open(&sealed.content, &format!("{purpose} {}", sealed.login))?;
        serde_json::from_slice(&text).map_err(|error| Fault::new(Reason::StateForged, error.to_string()))
    }
}
