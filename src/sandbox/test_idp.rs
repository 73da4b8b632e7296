//! The sandbox's identity provider as a program of its own, beside a broker in a test environment. The broker registers it
//! like any other; nothing of the broker's trust knows that it is ours.

use std::net::SocketAddr;
use std::sync::Arc;

use tokio::net::TcpListener;

use super::idp::persona::{self, Persona};
use super::idp::{Dialect, IdentityProvider, Naming, Provider, metadata};
use super::memory::Journal;
use super::partner;
use super::saml::Refused;
use super::wire::client;
use super::{Failed, World};
use crate::browser::Browser;
use crate::protocol::keys::FileKey;
use crate::system::{SystemClock, SystemRandom};

/// A file of personas to begin with: those of the sandbox.
pub const EXAMPLE: &str = persona::KORSBAEK;

/// What the identity provider is to be.
#[derive(Debug)]
pub struct Wanted {
    /// Its name in SAML.
    pub entity_id: String,
    /// Its name for people.
    pub name: String,
    /// The beginning of its addresses, as browsers see them.
    pub public_url: String,
    /// Whether it speaks the older generation of the profile.
    pub oiosaml2: bool,
    /// What it signs with, as it stands in the file.
    pub key: Vec<u8>,
    /// The personas: the name of the file and what stands in it.
    pub personas: (String, String),
}

/// An identity provider for tests that has not met its broker yet.
pub struct TestIdp {
    provider: Provider,
    key: FileKey,
}

impl TestIdp {
    /// Reads what it is made of, or says everything that is wrong with it.
    pub fn new(wanted: Wanted) -> Result<Self, Failed> {
        let (file, text) = &wanted.personas;
        let personas: Vec<Persona> = persona::read(file, text).map_err(Failed::Refused)?;
        let provider = Provider {
            entity_id: wanted.entity_id,
            organisation: wanted.name,
            kind: "idp",
            address: wanted.public_url.trim_end_matches('/').to_owned(),
            dialect: if wanted.oiosaml2 { Dialect::Oiosaml2 } else { Dialect::Oiosaml3 },
            naming: Naming::ByEmployer,
            // Each login is fresh, and each can be another person's.
            remembers: false,
            deviates: true,
            personas,
            cookie: "test-idp",
        };
        Ok(Self { provider, key: FileKey::read(&wanted.key, None)? })
    }

    /// Its metadata, for the register of the broker.
    pub fn metadata(&self) -> Result<String, Failed> {
        Ok(metadata::write(&self.provider, &self.key)?)
    }

    /// The lines of the register that let it speak for the municipalities of its personas.
    pub fn register(&self) -> String {
        metadata::register(&self.provider)
    }

    /// Serves until it is told to stop. The metadata is the broker's, as a service provider.
    pub async fn serve(
        self,
        listen: SocketAddr,
        broker: &[u8],
        stopped: impl Future<Output = ()> + Send + 'static,
    ) -> Result<(), Failed> {
        let met = partner::as_sp(broker, None);
        let met = met.map_err(|Refused(why)| Failed::Other(format!("the broker's metadata: {why}")))?;
        let taken = |error| Failed::Listen { address: listen, error };
        let listener = TcpListener::bind(listen).await.map_err(taken)?;
        let world = World {
            clock: Arc::new(SystemClock),
            random: Arc::new(SystemRandom),
            journal: Arc::new(Journal::default()),
        };
        let router =
            IdentityProvider::new(self.provider, self.key, &world, &Arc::new(met)).at_its_addresses();
        Ok(axum::serve(listener, router).with_graceful_shutdown(stopped).await?)
    }

    /// Where the metadata says that the broker takes answers.
    pub fn answers_go_to(broker: &[u8]) -> Result<String, Failed> {
        let met = partner::as_sp(broker, None);
        met.map(|met| met.acs).map_err(|Refused(why)| Failed::Other(format!("the broker's metadata: {why}")))
    }

    /// The metadata at an address.
    pub async fn fetch(address: &str) -> Result<Vec<u8>, Failed> {
        let browser = Browser::new(client().map_err(Failed::Other)?);
        browser.fetch(address).await.map(String::into_bytes).map_err(Failed::Other)
    }
}
