//! Where everything comes together: configuration → store, keys, broker → listeners, and the work in the background.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use tokio::net::TcpListener;
use tokio::sync::watch;

use crate::broker::egress::Egress;
use crate::broker::keys::Keys;
use crate::broker::registry::Refreshed;
use crate::broker::{Broker, Settings};
use crate::config::Config;
use crate::domain::reason::{Fault, Reason};
use crate::domain::trust::CertificateUse;
use crate::domain::world::{Clock, Random};
use crate::http::operations::Operations;
use crate::http::{Door, operations_router, router};
use crate::keyring::{self, Keyring};
use crate::protocol::keys::{Decrypter, FileKey, Roots, Signer};
use crate::store::{Sqlite, Store};
use crate::system::{SystemClock, SystemRandom, tell_service_manager};
use crate::telemetry::{Metrics, names};

/// How often the register is looked at for changes: a switched-off party is refused within a second.
const LOOK_AT_REGISTER: Duration = Duration::from_millis(250);
/// How often keys are rotated and expired marks forgotten, when it is time.
const HOUSEKEEPING: Duration = Duration::from_secs(30);
/// How often partners' metadata is fetched, give or take a tenth, so that not everybody calls at the same minute.
const FETCH_METADATA: Duration = Duration::from_secs(3600);
/// How often it is looked whether somebody is due to be told of a logout: one that was begun from the command line reaches
/// them within a second.
const LOOK_AT_LOGOUTS: Duration = Duration::from_millis(500);
/// How often it is looked how long certificates last, and whether every party is to be looked at again.
const LOOK_AT_CERTIFICATES: Duration = Duration::from_secs(900);
/// How long a partner may take to answer.
const PATIENCE: Duration = Duration::from_secs(20);
/// How long a stop waits for what is under way.
const LAST_CALLS: Duration = Duration::from_secs(20);

