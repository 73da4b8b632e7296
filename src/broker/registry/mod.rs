//! The register: a directory of files that people review, kept in the store and read into one immutable snapshot.
//!
//! Whatever stands in a snapshot has been read and checked whole. It is swapped atomically, and every question of a
//! login asks the snapshot of that moment, so that a party that was switched off is refused everywhere at once.

mod held;
mod people;
mod plan;
mod read;
mod refresh;

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use jiff::Timestamp;

use super::Broker;
use crate::domain::audit::{Actor, Event, Record};
use crate::domain::federation::{Agreement, Fagsystem, Federation, IdentityProvider};
use crate::domain::id::{Cvr, EntityId, LoginId};
use crate::domain::login::Asked;
use crate::domain::reason::{Fault, Reason};
use crate::domain::source::{AttributeService, Sources};
use crate::domain::written::Complaint;
use crate::protocol::keys::{Certificate, Decrypter};
use crate::protocol::oauth::client::Client;
use crate::protocol::saml::metadata::{AttributeServiceMetadata, IdpMetadata, SpMetadata};
use crate::protocol::saml::response::Opening;
use crate::protocol::xml::Cbc;
use crate::store::{RegistryFiles, StoreError};

pub use held::{Held, Trusted, documents};
pub use people::KnownRequester;
pub use plan::{Change, Plan};
pub use refresh::Refreshed;

use people::People;

/// The register at one moment: who is registered, what they have agreed, where they are reached, which keys are theirs.
#[derive(Debug, Default)]
pub struct Snapshot {
    version: u64,
    federation: Federation,
    idps: HashMap<EntityId, IdpMetadata>,
    fagsystemer: HashMap<EntityId, SpMetadata>,
    clients: HashMap<EntityId, Client>,
    people: People,
    sources: Sources,
    attribute_services: HashMap<EntityId, AttributeServiceMetadata>,
}

/// An identity provider that is registered and switched on, with metadata that holds.
#[derive(Clone, Copy)]
pub struct KnownIdp<'s> {
    /// What the register says.
    pub registered: &'s IdentityProvider,
    /// What its metadata says.
    pub metadata: &'s IdpMetadata,
}

impl<'s> KnownIdp<'s> {
    /// With what its answers are opened.
    pub(super) fn opening<'k>(&self, decrypters: &'k [Arc<dyn Decrypter>]) -> Opening<'k>
    where
        's: 'k,
    {
        let cbc = if self.registered.danger_allow_cbc { Cbc::DangerAllowed } else { Cbc::Refused };
        Opening { keys: &self.metadata.keys, decrypters, cbc }
    }
}

/// A fagsystem that is registered and switched on, with metadata that holds.
#[derive(Clone, Copy)]
pub struct KnownFagsystem<'s> {
    /// What the register says.
    pub registered: &'s Fagsystem,
    /// What its metadata says.
    pub metadata: &'s SpMetadata,
}

/// A fagsystem that speaks OpenID Connect, registered and switched on.
#[derive(Clone, Copy)]
pub struct KnownClient<'s> {
    /// What the register says about it as a fagsystem.
    pub registered: &'s Fagsystem,
    /// What the register says about how it speaks.
    pub speaks: &'s Client,
}

/// An attribute service that is registered and switched on, with metadata that holds.
#[derive(Clone, Copy)]
pub struct KnownAttributeService<'s> {
    /// What the register says.
    pub registered: &'s AttributeService,
    /// What its metadata says.
    pub metadata: &'s AttributeServiceMetadata,
}

impl Snapshot {
    /// Who is registered and what they have agreed.
    pub fn federation(&self) -> &Federation {
        &self.federation
    }

