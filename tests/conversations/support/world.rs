//! A broker with its register, its clock and its dice.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::time::Duration;

use context_handler::broker::console::invite;
use context_handler::broker::egress::Egress;
use context_handler::broker::keys::Keys;
use context_handler::broker::registry::{self, Files};
use context_handler::broker::{Broker, Settings};
use context_handler::domain::audit::Record;
use context_handler::domain::console::Sees;
use context_handler::domain::id::{Cvr, EntityId, LoginId};
use context_handler::domain::world::{Clock, Random};
use context_handler::http::{Door, router};
use context_handler::protocol::keys::{FileKey, Roots, Signer};
use context_handler::store::{AuditQuery, Sqlite, Store};
use context_handler::system::SystemClock;
use context_handler::telemetry::Metrics;
use jiff::{SignedDuration, Timestamp};
use openssl::asn1::Asn1Time;
use openssl::ec::{EcGroup, EcKey};
use openssl::hash::MessageDigest;
use openssl::nid::Nid;
use openssl::pkey::PKey;
use openssl::x509::{X509Builder, X509NameBuilder};

use super::{Browser, Fagsystem, Idp, roles, tls};

/// The moment at which every conversation begins.
pub(crate) const BEGINNING: i64 = 1_795_248_000;

/// So many seconds after the beginning.
pub(crate) fn at(second: i64) -> Timestamp {
    Timestamp::from_second(BEGINNING + second).unwrap()
}

/// A key of the development parties.
pub(crate) fn key(name: &str) -> Arc<FileKey> {
    let file = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("certs-dev").join(format!("{name}.pem"));
    Arc::new(FileKey::read(&std::fs::read(file).unwrap(), None).unwrap())
}

/// A key on the curve P-256 of our own, for tokens.
pub(crate) fn elliptic_key() -> Arc<FileKey> {
    let curve = EcGroup::from_curve_name(Nid::X9_62_PRIME256V1).unwrap();
    let key = PKey::from_ec_key(EcKey::generate(&curve).unwrap()).unwrap();
    let mut name = X509NameBuilder::new().unwrap();
    name.append_entry_by_text("CN", "Context Handler (test), tokens").unwrap();
    let name = name.build();
    let mut certificate = X509Builder::new().unwrap();
    certificate.set_version(2).unwrap();
    certificate.set_subject_name(&name).unwrap();
    certificate.set_issuer_name(&name).unwrap();
    certificate.set_pubkey(&key).unwrap();
    certificate.set_not_before(&Asn1Time::from_unix(BEGINNING - 1000).unwrap()).unwrap();
    certificate.set_not_after(&Asn1Time::from_unix(BEGINNING + 100_000_000).unwrap()).unwrap();
    certificate.sign(&key, MessageDigest::sha256()).unwrap();
    let pem = [key.private_key_to_pem_pkcs8().unwrap(), certificate.build().to_pem().unwrap()].concat();
    Arc::new(FileKey::read(&pem, None).unwrap())
}

struct StillClock(AtomicI64);

impl Clock for StillClock {
    fn now(&self) -> Timestamp {
        Timestamp::from_millisecond(self.0.load(Ordering::SeqCst)).unwrap()
    }
}

/// Dice that fall alike in every run.
pub(crate) struct SeededDice(AtomicU64);

impl SeededDice {
    pub(crate) fn new(seed: u64) -> Self {
        Self(AtomicU64::new(seed))
    }
}

impl Random for SeededDice {
    fn fill(&self, bytes: &mut [u8]) {
        for chunk in bytes.chunks_mut(8) {
            let mut z = self.0.fetch_add(0x9e37_79b9_7f4a_7c15, Ordering::SeqCst);
            z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
            z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
            chunk.copy_from_slice(&(z ^ (z >> 31)).to_le_bytes()[..chunk.len()]);
        }
    }
}

/// What the broker's operator has settled.
struct Operated {
    roots: Roots,
    for_tokens: Vec<Arc<dyn Signer>>,
    logout_for: Duration,
}

impl Default for Operated {
    fn default() -> Self {
        Self { roots: Roots::default(), for_tokens: Vec::new(), logout_for: Duration::from_secs(2) }
    }
}

/// Korsbæk with everything around it: two municipalities with an identity provider each, two fagsystemer, the broker.
pub(crate) struct Town {
    pub(crate) url: String,
    pub(crate) korsbaek: Idp,
    pub(crate) feddet: Idp,
    /// OIOSAML 3, requires NSIS Substantial, has an encryption key.
    pub(crate) bbr: Fagsystem,
    /// OIOSAML 2, requires NIST 3, has no encryption key.
    pub(crate) driving: Fagsystem,
    pub(crate) broker: Arc<Broker>,
    pub(crate) store: Arc<Sqlite>,
    folder: PathBuf,
    clock: Arc<StillClock>,
}

