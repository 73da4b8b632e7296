//! What job function roles stand for: roles of municipalities and of fagsystemer, what limits them, and the mappings.

use super::Reader;
use super::written::{
    Written, WrittenJobFunctionRole, WrittenLimit, WrittenRestrictionType, WrittenUserSystemRole,
};
use crate::domain::federation::Validity;
use crate::domain::id::EntityId;
use crate::domain::role::{
    JobFunctionRole, Limit, Pattern, Restriction, RestrictionType, RoleMapping, UserSystemRole,
};
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
        self.known(source, self.snapshot.fagsystemer.contains_key(fagsystem), &written.service_provider);
        let restriction = |restriction: &super::written::WrittenRestriction| Restriction {
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
            self.each_once(source, role.restrictions.iter().map(|restriction| &restriction.kind));
            for restriction in &role.restrictions {
                self.known_type(source, &restriction.kind);
            }
        }
        for mapping in &file.role_mapping {
            let (from, to) = (&mapping.job_function_role, &mapping.user_system_role);
            self.each_once(source, mapping.restrictions.iter().map(|limit| &limit.kind));
            let limits =
                mapping.restrictions.iter().filter_map(|limit| self.limit(source, limit, to)).collect();
            let roles = self.snapshot.federation.roles();
            let are_known = (
                roles.job_function_role(from.get_ref()).is_some(),
                roles.user_system_role(to.get_ref()).is_some(),
            );
            if !are_known.0 {
                let what = format!("expected a job function role that is registered, got {}", from.get_ref());
                self.complaints.push(source.complain(from.span(), what));
            }
            if !are_known.1 {
                let what = format!("expected a user system role that is registered, got {}", to.get_ref());
                self.complaints.push(source.complain(to.span(), what));
            }
            let mapping = RoleMapping {
                job_function_role: from.get_ref().clone(),
                user_system_role: to.get_ref().clone(),
                restrictions: limits,
            };
            if are_known.1 && !self.snapshot.federation.roles_mut().add_mapping(mapping) {
                self.twice(source, to);
            }
        }
    }

    /// A limit that belongs to the user system role and whose values, where they are fixed, can be values of it.
    fn limit(
        &mut self,
        source: Source<'_>,
        written: &WrittenLimit,
        role: &Spanned<String>,
    ) -> Option<(String, Limit)> {
        self.known_type(source, &written.kind);
        let (kind, roles) = (written.kind.get_ref(), self.snapshot.federation.roles());
        let target = roles.user_system_role(role.get_ref());
        let mut wrong = Vec::new();
        if target.is_some_and(|target| target.restrictions.iter().all(|known| known.kind != *kind)) {
            wrong.push((
                written.kind.span(),
                format!("expected a restriction of {}, got {kind}", role.get_ref()),
            ));
        }
        let limit = match (&written.values, &written.parameter) {
            (Some(values), None) => {
                let values: Vec<String> = values.iter().map(|value| value.get_ref().clone()).collect();
                Some(Limit::Fixed(values))
            }
            (None, Some(parameter)) => Some(Limit::Parameter(parameter.clone())),
            _ => {
                wrong.push((written.kind.span(), "expected either `values` or `parameter`".to_owned()));
                None
            }
        };
        if let (Some(Limit::Fixed(values)), Some(known)) = (&limit, roles.restriction_type(kind)) {
            if let Err(misfit) = known.check(values) {
                wrong.push((written.kind.span(), misfit));
            }
        }
        self.complaints.extend(wrong.into_iter().map(|(at, what)| source.complain(at, what)));
        Some((kind.clone(), limit?))
    }

    fn known_type(&mut self, source: Source<'_>, kind: &Spanned<String>) {
        if self.snapshot.federation.roles().restriction_type(kind.get_ref()).is_none() {
            let what = format!("expected a restriction type that is registered, got {}", kind.get_ref());
            self.complaints.push(source.complain(kind.span(), what));
        }
    }

    fn each_once<'s>(&mut self, source: Source<'_>, kinds: impl Iterator<Item = &'s Spanned<String>>) {
        let mut seen = std::collections::HashSet::new();
        for kind in kinds {
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
