//! The gate that metadata passes before it is registered: what the document itself says, who issued its certificates,
//! whether they are revoked, whether anybody else uses them, and how it differs from what is registered.
//!
//! The part that needs no network is one function, so that anybody may be offered it.

use std::error::Error;

use jiff::Timestamp;
use tokio::sync::Semaphore;

use super::revoked::Revocation;
use super::stored::stored;
use crate::broker::Broker;
use crate::broker::registry::{Held, Snapshot, documents};
use crate::broker::users::{Caller, Denied};
use crate::domain::id::{Cvr, EntityId};
use crate::domain::reason::{Fault, Reason};
use crate::domain::trust::{Check, Finding, NOTHING, verdict};
use crate::protocol::keys::{Certificate, Chain, Link, Roots};
use crate::protocol::saml::review::{Described, Role, review};

/// The largest metadata of a party. Genuine ones have some ten thousand bytes.
pub const MOST_BYTES: usize = 1024 * 1024;

/// So many documents of strangers are judged at once, each by a thread that is there for what takes long. The others wait.
static TURNS: Semaphore = Semaphore::const_new(2);

/// What stands where a chain would be, had anybody configured a root.
const NO_ROOTS: &str = "trust.oces-roots = []";

/// Where metadata is that is to be looked at.
#[derive(Clone, Debug)]
pub enum Given {
    /// Here.
    Document(Vec<u8>),
    /// At an address.
    Address(String),
}

/// What a system wants to be looked at.
#[derive(Clone, Debug)]
pub enum Asked {
    /// Metadata.
    Given(Given),
    /// What is registered of a party.
    Party(EntityId),
}

/// What metadata is compared with.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Against<'p> {
    /// Nothing that we know.
    Nothing,
    /// Everybody who is registered.
    Register,
    /// Everybody else who is registered: it is the registered copy of this party.
    OwnCopy(&'p EntityId),
}

/// What came of a look at metadata.
#[derive(Debug, Default)]
pub struct Examined {
    /// What was looked at.
    pub findings: Vec<Finding>,
    /// Who is described.
    pub entities: Vec<EntityId>,
    /// The roles that are described.
    pub roles: Vec<Role>,
    chains: Vec<Chain>,
}

impl Broker {
    /// Looks at metadata with everything that can be learnt about it, others asked.
    pub async fn check_metadata(&self, given: Given) -> Vec<Finding> {
        self.examine_metadata(given).await.findings
    }

    /// The same, with who is described.
    pub async fn examine_metadata(&self, given: Given) -> Examined {
        let (content, fetched) = match given {
            Given::Document(content) => (content, None),
            Given::Address(address) => match self.settings.egress.get(&address, MOST_BYTES).await {
                Ok(fetched) => {
                    let received = fetched.body.len().to_string();
                    (fetched.body, Some(Finding::pass(Check::MetadataFetched, address, received)))
                }
                Err(fault) => {
                    let finding = Finding::fail(Check::MetadataFetched, fault.reason, address, NOTHING);
                    let findings = vec![finding.with_evidence(&fault.detail)];
                    return Examined { findings, ..Examined::default() };
                }
            },
        };
        let mut examined = self.look_at(&content, Against::Register);
        examined.findings.splice(0..0, fetched);
        self.ask_issuers(&mut examined, &Revocation::new(&self.settings)).await;
        examined
    }

    /// The part that anybody may be offered: it asks nobody, and tells nothing of the register.
    pub async fn judge_metadata(&self, content: Vec<u8>) -> Result<Examined, Fault> {
        let (snapshot, roots, now) = (self.snapshot(), self.settings.roots.clone(), self.now());
        let gone = |error: &dyn Error| Fault::new(Reason::Internal, error.to_string());
        let turn = TURNS.acquire().await.map_err(|error| gone(&error))?;
        let judging = tokio::task::spawn_blocking(move || {
            let _turn = turn; // whoever does not wait for the end does not shorten it
            look_at(&content, Against::Nothing, (&snapshot, &roots), now)
        });
        let mut examined = judging.await.map_err(|error| gone(&error))?;
        for check in [Check::CertificateRevoked, Check::CertificateUnique, Check::MetadataStored] {
            examined.findings.push(Finding::not_applicable(check, NOTHING));
        }
        Ok(examined)
    }

    /// Looks at metadata, or at a registered party, for a system of an authority. A party is one that the authority has
    /// agreed with.
    pub async fn check_for(&self, caller: &Caller, asked: Asked) -> Result<Examined, Denied> {
        let examined = match asked {
            Asked::Given(given) => self.examine_metadata(given).await,
            Asked::Party(party) => {
                let (snapshot, now) = (self.snapshot(), self.now());
                let (federation, authority) = (snapshot.federation(), caller.authority());
                if !federation.speaks_for(&party, authority, now)
                    && !federation.may_use(authority, &party, now)
                {
                    let what = format!("expected a party that {authority} has agreed with, got {party}");
                    return Err(self
                        .refuse_call(caller, Fault::new(Reason::ApiAuthority, what), Vec::new())
                        .await);
                }
                let findings = self.gate(&party).await;
                Examined { findings, entities: vec![party], ..Examined::default() }
            }
        };
        let entities: Vec<&str> = examined.entities.iter().map(EntityId::as_str).collect();
        let what = format!("{:?}: {}", verdict(&examined.findings), entities.join(", "));
        self.conclude_look(caller, Reason::MdChecked, what).await.map(|()| examined)
    }

