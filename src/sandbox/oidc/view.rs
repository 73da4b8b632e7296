//! Who is logged in, as the page of this fagsystem shows it.

use serde_json::Value;

use super::token::text;
use crate::sandbox::fagsystem::view::{common_name, cover, limited};
use crate::sandbox::pages;
use crate::sandbox::words::{self, Words};

/// What the page shows.
pub(super) fn session(session: &super::Session, t: &'static Words) -> pages::Session {
    let facts = session.claims.iter().map(|(name, value)| {
        let value = match value {
            Value::String(text) => text.clone(),
            other => other.to_string(),
        };
        pages::Fact {
            label: words::label(name)[t.index],
            name: name.clone(),
            cover: cover(name, &value, t),
            value,
        }
    });
    pages::Session {
        who: common_name(text(&session.claims, "sub").unwrap_or_default()).to_owned(),
        rights: session.rights.iter().map(|right| limited(right, t)).collect(),
        facts: facts.collect(),
        checks: session.checks.0.iter().map(|check| check[t.index].clone()).collect(),
        can_refresh: session.refresh_token.is_some(),
    }
}