    /// The identity provider of this name, if it may speak now.
    pub fn idp(&self, name: &EntityId, now: Timestamp) -> Result<KnownIdp<'_>, Fault> {
        self.with_metadata(self.federation.idp(name)?, now)
    }

    /// What a login rests on at this moment: the agreement, and the identity provider with its metadata.
    pub(super) fn agreed(
        &self,
        asked: &Asked,
        (authority, idp): (Cvr, &EntityId),
        now: Timestamp,
    ) -> Result<(Agreement<'_>, KnownIdp<'_>), Fault> {
        let (federation, fagsystem) = (&self.federation, &asked.fagsystem);
        let agreement = match asked.reply.trial() {
            Some(_) => federation.rehearsal(authority, idp, fagsystem, now)?,
            None => federation.agreement(authority, idp, fagsystem, now)?,
        };
        Ok((agreement, self.with_metadata(agreement.idp(), now)?))
    }

    fn with_metadata<'s>(
        &'s self,
        registered: &'s IdentityProvider,
        now: Timestamp,
    ) -> Result<KnownIdp<'s>, Fault> {
        let name = &registered.entity_id;
        let metadata = self.idps.get(name).ok_or_else(|| no_metadata(name))?;
        check_validity(name, metadata.valid_until, now)?;
        Ok(KnownIdp { registered, metadata })
    }

    /// The metadata of the identity provider of this name, switched on or not.
    pub(super) fn idp_metadata(&self, name: &EntityId) -> Option<&IdpMetadata> {
        self.idps.get(name)
    }

    /// Whether the identity provider has metadata that is in force, with a signing key that is.
    pub(super) fn metadata_holds(&self, name: &EntityId, now: Timestamp) -> bool {
        let in_force = |key: &Certificate| key.not_before() <= now && now < key.not_after();
        self.idps.get(name).is_some_and(|metadata| {
            check_validity(name, metadata.valid_until, now).is_ok()
                && metadata.keys.certificates().iter().any(in_force)
        })
    }

    /// The fagsystem of this name, if it may ask now.
    pub fn fagsystem(&self, name: &EntityId, now: Timestamp) -> Result<KnownFagsystem<'_>, Fault> {
        let registered = self.federation.fagsystem(name)?;
        let metadata = self.fagsystemer.get(name).ok_or_else(|| no_metadata(name))?;
        check_validity(name, metadata.valid_until, now)?;
        Ok(KnownFagsystem { registered, metadata })
    }

    /// The fagsystem of this name that speaks OpenID Connect, if it may ask now.
    pub fn client(&self, name: &EntityId) -> Result<KnownClient<'_>, Fault> {
        let registered = self.federation.fagsystem(name)?;
        let no_client = || Fault::new(Reason::SpUnknown, format!("{name} speaks no OpenID Connect"));
        let speaks = self.clients.get(name).ok_or_else(no_client)?;
        Ok(KnownClient { registered, speaks })
    }

    /// Every fagsystem that speaks OpenID Connect and may ask now.
    pub fn clients(&self) -> impl Iterator<Item = KnownClient<'_>> {
        self.clients.keys().filter_map(|name| self.client(name).ok())
    }

    /// Whether pages of this origin belong to a client that runs in the browser and is switched on.
    pub fn is_origin_of_client(&self, origin: &str) -> bool {
        let is_on = |name: &EntityId| self.federation.fagsystem(name).is_ok();
        self.clients.iter().any(|(name, client)| client.has_origin(origin) && is_on(name))
    }
}

impl Snapshot {
    /// Where rights come from.
    pub fn sources(&self) -> &Sources {
        &self.sources
    }

    /// The attribute service that tells about an authority's users, if it may be asked now.
    pub fn attribute_service(
        &self,
        authority: Cvr,
        now: Timestamp,
    ) -> Result<KnownAttributeService<'_>, Fault> {
        let down = |what: String| Fault::new(Reason::AsDown, what);
        let registered = self.sources.service_of(authority);
        let registered = registered.ok_or_else(|| down(format!("{authority} has no attribute service")))?;
        let name = &registered.entity_id;
        if !registered.active {
            return Err(down(format!("{name} is switched off")));
        }
        let metadata = self.attribute_services.get(name).ok_or_else(|| no_metadata(name))?;
        check_validity(name, metadata.valid_until, now).map_err(|fault| down(fault.detail.into_owned()))?;
        Ok(KnownAttributeService { registered, metadata })
    }
}

