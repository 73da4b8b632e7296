//! Metadata that is fetched: a party changes its keys by itself, and nobody else does it for it. Changes of the register
//! reach a running broker within a second.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use axum::Router;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::get;
use context_handler::app;
use context_handler::broker::egress::Egress;
use context_handler::broker::registry;
use context_handler::config::{Config, Sources};
use context_handler::domain::audit::{Actor, Event};
use context_handler::domain::id::{EntityId, LoginId, MessageId};
use context_handler::domain::reason::Reason;
use context_handler::domain::world::Clock;
use context_handler::keyring::Keyring;
use context_handler::protocol::keys::{FileKey, Signer};
use context_handler::protocol::saml::metadata::{OurLogoutAddresses, OurMetadata};
use context_handler::store::{Batch, Kind, Mark, Sqlite, Store};
use context_handler::system::SystemClock;
use jiff::{SignedDuration, Timestamp};
use tokio::task::JoinHandle;

use crate::support::tls::{Front, root_pem, roots};
use crate::support::{Answer, Browser, Fagsystem, Idp, Town, at, key};

/// What the partner's server does when it is asked.
#[derive(Clone)]
pub(crate) enum Says {
    Content(Vec<u8>),
    SendsTo(String),
    Fails,
    Nothing,
}

/// A partner's server, reached by the name `localhost`.
pub(crate) struct Partner {
    pub(crate) url: String,
    says: Arc<Mutex<Says>>,
}

impl Partner {
    pub(crate) async fn new() -> Self {
        let says = Arc::new(Mutex::new(Says::Fails));
        let (answering, moved) = (says.clone(), "/metadata");
        let app = Router::new()
            .route("/metadata", get(move || answer(answering.lock().unwrap().clone())))
            .route("/moved", get(move || async move { Redirect::temporary(moved) }))
            .route("/circle", get(|| async { Redirect::temporary("/circle") }));
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://localhost:{}", listener.local_addr().unwrap().port());
        tokio::spawn(async move { axum::serve(listener, app).await.unwrap() });
        Self { url, says }
    }

    pub(crate) fn says(&self, says: Says) {
        *self.says.lock().unwrap() = says;
    }
}

async fn answer(says: Says) -> Response {
    match says {
        Says::Content(content) => content.into_response(),
        Says::SendsTo(place) => Redirect::temporary(&place).into_response(),
        Says::Fails => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
        Says::Nothing => std::future::pending().await,
    }
}

/// A town in which Korsbæk's metadata is fetched from a partner's address.
async fn town(name: &str, path: &str) -> (Town, Partner) {
    let partner = Partner::new().await;
    let address = format!("metadata = \"korsbaek.xml\"\nmetadata-url = \"{}{path}\"", partner.url);
    let town = Town::with(name, |files| {
        let toml = String::from_utf8(files["register.toml"].clone()).unwrap();
        let changed = toml.replace("metadata = \"korsbaek.xml\"", &address);
        files.insert("register.toml".into(), changed.into_bytes());
    });
    (town.await, partner)
}

pub(crate) fn egress() -> Egress {
    Egress::new(["localhost".to_owned()], Duration::from_secs(2)).unwrap()
}

/// Korsbæk's metadata with these keys, made at that moment and signed by that key.
fn metadata(entity_id: &str, keys: &[&FileKey], signer: &FileKey, now: Timestamp) -> String {
    let signing: Vec<_> = keys.iter().map(|key| Signer::certificate(*key).clone()).collect();
    let written = OurMetadata {
        id: &MessageId::new("_metadata").unwrap(),
        entity_id: &EntityId::new(entity_id).unwrap(),
        now,
        signing: &signing,
        encryption: &[],
    };
    let logout = OurLogoutAddresses {
        browser: "https://idp.korsbaek.test/slo".to_owned(),
        soap: "https://idp.korsbaek.test/slo/soap".to_owned(),
    };
    written.write_idp("https://idp.korsbaek.test/sso", &logout, signer).unwrap().into_string()
}

