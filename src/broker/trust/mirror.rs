//! The mirror for the supplier of a fagsystem: what the register expects of it, what its metadata looks like to us, and what
//! it was seen doing with what it was sent. Whoever looks is written down first.

use jiff::SignedDuration;

use super::super::console::Reader;
use super::super::registry::Snapshot;
use super::super::{Broker, Visit};
use crate::domain::federation::Fagsystem;
use crate::domain::id::EntityId;
use crate::domain::reason::Fault;
use crate::domain::trust::{Adoption, Finding, Mirror};
use crate::store::AuditQuery;

/// How far back the exchange log is read, and how many records at most.
const LOOKS_BACK: SignedDuration = SignedDuration::from_hours(24 * 30);
const MOST_RECORDS: u32 = 1000;

/// What a supplier sees of one fagsystem.
#[derive(Clone, Debug)]
pub struct Reflected {
    /// What is wrong with what is registered, and what is well.
    pub findings: Vec<Finding>,
    /// The logins, by municipality.
    pub used: Vec<Adoption>,
    /// What was sent and what was refused.
    pub mirror: Mirror,
}

/// How a fagsystem speaks, as it is registered.
#[derive(Clone, Debug, Default)]
pub struct Spoken {
    /// Whether it speaks OpenID Connect; else SAML.
    pub is_client: bool,
    /// How what it is sent is encrypted, if it is.
    pub encryption: Option<String>,
    /// Where it takes answers.
    pub answers: Vec<String>,
    /// Where it takes messages about logout.
    pub logout: Vec<String>,
}

impl Broker {
    /// What is to be seen of a fagsystem, for a reader who may see it.
    pub async fn reflect(
        &self,
        visit: &Visit,
        reader: &Reader,
        system: &EntityId,
    ) -> Result<Reflected, Fault> {
        self.look_at_system(visit, reader, system).await?;
        let query = AuditQuery {
            fagsystem: Some(system.clone()),
            since: Some(self.clock.now() - LOOKS_BACK),
            limit: MOST_RECORDS,
            ..AuditQuery::default()
        };
        let records = self.store.search_audit(query).await?;
        let records: Vec<_> = records.into_iter().map(|logged| logged.record).collect();
        let mut used = self.store.adoption(None).await?;
        used.retain(|used| used.fagsystem == *system);
        used.sort_by_key(|used| used.authority.to_string());
        Ok(Reflected { findings: self.gate(system).await, used, mirror: Mirror::of(&records) })
    }

    /// The fagsystemer that a reader may see, in the order of their names.
    pub fn systems_seen<'s>(&self, snapshot: &'s Snapshot, reader: &Reader) -> Vec<&'s Fagsystem> {
        let all = snapshot.federation().fagsystemer();
        let mut seen: Vec<_> = all.filter(|known| reader.sees.mirror_of(&known.entity_id)).collect();
        seen.sort_by_key(|known| (&known.name, &known.entity_id));
        seen
    }

    /// How a registered fagsystem speaks; nothing where its metadata does not hold, or where it is switched off.
    pub fn spoken(&self, snapshot: &Snapshot, system: &EntityId) -> Spoken {
        if let Ok(client) = snapshot.client(system) {
            let speaks = client.speaks;
            let channels = [&speaks.logout.backchannel, &speaks.logout.frontchannel];
            return Spoken {
                is_client: true,
                encryption: speaks.encrypted.map(|how| format!("{}, {}", how.key.name(), how.content.name())),
                answers: speaks.redirect_uris.iter().map(|uri| uri.as_str().to_owned()).collect(),
                logout: channels.into_iter().flatten().cloned().collect(),
            };
        }
        let Ok(known) = snapshot.fagsystem(system, self.now()) else { return Spoken::default() };
        let metadata = known.metadata;
        let browser = metadata.logout.browser.as_ref().map(|browser| browser.requests.clone());
        Spoken {
            is_client: false,
            encryption: metadata
                .encryption
                .as_ref()
                .map(|(_, how)| format!("{}, {}", how.key.uri(), how.content.uri())),
            answers: metadata.acs.iter().map(|acs| acs.location.clone()).collect(),
            logout: metadata.logout.soap.clone().into_iter().chain(browser).collect(),
        }
    }
}
