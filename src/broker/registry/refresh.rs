//! Fresh metadata from the addresses that parties are registered with. What is fetched is believed only if a signing key
//! of the last good copy signed it, so that a party can change its keys by itself and nobody else can; whatever else
//! comes is kept out, and the last good copy stays.

use jiff::Timestamp;
use tokio::task::JoinSet;

use super::{Snapshot, read};
use crate::broker::Broker;
use crate::broker::egress::Egress;
use crate::domain::audit::{Actor, Event, Record};
use crate::domain::id::{EntityId, LoginId};
use crate::domain::reason::{Fault, Reason};
use crate::protocol::keys::{Certificate, KeyId, TrustedKeys};
use crate::protocol::saml::metadata::Parsed;
use crate::protocol::xml::Document;
use crate::store::FreshMetadata;

/// The largest metadata that is fetched.
const MAX_METADATA: usize = 32 * 1024 * 1024;
/// So many are fetched at once.
const AT_ONCE: usize = 8;

/// How fetching the metadata of one party went.
#[derive(Debug)]
pub struct Refreshed {
    /// The party.
    pub party: EntityId,
    /// Whether anything new was taken up, or why the last good copy stays.
    pub outcome: Result<bool, Fault>,
}

impl Broker {
    /// Fetches the metadata of every party that is registered with an address for it, and takes up what is good.
    pub async fn refresh_metadata(&self, egress: &Egress) -> Result<Vec<Refreshed>, Fault> {
        let kept = self.store.registry().await?;
        let last_good = read::snapshot(&kept).map_err(|complaints| super::unreadable(&complaints))?;
        let mut told = Vec::new();
        let mut fresh = Vec::new();
        let mut waiting = read::metadata_urls(&kept.files).into_iter();
        let mut fetching = JoinSet::new();
        loop {
            for (party, url) in waiting.by_ref().take(AT_ONCE - fetching.len()) {
                let egress = egress.clone();
                fetching.spawn(async move { (party, egress.get(&url, MAX_METADATA).await) });
            }
            let Some(Ok((party, fetched))) = fetching.join_next().await else { break };
            let now = self.now();
            let outcome = match fetched {
                Ok(fetched) if kept.fetched.get(party.as_str()) == Some(&fetched.body) => Ok(false),
                Ok(fetched) => last_good.follows(&party, &fetched.body, now).map(|keys| {
                    let record = self.record(&party, &keys, now);
                    fresh.push(FreshMetadata { party: party.clone(), content: fetched.body, record });
                    true
                }),
                Err(fault) => Err(fault),
            };
            told.push(Refreshed { party, outcome });
        }
        if !fresh.is_empty() {
            self.store.keep_metadata(kept.version, fresh).await?;
            self.reload_registry().await?;
        }
        told.sort_by(|one, other| one.party.cmp(&other.party));
        Ok(told)
    }

    fn record(&self, party: &EntityId, keys: &[KeyId], now: Timestamp) -> Record {
        let change = LoginId::begun(now, self.random.bits());
        let mut record =
            Record::allowed(now, change, Event::RegistryChanged, Actor::Broker, Reason::RegistryApplied);
        let keys: Vec<&str> = keys.iter().filter_map(|key| key.as_str().get(..16)).collect();
        let detail = format!("new metadata of {party} was fetched; its keys are now {}", keys.join(", "));
        record.detail = Some(Record::tame(&detail));
        record
    }
}

impl Snapshot {
    /// Whether fetched metadata may take the place of the last good copy, in every role that the party has. Tells the
    /// keys that would then count.
    fn follows(&self, party: &EntityId, content: &[u8], now: Timestamp) -> Result<Vec<KeyId>, Fault> {
        let document = Document::parse_metadata(content).map_err(kept_out)?;
        let proved = |keys: &TrustedKeys| Parsed::new(&document).signed_by(&in_force(keys, now)?);
        let mut keys = Vec::new();
        if let Some(known) = self.idps.get(party) {
            let fresh = proved(&known.keys).and_then(|proved| proved.idp(Some(party))).map_err(kept_out)?;
            check_time(fresh.valid_until, known.valid_until, now)?;
            keys.extend(overlapping(&fresh.keys, &known.keys)?);
        }
        if let Some(known) = self.fagsystemer.get(party) {
            let fresh = proved(&known.keys).and_then(|proved| proved.sp(Some(party))).map_err(kept_out)?;
            check_time(fresh.valid_until, known.valid_until, now)?;
            keys.extend(overlapping(&fresh.keys, &known.keys)?);
        }
        if let Some(known) = self.attribute_services.get(party) {
            let fresh = proved(&known.keys).and_then(|proved| proved.attribute_service(Some(party)));
            let fresh = fresh.map_err(kept_out)?;
            check_time(fresh.valid_until, known.valid_until, now)?;
            keys.extend(overlapping(&fresh.keys, &known.keys)?);
        }
        if keys.is_empty() {
            return Err(Fault::new(Reason::MdRefused, "there is no last good copy to prove it with"));
        }
        Ok(keys)
    }
}

/// The keys that may vouch for others now. One whose certificate has ended logs nobody in, so it admits no key either.
fn in_force(keys: &TrustedKeys, now: Timestamp) -> Result<TrustedKeys, Fault> {
    let holds = |certificate: &&Certificate| keys.check_in_force(certificate.id(), now).is_ok();
    TrustedKeys::new(keys.certificates().iter().filter(holds).cloned().collect())
}

/// Whatever is wrong with fetched metadata, it is refused metadata; the cause stays in the detail.
fn kept_out(fault: Fault) -> Fault {
    match fault.reason {
        Reason::MdLimit | Reason::MdKey => fault,
        _ => Fault::new(Reason::MdRefused, fault.to_string()),
    }
}

/// Fresh metadata holds now, and no shorter than what it replaces: else an old copy could be played back.
fn check_time(fresh: Option<Timestamp>, known: Option<Timestamp>, now: Timestamp) -> Result<(), Fault> {
    match (fresh, known) {
        (Some(until), _) if until <= now => {
            Err(Fault::new(Reason::MdRefused, format!("it was valid until {until}")))
        }
        (Some(until), Some(known)) if until < known => {
            let detail = format!("it is older than the last good copy: valid until {until}, not {known}");
            Err(Fault::new(Reason::MdRefused, detail))
        }
        _ => Ok(()),
    }
}

/// One key at least stays. Who brings all keys anew may have stolen the last one.
fn overlapping(fresh: &TrustedKeys, known: &TrustedKeys) -> Result<Vec<KeyId>, Fault> {
    if !fresh.certificates().iter().any(|certificate| known.certificates().contains(certificate)) {
        return Err(Fault::new(
            Reason::MdChange,
            "none of the keys of the last good copy is among the new ones",
        ));
    }
    Ok(fresh.certificates().iter().map(|certificate| certificate.id().clone()).collect())
}
