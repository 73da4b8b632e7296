//! Who may do what with whom: authorities, identity providers, fagsystemer and the agreements between them.
//!
//! A [`Federation`] is an immutable snapshot. Every question that a login asks of it is one look-up, however many
//! parties there are, and every answer says for which moment it holds.

mod party;

use std::collections::HashMap;

use jiff::Timestamp;

use super::id::{Cvr, EntityId};
use super::reason::{Fault, Reason};
use super::robot::{Robot, Robots};
use super::role::{Right, Roles};
use super::source::WhenDown;
use super::validity::Validity;

pub use party::{
    AttributeProfile, Authority, Dialect, Fagsystem, IdentityProvider, IdpProfile, IdpRole, NoRights,
};

/// An authority and the identity provider that speaks for it: one line of the choice that a user is given.
#[derive(Clone, Copy, Debug)]
pub struct Choice<'f> {
    /// The authority.
    pub authority: &'f Authority,
    /// Its identity provider.
    pub idp: &'f IdentityProvider,
}

/// The proof that an authority, its identity provider and a fagsystem have agreed, at one moment.
/// Only [`Federation::agreement`] makes one, and no grant can be made without it.
#[derive(Clone, Copy, Debug)]
pub struct Agreement<'f> {
    authority: &'f Authority,
    idp: &'f IdentityProvider,
    fagsystem: &'f Fagsystem,
    rehearsed: bool,
}

impl<'f> Agreement<'f> {
    /// Whether it is a trust run's, under which nothing is issued.
    pub fn is_rehearsed(&self) -> bool {
        self.rehearsed
    }

    /// The authority whose user this is.
    pub fn authority(&self) -> &'f Authority {
        self.authority
    }

    /// The identity provider that speaks for it.
    pub fn idp(&self) -> &'f IdentityProvider {
        self.idp
    }

    /// The fagsystem that may be told.
    pub fn fagsystem(&self) -> &'f Fagsystem {
        self.fagsystem
    }
}

/// Everybody who is registered, and who has agreed with whom.
#[derive(Debug)]
pub struct Federation {
    ourselves: Fagsystem,
    authorities: HashMap<Cvr, Authority>,
    idps: HashMap<EntityId, IdentityProvider>,
    fagsystemer: HashMap<EntityId, Fagsystem>,
    /// Per authority the identity providers that speak for it.
    speakers: HashMap<Cvr, Vec<(EntityId, Validity)>>,
    /// Per fagsystem the authorities whose users may use it.
    users: HashMap<EntityId, HashMap<Cvr, Validity>>,
    roles: Roles,
    robots: Robots,
}

impl Default for Federation {
    fn default() -> Self {
        let mut roles = Roles::default();
        for right in Right::ALL {
            roles.add_user_system_role(right.role());
        }
        let ourselves = Fagsystem {
            entity_id: EntityId::ourselves(),
            name: "context-handler".to_owned(),
            cvr: Cvr::NOBODY,
            active: true,
            dialect: Dialect::Oiosaml3,
            required: None,
            attributes: AttributeProfile::default(),
            sign_response: false,
            when_down: WhenDown::default(),
            no_rights: NoRights::default(),
        };
        Self {
            ourselves,
            authorities: HashMap::new(),
            idps: HashMap::new(),
            fagsystemer: HashMap::new(),
            speakers: HashMap::new(),
            users: HashMap::new(),
            roles,
            robots: Robots::default(),
        }
    }
}

impl Federation {
    /// Registers an authority; false when its number is taken.
    pub fn add_authority(&mut self, authority: Authority) -> bool {
        self.authorities.insert(authority.cvr, authority).is_none()
    }

    /// Registers an identity provider; false when its name is taken.
    pub fn add_idp(&mut self, idp: IdentityProvider) -> bool {
        self.idps.insert(idp.entity_id.clone(), idp).is_none()
    }

    /// Registers a fagsystem; false when its name is taken.
    pub fn add_fagsystem(&mut self, fagsystem: Fagsystem) -> bool {
        let is_new = fagsystem.entity_id != self.ourselves.entity_id;
        self.fagsystemer.insert(fagsystem.entity_id.clone(), fagsystem).is_none() && is_new
    }

    /// Registers that an identity provider speaks for an authority; false when that is registered already.
    pub fn add_speaker(&mut self, authority: Cvr, idp: EntityId, validity: Validity) -> bool {
        let speakers = self.speakers.entry(authority).or_default();
        let is_new = speakers.iter().all(|(known, _)| *known != idp);
        speakers.push((idp, validity));
        is_new
    }