impl Town {
    /// The town as it is when all is well.
    pub(crate) async fn new(name: &str) -> Self {
        Self::with(name, |_| {}).await
    }

    /// The town with something changed in its register.
    pub(crate) async fn with(name: &str, change: impl FnOnce(&mut Files)) -> Self {
        Self::begin(name, at(0), change).await
    }

    /// The town at the moment of the test, for software that looks at the clock of the machine.
    pub(crate) async fn today(name: &str) -> Self {
        Self::begin(name, SystemClock.now(), |_| {}).await
    }

    /// The town whose operator has configured these roots of certificates.
    pub(crate) async fn trusting(name: &str, roots: Roots, change: impl FnOnce(&mut Files)) -> Self {
        Self::settled(name, at(0), Operated { roots, ..Operated::default() }, change).await
    }

    /// The town whose broker has a key on a curve beside its own, for tokens.
    pub(crate) async fn with_elliptic_key(name: &str, change: impl FnOnce(&mut Files)) -> Self {
        let operated = Operated { for_tokens: vec![elliptic_key()], ..Operated::default() };
        Self::settled(name, at(0), operated, change).await
    }

    /// The town whose broker waits so long for those whom it tells of a logout.
    pub(crate) async fn waiting(name: &str, logout_for: Duration, change: impl FnOnce(&mut Files)) -> Self {
        Self::settled(name, at(0), Operated { logout_for, ..Operated::default() }, change).await
    }

    async fn begin(name: &str, now: Timestamp, change: impl FnOnce(&mut Files)) -> Self {
        Self::settled(name, now, Operated::default(), change).await
    }

    async fn settled(
        name: &str,
        now: Timestamp,
        operated: Operated,
        change: impl FnOnce(&mut Files),
    ) -> Self {
        let folder = std::env::temp_dir().join(format!("ch-{name}-{}", std::process::id()));
        drop(std::fs::remove_dir_all(&folder));
        std::fs::create_dir_all(&folder).unwrap();
        let store = Arc::new(Sqlite::open(&folder.join("broker.db")).unwrap());
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://localhost:{}", listener.local_addr().unwrap().port());
        let clock = Arc::new(StillClock(AtomicI64::new(now.as_millisecond())));
        let (korsbaek, feddet) = (Idp::korsbaek(&url), Idp::feddet(&url));
        let (bbr, driving) = (Fagsystem::bbr(&url), Fagsystem::driving(&url));
        let mut files = files(&[&korsbaek, &feddet], &[&bbr, &driving]);
        change(&mut files);
        apply(&store, files, now).await;
        let settings = Settings {
            entity_id: EntityId::new(&format!("{url}/saml")).unwrap(),
            public_url: url.clone(),
            environment: "test".to_owned(),
            programme: vec![Cvr::new("99999999").unwrap()],
            skew: SignedDuration::from_secs(60),
            assertion_for: SignedDuration::from_mins(5),
            session_for: SignedDuration::from_hours(8),
            idle_for: SignedDuration::from_hours(1),
            logout_for: operated.logout_for,
            egress: Egress::trusting(&tls::roots(), ["localhost".to_owned()], Duration::from_secs(20))
                .unwrap(),
            roots: Arc::new(operated.roots),
        };
        let signing: Arc<dyn Signer> = key("broker-signing");
        let keys = Keys::new(&[signing], vec![key("broker-decryption")]).unwrap();
        let keys = match operated.for_tokens.as_slice() {
            [] => keys,
            signers => keys.with_token_signers(signers).unwrap(),
        };
        let dice = Arc::new(SeededDice::new(1));
        let broker = Broker::open(settings, keys, store.clone(), clock.clone(), dice).await.unwrap();
        let broker = Arc::new(broker);
        let door = Arc::new(Door::new(broker.clone(), vec!["127.0.0.1/32".to_owned().try_into().unwrap()]));
        let app = router(door, Arc::new(Metrics::new())).into_make_service_with_connect_info::<SocketAddr>();
        tokio::spawn(async move { axum::serve(listener, app).await.unwrap() });
        Self { url, korsbaek, feddet, bbr, driving, broker, store, folder, clock }
    }

