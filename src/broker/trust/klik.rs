//! How far municipalities have come: gathers what the register and the store know, for one or for all, and lets the domain
//! compute.

use std::collections::HashMap;

use jiff::Timestamp;

use super::super::Broker;
use super::super::registry::Snapshot;
use crate::domain::assurance::Level;
use crate::domain::console::Sees;
use crate::domain::federation::{Authority, Fagsystem, IdentityProvider};
use crate::domain::id::{Cvr, EntityId};
use crate::domain::reason::Fault;
use crate::domain::trust::{
    Adoption, Check, Facts, Fetched, Progress, Provider, Reach, Reached, Scenario, Tried, Verdict, foreseen,
};

/// Everything that shows how far one municipality, or all of them, have come. Progress is computed from it and borrows
/// from it.
pub struct Known {
    now: Timestamp,
    fetched: HashMap<Cvr, Fetched>,
    tried: HashMap<Cvr, Vec<Tried>>,
    used: HashMap<Cvr, Vec<Adoption>>,
    red: HashMap<EntityId, Timestamp>,
}

impl Broker {
    /// What is known of one authority, or of all.
    pub async fn known(&self, authority: Option<Cvr>) -> Result<Known, Fault> {
        let mut known = Known {
            now: self.clock.now(),
            fetched: HashMap::new(),
            tried: HashMap::new(),
            used: HashMap::new(),
            red: HashMap::new(),
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
        known.red = self.store.red_parties().await?.into_iter().collect();
        Ok(known)
    }
}

impl Known {
    /// How far an authority has come.
    pub fn progress<'f>(
        &'f self,
        snapshot: &'f Snapshot,
        authority: &Authority,
        sees: &Sees,
    ) -> Progress<'f> {
        let (now, cvr, federation) = (self.now, authority.cvr, snapshot.federation());
        let holds = |idp: &IdentityProvider| snapshot.metadata_holds(&idp.entity_id, now);
        let providers = federation.speakers(cvr, now);
        let facts = Facts {
            now,
            providers: providers
                .map(|idp| Provider {
                    registered: idp,
                    metadata_holds: holds(idp),
                    red: self.red.get(&idp.entity_id).copied(),
                })
                .collect(),
            fetched: self.fetched.get(&cvr),
            tried: self.tried.get(&cvr).into_iter().flatten().collect(),
            systems: self.systems_of(snapshot, sees, cvr),
            used: self.logins(cvr),
            has_robots: federation.has_robots(cvr),
        };
        facts.progress(cvr)
    }

    /// The progress of everybody whose progress may be seen, in the order of their numbers.
    pub fn rows<'f>(&'f self, snapshot: &'f Snapshot, sees: &Sees) -> Vec<(&'f Authority, Progress<'f>)> {
        let row = |authority: &'f Authority| (authority, self.progress(snapshot, authority, sees));
        self.authorities(snapshot, sees).into_iter().map(row).collect()
    }

    /// The authorities whose progress may be seen, in the order of their numbers.
    pub fn authorities<'f>(&self, snapshot: &'f Snapshot, sees: &Sees) -> Vec<&'f Authority> {
        let federation = snapshot.federation();
        let seen = |authority: &&Authority| sees.progress_of(authority.cvr, federation, self.now);
        let mut seen: Vec<_> = federation.authorities().filter(seen).collect();
        seen.sort_by_key(|authority| authority.cvr.to_string());
        seen
    }

    /// The fagsystemer that an authority may use, as far as that may be seen.
    pub fn systems_of<'f>(&self, snapshot: &'f Snapshot, sees: &Sees, authority: Cvr) -> Vec<&'f Fagsystem> {
        let mut used = snapshot.federation().used_by(authority, self.now);
        used.retain(|fagsystem| sees.uses_of(&fagsystem.entity_id));
        used
    }

    /// How far each fagsystem is in use, as far as that may be seen, in the order of their names.
    pub fn systems<'f>(&self, snapshot: &'f Snapshot, sees: &Sees) -> Vec<InUse<'f>> {
        let federation = snapshot.federation();
        let authorities = self.authorities(snapshot, sees);
        let used: Vec<_> = authorities.iter().map(|authority| self.logins(authority.cvr)).collect();
        let reached: Vec<_> =
            authorities.iter().map(|authority| self.reached(snapshot, authority.cvr)).collect();
        let seen = federation.fagsystemer().filter(|fagsystem| sees.uses_of(&fagsystem.entity_id));
        let mut systems: Vec<InUse<'f>> = seen
            .map(|fagsystem| {
                let mut row = InUse::of(fagsystem);
                for ((authority, used), reached) in authorities.iter().zip(&used).zip(&reached) {
                    if !federation.may_use(authority.cvr, &fagsystem.entity_id, self.now) {
                        continue;
                    }
                    row.customers += 1;
                    for foreseen in &mut row.forecast {
                        let reach = reached.reach(foreseen.level);
                        if reach < Reach::Registered {
                            foreseen.without.push((authority, reach));
                        }
                    }
                    if let Some(used) = used.get(&fagsystem.entity_id) {
                        row.using += 1;
                        row.logins += used.logins;
                        row.last = row.last.max(Some(used.last));
                    }
                }
                row
            })
            .filter(|row| row.customers > 0)
            .collect();
        systems.sort_by_key(|row| (&row.fagsystem.name, &row.fagsystem.entity_id));
        systems
    }

    /// What is known of the levels of an authority's users: by the register, by logins and by runs.
    pub fn reached(&self, snapshot: &Snapshot, authority: Cvr) -> Reached {
        let federation = snapshot.federation();
        let mut reached = Reached {
            registered: federation.speakers(authority, self.now).map(|idp| idp.ceiling).collect(),
            step_up: federation.step_up(authority).and_then(|provider| provider.ceiling.nsis),
            ..Reached::default()
        };
        for used in self.used.get(&authority).into_iter().flatten() {
            reached.saw(used.nist, used.nsis);
        }
        let shown = |tried: &&Tried| tried.verdict_of(Check::LevelEnough) == Verdict::Pass;
        for tried in self.tried.get(&authority).into_iter().flatten().filter(shown) {
            match tried.scenario.level() {
                // What a step-up reached, the identity provider did not.
                _ if tried.scenario == Scenario::StepUp => {}
                Some(Level::Nsis(level)) => reached.saw(Some(level.as_nist()), Some(level)),
                Some(Level::Nist(level)) => reached.saw(Some(level), None),
                None => {}
            }
        }
        reached
    }

    /// The logins of an authority's users, by fagsystem.
    pub fn logins(&self, authority: Cvr) -> HashMap<&EntityId, &Adoption> {
        let used = self.used.get(&authority).into_iter().flatten();
        used.map(|used| (&used.fagsystem, used)).collect()
    }
}

/// How far a fagsystem is in use.
#[derive(Clone, Debug)]
pub struct InUse<'f> {
    /// The fagsystem.
    pub fagsystem: &'f Fagsystem,
    /// How many authorities may use it.
    pub customers: usize,
    /// From how many of them somebody has logged in.
    pub using: usize,
    /// How many logins there were.
    pub logins: u64,
    /// The last one.
    pub last: Option<Timestamp>,
    /// Who would be without, at the level that it demands and at those that it could demand.
    pub forecast: Vec<Foreseen<'f>>,
}

impl<'f> InUse<'f> {
    fn of(fagsystem: &'f Fagsystem) -> Self {
        let levels = foreseen(fagsystem.required);
        let forecast = levels.map(|level| Foreseen { level, without: Vec::new() }).collect();
        Self { fagsystem, customers: 0, using: 0, logins: 0, last: None, forecast }
    }
}

/// Whose users would not reach a level by their own identity provider.
#[derive(Clone, Debug)]
pub struct Foreseen<'f> {
    /// The level.
    pub level: Level,
    /// The authorities, and what is left to them.
    pub without: Vec<(&'f Authority, Reach)>,
}
