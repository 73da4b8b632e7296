//! "Korsbæk in a box": the broker and all its neighbours on this machine, for people who want to see a login happen.
//!
//! The broker is the real one, opened and served as `serve` does, with a data directory of its own that is removed at
//! the end. The neighbours are real parties that speak SAML, or OpenID Connect, over HTTP, each on its own port. They sign, verify and
//! encrypt with the XML kernel, or with `openssl` alone, but every judgement of theirs is code of their own: nothing here
//! asks `broker` or the readers of `protocol` whether a message is good. Otherwise a mistake of ours would agree with itself.
//!
//! | port | who |
//! |---|---|
//! | `--port` | the broker |
//! | + 1, + 2 | the identity providers of Korsbæk and Feddet |
//! | + 3, + 4, + 7 | the fagsystemer Køreprøvebooking, BBR and SEB, by SAML |
//! | + 8 | the fagsystem Byggesag, by OpenID Connect |
//! | + 5 | Feddet's attribute service |
//! | + 6 | the stand-in for NemLog-in |
//! | + 9 | the broker's operations |

mod attribute_service;
mod demo;
mod fagsystem;
mod files;
mod idp;
mod logout;
mod memory;
mod oidc;
mod pages;
mod partner;
mod roles;
mod saml;
mod stories;
mod test_idp;
mod walk;
mod wire;
mod words;

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;

use axum::Router;
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinHandle;

use crate::app;
use crate::broker::Broker;
use crate::broker::registry::{self, NotApplied};
use crate::config::{Config, Sources};
use crate::domain::id::LoginId;
use crate::domain::reason::Fault;
use crate::domain::world::{Clock, Random};
use crate::domain::written::Complaint;
use crate::keyring::Keyring;
use crate::store::Sqlite;
use crate::system::{SystemClock, SystemRandom};

pub use demo::{Hop, play};
pub use files::{FEDERATION, Places};
pub use stories::{Told, tell};
pub use test_idp::{EXAMPLE, TestIdp, Wanted};

use fagsystem::Fagsystem;
use files::Folder;
use idp::IdentityProvider;
use memory::Journal;
use partner::Partner;

