//! Roles: what municipalities call the work of their users, what fagsystemer call the rights that they give, and which
//! of the first stands for which of the second.
//!
//! A municipality says *job function roles*, its own. A fagsystem takes *user system roles*, its own. A *mapping*
//! stands between them and may set *restrictions*. Here stands what is registered; how rights are translated
//! by it stands in `translate.rs`. How roles are written in the register is no matter of this file.

use std::collections::HashMap;
use std::sync::Arc;

use regex::{Regex, RegexBuilder};

use super::id::{Cvr, EntityId};
use super::validity::Validity;

mod ours;
mod translate;

#[cfg(test)]
mod tests;

pub use ours::Right;
pub use translate::Translated;

/// What a user does at an authority, as the authority itself names it.
#[derive(Clone, Debug)]
pub struct JobFunctionRole {
    /// Its URI, compared letter by letter.
    pub id: String,
    /// The authority in whose matters it holds.
    pub authority: Cvr,
    /// Its name for people.
    pub name: String,
    /// Authorities whose users may hold it as well, and when.
    pub delegated_to: Vec<(Cvr, Validity)>,
}

/// A right in a fagsystem, as the fagsystem names it.
#[derive(Clone, Debug)]
pub struct UserSystemRole {
    /// Its URI, compared letter by letter.
    pub id: String,
    /// The one fagsystem that knows it.
    pub fagsystem: EntityId,
    /// Its name for people.
    pub name: String,
    /// What it can be limited by.
    pub restrictions: Vec<Restriction>,
}

/// Something that a user system role can be limited by.
#[derive(Clone, Debug)]
pub struct Restriction {
    /// The id of the restriction type.
    pub kind: String,
    /// Whether the role must not be given without it.
    pub required: bool,
}

/// A kind of limit, such as a group of cases or a unit of the organisation.
#[derive(Clone, Debug)]
pub struct RestrictionType {
    /// Its URI: the name of the constraint that a fagsystem reads.
    pub id: String,
    /// Its name for people.
    pub name: String,
    /// What its values look like.
    pub syntax: Option<Pattern>,
}

/// Says that a job function role stands for a user system role.
#[derive(Clone, Debug)]
pub struct RoleMapping {
    /// The id of the job function role.
    pub job_function_role: String,
    /// The id of the user system role.
    pub user_system_role: String,
    /// The limits that it sets, each by the id of its restriction type.
    pub restrictions: Vec<(String, Limit)>,
}

/// Where the values of a limit come from.
#[derive(Clone, Debug)]
pub enum Limit {
    /// From the register.
    Fixed(Vec<String>),
    /// From the municipality, at every login, under the URI of this parameter.
    Parameter(String),
}

/// The most values that one limit may have.
pub const MOST_VALUES: usize = 100;

impl RestrictionType {
    /// The longest value that is taken, whatever the syntax says.
    const LONGEST_VALUE: usize = 200;

    /// Whether these can be values of it; else what is wrong with them, without the values themselves.
    pub fn check(&self, values: &[String]) -> Result<(), String> {
        if values.is_empty() || values.len() > MOST_VALUES {
            return Err(format!("expected 1 to {MOST_VALUES} values of {}, got {}", self.id, values.len()));
        }
        match values.iter().position(|value| !self.takes(value)) {
            Some(at) => Err(format!("value {} of {} does not match the syntax", at + 1, self.id)),
            None => Ok(()),
        }
    }

    /// Without a syntax, only what is no list, no wildcard and no markup in any reader's eyes.
    fn takes(&self, value: &str) -> bool {
        let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | ':' | '/' | '-');
        // Readers split values at commas, and take other scripts' digits for ours or not, as they please.
        let ambiguous = |c: char| c == ',' || c.is_control() || (c.is_numeric() && !c.is_ascii());
        let fits = match &self.syntax {
            Some(pattern) => !value.contains(ambiguous) && pattern.0.is_match(value),
            None => value.chars().all(plain),
        };
        !value.is_empty() && value.chars().count() <= Self::LONGEST_VALUE && fits
    }
}

/// A regular expression that a whole value must match. It runs in linear time and has a limited size.
#[derive(Clone, Debug)]
pub struct Pattern(Regex);

