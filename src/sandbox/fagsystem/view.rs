//! Who is logged in, as the fagsystem's page shows it: numbers of persons are covered, and what is long is folded away.

use super::receipt::LoggedIn;
use super::rights::{Right, is_rights};
use crate::sandbox::pages::{Fact, Limited, Session};
use crate::sandbox::words::{self, Words};

/// A value that is longer is folded away.
const LONG: usize = 200;

/// What the page shows.
pub(super) fn session(logged_in: &LoggedIn, t: &'static Words) -> Session {
    let fact = |label, value: &str| Fact { label, name: String::new(), value: value.to_owned(), cover: None };
    let mut facts = vec![
        fact(t.rows.name, &logged_in.named.name),
        fact(t.rows.class, &logged_in.class),
        fact(t.rows.authenticated_by, &logged_in.authenticated_by.join(" → ")),
        fact(t.rows.relay_state, &logged_in.relay_state),
    ];
    facts.extend(logged_in.attributes.iter().map(|(name, value)| Fact {
        label: words::label(name)[t.index],
        name: name.clone(),
        value: value.clone(),
        cover: cover(name, value, t),
    }));
    Session {
        who: common_name(&logged_in.named.name).to_owned(),
        rights: logged_in.rights.iter().map(|right| limited(right, t)).collect(),
        facts,
        can_refresh: false,
        checks: logged_in.checks.iter().map(|check| check[t.index].clone()).collect(),
    }
}

/// What stands in place of a value until somebody wants to see it.
pub(in crate::sandbox) fn cover(name: &str, value: &str, t: &Words) -> Option<String> {
    let is_cpr = name == "cpr" || ["CprNumberIdentifier", "cprNumber"].iter().any(|end| name.ends_with(end));
    if is_cpr {
        return Some("••••••-••••".to_owned());
    }
    (is_rights(name) || name.ends_with("bootstrapToken") || name == "bootstrap_token" || value.len() > LONG)
        .then(|| format!("{} {}", value.len(), t.characters))
}

/// A right as the page shows it.
pub(in crate::sandbox) fn limited(right: &Right, t: &Words) -> Limited {
    let limits = right.limits.iter();
    Limited {
        of: words::organisation(&right.cvr),
        cvr: right.cvr.clone(),
        may: words::right(&right.role)[t.index],
        role: right.role.clone(),
        only: limits
            .map(|(name, values)| (words::limit(name)[t.index], values.join(t.or), name.clone()))
            .collect(),
    }
}

/// The name for people inside `C=DK,O=…,CN=…,Serial=…`.
pub(in crate::sandbox) fn common_name(name: &str) -> &str {
    let from = name.find("CN=").map_or(0, |at| at + 3);
    name[from..].rsplit_once(",Serial=").map_or(name, |(name, _)| name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_name_for_people_is_found_in_the_name_for_systems() {
        assert_eq!(common_name("C=DK,O=11111111,CN=Agnes Holm,Serial=1"), "Agnes Holm");
        assert_eq!(common_name("C=DK, O=11111111, CN=Holm, Agnes,Serial=1"), "Holm, Agnes");
        assert_eq!(common_name("whoever"), "whoever");
    }
}
