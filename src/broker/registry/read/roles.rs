//! What job function roles stand for: roles of municipalities and of fagsystemer, what limits them, and the mappings.

use std::collections::HashSet;

use super::Reader;
use super::written::{
    Written, WrittenJobFunctionRole, WrittenLimit, WrittenRestriction, WrittenRestrictionType,
    WrittenRoleMapping, WrittenUserSystemRole,
};
use crate::domain::id::EntityId;
use crate::domain::role::{
    JobFunctionRole, Limit, Pattern, Restriction, RestrictionType, RoleMapping, UserSystemRole,
};
use crate::domain::validity::Validity;
use crate::domain::written::{Source, Spanned};

impl Reader<'_> {
    pub(super) fn roles(&mut self, source: Source<'_>, file: &Written) {
        file.restriction_type.iter().for_each(|kind| self.restriction_type(source, kind));
        file.job_function_role.iter().for_each(|role| self.job_function_role(source, role));
        file.user_system_role.iter().for_each(|role| self.user_system_role(source, role));
    }

    fn restriction_type(&mut self, source: Source<'_>, written: &WrittenRestrictionType) {
        self.uri(source, &written.id);
        let syntax = written.syntax.as_ref().and_then(|syntax| match Pattern::new(syntax.get_ref()) {
            Ok(pattern) => Some(pattern),
            Err(error) => {
                let what = format!("expected a regular expression, got: {}", error.replace('\n', " "));
                self.complaints.push(source.complain(syntax.span(), what));
                None
            }
        });
        let kind = RestrictionType { id: written.id.get_ref().clone(), name: written.name.clone(), syntax };
        if !self.snapshot.federation.roles_mut().add_restriction_type(kind) {
            self.twice(source, &written.id);
        }
    }

    fn job_function_role(&mut self, source: Source<'_>, written: &WrittenJobFunctionRole) {
        self.uri(source, &written.id);
        let authorities = written.delegated_to.iter().map(|delegation| &delegation.authority);
        for cvr in authorities.chain([&written.authority]) {
            self.known(source, self.snapshot.federation.authority(*cvr.get_ref()).is_some(), cvr);
        }
        let delegated_to = written.delegated_to.iter().map(|delegation| {
            let validity = Validity { from: delegation.valid_from, until: delegation.valid_until };
            (*delegation.authority.get_ref(), validity)
        });
        let role = JobFunctionRole {
            id: written.id.get_ref().clone(),
            authority: *written.authority.get_ref(),
            name: written.name.clone(),
            delegated_to: delegated_to.collect(),
        };
        if !self.snapshot.federation.roles_mut().add_job_function_role(role) {
            self.twice(source, &written.id);
        }
    }

    fn user_system_role(&mut self, source: Source<'_>, written: &WrittenUserSystemRole) {
        self.uri(source, &written.id);
        let fagsystem = written.service_provider.get_ref();
        self.known_fagsystem(source, &written.service_provider);
        let restriction = |restriction: &WrittenRestriction| Restriction {
            kind: restriction.kind.get_ref().clone(),
            required: restriction.required,
        };
        let role = UserSystemRole {
            id: written.id.get_ref().clone(),
            fagsystem: fagsystem.clone(),
            name: written.name.clone(),
            restrictions: written.restrictions.iter().map(restriction).collect(),
        };
        if !self.snapshot.federation.roles_mut().add_user_system_role(role) {
            self.twice(source, &written.id);
        }
    }

    /// Mappings name roles and restriction types of any file, so they come when all of these are known.
    pub(super) fn mappings(&mut self, source: Source<'_>, file: &Written) {
        for role in &file.user_system_role {
            self.types(source, role.restrictions.iter().map(|restriction| &restriction.kind));
        }
        file.role_mapping.iter().for_each(|mapping| self.mapping(source, mapping));
    }

    fn mapping(&mut self, source: Source<'_>, written: &WrittenRoleMapping) {
        self.types(source, written.restrictions.iter().map(|limit| &limit.kind));
        let (from, to) = (&written.job_function_role, &written.user_system_role);
        let limits = written.restrictions.iter().filter_map(|limit| self.limit(source, limit, to)).collect();
        let roles = self.snapshot.federation.roles();
        let is_known = roles.job_function_role(from.get_ref()).is_some();
        let leads_somewhere = roles.user_system_role(to.get_ref()).is_some();
        self.registered(source, is_known, "a job function role", from);
        self.registered(source, leads_somewhere, "a user system role", to);
        let mapping = RoleMapping {
            job_function_role: from.get_ref().clone(),
            user_system_role: to.get_ref().clone(),
            restrictions: limits,
        };
        if !self.snapshot.federation.roles_mut().add_mapping(mapping) && is_known && leads_somewhere {
            self.twice(source, to);
        }
    }

    /// A limit that belongs to the user system role and whose values, where they are fixed, can be values of it.
    fn limit(
        &mut self,
        source: Source<'_>,
        written: &WrittenLimit,
        role: &Spanned<String>,
    ) -> Option<(String, Limit)> {
        let (kind, roles) = (written.kind.get_ref(), self.snapshot.federation.roles());
        let mut wrong = Vec::new();
        let is_of_role = |role: &UserSystemRole| role.restrictions.iter().any(|known| known.kind == *kind);
        if roles.user_system_role(role.get_ref()).is_some_and(|role| !is_of_role(role)) {
            wrong.push(format!("expected a restriction of {}, got {kind}", role.get_ref()));
        }
        let limit = match (&written.values, &written.parameter) {
            (Some(values), None) => Some(Limit::Fixed(values.clone())),
            (None, Some(parameter)) => Some(Limit::Parameter(parameter.clone())),
            _ => None,
        };
        let known = roles.restriction_type(kind);
        let is_known = known.is_some();
        match (&limit, known) {
            (Some(Limit::Fixed(values)), Some(known)) => wrong.extend(known.check(values).err()),
            (Some(_), _) => {}
            (None, _) => wrong.push("expected either `values` or `parameter`".to_owned()),
        }
        let at = || written.kind.span();
        self.complaints.extend(wrong.into_iter().map(|what| source.complain(at(), what)));
        Some((kind.clone(), limit.filter(|_| is_known)?))
    }

    /// Restriction types that are registered, each once.
    fn types<'s>(&mut self, source: Source<'_>, kinds: impl Iterator<Item = &'s Spanned<String>>) {
        let mut seen = HashSet::new();
        for kind in kinds {
            let is_known = self.snapshot.federation.roles().restriction_type(kind.get_ref()).is_some();
            self.registered(source, is_known, "a restriction type", kind);
            if !seen.insert(kind.get_ref()) {
                self.twice(source, kind);
            }
        }
    }

    /// Ids are compared letter by letter, so they hold nothing that a person cannot see.
    fn uri(&mut self, source: Source<'_>, id: &Spanned<String>) {
        if EntityId::new(id.get_ref()).is_err() {
            let what = format!("expected a URI without white space, got {:?}", id.get_ref());
            self.complaints.push(source.complain(id.span(), what));
        }
    }
}
