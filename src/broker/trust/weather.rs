//! The certificate weather: how long every certificate of every party lasts, ours included, and who stops working when one
//! ends. And the look at everything about every party that is taken once a day.

use std::collections::HashMap;

use jiff::{SignedDuration, Timestamp};

use super::revoked::Revocation;
use crate::broker::Broker;
use crate::broker::registry::{Held, Snapshot, documents};
use crate::broker::users::{Caller, Denied};
use crate::domain::console::Sees;
use crate::domain::federation::{Authority, Fagsystem};
use crate::domain::id::EntityId;
use crate::domain::reason::{Fault, Reason};
use crate::domain::trust::{CertificateUse, Holder, Outlook, PartyCheck, Verdict, days_left};

/// How old the last look at every party may be.
const LOOK_EVERY: SignedDuration = SignedDuration::from_hours(24);

impl Broker {
    /// Every certificate that may be seen, the one that ends first first. Whoever is nobody in particular sees all.
    pub async fn weather(&self, sees: Option<&Sees>) -> Result<Vec<Outlook>, Fault> {
        let checks = self.store.party_checks().await?;
        let checked: HashMap<EntityId, (Timestamp, Verdict)> =
            checks.into_iter().map(|check| (check.party.clone(), (check.at, check.verdict()))).collect();
        let mut all = self.outlooks();
        if let Some(sees) = sees {
            let snapshot = self.snapshot();
            all.retain_mut(|outlook| may_see(outlook, sees, &snapshot, self.now()));
        }
        for outlook in &mut all {
            outlook.checked = checked.get(&outlook.party).copied();
        }
        Ok(all)
    }

    /// What a system of an authority may see.
    pub async fn weather_for(&self, caller: &Caller) -> Result<Vec<Outlook>, Denied> {
        let seen = self.weather(Some(&Sees::Authority(caller.authority()))).await;
        match seen {
            Ok(seen) => {
                let what = "certificates".to_owned();
                self.conclude_look(caller, Reason::ConsoleViewed, what).await.map(|()| seen)
            }
            Err(fault) => Err(self.refuse_call(caller, fault, Vec::new()).await),
        }
    }

    /// The same without what was found out when everybody was looked at.
    pub fn outlooks(&self) -> Vec<Outlook> {
        let (snapshot, now) = (self.snapshot(), self.now());
        let reach = Reach::new(&snapshot, now);
        let party = &self.settings.entity_id;
        let signing = self.keys.signing().iter().map(|one| (CertificateUse::Signing, one));
        let others = self.keys.encryption().iter().map(|one| (CertificateUse::Other, one));
        let ours = signing.chain(others);
        let ours = ours.map(|(used_for, certificate)| Held { party, used_for, certificate });
        let mut held = snapshot.held();
        held.extend(ours);
        let mut last: HashMap<(&EntityId, CertificateUse), Timestamp> = HashMap::new();
        for Held { party, used_for, certificate } in &held {
            let last = last.entry((party, *used_for)).or_insert(certificate.not_after());
            *last = (*last).max(certificate.not_after());
        }
        let mut all: Vec<Outlook> = held
            .iter()
            .map(|held| {
                let last = last.get(&(held.party, held.used_for));
                let followed = last.is_some_and(|last| *last > held.certificate.not_after());
                Outlook { followed, ..reach.outlook(held, party) }
            })
            .collect();
        all.sort_by(|one, other| (one.not_after, &one.party).cmp(&(other.not_after, &other.party)));
        all
    }

    /// Looks at everything about every party, if that is due, and keeps what was found. Tells how many there were.
    pub async fn look_at_parties(&self) -> Result<Option<usize>, Fault> {
        let now = self.now();
        let kept = self.store.party_checks().await?;
        if kept.iter().map(|check| check.at).min().is_some_and(|oldest| now < oldest + LOOK_EVERY) {
            return Ok(None);
        }
        let revocation = Revocation::new(&self.settings);
        let mut checks = Vec::new();
        for (party, documents) in documents(&self.store.registry().await?) {
            let findings = self.gate_of(&party, &documents, &revocation).await;
            checks.push(PartyCheck { party, at: now, findings });
        }
        let count = checks.len();
        self.store.keep_party_checks(checks).await?;
        Ok(Some(count))
    }
}