    /// Registers that an authority's users may use a fagsystem; false when that is registered already.
    pub fn add_use(&mut self, authority: Cvr, fagsystem: EntityId, validity: Validity) -> bool {
        self.users.entry(fagsystem).or_default().insert(authority, validity).is_none()
    }

    /// The roles that are registered.
    pub fn roles(&self) -> &Roles {
        &self.roles
    }

    /// The roles, to register more.
    pub fn roles_mut(&mut self) -> &mut Roles {
        &mut self.roles
    }

    /// Declares a robot; false when its number at its municipality is taken.
    pub fn add_robot(&mut self, robot: Robot) -> bool {
        self.robots.add(robot)
    }

    /// Whether a municipality has declared robots.
    pub fn has_robots(&self, authority: Cvr) -> bool {
        self.robots.any_of(authority)
    }

    /// The robot that a municipality has declared under this number.
    pub fn robot(&self, authority: Cvr, id: &str) -> Option<&Robot> {
        self.robots.find(authority, id)
    }

    /// The authority of this number.
    pub fn authority(&self, cvr: Cvr) -> Option<&Authority> {
        self.authorities.get(&cvr)
    }

    /// Every authority, in no particular order.
    pub fn authorities(&self) -> impl Iterator<Item = &Authority> {
        self.authorities.values()
    }

    /// Every identity provider, in no particular order.
    pub fn idps(&self) -> impl Iterator<Item = &IdentityProvider> {
        self.idps.values()
    }

    /// Every fagsystem, in no particular order.
    pub fn fagsystemer(&self) -> impl Iterator<Item = &Fagsystem> {
        self.fagsystemer.values()
    }

    /// The registered identity provider of this name, switched on or not.
    pub fn registered_idp(&self, entity_id: &EntityId) -> Option<&IdentityProvider> {
        self.idps.get(entity_id)
    }

    /// The registered identity provider of this name, switched on.
    pub fn idp(&self, entity_id: &EntityId) -> Result<&IdentityProvider, Fault> {
        match self.idps.get(entity_id) {
            Some(idp) if idp.active => Ok(idp),
            Some(_) => Err(Fault::new(Reason::IdpDisabled, format!("{entity_id} is switched off"))),
            None => Err(Fault::new(Reason::IdpUnknown, format!("{entity_id} is not registered"))),
        }
    }

    /// The provider that may raise the level of an authority's users: allowed by the authority, and switched on.
    pub fn step_up(&self, authority: Cvr) -> Option<&IdentityProvider> {
        let allowed = self.authorities.get(&authority)?.step_up.as_ref()?;
        self.idp(allowed).ok().filter(|idp| idp.role == IdpRole::StepUp)
    }

    /// The registered fagsystem of this name, switched on.
    pub fn fagsystem(&self, entity_id: &EntityId) -> Result<&Fagsystem, Fault> {
        match self.fagsystemer.get(entity_id) {
            None if *entity_id == self.ourselves.entity_id => Ok(&self.ourselves),
            Some(fagsystem) if fagsystem.active => Ok(fagsystem),
            Some(_) => Err(Fault::new(Reason::SpDisabled, format!("{entity_id} is switched off"))),
            None => Err(Fault::new(Reason::SpUnknown, format!("{entity_id} is not registered"))),
        }
    }

