//! The world of one login: a broker, a municipality and a service provider, each a process of its own on loopback, in a
//! folder of their own, with keys made a moment ago. Dropping the world stops every process, whatever happened.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use crate::process::{Process, free_port, guarded, make_key, wait_until};

/// The entityID of the municipality's identity provider (`simplesamlphp/metadata/saml20-idp-hosted.php`).
pub(crate) const IDP: &str = "https://saml.korsbaek.example/idp";

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
        world.start_broker(broker, operations);
        world.start_idp(municipality);
        world.register_idp(municipality);
        world
    }

    /// Starts a service provider, and registers it with the metadata that it publishes.
    pub(crate) fn join(&mut self, sp: Sp) -> String {
        let folder = self.folder.join(sp.name);
        fs::create_dir_all(&folder).unwrap();
        let port = free_port();
        let url = format!("http://127.0.0.1:{port}");
        let entity_id = format!("https://saml.{}.example", sp.name);
        make_key(&folder, "signing", "rsa:2048");
        make_key(&folder, "encryption", "rsa:2048");
        fs::copy(self.folder.join("broker-idp.xml"), folder.join("broker-idp.xml")).unwrap();

        let mut command = match sp.program {
            Program::Apache(pages) => self.prepare_apache(pages, &folder, &url, &entity_id),
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
        command.env("PEER_DIR", &folder).env("PEER_URL", &url).env("PEER_ENTITY_ID", &entity_id);
        command.env("PEER_HOST", "127.0.0.1").env("PEER_PORT", port.to_string());
        command.env("PYTHONDONTWRITEBYTECODE", "1");
        self.spawn(sp.name, command);

        let metadata = self.wait_for(&format!("{url}{}", sp.metadata));
        fs::write(self.folder.join("registry").join(format!("{}.xml", sp.name)), metadata).unwrap();
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
        fs::write(self.folder.join("registry").join(format!("{}.toml", sp.name)), registration).unwrap();
        self.apply();
        url
    }

    /// Applies the registry directory to the running broker, which takes it up within a second.
    pub(crate) fn apply(&self) {
        let output = Command::new(env!("CARGO_BIN_EXE_context-handler"))
            .args(["apply".as_ref(), self.folder.join("registry").as_os_str()])
            .args(["--config".as_ref(), self.folder.join("broker.toml").as_os_str()])
            .output()
            .unwrap();
        assert!(output.status.success(), "apply: {output:#?}");
        std::thread::sleep(Duration::from_millis(1100));
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

    fn start_broker(&mut self, port: u16, operations: u16) {
        for name in ["broker-signing", "broker-decryption"] {
            // As long as the keys that public certificates for organisations have.
            make_key(&self.folder, name, "rsa:3072");
            let pem = ["key", "crt"]
                .map(|part| fs::read_to_string(self.folder.join(name).with_extension(part)).unwrap());
            fs::write(self.folder.join(name).with_extension("pem"), pem.concat()).unwrap();
        }
        let config = format!(
            "[server]\npublic-url = \"{}\"\nlisten = \"127.0.0.1:{port}\"\n\
             operations-listen = \"127.0.0.1:{operations}\"\n\n\
             [store]\npath = \"{store}\"\n\n\
             [keys]\nsigning = [\"{signing}\"]\ndecryption = [\"{decryption}\"]\n",
            self.broker,
            store = self.folder.join("broker.db").display(),
            signing = self.folder.join("broker-signing.pem").display(),
            decryption = self.folder.join("broker-decryption.pem").display(),
        );
        fs::write(self.folder.join("broker.toml"), config).unwrap();
        let mut broker = guarded(&[], env!("CARGO_BIN_EXE_context-handler"));
        broker.args(["serve".as_ref(), "--config".as_ref(), self.folder.join("broker.toml").as_os_str()]);
        self.spawn("broker", broker);
        for side in ["idp", "sp"] {
            let metadata = self.wait_for(&format!("{}/saml/{side}/metadata", self.broker));
            fs::write(self.folder.join(format!("broker-{side}.xml")), metadata).unwrap();
        }
    }

    fn start_idp(&mut self, municipality: Municipality) {
        let folder = self.folder.join("simplesamlphp");
        fs::create_dir_all(folder.join("tmp")).unwrap();
        make_key(&folder, "idp", "rsa:2048");
        fs::copy(self.folder.join("broker-sp.xml"), folder.join("broker-sp.xml")).unwrap();
        let mut php = guarded(&[], "php");
        php.args(["-d", "date.timezone=Europe/Copenhagen", "-S", self.idp.trim_start_matches("http://")]);
        php.args(["-t", "/usr/share/simplesamlphp/www"]);
        php.env("SIMPLESAMLPHP_CONFIG_DIR", sources().join("simplesamlphp"));
        php.env("PEER_DIR", &folder).env("PEER_URL", &self.idp);
        php.env("PEER_ENCRYPT", if municipality.encrypts { "1" } else { "0" });
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
             active = true\nprofile = \"OIOSAML3\"\nnist = 3\nnsis = \"Substantial\"\ndanger-allow-cbc = {}\n\n\
             [[federation-agreement]]\nidentity-provider = \"{IDP}\"\nauthority = \"11111111\"\n",
            municipality.danger_allow_cbc
        );
        fs::write(registry.join("korsbaek.toml"), registration).unwrap();
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
        let metadata = fs::read_to_string(self.folder.join("broker-idp.xml")).unwrap();
        let metadata = roxmltree::Document::parse(&metadata).unwrap();
        metadata.root_element().attribute("entityID").unwrap().to_owned()
    }

    fn spawn(&mut self, name: &str, command: Command) {
        self.processes.push(Process::start(name, &self.folder, command));
    }

    /// Waits until the process started last answers here, and gives what it answers.
    fn wait_for(&mut self, url: &str) -> String {
        self.processes.last_mut().unwrap().wait_for(url)
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

fn sources() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/peers")
}

fn libraries() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("target/peers")
}
