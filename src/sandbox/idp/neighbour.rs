//! The identity providers of the sandbox: two municipalities' and the stand-in for NemLog-in.

use std::sync::Arc;

use axum::Router;

use super::{Dialect, IdentityProvider, Naming, Provider, persona};
use crate::protocol::keys::FileKey;
use crate::sandbox::files::{IDP_FEDDET, IDP_KORSBAEK, NEMLOGIN_KEY};
use crate::sandbox::partner::Partner;
use crate::sandbox::{Failed, Places, World};

/// An identity provider of the sandbox.
pub(in crate::sandbox) struct Neighbour {
    pub(in crate::sandbox) name: &'static str,
    entity_id: &'static str,
    /// Whose pages it shows, and of which kind.
    organisation: &'static str,
    kind: &'static str,
    dialect: Dialect,
    naming: Naming,
    /// Whether whoever logged in once is known again. One that is not can be tried with another person each time.
    remembers: bool,
    personas: &'static str,
    key: &'static [u8],
    /// Its port above the broker's.
    pub(in crate::sandbox) place: u16,
    cookie: &'static str,
}

pub(in crate::sandbox) const KORSBAEK: Neighbour = Neighbour {
    name: "Korsbæk IdP",
    entity_id: "https://saml.korsbaek.example/idp",
    organisation: "Korsbæk Kommune",
    kind: "idp",
    dialect: Dialect::Oiosaml3,
    naming: Naming::ByEmployer,
    remembers: true,
    personas: persona::KORSBAEK,
    key: IDP_KORSBAEK,
    place: 1,
    cookie: "korsbaek",
};

pub(in crate::sandbox) const FEDDET: Neighbour = Neighbour {
    name: "Feddet IdP",
    entity_id: "https://saml.feddet.example/idp",
    organisation: "Feddet Kommune",
    kind: "idp",
    dialect: Dialect::Oiosaml2,
    naming: Naming::ByEmployer,
    remembers: true,
    personas: persona::FEDDET,
    key: IDP_FEDDET,
    place: 2,
    cookie: "feddet",
};

/// The stand-in for NemLog-in.
pub(in crate::sandbox) const NEMLOGIN: Neighbour = Neighbour {
    name: "NemLog-in",
    entity_id: "https://saml.nemlog-in.example",
    organisation: "NemLog-in (stand-in)",
    kind: "step-up",
    dialect: Dialect::Oiosaml3,
    naming: Naming::ByUuid,
    remembers: false,
    personas: persona::NEMLOGIN,
    key: NEMLOGIN_KEY,
    place: 6,
    cookie: "nemlogin",
};

impl IdentityProvider {
    pub(in crate::sandbox) fn router(
        neighbour: &Neighbour,
        (world, places): (&World, Places),
        broker: &Arc<Partner>,
    ) -> Result<Router, Failed> {
        let provider = Provider {
            entity_id: neighbour.entity_id.to_owned(),
            organisation: neighbour.organisation.to_owned(),
            kind: neighbour.kind,
            address: places.neighbour(neighbour.place),
            dialect: neighbour.dialect,
            naming: neighbour.naming,
            remembers: neighbour.remembers,
            deviates: false,
            personas: persona::read(neighbour.name, neighbour.personas).map_err(Failed::Refused)?,
            cookie: neighbour.cookie,
        };
        Ok(Self::new(provider, FileKey::read(neighbour.key, None)?, world, broker).at_its_addresses())
    }
}