    /// The broker as it comes back after a restart: a new one over the same file.
    pub(crate) async fn restarted(&self) -> Broker {
        let signing: Arc<dyn Signer> = key("broker-signing");
        let keys = Keys::new(&[signing], vec![key("broker-decryption")]).unwrap();
        let store = Arc::new(Sqlite::open(&self.database()).unwrap());
        let (clock, dice) = (self.clock.clone(), Arc::new(SeededDice::new(2)));
        Broker::open(self.broker.settings().clone(), keys, store, clock, dice).await.unwrap()
    }

    /// A browser that has never been here.
    pub(crate) fn browser(&self) -> Browser {
        Browser::new()
    }

    /// Where identity providers' answers arrive.
    pub(crate) fn acs(&self) -> String {
        format!("{}/saml/sp/acs", self.url)
    }

    /// The file of the store.
    pub(crate) fn database(&self) -> PathBuf {
        self.folder.join("broker.db")
    }

    pub(crate) fn clock(&self) -> Arc<dyn Clock> {
        self.clock.clone()
    }

    pub(crate) fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// Lets time pass.
    pub(crate) fn pass(&self, time: SignedDuration) {
        self.clock.0.fetch_add(i64::try_from(time.as_millis()).unwrap(), Ordering::SeqCst);
    }

    /// Changes the register while the broker runs.
    pub(crate) async fn change(&self, change: impl FnOnce(&mut Files)) {
        let mut files = self.store.registry().await.unwrap().files;
        change(&mut files);
        apply(&self.store, files, self.now()).await;
        assert!(self.broker.reload_registry().await.unwrap());
    }

    /// The link of an invitation to the pages about trust, and its name.
    pub(crate) async fn invite(&self, sees: Sees) -> (String, LoginId) {
        let (dice, now) = (SeededDice::new(self.now().as_nanosecond() as u64), self.now());
        self.pass(SignedDuration::from_millis(1)); // so that the dice of the next one fall otherwise
        let made = invite(self.store.as_ref(), &dice, now, (sees, SignedDuration::from_hours(24))).await;
        let (ticket, invitation) = made.unwrap();
        (format!("{}/trust/invitations/{}", self.url, ticket.text()), invitation.id)
    }

    /// A browser that has signed in to these pages.
    pub(crate) async fn reader(&self, sees: Sees) -> Browser {
        let mut browser = self.browser();
        let (link, _) = self.invite(sees).await;
        assert_eq!(browser.post(&link, &[]).await.status, 303);
        browser
    }

    /// The exchange log, oldest first.
    pub(crate) async fn log(&self) -> Vec<Record> {
        let all = AuditQuery { limit: u32::MAX, ..AuditQuery::default() };
        self.store.search_audit(all).await.unwrap().into_iter().rev().map(|logged| logged.record).collect()
    }

    /// The reason of the youngest record of a message that came in.
    pub(crate) async fn last_reason(&self) -> String {
        let log = self.log().await;
        let sent = |record: &&Record| format!("{:?}", record.event) != "RefusalSent";
        log.iter().rev().find(sent).map(|record| record.reason.clone()).unwrap_or_default()
    }
}

impl Drop for Town {
    fn drop(&mut self) {
        drop(std::fs::remove_dir_all(&self.folder));
    }
}

async fn apply(store: &Sqlite, files: Files, now: Timestamp) {
    registry::apply(store, files, now, LoginId::from_bits(0)).await.unwrap();
}

/// The register: who is there, everybody has agreed with everybody, and what roles stand for.
fn files(idps: &[&Idp], fagsystemer: &[&Fagsystem]) -> Files {
    let mut files = BTreeMap::new();
    let mut toml = String::new();
    for idp in idps {
        toml += &format!("[[authority]]\ncvr = \"{}\"\nname = \"{}\"\n\n", idp.cvr, idp.municipality);
        toml += &idp.registration();
        files.insert(format!("{}.xml", idp.file), idp.metadata().into_bytes());
    }
    for fagsystem in fagsystemer {
        toml += &fagsystem.registration();
        files.insert(format!("{}.xml", fagsystem.file), fagsystem.metadata().into_bytes());
    }
    for idp in idps {
        let systems: Vec<String> = fagsystemer.iter().map(|f| format!("{:?}", f.entity_id)).collect();
        toml += &format!(
            "[[federation-agreement]]\nidentity-provider = {:?}\nauthority = {:?}\n\n\
             [[service-agreement]]\nauthority = {:?}\nservice-providers = [{}]\n\n",
            idp.entity_id,
            idp.cvr,
            idp.cvr,
            systems.join(", ")
        );
    }
    files.insert("register.toml".to_owned(), toml.into_bytes());
    files.insert("roles.toml".to_owned(), roles::REGISTER.into());
    files
}