/// Fetches once; the one outcome there is.
async fn fetch(town: &Town) -> Result<bool, Reason> {
    let mut told = town.broker.refresh_metadata(&egress()).await.unwrap();
    assert_eq!(told.len(), 1);
    let told = told.remove(0);
    assert_eq!(told.party.as_str(), town.korsbaek.entity_id);
    told.outcome.map_err(|fault| fault.reason)
}

fn with_key(idp: &Idp, key: &Arc<FileKey>) -> Idp {
    let mut idp = idp.clone();
    idp.key = key.clone();
    idp
}

/// Logs in with an answer that is signed by this key: the status that the fagsystem gets, or the reason of the page.
async fn login(town: &Town, number: u32, signer: &Arc<FileKey>) -> String {
    let mut browser = town.browser();
    let mut ask = town.bbr.ask();
    ask.id = format!("_request-{number}");
    ask.issue_instant = town.now().to_string();
    let sent = town.bbr.send(&mut browser, &ask).await;
    let idp = with_key(&town.korsbaek, signer);
    let answer =
        idp.answer(town, &mut browser, &sent, |say| say.assertion_id = format!("_assertion-{number}")).await;
    match answer.form() {
        Some(_) => town.bbr.read(&answer, town).status.join(" "),
        None => town.last_reason().await,
    }
}

#[tokio::test]
async fn a_key_that_the_old_one_vouches_for_is_taken_up_and_the_old_one_can_then_leave() {
    let (town, partner) = town("rollover", "/metadata").await;
    let (old, new) = (key("idp-korsbaek"), key("nemlogin"));
    let name = town.korsbaek.entity_id.clone();
    assert_eq!(login(&town, 1, &old).await, "Success");
    assert_eq!(login(&town, 2, &new).await, Reason::KeyUntrusted.code());

    let both = metadata(&name, &[&new, &old], &old, at(0));
    partner.says(Says::Content(both.clone().into_bytes()));
    assert_eq!(fetch(&town).await, Ok(true));
    assert_eq!(fetch(&town).await, Ok(false), "the same again is nothing new");
    assert_eq!(login(&town, 3, &new).await, "Success");
    assert_eq!(login(&town, 4, &old).await, "Success");
    let changes: Vec<_> =
        town.log().await.into_iter().filter(|r| r.event == Event::RegistryChanged).collect();
    assert_eq!(
        changes.iter().map(|record| record.actor).collect::<Vec<_>>(),
        [Actor::Operator, Actor::Broker]
    );
    assert!(changes[1].detail.as_ref().unwrap().contains(&name));

    partner.says(Says::Content(metadata(&name, &[&new], &new, at(1)).into_bytes()));
    assert_eq!(fetch(&town).await, Ok(true));
    assert_eq!(login(&town, 5, &new).await, "Success");
    assert_eq!(login(&town, 6, &old).await, Reason::KeyUntrusted.code());

    partner.says(Says::Content(both.into_bytes()));
    assert_eq!(fetch(&town).await, Err(Reason::MdRefused), "the key that left cannot come back by itself");
}

#[tokio::test]
async fn an_address_that_moved_within_its_host_is_followed() {
    let (town, partner) = town("moved", "/moved").await;
    let old = key("idp-korsbaek");
    partner.says(Says::Content(metadata(&town.korsbaek.entity_id, &[&old], &old, at(0)).into_bytes()));
    assert_eq!(fetch(&town).await, Ok(true));
}

