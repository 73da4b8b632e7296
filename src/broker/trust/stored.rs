//! How metadata differs from the copy that is registered, told by the name of what differs.

use crate::broker::registry::Snapshot;
use crate::domain::id::EntityId;
use crate::domain::reason::Reason;
use crate::domain::trust::{Check, Finding, NOTHING};
use crate::protocol::keys::{Certificate, TrustedKeys};
use crate::protocol::saml::metadata::{IdpMetadata, LogoutAddresses, SpMetadata};
use crate::protocol::saml::review::{Described, Known, Role};

/// Compares a role with the registered one.
pub(super) fn stored(described: &Described, snapshot: &Snapshot) -> Vec<Finding> {
    let (name, about, check) = (&described.entity_id, described.about(), Check::MetadataStored);
    let differing = match &described.read {
        Some(Known::Idp(given)) => snapshot.idp_metadata(name).map(|known| of_idp(known, given)),
        Some(Known::Sp(given)) => snapshot.sp_metadata(name).map(|known| of_sp(known, given)),
        Some(Known::Service) | None => None,
    };
    match differing {
        Some(differing) if differing.is_empty() => {
            vec![Finding::pass(check, name.as_str(), name.as_str()).about(about)]
        }
        Some(differing) => {
            let told = |Difference { what, registered, given }| {
                Finding::warning(check, Reason::MdDiffers, registered, given).about(format!("{about} {what}"))
            };
            differing.into_iter().map(told).collect()
        }
        None => match alike(name, described.role, snapshot) {
            Some(registered) => {
                let finding = Finding::warning(check, Reason::MdDiffers, registered.as_str(), name.as_str());
                vec![finding.about(format!("{about} entityID"))]
            }
            None => vec![Finding::not_applicable(check, NOTHING).about(about)],
        },
    }
}

/// What is registered under one word and given under another.
struct Difference {
    what: &'static str,
    registered: String,
    given: String,
}

/// The differences, of those that are any.
fn differences<const N: usize>(all: [(&'static str, String, String); N]) -> Vec<Difference> {
    let all = all.into_iter().filter(|(_, registered, given)| registered != given);
    all.map(|(what, registered, given)| Difference { what, registered, given }).collect()
}

fn of_idp(known: &IdpMetadata, given: &IdpMetadata) -> Vec<Difference> {
    let address = |address: &Option<String>| address.clone().unwrap_or_else(|| NOTHING.to_owned());
    differences([
        ("SingleSignOnService HTTP-Redirect", address(&known.sso_redirect), address(&given.sso_redirect)),
        ("SingleSignOnService HTTP-POST", address(&known.sso_post), address(&given.sso_post)),
        ("SingleLogoutService", logout(&known.logout), logout(&given.logout)),
        ("KeyDescriptor signing", keys(&known.keys), keys(&given.keys)),
    ])
}

fn of_sp(known: &SpMetadata, given: &SpMetadata) -> Vec<Difference> {
    let consumers = |of: &SpMetadata| {
        let mut all: Vec<String> = of
            .acs
            .iter()
            .map(|acs| {
                let index = acs.index.map_or(String::new(), |index| format!("{index} "));
                format!("{index}{}{}", acs.location, if acs.is_default { " isDefault" } else { "" })
            })
            .collect();
        all.sort();
        all.join(", ")
    };
    let encryption =
        |of: &SpMetadata| of.encryption.as_ref().map_or(NOTHING.to_owned(), |(to, _)| fingerprint(to));
    differences([
        ("AssertionConsumerService HTTP-POST", consumers(known), consumers(given)),
        ("SingleLogoutService", logout(&known.logout), logout(&given.logout)),
        ("KeyDescriptor signing", keys(&known.keys), keys(&given.keys)),
        ("KeyDescriptor encryption", encryption(known), encryption(given)),
    ])
}

fn logout(addresses: &LogoutAddresses) -> String {
    let soap = addresses.soap.iter().map(|address| format!("SOAP {address}"));
    let browser = addresses.browser.iter().map(|browser| {
        let (requests, responses) = (&browser.requests, &browser.responses);
        let responses = if requests == responses { String::new() } else { format!(" {responses}") };
        format!("{:?} {requests}{responses}", browser.binding)
    });
    let all: Vec<String> = browser.chain(soap).collect();
    all.join(", ")
}

fn keys(keys: &TrustedKeys) -> String {
    let mut all: Vec<String> = keys.certificates().iter().map(fingerprint).collect();
    all.sort();
    all.join(", ")
}

/// Enough of the SHA-256 to compare by eye.
fn fingerprint(certificate: &Certificate) -> String {
    certificate.id().as_str().chars().take(16).collect()
}

/// A registered name that a person takes for this one: names are compared letter by letter, people don't.
fn alike<'s>(name: &EntityId, role: Role, snapshot: &'s Snapshot) -> Option<&'s EntityId> {
    let as_read = |name: &EntityId| name.as_str().trim_end_matches('/').to_lowercase();
    let federation = snapshot.federation();
    let fits = |known: &&EntityId| *known != name && as_read(known) == as_read(name);
    match role {
        Role::Idp => federation.idps().map(|idp| &idp.entity_id).find(fits),
        Role::Sp => federation.fagsystemer().map(|fagsystem| &fagsystem.entity_id).find(fits),
        Role::Service => None,
    }
}
