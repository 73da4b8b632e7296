//! What `doctor` promises: a deployment that is well is told so, and whatever is wrong is found under its own name with what
//! to do; when only partners are silent, the exit code says that.

#![expect(clippy::expect_used, reason = "a test that cannot go on panics")]

use std::fs;
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::time::Duration;

use context_handler::app;
use context_handler::cli::{Desk, Exit, run};
use context_handler::config::{Config, Sources};
use context_handler::domain::world::Clock;
use context_handler::keyring::Keyring;
use context_handler::protocol::keys::{FileKey, Signer};
use context_handler::system::{SystemClock, SystemRandom};
use jiff::Timestamp;
use serde_json::Value;

struct StoppedAt(&'static str);

impl Clock for StoppedAt {
    fn now(&self) -> Timestamp {
        self.0.parse().expect("a time")
    }
}

/// A port that nobody listens on.
fn free() -> SocketAddr {
    TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr()).expect("a port")
}

/// A deployment in a folder of its own.
struct Deployment {
    folder: PathBuf,
    listen: SocketAddr,
}

impl Deployment {
    fn new(name: &str, metadata_url: &str) -> Self {
        let folder =
            std::env::temp_dir().join(format!("context-handler-doctor-{name}-{}", std::process::id()));
        drop(fs::remove_dir_all(&folder));
        fs::create_dir_all(folder.join("register")).expect("a folder");
        let deployment = Self { folder, listen: free() };
        deployment.configure(&deployment.keys("broker-signing.pem"));
        let register = format!(
            "[[authority]]\ncvr = \"11111111\"\nname = \"Korsbæk Kommune\"\n\
             [[identity-provider]]\nentity-id = \"https://idp.test\"\nname = \"Korsbæk\"\nmetadata = \"idp.xml\"\n{metadata_url}\n\
             profile = \"OIOSAML3\"\n\
             [[service-provider]]\nentity-id = \"https://sp.test\"\nname = \"BBR\"\ncvr = \"22222222\"\nmetadata = \"sp.xml\"\n\
             profile = \"OIOSAML3\"\nrequired-nist = 3\n"
        );
        for (file, content) in [
            ("register.toml", register),
            ("idp.xml", metadata("https://idp.test", "IDPSSODescriptor", "SingleSignOnService")),
            ("sp.xml", metadata("https://sp.test", "SPSSODescriptor", "AssertionConsumerService")),
        ] {
            fs::write(deployment.folder.join("register").join(file), content).expect("a file");
        }
        deployment
    }

    fn keys(&self, name: &str) -> PathBuf {
        Path::new(env!("CARGO_MANIFEST_DIR")).join("certs-dev").join(name)
    }

    fn configure(&self, signing: &Path) {
        let config = format!(
            "[server]\nlisten = \"{0}\"\noperations-listen = \"{1}\"\npublic-url = \"http://localhost:{2}\"\n\
             [store]\npath = \"store.sqlite\"\n[egress]\nallow-hosts = [\"localhost\"]\n\
             [keys]\nsigning = [{signing:?}]\ndecryption = [{3:?}]\n",
            self.listen,
            free(),
            self.listen.port(),
            self.keys("broker-decryption.pem"),
        );
        fs::write(self.config(), config).expect("a file");
    }

    fn config(&self) -> PathBuf {
        self.folder.join("config.toml")
    }

