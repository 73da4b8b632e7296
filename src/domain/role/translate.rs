//! The translation: from what a municipality says that its user does, to what the fagsystem lets the user do.
//!
//! Nothing is given that is not registered, nothing is widened, and whatever is given or dropped leaves a
//! ruling. The rules stand for people in `docs/roles.md`.

use std::collections::HashSet;
use std::sync::Arc;

use jiff::Timestamp;

use super::{Function, JobFunctionRole, Limit, MOST_VALUES, Meaning, RestrictionType, Roles};
use crate::domain::audit::{Record, Ruling};
use crate::domain::federation::Agreement;
use crate::domain::id::{Cvr, EntityId};
use crate::domain::privilege::{Constraint, Met, PrivilegeGroup, PrivilegeList, Scope};
use crate::domain::reason::{Fault, Reason};
use crate::domain::validity::Validity;

/// Rights in the words of a fagsystem, and why they became what they are.
#[derive(Clone, Debug, Default)]
pub struct Translated {
    /// User system roles: one in each group, no group twice, in the order in which they were said.
    pub rights: PrivilegeList,
    /// One for everything that was kept or dropped.
    pub rulings: Vec<Ruling>,
}

impl Roles {
    /// Translates what a municipality said about a user into rights in the fagsystem of the agreement. `parameters` are the
    /// values that came beside the rights.
    pub fn translate(
        &self,
        rights: &PrivilegeList,
        parameters: &[Constraint],
        agreement: &Agreement<'_>,
        now: Timestamp,
    ) -> Translated {
        let said = rights.groups.iter().map(|group| group.privileges.len()).sum();
        let mut translation = Translation {
            roles: self,
            parameters,
            authority: agreement.authority().cvr,
            fagsystem: &agreement.fagsystem().entity_id,
            now,
            given: Vec::with_capacity(said),
            rulings: Vec::with_capacity(said),
        };
        for group in &rights.groups {
            for role in &group.privileges {
                translation.role(group, role);
            }
        }
        translation.done()
    }
}

/// A translation on its way.
struct Translation<'t> {
    roles: &'t Roles,
    parameters: &'t [Constraint],
    authority: Cvr,
    fagsystem: &'t EntityId,
    now: Timestamp,
    /// What became of the roles so far, each with the place of its ruling.
    given: Vec<(PrivilegeGroup, usize)>,
    rulings: Vec<Ruling>,
}

impl<'t> Translation<'t> {
    fn role(&mut self, group: &PrivilegeGroup, said: &str) {
        let Function { role, stands_for } = match self.admit(&group.scope, said) {
            Ok(function) => function,
            Err(fault) => {
                let said = if self.roles.is_role(said) { said.to_owned() } else { Record::tame(said) };
                return self.rule(group, said, None, fault);
            }
        };
        let meanings = stands_for.get(self.fagsystem).map_or(&[][..], Vec::as_slice);
        if meanings.is_empty() {
            let detail = "the role stands for nothing in this fagsystem";
            return self.rule(group, role.id.clone(), None, Fault::new(Reason::BppMapping, detail));
        }
        for meaning in meanings {
            let ruling = match self.limits(group, role, meaning) {
                Ok(constraints) => self.give(&group.scope, role, meaning, constraints),
                Err(fault) => fault,
            };
            self.rule(group, role.id.clone(), Some(meaning), ruling);
        }
        if let Some(fault) = ignored(group, meanings) {
            self.rule(group, role.id.clone(), None, fault);
        }
    }