impl Snapshot {
    /// Reads a register as it is kept, or says everything that is wrong with it.
    pub fn read(kept: &RegistryFiles) -> Result<Self, Vec<Complaint>> {
        read::snapshot(kept)
    }
}

/// Where the metadata of parties is fetched, in the order of their names.
pub fn metadata_urls(files: &Files) -> BTreeMap<EntityId, String> {
    read::metadata_urls(files).into_iter().collect()
}

fn no_metadata(name: &EntityId) -> Fault {
    Fault::new(Reason::MdRefused, format!("there is no metadata of {name}"))
}

pub(super) fn check_validity(name: &EntityId, until: Option<Timestamp>, now: Timestamp) -> Result<(), Fault> {
    match until {
        Some(until) if until <= now => {
            Err(Fault::new(Reason::MdRefused, format!("the metadata of {name} was valid until {until}")))
        }
        _ => Ok(()),
    }
}

/// Files by their path below the directory of the register.
pub type Files = BTreeMap<String, Vec<u8>>;

/// Why a directory was not applied.
#[derive(Debug)]
pub enum NotApplied {
    /// Everything that is wrong with it.
    Wrong(Vec<Complaint>),
    /// The store says no.
    Store(StoreError),
}

impl Broker {
    /// Takes up the register from the store when it has changed; true when it had.
    pub async fn reload_registry(&self) -> Result<bool, Fault> {
        let version = self.store.registry_version().await?;
        if version == self.snapshot.load().version {
            return Ok(false);
        }
        let kept = self.store.registry().await?;
        let snapshot = read::snapshot(&kept).map_err(|complaints| unreadable(&complaints))?;
        self.snapshot.store(Arc::new(snapshot));
        Ok(true)
    }
}

/// What was applied was read whole before, so this happens only if somebody wrote into the database by hand: then the
/// last good snapshot stays.
fn unreadable(complaints: &[Complaint]) -> Fault {
    let first = complaints.first().map_or(String::new(), ToString::to_string);
    Fault::new(Reason::Internal, format!("the register in the store cannot be read: {first}"))
}

/// Parties whose metadata file was changed by hand, or whose address was withdrawn. What was fetched for them stands back:
/// an operator who replaces a key that was lost must not lose to a copy that the key signed.
fn replaced_by_hand(kept: &RegistryFiles, files: &Files) -> Result<Vec<EntityId>, Vec<Complaint>> {
    let before = read::metadata_files(&kept.files).unwrap_or_default();
    let after = read::metadata_files(files)?;
    let addresses = read::metadata_urls(files);
    let fetched = kept.fetched.keys().filter_map(|name| EntityId::new(name).ok());
    let is_replaced =
        |party: &EntityId| before.get(party) != after.get(party) || !addresses.contains_key(party);
    Ok(fetched.filter(is_replaced).collect())
}

/// Checks a directory as `apply` does, and says what it would change.
pub fn plan(kept: &RegistryFiles, files: &Files) -> Result<Plan, Vec<Complaint>> {
    let mut wanted = RegistryFiles { files: files.clone(), ..kept.clone() };
    for party in replaced_by_hand(kept, files)? {
        wanted.fetched.remove(party.as_str());
    }
    read::snapshot(&wanted)?;
    Plan::between(&kept.files, files)
}

/// Checks a directory and makes it the register, whole or not at all.
pub async fn apply(
    store: &dyn crate::store::Store,
    files: Files,
    now: Timestamp,
    change: LoginId,
) -> Result<Plan, NotApplied> {
    let kept = store.registry().await.map_err(NotApplied::Store)?;
    let plan = plan(&kept, &files).map_err(NotApplied::Wrong)?;
    if plan.changes().is_empty() && kept.files == files {
        return Ok(plan);
    }
    let mut record =
        Record::allowed(now, change, Event::RegistryChanged, Actor::Operator, Reason::RegistryApplied);
    record.detail = Some(Record::tame(&plan.summary()));
    let forget = replaced_by_hand(&kept, &files).map_err(NotApplied::Wrong)?;
    store.replace_registry(kept.version, files, forget, record).await.map_err(NotApplied::Store)?;
    Ok(plan)
}
