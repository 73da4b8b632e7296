//! The world of one login: a broker, a municipality and a service provider, each a process of its own on loopback, in a
//! folder of their own, with keys made a moment ago. Dropping the world stops every process, whatever happened.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use crate::browser::call;
use crate::process::{Process, free_port, guarded, make_key, wait_until};

/// The entityID of the municipality's identity provider (`simplesamlphp/metadata/saml20-idp-hosted.php`).
pub(crate) const IDP: &str = "https://saml.korsbaek.example/idp";

/// The attribute that carries rights in OIOSAML 3.
pub(crate) const RIGHTS: &str = "https://data.gov.dk/model/core/eid/privilegesIntermediate";

const SERVICE: &str = "attribute service";
const NEIGHBOUR: &str = "https://saml.bogense.example/idp";

/// A running broker and municipality, and the service providers that joined.
pub(crate) struct World {
    folder: PathBuf,
    processes: Vec<Process>,
    /// Where the broker answers.
    pub(crate) broker: String,
    /// Where the municipality's identity provider answers.
    pub(crate) idp: String,
}

/// How the municipality registers its identity provider, and how that one speaks.
#[derive(Clone, Copy)]
pub(crate) struct Municipality {
    /// The broker may read AES-CBC from it; SimpleSAMLphp encrypts with nothing else.
    pub(crate) danger_allow_cbc: bool,
    /// It encrypts its assertions to the broker.
    pub(crate) encrypts: bool,
    /// It knows its users' rights and states them; otherwise the broker asks the municipality's attribute service.
    pub(crate) states_rights: bool,
}

/// A service provider: which program, what it is called, and where it answers what.
#[derive(Clone, Copy)]
pub(crate) struct Sp {
    /// The folder or program below `tests/peers`.
    pub(crate) program: Program,
    /// Its name, and the host of its entityID.
    pub(crate) name: &'static str,
    /// The profile in which it is registered.
    pub(crate) profile: &'static str,
    /// It wants the Response signed too.
    pub(crate) sign_response: bool,
    /// The path that starts a login.
    pub(crate) login: &'static str,
    /// The path of its metadata.
    pub(crate) metadata: &'static str,
}