#[tokio::test]
async fn whatever_else_comes_is_kept_out_and_the_last_good_copy_stays() {
    let (town, partner) = town("kept-out", "/metadata").await;
    let (old, other) = (key("idp-korsbaek"), key("idp-feddet"));
    let name = town.korsbaek.entity_id.clone();
    let good = metadata(&name, &[&old], &old, at(0));
    partner.says(Says::Content(good.clone().into_bytes()));
    assert_eq!(fetch(&town).await, Ok(true));
    let last_good = town.store.registry().await.unwrap();

    let begin = good.find("<ds:Signature").unwrap();
    let end = good.find("</ds:Signature>").unwrap() + "</ds:Signature>".len();
    let unsigned = format!("{}{}", &good[..begin], &good[end..]);
    let port = partner.url.rsplit(':').next().unwrap().to_owned();
    let content = |text: String| Says::Content(text.into_bytes());
    let sends_to = |place: &str| Says::SendsTo(place.to_owned());
    for (number, (what, says, reason)) in [
        ("without a signature", content(unsigned), Reason::MdRefused),
        (
            "signed by another's key",
            content(metadata(&name, &[&old, &other], &other, at(9))),
            Reason::MdRefused,
        ),
        ("changed after it was signed", content(good.replace("/sso\"", "/oss\"")), Reason::MdRefused),
        ("of another party", content(metadata("https://other.test", &[&old], &old, at(9))), Reason::MdLimit),
        ("with none of the old keys", content(metadata(&name, &[&other], &old, at(9))), Reason::MdChange),
        ("without any key", content(metadata(&name, &[], &old, at(9))), Reason::MdKey),
        ("that has ended", content(metadata(&name, &[&old], &old, at(-15 * 86_400))), Reason::MdRefused),
        ("older than the last good", content(metadata(&name, &[&old], &old, at(-1))), Reason::MdRefused),
        ("cut off", content(good[..good.len() / 2].to_owned()), Reason::MdRefused),
        ("with a document type", content(format!("<!DOCTYPE a>{good}")), Reason::MdRefused),
        ("that is too large", Says::Content(vec![b' '; 32 * 1024 * 1024 + 1]), Reason::MdLimit),
        ("that is a file of this machine", sends_to("file:///etc/passwd"), Reason::MdUnreachable),
        ("in the cloud's own network", sends_to("http://169.254.169.254/latest/"), Reason::MdUnreachable),
        ("of another host", sends_to(&format!("http://127.0.0.1:{port}/metadata")), Reason::MdUnreachable),
        ("that goes round in circles", sends_to("/circle"), Reason::MdUnreachable),
        ("that fails", Says::Fails, Reason::MdUnreachable),
        ("that never comes", Says::Nothing, Reason::NetSilent),
    ]
    .into_iter()
    .enumerate()
    {
        partner.says(says);
        assert_eq!(fetch(&town).await, Err(reason), "metadata {what}");
        assert_eq!(town.store.registry().await.unwrap(), last_good, "metadata {what}");
        let number = u32::try_from(number).unwrap();
        assert_eq!(login(&town, 100 + number, &old).await, "Success", "after metadata {what}");
    }
}

#[tokio::test]
async fn a_private_address_is_called_only_if_its_host_is_allowed_by_name() {
    let (town, partner) = town("private", "/metadata").await;
    let old = key("idp-korsbaek");
    partner.says(Says::Content(metadata(&town.korsbaek.entity_id, &[&old], &old, at(0)).into_bytes()));
    let refused =
        |told: Vec<context_handler::broker::registry::Refreshed>| told[0].outcome.clone().unwrap_err().reason;
    let nobody = Egress::new([], Duration::from_secs(2)).unwrap();
    assert_eq!(refused(town.broker.refresh_metadata(&nobody).await.unwrap()), Reason::EgressRefused);
    let https = partner.url.replace("http://", "https://");
    let lookup = nobody.get(&https, 1000).await.unwrap_err();
    assert_eq!(lookup.reason, Reason::EgressRefused);
    assert!(lookup.detail.contains("localhost has no public address"), "{lookup}");
    assert_eq!(fetch(&town).await, Ok(true));
}