/// Who depends on whom.
struct Reach<'s> {
    snapshot: &'s Snapshot,
    now: Timestamp,
    /// Every fagsystem with the authorities that use it, in the order of their names.
    uses: Vec<(&'s Fagsystem, Vec<&'s Authority>)>,
}

impl<'s> Reach<'s> {
    fn new(snapshot: &'s Snapshot, now: Timestamp) -> Self {
        let federation = snapshot.federation();
        let mut authorities: Vec<&Authority> = federation.authorities().collect();
        authorities.sort_by_key(|authority| &authority.name);
        let uses = |fagsystem: &'s Fagsystem| {
            let uses = |authority: &&Authority| federation.may_use(authority.cvr, &fagsystem.entity_id, now);
            (fagsystem, authorities.iter().copied().filter(uses).collect())
        };
        let mut uses: Vec<_> = federation.fagsystemer().map(uses).collect();
        uses.sort_by_key(|(fagsystem, _)| &fagsystem.name);
        Self { snapshot, now, uses }
    }

    fn outlook(&self, held: &Held<'_>, ours: &EntityId) -> Outlook {
        let Held { party, used_for, certificate } = *held;
        let federation = self.snapshot.federation();
        let fagsystem = self.uses.iter().find(|(fagsystem, _)| fagsystem.entity_id == *party);
        let (holder, name, authorities) = if party == ours {
            (Holder::Ours, party.to_string(), federation.authorities().collect())
        } else if let Some(idp) = federation.registered_idp(party) {
            (Holder::IdentityProvider, idp.name.clone(), federation.authorities_of(party, self.now))
        } else if let Some((fagsystem, users)) = fagsystem {
            (Holder::Fagsystem, fagsystem.name.clone(), users.clone())
        } else {
            (Holder::Service, party.to_string(), self.served_by(party))
        };
        let affected = |(known, users): &(&Fagsystem, Vec<&Authority>)| match holder {
            Holder::Fagsystem => known.entity_id == *party,
            _ => users.iter().any(|user| authorities.iter().any(|authority| authority.cvr == user.cvr)),
        };
        let fagsystemer = self.uses.iter().filter(|one| affected(one));
        Outlook {
            party: party.clone(),
            name,
            holder,
            used_for,
            subject: certificate.subject().to_owned(),
            fingerprint: certificate.id().to_string(),
            not_after: certificate.not_after(),
            days_left: days_left(certificate.not_after(), self.now),
            followed: false,
            fagsystemer: fagsystemer
                .map(|(fagsystem, _)| (fagsystem.entity_id.clone(), fagsystem.name.clone()))
                .collect(),
            authorities: authorities.iter().map(|one| (one.cvr, one.name.clone())).collect(),
            checked: None,
        }
    }

    /// The authorities whose users' rights an attribute service knows.
    fn served_by(&self, party: &EntityId) -> Vec<&'s Authority> {
        let serves = |authority: &&Authority| {
            self.snapshot
                .sources()
                .service_of(authority.cvr)
                .is_some_and(|service| service.entity_id == *party)
        };
        self.snapshot.federation().authorities().filter(serves).collect()
    }
}

/// Whether a reader may see a certificate; of who stops working they see their own part.
fn may_see(outlook: &mut Outlook, sees: &Sees, snapshot: &Snapshot, now: Timestamp) -> bool {
    let federation = snapshot.federation();
    outlook.authorities.retain(|(cvr, _)| sees.progress_of(*cvr, federation, now));
    match sees {
        Sees::Programme => true,
        Sees::Authority(_) => !outlook.authorities.is_empty(),
        Sees::Systems(systems) => {
            outlook.fagsystemer.retain(|(system, _)| systems.contains(system));
            outlook.holder == Holder::Ours || systems.contains(&outlook.party)
        }
    }
}
