//! How far municipalities have come: gathers what the register and the store know, for one or for all, and lets the domain
//! compute.

use std::collections::HashMap;

use jiff::Timestamp;

use super::super::Broker;
use super::super::registry::Snapshot;
use crate::domain::federation::{Authority, IdentityProvider};
use crate::domain::id::{Cvr, EntityId};
use crate::domain::reason::Fault;
use crate::domain::trust::{Adoption, Facts, Fetched, Progress, Provider, Tried};

/// Everything that shows how far one municipality, or all of them, have come. Progress is computed from it and borrows
/// from it.
pub struct Known {
    now: Timestamp,
    fetched: HashMap<Cvr, Fetched>,
    tried: HashMap<Cvr, Vec<Tried>>,
    used: HashMap<Cvr, Vec<Adoption>>,
}

impl Broker {
    /// What is known of one authority, or of all.
    pub async fn known(&self, authority: Option<Cvr>) -> Result<Known, Fault> {
        let mut known = Known {
            now: self.clock.now(),
            fetched: HashMap::new(),
            tried: HashMap::new(),
            used: HashMap::new(),
        };
        for fetched in self.store.metadata_fetches(authority).await? {
            known.fetched.insert(fetched.authority, fetched);
        }
        for tried in self.store.tried(authority).await? {
            if tried.environment == self.settings.environment {
                known.tried.entry(tried.authority).or_default().push(tried);
            }
        }
        for used in self.store.adoption(authority).await? {
            known.used.entry(used.authority).or_default().push(used);
        }
        Ok(known)
    }
}

impl Known {
    /// How far an authority has come.
    pub fn progress<'f>(&'f self, snapshot: &'f Snapshot, authority: &Authority) -> Progress<'f> {
        let (now, cvr, federation) = (self.now, authority.cvr, snapshot.federation());
        let holds = |idp: &IdentityProvider| snapshot.metadata_holds(&idp.entity_id, now);
        let providers = federation.speakers(cvr, now);
        let facts = Facts {
            now,
            providers: providers
                .map(|idp| Provider { registered: idp, metadata_holds: holds(idp) })
                .collect(),
            fetched: self.fetched.get(&cvr),
            tried: self.tried.get(&cvr).into_iter().flatten().collect(),
            systems: federation.used_by(cvr, now),
            used: self.logins(cvr),
            has_robots: federation.has_robots(cvr),
        };
        facts.progress(cvr)
    }

    /// When an authority fetched our metadata.
    pub fn fetched(&self, authority: Cvr) -> Option<&Fetched> {
        self.fetched.get(&authority)
    }

    /// The logins of an authority's users, by fagsystem.
    pub fn logins(&self, authority: Cvr) -> HashMap<&EntityId, &Adoption> {
        let used = self.used.get(&authority).into_iter().flatten();
        used.map(|used| (&used.fagsystem, used)).collect()
    }
}
