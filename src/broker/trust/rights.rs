//! What the municipality says that its user may do, and what becomes of it in every fagsystem that the municipality uses.

use std::collections::BTreeMap;

use jiff::Timestamp;

use crate::domain::federation::Federation;
use crate::domain::id::{Cvr, EntityId};
use crate::domain::privilege::{Constraint, PrivilegeGroup, PrivilegeList, Right, Scope};
use crate::domain::reason::Reason;
use crate::domain::trust::{Becomes, Check, Finding, Role};
use crate::protocol::saml::shown::Mask;

/// So many roles are told one by one.
const MOST_ROLES: usize = 100;

/// Whose user it is.
pub(super) struct Whose<'w> {
    pub(super) authority: Cvr,
    pub(super) idp: &'w EntityId,
}

/// The roles with what becomes of each, and what is to be said about them.
pub(super) fn roles(
    federation: &Federation,
    whose: &Whose<'_>,
    (rights, parameters): (&PrivilegeList, &[Constraint]),
    now: Timestamp,
) -> (Vec<Role>, Vec<Finding>) {
    let one_by_one = rights.groups.iter().flat_map(PrivilegeGroup::rights);
    let said: Vec<PrivilegeGroup> = one_by_one.take(MOST_ROLES).map(Right::alone).collect();
    let roles: Vec<Role> =
        said.iter().map(|group| role(federation, whose, (group, parameters), now)).collect();
    let findings = findings(&roles);
    (roles, findings)
}

fn role(
    federation: &Federation,
    whose: &Whose<'_>,
    (group, parameters): (&PrivilegeGroup, &[Constraint]),
    now: Timestamp,
) -> Role {
    let alone = PrivilegeList { groups: vec![group.clone()] };
    let mut becomes = Vec::new();
    let mut refused = None;
    let used = federation.used_by(whose.authority, now).into_iter().map(|known| &known.entity_id);
    let ourselves = EntityId::ourselves();
    for fagsystem in used.chain([&ourselves]) {
        let Ok(agreement) = federation.rehearsal(whose.authority, whose.idp, fagsystem, now) else {
            continue;
        };
        for ruling in federation.roles().translate(&alone, parameters, &agreement, now).rulings {
            let means_nothing = ruling.reason == Reason::BppMapping;
            let one = Becomes {
                fagsystem: agreement.fagsystem().name.clone(),
                right: ruling.mapping.filter(|_| ruling.reason == Reason::BppKept),
                reason: ruling.reason,
                detail: Mask::On.text(&ruling.detail),
            };
            match ruling.reason {
                // The same everywhere: it is the role itself.
                Reason::BppScope | Reason::BppDelegation | Reason::BppRole => refused = Some(one),
                _ if means_nothing => {}
                _ => becomes.push(one),
            }
        }
        if refused.is_some() {
            break;
        }
    }
    let scope = match &group.scope {
        Scope::Cvr(cvr) => cvr.to_string(),
        other => other.uri().map_or_else(String::new, |uri| Mask::On.text(&uri)),
    };
    let scope_name = match &group.scope {
        Scope::Cvr(cvr) => federation.authority(*cvr).map(|authority| authority.name.clone()),
        _ => None,
    };
    let limits: BTreeMap<String, String> = group
        .constraints
        .iter()
        .map(|limit| (limit.name.clone(), Mask::On.text(&limit.values.join(", "))))
        .collect();
    Role {
        scope,
        scope_name,
        role: group.privileges.first().map_or_else(String::new, |role| Mask::On.text(role)),
        limits: limits.into_iter().collect(),
        becomes: refused.map_or(becomes, |one| vec![one]),
    }
}

fn findings(roles: &[Role]) -> Vec<Finding> {
    let refused =
        |role: &&Role, reasons: &[Reason]| role.becomes.iter().any(|one| reasons.contains(&one.reason));
    let about = |check, reasons: &[Reason]| {
        let wrong: Vec<&Role> = roles.iter().filter(|role| refused(role, reasons)).collect();
        let named = |role: &Role| format!("{} ({})", role.role, role.scope);
        match wrong.first().and_then(|role| role.becomes.first()) {
            None => Finding::pass(check, "", roles.len().to_string()),
            Some(first) => {
                let received: Vec<String> = wrong.iter().map(|role| named(role)).collect();
                Finding::fail(check, first.reason, "", received.join(", ")).with_evidence(&first.detail)
            }
        }
    };
    let mapped = roles.iter().filter(|role| role.becomes.iter().any(|one| one.right.is_some())).count();
    let known = roles
        .iter()
        .filter(|role| !refused(role, &[Reason::BppScope, Reason::BppDelegation, Reason::BppRole]));
    let mut findings = vec![
        about(Check::RightsScope, &[Reason::BppScope, Reason::BppDelegation]),
        about(Check::RightsKnown, &[Reason::BppRole]),
    ];
    let constrained =
        roles.iter().flat_map(|role| &role.becomes).find(|one| one.reason == Reason::BppConstraint);
    findings.push(match (mapped, constrained) {
        (0, Some(one)) => {
            Finding::fail(Check::RightsMapped, one.reason, "≥ 1", "0").with_evidence(&one.detail)
        }
        (0, None) if known.count() > 0 => {
            Finding::warning(Check::RightsMapped, Reason::BppMapping, "≥ 1", "0")
        }
        (0, None) => Finding::not_applicable(Check::RightsMapped, "0"),
        (some, _) => Finding::pass(Check::RightsMapped, "≥ 1", some.to_string()),
    });
    findings
}