#[tokio::test]
async fn metadata_are_fetched_by_https_from_a_server_that_a_configured_root_vouches_for() {
    let (town, partner) = town("https", "/metadata").await;
    let old = key("idp-korsbaek");
    partner.says(Says::Content(metadata(&town.korsbaek.entity_id, &[&old], &old, at(0)).into_bytes()));
    let front = Front::of(&format!("{}/metadata", partner.url), "localhost");
    town.change(|files| {
        let toml = String::from_utf8(files["register.toml"].clone()).unwrap();
        let changed = toml.replace(&format!("{}/metadata", partner.url), &front.url);
        assert_ne!(changed, toml);
        files.insert("register.toml".into(), changed.into_bytes());
    })
    .await;
    assert_eq!(fetch(&town).await, Err(Reason::NetTls), "nobody on this machine vouches for it");
    assert_eq!(front.asked(), 0);

    let folder = std::env::temp_dir().join(format!("ch-ca-roots-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    std::fs::write(folder.join("root.pem"), root_pem()).unwrap();
    let keys = concat!(env!("CARGO_MANIFEST_DIR"), "/certs-dev");
    let written = format!(
        "[server]\npublic-url = \"http://localhost\"\n[egress]\nallow-hosts = [\"localhost\"]\nca-roots = [\"root.pem\"]\n\
         [keys]\nsigning = [\"{keys}/broker-signing.pem\"]\ndecryption = [\"{keys}/broker-decryption.pem\"]\n"
    );
    std::fs::write(folder.join("config.toml"), written).unwrap();
    let config = Config::resolve(&Sources::gather(Some(&folder.join("config.toml"))).unwrap()).unwrap();
    let told = town.broker.refresh_metadata(&app::egress(&config).unwrap()).await.unwrap();
    assert_eq!((told.len(), told[0].outcome.as_ref().ok(), front.asked()), (1, Some(&true), 1));
    std::fs::write(folder.join("root.pem"), "no certificate").unwrap();
    assert_eq!(app::egress(&config).map(|_| ()).unwrap_err().reason, Reason::CertChain);
    drop(std::fs::remove_dir_all(&folder));
}

#[tokio::test]
async fn each_way_of_not_reaching_a_server_has_a_reason_of_its_own() {
    let partner = Partner::new().await;
    partner.says(Says::Content(b"content".to_vec()));
    let plain = format!("{}/metadata", partner.url);
    let at = |listener: &std::net::TcpListener| {
        format!("http://localhost:{}/", listener.local_addr().unwrap().port())
    };
    let free = at(&std::net::TcpListener::bind("127.0.0.1:0").unwrap());
    let silent = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let rude = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let (silent_url, rude_url) = (at(&silent), at(&rude));
    std::thread::spawn(move || rude.incoming().for_each(drop));
    let hosts = || ["localhost".to_owned(), "nobody.invalid".to_owned()];
    let egress = Egress::trusting(&roots(), hosts(), Duration::from_secs(1)).unwrap();
    let genuine = Front::of(&plain, "localhost");
    assert_eq!(egress.get(&genuine.url, 1000).await.unwrap().body, b"content", "the twin");
    assert_eq!(egress.get(&plain, 1000).await.unwrap().body, b"content", "the twin");
    for (what, url, reason) in [
        ("nobody listens", free.clone(), Reason::NetClosed),
        ("nobody listens, encrypted", free.replace("http://", "https://"), Reason::NetClosed),
        ("nobody has the name", "http://nobody.invalid/".to_owned(), Reason::NetClosed),
        ("it hangs up", rude_url, Reason::NetClosed),
        ("it is silent", silent_url.clone(), Reason::NetSilent),
        ("it is silent, encrypted", silent_url.replace("http://", "https://"), Reason::NetSilent),
        ("it does not encrypt", plain.replace("http://", "https://"), Reason::NetTls),
        ("it has another name", Front::of(&plain, "other.test").url, Reason::NetTls),
        ("nobody vouches for it", Front::unvouched(&plain).url, Reason::NetTls),
    ] {
        let fault = egress.get(&url, 1000).await.unwrap_err();
        assert_eq!(fault.reason, reason, "{what}: {fault}");
    }
    drop(silent);
}

#[tokio::test]
async fn an_operator_who_replaces_a_file_overrules_what_was_fetched() {
    let (town, partner) = town("overruled", "/metadata").await;
    let (old, new) = (key("idp-korsbaek"), key("nemlogin"));
    partner.says(Says::Content(metadata(&town.korsbaek.entity_id, &[&old], &old, at(0)).into_bytes()));
    assert_eq!(fetch(&town).await, Ok(true));
    town.change(|files| drop(files.insert("unrelated.txt".into(), b"a note".to_vec()))).await;
    assert_eq!(town.store.registry().await.unwrap().fetched.len(), 1, "another change leaves it alone");

    let replaced = with_key(&town.korsbaek, &new).metadata();
    town.change(|files| drop(files.insert("korsbaek.xml".into(), replaced.into_bytes()))).await;
    assert!(town.store.registry().await.unwrap().fetched.is_empty());
    assert_eq!(login(&town, 1, &new).await, "Success");
    assert_eq!(login(&town, 2, &old).await, Reason::KeyUntrusted.code());
    assert_eq!(fetch(&town).await, Err(Reason::MdRefused), "the old key's copy does not come back");
}

#[tokio::test]
async fn an_operator_who_withdraws_an_address_goes_back_to_the_file() {
    let (town, partner) = town("withdrawn", "/metadata").await;
    let (old, new) = (key("idp-korsbaek"), key("nemlogin"));
    let both = metadata(&town.korsbaek.entity_id, &[&new, &old], &old, at(0));
    partner.says(Says::Content(both.into_bytes()));
    assert_eq!(fetch(&town).await, Ok(true));
    let moves = |from: String, to: String| {
        move |files: &mut registry::Files| {
            let toml = String::from_utf8(files["register.toml"].clone()).unwrap();
            assert!(toml.contains(&from), "{from}");
            files.insert("register.toml".into(), toml.replace(&from, &to).into_bytes());
        }
    };
    town.change(moves(format!("{}/metadata", partner.url), format!("{}/moved", partner.url))).await;
    assert_eq!(login(&town, 1, &new).await, "Success", "an address that moved is the party's still");

    town.change(moves(format!("metadata-url = \"{}/moved\"", partner.url), String::new())).await;
    assert!(town.store.registry().await.unwrap().fetched.is_empty());
    assert_eq!(
        login(&town, 2, &new).await,
        Reason::KeyUntrusted.code(),
        "what came from there counts no more"
    );
    assert_eq!(login(&town, 3, &old).await, "Success");
}

#[tokio::test]
async fn a_key_whose_certificate_has_ended_vouches_for_nobody() {
    let (town, partner) = town("ended", "/metadata").await;
    let (old, new) = (key("idp-korsbaek"), key("nemlogin"));
    town.pass(SignedDuration::from_hours(24 * 365 * 30));
    let both = metadata(&town.korsbaek.entity_id, &[&new, &old], &old, town.now());
    partner.says(Says::Content(both.into_bytes()));
    assert_eq!(fetch(&town).await, Err(Reason::MdKey));
    assert!(town.store.registry().await.unwrap().fetched.is_empty());
}

/// A broker as it is served, with its background work, in a folder of its own.
struct Served {
    url: String,
    public: SocketAddr,
    store: Sqlite,
    folder: PathBuf,
    serving: JoinHandle<()>,
}

impl Served {
    /// With a register that was applied before it started.
    async fn new(name: &str, register: Vec<(&str, String)>) -> Self {
        Self::after(name, register, async |_| {}).await
    }

    /// The same, after something happened in its store.
    async fn after(name: &str, register: Vec<(&str, String)>, happened: impl AsyncFnOnce(&Sqlite)) -> Self {
        let folder = std::env::temp_dir().join(format!("ch-served-{name}-{}", std::process::id()));
        drop(std::fs::remove_dir_all(&folder));
        std::fs::create_dir_all(&folder).unwrap();
        let (public, operations) = (free(), free());
        let keys = concat!(env!("CARGO_MANIFEST_DIR"), "/certs-dev");
        let url = format!("http://localhost:{}", public.port());
        let written = format!(
            "[server]\nlisten = \"{public}\"\noperations-listen = \"{operations}\"\npublic-url = \"{url}\"\n\
             [egress]\nallow-hosts = [\"localhost\"]\n[store]\npath = \"store.sqlite\"\n\
             [keys]\nsigning = [\"{keys}/broker-signing.pem\"]\ndecryption = [\"{keys}/broker-decryption.pem\"]\n"
        );
        std::fs::write(folder.join("config.toml"), written).unwrap();
        let config = Config::resolve(&Sources::gather(Some(&folder.join("config.toml"))).unwrap()).unwrap();
        let store = Sqlite::open(&config.store.path).unwrap();
        apply(&store, register).await;
        happened(&store).await;
        Self { url, public, store, serving: tokio::spawn(serve(config)), folder }
    }

    async fn is_up(&self) {
        while tokio::net::TcpStream::connect(self.public).await.is_err() {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        self.serving.abort();
        drop(std::fs::remove_dir_all(&self.folder));
    }
}

async fn apply(store: &Sqlite, files: Vec<(&str, String)>) {
    let files = files.into_iter().map(|(path, content)| (path.to_owned(), content.into_bytes())).collect();
    registry::apply(store, files, SystemClock.now(), LoginId::from_bits(1)).await.unwrap();
}

async fn serve(config: Config) {
    let broker = app::open(&config, &Keyring::open(&config.keys).unwrap()).await.unwrap();
    app::serve(&config, broker, std::future::pending()).await.unwrap();
}

/// A port that is free at this moment.
fn free() -> SocketAddr {
    std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap()
}

#[tokio::test]
async fn a_running_broker_takes_a_change_up_within_a_second() {
    let served = Served::new("change", Vec::new()).await;
    served.is_up().await;
    takes_up_a_change(&served).await;
}

#[tokio::test]
async fn a_change_is_taken_up_within_a_second_while_much_is_forgotten() {
    let served = Served::after("forgets", Vec::new(), async |store: &Sqlite| {
        for batch in 0..40 {
            let long_ago = SystemClock.now() - SignedDuration::from_hours(1);
            let mark = |number| Mark {
                kind: Kind::Possession,
                issuer: "somebody".to_owned(),
                id: format!("{batch} {number}"),
                made: long_ago,
                expires: long_ago,
            };
            let uses = (0..5_000).map(mark).collect();
            store.commit(Batch { uses, ..Batch::default() }).await.unwrap();
        }
    })
    .await;
    served.is_up().await;
    takes_up_a_change(&served).await;
}

async fn takes_up_a_change(served: &Served) {
    let bbr = Fagsystem::bbr(&served.url);
    let mut number = 0;
    let mut knock = async || {
        number += 1;
        let mut ask = bbr.ask();
        ask.id = format!("_request-{number}");
        ask.issue_instant = SystemClock.now().strftime("%Y-%m-%dT%H:%M:%SZ").to_string();
        Browser::new().get(&bbr.redirect(&ask)).await
    };
    let unknown = |answer: &Answer| {
        let means = Reason::SpUnknown.explanation().means;
        answer.body.contains(means.da) || answer.body.contains(means.en)
    };
    let before = knock().await;
    assert!(unknown(&before), "{before:?}");
    apply(&served.store, vec![("register.toml", bbr.registration()), ("bbr.xml", bbr.metadata())]).await;
    let since = Instant::now();
    loop {
        let answer = knock().await;
        if !unknown(&answer) {
            break;
        }
        assert!(since.elapsed() < Duration::from_secs(1), "not taken up after a second: {answer:?}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

#[tokio::test]
async fn a_broker_that_starts_fetches_metadata_by_itself() {
    let partner = Partner::new().await;
    let address = format!("metadata = \"korsbaek.xml\"\nmetadata-url = \"{}/metadata\"", partner.url);
    let idp = Idp::korsbaek("http://localhost");
    let fresh = metadata(&idp.entity_id, &[&idp.key], &idp.key, SystemClock.now());
    partner.says(Says::Content(fresh.clone().into_bytes()));
    let register = idp.registration().replace("metadata = \"korsbaek.xml\"", &address);
    let files = vec![("register.toml", register), ("korsbaek.xml", idp.metadata())];
    let served = Served::new("fetches", files).await;
    let since = Instant::now();
    while served.store.registry().await.unwrap().fetched.get(&idp.entity_id)
        != Some(&fresh.clone().into_bytes())
    {
        assert!(since.elapsed() < Duration::from_secs(10), "nothing was fetched");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}
