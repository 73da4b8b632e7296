//! The identity provider for tests as a program beside a broker: what it prints for the register, that it speaks, and that it
//! does not start where people are let in for real.

#![expect(clippy::unwrap_used, reason = "a helper that fails is a test that fails")]

use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};

/// A folder with personas, a configuration, and a broker's metadata where a test needs it.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Self {
        let path =
            std::env::temp_dir().join(format!("context-handler-test-idp-{name}-{}", std::process::id()));
        fs::create_dir_all(&path).unwrap();
        let folder = Self(path);
        let example = told(&folder.say(&["--example-personas"]));
        fs::write(folder.0.join("personas.toml"), example).unwrap();
        folder
    }

    fn command(&self, words: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_context-handler"));
        command.arg("test-idp").args(words).current_dir(&self.0);
        command
    }

    fn say(&self, words: &[&str]) -> Output {
        self.command(words).output().unwrap()
    }

    /// With all that it needs, and these words.
    fn whole(&self, words: &[&str]) -> Vec<String> {
        let key = Path::new(env!("CARGO_MANIFEST_DIR")).join("certs-dev/idp-korsbaek.pem");
        let needed = ["--entity-id", "https://test-idp.example/saml", "--personas", "personas.toml", "--key"];
        let key = key.display().to_string();
        needed.into_iter().chain([key.as_str()]).chain(words.iter().copied()).map(str::to_owned).collect()
    }

    fn say_whole(&self, words: &[&str]) -> Output {
        self.say(&self.whole(words).iter().map(String::as_str).collect::<Vec<_>>())
    }

    fn config(&self, environment: &str, url: &str) -> String {
        let keys = Path::new(env!("CARGO_MANIFEST_DIR")).join("certs-dev");
        let config = format!(
            "[server]\npublic-url = {url:?}\nenvironment = {environment:?}\n[store]\npath = \"store.sqlite\"\n\
             [keys]\nsigning = [{:?}]\ndecryption = [{:?}]\n",
            keys.join("broker-signing.pem"),
            keys.join("broker-decryption.pem")
        );
        let path = self.0.join(format!("{environment}.toml"));
        fs::write(&path, config).unwrap();
        path.display().to_string()
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

fn told(output: &Output) -> String {
    assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout.clone()).unwrap()
}

fn refused(output: &Output) -> String {
    assert_eq!(output.status.code(), Some(2), "{}", String::from_utf8_lossy(&output.stdout));
    String::from_utf8(output.stderr.clone()).unwrap()
}

/// A program that is stopped when it is dropped.
struct Running(Child);