    /// The agreement of all three at this moment, or which part of it is missing.
    pub fn agreement(
        &self,
        authority: Cvr,
        idp: &EntityId,
        fagsystem: &EntityId,
        now: Timestamp,
    ) -> Result<Agreement<'_>, Fault> {
        let fagsystem = self.fagsystem(fagsystem)?;
        let idp = self.idp(idp)?;
        let authority = self.spoken_for(authority, idp, now)?;
        self.check_use(authority, fagsystem, now)?;
        Ok(Agreement { authority, idp, fagsystem, rehearsed: false })
    }

    /// What a trust run rests on: the identity provider may be switched off still, and where no fagsystem asks we do.
    pub fn rehearsal(
        &self,
        authority: Cvr,
        idp: &EntityId,
        fagsystem: &EntityId,
        now: Timestamp,
    ) -> Result<Agreement<'_>, Fault> {
        let unknown = || Fault::new(Reason::IdpUnknown, format!("{idp} is not registered"));
        let idp = self.idps.get(idp).ok_or_else(unknown)?;
        let authority = self.spoken_for(authority, idp, now)?;
        let fagsystem = self.fagsystem(fagsystem)?;
        self.check_use(authority, fagsystem, now)?;
        Ok(Agreement { authority, idp, fagsystem, rehearsed: true })
    }

    /// The same agreement as of now.
    pub fn again(&self, agreement: &Agreement<'_>, now: Timestamp) -> Result<Agreement<'_>, Fault> {
        let (authority, idp) = (agreement.authority.cvr, &agreement.idp.entity_id);
        let fagsystem = &agreement.fagsystem.entity_id;
        match agreement.rehearsed {
            true => self.rehearsal(authority, idp, fagsystem, now),
            false => self.agreement(authority, idp, fagsystem, now),
        }
    }

    fn spoken_for(
        &self,
        authority: Cvr,
        idp: &IdentityProvider,
        now: Timestamp,
    ) -> Result<&Authority, Fault> {
        let missing = |what: String| Fault::new(Reason::AgreementMissing, what);
        let unknown = || missing(format!("authority {authority} is not registered"));
        let authority = self.authorities.get(&authority).ok_or_else(unknown)?;
        if !self.speaks_for(&idp.entity_id, authority.cvr, now) {
            let cvr = authority.cvr;
            return Err(missing(format!("no federation agreement of {cvr} with {} in force", idp.entity_id)));
        }
        Ok(authority)
    }

    fn check_use(&self, authority: &Authority, fagsystem: &Fagsystem, now: Timestamp) -> Result<(), Fault> {
        if !self.may_use(authority.cvr, &fagsystem.entity_id, now) {
            let what =
                format!("no service agreement of {} with {} in force", authority.cvr, fagsystem.entity_id);
            return Err(Fault::new(Reason::AgreementMissing, what));
        }
        Ok(())
    }

    /// Whether the identity provider speaks for the authority at this moment.
    pub fn speaks_for(&self, idp: &EntityId, authority: Cvr, now: Timestamp) -> bool {
        self.speakers
            .get(&authority)
            .is_some_and(|all| all.iter().any(|(known, validity)| known == idp && validity.holds(now)))
    }

    /// Whether the authority's users may use the fagsystem at this moment.
    pub fn may_use(&self, authority: Cvr, fagsystem: &EntityId, now: Timestamp) -> bool {
        let agreed = || self.users.get(fagsystem)?.get(&authority);
        *fagsystem == self.ourselves.entity_id || agreed().is_some_and(|validity| validity.holds(now))
    }

    /// The fagsystemer that the authority's users may use at this moment, in the order of their names.
    pub fn used_by(&self, authority: Cvr, now: Timestamp) -> Vec<&Fagsystem> {
        let in_force = |users: &HashMap<Cvr, Validity>| users.get(&authority).is_some_and(|v| v.holds(now));
        let used = self.users.iter().filter(|(_, users)| in_force(users));
        let mut used: Vec<_> = used.filter_map(|(name, _)| self.fagsystem(name).ok()).collect();
        used.sort_by_key(|fagsystem| (&fagsystem.name, &fagsystem.entity_id));
        used
    }

    /// The authorities that an identity provider speaks for at this moment, in the order of their numbers.
    pub fn authorities_of(&self, idp: &EntityId, now: Timestamp) -> Vec<&Authority> {
        let mut all: Vec<&Authority> =
            self.authorities.values().filter(|authority| self.speaks_for(idp, authority.cvr, now)).collect();
        all.sort_by_key(|authority| authority.cvr);
        all
    }

    /// The choices that a user of this fagsystem has at this moment, in no particular order: most logins need no list.
    pub fn choices(&self, fagsystem: &EntityId, now: Timestamp) -> Vec<Choice<'_>> {
        let users = self.users.get(fagsystem).into_iter().flatten();
        let agreed = users.filter(|(_, validity)| validity.holds(now));
        let agreed = agreed.filter_map(|(cvr, _)| self.authorities.get(cvr));
        // Our own pages are for everybody.
        let everybody = *fagsystem == self.ourselves.entity_id;
        let all = self.authorities.values().filter(|_| everybody);
        agreed.chain(all).flat_map(|authority| self.speakers_of(authority, now)).collect()
    }

    fn speakers_of<'f>(
        &'f self,
        authority: &'f Authority,
        now: Timestamp,
    ) -> impl Iterator<Item = Choice<'f>> {
        let on = self.speakers(authority.cvr, now).filter(|idp| idp.active);
        on.map(move |idp| Choice { authority, idp })
    }

    /// The identity providers that speak for an authority at this moment, switched on or not.
    pub fn speakers(&self, authority: Cvr, now: Timestamp) -> impl Iterator<Item = &IdentityProvider> {
        let speakers = self.speakers.get(&authority).into_iter().flatten();
        speakers.filter(move |(_, validity)| validity.holds(now)).filter_map(|(idp, _)| self.idps.get(idp))
    }
}