    /// The role that is meant, if the user may hold it in these matters now.
    fn admit(&self, scope: &Scope, said: &str) -> Result<&'t Function, Fault> {
        let Scope::Cvr(scope) = scope else {
            return Err(Fault::new(Reason::BppScope, "expected the CVR number of an authority as scope"));
        };
        let known = self.roles.functions.get(said);
        // No id is both: it is looked up as the other only to say what it is.
        if known.is_none() && self.roles.user_system_role(said).is_some() {
            return Err(Fault::new(Reason::BppRole, "a user system role, which only a mapping may give"));
        }
        let of_scope = known.filter(|function| function.role.authority == *scope);
        if *scope == self.authority {
            return of_scope.ok_or_else(|| match known {
                Some(known) => Fault::new(Reason::BppRole, format!("a role of {}", known.role.authority)),
                None => Fault::new(Reason::BppRole, "no such role is registered"),
            });
        }
        let lent = |role: &JobFunctionRole, to: Cvr| role.delegated_to.iter().any(|(known, _)| *known == to);
        let Some(function) = of_scope.filter(|function| lent(&function.role, self.authority)) else {
            let is_own = |role: &JobFunctionRole| role.authority == self.authority;
            let is_turned_round = known.is_some_and(|known| is_own(&known.role) && lent(&known.role, *scope));
            let reason = if is_turned_round { Reason::BppDelegation } else { Reason::BppScope };
            return Err(Fault::new(
                reason,
                format!("{scope} has not delegated this role to {}", self.authority),
            ));
        };
        let in_force = |(to, validity): &(Cvr, Validity)| *to == self.authority && validity.holds(self.now);
        if !function.role.delegated_to.iter().any(in_force) {
            let detail = format!("the delegation from {scope} to {} is not in force", self.authority);
            return Err(Fault::new(Reason::BppDelegation, detail));
        }
        Ok(function)
    }

    /// Every limit that the mapping sets and the user system role requires; one that cannot be set drops the mapping.
    fn limits(
        &self,
        group: &PrivilegeGroup,
        role: &JobFunctionRole,
        meaning: &Meaning,
    ) -> Result<Vec<Constraint>, Fault> {
        let wrong = |detail: String| Fault::new(Reason::BppConstraint, detail);
        if let Some(wanted) = &meaning.lacks {
            return Err(wrong(format!("{wanted} is required and the mapping does not set it")));
        }
        let limit = |(kind, limit): &(Arc<RestrictionType>, Limit)| {
            let values = match limit {
                Limit::Fixed(values) => values.clone(),
                Limit::Parameter(name) => self.parameter(group, role, name)?,
            };
            kind.check(&values).map_err(wrong)?;
            Ok(Constraint { name: kind.id.clone(), values })
        };
        meaning.limits.iter().map(limit).collect()
    }

    /// The values of a parameter, as they were said for this very group. What came beside the rights limits the
    /// municipality's own roles only: whoever borrows a role does not say how far it reaches.
    fn parameter(
        &self,
        group: &PrivilegeGroup,
        role: &JobFunctionRole,
        name: &str,
    ) -> Result<Vec<String>, Fault> {
        let beside: &[Constraint] = if role.authority == self.authority { self.parameters } else { &[] };
        match (named(&group.constraints, name)?, named(beside, name)?) {
            (Some(within), Some(beside)) if !same(&within, &beside) => Err(Fault::new(
                Reason::BppConstraint,
                format!("{name} was said with the role and beside it, and not alike"),
            )),
            (Some(values), _) | (None, Some(values)) => Ok(values),
            (None, None) => {
                Err(Fault::new(Reason::BppConstraint, format!("expected a value of {name}, got none")))
            }
        }
    }

    /// Lays it down as given; whether it was given before shows at the end.
    fn give(
        &mut self,
        scope: &Scope,
        role: &JobFunctionRole,
        meaning: &Meaning,
        constraints: Vec<Constraint>,
    ) -> Fault {
        let mut told = String::new();
        for (at, limit) in constraints.iter().enumerate() {
            told.push_str(if at == 0 { "limited by " } else { ", " });
            told.push_str(&limit.name);
        }
        if role.authority != self.authority {
            also(&mut told, &["delegated by ", role.authority.as_str()]);
        }
        let privileges = vec![meaning.user_system_role.clone()];
        self.given
            .push((PrivilegeGroup { scope: scope.clone(), privileges, constraints }, self.rulings.len()));
        Fault::new(Reason::BppKept, told)
    }

    fn rule(&mut self, group: &PrivilegeGroup, role: String, meaning: Option<&Meaning>, why: Fault) {
        self.rulings.push(Ruling {
            reason: why.reason,
            scope: shown(&group.scope),
            role,
            mapping: meaning.map(|meaning| meaning.user_system_role.clone()),
            detail: why.detail.into_owned(),
        });
    }

    /// What was given, once each.
    fn done(self) -> Translated {
        let Self { given, mut rulings, .. } = self;
        let mut met = Met::default();
        let is_first: Vec<bool> = given.iter().map(|(group, _)| met.is_new(group)).collect();
        let mut groups = Vec::with_capacity(given.len());
        for ((group, ruling), is_first) in given.into_iter().zip(is_first) {
            match is_first {
                true => groups.push(group),
                false => also(&mut rulings[ruling].detail, &["the same was given before"]),
            }
        }
        Translated { rights: PrivilegeList { groups }, rulings }
    }
}

/// Adds to what is told.
fn also(told: &mut String, more: &[&str]) {
    if !told.is_empty() {
        told.push_str("; ");
    }
    more.iter().for_each(|text| told.push_str(text));
}

/// Constraints that no mapping asked for: what the register fixes, no message changes.
fn ignored(group: &PrivilegeGroup, meanings: &[Meaning]) -> Option<Fault> {
    let limits = || meanings.iter().flat_map(|meaning| &meaning.limits);
    let asked = |name: &str| limits().any(|(_, limit)| matches!(limit, Limit::Parameter(p) if p == name));
    let mut ignored = group.constraints.iter().filter(|constraint| !asked(&constraint.name));
    let first = Record::tame(&ignored.next()?.name);
    let detail = match ignored.count() {
        0 => format!("{first} is no parameter here and was ignored"),
        more => format!("{first} and {more} more are no parameters here and were ignored"),
    };
    Some(Fault::new(Reason::BppConstraint, detail))
}

/// What was said under a name; what was said twice is one list of alternatives.
fn named(constraints: &[Constraint], name: &str) -> Result<Option<Vec<String>>, Fault> {
    let mut said = constraints.iter().filter(|constraint| constraint.name == name).peekable();
    if said.peek().is_none() {
        return Ok(None);
    }
    let values: Vec<String> =
        said.flat_map(|constraint| &constraint.values).take(MOST_VALUES + 1).cloned().collect();
    if values.len() > MOST_VALUES {
        let detail = format!("expected at most {MOST_VALUES} values of {name}, got more");
        return Err(Fault::new(Reason::BppConstraint, detail));
    }
    Ok(Some(values))
}

/// Whether both leave the same alternatives.
fn same(one: &[String], other: &[String]) -> bool {
    let set = |values: &[String]| values.iter().cloned().collect::<HashSet<_>>();
    set(one) == set(other)
}

/// A scope as a record may show it.
fn shown(scope: &Scope) -> String {
    match scope {
        Scope::Cvr(cvr) => cvr.as_str().to_owned(),
        Scope::ProductionUnit(_) => "a production unit".to_owned(),
        Scope::Se(_) => "an SE number".to_owned(),
        Scope::Cpr(_) => "a person".to_owned(),
        // A CPR number with a slip in it is still somebody's.
        Scope::Other(text) if text.to_ascii_lowercase().contains("cpr") => "a person".to_owned(),
        Scope::Other(text) => Record::tame(text),
        Scope::Missing => "none".to_owned(),
    }
}