impl Running {
    fn start(mut command: Command, until: &str) -> Self {
        let mut child = command.stdout(Stdio::piped()).spawn().unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        assert!(lines.any(|line| line.unwrap().contains(until)), "it did not start");
        Self(child)
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Ports in a row that nobody listens on.
fn free_port(many: u16) -> u16 {
    let free = |port: u16| (port..port + many).all(|port| TcpListener::bind(("127.0.0.1", port)).is_ok());
    let first = 17_000 + u16::try_from(std::process::id() % 200).unwrap() * 10;
    (first..first + 900).step_by(10).find(|port| free(*port)).unwrap()
}

/// What is at an address, once somebody listens there.
fn get(port: u16, path: &str) -> String {
    for _ in 0..200 {
        let Ok(mut stream) = TcpStream::connect(("127.0.0.1", port)) else {
            std::thread::sleep(std::time::Duration::from_millis(50));
            continue;
        };
        write!(stream, "GET {path} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n").unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        return answer.split_once("\r\n\r\n").unwrap().1.to_owned();
    }
    panic!("nobody listens on {port}")
}

#[test]
fn it_prints_what_the_register_needs_and_apply_takes_it() {
    let folder = Folder::new("register");
    let register = folder.0.join("register");
    fs::create_dir(&register).unwrap();
    let lines = told(&folder.say_whole(&["--register", "--public-url", "https://test-idp.example"]));
    assert!(lines.contains("cvr = \"11111111\"") && lines.contains("name = \"Korsbæk Kommune\""), "{lines}");
    fs::write(register.join("test-idp.toml"), lines).unwrap();
    let metadata = told(&folder.say_whole(&["--metadata", "--public-url", "https://test-idp.example"]));
    assert!(metadata.contains("Location=\"https://test-idp.example/sso\""), "{metadata}");
    fs::write(register.join("test-idp.xml"), metadata).unwrap();
    let config = folder.config("test", "https://login.example.dk");
    let mut apply = Command::new(env!("CARGO_BIN_EXE_context-handler"));
    let applied = apply.args(["--config", &config, "apply"]).arg(&register).output().unwrap();
    assert!(told(&applied).contains("3 added"), "{}", told(&applied));
}

#[test]
fn it_does_not_start_in_production_or_where_nobody_says_what_environment_it_is() {
    let folder = Folder::new("production");
    let broker = ["--broker-metadata", "broker.xml"];
    let start = |words: &[&str]| refused(&folder.say_whole(&[&broker[..], words].concat()));
    let (production, test) = (
        folder.config("production", "https://login.example.dk"),
        folder.config("test", "https://login.example.dk"),
    );
    for words in [
        &["--config", &production][..],
        &["--environment", "production"],
        &["--environment", "Production"],
        &["--config", &test, "--environment", "production"],
        &["--config", &production, "--environment", "test"],
    ] {
        let why = start(words);
        assert!(why.contains("expected a test environment"), "{words:?}: {why}");
    }
    assert!(start(&[]).contains("which environment this is"));
    // With that cleared up it goes on to the broker's metadata, which is not there.
    for words in [&["--config", &test][..], &["--environment", "test"]] {
        assert!(start(words).contains("broker.xml"), "{words:?}");
    }
    assert!(start(&["--config", "nowhere.toml", "--environment", "test"]).contains("nowhere.toml"));
}

#[test]
fn a_broker_that_cannot_be_reached_is_told_by_the_exit_code() {
    let folder = Folder::new("unreachable");
    let address = format!("http://localhost:{}/saml/sp/metadata", free_port(1));
    let ended = folder.say_whole(&["--environment", "test", "--broker-metadata", &address]);
    assert_eq!(ended.status.code(), Some(3), "{ended:?}");
    assert!(String::from_utf8_lossy(&ended.stderr).starts_with(&format!("error: {address}: ")), "{ended:?}");
}

#[test]
fn it_speaks_beside_the_broker_that_the_configuration_names_and_beside_no_other() {
    let folder = Folder::new("beside");
    let port = free_port(11);
    let mut sandbox = Command::new(env!("CARGO_BIN_EXE_context-handler"));
    sandbox.args(["sandbox", "--port", &port.to_string()]).env("TMPDIR", &folder.0);
    let _sandbox = Running::start(sandbox, "Ctrl-C stops everything");
    let (broker, listen) =
        (format!("http://localhost:{port}/saml/sp/metadata"), format!("127.0.0.1:{}", port + 10));
    let beside = ["--broker-metadata", &broker, "--listen", &listen];
    let own = folder.config("test", &format!("http://localhost:{port}"));
    let words = folder.whole(&[&beside[..], &["--config", &own]].concat());
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let _test_idp = Running::start(folder.command(&words), "Ctrl-C stops it");
    let printed = told(&folder.say_whole(&["--metadata", "--listen", &listen]));
    assert_eq!(get(port + 10, "/metadata"), printed.trim_end());
    let front = get(port + 10, "/");
    assert!(front.contains("Agnes Holm") && front.contains("Robot 7"), "{front}");

    let other = folder.config("other", "https://login.example.dk");
    let why = refused(&folder.say_whole(&[&beside[..], &["--config", &other]].concat()));
    assert!(why.contains("expected the broker of the configuration"), "{why}");
}