/// Why the sandbox did not start.
#[derive(Debug, thiserror::Error)]
pub enum Failed {
    /// A port is taken.
    #[error("cannot listen on {address}: {error}; choose others with --port (make demo PORT=9000)")]
    Listen {
        /// The address.
        address: SocketAddr,
        /// What the system says.
        error: io::Error,
    },
    /// A file cannot be written.
    #[error("{0}")]
    Io(#[from] io::Error),
    /// A key or a message is not as it should be.
    #[error("{0}")]
    Fault(#[from] Fault),
    /// The broker did not start.
    #[error("{0}")]
    App(#[from] app::Failed),
    /// The example federation or the configuration is refused.
    #[error("{}", .0.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"))]
    Refused(Vec<Complaint>),
    /// Something else, in words.
    #[error("{0}")]
    Other(String),
}

/// What every neighbour has at hand.
#[derive(Clone)]
struct World {
    clock: Arc<dyn Clock>,
    random: Arc<dyn Random>,
    journal: Arc<Journal>,
}

/// The running sandbox.
pub struct Sandbox {
    places: Places,
    broker: Arc<Broker>,
    journal: Arc<Journal>,
    folder: Folder,
    stop: watch::Sender<bool>,
    serving: JoinHandle<Result<(), app::Failed>>,
}

impl Sandbox {
    /// Starts the broker and its neighbours; all of them answer when this returns.
    pub async fn open(places: Places) -> Result<Self, Failed> {
        let folder = Folder::new(&SystemRandom)?;
        let config = configure(&folder, &places)?;
        apply_federation(&config, &places).await?;
        // All ports are taken before anybody speaks, so that a collision is told and nothing is half there.
        let mut listeners = Vec::new();
        for port in places.neighbours() {
            listeners.push(listen(port).await?);
        }
        let keyring = Keyring::open(&config.keys).map_err(Failed::Refused)?;
        let broker = app::open(&config, &keyring).await?;
        let (stop, stopped) = watch::channel(false);
        let served = (broker.clone(), until(stopped.clone()));
        let serving = tokio::spawn(async move { app::serve(&config, served.0, served.1).await });
        let Some(partner) = partner::meet(&places, &serving).await? else {
            return Err(ended(serving).await);
        };
        let journal = Arc::new(Journal::default());
        let world =
            World { clock: Arc::new(SystemClock), random: Arc::new(SystemRandom), journal: journal.clone() };
        let routers = neighbours((&world, places), &Arc::new(partner))?;
        for (listener, router) in listeners.into_iter().zip(routers) {
            let quiet = until(stopped.clone());
            tokio::spawn(axum::serve(listener, router).with_graceful_shutdown(quiet).into_future());
        }
        Ok(Self { places, broker, journal, folder, stop, serving })
    }

    /// Where everybody is.
    pub fn places(&self) -> Places {
        self.places
    }

    /// What can be opened in a browser, and what one finds there.
    pub fn addresses(&self) -> [(String, &'static str); 9] {
        let at = |place| self.places.neighbour(place);
        [
            (at(fagsystem::BBR.place), "BBR: OIOSAML 3, wants NSIS Substantial, takes encrypted assertions"),
            (at(fagsystem::BOOKING.place), "Køreprøvebooking: OIOSAML 2, wants NIST 3"),
            (
                at(fagsystem::SEB.place),
                "SEB: OIOSAML 3, wants NSIS Substantial and who the user is, by CPR number",
            ),
            (at(oidc::PLACE), "Byggesag: OpenID Connect, wants the NSIS level that the user chooses"),
            (at(idp::KORSBAEK.place), "the identity provider of Korsbæk Kommune"),
            (
                at(idp::FEDDET.place),
                "the identity provider of Feddet Kommune, which knows groups and no privilege lists",
            ),
            (at(attribute_service::PLACE), "the attribute service of Feddet Kommune"),
            (at(idp::NEMLOGIN.place), "the stand-in for NemLog-in, which raises levels"),
            (self.places.broker(), "the context handler, which stands between them"),
        ]
    }

    /// The configuration of the broker, for other commands while this runs.
    pub fn config_file(&self) -> std::path::PathBuf {
        self.folder.path(files::CONFIG)
    }

    /// Stops everybody and removes the data directory.
    pub async fn close(self) -> Result<(), Failed> {
        let _ = self.stop.send(true);
        match self.serving.await {
            Ok(served) => Ok(served?),
            Err(error) => Err(Failed::Other(error.to_string())),
        }
    }
}

fn neighbours((world, places): (&World, Places), broker: &Arc<Partner>) -> Result<[Router; 8], Failed> {
    Ok([
        IdentityProvider::router(&idp::KORSBAEK, (world, places), broker)?,
        IdentityProvider::router(&idp::FEDDET, (world, places), broker)?,
        Fagsystem::router(&fagsystem::BOOKING, (world, places), broker)?,
        Fagsystem::router(&fagsystem::BBR, (world, places), broker)?,
        attribute_service::router(world, places, broker)?,
        IdentityProvider::router(&idp::NEMLOGIN, (world, places), broker)?,
        Fagsystem::router(&fagsystem::SEB, (world, places), broker)?,
        oidc::router(world, places)?,
    ])
}

fn configure(folder: &Folder, places: &Places) -> Result<Config, Failed> {
    folder.write("broker-signing.pem", files::BROKER_SIGNING)?;
    folder.write("broker-decryption.pem", files::BROKER_DECRYPTION)?;
    let text = places.config();
    folder.write(files::CONFIG, text.as_bytes())?;
    // The environment is not asked: the sandbox is the same on every machine.
    let written = vec![(folder.path(files::CONFIG).display().to_string(), text)];
    Config::resolve(&Sources { files: written, environment: Vec::new() }).map_err(Failed::Refused)
}

async fn apply_federation(config: &Config, places: &Places) -> Result<(), Failed> {
    let store = Sqlite::open(&config.store.path).map_err(Fault::from)?;
    let random: &dyn Random = &SystemRandom;
    let now = SystemClock.now();
    let change = LoginId::begun(now, random.bits());
    match registry::apply(&store, places.federation(), now, change).await {
        Ok(_) => Ok(()),
        Err(NotApplied::Wrong(complaints)) => Err(Failed::Refused(complaints)),
        Err(NotApplied::Store(error)) => Err(Fault::from(error).into()),
    }
}

async fn listen(port: u16) -> Result<TcpListener, Failed> {
    let address = SocketAddr::from(([127, 0, 0, 1], port));
    TcpListener::bind(address).await.map_err(|error| Failed::Listen { address, error })
}

async fn until(mut stopped: watch::Receiver<bool>) {
    let _ = stopped.wait_for(|stopped| *stopped).await;
}

async fn ended(serving: JoinHandle<Result<(), app::Failed>>) -> Failed {
    match serving.await {
        Ok(Err(app::Failed::Listen { address, error })) => Failed::Listen { address, error },
        Ok(Err(failed)) => failed.into(),
        Ok(Ok(())) => Failed::Other("the broker stopped by itself".to_owned()),
        Err(error) => Failed::Other(error.to_string()),
    }
}

#[cfg(test)]
mod tests;