    /// Looks at what is registered of a party, in each of its roles.
    pub async fn gate(&self, party: &EntityId) -> Vec<Finding> {
        match self.store.registry().await {
            Ok(kept) => {
                let registered = documents(&kept).remove(party).unwrap_or_default();
                self.gate_of(party, &registered, &Revocation::new(&self.settings)).await
            }
            Err(error) => {
                let finding =
                    Finding::fail(Check::MetadataStored, Reason::StoreDown, party.as_str(), NOTHING);
                vec![finding.with_evidence(&error.to_string())]
            }
        }
    }

    pub(super) async fn gate_of(
        &self,
        party: &EntityId,
        documents: &[Vec<u8>],
        revocation: &Revocation<'_>,
    ) -> Vec<Finding> {
        let mut findings = Vec::new();
        for content in documents {
            let mut examined = self.look_at(content, Against::OwnCopy(party));
            self.ask_issuers(&mut examined, revocation).await;
            findings.append(&mut examined.findings);
        }
        if findings.is_empty() {
            findings.push(Finding::not_applicable(Check::MetadataEntity, NOTHING).about(party.as_str()));
        }
        findings
    }

    fn look_at(&self, content: &[u8], against: Against<'_>) -> Examined {
        look_at(content, against, (&self.snapshot(), &self.settings.roots), self.now())
    }

    /// Asks the issuers. Only certificates that are proved up to a root say where, so nobody else can send us anywhere.
    async fn ask_issuers(&self, examined: &mut Examined, revocation: &Revocation<'_>) {
        if self.settings.roots.is_empty() {
            examined.findings.push(Finding::not_applicable(Check::CertificateRevoked, NO_ROOTS));
        }
        for chain in std::mem::take(&mut examined.chains) {
            for link in Link::all_of(&chain) {
                // Certificates of one issuer share what is above it.
                let finding = revocation.of(&link, self.now()).await;
                let is_new = |finding: &Finding| !examined.findings.contains(finding);
                let finding = finding.filter(is_new);
                examined.findings.extend(finding);
            }
        }
    }
}

/// What the document, the register and the roots say.
fn look_at(
    content: &[u8],
    against: Against<'_>,
    (snapshot, roots): (&Snapshot, &Roots),
    now: Timestamp,
) -> Examined {
    let only = match against {
        Against::OwnCopy(party) => Some(party),
        _ => None,
    };
    let reviewed = review(content, only, now);
    let mut examined = Examined {
        findings: reviewed.findings,
        entities: reviewed.entities,
        roles: reviewed.roles.iter().map(|described| described.role).collect(),
        chains: Vec::new(),
    };
    let held = snapshot.held();
    let mut seen: Vec<&Certificate> = Vec::new();
    for described in &reviewed.roles {
        let owners = owners(described, snapshot, now);
        for certificate in described.certificates() {
            if !seen.contains(&certificate) {
                examined.chain(certificate, roots, now);
                if against != Against::Nothing {
                    examined.findings.push(unique(certificate, described, &held));
                }
                seen.push(certificate);
            }
            if against != Against::Nothing {
                examined.owner(certificate, &owners);
            }
        }
        if against == Against::Register {
            examined.findings.append(&mut stored(described, snapshot));
        }
    }
    examined
}

impl Examined {
    fn chain(&mut self, certificate: &Certificate, roots: &Roots, now: Timestamp) {
        let (check, expected) = (Check::CertificateChain, "trust.oces-roots");
        let finding = if roots.is_empty() {
            Finding::not_applicable(check, NO_ROOTS)
        } else {
            match roots.chain(certificate, now) {
                Ok(chain) => {
                    let received = format!("{} ({})", chain.issuers().join(" ← "), chain.signed_with());
                    self.chains.push(chain);
                    Finding::pass(check, expected, received)
                }
                Err(fault) => Finding::fail(check, fault.reason, expected, certificate.issuer())
                    .with_evidence(&fault.detail),
            }
        };
        self.findings.push(finding.about(certificate.subject()));
    }

    /// A certificate that names an organisation names one of those that the party is registered for.
    fn owner(&mut self, certificate: &Certificate, owners: &[Cvr]) {
        let Some(named) = certificate.organisation().map(|named| named.cvr) else { return };
        if owners.is_empty() || owners.contains(&named) {
            return;
        }
        let (check, about) = (Check::CertificateOwner, certificate.subject());
        self.findings.retain(|known| known.check != check || known.about.as_deref() != Some(about));
        let expected: Vec<String> = owners.iter().map(|cvr| format!("NTRDK-{cvr}")).collect();
        let received = format!("NTRDK-{named}");
        let finding = Finding::warning(check, Reason::CertOwner, expected.join(" | "), received);
        self.findings.push(finding.about(about));
    }
}

/// Whether nobody else in the federation has the certificate, or its key.
fn unique(certificate: &Certificate, described: &Described, held: &[Held<'_>]) -> Finding {
    let others: Vec<&str> = held
        .iter()
        .filter(|held| *held.party != described.entity_id && held.certificate.has_key_of(certificate))
        .map(|held| held.party.as_str())
        .collect();
    let (check, expected) = (Check::CertificateUnique, described.entity_id.as_str());
    let finding = match others.is_empty() {
        true => Finding::pass(check, expected, expected),
        false => Finding::fail(check, Reason::CertShared, expected, others.join(", ")),
    };
    finding.about(certificate.subject())
}

/// The organisations that the party is registered for; none where it is not registered.
fn owners(described: &Described, snapshot: &Snapshot, now: Timestamp) -> Vec<Cvr> {
    let (federation, name) = (snapshot.federation(), &described.entity_id);
    match described.role {
        Role::Idp => federation.authorities_of(name, now).iter().map(|authority| authority.cvr).collect(),
        Role::Sp => {
            let registered = federation.fagsystemer().find(|known| known.entity_id == *name);
            registered.map(|known| known.cvr).into_iter().collect()
        }
        Role::Service => Vec::new(),
    }
}