/// Why we did not start, or stopped.
#[derive(Debug, thiserror::Error)]
pub enum Failed {
    /// A key, the store or the register is not as it should be.
    #[error("{0}")]
    Fault(#[from] Fault),
    /// An address cannot be listened on.
    #[error("cannot listen on {address}: {error}; server.listen and server.operations-listen say where")]
    Listen {
        /// The address.
        address: SocketAddr,
        /// What the system says.
        error: std::io::Error,
    },
}

/// Opens the broker that a configuration describes.
pub async fn open(config: &Config, keyring: &Keyring) -> Result<Arc<Broker>, Fault> {
    let (settings, keys, store) = parts(config, keyring)?;
    Ok(Arc::new(Broker::open(settings, keys, store, Arc::new(SystemClock), Arc::new(SystemRandom)).await?))
}

/// The same broker at some moment, for asking what would happen. It lets nobody in.
pub async fn look(config: &Config, keyring: &Keyring, clock: Arc<dyn Clock>) -> Result<Broker, Fault> {
    let (settings, keys, store) = parts(config, keyring)?;
    Broker::at_rest(settings, keys, store, clock, Arc::new(SystemRandom)).await
}

fn parts(config: &Config, keyring: &Keyring) -> Result<(Settings, Keys, Arc<dyn Store>), Fault> {
    let store = Sqlite::open(&config.store.path)?;
    let settings = Settings {
        entity_id: config.identity.entity_id.clone(),
        public_url: config.server.public_url.as_str().to_owned(),
        environment: config.server.environment.clone(),
        programme: config.trust.programme_authorities.clone(),
        skew: config.login.clock_skew_seconds.duration(),
        assertion_for: config.login.assertion_minutes.duration(),
        session_for: config.login.session_hours.duration(),
        idle_for: config.login.session_idle_minutes.duration(),
        logout_for: config.login.logout_seconds.duration().unsigned_abs(),
        egress: egress(config)?,
        roots: Arc::new(roots(&config.trust.oces_roots)?),
    };
    Ok((settings, keys(keyring)?, Arc::new(store)))
}

/// Our keys in their roles.
pub fn keys(keyring: &Keyring) -> Result<Keys, Fault> {
    let signers =
        |keys: &[Arc<FileKey>]| keys.iter().map(|key| key.clone() as _).collect::<Vec<Arc<dyn Signer>>>();
    let decrypters: Vec<Arc<dyn Decrypter>> = keyring.decryption.iter().map(|key| key.clone() as _).collect();
    Keys::new(&signers(&keyring.signing), decrypters)?.with_token_signers(&signers(&keyring.token_signing))
}

/// The roots that the configuration names.
fn roots(files: &[PathBuf]) -> Result<Roots, Fault> {
    keyring::roots(files).map_err(|complaints| {
        let first = complaints.first().map_or(String::new(), ToString::to_string);
        Fault::new(Reason::CertChain, first)
    })
}

/// Serves until told to stop, then finishes what is under way.
pub async fn serve(
    config: &Config,
    broker: Arc<Broker>,
    stop: impl Future<Output = ()> + Send + 'static,
) -> Result<(), Failed> {
    let metrics = Arc::new(Metrics::new());
    let door = Arc::new(Door::new(broker.clone(), config.server.trusted_proxies.clone()));
    let public = listen(config.server.listen).await?;
    let operations = listen(config.server.operations_listen).await?;
    let where_we_are = format!("{} for {}", config.server.listen, config.server.public_url.as_str());
    tracing::info!(detail = where_we_are, "listening");
    let (stopping, stopped) = watch::channel(false);
    let background = [
        tokio::spawn(take_up_register(broker.clone())),
        tokio::spawn(keep_house(broker.clone())),
        tokio::spawn(tell_of_logouts(broker.clone())),
        tokio::spawn(watch_certificates(broker.clone(), metrics.clone())),
        tokio::spawn(keep_metadata_fresh(broker.clone(), egress(config)?, metrics.clone())),
    ];
    let for_operators = operations_router(Arc::new(Operations { broker, metrics: metrics.clone() }));
    let operators = tokio::spawn(
        axum::serve(operations, for_operators).with_graceful_shutdown(until(stopped.clone())).into_future(),
    );
    let app = router(door, metrics).into_make_service_with_connect_info::<SocketAddr>();
    let serving = tokio::spawn(axum::serve(public, app).with_graceful_shutdown(until(stopped)).into_future());
    tell("READY=1");
    stop.await;
    tell("STOPPING=1");
    tracing::info!("stopping");
    let _ = stopping.send(true);
    if tokio::time::timeout(LAST_CALLS, serving).await.is_err() {
        tracing::warn!("requests were cut off by the stop");
    }
    background.iter().for_each(tokio::task::JoinHandle::abort);
    operators.abort();
    Ok(())
}

/// Tells the service manager, if one started us. If it does not hear us, it will say so itself.
fn tell(state: &str) {
    let address = std::env::var_os("NOTIFY_SOCKET");
    if let Err(error) = tell_service_manager(address.as_deref(), state) {
        tracing::warn!(detail = %error, "the service manager cannot be told");
    }
}

async fn listen(address: SocketAddr) -> Result<TcpListener, Failed> {
    TcpListener::bind(address).await.map_err(|error| Failed::Listen { address, error })
}

async fn until(mut stopped: watch::Receiver<bool>) {
    let _ = stopped.wait_for(|stopped| *stopped).await;
}

/// Takes up changes of the register. What fails is tried again.
async fn take_up_register(broker: Arc<Broker>) {
    let mut register = tokio::time::interval(LOOK_AT_REGISTER);
    loop {
        register.tick().await;
        match broker.reload_registry().await {
            Ok(true) => tracing::info!("the register has changed"),
            Ok(false) => {}
            Err(fault) => complain("taking up the register", &fault),
        }
    }
}

/// Rotates the sealing keys and forgets what has expired, however long that takes. What fails is tried again.
async fn keep_house(broker: Arc<Broker>) {
    let mut housekeeping = tokio::time::interval(HOUSEKEEPING);
    loop {
        housekeeping.tick().await;
        for done in [broker.rotate_seal_keys().await, broker.purge().await] {
            if let Err(fault) = done {
                complain("housekeeping", &fault);
            }
        }
    }
}

/// Tells those of a logout who were not told when it began, or did not confirm. What fails is tried again.
async fn tell_of_logouts(broker: Arc<Broker>) {
    loop {
        tokio::time::sleep(LOOK_AT_LOGOUTS).await;
        if let Err(fault) = broker.tell_again().await {
            complain("telling of logouts", &fault);
        }
    }
}

/// The one client for outgoing HTTP, as the configuration allows it.
pub fn egress(config: &Config) -> Result<Egress, Fault> {
    let hosts = config.egress.allow_hosts.iter().map(|host| host.as_str().to_owned());
    Egress::trusting(&roots(&config.egress.ca_roots)?, hosts, PATIENCE)
}

/// Fetches partners' metadata again and again.
async fn keep_metadata_fresh(broker: Arc<Broker>, egress: Egress, metrics: Arc<Metrics>) {
    let random: &dyn Random = &SystemRandom;
    loop {
        let pause = match broker.refresh_metadata(&egress).await {
            Ok(fetched) => {
                fetched.iter().for_each(|one| tell_fetched(one, &metrics));
                FETCH_METADATA
            }
            Err(fault) => {
                complain("fetching metadata", &fault);
                FETCH_METADATA / 60
            }
        };
        let tenth = f64::from((random.bits() % 2001) as u32) / 10_000.0;
        tokio::time::sleep(pause.mul_f64(0.9 + tenth)).await;
    }
}

/// Tells how long certificates last, and looks at everything about every party once a day.
async fn watch_certificates(broker: Arc<Broker>, metrics: Arc<Metrics>) {
    loop {
        let days = broker.outlooks().into_iter().map(|outlook| {
            let used_for = match outlook.used_for {
                CertificateUse::Signing => "signing",
                CertificateUse::Other => "other",
            };
            let certificate = outlook.fingerprint.chars().take(16).collect();
            (vec![outlook.party.to_string(), used_for.to_owned(), certificate], outlook.days_left as f64)
        });
        metrics.replace(names::CERTIFICATES, days);
        match broker.look_at_parties().await {
            Ok(Some(parties)) => tracing::info!(detail = parties, "every party was looked at"),
            Ok(None) => {}
            Err(fault) => complain("looking at every party", &fault),
        }
        tokio::time::sleep(LOOK_AT_CERTIFICATES).await;
    }
}

fn tell_fetched(fetched: &Refreshed, metrics: &Metrics) {
    let Refreshed { party, outcome } = fetched;
    let outcome = match outcome {
        Ok(true) => {
            tracing::info!(detail = %party, "new metadata was taken up");
            "new"
        }
        Ok(false) => "unchanged",
        Err(fault) => {
            let detail = format!("{party}: {}", fault.detail);
            tracing::warn!(
                reason = fault.reason.code(),
                detail,
                "fetched metadata was kept out; the last good copy stays"
            );
            fault.reason.code()
        }
    };
    metrics.count(names::METADATA, &[outcome]);
}

fn complain(what: &str, fault: &Fault) {
    tracing::error!(reason = fault.reason.code(), detail = %fault.detail, "{what} failed and will be tried again");
}