    /// Serves until the test process ends.
    fn serve(&self) {
        let config = Config::resolve(&Sources::gather(Some(&self.config())).expect("sources"))
            .expect("a configuration");
        std::thread::spawn(move || {
            let runtime =
                tokio::runtime::Builder::new_multi_thread().enable_all().build().expect("a runtime");
            runtime.block_on(async {
                let keyring = Keyring::open(&config.keys).expect("keys");
                let broker = app::open(&config, &keyring).await.expect("a broker");
                app::serve(&config, broker, std::future::pending()).await.expect("serves");
            });
        });
        while TcpStream::connect(self.listen).is_err() {
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    fn say(&self, clock: &dyn Clock, words: &[&str]) -> (Exit, String, String) {
        let (mut out, mut err) = (Vec::new(), Vec::new());
        let desk =
            Desk { input: &mut std::io::empty(), out: &mut out, err: &mut err, clock, random: &SystemRandom };
        let config = self.config().display().to_string();
        let all = [&["context-handler", "--config", &config], words].concat();
        let exit = run(all.into_iter().map(Into::into), desk);
        (exit, String::from_utf8_lossy(&out).into_owned(), String::from_utf8_lossy(&err).into_owned())
    }

    fn apply(&self) {
        let register = self.folder.join("register").display().to_string();
        let (exit, _, err) = self.say(&SystemClock, &["apply", &register]);
        assert_eq!(exit, Exit::Ok, "{err}");
    }

    /// Exit code and what is not well, as `state id`.
    fn doctor(&self, clock: &dyn Clock) -> (Exit, Vec<String>) {
        let (exit, out, err) = self.say(clock, &["--json", "doctor"]);
        let checks: Vec<Value> =
            serde_json::from_str(&out).unwrap_or_else(|error| panic!("{error}: {out}{err}"));
        let told = |check: &Value, part: &str| check[part].as_str().unwrap_or_default().to_owned();
        let unwell: Vec<&Value> = checks.iter().filter(|check| check["state"] != "ok").collect();
        for check in &unwell {
            assert!(!told(check, "found").is_empty() && !told(check, "fix").is_empty(), "{check}");
        }
        (exit, unwell.iter().map(|check| format!("{} {}", told(check, "state"), told(check, "id"))).collect())
    }
}

impl Drop for Deployment {
    fn drop(&mut self) {
        drop(fs::remove_dir_all(&self.folder));
    }
}

fn metadata(entity_id: &str, role: &str, endpoint: &str) -> String {
    let pem = include_bytes!("../certs-dev/idp-korsbaek.pem");
    let key = FileKey::from_pem(pem, pem, None).expect("a key");
    let binding = if role.starts_with("SP") { "POST" } else { "Redirect" };
    format!(
        r#"<md:EntityDescriptor xmlns:md="urn:oasis:names:tc:SAML:2.0:metadata" entityID="{entity_id}">
<md:{role} protocolSupportEnumeration="urn:oasis:names:tc:SAML:2.0:protocol">
<md:KeyDescriptor use="signing"><ds:KeyInfo xmlns:ds="http://www.w3.org/2000/09/xmldsig#"><ds:X509Data>
<ds:X509Certificate>{}</ds:X509Certificate></ds:X509Data></ds:KeyInfo></md:KeyDescriptor>
<md:{endpoint} Binding="urn:oasis:names:tc:SAML:2.0:bindings:HTTP-{binding}" Location="{entity_id}/here" index="0"/>
</md:{role}></md:EntityDescriptor>"#,
        Signer::certificate(&key).to_base64()
    )
}

#[test]
fn a_deployment_that_is_well_is_told_so_and_a_silent_partner_is_told_apart() {
    let nobody = free().port();
    let deployment = Deployment::new("well", "");
    deployment.apply();
    let no_server = (Exit::CheckFailed, vec!["failed public-url".to_owned()]);
    assert_eq!(deployment.doctor(&SystemClock), no_server, "nobody serves yet");
    deployment.serve();
    assert_eq!(deployment.doctor(&SystemClock), (Exit::Ok, vec![]));
    let (_, out, _) = deployment.say(&SystemClock, &["doctor"]);
    for told in
        ["OpenSSL 3.", "rsa-sha256", "aes256-gcm", "answers with our metadata", "1 identity providers"]
    {
        assert!(out.contains(told), "{told}: {out}");
    }

    let register = deployment.folder.join("register/register.toml");
    let from = "metadata = \"idp.xml\"";
    let text = fs::read_to_string(&register).expect("a file");
    let silent =
        text.replace(from, &format!("{from}\nmetadata-url = \"http://localhost:{nobody}/metadata\""));
    fs::write(&register, silent).expect("a file");
    deployment.apply();
    assert_eq!(
        deployment.doctor(&SystemClock),
        (Exit::Unreachable, vec!["unreachable partner.metadata".to_owned()])
    );

    let ours = format!("http://localhost:{}/saml/idp/metadata", deployment.listen.port());
    let answering = text.replace(from, &format!("{from}\nmetadata-url = \"{ours}\""));
    fs::write(&register, answering).expect("a file");
    deployment.apply();
    assert_eq!(deployment.doctor(&SystemClock), (Exit::Ok, vec![]), "it answers, and its clock is ours");

    // The key in the file is no longer the one that the server signs with.
    deployment.configure(&deployment.keys("nemlogin.pem"));
    assert_eq!(deployment.doctor(&SystemClock), no_server);
}

#[test]
fn a_client_whose_tokens_no_key_of_ours_signs_is_found() {
    let deployment = Deployment::new("tokens", "");
    let register = |algorithm: &str| {
        let client = format!(
            "[[oidc-client]]\nclient-id = \"app\"\nname = \"App\"\ncvr = \"22222222\"\nrequired-nist = 3\n\
             application-type = \"native\"\nredirect-uris = [\"dk.example.app:/callback\"]\n\
             token-endpoint-auth-method = \"none\"\naccess-token-signed-response-alg = {algorithm:?}\n"
        );
        fs::write(deployment.folder.join("register/client.toml"), client).expect("a file");
        deployment.apply();
        deployment.doctor(&SystemClock).1
    };
    assert!(!register("PS512").contains(&"failed register.tokens".to_owned()));
    assert!(register("ES256").contains(&"failed register.tokens".to_owned()));
    let (_, out, _) = deployment.say(&SystemClock, &["doctor"]);
    assert!(out.contains("app: no key of ours signs tokens with ES256"), "{out}");
}

#[test]
fn time_is_told_where_it_matters() {
    let deployment = Deployment::new("time", "");
    deployment.apply();
    let unwell = |at| deployment.doctor(&StoppedAt(at)).1;
    assert!(
        unwell("2020-01-01T00:00:00Z").contains(&"failed clock".to_owned()),
        "records are from the future"
    );
    let late = unwell("2050-01-01T00:00:00Z");
    assert!(late.contains(&"failed keys.valid".to_owned()), "{late:?}");
    assert!(late.contains(&"warning register.certificate".to_owned()), "{late:?}");
}

#[test]
fn keys_store_and_register_that_cannot_be_used_are_found() {
    let deployment = Deployment::new("broken", "");
    let (exit, unwell) = deployment.doctor(&SystemClock);
    assert_eq!(
        (exit, &unwell[..]),
        (Exit::CheckFailed, &["warning store".to_owned(), "failed public-url".to_owned()][..])
    );
    assert!(!deployment.folder.join("store.sqlite").exists(), "looking changes nothing");

    deployment.apply();
    deployment.configure(&deployment.folder.join("gone.pem"));
    assert_eq!(deployment.doctor(&SystemClock), (Exit::CheckFailed, vec!["failed keys".to_owned()]));

    deployment.configure(&deployment.keys("broker-signing.pem"));
    let database = rusqlite::Connection::open(deployment.folder.join("store.sqlite")).expect("a database");
    database
        .execute_batch("UPDATE registry_file SET content = 'x' WHERE path = 'register.toml'")
        .expect("a change");
    assert!(deployment.doctor(&SystemClock).1.contains(&"failed register".to_owned()));
    database.execute_batch("PRAGMA user_version = 99").expect("a change");
    assert!(deployment.doctor(&SystemClock).1.contains(&"failed store.schema".to_owned()));
    drop(database);
    fs::write(deployment.folder.join("store.sqlite"), "no database").expect("a file");
    assert!(deployment.doctor(&SystemClock).1.contains(&"failed store".to_owned()));

    // Where nobody may look there is no saying that nothing is there. (A file is no folder, whoever asks.)
    let config = fs::read_to_string(deployment.config()).expect("a file");
    fs::write(deployment.config(), config.replace("store.sqlite", "store.sqlite/below")).expect("a file");
    let (exit, out, _) = deployment.say(&SystemClock, &["doctor"]);
    assert!(exit == Exit::CheckFailed && out.contains("Ask as the user that serves"), "{out}");
}

#[test]
fn a_wrong_configuration_is_a_matter_of_usage() {
    let deployment = Deployment::new("wrong", "");
    fs::write(deployment.config(), "[server]\npublic-urll = 1\n").expect("a file");
    let (exit, out, err) = deployment.say(&SystemClock, &["doctor"]);
    assert_eq!((exit, out.as_str()), (Exit::Usage, ""));
    assert!(err.contains("public-urll"), "{err}");
}
