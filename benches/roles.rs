//! What a translation of roles costs: 1,000 groups of one user against a register of 50,000 mappings.
//!
//! Prints microseconds of one pinned processor, the fastest and the median of many. `taskset -c 1 cargo bench --bench roles`

#![expect(clippy::print_stdout, clippy::unwrap_used, reason = "a benchmark prints and may panic")]

use std::hint::black_box;
use std::time::Instant;

use context_handler::domain::assurance::Ceiling;
use context_handler::domain::federation::{
    AttributeProfile, Authority, Dialect, Fagsystem, Federation, IdentityProvider, IdpProfile, IdpRole,
    NoRights,
};
use context_handler::domain::id::{Cvr, EntityId};
use context_handler::domain::privilege::{Constraint, PrivilegeGroup, PrivilegeList, Scope};
use context_handler::domain::reason::Reason;
use context_handler::domain::role::{
    JobFunctionRole, Limit, Pattern, Restriction, RestrictionType, RoleMapping, UserSystemRole,
};
use context_handler::domain::source::{RightsSource, WhenDown};
use context_handler::domain::validity::Validity;
use jiff::Timestamp;

const AUTHORITIES: usize = 100;
const FAGSYSTEMER: usize = 10;
const ROLES_OF_EACH: usize = 50;
const GROUPS: usize = 1_000;
const TYPES: [&str; 2] = ["http://sts.test/constraints/KLE/1", "http://sts.test/constraints/unit/1"];

fn main() {
    let federation = federation();
    let now = Timestamp::from_second(1_795_248_000).unwrap();
    let agreement = federation.agreement(cvr(0), &idp(), &fagsystem(0), now).unwrap();
    println!("{} mappings, {GROUPS} groups", AUTHORITIES * ROLES_OF_EACH * FAGSYSTEMER);
    for (what, authorities, limited) in [
        ("own roles, fixed and parametric limits", 1, true),
        ("roles of all, delegated to one", AUTHORITIES, true),
        ("limits missing: all parametric dropped", 1, false),
    ] {
        let rights = rights(authorities, limited);
        let translate = || federation.roles().translate(&rights, &[], &agreement, now);
        let done = translate();
        let kept = done.rulings.iter().filter(|ruling| ruling.reason == Reason::BppKept).count();
        let (fastest, median) = times(|| drop(black_box(translate())));
        println!(
            "  {what:<42}{fastest:>9.1} µs {median:>9.1} µs   {kept} of {} rulings kept, {} groups out",
            done.rulings.len(),
            done.rights.groups.len()
        );
    }
}

/// Every authority has 50 roles, each of which stands for one right in each of ten fagsystemer and is lent to the first
/// authority. A third of the mappings has a fixed limit, a third a parameter, a third none.
fn federation() -> Federation {
    let mut federation = Federation::default();
    for number in 0..AUTHORITIES {
        federation.add_authority(Authority {
            cvr: cvr(number),
            name: format!("Authority {number}"),
            step_up: None,
        });
    }
    federation.add_idp(IdentityProvider {
        entity_id: idp(),
        name: "Login".to_owned(),
        active: true,
        role: IdpRole::Login,
        profile: IdpProfile::Oiosaml3,
        ceiling: Ceiling { nist: None, nsis: None },
        networks: Vec::new(),
        scoping: false,
        danger_allow_cbc: false,
        rights: vec![RightsSource::Assertion],
    });
    federation.add_speaker(cvr(0), idp(), Validity::default());
    let roles = federation.roles_mut();
    for (id, syntax) in
        TYPES.into_iter().zip([r"\d{2}(\.\d{2}){0,2}", r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}"])
    {
        let syntax = Some(Pattern::new(syntax).unwrap());
        roles.add_restriction_type(RestrictionType { id: id.to_owned(), name: id.to_owned(), syntax });
    }
    for system in 0..FAGSYSTEMER {
        let restriction = |kind: &str| Restriction { kind: kind.to_owned(), required: false };
        for number in 0..ROLES_OF_EACH {
            roles.add_user_system_role(UserSystemRole {
                id: right(system, number),
                fagsystem: fagsystem(system),
                name: "Right".to_owned(),
                restrictions: TYPES.map(restriction).into(),
            });
        }
    }
    for authority in 0..AUTHORITIES {
        for number in 0..ROLES_OF_EACH {
            roles.add_job_function_role(JobFunctionRole {
                id: role(authority, number),
                authority: cvr(authority),
                name: "Role".to_owned(),
                delegated_to: vec![(cvr(0), Validity::default())],
            });
            for system in 0..FAGSYSTEMER {
                assert!(roles.add_mapping(RoleMapping {
                    job_function_role: role(authority, number),
                    user_system_role: right(system, number),
                    restrictions: limits(number),
                }));
            }
        }
    }
    for system in 0..FAGSYSTEMER {
        federation.add_fagsystem(Fagsystem {
            entity_id: fagsystem(system),
            name: "Fagsystem".to_owned(),
            cvr: cvr(0),
            active: true,
            dialect: Dialect::Oiosaml3,
            required: None,
            attributes: AttributeProfile::Kombit,
            sign_response: false,
            no_rights: NoRights::IssueWithout,
            when_down: WhenDown::Refuse,
        });
        federation.add_use(cvr(0), fagsystem(system), Validity::default());
    }
    federation
}

fn limits(number: usize) -> Vec<(String, Limit)> {
    let [kle, unit] = TYPES.map(str::to_owned);
    match number % 3 {
        0 => vec![(kle, Limit::Fixed(vec!["27.45.00".to_owned(), "32.30".to_owned()]))],
        1 => vec![(unit, Limit::Parameter(parameter()))],
        _ => Vec::new(),
    }
}

/// As many groups as somebody with very many roles has, each with a value of its own, spread over the authorities.
fn rights(authorities: usize, limited: bool) -> PrivilegeList {
    let group = |number: usize| {
        let value = format!("5b0c0000-0000-4000-8000-{number:012x}");
        let constraints = vec![Constraint { name: parameter(), values: vec![value] }];
        PrivilegeGroup {
            scope: Scope::Cvr(cvr(number % authorities)),
            privileges: vec![role(number % authorities, (number / authorities) % ROLES_OF_EACH)],
            constraints: if limited { constraints } else { Vec::new() },
        }
    };
    PrivilegeList { groups: (0..GROUPS).map(group).collect() }
}

fn cvr(number: usize) -> Cvr {
    Cvr::new(&format!("{:08}", 10_000_000 + number)).unwrap()
}

fn idp() -> EntityId {
    EntityId::new("https://idp.test").unwrap()
}

fn fagsystem(number: usize) -> EntityId {
    EntityId::new(&format!("https://fagsystem-{number}.test")).unwrap()
}

fn role(authority: usize, number: usize) -> String {
    format!("http://authority-{authority}.test/roles/jobrole/{number}/1")
}

fn right(system: usize, number: usize) -> String {
    format!("http://fagsystem-{system}.test/roles/usersystemrole/{number}/1")
}

fn parameter() -> String {
    "http://authority.test/unit/1/parametric".to_owned()
}

/// The fastest and the median time of one call in microseconds.
fn times(mut operation: impl FnMut()) -> (f64, f64) {
    let (begun, mut times) = (Instant::now(), Vec::new());
    while begun.elapsed().as_millis() < 600 || times.len() < 100 {
        let start = Instant::now();
        operation();
        times.push(start.elapsed());
    }
    times.sort_unstable();
    let micros = |at: usize| times[at].as_secs_f64() * 1e6;
    (micros(0), micros(times.len() / 2))
}
