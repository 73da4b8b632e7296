//! What a user may do, from whom the register says: the privilege list of the assertion, directory groups, users that are
//! kept here, or the authority's attribute service. The first source that has any rights wins; nothing is ever joined.
//!
//! A source is asked for rights and for nothing else: no answer raises a level or changes who the user is.

mod service;

use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use moka::sync::Cache;

use super::Broker;
use super::audit::Trail;
use super::case::{AskService, Case};
use super::egress::Egress;
use crate::domain::group;
use crate::domain::id::{Cvr, EntityId};
use crate::domain::privilege::{Constraint, PrivilegeList, constraints, is_parameter};
use crate::domain::reason::{Fault, Reason};
use crate::domain::source::RightsSource;
use crate::domain::subject::Subject;
use crate::domain::user::User;
use crate::protocol::saml::assertion::Said;

/// How much is remembered of attribute services, in bytes of their answers.
const MEMORY: u64 = 64 * 1024 * 1024;

/// How attribute services are called, and what they answered. What stands here is lost with a restart and does no harm by
/// it.
pub(super) struct Attributes {
    egress: Egress,
    answers: Cache<Asked, Arc<Remembered>>,
}

/// Which service was asked about which user, named letter by letter.
type Asked = (EntityId, Cvr, String);

/// What a source says.
#[derive(Clone, Debug, Default)]
struct Learned {
    rights: PrivilegeList,
    parameters: Vec<Constraint>,
}

/// What a service said, and when. Whether it may still be used is asked by our own clock.
#[derive(Debug)]
struct Remembered {
    learned: Learned,
    at: Timestamp,
    bytes: u32,
}

impl Remembered {
    fn is_younger_than(&self, age: SignedDuration, now: Timestamp) -> bool {
        let old = now.duration_since(self.at);
        !old.is_negative() && old < age
    }
}

/// What is kept of a user, as far as it is rights.
fn kept(user: User) -> Learned {
    let claims = user.claims.iter().filter(|(name, _)| is_parameter(name));
    let stated = claims.flat_map(|(name, values)| values.iter().map(|value| (name.as_str(), value.as_str())));
    Learned { parameters: constraints(stated), rights: user.rights }
}

fn unasked(authority: Cvr) -> Fault {
    Fault::new(Reason::AsUnasked, format!("the rights stand with the attribute service of {authority}"))
}

impl Attributes {
    pub(super) fn new(egress: Egress) -> Self {
        let answers = Cache::builder().max_capacity(MEMORY);
        let answers = answers.weigher(|_, remembered: &Arc<Remembered>| remembered.bytes).build();
        Self { egress, answers }
    }
}

impl Broker {
    /// Finds the user's rights: the sources that the identity provider is registered with, in their order.
    pub(super) async fn learn_rights(
        &self,
        trail: &mut Trail,
        mut subject: Subject,
        said: &Said,
        case: &Case<'_>,
    ) -> Result<Subject, Fault> {
        let agreement = &case.agreement;
        let mut stated = std::mem::take(&mut subject.rights);
        let (authority, parameters) = (subject.authority, &subject.parameters);
        let beside_the_name = |rights| Learned { rights, parameters: parameters.clone() };
        let mut learned = Learned::default();
        for source in &agreement.idp().rights {
            learned = match source {
                RightsSource::Assertion => beside_the_name(std::mem::take(&mut stated)),
                RightsSource::Groups => beside_the_name(self.rights_of_groups(trail, &subject, said)?),
                RightsSource::Users => {
                    self.user(authority, subject.name.serial()).await?.map(kept).unwrap_or_default()
                }
                RightsSource::AttributeService => match case.service {
                    AskService::Yes => self.ask_service(trail, &subject, agreement).await?,
                    AskService::Instead(rights) => Learned { rights: rights.clone(), ..Learned::default() },
                    AskService::No => return Err(unasked(authority)),
                },
            };
            if !learned.rights.is_empty() {
                break;
            }
        }
        let Learned { rights, parameters } = learned;
        Ok(Subject { rights, parameters, ..subject })
    }

    /// What the user's directory groups stand for. Where some were left out, those that are there give nothing: which
    /// rights a user has must not depend on which groups happened to fit.
    fn rights_of_groups(
        &self,
        trail: &mut Trail,
        subject: &Subject,
        said: &Said,
    ) -> Result<PrivilegeList, Fault> {
        if group::overage(said.attributes.names()) {
            trail.notice(&[Reason::GroupsOverage]);
            return Ok(PrivilegeList::default());
        }
        let snapshot = self.snapshot();
        let mut rights = PrivilegeList::default();
        for mapping in snapshot.sources().mappings(&subject.idp, subject.authority) {
            let values = said.attributes.all_named(&mapping.attribute)?;
            rights.groups.extend(mapping.rights(values.iter().map(String::as_str)).groups);
        }
        Ok(rights.normalised())
    }
}
