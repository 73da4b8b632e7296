//! Users, the systems that keep them here, and the parties that may ask for their attributes.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::Deserialize;

use super::Reader;
use super::written::{Written, yes};
use crate::domain::caller::{ApiClient, AttributeRequester, Credential, Sha256};
use crate::domain::id::{Cvr, EntityId};
use crate::domain::user::{Draft, HeldRole};
use crate::domain::written::{Source, Spanned};
use crate::protocol::saml::metadata::Parsed;
use crate::protocol::xml::Document;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(in crate::broker::registry) struct WrittenUser {
    pub(in crate::broker::registry) authority: Spanned<Cvr>,
    pub(in crate::broker::registry) id: Spanned<String>,
    #[serde(default)]
    roles: Vec<HeldRole>,
    #[serde(default)]
    claims: BTreeMap<String, Vec<String>>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(in crate::broker::registry) struct WrittenClient {
    pub(in crate::broker::registry) authority: Spanned<Cvr>,
    pub(in crate::broker::registry) name: String,
    #[serde(default = "yes")]
    active: bool,
    token_sha256: Option<Spanned<String>>,
    certificate_sha256: Option<Spanned<String>>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(in crate::broker::registry) struct WrittenRequester {
    pub(in crate::broker::registry) entity_id: Spanned<EntityId>,
    name: String,
    /// The metadata file, relative to this one.
    pub(in crate::broker::registry) metadata: Spanned<String>,
    #[serde(default = "yes")]
    active: bool,
    authorities: Vec<Spanned<Cvr>>,
    attributes: Vec<String>,
}

impl Reader<'_> {
    pub(super) fn people(&mut self, source: Source<'_>, path: &str, file: &Written) {
        file.user.iter().for_each(|user| self.user(source, user));
        file.api_client.iter().for_each(|client| self.api_client(source, client));
        file.attribute_requester.iter().for_each(|requester| self.requester(source, path, requester));
    }

    fn user(&mut self, source: Source<'_>, written: &WrittenUser) {
        let WrittenUser { authority, id, roles, claims } = written;
        self.known_authority(source, authority);
        let draft = Draft { id: id.get_ref().clone(), roles: roles.clone(), claims: claims.clone() };
        // The register as a whole has a version, its users have no time of their own.
        match draft.check(*authority.get_ref(), Timestamp::UNIX_EPOCH) {
            Ok(user) => {
                if !self.snapshot.people.add_user(user) {
                    self.twice(source, id);
                }
            }
            Err(mistakes) => {
                let complaints = mistakes.into_iter().map(|mistake| {
                    source.complain(id.span(), format!("of the user {:?}, {mistake}", id.get_ref()))
                });
                self.complaints.extend(complaints);
            }
        }
    }

    fn api_client(&mut self, source: Source<'_>, written: &WrittenClient) {
        let WrittenClient { authority, name, active, token_sha256, certificate_sha256 } = written;
        self.known_authority(source, authority);
        if token_sha256.is_none() && certificate_sha256.is_none() {
            let what = "expected `token-sha256` or `certificate-sha256`, got neither";
            self.complaints.push(source.complain(authority.span(), what));
        }
        let token = token_sha256.iter().map(|digits| (digits, true));
        for (digits, is_token) in token.chain(certificate_sha256.iter().map(|digits| (digits, false))) {
            let Some(sha256) = Sha256::new(digits.get_ref()) else {
                // What came is not shown: it may be the token itself.
                let what = "expected a SHA-256 of 64 hexadecimal digits, got something else";
                self.complaints.push(source.complain(digits.span(), what));
                continue;
            };
            let client = ApiClient { authority: *authority.get_ref(), name: name.clone(), active: *active };
            let credential =
                if is_token { Credential::Token(sha256) } else { Credential::Certificate(sha256) };
            if !self.snapshot.people.add_client(credential, client) {
                self.twice(source, digits);
            }
        }
    }

    fn requester(&mut self, source: Source<'_>, path: &str, written: &WrittenRequester) {
        let entity_id = written.entity_id.get_ref().clone();
        for authority in &written.authorities {
            self.known_authority(source, authority);
        }
        let registered = AttributeRequester {
            entity_id: entity_id.clone(),
            name: written.name.clone(),
            active: written.active,
            authorities: written.authorities.iter().map(|cvr| *cvr.get_ref()).collect(),
            attributes: written.attributes.clone(),
        };
        if !self.snapshot.people.add_requester(registered) {
            self.twice(source, &written.entity_id);
        }
        let read = |document: &Document<'_>| Parsed::new(document).sp(Some(&entity_id));
        // What was fetched for the same party was proved with the keys of its other roles.
        if let Some(metadata) = self.metadata_file(source, path, &written.metadata, read) {
            self.snapshot.people.of_requesters.insert(entity_id, metadata);
        }
    }

    fn known_authority(&mut self, source: Source<'_>, cvr: &Spanned<Cvr>) {
        self.known(source, self.snapshot.federation.authority(*cvr.get_ref()).is_some(), cvr);
    }
}
