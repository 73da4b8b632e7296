//! What users may do, on both sides: what the register says of roles, and what an identity provider or an attribute
//! service states.

use std::fmt::Write as _;
use std::net::SocketAddr;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::register::{Size, cvr, system};

/// Where users' rights come from, and how many there are.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Rights {
    /// So many groups, each of one registered role with one limit; without it five groups of roles that nobody registered.
    pub(crate) groups: Option<usize>,
    /// The attribute service that knows them in place of the identity providers.
    pub(crate) service: Option<Asked>,
    /// The attribute service of one more municipality, whose users log in beside.
    pub(crate) beside: Option<Asked>,
}

/// An attribute service as it is registered.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Asked {
    pub(crate) address: SocketAddr,
    pub(crate) cache_minutes: u32,
}

/// The limit as the municipalities send it, and what it is for a fagsystem.
const PARAMETER: &str = "http://kommunerne.example.dk/enhed/1/parametric";
const LIMIT: &str = "http://sts.kombit.dk/constraints/orgenhed/1";

/// The privilege list of an authority's user in base64; none if the user has no rights.
pub(crate) fn stated(rights: Rights, authority: usize) -> Option<String> {
    let groups: String = match rights.groups {
        Some(0) => return None,
        Some(count) => {
            (0..count).map(|number| group(authority, &[role(authority, number)], PARAMETER, number)).collect()
        }
        None => (0..5)
            .map(|number| {
                let names = ["sagsbehandler", "leder"]
                    .map(|name| format!("http://korsbaek.example.dk/roles/jobrole/{name}_{number}/1"));
                group(authority, &names, LIMIT, number)
            })
            .collect(),
    };
    Some(STANDARD.encode(format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?><bpp:PrivilegeList \
         xmlns:bpp=\"http://digst.dk/oiosaml/basic_privilege_profile\">{groups}</bpp:PrivilegeList>"
    )))
}

fn group(authority: usize, roles: &[String], limit: &str, number: usize) -> String {
    let roles: String = roles.iter().map(|role| format!("<Privilege>{role}</Privilege>")).collect();
    format!(
        "<PrivilegeGroup Scope=\"urn:dk:gov:saml:cvrNumberIdentifier:{}\">{roles}<Constraint Name=\"{limit}\">\
         9a1d58b6-4a1e-4cf4-9a3c-3b8b7a2f{number:04}</Constraint></PrivilegeGroup>",
        cvr(authority)
    )
}

fn role(authority: usize, number: usize) -> String {
    format!("http://kommune{authority}.example.dk/roles/jobrole/sagsbehandler_{number}/1")
}

/// The registered roles, as many with rights as without, so that only what users state differs.
pub(crate) fn registered(rights: Rights, size: Size) -> String {
    let Some(groups) = rights.groups else { return String::new() };
    let (mut file, groups) =
        (format!("[[restriction-type]]\nid = \"{LIMIT}\"\nname = \"Unit\"\n\n"), groups.max(20));
    let right = |number: usize, n: usize| {
        format!("http://fagsystem{number}.example.dk/roles/usersystemrole/ret_{n}/1")
    };
    for (number, n) in (0..size.systems).flat_map(|number| (0..groups).map(move |n| (number, n))) {
        let _ = writeln!(
            file,
            "[[user-system-role]]\nid = \"{}\"\nservice-provider = \"{}\"\nname = \"Writes\"\n\
             restrictions = [{{ type = \"{LIMIT}\" }}]\n",
            right(number, n),
            system(number)
        );
    }
    for (authority, n) in (0..size.authorities).flat_map(|authority| (0..groups).map(move |n| (authority, n)))
    {
        let id = role(authority, n);
        let _ = writeln!(
            file,
            "[[job-function-role]]\nid = \"{id}\"\nauthority = \"{}\"\nname = \"Caseworker\"\n",
            cvr(authority)
        );
        for number in 0..size.systems {
            let _ = writeln!(
                file,
                "[[role-mapping]]\njob-function-role = \"{id}\"\nuser-system-role = \"{}\"\n\
                 restrictions = [{{ type = \"{LIMIT}\", parameter = \"{PARAMETER}\" }}]\n",
                right(number, n)
            );
        }
    }
    file
}