/// What runs a service provider.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Program {
    /// Apache with a module; the folder with its `httpd.conf`.
    Apache(&'static str),
    /// A script for the Python of `target/peers/venv`.
    Python(&'static str),
    /// A script for node with the packages of `target/peers/node`.
    Node(&'static str),
}

/// Whether everything that `install.sh` installs is there.
pub(crate) fn installed() -> bool {
    let system = [
        "/usr/sbin/apache2",
        "/usr/lib/apache2/modules/mod_auth_mellon.so",
        "/usr/lib/apache2/modules/mod_auth_openidc.so",
        "/usr/lib/apache2/modules/mod_shib.so",
        "/usr/sbin/shibd",
        "/usr/share/simplesamlphp/www/module.php",
        "/usr/bin/php",
    ];
    let ours = [libraries().join("venv/requirements.txt"), libraries().join("node/installed.json")];
    system.iter().all(|file| Path::new(file).exists()) && ours.iter().all(|file| file.exists())
}

impl World {
    /// Starts the broker with an empty register, and the municipality's identity provider.
    pub(crate) fn start(name: &str, municipality: Municipality) -> Self {
        let folder = std::env::temp_dir().join(format!("ch-peers-{}-{name}", std::process::id()));
        fs::create_dir_all(&folder).unwrap();
        let [broker, operations] = [free_port(), free_port()];
        let idp = free_port();
        let mut world = Self {
            folder,
            processes: Vec::new(),
            broker: format!("http://localhost:{broker}"),
            idp: format!("http://127.0.0.1:{idp}"),
        };
        world.start_broker("broker", &world.folder.clone(), [broker, operations]);
        world.start_idp(municipality, "");
        world.register_idp(municipality);
        world
    }

    /// Starts a service provider, and registers it with the metadata that it publishes.
    pub(crate) fn join(&mut self, sp: Sp) -> String {
        let entity_id = format!("https://saml.{}.example", sp.name);
        let url = self.start_peer((sp.name, sp.program), &entity_id, &[]);
        let metadata = self.wait_for(&format!("{url}{}", sp.metadata));
        self.register(&format!("{}.xml", sp.name), &metadata);
        let registration = format!(
            "[[service-provider]]\nentity-id = \"{entity_id}\"\nname = \"{name}\"\ncvr = \"22222222\"\n\
             metadata = \"{name}.xml\"\nprofile = \"{profile}\"\n{level}\nattribute-profile = \"KOMBIT\"\nsign-response = {sign}\n\n\
             [[service-agreement]]\nauthority = \"11111111\"\nservice-providers = [\"{entity_id}\"]\n",
            name = sp.name,
            profile = sp.profile,
            sign = sp.sign_response,
            level = if sp.profile == "OIOSAML2" {
                "required-nist = 3"
            } else {
                "required-nsis = \"Substantial\""
            },
        );
        self.register(&format!("{}.toml", sp.name), &registration);
        self.apply();
        url
    }

    /// Starts a second broker, which keeps the municipality's users and answers the first one as its attribute service.
    pub(crate) fn start_attribute_service(&mut self) -> UserStore {
        let folder = self.folder.join("service");
        fs::create_dir_all(folder.join("registry")).unwrap();
        let [port, operations] = [free_port(), free_port()];
        let url = self.start_broker(SERVICE, &folder, [port, operations]);
        let store = UserStore::new(&folder, &url);
        fs::copy(self.folder.join("broker-sp.xml"), folder.join("registry/asks.xml")).unwrap();
        let asks = store.requester(&self.broker_entity_id(), "asks.xml");
        fs::write(folder.join("registry/asks.toml"), asks).unwrap();
        apply_in(&folder);
        fs::copy(folder.join("broker-aa.xml"), self.folder.join("registry/service.xml")).unwrap();
        let registration = format!(
            "[[attribute-service]]\nentity-id = \"{}\"\nname = \"Korsbæks rettigheder\"\nmetadata = \"service.xml\"\n\
             authorities = [\"11111111\"]\ncache-minutes = 0\ntimeout-seconds = 2\n",
            entity_id_of(&folder.join("broker-aa.xml"))
        );
        self.register("service.toml", &registration);
        store
    }

    /// Ends the attribute service.
    pub(crate) fn stop_attribute_service(&mut self) {
        self.stop(SERVICE);
    }

    /// Makes the broker keep the municipality's users itself.
    pub(crate) fn keep_users(&self) -> UserStore {
        let store = UserStore::new(&self.folder, &self.broker);
        self.apply();
        store
    }

    /// Lets pysaml2 ask the broker's attribute authority, or say its metadata. What is set in the environment is told by
    /// the program.
    pub(crate) fn ask_with_pysaml2(
        &self,
        entity_id: &str,
        environment: &[&str],
        arguments: &[&str],
    ) -> String {
        let folder = self.folder.join("requester");
        if !folder.exists() {
            fs::create_dir_all(&folder).unwrap();
            make_key(&folder, "signing", "rsa:2048");
            make_key(&folder, "encryption", "rsa:2048");
            fs::copy(self.folder.join("broker-aa.xml"), folder.join("broker-aa.xml")).unwrap();
        }
        let mut python = Command::new(libraries().join("venv/bin/python"));
        python.arg(sources().join("python/pysaml2_query.py")).args(arguments);
        python
            .env("PEER_DIR", &folder)
            .env("PEER_URL", "http://127.0.0.1:1")
            .env("PEER_ENTITY_ID", entity_id);
        python.env("PYTHONDONTWRITEBYTECODE", "1").envs(environment.iter().map(|name| (name, "1")));
        let output = python.output().unwrap();
        assert!(output.status.success(), "pysaml2: {output:#?}");
        String::from_utf8(output.stdout).unwrap()
    }

    /// Writes a file of the register; the next [`World::apply`] takes it in.
    pub(crate) fn register(&self, name: &str, content: &str) {
        fs::write(self.folder.join("registry").join(name), content).unwrap();
    }

    /// Applies the registry directory to the running broker, which takes it up within a second.
    pub(crate) fn apply(&self) {
        apply_in(&self.folder);
    }

    /// The reasons of everything that the broker refused, oldest first, as its exchange log tells them.
    pub(crate) fn refusals(&self) -> Vec<String> {
        let output = Command::new(env!("CARGO_BIN_EXE_context-handler"))
            .args(["audit", "search", "--json", "--config"])
            .arg(self.folder.join("broker.toml"))
            .output()
            .unwrap();
        assert!(output.status.success(), "audit search: {output:#?}");
        let records: Vec<serde_json::Value> = serde_json::from_slice(&output.stdout).unwrap();
        let refused = records.iter().rev().filter(|record| record["allowed"] == false);
        refused
            .map(|record| {
                format!("{} {}", record["event"].as_str().unwrap(), record["reason"].as_str().unwrap())
            })
            .collect()
    }

    /// The settings of the broker.
    pub(crate) fn settings(&self) -> PathBuf {
        self.folder.join("broker.toml")
    }

    /// Registers a second municipality, so that the user has a choice. Nobody is at home there.
    pub(crate) fn register_neighbour(&self) {
        let registry = self.folder.join("registry");
        let metadata = fs::read_to_string(registry.join("korsbaek.xml")).unwrap();
        fs::write(registry.join("bogense.xml"), metadata.replace(IDP, NEIGHBOUR)).unwrap();
        let registration = format!(
            "[[authority]]\ncvr = \"33333333\"\nname = \"Bogense Kommune\"\n\n\
             [[identity-provider]]\nentity-id = \"{NEIGHBOUR}\"\nname = \"Bogense Kommune\"\nmetadata = \"bogense.xml\"\n\
             active = true\nprofile = \"OIOSAML3\"\nnist = 3\nnsis = \"Substantial\"\n\n\
             [[federation-agreement]]\nidentity-provider = \"{NEIGHBOUR}\"\nauthority = \"33333333\"\n\n\
             [[service-agreement]]\nauthority = \"33333333\"\nservice-providers = [\"https://saml.pysaml2.example\"]\n"
        );
        fs::write(registry.join("bogense.toml"), registration).unwrap();
        self.apply();
    }

    /// Starts a broker that has everything of its own in this folder.
    fn start_broker(&mut self, name: &str, folder: &Path, [port, operations]: [u16; 2]) -> String {
        let url = format!("http://localhost:{port}");
        for name in ["broker-signing", "broker-decryption"] {
            // As long as the keys that public certificates for organisations have.
            make_key(folder, name, "rsa:3072");
            let pem = ["key", "crt"]
                .map(|part| fs::read_to_string(folder.join(name).with_extension(part)).unwrap());
            fs::write(folder.join(name).with_extension("pem"), pem.concat()).unwrap();
        }
        let config = format!(
            "[server]\npublic-url = \"{}\"\nlisten = \"127.0.0.1:{port}\"\n\
             operations-listen = \"127.0.0.1:{operations}\"\n\n\
             [store]\npath = \"{store}\"\n\n\
             [keys]\nsigning = [\"{signing}\"]\ndecryption = [\"{decryption}\"]\n\n\
             [egress]\nallow-hosts = [\"localhost\", \"127.0.0.1\"]\n",
            url,
            store = folder.join("broker.db").display(),
            signing = folder.join("broker-signing.pem").display(),
            decryption = folder.join("broker-decryption.pem").display(),
        );
        fs::write(folder.join("broker.toml"), config).unwrap();
        let mut broker = guarded(&[], env!("CARGO_BIN_EXE_context-handler"));
        broker.args(["serve".as_ref(), "--config".as_ref(), folder.join("broker.toml").as_os_str()]);
        self.spawn(name, broker);
        for side in ["idp", "sp", "aa"] {
            let metadata = self.wait_for(&format!("{url}/saml/{side}/metadata"));
            fs::write(folder.join(format!("broker-{side}.xml")), metadata).unwrap();
        }
        url
    }

    /// The municipality's administrator changes the configuration of the identity provider, for better or worse.
    pub(crate) fn reconfigure_idp(&mut self, municipality: Municipality, fault: &str) {
        self.stop("simplesamlphp");
        self.start_idp(municipality, fault);
        self.wait_for(&format!("{}/saml2/idp/metadata.php", self.idp));
    }

    fn start_idp(&mut self, municipality: Municipality, fault: &str) {
        let folder = self.folder.join("simplesamlphp");
        if !folder.exists() {
            fs::create_dir_all(folder.join("tmp")).unwrap();
            make_key(&folder, "idp", "rsa:2048");
            make_key(&folder, "old", "rsa:2048");
        }
        fs::copy(self.folder.join("broker-sp.xml"), folder.join("broker-sp.xml")).unwrap();
        let mut php = guarded(&[], "php");
        php.args(["-d", "date.timezone=Europe/Copenhagen", "-S", self.idp.trim_start_matches("http://")]);
        php.args(["-t", "/usr/share/simplesamlphp/www"]);
        php.env("SIMPLESAMLPHP_CONFIG_DIR", sources().join("simplesamlphp"));
        php.env("PEER_DIR", &folder).env("PEER_URL", &self.idp);
        php.env("PEER_FAULT", fault);
        php.env("PEER_ENCRYPT", if municipality.encrypts { "1" } else { "0" });
        php.env("PEER_RIGHTS", if municipality.states_rights { "1" } else { "0" });
        self.spawn("simplesamlphp", php);
    }

    fn register_idp(&mut self, municipality: Municipality) {
        let metadata = self.wait_for(&format!("{}/saml2/idp/metadata.php", self.idp));
        let registry = self.folder.join("registry");
        fs::create_dir_all(&registry).unwrap();
        fs::write(registry.join("korsbaek.xml"), metadata).unwrap();
        let registration = format!(
            "[[authority]]\ncvr = \"11111111\"\nname = \"Korsbæk Kommune\"\n\n\
             [[authority]]\ncvr = \"22222222\"\nname = \"Leverandør A/S\"\n\n\
             [[identity-provider]]\nentity-id = \"{IDP}\"\nname = \"Korsbæk Kommune\"\nmetadata = \"korsbaek.xml\"\n\
             active = true\nprofile = \"OIOSAML3\"\nnist = 3\nnsis = \"Substantial\"\ndanger-allow-cbc = {}\nrights = [\"{}\"]\n\n\
             [[federation-agreement]]\nidentity-provider = \"{IDP}\"\nauthority = \"11111111\"\n",
            municipality.danger_allow_cbc,
            if municipality.states_rights { "assertion" } else { "attribute-service" },
        );
        fs::write(registry.join("korsbaek.toml"), registration).unwrap();
    }

    /// Starts a program with a folder and keys of its own, and tells where it answers.
    pub(crate) fn start_peer(
        &mut self,
        (name, program): (&str, Program),
        entity_id: &str,
        environment: &[(&str, &str)],
    ) -> String {
        let folder = self.folder_of(name);
        fs::create_dir_all(&folder).unwrap();
        let port = free_port();
        let url = format!("http://127.0.0.1:{port}");
        make_key(&folder, "signing", "rsa:2048");
        make_key(&folder, "encryption", "rsa:2048");
        fs::write(folder.join("secret"), secret(&folder)).unwrap();
        fs::copy(self.folder.join("broker-idp.xml"), folder.join("broker-idp.xml")).unwrap();

        let mut command = match program {
            Program::Apache(pages) => self.prepare_apache(pages, &folder, &url, entity_id),
            Program::Python(script) => {
                let mut python = guarded(&[], libraries().join("venv/bin/python"));
                python.arg("-u").arg(sources().join("python").join(script));
                python
            }
            Program::Node(script) => {
                let mut node = guarded(&[], "node");
                node.arg(sources().join("node").join(script));
                node.env("NODE_PATH", libraries().join("node/node_modules"));
                node
            }
        };
        command.env("PEER_DIR", &folder).env("PEER_URL", &url).env("PEER_ENTITY_ID", entity_id);
        command.env("PEER_HOST", "127.0.0.1").env("PEER_PORT", port.to_string());
        command.env("PEER_ISSUER", &self.broker).env("PYTHONDONTWRITEBYTECODE", "1");
        command.envs(environment.iter().copied());
        self.spawn(name, command);
        url
    }

    /// Where the peer of this name has its files.
    pub(crate) fn folder_of(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }

    /// Ends the peer of this name.
    pub(crate) fn stop(&mut self, name: &str) {
        self.processes.retain(|process| process.name() != name);
    }

    fn prepare_apache(&mut self, pages: &str, folder: &Path, url: &str, entity_id: &str) -> Command {
        let common = sources().join("apache");
        for source in [&common, &sources().join(pages)] {
            for file in fs::read_dir(source).unwrap().map(|entry| entry.unwrap().path()) {
                let text = fs::read_to_string(&file).unwrap();
                let text = text.replace("@DIR@", folder.to_str().unwrap()).replace("@URL@", url);
                let text =
                    text.replace("@ENTITY_ID@", entity_id).replace("@BROKER@", &self.broker_entity_id());
                let target = folder.join(file.file_name().unwrap());
                fs::copy(&file, &target).unwrap();
                fs::write(target, text).unwrap();
            }
        }
        // Run by root, Apache and shibd step down to Debian's web user, who must read and write here.
        // An ordinary user cannot give files away and need not: then they run as that user.
        let given = Command::new("chown")
            .arg("-R")
            .arg("www-data:www-data")
            .arg(folder)
            .stderr(Stdio::null())
            .status();
        let step_down: &[&str] = if given.is_ok_and(|status| status.success()) {
            &["--reuid", "www-data", "--regid", "www-data", "--clear-groups"]
        } else {
            &[]
        };
        if pages == "shibboleth" {
            let mut shibd = guarded(step_down, "/usr/sbin/shibd");
            shibd
                .args(["-F", "-f"])
                .arg("-c")
                .arg(folder.join("shibboleth2.xml"))
                .arg("-p")
                .arg(folder.join("shibd.pid"));
            self.spawn("shibd", shibd);
            wait_until("shibd listens", || folder.join("shibd.sock").exists());
        }
        let mut apache = guarded(step_down, "/usr/sbin/apache2");
        apache.arg("-DFOREGROUND").arg("-f").arg(folder.join("httpd.conf")).env("PEER_PAGES", folder);
        apache
    }

    /// The entityID of the broker towards service providers, as its metadata says.
    pub(crate) fn broker_entity_id(&self) -> String {
        entity_id_of(&self.folder.join("broker-idp.xml"))
    }

    fn spawn(&mut self, name: &str, command: Command) {
        self.processes.push(Process::start(name, &self.folder, command));
    }

    /// Waits until the process started last answers here, and gives what it answers.
    pub(crate) fn wait_for(&mut self, url: &str) -> String {
        self.processes.last_mut().unwrap().wait_for(url)
    }
}

/// The users that a municipality keeps at a broker, reached by the token of the system that looks after them.
pub(crate) struct UserStore {
    url: String,
    token: String,
}

impl UserStore {
    /// Makes the token and registers its hash.
    fn new(folder: &Path, url: &str) -> Self {
        let file = folder.join("system.token");
        let output = Command::new(env!("CARGO_BIN_EXE_context-handler"))
            .args(["keys", "token", "--json", "--out"])
            .arg(&file)
            .arg("--config")
            .arg(folder.join("broker.toml"))
            .output()
            .unwrap();
        assert!(output.status.success(), "keys token: {output:#?}");
        let told: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
        let registration = format!(
            "{}[[api-client]]\nauthority = \"11111111\"\nname = \"Rollekatalog\"\ntoken-sha256 = {}\n",
            if folder.join("registry/korsbaek.toml").exists() {
                ""
            } else {
                "[[authority]]\ncvr = \"11111111\"\nname = \"Korsbæk Kommune\"\n\n"
            },
            told["sha256"]
        );
        fs::write(folder.join("registry/client.toml"), registration).unwrap();
        let token = fs::read_to_string(file).unwrap().trim().to_owned();
        Self { url: url.to_owned(), token }
    }

    /// Puts a user with this role into the store.
    pub(crate) fn put(&self, id: &str, role: &str) {
        let user = serde_json::json!({ "roles": [{ "role": role }] });
        let page = call("PUT", &format!("{}/api/v1/users/{id}", self.url), &self.token, &user.to_string());
        assert_eq!(page.status, 201, "{page:?}");
    }

    /// The registration of somebody who may ask for the rights of the municipality's users.
    pub(crate) fn requester(&self, entity_id: &str, metadata: &str) -> String {
        format!(
            "[[attribute-requester]]\nentity-id = \"{entity_id}\"\nname = \"Asks\"\nmetadata = \"{metadata}\"\n\
             authorities = [\"11111111\"]\nattributes = [\"{RIGHTS}\"]\n"
        )
    }
}

impl Drop for World {
    fn drop(&mut self) {
        // The last started first: Apache before shibd, everybody before the broker.
        while self.processes.pop().is_some() {}
        if std::thread::panicking() {
            println!("kept for a look: {}", self.folder.display());
        } else {
            drop(fs::remove_dir_all(&self.folder));
        }
    }
}

/// Applies the registry directory of a broker that has everything in this folder.
fn apply_in(folder: &Path) {
    let output = Command::new(env!("CARGO_BIN_EXE_context-handler"))
        .args(["apply".as_ref(), folder.join("registry").as_os_str()])
        .args(["--config".as_ref(), folder.join("broker.toml").as_os_str()])
        .output()
        .unwrap();
    assert!(output.status.success(), "apply: {output:#?}");
    std::thread::sleep(Duration::from_millis(1100));
}

/// What nobody else knows: the digest of a key that was made a moment ago.
fn secret(folder: &Path) -> String {
    let key = fs::read(folder.join("signing.key")).unwrap();
    openssl::sha::sha256(&key).iter().map(|byte| format!("{byte:02x}")).collect()
}

fn entity_id_of(metadata: &Path) -> String {
    let metadata = fs::read_to_string(metadata).unwrap();
    let metadata = roxmltree::Document::parse(&metadata).unwrap();
    metadata.root_element().attribute("entityID").unwrap().to_owned()
}

fn sources() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/peers")
}

fn libraries() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("target/peers")
}