impl Pattern {
    const MAX_SIZE: usize = 256 * 1024;

    /// Takes an expression as the register has it.
    pub fn new(expression: &str) -> Result<Self, String> {
        let build = |text: &str| RegexBuilder::new(text).size_limit(Self::MAX_SIZE).build();
        // By itself first: "a)|(b" is no expression, and would become one between our brackets.
        build(expression)
            .and_then(|_| build(&format!(r"\A(?:{expression})\z")))
            .map(Self)
            .map_err(|error| error.to_string())
    }
}

/// Every role that is registered, and what it stands for. A role of a user is one look-up, and what it stands for in a
/// fagsystem another: all else was looked up when it was registered.
#[derive(Debug, Default)]
pub struct Roles {
    functions: HashMap<String, Function>,
    user_system_roles: HashMap<String, UserSystemRole>,
    restriction_types: HashMap<String, Arc<RestrictionType>>,
}

/// A job function role with what it stands for in each fagsystem.
#[derive(Debug)]
struct Function {
    role: JobFunctionRole,
    stands_for: HashMap<EntityId, Vec<Meaning>>,
}

/// A mapping of a job function role.
#[derive(Debug)]
struct Meaning {
    user_system_role: String,
    limits: Vec<(Arc<RestrictionType>, Limit)>,
    /// Why it cannot give anything: a restriction that its user system role requires and it does not set.
    lacks: Option<String>,
}

impl Roles {
    /// Registers a job function role; false when its id is taken.
    pub fn add_job_function_role(&mut self, role: JobFunctionRole) -> bool {
        let is_new = !self.is_role(&role.id);
        self.functions.insert(role.id.clone(), Function { role, stands_for: HashMap::new() });
        is_new
    }

    /// Registers a user system role; false when its id is taken.
    pub fn add_user_system_role(&mut self, role: UserSystemRole) -> bool {
        let is_new = !self.is_role(&role.id);
        self.user_system_roles.insert(role.id.clone(), role);
        is_new
    }

    /// Registers a restriction type; false when its id is taken.
    pub fn add_restriction_type(&mut self, kind: RestrictionType) -> bool {
        self.restriction_types.insert(kind.id.clone(), Arc::new(kind)).is_none()
    }

    /// Registers what a job function role stands for; false when that is registered already, or when one of the roles or a
    /// restriction type is not.
    pub fn add_mapping(&mut self, mapping: RoleMapping) -> bool {
        let RoleMapping { job_function_role, user_system_role, restrictions } = mapping;
        let Some(function) = self.functions.get_mut(&job_function_role) else { return false };
        let Some(target) = self.user_system_roles.get(&user_system_role) else { return false };
        let is_set = |wanted: &Restriction| restrictions.iter().any(|(kind, _)| *kind == wanted.kind);
        let lacks = target.restrictions.iter().find(|wanted| wanted.required && !is_set(wanted));
        let lacks = lacks.map(|wanted| wanted.kind.clone());
        let known = |(kind, limit)| Some((self.restriction_types.get::<str>(kind)?.clone(), limit));
        let limits = restrictions.iter().map(|(kind, limit)| known((kind.as_str(), limit.clone())));
        let Some(limits) = limits.collect() else { return false };
        let meanings = function.stands_for.entry(target.fagsystem.clone()).or_default();
        let is_new = meanings.iter().all(|known| known.user_system_role != user_system_role);
        meanings.push(Meaning { user_system_role, limits, lacks });
        is_new
    }

    /// The job function role of this id.
    pub fn job_function_role(&self, id: &str) -> Option<&JobFunctionRole> {
        self.functions.get(id).map(|function| &function.role)
    }

    /// The user system role of this id.
    pub fn user_system_role(&self, id: &str) -> Option<&UserSystemRole> {
        self.user_system_roles.get(id)
    }

    /// The restriction type of this id.
    pub fn restriction_type(&self, id: &str) -> Option<&RestrictionType> {
        self.restriction_types.get(id).map(Arc::as_ref)
    }

    /// Both kinds share their ids: nobody may pass off one as the other.
    fn is_role(&self, id: &str) -> bool {
        self.functions.contains_key(id) || self.user_system_roles.contains_key(id)
    }
}
